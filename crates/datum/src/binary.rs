//! Binary formats: what each type's receive and send function reads and writes. All integers are big endian.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::datetime::{MICROS_PER_DAY, is_date, is_infinite, is_timestamp};
use crate::error::{Error, Result, sqlstate};
use crate::numeric::Groups;
use crate::value::{Array, Record};
use crate::{Datum, Interval, Jsonb, Numeric, Type, json};

fn bad(message: impl Into<String>) -> Error {
    Error::new(sqlstate::INVALID_BINARY_REPRESENTATION, message)
}

fn protocol(message: &str) -> Error {
    Error::new(sqlstate::PROTOCOL_VIOLATION, message)
}

/// What is left of a message.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        let (head, tail) =
            self.0.split_at_checked(n).ok_or_else(|| protocol("insufficient data left in message"))?;
        self.0 = tail;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| protocol("insufficient data left in message"))
    }

    fn u8(&mut self) -> Result<u8> {
        self.array::<1>().map(|[b]| b)
    }

    fn i16(&mut self) -> Result<i16> {
        self.array().map(i16::from_be_bytes)
    }

    fn i32(&mut self) -> Result<i32> {
        self.array().map(i32::from_be_bytes)
    }

    fn i64(&mut self) -> Result<i64> {
        self.array().map(i64::from_be_bytes)
    }

    fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }
}

fn utf8(bytes: &[u8]) -> Result<&str> {
    let error = |at: usize, len: usize| {
        let sequence: Vec<String> = bytes[at..].iter().take(len).map(|b| format!("0x{b:02x}")).collect();
        Error::new(
            sqlstate::CHARACTER_NOT_IN_REPERTOIRE,
            format!("invalid byte sequence for encoding \"UTF8\": {}", sequence.join(" ")),
        )
    };
    let text = std::str::from_utf8(bytes).map_err(|bad| {
        let at = bad.valid_up_to();
        // PostgreSQL names as many bytes as the first one announces.
        let announced = match bytes[at] {
            0xc0..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf7 => 4,
            _ => 1,
        };
        error(at, announced)
    })?;
    match bytes.iter().position(|b| *b == 0) {
        Some(at) => Err(error(at, 1)),
        None => Ok(text),
    }
}

/// The receive function. 22P03 and 08P01 as PostgreSQL gives them. Modifiers are the caller's to apply
/// ([`crate::cast::apply_typmod`]).
pub fn from_binary(bytes: &[u8], ty: Type) -> Result<Datum> {
    let mut reader = Reader(bytes);
    let datum = receive(&mut reader, ty)?;
    if reader.0.is_empty() { Ok(datum) } else { Err(bad("incorrect binary data format")) }
}

