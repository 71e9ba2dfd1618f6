//! SQL errors of what happens below: the one place where a transaction's errors get their SQLSTATE.

use base::memory::OutOfMemory;
use datum::Error;
use datum::error::sqlstate as code;

/// What a client is told of a transaction's error.
pub(crate) fn from_txn(error: &txn::Error) -> Error {
    match error {
        txn::Error::Conflict { .. } => Error::new(
            code::SERIALIZATION_FAILURE,
            "could not serialize access due to read/write dependencies among transactions",
        )
        .detail(error.to_string())
        .hint("The transaction might succeed if retried."),
        txn::Error::Unknown { .. } => {
            Error::new(code::STATEMENT_COMPLETION_UNKNOWN, "the outcome of the commit is unknown")
                .detail(error.to_string())
        }
        txn::Error::Locked { .. } => {
            Error::new(code::LOCK_NOT_AVAILABLE, "could not obtain lock on row").detail(error.to_string())
        }
        txn::Error::Deadlock { .. } => {
            Error::new(code::DEADLOCK_DETECTED, "deadlock detected").detail(error.to_string())
        }
        txn::Error::Unavailable { .. } => Error::new(code::CANNOT_CONNECT_NOW, error.to_string()),
        txn::Error::BelowGc { .. } => {
            Error::new(code::SNAPSHOT_TOO_OLD, "snapshot too old").detail(error.to_string())
        }
        txn::Error::User(error) => error.clone(),
        txn::Error::TooLarge { .. } => Error::new(code::PROGRAM_LIMIT_EXCEEDED, error.to_string()),
        txn::Error::OutOfMemory(error) => out_of_memory(error.clone()),
        txn::Error::DiskFull => Error::new(code::DISK_FULL, "could not write: no space left on device"),
        txn::Error::Io(_) => Error::new(code::IO_ERROR, error.to_string()),
        txn::Error::Corrupt(_) => Error::new(code::DATA_CORRUPTED, error.to_string()),
        txn::Error::ReadOnly => {
            Error::new(code::READ_ONLY_SQL_TRANSACTION, "cannot write in a read-only transaction")
        }
    }
}

/// A memory budget is used up.
pub(crate) fn out_of_memory(error: OutOfMemory) -> Error {
    Error::new(code::OUT_OF_MEMORY, "out of memory").detail(error.to_string())
}

/// The client's connection broke: nobody will read this.
pub(crate) fn client_gone(_: crate::api::ClientGone) -> Error {
    Error::new(code::CONNECTION_FAILURE, "connection to client lost")
}

/// Whether a new run of the transaction may succeed.
pub(crate) fn is_retryable(error: &Error) -> bool {
    matches!(error.code(), code::SERIALIZATION_FAILURE | code::DEADLOCK_DETECTED)
}

/// Stored bytes make no sense.
pub(crate) fn corrupt(what: impl Into<String>) -> Error {
    Error::new(code::DATA_CORRUPTED, what)
}
