//! Commit: a whole transaction in one command. The leaseholder picks the commit timestamp, validates up to it, and
//! writes committed versions: no intents, no record.

use base::{Span, TxnId};
use proto::{CommitRequest, KvError, Response};
use storage::mvcc::write;

use super::evaluation::FirstLook;
use super::{Evaluation, Wishes, Write};
use crate::in_flight::Footprint;
use crate::latch::{LatchSet, Mode};

impl Write for CommitRequest {
    fn latches(&self, set: &mut LatchSet) {
        self.writes.iter().for_each(|write| set.key(&write.key, Mode::Exclusive));
        self.reads.spans.iter().for_each(|span| set.span(span, Mode::Shared));
    }

    fn footprint(&self) -> Footprint {
        Footprint {
            keys: self.writes.iter().map(|write| write.key.clone()).collect(),
            bound: self.min_ts,
            ..Footprint::default()
        }
    }

    fn reads(&self) -> &[Span] {
        &self.reads.spans
    }

    fn wishes(&self) -> Option<Wishes<'_>> {
        let wish = |write: &'_ proto::Write| Wishes::strength(write.value.as_ref());
        let keys = self.writes.iter().map(|write| (&write.key, wish(write))).collect();
        Some(Wishes { txn: &self.txn, keys, holding: false })
    }

    fn release(&self) -> Option<TxnId> {
        Some(self.txn.id)
    }

    fn evaluate(&self, eval: &mut Evaluation<'_>) -> Result<Response, KvError> {
        let txn = self.txn.id;
        let Some(first) = self.writes.first() else {
            return Err(KvError::Corrupt("a commit without writes".into()));
        };
        eval.core.hear(self.min_ts)?;
        let look = eval.first_look(&first.key, &self.txn, self.start_ts, None)?;
        eval.check_deadline(self.deadline)?;
        eval.check_deadline_length(self.deadline)?;
        let first = match look {
            FirstLook::New { newest_ts, intent } => (newest_ts, intent),
            FirstLook::Prepared(at) => return Err(KvError::Conflict { key: first.key.clone(), at }),
        };
        let keys = self.writes.iter().map(|write| &write.key);
        let commit_ts = eval.write_ts(keys, first, txn, self.min_ts)?;
        if self.exact && commit_ts != self.min_ts {
            return Err(KvError::Conflict { key: self.writes[0].key.clone(), at: commit_ts.prev() });
        }
        if commit_ts > self.max_ts {
            return Err(KvError::DeadlinePassed { deadline: self.max_ts });
        }
        eval.validate(txn, &self.reads, commit_ts)?;
        for change in &self.writes {
            write::put_version(
                &mut eval.batch,
                change.key.as_bytes(),
                commit_ts,
                txn,
                change.value.as_deref(),
            );
        }
        eval.raise_bound(commit_ts);
        Ok(Response::Committed(commit_ts))
    }
}
