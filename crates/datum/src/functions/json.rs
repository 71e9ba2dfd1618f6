//! Operators and functions that take json and jsonb apart or change it.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::error::{Error, Result, sqlstate};
use crate::functions::json_text::{Kind, Raw};
use crate::functions::{get, invalid, scalars};
use crate::json::Jsonb;
use crate::value::{Array, Datum};

fn json(raw: Raw<'_>) -> Datum {
    Datum::Json(Arc::from(raw.0))
}

scalars! {
    json_object_field(j: json, key: txt) => Ok(Raw::of(j).field(key)?.map(json));
    json_object_field_text(j: json, key: txt) => Ok(Raw::of(j).field(key)?.map(Raw::text).transpose()?.flatten());
    json_array_element(j: json, i: i4) => Ok(Raw::of(j).element(i64::from(i))?.map(json));
    json_array_element_text(j: json, i: i4) => Ok(Raw::of(j).element(i64::from(i))?.map(Raw::text).transpose()?.flatten());
    json_extract_path_op(j: json, path: arr) => Ok(raw_path(j, &path.items)?.map(json));
    json_extract_path_text_op(j: json, path: arr) => Ok(raw_path(j, &path.items)?.map(Raw::text).transpose()?.flatten());
    json_array_length(j: json) => raw_length(j);
    json_typeof(j: json) => Raw::of(j).type_name();
    json_strip_nulls(j: json) => strip_raw(j).map(|s| Datum::Json(s.into()));

    jsonb_object_field(j: jsonb, key: txt) => j.get(key).map(|v| Datum::jsonb(v.clone()));
    jsonb_object_field_text(j: jsonb, key: txt) => j.get(key).and_then(text_of);
    jsonb_array_element(j: jsonb, i: i4) => element(j, i64::from(i)).map(|v| Datum::jsonb(v.clone()));
    jsonb_array_element_text(j: jsonb, i: i4) => element(j, i64::from(i)).and_then(text_of);
    jsonb_extract_path_op(j: jsonb, path: arr) => path_of(j, &path.items).map(|v| Datum::jsonb(v.clone()));
    jsonb_extract_path_text_op(j: jsonb, path: arr) => path_of(j, &path.items).and_then(text_of);
    jsonb_array_length(j: jsonb) => length(j);
    jsonb_typeof(j: jsonb) => type_name(j);
    jsonb_contains(a: jsonb, b: jsonb) => a.contains(b);
    jsonb_contained(a: jsonb, b: jsonb) => b.contains(a);
    jsonb_exists(j: jsonb, key: txt) => exists(j, key);
    jsonb_exists_any(j: jsonb, keys: arr) => keys.items.iter().filter_map(Datum::as_str).any(|k| exists(j, k));
    jsonb_exists_all(j: jsonb, keys: arr) => keys.items.iter().filter_map(Datum::as_str).all(|k| exists(j, k));
    jsonb_concat(a: jsonb, b: jsonb) => Datum::jsonb(concat(a, b));
    jsonb_delete(j: jsonb, key: txt) => delete_keys(j, &[key]);
    jsonb_delete_array_op(j: jsonb, keys: arr) => delete_keys(j, &keys.items.iter().filter_map(Datum::as_str).collect::<Vec<_>>());
    jsonb_delete_idx(j: jsonb, i: i4) => delete_index(j, i64::from(i));
    jsonb_delete_path(j: jsonb, path: arr) => delete_path(j, path);
    jsonb_set(j: jsonb, path: arr, value: jsonb, create: boolean) => set(j, path, value, if create { Mode::Set } else { Mode::Replace });
    jsonb_insert(j: jsonb, path: arr, value: jsonb, after: boolean) => set(j, path, value, if after { Mode::After } else { Mode::Before });
    jsonb_set_lax(j: any, path: any, value: any, create: any, treatment: any) => set_lax(j, path, value, create, treatment);
    jsonb_set_3(j: jsonb, path: arr, value: jsonb) => set(j, path, value, Mode::Set);
    jsonb_insert_3(j: jsonb, path: arr, value: jsonb) => set(j, path, value, Mode::Before);
    jsonb_set_lax_3(j: any, path: any, value: any) => set_lax(j, path, value, &Datum::Bool(true), &Datum::text("use_json_null"));
    jsonb_set_lax_4(j: any, path: any, value: any, create: any) => set_lax(j, path, value, create, &Datum::text("use_json_null"));
    jsonb_strip_nulls(j: jsonb) => Datum::jsonb(strip(j));
    jsonb_pretty(j: jsonb) => pretty(j);
}

/// json_extract_path(json, VARIADIC text)
pub(crate) fn json_extract_path(args: &[Datum], _: &crate::EvalContext<'_>) -> Result<Datum> {
    let (j, path) = args.split_first().ok_or_else(|| super::arity("json_extract_path"))?;
    Ok(raw_path(get::json(j)?, path)?.map_or(Datum::Null, json))
}

