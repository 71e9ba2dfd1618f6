//! [`TimeZone`]: UTC, a fixed distance from it, or a zone of the tz database (bundled, so that all nodes agree).

use std::sync::Arc;

use super::abbreviations::ABBREVIATIONS;
use super::calendar::{
    MICROS_PER_DAY, MICROS_PER_SECOND, UNIX_TO_PG_SECONDS, civil_from_timestamp, is_infinite, is_timestamp,
    timestamp_out_of_range,
};
use crate::error::{Error, Result, sqlstate};

/// A time zone.
#[derive(Clone, Debug)]
pub struct TimeZone {
    name: Arc<str>,
    rules: Rules,
}

#[derive(Clone, Debug)]
enum Rules {
    /// Seconds east of UTC.
    Fixed(i32),
    /// From the tz database.
    Named(jiff::tz::TimeZone),
}

/// The calendar repeats after 400 years; jiff ends in the year 9999.
const CYCLE: i64 = 146_097 * MICROS_PER_DAY;
const JIFF_END: i64 = 7_900 * 365 * MICROS_PER_DAY;

fn into_jiff_range(ts: i64) -> i64 {
    if ts < JIFF_END { ts } else { ts - ((ts - JIFF_END) / CYCLE + 1) * CYCLE }
}

impl TimeZone {
    /// UTC
    pub fn utc() -> TimeZone {
        TimeZone { name: Arc::from("UTC"), rules: Rules::Fixed(0) }
    }

    /// A fixed distance, seconds east of UTC.
    pub fn fixed(east: i32) -> TimeZone {
        // Named as PostgreSQL names it, in POSIX' way, with the sign of the rule turned around.
        let show = |seconds: i32| {
            let (sign, s) = (if seconds < 0 { '-' } else { '+' }, seconds.abs());
            let mut text = format!("{sign}{:02}", s / 3600);
            if s % 3600 != 0 {
                text.push_str(&format!(":{:02}", s / 60 % 60));
            }
            if s % 60 != 0 {
                text.push_str(&format!(":{:02}", s % 60));
            }
            text
        };
        let (name, rule) = (show(east), show(-east));
        let rule = rule.strip_prefix('+').unwrap_or(&rule);
        TimeZone { name: format!("<{name}>{rule}").into(), rules: Rules::Fixed(east) }
    }

    /// A full name of the tz database, whatever the case.
    pub fn named(name: &str) -> Option<TimeZone> {
        if name.eq_ignore_ascii_case("utc") || name.eq_ignore_ascii_case("gmt") {
            return Some(TimeZone { name: name.to_ascii_uppercase().into(), rules: Rules::Fixed(0) });
        }
        let zone = database().get(name).ok()?;
        let name = zone.iana_name().unwrap_or(name).into();
        Some(TimeZone { name, rules: Rules::Named(zone) })
    }

