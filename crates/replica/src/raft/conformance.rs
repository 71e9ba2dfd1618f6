//! openraft's own suite for log stores and state machines, over ours.

use std::sync::Arc;

use base::RangeId;
use base::env::Blocking;
use openraft::StorageError;
use openraft::testing::log::{StoreBuilder, Suite};
use storage::MemEngine;

use super::log_store::LogStore;
use super::log_writer::LogWriter;
use super::state_machine::{LogGrown, StateMachine};
use super::types::Types;
use crate::metrics::Metrics;
use crate::planted::Bugs;
use crate::testing;

struct Builder(Blocking);

impl StoreBuilder<Types, LogStore, StateMachine, Arc<LogWriter>> for Builder {
    async fn build(&self) -> Result<(Arc<LogWriter>, LogStore, StateMachine), StorageError<Types>> {
        let env = testing::env(self.0);
        let (data, log) = (Arc::new(MemEngine::new()), Arc::new(MemEngine::new()));
        let writer = LogWriter::start(&env, log.clone(), Metrics::default(), |_| {});
        // The suite purges logs of which nothing was ever applied, which no range does.
        let guard = None;
        let range = RangeId(1);
        let store = LogStore::open(range, env.clone(), log, writer.clone(), guard, Bugs::default()).unwrap();
        let grown = Arc::new(LogGrown::new(u64::MAX));
        let (machine, _) =
            StateMachine::open(range, env, data, store.clone(), grown, Metrics::default(), Bugs::default())
                .unwrap();
        Ok((writer, store, machine))
    }
}

#[tokio::test]
async fn the_suite_passes_with_a_writer_thread() {
    super::runtime::scope(1, Suite::test_all(Builder(Blocking::Pool))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_suite_passes_with_a_writer_task() {
    super::runtime::scope(1, Suite::test_all(Builder(Blocking::Inline))).await.unwrap();
}
