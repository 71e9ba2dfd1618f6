//! Subqueries to joins: EXISTS and IN to semi-joins, NOT EXISTS to anti-joins, correlated scalar aggregates to joins
//! with groups (Galindo-Legaria and Joshi, "Orthogonal Optimization of Subqueries and Aggregation", 2001).
//!
//! What does not fit stays an Apply, which always works.

use datum::function::Comparison;
use datum::{Datum, Expr};

use super::rewrite::{Columns, volatile};
use super::{Planner, conjuncts, filtered};
use crate::logical::{ApplyUse, ColId, Rel, expr_cols};
use crate::parse::parser::with_stack;
use crate::plan::JoinKind;

/// If one of `conds` is just the subquery's result (or its negation), and nobody else reads that: the inner tree
/// without correlation, the kind of join, and its condition. That condition is then gone from `conds`.
#[allow(clippy::result_large_err)] // The error is what was given.
pub(super) fn semi_join(
    planner: &mut Planner<'_>,
    conds: &mut Vec<Expr>,
    inner: Rel,
    kind: ApplyUse,
    outer: &Columns,
) -> Result<(Rel, JoinKind, Vec<Expr>), (Rel, ApplyUse)> {
    let out = match &kind {
        ApplyUse::Exists(out) => *out,
        ApplyUse::Any { out, all: false, .. } => *out,
        _ => return Err((inner, kind)),
    };
    let at = conds.iter().position(|c| wanted(c, out).is_some());
    let (Some(at), Some(1)) = (at, planner.uses.get(&out).copied()) else { return Err((inner, kind)) };
    let negated = wanted(&conds[at], out) == Some(false);
    let (join, on) = match &kind {
        ApplyUse::Any { test, .. } if negated => {
            // NOT IN: only the plain form, where NULLs on either side are the join's business.
            let plain =
                matches!(test, Expr::Call { function, .. } if function.comparison == Some(Comparison::Eq));
            if !plain || inner.free_cols().iter().any(|id| outer.contains(*id)) {
                return Err((inner, kind));
            }
            (JoinKind::NullAwareAnti, vec![test.clone()])
        }
        ApplyUse::Any { test, .. } => {
            let mut on = Vec::new();
            conjuncts(test.clone(), &mut on);
            (JoinKind::Semi, on)
        }
        _ if negated => (JoinKind::Anti, Vec::new()),
        _ => (JoinKind::Semi, Vec::new()),
    };
    let exists = matches!(kind, ApplyUse::Exists(_));
    match decorrelated(inner.clone(), outer, exists) {
        Some((inner, mut correlated)) => {
            conds.remove(at);
            correlated.extend(on);
            Ok((inner, join, correlated))
        }
        None => Err((inner, kind)),
    }
}

/// `Some(true)` if the condition is the column, `Some(false)` if it is its negation.
fn wanted(cond: &Expr, out: ColId) -> Option<bool> {
    match cond {
        Expr::Column(id, _) if *id == out => Some(true),
        Expr::Not(inner) => wanted(inner, out).map(|positive| !positive),
        _ => None,
    }
}

/// The tree without the conditions that read outer columns, and those conditions. `None` if outer columns are read
/// elsewhere. With `exists` only whether there are rows matters.
fn decorrelated(rel: Rel, outer: &Columns, exists: bool) -> Option<(Rel, Vec<Expr>)> {
    with_stack(|| {
        if !rel.free_cols().iter().any(|id| outer.contains(*id)) && !exists {
            return Some((rel, Vec::new()));
        }
        match rel {
            Rel::Filter { input, conds } => {
                let (input, mut correlated) = decorrelated(*input, outer, exists)?;
                let (theirs, own): (Vec<Expr>, Vec<Expr>) = conds.into_iter().partition(|c| outer.touches(c));
                if theirs.iter().any(volatile) {
                    return None;
                }
                theirs.into_iter().for_each(|c| conjuncts(c, &mut correlated));
                Some((filtered(input, own), correlated))
            }
            Rel::Project { input, exprs } => {
                if exprs.iter().any(|(_, e)| volatile(e) || (!exists && outer.touches(e))) {
                    return None;
                }
                let (input, correlated) = decorrelated(*input, outer, exists)?;
                let mut kept: Vec<(ColId, Expr)> = if exists { Vec::new() } else { exprs };
                let made = input.cols();
                for id in correlated.iter().flat_map(expr_cols) {
                    if made.contains(&id) && !kept.iter().any(|(to, _)| *to == id) {
                        let ty = correlated.iter().find_map(|c| column_type(c, id))?;
                        kept.push((id, Expr::Column(id, ty)));
                    }
                }
                Some((Rel::Project { input: Box::new(input), exprs: kept }, correlated))
            }
            Rel::Sort { input, .. } | Rel::Distinct { input } if exists => {
                decorrelated(*input, outer, exists)
            }
            Rel::Limit { input, limit, offset: None, .. } if exists && at_least_one(limit.as_ref()) => {
                decorrelated(*input, outer, exists)
            }
            Rel::Join { left, right, kind: JoinKind::Inner, on } => {
                let (left, mut correlated) = decorrelated(*left, outer, false)?;
                let (right, more) = decorrelated(*right, outer, false)?;
                correlated.extend(more);
                let (theirs, own): (Vec<Expr>, Vec<Expr>) = on.into_iter().partition(|c| outer.touches(c));
                theirs.into_iter().for_each(|c| conjuncts(c, &mut correlated));
                let joined = Rel::Join {
                    left: Box::new(left),
                    right: Box::new(right),
                    kind: JoinKind::Inner,
                    on: own,
                };
                Some((joined, correlated))
            }
            other if other.free_cols().iter().any(|id| outer.contains(*id)) => None,
            other => Some((other, Vec::new())),
        }
    })
}

