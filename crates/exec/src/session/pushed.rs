//! One-row changes that are done where the row is: UPDATE and DELETE by a whole primary key, INSERT of one row with or
//! without ON CONFLICT, as transactions of their own, on tables where nothing else depends on the row. Under contention
//! they queue at the leaseholder and never fail.

use std::sync::Arc;

use base::{Key, Span};
use datum::error::sqlstate;
use datum::program::{OnRow, RowCheck};
use datum::{Batch, Datum, Error, Expr, Result, RowUpdate};
use sql::StatementKind;
use sql::catalog::TableDescriptor;
use sql::plan::{OnConflict, Plan, PlanKind, Query};
use txn::UpdateOptions;

use super::Session;
use super::output::Output;
use super::portal::{Bound, Portal, Progress};
use crate::api::{Completion, Sink};
use crate::dml::{RowWriter, insert::make_rows, violation};
use crate::error::from_txn;
use crate::operators::Cx;
use crate::push::fold;

/// A change ready to be sent.
pub(super) struct Pushed {
    bound: Arc<Bound>,
    key: Key,
    update: Arc<RowUpdate>,
    reads: Vec<Span>,
}

/// A table's row depends on nothing and nothing on it, apart from its own key.
fn is_alone(table: &TableDescriptor) -> bool {
    table.indexes.len() == 1 && table.foreign_keys.is_empty()
}

fn keeps_key(table: &TableDescriptor, set: &[(usize, Expr)]) -> bool {
    let key = sql::layout::primary_key_ordinals(table);
    set.iter().all(|(ordinal, _)| !key.contains(ordinal))
}

/// The bound of a scan that finds at most one row, with the scan's filter.
fn one_row(plan: &Plan, table: &TableDescriptor) -> Option<(Vec<Expr>, Option<Expr>)> {
    let PlanKind::Scan(scan) = &plan.kind else { return None };
    let [bound] = scan.bounds.as_slice() else { return None };
    let whole = scan.table.id == table.id
        && sql::layout::is_primary_index(&scan.table, scan.index)
        && bound.eq.len() == scan.table.indexes[0].keys.len()
        && scan.lock.is_none()
        && scan.limit.is_none()
        && scan.output.len() == table.columns.len()
        && scan.output.iter().enumerate().all(|(i, o)| i == *o);
    whole.then(|| (bound.eq.clone(), scan.filter.clone()))
}

impl Session {
    /// The statement as a change of one row, if it is one that can be pushed down.
    pub(super) async fn push_down(
        &mut self,
        portal: &mut Portal,
        kind: StatementKind,
    ) -> Result<Option<Pushed>> {
        if !matches!(kind, StatementKind::Insert | StatementKind::Update | StatementKind::Delete)
            || !matches!(portal.progress, Progress::New)
            || self.read_only
        {
            return Ok(None);
        }
        self.ensure_tx().await?;
        let bound = self.bind_prepared(&portal.prepared).await?;
        let Some(query) = bound.query.clone() else { return Ok(None) };
        if !may_push(&query) {
            return Ok(None);
        }
        let mut state = self.statement_state(portal.params.clone())?;
        let Some(tx) = &mut self.tx else { return Ok(None) };
        let mut cx = Cx { txn: &mut tx.txn, state: &mut state, node: &self.node };
        let change = match &query.root.kind {
            PlanKind::Update { table, input, set, checks, returning } => {
                let Some((eq, filter)) = one_row(input, table) else { return Ok(None) };
                update(table, &eq, filter, set, checks, returning, &cx)?
            }
            PlanKind::Delete { table, input, returning } => {
                let Some((eq, filter)) = one_row(input, table) else { return Ok(None) };
                delete(table, &eq, filter, returning, &cx)?
            }
            PlanKind::Insert { table, input, row, on_conflict, checks, returning } => {
                insert(table, input, row, on_conflict.as_ref(), checks, returning, &mut cx).await?
            }
            _ => None,
        };
        let Some((key, update)) = change else { return Ok(None) };
        let reads = query.depends_on.iter().map(|(table, _)| crate::catalog::read_span(*table)).collect();
        Ok(Some(Pushed { bound, key, update: Arc::new(update), reads }))
    }

