//! Whatever a client sends is a value or an error, never a panic; and what is written can be read again.

use datum::datetime;
use datum::settings::{DateOrder, DateStyle, IntervalStyle};
use datum::types::TYPES;
use datum::{ColumnType, FormatSettings, Interval, Numeric, TimeZone, Type, binary, format, text};
use proptest::prelude::*;

fn settings() -> impl Strategy<Value = FormatSettings> {
    (0..3usize, 0..4usize, 0..4usize, any::<bool>()).prop_map(|(order, style, interval, utc)| {
        FormatSettings {
            timezone: if utc { TimeZone::utc() } else { TimeZone::named("Europe/Berlin").unwrap() },
            date_order: [DateOrder::Mdy, DateOrder::Dmy, DateOrder::Ymd][order],
            date_style: [DateStyle::Iso, DateStyle::Sql, DateStyle::Postgres, DateStyle::German][style],
            interval_style: [
                IntervalStyle::Postgres,
                IntervalStyle::PostgresVerbose,
                IntervalStyle::SqlStandard,
                IntervalStyle::Iso8601,
            ][interval],
            now: 848_000_000_000_000,
            ..FormatSettings::default()
        }
    })
}

/// Text made of what formats are made of, so that it gets far into the parsers.
fn likely() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "1",
        "2",
        "9",
        "12",
        "31",
        "60",
        "99",
        "366",
        "2020",
        "99999",
        "2147483647",
        "9223372036854775807",
        "-",
        "+",
        ":",
        ".",
        "/",
        " ",
        ",",
        "T",
        "P",
        "Y",
        "M",
        "D",
        "H",
        "S",
        "W",
        "J",
        "BC",
        "AM",
        "PM",
        "jan",
        "day",
        "days",
        "mon",
        "year",
        "years",
        "millennium",
        "hour",
        "sec",
        "ago",
        "z",
        "utc",
        "est",
        "Europe/Berlin",
        "now",
        "today",
        "epoch",
        "infinity",
        "e",
        "e10",
        "NaN",
        "inf",
        "{",
        "}",
        "[",
        "]",
        "=",
        "\"",
        "\\",
        "\\x",
        "null",
        "true",
        "ä",
        "\u{1f600}",
        "(",
        ")",
    ]);
    prop_oneof![4 => prop::collection::vec(pieces, 0..9).prop_map(|v| v.concat()), 1 => "\\PC{0,24}"]
}

