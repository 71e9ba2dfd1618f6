//! Set-returning functions: series, unnest, the pieces of json, matches and splits.

use smol_str::SmolStr;

use crate::error::{Error, Result, sqlstate};
use crate::expr::EvalContext;
use crate::functions::json_text::{Kind, Raw};
use crate::functions::series::Series;
use crate::functions::{arity, array, get, invalid, regexp};
use crate::json::Jsonb;
use crate::value::Datum;

type Rows = Result<Vec<Vec<Datum>>>;

/// Rows that one call may give: they are all in memory at once.
const ROWS_MAX: usize = 50_000_000;

/// 53200 before a series eats the node.
pub(crate) fn check_rows(rows: usize) -> Result<()> {
    if rows > ROWS_MAX {
        return Err(Error::new(
            sqlstate::OUT_OF_MEMORY,
            format!("a function gave more than {ROWS_MAX} rows"),
        ));
    }
    Ok(())
}

fn one_column(items: impl IntoIterator<Item = Datum>) -> Vec<Vec<Datum>> {
    items.into_iter().map(|d| vec![d]).collect()
}

/// generate_series of every type, in full. Who can takes [`SetFunction::rows`](crate::function::SetFunction::rows).
pub(crate) fn generate_series(args: &[Datum], ctx: &EvalContext<'_>) -> Rows {
    let mut series = Series::new(args, ctx)?;
    let mut rows = Vec::new();
    while let Some(value) = series.next()? {
        rows.push(vec![value]);
        check_rows(rows.len())?;
    }
    Ok(rows)
}

/// unnest(anyarray)
pub(crate) fn unnest(args: &[Datum], _: &EvalContext<'_>) -> Rows {
    let [array] = args else { return Err(arity("unnest")) };
    Ok(one_column(get::arr(array)?.items.iter().cloned()))
}

/// regexp_matches
pub(crate) fn regexp_matches(args: &[Datum], _: &EvalContext<'_>) -> Rows {
    let (s, pattern, flags) = match args {
        [s, pattern] => (s, pattern, ""),
        [s, pattern, flags] => (s, pattern, get::txt(flags)?),
        _ => return Err(arity("regexp_matches")),
    };
    Ok(one_column(regexp::all_matches(get::txt(s)?, get::txt(pattern)?, flags)?))
}

/// regexp_split_to_table
pub(crate) fn regexp_split_to_table(args: &[Datum], _: &EvalContext<'_>) -> Rows {
    let (s, pattern, flags) = match args {
        [s, pattern] => (s, pattern, ""),
        [s, pattern, flags] => (s, pattern, get::txt(flags)?),
        _ => return Err(arity("regexp_split_to_table")),
    };
    Ok(one_column(regexp::split(get::txt(s)?, get::txt(pattern)?, flags, "regexp_split_to_table")?))
}

/// string_to_table
pub(crate) fn string_to_table(args: &[Datum], _: &EvalContext<'_>) -> Rows {
    let (s, delimiter, null) = match args {
        [s, delimiter] => (s, delimiter, &Datum::Null),
        [s, delimiter, null] => (s, delimiter, null),
        _ => return Err(arity("string_to_table")),
    };
    match s {
        Datum::Null => Ok(Vec::new()),
        s => Ok(one_column(array::pieces(get::txt(s)?, delimiter, null)?)),
    }
}

fn raw_fields<'t>(args: &'t [Datum], function: &str) -> Result<Vec<(SmolStr, Raw<'t>)>> {
    let raw = Raw::of(get::json(args.first().ok_or_else(|| arity(function))?)?);
    match raw.kind() {
        Kind::Object => raw.fields(),
        Kind::Array if function.ends_with("object_keys") => {
            Err(invalid(format!("cannot call {function} on an array")))
        }
        Kind::Array => Err(invalid("cannot deconstruct an array as an object")),
        _ if function.ends_with("object_keys") => Err(invalid(format!("cannot call {function} on a scalar"))),
        _ => Err(invalid("cannot deconstruct a scalar")),
    }
}

/// json_each
pub(crate) fn json_each(args: &[Datum], _: &EvalContext<'_>) -> Rows {
    let fields = raw_fields(args, "json_each")?;
    Ok(fields.into_iter().map(|(k, v)| vec![Datum::Text(k), Datum::Json(v.0.into())]).collect())
}

/// json_each_text
pub(crate) fn json_each_text(args: &[Datum], _: &EvalContext<'_>) -> Rows {
    raw_fields(args, "json_each_text")?
        .into_iter()
        .map(|(k, v)| Ok(vec![Datum::Text(k), v.text()?.map_or(Datum::Null, Datum::Text)]))
        .collect()
}

/// json_object_keys
pub(crate) fn json_object_keys(args: &[Datum], _: &EvalContext<'_>) -> Rows {
    Ok(one_column(raw_fields(args, "json_object_keys")?.into_iter().map(|(k, _)| Datum::Text(k))))
}

