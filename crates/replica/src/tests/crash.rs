//! Crashes at every call of an engine, also in the middle of log truncation: what was acknowledged is there, and
//! nothing is there in half.
//!
//! The engines take a copy of what a crash would leave before and after each call that changes them, together with
//! what had been acknowledged by then. Afterwards a store is opened from every copy.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::join_all;
use parking_lot::Mutex;
use proto::Response;
use storage::{Engine, EngineStats, Engines, Health, Snapshot, Space, WriteBatch};

use crate::config::Config;
use crate::planted::{Bug, Bugs};
use crate::testing::{Disks, R1, Setup, commit, count, get_many, increment, steps};

/// What a crash at one moment would leave.
struct CrashPoint {
    disks: Disks,
    acknowledged: u64,
    what: String,
}

struct Recorder {
    disks: Disks,
    /// The greatest count that a client was told.
    acknowledged: Mutex<u64>,
    points: Mutex<Vec<CrashPoint>>,
}

impl Recorder {
    fn record(&self, what: &str) {
        // With everything written, as after `kill -9`, and with what was synced only, as after a loss of power.
        for data_survives in [false, true] {
            let disks = self.disks.crashed(data_survives);
            let what = format!("{what}, data survives: {data_survives}");
            self.points.lock().push(CrashPoint { disks, acknowledged: *self.acknowledged.lock(), what });
        }
    }
}

struct Recording {
    inner: Arc<dyn Engine>,
    name: &'static str,
    recorder: Arc<Recorder>,
}

impl Recording {
    fn around<T>(&self, call: &str, work: impl FnOnce() -> T) -> T {
        self.recorder.record(&format!("before {call} of {}", self.name));
        let out = work();
        self.recorder.record(&format!("after {call} of {}", self.name));
        out
    }
}

impl Engine for Recording {
    fn snapshot(&self) -> storage::Result<Arc<dyn Snapshot>> {
        self.inner.snapshot()
    }
    fn get(&self, space: Space, key: &[u8]) -> storage::Result<Option<Bytes>> {
        self.inner.get(space, key)
    }
    fn get_durable(&self, space: Space, key: &[u8]) -> storage::Result<Option<Bytes>> {
        self.inner.get_durable(space, key)
    }
    fn write(&self, batch: &WriteBatch) -> storage::Result<()> {
        self.around("write", || self.inner.write(batch))
    }
    fn sync(&self) -> storage::Result<()> {
        self.around("sync", || self.inner.sync())
    }
    fn approximate_size(&self, space: Space, start: &[u8], end: &[u8]) -> storage::Result<u64> {
        self.inner.approximate_size(space, start, end)
    }
    fn checkpoint(&self, path: &Path) -> storage::Result<()> {
        self.inner.checkpoint(path)
    }
    fn health(&self) -> Health {
        self.inner.health()
    }
    fn stats(&self) -> EngineStats {
        self.inner.stats()
    }
}

/// What a workload does beside counting.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Truncation {
    /// Never.
    Never,
    /// By the store itself, whose limits are a few entries.
    BySize,
    /// Ordered up to the last entry, whether that is durable or not.
    UpToNow,
}

fn recording(disks: &Disks) -> (Arc<Recorder>, Engines) {
    let recorder =
        Arc::new(Recorder { disks: disks.clone(), acknowledged: Mutex::new(0), points: Mutex::default() });
    let wrap = |inner: Arc<dyn Engine>, name| -> Arc<dyn Engine> {
        Arc::new(Recording { inner, name, recorder: recorder.clone() })
    };
    let engines = Engines {
        data: wrap(Arc::new(disks.data.clone()), "data"),
        log: wrap(Arc::new(disks.log.clone()), "log"),
    };
    (recorder, engines)
}

async fn crash_points(truncation: Truncation, bugs: Bugs) -> Vec<CrashPoint> {
    let disks = Disks::default();
    let (recorder, engines) = recording(&disks);
    let mut config = Config::default();
    if truncation == Truncation::BySize {
        config.log_bytes_max = 300;
        config.log_bytes_flush = 600;
    }
    let setup = Setup { engines: Some(engines), config, bugs, ..Setup::default() };
    let store = setup.open(&disks).await;
    for round in 0..12 {
        let told = |n: u64| {
            let mut acknowledged = recorder.acknowledged.lock();
            *acknowledged = n.max(*acknowledged);
        };
        if round % 3 == 0 {
            told(increment(&store).await.unwrap());
        } else {
            join_all((0..3).map(|_| async { told(increment(&store).await.unwrap()) })).await;
        }
        if truncation == Truncation::UpToNow && round % 4 == 3 {
            let group = store.replica(R1).unwrap().group().clone();
            let last = group.last_applied().unwrap();
            group.purge(last.index).await.unwrap();
            assert_eq!(group.purged(), Some(last));
        }
    }
    if truncation == Truncation::BySize {
        assert!(store.replica(R1).unwrap().group().purged().is_some(), "the log was never shortened");
    }
    store.shutdown().await;
    assert_eq!(*recorder.acknowledged.lock(), 28);
    std::mem::take(&mut *recorder.points.lock())
}

