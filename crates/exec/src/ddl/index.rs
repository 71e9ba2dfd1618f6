//! CREATE INDEX and the indexes of UNIQUE constraints: their descriptors, and their entries for rows that are there.

use std::sync::Arc;

use base::Key;
use base::map::HashSet;
use bytes::Bytes;
use datum::error::sqlstate;
use datum::{Datum, Error, Result};
use sql::catalog::*;
use sql::statement::*;

use super::Ddl;
use super::create::{not_indexable, undefined_key_column};
use super::names::joined;
use crate::dml::{RowWriter, violation, writer::Entry};
use crate::operators::Cx;

impl Ddl<'_> {
    /// CREATE INDEX.
    pub(super) async fn create_index(&mut self, create: &CreateIndex) -> Result<()> {
        let table = self.table(create.table.id)?;
        if let Some(name) = &create.index.name
            && self.is_taken(table.schema, name, create.if_not_exists)?
        {
            return Ok(());
        }
        let mut next = (*table).clone();
        let index = self.make_index(&mut next, &create.index, None, false).await?;
        let id = index.id;
        next.indexes.push(index);
        let table = self.put_table(next)?;
        self.refresh();
        backfill(&table, id, &mut self.cx()).await
    }

    /// The descriptor of an index; `label` is the end of a generated name (`None`: `idx`).
    pub(super) async fn make_index(
        &mut self,
        table: &mut TableDescriptor,
        spec: &IndexSpec,
        label: Option<&str>,
        constraint: bool,
    ) -> Result<IndexDescriptor> {
        let column = |table: &TableDescriptor, name: &str| -> Result<ColumnDescriptor> {
            let found = table.columns.iter().find(|c| c.name == name && !c.hidden);
            found.cloned().ok_or_else(|| {
                if constraint {
                    undefined_key_column(name)
                } else {
                    Error::new(sqlstate::UNDEFINED_COLUMN, format!("column \"{name}\" does not exist"))
                }
            })
        };
        let mut keys = Vec::with_capacity(spec.keys.len());
        let mut names = Vec::with_capacity(spec.keys.len());
        for key in &spec.keys {
            let what = match &key.what {
                IndexKeySpecKind::Column(name) => {
                    let column = column(table, name)?;
                    if !datum::key::is_indexable(column.ty.ty) {
                        return Err(not_indexable(&column));
                    }
                    names.push(name.clone());
                    IndexKeyKind::Column(column.id)
                }
                IndexKeySpecKind::Expression(expr, ty, name) => {
                    names.push(name.clone());
                    IndexKeyKind::Expression(expr.text.clone(), *ty)
                }
            };
            keys.push(IndexKey { what, desc: key.desc, nulls_first: key.nulls_first });
        }
        let mut include = Vec::with_capacity(spec.include.len());
        for name in &spec.include {
            include.push(column(table, name)?.id);
            names.push(name.clone());
        }
        let taken: Vec<String> = table.indexes.iter().map(|index| index.name.clone()).collect();
        let mut also: Vec<&str> = taken.iter().map(String::as_str).collect();
        also.push(&table.name);
        let second = joined(&names);
        let name = self.relation_name(
            table.schema,
            spec.name.as_deref(),
            &table.name,
            second.as_deref(),
            label.unwrap_or("idx"),
            &also,
        )?;
        let id = table.next_index_id;
        table.next_index_id += 1;
        Ok(IndexDescriptor {
            id,
            oid: self.next_id().await?,
            name,
            unique: spec.unique,
            keys,
            include,
            predicate: spec.predicate.as_ref().map(|predicate| predicate.text.clone()),
            primary: false,
            constraint,
            state: IndexState::Public,
        })
    }

    /// ALTER INDEX … RENAME TO.
    pub(super) fn rename_index(&mut self, table: DescriptorId, index: IndexId, new_name: &str) -> Result<()> {
        let mut table = (*self.table(table)?).clone();
        self.is_taken(table.schema, new_name, false)?;
        if let Some(found) = table.indexes.iter_mut().find(|i| i.id == index) {
            found.name = new_name.to_owned();
        }
        self.put_table(table)?;
        Ok(())
    }
}

/// Writes the entries of an index for all rows that are there.
pub(super) async fn backfill(table: &Arc<TableDescriptor>, index: IndexId, cx: &mut Cx<'_>) -> Result<()> {
    let layout = cx.layout(table)?;
    let mut scan = super::rewrite::TableScan::new(table, cx)?;
    while let Some(rows) = scan.next(cx).await? {
        let Some(at) = layout.secondary.iter().position(|i| i.id == index) else { return Ok(()) };
        let mut entries: Vec<(Entry, usize)> = Vec::with_capacity(rows.len());
        {
            let eval = cx.eval();
            for (i, row) in rows.rows().enumerate() {
                if let Some(entry) = RowWriter::entry(&layout.secondary[at], row, &eval)? {
                    entries.push((entry, i));
                }
            }
        }
        let unique: Vec<(Key, usize)> =
            entries.iter().filter(|(e, _)| e.unique).map(|(e, i)| (e.key.clone(), *i)).collect();
        if !unique.is_empty() {
            let mut seen: HashSet<&Key> = HashSet::default();
            let twice = unique.iter().find(|(key, _)| !seen.insert(key)).map(|(_, i)| *i);
            let keys: Vec<Key> = unique.iter().map(|(key, _)| key.clone()).collect();
            let found = cx.txn.get_now(&keys).await?;
            let taken = found.iter().position(Option::is_some).map(|at| unique[at].1);
            if let Some(i) = twice.or(taken) {
                return Err(duplicated(table, index, rows.row(i), cx)?);
            }
        }
        for (entry, _) in entries {
            let value: Bytes = entry.value;
            cx.txn.put(entry.key, value)?;
        }
    }
    Ok(())
}

/// 23505 of rows that are there already and would share a key of a new unique index.
pub(super) fn duplicated(
    table: &Arc<TableDescriptor>,
    index: IndexId,
    row: &[Datum],
    cx: &Cx<'_>,
) -> Result<Error> {
    let layout = cx.layout(table)?;
    let descriptor =
        table.index(index).ok_or_else(|| crate::error::corrupt("an index is made that is not there"))?;
    let exprs = match layout.index(index) {
        Some(index) => RowWriter::expression_values(index, row, &cx.eval())?,
        None => Vec::new(),
    };
    let key = violation::index_key(table, descriptor, row, &exprs, cx.eval().settings());
    let mut error = violation::unique(table, descriptor, row, &exprs, cx);
    let fields = error.fields_mut();
    fields.message = format!("could not create unique index \"{}\"", descriptor.name);
    fields.detail = Some(format!("Key {key} is duplicated."));
    Ok(error)
}
