//! Aggregates: accumulators, and the partial states that leaseholders send.
//!
//! ```text
//!   rows ── update ──► Accumulator ── finish ──► value                       (all at one place)
//!   rows ── update ──► Accumulator ── partial ──► datums ── merge ──► Accumulator ── finish ──► value
//! ```
//! A partial state is a fixed number of datums ([`AggregateCall::partial_types`]), so that it travels as columns of
//! an ordinary row. DISTINCT and ORDER BY inside a call, and ordered-set aggregates (WITHIN GROUP), keep their
//! input and sort it at the end; they have no partial states.

use smol_str::SmolStr;

use crate::datetime::Interval;
use crate::error::{Error, Result, sqlstate};
use crate::expr::{EvalContext, Expr};
use crate::function::{ArgType, ReturnType};
use crate::functions::arithmetic::{add8, overflow};
use crate::functions::json_build::{key_text, push_json, to_jsonb_value};
use crate::functions::{VALUE_BYTES_MAX, get, invalid, out_of_range, too_large};
use crate::json::Jsonb;
use crate::numeric::Numeric;
use crate::types::Type;
use crate::value::Datum;

pub use crate::functions::catalog::AGGREGATES;

/// An aggregate as called: which, over what, and with what restrictions.
#[derive(Clone, Debug)]
pub struct AggregateCall {
    /// Which overload.
    pub function: &'static AggregateFunction,
    /// Arguments, over the input row. `count(*)` has none. Ordered-set aggregates: the direct argument if there is
    /// one, then the one of WITHIN GROUP, whose direction is `order_by`'s first entry.
    pub args: Vec<Expr>,
    /// DISTINCT.
    pub distinct: bool,
    /// FILTER (WHERE …).
    pub filter: Option<Expr>,
    /// ORDER BY inside the call: expression, descending, nulls first.
    pub order_by: Vec<(Expr, bool, bool)>,
    /// Resolved result type.
    pub ty: Type,
}

/// One overload of an aggregate function.
#[derive(Debug)]
pub struct AggregateFunction {
    /// Name in lower case.
    pub name: &'static str,
    /// pg_proc OID.
    pub oid: u32,
    /// Parameters; empty for `count(*)`.
    pub args: &'static [ArgType],
    /// Result.
    pub ret: ReturnType,
    /// Whether a partial state exists that leaseholders can compute and gateways can merge.
    pub partial: bool,
    /// Which accumulator.
    pub kind: AggregateKind,
}

impl AggregateFunction {
    /// Whether it is written with WITHIN GROUP.
    pub fn is_ordered_set(&self) -> bool {
        matches!(
            self.kind,
            AggregateKind::PercentileCont | AggregateKind::PercentileDisc | AggregateKind::Mode
        )
    }
}

/// What of a sum of squares is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// var_pop
    VarPop,
    /// var_samp, variance
    VarSamp,
    /// stddev_pop
    StddevPop,
    /// stddev_samp, stddev
    StddevSamp,
}

/// What of a regression is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Regression {
    Corr,
    CovarPop,
    CovarSamp,
    AvgX,
    AvgY,
    Count,
    Intercept,
    R2,
    Slope,
    Sxx,
    Sxy,
    Syy,
}

/// Which accumulator an aggregate uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AggregateKind {
    /// count(*)
    CountStar,
    /// count(x)
    Count,
    /// Sum of smallint or integer: bigint.
    SumInt,
    /// Sum of bigint: numeric.
    SumInt8,
    /// Sum of numeric.
    SumNumeric,
    /// Sum of real.
    SumFloat4,
    /// Sum of double precision.
    SumFloat8,
    /// Sum of interval.
    SumInterval,
    /// Average of integers: numeric.
    AvgInt,
    /// Average of numeric.
    AvgNumeric,
    /// Average of floats.
    AvgFloat,
    /// Average of interval.
    AvgInterval,
    /// min
    Min,
    /// max
    Max,
    /// bool_and, every
    BoolAnd,
    /// bool_or
    BoolOr,
    /// bit_and
    BitAnd,
    /// bit_or
    BitOr,
    /// bit_xor
    BitXor,
    /// Variance and standard deviation of integers and numerics: numeric.
    SpreadNumeric(Spread),
    /// The same of floats.
    SpreadFloat(Spread),
    /// corr, covar_*, regr_*
    Regression(Regression),
    /// string_agg of text
    StringAgg,
    /// string_agg of bytea
    ByteaAgg,
    /// array_agg
    ArrayAgg,
    /// json_agg
    JsonAgg,
    /// jsonb_agg
    JsonbAgg,
    /// json_object_agg
    JsonObjectAgg,
    /// jsonb_object_agg
    JsonbObjectAgg,
    /// percentile_cont
    PercentileCont,
    /// percentile_disc
    PercentileDisc,
    /// mode
    Mode,
}

