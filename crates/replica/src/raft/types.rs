//! openraft's type parameters, filled in.

use std::fmt;
use std::sync::Arc;

use openraft::impls::{BoxedErrorSource, EmptyNode, InlineBatch, Vote, leader_id_std};
use openraft::raft::responder::Responder;
use openraft::type_config::alias;
use openraft::{OptionalSend, RaftTypeConfig};
use proto::wire::replication::Proposal;
use smallvec::SmallVec;

use super::runtime::Runtime;

/// openraft's type parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Types;

impl RaftTypeConfig for Types {
    type D = SharedProposal;
    type R = Verdicts;
    // openraft's test suite makes node ids from integers, which ours forbid; converted at the edges.
    type NodeId = u64;
    // Addresses belong to nodes, not to the membership of each range.
    type Node = EmptyNode;
    type Term = u64;
    type LeaderId = leader_id_std::LeaderId<u64, u64>;
    type Vote = Vote<Self::LeaderId>;
    type Payload = openraft::EntryPayload<SharedProposal, u64, EmptyNode>;
    type Entry = openraft::Entry<alias::CommittedLeaderIdOf<Types>, Self::Payload>;
    type AsyncRuntime = Runtime;
    type Responder<T>
        = Completion<T>
    where
        T: OptionalSend + 'static;
    type Batch<T>
        = InlineBatch<T>
    where
        T: OptionalSend + 'static;
    type ErrorSource = BoxedErrorSource;
}

pub(crate) type RaftEntry = alias::EntryOf<Types>;
pub(crate) type RaftLogId = alias::LogIdOf<Types>;
pub(crate) type RaftVote = alias::VoteOf<Types>;
pub(crate) type RaftMembership = openraft::Membership<u64, EmptyNode>;
pub(crate) type RaftStoredMembership = alias::StoredMembershipOf<Types>;
pub(crate) type SnapshotMeta = alias::SnapshotMetaOf<Types>;
pub(crate) type WriteResult = openraft::raft::ClientWriteResult<Types>;

/// The commands of one entry. Cheap to clone: the log's tail and the state machine share them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedProposal(pub Arc<Proposal>);

impl fmt::Display for SharedProposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} command(s) of term {}", self.0.commands.len(), self.0.term)
    }
}

/// Of each command of an entry, in order: whether it was applied (T6). Empty for other entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdicts(pub SmallVec<[bool; 16]>);

/// What to do with the result of a write. If it is dropped unused, the outcome is unknown.
pub struct Completion<T>(Box<dyn FnOnce(T) + Send>);

impl<T> Completion<T> {
    /// Calls `done` with the result, on whichever task or thread has it.
    pub(crate) fn new(done: impl FnOnce(T) + Send + 'static) -> Completion<T> {
        Completion(Box::new(done))
    }
}

impl<T: OptionalSend + 'static> Responder<Types, T> for Completion<T> {
    fn on_complete(self, result: T) {
        (self.0)(result);
    }
}
