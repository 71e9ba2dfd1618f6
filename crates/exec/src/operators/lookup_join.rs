//! Joins by looking up: for a batch of left rows, the rows of an index whose first columns equal their keys.

use std::sync::Arc;

use base::map::HashMap;
use base::{Key, Span};
use datum::program::Output;
use datum::{Batch, Datum, Expr, Program, Result};
use proto::ScanRows;
use sql::plan::{JoinKind, Plan, Scan};
use txn::ScanOptions;

use super::filter::filter_batch;
use super::scan::{Fetcher, lock_options, pick};
use super::{BoxOperator, Cx, Next, Operator, build};
use crate::layout::TableLayout;
use crate::push;

pub(super) struct LookupJoin<'p> {
    left: BoxOperator<'p>,
    right: &'p Scan,
    left_width: usize,
    kind: JoinKind,
    keys: &'p [Expr],
    residual: Option<&'p Expr>,
    open: Option<Open>,
}

struct Open {
    layout: Arc<TableLayout>,
    /// Rows by whole primary keys.
    points: bool,
    fetcher: Fetcher,
    filter: Option<Expr>,
    program: Option<Arc<Program>>,
}

impl<'p> LookupJoin<'p> {
    pub fn new(
        left: &'p Plan,
        right: &'p Scan,
        kind: JoinKind,
        keys: &'p [Expr],
        residual: Option<&'p Expr>,
    ) -> LookupJoin<'p> {
        LookupJoin {
            left: build(left),
            right,
            left_width: left.columns.len(),
            kind,
            keys,
            residual,
            open: None,
        }
    }

    fn open(&self, cx: &Cx<'_>) -> Result<Open> {
        let layout = cx.layout(&self.right.table)?;
        let filter = self.right.filter.as_ref().map(|filter| push::fold(filter, &cx.eval())).transpose()?;
        let lock = self.right.lock.map(|(lock, wait)| lock_options(lock, wait, cx));
        let primary = sql::layout::is_primary_index(&self.right.table, self.right.index);
        let points = primary && self.keys.len() == layout.primary.key.len();
        // Rows are matched up by their primary keys, whether or not those come out.
        let needed: Vec<usize> = self.right.output.iter().chain(&layout.key_ordinals).copied().collect();
        let fetcher = Fetcher::new(&layout, &needed, filter.as_ref(), lock);
        let program = (!points)
            .then(|| -> Result<Arc<Program>> {
                let ty = |ordinal: usize| self.right.table.columns[ordinal].ty.ty;
                Ok(Arc::new(Program {
                    layout: layout.row_layout(self.right.index)?.clone(),
                    filter: None,
                    output: Output::Rows(
                        layout.key_ordinals.iter().map(|&o| Expr::Column(o as u32, ty(o))).collect(),
                    ),
                }))
            })
            .transpose()?;
        Ok(Open { layout, points, fetcher, filter, program })
    }
}

