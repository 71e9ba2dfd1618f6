//! ORDER BY: in memory up to work_mem, beyond that in sorted runs on disk that are merged; with a limit, the best
//! rows only.

use std::cmp::Ordering;

use base::memory::Reservation;
use datum::error::sqlstate;
use datum::{Batch, Datum, EvalContext, Expr, Result};
use sql::plan::SortKey;

use super::spill::{Run, RunReader};
use super::{BATCH_ROWS, BoxOperator, Cx, Next, Operator, eval_count, row_bytes};
use crate::error::out_of_memory;

/// The order of two values under a sort key.
pub(crate) fn compare(a: &Datum, b: &Datum, desc: bool, nulls_first: bool) -> Ordering {
    match (a.is_null(), b.is_null()) {
        (true, true) => Ordering::Equal,
        (true, false) if nulls_first => Ordering::Less,
        (true, false) => Ordering::Greater,
        (false, true) if nulls_first => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) if desc => b.compare(a),
        (false, false) => a.compare(b),
    }
}

/// The order of two rows' sort keys.
pub(crate) fn compare_keys(a: &[Datum], b: &[Datum], keys: &[SortKey]) -> Ordering {
    for ((a, b), key) in a.iter().zip(b).zip(keys) {
        match compare(a, b, key.desc, key.nulls_first) {
            Ordering::Equal => {}
            order => return order,
        }
    }
    Ordering::Equal
}

/// The values of sort keys over a row.
pub(crate) fn eval_keys(keys: &[SortKey], row: &[Datum], eval: &EvalContext<'_>) -> Result<Vec<Datum>> {
    keys.iter().map(|key| key.expr.eval(row, eval)).collect()
}

/// A row behind the values of its sort keys.
type Keyed = Vec<Datum>;

pub(super) struct Sort<'p> {
    input: BoxOperator<'p>,
    width: usize,
    keys: &'p [SortKey],
    limit: Option<&'p Expr>,
    output: Option<Output>,
}

enum Output {
    Memory { rows: std::vec::IntoIter<Keyed>, _memory: Reservation },
    Merge(Merge),
}

impl<'p> Sort<'p> {
    pub fn new(
        input: BoxOperator<'p>,
        width: usize,
        keys: &'p [SortKey],
        limit: Option<&'p Expr>,
    ) -> Sort<'p> {
        Sort { input, width, keys, limit, output: None }
    }

    async fn open(&mut self, cx: &mut Cx<'_>) -> Result<Output> {
        let limit = match self.limit {
            Some(limit) => eval_count(limit, cx, sqlstate::INVALID_ROW_COUNT_IN_LIMIT, "LIMIT")
                .await?
                .map(|n| usize::try_from(n).unwrap_or(usize::MAX)),
            None => None,
        };
        let count = self.keys.len();
        let order = |a: &Keyed, b: &Keyed| compare_keys(&a[..count], &b[..count], self.keys);
        let mut memory = cx.state.memory.reservation();
        let mut rows: Vec<Keyed> = Vec::new();
        let mut runs: Vec<Run> = Vec::new();
        while let Some(batch) = self.input.next(cx).await? {
            let mut bytes = 0;
            {
                let eval = cx.eval();
                for row in batch.rows() {
                    let mut keyed = eval_keys(self.keys, row, &eval)?;
                    keyed.extend_from_slice(row);
                    bytes += row_bytes(&keyed) + 24;
                    rows.push(keyed);
                }
            }
            let grown = memory.grow(bytes);
            if let Some(limit) = limit
                && rows.len() >= limit.saturating_mul(2).saturating_add(BATCH_ROWS)
            {
                rows.sort_by(order);
                rows.truncate(limit);
                let kept: u64 = rows.iter().map(|row| row_bytes(row) + 24).sum();
                let held = memory.bytes();
                memory.shrink(held.saturating_sub(kept));
            }
            if memory.bytes() > cx.state.work_mem || grown.is_err() {
                rows.sort_by(order);
                match Run::write(cx, &rows).await? {
                    Some(run) => {
                        runs.push(run);
                        rows.clear();
                        memory.clear();
                    }
                    // Some value has no form on disk: memory has to do.
                    None => grown.map_err(out_of_memory)?,
                }
            }
            cx.breathe().await?;
        }
        rows.sort_by(order);
        if let Some(limit) = limit {
            rows.truncate(limit);
        }
        if runs.is_empty() {
            return Ok(Output::Memory { rows: rows.into_iter(), _memory: memory });
        }
        if !rows.is_empty() {
            match Run::write(cx, &rows).await? {
                Some(run) => runs.push(run),
                None => return Err(datum::Error::unsupported("sorting these values beyond work_mem")),
            }
            drop(rows);
            memory.clear();
        }
        let mut readers = Vec::with_capacity(runs.len());
        for run in runs {
            readers.push(run.read(cx).await?);
        }
        Merge::new(readers).await.map(Output::Merge)
    }
}

/// Sorted runs, read side by side.
struct Merge {
    readers: Vec<RunReader>,
    heads: Vec<Option<Keyed>>,
}

impl Merge {
    async fn new(mut readers: Vec<RunReader>) -> Result<Merge> {
        let mut heads = Vec::with_capacity(readers.len());
        for reader in &mut readers {
            heads.push(reader.next().await?);
        }
        Ok(Merge { readers, heads })
    }

    async fn next(&mut self, keys: &[SortKey]) -> Result<Option<Keyed>> {
        let count = keys.len();
        let mut least: Option<usize> = None;
        for (i, head) in self.heads.iter().enumerate() {
            let Some(head) = head else { continue };
            let better = match least.and_then(|l| self.heads[l].as_ref()) {
                None => true,
                Some(best) => compare_keys(&head[..count], &best[..count], keys) == Ordering::Less,
            };
            if better {
                least = Some(i);
            }
        }
        let Some(least) = least else { return Ok(None) };
        let next = self.readers[least].next().await?;
        Ok(std::mem::replace(&mut self.heads[least], next))
    }
}

impl Operator for Sort<'_> {
    fn next<'a>(&'a mut self, cx: &'a mut Cx<'_>) -> Next<'a> {
        Box::pin(async move {
            if self.output.is_none() {
                self.output = Some(self.open(cx).await?);
            }
            let count = self.keys.len();
            let mut out = Batch::new(self.width);
            match &mut self.output {
                Some(Output::Memory { rows, .. }) => {
                    for keyed in rows.by_ref().take(BATCH_ROWS) {
                        out.push(keyed.into_iter().skip(count));
                    }
                }
                Some(Output::Merge(merge)) => {
                    while out.len() < BATCH_ROWS {
                        let Some(keyed) = merge.next(self.keys).await? else { break };
                        out.push(keyed.into_iter().skip(count));
                    }
                }
                None => {}
            }
            Ok((!out.is_empty()).then_some(out))
        })
    }
}
