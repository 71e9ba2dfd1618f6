//! Text formats: what each type's input and output function accepts and gives.
//!
//! [`from_text`] and [`to_text`] dispatch; scalars without a module of their own are in `scalar.rs`, floats in
//! `float.rs`, arrays and rows in `array.rs`. Output is appended to the caller's buffer, without an allocation for
//! each value.

pub mod array;
mod float;
mod scalar;

use std::sync::Arc;

use smol_str::SmolStr;

pub use float::{parse_f32, parse_f64, write_f32, write_f64};
pub use scalar::{
    apply_length, parse_bool, parse_bytea, parse_i16, parse_i32, parse_i64, parse_oid, parse_uuid,
    truncate_name, write_bytea, write_i64, write_uuid,
};

use crate::datetime;
use crate::error::{Error, Result, sqlstate};
use crate::json;
use crate::settings::FormatSettings;
use crate::{ColumnType, Datum, Interval, Jsonb, Numeric, Type};

/// The input function of a type, with the modifier applied as an assignment does (what is too long is an error).
pub fn from_text(text: &str, ty: ColumnType, settings: &FormatSettings) -> Result<Datum> {
    let typmod = ty.typmod;
    Ok(match ty.ty {
        Type::Bool => Datum::Bool(parse_bool(text)?),
        Type::Int2 => Datum::Int2(parse_i16(text)?),
        Type::Int4 => Datum::Int4(parse_i32(text)?),
        Type::Int8 => Datum::Int8(parse_i64(text)?),
        Type::Float4 => Datum::Float4(parse_f32(text)?),
        Type::Float8 => Datum::Float8(parse_f64(text)?),
        Type::Numeric => {
            let value = Numeric::parse(text)?;
            Datum::Numeric(if typmod < 4 { value } else { value.apply_typmod(typmod)? })
        }
        Type::Text | Type::Unknown => Datum::Text(SmolStr::new(text)),
        Type::Varchar | Type::Bpchar => Datum::Text(apply_length(SmolStr::new(text), ty, false)?),
        Type::Char => Datum::Text(scalar::first_char(text)?),
        Type::Name => Datum::Text(SmolStr::new(truncate_name(text))),
        Type::Bytea => Datum::Bytea(parse_bytea(text)?.into()),
        Type::Date => Datum::Date(datetime::parse_date(text, settings)?),
        Type::Time => Datum::Time(datetime::round_time(datetime::parse_time(text, settings)?, typmod)),
        Type::TimeTz => {
            let (time, zone) = datetime::parse_timetz(text, settings)?;
            Datum::TimeTz(datetime::round_time(time, typmod), zone)
        }
        Type::Timestamp => {
            Datum::Timestamp(datetime::round_micros(datetime::parse_timestamp(text, settings)?, typmod))
        }
        Type::TimestampTz => {
            Datum::TimestampTz(datetime::round_micros(datetime::parse_timestamptz(text, settings)?, typmod))
        }
        Type::Interval => Datum::Interval(Interval::parse(text, typmod, settings)?),
        Type::Uuid => Datum::Uuid(parse_uuid(text)?),
        Type::Json => {
            json::validate(text)?;
            Datum::Json(Arc::from(text))
        }
        Type::Jsonb => Datum::Jsonb(Arc::new(Jsonb::parse(text)?)),
        Type::Oid => Datum::Oid(parse_oid(text)?),
        Type::Xid => Datum::Oid(scalar::parse_xid(text)),
        Type::RegClass
        | Type::RegType
        | Type::RegProc
        | Type::RegNamespace
        | Type::RegOper
        | Type::RegOperator
        | Type::RegProcedure
        | Type::RegConfig
        | Type::RegDictionary
        | Type::RegRole
        | Type::RegCollation => Datum::Oid(parse_reg(text, ty.ty)?),
        Type::Int2Vector | Type::OidVector => array::parse_vector(text, ty.ty)?,
        Type::Array(element) => array::parse(text, ColumnType { ty: *element, typmod }, settings)?,
        Type::Record => {
            return Err(Error::new(
                sqlstate::FEATURE_NOT_SUPPORTED,
                "input of anonymous composite types is not implemented",
            ));
        }
        Type::Void => Datum::text(""),
        Type::NodeTree => {
            return Err(Error::new(
                sqlstate::FEATURE_NOT_SUPPORTED,
                "cannot accept a value of type pg_node_tree",
            ));
        }
    })
}

