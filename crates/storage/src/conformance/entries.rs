//! Checks of batches, snapshots and cursors.

use base::env::Rng;

use super::{Contents, Harness, apply, chance, dump, get, pick, random_batch, random_key};
use crate::batch::WriteBatch;
use crate::engine::{CursorOptions, Health};

pub fn empty_engines_are_empty(harness: &mut dyn Harness) {
    let engine = harness.create();
    for space in harness.spaces() {
        assert_eq!(get(&engine, space, b"k"), None);
        assert_eq!(engine.get_durable(space, b"k").expect("a read"), None);
        let snapshot = engine.snapshot().expect("a snapshot");
        let mut cursor = snapshot.cursor(space, CursorOptions::default()).expect("a cursor");
        assert!(!cursor.valid());
        assert!(!cursor.seek_to_first().expect("a seek"));
        assert!(!cursor.seek_to_last().expect("a seek"));
        assert!(!cursor.seek(b"a").expect("a seek"));
        assert!(!cursor.seek_before(b"a").expect("a seek"));
    }
    engine.write(&WriteBatch::new()).expect("an empty batch");
    engine.sync().expect("a sync of nothing");
    assert_eq!(engine.health(), Health::Ok);
}

pub fn batches_are_ordered_and_atomic(harness: &mut dyn Harness) {
    let engine = harness.create();
    for space in harness.spaces() {
        let key = |name: &str| [name.as_bytes(), &[7; 12]].concat();
        let mut batch = WriteBatch::new();
        batch.put(space, &key("a"), b"1");
        batch.put(space, &key("a"), b"2");
        batch.put(space, &key("b"), b"3");
        batch.delete(space, &key("b"));
        batch.put(space, &key("c"), b"");
        batch.put(space, &key("d"), b"4");
        batch.delete_range(space, b"d", b"e");
        batch.put(space, &key("d2"), b"5");
        engine.write(&batch).expect("a write");
        assert_eq!(get(&engine, space, &key("a")).as_deref(), Some(&b"2"[..]));
        assert_eq!(get(&engine, space, &key("b")), None);
        assert_eq!(get(&engine, space, &key("c")).as_deref(), Some(&b""[..]));
        assert_eq!(get(&engine, space, &key("d")), None);
        assert_eq!(get(&engine, space, &key("d2")).as_deref(), Some(&b"5"[..]));
    }
}

pub fn snapshots_do_not_change(harness: &mut dyn Harness) {
    let engine = harness.create();
    let spaces = harness.spaces();
    let key = [7; 13];
    let mut batch = WriteBatch::new();
    for space in &spaces {
        batch.put(*space, &key, b"old");
    }
    engine.write(&batch).expect("a write");
    let snapshot = engine.snapshot().expect("a snapshot");
    let mut cursor = snapshot.cursor(spaces[0], CursorOptions::default()).expect("a cursor");
    batch.clear();
    for space in &spaces {
        batch.put(*space, &key, b"new");
        batch.put(*space, &[8; 13], b"new");
    }
    engine.write(&batch).expect("a write");
    engine.sync().expect("a sync");
    for space in &spaces {
        assert_eq!(snapshot.get(*space, &key).expect("a read").as_deref(), Some(&b"old"[..]));
        assert_eq!(get(&engine, *space, &key).as_deref(), Some(&b"new"[..]));
    }
    // A cursor keeps its snapshot, and a snapshot its engine.
    drop(snapshot);
    drop(engine);
    assert!(cursor.seek_to_first().expect("a seek"));
    assert_eq!((cursor.key(), cursor.value()), (&key[..], &b"old"[..]));
    assert!(!cursor.next().expect("a step"));
}

