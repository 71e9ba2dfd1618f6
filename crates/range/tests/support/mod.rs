//! Short words for requests, and a world of one node whose clock stands still.
#![allow(dead_code)] // Each test binary uses its own part.

use std::time::Duration;

use base::{Key, NodeId, ProcessId, Span, Timestamp, TxnId};
use proto::{
    CommitRequest, Decision, Evidence, GetRequest, KvError, KvSender as _, LockOptions, LockStrength,
    LockWait, PrepareRequest, ReadOptions, RecordRequest, RecoverRequest, Request, ResolveRequest, Response,
    ScanRequest, ScanRows, StageRecord, Staged, TxnRecord, TxnRef, ValidateRequest, Validation, Write,
};
use range::{LocalKv, ManualClock, Settings};

/// Where the clock stands at first.
pub const NOW: u64 = 1_000;
/// The most that two clocks differ, in nanoseconds.
pub const OFFSET: u64 = 100;
/// The longest deadline, in nanoseconds.
pub const DEADLINE: u64 = 10_000;

pub struct World {
    pub kv: LocalKv,
    pub clock: ManualClock,
}

pub fn settings() -> Settings {
    Settings {
        max_offset: Duration::from_nanos(OFFSET),
        commit_deadline_max: Duration::from_nanos(DEADLINE),
        ..Settings::default()
    }
}

pub fn world() -> World {
    world_with(&[], settings())
}

pub fn world_with(splits: &[&str], settings: Settings) -> World {
    let clock = ManualClock::with_step(NOW, Duration::ZERO);
    let splits: Vec<Key> = splits.iter().map(|split| key(split)).collect();
    let kv = LocalKv::new(clock.hybrid(settings.max_offset), &splits, settings);
    World { kv, clock }
}

pub fn ts(wall: u64) -> Timestamp {
    Timestamp::new(wall, 0)
}

pub fn key(name: &str) -> Key {
    Key::from(name.as_bytes())
}

/// `a` is a key, `a..c` a span.
pub fn span(text: &str) -> Span {
    match text.split_once("..") {
        Some((start, end)) => Span::new(key(start), if end.is_empty() { Key::MAX } else { key(end) }),
        None => Span::point(key(text)),
    }
}

pub fn txn(id: u64) -> TxnRef {
    TxnRef { id: TxnId(id.into()), age: ts(id), coordinator: NodeId(1), process: ProcessId(1) }
}

pub fn read(id: Option<u64>, read_ts: Timestamp, limit: Timestamp) -> ReadOptions {
    ReadOptions { txn: id.map(txn), read_ts, uncertainty_limit: limit, lock: None }
}

pub fn locking(strength: LockStrength, wait: LockWait) -> Option<LockOptions> {
    Some(LockOptions { strength, wait })
}

pub fn write(name: &str, value: &str) -> Write {
    Write { key: key(name), value: (!value.is_empty()).then(|| value.to_owned().into()) }
}

pub fn reads(spans: &[&str], read_ts: u64) -> Validation {
    Validation { spans: spans.iter().map(|text| span(text)).collect(), read_ts: ts(read_ts) }
}

pub fn commit(id: u64, writes: &[(&str, &str)], min_ts: u64) -> CommitRequest {
    CommitRequest {
        txn: txn(id),
        start_ts: ts(1),
        reads: reads(&[], 0),
        writes: writes.iter().map(|(name, value)| write(name, value)).collect(),
        min_ts: ts(min_ts),
        exact: false,
        max_ts: Timestamp::MAX,
        deadline: ts(NOW + DEADLINE),
    }
}

pub fn prepare(id: u64, number: u32, writes: &[(&str, &str)], commit_ts: u64) -> PrepareRequest {
    PrepareRequest {
        txn: txn(id),
        start_ts: ts(1),
        number,
        reads: reads(&[], 0),
        writes: writes.iter().map(|(name, value)| write(name, value)).collect(),
        commit_ts: ts(commit_ts),
        anchor: key(writes[0].0),
        birth: ts(commit_ts),
        stage: None,
        max_ts: Timestamp::MAX,
        deadline: ts(NOW + DEADLINE),
    }
}

pub fn stage(stage: u32, evidence: &[(&str, u32)]) -> Option<StageRecord> {
    let evidence =
        evidence.iter().map(|(name, number)| Evidence { key: key(name), number: *number }).collect();
    Some(StageRecord { stage, staged: Staged::Evidence(evidence), spans: Vec::new() })
}

