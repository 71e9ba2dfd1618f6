//! Scans of stored tables: by key, by a primary or secondary index, with filter, projection and limit carried to
//! where the rows are.
//!
//! ```text
//!   every bound a whole primary key        multi-get
//!   primary or covering index              scan with a program: filter, projection, limit
//!   secondary index that lacks columns     scan of the index with what it can filter, then multi-get by primary key
//! ```

use std::sync::Arc;
use std::time::Duration;

use base::{Key, Span};
use datum::program::Output;
use datum::row::Decoder;
use datum::{Batch, Datum, Expr, Program, Result};
use proto::{LockOptions, LockStrength, LockWait, ScanRows};
use sql::plan::{self, LockWaitPolicy, RowLock};
use txn::{ScanOptions, ScanStream};

use super::filter::filter_batch;
use super::{BATCH_ROWS, Cx, Next, Operator, eval_count};
use crate::layout::TableLayout;
use crate::push;

/// How long a statement waits for a row lock when lock_timeout says nothing.
const LOCK_WAIT_MAX: Duration = Duration::from_secs(3600);
/// Bytes of the first page; later ones grow to the transaction's page size.
const FIRST_PAGE_BYTES: u64 = 64 << 10;

/// A lock as the keeping half knows it.
pub(crate) fn lock_options(lock: RowLock, wait: LockWaitPolicy, cx: &Cx<'_>) -> LockOptions {
    let strength = match lock {
        RowLock::KeyShare => LockStrength::KeyShare,
        RowLock::Share => LockStrength::Share,
        RowLock::NoKeyUpdate => LockStrength::NoKeyUpdate,
        RowLock::Update => LockStrength::Update,
    };
    let wait = match wait {
        LockWaitPolicy::NoWait => LockWait::NoWait,
        LockWaitPolicy::SkipLocked => LockWait::SkipLocked,
        LockWaitPolicy::Block => LockWait::Wait(cx.session().lock_timeout().unwrap_or(LOCK_WAIT_MAX)),
    };
    LockOptions { strength, wait }
}

/// A scan of a stored table.
pub(crate) struct Scan<'p> {
    plan: &'p plan::Scan,
    lock: Option<(RowLock, LockWaitPolicy)>,
    open: Option<Open>,
}

impl<'p> Scan<'p> {
    pub fn new(plan: &'p plan::Scan) -> Scan<'p> {
        Scan { plan, lock: plan.lock, open: None }
    }

    /// A scan that locks the rows it finds: for those that UPDATE and DELETE target.
    pub fn locking(plan: &'p plan::Scan, lock: RowLock) -> Scan<'p> {
        let lock = plan.lock.unwrap_or((lock, LockWaitPolicy::Block));
        Scan { plan, lock: Some(lock), open: None }
    }
}

impl Operator for Scan<'_> {
    fn next<'a>(&'a mut self, cx: &'a mut Cx<'_>) -> Next<'a> {
        Box::pin(async move {
            if self.open.is_none() {
                self.open = Some(Open::new(self.plan, self.lock, cx).await?);
            }
            match &mut self.open {
                Some(open) => open.next(cx).await,
                None => Ok(None),
            }
        })
    }
}

enum Source {
    /// Whole primary keys, what is left of them.
    Points(std::vec::IntoIter<Key>),
    /// Spans of an index, what is left of them, and the one under way.
    Spans { left: std::vec::IntoIter<Span>, stream: Option<ScanStream> },
}

struct Open {
    layout: Arc<TableLayout>,
    source: Source,
    reverse: bool,
    lock: Option<LockOptions>,
    /// What runs at the leaseholder.
    program: Option<Arc<Program>>,
    /// Rows come by primary key, from what the program gives.
    fetcher: Option<Fetcher>,
    /// What is left of the filter, over `fetched`.
    residual: Option<Expr>,
    /// From the fetched columns to the output; `None` if they are the same.
    projection: Option<Vec<usize>>,
    /// Rows still wanted.
    limit: Option<u64>,
    page_bytes: u64,
}

