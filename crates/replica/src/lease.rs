//! The lease of a range's leader (T7a): until when, and up to which timestamps, it may serve.
//!
//! ```text
//!   leader    ──M,W──────────────────────────────────────────► time
//!               │ heartbeat                          ▲ M + 0.9 L: serves no more
//!               ▼                                    │
//!   follower    ●─────── votes for nobody else for L ──────────►
//! ```
//!
//! M and W are the monotonic and the wall reading taken together when a message is *sent*; once a quorum has
//! acknowledged messages at least as young, the lease runs from there. Neither is ever computed from the other: a
//! machine that is suspended stops one of them. A leader that is the only voter needs nobody's acknowledgement and
//! reads both now.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use base::env::PhysicalClock;
use base::{NodeId, Timestamp};
use parking_lot::RwLock;
use tokio::sync::watch;

/// Both clocks, read together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp {
    /// M.
    pub(crate) monotonic: Duration,
    /// W, in nanoseconds since the Unix epoch.
    pub(crate) wall: u64,
}

/// See the module.
pub(crate) struct Lease {
    clock: Arc<dyn PhysicalClock>,
    node: NodeId,
    length: Duration,
    state: RwLock<State>,
    /// Touched when a follower has acknowledged something.
    acknowledged: watch::Sender<()>,
}

#[derive(Default)]
struct State {
    /// The term that the acknowledgements are from.
    term: u64,
    /// One set of voters, or two while one replaces the other.
    configs: Vec<BTreeSet<NodeId>>,
    /// Of each other member: when the youngest message that it acknowledged was sent.
    acked: BTreeMap<NodeId, Stamp>,
    basis: Basis,
}

/// What the lease runs from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Basis {
    /// No quorum has acknowledged anything.
    #[default]
    None,
    /// This node alone is the quorum.
    Now,
    /// A quorum has.
    Since(Stamp),
}

impl Lease {
    /// A lease of this length for a replica on `node`; it covers nothing yet.
    pub(crate) fn new(clock: Arc<dyn PhysicalClock>, node: NodeId, length: Duration) -> Lease {
        Lease { clock, node, length, state: RwLock::default(), acknowledged: watch::Sender::new(()) }
    }

    /// Both clocks now. Taken before a message is sent, so that the lease never runs from later than that.
    pub(crate) fn stamp(&self) -> Stamp {
        Stamp { monotonic: self.clock.monotonic(), wall: self.clock.wall() }
    }

    /// From now on this node leads in `term`, with these voters. Acknowledgements of other terms do not count.
    pub(crate) fn begin(&self, term: u64, configs: Vec<BTreeSet<NodeId>>) {
        let mut state = self.state.write();
        if state.term != term {
            state.acked.clear();
            state.term = term;
        }
        state.configs = configs;
        state.basis = self.basis(&state);
    }

    /// A member has acknowledged, in `term`, a message sent at `sent`.
    pub(crate) fn acknowledged(&self, term: u64, by: NodeId, sent: Stamp) {
        let mut state = self.state.write();
        if state.term > term {
            return;
        }
        if state.term < term {
            // This node leads in a term of which `begin` has not told yet: its voters are still to come.
            *state = State { term, ..State::default() };
        }
        let acked = state.acked.entry(by).or_insert(sent);
        *acked = (*acked).max(sent);
        state.basis = self.basis(&state);
        drop(state);
        self.acknowledged.send_replace(());
    }

    /// Tells of each acknowledgement.
    pub(crate) fn watch(&self) -> watch::Receiver<()> {
        self.acknowledged.subscribe()
    }

    /// Whether the lease of `term` covers `read_ts` at this moment.
    pub(crate) fn covers(&self, term: u64, read_ts: Timestamp) -> bool {
        let basis = {
            let state = self.state.read();
            if state.term != term {
                return false;
            }
            state.basis
        };
        let wall = match basis {
            Basis::None => return false,
            Basis::Now => self.clock.wall(),
            Basis::Since(stamp) => {
                // 0.9 L: clocks that measure durations may differ in rate by up to a tenth.
                if self.clock.monotonic() >= stamp.monotonic + self.length * 9 / 10 {
                    return false;
                }
                stamp.wall
            }
        };
        let length = u64::try_from(self.length.as_nanos()).unwrap_or(u64::MAX);
        read_ts <= Timestamp::new(wall.saturating_add(length), u32::MAX)
    }

