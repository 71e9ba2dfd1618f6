//! Opening data directories, good and bad, and disks that fill up.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base::{RangeId, Timestamp, TxnId};
use storage::keys::{RangeState, range_state_key};
use storage::mvcc::{ReadAt, Reader, write};
use storage::{Engine, Error, Health, Space, WriteBatch};
use storage_rocks::{OpenError, Options, open};
use tempfile::TempDir;

fn put(space: Space, key: &[u8], value: &[u8]) -> WriteBatch {
    let mut batch = WriteBatch::new();
    batch.put(space, key, value);
    batch
}

fn fails(path: &std::path::Path) -> OpenError {
    let error = open(path, &Options::default()).map(|_| ()).unwrap_err();
    assert_eq!(error.to_string().lines().count(), 1, "{error}");
    error
}

#[test]
fn what_was_synced_is_there_again() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("new").join("deep");
    let engines = open(&path, &Options::default()).unwrap();
    assert!(engines.created);
    engines.log.write_synced(&put(Space::Log, b"a", b"1")).unwrap();
    engines.data.write(&put(Space::Local, b"b", b"2")).unwrap();
    engines.close().unwrap();

    let engines = open(&path, &Options::default()).unwrap();
    assert!(!engines.created);
    assert_eq!(engines.log.get(Space::Log, b"a").unwrap().unwrap(), "1");
    assert_eq!(engines.data.get(Space::Local, b"b").unwrap().unwrap(), "2");
}

/// T13: the applied state that a range reads as durable is the one that a crash leaves, with the data of the same
/// batch.
#[test]
fn t13_durable_applied_state_goes_with_its_data() {
    let dir = TempDir::new().unwrap();
    let applied = range_state_key(RangeId(1), RangeState::Applied);
    let key = |n: u64| [b"k".as_slice(), &n.to_be_bytes()].concat();
    let small = Options { data_memtable_bytes: 128 << 10, ..Options::default() };
    let mut engines = open(dir.path(), &small).unwrap();
    let mut from = 0;
    for round in 1..=4u64 {
        // Enough that memory fills and is flushed by itself at times nobody chose.
        for n in from..round * 2000 {
            let mut batch = WriteBatch::new();
            write::put_version(
                &mut batch,
                &key(n),
                Timestamp::new(n + 1, 0),
                TxnId(n.into()),
                Some(&[7; 100]),
            );
            batch.put(Space::Local, &applied, &n.to_be_bytes());
            engines.data.write(&batch).unwrap();
            if n % 500 == 499 {
                let durable = engines.data.get_durable(Space::Local, &applied).unwrap();
                let now = engines.data.get(Space::Local, &applied).unwrap();
                assert_eq!(now.as_deref(), Some(&n.to_be_bytes()[..]));
                assert!(durable <= now);
            }
        }
        let promised = engines.data.get_durable(Space::Local, &applied).unwrap();
        drop(engines);
        engines = open(dir.path(), &small).unwrap();
        let left = engines.data.get(Space::Local, &applied).unwrap();
        // A flush that was under way may have finished since.
        assert!(left >= promised, "{left:?} is before {promised:?}");
        let last = left.map(|bytes| u64::from_be_bytes(bytes[..].try_into().unwrap()));
        let mut reader = Reader::new(engines.data.snapshot().unwrap());
        for n in 0..round * 2000 {
            let found = reader.get(&key(n), &ReadAt::exactly(Timestamp::new(u64::MAX, 0))).unwrap();
            assert_eq!(found.is_some(), last.is_some_and(|last| n <= last), "{n} with {last:?} applied");
        }
        from = last.map_or(0, |last| last + 1);
    }
    assert!(from > 2000, "memory was never flushed by itself");
}

#[test]
fn a_directory_in_use_is_refused() {
    let dir = TempDir::new().unwrap();
    let engines = open(dir.path(), &Options::default()).unwrap();
    assert_eq!(fails(dir.path()), OpenError::Locked(dir.path().to_owned()));
    let snapshot = engines.log.snapshot().unwrap();
    drop(engines);
    assert_eq!(fails(dir.path()), OpenError::Locked(dir.path().to_owned()), "a snapshot is still there");
    drop(snapshot);
    open(dir.path(), &Options::default()).unwrap();
}

