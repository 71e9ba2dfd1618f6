//! Casts: which there are ([`find`], as pg_cast says) and what they do ([`cast`]).
//!
//! Beside pg_cast there are the casts through text: any type to a string type in assignments, a string type to any
//! type where it is written, and arrays element by element.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::datetime;
use crate::error::{Error, Result, sqlstate};
use crate::function::Volatility;
use crate::settings::FormatSettings;
use crate::value::Array;
use crate::{ColumnType, Datum, Interval, Jsonb, Numeric, Type, text};

/// Where a cast may happen without being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CastContext {
    /// Only where written.
    Explicit,
    /// In assignments too.
    Assignment,
    /// In expressions too.
    Implicit,
}

/// A cast from one type to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CastInfo {
    /// Where it may happen.
    pub context: CastContext,
    /// Immutable, or stable where it depends on the session's settings.
    pub volatility: Volatility,
    /// Nothing changes but the type.
    pub binary_coercible: bool,
    /// Through the text format, not in pg_cast.
    pub through_text: bool,
}

const IMPLICIT: CastContext = CastContext::Implicit;
const ASSIGNMENT: CastContext = CastContext::Assignment;
const EXPLICIT: CastContext = CastContext::Explicit;
const IMMUTABLE: Volatility = Volatility::Immutable;
const STABLE: Volatility = Volatility::Stable;

