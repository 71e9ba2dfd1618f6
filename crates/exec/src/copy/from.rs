//! COPY … FROM STDIN: batches of rows on the way of INSERT.

use std::sync::Arc;

use bytes::Bytes;
use datum::error::sqlstate;
use datum::{Batch, ColumnType, Datum, Error, FormatSettings, Result};
use sql::statement::{Copy, CopyFormat, CopyWhat};

use super::reader::Reader;
use crate::api::Sink;
use crate::dml::{RowWriter, foreign_keys, insert::make_rows};
use crate::error::client_gone;
use crate::operators::{Cx, StatementState};
use crate::session::{Output, Session, utf8};

/// Rows written at once.
const ROWS: usize = 1024;
/// Characters of a line or value shown in a message.
const SHOWN_MAX: usize = 100;

/// A COPY FROM STDIN under way.
pub(crate) struct CopyIn {
    copy: Box<Copy>,
    reader: Reader,
    /// Values of lines that are not written yet.
    batch: Batch,
    /// The beginnings of these lines, for messages.
    texts: Texts,
    /// Values of one line.
    row: Vec<Datum>,
    state: StatementState,
    rows: u64,
    /// Number of the last line that made a row.
    lines: u64,
    names: Vec<String>,
    types: Vec<ColumnType>,
    /// It was part of a simple query.
    pub simple: bool,
}

impl Session {
    /// Gets ready to take rows.
    pub(crate) async fn copy_from<S: Sink>(
        &mut self,
        copy: Box<Copy>,
        simple: bool,
        output: &mut Output<'_, S>,
    ) -> Result<()> {
        let CopyWhat::From { table, columns, .. } = &copy.what else { return Ok(()) };
        let names: Vec<String> = columns.iter().map(|c| table.columns[*c].name.clone()).collect();
        let types: Vec<ColumnType> = columns.iter().map(|c| table.columns[*c].ty).collect();
        let state = self.statement_state(Arc::from([]))?;
        let id = (table.id, table.version);
        let (tx, _) = self.parts()?;
        tx.rely_on(&[id]);
        let binary = copy.options.format == CopyFormat::Binary;
        let count = columns.len();
        let reader = Reader::new(copy.options.clone(), count);
        self.set_copy(CopyIn {
            copy,
            reader,
            batch: Batch::new(count),
            texts: Texts::default(),
            row: Vec::with_capacity(count),
            state,
            rows: 0,
            lines: 0,
            names,
            types,
            simple,
        });
        output.sent = true;
        output.sink.copy_in(binary, count).await.map_err(client_gone)
    }

    /// Takes data (`None`: the end); the rows so far. After an error the copy is over.
    pub(crate) async fn copy_step(&mut self, mut copy: CopyIn, data: Option<Bytes>) -> Result<u64> {
        let cancel = self.shared().cancel.clone();
        let last = data.is_none();
        let work = async {
            let (tx, node) = self.parts()?;
            if let Some(data) = &data {
                copy.reader.push(data)?;
            }
            let mut cx = Cx { txn: &mut tx.txn, state: &mut copy.state, node };
            let settings = cx.session().format.clone();
            loop {
                let found = copy.reader.next(last, &copy.names).map_err(|error| {
                    with_context(error, &copy.copy, copy.reader.line, None, &copy.reader.text())
                })?;
                if !found {
                    break;
                }
                copy.row.clear();
                values(&copy.names, &copy.types, &copy.copy, &copy.reader, &settings, &mut copy.row)?;
                copy.lines = copy.reader.line;
                copy.batch.push(copy.row.drain(..));
                copy.texts.push(copy.reader.line_bytes());
                if copy.batch.len() >= ROWS {
                    let empty = Batch::with_capacity(copy.names.len(), ROWS);
                    let batch = std::mem::replace(&mut copy.batch, empty);
                    let texts = std::mem::take(&mut copy.texts);
                    copy.rows += write(&copy.copy, batch, &texts, copy.reader.line, &mut cx).await?;
                }
            }
            if last {
                let batch = std::mem::replace(&mut copy.batch, Batch::new(copy.names.len()));
                let texts = std::mem::take(&mut copy.texts);
                let lines = copy.lines;
                copy.rows += write(&copy.copy, batch, &texts, lines, &mut cx).await?;
                foreign_keys::finish(&mut cx).await?;
            }
            Ok(())
        };
        let done = tokio::select! {
            biased;
            error = cancel.stopped() => Err(error),
            done = work => done,
        };
        match done {
            Ok(()) => {
                let rows = copy.rows;
                if last {
                    self.copy_ended();
                } else {
                    self.set_copy(copy);
                }
                Ok(rows)
            }
            Err(error) => {
                self.copy_failed();
                Err(error)
            }
        }
    }
}

