//! The last step: column ids become positions, outer columns registers, and every node a way to do it.
//!
//! Each node is asked for the columns that are read above it; what nobody reads is not carried.

use std::collections::BTreeSet;

use base::map::HashMap;
use datum::aggregate::AggregateCall;
use datum::{Datum, Error, Expr, Result, Type};

use super::access::{self, Wanted};
use super::{Planner, conjuncts};
use crate::logical::{ApplyUse, ColId, Rel, expr_cols};
use crate::parse::parser::with_stack;
use crate::plan::{
    ApplyKind, Column, Frame, FrameBound, LockTarget, Plan, PlanKind, Scan, SortKey, WindowCall,
    WindowFunctionKind,
};

/// Columns that are wanted.
pub(super) type Needed = BTreeSet<ColId>;

/// A plan and the ids of its output columns.
pub(super) struct Lowered {
    pub(super) plan: Plan,
    pub(super) cols: Vec<ColId>,
}

/// Lowers trees of one statement.
pub(super) struct Lowering<'p, 'a> {
    pub(super) planner: &'p Planner<'a>,
    /// Outer columns that are in registers where we are.
    outer: HashMap<ColId, u32>,
    next_register: u32,
}

impl<'p, 'a> Lowering<'p, 'a> {
    pub(super) fn new(planner: &'p Planner<'a>) -> Lowering<'p, 'a> {
        Lowering { planner, outer: HashMap::default(), next_register: 0 }
    }

    /// How many registers were given out.
    pub(super) fn registers(&self) -> u32 {
        self.next_register
    }

    /// A plan whose output is exactly these columns, in this order.
    pub(super) fn exactly(&mut self, rel: &Rel, cols: &[ColId]) -> Result<Plan> {
        let needed = cols.iter().copied().collect();
        let lowered = self.lower(rel, &needed)?;
        self.shaped(lowered, cols)
    }

    /// Brings the output into this shape.
    pub(super) fn shaped(&self, lowered: Lowered, cols: &[ColId]) -> Result<Plan> {
        if lowered.cols == cols {
            return Ok(lowered.plan);
        }
        let map = positions(&lowered.cols);
        let exprs = cols.iter().map(|id| self.expr(&self.planner.col(*id), &map)).collect::<Result<_>>()?;
        let (rows, cost) = (lowered.plan.rows, lowered.plan.cost);
        let kind = PlanKind::Project { input: Box::new(lowered.plan), exprs };
        Ok(self.plan(kind, cols, rows, cost))
    }

    /// A node's plan.
    pub(super) fn plan(&self, kind: PlanKind, cols: &[ColId], rows: f64, cost: f64) -> Plan {
        let columns = cols
            .iter()
            .map(|id| {
                let meta = &self.planner.cols[*id as usize];
                Column { name: meta.name.clone(), ty: meta.ty, origin: meta.origin }
            })
            .collect();
        Plan { kind, columns, rows, cost }
    }

    /// An expression over a node's input: ids become positions, outer columns registers.
    pub(super) fn expr(&self, expr: &Expr, map: &HashMap<ColId, u32>) -> Result<Expr> {
        let mut missing = None;
        let out = expr.transform(&mut |e| match e {
            Expr::Column(id, ty) => match (map.get(&id), self.outer.get(&id)) {
                (Some(at), _) => Expr::Column(*at, ty),
                (None, Some(register)) => Expr::Register(*register, ty),
                (None, None) => {
                    missing.get_or_insert(id);
                    Expr::Column(id, ty)
                }
            },
            other => other,
        });
        match missing {
            None => Ok(out),
            Some(id) => {
                let name = self.planner.cols.get(id as usize).map_or("?", |c| c.name.as_str());
                Err(Error::internal(format!("column \"{name}\" ({id}) is not part of the plan")))
            }
        }
    }

    pub(super) fn exprs(&self, exprs: &[Expr], map: &HashMap<ColId, u32>) -> Result<Vec<Expr>> {
        exprs.iter().map(|e| self.expr(e, map)).collect()
    }

