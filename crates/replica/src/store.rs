//! [`Store`]: all replicas of a node.
//!
//! *Operations*: open what the engines hold; send a request to the replica of a range; list ranges; shut down.
//! *Guarantees*: an answered write is in the log of a quorum, synced; effects of one range are applied in one order,
//! each whole or not at all; no range is served by two incarnations at once (T6, T7, T7a).
//! *Not guaranteed*: that a range has a leaseholder here, or anywhere.
//! *Failure*: an error of an engine that is not "disk full" ends the store ([`Store::failure`]): nobody knows what
//! is on disk, and the process must stop.
//! *Enforced by* `crate::raft`, `crate::replica` and `crate::proposer`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use base::env::Env;
use base::map::HashMap;
use base::metrics::Registry;
use base::{NodeId, RangeId};
use hybrid_clock::Clock;
use parking_lot::RwLock;
use proto::wire::Durable;
use proto::{AdminSender, BoxFuture, KvError, RangeDescriptor, RangeSender, Request, Response};
use storage::keys::{self, RangeState};
use storage::{CursorOptions, Engine, Engines, Health, Space, WriteBatch};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::evaluator::Evaluators;
use crate::metrics::Metrics;
use crate::planted::Bugs;
use crate::raft::{Alone, LogGrown, LogWriter, Message, Reply, Transport};
use crate::replica::Replica;

/// What a store is made of.
pub struct Parts {
    /// The world.
    pub env: Env,
    /// This node.
    pub node: NodeId,
    /// The node's clock. It may be asked already (`Clock::wait_until_safe`).
    pub clock: Clock,
    /// Where everything is kept.
    pub engines: Engines,
    /// What evaluates requests: [`crate::Ranges`].
    pub evaluators: Arc<dyn Evaluators>,
    /// How to reach other nodes; `None` for a node that is alone.
    pub transport: Option<Arc<dyn Transport>>,
    /// Knobs.
    pub config: Config,
    /// Where figures go.
    pub metrics: Registry,
    /// Rules that are switched off: none.
    pub bugs: Bugs,
}

/// Why a store cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// An engine refused.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// What is on disk is not what was written.
    #[error("data corrupted: {0}")]
    Corrupt(String),
    /// A replica cannot be opened.
    #[error("cannot open {range}: {why}")]
    Replica {
        /// Which.
        range: RangeId,
        /// For a person.
        why: String,
    },
    /// The knobs contradict each other.
    #[error("configuration: {0}")]
    Config(String),
    /// Ranges are laid down once, in an empty store.
    #[error("the store already holds {0} range(s)")]
    NotEmpty(usize),
}

/// What replicas share.
pub(crate) struct Shared {
    pub(crate) env: Env,
    pub(crate) node: NodeId,
    pub(crate) clock: Clock,
    pub(crate) engines: Engines,
    pub(crate) evaluators: Arc<dyn Evaluators>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) config: Config,
    pub(crate) metrics: Metrics,
    pub(crate) log_grown: Arc<LogGrown>,
    pub(crate) bugs: Bugs,
    failure: watch::Sender<Option<String>>,
    disk: DiskWatch,
}

/// Whether a disk is full, as of a moment ago: asking costs a call to the operating system, and a write need not
/// pay for one each. What can be written in between is far less than what the engines keep in reserve.
#[derive(Default)]
struct DiskWatch {
    full: AtomicBool,
    /// When it was asked last, in milliseconds of the monotonic clock, plus one; 0 = never.
    asked_ms: AtomicU64,
}

/// See [`DiskWatch`].
const DISK_WATCH_MS: u64 = 10;

impl Shared {
    /// Nobody knows what is on disk: the first cause is kept.
    pub(crate) fn fail(&self, why: &str) {
        self.failure.send_if_modified(|failure| {
            let first = failure.is_none();
            failure.get_or_insert_with(|| why.to_owned());
            first
        });
    }
}

/// See the module. Cheap to clone; clones are the same store.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    writer: Arc<LogWriter>,
    replicas: RwLock<HashMap<RangeId, Arc<Replica>>>,
    truncator: parking_lot::Mutex<Option<JoinHandle<()>>>,
}

/// The descriptors that an engine holds, by range id.
pub fn descriptors(data: &dyn Engine) -> Result<Vec<RangeDescriptor>, OpenError> {
    let (lower, upper) = keys::all_ranges_span();
    let snapshot = data.snapshot()?;
    let mut cursor = snapshot.cursor(Space::Local, CursorOptions::within(lower, upper))?;
    let mut out = Vec::new();
    let mut more = cursor.seek_to_first()?;
    while more {
        let corrupt = |e: &dyn std::fmt::Display| OpenError::Corrupt(e.to_string());
        let (range, state) = keys::decode_range_state_key(cursor.key()).map_err(|e| corrupt(&e))?;
        if state == RangeState::Descriptor as u8 {
            let descriptor = RangeDescriptor::decode(cursor.value()).map_err(|e| corrupt(&e))?;
            if descriptor.id != range {
                return Err(OpenError::Corrupt(format!("{range} holds the descriptor of {}", descriptor.id)));
            }
            out.push(descriptor);
        }
        more = cursor.next()?;
    }
    Ok(out)
}

