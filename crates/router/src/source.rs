//! [`DescriptorSource`]: where descriptors come from when the cache does not know, or was wrong.

use std::sync::Arc;

use base::{Key, NodeId, RangeId};
use parking_lot::RwLock;
use proto::{AdminSender, BoxFuture, KvError, RangeDescriptor};

/// A position in the keyspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seek {
    /// The range that this key lies in.
    At(Key),
    /// The range that the keys just below this one lie in: where a reverse scan goes on.
    Before(Key),
}

impl Seek {
    /// Whether a range is the one sought.
    pub fn finds(&self, range: &RangeDescriptor) -> bool {
        match self {
            Seek::At(key) => range.span.contains(key.as_bytes()),
            Seek::Before(key) => range.span.start < *key && *key <= range.span.end,
        }
    }
}

/// Where descriptors come from: on one node a list of its ranges, in a cluster the routing keyspace.
pub trait DescriptorSource: Send + Sync + 'static {
    /// Descriptors, the one sought among them; further ones are taken as a gift.
    fn lookup<'a>(&'a self, seek: &'a Seek) -> BoxFuture<'a, Result<Vec<RangeDescriptor>, KvError>>;
}

/// A list kept in memory.
#[derive(Default)]
pub struct ListedRanges {
    ranges: RwLock<Vec<RangeDescriptor>>,
}

impl ListedRanges {
    /// These ranges.
    pub fn new(ranges: Vec<RangeDescriptor>) -> ListedRanges {
        ListedRanges { ranges: RwLock::new(ranges) }
    }

    /// Replaces the list.
    pub fn set(&self, ranges: Vec<RangeDescriptor>) {
        *self.ranges.write() = ranges;
    }
}

impl DescriptorSource for ListedRanges {
    fn lookup<'a>(&'a self, _seek: &'a Seek) -> BoxFuture<'a, Result<Vec<RangeDescriptor>, KvError>> {
        Box::pin(async move { Ok(self.ranges.read().clone()) })
    }
}

/// The ranges that one node keeps: enough where there is one node.
pub struct AdminSource {
    admin: Arc<dyn AdminSender>,
    node: NodeId,
}

impl AdminSource {
    /// Asks this node.
    pub fn new(admin: Arc<dyn AdminSender>, node: NodeId) -> AdminSource {
        AdminSource { admin, node }
    }
}

impl DescriptorSource for AdminSource {
    fn lookup<'a>(&'a self, _seek: &'a Seek) -> BoxFuture<'a, Result<Vec<RangeDescriptor>, KvError>> {
        self.admin.ranges(self.node)
    }
}

/// What is said of a position that no range covers.
pub(crate) fn nowhere(seek: &Seek) -> KvError {
    KvError::Unavailable { range: RangeId(0), why: format!("no range is known at {seek:?}") }
}
