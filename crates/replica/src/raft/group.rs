//! [`Group`]: one range's open Raft instance, in this crate's own words.

use std::collections::{BTreeMap, BTreeSet};
use std::future::IntoFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base::env::Rng;
use base::{NodeId, RangeId};
use futures::FutureExt;
use openraft::async_runtime::WatchReceiver;
use openraft::errors::ClientWriteError;
use openraft::impls::EmptyNode;
use openraft::metrics::RaftServerMetrics;
use openraft::raft::{TransferLeaderError, VoteResponse};
use openraft::type_config::alias::{CommittedLeaderIdOf, WatchReceiverOf};
use openraft::{Raft, ServerState, SnapshotPolicy, StepDownPolicy};
use proto::wire::replication::{LogId, Proposal};

use super::codec::{log_id_from, vote_to};
use super::log_store::LogStore;
use super::network::{Message, Peers, Reply, Request, Response, Transport};
use super::runtime::scope;
use super::state_machine::StateMachine;
use super::types::{Completion, SharedProposal, Types, Verdicts, WriteResult};
use crate::config::Config;
use crate::lease::Lease;
use crate::planted::{Bug, Bugs};

/// How long to wait for a purge. It goes on by itself when it may.
const PURGE_WAIT_MAX: Duration = Duration::from_secs(1);

/// What a group is opened with.
pub(crate) struct GroupConfig<'a> {
    /// This node.
    pub(crate) node: NodeId,
    /// Which range.
    pub(crate) range: RangeId,
    /// Timing.
    pub(crate) config: &'a Config,
    /// Whatever openraft draws comes from here.
    pub(crate) rng: Rng,
    /// How to reach the others.
    pub(crate) transport: Arc<dyn Transport>,
    /// Fed by what followers acknowledge.
    pub(crate) lease: Arc<Lease>,
    /// Rules that are switched off.
    pub(crate) bugs: Bugs,
}

/// See the module.
pub(crate) struct Group {
    range: RangeId,
    node: NodeId,
    raft: Raft<Types, StateMachine>,
    log: LogStore,
    rng: Rng,
    /// T7a: this replica was opened with a vote for another node on its disk, less than L ago.
    silenced: AtomicBool,
}

/// Who leads, as far as this replica knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leadership {
    /// This replica does, in this term.
    Here(u64),
    /// Another does, or nobody is known to.
    Elsewhere(Option<NodeId>),
}

/// What became of a proposed entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was committed and applied; of each command, whether it did something.
    Judged(Verdicts),
    /// It is in no log and never will be.
    Refused,
    /// Nobody here can say.
    Unknown,
}

/// Tells when the answer to [`Group::leadership`] may have changed.
pub(crate) struct LeadershipWatch(WatchReceiverOf<Types, RaftServerMetrics<Types>>);

impl LeadershipWatch {
    /// Waits for a change. `false` = there will be none any more: the instance is closed.
    pub(crate) async fn changed(&mut self) -> bool {
        self.0.changed().await.is_ok()
    }
}

/// Why a group could not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("replication of {range}: {why}")]
pub(crate) struct GroupError {
    /// Which range.
    pub(crate) range: RangeId,
    /// For a person.
    pub(crate) why: String,
}

fn raft_config(range: RangeId, config: &Config) -> openraft::Config {
    let millis = |d: Duration| u64::try_from(d.as_millis()).unwrap_or(u64::MAX).max(1);
    openraft::Config {
        cluster_name: range.to_string(),
        heartbeat_interval: millis(config.heartbeat_interval),
        election_timeout_min: millis(config.lease * 7 / 10),
        // openraft's lease, in which a follower votes for nobody else: our L.
        election_timeout_max: millis(config.lease),
        enable_pre_vote: Some(true),
        // T7a: whoever led before a restart stands for election like anybody else.
        enable_leader_restore: Some(false),
        // T7a: leaders move by our hand-over only.
        removed_leader_step_down: StepDownPolicy::Never,
        // Snapshots and purges are ours to order; see `Group::truncate`.
        snapshot_policy: SnapshotPolicy::Never,
        max_in_snapshot_log_to_keep: u64::MAX,
        ..openraft::Config::default()
    }
}

impl Group {
    /// Opens the instance; it applies again what it knows to be committed. If it finds a vote for another node, it
    /// grants none and stands for no election until [`Group::unsilence`] is called (T7a).
    pub(crate) async fn open(
        with: GroupConfig<'_>,
        log: LogStore,
        machine: StateMachine,
    ) -> Result<Group, GroupError> {
        let range = with.range;
        let error = |why: String| GroupError { range, why };
        let config = raft_config(range, with.config).validate().map_err(|e| error(e.to_string()))?;
        let foreign_vote = log.vote().is_some_and(|vote| vote.node != with.node);
        let silenced = foreign_vote && !with.bugs.has(Bug::VoteWithinLease);
        let peers = Peers { range, transport: with.transport, lease: with.lease };
        let opening = Raft::build(with.node.0, Arc::new(config), peers, log.clone(), machine);
        let raft = scope(with.rng.next_u64(), opening).await.map_err(|e| error(e.to_string()))?;
        if silenced {
            raft.runtime_config().elect(false);
        }
        scope(with.rng.next_u64(), async { raft.run() }).await;
        let silenced = AtomicBool::new(silenced);
        Ok(Group { range, node: with.node, raft, log, rng: with.rng, silenced })
    }

