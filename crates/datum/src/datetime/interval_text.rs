//! Text of intervals: input in PostgreSQL's, SQL's and ISO 8601's forms, output in the four IntervalStyles.

use super::calendar::{Civil, MICROS_PER_DAY};
use super::interval::{DAY, FULL_RANGE, HOUR, Interval, MINUTE, MONTH, SECOND, YEAR, range_of};
use super::output::push_padded;
use super::parse::{Field, Kind, Wrong, decode_time, error, parse_fraction, parse_int, tokenize};
use crate::error::Result;
use crate::settings::{FormatSettings, IntervalStyle};
use crate::text::write_i64;

type Parsed<T> = std::result::Result<T, Wrong>;

/// Units of intervals, as extract and date_trunc know them too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unit {
    Microsecond,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    Decade,
    Century,
    Millennium,
}

/// The unit of a word in lower case. Words count up to ten letters.
pub(super) fn unit(word: &str) -> Option<Unit> {
    Some(match word.get(..10).unwrap_or(word) {
        "us" | "usec" | "usecond" | "useconds" | "usecs" | "microsecon" => Unit::Microsecond,
        "ms" | "msec" | "msecond" | "mseconds" | "msecs" | "millisecon" => Unit::Millisecond,
        "s" | "sec" | "second" | "seconds" | "secs" => Unit::Second,
        "m" | "min" | "mins" | "minute" | "minutes" => Unit::Minute,
        "h" | "hour" | "hours" | "hr" | "hrs" => Unit::Hour,
        "d" | "day" | "days" => Unit::Day,
        "w" | "week" | "weeks" => Unit::Week,
        "mon" | "mons" | "month" | "months" => Unit::Month,
        "qtr" | "quarter" => Unit::Quarter,
        "y" | "year" | "years" | "yr" | "yrs" => Unit::Year,
        "dec" | "decade" | "decades" | "decs" => Unit::Decade,
        "c" | "cent" | "centuries" | "century" => Unit::Century,
        "mil" | "mils" | "millennia" | "millennium" => Unit::Millennium,
        _ => return None,
    })
}

#[derive(Default)]
struct Sum {
    months: i64,
    days: i64,
    micros: i64,
}

impl Sum {
    fn micros(&mut self, micros: i64) -> Parsed<()> {
        self.micros = self.micros.checked_add(micros).ok_or(Wrong::Overflow)?;
        Ok(())
    }

    fn fraction_micros(&mut self, fraction: f64, unit: i64) -> Parsed<()> {
        let exact = fraction * unit as f64;
        let whole = exact as i64;
        let rest = exact - whole as f64;
        self.micros(
            whole
                + if rest > 0.5 {
                    1
                } else if rest < -0.5 {
                    -1
                } else {
                    0
                },
        )
    }

    fn fraction_days(&mut self, fraction: f64, days: f64) -> Parsed<()> {
        let exact = fraction * days;
        self.days = self.days.checked_add(exact as i64).ok_or(Wrong::Overflow)?;
        self.fraction_micros(exact - (exact as i64) as f64, MICROS_PER_DAY)
    }

    fn add(&mut self, value: i64, fraction: f64, unit: Unit) -> Parsed<()> {
        let mut time = |micros: i64| {
            self.micros(value.checked_mul(micros).ok_or(Wrong::Overflow)?)?;
            self.fraction_micros(fraction, micros)
        };
        let years = |sum: &mut Sum, years: i64| {
            let whole = value
                .checked_mul(years)
                .filter(|years| i32::try_from(*years).is_ok())
                .ok_or(Wrong::Overflow)?;
            sum.months += whole * 12;
            sum.months += (fraction * years as f64 * 12.0).round_ties_even() as i64;
            Ok(())
        };
        match unit {
            Unit::Microsecond => {
                self.micros(value)?;
                self.fraction_micros(fraction, 1)
            }
            Unit::Millisecond => time(1_000),
            Unit::Second => time(1_000_000),
            Unit::Minute => time(60_000_000),
            Unit::Hour => time(3_600_000_000),
            Unit::Day => {
                self.days = self.days.checked_add(value).ok_or(Wrong::Overflow)?;
                self.fraction_micros(fraction, MICROS_PER_DAY)
            }
            Unit::Week => {
                self.days = value
                    .checked_mul(7)
                    .and_then(|days| self.days.checked_add(days))
                    .ok_or(Wrong::Overflow)?;
                self.fraction_days(fraction, 7.0)
            }
            Unit::Month => {
                i32::try_from(value).map_err(|_| Wrong::Overflow)?;
                self.months += value;
                self.fraction_days(fraction, 30.0)
            }
            Unit::Quarter => Err(Wrong::Format),
            Unit::Year => years(self, 1),
            Unit::Decade => years(self, 10),
            Unit::Century => years(self, 100),
            Unit::Millennium => years(self, 1000),
        }
    }

