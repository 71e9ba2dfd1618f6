//! Checks of versions, intents and their collection against the model.

use std::sync::Arc;

use base::env::Rng;
use base::{Key, Span, Timestamp, TxnId};
use bytes::Bytes;
use proto::{Decision, TxnRecord};

use super::model::{Model, Scanned, random_read, random_span, random_ts, random_txn, random_user_key};
use super::{Harness, chance, pick};
use crate::batch::WriteBatch;
use crate::engine::{Engine, Snapshot};
use crate::mvcc::{ReadAt, Reader, collect, write};
use crate::overlay::Pending;

pub fn reads_agree_with_the_model(harness: &mut dyn Harness, rng: &Rng) {
    let engine = harness.create();
    let mut model = Model::default();
    for _ in 0..25 {
        let mut batch = WriteBatch::new();
        for _ in 0..=rng.below(12) {
            model.write_something(rng, &mut batch);
        }
        engine.write(&batch).expect("a write");
        if chance(rng, 20) {
            engine.sync().expect("a sync");
        }
        compare(&engine.snapshot().expect("a snapshot"), &model, rng, 12);
    }
}

pub fn an_overlay_agrees_with_the_model(harness: &mut dyn Harness, rng: &Rng) {
    let engine = harness.create();
    let mut model = Model::default();
    let mut pending = Pending::new();
    let mut on_their_way = std::collections::VecDeque::new();
    for number in 0..40 {
        let mut batch = WriteBatch::new();
        for _ in 0..=rng.below(8) {
            model.write_something(rng, &mut batch);
        }
        assert!(pending.add(number, &batch));
        on_their_way.push_back((number, batch));
        while on_their_way.len() > rng.below(5) as usize {
            let (number, batch) = on_their_way.pop_front().expect("it is not empty");
            engine.write(&batch).expect("a write");
            pending.retire(number, &batch);
        }
        compare(&pending.over(engine.snapshot().expect("a snapshot")), &model, rng, 8);
        assert_eq!(pending.is_empty(), on_their_way.is_empty());
    }
    let mut batch = WriteBatch::new();
    batch.delete_range(crate::Space::Mvcc, b"a", b"b");
    assert!(!pending.add(99, &batch));
}

/// Reads of every kind, with random parameters.
fn compare(snapshot: &Arc<dyn Snapshot>, model: &Model, rng: &Rng, times: usize) {
    let mut reader = Reader::new(snapshot.clone());
    for _ in 0..times {
        let at = random_read(rng);
        let key = random_user_key(rng);
        let k = key.as_bytes();
        let expected = model.get(&key, &at).map(|found| found.map(|(value, _)| value));
        assert_eq!(reader.get(k, &at), expected, "get {key} {at:?}");

        let head = reader.head(k).expect("a read");
        let newest = model.versions_of(&key).next();
        assert_eq!(head.intent.as_ref(), model.intents.get(&key));
        assert_eq!(reader.intent(k).expect("a read"), head.intent);
        assert_eq!(head.newest, newest.map(|(meta, _)| meta));
        let version = reader.newest(k).expect("a read");
        assert_eq!(version.map(|v| (v.meta, v.value)), newest.map(|(m, v)| (m, v.clone())));

        let after = random_ts(rng);
        let history = reader.history(k, after).expect("a read");
        assert_eq!(history.intent, head.intent);
        let versions: Vec<_> = model.versions_of(&key).map(|(m, _)| m).filter(|m| m.ts > after).collect();
        assert_eq!(history.versions, versions, "history of {key} after {after}");

        let span = random_span(rng);
        for reverse in [false, true] {
            let mut scan = reader.scan(&span, reverse, at).expect("a scan");
            let mut rows = Vec::new();
            let end = loop {
                match scan.next() {
                    Ok(Some(row)) => {
                        rows.push((Key::from(row.key), Bytes::copy_from_slice(row.value), row.meta));
                    }
                    Ok(None) => break Ok(()),
                    Err(e) => break Err(e),
                }
            };
            assert_eq!(
                Scanned { rows, end },
                model.scan(&span, reverse, &at),
                "scan {span} {reverse} {at:?}"
            );
            assert_eq!(scan.next(), Ok(None), "after its end a scan has no more");
        }

        let (after, upto) = (at.read_ts, at.uncertainty_limit);
        let met = reader.conflict_in(&span, after, upto, at.own, 100).expect("a validation");
        assert_eq!(met, model.conflict_in(&span, after, upto, at.own), "{span} in ({after}, {upto}]");

        let intents = reader.intents_in(&span, at.own, 100).expect("a read");
        let expected: Vec<_> = model
            .intents
            .iter()
            .filter(|(key, intent)| {
                span.contains(key.as_bytes()) && at.own.is_none_or(|own| own == intent.txn.id)
            })
            .map(|(key, intent)| (key.clone(), intent.clone()))
            .collect();
        assert_eq!(intents, expected, "intents in {span}");
    }
}

