//! Foreign keys, from both sides.
//!
//! A change tells [`inserted`], [`updated`] or [`deleted`]. Keys that must be present in another table are looked for
//! at once, batch by batch; what may become right within the statement (self references, NO ACTION) and what acts on
//! other rows (CASCADE, SET NULL, SET DEFAULT) waits for [`finish`] at its end; deferred constraints wait for
//! [`check_deferred`] at COMMIT. What is read on the way is in the read set: nobody can take a parent away meanwhile.

use std::sync::Arc;

use base::map::{HashMap, HashSet};
use base::{Key, Span};
use datum::function::Comparison;
use datum::program::Output;
use datum::{Datum, Expr, Program, Result};
use proto::ScanRows;
use sql::catalog::*;
use txn::{OwnWrites, ScanOptions};

use super::{RowWriter, violation};
use crate::error::corrupt;
use crate::layout::TableLayout;
use crate::operators::{Cx, eval_rows};

/// What waits for the end of the statement.
#[derive(Default)]
pub(crate) struct Triggers {
    /// Rows whose foreign key must find its target.
    checks: Vec<Check>,
    /// Rows that were referred to.
    gone: Vec<Gone>,
}

/// A row whose foreign key must find its target.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    table: Arc<TableDescriptor>,
    /// OID of the constraint.
    constraint: DescriptorId,
    /// The row's primary key: the check is void if the row has gone or changed by then.
    row: Key,
    values: Vec<Datum>,
}

/// A row that may be referred to has lost its key.
#[derive(Clone, Debug)]
struct Gone {
    table: Arc<TableDescriptor>,
    old: Vec<Datum>,
    /// What it is now; `None` if it was deleted.
    new: Option<Vec<Datum>>,
}

/// A key that must not be referred to any more, unless it is back.
#[derive(Clone, Debug)]
pub(crate) struct Unreferenced {
    child: Arc<TableDescriptor>,
    constraint: DescriptorId,
    values: Vec<Datum>,
}

/// What a transaction checks at COMMIT, and which constraints are deferred in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deferred {
    checks: Vec<Check>,
    unreferenced: Vec<Unreferenced>,
    /// SET CONSTRAINTS ALL.
    all: Option<bool>,
    /// SET CONSTRAINTS by name: OIDs.
    named: HashMap<DescriptorId, bool>,
}

impl Deferred {
    pub fn is_empty(&self) -> bool {
        self.checks.is_empty() && self.unreferenced.is_empty()
    }

    /// SET CONSTRAINTS.
    pub fn set(&mut self, constraints: Option<Vec<DescriptorId>>, deferred: bool) {
        match constraints {
            None => {
                self.all = Some(deferred);
                self.named.clear();
            }
            Some(oids) => self.named.extend(oids.into_iter().map(|oid| (oid, deferred))),
        }
    }

    fn is_deferred(&self, key: &ForeignKeyDescriptor) -> bool {
        key.deferrable && self.named.get(&key.oid).copied().or(self.all).unwrap_or(key.initially_deferred)
    }
}

fn foreign_key(table: &TableDescriptor, oid: DescriptorId) -> Option<&ForeignKeyDescriptor> {
    table.foreign_keys.iter().find(|key| key.oid == oid)
}

fn values_of(table: &TableDescriptor, columns: &[ColumnId], row: &[Datum]) -> Vec<Datum> {
    columns
        .iter()
        .map(|id| table.column_ordinal(*id).map(|ordinal| row[ordinal].clone()).unwrap_or_default())
        .collect()
}

/// Values of columns of one table as values of columns of another: types may differ (integer and bigint).
fn convert(
    values: &[Datum],
    from: (&TableDescriptor, &[ColumnId]),
    to: (&TableDescriptor, &[ColumnId]),
    cx: &Cx<'_>,
) -> Result<Vec<Datum>> {
    let ty = |table: &TableDescriptor, id: ColumnId| table.columns.iter().find(|c| c.id == id).map(|c| c.ty);
    let eval = cx.eval();
    let mut out = Vec::with_capacity(values.len());
    for (i, value) in values.iter().enumerate() {
        let (Some(a), Some(b)) = (ty(from.0, from.1[i]), ty(to.0, to.1[i])) else {
            return Err(corrupt("a foreign key names a column that is not there"));
        };
        out.push(if a.ty == b.ty {
            value.clone()
        } else {
            datum::cast::cast(value.clone(), a.ty, b.ty.into(), true, eval.settings())?
        });
    }
    Ok(out)
}

