//! Functions and operators of dates, times, timestamps and intervals. The arithmetic itself is in
//! [`crate::datetime`], to_char and its relatives in [`crate::format`].

use crate::datetime::{self, Interval, TimeZone};
use crate::error::{Error, Result, sqlstate};
use crate::expr::EvalContext;
use crate::format;
use crate::functions::{get, invalid, scalars};
use crate::numeric::Numeric;
use crate::value::Datum;

const DAY: i64 = 86_400_000_000;

fn ts(t: i64) -> Datum {
    Datum::Timestamp(t)
}

fn tstz(t: i64) -> Datum {
    Datum::TimestampTz(t)
}

scalars! {
    date_pli(d: date, n: i4) => datetime::date_plus_days(d, n).map(Datum::Date);
    date_mii(d: date, n: i4) => n.checked_neg().ok_or_else(date_range).and_then(|n| datetime::date_plus_days(d, n)).map(Datum::Date);
    integer_pl_date(n: i4, d: date) => datetime::date_plus_days(d, n).map(Datum::Date);
    date_mi(a: date, b: date) => datetime::date_minus_date(a, b);
    date_pl_interval(d: date, i: interval) => datetime::date_to_timestamp(d).and_then(|t| datetime::timestamp_plus_interval(t, i)).map(ts);
    date_mi_interval(d: date, i: interval) => datetime::date_to_timestamp(d).and_then(|t| datetime::timestamp_plus_interval(t, i.neg()?)).map(ts);
    interval_pl_date(i: interval, d: date) => datetime::date_to_timestamp(d).and_then(|t| datetime::timestamp_plus_interval(t, i)).map(ts);
    date_finite(d: date) => d != i32::MIN && d != i32::MAX;
    datetime_timestamp(d: date, t: time) => at_time(d, t).map(ts);
    timedate_pl(t: time, d: date) => at_time(d, t).map(ts);
    datetimetz_timestamptz(d: date, t: timetz) => at_time_zone(d, t).map(tstz);
    timetzdate_pl(t: timetz, d: date) => at_time_zone(d, t).map(tstz);
    date_time_timestamptz[ctx](d: date, t: time) => at_time(d, t).and_then(|t| ctx.settings().timezone.to_utc(t)).map(tstz);

    timestamp_pl_interval(t: timestamp, i: interval) => datetime::timestamp_plus_interval(t, i).map(ts);
    timestamp_mi_interval(t: timestamp, i: interval) => i.neg().and_then(|i| datetime::timestamp_plus_interval(t, i)).map(ts);
    interval_pl_timestamp(i: interval, t: timestamp) => datetime::timestamp_plus_interval(t, i).map(ts);
    timestamptz_pl_interval[ctx](t: timestamptz, i: interval) => datetime::timestamptz_plus_interval(t, i, &ctx.settings().timezone).map(tstz);
    timestamptz_mi_interval[ctx](t: timestamptz, i: interval) => i.neg().and_then(|i| datetime::timestamptz_plus_interval(t, i, &ctx.settings().timezone)).map(tstz);
    interval_pl_timestamptz[ctx](i: interval, t: timestamptz) => datetime::timestamptz_plus_interval(t, i, &ctx.settings().timezone).map(tstz);
    timestamp_mi(a: any, b: any) => difference(a, b);
    timestamp_finite(t: any) => !matches!(t, Datum::Timestamp(i64::MIN | i64::MAX) | Datum::TimestampTz(i64::MIN | i64::MAX));
    interval_finite(i: interval) => true;

    time_pl_interval(t: time, i: interval) => Datum::Time(datetime::time_plus_interval(t, i));
    interval_pl_time(i: interval, t: time) => Datum::Time(datetime::time_plus_interval(t, i));
    time_mi_interval(t: time, i: interval) => Datum::Time((t - i.micros % DAY).rem_euclid(DAY));
    time_mi_time(a: time, b: time) => Interval { months: 0, days: 0, micros: a - b };
    timetz_pl_interval(t: timetz, i: interval) => Datum::TimeTz(datetime::time_plus_interval(t.0, i), t.1);
    interval_pl_timetz(i: interval, t: timetz) => Datum::TimeTz(datetime::time_plus_interval(t.0, i), t.1);
    timetz_mi_interval(t: timetz, i: interval) => Datum::TimeTz((t.0 - i.micros % DAY).rem_euclid(DAY), t.1);

    interval_pl(a: interval, b: interval) => a.add(b);
    interval_mi(a: interval, b: interval) => a.sub(b);
    interval_um(a: interval) => a.neg();
    interval_mul(a: interval, f: f8) => a.mul(f);
    mul_d_interval(f: f8, a: interval) => a.mul(f);
    interval_div(a: interval, f: f8) => a.div(f);
    interval_justify_days(a: interval) => a.justify_days();
    interval_justify_hours(a: interval) => a.justify_hours();
    interval_justify_interval(a: interval) => a.justify_interval();

    timestamp_age(a: timestamp, b: timestamp) => datetime::age(a, b);
    timestamptz_age[ctx](a: timestamptz, b: timestamptz) => datetime::age(local(a, ctx), local(b, ctx));
    timestamp_age_today[ctx](a: timestamp) => datetime::age(today(ctx), a);
    timestamptz_age_today[ctx](a: timestamptz) => datetime::age(today(ctx), local(a, ctx));

    extract_date(f: txt, d: date) => datetime::extract_date(f, d);
    extract_time(f: txt, t: time) => datetime::extract_time(f, t);
    extract_timetz(f: txt, t: timetz) => datetime::extract_timetz(f, t.0, t.1);
    extract_timestamp(f: txt, t: timestamp) => datetime::extract_timestamp(f, t);
    extract_timestamptz[ctx](f: txt, t: timestamptz) => datetime::extract_timestamptz(f, t, &ctx.settings().timezone);
    extract_interval(f: txt, i: interval) => datetime::extract_interval(f, i);
    date_part_date(f: txt, d: date) => datetime::date_to_timestamp(d).and_then(|t| datetime::extract_timestamp(f, t)).and_then(float);
    time_part(f: txt, t: time) => datetime::extract_time(f, t).and_then(float);
    timetz_part(f: txt, t: timetz) => datetime::extract_timetz(f, t.0, t.1).and_then(float);
    timestamp_part(f: txt, t: timestamp) => datetime::extract_timestamp(f, t).and_then(float);
    timestamptz_part[ctx](f: txt, t: timestamptz) => datetime::extract_timestamptz(f, t, &ctx.settings().timezone).and_then(float);
    interval_part(f: txt, i: interval) => datetime::extract_interval(f, i).and_then(float);

    timestamp_trunc(f: txt, t: timestamp) => datetime::date_trunc(f, t).map(ts);
    timestamptz_trunc[ctx](f: txt, t: timestamptz) => datetime::date_trunc_tz(f, t, &ctx.settings().timezone).map(tstz);
    timestamptz_trunc_zone(f: txt, t: timestamptz, zone: txt) => TimeZone::parse(zone).and_then(|z| datetime::date_trunc_tz(f, t, &z)).map(tstz);
    interval_trunc(f: txt, i: interval) => datetime::date_trunc_interval(f, i);
    timestamp_bin(stride: interval, t: timestamp, origin: timestamp) => datetime::date_bin(stride, t, origin).map(ts);
    timestamptz_bin(stride: interval, t: timestamptz, origin: timestamptz) => datetime::date_bin(stride, t, origin).map(tstz);

    make_date(y: i4, m: i4, d: i4) => datetime::make_date(y, m, d).map(Datum::Date);
    make_time(h: i4, m: i4, s: f8) => datetime::make_time(h, m, s).map(Datum::Time);
    make_timestamp(y: i4, mo: i4, d: i4, h: i4, m: i4, s: f8) => datetime::make_timestamp(y, mo, d, h, m, s).map(ts);
    make_timestamptz[ctx](y: i4, mo: i4, d: i4, h: i4, m: i4, s: f8) => datetime::make_timestamp(y, mo, d, h, m, s).and_then(|t| ctx.settings().timezone.to_utc(t)).map(tstz);
    make_timestamptz_at_timezone(y: i4, mo: i4, d: i4, h: i4, m: i4, s: f8, zone: txt) => datetime::make_timestamp(y, mo, d, h, m, s).and_then(|t| TimeZone::parse(zone)?.to_utc(t)).map(tstz);
    make_interval(y: i4, mo: i4, w: i4, d: i4, h: i4, m: i4, s: f8) => Interval::make(y, mo, w, d, h, m, s);

    timestamp_to_char(t: timestamp, f: txt) => format::timestamp_to_char(t, f);
    timestamptz_to_char[ctx](t: timestamptz, f: txt) => format::timestamptz_to_char(t, f, ctx.settings());
    interval_to_char(i: interval, f: txt) => format::interval_to_char(i, f);
    int4_to_char(n: i4, f: txt) => format::int_to_char(i64::from(n), f);
    int8_to_char(n: i8, f: txt) => format::int_to_char(n, f);
    float4_to_char(x: f4, f: txt) => format::float_to_char(f64::from(x), f);
    float8_to_char(x: f8, f: txt) => format::float_to_char(x, f);
    numeric_to_char(x: num, f: txt) => format::numeric_to_char(x, f);
    numeric_to_number(s: txt, f: txt) => format::to_number(s, f);
    to_date(s: txt, f: txt) => format::to_date(s, f).map(Datum::Date);
    to_timestamp[ctx](s: txt, f: txt) => format::to_timestamp(s, f, ctx.settings()).map(tstz);
    float8_timestamptz(x: f8) => datetime::timestamptz_from_epoch(x).map(tstz);

    timestamp_zone(zone: txt, t: timestamp) => TimeZone::parse(zone).and_then(|z| to_utc(&z, t)).map(tstz);
    timestamptz_zone(zone: txt, t: timestamptz) => TimeZone::parse(zone).map(|z| to_local(&z, t)).map(ts);
    timetz_zone[ctx](zone: txt, t: timetz) => TimeZone::parse(zone).map(|z| turn(t, -z.offset_at(ctx.session.transaction_timestamp())));
    timestamp_izone(zone: interval, t: timestamp) => shift(zone, t, -1).map(tstz);
    timestamptz_izone(zone: interval, t: timestamptz) => shift(zone, t, 1).map(ts);
    timetz_izone(zone: interval, t: timetz) => offset_of(zone).map(|micros| turn(t, -(micros / 1_000_000) as i32));

    now[ctx]() => tstz(ctx.session.transaction_timestamp());
    statement_timestamp[ctx]() => tstz(ctx.session.statement_timestamp());
    clock_timestamp[ctx]() => tstz(ctx.session.clock_timestamp());
    timeofday[ctx]() => format::timestamptz_to_char(ctx.session.clock_timestamp(), "Dy Mon DD HH24:MI:SS.US YYYY TZ", ctx.settings());
    current_date[ctx]() => Datum::Date(today(ctx).div_euclid(DAY) as i32);
    current_time[ctx]() => current_timetz(ctx);
    localtime[ctx]() => Datum::Time(local(ctx.session.transaction_timestamp(), ctx).rem_euclid(DAY));
    localtimestamp[ctx]() => ts(local(ctx.session.transaction_timestamp(), ctx));
}

