//! [`Error`]: why a transaction could not do what it was asked. Routing never shows here: no range ids.

use std::time::Duration;

use base::memory::OutOfMemory;
use base::{Key, Timestamp, TxnId};
use proto::KvError;
use proto::error::Class;

/// Why a transaction could not do what it was asked.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// Another transaction stands in the way: run again at a new snapshot, under a new id (40001).
    #[error("another transaction changed {key} after {read_ts}")]
    Conflict {
        /// Where.
        key: Key,
        /// The snapshot that no longer holds.
        read_ts: Timestamp,
        /// Whom a replay should first wait for, holding nothing.
        blocker: Option<TxnId>,
    },
    /// COMMIT was sent, and nobody can say whether it took effect (40003).
    #[error("the outcome of transaction {txn} is unknown: {why}")]
    Unknown {
        /// Which attempt.
        txn: TxnId,
        /// For a person.
        why: String,
    },
    /// NOWAIT, or the wait for a lock has run out (55P03).
    #[error("lock on {key} is held by another transaction")]
    Locked {
        /// Where.
        key: Key,
        /// By whom.
        holder: TxnId,
    },
    /// Waiting would close a circle (40P01).
    #[error("deadlock on {key}")]
    Deadlock {
        /// Where it would have closed.
        key: Key,
    },
    /// The cluster cannot serve this now (57P03).
    #[error("no answer from the cluster within {waited:?}: {why}")]
    Unavailable {
        /// How long it was tried.
        waited: Duration,
        /// For a person.
        why: String,
    },
    /// The versions at that time are gone (72000).
    #[error("timestamp {read_ts} is below the garbage collection threshold {threshold}")]
    BelowGc {
        /// What was asked.
        read_ts: Timestamp,
        /// The oldest that can be asked.
        threshold: Timestamp,
    },
    /// A pushed-down expression failed: the user's error as it stands.
    #[error(transparent)]
    User(datum::Error),
    /// A value or command is larger than can be stored (54000).
    #[error("write of {bytes} bytes is larger than {bytes_max}")]
    TooLarge {
        /// Its size in bytes.
        bytes: u64,
        /// The limit in bytes.
        bytes_max: u64,
    },
    /// A memory budget is used up, and nothing could be spilled (53200).
    #[error(transparent)]
    OutOfMemory(#[from] OutOfMemory),
    /// The disk is full: writes are refused (53100).
    #[error("disk full")]
    DiskFull,
    /// Temporary files could not be written or read (58030).
    #[error("temporary file: {0}")]
    Io(String),
    /// Stored bytes are not what was written, or an answer makes no sense (XX001).
    #[error("data corrupted: {0}")]
    Corrupt(String),
    /// The transaction has a fixed snapshot (AS OF SYSTEM TIME) or is read-only, and was asked to write (25006).
    #[error("transaction is read-only")]
    ReadOnly,
}

impl Error {
    /// What a caller may do about it.
    pub fn class(&self) -> Class {
        match self {
            Error::Conflict { .. } | Error::Deadlock { .. } => Class::RetryTransaction,
            Error::Unknown { .. } => Class::Unknown,
            Error::Locked { .. }
            | Error::BelowGc { .. }
            | Error::User(_)
            | Error::TooLarge { .. }
            | Error::ReadOnly => Class::User,
            Error::Unavailable { .. } | Error::OutOfMemory(_) | Error::DiskFull | Error::Io(_) => {
                Class::Unavailable
            }
            Error::Corrupt(_) => Class::Corrupt,
        }
    }

    /// Whether running the whole transaction again, under a new id, may help.
    pub fn is_retryable(&self) -> bool {
        self.class() == Class::RetryTransaction
    }

    /// Of an answer of the keeping half that `txn` could not absorb. `waited`: how long it was tried.
    pub(crate) fn from_kv(error: KvError, txn: TxnId, read_ts: Timestamp, waited: Duration) -> Error {
        match error {
            KvError::RangeChanged { .. } | KvError::NotLeader { .. } => {
                Error::Unavailable { waited, why: "the keys are on the move".into() }
            }
            KvError::Unavailable { why, .. } => Error::Unavailable { waited, why },
            KvError::Conflict { key, .. } | KvError::Uncertain { key, .. } => {
                Error::Conflict { key, read_ts, blocker: None }
            }
            KvError::Intents(intents) => match intents.into_iter().next() {
                Some((key, intent)) => Error::Conflict { key, read_ts, blocker: Some(intent.txn.id) },
                None => Error::Corrupt("an answer names no intents".into()),
            },
            KvError::LockNotAvailable { key, holder } => Error::Locked { key, holder },
            KvError::Deadlock { key } => Error::Deadlock { key },
            KvError::RecordMismatch(_) | KvError::RecordThreshold(_) | KvError::DeadlinePassed { .. } => {
                Error::Conflict { key: Key::MIN, read_ts, blocker: None }
            }
            KvError::AlreadyCommitted(at) => {
                Error::Unknown { txn, why: format!("it committed at {at}, but its result is lost") }
            }
            KvError::Unknown(why) => Error::Unknown { txn, why },
            KvError::BelowGcThreshold { read_ts, threshold, .. } => Error::BelowGc { read_ts, threshold },
            KvError::Eval(error) => Error::User(error),
            KvError::TooLarge { bytes, bytes_max } => Error::TooLarge { bytes, bytes_max },
            KvError::DiskFull => Error::DiskFull,
            KvError::Corrupt(why) => Error::Corrupt(why),
        }
    }
}
