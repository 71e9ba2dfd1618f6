//! to_timestamp and to_date: text by a format.

use super::datetime::{DAYS, Key, MONTHS, Node, ROMAN_MONTHS, parse_format};
use crate::datetime::{
    Civil, JULIAN_2000, MICROS_PER_SECOND, civil_from_days, days_from_civil, days_in_month, is_date,
    iso_week_start,
};
use crate::error::{Error, Result, sqlstate};
use crate::settings::FormatSettings;

/// to_timestamp(text, format). Microseconds since 2000-01-01 UTC.
pub fn to_timestamp(text: &str, format: &str, settings: &FormatSettings) -> Result<i64> {
    let found = Reader::read(text, format)?;
    let civil = found.civil(text)?;
    if !(-5000..=300_000).contains(&civil.year) {
        return Err(out_of_range());
    }
    let days = i64::from(days_from_civil(civil.year, civil.month, civil.day));
    let local = days
        .checked_mul(86_400 * MICROS_PER_SECOND)
        .and_then(|micros| micros.checked_add(civil.time()))
        .ok_or_else(out_of_range)?;
    let east = match found.zone {
        Some(east) => east,
        None => settings.timezone.offset_of_local(local),
    };
    let utc = local - i64::from(east) * MICROS_PER_SECOND;
    if crate::datetime::is_timestamp(utc) { Ok(utc) } else { Err(out_of_range()) }
}

/// to_date(text, format). Days since 2000-01-01.
pub fn to_date(text: &str, format: &str) -> Result<i32> {
    let civil = Reader::read(text, format)?.civil(text)?;
    let date = days_from_civil(civil.year, civil.month, civil.day);
    if !(-4800..=5_900_000).contains(&civil.year) || !is_date(date) {
        return Err(Error::new(sqlstate::DATETIME_FIELD_OVERFLOW, format!("date out of range: \"{text}\"")));
    }
    Ok(date)
}

fn out_of_range() -> Error {
    Error::new(sqlstate::DATETIME_FIELD_OVERFLOW, "timestamp out of range")
}

fn invalid(value: &str, name: &str) -> Error {
    Error::new(sqlstate::INVALID_DATETIME_FORMAT, format!("invalid value \"{value}\" for \"{name}\""))
}

/// What has been found; 0 is not found, as PostgreSQL has it.
#[derive(Default)]
struct Found {
    hour: i32,
    clock12: bool,
    afternoon: Option<bool>,
    minute: i32,
    second: i32,
    second_of_day: i32,
    millis: i32,
    micros: i32,
    year: i32,
    year_digits: usize,
    bc: bool,
    century: i32,
    month: i32,
    day: i32,
    day_of_year: i32,
    weekday: i32,
    week_of_year: i32,
    week_of_month: i32,
    julian: i32,
    iso: bool,
    zone: Option<i32>,
    zone_sign: i32,
    zone_hours: i32,
    zone_minutes: i32,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    fixed: bool,
    /// Characters passed over beyond those that the format asked for.
    extra: i32,
    found: Found,
}

fn is_separator(c: char) -> bool {
    c.is_ascii_punctuation()
}

impl<'a> Reader<'a> {
    fn read(text: &'a str, format: &str) -> Result<Found> {
        let nodes = parse_format(format);
        let mut reader = Reader { text, at: 0, fixed: false, extra: 0, found: Found::default() };
        for (i, node) in nodes.iter().enumerate() {
            if reader.rest().is_empty() {
                break;
            }
            let literal = matches!(node, Node::Text(_) | Node::Space | Node::Separator(_));
            if !reader.fixed && (!literal || i == 0) {
                reader.extra += reader.skip_blanks();
            }
            match node {
                Node::Space | Node::Separator(_) => {
                    if reader.fixed {
                        reader.skip_char();
                    } else {
                        reader.extra -= 1;
                        if reader
                            .rest()
                            .chars()
                            .next()
                            .is_some_and(|c| c.is_ascii_whitespace() || is_separator(c))
                        {
                            reader.skip_char();
                            reader.extra += 1;
                        }
                    }
                }
                Node::Text(_) => {
                    if !reader.fixed && reader.extra > 0 {
                        reader.extra -= 1;
                    } else {
                        reader.skip_char();
                    }
                }
                Node::Action { key: Key::Fx, .. } => reader.fixed = true,
                Node::Action { key, fill, ordinal, name, .. } => {
                    reader.field(*key, *fill, ordinal.is_some(), name, &nodes[i..])?;
                    reader.extra = 0;
                    if !reader.fixed {
                        reader.extra = reader.skip_blanks();
                    }
                }
            }
        }
        reader.finish_zone();
        Ok(reader.found)
    }

