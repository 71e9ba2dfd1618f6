//! Text formats of arrays, int2vector and oidvector, and of rows.

use std::sync::Arc;

use super::scalar::{is_space, trim};
use super::{from_text, to_text};
use crate::error::{Error, Result, sqlstate};
use crate::settings::FormatSettings;
use crate::value::{Array, Record};
use crate::{ColumnType, Datum, Type};

/// Most elements of an array.
const ELEMENTS_MAX: usize = 134_217_727;

/// An array: `{a,"b c",NULL}`, with bounds before it if they are unusual: `[0:1]={a,b}`. Arrays of arrays are 0A000.
pub fn parse(text: &str, element: ColumnType, settings: &FormatSettings) -> Result<Datum> {
    let mut parser = Parser { text, bytes: text.as_bytes(), at: 0 };
    parser.blanks();
    let bounds = parser.bounds()?;
    // The whole has to be well formed before any element is looked at.
    let start = parser.at;
    let mut count = 0;
    parser.items(|_| {
        count += 1;
        Ok(())
    })?;
    parser.at = start;
    let mut items = Vec::with_capacity(count);
    parser.items(|item| {
        items.push(match item {
            Some(bytes) => from_text(as_str(bytes)?, element, settings)?,
            None => Datum::Null,
        });
        Ok(())
    })?;
    let mut lower = 1;
    if let Some((from, to)) = bounds {
        if i64::from(to) - i64::from(from) + 1 != items.len() as i64 {
            return Err(parser.malformed("Specified array dimensions do not match array contents."));
        }
        lower = from;
    }
    Ok(Datum::Array(Arc::new(Array { element: element.ty, lower, items })))
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    fn malformed(&self, detail: &str) -> Error {
        Error::new(
            sqlstate::INVALID_TEXT_REPRESENTATION,
            format!("malformed array literal: \"{}\"", self.text),
        )
        .detail(detail)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
    }

    fn number(&mut self) -> Option<i32> {
        let start = self.at;
        if matches!(self.peek(), Some(b'-' | b'+')) {
            self.at += 1;
        }
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        self.text[start..self.at].parse().ok()
    }

    fn bounds(&mut self) -> Result<Option<(i32, i32)>> {
        if self.peek() != Some(b'[') {
            if self.peek() != Some(b'{') {
                return Err(self.malformed("Array value must start with \"{\" or dimension information."));
            }
            return Ok(None);
        }
        self.at += 1;
        let Some(first) = self.number() else {
            return Err(self.malformed("\"[\" must introduce explicitly-specified array dimensions."));
        };
        let (lower, upper) = if self.peek() == Some(b':') {
            self.at += 1;
            match self.number() {
                Some(upper) => (first, upper),
                None => return Err(self.malformed("Missing array dimension value.")),
            }
        } else {
            (1, first)
        };
        if self.peek() != Some(b']') {
            return Err(self.malformed("Missing \"]\" after array dimensions."));
        }
        self.at += 1;
        if upper < lower {
            return Err(Error::new(
                sqlstate::ARRAY_SUBSCRIPT_ERROR,
                "upper bound cannot be less than lower bound",
            ));
        }
        self.blanks();
        match self.peek() {
            Some(b'=') => self.at += 1,
            Some(b'[') => return Err(nested()),
            _ => return Err(self.malformed("Missing \"=\" after array dimensions.")),
        }
        self.blanks();
        if self.peek() != Some(b'{') {
            return Err(self.malformed("Array contents must start with \"{\"."));
        }
        Ok(Some((lower, upper)))
    }

    /// Hands each element to `found`, without quotes; `None` is NULL.
    fn items(&mut self, mut found: impl FnMut(Option<&[u8]>) -> Result<()>) -> Result<()> {
        let mut count = 0;
        self.at += 1;
        self.blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return self.end();
        }
        let mut unescaped = Vec::new();
        loop {
            self.blanks();
            count += 1;
            if count > ELEMENTS_MAX {
                return Err(Error::new(
                    sqlstate::PROGRAM_LIMIT_EXCEEDED,
                    format!("array size exceeds the maximum allowed ({ELEMENTS_MAX})"),
                ));
            }
            let null = match self.peek() {
                Some(b'{') => return Err(nested()),
                Some(b'"') => {
                    self.quoted(&mut unescaped)?;
                    false
                }
                _ => self.bare(&mut unescaped)?,
            };
            found(if null { None } else { Some(&unescaped) })?;
            self.blanks();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return self.end();
                }
                Some(b'"') => return Err(self.malformed("Unexpected array element.")),
                Some(b'{') => return Err(self.malformed("Unexpected \"{\" character.")),
                None => return Err(self.malformed("Unexpected end of input.")),
                Some(_) => return Err(self.malformed("Unexpected array element.")),
            }
        }
    }

    fn end(&mut self) -> Result<()> {
        self.blanks();
        if self.at < self.bytes.len() {
            return Err(self.malformed("Junk after closing right brace."));
        }
        Ok(())
    }

    fn quoted(&mut self, out: &mut Vec<u8>) -> Result<()> {
        out.clear();
        self.at += 1;
        loop {
            match self.peek() {
                None => return Err(self.malformed("Unexpected end of input.")),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    let Some(next) = self.bytes.get(self.at + 1) else {
                        return Err(self.malformed("Unexpected end of input."));
                    };
                    out.push(*next);
                    self.at += 2;
                }
                Some(other) => {
                    out.push(other);
                    self.at += 1;
                }
            }
        }
    }

    /// An element without quotes, up to the next comma or brace; whether it is NULL.
    fn bare(&mut self, out: &mut Vec<u8>) -> Result<bool> {
        out.clear();
        let mut escaped = false;
        // Blanks at the end do not count unless a backslash is before them.
        let mut keep = 0;
        loop {
            match self.peek() {
                None => return Err(self.malformed("Unexpected end of input.")),
                Some(b',' | b'}') => break,
                Some(b'"') => return Err(self.malformed("Unexpected array element.")),
                Some(b'{') => return Err(self.malformed("Unexpected \"{\" character.")),
                Some(b'\\') => {
                    let Some(next) = self.bytes.get(self.at + 1) else {
                        return Err(self.malformed("Unexpected end of input."));
                    };
                    out.push(*next);
                    escaped = true;
                    keep = out.len();
                    self.at += 2;
                }
                Some(other) => {
                    out.push(other);
                    if !is_space(other) {
                        keep = out.len();
                    }
                    self.at += 1;
                }
            }
        }
        out.truncate(keep);
        if out.is_empty() {
            let found = if self.peek() == Some(b',') {
                "Unexpected \",\" character."
            } else {
                "Unexpected \"}\" character."
            };
            return Err(self.malformed(found));
        }
        Ok(!escaped && out.eq_ignore_ascii_case(b"null"))
    }
}