/// The output function. Appends to `out`; NULL appends nothing (callers mark NULL in their own way).
pub fn to_text(datum: &Datum, ty: Type, settings: &FormatSettings, out: &mut Vec<u8>) {
    match datum {
        Datum::Null => {}
        Datum::Bool(b) => out.push(if *b { b't' } else { b'f' }),
        Datum::Int2(i) => write_i64(i64::from(*i), out),
        Datum::Int4(i) => write_i64(i64::from(*i), out),
        Datum::Int8(i) => write_i64(*i, out),
        Datum::Float4(f) => write_f32(*f, settings.extra_float_digits, out),
        Datum::Float8(f) => write_f64(*f, settings.extra_float_digits, out),
        Datum::Numeric(n) => n.write(out),
        Datum::Text(s) => out.extend_from_slice(s.as_bytes()),
        Datum::Json(s) => out.extend_from_slice(s.as_bytes()),
        Datum::Bytea(b) => write_bytea(b, settings.bytea_output, out),
        Datum::Date(d) => datetime::write_date(*d, settings, out),
        Datum::Time(t) => datetime::write_time(*t, out),
        Datum::TimeTz(t, zone) => datetime::write_timetz(*t, *zone, out),
        Datum::Timestamp(t) => datetime::write_timestamp(*t, settings, out),
        Datum::TimestampTz(t) => datetime::write_timestamptz(*t, settings, out),
        Datum::Interval(i) => i.write(settings, out),
        Datum::Uuid(u) => write_uuid(u, out),
        Datum::Jsonb(j) => j.write(out),
        Datum::Oid(oid) => match (ty, *oid) {
            (object, 0) if object.is_object() => out.push(b'-'),
            (Type::RegType, oid) => match Type::from_oid(oid) {
                Some(named) => out.extend_from_slice(named.to_string().as_bytes()),
                None => write_i64(i64::from(oid), out),
            },
            (_, oid) => write_i64(i64::from(oid), out),
        },
        Datum::Array(array) if matches!(ty, Type::Int2Vector | Type::OidVector) => {
            array::write_vector(array, settings, out);
        }
        Datum::Array(array) => array::write(array, settings, out),
        Datum::Record(record) => array::write_record(record, settings, out),
    }
}

/// [`to_text`] as a string.
pub fn to_string(datum: &Datum, ty: Type, settings: &FormatSettings) -> String {
    let mut out = Vec::new();
    to_text(datum, ty, settings, &mut out);
    match String::from_utf8(out) {
        Ok(text) => text,
        Err(bad) => String::from_utf8_lossy(bad.as_bytes()).into_owned(),
    }
}

/// The error of every input function that does not understand its input.
pub(crate) fn invalid_syntax(ty: &str, text: &str) -> Error {
    Error::new(
        sqlstate::INVALID_TEXT_REPRESENTATION,
        format!("invalid input syntax for type {ty}: \"{text}\""),
    )
}

/// Numbers, `-`, and names of built-in types. Names of catalog objects are the session's to resolve.
fn parse_reg(text: &str, ty: Type) -> Result<u32> {
    let text = scalar::trim(text);
    if text == "-" {
        return Ok(0);
    }
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return parse_oid(text);
    }
    let (code, what) = match ty {
        Type::RegType => match Type::from_name(&text.to_lowercase()) {
            Some(found) => return Ok(found.oid()),
            None => (sqlstate::UNDEFINED_OBJECT, "type"),
        },
        Type::RegProc | Type::RegProcedure => (sqlstate::UNDEFINED_FUNCTION, "function"),
        Type::RegOper | Type::RegOperator => (sqlstate::UNDEFINED_FUNCTION, "operator"),
        Type::RegRole => (sqlstate::UNDEFINED_OBJECT, "role"),
        Type::RegCollation => (sqlstate::UNDEFINED_OBJECT, "collation"),
        Type::RegConfig => (sqlstate::UNDEFINED_OBJECT, "text search configuration"),
        Type::RegDictionary => (sqlstate::UNDEFINED_OBJECT, "text search dictionary"),
        Type::RegNamespace => (sqlstate::INVALID_SCHEMA_NAME, "schema"),
        _ => (sqlstate::UNDEFINED_TABLE, "relation"),
    };
    Err(Error::new(code, format!("{what} \"{text}\" does not exist")))
}
