//! Span latches: short exclusion between evaluations inside one incarnation.
//!
//! ```text
//!   write a      X a ────────┐ evaluated, put into the chain, released
//!   write a           waits  └─ X a ───┐          (not: applied; that is what in_flight is for)
//!   validate a..c, write c     waits   └─ S a..c, X c ──
//!   write b                    waits ─────────────────┘── X b        fair: it came after a..c
//! ```
//!
//! Each acquisition waits for every earlier one that overlaps it, granted or waiting, unless both only share. So
//! there is no starvation and no deadlock, all latches of a command being asked for at once. Nobody waits for a
//! lock, an intent or the log with a latch in hand; the two commands that remove whole spans are the exception
//! ([`crate::commands`]).

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use base::map::HashMap;
use base::{Key, Span};
use parking_lot::Mutex;
use smallvec::SmallVec;
use tokio::sync::oneshot;

/// Whether a latch can be held together with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// With other shared ones.
    Shared,
    /// Alone.
    Exclusive,
}

impl Mode {
    fn conflicts(self, other: Mode) -> bool {
        self == Mode::Exclusive || other == Mode::Exclusive
    }
}

/// What a command latches.
#[derive(Clone, Debug, Default)]
pub(crate) struct LatchSet {
    points: SmallVec<[(Key, Mode); 2]>,
    spans: SmallVec<[(Span, Mode); 1]>,
}

impl LatchSet {
    /// Adds one key.
    pub(crate) fn key(&mut self, key: &Key, mode: Mode) {
        self.points.push((key.clone(), mode));
    }

    /// Adds a span.
    pub(crate) fn span(&mut self, span: &Span, mode: Mode) {
        if span.is_point() {
            self.points.push((span.start.clone(), mode));
        } else if !span.is_empty() {
            self.spans.push((span.clone(), mode));
        }
    }
}

/// The latches of an incarnation.
#[derive(Default)]
pub(crate) struct Latches {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    next: u64,
    points: BTreeMap<Key, SmallVec<[(u64, Mode); 2]>>,
    spans: Vec<(u64, Span, Mode)>,
    waits: HashMap<u64, Wait>,
}

/// Kept only for acquisitions that wait or are waited for.
#[derive(Default)]
struct Wait {
    /// How many overlaps with earlier acquisitions are left.
    pending: usize,
    /// Later acquisitions that count this one in their `pending`.
    blocks: Vec<u64>,
    granted: Option<oneshot::Sender<()>>,
}

/// Held latches; released on drop.
pub(crate) struct LatchGuard {
    latches: Arc<Latches>,
    id: u64,
    set: LatchSet,
}

impl Latches {
    /// Waits for all latches of `set`. Dropping the future gives up the place in the queue.
    pub(crate) async fn acquire(self: &Arc<Self>, set: LatchSet) -> LatchGuard {
        let (guard, granted) = self.enqueue(set);
        if let Some(granted) = granted {
            // The sender lives as long as this acquisition is queued.
            let _ = granted.await;
        }
        guard
    }

    fn enqueue(self: &Arc<Self>, set: LatchSet) -> (LatchGuard, Option<oneshot::Receiver<()>>) {
        let mut inner = self.inner.lock();
        let id = inner.next;
        inner.next += 1;
        let earlier = inner.overlapping(&set);
        for (key, mode) in &set.points {
            match inner.points.get_mut(key) {
                Some(at) => at.push((id, *mode)),
                None => {
                    inner.points.insert(key.clone(), SmallVec::from_slice(&[(id, *mode)]));
                }
            }
        }
        for (span, mode) in &set.spans {
            inner.spans.push((id, span.clone(), *mode));
        }
        let mut granted = None;
        if !earlier.is_empty() {
            let (tx, rx) = oneshot::channel();
            inner.waits.entry(id).or_default().pending = earlier.len();
            inner.waits.entry(id).or_default().granted = Some(tx);
            for other in earlier {
                inner.waits.entry(other).or_default().blocks.push(id);
            }
            granted = Some(rx);
        }
        drop(inner);
        (LatchGuard { latches: self.clone(), id, set }, granted)
    }

    #[cfg(test)]
    fn is_empty(&self) -> bool {
        let inner = self.inner.lock();
        inner.points.is_empty() && inner.spans.is_empty() && inner.waits.is_empty()
    }
}

