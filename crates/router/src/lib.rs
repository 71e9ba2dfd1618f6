//! Which range, which node: brings each request to the leaseholder of its keys.
//!
//! ```text
//!   txn ── Request ──► Router ── cut by range (reads) ──► guess the leaseholder ──► RangeSender
//!                        ▲  │                                   │ NotLeader{hint}: there
//!                        │  └── join the answers in key order   │ RangeChanged{newer}: learn, cut again
//!                        │                                      ▼
//!                   DescriptorCache ◄── DescriptorSource (the routing keyspace, or a list)
//! ```
//!
//! `NotLeader`, and for what may be cut `RangeChanged`, never come out of it. A write is sent again only after an
//! answer which says that this send was not evaluated; whatever is unknown goes up to the transaction (T9).
//! Knows ranges and nodes; neither transactions nor SQL.

mod cache;
mod router;
mod settings;
mod source;
#[cfg(test)]
mod tests;

pub use cache::DescriptorCache;
pub use router::Router;
pub use settings::Settings;
pub use source::{AdminSource, DescriptorSource, ListedRanges, Seek};
