//! json and jsonb.
//!
//! json is kept as the text that came in, so that [`validate`] is all it needs. [`Jsonb`] is a tree in normal form:
//! numbers are numeric, keys are unique and sorted as PostgreSQL sorts them (shorter ones first, then by bytes).

mod parse;

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use smol_str::SmolStr;

pub use parse::validate;

use crate::error::Result;
use crate::numeric::Numeric;

/// jsonb: a JSON document in normal form.
#[derive(Clone, Debug)]
pub enum Jsonb {
    /// null
    Null,
    /// true, false
    Bool(bool),
    /// A number; never NaN or infinite.
    Number(Numeric),
    /// A string.
    String(SmolStr),
    /// An array.
    Array(Vec<Jsonb>),
    /// An object: keys unique, shorter ones first, then by bytes. Build with [`Jsonb::object`].
    Object(Vec<(SmolStr, Jsonb)>),
}

/// PostgreSQL's order of keys within an object: shorter ones first, then by bytes.
pub fn compare_keys(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.as_bytes().cmp(b.as_bytes()))
}

impl Jsonb {
    pub(crate) const CLASS_EMPTY_ARRAY: u8 = 1;
    pub(crate) const CLASS_NULL: u8 = 2;
    pub(crate) const CLASS_STRING: u8 = 3;
    pub(crate) const CLASS_NUMBER: u8 = 4;
    pub(crate) const CLASS_FALSE: u8 = 5;
    pub(crate) const CLASS_TRUE: u8 = 6;
    pub(crate) const CLASS_ARRAY: u8 = 7;
    pub(crate) const CLASS_OBJECT: u8 = 8;

    /// jsonb's input function. 22P02 with PostgreSQL's DETAIL and CONTEXT.
    pub fn parse(text: &str) -> Result<Jsonb> {
        parse::parse(text)
    }

    /// An object of these fields: sorts the keys; of equal ones the last wins.
    pub fn object(mut fields: Vec<(SmolStr, Jsonb)>) -> Jsonb {
        let sorted = fields.windows(2).all(|pair| compare_keys(&pair[0].0, &pair[1].0) == Ordering::Less);
        if !sorted {
            fields.sort_by(|a, b| compare_keys(&a.0, &b.0));
            // Of a run of equal keys keep the last: move it over the one kept so far.
            fields.dedup_by(|next, kept| {
                let same = next.0 == kept.0;
                if same {
                    std::mem::swap(next, kept);
                }
                same
            });
        }
        Jsonb::Object(fields)
    }

    /// The value of a key of an object.
    pub fn get(&self, key: &str) -> Option<&Jsonb> {
        let Jsonb::Object(fields) = self else { return None };
        fields.binary_search_by(|field| compare_keys(&field.0, key)).ok().map(|at| &fields[at].1)
    }

    /// An element of an array, from 0; negative indexes count from the end.
    pub fn get_index(&self, index: i64) -> Option<&Jsonb> {
        let Jsonb::Array(items) = self else { return None };
        let at = if index < 0 { index.checked_add(items.len() as i64)? } else { index };
        items.get(usize::try_from(at).ok()?)
    }

    /// Whether it is neither an array nor an object.
    pub fn is_scalar(&self) -> bool {
        !matches!(self, Jsonb::Array(_) | Jsonb::Object(_))
    }

