//! GROUP BY and aggregates, with grouping sets. Directly over a scan, leaseholders compute partial states and only
//! those come here.

use std::sync::Arc;

use base::memory::Reservation;
use datum::aggregate::AggregateCall;
use datum::grouping::Grouping;
use datum::program::Output;
use datum::{Batch, Datum, Expr, Program, Result};
use proto::ScanRows;
use sql::plan::{Plan, PlanKind, Scan};
use txn::ScanOptions;

use super::cte::piece;
use super::{BoxOperator, Cx, Next, Operator};
use crate::error::{corrupt, out_of_memory};
use crate::push;

/// The operator of an aggregation: pushed down where that may be possible.
pub(super) fn build<'p>(
    input: &'p Plan,
    group_by: &'p [Expr],
    grouping_sets: &'p [Vec<usize>],
    aggregates: &'p [AggregateCall],
    grouping: &'p [Vec<usize>],
) -> BoxOperator<'p> {
    Box::new(Aggregate {
        input,
        operator: None,
        group_by,
        grouping_sets,
        aggregates,
        grouping,
        output: None,
        at: 0,
        memory: None,
    })
}

struct Aggregate<'p> {
    input: &'p Plan,
    operator: Option<BoxOperator<'p>>,
    group_by: &'p [Expr],
    grouping_sets: &'p [Vec<usize>],
    aggregates: &'p [AggregateCall],
    grouping: &'p [Vec<usize>],
    output: Option<Batch>,
    at: usize,
    memory: Option<Reservation>,
}

impl Aggregate<'_> {
    /// A plain GROUP BY: every group expression in one set.
    fn is_plain(&self) -> bool {
        match self.grouping_sets {
            [] => true,
            [one] => one.len() == self.group_by.len() && one.iter().enumerate().all(|(i, at)| i == *at),
            _ => false,
        }
    }

    async fn run(&mut self, cx: &mut Cx<'_>) -> Result<Batch> {
        if self.is_plain()
            && let Some(pushed) = Pushed::new(self.input, self.group_by, self.aggregates, cx)?
        {
            return pushed.run(self.group_by.len(), self.aggregates, cx).await;
        }
        let mut operator = match self.operator.take() {
            Some(operator) => operator,
            None => super::build(self.input),
        };
        let all: Vec<usize> = (0..self.group_by.len()).collect();
        let plain = [all];
        let sets: &[Vec<usize>] = if self.is_plain() { &plain } else { self.grouping_sets };
        let mut groups: Vec<Grouping> =
            sets.iter().map(|set| Grouping::new(set.len(), self.aggregates.to_vec())).collect();
        let mut memory = cx.state.memory.reservation();
        let mut values: Vec<Datum> = Vec::with_capacity(self.group_by.len());
        let mut key: Vec<Datum> = Vec::with_capacity(self.group_by.len());
        while let Some(batch) = operator.next(cx).await? {
            {
                let eval = cx.eval();
                for row in batch.rows() {
                    values.clear();
                    for expr in self.group_by {
                        values.push(expr.eval(row, &eval)?);
                    }
                    if let [groups] = &mut groups[..]
                        && plain[0].len() == sets[0].len()
                    {
                        groups.update(&values, row, &eval)?;
                        continue;
                    }
                    for (set, groups) in sets.iter().zip(&mut groups) {
                        key.clear();
                        key.extend(set.iter().map(|at| values[*at].clone()));
                        groups.update(&key, row, &eval)?;
                    }
                }
            }
            let now: u64 = groups.iter().map(|groups| groups.memory_estimate() as u64).sum();
            let held = memory.bytes();
            if now > held {
                memory.grow(now - held).map_err(out_of_memory)?;
            } else {
                memory.shrink(held - now);
            }
            cx.breathe().await?;
        }
        let several = sets.len() > 1;
        let extra = if several { self.grouping.len() } else { 0 };
        let width = self.group_by.len() + self.aggregates.len() + extra;
        let mut out = Batch::new(width);
        for (set, groups) in sets.iter().zip(groups) {
            let finished = groups.finish(&cx.eval())?;
            if self.is_plain() && !several {
                return Ok(finished);
            }
            for row in finished.rows() {
                let (key, results) = row.split_at(set.len());
                let mut full = vec![Datum::Null; self.group_by.len()];
                for (at, value) in set.iter().zip(key) {
                    full[*at] = value.clone();
                }
                full.extend_from_slice(results);
                if several {
                    full.extend(self.grouping.iter().map(|columns| {
                        let bits = columns.iter().fold(0, |bits, c| bits << 1 | i32::from(!set.contains(c)));
                        Datum::Int4(bits)
                    }));
                }
                out.push(full);
            }
        }
        self.memory = Some(memory);
        Ok(out)
    }
}

