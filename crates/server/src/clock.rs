//! The node's hybrid clock on the engine's disk, and as `txn` knows it.

use std::sync::Arc;
use std::time::Duration;

use base::Timestamp;
use base::env::Env;
use hybrid_clock::{BoundError, Clock, Options, UpperBound};
use storage::keys::{NodeState, node_state_key};
use storage::{Engine, Space, WriteBatch};

/// The bound of the clock, under a key of the log engine, whose writes are synced anyway.
struct EngineBound(Arc<dyn Engine>);

/// Format version, then the timestamp.
const FORMAT: u8 = 1;

impl UpperBound for EngineBound {
    fn load(&self) -> Result<Option<Timestamp>, BoundError> {
        let stored = self.0.get(Space::Log, &node_state_key(NodeState::ClockBound));
        let Some(bytes) = stored.map_err(|e| BoundError(e.to_string()))? else { return Ok(None) };
        match bytes.split_first() {
            Some((&FORMAT, rest)) => {
                let rest =
                    rest.try_into().map_err(|_| BoundError("the stored bound is corrupt".to_owned()))?;
                Ok(Some(Timestamp::from_bytes(rest)))
            }
            Some((other, _)) => Err(BoundError(format!("the stored bound has the unknown format {other}"))),
            None => Err(BoundError("the stored bound is empty".to_owned())),
        }
    }

    fn store(&self, bound: Timestamp) -> Result<(), BoundError> {
        let mut value = vec![FORMAT];
        value.extend_from_slice(&bound.to_bytes());
        let mut batch = WriteBatch::new();
        batch.put(Space::Log, &node_state_key(NodeState::ClockBound), &value);
        // Also when the disk is full: reads go on then, and each needs a timestamp.
        self.0.write_reserved(&batch).map_err(|e| BoundError(e.to_string()))
    }
}

/// The clock of this node, going on from the bound on its disk.
pub fn open(env: &Env, log: Arc<dyn Engine>, max_offset: Duration) -> Result<Clock, hybrid_clock::Error> {
    let physical = env.clock().clone();
    let options = Options { max_offset, ..Options::default() };
    Clock::new(Arc::new(move || physical.wall()), Arc::new(EngineBound(log)), options)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use base::env::{Blocking, PhysicalClock};
    use storage::{Error, MemEngine};

    use super::*;

    #[derive(Default)]
    struct Wall(AtomicU64);

    impl PhysicalClock for Wall {
        fn wall(&self) -> u64 {
            self.0.load(Ordering::SeqCst)
        }

        fn monotonic(&self) -> Duration {
            Duration::from_nanos(self.wall())
        }
    }

    #[test]
    fn t12_a_full_disk_does_not_stop_the_clock() {
        let wall = Arc::new(Wall::default());
        wall.0.store(1_000_000_000, Ordering::SeqCst);
        let env = Env::new(wall.clone(), 1, Blocking::Inline);
        let engine = MemEngine::new();
        let clock = open(&env, Arc::new(engine.clone()), Duration::from_millis(250)).unwrap();
        clock.now().unwrap();
        engine.set_capacity(Some(0));
        let mut batch = WriteBatch::new();
        batch.put(Space::Log, b"k", b"v");
        assert_eq!(engine.write(&batch), Err(Error::DiskFull));
        // Far beyond the bound that was written while there was room.
        wall.0.store(60_000_000_000, Ordering::SeqCst);
        let now = clock.now().unwrap();
        assert!(clock.extend().is_ok());
        engine.crash();
        let again = open(&env, Arc::new(engine), Duration::from_millis(250)).unwrap();
        assert!(again.wait_until_safe().is_some(), "the bound is on disk");
        assert!(again.now().unwrap() > now);
    }
}
