//! INSERT, with ON CONFLICT and RETURNING.

use std::sync::Arc;

use base::Key;
use base::map::HashSet;
use datum::error::sqlstate;
use datum::{Batch, Datum, Error, Expr, Result};
use sql::catalog::{IndexId, TableDescriptor};
use sql::plan::{OnConflict, RowLock};

use super::RowWriter;
use crate::error::corrupt;
use crate::operators::{BoxOperator, Cx, Next, Operator, eval_rows, scan::lock_options};

pub(crate) struct Insert<'p> {
    table: &'p Arc<TableDescriptor>,
    input: BoxOperator<'p>,
    row: &'p [Expr],
    on_conflict: Option<&'p OnConflict>,
    checks: &'p [(String, Expr)],
    returning: &'p [Expr],
    writer: Option<RowWriter>,
    /// Rows that this statement has inserted or updated by ON CONFLICT DO UPDATE, by primary key.
    touched: HashSet<Key>,
}

impl<'p> Insert<'p> {
    pub fn new(
        table: &'p Arc<TableDescriptor>,
        input: BoxOperator<'p>,
        row: &'p [Expr],
        on_conflict: Option<&'p OnConflict>,
        checks: &'p [(String, Expr)],
        returning: &'p [Expr],
    ) -> Insert<'p> {
        Insert {
            table,
            input,
            row,
            on_conflict,
            checks,
            returning,
            writer: None,
            touched: HashSet::default(),
        }
    }
}

/// Complete rows, made by expressions over each input row, and checked.
pub(crate) async fn make_rows(
    batch: &Batch,
    row: &[Expr],
    checks: &[(String, Expr)],
    writer: &RowWriter,
    cx: &mut Cx<'_>,
) -> Result<Batch> {
    let mut rows = Batch::with_capacity(row.len(), batch.len());
    let mut values: Vec<Datum> = Vec::with_capacity(row.len());
    let session = cx.session().clone();
    eval_rows(cx, |eval| {
        while rows.len() < batch.len() {
            let input = batch.row(rows.len());
            values.clear();
            for expr in row {
                values.push(expr.eval(input, eval)?);
            }
            session.row_done();
            rows.push(values.drain(..));
        }
        Ok(())
    })
    .await?;
    for i in 0..rows.len() {
        writer.complete(rows.row_mut(i), cx);
        writer.check(rows.row(i), checks, cx)?;
    }
    Ok(rows)
}

/// RETURNING over some rows.
pub(crate) async fn returning<'r>(
    rows: impl Iterator<Item = &'r [Datum]>,
    exprs: &[Expr],
    out: &mut Batch,
    cx: &mut Cx<'_>,
) -> Result<()> {
    if exprs.is_empty() {
        return Ok(());
    }
    for row in rows {
        let values =
            eval_rows(cx, |eval| exprs.iter().map(|e| e.eval(row, eval)).collect::<Result<Vec<Datum>>>())
                .await?;
        out.push(values);
    }
    Ok(())
}

impl Operator for Insert<'_> {
    fn next<'a>(&'a mut self, cx: &'a mut Cx<'_>) -> Next<'a> {
        Box::pin(async move {
            if self.writer.is_none() {
                self.writer = Some(RowWriter::new(self.table, cx)?);
            }
            let Some(writer) = &self.writer else { return Ok(None) };
            let mut out = Batch::new(self.returning.len());
            while let Some(batch) = self.input.next(cx).await? {
                let rows = make_rows(&batch, self.row, self.checks, writer, cx).await?;
                match self.on_conflict {
                    None => {
                        let all: Vec<&[Datum]> = rows.rows().collect();
                        writer.insert(&all, cx).await?;
                        crate::dml::foreign_keys::inserted(self.table, &all, cx).await?;
                        cx.state.affected += all.len() as u64;
                        returning(all.into_iter(), self.returning, &mut out, cx).await?;
                    }
                    Some(conflict) => {
                        for row in rows.rows() {
                            let written =
                                upsert(writer, row, conflict, self.checks, &mut self.touched, cx).await?;
                            if let Some(written) = written {
                                cx.state.affected += 1;
                                returning(std::iter::once(&written[..]), self.returning, &mut out, cx)
                                    .await?;
                            }
                        }
                    }
                }
                if !out.is_empty() {
                    return Ok(Some(out));
                }
                cx.breathe().await?;
            }
            Ok(None)
        })
    }
}

