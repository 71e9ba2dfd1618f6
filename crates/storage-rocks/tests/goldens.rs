//! The stories of `storage/testdata` on RocksDB: the same files must hold on both engines.

#[path = "../../storage/tests/golden/runner.rs"]
mod runner;

use std::sync::Arc;

use storage::Engine;
use storage_rocks::{Options, open};
use tempfile::TempDir;

struct Rocks(TempDir);

impl runner::World for Rocks {
    fn create(&mut self) -> Arc<dyn Engine> {
        Arc::new(open(self.0.path(), &Options::default()).unwrap().data)
    }

    fn crash(&mut self, engine: Arc<dyn Engine>) -> Arc<dyn Engine> {
        drop(engine);
        self.create()
    }
}

#[test]
fn goldens() {
    runner::run_all(concat!(env!("CARGO_MANIFEST_DIR"), "/../storage/testdata"), || {
        Rocks(TempDir::new().unwrap())
    });
}