    fn finish(self, negate: bool) -> Parsed<Interval> {
        let sign = if negate { -1 } else { 1 };
        let narrow =
            |value: i64| value.checked_mul(sign).and_then(|v| i32::try_from(v).ok()).ok_or(Wrong::Overflow);
        Ok(Interval {
            months: narrow(self.months).map_err(|_| Wrong::Range)?,
            days: narrow(self.days)?,
            micros: self.micros.checked_mul(sign).ok_or(Wrong::Overflow)?,
        })
    }
}

/// Which unit a number without one has.
fn default_unit(range: i32) -> Unit {
    match range {
        YEAR => Unit::Year,
        r if r == MONTH || r == YEAR | MONTH => Unit::Month,
        DAY => Unit::Day,
        r if r == HOUR || r == DAY | HOUR => Unit::Hour,
        r if r == MINUTE || r == HOUR | MINUTE || r == DAY | HOUR | MINUTE => Unit::Minute,
        _ => Unit::Second,
    }
}

/// A time within an interval; microseconds.
fn interval_time(text: &str, range: i32) -> Parsed<i64> {
    // The hours of an interval have no bound.
    let (hours, rest) = text.split_once(':').ok_or(Wrong::Format)?;
    if hours.len() > 9 && hours.bytes().all(|b| b.is_ascii_digit()) {
        let hours: i64 = hours.parse().map_err(|_| Wrong::Overflow)?;
        let rest = interval_time(&format!("0:{rest}"), range)?;
        return hours.checked_mul(3_600_000_000).and_then(|h| h.checked_add(rest)).ok_or(Wrong::Overflow);
    }
    let (hour, minute, second, micros) = decode_time(text)?;
    let (hour, minute, second) =
        if text.matches(':').count() == 1 && !text.contains('.') && range == MINUTE | SECOND {
            (0, hour, minute)
        } else {
            (hour, minute, second)
        };
    Ok(((i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second)) * 1_000_000 + i64::from(micros))
}