    fn optional(&self, expr: Option<&Expr>, map: &HashMap<ColId, u32>) -> Result<Option<Expr>> {
        expr.map(|e| self.expr(e, map)).transpose()
    }

    fn keys(&self, keys: &[SortKey], map: &HashMap<ColId, u32>) -> Result<Vec<SortKey>> {
        keys.iter().map(|k| Ok(SortKey { expr: self.expr(&k.expr, map)?, ..k.clone() })).collect()
    }

    fn aggregate(&self, call: &AggregateCall, map: &HashMap<ColId, u32>) -> Result<AggregateCall> {
        let mut call = call.clone();
        call.args = self.exprs(&call.args, map)?;
        call.filter = self.optional(call.filter.as_ref(), map)?;
        for (expr, ..) in &mut call.order_by {
            *expr = self.expr(expr, map)?;
        }
        Ok(call)
    }

    /// A plan that gives at least the needed columns.
    pub(super) fn lower(&mut self, rel: &Rel, needed: &Needed) -> Result<Lowered> {
        with_stack(|| self.lower_node(rel, needed))
    }

    fn lower_node(&mut self, rel: &Rel, needed: &Needed) -> Result<Lowered> {
        let rows = self.planner.rows(rel);
        match rel {
            Rel::Values { cols, rows: values } => {
                let none = HashMap::default();
                let values = values.iter().map(|row| self.exprs(row, &none)).collect::<Result<_>>()?;
                Ok(self.done(PlanKind::Values(values), cols.clone(), rows, rows))
            }
            Rel::Scan { .. } => self.scan(rel, &[], needed, None, None),
            Rel::Filter { input, conds } if matches!(**input, Rel::Scan { .. }) => {
                self.scan(input, conds, needed, None, None)
            }
            Rel::Virtual { table, cols } => {
                Ok(self.done(PlanKind::VirtualScan(table.clone()), cols.clone(), rows, rows))
            }
            Rel::Functions { calls, ordinality, cols } => {
                let none = HashMap::default();
                let calls = calls
                    .iter()
                    .map(|(name, args, types)| Ok((*name, self.exprs(args, &none)?, types.clone())))
                    .collect::<Result<_>>()?;
                Ok(self.done(
                    PlanKind::FunctionScan { calls, ordinality: *ordinality },
                    cols.clone(),
                    rows,
                    rows,
                ))
            }
            Rel::Filter { input, conds } => {
                let input = self.lower(input, &with_exprs(needed, conds))?;
                let map = positions(&input.cols);
                let mut parts = Vec::new();
                conds.iter().for_each(|c| conjuncts(c.clone(), &mut parts));
                let parts = self.exprs(&parts, &map)?;
                let condition =
                    if parts.len() == 1 { parts.into_iter().next() } else { Some(Expr::And(parts)) };
                let condition = condition.unwrap_or(Expr::bool(true));
                let cost = input.plan.cost + input.plan.rows * 0.2;
                Ok(self.done(
                    PlanKind::Filter { input: Box::new(input.plan), condition },
                    input.cols,
                    rows,
                    cost,
                ))
            }
            Rel::Project { input, exprs } => {
                let kept: Vec<&(ColId, Expr)> = exprs.iter().filter(|(id, _)| needed.contains(id)).collect();
                let below: Needed = kept.iter().flat_map(|(_, e)| expr_cols(e)).collect();
                let input = self.lower(input, &below)?;
                self.project(input, &kept, rows)
            }
            Rel::ProjectSet { input, calls } => {
                let args: Vec<&Expr> = calls.iter().flat_map(|c| &c.2).collect();
                let input = self.lower(input, &with_exprs(needed, args))?;
                let map = positions(&input.cols);
                let mut cols = input.cols;
                cols.extend(calls.iter().map(|c| c.0));
                let calls = calls
                    .iter()
                    .map(|(_, name, args, ty)| Ok((*name, self.exprs(args, &map)?, *ty)))
                    .collect::<Result<_>>()?;
                let cost = input.plan.cost + rows;
                Ok(self.done(PlanKind::ProjectSet { input: Box::new(input.plan), calls }, cols, rows, cost))
            }
            Rel::Limit { input, limit, offset, with_ties } => {
                self.limit(input, limit, offset, with_ties, needed, rows)
            }
            Rel::Sort { input, keys } => self.sort(input, keys, None, needed),
            Rel::Distinct { input } => {
                let cols = input.cols();
                let input = self.exactly(input, &cols)?;
                let cost = input.cost + input.rows;
                Ok(self.done(PlanKind::Distinct { input: Box::new(input) }, cols, rows, cost))
            }
            Rel::DistinctOn { input, on } => {
                let input = self.lower(input, &with_exprs(needed, on))?;
                let on = self.exprs(on, &positions(&input.cols))?;
                let cost = input.plan.cost + input.plan.rows * 0.2;
                Ok(self.done(
                    PlanKind::DistinctOn { input: Box::new(input.plan), on },
                    input.cols,
                    rows,
                    cost,
                ))
            }
            Rel::Aggregate { input, group, sets, aggs, grouping } => {
                self.group(input, group, sets, aggs, grouping, needed, rows)
            }
            Rel::Window { input, partition, order, calls } => {
                self.window(rel, input, partition, order, calls, needed)
            }
            Rel::Join { left, right, kind, on } => self.join(rel, left, right, *kind, on, needed),
            Rel::Apply { input, inner, kind } => self.apply(input, inner, kind, needed, rows),
            Rel::Append { inputs, cols } => {
                let kept: Vec<usize> = (0..cols.len()).filter(|i| needed.contains(&cols[*i])).collect();
                let mut plans = Vec::with_capacity(inputs.len());
                for input in inputs {
                    let own = input.cols();
                    let wanted: Vec<ColId> = kept.iter().filter_map(|i| own.get(*i).copied()).collect();
                    plans.push(self.exactly(input, &wanted)?);
                }
                let cost = plans.iter().map(|p| p.cost).sum();
                let cols = kept.iter().map(|i| cols[*i]).collect();
                Ok(self.done(PlanKind::Append(plans), cols, rows, cost))
            }
            Rel::SetOp { left, right, kind, cols } => {
                let left = Box::new(self.exactly(left, &left.cols())?);
                let right = Box::new(self.exactly(right, &right.cols())?);
                let cost = left.cost + right.cost + left.rows + right.rows;
                Ok(self.done(PlanKind::SetOp { left, right, kind: *kind }, cols.clone(), rows, cost))
            }
            Rel::Recursive { id, start, step, all, cols } => {
                let start = Box::new(self.exactly(start, &start.cols())?);
                let step = Box::new(self.exactly(step, &step.cols())?);
                let cost = start.cost + step.cost * 10.0;
                let kind = PlanKind::Recursive { id: *id, start, step, union_all: *all };
                Ok(self.done(kind, cols.clone(), rows, cost))
            }
            Rel::WorkScan { id, cols } => Ok(self.done(PlanKind::WorkScan(*id), cols.clone(), rows, rows)),
            Rel::CteScan { index, cols } => {
                Ok(self.done(PlanKind::CteScan(*index), cols.clone(), rows, rows))
            }
            Rel::LockRows { input, targets } => {
                let mut below = needed.clone();
                below.extend(targets.iter().flat_map(|t| &t.key).copied());
                let input = self.lower(input, &below)?;
                let map = positions(&input.cols);
                let targets = targets
                    .iter()
                    .map(|t| {
                        let key = t.key.iter().filter_map(|id| map.get(id).map(|at| *at as usize)).collect();
                        LockTarget { table: t.table.clone(), key, lock: t.lock, wait: t.wait }
                    })
                    .collect();
                let cost = input.plan.cost + rows * 5.0;
                Ok(self.done(
                    PlanKind::LockRows { input: Box::new(input.plan), targets },
                    input.cols,
                    rows,
                    cost,
                ))
            }
            Rel::Insert { .. } => self.insert(rel, rows),
            Rel::Update { .. } => self.update(rel, rows),
            Rel::Delete { .. } => self.delete(rel, rows),
        }
    }

