//! One node as a value: both halves wired together, its life from start to drain.
//!
//! ```text
//!   Node::start ── clock ── store (replicas) ── router ── txn::Coordinator ── exec::Node ── Gateway ── SQL port
//!                     └─ rpc port                                                └─ HTTP port
//!   Node::drain ── no new sessions ── transactions end ── store closed ── clock bound written ── engines synced
//! ```
//!
//! There is no rule about data here.

mod clock;
mod config;
mod gc;
mod http;
mod listen;
mod node;

pub use config::Config;
pub use node::{Node, StartError};
