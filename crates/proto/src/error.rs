//! [`KvError`]: why the keeping half could not do what it was asked.

use base::{Key, NodeId, RangeId, Span, Timestamp, TxnId};

use crate::records::{Intent, RangeDescriptor, TxnRecord};

/// Why a request was not served. The router absorbs `RangeChanged` and `NotLeader`; `txn` absorbs conflicts,
/// uncertainty and intents while it can.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum KvError {
    // -- for the router ------------------------------------------------------------------------------------
    /// The request's keys do not lie in this range (any more). Nothing was laid.
    #[error("range changed")]
    RangeChanged {
        /// What the replica knows to lie there now.
        newer: Vec<RangeDescriptor>,
    },
    /// This replica is not the leaseholder.
    #[error("{range} is not led here")]
    NotLeader {
        /// Which range.
        range: RangeId,
        /// Who may be.
        hint: Option<NodeId>,
    },
    /// No leaseholder, no quorum, or the node is stopping; nothing was evaluated.
    #[error("{range} is unavailable: {why}")]
    Unavailable {
        /// Which range.
        range: RangeId,
        /// For a person.
        why: String,
    },

    // -- for the transaction -------------------------------------------------------------------------------
    /// A read or validation met a version of another transaction, or a write may not happen at its timestamp.
    #[error("conflict on {key} at {at}")]
    Conflict {
        /// Where.
        key: Key,
        /// The timestamp of what was met: the transaction must move above it.
        at: Timestamp,
    },
    /// A read met a committed version inside its uncertainty interval.
    #[error("uncertain value of {key} at {at}")]
    Uncertain {
        /// Where.
        key: Key,
        /// Its timestamp: the read must move to it or above.
        at: Timestamp,
    },
    /// Foreign intents stand in the way. The caller pushes, waits for, or recovers their owners.
    #[error("{} foreign intent(s)", .0.len())]
    Intents(Vec<(Key, Intent)>),
    /// NOWAIT, or the lock's wait has run out.
    #[error("lock on {key} is held by another transaction")]
    LockNotAvailable {
        /// Where.
        key: Key,
        /// By whom.
        holder: TxnId,
    },
    /// Waiting would close a circle of transactions that wait for each other.
    #[error("deadlock on {key}")]
    Deadlock {
        /// Where the circle would have closed.
        key: Key,
    },
    /// The earlier send of this commit command took effect at this timestamp (T9).
    #[error("already committed at {0}")]
    AlreadyCommitted(Timestamp),
    /// A record's compare-and-set found something else; it stands as it is (T5).
    #[error("transaction record differs")]
    RecordMismatch(Option<TxnRecord>),
    /// A record of such a birth may no longer be created (T5a).
    #[error("commit is older than the record threshold {0}")]
    RecordThreshold(Timestamp),
    /// The command was evaluated after its deadline, or above the catalog's `max_ts`; it did nothing.
    #[error("deadline {deadline} has passed")]
    DeadlinePassed {
        /// That deadline.
        deadline: Timestamp,
    },
    /// Sent, and nobody can say whether it took or will take effect (T9).
    #[error("outcome unknown: {0}")]
    Unknown(String),

    // -- for the user --------------------------------------------------------------------------------------
    /// The versions at that time are gone (T8).
    #[error("timestamp {read_ts} is below the garbage collection threshold {threshold} of {span}")]
    BelowGcThreshold {
        /// Which span.
        span: Span,
        /// What was asked.
        read_ts: Timestamp,
        /// The oldest that can be asked.
        threshold: Timestamp,
    },
    /// A pushed-down expression failed: the user's error.
    #[error(transparent)]
    Eval(#[from] datum::Error),
    /// Commands may not be this large.
    #[error("command of {bytes} bytes is larger than {bytes_max}")]
    TooLarge {
        /// Its size.
        bytes: u64,
        /// The limit.
        bytes_max: u64,
    },
    /// The disk is full: writes are refused, reads go on.
    #[error("disk full")]
    DiskFull,
    /// Stored bytes are not what was written, or an invariant does not hold.
    #[error("data corrupted: {0}")]
    Corrupt(String),
}

/// What a caller may do about an error; callers branch on this, people read the cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Send the same again, perhaps elsewhere.
    RetryHere,
    /// Run the transaction again, under a new id.
    RetryTransaction,
    /// It may have happened.
    Unknown,
    /// The user's request cannot be done.
    User,
    /// Not now.
    Unavailable,
    /// A person must look.
    Corrupt,
}

impl KvError {
    /// The class of this error.
    pub fn class(&self) -> Class {
        match self {
            KvError::RangeChanged { .. } | KvError::NotLeader { .. } => Class::RetryHere,
            KvError::Conflict { .. }
            | KvError::Uncertain { .. }
            | KvError::Intents(_)
            | KvError::RecordMismatch(_)
            | KvError::RecordThreshold(_)
            | KvError::DeadlinePassed { .. } => Class::RetryTransaction,
            KvError::AlreadyCommitted(_) | KvError::Unknown(_) => Class::Unknown,
            KvError::LockNotAvailable { .. }
            | KvError::Deadlock { .. }
            | KvError::BelowGcThreshold { .. }
            | KvError::Eval(_)
            | KvError::TooLarge { .. } => Class::User,
            KvError::Unavailable { .. } | KvError::DiskFull => Class::Unavailable,
            KvError::Corrupt(_) => Class::Corrupt,
        }
    }
}