    fn finish_zone(&mut self) {
        let f = &mut self.found;
        if f.zone_sign != 0 {
            f.zone =
                Some(f.zone_sign * (f.zone_hours.clamp(0, 167) * 3600 + f.zone_minutes.clamp(0, 59) * 60));
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_char(&mut self) {
        self.at += self.rest().chars().next().map_or(0, char::len_utf8);
    }

    fn skip_blanks(&mut self) -> i32 {
        let n = self.rest().bytes().take_while(u8::is_ascii_whitespace).count();
        self.at += n;
        n as i32
    }

    /// A number of at most `len` characters, or of any length before a separator.
    fn number(&mut self, len: usize, free: bool, name: &str) -> Result<i32> {
        self.skip_blanks();
        let start = self.at;
        let rest = self.rest();
        let signed = usize::from(rest.starts_with(['-', '+']));
        let digits = rest.bytes().skip(signed).take_while(u8::is_ascii_digit).count();
        let mut used = if digits == 0 { 0 } else { signed + digits };
        let shown: String = rest.chars().take(len).collect();
        if !free {
            if rest.chars().count() < len && self.fixed {
                return Err(Error::new(
                    sqlstate::INVALID_DATETIME_FORMAT,
                    format!("source string too short for \"{name}\" formatting field"),
                )
                .detail(format!("Field requires {len} characters, but only {} remain.", rest.chars().count()))
                .hint("If your source string is not fixed-width, try using the \"FM\" modifier."));
            }
            used = used.min(len);
            if used > 0 && used < len && self.fixed {
                return Err(invalid(&shown, name)
                    .detail(format!("Field requires {len} characters, but only {used} could be parsed."))
                    .hint("If your source string is not fixed-width, try using the \"FM\" modifier."));
            }
        }
        if used == 0 {
            return Err(invalid(&shown, name).detail("Value must be an integer."));
        }
        self.at = start + used;
        let value: i64 = self.text[start..self.at].parse().unwrap_or(i64::MAX);
        i32::try_from(value).map_err(|_| {
            Error::new(
                sqlstate::DATETIME_FIELD_OVERFLOW,
                format!("value for \"{name}\" in source string is out of range"),
            )
            .detail(format!("Value must be in the range {} to {}.", i32::MIN, i32::MAX))
        })
    }

    /// One of several words; its index.
    fn word(&mut self, words: &[&str], name: &str) -> Result<usize> {
        let rest = self.rest();
        let best = words
            .iter()
            .enumerate()
            .filter(|(_, word)| rest.get(..word.len()).is_some_and(|have| have.eq_ignore_ascii_case(word)))
            .max_by_key(|(_, word)| word.len());
        match best {
            Some((index, word)) => {
                self.at += word.len();
                Ok(index)
            }
            None => {
                let end = rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len());
                Err(invalid(&rest[..end], name)
                    .detail("The given value did not match any of the allowed values for this field."))
            }
        }
    }

    fn set(target: &mut i32, value: i32, name: &str) -> Result<()> {
        if *target != 0 && *target != value {
            return Err(Error::new(
                sqlstate::INVALID_DATETIME_FORMAT,
                format!("conflicting values for \"{name}\" field in formatting string"),
            )
            .detail("This value contradicts a previous setting for the same field type."));
        }
        *target = value;
        Ok(())
    }

    fn field(&mut self, key: Key, fill: bool, ordinal: bool, name: &str, nodes: &[Node]) -> Result<()> {
        let free = fill || ordinal || next_is_separator(nodes);
        let before = self.at;
        match key {
            Key::Fx => {}
            Key::Am | Key::AmDots => {
                let words = if key == Key::Am { ["AM", "PM"] } else { ["A.M.", "P.M."] };
                self.found.afternoon = Some(self.word(&words, name)? == 1);
                self.found.clock12 = true;
            }
            Key::Ad | Key::AdDots => {
                let words = if key == Key::Ad { ["AD", "BC"] } else { ["A.D.", "B.C."] };
                self.found.bc = self.word(&words, name)? == 1;
            }
            Key::Hh12 => {
                let value = self.number(2, free, name)?;
                Self::set(&mut self.found.hour, value, name)?;
                self.found.clock12 = true;
            }
            Key::Hh24 => {
                let value = self.number(2, free, name)?;
                Self::set(&mut self.found.hour, value, name)?;
            }
            Key::Mi => {
                let value = self.number(2, free, name)?;
                Self::set(&mut self.found.minute, value, name)?;
            }
            Key::Ss => {
                let value = self.number(2, free, name)?;
                Self::set(&mut self.found.second, value, name)?;
            }
            Key::Ssss => {
                let value = self.number(name.len(), free, name)?;
                Self::set(&mut self.found.second_of_day, value, name)?;
            }
            Key::Ms | Key::Us | Key::Ff(_) => {
                let width = match key {
                    Key::Ms => 3,
                    Key::Us => 6,
                    Key::Ff(n) => usize::from(n),
                    _ => 6,
                };
                let start = self.at;
                let value = self.number(width, free, name)?;
                let digits = (self.at - start).min(9) as i32;
                // 25.3 is 300 milliseconds: digits fill up from the left.
                let unit = if key == Key::Ms { 3 } else { 6 };
                let scaled = f64::from(value) * 10f64.powi(unit - digits);
                if key == Key::Ms {
                    self.found.millis = scaled as i32;
                } else {
                    self.found.micros = scaled as i32;
                }
            }
            Key::Tz | Key::Of => {
                return Err(Error::new(
                    sqlstate::FEATURE_NOT_SUPPORTED,
                    format!("formatting field \"{name}\" is only supported in to_char"),
                ));
            }
            Key::Tzh => {
                self.found.zone_sign = match self.rest().as_bytes().first() {
                    Some(b'-') => {
                        self.at += 1;
                        -1
                    }
                    Some(b'+' | b' ') => {
                        self.at += 1;
                        1
                    }
                    // The sign may have been passed over as if it were a separator.
                    _ if self.extra > 0 && self.text[..self.at].ends_with('-') => -1,
                    _ => 1,
                };
                self.found.zone_hours = self.number(2, free, name)?;
            }
            Key::Tzm => {
                if self.found.zone_sign == 0 {
                    self.found.zone_sign = 1;
                }
                self.found.zone_minutes = self.number(2, free, name)?;
            }
            Key::Month => {
                let value = self.word(&MONTHS, name)? as i32 + 1;
                Self::set(&mut self.found.month, value, name)?;
            }
            Key::Mon => {
                let short: Vec<&str> = MONTHS.iter().map(|month| &month[..3]).collect();
                let value = self.word(&short, name)? as i32 + 1;
                Self::set(&mut self.found.month, value, name)?;
            }
            Key::Mm => {
                let value = self.number(2, free, name)?;
                Self::set(&mut self.found.month, value, name)?;
            }
            Key::Rm => {
                let value = 12 - self.word(&ROMAN_MONTHS, name)? as i32;
                Self::set(&mut self.found.month, value, name)?;
            }
            Key::Day => {
                let value = self.word(&DAYS, name)? as i32 + 1;
                Self::set(&mut self.found.weekday, value, name)?;
            }
            Key::Dy => {
                let short: Vec<&str> = DAYS.iter().map(|day| &day[..3]).collect();
                let value = self.word(&short, name)? as i32 + 1;
                Self::set(&mut self.found.weekday, value, name)?;
            }
            Key::Ddd | Key::Iddd => {
                let value = self.number(3, free, name)?;
                Self::set(&mut self.found.day_of_year, value, name)?;
                self.found.iso |= key == Key::Iddd;
            }
            Key::Dd => {
                let value = self.number(2, free, name)?;
                Self::set(&mut self.found.day, value, name)?;
            }
            Key::D => {
                let value = self.number(1, free, name)?;
                Self::set(&mut self.found.weekday, value, name)?;
            }
            Key::Id => {
                let value = self.number(1, free, name)?;
                // Sunday is 1 here.
                Self::set(&mut self.found.weekday, if value >= 7 { 1 } else { value + 1 }, name)?;
                self.found.iso = true;
            }
            Key::Ww | Key::Iw => {
                let value = self.number(2, free, name)?;
                Self::set(&mut self.found.week_of_year, value, name)?;
                self.found.iso |= key == Key::Iw;
            }
            Key::W => {
                let value = self.number(1, free, name)?;
                Self::set(&mut self.found.week_of_month, value, name)?;
            }
            // The quarter says nothing that the month does not.
            Key::Q => {
                self.number(1, free, name)?;
            }
            Key::Cc => {
                let value = self.number(2, free, name)?;
                Self::set(&mut self.found.century, value, name)?;
            }
            Key::YCommaYyy => {
                let rest = self.rest();
                let parsed = rest.split_once(',').and_then(|(thousands, tail)| {
                    let thousands_value: i32 = thousands.trim_start().parse().ok()?;
                    let n = tail.bytes().take(3).take_while(u8::is_ascii_digit).count();
                    let years: i32 = tail[..n].parse().ok()?;
                    Some((thousands_value.checked_mul(1000)?.checked_add(years)?, thousands.len() + 1 + n))
                });
                let Some((year, used)) = parsed else {
                    return Err(Error::new(
                        sqlstate::INVALID_DATETIME_FORMAT,
                        "invalid input string for \"Y,YYY\"",
                    ));
                };
                self.at += used;
                Self::set(&mut self.found.year, year, name)?;
                self.found.year_digits = 4;
            }
            Key::Yyyy | Key::Iyyy | Key::Yyy | Key::Iyy | Key::Yy | Key::Iy | Key::Y | Key::I => {
                let width = match key {
                    Key::Yyyy | Key::Iyyy => 4,
                    Key::Yyy | Key::Iyy => 3,
                    Key::Yy | Key::Iy => 2,
                    _ => 1,
                };
                let start = self.at;
                let mut year = self.number(width, free, name)?;
                let used = self.at - start;
                if width < 4 && used < 4 {
                    year = near_2020(year);
                }
                Self::set(&mut self.found.year, year, name)?;
                self.found.year_digits = width;
                self.found.iso |= matches!(key, Key::Iyyy | Key::Iyy | Key::Iy | Key::I);
            }
            Key::J => {
                let value = self.number(usize::MAX, true, name)?;
                Self::set(&mut self.found.julian, value, name)?;
            }
        }
        if ordinal && self.at > before {
            self.at = (self.at + 2).min(self.text.len());
            while !self.text.is_char_boundary(self.at) {
                self.at += 1;
            }
        }
        Ok(())
    }
}

/// Years of one to three digits mean those nearest to 2020.
fn near_2020(year: i32) -> i32 {
    match year {
        0..70 => year + 2000,
        70..100 => year + 1900,
        100..520 => year + 2000,
        520..1000 => year + 1000,
        _ => year,
    }
}

/// Whether something that is no digit comes next, so that a number may be as long as it likes.
fn next_is_separator(nodes: &[Node]) -> bool {
    match nodes.get(1) {
        None => true,
        Some(Node::Action { key, .. }) => !key.is_digit(),
        Some(Node::Text(c) | Node::Separator(c)) => !c.is_ascii_digit(),
        Some(Node::Space) => true,
    }
}

impl Found {
    fn civil(&self, text: &str) -> Result<Civil> {
        let field_overflow = || {
            Error::new(
                sqlstate::DATETIME_FIELD_OVERFLOW,
                format!("date/time field value out of range: \"{text}\""),
            )
        };
        // Far beyond what any field may be; nothing below overflows then.
        let parts = [
            self.hour,
            self.minute,
            self.second,
            self.millis,
            self.century,
            self.month,
            self.day,
            self.day_of_year,
            self.weekday,
            self.week_of_year,
            self.week_of_month,
        ];
        if parts.iter().any(|part| part.unsigned_abs() > 1_000_000)
            || self.year.unsigned_abs() > 2_000_000_000
        {
            return Err(field_overflow());
        }
        let mut c = Civil { month: 1, day: 1, ..Civil::default() };
        let mut year_known = true;
        (c.hour, c.minute, c.second) = (self.hour, self.minute, self.second);
        if self.second_of_day != 0 {
            let s = self.second_of_day;
            (c.hour, c.minute, c.second) = (s / 3600, s / 60 % 60, s % 60);
        }
        if self.clock12 {
            if !(1..=12).contains(&c.hour) {
                return Err(Error::new(
                    sqlstate::INVALID_DATETIME_FORMAT,
                    format!("hour \"{}\" is invalid for the 12-hour clock", c.hour),
                )
                .hint("Use the 24-hour clock, or give an hour between 1 and 12."));
            }
            match self.afternoon {
                Some(true) if c.hour < 12 => c.hour += 12,
                Some(false) if c.hour == 12 => c.hour = 0,
                _ => {}
            }
        }
        if self.year != 0 {
            if self.century != 0 && self.year_digits <= 2 {
                let century = if self.bc { -self.century } else { self.century };
                c.year = self.year % 100;
                if c.year != 0 {
                    if century >= 0 {
                        c.year += (century - 1) * 100;
                    } else {
                        c.year = (century + 1) * 100 - c.year + 1;
                    }
                } else {
                    c.year = century * 100 + i32::from(century < 0);
                }
            } else {
                c.year = self.year;
                if self.bc {
                    c.year = -c.year;
                }
                if c.year < 0 {
                    c.year += 1;
                }
            }
        } else if self.century != 0 {
            let century = if self.bc { -self.century } else { self.century };
            c.year = if century >= 0 { (century - 1) * 100 + 1 } else { century * 100 + 1 };
        } else {
            year_known = false;
        }
        let counted = self.week_of_year != 0 || self.day_of_year != 0;
        if counted && c.year.unsigned_abs() > 5_900_000 {
            return Err(field_overflow());
        }
        if self.julian != 0 {
            let days = self.julian.checked_sub(JULIAN_2000).ok_or_else(field_overflow)?;
            (c.year, c.month, c.day) = civil_from_days(days);
        }
        let mut day_of_year = self.day_of_year;
        if self.week_of_year != 0 {
            if self.iso {
                let weekday = if self.weekday == 0 { 2 } else { self.weekday };
                let days =
                    iso_week_start(c.year, self.week_of_year) + if weekday > 1 { weekday - 2 } else { 6 };
                (c.year, c.month, c.day) = civil_from_days(days);
            } else {
                day_of_year = (self.week_of_year - 1) * 7 + 1;
            }
        }
        let mut day = self.day;
        if self.week_of_month != 0 {
            day = (self.week_of_month - 1) * 7 + 1;
        }
        if day != 0 {
            c.day = day;
        }
        if self.month != 0 {
            c.month = self.month;
        }
        if day_of_year != 0 && (self.month == 0 || day == 0) {
            if !year_known && !self.bc {
                return Err(Error::new(
                    sqlstate::INVALID_DATETIME_FORMAT,
                    "cannot calculate day of year without year information",
                ));
            }
            let days = if self.iso {
                iso_week_start(c.year, 1) + day_of_year - 1
            } else {
                if !(1..=365 + i32::from(days_in_month(c.year, 2) == 29)).contains(&day_of_year) {
                    return Err(field_overflow());
                }
                days_from_civil(c.year, 1, 1) + day_of_year - 1
            };
            (c.year, c.month, c.day) = civil_from_days(days);
        }
        c.micros = self.millis * 1000 + self.micros;
        let in_range = (1..=12).contains(&c.month)
            && c.day >= 1
            && c.day <= days_in_month(c.year, c.month)
            && (0..24).contains(&c.hour)
            && (0..60).contains(&c.minute)
            && (0..60).contains(&c.second)
            && (0..1_000_000).contains(&c.micros);
        if !in_range {
            return Err(field_overflow());
        }
        Ok(c)
    }
}
