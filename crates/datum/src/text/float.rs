//! Text formats of real and double precision.

use std::io::Write;

use super::invalid_syntax;
use super::scalar::trim;
use crate::error::{Error, Result, sqlstate};

fn out_of_range(text: &str, name: &str) -> Error {
    Error::new(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, format!("\"{text}\" is out of range for type {name}"))
}

fn has_nonzero_digit(text: &str) -> bool {
    text.bytes().take_while(|b| !matches!(b, b'e' | b'E')).any(|b| matches!(b, b'1'..=b'9'))
}

/// double precision. 22003 for what overflows, or is not 0 and becomes 0.
pub fn parse_f64(text: &str) -> Result<f64> {
    let trimmed = trim(text);
    let value: f64 = trimmed.parse().map_err(|_| invalid_syntax("double precision", text))?;
    let digits = trimmed.bytes().any(|b| b.is_ascii_digit());
    if (value.is_infinite() && digits) || (value == 0.0 && has_nonzero_digit(trimmed)) {
        return Err(out_of_range(trimmed, "double precision"));
    }
    Ok(value)
}

/// real. 22003 for what overflows, or is not 0 and becomes 0.
pub fn parse_f32(text: &str) -> Result<f32> {
    let trimmed = trim(text);
    let value: f32 = trimmed.parse().map_err(|_| invalid_syntax("real", text))?;
    let digits = trimmed.bytes().any(|b| b.is_ascii_digit());
    if (value.is_infinite() && digits) || (value == 0.0 && has_nonzero_digit(trimmed)) {
        return Err(out_of_range(trimmed, "real"));
    }
    Ok(value)
}

/// Appends double precision: the shortest form that reads back exactly, or, with `extra_digits` of 0 and below,
/// 15 + extra digits.
pub fn write_f64(value: f64, extra_digits: i32, out: &mut Vec<u8>) {
    if write_special(value, out) {
        return;
    }
    let mut buffer = Buffer::default();
    if extra_digits > 0 {
        let _ = write!(buffer, "{value:e}");
        // PostgreSQL takes a digit more where the shortest form lies exactly between two floats.
        if value.to_bits() & 1 == 0 && is_halfway(value, buffer.text()) {
            lengthen(value, &mut buffer);
        }
        layout(buffer.text(), 15, out);
    } else {
        let digits = (15 + extra_digits).max(1) as usize;
        let _ = write!(buffer, "{value:.*e}", digits - 1);
        layout_general(buffer.text(), digits, out);
    }
}

/// Appends real: the shortest form that reads back exactly, or, with `extra_digits` of 0 and below, 6 + extra
/// digits.
pub fn write_f32(value: f32, extra_digits: i32, out: &mut Vec<u8>) {
    if write_special(f64::from(value), out) {
        return;
    }
    let mut buffer = Buffer::default();
    if extra_digits > 0 {
        let _ = write!(buffer, "{value:e}");
        layout(buffer.text(), 6, out);
    } else {
        let digits = (6 + extra_digits).max(1) as usize;
        let _ = write!(buffer, "{:.*e}", digits - 1, f64::from(value));
        layout_general(buffer.text(), digits, out);
    }
}

fn write_special(value: f64, out: &mut Vec<u8>) -> bool {
    let text: &[u8] = if value.is_nan() {
        b"NaN"
    } else if value == f64::INFINITY {
        b"Infinity"
    } else if value == f64::NEG_INFINITY {
        b"-Infinity"
    } else if value == 0.0 {
        if value.is_sign_negative() { b"-0" } else { b"0" }
    } else {
        return false;
    };
    out.extend_from_slice(text);
    true
}

/// Whether a decimal form of `value` lies exactly halfway to a neighbour. Only integers from 2^54 on with few
/// digits can (1e23 is the famous one); all others are told apart by their size alone.
fn is_halfway(value: f64, text: &str) -> bool {
    if !(value.abs() >= 1.8e16 && value.abs() < 1e40) {
        return false;
    }
    let Some((digits, exponent)) = split(text) else { return false };
    let written: u128 = match digits.trim_start_matches('-').replace('.', "").parse() {
        Ok(written) => written,
        Err(_) => return false,
    };
    let decimals = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len() as i32);
    let Some(scale) = u32::try_from(exponent - decimals).ok().and_then(|n| 10u128.checked_pow(n)) else {
        return false;
    };
    let Some(written) = written.checked_mul(scale) else { return false };
    let exact = value.abs() as u128;
    let next = f64::from_bits(value.abs().to_bits() + 1) as u128;
    let before = f64::from_bits(value.abs().to_bits() - 1) as u128;
    written.checked_mul(2).is_some_and(|double| double == exact + next || double == exact + before)
}

/// Writes the value with as many digits as it takes to be no longer halfway.
fn lengthen(value: f64, buffer: &mut Buffer) {
    for digits in 1..17usize {
        let mut longer = Buffer::default();
        let _ = write!(longer, "{value:.digits$e}");
        if longer.text().parse() == Ok(value) && !is_halfway(value, longer.text()) {
            *buffer = longer;
            return;
        }
    }
}

fn split(text: &str) -> Option<(&str, i32)> {
    let (digits, exponent) = text.split_once('e')?;
    Some((digits, exponent.parse().ok()?))
}

/// Rust's `d.ddde±x` as PostgreSQL lays it out: with an exponent below 1e-4 and from 10^`limit` on.
fn layout(text: &str, limit: i32, out: &mut Vec<u8>) {
    let Some((mut digits, exponent)) = split(text) else { return };
    if let Some(rest) = digits.strip_prefix('-') {
        out.push(b'-');
        digits = rest;
    }
    let bytes = digits.as_bytes();
    let (first, fraction) = (bytes[0], bytes.get(2..).unwrap_or_default());
    if exponent < -4 || exponent >= limit {
        out.extend_from_slice(bytes);
        let _ = write!(out, "e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs());
    } else if exponent < 0 {
        out.extend_from_slice(b"0.");
        out.resize(out.len() + (-exponent - 1) as usize, b'0');
        out.push(first);
        out.extend_from_slice(fraction);
    } else {
        out.push(first);
        let whole = exponent as usize;
        if fraction.len() <= whole {
            out.extend_from_slice(fraction);
            out.resize(out.len() + whole - fraction.len(), b'0');
        } else {
            out.extend_from_slice(&fraction[..whole]);
            out.push(b'.');
            out.extend_from_slice(&fraction[whole..]);
        }
    }
}

/// As C's %g does: without zeros at the end.
fn layout_general(text: &str, digits: usize, out: &mut Vec<u8>) {
    let Some((figures, exponent)) = text.split_once('e') else { return };
    let figures =
        if figures.contains('.') { figures.trim_end_matches('0').trim_end_matches('.') } else { figures };
    let mut buffer = Buffer::default();
    let _ = write!(buffer, "{figures}e{exponent}");
    layout(buffer.text(), digits as i32, out);
}

/// Room for any float in scientific form.
#[derive(Default)]
struct Buffer {
    bytes: [u8; 32],
    len: usize,
}

impl Buffer {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

impl Write for Buffer {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        let n = text.len().min(self.bytes.len() - self.len);
        self.bytes[self.len..self.len + n].copy_from_slice(&text[..n]);
        self.len += n;
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
