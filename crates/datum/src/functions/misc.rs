//! What fits no family: casts written as functions, pg_typeof, num_nulls, random uuids, sizes for people.

use crate::error::{Error, Result, sqlstate};
use crate::expr::EvalContext;
use crate::functions::{cast_value, invalid, natural_type, out_of_range, scalars, too_large};
use crate::numeric::Numeric;
use crate::types::{ColumnType, Type};
use crate::value::Datum;

scalars! {
    gen_random_uuid[ctx]() => random_uuid(ctx);
    pg_size_pretty(n: i8) => size_pretty(i128::from(n));
    pg_size_pretty_numeric(n: num) => size_pretty_numeric(n);
    pg_size_bytes(s: txt) => size_bytes(s);
    pg_encoding_name(n: i4) => if n == 6 { "UTF8" } else if n == 0 { "SQL_ASCII" } else if n == 8 { "LATIN1" } else { "" };
    pg_encoding_number(s: txt) => encoding_number(s);
    getdatabaseencoding() => "UTF8";
    pg_client_encoding() => "UTF8";
    pg_encoding_max_length_sql(n: i4) => if n == 6 { Some(4) } else if n == 0 || n == 8 { Some(1) } else { None };
    cmp(a: any, b: any) => a.compare(b) as i32;
    larger(a: any, b: any) => if a >= b { a.clone() } else { b.clone() };
    smaller(a: any, b: any) => if a <= b { a.clone() } else { b.clone() };
    booland_statefunc(a: boolean, b: boolean) => a && b;
    boolor_statefunc(a: boolean, b: boolean) => a || b;
    pg_column_size(a: any) => a.memory_size() as i32;
}

fn random_uuid(ctx: &EvalContext<'_>) -> Datum {
    let mut bytes = ctx.session.random_uuid();
    // Version 4, variant 1, of RFC 4122.
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    Datum::Uuid(bytes)
}

fn encoding_number(name: &str) -> i32 {
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    match plain.as_str() {
        "utf8" | "unicode" => 6,
        "sqlascii" => 0,
        "latin1" | "iso88591" => 8,
        _ => -1,
    }
}

/// Units of pg_size_pretty: name, up to which count it is used, whether that is rounded from half units.
const UNITS: [(&str, i128, bool, u32); 6] = [
    ("bytes", 10 * 1024, false, 0),
    ("kB", 20 * 1024 - 1, true, 10),
    ("MB", 20 * 1024 - 1, true, 20),
    ("GB", 20 * 1024 - 1, true, 30),
    ("TB", 20 * 1024 - 1, true, 40),
    ("PB", 20 * 1024 - 1, true, 50),
];

fn size_pretty(n: i128) -> String {
    let mut size = n;
    for (i, (name, limit, round, bits)) in UNITS.iter().enumerate() {
        if i == UNITS.len() - 1 || size.abs() < *limit {
            let shown = if *round { (size + if size < 0 { -1 } else { 1 }) / 2 } else { size };
            return format!("{shown} {name}");
        }
        // Counted in half units from here on, so that the last step rounds.
        let next = UNITS[i + 1];
        let shift = next.3 - bits - u32::from(next.2) + u32::from(*round);
        size /= 1 << shift;
    }
    format!("{size} bytes")
}

fn size_pretty_numeric(n: &Numeric) -> Result<String> {
    use num_traits::ToPrimitive;
    if !n.is_finite() {
        return Ok(format!(
            "{} bytes",
            crate::text::to_string(
                &Datum::Numeric(n.clone()),
                Type::Numeric,
                crate::expr::default_settings()
            )
        ));
    }
    let whole = n.trunc(0);
    let value = match &whole {
        Numeric::Small { mantissa, .. } => i128::from(*mantissa),
        Numeric::Big(parts) => parts.0.to_i128().ok_or_else(|| out_of_range("numeric"))?,
        _ => 0,
    };
    if value.abs() < 10 * 1024 {
        return Ok(format!(
            "{} bytes",
            crate::text::to_string(
                &Datum::Numeric(n.clone()),
                Type::Numeric,
                crate::expr::default_settings()
            )
        ));
    }
    Ok(size_pretty(value))
}

