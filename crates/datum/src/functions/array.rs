//! Functions and operators of arrays.

use std::sync::Arc;

use crate::error::{Error, Result, sqlstate};
use crate::expr::EvalContext;
use crate::functions::{VALUE_BYTES_MAX, get, invalid, scalars, to_text, too_large};
use crate::types::Type;
use crate::value::{Array, Datum};

/// Elements that an array may have, as in PostgreSQL.
const ITEMS_MAX: usize = 134_217_727;

scalars! {
    arraycontains(a: arr, b: arr) => contains(a, b);
    arraycontained(a: arr, b: arr) => contains(b, a);
    arrayoverlap(a: arr, b: arr) => overlaps(a, b);
    array_length(a: arr, dimension: i4) => if dimension == 1 && !a.items.is_empty() { Some(a.items.len() as i32) } else { None };
    array_lower(a: arr, dimension: i4) => if dimension == 1 && !a.items.is_empty() { Some(a.lower) } else { None };
    array_upper(a: arr, dimension: i4) => if dimension == 1 && !a.items.is_empty() { Some(last(a)) } else { None };
    array_ndims(a: arr) => if a.items.is_empty() { None } else { Some(1) };
    array_dims(a: arr) => if a.items.is_empty() { None } else { Some(format!("[{}:{}]", a.lower, last(a))) };
    array_cardinality(a: arr) => a.items.len() as i32;
    array_remove(a: any, item: any) => remove(a, item);
    array_replace(a: any, from: any, to: any) => replace(a, from, to);
    array_position(a: any, item: any) => position(a, item, &Datum::Null);
    array_position_start(a: any, item: any, start: any) => start_position(a, item, start);
    array_positions(a: any, item: any) => positions(a, item);
    trim_array(a: arr, n: i4) => trim(a, n);
    text_to_array(s: any, delimiter: any) => split(s, delimiter, &Datum::Null);
    text_to_array_null(s: any, delimiter: any, null: any) => split(s, delimiter, null);
}

/// Subscript of the last element.
fn last(a: &Array) -> i32 {
    a.lower.saturating_add(a.items.len() as i32 - 1)
}

fn contains(a: &Array, b: &Array) -> bool {
    // NULLs are equal to nothing here.
    b.items.iter().all(|x| !x.is_null() && a.items.iter().any(|y| x == y))
}

fn overlaps(a: &Array, b: &Array) -> bool {
    a.items.iter().any(|x| !x.is_null() && b.items.iter().any(|y| x == y))
}

fn remove(a: &Datum, item: &Datum) -> Result<Datum> {
    if a.is_null() {
        return Ok(Datum::Null);
    }
    let array = get::arr(a)?;
    let items: Vec<Datum> = array.items.iter().filter(|x| *x != item).cloned().collect();
    if items.len() == array.items.len() {
        return Ok(a.clone());
    }
    Ok(Datum::Array(Arc::new(Array { element: array.element, lower: array.lower, items })))
}

fn replace(a: &Datum, from: &Datum, to: &Datum) -> Result<Datum> {
    if a.is_null() {
        return Ok(Datum::Null);
    }
    let array = get::arr(a)?;
    let items = array.items.iter().map(|x| if x == from { to.clone() } else { x.clone() }).collect();
    Ok(Datum::Array(Arc::new(Array { element: array.element, lower: array.lower, items })))
}

fn start_position(a: &Datum, item: &Datum, start: &Datum) -> Result<Datum> {
    if !a.is_null() && start.is_null() {
        return Err(Error::new(sqlstate::NULL_VALUE_NOT_ALLOWED, "initial position must not be null"));
    }
    position(a, item, start)
}

fn position(a: &Datum, item: &Datum, start: &Datum) -> Result<Datum> {
    if a.is_null() {
        return Ok(Datum::Null);
    }
    let array = get::arr(a)?;
    let first = start.as_i64().map_or(0, |s| (s - i64::from(array.lower)).max(0) as usize);
    let found = array.items.iter().enumerate().skip(first).find(|(_, x)| *x == item);
    Ok(found.map_or(Datum::Null, |(i, _)| Datum::Int4(array.lower.saturating_add(i as i32))))
}

