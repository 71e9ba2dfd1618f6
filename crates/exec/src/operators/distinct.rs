//! DISTINCT: each row once, in order of appearance; and DISTINCT ON: the first row of each group of sorted input.

use base::map::HashSet;
use base::memory::Reservation;
use datum::{Batch, Datum, Expr, Result};

use super::{BoxOperator, Cx, Next, Operator, row_bytes};
use crate::error::out_of_memory;

pub(super) struct Distinct<'p> {
    input: BoxOperator<'p>,
    seen: HashSet<Vec<Datum>>,
    memory: Option<Reservation>,
}

impl<'p> Distinct<'p> {
    pub fn new(input: BoxOperator<'p>, _width: usize) -> Distinct<'p> {
        Distinct { input, seen: HashSet::default(), memory: None }
    }
}

impl Operator for Distinct<'_> {
    fn next<'a>(&'a mut self, cx: &'a mut Cx<'_>) -> Next<'a> {
        Box::pin(async move {
            let memory = self.memory.get_or_insert_with(|| cx.state.memory.reservation());
            while let Some(batch) = self.input.next(cx).await? {
                let mut out = Batch::new(batch.width());
                for row in batch.rows() {
                    if !self.seen.contains(row) {
                        memory.grow(row_bytes(row) + 32).map_err(out_of_memory)?;
                        self.seen.insert(row.to_vec());
                        out.push_row(row);
                    }
                }
                if !out.is_empty() {
                    return Ok(Some(out));
                }
            }
            Ok(None)
        })
    }
}

pub(super) struct DistinctOn<'p> {
    input: BoxOperator<'p>,
    on: &'p [Expr],
    last: Option<Vec<Datum>>,
}

impl<'p> DistinctOn<'p> {
    pub fn new(input: BoxOperator<'p>, on: &'p [Expr]) -> DistinctOn<'p> {
        DistinctOn { input, on, last: None }
    }
}

impl Operator for DistinctOn<'_> {
    fn next<'a>(&'a mut self, cx: &'a mut Cx<'_>) -> Next<'a> {
        Box::pin(async move {
            while let Some(batch) = self.input.next(cx).await? {
                let mut out = Batch::new(batch.width());
                for row in batch.rows() {
                    let eval = cx.eval();
                    let keys =
                        self.on.iter().map(|expr| expr.eval(row, &eval)).collect::<Result<Vec<Datum>>>()?;
                    if self.last.as_ref() != Some(&keys) {
                        out.push_row(row);
                        self.last = Some(keys);
                    }
                }
                if !out.is_empty() {
                    return Ok(Some(out));
                }
            }
            Ok(None)
        })
    }
}
