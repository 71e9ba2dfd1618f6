//! PostgreSQL's type conversion rules: what may become what, common types, and the choice of overloads.

use datum::cast::{self, CastContext};
use datum::error::sqlstate;
use datum::function::{ArgType, ReturnType};
use datum::{ColumnType, Datum, Error, Expr, Result, Type};

use super::Binder;
use crate::parse::ast::{NO_POS, Pos};

/// Where a coercion happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coercion {
    Implicit,
    Assignment,
    Explicit,
}

impl Coercion {
    fn context(self) -> CastContext {
        match self {
            Coercion::Implicit => CastContext::Implicit,
            Coercion::Assignment => CastContext::Assignment,
            Coercion::Explicit => CastContext::Explicit,
        }
    }
}

/// Whether a value of one type may become one of another.
pub(crate) fn can_coerce(from: Type, to: Type, how: Coercion) -> bool {
    if from == to || from == Type::Unknown {
        return true;
    }
    cast::find(from, to).is_some_and(|info| info.context >= how.context())
}

fn accepts(param: ArgType, arg: Type) -> bool {
    match param {
        ArgType::Any | ArgType::AnyElement => true,
        ArgType::AnyArray => arg == Type::Unknown || arg.element().is_some(),
        ArgType::Exact(ty) => can_coerce(arg, ty, Coercion::Implicit),
    }
}

/// One overload as the choice sees it.
#[derive(Clone, Copy)]
pub(crate) struct Candidate<'c> {
    pub(crate) args: &'c [ArgType],
    pub(crate) variadic: bool,
    /// Position in the list it came from.
    pub(crate) index: usize,
}

impl Candidate<'_> {
    fn param(&self, i: usize) -> ArgType {
        *self.args.get(i).or(self.args.last()).unwrap_or(&ArgType::Any)
    }

    fn takes(&self, n: usize) -> bool {
        if self.variadic {
            n + 1 >= self.args.len() && n > 0 || n + 1 == self.args.len()
        } else {
            n == self.args.len()
        }
    }
}

/// What the choice of an overload came to.
pub(crate) enum Choice {
    One(usize),
    None,
    Several,
}

fn category(param: ArgType) -> char {
    match param {
        ArgType::Exact(ty) => ty.category(),
        _ => 'P',
    }
}

fn preferred(param: ArgType) -> bool {
    matches!(param, ArgType::Exact(ty) if ty.is_preferred())
}

