//! The words under everything: ids, keys, spans, order-preserving encoding, the environment a node runs in,
//! invariants, metrics and memory accounting. Knows nothing of SQL, Raft, protobuf or RocksDB.

pub mod encoding;
pub mod env;
pub mod ids;
mod invariant;
pub mod key;
pub mod map;
pub mod memory;
pub mod metrics;

pub use hybrid_clock::Timestamp;
pub use ids::{NodeId, ProcessId, RangeId, TxnId};
pub use key::{Key, Span};