/// pg_cast between our types, those of a type to itself (which apply modifiers) aside:
/// from, to, context, volatility, whether the value stays as it is.
#[rustfmt::skip]
pub static CASTS: &[(Type, Type, CastContext, Volatility, bool)] = &[
    (Type::Bool, Type::Bpchar, ASSIGNMENT, IMMUTABLE, false),
    (Type::Bool, Type::Int4, EXPLICIT, IMMUTABLE, false),
    (Type::Bool, Type::Text, ASSIGNMENT, IMMUTABLE, false),
    (Type::Bool, Type::Varchar, ASSIGNMENT, IMMUTABLE, false),
    (Type::Bpchar, Type::Char, ASSIGNMENT, IMMUTABLE, false),
    (Type::Bpchar, Type::Name, IMPLICIT, IMMUTABLE, false),
    (Type::Bpchar, Type::Text, IMPLICIT, IMMUTABLE, false),
    (Type::Bpchar, Type::Varchar, IMPLICIT, IMMUTABLE, false),
    (Type::Char, Type::Bpchar, ASSIGNMENT, IMMUTABLE, false),
    (Type::Char, Type::Int4, EXPLICIT, IMMUTABLE, false),
    (Type::Char, Type::Text, IMPLICIT, IMMUTABLE, false),
    (Type::Char, Type::Varchar, ASSIGNMENT, IMMUTABLE, false),
    (Type::Date, Type::Timestamp, IMPLICIT, IMMUTABLE, false),
    (Type::Date, Type::TimestampTz, IMPLICIT, STABLE, false),
    (Type::Float4, Type::Float8, IMPLICIT, IMMUTABLE, false),
    (Type::Float4, Type::Int2, ASSIGNMENT, IMMUTABLE, false),
    (Type::Float4, Type::Int4, ASSIGNMENT, IMMUTABLE, false),
    (Type::Float4, Type::Int8, ASSIGNMENT, IMMUTABLE, false),
    (Type::Float4, Type::Numeric, ASSIGNMENT, IMMUTABLE, false),
    (Type::Float8, Type::Float4, ASSIGNMENT, IMMUTABLE, false),
    (Type::Float8, Type::Int2, ASSIGNMENT, IMMUTABLE, false),
    (Type::Float8, Type::Int4, ASSIGNMENT, IMMUTABLE, false),
    (Type::Float8, Type::Int8, ASSIGNMENT, IMMUTABLE, false),
    (Type::Float8, Type::Numeric, ASSIGNMENT, IMMUTABLE, false),
    (Type::Int2, Type::Float4, IMPLICIT, IMMUTABLE, false),
    (Type::Int2, Type::Float8, IMPLICIT, IMMUTABLE, false),
    (Type::Int2, Type::Int4, IMPLICIT, IMMUTABLE, false),
    (Type::Int2, Type::Int8, IMPLICIT, IMMUTABLE, false),
    (Type::Int2, Type::Numeric, IMPLICIT, IMMUTABLE, false),
    (Type::Int2, Type::Oid, IMPLICIT, IMMUTABLE, false),
    (Type::Int2, Type::RegClass, IMPLICIT, IMMUTABLE, false),
    (Type::Int2, Type::RegNamespace, IMPLICIT, IMMUTABLE, false),
    (Type::Int2, Type::RegProc, IMPLICIT, IMMUTABLE, false),
    (Type::Int2, Type::RegType, IMPLICIT, IMMUTABLE, false),
    (Type::Int4, Type::Bool, EXPLICIT, IMMUTABLE, false),
    (Type::Int4, Type::Char, EXPLICIT, IMMUTABLE, false),
    (Type::Int4, Type::Float4, IMPLICIT, IMMUTABLE, false),
    (Type::Int4, Type::Float8, IMPLICIT, IMMUTABLE, false),
    (Type::Int4, Type::Int2, ASSIGNMENT, IMMUTABLE, false),
    (Type::Int4, Type::Int8, IMPLICIT, IMMUTABLE, false),
    (Type::Int4, Type::Numeric, IMPLICIT, IMMUTABLE, false),
    (Type::Int4, Type::Oid, IMPLICIT, IMMUTABLE, true),
    (Type::Int4, Type::RegClass, IMPLICIT, IMMUTABLE, true),
    (Type::Int4, Type::RegNamespace, IMPLICIT, IMMUTABLE, true),
    (Type::Int4, Type::RegProc, IMPLICIT, IMMUTABLE, true),
    (Type::Int4, Type::RegType, IMPLICIT, IMMUTABLE, true),
    (Type::Int8, Type::Float4, IMPLICIT, IMMUTABLE, false),
    (Type::Int8, Type::Float8, IMPLICIT, IMMUTABLE, false),
    (Type::Int8, Type::Int2, ASSIGNMENT, IMMUTABLE, false),
    (Type::Int8, Type::Int4, ASSIGNMENT, IMMUTABLE, false),
    (Type::Int8, Type::Numeric, IMPLICIT, IMMUTABLE, false),
    (Type::Int8, Type::Oid, IMPLICIT, IMMUTABLE, false),
    (Type::Int8, Type::RegClass, IMPLICIT, IMMUTABLE, false),
    (Type::Int8, Type::RegNamespace, IMPLICIT, IMMUTABLE, false),
    (Type::Int8, Type::RegProc, IMPLICIT, IMMUTABLE, false),
    (Type::Int8, Type::RegType, IMPLICIT, IMMUTABLE, false),
    (Type::Interval, Type::Time, ASSIGNMENT, IMMUTABLE, false),
    (Type::Json, Type::Jsonb, ASSIGNMENT, IMMUTABLE, false),
    (Type::Jsonb, Type::Bool, EXPLICIT, IMMUTABLE, false),
    (Type::Jsonb, Type::Float4, EXPLICIT, IMMUTABLE, false),
    (Type::Jsonb, Type::Float8, EXPLICIT, IMMUTABLE, false),
    (Type::Jsonb, Type::Int2, EXPLICIT, IMMUTABLE, false),
    (Type::Jsonb, Type::Int4, EXPLICIT, IMMUTABLE, false),
    (Type::Jsonb, Type::Int8, EXPLICIT, IMMUTABLE, false),
    (Type::Jsonb, Type::Json, ASSIGNMENT, IMMUTABLE, false),
    (Type::Jsonb, Type::Numeric, EXPLICIT, IMMUTABLE, false),
    (Type::Name, Type::Bpchar, ASSIGNMENT, IMMUTABLE, false),
    (Type::Name, Type::Text, IMPLICIT, IMMUTABLE, false),
    (Type::Name, Type::Varchar, ASSIGNMENT, IMMUTABLE, false),
    (Type::Numeric, Type::Float4, IMPLICIT, IMMUTABLE, false),
    (Type::Numeric, Type::Float8, IMPLICIT, IMMUTABLE, false),
    (Type::Numeric, Type::Int2, ASSIGNMENT, IMMUTABLE, false),
    (Type::Numeric, Type::Int4, ASSIGNMENT, IMMUTABLE, false),
    (Type::Numeric, Type::Int8, ASSIGNMENT, IMMUTABLE, false),
    (Type::Oid, Type::Int4, ASSIGNMENT, IMMUTABLE, true),
    (Type::Oid, Type::Int8, ASSIGNMENT, IMMUTABLE, false),
    (Type::Oid, Type::RegClass, IMPLICIT, IMMUTABLE, true),
    (Type::Oid, Type::RegNamespace, IMPLICIT, IMMUTABLE, true),
    (Type::Oid, Type::RegProc, IMPLICIT, IMMUTABLE, true),
    (Type::Oid, Type::RegType, IMPLICIT, IMMUTABLE, true),
    (Type::NodeTree, Type::Text, IMPLICIT, IMMUTABLE, true),
    (Type::RegClass, Type::Int4, ASSIGNMENT, IMMUTABLE, true),
    (Type::RegClass, Type::Int8, ASSIGNMENT, IMMUTABLE, false),
    (Type::RegClass, Type::Oid, IMPLICIT, IMMUTABLE, true),
    (Type::RegNamespace, Type::Int4, ASSIGNMENT, IMMUTABLE, true),
    (Type::RegNamespace, Type::Int8, ASSIGNMENT, IMMUTABLE, false),
    (Type::RegNamespace, Type::Oid, IMPLICIT, IMMUTABLE, true),
    (Type::RegProc, Type::Int4, ASSIGNMENT, IMMUTABLE, true),
    (Type::RegProc, Type::Int8, ASSIGNMENT, IMMUTABLE, false),
    (Type::RegProc, Type::Oid, IMPLICIT, IMMUTABLE, true),
    (Type::RegType, Type::Int4, ASSIGNMENT, IMMUTABLE, true),
    (Type::RegType, Type::Int8, ASSIGNMENT, IMMUTABLE, false),
    (Type::RegType, Type::Oid, IMPLICIT, IMMUTABLE, true),
    (Type::Text, Type::Bpchar, IMPLICIT, IMMUTABLE, true),
    (Type::Text, Type::Char, ASSIGNMENT, IMMUTABLE, false),
    (Type::Text, Type::Name, IMPLICIT, IMMUTABLE, false),
    (Type::RegProc, Type::RegProcedure, IMPLICIT, IMMUTABLE, true),
    (Type::RegProcedure, Type::RegProc, IMPLICIT, IMMUTABLE, true),
    (Type::RegOper, Type::RegOperator, IMPLICIT, IMMUTABLE, true),
    (Type::RegOperator, Type::RegOper, IMPLICIT, IMMUTABLE, true),
    (Type::Text, Type::RegClass, IMPLICIT, STABLE, false),
    (Type::Text, Type::Varchar, IMPLICIT, IMMUTABLE, true),
    (Type::Time, Type::Interval, IMPLICIT, IMMUTABLE, false),
    (Type::Time, Type::TimeTz, IMPLICIT, STABLE, false),
    (Type::Timestamp, Type::Date, ASSIGNMENT, IMMUTABLE, false),
    (Type::Timestamp, Type::Time, ASSIGNMENT, IMMUTABLE, false),
    (Type::Timestamp, Type::TimestampTz, IMPLICIT, STABLE, false),
    (Type::TimestampTz, Type::Date, ASSIGNMENT, STABLE, false),
    (Type::TimestampTz, Type::Time, ASSIGNMENT, STABLE, false),
    (Type::TimestampTz, Type::Timestamp, ASSIGNMENT, STABLE, false),
    (Type::TimestampTz, Type::TimeTz, ASSIGNMENT, STABLE, false),
    (Type::TimeTz, Type::Time, ASSIGNMENT, IMMUTABLE, false),
    (Type::Varchar, Type::Bpchar, IMPLICIT, IMMUTABLE, true),
    (Type::Varchar, Type::Char, ASSIGNMENT, IMMUTABLE, false),
    (Type::Varchar, Type::Name, IMPLICIT, IMMUTABLE, false),
    (Type::Varchar, Type::RegClass, IMPLICIT, STABLE, false),
    (Type::Varchar, Type::Text, IMPLICIT, IMMUTABLE, true),
    (Type::Int2, Type::RegOper, IMPLICIT, IMMUTABLE, false),
    (Type::Int4, Type::RegOper, IMPLICIT, IMMUTABLE, true),
    (Type::Int8, Type::RegOper, IMPLICIT, IMMUTABLE, false),
    (Type::Oid, Type::RegOper, IMPLICIT, IMMUTABLE, true),
    (Type::RegOper, Type::Int4, ASSIGNMENT, IMMUTABLE, true),
    (Type::RegOper, Type::Int8, ASSIGNMENT, IMMUTABLE, false),
    (Type::RegOper, Type::Oid, IMPLICIT, IMMUTABLE, true),
    (Type::Int2, Type::RegOperator, IMPLICIT, IMMUTABLE, false),
    (Type::Int4, Type::RegOperator, IMPLICIT, IMMUTABLE, true),
    (Type::Int8, Type::RegOperator, IMPLICIT, IMMUTABLE, false),
    (Type::Oid, Type::RegOperator, IMPLICIT, IMMUTABLE, true),
    (Type::RegOperator, Type::Int4, ASSIGNMENT, IMMUTABLE, true),
    (Type::RegOperator, Type::Int8, ASSIGNMENT, IMMUTABLE, false),
    (Type::RegOperator, Type::Oid, IMPLICIT, IMMUTABLE, true),
    (Type::Int2, Type::RegProcedure, IMPLICIT, IMMUTABLE, false),
    (Type::Int4, Type::RegProcedure, IMPLICIT, IMMUTABLE, true),
    (Type::Int8, Type::RegProcedure, IMPLICIT, IMMUTABLE, false),
    (Type::Oid, Type::RegProcedure, IMPLICIT, IMMUTABLE, true),
    (Type::RegProcedure, Type::Int4, ASSIGNMENT, IMMUTABLE, true),
    (Type::RegProcedure, Type::Int8, ASSIGNMENT, IMMUTABLE, false),
    (Type::RegProcedure, Type::Oid, IMPLICIT, IMMUTABLE, true),
    (Type::Int2, Type::RegConfig, IMPLICIT, IMMUTABLE, false),
    (Type::Int4, Type::RegConfig, IMPLICIT, IMMUTABLE, true),
    (Type::Int8, Type::RegConfig, IMPLICIT, IMMUTABLE, false),
    (Type::Oid, Type::RegConfig, IMPLICIT, IMMUTABLE, true),
    (Type::RegConfig, Type::Int4, ASSIGNMENT, IMMUTABLE, true),
    (Type::RegConfig, Type::Int8, ASSIGNMENT, IMMUTABLE, false),
    (Type::RegConfig, Type::Oid, IMPLICIT, IMMUTABLE, true),
    (Type::Int2, Type::RegDictionary, IMPLICIT, IMMUTABLE, false),
    (Type::Int4, Type::RegDictionary, IMPLICIT, IMMUTABLE, true),
    (Type::Int8, Type::RegDictionary, IMPLICIT, IMMUTABLE, false),
    (Type::Oid, Type::RegDictionary, IMPLICIT, IMMUTABLE, true),
    (Type::RegDictionary, Type::Int4, ASSIGNMENT, IMMUTABLE, true),
    (Type::RegDictionary, Type::Int8, ASSIGNMENT, IMMUTABLE, false),
    (Type::RegDictionary, Type::Oid, IMPLICIT, IMMUTABLE, true),
    (Type::Int2, Type::RegRole, IMPLICIT, IMMUTABLE, false),
    (Type::Int4, Type::RegRole, IMPLICIT, IMMUTABLE, true),
    (Type::Int8, Type::RegRole, IMPLICIT, IMMUTABLE, false),
    (Type::Oid, Type::RegRole, IMPLICIT, IMMUTABLE, true),
    (Type::RegRole, Type::Int4, ASSIGNMENT, IMMUTABLE, true),
    (Type::RegRole, Type::Int8, ASSIGNMENT, IMMUTABLE, false),
    (Type::RegRole, Type::Oid, IMPLICIT, IMMUTABLE, true),
    (Type::Int2, Type::RegCollation, IMPLICIT, IMMUTABLE, false),
    (Type::Int4, Type::RegCollation, IMPLICIT, IMMUTABLE, true),
    (Type::Int8, Type::RegCollation, IMPLICIT, IMMUTABLE, false),
    (Type::Oid, Type::RegCollation, IMPLICIT, IMMUTABLE, true),
    (Type::RegCollation, Type::Int4, ASSIGNMENT, IMMUTABLE, true),
    (Type::RegCollation, Type::Int8, ASSIGNMENT, IMMUTABLE, false),
    (Type::RegCollation, Type::Oid, IMPLICIT, IMMUTABLE, true),
];