    pub(super) fn done(&self, kind: PlanKind, cols: Vec<ColId>, rows: f64, cost: f64) -> Lowered {
        Lowered { plan: self.plan(kind, &cols, rows, cost), cols }
    }

    fn project(&self, input: Lowered, exprs: &[&(ColId, Expr)], rows: f64) -> Result<Lowered> {
        let map = positions(&input.cols);
        let cols: Vec<ColId> = exprs.iter().map(|(id, _)| *id).collect();
        let exprs: Vec<Expr> = exprs.iter().map(|(_, e)| self.expr(e, &map)).collect::<Result<_>>()?;
        let same = exprs.len() == input.cols.len()
            && exprs.iter().zip(0..).all(|(e, i)| matches!(e, Expr::Column(at, _) if *at == i));
        if same {
            // The same values under other names.
            let mut plan = input.plan;
            plan.columns = self.plan(PlanKind::Values(Vec::new()), &cols, 0.0, 0.0).columns;
            return Ok(Lowered { plan, cols });
        }
        let cost = input.plan.cost + rows * 0.1;
        Ok(self.done(PlanKind::Project { input: Box::new(input.plan), exprs }, cols, rows, cost))
    }

    /// A table, with the conditions right above it.
    pub(super) fn scan(
        &mut self,
        rel: &Rel,
        conds: &[Expr],
        needed: &Needed,
        order: Option<&access::Order>,
        limit: Option<&Expr>,
    ) -> Result<Lowered> {
        let Rel::Scan { table, cols, lock } = rel else { return Err(Error::internal("not a scan")) };
        let mut parts = Vec::new();
        conds.iter().for_each(|c| conjuncts(c.clone(), &mut parts));
        let read = with_exprs(needed, &parts);
        let needed_at: Vec<usize> = (0..cols.len()).filter(|i| read.contains(&cols[*i])).collect();
        let limit_rows = limit.map(|l| match l {
            Expr::Const(d, _) => d.as_i64().unwrap_or(1) as f64,
            _ => 100.0,
        });
        let wanted = Wanted { table, cols, conds: &parts, needed: &needed_at, order, limit: limit_rows };
        let path = access::choose(self.planner, &wanted);
        let none = HashMap::default();
        let mut bounds = path.bounds;
        for bound in &mut bounds {
            for expr in &mut bound.eq {
                *expr = self.expr(expr, &none)?;
            }
            for end in bound.lower.iter_mut().chain(&mut bound.upper) {
                end.value = self.expr(&end.value, &none)?;
            }
        }
        let map = positions(cols);
        let left: Vec<&Expr> =
            parts.iter().enumerate().filter(|(i, _)| !path.enforced.contains(i)).map(|(_, c)| c).collect();
        let kept: f64 = parts.iter().map(|c| self.planner.selectivity(c)).product();
        let left: Vec<Expr> = left.into_iter().map(|c| self.expr(c, &map)).collect::<Result<_>>()?;
        let filter = match left.len() {
            0 => None,
            1 => left.into_iter().next(),
            _ => Some(Expr::And(left)),
        };
        let output: Vec<usize> = (0..cols.len()).filter(|i| needed.contains(&cols[*i])).collect();
        let out: Vec<ColId> = output.iter().map(|i| cols[*i]).collect();
        let limit = match (order.is_none() || path.ordered, limit) {
            (true, Some(limit)) => Some(self.expr(limit, &none)?),
            _ => None,
        };
        let rows = (self.planner.table_rows(table) * kept).max(1.0);
        let scan = Scan {
            table: table.clone(),
            index: path.index,
            bounds,
            reverse: path.reverse,
            filter,
            output,
            limit,
            ordered: path.ordered,
            lock: *lock,
        };
        Ok(self.done(PlanKind::Scan(Box::new(scan)), out, rows, path.cost))
    }