/// Rows were inserted.
pub(crate) async fn inserted(table: &Arc<TableDescriptor>, rows: &[&[Datum]], cx: &mut Cx<'_>) -> Result<()> {
    if table.foreign_keys.is_empty() {
        return Ok(());
    }
    let layout = cx.layout(table)?;
    for key in &table.foreign_keys {
        let mut checks = Vec::new();
        let mut seen: HashSet<Vec<Datum>> = HashSet::default();
        for row in rows {
            let values = values_of(table, &key.columns, row);
            let nulls = values.iter().filter(|v| v.is_null()).count();
            if nulls > 0 {
                if key.match_full && nulls < values.len() {
                    return Err(violation::foreign_key_mixed(table, &key.name, cx));
                }
                continue;
            }
            if seen.insert(values.clone()) {
                let row = layout.row_key(row)?;
                checks.push(Check { table: table.clone(), constraint: key.oid, row, values });
            }
        }
        if checks.is_empty() {
            continue;
        }
        let deferred = cx.session().deferred.clone();
        if deferred.lock().is_deferred(key) {
            deferred.lock().checks.extend(checks);
        } else if key.target == table.id {
            cx.state.triggers.checks.extend(checks);
        } else {
            check_present(&checks, cx).await?;
        }
    }
    Ok(())
}

/// Rows were changed.
pub(crate) async fn updated(
    table: &Arc<TableDescriptor>,
    pairs: &[(&[Datum], &[Datum])],
    cx: &mut Cx<'_>,
) -> Result<()> {
    if !table.foreign_keys.is_empty() {
        let changed: Vec<&[Datum]> = pairs
            .iter()
            .filter(|(old, new)| {
                table
                    .foreign_keys
                    .iter()
                    .any(|key| values_of(table, &key.columns, old) != values_of(table, &key.columns, new))
            })
            .map(|(_, new)| *new)
            .collect();
        inserted(table, &changed, cx).await?;
    }
    if !table.referenced_by.is_empty() {
        let keys = referenced_columns(table, cx)?;
        for (old, new) in pairs {
            if keys.iter().any(|columns| values_of(table, columns, old) != values_of(table, columns, new)) {
                cx.state.triggers.gone.push(Gone {
                    table: table.clone(),
                    old: old.to_vec(),
                    new: Some(new.to_vec()),
                });
            }
        }
    }
    Ok(())
}

/// Rows were deleted.
pub(crate) async fn deleted(table: &Arc<TableDescriptor>, rows: &[&[Datum]], cx: &mut Cx<'_>) -> Result<()> {
    if !table.referenced_by.is_empty() {
        let gone = rows.iter().map(|row| Gone { table: table.clone(), old: row.to_vec(), new: None });
        cx.state.triggers.gone.extend(gone);
    }
    Ok(())
}

/// The current tables that refer to one, as this statement knows them.
fn children(table: &TableDescriptor, cx: &Cx<'_>) -> Result<Vec<Arc<TableDescriptor>>> {
    let snapshot = &cx.session().catalog.snapshot;
    table
        .referenced_by
        .iter()
        .map(|id| {
            snapshot
                .table_by_id(*id)
                .cloned()
                .ok_or_else(|| corrupt("a table that has a foreign key is not there"))
        })
        .collect()
}

fn referenced_columns(table: &TableDescriptor, cx: &Cx<'_>) -> Result<Vec<Vec<ColumnId>>> {
    Ok(children(table, cx)?
        .iter()
        .flat_map(|child| child.foreign_keys.iter())
        .filter(|key| key.target == table.id)
        .map(|key| key.target_columns.clone())
        .collect())
}

/// The end of a statement: carries out what foreign keys make of its changes, and checks what is left.
pub(crate) async fn finish(cx: &mut Cx<'_>) -> Result<()> {
    let mut unreferenced = Vec::new();
    loop {
        let gone = std::mem::take(&mut cx.state.triggers.gone);
        if gone.is_empty() {
            break;
        }
        for gone in gone {
            act(gone, &mut unreferenced, cx).await?;
        }
    }
    let checks = std::mem::take(&mut cx.state.triggers.checks);
    check_present(&live(checks, cx).await?, cx).await?;
    check_unreferenced(&unreferenced, cx).await
}

