//! extract, date_trunc, date_bin.

use num_bigint::BigInt;

use super::calendar::{
    Civil, DATE_INFINITY, DATE_NEG_INFINITY, JULIAN_2000, MICROS_PER_DAY, MICROS_PER_SECOND,
    TIMESTAMP_NEG_INFINITY, UNIX_TO_PG_SECONDS, civil_from_days, civil_from_timestamp, day_of_week,
    day_of_year, is_infinite, iso_week, iso_week_start, timestamp_out_of_range,
};
use super::interval_text::{Unit, unit};
use super::{Interval, TimeZone};
use crate::error::{Error, Result, sqlstate};
use crate::numeric::Numeric;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Unit(Unit),
    Julian,
    IsoYear,
    Dow,
    IsoDow,
    Doy,
    Epoch,
    Timezone,
    TimezoneHour,
    TimezoneMinute,
}

fn field(name: &str) -> Option<Field> {
    Some(match name.get(..10).unwrap_or(name) {
        "julian" | "jd" | "j" => Field::Julian,
        "isoyear" => Field::IsoYear,
        "dow" => Field::Dow,
        "isodow" => Field::IsoDow,
        "doy" => Field::Doy,
        "epoch" => Field::Epoch,
        "timezone" => Field::Timezone,
        "timezone_h" => Field::TimezoneHour,
        "timezone_m" => Field::TimezoneMinute,
        other => Field::Unit(unit(other)?),
    })
}

fn not_recognized(name: &str, ty: &str) -> Error {
    Error::new(sqlstate::INVALID_PARAMETER_VALUE, format!("unit \"{name}\" not recognized for type {ty}"))
}

fn not_supported(name: &str, ty: &str) -> Error {
    Error::new(sqlstate::FEATURE_NOT_SUPPORTED, format!("unit \"{name}\" not supported for type {ty}"))
}

fn find(name: &str, ty: &str) -> Result<(String, Field)> {
    let lower = name.to_lowercase();
    match field(&lower) {
        Some(found) => Ok((lower, found)),
        None => Err(not_recognized(&lower, ty)),
    }
}

fn int(value: i64) -> Numeric {
    Numeric::from_i64(value)
}

fn scaled(value: i128, scale: u16) -> Numeric {
    Numeric::from_i128_scaled(value, scale)
}

/// Decade, century and millennium of a year (0 is 1 BC).
fn decade(year: i32) -> i32 {
    year.div_euclid(10)
}

fn century(year: i32) -> i32 {
    if year > 0 { (year + 99) / 100 } else { -((99 - (year - 1)) / 100) }
}

fn millennium(year: i32) -> i32 {
    if year > 0 { (year + 999) / 1000 } else { -((999 - (year - 1)) / 1000) }
}

/// Years as people count them: there is no year 0.
fn shown_year(year: i32) -> i64 {
    i64::from(if year > 0 { year } else { year - 1 })
}

/// The fields that a date has.
fn date_field(field: Field, civil: &Civil) -> Option<Numeric> {
    let days = civil.days();
    Some(int(match field {
        Field::Unit(Unit::Day) => civil.day.into(),
        Field::Unit(Unit::Week) => iso_week(days).1.into(),
        Field::Unit(Unit::Month) => civil.month.into(),
        Field::Unit(Unit::Quarter) => ((civil.month - 1) / 3 + 1).into(),
        Field::Unit(Unit::Year) => shown_year(civil.year),
        Field::Unit(Unit::Decade) => decade(civil.year).into(),
        Field::Unit(Unit::Century) => century(civil.year).into(),
        Field::Unit(Unit::Millennium) => millennium(civil.year).into(),
        Field::IsoYear => shown_year(iso_week(days).0),
        Field::Dow => day_of_week(days).into(),
        Field::IsoDow => match day_of_week(days) {
            0 => 7,
            day => day.into(),
        },
        Field::Doy => day_of_year(days).into(),
        _ => return None,
    }))
}

