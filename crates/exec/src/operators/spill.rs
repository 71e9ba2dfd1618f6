//! Rows in temporary files: what sorts write when work_mem is used up.
//!
//! A file is deleted as soon as it is made and lives as long as its handle, so that nothing is left behind, whatever
//! happens to the process. Values are written with their kind: a reader needs no types.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use datum::{Datum, Error, Interval, Result, Type};

use super::Cx;

const CHUNK_BYTES: usize = 256 << 10;

fn io(error: std::io::Error) -> Error {
    let code = match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            datum::error::sqlstate::DISK_FULL
        }
        _ => datum::error::sqlstate::IO_ERROR,
    };
    Error::new(code, format!("temporary file: {error}"))
}

fn corrupt() -> Error {
    crate::error::corrupt("a temporary file is not as it was written")
}

/// Rows in a temporary file.
pub(crate) struct Run {
    file: File,
}

impl Run {
    /// Writes rows to a new file; `None` if one of their values has no form on disk.
    pub async fn write(cx: &Cx<'_>, rows: &[Vec<Datum>]) -> Result<Option<Run>> {
        let dir = cx.node.config.temp_dir.clone();
        let mut chunks: Vec<Vec<u8>> = Vec::new();
        let mut chunk = Vec::with_capacity(CHUNK_BYTES);
        for row in rows {
            if !put_row(row, &mut chunk)? {
                return Ok(None);
            }
            if chunk.len() >= CHUNK_BYTES {
                chunks.push(std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK_BYTES)));
            }
        }
        chunks.push(chunk);
        let name = format!("sort-{:032x}", cx.node.env.rng().next_u128());
        let file = cx
            .node
            .env
            .run_blocking(move || -> std::io::Result<File> {
                std::fs::create_dir_all(&dir)?;
                let path = dir.join(name);
                let mut file = File::options().read(true).write(true).create_new(true).open(&path)?;
                std::fs::remove_file(&path)?;
                for chunk in chunks {
                    file.write_all(&chunk)?;
                }
                Ok(file)
            })
            .await
            .map_err(io)?;
        Ok(Some(Run { file }))
    }

    /// Reads it from its start.
    pub async fn read(self, cx: &Cx<'_>) -> Result<RunReader> {
        let mut file = self.file;
        let env = cx.node.env.clone();
        let file = env.run_blocking(move || file.seek(SeekFrom::Start(0)).map(|_| file)).await.map_err(io)?;
        Ok(RunReader { file: Some(file), env, buffer: Vec::new(), at: 0, ended: false })
    }
}

/// Reads rows back.
pub(crate) struct RunReader {
    file: Option<File>,
    env: base::env::Env,
    buffer: Vec<u8>,
    at: usize,
    ended: bool,
}

