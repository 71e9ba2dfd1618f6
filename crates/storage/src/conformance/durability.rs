//! Checks of what survives.

use base::env::Rng;

use super::{Contents, Harness, apply, chance, dump, get, random_batch};
use crate::batch::WriteBatch;

/// Writes, syncs and crashes: what is left is what some prefix of the batches made, whole, and no synced batch is
/// missing; and it is what `get_durable` said.
pub fn crashes_keep_a_prefix(harness: &mut dyn Harness, rng: &Rng) {
    let spaces = harness.spaces();
    let mut engine = harness.create();
    // Contents after each batch since the last known point.
    let mut after = vec![Contents::new()];
    let mut synced = 0;
    for _ in 0..40 {
        let mut contents = after.last().expect("never empty").clone();
        let batch = random_batch(rng, &spaces);
        apply(&mut contents, &batch);
        after.push(contents);
        match rng.below(10) {
            0 => {
                engine.write_synced(&batch).expect("a write");
                synced = after.len() - 1;
            }
            1 => {
                engine.write(&batch).expect("a write");
                engine.sync().expect("a sync");
                synced = after.len() - 1;
            }
            _ => engine.write(&batch).expect("a write"),
        }
        if chance(rng, 15) {
            let said: Vec<_> = after
                .iter()
                .flat_map(|contents| contents.keys())
                .map(|(space, key)| (*space, key.clone(), engine.get_durable(*space, key).expect("a read")))
                .collect();
            engine = harness.crash(engine);
            let left = dump(&engine.snapshot().expect("a snapshot"), &spaces);
            assert!(
                after[synced..].contains(&left),
                "what is left is no state after the last sync: {left:?} of {:?}",
                &after[synced..]
            );
            // The log engine may keep more than it promised: bytes that reached the operating system.
            let promised = after[synced..].iter().position(|contents| {
                said.iter().all(|(space, key, value)| {
                    contents.get(&(*space, key.clone())).map(|v| &v[..]) == value.as_deref()
                })
            });
            assert!(promised.is_some(), "get_durable said what never was");
            after = vec![left];
            synced = 0;
        }
    }
}

pub fn a_checkpoint_is_a_copy(harness: &mut dyn Harness) {
    let engine = harness.create();
    let spaces = harness.spaces();
    let mut contents = Contents::new();
    let rng = Rng::new(1);
    for _ in 0..20 {
        let batch = random_batch(&rng, &spaces);
        engine.write(&batch).expect("a write");
        apply(&mut contents, &batch);
    }
    let path = harness.fresh_path();
    engine.checkpoint(&path).expect("a checkpoint");
    let mut later = WriteBatch::new();
    later.put(spaces[0], &[b'z'; 13], b"later");
    engine.write(&later).expect("a write");
    assert!(engine.checkpoint(&path).is_err(), "something is there already");

    let copy = harness.open_checkpoint(&engine, &path);
    assert_eq!(dump(&copy.snapshot().expect("a snapshot"), &spaces), contents);
    copy.write(&later).expect("a copy can be written to");
}

pub fn sizes_grow(harness: &mut dyn Harness) {
    let engine = harness.create();
    let space = harness.spaces()[0];
    let key = |n: u32| [&b"k"[..], &n.to_be_bytes(), &[7; 12]].concat();
    let rng = Rng::new(1);
    for chunk in 0..10 {
        let mut batch = WriteBatch::new();
        for n in 0..1000 {
            let mut value = [0; 200];
            rng.fill(&mut value);
            batch.put(space, &key(chunk * 1000 + n), &value);
        }
        engine.write(&batch).expect("a write");
    }
    engine.sync().expect("a sync");
    let size = |from, to| engine.approximate_size(space, &key(from), &key(to)).expect("a size");
    let (all, half) = (size(0, 10_000), size(0, 5_000));
    assert!((1_000_000..5_000_000).contains(&all), "2 MB are said to be {all}");
    assert!((all / 4..all * 3 / 4).contains(&half), "half of {all} is said to be {half}");
    assert!(size(20_000, 30_000) < all / 10);
    assert!(get(&engine, space, &key(9_999)).is_some());
}
