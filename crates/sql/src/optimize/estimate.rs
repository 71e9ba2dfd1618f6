//! Guesses of how many rows come out of a tree.
//!
//! The formulas are System R's (Selinger et al., 1979): independence, uniform values, containment of join keys.

use datum::function::Comparison;
use datum::{Datum, Expr};

use super::Planner;
use crate::catalog::TableDescriptor;
use crate::logical::{ApplyUse, ColId, Rel, expr_cols};
use crate::parse::parser::with_stack;
use crate::plan::JoinKind;

/// Rows of a table of which nothing is known.
pub(super) const ROWS_UNKNOWN: f64 = 1000.0;
/// What an equation with an unknown column keeps.
const EQUAL: f64 = 0.005;
/// What one inequation keeps.
const RANGE: f64 = 1.0 / 3.0;
/// What anything else keeps.
const OTHER: f64 = 0.25;

impl Planner<'_> {
    /// Rows of a table.
    pub(super) fn table_rows(&self, table: &TableDescriptor) -> f64 {
        self.catalog.statistics(table.id).map_or(ROWS_UNKNOWN, |s| s.rows.max(1.0))
    }

    /// Distinct values of a base column, as far as that is known.
    fn distinct(&self, id: ColId) -> Option<f64> {
        let (table, column) = self.cols.get(id as usize)?.origin?;
        let statistics = self.catalog.statistics(table);
        if let Some(found) = statistics.as_ref().and_then(|s| s.columns.iter().find(|c| c.0 == column)) {
            return Some(found.1.max(1.0));
        }
        let table = self.catalog.table_by_id(table)?;
        let alone = |index: &crate::catalog::IndexDescriptor| {
            let keys = crate::layout::key_columns(index);
            index.unique && index.keys.len() == 1 && keys == [column]
        };
        table.indexes.iter().any(alone).then(|| self.table_rows(&table))
    }

    /// What part of the rows a condition keeps.
    pub(super) fn selectivity(&self, cond: &Expr) -> f64 {
        let equal = |e: &Expr| match strip(e) {
            Expr::Column(id, _) => self.distinct(*id).map_or(EQUAL, |d| 1.0 / d),
            _ => EQUAL,
        };
        match cond {
            Expr::Const(Datum::Bool(true), _) => 1.0,
            Expr::Const(..) => 0.0,
            Expr::And(parts) => parts.iter().map(|p| self.selectivity(p)).product(),
            Expr::Or(parts) => 1.0 - parts.iter().map(|p| 1.0 - self.selectivity(p)).product::<f64>(),
            Expr::Not(inner) => (1.0 - self.selectivity(inner)).max(0.01),
            Expr::IsNull(_) => 0.05,
            Expr::In { left, list } => (equal(left) * list.items.len() as f64).min(0.9),
            Expr::AnyAll { left, all: false, .. } => (equal(left) * 10.0).min(0.9),
            Expr::Call { function, args, .. } => match (function.comparison, &args[..]) {
                (Some(Comparison::Eq), [a, b]) => equal(a).min(equal(b)),
                (Some(Comparison::Ne), _) => 0.9,
                (Some(_), _) => RANGE,
                _ => OTHER,
            },
            _ => OTHER,
        }
    }

    /// Rows that come out.
    pub(super) fn rows(&self, rel: &Rel) -> f64 {
        with_stack(|| self.rows_of(rel))
    }

    fn rows_of(&self, rel: &Rel) -> f64 {
        match rel {
            Rel::Values { rows, .. } => rows.len() as f64,
            Rel::Scan { table, .. } => self.table_rows(table),
            Rel::Virtual { .. } => 200.0,
            Rel::Functions { .. } => 100.0,
            Rel::Filter { input, conds } => {
                let kept: f64 = conds.iter().map(|c| self.selectivity(c)).product();
                (self.rows(input) * kept).max(1.0)
            }
            Rel::Project { input, .. }
            | Rel::Sort { input, .. }
            | Rel::Window { input, .. }
            | Rel::LockRows { input, .. }
            | Rel::Insert { input, .. }
            | Rel::Update { input, .. }
            | Rel::Delete { input, .. } => self.rows(input),
            Rel::ProjectSet { input, .. } => self.rows(input) * 10.0,
            Rel::Limit { input, limit, .. } => match limit {
                Some(Expr::Const(Datum::Int8(n), _)) => self.rows(input).min(*n as f64).max(1.0),
                Some(_) => self.rows(input).min(100.0),
                None => self.rows(input),
            },
            Rel::Distinct { input } => self.groups(self.rows(input), &input.cols()),
            Rel::DistinctOn { input, on } => {
                let columns: Vec<ColId> = on.iter().flat_map(expr_cols).collect();
                self.groups(self.rows(input), &columns)
            }
            Rel::Aggregate { input, group, sets, .. } => {
                if group.is_empty() {
                    return sets.len().max(1) as f64;
                }
                let columns: Vec<ColId> = group.iter().flat_map(|g| expr_cols(&g.1)).collect();
                self.groups(self.rows(input), &columns) * sets.len().max(1) as f64
            }
            Rel::Join { left, right, kind, on } => {
                let (l, r) = (self.rows(left), self.rows(right));
                let kept: f64 = on.iter().map(|c| self.selectivity(c)).product();
                let matched = (l * r * kept).max(1.0);
                match kind {
                    JoinKind::Inner => matched,
                    JoinKind::Left => matched.max(l),
                    JoinKind::Right => matched.max(r),
                    JoinKind::Full => matched.max(l).max(r),
                    JoinKind::Semi => (l * 0.5).min(matched).max(1.0),
                    JoinKind::Anti | JoinKind::NullAwareAnti => (l * 0.5).max(1.0),
                }
            }
            Rel::Apply { input, inner, kind } => match kind {
                ApplyUse::Lateral { .. } => self.rows(input) * self.rows(inner).max(1.0),
                _ => self.rows(input),
            },
            Rel::Append { inputs, .. } => inputs.iter().map(|i| self.rows(i)).sum(),
            Rel::SetOp { left, .. } => (self.rows(left) * 0.5).max(1.0),
            Rel::Recursive { start, .. } => self.rows(start) * 10.0,
            Rel::WorkScan { .. } => 10.0,
            Rel::CteScan { index, .. } => self.cte_rows.get(*index).copied().unwrap_or(ROWS_UNKNOWN),
        }
    }

    /// How many groups these columns make of so many rows.
    fn groups(&self, rows: f64, columns: &[ColId]) -> f64 {
        let distinct: f64 =
            columns.iter().map(|id| self.distinct(*id).unwrap_or(rows * 0.1).max(1.0)).product();
        distinct.min(rows).max(1.0)
    }
}

/// The expression without casts that change no value: varchar to text.
pub(super) fn strip(expr: &Expr) -> &Expr {
    use datum::Type::{Text, Varchar};
    match expr {
        Expr::Cast { expr: inner, to, .. }
            if to.typmod == -1 && matches!(to.ty, Text | Varchar) && matches!(inner.ty(), Text | Varchar) =>
        {
            strip(inner)
        }
        other => other,
    }
}
