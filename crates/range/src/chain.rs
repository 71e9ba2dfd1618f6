//! The chain: one order of all effects of an incarnation (T6), and what evaluations see of those in flight.
//!
//! ```text
//!   view ──► evaluate ──► enqueue ──► [ 7 ][ 8 ][ 9 ] ──► fates come in
//!                                        applied: leaves the overlay
//!                                   not applied: the chain is broken; all behind it fail too, nothing is
//!                                                evaluated until every fate is known
//!                                       unknown: the incarnation is over
//! ```

use std::sync::Arc;

use base::map::HashMap;
use base::{RangeId, TxnId};
use parking_lot::Mutex;
use proto::KvError;
use storage::overlay::Pending;
use storage::{Engine, Snapshot, WriteBatch};
use tokio::sync::{Notify, oneshot};

use crate::bugs::{self, Bug};
use crate::in_flight::{InFlight, Registered};
use crate::latch::LatchGuard;
use crate::lock_table::LockTable;
use crate::proposer::{Done, Effect, Fate, Proposer};

/// The chain of one incarnation.
pub(crate) struct Chain {
    range: RangeId,
    engine: Arc<dyn Engine>,
    proposer: Arc<dyn Proposer>,
    in_flight: Arc<InFlight>,
    locks: Arc<LockTable>,
    /// Held while an effect becomes visible and is proposed, so that both have one order. Taken before `state`.
    order: Mutex<()>,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    pending: Pending,
    next: u64,
    waiting: HashMap<u64, oneshot::Sender<Fate>>,
    outstanding: usize,
    broken: bool,
    over: bool,
    /// Grows when the chain breaks: what was evaluated before may not be enqueued after.
    epoch: u64,
}

/// What an evaluation sees: everything applied and everything in flight.
pub(crate) struct View {
    /// The engine with the overlay.
    pub snapshot: Arc<dyn Snapshot>,
    epoch: u64,
}

/// The chain broke or ended between view and enqueue.
pub(crate) struct Broken;

impl Chain {
    pub(crate) fn new(
        range: RangeId,
        engine: Arc<dyn Engine>,
        proposer: Arc<dyn Proposer>,
        in_flight: Arc<InFlight>,
        locks: Arc<LockTable>,
    ) -> Chain {
        let (order, state, changed) = Default::default();
        Chain { range, engine, proposer, in_flight, locks, order, state, changed }
    }

    /// `NotLeader` once the incarnation is over.
    pub(crate) fn check(&self) -> Result<(), KvError> {
        if self.state.lock().over || self.proposer.ended() { Err(self.not_leader()) } else { Ok(()) }
    }

    pub(crate) fn not_leader(&self) -> KvError {
        KvError::NotLeader { range: self.range, hint: self.proposer.leader_hint() }
    }

    /// What is there, in flight included; `None` while the chain is broken. Call it with the latches held.
    pub(crate) fn view(&self) -> Result<Option<View>, KvError> {
        let (pending, epoch) = {
            let state = self.state.lock();
            if state.over {
                return Err(self.not_leader());
            }
            if state.broken {
                return Ok(None);
            }
            (state.pending.clone(), state.epoch)
        };
        // The engine second: what was applied in between is then in both.
        let base = self.engine.snapshot().map_err(|e| e.into_kv(self.range))?;
        let snapshot = if bugs::on(Bug::IgnoreOverlay) { base } else { pending.over(base) };
        Ok(Some(View { snapshot, epoch }))
    }

    /// Gives the effect its place. After it is applied, the locks of `release` go; once its fate is known, the
    /// latches of `hold`, even if nobody waits for the answer any more.
    pub(crate) fn enqueue(
        self: &Arc<Self>,
        epoch: u64,
        writes: WriteBatch,
        registered: Registered,
        release: Option<TxnId>,
        hold: Option<LatchGuard>,
    ) -> Result<oneshot::Receiver<Fate>, Broken> {
        let (tx, rx) = oneshot::channel();
        let _order = self.order.lock();
        let number = {
            let mut state = self.state.lock();
            if state.broken || state.over || state.epoch != epoch {
                return Err(Broken);
            }
            let number = state.next;
            state.next += 1;
            state.outstanding += 1;
            state.waiting.insert(number, tx);
            // What removes whole spans cannot be shown; its latch is held until it is applied.
            let _ = state.pending.add(number, &writes);
            number
        };
        let command = registered.into_proposed();
        let chain = self.clone();
        let wrote = writes.clone();
        let done = Done::new(move |fate| {
            let waiter = chain.settle(number, &wrote, fate);
            chain.in_flight.settle(&command, fate);
            match (fate, release) {
                (Fate::Applied, Some(txn)) => chain.locks.release_txn(txn),
                (Fate::Unknown, _) => {
                    chain.in_flight.close();
                    chain.locks.close();
                }
                _ => {}
            }
            drop(hold);
            if let Some(waiter) = waiter {
                let _ = waiter.send(fate);
            }
        });
        self.proposer.propose(Effect { writes }, done);
        Ok(rx)
    }

    fn settle(&self, number: u64, writes: &WriteBatch, fate: Fate) -> Option<oneshot::Sender<Fate>> {
        let mut state = self.state.lock();
        state.outstanding -= 1;
        if fate == Fate::Applied {
            state.pending.retire(number, writes);
        } else {
            state.pending.clear();
            state.broken = true;
            state.epoch += 1;
            state.over |= fate == Fate::Unknown;
        }
        let waiter = state.waiting.remove(&number);
        if state.broken {
            drop(state);
            self.changed.notify_waiters();
        }
        waiter
    }

    /// Waits until evaluation may go on after a break.
    pub(crate) async fn resumed(&self) -> Result<(), KvError> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let epoch = {
                let state = self.state.lock();
                if state.over {
                    return Err(self.not_leader());
                }
                if !state.broken {
                    return Ok(());
                }
                (state.outstanding == 0).then_some(state.epoch)
            };
            let Some(epoch) = epoch else {
                changed.await;
                continue;
            };
            self.proposer.quiet().await;
            let mut state = self.state.lock();
            if !state.over && state.epoch == epoch && state.outstanding == 0 {
                state.broken = false;
            }
            drop(state);
            self.changed.notify_waiters();
        }
    }

    /// The incarnation is over. What was proposed has an unknown outcome.
    pub(crate) fn close(&self) {
        let waiting = {
            let mut state = self.state.lock();
            state.over = true;
            state.broken = true;
            state.epoch += 1;
            state.pending.clear();
            std::mem::take(&mut state.waiting)
        };
        for waiter in waiting.into_values() {
            let _ = waiter.send(Fate::Unknown);
        }
        self.changed.notify_waiters();
    }
}

impl View {
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }
}
