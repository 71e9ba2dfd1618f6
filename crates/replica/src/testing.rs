//! What the tests of this crate share: clocks that are told the time, a node made of engines that can crash, and
//! an evaluator whose mistakes can be seen.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base::env::{Blocking, Env, PhysicalClock};
use base::metrics::Registry;
use base::{Key, NodeId, RangeId, Span, Timestamp};
use bytes::Bytes;
use hybrid_clock::Clock;
use parking_lot::Mutex;
use proto::{
    BoxFuture, CommitRequest, GetRequest, KvError, RangeDescriptor, ReadOptions, ReplicaDescriptor, Request,
    Response, TxnRef, Validation, Write,
};
use range::{Done, Effect, Fate, Proposer};
use storage::{Engine, Engines, MemEngine, Space, WriteBatch};
use tokio::sync::oneshot;

use crate::evaluator::{Begin, Evaluator, Evaluators, Ranges};
use crate::{Bugs, Config, Parts, Store, Transport, bootstrap};

/// Clocks move this much apart at most.
pub(crate) const MAX_OFFSET: Duration = Duration::from_millis(250);
/// The range of most tests.
pub(crate) const R1: RangeId = RangeId(1);
/// When tests begin, in nanoseconds since the Unix epoch.
const START: u64 = 1_700_000_000_000_000_000;

/// A clock that stands still until it is told otherwise.
#[derive(Default)]
pub(crate) struct ManualClock(Mutex<(Duration, Duration)>);

impl ManualClock {
    /// Both readings move.
    pub(crate) fn advance(&self, by: Duration) {
        let mut now = self.0.lock();
        now.0 += by;
        now.1 += by;
    }

    /// The wall reading moves: the machine was suspended.
    pub(crate) fn advance_wall(&self, by: Duration) {
        self.0.lock().1 += by;
    }
}

impl PhysicalClock for ManualClock {
    fn wall(&self) -> u64 {
        START + self.0.lock().1.as_nanos() as u64
    }

    fn monotonic(&self) -> Duration {
        self.0.lock().0
    }
}

/// The clock that tokio's timers go by, paused or not.
struct TokioClock(tokio::time::Instant);

impl PhysicalClock for TokioClock {
    fn wall(&self) -> u64 {
        START + self.monotonic().as_nanos() as u64
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A world with tokio's time.
pub(crate) fn env(blocking: Blocking) -> Env {
    env_of(NodeId(1), blocking)
}

/// The world of one node among several: with the same chance, all would stand for election at once, for ever.
fn env_of(node: NodeId, blocking: Blocking) -> Env {
    thread_local! {
        /// When this test began: time goes on over the restarts of its nodes.
        static BEGIN: tokio::time::Instant = tokio::time::Instant::now();
    }
    Env::new(Arc::new(TokioClock(BEGIN.with(|begin| *begin))), 6 + node.0, blocking)
}

/// Engines in memory.
#[derive(Clone, Default)]
pub(crate) struct Disks {
    pub(crate) data: MemEngine,
    pub(crate) log: MemEngine,
}

impl Disks {
    /// What a crash at this moment would leave: what was synced, and of the data engine, if `data_survives`,
    /// everything.
    pub(crate) fn crashed(&self, data_survives: bool) -> Disks {
        let data = if data_survives { whole(&self.data) } else { self.data.fork_crashed() };
        Disks { data, log: self.log.fork_crashed() }
    }

    fn engines(&self) -> Engines {
        Engines { data: Arc::new(self.data.clone()), log: Arc::new(self.log.clone()) }
    }
}

/// A copy of an engine with everything that it holds.
fn whole(engine: &MemEngine) -> MemEngine {
    static COPIES: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let name = COPIES.fetch_add(1, Ordering::Relaxed).to_string();
    engine.checkpoint(Path::new(&name)).expect("memory has room");
    engine.open_checkpoint(Path::new(&name)).expect("it was just made")
}

/// A range of the whole keyspace with these voters.
pub(crate) fn descriptor(voters: &[u64]) -> RangeDescriptor {
    let replicas = voters.iter().map(|n| ReplicaDescriptor { node: NodeId(*n), voter: true }).collect();
    RangeDescriptor { id: R1, span: Span::all(), replicas, generation: 1 }
}

/// How a test's store is opened.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) node: NodeId,
    pub(crate) voters: Vec<u64>,
    pub(crate) config: Config,
    pub(crate) bugs: Bugs,
    pub(crate) blocking: Blocking,
    pub(crate) transport: Option<Arc<dyn Transport>>,
    /// Evaluate as production does, instead of counting.
    pub(crate) real: bool,
    /// Engines that stand between the store and the disks.
    pub(crate) engines: Option<Engines>,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup {
            node: NodeId(1),
            voters: vec![1],
            config: Config::default(),
            bugs: Bugs::default(),
            blocking: Blocking::Inline,
            transport: None,
            real: false,
            engines: None,
        }
    }
}

