//! Both instances do what every engine must do.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use storage::conformance::{self, Harness};
use storage::{Engine, Space};
use storage_rocks::{Options, RocksEngines, open};
use tempfile::TempDir;

struct Rocks {
    space: Space,
    root: TempDir,
    count: usize,
    /// Where the engine lies that was opened last.
    last: PathBuf,
}

impl Rocks {
    fn new(space: Space) -> Rocks {
        Rocks { space, root: TempDir::new().unwrap(), count: 0, last: PathBuf::new() }
    }

    fn instance(&self) -> &'static str {
        if self.space == Space::Log { "log" } else { "data" }
    }

    fn open(&mut self, path: &Path) -> Arc<dyn Engine> {
        self.last = path.to_owned();
        let RocksEngines { data, log, .. } = open(path, &small()).unwrap();
        if self.space == Space::Log { Arc::new(log) } else { Arc::new(data) }
    }
}

/// Little memory, so that flushes and compactions happen.
fn small() -> Options {
    Options {
        cache_bytes: 1 << 20,
        data_memtable_bytes: 256 << 10,
        log_memtable_bytes: 256 << 10,
        ..Options::default()
    }
}

impl Harness for Rocks {
    fn spaces(&self) -> Vec<Space> {
        match self.space {
            Space::Log => vec![Space::Log],
            _ => vec![Space::Mvcc, Space::Local],
        }
    }

    fn create(&mut self) -> Arc<dyn Engine> {
        let path = self.fresh_path();
        self.open(&path)
    }

    fn crash(&mut self, engine: Arc<dyn Engine>) -> Arc<dyn Engine> {
        assert_eq!(Arc::strong_count(&engine), 1);
        drop(engine); // Closing flushes nothing.
        let path = self.last.clone();
        self.open(&path)
    }

    fn fresh_path(&mut self) -> PathBuf {
        self.count += 1;
        self.root.path().join(self.count.to_string())
    }

    fn open_checkpoint(&mut self, _: &Arc<dyn Engine>, path: &Path) -> Arc<dyn Engine> {
        // A new data directory, with the checkpoint in place of the instance.
        let fresh = self.fresh_path();
        drop(self.open(&fresh));
        std::fs::remove_dir_all(fresh.join(self.instance())).unwrap();
        std::fs::rename(path, fresh.join(self.instance())).unwrap();
        self.open(&fresh)
    }
}

#[test]
fn data_conforms() {
    conformance::run(&mut Rocks::new(Space::Mvcc), 0..8);
}

#[test]
fn log_conforms() {
    conformance::run(&mut Rocks::new(Space::Log), 0..8);
}