/// The cast between two types, if there is one. Between a type and itself: implicit, nothing changes.
pub fn find(from: Type, to: Type) -> Option<CastInfo> {
    if from == to {
        return Some(CastInfo {
            context: IMPLICIT,
            volatility: IMMUTABLE,
            binary_coercible: true,
            through_text: false,
        });
    }
    if let Some((.., context, volatility, same)) = CASTS.iter().find(|cast| cast.0 == from && cast.1 == to) {
        return Some(CastInfo {
            context: *context,
            volatility: *volatility,
            binary_coercible: *same,
            through_text: false,
        });
    }
    let through_text = |context, ty| {
        Some(CastInfo {
            context,
            volatility: text_volatility(ty),
            binary_coercible: false,
            through_text: true,
        })
    };
    if matches!(to, Type::Void | Type::Record | Type::NodeTree | Type::Unknown) || from == Type::Void {
        return None;
    }
    if from == Type::Unknown {
        return through_text(IMPLICIT, to);
    }
    if let (Some(a), Type::Array(b)) = (from.element(), to) {
        return find(a, *b);
    }
    if to.category() == 'S' {
        return through_text(ASSIGNMENT, from);
    }
    if from.category() == 'S' {
        return through_text(EXPLICIT, to);
    }
    None
}

/// Text formats of dates and times, and of names in the catalog, depend on the session.
fn text_volatility(ty: Type) -> Volatility {
    match ty {
        Type::Array(element) => text_volatility(*element),
        Type::Date
        | Type::Time
        | Type::TimeTz
        | Type::Timestamp
        | Type::TimestampTz
        | Type::Interval
        | Type::Record => STABLE,
        object if object.is_object() => STABLE,
        _ => IMMUTABLE,
    }
}