fn receive(reader: &mut Reader<'_>, ty: Type) -> Result<Datum> {
    Ok(match ty {
        Type::Bool => Datum::Bool(reader.u8()? != 0),
        Type::Int2 => Datum::Int2(reader.i16()?),
        Type::Int4 => Datum::Int4(reader.i32()?),
        Type::Int8 => Datum::Int8(reader.i64()?),
        Type::Float4 => Datum::Float4(f32::from_bits(reader.i32()? as u32)),
        Type::Float8 => Datum::Float8(f64::from_bits(reader.i64()? as u64)),
        Type::Numeric => Datum::Numeric(numeric(reader)?),
        Type::Text | Type::Varchar | Type::Bpchar | Type::Unknown => {
            Datum::Text(SmolStr::new(utf8(reader.rest())?))
        }
        Type::Name => {
            let text = utf8(reader.rest())?;
            if text.len() > 63 {
                return Err(Error::new(sqlstate::NAME_TOO_LONG, "identifier too long")
                    .detail("Identifier must be less than 64 characters."));
            }
            Datum::Text(SmolStr::new(text))
        }
        Type::Char => {
            let byte = reader.u8()?;
            if !byte.is_ascii() {
                return Err(bad("invalid \"char\" value"));
            }
            Datum::Text(if byte == 0 { SmolStr::default() } else { SmolStr::from_iter([byte as char]) })
        }
        Type::Bytea => Datum::Bytea(reader.rest().into()),
        Type::Date => {
            let date = reader.i32()?;
            if date != i32::MIN && date != i32::MAX && !is_date(date) {
                return Err(Error::new(sqlstate::DATETIME_FIELD_OVERFLOW, "date out of range"));
            }
            Datum::Date(date)
        }
        Type::Time => Datum::Time(time(reader)?),
        Type::TimeTz => {
            let time = time(reader)?;
            let zone = reader.i32()?;
            if zone.unsigned_abs() >= 16 * 3600 {
                return Err(Error::new(sqlstate::INVALID_TIME_ZONE, "time zone displacement out of range"));
            }
            Datum::TimeTz(time, zone)
        }
        Type::Timestamp | Type::TimestampTz => {
            let ts = reader.i64()?;
            if !is_infinite(ts) && !is_timestamp(ts) {
                return Err(Error::new(sqlstate::DATETIME_FIELD_OVERFLOW, "timestamp out of range"));
            }
            if ty == Type::Timestamp { Datum::Timestamp(ts) } else { Datum::TimestampTz(ts) }
        }
        Type::Interval => {
            let (micros, days, months) = (reader.i64()?, reader.i32()?, reader.i32()?);
            Datum::Interval(Interval { months, days, micros })
        }
        Type::Uuid => Datum::Uuid(reader.array()?),
        Type::Json => {
            let text = utf8(reader.rest())?;
            json::validate(text)?;
            Datum::Json(Arc::from(text))
        }
        Type::Jsonb => {
            let version = reader.u8()?;
            if version != 1 {
                return Err(Error::internal(format!("unsupported jsonb version number {version}")));
            }
            Datum::Jsonb(Arc::new(Jsonb::parse(utf8(reader.rest())?)?))
        }
        Type::Oid
        | Type::Xid
        | Type::RegClass
        | Type::RegType
        | Type::RegProc
        | Type::RegNamespace
        | Type::RegOper
        | Type::RegOperator
        | Type::RegProcedure
        | Type::RegConfig
        | Type::RegDictionary
        | Type::RegRole
        | Type::RegCollation => Datum::Oid(reader.i32()? as u32),
        Type::Array(element) => array(reader, *element)?,
        Type::Int2Vector => vector(reader, Type::Int2, "int2vector")?,
        Type::OidVector => vector(reader, Type::Oid, "oidvector")?,
        Type::Record => record(reader)?,
        Type::Void => {
            reader.rest();
            Datum::text("")
        }
        Type::NodeTree => {
            return Err(Error::new(
                sqlstate::FEATURE_NOT_SUPPORTED,
                "cannot accept a value of type pg_node_tree",
            ));
        }
    })
}

fn time(reader: &mut Reader<'_>) -> Result<i64> {
    let time = reader.i64()?;
    if !(0..=MICROS_PER_DAY).contains(&time) {
        return Err(Error::new(sqlstate::DATETIME_FIELD_OVERFLOW, "time out of range"));
    }
    Ok(time)
}

fn numeric(reader: &mut Reader<'_>) -> Result<Numeric> {
    let count = reader.i16()? as u16;
    let weight = reader.i16()?;
    let sign = reader.i16()? as u16;
    let scale = reader.i16()? as u16;
    if !matches!(sign, 0 | 0x4000 | 0xC000 | 0xD000 | 0xF000) {
        return Err(bad("invalid sign in external \"numeric\" value"));
    }
    if scale > 0x3fff {
        return Err(bad("invalid scale in external \"numeric\" value"));
    }
    let mut groups = Vec::with_capacity(usize::from(count).min(reader.0.len() / 2));
    for _ in 0..count {
        let group = reader.i16()?;
        if !(0..10_000).contains(&group) {
            return Err(bad("invalid digit in external \"numeric\" value"));
        }
        groups.push(group as u16);
    }
    Numeric::from_groups(&Groups { weight, sign, scale, groups })
        .ok_or_else(|| bad("invalid sign in external \"numeric\" value"))
}

