//! [`Hlc`]: what a coordinator needs of the hybrid clock of its node.

use std::time::Duration;

use base::Timestamp;

use crate::error::Error;

/// The node's hybrid clock.
pub trait Hlc: Send + Sync + 'static {
    /// A timestamp above every one that was given out or observed before.
    ///
    /// # Errors
    /// If the clock may give out none (T12): the node is about to stop.
    fn now(&self) -> Result<Timestamp, Error>;
    /// Moves the clock to or above this one, which came with a message or stands in a version that was read. One
    /// that is too far ahead is left alone.
    fn observe(&self, seen: Timestamp);
    /// The most that two clocks may differ.
    fn max_offset(&self) -> Duration;
}

impl Hlc for hybrid_clock::Clock {
    fn now(&self) -> Result<Timestamp, Error> {
        hybrid_clock::Clock::now(self)
            .map_err(|error| Error::Unavailable { waited: Duration::ZERO, why: error.to_string() })
    }

    fn observe(&self, seen: Timestamp) {
        if let Err(error) = self.update(seen) {
            tracing::warn!(%seen, %error, "a timestamp that was met does not move the clock");
        }
    }

    fn max_offset(&self) -> Duration {
        hybrid_clock::Clock::max_offset(self)
    }
}
