//! Text of dates and times, in all forms that PostgreSQL takes.
//!
//! The text is cut into fields ([`tokenize`]) that are numbers, dates, times, words and zones by their looks alone.
//! [`Decoder`] then gives each a meaning, from left to right: what a number means depends on what is known already
//! (year, month, day) and on DateStyle.

use super::calendar::{
    Civil, DATE_INFINITY, DATE_NEG_INFINITY, JULIAN_2000, MICROS_PER_DAY, MICROS_PER_SECOND,
    TIMESTAMP_INFINITY, TIMESTAMP_NEG_INFINITY, UNIX_TO_PG_SECONDS, civil_from_days, civil_from_timestamp,
    days_from_civil, days_in_month, is_date, is_timestamp,
};
use super::zone::TimeZone;
use crate::error::{Error, Result, sqlstate};
use crate::settings::{DateOrder, FormatSettings};

/// What a field looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Date,
    Time,
    Word,
    /// A sign and a number.
    Zone,
    /// A sign and a word.
    Special,
}

pub(super) type Field = (Kind, String);

/// Why a text is no date or time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    Format,
    Overflow,
    /// Month or day out of bounds: DateStyle may be the cause.
    MonthDay,
    Displacement,
    Interval,
    /// Every field of an interval may be, but together they are too much.
    Range,
}

pub(super) fn error(wrong: Wrong, text: &str, ty: &str) -> Error {
    match wrong {
        Wrong::Format => Error::new(
            sqlstate::INVALID_DATETIME_FORMAT,
            format!("invalid input syntax for type {ty}: \"{text}\""),
        ),
        Wrong::Overflow => Error::new(
            sqlstate::DATETIME_FIELD_OVERFLOW,
            format!("date/time field value out of range: \"{text}\""),
        ),
        Wrong::MonthDay => Error::new(
            sqlstate::DATETIME_FIELD_OVERFLOW,
            format!("date/time field value out of range: \"{text}\""),
        )
        .hint("Perhaps you need a different \"datestyle\" setting."),
        Wrong::Displacement => Error::new(
            sqlstate::INVALID_TIME_ZONE,
            format!("time zone displacement out of range: \"{text}\""),
        ),
        Wrong::Range => Error::new(sqlstate::DATETIME_FIELD_OVERFLOW, "interval out of range"),
        Wrong::Interval => Error::new(
            sqlstate::INTERVAL_FIELD_OVERFLOW,
            format!("interval field value out of range: \"{text}\""),
        ),
    }
}

type Parsed<T> = std::result::Result<T, Wrong>;

fn space(b: u8) -> bool {
    matches!(b, b' ' | b'\t'..=b'\r')
}

/// Most fields of a text.
const FIELDS_MAX: usize = 25;