fn array(reader: &mut Reader<'_>, element: Type) -> Result<Datum> {
    let dimensions = reader.i32()?;
    if dimensions < 0 {
        return Err(bad(format!("invalid number of dimensions: {dimensions}")));
    }
    if dimensions > 6 {
        return Err(Error::new(
            sqlstate::PROGRAM_LIMIT_EXCEEDED,
            format!("number of array dimensions ({dimensions}) exceeds the maximum allowed (6)"),
        ));
    }
    let flags = reader.i32()?;
    if flags != 0 && flags != 1 {
        return Err(bad("invalid array flags"));
    }
    let oid = reader.i32()? as u32;
    if oid != element.oid() {
        let name = |oid: u32| Type::from_oid(oid).map_or_else(|| "???".to_owned(), |ty| ty.to_string());
        return Err(Error::new(
            sqlstate::DATATYPE_MISMATCH,
            format!(
                "binary data has array element type {oid} ({}) instead of expected {} ({})",
                name(oid),
                element.oid(),
                name(element.oid())
            ),
        ));
    }
    if dimensions == 0 {
        return Ok(Datum::array(element, Vec::new()));
    }
    if dimensions > 1 {
        return Err(Error::unsupported("an array of more than one dimension"));
    }
    let (count, lower) = (reader.i32()?, reader.i32()?);
    let count = usize::try_from(count).map_err(|_| {
        Error::new(sqlstate::PROGRAM_LIMIT_EXCEEDED, "array size exceeds the maximum allowed (134217727)")
    })?;
    if lower.checked_add(count as i32).is_none() {
        return Err(Error::new(
            sqlstate::PROGRAM_LIMIT_EXCEEDED,
            format!("array lower bound is too large: {lower}"),
        ));
    }
    let mut items = Vec::with_capacity(count.min(reader.0.len() / 4));
    for i in 0..count {
        items.push(match sized(reader)? {
            None => Datum::Null,
            Some(bytes) => from_binary(bytes, element).map_err(|error| {
                if error.code() == sqlstate::INVALID_BINARY_REPRESENTATION
                    && error.fields().message == "incorrect binary data format"
                {
                    bad(format!("improper binary format in array element {}", i + 1))
                } else {
                    error
                }
            })?,
        });
    }
    let lower = if items.is_empty() { 1 } else { lower };
    Ok(Datum::Array(Arc::new(Array { element, lower, items })))
}

/// A vector: an array from 0, without NULLs.
fn vector(reader: &mut Reader<'_>, element: Type, name: &str) -> Result<Datum> {
    let mut bounds = Reader(reader.0);
    let (dimensions, _flags, _oid, _count, lower) =
        (bounds.i32()?, bounds.i32()?, bounds.i32()?, bounds.i32(), bounds.i32());
    let datum = array(reader, element)?;
    match datum {
        Datum::Array(array)
            if dimensions == 1
                && lower.is_ok_and(|lower| lower == 0)
                && !array.items.contains(&Datum::Null) =>
        {
            let items = array.items.clone();
            Ok(Datum::Array(Arc::new(Array { element, lower: 0, items })))
        }
        _ => Err(bad(format!("invalid {name} data"))),
    }
}

/// A length and as many bytes; -1 is NULL.
fn sized<'a>(reader: &mut Reader<'a>) -> Result<Option<&'a [u8]>> {
    match reader.i32()? {
        -1 => Ok(None),
        len => {
            let len = usize::try_from(len).map_err(|_| protocol("insufficient data left in message"))?;
            reader.take(len).map(Some)
        }
    }
}

