//! The stories of `testdata` on the in-memory engine. `storage-rocks` runs the same files.

mod golden {
    pub mod runner;
}

use std::sync::Arc;

use storage::{Engine, MemEngine};

#[derive(Default)]
struct Mem(MemEngine);

impl golden::runner::World for Mem {
    fn create(&mut self) -> Arc<dyn Engine> {
        Arc::new(self.0.clone())
    }

    fn crash(&mut self, engine: Arc<dyn Engine>) -> Arc<dyn Engine> {
        self.0.crash();
        engine
    }
}

#[test]
fn goldens() {
    golden::runner::run_all(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata"), Mem::default);
}
