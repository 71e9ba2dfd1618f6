//! Subqueries, run for each input row with its columns in registers; once for all where nothing is bound.

use std::sync::Arc;

use base::memory::Reservation;
use datum::error::sqlstate;
use datum::{Batch, Datum, Error, Result};
use sql::plan::{ApplyKind, Plan};

use super::{BATCH_ROWS, BoxOperator, Cx, Next, Operator, batch_bytes, build};
use crate::error::out_of_memory;

pub(super) struct Apply<'p> {
    input: BoxOperator<'p>,
    input_width: usize,
    inner: &'p Plan,
    kind: &'p ApplyKind,
    bind: &'p [(usize, u32)],
    batch: Option<(Batch, usize)>,
    /// The inner rows, where they do not depend on the input row.
    cached: Option<(Arc<Batch>, Reservation)>,
    /// LATERAL: inner rows of the row under way, and how far they were tried, and whether one has matched.
    lateral: Option<(Arc<Batch>, usize, bool)>,
}

impl<'p> Apply<'p> {
    pub fn new(input: &'p Plan, inner: &'p Plan, kind: &'p ApplyKind, bind: &'p [(usize, u32)]) -> Apply<'p> {
        Apply {
            input: build(input),
            input_width: input.columns.len(),
            inner,
            kind,
            bind,
            batch: None,
            cached: None,
            lateral: None,
        }
    }

    /// The inner rows for a row; at most `max` of them are asked for.
    async fn inner_rows(&mut self, row: &[Datum], max: usize, cx: &mut Cx<'_>) -> Result<Arc<Batch>> {
        if let Some((rows, _)) = &self.cached {
            return Ok(rows.clone());
        }
        for (column, register) in self.bind {
            cx.state.registers[*register as usize] = row[*column].clone();
        }
        let mut memory = cx.state.memory.reservation();
        let mut operator = build(self.inner);
        let mut rows = Batch::new(self.inner.columns.len());
        while let Some(batch) = operator.next(cx).await? {
            memory.grow(batch_bytes(&batch)).map_err(out_of_memory)?;
            rows.append(batch);
            if rows.len() >= max {
                break;
            }
        }
        let rows = Arc::new(rows);
        if self.bind.is_empty() {
            self.cached = Some((rows.clone(), memory));
        }
        Ok(rows)
    }

    /// The column that a subquery in an expression gives for a row.
    async fn value(&mut self, row: &[Datum], cx: &mut Cx<'_>) -> Result<Datum> {
        match self.kind {
            ApplyKind::Scalar => {
                let rows = self.inner_rows(row, 2, cx).await?;
                match rows.len() {
                    0 => Ok(Datum::Null),
                    1 => Ok(rows.row(0)[0].clone()),
                    _ => Err(Error::new(
                        sqlstate::CARDINALITY_VIOLATION,
                        "more than one row returned by a subquery used as an expression",
                    )),
                }
            }
            ApplyKind::Exists => Ok(Datum::Bool(!self.inner_rows(row, 1, cx).await?.is_empty())),
            ApplyKind::Any { test, all } => {
                let rows = self.inner_rows(row, usize::MAX, cx).await?;
                let eval = cx.eval();
                let mut pair = row.to_vec();
                let mut unknown = false;
                for inner in rows.rows() {
                    pair.truncate(self.input_width);
                    pair.extend_from_slice(inner);
                    match test.eval(&pair, &eval)?.as_bool() {
                        Some(holds) if holds != *all => return Ok(Datum::Bool(holds)),
                        Some(_) => {}
                        None => unknown = true,
                    }
                }
                Ok(if unknown { Datum::Null } else { Datum::Bool(*all) })
            }
            ApplyKind::Array(element) => {
                let rows = self.inner_rows(row, usize::MAX, cx).await?;
                Ok(Datum::array(**element, rows.rows().map(|row| row[0].clone()).collect()))
            }
            ApplyKind::Lateral { .. } => Err(Error::internal("a lateral join gives no value")),
        }
    }
}

impl Operator for Apply<'_> {
    fn next<'a>(&'a mut self, cx: &'a mut Cx<'_>) -> Next<'a> {
        Box::pin(async move {
            let lateral = matches!(self.kind, ApplyKind::Lateral { .. });
            let extra = if lateral { self.inner.columns.len() } else { 1 };
            let mut out = Batch::new(self.input_width + extra);
            loop {
                if self.batch.as_ref().is_none_or(|(batch, at)| *at >= batch.len()) {
                    // A whole input batch per output batch, unless a lateral join multiplies it.
                    if !out.is_empty() {
                        return Ok(Some(out));
                    }
                    match self.input.next(cx).await? {
                        Some(batch) => self.batch = Some((batch, 0)),
                        None => return Ok(None),
                    }
                }
                let Some((batch, at)) = &mut self.batch else { continue };
                let row = batch.row(*at).to_vec();
                let ApplyKind::Lateral { outer, on } = self.kind else {
                    *at += 1;
                    let value = self.value(&row, cx).await?;
                    out.push(row.into_iter().chain([value]));
                    continue;
                };
                if self.lateral.is_none() {
                    let rows = self.inner_rows(&row, usize::MAX, cx).await?;
                    self.lateral = Some((rows, 0, false));
                }
                let Some((rows, from, matched)) = &mut self.lateral else { continue };
                let eval = cx.eval();
                while *from < rows.len() && out.len() < BATCH_ROWS {
                    let mut pair = row.clone();
                    pair.extend_from_slice(rows.row(*from));
                    *from += 1;
                    let holds = match on {
                        Some(on) => on.eval_bool(&pair, &eval)?,
                        None => true,
                    };
                    if holds {
                        *matched = true;
                        out.push(pair);
                    }
                }
                if *from >= rows.len() {
                    if *outer && !*matched {
                        out.push(row.into_iter().chain(std::iter::repeat_n(Datum::Null, extra)));
                    }
                    self.lateral = None;
                    if let Some((_, at)) = &mut self.batch {
                        *at += 1;
                    }
                }
                if out.len() >= BATCH_ROWS {
                    return Ok(Some(out));
                }
            }
        })
    }
}