impl RunReader {
    /// The next row.
    pub async fn next(&mut self) -> Result<Option<Vec<Datum>>> {
        loop {
            let mut rest = &self.buffer[self.at..];
            if let Some(length) = rest.first_chunk::<4>() {
                let length = u32::from_le_bytes(*length) as usize;
                if rest.len() >= 4 + length {
                    rest = &rest[4..4 + length];
                    self.at += 4 + length;
                    return take_row(rest).map(Some);
                }
            }
            if self.ended {
                return if rest.is_empty() { Ok(None) } else { Err(corrupt()) };
            }
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> Result<()> {
        let Some(mut file) = self.file.take() else { return Err(corrupt()) };
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.drain(..self.at);
        self.at = 0;
        let (file, buffer, read) = self
            .env
            .run_blocking(move || -> std::io::Result<(File, Vec<u8>, usize)> {
                let old = buffer.len();
                buffer.resize(old + CHUNK_BYTES, 0);
                let read = file.read(&mut buffer[old..])?;
                buffer.truncate(old + read);
                Ok((file, buffer, read))
            })
            .await
            .map_err(io)?;
        self.file = Some(file);
        self.buffer = buffer;
        self.ended = read == 0;
        Ok(())
    }
}

fn put_row(row: &[Datum], out: &mut Vec<u8>) -> Result<bool> {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    for datum in row {
        if !put(datum, out)? {
            out.truncate(start);
            return Ok(false);
        }
    }
    let length = u32::try_from(out.len() - start - 4).map_err(|_| {
        Error::new(datum::error::sqlstate::PROGRAM_LIMIT_EXCEEDED, "a row is too large to be sorted on disk")
    })?;
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
    Ok(true)
}

fn take_row(mut bytes: &[u8]) -> Result<Vec<Datum>> {
    let mut row = Vec::new();
    while !bytes.is_empty() {
        row.push(take(&mut bytes)?);
    }
    Ok(row)
}

fn put_bytes(tag: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(bytes);
}

/// Appends a value; `false` if it has no form here.
fn put(datum: &Datum, out: &mut Vec<u8>) -> Result<bool> {
    let fixed = |tag: u8, bytes: &[u8], out: &mut Vec<u8>| {
        out.push(tag);
        out.extend_from_slice(bytes);
    };
    match datum {
        Datum::Null => out.push(0),
        Datum::Bool(b) => fixed(1, &[u8::from(*b)], out),
        Datum::Int2(i) => fixed(2, &i.to_le_bytes(), out),
        Datum::Int4(i) => fixed(3, &i.to_le_bytes(), out),
        Datum::Int8(i) => fixed(4, &i.to_le_bytes(), out),
        Datum::Float4(f) => fixed(5, &f.to_le_bytes(), out),
        Datum::Float8(f) => fixed(6, &f.to_le_bytes(), out),
        Datum::Numeric(_) => {
            let mut bytes = Vec::new();
            datum::binary::to_binary(datum, Type::Numeric, &mut bytes)?;
            put_bytes(7, &bytes, out);
        }
        Datum::Text(s) => put_bytes(8, s.as_bytes(), out),
        Datum::Bytea(b) => put_bytes(9, b, out),
        Datum::Date(d) => fixed(10, &d.to_le_bytes(), out),
        Datum::Time(t) => fixed(11, &t.to_le_bytes(), out),
        Datum::TimeTz(t, zone) => {
            fixed(12, &t.to_le_bytes(), out);
            out.extend_from_slice(&zone.to_le_bytes());
        }
        Datum::Timestamp(t) => fixed(13, &t.to_le_bytes(), out),
        Datum::TimestampTz(t) => fixed(14, &t.to_le_bytes(), out),
        Datum::Interval(i) => {
            fixed(15, &i.months.to_le_bytes(), out);
            out.extend_from_slice(&i.days.to_le_bytes());
            out.extend_from_slice(&i.micros.to_le_bytes());
        }
        Datum::Uuid(u) => fixed(16, u, out),
        Datum::Json(s) => put_bytes(17, s.as_bytes(), out),
        Datum::Jsonb(_) => {
            let mut bytes = Vec::new();
            datum::binary::to_binary(datum, Type::Jsonb, &mut bytes)?;
            put_bytes(18, &bytes, out);
        }
        Datum::Oid(o) => fixed(19, &o.to_le_bytes(), out),
        Datum::Array(array) => {
            fixed(20, &array.element.oid().to_le_bytes(), out);
            out.extend_from_slice(&array.lower.to_le_bytes());
            out.extend_from_slice(&(array.items.len() as u32).to_le_bytes());
            for item in &array.items {
                if !put(item, out)? {
                    return Ok(false);
                }
            }
        }
        Datum::Record(_) => return Ok(false),
    }
    Ok(true)
}

fn take_n<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk::<N>().ok_or_else(corrupt)?;
    *bytes = rest;
    Ok(*head)
}

fn take_bytes<'b>(bytes: &mut &'b [u8]) -> Result<&'b [u8]> {
    let length = u32::from_le_bytes(take_n(bytes)?) as usize;
    let (head, rest) = bytes.split_at_checked(length).ok_or_else(corrupt)?;
    *bytes = rest;
    Ok(head)
}

