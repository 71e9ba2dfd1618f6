//! From SQL values to json and jsonb: to_json, json_build_*, json_object, row_to_json, array_to_json, and what the
//! json aggregates use.

use smol_str::SmolStr;

use crate::error::{Error, Result, sqlstate};
use crate::expr::{EvalContext, with_stack};
use crate::functions::json::push_string;
use crate::functions::{get, invalid, scalars, to_text, type_of};
use crate::json::Jsonb;
use crate::numeric::Numeric;
use crate::settings::{DateOrder, DateStyle, FormatSettings};
use crate::types::Type;
use crate::value::{Array, Datum};

scalars! {
    json_build_array_noargs() => Datum::Json("[]".into());
    json_build_object_noargs() => Datum::Json("{}".into());
    jsonb_build_array_noargs() => Datum::jsonb(Jsonb::Array(Vec::new()));
    jsonb_build_object_noargs() => Datum::jsonb(Jsonb::Object(Vec::new()));
    json_object(pairs: arr) => from_pairs(pairs).map(|p| Datum::Json(pairs_text(&p).into()));
    json_object_two_arg(keys: arr, values: arr) => from_arrays(keys, values).map(|p| Datum::Json(pairs_text(&p).into()));
    jsonb_object(pairs: arr) => from_pairs(pairs).map(|p| Datum::jsonb(pairs_jsonb(p)));
    jsonb_object_two_arg(keys: arr, values: arr) => from_arrays(keys, values).map(|p| Datum::jsonb(pairs_jsonb(p)));
}

/// Dates and times in JSON are in ISO 8601 whatever DateStyle says.
fn iso(s: &FormatSettings) -> FormatSettings {
    FormatSettings { date_style: DateStyle::Iso, date_order: DateOrder::Ymd, ..s.clone() }
}

/// The text of a date or time as JSON has it: `T` between date and time, minutes in the zone.
fn moment_text(value: &Datum, ty: Type, ctx: &EvalContext<'_>) -> String {
    let text = crate::text::to_string(value, ty, &iso(ctx.settings()));
    match value {
        Datum::Timestamp(_) => text.replacen(' ', "T", 1),
        Datum::TimestampTz(_) => {
            let (text, era) = match text.strip_suffix(" BC") {
                Some(text) => (text.to_string(), " BC"),
                None => (text, ""),
            };
            let mut text = text.replacen(' ', "T", 1);
            // +00 becomes +00:00; +05:30 stays.
            if let Some(at) = text.rfind(['+', '-'])
                && text.len() - at == 3
                && text.contains('T')
            {
                text.push_str(":00");
            }
            text + era
        }
        _ => text,
    }
}

/// Appends a value as JSON text.
pub(crate) fn push_json(value: &Datum, ty: Type, out: &mut String, ctx: &EvalContext<'_>) -> Result<()> {
    match value {
        Datum::Null => out.push_str("null"),
        Datum::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Datum::Int2(_) | Datum::Int4(_) | Datum::Int8(_) => {
            out.push_str(&crate::text::to_string(value, ty, ctx.settings()));
        }
        Datum::Float4(_) | Datum::Float8(_) | Datum::Numeric(_) => {
            let text = crate::text::to_string(value, ty, ctx.settings());
            // NaN and the infinities are no JSON numbers.
            if text.ends_with(|c: char| c.is_ascii_digit()) {
                out.push_str(&text);
            } else {
                push_string(&text, out);
            }
        }
        Datum::Date(_) | Datum::Timestamp(_) | Datum::TimestampTz(_) => {
            push_string(&moment_text(value, ty, ctx), out);
        }
        Datum::Json(s) => out.push_str(s),
        Datum::Jsonb(j) => out.push_str(&super::json::written(j)),
        Datum::Array(array) => {
            out.push('[');
            for (i, item) in array.items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                with_stack(|| push_json(item, array.element, out, ctx))?;
            }
            out.push(']');
        }
        Datum::Record(record) => {
            out.push('{');
            for (i, (field, ty)) in record.fields.iter().zip(&record.types).enumerate() {
                if i > 0 {
                    out.push(',');
                }
                out.push_str(&format!("\"f{}\":", i + 1));
                with_stack(|| push_json(field, *ty, out, ctx))?;
            }
            out.push('}');
        }
        other => push_string(&to_text(other, ty, ctx)?, out),
    }
    Ok(())
}

