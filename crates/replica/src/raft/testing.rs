//! Messages that tests make by hand.

use openraft::raft::VoteRequest;

use super::codec::log_id_to;
use super::network::{Message, Reply, Request, Response};
use super::types::RaftVote;

/// A candidate's request, with a log as long as can be.
pub(crate) fn vote_request(term: u64, node: u64) -> Message {
    let last = log_id_to(proto::wire::replication::LogId { term: term - 1, index: 1_000_000 });
    Message(Request::Vote(VoteRequest::new(RaftVote::new(term, node), Some(last))))
}

/// Whether the vote was granted.
pub(crate) fn granted(reply: Reply) -> bool {
    match reply.0 {
        Response::Vote(vote) => vote.vote_granted,
        _ => false,
    }
}
