//! The timestamp cache: up to when each key was read, and by whom (T1).
//!
//! ```text
//!                      a         b         c         d
//!   single keys      @7 t1                         @9 –          – : no single owner
//!   spans                      [─── @5 t2 ───)
//!   low-water mark   ────────────────── @3 ───────────────       everything was read up to here
//! ```
//!
//! A write is accepted only above [`TsCache::floor`]. What only the writing transaction itself has read does not
//! count; for that each entry keeps two timestamps, the highest with its owner and the highest of anybody else.
//! Equal timestamps of two owners so count for both.
//!
//! Memory is bounded: when there are too many entries the oldest go and the low-water mark rises over them, which
//! can only move writes later. Single keys are known by a 64-bit hash: two keys of one hash share an entry, which
//! also only moves writes later.

use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicBool, Ordering};

use base::map::HashMap;
use base::{Key, Span, Timestamp, TxnId};
use foldhash::fast::FixedState;
use parking_lot::Mutex;

/// The timestamp cache of an incarnation.
pub(crate) struct TsCache {
    hasher: FixedState,
    points: Mutex<Points>,
    spans: Mutex<Spans>,
    /// Whether there ever was an entry in `spans`: most ranges are written and read by single keys.
    any_spans: AtomicBool,
}

/// Up to when something was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    /// The highest timestamp.
    top: Timestamp,
    /// Whose.
    owner: Option<TxnId>,
    /// The highest of anyone but `owner`; at most `top`.
    others: Timestamp,
}

impl Entry {
    fn new(read_ts: Timestamp, owner: Option<TxnId>) -> Entry {
        Entry { top: read_ts, owner, others: if owner.is_none() { read_ts } else { Timestamp::ZERO } }
    }

    fn add(&mut self, read_ts: Timestamp, owner: Option<TxnId>) {
        if owner.is_some() && owner == self.owner {
            self.top = self.top.max(read_ts);
        } else if read_ts > self.top {
            self.others = if owner.is_none() { read_ts } else { self.top };
            self.top = read_ts;
            self.owner = owner;
        } else {
            self.others = self.others.max(read_ts);
        }
    }

    fn merge(&mut self, other: &Entry) {
        self.add(other.top, other.owner);
        self.others = self.others.max(other.others);
    }

    fn floor(&self, writer: Option<TxnId>) -> Timestamp {
        if writer.is_some() && writer == self.owner { self.others } else { self.top }
    }
}

/// Two generations: when the young one is full the old one goes.
struct Points {
    low_water: Timestamp,
    young: HashMap<u64, Entry>,
    old: HashMap<u64, Entry>,
    half_max: usize,
}

struct Spans {
    low_water: Timestamp,
    /// Disjoint, by start.
    segments: BTreeMap<Key, (Key, Entry)>,
    max: usize,
}

impl TsCache {
    /// Everything was read up to `low_water`, nothing above. At most about so many entries are kept.
    pub(crate) fn new(low_water: Timestamp, points_max: usize, spans_max: usize) -> TsCache {
        TsCache {
            hasher: FixedState::default(),
            points: Mutex::new(Points {
                low_water,
                young: HashMap::default(),
                old: HashMap::default(),
                half_max: (points_max / 2).max(1),
            }),
            spans: Mutex::new(Spans { low_water, segments: BTreeMap::new(), max: spans_max.max(4) }),
            any_spans: AtomicBool::new(false),
        }
    }

    /// A key was read at `read_ts`, by `owner` or by nobody in particular.
    pub(crate) fn bump_key(&self, key: &[u8], read_ts: Timestamp, owner: Option<TxnId>) {
        let hash = self.hasher.hash_one(key);
        self.points.lock().add(hash, read_ts, owner);
    }