/// A value as jsonb.
pub(crate) fn to_jsonb_value(value: &Datum, ty: Type, ctx: &EvalContext<'_>) -> Result<Jsonb> {
    Ok(match value {
        Datum::Null => Jsonb::Null,
        Datum::Bool(b) => Jsonb::Bool(*b),
        Datum::Int2(i) => Jsonb::Number(Numeric::from_i64(i64::from(*i))),
        Datum::Int4(i) => Jsonb::Number(Numeric::from_i64(i64::from(*i))),
        Datum::Int8(i) => Jsonb::Number(Numeric::from_i64(*i)),
        Datum::Float4(_) | Datum::Float8(_) => {
            let text = crate::text::to_string(value, ty, ctx.settings());
            match Numeric::parse(&text) {
                Ok(n) if n.is_finite() => Jsonb::Number(n),
                _ => Jsonb::String(SmolStr::from(text)),
            }
        }
        Datum::Numeric(n) if n.is_finite() => Jsonb::Number(n.clone()),
        Datum::Numeric(_) => Jsonb::String(SmolStr::from(crate::text::to_string(value, ty, ctx.settings()))),
        Datum::Date(_) | Datum::Timestamp(_) | Datum::TimestampTz(_) => {
            Jsonb::String(SmolStr::from(moment_text(value, ty, ctx)))
        }
        Datum::Json(s) => Jsonb::parse(s)?,
        Datum::Jsonb(j) => (**j).clone(),
        Datum::Array(array) => Jsonb::Array(
            array
                .items
                .iter()
                .map(|item| with_stack(|| to_jsonb_value(item, array.element, ctx)))
                .collect::<Result<_>>()?,
        ),
        Datum::Record(record) => Jsonb::object(
            record
                .fields
                .iter()
                .zip(&record.types)
                .enumerate()
                .map(|(i, (field, ty))| {
                    let name = SmolStr::from(format!("f{}", i + 1));
                    Ok((name, with_stack(|| to_jsonb_value(field, *ty, ctx))?))
                })
                .collect::<Result<_>>()?,
        ),
        other => Jsonb::String(SmolStr::from(to_text(other, ty, ctx)?)),
    })
}

fn declared(types: &[Type], i: usize, value: &Datum) -> Type {
    type_of(value, types.get(i).copied().unwrap_or(Type::Unknown))
}

/// to_json(anyelement), row_to_json(record), array_to_json(anyarray)
pub(crate) fn to_json(args: &[Datum], types: &[Type], ctx: &EvalContext<'_>) -> Result<Datum> {
    let Some(value) = args.first() else { return Err(super::arity("to_json")) };
    let mut out = String::new();
    push_json(value, declared(types, 0, value), &mut out, ctx)?;
    Ok(Datum::Json(out.into()))
}

/// array_to_json(anyarray, bool), row_to_json(record, bool): pretty puts a line feed after each element.
pub(crate) fn to_json_pretty(args: &[Datum], types: &[Type], ctx: &EvalContext<'_>) -> Result<Datum> {
    let [value, pretty] = args else { return Err(super::arity("array_to_json")) };
    if !get::boolean(pretty)? {
        return to_json(&args[..1], types, ctx);
    }
    let mut out = String::new();
    match value {
        Datum::Array(array) => {
            out.push('[');
            for (i, item) in array.items.iter().enumerate() {
                if i > 0 {
                    out.push_str(",\n ");
                }
                push_json(item, array.element, &mut out, ctx)?;
            }
            out.push(']');
        }
        Datum::Record(record) => {
            out.push('{');
            for (i, (field, ty)) in record.fields.iter().zip(&record.types).enumerate() {
                if i > 0 {
                    out.push_str(",\n ");
                }
                out.push_str(&format!("\"f{}\":", i + 1));
                push_json(field, *ty, &mut out, ctx)?;
            }
            out.push('}');
        }
        other => push_json(other, declared(types, 0, other), &mut out, ctx)?,
    }
    Ok(Datum::Json(out.into()))
}

/// to_jsonb(anyelement)
pub(crate) fn to_jsonb(args: &[Datum], types: &[Type], ctx: &EvalContext<'_>) -> Result<Datum> {
    let Some(value) = args.first() else { return Err(super::arity("to_jsonb")) };
    Ok(Datum::jsonb(to_jsonb_value(value, declared(types, 0, value), ctx)?))
}

/// json_build_array
pub(crate) fn json_build_array(args: &[Datum], types: &[Type], ctx: &EvalContext<'_>) -> Result<Datum> {
    let mut out = String::from("[");
    for (i, value) in args.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        push_json(value, declared(types, i, value), &mut out, ctx)?;
    }
    out.push(']');
    Ok(Datum::Json(out.into()))
}

