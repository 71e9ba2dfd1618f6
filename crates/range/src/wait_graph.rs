//! [`WaitGraph`]: who waits for whom, over all ranges that one node leads. Whoever would close a circle is told.
//!
//! ```text
//!   t1 ──waits for──► t2 ──► t3
//!    ▲                        │
//!    └──────── refused ───────┘     t3 gets 40P01
//! ```
//!
//! Circles through the leaseholders of several nodes are not seen here: there the waits run out.

use base::TxnId;
use base::map::{HashMap, HashSet};
use parking_lot::Mutex;
use smallvec::SmallVec;

/// The waits of a node's transactions. Shared by all of its ranges.
#[derive(Default)]
pub struct WaitGraph {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    next: u64,
    /// A transaction may wait in several places at once.
    waits: HashMap<TxnId, SmallVec<[(WaitId, Targets); 1]>>,
}

type Targets = SmallVec<[TxnId; 4]>;

/// One wait of one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WaitId(u64);

impl WaitGraph {
    /// Nobody waits.
    pub fn new() -> WaitGraph {
        WaitGraph::default()
    }

    /// How many transactions wait.
    pub fn len(&self) -> usize {
        self.inner.lock().waits.len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn wait_id(&self) -> WaitId {
        let mut inner = self.inner.lock();
        inner.next += 1;
        WaitId(inner.next)
    }

    /// This wait of `waiter` is now for these. `false` if that closes a circle: then it waits for nobody.
    #[must_use]
    pub(crate) fn set(&self, id: WaitId, waiter: TxnId, targets: Targets) -> bool {
        let mut inner = self.inner.lock();
        inner.remove(id, waiter);
        if inner.reaches(&targets, waiter) {
            return false;
        }
        if !targets.is_empty() {
            inner.waits.entry(waiter).or_default().push((id, targets));
        }
        true
    }

    /// This wait is over.
    pub(crate) fn remove(&self, id: WaitId, waiter: TxnId) {
        self.inner.lock().remove(id, waiter);
    }
}

impl Inner {
    fn remove(&mut self, id: WaitId, waiter: TxnId) {
        if let Some(waits) = self.waits.get_mut(&waiter) {
            waits.retain(|(other, _)| *other != id);
            if waits.is_empty() {
                self.waits.remove(&waiter);
            }
        }
    }

    fn reaches(&self, from: &[TxnId], goal: TxnId) -> bool {
        let mut seen: HashSet<TxnId> = HashSet::default();
        let mut todo: Vec<TxnId> = from.to_vec();
        while let Some(txn) = todo.pop() {
            if txn == goal {
                return true;
            }
            if seen.insert(txn) {
                let waits = self.waits.get(&txn).into_iter().flatten();
                todo.extend(waits.flat_map(|(_, targets)| targets.iter().copied()));
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_closes_a_circle_is_refused() {
        let graph = WaitGraph::new();
        let [a, b, c] = [TxnId(1), TxnId(2), TxnId(3)];
        let (wa, wb, wc) = (graph.wait_id(), graph.wait_id(), graph.wait_id());
        assert!(graph.set(wa, a, SmallVec::from_slice(&[b])));
        assert!(graph.set(wb, b, SmallVec::from_slice(&[c])));
        assert!(!graph.set(wc, c, SmallVec::from_slice(&[a])));
        assert_eq!(graph.len(), 2);
        graph.remove(wb, b);
        assert!(graph.set(wc, c, SmallVec::from_slice(&[a])));
        assert!(!graph.set(wb, b, SmallVec::from_slice(&[c])));
        graph.remove(wa, a);
        graph.remove(wc, c);
        assert!(graph.is_empty());
    }
}