    /// Like [`TsCache::bump_key`] for many keys.
    pub(crate) fn bump_keys<'a>(
        &self,
        keys: impl IntoIterator<Item = &'a Key>,
        read_ts: Timestamp,
        owner: Option<TxnId>,
    ) {
        let mut points = self.points.lock();
        for key in keys {
            points.add(self.hasher.hash_one(key.as_bytes()), read_ts, owner);
        }
    }

    /// A span was read at `read_ts`.
    pub(crate) fn bump_span(&self, span: &Span, read_ts: Timestamp, owner: Option<TxnId>) {
        if span.is_point() {
            self.bump_key(span.start.as_bytes(), read_ts, owner);
        } else if !span.is_empty() {
            self.any_spans.store(true, Ordering::SeqCst);
            self.spans.lock().add(span, read_ts, owner);
        }
    }

    /// Nothing may be written at or below, anywhere.
    pub(crate) fn raise_low_water(&self, to: Timestamp) {
        let mut points = self.points.lock();
        points.low_water = points.low_water.max(to);
    }

    /// The least timestamp such that `writer` may write `key` above it, as far as reads are concerned.
    pub(crate) fn floor(&self, key: &[u8], writer: Option<TxnId>) -> Timestamp {
        let floor = self.points.lock().floor(self.hasher.hash_one(key), writer);
        if self.any_spans.load(Ordering::SeqCst) {
            floor.max(self.spans.lock().floor(key, writer))
        } else {
            floor
        }
    }

    /// At or above every timestamp that anything was read at: the mark of a hand-over (T7).
    pub(crate) fn highest(&self) -> Timestamp {
        let points = self.points.lock();
        let spans = self.spans.lock();
        let entries = points.young.values().chain(points.old.values());
        let entries = entries.chain(spans.segments.values().map(|(_, entry)| entry));
        entries.map(|entry| entry.top).fold(points.low_water.max(spans.low_water), Timestamp::max)
    }
}

impl Points {
    fn add(&mut self, hash: u64, read_ts: Timestamp, owner: Option<TxnId>) {
        if let Some(entry) = self.young.get_mut(&hash) {
            entry.add(read_ts, owner);
            return;
        }
        let mut entry = Entry::new(read_ts, owner);
        if let Some(older) = self.old.get(&hash) {
            entry.merge(older);
        } else if read_ts <= self.low_water {
            return;
        }
        if self.young.len() >= self.half_max {
            let gone = std::mem::replace(&mut self.old, std::mem::take(&mut self.young));
            self.low_water = gone.values().map(|entry| entry.top).fold(self.low_water, Timestamp::max);
            if let Some(older) = self.old.get(&hash) {
                entry.merge(older);
            }
        }
        self.young.insert(hash, entry);
    }

    fn floor(&self, hash: u64, writer: Option<TxnId>) -> Timestamp {
        let young = self.young.get(&hash).map(|entry| entry.floor(writer));
        // A young entry has taken in the old one.
        let entry = young.or_else(|| self.old.get(&hash).map(|entry| entry.floor(writer)));
        entry.unwrap_or(Timestamp::ZERO).max(self.low_water)
    }
}

impl Spans {
    fn add(&mut self, span: &Span, read_ts: Timestamp, owner: Option<TxnId>) {
        if read_ts <= self.low_water {
            return;
        }
        let entry = Entry::new(read_ts, owner);
        let overlapped = self.take_overlapping(span);
        if overlapped.iter().all(|(_, _, old)| old.top <= read_ts) {
            // One entry for all: coarser than need be, but full scans then keep the map small.
            let mut whole = entry;
            for (start, end, old) in overlapped {
                whole.merge(&old);
                self.put_outside(span, start, end, old);
            }
            self.segments.insert(span.start.clone(), (span.end.clone(), whole));
        } else {
            let mut at = span.start.clone();
            for (start, end, old) in overlapped {
                if at < start {
                    self.segments.insert(at, (start.clone(), entry));
                }
                let from = start.clone().max(span.start.clone());
                let to = end.clone().min(span.end.clone());
                let mut both = old;
                both.merge(&entry);
                self.put_outside(span, start, end, old);
                self.segments.insert(from, (to.clone(), both));
                at = to;
            }
            if at < span.end {
                self.segments.insert(at, (span.end.clone(), entry));
            }
        }
        if self.segments.len() > self.max {
            self.shrink();
        }
    }

    /// Takes out every segment that shares a key with the span.
    fn take_overlapping(&mut self, span: &Span) -> Vec<(Key, Key, Entry)> {
        let before = self.segments.range::<Key, _>(..&span.start).next_back();
        let before = before.filter(|(_, (end, _))| *end > span.start).map(|(start, _)| start.clone());
        let within = self.segments.range::<Key, _>(&span.start..&span.end).map(|(start, _)| start.clone());
        let starts: Vec<Key> = before.into_iter().chain(within).collect();
        starts
            .into_iter()
            .filter_map(|start| self.segments.remove(&start).map(|(end, entry)| (start, end, entry)))
            .collect()
    }

    /// Puts back what of a segment lies outside of the span.
    fn put_outside(&mut self, span: &Span, start: Key, end: Key, entry: Entry) {
        if span.end < end {
            self.segments.insert(span.end.clone(), (end, entry));
        }
        if start < span.start {
            self.segments.insert(start, (span.start.clone(), entry));
        }
    }

    /// Drops the older half.
    fn shrink(&mut self) {
        let mut tops: Vec<Timestamp> = self.segments.values().map(|(_, entry)| entry.top).collect();
        let middle = tops.len() / 2;
        let (_, median, _) = tops.select_nth_unstable(middle);
        self.low_water = self.low_water.max(*median);
        let low_water = self.low_water;
        self.segments.retain(|_, (_, entry)| entry.top > low_water);
    }

