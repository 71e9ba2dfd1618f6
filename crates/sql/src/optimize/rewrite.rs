//! Filters move down to where their columns come from; joins that keep only matched rows become inner ones.
//!
//! A condition is moved only if it is not volatile. Outer joins stop what would change which rows they fill with
//! NULLs; limits, set-returning projections and locks stop everything.

use base::map::HashSet;
use datum::function::Volatility;
use datum::{Datum, Expr};

use super::{Planner, conjuncts, filtered, join_order, subquery};
use crate::logical::{ApplyUse, ColId, Rel, expr_cols};
use crate::parse::parser::with_stack;
use crate::plan::JoinKind;

/// Rewrites a tree.
pub(super) fn rewrite(planner: &mut Planner<'_>, rel: Rel) -> Rel {
    push(planner, rel, Vec::new())
}

/// The columns of a tree, for quick questions.
pub(super) struct Columns(HashSet<ColId>);

impl Columns {
    pub(super) fn of(rel: &Rel) -> Columns {
        Columns(rel.cols().into_iter().collect())
    }

    /// Whether the expression reads any of them.
    pub(super) fn touches(&self, expr: &Expr) -> bool {
        expr_cols(expr).iter().any(|id| self.0.contains(id))
    }

    pub(super) fn contains(&self, id: ColId) -> bool {
        self.0.contains(&id)
    }
}

pub(crate) fn volatile(expr: &Expr) -> bool {
    expr.volatility() == Volatility::Volatile
}

/// Rewrites `rel`, with `conds` (which hold for its output) moved as far down as they may go.
pub(super) fn push(planner: &mut Planner<'_>, rel: Rel, conds: Vec<Expr>) -> Rel {
    with_stack(|| push_into(planner, rel, conds))
}

fn boxed(planner: &mut Planner<'_>, rel: Box<Rel>, conds: Vec<Expr>) -> Box<Rel> {
    Box::new(push(planner, *rel, conds))
}

fn push_into(planner: &mut Planner<'_>, rel: Rel, conds: Vec<Expr>) -> Rel {
    match rel {
        Rel::Filter { input, conds: own } => {
            let mut all = Vec::new();
            own.into_iter().chain(conds).flat_map(common_parts).for_each(|c| conjuncts(c, &mut all));
            push(planner, *input, all)
        }
        Rel::Project { input, exprs } => {
            let read_through = |id: ColId| exprs.iter().find(|(to, _)| *to == id).map(|(_, e)| e.clone());
            let (down, up) = split(conds, |c| {
                !expr_cols(c).iter().any(|id| read_through(*id).is_some_and(|e| volatile(&e)))
            });
            for id in down.iter().flat_map(expr_cols) {
                planner.read_through.extend(read_through(id).iter().flat_map(expr_cols));
            }
            let down = down.iter().map(|c| c.replace_columns(&read_through)).collect();
            let input = boxed(planner, input, down);
            filtered(Rel::Project { input, exprs }, up)
        }
        Rel::Apply { input, inner, kind } => apply(planner, *input, *inner, kind, conds),
        Rel::Join { left, right, kind, on } => join(planner, *left, *right, kind, on, conds),
        Rel::Aggregate { input, group, sets, aggs, grouping } => {
            let plain = sets.len() <= 1 && !group.is_empty();
            let group_of = |id: ColId| group.iter().find(|(to, _)| *to == id).map(|(_, e)| e.clone());
            let made = |id: &ColId| aggs.iter().any(|a| a.0 == *id) || grouping.iter().any(|g| g.0 == *id);
            let (down, up) = split(conds, |c| {
                let columns = expr_cols(c);
                plain
                    && !columns.is_empty()
                    && !columns.iter().any(made)
                    && columns.iter().all(|id| group_of(*id).is_none_or(|e| !volatile(&e)))
            });
            let down = down.iter().map(|c| c.replace_columns(&group_of)).collect();
            let input = boxed(planner, input, down);
            filtered(Rel::Aggregate { input, group, sets, aggs, grouping }, up)
        }
        Rel::Window { input, partition, order, calls } => {
            // A whole partition is kept or left out if the condition reads only what partitions.
            let parts: Vec<ColId> = partition
                .iter()
                .filter_map(|e| match e {
                    Expr::Column(id, _) => Some(*id),
                    _ => None,
                })
                .collect();
            let own = Columns::of(&input);
            let (down, up) = split(conds, |c| {
                let columns = expr_cols(c);
                !columns.is_empty()
                    && columns.iter().all(|id| {
                        parts.contains(id) || (!own.contains(*id) && !calls.iter().any(|k| k.0 == *id))
                    })
            });
            let input = boxed(planner, input, down);
            filtered(Rel::Window { input, partition, order, calls }, up)
        }
        Rel::Sort { input, keys } => {
            let (down, up) = split(conds, |_| true);
            let input = boxed(planner, input, down);
            filtered(Rel::Sort { input, keys }, up)
        }
        Rel::Distinct { input } => {
            let (down, up) = split(conds, |_| true);
            let input = boxed(planner, input, down);
            filtered(Rel::Distinct { input }, up)
        }
        Rel::Append { inputs, cols } => {
            let (down, up) = split(conds, |_| true);
            let inputs = inputs
                .into_iter()
                .map(|input| {
                    let own = input.cols();
                    let of_input = |id: ColId| {
                        let at = cols.iter().position(|c| *c == id)?;
                        Some(planner.col(*own.get(at)?))
                    };
                    let down = down.iter().map(|c| c.replace_columns(&of_input)).collect();
                    push(planner, input, down)
                })
                .collect();
            filtered(Rel::Append { inputs, cols }, up)
        }
        mut other => {
            for input in other.inputs_mut() {
                let taken = input.take();
                *input = push(planner, taken, Vec::new());
            }
            filtered(other, conds)
        }
    }
}