fn take_text(bytes: &mut &[u8]) -> Result<smol_str::SmolStr> {
    std::str::from_utf8(take_bytes(bytes)?).map(smol_str::SmolStr::new).map_err(|_| corrupt())
}

fn take(bytes: &mut &[u8]) -> Result<Datum> {
    let [tag] = take_n(bytes)?;
    Ok(match tag {
        0 => Datum::Null,
        1 => Datum::Bool(take_n::<1>(bytes)? != [0]),
        2 => Datum::Int2(i16::from_le_bytes(take_n(bytes)?)),
        3 => Datum::Int4(i32::from_le_bytes(take_n(bytes)?)),
        4 => Datum::Int8(i64::from_le_bytes(take_n(bytes)?)),
        5 => Datum::Float4(f32::from_le_bytes(take_n(bytes)?)),
        6 => Datum::Float8(f64::from_le_bytes(take_n(bytes)?)),
        7 => datum::binary::from_binary(take_bytes(bytes)?, Type::Numeric)?,
        8 => Datum::Text(take_text(bytes)?),
        9 => Datum::Bytea(Arc::from(take_bytes(bytes)?)),
        10 => Datum::Date(i32::from_le_bytes(take_n(bytes)?)),
        11 => Datum::Time(i64::from_le_bytes(take_n(bytes)?)),
        12 => Datum::TimeTz(i64::from_le_bytes(take_n(bytes)?), i32::from_le_bytes(take_n(bytes)?)),
        13 => Datum::Timestamp(i64::from_le_bytes(take_n(bytes)?)),
        14 => Datum::TimestampTz(i64::from_le_bytes(take_n(bytes)?)),
        15 => Datum::Interval(Interval {
            months: i32::from_le_bytes(take_n(bytes)?),
            days: i32::from_le_bytes(take_n(bytes)?),
            micros: i64::from_le_bytes(take_n(bytes)?),
        }),
        16 => Datum::Uuid(take_n(bytes)?),
        17 => Datum::Json(take_text(bytes)?.as_str().into()),
        18 => datum::binary::from_binary(take_bytes(bytes)?, Type::Jsonb)?,
        19 => Datum::Oid(u32::from_le_bytes(take_n(bytes)?)),
        20 => {
            let element = Type::from_oid(u32::from_le_bytes(take_n(bytes)?)).ok_or_else(corrupt)?;
            let lower = i32::from_le_bytes(take_n(bytes)?);
            let count = u32::from_le_bytes(take_n(bytes)?);
            let items = (0..count).map(|_| take(bytes)).collect::<Result<Vec<Datum>>>()?;
            Datum::Array(Arc::new(datum::value::Array { element, lower, items }))
        }
        _ => return Err(corrupt()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_were() {
        let row = vec![
            Datum::Null,
            Datum::Bool(true),
            Datum::Int2(-3),
            Datum::Int8(i64::MIN),
            Datum::Float8(1.5),
            Datum::text("ünï"),
            Datum::bytea(vec![0, 1, 255]),
            Datum::TimeTz(5, -3600),
            Datum::Uuid([7; 16]),
            Datum::array(Type::Int4, vec![Datum::Int4(1), Datum::Null]),
        ];
        let mut bytes = Vec::new();
        assert!(put_row(&row, &mut bytes).expect("fits"));
        assert_eq!(take_row(&bytes[4..]).expect("reads"), row);
        for cut in 5..bytes.len() {
            assert!(take_row(&bytes[4..cut]).map_or(true, |short| short.len() < row.len()));
        }
        assert!(!put_row(&[Datum::record(vec![], vec![])], &mut bytes).expect("no error"));
    }
}
