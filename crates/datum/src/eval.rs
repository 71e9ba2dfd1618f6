//! Evaluation of [`Expr`] over a row.
//!
//! `eval_ref` gives a reference to what is there already (columns, constants, parameters) and so copies nothing for
//! them; comparisons of integers and texts are made on such references without calling the function. Everything
//! else collects its arguments on the stack and calls the function's code.
//!
//! Recursion grows the stack where it must: a sum of thousands of terms is a deep tree.

use std::cmp::Ordering;

use base::map::HashSet;
use smallvec::SmallVec;
use smol_str::SmolStr;

use crate::error::{Error, Result, sqlstate};
use crate::expr::{EvalContext, Expr, with_stack};
use crate::function::{Comparison, Function};
use crate::types::Type;
use crate::value::Datum;

/// Arguments of a call, on the stack where they are few.
type Args = SmallVec<[Datum; 4]>;

impl Expr {
    /// Its value over a row.
    pub fn eval(&self, row: &[Datum], ctx: &EvalContext<'_>) -> Result<Datum> {
        match self {
            Expr::Const(value, _) => Ok(value.clone()),
            Expr::Column(i, _) => column(row, *i).cloned(),
            Expr::Param(i, _) => param(ctx, *i).cloned(),
            Expr::Register(i, _) => register(ctx, *i).cloned(),
            inner => with_stack(|| inner.eval_inner(row, ctx)),
        }
    }

    /// Whether it is true over a row: neither false nor NULL.
    #[inline]
    pub fn eval_bool(&self, row: &[Datum], ctx: &EvalContext<'_>) -> Result<bool> {
        match self {
            Expr::And(parts) => {
                for part in parts {
                    if !part.eval_bool(row, ctx)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            other => Ok(matches!(other.truth(row, ctx)?, Some(true))),
        }
    }

    /// Its three-valued truth.
    #[inline]
    fn truth(&self, row: &[Datum], ctx: &EvalContext<'_>) -> Result<Option<bool>> {
        if let Expr::Call { function, args, .. } = self
            && let (Some(comparison), [left, right]) = (function.comparison, args.as_slice())
        {
            return compare_exprs(function, comparison, left, right, row, ctx);
        }
        match self.eval(row, ctx)? {
            Datum::Bool(b) => Ok(Some(b)),
            Datum::Null => Ok(None),
            _ => Err(Error::internal("a condition is not boolean")),
        }
    }

    /// Its value, by reference where it lies somewhere already; `scratch` holds it otherwise.
    #[inline]
    pub fn eval_ref<'v>(
        &'v self,
        row: &'v [Datum],
        ctx: &EvalContext<'v>,
        scratch: &'v mut Datum,
    ) -> Result<&'v Datum> {
        match self {
            Expr::Const(value, _) => Ok(value),
            Expr::Column(i, _) => column(row, *i),
            Expr::Param(i, _) => param(ctx, *i),
            Expr::Register(i, _) => register(ctx, *i),
            inner => {
                *scratch = with_stack(|| inner.eval_inner(row, ctx))?;
                Ok(scratch)
            }
        }
    }

