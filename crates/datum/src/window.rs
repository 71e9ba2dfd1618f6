//! Window functions over one sorted partition.
//!
//! ```text
//!   exec: partition ── sort ──►  Partition { len, peers, order key }  ──► compute(kind, args)      one value per row
//!                                Frame (bounds evaluated)             ──► aggregate(call, rows)
//!   row      0   1   2   3   4
//!   key      a   a   b   c   c
//!   peer     0   0   1   2   2      rows that ORDER BY does not tell apart
//! ```

use std::cmp::Ordering;
use std::ops::Range;

use crate::aggregate::{Accumulator, AggregateCall};
use crate::batch::Batch;
use crate::error::{Error, Result, sqlstate};
use crate::expr::EvalContext;
use crate::function::{ArgType, ReturnType};
use crate::numeric::Numeric;
use crate::value::Datum;

pub use crate::functions::catalog::WINDOW_FUNCTIONS;

/// One overload of a window function.
#[derive(Debug)]
pub struct WindowFunction {
    /// Name in lower case.
    pub name: &'static str,
    /// pg_proc OID.
    pub oid: u32,
    /// Parameters.
    pub args: &'static [ArgType],
    /// Result.
    pub ret: ReturnType,
    /// Which.
    pub kind: WindowKind,
}

/// Which window function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum WindowKind {
    RowNumber,
    Rank,
    DenseRank,
    PercentRank,
    CumeDist,
    Ntile,
    Lag,
    Lead,
    FirstValue,
    LastValue,
    NthValue,
}

/// Unit of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameUnit {
    /// ROWS
    Rows,
    /// RANGE
    Range,
    /// GROUPS
    Groups,
}

/// One end of a frame, its offset evaluated.
#[derive(Clone, Debug)]
pub enum FrameBound {
    /// UNBOUNDED PRECEDING
    UnboundedPreceding,
    /// n PRECEDING
    Preceding(Datum),
    /// CURRENT ROW
    CurrentRow,
    /// n FOLLOWING
    Following(Datum),
    /// UNBOUNDED FOLLOWING
    UnboundedFollowing,
}

/// What a frame leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameExclude {
    /// Nothing.
    NoOthers,
    /// CURRENT ROW
    CurrentRow,
    /// GROUP
    Group,
    /// TIES
    Ties,
}

/// A window frame.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Unit.
    pub unit: FrameUnit,
    /// Start.
    pub start: FrameBound,
    /// End.
    pub end: FrameBound,
    /// Exclusion.
    pub exclude: FrameExclude,
}

impl Default for Frame {
    /// RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    fn default() -> Frame {
        Frame {
            unit: FrameUnit::Range,
            start: FrameBound::UnboundedPreceding,
            end: FrameBound::CurrentRow,
            exclude: FrameExclude::NoOthers,
        }
    }
}

/// The single ORDER BY key that RANGE with offsets needs.
#[derive(Clone, Debug)]
pub struct OrderKey {
    /// Its value in each row.
    pub values: Vec<Datum>,
    /// Descending.
    pub desc: bool,
    /// NULLs first.
    pub nulls_first: bool,
}

/// A sorted partition.
#[derive(Clone, Debug)]
pub struct Partition {
    peers: Vec<u32>,
    /// Where each group of peers begins; one more entry at the end.
    groups: Vec<usize>,
    order: Option<OrderKey>,
}

impl Partition {
    /// A partition of `len` rows; `same(i)` says whether row `i` (from 1) is a peer of row `i - 1`. Without ORDER BY all
    /// rows are peers. `order` is there if ORDER BY is a single expression.
    pub fn new(len: usize, same: impl Fn(usize) -> bool, order: Option<OrderKey>) -> Partition {
        let (mut peers, mut groups) = (Vec::with_capacity(len), Vec::new());
        for i in 0..len {
            if i == 0 || !same(i) {
                groups.push(i);
            }
            peers.push(groups.len() as u32 - 1);
        }
        groups.push(len);
        Partition { peers, groups, order }
    }

    /// Its rows.
    pub fn len(&self) -> usize {
        self.peers.len()
    }

    /// Whether it has no row.
    pub fn is_empty(&self) -> bool {
        self.peers.is_empty()
    }

    fn peer_group(&self, row: usize) -> Range<usize> {
        let group = self.peers[row] as usize;
        self.groups[group]..self.groups[group + 1]
    }

    /// The frame of a row, exclusion apart.
    fn frame(&self, frame: &Frame, row: usize, ctx: &EvalContext<'_>) -> Result<Range<usize>> {
        let start = self.bound(frame.unit, &frame.start, row, true, ctx)?;
        let end = self.bound(frame.unit, &frame.end, row, false, ctx)?;
        Ok(start..end.max(start))
    }