/// json_extract_path_text(json, VARIADIC text)
pub(crate) fn json_extract_path_text(args: &[Datum], _: &crate::EvalContext<'_>) -> Result<Datum> {
    let (j, path) = args.split_first().ok_or_else(|| super::arity("json_extract_path_text"))?;
    let text = raw_path(get::json(j)?, path)?.map(Raw::text).transpose()?.flatten();
    Ok(text.map_or(Datum::Null, Datum::Text))
}

/// jsonb_extract_path(jsonb, VARIADIC text)
pub(crate) fn jsonb_extract_path(args: &[Datum], _: &crate::EvalContext<'_>) -> Result<Datum> {
    let (j, path) = args.split_first().ok_or_else(|| super::arity("jsonb_extract_path"))?;
    Ok(path_of(get::jsonb(j)?, path).map_or(Datum::Null, |v| Datum::jsonb(v.clone())))
}

/// jsonb_extract_path_text(jsonb, VARIADIC text)
pub(crate) fn jsonb_extract_path_text(args: &[Datum], _: &crate::EvalContext<'_>) -> Result<Datum> {
    let (j, path) = args.split_first().ok_or_else(|| super::arity("jsonb_extract_path_text"))?;
    Ok(path_of(get::jsonb(j)?, path).and_then(text_of).map_or(Datum::Null, Datum::Text))
}

/// jsonb_delete(jsonb, VARIADIC text)
pub(crate) fn jsonb_delete_array(args: &[Datum], _: &crate::EvalContext<'_>) -> Result<Datum> {
    let (j, keys) = args.split_first().ok_or_else(|| super::arity("jsonb_delete"))?;
    delete_keys(get::jsonb(j)?, &keys.iter().filter_map(Datum::as_str).collect::<Vec<_>>())
}

fn raw_path<'t>(text: &'t str, path: &[Datum]) -> Result<Option<Raw<'t>>> {
    let mut at = Raw::of(text);
    for step in path {
        let Some(step) = step.as_str() else { return Ok(None) };
        let next = match at.kind() {
            Kind::Object => at.field(step)?,
            Kind::Array => match index_of(step) {
                Some(index) => at.element(index)?,
                None => None,
            },
            _ => None,
        };
        match next {
            Some(next) => at = next,
            None => return Ok(None),
        }
    }
    Ok(Some(at))
}

fn index_of(step: &str) -> Option<i64> {
    step.trim_start().strip_prefix('+').unwrap_or(step.trim_start()).parse::<i32>().ok().map(i64::from)
}

fn raw_length(text: &str) -> Result<i32> {
    let raw = Raw::of(text);
    match raw.kind() {
        Kind::Array => Ok(raw.elements()?.len() as i32),
        Kind::Object => Err(invalid("cannot get array length of a non-array")),
        _ => Err(invalid("cannot get array length of a scalar")),
    }
}

fn strip_raw(text: &str) -> Result<String> {
    fn walk(raw: Raw<'_>, out: &mut String) -> Result<()> {
        match raw.kind() {
            Kind::Object => {
                out.push('{');
                let mut first = true;
                for (key, value) in raw.fields()? {
                    if value.kind() == Kind::Null {
                        continue;
                    }
                    if !first {
                        out.push(',');
                    }
                    first = false;
                    push_string(&key, out);
                    out.push(':');
                    crate::expr::with_stack(|| walk(value, out))?;
                }
                out.push('}');
            }
            Kind::Array => {
                out.push('[');
                for (i, value) in raw.elements()?.into_iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    crate::expr::with_stack(|| walk(value, out))?;
                }
                out.push(']');
            }
            Kind::String => push_string(&crate::functions::json_text::unescape(raw.0)?, out),
            _ => out.push_str(raw.0),
        }
        Ok(())
    }
    let mut out = String::with_capacity(text.len());
    walk(Raw::of(text), &mut out)?;
    Ok(out)
}

/// Appends a JSON string literal.
pub(crate) fn push_string(s: &str, out: &mut String) {
    let mut bytes = Vec::with_capacity(s.len() + 2);
    crate::json::write_string(s, &mut bytes);
    out.push_str(&String::from_utf8_lossy(&bytes));
}

