//! [`ReadSet`]: the spans that a transaction has examined.
//!
//! Kept as disjoint intervals in key order; overlapping and touching ones are joined. It never shrinks, not even
//! at ROLLBACK TO SAVEPOINT: what was seen has been seen. Beyond a limit it is made coarser by joining
//! neighbours over the gap between them, which can only cause conflicts, never hide one.

use std::collections::BTreeMap;

use base::{Key, Span};

/// Spans examined.
#[derive(Clone, Debug)]
pub struct ReadSet {
    spans: BTreeMap<Key, Key>,
    spans_max: usize,
}

impl ReadSet {
    /// Nothing yet; at most about `spans_max` spans are kept apart.
    pub fn new(spans_max: usize) -> ReadSet {
        ReadSet { spans: BTreeMap::new(), spans_max: spans_max.max(2) }
    }

    /// Whether nothing was examined.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// How many disjoint spans.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Adds a span.
    pub fn add(&mut self, span: Span) {
        if span.is_empty() {
            return;
        }
        let Span { mut start, mut end } = span;
        // The only interval that begins before `start` and may reach it.
        if let Some((before, before_end)) = self.spans.range(..=start.clone()).next_back()
            && *before_end >= start
        {
            if *before_end >= end {
                return;
            }
            start = before.clone();
        }
        // Every interval that begins inside is swallowed; the last may reach beyond.
        while let Some((next, next_end)) = self.spans.range(start.clone()..=end.clone()).next() {
            if *next_end > end {
                end = next_end.clone();
            }
            let next = next.clone();
            self.spans.remove(&next);
        }
        self.spans.insert(start, end);
        if self.spans.len() > self.spans_max {
            self.coarsen();
        }
    }

    /// The spans, in key order.
    pub fn spans(&self) -> impl Iterator<Item = Span> + '_ {
        self.spans.iter().map(|(start, end)| Span::new(start.clone(), end.clone()))
    }

    /// Whether the key was examined.
    pub fn contains(&self, key: &Key) -> bool {
        self.spans.range(..=key.clone()).next_back().is_some_and(|(_, end)| key < end)
    }

    /// Joins pairs of neighbours until about half the limit is left.
    fn coarsen(&mut self) {
        let old = std::mem::take(&mut self.spans);
        let goal = self.spans_max / 2;
        let mut joined: Vec<(Key, Key)> = Vec::with_capacity(goal + 1);
        let mut surplus = old.len().saturating_sub(goal);
        let mut fresh = true;
        for (start, end) in old {
            match joined.last_mut() {
                Some((_, last_end)) if surplus > 0 && !fresh => {
                    *last_end = end;
                    surplus -= 1;
                    fresh = true;
                }
                _ => {
                    joined.push((start, end));
                    fresh = false;
                }
            }
        }
        self.spans = joined.into_iter().collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(n: u8) -> Key {
        Key::from(vec![n])
    }

    proptest! {
        #[test]
        fn covers_exactly_what_was_added(spans in prop::collection::vec((0u8..40, 0u8..40), 0..30)) {
            let mut set = ReadSet::new(1000);
            for &(a, b) in &spans {
                set.add(Span::new(key(a), key(b)));
            }
            for n in 0..40u8 {
                let expected = spans.iter().any(|&(a, b)| a <= n && n < b);
                prop_assert_eq!(set.contains(&key(n)), expected, "key {}", n);
            }
            let kept: Vec<Span> = set.spans().collect();
            for pair in kept.windows(2) {
                prop_assert!(pair[0].end < pair[1].start, "disjoint and not touching: {:?}", pair);
            }
        }

        #[test]
        fn coarsening_never_loses_a_key(points in prop::collection::vec(0u8..=255, 1..200)) {
            let mut set = ReadSet::new(8);
            for &n in &points {
                set.add(Span::point(key(n)));
                prop_assert!(set.len() <= 8);
            }
            for &n in &points {
                prop_assert!(set.contains(&key(n)));
            }
        }
    }
}
