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

    /// Joins neighbours until about half the limit is left: first those whose keys share most of their beginning,
    /// so that a large read of one table comes to cover neither another table nor the catalog.
    fn coarsen(&mut self) {
        let old: Vec<(Key, Key)> = std::mem::take(&mut self.spans).into_iter().collect();
        let surplus = old.len().saturating_sub(self.spans_max / 2);
        let mut gaps: Vec<(usize, usize)> =
            (1..old.len()).map(|i| (shared(&old[i - 1].0, &old[i].0), i)).collect();
        // The longest shared beginnings in front; among equals the lower keys.
        gaps.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        gaps.truncate(surplus);
        let mut join = vec![false; old.len()];
        gaps.iter().for_each(|(_, i)| join[*i] = true);
        let mut last: Option<(Key, Key)> = None;
        for ((start, end), join) in old.into_iter().zip(join) {
            match &mut last {
                Some((_, last_end)) if join => *last_end = end,
                _ => self.spans.extend(last.replace((start, end))),
            }
        }
        self.spans.extend(last);
    }
}

/// How many bytes two keys have in common at their beginning.
fn shared(a: &Key, b: &Key) -> usize {
    a.as_bytes().iter().zip(b.as_bytes()).take_while(|(a, b)| a == b).count()
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
        fn coarsening_keeps_to_what_shares_a_beginning(points in prop::collection::vec(0u16.., 20..200)) {
            // Three keys of a catalog, and many of one table.
            let mut set = ReadSet::new(8);
            for n in 0..3u8 {
                set.add(Span::point(Key::from(vec![2, b'c', n])));
            }
            for n in points {
                set.add(Span::point(Key::from([&[3, 9][..], &n.to_be_bytes()[..]].concat())));
            }
            prop_assert!(!set.contains(&Key::from(vec![3, 8, 1])), "another table is not covered");
            prop_assert!(!set.contains(&Key::from(vec![2, b'd'])), "nor the rest of the catalog");
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