/// Opens a store after a crash and says what is wrong with it, if anything.
async fn examine(point: &CrashPoint) -> Result<(), String> {
    let wrong = |why: String| Err(format!("crash {}: {why}", point.what));
    if crate::descriptors(&point.disks.data).unwrap().is_empty() {
        // Before the bootstrap was durable there is no range, and nobody was told that there is.
        return match point.acknowledged {
            0 => Ok(()),
            n => wrong(format!("{n} commits were acknowledged of a range that is not there")),
        };
    }
    let setup = Setup::default();
    let store = match setup.try_open(&point.disks).await {
        Ok(store) => store,
        Err(e) => return wrong(format!("the store does not open: {e}")),
    };
    let next = match increment(&store).await {
        Ok(next) => next,
        Err(e) => return wrong(format!("it does not serve: {e}")),
    };
    store.shutdown().await;
    if next <= point.acknowledged {
        return wrong(format!("{} commits were acknowledged, {} are there", point.acknowledged, next - 1));
    }
    let (count, steps) = (count(&point.disks.data), steps(&point.disks.data));
    if count != next || steps != (1..=next).collect::<Vec<_>>() {
        return wrong(format!("count {count}, steps {steps:?}: something is there in half"));
    }
    Ok(())
}

async fn first_wrong(truncation: Truncation, bugs: Bugs) -> Option<String> {
    let points = crash_points(truncation, bugs).await;
    assert!(points.len() > 50, "only {} points", points.len());
    for point in &points {
        if let Err(why) = examine(point).await {
            return Some(why);
        }
    }
    None
}

#[tokio::test(start_paused = true)]
async fn a_crash_at_any_call_loses_nothing_acknowledged() {
    assert_eq!(first_wrong(Truncation::Never, Bugs::default()).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_crash_around_a_truncation_by_size_loses_nothing_acknowledged() {
    assert_eq!(first_wrong(Truncation::BySize, Bugs::default()).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_crash_around_an_ordered_purge_loses_nothing_acknowledged() {
    assert_eq!(first_wrong(Truncation::UpToNow, Bugs::default()).await, None);
}

#[tokio::test(start_paused = true)]
async fn planted_a_purge_beyond_what_is_durable_is_found() {
    let found = first_wrong(Truncation::UpToNow, Bugs::planted(Bug::PurgeBeyondDurable)).await;
    assert!(found.is_some(), "T13: no crash shows the loss");
}

#[tokio::test(start_paused = true)]
async fn planted_an_acknowledgement_before_the_sync_is_found() {
    let found = first_wrong(Truncation::Never, Bugs::planted(Bug::AcknowledgeBeforeSync)).await;
    assert!(found.is_some(), "no crash shows the loss");
}

/// Crash after crash, each in the middle of work, on the same disks.
#[tokio::test(start_paused = true)]
async fn twenty_crashes_in_a_row_lose_nothing_acknowledged() {
    let mut disks = Disks::default();
    let mut acknowledged = 0;
    for round in 0..20u64 {
        let config = Config { log_bytes_max: 1_000, log_bytes_flush: 3_000, ..Config::default() };
        let store = Setup { config, ..Setup::default() }.open(&disks).await;
        let mut working: Vec<_> = (0..4).map(|_| Box::pin(increment(&store))).collect();
        for _ in 0..=round {
            let (result, at, _) = futures::future::select_all(&mut working).await;
            acknowledged = acknowledged.max(result.unwrap());
            working[at] = Box::pin(increment(&store));
        }
        // The crash: whatever the old process still does goes to engines that nobody will look at again.
        let after = disks.crashed(round % 2 == 0);
        drop(working);
        store.shutdown().await;
        disks = after;
        let there = steps(&disks.data).len() as u64;
        assert_eq!(count(&disks.data), there, "round {round}");
    }
    let store = Setup::default().open(&disks).await;
    let next = increment(&store).await.unwrap();
    assert!(next > acknowledged, "{acknowledged} acknowledged, {} there", next - 1);
    store.shutdown().await;
    assert_eq!(steps(&disks.data), (1..=next).collect::<Vec<_>>());
}

/// The keys of the `n`-th commit of the test below.
fn keys_of(n: u64) -> [String; 3] {
    ["a", "b", "c"].map(|part| format!("{part}/{n}"))
}

/// With the evaluator of production: every acknowledged transaction is there with all it wrote, and none in half.
#[tokio::test(start_paused = true)]
async fn a_crash_at_any_call_leaves_whole_transactions() {
    const COMMITS: u64 = 9;
    let disks = Disks::default();
    let (recorder, engines) = recording(&disks);
    let config = Config { log_bytes_max: 600, log_bytes_flush: 1_200, ..Config::default() };
    let setup = Setup { engines: Some(engines), real: true, config, ..Setup::default() };
    let store = setup.open(&disks).await;
    for n in 1..=COMMITS {
        let keys = keys_of(n);
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        store.send(R1, commit(&keys)).await.unwrap();
        *recorder.acknowledged.lock() = n;
    }
    store.shutdown().await;
    let points = std::mem::take(&mut *recorder.points.lock());
    for point in points.iter().filter(|p| !crate::descriptors(&p.disks.data).unwrap().is_empty()) {
        let store = Setup { real: true, ..Setup::default() }.open(&point.disks).await;
        for n in 1..=COMMITS {
            let keys = keys_of(n);
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            let there = match store.send(R1, get_many(&keys)).await {
                Ok(Response::Get(values)) => values.iter().filter(|v| v.is_some()).count(),
                other => panic!("crash {}: {other:?}", point.what),
            };
            assert!(there == 3 || there == 0, "crash {}: commit {n} is there in half", point.what);
            assert!(there == 3 || n > point.acknowledged, "crash {}: commit {n} is lost", point.what);
        }
        store.shutdown().await;
    }
}