    /// Where the frame of a row starts, or where it ends (exclusive).
    fn bound(
        &self,
        unit: FrameUnit,
        bound: &FrameBound,
        row: usize,
        start: bool,
        ctx: &EvalContext<'_>,
    ) -> Result<usize> {
        let len = self.len();
        let (offset, forward) = match bound {
            FrameBound::UnboundedPreceding => return Ok(0),
            FrameBound::UnboundedFollowing => return Ok(len),
            FrameBound::CurrentRow => {
                let here = if unit == FrameUnit::Rows { row..row + 1 } else { self.peer_group(row) };
                return Ok(if start { here.start } else { here.end });
            }
            FrameBound::Preceding(offset) => (offset, false),
            FrameBound::Following(offset) => (offset, true),
        };
        let end = if start { "starting" } else { "ending" };
        if offset.is_null() {
            return Err(Error::new(
                sqlstate::NULL_VALUE_NOT_ALLOWED,
                format!("frame {end} offset must not be null"),
            ));
        }
        if unit == FrameUnit::Range {
            return self.range_bound(offset, forward, row, start, ctx);
        }
        let offset = offset.as_i64().ok_or_else(|| Error::internal("a frame offset is no integer"))?;
        if offset < 0 {
            return Err(Error::new("22013", format!("frame {end} offset must not be negative")));
        }
        let step = if forward { offset } else { -offset };
        let clamp = |at: i64, max: usize| at.clamp(0, max as i64) as usize;
        Ok(match unit {
            FrameUnit::Rows => {
                let at = (row as i64).saturating_add(step);
                if start { clamp(at, len) } else { clamp(at.saturating_add(1), len) }
            }
            _ => {
                let groups = self.groups.len() - 1;
                let at = i64::from(self.peers[row]).saturating_add(step);
                let at = if start { clamp(at, groups) } else { clamp(at.saturating_add(1), groups) };
                self.groups[at]
            }
        })
    }

    fn range_bound(
        &self,
        offset: &Datum,
        forward: bool,
        row: usize,
        start: bool,
        ctx: &EvalContext<'_>,
    ) -> Result<usize> {
        let Some(key) = &self.order else {
            return Err(Error::new(
                sqlstate::WINDOWING_ERROR,
                "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column",
            ));
        };
        let value = &key.values[row];
        if value.is_null() {
            // NULLs are peers of each other and of nothing else.
            let here = self.peer_group(row);
            return Ok(if start { here.start } else { here.end });
        }
        let limit = shifted(value, offset, forward != key.desc, ctx)?;
        // NULLs lie together at one end; the values between are sorted.
        let nulls = key.values.iter().filter(|v| v.is_null()).count();
        let values = if key.nulls_first { nulls..self.len() } else { 0..self.len() - nulls };
        let before = |v: &Datum| -> bool {
            let order = against(v, &limit);
            let order = if key.desc { order.reverse() } else { order };
            if start { order.is_lt() } else { order.is_le() }
        };
        Ok(values.start + key.values[values.clone()].partition_point(before))
    }
}

/// A key moved by an offset; beyond the type's range it is an end of everything.
enum Limit {
    Value(Datum),
    Below,
    Above,
}

fn against(value: &Datum, limit: &Limit) -> Ordering {
    match limit {
        Limit::Below => Ordering::Greater,
        Limit::Above => Ordering::Less,
        Limit::Value(Datum::Timestamp(t)) => match value {
            // Dates move by intervals, which makes timestamps of them.
            Datum::Date(d) => match crate::datetime::date_to_timestamp(*d) {
                Ok(at) => at.cmp(t),
                Err(_) => d.cmp(&0),
            },
            other => other.compare(&Datum::Timestamp(*t)),
        },
        Limit::Value(limit) => value.compare(limit),
    }
}