fn size_bytes(text: &str) -> Result<i64> {
    let wrong = || invalid(format!("invalid size: \"{text}\""));
    let trimmed = text.trim();
    let end = trimmed
        .char_indices()
        .find(|(i, c)| !(c.is_ascii_digit() || *c == '.' || (*i == 0 && matches!(c, '-' | '+'))))
        .map_or(trimmed.len(), |(i, _)| i);
    // An exponent belongs to the number if digits follow.
    let mut end = end;
    if let Some(rest) = trimmed[end..].strip_prefix(['e', 'E']) {
        let sign = usize::from(rest.starts_with(['-', '+']));
        let digits = rest[sign..].bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 {
            end += 1 + sign + digits;
        }
    }
    if !trimmed[..end].contains(|c: char| c.is_ascii_digit()) {
        return Err(wrong());
    }
    let number = Numeric::parse(&trimmed[..end]).map_err(|_| wrong())?;
    let unit = trimmed[end..].trim();
    let factor: i64 = match unit.to_ascii_lowercase().as_str() {
        "" | "bytes" => 1,
        "kb" => 1 << 10,
        "mb" => 1 << 20,
        "gb" => 1 << 30,
        "tb" => 1 << 40,
        "pb" => 1 << 50,
        _ => {
            return Err(wrong()
                .detail(format!("Invalid size unit: \"{unit}\"."))
                .hint("Valid units are \"bytes\", \"kB\", \"MB\", \"GB\", \"TB\", and \"PB\"."));
        }
    };
    number.mul(&Numeric::from_i64(factor))?.to_i64()
}

/// pg_typeof("any")
pub(crate) fn pg_typeof(args: &[Datum], types: &[Type], _: &EvalContext<'_>) -> Result<Datum> {
    match (args, types) {
        (_, [ty]) => Ok(Datum::Oid(ty.oid())),
        ([value], _) => Ok(Datum::Oid(natural_type(value).oid())),
        _ => Err(super::arity("pg_typeof")),
    }
}

/// num_nulls(VARIADIC "any")
pub(crate) fn num_nulls(args: &[Datum], _: &EvalContext<'_>) -> Result<Datum> {
    Ok(Datum::Int4(args.iter().filter(|a| a.is_null()).count() as i32))
}

/// num_nonnulls(VARIADIC "any")
pub(crate) fn num_nonnulls(args: &[Datum], _: &EvalContext<'_>) -> Result<Datum> {
    Ok(Datum::Int4(args.iter().filter(|a| !a.is_null()).count() as i32))
}

/// pg_collation_for("any")
pub(crate) fn pg_collation_for(args: &[Datum], types: &[Type], _: &EvalContext<'_>) -> Result<Datum> {
    let ty = match (args, types) {
        (_, [ty]) => *ty,
        ([value], _) => natural_type(value),
        _ => return Err(super::arity("pg_collation_for")),
    };
    if ty.is_textual() {
        return Ok(Datum::text("\"default\""));
    }
    Err(Error::new(sqlstate::DATATYPE_MISMATCH, format!("collations are not supported by type {ty}")))
}

/// Casts by the name of the type: `date(x)`, `float8(x)`.
macro_rules! conversions {
    ($($name:ident => $ty:ident;)*) => { $(
        pub(crate) fn $name(args: &[Datum], types: &[Type], ctx: &EvalContext<'_>) -> Result<Datum> {
            convert(args, types, Type::$ty, ctx)
        }
    )* };
}

conversions! {
    to_bool => Bool;
    to_int2 => Int2;
    to_int4 => Int4;
    to_int8 => Int8;
    to_float4 => Float4;
    to_float8 => Float8;
    to_numeric => Numeric;
    to_text_type => Text;
    to_varchar => Varchar;
    to_bpchar => Bpchar;
    to_name => Name;
    to_char_type => Char;
    to_date_type => Date;
    to_time => Time;
    to_timetz => TimeTz;
    to_timestamp_type => Timestamp;
    to_timestamptz_type => TimestampTz;
    to_interval => Interval;
    to_oid => Oid;
    to_regclass_type => RegClass;
}

/// n of character(n) and varchar(n) may be so much.
const LENGTH_MAX: i32 = 10_485_760;

fn convert(args: &[Datum], types: &[Type], to: Type, ctx: &EvalContext<'_>) -> Result<Datum> {
    let Some(value) = args.first() else { return Err(super::arity("a cast")) };
    let from = types.first().copied().unwrap_or_else(|| natural_type(value));
    // The second argument, where there is one, is the modifier.
    let typmod = match args.get(1) {
        Some(Datum::Int4(typmod)) => *typmod,
        _ => -1,
    };
    // A length beyond PostgreSQL's greatest would pad without end.
    if matches!(to, Type::Bpchar | Type::Varchar) && typmod > LENGTH_MAX + 4 {
        return Err(too_large());
    }
    cast_value(value.clone(), from, ColumnType::with_typmod(to, typmod), true, ctx)
}