impl Operator for Aggregate<'_> {
    fn next<'a>(&'a mut self, cx: &'a mut Cx<'_>) -> Next<'a> {
        Box::pin(async move {
            if self.output.is_none() {
                self.output = Some(self.run(cx).await?);
            }
            Ok(self.output.as_ref().and_then(|output| piece(output, &mut self.at)))
        })
    }
}

/// An aggregation that leaseholders begin.
struct Pushed {
    spans: Vec<base::Span>,
    program: Arc<Program>,
}

impl Pushed {
    /// The scan under an aggregation, and what its output columns are over the table's row.
    fn scan(input: &Plan) -> Option<(&Scan, Option<&[Expr]>)> {
        match &input.kind {
            PlanKind::Scan(scan) => Some((scan, None)),
            PlanKind::Project { input, exprs } => match &input.kind {
                PlanKind::Scan(scan) => Some((scan, Some(exprs))),
                _ => None,
            },
            _ => None,
        }
    }

    fn new(
        input: &Plan,
        group_by: &[Expr],
        aggregates: &[AggregateCall],
        cx: &Cx<'_>,
    ) -> Result<Option<Pushed>> {
        let Some((scan, exprs)) = Self::scan(input) else { return Ok(None) };
        if scan.lock.is_some() || scan.limit.is_some() {
            return Ok(None);
        }
        let eval = cx.eval();
        let over_table = |expr: &Expr| -> Result<Expr> {
            let expr = match exprs {
                Some(exprs) => expr.replace_columns(&|column| exprs.get(column as usize).cloned()),
                None => expr.clone(),
            };
            let expr = expr.remap_columns(&|column| {
                scan.output.get(column as usize).map_or(column, |ordinal| *ordinal as u32)
            });
            push::fold(&expr, &eval)
        };
        let mut groups = Vec::with_capacity(group_by.len());
        for expr in group_by {
            groups.push(over_table(expr)?);
        }
        let mut calls = Vec::with_capacity(aggregates.len());
        for call in aggregates {
            let mut call = call.clone();
            for arg in &mut call.args {
                *arg = over_table(arg)?;
            }
            if let Some(filter) = &mut call.filter {
                *filter = over_table(filter)?;
            }
            calls.push(call);
        }
        let filter = scan.filter.as_ref().map(|filter| push::fold(filter, &eval)).transpose()?;
        let layout = cx.layout(&scan.table)?;
        let covered = |column: u32| match layout.index(scan.index) {
            None => true,
            Some(index) => index.covered.get(column as usize).copied().unwrap_or(false),
        };
        let here = |expr: &Expr| expr.is_immutable() && expr.columns().iter().all(|column| covered(*column));
        let possible = groups.iter().all(here)
            && filter.iter().all(here)
            && calls.iter().all(|call| call.has_partial() && call.args.iter().chain(&call.filter).all(here));
        if !possible {
            return Ok(None);
        }
        let index = layout.row_layout(scan.index)?;
        let spans = crate::bounds::spans(index, &scan.bounds, &eval)?;
        let program = Program {
            layout: index.clone(),
            filter,
            output: Output::Partial { group_by: groups, aggregates: calls },
        };
        Ok(Some(Pushed { spans, program: Arc::new(program) }))
    }

    async fn run(self, key_width: usize, aggregates: &[AggregateCall], cx: &mut Cx<'_>) -> Result<Batch> {
        let mut groups = Grouping::new(key_width, aggregates.to_vec());
        let mut memory = cx.state.memory.reservation();
        for span in self.spans {
            let options = ScanOptions { program: Some(self.program.clone()), ..ScanOptions::default() };
            let mut stream = cx.txn.scan(span, options);
            while let Some(page) = cx.txn.next_page(&mut stream).await? {
                let ScanRows::Program(batch) = page else {
                    return Err(corrupt("a scan with a program gave raw rows"));
                };
                for row in batch.rows() {
                    groups.merge(row)?;
                }
                let now = groups.memory_estimate() as u64;
                if now > memory.bytes() {
                    memory.grow(now - memory.bytes()).map_err(out_of_memory)?;
                }
                cx.breathe().await?;
            }
        }
        groups.finish(&cx.eval())
    }
}