pub fn staging(stage: u32, commit_ts: u64) -> TxnRecord {
    TxnRecord::Staging {
        stage,
        commit_ts: ts(commit_ts),
        staged: Staged::Evidence(Vec::new()),
        spans: Vec::new(),
        birth: ts(commit_ts),
    }
}

pub fn committed(commit_ts: u64) -> TxnRecord {
    TxnRecord::Committed { commit_ts: ts(commit_ts), spans: Vec::new(), birth: ts(commit_ts) }
}

pub fn aborted(birth: u64) -> TxnRecord {
    TxnRecord::Aborted { birth: ts(birth) }
}

impl World {
    pub async fn send(&self, request: Request) -> Result<Response, KvError> {
        self.kv.send(request).await
    }

    pub async fn get_by(&self, name: &str, options: ReadOptions) -> Result<Option<String>, KvError> {
        match self.send(Request::Get(GetRequest { keys: vec![key(name)], read: options })).await? {
            Response::Get(mut values) => Ok(values.remove(0).map(|v| String::from_utf8(v.to_vec()).unwrap())),
            other => panic!("{other:?}"),
        }
    }

    /// A read by nobody in particular, without uncertainty.
    pub async fn get(&self, name: &str, read_ts: u64) -> Result<Option<String>, KvError> {
        self.get_by(name, read(None, ts(read_ts), ts(read_ts))).await
    }

    pub async fn commit(&self, request: CommitRequest) -> Result<Timestamp, KvError> {
        match self.send(Request::Commit(request)).await? {
            Response::Committed(at) => Ok(at),
            other => panic!("{other:?}"),
        }
    }

    pub async fn put(&self, id: u64, name: &str, value: &str, min_ts: u64) -> Result<Timestamp, KvError> {
        self.commit(commit(id, &[(name, value)], min_ts)).await
    }

    pub async fn prepare(&self, request: PrepareRequest) -> Result<Timestamp, KvError> {
        match self.send(Request::Prepare(request)).await? {
            Response::Prepared(at) => Ok(at),
            other => panic!("{other:?}"),
        }
    }

    pub async fn validate(&self, id: u64, spans: &[&str], from: u64, to: u64) -> Result<(), KvError> {
        let spans = spans.iter().map(|text| span(text)).collect();
        let request = ValidateRequest { txn: txn(id), spans, read_ts: ts(from), commit_ts: ts(to) };
        self.send(Request::Validate(request)).await.map(drop)
    }

    pub async fn record(
        &self,
        id: u64,
        anchor: &str,
        expect: Option<TxnRecord>,
        new: Option<TxnRecord>,
    ) -> Result<(), KvError> {
        let request = RecordRequest { txn: txn(id).id, anchor: key(anchor), expect, new };
        self.send(Request::Record(request)).await.map(drop)
    }

    /// The prepare timestamp of the intent, if it is there.
    pub async fn recover(
        &self,
        id: u64,
        name: &str,
        number: u32,
        commit_ts: u64,
    ) -> Result<Option<Timestamp>, KvError> {
        let evidence = Evidence { key: key(name), number };
        let request = RecoverRequest { txn: txn(id).id, evidence, commit_ts: ts(commit_ts) };
        match self.send(Request::Recover(request)).await? {
            Response::Recovered(intent) => Ok(intent.map(|intent| intent.prepare_ts)),
            other => panic!("{other:?}"),
        }
    }

    pub async fn resolve(&self, id: u64, spans: &[&str], decision: Decision) -> Result<u64, KvError> {
        let spans = spans.iter().map(|text| span(text)).collect();
        let request = ResolveRequest { txn: txn(id).id, spans, decision, number: None };
        match self.send(Request::Resolve(request)).await? {
            Response::Resolved(count) => Ok(count),
            other => panic!("{other:?}"),
        }
    }

    pub async fn scan(&self, request: ScanRequest) -> Result<(Vec<(String, String)>, Option<Span>), KvError> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        match self.send(Request::Scan(request)).await? {
            Response::Scan(found) => match found.rows {
                ScanRows::Raw(rows) => {
                    let rows = rows.iter().map(|(key, value)| (text(key.as_bytes()), text(value))).collect();
                    Ok((rows, found.resume))
                }
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }
}

pub fn scan(text: &str, read_ts: u64) -> ScanRequest {
    ScanRequest {
        span: span(text),
        reverse: false,
        row_limit: 0,
        byte_limit: 0,
        program: None,
        read: read(None, ts(read_ts), ts(read_ts)),
    }
}

/// Lets every task run as far as it gets.
pub async fn settle() {
    for _ in 0..64 {
        tokio::task::yield_now().await;
    }
}
