//! Values as bytes without an order: compact, quick to read and quicker to pass over. Row values use it, and whoever
//! has to put rows on disk or send them on.
//!
//! An entry is a header and a body. The header is a varint: a number of the caller's (the distance to the last column
//! id, or 0) times 8, plus the *kind* of the body, which suffices to pass over it:
//!
//! ```text
//! 0 NULL          1 zigzag varint              2 eight bytes          3 length · bytes
//! 4 16 bytes      5 scale · zigzag varint (a small numeric)
//! ```
//!
//! What the body means follows from the type, which the reader knows.

use std::sync::Arc;

use base::encoding::{DecodeError, take};
use num_bigint::BigInt;
use smol_str::SmolStr;

use crate::error::Result;
use crate::value::Array;
use crate::{Datum, Interval, Jsonb, Numeric, Type};

type Decoded<T> = std::result::Result<T, DecodeError>;

const NULL: u64 = 0;
const VARINT: u64 = 1;
const EIGHT: u64 = 2;
const BYTES: u64 = 3;
const SIXTEEN: u64 = 4;
const DECIMAL: u64 = 5;

/// How deep values may be nested.
const DEPTH_MAX: usize = 1100;

/// Appends an unsigned varint.
pub fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// The inverse of [`put_varint`].
#[inline]
pub fn take_varint(input: &mut &[u8]) -> Decoded<u64> {
    // Most are one byte.
    if let [first, rest @ ..] = *input
        && *first < 0x80
    {
        *input = rest;
        return Ok(u64::from(*first));
    }
    let mut value = 0u64;
    for (i, byte) in input.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            *input = &input[i + 1..];
            return Ok(value);
        }
    }
    Err(DecodeError("varint without an end"))
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// Appends a value by itself; [`take_datum`] reads it back, given the type.
pub fn put_datum(out: &mut Vec<u8>, datum: &Datum) {
    put_entry(out, 0, datum);
}

/// The inverse of [`put_datum`]. XX001 if the bytes are none of ours.
pub fn take_datum(input: &mut &[u8], ty: Type) -> Result<Datum> {
    let decode = |input: &mut &[u8]| {
        let header = take_varint(input)?;
        take_body(input, header & 7, ty, 0)
    };
    decode(input).map_err(crate::key::corrupt)
}

/// Appends an entry with a number in its header.
pub(crate) fn put_entry(out: &mut Vec<u8>, number: u64, datum: &Datum) {
    let head = |out: &mut Vec<u8>, kind: u64| put_varint(out, number << 3 | kind);
    match datum {
        Datum::Null => head(out, NULL),
        Datum::Bool(b) => {
            head(out, VARINT);
            put_varint(out, u64::from(*b));
        }
        Datum::Int2(_) | Datum::Int4(_) | Datum::Int8(_) | Datum::Oid(_) => {
            head(out, VARINT);
            put_varint(out, zigzag(datum.as_i64().unwrap_or_default()));
        }
        Datum::Date(d) => {
            head(out, VARINT);
            put_varint(out, zigzag(i64::from(*d)));
        }
        Datum::Float4(f) => {
            head(out, VARINT);
            put_varint(out, u64::from(f.to_bits().swap_bytes()));
        }
        Datum::Float8(f) => {
            head(out, EIGHT);
            out.extend_from_slice(&f.to_bits().to_le_bytes());
        }
        Datum::Time(t) | Datum::Timestamp(t) | Datum::TimestampTz(t) => {
            head(out, EIGHT);
            out.extend_from_slice(&t.to_le_bytes());
        }
        Datum::TimeTz(t, zone) => {
            head(out, SIXTEEN);
            out.extend_from_slice(&t.to_le_bytes());
            out.extend_from_slice(&i64::from(*zone).to_le_bytes());
        }
        Datum::Interval(i) => {
            head(out, SIXTEEN);
            out.extend_from_slice(&i.micros.to_le_bytes());
            out.extend_from_slice(&i.days.to_le_bytes());
            out.extend_from_slice(&i.months.to_le_bytes());
        }
        Datum::Uuid(u) => {
            head(out, SIXTEEN);
            out.extend_from_slice(u);
        }
        Datum::Numeric(Numeric::Small { mantissa, scale }) => {
            head(out, DECIMAL);
            put_varint(out, u64::from(*scale));
            put_varint(out, zigzag(*mantissa));
        }
        Datum::Text(s) => {
            head(out, BYTES);
            put_bytes(out, s.as_bytes());
        }
        Datum::Json(s) => {
            head(out, BYTES);
            put_bytes(out, s.as_bytes());
        }
        Datum::Bytea(b) => {
            head(out, BYTES);
            put_bytes(out, b);
        }
        Datum::Numeric(n) => {
            head(out, BYTES);
            put_bytes(out, &big_numeric(n));
        }
        Datum::Jsonb(j) => {
            head(out, BYTES);
            let mut body = Vec::new();
            put_jsonb(&mut body, j);
            put_bytes(out, &body);
        }
        Datum::Array(array) => {
            head(out, BYTES);
            let mut body = Vec::new();
            put_varint(&mut body, zigzag(i64::from(array.lower)));
            put_varint(&mut body, array.items.len() as u64);
            array.items.iter().for_each(|item| put_entry(&mut body, 0, item));
            put_bytes(out, &body);
        }
        Datum::Record(record) => {
            head(out, BYTES);
            let mut body = Vec::new();
            put_varint(&mut body, record.fields.len() as u64);
            for (field, ty) in record.fields.iter().zip(&record.types) {
                put_entry(&mut body, u64::from(ty.oid()), field);
            }
            put_bytes(out, &body);
        }
    }
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[inline]
fn take_slice<'a>(input: &mut &'a [u8]) -> Decoded<&'a [u8]> {
    let len = usize::try_from(take_varint(input)?).map_err(|_| DecodeError("too long"))?;
    take(input, len)
}