impl AggregateCall {
    /// Whether leaseholders may compute it: it has a partial state, keeps no rows, and is immutable throughout.
    pub fn has_partial(&self) -> bool {
        self.function.partial
            && !self.distinct
            && self.order_by.is_empty()
            && self.args.iter().chain(&self.filter).all(Expr::is_immutable)
    }

    /// Types of the datums of its partial state.
    pub fn partial_types(&self) -> Vec<Type> {
        use AggregateKind::*;
        match self.function.kind {
            CountStar | Count => vec![Type::Int8],
            SumInt | SumInt8 | AvgInt => vec![Type::Int8, Type::Numeric],
            SumNumeric | AvgNumeric => vec![Type::Int8, Type::Numeric],
            SumFloat4 | SumFloat8 | AvgFloat | SpreadFloat(_) => {
                vec![Type::Int8, Type::Float8, Type::Float8]
            }
            SumInterval | AvgInterval => vec![Type::Int8, Type::Interval],
            Min | Max | BitAnd | BitOr | BitXor | BoolAnd | BoolOr => vec![self.ty],
            SpreadNumeric(_) => vec![Type::Int8, Type::Numeric, Type::Numeric],
            Regression(_) => {
                vec![Type::Int8, Type::Float8, Type::Float8, Type::Float8, Type::Float8, Type::Float8]
            }
            StringAgg | ByteaAgg | ArrayAgg | JsonAgg | JsonbAgg | JsonObjectAgg | JsonbObjectAgg
            | PercentileCont | PercentileDisc | Mode => Vec::new(),
        }
    }
}

/// Moments of pairs as the SQL standard's regression functions need them (Youngs and Cramer's updates).
#[derive(Clone, Copy, Debug, Default)]
struct Moments {
    n: i64,
    sx: f64,
    sxx: f64,
    sy: f64,
    syy: f64,
    sxy: f64,
}

#[derive(Clone, Debug)]
enum State {
    Count(i64),
    /// Exact for any number of 64-bit values that can be stored.
    Int {
        n: i64,
        sum: i128,
    },
    Numeric {
        n: i64,
        sum: Numeric,
        squares: Numeric,
    },
    Float {
        n: i64,
        sum: f64,
        squares: f64,
    },
    Float4 {
        n: i64,
        sum: f32,
    },
    Interval {
        n: i64,
        sum: Interval,
    },
    /// min, max, bool_*, bit_*: the value so far.
    Best(Datum),
    Moments(Moments),
    Text {
        text: String,
        any: bool,
    },
    Bytes {
        bytes: Vec<u8>,
        any: bool,
    },
    Items(Vec<Datum>),
    JsonText {
        text: String,
    },
    JsonItems(Vec<Jsonb>),
    JsonFields(Vec<(SmolStr, Jsonb)>),
}

/// Rows kept for DISTINCT, ORDER BY and WITHIN GROUP: sort keys, then arguments.
#[derive(Clone, Debug, Default)]
struct Kept {
    rows: Vec<(Vec<Datum>, Vec<Datum>)>,
    bytes: usize,
}

/// The state of one aggregate over one group.
#[derive(Clone, Debug)]
pub struct Accumulator {
    kind: AggregateKind,
    state: State,
    types: Vec<Type>,
    kept: Option<Box<Kept>>,
    bytes: usize,
}

impl Accumulator {
    /// An empty one.
    pub fn new(call: &AggregateCall) -> Accumulator {
        use AggregateKind::*;
        let kind = call.function.kind;
        let state = match kind {
            CountStar | Count => State::Count(0),
            SumInt | SumInt8 | AvgInt => State::Int { n: 0, sum: 0 },
            SumNumeric | AvgNumeric | SpreadNumeric(_) => {
                State::Numeric { n: 0, sum: Numeric::ZERO, squares: Numeric::ZERO }
            }
            SumFloat8 | AvgFloat | SpreadFloat(_) => State::Float { n: 0, sum: 0.0, squares: 0.0 },
            SumFloat4 => State::Float4 { n: 0, sum: 0.0 },
            SumInterval | AvgInterval => State::Interval { n: 0, sum: Interval::default() },
            Min | Max | BoolAnd | BoolOr | BitAnd | BitOr | BitXor => State::Best(Datum::Null),
            Regression(_) => State::Moments(Moments::default()),
            StringAgg => State::Text { text: String::new(), any: false },
            ByteaAgg => State::Bytes { bytes: Vec::new(), any: false },
            ArrayAgg | PercentileCont | PercentileDisc | Mode => State::Items(Vec::new()),
            JsonAgg | JsonObjectAgg => State::JsonText { text: String::new() },
            JsonbAgg => State::JsonItems(Vec::new()),
            JsonbObjectAgg => State::JsonFields(Vec::new()),
        };
        let keeps = call.distinct || !call.order_by.is_empty() || call.function.is_ordered_set();
        Accumulator {
            kind,
            state,
            types: call.args.iter().map(Expr::ty).collect(),
            kept: keeps.then(Box::default),
            bytes: 0,
        }
    }