/// Cuts a text into fields, words in lower case.
pub(super) fn tokenize(text: &str) -> Parsed<Vec<Field>> {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut fields: Vec<Field> = Vec::new();
    let peek = |at: usize| bytes.get(at).copied().unwrap_or(0);
    while at < bytes.len() {
        let start = at;
        let b = bytes[at];
        let mut prefix = String::new();
        let kind = if space(b) {
            at += 1;
            continue;
        } else if b.is_ascii_digit() {
            while peek(at).is_ascii_digit() {
                at += 1;
            }
            match peek(at) {
                b':' => {
                    while peek(at).is_ascii_digit() || matches!(peek(at), b':' | b'.') {
                        at += 1;
                    }
                    Kind::Time
                }
                delimiter @ (b'-' | b'/' | b'.') => {
                    at += 1;
                    if peek(at).is_ascii_digit() {
                        while peek(at).is_ascii_digit() {
                            at += 1;
                        }
                        if peek(at) == delimiter {
                            while peek(at).is_ascii_digit() || peek(at) == delimiter {
                                at += 1;
                            }
                            Kind::Date
                        } else if delimiter == b'.' {
                            Kind::Number
                        } else {
                            Kind::Date
                        }
                    } else {
                        while peek(at).is_ascii_alphanumeric() || peek(at) == delimiter {
                            at += 1;
                        }
                        Kind::Date
                    }
                }
                _ => Kind::Number,
            }
        } else if b == b'.' {
            at += 1;
            while peek(at).is_ascii_digit() {
                at += 1;
            }
            Kind::Number
        } else if b.is_ascii_alphabetic() {
            while peek(at).is_ascii_alphabetic() {
                at += 1;
            }
            let word = text[start..at].to_ascii_lowercase();
            let date = match peek(at) {
                b'-' | b'/' | b'.' => true,
                b'+' | b'0'..=b'9' => word_meaning(&word).is_none(),
                _ => false,
            };
            if date {
                while peek(at).is_ascii_alphanumeric()
                    || matches!(peek(at), b'+' | b'-' | b'/' | b'_' | b'.' | b':')
                {
                    at += 1;
                }
                Kind::Date
            } else {
                Kind::Word
            }
        } else if b == b'+' || b == b'-' {
            prefix.push(b as char);
            at += 1;
            while space(peek(at)) {
                at += 1;
            }
            let from = at;
            let kind = if peek(at).is_ascii_digit() {
                while peek(at).is_ascii_digit() || matches!(peek(at), b':' | b'.' | b'-') {
                    at += 1;
                }
                Kind::Zone
            } else if peek(at).is_ascii_alphabetic() {
                while peek(at).is_ascii_alphabetic() {
                    at += 1;
                }
                Kind::Special
            } else {
                return Err(Wrong::Format);
            };
            prefix.push_str(&text[from..at].to_ascii_lowercase());
            fields.push((kind, prefix));
            continue;
        } else if b.is_ascii_punctuation() {
            at += 1;
            continue;
        } else {
            return Err(Wrong::Format);
        };
        if fields.len() >= FIELDS_MAX {
            return Err(Wrong::Format);
        }
        fields.push((kind, text[start..at].to_ascii_lowercase()));
    }
    Ok(fields)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Month(i32),
    Weekday,
    Now,
    Today,
    Tomorrow,
    Yesterday,
    Epoch,
    Infinity,
    NegInfinity,
    AllBalls,
    Am,
    Pm,
    Ad,
    Bc,
    /// Hours of daylight saving to be added to the zone before it.
    Daylight,
    Zulu,
    /// Before an ISO time.
    IsoTime,
    /// Before a Julian day.
    Julian,
    Ignore,
}

/// Words that are no names of zones.
fn word_meaning(word: &str) -> Option<Meaning> {
    use Meaning::*;
    Some(match word {
        "jan" | "january" => Month(1),
        "feb" | "february" => Month(2),
        "mar" | "march" => Month(3),
        "apr" | "april" => Month(4),
        "may" => Month(5),
        "jun" | "june" => Month(6),
        "jul" | "july" => Month(7),
        "aug" | "august" => Month(8),
        "sep" | "sept" | "september" => Month(9),
        "oct" | "october" => Month(10),
        "nov" | "november" => Month(11),
        "dec" | "december" => Month(12),
        "sun" | "sunday" | "mon" | "monday" | "tue" | "tues" | "tuesday" | "wed" | "weds" | "wednesday"
        | "thu" | "thur" | "thurs" | "thursday" | "fri" | "friday" | "sat" | "saturday" => Weekday,
        "now" => Now,
        "today" => Today,
        "tomorrow" => Tomorrow,
        "yesterday" => Yesterday,
        "epoch" => Epoch,
        "infinity" | "+infinity" => Infinity,
        "-infinity" => NegInfinity,
        "allballs" => AllBalls,
        "am" => Am,
        "pm" => Pm,
        "ad" => Ad,
        "bc" => Bc,
        "dst" => Daylight,
        "z" | "zulu" => Zulu,
        "t" => IsoTime,
        "j" | "jd" | "julian" => Julian,
        "at" | "on" => Ignore,
        _ => return None,
    })
}

const YEAR: u32 = 1;
const MONTH: u32 = 2;
const DAY: u32 = 4;
const DATE: u32 = YEAR | MONTH | DAY;
const TIME: u32 = 8;
const ZONE: u32 = 16;
const DAY_OF_YEAR: u32 = 32;
const AM_PM: u32 = 64;
const ERA: u32 = 128;
const WEEKDAY: u32 = 256;
const SPECIAL: u32 = 512;
const DAYLIGHT: u32 = 1024;

/// A zone in a text.
#[derive(Clone, Debug)]
enum Zone {
    /// Seconds east of UTC.
    Fixed(i32),
    Named(TimeZone),
}

/// What a text stands for.
#[derive(Debug)]
enum Value {
    Civil,
    Now,
    Epoch,
    Infinity,
    NegInfinity,
}

#[derive(Debug)]
struct Decoder<'a> {
    settings: &'a FormatSettings,
    /// time and timetz: numbers of four and six digits are times, not dates.
    time_only: bool,
    seen: u32,
    civil: Civil,
    /// The month was written as a word.
    text_month: bool,
    two_digits: bool,
    before_christ: bool,
    afternoon: Option<bool>,
    day_of_year: i32,
    julian: Option<i32>,
    zone: Option<Zone>,
    value: Value,
}