fn shifted(value: &Datum, offset: &Datum, up: bool, ctx: &EvalContext<'_>) -> Result<Limit> {
    let negative = || Error::new("22013", "invalid preceding or following size in window function");
    let edge = if up { Limit::Above } else { Limit::Below };
    Ok(match (value, offset) {
        (Datum::Int2(_) | Datum::Int4(_) | Datum::Int8(_), offset) => {
            let (Some(value), Some(offset)) = (value.as_i64(), offset.as_i64()) else {
                return Err(negative());
            };
            if offset < 0 {
                return Err(negative());
            }
            let moved = if up { value.checked_add(offset) } else { value.checked_sub(offset) };
            moved.map_or(edge, |v| Limit::Value(Datum::Int8(v)))
        }
        (Datum::Float4(_) | Datum::Float8(_), offset) => {
            let (Some(value), Some(offset)) = (value.as_f64(), offset.as_f64()) else {
                return Err(negative());
            };
            if offset < 0.0 || offset.is_nan() {
                return Err(negative());
            }
            Limit::Value(Datum::Float8(if value.is_nan() {
                value
            } else if up {
                value + offset
            } else {
                value - offset
            }))
        }
        (Datum::Numeric(value), Datum::Numeric(offset)) => {
            if offset.is_nan() || offset < &Numeric::ZERO {
                return Err(negative());
            }
            Limit::Value(Datum::Numeric(if up { value.add(offset)? } else { value.sub(offset)? }))
        }
        (value, Datum::Interval(offset)) => {
            if offset < &crate::datetime::Interval::default() {
                return Err(negative());
            }
            let step = if up { *offset } else { offset.neg()? };
            match value {
                Datum::Date(i32::MIN | i32::MAX) => {
                    Limit::Value(Datum::Timestamp(if matches!(value, Datum::Date(i32::MIN)) {
                        i64::MIN
                    } else {
                        i64::MAX
                    }))
                }
                Datum::Date(d) => crate::datetime::date_to_timestamp(*d)
                    .and_then(|t| crate::datetime::timestamp_plus_interval(t, step))
                    .map_or(edge, |t| Limit::Value(Datum::Timestamp(t))),
                Datum::Timestamp(t) => crate::datetime::timestamp_plus_interval(*t, step)
                    .map_or(edge, |t| Limit::Value(Datum::Timestamp(t))),
                Datum::TimestampTz(t) => {
                    crate::datetime::timestamptz_plus_interval(*t, step, &ctx.settings().timezone)
                        .map_or(edge, |t| Limit::Value(Datum::TimestampTz(t)))
                }
                Datum::Interval(i) => i.add(step).map_or(edge, |i| Limit::Value(Datum::Interval(i))),
                Datum::Time(t) => match t.checked_add(step.micros) {
                    Some(t) => Limit::Value(Datum::Time(t)),
                    None => edge,
                },
                Datum::TimeTz(t, zone) => match t.checked_add(step.micros) {
                    Some(t) => Limit::Value(Datum::TimeTz(t, *zone)),
                    None => edge,
                },
                _ => return Err(Error::internal("RANGE cannot move this type")),
            }
        }
        _ => return Err(Error::internal("RANGE cannot move this type")),
    })
}

/// Rows of a frame that its exclusion leaves.
fn kept(partition: &Partition, frame: &Frame, range: Range<usize>, row: usize) -> [Range<usize>; 3] {
    let cut = match frame.exclude {
        FrameExclude::NoOthers => return [range, 0..0, 0..0],
        FrameExclude::CurrentRow => row..row + 1,
        FrameExclude::Group | FrameExclude::Ties => partition.peer_group(row),
    };
    let before = range.start..range.end.min(cut.start).max(range.start);
    let after = range.start.max(cut.end).min(range.end)..range.end;
    let own = if frame.exclude == FrameExclude::Ties && range.contains(&row) { row..row + 1 } else { 0..0 };
    [before, own, after]
}