/// The text of a jsonb value.
pub(crate) fn written(j: &Jsonb) -> String {
    let mut out = Vec::new();
    j.write(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}

fn pretty(j: &Jsonb) -> String {
    let mut out = Vec::new();
    j.write_pretty(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// As `->>` gives it.
pub(crate) fn text_of(j: &Jsonb) -> Option<SmolStr> {
    match j {
        Jsonb::Null => None,
        Jsonb::String(s) => Some(s.clone()),
        other => Some(SmolStr::from(written(other))),
    }
}

fn element(j: &Jsonb, index: i64) -> Option<&Jsonb> {
    match j {
        Jsonb::Array(_) => j.get_index(index),
        // A scalar is an array of one to the index operators of none: NULL.
        _ => None,
    }
}

fn path_of<'j>(j: &'j Jsonb, path: &[Datum]) -> Option<&'j Jsonb> {
    let mut at = j;
    for step in path {
        let step = step.as_str()?;
        at = match at {
            Jsonb::Object(_) => at.get(step)?,
            Jsonb::Array(_) => at.get_index(index_of(step)?)?,
            _ => return None,
        };
    }
    Some(at)
}

fn length(j: &Jsonb) -> Result<i32> {
    match j {
        Jsonb::Array(items) => Ok(items.len() as i32),
        Jsonb::Object(_) => Err(invalid("cannot get array length of a non-array")),
        _ => Err(invalid("cannot get array length of a scalar")),
    }
}

fn type_name(j: &Jsonb) -> &'static str {
    match j {
        Jsonb::Null => "null",
        Jsonb::Bool(_) => "boolean",
        Jsonb::Number(_) => "number",
        Jsonb::String(_) => "string",
        Jsonb::Array(_) => "array",
        Jsonb::Object(_) => "object",
    }
}

fn exists(j: &Jsonb, key: &str) -> bool {
    match j {
        Jsonb::Object(_) => j.get(key).is_some(),
        Jsonb::Array(items) => items.iter().any(|i| matches!(i, Jsonb::String(s) if s == key)),
        Jsonb::String(s) => s == key,
        _ => false,
    }
}

fn concat(a: &Jsonb, b: &Jsonb) -> Jsonb {
    match (a, b) {
        (Jsonb::Object(a), Jsonb::Object(b)) => Jsonb::object(a.iter().chain(b).cloned().collect()),
        _ => {
            let items = |j: &Jsonb| match j {
                Jsonb::Array(items) => items.clone(),
                other => vec![other.clone()],
            };
            let mut all = items(a);
            all.extend(items(b));
            Jsonb::Array(all)
        }
    }
}

fn delete_keys(j: &Jsonb, keys: &[&str]) -> Result<Datum> {
    Ok(Datum::jsonb(match j {
        Jsonb::Object(fields) => {
            Jsonb::Object(fields.iter().filter(|(k, _)| !keys.contains(&k.as_str())).cloned().collect())
        }
        Jsonb::Array(items) => Jsonb::Array(
            items
                .iter()
                .filter(|i| !matches!(i, Jsonb::String(s) if keys.contains(&s.as_str())))
                .cloned()
                .collect(),
        ),
        _ => return Err(invalid("cannot delete from scalar")),
    }))
}

fn delete_index(j: &Jsonb, index: i64) -> Result<Datum> {
    match j {
        Jsonb::Array(items) => {
            let at = if index < 0 { index + items.len() as i64 } else { index };
            let mut items = items.clone();
            if at >= 0 && (at as usize) < items.len() {
                items.remove(at as usize);
            }
            Ok(Datum::jsonb(Jsonb::Array(items)))
        }
        Jsonb::Object(_) => Err(invalid("cannot delete from object using integer index")),
        _ => Err(invalid("cannot delete from scalar")),
    }
}

fn steps(path: &Array) -> Result<Vec<&str>> {
    path.items
        .iter()
        .enumerate()
        .map(|(i, step)| {
            step.as_str().ok_or_else(|| {
                Error::new(
                    sqlstate::NULL_VALUE_NOT_ALLOWED,
                    format!("path element at position {} is null", i + 1),
                )
            })
        })
        .collect()
}

fn step_index(step: &str, position: usize) -> Result<i64> {
    index_of(step).ok_or_else(|| {
        Error::new(
            sqlstate::INVALID_TEXT_REPRESENTATION,
            format!("path element at position {position} is not an integer: \"{step}\""),
        )
    })
}

fn delete_path(j: &Jsonb, path: &Array) -> Result<Datum> {
    fn walk(j: &Jsonb, steps: &[&str], depth: usize) -> Result<Jsonb> {
        let Some((step, rest)) = steps.split_first() else { return Ok(j.clone()) };
        match j {
            Jsonb::Object(fields) => {
                let mut fields = fields.clone();
                if let Some(at) = fields.iter().position(|(k, _)| k == step) {
                    if rest.is_empty() {
                        fields.remove(at);
                    } else {
                        fields[at].1 = walk(&fields[at].1, rest, depth + 1)?;
                    }
                }
                Ok(Jsonb::Object(fields))
            }
            Jsonb::Array(items) => {
                let mut items = items.clone();
                let index = step_index(step, depth)?;
                let at = if index < 0 { index + items.len() as i64 } else { index };
                if at >= 0 && (at as usize) < items.len() {
                    let at = at as usize;
                    if rest.is_empty() {
                        items.remove(at);
                    } else {
                        items[at] = walk(&items[at], rest, depth + 1)?;
                    }
                }
                Ok(Jsonb::Array(items))
            }
            other => Ok(other.clone()),
        }
    }
    let is_scalar = !matches!(j, Jsonb::Object(_) | Jsonb::Array(_));
    if is_scalar {
        return Err(invalid("cannot delete path in scalar"));
    }
    Ok(Datum::jsonb(walk(j, &steps(path)?, 1)?))
}

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Set,
    Replace,
    Before,
    After,
}

