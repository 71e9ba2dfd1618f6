//! Cuts what a client sends in a COPY into rows of fields.
//!
//! Data comes in pieces of any length; what does not make a whole row waits for the next piece. Fields are lent where
//! they lie in the data; only what has escapes is written anew.

use std::borrow::Cow;

use datum::error::sqlstate;
use datum::{Error, Result};
use memchr::{memchr2, memchr3};
use sql::statement::{CopyFormat, CopyOptions};

/// Bytes of one line, or of one row of a binary copy.
const ROW_BYTES_MAX: usize = 256 << 20;
const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";

/// Cuts data into rows.
pub(crate) struct Reader {
    options: CopyOptions,
    columns: usize,
    buffer: Vec<u8>,
    at: usize,
    /// Of the line under way: how far it has been looked through for its end, and whether that is inside of quotes.
    searched: (usize, bool),
    /// The end marker has come: what follows is not looked at.
    ended: bool,
    header: Header,
    /// Number of the line under way, from 1.
    pub line: u64,
    /// Where the line's content lies in the buffer, until more is pushed. Empty in a binary copy.
    content: (usize, usize),
    /// The fields of the row.
    fields: Vec<Option<Place>>,
    /// Fields that had escapes.
    unescaped: Vec<u8>,
}

/// Where a field lies.
#[derive(Clone, Copy)]
enum Place {
    Buffer(usize, usize),
    Unescaped(usize, usize),
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
            searched: (0, false),
            ended: false,
            header,
            line: 0,
            content: (0, 0),
            fields: Vec::with_capacity(columns),
            unescaped: Vec::new(),
        }
    }

    /// More data.
    pub fn push(&mut self, data: &[u8]) -> Result<()> {
        if self.ended {
            return Ok(());
        }
        if self.at > 0 && (self.at == self.buffer.len() || self.at > 1 << 16) {
            self.buffer.drain(..self.at);
            self.searched.0 = self.searched.0.saturating_sub(self.at);
            self.at = 0;
        }
        self.content = (0, 0);
        if self.buffer.len() - self.at + data.len() > ROW_BYTES_MAX {
            return Err(Error::new(sqlstate::PROGRAM_LIMIT_EXCEEDED, "a row of COPY is too large"));
        }
        self.buffer.extend_from_slice(data);
        Ok(())
    }

    /// The fields of the row that [`Reader::next`] found, with escapes undone, `None` for NULL.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = Option<&[u8]>> {
        self.fields.iter().map(|place| {
            place.map(|place| match place {
                Place::Buffer(start, end) => &self.buffer[start..end],
                Place::Unescaped(start, end) => &self.unescaped[start..end],
            })
        })
    }

    /// The line's bytes, for messages.
    pub fn line_bytes(&self) -> &[u8] {
        &self.buffer[self.content.0..self.content.1]
    }

    /// The line's text, for messages.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.line_bytes())
    }

    /// Goes on to the next row, if it is complete; `last`: no more data will come. `names`: the columns' names, to be
    /// compared with a header that must match.
    pub fn next(&mut self, last: bool, names: &[String]) -> Result<bool> {
        if self.options.format == CopyFormat::Binary {
            return self.next_binary(last);
        }
        loop {
            if self.ended {
                return Ok(false);
            }
            let (content_end, next) = match self.line_end(last) {
                Ok(Some(end)) => end,
                Ok(None) => return Ok(false),
                Err(error) => {
                    self.line += 1;
                    self.content = (self.at, self.buffer.len());
                    return Err(error);
                }
            };
            self.content = (self.at, content_end);
            self.at = next;
            self.searched = (next, false);
            self.line += 1;
            if self.line_bytes() == b"\\." {
                self.ended = true;
                return Ok(false);
            }
            self.fields.clear();
            self.unescaped.clear();
            match self.options.format {
                CopyFormat::Csv => self.cut_csv()?,
                _ => self.cut_text(),
            }
            if self.header == Header::Expected {
                self.header = Header::Done;
                if self.options.header_match {
                    match_header(self.fields(), names)?;
                }
                continue;
            }
            return Ok(true);
        }
    }

    /// Where the line's content ends and where the next line begins.
    fn line_end(&mut self, last: bool) -> Result<Option<(usize, usize)>> {
        let csv = self.options.format == CopyFormat::Csv;
        let (quote, escape) = (self.options.quote, self.options.escape);
        let (mut i, mut quoted) = self.searched;
        let buffer = &self.buffer;
        loop {
            // To the next byte that may mean something.
            let rest = &buffer[i..];
            let found = match (csv, quoted) {
                (false, _) => memchr3(b'\n', b'\r', b'\\', rest),
                (true, false) => memchr3(b'\n', b'\r', quote, rest),
                (true, true) => memchr2(quote, escape, rest),
            };
            let Some(n) = found else {
                i = buffer.len();
                break;
            };
            i += n;
            let byte = buffer[i];
            if csv && quoted && byte == escape && escape != quote {
                if i + 1 >= buffer.len() {
                    break;
                }
                i += 2;
            } else if csv && byte == quote {
                quoted = !quoted;
                i += 1;
            } else if byte == b'\n' {
                return Ok(Some((i, i + 1)));
            } else if byte == b'\r' {
                match buffer.get(i + 1) {
                    Some(b'\n') => return Ok(Some((i, i + 2))),
                    Some(_) => return Ok(Some((i, i + 1))),
                    None if last => return Ok(Some((i, i + 1))),
                    None => break,
                }
            } else {
                // What follows a backslash is data, be it a line's end or another backslash.
                if i + 1 >= buffer.len() {
                    break;
                }
                i += 2;
            }
        }
        self.searched = (i, quoted);
        if last && self.at < buffer.len() {
            if quoted {
                return Err(bad("unterminated CSV quoted field"));
            }
            return Ok(Some((buffer.len(), buffer.len())));
        }
        Ok(None)
    }

    fn cut_text(&mut self) {
        let Reader { options, buffer, content, fields, unescaped, .. } = self;
        let (mut i, end) = *content;
        let line = &buffer[..end];
        let (delimiter, null) = (options.delimiter, options.null.as_bytes());
        loop {
            let start = i;
            i += memchr2(delimiter, b'\\', &line[i..]).unwrap_or(end - i);
            let place = if line.get(i) == Some(&b'\\') {
                let from = unescaped.len();
                unescaped.extend_from_slice(&line[start..i]);
                i = unescape(line, i, delimiter, unescaped);
                Place::Unescaped(from, unescaped.len())
            } else {
                Place::Buffer(start, i)
            };
            // NULL is told by the text as it came, before escapes.
            fields.push((line[start..i] != *null).then_some(place));
            if i >= end {
                return;
            }
            i += 1;
        }
    }

    fn cut_csv(&mut self) -> Result<()> {
        let Reader { options, buffer, content, fields, unescaped, .. } = self;
        let (mut i, end) = *content;
        let line = &buffer[..end];
        let (quote, escape, delimiter) = (options.quote, options.escape, options.delimiter);
        let null = options.null.as_bytes();
        loop {
            let start = i;
            i += memchr2(delimiter, quote, &line[i..]).unwrap_or(end - i);
            let quoted = line.get(i) == Some(&quote);
            let place = if quoted {
                let from = unescaped.len();
                unescaped.extend_from_slice(&line[start..i]);
                let mut inside = false;
                while i < end {
                    let byte = line[i];
                    if inside {
                        if byte == escape && line.get(i + 1).is_some_and(|b| *b == quote || *b == escape) {
                            unescaped.push(line[i + 1]);
                            i += 2;
                            continue;
                        }
                        if byte == quote {
                            inside = false;
                        } else {
                            unescaped.push(byte);
                        }
                    } else if byte == delimiter {
                        break;
                    } else if byte == quote {
                        inside = true;
                    } else {
                        unescaped.push(byte);
                    }
                    i += 1;
                }
                if inside {
                    return Err(bad("unterminated CSV quoted field"));
                }
                Place::Unescaped(from, unescaped.len())
            } else {
                Place::Buffer(start, i)
            };
            let value = match place {
                Place::Buffer(start, end) => &line[start..end],
                Place::Unescaped(start, end) => &unescaped[start..end],
            };
            let column = fields.len();
            let is_null = value == null
                && if quoted {
                    options.force_null.contains(&column)
                } else {
                    !options.force_not_null.contains(&column)
                };
            fields.push((!is_null).then_some(place));
            if i >= end {
                return Ok(());
            }
            i += 1;
        }
    }

    fn next_binary(&mut self, last: bool) -> Result<bool> {
        if self.ended {
            return Ok(false);
        }
        let short = |last: bool| if last { Err(bad("unexpected EOF in COPY data")) } else { Ok(false) };
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
            return Ok(false);
        }
        let Some((count, more)) = rest.split_first_chunk::<2>() else { return short(last) };
        rest = more;
        let count = i16::from_be_bytes(*count);
        if count == -1 {
            self.ended = true;
            return Ok(false);
        }
        if usize::try_from(count).ok() != Some(self.columns) {
            return Err(bad(format!("row field count is {count}, expected {}", self.columns)));
        }
        self.fields.clear();
        for _ in 0..self.columns {
            let Some((length, more)) = rest.split_first_chunk::<4>() else { return short(last) };
            rest = more;
            let length = i32::from_be_bytes(*length);
            if length == -1 {
                self.fields.push(None);
                continue;
            }
            let length = usize::try_from(length).map_err(|_| bad("invalid field size"))?;
            let start = self.buffer.len() - rest.len();
            let Some((_, more)) = rest.split_at_checked(length) else { return short(last) };
            self.fields.push(Some(Place::Buffer(start, start + length)));
            rest = more;
        }
        self.at = self.buffer.len() - rest.len();
        self.line += 1;
        Ok(true)
    }
}

