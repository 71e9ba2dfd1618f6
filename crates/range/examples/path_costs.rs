//! What a request costs in evaluation alone: no log, no network, an engine in memory.
//!
//! `cargo run -p range --example path_costs`

use std::future::Future;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base::env::PhysicalClock as _;
use base::{Key, NodeId, ProcessId, Span, Timestamp, TxnId};
use proto::{
    CommitRequest, GetRequest, ReadOptions, Request, Response, ScanRequest, TxnRef, Validation, Write,
};
use range::{LocalKv, Settings};

const KEYS: u64 = 10_000;
const ROUNDS: u64 = 50_000;

fn key(i: u64) -> Key {
    Key::from([b"row/".as_slice(), &i.to_be_bytes()].concat())
}

fn wall() -> u64 {
    #[allow(clippy::disallowed_methods)] // A hybrid clock over the real one, as in production.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}

fn commit(id: u128, key: Key, now: Timestamp, reads: Vec<Span>) -> Request {
    let txn = TxnRef { id: TxnId(id), age: now, coordinator: NodeId(1), process: ProcessId(1) };
    Request::Commit(CommitRequest {
        txn,
        start_ts: now,
        reads: Validation { spans: reads, read_ts: now },
        writes: vec![Write { key, value: Some(bytes::Bytes::from_static(&[7; 100])) }],
        min_ts: now,
        exact: false,
        max_ts: Timestamp::MAX,
        deadline: now.add(Duration::from_secs(10)),
    })
}

async fn measure<F: Future>(what: &str, count: u64, mut one: impl FnMut(u64) -> F) {
    let clock = base::env::os::OsClock::new();
    let began = clock.monotonic();
    for i in 0..count {
        one(i).await;
    }
    let took = clock.monotonic() - began;
    println!("{what:32} {:8.2} us", took.as_secs_f64() * 1e6 / count as f64);
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let clock = hybrid_clock::Clock::in_memory(std::sync::Arc::new(wall), Duration::from_millis(250));
    let kv = LocalKv::new(clock.clone(), &[], Settings::default());
    let range = kv.range(&Key::MIN);
    let now = || clock.now().expect("a clock in memory");
    let send = |request: Request| {
        let range = range.clone();
        async move { range.execute(request).await.expect("nothing stands in the way") }
    };
    measure("commit, one key", KEYS, |i| send(commit(i.into(), key(i), now(), vec![]))).await;
    measure("commit, one key, again", ROUNDS, |i| {
        send(commit((KEYS + i).into(), key(i * 7919 % KEYS), now(), vec![]))
    })
    .await;
    measure("commit, one key, validated", ROUNDS, |i| {
        let key = key(i * 7919 % KEYS);
        let reads = vec![Span::point(key.clone())];
        send(commit((KEYS + ROUNDS + i).into(), key, now(), reads))
    })
    .await;
    let read = |read_ts| ReadOptions { txn: None, read_ts, uncertainty_limit: read_ts, lock: None };
    measure("get", ROUNDS, |i| {
        send(Request::Get(GetRequest { keys: vec![key(i * 7919 % KEYS)], read: read(now()) }))
    })
    .await;
    let clock = base::env::os::OsClock::new();
    let began = clock.monotonic();
    let (mut span, mut rows) = (Span::all(), 0);
    loop {
        let request = ScanRequest {
            span,
            reverse: false,
            row_limit: 0,
            byte_limit: 0,
            program: None,
            read: read(now()),
        };
        let Response::Scan(found) = send(Request::Scan(request)).await else { return };
        if let proto::ScanRows::Raw(found) = found.rows {
            rows += found.len();
        }
        match found.resume {
            Some(rest) => span = rest,
            None => break,
        }
    }
    let took = clock.monotonic() - began;
    println!("{:32} {:8.2} us", "scan, one row", took.as_secs_f64() * 1e6 / rows as f64);
}
