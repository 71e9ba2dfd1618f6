//! [`Interval`]: its order, arithmetic and modifier.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use super::calendar::MICROS_PER_DAY;
use crate::error::{Error, Result, sqlstate};

/// interval: three fields that are never normalised into each other.
#[derive(Clone, Copy, Debug, Default)]
pub struct Interval {
    /// Months.
    pub months: i32,
    /// Days.
    pub days: i32,
    /// Microseconds.
    pub micros: i64,
}

pub(super) const MONTH: i32 = 1 << 1;
pub(super) const YEAR: i32 = 1 << 2;
pub(super) const DAY: i32 = 1 << 3;
pub(super) const HOUR: i32 = 1 << 10;
pub(super) const MINUTE: i32 = 1 << 11;
pub(super) const SECOND: i32 = 1 << 12;
pub(super) const FULL_RANGE: i32 = 0x7fff;
const FULL_PRECISION: i32 = 0xffff;

/// The fields that a modifier allows.
pub(super) fn range_of(typmod: i32) -> i32 {
    if typmod < 0 { FULL_RANGE } else { typmod >> 16 & FULL_RANGE }
}

fn out_of_range() -> Error {
    Error::new(sqlstate::DATETIME_FIELD_OVERFLOW, "interval out of range")
}

/// `interval`, `interval(3)`, `interval day to second(3)` and so on.
pub fn interval_typmod_name(typmod: i32) -> String {
    let mut name = String::from("interval");
    if typmod < 0 {
        return name;
    }
    const DAY_TIME: i32 = DAY | HOUR | MINUTE | SECOND;
    const TIME: i32 = HOUR | MINUTE | SECOND;
    name.push_str(match range_of(typmod) {
        YEAR => " year",
        MONTH => " month",
        DAY => " day",
        HOUR => " hour",
        MINUTE => " minute",
        SECOND => " second",
        r if r == YEAR | MONTH => " year to month",
        r if r == DAY | HOUR => " day to hour",
        r if r == DAY | HOUR | MINUTE => " day to minute",
        DAY_TIME => " day to second",
        r if r == HOUR | MINUTE => " hour to minute",
        TIME => " hour to second",
        r if r == MINUTE | SECOND => " minute to second",
        _ => "",
    });
    let precision = typmod & FULL_PRECISION;
    if precision != FULL_PRECISION {
        name.push_str(&format!("({precision})"));
    }
    name
}

#[allow(clippy::should_implement_trait)]
impl Interval {
    /// Its length in microseconds, a month being 30 days and a day 24 hours: what comparison goes by.
    pub fn span(self) -> i128 {
        (i128::from(self.months) * 30 + i128::from(self.days)) * i128::from(MICROS_PER_DAY)
            + i128::from(self.micros)
    }

    /// An interval of this length: as many months as there are whole ones, then days, then time.
    pub fn from_span(span: i128) -> Interval {
        let day = i128::from(MICROS_PER_DAY);
        // Truncation gives all parts one sign.
        let days = span / day;
        let months = (days / 30).clamp(i128::from(i32::MIN), i128::from(i32::MAX));
        let days_left = (days - months * 30).clamp(i128::from(i32::MIN), i128::from(i32::MAX));
        let micros = span - (months * 30 + days_left) * day;
        Interval { months: months as i32, days: days_left as i32, micros: micros as i64 }
    }

    /// a + b. 22008 if a field overflows.
    pub fn add(self, other: Interval) -> Result<Interval> {
        let sum = || {
            Some(Interval {
                months: self.months.checked_add(other.months)?,
                days: self.days.checked_add(other.days)?,
                micros: self.micros.checked_add(other.micros)?,
            })
        };
        sum().ok_or_else(out_of_range)
    }

    /// a - b. 22008 if a field overflows.
    pub fn sub(self, other: Interval) -> Result<Interval> {
        let difference = || {
            Some(Interval {
                months: self.months.checked_sub(other.months)?,
                days: self.days.checked_sub(other.days)?,
                micros: self.micros.checked_sub(other.micros)?,
            })
        };
        difference().ok_or_else(out_of_range)
    }

    /// -a. 22008 if a field overflows.
    pub fn neg(self) -> Result<Interval> {
        Interval::default().sub(self)
    }

    /// a * factor: fractions of months go into days, fractions of days into time.
    pub fn mul(self, factor: f64) -> Result<Interval> {
        self.scale(|part| part * factor)
    }

    /// a / divisor. 22012 for 0.
    pub fn div(self, divisor: f64) -> Result<Interval> {
        if divisor == 0.0 {
            return Err(Error::new(sqlstate::DIVISION_BY_ZERO, "division by zero"));
        }
        self.scale(|part| part / divisor)
    }

    fn scale(self, by: impl Fn(f64) -> f64) -> Result<Interval> {
        let whole = |value: f64| -> Result<i32> {
            if !(-2147483648.0..2147483648.0).contains(&value) {
                return Err(out_of_range());
            }
            Ok(value as i32)
        };
        // Keeps six decimals, so that 0.1 of a month is exactly three days.
        let tidy = |value: f64| (value * 1e6).round_ties_even() / 1e6;
        let months_exact = by(f64::from(self.months));
        let days_exact = by(f64::from(self.days));
        let mut result = Interval { months: whole(months_exact)?, days: whole(days_exact)?, micros: 0 };
        let month_days = tidy((months_exact - f64::from(result.months)) * 30.0);
        let mut seconds =
            tidy((days_exact - f64::from(result.days) + month_days - (month_days as i32 as f64)) * 86_400.0);
        if seconds.abs() >= 86_400.0 {
            let days = (seconds / 86_400.0) as i32;
            result.days = result.days.checked_add(days).ok_or_else(out_of_range)?;
            seconds -= f64::from(days) * 86_400.0;
        }
        result.days = result.days.checked_add(month_days as i32).ok_or_else(out_of_range)?;
        let micros = (by(self.micros as f64) + seconds * 1e6).round_ties_even();
        if !(-9.223_372_036_854_775e18..9.223_372_036_854_775e18).contains(&micros) {
            return Err(out_of_range());
        }
        result.micros = micros as i64;
        Ok(result)
    }

