//! How two inputs are joined: by looking up an index, by hashing, or by trying every pair.

use datum::function::Comparison;
use datum::{Expr, Result, Type};

use super::lower::{Lowered, Lowering, Needed, positions, with_exprs};
use super::rewrite::Columns;
use super::{access, conjuncts};
use crate::catalog::{IndexKeyKind, IndexState};
use crate::logical::{ColId, Rel};
use crate::plan::{JoinKind, KeyBounds, PlanKind, Scan};

/// What one look-up costs, in rows scanned.
const LOOKUP: f64 = 6.0;

/// An equation between the sides.
struct Pair {
    left: Expr,
    right: Expr,
    /// The whole condition.
    cond: Expr,
}

impl Lowering<'_, '_> {
    pub(super) fn join(
        &mut self,
        rel: &Rel,
        left: &Rel,
        right: &Rel,
        kind: JoinKind,
        on: &[Expr],
        needed: &Needed,
    ) -> Result<Lowered> {
        let rows = self.planner.rows(rel);
        let mut conds = Vec::new();
        on.iter().for_each(|c| conjuncts(c.clone(), &mut conds));
        let (l, r) = (Columns::of(left), Columns::of(right));
        let mut pairs = Vec::new();
        let mut residual = Vec::new();
        for cond in conds {
            match pair(&cond, &l, &r) {
                Some(pair) => pairs.push(pair),
                None => residual.push(cond),
            }
        }
        let below = with_exprs(needed, on);
        if let Some(lowered) = self.lookup_join(left, right, kind, &pairs, &residual, &below, rows)? {
            return Ok(lowered);
        }
        // The smaller side is the one to build a table of.
        let exchange = kind == JoinKind::Inner && self.planner.rows(left) < self.planner.rows(right);
        let (left, right) = if exchange { (right, left) } else { (left, right) };
        if exchange {
            for pair in &mut pairs {
                std::mem::swap(&mut pair.left, &mut pair.right);
            }
        }
        let left = self.lower(left, &below)?;
        let right = self.lower(right, &below)?;
        let cols = output(&left.cols, &right.cols, kind);
        let mut both = left.cols.clone();
        both.extend(&right.cols);
        let both = positions(&both);
        let cost = left.plan.cost + right.plan.cost;
        let (left_map, right_map) = (positions(&left.cols), positions(&right.cols));
        if pairs.is_empty() || (kind == JoinKind::NullAwareAnti && !residual.is_empty()) {
            let all: Vec<Expr> = pairs.into_iter().map(|p| p.cond).chain(residual).collect();
            let on = conjunction(self.exprs(&all, &both)?);
            let cost = cost + left.plan.rows * right.plan.rows.max(1.0) * 0.3;
            let (left, right) = (Box::new(left.plan), Box::new(right.plan));
            return Ok(self.done(PlanKind::NestedLoopJoin { left, right, kind, on }, cols, rows, cost));
        }
        let cost = cost + left.plan.rows + right.plan.rows * 1.5;
        let mut left_keys = Vec::with_capacity(pairs.len());
        let mut right_keys = Vec::with_capacity(pairs.len());
        for Pair { left, right, .. } in &pairs {
            left_keys.push(self.expr(left, &left_map)?);
            right_keys.push(self.expr(right, &right_map)?);
        }
        let kind = PlanKind::HashJoin {
            residual: conjunction(self.exprs(&residual, &both)?),
            left: Box::new(left.plan),
            right: Box::new(right.plan),
            kind,
            left_keys,
            right_keys,
        };
        Ok(self.done(kind, cols, rows, cost))
    }

    /// A join that looks up the rows of the right side by an index, if there is one and the left side is small.
    #[allow(clippy::too_many_arguments)] // The parts of one node.
    fn lookup_join(
        &mut self,
        left: &Rel,
        right: &Rel,
        kind: JoinKind,
        pairs: &[Pair],
        residual: &[Expr],
        below: &Needed,
        rows: f64,
    ) -> Result<Option<Lowered>> {
        if !matches!(kind, JoinKind::Inner | JoinKind::Left | JoinKind::Semi | JoinKind::Anti)
            || pairs.is_empty()
        {
            return Ok(None);
        }
        let sides: &[(&Rel, &Rel, bool)] = if kind == JoinKind::Inner {
            &[(left, right, false), (right, left, true)]
        } else {
            &[(left, right, false)]
        };
        let mut best: Option<(f64, usize, u32, Vec<usize>)> = None;
        for (at, (outer, inner, turned)) in sides.iter().enumerate() {
            let Some((index, used, matched)) = self.lookup_index(inner, pairs, *turned) else { continue };
            let cost = self.planner.rows(outer) * (LOOKUP + matched);
            if best.as_ref().is_none_or(|b| cost < b.0) {
                best = Some((cost, at, index, used));
            }
        }
        let Some((lookup_cost, at, index, used)) = best else { return Ok(None) };
        let hash_cost = self.planner.rows(left) + self.planner.rows(right) * 1.5 + scan_cost(self, right);
        if lookup_cost > hash_cost {
            return Ok(None);
        }
        let (outer, inner, turned) = sides[at];
        let outer_lowered = self.lower(outer, below)?;
        let (scan_rel, conds): (&Rel, &[Expr]) = match inner {
            Rel::Filter { input, conds } => (input, conds),
            other => (other, &[]),
        };
        let Rel::Scan { table, cols, lock } = scan_rel else { return Ok(None) };
        let map = positions(cols);
        let mut parts = Vec::new();
        conds.iter().for_each(|c| conjuncts(c.clone(), &mut parts));
        let filter = conjunction(self.exprs(&parts, &map)?);
        let output_at: Vec<usize> = (0..cols.len()).filter(|i| below.contains(&cols[*i])).collect();
        let inner_cols: Vec<ColId> = output_at.iter().map(|i| cols[*i]).collect();
        let outer_map = positions(&outer_lowered.cols);
        let mut keys = Vec::with_capacity(used.len());
        for pair in used.iter().map(|i| &pairs[*i]) {
            let (from, to) = if turned { (&pair.right, &pair.left) } else { (&pair.left, &pair.right) };
            let Some(key) = access::as_key(from, super::estimate::strip(to).ty()) else { return Ok(None) };
            keys.push(self.expr(&key, &outer_map)?);
        }
        let mut both = outer_lowered.cols.clone();
        both.extend(&inner_cols);
        let both = positions(&both);
        let rest = pairs.iter().enumerate().filter(|(i, _)| !used.contains(i)).map(|(_, p)| p.cond.clone());
        let rest: Vec<Expr> = rest.chain(residual.iter().cloned()).collect();
        let scan = Scan {
            table: table.clone(),
            index,
            bounds: vec![KeyBounds::default()],
            reverse: false,
            filter,
            output: output_at,
            limit: None,
            ordered: false,
            lock: *lock,
        };
        let cols = output(&outer_lowered.cols, &inner_cols, kind);
        let cost = outer_lowered.plan.cost + lookup_cost;
        let kind = PlanKind::LookupJoin {
            residual: conjunction(self.exprs(&rest, &both)?),
            left: Box::new(outer_lowered.plan),
            right: Box::new(scan),
            kind,
            keys,
        };
        Ok(Some(self.done(kind, cols, rows, cost)))
    }

