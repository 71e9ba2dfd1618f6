//! Functions, operators and aggregates against what PostgreSQL 15 answers: testdata/functions/*.txt.
//!
//! The files are filled in by `testdata/expect.py`, which also explains their lines. Differences that are known
//! and meant stand in `DIFFERENT`, with the reason.

use datum::aggregate::{Accumulator, AggregateCall};
use datum::expr::{EvalContext, Expr, TestSession};
use datum::function::{aggregate, function, operator, return_type, set_function};
use datum::settings::FormatSettings;
use datum::{ColumnType, Datum, Error, Result, Type, text};

/// Calls whose answer differs on purpose.
const DIFFERENT: &[(&str, &str)] = &[
    ("upper | text:héllo", CASE),
    ("lower | text:HÉLLO ÀB", CASE),
    ("cbrt | float8:2.5", CUBE_ROOT),
    ("cbrt | float8:1.5", CUBE_ROOT),
    ("cbrt | float8:-2.5", CUBE_ROOT),
    ("cbrt | float8:45", CUBE_ROOT),
];

const CUBE_ROOT: &str =
    "the last digit is the linked C library's, which is not the one PostgreSQL was run with";

const CASE: &str = "cases are mapped by Unicode, PostgreSQL under collation C maps ASCII only";

fn unescape(s: &str) -> String {
    let mut out = String::new();
    let mut chars = s.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('p') => out.push('|'),
            Some('\\') => out.push('\\'),
            Some(other) => {
                out.push('\\');
                out.push(other);
            }
            None => out.push('\\'),
        }
    }
    out
}

fn escape(s: &str) -> String {
    s.replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t").replace('\r', "\\r")
}

fn argument(arg: &str, settings: &FormatSettings) -> Result<(Datum, Type)> {
    let (name, value) = arg.split_once(':').unwrap_or((arg, ""));
    let ty = Type::from_name(name).ok_or_else(|| Error::internal(format!("no type {name}")))?;
    if value == "\\N" {
        return Ok((Datum::Null, ty));
    }
    Ok((text::from_text(&unescape(value), ColumnType::plain(ty), settings)?, ty))
}

fn shown(value: &Datum, ty: Type, settings: &FormatSettings) -> String {
    match value {
        Datum::Null => "\\N".to_string(),
        value => escape(&text::to_string(value, ty, settings)),
    }
}

fn run(call: &str, session: &TestSession) -> Result<String> {
    let ctx = EvalContext::of(session);
    let settings = &session.settings;
    let mut parts = call.split(" | ").map(|p| p.trim_matches(' ').to_string());
    let name = parts.next().unwrap_or_default();
    let mut args = Vec::new();
    let mut types = Vec::new();
    let mut prefix = false;
    for part in parts {
        if part.is_empty() {
            prefix = true;
            continue;
        }
        let (value, ty) = argument(&part, settings)?;
        args.push(value);
        types.push(ty);
    }
    let missing = || Error::internal(format!("no {name} of {types:?}"));
    if let Some(symbol) = name.strip_prefix("op:") {
        let symbol = unescape(symbol);
        let operator = match (prefix, types.as_slice()) {
            (true, [right]) => operator(&symbol, None, *right),
            (false, [left, right]) => operator(&symbol, Some(*left), *right),
            _ => None,
        };
        let function = operator.ok_or_else(missing)?.function;
        let ty = return_type(function.ret, function.args, &types).ok_or_else(missing)?;
        return function.call(&args, &types, &ctx).map(|v| shown(&v, ty, settings));
    }
    if let Some(name) = name.strip_prefix("set:") {
        let function = set_function(name, &types).ok_or_else(missing)?;
        let columns: Vec<Type> = function
            .columns
            .iter()
            .map(|(_, ret)| return_type(*ret, function.args, &types).ok_or_else(missing))
            .collect::<Result<_>>()?;
        let rows = function.call(&args, &ctx)?;
        let rows: Vec<String> = rows
            .into_iter()
            .map(|row| match row.as_slice() {
                [Datum::Null] => String::new(),
                [value] => shown(value, columns[0], settings),
                _ => shown(&Datum::record(row, columns.clone()), Type::Record, settings),
            })
            .collect();
        return Ok(rows.join(" ; "));
    }
    if let Some(name) = name.strip_prefix("agg:") {
        return run_aggregate(name, &args, &types, &ctx, settings);
    }
    let function = function(&name, &types).ok_or_else(missing)?;
    let ty = return_type(function.ret, function.args, &types).ok_or_else(missing)?;
    function.call(&args, &types, &ctx).map(|v| shown(&v, ty, settings))
}

