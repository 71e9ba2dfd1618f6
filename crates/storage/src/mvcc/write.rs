//! What writes leave in a batch. Whether they may happen was decided before.

use std::sync::Arc;

use base::{Key, Span, Timestamp, TxnId};
use proto::wire::Durable as _;
use proto::{Decision, Intent, TxnRecord};

use super::Reader;
use super::version::header;
use crate::batch::WriteBatch;
use crate::engine::{Snapshot, Space};
use crate::error::Result;
use crate::keys::{intent_key, intent_mark_key, mvcc_span, record_key, version_key};

/// Writes a committed version; `None` is a tombstone.
pub fn put_version(
    batch: &mut WriteBatch,
    key: &[u8],
    commit_ts: Timestamp,
    txn: TxnId,
    value: Option<&[u8]>,
) {
    base::invariant!(
        Timestamp::ZERO < commit_ts && commit_ts < Timestamp::MAX,
        "a commit timestamp is one that a clock gives out, not {commit_ts}"
    );
    let header = header(txn, value.is_none());
    batch.put_parts(Space::Mvcc, &version_key(key, commit_ts), &[&header, value.unwrap_or_default()]);
}

/// Lays an intent, in place of any that is there.
pub fn put_intent(batch: &mut WriteBatch, key: &[u8], intent: &Intent) {
    batch.put(Space::Mvcc, &intent_key(key), &intent.encode());
    batch.put(Space::Local, &intent_mark_key(key), &intent.txn.id.to_bytes());
}

/// Removes the intent of a key. Only after its transaction record is durably decided (T3).
pub fn remove_intent(batch: &mut WriteBatch, key: &[u8]) {
    batch.delete(Space::Mvcc, &intent_key(key));
    batch.delete(Space::Local, &intent_mark_key(key));
}

/// Turns the intent of a key into what its transaction's decision makes of it. An intent prepared above the
/// commit timestamp is a late copy of a prepare and never was part of the commit (T9): it only goes.
pub fn resolve_intent(batch: &mut WriteBatch, key: &[u8], intent: &Intent, decision: Decision) {
    remove_intent(batch, key);
    if let Decision::Committed(commit_ts) = decision
        && intent.prepare_ts <= commit_ts
    {
        put_version(batch, key, commit_ts, intent.txn.id, intent.value.as_deref());
    }
}

/// What [`resolve_span`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedSpan {
    /// How many intents went.
    pub intents: u64,
    /// Where to go on, if there may be more.
    pub resume: Option<Key>,
}

/// Resolves the intents of a transaction in the span, at most `max`; only those of prepare `number` if given.
pub fn resolve_span(
    batch: &mut WriteBatch,
    snapshot: &Arc<dyn Snapshot>,
    span: &Span,
    txn: TxnId,
    decision: Decision,
    number: Option<u32>,
    max: usize,
) -> Result<ResolvedSpan> {
    let found = Reader::new(snapshot.clone()).intents_in(span, Some(txn), max)?;
    let resume = if found.len() < max { None } else { found.last().map(|(key, _)| key.next()) };
    let mut intents = 0;
    for (key, intent) in &found {
        if number.is_none_or(|number| number == intent.number) {
            resolve_intent(batch, key.as_bytes(), intent, decision);
            intents += 1;
        }
    }
    Ok(ResolvedSpan { intents, resume })
}

/// Writes a transaction record.
pub fn put_record(batch: &mut WriteBatch, anchor: &[u8], txn: TxnId, record: &TxnRecord) {
    batch.put(Space::Local, &record_key(anchor, txn), &record.encode());
}

/// Removes a transaction record (T5a says when).
pub fn remove_record(batch: &mut WriteBatch, anchor: &[u8], txn: TxnId) {
    batch.delete(Space::Local, &record_key(anchor, txn));
}

/// Removes all versions and intents of a span, whatever their age. Transaction records that are anchored there
/// stay: intents elsewhere may point to them.
pub fn clear_span(batch: &mut WriteBatch, snapshot: &Arc<dyn Snapshot>, span: &Span) -> Result<()> {
    if span.is_empty() {
        return Ok(());
    }
    let (start, end) = mvcc_span(span);
    batch.delete_range(Space::Mvcc, &start, &end);
    for (key, _) in Reader::new(snapshot.clone()).intents_in(span, None, usize::MAX)? {
        batch.delete(Space::Local, &intent_mark_key(key.as_bytes()));
    }
    Ok(())
}
