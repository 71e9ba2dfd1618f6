//! Order-preserving encodings: the order of the bytes is the order of the values, and no encoding is a prefix
//! of another of the same kind, so that they can be joined into keys and taken apart again.

use std::fmt;

/// The bytes are not what the encoder writes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed encoding: {0}")]
pub struct DecodeError(pub &'static str);

/// The result of decoding.
pub type Result<T> = std::result::Result<T, DecodeError>;

const ESCAPE: u8 = 0x00;
const ESCAPED_00: u8 = 0xff;
const TERMINATOR: u8 = 0x01;

/// Takes the first `n` bytes off `input`.
pub fn take<'a>(input: &mut &'a [u8], n: usize) -> Result<&'a [u8]> {
    let (head, tail) = input.split_at_checked(n).ok_or(DecodeError("too short"))?;
    *input = tail;
    Ok(head)
}

/// Takes the first byte off `input`.
pub fn take_u8(input: &mut &[u8]) -> Result<u8> {
    Ok(take(input, 1)?[0])
}

/// Eight bytes, big endian.
pub fn put_u64(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// The inverse of [`put_u64`].
pub fn take_u64(input: &mut &[u8]) -> Result<u64> {
    let bytes = take(input, 8)?;
    Ok(u64::from_be_bytes(bytes.try_into().map_err(|_| DecodeError("too short"))?))
}

/// Four bytes, big endian.
pub fn put_u32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// The inverse of [`put_u32`].
pub fn take_u32(input: &mut &[u8]) -> Result<u32> {
    let bytes = take(input, 4)?;
    Ok(u32::from_be_bytes(bytes.try_into().map_err(|_| DecodeError("too short"))?))
}

/// Eight bytes, sign bit flipped.
pub fn put_i64(out: &mut Vec<u8>, value: i64) {
    put_u64(out, (value as u64) ^ (1 << 63));
}

/// The inverse of [`put_i64`].
pub fn take_i64(input: &mut &[u8]) -> Result<i64> {
    Ok((take_u64(input)? ^ (1 << 63)) as i64)
}

/// Eight bytes in IEEE order with PostgreSQL's additions: -0 equals 0, NaN equals itself and is greatest.
pub fn put_f64(out: &mut Vec<u8>, value: f64) {
    let bits = if value == 0.0 {
        0
    } else if value.is_nan() {
        f64::NAN.to_bits() & !(1 << 63)
    } else {
        value.to_bits()
    };
    let ordered = if bits >> 63 == 1 { !bits } else { bits | (1 << 63) };
    put_u64(out, ordered);
}

/// The inverse of [`put_f64`].
pub fn take_f64(input: &mut &[u8]) -> Result<f64> {
    let ordered = take_u64(input)?;
    let bits = if ordered >> 63 == 1 { ordered & !(1 << 63) } else { !ordered };
    Ok(f64::from_bits(bits))
}

/// Bytes with `00` written as `00 ff`, ended by `00 01`.
pub fn put_bytes(out: &mut Vec<u8>, value: &[u8]) {
    let mut rest = value;
    while let Some(at) = rest.iter().position(|b| *b == ESCAPE) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(&[ESCAPE, ESCAPED_00]);
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out.extend_from_slice(&[ESCAPE, TERMINATOR]);
}

/// The inverse of [`put_bytes`].
pub fn take_bytes(input: &mut &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    loop {
        let at = input.iter().position(|b| *b == ESCAPE).ok_or(DecodeError("bytes without an end"))?;
        out.extend_from_slice(&input[..at]);
        let mark = *input.get(at + 1).ok_or(DecodeError("bytes without an end"))?;
        *input = &input[at + 2..];
        match mark {
            TERMINATOR => return Ok(out),
            ESCAPED_00 => out.push(0),
            _ => return Err(DecodeError("unknown escape")),
        }
    }
}

/// Flips every byte from `from` on, which turns the order around (for DESC columns).
pub fn invert(out: &mut [u8], from: usize) {
    for byte in &mut out[from..] {
        *byte = !*byte;
    }
}

/// Displays bytes as hexadecimal digits.
pub struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}
