//! [`LocalLog`]: a [`Proposer`] that is its own log and state machine, and does what a test tells it.

use std::collections::VecDeque;
use std::sync::Arc;

use base::Timestamp;
use parking_lot::Mutex;
use proto::BoxFuture;
use storage::Engine;
use tokio::sync::Notify;

use crate::bugs::{self, Bug};
use crate::proposer::{Done, Effect, Fate, Proposer};

pub(super) struct LocalLog {
    engine: Arc<dyn Engine>,
    state: Mutex<State>,
    changed: Notify,
}

struct Entry {
    number: u64,
    predecessor: u64,
    effect: Effect,
    done: Done,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Entry>,
    /// The number given last.
    last: u64,
    /// The number of the command applied last.
    applied: u64,
    held: bool,
    /// Taken out of the queue, fate not told yet.
    under_way: usize,
    no_lease: bool,
    ended: bool,
}

impl LocalLog {
    pub(super) fn new(engine: Arc<dyn Engine>) -> LocalLog {
        LocalLog { engine, state: Mutex::default(), changed: Notify::new() }
    }

    pub(super) fn hold(&self) {
        self.state.lock().held = true;
    }

    pub(super) fn release(&self) {
        self.state.lock().held = false;
        while self.apply_next() {}
    }

    pub(super) fn queued(&self) -> usize {
        self.state.lock().queue.len()
    }

    pub(super) async fn until_queued(&self, least: usize) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.queued() >= least {
                return;
            }
            changed.await;
        }
    }

    pub(super) fn set_lease(&self, covers: bool) {
        self.state.lock().no_lease = !covers;
    }

    pub(super) fn end(&self) {
        let lost = {
            let mut state = self.state.lock();
            state.ended = true;
            std::mem::take(&mut state.queue)
        };
        drop(lost);
        self.changed.notify_waiters();
    }

    pub(super) fn apply_next(&self) -> bool {
        self.next(|log, state, entry| {
            if entry.predecessor != state.applied && !bugs::on(Bug::ApplyOverGap) {
                return Fate::NotApplied;
            }
            match log.engine.write(&entry.effect.writes) {
                Ok(()) => {
                    state.applied = entry.number;
                    Fate::Applied
                }
                // As in production nobody can go on from here.
                Err(_) => Fate::Unknown,
            }
        })
    }

    pub(super) fn refuse_next(&self) -> bool {
        self.next(|_, _, _| Fate::NotApplied)
    }

    pub(super) fn lose_next(&self, applied: bool) -> bool {
        self.next(|log, state, entry| {
            if applied && entry.predecessor == state.applied && log.engine.write(&entry.effect.writes).is_ok()
            {
                state.applied = entry.number;
            }
            Fate::Unknown
        })
    }

    fn next(&self, decide: impl FnOnce(&LocalLog, &mut State, &Entry) -> Fate) -> bool {
        let (entry, fate) = {
            let mut state = self.state.lock();
            let Some(entry) = state.queue.pop_front() else { return false };
            state.under_way += 1;
            let fate = decide(self, &mut state, &entry);
            state.ended |= fate == Fate::Unknown;
            (entry, fate)
        };
        entry.done.complete(fate);
        self.state.lock().under_way -= 1;
        self.changed.notify_waiters();
        true
    }
}

impl Proposer for LocalLog {
    fn propose(&self, effect: Effect, done: Done) {
        let held = {
            let mut state = self.state.lock();
            if state.ended {
                drop(state);
                done.complete(Fate::NotApplied);
                return;
            }
            // Behind what waits; if nothing waits the chain is quiet and goes on from what is applied.
            let predecessor = if state.queue.is_empty() { state.applied } else { state.last };
            state.last += 1;
            let number = state.last;
            state.queue.push_back(Entry { number, predecessor, effect, done });
            state.held
        };
        self.changed.notify_waiters();
        if !held {
            while self.apply_next() {}
        }
    }

    fn quiet(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            loop {
                let changed = self.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                {
                    let state = self.state.lock();
                    if state.ended || (state.queue.is_empty() && state.under_way == 0) {
                        return;
                    }
                }
                changed.await;
            }
        })
    }

    fn lease_covers(&self, _ts: Timestamp) -> bool {
        let state = self.state.lock();
        !state.no_lease && !state.ended
    }

    fn ended(&self) -> bool {
        self.state.lock().ended
    }
}
