//! Comparison operators. Most types compare as [`Datum::compare`] says; character(n) leaves out its padding, and
//! dates compare with timestamps (those with time zone by way of the session's zone).

use std::cmp::Ordering;

use crate::datetime;
use crate::error::Result;
use crate::expr::EvalContext;
use crate::functions::scalars;
use crate::value::Datum;

scalars! {
    eq(a: any, b: any) => a.compare(b).is_eq();
    ne(a: any, b: any) => a.compare(b).is_ne();
    lt(a: any, b: any) => a.compare(b).is_lt();
    le(a: any, b: any) => a.compare(b).is_le();
    gt(a: any, b: any) => a.compare(b).is_gt();
    ge(a: any, b: any) => a.compare(b).is_ge();
    padded_eq(a: bp, b: bp) => a == b;
    padded_ne(a: bp, b: bp) => a != b;
    padded_lt(a: bp, b: bp) => a < b;
    padded_le(a: bp, b: bp) => a <= b;
    padded_gt(a: bp, b: bp) => a > b;
    padded_ge(a: bp, b: bp) => a >= b;
    moment_eq[ctx](a: any, b: any) => moments(a, b, ctx).map(Ordering::is_eq);
    moment_ne[ctx](a: any, b: any) => moments(a, b, ctx).map(Ordering::is_ne);
    moment_lt[ctx](a: any, b: any) => moments(a, b, ctx).map(Ordering::is_lt);
    moment_le[ctx](a: any, b: any) => moments(a, b, ctx).map(Ordering::is_le);
    moment_gt[ctx](a: any, b: any) => moments(a, b, ctx).map(Ordering::is_gt);
    moment_ge[ctx](a: any, b: any) => moments(a, b, ctx).map(Ordering::is_ge);
    text_pattern_lt(a: txt, b: txt) => a < b;
    text_pattern_le(a: txt, b: txt) => a <= b;
    text_pattern_gt(a: txt, b: txt) => a > b;
    text_pattern_ge(a: txt, b: txt) => a >= b;
}

/// Compares a date, timestamp or timestamptz with another one. Beyond the range of timestamps a date compares as
/// the infinity on its side, just inside of the real one.
fn moments(a: &Datum, b: &Datum, ctx: &EvalContext<'_>) -> Result<Ordering> {
    let zone = &ctx.settings().timezone;
    let with_zone = matches!(a, Datum::TimestampTz(_)) || matches!(b, Datum::TimestampTz(_));
    let moment = |d: &Datum| -> Result<i64> {
        match d {
            Datum::Date(i32::MIN) => Ok(i64::MIN),
            Datum::Date(i32::MAX) => Ok(i64::MAX),
            Datum::Date(date) => {
                let converted = if with_zone {
                    datetime::date_to_timestamptz(*date, zone)
                } else {
                    datetime::date_to_timestamp(*date)
                };
                Ok(converted.unwrap_or(if *date < 0 { i64::MIN + 1 } else { i64::MAX - 1 }))
            }
            Datum::Timestamp(t) if with_zone && *t != i64::MIN && *t != i64::MAX => {
                Ok(zone.to_utc(*t).unwrap_or(if *t < 0 { i64::MIN + 1 } else { i64::MAX - 1 }))
            }
            Datum::Timestamp(t) | Datum::TimestampTz(t) => Ok(*t),
            other => Err(crate::Error::internal(format!("no moment: {other:?}"))),
        }
    };
    Ok(moment(a)?.cmp(&moment(b)?))
}
