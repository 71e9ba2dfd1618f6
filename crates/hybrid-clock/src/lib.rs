//! Hybrid logical clocks (Kulkarni et al., "Logical Physical Clocks", 2014).
//!
//! A timestamp is physical time in nanoseconds plus a logical counter that orders events within one
//! nanosecond reading. Every message carries one, so that cause always has a smaller timestamp than effect.
//!
//! ```text
//!   physical clock ──► Clock ──► now()       above everything given out or heard before
//!                        ▲ └───► bound       on disk, always at or above what was given out (T12)
//!   message's HLC ───────┘ update()          refused if more than max_offset ahead of the physical clock
//! ```

mod bound;
mod clock;
mod timestamp;

pub use bound::{BoundError, MemoryBound, UpperBound};
pub use clock::{Clock, Error, Options, PhysicalTime};
pub use timestamp::Timestamp;
