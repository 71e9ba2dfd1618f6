//! Compares with what PostgreSQL 15 said: `testdata/*.tsv` has its answers to many casts, formats and sums.
//! `testdata/postgres.py` asks it again.

use datum::cast::cast;
use datum::settings::{ByteaOutput, DateOrder, DateStyle, IntervalStyle};
use datum::{
    ColumnType, Datum, FormatSettings, Interval, Jsonb, Numeric, Result, TimeZone, Type, binary, datetime,
    format, text,
};

/// A type with a modifier as the files write it.
fn column_type(name: &str) -> ColumnType {
    if let Some(fields) = name.strip_prefix("interval ") {
        let (fields, precision) = match fields.split_once('(') {
            Some((fields, p)) => (fields, p.trim_end_matches(')').parse().unwrap()),
            None => (fields, 0xffff),
        };
        let bit = |word: &str| match word {
            "month" => 1 << 1,
            "year" => 1 << 2,
            "day" => 1 << 3,
            "hour" => 1 << 10,
            "minute" => 1 << 11,
            _ => 1 << 12,
        };
        let order = ["year", "month", "day", "hour", "minute", "second"];
        let mut words = fields.split(" to ");
        let first = words.next().unwrap();
        let last = words.next().unwrap_or(first);
        let at = |word| order.iter().position(|w| *w == word).unwrap();
        let range: i32 = order[at(first)..=at(last)].iter().map(|word| bit(word)).sum();
        return ColumnType::with_typmod(Type::Interval, range << 16 | precision);
    }
    let Some((base, rest)) = name.split_once('(') else { return Type::from_name(name).unwrap().into() };
    let numbers: Vec<i32> =
        rest.trim_end_matches(')').split(',').map(|n| n.trim().parse().unwrap()).collect();
    let ty = Type::from_name(base).unwrap();
    match ty {
        Type::Numeric => ColumnType::numeric(numbers[0], numbers.get(1).copied().unwrap_or(0)),
        Type::Varchar | Type::Bpchar => ColumnType::with_length(ty, numbers[0]),
        Type::Interval => ColumnType::with_typmod(ty, 0x7fff << 16 | numbers[0]),
        _ => ColumnType::with_typmod(ty, numbers[0]),
    }
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some(other) => out.push(other),
                None => out.push('\\'),
            },
            _ => out.push(c),
        }
    }
    out
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t")
}

/// How the files write a result.
fn show(result: Result<Option<String>>) -> String {
    match result {
        Ok(Some(text)) => format!("ok\t{}", escape(&text)),
        Ok(None) => "ok\tNULL".to_owned(),
        Err(error) => {
            let fields = error.fields();
            let mut text = format!("err\t{}\t{}", error.code(), fields.message.replace('\n', "\\n"));
            for more in [&fields.detail, &fields.hint].into_iter().flatten() {
                text.push_str(" / ");
                text.push_str(more);
            }
            text
        }
    }
}

fn text_of(datum: Datum, ty: Type, settings: &FormatSettings) -> Result<Option<String>> {
    let text = cast(datum, ty, Type::Text.into(), true, settings)?;
    Ok(text.as_str().map(str::to_owned))
}

/// Runs every case of a file through `run` and reports all that differ.
fn check(file: &str, case_fields: usize, run: impl Fn(&[String]) -> Result<Option<String>>) {
    let path = format!("{}/testdata/{file}", env!("CARGO_MANIFEST_DIR"));
    let contents = std::fs::read_to_string(&path).unwrap();
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in contents.lines().filter(|line| !line.starts_with('#')) {
        let mut fields: Vec<&str> = line.splitn(case_fields + 1, '\t').collect();
        let expected = fields.pop().unwrap();
        let case: Vec<String> = fields.iter().map(|field| unescape(field)).collect();
        let got = show(run(&case));
        count += 1;
        if got != expected {
            wrong.push(format!("{}\n   postgres: {expected}\n   datum:    {got}", fields.join(" | ")));
        }
    }
    assert!(count > 0, "{file} has cases");
    assert!(wrong.is_empty(), "{} of {count} cases differ\n{}", wrong.len(), wrong.join("\n"));
}

fn literal(case: &[String], settings: &FormatSettings) -> Result<Option<String>> {
    let to = column_type(&case[0]);
    let datum = cast(Datum::text(&case[1]), Type::Unknown, to, true, settings)?;
    text_of(datum, to.ty, settings)
}

fn new_york() -> FormatSettings {
    // An afternoon in winter, so that the zone of a time without a date is -05.
    FormatSettings {
        timezone: TimeZone::named("America/New_York").unwrap(),
        now: 848_000_000_000_000,
        ..FormatSettings::default()
    }
}

