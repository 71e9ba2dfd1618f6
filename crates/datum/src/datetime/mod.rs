//! Dates, times, intervals and time zones as PostgreSQL counts them: days or microseconds since 2000-01-01 in the
//! proleptic Gregorian calendar, 4713 BC to 5874897 AD (dates) or 294276 AD (timestamps), with both infinities.
//!
//! - `calendar.rs`: days and civil dates; `zone.rs`: time zones
//! - `parse.rs`: text of dates and times; `output.rs`: their text; `interval.rs`, `interval_text.rs`: intervals
//! - `arith.rs`: sums, differences, ages, conversions; `fields.rs`: extract, date_trunc, date_bin

mod abbreviations;
mod arith;
mod calendar;
mod fields;
mod interval;
mod interval_text;
mod output;
mod parse;
mod zone;

pub use arith::*;
pub use calendar::*;
pub use fields::*;
pub use interval::{Interval, interval_typmod_name};
pub use output::{write_date, write_time, write_timestamp, write_timestamptz, write_timetz};
pub use parse::{parse_date, parse_time, parse_timestamp, parse_timestamptz, parse_timetz};
pub use zone::TimeZone;

use output::write_offset;
