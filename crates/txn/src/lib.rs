//! Transactions: read timestamp, read set, write buffer, validation, commit, and the recovery of others'
//! intents. Invariants T1 to T13 are those of docs/transactions.md.
//!
//! ```text
//!   exec ── begin ──► Transaction ── get, scan, lock ──► KvSender (cuts reads, finds leaseholders)
//!                        │  reads see the write buffer, then the snapshot at read_ts
//!                        │  uncertainty, newer locked rows: refresh, else Conflict
//!                        ▼
//!                     commit: a task of its own, so that a dropped client leaves nothing half decided
//!                        │  commit::Machine (sans-IO): one range, one range + reads elsewhere, staged, open
//!                        ▼
//!                     janitor: resolves intents off the client's path
//! ```
//!
//! A transaction knows keys and opaque pieces of the keyspace, neither ranges, nodes, leases nor SQL.

pub mod buffer;
mod clock;
pub mod commit;
mod coordinator;
mod error;
mod janitor;
mod metrics;
pub mod planted;
mod push;
mod read;
mod read_set;
mod registry;
mod scan;
mod settings;
mod transaction;
mod update;

pub use buffer::{OwnWrites, Savepoint, WriteBuffer};
pub use clock::Hlc;
pub use coordinator::{Coordinator, Parts};
pub use error::Error;
pub use proto::error::Class;
pub use push::{Liveness, Peers};
pub use read::GetOptions;
pub use read_set::ReadSet;
pub use registry::Registry;
pub use scan::{Page, ScanOptions, ScanStream};
pub use settings::Settings;
pub use transaction::{Committed, Transaction, TxnOptions};
pub use update::UpdateOptions;

/// The result of what a transaction does.
pub type Result<T> = std::result::Result<T, Error>;