impl Inner {
    /// Earlier acquisitions that stand in the way, once for each overlap.
    fn overlapping(&self, set: &LatchSet) -> SmallVec<[u64; 8]> {
        let mut found = SmallVec::new();
        for (key, mode) in &set.points {
            if let Some(at) = self.points.get(key) {
                found.extend(at.iter().filter(|(_, other)| mode.conflicts(*other)).map(|(id, _)| *id));
            }
            for (id, span, other) in &self.spans {
                if mode.conflicts(*other) && span.contains(key.as_bytes()) {
                    found.push(*id);
                }
            }
        }
        for (span, mode) in &set.spans {
            let within = (Bound::Included(&span.start), Bound::Excluded(&span.end));
            for (_, at) in self.points.range::<Key, _>(within) {
                found.extend(at.iter().filter(|(_, other)| mode.conflicts(*other)).map(|(id, _)| *id));
            }
            for (id, held, other) in &self.spans {
                if mode.conflicts(*other) && held.overlaps(span) {
                    found.push(*id);
                }
            }
        }
        found
    }
}

impl Drop for LatchGuard {
    fn drop(&mut self) {
        let mut inner = self.latches.inner.lock();
        let inner = &mut *inner;
        for (key, _) in &self.set.points {
            if let Some(at) = inner.points.get_mut(key) {
                at.retain(|(id, _)| *id != self.id);
                if at.is_empty() {
                    inner.points.remove(key);
                }
            }
        }
        if !self.set.spans.is_empty() {
            inner.spans.retain(|(id, ..)| *id != self.id);
        }
        let Some(wait) = inner.waits.remove(&self.id) else { return };
        for later in wait.blocks {
            let Some(blocked) = inner.waits.get_mut(&later) else { continue };
            blocked.pending -= 1;
            if blocked.pending == 0 {
                if let Some(granted) = blocked.granted.take() {
                    let _ = granted.send(());
                }
                if blocked.blocks.is_empty() {
                    inner.waits.remove(&later);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(i: u8) -> Key {
        Key::from(vec![i])
    }

    fn set(parts: &[(u8, u8, bool)]) -> LatchSet {
        let mut set = LatchSet::default();
        for (start, len, exclusive) in parts {
            let mode = if *exclusive { Mode::Exclusive } else { Mode::Shared };
            match len {
                0 => set.key(&key(*start), mode),
                _ => set.span(&Span::new(key(*start), key(start + len)), mode),
            }
        }
        set
    }

    /// The naive model: who came earlier, overlaps, and is still there, stands in the way.
    fn overlap(a: &[(u8, u8, bool)], b: &[(u8, u8, bool)]) -> bool {
        a.iter().any(|(s1, l1, x1)| {
            b.iter()
                .any(|(s2, l2, x2)| (*x1 || *x2) && s1 < &(s2 + (*l2).max(1)) && s2 < &(s1 + (*l1).max(1)))
        })
    }

    proptest! {
        #[test]
        fn an_acquisition_waits_exactly_for_the_earlier_ones_that_overlap(
            steps in proptest::collection::vec(
                (proptest::collection::vec((0u8..6, 0u8..4, any::<bool>()), 1..4), any::<proptest::sample::Index>(), any::<bool>()),
                1..40,
            )
        ) {
            let latches = Arc::new(Latches::default());
            let mut live: Vec<(Vec<(u8, u8, bool)>, LatchGuard, Option<oneshot::Receiver<()>>)> = Vec::new();
            for (parts, index, release) in steps {
                let (guard, granted) = latches.enqueue(set(&parts));
                live.push((parts, guard, granted));
                if release {
                    // Anyone may go, those who still wait too.
                    live.remove(index.index(live.len()));
                }
                for i in 0..live.len() {
                    let blocked = live[..i].iter().any(|(earlier, ..)| overlap(earlier, &live[i].0));
                    let (_, _, granted) = &mut live[i];
                    if granted.as_mut().is_some_and(|rx| rx.try_recv().is_ok()) {
                        *granted = None;
                    }
                    prop_assert_eq!(granted.is_some(), blocked);
                }
            }
            live.clear();
            prop_assert!(latches.is_empty());
        }
    }

    #[tokio::test]
    async fn whoever_gives_up_waiting_leaves_no_trace() {
        let latches = Arc::new(Latches::default());
        let first = latches.acquire(set(&[(1, 0, true)])).await;
        let second = latches.acquire(set(&[(1, 0, true)]));
        assert!(futures::FutureExt::now_or_never(second).is_none());
        drop(first);
        let third = futures::FutureExt::now_or_never(latches.acquire(set(&[(0, 5, true)])));
        assert!(third.is_some());
        drop(third);
        assert!(latches.is_empty());
    }
}
