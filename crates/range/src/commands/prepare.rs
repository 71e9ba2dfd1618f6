//! Prepare: lays the intents of a commit that writes in several ranges, and at the anchor the STAGING record with
//! them.

use base::{Span, TxnId};
use proto::{Intent, KvError, PrepareRequest, Response, TxnRecord};
use storage::mvcc::write;

use super::evaluation::FirstLook;
use super::{Evaluation, Wishes, Write};
use crate::in_flight::Footprint;
use crate::latch::{LatchSet, Mode};

impl Write for PrepareRequest {
    fn latches(&self, set: &mut LatchSet) {
        self.writes.iter().for_each(|write| set.key(&write.key, Mode::Exclusive));
        self.reads.spans.iter().for_each(|span| set.span(span, Mode::Shared));
        if self.stage.is_some() && self.writes.iter().all(|write| write.key != self.anchor) {
            set.key(&self.anchor, Mode::Exclusive);
        }
    }

    fn footprint(&self) -> Footprint {
        Footprint {
            keys: self.writes.iter().map(|write| write.key.clone()).collect(),
            spans: Vec::new(),
            record: self.stage.is_some().then(|| self.anchor.clone()),
            bound: self.commit_ts,
        }
    }

    fn reads(&self) -> &[Span] {
        &self.reads.spans
    }

    fn wishes(&self) -> Option<Wishes<'_>> {
        let wish = |write: &'_ proto::Write| Wishes::strength(write.value.as_ref());
        let keys = self.writes.iter().map(|write| (&write.key, wish(write))).collect();
        Some(Wishes { txn: &self.txn, keys, holding: true })
    }

    fn release(&self) -> Option<TxnId> {
        // From now on the intents stand where the locks stood.
        Some(self.txn.id)
    }

    fn evaluate(&self, eval: &mut Evaluation<'_>) -> Result<Response, KvError> {
        let txn = self.txn.id;
        let Some(first) = self.writes.first() else {
            return Err(KvError::Corrupt("a prepare without writes".into()));
        };
        eval.core.hear(self.commit_ts)?;
        let first = match eval.first_look(&first.key, &self.txn, self.start_ts, Some(self.number))? {
            FirstLook::New { newest_ts, intent } => (newest_ts, intent),
            FirstLook::Prepared(at) => return Ok(Response::Prepared(at)),
        };
        eval.check_deadline(self.deadline)?;
        eval.check_deadline_length(self.deadline)?;
        let stage = staging(self, eval)?;
        let keys = self.writes.iter().map(|write| &write.key);
        let prepare_ts = eval.write_ts(keys, first, txn, self.commit_ts)?;
        if prepare_ts > self.max_ts {
            return Err(KvError::DeadlinePassed { deadline: self.max_ts });
        }
        // At the timestamp hoped for, whatever the intents get: T4 wants reads that a prepare names validated at
        // exactly c.
        eval.validate(txn, &self.reads, self.commit_ts)?;
        let mut intent = Intent {
            txn: self.txn.clone(),
            number: self.number,
            prepare_ts,
            anchor: self.anchor.clone(),
            birth: self.birth,
            value: None,
        };
        for change in &self.writes {
            intent.value = change.value.clone();
            write::put_intent(&mut eval.batch, change.key.as_bytes(), &intent);
        }
        if let Some(record) = stage {
            write::put_record(&mut eval.batch, self.anchor.as_bytes(), txn, &record);
        }
        eval.raise_bound(prepare_ts);
        Ok(Response::Prepared(prepare_ts))
    }
}

/// The record to write, if this is the anchor's prepare and no higher stage is there (T5).
///
/// # Errors
/// If the record is decided or may not be created: then nothing is laid.
fn staging(request: &PrepareRequest, eval: &Evaluation<'_>) -> Result<Option<TxnRecord>, KvError> {
    let Some(stage) = &request.stage else { return Ok(None) };
    let found = eval.reader.record(request.anchor.as_bytes(), request.txn.id).map_err(|e| eval.error(e))?;
    match &found {
        None => {
            let threshold = eval.core.thresholds.lock().record;
            if request.birth <= threshold {
                return Err(KvError::RecordThreshold(threshold));
            }
        }
        Some(TxnRecord::Staging { stage: there, .. }) if *there >= stage.stage => return Ok(None),
        Some(TxnRecord::Staging { .. }) => {}
        Some(TxnRecord::Committed { .. } | TxnRecord::Aborted { .. }) => {
            return Err(KvError::RecordMismatch(found));
        }
    }
    Ok(Some(TxnRecord::Staging {
        stage: stage.stage,
        commit_ts: request.commit_ts,
        staged: stage.staged.clone(),
        spans: stage.spans.clone(),
        birth: request.birth,
    }))
}