/// Lays the first ranges down in empty engines. Durable when it returns; the replicas begin their life when the
/// store is opened. What a caller wants to find in a range from its first moment goes into `first`, under the same
/// sync.
pub async fn bootstrap(
    env: &Env,
    engines: &Engines,
    ranges: Vec<RangeDescriptor>,
    first: WriteBatch,
) -> Result<(), OpenError> {
    let data = engines.data.clone();
    env.run_blocking(move || {
        let there = descriptors(&*data)?;
        if !there.is_empty() {
            return Err(OpenError::NotEmpty(there.len()));
        }
        let mut batch = first;
        for descriptor in ranges {
            let key = keys::range_state_key(descriptor.id, RangeState::Descriptor);
            batch.put(Space::Local, &key, &descriptor.encode());
        }
        data.write_synced(&batch)?;
        Ok(())
    })
    .await
}

impl Store {
    /// Opens every replica that the engines hold. Returns once all have applied what they know to be committed;
    /// [`Store::wait_until_writable`] tells when they serve.
    ///
    /// # Errors
    /// If something on disk is not what was written, or an engine fails.
    pub async fn open(parts: Parts) -> Result<Store, OpenError> {
        parts.config.check().map_err(OpenError::Config)?;
        let shared = Arc::new(Shared {
            env: parts.env,
            node: parts.node,
            clock: parts.clock,
            engines: parts.engines,
            evaluators: parts.evaluators,
            transport: parts.transport.unwrap_or_else(|| Arc::new(Alone)),
            metrics: Metrics::register(&parts.metrics),
            log_grown: Arc::new(LogGrown::new(parts.config.log_bytes_max)),
            config: parts.config,
            bugs: parts.bugs,
            failure: watch::Sender::new(None),
            disk: DiskWatch::default(),
        });
        let failing = Arc::downgrade(&shared);
        let engine = shared.engines.log.clone();
        let writer = LogWriter::start(&shared.env, engine, shared.metrics.clone(), move |why| {
            if let Some(shared) = failing.upgrade() {
                shared.fail(&format!("log: {why}"));
            }
        });
        let data = shared.engines.data.clone();
        let found = shared.env.run_blocking(move || descriptors(&*data)).await?;
        let inner =
            Inner { shared, writer, replicas: RwLock::default(), truncator: parking_lot::Mutex::default() };
        let store = Store(Arc::new(inner));
        for descriptor in found {
            if let Err(e) = store.add(descriptor).await {
                store.shutdown().await;
                return Err(e);
            }
        }
        let inner = Arc::downgrade(&store.0);
        let grown = store.0.shared.log_grown.clone();
        let truncator = store.0.shared.env.spawn("log-truncator", async move {
            loop {
                grown.wait().await;
                let Some(inner) = inner.upgrade() else { return };
                for replica in inner.all() {
                    replica.truncate_if_long().await;
                }
            }
        });
        *store.0.truncator.lock() = Some(truncator);
        Ok(store)
    }

    /// Whether no range has been laid down yet ([`bootstrap`]).
    ///
    /// # Errors
    /// If the engine cannot be read.
    pub fn is_empty(data: &dyn Engine) -> Result<bool, OpenError> {
        Ok(descriptors(data)?.is_empty())
    }

    async fn add(&self, descriptor: RangeDescriptor) -> Result<(), OpenError> {
        let id = descriptor.id;
        let replica = Replica::open(self.0.shared.clone(), self.0.writer.clone(), descriptor)
            .await
            .map_err(|e| OpenError::Replica { range: e.range, why: e.why })?;
        self.0.shared.metrics.replicas.add(1);
        self.0.replicas.write().insert(id, replica);
        Ok(())
    }

    /// This node.
    pub fn node(&self) -> NodeId {
        self.0.shared.node
    }

    /// Evaluates a request at this node's replica of `range`.
    ///
    /// # Errors
    /// `RangeChanged` if there is none here, `NotLeader` if it does not lead, and whatever evaluation says.
    pub async fn send(&self, range: RangeId, request: Request) -> Result<Response, KvError> {
        let replica = self.0.get(range).ok_or(KvError::RangeChanged { newer: Vec::new() })?;
        if !request.is_read() && self.0.shared.is_disk_full() && !frees_space(&request) {
            return Err(KvError::DiskFull);
        }
        replica.send(request).await
    }

