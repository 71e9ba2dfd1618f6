//! The real world: the one place that reads the real clock and the real entropy.
#![allow(clippy::disallowed_methods)] // This is where the bans of clippy.toml point to.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::{Blocking, Env, PhysicalClock};

/// The operating system's clock.
pub struct OsClock {
    start: Instant,
}

impl OsClock {
    /// A clock whose monotonic reading starts now.
    pub fn new() -> OsClock {
        OsClock { start: Instant::now() }
    }
}

impl Default for OsClock {
    fn default() -> Self {
        Self::new()
    }
}

impl PhysicalClock for OsClock {
    fn wall(&self) -> u64 {
        // Before 1970 or after 2554 the clock is as good as broken: 0 makes the node refuse to serve (T12).
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .ok()
            .and_then(|since| u64::try_from(since.as_nanos()).ok())
            .unwrap_or(0)
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}

/// The environment of a real process: its clock, its entropy, tokio's blocking pool.
pub fn env() -> Env {
    let seed = rand::random::<u64>();
    Env::new(Arc::new(OsClock::new()), seed, Blocking::Pool)
}
