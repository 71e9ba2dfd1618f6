//! [`RaftProposer`]: the chain of one incarnation, from the evaluator to the log (T6).
//!
//! ```text
//!   propose(7) ─┐  pending            on their way           applied
//!   propose(8) ─┼─► [7][8][9] ──────► [4 5 6]  [1 2 3] ────► 0
//!   propose(9) ─┘     │ at most `entries_in_flight_max` entries; meanwhile commands gather for the next
//! ```
//!
//! A command gets its number and its predecessor when it is proposed, which is when later evaluations begin to see
//! its effect. If one is refused, the chain is broken: what is pending fails at once, what is on its way fails when
//! it is applied (its predecessor is missing), and what is proposed meanwhile fails too, since it was evaluated
//! over an effect that never will be. Once nothing is on its way any more, the chain goes on from the last command
//! that was applied.
//!
//! Locks: `queue` is never held while an entry is handed to Raft or a fate is told, since both may come back here.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base::{NodeId, Timestamp, invariant};
use bytes::Bytes;
use parking_lot::Mutex;
use proto::BoxFuture;
use proto::wire::replication::{Command, Proposal};
use range::{Done, Effect, Fate, Proposer};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::lease::Lease;
use crate::metrics::Metrics;
use crate::raft::{Group, Leadership, Outcome};

/// What a proposer hands its entries to: Raft, or a test.
pub(crate) trait Log: Send + Sync + 'static {
    /// As [`Group::propose`].
    fn propose(&self, term: u64, proposal: Proposal, done: Box<dyn FnOnce(Outcome) + Send>);
    /// Who leads, if this replica does not.
    fn leader_hint(&self) -> Option<NodeId>;
    /// Asks every follower to acknowledge this leader.
    fn heartbeat(&self) -> BoxFuture<'_, ()>;
}

impl Log for Group {
    fn propose(&self, term: u64, proposal: Proposal, done: Box<dyn FnOnce(Outcome) + Send>) {
        Group::propose(self, term, proposal, done);
    }

    fn leader_hint(&self) -> Option<NodeId> {
        match self.leadership() {
            Leadership::Elsewhere(hint) => hint,
            Leadership::Here(_) => None,
        }
    }

    fn heartbeat(&self) -> BoxFuture<'_, ()> {
        // A group that is closed acknowledges nothing, which the lease will show.
        Box::pin(async { drop(Group::heartbeat(self).await) })
    }
}

/// Limits of a proposer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Entries on their way at once.
    pub(crate) entries_in_flight_max: usize,
    /// An entry takes further commands up to this size.
    pub(crate) entry_bytes_max: usize,
    /// How long to wait for a heartbeat's acknowledgement.
    pub(crate) heartbeat_wait_max: Duration,
}

/// See the module.
pub(crate) struct RaftProposer {
    this: std::sync::Weak<RaftProposer>,
    node: NodeId,
    term: u64,
    log: Arc<dyn Log>,
    lease: Arc<Lease>,
    limits: Limits,
    metrics: Metrics,
    ended: AtomicBool,
    queue: Mutex<Queue>,
    /// Whether nothing is pending or on its way.
    quiet: watch::Sender<bool>,
}

struct Queue {
    /// The last number given out.
    last_number: u64,
    /// The number that the next command names as its predecessor.
    tail: u64,
    /// The number of the last command that was applied.
    applied: u64,
    pending: VecDeque<Pending>,
    entries_in_flight: usize,
    /// A caller is handing entries to Raft; it will take what is pending as well.
    sending: bool,
    /// A command was not applied; nothing more is taken until everything on its way has come back.
    broken: bool,
}

struct Pending {
    command: Command,
    done: Done,
}

/// An entry on its way.
struct InFlight {
    proposer: Arc<RaftProposer>,
    waiting: Vec<(u64, Done)>,
    sent: Instant,
}

impl RaftProposer {
    pub(crate) fn new(
        node: NodeId,
        term: u64,
        log: Arc<dyn Log>,
        lease: Arc<Lease>,
        limits: Limits,
        metrics: Metrics,
    ) -> Arc<RaftProposer> {
        let queue = Queue {
            last_number: 0,
            tail: 0,
            applied: 0,
            pending: VecDeque::new(),
            entries_in_flight: 0,
            sending: false,
            broken: false,
        };
        Arc::new_cyclic(|this| RaftProposer {
            this: this.clone(),
            node,
            term,
            log,
            lease,
            limits,
            metrics,
            ended: AtomicBool::new(false),
            queue: Mutex::new(queue),
            quiet: watch::Sender::new(true),
        })
    }

    /// The incarnation is over: nothing more is proposed. What was not handed to Raft yet never will be.
    pub(crate) fn end(&self) {
        if self.ended.swap(true, Ordering::AcqRel) {
            return;
        }
        let pending = std::mem::take(&mut self.queue.lock().pending);
        fail(pending);
        self.update_quiet();
    }

    fn update_quiet(&self) {
        let queue = self.queue.lock();
        let quiet = queue.pending.is_empty() && queue.entries_in_flight == 0;
        // Under the lock, so that of two changes the later one is told last.
        self.quiet.send_if_modified(|now| std::mem::replace(now, quiet) != quiet);
    }