/// Carries a cast out, the target's modifier included. `explicit` (written by the user): text that is too long is
/// cut silently.
pub fn cast(datum: Datum, from: Type, to: ColumnType, explicit: bool, s: &FormatSettings) -> Result<Datum> {
    if datum.is_null() {
        return Ok(Datum::Null);
    }
    let converted = if from == to.ty { datum } else { convert(datum, from, to, explicit, s)? };
    if to.typmod < 0 { Ok(converted) } else { apply_typmod(converted, to, explicit) }
}

/// Applies a type's modifier to a value that is of the type already.
pub fn apply_typmod(datum: Datum, ty: ColumnType, explicit: bool) -> Result<Datum> {
    if ty.typmod < 0 {
        return Ok(datum);
    }
    Ok(match (datum, ty.ty) {
        (Datum::Text(text), Type::Varchar | Type::Bpchar) => {
            Datum::Text(text::apply_length(text, ty, explicit)?)
        }
        (Datum::Numeric(n), _) => Datum::Numeric(n.apply_typmod(ty.typmod)?),
        (Datum::Time(t), _) => Datum::Time(datetime::round_time(t, ty.typmod)),
        (Datum::TimeTz(t, zone), _) => Datum::TimeTz(datetime::round_time(t, ty.typmod), zone),
        (Datum::Timestamp(t), _) => Datum::Timestamp(datetime::round_micros(t, ty.typmod)),
        (Datum::TimestampTz(t), _) => Datum::TimestampTz(datetime::round_micros(t, ty.typmod)),
        (Datum::Interval(i), _) => Datum::Interval(i.apply_typmod(ty.typmod)?),
        (Datum::Array(array), Type::Array(element)) => {
            let element = ColumnType { ty: *element, typmod: ty.typmod };
            let items = array.items.iter().map(|item| apply_typmod(item.clone(), element, explicit));
            Datum::Array(Arc::new(Array {
                element: array.element,
                lower: array.lower,
                items: items.collect::<Result<_>>()?,
            }))
        }
        (other, _) => other,
    })
}