    fn basis(&self, state: &State) -> Basis {
        let of_config = |config: &BTreeSet<NodeId>| {
            let needed = config.len() / 2 + 1 - usize::from(config.contains(&self.node));
            if needed == 0 {
                return Basis::Now;
            }
            let others = config.iter().filter(|id| **id != self.node);
            let mut stamps: Vec<Stamp> = others.filter_map(|id| state.acked.get(id).copied()).collect();
            stamps.sort_unstable_by(|a, b| b.cmp(a));
            stamps.get(needed - 1).map_or(Basis::None, |stamp| Basis::Since(*stamp))
        };
        // Two configurations at once: the lease runs from what both agree to.
        let least = |a: Basis, b: Basis| match (a, b) {
            (Basis::None, _) | (_, Basis::None) => Basis::None,
            (Basis::Now, other) | (other, Basis::Now) => other,
            (Basis::Since(a), Basis::Since(b)) => Basis::Since(a.min(b)),
        };
        state.configs.iter().map(of_config).reduce(least).unwrap_or(Basis::None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::ManualClock;

    const L: Duration = Duration::from_secs(1);

    fn nodes(ids: &[u64]) -> BTreeSet<NodeId> {
        ids.iter().copied().map(NodeId).collect()
    }

    fn lease() -> (Arc<ManualClock>, Lease) {
        let clock = Arc::new(ManualClock::default());
        let lease = Lease::new(clock.clone(), NodeId(1), L);
        (clock, lease)
    }

    fn at(clock: &ManualClock, ahead: Duration) -> Timestamp {
        Timestamp::new(clock.wall(), 0).add(ahead)
    }

    #[test]
    fn a_sole_voter_reads_both_clocks_now() {
        let (clock, lease) = lease();
        assert!(!lease.covers(1, at(&clock, Duration::ZERO)), "it does not lead yet");
        lease.begin(1, vec![nodes(&[1])]);
        for _ in 0..3 {
            assert!(lease.covers(1, at(&clock, L)));
            assert!(!lease.covers(1, at(&clock, L * 2)));
            assert!(!lease.covers(2, at(&clock, Duration::ZERO)));
            clock.advance(L * 100);
        }
    }

    #[test]
    fn with_three_voters_it_runs_from_the_sending_of_what_a_quorum_acknowledged() {
        let (clock, lease) = lease();
        lease.begin(5, vec![nodes(&[1, 2, 3])]);
        assert!(!lease.covers(5, at(&clock, Duration::ZERO)));
        let sent = lease.stamp();
        clock.advance(L / 2);
        lease.acknowledged(5, NodeId(3), sent);
        assert!(lease.covers(5, at(&clock, Duration::ZERO)));
        assert!(!lease.covers(5, at(&clock, L)), "W + L is counted from the sending");
        clock.advance(L * 4 / 10);
        assert!(!lease.covers(5, at(&clock, Duration::ZERO)), "0.9 L have passed since the sending");
        lease.acknowledged(4, NodeId(2), lease.stamp());
        assert!(!lease.covers(5, at(&clock, Duration::ZERO)), "an acknowledgement of an earlier term");
        lease.acknowledged(5, NodeId(9), lease.stamp());
        assert!(!lease.covers(5, at(&clock, Duration::ZERO)), "a learner's acknowledgement");
    }

    #[test]
    fn a_suspended_monotonic_clock_does_not_stretch_it() {
        let (clock, lease) = lease();
        lease.begin(5, vec![nodes(&[1, 2, 3])]);
        lease.acknowledged(5, NodeId(2), lease.stamp());
        clock.advance_wall(L * 60);
        assert!(!lease.covers(5, at(&clock, Duration::ZERO)), "the wall clock says that a minute has passed");
    }

    #[test]
    fn two_configurations_must_both_agree() {
        let (clock, lease) = lease();
        lease.begin(5, vec![nodes(&[1]), nodes(&[1, 2, 3])]);
        assert!(!lease.covers(5, at(&clock, Duration::ZERO)));
        lease.acknowledged(5, NodeId(2), lease.stamp());
        assert!(lease.covers(5, at(&clock, Duration::ZERO)));
        // A leader that is no voter any more needs a majority of the others.
        lease.begin(5, vec![nodes(&[2, 3, 4])]);
        assert!(!lease.covers(5, at(&clock, Duration::ZERO)));
        lease.acknowledged(5, NodeId(4), lease.stamp());
        assert!(lease.covers(5, at(&clock, Duration::ZERO)));
    }
}
