//! [`Datum`]: one SQL value, and how values compare, hash and weigh.
//!
//! A datum does not carry its type in full: text, varchar, "char" and name share [`Datum::Text`], the oid-like types
//! share [`Datum::Oid`]. Whoever needs the type has it from the column or the expression.
//!
//! Comparison ([`Datum::compare`], `Ord`, `Eq`, `Hash`) is PostgreSQL's default B-tree order of the type, with NULL
//! equal to itself and above everything (what sorting and grouping want); operators handle NULL before they come
//! here. `1.0 = 1.00`, `-0 = 0`, `NaN = NaN > everything`, `'1 day' = '24 hours'`. Text compares by bytes
//! (collation C). character(n) is kept blank-padded to n, so that equal lengths compare alike; operators of bpchar
//! strip the blanks first.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use smol_str::SmolStr;

pub use crate::datetime::Interval;
pub use crate::json::Jsonb;
pub use crate::numeric::Numeric;

/// One SQL value, 24 bytes. The type is known from context (a column's or an expression's).
#[derive(Clone, Debug, Default)]
pub enum Datum {
    /// NULL of any type.
    #[default]
    Null,
    /// boolean
    Bool(bool),
    /// smallint
    Int2(i16),
    /// integer
    Int4(i32),
    /// bigint
    Int8(i64),
    /// real
    Float4(f32),
    /// double precision
    Float8(f64),
    /// numeric
    Numeric(Numeric),
    /// text, varchar, bpchar, name, "char", unknown literals, node trees
    Text(SmolStr),
    /// bytea
    Bytea(Arc<[u8]>),
    /// Days since 2000-01-01; `i32::MIN` and `i32::MAX` are -infinity and infinity.
    Date(i32),
    /// Microseconds since midnight.
    Time(i64),
    /// Microseconds since midnight, and seconds west of UTC.
    TimeTz(i64, i32),
    /// Microseconds since 2000-01-01 00:00; `i64::MIN`/`MAX` are the infinities.
    Timestamp(i64),
    /// Microseconds since 2000-01-01 00:00 UTC; `i64::MIN`/`MAX` are the infinities.
    TimestampTz(i64),
    /// interval
    Interval(Interval),
    /// uuid
    Uuid([u8; 16]),
    /// json: the text as given
    Json(Arc<str>),
    /// jsonb
    Jsonb(Arc<Jsonb>),
    /// oid, regclass, regtype, regproc, regnamespace, xid
    Oid(u32),
    /// An array, int2vector or oidvector.
    Array(Arc<Array>),
    /// A row value.
    Record(Arc<Record>),
}

const _: () = assert!(std::mem::size_of::<Datum>() == 24);

/// A row value: its fields with their types, which text and binary formats need.
#[derive(Clone, Debug)]
pub struct Record {
    /// The fields.
    pub fields: Vec<Datum>,
    /// Their types, as many.
    pub types: Vec<crate::Type>,
}

/// A one-dimensional array (PostgreSQL's lower bound may be other than 1). An empty one has no bounds.
#[derive(Clone, Debug)]
pub struct Array {
    /// Element type.
    pub element: crate::Type,
    /// Subscript of the first element, usually 1.
    pub lower: i32,
    /// The elements.
    pub items: Vec<Datum>,
}

impl Array {
    /// An array with the usual lower bound.
    pub fn new(element: crate::Type, items: Vec<Datum>) -> Array {
        Array { element, lower: 1, items }
    }

    /// The element of this subscript, if there is one.
    pub fn get(&self, subscript: i64) -> Option<&Datum> {
        usize::try_from(subscript - i64::from(self.lower)).ok().and_then(|at| self.items.get(at))
    }
}

impl Datum {
    /// Text.
    pub fn text(s: impl AsRef<str>) -> Datum {
        Datum::Text(SmolStr::new(s))
    }

    /// bytea
    pub fn bytea(bytes: impl Into<Arc<[u8]>>) -> Datum {
        Datum::Bytea(bytes.into())
    }

    /// An array with the usual lower bound.
    pub fn array(element: crate::Type, items: Vec<Datum>) -> Datum {
        Datum::Array(Arc::new(Array::new(element, items)))
    }

    /// A row value.
    pub fn record(fields: Vec<Datum>, types: Vec<crate::Type>) -> Datum {
        Datum::Record(Arc::new(Record { fields, types }))
    }

    /// jsonb
    pub fn jsonb(value: Jsonb) -> Datum {
        Datum::Jsonb(Arc::new(value))
    }