fn positions(a: &Datum, item: &Datum) -> Result<Datum> {
    if a.is_null() {
        return Ok(Datum::Null);
    }
    let array = get::arr(a)?;
    let found = array.items.iter().enumerate().filter(|(_, x)| *x == item);
    Ok(Datum::array(
        Type::Int4,
        found.map(|(i, _)| Datum::Int4(array.lower.saturating_add(i as i32))).collect(),
    ))
}

fn trim(a: &Array, n: i32) -> Result<Datum> {
    if n < 0 || n as usize > a.items.len() {
        return Err(Error::new(
            sqlstate::ARRAY_SUBSCRIPT_ERROR,
            format!("number of elements to trim must be between 0 and {}", a.items.len()),
        ));
    }
    Ok(Datum::array(a.element, a.items[..a.items.len() - n as usize].to_vec()))
}

/// The element type of an array parameter: that of the value, else that of the declared type.
fn element_type(types: &[Type], array_at: usize, item_at: usize) -> Type {
    types.get(array_at).and_then(|t| t.element()).or(types.get(item_at).copied()).unwrap_or(Type::Text)
}

/// array_append(anyarray, anyelement): NULL counts as an empty array.
pub(crate) fn array_append(args: &[Datum], types: &[Type], _: &EvalContext<'_>) -> Result<Datum> {
    let [array, item] = args else { return Err(super::arity("array_append")) };
    let mut array = match array {
        Datum::Null => Array::new(element_type(types, 0, 1), Vec::new()),
        other => (**get::arr(other)?).clone(),
    };
    if array.items.len() >= ITEMS_MAX {
        return Err(too_many());
    }
    array.items.push(item.clone());
    Ok(Datum::Array(Arc::new(array)))
}

/// array_prepend(anyelement, anyarray)
pub(crate) fn array_prepend(args: &[Datum], types: &[Type], _: &EvalContext<'_>) -> Result<Datum> {
    let [item, array] = args else { return Err(super::arity("array_prepend")) };
    let mut array = match array {
        Datum::Null => Array::new(element_type(types, 1, 0), Vec::new()),
        other => (**get::arr(other)?).clone(),
    };
    if array.items.len() >= ITEMS_MAX {
        return Err(too_many());
    }
    array.items.insert(0, item.clone());
    Ok(Datum::Array(Arc::new(array)))
}

/// array_cat(anyarray, anyarray)
pub(crate) fn array_cat(args: &[Datum], _: &[Type], _: &EvalContext<'_>) -> Result<Datum> {
    let [a, b] = args else { return Err(super::arity("array_cat")) };
    if a.is_null() {
        return Ok(b.clone());
    }
    if b.is_null() {
        return Ok(a.clone());
    }
    let (left, right) = (get::arr(a)?, get::arr(b)?);
    if left.items.is_empty() {
        return Ok(b.clone());
    }
    if right.items.is_empty() {
        return Ok(a.clone());
    }
    let items: Vec<Datum> = left.items.iter().chain(&right.items).cloned().collect();
    if items.len() > ITEMS_MAX {
        return Err(too_many());
    }
    Ok(Datum::Array(Arc::new(Array { element: left.element, lower: left.lower, items })))
}

fn too_many() -> Error {
    Error::new(
        sqlstate::PROGRAM_LIMIT_EXCEEDED,
        format!("array size exceeds the maximum allowed ({ITEMS_MAX})"),
    )
}

