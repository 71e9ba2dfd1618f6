//! Joins by equal keys: the right side goes into a hash table, the left side streams past it.

use base::map::HashMap;
use base::memory::Reservation;
use datum::{Batch, Datum, EvalContext, Expr, Result};
use sql::plan::{JoinKind, Plan};

use super::{BATCH_ROWS, BoxOperator, Cx, Next, Operator, build, row_bytes};
use crate::error::out_of_memory;

/// Pairs that are tried before the join looks whether it is to stop.
const TRIED_MAX: usize = 1 << 14;

pub(super) struct HashJoin<'p> {
    left: BoxOperator<'p>,
    right: &'p Plan,
    left_width: usize,
    kind: JoinKind,
    left_keys: &'p [Expr],
    right_keys: &'p [Expr],
    residual: Option<&'p Expr>,
    table: Option<Table>,
    /// The left batch under way, the row in it, how many of its candidates were tried, whether one has matched.
    batch: Option<(Batch, usize, usize, bool)>,
    tail: usize,
}

/// The right side.
struct Table {
    rows: Batch,
    /// The rows of each key.
    heads: HashMap<Vec<Datum>, Vec<u32>>,
    /// Keys of the rows that have a NULL among them: they match nothing, but NOT IN minds them.
    null_keys: Vec<Vec<Datum>>,
    matched: Vec<bool>,
    _memory: Reservation,
}

impl<'p> HashJoin<'p> {
    pub fn new(
        left: &'p Plan,
        right: &'p Plan,
        kind: JoinKind,
        left_keys: &'p [Expr],
        right_keys: &'p [Expr],
        residual: Option<&'p Expr>,
    ) -> HashJoin<'p> {
        HashJoin {
            left: build(left),
            right,
            left_width: left.columns.len(),
            kind,
            left_keys,
            right_keys,
            residual,
            table: None,
            batch: None,
            tail: 0,
        }
    }

    async fn open(&mut self, cx: &mut Cx<'_>) -> Result<()> {
        let mut memory = cx.state.memory.reservation();
        let mut rows = Batch::new(self.right.columns.len());
        let mut heads: HashMap<Vec<Datum>, Vec<u32>> = HashMap::default();
        let mut null_keys = Vec::new();
        let mut right = build(self.right);
        let mut keys = Vec::with_capacity(self.right_keys.len());
        while let Some(batch) = right.next(cx).await? {
            let mut bytes = 0;
            for row in batch.rows() {
                let eval = cx.eval();
                keys.clear();
                for key in self.right_keys {
                    keys.push(key.eval(row, &eval)?);
                }
                let at = rows.len() as u32;
                bytes += row_bytes(row) + 8;
                rows.push_row(row);
                if keys.iter().any(Datum::is_null) {
                    null_keys.push(keys.clone());
                } else if let Some(chain) = heads.get_mut(&keys) {
                    chain.push(at);
                } else {
                    bytes += row_bytes(&keys) + 64;
                    heads.insert(keys.clone(), vec![at]);
                }
            }
            memory.grow(bytes).map_err(out_of_memory)?;
            cx.breathe().await?;
        }
        let matched = match self.kind {
            JoinKind::Right | JoinKind::Full => vec![false; rows.len()],
            _ => Vec::new(),
        };
        self.table = Some(Table { rows, heads, null_keys, matched, _memory: memory });
        Ok(())
    }
}

impl Table {
    /// Whether `left NOT IN (right)` is unknown for keys that no row equals.
    fn is_unknown(&self, keys: &[Datum]) -> bool {
        let differ =
            |other: &[Datum]| keys.iter().zip(other).any(|(a, b)| !a.is_null() && !b.is_null() && a != b);
        self.null_keys.iter().any(|other| !differ(other))
            || (keys.iter().any(Datum::is_null) && self.heads.keys().any(|other| !differ(other)))
    }
}

fn passes(residual: Option<&Expr>, pair: &[Datum], eval: &EvalContext<'_>) -> Result<bool> {
    residual.map_or(Ok(true), |residual| residual.eval_bool(pair, eval))
}

impl Operator for HashJoin<'_> {
    fn next<'a>(&'a mut self, cx: &'a mut Cx<'_>) -> Next<'a> {
        Box::pin(async move {
            if self.table.is_none() {
                self.open(cx).await?;
            }
            let Some(table) = &mut self.table else { return Ok(None) };
            let right_width = table.rows.width();
            let semi = matches!(self.kind, JoinKind::Semi | JoinKind::Anti | JoinKind::NullAwareAnti);
            let width = if semi { self.left_width } else { self.left_width + right_width };
            let mut out = Batch::with_capacity(width, BATCH_ROWS / 4);
            let mut pair: Vec<Datum> = Vec::with_capacity(self.left_width + right_width);
            let mut keys: Vec<Datum> = Vec::with_capacity(self.left_keys.len());
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
                'rows: while *row < batch.len() && out.len() < BATCH_ROWS {
                    let left = batch.row(*row);
                    keys.clear();
                    for key in self.left_keys {
                        keys.push(key.eval(left, &eval)?);
                    }
                    let null = keys.iter().any(Datum::is_null);
                    let chain = if null { None } else { table.heads.get(&keys) };
                    if let Some(chain) = chain {
                        while let Some(at) = chain.get(*from) {
                            if out.len() >= BATCH_ROWS || tried >= TRIED_MAX {
                                break 'rows;
                            }
                            tried += 1;
                            let right = table.rows.row(*at as usize);
                            *from += 1;
                            if semi && self.residual.is_none() {
                                *matched = true;
                                break;
                            }
                            pair.clear();
                            pair.extend_from_slice(left);
                            pair.extend_from_slice(right);
                            if !passes(self.residual, &pair, &eval)? {
                                continue;
                            }
                            *matched = true;
                            if semi {
                                break;
                            }
                            if let Some(flag) = table.matched.get_mut(*at as usize) {
                                *flag = true;
                            }
                            out.push(pair.drain(..));
                        }
                    }
                    match self.kind {
                        JoinKind::Left | JoinKind::Full if !*matched => {
                            let nulls = std::iter::repeat_n(Datum::Null, right_width);
                            out.push(left.iter().cloned().chain(nulls));
                        }
                        JoinKind::Semi if *matched => out.push_row(left),
                        JoinKind::Anti if !*matched => out.push_row(left),
                        JoinKind::NullAwareAnti if !*matched && !table.is_unknown(&keys) => {
                            out.push_row(left)
                        }
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
            while self.tail < table.matched.len() && out.len() < BATCH_ROWS {
                if !table.matched[self.tail] {
                    let nulls = std::iter::repeat_n(Datum::Null, self.left_width);
                    out.push(nulls.chain(table.rows.row(self.tail).iter().cloned()));
                }
                self.tail += 1;
            }
            Ok((!out.is_empty()).then_some(out))
        })
    }
}