pub fn cursors_stay_within_bounds(harness: &mut dyn Harness) {
    let engine = harness.create();
    for space in harness.spaces() {
        let key = |n: u8| [&[n][..], &[7; 12]].concat();
        let mut batch = WriteBatch::new();
        for n in [10, 20, 30, 40, 50] {
            batch.put(space, &key(n), &[n]);
        }
        engine.write(&batch).expect("a write");
        let snapshot = engine.snapshot().expect("a snapshot");
        let bounds = CursorOptions::within(key(20), key(50));
        let mut cursor = snapshot.cursor(space, bounds).expect("a cursor");
        assert!(cursor.seek_to_first().expect("a seek") && cursor.value() == [20]);
        assert!(!cursor.prev().expect("a step"), "nothing lies before the lower bound");
        assert!(cursor.seek_to_last().expect("a seek") && cursor.value() == [40]);
        assert!(!cursor.next().expect("a step"), "nothing lies at the upper bound");
        assert!(cursor.seek(&key(1)).expect("a seek") && cursor.value() == [20]);
        assert!(!cursor.seek(&key(41)).expect("a seek"));
        assert!(cursor.seek_before(&key(60)).expect("a seek") && cursor.value() == [40]);
        assert!(cursor.seek_before(&key(40)).expect("a seek") && cursor.value() == [30]);
        assert!(!cursor.seek_before(&key(20)).expect("a seek"));
    }
}

/// Random batches, snapshots kept over them, and random walks in random bounds.
pub fn random_walks(harness: &mut dyn Harness, rng: &Rng) {
    let engine = harness.create();
    let spaces = harness.spaces();
    let mut now = Contents::new();
    let mut kept = Vec::new();
    for round in 0..60 {
        let batch = random_batch(rng, &spaces);
        engine.write(&batch).expect("a write");
        apply(&mut now, &batch);
        if chance(rng, 10) {
            engine.sync().expect("a sync");
        }
        if chance(rng, 20) {
            kept.push((engine.snapshot().expect("a snapshot"), now.clone()));
        }
        let (snapshot, contents) = match kept.is_empty() || chance(rng, 50) {
            true => &(engine.snapshot().expect("a snapshot"), now.clone()),
            false => pick(rng, &kept),
        };
        assert_eq!(&dump(snapshot, &spaces), contents, "round {round}");

        let space = *pick(rng, &spaces);
        let options = CursorOptions::within(random_key(rng), random_key(rng));
        let inside: Vec<_> = contents
            .iter()
            .filter(|((s, key), _)| {
                *s == space
                    && *key >= options.lower
                    && (options.upper.is_empty() || *key < options.upper)
                    && (options.upper.is_empty() || options.lower < options.upper)
            })
            .map(|((_, key), value)| (key.clone(), value.clone()))
            .collect();
        if !options.upper.is_empty() && options.lower >= options.upper {
            continue; // An empty span is nobody's business here: callers stop before.
        }
        let mut cursor = snapshot.cursor(space, options).expect("a cursor");
        let mut at: Option<usize> = None;
        for _ in 0..30 {
            let target = random_key(rng);
            let (moved, expected) = match (rng.below(6), at) {
                (0, _) => (cursor.seek_to_first(), (!inside.is_empty()).then_some(0)),
                (1, _) => (cursor.seek_to_last(), inside.len().checked_sub(1)),
                (2, _) => {
                    let place = inside.iter().position(|(key, _)| *key >= target);
                    (cursor.seek(&target), place)
                }
                (3, _) => {
                    let place = inside.iter().rposition(|(key, _)| *key < target);
                    (cursor.seek_before(&target), place)
                }
                (4, Some(at)) => (cursor.next(), Some(at + 1).filter(|at| *at < inside.len())),
                (_, Some(at)) => (cursor.prev(), at.checked_sub(1)),
                _ => continue,
            };
            assert_eq!(moved.expect("a move"), expected.is_some());
            assert_eq!(cursor.valid(), expected.is_some());
            if let Some(place) = expected {
                assert_eq!((cursor.key(), cursor.value()), (&inside[place].0[..], &inside[place].1[..]));
            }
            at = expected;
        }
    }
}
