//! Requests to ranges and their answers.

use std::sync::Arc;
use std::time::Duration;

use base::{Key, Span, Timestamp, TxnId};
use bytes::Bytes;
use datum::{Batch, Program, RowUpdate};

use crate::records::{Evidence, Intent, Staged, TxnRecord, TxnRef};

/// One request.
#[derive(Clone, Debug)]
pub enum Request {
    /// Point reads.
    Get(GetRequest),
    /// A scan, raw or with a program that runs at the leaseholder.
    Scan(ScanRequest),
    /// No version of another transaction in `(read_ts, commit_ts]`, and none can appear later (T2).
    Validate(ValidateRequest),
    /// Takes in-memory locks; they keep peace, validation guards correctness.
    Lock(LockRequest),
    /// Gives up locks of a transaction.
    Unlock(UnlockRequest),
    /// One-range commit: validates, picks commit_ts, writes committed versions. One consensus round.
    Commit(CommitRequest),
    /// One-range commit of a read-modify-write of one row, evaluated at the leaseholder.
    Update(UpdateRequest),
    /// Lays intents, and perhaps the STAGING record with them.
    Prepare(PrepareRequest),
    /// Compare-and-set of a transaction record (T5).
    Record(RecordRequest),
    /// The record as it is.
    QueryRecord(QueryRecordRequest),
    /// Makes a missing prepare impossible, and says whether it is missing (T5).
    Recover(RecoverRequest),
    /// Turns the intents of a decided transaction into versions, or removes them.
    Resolve(ResolveRequest),
    /// Removes all versions of a span of which nobody can read any more (dropped tables).
    ClearSpan(ClearSpanRequest),
    /// Raises the GC threshold and removes what nobody may read any more (T8).
    Gc(GcRequest),
}

/// How a read is done.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// The reader, whose own intents and locks do not stand in its way. `None` for reads outside transactions.
    pub txn: Option<TxnRef>,
    /// The snapshot.
    pub read_ts: Timestamp,
    /// End of the uncertainty interval, inclusive; equal to `read_ts` where there is none.
    pub uncertainty_limit: Timestamp,
    /// Take this lock on each key that is returned (after filters).
    pub lock: Option<LockOptions>,
}

/// Point reads at one snapshot.
#[derive(Clone, Debug)]
pub struct GetRequest {
    /// Which keys, in any order.
    pub keys: Vec<Key>,
    /// How.
    pub read: ReadOptions,
}

/// A scan at one snapshot.
#[derive(Clone, Debug)]
pub struct ScanRequest {
    /// Which keys.
    pub span: Span,
    /// From the end.
    pub reverse: bool,
    /// Stop after this many rows (of the program's output, before aggregation); 0 = no limit.
    pub row_limit: u64,
    /// Stop after about this many bytes of answer; 0 = no limit.
    pub byte_limit: u64,
    /// What to do with the rows where they are; `None` returns keys and values.
    pub program: Option<Arc<Program>>,
    /// How.
    pub read: ReadOptions,
}

/// Checks reads again, at a later timestamp.
#[derive(Clone, Debug)]
pub struct ValidateRequest {
    /// Whose reads.
    pub txn: TxnRef,
    /// Which spans.
    pub spans: Vec<Span>,
    /// Versions at or below are what was read.
    pub read_ts: Timestamp,
    /// No foreign version in `(read_ts, commit_ts]`, no foreign intent at or below it.
    pub commit_ts: Timestamp,
}

/// How strong a lock is: PostgreSQL's four row locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LockStrength {
    /// FOR KEY SHARE.
    KeyShare,
    /// FOR SHARE.
    Share,
    /// FOR NO KEY UPDATE.
    NoKeyUpdate,
    /// FOR UPDATE.
    Update,
}

/// What to do when a lock is held by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockWait {
    /// Wait at most this long.
    Wait(Duration),
    /// Fail at once.
    NoWait,
    /// Leave the row out.
    SkipLocked,
}

/// A lock to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockOptions {
    /// How strong.
    pub strength: LockStrength,
    /// If held.
    pub wait: LockWait,
}

/// Locks on keys.
#[derive(Clone, Debug)]
pub struct LockRequest {
    /// For whom.
    pub txn: TxnRef,
    /// On what.
    pub keys: Vec<Key>,
    /// How.
    pub lock: LockOptions,
}