fn range(name: &str) -> Error {
    Error::new(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, format!("{name} out of range"))
}

fn int_to(value: i64, to: Type) -> Option<Result<Datum>> {
    Some(Ok(match to {
        Type::Int2 => match i16::try_from(value) {
            Ok(i) => Datum::Int2(i),
            Err(_) => return Some(Err(range("smallint"))),
        },
        Type::Int4 => match i32::try_from(value) {
            Ok(i) => Datum::Int4(i),
            Err(_) => return Some(Err(range("integer"))),
        },
        Type::Int8 => Datum::Int8(value),
        Type::Float4 => Datum::Float4(value as f32),
        Type::Float8 => Datum::Float8(value as f64),
        Type::Numeric => Datum::Numeric(Numeric::from_i64(value)),
        oid if oid.is_oid() => Datum::Oid(value as u32),
        _ => return None,
    }))
}

/// Double precision to an integer: half to even, as C's rint.
fn float_to_int(value: f64, to: Type) -> Result<Datum> {
    let rounded = value.round_ties_even();
    let (name, low, high) = match to {
        Type::Int2 => ("smallint", -32768.0, 32768.0),
        Type::Int4 => ("integer", -2147483648.0, 2147483648.0),
        _ => ("bigint", -9223372036854775808.0, 9223372036854775808.0),
    };
    if rounded.is_nan() || rounded < low || rounded >= high {
        return Err(range(name));
    }
    Ok(match to {
        Type::Int2 => Datum::Int2(rounded as i16),
        Type::Int4 => Datum::Int4(rounded as i32),
        _ => Datum::Int8(rounded as i64),
    })
}

