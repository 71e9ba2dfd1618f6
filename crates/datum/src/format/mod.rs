//! to_char, to_date, to_timestamp and to_number: values by a format that the user writes.
//!
//! - `datetime.rs`: formats of dates, times and intervals; `read.rs`: reading text by them
//! - `number.rs`: formats of numbers, in both directions

mod datetime;
mod number;
mod read;

pub use datetime::{interval_to_char, timestamp_to_char, timestamptz_to_char};
pub use number::{float_to_char, int_to_char, numeric_to_char, to_number};
pub use read::{to_date, to_timestamp};