    /// Descriptors of the ranges that this node keeps, in key order.
    ///
    /// # Errors
    /// If an engine cannot be read.
    pub fn descriptors(&self) -> Result<Vec<RangeDescriptor>, KvError> {
        let mut out = self.0.all().iter().map(|r| r.descriptor()).collect::<Result<Vec<_>, _>>()?;
        out.sort_by(|a, b| a.span.start.cmp(&b.span.start));
        Ok(out)
    }

    /// Waits until every replica here that leads serves writes (T7: for at least the greatest clock offset after a
    /// start).
    ///
    /// # Errors
    /// If that does not happen within `at_most`.
    pub async fn wait_until_writable(&self, at_most: Duration) -> Result<(), KvError> {
        let all = self.0.all();
        let waiting = async {
            for replica in &all {
                match replica.wait_until_writable().await {
                    // Led elsewhere, which is as good.
                    Ok(()) | Err(KvError::NotLeader { .. }) => {}
                    Err(e) => return Err(e),
                }
            }
            Ok(())
        };
        match tokio::time::timeout(at_most, waiting).await {
            Ok(result) => result,
            Err(_) => {
                let range = all.first().map_or(RangeId(0), |r| r.range());
                Err(KvError::Unavailable { range, why: format!("no leaseholder after {at_most:?}") })
            }
        }
    }

    /// Why the store can do nothing more, once it cannot: the process must stop.
    pub fn failure(&self) -> watch::Receiver<Option<String>> {
        self.0.shared.failure.subscribe()
    }

    /// Takes a message of another node's replica of `range`. `None` if there is none here, or it is closed.
    pub async fn receive(&self, range: RangeId, message: Message) -> Option<Reply> {
        self.0.get(range)?.receive(message).await
    }

    /// Closes all replicas, and the log behind them. What was answered is durable; what was on its way is unknown.
    pub async fn shutdown(&self) {
        let truncator = self.0.truncator.lock().take();
        if let Some(task) = truncator {
            task.abort();
            drop(task.await);
        }
        let replicas = std::mem::take(&mut *self.0.replicas.write());
        futures::future::join_all(replicas.values().map(|r| r.shutdown())).await;
        self.0.shared.metrics.replicas.add(-i64::try_from(replicas.len()).unwrap_or(i64::MAX));
        self.0.writer.shutdown().await;
    }

    /// The replica of a range.
    #[cfg(test)]
    pub(crate) fn replica(&self, range: RangeId) -> Option<Arc<Replica>> {
        self.0.get(range)
    }
}

/// Requests without which a full disk would stay full, or transactions undecided.
fn frees_space(request: &Request) -> bool {
    matches!(
        request,
        Request::Gc(_)
            | Request::ClearSpan(_)
            | Request::Resolve(_)
            | Request::Record(_)
            | Request::Unlock(_)
    )
}

impl Shared {
    fn is_disk_full(&self) -> bool {
        let now_ms = u64::try_from(self.env.clock().monotonic().as_millis()).unwrap_or(u64::MAX - 1) + 1;
        let asked_ms = self.disk.asked_ms.load(Ordering::Relaxed);
        if asked_ms == 0 || now_ms >= asked_ms + DISK_WATCH_MS {
            self.disk.asked_ms.store(now_ms, Ordering::Relaxed);
            let full = |engine: &Arc<dyn Engine>| engine.health() == Health::DiskFull;
            self.disk.full.store(full(&self.engines.log) || full(&self.engines.data), Ordering::Relaxed);
        }
        self.disk.full.load(Ordering::Relaxed)
    }
}

impl Inner {
    fn get(&self, range: RangeId) -> Option<Arc<Replica>> {
        self.replicas.read().get(&range).cloned()
    }

    /// By range id, so that a run in simulation repeats.
    fn all(&self) -> Vec<Arc<Replica>> {
        let mut all: Vec<_> = self.replicas.read().values().cloned().collect();
        all.sort_by_key(|r| r.range());
        all
    }
}

impl RangeSender for Store {
    fn send_to(
        &self,
        node: NodeId,
        range: RangeId,
        request: Request,
    ) -> BoxFuture<'_, Result<Response, KvError>> {
        Box::pin(async move {
            if node != self.node() {
                return Err(KvError::Unavailable {
                    range,
                    why: format!("{node} cannot be reached from here"),
                });
            }
            self.send(range, request).await
        })
    }
}

impl AdminSender for Store {
    fn ranges(&self, node: NodeId) -> BoxFuture<'_, Result<Vec<RangeDescriptor>, KvError>> {
        Box::pin(async move {
            if node != self.node() {
                return Err(KvError::Unavailable {
                    range: RangeId(0),
                    why: format!("{node} cannot be reached"),
                });
            }
            self.descriptors()
        })
    }
}