fn take_array<const N: usize>(input: &mut &[u8]) -> Decoded<[u8; N]> {
    take(input, N)?.try_into().map_err(|_| DecodeError("too short"))
}

/// Passes over the body of an entry.
#[inline]
pub(crate) fn skip_body(input: &mut &[u8], kind: u64) -> Decoded<()> {
    match kind {
        NULL => {}
        VARINT => {
            take_varint(input)?;
        }
        EIGHT => {
            take(input, 8)?;
        }
        BYTES => {
            take_slice(input)?;
        }
        SIXTEEN => {
            take(input, 16)?;
        }
        DECIMAL => {
            take_varint(input)?;
            take_varint(input)?;
        }
        _ => return Err(DecodeError("unknown kind of value")),
    }
    Ok(())
}

/// Reads the body of an entry as a value of the type.
#[inline]
pub(crate) fn take_body(input: &mut &[u8], kind: u64, ty: Type, depth: usize) -> Decoded<Datum> {
    match kind {
        NULL => Ok(Datum::Null),
        VARINT => from_varint(take_varint(input)?, ty),
        BYTES => from_slice(take_slice(input)?, ty, depth),
        EIGHT => {
            let bytes: [u8; 8] = take_array(input)?;
            let value = i64::from_le_bytes(bytes);
            Ok(match ty {
                Type::Float8 => Datum::Float8(f64::from_bits(value as u64)),
                Type::Time => Datum::Time(value),
                Type::Timestamp => Datum::Timestamp(value),
                Type::TimestampTz => Datum::TimestampTz(value),
                _ => return Err(mismatch()),
            })
        }
        SIXTEEN => {
            let bytes: [u8; 16] = take_array(input)?;
            let both = u128::from_le_bytes(bytes);
            let (low, high) = (both as u64 as i64, (both >> 64) as u64 as i64);
            Ok(match ty {
                Type::Uuid => Datum::Uuid(bytes),
                Type::Interval => {
                    Datum::Interval(Interval { micros: low, days: high as i32, months: (high >> 32) as i32 })
                }
                Type::TimeTz => Datum::TimeTz(low, high as i32),
                _ => return Err(mismatch()),
            })
        }
        DECIMAL if ty == Type::Numeric => {
            let scale = take_varint(input)?;
            let mantissa = unzigzag(take_varint(input)?);
            let scale = u16::try_from(scale).map_err(|_| DecodeError("scale out of range"))?;
            Ok(Datum::Numeric(Numeric::Small { mantissa, scale }))
        }
        _ => Err(mismatch()),
    }
}

fn mismatch() -> DecodeError {
    DecodeError("a value is not of its column's type")
}

#[inline]
fn from_varint(raw: u64, ty: Type) -> Decoded<Datum> {
    let value = unzigzag(raw);
    let narrow = || i32::try_from(value).map_err(|_| DecodeError("integer out of range"));
    Ok(match ty {
        Type::Bool => Datum::Bool(raw != 0),
        Type::Int4 => Datum::Int4(narrow()?),
        Type::Int8 => Datum::Int8(value),
        Type::Int2 => Datum::Int2(i16::try_from(value).map_err(|_| DecodeError("integer out of range"))?),
        Type::Date => Datum::Date(narrow()?),
        Type::Float4 => {
            let bits = u32::try_from(raw).map_err(|_| DecodeError("float out of range"))?;
            Datum::Float4(f32::from_bits(bits.swap_bytes()))
        }
        other if other.is_oid() => {
            Datum::Oid(u32::try_from(value).map_err(|_| DecodeError("integer out of range"))?)
        }
        _ => return Err(mismatch()),
    })
}

fn text(bytes: &[u8]) -> Decoded<&str> {
    std::str::from_utf8(bytes).map_err(|_| DecodeError("text is no UTF-8"))
}