    /// Takes a row of the input: filter and arguments are evaluated over it.
    #[inline]
    pub fn update(&mut self, call: &AggregateCall, row: &[Datum], ctx: &EvalContext<'_>) -> Result<()> {
        if let Some(filter) = &call.filter
            && !filter.eval_bool(row, ctx)?
        {
            return Ok(());
        }
        if self.kept.is_some() {
            return self.keep(call, row, ctx);
        }
        match call.args.as_slice() {
            [] => {
                if let State::Count(n) = &mut self.state {
                    *n += 1;
                }
                Ok(())
            }
            [arg] => {
                let mut scratch = Datum::Null;
                let value = arg.eval_ref(row, ctx, &mut scratch)?;
                self.add(std::slice::from_ref(value), ctx)
            }
            args => {
                let values = args.iter().map(|a| a.eval(row, ctx)).collect::<Result<Vec<Datum>>>()?;
                self.add(&values, ctx)
            }
        }
    }

    fn keep(&mut self, call: &AggregateCall, row: &[Datum], ctx: &EvalContext<'_>) -> Result<()> {
        let args = call.args.iter().map(|a| a.eval(row, ctx)).collect::<Result<Vec<Datum>>>()?;
        let keys = if call.function.is_ordered_set() {
            // WITHIN GROUP leaves out NULLs, and its argument is its sort key.
            match args.last() {
                Some(value) if !value.is_null() => vec![value.clone()],
                _ => return Ok(()),
            }
        } else {
            call.order_by.iter().map(|(e, _, _)| e.eval(row, ctx)).collect::<Result<_>>()?
        };
        if let Some(kept) = &mut self.kept {
            kept.bytes += 48 + keys.iter().chain(&args).map(Datum::memory_size).sum::<usize>();
            kept.rows.push((keys, args));
        }
        Ok(())
    }

    /// Takes argument values, DISTINCT and ORDER BY apart.
    #[inline]
    pub fn add(&mut self, args: &[Datum], ctx: &EvalContext<'_>) -> Result<()> {
        match (&mut self.state, args) {
            (State::Count(n), args) => {
                if !matches!(args, [Datum::Null]) {
                    *n += 1;
                }
                Ok(())
            }
            (State::Int { n, sum }, [value]) => {
                let value = match value {
                    Datum::Int4(i) => i64::from(*i),
                    Datum::Int8(i) => *i,
                    Datum::Int2(i) => i64::from(*i),
                    Datum::Null => return Ok(()),
                    other => get::int(other)?,
                };
                *n += 1;
                *sum += i128::from(value);
                Ok(())
            }
            (State::Best(best), [value]) => {
                if value.is_null() {
                    return Ok(());
                }
                better(self.kind, best, value)
            }
            _ => self.add_other(args, ctx),
        }
    }

