//! [`Error`]: why an engine could not do what it was asked.

use base::RangeId;
use proto::KvError;

/// The result of an engine call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an engine could not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is too little room. The write did not happen; reads go on, and writes again once there is room.
    #[error("disk full")]
    DiskFull,
    /// The operating system refused. After a failed write or sync the engine is poisoned.
    #[error("input/output error: {0}")]
    Io(String),
    /// Stored bytes are not what was written.
    #[error("data corrupted: {0}")]
    Corrupt(String),
    /// An earlier write or sync failed, so that nobody knows what is on disk: the node must stop.
    #[error("storage is unusable after an earlier failure: {0}")]
    Poisoned(String),
}

impl Error {
    /// What a range tells its callers.
    pub fn into_kv(self, range: RangeId) -> KvError {
        match self {
            Error::DiskFull => KvError::DiskFull,
            Error::Corrupt(what) => KvError::Corrupt(what),
            Error::Io(_) | Error::Poisoned(_) => KvError::Unavailable { range, why: self.to_string() },
        }
    }

    /// Whether a write that failed so leaves the engine unusable.
    pub fn poisons(&self) -> bool {
        !matches!(self, Error::DiskFull)
    }
}

impl From<base::encoding::DecodeError> for Error {
    fn from(e: base::encoding::DecodeError) -> Error {
        Error::Corrupt(e.to_string())
    }
}

impl From<proto::wire::WireError> for Error {
    fn from(e: proto::wire::WireError) -> Error {
        Error::Corrupt(e.to_string())
    }
}