fn decode(fields: &[Field], range: i32, style: IntervalStyle) -> Parsed<Interval> {
    let mut sum = Sum::default();
    let mut seen = 0u32;
    let mut ago = false;
    // Right to left: a unit stands after its number.
    let mut current: Option<Unit> = None;
    let bit = |unit: Unit| 1u32 << unit as u32;
    const TIME_BITS: u32 = 1 << Unit::Second as u32 | 1 << Unit::Minute as u32 | 1 << Unit::Hour as u32;
    // SQL's rule: a leading minus is for all fields, if none has a sign of its own.
    let negative_first = style == IntervalStyle::SqlStandard
        && fields.first().is_some_and(|(_, text)| text.starts_with('-'))
        && !fields[1..].iter().any(|(kind, text)| {
            matches!(kind, Kind::Zone | Kind::Special) && (text.starts_with('-') || text.starts_with('+'))
        });
    for (index, (kind, text)) in fields.iter().enumerate().rev() {
        let force_minus = negative_first && index > 0;
        let mut found = 0u32;
        let mut number = *kind == Kind::Number || *kind == Kind::Date;
        match kind {
            Kind::Time => {
                let micros = interval_time(text, range)?;
                sum.micros(if force_minus { -micros } else { micros })?;
                found = TIME_BITS;
                current = Some(Unit::Day);
            }
            Kind::Zone => {
                if text.contains(':') {
                    let micros = interval_time(&text[1..], range)?;
                    sum.micros(if text.starts_with('-') { -micros } else { micros })?;
                    found = TIME_BITS;
                    current = Some(Unit::Day);
                } else {
                    number = true;
                }
            }
            Kind::Word | Kind::Special => match text.as_str() {
                "ago" => ago = true,
                word => match unit(word) {
                    Some(unit) => current = Some(unit),
                    None => return Err(Wrong::Format),
                },
            },
            _ => {}
        }
        if number {
            let unit = match current {
                Some(unit) => unit,
                None => default_unit(range),
            };
            let negative = text.starts_with('-') || force_minus;
            let digits = text.trim_start_matches(['+', '-']);
            if let Some((years, months)) = digits.split_once('-') {
                let (years, months) = (parse_int(years)?, parse_int(months)?);
                if months > 11 {
                    return Err(Wrong::Overflow);
                }
                let total = i64::from(years) * 12 + i64::from(months);
                sum.add(if negative { -total } else { total }, 0.0, Unit::Month)?;
                found = bit(Unit::Month) | bit(Unit::Year);
            } else {
                let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
                let value: i64 = if whole.is_empty() {
                    0
                } else if whole.bytes().all(|b| b.is_ascii_digit()) {
                    whole.parse().map_err(|_| Wrong::Overflow)?
                } else {
                    return Err(Wrong::Format);
                };
                let fraction = if fraction.is_empty() {
                    0.0
                } else if fraction.bytes().all(|b| b.is_ascii_digit()) {
                    format!("0.{fraction}").parse::<f64>().map_err(|_| Wrong::Format)?
                } else {
                    return Err(Wrong::Format);
                };
                let sign = if negative { -1 } else { 1 };
                sum.add(value * sign, fraction * sign as f64, unit)?;
                found = match unit {
                    // Fractions make milli- and microseconds out of seconds, so that these do not exclude another.
                    Unit::Second if fraction != 0.0 => {
                        bit(Unit::Second) | bit(Unit::Millisecond) | bit(Unit::Microsecond)
                    }
                    unit => bit(unit),
                };
                // A number before hours, without a unit of its own, is of days.
                current = Some(if unit == Unit::Hour { Unit::Day } else { unit });
            }
        }
        if found & seen != 0 {
            return Err(Wrong::Format);
        }
        seen |= found;
    }
    if seen == 0 {
        return Err(Wrong::Format);
    }
    sum.finish(ago)
}

/// `P1Y2M3DT4H5M6.7S`, `P1W`, `P0001-02-03T04:05:06`.
fn decode_iso(text: &str) -> Parsed<Interval> {
    let mut sum = Sum::default();
    let mut rest = text.strip_prefix('P').ok_or(Wrong::Format)?;
    let mut time = false;
    if rest.is_empty() {
        return Err(Wrong::Format);
    }
    let alternative = |part: &str, time: bool, sum: &mut Sum| -> Parsed<bool> {
        let separator = if time { ':' } else { '-' };
        if part.bytes().any(|b| b.is_ascii_alphabetic()) || !part.contains(separator) {
            return Ok(false);
        }
        let units = if time {
            [Unit::Hour, Unit::Minute, Unit::Second]
        } else {
            [Unit::Year, Unit::Month, Unit::Day]
        };
        for (value, unit) in part.split(separator).zip(units) {
            let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
            sum.add(parse_int(whole)?.into(), f64::from(parse_fraction(fraction)?) / 1e6, unit)?;
        }
        Ok(true)
    };
    if !rest.starts_with('-') {
        let (date, clock) = rest.split_once('T').map_or((rest, None), |(date, clock)| (date, Some(clock)));
        let mut probe = Sum::default();
        if alternative(date, false, &mut probe)? || clock.is_some_and(|c| c.contains(':')) {
            if !date.is_empty() && !alternative(date, false, &mut sum)? {
                return Err(Wrong::Format);
            }
            if let Some(clock) = clock
                && !alternative(clock, true, &mut sum)?
            {
                return Err(Wrong::Format);
            }
            return sum.finish(false);
        }
    }
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('T') {
            if time {
                return Err(Wrong::Format);
            }
            time = true;
            rest = after;
            continue;
        }
        let end = rest.find(|c: char| c.is_ascii_alphabetic()).ok_or(Wrong::Format)?;
        let number = &rest[..end];
        let (sign, digits) = match number.strip_prefix('-') {
            Some(digits) => (-1i64, digits),
            None => (1, number.strip_prefix('+').unwrap_or(number)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if (whole.is_empty() && fraction.is_empty()) || !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Wrong::Format);
        }
        let value: i64 = if whole.is_empty() {
            0
        } else if whole.bytes().all(|b| b.is_ascii_digit()) {
            whole.parse().map_err(|_| Wrong::Overflow)?
        } else {
            return Err(Wrong::Format);
        };
        let fraction: f64 = if fraction.is_empty() {
            0.0
        } else {
            format!("0.{fraction}").parse().map_err(|_| Wrong::Format)?
        };
        let unit = match (rest.as_bytes()[end], time) {
            (b'Y', false) => Unit::Year,
            (b'M', false) => Unit::Month,
            (b'W', false) => Unit::Week,
            (b'D', false) => Unit::Day,
            (b'H', true) => Unit::Hour,
            (b'M', true) => Unit::Minute,
            (b'S', true) => Unit::Second,
            _ => return Err(Wrong::Format),
        };
        sum.add(value * sign, fraction * sign as f64, unit)?;
        rest = &rest[end + 1..];
    }
    sum.finish(false)
}

