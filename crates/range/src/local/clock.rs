//! [`ManualClock`]: a physical clock that a test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hybrid_clock::Clock;

/// A physical clock that moves by a microsecond with each look, and otherwise when it is told. Clones are the same
/// clock.
#[derive(Clone)]
pub struct ManualClock(Arc<Inner>);

struct Inner {
    nanos: AtomicU64,
    step: u64,
}

impl ManualClock {
    /// Stands at this many nanoseconds since the epoch.
    pub fn at(nanos: u64) -> ManualClock {
        ManualClock::with_step(nanos, Duration::from_micros(1))
    }

    /// The same, moving by `step` with each look.
    pub fn with_step(nanos: u64, step: Duration) -> ManualClock {
        let step = u64::try_from(step.as_nanos()).unwrap_or(u64::MAX);
        ManualClock(Arc::new(Inner { nanos: AtomicU64::new(nanos), step }))
    }

    /// Moves it on.
    pub fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        self.0.nanos.fetch_add(by, Ordering::SeqCst);
    }

    /// A hybrid clock over it, without a disk.
    pub fn hybrid(&self, max_offset: Duration) -> Clock {
        let inner = self.0.clone();
        Clock::in_memory(Arc::new(move || inner.nanos.fetch_add(inner.step, Ordering::SeqCst)), max_offset)
    }
}
