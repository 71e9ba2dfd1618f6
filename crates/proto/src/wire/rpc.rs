//! Messages between nodes, as they travel. Only crate `rpc` uses them.
#![allow(missing_docs, clippy::all)]
include!(concat!(env!("OUT_DIR"), "/holdfast.rpc.rs"));