/// Gives up every lock that the transaction holds on these keys' ranges.
#[derive(Clone, Debug)]
pub struct UnlockRequest {
    /// Whose.
    pub txn: TxnId,
    /// Which keys.
    pub keys: Vec<Key>,
}

/// One write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Where.
    pub key: Key,
    /// What; `None` deletes.
    pub value: Option<Bytes>,
}

/// What a commit or prepare command checks before it writes.
#[derive(Clone, Debug)]
pub struct Validation {
    /// Spans that were read in this range.
    pub spans: Vec<Span>,
    /// The snapshot they were read at.
    pub read_ts: Timestamp,
}

/// One-range commit.
#[derive(Clone, Debug)]
pub struct CommitRequest {
    /// Who.
    pub txn: TxnRef,
    /// HLC at the transaction's start: T9 looks at versions newer than it.
    pub start_ts: Timestamp,
    /// What to validate here.
    pub reads: Validation,
    /// What to write, in key order, at least one, each key once.
    pub writes: Vec<Write>,
    /// Commit at or above this.
    pub min_ts: Timestamp,
    /// Commit at exactly `min_ts`, or refuse with `Conflict` (reads elsewhere were validated there).
    pub exact: bool,
    /// Not above this (the catalog's `max_ts`).
    pub max_ts: Timestamp,
    /// Not evaluated when HLC has passed this (T9).
    pub deadline: Timestamp,
}

/// One-range commit of a read-modify-write of one row at the newest version.
#[derive(Clone, Debug)]
pub struct UpdateRequest {
    /// Who.
    pub txn: TxnRef,
    /// HLC at the transaction's start (T9).
    pub start_ts: Timestamp,
    /// The row's key.
    pub key: Key,
    /// What to do with it.
    pub update: Arc<RowUpdate>,
    /// Further spans read (the descriptor of the table), with their snapshot.
    pub reads: Validation,
    /// Commit at or above this.
    pub min_ts: Timestamp,
    /// Not above this.
    pub max_ts: Timestamp,
    /// Not evaluated when HLC has passed this (T9).
    pub deadline: Timestamp,
}

/// The STAGING record that goes with the anchor's prepare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageRecord {
    /// Stage number.
    pub stage: u32,
    /// What proves it.
    pub staged: Staged,
    /// Spans that bear intents.
    pub spans: Vec<Span>,
}

/// Lays intents on one range.
#[derive(Clone, Debug)]
pub struct PrepareRequest {
    /// Who.
    pub txn: TxnRef,
    /// HLC at the transaction's start (T9).
    pub start_ts: Timestamp,
    /// Number within the transaction.
    pub number: u32,
    /// What to validate here, at exactly `commit_ts`.
    pub reads: Validation,
    /// What to lay, in key order, at least one, each key once.
    pub writes: Vec<Write>,
    /// The commit timestamp hoped for.
    pub commit_ts: Timestamp,
    /// Where the record is.
    pub anchor: Key,
    /// HLC at COMMIT.
    pub birth: Timestamp,
    /// In the anchor's prepare: write the record too.
    pub stage: Option<StageRecord>,
    /// Not above this.
    pub max_ts: Timestamp,
    /// Not evaluated when HLC has passed this (T9).
    pub deadline: Timestamp,
}

/// Compare-and-set of a record: to `new` if it is `expect` now.
#[derive(Clone, Debug)]
pub struct RecordRequest {
    /// Whose.
    pub txn: TxnId,
    /// Where.
    pub anchor: Key,
    /// What the writer has read; `None` = absent.
    pub expect: Option<TxnRecord>,
    /// What it shall be; `None` removes a decided record (T5a).
    pub new: Option<TxnRecord>,
}

/// Reads a record.
#[derive(Clone, Debug)]
pub struct QueryRecordRequest {
    /// Whose.
    pub txn: TxnId,
    /// Where.
    pub anchor: Key,
}

/// A read at `commit_ts` by recovery: waits for in-flight commands on the key, bumps the timestamp cache without
/// an owner, then looks for the intent of that number.
#[derive(Clone, Debug)]
pub struct RecoverRequest {
    /// Whose intent.
    pub txn: TxnId,
    /// Where and which.
    pub evidence: Evidence,
    /// c of the STAGING record that was read.
    pub commit_ts: Timestamp,
}

