//! Text formats of boolean, integers, oid, character types, bytea and uuid.

use smol_str::SmolStr;

use super::invalid_syntax;
use crate::error::{Error, Result, sqlstate};
use crate::settings::ByteaOutput;
use crate::{ColumnType, Type};

/// The blanks of C's isspace.
pub(crate) fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t'..=b'\r')
}

pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_ascii() && is_space(c as u8))
}

/// boolean: unique prefixes of true, false, yes, no, on, off, and 1, 0.
pub fn parse_bool(text: &str) -> Result<bool> {
    let word = trim(text).to_ascii_lowercase();
    let prefix_of = |full: &str, least: usize| word.len() >= least && full.starts_with(&word);
    if prefix_of("true", 1) || prefix_of("yes", 1) || word == "on" || word == "1" {
        Ok(true)
    } else if prefix_of("false", 1) || prefix_of("no", 1) || prefix_of("off", 2) || word == "0" {
        Ok(false)
    } else {
        Err(invalid_syntax("boolean", text))
    }
}

fn out_of_range(text: &str, name: &str) -> Error {
    Error::new(
        sqlstate::NUMERIC_VALUE_OUT_OF_RANGE,
        format!("value \"{text}\" is out of range for type {name}"),
    )
}

fn parse_integer(text: &str, min: i64, max: i64, name: &str) -> Result<i64> {
    let bytes = text.as_bytes();
    let mut at = bytes.iter().take_while(|b| is_space(**b)).count();
    let negative = bytes.get(at) == Some(&b'-');
    if negative || bytes.get(at) == Some(&b'+') {
        at += 1;
    }
    let start = at;
    // Negative numbers reach further, so that the sum is kept negative.
    let mut sum = 0i64;
    while let Some(digit @ b'0'..=b'9') = bytes.get(at) {
        sum = sum
            .checked_mul(10)
            .and_then(|sum| sum.checked_sub(i64::from(digit - b'0')))
            .filter(|sum| *sum >= min)
            .ok_or_else(|| out_of_range(text, name))?;
        at += 1;
    }
    if at == start || bytes[at..].iter().any(|b| !is_space(*b)) {
        return Err(invalid_syntax(name, text));
    }
    if negative {
        return Ok(sum);
    }
    sum.checked_neg().filter(|sum| *sum <= max).ok_or_else(|| out_of_range(text, name))
}

/// smallint
pub fn parse_i16(text: &str) -> Result<i16> {
    parse_integer(text, i16::MIN.into(), i16::MAX.into(), "smallint").map(|i| i as i16)
}

/// integer
pub fn parse_i32(text: &str) -> Result<i32> {
    parse_integer(text, i32::MIN.into(), i32::MAX.into(), "integer").map(|i| i as i32)
}

/// bigint
pub fn parse_i64(text: &str) -> Result<i64> {
    parse_integer(text, i64::MIN, i64::MAX, "bigint")
}

/// oid: unsigned; small negative numbers wrap around.
pub fn parse_oid(text: &str) -> Result<u32> {
    let value = parse_integer(text, i64::MIN, i64::MAX, "oid")?;
    if (i64::from(i32::MIN)..=i64::from(u32::MAX)).contains(&value) {
        Ok(value as u32)
    } else {
        Err(out_of_range(text, "oid"))
    }
}

/// xid: the number that the text begins with, else 0.
pub(crate) fn parse_xid(text: &str) -> u32 {
    let text = trim(text);
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let value = digits
        .bytes()
        .take_while(u8::is_ascii_digit)
        .fold(0u64, |sum, b| sum.saturating_mul(10).saturating_add(u64::from(b - b'0')));
    (if negative { value.wrapping_neg() } else { value }) as u32
}

/// Appends an integer.
pub fn write_i64(value: i64, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    let mut buffer = [0u8; 20];
    out.extend_from_slice(crate::numeric::write_u64(value.unsigned_abs(), &mut buffer));
}

/// "char": the first character. PostgreSQL keeps the first byte, which beyond ASCII is no text: that is refused.
pub(crate) fn first_char(text: &str) -> Result<SmolStr> {
    match text.chars().next() {
        None => Ok(SmolStr::default()),
        Some(c) if c.is_ascii() => Ok(SmolStr::from_iter([c])),
        Some(_) => Err(Error::unsupported("a value of type \"char\" beyond ASCII")),
    }
}

/// name: the first 63 bytes, cut between characters.
pub fn truncate_name(text: &str) -> &str {
    &text[..text.floor_char_boundary(63)]
}

