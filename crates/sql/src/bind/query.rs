//! Queries: WITH, SELECT, grouping, windows, set operations, ORDER BY, LIMIT.

use datum::error::sqlstate;
use datum::function::{self, Comparison};
use datum::{ColumnType, Error, Expr, Result, Type};
use smol_str::SmolStr;

use super::call::integer_literal;
use super::coerce::Coercion;
use super::scope::{Clause, Found, Level, NamedWindow, Pending};
use super::{Binder, CteEntry, CteKind, CteRel, apply_out, attach_all};
use crate::logical::{ApplyUse, ColId, LockSpec, Rel, expr_cols, same_expr};
use crate::parse::ast::{
    self, CteBody, Distinct, ExprKind, GroupItem, NO_POS, OrderItem, Pos, SetExpr, SetOperator,
};
use crate::parse::parser::with_stack;
use crate::plan::{LockWaitPolicy, RowLock, SetOpKind, SortKey};

/// Most columns of a result, as PostgreSQL's target lists.
const TARGETS_MAX: usize = 1664;
/// Most grouping sets.
const GROUPING_SETS_MAX: usize = 4096;

/// The name of an output column that has no alias.
pub(crate) fn column_name(e: &ast::Expr) -> String {
    name_of(e).unwrap_or_else(|| "?column?".to_owned())
}

fn name_of(e: &ast::Expr) -> Option<String> {
    named(e).map(|(name, _)| name)
}

/// The name that an expression gives to its column, and whether it is a strong one: a cast, and CASE,
/// override a weak one (PostgreSQL's FigureColname).
fn named(e: &ast::Expr) -> Option<(String, bool)> {
    let text = |s: &str| Some((s.to_owned(), true));
    let last = |name: &[ast::Name]| name.last().map(|n| (n.text.to_string(), true));
    match &e.kind {
        ExprKind::Column(name) => last(name),
        ExprKind::Field(_, name) => text(&name.text),
        ExprKind::Function(call) => last(&call.name),
        ExprKind::Cast(inner, ty) => match named(inner) {
            Some((name, true)) => Some((name, true)),
            weak => ty.name.last().map(|n| (n.text.to_string(), false)).or(weak),
        },
        ExprKind::Case { otherwise, .. } => match otherwise.as_deref().and_then(named) {
            Some((name, true)) => Some((name, true)),
            _ => Some(("case".to_owned(), false)),
        },
        ExprKind::Coalesce(_) => text("coalesce"),
        ExprKind::MinMax(true, _) => text("greatest"),
        ExprKind::MinMax(false, _) => text("least"),
        ExprKind::NullIf(..) => text("nullif"),
        ExprKind::Exists(_) => text("exists"),
        ExprKind::Array(_) | ExprKind::ArrayQuery(_) => text("array"),
        ExprKind::Row(_) => text("row"),
        ExprKind::Grouping(_) => text("grouping"),
        ExprKind::Subscript(inner, _) | ExprKind::Collate(inner, _) => named(inner),
        ExprKind::Bool(_) => Some(("bool".to_owned(), false)),
        ExprKind::Subquery(query) => {
            let mut body = &query.body;
            loop {
                body = match body {
                    SetExpr::SetOp { left, .. } => left,
                    SetExpr::Query(inner) => &inner.body,
                    SetExpr::Values(_) => return text("column1"),
                    SetExpr::Select(select) => {
                        let first = select.items.first()?;
                        return Some((
                            first
                                .alias
                                .as_ref()
                                .map_or_else(|| column_name(&first.expr), |a| a.text.to_string()),
                            true,
                        ));
                    }
                }
            }
        }
        ExprKind::SqlValue(what, _) => text(match what {
            ast::SqlValue::CurrentDate => "current_date",
            ast::SqlValue::CurrentTime => "current_time",
            ast::SqlValue::CurrentTimestamp => "current_timestamp",
            ast::SqlValue::LocalTime => "localtime",
            ast::SqlValue::LocalTimestamp => "localtimestamp",
            ast::SqlValue::CurrentUser => "current_user",
            ast::SqlValue::CurrentRole => "current_role",
            ast::SqlValue::User => "user",
            ast::SqlValue::SessionUser => "session_user",
            ast::SqlValue::CurrentCatalog => "current_catalog",
            ast::SqlValue::CurrentSchema => "current_schema",
        }),
        _ => None,
    }
}

/// An item of a select list, bound.
#[derive(Debug)]
struct Item {
    expr: Expr,
    name: SmolStr,
    pos: Pos,
    /// Only for ORDER BY.
    hidden: bool,
}