fn date_range() -> Error {
    Error::new(sqlstate::DATETIME_FIELD_OVERFLOW, "date out of range")
}

fn float(value: Option<Numeric>) -> Result<Option<f64>> {
    match value {
        None => Ok(None),
        Some(Numeric::Infinity) => Ok(Some(f64::INFINITY)),
        Some(Numeric::NegInfinity) => Ok(Some(f64::NEG_INFINITY)),
        Some(value) => value.to_f64().map(Some),
    }
}

fn to_utc(zone: &TimeZone, t: i64) -> Result<i64> {
    if t == i64::MIN || t == i64::MAX { Ok(t) } else { zone.to_utc(t) }
}

fn to_local(zone: &TimeZone, t: i64) -> i64 {
    if t == i64::MIN || t == i64::MAX { t } else { zone.to_local(t) }
}

fn local(t: i64, ctx: &EvalContext<'_>) -> i64 {
    to_local(&ctx.settings().timezone, t)
}

/// Midnight of the transaction's day, local.
fn today(ctx: &EvalContext<'_>) -> i64 {
    let now = local(ctx.session.transaction_timestamp(), ctx);
    now - now.rem_euclid(DAY)
}

fn current_timetz(ctx: &EvalContext<'_>) -> Datum {
    let now = ctx.session.transaction_timestamp();
    Datum::TimeTz(local(now, ctx).rem_euclid(DAY), -ctx.settings().timezone.offset_at(now))
}

