//! to_char of timestamps and intervals.

use crate::datetime::{
    Civil, Interval, JULIAN_2000, civil_from_timestamp, day_of_week, day_of_year, is_infinite, iso_week,
};
use crate::error::{Error, Result, sqlstate};
use crate::settings::FormatSettings;

/// What a piece of a format asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    AdDots,
    AmDots,
    Ad,
    Am,
    Cc,
    Day,
    Ddd,
    Dd,
    Dy,
    D,
    Ff(u8),
    Fx,
    Hh24,
    Hh12,
    Iddd,
    Id,
    Iw,
    Iyyy,
    Iyy,
    Iy,
    I,
    J,
    Mi,
    Mm,
    Month,
    Mon,
    Ms,
    Of,
    Q,
    Rm,
    Ssss,
    Ss,
    Tzh,
    Tzm,
    Tz,
    Us,
    Ww,
    W,
    YCommaYyy,
    Yyyy,
    Yyy,
    Yy,
    Y,
}

impl Key {
    /// Whether what it stands for is digits.
    pub(super) fn is_digit(self) -> bool {
        use Key::*;
        !matches!(self, AdDots | AmDots | Ad | Am | Day | Dy | Month | Mon | Of | Rm | Tz | Fx | YCommaYyy)
    }
}

/// How letters are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Upper,
    Lower,
    Capital,
}

/// A piece of a format.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Action {
        key: Key,
        case: Case,
        fill: bool,
        translate: bool,
        /// TH (upper) or th.
        ordinal: Option<Case>,
        name: &'static str,
    },
    /// Text as it is.
    Text(char),
    Space,
    Separator(char),
}

/// Longer ones before those that they begin with. All are known in upper and in lower case.
const KEYS: &[(&str, Key)] = &[
    ("A.D.", Key::AdDots),
    ("A.M.", Key::AmDots),
    ("AD", Key::Ad),
    ("AM", Key::Am),
    ("B.C.", Key::AdDots),
    ("BC", Key::Ad),
    ("CC", Key::Cc),
    ("DAY", Key::Day),
    ("DDD", Key::Ddd),
    ("DD", Key::Dd),
    ("DY", Key::Dy),
    ("D", Key::D),
    ("FF1", Key::Ff(1)),
    ("FF2", Key::Ff(2)),
    ("FF3", Key::Ff(3)),
    ("FF4", Key::Ff(4)),
    ("FF5", Key::Ff(5)),
    ("FF6", Key::Ff(6)),
    ("FX", Key::Fx),
    ("HH24", Key::Hh24),
    ("HH12", Key::Hh12),
    ("HH", Key::Hh12),
    ("IDDD", Key::Iddd),
    ("ID", Key::Id),
    ("IW", Key::Iw),
    ("IYYY", Key::Iyyy),
    ("IYY", Key::Iyy),
    ("IY", Key::Iy),
    ("I", Key::I),
    ("J", Key::J),
    ("MI", Key::Mi),
    ("MM", Key::Mm),
    ("MONTH", Key::Month),
    ("MON", Key::Mon),
    ("MS", Key::Ms),
    ("OF", Key::Of),
    ("P.M.", Key::AmDots),
    ("PM", Key::Am),
    ("Q", Key::Q),
    ("RM", Key::Rm),
    ("SSSSS", Key::Ssss),
    ("SSSS", Key::Ssss),
    ("SS", Key::Ss),
    ("TZH", Key::Tzh),
    ("TZM", Key::Tzm),
    ("TZ", Key::Tz),
    ("US", Key::Us),
    ("WW", Key::Ww),
    ("W", Key::W),
    ("Y,YYY", Key::YCommaYyy),
    ("YYYY", Key::Yyyy),
    ("YYY", Key::Yyy),
    ("YY", Key::Yy),
    ("Y", Key::Y),
];
const CAPITALS: &[(&str, Key)] =
    &[("Day", Key::Day), ("Dy", Key::Dy), ("Month", Key::Month), ("Mon", Key::Mon)];

fn find_key(rest: &str) -> Option<(Key, Case, &'static str)> {
    let begins = |name: &str, lower: bool| {
        rest.len() >= name.len()
            && rest
                .bytes()
                .zip(name.bytes())
                .all(|(a, b)| a == if lower { b.to_ascii_lowercase() } else { b })
    };
    let capital =
        CAPITALS.iter().filter(|(name, _)| rest.starts_with(name)).map(|(n, k)| (*n, *k, Case::Capital));
    let upper = KEYS.iter().filter(|(name, _)| begins(name, false)).map(|(n, k)| (*n, *k, Case::Upper));
    let lower = KEYS.iter().filter(|(name, _)| begins(name, true)).map(|(n, k)| (*n, *k, Case::Lower));
    // The longest one that fits.
    capital.chain(upper).chain(lower).fold(
        None,
        |best: Option<(Key, Case, &'static str)>, (name, key, case)| match best {
            Some((.., have)) if have.len() >= name.len() => best,
            _ => Some((key, case, name)),
        },
    )
}

