//! Order-preserving keys: the order of the bytes is the order of the values, and values can be read back.
//!
//! ```text
//! one value   tag · body                    tag: 05 NULL first, 10 a value, f0 NULL last
//! bool, ints, oid, date, time, timestamps   1, 2, 4 or 8 bytes, sign bit flipped
//! floats      IEEE order, -0 as 0, NaN last
//! numeric     class · weight (3 bytes) · pairs of digits + 1 · 00, all inverted below zero
//! text, bytea 00 as 00 ff, end 00 01
//! interval    its length as one number (16 bytes)
//! arrays      elements, each with its tag, end 04 · lower bound
//! jsonb       class, then by class; see `encode_jsonb`
//! ```
//!
//! DESC inverts the body. Values that are equal encode alike, so that a unique index finds `1.0` and `1.00` in
//! conflict; what is lost thereby (display scale, the sign of -0, how an interval is put together) the row's value
//! keeps (see [`crate::row`]). [`is_lossless`] says for which types nothing is lost.

use std::sync::Arc;

use base::encoding::{self as enc, DecodeError, take, take_u8};
use num_bigint::BigInt;
use num_traits::Signed;
use smol_str::SmolStr;

use crate::error::{Error, Result, sqlstate};
use crate::value::Array;
use crate::{Datum, Interval, Jsonb, Numeric, Type};

const NULL_FIRST: u8 = 0x05;
const VALUE: u8 = 0x10;
const NULL_LAST: u8 = 0xf0;
const ARRAY_END: u8 = 0x04;

type Decoded<T> = std::result::Result<T, DecodeError>;

/// Whether values of the type can be in a key: all that have a B-tree order but rows.
pub fn is_indexable(ty: Type) -> bool {
    match ty {
        Type::Array(element) => is_indexable(*element),
        Type::Json
        | Type::Record
        | Type::Void
        | Type::Unknown
        | Type::NodeTree
        | Type::Xid
        | Type::Int2Vector => false,
        _ => true,
    }
}

/// Whether equal values of the type are identical, so that the key alone gives the value back.
pub fn is_lossless(ty: Type) -> bool {
    match ty {
        Type::Array(element) => is_lossless(*element),
        Type::Float4 | Type::Float8 | Type::Numeric | Type::Interval | Type::Jsonb => false,
        _ => true,
    }
}

/// Appends a value. 0A000 if it is of a type that cannot be in a key.
pub fn encode(datum: &Datum, desc: bool, nulls_first: bool, out: &mut Vec<u8>) -> Result<()> {
    if datum.is_null() {
        out.push(if nulls_first { NULL_FIRST } else { NULL_LAST });
        return Ok(());
    }
    out.push(VALUE);
    let start = out.len();
    encode_body(datum, out)?;
    if desc {
        enc::invert(out, start);
    }
    Ok(())
}

fn encode_body(datum: &Datum, out: &mut Vec<u8>) -> Result<()> {
    match datum {
        Datum::Bool(b) => out.push((*b).into()),
        Datum::Int2(i) => out.extend_from_slice(&((*i as u16) ^ (1 << 15)).to_be_bytes()),
        Datum::Int4(i) | Datum::Date(i) => enc::put_u32(out, (*i as u32) ^ (1 << 31)),
        Datum::Int8(i) | Datum::Time(i) | Datum::Timestamp(i) | Datum::TimestampTz(i) => {
            enc::put_i64(out, *i)
        }
        Datum::Oid(oid) => enc::put_u32(out, *oid),
        Datum::Float4(f) => enc::put_f64(out, f64::from(*f)),
        Datum::Float8(f) => enc::put_f64(out, *f),
        Datum::Numeric(n) => encode_numeric(n, out),
        Datum::Text(s) => enc::put_bytes(out, s.as_bytes()),
        Datum::Bytea(b) => enc::put_bytes(out, b),
        Datum::TimeTz(time, zone) => {
            enc::put_i64(out, time + i64::from(*zone) * 1_000_000);
            enc::put_u32(out, (*zone as u32) ^ (1 << 31));
        }
        Datum::Interval(i) => out.extend_from_slice(&((i.span() as u128) ^ (1 << 127)).to_be_bytes()),
        Datum::Uuid(u) => out.extend_from_slice(u),
        Datum::Jsonb(j) => encode_jsonb(j, true, out),
        Datum::Array(array) => {
            for item in &array.items {
                encode(item, false, false, out)?;
            }
            out.push(ARRAY_END);
            let lower = if array.items.is_empty() { 1 } else { array.lower };
            enc::put_u32(out, (lower as u32) ^ (1 << 31));
        }
        Datum::Null => {}
        Datum::Json(_) | Datum::Record(_) => {
            return Err(Error::new(
                sqlstate::UNDEFINED_OBJECT,
                format!(
                    "data type {} has no default operator class for access method \"btree\"",
                    if matches!(datum, Datum::Json(_)) { "json" } else { "record" }
                ),
            ));
        }
    }
    Ok(())
}