/// jsonb_build_array
pub(crate) fn jsonb_build_array(args: &[Datum], types: &[Type], ctx: &EvalContext<'_>) -> Result<Datum> {
    let items = args.iter().enumerate().map(|(i, v)| to_jsonb_value(v, declared(types, i, v), ctx));
    Ok(Datum::jsonb(Jsonb::Array(items.collect::<Result<_>>()?)))
}

/// The text of an object key.
pub(crate) fn key_text(value: &Datum, ty: Type, ctx: &EvalContext<'_>) -> Result<String> {
    match value {
        Datum::Array(_) | Datum::Record(_) | Datum::Json(_) | Datum::Jsonb(_) => {
            Err(invalid("key value must be scalar, not array, composite, or json"))
        }
        Datum::Date(_) | Datum::Timestamp(_) | Datum::TimestampTz(_) => Ok(moment_text(value, ty, ctx)),
        Datum::Bool(b) => Ok(b.to_string()),
        other => to_text(other, ty, ctx),
    }
}

/// json_build_object
pub(crate) fn json_build_object(args: &[Datum], types: &[Type], ctx: &EvalContext<'_>) -> Result<Datum> {
    even(args, "json_build_object")?;
    let mut out = String::from("{");
    for (i, pair) in args.chunks(2).enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        if pair[0].is_null() {
            return Err(
                invalid(format!("argument {} cannot be null", 2 * i + 1)).hint("Object keys should be text.")
            );
        }
        push_string(&key_text(&pair[0], declared(types, 2 * i, &pair[0]), ctx)?, &mut out);
        out.push_str(" : ");
        push_json(&pair[1], declared(types, 2 * i + 1, &pair[1]), &mut out, ctx)?;
    }
    out.push('}');
    Ok(Datum::Json(out.into()))
}

/// jsonb_build_object
pub(crate) fn jsonb_build_object(args: &[Datum], types: &[Type], ctx: &EvalContext<'_>) -> Result<Datum> {
    even(args, "jsonb_build_object")?;
    let mut fields = Vec::with_capacity(args.len() / 2);
    for (i, pair) in args.chunks(2).enumerate() {
        if pair[0].is_null() {
            return Err(invalid(format!("argument {}: key must not be null", 2 * i + 1)));
        }
        let key = key_text(&pair[0], declared(types, 2 * i, &pair[0]), ctx)?;
        let value = to_jsonb_value(&pair[1], declared(types, 2 * i + 1, &pair[1]), ctx)?;
        fields.push((SmolStr::from(key), value));
    }
    Ok(Datum::jsonb(Jsonb::object(fields)))
}

fn even(args: &[Datum], function: &str) -> Result<()> {
    if args.len().is_multiple_of(2) {
        return Ok(());
    }
    Err(invalid("argument list must have even number of elements")
        .hint(format!("The arguments of {function}() must consist of alternating keys and values.")))
}

type Pairs = Vec<(SmolStr, Option<SmolStr>)>;

fn pair(key: &Datum, value: &Datum) -> Result<(SmolStr, Option<SmolStr>)> {
    let key = key.as_str().ok_or_else(|| {
        Error::new(sqlstate::NULL_VALUE_NOT_ALLOWED, "null value not allowed for object key")
    })?;
    Ok((SmolStr::new(key), value.as_str().map(SmolStr::new)))
}

fn from_pairs(pairs: &Array) -> Result<Pairs> {
    if pairs.items.len() % 2 == 1 {
        return Err(Error::new(sqlstate::ARRAY_SUBSCRIPT_ERROR, "array must have even number of elements"));
    }
    pairs.items.chunks(2).map(|p| pair(&p[0], &p[1])).collect()
}

fn from_arrays(keys: &Array, values: &Array) -> Result<Pairs> {
    if keys.items.len() != values.items.len() {
        return Err(Error::new(sqlstate::ARRAY_SUBSCRIPT_ERROR, "mismatched array dimensions"));
    }
    keys.items.iter().zip(&values.items).map(|(k, v)| pair(k, v)).collect()
}

fn pairs_text(pairs: &Pairs) -> String {
    let mut out = String::from("{");
    for (i, (key, value)) in pairs.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        push_string(key, &mut out);
        out.push_str(" : ");
        match value {
            Some(value) => push_string(value, &mut out),
            None => out.push_str("null"),
        }
    }
    out.push('}');
    out
}

fn pairs_jsonb(pairs: Pairs) -> Jsonb {
    Jsonb::object(pairs.into_iter().map(|(k, v)| (k, v.map_or(Jsonb::Null, Jsonb::String))).collect())
}