    fn add_other(&mut self, args: &[Datum], ctx: &EvalContext<'_>) -> Result<()> {
        let (kind, types) = (self.kind, &self.types);
        let ty = |i: usize| types.get(i).copied().unwrap_or(Type::Unknown);
        let first = args.first().unwrap_or(&Datum::Null);
        match &mut self.state {
            State::Numeric { n, sum, squares } => {
                let owned;
                let value = match first {
                    Datum::Null => return Ok(()),
                    Datum::Numeric(value) => value,
                    other => {
                        owned = Numeric::from_i64(get::int(other)?);
                        &owned
                    }
                };
                *n += 1;
                *sum = sum.add(value)?;
                if matches!(kind, AggregateKind::SpreadNumeric(_)) {
                    *squares = squares.add(&value.mul(value)?)?;
                }
            }
            State::Float { n, sum, squares } => {
                let Some(value) = first.as_f64() else { return Ok(()) };
                if kind == AggregateKind::SumFloat8 {
                    *sum = if *n == 0 { value } else { add8(*sum, value)? };
                    *n += 1;
                } else {
                    add_square(n, sum, squares, value)?;
                }
            }
            State::Float4 { n, sum } => {
                let Datum::Float4(value) = first else { return Ok(()) };
                let result = if *n == 0 { *value } else { *sum + value };
                if result.is_infinite() && !sum.is_infinite() && !value.is_infinite() {
                    return Err(overflow());
                }
                *sum = result;
                *n += 1;
            }
            State::Interval { n, sum } => {
                let Datum::Interval(value) = first else { return Ok(()) };
                *sum = sum.add(*value)?;
                *n += 1;
            }
            State::Moments(moments) => {
                if let [y, x] = args
                    && let (Some(y), Some(x)) = (y.as_f64(), x.as_f64())
                {
                    moments.add(x, y)?;
                }
            }
            State::Text { text, any } => {
                if first.is_null() {
                    return Ok(());
                }
                if *any && let Some(delimiter) = args.get(1).and_then(Datum::as_str) {
                    text.push_str(delimiter);
                }
                *any = true;
                text.push_str(get::txt(first)?);
                if text.len() > VALUE_BYTES_MAX {
                    return Err(too_large());
                }
            }
            State::Bytes { bytes, any } => {
                if first.is_null() {
                    return Ok(());
                }
                if *any && let Some(delimiter) = args.get(1).and_then(Datum::as_bytes) {
                    bytes.extend_from_slice(delimiter);
                }
                *any = true;
                bytes.extend_from_slice(get::bin(first)?);
                if bytes.len() > VALUE_BYTES_MAX {
                    return Err(too_large());
                }
            }
            State::Items(items) => {
                self.bytes += first.memory_size();
                items.push(first.clone());
            }
            State::JsonText { text } if kind == AggregateKind::JsonAgg => {
                text.push_str(if text.is_empty() { "[" } else { ", " });
                if text.len() > 1 && matches!(first, Datum::Array(_) | Datum::Record(_)) {
                    text.push_str("\n ");
                }
                push_json(first, ty(0), text, ctx)?;
                if text.len() > VALUE_BYTES_MAX {
                    return Err(too_large());
                }
            }
            State::JsonText { text } => {
                let [key, value] = args else {
                    return Err(Error::internal("json_object_agg takes two arguments"));
                };
                if key.is_null() {
                    return Err(invalid("field name must not be null"));
                }
                text.push_str(if text.is_empty() { "{ " } else { ", " });
                crate::functions::json::push_string(&key_text(key, ty(0), ctx)?, text);
                text.push_str(" : ");
                push_json(value, ty(1), text, ctx)?;
                if text.len() > VALUE_BYTES_MAX {
                    return Err(too_large());
                }
            }
            State::JsonItems(items) => {
                let value = to_jsonb_value(first, ty(0), ctx)?;
                self.bytes += 32 + value.memory_size();
                items.push(value);
            }
            State::JsonFields(fields) => {
                let [key, value] = args else {
                    return Err(Error::internal("jsonb_object_agg takes two arguments"));
                };
                if key.is_null() {
                    return Err(invalid("field name must not be null"));
                }
                let key = SmolStr::from(key_text(key, ty(0), ctx)?);
                let value = to_jsonb_value(value, ty(1), ctx)?;
                self.bytes += 64 + key.len() + value.memory_size();
                fields.push((key, value));
            }
            State::Count(_) | State::Int { .. } | State::Best(_) => {
                return Err(Error::internal("an aggregate got another number of arguments"));
            }
        }
        Ok(())
    }