fn from_slice(mut bytes: &[u8], ty: Type, depth: usize) -> Decoded<Datum> {
    if depth > DEPTH_MAX {
        return Err(DecodeError("a value is nested too deep"));
    }
    let input = &mut bytes;
    Ok(match ty {
        other if other.is_textual() => Datum::Text(SmolStr::new(text(input)?)),
        Type::Bytea => Datum::Bytea((*input).into()),
        Type::Json => Datum::Json(Arc::from(text(input)?)),
        Type::Numeric => Datum::Numeric(big_numeric_from(input)?),
        Type::Jsonb => Datum::Jsonb(Arc::new(take_jsonb(input, depth)?)),
        Type::Array(_) | Type::Int2Vector | Type::OidVector => {
            let element = ty.element().unwrap_or(Type::Unknown);
            let lower = i32::try_from(unzigzag(take_varint(input)?))
                .map_err(|_| DecodeError("bound out of range"))?;
            let count = take_varint(input)?;
            let mut items = Vec::with_capacity(count.min(input.len() as u64) as usize);
            for _ in 0..count {
                let header = take_varint(input)?;
                items.push(take_body(input, header & 7, element, depth + 1)?);
            }
            Datum::Array(Arc::new(Array { element, lower, items }))
        }
        Type::Record => {
            let count = take_varint(input)?;
            let (mut fields, mut types) = (Vec::new(), Vec::new());
            for _ in 0..count {
                let header = take_varint(input)?;
                let oid = u32::try_from(header >> 3).map_err(|_| DecodeError("unknown type"))?;
                let ty = Type::from_oid(oid).ok_or(DecodeError("unknown type"))?;
                fields.push(take_body(input, header & 7, ty, depth + 1)?);
                types.push(ty);
            }
            Datum::record(fields, types)
        }
        _ => return Err(mismatch()),
    })
}

/// Class · scale · mantissa in two's complement.
fn big_numeric(n: &Numeric) -> Vec<u8> {
    let mut out = vec![match n {
        Numeric::NaN => 1,
        Numeric::Infinity => 2,
        Numeric::NegInfinity => 3,
        _ => 0,
    }];
    if let Some((mantissa, scale)) = n.parts() {
        out.extend_from_slice(&scale.to_le_bytes());
        out.extend_from_slice(&mantissa.to_signed_bytes_le());
    }
    out
}

fn big_numeric_from(input: &[u8]) -> Decoded<Numeric> {
    match input {
        [1] => Ok(Numeric::NaN),
        [2] => Ok(Numeric::Infinity),
        [3] => Ok(Numeric::NegInfinity),
        [0, low, high, mantissa @ ..] => {
            let scale = u16::from_le_bytes([*low, *high]);
            if u32::from(scale) > crate::numeric::SCALE_MAX {
                return Err(DecodeError("scale out of range"));
            }
            Ok(Numeric::from_parts(BigInt::from_signed_bytes_le(mantissa), scale))
        }
        _ => Err(DecodeError("unknown form of numeric")),
    }
}

fn put_jsonb(out: &mut Vec<u8>, value: &Jsonb) {
    out.push(value.order_class(false));
    match value {
        Jsonb::Null | Jsonb::Bool(_) => {}
        Jsonb::Number(n) => put_entry(out, 0, &Datum::Numeric(n.clone())),
        Jsonb::String(s) => put_bytes(out, s.as_bytes()),
        Jsonb::Array(items) => {
            put_varint(out, items.len() as u64);
            items.iter().for_each(|item| put_jsonb(out, item));
        }
        Jsonb::Object(fields) => {
            put_varint(out, fields.len() as u64);
            for (key, value) in fields {
                put_bytes(out, key.as_bytes());
                put_jsonb(out, value);
            }
        }
    }
}

fn take_jsonb(input: &mut &[u8], depth: usize) -> Decoded<Jsonb> {
    if depth > DEPTH_MAX {
        return Err(DecodeError("jsonb is nested too deep"));
    }
    let class = base::encoding::take_u8(input)?;
    Ok(match class {
        Jsonb::CLASS_NULL => Jsonb::Null,
        Jsonb::CLASS_FALSE => Jsonb::Bool(false),
        Jsonb::CLASS_TRUE => Jsonb::Bool(true),
        Jsonb::CLASS_NUMBER => {
            let header = take_varint(input)?;
            match take_body(input, header & 7, Type::Numeric, depth)? {
                Datum::Numeric(n) => Jsonb::Number(n),
                _ => return Err(mismatch()),
            }
        }
        Jsonb::CLASS_STRING => Jsonb::String(SmolStr::new(text(take_slice(input)?)?)),
        Jsonb::CLASS_ARRAY => {
            let count = take_varint(input)?;
            (0..count).map(|_| take_jsonb(input, depth + 1)).collect::<Decoded<_>>().map(Jsonb::Array)?
        }
        Jsonb::CLASS_OBJECT => {
            let count = take_varint(input)?;
            let field = |_| Ok((SmolStr::new(text(take_slice(input)?)?), take_jsonb(input, depth + 1)?));
            (0..count).map(field).collect::<Decoded<_>>().map(Jsonb::Object)?
        }
        _ => return Err(DecodeError("unknown class of jsonb")),
    })
}
