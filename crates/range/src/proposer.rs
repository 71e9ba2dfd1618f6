//! [`Proposer`]: what the evaluator of a range needs from whoever replicates it.
//!
//! ```text
//!   evaluate ──► Effect ──► propose() ──► one ordered queue per range (T6) ──► log ──► apply ──► Done::complete
//!                             │ number and predecessor are given here
//!                             ▼
//!                    visible to later evaluations from now on
//! ```
//!
//! *Operations*: put an effect at the end of the chain; ask whether the lease covers a timestamp.
//! *Guarantees*: effects are applied in the order of the `propose` calls, each at most once, whole or not at all.
//! If one is not applied, none that was proposed after it is applied until the chain is quiet, that is until the
//! fate of every earlier one is known (T6). [`Fate::Applied`] is given only after the effect can be read from the
//! engine (T10), and in the order of the chain.
//! *Not guaranteed*: that a fate ever becomes known; a leader that loses its office learns [`Fate::Unknown`].
//! *Failure*: on any fate but `Applied` the evaluator throws away what it holds of effects in flight, waits for
//! [`Proposer::quiet`], and goes on from what is applied. After `Unknown`, and when [`Proposer::ended`] says so,
//! the incarnation is over: it evaluates nothing more.
//!
//! One value of this type serves one incarnation.

use base::{NodeId, Timestamp};
use proto::BoxFuture;
use storage::WriteBatch;

/// What a command does when it is applied: writes, and nothing that needs a clock, chance or configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// Writes into [`storage::Space::Mvcc`] and [`storage::Space::Local`]. Never into the log's space, never
    /// [`storage::keys::RangeState::Applied`] or [`storage::keys::RangeState::Replication`].
    pub writes: WriteBatch,
}

/// What became of an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is in the engine.
    Applied,
    /// It never will be.
    NotApplied,
    /// Nobody here can say. The incarnation is over.
    Unknown,
}

/// Takes the fate of one effect. Whoever drops it without a word has said [`Fate::Unknown`].
///
/// A callback and not a future: what the evaluator keeps of a command in flight must be cleaned up even when
/// nobody waits for the answer any more.
pub struct Done(Option<Box<dyn FnOnce(Fate) + Send>>);

impl Done {
    /// Calls `then` with the fate, once. It is short and does not block.
    pub fn new(then: impl FnOnce(Fate) + Send + 'static) -> Done {
        Done(Some(Box::new(then)))
    }

    /// Tells the fate. Never call it from within [`Proposer::propose`] while holding a lock that `propose`
    /// itself takes: waiters wake up and may propose at once.
    pub fn complete(mut self, fate: Fate) {
        if let Some(then) = self.0.take() {
            then(fate);
        }
    }
}

impl Drop for Done {
    fn drop(&mut self) {
        if let Some(then) = self.0.take() {
            then(Fate::Unknown);
        }
    }
}

/// Replicates the effects of one incarnation of a range, in order.
pub trait Proposer: Send + Sync + 'static {
    /// Puts the effect at the end of the chain. It is called at the very point where the effect becomes visible
    /// to later evaluations, under the lock that orders those points. Neither blocks nor waits; `done` may be
    /// completed before it returns.
    fn propose(&self, effect: Effect, done: Done);

    /// Done when the fate of every effect proposed so far is known: evaluation may go on after a refusal.
    fn quiet(&self) -> BoxFuture<'_, ()>;

    /// Whether the lease covers `ts` at this moment (T7a).
    fn lease_covers(&self, ts: Timestamp) -> bool;

    /// Tries to make the lease cover `ts`, by one round of heartbeats, and says whether it does then.
    fn renew_lease(&self, ts: Timestamp) -> BoxFuture<'_, bool> {
        Box::pin(async move { self.lease_covers(ts) })
    }

    /// Whether this incarnation is over for good.
    fn ended(&self) -> bool;

    /// Who may lead the range, for whoever asks in vain.
    fn leader_hint(&self) -> Option<NodeId> {
        None
    }
}
