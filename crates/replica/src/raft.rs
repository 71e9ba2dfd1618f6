//! The one home of openraft: everything that knows its types is in here.
//!
//! ```text
//!   Proposer ──► Group ──► openraft core ──► LogStore ──► LogWriter ──► log engine (one sync for all groups)
//!                             │                                │
//!                             │  committed                     └─ flushed
//!                             ▼
//!                        StateMachine ──► data engine (not synced), verdict per command
//! ```
//!
//! What we rely on, and what is switched off because it would break us (docs/transactions.md, T6, T7, T7a, T13):
//!   - `leader_id_std`: a term has one leader at most, so a term names a leader;
//!   - `with_leader` on every write: a proposal of an earlier term is refused, not appended;
//!   - leader restore is off: a restarted process never leads in the term that it led before;
//!   - automatic step-down is off: leaders move by our hand-over only;
//!   - snapshots and purges happen when [`Group::truncate`] says so, never by openraft's policy;
//!   - vote, log and applied state are in our own encodings (`proto::wire::replication`).

mod codec;
mod group;
mod log_store;
mod log_writer;
mod network;
mod runtime;
mod state_machine;
mod types;

pub(crate) use group::{Group, GroupConfig, Leadership, Outcome};
pub(crate) use log_store::LogStore;
pub(crate) use log_writer::LogWriter;
pub(crate) use network::Alone;
pub use network::{Message, Reply, Transport, TransportError};
pub(crate) use state_machine::{AppliedWatch, LogGrown, StateMachine};
#[cfg(test)]
pub(crate) use types::Verdicts;

#[cfg(test)]
mod conformance;
#[cfg(test)]
pub(crate) mod testing;