fn record(reader: &mut Reader<'_>) -> Result<Datum> {
    let count = reader.i32()?;
    let (mut fields, mut types) = (Vec::new(), Vec::new());
    for i in 0..count {
        let oid = reader.i32()? as u32;
        let ty = Type::from_oid(oid)
            .ok_or_else(|| bad(format!("unknown type OID {oid} in record column {}", i + 1)))?;
        fields.push(match sized(reader)? {
            None => Datum::Null,
            Some(bytes) => from_binary(bytes, ty)?,
        });
        types.push(ty);
    }
    Ok(Datum::record(fields, types))
}

/// The send function. Appends the value without a length; NULL appends nothing (callers write a length of -1).
pub fn to_binary(datum: &Datum, ty: Type, out: &mut Vec<u8>) -> Result<()> {
    match datum {
        Datum::Null => {}
        Datum::Bool(b) => out.push((*b).into()),
        Datum::Int2(i) => out.extend_from_slice(&i.to_be_bytes()),
        Datum::Int4(i) | Datum::Date(i) => out.extend_from_slice(&i.to_be_bytes()),
        Datum::Int8(i) | Datum::Time(i) | Datum::Timestamp(i) | Datum::TimestampTz(i) => {
            out.extend_from_slice(&i.to_be_bytes());
        }
        Datum::Float4(f) => out.extend_from_slice(&f.to_bits().to_be_bytes()),
        Datum::Float8(f) => out.extend_from_slice(&f.to_bits().to_be_bytes()),
        Datum::Numeric(n) => {
            let groups = n.to_groups();
            out.extend_from_slice(&(groups.groups.len() as u16).to_be_bytes());
            out.extend_from_slice(&groups.weight.to_be_bytes());
            out.extend_from_slice(&groups.sign.to_be_bytes());
            out.extend_from_slice(&groups.scale.to_be_bytes());
            groups.groups.iter().for_each(|group| out.extend_from_slice(&group.to_be_bytes()));
        }
        Datum::Text(s) if ty == Type::Char => out.push(s.bytes().next().unwrap_or(0)),
        Datum::Text(s) => out.extend_from_slice(s.as_bytes()),
        Datum::Json(s) => out.extend_from_slice(s.as_bytes()),
        Datum::Bytea(b) => out.extend_from_slice(b),
        Datum::TimeTz(time, zone) => {
            out.extend_from_slice(&time.to_be_bytes());
            out.extend_from_slice(&zone.to_be_bytes());
        }
        Datum::Interval(i) => {
            out.extend_from_slice(&i.micros.to_be_bytes());
            out.extend_from_slice(&i.days.to_be_bytes());
            out.extend_from_slice(&i.months.to_be_bytes());
        }
        Datum::Uuid(u) => out.extend_from_slice(u),
        Datum::Jsonb(j) => {
            out.push(1);
            j.write(out);
        }
        Datum::Oid(oid) => out.extend_from_slice(&oid.to_be_bytes()),
        Datum::Array(array) => send_array(array, matches!(ty, Type::Int2Vector | Type::OidVector), out)?,
        Datum::Record(record) => send_record(record, out)?,
    }
    Ok(())
}

fn send_sized(datum: &Datum, ty: Type, out: &mut Vec<u8>) -> Result<()> {
    if datum.is_null() {
        out.extend_from_slice(&(-1i32).to_be_bytes());
        return Ok(());
    }
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    to_binary(datum, ty, out)?;
    let len = i32::try_from(out.len() - start - 4).map_err(|_| {
        Error::new(sqlstate::PROGRAM_LIMIT_EXCEEDED, "a value is too long for the binary format")
    })?;
    out[start..start + 4].copy_from_slice(&len.to_be_bytes());
    Ok(())
}