impl Open {
    /// The output rows of each lookup key, in the order of the keys.
    async fn look_up(&self, plan: &Scan, keys: &[Vec<Datum>], cx: &mut Cx<'_>) -> Result<Vec<Batch>> {
        let mut found = Vec::with_capacity(keys.len());
        if self.points {
            let mut rows_of = Vec::with_capacity(keys.len());
            for key in keys {
                rows_of.push(self.layout.key_of(key)?);
            }
            let rows = self.fetcher.fetch(&rows_of, cx).await?;
            let rows = self.filtered(rows, cx).await?;
            // Rows that are not there leave no gap: they are matched up by their keys.
            let mut by_key: HashMap<Vec<Datum>, usize> = HashMap::default();
            for (i, row) in rows.rows().enumerate() {
                by_key.insert(self.layout.key_ordinals.iter().map(|o| row[*o].clone()).collect(), i);
            }
            for key in keys {
                let mut one = Batch::new(rows.width());
                if let Some(i) = by_key.get(key) {
                    one.push_row(rows.row(*i));
                }
                found.push(pick(one, &plan.output));
            }
            return Ok(found);
        }
        let index = self.layout.row_layout(plan.index)?.clone();
        for key in keys {
            let span = Span::prefix(Key::from(index.encode_key_prefix(key)?));
            let options = ScanOptions { program: self.program.clone(), ..ScanOptions::default() };
            let mut stream = cx.txn.scan(span, options);
            let mut primary = Vec::new();
            while let Some(page) = cx.txn.next_page(&mut stream).await? {
                let ScanRows::Program(batch) = page else {
                    return Err(crate::error::corrupt("a scan with a program gave raw rows"));
                };
                for row in batch.rows() {
                    primary.push(self.layout.key_of(row)?);
                }
            }
            if primary.is_empty() {
                found.push(Batch::new(plan.output.len()));
                continue;
            }
            let rows = self.fetcher.fetch(&primary, cx).await?;
            found.push(pick(self.filtered(rows, cx).await?, &plan.output));
        }
        Ok(found)
    }

    async fn filtered(&self, rows: Batch, cx: &mut Cx<'_>) -> Result<Batch> {
        match &self.filter {
            Some(filter) => filter_batch(rows, filter, cx).await,
            None => Ok(rows),
        }
    }
}

impl Operator for LookupJoin<'_> {
    fn next<'a>(&'a mut self, cx: &'a mut Cx<'_>) -> Next<'a> {
        Box::pin(async move {
            if self.open.is_none() {
                self.open = Some(self.open(cx)?);
            }
            let Some(open) = &self.open else { return Ok(None) };
            let right_width = self.right.output.len();
            let semi = matches!(self.kind, JoinKind::Semi | JoinKind::Anti | JoinKind::NullAwareAnti);
            let width = if semi { self.left_width } else { self.left_width + right_width };
            while let Some(batch) = self.left.next(cx).await? {
                // Each key is looked up once for the batch.
                let mut order: HashMap<Vec<Datum>, usize> = HashMap::default();
                let mut distinct: Vec<Vec<Datum>> = Vec::new();
                let mut at: Vec<Option<usize>> = Vec::with_capacity(batch.len());
                {
                    let eval = cx.eval();
                    for row in batch.rows() {
                        let key =
                            self.keys.iter().map(|key| key.eval(row, &eval)).collect::<Result<Vec<_>>>()?;
                        if key.iter().any(Datum::is_null) {
                            at.push(None);
                            continue;
                        }
                        let next = distinct.len();
                        let i = *order.entry(key).or_insert_with_key(|key| {
                            distinct.push(key.clone());
                            next
                        });
                        at.push(Some(i));
                    }
                }
                let found = open.look_up(self.right, &distinct, cx).await?;
                let eval = cx.eval();
                let mut out = Batch::new(width);
                let mut pair = Vec::with_capacity(self.left_width + right_width);
                for (left, at) in batch.rows().zip(at) {
                    let mut matched = false;
                    if let Some(rows) = at.and_then(|at| found.get(at)) {
                        for right in rows.rows() {
                            pair.clear();
                            pair.extend_from_slice(left);
                            pair.extend_from_slice(right);
                            let passes = match self.residual {
                                Some(residual) => residual.eval_bool(&pair, &eval)?,
                                None => true,
                            };
                            if passes {
                                matched = true;
                                if semi {
                                    break;
                                }
                                out.push_row(&pair);
                            }
                        }
                    }
                    match self.kind {
                        JoinKind::Left if !matched => {
                            let nulls = std::iter::repeat_n(Datum::Null, right_width);
                            out.push(left.iter().cloned().chain(nulls));
                        }
                        JoinKind::Semi if matched => out.push_row(left),
                        JoinKind::Anti | JoinKind::NullAwareAnti if !matched => out.push_row(left),
                        _ => {}
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
