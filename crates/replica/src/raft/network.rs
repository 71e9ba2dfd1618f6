//! How the replicas of a range talk: [`Transport`], which brings a [`Message`] to a node's replica of a range and
//! its [`Reply`] back. openraft's own network traits are answered in terms of it.
//!
//! Messages are opaque to whoever carries them. Every message that a leader sends is stamped before it goes, and
//! what its follower acknowledges feeds the lease (T7a).

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use base::{NodeId, RangeId};
use openraft::OptionalSend;
use openraft::errors::{RPCError, ReplicationClosed, StreamingError, Unreachable};
use openraft::impls::EmptyNode;
use openraft::network::{RPCOption, RaftNetworkFactory, RaftNetworkV2};
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, TransferLeaderRequest,
    TransferLeaderResponse, VoteRequest, VoteResponse,
};
use openraft::type_config::alias::SnapshotOf;
use proto::BoxFuture;

use super::state_machine::RangeSnapshot;
use super::types::{RaftVote, Types};
use crate::lease::Lease;

/// Why a message got no reply. Says nothing about whether it arrived.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no reply from {node}: {why}")]
pub struct TransportError {
    /// Whom it was for.
    pub node: NodeId,
    /// For a person.
    pub why: String,
}

/// From one replica of a range to another.
pub struct Message(pub(super) Request);

/// The answer to a [`Message`].
pub struct Reply(pub(super) Response);

pub(super) enum Request {
    Append(AppendEntriesRequest<Types>),
    Vote(VoteRequest<Types>),
    PreVote(VoteRequest<Types>),
    Transfer(TransferLeaderRequest<Types>),
    Snapshot(RaftVote, SnapshotOf<Types, RangeSnapshot>),
}

pub(super) enum Response {
    Append(AppendEntriesResponse<Types>),
    Vote(VoteResponse<Types>),
    Transfer(TransferLeaderResponse<Types>),
    Snapshot(SnapshotResponse<Types>),
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Request::Append(r) => write!(f, "append {r}"),
            Request::Vote(r) => write!(f, "vote {r}"),
            Request::PreVote(r) => write!(f, "pre-vote {r}"),
            Request::Transfer(r) => write!(f, "transfer {r}"),
            Request::Snapshot(_, s) => write!(f, "snapshot {s}"),
        }
    }
}

/// Brings messages between the replicas of a range on different nodes.
pub trait Transport: Send + Sync + 'static {
    /// Sends, and waits for the reply at most so long.
    fn call(
        &self,
        to: NodeId,
        range: RangeId,
        message: Message,
        within: Duration,
    ) -> BoxFuture<'static, Result<Reply, TransportError>>;
}

/// The transport of a node that is alone: nobody can be reached.
pub(crate) struct Alone;

impl Transport for Alone {
    fn call(
        &self,
        to: NodeId,
        _: RangeId,
        _: Message,
        _: Duration,
    ) -> BoxFuture<'static, Result<Reply, TransportError>> {
        Box::pin(async move { Err(TransportError { node: to, why: "this node is alone".into() }) })
    }
}

/// Makes the clients of one replica.
pub(super) struct Peers {
    pub(super) range: RangeId,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) lease: Arc<Lease>,
}

/// Talks to one other replica of the range.
pub(super) struct Peer {
    node: NodeId,
    range: RangeId,
    transport: Arc<dyn Transport>,
    lease: Arc<Lease>,
}

impl RaftNetworkFactory<Types> for Peers {
    type Network = Peer;

    async fn new_client(&mut self, target: u64, _: &EmptyNode) -> Peer {
        let (transport, lease) = (self.transport.clone(), self.lease.clone());
        Peer { node: NodeId(target), range: self.range, transport, lease }
    }
}

impl Peer {
    async fn call(&self, request: Request, within: Duration) -> Result<Response, Unreachable<Types>> {
        match self.transport.call(self.node, self.range, Message(request), within).await {
            Ok(Reply(response)) => Ok(response),
            Err(e) => Err(Unreachable::new(&e)),
        }
    }

    fn mismatch(&self) -> Unreachable<Types> {
        Unreachable::from_string(format!("{} answered another question", self.node))
    }
}

impl RaftNetworkV2<Types> for Peer {
    type SnapshotData = RangeSnapshot;

    async fn append_entries(
        &mut self,
        rpc: AppendEntriesRequest<Types>,
        option: RPCOption,
    ) -> Result<AppendEntriesResponse<Types>, RPCError<Types>> {
        let term = rpc.vote.leader_id.term;
        let sent = self.lease.stamp();
        match self.call(Request::Append(rpc), option.hard_ttl()).await? {
            Response::Append(answer) => {
                use AppendEntriesResponse::{PartialSuccess, Success};
                if matches!(answer, Success | PartialSuccess(_)) {
                    self.lease.acknowledged(term, self.node, sent);
                }
                Ok(answer)
            }
            _ => Err(self.mismatch().into()),
        }
    }

    async fn vote(
        &mut self,
        rpc: VoteRequest<Types>,
        option: RPCOption,
    ) -> Result<VoteResponse<Types>, RPCError<Types>> {
        match self.call(Request::Vote(rpc), option.hard_ttl()).await? {
            Response::Vote(answer) => Ok(answer),
            _ => Err(self.mismatch().into()),
        }
    }

    async fn pre_vote(
        &mut self,
        rpc: VoteRequest<Types>,
        option: RPCOption,
    ) -> Result<VoteResponse<Types>, RPCError<Types>> {
        match self.call(Request::PreVote(rpc), option.hard_ttl()).await? {
            Response::Vote(answer) => Ok(answer),
            _ => Err(self.mismatch().into()),
        }
    }

    async fn full_snapshot(
        &mut self,
        vote: RaftVote,
        snapshot: SnapshotOf<Types, RangeSnapshot>,
        cancel: impl Future<Output = ReplicationClosed> + OptionalSend + 'static,
        option: RPCOption,
    ) -> Result<SnapshotResponse<Types>, StreamingError<Types>> {
        let sending = self.call(Request::Snapshot(vote, snapshot), option.hard_ttl());
        tokio::select! {
            biased;
            closed = cancel => Err(StreamingError::Closed(closed)),
            answer = sending => match answer? {
                Response::Snapshot(answer) => Ok(answer),
                _ => Err(self.mismatch().into()),
            },
        }
    }

    async fn transfer_leader(
        &mut self,
        rpc: TransferLeaderRequest<Types>,
        option: RPCOption,
    ) -> Result<TransferLeaderResponse<Types>, RPCError<Types>> {
        match self.call(Request::Transfer(rpc), option.hard_ttl()).await? {
            Response::Transfer(answer) => Ok(answer),
            _ => Err(self.mismatch().into()),
        }
    }
}