impl Open {
    async fn new(
        plan: &plan::Scan,
        lock: Option<(RowLock, LockWaitPolicy)>,
        cx: &mut Cx<'_>,
    ) -> Result<Open> {
        let limit = match &plan.limit {
            Some(limit) => {
                eval_count(limit, cx, datum::error::sqlstate::INVALID_ROW_COUNT_IN_LIMIT, "LIMIT").await?
            }
            None => None,
        };
        let layout = cx.layout(&plan.table)?;
        let lock = lock.map(|(lock, wait)| lock_options(lock, wait, cx));
        let eval = cx.eval();
        let primary = sql::layout::is_primary_index(&plan.table, plan.index);
        let index = layout.row_layout(plan.index)?;
        let filter = plan.filter.as_ref().map(|filter| push::fold(filter, &eval)).transpose()?;

        if primary && let Some(mut keys) = crate::bounds::points(index, &plan.bounds, &eval)? {
            if plan.reverse {
                keys.reverse();
            }
            let fetcher = Fetcher::new(&layout, &plan.output, filter.as_ref(), lock);
            return Ok(Open {
                source: Source::Points(keys.into_iter()),
                reverse: plan.reverse,
                lock,
                program: None,
                residual: filter,
                projection: Some(plan.output.clone()),
                fetcher: Some(fetcher),
                limit,
                page_bytes: 0,
                layout,
            });
        }

        let mut spans = crate::bounds::spans(index, &plan.bounds, &eval)?;
        if plan.reverse {
            spans.reverse();
        }
        let source = Source::Spans { left: spans.into_iter(), stream: None };
        let covered = |column: u32| match layout.index(plan.index) {
            None => true,
            Some(index) => index.covered.get(column as usize).copied().unwrap_or(false),
        };
        let split = match filter {
            Some(filter) => push::split(filter, covered),
            None => push::Split::default(),
        };
        let needed = plan
            .output
            .iter()
            .map(|ordinal| *ordinal as u32)
            .chain(split.kept.iter().flat_map(|kept| kept.columns()))
            .all(covered);
        // Rows are locked where they are, not in an index.
        let lookup = !primary && (!needed || lock.is_some());
        let columns = |ordinals: &[usize]| {
            let ty = |ordinal: usize| plan.table.columns[ordinal].ty.ty;
            Output::Rows(ordinals.iter().map(|&o| Expr::Column(o as u32, ty(o))).collect())
        };
        if lookup {
            let program = Program {
                layout: index.clone(),
                filter: split.pushed,
                output: columns(&layout.key_ordinals),
            };
            let fetcher = Fetcher::new(&layout, &plan.output, split.kept.as_ref(), lock);
            return Ok(Open {
                source,
                reverse: plan.reverse,
                lock,
                program: Some(Arc::new(program)),
                residual: split.kept,
                projection: Some(plan.output.clone()),
                fetcher: Some(fetcher),
                limit,
                page_bytes: FIRST_PAGE_BYTES,
                layout,
            });
        }
        let (fetched, residual, projection) = match split.kept {
            None => (plan.output.clone(), None, None),
            Some(kept) => {
                let mut fetched = plan.output.clone();
                for column in kept.columns() {
                    if !fetched.contains(&(column as usize)) {
                        fetched.push(column as usize);
                    }
                }
                let place = |column: u32| {
                    fetched.iter().position(|f| *f == column as usize).unwrap_or_default() as u32
                };
                let kept = kept.remap_columns(&place);
                let projection =
                    (fetched.len() > plan.output.len()).then(|| (0..plan.output.len()).collect());
                (fetched, Some(kept), projection)
            }
        };
        let program = Program { layout: index.clone(), filter: split.pushed, output: columns(&fetched) };
        Ok(Open {
            source,
            reverse: plan.reverse,
            lock,
            program: Some(Arc::new(program)),
            fetcher: None,
            residual,
            projection,
            limit,
            page_bytes: FIRST_PAGE_BYTES,
            layout,
        })
    }

    async fn next(&mut self, cx: &mut Cx<'_>) -> Result<Option<Batch>> {
        loop {
            if self.limit == Some(0) {
                return Ok(None);
            }
            let Some(batch) = self.fetch(cx).await? else { return Ok(None) };
            let batch = match &self.residual {
                Some(residual) => filter_batch(batch, residual, cx).await?,
                None => batch,
            };
            let mut batch = match &self.projection {
                Some(ordinals) => pick(batch, ordinals),
                None => batch,
            };
            if let Some(limit) = &mut self.limit {
                batch.truncate(usize::try_from(*limit).unwrap_or(usize::MAX));
                *limit -= batch.len() as u64;
            }
            if !batch.is_empty() {
                return Ok(Some(batch));
            }
            cx.breathe().await?;
        }
    }