impl Binder<'_> {
    /// A query as a tree; outputs may be of unknown type (see [`Binder::settle_unknown`]).
    pub(crate) fn query(&mut self, query: &ast::Query) -> Result<Rel> {
        with_stack(|| {
            let mark = self.cte_scope.len();
            let out = self.with(query.with.as_deref()).and_then(|()| self.query_body(query));
            self.cte_scope.truncate(mark);
            out
        })
    }

    fn query_body(&mut self, query: &ast::Query) -> Result<Rel> {
        match &query.body {
            SetExpr::Select(select) => self.select(select, query),
            SetExpr::Query(inner)
                if query.order_by.is_empty()
                    && query.limit.is_none()
                    && query.offset.is_none()
                    && query.locking.is_empty() =>
            {
                self.query(inner)
            }
            body => {
                if let Some(lock) = query.locking.first() {
                    let what = match body {
                        SetExpr::Values(_) => "VALUES",
                        _ => "UNION/INTERSECT/EXCEPT",
                    };
                    return Err(Error::new(
                        sqlstate::FEATURE_NOT_SUPPORTED,
                        format!("{} is not allowed with {what}", lock_name(lock.lock)),
                    )
                    .at(lock.pos as usize));
                }
                let rel = match body {
                    SetExpr::Values(rows) => self.values(rows)?,
                    body => self.set_expr(body)?,
                };
                self.order_output(rel, query)
            }
        }
    }

    /// ORDER BY and LIMIT over a set operation or VALUES: output names and positions only.
    fn order_output(&mut self, rel: Rel, query: &ast::Query) -> Result<Rel> {
        let cols = rel.cols();
        let mut keys = Vec::new();
        for item in &query.order_by {
            let at = item.expr.pos as usize;
            let id = if let Some(n) = integer_literal(&item.expr) {
                position(n, cols.len(), "ORDER BY").map_err(|e| e.at(at)).map(|i| cols[i])?
            } else if let ExprKind::Column(name) = &item.expr.kind
                && let [name] = name.as_slice()
                && let Some(id) = cols.iter().find(|id| self.cols[**id as usize].name == name.text.as_str())
            {
                *id
            } else if let ExprKind::Column(name) = &item.expr.kind
                && let [name] = name.as_slice()
            {
                return Err(Error::new(
                    sqlstate::UNDEFINED_COLUMN,
                    format!("column \"{}\" does not exist", name.text),
                )
                .at(at));
            } else {
                return Err(Error::new(
                    sqlstate::FEATURE_NOT_SUPPORTED,
                    "invalid UNION/INTERSECT/EXCEPT ORDER BY clause",
                )
                .detail("Only result column names can be used, not expressions or functions.")
                .hint("Add the expression/function to every SELECT, or move the UNION into a FROM clause.")
                .at(at));
            };
            keys.push(self.sort_key(self.column(id), item)?);
        }
        let mut rel = rel;
        if !keys.is_empty() {
            rel = Rel::Sort { input: Box::new(rel), keys: keys.clone() };
        }
        self.levels.push(Level::new());
        let out = self.limit(rel, query, keys);
        self.levels.pop();
        out
    }

    fn sort_key(&self, expr: Expr, item: &OrderItem) -> Result<SortKey> {
        let ty = expr.ty();
        if !matches!(ty, Type::Unknown | Type::Record) && function::comparison(Comparison::Lt, ty).is_none() {
            return Err(Error::new(
                sqlstate::UNDEFINED_FUNCTION,
                format!("could not identify an ordering operator for type {ty}"),
            )
            .hint("Use an explicit ordering operator or modify the query.")
            .at(item.expr.pos as usize));
        }
        Ok(SortKey { expr, desc: item.desc, nulls_first: item.nulls_first.unwrap_or(item.desc) })
    }

    fn limit(&mut self, rel: Rel, query: &ast::Query, keys: Vec<SortKey>) -> Result<Rel> {
        let mut bound = |e: &Option<ast::Expr>, clause: Clause| -> Result<Option<Expr>> {
            let Some(e) = e else { return Ok(None) };
            // Only outer levels can be seen from here, and they may not be used.
            let items = std::mem::take(&mut self.level().items);
            let found = self.in_clause(clause, |b| b.expr(e));
            self.level().items = items;
            let found = found.map_err(|e| {
                if e.code() == sqlstate::UNDEFINED_COLUMN {
                    let at = e.fields().position;
                    let mut out = Error::new(
                        sqlstate::INVALID_COLUMN_REFERENCE,
                        format!("argument of {} must not contain variables", clause.name()),
                    );
                    out.fields_mut().position = at;
                    out
                } else {
                    e
                }
            })?;
            self.coerce_to(found, e.pos, Type::Int8, clause.name()).map(Some)
        };
        let limit = bound(&query.limit, Clause::Limit)?;
        let offset = bound(&query.offset, Clause::Offset)?;
        if limit.is_none() && offset.is_none() {
            return Ok(rel);
        }
        let pending = std::mem::take(&mut self.level().pending);
        let with_ties = query.with_ties.then_some(keys);
        if pending.is_empty() {
            return Ok(Rel::Limit { input: Box::new(rel), limit, offset, with_ties });
        }
        // LIMIT (SELECT …): the subquery runs first, the rest for its row.
        let ids = rel.cols();
        let limited = Rel::Limit { input: Box::new(rel), limit, offset, with_ties };
        let outer = attach_all(Rel::unit(), pending);
        let lateral = Rel::Apply {
            input: Box::new(outer),
            inner: Box::new(limited),
            kind: ApplyUse::Lateral { outer: false, on: None },
        };
        let exprs = ids.into_iter().map(|id| (id, self.column(id))).collect();
        Ok(Rel::Project { input: Box::new(lateral), exprs })
    }

    /// Puts the expressions of WITH into scope.
    pub(crate) fn with(&mut self, with: Option<&ast::With>) -> Result<()> {
        let Some(with) = with else { return Ok(()) };
        for (i, cte) in with.ctes.iter().enumerate() {
            if with.ctes[..i].iter().any(|c| c.name.text == cte.name.text) {
                return Err(Error::new(
                    sqlstate::DUPLICATE_ALIAS,
                    format!("WITH query name \"{}\" specified more than once", cte.name.text),
                )
                .at(cte.name.pos as usize));
            }
        }
        for cte in &with.ctes {
            let entry = self.cte(cte, with.recursive)?;
            self.cte_scope.push(entry);
        }
        Ok(())
    }

    fn cte(&mut self, cte: &ast::CteDef, recursive: bool) -> Result<CteEntry> {
        let name = cte.name.text.clone();
        let mut writes = false;
        let rel = match &cte.body {
            CteBody::Query(query) => {
                if recursive && mentions_query(query, &name) {
                    self.recursive_cte(cte, query)?
                } else {
                    let before = self.lateral;
                    let mut rel = self.query(query)?;
                    self.lateral = before;
                    self.settle_unknown(&mut rel)?;
                    rel
                }
            }
            body => {
                if self.levels.iter().any(|l| !l.items.is_empty()) || self.view_depth > 0 {
                    return Err(Error::new(
                        sqlstate::FEATURE_NOT_SUPPORTED,
                        "WITH clause containing a data-modifying statement must be at the top level",
                    )
                    .at(cte.name.pos as usize));
                }
                writes = true;
                match body {
                    CteBody::Insert(insert) => self.insert(insert)?,
                    CteBody::Update(update) => self.update(update)?,
                    CteBody::Delete(delete) => self.delete(delete)?,
                    CteBody::Query(_) => return Err(Error::internal("a query is no data modification")),
                }
            }
        };
        let cols = rel.cols();
        if cte.columns.len() > cols.len() {
            return Err(Error::new(
                sqlstate::INVALID_COLUMN_REFERENCE,
                format!(
                    "WITH query \"{name}\" has {} columns available but {} columns specified",
                    cols.len(),
                    cte.columns.len()
                ),
            )
            .at(cte.name.pos as usize));
        }
        let columns = cols
            .iter()
            .enumerate()
            .map(|(i, id)| {
                let meta = &self.cols[*id as usize];
                let name = cte.columns.get(i).map_or_else(|| meta.name.clone(), |n| n.text.to_string());
                (name, meta.ty)
            })
            .collect();
        let index = self.ctes.len();
        let inline = cte.materialized == Some(false) || !rel.free_cols().is_empty();
        self.ctes.push(CteRel {
            name: name.to_string(),
            rel,
            materialized: cte.materialized == Some(true) || writes,
            inline: inline && !writes,
            writes,
        });
        // Data modification without RETURNING has no rows to be read, not even none.
        let silent = match &cte.body {
            CteBody::Query(_) => false,
            CteBody::Insert(insert) => insert.returning.is_empty(),
            CteBody::Update(update) => update.returning.is_empty(),
            CteBody::Delete(delete) => delete.returning.is_empty(),
        };
        let kind = if silent { CteKind::Silent } else { CteKind::Scan(index) };
        Ok(CteEntry { name, columns, kind })
    }

    fn recursive_cte(&mut self, cte: &ast::CteDef, query: &ast::Query) -> Result<Rel> {
        let name = &cte.name.text;
        let bad =
            |message: String| Err(Error::new(sqlstate::INVALID_RECURSION, message).at(cte.name.pos as usize));
        let SetExpr::SetOp { op: SetOperator::Union, all, left, right, pos } = &query.body else {
            return bad(format!(
                "recursive query \"{name}\" does not have the form non-recursive-term UNION [ALL] recursive-term"
            ));
        };
        if !query.order_by.is_empty() {
            return Err(Error::new(
                sqlstate::FEATURE_NOT_SUPPORTED,
                "ORDER BY in a recursive query is not implemented",
            )
            .at(query.order_by[0].expr.pos as usize));
        }
        if query.limit.is_some() || query.offset.is_some() {
            return Err(Error::new(
                sqlstate::FEATURE_NOT_SUPPORTED,
                "LIMIT in a recursive query is not implemented",
            ));
        }
        if mentions_set(left, name) {
            return bad(format!(
                "recursive reference to query \"{name}\" must not appear within its non-recursive term"
            ));
        }
        let mark = self.cte_scope.len();
        self.with(query.with.as_deref())?;
        let mut start = self.set_expr(left)?;
        self.settle_unknown(&mut start)?;
        let start_cols = start.cols();
        let columns: Vec<(String, ColumnType)> = start_cols
            .iter()
            .enumerate()
            .map(|(i, id)| {
                let meta = &self.cols[*id as usize];
                (cte.columns.get(i).map_or_else(|| meta.name.clone(), |n| n.text.to_string()), meta.ty)
            })
            .collect();
        let id = self.next_work;
        self.next_work += 1;
        self.cte_scope.push(CteEntry {
            name: name.clone(),
            columns: columns.clone(),
            kind: CteKind::Work(id),
        });
        let step = self.set_expr(right);
        self.cte_scope.truncate(mark);
        let mut step = step?;
        let step_cols = step.cols();
        if step_cols.len() != start_cols.len() {
            return Err(Error::new(
                sqlstate::SYNTAX_ERROR,
                "each UNION query must have the same number of columns",
            )
            .at(*pos as usize));
        }
        match bad_recursion(&step, id) {
            None => {}
            Some(BadRecursion::Twice) => {
                return bad(format!(
                    "recursive reference to query \"{name}\" must not appear more than once"
                ));
            }
            Some(BadRecursion::Subquery) => {
                return bad(format!(
                    "recursive reference to query \"{name}\" must not appear within a subquery"
                ));
            }
            Some(BadRecursion::Except) => {
                return bad(format!("recursive reference to query \"{name}\" must not appear within EXCEPT"));
            }
            Some(BadRecursion::Intersect) => {
                return bad(format!(
                    "recursive reference to query \"{name}\" must not appear within INTERSECT"
                ));
            }
            Some(BadRecursion::Aggregate) => {
                return bad(
                    "aggregate functions are not allowed in a recursive query's recursive term".into()
                );
            }
            Some(BadRecursion::OuterJoin) => {
                return bad(format!(
                    "recursive reference to query \"{name}\" must not appear within an outer join"
                ));
            }
        }
        for (i, (_, ty)) in columns.iter().enumerate() {
            let from = self.cols[step_cols[i] as usize].ty.ty;
            if from == Type::Unknown {
                self.coerce_output(&mut step, i, *ty, NO_POS)?;
            } else if from != ty.ty {
                let fits = super::coerce::common(&[ty.ty, from]);
                if fits == Some(ty.ty) {
                    self.coerce_output(&mut step, i, *ty, NO_POS)?;
                } else {
                    let overall = fits.unwrap_or(from);
                    return Err(Error::new(
                        sqlstate::DATATYPE_MISMATCH,
                        format!(
                            "recursive query \"{name}\" column {} has type {} in non-recursive term but type {overall} overall",
                            i + 1,
                            ty.ty
                        ),
                    )
                    .hint("Cast the output of the non-recursive term to the correct type."));
                }
            }
        }
        let cols: Vec<ColId> =
            columns.iter().map(|(n, ty)| self.new_col(n.clone(), ColumnType::plain(ty.ty))).collect();
        for (id, (_, ty)) in cols.iter().zip(&columns) {
            self.cols[*id as usize].ty = *ty;
        }
        Ok(Rel::Recursive { id, start: Box::new(start), step: Box::new(step), all: *all, cols })
    }

    fn set_expr(&mut self, body: &SetExpr) -> Result<Rel> {
        with_stack(|| match body {
            SetExpr::Select(select) => {
                let query = ast::Query {
                    with: None,
                    body: SetExpr::Values(Vec::new()),
                    order_by: Vec::new(),
                    limit: None,
                    offset: None,
                    with_ties: false,
                    locking: Vec::new(),
                    pos: 0,
                    end: 0,
                };
                self.select(select, &query)
            }
            SetExpr::Values(rows) => self.values(rows),
            SetExpr::Query(query) => self.query(query),
            SetExpr::SetOp { op, all, left, right, pos } => {
                let left = self.set_expr(left)?;
                let right = self.set_expr(right)?;
                self.set_op(*op, *all, left, right, *pos)
            }
        })
    }

    fn set_op(&mut self, op: SetOperator, all: bool, mut left: Rel, mut right: Rel, pos: Pos) -> Result<Rel> {
        let what = match op {
            SetOperator::Union => "UNION",
            SetOperator::Intersect => "INTERSECT",
            SetOperator::Except => "EXCEPT",
        };
        let (l, r) = (left.cols(), right.cols());
        if l.len() != r.len() {
            return Err(Error::new(
                sqlstate::SYNTAX_ERROR,
                format!("each {what} query must have the same number of columns"),
            )
            .at(pos as usize));
        }
        let mut cols = Vec::with_capacity(l.len());
        for (i, (a, b)) in l.iter().zip(&r).enumerate() {
            let (ta, tb) = (self.cols[*a as usize].ty, self.cols[*b as usize].ty);
            let ty = super::coerce::common(&[ta.ty, tb.ty]).ok_or_else(|| {
                Error::new(
                    sqlstate::DATATYPE_MISMATCH,
                    format!("{what} types {} and {} cannot be matched", ta.ty, tb.ty),
                )
                .at(pos as usize)
            })?;
            let typmod = if ta == tb { ta.typmod } else { -1 };
            let to = ColumnType::plain(ty);
            if ta.ty != ty {
                self.coerce_output(&mut left, i, to, pos)?;
            }
            if tb.ty != ty {
                self.coerce_output(&mut right, i, to, pos)?;
            }
            if !(op == SetOperator::Union && all)
                && function::comparison(Comparison::Eq, ty).is_none()
                && ty != Type::Record
            {
                return Err(Error::new(
                    sqlstate::UNDEFINED_FUNCTION,
                    format!("could not identify an equality operator for type {ty}"),
                )
                .at(pos as usize));
            }
            let name = self.cols[*a as usize].name.clone();
            cols.push(self.new_col(name, ColumnType { ty, typmod }));
        }
        Ok(match op {
            SetOperator::Union => {
                // A chain of UNION ALL is one node.
                let mut inputs = Vec::new();
                for side in [left, right] {
                    match side {
                        Rel::Append { inputs: inner, .. } => inputs.extend(inner),
                        other => inputs.push(other),
                    }
                }
                let append = Rel::Append { inputs, cols };
                if all { append } else { Rel::Distinct { input: Box::new(append) } }
            }
            op => {
                let kind = match (op, all) {
                    (SetOperator::Intersect, false) => SetOpKind::Intersect,
                    (SetOperator::Intersect, true) => SetOpKind::IntersectAll,
                    (_, false) => SetOpKind::Except,
                    (_, true) => SetOpKind::ExceptAll,
                };
                Rel::SetOp { left: Box::new(left), right: Box::new(right), kind, cols }
            }
        })
    }

    /// Makes an output column of a tree one of another type: by its defining expression if it is of unknown type,
    /// else by a cast on top.
    pub(crate) fn coerce_output(
        &mut self,
        rel: &mut Rel,
        index: usize,
        to: ColumnType,
        pos: Pos,
    ) -> Result<()> {
        let cols = rel.cols();
        let id = cols[index];
        if self.cols[id as usize].ty.ty == Type::Unknown {
            self.settle_column(rel, id, to, pos)?;
            return Ok(());
        }
        let new = self.new_col(self.cols[id as usize].name.clone(), to);
        let value = self.column(id);
        let from = value.ty();
        let Some(value) = self.try_coerce(value, pos, to, Coercion::Implicit)? else {
            return Err(Error::new(
                sqlstate::DATATYPE_MISMATCH,
                format!("UNION could not convert type {from} to {}", to.ty),
            )
            .at(pos as usize));
        };
        let exprs = cols
            .iter()
            .enumerate()
            .map(|(i, id)| if i == index { (new, value.clone()) } else { (*id, self.column(*id)) })
            .collect();
        *rel = Rel::Project { input: Box::new(rel.take()), exprs };
        Ok(())
    }

    /// Gives a column of unknown type a type where it is made.
    fn settle_column(&mut self, rel: &mut Rel, id: ColId, to: ColumnType, pos: Pos) -> Result<()> {
        match rel {
            Rel::Project { input, exprs } => {
                if let Some((_, value)) = exprs.iter_mut().find(|(c, _)| *c == id) {
                    if let Expr::Column(inner, Type::Unknown) = value {
                        let inner = *inner;
                        self.settle_column(input, inner, to, pos)?;
                        *value = Expr::Column(inner, to.ty);
                    } else {
                        let old = std::mem::replace(value, Expr::bool(false));
                        *value = self.settle_value(old, to, pos)?;
                    }
                }
            }
            Rel::Values { cols, rows } => {
                if let Some(i) = cols.iter().position(|c| *c == id) {
                    for row in rows {
                        let old = std::mem::replace(&mut row[i], Expr::bool(false));
                        row[i] = self.settle_value(old, to, pos)?;
                    }
                }
            }
            Rel::Append { inputs, cols } => {
                if let Some(i) = cols.iter().position(|c| *c == id) {
                    for input in inputs.iter_mut() {
                        let inner = input.cols()[i];
                        self.settle_column(input, inner, to, pos)?;
                    }
                }
            }
            Rel::SetOp { left, right, cols, .. } => {
                if let Some(i) = cols.iter().position(|c| *c == id) {
                    for input in [left, right] {
                        let inner = input.cols()[i];
                        self.settle_column(input, inner, to, pos)?;
                    }
                }
            }
            other => {
                for key in other.exprs_mut() {
                    retype(key, id, to.ty);
                }
                for input in other.inputs_mut() {
                    self.settle_column(input, id, to, pos)?;
                }
            }
        }
        self.cols[id as usize].ty = to;
        Ok(())
    }

    /// Gives a value of unknown type a type. Only a parameter can have got another one meanwhile.
    fn settle_value(&mut self, value: Expr, to: ColumnType, pos: Pos) -> Result<Expr> {
        let param = if let Expr::Param(i, _) = &value { Some(*i) } else { None };
        if let Some(settled) = self.try_coerce(value, pos, to, Coercion::Implicit)? {
            return Ok(settled);
        }
        let Some(param) = param else { return Err(Error::internal("unknown becomes anything")) };
        let known = self.params.get(param as usize).copied().flatten().unwrap_or(Type::Unknown);
        Err(Error::new(
            sqlstate::AMBIGUOUS_PARAMETER,
            format!("inconsistent types deduced for parameter ${}", param + 1),
        )
        .detail(format!("{known} versus {}", to.ty))
        .at(pos as usize))
    }

    /// Outputs that are still of unknown type are text.
    pub(crate) fn settle_unknown(&mut self, rel: &mut Rel) -> Result<()> {
        for id in rel.cols() {
            if self.cols[id as usize].ty.ty == Type::Unknown {
                self.settle_column(rel, id, ColumnType::plain(Type::Text), NO_POS)?;
            }
        }
        Ok(())
    }

    /// VALUES as a query.
    pub(crate) fn values(&mut self, rows: &[Vec<ast::Expr>]) -> Result<Rel> {
        self.levels.push(Level::new());
        let out = self.values_inner(rows);
        self.levels.pop();
        out
    }

    fn values_inner(&mut self, rows: &[Vec<ast::Expr>]) -> Result<Rel> {
        let width = rows.first().map_or(0, Vec::len);
        self.level().clause = Clause::Values;
        let mut bound: Vec<Vec<Expr>> = Vec::with_capacity(rows.len());
        for row in rows {
            if row.len() != width {
                return Err(Error::new(sqlstate::SYNTAX_ERROR, "VALUES lists must all be the same length")
                    .at(row.first().map_or(NO_POS, |e| e.pos) as usize));
            }
            let mut out = Vec::with_capacity(width);
            for e in row {
                out.push(self.expr(e)?);
            }
            bound.push(out);
        }
        let mut cols = Vec::with_capacity(width);
        for i in 0..width {
            let all_unknown = bound.iter().all(|r| r[i].ty() == Type::Unknown);
            let mut typmod = -1;
            let ty = if all_unknown {
                Type::Unknown
            } else {
                let pairs: Vec<(&Expr, Pos)> =
                    bound.iter().zip(rows).map(|(b, r)| (&b[i], r[i].pos)).collect();
                let ty = self.common_type(&pairs, "VALUES")?;
                let first = self.typmod(&bound[0][i]);
                if bound.iter().all(|r| r[i].ty() == ty && self.typmod(&r[i]) == first) {
                    typmod = first;
                }
                for (b, r) in bound.iter_mut().zip(rows) {
                    let old = std::mem::replace(&mut b[i], Expr::bool(false));
                    b[i] = self.coerce(old, r[i].pos, ty)?;
                }
                ty
            };
            cols.push(self.new_col(format!("column{}", i + 1), ColumnType { ty, typmod }));
        }
        let pending = std::mem::take(&mut self.level().pending);
        if pending.is_empty() {
            return Ok(Rel::Values { cols, rows: bound });
        }
        // Subqueries: each row is a projection over their results.
        let mut inputs = Vec::new();
        let mut base = Some(pending);
        if bound.len() == 1
            && let (Some(pending), Some(row)) = (base.take(), bound.pop())
        {
            let input = attach_all(Rel::unit(), pending);
            return Ok(Rel::Project { input: Box::new(input), exprs: cols.into_iter().zip(row).collect() });
        }
        let pending = base.unwrap_or_default();
        for row in bound {
            let mut used: Vec<ColId> = Vec::new();
            for e in &row {
                used.extend(expr_cols(e));
            }
            let mine: Vec<Pending> = pending
                .iter()
                .filter(|p| apply_out(&p.kind).is_some_and(|id| used.contains(&id)))
                .map(|p| Pending { inner: p.inner.clone(), kind: p.kind.clone() })
                .collect();
            let input = attach_all(Rel::unit(), mine);
            let exprs: Vec<(ColId, Expr)> = row
                .into_iter()
                .map(|e| {
                    let ty = self.column_type(&e);
                    (self.new_col("column", ty), e)
                })
                .collect();
            inputs.push(Rel::Project { input: Box::new(input), exprs });
        }
        Ok(Rel::Append { inputs, cols })
    }

    fn select(&mut self, select: &ast::Select, query: &ast::Query) -> Result<Rel> {
        if let Some(into) = &select.into
            && !self.allow_into
        {
            return Err(Error::new(sqlstate::SYNTAX_ERROR, "SELECT ... INTO is not allowed here").at(into
                .name
                .first()
                .map_or(NO_POS, |n| n.pos)
                as usize));
        }
        self.allow_into = false;
        self.levels.push(Level::new());
        let out = self.select_inner(select, query);
        self.levels.pop();
        out
    }

    fn select_inner(&mut self, select: &ast::Select, query: &ast::Query) -> Result<Rel> {
        let mut rel = self.from_list(&select.from)?;
        let from_cols = {
            let mut cols = rel.cols();
            cols.sort_unstable();
            cols
        };
        // WINDOW's names are known to all that follows.
        for (name, spec) in &select.windows {
            if self.level().named.iter().any(|w| w.name == name.text) {
                return Err(Error::new(
                    sqlstate::WINDOWING_ERROR,
                    format!("window \"{}\" is already defined", name.text),
                )
                .at(name.pos as usize));
            }
            let made = self.window_definition(spec)?;
            self.level().named.push(NamedWindow { name: name.text.clone(), ..made });
        }
        let mut items = self.select_items(&select.items, Clause::Select)?;
        if items.len() > TARGETS_MAX {
            return Err(Error::new(
                sqlstate::TOO_MANY_COLUMNS,
                format!("target lists can have at most {TARGETS_MAX} entries"),
            ));
        }
        // WHERE: its subqueries go below everything else.
        if let Some(filter) = &select.filter {
            let waiting = std::mem::take(&mut self.level().pending);
            let bound = self.in_clause(Clause::Where, |b| b.expr(filter))?;
            let condition = self.coerce_bool(bound, filter.pos, "WHERE")?;
            rel = self.attach(rel);
            self.level().pending = waiting;
            rel = Rel::Filter { input: Box::new(rel), conds: vec![condition] };
        }
        let having = match &select.having {
            Some(e) => {
                let bound = self.in_clause(Clause::Having, |b| b.expr(e))?;
                Some((self.coerce_bool(bound, e.pos, "HAVING")?, e.pos))
            }
            None => None,
        };
        // ORDER BY: positions, output names, expressions.
        let visible = items.len();
        let mut order: Vec<(usize, &OrderItem)> = Vec::new();
        for item in &query.order_by {
            let index = self.order_item(&item.expr, &mut items, visible, "ORDER BY")?;
            order.push((index, item));
        }
        let mut distinct_on: Vec<usize> = Vec::new();
        if let Distinct::On(exprs) = &select.distinct {
            for e in exprs {
                distinct_on.push(self.order_item(e, &mut items, visible, "DISTINCT ON")?);
            }
        }
        // Literals that are sorted or compared are text.
        let compared = matches!(select.distinct, Distinct::All);
        for (i, item) in items.iter_mut().enumerate() {
            let wanted =
                order.iter().any(|(o, _)| *o == i) || distinct_on.contains(&i) || compared || item.hidden;
            if wanted && item.expr.ty() == Type::Unknown {
                let old = std::mem::replace(&mut item.expr, Expr::bool(false));
                item.expr = self.resolve_unknown(old)?;
            }
        }
        let (group, sets) = self.group_by(select, &items[..visible])?;
        let grouped = !select.group_by.is_empty()
            || having.is_some()
            || !self.level().aggs.calls.is_empty()
            || !self.level().aggs.grouping.is_empty();
        let mut having = having;
        if grouped {
            rel = self.aggregate(rel, &from_cols, group, sets, &mut items, &mut having)?;
        }
        // Subqueries that do not need window results come before the windows.
        let windows = std::mem::take(&mut self.level().windows);
        let window_cols: Vec<ColId> = windows.iter().flat_map(|w| w.calls.iter().map(|c| c.0)).collect();
        let pending = std::mem::take(&mut self.level().pending);
        let (late, early): (Vec<Pending>, Vec<Pending>) = pending.into_iter().partition(|p| {
            let mut used = p.inner.free_cols();
            if let ApplyUse::Any { test, .. } = &p.kind {
                used.extend(expr_cols(test));
            }
            used.iter().any(|id| window_cols.contains(id))
        });
        rel = attach_all(rel, early);
        if let Some((condition, _)) = having {
            rel = Rel::Filter { input: Box::new(rel), conds: vec![condition] };
        }
        for window in windows {
            rel = Rel::Window {
                input: Box::new(rel),
                partition: window.partition,
                order: window.order,
                calls: window.calls,
            };
        }
        rel = attach_all(rel, late);
        rel = self.project_sets(rel);
        // The select list itself.
        let mut exprs = Vec::with_capacity(items.len());
        for item in &items {
            let ty = self.column_type(&item.expr);
            let id = self.new_col(item.name.as_str(), ty);
            if let Expr::Column(source, _) = &item.expr {
                self.copy_origin(*source, id);
            }
            exprs.push((id, item.expr.clone()));
        }
        let ids: Vec<ColId> = exprs.iter().map(|(id, _)| *id).collect();
        let lock_input = rel.cols();
        rel = Rel::Project { input: Box::new(rel), exprs };
        if !query.locking.is_empty() {
            rel = self.locks(rel, query, select, grouped, &lock_input)?;
        }
        let mut keys = Vec::new();
        for (index, item) in &order {
            keys.push(self.sort_key(self.column(ids[*index]), item)?);
        }
        match &select.distinct {
            Distinct::No => {
                if !keys.is_empty() {
                    rel = Rel::Sort { input: Box::new(rel), keys: keys.clone() };
                }
            }
            Distinct::All => {
                for item in &items[..visible] {
                    let ty = item.expr.ty();
                    if ty != Type::Unknown
                        && ty != Type::Record
                        && function::comparison(Comparison::Eq, ty).is_none()
                    {
                        return Err(Error::new(
                            sqlstate::UNDEFINED_FUNCTION,
                            format!("could not identify an equality operator for type {ty}"),
                        )
                        .at(item.pos as usize));
                    }
                }
                if let Some((index, item)) = order.iter().find(|(i, _)| items[*i].hidden) {
                    let _ = index;
                    return Err(Error::new(
                        sqlstate::INVALID_COLUMN_REFERENCE,
                        "for SELECT DISTINCT, ORDER BY expressions must appear in select list",
                    )
                    .at(item.expr.pos as usize));
                }
                rel = Rel::Distinct { input: Box::new(rel) };
                if !keys.is_empty() {
                    rel = Rel::Sort { input: Box::new(rel), keys: keys.clone() };
                }
            }
            Distinct::On(exprs) => {
                // ORDER BY must begin with the expressions of DISTINCT ON, in any order.
                let mut rest: Vec<usize> = distinct_on.clone();
                let mut ended = false;
                for (index, item) in &order {
                    if rest.contains(index) {
                        if ended {
                            return Err(Error::new(
                                sqlstate::INVALID_COLUMN_REFERENCE,
                                "SELECT DISTINCT ON expressions must match initial ORDER BY expressions",
                            )
                            .at(exprs.first().map_or(item.expr.pos, |e| e.pos) as usize));
                        }
                        rest.retain(|i| i != index);
                    } else if !distinct_on.contains(index) {
                        ended = true;
                        if !rest.is_empty() {
                            return Err(Error::new(
                                sqlstate::INVALID_COLUMN_REFERENCE,
                                "SELECT DISTINCT ON expressions must match initial ORDER BY expressions",
                            )
                            .at(exprs.first().map_or(item.expr.pos, |e| e.pos) as usize));
                        }
                    }
                }
                for index in rest {
                    keys.push(SortKey { expr: self.column(ids[index]), desc: false, nulls_first: false });
                }
                rel = Rel::Sort { input: Box::new(rel), keys: keys.clone() };
                let on = distinct_on.iter().map(|i| self.column(ids[*i])).collect();
                rel = Rel::DistinctOn { input: Box::new(rel), on };
            }
        }
        rel = self.limit(rel, query, keys)?;
        if ids.len() > visible || rel.cols().len() > visible {
            let exprs = ids[..visible].iter().map(|id| (*id, self.column(*id))).collect();
            rel = Rel::Project { input: Box::new(rel), exprs };
        }
        Ok(rel)
    }

    /// Set-returning functions of the select list, inner ones first.
    fn project_sets(&mut self, mut rel: Rel) -> Rel {
        let mut calls = std::mem::take(&mut self.level().sets);
        while !calls.is_empty() {
            let waiting: Vec<ColId> = calls.iter().map(|c| c.0).collect();
            let (later, now): (Vec<_>, Vec<_>) = calls
                .into_iter()
                .partition(|c| c.2.iter().any(|a| expr_cols(a).iter().any(|id| waiting.contains(id))));
            if now.is_empty() {
                break;
            }
            rel = Rel::ProjectSet { input: Box::new(rel), calls: now };
            calls = later;
        }
        rel
    }

    fn select_items(&mut self, items: &[ast::SelectItem], clause: Clause) -> Result<Vec<Item>> {
        let mut out = Vec::with_capacity(items.len());
        for item in items {
            let pos = item.expr.pos;
            match &item.expr.kind {
                ExprKind::Star(name) => {
                    let cols = if name.is_empty() {
                        let level = self.level();
                        if level.items.is_empty() {
                            return Err(Error::new(
                                sqlstate::SYNTAX_ERROR,
                                "SELECT * with no tables specified is not valid",
                            )
                            .at(pos as usize));
                        }
                        let cols: Vec<_> = level
                            .items
                            .iter()
                            .filter(|i| i.cols_visible)
                            .flat_map(|i| i.cols.iter().filter(|c| !c.hidden).cloned())
                            .collect();
                        for col in &cols {
                            self.seen.push((col.id, pos));
                        }
                        cols
                    } else {
                        self.resolve_star(name, pos)?
                    };
                    for col in cols {
                        out.push(Item { expr: self.column(col.id), name: col.name, pos, hidden: false });
                    }
                }
                ExprKind::FieldStar(inner) => {
                    if let ExprKind::Column(name) = &inner.kind
                        && let Ok(Found::Row(cols)) = self.resolve(name, inner.pos)
                    {
                        for col in cols {
                            out.push(Item { expr: self.column(col.id), name: col.name, pos, hidden: false });
                        }
                        continue;
                    }
                    return Err(Error::new(
                        sqlstate::FEATURE_NOT_SUPPORTED,
                        "row expansion via \"*\" is not supported here",
                    )
                    .at(pos as usize));
                }
                _ => {
                    let expr = self.in_clause(clause, |b| b.expr(&item.expr))?;
                    let name = match &item.alias {
                        Some(alias) => alias.text.clone(),
                        None => column_name(&item.expr).into(),
                    };
                    out.push(Item { expr, name, pos, hidden: false });
                }
            }
        }
        Ok(out)
    }

    /// RETURNING's list: names and expressions.
    pub(crate) fn returning_items(&mut self, items: &[ast::SelectItem]) -> Result<Vec<(ColId, Expr)>> {
        let bound = self.select_items(items, Clause::Returning)?;
        let mut out = Vec::with_capacity(bound.len());
        for item in bound {
            let expr = self.resolve_unknown(item.expr)?;
            let ty = self.column_type(&expr);
            let id = self.new_col(item.name.as_str(), ty);
            if let Expr::Column(source, _) = &expr {
                self.copy_origin(*source, id);
            }
            out.push((id, expr));
        }
        Ok(out)
    }

    /// The item that an expression of ORDER BY or DISTINCT ON means: a position, an output name, an equal
    /// expression, or a new hidden one.
    fn order_item(
        &mut self,
        e: &ast::Expr,
        items: &mut Vec<Item>,
        visible: usize,
        what: &str,
    ) -> Result<usize> {
        let at = e.pos as usize;
        if let Some(n) = integer_literal(e) {
            return position(n, visible, what).map_err(|e| e.at(at));
        }
        if matches!(e.kind, ExprKind::String(_) | ExprKind::Null | ExprKind::Decimal(_) | ExprKind::Bool(_)) {
            return Err(Error::new(sqlstate::SYNTAX_ERROR, format!("non-integer constant in {what}")).at(at));
        }
        if let ExprKind::Column(name) = &e.kind
            && let [name] = name.as_slice()
        {
            let mut hits = (0..visible).filter(|i| items[*i].name == name.text);
            if let Some(first) = hits.next() {
                for other in hits {
                    if !same_expr(&items[first].expr, &items[other].expr) {
                        return Err(Error::new(
                            sqlstate::AMBIGUOUS_COLUMN,
                            format!("{what} \"{}\" is ambiguous", name.text),
                        )
                        .at(at));
                    }
                }
                return Ok(first);
            }
        }
        let expr = self.in_clause(Clause::OrderBy, |b| b.expr(e))?;
        if let Some(i) = items.iter().position(|i| same_expr(&i.expr, &expr)) {
            return Ok(i);
        }
        items.push(Item { expr, name: column_name(e).into(), pos: e.pos, hidden: true });
        Ok(items.len() - 1)
    }

    /// GROUP BY: the expressions, and the sets of positions in them.
    #[allow(clippy::type_complexity)]
    fn group_by(
        &mut self,
        select: &ast::Select,
        items: &[Item],
    ) -> Result<(Vec<(Expr, Pos)>, Vec<Vec<usize>>)> {
        let mut exprs: Vec<(Expr, Pos)> = Vec::new();
        // Each item gives alternatives; the sets are their product.
        let mut sets: Vec<Vec<usize>> = vec![Vec::new()];
        for item in &select.group_by {
            let alternatives = self.group_item(item, items, &mut exprs)?;
            let mut product = Vec::with_capacity(sets.len() * alternatives.len());
            if sets.len().saturating_mul(alternatives.len()) > GROUPING_SETS_MAX {
                return Err(Error::new(
                    sqlstate::STATEMENT_TOO_COMPLEX,
                    format!("too many grouping sets present (maximum {GROUPING_SETS_MAX})"),
                ));
            }
            for set in &sets {
                for more in &alternatives {
                    let mut both = set.clone();
                    for i in more {
                        if !both.contains(i) {
                            both.push(*i);
                        }
                    }
                    product.push(both);
                }
            }
            sets = product;
        }
        if select.group_distinct {
            let mut seen: Vec<Vec<usize>> = Vec::new();
            sets.retain(|set| {
                let mut sorted = set.clone();
                sorted.sort_unstable();
                let fresh = !seen.contains(&sorted);
                if fresh {
                    seen.push(sorted);
                }
                fresh
            });
        }
        for (expr, pos) in &exprs {
            let ty = expr.ty();
            if ty != Type::Record && function::comparison(Comparison::Eq, ty).is_none() {
                return Err(Error::new(
                    sqlstate::UNDEFINED_FUNCTION,
                    format!("could not identify an equality operator for type {ty}"),
                )
                .at(*pos as usize));
            }
        }
        Ok((exprs, sets))
    }

    fn group_item(
        &mut self,
        item: &GroupItem,
        items: &[Item],
        exprs: &mut Vec<(Expr, Pos)>,
    ) -> Result<Vec<Vec<usize>>> {
        // A parenthesised list is one element of ROLLUP and CUBE, several columns of a plain set.
        let mut element = |b: &mut Self, e: &ast::Expr| -> Result<Vec<usize>> {
            match &e.kind {
                ExprKind::Row(parts) => {
                    let mut out = Vec::new();
                    for part in parts {
                        out.push(b.group_expr(part, items, exprs)?);
                    }
                    Ok(out)
                }
                _ => Ok(vec![b.group_expr(e, items, exprs)?]),
            }
        };
        match item {
            GroupItem::Empty => Ok(vec![Vec::new()]),
            GroupItem::Expr(e) => Ok(vec![element(self, e)?]),
            GroupItem::Rollup(list) => {
                let mut parts = Vec::new();
                for e in list {
                    parts.push(element(self, e)?);
                }
                Ok((0..=parts.len()).rev().map(|n| parts[..n].concat()).collect())
            }
            GroupItem::Cube(list) => {
                if list.len() > 12 {
                    return Err(Error::new(sqlstate::TOO_MANY_COLUMNS, "CUBE is limited to 12 elements")
                        .at(list[0].pos as usize));
                }
                let mut parts = Vec::new();
                for e in list {
                    parts.push(element(self, e)?);
                }
                let n = parts.len();
                Ok((0..1usize << n)
                    .map(|skip| {
                        (0..n)
                            .filter(|i| skip & (1 << (n - 1 - i)) == 0)
                            .flat_map(|i| parts[i].clone())
                            .collect()
                    })
                    .collect())
            }
            GroupItem::Sets(list) => {
                let mut out = Vec::new();
                for inner in list {
                    out.extend(self.group_item(inner, items, exprs)?);
                }
                Ok(out)
            }
        }
    }

    fn group_expr(&mut self, e: &ast::Expr, items: &[Item], exprs: &mut Vec<(Expr, Pos)>) -> Result<usize> {
        let at = e.pos as usize;
        let no_aggregate = |b: &mut Self, expr: &Expr| -> Result<()> {
            let used = expr_cols(expr);
            if let Some((_, _, pos)) = b.level().aggs.calls.iter().find(|c| used.contains(&c.0)) {
                return Err(Error::new(
                    sqlstate::GROUPING_ERROR,
                    "aggregate functions are not allowed in GROUP BY",
                )
                .at(*pos as usize));
            }
            if b.level().windows.iter().any(|w| w.calls.iter().any(|c| used.contains(&c.0))) {
                return Err(Error::new(
                    sqlstate::WINDOWING_ERROR,
                    "window functions are not allowed in GROUP BY",
                )
                .at(at));
            }
            if b.level().sets.iter().any(|s| used.contains(&s.0)) {
                return Err(Error::unsupported("a set-returning function in GROUP BY").at(at));
            }
            Ok(())
        };
        let from_item = |b: &mut Self, i: usize| -> Result<Expr> {
            let expr = items[i].expr.clone();
            no_aggregate(b, &expr)?;
            // Subqueries of the item are needed before grouping.
            let used = expr_cols(&expr);
            let level = b.level();
            let (mine, rest): (Vec<Pending>, Vec<Pending>) = std::mem::take(&mut level.pending)
                .into_iter()
                .partition(|p| apply_out(&p.kind).is_some_and(|id| used.contains(&id)));
            level.pending = rest;
            level.aggs.pending.extend(mine);
            Ok(expr)
        };
        let expr = if let Some(n) = integer_literal(e) {
            let i = position(n, items.len(), "GROUP BY").map_err(|e| e.at(at))?;
            from_item(self, i)?
        } else if matches!(
            e.kind,
            ExprKind::String(_) | ExprKind::Null | ExprKind::Decimal(_) | ExprKind::Bool(_)
        ) {
            return Err(Error::new(sqlstate::SYNTAX_ERROR, "non-integer constant in GROUP BY").at(at));
        } else {
            // An input column first, then an output name.
            let by_name = match &e.kind {
                ExprKind::Column(name) if name.len() == 1 => {
                    let here = self
                        .level()
                        .items
                        .iter()
                        .any(|i| i.cols_visible && i.cols.iter().any(|c| c.name == name[0].text));
                    if here { None } else { items.iter().position(|i| i.name == name[0].text) }
                }
                _ => None,
            };
            match by_name {
                Some(i) => {
                    if let Some(other) = items.iter().enumerate().find(|(j, o)| {
                        *j != i && o.name == items[i].name && !same_expr(&o.expr, &items[i].expr)
                    }) {
                        return Err(Error::new(
                            sqlstate::AMBIGUOUS_COLUMN,
                            format!("GROUP BY \"{}\" is ambiguous", other.1.name),
                        )
                        .at(at));
                    }
                    from_item(self, i)?
                }
                None => {
                    let waiting = std::mem::take(&mut self.level().pending);
                    let bound = self.in_clause(Clause::GroupBy, |b| b.expr(e));
                    let mine = std::mem::replace(&mut self.level().pending, waiting);
                    self.level().aggs.pending.extend(mine);
                    let bound = bound?;
                    no_aggregate(self, &bound)?;
                    bound
                }
            }
        };
        let expr = self.resolve_unknown(expr)?;
        if let Some(i) = exprs.iter().position(|(x, _)| same_expr(x, &expr)) {
            return Ok(i);
        }
        exprs.push((expr, e.pos));
        Ok(exprs.len() - 1)
    }

    /// Puts the grouping on, and makes everything above it read its outputs.
    fn aggregate(
        &mut self,
        rel: Rel,
        from_cols: &[ColId],
        group: Vec<(Expr, Pos)>,
        sets: Vec<Vec<usize>>,
        items: &mut [Item],
        having: &mut Option<(Expr, Pos)>,
    ) -> Result<Rel> {
        let aggs = std::mem::take(&mut self.level().aggs);
        let input = attach_all(rel, aggs.pending);
        let single = sets.len() == 1;
        let mut keys: Vec<(ColId, Expr)> = Vec::with_capacity(group.len());
        for (expr, _) in group {
            let id = match &expr {
                // A plain column keeps its id, so that subqueries that read it need no change.
                Expr::Column(id, _) if single => *id,
                _ => {
                    let (name, ty) = match &expr {
                        Expr::Column(id, _) => {
                            (self.cols[*id as usize].name.clone(), self.column_type(&expr))
                        }
                        _ => ("group".to_owned(), self.column_type(&expr)),
                    };
                    let new = self.new_col(name, ty);
                    if let Expr::Column(old, _) = &expr {
                        self.copy_origin(*old, new);
                    }
                    new
                }
            };
            keys.push((id, expr));
        }
        // GROUPING(…): each argument is one of the expressions.
        let mut grouping = Vec::new();
        for (id, args, pos) in aggs.grouping {
            let mut positions = Vec::new();
            for arg in &args {
                match keys.iter().position(|(_, k)| same_expr(k, arg)) {
                    Some(i) => positions.push(i),
                    None => {
                        return Err(Error::new(
                            sqlstate::GROUPING_ERROR,
                            "arguments to GROUPING must be grouping expressions of the associated query level",
                        )
                        .at(pos as usize));
                    }
                }
            }
            grouping.push((id, positions));
        }
        let mut extra: Vec<ColId> = Vec::new();
        let mut level_parts: Vec<&mut Expr> = Vec::new();
        let mut windows = std::mem::take(&mut self.level().windows);
        let mut pending = std::mem::take(&mut self.level().pending);
        let mut set_calls = std::mem::take(&mut self.level().sets);
        level_parts.extend(items.iter_mut().map(|i| &mut i.expr));
        if let Some((condition, _)) = having {
            level_parts.push(condition);
        }
        for window in &mut windows {
            level_parts
                .extend(window.partition.iter_mut().chain(window.order.iter_mut().map(|k| &mut k.expr)));
            for (_, call) in &mut window.calls {
                level_parts.extend(call.args.iter_mut().chain(&mut call.filter));
                if let crate::plan::WindowFunctionKind::Aggregate(a) = &mut call.function {
                    level_parts.extend(a.args.iter_mut().chain(&mut a.filter));
                }
            }
        }
        for call in &mut set_calls {
            level_parts.extend(call.2.iter_mut());
        }
        for part in level_parts {
            *part = self.regroup(part, &keys, from_cols, single, &mut extra)?;
        }
        for p in &mut pending {
            if let ApplyUse::Any { test, .. } = &mut p.kind {
                let inner = p.inner.cols();
                let _ = inner;
                *test = self.regroup(test, &keys, from_cols, single, &mut extra)?;
            }
            self.regroup_subquery(&mut p.inner, &keys, from_cols, single, &mut extra)?;
        }
        for id in extra {
            let value = self.column(id);
            keys.push((id, value));
        }
        let mut sets = sets;
        if single {
            sets = vec![(0..keys.len()).collect()];
        }
        let level = self.level();
        level.windows = windows;
        level.pending = pending;
        level.sets = set_calls;
        Ok(Rel::Aggregate {
            input: Box::new(input),
            group: keys,
            sets,
            aggs: aggs.calls.into_iter().map(|(id, call, _)| (id, call)).collect(),
            grouping,
        })
    }

    /// An expression above the grouping: grouped parts become its columns; other columns of FROM are errors unless
    /// they depend on the key of their table.
    fn regroup(
        &self,
        expr: &Expr,
        keys: &[(ColId, Expr)],
        from_cols: &[ColId],
        single: bool,
        extra: &mut Vec<ColId>,
    ) -> Result<Expr> {
        if !matches!(expr, Expr::Const(..) | Expr::Param(..))
            && let Some((id, key)) = keys.iter().find(|(_, k)| same_expr(k, expr))
        {
            return Ok(Expr::Column(*id, key.ty()));
        }
        if let Expr::Column(id, _) = expr {
            if from_cols.binary_search(id).is_err() {
                return Ok(expr.clone());
            }
            if single && self.depends_on_key(*id, keys) {
                if !extra.contains(id) {
                    extra.push(*id);
                }
                return Ok(expr.clone());
            }
            return Err(self.ungrouped(*id));
        }
        let mut failed = None;
        let out = with_stack(|| {
            expr.map_children(&mut |child| match self.regroup(child, keys, from_cols, single, extra) {
                Ok(found) => found,
                Err(e) => {
                    failed.get_or_insert(e);
                    child.clone()
                }
            })
        });
        match failed {
            Some(e) => Err(e),
            None => Ok(out),
        }
    }

    fn regroup_subquery(
        &mut self,
        inner: &mut Rel,
        keys: &[(ColId, Expr)],
        from_cols: &[ColId],
        single: bool,
        extra: &mut Vec<ColId>,
    ) -> Result<()> {
        let mut renamed: Vec<(ColId, ColId)> = Vec::new();
        for id in inner.free_cols() {
            if from_cols.binary_search(&id).is_err() {
                continue;
            }
            match keys.iter().find(|(_, k)| matches!(k, Expr::Column(c, _) if *c == id)) {
                Some((out, _)) => {
                    if *out != id {
                        renamed.push((id, *out));
                    }
                }
                None if single && self.depends_on_key(id, keys) => {
                    if !extra.contains(&id) {
                        extra.push(id);
                    }
                }
                None => {
                    let name = self.qualified_name(id);
                    let pos = self.place_of(id);
                    return Err(Error::new(
                        sqlstate::GROUPING_ERROR,
                        format!("subquery uses ungrouped column \"{name}\" from outer query"),
                    )
                    .at(pos as usize));
                }
            }
        }
        if !renamed.is_empty() {
            inner.map_exprs(&mut |e| {
                e.remap_columns(&|id| renamed.iter().find(|(old, _)| *old == id).map_or(id, |(_, new)| *new))
            });
        }
        Ok(())
    }

    /// Whether the primary key of the column's table is grouped by.
    fn depends_on_key(&self, id: ColId, keys: &[(ColId, Expr)]) -> bool {
        self.scans.iter().any(|(first, table)| {
            let range = *first..*first + table.columns.len() as u32;
            if !range.contains(&id) || !table.indexes.first().is_some_and(|i| i.primary) {
                return false;
            }
            crate::layout::primary_key_ordinals(table)
                .into_iter()
                .all(|o| keys.iter().any(|(_, k)| matches!(k, Expr::Column(c, _) if *c == *first + o as u32)))
        })
    }

    fn qualified_name(&self, id: ColId) -> String {
        for item in self.levels.iter().rev().flat_map(|l| &l.items) {
            if let (Some(name), Some(col)) = (&item.name, item.cols.iter().find(|c| c.id == id)) {
                return format!("{name}.{}", col.name);
            }
        }
        self.cols[id as usize].name.clone()
    }

    fn place_of(&self, id: ColId) -> Pos {
        self.seen.iter().find(|(i, _)| *i == id).map_or(NO_POS, |(_, pos)| *pos)
    }

    fn ungrouped(&self, id: ColId) -> Error {
        Error::new(
            sqlstate::GROUPING_ERROR,
            format!(
                "column \"{}\" must appear in the GROUP BY clause or be used in an aggregate function",
                self.qualified_name(id)
            ),
        )
        .at(self.place_of(id) as usize)
    }

    /// FOR UPDATE and the like: on the scans of this level.
    fn locks(
        &mut self,
        rel: Rel,
        query: &ast::Query,
        select: &ast::Select,
        grouped: bool,
        available: &[ColId],
    ) -> Result<Rel> {
        let first = &query.locking[0];
        let refuse = |what: &str| {
            Err(Error::new(
                sqlstate::FEATURE_NOT_SUPPORTED,
                format!("{} is not allowed with {what}", lock_name(first.lock)),
            ))
        };
        if !matches!(select.distinct, Distinct::No) {
            return refuse("DISTINCT clause");
        }
        if !select.group_by.is_empty() {
            return refuse("GROUP BY clause");
        }
        if select.having.is_some() {
            return refuse("HAVING clause");
        }
        if grouped {
            return refuse("aggregate functions");
        }
        // The strongest lock for each table.
        let mut wanted: Vec<(ColId, RowLock, LockWaitPolicy)> = Vec::new();
        let targets: Vec<(SmolStr, ColId)> = self
            .level()
            .items
            .iter()
            .filter_map(|i| {
                let first = i.cols.first()?.id;
                Some((i.name.clone()?, first))
            })
            .collect();
        for locking in &query.locking {
            let mut names: Vec<ColId> = Vec::new();
            if locking.of.is_empty() {
                names.extend(targets.iter().map(|t| t.1));
            }
            for of in &locking.of {
                let Some(name) = of.last() else { continue };
                if of.len() > 1 {
                    return Err(Error::new(
                        sqlstate::SYNTAX_ERROR,
                        format!("{} must specify unqualified relation names", lock_name(locking.lock)),
                    )
                    .at(name.pos as usize));
                }
                match targets.iter().find(|t| t.0 == name.text) {
                    Some((_, id)) => names.push(*id),
                    None => {
                        return Err(Error::new(
                            sqlstate::UNDEFINED_TABLE,
                            format!(
                                "relation \"{}\" in {} clause not found in FROM clause",
                                name.text,
                                lock_name(locking.lock)
                            ),
                        )
                        .at(name.pos as usize));
                    }
                }
            }
            for id in names {
                match wanted.iter_mut().find(|w| w.0 == id) {
                    Some(w) => {
                        if strength(locking.lock) > strength(w.1) {
                            w.1 = locking.lock;
                        }
                        if locking.wait != LockWaitPolicy::Block {
                            w.2 = locking.wait;
                        }
                    }
                    None => wanted.push((id, locking.lock, locking.wait)),
                }
            }
        }
        let mut specs = Vec::new();
        for (id, lock, wait) in wanted {
            let Some((first, table)) = self.scans.iter().find(|(first, _)| *first == id).cloned() else {
                continue;
            };
            let key: Vec<ColId> =
                crate::layout::primary_key_ordinals(&table).into_iter().map(|o| first + o as u32).collect();
            if key.iter().any(|k| !available.contains(k)) {
                continue;
            }
            self.writes = true;
            specs.push(LockSpec { table, key, lock, wait });
        }
        if specs.is_empty() {
            return Ok(rel);
        }
        // The lock sits under the projection, where the keys are.
        let Rel::Project { input, exprs } = rel else { return Ok(rel) };
        Ok(Rel::Project { input: Box::new(Rel::LockRows { input, targets: specs }), exprs })
    }
}