pub(super) fn parse_int(text: &str) -> Parsed<i32> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Wrong::Format);
    }
    text.parse().map_err(|_| Wrong::Overflow)
}

/// `.123` to microseconds, rounded.
pub(super) fn parse_fraction(digits: &str) -> Parsed<i32> {
    if digits.is_empty() {
        return Ok(0);
    }
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Wrong::Format);
    }
    let fraction: f64 = format!("0.{digits}").parse().map_err(|_| Wrong::Format)?;
    Ok((fraction * 1e6).round_ties_even() as i32)
}

impl<'a> Decoder<'a> {
    fn new(settings: &'a FormatSettings, time_only: bool) -> Decoder<'a> {
        Decoder {
            settings,
            time_only,
            seen: 0,
            civil: Civil::default(),
            text_month: false,
            two_digits: false,
            before_christ: false,
            afternoon: None,
            day_of_year: 0,
            julian: None,
            zone: None,
            value: Value::Civil,
        }
    }

    fn decode(&mut self, fields: &[Field]) -> Parsed<()> {
        let mut expect: Option<Meaning> = None;
        for (i, (kind, text)) in fields.iter().enumerate() {
            let before = self.seen;
            self.seen = 0;
            let prefix = expect.take();
            match kind {
                Kind::Date => self.date_field(text, before, prefix)?,
                Kind::Time => {
                    // With a `t` before it, or by itself: a time of day.
                    if prefix == Some(Meaning::Julian) {
                        return Err(Wrong::Format);
                    }
                    self.time_field(text)?;
                }
                Kind::Zone => {
                    self.zone = Some(Zone::Fixed(decode_offset(text)?));
                    self.seen = ZONE;
                }
                Kind::Number => self.number_field(text, before, prefix)?,
                Kind::Word | Kind::Special => expect = self.word_field(text, before, fields.get(i + 1))?,
            }
            if self.seen & before != 0 {
                return Err(Wrong::Format);
            }
            self.seen |= before;
        }
        if expect.is_some() {
            return Err(Wrong::Format);
        }
        self.finish()
    }

    fn date_field(&mut self, text: &str, before: u32, prefix: Option<Meaning>) -> Parsed<()> {
        if prefix == Some(Meaning::Julian) {
            // A Julian day with a zone after it.
            return Err(Wrong::Format);
        }
        let again = before & (MONTH | DAY) == (MONTH | DAY) || prefix.is_some() || self.julian.is_some();
        let starts_with_digit = text.as_bytes().first().is_some_and(u8::is_ascii_digit);
        let date =
            if starts_with_digit { !self.time_only || looks_like_date(text) } else { is_text_date(text) };
        if date && !again {
            return self.decode_date(text, before);
        }
        if starts_with_digit {
            // A time with a zone: `040506-08`.
            let (digits, zone) = text.split_at(text.find('-').ok_or(Wrong::Format)?);
            self.zone = Some(Zone::Fixed(decode_offset(zone)?));
            let date_known = if self.time_only { before | DATE } else { before };
            self.number_run(digits, date_known)?;
            if self.seen & TIME == 0 {
                return Err(Wrong::Format);
            }
            self.seen |= ZONE;
            return Ok(());
        }
        match TimeZone::named(text) {
            Some(zone) => self.zone = Some(Zone::Named(zone)),
            None => match TimeZone::parse(text) {
                Ok(zone) => self.zone = Some(Zone::Named(zone)),
                Err(_) => return Err(Wrong::Format),
            },
        }
        self.seen = ZONE;
        Ok(())
    }

    fn decode_date(&mut self, text: &str, before: u32) -> Parsed<()> {
        let parts: Vec<&str> = text
            .split(|c: char| !c.is_ascii_alphanumeric())
            .flat_map(split_letters)
            .filter(|part| !part.is_empty())
            .collect();
        let mut seen = before;
        let mut found = 0;
        let mut numbers = Vec::new();
        for part in &parts {
            if part.as_bytes()[0].is_ascii_alphabetic() {
                match word_meaning(part) {
                    Some(Meaning::Month(month)) if seen & MONTH == 0 => {
                        self.civil.month = month;
                        self.text_month = true;
                        seen |= MONTH;
                        found |= MONTH;
                    }
                    Some(Meaning::Weekday | Meaning::Ignore) => {}
                    _ => return Err(Wrong::Format),
                }
            } else {
                numbers.push(*part);
            }
        }
        for part in numbers {
            self.seen = 0;
            self.number(part, seen)?;
            if self.seen & seen != 0 {
                return Err(Wrong::Format);
            }
            seen |= self.seen;
            found |= self.seen;
        }
        self.seen = found;
        if found & !(DAY_OF_YEAR) & DATE != DATE {
            return Err(Wrong::Format);
        }
        Ok(())
    }

    fn time_field(&mut self, text: &str) -> Parsed<()> {
        let (hour, minute, second, micros) = decode_time(text)?;
        self.civil.hour = hour;
        self.civil.minute = minute;
        self.civil.second = second;
        self.civil.micros = micros;
        self.seen = TIME;
        if hour > 24 || (hour == 24 && (minute > 0 || second > 0 || micros > 0)) {
            return Err(Wrong::Overflow);
        }
        Ok(())
    }

    fn number_field(&mut self, text: &str, before: u32, prefix: Option<Meaning>) -> Parsed<()> {
        match prefix {
            Some(Meaning::Julian) => {
                let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
                let day = parse_int(whole)?;
                self.julian = Some(day);
                let date = day.checked_sub(JULIAN_2000).ok_or(Wrong::Overflow)?;
                let (year, month, day) = civil_from_days(date);
                (self.civil.year, self.civil.month, self.civil.day) = (year, month, day);
                self.seen = DATE;
                if !fraction.is_empty() {
                    let part: f64 = format!("0.{fraction}").parse().map_err(|_| Wrong::Format)?;
                    self.civil.set_time((part * MICROS_PER_DAY as f64) as i64);
                    self.seen |= TIME;
                }
                return Ok(());
            }
            Some(Meaning::IsoTime) => {
                self.number_run(text, before | DATE)?;
                return if self.seen == TIME { Ok(()) } else { Err(Wrong::Format) };
            }
            _ => {}
        }
        let known = if self.time_only { before | DATE } else { before };
        let point = text.find('.');
        if point.is_some() && known & DATE == 0 {
            return self.decode_date(text, before);
        }
        if point.is_some_and(|at| at > 2) {
            return self.number_run(text, known);
        }
        if text.len() >= 6 && (known & DATE == 0 || before & TIME == 0) {
            return self.number_run(text, known);
        }
        self.number(text, known)
    }

    /// One number: year, month or day by what is known, or a run of digits.
    fn number(&mut self, text: &str, known: u32) -> Parsed<()> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if text.contains('.') {
            if whole.len() > 2 {
                return self.number_run(text, known);
            }
            self.civil.micros = parse_fraction(fraction)?;
        }
        let value = parse_int(whole)?;
        let length = text.len();
        if length == 3 && known & DATE == YEAR && (1..=366).contains(&value) {
            self.day_of_year = value;
            self.seen = DAY_OF_YEAR | MONTH | DAY;
            return Ok(());
        }
        let order = self.settings.date_order;
        let what = match known & DATE {
            0 if length >= 3 || order == DateOrder::Ymd => YEAR,
            0 if order == DateOrder::Dmy => DAY,
            0 => MONTH,
            YEAR => MONTH,
            MONTH if self.text_month && (length >= 3 || order == DateOrder::Ymd) => YEAR,
            MONTH => DAY,
            known if known == YEAR | MONTH => {
                if self.text_month && length >= 3 && self.two_digits {
                    // The first number was the day after all: DD-MON-YYYY in YMD mode.
                    self.civil.day = self.civil.year;
                    self.civil.year = value;
                    self.two_digits = false;
                    self.seen = DAY;
                    return Ok(());
                }
                DAY
            }
            DAY => MONTH,
            known if known == MONTH | DAY => YEAR,
            DATE => return self.number_run(text, known),
            _ => return Err(Wrong::Format),
        };
        match what {
            YEAR => {
                self.civil.year = value;
                self.two_digits = length <= 2;
            }
            MONTH => self.civil.month = value,
            _ => self.civil.day = value,
        }
        self.seen = what;
        Ok(())
    }