    /// Takes values out again that were added before (for sliding frames): `false` if this aggregate cannot.
    pub fn remove(&mut self, args: &[Datum]) -> Result<bool> {
        match (&mut self.state, args) {
            (State::Count(n), args) => {
                if !matches!(args, [Datum::Null]) {
                    *n -= 1;
                }
                Ok(true)
            }
            (State::Int { n, sum }, [value]) => {
                if !value.is_null() {
                    *n -= 1;
                    *sum -= i128::from(get::int(value)?);
                }
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Whether [`Accumulator::remove`] works.
    pub fn is_invertible(&self) -> bool {
        self.kept.is_none() && matches!(self.state, State::Count(_) | State::Int { .. })
    }

    /// The partial state, in the shape of [`AggregateCall::partial_types`].
    pub fn partial(&self) -> Result<Vec<Datum>> {
        Ok(match &self.state {
            State::Count(n) => vec![Datum::Int8(*n)],
            State::Int { n, sum } => vec![Datum::Int8(*n), Datum::Numeric(Numeric::from_i128(*sum))],
            State::Numeric { n, sum, squares } => {
                let mut state = vec![Datum::Int8(*n), Datum::Numeric(sum.clone())];
                if matches!(self.kind, AggregateKind::SpreadNumeric(_)) {
                    state.push(Datum::Numeric(squares.clone()));
                }
                state
            }
            State::Float { n, sum, squares } => {
                vec![Datum::Int8(*n), Datum::Float8(*sum), Datum::Float8(*squares)]
            }
            State::Float4 { n, sum } => {
                vec![Datum::Int8(*n), Datum::Float8(f64::from(*sum)), Datum::Float8(0.0)]
            }
            State::Interval { n, sum } => vec![Datum::Int8(*n), Datum::Interval(*sum)],
            State::Best(best) => vec![best.clone()],
            State::Moments(m) => vec![
                Datum::Int8(m.n),
                Datum::Float8(m.sx),
                Datum::Float8(m.sxx),
                Datum::Float8(m.sy),
                Datum::Float8(m.syy),
                Datum::Float8(m.sxy),
            ],
            _ => return Err(Error::internal("this aggregate has no partial state")),
        })
    }

    /// Takes a partial state.
    pub fn merge(&mut self, partial: &[Datum]) -> Result<()> {
        let wrong = || Error::new(sqlstate::DATA_CORRUPTED, "a partial aggregate has another shape");
        match (&mut self.state, partial) {
            (State::Count(n), [Datum::Int8(more)]) => *n += more,
            (State::Int { n, sum }, [Datum::Int8(more), Datum::Numeric(value)]) => {
                *n += more;
                *sum += to_i128(value).ok_or_else(wrong)?;
            }
            (State::Numeric { n, sum, squares }, [Datum::Int8(more), Datum::Numeric(value), rest @ ..]) => {
                *n += more;
                *sum = sum.add(value)?;
                if let [Datum::Numeric(value)] = rest {
                    *squares = squares.add(value)?;
                }
            }
            (State::Float { n, sum, squares }, [Datum::Int8(more), Datum::Float8(s), Datum::Float8(q)]) => {
                if *more == 0 {
                    return Ok(());
                }
                if self.kind == AggregateKind::SumFloat8 {
                    *sum = if *n == 0 { *s } else { add8(*sum, *s)? };
                    *n += more;
                } else {
                    let (merged_sum, merged_squares) = merge_squares((*n, *sum, *squares), (*more, *s, *q))?;
                    (*n, *sum, *squares) = (*n + more, merged_sum, merged_squares);
                }
            }
            (State::Float4 { n, sum }, [Datum::Int8(more), Datum::Float8(s), _]) => {
                if *more > 0 {
                    *sum = if *n == 0 { *s as f32 } else { *sum + *s as f32 };
                    *n += more;
                }
            }
            (State::Interval { n, sum }, [Datum::Int8(more), Datum::Interval(value)]) => {
                *n += more;
                *sum = sum.add(*value)?;
            }
            (State::Best(best), [value]) => {
                if !value.is_null() {
                    better(self.kind, best, value)?;
                }
            }
            (
                State::Moments(m),
                [
                    Datum::Int8(n),
                    Datum::Float8(sx),
                    Datum::Float8(sxx),
                    Datum::Float8(sy),
                    Datum::Float8(syy),
                    Datum::Float8(sxy),
                ],
            ) => m.merge(&Moments { n: *n, sx: *sx, sxx: *sxx, sy: *sy, syy: *syy, sxy: *sxy })?,
            _ => return Err(wrong()),
        }
        Ok(())
    }

    /// The result. May be asked for again after more rows (running aggregates over a frame).
    pub fn finish(&self, call: &AggregateCall, ctx: &EvalContext<'_>) -> Result<Datum> {
        match &self.kept {
            None => self.result(ctx),
            Some(kept) => {
                let rows = self.sorted(call, kept);
                if call.function.is_ordered_set() {
                    return ordered_set(self.kind, &rows, call);
                }
                let mut plain = Accumulator { kept: None, ..self.clone() };
                let mut last: Option<&Vec<Datum>> = None;
                for (_, args) in rows {
                    if call.distinct && last == Some(args) {
                        continue;
                    }
                    plain.add(args, ctx)?;
                    last = Some(args);
                }
                plain.result(ctx)
            }
        }
    }

    /// The kept rows in the order of ORDER BY, then (for DISTINCT) of the arguments.
    fn sorted<'k>(&self, call: &AggregateCall, kept: &'k Kept) -> Vec<&'k (Vec<Datum>, Vec<Datum>)> {
        let mut rows: Vec<_> = kept.rows.iter().collect();
        rows.sort_by(|a, b| {
            for (i, (x, y)) in a.0.iter().zip(&b.0).enumerate() {
                let (desc, nulls_first) = call.order_by.get(i).map_or((false, false), |o| (o.1, o.2));
                let order = match (x.is_null(), y.is_null()) {
                    (true, true) => std::cmp::Ordering::Equal,
                    (true, false) if nulls_first => std::cmp::Ordering::Less,
                    (true, false) => std::cmp::Ordering::Greater,
                    (false, true) if nulls_first => std::cmp::Ordering::Greater,
                    (false, true) => std::cmp::Ordering::Less,
                    (false, false) if desc => y.compare(x),
                    (false, false) => x.compare(y),
                };
                if order.is_ne() {
                    return order;
                }
            }
            if call.distinct { crate::value::compare_slices(&a.1, &b.1) } else { std::cmp::Ordering::Equal }
        });
        rows
    }

    fn result(&self, ctx: &EvalContext<'_>) -> Result<Datum> {
        use AggregateKind::*;
        let _ = ctx;
        Ok(match &self.state {
            State::Count(n) => Datum::Int8(*n),
            State::Int { n: 0, .. } => Datum::Null,
            State::Int { n, sum } => match self.kind {
                SumInt => Datum::Int8(i64::try_from(*sum).map_err(|_| out_of_range("bigint"))?),
                AvgInt => Datum::Numeric(Numeric::from_i128(*sum).div(&Numeric::from_i64(*n))?),
                _ => Datum::Numeric(Numeric::from_i128(*sum)),
            },
            State::Numeric { n, sum, squares } => match self.kind {
                _ if *n == 0 => Datum::Null,
                AvgNumeric => Datum::Numeric(sum.div(&Numeric::from_i64(*n))?),
                SpreadNumeric(spread) => numeric_spread(spread, *n, sum, squares)?,
                _ => Datum::Numeric(sum.clone()),
            },
            State::Float { n: 0, .. } | State::Float4 { n: 0, .. } | State::Interval { n: 0, .. } => {
                Datum::Null
            }
            State::Float { n, sum, squares } => match self.kind {
                AvgFloat => Datum::Float8(*sum / *n as f64),
                SpreadFloat(spread) => {
                    let count = *n as f64;
                    match spread {
                        Spread::VarPop => Datum::Float8(squares / count),
                        Spread::StddevPop => Datum::Float8((squares / count).sqrt()),
                        _ if *n == 1 => Datum::Null,
                        Spread::VarSamp => Datum::Float8(squares / (count - 1.0)),
                        Spread::StddevSamp => Datum::Float8((squares / (count - 1.0)).sqrt()),
                    }
                }
                _ => Datum::Float8(*sum),
            },
            State::Float4 { sum, .. } => Datum::Float4(*sum),
            State::Interval { n, sum } => match self.kind {
                AvgInterval => Datum::Interval(sum.div(*n as f64)?),
                _ => Datum::Interval(*sum),
            },
            State::Best(best) => best.clone(),
            State::Moments(m) => match self.kind {
                Regression(what) => m.result(what),
                _ => Datum::Null,
            },
            State::Text { any: false, .. } | State::Bytes { any: false, .. } => Datum::Null,
            State::Text { text, .. } => Datum::text(text),
            State::Bytes { bytes, .. } => Datum::bytea(bytes.clone()),
            State::Items(items) if items.is_empty() => Datum::Null,
            State::Items(items) => {
                Datum::array(self.types.first().copied().unwrap_or(Type::Text), items.clone())
            }
            State::JsonText { text } if text.is_empty() => Datum::Null,
            State::JsonText { text } => {
                let close = if self.kind == JsonAgg { "]" } else { " }" };
                Datum::Json(format!("{text}{close}").into())
            }
            State::JsonItems(items) if items.is_empty() => Datum::Null,
            State::JsonItems(items) => Datum::jsonb(Jsonb::Array(items.clone())),
            State::JsonFields(fields) if fields.is_empty() => Datum::Null,
            State::JsonFields(fields) => Datum::jsonb(Jsonb::object(fields.clone())),
        })
    }

    /// Bytes that it holds beyond a fixed size, about.
    pub fn memory_size(&self) -> usize {
        let own = match &self.state {
            State::Text { text, .. } | State::JsonText { text } => text.capacity(),
            State::Bytes { bytes, .. } => bytes.capacity(),
            State::Best(best) => best.memory_size(),
            State::Numeric { sum, squares, .. } => sum.heap_size() + squares.heap_size(),
            _ => self.bytes,
        };
        std::mem::size_of::<Accumulator>() + own + self.kept.as_ref().map_or(0, |k| k.bytes)
    }
}

fn to_i128(value: &Numeric) -> Option<i128> {
    use num_traits::ToPrimitive;
    match value {
        Numeric::Small { mantissa, scale: 0 } => Some(i128::from(*mantissa)),
        Numeric::Big(parts) if parts.1 == 0 => parts.0.to_i128(),
        _ => None,
    }
}

/// Folds a value into what min, max, bool_* and bit_* have so far.
#[inline]
fn better(kind: AggregateKind, best: &mut Datum, value: &Datum) -> Result<()> {
    use AggregateKind::*;
    if best.is_null() {
        *best = value.clone();
        return Ok(());
    }
    match kind {
        Min => {
            if value.compare(best).is_lt() {
                *best = value.clone();
            }
        }
        Max => {
            if value.compare(best).is_gt() {
                *best = value.clone();
            }
        }
        _ => {
            *best = match (kind, &*best, value) {
                (BoolAnd, Datum::Bool(a), Datum::Bool(b)) => Datum::Bool(*a && *b),
                (BoolOr, Datum::Bool(a), Datum::Bool(b)) => Datum::Bool(*a || *b),
                (BitAnd, Datum::Int2(a), Datum::Int2(b)) => Datum::Int2(a & b),
                (BitAnd, Datum::Int4(a), Datum::Int4(b)) => Datum::Int4(a & b),
                (BitAnd, Datum::Int8(a), Datum::Int8(b)) => Datum::Int8(a & b),
                (BitOr, Datum::Int2(a), Datum::Int2(b)) => Datum::Int2(a | b),
                (BitOr, Datum::Int4(a), Datum::Int4(b)) => Datum::Int4(a | b),
                (BitOr, Datum::Int8(a), Datum::Int8(b)) => Datum::Int8(a | b),
                (BitXor, Datum::Int2(a), Datum::Int2(b)) => Datum::Int2(a ^ b),
                (BitXor, Datum::Int4(a), Datum::Int4(b)) => Datum::Int4(a ^ b),
                (BitXor, Datum::Int8(a), Datum::Int8(b)) => Datum::Int8(a ^ b),
                _ => return Err(Error::internal("an aggregate got another type")),
            };
        }
    }
    Ok(())
}

/// One more value for a sum and a sum of squares of differences from the mean.
fn add_square(n: &mut i64, sum: &mut f64, squares: &mut f64, value: f64) -> Result<()> {
    let before = *sum;
    *n += 1;
    *sum += value;
    if *n > 1 {
        let count = *n as f64;
        let step = value * count - *sum;
        *squares += step * step / (count * (count - 1.0));
        if sum.is_infinite() || squares.is_infinite() {
            if !before.is_infinite() && !value.is_infinite() {
                return Err(overflow());
            }
            *squares = f64::NAN;
        }
    } else if value.is_nan() || value.is_infinite() {
        *squares = f64::NAN;
    }
    Ok(())
}

fn merge_squares(a: (i64, f64, f64), b: (i64, f64, f64)) -> Result<(f64, f64)> {
    if a.0 == 0 {
        return Ok((b.1, b.2));
    }
    if b.0 == 0 {
        return Ok((a.1, a.2));
    }
    let (n1, n2) = (a.0 as f64, b.0 as f64);
    let step = a.1 / n1 - b.1 / n2;
    let squares = a.2 + b.2 + n1 * n2 * step * step / (n1 + n2);
    if squares.is_infinite() && !a.2.is_infinite() && !b.2.is_infinite() {
        return Err(overflow());
    }
    Ok((add8(a.1, b.1)?, squares))
}

fn numeric_spread(spread: Spread, n: i64, sum: &Numeric, squares: &Numeric) -> Result<Datum> {
    let sample = matches!(spread, Spread::VarSamp | Spread::StddevSamp);
    if sample && n < 2 {
        return Ok(Datum::Null);
    }
    if !sum.is_finite() || !squares.is_finite() {
        return Ok(Datum::Numeric(Numeric::NaN));
    }
    let count = Numeric::from_i64(n);
    let above = count.mul(squares)?.sub(&sum.mul(sum)?)?;
    if above.signum() <= 0 {
        return Ok(Datum::Numeric(Numeric::ZERO));
    }
    let below = if sample { count.mul(&Numeric::from_i64(n - 1))? } else { count.mul(&count)? };
    let variance = above.div(&below)?;
    Ok(Datum::Numeric(match spread {
        Spread::VarPop | Spread::VarSamp => variance,
        // The root has the quotient's scale.
        _ => variance.sqrt()?.round(i32::from(variance.scale())),
    }))
}

impl Moments {
    fn add(&mut self, x: f64, y: f64) -> Result<()> {
        let before = *self;
        self.n += 1;
        self.sx += x;
        self.sy += y;
        if self.n > 1 {
            let n = self.n as f64;
            let (dx, dy) = (x * n - self.sx, y * n - self.sy);
            let scale = 1.0 / (n * (n - 1.0));
            self.sxx += dx * dx * scale;
            self.syy += dy * dy * scale;
            self.sxy += dx * dy * scale;
            let infinite = [self.sx, self.sxx, self.sy, self.syy, self.sxy].iter().any(|f| f.is_infinite());
            if infinite {
                let inputs = [before.sx, x, before.sy, y].iter().any(|f| f.is_infinite());
                if !inputs {
                    return Err(overflow());
                }
                if self.sxx.is_infinite() {
                    self.sxx = f64::NAN;
                }
                if self.syy.is_infinite() {
                    self.syy = f64::NAN;
                }
                if self.sxy.is_infinite() {
                    self.sxy = f64::NAN;
                }
            }
        } else {
            if !x.is_finite() {
                (self.sxx, self.sxy) = (f64::NAN, f64::NAN);
            }
            if !y.is_finite() {
                (self.syy, self.sxy) = (f64::NAN, f64::NAN);
            }
        }
        Ok(())
    }