    /// Abbreviations and seconds east of UTC, in order (pg_timezone_abbrevs).
    pub fn abbreviations() -> &'static [(&'static str, i32)] {
        ABBREVIATIONS
    }

    /// Full names of all zones, in order (pg_timezone_names).
    pub fn names() -> Vec<String> {
        let mut names: Vec<String> = database().available().map(|name| name.as_str().to_owned()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// An abbreviation like `PST`, as input and AT TIME ZONE know them; seconds east of UTC.
    pub fn abbreviation(name: &str) -> Option<i32> {
        let lower = name.to_ascii_lowercase();
        ABBREVIATIONS
            .binary_search_by(|(abbreviation, _)| (*abbreviation).cmp(lower.as_str()))
            .ok()
            .map(|at| ABBREVIATIONS[at].1)
    }

    /// A zone as AT TIME ZONE takes it: an abbreviation, a full name, or POSIX (`UTC+3` is three hours *west*).
    /// 22023 if there is none.
    pub fn parse(name: &str) -> Result<TimeZone> {
        if let Some(east) = TimeZone::abbreviation(name)
            && !name.eq_ignore_ascii_case("utc")
        {
            return Ok(TimeZone::fixed(east));
        }
        TimeZone::named(name).or_else(|| TimeZone::posix(name)).ok_or_else(|| {
            Error::new(sqlstate::INVALID_PARAMETER_VALUE, format!("time zone \"{name}\" not recognized"))
        })
    }

    /// A zone as SET TIME ZONE takes it: hours *east* of UTC, a full name, or POSIX.
    pub fn parse_setting(value: &str) -> Option<TimeZone> {
        if let Ok(hours) = value.trim().parse::<f64>()
            && hours.is_finite()
        {
            return (hours.abs() < 168.0).then(|| TimeZone::fixed((hours * 3600.0) as i32));
        }
        TimeZone::named(value).or_else(|| TimeZone::posix(value))
    }

    /// Letters or `<…>`, then hours west of UTC with minutes and seconds. Without daylight rules.
    fn posix(name: &str) -> Option<TimeZone> {
        let rest = if let Some(quoted) = name.strip_prefix('<') {
            quoted.split_once('>')?.1
        } else {
            let letters = name.bytes().take_while(u8::is_ascii_alphabetic).count();
            if letters < 3 && letters != 0 {
                return None;
            }
            &name[letters..]
        };
        let (sign, digits) = match rest.as_bytes().first()? {
            b'-' => (1, &rest[1..]),
            b'+' => (-1, &rest[1..]),
            _ => (-1, rest),
        };
        let mut seconds = 0;
        let mut unit = 3600;
        for part in digits.split(':') {
            let value: i32 = part.parse().ok().filter(|_| !part.is_empty() && part.len() <= 3)?;
            if unit == 0 || value > 167 || (unit < 3600 && value > 59) {
                return None;
            }
            seconds += value * unit;
            unit /= 60;
        }
        Some(TimeZone { name: name.into(), rules: Rules::Fixed(sign * seconds) })
    }

    /// As SHOW TimeZone says it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Seconds *east* of UTC at a moment (microseconds since 2000-01-01 UTC).
    pub fn offset_at(&self, utc: i64) -> i32 {
        match &self.rules {
            Rules::Fixed(east) => *east,
            Rules::Named(zone) => match jiff_timestamp(utc) {
                Some(at) => zone.to_offset(at).seconds(),
                None => 0,
            },
        }
    }

    /// Whether daylight saving time is in force at a moment.
    pub fn is_dst_at(&self, utc: i64) -> bool {
        match &self.rules {
            Rules::Fixed(_) => false,
            Rules::Named(zone) => {
                jiff_timestamp(utc).is_some_and(|at| zone.to_offset_info(at).dst().is_dst())
            }
        }
    }

    /// What the zone is called at a moment: `CET`, `+03`.
    pub fn abbreviation_at(&self, utc: i64) -> String {
        match &self.rules {
            Rules::Fixed(0) if !self.name.starts_with('<') => self.name.to_string(),
            Rules::Fixed(east) => match self.name.strip_prefix('<').and_then(|n| n.split_once('>')) {
                Some((name, _)) => name.to_owned(),
                None => {
                    let letters: String = self.name.chars().take_while(char::is_ascii_alphabetic).collect();
                    if letters.is_empty() {
                        let mut out = Vec::new();
                        super::write_offset(*east, &mut out);
                        String::from_utf8(out).unwrap_or_default()
                    } else {
                        letters
                    }
                }
            },
            Rules::Named(zone) => match jiff_timestamp(utc) {
                Some(at) => zone.to_offset_info(at).abbreviation().to_owned(),
                None => String::new(),
            },
        }
    }

    /// Seconds east of UTC that a local time means (microseconds since 2000-01-01 local). In a gap the offset before
    /// it holds, in a fold the one after.
    pub fn offset_of_local(&self, local: i64) -> i32 {
        use jiff::tz::AmbiguousOffset;
        match &self.rules {
            Rules::Fixed(east) => *east,
            Rules::Named(zone) => {
                let civil = civil_from_timestamp(into_jiff_range(local));
                let Ok(civil) = jiff::civil::DateTime::new(
                    civil.year as i16,
                    civil.month as i8,
                    civil.day as i8,
                    civil.hour as i8,
                    civil.minute as i8,
                    civil.second as i8,
                    civil.micros * 1000,
                ) else {
                    return 0;
                };
                match zone.to_ambiguous_timestamp(civil).offset() {
                    AmbiguousOffset::Unambiguous { offset } => offset.seconds(),
                    AmbiguousOffset::Gap { before, .. } => before.seconds(),
                    AmbiguousOffset::Fold { after, .. } => after.seconds(),
                }
            }
        }
    }

    /// Local to UTC microseconds; infinities stay. 22008 if that is out of range.
    pub fn to_utc(&self, local: i64) -> Result<i64> {
        if is_infinite(local) {
            return Ok(local);
        }
        local
            .checked_sub(i64::from(self.offset_of_local(local)) * MICROS_PER_SECOND)
            .filter(|utc| is_timestamp(*utc))
            .ok_or_else(timestamp_out_of_range)
    }

    /// UTC to local microseconds; infinities stay. May lie outside of the range of timestamps by a day.
    pub fn to_local(&self, utc: i64) -> i64 {
        if is_infinite(utc) {
            return utc;
        }
        utc.saturating_add(i64::from(self.offset_at(utc)) * MICROS_PER_SECOND)
    }
}

fn database() -> &'static jiff::tz::TimeZoneDatabase {
    static DATABASE: std::sync::LazyLock<jiff::tz::TimeZoneDatabase> =
        std::sync::LazyLock::new(jiff::tz::TimeZoneDatabase::bundled);
    &DATABASE
}

fn jiff_timestamp(utc: i64) -> Option<jiff::Timestamp> {
    jiff::Timestamp::from_microsecond(
        into_jiff_range(utc).checked_add(UNIX_TO_PG_SECONDS * MICROS_PER_SECOND)?,
    )
    .ok()
}