    /// Digits without separators: `20200131`, `200131`, `040506.789`, `0405`.
    fn number_run(&mut self, text: &str, known: u32) -> Parsed<()> {
        let (digits, fraction) = match text.split_once('.') {
            Some((digits, fraction)) => {
                self.civil.micros = parse_fraction(fraction)?;
                (digits, true)
            }
            None => (text, false),
        };
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Wrong::Format);
        }
        let n = digits.len();
        if !fraction && known & DATE != DATE && n >= 6 {
            self.civil.day = parse_int(&digits[n - 2..])?;
            self.civil.month = parse_int(&digits[n - 4..n - 2])?;
            self.civil.year = parse_int(&digits[..n - 4])?;
            self.two_digits = n == 6;
            self.seen = DATE;
            return Ok(());
        }
        if known & TIME == 0 && (n == 6 || n == 4) {
            self.civil.hour = parse_int(&digits[..2])?;
            self.civil.minute = parse_int(&digits[2..4])?;
            self.civil.second = if n == 6 { parse_int(&digits[4..])? } else { 0 };
            self.seen = TIME;
            return Ok(());
        }
        Err(Wrong::Format)
    }

    fn word_field(&mut self, word: &str, before: u32, next: Option<&Field>) -> Parsed<Option<Meaning>> {
        use Meaning as M;
        let Some(meaning) = word_meaning(word) else {
            if let Some(east) = TimeZone::abbreviation(word) {
                self.zone = Some(Zone::Fixed(east));
            } else {
                self.zone = Some(Zone::Named(TimeZone::named(word).ok_or(Wrong::Format)?));
            }
            self.seen = ZONE;
            return Ok(None);
        };
        match meaning {
            M::Now => {
                self.value = Value::Now;
                self.seen = DATE | TIME | ZONE;
            }
            M::Today | M::Tomorrow | M::Yesterday => {
                let local = self.settings.timezone.to_local(self.settings.now);
                let shift = match meaning {
                    M::Tomorrow => 1,
                    M::Yesterday => -1,
                    _ => 0,
                };
                let day = local.div_euclid(MICROS_PER_DAY) as i32 + shift;
                (self.civil.year, self.civil.month, self.civil.day) = civil_from_days(day);
                self.seen = DATE;
            }
            M::AllBalls => {
                self.civil.set_time(0);
                self.zone = Some(Zone::Fixed(0));
                self.seen = TIME | ZONE;
            }
            M::Zulu => {
                self.zone = Some(Zone::Fixed(0));
                self.seen = ZONE;
            }
            M::Epoch | M::Infinity | M::NegInfinity => {
                self.value = match meaning {
                    M::Epoch => Value::Epoch,
                    M::Infinity => Value::Infinity,
                    _ => Value::NegInfinity,
                };
                self.seen = SPECIAL | DATE | TIME | ZONE;
            }
            M::Month(month) => {
                // A number that looked like the month was the day then: `1 feb 2020`.
                if before & MONTH != 0
                    && !self.text_month
                    && before & DAY == 0
                    && (1..=31).contains(&self.civil.month)
                {
                    self.civil.day = self.civil.month;
                    self.seen = DAY;
                } else {
                    self.seen = MONTH;
                }
                self.text_month = true;
                self.civil.month = month;
            }
            M::Weekday => self.seen = WEEKDAY,
            M::Am | M::Pm => {
                self.afternoon = Some(meaning == M::Pm);
                self.seen = AM_PM;
            }
            M::Ad | M::Bc => {
                self.before_christ = meaning == M::Bc;
                self.seen = ERA;
            }
            M::Daylight => {
                let Some(Zone::Fixed(east)) = &mut self.zone else { return Err(Wrong::Format) };
                *east += 3600;
                self.seen = DAYLIGHT;
            }
            M::IsoTime => {
                if before & DATE != DATE && !self.time_only {
                    return Err(Wrong::Format);
                }
                if !matches!(next, Some((Kind::Number | Kind::Time | Kind::Date, _))) {
                    return Err(Wrong::Format);
                }
                return Ok(Some(M::IsoTime));
            }
            M::Julian => return Ok(Some(M::Julian)),
            M::Ignore => {}
        }
        Ok(None)
    }

    fn finish(&mut self) -> Parsed<()> {
        if !matches!(self.value, Value::Civil) {
            return Ok(());
        }
        if self.seen & YEAR != 0 && self.julian.is_none() {
            if self.before_christ {
                if self.civil.year <= 0 {
                    return Err(Wrong::Overflow);
                }
                self.civil.year = 1 - self.civil.year;
            } else if self.two_digits {
                if self.civil.year < 70 {
                    self.civil.year += 2000;
                } else if self.civil.year < 100 {
                    self.civil.year += 1900;
                }
            } else if self.civil.year <= 0 {
                return Err(Wrong::Overflow);
            }
        }
        if self.seen & DAY_OF_YEAR != 0 {
            if !(-5000..=5_900_000).contains(&self.civil.year) {
                return Err(Wrong::Overflow);
            }
            let days = days_from_civil(self.civil.year, 1, 1) + self.day_of_year - 1;
            (self.civil.year, self.civil.month, self.civil.day) = civil_from_days(days);
        }
        if self.seen & MONTH != 0 && !(1..=12).contains(&self.civil.month) {
            return Err(Wrong::MonthDay);
        }
        if self.seen & DAY != 0 && !(1..=31).contains(&self.civil.day) {
            return Err(Wrong::MonthDay);
        }
        if self.seen & DATE == DATE && self.civil.day > days_in_month(self.civil.year, self.civil.month) {
            return Err(Wrong::Overflow);
        }
        if let Some(afternoon) = self.afternoon {
            if self.civil.hour > 12 {
                return Err(Wrong::Overflow);
            }
            if afternoon && self.civil.hour != 12 {
                self.civil.hour += 12;
            } else if !afternoon && self.civil.hour == 12 {
                self.civil.hour = 0;
            }
        }
        let c = &self.civil;
        if !(0..60).contains(&c.minute) || !(0..=60).contains(&c.second) || !(0..=24).contains(&c.hour) {
            return Err(Wrong::Overflow);
        }
        if c.time() > MICROS_PER_DAY {
            return Err(Wrong::Overflow);
        }
        Ok(())
    }

    fn is_full_date(&self) -> bool {
        self.seen & DATE == DATE
    }

    /// Seconds east of UTC that the zone has at the local time.
    fn offset(&self, local: i64) -> i32 {
        match &self.zone {
            Some(Zone::Fixed(east)) => *east,
            Some(Zone::Named(zone)) => zone.offset_of_local(local),
            None => self.settings.timezone.offset_of_local(local),
        }
    }

    fn local(&self) -> Option<i64> {
        // Beyond, days would not fit their type.
        if !(-5000..=300_000).contains(&self.civil.year) {
            return None;
        }
        let days = i64::from(days_from_civil(self.civil.year, self.civil.month, self.civil.day));
        days.checked_mul(MICROS_PER_DAY)?.checked_add(self.civil.time())
    }
}

