//! UPDATE, with FROM and RETURNING.

use std::sync::Arc;

use base::Key;
use base::map::HashSet;
use datum::{Batch, Datum, Expr, Result};
use sql::catalog::TableDescriptor;
use sql::plan::{LockWaitPolicy, Plan, RowLock};

use super::{RowWriter, build_target};
use crate::operators::{BoxOperator, Cx, Next, Operator, eval_rows, scan::lock_options};

pub(crate) struct Update<'p> {
    table: &'p Arc<TableDescriptor>,
    input: BoxOperator<'p>,
    /// The input locks the rows that it finds.
    locked: bool,
    set: &'p [(usize, Expr)],
    checks: &'p [(String, Expr)],
    returning: &'p [Expr],
    writer: Option<RowWriter>,
    /// With FROM a row may come several times: only the first counts.
    seen: HashSet<Key>,
}

impl<'p> Update<'p> {
    pub fn new(
        table: &'p Arc<TableDescriptor>,
        input: &'p Plan,
        set: &'p [(usize, Expr)],
        checks: &'p [(String, Expr)],
        returning: &'p [Expr],
    ) -> Update<'p> {
        let keys = sql::layout::primary_key_ordinals(table);
        let lock = if set.iter().any(|(ordinal, _)| keys.contains(ordinal)) {
            RowLock::Update
        } else {
            RowLock::NoKeyUpdate
        };
        let (input, locked) = build_target(input, table.id, lock);
        Update { table, input, locked, set, checks, returning, writer: None, seen: HashSet::default() }
    }
}

/// Rows of a batch that are to be changed: each row of the table once, locked.
pub(super) async fn targets(
    batch: Batch,
    writer: &RowWriter,
    locked: bool,
    lock: RowLock,
    seen: &mut HashSet<Key>,
    cx: &mut Cx<'_>,
) -> Result<Batch> {
    if locked {
        return Ok(batch);
    }
    let joined = batch.width() > writer.table().columns.len();
    let mut keys = Vec::with_capacity(batch.len());
    let mut out = Batch::with_capacity(batch.width(), batch.len());
    for row in batch.into_rows() {
        let key = writer.layout.row_key(&row[..writer.table().columns.len()])?;
        if joined && !seen.insert(key.clone()) {
            continue;
        }
        keys.push(key);
        out.push(row);
    }
    // A join finds few rows of many; a scan of a whole table goes without locks.
    if joined && !keys.is_empty() {
        let lock = lock_options(lock, LockWaitPolicy::Block, cx);
        cx.txn.get(&keys, Some(lock)).await?;
    }
    Ok(out)
}

impl Operator for Update<'_> {
    fn next<'a>(&'a mut self, cx: &'a mut Cx<'_>) -> Next<'a> {
        Box::pin(async move {
            if self.writer.is_none() {
                self.writer = Some(RowWriter::new(self.table, cx)?);
            }
            let Some(writer) = &self.writer else { return Ok(None) };
            let width = self.table.columns.len();
            let mut out = Batch::new(self.returning.len());
            while let Some(batch) = self.input.next(cx).await? {
                let batch =
                    targets(batch, writer, self.locked, RowLock::NoKeyUpdate, &mut self.seen, cx).await?;
                // The new row, then the columns of FROM: what RETURNING is over.
                let mut after = Batch::with_capacity(batch.width(), batch.len());
                let (set, session) = (self.set, cx.session().clone());
                eval_rows(cx, |eval| {
                    while after.len() < batch.len() {
                        let row = batch.row(after.len());
                        let values =
                            set.iter().map(|(_, e)| e.eval(row, eval)).collect::<Result<Vec<Datum>>>()?;
                        session.row_done();
                        let mut new = row.to_vec();
                        for ((ordinal, _), value) in set.iter().zip(values) {
                            new[*ordinal] = value;
                        }
                        after.push(new);
                    }
                    Ok(())
                })
                .await?;
                let pairs: Vec<(&[Datum], &[Datum])> =
                    batch.rows().zip(after.rows()).map(|(old, new)| (&old[..width], &new[..width])).collect();
                for (_, new) in &pairs {
                    writer.check(new, self.checks, cx)?;
                }
                writer.update(&pairs, cx).await?;
                super::foreign_keys::updated(self.table, &pairs, cx).await?;
                cx.state.affected += pairs.len() as u64;
                super::insert::returning(after.rows(), self.returning, &mut out, cx).await?;
                if !out.is_empty() {
                    return Ok(Some(out));
                }
                cx.breathe().await?;
            }
            Ok(None)
        })
    }
}