    fn limit(
        &mut self,
        input: &Rel,
        limit: &Option<Expr>,
        offset: &Option<Expr>,
        with_ties: &Option<Vec<SortKey>>,
        needed: &Needed,
        rows: f64,
    ) -> Result<Lowered> {
        let bound = if with_ties.is_none() { fetched(limit.as_ref(), offset.as_ref()) } else { None };
        let extra: Vec<&Expr> = with_ties.iter().flatten().map(|k| &k.expr).collect();
        let needed = with_exprs(needed, extra);
        let input = self.limited(input, bound.as_ref(), &needed)?;
        let map = positions(&input.cols);
        let none = HashMap::default();
        let kind = PlanKind::Limit {
            limit: self.optional(limit.as_ref(), &none)?,
            offset: self.optional(offset.as_ref(), &none)?,
            with_ties: with_ties.as_ref().map(|keys| self.keys(keys, &map)).transpose()?,
            input: Box::new(input.plan),
        };
        Ok(self.done(kind, input.cols, rows, 0.0))
    }

    /// An input of which at most so many rows are read.
    fn limited(&mut self, input: &Rel, bound: Option<&Expr>, needed: &Needed) -> Result<Lowered> {
        match input {
            Rel::Sort { input, keys } => self.sort(input, keys, bound, needed),
            Rel::Scan { .. } => self.scan(input, &[], needed, None, bound),
            Rel::Filter { input, conds } if matches!(**input, Rel::Scan { .. }) => {
                self.scan(input, conds, needed, None, bound)
            }
            Rel::Project { input, exprs } => {
                let kept: Vec<&(ColId, Expr)> = exprs.iter().filter(|(id, _)| needed.contains(id)).collect();
                let below: Needed = kept.iter().flat_map(|(_, e)| expr_cols(e)).collect();
                let rows = self.planner.rows(input);
                let input = self.limited(input, bound, &below)?;
                self.project(input, &kept, rows)
            }
            other => self.lower(other, needed),
        }
    }