fn run_aggregate(
    name: &str,
    args: &[Datum],
    types: &[Type],
    ctx: &EvalContext<'_>,
    settings: &FormatSettings,
) -> Result<String> {
    let mut words = name.split(':');
    let name = words.next().unwrap_or_default();
    let mods: Vec<&str> = words.collect();
    let (within, desc) = (mods.contains(&"within"), mods.contains(&"desc"));
    // The direct argument of an ordered-set aggregate is the same in each row.
    let direct = if within && args.len() == 2 { 1 } else { 0 };
    let element = |i: usize| if i < direct { Some(types[i]) } else { types[i].element() };
    let types: Vec<Type> = (0..args.len())
        .map(|i| element(i).ok_or_else(|| Error::internal("no array to aggregate")))
        .collect::<Result<_>>()?;
    let function =
        aggregate(name, &types).ok_or_else(|| Error::internal(format!("no {name} of {types:?}")))?;
    let ty = return_type(function.ret, function.args, &types).unwrap_or(Type::Text);
    let columns: Vec<Expr> = types.iter().enumerate().map(|(i, ty)| Expr::Column(i as u32, *ty)).collect();
    let call = AggregateCall {
        function,
        order_by: if desc { vec![(columns[direct].clone(), true, true)] } else { Vec::new() },
        args: columns,
        distinct: mods.contains(&"distinct"),
        filter: None,
        ty,
    };
    let mut rows = Vec::new();
    let count = args[direct..].iter().map(|a| a.as_array().map_or(0, |a| a.items.len())).max().unwrap_or(0);
    for i in 0..count {
        let row: Vec<Datum> = args
            .iter()
            .enumerate()
            .map(|(at, a)| match a.as_array() {
                Some(array) if at >= direct => array.items.get(i).cloned().unwrap_or(Datum::Null),
                _ => a.clone(),
            })
            .collect();
        rows.push(row);
    }
    let mut whole = Accumulator::new(&call);
    for row in &rows {
        whole.update(&call, row, ctx)?;
    }
    let answer = shown(&whole.finish(&call, ctx)?, ty, settings);
    if call.has_partial() {
        // The same in two parts, each through its partial state.
        let mut merged = Accumulator::new(&call);
        for part in rows.chunks(rows.len().div_ceil(2).max(1)) {
            let mut state = Accumulator::new(&call);
            for row in part {
                state.update(&call, row, ctx)?;
            }
            let partial = state.partial()?;
            assert_eq!(partial.len(), call.partial_types().len(), "{name}");
            merged.merge(&partial)?;
        }
        let merged = merged.finish(&call, ctx)?;
        let floats = matches!(merged, Datum::Float8(_) | Datum::Float4(_));
        if floats {
            let (a, b): (f64, f64) = (answer.parse().unwrap(), shown(&merged, ty, settings).parse().unwrap());
            assert!(
                a == b || (a - b).abs() <= a.abs() * 1e-12 || (a.is_nan() && b.is_nan()),
                "{name}: {a} {b}"
            );
        } else {
            assert_eq!(answer, shown(&merged, ty, settings), "{name} merged");
        }
    }
    Ok(answer)
}

fn check(file: &str) {
    let path = format!("{}/testdata/functions/{file}.txt", env!("CARGO_MANIFEST_DIR"));
    let lines = std::fs::read_to_string(path).unwrap();
    let session = TestSession::default();
    let (mut count, mut wrong) = (0, Vec::new());
    for line in lines.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
        let (call, expected) = line.split_once(" => ").unwrap_or((line, ""));
        if DIFFERENT.iter().any(|(c, _)| *c == call) {
            continue;
        }
        count += 1;
        let answer = match run(call, &session) {
            Ok(answer) => answer,
            Err(e) => format!("ERROR {} {}", e.code(), escape(&e.fields().message)),
        };
        if answer != expected {
            wrong.push(format!("{call}\n   expected {expected}\n        got {answer}"));
        }
    }
    assert!(count > 50, "{file} has only {count} calls");
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn operators() {
    check("operators");
}

#[test]
fn math() {
    check("math");
}

#[test]
fn texts() {
    check("text");
}

#[test]
fn patterns() {
    check("pattern");
}

#[test]
fn arrays() {
    check("array");
}

#[test]
fn json() {
    check("json");
}

#[test]
fn dates_and_times() {
    check("datetime");
}

#[test]
fn aggregates() {
    check("aggregate");
}
