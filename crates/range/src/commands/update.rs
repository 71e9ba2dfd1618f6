//! Update: the read-modify-write of one row at its newest version, committed in the same step. Under contention
//! such commands queue for the row's latch and see each other's effects in flight; they never fail validation.

use base::{Span, TxnId};
use proto::{KvError, LockStrength, Response, UpdateRequest, UpdateResponse};
use storage::mvcc::write;

use super::evaluation::FirstLook;
use super::{Evaluation, Wishes, Write};
use crate::in_flight::Footprint;
use crate::latch::{LatchSet, Mode};
use crate::pushdown;

impl Write for UpdateRequest {
    fn latches(&self, set: &mut LatchSet) {
        set.key(&self.key, Mode::Exclusive);
        self.reads.spans.iter().for_each(|span| set.span(span, Mode::Shared));
    }

    fn footprint(&self) -> Footprint {
        let mut footprint = Footprint { bound: self.min_ts, ..Footprint::default() };
        footprint.keys.push(self.key.clone());
        footprint
    }

    fn reads(&self) -> &[Span] {
        &self.reads.spans
    }

    fn wishes(&self) -> Option<Wishes<'_>> {
        let strength = match &self.update.on_row {
            datum::program::OnRow::Delete { .. } => LockStrength::Update,
            _ => LockStrength::NoKeyUpdate,
        };
        let keys = [(&self.key, strength)].into_iter().collect();
        Some(Wishes { txn: &self.txn, keys, holding: false })
    }

    fn release(&self) -> Option<TxnId> {
        Some(self.txn.id)
    }

    fn evaluate(&self, eval: &mut Evaluation<'_>) -> Result<Response, KvError> {
        let txn = self.txn.id;
        eval.core.hear(self.min_ts)?;
        let look = eval.first_look(&self.key, &self.txn, self.start_ts, None)?;
        eval.check_deadline(self.deadline)?;
        eval.check_deadline_length(self.deadline)?;
        let first = match look {
            FirstLook::New { newest_ts, intent } => (newest_ts, intent),
            FirstLook::Prepared(at) => return Err(KvError::Conflict { key: self.key.clone(), at }),
        };
        let commit_ts = eval.write_ts([&self.key], first, txn, self.min_ts)?;
        if commit_ts > self.max_ts {
            return Err(KvError::DeadlinePassed { deadline: self.max_ts });
        }
        eval.validate(txn, &self.reads, commit_ts)?;
        let newest = eval.reader.newest(self.key.as_bytes()).map_err(|e| e.into_kv(eval.core.id))?;
        let old = newest.and_then(|version| version.value);
        let changed = pushdown::apply(&self.update, self.key.as_bytes(), old.as_deref());
        if !matches!(&changed, Ok(changed) if changed.write.is_some()) {
            // That nothing was to be written is a read at this timestamp. The latch keeps writers out until here.
            eval.core.ts_cache.bump_key(self.key.as_bytes(), commit_ts, Some(txn));
        }
        let changed = changed?;
        let commit_ts = match changed.write {
            None => None,
            Some(value) => {
                write::put_version(&mut eval.batch, self.key.as_bytes(), commit_ts, txn, value.as_deref());
                eval.raise_bound(commit_ts);
                Some(commit_ts)
            }
        };
        Ok(Response::Updated(UpdateResponse { row: changed.returning, commit_ts }))
    }
}