    fn eval_inner(&self, row: &[Datum], ctx: &EvalContext<'_>) -> Result<Datum> {
        match self {
            Expr::Const(..) | Expr::Column(..) | Expr::Param(..) | Expr::Register(..) => self.eval(row, ctx),
            Expr::Call { function, args, .. } => call(function, args, row, ctx),
            Expr::And(parts) => junction(parts, false, row, ctx),
            Expr::Or(parts) => junction(parts, true, row, ctx),
            Expr::Not(inner) => Ok(truth_value(inner.truth(row, ctx)?.map(|b| !b))),
            Expr::IsNull(inner) => {
                let mut scratch = Datum::Null;
                let value = inner.eval_ref(row, ctx, &mut scratch)?;
                Ok(Datum::Bool(is_null_test(value)))
            }
            Expr::IsDistinct { left, right, negated } => {
                let (mut s, mut t) = (Datum::Null, Datum::Null);
                let left_value = left.eval_ref(row, ctx, &mut s)?;
                let right_value = right.eval_ref(row, ctx, &mut t)?;
                let distinct = if left.ty() == Type::Bpchar {
                    trimmed(left_value) != trimmed(right_value)
                } else {
                    left_value != right_value
                };
                Ok(Datum::Bool(distinct != *negated))
            }
            Expr::Case { whens, otherwise, .. } => {
                for (condition, result) in whens {
                    if condition.eval_bool(row, ctx)? {
                        return result.eval(row, ctx);
                    }
                }
                match otherwise {
                    Some(result) => result.eval(row, ctx),
                    None => Ok(Datum::Null),
                }
            }
            Expr::Coalesce(args, _) => {
                for arg in args {
                    let value = arg.eval(row, ctx)?;
                    if !matches!(value, Datum::Null) {
                        return Ok(value);
                    }
                }
                Ok(Datum::Null)
            }
            Expr::MinMax { greatest, args, .. } => {
                let mut best = Datum::Null;
                for arg in args {
                    let value = arg.eval(row, ctx)?;
                    if matches!(value, Datum::Null) {
                        continue;
                    }
                    let wanted = if *greatest { Ordering::Greater } else { Ordering::Less };
                    if matches!(best, Datum::Null) || value.compare(&best) == wanted {
                        best = value;
                    }
                }
                Ok(best)
            }
            Expr::Cast { expr, to, explicit } => {
                let value = expr.eval(row, ctx)?;
                crate::functions::cast_value(value, expr.ty(), *to, *explicit, ctx)
            }
            Expr::AnyAll { left, function, array, all } => any_all(left, function, array, *all, row, ctx),
            Expr::In { left, list } => {
                let mut scratch = Datum::Null;
                let value = left.eval_ref(row, ctx, &mut scratch)?;
                if matches!(value, Datum::Null) {
                    return Ok(if list.items.is_empty() { Datum::Bool(false) } else { Datum::Null });
                }
                if let Some(set) = &list.set {
                    return Ok(truth_value(set.contains(value, left.ty() == Type::Bpchar)));
                }
                let mut unknown = false;
                for item in &list.items {
                    let mut scratch = Datum::Null;
                    match item.eval_ref(row, ctx, &mut scratch)? {
                        Datum::Null => unknown = true,
                        other => {
                            let blank_padded = left.ty() == Type::Bpchar;
                            if value == other || (blank_padded && trimmed(value) == trimmed(other)) {
                                return Ok(Datum::Bool(true));
                            }
                        }
                    }
                }
                Ok(if unknown { Datum::Null } else { Datum::Bool(false) })
            }
            Expr::Array(items, element) => {
                let items = items.iter().map(|e| e.eval(row, ctx)).collect::<Result<Vec<Datum>>>()?;
                Ok(Datum::array(**element, items))
            }
            Expr::Subscript { array, index, .. } => {
                let (mut s, mut t) = (Datum::Null, Datum::Null);
                let array_value = array.eval_ref(row, ctx, &mut s)?;
                let index_value = index.eval_ref(row, ctx, &mut t)?;
                subscript(array_value, index_value)
            }
            Expr::Slice { array, lower, upper, .. } => {
                let array = array.eval(row, ctx)?;
                let bound = |e: &Option<Box<Expr>>| e.as_ref().map(|e| e.eval(row, ctx)).transpose();
                slice(array, bound(lower)?, bound(upper)?)
            }
            Expr::Row(items) => {
                let types = items.iter().map(Expr::ty).collect();
                let items = items.iter().map(|e| e.eval(row, ctx)).collect::<Result<Vec<Datum>>>()?;
                Ok(Datum::record(items, types))
            }
            Expr::Field(inner, i, _) => {
                let mut scratch = Datum::Null;
                match inner.eval_ref(row, ctx, &mut scratch)? {
                    Datum::Record(record) => {
                        Ok(record.fields.get(*i as usize).cloned().unwrap_or(Datum::Null))
                    }
                    _ => Ok(Datum::Null),
                }
            }
        }
    }
}

#[cold]
fn missing(what: &str, i: u32) -> Error {
    Error::internal(format!("{what} {i} is not there"))
}

/// EXECUTE with a parameter of its own, and nobody to give it.
#[cold]
fn no_value(i: u32) -> Error {
    Error::new(sqlstate::UNDEFINED_OBJECT, format!("no value found for parameter {}", i + 1))
}

#[inline]
fn column(row: &[Datum], i: u32) -> Result<&Datum> {
    row.get(i as usize).ok_or_else(|| missing("column", i))
}

fn param<'a>(ctx: &EvalContext<'a>, i: u32) -> Result<&'a Datum> {
    ctx.params.get(i as usize).ok_or_else(|| no_value(i))
}

fn register<'a>(ctx: &EvalContext<'a>, i: u32) -> Result<&'a Datum> {
    ctx.registers.get(i as usize).ok_or_else(|| missing("register", i))
}

#[inline]
fn truth_value(truth: Option<bool>) -> Datum {
    match truth {
        Some(b) => Datum::Bool(b),
        None => Datum::Null,
    }
}

/// IS NULL: of a row, whether all of its fields are NULL.
fn is_null_test(value: &Datum) -> bool {
    match value {
        Datum::Null => true,
        Datum::Record(record) => record.fields.iter().all(|f| matches!(f, Datum::Null)),
        _ => false,
    }
}

