//! Between openraft's types and the durable ones of `proto::wire::replication`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::NodeId;
use openraft::impls::EmptyNode;
use openraft::type_config::alias::CommittedLeaderIdOf;
use proto::wire::replication::{Applied, Entry, EntryPayload, LogId, Membership, Vote};

use super::types::{
    RaftEntry, RaftLogId, RaftMembership, RaftStoredMembership, RaftVote, SharedProposal, Types,
};

pub(crate) fn log_id_from(id: &RaftLogId) -> LogId {
    LogId { term: id.leader_id.term, index: id.index }
}

pub(crate) fn log_id_to(id: LogId) -> RaftLogId {
    RaftLogId::new(CommittedLeaderIdOf::<Types>::from(id.term), id.index)
}

pub(crate) fn vote_from(vote: &RaftVote) -> Vote {
    Vote { term: vote.leader_id.term, node: NodeId(vote.leader_id.voted_for), committed: vote.committed }
}

pub(crate) fn vote_to(vote: Vote) -> RaftVote {
    if vote.committed {
        RaftVote::new_committed(vote.term, vote.node.0)
    } else {
        RaftVote::new(vote.term, vote.node.0)
    }
}

pub(crate) fn membership_from(m: &RaftMembership) -> Membership {
    let ids = |set: &BTreeSet<u64>| set.iter().copied().map(NodeId).collect();
    Membership {
        configs: m.get_joint_config().iter().map(ids).collect(),
        nodes: m.nodes().map(|(id, _)| NodeId(*id)).collect(),
    }
}

pub(crate) fn membership_to(m: &Membership) -> Result<RaftMembership, String> {
    if m.configs.is_empty() && m.nodes.is_empty() {
        return Ok(RaftMembership::default());
    }
    let configs = m.configs.iter().map(|c| c.iter().map(|n| n.0).collect()).collect();
    let nodes: BTreeMap<u64, EmptyNode> = m.nodes.iter().map(|n| (n.0, EmptyNode::new())).collect();
    RaftMembership::new(configs, nodes).map_err(|e| format!("membership is not one: {e}"))
}

pub(crate) fn stored_membership_to(applied: &Applied) -> Result<RaftStoredMembership, String> {
    Ok(RaftStoredMembership::new(applied.membership_id.map(log_id_to), membership_to(&applied.membership)?))
}

pub(crate) fn entry_from(entry: &RaftEntry) -> Entry {
    let payload = match &entry.payload {
        openraft::EntryPayload::Blank => EntryPayload::Blank,
        openraft::EntryPayload::Normal(proposal) => EntryPayload::Proposal((*proposal.0).clone()),
        openraft::EntryPayload::Membership(m) => EntryPayload::Membership(membership_from(m)),
    };
    Entry { id: log_id_from(&entry.log_id), payload }
}

pub(crate) fn entry_to(entry: Entry) -> Result<RaftEntry, String> {
    let payload = match entry.payload {
        EntryPayload::Blank => openraft::EntryPayload::Blank,
        EntryPayload::Proposal(proposal) => {
            openraft::EntryPayload::Normal(SharedProposal(Arc::new(proposal)))
        }
        EntryPayload::Membership(m) => openraft::EntryPayload::Membership(membership_to(&m)?),
    };
    Ok(RaftEntry { log_id: log_id_to(entry.id), payload })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_membership_is_an_error() {
        let one: BTreeSet<NodeId> = [NodeId(1)].into();
        // A voter that is no member.
        let broken = Membership { configs: vec![one.clone()], nodes: BTreeSet::new() };
        assert!(membership_to(&broken).is_err());
        let good = Membership { configs: vec![one.clone()], nodes: one };
        assert_eq!(membership_from(&membership_to(&good).unwrap()), good);
    }

    #[test]
    fn votes_come_back() {
        for committed in [false, true] {
            let vote = Vote { term: 4, node: NodeId(2), committed };
            assert_eq!(vote_from(&vote_to(vote)), vote);
        }
    }
}