#[test]
fn input() {
    check("input.tsv", 2, |case| literal(case, &FormatSettings::default()));
}

#[test]
fn datetime() {
    check("datetime.tsv", 2, |case| literal(case, &new_york()));
}

fn numeric_text(n: Result<Numeric>) -> Result<Option<String>> {
    n.map(|n| Some(n.to_string()))
}

#[test]
fn numeric() {
    let settings = FormatSettings::default();
    check("numeric.tsv", 3, |case| {
        let [op, a, b] = case else { panic!("three fields") };
        if let Some(to) = op.strip_prefix("to ") {
            let to = column_type(to);
            let n = Datum::Numeric(Numeric::parse(a)?);
            return text_of(cast(n, Type::Numeric, to, true, &settings)?, to.ty, &settings);
        }
        if let Some(from) = op.strip_prefix("from ") {
            let from = column_type(from);
            let f = cast(Datum::text(a), Type::Unknown, from, true, &settings)?;
            return text_of(
                cast(f, from.ty, Type::Numeric.into(), true, &settings)?,
                Type::Numeric,
                &settings,
            );
        }
        if let Some(to) = op.strip_prefix("double to ") {
            let to = column_type(to);
            let f = cast(Datum::text(a), Type::Unknown, Type::Float8.into(), true, &settings)?;
            return text_of(cast(f, Type::Float8, to, true, &settings)?, to.ty, &settings);
        }
        let x = Numeric::parse(a)?;
        let y = || Numeric::parse(b);
        numeric_text(match op.as_str() {
            "+" => x.add(&y()?),
            "-" => x.sub(&y()?),
            "*" => x.mul(&y()?),
            "/" => x.div(&y()?),
            "%" => x.rem(&y()?),
            "div" => x.div_trunc(&y()?),
            "power" => x.pow(&y()?),
            "gcd" => x.gcd(&y()?),
            "lcm" => x.lcm(&y()?),
            "log" if b.is_empty() => x.log10(),
            "log" => x.log(&y()?),
            "sqrt" => x.sqrt(),
            "exp" => x.exp(),
            "ln" => x.ln(),
            "ceil" => Ok(x.ceil()),
            "floor" => Ok(x.floor()),
            "abs" => Ok(x.abs()),
            "sign" => Ok(x.sign()),
            "trim_scale" => Ok(x.trim_scale()),
            "round" => Ok(x.round(b.parse().unwrap())),
            "trunc" => Ok(x.trunc(b.parse().unwrap())),
            "factorial" => Numeric::factorial(a.parse().unwrap()),
            "cmp" => Ok(Numeric::from_i64(x.cmp(&y()?) as i64)),
            "min_scale" => return Ok(x.min_scale().map(|scale| scale.to_string())),
            "width_bucket" => {
                let bounds: Vec<Numeric> = b.split(',').map(|n| Numeric::parse(n).unwrap()).collect();
                return x
                    .width_bucket(&bounds[0], &bounds[1], bounds[2].to_i32()?)
                    .map(|n| Some(n.to_string()));
            }
            other => panic!("unknown operation {other}"),
        })
    });
}