impl Setup {
    /// Opens a store on these disks; if they are empty, with one range.
    pub(crate) async fn open(&self, disks: &Disks) -> Store {
        self.try_open(disks).await.unwrap()
    }

    /// As [`Setup::open`], for disks that may be damaged.
    pub(crate) async fn try_open(&self, disks: &Disks) -> Result<Store, crate::OpenError> {
        let env = env_of(self.node, self.blocking);
        let physical = env.clock().clone();
        let clock = Clock::in_memory(Arc::new(move || physical.wall()), MAX_OFFSET);
        let engines = self.engines.clone().unwrap_or_else(|| disks.engines());
        if crate::descriptors(&*engines.data).unwrap().is_empty() {
            bootstrap(&env, &engines, vec![descriptor(&self.voters)], WriteBatch::new()).await.unwrap();
        }
        let evaluators: Arc<dyn Evaluators> = match self.real {
            true => Arc::new(Ranges::new(clock.clone(), range::Settings::default())),
            false => Arc::new(Counters),
        };
        let parts = Parts {
            env,
            node: self.node,
            clock,
            engines,
            evaluators,
            transport: self.transport.clone(),
            config: self.config.clone(),
            metrics: Registry::default(),
            bugs: self.bugs.clone(),
        };
        Store::open(parts).await
    }
}

/// Makes evaluators that count.
pub(crate) struct Counters;

impl Evaluators for Counters {
    fn begin(&self, begin: Begin) -> Result<Arc<dyn Evaluator>, KvError> {
        let last = count(&*begin.data);
        Ok(Arc::new(Counter {
            data: begin.data,
            proposer: begin.proposer,
            last: Mutex::new(last),
            broken: Arc::default(),
        }))
    }
}

/// Each commit makes the count one more, over what is in flight; it writes the count and one key of its own for it.
/// So the count equals the number of those keys, unless something was applied that should not have been.
struct Counter {
    data: Arc<dyn Engine>,
    proposer: Arc<dyn Proposer>,
    last: Mutex<u64>,
    broken: Arc<AtomicBool>,
}

const COUNT: &[u8] = b"count";

/// The count as it is applied.
pub(crate) fn count(data: &dyn Engine) -> u64 {
    let bytes = data.get(Space::Mvcc, COUNT).unwrap();
    bytes.map_or(0, |b| u64::from_be_bytes(b[..].try_into().unwrap()))
}

/// The keys that commits have written.
pub(crate) fn steps(data: &MemEngine) -> Vec<u64> {
    let all = data.dump(Space::Mvcc);
    let steps = all.iter().filter_map(|(k, _)| k.strip_prefix(b"step/"));
    steps.map(|k| u64::from_be_bytes(k.try_into().unwrap())).collect()
}