fn raw_elements<'t>(args: &'t [Datum], function: &str) -> Result<Vec<Raw<'t>>> {
    let raw = Raw::of(get::json(args.first().ok_or_else(|| arity(function))?)?);
    match raw.kind() {
        Kind::Array => raw.elements(),
        Kind::Object => Err(invalid(format!("cannot call {function} on a non-array"))),
        _ => Err(invalid(format!("cannot call {function} on a scalar"))),
    }
}

/// json_array_elements
pub(crate) fn json_array_elements(args: &[Datum], _: &EvalContext<'_>) -> Rows {
    let items = raw_elements(args, "json_array_elements")?;
    Ok(one_column(items.into_iter().map(|v| Datum::Json(v.0.into()))))
}

/// json_array_elements_text
pub(crate) fn json_array_elements_text(args: &[Datum], _: &EvalContext<'_>) -> Rows {
    raw_elements(args, "json_array_elements_text")?
        .into_iter()
        .map(|v| Ok(vec![v.text()?.map_or(Datum::Null, Datum::Text)]))
        .collect()
}

fn fields<'j>(args: &'j [Datum], function: &str) -> Result<&'j [(SmolStr, Jsonb)]> {
    match &**get::jsonb(args.first().ok_or_else(|| arity(function))?)? {
        Jsonb::Object(fields) => Ok(fields),
        Jsonb::Array(_) if function.ends_with("object_keys") => {
            Err(invalid(format!("cannot call {function} on an array")))
        }
        _ if function.ends_with("object_keys") => Err(invalid(format!("cannot call {function} on a scalar"))),
        _ => Err(invalid(format!("cannot call {function} on a non-object"))),
    }
}

/// jsonb_each
pub(crate) fn jsonb_each(args: &[Datum], _: &EvalContext<'_>) -> Rows {
    let fields = fields(args, "jsonb_each")?;
    Ok(fields.iter().map(|(k, v)| vec![Datum::Text(k.clone()), Datum::jsonb(v.clone())]).collect())
}

/// jsonb_each_text
pub(crate) fn jsonb_each_text(args: &[Datum], _: &EvalContext<'_>) -> Rows {
    let text = |v: &Jsonb| super::json::text_of(v).map_or(Datum::Null, Datum::Text);
    Ok(fields(args, "jsonb_each_text")?.iter().map(|(k, v)| vec![Datum::Text(k.clone()), text(v)]).collect())
}

/// jsonb_object_keys
pub(crate) fn jsonb_object_keys(args: &[Datum], _: &EvalContext<'_>) -> Rows {
    Ok(one_column(fields(args, "jsonb_object_keys")?.iter().map(|(k, _)| Datum::Text(k.clone()))))
}

fn elements<'j>(args: &'j [Datum], function: &str) -> Result<&'j [Jsonb]> {
    match &**get::jsonb(args.first().ok_or_else(|| arity(function))?)? {
        Jsonb::Array(items) => Ok(items),
        Jsonb::Object(_) => Err(invalid("cannot extract elements from an object")),
        _ => Err(invalid("cannot extract elements from a scalar")),
    }
}

/// jsonb_array_elements
pub(crate) fn jsonb_array_elements(args: &[Datum], _: &EvalContext<'_>) -> Rows {
    Ok(one_column(elements(args, "jsonb_array_elements")?.iter().map(|v| Datum::jsonb(v.clone()))))
}

/// jsonb_array_elements_text
pub(crate) fn jsonb_array_elements_text(args: &[Datum], _: &EvalContext<'_>) -> Rows {
    let text = |v: &Jsonb| super::json::text_of(v).map_or(Datum::Null, Datum::Text);
    Ok(one_column(elements(args, "jsonb_array_elements_text")?.iter().map(text)))
}

/// information_schema._pg_expandarray: elements with their numbers from 1.
pub(crate) fn pg_expandarray(args: &[Datum], _: &EvalContext<'_>) -> Rows {
    let [array] = args else { return Err(arity("_pg_expandarray")) };
    let items = &get::arr(array)?.items;
    Ok(items.iter().zip(1..).map(|(item, n)| vec![item.clone(), Datum::Int4(n)]).collect())
}

/// Set-returning functions of session or catalog state: the session gives an array of texts or of rows.
macro_rules! session_sets {
    ($($name:ident;)*) => { $(
        pub(crate) fn $name(args: &[Datum], ctx: &EvalContext<'_>) -> Rows {
            match ctx.session.call(stringify!($name), args)? {
                Datum::Array(array) => Ok(array
                    .items
                    .iter()
                    .map(|item| match item {
                        Datum::Record(record) => record.fields.clone(),
                        other => vec![other.clone()],
                    })
                    .collect()),
                Datum::Null => Ok(Vec::new()),
                other => Ok(vec![vec![other]]),
            }
        }
    )* };
}

session_sets! {
    pg_get_keywords;
    pg_partition_ancestors;
    pg_listening_channels;
    pg_timezone_names;
    pg_timezone_abbrevs;
    pg_options_to_table;
    pg_partition_tree;
    ts_token_type;
    aclexplode;
}