#[test]
fn date_arithmetic() {
    let s = new_york();
    let zone = &s.timezone;
    let interval = |text: &str| Interval::parse(text, -1, &s);
    let ts = |text: &str| datetime::parse_timestamp(text, &s);
    let tstz = |text: &str| datetime::parse_timestamptz(text, &s);
    let show = |datum: Datum, ty| Ok(Some(text::to_string(&datum, ty, &s)));
    check("arithmetic.tsv", 2, |case| {
        let args: Vec<&str> = case[1].split('|').collect();
        let int = |i: usize| args[i].parse::<i32>().unwrap();
        let show_interval = |i: Result<Interval>| show(Datum::Interval(i?), Type::Interval);
        let show_ts = |t: Result<i64>| show(Datum::Timestamp(t?), Type::Timestamp);
        let show_tstz = |t: Result<i64>| show(Datum::TimestampTz(t?), Type::TimestampTz);
        let optional = |n: Result<Option<Numeric>>| Ok(n?.map(|n| n.to_string()));
        let time = |text: &str| datetime::parse_time(text, &s);
        match case[0].as_str() {
            "extract timestamp" => optional(datetime::extract_timestamp(args[0], ts(args[1])?)),
            "extract timestamptz" => optional(datetime::extract_timestamptz(args[0], tstz(args[1])?, zone)),
            "extract date" => optional(datetime::extract_date(args[0], datetime::parse_date(args[1], &s)?)),
            "extract time" => optional(datetime::extract_time(args[0], time(args[1])?)),
            "extract timetz" => {
                let (time, west) = datetime::parse_timetz(args[1], &s)?;
                optional(datetime::extract_timetz(args[0], time, west))
            }
            "extract interval" => optional(datetime::extract_interval(args[0], interval(args[1])?)),
            "date_trunc" => show_ts(datetime::date_trunc(args[0], ts(args[1])?)),
            "date_trunc_tz" => show_tstz(datetime::date_trunc_tz(args[0], tstz(args[1])?, zone)),
            "date_trunc interval" => {
                show_interval(datetime::date_trunc_interval(args[0], interval(args[1])?))
            }
            "timestamp + interval" => {
                show_ts(datetime::timestamp_plus_interval(ts(args[0])?, interval(args[1])?))
            }
            "timestamptz + interval" => {
                show_tstz(datetime::timestamptz_plus_interval(tstz(args[0])?, interval(args[1])?, zone))
            }
            "age" => show_interval(datetime::age(ts(args[0])?, ts(args[1])?)),
            "timestamp - timestamp" => {
                show_interval(datetime::timestamp_minus_timestamp(ts(args[0])?, ts(args[1])?))
            }
            "timestamp to" => {
                let to = column_type(args[0]);
                show(cast(Datum::Timestamp(ts(args[1])?), Type::Timestamp, to, true, &s)?, to.ty)
                    .map(null_if_empty)
            }
            "timestamptz to" => {
                let to = column_type(args[0]);
                show(cast(Datum::TimestampTz(tstz(args[1])?), Type::TimestampTz, to, true, &s)?, to.ty)
                    .map(null_if_empty)
            }
            "at time zone" => show_tstz(datetime::local_to_utc(ts(args[1])?, &TimeZone::parse(args[0])?)),
            "tz at time zone" => show_ts(datetime::utc_to_local(tstz(args[1])?, &TimeZone::parse(args[0])?)),
            "interval *" => show_interval(interval(args[0])?.mul(args[1].parse().unwrap())),
            "interval /" => show_interval(interval(args[0])?.div(args[1].parse().unwrap())),
            "interval +" => show_interval(interval(args[0])?.add(interval(args[1])?)),
            "interval -" => show_interval(interval(args[0])?.sub(interval(args[1])?)),
            "interval cmp" => Ok(Some((interval(args[0])?.cmp(&interval(args[1])?) as i32).to_string())),
            "justify_days" => show_interval(interval(args[0])?.justify_days()),
            "justify_hours" => show_interval(interval(args[0])?.justify_hours()),
            "justify_interval" => show_interval(interval(args[0])?.justify_interval()),
            "time + interval" => show(
                Datum::Time(datetime::time_plus_interval(time(args[0])?, interval(args[1])?)),
                Type::Time,
            ),
            "date_bin" => show_ts(datetime::date_bin(interval(args[0])?, ts(args[1])?, ts("2001-01-01")?)),
            "make_date" => show(Datum::Date(datetime::make_date(int(0), int(1), int(2))?), Type::Date),
            "make_time" => {
                show(Datum::Time(datetime::make_time(int(0), int(1), args[2].parse().unwrap())?), Type::Time)
            }
            "to_timestamp" => show_tstz(datetime::timestamptz_from_epoch(args[0].parse().unwrap())),
            other => panic!("unknown operation {other}"),
        }
    });
}

fn null_if_empty(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

#[test]
fn formats() {
    let s = new_york();
    check("format.tsv", 3, |case| {
        let [op, value, pattern] = case else { panic!("three fields") };
        match op.as_str() {
            "numeric" => format::numeric_to_char(&Numeric::parse(value)?, pattern).map(Some),
            "bigint" => format::int_to_char(value.parse().unwrap(), pattern).map(Some),
            "double precision" => format::float_to_char(text::parse_f64(value)?, pattern).map(Some),
            "to_number" => Ok(format::to_number(value, pattern)?.map(|n| n.to_string())),
            "timestamp" => format::timestamp_to_char(datetime::parse_timestamp(value, &s)?, pattern),
            "timestamptz" => {
                format::timestamptz_to_char(datetime::parse_timestamptz(value, &s)?, pattern, &s)
            }
            "interval" => format::interval_to_char(Interval::parse(value, -1, &s)?, pattern),
            "to_timestamp" => {
                let ts = Datum::TimestampTz(format::to_timestamp(value, pattern, &s)?);
                Ok(Some(text::to_string(&ts, Type::TimestampTz, &s)))
            }
            "to_date" => {
                let date = Datum::Date(format::to_date(value, pattern)?);
                Ok(Some(text::to_string(&date, Type::Date, &s)))
            }
            other => panic!("unknown operation {other}"),
        }
    });
}

/// Lines of a file without comments, cut at tabs.
fn lines(file: &str) -> Vec<Vec<String>> {
    let path = format!("{}/testdata/{file}", env!("CARGO_MANIFEST_DIR"));
    let contents = std::fs::read_to_string(&path).unwrap();
    let lines = contents.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split('\t').map(unescape).collect()).collect()
}