    /// The next rows before the residual filter, perhaps none; `None` at the end.
    async fn fetch(&mut self, cx: &mut Cx<'_>) -> Result<Option<Batch>> {
        match &mut self.source {
            Source::Points(keys) => {
                let chunk: Vec<Key> = keys.by_ref().take(BATCH_ROWS).collect();
                match &self.fetcher {
                    Some(fetcher) if !chunk.is_empty() => fetcher.fetch(&chunk, cx).await.map(Some),
                    _ => Ok(None),
                }
            }
            Source::Spans { left, stream } => loop {
                if stream.is_none() {
                    let Some(span) = left.next() else { return Ok(None) };
                    // With a residual filter more rows than the limit may be needed.
                    let row_limit = match self.limit {
                        Some(limit) if self.residual.is_none() => limit,
                        _ => 0,
                    };
                    let options = ScanOptions {
                        reverse: self.reverse,
                        row_limit,
                        byte_limit: self.page_bytes,
                        program: self.program.clone(),
                        lock: self.lock.filter(|_| self.fetcher.is_none()),
                        ..ScanOptions::default()
                    };
                    *stream = Some(cx.txn.scan(span, options));
                }
                let Some(current) = stream.as_mut() else { return Ok(None) };
                let page = cx.txn.next_page(current).await?;
                let Some(page) = page else {
                    *stream = None;
                    continue;
                };
                let ScanRows::Program(batch) = page else {
                    return Err(crate::error::corrupt("a scan with a program gave raw rows"));
                };
                if batch.is_empty() {
                    cx.breathe().await?;
                    continue;
                }
                let Some(fetcher) = &self.fetcher else { return Ok(Some(batch)) };
                let mut keys = Vec::with_capacity(batch.len());
                for row in batch.rows() {
                    keys.push(self.layout.key_of(row)?);
                }
                return fetcher.fetch(&keys, cx).await.map(Some);
            },
        }
    }
}

/// Some columns of a batch.
pub(crate) fn pick(batch: Batch, ordinals: &[usize]) -> Batch {
    if ordinals.len() == batch.width() && ordinals.iter().enumerate().all(|(i, o)| i == *o) {
        return batch;
    }
    let mut out = Batch::with_capacity(ordinals.len(), batch.len());
    for row in batch.rows() {
        out.push(ordinals.iter().map(|o| row[*o].clone()));
    }
    out
}

/// Gets rows by primary key.
pub(crate) struct Fetcher {
    decoder: Decoder,
    width: usize,
    lock: Option<LockOptions>,
}

impl Fetcher {
    /// Of the columns needed for this output and filter; others come out as NULL.
    pub fn new(
        layout: &TableLayout,
        output: &[usize],
        filter: Option<&Expr>,
        lock: Option<LockOptions>,
    ) -> Fetcher {
        let width = layout.table.columns.len();
        let mut needed = vec![false; width];
        let filtered = filter.map(Expr::columns).unwrap_or_default();
        for ordinal in output.iter().copied().chain(filtered.into_iter().map(|c| c as usize)) {
            needed[ordinal] = true;
        }
        Fetcher { decoder: layout.primary.decoder(Some(&needed)), width, lock }
    }

    /// The rows of these keys that are there, in their order, all columns wide.
    pub async fn fetch(&self, keys: &[Key], cx: &mut Cx<'_>) -> Result<Batch> {
        let values = cx.txn.get(keys, self.lock).await?;
        let mut out = Batch::with_capacity(self.width, keys.len());
        let mut row: Vec<Datum> = Vec::with_capacity(self.width);
        for (key, value) in keys.iter().zip(&values) {
            if let Some(value) = value {
                row.clear();
                self.decoder.decode(key.as_bytes(), value, &mut row)?;
                out.push(row.drain(..));
            }
        }
        Ok(out)
    }
}