/// Undoes the escapes of a field of a text line, from `i` on; where it ends.
fn unescape(line: &[u8], mut i: usize, delimiter: u8, out: &mut Vec<u8>) -> usize {
    while i < line.len() && line[i] != delimiter {
        if line[i] != b'\\' {
            out.push(line[i]);
            i += 1;
            continue;
        }
        i += 1;
        let Some(&byte) = line.get(i) else {
            out.push(b'\\');
            break;
        };
        i += 1;
        match byte {
            b'b' => out.push(0x08),
            b'f' => out.push(0x0c),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'v' => out.push(0x0b),
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
                out.push(code as u8);
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
                    Some(code) => out.push(code as u8),
                    None => out.push(b'x'),
                }
            }
            other => out.push(other),
        }
    }
    i
}

fn match_header<'f>(fields: impl ExactSizeIterator<Item = Option<&'f [u8]>>, names: &[String]) -> Result<()> {
    if fields.len() != names.len() {
        return Err(bad(format!(
            "wrong number of fields in header line: got {}, expected {}",
            fields.len(),
            names.len()
        )));
    }
    for (i, (field, name)) in fields.zip(names).enumerate() {
        let got = field.map(|f| String::from_utf8_lossy(f).into_owned());
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
            let mut shown: Vec<Vec<Option<String>>> = Vec::new();
            let row = |reader: &Reader| {
                reader.fields().map(|f| f.map(|f| String::from_utf8_lossy(f).into_owned())).collect()
            };
            for chunk in data.chunks(piece) {
                reader.push(chunk).expect("fits");
                while reader.next(false, &[]).expect("reads") {
                    shown.push(row(&reader));
                }
            }
            while reader.next(true, &[]).expect("reads") {
                shown.push(row(&reader));
            }
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
    fn a_backslash_at_the_end_of_a_value_does_not_join_lines() {
        // As COPY TO writes `a\` and `b`.
        assert_eq!(rows(CopyFormat::Text, 1, b"a\\\\\nb\n"), vec![vec![some("a\\")], vec![some("b")]],);
        assert_eq!(rows(CopyFormat::Text, 1, b"a\\\\\\\nb\n"), vec![vec![some("a\\\nb")]]);
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