/// array_fill(anyelement, integer[] [, integer[]])
pub(crate) fn array_fill(args: &[Datum], types: &[Type], _: &EvalContext<'_>) -> Result<Datum> {
    let null = |what: &str| Error::new(sqlstate::NULL_VALUE_NOT_ALLOWED, what.to_string());
    let (item, sizes, lowers) = match args {
        [item, sizes] => (item, sizes, None),
        [item, sizes, lowers] => (item, sizes, Some(lowers)),
        _ => return Err(super::arity("array_fill")),
    };
    if sizes.is_null() || lowers.is_some_and(Datum::is_null) {
        return Err(null("dimension array or low bound array cannot be null"));
    }
    let sizes = get::arr(sizes)?;
    let element = types.first().copied().unwrap_or(Type::Text);
    if sizes.items.is_empty() {
        return Ok(Datum::array(element, Vec::new()));
    }
    if sizes.items.len() > 1 {
        return Err(Error::unsupported("an array of more than one dimension"));
    }
    let Some(size) = sizes.items[0].as_i64() else { return Err(null("dimension values cannot be null")) };
    let lower = match lowers {
        None => 1,
        Some(lowers) => match get::arr(lowers)?.items.as_slice() {
            [one] => one.as_i64().ok_or_else(|| null("dimension values cannot be null"))? as i32,
            _ => {
                return Err(Error::new(sqlstate::ARRAY_SUBSCRIPT_ERROR, "wrong number of array subscripts")
                    .detail("Low bound array has different size than dimensions array."));
            }
        },
    };
    if size < 0 || size as usize > ITEMS_MAX / 8 {
        return Err(too_many());
    }
    if i64::from(lower) + size > i64::from(i32::MAX) {
        return Err(Error::new(
            sqlstate::PROGRAM_LIMIT_EXCEEDED,
            format!("array lower bound is too large: {lower}"),
        ));
    }
    let items = vec![item.clone(); size as usize];
    Ok(Datum::Array(Arc::new(Array { element, lower, items })))
}

/// The pieces of a text, as string_to_array and string_to_table give them.
pub(crate) fn pieces(s: &str, delimiter: &Datum, null: &Datum) -> Result<Vec<Datum>> {
    let text = |piece: &str| match null {
        Datum::Text(null) if null == piece => Datum::Null,
        _ => Datum::text(piece),
    };
    if s.is_empty() {
        return Ok(Vec::new());
    }
    Ok(match delimiter {
        Datum::Null => s.char_indices().map(|(at, c)| text(&s[at..at + c.len_utf8()])).collect(),
        Datum::Text(d) if d.is_empty() => vec![text(s)],
        other => s.split(get::txt(other)?).map(text).collect(),
    })
}

fn split(s: &Datum, delimiter: &Datum, null: &Datum) -> Result<Datum> {
    match s {
        Datum::Null => Ok(Datum::Null),
        s => Ok(Datum::array(Type::Text, pieces(get::txt(s)?, delimiter, null)?)),
    }
}

/// array_to_string(anyarray, text [, text])
pub(crate) fn array_to_string(args: &[Datum], types: &[Type], ctx: &EvalContext<'_>) -> Result<Datum> {
    let (array, delimiter, null) = match args {
        [array, delimiter] => (array, delimiter, None),
        [array, delimiter, null] => (array, delimiter, null.as_str()),
        _ => return Err(super::arity("array_to_string")),
    };
    if array.is_null() || delimiter.is_null() {
        return Ok(Datum::Null);
    }
    let (array, delimiter) = (get::arr(array)?, get::txt(delimiter)?);
    let element = types.first().and_then(|t| t.element()).unwrap_or(array.element);
    let mut out = String::new();
    let mut first = true;
    for item in &array.items {
        let shown = match (item, null) {
            (Datum::Null, None) => continue,
            (Datum::Null, Some(null)) => null.to_string(),
            (item, _) => to_text(item, element, ctx)?,
        };
        if !first {
            out.push_str(delimiter);
        }
        first = false;
        out.push_str(&shown);
        if out.len() > VALUE_BYTES_MAX {
            return Err(too_large());
        }
    }
    Ok(Datum::text(out))
}

/// generate_subscripts
pub(crate) fn subscripts(args: &[Datum], _: &EvalContext<'_>) -> Result<Vec<Vec<Datum>>> {
    let Some((array, rest)) = args.split_first() else { return Err(invalid("no array")) };
    let array = get::arr(array)?;
    let dimension = rest.first().and_then(Datum::as_i64);
    if dimension != Some(1) || array.items.is_empty() {
        return Ok(Vec::new());
    }
    let reverse = rest.get(1).and_then(Datum::as_bool) == Some(true);
    let all = (0..array.items.len()).map(|i| vec![Datum::Int4(array.lower.saturating_add(i as i32))]);
    Ok(if reverse { all.rev().collect() } else { all.collect() })
}
