//! Versions and intents over an engine.
//!
//! ```text
//!            newest first →
//!  key a     [intent t7]  @9 "x"  @4 ✕  @2 "w"
//!  key b                  @5 "y"
//!
//!  read at 6, certain up to 8    a: Uncertain? no: @9 is above 8, @4 is a tombstone → nothing
//!                                   but if the intent was prepared at or below 8 → Intents
//!                                b: "y"
//! ```
//!
//! A version's value is `[format and kind (1 byte)][transaction id (16)][bytes]`: every version carries the id of
//! the transaction that wrote it (T9). A deletion is a version too, a *tombstone*. An intent lies in a slot of its
//! own before all versions of its key, so that whoever looks for the newest version meets it; there is at most
//! one. A mark beside the key ([`crate::keys::intent_mark_key`]) lets undecided intents be found without a scan
//! of the data.
//!
//! Readers see one [`Snapshot`](crate::Snapshot) and decide nothing: an intent or an uncertain version in the way
//! is handed up as a [`ReadError`].

mod gc;
mod reader;
mod scanner;
mod version;
mod walk;
pub mod write;

use base::{Key, RangeId, Timestamp, TxnId};
use proto::{Intent, KvError};

pub use gc::{Collected, collect};
pub use reader::{Head, History, Met, Reader, Version};
pub use scanner::{Row, Scanner};
pub use version::{VersionMeta, decode_version};

use crate::error::Error;

/// The timestamp and the reader of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadAt {
    /// The snapshot: versions at or below are visible.
    pub read_ts: Timestamp,
    /// End of the uncertainty interval, inclusive; equal to `read_ts` where there is none.
    pub uncertainty_limit: Timestamp,
    /// Whose own intents do not stand in its way (it sees its own writes in its buffer).
    pub own: Option<TxnId>,
}

impl ReadAt {
    /// A read without uncertainty and without a transaction.
    pub fn exactly(read_ts: Timestamp) -> ReadAt {
        ReadAt { read_ts, uncertainty_limit: read_ts, own: None }
    }
}

/// Why a read has no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ReadError {
    /// The engine failed, or its bytes are not what was written.
    #[error(transparent)]
    Engine(#[from] Error),
    /// A version lies inside the uncertainty interval.
    #[error("uncertain value of {key} at {at}")]
    Uncertain {
        /// Where.
        key: Key,
        /// The newest such version of the key: the read must move to it or above.
        at: Timestamp,
    },
    /// Foreign intents, prepared at or below the uncertainty limit. Never empty; a scan gathers several.
    #[error("{} foreign intent(s)", .0.len())]
    Intents(Vec<(Key, Intent)>),
}

impl ReadError {
    /// What a range tells its callers.
    pub fn into_kv(self, range: RangeId) -> KvError {
        match self {
            ReadError::Engine(e) => e.into_kv(range),
            ReadError::Uncertain { key, at } => KvError::Uncertain { key, at },
            ReadError::Intents(intents) => KvError::Intents(intents),
        }
    }
}

impl From<base::encoding::DecodeError> for ReadError {
    fn from(e: base::encoding::DecodeError) -> ReadError {
        ReadError::Engine(e.into())
    }
}