/// Takes a value off. XX001 if the bytes are not what [`encode`] writes.
pub fn decode(input: &mut &[u8], ty: Type, desc: bool, nulls_first: bool) -> Result<Datum> {
    decode_tagged(input, ty, desc, nulls_first).map_err(corrupt)
}

/// Passes over a value without building it; whether it is NULL.
pub fn skip(input: &mut &[u8], ty: Type, desc: bool) -> Result<bool> {
    let mut pass = || -> Decoded<bool> {
        match take_u8(input)? {
            NULL_FIRST | NULL_LAST => return Ok(true),
            VALUE => {}
            _ => return Err(DecodeError("unknown tag in a key")),
        }
        match fixed_width(ty) {
            Some(width) => take(input, width).map(|_| false),
            None if matches!(ty, Type::Array(_) | Type::OidVector | Type::Numeric | Type::Jsonb) => {
                decode_body(input, ty, desc).map(|_| false)
            }
            None => terminated(input, desc).map(|_| false),
        }
    };
    pass().map_err(corrupt)
}

pub(crate) fn corrupt(error: DecodeError) -> Error {
    Error::new(sqlstate::DATA_CORRUPTED, error.to_string())
}

fn fixed_width(ty: Type) -> Option<usize> {
    Some(match ty {
        Type::Bool => 1,
        Type::Int2 => 2,
        Type::Int4 | Type::Date => 4,
        oid if oid.is_oid() => 4,
        Type::Int8 | Type::Time | Type::Timestamp | Type::TimestampTz | Type::Float4 | Type::Float8 => 8,
        Type::TimeTz => 12,
        Type::Interval | Type::Uuid => 16,
        _ => return None,
    })
}

fn decode_tagged(input: &mut &[u8], ty: Type, desc: bool, nulls_first: bool) -> Decoded<Datum> {
    match take_u8(input)? {
        NULL_FIRST if nulls_first => Ok(Datum::Null),
        NULL_LAST if !nulls_first => Ok(Datum::Null),
        VALUE => decode_body(input, ty, desc),
        _ => Err(DecodeError("unknown tag in a key")),
    }
}

/// N bytes, turned back if they are inverted.
fn fixed<const N: usize>(input: &mut &[u8], desc: bool) -> Decoded<[u8; N]> {
    let mut bytes: [u8; N] = take(input, N)?.try_into().map_err(|_| DecodeError("too short"))?;
    if desc {
        bytes.iter_mut().for_each(|b| *b = !*b);
    }
    Ok(bytes)
}

/// The raw bytes of text or bytea up to and with the end mark.
fn terminated<'a>(input: &mut &'a [u8], desc: bool) -> Decoded<&'a [u8]> {
    let (escape, end) = if desc { (0xff, 0xfe) } else { (0x00, 0x01) };
    let mut at = 0;
    loop {
        let next =
            input[at..].iter().position(|b| *b == escape).ok_or(DecodeError("bytes without an end"))?;
        at += next + 2;
        match input.get(at - 1) {
            Some(mark) if *mark == end => return take(input, at),
            Some(_) => {}
            None => return Err(DecodeError("bytes without an end")),
        }
    }
}