/// What became of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Its writes appear here.
    Committed(Timestamp),
    /// Its writes never were.
    Aborted,
}

/// Resolves intents.
#[derive(Clone, Debug)]
pub struct ResolveRequest {
    /// Whose.
    pub txn: TxnId,
    /// Where.
    pub spans: Vec<Span>,
    /// How.
    pub decision: Decision,
    /// Only intents of this prepare number; `None` = all of the transaction.
    pub number: Option<u32>,
}

/// Removes everything in a span, whatever its age.
#[derive(Clone, Debug)]
pub struct ClearSpanRequest {
    /// Which keys.
    pub span: Span,
}

/// Garbage collection of a span.
#[derive(Clone, Debug)]
pub struct GcRequest {
    /// Which keys.
    pub span: Span,
    /// Versions that no read at or above this can see are removed.
    pub threshold: Timestamp,
}

/// One answer; the variant matches the request's.
#[derive(Clone, Debug)]
pub enum Response {
    /// Of [`Request::Get`]: in the order of the keys. A row skipped by SKIP LOCKED is absent.
    Get(Vec<Option<Bytes>>),
    /// Of [`Request::Scan`].
    Scan(ScanResponse),
    /// Nothing to say: it was done.
    Done,
    /// Of [`Request::Commit`].
    Committed(Timestamp),
    /// Of [`Request::Update`].
    Updated(UpdateResponse),
    /// Of [`Request::Prepare`]: intents are laid at this timestamp, at or above the one hoped for.
    Prepared(Timestamp),
    /// Of [`Request::QueryRecord`].
    Record {
        /// The record, if there is one.
        record: Option<TxnRecord>,
        /// Records with a birth at or below may have been removed (T5a).
        threshold: Timestamp,
    },
    /// Of [`Request::Recover`]: the intent of that number, if it is there.
    Recovered(Option<Intent>),
    /// Of [`Request::Resolve`]: how many intents.
    Resolved(u64),
    /// Of [`Request::Gc`]: how many versions were removed.
    Collected(u64),
}

/// What a scan found.
#[derive(Clone, Debug)]
pub struct ScanResponse {
    /// What was found.
    pub rows: ScanRows,
    /// What is left, if a limit was reached: an equal request with this span goes on.
    pub resume: Option<Span>,
}

/// Rows of a scan.
#[derive(Clone, Debug)]
pub enum ScanRows {
    /// Without a program: keys and values in scan order.
    Raw(Vec<(Key, Bytes)>),
    /// With one: its output rows, in scan order; for aggregates, partial states, one row per group.
    Program(Batch),
}

/// What an update found and did.
#[derive(Clone, Debug)]
pub struct UpdateResponse {
    /// The returning columns of the affected row; `None` if no row qualified.
    pub row: Option<Batch>,
    /// Where it committed; `None` if nothing was written.
    pub commit_ts: Option<Timestamp>,
}

impl Request {
    /// Whether it only reads, and so may be cut by range.
    pub fn is_read(&self) -> bool {
        matches!(self, Request::Get(_) | Request::Scan(_) | Request::Validate(_))
    }

    /// A key of the range that it goes to: for reads the first.
    pub fn route_key(&self) -> Option<&Key> {
        match self {
            Request::Get(r) => r.keys.first(),
            Request::Scan(r) => Some(&r.span.start),
            Request::Validate(r) => r.spans.first().map(|s| &s.start),
            Request::Lock(r) => r.keys.first(),
            Request::Unlock(r) => r.keys.first(),
            Request::Commit(r) => r.writes.first().map(|w| &w.key),
            Request::Update(r) => Some(&r.key),
            Request::Prepare(r) => r.writes.first().map(|w| &w.key),
            Request::Record(r) => Some(&r.anchor),
            Request::QueryRecord(r) => Some(&r.anchor),
            Request::Recover(r) => Some(&r.evidence.key),
            Request::Resolve(r) => r.spans.first().map(|s| &s.start),
            Request::ClearSpan(r) => Some(&r.span.start),
            Request::Gc(r) => Some(&r.span.start),
        }
    }
}