    /// A sort, unless an index gives the order.
    fn sort(
        &mut self,
        input: &Rel,
        keys: &[SortKey],
        limit: Option<&Expr>,
        needed: &Needed,
    ) -> Result<Lowered> {
        let below = with_exprs(needed, keys.iter().map(|k| &k.expr));
        if let Some(lowered) = self.sorted_scan(input, keys, limit, &below)? {
            return Ok(lowered);
        }
        let input = self.lower(input, &below)?;
        let keys = self.keys(keys, &positions(&input.cols))?;
        let rows = input.plan.rows;
        let cost = input.plan.cost + rows * rows.max(2.0).log2() * 0.2;
        let limit = self.optional(limit, &HashMap::default())?;
        Ok(self.done(PlanKind::Sort { input: Box::new(input.plan), keys, limit }, input.cols, rows, cost))
    }

    /// The rows in order right from an index, if the input is a table (behind projections) and that is cheaper.
    fn sorted_scan(
        &mut self,
        input: &Rel,
        keys: &[SortKey],
        limit: Option<&Expr>,
        needed: &Needed,
    ) -> Result<Option<Lowered>> {
        if let Rel::Project { input, exprs } = input {
            let read = |id: ColId| exprs.iter().find(|(to, _)| *to == id).map(|(_, e)| e.clone());
            let keys: Vec<SortKey> =
                keys.iter().map(|k| SortKey { expr: k.expr.replace_columns(&read), ..k.clone() }).collect();
            let kept: Vec<&(ColId, Expr)> = exprs.iter().filter(|(id, _)| needed.contains(id)).collect();
            let below: Needed = kept.iter().flat_map(|(_, e)| expr_cols(e)).collect();
            let rows = self.planner.rows(input);
            return match self.sorted_scan(input, &keys, limit, &below)? {
                Some(lowered) => Ok(Some(self.project(lowered, &kept, rows)?)),
                None => Ok(None),
            };
        }
        let (scan, conds): (&Rel, &[Expr]) = match input {
            Rel::Scan { .. } => (input, &[]),
            Rel::Filter { input, conds } if matches!(**input, Rel::Scan { .. }) => (input, conds),
            _ => return Ok(None),
        };
        let order: Option<Vec<(ColId, bool, bool)>> = keys
            .iter()
            .map(|k| match super::estimate::strip(&k.expr) {
                Expr::Column(id, _) => Some((*id, k.desc, k.nulls_first)),
                _ => None,
            })
            .collect();
        let Some(order) = order else { return Ok(None) };
        let lowered = self.scan(scan, conds, needed, Some(&order), limit)?;
        let ordered = matches!(&lowered.plan.kind, PlanKind::Scan(scan) if scan.ordered);
        Ok(ordered.then_some(lowered))
    }