#[test]
fn styles() {
    let mut wrong = Vec::new();
    for line in lines("styles.tsv") {
        let [setting, ty, value, expected] = &line[..] else { panic!("four fields") };
        let mut s = new_york();
        let (name, style) = setting.split_once(' ').unwrap();
        let mut input = s.clone();
        let interval_style = |style: &str| match style {
            "postgres" => IntervalStyle::Postgres,
            "postgres_verbose" => IntervalStyle::PostgresVerbose,
            "sql_standard" => IntervalStyle::SqlStandard,
            _ => IntervalStyle::Iso8601,
        };
        match name {
            "datestyle" => {
                s.date_style = match &style[..3] {
                    "ISO" => DateStyle::Iso,
                    "SQL" => DateStyle::Sql,
                    "Pos" => DateStyle::Postgres,
                    _ => DateStyle::German,
                };
                s.date_order = match &style[style.len() - 3..] {
                    "MDY" => DateOrder::Mdy,
                    "DMY" => DateOrder::Dmy,
                    _ => DateOrder::Ymd,
                };
            }
            "intervalstyle" => s.interval_style = interval_style(style),
            "intervalinput" => input.interval_style = interval_style(style),
            "extra_float_digits" => s.extra_float_digits = style.parse().unwrap(),
            _ if style == "escape" => s.bytea_output = ByteaOutput::Escape,
            _ => {}
        }
        let ty = column_type(ty);
        let got = text::from_text(value, ty, &input).map(|datum| text::to_string(&datum, ty.ty, &s));
        if got.as_ref() != Ok(expected) {
            wrong.push(format!("{setting} {ty} {value}: {expected:?}, not {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn binary_formats() {
    let s = FormatSettings::default();
    let mut wrong = Vec::new();
    for line in lines("binary.tsv") {
        let [ty, value, expected] = &line[..] else { panic!("three fields") };
        let ty = column_type(ty);
        let datum = text::from_text(value, ty, &s).unwrap();
        let mut bytes = Vec::new();
        binary::to_binary(&datum, ty.ty, &mut bytes).unwrap();
        let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        let back = binary::from_binary(&bytes, ty.ty).map(|datum| text::to_string(&datum, ty.ty, &s));
        if hex != *expected || back != Ok(text::to_string(&datum, ty.ty, &s)) {
            wrong.push(format!("{ty} {value}: {expected}, not {hex}; back {back:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn casts() {
    let s = new_york();
    check("casts.tsv", 3, |case| {
        let [from, to, value] = case else { panic!("three fields") };
        let to_name = to;
        let from = column_type(from);
        // A modifier of an array is that of its elements.
        let to = match to.strip_suffix(")[]") {
            Some(element) => {
                let element = column_type(&format!("{element})"));
                ColumnType::with_typmod(element.ty.array_of().unwrap(), element.typmod)
            }
            None => column_type(to),
        };
        let value = cast(Datum::text(value), Type::Unknown, from, true, &s)?;
        if datum::cast::find(from.ty, to.ty).is_none() {
            let shown = if to_name == "bpchar" { "character".to_owned() } else { to.ty.to_string() };
            return Err(datum::Error::new("42846", format!("cannot cast type {} to {shown}", from.ty)));
        }
        text_of(cast(value, from.ty, to, true, &s)?, to.ty, &s)
    });
}

#[test]
fn comparisons() {
    let s = FormatSettings::default();
    check("compare.tsv", 3, |case| {
        let [op, a, b] = case else { panic!("three fields") };
        if op == "array cmp" {
            let array = |text: &str| text::from_text(text, Type::from_name("integer[]").unwrap().into(), &s);
            return Ok(Some((array(a)?.compare(&array(b)?) as i32).to_string()));
        }
        let x = Jsonb::parse(a)?;
        Ok(Some(match op.as_str() {
            "cmp" => (x.cmp(&Jsonb::parse(b)?) as i32).to_string(),
            "@>" => x.contains(&Jsonb::parse(b)?).to_string(),
            _ => {
                let mut out = Vec::new();
                x.write_pretty(&mut out);
                String::from_utf8(out).unwrap()
            }
        }))
    });
}