fn column_type(expr: &Expr, wanted: ColId) -> Option<datum::Type> {
    let mut found = None;
    expr.walk(&mut |e| {
        if let Expr::Column(id, ty) = e
            && *id == wanted
        {
            found = Some(*ty);
        }
    });
    found
}

fn at_least_one(limit: Option<&Expr>) -> bool {
    match limit {
        None => true,
        Some(Expr::Const(Datum::Int8(n), _)) => *n > 0,
        Some(_) => false,
    }
}

/// `(SELECT f(agg(x)) FROM t WHERE t.k = outer.k)` as a left join with `SELECT k, agg(x) FROM t GROUP BY k`.
#[allow(clippy::result_large_err)] // The error is what was given.
pub(super) fn grouped_join(
    planner: &mut Planner<'_>,
    input: Rel,
    inner: Rel,
    out: ColId,
    outer: &Columns,
) -> Result<Rel, (Rel, Rel)> {
    match grouped(planner, &input, &inner, outer) {
        Some((groups, on, result)) => {
            let mut exprs: Vec<(ColId, Expr)> =
                input.cols().into_iter().map(|id| (id, planner.col(id))).collect();
            exprs.push((out, result));
            let joined =
                Rel::Join { left: Box::new(input), right: Box::new(groups), kind: JoinKind::Left, on };
            Ok(Rel::Project { input: Box::new(joined), exprs })
        }
        None => Err((input, inner)),
    }
}

fn grouped(
    planner: &mut Planner<'_>,
    input: &Rel,
    inner: &Rel,
    outer: &Columns,
) -> Option<(Rel, Vec<Expr>, Expr)> {
    let (result, aggregate) = match inner {
        Rel::Project { input, exprs } => match &exprs[..] {
            [(_, expr)] => (Some(expr.clone()), &**input),
            _ => return None,
        },
        other => (None, other),
    };
    let Rel::Aggregate { input: source, group, sets, aggs, grouping } = aggregate else { return None };
    if !group.is_empty() || sets.len() > 1 || !grouping.is_empty() || aggs.is_empty() {
        return None;
    }
    let result = match result {
        Some(expr) => expr,
        None => planner.col(aggs.first()?.0),
    };
    let reads_outer = |e: &Expr| outer.touches(e);
    let own_exprs =
        aggs.iter().flat_map(|(_, a)| a.args.iter().chain(&a.filter).chain(a.order_by.iter().map(|o| &o.0)));
    if own_exprs.clone().any(reads_outer) || reads_outer(&result) || volatile(&result) {
        return None;
    }
    if !inner.free_cols().iter().any(|id| outer.contains(*id)) {
        return None; // Runs once as it is.
    }
    let (source, correlated) = decorrelated((**source).clone(), outer, false)?;
    let own = Columns::of(&source);
    let mut keys = Vec::new();
    for cond in &correlated {
        let Expr::Call { function, args, .. } = cond else { return None };
        let (Some(Comparison::Eq), [a, b]) = (function.comparison, &args[..]) else { return None };
        let key = match (own.touches(a), own.touches(b), outer.touches(a), outer.touches(b)) {
            (true, false, false, true) => a,
            (false, true, true, false) => b,
            _ => return None,
        };
        keys.push((cond, key.clone()));
    }
    if keys.is_empty() || !worth_it(planner, input, &source, &keys) {
        return None;
    }
    let mut group = Vec::new();
    let mut on = Vec::new();
    for (cond, key) in keys {
        let id = planner.new_col("key", key.ty());
        let column = planner.col(id);
        on.push(replace_expr(cond, &key, &column));
        group.push((id, key));
    }
    // An outer row without partners has an empty group: counts are 0 there, everything else is NULL.
    let mut replaced = result;
    for (id, call) in aggs {
        if call.function.name == "count" {
            let (from, ty) = (*id, call.ty);
            replaced = replaced.replace_columns(&|c| {
                (c == from).then(|| {
                    Expr::Coalesce(vec![Expr::Column(from, ty), Expr::Const(Datum::Int8(0), ty)], ty)
                })
            });
        } else if !null_on_empty(call.function.name) {
            return None;
        }
    }
    let sets = vec![(0..group.len()).collect()];
    let groups =
        Rel::Aggregate { input: Box::new(source), group, sets, aggs: aggs.clone(), grouping: Vec::new() };
    Some((groups, on, replaced))
}

/// Whether the aggregate of no row is NULL.
fn null_on_empty(name: &str) -> bool {
    !name.starts_with("regr_count")
}

/// Grouping everything pays if there are many outer rows, or no index to find the few partners of each.
fn worth_it(planner: &Planner<'_>, input: &Rel, source: &Rel, keys: &[(&Expr, Expr)]) -> bool {
    let outer_rows = planner.rows(input);
    let inner_rows = planner.rows(source);
    let indexed = keys.iter().any(|(_, key)| match super::estimate::strip(key) {
        Expr::Column(id, _) => {
            planner.cols.get(*id as usize).and_then(|meta| meta.origin).is_some_and(|(table, column)| {
                planner.catalog.table_by_id(table).is_some_and(|t| {
                    t.indexes.iter().any(|i| crate::layout::key_columns(i).first() == Some(&column))
                })
            })
        }
        _ => false,
    });
    if indexed { outer_rows * 10.0 > inner_rows } else { outer_rows > 2.0 }
}

/// `cond` with the tree `what` replaced.
fn replace_expr(cond: &Expr, what: &Expr, by: &Expr) -> Expr {
    if crate::logical::same_expr(cond, what) {
        return by.clone();
    }
    cond.map_children(&mut |child| replace_expr(child, what, by))
}
