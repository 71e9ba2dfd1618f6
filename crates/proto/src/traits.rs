//! The traits between the halves.

use std::future::Future;
use std::pin::Pin;

use base::{Key, NodeId, RangeId};

use crate::error::KvError;
use crate::kv::{Request, Response};
use crate::records::RangeDescriptor;

/// A boxed future.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The one door between the halves.
///
/// *Operations*: one request, one answer. Reads ([`Request::is_read`]) may span ranges: the sender cuts them and
/// joins the answers in key order. Anything else must lie in one piece ([`Partition`]); if it does not, the
/// answer is `RangeChanged` and nothing was laid.
/// *Guarantees*: `NotLeader`, and for reads `RangeChanged`, never come out of it.
/// *Not guaranteed*: order between requests; that a lost answer means a lost request (`Unknown`).
pub trait KvSender: Send + Sync + 'static {
    /// Sends a request and waits for its answer.
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, KvError>>;
}

/// Which piece a key lies in. Opaque: two keys of the same piece can be written by one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Piece(pub u64);

/// How keys lie at present. Only a guess: the range itself judges.
pub trait Partition: Send + Sync + 'static {
    /// The piece of each key, in the order given. `fresh` = do not trust a cache.
    fn pieces<'a>(&'a self, keys: &'a [Key], fresh: bool) -> BoxFuture<'a, Result<Vec<Piece>, KvError>>;
}

/// Brings a request to the replica of one range on one node: a direct call, or over the network.
pub trait RangeSender: Send + Sync + 'static {
    /// Sends to `node`'s replica of `range`.
    fn send_to(
        &self,
        node: NodeId,
        range: RangeId,
        request: Request,
    ) -> BoxFuture<'_, Result<Response, KvError>>;
}

/// What operators and placement ask of a node.
pub trait AdminSender: Send + Sync + 'static {
    /// Descriptors of the ranges that this node keeps.
    fn ranges(&self, node: NodeId) -> BoxFuture<'_, Result<Vec<RangeDescriptor>, KvError>>;
}

/// What is known of the cluster's nodes.
pub trait ClusterView: Send + Sync + 'static {
    /// This node.
    fn this_node(&self) -> NodeId;
    /// Every node known.
    fn nodes(&self) -> Vec<NodeId>;
}
