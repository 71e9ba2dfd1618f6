//! One node's copies of ranges: each replica is a member of its range's Raft group, and where it leads, it has
//! requests evaluated and their effects replicated.
//!
//! ```text
//!   Store ──► Replica ──► Incarnation ──► Evaluator (range::Range) ──► RaftProposer ─┐
//!   all of    one copy    one stretch       evaluates requests           the chain   │
//!   a node    of a range  of leading                                                 ▼
//!                │                                                          raft::Group ──► log, apply
//!                └── Lease: until when it may serve
//! ```
//!
//! Which promises hold, by their numbers in docs/transactions.md, and where: T6 [`chain`] and [`proposer`]; T7
//! [`mod@replica`]; T7a [`lease`] and [`raft`]; T10 [`raft`] (a fate is told after the effect can be read); T13
//! [`raft`]. While a log is applied there is no clock, no chance and no configuration.
//!
//! openraft is used in [`raft`] only.

mod chain;
mod config;
mod evaluator;
mod lease;
mod metrics;
mod planted;
mod proposer;
mod raft;
mod replica;
mod store;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use evaluator::{Begin, Evaluator, Evaluators, Ranges};
#[cfg(any(test, feature = "planted-bugs"))]
pub use planted::Bug;
pub use planted::Bugs;
pub use raft::{Message, Reply, Transport, TransportError};
pub use store::{OpenError, Parts, Store, bootstrap, descriptors};
