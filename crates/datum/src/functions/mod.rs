//! The code of scalar and set-returning functions, one file per family, and the table of them in [`catalog`].
//!
//! Functions carry the names of PostgreSQL's C functions (`pg_proc.prosrc`): `int4pl`, `text_substr`. The table is
//! made by `testdata/catalog.py` from a PostgreSQL's catalog: an overload is there if a function of that name is.
//!
//! [`scalars!`] spares each function the unpacking of its arguments:
//!
//! ```text
//!     int4pl(a: i4, b: i4) => a.checked_add(b).ok_or_else(int4_range);
//!     ^name  ^argument and how to get it      ^anything that implements `Answer`
//!     now[ctx]() => …                         with the context by this name
//! ```

pub mod arithmetic;
pub mod array;
pub mod bytes;
pub mod catalog;
pub mod compare;
pub mod datetime;
pub mod encoding;
pub mod json;
pub mod json_build;
pub mod json_text;
pub mod math;
pub mod misc;
pub mod pattern;
pub mod regexp;
pub mod series;
pub mod session;
pub mod sets;
pub mod text;

use smol_str::SmolStr;

use crate::datetime::Interval;
use crate::error::{Error, Result, sqlstate};
use crate::expr::EvalContext;
use crate::numeric::Numeric;
use crate::types::{ColumnType, Type};
use crate::value::Datum;

/// Defines scalar functions: see the module.
macro_rules! scalars {
    ($($name:ident $([$ctx:ident])? ($($arg:ident : $get:ident),*) => $body:expr;)*) => { $(
        #[allow(unused_variables, clippy::redundant_closure_call)]
        pub(crate) fn $name(
            args: &[$crate::value::Datum],
            context: &$crate::expr::EvalContext<'_>,
        ) -> $crate::error::Result<$crate::value::Datum> {
            let [$($arg),*] = args else { return Err($crate::functions::arity(stringify!($name))) };
            $(let $arg = $crate::functions::get::$get($arg)?;)*
            $(let $ctx = context;)?
            $crate::functions::Answer::answer($body)
        }
    )* };
}
pub(crate) use scalars;

#[cold]
pub(crate) fn arity(name: &str) -> Error {
    Error::internal(format!("{name} got another number of arguments"))
}

/// How arguments are taken out of datums. A wrong kind is a bug of the binder, reported as XX000.
pub(crate) mod get {
    use std::sync::Arc;

    use crate::datetime::Interval;
    use crate::error::{Error, Result};
    use crate::json::Jsonb;
    use crate::numeric::Numeric;
    use crate::value::{Array, Datum};

    #[cold]
    fn wrong(wanted: &str, got: &Datum) -> Error {
        Error::internal(format!("an argument is no {wanted}: {got:?}"))
    }

    macro_rules! getters {
        ($($name:ident: $ty:ty = $($pattern:pat => $value:expr),+;)*) => { $(
            #[inline]
            pub fn $name(d: &Datum) -> Result<$ty> {
                match d {
                    $($pattern => Ok($value),)+
                    other => Err(wrong(stringify!($name), other)),
                }
            }
        )* };
    }

    getters! {
        boolean: bool = Datum::Bool(b) => *b;
        i2: i16 = Datum::Int2(i) => *i;
        i4: i32 = Datum::Int4(i) => *i;
        i8: i64 = Datum::Int8(i) => *i;
        int: i64 = Datum::Int2(i) => i64::from(*i), Datum::Int4(i) => i64::from(*i), Datum::Int8(i) => *i, Datum::Oid(i) => i64::from(*i);
        f4: f32 = Datum::Float4(f) => *f;
        f8: f64 = Datum::Float8(f) => *f, Datum::Float4(f) => f64::from(*f);
        oid: u32 = Datum::Oid(o) => *o;
        date: i32 = Datum::Date(x) => *x;
        time: i64 = Datum::Time(x) => *x;
        timetz: (i64, i32) = Datum::TimeTz(x, z) => (*x, *z);
        timestamp: i64 = Datum::Timestamp(x) => *x;
        timestamptz: i64 = Datum::TimestampTz(x) => *x;
        interval: Interval = Datum::Interval(x) => *x;
    }

    pub fn num(d: &Datum) -> Result<&Numeric> {
        d.as_numeric().ok_or_else(|| wrong("numeric", d))
    }

    pub fn txt(d: &Datum) -> Result<&str> {
        match d {
            Datum::Text(s) => Ok(s),
            other => Err(wrong("text", other)),
        }
    }

    /// character(n) without its padding.
    pub fn bp(d: &Datum) -> Result<&str> {
        txt(d).map(|s| s.trim_end_matches(' '))
    }

    pub fn json(d: &Datum) -> Result<&str> {
        match d {
            Datum::Json(s) => Ok(s),
            other => Err(wrong("json", other)),
        }
    }

    pub fn jsonb(d: &Datum) -> Result<&Arc<Jsonb>> {
        match d {
            Datum::Jsonb(j) => Ok(j),
            other => Err(wrong("jsonb", other)),
        }
    }

    pub fn bin(d: &Datum) -> Result<&[u8]> {
        d.as_bytes().ok_or_else(|| wrong("bytea", d))
    }

    pub fn arr(d: &Datum) -> Result<&Arc<Array>> {
        match d {
            Datum::Array(a) => Ok(a),
            other => Err(wrong("array", other)),
        }
    }

    pub fn any(d: &Datum) -> Result<&Datum> {
        Ok(d)
    }
}

/// What a function's body may give: a value that shows its type, an option of it (`None` is NULL), a result of it.
pub(crate) trait Answer {
    fn answer(self) -> Result<Datum>;
}

