//! FOR UPDATE and the like above joins: locks base rows by their primary keys.
//!
//! Locking reads the newest version of a row. If that is not the one that was read, the transaction's snapshot has
//! moved past it only if everything it has read is unchanged there; otherwise the statement conflicts and is run again.

use base::Key;
use datum::{Batch, Datum};
use proto::LockWait;
use sql::plan::LockTarget;

use super::scan::lock_options;
use super::{BoxOperator, Cx, Next, Operator};

pub(super) struct LockRows<'p> {
    input: BoxOperator<'p>,
    targets: &'p [LockTarget],
}

impl<'p> LockRows<'p> {
    pub fn new(input: BoxOperator<'p>, targets: &'p [LockTarget]) -> LockRows<'p> {
        LockRows { input, targets }
    }
}

impl Operator for LockRows<'_> {
    fn next<'a>(&'a mut self, cx: &'a mut Cx<'_>) -> Next<'a> {
        Box::pin(async move {
            while let Some(batch) = self.input.next(cx).await? {
                let mut keep = vec![true; batch.len()];
                for target in self.targets {
                    let layout = cx.layout(&target.table)?;
                    let lock = lock_options(target.lock, target.wait, cx);
                    let mut keys: Vec<Key> = Vec::with_capacity(batch.len());
                    let mut of_row = Vec::with_capacity(batch.len());
                    for row in batch.rows() {
                        let values: Vec<Datum> = target.key.iter().map(|c| row[*c].clone()).collect();
                        // The outer side of a join may have no row.
                        if values.iter().any(Datum::is_null) {
                            of_row.push(None);
                        } else {
                            of_row.push(Some(keys.len()));
                            keys.push(layout.key_of(&values)?);
                        }
                    }
                    if keys.is_empty() {
                        continue;
                    }
                    let rows = cx.txn.get(&keys, Some(lock)).await?;
                    if lock.wait == LockWait::SkipLocked {
                        for (keep, at) in keep.iter_mut().zip(&of_row) {
                            *keep &= at.is_none_or(|at| rows[at].is_some());
                        }
                    }
                }
                let mut out = Batch::with_capacity(batch.width(), batch.len());
                for (row, keep) in batch.into_rows().zip(keep) {
                    if keep {
                        out.push(row);
                    }
                }
                if !out.is_empty() {
                    return Ok(Some(out));
                }
            }
            Ok(None)
        })
    }
}
