//! [`DescriptorCache`]: what is known of ranges, ordered by end key.
//!
//! It may be wrong; the ranges themselves judge. Its one rule: where two descriptors overlap, the one of the higher
//! generation stays.

use std::collections::BTreeMap;

use base::map::HashMap;
use base::{Key, NodeId, RangeId};
use parking_lot::RwLock;
use proto::RangeDescriptor;

use crate::source::Seek;

/// Descriptors by end key, and guesses of leaseholders.
#[derive(Default)]
pub struct DescriptorCache {
    inner: RwLock<Inner>,
}

#[derive(Default)]
struct Inner {
    by_end: BTreeMap<Key, RangeDescriptor>,
    leaseholders: HashMap<RangeId, NodeId>,
}

impl DescriptorCache {
    /// The range of a position, if it is known.
    pub fn get(&self, seek: &Seek) -> Option<RangeDescriptor> {
        let inner = self.inner.read();
        let found = match seek {
            // The first end beyond the key; its range may begin behind the key, if there is a gap.
            Seek::At(key) => inner
                .by_end
                .range((std::ops::Bound::Excluded(key.clone()), std::ops::Bound::Unbounded))
                .next()
                .filter(|(_, range)| range.span.start <= *key),
            Seek::Before(key) => {
                inner.by_end.range(key.clone()..).next().filter(|(_, range)| range.span.start < *key)
            }
        };
        found.map(|(_, range)| range.clone())
    }

    /// Learns a descriptor, unless something newer is known of its keys. Says whether it was learnt.
    pub fn insert(&self, range: RangeDescriptor) -> bool {
        if range.span.is_empty() {
            return false;
        }
        let mut inner = self.inner.write();
        let overlapping: Vec<(Key, u64)> = inner
            .by_end
            .range((std::ops::Bound::Excluded(range.span.start.clone()), std::ops::Bound::Unbounded))
            .take_while(|(_, other)| other.span.start < range.span.end)
            .map(|(end, other)| (end.clone(), other.generation))
            .collect();
        if overlapping.iter().any(|(_, generation)| *generation > range.generation) {
            return false;
        }
        for (end, _) in overlapping {
            inner.by_end.remove(&end);
        }
        inner.by_end.insert(range.span.end.clone(), range);
        true
    }

    /// Forgets this descriptor, if it is still the one known.
    pub fn remove(&self, range: &RangeDescriptor) {
        let mut inner = self.inner.write();
        if inner.by_end.get(&range.span.end).is_some_and(|known| known == range) {
            inner.by_end.remove(&range.span.end);
        }
        inner.leaseholders.remove(&range.id);
    }

    /// Who is believed to lead a range.
    pub fn leaseholder(&self, range: RangeId) -> Option<NodeId> {
        self.inner.read().leaseholders.get(&range).copied()
    }

    /// Notes who leads a range, or that nobody knows.
    pub fn set_leaseholder(&self, range: RangeId, node: Option<NodeId>) {
        // Nearly always it is known already: then nobody has to wait.
        if self.leaseholder(range) == node {
            return;
        }
        let mut inner = self.inner.write();
        match node {
            Some(node) => inner.leaseholders.insert(range, node),
            None => inner.leaseholders.remove(&range),
        };
    }

    /// Everything known, in key order.
    pub fn all(&self) -> Vec<RangeDescriptor> {
        self.inner.read().by_end.values().cloned().collect()
    }
}