fn set(j: &Jsonb, path: &Array, value: &Jsonb, mode: Mode) -> Result<Datum> {
    if !matches!(j, Jsonb::Object(_) | Jsonb::Array(_)) {
        return Err(invalid("cannot set path in scalar"));
    }
    Ok(Datum::jsonb(set_walk(j, &steps(path)?, value, mode, 1)?))
}

fn set_walk(j: &Jsonb, steps: &[&str], value: &Jsonb, mode: Mode, depth: usize) -> Result<Jsonb> {
    let Some((step, rest)) = steps.split_first() else { return Ok(j.clone()) };
    let last = rest.is_empty();
    match j {
        Jsonb::Object(fields) => {
            let mut fields = fields.clone();
            match fields.iter().position(|(k, _)| k == step) {
                Some(at) if last => {
                    if matches!(mode, Mode::Before | Mode::After) {
                        return Err(invalid("cannot replace existing key")
                            .hint("Try using the function jsonb_set to replace key value."));
                    }
                    fields[at].1 = value.clone();
                }
                Some(at) => fields[at].1 = set_walk(&fields[at].1, rest, value, mode, depth + 1)?,
                None if last && mode != Mode::Replace => {
                    fields.push((SmolStr::new(step), value.clone()));
                    return Ok(Jsonb::object(fields));
                }
                None => {}
            }
            Ok(Jsonb::Object(fields))
        }
        Jsonb::Array(items) => {
            let mut items = items.clone();
            let index = step_index(step, depth)?;
            let length = items.len() as i64;
            let at = if index < 0 { index + length } else { index };
            if (0..length).contains(&at) {
                let at = at as usize;
                match (last, mode) {
                    (false, _) => items[at] = set_walk(&items[at], rest, value, mode, depth + 1)?,
                    (true, Mode::Before) => items.insert(at, value.clone()),
                    (true, Mode::After) => items.insert(at + 1, value.clone()),
                    (true, _) => items[at] = value.clone(),
                }
            } else if last && mode != Mode::Replace {
                if at < 0 {
                    items.insert(0, value.clone());
                } else {
                    items.push(value.clone());
                }
            }
            Ok(Jsonb::Array(items))
        }
        other => Ok(other.clone()),
    }
}

fn set_lax(j: &Datum, path: &Datum, value: &Datum, create: &Datum, treatment: &Datum) -> Result<Datum> {
    if j.is_null() || path.is_null() || create.is_null() {
        return Ok(Datum::Null);
    }
    let Some(treatment) = treatment.as_str() else {
        return Err(invalid(
            "null_value_treatment must be \"delete_key\", \"return_target\", \"use_json_null\", or \
             \"raise_exception\"",
        ));
    };
    let mode = if get::boolean(create)? { Mode::Set } else { Mode::Replace };
    let (target, path) = (get::jsonb(j)?, get::arr(path)?);
    if !value.is_null() {
        return set(target, path, get::jsonb(value)?, mode);
    }
    match treatment {
        "raise_exception" => Err(Error::new(sqlstate::NULL_VALUE_NOT_ALLOWED, "JSON value must not be null")
            .detail("Exception was raised because null_value_treatment is \"raise_exception\".")
            .hint(
                "To avoid, either change the null_value_treatment argument or ensure that an SQL NULL is not passed.",
            )),
        "use_json_null" => set(target, path, &Jsonb::Null, mode),
        "delete_key" => delete_path(target, path),
        "return_target" => Ok(j.clone()),
        _ => Err(invalid(
            "null_value_treatment must be \"delete_key\", \"return_target\", \"use_json_null\", or \
             \"raise_exception\"",
        )),
    }
}

fn strip(j: &Jsonb) -> Jsonb {
    match j {
        Jsonb::Object(fields) => Jsonb::Object(
            fields
                .iter()
                .filter(|(_, v)| !matches!(v, Jsonb::Null))
                .map(|(k, v)| (k.clone(), crate::expr::with_stack(|| strip(v))))
                .collect(),
        ),
        Jsonb::Array(items) => {
            Jsonb::Array(items.iter().map(|i| crate::expr::with_stack(|| strip(i))).collect())
        }
        other => other.clone(),
    }
}
