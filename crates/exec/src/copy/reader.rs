//! Cuts what a client sends in a COPY into rows of fields.
//!
//! Data comes in pieces of any length; what does not make a whole row waits for the next piece.

use datum::error::sqlstate;
use datum::{Error, Result};
use sql::statement::{CopyFormat, CopyOptions};

/// Bytes of one line, or of one row of a binary copy.
const ROW_BYTES_MAX: usize = 256 << 20;
const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";

/// A field: its bytes with escapes undone, `None` for NULL.
pub(crate) type RawField = Option<Vec<u8>>;

/// Cuts data into rows.
pub(crate) struct Reader {
    options: CopyOptions,
    columns: usize,
    buffer: Vec<u8>,
    at: usize,
    /// The end marker has come: what follows is not looked at.
    ended: bool,
    header: Header,
    /// Number of the line under way, from 1.
    pub line: u64,
    /// The line's text, for messages.
    pub text: String,
}

#[derive(PartialEq)]
enum Header {
    /// Of a binary copy, or the line of names.
    Expected,
    Done,
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(sqlstate::BAD_COPY_FILE_FORMAT, message)
}

impl Reader {
    pub fn new(options: CopyOptions, columns: usize) -> Reader {
        let header = if options.header || options.format == CopyFormat::Binary {
            Header::Expected
        } else {
            Header::Done
        };
        Reader {
            options,
            columns,
            buffer: Vec::new(),
            at: 0,
            ended: false,
            header,
            line: 0,
            text: String::new(),
        }
    }

    /// More data.
    pub fn push(&mut self, data: &[u8]) -> Result<()> {
        if self.ended {
            return Ok(());
        }
        if self.at > 0 && (self.at == self.buffer.len() || self.at > 1 << 16) {
            self.buffer.drain(..self.at);
            self.at = 0;
        }
        if self.buffer.len() - self.at + data.len() > ROW_BYTES_MAX {
            return Err(Error::new(sqlstate::PROGRAM_LIMIT_EXCEEDED, "a row of COPY is too large"));
        }
        self.buffer.extend_from_slice(data);
        Ok(())
    }

    /// The next row, if it is complete; `last`: no more data will come. `names`: the columns' names, to be compared
    /// with a header that must match.
    pub fn next(&mut self, last: bool, names: &[String]) -> Result<Option<Vec<RawField>>> {
        if self.options.format == CopyFormat::Binary {
            return self.next_binary(last);
        }
        loop {
            if self.ended {
                return Ok(None);
            }
            let Some(end) = self.line_end(last)? else { return Ok(None) };
            let start = self.at;
            let (content, next) = end;
            self.at = next;
            self.line += 1;
            let line = self.buffer[start..content].to_vec();
            self.text.clear();
            self.text.push_str(&String::from_utf8_lossy(&line));
            if line == b"\\." {
                self.ended = true;
                return Ok(None);
            }
            let fields = match self.options.format {
                CopyFormat::Csv => self.csv(&line)?,
                _ => self.fields_of_text(&line)?,
            };
            if self.header == Header::Expected {
                self.header = Header::Done;
                if self.options.header_match {
                    match_header(&fields, names)?;
                }
                continue;
            }
            return Ok(Some(fields));
        }
    }

    /// Where the line's content ends and where the next line begins.
    fn line_end(&self, last: bool) -> Result<Option<(usize, usize)>> {
        let rest = &self.buffer[self.at..];
        let mut quoted = false;
        let csv = self.options.format == CopyFormat::Csv;
        let mut i = 0;
        while i < rest.len() {
            let byte = rest[i];
            if csv {
                if quoted && byte == self.options.escape && self.options.escape != self.options.quote {
                    i += 2;
                    continue;
                }
                if byte == self.options.quote {
                    quoted = !quoted;
                }
            } else if byte == b'\\' {
                // A backslash before a line's end makes it data.
                if i + 1 < rest.len() && matches!(rest[i + 1], b'\n' | b'\r') {
                    i += 2;
                    continue;
                }
            }
            if !quoted && byte == b'\n' {
                return Ok(Some((self.at + i, self.at + i + 1)));
            }
            if !quoted && byte == b'\r' {
                match rest.get(i + 1) {
                    Some(b'\n') => return Ok(Some((self.at + i, self.at + i + 2))),
                    Some(_) => return Ok(Some((self.at + i, self.at + i + 1))),
                    None if last => return Ok(Some((self.at + i, self.at + i + 1))),
                    None => return Ok(None),
                }
            }
            i += 1;
        }
        if last && !rest.is_empty() {
            if quoted {
                return Err(bad("unterminated CSV quoted field"));
            }
            return Ok(Some((self.buffer.len(), self.buffer.len())));
        }
        Ok(None)
    }

