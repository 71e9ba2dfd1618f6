use std::collections::BTreeMap;

use base::memory::Account;
use proptest::prelude::*;

use super::*;

fn key(n: u8) -> Key {
    Key::from(vec![b'k', n])
}

fn contents(buffer: &WriteBuffer, reverse: bool, own: OwnWrites) -> Vec<(Key, Option<Bytes>)> {
    let mut cursor = buffer.cursor(&Span::all(), reverse, buffer.read_sequence(own));
    let mut out = Vec::new();
    while let Some(entry) = cursor.next().unwrap() {
        out.push(entry);
    }
    out
}

#[test]
fn a_statement_does_not_see_its_own_writes() {
    let mut buffer = WriteBuffer::new(&Account::root("test", 1 << 20), 1 << 20, None);
    buffer.begin_statement();
    buffer.put(key(1), Some("one".into())).unwrap();
    assert_eq!(buffer.get(&key(1), buffer.read_sequence(OwnWrites::BeforeStatement)).unwrap(), None);
    assert_eq!(buffer.get(&key(1), buffer.read_sequence(OwnWrites::All)).unwrap(), Some(Some("one".into())));
    buffer.begin_statement();
    buffer.put(key(1), None).unwrap();
    let before = buffer.read_sequence(OwnWrites::BeforeStatement);
    assert_eq!(buffer.get(&key(1), before).unwrap(), Some(Some("one".into())));
    buffer.begin_statement();
    let after = buffer.read_sequence(OwnWrites::BeforeStatement);
    assert_eq!(buffer.get(&key(1), after).unwrap(), Some(None));
}

#[test]
fn a_full_account_without_a_directory_is_an_error() {
    let account = Account::root("test", 10_000);
    let mut buffer = WriteBuffer::new(&account, 1 << 20, None);
    let mut failed = None;
    for n in 0..100u8 {
        if let Err(error) = buffer.put(key(n), Some(vec![0; 500].into())) {
            failed = Some((n, error));
            break;
        }
    }
    let (n, error) = failed.expect("50 kB do not fit in 10 kB");
    assert!(n > 5, "{n}");
    assert!(matches!(error, Error::OutOfMemory(_)), "{error}");
    drop(buffer);
    assert_eq!(account.used(), 0);
}

#[test]
fn a_bulk_load_fits_in_little_memory() {
    let dir = tempfile::tempdir().unwrap();
    let spill = SpillDir::open(dir.path()).unwrap();
    let account = Account::root("test", 2 << 20);
    let mut buffer = WriteBuffer::new(&account, 1 << 20, Some(spill));
    buffer.begin_statement();
    for n in 0..40_000u32 {
        // Not in key order.
        let k = Key::from(n.wrapping_mul(2_654_435_761).to_be_bytes().to_vec());
        buffer.put(k, Some(vec![n as u8; 120].into())).unwrap();
        assert!(account.used() <= 2 << 20);
    }
    assert!(buffer.spills() > 4, "{}", buffer.spills());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "files are unlinked at once");
    let mut seen = 0;
    let mut last = None;
    let mut cursor = buffer.cursor(&Span::all(), false, buffer.read_sequence(OwnWrites::All));
    while let Some((k, v)) = cursor.next().unwrap() {
        assert!(last.as_ref().is_none_or(|l| *l < k));
        assert_eq!(v.unwrap().len(), 120);
        last = Some(k);
        seen += 1;
    }
    assert_eq!(seen, 40_000);
    let k = Key::from(77u32.wrapping_mul(2_654_435_761).to_be_bytes().to_vec());
    assert_eq!(buffer.get(&k, buffer.read_sequence(OwnWrites::All)).unwrap().flatten().unwrap()[0], 77);
    drop(buffer);
    assert_eq!(account.used(), 0);
}

#[test]
fn what_an_earlier_process_left_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("7.spill"), "old").unwrap();
    std::fs::write(dir.path().join("other"), "not ours").unwrap();
    SpillDir::open(dir.path()).unwrap();
    let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["other"]);
}

#[derive(Clone, Debug)]
enum Step {
    Put(u8, u8),
    Delete(u8),
    Statement,
    Savepoint,
    RollbackTo(usize),
    Release(usize),
    Spill,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0u8..8, any::<u8>()).prop_map(|(k, v)| Step::Put(k, v)),
        2 => (0u8..8).prop_map(Step::Delete),
        3 => Just(Step::Statement),
        2 => Just(Step::Savepoint),
        2 => (0usize..4).prop_map(Step::RollbackTo),
        1 => (0usize..4).prop_map(Step::Release),
        1 => Just(Step::Spill),
    ]
}

type Model = BTreeMap<Key, Option<Bytes>>;

proptest! {
    #[test]
    fn behaves_like_a_map_with_snapshots(steps in prop::collection::vec(step(), 1..60)) {
        let dir = tempfile::tempdir().unwrap();
        let spill = SpillDir::open(dir.path()).unwrap();
        let account = Account::root("test", 1 << 20);
        let mut buffer = WriteBuffer::new(&account, 1 << 20, Some(spill));
        let mut now = Model::new();
        let mut at_statement = Model::new();
        let mut savepoints: Vec<(Savepoint, Model)> = Vec::new();
        for step in steps {
            match step {
                Step::Put(k, v) => {
                    let value = Some(Bytes::from(vec![v]));
                    buffer.put(key(k), value.clone()).unwrap();
                    now.insert(key(k), value);
                }
                Step::Delete(k) => {
                    buffer.put(key(k), None).unwrap();
                    now.insert(key(k), None);
                }
                Step::Statement => {
                    buffer.begin_statement();
                    at_statement = now.clone();
                }
                Step::Savepoint => savepoints.push((buffer.savepoint(), now.clone())),
                Step::RollbackTo(i) if i < savepoints.len() => {
                    savepoints.truncate(i + 1);
                    buffer.rollback_to(savepoints[i].0);
                    now = savepoints[i].1.clone();
                    at_statement = now.clone();
                }
                Step::Release(i) if i < savepoints.len() => {
                    for (savepoint, _) in savepoints.drain(i..).rev() {
                        buffer.release(savepoint);
                    }
                }
                Step::Spill => buffer.spill().unwrap(),
                Step::RollbackTo(_) | Step::Release(_) => {}
            }
            for (own, model) in [(OwnWrites::All, &now), (OwnWrites::BeforeStatement, &at_statement)] {
                let expected: Vec<_> = model.clone().into_iter().collect();
                prop_assert_eq!(contents(&buffer, false, own), expected.clone());
                let mut reversed = contents(&buffer, true, own);
                reversed.reverse();
                prop_assert_eq!(reversed, expected);
                for n in 0..8 {
                    let found = buffer.get(&key(n), buffer.read_sequence(own)).unwrap();
                    prop_assert_eq!(found, model.get(&key(n)).cloned());
                }
            }
        }
    }
}