impl Interval {
    /// interval's input function, with the modifier applied.
    pub fn parse(text: &str, typmod: i32, settings: &FormatSettings) -> Result<Interval> {
        let range = range_of(typmod);
        let fields = tokenize(text);
        let result = fields.and_then(|fields| {
            if fields.is_empty() {
                return Err(Wrong::Format);
            }
            decode(&fields, range, settings.interval_style)
        });
        // What is not understood so may be ISO 8601.
        let result = match result {
            Err(Wrong::Format) if text.starts_with('P') => decode_iso(text),
            other => other,
        };
        let interval = result.map_err(|wrong| {
            error(if wrong == Wrong::Overflow { Wrong::Interval } else { wrong }, text, "interval")
        })?;
        if range == FULL_RANGE && typmod < 0 { Ok(interval) } else { interval.apply_typmod(typmod) }
    }

    /// Appends the text.
    pub fn write(self, settings: &FormatSettings, out: &mut Vec<u8>) {
        match settings.interval_style {
            IntervalStyle::Postgres => self.write_postgres(out),
            IntervalStyle::PostgresVerbose => self.write_verbose(out),
            IntervalStyle::SqlStandard => self.write_sql(out),
            IntervalStyle::Iso8601 => self.write_iso(out),
        }
    }

    /// Years and months; hours, minutes, seconds, microseconds.
    fn parts(self) -> ([i64; 2], [i64; 4]) {
        let months = i64::from(self.months);
        let micros = self.micros;
        (
            [months / 12, months % 12],
            [micros / 3_600_000_000, micros / 60_000_000 % 60, micros / 1_000_000 % 60, micros % 1_000_000],
        )
    }

    fn write_postgres(self, out: &mut Vec<u8>) {
        let ([years, months], [hours, minutes, seconds, micros]) = self.parts();
        let start = out.len();
        let mut negative_before = false;
        for (value, name) in [(years, "year"), (months, "mon"), (i64::from(self.days), "day")] {
            if value == 0 {
                continue;
            }
            if out.len() > start {
                out.push(b' ');
            }
            if negative_before && value > 0 {
                out.push(b'+');
            }
            write_i64(value, out);
            out.push(b' ');
            out.extend_from_slice(name.as_bytes());
            if value != 1 {
                out.push(b's');
            }
            negative_before = value < 0;
        }
        let empty = out.len() == start;
        if empty || self.micros != 0 {
            if !empty {
                out.push(b' ');
            }
            if self.micros < 0 {
                out.push(b'-');
            } else if negative_before {
                out.push(b'+');
            }
            push_padded(hours.abs(), 2, out);
            out.push(b':');
            push_padded(minutes.abs(), 2, out);
            out.push(b':');
            push_seconds(seconds, micros, 2, out);
        }
    }