fn send_array(array: &Array, vector: bool, out: &mut Vec<u8>) -> Result<()> {
    let has_null = array.items.iter().any(Datum::is_null);
    // Vectors have their dimension even if they are empty.
    let dimensions = i32::from(vector || !array.items.is_empty());
    out.extend_from_slice(&dimensions.to_be_bytes());
    out.extend_from_slice(&i32::from(has_null).to_be_bytes());
    out.extend_from_slice(&array.element.oid().to_be_bytes());
    if dimensions == 1 {
        out.extend_from_slice(&(array.items.len() as i32).to_be_bytes());
        out.extend_from_slice(&array.lower.to_be_bytes());
    }
    array.items.iter().try_for_each(|item| send_sized(item, array.element, out))
}

fn send_record(record: &Record, out: &mut Vec<u8>) -> Result<()> {
    out.extend_from_slice(&(record.fields.len() as i32).to_be_bytes());
    for (field, ty) in record.fields.iter().zip(&record.types) {
        out.extend_from_slice(&ty.oid().to_be_bytes());
        send_sized(field, *ty, out)?;
    }
    Ok(())
}

/// Whether text needs no more checks to be stored: valid UTF-8 without zero bytes. 22021 otherwise.
pub fn check_text(bytes: &[u8]) -> Result<&str> {
    utf8(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ColumnType, text};

    #[test]
    fn every_type_round_trips() {
        let settings = crate::FormatSettings::default();
        let cases = [
            (Type::Bool, "t"),
            (Type::Int2, "-5"),
            (Type::Int4, "70000"),
            (Type::Int8, "-9223372036854775808"),
            (Type::Float4, "1.5"),
            (Type::Float8, "-1e+300"),
            (Type::Numeric, "12345678901234567890.001200"),
            (Type::Numeric, "-0.00001"),
            (Type::Numeric, "NaN"),
            (Type::Numeric, "-Infinity"),
            (Type::Text, "hä"),
            (Type::Char, "x"),
            (Type::Bytea, "\\x00ff"),
            (Type::Date, "2020-02-29"),
            (Type::Time, "23:59:59.999999"),
            (Type::TimeTz, "12:00:00-03:30"),
            (Type::Timestamp, "infinity"),
            (Type::TimestampTz, "2020-02-29 12:00:00+00"),
            (Type::Interval, "1 year 2 mons -3 days +04:05:06"),
            (Type::Uuid, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
            (Type::Json, "[1 , 2]"),
            (Type::Jsonb, "{\"a\": [1, null]}"),
            (Type::Oid, "4294967295"),
            (Type::Array(&Type::Text), "[0:2]={a,NULL,\"b c\"}"),
            (Type::Array(&Type::Int4), "{}"),
            (Type::Int2Vector, "1 2 3"),
        ];
        for (ty, text) in cases {
            let datum = text::from_text(text, ColumnType::plain(ty), &settings).unwrap();
            let mut bytes = Vec::new();
            to_binary(&datum, ty, &mut bytes).unwrap();
            let back = from_binary(&bytes, ty).unwrap();
            assert_eq!(text::to_string(&back, ty, &settings), text, "{ty}");
            bytes.push(0);
            assert!(ty == Type::Bytea || from_binary(&bytes, ty).is_err(), "{ty} with a byte too many");
        }
        let record = Datum::record(vec![Datum::Int4(1), Datum::Null], vec![Type::Int4, Type::Text]);
        let mut bytes = Vec::new();
        to_binary(&record, Type::Record, &mut bytes).unwrap();
        assert_eq!(from_binary(&bytes, Type::Record).unwrap(), record);
    }

    #[test]
    fn bad_input_is_refused() {
        assert_eq!(from_binary(&[0, 0], Type::Int4).unwrap_err().code(), "08P01");
        assert_eq!(from_binary(&[0; 5], Type::Int4).unwrap_err().code(), "22P03");
        assert_eq!(from_binary(&[0xff], Type::Text).unwrap_err().code(), "22021");
        assert_eq!(
            from_binary(&[0, 1, 0, 0, 0, 0, 0, 0, 0x27, 0x10], Type::Numeric).unwrap_err().code(),
            "22P03"
        );
    }
}