    fn merge(&mut self, other: &Moments) -> Result<()> {
        if other.n == 0 {
            return Ok(());
        }
        if self.n == 0 {
            *self = *other;
            return Ok(());
        }
        let (n1, n2) = (self.n as f64, other.n as f64);
        let n = n1 + n2;
        let dx = self.sx / n1 - other.sx / n2;
        let dy = self.sy / n1 - other.sy / n2;
        *self = Moments {
            n: self.n + other.n,
            sx: add8(self.sx, other.sx)?,
            sxx: self.sxx + other.sxx + n1 * n2 * dx * dx / n,
            sy: add8(self.sy, other.sy)?,
            syy: self.syy + other.syy + n1 * n2 * dy * dy / n,
            sxy: self.sxy + other.sxy + n1 * n2 * dx * dy / n,
        };
        Ok(())
    }

    fn result(&self, what: Regression) -> Datum {
        let n = self.n as f64;
        let value = match what {
            Regression::Count => return Datum::Int8(self.n),
            _ if self.n == 0 => return Datum::Null,
            Regression::Sxx => self.sxx,
            Regression::Syy => self.syy,
            Regression::Sxy => self.sxy,
            Regression::AvgX => self.sx / n,
            Regression::AvgY => self.sy / n,
            Regression::CovarPop => self.sxy / n,
            Regression::CovarSamp if self.n < 2 => return Datum::Null,
            Regression::CovarSamp => self.sxy / (n - 1.0),
            Regression::Corr if self.sxx == 0.0 || self.syy == 0.0 => return Datum::Null,
            Regression::Corr => self.sxy / (self.sxx * self.syy).sqrt(),
            Regression::R2 | Regression::Slope | Regression::Intercept if self.sxx == 0.0 => {
                return Datum::Null;
            }
            Regression::R2 if self.syy == 0.0 => 1.0,
            Regression::R2 => (self.sxy * self.sxy) / (self.sxx * self.syy),
            Regression::Slope => self.sxy / self.sxx,
            Regression::Intercept => (self.sy - self.sx * self.sxy / self.sxx) / n,
        };
        Datum::Float8(value)
    }
}

type Sorted<'k> = [&'k (Vec<Datum>, Vec<Datum>)];