    fn error(&self, why: impl std::fmt::Display) -> GroupError {
        GroupError { range: self.range, why: why.to_string() }
    }

    async fn scoped<F: Future>(&self, work: F) -> F::Output {
        scope(self.rng.next_u64(), work).await
    }

    /// Gives a group that has no log its first members, and stands for election. Every member may do this, with
    /// the same members. Does nothing to a group that has a log.
    pub(crate) async fn initialize(
        &self,
        voters: impl IntoIterator<Item = NodeId>,
    ) -> Result<(), GroupError> {
        let initialized = self.scoped(self.raft.is_initialized()).await.map_err(|e| self.error(e))?;
        if initialized {
            return Ok(());
        }
        let members: BTreeMap<u64, EmptyNode> = voters.into_iter().map(|n| (n.0, EmptyNode::new())).collect();
        self.scoped(self.raft.initialize(members)).await.map_err(|e| self.error(e))
    }

    /// The present voters: one set, or two while one replaces the other.
    pub(crate) fn voters(&self) -> Vec<BTreeSet<NodeId>> {
        let metrics = self.raft.server_metrics();
        let metrics = metrics.borrow_watched();
        let configs = metrics.membership_config.get_joint_config();
        configs.iter().map(|config| config.iter().copied().map(NodeId).collect()).collect()
    }

    /// Whether nobody else votes.
    pub(crate) fn is_sole_voter(&self) -> bool {
        self.voters() == [BTreeSet::from([self.node])]
    }

    /// Who leads.
    pub(crate) fn leadership(&self) -> Leadership {
        let metrics = self.raft.server_metrics();
        let metrics = metrics.borrow_watched();
        let vote = &metrics.vote;
        let here = vote.committed && vote.leader_id.voted_for == self.node.0;
        if here && metrics.state == ServerState::Leader {
            return Leadership::Here(vote.leader_id.term);
        }
        Leadership::Elsewhere(metrics.current_leader.map(NodeId).filter(|n| *n != self.node))
    }

    /// Tells when [`Group::leadership`] may have changed.
    pub(crate) fn watch_leadership(&self) -> LeadershipWatch {
        LeadershipWatch(self.raft.server_metrics())
    }

    /// Stands for election now, if it may.
    pub(crate) async fn elect(&self) -> Result<(), GroupError> {
        if self.is_silenced() {
            return Ok(());
        }
        self.scoped(self.raft.trigger().elect(true)).await.map_err(|e| self.error(e))
    }

    /// Asks every follower to acknowledge this leader, which renews its lease.
    pub(crate) async fn heartbeat(&self) -> Result<(), GroupError> {
        self.scoped(self.raft.trigger().heartbeat()).await.map_err(|e| self.error(e))
    }

    /// Lets time pass for this group, or not: heartbeats and elections. A leader that is the only voter needs
    /// neither.
    pub(crate) fn tick(&self, on: bool) {
        self.raft.runtime_config().tick(on);
    }

    /// T7a: whether this replica may not vote yet.
    pub(crate) fn is_silenced(&self) -> bool {
        self.silenced.load(Ordering::Acquire)
    }

    /// T7a: L has passed since the instance was opened.
    pub(crate) fn unsilence(&self) {
        if self.silenced.swap(false, Ordering::AcqRel) {
            self.raft.runtime_config().elect(true);
        }
    }

    /// Proposes an entry, to be refused if this replica does not lead in `term` any more. Does not wait; entries
    /// reach the log in the order of the calls. `done` is called once, on any task or thread, perhaps at once.
    pub(crate) fn propose(&self, term: u64, proposal: Proposal, done: impl FnOnce(Outcome) + Send + 'static) {
        let unknown = UnlessTold(Some(done));
        let completion = Completion::new(move |result: WriteResult| unknown.tell(outcome(result)));
        let write = self
            .raft
            .write(SharedProposal(Arc::new(proposal)))
            .with_leader(CommittedLeaderIdOf::<Types>::from(term))
            .responder(completion);
        // The channel has room for far more entries than are ever on their way. If it had none, or the core were
        // gone, the completion would be dropped, which says "unknown".
        let sent = tokio::task::unconstrained(write.into_future()).now_or_never();
        if !matches!(sent, Some(Ok(()))) {
            tracing::debug!(range = %self.range, "proposal was not taken");
        }
    }

