//! Text of dates and times, in the four DateStyles.

use super::calendar::{
    Civil, DATE_INFINITY, DATE_NEG_INFINITY, MICROS_PER_SECOND, TIMESTAMP_INFINITY, TIMESTAMP_NEG_INFINITY,
    civil_from_days, civil_from_timestamp, day_of_week,
};
use crate::settings::{DateOrder, DateStyle, FormatSettings};
use crate::text::write_i64;

const MONTHS: [&[u8]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
const DAYS: [&[u8]; 7] = [b"Sun", b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat"];

/// Appends at least `width` digits.
pub(crate) fn push_padded(value: i64, width: usize, out: &mut Vec<u8>) {
    if width == 2 && (0..100).contains(&value) {
        out.extend_from_slice(&[b'0' + (value / 10) as u8, b'0' + (value % 10) as u8]);
        return;
    }
    let digits = value.unsigned_abs().checked_ilog10().unwrap_or(0) as usize + 1;
    out.resize(out.len() + width.saturating_sub(digits), b'0');
    write_i64(value, out);
}

/// `.123` without zeros at the end; nothing for 0.
fn push_fraction(micros: i32, out: &mut Vec<u8>) {
    if micros == 0 {
        return;
    }
    out.push(b'.');
    push_padded(i64::from(micros), 6, out);
    while out.last() == Some(&b'0') {
        out.pop();
    }
}

fn push_time(civil: &Civil, out: &mut Vec<u8>) {
    push_padded(civil.hour.into(), 2, out);
    out.push(b':');
    push_padded(civil.minute.into(), 2, out);
    out.push(b':');
    push_padded(civil.second.into(), 2, out);
    push_fraction(civil.micros, out);
}

/// Appends `+02`, `-03:30`, `+01:02:03`; seconds east of UTC.
pub(crate) fn write_offset(east: i32, out: &mut Vec<u8>) {
    out.push(if east < 0 { b'-' } else { b'+' });
    let s = i64::from(east.unsigned_abs());
    push_padded(s / 3600, 2, out);
    if s % 3600 != 0 {
        out.push(b':');
        push_padded(s / 60 % 60, 2, out);
        if s % 60 != 0 {
            out.push(b':');
            push_padded(s % 60, 2, out);
        }
    }
}

fn push_date(civil: &Civil, style: DateStyle, order: DateOrder, out: &mut Vec<u8>) {
    let year = i64::from(if civil.year > 0 { civil.year } else { 1 - civil.year });
    let (month, day) = (i64::from(civil.month), i64::from(civil.day));
    let (separator, first, second) = match (style, order) {
        (DateStyle::Iso, _) => {
            push_padded(year, 4, out);
            out.push(b'-');
            push_padded(month, 2, out);
            out.push(b'-');
            push_padded(day, 2, out);
            return;
        }
        (DateStyle::German, _) => (b'.', day, month),
        (DateStyle::Sql, DateOrder::Dmy) => (b'/', day, month),
        (DateStyle::Sql, _) => (b'/', month, day),
        (DateStyle::Postgres, DateOrder::Dmy) => (b'-', day, month),
        (DateStyle::Postgres, _) => (b'-', month, day),
    };
    push_padded(first, 2, out);
    out.push(separator);
    push_padded(second, 2, out);
    out.push(separator);
    push_padded(year, 4, out);
}

/// Appends a date.
pub fn write_date(date: i32, settings: &FormatSettings, out: &mut Vec<u8>) {
    match date {
        DATE_INFINITY => out.extend_from_slice(b"infinity"),
        DATE_NEG_INFINITY => out.extend_from_slice(b"-infinity"),
        _ => {
            let (year, month, day) = civil_from_days(date);
            let civil = Civil { year, month, day, ..Civil::default() };
            push_date(&civil, settings.date_style, settings.date_order, out);
            if year <= 0 {
                out.extend_from_slice(b" BC");
            }
        }
    }
}

/// Appends a time of day.
pub fn write_time(time: i64, out: &mut Vec<u8>) {
    let mut civil = Civil::default();
    civil.set_time(time);
    push_time(&civil, out);
}

/// Appends a time of day and its zone, given in seconds west of UTC.
pub fn write_timetz(time: i64, west: i32, out: &mut Vec<u8>) {
    write_time(time, out);
    write_offset(-west, out);
}

fn write_infinite(ts: i64, out: &mut Vec<u8>) -> bool {
    match ts {
        TIMESTAMP_INFINITY => out.extend_from_slice(b"infinity"),
        TIMESTAMP_NEG_INFINITY => out.extend_from_slice(b"-infinity"),
        _ => return false,
    }
    true
}

/// Appends a timestamp.
pub fn write_timestamp(ts: i64, settings: &FormatSettings, out: &mut Vec<u8>) {
    if !write_infinite(ts, out) {
        push_timestamp(ts, None, settings, out);
    }
}

/// Appends a timestamp in the session's zone.
pub fn write_timestamptz(ts: i64, settings: &FormatSettings, out: &mut Vec<u8>) {
    if write_infinite(ts, out) {
        return;
    }
    let east = settings.timezone.offset_at(ts);
    push_timestamp(ts + i64::from(east) * MICROS_PER_SECOND, Some((ts, east)), settings, out);
}

fn push_timestamp(local: i64, zone: Option<(i64, i32)>, settings: &FormatSettings, out: &mut Vec<u8>) {
    let civil = civil_from_timestamp(local);
    match settings.date_style {
        DateStyle::Postgres => {
            out.extend_from_slice(DAYS[day_of_week(civil.days()) as usize]);
            out.push(b' ');
            let month = MONTHS[(civil.month - 1).clamp(0, 11) as usize];
            if settings.date_order == DateOrder::Dmy {
                push_padded(civil.day.into(), 2, out);
                out.push(b' ');
                out.extend_from_slice(month);
            } else {
                out.extend_from_slice(month);
                out.push(b' ');
                push_padded(civil.day.into(), 2, out);
            }
            out.push(b' ');
            push_time(&civil, out);
            out.push(b' ');
            push_padded(i64::from(if civil.year > 0 { civil.year } else { 1 - civil.year }), 4, out);
        }
        style => {
            push_date(&civil, style, settings.date_order, out);
            out.push(b' ');
            push_time(&civil, out);
        }
    }
    if let Some((utc, east)) = zone {
        if settings.date_style == DateStyle::Iso {
            write_offset(east, out);
        } else {
            out.push(b' ');
            out.extend_from_slice(settings.timezone.abbreviation_at(utc).as_bytes());
        }
    }
    if civil.year <= 0 {
        out.extend_from_slice(b" BC");
    }
}
