//! COPY … TO STDOUT.

use std::sync::Arc;

use datum::{Datum, FormatSettings, Result, Type};
use sql::plan::Query;
use sql::statement::{CopyFormat, CopyOptions};

use crate::api::Sink;
use crate::error::client_gone;
use crate::operators::{Cx, Running};
use crate::session::{Output, Session};

/// Rows are handed to the client in pieces of about this many bytes.
const PIECE_BYTES: usize = 64 << 10;
/// What a binary copy begins with: signature, flags, length of the header's extension.
const BINARY_HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

impl Session {
    /// Sends the rows of a query; how many.
    pub(crate) async fn copy_to<S: Sink>(
        &mut self,
        query: &Query,
        options: &CopyOptions,
        params: Arc<[Datum]>,
        output: &mut Output<'_, S>,
    ) -> Result<u64> {
        let types: Vec<Type> = query.root.columns.iter().map(|column| column.ty.ty).collect();
        let binary = options.format == CopyFormat::Binary;
        output.sent = true;
        output.sink.copy_out(binary, types.len()).await.map_err(client_gone)?;
        let query = Arc::new(query.clone());
        let mut state = self.statement_state(params)?;
        let (tx, node) = self.parts()?;
        tx.rely_on(&query.depends_on);
        let mut running = Running::new(query.clone(), &state.memory);
        let mut out: Vec<u8> = Vec::with_capacity(PIECE_BYTES + 4096);
        // Where each message ends: the header of a binary copy goes with the first row.
        let mut ends = Vec::new();
        if binary {
            out.extend_from_slice(BINARY_HEADER);
        } else if options.header {
            let names: Vec<Datum> = query.root.columns.iter().map(|c| Datum::text(&c.name)).collect();
            let texts = vec![Type::Text; names.len()];
            // FORCE_QUOTE is about values.
            let plain = CopyOptions { force_quote: Vec::new(), ..options.clone() };
            write_line(&names, &texts, &plain, &FormatSettings::default(), &mut out);
            ends.push(out.len());
        }
        let settings = state.session.format.clone();
        let mut count = 0;
        loop {
            let mut cx = Cx { txn: &mut tx.txn, state: &mut state, node };
            let Some(batch) = running.next(&mut cx).await? else { break };
            for row in batch.rows() {
                if binary {
                    write_binary(row, &types, &mut out)?;
                } else {
                    write_line(row, &types, options, &settings, &mut out);
                }
                ends.push(out.len());
                if out.len() >= PIECE_BYTES {
                    output.sink.copy_rows(&out, &ends).await.map_err(client_gone)?;
                    out.clear();
                    ends.clear();
                }
            }
            count += batch.len() as u64;
        }
        if binary {
            out.extend_from_slice(&(-1i16).to_be_bytes());
            ends.push(out.len());
        }
        output.sink.copy_rows(&out, &ends).await.map_err(client_gone)?;
        output.sink.copy_done().await.map_err(client_gone)?;
        Ok(count)
    }
}

fn write_binary(row: &[Datum], types: &[Type], out: &mut Vec<u8>) -> Result<()> {
    out.extend_from_slice(&(row.len() as i16).to_be_bytes());
    for (datum, ty) in row.iter().zip(types) {
        if datum.is_null() {
            out.extend_from_slice(&(-1i32).to_be_bytes());
            continue;
        }
        let at = out.len();
        out.extend_from_slice(&[0; 4]);
        datum::binary::to_binary(datum, *ty, out)?;
        let length = (out.len() - at - 4) as i32;
        out[at..at + 4].copy_from_slice(&length.to_be_bytes());
    }
    Ok(())
}

fn write_line(
    row: &[Datum],
    types: &[Type],
    options: &CopyOptions,
    settings: &FormatSettings,
    out: &mut Vec<u8>,
) {
    let mut value = Vec::new();
    for (i, (datum, ty)) in row.iter().zip(types).enumerate() {
        if i > 0 {
            out.push(options.delimiter);
        }
        if datum.is_null() {
            out.extend_from_slice(options.null.as_bytes());
            continue;
        }
        value.clear();
        datum::text::to_text(datum, *ty, settings, &mut value);
        match options.format {
            CopyFormat::Csv => {
                let lone = row.len() == 1 && value == b"\\.";
                let quote = options.force_quote.contains(&i)
                    || lone
                    || value == options.null.as_bytes()
                    || value.iter().any(|b| {
                        *b == options.delimiter || *b == options.quote || *b == b'\n' || *b == b'\r'
                    });
                if !quote {
                    out.extend_from_slice(&value);
                    continue;
                }
                out.push(options.quote);
                for byte in &value {
                    if *byte == options.quote || *byte == options.escape {
                        out.push(options.escape);
                    }
                    out.push(*byte);
                }
                out.push(options.quote);
            }
            _ => {
                for byte in &value {
                    let escaped = match byte {
                        b'\\' => b'\\',
                        0x08 => b'b',
                        0x0c => b'f',
                        b'\n' => b'n',
                        b'\r' => b'r',
                        b'\t' => b't',
                        0x0b => b'v',
                        byte if *byte == options.delimiter => *byte,
                        byte => {
                            out.push(*byte);
                            continue;
                        }
                    };
                    out.extend_from_slice(&[b'\\', escaped]);
                }
            }
        }
    }
    out.push(b'\n');
}
