//! DELETE, with USING and RETURNING.

use std::sync::Arc;

use base::Key;
use base::map::HashSet;
use datum::{Batch, Datum, Expr};
use sql::catalog::TableDescriptor;
use sql::plan::{Plan, RowLock};

use super::{RowWriter, build_target};
use crate::operators::{BoxOperator, Cx, Next, Operator};

pub(crate) struct Delete<'p> {
    table: &'p Arc<TableDescriptor>,
    input: BoxOperator<'p>,
    locked: bool,
    returning: &'p [Expr],
    writer: Option<RowWriter>,
    seen: HashSet<Key>,
}

impl<'p> Delete<'p> {
    pub fn new(table: &'p Arc<TableDescriptor>, input: &'p Plan, returning: &'p [Expr]) -> Delete<'p> {
        let (input, locked) = build_target(input, table.id, RowLock::Update);
        Delete { table, input, locked, returning, writer: None, seen: HashSet::default() }
    }
}

impl Operator for Delete<'_> {
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
                    super::update::targets(batch, writer, self.locked, RowLock::Update, &mut self.seen, cx)
                        .await?;
                let rows: Vec<&[Datum]> = batch.rows().map(|row| &row[..width]).collect();
                for row in &rows {
                    writer.delete(row, cx)?;
                }
                super::foreign_keys::deleted(self.table, &rows, cx).await?;
                cx.state.affected += rows.len() as u64;
                super::insert::returning(batch.rows(), self.returning, &mut out, cx).await?;
                if !out.is_empty() {
                    return Ok(Some(out));
                }
                cx.breathe().await?;
            }
            Ok(None)
        })
    }
}