/// varchar(n) and character(n): what is too long by blanks only is cut; by more it is an error, or, in an explicit
/// cast, cut as well. character(n) is padded with blanks.
pub fn apply_length(text: SmolStr, ty: ColumnType, explicit: bool) -> Result<SmolStr> {
    let Some(limit) = ty.length() else { return Ok(text) };
    if text.len() > limit
        && let Some((cut, _)) = text.char_indices().nth(limit)
    {
        if !explicit && text[cut..].bytes().any(|b| b != b' ') {
            return Err(Error::new(
                sqlstate::STRING_DATA_RIGHT_TRUNCATION,
                format!("value too long for type {ty}"),
            ));
        }
        return Ok(SmolStr::new(&text[..cut]));
    }
    if ty.ty != Type::Bpchar {
        return Ok(text);
    }
    let count = if text.is_ascii() { text.len() } else { text.chars().count() };
    if count == limit {
        return Ok(text);
    }
    let mut padded = String::with_capacity(text.len() + limit - count);
    padded.push_str(&text);
    padded.extend(std::iter::repeat_n(' ', limit - count));
    Ok(padded.into())
}

/// bytea: `\x` and hexadecimal digits, or text with `\\` and `\ooo`.
pub fn parse_bytea(text: &str) -> Result<Vec<u8>> {
    let bytes = text.as_bytes();
    if let Some(hex) = bytes.strip_prefix(b"\\x") {
        return parse_hex(hex, text);
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if *byte != b'\\' {
            out.push(*byte);
            at += 1;
        } else if let Some([a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7']) = bytes.get(at + 1..at + 4) {
            out.push((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'));
            at += 4;
        } else if bytes.get(at + 1) == Some(&b'\\') {
            out.push(b'\\');
            at += 2;
        } else {
            return Err(Error::new(
                sqlstate::INVALID_TEXT_REPRESENTATION,
                "invalid input syntax for type bytea",
            ));
        }
    }
    Ok(out)
}

fn parse_hex(hex: &[u8], text: &str) -> Result<Vec<u8>> {
    let error = |message: String| Error::new(sqlstate::INVALID_PARAMETER_VALUE, message);
    let digit = |at: usize| {
        hex[at..]
            .first()
            .and_then(|b| (*b as char).to_digit(16))
            .ok_or_else(|| {
                let bad = text[2 + at..].chars().next().unwrap_or_default();
                error(format!("invalid hexadecimal digit: \"{bad}\""))
            })
            .map(|d| d as u8)
    };
    let mut out = Vec::with_capacity(hex.len() / 2);
    let mut at = 0;
    while at < hex.len() {
        if matches!(hex[at], b' ' | b'\n' | b'\t' | b'\r') {
            at += 1;
            continue;
        }
        let high = digit(at)?;
        if at + 1 >= hex.len() {
            return Err(error("invalid hexadecimal data: odd number of digits".to_owned()));
        }
        out.push(high << 4 | digit(at + 1)?);
        at += 2;
    }
    Ok(out)
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Appends bytea.
pub fn write_bytea(bytes: &[u8], format: ByteaOutput, out: &mut Vec<u8>) {
    match format {
        ByteaOutput::Hex => {
            out.reserve(2 + bytes.len() * 2);
            out.extend_from_slice(b"\\x");
            for byte in bytes {
                out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
            }
        }
        ByteaOutput::Escape => {
            for byte in bytes {
                match byte {
                    b'\\' => out.extend_from_slice(b"\\\\"),
                    0x20..=0x7e => out.push(*byte),
                    _ => out.extend_from_slice(&[
                        b'\\',
                        b'0' + (byte >> 6),
                        b'0' + (byte >> 3 & 7),
                        b'0' + (byte & 7),
                    ]),
                }
            }
        }
    }
}

/// uuid: 32 hexadecimal digits, a hyphen after any group of four, braces around.
pub fn parse_uuid(text: &str) -> Result<[u8; 16]> {
    let error = || invalid_syntax("uuid", text);
    let mut rest = text.as_bytes();
    if let Some(inner) = rest.strip_prefix(b"{") {
        rest = inner.strip_suffix(b"}").ok_or_else(error)?;
    }
    let mut uuid = [0u8; 16];
    for (i, byte) in uuid.iter_mut().enumerate() {
        let [high, low, tail @ ..] = rest else { return Err(error()) };
        let digit = |b: u8| (b as char).to_digit(16).ok_or_else(error);
        *byte = (digit(*high)? << 4 | digit(*low)?) as u8;
        rest = tail;
        if i % 2 == 1 && i < 15 {
            rest = rest.strip_prefix(b"-").unwrap_or(rest);
        }
    }
    if rest.is_empty() { Ok(uuid) } else { Err(error()) }
}

/// Appends a uuid.
pub fn write_uuid(uuid: &[u8; 16], out: &mut Vec<u8>) {
    for (i, byte) in uuid.iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            out.push(b'-');
        }
        out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
    }
}
