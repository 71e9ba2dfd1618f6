//! [`storage::Engine`] on RocksDB. The only crate that links C++.
//!
//! ```text
//! data directory
//! ├── FORMAT     which layout this is; read before anything is opened
//! ├── data/      spaces Mvcc and Local. No write-ahead log: what is not flushed, the Raft logs replay (T13).
//! │              All column families are flushed together, so files always show one moment.
//! └── log/       space Log: Raft logs and votes, and the node's own state. Written ahead, synced per batch.
//! ```
//!
//! Two instances, because in one of them an application of commands would wait behind every sync of the log
//! (docs/decisions/0003-storage-layout.md has the figures).
//!
//! It sees bytes only: nothing here knows what a version is, apart from where the user key ends in a key of the
//! Mvcc space, which the filters need.

mod cursor;
mod engine;
mod error;
mod open;
mod options;
mod room;

pub use engine::{Durability, RocksEngine};
pub use error::OpenError;
pub use open::{RocksEngines, open};
pub use options::Options;