    /// The index whose first columns the equations pin down best: which, by which equations in key order, and how
    /// many rows one look-up finds.
    fn lookup_index(&self, inner: &Rel, pairs: &[Pair], turned: bool) -> Option<(u32, Vec<usize>, f64)> {
        let scan = match inner {
            Rel::Filter { input, .. } => input,
            other => other,
        };
        let Rel::Scan { table, cols, .. } = scan else { return None };
        let rows = self.planner.table_rows(table);
        let mut best: Option<(u32, Vec<usize>, f64)> = None;
        for index in table.indexes.iter().filter(|i| i.state == IndexState::Public && i.predicate.is_none()) {
            let mut used = Vec::new();
            for key in &index.keys {
                let IndexKeyKind::Column(id) = key.what else { break };
                let Some(at) = table.column_ordinal(id) else { break };
                let ty = table.columns[at].ty.ty;
                let fits = |p: &Pair| {
                    let (from, to) = if turned { (&p.right, &p.left) } else { (&p.left, &p.right) };
                    matches!(super::estimate::strip(to), Expr::Column(c, _) if *c == cols[at])
                        && access::as_key(from, ty).is_some()
                };
                match pairs.iter().position(fits) {
                    Some(i) => used.push(i),
                    None => break,
                }
            }
            if used.is_empty() {
                continue;
            }
            let matched = if index.unique && used.len() == index.keys.len() {
                1.0
            } else {
                let kept: f64 = used.iter().map(|i| self.planner.selectivity(&pairs[*i].cond)).product();
                // What is not the row itself has to be fetched.
                (rows * kept).max(1.0)
                    * if crate::layout::is_primary_index(table, index.id) { 1.0 } else { 3.0 }
            };
            if best.as_ref().is_none_or(|b| matched < b.2) {
                best = Some((index.id, used, matched));
            }
        }
        best
    }
}

fn scan_cost(lowering: &Lowering<'_, '_>, rel: &Rel) -> f64 {
    match rel {
        Rel::Filter { input, .. } => scan_cost(lowering, input),
        Rel::Scan { table, .. } => lowering.planner.table_rows(table),
        _ => 0.0,
    }
}

/// What a join of this kind gives.
fn output(left: &[ColId], right: &[ColId], kind: JoinKind) -> Vec<ColId> {
    let mut out = left.to_vec();
    if !matches!(kind, JoinKind::Semi | JoinKind::Anti | JoinKind::NullAwareAnti) {
        out.extend(right);
    }
    out
}

pub(super) fn conjunction(mut parts: Vec<Expr>) -> Option<Expr> {
    match parts.len() {
        0 => None,
        1 => parts.pop(),
        _ => Some(Expr::And(parts)),
    }
}

/// The condition as an equation of one side with the other, both of one type.
fn pair(cond: &Expr, l: &Columns, r: &Columns) -> Option<Pair> {
    let Expr::Call { function, args, .. } = cond else { return None };
    let (Some(Comparison::Eq), [a, b]) = (function.comparison, &args[..]) else { return None };
    let (left, right) = match (l.touches(a), r.touches(a), l.touches(b), r.touches(b)) {
        (true, false, false, true) => (a, b),
        (false, true, true, false) => (b, a),
        _ => return None,
    };
    let (left, right) = same_type(left, right)?;
    Some(Pair { left, right, cond: cond.clone() })
}

fn same_type(a: &Expr, b: &Expr) -> Option<(Expr, Expr)> {
    let (s, t) = (a.ty(), b.ty());
    let textual = |t: Type| matches!(t, Type::Text | Type::Varchar);
    if s == t || (textual(s) && textual(t)) {
        return Some((a.clone(), b.clone()));
    }
    let width = |t: Type| match t {
        Type::Int2 => Some(2),
        Type::Int4 => Some(4),
        Type::Int8 => Some(8),
        _ => None,
    };
    let wide = |e: &Expr, to: Type| Expr::Cast { expr: Box::new(e.clone()), to: to.into(), explicit: false };
    match (width(s)?, width(t)?) {
        (x, y) if x < y => Some((wide(a, t), b.clone())),
        _ => Some((a.clone(), wide(b, s))),
    }
}
