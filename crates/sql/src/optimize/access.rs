//! Access paths: by which index a table is read, and which part of it.
//!
//! Of each index the longest prefix of keys that conditions pin down is used: equations and short IN lists, then one
//! range. A condition that the bounds enforce exactly is not checked again.

use datum::function::Comparison;
use datum::{Datum, Expr, Type};

use super::Planner;
use super::estimate::strip;
use crate::catalog::{IndexDescriptor, IndexId, IndexKeyKind, IndexState, TableDescriptor};
use crate::layout;
use crate::logical::ColId;
use crate::plan::{KeyBound, KeyBounds};

/// Alternatives that IN lists may make together: beyond, the list is a filter.
const ALTERNATIVES_MAX: usize = 1000;
/// What finding a place in an index costs, in rows scanned.
const SEEK: f64 = 4.0;
/// What fetching a row by its primary key costs, in rows scanned.
const FETCH: f64 = 5.0;
/// What one more byte-heavy full row costs against a narrow index entry.
const NARROW: f64 = 0.8;

/// An order that is wanted of a scan: column ids, descending, nulls first.
pub(super) type Order = [(ColId, bool, bool)];

/// A way to read a table.
pub(super) struct Path {
    pub(super) index: IndexId,
    pub(super) bounds: Vec<KeyBounds>,
    pub(super) reverse: bool,
    /// The wanted order comes out.
    pub(super) ordered: bool,
    /// Which of the conditions the bounds enforce.
    pub(super) enforced: Vec<usize>,
    pub(super) cost: f64,
}

/// What is asked for.
pub(super) struct Wanted<'a> {
    pub(super) table: &'a TableDescriptor,
    /// Ids of the table's columns, by position.
    pub(super) cols: &'a [ColId],
    pub(super) conds: &'a [Expr],
    /// Positions that are read or come out.
    pub(super) needed: &'a [usize],
    pub(super) order: Option<&'a Order>,
    /// At most so many rows are wanted.
    pub(super) limit: Option<f64>,
}

/// What a condition says of one column.
enum Sarg {
    Equal(Expr),
    In(Vec<Expr>),
    Lower(KeyBound),
    Upper(KeyBound),
    Null,
}

/// The cheapest path.
pub(super) fn choose(planner: &Planner<'_>, wanted: &Wanted<'_>) -> Path {
    let sargs: Vec<(usize, usize, Sarg)> = wanted
        .conds
        .iter()
        .enumerate()
        .flat_map(|(i, cond)| sargs(wanted, cond).into_iter().map(move |(column, sarg)| (i, column, sarg)))
        .collect();
    let rows = planner.table_rows(wanted.table);
    let usable = |index: &&IndexDescriptor| index.state == IndexState::Public && index.predicate.is_none();
    let paths =
        wanted.table.indexes.iter().filter(usable).map(|index| path(planner, wanted, index, &sargs, rows));
    let best = paths.min_by(|a, b| a.cost.total_cmp(&b.cost));
    best.unwrap_or(Path {
        index: wanted.table.indexes.first().map_or(1, |i| i.id),
        bounds: vec![KeyBounds::default()],
        reverse: false,
        ordered: false,
        enforced: Vec::new(),
        cost: rows,
    })
}

