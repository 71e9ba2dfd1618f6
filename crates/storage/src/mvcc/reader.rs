//! [`Reader`]: reads of single keys, validation, records and marks, in one snapshot.

use std::sync::Arc;

use base::{Key, Span, Timestamp, TxnId};
use bytes::Bytes;
use proto::wire::Durable as _;
use proto::{Intent, TxnRecord};

use super::scanner::Scanner;
use super::version::{VersionMeta, decode_version};
use super::walk::Walk;
use super::{ReadAt, ReadError};
use crate::engine::{CursorOptions, Snapshot, Space};
use crate::error::{Error, Result};
use crate::keys::{Beside, Suffix, decode_beside, intent_key, local_span, mvcc_span, record_key};

/// Reads one snapshot. Keeps a cursor between point reads, so use one for all the keys of a request.
pub struct Reader {
    snapshot: Arc<dyn Snapshot>,
    point: Option<Walk>,
}

/// A version with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// When and by whom.
    pub meta: VersionMeta,
    /// `None` for a tombstone.
    pub value: Option<Bytes>,
}

/// What stands first on a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Its intent.
    pub intent: Option<Intent>,
    /// Its newest version.
    pub newest: Option<VersionMeta>,
}

/// What happened on a key after some time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Its intent.
    pub intent: Option<Intent>,
    /// Its versions, newest first.
    pub versions: Vec<VersionMeta>,
}

/// What a validation met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Met {
    /// Another transaction's version.
    Version {
        /// Where.
        key: Key,
        /// The newest of this key in the interval.
        meta: VersionMeta,
    },
    /// Other transactions' intents, and no version before them.
    Intents(Vec<(Key, Intent)>),
}

impl Reader {
    /// Reads this snapshot.
    pub fn new(snapshot: Arc<dyn Snapshot>) -> Reader {
        Reader { snapshot, point: None }
    }

    /// The snapshot.
    pub fn snapshot(&self) -> &Arc<dyn Snapshot> {
        &self.snapshot
    }

    fn point(&mut self) -> Result<&mut Walk> {
        if self.point.is_none() {
            self.point = Some(Walk::new(self.snapshot.cursor(Space::Mvcc, CursorOptions::point())?));
        }
        Ok(self.point.as_mut().expect("it has just been made"))
    }

    /// The value of a key as it was at `at.read_ts`.
    pub fn get(&mut self, key: &[u8], at: &ReadAt) -> Result<Option<Bytes>, ReadError> {
        Ok(self.get_ref(key, at)?.map(Bytes::copy_from_slice))
    }

    /// [`Reader::get`] without a copy.
    pub fn get_ref(&mut self, key: &[u8], at: &ReadAt) -> Result<Option<&[u8]>, ReadError> {
        let walk = self.point()?;
        let mut in_key = walk.seek_key(key)?;
        if in_key && walk.suffix()? == Suffix::Intent {
            let intent = walk.intent()?;
            if at.own != Some(intent.txn.id) && intent.prepare_ts <= at.uncertainty_limit {
                return Err(ReadError::Intents(vec![(Key::from(key), intent)]));
            }
            in_key = walk.next_in_key()?;
        }
        if !in_key || !walk.skip_to(at.uncertainty_limit)? {
            return Ok(None);
        }
        match walk.suffix()? {
            Suffix::Version(ts) if ts > at.read_ts => {
                Err(ReadError::Uncertain { key: Key::from(key), at: ts })
            }
            Suffix::Version(_) => Ok(decode_version(walk.value())?.1),
            Suffix::Intent => Err(Error::Corrupt(format!("two intents on {}", Key::from(key))).into()),
        }
    }

    /// What stands first on a key: what a write must look at (T1).
    pub fn head(&mut self, key: &[u8]) -> Result<Head> {
        let walk = self.point()?;
        let mut head = Head::default();
        let mut in_key = walk.seek_key(key)?;
        if in_key && walk.suffix()? == Suffix::Intent {
            head.intent = Some(walk.intent()?);
            in_key = walk.next_in_key()?;
        }
        if in_key {
            head.newest = Some(version_meta(walk)?);
        }
        Ok(head)
    }

    /// The newest version of a key, whatever its time, with its bytes. Its intent is another matter
    /// ([`Reader::head`], [`Reader::intent`]).
    pub fn newest(&mut self, key: &[u8]) -> Result<Option<Version>> {
        let walk = self.point()?;
        let mut in_key = walk.seek_key(key)?;
        if in_key && walk.suffix()? == Suffix::Intent {
            in_key = walk.next_in_key()?;
        }
        if !in_key {
            return Ok(None);
        }
        let meta = version_meta(walk)?;
        let value = decode_version(walk.value())?.1.map(Bytes::copy_from_slice);
        Ok(Some(Version { meta, value }))
    }

    /// The intent on a key.
    pub fn intent(&self, key: &[u8]) -> Result<Option<Intent>> {
        let stored = self.snapshot.get(Space::Mvcc, &intent_key(key))?;
        stored.map(|bytes| Ok(Intent::decode(&bytes)?)).transpose()
    }

