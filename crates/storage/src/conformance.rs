//! What every engine must do, as checks that each engine's tests run: [`run`].
//!
//! A check panics with what it found. Random ones draw from a seed, which they name when they fail.

mod durability;
mod entries;
mod model;
mod versions;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::env::Rng;
use bytes::Bytes;

use crate::batch::{Op, WriteBatch};
use crate::engine::{CursorOptions, Engine, Snapshot, Space};

/// Makes engines of one kind for the checks.
pub trait Harness {
    /// The spaces that these engines have.
    fn spaces(&self) -> Vec<Space>;
    /// A new, empty engine.
    fn create(&mut self) -> Arc<dyn Engine>;
    /// What is left of an engine after its process died at this moment. Nobody else holds it.
    fn crash(&mut self, engine: Arc<dyn Engine>) -> Arc<dyn Engine>;
    /// A path at which nothing exists.
    fn fresh_path(&mut self) -> PathBuf;
    /// The engine that a checkpoint left.
    fn open_checkpoint(&mut self, of: &Arc<dyn Engine>, path: &Path) -> Arc<dyn Engine>;
}

/// Runs every check, the random ones for each of these seeds.
pub fn run(harness: &mut dyn Harness, seeds: std::ops::Range<u64>) {
    entries::batches_are_ordered_and_atomic(harness);
    entries::snapshots_do_not_change(harness);
    entries::cursors_stay_within_bounds(harness);
    entries::empty_engines_are_empty(harness);
    durability::a_checkpoint_is_a_copy(harness);
    if harness.spaces().contains(&Space::Mvcc) {
        durability::sizes_grow(harness);
    }
    for seed in seeds {
        eprintln!("conformance: seed {seed}");
        entries::random_walks(harness, &Rng::new(seed));
        durability::crashes_keep_a_prefix(harness, &Rng::new(seed));
        if harness.spaces().contains(&Space::Mvcc) {
            versions::reads_agree_with_the_model(harness, &Rng::new(seed));
            versions::an_overlay_agrees_with_the_model(harness, &Rng::new(seed));
            versions::collection_changes_no_read_above_its_threshold(harness, &Rng::new(seed));
            versions::resolving_is_exact(harness, &Rng::new(seed));
        }
    }
}

/// All entries of some spaces, as ordered maps: the simplest engine there is.
type Contents = BTreeMap<(Space, Vec<u8>), Vec<u8>>;

fn apply(contents: &mut Contents, batch: &WriteBatch) {
    for op in batch.iter() {
        match op {
            Op::Put { space, key, value } => {
                contents.insert((space, key.to_vec()), value.to_vec());
            }
            Op::Delete { space, key } => {
                contents.remove(&(space, key.to_vec()));
            }
            Op::DeleteRange { space, start, end } => {
                contents.retain(|(s, key), _| *s != space || key[..] < *start || key[..] >= *end);
            }
        }
    }
}

/// Everything in a snapshot.
fn dump(snapshot: &Arc<dyn Snapshot>, spaces: &[Space]) -> Contents {
    let mut contents = Contents::new();
    for space in spaces {
        let mut cursor = snapshot.cursor(*space, CursorOptions::default()).expect("a cursor");
        let mut more = cursor.seek_to_first().expect("a seek");
        while more {
            contents.insert((*space, cursor.key().to_vec()), cursor.value().to_vec());
            more = cursor.next().expect("a step");
        }
    }
    contents
}

fn pick<'a, T>(rng: &Rng, items: &'a [T]) -> &'a T {
    &items[rng.below(items.len() as u64) as usize]
}

fn chance(rng: &Rng, percent: u64) -> bool {
    rng.below(100) < percent
}

/// A short key of few different bytes, so that keys often meet and often begin with each other.
fn random_key(rng: &Rng) -> Vec<u8> {
    let len = rng.below(4);
    (0..len).map(|_| *pick(rng, &[0, 1, b'a', b'b', 0xff])).collect()
}

/// A batch of up to four writes.
fn random_batch(rng: &Rng, spaces: &[Space]) -> WriteBatch {
    let mut batch = WriteBatch::new();
    for _ in 0..=rng.below(4) {
        let space = *pick(rng, spaces);
        // Mvcc keys end in a timestamp's twelve bytes.
        let pad = |mut key: Vec<u8>| {
            if space == Space::Mvcc {
                key.extend_from_slice(&[7; 12]);
            }
            key
        };
        match rng.below(10) {
            0..6 => batch.put(space, &pad(random_key(rng)), &rng.next_u64().to_be_bytes()),
            6..9 => batch.delete(space, &pad(random_key(rng))),
            _ => batch.delete_range(space, &random_key(rng), &random_key(rng)),
        }
    }
    batch
}

fn get(engine: &Arc<dyn Engine>, space: Space, key: &[u8]) -> Option<Bytes> {
    engine.get(space, key).expect("a read")
}
