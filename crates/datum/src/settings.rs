//! [`FormatSettings`]: what of a session's settings text formats, casts and date functions depend on.

use crate::datetime::TimeZone;

/// DateStyle's first word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum DateStyle {
    /// 1997-12-17 07:37:16-08
    #[default]
    Iso,
    /// 12/17/1997 07:37:16.00 PST
    Sql,
    /// Wed Dec 17 07:37:16 1997 PST
    Postgres,
    /// 17.12.1997 07:37:16.00 PST
    German,
}

/// DateStyle's second word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum DateOrder {
    /// Month, day, year.
    #[default]
    Mdy,
    /// Day, month, year.
    Dmy,
    /// Year, month, day.
    Ymd,
}

/// IntervalStyle
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum IntervalStyle {
    /// 1 year 2 mons 3 days 04:05:06
    #[default]
    Postgres,
    /// @ 1 year 2 mons 3 days 4 hours 5 mins 6 secs
    PostgresVerbose,
    /// 1-2 3 4:05:06
    SqlStandard,
    /// P1Y2M3DT4H5M6S
    Iso8601,
}

/// bytea_output
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ByteaOutput {
    /// \x6869
    #[default]
    Hex,
    /// hi, with octal escapes.
    Escape,
}

/// What of a session's settings text formats, casts and date functions depend on.
#[derive(Clone, Debug)]
pub struct FormatSettings {
    /// TimeZone
    pub timezone: TimeZone,
    /// DateStyle's first word.
    pub date_style: DateStyle,
    /// DateStyle's second word.
    pub date_order: DateOrder,
    /// IntervalStyle
    pub interval_style: IntervalStyle,
    /// extra_float_digits: above 0 (the default is 1) the shortest form that reads back exactly.
    pub extra_float_digits: i32,
    /// bytea_output
    pub bytea_output: ByteaOutput,
    /// Start of the transaction in microseconds since 2000-01-01 UTC: what 'now' and 'today' mean.
    pub now: i64,
}

impl Default for FormatSettings {
    fn default() -> FormatSettings {
        FormatSettings {
            timezone: TimeZone::utc(),
            date_style: DateStyle::Iso,
            date_order: DateOrder::Mdy,
            interval_style: IntervalStyle::Postgres,
            extra_float_digits: 1,
            bytea_output: ByteaOutput::Hex,
            now: 0,
        }
    }
}