/// Whether a numeric field with separators has three parts.
fn looks_like_date(text: &str) -> bool {
    text.split(['-', '/', '.']).count() >= 3 || text.bytes().any(|b| b.is_ascii_alphabetic())
}

/// Whether a field that begins with a letter begins with a month or weekday.
fn is_text_date(text: &str) -> bool {
    let word: String = text.chars().take_while(char::is_ascii_alphabetic).collect();
    matches!(word_meaning(&word), Some(Meaning::Month(_) | Meaning::Weekday))
}

/// Parts letters from digits: `jan8` is two.
fn split_letters(part: &str) -> Vec<&str> {
    let bytes = part.as_bytes();
    let mut parts = Vec::new();
    let mut start = 0;
    for at in 1..bytes.len() {
        if bytes[at].is_ascii_alphabetic() != bytes[at - 1].is_ascii_alphabetic() {
            parts.push(&part[start..at]);
            start = at;
        }
    }
    parts.push(&part[start..]);
    parts
}

/// `hh:mm`, `hh:mm:ss`, `hh:mm:ss.fff`, `mm:ss.fff`.
pub(super) fn decode_time(text: &str) -> Parsed<(i32, i32, i32, i32)> {
    let mut parts = text.splitn(3, ':');
    let hour = parse_int(parts.next().unwrap_or_default())?;
    let Some(second_part) = parts.next() else { return Err(Wrong::Format) };
    let (minute, second, micros) = match parts.next() {
        None => match second_part.split_once('.') {
            // One colon and a point: minutes and seconds.
            Some((second, fraction)) => {
                let value = (0, hour, parse_int(second)?, parse_fraction(fraction)?);
                return check_time(value);
            }
            None => (parse_int(second_part)?, 0, 0),
        },
        Some(seconds) => {
            let (second, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
            (parse_int(second_part)?, parse_int(second)?, parse_fraction(fraction)?)
        }
    };
    check_time((hour, minute, second, micros))
}

fn check_time(value: (i32, i32, i32, i32)) -> Parsed<(i32, i32, i32, i32)> {
    let (_, minute, second, _) = value;
    if minute > 59 || second > 60 { Err(Wrong::Overflow) } else { Ok(value) }
}

/// `+hh`, `+hhmm`, `+hh:mm`, `+hh:mm:ss`; seconds east of UTC.
fn decode_offset(text: &str) -> Parsed<i32> {
    let (sign, digits) = match text.as_bytes().first() {
        Some(b'+') => (1, &text[1..]),
        Some(b'-') => (-1, &text[1..]),
        _ => return Err(Wrong::Format),
    };
    let (hours, minutes, seconds) = if digits.contains(':') {
        let mut parts = digits.split(':');
        let mut next = || parts.next().map(parse_int).transpose();
        let value = (next()?.unwrap_or(0), next()?.unwrap_or(0), next()?.unwrap_or(0));
        if parts.next().is_some() {
            return Err(Wrong::Format);
        }
        value
    } else if digits.len() > 4 {
        let n = digits.len();
        if n != 6 && n != 5 {
            return Err(Wrong::Displacement);
        }
        (parse_int(&digits[..n - 4])?, parse_int(&digits[n - 4..n - 2])?, parse_int(&digits[n - 2..])?)
    } else if digits.len() > 2 {
        let n = digits.len();
        (parse_int(&digits[..n - 2])?, parse_int(&digits[n - 2..])?, 0)
    } else {
        (parse_int(digits)?, 0, 0)
    };
    if hours > 15 || minutes > 59 || seconds > 59 {
        return Err(Wrong::Displacement);
    }
    Ok(sign * ((hours * 60 + minutes) * 60 + seconds))
}

fn run<'a>(text: &str, ty: &str, settings: &'a FormatSettings, time_only: bool) -> Result<Decoder<'a>> {
    let mut decoder = Decoder::new(settings, time_only);
    tokenize(text)
        .and_then(|fields| if fields.is_empty() { Err(Wrong::Format) } else { decoder.decode(&fields) })
        .map_err(|wrong| error(wrong, text, ty))?;
    Ok(decoder)
}

