//! Operators: each pulls batches of rows from its inputs and hands batches on.
//!
//! [`build`] makes the tree of operators of a plan; [`Operator::next`] drives it. Operators borrow their plan and keep
//! what they need between calls, so that a portal can stop after any batch and go on later. Everything that belongs
//! to the running statement rather than to one operator is in [`Cx`].

mod aggregate;
mod append;
mod apply;
mod context;
mod cte;
mod distinct;
mod filter;
mod function_scan;
mod hash_join;
mod limit;
mod lock_rows;
mod lookup_join;
mod nested_loop_join;
mod project;
mod project_set;
mod recursive;
mod running;
pub(crate) mod scan;
mod set_op;
mod sort;
mod spill;
mod values;
mod virtual_scan;
mod window;

use datum::{Batch, Result};
use proto::BoxFuture;
use sql::plan::{Plan, PlanKind};

pub(crate) use context::{Cx, Profile, StatementState, eval_rows, node_id};
pub(crate) use running::Running;

/// Rows that an operator aims to hand on at once.
pub(crate) const BATCH_ROWS: usize = 1024;

/// The future of an operator's next batch.
pub(crate) type Next<'a> = BoxFuture<'a, Result<Option<Batch>>>;

/// A node of a running plan.
pub(crate) trait Operator: Send {
    /// The next rows (never an empty batch), or `None` at the end. Not called again after an error.
    fn next<'a>(&'a mut self, cx: &'a mut Cx<'_>) -> Next<'a>;
}

/// A boxed operator over a plan that lives for `'p`.
pub(crate) type BoxOperator<'p> = Box<dyn Operator + 'p>;

/// The operator of a plan node, with those of its inputs.
pub(crate) fn build<'p>(plan: &'p Plan) -> BoxOperator<'p> {
    let operator: BoxOperator<'p> = match &plan.kind {
        PlanKind::Values(rows) => Box::new(values::Values::new(plan.columns.len(), rows)),
        PlanKind::Scan(scan) => Box::new(scan::Scan::new(scan)),
        PlanKind::VirtualScan(table) => Box::new(virtual_scan::VirtualScan::new(table)),
        PlanKind::FunctionScan { calls, ordinality } => {
            Box::new(function_scan::FunctionScan::new(calls, *ordinality))
        }
        PlanKind::Filter { input, condition } => Box::new(filter::Filter::new(build(input), condition)),
        PlanKind::Project { input, exprs } => Box::new(project::Project::new(build(input), exprs)),
        PlanKind::ProjectSet { input, calls } => Box::new(project_set::ProjectSet::new(build(input), calls)),
        PlanKind::Limit { input, limit, offset, with_ties } => {
            Box::new(limit::Limit::new(build(input), limit.as_ref(), offset.as_ref(), with_ties.as_deref()))
        }
        PlanKind::Sort { input, keys, limit } => {
            Box::new(sort::Sort::new(build(input), input.columns.len(), keys, limit.as_ref()))
        }
        PlanKind::Distinct { input } => Box::new(distinct::Distinct::new(build(input), plan.columns.len())),
        PlanKind::DistinctOn { input, on } => Box::new(distinct::DistinctOn::new(build(input), on)),
        PlanKind::Aggregate { input, group_by, grouping_sets, aggregates, grouping } => {
            aggregate::build(input, group_by, grouping_sets, aggregates, grouping)
        }
        PlanKind::Window { input, partition_by, order_by, calls } => {
            Box::new(window::Window::new(build(input), input, partition_by, order_by, calls))
        }
        PlanKind::NestedLoopJoin { left, right, kind, on } => {
            Box::new(nested_loop_join::NestedLoopJoin::new(left, right, *kind, on.as_ref()))
        }
        PlanKind::HashJoin { left, right, kind, left_keys, right_keys, residual } => {
            Box::new(hash_join::HashJoin::new(left, right, *kind, left_keys, right_keys, residual.as_ref()))
        }
        PlanKind::LookupJoin { left, right, kind, keys, residual } => {
            Box::new(lookup_join::LookupJoin::new(left, right, *kind, keys, residual.as_ref()))
        }
        PlanKind::Apply { input, inner, kind, bind } => Box::new(apply::Apply::new(input, inner, kind, bind)),
        PlanKind::Append(inputs) => Box::new(append::Append::new(inputs)),
        PlanKind::SetOp { left, right, kind } => {
            Box::new(set_op::SetOp::new(build(left), build(right), *kind, plan.columns.len()))
        }
        PlanKind::Recursive { id, start, step, union_all } => {
            Box::new(recursive::Recursive::new(*id, start, step, *union_all))
        }
        PlanKind::WorkScan(id) => Box::new(recursive::WorkScan::new(*id)),
        PlanKind::CteScan(index) => Box::new(cte::CteScan::new(*index)),
        PlanKind::LockRows { input, targets } => Box::new(lock_rows::LockRows::new(build(input), targets)),
        PlanKind::Insert { table, input, row, on_conflict, checks, returning } => {
            Box::new(crate::dml::insert::Insert::new(
                table,
                build(input),
                row,
                on_conflict.as_ref(),
                checks,
                returning,
            ))
        }
        PlanKind::Update { table, input, set, checks, returning } => {
            Box::new(crate::dml::update::Update::new(table, input, set, checks, returning))
        }
        PlanKind::Delete { table, input, returning } => {
            Box::new(crate::dml::delete::Delete::new(table, input, returning))
        }
    };
    Box::new(context::Watched::new(plan, operator))
}

/// All rows of an operator, counted against the statement's memory.
pub(crate) async fn collect(
    operator: &mut (dyn Operator + '_),
    width: usize,
    cx: &mut Cx<'_>,
    reservation: &mut base::memory::Reservation,
) -> Result<Batch> {
    let mut all = Batch::new(width);
    while let Some(batch) = operator.next(cx).await? {
        reservation.grow(batch_bytes(&batch)).map_err(crate::error::out_of_memory)?;
        all.append(batch);
    }
    Ok(all)
}

/// About how many bytes a batch takes.
pub(crate) fn batch_bytes(batch: &Batch) -> u64 {
    batch.rows().map(row_bytes).sum()
}

/// About how many bytes a row takes.
pub(crate) fn row_bytes(row: &[datum::Datum]) -> u64 {
    row.iter().map(|datum| datum.memory_size() as u64).sum::<u64>() + 8
}

/// Evaluates an expression without columns to a row count; `None` for NULL (no limit).
pub(crate) async fn eval_count(
    expr: &datum::Expr,
    cx: &mut Cx<'_>,
    code: &'static str,
    what: &str,
) -> Result<Option<u64>> {
    let value = eval_rows(cx, |eval| expr.eval(&[], eval)).await?;
    match value.as_i64() {
        None => Ok(None),
        Some(n) => u64::try_from(n)
            .map(Some)
            .map_err(|_| datum::Error::new(code, format!("{what} must not be negative"))),
    }
}
