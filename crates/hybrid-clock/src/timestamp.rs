//! [`Timestamp`]: a point in hybrid logical time.

use std::fmt;
use std::time::Duration;

/// A hybrid logical timestamp: nanoseconds since the Unix epoch, then a logical counter.
///
/// Totally ordered by `(wall, logical)`. The zero value is below every timestamp that a clock gives out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp {
    /// Nanoseconds since the Unix epoch.
    pub wall: u64,
    /// Orders events that share a wall reading.
    pub logical: u32,
}

#[allow(clippy::should_implement_trait)] // Adding saturates, which `+` would not say.
impl Timestamp {
    /// Below every timestamp that a clock gives out.
    pub const ZERO: Timestamp = Timestamp { wall: 0, logical: 0 };
    /// Above every timestamp that a clock gives out.
    pub const MAX: Timestamp = Timestamp { wall: u64::MAX, logical: u32::MAX };
    /// Bytes of [`Timestamp::to_bytes`].
    pub const ENCODED_LEN: usize = 12;

    /// A timestamp of the given wall nanoseconds and logical counter.
    pub const fn new(wall: u64, logical: u32) -> Timestamp {
        Timestamp { wall, logical }
    }

    /// The least timestamp above this one. Saturates at [`Timestamp::MAX`].
    pub const fn next(self) -> Timestamp {
        match self.logical.checked_add(1) {
            Some(logical) => Timestamp { wall: self.wall, logical },
            None => match self.wall.checked_add(1) {
                Some(wall) => Timestamp { wall, logical: 0 },
                None => Timestamp::MAX,
            },
        }
    }

    /// The greatest timestamp below this one. Saturates at [`Timestamp::ZERO`].
    pub const fn prev(self) -> Timestamp {
        match self.logical.checked_sub(1) {
            Some(logical) => Timestamp { wall: self.wall, logical },
            None => match self.wall.checked_sub(1) {
                Some(wall) => Timestamp { wall, logical: u32::MAX },
                None => Timestamp::ZERO,
            },
        }
    }

    /// This timestamp moved later by `by` of wall time. Saturates.
    pub fn add(self, by: Duration) -> Timestamp {
        let nanos = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        Timestamp { wall: self.wall.saturating_add(nanos), logical: self.logical }
    }

    /// This timestamp moved earlier by `by` of wall time. Saturates.
    pub fn sub(self, by: Duration) -> Timestamp {
        let nanos = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        Timestamp { wall: self.wall.saturating_sub(nanos), logical: self.logical }
    }

    /// Big-endian bytes whose order is the order of timestamps.
    pub fn to_bytes(self) -> [u8; Self::ENCODED_LEN] {
        let mut out = [0; Self::ENCODED_LEN];
        out[..8].copy_from_slice(&self.wall.to_be_bytes());
        out[8..].copy_from_slice(&self.logical.to_be_bytes());
        out
    }

    /// The inverse of [`Timestamp::to_bytes`].
    pub fn from_bytes(bytes: [u8; Self::ENCODED_LEN]) -> Timestamp {
        let (wall, logical) = bytes.split_at(8);
        Timestamp {
            wall: u64::from_be_bytes(wall.try_into().expect("eight of twelve bytes")),
            logical: u32::from_be_bytes(logical.try_into().expect("four of twelve bytes")),
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:09},{}", self.wall / 1_000_000_000, self.wall % 1_000_000_000, self.logical)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