#[test]
fn foreign_directories_are_refused_and_left_alone() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("diary.txt"), "dear diary").unwrap();
    assert_eq!(fails(dir.path()), OpenError::Foreign(dir.path().to_owned()));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);

    fs::write(dir.path().join("FORMAT"), "something else\n").unwrap();
    assert_eq!(fails(dir.path()), OpenError::Foreign(dir.path().to_owned()));
    fs::write(dir.path().join("FORMAT"), [0xff, 0xfe, 0]).unwrap();
    assert_eq!(fails(dir.path()), OpenError::Foreign(dir.path().to_owned()));

    let file = dir.path().join("diary.txt");
    assert!(matches!(fails(&file), OpenError::NoDirectory { .. }));
    assert!(matches!(fails(&file.join("below")), OpenError::NoDirectory { .. }));
}

#[test]
fn a_newer_format_is_refused_before_anything_is_opened() {
    let dir = TempDir::new().unwrap();
    drop(open(dir.path(), &Options::default()).unwrap());
    fs::write(dir.path().join("FORMAT"), "holdfast data directory\nformat 7\nstate ready\n").unwrap();
    let error = fails(dir.path());
    assert_eq!(
        error.to_string(),
        format!(
            "data directory {} has format version 7; this version of holdfast reads up to 1",
            dir.path().display()
        )
    );
    fs::write(dir.path().join("FORMAT"), "holdfast data directory\nformat 1\n").unwrap();
    assert!(matches!(fails(dir.path()), OpenError::Corrupt { .. }));
}

#[test]
fn an_interrupted_creation_is_finished() {
    let dir = TempDir::new().unwrap();
    drop(open(dir.path(), &Options::default()).unwrap());
    fs::write(dir.path().join("FORMAT"), "holdfast data directory\nformat 1\nstate creating\n").unwrap();
    fs::remove_dir_all(dir.path().join("data")).unwrap();
    assert!(open(dir.path(), &Options::default()).unwrap().created);
    assert!(!open(dir.path(), &Options::default()).unwrap().created);
}

#[test]
fn a_lost_instance_is_not_made_anew() {
    for lost in ["data", "log"] {
        let dir = TempDir::new().unwrap();
        drop(open(dir.path(), &Options::default()).unwrap());
        fs::remove_dir_all(dir.path().join(lost)).unwrap();
        assert!(matches!(fails(dir.path()), OpenError::Corrupt { .. }), "{lost}");
    }
}