/// Double precision to real. 22003 if it overflows or underflows.
pub fn f64_to_f32(value: f64) -> Result<f32> {
    let narrow = value as f32;
    if narrow.is_infinite() && !value.is_infinite() {
        return Err(Error::new(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, "value out of range: overflow"));
    }
    if narrow == 0.0 && value != 0.0 {
        return Err(Error::new(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, "value out of range: underflow"));
    }
    Ok(narrow)
}

fn trim_blanks(text: &SmolStr) -> SmolStr {
    let trimmed = text.trim_end_matches(' ');
    if trimmed.len() == text.len() { text.clone() } else { SmolStr::new(trimmed) }
}

fn convert(datum: Datum, from: Type, to: ColumnType, explicit: bool, s: &FormatSettings) -> Result<Datum> {
    use Datum as D;
    let target = to.ty;
    Ok(match (datum, target) {
        (D::Bool(b), Type::Int4) => D::Int4(b.into()),
        (D::Bool(b), Type::Text | Type::Varchar | Type::Bpchar) => D::text(if b { "true" } else { "false" }),
        (D::Int4(i), Type::Bool) => D::Bool(i != 0),
        (D::Int4(i), Type::Char) => match i8::try_from(i) {
            Ok(0) => D::text(""),
            Ok(i) if i > 0 => D::text((i as u8 as char).to_string()),
            _ => return Err(range("\"char\"")),
        },
        (ref d @ (D::Int2(_) | D::Int4(_) | D::Int8(_)), _) if target.is_oid() => {
            let value = d.as_i64().unwrap_or_default();
            // bigint checks its range, the narrower ones are taken as unsigned.
            if matches!(d, D::Int8(_)) && u32::try_from(value).is_err() {
                return Err(range("OID"));
            }
            D::Oid(value as u32)
        }
        (ref d @ (D::Int2(_) | D::Int4(_) | D::Int8(_)), _) if target.is_numeric() => {
            match int_to(d.as_i64().unwrap_or_default(), target) {
                Some(result) => result?,
                None => return through_text(d, from, to, explicit, s),
            }
        }
        (D::Oid(oid), Type::Int4) => D::Int4(oid as i32),
        (D::Oid(oid), Type::Int8) => D::Int8(oid.into()),
        (D::Oid(oid), _) if target.is_oid() => D::Oid(oid),
        (D::Float4(f), Type::Float8) => D::Float8(f.into()),
        (D::Float4(f), Type::Numeric) => D::Numeric(Numeric::from_f32(f)),
        (D::Float4(f), Type::Int2 | Type::Int4 | Type::Int8) => float_to_int(f.into(), target)?,
        (D::Float8(f), Type::Float4) => D::Float4(f64_to_f32(f)?),
        (D::Float8(f), Type::Numeric) => D::Numeric(Numeric::from_f64(f)),
        (D::Float8(f), Type::Int2 | Type::Int4 | Type::Int8) => float_to_int(f, target)?,
        (D::Numeric(n), Type::Int2) => D::Int2(n.to_i16()?),
        (D::Numeric(n), Type::Int4) => D::Int4(n.to_i32()?),
        (D::Numeric(n), Type::Int8) => D::Int8(n.to_i64()?),
        (D::Numeric(n), Type::Float4) => D::Float4(n.to_f32()?),
        (D::Numeric(n), Type::Float8) => D::Float8(n.to_f64()?),
        (D::Text(text), Type::Text | Type::Varchar) if from == Type::Bpchar => D::Text(trim_blanks(&text)),
        (D::Text(text), Type::Text | Type::Varchar | Type::Bpchar) => D::Text(text),
        (D::Text(text), Type::Name) => {
            let text = if from == Type::Bpchar { trim_blanks(&text) } else { text };
            D::Text(SmolStr::new(text::truncate_name(&text)))
        }
        (D::Text(text), Type::Char) => {
            D::Text(text::from_text(&text, Type::Char.into(), s)?.as_str().unwrap_or("").into())
        }
        (D::Text(text), Type::Int4) if from == Type::Char => {
            D::Int4(text.bytes().next().map_or(0, |b| i32::from(b as i8)))
        }
        (D::Date(d), Type::Timestamp) => D::Timestamp(datetime::date_to_timestamp(d)?),
        (D::Date(d), Type::TimestampTz) => D::TimestampTz(datetime::date_to_timestamptz(d, &s.timezone)?),
        (D::Timestamp(t), Type::Date) => D::Date(datetime::timestamp_to_date(t)?),
        (D::Timestamp(t), Type::Time) => match datetime::time_of_day(t) {
            Some(time) => D::Time(time),
            None => D::Null,
        },
        (D::Timestamp(t), Type::TimestampTz) => D::TimestampTz(datetime::local_to_utc(t, &s.timezone)?),
        (D::TimestampTz(t), Type::Timestamp) => D::Timestamp(datetime::utc_to_local(t, &s.timezone)?),
        (D::TimestampTz(t), Type::Date) => {
            D::Date(datetime::timestamp_to_date(datetime::utc_to_local(t, &s.timezone)?)?)
        }
        (D::TimestampTz(t), Type::Time) => {
            match datetime::time_of_day(datetime::utc_to_local(t, &s.timezone)?) {
                Some(time) => D::Time(time),
                None => D::Null,
            }
        }
        (D::TimestampTz(t), Type::TimeTz) => {
            match datetime::time_of_day(datetime::utc_to_local(t, &s.timezone)?) {
                Some(time) => D::TimeTz(time, -s.timezone.offset_at(t)),
                None => D::Null,
            }
        }
        (D::Time(t), Type::Interval) => D::Interval(Interval { months: 0, days: 0, micros: t }),
        (D::Time(t), Type::TimeTz) => D::TimeTz(t, -datetime::zone_today(s)),
        (D::TimeTz(t, _), Type::Time) => D::Time(t),
        (D::Interval(i), Type::Time) => D::Time(i.micros.rem_euclid(datetime::MICROS_PER_DAY)),
        (D::Json(text), Type::Jsonb) => D::Jsonb(Arc::new(Jsonb::parse(&text)?)),
        (D::Jsonb(j), _) if target.is_numeric() || target == Type::Bool => jsonb_to_scalar(&j, to, s)?,
        (D::Array(array), Type::Array(element)) => {
            let element = ColumnType { ty: *element, typmod: to.typmod };
            let items =
                array.items.iter().map(|item| cast(item.clone(), array.element, element, explicit, s));
            D::Array(Arc::new(Array {
                element: element.ty,
                lower: array.lower,
                items: items.collect::<Result<_>>()?,
            }))
        }
        (other, _) => return through_text(&other, from, to, explicit, s),
    })
}