/// Chooses among overloads for these argument types, as PostgreSQL's documentation says (10.2, 10.3).
/// For operators an exact match is also tried with an unknown operand taken as the other's type.
pub(crate) fn choose(candidates: &[Candidate<'_>], types: &[Type], operator: bool) -> Choice {
    let fitting: Vec<Candidate<'_>> = candidates.iter().copied().filter(|c| c.takes(types.len())).collect();
    let exact = |types: &[Type]| {
        fitting
            .iter()
            .find(|c| types.iter().enumerate().all(|(i, ty)| c.param(i) == ArgType::Exact(*ty)))
            .map(|c| c.index)
    };
    if let Some(index) = exact(types) {
        return Choice::One(index);
    }
    if operator && let [left, right] = *types {
        let other = match (left, right) {
            (Type::Unknown, t) | (t, Type::Unknown) if t != Type::Unknown => Some(t),
            _ => None,
        };
        if let Some(ty) = other
            && let Some(index) = exact(&[ty, ty])
        {
            return Choice::One(index);
        }
        // Two arrays, where one is written as a literal: `array[1] || NULL` joins them, and appends no element.
        if other.is_some_and(|ty| matches!(ty, Type::Array(_)))
            && let Some(both) =
                fitting.iter().find(|c| c.param(0) == ArgType::AnyArray && c.param(1) == ArgType::AnyArray)
        {
            return Choice::One(both.index);
        }
    }
    let mut left: Vec<Candidate<'_>> = fitting
        .into_iter()
        .filter(|c| types.iter().enumerate().all(|(i, ty)| accepts(c.param(i), *ty)))
        .collect();
    // Polymorphic parameters must agree: an array and its element.
    left.retain(|c| resolve_polymorphic(c.args, types).is_some());
    if left.len() > 1 {
        // Fixed ones over variadic ones.
        if left.iter().any(|c| !c.variadic) {
            left.retain(|c| !c.variadic);
        }
    }
    match left.as_slice() {
        [] => return Choice::None,
        [one] => return Choice::One(one.index),
        _ => {}
    }
    let keep_best = |left: &mut Vec<Candidate<'_>>, score: &dyn Fn(&Candidate<'_>) -> usize| {
        let best = left.iter().map(score).max().unwrap_or(0);
        left.retain(|c| score(c) == best);
    };
    // Most exact matches.
    keep_best(&mut left, &|c| {
        types.iter().enumerate().filter(|(i, ty)| c.param(*i) == ArgType::Exact(**ty)).count()
    });
    if let [one] = left.as_slice() {
        return Choice::One(one.index);
    }
    // Most preferred types where a conversion is needed.
    keep_best(&mut left, &|c| {
        types
            .iter()
            .enumerate()
            .filter(|(i, ty)| {
                **ty != Type::Unknown
                    && (c.param(*i) == ArgType::Exact(**ty)
                        || (preferred(c.param(*i)) && category(c.param(*i)) == ty.category()))
            })
            .count()
    });
    if let [one] = left.as_slice() {
        return Choice::One(one.index);
    }
    if types.contains(&Type::Unknown) {
        // Categories for the unknown ones.
        let mut resolved = true;
        let mut wanted: Vec<Option<(char, bool)>> = vec![None; types.len()];
        for (i, ty) in types.iter().enumerate() {
            if *ty != Type::Unknown {
                continue;
            }
            let mut chosen: Option<char> = None;
            let mut conflict = false;
            let mut has_preferred = false;
            for c in &left {
                let cat = category(c.param(i));
                match chosen {
                    None => {
                        chosen = Some(cat);
                        has_preferred = preferred(c.param(i));
                    }
                    Some(x) if x == cat => has_preferred |= preferred(c.param(i)),
                    Some(_) if cat == 'S' => {
                        chosen = Some('S');
                        has_preferred = preferred(c.param(i));
                    }
                    Some('S') => {}
                    Some(_) => conflict = true,
                }
            }
            match chosen {
                Some('S') => wanted[i] = Some(('S', has_preferred)),
                Some(cat) if !conflict => wanted[i] = Some((cat, has_preferred)),
                _ => {
                    resolved = false;
                    break;
                }
            }
        }
        if resolved {
            let narrowed: Vec<Candidate<'_>> = left
                .iter()
                .copied()
                .filter(|c| {
                    wanted.iter().enumerate().all(|(i, w)| match w {
                        None => true,
                        Some((cat, pref)) => {
                            category(c.param(i)) == *cat && (!*pref || preferred(c.param(i)))
                        }
                    })
                })
                .collect();
            if !narrowed.is_empty() {
                left = narrowed;
            }
            if let [one] = left.as_slice() {
                return Choice::One(one.index);
            }
        }
        // All known ones of one type: the unknown ones may be of it too.
        let mut known = types.iter().copied().filter(|t| *t != Type::Unknown);
        if let Some(first) = known.next()
            && known.all(|t| t == first)
        {
            let matching: Vec<usize> = left
                .iter()
                .filter(|c| (0..types.len()).all(|i| accepts(c.param(i), first)))
                .map(|c| c.index)
                .collect();
            if let [one] = matching.as_slice() {
                return Choice::One(*one);
            }
        }
    }
    Choice::Several
}

/// Types of the parameters once polymorphic ones are resolved; `None` if they do not agree.
pub(crate) fn resolve_polymorphic(params: &[ArgType], types: &[Type]) -> Option<Vec<Type>> {
    let param = |i: usize| *params.get(i).or(params.last()).unwrap_or(&ArgType::Any);
    let mut element: Option<Type> = None;
    let mut merge = |ty: Type| -> bool {
        match element {
            None => element = Some(ty),
            Some(old) if old == ty => {}
            Some(old) => match common(&[old, ty]) {
                Some(both) => element = Some(both),
                None => return false,
            },
        }
        true
    };
    for (i, ty) in types.iter().enumerate() {
        if *ty == Type::Unknown {
            continue;
        }
        let fine = match param(i) {
            ArgType::AnyElement => merge(*ty),
            ArgType::AnyArray => merge(ty.element()?),
            _ => true,
        };
        if !fine {
            return None;
        }
    }
    types
        .iter()
        .enumerate()
        .map(|(i, ty)| match param(i) {
            ArgType::Exact(t) => Some(t),
            ArgType::Any => Some(if *ty == Type::Unknown { Type::Text } else { *ty }),
            ArgType::AnyElement => Some(element.unwrap_or(Type::Text)),
            ArgType::AnyArray => element.unwrap_or(Type::Text).array_of(),
        })
        .collect()
}

/// The result type for resolved parameter types.
pub(crate) fn result_type(ret: ReturnType, params: &[ArgType], types: &[Type]) -> Type {
    datum::function::return_type(ret, params, types).unwrap_or(Type::Text)
}