    /// Whether it is NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, Datum::Null)
    }

    /// The boolean; `None` of NULL and everything else.
    pub fn as_bool(&self) -> Option<bool> {
        if let Datum::Bool(b) = self { Some(*b) } else { None }
    }

    /// Any integer or oid as i64.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Datum::Int2(i) => Some(i64::from(*i)),
            Datum::Int4(i) => Some(i64::from(*i)),
            Datum::Int8(i) => Some(*i),
            Datum::Oid(i) => Some(i64::from(*i)),
            _ => None,
        }
    }

    /// A float or an integer as f64.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Datum::Float4(f) => Some(f64::from(*f)),
            Datum::Float8(f) => Some(*f),
            other => other.as_i64().map(|i| i as f64),
        }
    }

    /// The text of text or json.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Datum::Text(s) => Some(s),
            Datum::Json(s) => Some(s),
            _ => None,
        }
    }

    /// The bytes of bytea.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        if let Datum::Bytea(b) = self { Some(b) } else { None }
    }

    /// numeric
    pub fn as_numeric(&self) -> Option<&Numeric> {
        if let Datum::Numeric(n) = self { Some(n) } else { None }
    }

    /// An array.
    pub fn as_array(&self) -> Option<&Array> {
        if let Datum::Array(a) = self { Some(a) } else { None }
    }

    /// jsonb
    pub fn as_jsonb(&self) -> Option<&Jsonb> {
        if let Datum::Jsonb(j) = self { Some(j) } else { None }
    }

    /// PostgreSQL's order of two values of one type; NULL is equal to NULL and above everything else. Integers of
    /// different widths and floats of different widths compare by value. Values of types that never meet
    /// compare by type, so that the order is total in any case.
    pub fn compare(&self, other: &Datum) -> Ordering {
        use Datum::*;
        match (self, other) {
            (Int4(a), Int4(b)) => a.cmp(b),
            (Int8(a), Int8(b)) => a.cmp(b),
            (Text(a), Text(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Null, Null) => Ordering::Equal,
            (Null, _) => Ordering::Greater,
            (_, Null) => Ordering::Less,
            (Bool(a), Bool(b)) => a.cmp(b),
            (Int2(a), Int2(b)) => a.cmp(b),
            (Oid(a), Oid(b)) => a.cmp(b),
            (Float8(a), Float8(b)) => compare_f64(*a, *b),
            (Float4(a), Float4(b)) => compare_f64(f64::from(*a), f64::from(*b)),
            (Numeric(a), Numeric(b)) => a.cmp(b),
            (Bytea(a), Bytea(b)) => a.cmp(b),
            (Date(a), Date(b)) => a.cmp(b),
            (Time(a), Time(b)) => a.cmp(b),
            (TimeTz(a, za), TimeTz(b, zb)) => compare_timetz(*a, *za, *b, *zb),
            (Timestamp(a), Timestamp(b)) | (TimestampTz(a), TimestampTz(b)) => a.cmp(b),
            (Interval(a), Interval(b)) => a.cmp(b),
            (Uuid(a), Uuid(b)) => a.cmp(b),
            (Json(a), Json(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Jsonb(a), Jsonb(b)) => a.cmp(b),
            (Array(a), Array(b)) => compare_arrays(a, b),
            (Record(a), Record(b)) => compare_slices(&a.fields, &b.fields),
            (Float4(_) | Float8(_), Float4(_) | Float8(_)) => {
                compare_f64(self.as_f64().unwrap_or_default(), other.as_f64().unwrap_or_default())
            }
            _ => match (self.as_i64(), other.as_i64()) {
                (Some(a), Some(b)) => a.cmp(&b),
                _ => self.kind().cmp(&other.kind()),
            },
        }
    }

    /// Feeds a hash: equal values (in the sense of [`Datum::compare`]) hash alike.
    pub fn hash_into<H: Hasher>(&self, state: &mut H) {
        use Datum::*;
        match self {
            Null => state.write_u8(0xff),
            Bool(b) => state.write_u8(u8::from(*b)),
            Int2(i) => state.write_i64(i64::from(*i)),
            Int4(i) => state.write_i64(i64::from(*i)),
            Int8(i) => state.write_i64(*i),
            Oid(i) => state.write_i64(i64::from(*i)),
            Float4(f) => hash_f64(f64::from(*f), state),
            Float8(f) => hash_f64(*f, state),
            Numeric(n) => n.hash(state),
            Text(s) => {
                state.write(s.as_bytes());
                state.write_u8(0xff);
            }
            Json(s) => {
                state.write(s.as_bytes());
                state.write_u8(0xff);
            }
            Bytea(b) => {
                state.write_usize(b.len());
                state.write(b);
            }
            Date(d) => state.write_i32(*d),
            Time(t) | Timestamp(t) | TimestampTz(t) => state.write_i64(*t),
            TimeTz(t, zone) => {
                state.write_i64(*t);
                state.write_i32(*zone);
            }
            Interval(i) => i.hash(state),
            Uuid(u) => state.write(u),
            Jsonb(j) => j.hash(state),
            Array(a) => {
                state.write_usize(a.items.len());
                a.items.iter().for_each(|item| item.hash_into(state));
            }
            Record(r) => {
                state.write_usize(r.fields.len());
                r.fields.iter().for_each(|field| field.hash_into(state));
            }
        }
    }

    /// Bytes in memory, about: the datum itself and what it points to (counted in full even where it is shared).
    pub fn memory_size(&self) -> usize {
        use Datum::*;
        const ARC: usize = 16;
        std::mem::size_of::<Datum>()
            + match self {
                Numeric(n) => n.heap_size(),
                Json(s) => ARC + s.len(),
                Text(s) if s.is_heap_allocated() => ARC + s.len(),
                Bytea(b) => ARC + b.len(),
                Jsonb(j) => ARC + j.memory_size(),
                Array(a) => ARC + 40 + a.items.iter().map(Datum::memory_size).sum::<usize>(),
                Record(r) => ARC + 48 + r.fields.iter().map(|field| field.memory_size() + 16).sum::<usize>(),
                _ => 0,
            }
    }

    fn kind(&self) -> u8 {
        use Datum::*;
        match self {
            Bool(_) => 1,
            Int2(_) | Int4(_) | Int8(_) | Oid(_) => 2,
            Float4(_) | Float8(_) => 3,
            Numeric(_) => 4,
            Text(_) => 5,
            Bytea(_) => 6,
            Date(_) => 7,
            Time(_) => 8,
            TimeTz(..) => 9,
            Timestamp(_) => 10,
            TimestampTz(_) => 11,
            Interval(_) => 12,
            Uuid(_) => 13,
            Json(_) => 14,
            Jsonb(_) => 15,
            Array(_) => 16,
            Record(_) => 17,
            Null => 18,
        }
    }
}

/// PostgreSQL's order of floats: -0 equals 0, NaN equals itself and is above everything.
pub fn compare_f64(a: f64, b: f64) -> Ordering {
    match a.partial_cmp(&b) {
        Some(order) => order,
        None => a.is_nan().cmp(&b.is_nan()),
    }
}

fn hash_f64<H: Hasher>(f: f64, state: &mut H) {
    let f = if f == 0.0 {
        0.0
    } else if f.is_nan() {
        f64::NAN
    } else {
        f
    };
    state.write_u64(f.to_bits());
}

/// timetz: by the moment in UTC, then by zone.
fn compare_timetz(a: i64, za: i32, b: i64, zb: i32) -> Ordering {
    let moment = |t: i64, zone: i32| t + i64::from(zone) * 1_000_000;
    moment(a, za).cmp(&moment(b, zb)).then(za.cmp(&zb))
}

/// Element by element, then the shorter first, then by lower bound.
fn compare_arrays(a: &Array, b: &Array) -> Ordering {
    compare_slices(&a.items, &b.items)
        .then_with(|| if a.items.is_empty() { Ordering::Equal } else { a.lower.cmp(&b.lower) })
}

/// Element by element, then the shorter first: how arrays, records and keys of several columns compare.
pub fn compare_slices(a: &[Datum], b: &[Datum]) -> Ordering {
    for (x, y) in a.iter().zip(b) {
        match x.compare(y) {
            Ordering::Equal => {}
            order => return order,
        }
    }
    a.len().cmp(&b.len())
}

impl PartialEq for Datum {
    fn eq(&self, other: &Datum) -> bool {
        self.compare(other) == Ordering::Equal
    }
}

impl Eq for Datum {}

impl PartialOrd for Datum {
    fn partial_cmp(&self, other: &Datum) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Datum {
    fn cmp(&self, other: &Datum) -> Ordering {
        self.compare(other)
    }
}

impl Hash for Datum {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash_into(state);
    }
}