fn decode_bytes(input: &mut &[u8], desc: bool) -> Decoded<Vec<u8>> {
    let raw = terminated(input, desc)?;
    if desc {
        let inverted: Vec<u8> = raw.iter().map(|b| !b).collect();
        return enc::take_bytes(&mut inverted.as_slice());
    }
    enc::take_bytes(&mut &raw[..])
}

fn decode_text(input: &mut &[u8], desc: bool) -> Decoded<SmolStr> {
    let as_text = |bytes: &[u8]| {
        std::str::from_utf8(bytes).map(SmolStr::new).map_err(|_| DecodeError("text is no UTF-8"))
    };
    if !desc {
        let raw = terminated(input, false)?;
        let body = &raw[..raw.len() - 2];
        // Text has no zero bytes, so that there is nothing to unescape.
        if !body.contains(&0) {
            return as_text(body);
        }
        return as_text(&enc::take_bytes(&mut &raw[..])?);
    }
    as_text(&decode_bytes(input, desc)?)
}

fn decode_body(input: &mut &[u8], ty: Type, desc: bool) -> Decoded<Datum> {
    let i64_of = |bytes: [u8; 8]| (u64::from_be_bytes(bytes) ^ (1 << 63)) as i64;
    let i32_of = |bytes: [u8; 4]| (u32::from_be_bytes(bytes) ^ (1 << 31)) as i32;
    Ok(match ty {
        Type::Bool => match fixed::<1>(input, desc)? {
            [0] => Datum::Bool(false),
            [1] => Datum::Bool(true),
            _ => return Err(DecodeError("no boolean")),
        },
        Type::Int2 => Datum::Int2((u16::from_be_bytes(fixed(input, desc)?) ^ (1 << 15)) as i16),
        Type::Int4 => Datum::Int4(i32_of(fixed(input, desc)?)),
        Type::Int8 => Datum::Int8(i64_of(fixed(input, desc)?)),
        Type::Date => Datum::Date(i32_of(fixed(input, desc)?)),
        Type::Time => Datum::Time(i64_of(fixed(input, desc)?)),
        Type::Timestamp => Datum::Timestamp(i64_of(fixed(input, desc)?)),
        Type::TimestampTz => Datum::TimestampTz(i64_of(fixed(input, desc)?)),
        Type::TimeTz => {
            let moment = i64_of(fixed(input, desc)?);
            let zone = i32_of(fixed(input, desc)?);
            Datum::TimeTz(moment.wrapping_sub(i64::from(zone) * 1_000_000), zone)
        }
        Type::Float4 => Datum::Float4(enc::take_f64(&mut &fixed::<8>(input, desc)?[..])? as f32),
        Type::Float8 => Datum::Float8(enc::take_f64(&mut &fixed::<8>(input, desc)?[..])?),
        Type::Numeric => Datum::Numeric(decode_numeric(input, desc)?),
        Type::Text | Type::Varchar | Type::Bpchar | Type::Name | Type::Char => {
            Datum::Text(decode_text(input, desc)?)
        }
        Type::Bytea => Datum::Bytea(decode_bytes(input, desc)?.into()),
        Type::Interval => {
            let span = (u128::from_be_bytes(fixed(input, desc)?) ^ (1 << 127)) as i128;
            Datum::Interval(Interval::from_span(span))
        }
        Type::Uuid => Datum::Uuid(fixed(input, desc)?),
        Type::Jsonb => {
            if desc {
                return inverted(input, ty);
            }
            Datum::Jsonb(Arc::new(decode_jsonb(input, 0)?))
        }
        Type::Array(_) | Type::OidVector => {
            if desc {
                return inverted(input, ty);
            }
            let element = ty.element().unwrap_or(Type::Oid);
            let mut items = Vec::new();
            loop {
                match input.first() {
                    Some(&ARRAY_END) => break,
                    Some(_) => items.push(decode_tagged(input, element, false, false)?),
                    None => return Err(DecodeError("array without an end")),
                }
            }
            take_u8(input)?;
            let lower = i32_of(fixed(input, false)?);
            // Empty ones have no bounds in a key; vectors always begin at 0.
            let lower = if items.is_empty() && ty == Type::OidVector { 0 } else { lower };
            Datum::Array(Arc::new(Array { element, lower, items }))
        }
        other if other.is_oid() => Datum::Oid(u32::from_be_bytes(fixed(input, desc)?)),
        _ => return Err(DecodeError("a type that cannot be in a key")),
    })
}