    fn fields_of_text(&self, line: &[u8]) -> Result<Vec<RawField>> {
        let mut fields = Vec::with_capacity(self.columns);
        let null = self.options.null.as_bytes();
        let mut i = 0;
        loop {
            let start = i;
            let mut value = Vec::new();
            while i < line.len() && line[i] != self.options.delimiter {
                if line[i] != b'\\' {
                    value.push(line[i]);
                    i += 1;
                    continue;
                }
                i += 1;
                let Some(&byte) = line.get(i) else {
                    value.push(b'\\');
                    break;
                };
                i += 1;
                match byte {
                    b'b' => value.push(0x08),
                    b'f' => value.push(0x0c),
                    b'n' => value.push(b'\n'),
                    b'r' => value.push(b'\r'),
                    b't' => value.push(b'\t'),
                    b'v' => value.push(0x0b),
                    b'0'..=b'7' => {
                        let mut code = u32::from(byte - b'0');
                        for _ in 0..2 {
                            match line.get(i) {
                                Some(digit @ b'0'..=b'7') => {
                                    code = code * 8 + u32::from(digit - b'0');
                                    i += 1;
                                }
                                _ => break,
                            }
                        }
                        value.push(code as u8);
                    }
                    b'x' => {
                        let mut code = None;
                        for _ in 0..2 {
                            let digit = line.get(i).and_then(|b| (*b as char).to_digit(16));
                            let Some(digit) = digit else { break };
                            code = Some(code.unwrap_or(0) * 16 + digit);
                            i += 1;
                        }
                        match code {
                            Some(code) => value.push(code as u8),
                            None => value.push(b'x'),
                        }
                    }
                    other => value.push(other),
                }
            }
            // NULL is told by the text as it came, before escapes.
            fields.push(if &line[start..i] == null { None } else { Some(value) });
            if i >= line.len() {
                return Ok(fields);
            }
            i += 1;
        }
    }

    fn csv(&self, line: &[u8]) -> Result<Vec<RawField>> {
        let (quote, escape) = (self.options.quote, self.options.escape);
        let null = self.options.null.as_bytes();
        let mut fields: Vec<RawField> = Vec::with_capacity(self.columns);
        let mut i = 0;
        loop {
            let mut value = Vec::new();
            let mut was_quoted = false;
            let mut inside = false;
            while i < line.len() {
                let byte = line[i];
                if inside {
                    if byte == escape && line.get(i + 1).is_some_and(|b| *b == quote || *b == escape) {
                        value.push(line[i + 1]);
                        i += 2;
                        continue;
                    }
                    if byte == quote {
                        inside = false;
                    } else {
                        value.push(byte);
                    }
                    i += 1;
                    continue;
                }
                if byte == self.options.delimiter {
                    break;
                }
                if byte == quote {
                    inside = true;
                    was_quoted = true;
                } else {
                    value.push(byte);
                }
                i += 1;
            }
            if inside {
                return Err(bad("unterminated CSV quoted field"));
            }
            let column = fields.len();
            let is_null = value == null
                && if was_quoted {
                    self.options.force_null.contains(&column)
                } else {
                    !self.options.force_not_null.contains(&column)
                };
            fields.push(if is_null { None } else { Some(value) });
            if i >= line.len() {
                return Ok(fields);
            }
            i += 1;
        }
    }

    fn next_binary(&mut self, last: bool) -> Result<Option<Vec<RawField>>> {
        if self.ended {
            return Ok(None);
        }
        let short = |last: bool| if last { Err(bad("unexpected EOF in COPY data")) } else { Ok(None) };
        if self.header == Header::Expected {
            let rest = &self.buffer[self.at..];
            if rest.len() < 19 {
                return short(last);
            }
            if rest[..11] != SIGNATURE[..] {
                return Err(bad("COPY file signature not recognized"));
            }
            let flags = u32::from_be_bytes([rest[11], rest[12], rest[13], rest[14]]);
            if flags & 0xffff_0000 != 0 {
                return Err(bad("unrecognized critical flags in COPY file header"));
            }
            let extension = u32::from_be_bytes([rest[15], rest[16], rest[17], rest[18]]) as usize;
            if rest.len() < 19 + extension {
                return short(last);
            }
            self.at += 19 + extension;
            self.header = Header::Done;
        }
        let mut rest = &self.buffer[self.at..];
        if rest.is_empty() && last {
            // PostgreSQL tolerates a missing trailer.
            self.ended = true;
            return Ok(None);
        }
        let Some((count, more)) = rest.split_first_chunk::<2>() else { return short(last) };
        rest = more;
        let count = i16::from_be_bytes(*count);
        if count == -1 {
            self.ended = true;
            return Ok(None);
        }
        if usize::try_from(count).ok() != Some(self.columns) {
            return Err(bad(format!("row field count is {count}, expected {}", self.columns)));
        }
        let mut fields = Vec::with_capacity(self.columns);
        for _ in 0..self.columns {
            let Some((length, more)) = rest.split_first_chunk::<4>() else { return short(last) };
            rest = more;
            let length = i32::from_be_bytes(*length);
            if length == -1 {
                fields.push(None);
                continue;
            }
            let length = usize::try_from(length).map_err(|_| bad("invalid field size"))?;
            let Some((value, more)) = rest.split_at_checked(length) else { return short(last) };
            fields.push(Some(value.to_vec()));
            rest = more;
        }
        self.at = self.buffer.len() - rest.len();
        self.line += 1;
        Ok(Some(fields))
    }
}