/// A cast by output and input function.
fn through_text(
    datum: &Datum,
    from: Type,
    to: ColumnType,
    explicit: bool,
    s: &FormatSettings,
) -> Result<Datum> {
    if let (Datum::Text(text), false) = (datum, to.ty.category() == 'S') {
        // The modifier is applied by the caller, by the rules of casts.
        return text::from_text(
            text,
            ColumnType { ty: to.ty, typmod: if to.ty == Type::Interval { to.typmod } else { -1 } },
            s,
        );
    }
    let written = text::to_string(datum, from, s);
    match to.ty {
        Type::Varchar | Type::Bpchar => Ok(Datum::Text(text::apply_length(written.into(), to, explicit)?)),
        Type::Text => Ok(Datum::Text(written.into())),
        other => text::from_text(&written, other.into(), s),
    }
}

fn jsonb_to_scalar(value: &Jsonb, to: ColumnType, s: &FormatSettings) -> Result<Datum> {
    let what = match value {
        Jsonb::Bool(b) if to.ty == Type::Bool => return Ok(Datum::Bool(*b)),
        Jsonb::Number(n) if to.ty != Type::Bool => {
            return cast(Datum::Numeric(n.clone()), Type::Numeric, ColumnType::plain(to.ty), true, s);
        }
        Jsonb::Null => "null",
        Jsonb::Bool(_) => "boolean",
        Jsonb::Number(_) => "numeric",
        Jsonb::String(_) => "string",
        Jsonb::Array(_) => "array",
        Jsonb::Object(_) => "object",
    };
    Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, format!("cannot cast jsonb {what} to type {}", to.ty)))
}
