//! Record: compare-and-set of a transaction record (T5), and its removal (T5a).

use base::Timestamp;
use proto::{KvError, RecordRequest, Response, TxnRecord};
use storage::keys::RangeState;
use storage::mvcc::write;

use super::{Evaluation, Write};
use crate::bugs::{self, Bug};
use crate::in_flight::Footprint;
use crate::latch::{LatchSet, Mode};
use crate::state::put_threshold;

impl Write for RecordRequest {
    fn latches(&self, set: &mut LatchSet) {
        set.key(&self.anchor, Mode::Exclusive);
    }

    fn footprint(&self) -> Footprint {
        Footprint { record: Some(self.anchor.clone()), ..Footprint::default() }
    }

    fn evaluate(&self, eval: &mut Evaluation<'_>) -> Result<Response, KvError> {
        let found = eval.reader.record(self.anchor.as_bytes(), self.txn).map_err(|e| eval.error(e))?;
        if bugs::on(Bug::RecordWithoutCompare) {
            match &self.new {
                Some(new) => write::put_record(&mut eval.batch, self.anchor.as_bytes(), self.txn, new),
                None => write::remove_record(&mut eval.batch, self.anchor.as_bytes(), self.txn),
            }
            return Ok(Response::Done);
        }
        if found == self.new {
            // An earlier send of this, or of the same decision.
            return Ok(Response::Done);
        }
        if found != self.expect {
            return Err(KvError::RecordMismatch(found));
        }
        match &self.new {
            Some(new) => {
                if !may_become(found.as_ref(), new) {
                    return Err(KvError::RecordMismatch(found));
                }
                let threshold = eval.core.thresholds.lock().record;
                if found.is_none() && birth(new) <= threshold {
                    return Err(KvError::RecordThreshold(threshold));
                }
                write::put_record(&mut eval.batch, self.anchor.as_bytes(), self.txn, new);
            }
            None => remove(self, eval, found)?,
        }
        Ok(Response::Done)
    }
}

fn remove(
    request: &RecordRequest,
    eval: &mut Evaluation<'_>,
    found: Option<TxnRecord>,
) -> Result<(), KvError> {
    let born = match &found {
        Some(TxnRecord::Committed { birth, .. } | TxnRecord::Aborted { birth }) => *birth,
        _ => return Err(KvError::RecordMismatch(found)),
    };
    if born.add(eval.core.settings.retention()) >= eval.core.now()? {
        // A commit of that age may still be under way; only the record tells it how it ended.
        return Err(KvError::RecordMismatch(found));
    }
    write::remove_record(&mut eval.batch, request.anchor.as_bytes(), request.txn);
    if !bugs::on(Bug::RemoveRecordWithoutThreshold) {
        // In memory at once: no evaluation after this one may create what this one says cannot be created.
        let raised = {
            let mut thresholds = eval.core.thresholds.lock();
            thresholds.record = thresholds.record.max(born);
            thresholds.record
        };
        let range = eval.range();
        put_threshold(&mut eval.batch, range, RangeState::RecordThreshold, raised);
    }
    Ok(())
}

fn birth(record: &TxnRecord) -> Timestamp {
    match record {
        TxnRecord::Staging { birth, .. }
        | TxnRecord::Committed { birth, .. }
        | TxnRecord::Aborted { birth } => *birth,
    }
}

/// The ways of a record (T5).
fn may_become(from: Option<&TxnRecord>, to: &TxnRecord) -> bool {
    match (from, to) {
        (None, TxnRecord::Staging { .. } | TxnRecord::Aborted { .. }) => true,
        (Some(TxnRecord::Staging { stage: from, .. }), TxnRecord::Staging { stage: to, .. }) => to > from,
        (Some(TxnRecord::Staging { .. }), TxnRecord::Committed { .. } | TxnRecord::Aborted { .. }) => true,
        _ => false,
    }
}