/// Decodes what is nested from a copy that is turned back.
fn inverted(input: &mut &[u8], ty: Type) -> Decoded<Datum> {
    let copy: Vec<u8> = input.iter().map(|b| !b).collect();
    let mut rest = copy.as_slice();
    let datum = decode_body(&mut rest, ty, false)?;
    let used = copy.len() - rest.len();
    take(input, used)?;
    Ok(datum)
}

const NUMERIC_NEG_INFINITY: u8 = 0x10;
const NUMERIC_NEGATIVE: u8 = 0x20;
const NUMERIC_ZERO: u8 = 0x30;
const NUMERIC_POSITIVE: u8 = 0x40;
const NUMERIC_INFINITY: u8 = 0x50;
const NUMERIC_NAN: u8 = 0x60;
/// Added to the weight, which is between -8192 and 65536.
const WEIGHT_BIAS: i32 = 1 << 20;

/// The class; then, but for zero and what is not finite, the power of 100 of the first pair of digits, and the pairs.
fn encode_numeric(n: &Numeric, out: &mut Vec<u8>) {
    let Some((mantissa, scale)) = n.canonical() else {
        out.push(match n {
            Numeric::NaN => NUMERIC_NAN,
            Numeric::Infinity => NUMERIC_INFINITY,
            _ => NUMERIC_NEG_INFINITY,
        });
        return;
    };
    if n.is_zero() {
        out.push(NUMERIC_ZERO);
        return;
    }
    let negative = mantissa.is_negative();
    out.push(if negative { NUMERIC_NEGATIVE } else { NUMERIC_POSITIVE });
    let start = out.len();
    let mut digits = mantissa.magnitude().to_str_radix(10).into_bytes();
    if scale % 2 == 1 {
        digits.push(b'0');
    }
    if digits.len() % 2 == 1 {
        digits.insert(0, b'0');
    }
    let weight = digits.len() as i32 / 2 - 1 - i32::from(scale.div_ceil(2));
    out.extend_from_slice(&((weight + WEIGHT_BIAS) as u32).to_be_bytes()[1..]);
    let pairs = digits.chunks_exact(2).map(|pair| (pair[0] - b'0') * 10 + (pair[1] - b'0') + 1);
    out.extend(pairs);
    while out.last() == Some(&1) {
        out.pop();
    }
    out.push(0);
    if negative {
        enc::invert(out, start);
    }
}

