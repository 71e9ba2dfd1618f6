//! [`Node`]: what all sessions of a gateway node share.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base::env::Env;
use base::map::HashMap;
use base::memory::Account;
use base::metrics::{Counter, Gauge, Histogram, Registry};
use parking_lot::Mutex;
use txn::Coordinator;

use crate::cancel::Reason;
use crate::catalog::CatalogCache;
use crate::layout::LayoutCache;
use crate::notify::Channels;
use crate::sequence::SequenceCache;
use crate::session::SessionShared;

/// Limits of a node's SQL work.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// Memory that one session's statements and write buffer may use, in bytes. Beyond: 53200.
    pub session_bytes_max: u64,
    /// Where sorts write what does not fit in memory.
    pub temp_dir: PathBuf,
    /// How often a statement is run again after a conflict before the client is told.
    pub attempts_max: u32,
    /// How long rows of dropped and truncated tables stay: no statement that began before reads longer than this.
    pub garbage_ttl: Duration,
}

impl Default for NodeConfig {
    fn default() -> NodeConfig {
        NodeConfig {
            session_bytes_max: 512 << 20,
            temp_dir: std::env::temp_dir().join("holdfast"),
            attempts_max: 32,
            garbage_ttl: Duration::from_secs(600),
        }
    }
}

/// What a node is made of.
pub struct NodeParts {
    /// Transactions.
    pub coordinator: Arc<Coordinator>,
    /// Clock, chance, tasks.
    pub env: Env,
    /// The node's memory.
    pub memory: Account,
    /// Where metrics are registered.
    pub metrics: Registry,
    /// Limits.
    pub config: NodeConfig,
}

/// What all sessions of a gateway node share.
pub struct Node {
    /// Transactions.
    pub coordinator: Arc<Coordinator>,
    /// Clock, chance, tasks.
    pub env: Env,
    /// The node's memory.
    pub memory: Account,
    /// Metrics.
    pub metrics: Registry,
    /// Limits.
    pub config: NodeConfig,
    /// When the node was started: microseconds since 2000-01-01 UTC.
    pub started: i64,
    pub(crate) catalog: CatalogCache,
    pub(crate) layouts: LayoutCache,
    pub(crate) sequences: SequenceCache,
    pub(crate) channels: Channels,
    pub(crate) counters: Counters,
    pub(crate) garbage: tokio::sync::Notify,
    ids: Mutex<(u32, u32)>,
    versions: AtomicU64,
    rowids: AtomicU64,
    sessions: Mutex<HashMap<i32, Arc<SessionShared>>>,
}

/// What sessions count.
pub(crate) struct Counters {
    pub sessions: Gauge,
    pub statements: Counter,
    pub errors: Counter,
    pub retries: Counter,
    pub conflicts_shown: Counter,
    pub seconds: Histogram,
}

/// Microseconds between 1970-01-01 and 2000-01-01.
const POSTGRES_EPOCH_MICROS: i64 = 946_684_800_000_000;

impl Node {
    /// A node of these parts.
    pub fn new(parts: NodeParts) -> Arc<Node> {
        let registry = &parts.metrics;
        let counters = Counters {
            sessions: registry.gauge("sql_sessions", &[], "Open sessions."),
            statements: registry.counter("sql_statements_total", &[], "Statements begun."),
            errors: registry.counter("sql_errors_total", &[], "Statements that failed."),
            retries: registry.counter("sql_retries_total", &[], "Statements run again after a conflict."),
            conflicts_shown: registry.counter(
                "sql_conflicts_shown_total",
                &[],
                "Serialization failures and deadlocks that a client was told of.",
            ),
            seconds: registry.histogram("sql_statement_seconds", &[], "Time that statements took."),
        };
        let started = to_postgres(parts.env.clock().wall());
        Arc::new(Node {
            coordinator: parts.coordinator,
            env: parts.env,
            memory: parts.memory,
            metrics: parts.metrics,
            config: parts.config,
            started,
            catalog: CatalogCache::default(),
            layouts: LayoutCache::default(),
            sequences: SequenceCache::default(),
            channels: Channels::default(),
            counters,
            garbage: tokio::sync::Notify::new(),
            ids: Mutex::default(),
            versions: AtomicU64::new(0),
            rowids: AtomicU64::new(0),
            sessions: Mutex::default(),
        })
    }