/// A window function's value for each row. `args` holds each argument's values, one per row.
pub fn compute(
    kind: WindowKind,
    args: &[Vec<Datum>],
    frame: &Frame,
    partition: &Partition,
    ctx: &EvalContext<'_>,
) -> Result<Vec<Datum>> {
    let len = partition.len();
    let wrong = || Error::internal("a window function got another number of arguments");
    let mut out = Vec::with_capacity(len);
    match kind {
        WindowKind::RowNumber => out.extend((1..=len as i64).map(Datum::Int8)),
        WindowKind::Rank => {
            out.extend((0..len).map(|i| Datum::Int8(partition.peer_group(i).start as i64 + 1)))
        }
        WindowKind::DenseRank => out.extend(partition.peers.iter().map(|p| Datum::Int8(i64::from(*p) + 1))),
        WindowKind::PercentRank => out.extend((0..len).map(|i| {
            Datum::Float8(if len <= 1 {
                0.0
            } else {
                partition.peer_group(i).start as f64 / (len - 1) as f64
            })
        })),
        WindowKind::CumeDist => {
            out.extend((0..len).map(|i| Datum::Float8(partition.peer_group(i).end as f64 / len as f64)));
        }
        WindowKind::Ntile => {
            let buckets = args.first().ok_or_else(wrong)?;
            // PostgreSQL evaluates the number of buckets once, in the first row.
            let Some(n) = buckets.first().and_then(Datum::as_i64) else { return Ok(vec![Datum::Null; len]) };
            if n <= 0 {
                return Err(Error::new("22014", "argument of ntile must be greater than zero"));
            }
            let (n, len) = (n as usize, len);
            let (small, larger) = (len / n, len % n);
            for i in 0..len {
                let bucket = if i < larger * (small + 1) {
                    i / (small + 1)
                } else {
                    larger + (i - larger * (small + 1)) / small.max(1)
                };
                out.push(Datum::Int4(bucket as i32 + 1));
            }
        }
        WindowKind::Lag | WindowKind::Lead => {
            let values = args.first().ok_or_else(wrong)?;
            for i in 0..len {
                let offset = match args.get(1) {
                    None => Some(1),
                    Some(offsets) => offsets[i].as_i64(),
                };
                let Some(offset) = offset else {
                    out.push(Datum::Null);
                    continue;
                };
                let at = i as i64 + if kind == WindowKind::Lead { offset } else { -offset };
                out.push(match usize::try_from(at).ok().and_then(|at| values.get(at)) {
                    Some(value) => value.clone(),
                    None => args.get(2).map_or(Datum::Null, |defaults| defaults[i].clone()),
                });
            }
        }
        WindowKind::FirstValue | WindowKind::LastValue | WindowKind::NthValue => {
            let values = args.first().ok_or_else(wrong)?;
            for i in 0..len {
                let range = partition.frame(frame, i, ctx)?;
                let parts = kept(partition, frame, range, i);
                let mut rows = parts.iter().cloned().flatten();
                let at = match kind {
                    WindowKind::FirstValue => rows.next(),
                    WindowKind::LastValue => parts.iter().rev().find(|r| !r.is_empty()).map(|r| r.end - 1),
                    _ => match args.get(1).ok_or_else(wrong)?[i].as_i64() {
                        None => None,
                        Some(n) if n <= 0 => {
                            return Err(Error::new(
                                "22016",
                                "argument of nth_value must be greater than zero",
                            ));
                        }
                        Some(n) => rows.nth(n as usize - 1),
                    },
                };
                out.push(at.map_or(Datum::Null, |at| values[at].clone()));
            }
        }
    }
    Ok(out)
}

/// An aggregate's value over the frame of each row of a partition.
///
/// Frames that only grow are added to, sliding frames of counts and integer sums are taken from as well; all others
/// are computed anew for each row whose frame differs from the one before.
pub fn aggregate(
    call: &AggregateCall,
    rows: &Batch,
    frame: &Frame,
    partition: &Partition,
    ctx: &EvalContext<'_>,
) -> Result<Vec<Datum>> {
    let len = partition.len();
    let mut out: Vec<Datum> = Vec::with_capacity(len);
    let simple = frame.exclude == FrameExclude::NoOthers;
    let mut state = Accumulator::new(call);
    let invertible = state.is_invertible();
    let mut current = 0..0;
    for i in 0..len {
        let wanted = partition.frame(frame, i, ctx)?;
        if simple && i > 0 && wanted == current {
            let last = out[i - 1].clone();
            out.push(last);
            continue;
        }
        let grows = simple && wanted.end >= current.end && wanted.start >= current.start;
        let slides = grows && wanted.start < current.end.max(1) && invertible;
        if grows && (wanted.start == current.start || (current.is_empty() && i == 0) || slides) {
            if current.is_empty() {
                state = Accumulator::new(call);
                current = wanted.start..wanted.start;
            }
            for row in current.start..wanted.start.min(current.end) {
                take_out(&mut state, call, rows.row(row), ctx)?;
            }
            for row in current.end.max(wanted.start)..wanted.end {
                state.update(call, rows.row(row), ctx)?;
            }
        } else {
            state = Accumulator::new(call);
            for row in kept(partition, frame, wanted.clone(), i).into_iter().flatten() {
                state.update(call, rows.row(row), ctx)?;
            }
        }
        current = wanted;
        out.push(state.finish(call, ctx)?);
    }
    Ok(out)
}

fn take_out(
    state: &mut Accumulator,
    call: &AggregateCall,
    row: &[Datum],
    ctx: &EvalContext<'_>,
) -> Result<()> {
    if let Some(filter) = &call.filter
        && !filter.eval_bool(row, ctx)?
    {
        return Ok(());
    }
    let args = call.args.iter().map(|a| a.eval(row, ctx)).collect::<Result<Vec<Datum>>>()?;
    state.remove(&args).map(|_| ())
}