fn patterns() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "YYYY", "YYY", "YY", "Y", "Y,YYY", "IYYY", "IW", "ID", "IDDD", "MM", "Month", "Mon", "RM", "DD",
        "DDD", "D", "Day", "WW", "W", "Q", "CC", "J", "HH24", "HH12", "MI", "SS", "MS", "US", "FF3", "SSSS",
        "AM", "BC", "TZ", "TZH", "TZM", "OF", "FM", "FX", "TM", "TH", "th", "-", "/", " ", "\"x\"", "\"",
        "\\", "ä", "9", "0", ".", ",", "G", "V", "S", "PR", "MI", "PL", "SG", "RN", "L", "B", "EEEE",
    ]);
    prop::collection::vec(pieces, 0..8).prop_map(|v| v.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn text_of_any_type(input in likely(), at in 0..TYPES.len(), array: bool, typmod in prop_oneof![Just(-1), 0i32..9, any::<i32>()], s in settings()) {
        let ty = TYPES[at].ty;
        let ty = if array { ty.array_of().unwrap_or(ty) } else { ty };
        // Varying types have modifiers from 4 on, the others from 0.
        let typmod = if matches!(ty, Type::Interval) { typmod } else { typmod.min(1000) };
        if let Ok(datum) = text::from_text(&input, ColumnType::with_typmod(ty, typmod), &s) {
            let written = text::to_string(&datum, ty, &s);
            // What ISO writes is read back as the same value.
            if s.date_style == DateStyle::Iso && s.interval_style == IntervalStyle::Postgres && ty != Type::Void {
                let back = text::from_text(&written, ty.into(), &s);
                prop_assert_eq!(back.as_ref(), Ok(&datum), "{} {:?} {:?}", ty, input, written);
            }
            let mut bytes = Vec::new();
            binary::to_binary(&datum, ty, &mut bytes).unwrap();
            if !matches!(ty, Type::Void | Type::NodeTree) {
                let back = binary::from_binary(&bytes, ty);
                prop_assert_eq!(back.as_ref(), Ok(&datum), "{}", ty);
            }
        }
    }

    #[test]
    fn bytes_of_any_type(bytes in prop::collection::vec(prop_oneof![Just(0u8), Just(1), Just(255), any::<u8>()], 0..40), at in 0..TYPES.len(), array: bool) {
        let ty = TYPES[at].ty;
        let ty = if array { ty.array_of().unwrap_or(ty) } else { ty };
        if let Ok(datum) = binary::from_binary(&bytes, ty) {
            text::to_string(&datum, ty, &FormatSettings::default());
        }
    }

    #[test]
    fn any_pattern(input in likely(), pattern in patterns(), months: i32, days: i32, micros: i64, number: i64, scale in 0u16..30, s in settings()) {
        let interval = Interval { months, days, micros };
        let ts = micros.rem_euclid(datetime::TIMESTAMP_END - 1);
        let _ = format::interval_to_char(interval, &pattern);
        let _ = format::timestamp_to_char(ts, &pattern);
        let _ = format::timestamptz_to_char(ts - 210_000_000_000_000_000, &pattern, &s);
        let _ = format::to_timestamp(&input, &pattern, &s);
        let _ = format::to_date(&input, &pattern);
        let _ = format::to_number(&input, &pattern);
        let _ = format::numeric_to_char(&Numeric::from_i128_scaled(number.into(), scale), &pattern);
        let _ = format::float_to_char(number as f64 / 1000.0, &pattern);
    }

    #[test]
    fn sums_of_any_dates(a: i64, b: i64, date: i32, months: i32, days: i32, micros: i64, factor: f64, unit in "[a-z]{0,3}|day|week|century|epoch|millennium|julian|isoyear", s in settings()) {
        let interval = Interval { months, days, micros };
        let valid = |ts: i64| ts.clamp(datetime::TIMESTAMP_MIN, datetime::TIMESTAMP_END - 1);
        let (a, b) = (valid(a), valid(b));
        let date = date.clamp(datetime::DATE_MIN, datetime::DATE_END - 1);
        let zone = &s.timezone;
        let _ = datetime::timestamp_plus_interval(a, interval);
        let _ = datetime::timestamptz_plus_interval(a, interval, zone);
        let _ = datetime::timestamp_minus_timestamp(a, b);
        let _ = datetime::age(a, b);
        let _ = datetime::date_bin(interval, a, b);
        let _ = datetime::date_bin(Interval { months: 0, ..interval }, a, b);
        let _ = datetime::date_trunc(&unit, a);
        let _ = datetime::date_trunc_tz(&unit, a, zone);
        let _ = datetime::date_trunc_interval(&unit, interval);
        let _ = datetime::extract_timestamptz(&unit, a, zone);
        let _ = datetime::extract_date(&unit, date);
        let _ = datetime::extract_interval(&unit, interval);
        let _ = datetime::date_plus_days(date, days);
        let _ = datetime::date_to_timestamptz(date, zone);
        let _ = datetime::make_date(months, days, 1);
        let _ = (interval.mul(factor), interval.div(factor), interval.neg(), interval.add(interval), interval.sub(interval));
        let _ = (interval.justify_days(), interval.justify_hours(), interval.justify_interval());
        let _ = datetime::time_plus_interval(micros.rem_euclid(datetime::MICROS_PER_DAY), interval);
        let _ = datetime::timestamptz_from_epoch(factor);
    }
}