fn ordered_set(kind: AggregateKind, rows: &Sorted<'_>, call: &AggregateCall) -> Result<Datum> {
    if rows.is_empty() {
        return Ok(Datum::Null);
    }
    let value = |i: usize| &rows[i].0[0];
    if kind == AggregateKind::Mode {
        let (mut best, mut best_count, mut count) = (0, 0, 0);
        for i in 0..rows.len() {
            count = if i > 0 && value(i) == value(i - 1) { count + 1 } else { 1 };
            if count > best_count {
                (best, best_count) = (i, count);
            }
        }
        return Ok(value(best).clone());
    }
    let one = |fraction: &Datum| -> Result<Datum> {
        let Some(p) = fraction.as_f64() else { return Ok(Datum::Null) };
        if !(0.0..=1.0).contains(&p) {
            return Err(Error::new(
                sqlstate::NUMERIC_VALUE_OUT_OF_RANGE,
                format!("percentile value {p} is not between 0 and 1"),
            ));
        }
        if kind == AggregateKind::PercentileDisc {
            let at = (p * rows.len() as f64).ceil() as usize;
            return Ok(value(at.saturating_sub(1).min(rows.len() - 1)).clone());
        }
        let exact = p * (rows.len() - 1) as f64;
        let (low, high) = (exact.floor() as usize, (exact.ceil() as usize).min(rows.len() - 1));
        let (a, b) = (value(low), value(high));
        if low == high {
            return Ok(a.clone());
        }
        let share = exact - low as f64;
        Ok(match (a, b) {
            (Datum::Interval(a), Datum::Interval(b)) => Datum::Interval(a.add(b.sub(*a)?.mul(share)?)?),
            _ => {
                let (a, b) = (a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
                Datum::Float8(a + share * (b - a))
            }
        })
    };
    match rows[0].1.first() {
        Some(Datum::Array(fractions)) => {
            let items = fractions.items.iter().map(one).collect::<Result<Vec<Datum>>>()?;
            Ok(Datum::array(call.ty.element().unwrap_or(Type::Float8), items))
        }
        Some(fraction) => one(fraction),
        None => Ok(Datum::Null),
    }
}
