//! [`ScanStream`]: paged scans, merged with the write buffer.
//!
//! Each page is one request. Where the transaction has written into the span, the stored rows are merged with its
//! writes as of the statement, and a program runs here, over the merged rows, instead of at the leaseholder.
//! The read set gets what each page has examined: with a limit, up to the last row, inclusive.

use std::sync::Arc;

use base::{Key, Span};
use bytes::Bytes;
use datum::program::ProgramRunner;
use datum::{Batch, Program};
use proto::{LockOptions, Request, Response, ScanRequest, ScanRows};

use crate::buffer::{OwnWrites, Sequence};
use crate::error::Error;
use crate::read::unexpected;
use crate::transaction::Transaction;

/// How a scan is done.
#[derive(Clone, Debug, Default)]
pub struct ScanOptions {
    /// From the end.
    pub reverse: bool,
    /// Stop after this many rows in all; 0 = no limit.
    pub row_limit: u64,
    /// About this many bytes in each page; 0 = the default of the settings.
    pub byte_limit: u64,
    /// What to do with the rows; `None` returns keys and values. With aggregation each page brings partial states.
    pub program: Option<Arc<Program>>,
    /// Take this lock on each row that is returned, and return its newest version.
    pub lock: Option<LockOptions>,
    /// Which own writes are seen.
    pub own_writes: OwnWrites,
}

/// One page.
pub type Page = ScanRows;

/// A scan under way. It holds no reference to its transaction: pass that to [`ScanStream::next_page`].
pub struct ScanStream {
    options: ScanOptions,
    left: Option<Span>,
    rows_left: Option<u64>,
    upto: Sequence,
}

impl Transaction {
    /// Starts a scan. It sees the transaction's writes as of now, also if it is read from later (a portal).
    pub fn scan(&mut self, span: Span, options: ScanOptions) -> ScanStream {
        let upto = self.buffer.read_sequence(options.own_writes);
        self.buffer.pin(upto);
        ScanStream {
            left: (!span.is_empty()).then_some(span),
            rows_left: (options.row_limit > 0).then_some(options.row_limit),
            upto,
            options,
        }
    }

    /// All rows of a span that a plain scan finds, at once: for small spans.
    ///
    /// # Errors
    /// As [`ScanStream::next_page`].
    pub async fn scan_all(&mut self, span: Span, options: ScanOptions) -> Result<Vec<(Key, Bytes)>, Error> {
        let mut stream = self.scan(span, options);
        let mut rows = Vec::new();
        while let Some(page) = stream.next_page(self).await? {
            match page {
                ScanRows::Raw(page) => rows.extend(page),
                ScanRows::Program(_) => return Err(unexpected("scan without a program")),
            }
        }
        Ok(rows)
    }
}

impl ScanStream {
    /// What has not been scanned yet.
    pub fn remaining(&self) -> Option<&Span> {
        self.left.as_ref()
    }

    /// The next page, perhaps an empty one; `None` at the end.
    ///
    /// # Errors
    /// As [`Transaction::get`].
    pub async fn next_page(&mut self, txn: &mut Transaction) -> Result<Option<Page>, Error> {
        let Some(span) = self.left.clone() else { return Ok(None) };
        let own = txn.buffer.touches(&span);
        let program = if own { None } else { self.options.program.clone() };
        let byte_limit = match self.options.byte_limit {
            0 => txn.coordinator.settings.page_bytes,
            bytes => bytes,
        };
        // Own deletes may hide stored rows, and a filter that runs here drops some: then more are asked for than
        // are wanted, and the byte limit bounds the page.
        let row_limit = match self.rows_left {
            Some(rows) if !own => rows,
            _ => 0,
        };
        let lock = self.options.lock;
        if lock.is_some() {
            txn.note_locks([span.start.clone()]).await;
        }
        let reverse = self.options.reverse;
        let response = txn
            .read(lock, false, |read| {
                Request::Scan(ScanRequest {
                    span: span.clone(),
                    reverse,
                    row_limit,
                    byte_limit,
                    program: program.clone(),
                    read,
                })
            })
            .await?;
        let Response::Scan(found) = response else { return Err(unexpected("scan")) };
        let mut resume = found.resume.filter(|left| !left.is_empty());
        if resume.as_ref().is_some_and(|left| !span.contains_span(left)) {
            return Err(unexpected("scan"));
        }
        let rows = match found.rows {
            ScanRows::Raw(stored) => {
                if lock.is_some() {
                    txn.note_locks(stored.iter().map(|(key, _)| key.clone())).await;
                }
                if own {
                    let examined = examined(&span, resume.as_ref(), reverse);
                    let merged = merge(txn, &examined, reverse, self.upto, stored, byte_limit)?;
                    if let Some(last) = merged.cut_after {
                        resume = Some(rest(&span, &last, reverse));
                    }
                    self.finish_merged(&span, &mut resume, merged.rows)?
                } else {
                    ScanRows::Raw(stored)
                }
            }
            ScanRows::Program(batch) if program.is_some() => ScanRows::Program(batch),
            ScanRows::Program(_) => return Err(unexpected("scan without a program")),
        };
        txn.add_read(examined(&span, resume.as_ref(), reverse));
        let got = match &rows {
            ScanRows::Raw(rows) => rows.len() as u64,
            ScanRows::Program(_) if self.is_aggregate() => 0,
            ScanRows::Program(batch) => batch.len() as u64,
        };
        if let Some(left) = &mut self.rows_left {
            *left = left.saturating_sub(got);
            if *left == 0 {
                resume = None;
            }
        }
        self.left = resume;
        if self.left.is_none() {
            txn.buffer.unpin(self.upto);
        }
        Ok(Some(rows))
    }

