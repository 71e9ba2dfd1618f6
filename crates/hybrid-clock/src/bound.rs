//! [`UpperBound`]: where a clock keeps the bound that it must not pass without writing it down first.

use std::fmt;
use std::sync::Mutex;

use crate::Timestamp;

/// Durable storage of one timestamp: no timestamp above it was ever given out.
pub trait UpperBound: Send + Sync + 'static {
    /// The bound that was stored last, if any.
    fn load(&self) -> Result<Option<Timestamp>, BoundError>;
    /// Replaces the bound; it is durable when this returns.
    fn store(&self, bound: Timestamp) -> Result<(), BoundError>;
}

/// The bound could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundError(
    /// For a person.
    pub String,
);

impl fmt::Display for BoundError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "clock bound: {}", self.0)
    }
}

impl std::error::Error for BoundError {}

/// A bound in memory, for tests and for worlds without a disk.
#[derive(Default)]
pub struct MemoryBound(Mutex<Option<Timestamp>>);

impl UpperBound for MemoryBound {
    fn load(&self) -> Result<Option<Timestamp>, BoundError> {
        Ok(*self.0.lock().unwrap_or_else(|e| e.into_inner()))
    }

    fn store(&self, bound: Timestamp) -> Result<(), BoundError> {
        *self.0.lock().unwrap_or_else(|e| e.into_inner()) = Some(bound);
        Ok(())
    }
}