    /// Sends the change, and makes the portal's result of the answer.
    pub(super) async fn run_pushed<S: Sink>(
        &mut self,
        portal: &mut Portal,
        pushed: Pushed,
        output: &mut Output<'_, S>,
    ) -> std::result::Result<Completion, (Error, Option<txn::Error>)> {
        let Some(kind) = portal.prepared.parsed.as_ref().map(|parsed| parsed.kind()) else {
            return Ok(Completion::Empty);
        };
        let (read_ts, age) = match &self.tx {
            Some(tx) => (tx.txn.read_ts(), Some(tx.txn.age())),
            None => Default::default(),
        };
        let options = UpdateOptions { reads: pushed.reads, read_ts, max_ts: None, age };
        let done = self.node.coordinator.update_row(pushed.key, pushed.update, options).await;
        let answer = match done {
            Ok(answer) => answer,
            Err(error) => {
                let sql = from_txn(&error);
                return Err((sql, error.is_retryable().then_some(error)));
            }
        };
        // The transaction itself has done nothing; it only lent its snapshot.
        self.commit().await?;
        let affected = answer.row.as_ref().map_or(0, Batch::len);
        match &pushed.bound.fields {
            Some(fields) => {
                let settings = self.shared.change_settings(|s| s.format_at(self.began));
                output.columns(fields, portal.formats(fields.len()), &settings);
                if output.has_objects() {
                    output.name_objects(self.session_catalog());
                }
            }
            None => output.no_columns(),
        }
        if let Some(row) = answer.row
            && row.width() > 0
        {
            output.push(row, false).await.map_err(|error| (error, None))?;
        }
        portal.progress = Progress::Done;
        Ok(Completion::Done(format!("{} {affected}", kind.command_tag())))
    }
}

fn may_push(query: &Query) -> bool {
    if !query.ctes.is_empty() || query.registers > 0 {
        return false;
    }
    match &query.root.kind {
        PlanKind::Update { table, set, .. } => is_alone(table) && keeps_key(table, set),
        PlanKind::Delete { table, .. } => is_alone(table) && table.referenced_by.is_empty(),
        PlanKind::Insert { table, on_conflict, .. } => {
            let visible = table.indexes.first().is_some_and(|index| index.primary);
            let keeps = match on_conflict {
                Some(OnConflict::Update { set, .. }) => keeps_key(table, set),
                _ => true,
            };
            visible && is_alone(table) && keeps
        }
        _ => false,
    }
}

fn all_immutable<'e>(exprs: impl IntoIterator<Item = &'e Expr>, cx: &Cx<'_>) -> Result<Option<Vec<Expr>>> {
    let eval = cx.eval();
    let mut out = Vec::new();
    for expr in exprs {
        let expr = fold(expr, &eval)?;
        if !expr.is_immutable() {
            return Ok(None);
        }
        out.push(expr);
    }
    Ok(Some(out))
}

fn key_of(table: &Arc<TableDescriptor>, eq: &[Expr], cx: &Cx<'_>) -> Result<Option<Key>> {
    let eval = cx.eval();
    let values = eq.iter().map(|expr| expr.eval(&[], &eval)).collect::<Result<Vec<Datum>>>()?;
    if values.iter().any(Datum::is_null) {
        return Ok(None);
    }
    cx.layout(table)?.key_of(&values).map(Some)
}

fn assignments(set: &[(usize, Expr)], cx: &Cx<'_>) -> Result<Option<Vec<(u32, Expr)>>> {
    let values = all_immutable(set.iter().map(|(_, expr)| expr), cx)?;
    Ok(values.map(|values| set.iter().map(|(ordinal, _)| *ordinal as u32).zip(values).collect()))
}

/// A filter in the form in which it can be pushed; the outer `None` says that it cannot.
fn pushed_filter(filter: Option<&Expr>, cx: &Cx<'_>) -> Result<Option<Option<Expr>>> {
    Ok(all_immutable(filter, cx)?.map(|mut filter| filter.pop()))
}

/// What a changed row must satisfy. The errors lack the row: whoever gets one runs the statement the other way, which
/// shows it.
fn row_checks(
    table: &TableDescriptor,
    set: &[(u32, Expr)],
    checks: &[(String, Expr)],
    cx: &Cx<'_>,
) -> Result<Option<Vec<RowCheck>>> {
    let mut out = Vec::new();
    for (ordinal, _) in set {
        let column = &table.columns[*ordinal as usize];
        if !column.nullable {
            let value = Expr::Column(*ordinal, column.ty.ty);
            let condition = Expr::Not(Box::new(Expr::IsNull(Box::new(value))));
            let error = Error::new(sqlstate::NOT_NULL_VIOLATION, column.name.clone());
            out.push(RowCheck { condition, error });
        }
    }
    let Some(conditions) = all_immutable(checks.iter().map(|(_, condition)| condition), cx)? else {
        return Ok(None);
    };
    for ((name, _), condition) in checks.iter().zip(conditions) {
        out.push(RowCheck { condition, error: Error::new(sqlstate::CHECK_VIOLATION, name.clone()) });
    }
    Ok(Some(out))
}