fn lock_name(lock: RowLock) -> &'static str {
    match lock {
        RowLock::KeyShare => "FOR KEY SHARE",
        RowLock::Share => "FOR SHARE",
        RowLock::NoKeyUpdate => "FOR NO KEY UPDATE",
        RowLock::Update => "FOR UPDATE",
    }
}

fn strength(lock: RowLock) -> u8 {
    match lock {
        RowLock::KeyShare => 0,
        RowLock::Share => 1,
        RowLock::NoKeyUpdate => 2,
        RowLock::Update => 3,
    }
}

fn position(n: i64, visible: usize, what: &str) -> Result<usize> {
    match usize::try_from(n) {
        Ok(i) if i >= 1 && i <= visible => Ok(i - 1),
        _ => Err(Error::new(
            sqlstate::INVALID_COLUMN_REFERENCE,
            format!("{what} position {n} is not in select list"),
        )),
    }
}

fn retype(expr: &mut Expr, id: ColId, ty: Type) {
    if expr.any(&|e| matches!(e, Expr::Column(i, Type::Unknown) if *i == id)) {
        *expr = expr.transform(&mut |e| match e {
            Expr::Column(i, Type::Unknown) if i == id => Expr::Column(i, ty),
            other => other,
        });
    }
}

/// Whether a query's FROM clauses name a table without schema.
fn mentions_query(query: &ast::Query, name: &str) -> bool {
    with_stack(|| {
        query.with.as_ref().is_some_and(|w| {
            w.ctes.iter().any(|c| match &c.body {
                CteBody::Query(q) => mentions_query(q, name),
                _ => false,
            })
        }) || mentions_set(&query.body, name)
    })
}