fn path(
    planner: &Planner<'_>,
    wanted: &Wanted<'_>,
    index: &IndexDescriptor,
    sargs: &[(usize, usize, Sarg)],
    rows: f64,
) -> Path {
    let mut bounds = vec![KeyBounds::default()];
    let mut enforced = Vec::new();
    let mut pinned = 0;
    let mut kept = 1.0;
    let mut unique = index.unique;
    for key in &index.keys {
        let column = match &key.what {
            IndexKeyKind::Column(id) => wanted.table.column_ordinal(*id),
            IndexKeyKind::Expression(..) => None,
        };
        let Some(column) = column else { break };
        let of_column = || sargs.iter().filter(|s| s.1 == column);
        let select = |i: usize| planner.selectivity(&wanted.conds[i]);
        if let Some((i, _, Sarg::Equal(value))) = of_column().find(|s| matches!(s.2, Sarg::Equal(_))) {
            bounds.iter_mut().for_each(|b| b.eq.push(value.clone()));
            enforced.push(*i);
            kept *= select(*i);
            pinned += 1;
            continue;
        }
        let short = |s: &&&(usize, usize, Sarg)| matches!(&s.2, Sarg::In(items) if items.len() * bounds.len() <= ALTERNATIVES_MAX);
        if let Some((i, _, Sarg::In(items))) = of_column().collect::<Vec<_>>().iter().find(short) {
            let with = |b: &KeyBounds, item: &Expr| {
                let mut b = b.clone();
                b.eq.push(item.clone());
                b
            };
            bounds = bounds.iter().flat_map(|b| items.iter().map(move |item| with(b, item))).collect();
            enforced.push(*i);
            kept *= select(*i);
            pinned += 1;
            continue;
        }
        unique = false;
        if let Some((i, ..)) = of_column().find(|s| matches!(s.2, Sarg::Null)) {
            bounds.iter_mut().for_each(|b| b.is_null = true);
            enforced.push(*i);
            kept *= select(*i);
            break;
        }
        let mut ranged = false;
        for (i, _, sarg) in of_column() {
            let place = |b: &mut KeyBounds| match sarg {
                Sarg::Lower(bound) if b.lower.is_none() => b.lower = Some(bound.clone()),
                Sarg::Upper(bound) if b.upper.is_none() => b.upper = Some(bound.clone()),
                _ => {}
            };
            let free = match sarg {
                Sarg::Lower(_) => bounds.first().is_some_and(|b| b.lower.is_none()),
                Sarg::Upper(_) => bounds.first().is_some_and(|b| b.upper.is_none()),
                _ => false,
            };
            if free {
                bounds.iter_mut().for_each(place);
                enforced.push(*i);
                kept *= select(*i);
                ranged = true;
            }
        }
        if ranged {
            // Two ends are one range: narrower than two independent halves.
            break;
        }
        break;
    }
    let complete = pinned == index.keys.len();
    let mut matched = (rows * kept).max(1.0);
    if unique && complete {
        matched = matched.min(bounds.len() as f64);
    }
    let direction = wanted.order.and_then(|order| serves(wanted, index, order, pinned, bounds.len()));
    let rest: f64 = (0..wanted.conds.len())
        .filter(|i| !enforced.contains(i))
        .map(|i| planner.selectivity(&wanted.conds[i]))
        .product();
    let mut scanned = matched;
    if let Some(limit) = wanted.limit
        && (wanted.order.is_none() || direction.is_some())
    {
        scanned = scanned.min(limit / rest.max(0.001)).max(1.0);
    }
    let covering = {
        let covered = layout::covered_columns(wanted.table, index);
        wanted.needed.iter().all(|n| covered.contains(n))
    };
    let primary = layout::is_primary_index(wanted.table, index.id);
    let per_row = match (primary, covering) {
        (true, _) => 1.0,
        (false, true) => NARROW,
        (false, false) => 1.0 + FETCH,
    };
    let mut cost = SEEK * bounds.len() as f64 + scanned * per_row;
    if wanted.order.is_some() && direction.is_none() {
        let sorted = (matched * rest).max(1.0);
        cost += sorted * (sorted.log2().max(1.0)) * 0.2;
    }
    // An index that promises nothing is worse than the table itself.
    if !primary && enforced.is_empty() && direction.is_none() && !covering {
        cost = f64::INFINITY;
    }
    Path {
        index: index.id,
        bounds,
        reverse: direction == Some(true),
        ordered: direction.is_some(),
        enforced,
        cost,
    }
}

/// Whether the index gives the order, and if so whether backwards.
fn serves(
    wanted: &Wanted<'_>,
    index: &IndexDescriptor,
    order: &Order,
    pinned: usize,
    alternatives: usize,
) -> Option<bool> {
    if alternatives != 1 {
        return None;
    }
    let id_of = |key: &crate::catalog::IndexKey| match &key.what {
        IndexKeyKind::Column(id) => {
            wanted.table.column_ordinal(*id).map(|at| (wanted.cols[at], wanted.table.columns[at].nullable))
        }
        IndexKeyKind::Expression(..) => None,
    };
    let mut constant = Vec::new();
    for key in &index.keys[..pinned] {
        constant.push(id_of(key)?.0);
    }
    let mut keys = index.keys[pinned..].iter();
    let mut reverse = None;
    for (id, desc, nulls_first) in order {
        if constant.contains(id) {
            continue;
        }
        let Some(key) = keys.next() else {
            // All keys are used up: rows are told apart already if the index is unique without NULLs.
            let total =
                index.unique && index.keys.iter().all(|k| id_of(k).is_some_and(|(_, nullable)| !nullable));
            return total.then_some(reverse.unwrap_or(false));
        };
        let (key_id, nullable) = id_of(key)?;
        if key_id != *id {
            return None;
        }
        let turned = key.desc != *desc;
        let nulls_fit = !nullable || (key.nulls_first != *nulls_first) == turned;
        if !nulls_fit || reverse.is_some_and(|r| r != turned) {
            return None;
        }
        reverse = Some(turned);
    }
    Some(reverse.unwrap_or(false))
}

