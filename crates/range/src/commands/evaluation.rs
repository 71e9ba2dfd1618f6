//! [`Evaluation`]: what a command sees and leaves while it is evaluated, and the checks that several share.

use std::sync::Arc;

use base::{Key, RangeId, Timestamp, TxnId};
use proto::{Intent, KvError, TxnRef, Validation};
use storage::mvcc::{History, Met};
use storage::{Reader, Snapshot, WriteBatch};

use crate::bugs::{self, Bug};
use crate::in_flight::Command;
use crate::range::Core;

/// One evaluation under way.
pub(crate) struct Evaluation<'a> {
    pub core: &'a Core,
    /// The engine with everything in flight over it.
    pub reader: Reader,
    /// What it writes.
    pub batch: WriteBatch,
    command: &'a Command,
}

/// What the first look of a commit command found (T9).
pub(crate) enum FirstLook {
    /// It is the first of its kind. The newest version of the key is at or below this.
    New { newest_ts: Timestamp, intent: Option<Intent> },
    /// An earlier send of the same prepare has laid its intents.
    Prepared(Timestamp),
}

impl<'a> Evaluation<'a> {
    pub(crate) fn new(core: &'a Core, snapshot: Arc<dyn Snapshot>, command: &'a Command) -> Evaluation<'a> {
        Evaluation { core, reader: Reader::new(snapshot), batch: WriteBatch::new(), command }
    }

    pub(crate) fn into_batch(self) -> WriteBatch {
        self.batch
    }

    pub(crate) fn range(&self) -> RangeId {
        self.core.id
    }

    /// It will write nothing below this.
    pub(crate) fn raise_bound(&self, bound: Timestamp) {
        self.command.raise_bound(bound);
    }

    pub(crate) fn error(&self, error: storage::Error) -> KvError {
        error.into_kv(self.core.id)
    }

    /// T9: looks at the first write key for what an earlier send of this command has left there.
    pub(crate) fn first_look(
        &mut self,
        key: &Key,
        txn: &TxnRef,
        start_ts: Timestamp,
        number: Option<u32>,
    ) -> Result<FirstLook, KvError> {
        let range = self.range();
        let history: History = self.reader.history(key.as_bytes(), start_ts).map_err(|e| e.into_kv(range))?;
        let newest_ts = history.versions.first().map_or(start_ts, |version| version.ts);
        if bugs::on(Bug::SkipFirstLook) {
            return Ok(FirstLook::New { newest_ts, intent: history.intent });
        }
        if let Some(own) = history.versions.iter().find(|version| version.txn == txn.id) {
            return Err(KvError::AlreadyCommitted(own.ts));
        }
        match &history.intent {
            Some(own) if own.txn.id == txn.id => {
                if number == Some(own.number) {
                    Ok(FirstLook::Prepared(own.prepare_ts))
                } else {
                    Err(KvError::Conflict { key: key.clone(), at: own.prepare_ts })
                }
            }
            _ => Ok(FirstLook::New { newest_ts, intent: history.intent }),
        }
    }

    /// T9: nothing is evaluated after its deadline.
    pub(crate) fn check_deadline(&self, deadline: Timestamp) -> Result<(), KvError> {
        if self.core.now()? > deadline && !bugs::on(Bug::IgnoreDeadline) {
            return Err(KvError::DeadlinePassed { deadline });
        }
        Ok(())
    }

    /// The deadline also binds what T5a and T9 retain: a longer one would outlive what it looks for.
    pub(crate) fn check_deadline_length(&self, deadline: Timestamp) -> Result<(), KvError> {
        let settings = &self.core.settings;
        let latest = self.core.clock.last().add(settings.commit_deadline_max + settings.max_offset);
        if deadline > latest && deadline != Timestamp::MAX {
            return Err(self.core.unavailable("the deadline of a commit is too far away"));
        }
        Ok(())
    }

    /// T1, all but the foreign intent: the greatest timestamp at or below which `writer` may not write `key`.
    /// `newest_ts` is at or above the newest version of the key.
    pub(crate) fn floor(&self, key: &Key, writer: TxnId, newest_ts: Timestamp) -> Timestamp {
        let mut floor = Timestamp::ZERO;
        if !bugs::on(Bug::IgnoreTsCache) {
            floor = self.core.ts_cache.floor(key.as_bytes(), Some(writer));
        }
        if !bugs::on(Bug::IgnoreNewestVersion) {
            floor = floor.max(newest_ts);
        }
        let thresholds = *self.core.thresholds.lock();
        if !bugs::on(Bug::IgnoreClosedTs) {
            floor = floor.max(thresholds.closed);
        }
        floor.max(thresholds.gc)
    }

    /// T1 for a whole write set, of which the first key was looked at already: the least timestamp at which all of
    /// it may be written, at or above `min_ts`.
    ///
    /// # Errors
    /// `Intents` if keys bear foreign ones.
    pub(crate) fn write_ts<'k>(
        &mut self,
        keys: impl IntoIterator<Item = &'k Key>,
        first: (Timestamp, Option<Intent>),
        writer: TxnId,
        min_ts: Timestamp,
    ) -> Result<Timestamp, KvError> {
        let mut floor = Timestamp::ZERO;
        let mut intents = Vec::new();
        let mut first = Some(first);
        for key in keys {
            let (newest_ts, intent) = match first.take() {
                Some(first) => first,
                None => {
                    let range = self.range();
                    let head = self.reader.head(key.as_bytes()).map_err(|e| e.into_kv(range))?;
                    (head.newest.map_or(Timestamp::ZERO, |newest| newest.ts), head.intent)
                }
            };
            if let Some(intent) = intent.filter(|intent| intent.txn.id != writer)
                && !bugs::on(Bug::OverwriteForeignIntent)
            {
                intents.push((key.clone(), intent));
                if intents.len() >= self.core.settings.intents_max {
                    break;
                }
            }
            floor = floor.max(self.floor(key, writer, newest_ts));
        }
        if !intents.is_empty() {
            return Err(KvError::Intents(intents));
        }
        Ok(if floor < min_ts { min_ts } else { floor.next() })
    }

    /// T2 within this range: nothing of another transaction in `(read_ts, upto]`, and nothing can appear there.
    pub(crate) fn validate(
        &mut self,
        txn: TxnId,
        reads: &Validation,
        upto: Timestamp,
    ) -> Result<(), KvError> {
        if reads.spans.is_empty() || bugs::on(Bug::SkipValidation) {
            return Ok(());
        }
        self.core.check_gc(|| reads.spans[0].clone(), reads.read_ts)?;
        if !bugs::on(Bug::ValidateWithoutBump) {
            for span in &reads.spans {
                self.core.ts_cache.bump_span(span, upto, Some(txn));
            }
        }
        conflicts(self.core, &mut self.reader, txn, reads, upto)
    }
}

/// The look of a validation.
pub(crate) fn conflicts(
    core: &Core,
    reader: &mut Reader,
    txn: TxnId,
    reads: &Validation,
    upto: Timestamp,
) -> Result<(), KvError> {
    let mut intents = Vec::new();
    for span in &reads.spans {
        let met = reader
            .conflict_in(span, reads.read_ts, upto, Some(txn), core.settings.intents_max)
            .map_err(|e| e.into_kv(core.id))?;
        match met {
            None => {}
            Some(Met::Version { key, meta }) => return Err(KvError::Conflict { key, at: meta.ts }),
            Some(Met::Intents(met)) => intents.extend(met),
        }
        if intents.len() >= core.settings.intents_max {
            break;
        }
    }
    if bugs::on(Bug::IntentsOnlyAboveReadTs) {
        intents.retain(|(_, intent)| intent.prepare_ts > reads.read_ts);
    }
    if intents.is_empty() { Ok(()) } else { Err(KvError::Intents(intents)) }
}