fn mentions_set(body: &SetExpr, name: &str) -> bool {
    with_stack(|| match body {
        SetExpr::Select(select) => {
            select.from.iter().any(|t| mentions_table(t, name))
                || select.filter.iter().chain(&select.having).any(|e| mentions_expr(e, name))
                || select.items.iter().any(|i| mentions_expr(&i.expr, name))
        }
        SetExpr::Values(rows) => rows.iter().flatten().any(|e| mentions_expr(e, name)),
        SetExpr::Query(query) => mentions_query(query, name),
        SetExpr::SetOp { left, right, .. } => mentions_set(left, name) || mentions_set(right, name),
    })
}

fn mentions_table(table: &ast::TableRef, name: &str) -> bool {
    with_stack(|| match table {
        ast::TableRef::Relation { name: n, .. } => matches!(n.as_slice(), [only] if only.text == name),
        ast::TableRef::Query { query, .. } => mentions_query(query, name),
        ast::TableRef::Functions { calls, .. } => calls.iter().any(|c| mentions_expr(&c.call, name)),
        ast::TableRef::Join { left, right, condition, .. } => {
            mentions_table(left, name)
                || mentions_table(right, name)
                || matches!(condition, ast::JoinCondition::On(e) if mentions_expr(e, name))
        }
    })
}