/// The beginnings of some lines, together.
#[derive(Default)]
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Texts {
    fn push(&mut self, line: &[u8]) {
        // No character is longer than four bytes; one more tells that there was more.
        self.bytes.extend_from_slice(&line[..line.len().min(4 * (SHOWN_MAX + 1))]);
        self.ends.push(self.bytes.len());
    }

    fn get(&self, i: usize) -> String {
        let start = i.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(i).copied().unwrap_or(start);
        String::from_utf8_lossy(&self.bytes[start..end]).into_owned()
    }
}

/// As much of a text as a message shows.
fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN_MAX) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_owned(),
    }
}

/// CONTEXT of an error: `COPY t, line 3, column b: "x"`.
fn with_context(
    mut error: Error,
    copy: &Copy,
    line: u64,
    column: Option<(&str, Option<&[u8]>)>,
    text: &str,
) -> Error {
    let table = match &copy.what {
        CopyWhat::From { table, .. } => table.name.as_str(),
        CopyWhat::To(_) => "",
    };
    let binary = copy.options.format == CopyFormat::Binary;
    let context = match column {
        Some((name, _)) if binary => format!("COPY {table}, line {line}, column {name}"),
        Some((name, Some(value))) => {
            format!("COPY {table}, line {line}, column {name}: \"{}\"", cut(&String::from_utf8_lossy(value)))
        }
        Some((name, None)) => format!("COPY {table}, line {line}, column {name}: null input"),
        None if binary => format!("COPY {table}, line {line}"),
        None => format!("COPY {table}, line {line}: \"{}\"", cut(text)),
    };
    error.fields_mut().context.get_or_insert(context);
    error
}

/// The values of a line.
fn values(
    names: &[String],
    types: &[ColumnType],
    copy: &Copy,
    reader: &Reader,
    settings: &FormatSettings,
    row: &mut Vec<Datum>,
) -> Result<()> {
    let fields = reader.fields();
    let line = |error: Error| with_context(error, copy, reader.line, None, &reader.text());
    let bad = |message: String| line(Error::new(sqlstate::BAD_COPY_FILE_FORMAT, message));
    if fields.len() > names.len() {
        return Err(bad("extra data after last expected column".to_owned()));
    }
    if let Some(missing) = names.get(fields.len()) {
        return Err(bad(format!("missing data for column \"{missing}\"")));
    }
    for ((field, name), ty) in fields.zip(names).zip(types) {
        let Some(bytes) = field else {
            row.push(Datum::Null);
            continue;
        };
        let value = if copy.options.format == CopyFormat::Binary {
            datum::binary::from_binary(bytes, ty.ty)
                .and_then(|value| datum::cast::apply_typmod(value, *ty, false))
        } else {
            match utf8(bytes) {
                Ok(text) => datum::text::from_text(text, *ty, settings),
                Err(error) => return Err(line(error)),
            }
        };
        row.push(value.map_err(|error| {
            with_context(error, copy, reader.line, Some((name, Some(bytes))), &reader.text())
        })?);
    }
    Ok(())
}

/// Writes a batch of lines; how many rows that were.
async fn write(copy: &Copy, batch: Batch, texts: &Texts, last_line: u64, cx: &mut Cx<'_>) -> Result<u64> {
    let CopyWhat::From { table, row, checks, filter, .. } = &copy.what else { return Ok(0) };
    if batch.is_empty() {
        return Ok(0);
    }
    let first_line = last_line.saturating_sub(batch.len() as u64 - 1);
    let at_line = |error: Error, i: usize| {
        let mut error = error;
        let line = first_line + i as u64;
        error.fields_mut().context.get_or_insert(format!("COPY {}, line {line}", table.name));
        error
    };
    let writer = RowWriter::new(table, cx)?;
    let made = make_rows(&batch, row, checks, &writer, cx).await;
    let rows = match made {
        Ok(rows) => rows,
        // Which line it was is found by making them one by one.
        Err(error) => {
            for (i, line) in batch.rows().enumerate() {
                let mut one = Batch::new(line.len());
                one.push_row(line);
                if let Err(error) = make_rows(&one, row, checks, &writer, cx).await {
                    return Err(with_context(error, copy, first_line + i as u64, None, &texts.get(i)));
                }
            }
            return Err(error);
        }
    };
    let mut kept: Vec<&[Datum]> = Vec::with_capacity(rows.len());
    {
        let eval = cx.eval();
        for row in rows.rows() {
            let keep = match filter {
                Some(filter) => filter.eval_bool(row, &eval)?,
                None => true,
            };
            if keep {
                kept.push(row);
            }
        }
    }
    if let Err(error) = writer.insert(&kept, cx).await {
        return Err(at_line(error, kept.len().saturating_sub(1)));
    }
    foreign_keys::inserted(table, &kept, cx).await?;
    Ok(kept.len() as u64)
}