/// character(n) compares without its padding.
fn trimmed(value: &Datum) -> Datum {
    match value {
        Datum::Text(s) if s.ends_with(' ') => Datum::Text(SmolStr::new(s.trim_end_matches(' '))),
        other => other.clone(),
    }
}

/// AND (`decisive` is false) or OR (true): the decisive value as soon as it turns up, else NULL if a part is NULL.
fn junction(parts: &[Expr], decisive: bool, row: &[Datum], ctx: &EvalContext<'_>) -> Result<Datum> {
    let mut unknown = false;
    for part in parts {
        match part.truth(row, ctx)? {
            Some(b) if b == decisive => return Ok(Datum::Bool(decisive)),
            Some(_) => {}
            None => unknown = true,
        }
    }
    Ok(if unknown { Datum::Null } else { Datum::Bool(!decisive) })
}

/// A comparison by references; only for types whose values do not show how they compare is the function called.
#[inline]
fn compare_exprs(
    function: &'static Function,
    comparison: Comparison,
    left: &Expr,
    right: &Expr,
    row: &[Datum],
    ctx: &EvalContext<'_>,
) -> Result<Option<bool>> {
    let (mut s, mut t) = (Datum::Null, Datum::Null);
    let a = left.eval_ref(row, ctx, &mut s)?;
    let b = right.eval_ref(row, ctx, &mut t)?;
    let order = match (a, b) {
        (Datum::Null, _) | (_, Datum::Null) => return Ok(None),
        (Datum::Int4(a), Datum::Int4(b)) => a.cmp(b),
        (Datum::Int8(a), Datum::Int8(b)) => a.cmp(b),
        (Datum::Int4(a), Datum::Int8(b)) => i64::from(*a).cmp(b),
        (Datum::Int8(a), Datum::Int4(b)) => a.cmp(&i64::from(*b)),
        (Datum::Date(a), Datum::Date(b)) => a.cmp(b),
        (Datum::Timestamp(a), Datum::Timestamp(b)) => a.cmp(b),
        (Datum::TimestampTz(a), Datum::TimestampTz(b)) => a.cmp(b),
        (Datum::Text(a), Datum::Text(b)) if !is_padded(function) => a.as_bytes().cmp(b.as_bytes()),
        (a, b) => {
            let args = [a.clone(), b.clone()];
            return match (function.eval)(&args, ctx)? {
                Datum::Bool(b) => Ok(Some(b)),
                _ => Ok(None),
            };
        }
    };
    Ok(Some(comparison.holds(order)))
}

/// Whether it compares character(n).
#[inline]
fn is_padded(function: &Function) -> bool {
    function.args.first() == Some(&crate::function::ArgType::Exact(Type::Bpchar))
}

fn call(function: &'static Function, args: &[Expr], row: &[Datum], ctx: &EvalContext<'_>) -> Result<Datum> {
    if let (Some(comparison), [left, right]) = (function.comparison, args) {
        return Ok(truth_value(compare_exprs(function, comparison, left, right, row, ctx)?));
    }
    // One and two arguments are the most of all calls: no loop, no SmallVec.
    match (args, function.typed) {
        ([arg], None) => {
            let value = arg.eval(row, ctx)?;
            if function.strict && matches!(value, Datum::Null) {
                return Ok(Datum::Null);
            }
            (function.eval)(&[value], ctx)
        }
        ([left, right], None) => {
            let values = [left.eval(row, ctx)?, right.eval(row, ctx)?];
            if function.strict && matches!(values, [Datum::Null, _] | [_, Datum::Null]) {
                return Ok(Datum::Null);
            }
            (function.eval)(&values, ctx)
        }
        _ => {
            let mut values = Args::with_capacity(args.len());
            let mut null = false;
            for arg in args {
                let value = arg.eval(row, ctx)?;
                null |= matches!(value, Datum::Null);
                values.push(value);
            }
            if function.strict && null {
                return Ok(Datum::Null);
            }
            match function.typed {
                None => (function.eval)(&values, ctx),
                Some(typed) => {
                    let types: SmallVec<[Type; 8]> = args.iter().map(Expr::ty).collect();
                    typed(&values, &types, ctx)
                }
            }
        }
    }
}

