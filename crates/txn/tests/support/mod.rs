//! What the tests of this crate share: a model of the keeping half, a clock that stands still unless asked.
#![allow(dead_code)] // Each test binary uses a part.

pub mod model;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base::env::{Blocking, Env, PhysicalClock};
use base::memory::Account;
use base::{NodeId, ProcessId, Timestamp};
use proto::{KvSender, Partition};
use txn::{Coordinator, Error, Hlc, Parts, Peers, Settings};

/// A clock that moves one nanosecond with each reading.
pub struct TestClock {
    now: AtomicU64,
    max_offset: Duration,
}

impl TestClock {
    pub fn new(start: u64, max_offset: Duration) -> Arc<TestClock> {
        Arc::new(TestClock { now: AtomicU64::new(start), max_offset })
    }

    pub fn advance(&self, by: u64) {
        self.now.fetch_add(by, Ordering::Relaxed);
    }

    pub fn read(&self) -> Timestamp {
        Timestamp::new(self.now.load(Ordering::Relaxed), 0)
    }
}

impl Hlc for TestClock {
    fn now(&self) -> Result<Timestamp, Error> {
        Ok(Timestamp::new(self.now.fetch_add(1, Ordering::Relaxed) + 1, 0))
    }
    fn observe(&self, seen: Timestamp) {
        self.now.fetch_max(seen.wall, Ordering::Relaxed);
    }
    fn max_offset(&self) -> Duration {
        self.max_offset
    }
}

struct NoClock;
impl PhysicalClock for NoClock {
    fn wall(&self) -> u64 {
        0
    }
    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

pub fn env(seed: u64) -> Env {
    Env::new(Arc::new(NoClock), seed, Blocking::Inline)
}

pub fn coordinator(
    node: u64,
    sender: Arc<dyn KvSender>,
    partition: Arc<dyn Partition>,
    clock: Arc<dyn Hlc>,
    settings: Settings,
    peers: Option<Arc<dyn Peers>>,
) -> Arc<Coordinator> {
    Coordinator::new(Parts {
        sender,
        partition,
        clock,
        env: env(node),
        node: NodeId(node),
        process: ProcessId(1),
        settings,
        registry: base::metrics::Registry::default(),
        memory: Account::root("test", 64 << 20),
        peers,
    })
    .expect("no directory is asked for")
}