/// What a condition says of the table's columns, if it is of a form that bounds can enforce.
fn sargs(wanted: &Wanted<'_>, cond: &Expr) -> Vec<(usize, Sarg)> {
    let position = |e: &Expr| match strip(e) {
        Expr::Column(id, _) => wanted.cols.iter().position(|c| c == id),
        _ => None,
    };
    let outside = |e: &Expr| {
        !crate::logical::expr_cols(e).iter().any(|id| wanted.cols.contains(id))
            && e.volatility() != datum::function::Volatility::Volatile
    };
    match cond {
        Expr::Call { function, args, .. } => {
            let (Some(comparison), [a, b]) = (function.comparison, &args[..]) else { return Vec::new() };
            let (column, comparison, value) = match (position(a), position(b)) {
                (Some(column), None) if outside(b) => (column, comparison, b),
                (None, Some(column)) if outside(a) => (column, comparison.commuted(), a),
                _ => return Vec::new(),
            };
            let ty = wanted.table.columns[column].ty.ty;
            let Some(value) = as_key(value, ty) else { return Vec::new() };
            let sarg = match comparison {
                Comparison::Eq => Sarg::Equal(value),
                Comparison::Lt => Sarg::Upper(KeyBound { inclusive: false, value }),
                Comparison::Le => Sarg::Upper(KeyBound { inclusive: true, value }),
                Comparison::Gt => Sarg::Lower(KeyBound { inclusive: false, value }),
                Comparison::Ge => Sarg::Lower(KeyBound { inclusive: true, value }),
                Comparison::Ne => return Vec::new(),
            };
            vec![(column, sarg)]
        }
        Expr::In { left, list } => {
            let Some(column) = position(left) else { return Vec::new() };
            let ty = wanted.table.columns[column].ty.ty;
            if !list.items.iter().all(outside) {
                return Vec::new();
            }
            // A NULL in the list matches nothing, which is what an empty alternative does.
            match list.items.iter().map(|item| as_key(item, ty)).collect() {
                Some(items) => vec![(column, Sarg::In(items))],
                None => Vec::new(),
            }
        }
        Expr::IsNull(inner) => match position(inner) {
            Some(column) => vec![(column, Sarg::Null)],
            None => Vec::new(),
        },
        // A boolean column alone.
        Expr::Column(..) => match position(cond) {
            Some(column) => vec![(column, Sarg::Equal(Expr::bool(true)))],
            None => Vec::new(),
        },
        Expr::Not(inner) => match position(inner) {
            Some(column) => vec![(column, Sarg::Equal(Expr::bool(false)))],
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The value as one of the column's type, if it can be one without a change: keys of different types differ.
pub(super) fn as_key(value: &Expr, ty: Type) -> Option<Expr> {
    let value = strip(value);
    let from = value.ty();
    if ty == Type::Bpchar {
        return None; // Trailing blanks do not count in comparisons, and do in keys.
    }
    let textual = |t: Type| matches!(t, Type::Text | Type::Varchar);
    if from == ty || (textual(from) && textual(ty)) {
        return Some(value.clone());
    }
    if let Expr::Const(datum, _) = value {
        let datum = match (datum, ty) {
            (Datum::Null, _) => Datum::Null,
            (d, Type::Int2) => Datum::Int2(i16::try_from(d.as_i64()?).ok()?),
            (d, Type::Int4) => Datum::Int4(i32::try_from(d.as_i64()?).ok()?),
            (d, Type::Int8) => Datum::Int8(d.as_i64()?),
            _ => return None,
        };
        return Some(Expr::Const(datum, ty));
    }
    let widens = matches!((from, ty), (Type::Int2, Type::Int4 | Type::Int8) | (Type::Int4, Type::Int8));
    widens.then(|| Expr::Cast { expr: Box::new(value.clone()), to: ty.into(), explicit: false })
}