/// COMMIT, or SET CONSTRAINTS … IMMEDIATE: checks what was deferred.
pub(crate) async fn check_deferred(cx: &mut Cx<'_>) -> Result<()> {
    let (checks, unreferenced) = {
        let mut deferred = cx.session().deferred.lock();
        (std::mem::take(&mut deferred.checks), std::mem::take(&mut deferred.unreferenced))
    };
    check_present(&live(checks, cx).await?, cx).await?;
    check_unreferenced(&unreferenced, cx).await
}

/// Those checks whose rows are still there with the same values.
async fn live(checks: Vec<Check>, cx: &mut Cx<'_>) -> Result<Vec<Check>> {
    let mut out = Vec::with_capacity(checks.len());
    for chunk in checks.chunks(1024) {
        let keys: Vec<Key> = chunk.iter().map(|check| check.row.clone()).collect();
        let rows = cx.txn.get_now(&keys).await?;
        for (check, value) in chunk.iter().zip(rows) {
            let Some(value) = value else { continue };
            let Some(key) = foreign_key(&check.table, check.constraint) else { continue };
            let layout = cx.layout(&check.table)?;
            let mut row = Vec::new();
            layout.primary.decoder(None).decode(check.row.as_bytes(), &value, &mut row)?;
            if values_of(&check.table, &key.columns, &row) == check.values {
                out.push(check.clone());
            }
        }
    }
    Ok(out)
}

/// The key of an index entry that stands for these values of these columns: of a unique index over just them.
fn unique_key(layout: &TableLayout, columns: &[ColumnId], values: &[Datum]) -> Result<Option<Key>> {
    let table = &layout.table;
    for index in table.indexes.iter().filter(|index| index.unique && index.state == IndexState::Public) {
        let keys = sql::layout::key_columns(index);
        if keys.len() != columns.len() || index.keys.len() != columns.len() || index.predicate.is_some() {
            continue;
        }
        let ordered: Option<Vec<Datum>> =
            keys.iter().map(|id| columns.iter().position(|c| c == id).map(|at| values[at].clone())).collect();
        if let Some(ordered) = ordered {
            let layout = layout.row_layout(index.id)?;
            return layout.encode_key_prefix(&ordered).map(|key| Some(Key::from(key)));
        }
    }
    Ok(None)
}

/// Looks for the targets of foreign keys.
async fn check_present(checks: &[Check], cx: &mut Cx<'_>) -> Result<()> {
    for chunk in checks.chunks(1024) {
        let mut keys = Vec::with_capacity(chunk.len());
        for check in chunk {
            let key = foreign_key(&check.table, check.constraint)
                .ok_or_else(|| corrupt("a foreign key is checked that is not there"))?;
            let target = target_of(key, cx)?;
            let layout = cx.layout(&target)?;
            let values =
                convert(&check.values, (&check.table, &key.columns), (&target, &key.target_columns), cx)?;
            let found = unique_key(&layout, &key.target_columns, &values)?;
            keys.push(found.ok_or_else(|| corrupt("a foreign key's target has no unique index"))?);
        }
        let found = cx.txn.get_now(&keys).await?;
        if let Some(at) = found.iter().position(Option::is_none) {
            let check = &chunk[at];
            if let Some(key) = foreign_key(&check.table, check.constraint) {
                let target = target_of(key, cx)?;
                return Err(violation::foreign_key_missing(
                    &check.table,
                    &key.name,
                    &key.columns,
                    &check.values,
                    &target,
                    cx,
                ));
            }
        }
    }
    Ok(())
}

fn target_of(key: &ForeignKeyDescriptor, cx: &Cx<'_>) -> Result<Arc<TableDescriptor>> {
    let snapshot = &cx.session().catalog.snapshot;
    snapshot
        .table_by_id(key.target)
        .cloned()
        .ok_or_else(|| corrupt("the target of a foreign key is not there"))
}

/// Checks that nothing refers to keys that have gone, unless they are back.
async fn check_unreferenced(keys: &[Unreferenced], cx: &mut Cx<'_>) -> Result<()> {
    for gone in keys {
        let Some(key) = foreign_key(&gone.child, gone.constraint) else { continue };
        let target = target_of(key, cx)?;
        let layout = cx.layout(&target)?;
        if let Some(entry) = unique_key(&layout, &key.target_columns, &gone.values)?
            && cx.txn.get_now(&[entry]).await?.iter().any(Option::is_some)
        {
            continue;
        }
        let values = convert(&gone.values, (&target, &key.target_columns), (&gone.child, &key.columns), cx)?;
        if !rows_where(&gone.child, &key.columns, &values, 1, cx).await?.is_empty() {
            return Err(violation::foreign_key_referenced(
                &target,
                &key.target_columns,
                &gone.values,
                &gone.child,
                &key.name,
                cx,
            ));
        }
    }
    Ok(())
}