macro_rules! answers {
    ($($ty:ty: $value:ident => $datum:expr;)*) => { $(
        impl Answer for $ty {
            #[inline]
            fn answer(self) -> Result<Datum> {
                let $value = self;
                Ok($datum)
            }
        }
    )* };
}

answers! {
    bool: x => Datum::Bool(x);
    i16: x => Datum::Int2(x);
    i32: x => Datum::Int4(x);
    i64: x => Datum::Int8(x);
    f32: x => Datum::Float4(x);
    f64: x => Datum::Float8(x);
    Numeric: x => Datum::Numeric(x);
    Interval: x => Datum::Interval(x);
    String: x => Datum::Text(SmolStr::from(x));
    SmolStr: x => Datum::Text(x);
    &str: x => Datum::Text(SmolStr::new(x));
    Vec<u8>: x => Datum::Bytea(x.into());
    Datum: x => x;
}

impl<T: Answer> Answer for Option<T> {
    #[inline]
    fn answer(self) -> Result<Datum> {
        match self {
            Some(x) => x.answer(),
            None => Ok(Datum::Null),
        }
    }
}

impl<T: Answer> Answer for Result<T> {
    #[inline]
    fn answer(self) -> Result<Datum> {
        self?.answer()
    }
}

/// 22003 for a type as PostgreSQL puts it: `integer out of range`.
#[cold]
pub(crate) fn out_of_range(ty: &str) -> Error {
    Error::new(sqlstate::NUMERIC_VALUE_OUT_OF_RANGE, format!("{ty} out of range"))
}

/// 22012
#[cold]
pub(crate) fn division_by_zero() -> Error {
    Error::new(sqlstate::DIVISION_BY_ZERO, "division by zero")
}

/// 22023
#[cold]
pub(crate) fn invalid(message: impl Into<String>) -> Error {
    Error::new(sqlstate::INVALID_PARAMETER_VALUE, message)
}

/// 54000: results beyond what a value may hold (1 GiB, as in PostgreSQL).
#[cold]
pub(crate) fn too_large() -> Error {
    Error::new(sqlstate::PROGRAM_LIMIT_EXCEEDED, "requested length too large")
}

/// Bytes that one value may have.
pub(crate) const VALUE_BYTES_MAX: usize = 0x3fff_ffff;

/// The text of a value as its type's output function gives it. Object names need the session.
pub(crate) fn to_text(value: &Datum, ty: Type, ctx: &EvalContext<'_>) -> Result<String> {
    match value {
        Datum::Text(s) => return Ok(s.to_string()),
        Datum::Oid(_) if ty.is_object() => {
            if let Datum::Text(s) = ctx.session.call(object_out(ty), std::slice::from_ref(value))? {
                return Ok(s.to_string());
            }
        }
        _ => {}
    }
    Ok(crate::text::to_string(value, type_of(value, ty), ctx.settings()))
}

/// The type of a value: the declared one unless that says nothing.
pub(crate) fn type_of(value: &Datum, declared: Type) -> Type {
    match (value, declared) {
        (Datum::Array(a), Type::Array(_)) => a.element.array_of().unwrap_or(declared),
        (_, Type::Unknown) => natural_type(value),
        _ => declared,
    }
}

/// The type that a value shows by itself.
pub(crate) fn natural_type(value: &Datum) -> Type {
    match value {
        Datum::Null | Datum::Text(_) => Type::Text,
        Datum::Bool(_) => Type::Bool,
        Datum::Int2(_) => Type::Int2,
        Datum::Int4(_) => Type::Int4,
        Datum::Int8(_) => Type::Int8,
        Datum::Float4(_) => Type::Float4,
        Datum::Float8(_) => Type::Float8,
        Datum::Numeric(_) => Type::Numeric,
        Datum::Bytea(_) => Type::Bytea,
        Datum::Date(_) => Type::Date,
        Datum::Time(_) => Type::Time,
        Datum::TimeTz(..) => Type::TimeTz,
        Datum::Timestamp(_) => Type::Timestamp,
        Datum::TimestampTz(_) => Type::TimestampTz,
        Datum::Interval(_) => Type::Interval,
        Datum::Uuid(_) => Type::Uuid,
        Datum::Json(_) => Type::Json,
        Datum::Jsonb(_) => Type::Jsonb,
        Datum::Oid(_) => Type::Oid,
        Datum::Array(a) => a.element.array_of().unwrap_or(Type::Text),
        Datum::Record(_) => Type::Record,
    }
}

/// The function that gives a name for an OID: `regclassout`.
fn object_out(ty: Type) -> &'static str {
    ty.facts().functions[1]
}

/// The function that gives the OID for a name: `regclassin`.
fn object_in(ty: Type) -> &'static str {
    ty.facts().functions[0]
}

/// A cast, those between texts and names of objects included: these ask the session
/// (`regclassin(text)`, `regclassout(oid)` and their like).
pub(crate) fn cast_value(
    value: Datum,
    from: Type,
    to: ColumnType,
    explicit: bool,
    ctx: &EvalContext<'_>,
) -> Result<Datum> {
    if matches!(value, Datum::Null) {
        return Ok(Datum::Null);
    }
    if from == to.ty && to.typmod < 0 {
        return Ok(value);
    }
    if to.ty.is_object() && from.is_textual() {
        if let Datum::Text(s) = &value
            && let Ok(oid) = s.parse::<u32>()
        {
            return Ok(Datum::Oid(oid));
        }
        return ctx.session.call(object_in(to.ty), &[value]);
    }
    if from.is_object() && to.ty.is_textual() {
        let value = ctx.session.call(object_out(from), &[value])?;
        return crate::cast::cast(value, Type::Text, to, explicit, ctx.settings());
    }
    crate::cast::cast(value, from, to, explicit, ctx.settings())
}
