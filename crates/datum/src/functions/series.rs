//! generate_series, one value at a time: a series may be far larger than memory.

use std::cmp::Ordering;

use crate::datetime::{self, Interval, TimeZone};
use crate::error::Result;
use crate::expr::EvalContext;
use crate::functions::{arity, get, invalid, out_of_range};
use crate::numeric::Numeric;
use crate::value::Datum;

/// The values from one to another.
#[derive(Clone, Debug)]
pub struct Series {
    /// What comes next, if it is within `stop`.
    next: Option<Datum>,
    stop: Datum,
    step: Step,
    up: bool,
}

#[derive(Clone, Debug)]
enum Step {
    Int(i64),
    Numeric(Numeric),
    Time(Interval, TimeZone),
}

impl Series {
    /// The series of these arguments of any overload of generate_series.
    ///
    /// # Errors
    /// 22023 for a step of zero, and for numeric bounds that are no numbers.
    pub(crate) fn new(args: &[Datum], ctx: &EvalContext<'_>) -> Result<Series> {
        let (start, stop, step) = match args {
            [start, stop] => (start, stop, None),
            [start, stop, step] => (start, stop, Some(step)),
            _ => return Err(arity("generate_series")),
        };
        let (step, direction) = match start {
            Datum::Numeric(start) => {
                let step = step.map_or(Ok(&Numeric::ONE), get::num)?.clone();
                for (value, name) in
                    [(start, "start value"), (get::num(stop)?, "stop value"), (&step, "step size")]
                {
                    if value.is_nan() {
                        return Err(invalid(format!("{name} cannot be NaN")));
                    }
                    if !value.is_finite() {
                        return Err(invalid(format!("{name} cannot be infinity")));
                    }
                }
                let direction = step.cmp(&Numeric::ZERO);
                (Step::Numeric(step), direction)
            }
            Datum::Timestamp(_) | Datum::TimestampTz(_) => {
                let step = step.ok_or_else(|| arity("generate_series")).and_then(get::interval)?;
                (Step::Time(step, ctx.settings().timezone.clone()), step.cmp(&Interval::default()))
            }
            _ => {
                let step = step.map_or(Ok(1), get::int)?;
                (Step::Int(step), step.cmp(&0))
            }
        };
        if direction.is_eq() {
            return Err(invalid("step size cannot equal zero"));
        }
        Ok(Series { next: Some(start.clone()), stop: stop.clone(), step, up: direction.is_gt() })
    }

    /// The next value; `None` once it would be beyond the end.
    ///
    /// # Errors
    /// 22008 or 22003 where the type ends before the series does.
    #[allow(clippy::should_implement_trait)] // It fails.
    pub fn next(&mut self) -> Result<Option<Datum>> {
        let Some(value) = self.next.take() else { return Ok(None) };
        match value.compare(&self.stop) {
            Ordering::Greater if self.up => return Ok(None),
            Ordering::Less if !self.up => return Ok(None),
            _ => {}
        }
        self.next = match (&value, &self.step) {
            // What no longer fits is beyond the end.
            (Datum::Int4(i), Step::Int(step)) => {
                i64::from(*i).checked_add(*step).and_then(|i| i32::try_from(i).ok()).map(Datum::Int4)
            }
            (Datum::Int8(i), Step::Int(step)) => i.checked_add(*step).map(Datum::Int8),
            (Datum::Numeric(n), Step::Numeric(step)) => Some(Datum::Numeric(n.add(step)?)),
            (Datum::Timestamp(i64::MIN | i64::MAX) | Datum::TimestampTz(i64::MIN | i64::MAX), _) => None,
            (Datum::Timestamp(t), Step::Time(step, _)) => {
                Some(Datum::Timestamp(datetime::timestamp_plus_interval(*t, *step)?))
            }
            (Datum::TimestampTz(t), Step::Time(step, zone)) => {
                Some(Datum::TimestampTz(datetime::timestamptz_plus_interval(*t, *step, zone)?))
            }
            _ => return Err(out_of_range("timestamp")),
        };
        Ok(Some(value))
    }
}

/// The rows of one call of a set-returning function.
#[derive(Clone, Debug)]
pub enum SetRows {
    /// All in memory.
    Made(std::vec::IntoIter<Vec<Datum>>),
    /// Made as they are asked for.
    Series(Series),
}

impl SetRows {
    /// Of rows that are there.
    pub fn made(rows: Vec<Vec<Datum>>) -> SetRows {
        SetRows::Made(rows.into_iter())
    }

    /// The next row.
    ///
    /// # Errors
    /// Those of [`Series::next`].
    #[allow(clippy::should_implement_trait)] // It fails.
    pub fn next(&mut self) -> Result<Option<Vec<Datum>>> {
        match self {
            SetRows::Made(rows) => Ok(rows.next()),
            SetRows::Series(series) => Ok(series.next()?.map(|value| vec![value])),
        }
    }

    /// Bytes that the rows take which are in memory, about.
    pub fn memory_size(&self) -> usize {
        match self {
            SetRows::Made(rows) => rows
                .as_slice()
                .iter()
                .map(|row| size_of::<Vec<Datum>>() + row.iter().map(Datum::memory_size).sum::<usize>())
                .sum(),
            SetRows::Series(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(args: &[Datum]) -> Series {
        Series::new(args, &EvalContext::none()).expect("a series")
    }

    #[test]
    fn a_series_larger_than_memory_begins_at_once() {
        let mut all = series(&[Datum::Int8(1), Datum::Int8(i64::MAX)]);
        for expected in 1..1000 {
            assert_eq!(all.next(), Ok(Some(Datum::Int8(expected))));
        }
    }

    #[test]
    fn a_series_ends_where_its_type_ends() {
        let mut up = series(&[Datum::Int4(i32::MAX - 1), Datum::Int4(i32::MAX), Datum::Int4(2)]);
        assert_eq!(up.next(), Ok(Some(Datum::Int4(i32::MAX - 1))));
        assert_eq!(up.next(), Ok(None));
        assert_eq!(up.next(), Ok(None));
        let mut down = series(&[Datum::Int8(i64::MIN + 1), Datum::Int8(i64::MIN), Datum::Int8(i64::MIN)]);
        assert_eq!(down.next(), Ok(Some(Datum::Int8(i64::MIN + 1))));
        assert_eq!(down.next(), Ok(None));
        let none = [Datum::Int4(2), Datum::Int4(1)];
        assert_eq!(series(&none).next(), Ok(None));
    }
}