    /// justify_hours: whole days out of the time.
    pub fn justify_hours(self) -> Result<Interval> {
        let mut result = self;
        let days = i32::try_from(result.micros / MICROS_PER_DAY).map_err(|_| out_of_range())?;
        result.micros %= MICROS_PER_DAY;
        result.days = result.days.checked_add(days).ok_or_else(out_of_range)?;
        if result.days > 0 && result.micros < 0 {
            result.micros += MICROS_PER_DAY;
            result.days -= 1;
        } else if result.days < 0 && result.micros > 0 {
            result.micros -= MICROS_PER_DAY;
            result.days += 1;
        }
        Ok(result)
    }

    /// justify_days: months of 30 days out of the days.
    pub fn justify_days(self) -> Result<Interval> {
        let mut result = self;
        result.months = result.months.checked_add(result.days / 30).ok_or_else(out_of_range)?;
        result.days %= 30;
        if result.months > 0 && result.days < 0 {
            result.days += 30;
            result.months -= 1;
        } else if result.months < 0 && result.days > 0 {
            result.days -= 30;
            result.months += 1;
        }
        Ok(result)
    }

    /// justify_interval: both, and one sign throughout.
    pub fn justify_interval(self) -> Result<Interval> {
        let mut result = self;
        // Days first, where days and time have one sign, so that the carry cannot overflow.
        if (result.days > 0 && result.micros > 0) || (result.days < 0 && result.micros < 0) {
            result.months = result.months.checked_add(result.days / 30).ok_or_else(out_of_range)?;
            result.days %= 30;
        }
        let days = i32::try_from(result.micros / MICROS_PER_DAY).map_err(|_| out_of_range())?;
        result.micros %= MICROS_PER_DAY;
        result.days = result.days.checked_add(days).ok_or_else(out_of_range)?;
        result.months = result.months.checked_add(result.days / 30).ok_or_else(out_of_range)?;
        result.days %= 30;
        if result.months > 0 && (result.days < 0 || (result.days == 0 && result.micros < 0)) {
            result.days += 30;
            result.months -= 1;
        } else if result.months < 0 && (result.days > 0 || (result.days == 0 && result.micros > 0)) {
            result.days -= 30;
            result.months += 1;
        }
        if result.days > 0 && result.micros < 0 {
            result.micros += MICROS_PER_DAY;
            result.days -= 1;
        } else if result.days < 0 && result.micros > 0 {
            result.micros -= MICROS_PER_DAY;
            result.days += 1;
        }
        Ok(result)
    }

    /// Cuts off the fields that a modifier does not allow, and rounds seconds.
    pub fn apply_typmod(self, typmod: i32) -> Result<Interval> {
        if typmod < 0 {
            return Ok(self);
        }
        let mut result = self;
        let range = range_of(typmod);
        let cut = |micros: i64, unit: i64| micros / unit * unit;
        if range != FULL_RANGE {
            if range & (DAY | HOUR | MINUTE | SECOND) == 0 {
                if range & MONTH == 0 {
                    result.months = result.months / 12 * 12;
                }
                result.days = 0;
                result.micros = 0;
            } else if range & SECOND == 0 {
                result.micros = if range & MINUTE != 0 {
                    cut(result.micros, 60_000_000)
                } else if range & HOUR != 0 {
                    cut(result.micros, 3_600_000_000)
                } else {
                    0
                };
            }
        }
        let precision = typmod & FULL_PRECISION;
        if precision != FULL_PRECISION {
            result.micros = super::round_micros(result.micros, precision);
        }
        Ok(result)
    }

    /// make_interval
    pub fn make(
        years: i32,
        months: i32,
        weeks: i32,
        days: i32,
        hours: i32,
        mins: i32,
        secs: f64,
    ) -> Result<Interval> {
        let micros = (secs * 1e6).round_ties_even();
        if !micros.is_finite() || micros.abs() >= 9.2e18 {
            return Err(out_of_range());
        }
        let make = || {
            let minutes = i64::from(hours) * 60 + i64::from(mins);
            Some(Interval {
                months: years.checked_mul(12)?.checked_add(months)?,
                days: weeks.checked_mul(7)?.checked_add(days)?,
                micros: minutes.checked_mul(60_000_000)?.checked_add(micros as i64)?,
            })
        };
        make().ok_or_else(out_of_range)
    }
}

impl PartialEq for Interval {
    fn eq(&self, other: &Interval) -> bool {
        self.span() == other.span()
    }
}

impl Eq for Interval {}

impl PartialOrd for Interval {
    fn partial_cmp(&self, other: &Interval) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Interval {
    fn cmp(&self, other: &Interval) -> Ordering {
        self.span().cmp(&other.span())
    }
}

impl Hash for Interval {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.span().hash(state);
    }
}