/// Looks into the subqueries of an expression (not every corner of it: what it misses is then an unknown table).
fn mentions_expr(e: &ast::Expr, name: &str) -> bool {
    with_stack(|| match &e.kind {
        ExprKind::Exists(q) | ExprKind::Subquery(q) | ExprKind::ArrayQuery(q) => mentions_query(q, name),
        ExprKind::InQuery(left, q, _) => mentions_expr(left, name) || mentions_query(q, name),
        ExprKind::AnyAll { left, right, .. } => {
            mentions_expr(left, name)
                || match right {
                    ast::AnyRight::Query(q) => mentions_query(q, name),
                    ast::AnyRight::Array(a) => mentions_expr(a, name),
                }
        }
        ExprKind::And(items)
        | ExprKind::Or(items)
        | ExprKind::Coalesce(items)
        | ExprKind::Row(items)
        | ExprKind::Array(items) => items.iter().any(|i| mentions_expr(i, name)),
        ExprKind::Not(inner)
        | ExprKind::Cast(inner, _)
        | ExprKind::Unary(_, inner)
        | ExprKind::IsNull(inner, _) => mentions_expr(inner, name),
        ExprKind::Binary(_, a, b) => mentions_expr(a, name) || mentions_expr(b, name),
        ExprKind::Case { operand, whens, otherwise } => {
            operand.iter().chain(otherwise).any(|e| mentions_expr(e, name))
                || whens.iter().any(|(a, b)| mentions_expr(a, name) || mentions_expr(b, name))
        }
        ExprKind::Function(call) => call.args.iter().any(|a| mentions_expr(&a.value, name)),
        _ => false,
    })
}

