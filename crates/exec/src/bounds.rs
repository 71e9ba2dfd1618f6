//! From the bounds of an index scan to spans of keys.

use base::{Key, Span};
use datum::{Datum, EvalContext, Result, RowLayout};
use sql::plan::KeyBounds;

/// The spans of an index that satisfy one of the bounds: in key order, disjoint.
pub(crate) fn spans(layout: &RowLayout, bounds: &[KeyBounds], eval: &EvalContext<'_>) -> Result<Vec<Span>> {
    let mut spans = Vec::with_capacity(bounds.len());
    for bound in bounds {
        if let Some(span) = span(layout, bound, eval)? {
            spans.push(span);
        }
    }
    if spans.len() > 1 {
        // Alternatives made of parameters come in any order, and may be the same.
        spans.sort_by(|a, b| a.start.cmp(&b.start));
        let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
        for span in spans {
            match merged.last_mut() {
                Some(last) if span.start < last.end => {
                    if span.end > last.end {
                        last.end = span.end;
                    }
                }
                _ => merged.push(span),
            }
        }
        return Ok(merged);
    }
    Ok(spans)
}

/// The keys of a primary index, if each of the bounds is one complete key; sorted, each once. `None`: not so.
pub(crate) fn points(
    layout: &RowLayout,
    bounds: &[KeyBounds],
    eval: &EvalContext<'_>,
) -> Result<Option<Vec<Key>>> {
    if bounds.is_empty() || bounds.iter().any(|b| b.eq.len() != layout.key.len()) {
        return Ok(None);
    }
    let mut keys = Vec::with_capacity(bounds.len());
    let mut values = Vec::with_capacity(layout.key.len());
    for bound in bounds {
        values.clear();
        for expr in &bound.eq {
            values.push(expr.eval(&[], eval)?);
        }
        if !values.iter().any(Datum::is_null) {
            keys.push(Key::from(layout.encode_key_prefix(&values)?));
        }
    }
    if keys.len() > 1 {
        keys.sort_unstable();
        keys.dedup();
    }
    Ok(Some(keys))
}

fn span(layout: &RowLayout, bound: &KeyBounds, eval: &EvalContext<'_>) -> Result<Option<Span>> {
    let mut values = Vec::with_capacity(bound.eq.len() + 1);
    for expr in &bound.eq {
        let value = expr.eval(&[], eval)?;
        if value.is_null() {
            return Ok(None);
        }
        values.push(value);
    }
    let prefix = layout.encode_key_prefix(&values)?;
    let Some(next) = layout.key.get(values.len()) else {
        return Ok(Some(Span::prefix(Key::from(prefix))));
    };
    let with = |value: &Datum| -> Result<Key> {
        let mut key = prefix.clone();
        datum::key::encode(value, next.desc, next.nulls_first, &mut key)?;
        Ok(Key::from(key))
    };
    if bound.is_null {
        return Ok(Some(Span::prefix(with(&Datum::Null)?)));
    }
    let whole = Span::prefix(Key::from(prefix.clone()));
    if bound.lower.is_none() && bound.upper.is_none() {
        return Ok(Some(whole));
    }
    // In the order of keys a descending column turns its bounds around.
    let (first, last) = if next.desc { (&bound.upper, &bound.lower) } else { (&bound.lower, &bound.upper) };
    let start = match first {
        Some(bound) => {
            let value = bound.value.eval(&[], eval)?;
            if value.is_null() {
                return Ok(None);
            }
            let key = with(&value)?;
            if bound.inclusive { key } else { key.prefix_end() }
        }
        // A comparison is never true of NULL.
        None if next.nulls_first => with(&Datum::Null)?.prefix_end(),
        None => whole.start,
    };
    let end = match last {
        Some(bound) => {
            let value = bound.value.eval(&[], eval)?;
            if value.is_null() {
                return Ok(None);
            }
            let key = with(&value)?;
            if bound.inclusive { key.prefix_end() } else { key }
        }
        None if !next.nulls_first => with(&Datum::Null)?,
        None => whole.end,
    };
    Ok((start < end).then(|| Span::new(start, end)))
}
