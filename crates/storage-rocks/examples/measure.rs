//! Measures what docs/decisions/0003-storage-layout.md rests on: `cargo run -p storage-rocks --example measure`.
#![allow(clippy::disallowed_methods, clippy::print_stdout)] // It measures this machine's real time.

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use base::{Key, Span, Timestamp, TxnId};
use rocksdb::{DB, WriteOptions};
use storage::mvcc::{ReadAt, Reader, write};
use storage::{CursorOptions, Engine, Space, WriteBatch};
use storage_rocks::{Options, open};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const ROWS: u64 = 1_000_000;

fn main() -> Result<()> {
    let dir = tempfile::TempDir::new()?;
    let only = std::env::args().nth(1);
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    if wanted("open") {
        opening(dir.path())?;
    }
    if wanted("layout") {
        println!(
            "one log writer syncing batches of 4 entries of 200 B, one applier writing 2 puts of 150 B per command"
        );
        for round in 1..=2 {
            layout(dir.path(), false)?;
            layout(dir.path(), true)?;
            println!("   (round {round})");
        }
    }
    if wanted("sync") {
        sync(dir.path())?;
    }
    if wanted("mvcc") {
        mvcc(dir.path())?;
    }
    Ok(())
}

/// Time and memory of an empty and of a used directory.
fn opening(dir: &std::path::Path) -> Result<()> {
    let resident = || -> Result<f64> {
        let statm = std::fs::read_to_string("/proc/self/statm")?;
        let pages: f64 = statm.split(' ').nth(1).ok_or("no second field")?.parse()?;
        Ok(pages * 4096.0 / 1e6)
    };
    println!("{:<52}{:>10.1} MB resident", "before", resident()?);
    for round in ["empty directory", "again"] {
        let start = Instant::now();
        let engines = open(&dir.join("open"), &Options::default())?;
        println!("{:<52}{:>10.1} ms", format!("open, {round}"), start.elapsed().as_secs_f64() * 1e3);
        println!("{:<52}{:>10.1} MB resident", format!("open, {round}"), resident()?);
        let mut batch = WriteBatch::new();
        batch.put(Space::Local, b"applied", b"1");
        batch.put(Space::Mvcc, &[1; 20], b"1");
        engines.data.write(&batch)?;
        println!("{:<52}{:>10.1} MB resident", "after one write", resident()?);
        engines.close()?;
    }
    Ok(())
}

/// Applying beside a log that is synced all the time: in one instance, or in two.
fn layout(dir: &std::path::Path, two: bool) -> Result<()> {
    let families = ["log", "mvcc", "local"];
    let mut options = rocksdb::Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    options.set_atomic_flush(!two);
    let name = if two { "two" } else { "one" };
    let path = dir.join(format!("layout-{name}"));
    let first = DB::open_cf(&options, path.join("a"), families)?;
    let second = DB::open_cf(&options, path.join("b"), families)?;
    let (log, data) = (&first, if two { &second } else { &first });
    let stop = AtomicBool::new(false);
    let run = Duration::from_secs(3);
    let (mut syncs, mut applied) = (Vec::new(), Vec::new());
    std::thread::scope(|scope| -> Result<()> {
        let writer = scope.spawn(|| -> Result<Vec<Duration>> {
            let mut options = WriteOptions::default();
            options.set_sync(true);
            let cf = log.cf_handle("log").ok_or("no column family")?;
            let mut times = Vec::new();
            let mut n = 0u64;
            while !stop.load(Ordering::Relaxed) {
                let mut batch = rocksdb::WriteBatch::default();
                for _ in 0..4 {
                    n += 1;
                    batch.put_cf(cf, n.to_be_bytes(), [7; 200]);
                }
                let start = Instant::now();
                log.write_opt(batch, &options)?;
                times.push(start.elapsed());
            }
            Ok(times)
        });
        let mut options = WriteOptions::default();
        options.disable_wal(true);
        let (mvcc, local) = (
            data.cf_handle("mvcc").ok_or("no column family")?,
            data.cf_handle("local").ok_or("no column family")?,
        );
        let started = Instant::now();
        let mut n = 0u64;
        while started.elapsed() < run {
            n += 1;
            let mut batch = rocksdb::WriteBatch::default();
            batch.put_cf(mvcc, n.to_be_bytes(), [7; 150]);
            batch.put_cf(mvcc, (n + (1 << 40)).to_be_bytes(), [7; 150]);
            batch.put_cf(local, b"applied", n.to_be_bytes());
            let start = Instant::now();
            data.write_opt(batch, &options)?;
            applied.push(start.elapsed());
            // About what a command costs elsewhere, so that the applier does not fill the machine.
            while start.elapsed() < Duration::from_micros(50) {
                std::hint::spin_loop();
            }
        }
        stop.store(true, Ordering::Relaxed);
        syncs = writer.join().map_err(|_| "the writer panicked")??;
        Ok(())
    })?;
    report(&format!("{name} instance(s): synced log write"), &mut syncs, run);
    report(&format!("{name} instance(s): application"), &mut applied, run);
    Ok(())
}