fn match_header(fields: &[RawField], names: &[String]) -> Result<()> {
    if fields.len() != names.len() {
        return Err(bad(format!(
            "wrong number of fields in header line: got {}, expected {}",
            fields.len(),
            names.len()
        )));
    }
    for (i, (field, name)) in fields.iter().zip(names).enumerate() {
        let got = field.as_ref().map(|f| String::from_utf8_lossy(f).into_owned());
        if got.as_deref() != Some(name) {
            return Err(bad(format!(
                "column name mismatch in header line field {}: got \"{}\", expected \"{name}\"",
                i + 1,
                got.unwrap_or_default()
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(format: CopyFormat) -> CopyOptions {
        let csv = format == CopyFormat::Csv;
        CopyOptions {
            format,
            delimiter: if csv { b',' } else { b'\t' },
            null: if csv { String::new() } else { "\\N".into() },
            header: false,
            header_match: false,
            quote: b'"',
            escape: b'"',
            force_quote: vec![],
            force_not_null: vec![],
            force_null: vec![],
        }
    }

    /// Rows of data that comes in pieces of every possible length.
    fn rows(format: CopyFormat, columns: usize, data: &[u8]) -> Vec<Vec<Option<String>>> {
        let mut all: Option<Vec<Vec<Option<String>>>> = None;
        for piece in 1..=data.len().max(1) {
            let mut reader = Reader::new(options(format), columns);
            let mut out = Vec::new();
            for chunk in data.chunks(piece) {
                reader.push(chunk).expect("fits");
                while let Some(row) = reader.next(false, &[]).expect("reads") {
                    out.push(row);
                }
            }
            while let Some(row) = reader.next(true, &[]).expect("reads") {
                out.push(row);
            }
            let shown: Vec<Vec<Option<String>>> = out
                .into_iter()
                .map(|row| {
                    row.into_iter().map(|f| f.map(|f| String::from_utf8_lossy(&f).into_owned())).collect()
                })
                .collect();
            if let Some(all) = &all {
                assert_eq!(*all, shown, "in pieces of {piece}");
            }
            all = Some(shown);
        }
        all.unwrap_or_default()
    }

    fn some(s: &str) -> Option<String> {
        Some(s.to_owned())
    }

    #[test]
    fn text_is_cut_as_postgres_cuts_it() {
        let data = b"1\ta\\tb\n2\t\\N\r\n3\t\\x41\\102\\\\N\n4\tx\\\ny\n\\.\nnot looked at\n";
        assert_eq!(
            rows(CopyFormat::Text, 2, data),
            vec![
                vec![some("1"), some("a\tb")],
                vec![some("2"), None],
                vec![some("3"), some("AB\\N")],
                vec![some("4"), some("x\ny")],
            ]
        );
    }

    #[test]
    fn csv_is_cut_as_postgres_cuts_it() {
        let data = b"1,\"a \"\"b\"\",\nc\"\n2,\n3,\"\"\n4,x\"y\"z";
        assert_eq!(
            rows(CopyFormat::Csv, 2, data),
            vec![
                vec![some("1"), some("a \"b\",\nc")],
                vec![some("2"), None],
                vec![some("3"), some("")],
                vec![some("4"), some("xyz")],
            ]
        );
    }

    #[test]
    fn binary_is_cut_by_its_lengths() {
        let mut data = SIGNATURE.to_vec();
        data.extend_from_slice(&[0; 8]);
        data.extend_from_slice(&[0, 2, 0, 0, 0, 1, b'x', 255, 255, 255, 255]);
        data.extend_from_slice(&[255, 255]);
        assert_eq!(rows(CopyFormat::Binary, 2, &data), vec![vec![some("x"), None]]);
        let mut reader = Reader::new(options(CopyFormat::Binary), 2);
        reader.push(&data[..25]).expect("fits");
        assert_eq!(reader.next(true, &[]).map_err(|e| e.code()), Err("22P04"));
    }
}