/// Takes a format apart.
pub(super) fn parse_format(format: &str) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut rest = format;
    while !rest.is_empty() {
        let (mut fill, mut translate) = (false, false);
        while let Some(two) = rest.get(..2) {
            match two {
                "FM" | "fm" => fill = true,
                "TM" | "tm" => translate = true,
                _ => break,
            }
            rest = &rest[2..];
        }
        if let Some((key, case, name)) = find_key(rest) {
            rest = &rest[name.len()..];
            let mut ordinal = None;
            if let Some(two @ ("TH" | "th")) = rest.get(..2) {
                ordinal = Some(if two == "TH" { Case::Upper } else { Case::Lower });
                rest = &rest[2..];
            } else if let Some("SP" | "sp") = rest.get(..2) {
                rest = &rest[2..];
            }
            nodes.push(Node::Action { key, case, fill, translate, ordinal, name });
            continue;
        }
        let Some(c) = rest.chars().next() else { break };
        if c == '"' {
            // Quoted text, with backslashes before quotes within it.
            let mut chars = rest.char_indices().skip(1);
            let mut end = rest.len();
            while let Some((at, c)) = chars.next() {
                match c {
                    '"' => {
                        end = at + 1;
                        break;
                    }
                    '\\' => {
                        if let Some((_, c)) = chars.next() {
                            nodes.push(Node::Text(c));
                        }
                    }
                    c => nodes.push(Node::Text(c)),
                }
            }
            rest = &rest[end..];
            continue;
        }
        let mut len = c.len_utf8();
        if c == '\\' && rest[len..].starts_with('"') {
            nodes.push(Node::Separator('"'));
            len += 1;
        } else if c.is_ascii_whitespace() {
            nodes.push(Node::Space);
        } else if c.is_ascii_punctuation() {
            nodes.push(Node::Separator(c));
        } else {
            nodes.push(Node::Text(c));
        }
        rest = &rest[len..];
    }
    nodes
}

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(super) const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
pub(super) const ROMAN_MONTHS: [&str; 12] =
    ["XII", "XI", "X", "IX", "VIII", "VII", "VI", "V", "IV", "III", "II", "I"];

/// `st`, `nd`, `rd`, `th` of a number in digits.
pub(super) fn ordinal_suffix(digits: &str, case: Case) -> &'static str {
    let bytes = digits.as_bytes();
    let last = bytes.last().copied().unwrap_or(b'0');
    let teen = bytes.len() > 1 && bytes[bytes.len() - 2] == b'1';
    let (upper, lower) = match last {
        b'1' if !teen => ("ST", "st"),
        b'2' if !teen => ("ND", "nd"),
        b'3' if !teen => ("RD", "rd"),
        _ => ("TH", "th"),
    };
    if case == Case::Upper { upper } else { lower }
}

fn cased(text: &str, case: Case) -> String {
    match case {
        Case::Upper => text.to_uppercase(),
        Case::Lower => text.to_lowercase(),
        Case::Capital => text.to_owned(),
    }
}

/// What is written: fields, and whence.
struct Moment<'a> {
    civil: Civil,
    interval: Option<Interval>,
    /// Seconds east of UTC and the zone's abbreviation.
    zone: Option<(i32, &'a str)>,
}

/// to_char(timestamp, format). `None` is NULL.
pub fn timestamp_to_char(ts: i64, format: &str) -> Result<Option<String>> {
    if format.is_empty() || is_infinite(ts) {
        return Ok(None);
    }
    Moment { civil: civil_from_timestamp(ts), interval: None, zone: None }.write(format).map(Some)
}

/// to_char(timestamptz, format), in the session's zone. `None` is NULL.
pub fn timestamptz_to_char(ts: i64, format: &str, settings: &FormatSettings) -> Result<Option<String>> {
    if format.is_empty() || is_infinite(ts) {
        return Ok(None);
    }
    let zone = &settings.timezone;
    let name = zone.abbreviation_at(ts);
    let civil = civil_from_timestamp(zone.to_local(ts));
    Moment { civil, interval: None, zone: Some((zone.offset_at(ts), &name)) }.write(format).map(Some)
}

