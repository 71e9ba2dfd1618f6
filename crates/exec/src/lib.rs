//! Runs plans in transactions: sessions, the catalog, operators, data modification, constraints, DDL, COPY.
//!
//! ```text
//!   gateway ── Session (session/) ── statement text ──► sql: parse, bind, plan
//!                 │                                        ▲ names: catalog::Snapshot
//!                 ▼                                        │
//!              operators/ ◄── plan                     catalog/ (descriptors in system keys)
//!              dml/  ddl/  copy/
//!                 │ keys and values (keys.rs, layout.rs)
//!                 ▼
//!              txn::Transaction
//! ```
//!
//! A [`Node`] is what all sessions of a gateway node share. A [`Session`] is one client's state.

pub mod api;
mod bounds;
pub mod cancel;
pub mod catalog;
mod copy;
mod ddl;
mod dml;
mod error;
mod explain;
mod expressions;
mod garbage;
mod keys;
mod kv;
mod layout;
pub mod node;
pub mod notify;
mod operators;
mod push;
pub mod sequence;
pub mod session;
pub mod settings;
pub mod virtual_tables;

pub use api::{ClientGone, Completion, Field, Format, Severity, Sink, Startup, TxnStatus};
pub use cancel::CancelHandle;
pub use node::{Node, NodeConfig, NodeParts};
pub use session::Session;

#[doc(hidden)]
pub mod testing;
