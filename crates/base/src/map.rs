//! Hash maps with a fixed hasher, so that iteration order never depends on chance.

/// A hash map with a fixed seed. Never keyed by bytes that a client chooses without a bound on their number.
pub type HashMap<K, V> = hashbrown::HashMap<K, V, foldhash::fast::FixedState>;
/// A hash set with a fixed seed.
pub type HashSet<K> = hashbrown::HashSet<K, foldhash::fast::FixedState>;
