//! Sums, differences, ages and conversions.

use super::calendar::{
    Civil, DATE_INFINITY, DATE_NEG_INFINITY, MICROS_PER_DAY, MICROS_PER_SECOND, TIMESTAMP_INFINITY,
    TIMESTAMP_NEG_INFINITY, UNIX_TO_PG_SECONDS, check_timestamp, civil_from_days, civil_from_timestamp,
    date_out_of_range, days_from_civil, days_in_month, is_date, is_infinite, timestamp_out_of_range,
};
use super::{Interval, TimeZone};
use crate::error::{Error, Result, sqlstate};
use crate::settings::FormatSettings;

fn overflow(message: impl Into<String>) -> Error {
    Error::new(sqlstate::DATETIME_FIELD_OVERFLOW, message)
}

/// date + integer; `-` with the negative number. Infinite dates stay.
pub fn date_plus_days(date: i32, days: i32) -> Result<i32> {
    if date == DATE_INFINITY || date == DATE_NEG_INFINITY {
        return Ok(date);
    }
    date.checked_add(days).filter(|date| is_date(*date)).ok_or_else(date_out_of_range)
}

/// date - date, in days.
pub fn date_minus_date(a: i32, b: i32) -> Result<i32> {
    let infinite = |date| date == DATE_INFINITY || date == DATE_NEG_INFINITY;
    if infinite(a) || infinite(b) {
        return Err(overflow("cannot subtract infinite dates"));
    }
    a.checked_sub(b).ok_or_else(date_out_of_range)
}

/// Midnight of a date.
pub fn date_to_timestamp(date: i32) -> Result<i64> {
    match date {
        DATE_INFINITY => Ok(TIMESTAMP_INFINITY),
        DATE_NEG_INFINITY => Ok(TIMESTAMP_NEG_INFINITY),
        _ => i64::from(date)
            .checked_mul(MICROS_PER_DAY)
            .filter(|ts| super::is_timestamp(*ts))
            .ok_or_else(|| overflow("date out of range for timestamp")),
    }
}

/// Midnight of a date in a zone.
pub fn date_to_timestamptz(date: i32, zone: &TimeZone) -> Result<i64> {
    let local = date_to_timestamp(date)?;
    zone.to_utc(local).map_err(|_| overflow("date out of range for timestamp"))
}

/// The date of a timestamp.
pub fn timestamp_to_date(ts: i64) -> Result<i32> {
    match ts {
        TIMESTAMP_INFINITY => Ok(DATE_INFINITY),
        TIMESTAMP_NEG_INFINITY => Ok(DATE_NEG_INFINITY),
        _ => Ok(ts.div_euclid(MICROS_PER_DAY) as i32),
    }
}

/// The time of day of a timestamp; `None` of infinities.
pub fn time_of_day(ts: i64) -> Option<i64> {
    (!is_infinite(ts)).then(|| ts.rem_euclid(MICROS_PER_DAY))
}

/// timestamp to timestamptz (also `timestamp AT TIME ZONE zone`).
pub fn local_to_utc(local: i64, zone: &TimeZone) -> Result<i64> {
    zone.to_utc(local)
}

/// timestamptz to timestamp (also `timestamptz AT TIME ZONE zone`). 22008 if that is out of range.
pub fn utc_to_local(utc: i64, zone: &TimeZone) -> Result<i64> {
    let local = zone.to_local(utc);
    if is_infinite(utc) { Ok(local) } else { check_timestamp(local) }
}

/// Seconds east of UTC that the session's zone has now.
pub fn zone_today(settings: &FormatSettings) -> i32 {
    settings.timezone.offset_at(settings.now)
}

/// `time with time zone AT TIME ZONE zone`: the time and seconds west of UTC there, at the moment `now`.
pub fn timetz_at_zone(time: i64, west: i32, zone: &TimeZone, now: i64) -> (i64, i32) {
    let target = -zone.offset_at(now);
    let moved = time + i64::from(west - target) * MICROS_PER_SECOND;
    (moved.rem_euclid(MICROS_PER_DAY), target)
}

/// Adds months to local time; the day is cut to the month's length.
fn plus_months(local: i64, months: i32) -> Result<i64> {
    let mut civil = civil_from_timestamp(local);
    let total = i64::from(civil.year) * 12 + i64::from(civil.month) - 1 + i64::from(months);
    let year = total.div_euclid(12);
    if !(-4800..=300_000).contains(&year) {
        return Err(timestamp_out_of_range());
    }
    civil.year = year as i32;
    civil.month = total.rem_euclid(12) as i32 + 1;
    civil.day = civil.day.min(days_in_month(civil.year, civil.month));
    civil.timestamp().ok_or_else(timestamp_out_of_range)
}

fn plus_days(local: i64, days: i32) -> Result<i64> {
    i64::from(days)
        .checked_mul(MICROS_PER_DAY)
        .and_then(|micros| local.checked_add(micros))
        .ok_or_else(timestamp_out_of_range)
        .and_then(check_timestamp)
}

/// timestamp + interval: months, then days, then time.
pub fn timestamp_plus_interval(ts: i64, interval: Interval) -> Result<i64> {
    if is_infinite(ts) {
        return Ok(ts);
    }
    let mut result = ts;
    if interval.months != 0 {
        result = plus_months(result, interval.months)?;
    }
    if interval.days != 0 {
        result = plus_days(result, interval.days)?;
    }
    result.checked_add(interval.micros).ok_or_else(timestamp_out_of_range).and_then(check_timestamp)
}