    #[allow(clippy::too_many_arguments)] // The parts of one node.
    fn group(
        &mut self,
        input: &Rel,
        group: &[(ColId, Expr)],
        sets: &[Vec<usize>],
        aggs: &[(ColId, AggregateCall)],
        grouping: &[(ColId, Vec<usize>)],
        needed: &Needed,
        rows: f64,
    ) -> Result<Lowered> {
        let aggs: Vec<&(ColId, AggregateCall)> = aggs.iter().filter(|(id, _)| needed.contains(id)).collect();
        let below: Needed = group
            .iter()
            .map(|g| &g.1)
            .chain(
                aggs.iter()
                    .flat_map(|(_, a)| a.args.iter().chain(&a.filter).chain(a.order_by.iter().map(|o| &o.0))),
            )
            .flat_map(expr_cols)
            .collect();
        let input = self.lower(input, &below)?;
        let map = positions(&input.cols);
        let mut cols: Vec<ColId> = group.iter().map(|g| g.0).collect();
        cols.extend(aggs.iter().map(|a| a.0));
        let several = sets.len() > 1;
        if several {
            cols.extend(grouping.iter().map(|g| g.0));
        }
        let all: Vec<usize> = (0..group.len()).collect();
        let kind = PlanKind::Aggregate {
            group_by: group.iter().map(|(_, e)| self.expr(e, &map)).collect::<Result<_>>()?,
            grouping_sets: if sets.is_empty() { vec![all] } else { sets.to_vec() },
            aggregates: aggs.iter().map(|(_, a)| self.aggregate(a, &map)).collect::<Result<_>>()?,
            grouping: if several { grouping.iter().map(|g| g.1.clone()).collect() } else { Vec::new() },
            input: Box::new(input.plan),
        };
        let lowered = self.done(kind, cols, rows, 0.0);
        if several || grouping.is_empty() {
            return Ok(lowered);
        }
        // With one set GROUPING() is 0 for every row.
        let zeros: Vec<(ColId, Expr)> = lowered
            .cols
            .iter()
            .map(|id| (*id, self.planner.col(*id)))
            .chain(grouping.iter().map(|(id, _)| (*id, Expr::Const(Datum::Int4(0), Type::Int4))))
            .collect();
        self.project(lowered, &zeros.iter().collect::<Vec<_>>(), rows)
    }

    fn window(
        &mut self,
        rel: &Rel,
        input: &Rel,
        partition: &[Expr],
        order: &[SortKey],
        calls: &[(ColId, WindowCall)],
        needed: &Needed,
    ) -> Result<Lowered> {
        let input = self.lower(input, &with_exprs(needed, rel.exprs()))?;
        let map = positions(&input.cols);
        let rows = input.plan.rows;
        let mut cols = input.cols;
        cols.extend(calls.iter().map(|c| c.0));
        let bound = |b: &FrameBound| -> Result<FrameBound> {
            Ok(match b {
                FrameBound::Preceding(e) => FrameBound::Preceding(self.expr(e, &map)?),
                FrameBound::Following(e) => FrameBound::Following(self.expr(e, &map)?),
                other => other.clone(),
            })
        };
        let call = |c: &WindowCall| -> Result<WindowCall> {
            let function = match &c.function {
                WindowFunctionKind::Aggregate(a) => WindowFunctionKind::Aggregate(self.aggregate(a, &map)?),
                other => other.clone(),
            };
            let frame = Frame { start: bound(&c.frame.start)?, end: bound(&c.frame.end)?, ..c.frame.clone() };
            let (args, filter) = (self.exprs(&c.args, &map)?, self.optional(c.filter.as_ref(), &map)?);
            Ok(WindowCall { function, args, filter, frame, ty: c.ty })
        };
        let kind = PlanKind::Window {
            partition_by: self.exprs(partition, &map)?,
            order_by: self.keys(order, &map)?,
            calls: calls.iter().map(|(_, c)| call(c)).collect::<Result<_>>()?,
            input: Box::new(input.plan),
        };
        Ok(self.done(kind, cols, rows, rows * rows.max(2.0).log2() * 0.3))
    }