fn at_time(d: i32, t: i64) -> Result<i64> {
    let midnight = datetime::date_to_timestamp(d)?;
    if midnight == i64::MIN || midnight == i64::MAX {
        return Ok(midnight);
    }
    midnight
        .checked_add(t)
        .ok_or_else(|| Error::new(sqlstate::DATETIME_FIELD_OVERFLOW, "timestamp out of range"))
}

fn at_time_zone(d: i32, (t, zone): (i64, i32)) -> Result<i64> {
    let at = at_time(d, t)?;
    if at == i64::MIN || at == i64::MAX {
        return Ok(at);
    }
    at.checked_add(i64::from(zone) * 1_000_000)
        .ok_or_else(|| Error::new(sqlstate::DATETIME_FIELD_OVERFLOW, "timestamp out of range"))
}

fn difference(a: &Datum, b: &Datum) -> Result<Interval> {
    match (a, b) {
        (Datum::Timestamp(a), Datum::Timestamp(b)) | (Datum::TimestampTz(a), Datum::TimestampTz(b)) => {
            datetime::timestamp_minus_timestamp(*a, *b)
        }
        _ => Err(Error::internal("no timestamps to subtract")),
    }
}

/// An interval that serves as a time zone: microseconds east of UTC.
fn offset_of(zone: Interval) -> Result<i64> {
    if zone.months != 0 || zone.days != 0 {
        let mut text = Vec::new();
        zone.write(crate::expr::default_settings(), &mut text);
        return Err(invalid(format!(
            "interval time zone \"{}\" must not include months or days",
            String::from_utf8_lossy(&text)
        )));
    }
    Ok(zone.micros)
}