fn decode_numeric(input: &mut &[u8], desc: bool) -> Decoded<Numeric> {
    let [class] = fixed::<1>(input, desc)?;
    let flip = match class {
        NUMERIC_NEG_INFINITY => return Ok(Numeric::NegInfinity),
        NUMERIC_INFINITY => return Ok(Numeric::Infinity),
        NUMERIC_NAN => return Ok(Numeric::NaN),
        NUMERIC_ZERO => return Ok(Numeric::ZERO),
        NUMERIC_NEGATIVE => !desc,
        NUMERIC_POSITIVE => desc,
        _ => return Err(DecodeError("unknown class of numeric")),
    };
    let weight: [u8; 3] = fixed(input, flip)?;
    let weight = u32::from_be_bytes([0, weight[0], weight[1], weight[2]]) as i32 - WEIGHT_BIAS;
    let end = input
        .iter()
        .position(|b| *b == if flip { 0xff } else { 0 })
        .ok_or(DecodeError("numeric without an end"))?;
    let pairs = &take(input, end + 1)?[..end];
    let mut digits = Vec::with_capacity(pairs.len() * 2);
    for byte in pairs {
        let pair = if flip { !byte } else { *byte }.wrapping_sub(1);
        if pair > 99 {
            return Err(DecodeError("no pair of digits"));
        }
        digits.extend_from_slice(&[b'0' + pair / 10, b'0' + pair % 10]);
    }
    let mut mantissa = BigInt::parse_bytes(&digits, 10).ok_or(DecodeError("numeric without digits"))?;
    let scale = (pairs.len() as i64 - 1 - i64::from(weight)) * 2;
    if scale > i64::from(crate::numeric::SCALE_MAX) + 1 || scale < -140_000 {
        return Err(DecodeError("numeric out of range"));
    }
    if class == NUMERIC_NEGATIVE {
        mantissa = -mantissa;
    }
    Ok(if scale >= 0 {
        // The last pair may end in a zero that is no digit of the value.
        let (mantissa, scale) = if scale > 0 && digits.last() == Some(&b'0') {
            (mantissa / 10, scale - 1)
        } else {
            (mantissa, scale)
        };
        Numeric::from_parts(mantissa, scale as u16)
    } else {
        Numeric::from_parts(mantissa * BigInt::from(10u32).pow(-scale as u32), 0)
    })
}

/// PostgreSQL's order of jsonb: by kind, arrays and objects by how many they hold, then member by member; objects
/// key and value in turn.
fn encode_jsonb(value: &Jsonb, top: bool, out: &mut Vec<u8>) {
    out.push(value.order_class(top));
    match value {
        Jsonb::Null | Jsonb::Bool(_) => {}
        Jsonb::String(s) => enc::put_bytes(out, s.as_bytes()),
        Jsonb::Number(n) => encode_numeric(n, out),
        Jsonb::Array(items) => {
            enc::put_u32(out, items.len() as u32);
            items.iter().for_each(|item| encode_jsonb(item, false, out));
        }
        Jsonb::Object(fields) => {
            enc::put_u32(out, fields.len() as u32);
            for (key, value) in fields {
                enc::put_bytes(out, key.as_bytes());
                encode_jsonb(value, false, out);
            }
        }
    }
}

/// How deep documents in keys may be.
const JSON_DEPTH_MAX: usize = 512;

fn decode_jsonb(input: &mut &[u8], depth: usize) -> Decoded<Jsonb> {
    if depth > JSON_DEPTH_MAX {
        return Err(DecodeError("jsonb is too deep"));
    }
    Ok(match take_u8(input)? {
        Jsonb::CLASS_NULL => Jsonb::Null,
        Jsonb::CLASS_STRING => Jsonb::String(decode_text(input, false)?),
        Jsonb::CLASS_NUMBER => Jsonb::Number(decode_numeric(input, false)?),
        Jsonb::CLASS_FALSE => Jsonb::Bool(false),
        Jsonb::CLASS_TRUE => Jsonb::Bool(true),
        Jsonb::CLASS_EMPTY_ARRAY | Jsonb::CLASS_ARRAY => {
            let n = enc::take_u32(input)?;
            (0..n).map(|_| decode_jsonb(input, depth + 1)).collect::<Decoded<Vec<_>>>().map(Jsonb::Array)?
        }
        Jsonb::CLASS_OBJECT => {
            let n = enc::take_u32(input)?;
            let field = |_| Ok((decode_text(input, false)?, decode_jsonb(input, depth + 1)?));
            (0..n).map(field).collect::<Decoded<Vec<_>>>().map(Jsonb::Object)?
        }
        _ => return Err(DecodeError("unknown class of jsonb")),
    })
}
