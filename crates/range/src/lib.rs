//! What a range does with a request, Raft apart.
//!
//! ```text
//!   Request ──► Range::execute
//!                 │ reads:  bump ts_cache → wait for in_flight → snapshot → lease, descriptor, thresholds → read
//!                 │ writes: lock_table → latch → register in in_flight → evaluate (snapshot + overlay)
//!                 │                                                        │
//!                 │                     chain (one order, T6) ◄────────────┘
//!                 │                       │ Proposer::propose
//!                 ◄── Response ── applied ┘
//! ```
//!
//! One [`Range`] is one incarnation of one range: it keeps in memory what must not survive a change of
//! leaseholder (timestamp cache, latches, locks, commands in flight). What must survive leaves as an
//! [`Effect`] through a [`Proposer`], which crate `replica` implements with Raft and [`LocalKv`] without.
//!
//! Invariants are cited by their numbers in docs/transactions.md.

pub mod bugs;
mod chain;
mod commands;
mod in_flight;
mod latch;
mod local;
mod lock_table;
mod proposer;
mod pushdown;
mod range;
mod read;
mod settings;
mod state;
mod ts_cache;
mod wait_graph;

pub use local::{LocalKv, ManualClock};
pub use proposer::{Done, Effect, Fate, Proposer};
pub use range::{Parts, Range};
pub use settings::{ProcessGone, Settings};
pub use state::{decode_threshold, encode_threshold};
pub use wait_graph::WaitGraph;
