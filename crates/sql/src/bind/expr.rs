//! Expressions: from syntax to bound [`Expr`], over columns by id.

use std::sync::Arc;

use datum::error::sqlstate;
use datum::expr::InList;
use datum::{ColumnType, Datum, Error, Expr, Result, Type};

use super::Binder;
use super::coerce::Coercion;
use super::scope::{Found, Pending};
use crate::logical::{ApplyUse, Rel};
use crate::parse::ast::{self, AnyRight, ExprKind, LikeKind, NO_POS, OpName, Pos, SqlValue, Truth};
use crate::parse::parser::with_stack;

impl Binder<'_> {
    /// Binds an expression. Literals and parameters of unknown type stay unknown: callers coerce.
    pub(crate) fn expr(&mut self, e: &ast::Expr) -> Result<Expr> {
        with_stack(|| self.expr_inner(e))
    }

    fn expr_inner(&mut self, e: &ast::Expr) -> Result<Expr> {
        let pos = e.pos;
        match &e.kind {
            ExprKind::Column(name) => Ok(match self.resolve(name, pos)? {
                Found::Column(id) => self.column(id),
                Found::Row(cols) => Expr::Row(cols.iter().map(|c| self.column(c.id)).collect()),
                Found::TableOid(oid) => Expr::Const(Datum::Oid(oid), Type::Oid),
            }),
            ExprKind::Star(name) if name.is_empty() => {
                Err(Error::new(sqlstate::SYNTAX_ERROR, "syntax error at or near \"*\"").at(pos as usize))
            }
            ExprKind::Star(name) => {
                let cols = self.resolve_star(name, pos)?;
                Ok(Expr::Row(cols.iter().map(|c| self.column(c.id)).collect()))
            }
            ExprKind::Null => Ok(Expr::Const(Datum::Null, Type::Unknown)),
            ExprKind::Bool(b) => Ok(Expr::bool(*b)),
            ExprKind::Integer(text) => {
                if let Ok(n) = text.parse::<i32>() {
                    return Ok(Expr::Const(Datum::Int4(n), Type::Int4));
                }
                if let Ok(n) = text.parse::<i64>() {
                    return Ok(Expr::Const(Datum::Int8(n), Type::Int8));
                }
                self.literal(text, ColumnType::plain(Type::Numeric), false).map_err(|e| e.at(pos as usize))
            }
            ExprKind::Decimal(text) => {
                self.literal(text, ColumnType::plain(Type::Numeric), false).map_err(|e| e.at(pos as usize))
            }
            ExprKind::String(text) => Ok(Expr::Const(Datum::Text(text.clone()), Type::Unknown)),
            ExprKind::Bits(_) => Err(Error::unsupported("type bit").at(pos as usize)),
            ExprKind::Param(n) => {
                let index = n - 1;
                let known = self.params.get(index as usize).copied().flatten();
                if self.params.len() <= index as usize {
                    self.params.resize(index as usize + 1, None);
                }
                Ok(Expr::Param(index, known.unwrap_or(Type::Unknown)))
            }
            ExprKind::Cast(inner, ty) => self.cast(inner, ty, pos),
            ExprKind::Unary(op, inner) => {
                let arg = self.expr(inner)?;
                self.operator_call(op, vec![(arg, inner.pos)])
            }
            ExprKind::Binary(op, left, right) => self.binary(op, left, right),
            ExprKind::And(items) => Ok(Expr::And(self.bools(items, "AND")?)),
            ExprKind::Or(items) => Ok(Expr::Or(self.bools(items, "OR")?)),
            ExprKind::Not(inner) => {
                let bound = self.expr(inner)?;
                Ok(Expr::Not(Box::new(self.coerce_bool(bound, inner.pos, "NOT")?)))
            }
            ExprKind::IsNull(inner, negated) => {
                let bound = self.expr(inner)?;
                Ok(self.is_null(bound, *negated))
            }
            ExprKind::IsTruth(inner, truth, negated) => {
                let bound = self.expr(inner)?;
                let what = match (truth, negated) {
                    (Truth::True, false) => "IS TRUE",
                    (Truth::True, true) => "IS NOT TRUE",
                    (Truth::False, false) => "IS FALSE",
                    (Truth::False, true) => "IS NOT FALSE",
                    (Truth::Unknown, false) => "IS UNKNOWN",
                    (Truth::Unknown, true) => "IS NOT UNKNOWN",
                };
                let bound = self.coerce_bool(bound, inner.pos, what)?;
                let test = match truth {
                    Truth::Unknown => Expr::IsNull(Box::new(bound)),
                    // x IS TRUE is x IS NOT DISTINCT FROM true.
                    truth => Expr::IsDistinct {
                        left: Box::new(bound),
                        right: Box::new(Expr::bool(*truth == Truth::True)),
                        negated: true,
                    },
                };
                Ok(if *negated { Expr::Not(Box::new(test)) } else { test })
            }
            ExprKind::IsDistinct(left, right, negated) => self.is_distinct(left, right, *negated, pos),
            ExprKind::Between { expr, low, high, negated, symmetric } => {
                let op = |symbol: &str| OpName { symbol: symbol.into(), schema: None, pos };
                let test = |low: &ast::Expr, high: &ast::Expr, b: &mut Self| -> Result<Expr> {
                    if *negated {
                        Ok(Expr::Or(vec![b.binary(&op("<"), expr, low)?, b.binary(&op(">"), expr, high)?]))
                    } else {
                        Ok(Expr::And(vec![b.binary(&op(">="), expr, low)?, b.binary(&op("<="), expr, high)?]))
                    }
                };
                if !symmetric {
                    return test(low, high, self);
                }
                let (a, b) = (test(low, high, self)?, test(high, low, self)?);
                Ok(if *negated { Expr::And(vec![a, b]) } else { Expr::Or(vec![a, b]) })
            }
            ExprKind::Like { kind, expr, pattern, escape, negated } => {
                let symbol = match (kind, negated) {
                    (LikeKind::Like, false) => "~~",
                    (LikeKind::Like, true) => "!~~",
                    (LikeKind::ILike, false) => "~~*",
                    (LikeKind::ILike, true) => "!~~*",
                    (LikeKind::Similar, false) => "~",
                    (LikeKind::Similar, true) => "!~",
                };
                let op = OpName { symbol: symbol.into(), schema: None, pos };
                let left = self.expr(expr)?;
                let mut right = self.expr(pattern)?;
                let function = match (kind, escape) {
                    (LikeKind::Similar, _) => Some("similar_to_escape"),
                    (_, Some(_)) => Some("like_escape"),
                    (_, None) => None,
                };
                if let Some(function) = function {
                    let mut args = vec![(right, pattern.pos)];
                    if let Some(escape) = escape {
                        args.push((self.expr(escape)?, escape.pos));
                    }
                    right = self.function_by_name(function, args, pos)?;
                }
                self.operator_call(&op, vec![(left, expr.pos), (right, pattern.pos)])
            }
            ExprKind::InList(left, list, negated) => self.in_list(left, list, *negated, pos),
            ExprKind::InQuery(left, query, negated) => {
                let op = OpName { symbol: "=".into(), schema: None, pos };
                let found = self.any_query(left, &op, false, query, pos)?;
                Ok(if *negated { Expr::Not(Box::new(found)) } else { found })
            }
            ExprKind::AnyAll { left, op, all, right } => match right {
                AnyRight::Query(query) => self.any_query(left, op, *all, query, pos),
                AnyRight::Array(array) => self.any_array(left, op, *all, array, pos),
            },
            ExprKind::Exists(query) => {
                let inner = self.subquery(query, pos)?;
                let out = self.new_col("exists", ColumnType::plain(Type::Bool));
                self.level().pending.push(Pending { inner, kind: ApplyUse::Exists(out) });
                Ok(self.column(out))
            }
            ExprKind::Subquery(query) => {
                let inner = self.subquery(query, pos)?;
                let [only] = inner.cols()[..] else {
                    return Err(Error::new(sqlstate::SYNTAX_ERROR, "subquery must return only one column")
                        .at(pos as usize));
                };
                let ty = self.cols[only as usize].ty;
                let name = self.cols[only as usize].name.clone();
                let out = self.new_col(name, ty);
                self.level().pending.push(Pending { inner, kind: ApplyUse::Scalar(out) });
                Ok(self.column(out))
            }
            ExprKind::ArrayQuery(query) => {
                let inner = self.subquery(query, pos)?;
                let [only] = inner.cols()[..] else {
                    return Err(Error::new(sqlstate::SYNTAX_ERROR, "subquery must return only one column")
                        .at(pos as usize));
                };
                let ty = self.cols[only as usize].ty;
                let Some(array @ Type::Array(element)) = ty.ty.array_of() else {
                    return Err(Error::new(
                        sqlstate::UNDEFINED_OBJECT,
                        format!("could not find array type for data type {}", ty.ty),
                    )
                    .at(pos as usize));
                };
                let out = self.new_col("array", ColumnType { ty: array, typmod: ty.typmod });
                self.level().pending.push(Pending { inner, kind: ApplyUse::Array(out, element) });
                Ok(self.column(out))
            }
            ExprKind::Array(items) => self.array(items, pos, None),
            ExprKind::Row(items) => {
                let mut out = Vec::with_capacity(items.len());
                for item in items {
                    match (&item.kind, self.expr(item)?) {
                        // ROW(t.*) has the fields of t.
                        (ExprKind::Star(_), Expr::Row(fields)) => out.extend(fields),
                        (_, bound) => out.push(self.resolve_unknown(bound)?),
                    }
                }
                Ok(Expr::Row(out))
            }
            ExprKind::Case { operand, whens, otherwise } => {
                self.case(operand.as_deref(), whens, otherwise.as_deref(), pos)
            }
            ExprKind::Function(call) => self.call(call, pos),
            ExprKind::Coalesce(items) => {
                let sets = self.level().sets.len();
                let (items, ty) = self.unified(items, "COALESCE")?;
                self.no_new_sets(sets, "COALESCE", pos)?;
                Ok(Expr::Coalesce(items, ty))
            }
            ExprKind::MinMax(greatest, items) => {
                let (args, ty) = self.unified(items, if *greatest { "GREATEST" } else { "LEAST" })?;
                if datum::function::comparison(datum::function::Comparison::Lt, ty).is_none() {
                    return Err(Error::new(
                        sqlstate::UNDEFINED_FUNCTION,
                        format!("could not identify a comparison function for type {ty}"),
                    )
                    .at(pos as usize));
                }
                Ok(Expr::MinMax { greatest: *greatest, args, ty })
            }
            ExprKind::NullIf(a, b) => {
                let (left, right) = (self.expr(a)?, self.expr(b)?);
                let op = OpName { symbol: "=".into(), schema: None, pos };
                let test = self.operator_call(&op, vec![(left, a.pos), (right, b.pos)])?;
                // The result has the left operand's type as the operator has it; the value is not coerced for unknown.
                let value = match &test {
                    Expr::Call { args, .. } => args[0].clone(),
                    _ => self.expr(a)?,
                };
                let value = match value {
                    Expr::Cast { expr, explicit: false, .. } => *expr,
                    other => other,
                };
                let ty = value.ty();
                Ok(Expr::Case {
                    whens: vec![(test, Expr::Const(Datum::Null, ty))],
                    otherwise: Some(Box::new(value)),
                    ty,
                })
            }
            ExprKind::Subscript(array, subscripts) => self.subscript(array, subscripts, pos),
            ExprKind::Field(inner, name) => {
                // `(t).a` is `t.a`.
                if let ExprKind::Column(table) = &inner.kind
                    && table.len() == 1
                    && self.resolve_star(table, inner.pos).is_ok()
                {
                    let full = vec![table[0].clone(), name.clone()];
                    if let Found::Column(id) = self.resolve(&full, name.pos)? {
                        return Ok(self.column(id));
                    }
                }
                let whole = self.expr(inner)?;
                if let Expr::Column(id, _) = &whole
                    && let Some(fields) = self.cols[*id as usize].fields.clone()
                    && let Some(at) = fields.iter().position(|(field, _)| *field == name.text)
                {
                    return Ok(Expr::Field(Box::new(whole), at as u32, fields[at].1));
                }
                Err(Error::new(
                    sqlstate::UNDEFINED_COLUMN,
                    format!("could not identify column \"{}\" in record data type", name.text),
                )
                .at(name.pos as usize))
            }
            ExprKind::FieldStar(_) => Err(Error::new(
                sqlstate::FEATURE_NOT_SUPPORTED,
                "row expansion via \"*\" is not supported here",
            )
            .at(pos as usize)),
            ExprKind::Collate(inner, name) => {
                let bound = self.expr(inner)?;
                let Some(collation) = name.last() else { return Ok(bound) };
                if !matches!(
                    &*collation.text,
                    "default"
                        | "C"
                        | "POSIX"
                        | "ucs_basic"
                        | "en_US"
                        | "en_US.utf8"
                        | "C.utf8"
                        | "C.UTF-8"
                        | "unicode"
                        | "und-x-icu"
                ) {
                    return Err(Error::new(
                        sqlstate::UNDEFINED_OBJECT,
                        format!("collation \"{}\" for encoding \"UTF8\" does not exist", collation.text),
                    )
                    .at(pos as usize));
                }
                let bound = self.resolve_unknown(bound)?;
                if bound.ty().facts().collation == 0 {
                    return Err(Error::new(
                        sqlstate::DATATYPE_MISMATCH,
                        format!("collations are not supported by type {}", bound.ty()),
                    )
                    .at(pos as usize));
                }
                Ok(bound)
            }
            ExprKind::SqlValue(what, precision) => self.sql_value(*what, *precision, pos),
            ExprKind::Grouping(items) => self.grouping(items, pos),
            ExprKind::Default => {
                Err(Error::new(sqlstate::SYNTAX_ERROR, "DEFAULT is not allowed in this context")
                    .at(pos as usize))
            }
            ExprKind::CurrentOf(_) => Err(Error::unsupported("WHERE CURRENT OF").at(pos as usize)),
            ExprKind::Bound(id) => Ok(self.column(*id)),
        }
    }

    /// IS NULL of a value or, field by field, of a row.
    fn is_null(&mut self, value: Expr, negated: bool) -> Expr {
        if let Expr::Row(items) = value {
            let tests = items
                .into_iter()
                .map(|e| {
                    let test = Expr::IsNull(Box::new(e));
                    if negated { Expr::Not(Box::new(test)) } else { test }
                })
                .collect::<Vec<_>>();
            return Expr::And(tests);
        }
        let value = match value {
            Expr::Const(v, Type::Unknown) => Expr::Const(v, Type::Text),
            Expr::Param(i, Type::Unknown) => {
                self.set_param(i, Type::Text);
                Expr::Param(i, Type::Text)
            }
            other => other,
        };
        let test = Expr::IsNull(Box::new(value));
        if negated { Expr::Not(Box::new(test)) } else { test }
    }

    fn bools(&mut self, items: &[ast::Expr], what: &str) -> Result<Vec<Expr>> {
        let mut out = Vec::with_capacity(items.len());
        for item in items {
            let bound = self.expr(item)?;
            out.push(self.coerce_bool(bound, item.pos, what)?);
        }
        Ok(out)
    }

    /// Several expressions made one type.
    pub(crate) fn unified(&mut self, items: &[ast::Expr], what: &str) -> Result<(Vec<Expr>, Type)> {
        let mut bound = Vec::with_capacity(items.len());
        for item in items {
            bound.push(self.expr(item)?);
        }
        let pairs: Vec<(&Expr, Pos)> = bound.iter().zip(items).map(|(b, i)| (b, i.pos)).collect();
        let ty = self.common_type(&pairs, what)?;
        let mut out = Vec::with_capacity(items.len());
        for (expr, item) in bound.into_iter().zip(items) {
            out.push(self.coerce(expr, item.pos, ty)?);
        }
        Ok((out, ty))
    }

    fn cast(&mut self, inner: &ast::Expr, ty: &ast::TypeName, pos: Pos) -> Result<Expr> {
        let to = self.resolve_type(ty)?;
        // ARRAY[…]::type[]: the elements are cast one by one.
        if let (ExprKind::Array(items), Some(element)) = (&inner.kind, to.element()) {
            let array = self.array(items, inner.pos, Some(element))?;
            return Ok(array);
        }
        let bound = self.expr(inner)?;
        let from = bound.ty();
        // A literal's own place is where its input function complains.
        let at = if matches!(bound, Expr::Const(_, Type::Unknown)) { inner.pos } else { pos };
        match self.try_coerce(bound, at, to, Coercion::Explicit)? {
            Some(found) => Ok(found),
            None => Err(Error::new(sqlstate::CANNOT_COERCE, format!("cannot cast type {from} to {}", to.ty))
                .at(pos as usize)),
        }
    }

    fn binary(&mut self, op: &OpName, left: &ast::Expr, right: &ast::Expr) -> Result<Expr> {
        if let (ExprKind::Row(a), ExprKind::Row(b)) = (&left.kind, &right.kind) {
            return self.compare_rows(op, a, b);
        }
        if let (ExprKind::Row(a), ExprKind::Subquery(query)) = (&left.kind, &right.kind)
            && a.len() > 1
        {
            return self.row_query(a, op, query, right.pos);
        }
        let l = self.expr(left)?;
        let r = self.expr(right)?;
        if let (Expr::Row(a), Expr::Row(b)) = (&l, &r)
            && matches!(op.symbol.as_str(), "=" | "<>" | "<" | "<=" | ">" | ">=")
        {
            let a: Vec<(Expr, Pos)> = a.iter().map(|e| (e.clone(), left.pos)).collect();
            let b: Vec<(Expr, Pos)> = b.iter().map(|e| (e.clone(), right.pos)).collect();
            return self.compare_bound_rows(op, a, b);
        }
        self.operator_call(op, vec![(l, left.pos), (r, right.pos)])
    }

    fn compare_rows(&mut self, op: &OpName, a: &[ast::Expr], b: &[ast::Expr]) -> Result<Expr> {
        if a.len() != b.len() {
            return Err(Error::new(sqlstate::SYNTAX_ERROR, "unequal number of entries in row expressions")
                .at(op.pos as usize));
        }
        if a.is_empty() {
            return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, "cannot compare rows of zero length")
                .at(op.pos as usize));
        }
        let mut bind = |items: &[ast::Expr]| -> Result<Vec<(Expr, Pos)>> {
            items.iter().map(|i| Ok((self.expr(i)?, i.pos))).collect()
        };
        let (a, b) = (bind(a)?, bind(b)?);
        self.compare_bound_rows(op, a, b)
    }

    /// `(a, b) < (c, d)`, field by field.
    pub(crate) fn compare_bound_rows(
        &mut self,
        op: &OpName,
        a: Vec<(Expr, Pos)>,
        b: Vec<(Expr, Pos)>,
    ) -> Result<Expr> {
        if a.len() != b.len() {
            return Err(Error::new(sqlstate::SYNTAX_ERROR, "unequal number of entries in row expressions")
                .at(op.pos as usize));
        }
        let symbol = op.symbol.as_str();
        match symbol {
            "=" | "<>" => {
                let mut tests = Vec::with_capacity(a.len());
                for (x, y) in a.into_iter().zip(b) {
                    tests.push(self.operator_call(op, vec![x, y])?);
                }
                Ok(match (tests.len(), symbol) {
                    (1, _) => tests.remove(0),
                    (_, "=") => Expr::And(tests),
                    _ => Expr::Or(tests),
                })
            }
            "<" | "<=" | ">" | ">=" => {
                // x1 < y1 OR (x1 = y1 AND (x2 < y2 OR …)); only the last one keeps the = of <=.
                let strict = OpName { symbol: symbol[..1].into(), schema: None, pos: op.pos };
                let equal = OpName { symbol: "=".into(), schema: None, pos: op.pos };
                let mut out: Option<Expr> = None;
                for (x, y) in a.into_iter().zip(b).rev() {
                    out = Some(match out {
                        None => self.operator_call(op, vec![x, y])?,
                        Some(rest) => {
                            let less = self.operator_call(&strict, vec![x.clone(), y.clone()])?;
                            let same = self.operator_call(&equal, vec![x, y])?;
                            Expr::Or(vec![less, Expr::And(vec![same, rest])])
                        }
                    });
                }
                out.ok_or_else(|| Error::internal("rows are not empty"))
            }
            other => Err(Error::new(
                sqlstate::FEATURE_NOT_SUPPORTED,
                format!("could not determine interpretation of row comparison operator {other}"),
            )
            .hint("Row comparison operators must be associated with btree operator families.")
            .at(op.pos as usize)),
        }
    }

    fn is_distinct(&mut self, left: &ast::Expr, right: &ast::Expr, negated: bool, pos: Pos) -> Result<Expr> {
        if let (ExprKind::Row(a), ExprKind::Row(b)) = (&left.kind, &right.kind)
            && a.len() == b.len()
            && !a.iter().chain(b).any(|e| matches!(e.kind, ExprKind::Star(_)))
        {
            let mut tests = Vec::with_capacity(a.len());
            for (x, y) in a.iter().zip(b) {
                tests.push(self.is_distinct(x, y, negated, pos)?);
            }
            return Ok(if negated { Expr::And(tests) } else { Expr::Or(tests) });
        }
        let l = self.expr(left)?;
        let r = self.expr(right)?;
        // NULL literals: IS NULL.
        for (x, other) in [(&l, &r), (&r, &l)] {
            if matches!(x, Expr::Const(Datum::Null, Type::Unknown)) {
                let other = other.clone();
                return Ok(self.is_null(other, !negated));
            }
        }
        if let (Expr::Row(a), Expr::Row(b)) = (&l, &r) {
            if a.len() != b.len() {
                return Err(Error::new(
                    sqlstate::SYNTAX_ERROR,
                    "unequal number of entries in row expressions",
                )
                .at(pos as usize));
            }
            let pairs: Vec<(Expr, Expr)> = a.iter().cloned().zip(b.iter().cloned()).collect();
            let mut tests = Vec::new();
            for (x, y) in pairs {
                tests.push(self.distinct_values(x, left.pos, y, right.pos, negated, pos)?);
            }
            return Ok(if negated { Expr::And(tests) } else { Expr::Or(tests) });
        }
        self.distinct_values(l, left.pos, r, right.pos, negated, pos)
    }

    fn distinct_values(
        &mut self,
        l: Expr,
        lp: Pos,
        r: Expr,
        rp: Pos,
        negated: bool,
        pos: Pos,
    ) -> Result<Expr> {
        let op = OpName { symbol: "=".into(), schema: None, pos };
        // The = operator says which types are compared.
        match self.operator_call(&op, vec![(l, lp), (r, rp)])? {
            Expr::Call { mut args, .. } if args.len() == 2 => {
                let (Some(right), Some(left)) = (args.pop(), args.pop()) else {
                    return Err(Error::internal("= has two operands"));
                };
                let (left, right) = if left.ty() == right.ty() {
                    (left, right)
                } else {
                    let ty = super::coerce::common(&[left.ty(), right.ty()]).unwrap_or(left.ty());
                    (self.coerce(left, lp, ty)?, self.coerce(right, rp, ty)?)
                };
                Ok(Expr::IsDistinct { left: Box::new(left), right: Box::new(right), negated })
            }
            other => Ok(other),
        }
    }

    fn in_list(&mut self, left: &ast::Expr, list: &[ast::Expr], negated: bool, pos: Pos) -> Result<Expr> {
        let op = OpName { symbol: "=".into(), schema: None, pos };
        let is_row =
            matches!(left.kind, ExprKind::Row(_)) || list.iter().any(|i| matches!(i.kind, ExprKind::Row(_)));
        if !is_row {
            let l = self.expr(left)?;
            let mut items = Vec::with_capacity(list.len());
            for item in list {
                items.push((self.expr(item)?, item.pos));
            }
            if !matches!(l, Expr::Row(_)) {
                // One common type makes it a set; else it is a chain of OR.
                let mut types = vec![l.ty()];
                types.extend(items.iter().map(|(e, _)| e.ty()));
                let known: Vec<Type> = types.iter().copied().filter(|t| *t != Type::Unknown).collect();
                let ty = super::coerce::common(&types);
                // Array elements as members: `x IN (a)` where both are arrays is fine too.
                if let Some(ty) = ty
                    && (known.is_empty()
                        || datum::function::comparison(datum::function::Comparison::Eq, ty).is_some())
                {
                    let l = self.coerce(l, left.pos, ty)?;
                    let mut out = Vec::with_capacity(items.len());
                    for (item, at) in items {
                        out.push(self.coerce(item, at, ty)?);
                    }
                    let found = if out.len() == 1
                        && let Some(only) = out.pop()
                    {
                        self.operator_call(&op, vec![(l, left.pos), (only, pos)])?
                    } else {
                        Expr::In { left: Box::new(l), list: Arc::new(InList::new(out)) }
                    };
                    return Ok(if negated { Expr::Not(Box::new(found)) } else { found });
                }
                let mut tests = Vec::with_capacity(items.len());
                for (item, at) in items {
                    tests.push(self.operator_call(&op, vec![(l.clone(), left.pos), (item, at)])?);
                }
                let found = Expr::Or(tests);
                return Ok(if negated { Expr::Not(Box::new(found)) } else { found });
            }
        }
        let mut tests = Vec::with_capacity(list.len());
        for item in list {
            tests.push(self.binary(&op, left, item)?);
        }
        let found = if tests.len() == 1 { tests.remove(0) } else { Expr::Or(tests) };
        Ok(if negated { Expr::Not(Box::new(found)) } else { found })
    }

    /// A subquery as a relation of its own.
    pub(crate) fn subquery(&mut self, query: &ast::Query, pos: Pos) -> Result<Rel> {
        if let Some(what) = self.level().clause.no_subquery() {
            return Err(Error::new(
                sqlstate::FEATURE_NOT_SUPPORTED,
                format!("cannot use subquery in {what}"),
            )
            .at(pos as usize));
        }
        let lateral = std::mem::replace(&mut self.lateral, true);
        let out = self.query(query);
        self.lateral = lateral;
        let mut rel = out?;
        self.settle_unknown(&mut rel)?;
        Ok(rel)
    }

    /// `left op ANY/ALL (subquery)`; `left` may be a row.
    fn any_query(
        &mut self,
        left: &ast::Expr,
        op: &OpName,
        all: bool,
        query: &ast::Query,
        pos: Pos,
    ) -> Result<Expr> {
        let lefts: Vec<(Expr, Pos)> = match &left.kind {
            ExprKind::Row(items) => {
                items.iter().map(|i| Ok((self.expr(i)?, i.pos))).collect::<Result<_>>()?
            }
            _ => vec![(self.expr(left)?, left.pos)],
        };
        let inner = self.subquery(query, pos)?;
        let cols = inner.cols();
        if cols.len() != lefts.len() {
            let message = if cols.len() > lefts.len() {
                "subquery has too many columns"
            } else {
                "subquery has too few columns"
            };
            return Err(Error::new(sqlstate::SYNTAX_ERROR, message).at(pos as usize));
        }
        let rights: Vec<(Expr, Pos)> = cols.iter().map(|id| (self.column(*id), NO_POS)).collect();
        let test = if lefts.len() == 1 {
            let pairs: Vec<(Expr, Pos)> = lefts.into_iter().chain(rights).collect();
            self.operator_call(op, pairs)?
        } else {
            self.compare_bound_rows(op, lefts, rights)?
        };
        if test.ty() != Type::Bool {
            return Err(Error::new(
                sqlstate::WRONG_OBJECT_TYPE,
                "op ANY/ALL (array) requires operator to yield boolean",
            )
            .at(pos as usize));
        }
        let out = self.new_col("?column?", ColumnType::plain(Type::Bool));
        self.level().pending.push(Pending { inner, kind: ApplyUse::Any { out, test, all } });
        Ok(self.column(out))
    }

    /// `(a, b) op (SELECT x, y …)`: the one row of a subquery.
    fn row_query(&mut self, left: &[ast::Expr], op: &OpName, query: &ast::Query, pos: Pos) -> Result<Expr> {
        let lefts: Vec<(Expr, Pos)> =
            left.iter().map(|i| Ok((self.expr(i)?, i.pos))).collect::<Result<_>>()?;
        let row = self.subquery_row(query, lefts.len(), pos)?;
        self.compare_bound_rows(op, lefts, row.into_iter().map(|e| (e, pos)).collect())
    }

    /// The columns of a subquery that gives one row (NULLs for none, 21000 for several).
    pub(crate) fn subquery_row(&mut self, query: &ast::Query, width: usize, pos: Pos) -> Result<Vec<Expr>> {
        let inner = self.subquery(query, pos)?;
        let cols = inner.cols();
        if cols.len() != width {
            let message = if cols.len() > width {
                "subquery has too many columns"
            } else {
                "subquery has too few columns"
            };
            return Err(Error::new(sqlstate::SYNTAX_ERROR, message).at(pos as usize));
        }
        let fields: Vec<Expr> = cols.iter().map(|id| self.column(*id)).collect();
        let types: Vec<Type> = fields.iter().map(Expr::ty).collect();
        let record = self.new_col("row", ColumnType::plain(Type::Record));
        let rel = Rel::Project { input: Box::new(inner), exprs: vec![(record, Expr::Row(fields))] };
        let out = self.new_col("row", ColumnType::plain(Type::Record));
        self.level().pending.push(Pending { inner: rel, kind: ApplyUse::Scalar(out) });
        let whole = self.column(out);
        Ok(types
            .into_iter()
            .enumerate()
            .map(|(i, ty)| Expr::Field(Box::new(whole.clone()), i as u32, ty))
            .collect())
    }

    fn any_array(
        &mut self,
        left: &ast::Expr,
        op: &OpName,
        all: bool,
        array: &ast::Expr,
        pos: Pos,
    ) -> Result<Expr> {
        let l = self.expr(left)?;
        let r = self.expr(array)?;
        let element = match r.ty() {
            Type::Unknown => Type::Unknown,
            ty => match ty.element() {
                Some(element) => element,
                None => {
                    return Err(Error::new(
                        sqlstate::WRONG_OBJECT_TYPE,
                        "op ANY/ALL (array) requires array on right side",
                    )
                    .at(pos as usize));
                }
            },
        };
        let (function, types) = self.choose_operator(op, &[l.ty(), element])?;
        if datum::function::return_type(function.ret, function.args, &types) != Some(Type::Bool) {
            return Err(Error::new(
                sqlstate::WRONG_OBJECT_TYPE,
                "op ANY/ALL (array) requires operator to yield boolean",
            )
            .at(pos as usize));
        }
        let l = self.coerce(l, left.pos, types[0])?;
        let wanted = types[1].array_of().ok_or_else(|| {
            Error::new(
                sqlstate::UNDEFINED_OBJECT,
                format!("could not find array type for data type {}", types[1]),
            )
        })?;
        let r = if r.ty() == wanted || r.ty().element() == Some(types[1]) {
            r
        } else {
            self.coerce(r, array.pos, wanted)?
        };
        Ok(Expr::AnyAll { left: Box::new(l), function, array: Box::new(r), all })
    }

    /// ARRAY[…] with elements of their common type, or cast to a given one.
    fn array(&mut self, items: &[ast::Expr], pos: Pos, element: Option<ColumnType>) -> Result<Expr> {
        let mut bound = Vec::with_capacity(items.len());
        for item in items {
            if matches!(item.kind, ExprKind::Array(_)) {
                return Err(Error::unsupported("an array of more than one dimension").at(item.pos as usize));
            }
            bound.push(self.expr(item)?);
        }
        if let Some(to) = element {
            let mut out = Vec::with_capacity(items.len());
            for (expr, item) in bound.into_iter().zip(items) {
                let from = expr.ty();
                match self.try_coerce(expr, item.pos, to, Coercion::Explicit)? {
                    Some(e) => out.push(e),
                    None => {
                        return Err(Error::new(
                            sqlstate::CANNOT_COERCE,
                            format!("cannot cast type {from} to {}", to.ty),
                        )
                        .at(item.pos as usize));
                    }
                }
            }
            let Some(Type::Array(element)) = to.ty.array_of() else {
                return Err(Error::internal("an array type has an element type"));
            };
            return Ok(Expr::Array(out, element));
        }
        if items.is_empty() {
            return Err(Error::new(sqlstate::INDETERMINATE_DATATYPE, "cannot determine type of empty array")
                .hint("Explicitly cast to the desired type, for example ARRAY[]::integer[].")
                .at(pos as usize));
        }
        let pairs: Vec<(&Expr, Pos)> = bound.iter().zip(items).map(|(b, i)| (b, i.pos)).collect();
        let ty = self.common_type(&pairs, "ARRAY")?;
        if ty.element().is_some() {
            return Err(Error::unsupported("an array of more than one dimension").at(pos as usize));
        }
        let Some(Type::Array(element)) = ty.array_of() else {
            return Err(Error::new(
                sqlstate::UNDEFINED_OBJECT,
                format!("could not find array type for data type {ty}"),
            )
            .at(pos as usize));
        };
        let mut out = Vec::with_capacity(items.len());
        for (expr, item) in bound.into_iter().zip(items) {
            out.push(self.coerce(expr, item.pos, ty)?);
        }
        Ok(Expr::Array(out, element))
    }

    fn case(
        &mut self,
        operand: Option<&ast::Expr>,
        whens: &[(ast::Expr, ast::Expr)],
        otherwise: Option<&ast::Expr>,
        pos: Pos,
    ) -> Result<Expr> {
        let operand = match operand {
            Some(o) => {
                let bound = self.expr(o)?;
                Some((self.resolve_unknown(bound)?, o.pos))
            }
            None => None,
        };
        let sets = self.level().sets.len();
        let mut conditions = Vec::with_capacity(whens.len());
        let mut values = Vec::with_capacity(whens.len() + 1);
        for (when, then) in whens {
            let condition = self.expr(when)?;
            conditions.push(match &operand {
                Some((o, at)) => {
                    let op = OpName { symbol: "=".into(), schema: None, pos };
                    self.operator_call(&op, vec![(o.clone(), *at), (condition, when.pos)])?
                }
                None => self.coerce_bool(condition, when.pos, "CASE/WHEN")?,
            });
            values.push((self.expr(then)?, then.pos));
        }
        let default = match otherwise {
            Some(e) => Some((self.expr(e)?, e.pos)),
            None => None,
        };
        self.no_new_sets(sets, "CASE", pos)?;
        // PostgreSQL looks at ELSE first.
        let ty = {
            let pairs: Vec<(&Expr, Pos)> = default.iter().chain(&values).map(|(e, p)| (e, *p)).collect();
            self.common_type(&pairs, "CASE")?
        };
        let mut out = Vec::with_capacity(whens.len());
        for (condition, (value, at)) in conditions.into_iter().zip(values) {
            out.push((condition, self.coerce(value, at, ty)?));
        }
        let otherwise = match default {
            Some((e, at)) => Some(Box::new(self.coerce(e, at, ty)?)),
            None => None,
        };
        Ok(Expr::Case { whens: out, otherwise, ty })
    }

    /// Whether a branch is taken hangs on the row, so that what makes rows cannot stand in one.
    fn no_new_sets(&mut self, before: usize, what: &str, pos: Pos) -> Result<()> {
        if self.level().sets.len() == before {
            return Ok(());
        }
        Err(Error::new(
            sqlstate::FEATURE_NOT_SUPPORTED,
            format!("set-returning functions are not allowed in {what}"),
        )
        .hint("You might be able to move the set-returning function into a LATERAL FROM item.")
        .at(pos as usize))
    }

    fn subscript(&mut self, array: &ast::Expr, subscripts: &[ast::Subscript], pos: Pos) -> Result<Expr> {
        let mut value = self.expr(array)?;
        for subscript in subscripts {
            let ty = value.ty();
            if ty == Type::Jsonb {
                let ast::Subscript::Index(index) = subscript else {
                    return Err(Error::new(
                        sqlstate::DATATYPE_MISMATCH,
                        "jsonb subscript does not support slices",
                    )
                    .at(pos as usize));
                };
                let key = self.expr(index)?;
                let key = if matches!(key.ty(), Type::Int2 | Type::Int4 | Type::Int8) {
                    self.coerce_assignment(key, index.pos, ColumnType::plain(Type::Int4), "subscript")?
                } else {
                    self.coerce(key, index.pos, Type::Text)?
                };
                let op = OpName { symbol: "->".into(), schema: None, pos };
                value = self.operator_call(&op, vec![(value, pos), (key, index.pos)])?;
                continue;
            }
            let Some(element) = ty.element() else {
                return Err(Error::new(
                    sqlstate::DATATYPE_MISMATCH,
                    format!("cannot subscript type {ty} because it does not support subscripting"),
                )
                .at(pos as usize));
            };
            let mut bound = |e: &ast::Expr| -> Result<Expr> {
                let found = self.expr(e)?;
                self.coerce_to(found, e.pos, Type::Int4, "array subscript").map_err(|_| {
                    Error::new(sqlstate::DATATYPE_MISMATCH, "array subscript must have type integer")
                        .at(e.pos as usize)
                })
            };
            value = match subscript {
                ast::Subscript::Index(index) => {
                    let index = Box::new(bound(index)?);
                    Expr::Subscript { array: Box::new(value), index, ty: element }
                }
                ast::Subscript::Slice(lower, upper) => {
                    let lower = lower.as_ref().map(|e| bound(e)).transpose()?.map(Box::new);
                    let upper = upper.as_ref().map(|e| bound(e)).transpose()?.map(Box::new);
                    Expr::Slice { array: Box::new(value), lower, upper, ty }
                }
            };
        }
        Ok(value)
    }

    fn sql_value(&mut self, what: SqlValue, precision: Option<i32>, pos: Pos) -> Result<Expr> {
        let precision = precision.map_or(-1, |p| p.clamp(0, 6));
        let (function, cast) = match what {
            SqlValue::CurrentTimestamp => ("now", (precision >= 0).then_some(Type::TimestampTz)),
            SqlValue::CurrentDate => ("now", Some(Type::Date)),
            SqlValue::CurrentTime => ("now", Some(Type::TimeTz)),
            SqlValue::LocalTime => ("now", Some(Type::Time)),
            SqlValue::LocalTimestamp => ("now", Some(Type::Timestamp)),
            SqlValue::CurrentUser | SqlValue::CurrentRole | SqlValue::User => ("current_user", None),
            SqlValue::SessionUser => ("session_user", None),
            SqlValue::CurrentCatalog => ("current_database", None),
            SqlValue::CurrentSchema => ("current_schema", None),
        };
        let call = self.function_by_name(function, Vec::new(), pos)?;
        Ok(match cast {
            Some(ty) => {
                let typmod = if ty == Type::Date { -1 } else { precision };
                Expr::Cast { expr: Box::new(call), to: ColumnType { ty, typmod }, explicit: true }
            }
            None => call,
        })
    }

    fn grouping(&mut self, items: &[ast::Expr], pos: Pos) -> Result<Expr> {
        if items.len() > 31 {
            return Err(Error::new(
                sqlstate::TOO_MANY_ARGUMENTS,
                "GROUPING must have fewer than 32 arguments",
            )
            .at(pos as usize));
        }
        if !self.level().clause.aggregates() {
            let name = self.level().clause.name();
            return Err(Error::new(
                sqlstate::GROUPING_ERROR,
                format!("grouping operations are not allowed in {name}"),
            )
            .at(pos as usize));
        }
        let mut args = Vec::with_capacity(items.len());
        for item in items {
            args.push(self.expr(item)?);
        }
        let out = self.new_col("grouping", ColumnType::plain(Type::Int4));
        self.level().aggs.grouping.push((out, args, pos));
        Ok(self.column(out))
    }

    /// A type name with its modifiers.
    pub(crate) fn resolve_type(&mut self, ty: &ast::TypeName) -> Result<ColumnType> {
        let at = ty.pos as usize;
        let missing = || {
            let name: Vec<&str> = ty.name.iter().map(|n| n.text.as_str()).collect();
            Error::new(sqlstate::UNDEFINED_OBJECT, format!("type \"{}\" does not exist", name.join(".")))
                .at(at)
        };
        let base = match ty.name.as_slice() {
            [name] if name.text == "char" => Some(Type::Char),
            [name] => Type::from_name(&name.text),
            [schema, name] if schema.text == "pg_catalog" => {
                if name.text == "char" {
                    Some(Type::Char)
                } else {
                    Type::from_name(&name.text)
                }
            }
            _ => None,
        }
        .ok_or_else(missing)?;
        if base == Type::Unknown || base == Type::Void {
            return Err(Error::new(
                sqlstate::INVALID_TABLE_DEFINITION,
                format!("type \"{base}\" is a pseudo-type"),
            )
            .at(at));
        }
        let mut numbers = Vec::with_capacity(ty.modifiers.len());
        for modifier in &ty.modifiers {
            match &modifier.kind {
                ExprKind::Integer(text) => match text.parse::<i32>() {
                    Ok(n) => numbers.push(n),
                    Err(_) => {
                        return Err(Error::new(
                            sqlstate::INVALID_PARAMETER_VALUE,
                            "type modifier is out of range",
                        )
                        .at(at));
                    }
                },
                _ => {
                    return Err(Error::new(
                        sqlstate::SYNTAX_ERROR,
                        "type modifiers must be simple constants or identifiers",
                    )
                    .at(at));
                }
            }
        }
        let scalar = base.element().filter(|_| matches!(base, Type::Array(_))).unwrap_or(base);
        let bad = |message: String| Err(Error::new(sqlstate::INVALID_PARAMETER_VALUE, message).at(at));
        let typmod = match (scalar, numbers.as_slice()) {
            (Type::Interval, rest) => {
                if ty.interval_fields < 0 && rest.is_empty() {
                    -1
                } else {
                    let fields = if ty.interval_fields < 0 { 0x7fff } else { ty.interval_fields };
                    let precision = match rest {
                        [] => 0xffff,
                        [p] if *p < 0 => return bad(format!("INTERVAL({p}) precision must not be negative")),
                        [p] => (*p).min(6),
                        _ => return bad("invalid INTERVAL type modifier".into()),
                    };
                    (fields << 16) | precision
                }
            }
            (_, []) => -1,
            (Type::Varchar | Type::Bpchar, [n]) => {
                let name = if scalar == Type::Varchar { "varchar" } else { "char" };
                if *n < 1 {
                    return bad(format!("length for type {name} must be at least 1"));
                }
                if *n > 10_485_760 {
                    return bad(format!("length for type {name} cannot exceed 10485760"));
                }
                n + 4
            }
            (Type::Numeric, [p, rest @ ..]) if rest.len() <= 1 => {
                let scale = rest.first().copied().unwrap_or(0);
                if !(1..=1000).contains(p) {
                    return bad(format!("NUMERIC precision {p} must be between 1 and 1000"));
                }
                if !(-1000..=1000).contains(&scale) {
                    return bad(format!("NUMERIC scale {scale} must be between -1000 and 1000"));
                }
                ColumnType::numeric(*p, scale).typmod
            }
            (Type::Time | Type::TimeTz | Type::Timestamp | Type::TimestampTz, [p]) => {
                if *p < 0 {
                    return bad(format!(
                        "{}({p}) precision must not be negative",
                        scalar.pg_name().to_uppercase()
                    ));
                }
                (*p).min(6)
            }
            _ => {
                return Err(Error::new(
                    sqlstate::SYNTAX_ERROR,
                    format!("type modifier is not allowed for type \"{}\"", scalar.pg_name()),
                )
                .at(at));
            }
        };
        let full = if ty.array {
            base.array_of().ok_or_else(|| {
                Error::new(
                    sqlstate::UNDEFINED_OBJECT,
                    format!("type \"{}[]\" does not exist", base.pg_name()),
                )
                .at(at)
            })?
        } else {
            base
        };
        Ok(ColumnType { ty: full, typmod })
    }
}