fn any_all(
    left: &Expr,
    function: &'static Function,
    array: &Expr,
    all: bool,
    row: &[Datum],
    ctx: &EvalContext<'_>,
) -> Result<Datum> {
    let (mut s, mut t) = (Datum::Null, Datum::Null);
    let value = left.eval_ref(row, ctx, &mut s)?;
    let items = match array.eval_ref(row, ctx, &mut t)? {
        Datum::Array(array) => array.clone(),
        Datum::Null => return Ok(Datum::Null),
        _ => return Err(Error::internal("ANY over something that is no array")),
    };
    let types = [left.ty(), array.ty().element().unwrap_or(items.element)];
    let mut unknown = false;
    for item in &items.items {
        let one = function.call(&[value.clone(), item.clone()], &types, ctx)?;
        match one {
            Datum::Bool(b) if b != all => return Ok(Datum::Bool(b)),
            Datum::Bool(_) => {}
            _ => unknown = true,
        }
    }
    Ok(if unknown { Datum::Null } else { Datum::Bool(all) })
}

fn subscript(array: &Datum, index: &Datum) -> Result<Datum> {
    let index = match index {
        Datum::Int4(i) => i64::from(*i),
        Datum::Int2(i) => i64::from(*i),
        Datum::Int8(i) => *i,
        _ => return Ok(Datum::Null),
    };
    match array {
        Datum::Array(array) => {
            let at = index - i64::from(array.lower);
            Ok(usize::try_from(at).ok().and_then(|at| array.items.get(at)).cloned().unwrap_or(Datum::Null))
        }
        _ => Ok(Datum::Null),
    }
}

fn slice(array: Datum, lower: Option<Datum>, upper: Option<Datum>) -> Result<Datum> {
    let Datum::Array(array) = array else { return Ok(Datum::Null) };
    let first = i64::from(array.lower);
    let last = first + array.items.len() as i64 - 1;
    let bound = |d: Option<Datum>, default: i64| match d {
        None => Some(default),
        Some(Datum::Int4(i)) => Some(i64::from(i)),
        Some(Datum::Int8(i)) => Some(i),
        Some(Datum::Int2(i)) => Some(i64::from(i)),
        Some(_) => None,
    };
    let (Some(lower), Some(upper)) = (bound(lower, first), bound(upper, last)) else {
        return Ok(Datum::Null);
    };
    let (lower, upper) = (lower.max(first), upper.min(last));
    let items = if lower > upper {
        Vec::new()
    } else {
        array.items[(lower - first) as usize..=(upper - first) as usize].to_vec()
    };
    Ok(Datum::array(array.element, items))
}

/// The constants of an IN list, prepared for look-up.
#[derive(Clone, Debug)]
pub struct ConstantSet {
    members: Members,
    null: bool,
}

#[derive(Clone, Debug)]
enum Members {
    Ints(HashSet<i64>),
    Texts(HashSet<SmolStr>),
    /// Any other type: sorted, without duplicates.
    Sorted(Vec<Datum>),
}

fn as_int(value: &Datum) -> Option<i64> {
    match value {
        Datum::Int2(i) => Some(i64::from(*i)),
        Datum::Int4(i) => Some(i64::from(*i)),
        Datum::Int8(i) => Some(*i),
        _ => None,
    }
}

impl ConstantSet {
    /// The set of these members, unless one of them is no constant or there are so few that looking at each is as fast.
    pub(crate) fn of(items: &[Expr]) -> Option<ConstantSet> {
        let mut values = Vec::with_capacity(items.len());
        let (mut null, mut padded) = (false, false);
        for item in items {
            match item {
                Expr::Const(Datum::Null, _) => null = true,
                Expr::Const(value, ty) => {
                    padded |= *ty == Type::Bpchar;
                    values.push(value.clone());
                }
                _ => return None,
            }
        }
        if let Some(ints) = values.iter().map(as_int).collect::<Option<HashSet<i64>>>() {
            return Some(ConstantSet { members: Members::Ints(ints), null });
        }
        let text = |value: &Datum| match value {
            Datum::Text(s) if padded => Some(SmolStr::new(s.trim_end_matches(' '))),
            Datum::Text(s) => Some(s.clone()),
            _ => None,
        };
        if let Some(texts) = values.iter().map(text).collect::<Option<HashSet<SmolStr>>>() {
            return Some(ConstantSet { members: Members::Texts(texts), null });
        }
        values.sort();
        values.dedup();
        Some(ConstantSet { members: Members::Sorted(values), null })
    }

    /// Whether a value that is not NULL is in it: unknown if it is not but a NULL is.
    fn contains(&self, value: &Datum, padded: bool) -> Option<bool> {
        let found = match (&self.members, value) {
            (Members::Ints(set), value) => as_int(value).is_some_and(|i| set.contains(&i)),
            (Members::Texts(set), Datum::Text(s)) if padded => set.contains(s.trim_end_matches(' ')),
            (Members::Texts(set), Datum::Text(s)) => set.contains(s),
            (Members::Texts(_), _) => false,
            (Members::Sorted(sorted), value) => sorted.binary_search(value).is_ok(),
        };
        if found {
            Some(true)
        } else if self.null {
            None
        } else {
            Some(false)
        }
    }
}