/// Conditions that may go down (not volatile, and `may` agrees), and those that stay.
fn split(conds: Vec<Expr>, may: impl Fn(&Expr) -> bool) -> (Vec<Expr>, Vec<Expr>) {
    conds.into_iter().partition(|c| !volatile(c) && may(c))
}

fn apply(planner: &mut Planner<'_>, input: Rel, inner: Rel, kind: ApplyUse, conds: Vec<Expr>) -> Rel {
    let own = Columns::of(&input);
    let appended: Vec<ColId> = match &kind {
        ApplyUse::Scalar(id)
        | ApplyUse::Exists(id)
        | ApplyUse::Any { out: id, .. }
        | ApplyUse::Array(id, _) => vec![*id],
        ApplyUse::Lateral { .. } => inner.cols(),
    };
    let (down, mut up) = split(conds, |c| !expr_cols(c).iter().any(|id| appended.contains(id)));
    match kind {
        ApplyUse::Exists(_) | ApplyUse::Any { .. } => {
            match subquery::semi_join(planner, &mut up, inner, kind, &own) {
                Ok((inner, kind, on)) => {
                    // The join keeps every column that conditions read: they can still go to its left side.
                    let mut exprs: Vec<(ColId, Expr)> =
                        input.cols().into_iter().map(|id| (id, planner.col(id))).collect();
                    let mut joined = Rel::Join { left: Box::new(input), right: Box::new(inner), kind, on };
                    if let [out] = appended.as_slice()
                        && planner.read_through.contains(out)
                    {
                        // A projection above reads the result as well: for the rows that are left it is known.
                        exprs.push((*out, Expr::bool(kind == JoinKind::Semi)));
                        joined = Rel::Project { input: Box::new(joined), exprs };
                    }
                    up.extend(down);
                    push(planner, joined, up)
                }
                Err((inner, kind)) => {
                    let input = Box::new(push(planner, input, down));
                    let inner = Box::new(push(planner, inner, Vec::new()));
                    filtered(Rel::Apply { input, inner, kind }, up)
                }
            }
        }
        ApplyUse::Lateral { outer, on } => {
            let free = inner.free_cols().iter().any(|id| own.contains(*id));
            let kind = if outer { JoinKind::Left } else { JoinKind::Inner };
            if !free {
                let mut parts = Vec::new();
                on.into_iter().for_each(|c| conjuncts(c, &mut parts));
                up.extend(down);
                let joined = Rel::Join { left: Box::new(input), right: Box::new(inner), kind, on: parts };
                return push(planner, joined, up);
            }
            let (into, up) = if outer { (Vec::new(), up) } else { split(up, |_| true) };
            let input = Box::new(push(planner, input, down));
            let inner = Box::new(push(planner, inner, into));
            filtered(Rel::Apply { input, inner, kind: ApplyUse::Lateral { outer, on } }, up)
        }
        ApplyUse::Scalar(out) => match subquery::grouped_join(planner, input, inner, out, &own) {
            Ok(joined) => {
                up.extend(down);
                push(planner, joined, up)
            }
            Err((input, inner)) => {
                let input = Box::new(push(planner, input, down));
                let inner = Box::new(push(planner, inner, Vec::new()));
                filtered(Rel::Apply { input, inner, kind: ApplyUse::Scalar(out) }, up)
            }
        },
        kind @ ApplyUse::Array(..) => {
            let input = Box::new(push(planner, input, down));
            let inner = Box::new(push(planner, inner, Vec::new()));
            filtered(Rel::Apply { input, inner, kind }, up)
        }
    }
}