/// The fields that a time of day has; the second as a number of microseconds.
fn time_field(field: Field, hour: i64, minute: i64, second_micros: i64) -> Option<Numeric> {
    Some(match field {
        Field::Unit(Unit::Microsecond) => int(second_micros),
        Field::Unit(Unit::Millisecond) => scaled(second_micros.into(), 3),
        Field::Unit(Unit::Second) => scaled(second_micros.into(), 6),
        Field::Unit(Unit::Minute) => int(minute),
        Field::Unit(Unit::Hour) => int(hour),
        _ => return None,
    })
}

fn civil_time_field(field: Field, civil: &Civil) -> Option<Numeric> {
    let second = i64::from(civil.second) * MICROS_PER_SECOND + i64::from(civil.micros);
    time_field(field, civil.hour.into(), civil.minute.into(), second)
}

/// What infinite dates and timestamps give: an infinity for what grows for ever, else NULL.
fn infinite_field(field: Field, negative: bool) -> Option<Numeric> {
    match field {
        Field::Unit(Unit::Year | Unit::Decade | Unit::Century | Unit::Millennium)
        | Field::Julian
        | Field::IsoYear
        | Field::Epoch => Some(if negative { Numeric::NegInfinity } else { Numeric::Infinity }),
        _ => None,
    }
}

/// extract(field from date). `None` is NULL.
pub fn extract_date(name: &str, date: i32) -> Result<Option<Numeric>> {
    let ty = "date";
    let (name, field) = find(name, ty)?;
    let supported = matches!(field, Field::Julian | Field::Epoch)
        || date_field(field, &civil_from_timestamp(0)).is_some();
    if !supported {
        return Err(not_supported(&name, ty));
    }
    if date == DATE_INFINITY || date == DATE_NEG_INFINITY {
        return Ok(infinite_field(field, date < 0));
    }
    Ok(match field {
        Field::Julian => Some(int(i64::from(date) + i64::from(JULIAN_2000))),
        Field::Epoch => Some(int(i64::from(date) * 86_400 + UNIX_TO_PG_SECONDS)),
        _ => {
            let (year, month, day) = civil_from_days(date);
            date_field(field, &Civil { year, month, day, ..Civil::default() })
        }
    })
}

/// extract(field from time).
pub fn extract_time(name: &str, time: i64) -> Result<Option<Numeric>> {
    let ty = "time without time zone";
    let (name, field) = find(name, ty)?;
    if field == Field::Epoch {
        return Ok(Some(scaled(time.into(), 6)));
    }
    let mut civil = Civil::default();
    civil.set_time(time);
    civil_time_field(field, &civil).map(Some).ok_or_else(|| not_supported(&name, ty))
}

/// extract(field from time with time zone); seconds west of UTC.
pub fn extract_timetz(name: &str, time: i64, west: i32) -> Result<Option<Numeric>> {
    let ty = "time with time zone";
    let (name, field) = find(name, ty)?;
    if field == Field::Epoch {
        return Ok(Some(scaled(i128::from(time) + i128::from(west) * 1_000_000, 6)));
    }
    let mut civil = Civil::default();
    civil.set_time(time);
    zone_field(field, -west)
        .or_else(|| civil_time_field(field, &civil))
        .map(Some)
        .ok_or_else(|| not_supported(&name, ty))
}

fn zone_field(field: Field, east: i32) -> Option<Numeric> {
    Some(int(match field {
        Field::Timezone => east.into(),
        Field::TimezoneHour => (east / 3600).into(),
        Field::TimezoneMinute => (east / 60 % 60).into(),
        _ => return None,
    }))
}

fn extract_moment(name: &str, local: i64, utc: i64, east: Option<i32>, ty: &str) -> Result<Option<Numeric>> {
    let (name, field) = find(name, ty)?;
    if is_infinite(utc) {
        return Ok(infinite_field(field, utc == TIMESTAMP_NEG_INFINITY));
    }
    let civil = civil_from_timestamp(local);
    Ok(Some(match field {
        Field::Epoch => scaled(i128::from(utc) + i128::from(UNIX_TO_PG_SECONDS) * 1_000_000, 6),
        Field::Julian => {
            let day = int(i64::from(civil.days()) + i64::from(JULIAN_2000));
            day.add(&int(civil.time()).div(&int(MICROS_PER_DAY))?)?
        }
        _ => match date_field(field, &civil)
            .or_else(|| civil_time_field(field, &civil))
            .or_else(|| zone_field(field, east?))
        {
            Some(value) => value,
            None => return Err(not_supported(&name, ty)),
        },
    }))
}