    /// Takes a message of another replica. `None` if the instance is closed.
    pub(crate) async fn receive(&self, message: Message) -> Option<Reply> {
        let raft = &self.raft;
        let response = match message.0 {
            Request::Vote(_) | Request::PreVote(_) if self.is_silenced() => Response::Vote(self.no_vote()),
            Request::Transfer(request) if self.is_silenced() => {
                let expected = *request.from_leader();
                let actual = self.no_vote().vote;
                Response::Transfer(Err(TransferLeaderError::VoteChanged { expected, actual }))
            }
            Request::Append(r) => Response::Append(self.scoped(raft.append_entries(r)).await.ok()?),
            Request::Vote(r) => Response::Vote(self.scoped(raft.vote(r)).await.ok()?),
            Request::PreVote(r) => Response::Vote(self.scoped(raft.pre_vote(r)).await.ok()?),
            Request::Transfer(r) => {
                Response::Transfer(self.scoped(raft.handle_transfer_leader(r)).await.ok()?)
            }
            Request::Snapshot(vote, snapshot) => {
                Response::Snapshot(self.scoped(raft.install_full_snapshot(vote, snapshot)).await.ok()?)
            }
        };
        Some(Reply(response))
    }

    /// "Not granted", with what is on disk.
    fn no_vote(&self) -> VoteResponse<Types> {
        let vote = self.log.vote().map(vote_to);
        let vote = vote.unwrap_or_else(|| openraft::Vote::new(0, self.node.0));
        VoteResponse::new(vote, None, false)
    }

    /// About how many bytes the log takes.
    pub(crate) fn log_bytes(&self) -> u64 {
        self.log.bytes()
    }

    /// The last entry that is purged.
    pub(crate) fn purged(&self) -> Option<LogId> {
        self.log.purged()
    }

    /// Purges the log up to what is durable in the data engine (T13), and says up to where it is purged then.
    pub(crate) async fn truncate(&self) -> Result<Option<LogId>, GroupError> {
        let durable = self.log.durably_applied().map_err(|e| self.error(e))?;
        let Some(durable) = durable.filter(|durable| Some(*durable) > self.log.purged()) else {
            return Ok(self.log.purged());
        };
        self.purge(durable.index).await
    }

    /// Purges the log up to this index, by way of a virtual snapshot that covers it.
    pub(crate) async fn purge(&self, upto: u64) -> Result<Option<LogId>, GroupError> {
        let covers = |id: Option<LogId>| id.is_some_and(|id| id.index >= upto);
        self.scoped(self.raft.trigger().snapshot()).await.map_err(|e| self.error(e))?;
        let mut metrics = self.raft.data_metrics();
        // openraft keeps what it is just sending to a follower, so this may come to nothing for now.
        let purging = async {
            while !covers(metrics.borrow_watched().snapshot.as_ref().map(log_id_from)) {
                metrics.changed().await.map_err(|_| self.error("closed"))?;
            }
            self.scoped(self.raft.trigger().purge_log(upto)).await.map_err(|e| self.error(e))?;
            while !covers(metrics.borrow_watched().purged.as_ref().map(log_id_from)) {
                metrics.changed().await.map_err(|_| self.error("closed"))?;
            }
            Ok(())
        };
        if let Ok(result) = tokio::time::timeout(PURGE_WAIT_MAX, purging).await {
            result?;
        }
        Ok(self.log.purged())
    }

    /// The last entry that is applied.
    #[cfg(test)]
    pub(crate) fn last_applied(&self) -> Option<LogId> {
        self.raft.data_metrics().borrow_watched().last_applied.as_ref().map(log_id_from)
    }

    /// What openraft says of itself, for a test that fails.
    #[cfg(test)]
    pub(crate) fn describe(&self) -> String {
        self.raft.metrics().borrow_watched().to_string()
    }

    /// Closes the instance. Whatever was on its way is unknown.
    pub(crate) async fn shutdown(&self) {
        // An error says that the core had ended by itself, which its watchers have heard.
        drop(self.scoped(self.raft.shutdown()).await);
    }
}

fn outcome(result: WriteResult) -> Outcome {
    match result {
        Ok(written) => Outcome::Judged(written.data),
        // T6: only this is a refusal.
        Err(ClientWriteError::ForwardToLeader(_)) => Outcome::Refused,
        Err(_) => Outcome::Unknown,
    }
}

/// Calls its function with [`Outcome::Unknown`] if it is dropped before it has told anything.
struct UnlessTold<F: FnOnce(Outcome)>(Option<F>);

impl<F: FnOnce(Outcome)> UnlessTold<F> {
    fn tell(mut self, outcome: Outcome) {
        if let Some(done) = self.0.take() {
            done(outcome);
        }
    }
}

impl<F: FnOnce(Outcome)> Drop for UnlessTold<F> {
    fn drop(&mut self) {
        if let Some(done) = self.0.take() {
            done(Outcome::Unknown);
        }
    }
}