impl Counter {
    async fn commit(&self, writes: Vec<Write>) -> Result<Response, KvError> {
        if self.broken.load(Ordering::SeqCst) {
            self.proposer.quiet().await;
            let mut last = self.last.lock();
            if self.broken.swap(false, Ordering::SeqCst) {
                *last = count(&*self.data);
            }
        }
        let (tx, rx) = oneshot::channel();
        let next = {
            let mut last = self.last.lock();
            *last += 1;
            let next = *last;
            let mut batch = WriteBatch::new();
            batch.put(Space::Mvcc, COUNT, &next.to_be_bytes());
            batch.put(Space::Mvcc, &[b"step/", &next.to_be_bytes()[..]].concat(), b"");
            for write in writes {
                batch.put(Space::Mvcc, write.key.as_bytes(), &write.value.unwrap_or_default());
            }
            let broken = self.broken.clone();
            let done = Done::new(move |fate| {
                if fate != Fate::Applied {
                    broken.store(true, Ordering::SeqCst);
                }
                let _ = tx.send(fate);
            });
            self.proposer.propose(Effect { writes: batch }, done);
            next
        };
        match rx.await {
            Ok(Fate::Applied) => {
                if count(&*self.data) < next {
                    return Err(KvError::Corrupt("T10: told of an effect that cannot be read".into()));
                }
                Ok(Response::Committed(Timestamp::new(next, 0)))
            }
            Ok(Fate::NotApplied) => Err(KvError::Unavailable { range: R1, why: "not applied".into() }),
            Ok(Fate::Unknown) | Err(_) => Err(KvError::Unknown("nobody knows".into())),
        }
    }
}

impl Evaluator for Counter {
    fn execute(&self, request: Request) -> BoxFuture<'_, Result<Response, KvError>> {
        Box::pin(async move {
            match request {
                Request::Commit(commit) => self.commit(commit.writes).await,
                Request::Get(get) => {
                    if !self.proposer.lease_covers(get.read.read_ts) {
                        return Err(KvError::Unavailable { range: R1, why: "no lease".into() });
                    }
                    let read = |key: &Key| self.data.get(Space::Mvcc, key.as_bytes());
                    Ok(Response::Get(get.keys.iter().map(read).collect::<Result<_, _>>().unwrap()))
                }
                other => panic!("tests do not send {other:?}"),
            }
        })
    }

    fn close(&self) {}
}

/// The time of this test.
pub(crate) fn now() -> Timestamp {
    Timestamp::new(env(Blocking::Inline).clock().wall(), 0)
}

/// A commit that writes these keys, besides counting.
pub(crate) fn commit(keys: &[&str]) -> Request {
    let writes = keys.iter().map(|k| Write { key: key(k), value: Some(Bytes::from_static(b"v")) }).collect();
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    let txn = TxnRef {
        id: base::TxnId(NEXT.fetch_add(1, Ordering::Relaxed).into()),
        age: Timestamp::ZERO,
        coordinator: NodeId(1),
        process: base::ProcessId(1),
    };
    Request::Commit(CommitRequest {
        txn,
        start_ts: now(),
        reads: Validation { spans: Vec::new(), read_ts: now() },
        writes,
        min_ts: Timestamp::ZERO,
        exact: false,
        max_ts: Timestamp::MAX,
        deadline: now().add(Duration::from_secs(60)),
    })
}

/// A read of everything up to now.
pub(crate) fn get(k: &str) -> Request {
    get_many(&[k])
}

/// A read of everything up to now.
pub(crate) fn get_many(keys: &[&str]) -> Request {
    let read_ts = Timestamp::new(now().wall, u32::MAX);
    let read = ReadOptions { txn: None, read_ts, uncertainty_limit: read_ts, lock: None };
    Request::Get(GetRequest { keys: keys.iter().map(|k| key(k)).collect(), read })
}

fn key(k: &str) -> Key {
    Key::new(Bytes::copy_from_slice(k.as_bytes()))
}

/// Commits, and says what the count was then.
pub(crate) async fn increment(store: &Store) -> Result<u64, KvError> {
    match store.send(R1, commit(&[])).await? {
        Response::Committed(ts) => Ok(ts.wall),
        other => panic!("a commit is not answered by {other:?}"),
    }
}
