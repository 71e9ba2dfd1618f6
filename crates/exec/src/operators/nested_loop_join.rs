//! Joins by any condition: the right side is kept in memory and tried for each left row.

use base::memory::Reservation;
use datum::{Batch, Datum, EvalContext, Expr, Result};
use sql::plan::{JoinKind, Plan};

use super::{BATCH_ROWS, BoxOperator, Cx, Next, Operator, build, collect};

/// Pairs that are tried before the join looks whether it is to stop.
const TRIED_MAX: usize = 1 << 14;

pub(super) struct NestedLoopJoin<'p> {
    left: BoxOperator<'p>,
    right: &'p Plan,
    left_width: usize,
    kind: JoinKind,
    on: Option<&'p Expr>,
    inner: Option<Inner>,
    /// The left batch under way, the row in it, the right row to be tried next, and whether the row has matched.
    batch: Option<(Batch, usize, usize, bool)>,
    /// After the left side: how far the unmatched right rows have been handed on.
    tail: usize,
}

struct Inner {
    rows: Batch,
    matched: Vec<bool>,
    _memory: Reservation,
}

impl<'p> NestedLoopJoin<'p> {
    pub fn new(left: &'p Plan, right: &'p Plan, kind: JoinKind, on: Option<&'p Expr>) -> NestedLoopJoin<'p> {
        NestedLoopJoin {
            left: build(left),
            right,
            left_width: left.columns.len(),
            kind,
            on,
            inner: None,
            batch: None,
            tail: 0,
        }
    }

    async fn open(&mut self, cx: &mut Cx<'_>) -> Result<()> {
        let mut memory = cx.state.memory.reservation();
        let mut right = build(self.right);
        let rows = collect(&mut *right, self.right.columns.len(), cx, &mut memory).await?;
        let matched = match self.kind {
            JoinKind::Right | JoinKind::Full => vec![false; rows.len()],
            _ => Vec::new(),
        };
        self.inner = Some(Inner { rows, matched, _memory: memory });
        Ok(())
    }
}

/// Whether a pair of rows satisfies the condition; `None` for NULL.
fn holds(on: Option<&Expr>, pair: &[Datum], eval: &EvalContext<'_>) -> Result<Option<bool>> {
    match on {
        None => Ok(Some(true)),
        Some(on) => Ok(on.eval(pair, eval)?.as_bool()),
    }
}

impl Operator for NestedLoopJoin<'_> {
    fn next<'a>(&'a mut self, cx: &'a mut Cx<'_>) -> Next<'a> {
        Box::pin(async move {
            if self.inner.is_none() {
                self.open(cx).await?;
            }
            let Some(inner) = &mut self.inner else { return Ok(None) };
            let right_width = inner.rows.width();
            let semi = matches!(self.kind, JoinKind::Semi | JoinKind::Anti | JoinKind::NullAwareAnti);
            let width = if semi { self.left_width } else { self.left_width + right_width };
            let mut out = Batch::new(width);
            let mut pair: Vec<Datum> = Vec::with_capacity(self.left_width + right_width);
            let mut tried = 0usize;
            loop {
                if self.batch.is_none() {
                    match self.left.next(cx).await? {
                        Some(batch) => self.batch = Some((batch, 0, 0, false)),
                        None => break,
                    }
                }
                let Some((batch, row, from, matched)) = &mut self.batch else { continue };
                let eval = cx.eval();
                while *row < batch.len() && out.len() < BATCH_ROWS && tried < TRIED_MAX {
                    let left = batch.row(*row);
                    pair.clear();
                    pair.extend_from_slice(left);
                    // A NULL comparison: NOT IN is then never true.
                    let mut unknown = false;
                    while *from < inner.rows.len() && out.len() < BATCH_ROWS && tried < TRIED_MAX {
                        pair.truncate(self.left_width);
                        pair.extend_from_slice(inner.rows.row(*from));
                        tried += 1;
                        let holds = holds(self.on, &pair, &eval)?;
                        if holds == Some(true) {
                            *matched = true;
                            if let Some(flag) = inner.matched.get_mut(*from) {
                                *flag = true;
                            }
                            if semi {
                                break;
                            }
                            out.push_row(&pair);
                        } else if holds.is_none() && self.kind == JoinKind::NullAwareAnti {
                            unknown = true;
                            break;
                        }
                        *from += 1;
                    }
                    if !*matched && !unknown && *from < inner.rows.len() {
                        // The output is full, or it is time to breathe: this row goes on later.
                        break;
                    }
                    if *matched && !semi && *from < inner.rows.len() {
                        break;
                    }
                    match self.kind {
                        JoinKind::Left | JoinKind::Full if !*matched => {
                            pair.truncate(self.left_width);
                            pair.resize(self.left_width + right_width, Datum::Null);
                            out.push_row(&pair);
                        }
                        JoinKind::Semi if *matched => out.push_row(left),
                        JoinKind::Anti if !*matched => out.push_row(left),
                        JoinKind::NullAwareAnti if !*matched && !unknown => out.push_row(left),
                        _ => {}
                    }
                    *row += 1;
                    *from = 0;
                    *matched = false;
                }
                if *row >= batch.len() {
                    self.batch = None;
                }
                if out.len() >= BATCH_ROWS {
                    return Ok(Some(out));
                }
                if tried >= TRIED_MAX {
                    tried = 0;
                    cx.breathe().await?;
                }
            }
            // Right rows that nothing matched.
            while self.tail < inner.matched.len() && out.len() < BATCH_ROWS {
                if !inner.matched[self.tail] {
                    let nulls = std::iter::repeat_n(Datum::Null, self.left_width);
                    out.push(nulls.chain(inner.rows.row(self.tail).iter().cloned()));
                }
                self.tail += 1;
            }
            Ok((!out.is_empty()).then_some(out))
        })
    }
}