fn shift(zone: Interval, t: i64, sign: i64) -> Result<i64> {
    let offset = offset_of(zone)?;
    if t == i64::MIN || t == i64::MAX {
        return Ok(t);
    }
    offset
        .checked_mul(sign)
        .and_then(|offset| t.checked_add(offset))
        .ok_or_else(|| Error::new(sqlstate::DATETIME_FIELD_OVERFLOW, "timestamp out of range"))
}

/// The same moment of the day in a zone so many seconds west of UTC.
fn turn((t, zone): (i64, i32), west: i32) -> Datum {
    Datum::TimeTz((t + i64::from(zone - west) * 1_000_000).rem_euclid(DAY), west)
}

/// make_interval with fewer than its seven arguments: the others are 0.
pub(crate) fn make_interval_short(args: &[Datum], _: &EvalContext<'_>) -> Result<Datum> {
    let at = |i: usize| args.get(i).map_or(Ok(0), get::i4);
    Interval::make(at(0)?, at(1)?, at(2)?, at(3)?, at(4)?, at(5)?, 0.0).map(Datum::Interval)
}

/// OVERLAPS in all its forms: the ends may be given as intervals after the starts.
pub(crate) fn overlaps(args: &[Datum], ctx: &EvalContext<'_>) -> Result<Datum> {
    let [s1, e1, s2, e2] = args else { return Err(super::arity("overlaps")) };
    let end = |start: &Datum, end: &Datum| -> Result<Datum> {
        let Datum::Interval(i) = end else { return Ok(end.clone()) };
        Ok(match start {
            Datum::Timestamp(t) => ts(datetime::timestamp_plus_interval(*t, *i)?),
            Datum::TimestampTz(t) => {
                tstz(datetime::timestamptz_plus_interval(*t, *i, &ctx.settings().timezone)?)
            }
            Datum::Time(t) => Datum::Time(datetime::time_plus_interval(*t, *i)),
            _ => Datum::Null,
        })
    };
    let order = |start: &Datum, end: Datum| -> Option<(Datum, Datum)> {
        match (start, end) {
            (Datum::Null, Datum::Null) => None,
            (Datum::Null, end) => Some((end, Datum::Null)),
            (start, end) if end.is_null() || start <= &end => Some((start.clone(), end)),
            (start, end) => Some((end, start.clone())),
        }
    };
    let (Some((s1, e1)), Some((s2, e2))) = (order(s1, end(s1, e1)?), order(s2, end(s2, e2)?)) else {
        return Ok(Datum::Null);
    };
    // The earlier start's end decides; where it is unknown, so is the answer, unless the starts are equal.
    let (end, other_start, other_end) = match s1.compare(&s2) {
        std::cmp::Ordering::Greater => (e2, s1, e1),
        std::cmp::Ordering::Less => (e1, s2, e2),
        std::cmp::Ordering::Equal => {
            return Ok(if e1.is_null() || e2.is_null() { Datum::Null } else { Datum::Bool(true) });
        }
    };
    Ok(if end.is_null() {
        Datum::Null
    } else if other_start < end {
        Datum::Bool(true)
    } else if other_end.is_null() {
        Datum::Null
    } else {
        Datum::Bool(false)
    })
}