    fn apply(
        &mut self,
        input: &Rel,
        inner: &Rel,
        kind: &ApplyUse,
        needed: &Needed,
        rows: f64,
    ) -> Result<Lowered> {
        let produced = input.cols();
        let mut free = inner.free_cols();
        free.retain(|id| produced.contains(id));
        let own: Vec<&Expr> = match kind {
            ApplyUse::Any { test, .. } => vec![test],
            ApplyUse::Lateral { on: Some(on), .. } => vec![on],
            _ => Vec::new(),
        };
        let mut below = with_exprs(needed, own.iter().copied());
        below.extend(free.iter().copied());
        let input = self.lower(input, &below)?;
        let map = positions(&input.cols);
        let mut bind = Vec::with_capacity(free.len());
        let mut hidden = Vec::new();
        for id in free {
            let Some(at) = map.get(&id) else { return Err(Error::internal("an outer column is missing")) };
            let register = self.next_register;
            self.next_register += 1;
            bind.push((*at as usize, register));
            hidden.push((id, self.outer.insert(id, register)));
        }
        let inner_cols = match kind {
            ApplyUse::Lateral { .. } => {
                let wanted = with_exprs(needed, own.iter().copied());
                inner.cols().into_iter().filter(|id| wanted.contains(id)).collect()
            }
            ApplyUse::Exists(_) => Vec::new(),
            _ => inner.cols(),
        };
        let lowered = self.exactly(inner, &inner_cols);
        for (id, before) in hidden {
            match before {
                Some(register) => self.outer.insert(id, register),
                None => self.outer.remove(&id),
            };
        }
        let inner = lowered?;
        let mut cols = input.cols;
        let mut both = cols.clone();
        both.extend(&inner_cols);
        let both = positions(&both);
        let kind = match kind {
            ApplyUse::Scalar(out) => {
                cols.push(*out);
                ApplyKind::Scalar
            }
            ApplyUse::Exists(out) => {
                cols.push(*out);
                ApplyKind::Exists
            }
            ApplyUse::Any { out, test, all } => {
                cols.push(*out);
                ApplyKind::Any { test: self.expr(test, &both)?, all: *all }
            }
            ApplyUse::Array(out, element) => {
                cols.push(*out);
                ApplyKind::Array(element)
            }
            ApplyUse::Lateral { outer, on } => {
                cols.extend(&inner_cols);
                ApplyKind::Lateral { outer: *outer, on: self.optional(on.as_ref(), &both)? }
            }
        };
        let times = if bind.is_empty() { 1.0 } else { input.plan.rows };
        let cost = input.plan.cost + inner.cost * times;
        let kind = PlanKind::Apply { input: Box::new(input.plan), inner: Box::new(inner), kind, bind };
        Ok(self.done(kind, cols, rows, cost))
    }
}

/// Where each column is.
pub(super) fn positions(cols: &[ColId]) -> HashMap<ColId, u32> {
    cols.iter().zip(0..).map(|(id, at)| (*id, at)).collect()
}

/// What is needed below a node that reads these expressions.
pub(super) fn with_exprs<'e>(needed: &Needed, exprs: impl IntoIterator<Item = &'e Expr>) -> Needed {
    let mut out = needed.clone();
    out.extend(exprs.into_iter().flat_map(expr_cols));
    out
}

/// How many rows LIMIT and OFFSET read at most, where that can be said.
fn fetched(limit: Option<&Expr>, offset: Option<&Expr>) -> Option<Expr> {
    match (limit?, offset) {
        (limit, None) => Some(limit.clone()),
        (Expr::Const(l, ty), Some(Expr::Const(o, _))) => {
            let sum = l.as_i64()?.checked_add(o.as_i64()?)?;
            Some(Expr::Const(Datum::Int8(sum), *ty)).filter(|_| *ty == Type::Int8)
        }
        _ => None,
    }
}