    /// Prepares the cluster's catalog if that has not been done: to be called once the cluster serves, before the
    /// first session is opened.
    ///
    /// # Errors
    /// If the catalog cannot be read or written.
    pub async fn bootstrap(self: &Arc<Self>) -> datum::Result<()> {
        crate::catalog::bootstrap(self).await
    }

    /// Removes rows of dropped and truncated tables, for ever. To be run as a task by whoever owns the node.
    pub async fn collect_garbage(self: Arc<Self>) {
        crate::garbage::run(&self).await;
    }

    /// Whether this is the only gateway node of the cluster: then it knows of every change of the catalog and need
    /// not ask for its version at the start of each transaction. `false` must be said before another gateway
    /// serves its first session.
    pub fn set_sole_gateway(&self, sole: bool) {
        self.catalog.set_sole(sole);
    }

    /// A cancel request: stops the statement of the session with this process id, if the secret is right.
    pub fn cancel(&self, pid: i32, secret: i32) {
        let session = self.sessions.lock().get(&pid).cloned();
        if let Some(session) = session.filter(|session| session.secret == secret) {
            session.cancel.cancel();
        }
    }

    /// Ends every session, for a drain.
    pub fn terminate_all(&self) {
        let sessions: Vec<_> = self.sessions.lock().values().cloned().collect();
        sessions.iter().for_each(|session| session.cancel.terminate(Reason::Shutdown));
    }

    /// Every open session, by process id.
    pub fn sessions(&self) -> Vec<Arc<SessionShared>> {
        let mut sessions: Vec<_> = self.sessions.lock().values().cloned().collect();
        sessions.sort_by_key(|session| session.pid);
        sessions
    }

    pub(crate) fn session(&self, pid: i32) -> Option<Arc<SessionShared>> {
        self.sessions.lock().get(&pid).cloned()
    }

    pub(crate) fn enter(&self, session: &Arc<SessionShared>) {
        self.sessions.lock().insert(session.pid, session.clone());
        self.counters.sessions.add(1);
    }

    pub(crate) fn leave(&self, session: &SessionShared) {
        if self.sessions.lock().remove(&session.pid).is_some() {
            self.counters.sessions.add(-1);
        }
    }

    /// Now, in microseconds since 2000-01-01 UTC.
    pub fn now(&self) -> i64 {
        to_postgres(self.env.clock().wall())
    }

    /// A version number for a descriptor, above all that this node has given out.
    pub(crate) fn next_version(&self) -> u64 {
        let now = self.env.clock().wall();
        let mut last = self.versions.load(Ordering::Relaxed);
        loop {
            let next = now.max(last + 1);
            match self.versions.compare_exchange_weak(last, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return next,
                Err(other) => last = other,
            }
        }
    }

    /// A hidden row id: unique, and growing at each node. The top bit stays clear; the low bits are the node's.
    pub(crate) fn next_rowid(&self) -> i64 {
        const NODE_BITS: u32 = 12;
        let node = self.coordinator.node().0 & ((1 << NODE_BITS) - 1);
        // Sixteen microseconds are enough for one id on average; a burst runs ahead of the clock.
        let now = self.env.clock().wall() / 16_384;
        let mut last = self.rowids.load(Ordering::Relaxed);
        let next = loop {
            let next = now.max(last + 1);
            match self.rowids.compare_exchange_weak(last, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => break next,
                Err(other) => last = other,
            }
        };
        ((next << NODE_BITS | node) & (u64::MAX >> 1)) as i64
    }

    /// Ids for new descriptors, from blocks that are taken outside of any transaction.
    pub(crate) async fn next_id(&self) -> datum::Result<u32> {
        loop {
            {
                let mut ids = self.ids.lock();
                if ids.0 < ids.1 {
                    ids.0 += 1;
                    return Ok(ids.0 - 1);
                }
            }
            let block = crate::catalog::take_ids(&self.coordinator).await?;
            let mut ids = self.ids.lock();
            if ids.0 >= ids.1 {
                *ids = block;
            }
        }
    }
}

pub(crate) fn to_postgres(wall_nanos: u64) -> i64 {
    i64::try_from(wall_nanos / 1000).unwrap_or(i64::MAX) - POSTGRES_EPOCH_MICROS
}