    /// Hands pending commands to Raft, as many entries as may be on their way.
    fn send_pending(&self) {
        loop {
            let (proposal, in_flight) = {
                let mut queue = self.queue.lock();
                let room = queue.entries_in_flight < self.limits.entries_in_flight_max;
                if queue.sending || !room || queue.pending.is_empty() {
                    return;
                }
                queue.sending = true;
                queue.entries_in_flight += 1;
                self.take_entry(&mut queue)
            };
            self.metrics.entries_proposed.inc();
            self.metrics.commands_proposed.add(proposal.commands.len() as u64);
            // One caller at a time is in here, so entries reach the log in the order of their commands.
            self.log.propose(self.term, proposal, Box::new(move |outcome| in_flight.finish(outcome)));
            self.queue.lock().sending = false;
        }
    }

    fn take_entry(&self, queue: &mut Queue) -> (Proposal, InFlight) {
        let mut commands = Vec::with_capacity(queue.pending.len());
        let mut waiting = Vec::with_capacity(queue.pending.len());
        let mut bytes = 0;
        while let Some(next) = queue.pending.front() {
            bytes += next.command.writes.len();
            if !commands.is_empty() && bytes > self.limits.entry_bytes_max {
                break;
            }
            let Some(Pending { command, done }) = queue.pending.pop_front() else { break };
            waiting.push((command.number, done));
            commands.push(command);
        }
        let proposal = Proposal { term: self.term, node: self.node, commands };
        let proposer = self.this.upgrade().expect("a caller holds it");
        (proposal, InFlight { proposer, waiting, sent: Instant::now() })
    }

    /// Breaks the chain: what is pending fails, and nothing is taken until all is back.
    fn break_chain(&self) -> VecDeque<Pending> {
        let mut queue = self.queue.lock();
        queue.broken = true;
        std::mem::take(&mut queue.pending)
    }
}

fn fail(pending: VecDeque<Pending>) {
    for pending in pending {
        pending.done.complete(Fate::NotApplied);
    }
}

impl InFlight {
    fn finish(self, outcome: Outcome) {
        let InFlight { proposer, waiting, sent } = self;
        proposer.metrics.propose_seconds.observe(sent.elapsed());
        match outcome {
            Outcome::Judged(verdicts) => {
                invariant!(verdicts.0.len() == waiting.len(), "T6: each command of an entry is judged");
                let applied = waiting.iter().zip(&verdicts.0).filter(|(_, applied)| **applied);
                if let Some(last) = applied.map(|((number, _), _)| *number).max() {
                    let mut queue = proposer.queue.lock();
                    queue.applied = queue.applied.max(last);
                }
                let gap = verdicts.0.contains(&false);
                // Before anybody hears of the gap, nothing more is taken.
                let pending = if gap { proposer.break_chain() } else { VecDeque::new() };
                for ((_, done), applied) in waiting.into_iter().zip(verdicts.0) {
                    done.complete(if applied { Fate::Applied } else { Fate::NotApplied });
                }
                fail(pending);
            }
            Outcome::Refused => {
                let pending = proposer.break_chain();
                for (_, done) in waiting {
                    done.complete(Fate::NotApplied);
                }
                fail(pending);
            }
            Outcome::Unknown => {
                proposer.end();
                for (_, done) in waiting {
                    done.complete(Fate::Unknown);
                }
            }
        }
        {
            let mut queue = proposer.queue.lock();
            queue.entries_in_flight -= 1;
            if queue.entries_in_flight == 0 && queue.broken {
                // Every fate is known, and everybody has been told: the chain goes on from what is applied.
                queue.broken = false;
                queue.tail = queue.applied;
            }
        }
        proposer.update_quiet();
        proposer.send_pending();
    }
}

impl Proposer for RaftProposer {
    fn propose(&self, effect: Effect, done: Done) {
        let refused = {
            let mut queue = self.queue.lock();
            if queue.broken || self.ended() {
                Some(done)
            } else {
                queue.last_number += 1;
                let (number, predecessor) = (queue.last_number, queue.tail);
                queue.tail = number;
                let writes = Bytes::from(effect.writes.into_bytes());
                queue.pending.push_back(Pending { command: Command { number, predecessor, writes }, done });
                self.quiet.send_if_modified(|quiet| std::mem::replace(quiet, false));
                None
            }
        };
        match refused {
            Some(done) => done.complete(Fate::NotApplied),
            None => self.send_pending(),
        }
    }

    fn quiet(&self) -> BoxFuture<'_, ()> {
        let mut quiet = self.quiet.subscribe();
        Box::pin(async move {
            // The sender lives in `self`, so this ends by becoming true only.
            drop(quiet.wait_for(|quiet| *quiet).await);
        })
    }

    fn lease_covers(&self, ts: Timestamp) -> bool {
        !self.ended() && self.lease.covers(self.term, ts)
    }

    fn renew_lease(&self, ts: Timestamp) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            let deadline = Instant::now() + self.limits.heartbeat_wait_max;
            let mut acknowledged = self.lease.watch();
            if self.lease_covers(ts) {
                return true;
            }
            self.log.heartbeat().await;
            while !self.lease_covers(ts) {
                match tokio::time::timeout_at(deadline, acknowledged.changed()).await {
                    Ok(Ok(())) => {}
                    _ => return self.lease_covers(ts),
                }
            }
            true
        })
    }

    fn ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    fn leader_hint(&self) -> Option<NodeId> {
        self.log.leader_hint()
    }
}

#[cfg(test)]
mod tests;