#[test]
fn damaged_files_are_noticed() {
    let dir = TempDir::new().unwrap();
    let engines = open(dir.path(), &Options::default()).unwrap();
    let mut batch = WriteBatch::new();
    for n in 0..1000u32 {
        batch.put(Space::Local, &n.to_be_bytes(), &[n as u8; 100]);
    }
    engines.data.write(&batch).unwrap();
    engines.close().unwrap();
    let tables: Vec<_> = fs::read_dir(dir.path().join("data"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sst"))
        .collect();
    assert!(!tables.is_empty());

    // A flipped bit in a block of data: the read says so instead of answering.
    for table in &tables {
        let mut bytes = fs::read(table).unwrap();
        bytes[100] ^= 0x10;
        fs::write(table, bytes).unwrap();
    }
    let engines = open(dir.path(), &Options::default()).unwrap();
    assert!(matches!(engines.data.get(Space::Local, &0u32.to_be_bytes()), Err(Error::Corrupt(_))));
    drop(engines);

    // A lost file, a damaged manifest.
    fs::remove_file(&tables[0]).unwrap();
    assert!(matches!(fails(dir.path()), OpenError::Corrupt { .. }));
    fs::write(dir.path().join("data").join("CURRENT"), "nonsense").unwrap();
    assert!(matches!(fails(dir.path()), OpenError::Corrupt { .. }));
}

/// Acknowledged writes that are damaged must not vanish silently; a torn last record was never acknowledged.
#[test]
fn a_damaged_log_is_refused_and_a_torn_tail_is_not() {
    let dir = TempDir::new().unwrap();
    let engines = open(dir.path(), &Options::default()).unwrap();
    for n in 0..200u32 {
        engines.log.write_synced(&put(Space::Log, &n.to_be_bytes(), &[n as u8; 100])).unwrap();
    }
    drop(engines);
    let log = fs::read_dir(dir.path().join("log"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "log"))
        .unwrap();
    let whole = fs::read(&log).unwrap();

    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 0x10;
    fs::write(&log, &damaged).unwrap();
    assert!(matches!(fails(dir.path()), OpenError::Corrupt { .. }));

    fs::write(&log, &whole[..whole.len() - 30]).unwrap();
    let engines = open(dir.path(), &Options::default()).unwrap();
    assert!(engines.log.get(Space::Log, &198u32.to_be_bytes()).unwrap().is_some());
    assert!(engines.log.get(Space::Log, &199u32.to_be_bytes()).unwrap().is_none());
}

#[test]
fn a_full_disk_refuses_writes_and_recovers() {
    let dir = TempDir::new().unwrap();
    let free = Arc::new(AtomicU64::new(1 << 40));
    let says = free.clone();
    let options =
        Options { free_bytes: Arc::new(move |_| Some(says.load(Ordering::SeqCst))), ..Options::default() };
    let engines = open(dir.path(), &options).unwrap();
    for (engine, space) in [(&engines.data, Space::Local), (&engines.log, Space::Log)] {
        free.store(1 << 40, Ordering::SeqCst);
        engine.write(&put(space, b"a", b"1")).unwrap();
        assert_eq!(engine.health(), Health::Ok);

        free.store(1 << 20, Ordering::SeqCst);
        // It does not look before every write; it does after a megabyte.
        let refused = (0..100).find_map(|_| engine.write(&put(space, b"b", &[0; 100_000])).err());
        assert_eq!(refused, Some(Error::DiskFull));
        assert_eq!(engine.health(), Health::DiskFull);
        assert_eq!(engine.get(space, b"a").unwrap().unwrap(), "1");
        assert_eq!(engine.write(&put(space, b"c", b"")), Err(Error::DiskFull));
        assert_eq!(engine.write_synced(&put(space, b"c", b"")), Err(Error::DiskFull));
        engine.write_reserved(&put(space, b"r", b"2")).unwrap();
        assert_eq!(engine.get_durable(space, b"r").unwrap().unwrap(), "2");

        free.store(1 << 40, Ordering::SeqCst);
        engine.write(&put(space, b"c", b"")).unwrap();
        assert_eq!(engine.health(), Health::Ok);
    }
}

#[test]
fn a_wrong_space_is_refused() {
    let dir = TempDir::new().unwrap();
    let engines = open(dir.path(), &Options::default()).unwrap();
    assert!(engines.data.write(&put(Space::Log, b"a", b"")).is_err());
    assert!(engines.log.get(Space::Mvcc, b"a").is_err());
    assert_eq!(engines.data.health(), Health::Ok);
}

#[test]
fn stats_count() {
    let dir = TempDir::new().unwrap();
    let engines = open(dir.path(), &Options::default()).unwrap();
    let mut batch = WriteBatch::new();
    for n in 0..1000u32 {
        batch.put(Space::Local, &n.to_be_bytes(), &[7; 100]);
    }
    engines.data.write(&batch).unwrap();
    let before = engines.data.stats();
    assert!(before.memtable_bytes > 100_000 && before.disk_bytes == 0, "{before:?}");
    engines.data.sync().unwrap();
    let after = engines.data.stats();
    assert!(after.disk_bytes > 0 && after.keys == 1000, "{after:?}");
    assert_eq!((after.writes, after.syncs), (1, 1));
}

/// After a failed flush nobody knows what is on disk: the engine refuses everything, reads too.
#[test]
fn a_failed_sync_poisons() {
    let dir = TempDir::new().unwrap();
    let engines = open(dir.path(), &Options::default()).unwrap();
    engines.data.write(&put(Space::Local, b"a", b"1")).unwrap();
    fs::rename(dir.path().join("data"), dir.path().join("gone")).unwrap();
    assert!(matches!(engines.data.sync(), Err(Error::Io(_))));
    assert!(matches!(engines.data.health(), Health::Poisoned(_)));
    assert!(matches!(engines.data.get(Space::Local, b"a"), Err(Error::Poisoned(_))));
    assert!(matches!(engines.data.write(&put(Space::Local, b"a", b"2")), Err(Error::Poisoned(_))));
    assert!(engines.data.snapshot().is_err());
    assert_eq!(engines.log.health(), Health::Ok);
}