fn nested() -> Error {
    Error::unsupported("an array of more than one dimension")
}

fn as_str(bytes: &[u8]) -> Result<&str> {
    // A backslash may only part what is a character of its own, since the whole was valid before.
    std::str::from_utf8(bytes).map_err(|_| {
        Error::new(sqlstate::CHARACTER_NOT_IN_REPERTOIRE, "invalid byte sequence for encoding \"UTF8\"")
    })
}

/// int2vector and oidvector: numbers with blanks between.
pub fn parse_vector(text: &str, ty: Type) -> Result<Datum> {
    let mut items = Vec::new();
    for word in trim(text).split(|c: char| c.is_ascii() && is_space(c as u8)).filter(|word| !word.is_empty())
    {
        items.push(match ty {
            Type::Int2Vector => Datum::Int2(super::parse_i16(word)?),
            _ => Datum::Oid(super::parse_oid(word)?),
        });
    }
    let element = if ty == Type::Int2Vector { Type::Int2 } else { Type::Oid };
    Ok(Datum::Array(Arc::new(Array { element, lower: 0, items })))
}

pub(super) fn write_vector(array: &Array, settings: &FormatSettings, out: &mut Vec<u8>) {
    for (i, item) in array.items.iter().enumerate() {
        if i > 0 {
            out.push(b' ');
        }
        to_text(item, array.element, settings, out);
    }
}

pub(super) fn write(array: &Array, settings: &FormatSettings, out: &mut Vec<u8>) {
    if array.lower != 1 && !array.items.is_empty() {
        let upper = i64::from(array.lower) + array.items.len() as i64 - 1;
        out.push(b'[');
        super::write_i64(i64::from(array.lower), out);
        out.push(b':');
        super::write_i64(upper, out);
        out.extend_from_slice(b"]=");
    }
    out.push(b'{');
    for (i, item) in array.items.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        if item.is_null() {
            out.extend_from_slice(b"NULL");
            continue;
        }
        let start = out.len();
        to_text(item, array.element, settings, out);
        let written = &out[start..];
        let quote = written.is_empty()
            || written.iter().any(|b| matches!(b, b'"' | b'\\' | b'{' | b'}' | b',') || is_space(*b))
            || written.eq_ignore_ascii_case(b"null");
        if quote {
            requote(out, start, |b| if matches!(b, b'"' | b'\\') { Some(b'\\') } else { None });
        }
    }
    out.push(b'}');
}

/// A row: `(1,"a b",)`.
pub(super) fn write_record(record: &Record, settings: &FormatSettings, out: &mut Vec<u8>) {
    out.push(b'(');
    for (i, field) in record.fields.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        if field.is_null() {
            continue;
        }
        let start = out.len();
        to_text(field, record.types.get(i).copied().unwrap_or(Type::Unknown), settings, out);
        let written = &out[start..];
        let quote = written.is_empty()
            || written.iter().any(|b| matches!(b, b'"' | b'\\' | b'(' | b')' | b',') || is_space(*b));
        if quote {
            requote(out, start, |b| if matches!(b, b'"' | b'\\') { Some(b) } else { None });
        }
    }
    out.push(b')');
}

/// Puts quotes around what was written from `start` on, and marks before the bytes that need one.
fn requote(out: &mut Vec<u8>, start: usize, mark: impl Fn(u8) -> Option<u8>) {
    let written = out.split_off(start);
    out.push(b'"');
    for byte in written {
        out.extend(mark(byte));
        out.push(byte);
    }
    out.push(b'"');
}