/// timestamptz + interval: months and days in local time, so that the hour stays across a change of the clocks.
pub fn timestamptz_plus_interval(ts: i64, interval: Interval, zone: &TimeZone) -> Result<i64> {
    if is_infinite(ts) {
        return Ok(ts);
    }
    let mut result = ts;
    if interval.months != 0 {
        result = zone.to_utc(plus_months(zone.to_local(result), interval.months)?)?;
    }
    if interval.days != 0 {
        result = zone.to_utc(plus_days(zone.to_local(result), interval.days)?)?;
    }
    result.checked_add(interval.micros).ok_or_else(timestamp_out_of_range).and_then(check_timestamp)
}

/// a - b in days and time. Serves timestamptz too.
pub fn timestamp_minus_timestamp(a: i64, b: i64) -> Result<Interval> {
    if is_infinite(a) || is_infinite(b) {
        return Err(overflow("cannot subtract infinite timestamps"));
    }
    // PostgreSQL 15 lets differences of more than 292,000 years wrap around.
    Interval { months: 0, days: 0, micros: a.wrapping_sub(b) }.justify_hours()
}

/// time + interval, modulo a day.
pub fn time_plus_interval(time: i64, interval: Interval) -> i64 {
    (time + interval.micros % MICROS_PER_DAY).rem_euclid(MICROS_PER_DAY)
}

/// age(a, b): the difference in years, months, days and time. Of timestamptz: convert both to local time first.
pub fn age(a: i64, b: i64) -> Result<Interval> {
    if is_infinite(a) || is_infinite(b) {
        return Err(timestamp_out_of_range());
    }
    let (late, early, negative) = if a < b { (b, a, true) } else { (a, b, false) };
    let (x, y) = (civil_from_timestamp(late), civil_from_timestamp(early));
    let mut micros = x.time() - y.time();
    let mut days = x.day - y.day;
    let mut months = (x.year - y.year) * 12 + x.month - y.month;
    if micros < 0 {
        micros += MICROS_PER_DAY;
        days -= 1;
    }
    while days < 0 {
        // The month that is not complete has the length of the earlier date's.
        days += days_in_month(y.year, y.month);
        months -= 1;
    }
    let interval = Interval { months, days, micros };
    if negative { interval.neg() } else { Ok(interval) }
}

/// make_date; negative years are BC.
pub fn make_date(year: i32, month: i32, day: i32) -> Result<i32> {
    let error = || overflow(format!("date field value out of range: {year}-{month:02}-{day:02}"));
    let astronomical = if year < 0 { year.checked_add(1).ok_or_else(error)? } else { year };
    let valid =
        year != 0 && (1..=12).contains(&month) && day >= 1 && day <= days_in_month(astronomical, month);
    if !valid {
        return Err(error());
    }
    let near = (-4800..=5_900_000).contains(&astronomical);
    let date = if near { days_from_civil(astronomical, month, day) } else { DATE_INFINITY };
    if !is_date(date) {
        return Err(overflow(format!("date out of range: {year}-{month:02}-{day:02}")));
    }
    Ok(date)
}

/// make_time
pub fn make_time(hour: i32, minute: i32, second: f64) -> Result<i64> {
    let valid = (0..=24).contains(&hour)
        && (0..60).contains(&minute)
        && (0.0..=60.0).contains(&second)
        && !(hour == 24 && (minute > 0 || second > 0.0));
    if !valid {
        return Err(overflow(format!("time field value out of range: {hour}:{minute:02}:{second:02}")));
    }
    Ok((i64::from(hour) * 60 + i64::from(minute)) * 60_000_000 + (second * 1e6).round_ties_even() as i64)
}

/// make_timestamp
pub fn make_timestamp(year: i32, month: i32, day: i32, hour: i32, minute: i32, second: f64) -> Result<i64> {
    let time = make_time(hour, minute, second)?;
    let date = make_date(year, month, day)?;
    i64::from(date)
        .checked_mul(MICROS_PER_DAY)
        .and_then(|ts| ts.checked_add(time))
        .filter(|ts| super::is_timestamp(*ts))
        .ok_or_else(|| {
            overflow(format!(
                "timestamp out of range: {year}-{month:02}-{day:02} {hour}:{minute:02}:{second:02}"
            ))
        })
}

/// to_timestamp(double precision): seconds since 1970.
pub fn timestamptz_from_epoch(seconds: f64) -> Result<i64> {
    if seconds.is_nan() {
        return Err(overflow("timestamp cannot be NaN"));
    }
    if seconds.is_infinite() {
        return Ok(if seconds > 0.0 { TIMESTAMP_INFINITY } else { TIMESTAMP_NEG_INFINITY });
    }
    let micros = ((seconds - UNIX_TO_PG_SECONDS as f64) * 1e6).round_ties_even();
    if !(-2.2e17..9.223_371_331_2e18).contains(&micros) || !super::is_timestamp(micros as i64) {
        let mut text = Vec::new();
        crate::text::write_f64(seconds, -9, &mut text);
        return Err(overflow(format!("timestamp out of range: \"{}\"", String::from_utf8_lossy(&text))));
    }
    Ok(micros as i64)
}

/// Year, month and day of a date, with the time 0; infinities have none.
pub fn civil_of_date(date: i32) -> Option<Civil> {
    if date == DATE_INFINITY || date == DATE_NEG_INFINITY {
        return None;
    }
    let (year, month, day) = civil_from_days(date);
    Some(Civil { year, month, day, ..Civil::default() })
}