    fn floor(&self, key: &[u8], writer: Option<TxnId>) -> Timestamp {
        let at = (std::ops::Bound::Unbounded, std::ops::Bound::Included(key));
        let segment = self.segments.range::<[u8], _>(at).next_back();
        let entry =
            segment.filter(|(_, (end, _))| end.as_bytes() > key).map(|(_, (_, entry))| entry.floor(writer));
        entry.unwrap_or(Timestamp::ZERO).max(self.low_water)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ts(wall: u64) -> Timestamp {
        Timestamp::new(wall, 0)
    }

    fn key(i: u8) -> Key {
        Key::from(vec![i])
    }

    /// What must hold of any cache: every read that was ever reported.
    #[derive(Default)]
    struct Model(Vec<(u8, u8, Timestamp, Option<TxnId>)>);

    impl Model {
        fn floor(&self, at: u8, writer: Option<TxnId>) -> Timestamp {
            let counts = |owner: &Option<TxnId>| writer.is_none() || *owner != writer;
            let reads =
                self.0.iter().filter(|(start, end, _, owner)| *start <= at && at < *end && counts(owner));
            reads.map(|(_, _, read_ts, _)| *read_ts).max().unwrap_or(Timestamp::ZERO)
        }
    }

    type Read = (u8, u8, u64, Option<u8>);

    fn reads() -> impl Strategy<Value = Vec<Read>> {
        proptest::collection::vec((0u8..10, 0u8..6, 1u64..12, proptest::option::of(0u8..3)), 1..60)
    }

    fn play(reads: &[Read], cache: &TsCache) -> Model {
        let mut model = Model::default();
        for (start, len, wall, owner) in reads {
            let owner = owner.map(|id| TxnId(u128::from(id)));
            if *len == 0 {
                cache.bump_key(key(*start).as_bytes(), ts(*wall), owner);
                model.0.push((*start, start + 1, ts(*wall), owner));
            } else {
                cache.bump_span(&Span::new(key(*start), key(start + len)), ts(*wall), owner);
                model.0.push((*start, start + len, ts(*wall), owner));
            }
        }
        model
    }

    proptest! {
        #[test]
        fn never_forgets_a_read(reads in reads(), points_max in 2usize..12, spans_max in 4usize..12) {
            let cache = TsCache::new(Timestamp::ZERO, points_max, spans_max);
            let model = play(&reads, &cache);
            let highest = reads.iter().map(|read| ts(read.2)).max().unwrap_or_default();
            prop_assert_eq!(cache.highest(), highest);
            for at in 0..16 {
                for writer in [None, Some(TxnId(0)), Some(TxnId(1)), Some(TxnId(9))] {
                    let floor = cache.floor(key(at).as_bytes(), writer);
                    prop_assert!(floor >= model.floor(at, writer), "{} of {:?}: {}", at, writer, floor);
                    prop_assert!(floor <= highest);
                }
            }
            let points = cache.points.lock();
            prop_assert!(points.young.len() + points.old.len() <= points_max + 1);
            prop_assert!(cache.spans.lock().segments.len() <= spans_max);
        }

        /// With room for all, and with reads in order of time, it is exact for strangers.
        #[test]
        fn is_exact_where_nothing_is_evicted(reads in reads()) {
            let cache = TsCache::new(Timestamp::ZERO, 1000, 1000);
            let model = play(&reads, &cache);
            for at in 0..16 {
                prop_assert_eq!(cache.floor(key(at).as_bytes(), Some(TxnId(9))), model.floor(at, Some(TxnId(9))));
            }
        }
    }

    #[test]
    fn an_own_read_does_not_count_unless_another_read_as_late() {
        let cache = TsCache::new(ts(1), 16, 16);
        let (own, other) = (TxnId(1), TxnId(2));
        cache.bump_key(b"k", ts(5), Some(other));
        cache.bump_key(b"k", ts(9), Some(own));
        assert_eq!(cache.floor(b"k", Some(own)), ts(5));
        assert_eq!(cache.floor(b"k", Some(other)), ts(9));
        cache.bump_key(b"k", ts(9), Some(other));
        assert_eq!(cache.floor(b"k", Some(own)), ts(9));
        cache.bump_key(b"k", ts(12), None);
        assert_eq!(cache.floor(b"k", Some(own)), ts(12));
        assert_eq!(cache.floor(b"other", Some(own)), ts(1));
        cache.raise_low_water(ts(20));
        assert_eq!(cache.floor(b"k", None), ts(20));
    }
}