/// Does what the foreign keys that pointed at a row ask for.
async fn act(gone: Gone, unreferenced: &mut Vec<Unreferenced>, cx: &mut Cx<'_>) -> Result<()> {
    for child in children(&gone.table, cx)? {
        for key in child.foreign_keys.iter().filter(|key| key.target == gone.table.id) {
            let old = values_of(&gone.table, &key.target_columns, &gone.old);
            if old.iter().any(Datum::is_null) {
                continue;
            }
            let new = gone.new.as_ref().map(|new| values_of(&gone.table, &key.target_columns, new));
            if new.as_ref() == Some(&old) {
                continue;
            }
            let action = if new.is_some() { key.on_update } else { key.on_delete };
            let here = (&*gone.table, &key.target_columns[..]);
            let there = (&*child, &key.columns[..]);
            match action {
                ReferentialAction::NoAction => {
                    let what = Unreferenced { child: child.clone(), constraint: key.oid, values: old };
                    let deferred = cx.session().deferred.clone();
                    if deferred.lock().is_deferred(key) {
                        deferred.lock().unreferenced.push(what);
                    } else {
                        unreferenced.push(what);
                    }
                }
                ReferentialAction::Restrict => {
                    let values = convert(&old, here, there, cx)?;
                    if !rows_where(&child, &key.columns, &values, 1, cx).await?.is_empty() {
                        return Err(violation::foreign_key_referenced(
                            &gone.table,
                            &key.target_columns,
                            &old,
                            &child,
                            &key.name,
                            cx,
                        ));
                    }
                }
                ReferentialAction::Cascade | ReferentialAction::SetNull | ReferentialAction::SetDefault => {
                    let values = convert(&old, here, there, cx)?;
                    let rows = rows_where(&child, &key.columns, &values, usize::MAX, cx).await?;
                    if rows.is_empty() {
                        continue;
                    }
                    let replacement = match (action, &new) {
                        (ReferentialAction::Cascade, None) => {
                            delete_rows(&child, &rows, cx).await?;
                            continue;
                        }
                        (ReferentialAction::Cascade, Some(new)) => convert(new, here, there, cx)?,
                        (ReferentialAction::SetNull, _) => vec![Datum::Null; key.columns.len()],
                        _ => defaults(&child, &key.columns, cx).await?,
                    };
                    set_columns(&child, &key.columns, &replacement, &rows, cx).await?;
                }
            }
        }
    }
    Ok(())
}

async fn delete_rows(table: &Arc<TableDescriptor>, rows: &[Vec<Datum>], cx: &mut Cx<'_>) -> Result<()> {
    let writer = RowWriter::new(table, cx)?;
    let rows: Vec<&[Datum]> = rows.iter().map(Vec::as_slice).collect();
    for row in &rows {
        writer.delete(row, cx)?;
    }
    deleted(table, &rows, cx).await
}

async fn defaults(table: &Arc<TableDescriptor>, columns: &[ColumnId], cx: &mut Cx<'_>) -> Result<Vec<Datum>> {
    let mut out = Vec::with_capacity(columns.len());
    for id in columns {
        let column = table.columns.iter().find(|c| c.id == *id);
        let value = match column.and_then(|c| c.default.as_ref().map(|text| (c.ty, text))) {
            Some((ty, text)) => {
                let expr = crate::expressions::default_value(text, ty, &cx.session().catalog)?;
                eval_rows(cx, |eval| expr.eval(&[], eval)).await?
            }
            None => Datum::Null,
        };
        out.push(value);
    }
    Ok(out)
}

