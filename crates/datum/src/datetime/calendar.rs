//! Days and civil dates, limits, rounding.

use crate::error::{Error, Result, sqlstate};

/// Microseconds of a second.
pub const MICROS_PER_SECOND: i64 = 1_000_000;
/// Microseconds of a day.
pub const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;
/// Seconds from 1970-01-01 to 2000-01-01.
pub const UNIX_TO_PG_SECONDS: i64 = 946_684_800;
/// The Julian day number of 2000-01-01.
pub const JULIAN_2000: i32 = 2_451_545;
/// -infinity
pub const DATE_NEG_INFINITY: i32 = i32::MIN;
/// infinity
pub const DATE_INFINITY: i32 = i32::MAX;
/// -infinity
pub const TIMESTAMP_NEG_INFINITY: i64 = i64::MIN;
/// infinity
pub const TIMESTAMP_INFINITY: i64 = i64::MAX;
/// The first date: Julian day 0.
pub const DATE_MIN: i32 = -JULIAN_2000;
/// One past the last date: 5874898-01-01.
pub const DATE_END: i32 = 2_147_483_494 - JULIAN_2000;
/// The first timestamp: 4714-11-24 BC.
pub const TIMESTAMP_MIN: i64 = -211_813_488_000_000_000;
/// One past the last timestamp: 294277-01-01.
pub const TIMESTAMP_END: i64 = 9_223_371_331_200_000_000;

/// A civil date and time of day. Years before 1 AD count down from 0 (1 BC).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Civil {
    /// Year, 0 is 1 BC.
    pub year: i32,
    /// Month, from 1.
    pub month: i32,
    /// Day of the month, from 1.
    pub day: i32,
    /// Hour.
    pub hour: i32,
    /// Minute.
    pub minute: i32,
    /// Second.
    pub second: i32,
    /// Microsecond within the second.
    pub micros: i32,
}

/// Days since 2000-01-01. Month and day may be out of their bounds.
pub fn days_from_civil(year: i32, month: i32, day: i32) -> i32 {
    let months = i64::from(year) * 12 + i64::from(month) - 1;
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
    // Years begin in March here, so that the leap day is the last.
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (era * 146_097 + day_of_era - 730_425) as i32
}

/// Year, month and day of days since 2000-01-01.
pub fn civil_from_days(days: i32) -> (i32, i32, i32) {
    let z = i64::from(days) + 730_425;
    let era = z.div_euclid(146_097);
    let day_of_era = z - era * 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let m = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * m + 2) / 5 + 1;
    let month = if m < 10 { m + 3 } else { m - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as i32, month as i32, day as i32)
}

/// Days of a month.
pub fn days_in_month(year: i32, month: i32) -> i32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// 0 is Sunday.
pub fn day_of_week(days: i32) -> i32 {
    (i64::from(days) + 6).rem_euclid(7) as i32
}

/// From 1.
pub fn day_of_year(days: i32) -> i32 {
    let (year, _, _) = civil_from_days(days);
    days - days_from_civil(year, 1, 1) + 1
}

/// ISO 8601 year and week.
pub fn iso_week(days: i32) -> (i32, i32) {
    // The week belongs to the year of its Thursday.
    let thursday = days - (day_of_week(days) + 6) % 7 + 3;
    let (year, _, _) = civil_from_days(thursday);
    (year, (thursday - days_from_civil(year, 1, 1)) / 7 + 1)
}

/// The Monday of an ISO week.
pub fn iso_week_start(year: i32, week: i32) -> i32 {
    let fourth = days_from_civil(year, 1, 4);
    fourth - (day_of_week(fourth) + 6) % 7 + (week - 1) * 7
}

/// A timestamp taken apart. Not for infinities.
pub fn civil_from_timestamp(ts: i64) -> Civil {
    let days = ts.div_euclid(MICROS_PER_DAY);
    let (year, month, day) = civil_from_days(days as i32);
    let mut civil = Civil { year, month, day, ..Civil::default() };
    civil.set_time(ts.rem_euclid(MICROS_PER_DAY));
    civil
}

impl Civil {
    /// Sets the time of day from microseconds since midnight.
    pub fn set_time(&mut self, micros: i64) {
        let seconds = micros / MICROS_PER_SECOND;
        self.hour = (seconds / 3600) as i32;
        self.minute = (seconds / 60 % 60) as i32;
        self.second = (seconds % 60) as i32;
        self.micros = (micros % MICROS_PER_SECOND) as i32;
    }

    /// Microseconds since midnight.
    pub fn time(&self) -> i64 {
        ((i64::from(self.hour) * 60 + i64::from(self.minute)) * 60 + i64::from(self.second))
            * MICROS_PER_SECOND
            + i64::from(self.micros)
    }

    /// Days since 2000-01-01.
    pub fn days(&self) -> i32 {
        days_from_civil(self.year, self.month, self.day)
    }

    /// The timestamp, if it is in range.
    pub fn timestamp(&self) -> Option<i64> {
        let ts = i64::from(self.days()).checked_mul(MICROS_PER_DAY)?.checked_add(self.time())?;
        is_timestamp(ts).then_some(ts)
    }
}

/// Whether it is a finite timestamp in range.
pub fn is_timestamp(ts: i64) -> bool {
    (TIMESTAMP_MIN..TIMESTAMP_END).contains(&ts)
}

/// Whether it is infinite.
pub fn is_infinite(ts: i64) -> bool {
    ts == TIMESTAMP_INFINITY || ts == TIMESTAMP_NEG_INFINITY
}

/// Whether it is a finite date in range.
pub fn is_date(date: i32) -> bool {
    (DATE_MIN..DATE_END).contains(&date)
}

/// 22008
pub(crate) fn timestamp_out_of_range() -> Error {
    Error::new(sqlstate::DATETIME_FIELD_OVERFLOW, "timestamp out of range")
}

/// 22008
pub(crate) fn date_out_of_range() -> Error {
    Error::new(sqlstate::DATETIME_FIELD_OVERFLOW, "date out of range")
}

pub(crate) fn check_timestamp(ts: i64) -> Result<i64> {
    if is_timestamp(ts) { Ok(ts) } else { Err(timestamp_out_of_range()) }
}

/// Rounds to a number of decimals of a second, half away from zero; -1 and 6 change nothing.
pub fn round_micros(micros: i64, precision: i32) -> i64 {
    if !(0..6).contains(&precision) || is_infinite(micros) {
        return micros;
    }
    let unit = 10i64.pow(6 - precision as u32);
    if micros >= 0 {
        micros.saturating_add(unit / 2) / unit * unit
    } else {
        -((unit / 2 - micros) / unit * unit)
    }
}

/// [`round_micros`] of a time of day.
pub fn round_time(micros: i64, precision: i32) -> i64 {
    round_micros(micros, precision)
}
