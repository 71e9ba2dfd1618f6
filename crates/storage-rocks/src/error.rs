//! RocksDB's errors in our words.

use std::path::{Path, PathBuf};

use storage::Error;

/// Why a data directory cannot be used: one line that says what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error("data directory {} is in use by another process", .0.display())]
    Locked(PathBuf),
    /// Nothing can be written there.
    #[error("data directory {} cannot be written to: {why}", .path.display())]
    ReadOnly {
        /// Which.
        path: PathBuf,
        /// What the operating system says.
        why: String,
    },
    /// There are files in it that are not ours.
    #[error("{} is not empty and is not a data directory of holdfast", .0.display())]
    Foreign(PathBuf),
    /// It is a file, or its parent does not exist and cannot be made.
    #[error("data directory {} cannot be created: {why}", .path.display())]
    NoDirectory {
        /// Which.
        path: PathBuf,
        /// What the operating system says.
        why: String,
    },
    /// Another version of the software has written it.
    #[error(
        "data directory {} has format version {found}; this version of holdfast reads up to {known}",
        .path.display()
    )]
    UnknownFormat {
        /// Which.
        path: PathBuf,
        /// What it says of itself.
        found: u64,
        /// The newest that is known.
        known: u64,
    },
    /// Files are missing or damaged.
    #[error("data directory {} is corrupted: {why}", .path.display())]
    Corrupt {
        /// Which.
        path: PathBuf,
        /// What was found.
        why: String,
    },
    /// There is no room to open it.
    #[error("no space left on the device of data directory {}", .0.display())]
    Full(PathBuf),
    /// Something else.
    #[error("data directory {} cannot be opened: {why}", .path.display())]
    Other {
        /// Which.
        path: PathBuf,
        /// What was said.
        why: String,
    },
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn no_space(text: &str) -> bool {
    text.contains("No space left on device") || text.contains("Disk quota exceeded")
}

/// An error of a running engine.
pub(crate) fn engine_error(e: &rocksdb::Error) -> Error {
    let text = one_line(e.as_ref());
    match e.kind() {
        _ if no_space(&text) => Error::DiskFull,
        rocksdb::ErrorKind::Corruption => Error::Corrupt(text),
        _ => Error::Io(text),
    }
}

/// An error of opening an instance of the data directory `path`.
pub(crate) fn open_error(path: &Path, e: &rocksdb::Error) -> OpenError {
    let path = path.to_owned();
    let why = one_line(e.as_ref());
    let says = |text: &str| why.contains(text);
    match e.kind() {
        _ if no_space(&why) => OpenError::Full(path),
        _ if says("While lock file") || says("lock hold by current process") => OpenError::Locked(path),
        _ if says("Read-only file system") || says("Permission denied") => OpenError::ReadOnly { path, why },
        rocksdb::ErrorKind::Corruption => OpenError::Corrupt { path, why },
        // Files that its manifest names are gone, or the instance as a whole is.
        _ if says("No such file or directory") || says("does not exist") => OpenError::Corrupt { path, why },
        _ => OpenError::Other { path, why },
    }
}

/// An error of the operating system about the data directory `path`.
pub(crate) fn io_error(path: &Path, e: &std::io::Error) -> OpenError {
    use std::io::ErrorKind;
    let (path, why) = (path.to_owned(), one_line(&e.to_string()));
    match e.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => OpenError::Full(path),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => OpenError::ReadOnly { path, why },
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists | ErrorKind::NotFound => {
            OpenError::NoDirectory { path, why }
        }
        _ => OpenError::Other { path, why },
    }
}
