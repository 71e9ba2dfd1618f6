//! The messages and durable records that the two halves of a node share, and the traits between them.
//!
//! In one process messages travel as the Rust values of [`kv`]; what lies on disk or crosses the network is
//! generated from the `.proto` files of the top-level `proto` folder ([`wire`]), with total conversions.
//! There is no behaviour here.

pub mod error;
pub mod kv;
pub mod records;
pub mod traits;
pub mod wire;

pub use error::KvError;
pub use kv::*;
pub use records::*;
pub use traits::{AdminSender, BoxFuture, ClusterView, KvSender, Partition, Piece, RangeSender};