    fn is_aggregate(&self) -> bool {
        use datum::program::Output;
        self.options.program.as_ref().is_some_and(|p| matches!(p.output, Output::Partial { .. }))
    }

    /// Applies the row limit and the program to merged rows; `resume` moves back to behind the last row used.
    fn finish_merged(
        &self,
        span: &Span,
        resume: &mut Option<Span>,
        mut rows: Vec<(Key, Bytes)>,
    ) -> Result<ScanRows, Error> {
        let Some(program) = &self.options.program else {
            if let Some(limit) = self.rows_left
                && (rows.len() as u64) >= limit
            {
                rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
                if let Some((last, _)) = rows.last() {
                    *resume = Some(rest(span, last, self.options.reverse));
                }
            }
            return Ok(ScanRows::Raw(rows));
        };
        let limit = self.rows_left.unwrap_or(0);
        let (batch, used) = run_program(program, &rows, limit)?;
        if used < rows.len()
            && let Some((last, _)) = used.checked_sub(1).and_then(|i| rows.get(i))
        {
            *resume = Some(rest(span, last, self.options.reverse));
        }
        Ok(ScanRows::Program(batch))
    }
}

/// What is left of a span behind this key.
fn rest(span: &Span, last: &Key, reverse: bool) -> Span {
    if reverse {
        Span::new(span.start.clone(), last.clone())
    } else {
        Span::new(last.next(), span.end.clone())
    }
}

/// What was examined of a span, if this is left.
fn examined(span: &Span, resume: Option<&Span>, reverse: bool) -> Span {
    match resume {
        None => span.clone(),
        Some(left) if reverse => Span::new(left.end.clone(), span.end.clone()),
        Some(left) => Span::new(span.start.clone(), left.start.clone()),
    }
}

struct Merged {
    rows: Vec<(Key, Bytes)>,
    /// The page was full before everything examined was merged.
    cut_after: Option<Key>,
}

/// Stored rows with own writes over them, in scan order. A page holds about as many bytes of own writes as of
/// stored rows at most: a bulk load may have put much between two stored rows.
fn merge(
    txn: &Transaction,
    examined: &Span,
    reverse: bool,
    upto: Sequence,
    stored: Vec<(Key, Bytes)>,
    byte_limit: u64,
) -> Result<Merged, Error> {
    let mut cursor = txn.buffer.cursor(examined, reverse, upto);
    let mut own = cursor.next()?;
    let mut rows: Vec<(Key, Bytes)> = Vec::with_capacity(stored.len());
    let mut own_bytes = 0;
    let mut stored = stored.into_iter().peekable();
    loop {
        // Whichever key comes first in scan order; at equal keys the own write hides the stored row.
        let order = match (&own, stored.peek()) {
            (None, None) => return Ok(Merged { rows, cut_after: None }),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some((own, _)), Some((stored, _))) if reverse => stored.cmp(own),
            (Some((own, _)), Some((stored, _))) => own.cmp(stored),
        };
        if order.is_gt() {
            rows.extend(stored.next());
            continue;
        }
        if order.is_eq() {
            stored.next();
        }
        if let Some((key, Some(value))) = own {
            own_bytes += (key.as_bytes().len() + value.len()) as u64;
            rows.push((key, value));
        }
        own = cursor.next()?;
        if own_bytes > byte_limit
            && let Some((last, _)) = rows.last()
        {
            let cut_after = Some(last.clone());
            return Ok(Merged { rows, cut_after });
        }
    }
}

/// A program over merged rows, by the same code that leaseholders run: the output, at most `limit` rows of it
/// (0 = no limit; for aggregates: of their input), and how many rows were used.
fn run_program(program: &Arc<Program>, rows: &[(Key, Bytes)], limit: u64) -> Result<(Batch, usize), Error> {
    let mut runner = ProgramRunner::new(program.clone()).map_err(Error::User)?;
    let (mut used, mut taken) = (0, 0);
    for (key, value) in rows {
        used += 1;
        taken += u64::from(runner.push(key.as_bytes(), value).map_err(Error::User)?);
        if limit > 0 && taken >= limit {
            break;
        }
    }
    Ok((runner.finish().map_err(Error::User)?, used))
}