async fn set_columns(
    table: &Arc<TableDescriptor>,
    columns: &[ColumnId],
    values: &[Datum],
    rows: &[Vec<Datum>],
    cx: &mut Cx<'_>,
) -> Result<()> {
    let writer = RowWriter::new(table, cx)?;
    let catalog = cx.session().catalog.clone();
    let mut generated = Vec::new();
    for (ordinal, column) in table.columns.iter().enumerate() {
        if let Generated::Stored { expr } = &column.generated {
            generated.push((ordinal, crate::expressions::over_table(expr, table, &catalog)?));
        }
    }
    let mut checks = Vec::new();
    for check in &table.checks {
        checks.push((check.name.clone(), crate::expressions::over_table(&check.expr, table, &catalog)?));
    }
    let mut changed = Vec::with_capacity(rows.len());
    for row in rows {
        let mut new = row.clone();
        for (id, value) in columns.iter().zip(values) {
            if let Some(ordinal) = table.column_ordinal(*id) {
                new[ordinal] = value.clone();
            }
        }
        for (ordinal, expr) in &generated {
            new[*ordinal] = expr.eval(&new, &cx.eval())?;
        }
        writer.check(&new, &checks, cx)?;
        changed.push(new);
    }
    let pairs: Vec<(&[Datum], &[Datum])> =
        rows.iter().map(Vec::as_slice).zip(changed.iter().map(Vec::as_slice)).collect();
    writer.update(&pairs, cx).await?;
    updated(table, &pairs, cx).await
}

/// Rows of a table with these values in these columns, at most `max`, as the statement has left them.
async fn rows_where(
    table: &Arc<TableDescriptor>,
    columns: &[ColumnId],
    values: &[Datum],
    max: usize,
    cx: &mut Cx<'_>,
) -> Result<Vec<Vec<Datum>>> {
    let layout = cx.layout(table)?;
    let usable = |index: &&IndexDescriptor| {
        let keys = sql::layout::key_columns(index);
        index.state == IndexState::Public
            && index.predicate.is_none()
            && keys.len() == index.keys.len()
            && keys.len() >= columns.len()
            && keys[..columns.len()].iter().all(|id| columns.contains(id))
    };
    let index = table.indexes.iter().find(usable);
    let primary = &table.indexes[0];
    let (index, span, filter) = match index {
        Some(index) => {
            let ordered: Vec<Datum> = sql::layout::key_columns(index)[..columns.len()]
                .iter()
                .filter_map(|id| columns.iter().position(|c| c == id).map(|at| values[at].clone()))
                .collect();
            let prefix = layout.row_layout(index.id)?.encode_key_prefix(&ordered)?;
            (index, Span::prefix(Key::from(prefix)), None)
        }
        None => {
            let mut parts = Vec::with_capacity(columns.len());
            for (id, value) in columns.iter().zip(values) {
                let ordinal = table
                    .column_ordinal(*id)
                    .ok_or_else(|| corrupt("a foreign key names a column that is not there"))?;
                let ty = table.columns[ordinal].ty.ty;
                let equal = datum::function::comparison(Comparison::Eq, ty)
                    .ok_or_else(|| corrupt("a foreign key's columns cannot be compared"))?;
                parts.push(Expr::call(
                    equal,
                    vec![Expr::Column(ordinal as u32, ty), Expr::Const(value.clone(), ty)],
                ));
            }
            (primary, crate::keys::index_span(table.storage_id, primary.id), Some(Expr::And(parts)))
        }
    };
    let ty = |ordinal: usize| table.columns[ordinal].ty.ty;
    let program = Program {
        layout: layout.row_layout(index.id)?.clone(),
        filter,
        output: Output::Rows(layout.key_ordinals.iter().map(|&o| Expr::Column(o as u32, ty(o))).collect()),
    };
    let options = ScanOptions {
        program: Some(Arc::new(program)),
        row_limit: if max == usize::MAX { 0 } else { max as u64 },
        own_writes: OwnWrites::All,
        ..ScanOptions::default()
    };
    let mut stream = cx.txn.scan(span, options);
    let mut out = Vec::new();
    let decoder = layout.primary.decoder(None);
    while let Some(page) = cx.txn.next_page(&mut stream).await? {
        let ScanRows::Program(batch) = page else {
            return Err(corrupt("a scan with a program gave raw rows"));
        };
        let mut keys = Vec::with_capacity(batch.len());
        for row in batch.rows() {
            keys.push(layout.key_of(row)?);
        }
        let found = cx.txn.get_now(&keys).await?;
        for (key, value) in keys.iter().zip(found) {
            if let Some(value) = value {
                let mut row = Vec::with_capacity(table.columns.len());
                decoder.decode(key.as_bytes(), &value, &mut row)?;
                out.push(row);
            }
        }
        if out.len() >= max {
            break;
        }
        cx.breathe().await?;
    }
    Ok(out)
}