/// to_char(interval, format). `None` is NULL.
pub fn interval_to_char(interval: Interval, format: &str) -> Result<Option<String>> {
    if format.is_empty() {
        return Ok(None);
    }
    Moment { civil: Civil::from_interval(interval), interval: Some(interval), zone: None }
        .write(format)
        .map(Some)
}

impl Moment<'_> {
    fn write(&self, format: &str) -> Result<String> {
        let mut out = String::new();
        for node in parse_format(format) {
            match node {
                Node::Text(c) | Node::Separator(c) => out.push(c),
                Node::Space => out.push(' '),
                Node::Action { key, case, fill, translate, ordinal, .. } => {
                    let start = out.len();
                    self.field(key, case, fill, translate, &mut out)?;
                    if let Some(case) = ordinal
                        && (key.is_digit() || key == Key::YCommaYyy)
                        && out.len() > start
                        && out.as_bytes().last().is_some_and(u8::is_ascii_digit)
                    {
                        let suffix = ordinal_suffix(&out[start..], case);
                        out.push_str(suffix);
                    }
                }
            }
        }
        Ok(out)
    }

    fn not_for_intervals(&self) -> Result<()> {
        if self.interval.is_some() {
            return Err(Error::new(
                sqlstate::INVALID_DATETIME_FORMAT,
                "invalid format specification for an interval value",
            )
            .hint("Intervals are not tied to specific calendar dates."));
        }
        Ok(())
    }

    fn field(&self, key: Key, case: Case, fill: bool, translate: bool, out: &mut String) -> Result<()> {
        let c = &self.civil;
        let is_interval = self.interval.is_some();
        let days = if is_interval { 0 } else { c.days() };
        // Years before Christ are counted from 1.
        let shown = |year: i32| if is_interval || year > 0 { i64::from(year) } else { 1 - i64::from(year) };
        let mut number = |value: i64, width: usize| {
            let width = if fill {
                0
            } else if value < 0 {
                width + 1
            } else {
                width
            };
            out.push_str(&format!("{value:0width$}"));
        };
        // Days are not made wider for a sign, as months and hours are.
        let narrow =
            |value: i64, width: usize| if fill { format!("{value}") } else { format!("{value:0width$}") };
        let iso_year = || iso_week(days).0;
        match key {
            Key::Fx => {}
            Key::Am | Key::AmDots => {
                self.push_half_day(out, c.hour % 24 >= 12, key == Key::AmDots, case);
            }
            Key::Ad | Key::AdDots => {
                self.not_for_intervals()?;
                let text = match (c.year <= 0, key == Key::AdDots) {
                    (true, true) => "B.C.",
                    (true, false) => "BC",
                    (false, true) => "A.D.",
                    (false, false) => "AD",
                };
                out.push_str(&cased(text, case));
            }
            Key::Hh24 => number(c.hour.into(), 2),
            Key::Hh12 => number(if c.hour % 12 == 0 { 12 } else { i64::from(c.hour % 12) }, 2),
            Key::Mi => number(c.minute.into(), 2),
            Key::Ss => number(c.second.into(), 2),
            Key::Ms => out.push_str(&format!("{:03}", c.micros / 1000)),
            Key::Us => out.push_str(&format!("{:06}", c.micros)),
            Key::Ff(digits) => {
                let digits = usize::from(digits);
                out.push_str(&format!("{:0digits$}", c.micros / 10i32.pow(6 - digits as u32)));
            }
            Key::Ssss => {
                let seconds = i64::from(c.hour) * 3600 + i64::from(c.minute) * 60 + i64::from(c.second);
                out.push_str(&seconds.to_string());
            }
            Key::Tz => {
                self.not_for_intervals()?;
                if let Some((_, name)) = self.zone {
                    out.push_str(&if case == Case::Lower { name.to_lowercase() } else { name.to_owned() });
                }
            }
            Key::Tzh => {
                self.not_for_intervals()?;
                let east = self.zone.map_or(0, |zone| zone.0);
                out.push(if east >= 0 { '+' } else { '-' });
                out.push_str(&format!("{:02}", east.abs() / 3600));
            }
            Key::Tzm => {
                self.not_for_intervals()?;
                out.push_str(&format!("{:02}", self.zone.map_or(0, |zone| zone.0).abs() / 60 % 60));
            }
            Key::Of => {
                self.not_for_intervals()?;
                let east = self.zone.map_or(0, |zone| zone.0);
                let width = if fill { 0 } else { 2 };
                out.push(if east >= 0 { '+' } else { '-' });
                out.push_str(&format!("{:0width$}", east.abs() / 3600));
                if east % 3600 != 0 {
                    out.push_str(&format!(":{:02}", east.abs() / 60 % 60));
                }
            }
            Key::Month | Key::Mon => {
                self.not_for_intervals()?;
                let name = MONTHS[(c.month - 1).clamp(0, 11) as usize];
                word(name, key == Key::Mon, case, fill || translate, out);
            }
            Key::Day | Key::Dy => {
                self.not_for_intervals()?;
                word(DAYS[day_of_week(days) as usize], key == Key::Dy, case, fill || translate, out);
            }
            Key::Mm => number(c.month.into(), 2),
            Key::Dd => out.push_str(&narrow(c.day.into(), 2)),
            Key::Ddd | Key::Iddd => {
                let day = match self.interval {
                    Some(i) => (i64::from(c.year) * 12 + i64::from(c.month)) * 30 + i64::from(i.days),
                    None if key == Key::Ddd => day_of_year(days).into(),
                    None => {
                        let (year, week) = iso_week(days);
                        let monday = crate::datetime::iso_week_start(year, week);
                        i64::from((week - 1) * 7 + days - monday + 1)
                    }
                };
                out.push_str(&narrow(day, 3));
            }
            Key::D => {
                self.not_for_intervals()?;
                number(i64::from(day_of_week(days)) + 1, 0);
            }
            Key::Id => {
                self.not_for_intervals()?;
                number(if day_of_week(days) == 0 { 7 } else { day_of_week(days).into() }, 0);
            }
            Key::Ww => {
                let day = match self.interval {
                    Some(i) => (i64::from(c.year) * 12 + i64::from(c.month)) * 30 + i64::from(i.days),
                    None => day_of_year(days).into(),
                };
                out.push_str(&narrow((day - 1) / 7 + 1, 2));
            }
            Key::Iw => number(if is_interval { 0 } else { iso_week(days).1.into() }, 2),
            Key::W => number((i64::from(c.day) - 1) / 7 + 1, 0),
            Key::Q => {
                if c.month != 0 {
                    number(((c.month - 1) / 3 + 1).into(), 0);
                }
            }
            Key::Cc => {
                let century = if is_interval {
                    c.year / 100
                } else if c.year > 0 {
                    (c.year - 1) / 100 + 1
                } else {
                    c.year / 100 - 1
                };
                number(century.into(), if (-99..=99).contains(&century) { 2 } else { 0 });
            }
            Key::YCommaYyy => {
                let year = shown(c.year);
                out.push_str(&format!("{},{:03}", year / 1000, year % 1000));
            }
            Key::Yyyy => number(shown(c.year), 4),
            Key::Yyy => number(shown(c.year) % 1000, 3),
            Key::Yy => number(shown(c.year) % 100, 2),
            Key::Y => number(shown(c.year) % 10, 1),
            Key::Iyyy => number(shown(if is_interval { c.year } else { iso_year() }), 4),
            Key::Iyy => number(shown(if is_interval { c.year } else { iso_year() }) % 1000, 3),
            Key::Iy => number(shown(if is_interval { c.year } else { iso_year() }) % 100, 2),
            Key::I => number(shown(if is_interval { c.year } else { iso_year() }) % 10, 1),
            Key::J => {
                let days = match self.interval {
                    Some(_) => crate::datetime::days_from_civil(c.year, c.month, c.day),
                    None => days,
                };
                number(i64::from(days) + i64::from(JULIAN_2000), 0);
            }
            Key::Rm => {
                let month = if c.month == 0 {
                    if !is_interval || c.year == 0 {
                        return Ok(());
                    }
                    // A whole number of years: the last month of it, counted backwards below zero.
                    if c.year >= 0 { 12 } else { 1 }
                } else if c.month < 0 {
                    c.month + 13
                } else {
                    c.month
                };
                let text = cased(ROMAN_MONTHS[(12 - month).clamp(0, 11) as usize], case);
                out.push_str(&if fill { text } else { format!("{text:<4}") });
            }
        }
        Ok(())
    }

    fn push_half_day(&self, out: &mut String, afternoon: bool, dots: bool, case: Case) {
        let text = match (afternoon, dots) {
            (true, true) => "P.M.",
            (true, false) => "PM",
            (false, true) => "A.M.",
            (false, false) => "AM",
        };
        out.push_str(&cased(text, case));
    }
}

/// A month or day: three letters, or padded to nine.
fn word(name: &str, short: bool, case: Case, fill: bool, out: &mut String) {
    if short {
        out.push_str(&cased(&name[..3], case));
    } else if fill {
        out.push_str(&cased(name, case));
    } else {
        out.push_str(&format!("{:<9}", cased(name, case)));
    }
}