/// T8: whatever the threshold, reads at or above it stay; and below it little is left.
pub fn collection_changes_no_read_above_its_threshold(harness: &mut dyn Harness, rng: &Rng) {
    let engine = harness.create();
    let mut model = Model::default();
    let mut batch = WriteBatch::new();
    for _ in 0..150 {
        model.write_something(rng, &mut batch);
    }
    engine.write(&batch).expect("a write");
    let threshold = random_ts(rng);
    let mut span = random_span(rng);
    let all = span.clone();
    let mut collected = 0;
    loop {
        let mut batch = WriteBatch::new();
        let snapshot = engine.snapshot().expect("a snapshot");
        // A few versions at a time, so that it stops inside keys too.
        let step = collect(&mut batch, &snapshot, &span, threshold, 80).expect("a collection");
        engine.write(&batch).expect("a write");
        assert_eq!(batch.len() as u64, step.versions);
        collected += step.versions;
        // At every stop on the way, reads are right.
        check_reads_from(&engine, &model, threshold, rng);
        match step.resume {
            Some(start) => span = Span::new(start, span.end),
            None => break,
        }
    }
    let mut reader = Reader::new(engine.snapshot().expect("a snapshot"));
    let mut left = 0;
    for key in model.keys(&Span::all()) {
        let versions = reader.history(key.as_bytes(), Timestamp::ZERO).expect("a read").versions;
        left += versions.len();
        if all.contains(key.as_bytes()) {
            let old = versions.iter().filter(|version| version.ts <= threshold).count();
            let visible =
                reader.get(key.as_bytes(), &ReadAt { own: own(&model, &key), ..ReadAt::exactly(threshold) });
            let visible = visible.expect("its own intent is in nobody's way").is_some();
            assert_eq!(old, usize::from(visible), "only what is visible at {threshold} is left of {key}");
        } else {
            assert_eq!(versions.len(), model.versions_of(&key).count(), "{key} is outside");
        }
    }
    assert_eq!(left as u64 + collected, model.versions.len() as u64);
}

fn own(model: &Model, key: &Key) -> Option<TxnId> {
    model.intents.get(key).map(|intent| intent.txn.id)
}

fn check_reads_from(engine: &Arc<dyn Engine>, model: &Model, threshold: Timestamp, rng: &Rng) {
    let mut reader = Reader::new(engine.snapshot().expect("a snapshot"));
    for key in model.keys(&Span::all()) {
        let read_ts = threshold.max(random_ts(rng));
        let at = ReadAt { own: own(model, &key), ..ReadAt::exactly(read_ts) };
        let expected = model.get(&key, &at).map(|found| found.map(|(value, _)| value));
        assert_eq!(
            reader.get(key.as_bytes(), &at),
            expected,
            "{key} at {read_ts} collected below {threshold}"
        );
    }
}

/// Resolving turns exactly the intents of one transaction into versions or nothing, in steps.
pub fn resolving_is_exact(harness: &mut dyn Harness, rng: &Rng) {
    let engine = harness.create();
    let mut model = Model::default();
    let mut batch = WriteBatch::new();
    for _ in 0..150 {
        model.write_something(rng, &mut batch);
    }
    let record = TxnRecord::Aborted { birth: Timestamp::new(1, 0) };
    write::put_record(&mut batch, b"a", TxnId(1), &record);
    write::put_record(&mut batch, b"b", TxnId(2), &record);
    engine.write(&batch).expect("a write");

    let txn = random_txn(rng);
    let commit_ts = Timestamp::new(40 + rng.below(2), 0);
    let late = random_ts(rng);
    let decision =
        *pick(rng, &[Decision::Aborted, Decision::Committed(commit_ts), Decision::Committed(late)]);
    let number = chance(rng, 50).then(|| rng.below(2) as u32);
    let all = random_span(rng);
    let mut span = all.clone();
    let mut resolved = 0;
    loop {
        let mut batch = WriteBatch::new();
        let snapshot = engine.snapshot().expect("a snapshot");
        let step = write::resolve_span(&mut batch, &snapshot, &span, txn, decision, number, 2)
            .expect("a resolution");
        engine.write(&batch).expect("a write");
        resolved += step.intents;
        match step.resume {
            Some(start) => span = Span::new(start, span.end),
            None => break,
        }
    }
    let gone: Vec<_> = model
        .intents
        .iter()
        .filter(|(key, intent)| {
            all.contains(key.as_bytes()) && intent.txn.id == txn && number.is_none_or(|n| n == intent.number)
        })
        .map(|(key, intent)| (key.clone(), intent.clone()))
        .collect();
    assert_eq!(resolved, gone.len() as u64);
    for (key, intent) in gone {
        model.intents.remove(&key);
        if let Decision::Committed(ts) = decision
            && intent.prepare_ts <= ts
        {
            model.versions.insert((key, std::cmp::Reverse(ts)), (txn, intent.value));
        }
    }
    let snapshot = engine.snapshot().expect("a snapshot");
    compare(&snapshot, &model, rng, 20);

    let reader = Reader::new(snapshot.clone());
    assert_eq!(reader.record(b"a", TxnId(1)).expect("a read"), Some(record.clone()));
    assert_eq!(reader.record(b"a", TxnId(2)).expect("a read"), None);
    let b = (Key::from(&b"b"[..]), TxnId(2), record.clone());
    assert_eq!(
        reader.records_in(&Span::new(b.0.clone(), Key::MAX), 10).expect("a read"),
        std::slice::from_ref(&b)
    );

    // Clearing a span leaves records, and everything outside.
    let mut batch = WriteBatch::new();
    write::clear_span(&mut batch, &snapshot, &all).expect("a clearing");
    write::remove_record(&mut batch, b"a", TxnId(1));
    engine.write(&batch).expect("a write");
    model.versions.retain(|(key, _), _| !all.contains(key.as_bytes()));
    model.intents.retain(|key, _| !all.contains(key.as_bytes()));
    let snapshot = engine.snapshot().expect("a snapshot");
    compare(&snapshot, &model, rng, 20);
    assert_eq!(Reader::new(snapshot).records_in(&Span::all(), 10).expect("a read"), [b]);
}