    /// What jsonb_typeof says.
    pub fn type_name(&self) -> &'static str {
        match self {
            Jsonb::Null => "null",
            Jsonb::Bool(_) => "boolean",
            Jsonb::Number(_) => "number",
            Jsonb::String(_) => "string",
            Jsonb::Array(_) => "array",
            Jsonb::Object(_) => "object",
        }
    }

    /// Appends the text as jsonb's output function gives it: a blank after commas and colons.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Jsonb::Array(items) => {
                out.push(b'[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.extend_from_slice(b", ");
                    }
                    item.write(out);
                }
                out.push(b']');
            }
            Jsonb::Object(fields) => {
                out.push(b'{');
                for (i, (key, value)) in fields.iter().enumerate() {
                    if i > 0 {
                        out.extend_from_slice(b", ");
                    }
                    write_string(key, out);
                    out.extend_from_slice(b": ");
                    value.write(out);
                }
                out.push(b'}');
            }
            scalar => scalar.write_scalar(out),
        }
    }

    fn write_scalar(&self, out: &mut Vec<u8>) {
        match self {
            Jsonb::Bool(true) => out.extend_from_slice(b"true"),
            Jsonb::Bool(false) => out.extend_from_slice(b"false"),
            Jsonb::Number(n) => n.write(out),
            Jsonb::String(s) => write_string(s, out),
            _ => out.extend_from_slice(b"null"),
        }
    }

    /// Appends the text as jsonb_pretty gives it: indented by four.
    pub fn write_pretty(&self, out: &mut Vec<u8>) {
        self.write_indented(0, out);
    }

    fn write_indented(&self, depth: usize, out: &mut Vec<u8>) {
        let line = |depth: usize, out: &mut Vec<u8>| {
            out.push(b'\n');
            out.resize(out.len() + 4 * depth, b' ');
        };
        match self {
            Jsonb::Array(items) => {
                out.push(b'[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    line(depth + 1, out);
                    item.write_indented(depth + 1, out);
                }
                line(depth, out);
                out.push(b']');
            }
            Jsonb::Object(fields) => {
                out.push(b'{');
                for (i, (key, value)) in fields.iter().enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    line(depth + 1, out);
                    write_string(key, out);
                    out.extend_from_slice(b": ");
                    value.write_indented(depth + 1, out);
                }
                line(depth, out);
                out.push(b'}');
            }
            scalar => scalar.write_scalar(out),
        }
    }

    /// `self @> other`
    pub fn contains(&self, other: &Jsonb) -> bool {
        // A bare scalar is contained in an array that has it; only at the top.
        if let (Jsonb::Array(items), true) = (self, other.is_scalar()) {
            return items.iter().any(|item| item == other);
        }
        self.contains_nested(other)
    }

    fn contains_nested(&self, other: &Jsonb) -> bool {
        match (self, other) {
            (Jsonb::Object(_), Jsonb::Object(wanted)) => {
                wanted.iter().all(|(key, value)| self.get(key).is_some_and(|own| own.contains_nested(value)))
            }
            (Jsonb::Array(items), Jsonb::Array(wanted)) => wanted.iter().all(|value| {
                items
                    .iter()
                    .any(|item| if value.is_scalar() { item == value } else { item.contains_nested(value) })
            }),
            (Jsonb::Object(_) | Jsonb::Array(_), _) | (_, Jsonb::Object(_) | Jsonb::Array(_)) => false,
            _ => self == other,
        }
    }

    /// Bytes in memory, about.
    pub fn memory_size(&self) -> usize {
        let text = |s: &SmolStr| if s.is_heap_allocated() { 16 + s.len() } else { 0 };
        std::mem::size_of::<Jsonb>()
            + match self {
                Jsonb::Number(n) => n.heap_size(),
                Jsonb::String(s) => text(s),
                Jsonb::Array(items) => items.iter().map(Jsonb::memory_size).sum(),
                Jsonb::Object(fields) => {
                    fields.iter().map(|(key, value)| 24 + text(key) + value.memory_size()).sum()
                }
                _ => 0,
            }
    }

    /// PostgreSQL's order of kinds. An empty array at the top comes before everything.
    pub(crate) fn order_class(&self, top: bool) -> u8 {
        match self {
            Jsonb::Array(items) if items.is_empty() && top => Jsonb::CLASS_EMPTY_ARRAY,
            Jsonb::Null => Jsonb::CLASS_NULL,
            Jsonb::String(_) => Jsonb::CLASS_STRING,
            Jsonb::Number(_) => Jsonb::CLASS_NUMBER,
            Jsonb::Bool(false) => Jsonb::CLASS_FALSE,
            Jsonb::Bool(true) => Jsonb::CLASS_TRUE,
            Jsonb::Array(_) => Jsonb::CLASS_ARRAY,
            Jsonb::Object(_) => Jsonb::CLASS_OBJECT,
        }
    }

    fn compare(&self, other: &Jsonb, top: bool) -> Ordering {
        match (self, other) {
            (Jsonb::String(a), Jsonb::String(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Jsonb::Number(a), Jsonb::Number(b)) => a.cmp(b),
            (Jsonb::Array(a), Jsonb::Array(b)) => a.len().cmp(&b.len()).then_with(|| {
                a.iter()
                    .zip(b)
                    .map(|(a, b)| a.compare(b, false))
                    .find(|o| o.is_ne())
                    .unwrap_or(Ordering::Equal)
            }),
            (Jsonb::Object(a), Jsonb::Object(b)) => a.len().cmp(&b.len()).then_with(|| {
                a.iter()
                    .zip(b)
                    .map(|((ka, va), (kb, vb))| {
                        ka.as_bytes().cmp(kb.as_bytes()).then_with(|| va.compare(vb, false))
                    })
                    .find(|o| o.is_ne())
                    .unwrap_or(Ordering::Equal)
            }),
            _ => self.order_class(top).cmp(&other.order_class(top)),
        }
    }
}

/// Appends a JSON string with quotes and escapes.
pub fn write_string(text: &str, out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            0..0x20 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

impl PartialEq for Jsonb {
    fn eq(&self, other: &Jsonb) -> bool {
        self.compare(other, true) == Ordering::Equal
    }
}

impl Eq for Jsonb {}

impl PartialOrd for Jsonb {
    fn partial_cmp(&self, other: &Jsonb) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Jsonb {
    fn cmp(&self, other: &Jsonb) -> Ordering {
        self.compare(other, true)
    }
}

impl Hash for Jsonb {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u8(self.order_class(false));
        match self {
            Jsonb::Number(n) => n.hash(state),
            Jsonb::String(s) => s.hash(state),
            Jsonb::Array(items) => items.iter().for_each(|item| item.hash(state)),
            Jsonb::Object(fields) => fields.iter().for_each(|(key, value)| {
                key.hash(state);
                value.hash(state);
            }),
            _ => {}
        }
    }
}