    fn write_verbose(self, out: &mut Vec<u8>) {
        let ([years, months], [hours, minutes, seconds, micros]) = self.parts();
        out.push(b'@');
        let mut zero = true;
        let mut ago = false;
        let parts = [
            (years, "year"),
            (months, "mon"),
            (i64::from(self.days), "day"),
            (hours, "hour"),
            (minutes, "min"),
        ];
        for (value, name) in parts {
            if value == 0 {
                continue;
            }
            if zero {
                ago = value < 0;
            }
            let value = if ago { -value } else { value };
            out.push(b' ');
            write_i64(value, out);
            out.push(b' ');
            out.extend_from_slice(name.as_bytes());
            if value != 1 {
                out.push(b's');
            }
            zero = false;
        }
        if seconds != 0 || micros != 0 {
            out.push(b' ');
            if seconds < 0 || micros < 0 {
                if zero {
                    ago = true;
                } else if !ago {
                    out.push(b'-');
                }
            } else if ago {
                out.push(b'-');
            }
            push_seconds(seconds, micros, 1, out);
            out.extend_from_slice(if seconds.abs() != 1 || micros != 0 { b" secs" } else { b" sec" });
            zero = false;
        }
        if zero {
            out.extend_from_slice(b" 0");
        }
        if ago {
            out.extend_from_slice(b" ago");
        }
    }

    fn write_sql(self, out: &mut Vec<u8>) {
        let mut value = self;
        let negative = self.months < 0 || self.days < 0 || self.micros < 0;
        let positive = self.months > 0 || self.days > 0 || self.micros > 0;
        let year_month = self.months != 0;
        let day_time = self.days != 0 || self.micros != 0;
        let mixed = (negative && positive) || (year_month && day_time);
        let standard = !mixed;
        if negative && standard {
            out.push(b'-');
            value = value.neg().unwrap_or(value);
        }
        let ([years, months], [hours, minutes, seconds, micros]) = value.parts();
        let clock = |out: &mut Vec<u8>| {
            write_i64(hours.abs(), out);
            out.push(b':');
            push_padded(minutes.abs(), 2, out);
            out.push(b':');
            push_seconds(seconds, micros, 2, out);
        };
        let pair = |out: &mut Vec<u8>| {
            write_i64(years.abs(), out);
            out.push(b'-');
            write_i64(months.abs(), out);
        };
        let sign = |negative: bool| if negative { b'-' } else { b'+' };
        if !negative && !positive {
            out.push(b'0');
        } else if !standard {
            out.push(sign(value.months < 0));
            pair(out);
            out.extend_from_slice(&[b' ', sign(value.days < 0)]);
            write_i64(i64::from(value.days).abs(), out);
            out.extend_from_slice(&[b' ', sign(value.micros < 0)]);
            clock(out);
        } else if year_month {
            pair(out);
        } else {
            if value.days != 0 {
                write_i64(value.days.into(), out);
                out.push(b' ');
            }
            clock(out);
        }
    }

    fn write_iso(self, out: &mut Vec<u8>) {
        let ([years, months], [hours, minutes, seconds, micros]) = self.parts();
        if self.months == 0 && self.days == 0 && self.micros == 0 {
            out.extend_from_slice(b"PT0S");
            return;
        }
        let part = |value: i64, name: u8, out: &mut Vec<u8>| {
            if value != 0 {
                write_i64(value, out);
                out.push(name);
            }
        };
        out.push(b'P');
        part(years, b'Y', out);
        part(months, b'M', out);
        part(self.days.into(), b'D', out);
        if self.micros != 0 {
            out.push(b'T');
            part(hours, b'H', out);
            part(minutes, b'M', out);
            if seconds != 0 || micros != 0 {
                if seconds < 0 || micros < 0 {
                    out.push(b'-');
                }
                push_seconds(seconds, micros, 1, out);
                out.push(b'S');
            }
        }
    }
}

fn push_seconds(seconds: i64, micros: i64, width: usize, out: &mut Vec<u8>) {
    push_padded(seconds.abs(), width, out);
    if micros != 0 {
        out.push(b'.');
        push_padded(micros.abs(), 6, out);
        while out.last() == Some(&b'0') {
            out.pop();
        }
    }
}

impl Civil {
    /// Whole hours, which may be beyond a day, and the rest: for to_char of intervals.
    pub fn from_interval(interval: Interval) -> Civil {
        let ([years, months], [hours, minutes, seconds, micros]) = interval.parts();
        Civil {
            year: years as i32,
            month: months as i32,
            day: interval.days,
            hour: hours.clamp(i32::MIN.into(), i32::MAX.into()) as i32,
            minute: minutes as i32,
            second: seconds as i32,
            micros: micros as i32,
        }
    }
}