/// extract(field from timestamp). `None` is NULL.
pub fn extract_timestamp(name: &str, ts: i64) -> Result<Option<Numeric>> {
    extract_moment(name, ts, ts, None, "timestamp without time zone")
}

/// extract(field from timestamptz). `None` is NULL.
pub fn extract_timestamptz(name: &str, ts: i64, zone: &TimeZone) -> Result<Option<Numeric>> {
    extract_moment(name, zone.to_local(ts), ts, Some(zone.offset_at(ts)), "timestamp with time zone")
}

/// extract(field from interval).
pub fn extract_interval(name: &str, interval: Interval) -> Result<Option<Numeric>> {
    let ty = "interval";
    let (name, field) = find(name, ty)?;
    let civil = Civil::from_interval(interval);
    let year = civil.year;
    Ok(Some(match field {
        Field::Unit(Unit::Day) => int(interval.days.into()),
        Field::Unit(Unit::Month) => int(civil.month.into()),
        Field::Unit(Unit::Quarter) => int((civil.month / 3 + 1).into()),
        Field::Unit(Unit::Year) => int(year.into()),
        Field::Unit(Unit::Decade) => int((year / 10).into()),
        Field::Unit(Unit::Century) => int((year / 100).into()),
        Field::Unit(Unit::Millennium) => int((year / 1000).into()),
        Field::Unit(Unit::Week) => return Err(not_supported(&name, ty)),
        Field::Epoch => {
            // A year has 365.25 days here, a month 30.
            let days4 =
                i128::from(year) * 1461 + i128::from(civil.month) * 120 + i128::from(interval.days) * 4;
            let micros = days4 * i128::from(MICROS_PER_DAY / 4) + i128::from(interval.micros);
            Numeric::from_parts(BigInt::from(micros), 6)
        }
        _ => match civil_time_field(field, &civil) {
            Some(_) if field == Field::Unit(Unit::Hour) => int(interval.micros / 3_600_000_000),
            Some(value) => value,
            None if matches!(field, Field::Unit(_)) => return Err(not_recognized(&name, ty)),
            None => return Err(not_supported(&name, ty)),
        },
    }))
}

/// What date_trunc can cut to; other fields it does not know, but for those of zones.
fn truncation_unit(field: Field, name: &str, ty: &str) -> Result<Unit> {
    match field {
        Field::Unit(unit) => Ok(unit),
        Field::Timezone | Field::TimezoneHour | Field::TimezoneMinute => Err(not_supported(name, ty)),
        _ => Err(not_recognized(name, ty)),
    }
}

/// Cuts local time to a unit. Whether the unit is a day or more, so that the zone has to be looked up again.
fn truncate(name: &str, ts: i64, ty: &str) -> Result<(i64, bool)> {
    let (name, field) = find(name, ty)?;
    let unit = truncation_unit(field, &name, ty)?;
    let mut c = civil_from_timestamp(ts);
    let start = |year: i32, month: i32, day: i32| Civil { year, month, day, ..Civil::default() };
    c = match unit {
        Unit::Microsecond => c,
        Unit::Millisecond => Civil { micros: c.micros / 1000 * 1000, ..c },
        Unit::Second => Civil { micros: 0, ..c },
        Unit::Minute => Civil { micros: 0, second: 0, ..c },
        Unit::Hour => Civil { micros: 0, second: 0, minute: 0, ..c },
        Unit::Day => start(c.year, c.month, c.day),
        Unit::Week => {
            let (year, week) = iso_week(c.days());
            let (year, month, day) = civil_from_days(iso_week_start(year, week));
            start(year, month, day)
        }
        Unit::Month => start(c.year, c.month, 1),
        Unit::Quarter => start(c.year, (c.month - 1) / 3 * 3 + 1, 1),
        Unit::Year => start(c.year, 1, 1),
        Unit::Decade => start(decade(c.year) * 10, 1, 1),
        Unit::Century => start(
            if c.year > 0 { (c.year + 99) / 100 * 100 - 99 } else { -((99 - (c.year - 1)) / 100 * 100) + 1 },
            1,
            1,
        ),
        Unit::Millennium => start(
            if c.year > 0 {
                (c.year + 999) / 1000 * 1000 - 999
            } else {
                -((999 - (c.year - 1)) / 1000 * 1000) + 1
            },
            1,
            1,
        ),
    };
    Ok((c.timestamp().ok_or_else(timestamp_out_of_range)?, unit >= Unit::Day))
}

