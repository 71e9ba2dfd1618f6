//! How nodes talk to each other: a gRPC server on the node's rpc address, and a client for it.
//!
//! So far there is one call: [`identify`], by which a node (or an operator) learns who answers at an address. It
//! carries the clocks of both sides: a timestamp that is more than the greatest clock offset ahead of the
//! receiver's physical clock is refused before anything else of the message is used (T12).
//!
//! The stream on which all ranges of a pair of nodes travel comes with the second node. It is built on the same
//! two functions, `serve_streams` and `connect_over`, which know nothing of TCP, so that a simulated network can
//! stand in for it.

mod client;
mod codec;
mod server;

use base::NodeId;
use hybrid_clock::{Clock, Timestamp};
use proto::wire::rpc::{self as pb};

pub use client::{Channel, connect_over, identify};
pub use server::{serve, serve_streams};

/// Who this node is.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The cluster that its data belong to.
    pub cluster: u128,
    /// Its id in that cluster.
    pub node: NodeId,
    /// Its clock, sent with every message, and told of every one that comes in.
    pub clock: Clock,
}

/// Who answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The cluster that it belongs to.
    pub cluster: u128,
    /// Its id in that cluster.
    pub node: NodeId,
}

/// Why a call failed. Says nothing about whether it arrived.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Nobody answered, or not in time.
    #[error("cannot be reached: {0}")]
    Unreachable(String),
    /// One of the two clocks is wrong (T12).
    #[error("clocks differ too much: {0}")]
    Clock(String),
    /// The other node belongs to another cluster.
    #[error("belongs to another cluster: {0}")]
    OtherCluster(String),
    /// What came is not what this version knows.
    #[error("unknown message: {0}")]
    Malformed(String),
}

const IDENTIFY: &str = "/holdfast.rpc.Node/Identify";

fn clock_to(ts: Timestamp) -> Option<pb::Timestamp> {
    Some(pb::Timestamp { wall: ts.wall, logical: ts.logical })
}

/// Learns the clock of a message (T12).
fn hear(clock: &Clock, sent: Option<pb::Timestamp>) -> Result<(), Error> {
    let sent = sent.ok_or_else(|| Error::Malformed("it carries no clock".to_owned()))?;
    clock.update(Timestamp::new(sent.wall, sent.logical)).map_err(|e| Error::Clock(e.to_string()))
}

fn now(clock: &Clock) -> Result<Option<pb::Timestamp>, Error> {
    clock.now().map(clock_to).map_err(|e| Error::Clock(e.to_string()))
}

fn cluster_from(bytes: &[u8]) -> Result<u128, Error> {
    let bytes =
        bytes.try_into().map_err(|_| Error::Malformed("a cluster id has sixteen bytes".to_owned()))?;
    Ok(u128::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests;
