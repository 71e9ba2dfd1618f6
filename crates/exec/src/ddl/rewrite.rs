//! Reading all rows of a table, and moving them into a new storage in another form.

use std::sync::Arc;

use datum::error::sqlstate;
use datum::{Batch, Datum, Expr, Result};
use proto::ScanRows;
use sql::catalog::*;
use txn::{OwnWrites, ScanOptions, ScanStream};

use super::Ddl;
use crate::dml::RowWriter;
use crate::error::corrupt;
use crate::layout::TableLayout;
use crate::operators::{Cx, eval_rows};

/// All rows of a table as they are now, batch by batch, the transaction's own included.
pub(super) struct TableScan {
    layout: Arc<TableLayout>,
    stream: ScanStream,
}

impl TableScan {
    pub fn new(table: &Arc<TableDescriptor>, cx: &mut Cx<'_>) -> Result<TableScan> {
        let layout = cx.layout(table)?;
        let span = crate::keys::index_span(table.storage_id, table.indexes[0].id);
        let options = ScanOptions { own_writes: OwnWrites::All, ..ScanOptions::default() };
        Ok(TableScan { stream: cx.txn.scan(span, options), layout })
    }

    pub async fn next(&mut self, cx: &mut Cx<'_>) -> Result<Option<Batch>> {
        cx.breathe().await?;
        let Some(page) = cx.txn.next_page(&mut self.stream).await? else { return Ok(None) };
        let ScanRows::Raw(rows) = page else {
            return Err(corrupt("a scan without a program gave rows of one"));
        };
        let decoder = self.layout.primary.decoder(None);
        let width = self.layout.table.columns.len();
        let mut batch = Batch::with_capacity(width, rows.len());
        let mut row = Vec::with_capacity(width);
        for (key, value) in rows {
            row.clear();
            decoder.decode(key.as_bytes(), &value, &mut row)?;
            batch.push(row.drain(..));
        }
        Ok(Some(batch))
    }
}

impl Ddl<'_> {
    /// Moves the rows of `old` into a new storage as rows of `new`: each column is an expression over the old row
    /// (`None`: filled in as a hidden key). Writes the new descriptor.
    pub(super) async fn rewrite(
        &mut self,
        old: &Arc<TableDescriptor>,
        mut new: TableDescriptor,
        columns: Vec<Option<Expr>>,
    ) -> Result<Arc<TableDescriptor>> {
        new.storage_id = self.next_id().await?.0;
        for column in &mut new.columns {
            // Every row is written in full.
            column.missing = Datum::Null;
        }
        let new = self.put_table(new)?;
        self.refresh();
        let mut cx = self.cx();
        let mut scan = TableScan::new(old, &mut cx)?;
        let writer = RowWriter::filling(&new, &cx)?;
        while let Some(batch) = scan.next(&mut cx).await? {
            let mut rows: Vec<Vec<Datum>> = Vec::with_capacity(batch.len());
            let session = cx.session().clone();
            eval_rows(&mut cx, |eval| {
                while rows.len() < batch.len() {
                    let input = batch.row(rows.len());
                    let mut row = Vec::with_capacity(columns.len());
                    for column in &columns {
                        row.push(match column {
                            Some(expr) => expr.eval(input, eval)?,
                            None => Datum::Null,
                        });
                    }
                    session.row_done();
                    rows.push(row);
                }
                Ok(())
            })
            .await?;
            for row in &mut rows {
                writer.complete(row, &cx);
                if let Some(at) = (0..row.len()).find(|i| row[*i].is_null() && !new.columns[*i].nullable) {
                    return Err(contains_nulls(&new, &new.columns[at].name, &cx));
                }
            }
            let all: Vec<&[Datum]> = rows.iter().map(Vec::as_slice).collect();
            if let Err(mut error) = writer.insert(&all, &mut cx).await {
                if error.code() == sqlstate::UNIQUE_VIOLATION {
                    // Said of rows that are there, not of one that comes.
                    let fields = error.fields_mut();
                    let name = fields.constraint.clone().unwrap_or_default();
                    fields.message = format!("could not create unique index \"{name}\"");
                    fields.detail = fields
                        .detail
                        .take()
                        .map(|detail| detail.replace(" already exists.", " is duplicated."));
                }
                return Err(error);
            }
        }
        self.discard(crate::keys::storage_span(old.storage_id))?;
        Ok(new)
    }

    /// Every column of a table as it is: what a rewrite begins with.
    pub(super) fn same_columns(table: &TableDescriptor) -> Vec<Option<Expr>> {
        table
            .columns
            .iter()
            .enumerate()
            .map(|(i, column)| Some(Expr::Column(i as u32, column.ty.ty)))
            .collect()
    }
}

/// 23502 of rows that are there already.
pub(super) fn contains_nulls(table: &TableDescriptor, column: &str, cx: &Cx<'_>) -> datum::Error {
    let schema = cx.session().catalog.snapshot.schema_by_id(table.schema).map(|s| s.name.clone());
    datum::Error::new(
        sqlstate::NOT_NULL_VIOLATION,
        format!("column \"{column}\" of relation \"{}\" contains null values", table.name),
    )
    .table(schema.unwrap_or_default(), &table.name)
    .column(column)
}