/// The keys of a row that ON CONFLICT looks for: of the arbiter, or of every unique index.
fn arbiter_keys(
    writer: &RowWriter,
    row: &[Datum],
    arbiter: Option<IndexId>,
    cx: &Cx<'_>,
) -> Result<Vec<(Key, Option<usize>)>> {
    let eval = cx.eval();
    let mut keys = Vec::new();
    let primary = writer.table().indexes[0].id;
    if arbiter.is_none_or(|index| index == primary) {
        keys.push((writer.layout.row_key(row)?, None));
    }
    for (at, index) in writer.layout.secondary.iter().enumerate() {
        if index.unique && arbiter.is_none_or(|wanted| wanted == index.id) {
            let entry = RowWriter::entry(index, row, &eval)?;
            keys.extend(entry.filter(|entry| entry.unique).map(|entry| (entry.key, Some(at))));
        }
    }
    Ok(keys)
}

/// Inserts a row or does what ON CONFLICT says; the row as written, if one was.
async fn upsert(
    writer: &RowWriter,
    row: &[Datum],
    conflict: &OnConflict,
    checks: &[(String, Expr)],
    touched: &mut HashSet<Key>,
    cx: &mut Cx<'_>,
) -> Result<Option<Vec<Datum>>> {
    let table = writer.table().clone();
    let arbiter = match conflict {
        OnConflict::Nothing(index) => *index,
        OnConflict::Update { index, .. } => Some(*index),
    };
    let candidates = arbiter_keys(writer, row, arbiter, cx)?;
    let keys: Vec<Key> = candidates.iter().map(|(key, _)| key.clone()).collect();
    let found = match conflict {
        OnConflict::Nothing(_) => cx.txn.get_now(&keys).await?,
        OnConflict::Update { .. } => {
            let lock = lock_options(RowLock::NoKeyUpdate, sql::plan::LockWaitPolicy::Block, cx);
            cx.txn.get_now_locked(&keys, lock).await?
        }
    };
    let hit = found.iter().position(Option::is_some);
    let Some(hit) = hit else {
        touched.insert(writer.layout.row_key(row)?);
        writer.insert(&[row], cx).await?;
        super::foreign_keys::inserted(&table, &[row], cx).await?;
        return Ok(Some(row.to_vec()));
    };
    let OnConflict::Update { set, filter, .. } = conflict else { return Ok(None) };
    let value = found[hit].as_ref().ok_or_else(|| corrupt("a row was there and is not"))?;
    let mut old: Vec<Datum> = Vec::with_capacity(table.columns.len() * 2);
    match candidates[hit].1 {
        None => writer.layout.primary.decoder(None).decode(keys[hit].as_bytes(), value, &mut old)?,
        Some(at) => {
            // The entry leads to the row.
            let index = &writer.layout.secondary[at];
            let mut entry = Vec::new();
            index.layout.decoder(None).decode(keys[hit].as_bytes(), value, &mut entry)?;
            let key: Vec<Datum> = writer.layout.key_ordinals.iter().map(|o| entry[*o].clone()).collect();
            let key = writer.layout.key_of(&key)?;
            let lock = lock_options(RowLock::NoKeyUpdate, sql::plan::LockWaitPolicy::Block, cx);
            let value = cx.txn.get_now_locked(std::slice::from_ref(&key), lock).await?.pop().flatten();
            let value = value.ok_or_else(|| corrupt("an index entry leads to no row"))?;
            writer.layout.primary.decoder(None).decode(key.as_bytes(), &value, &mut old)?;
        }
    }
    if !touched.insert(writer.layout.row_key(&old)?) {
        return Err(Error::new(
            sqlstate::CARDINALITY_VIOLATION,
            "ON CONFLICT DO UPDATE command cannot affect row a second time",
        )
        .hint("Ensure that no rows proposed for insertion within the same command have duplicate constrained values."));
    }
    let width = old.len();
    let mut both = old;
    both.extend_from_slice(row);
    if let Some(filter) = filter
        && !eval_rows(cx, |eval| filter.eval_bool(&both, eval)).await?
    {
        return Ok(None);
    }
    let mut new = both[..width].to_vec();
    let values = eval_rows(cx, |eval| {
        set.iter().map(|(_, expr)| expr.eval(&both, eval)).collect::<Result<Vec<Datum>>>()
    })
    .await?;
    for ((ordinal, _), value) in set.iter().zip(values) {
        new[*ordinal] = value;
    }
    writer.check(&new, checks, cx)?;
    let old = &both[..width];
    writer.update(&[(old, &new)], cx).await?;
    super::foreign_keys::updated(&table, &[(old, &new)], cx).await?;
    Ok(Some(new))
}
