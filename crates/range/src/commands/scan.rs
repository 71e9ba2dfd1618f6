//! Scan: the rows of a span at one snapshot, raw or through a program that runs here.

use std::sync::Arc;

use base::{Key, Span};
use bytes::Bytes;
use proto::{KvError, Response, ScanRequest, ScanResponse, ScanRows};
use storage::Reader;

use crate::pushdown::Runner;
use crate::range::Core;
use crate::read::{Extent, ReadSpec, read_at};

/// What a row costs in an answer beside its bytes.
const ROW_OVERHEAD: u64 = 16;

pub(crate) async fn execute(core: &Arc<Core>, request: ScanRequest) -> Result<Response, KvError> {
    let ScanRequest { span, reverse, row_limit, byte_limit, program, read } = request;
    let at = read_at(&read);
    let spec = ReadSpec {
        extent: Extent::Spans(std::slice::from_ref(&span)),
        read_ts: at.read_ts,
        limit: at.uncertainty_limit,
        owner: at.own,
        oldest_ts: at.read_ts,
    };
    let snapshot = core.read_view(&spec).await?;
    let intents_max = core.settings.intents_max;
    let scanner = Reader::new(snapshot).scan(&span, reverse, at).map_err(|e| e.into_kv(core.id))?;
    let mut scanner = scanner.with_intents_max(intents_max);
    let row_limit = if row_limit == 0 { u64::MAX } else { row_limit };
    let bytes_max = core.settings.answer_bytes_max;
    let byte_limit = if byte_limit == 0 { bytes_max } else { byte_limit.min(bytes_max) };

    let mut sink = match program {
        Some(program) => Sink::Program(Runner::new(program)?),
        None => Sink::Raw(RawRows::default()),
    };
    // Which key each row of the output came from, where that is asked for.
    let mut locked: Option<Vec<Key>> = read.lock.map(|_| Vec::new());
    let (mut rows, mut bytes, mut turn) = (0u64, 0u64, 0u64);
    let mut resume = None;
    loop {
        let row = match scanner.next() {
            Ok(Some(row)) => row,
            Ok(None) => break,
            Err(e) => return Err(e.into_kv(core.id)),
        };
        let emitted = match &mut sink {
            Sink::Raw(out) => {
                out.push(row.key, row.value);
                bytes += (row.key.len() + row.value.len()) as u64 + ROW_OVERHEAD;
                true
            }
            Sink::Program(runner) => {
                let emitted = runner.push(row.key, row.value)?;
                bytes = runner.bytes();
                emitted
            }
        };
        if emitted {
            rows += 1;
            if let Some(locked) = &mut locked {
                locked.push(Key::from(row.key));
            }
        }
        if rows >= row_limit || bytes >= byte_limit {
            resume = rest(&span, reverse, row.key);
            break;
        }
        turn += 1;
        if turn >= core.settings.scan_rows_per_turn {
            turn = 0;
            tokio::task::yield_now().await;
        }
    }
    drop(scanner);
    let mut rows = sink.finish()?;
    if let (Some(lock), Some(keys)) = (read.lock, locked) {
        let kept = core.lock_rows(&read, lock, &keys).await?;
        if kept.iter().any(|kept| !kept) {
            rows = retain(rows, &kept);
        }
    }
    Ok(Response::Scan(ScanResponse { rows, resume }))
}

/// Raw rows of one answer, in one buffer that they share in the end: two allocations less for each row.
#[derive(Default)]
struct RawRows {
    bytes: Vec<u8>,
    /// Where each key and each value ends.
    ends: Vec<(usize, usize)>,
}

impl RawRows {
    fn push(&mut self, key: &[u8], value: &[u8]) {
        self.bytes.extend_from_slice(key);
        let key_end = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.ends.push((key_end, self.bytes.len()));
    }

    fn finish(self) -> Vec<(Key, Bytes)> {
        let bytes = Bytes::from(self.bytes);
        let mut at = 0;
        let cut = |(key_end, end): (usize, usize)| {
            let row = (Key::from(bytes.slice(at..key_end)), bytes.slice(key_end..end));
            at = end;
            row
        };
        self.ends.into_iter().map(cut).collect()
    }
}

enum Sink {
    Raw(RawRows),
    Program(Runner),
}

impl Sink {
    fn finish(self) -> Result<ScanRows, KvError> {
        match self {
            Sink::Raw(rows) => Ok(ScanRows::Raw(rows.finish())),
            Sink::Program(runner) => Ok(ScanRows::Program(runner.finish()?)),
        }
    }
}

/// What is left of the span behind this key.
fn rest(span: &Span, reverse: bool, last: &[u8]) -> Option<Span> {
    let rest = if reverse {
        Span::new(span.start.clone(), Key::from(last))
    } else {
        Span::new(Key::from(last).next(), span.end.clone())
    };
    (!rest.is_empty()).then_some(rest)
}

/// Leaves out the rows that were skipped.
fn retain(rows: ScanRows, kept: &[bool]) -> ScanRows {
    let mut kept = kept.iter().copied();
    match rows {
        ScanRows::Raw(mut rows) => {
            rows.retain(|_| kept.next().unwrap_or(true));
            ScanRows::Raw(rows)
        }
        ScanRows::Program(batch) => {
            let mut out = datum::Batch::new(batch.width());
            batch.into_rows().filter(|_| kept.next().unwrap_or(true)).for_each(|row| out.push(row));
            ScanRows::Program(out)
        }
    }
}