/// Where the last round is read although the standard forbids it.
enum BadRecursion {
    Aggregate,
    OuterJoin,
    Subquery,
    Except,
    Intersect,
    Twice,
}

fn bad_recursion(rel: &Rel, work: u32) -> Option<BadRecursion> {
    fn reads(rel: &Rel, work: u32) -> usize {
        with_stack(|| match rel {
            Rel::WorkScan { id, .. } => usize::from(*id == work),
            other => other.inputs().into_iter().map(|i| reads(i, work)).sum(),
        })
    }
    fn misplaced(rel: &Rel, work: u32) -> Option<BadRecursion> {
        with_stack(|| {
            match rel {
                Rel::Aggregate { input, .. } if reads(input, work) > 0 => {
                    return Some(BadRecursion::Aggregate);
                }
                Rel::Join { left, right, kind, .. } => {
                    use crate::plan::JoinKind;
                    let left_inner = matches!(kind, JoinKind::Right | JoinKind::Full);
                    let right_inner = matches!(kind, JoinKind::Left | JoinKind::Full);
                    if right_inner && reads(right, work) > 0 || left_inner && reads(left, work) > 0 {
                        return Some(BadRecursion::OuterJoin);
                    }
                }
                Rel::Apply { inner, kind, .. } if reads(inner, work) > 0 => match kind {
                    ApplyUse::Lateral { outer: false, .. } => {}
                    ApplyUse::Lateral { outer: true, .. } => return Some(BadRecursion::OuterJoin),
                    _ => return Some(BadRecursion::Subquery),
                },
                Rel::SetOp { left, right, kind, .. } => match kind {
                    SetOpKind::Except if reads(right, work) > 0 => return Some(BadRecursion::Except),
                    SetOpKind::ExceptAll if reads(left, work) + reads(right, work) > 0 => {
                        return Some(BadRecursion::Except);
                    }
                    SetOpKind::IntersectAll if reads(left, work) + reads(right, work) > 0 => {
                        return Some(BadRecursion::Intersect);
                    }
                    _ => {}
                },
                _ => {}
            }
            rel.inputs().into_iter().find_map(|i| misplaced(i, work))
        })
    }
    misplaced(rel, work).or_else(|| (reads(rel, work) > 1).then_some(BadRecursion::Twice))
}