/// Two ways to make a batch of the log durable.
fn sync(dir: &std::path::Path) -> Result<()> {
    let engines = open(&dir.join("sync"), &Options::default())?;
    for entries in [1u64, 16, 256] {
        for together in [true, false] {
            let run = Duration::from_secs(2);
            let started = Instant::now();
            let mut times = Vec::new();
            let mut n = 0u64;
            while started.elapsed() < run {
                let mut batch = WriteBatch::new();
                for _ in 0..entries {
                    n += 1;
                    batch.put(Space::Log, &n.to_be_bytes(), &[7; 124]);
                }
                let start = Instant::now();
                if together {
                    engines.log.write_synced(&batch)?;
                } else {
                    engines.log.write(&batch)?;
                    engines.log.sync()?;
                }
                times.push(start.elapsed());
            }
            let how = if together { "write(sync)" } else { "write, flush_wal(sync)" };
            report(&format!("{entries} entries, {how}"), &mut times, run);
        }
    }
    Ok(())
}

/// Versions: loading, point reads, scans, and what their parts cost.
fn mvcc(dir: &std::path::Path) -> Result<()> {
    let engines = open(&dir.join("mvcc"), &Options { cache_bytes: 512 << 20, ..Options::default() })?;
    let data = &engines.data;
    // As a table's keys: table and index numbers, then an eight-byte integer.
    let key = |n: u64| [&[0x80, 0, 0, 0, 0, 0, 0, 70, 1][..], &(n | 1 << 63).to_be_bytes()].concat();
    let start = Instant::now();
    for chunk in 0..ROWS / 100 {
        let mut batch = WriteBatch::with_capacity(16 << 10);
        for n in chunk * 100..(chunk + 1) * 100 {
            write::put_version(&mut batch, &key(n), Timestamp::new(10, 0), TxnId(1), Some(&[7; 100]));
        }
        batch.put(Space::Local, b"applied", &chunk.to_be_bytes());
        data.write(&batch)?;
    }
    per("load, batches of 100", start.elapsed(), ROWS);
    let start = Instant::now();
    data.sync()?;
    println!("{:<52}{:>10.1} ms", "flush", start.elapsed().as_secs_f64() * 1e3);
    data.compact(Space::Mvcc)?;
    println!("{:<52}{:>10.1} MB", "files", data.stats().disk_bytes as f64 / 1e6);

    let at = ReadAt::exactly(Timestamp::new(20, 0));
    let mut seed = 1u64;
    let mut random = || {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) % ROWS
    };
    let mut reader = Reader::new(data.snapshot()?);
    let scan = |reader: &Reader, reverse| -> Result<u64> {
        let mut scan = reader.scan(&Span::all(), reverse, at)?;
        let mut bytes = 0;
        while let Some(row) = scan.next()? {
            bytes += row.key.len() as u64 + row.value.len() as u64;
        }
        Ok(bytes)
    };
    for round in 1..=2 {
        println!("-- round {round}");
        for (reverse, name) in [(false, "scan, per row"), (true, "reverse scan, per row")] {
            let start = Instant::now();
            let bytes = scan(&reader, reverse)?;
            per(name, start.elapsed(), ROWS);
            assert_eq!(bytes, ROWS * 117);
        }
        let mut raw = data.snapshot()?.cursor(Space::Mvcc, CursorOptions::within(vec![0], vec![0xff]))?;
        let start = Instant::now();
        let mut more = raw.seek_to_first()?;
        while more {
            more = raw.next()?;
        }
        per("bare cursor, per entry", start.elapsed(), ROWS);

        let times = 200_000;
        let start = Instant::now();
        for _ in 0..times {
            let found = reader.get_ref(&key(random()), &at)?;
            assert!(found.is_some());
        }
        per("get, one reader", start.elapsed(), times);
        let start = Instant::now();
        for _ in 0..times {
            assert!(reader.get_ref(&key(ROWS + random()), &at)?.is_none());
        }
        per("get of what is not there, one reader", start.elapsed(), times);
        let start = Instant::now();
        for _ in 0..times {
            let mut reader = Reader::new(data.snapshot()?);
            assert!(reader.get_ref(&key(random()), &at)?.is_some());
        }
        per("get, a snapshot and reader each", start.elapsed(), times);
        let start = Instant::now();
        for _ in 0..times {
            drop(data.snapshot()?);
        }
        per("snapshot", start.elapsed(), times);
        let start = Instant::now();
        for _ in 0..times {
            drop(reader.snapshot().cursor(Space::Mvcc, CursorOptions::point())?);
        }
        per("point cursor", start.elapsed(), times);
        let start = Instant::now();
        for _ in 0..times / 10 {
            let from = random();
            let span = Span::new(Key::from(key(from)), Key::from(key(from + 10)));
            let mut scan = reader.scan(&span, false, at)?;
            while scan.next()?.is_some() {}
        }
        per("scan of 10 rows", start.elapsed(), times / 10);
        let start = Instant::now();
        for n in 0..times {
            let mut batch = WriteBatch::new();
            let key = key(random());
            write::put_version(&mut batch, &key, Timestamp::new(30 + n, round), TxnId(2), Some(&[8; 100]));
            batch.put(Space::Local, b"applied", &n.to_be_bytes());
            data.write(&batch)?;
        }
        per("write of one version and the applied state", start.elapsed(), times);
        reader = Reader::new(data.snapshot()?);
    }
    Ok(())
}

fn per(name: &str, took: Duration, times: u64) {
    println!("{name:<52}{:>10.2} us", took.as_secs_f64() * 1e6 / times as f64);
}

fn report(name: &str, times: &mut [Duration], run: Duration) {
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e6;
    println!(
        "{name:<40}{:>9.0}/s  p50 {:>7.1} us  p99 {:>7.1} us  p99.9 {:>7.1} us",
        times.len() as f64 / run.as_secs_f64(),
        at(0.5),
        at(0.99),
        at(0.999)
    );
}
