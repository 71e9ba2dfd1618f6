//! What a node keeps on its disk, and how versions, intents and transaction records lie in it.
//!
//! ```text
//!   range, replica          ask in user keys and timestamps
//!        │
//!   mvcc::{Reader, Scanner, write, gc}      versions, intents, records
//!        │
//!   keys                                    which bytes, in which space
//!        │
//!   Engine · Snapshot · Cursor · WriteBatch ordered bytes; atomic; durable after `sync`
//!        │
//!   MemEngine (tests, simulation)           RocksEngine (crate `storage-rocks`)
//! ```
//!
//! A node opens two engines ([`Engines`]): `data` for what has been applied, which is seldom synced because the
//! Raft log can replay it, and `log` for what must be durable before it is acknowledged.
//!
//! There are no ranges, leases, clocks or threads here, and nothing is async.

pub mod batch;
pub mod conformance;
pub mod engine;
pub mod error;
pub mod fault;
pub mod keys;
pub mod mem;
pub mod mvcc;
pub mod overlay;

pub use batch::{Op, WriteBatch};
pub use engine::{Cursor, CursorOptions, Engine, EngineStats, Engines, Health, Snapshot, Space};
pub use error::{Error, Result};
pub use mem::MemEngine;
pub use mvcc::{ReadAt, ReadError, Reader, Scanner};