/// date_trunc(field, timestamp)
pub fn date_trunc(name: &str, ts: i64) -> Result<i64> {
    if is_infinite(ts) {
        return Ok(ts);
    }
    truncate(name, ts, "timestamp without time zone").map(|(ts, _)| ts)
}

/// date_trunc(field, timestamptz), in a zone.
pub fn date_trunc_tz(name: &str, ts: i64, zone: &TimeZone) -> Result<i64> {
    if is_infinite(ts) {
        return Ok(ts);
    }
    let (local, again) = truncate(name, zone.to_local(ts), "timestamp with time zone")?;
    if again {
        return zone.to_utc(local);
    }
    Ok(local - i64::from(zone.offset_at(ts)) * MICROS_PER_SECOND)
}

/// date_trunc(field, interval)
pub fn date_trunc_interval(name: &str, interval: Interval) -> Result<Interval> {
    let ty = "interval";
    let (name, field) = find(name, ty)?;
    let unit = truncation_unit(field, &name, ty)?;
    let months = |n: i32| Interval { months: interval.months / n * n, days: 0, micros: 0 };
    let time = |n: i64| Interval { micros: interval.micros / n * n, ..interval };
    Ok(match unit {
        Unit::Microsecond => interval,
        Unit::Millisecond => time(1000),
        Unit::Second => time(MICROS_PER_SECOND),
        Unit::Minute => time(60_000_000),
        Unit::Hour => time(3_600_000_000),
        Unit::Day => Interval { micros: 0, ..interval },
        Unit::Week => {
            return Err(not_supported(&name, ty).detail("Months usually have fractional weeks."));
        }
        Unit::Month => months(1),
        Unit::Quarter => months(3),
        Unit::Year => months(12),
        Unit::Decade => months(120),
        Unit::Century => months(1200),
        Unit::Millennium => months(12_000),
    })
}

/// date_bin(stride, timestamp, origin). Serves timestamptz too.
pub fn date_bin(stride: Interval, ts: i64, origin: i64) -> Result<i64> {
    if is_infinite(ts) {
        return Ok(ts);
    }
    let overflow = |message: &str| Error::new(sqlstate::DATETIME_FIELD_OVERFLOW, message);
    if is_infinite(origin) {
        return Err(overflow("origin out of range"));
    }
    if stride.months != 0 {
        return Err(Error::new(
            sqlstate::FEATURE_NOT_SUPPORTED,
            "timestamps cannot be binned into intervals containing months or years",
        ));
    }
    let width = i64::from(stride.days)
        .checked_mul(MICROS_PER_DAY)
        .and_then(|days| days.checked_add(stride.micros))
        .ok_or_else(|| overflow("interval out of range"))?;
    if width <= 0 {
        return Err(overflow("stride must be greater than zero"));
    }
    let distance = ts.checked_sub(origin).ok_or_else(|| overflow("interval out of range"))?;
    // The beginning of the bin may lie before the first timestamp.
    distance
        .div_euclid(width)
        .checked_mul(width)
        .and_then(|bins| origin.checked_add(bins))
        .ok_or_else(timestamp_out_of_range)
        .and_then(super::calendar::check_timestamp)
}