/// The common type of several (UNION, CASE, VALUES …) or `None`; unknown ones do not count, all unknown is text.
pub(crate) fn common(types: &[Type]) -> Option<Type> {
    let mut found: Option<Type> = None;
    for ty in types.iter().copied().filter(|t| *t != Type::Unknown) {
        match found {
            None => found = Some(ty),
            Some(old) if old == ty => {}
            Some(old) if old.category() != ty.category() => return None,
            Some(old) => {
                if !old.is_preferred()
                    && can_coerce(old, ty, Coercion::Implicit)
                    && !can_coerce(ty, old, Coercion::Implicit)
                {
                    found = Some(ty);
                }
            }
        }
    }
    let found = found.unwrap_or(Type::Text);
    types.iter().all(|t| can_coerce(*t, found, Coercion::Implicit)).then_some(found)
}

impl Binder<'_> {
    /// The common type, or 42804 `{what} types … cannot be matched`.
    pub(crate) fn common_type(&self, exprs: &[(&Expr, Pos)], what: &str) -> Result<Type> {
        let types: Vec<Type> = exprs.iter().map(|(e, _)| e.ty()).collect();
        if let Some(ty) = common(&types) {
            return Ok(ty);
        }
        let mut first: Option<Type> = None;
        for (expr, pos) in exprs {
            let ty = expr.ty();
            if ty == Type::Unknown {
                continue;
            }
            match first {
                None => first = Some(ty),
                Some(old) => match common(&[old, ty]) {
                    Some(both) => first = Some(both),
                    None => {
                        return Err(Error::new(
                            sqlstate::DATATYPE_MISMATCH,
                            format!("{what} types {old} and {ty} cannot be matched"),
                        )
                        .at(*pos as usize));
                    }
                },
            }
        }
        Ok(first.unwrap_or(Type::Text))
    }

    /// The modifier of an expression's value, -1 if it is not known.
    pub(crate) fn typmod(&self, expr: &Expr) -> i32 {
        match expr {
            Expr::Column(id, _) => self.cols.get(*id as usize).map_or(-1, |c| c.ty.typmod),
            Expr::Cast { to, .. } => to.typmod,
            Expr::Coalesce(items, ty) => self.same_typmod(items.iter(), *ty),
            Expr::MinMax { args, ty, .. } => self.same_typmod(args.iter(), *ty),
            Expr::Case { whens, otherwise, ty } => match otherwise {
                Some(e) => self.same_typmod(whens.iter().map(|w| &w.1).chain(std::iter::once(&**e)), *ty),
                None => -1,
            },
            Expr::Subscript { array, .. } | Expr::Slice { array, .. } => self.typmod(array),
            _ => -1,
        }
    }

    fn same_typmod<'e>(&self, mut items: impl Iterator<Item = &'e Expr>, ty: Type) -> i32 {
        let Some(first) = items.next() else { return -1 };
        let typmod = self.typmod(first);
        let same = first.ty() == ty && items.all(|e| e.ty() == ty && self.typmod(e) == typmod);
        if same { typmod } else { -1 }
    }

    pub(crate) fn column_type(&self, expr: &Expr) -> ColumnType {
        ColumnType { ty: expr.ty(), typmod: self.typmod(expr) }
    }

    /// Makes an expression one of the target type, or `None` if there is no such coercion.
    pub(crate) fn try_coerce(
        &mut self,
        expr: Expr,
        pos: Pos,
        to: ColumnType,
        how: Coercion,
    ) -> Result<Option<Expr>> {
        let explicit = how == Coercion::Explicit;
        let from = expr.ty();
        match expr {
            Expr::Const(Datum::Null, Type::Unknown) => return Ok(Some(Expr::Const(Datum::Null, to.ty))),
            Expr::Const(Datum::Text(text), Type::Unknown) => {
                return self.literal(&text, to, explicit).map(Some).map_err(|e| e.at(pos as usize));
            }
            Expr::Param(i, Type::Unknown) => {
                // Another use may have given it a type already.
                if let Some(ty) =
                    self.params.get(i as usize).copied().flatten().filter(|t| *t != Type::Unknown)
                {
                    return self.try_coerce(Expr::Param(i, ty), pos, to, how);
                }
                let ty = if to.ty == Type::Unknown { Type::Text } else { to.ty };
                self.set_param(i, ty);
                return Ok(Some(self.with_typmod(Expr::Param(i, ty), to, explicit, how)));
            }
            _ => {}
        }
        if from == to.ty {
            return Ok(Some(self.with_typmod(expr, to, explicit, how)));
        }
        if !can_coerce(from, to.ty, how) {
            // An array constant of unknown elements and the like have been resolved before.
            return Ok(None);
        }
        Ok(Some(Expr::Cast { expr: Box::new(expr), to, explicit }))
    }

    fn with_typmod(&self, expr: Expr, to: ColumnType, explicit: bool, how: Coercion) -> Expr {
        if to.typmod < 0 || how == Coercion::Implicit || self.typmod(&expr) == to.typmod {
            return expr;
        }
        Expr::Cast { expr: Box::new(expr), to, explicit }
    }

    /// A quoted literal as a value of a type.
    pub(crate) fn literal(&self, text: &str, to: ColumnType, explicit: bool) -> Result<Expr> {
        match to.ty {
            Type::Unknown => return Ok(Expr::Const(Datum::Text(text.into()), Type::Unknown)),
            // Names in the catalog are looked up when the statement runs.
            object if object.is_object() => {
                if let Ok(oid) = text.parse::<u32>() {
                    return Ok(Expr::Const(Datum::Oid(oid), to.ty));
                }
                return Ok(Expr::Cast {
                    expr: Box::new(Expr::Const(Datum::Text(text.into()), Type::Text)),
                    to,
                    explicit: true,
                });
            }
            Type::Record | Type::Void => {
                return Err(Error::new(
                    sqlstate::FEATURE_NOT_SUPPORTED,
                    "input of anonymous composite types is not implemented",
                ));
            }
            _ => {}
        }
        // The fields of an interval's type say what a bare number counts.
        let read = if to.ty == Type::Interval { to } else { ColumnType::plain(to.ty) };
        let plain = datum::text::from_text(text, read, self.ctx.settings)?;
        let value = if to.typmod >= 0 { cast::apply_typmod(plain, to, explicit)? } else { plain };
        Ok(if to.typmod >= 0 && explicit {
            // Keeps the modifier known; folding takes the cast away.
            Expr::Cast { expr: Box::new(Expr::Const(value, to.ty)), to, explicit }
        } else {
            Expr::Const(value, to.ty)
        })
    }

    /// [`Binder::try_coerce`] for operands and arguments, where the choice has made sure that it is possible.
    pub(crate) fn coerce(&mut self, expr: Expr, pos: Pos, to: Type) -> Result<Expr> {
        let from = expr.ty();
        match self.try_coerce(expr, pos, ColumnType::plain(to), Coercion::Implicit)? {
            Some(found) => Ok(found),
            None => Err(Error::new(sqlstate::CANNOT_COERCE, format!("cannot cast type {from} to {to}"))
                .at(pos as usize)),
        }
    }

    /// To a boolean condition: 42804 `argument of WHERE must be type boolean, not type integer`.
    pub(crate) fn coerce_bool(&mut self, expr: Expr, pos: Pos, what: &str) -> Result<Expr> {
        self.coerce_to(expr, pos, Type::Bool, what)
    }

    /// To a type that a clause wants.
    pub(crate) fn coerce_to(&mut self, expr: Expr, pos: Pos, ty: Type, what: &str) -> Result<Expr> {
        let from = expr.ty();
        let how = if ty == Type::Bool { Coercion::Implicit } else { Coercion::Assignment };
        match self.try_coerce(expr, pos, ColumnType::plain(ty), how)? {
            Some(found) => Ok(found),
            None => Err(Error::new(
                sqlstate::DATATYPE_MISMATCH,
                format!("argument of {what} must be type {ty}, not type {from}"),
            )
            .at(pos as usize)),
        }
    }

    /// Leaves no value of unknown type: what nobody asked a type of is text.
    pub(crate) fn resolve_unknown(&mut self, expr: Expr) -> Result<Expr> {
        if expr.ty() == Type::Unknown { self.coerce(expr, NO_POS, Type::Text) } else { Ok(expr) }
    }

    /// For a value stored into a column.
    pub(crate) fn coerce_assignment(
        &mut self,
        expr: Expr,
        pos: Pos,
        to: ColumnType,
        column: &str,
    ) -> Result<Expr> {
        let from = expr.ty();
        match self.try_coerce(expr, pos, to, Coercion::Assignment)? {
            Some(found) => Ok(found),
            None => Err(Error::new(
                sqlstate::DATATYPE_MISMATCH,
                format!("column \"{column}\" is of type {} but expression is of type {from}", to.ty),
            )
            .hint("You will need to rewrite or cast the expression.")
            .at(pos as usize)),
        }
    }
}