/// Whether a statement that failed so at the leaseholder is to be run the other way.
pub(super) fn is_vague(error: &Error) -> bool {
    matches!(error.code(), sqlstate::NOT_NULL_VIOLATION | sqlstate::CHECK_VIOLATION)
}

type Change = Option<(Key, RowUpdate)>;

fn update(
    table: &Arc<TableDescriptor>,
    eq: &[Expr],
    filter: Option<Expr>,
    set: &[(usize, Expr)],
    checks: &[(String, Expr)],
    returning: &[Expr],
    cx: &Cx<'_>,
) -> Result<Change> {
    let (Some(set), Some(filter), Some(returning), Some(key)) = (
        assignments(set, cx)?,
        pushed_filter(filter.as_ref(), cx)?,
        all_immutable(returning, cx)?,
        key_of(table, eq, cx)?,
    ) else {
        return Ok(None);
    };
    let Some(checks) = row_checks(table, &set, checks, cx)? else { return Ok(None) };
    let layout = cx.layout(table)?.primary.clone();
    let on_row = OnRow::Update { filter, set };
    Ok(Some((key, RowUpdate { layout, insert: None, on_row, checks, returning })))
}

fn delete(
    table: &Arc<TableDescriptor>,
    eq: &[Expr],
    filter: Option<Expr>,
    returning: &[Expr],
    cx: &Cx<'_>,
) -> Result<Change> {
    let (Some(filter), Some(returning), Some(key)) =
        (pushed_filter(filter.as_ref(), cx)?, all_immutable(returning, cx)?, key_of(table, eq, cx)?)
    else {
        return Ok(None);
    };
    let layout = cx.layout(table)?.primary.clone();
    let on_row = OnRow::Delete { filter };
    Ok(Some((key, RowUpdate { layout, insert: None, on_row, checks: Vec::new(), returning })))
}

async fn insert(
    table: &Arc<TableDescriptor>,
    input: &Plan,
    row: &[Expr],
    on_conflict: Option<&OnConflict>,
    checks: &[(String, Expr)],
    returning: &[Expr],
    cx: &mut Cx<'_>,
) -> Result<Change> {
    let values = match &input.kind {
        PlanKind::Values(rows) if rows.len() == 1 => rows,
        _ => return Ok(None),
    };
    let Some(returning) = all_immutable(returning, cx)? else { return Ok(None) };
    let mut row_check = Vec::new();
    let on_row = match on_conflict {
        None => None,
        Some(OnConflict::Nothing(_)) => Some(OnRow::Nothing),
        Some(OnConflict::Update { set, filter, .. }) => {
            let (Some(set), Some(filter)) = (assignments(set, cx)?, pushed_filter(filter.as_ref(), cx)?)
            else {
                return Ok(None);
            };
            match row_checks(table, &set, checks, cx)? {
                Some(checks) => row_check = checks,
                None => return Ok(None),
            }
            Some(OnRow::Update { filter, set })
        }
    };
    // From here on values may have been drawn from sequences: the statement is pushed in any case.
    let first = crate::operators::eval_rows(cx, |eval| {
        values[0].iter().map(|expr| expr.eval(&[], eval)).collect::<Result<Vec<Datum>>>()
    })
    .await?;
    let mut batch = Batch::new(first.len());
    batch.push(first);
    let writer = RowWriter::new(table, cx)?;
    let rows = make_rows(&batch, row, checks, &writer, cx).await?;
    let row = rows.row(0).to_vec();
    let key = writer.layout.row_key(&row)?;
    let on_row =
        on_row.unwrap_or_else(|| OnRow::Fail(violation::unique(table, &table.indexes[0], &row, &[], cx)));
    let layout = writer.layout.primary.clone();
    Ok(Some((key, RowUpdate { layout, insert: Some(row), on_row, checks: row_check, returning })))
}