    /// The intent on a key and all of its versions above `after`: where a commit looks for earlier sends of
    /// itself (T9).
    pub fn history(&mut self, key: &[u8], after: Timestamp) -> Result<History> {
        let walk = self.point()?;
        let mut history = History::default();
        let mut in_key = walk.seek_key(key)?;
        if in_key && walk.suffix()? == Suffix::Intent {
            history.intent = Some(walk.intent()?);
            in_key = walk.next_in_key()?;
        }
        while in_key {
            let meta = version_meta(walk)?;
            if meta.ts <= after {
                break;
            }
            history.versions.push(meta);
            in_key = walk.next_in_key()?;
        }
        Ok(history)
    }

    /// Whether another transaction than `own` has a version in `(after, upto]` or an intent prepared at or below
    /// `upto` anywhere in the span (T2). Gathers at most `intents_max` intents.
    pub fn conflict_in(
        &mut self,
        span: &Span,
        after: Timestamp,
        upto: Timestamp,
        own: Option<TxnId>,
        intents_max: usize,
    ) -> Result<Option<Met>> {
        let mut intents = Vec::new();
        if span.is_point() {
            let walk = self.point()?;
            if walk.seek_key(span.start.as_bytes())?
                && let Some(met) = conflict_in_key(walk, after, upto, own, &mut intents)?
            {
                return Ok(Some(met));
            }
        } else if !span.is_empty() {
            let (lower, upper) = mvcc_span(span);
            let mut walk = Walk::new(self.snapshot.cursor(Space::Mvcc, CursorOptions::within(lower, upper))?);
            let mut more = walk.cursor().seek_to_first()?;
            while more {
                walk.enter()?;
                if let Some(met) = conflict_in_key(&mut walk, after, upto, own, &mut intents)? {
                    return Ok(Some(met));
                }
                if intents.len() >= intents_max.max(1) {
                    break;
                }
                more = walk.skip_key()?;
            }
        }
        Ok((!intents.is_empty()).then_some(Met::Intents(intents)))
    }

    /// A scan of the span, from its end if `reverse`.
    pub fn scan(&self, span: &Span, reverse: bool, at: ReadAt) -> Result<Scanner> {
        Scanner::new(&*self.snapshot, span, reverse, at)
    }

    /// The record of a transaction.
    pub fn record(&self, anchor: &[u8], txn: TxnId) -> Result<Option<TxnRecord>> {
        let stored = self.snapshot.get(Space::Local, &record_key(anchor, txn))?;
        stored.map(|bytes| Ok(TxnRecord::decode(&bytes)?)).transpose()
    }

    /// Records anchored in the span, in key order, at most `max`.
    pub fn records_in(&self, span: &Span, max: usize) -> Result<Vec<(Key, TxnId, TxnRecord)>> {
        let mut out = Vec::new();
        self.beside(span, |beside, value| {
            if let Beside::Record(anchor, txn) = beside {
                out.push((anchor, txn, TxnRecord::decode(value)?));
            }
            Ok(out.len() < max)
        })?;
        Ok(out)
    }

    /// Undecided intents in the span, in key order, at most `max`, of one transaction or of all. Costs as much as
    /// there are intents and records, not as there are keys.
    pub fn intents_in(&self, span: &Span, txn: Option<TxnId>, max: usize) -> Result<Vec<(Key, Intent)>> {
        let mut out = Vec::new();
        self.beside(span, |beside, value| {
            if let Beside::IntentMark(key) = beside
                && txn.is_none_or(|txn| value == txn.to_bytes())
            {
                let intent = self.intent(key.as_bytes())?.ok_or_else(|| {
                    Error::Corrupt(format!("{key} is marked as bearing an intent and has none"))
                })?;
                out.push((key, intent));
            }
            Ok(out.len() < max)
        })?;
        Ok(out)
    }

    /// Calls `each` with everything beside the keys of the span until it says no.
    fn beside(&self, span: &Span, mut each: impl FnMut(Beside, &[u8]) -> Result<bool>) -> Result<()> {
        if span.is_empty() {
            return Ok(());
        }
        let (lower, upper) = local_span(span);
        let mut cursor = self.snapshot.cursor(Space::Local, CursorOptions::within(lower, upper))?;
        let mut more = cursor.seek_to_first()?;
        while more && each(decode_beside(cursor.key())?, cursor.value())? {
            more = cursor.next()?;
        }
        Ok(())
    }
}

/// The version that the walk stands on.
fn version_meta(walk: &Walk) -> Result<VersionMeta> {
    match walk.suffix()? {
        Suffix::Version(ts) => Ok(VersionMeta { ts, txn: decode_version(walk.value())?.0 }),
        Suffix::Intent => Err(Error::Corrupt(format!("two intents on {}", walk.key()?))),
    }
}

/// Looks at the key whose first entry the walk stands on.
fn conflict_in_key(
    walk: &mut Walk,
    after: Timestamp,
    upto: Timestamp,
    own: Option<TxnId>,
    intents: &mut Vec<(Key, Intent)>,
) -> Result<Option<Met>> {
    if walk.suffix()? == Suffix::Intent {
        let intent = walk.intent()?;
        if own != Some(intent.txn.id) && intent.prepare_ts <= upto {
            intents.push((walk.key()?, intent));
        }
        if !walk.next_in_key()? {
            return Ok(None);
        }
    }
    let mut found = walk.skip_to(upto)?;
    while found {
        let meta = version_meta(walk)?;
        if meta.ts <= after {
            break;
        }
        if own != Some(meta.txn) {
            return Ok(Some(Met::Version { key: walk.key()?, meta }));
        }
        found = walk.next_in_key()?;
    }
    Ok(None)
}
