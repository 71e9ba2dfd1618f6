//! The in-memory engine: conformance, and what only it promises.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use storage::conformance::{self, Harness};
use storage::fault::{Call, FaultEngine};
use storage::{Engine, Error, Health, MemEngine, Space, WriteBatch};

struct Mem {
    engines: Vec<MemEngine>,
    paths: usize,
}

impl Mem {
    fn of(&self, engine: &Arc<dyn Engine>) -> MemEngine {
        // Each check works with the engine made last.
        assert!(Arc::strong_count(engine) >= 1);
        self.engines.last().unwrap().clone()
    }
}

impl Harness for Mem {
    fn spaces(&self) -> Vec<Space> {
        Space::ALL.to_vec()
    }

    fn create(&mut self) -> Arc<dyn Engine> {
        self.engines.push(MemEngine::new());
        Arc::new(self.engines.last().unwrap().clone())
    }

    fn crash(&mut self, engine: Arc<dyn Engine>) -> Arc<dyn Engine> {
        self.of(&engine).crash();
        engine
    }

    fn fresh_path(&mut self) -> PathBuf {
        self.paths += 1;
        PathBuf::from(format!("checkpoint-{}", self.paths))
    }

    fn open_checkpoint(&mut self, of: &Arc<dyn Engine>, path: &Path) -> Arc<dyn Engine> {
        Arc::new(self.of(of).open_checkpoint(path).unwrap())
    }
}

#[test]
fn conforms() {
    conformance::run(&mut Mem { engines: Vec::new(), paths: 0 }, 0..150);
}

fn put(key: &[u8], value: &[u8]) -> WriteBatch {
    let mut batch = WriteBatch::new();
    batch.put(Space::Log, key, value);
    batch
}

#[test]
fn a_crash_loses_exactly_what_was_not_synced() {
    let engine = MemEngine::new();
    engine.write(&put(b"a", b"1")).unwrap();
    engine.sync().unwrap();
    engine.write(&put(b"a", b"2")).unwrap();
    engine.write(&put(b"b", b"2")).unwrap();
    assert_eq!(engine.get_durable(Space::Log, b"a").unwrap().unwrap(), "1");
    let fork = engine.fork_crashed();
    engine.crash();
    for engine in [engine, fork] {
        assert_eq!(engine.get(Space::Log, b"a").unwrap().unwrap(), "1");
        assert_eq!(engine.get(Space::Log, b"b").unwrap(), None);
    }
}

#[test]
fn a_full_engine_refuses_writes_and_goes_on_reading() {
    let engine = MemEngine::new();
    engine.write(&put(b"a", b"1")).unwrap();
    engine.set_capacity(Some(10));
    assert_eq!(engine.write(&put(b"b", &[0; 100])), Err(Error::DiskFull));
    assert_eq!(engine.get(Space::Log, b"a").unwrap().unwrap(), "1");
    engine.set_capacity(Some(1000));
    assert_eq!(engine.health(), Health::Ok);
    engine.write(&put(b"b", &[0; 100])).unwrap();
}

/// The failing call is each in turn; after it the engine refuses everything, and what a crash leaves is a prefix.
#[test]
fn fails_at_the_nth_call_and_stays_failed() {
    for call in [Call::Write, Call::Sync] {
        for n in 0..6 {
            let inner = MemEngine::new();
            let engine = FaultEngine::new(Arc::new(inner.clone()));
            engine.fail_nth(call, n, Error::Io("gone".into()));
            let mut acknowledged = 0;
            let failed = (0..6u8).find_map(|i| match engine.write_synced(&put(&[i], b"")) {
                Ok(()) => {
                    acknowledged += 1;
                    None
                }
                Err(e) => Some(e),
            });
            assert_eq!(failed, Some(Error::Io("gone".into())));
            assert_eq!(acknowledged, n);
            assert_eq!(engine.get(Space::Log, b""), Err(Error::Poisoned("input/output error: gone".into())));
            assert!(matches!(engine.health(), Health::Poisoned(_)));
            assert!(!engine.failure_pending());
            inner.crash();
            assert_eq!(inner.dump(Space::Log).len() as u64, n);
        }
    }
}

#[test]
fn a_full_disk_does_not_poison() {
    let engine = FaultEngine::new(Arc::new(MemEngine::new()));
    engine.fail_nth(Call::Write, 0, Error::DiskFull);
    assert_eq!(engine.write(&put(b"a", b"")), Err(Error::DiskFull));
    assert_eq!(engine.write(&put(b"a", b"")), Ok(()));
    assert_eq!(engine.calls(Call::Write), 2);
}

#[test]
fn a_stalled_call_waits_until_it_is_let_go() {
    let engine = FaultEngine::new(Arc::new(MemEngine::new()));
    let stall = engine.stall(Call::Sync);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| engine.write_synced(&put(b"a", b"")));
        stall.wait_for(1);
        assert!(engine.get(Space::Log, b"a").unwrap().is_some(), "reads do not wait");
        assert!(!writer.is_finished());
        drop(stall);
        writer.join().unwrap().unwrap();
    });
}