/// `2020-01-31` and the like, exactly: the form that almost all input has.
fn plain_date(bytes: &[u8]) -> Option<(i32, i32, i32)> {
    let [a, b, c, d, b'-', e, f, b'-', g, h] = bytes else { return None };
    let mut digits = [*a, *b, *c, *d, *e, *f, *g, *h];
    for digit in &mut digits {
        *digit = digit.checked_sub(b'0').filter(|value| *value < 10)?;
    }
    let n = |i: usize| i32::from(digits[i]);
    let (year, month, day) =
        (n(0) * 1000 + n(1) * 100 + n(2) * 10 + n(3), n(4) * 10 + n(5), n(6) * 10 + n(7));
    (year > 0 && (1..=12).contains(&month) && day >= 1 && day <= days_in_month(year, month))
        .then_some((year, month, day))
}

/// `2020-01-31 04:05:06` with decimals, exactly.
fn plain_timestamp(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let (year, month, day) = plain_date(bytes.get(..10)?)?;
    let [b' ' | b'T', a, b, b':', c, d, b':', e, f, fraction @ ..] = &bytes[10..] else { return None };
    let two = |a: &u8, b: &u8| {
        (a.is_ascii_digit() && b.is_ascii_digit()).then(|| i32::from(a - b'0') * 10 + i32::from(b - b'0'))
    };
    let (hour, minute, second) = (two(a, b)?, two(c, d)?, two(e, f)?);
    let mut micros = 0;
    if let [b'.', digits @ ..] = fraction {
        if digits.is_empty() || digits.len() > 6 || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        micros = digits.iter().fold(0, |sum, b| sum * 10 + i32::from(b - b'0'))
            * 10i32.pow(6 - digits.len() as u32);
    } else if !fraction.is_empty() {
        return None;
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Some(
        i64::from(days_from_civil(year, month, day)) * MICROS_PER_DAY
            + Civil { hour, minute, second, micros, ..Civil::default() }.time(),
    )
}

fn epoch() -> i64 {
    -UNIX_TO_PG_SECONDS * MICROS_PER_SECOND
}

/// date. Days since 2000-01-01.
pub fn parse_date(text: &str, settings: &FormatSettings) -> Result<i32> {
    if let Some((year, month, day)) = plain_date(text.as_bytes()) {
        return Ok(days_from_civil(year, month, day));
    }
    let decoder = run(text, "date", settings, false)?;
    let date = match decoder.value {
        Value::Infinity => return Ok(DATE_INFINITY),
        Value::NegInfinity => return Ok(DATE_NEG_INFINITY),
        Value::Epoch => return Ok((epoch() / MICROS_PER_DAY) as i32),
        Value::Now => settings.timezone.to_local(settings.now).div_euclid(MICROS_PER_DAY) as i32,
        Value::Civil if !decoder.is_full_date() => return Err(error(Wrong::Format, text, "date")),
        Value::Civil if !(-4800..=5_900_000).contains(&decoder.civil.year) => DATE_INFINITY,
        Value::Civil => decoder.civil.days(),
    };
    if !is_date(date) {
        return Err(Error::new(sqlstate::DATETIME_FIELD_OVERFLOW, format!("date out of range: \"{text}\"")));
    }
    Ok(date)
}

/// time. Microseconds since midnight.
pub fn parse_time(text: &str, settings: &FormatSettings) -> Result<i64> {
    let ty = "time";
    let decoder = run(text, ty, settings, true)?;
    match decoder.value {
        Value::Now => Ok(settings.timezone.to_local(settings.now).rem_euclid(MICROS_PER_DAY)),
        Value::Civil if decoder.seen & TIME != 0 => {
            named_zone_needs_date(&decoder, text, ty)?;
            Ok(decoder.civil.time())
        }
        _ => Err(error(Wrong::Format, text, ty)),
    }
}

/// A zone with rules says nothing without a date.
fn named_zone_needs_date(decoder: &Decoder<'_>, text: &str, ty: &str) -> Result<()> {
    match &decoder.zone {
        Some(Zone::Named(zone))
            if !decoder.is_full_date() && zone.offset_at(0) != zone.offset_at(180 * MICROS_PER_DAY) =>
        {
            Err(error(Wrong::Format, text, ty))
        }
        _ => Ok(()),
    }
}

/// time with time zone. Microseconds since midnight, and seconds *west* of UTC.
pub fn parse_timetz(text: &str, settings: &FormatSettings) -> Result<(i64, i32)> {
    let ty = "time with time zone";
    let decoder = run(text, ty, settings, true)?;
    match decoder.value {
        Value::Now => {
            let local = settings.timezone.to_local(settings.now);
            Ok((local.rem_euclid(MICROS_PER_DAY), -settings.timezone.offset_at(settings.now)))
        }
        Value::Civil if decoder.seen & TIME != 0 => {
            named_zone_needs_date(&decoder, text, ty)?;
            // Without a date the zone is that of today.
            let east = if decoder.is_full_date() {
                decoder.offset(decoder.local().unwrap_or_default())
            } else {
                let today = civil_from_timestamp(settings.timezone.to_local(settings.now));
                decoder.offset(i64::from(today.days()) * MICROS_PER_DAY + decoder.civil.time())
            };
            Ok((decoder.civil.time(), -east))
        }
        _ => Err(error(Wrong::Format, text, ty)),
    }
}

fn range_error(text: &str) -> Error {
    Error::new(sqlstate::DATETIME_FIELD_OVERFLOW, format!("timestamp out of range: \"{text}\""))
}

/// timestamp. A zone in the text is passed over.
pub fn parse_timestamp(text: &str, settings: &FormatSettings) -> Result<i64> {
    if let Some(ts) = plain_timestamp(text) {
        return Ok(ts);
    }
    let decoder = run(text, "timestamp", settings, false)?;
    match decoder.value {
        Value::Infinity => Ok(TIMESTAMP_INFINITY),
        Value::NegInfinity => Ok(TIMESTAMP_NEG_INFINITY),
        Value::Epoch => Ok(epoch()),
        Value::Now => Ok(settings.timezone.to_local(settings.now)),
        Value::Civil if !decoder.is_full_date() => Err(error(Wrong::Format, text, "timestamp")),
        Value::Civil => decoder.local().filter(|ts| is_timestamp(*ts)).ok_or_else(|| range_error(text)),
    }
}

/// timestamp with time zone. Microseconds since 2000-01-01 UTC.
pub fn parse_timestamptz(text: &str, settings: &FormatSettings) -> Result<i64> {
    if let Some(local) = plain_timestamp(text) {
        return settings.timezone.to_utc(local);
    }
    let decoder = run(text, "timestamp with time zone", settings, false)?;
    match decoder.value {
        Value::Infinity => Ok(TIMESTAMP_INFINITY),
        Value::NegInfinity => Ok(TIMESTAMP_NEG_INFINITY),
        Value::Epoch => Ok(epoch()),
        Value::Now => Ok(settings.now),
        Value::Civil if !decoder.is_full_date() => {
            Err(error(Wrong::Format, text, "timestamp with time zone"))
        }
        Value::Civil => decoder
            .local()
            .and_then(|local| local.checked_sub(i64::from(decoder.offset(local)) * MICROS_PER_SECOND))
            .filter(|ts| is_timestamp(*ts))
            .ok_or_else(|| range_error(text)),
    }
}