fn join(
    planner: &mut Planner<'_>,
    left: Rel,
    right: Rel,
    kind: JoinKind,
    on: Vec<Expr>,
    conds: Vec<Expr>,
) -> Rel {
    let mut parts = Vec::new();
    on.into_iter().for_each(|c| conjuncts(c, &mut parts));
    let on = parts;
    match kind {
        JoinKind::Inner => {
            let (mut leaves, mut all) = (Vec::new(), Vec::new());
            flatten(left, &mut leaves, &mut all);
            flatten(right, &mut leaves, &mut all);
            all.extend(on);
            all.extend(conds);
            inner(planner, leaves, all)
        }
        // Columns have ids, so sides can be exchanged freely.
        JoinKind::Right => join(planner, right, left, JoinKind::Left, on, conds),
        JoinKind::Left => {
            let (l, r) = (Columns::of(&left), Columns::of(&right));
            if conds.iter().any(|c| rejects_nulls(c, &r)) {
                return join(planner, left, right, JoinKind::Inner, on, conds);
            }
            let (down, up) = split(conds, |c| !r.touches(c));
            let (into_right, on) = split(on, |c| !l.touches(c));
            let left = Box::new(push(planner, left, down));
            let right = Box::new(push(planner, right, into_right));
            filtered(Rel::Join { left, right, kind, on }, up)
        }
        JoinKind::Full => {
            let left = Box::new(push(planner, left, Vec::new()));
            let right = Box::new(push(planner, right, Vec::new()));
            filtered(Rel::Join { left, right, kind, on }, conds)
        }
        JoinKind::Semi | JoinKind::Anti | JoinKind::NullAwareAnti => {
            let l = Columns::of(&left);
            let (down, up) = split(conds, |_| true);
            let (into_right, on) =
                if kind == JoinKind::NullAwareAnti { (Vec::new(), on) } else { split(on, |c| !l.touches(c)) };
            let left = Box::new(push(planner, left, down));
            let right = Box::new(push(planner, right, into_right));
            filtered(Rel::Join { left, right, kind, on }, up)
        }
    }
}

/// Takes a tree of inner joins (and filters between them) apart.
fn flatten(rel: Rel, leaves: &mut Vec<Rel>, conds: &mut Vec<Expr>) {
    with_stack(|| match rel {
        Rel::Join { left, right, kind: JoinKind::Inner, on } => {
            flatten(*left, leaves, conds);
            flatten(*right, leaves, conds);
            on.into_iter().for_each(|c| conjuncts(c, conds));
        }
        Rel::Filter { input, conds: own } if matches!(*input, Rel::Join { kind: JoinKind::Inner, .. }) => {
            flatten(*input, leaves, conds);
            own.into_iter().for_each(|c| conjuncts(c, conds));
        }
        other => leaves.push(other),
    });
}

fn inner(planner: &mut Planner<'_>, leaves: Vec<Rel>, conds: Vec<Expr>) -> Rel {
    let columns: Vec<Columns> = leaves.iter().map(Columns::of).collect();
    let mut own: Vec<Vec<Expr>> = leaves.iter().map(|_| Vec::new()).collect();
    let (mut between, mut up) = (Vec::new(), Vec::new());
    let conds: Vec<Expr> = conds.into_iter().flat_map(common_parts).collect();
    for cond in conds {
        if volatile(&cond) {
            up.push(cond);
            continue;
        }
        let touched: Vec<usize> = (0..columns.len()).filter(|i| columns[*i].touches(&cond)).collect();
        match &touched[..] {
            [one] => own[*one].push(cond),
            // Of outer columns and constants only: asked once, at the first leaf.
            [] => own[0].push(cond),
            _ => between.push(cond),
        }
    }
    let leaves: Vec<Rel> =
        leaves.into_iter().zip(own).map(|(leaf, conds)| push(planner, leaf, conds)).collect();
    filtered(join_order::order(planner, leaves, between), up)
}

/// `(a AND b) OR (a AND c)` keeps only what satisfies `a`: the common parts come out in front.
fn common_parts(cond: Expr) -> Vec<Expr> {
    let Expr::Or(branches) = &cond else { return vec![cond] };
    if volatile(&cond) {
        return vec![cond];
    }
    let parts: Vec<Vec<Expr>> = branches
        .iter()
        .map(|b| {
            let mut out = Vec::new();
            conjuncts(b.clone(), &mut out);
            out
        })
        .collect();
    let Some((first, rest)) = parts.split_first() else { return vec![cond] };
    let mut common: Vec<Expr> = first
        .iter()
        .filter(|part| rest.iter().all(|other| other.iter().any(|o| crate::logical::same_expr(o, part))))
        .cloned()
        .collect();
    common.push(cond);
    common
}

/// Whether the condition cannot be true for a row whose columns of that side are all NULL.
fn rejects_nulls(cond: &Expr, side: &Columns) -> bool {
    match cond {
        Expr::And(parts) => parts.iter().any(|p| rejects_nulls(p, side)),
        Expr::Or(parts) => !parts.is_empty() && parts.iter().all(|p| rejects_nulls(p, side)),
        Expr::Not(inner) => match &**inner {
            Expr::IsNull(e) => null_with(e, side),
            other => null_with(other, side),
        },
        Expr::Const(Datum::Bool(false) | Datum::Null, _) => true,
        other => null_with(other, side),
    }
}

/// Whether the expression is NULL for such a row.
fn null_with(expr: &Expr, side: &Columns) -> bool {
    match expr {
        Expr::Column(id, _) => side.contains(*id),
        Expr::Call { function, args, .. } => function.strict && args.iter().any(|a| null_with(a, side)),
        Expr::Cast { expr, .. } => null_with(expr, side),
        Expr::In { left, .. } | Expr::AnyAll { left, .. } => null_with(left, side),
        _ => false,
    }
}
