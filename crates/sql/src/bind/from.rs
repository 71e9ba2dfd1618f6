//! FROM: tables, views, CTEs, subqueries, functions and joins.

use std::sync::Arc;

use datum::error::sqlstate;
use datum::function;
use datum::{ColumnType, Error, Expr, Result, Type};
use smol_str::SmolStr;

use super::coerce::{common, result_type};
use super::scope::{Clause, Level, ScopeCol, ScopeItem};
use super::{Binder, CteKind, missing_relation};
use crate::catalog::{RelationKind, TableDescriptor};
use crate::logical::{ApplyUse, ColId, Rel};
use crate::parse::ast::{self, Alias, JoinCondition, JoinType, Name, OpName, Pos, TableRef};
use crate::parse::parser::with_stack;
use crate::plan::JoinKind;

/// Views may be nested this deep.
const VIEW_DEPTH_MAX: u32 = 200;

impl Binder<'_> {
    /// FROM's list: the relation, with its items put into the level's scope.
    pub(crate) fn from_list(&mut self, list: &[TableRef]) -> Result<Rel> {
        let mut rel: Option<Rel> = None;
        for item in list {
            let first = self.level().items.len();
            // Items before this one are there for LATERAL.
            for earlier in &mut self.level().items {
                earlier.lateral_only = true;
            }
            let (right, items) = self.table_ref(item)?;
            self.level().items.truncate(first);
            self.check_names(&items)?;
            self.level().items.extend(items);
            rel = Some(match rel {
                None => right,
                Some(left) => join(left, right, JoinKind::Inner, Vec::new()),
            });
        }
        for item in &mut self.level().items {
            item.lateral_only = false;
        }
        Ok(rel.unwrap_or_else(Rel::unit))
    }

    fn check_names(&mut self, new: &[ScopeItem]) -> Result<()> {
        for item in new.iter().filter(|i| i.rel_visible) {
            let Some(name) = &item.name else { continue };
            let clash = self.level().items.iter().any(|o| {
                o.rel_visible
                    && o.name.as_ref() == Some(name)
                    // Two tables of one name are told apart by their schemas.
                    && !(o.table.is_some() && item.table.is_some() && o.table != item.table && o.schema.is_some() && item.schema.is_some())
            });
            if clash {
                return Err(Error::new(
                    sqlstate::DUPLICATE_ALIAS,
                    format!("table name \"{name}\" specified more than once"),
                ));
            }
        }
        Ok(())
    }

    fn table_ref(&mut self, item: &TableRef) -> Result<(Rel, Vec<ScopeItem>)> {
        with_stack(|| match item {
            TableRef::Relation { name, alias, .. } => self.relation(name, alias.as_ref()),
            TableRef::Query { lateral, query, alias, .. } => self.derived(*lateral, query, alias.as_ref()),
            TableRef::Functions { calls, ordinality, alias, rows_from, pos, .. } => {
                self.functions(calls, *ordinality, alias.as_ref(), *rows_from, *pos)
            }
            TableRef::Join { left, right, kind, condition, alias, pos } => {
                self.join(left, right, *kind, condition, alias.as_ref(), *pos)
            }
        })
    }

    fn relation(&mut self, name: &[Name], alias: Option<&Alias>) -> Result<(Rel, Vec<ScopeItem>)> {
        if let [only] = name
            && let Some(entry) = self.cte_scope.iter().rev().find(|c| c.name == only.text).cloned()
        {
            let cols: Vec<ColId> = entry.columns.iter().map(|(n, ty)| self.new_col(n.clone(), *ty)).collect();
            let rel = match entry.kind {
                CteKind::Scan(index) => Rel::CteScan { index, cols: cols.clone() },
                CteKind::Silent => {
                    return Err(Error::new(
                        sqlstate::FEATURE_NOT_SUPPORTED,
                        format!("WITH query \"{}\" does not have a RETURNING clause", only.text),
                    )
                    .at(only.pos as usize));
                }
                CteKind::Work(id) => Rel::WorkScan { id, cols: cols.clone() },
            };
            let item = self.item(Some(&only.text), cols, alias, only.pos)?;
            return Ok((rel, vec![item]));
        }
        let table = match self.find_table(name)? {
            Some(table) => table,
            None => {
                let mut error = missing_relation(name);
                if let [only] = name
                    && self.cte_scope.iter().any(|c| c.name == only.text)
                {
                    error = error.detail("There is a WITH item of that name, but it cannot be referenced from this part of the query.");
                }
                return Err(error);
            }
        };
        self.depend(&table);
        let pos = name.first().map_or(0, |n| n.pos);
        if let RelationKind::View { query, search_path } = &table.kind {
            let (rel, cols) = self.view(&table, query, search_path)?;
            let mut item = self.item(Some(&SmolStr::new(&table.name)), cols, alias, pos)?;
            item.table = Some(table.id);
            item.schema = self.schema_name(&table);
            return Ok((rel, vec![item]));
        }
        let (rel, cols) = self.scan(&table);
        let mut item = self.item(Some(&SmolStr::new(&table.name)), cols, alias, pos)?;
        for (col, column) in item.cols.iter_mut().zip(&table.columns) {
            col.hidden = column.hidden;
        }
        item.table = Some(table.id);
        if alias.is_none() {
            item.schema = self.schema_name(&table);
        }
        Ok((rel, vec![item]))
    }

    fn schema_name(&self, table: &TableDescriptor) -> Option<SmolStr> {
        self.catalog
            .search_path()
            .iter()
            .find(|s| s.id == table.schema)
            .map(|s| SmolStr::new(&s.name))
            .or_else(|| self.catalog.schema_by_id(table.schema).map(|s| SmolStr::new(&s.name)))
    }

    /// A scan of a stored or virtual table with new columns.
    pub(crate) fn scan(&mut self, table: &Arc<TableDescriptor>) -> (Rel, Vec<ColId>) {
        let cols = self.table_cols(table);
        if matches!(table.kind, RelationKind::Virtual) {
            return (Rel::Virtual { table: table.clone(), cols: cols.clone() }, cols);
        }
        if let Some(first) = cols.first() {
            self.scans.push((*first, table.clone()));
        }
        (Rel::Scan { table: table.clone(), cols: cols.clone(), lock: None }, cols)
    }

    /// A view's query in place of it, seen from nowhere else.
    fn view(
        &mut self,
        table: &Arc<TableDescriptor>,
        text: &str,
        path: &[String],
    ) -> Result<(Rel, Vec<ColId>)> {
        if self.view_depth >= VIEW_DEPTH_MAX {
            return Err(Error::new(
                sqlstate::INVALID_OBJECT_DEFINITION,
                format!("infinite recursion detected in rules for relation \"{}\"", table.name),
            ));
        }
        let query = crate::parse::parse_query(text).map_err(without_position)?;
        let schemas = path.iter().filter_map(|name| self.catalog.schema(name)).collect();
        let before_path = self.path.replace(schemas);
        let before_ctes = std::mem::take(&mut self.cte_scope);
        let before_lateral = std::mem::replace(&mut self.lateral, false);
        self.view_depth += 1;
        // A level that hides everything outside.
        let mut wall = Level::new();
        wall.opaque = true;
        self.levels.push(wall);
        let bound = self.query(&query).and_then(|mut rel| {
            self.settle_unknown(&mut rel)?;
            Ok(rel)
        });
        self.levels.pop();
        self.view_depth -= 1;
        self.lateral = before_lateral;
        self.cte_scope = before_ctes;
        self.path = before_path;
        let rel = bound.map_err(without_position)?;
        let inner = rel.cols();
        // The view's own names and types: what it was made with.
        let mut exprs = Vec::with_capacity(table.columns.len());
        for (i, column) in table.columns.iter().enumerate() {
            let Some(source) = inner.get(i) else {
                return Err(Error::internal(format!("view \"{}\" has lost a column", table.name)));
            };
            let id = self.new_col(column.name.clone(), column.ty);
            self.cols[id as usize].origin = Some((table.id, column.id));
            let mut value = self.column(*source);
            if value.ty() != column.ty.ty {
                value = Expr::Cast { expr: Box::new(value), to: column.ty, explicit: true };
            }
            exprs.push((id, value));
        }
        let cols = exprs.iter().map(|(id, _)| *id).collect();
        Ok((Rel::Project { input: Box::new(rel), exprs }, cols))
    }

    fn derived(
        &mut self,
        lateral: bool,
        query: &ast::Query,
        alias: Option<&Alias>,
    ) -> Result<(Rel, Vec<ScopeItem>)> {
        // Without LATERAL nothing of this FROM is seen.
        let hidden = if lateral { None } else { Some(std::mem::take(&mut self.level().items)) };
        let masked = self.masked.len();
        self.masked.extend(hidden.iter().flatten().cloned());
        let before = self.lateral;
        if lateral {
            self.lateral = true;
        }
        let out = self.query(query);
        self.lateral = before;
        if let Some(items) = hidden {
            self.level().items = items;
        }
        self.masked.truncate(masked);
        let mut rel = out?;
        self.settle_unknown(&mut rel)?;
        let cols = rel.cols();
        let pos = alias.map_or(0, |a| a.name.pos);
        let item = self.item(None, cols, alias, pos)?;
        Ok((rel, vec![item]))
    }

    fn functions(
        &mut self,
        calls: &[ast::TableFunction],
        ordinality: bool,
        alias: Option<&Alias>,
        rows_from: bool,
        pos: Pos,
    ) -> Result<(Rel, Vec<ScopeItem>)> {
        // Arguments see the items to the left.
        let before = std::mem::replace(&mut self.lateral, true);
        let out = self.in_clause(Clause::FromFunction, |b| b.function_list(calls, pos));
        self.lateral = before;
        let (bound, names) = out?;
        let pending = std::mem::take(&mut self.level().pending);
        let mut cols = Vec::new();
        let only_scalar = bound.len() == 1 && bound[0].2.len() == 1;
        for ((_, _, types), names) in bound.iter().zip(&names) {
            for (ty, name) in types.iter().zip(names) {
                // A lone scalar function's column takes the alias.
                let name = match alias {
                    Some(a) if only_scalar && a.columns.is_empty() && calls[0].columns.is_empty() => {
                        a.name.text.to_string()
                    }
                    _ => name.clone(),
                };
                cols.push(self.new_col(name, ColumnType::plain(*ty)));
            }
        }
        if ordinality {
            cols.push(self.new_col("ordinality", ColumnType::plain(Type::Int8)));
        }
        let mut rel = Rel::Functions { calls: bound, ordinality, cols: cols.clone() };
        if !pending.is_empty() {
            // Subqueries in arguments: they come first, and the function reads their results.
            let input = super::attach_all(Rel::unit(), pending);
            let keep: Vec<(ColId, Expr)> = cols.iter().map(|id| (*id, self.column(*id))).collect();
            rel =
                Rel::Project { input: Box::new(join(input, rel, JoinKind::Inner, Vec::new())), exprs: keep };
        }
        let name: SmolStr = match (&calls.first().map(|c| &c.call.kind), rows_from && calls.len() > 1) {
            (Some(ast::ExprKind::Function(call)), false) => {
                call.name.last().map(|n| n.text.clone()).unwrap_or_default()
            }
            _ => names.first().and_then(|n| n.first()).map(SmolStr::new).unwrap_or_default(),
        };
        let mut item = self.item(Some(&name), cols, alias, pos)?;
        item.scalar = only_scalar && !ordinality;
        Ok((rel, vec![item]))
    }

    #[allow(clippy::type_complexity)]
    fn function_list(
        &mut self,
        calls: &[ast::TableFunction],
        pos: Pos,
    ) -> Result<(Vec<(&'static str, Vec<Expr>, Vec<Type>)>, Vec<Vec<String>>)> {
        let mut bound = Vec::new();
        let mut names = Vec::new();
        for table_function in calls {
            let at = table_function.call.pos;
            let mut definitions = Vec::new();
            for (name, ty) in &table_function.columns {
                definitions.push((name.text.to_string(), self.type_of(ty)?.ty));
            }
            if let ast::ExprKind::Function(call) = &table_function.call.kind {
                let name = call.name.last().map(|n| n.text.clone()).unwrap_or_default();
                let in_catalog =
                    call.name.len() == 1 || call.name.first().is_some_and(|s| s.text == "pg_catalog");
                if in_catalog && !function::set_functions(&name).is_empty() {
                    if call.distinct
                        || call.filter.is_some()
                        || call.over.is_some()
                        || !call.order_by.is_empty()
                    {
                        return Err(Error::new(
                            sqlstate::WRONG_OBJECT_TYPE,
                            format!("{name} is not an aggregate function"),
                        )
                        .at(at as usize));
                    }
                    let mut args = Vec::new();
                    for arg in &call.args {
                        args.push((self.expr(&arg.value)?, arg.value.pos));
                    }
                    // unnest(a, b, …) is one function for each.
                    if name == "unnest" && args.len() > 1 {
                        for (arg, arg_pos) in args {
                            self.set_function_in_from(
                                &name,
                                vec![(arg, arg_pos)],
                                &definitions,
                                at,
                                &mut bound,
                                &mut names,
                            )?;
                        }
                        continue;
                    }
                    if self.set_function_in_from(
                        &name,
                        args.clone(),
                        &definitions,
                        at,
                        &mut bound,
                        &mut names,
                    )? {
                        continue;
                    }
                }
            }
            // A scalar expression: one row of one column.
            if !definitions.is_empty() {
                return Err(Error::new(
                    sqlstate::SYNTAX_ERROR,
                    "a column definition list is only allowed for functions returning \"record\"",
                )
                .at(pos as usize));
            }
            let value = self.expr(&table_function.call)?;
            let value = self.resolve_unknown(value)?;
            let name = super::query::column_name(&table_function.call);
            let ty = value.ty();
            names.push(vec![name]);
            bound.push(("", vec![value], vec![ty]));
        }
        Ok((bound, names))
    }

    #[allow(clippy::type_complexity)]
    fn set_function_in_from(
        &mut self,
        name: &str,
        args: Vec<(Expr, Pos)>,
        definitions: &[(String, Type)],
        pos: Pos,
        bound: &mut Vec<(&'static str, Vec<Expr>, Vec<Type>)>,
        names: &mut Vec<Vec<String>>,
    ) -> Result<bool> {
        let types: Vec<Type> = args.iter().map(|(e, _)| e.ty()).collect();
        let Some((function, wanted)) = self.choose_set_function(name, &types, pos)? else {
            return Ok(false);
        };
        let mut out = Vec::with_capacity(args.len());
        for ((expr, at), ty) in args.into_iter().zip(&wanted) {
            out.push(self.coerce(expr, at, *ty)?);
        }
        let mut columns: Vec<(String, Type)> = function
            .columns
            .iter()
            .map(|(n, ret)| (n.to_string(), result_type(*ret, function.args, &wanted)))
            .collect();
        if function.columns.len() == 1 && columns[0].1 == Type::Record && !definitions.is_empty() {
            columns = definitions.to_vec();
        } else if !definitions.is_empty() {
            return Err(Error::new(
                sqlstate::SYNTAX_ERROR,
                "a column definition list is only allowed for functions returning \"record\"",
            )
            .at(pos as usize));
        }
        names.push(columns.iter().map(|c| c.0.clone()).collect());
        bound.push((function.name, out, columns.into_iter().map(|c| c.1).collect()));
        Ok(true)
    }

    /// A scope item over columns, renamed by an alias.
    fn item(
        &mut self,
        name: Option<&SmolStr>,
        cols: Vec<ColId>,
        alias: Option<&Alias>,
        pos: Pos,
    ) -> Result<ScopeItem> {
        let mut out: Vec<ScopeCol> = cols
            .iter()
            .map(|id| ScopeCol { name: SmolStr::new(&self.cols[*id as usize].name), id: *id, hidden: false })
            .collect();
        if let Some(alias) = alias {
            let visible = out.len();
            if alias.columns.len() > visible {
                return Err(Error::new(
                    sqlstate::INVALID_COLUMN_REFERENCE,
                    format!(
                        "table \"{}\" has {visible} columns available but {} columns specified",
                        alias.name.text,
                        alias.columns.len()
                    ),
                )
                .at(pos as usize));
            }
            for (col, name) in out.iter_mut().zip(&alias.columns) {
                col.name = name.text.clone();
            }
        }
        Ok(ScopeItem {
            name: alias.map(|a| a.name.text.clone()).or_else(|| name.cloned()),
            schema: None,
            table: None,
            cols: out,
            rel_visible: true,
            cols_visible: true,
            lateral_only: false,
            lateral_bad: false,
            scalar: false,
        })
    }

    fn join(
        &mut self,
        left: &TableRef,
        right: &TableRef,
        kind: JoinType,
        condition: &JoinCondition,
        alias: Option<&Alias>,
        pos: Pos,
    ) -> Result<(Rel, Vec<ScopeItem>)> {
        let (left_rel, left_items) = self.table_ref(left)?;
        // The right side may see the left one by LATERAL, for reading only if the join keeps left rows.
        let mark = self.level().items.len();
        for item in &left_items {
            let mut item = item.clone();
            item.lateral_only = true;
            item.lateral_bad = matches!(kind, JoinType::Right | JoinType::Full);
            self.level().items.push(item);
        }
        let bound = self.table_ref(right);
        self.level().items.truncate(mark);
        let (right_rel, right_items) = bound?;
        // Names of both sides must differ.
        let before = std::mem::take(&mut self.level().items);
        self.level().items.extend(left_items.iter().cloned());
        let clash = self.check_names(&right_items);
        self.level().items = before;
        clash?;
        let join_kind = match kind {
            JoinType::Inner | JoinType::Cross => JoinKind::Inner,
            JoinType::Left => JoinKind::Left,
            JoinType::Right => JoinKind::Right,
            JoinType::Full => JoinKind::Full,
        };
        let visible = |items: &[ScopeItem]| -> Vec<ScopeCol> {
            items.iter().filter(|i| i.cols_visible).flat_map(|i| i.cols.iter().cloned()).collect()
        };
        let (left_cols, right_cols) = (visible(&left_items), visible(&right_items));
        let using: Vec<Name> = match condition {
            JoinCondition::Using(names, _) => names.clone(),
            JoinCondition::Natural => left_cols
                .iter()
                .filter(|c| !c.hidden && right_cols.iter().any(|r| r.name == c.name && !r.hidden))
                .map(|c| Name { text: c.name.clone(), pos })
                .collect(),
            _ => Vec::new(),
        };
        let mut on = Vec::new();
        let mut merged: Vec<(SmolStr, ColId, ColId, Type)> = Vec::new();
        for name in &using {
            let find = |cols: &[ScopeCol], side: &str| -> Result<ColId> {
                let mut hits = cols.iter().filter(|c| c.name == name.text);
                match (hits.next(), hits.next()) {
                    (Some(hit), None) => Ok(hit.id),
                    (None, _) => Err(Error::new(
                        sqlstate::UNDEFINED_COLUMN,
                        format!(
                            "column \"{}\" specified in USING clause does not exist in {side} table",
                            name.text
                        ),
                    )
                    .at(name.pos as usize)),
                    _ => Err(Error::new(
                        sqlstate::AMBIGUOUS_COLUMN,
                        format!(
                            "common column name \"{}\" appears more than once in {side} table",
                            name.text
                        ),
                    )
                    .at(name.pos as usize)),
                }
            };
            if merged.iter().any(|m| m.0 == name.text) {
                return Err(Error::new(
                    sqlstate::DUPLICATE_COLUMN,
                    format!("column name \"{}\" appears more than once in USING clause", name.text),
                )
                .at(name.pos as usize));
            }
            let (l, r) = (find(&left_cols, "left")?, find(&right_cols, "right")?);
            self.seen.extend([(l, name.pos), (r, name.pos)]);
            let (le, re) = (self.column(l), self.column(r));
            let ty = common(&[le.ty(), re.ty()]).ok_or_else(|| {
                Error::new(
                    sqlstate::DATATYPE_MISMATCH,
                    format!("JOIN/USING types {} and {} cannot be matched", le.ty(), re.ty()),
                )
                .at(name.pos as usize)
            })?;
            let op = OpName { symbol: "=".into(), schema: None, pos: name.pos };
            on.push(self.operator_call(&op, vec![(le, name.pos), (re, name.pos)])?);
            merged.push((name.text.clone(), l, r, ty));
        }
        let mut pending = Vec::new();
        if let JoinCondition::On(condition) = condition {
            // ON sees both sides only (and outer levels).
            let before = std::mem::take(&mut self.level().items);
            self.level().items.extend(left_items.iter().cloned());
            self.level().items.extend(right_items.iter().cloned());
            let outer_pending = std::mem::take(&mut self.level().pending);
            let bound = self.in_clause(Clause::On, |b| {
                let found = b.expr(condition)?;
                b.coerce_bool(found, condition.pos, "JOIN/ON")
            });
            pending = std::mem::replace(&mut self.level().pending, outer_pending);
            self.level().items = before;
            on.push(bound?);
        }
        let mut rel = self.join_with_pending(left_rel, right_rel, join_kind, on, pending)?;
        // Merged columns.
        let mut out_cols: Vec<ScopeCol> = Vec::new();
        let mut computed: Vec<(ColId, Expr)> = Vec::new();
        for (name, l, r, ty) in &merged {
            let (le, re) = (self.column(*l), self.column(*r));
            let (le, re) = (self.coerce(le, pos, *ty)?, self.coerce(re, pos, *ty)?);
            let value = match join_kind {
                JoinKind::Right => re,
                JoinKind::Full => Expr::Coalesce(vec![le, re], *ty),
                _ => le,
            };
            let id = match value {
                Expr::Column(id, _) => id,
                value => {
                    let id = self.new_col(name.as_str(), ColumnType::plain(*ty));
                    computed.push((id, value));
                    id
                }
            };
            out_cols.push(ScopeCol { name: name.clone(), id, hidden: false });
        }
        if !computed.is_empty() {
            let mut exprs: Vec<(ColId, Expr)> =
                rel.cols().into_iter().map(|id| (id, self.column(id))).collect();
            exprs.extend(computed);
            rel = Rel::Project { input: Box::new(rel), exprs };
        }
        let is_merged = |name: &SmolStr| merged.iter().any(|m| m.0 == *name);
        out_cols.extend(left_cols.iter().chain(&right_cols).filter(|c| !is_merged(&c.name)).cloned());
        let mut items: Vec<ScopeItem> = left_items.into_iter().chain(right_items).collect();
        for item in &mut items {
            item.cols_visible = false;
            if alias.is_some() {
                item.rel_visible = false;
            }
        }
        if let JoinCondition::Using(_, Some(name)) = condition {
            items.push(ScopeItem {
                name: Some(name.text.clone()),
                schema: None,
                table: None,
                cols: out_cols.iter().take(merged.len()).cloned().collect(),
                rel_visible: true,
                cols_visible: false,
                lateral_only: false,
                lateral_bad: false,
                scalar: false,
            });
        }
        if let Some(alias) = alias {
            if alias.columns.len() > out_cols.len() {
                return Err(Error::new(
                    sqlstate::INVALID_COLUMN_REFERENCE,
                    format!(
                        "join expression \"{}\" has {} columns available but {} columns specified",
                        alias.name.text,
                        out_cols.len(),
                        alias.columns.len()
                    ),
                )
                .at(alias.name.pos as usize));
            }
            for (col, name) in out_cols.iter_mut().zip(&alias.columns) {
                col.name = name.text.clone();
            }
        }
        items.push(ScopeItem {
            name: alias.map(|a| a.name.text.clone()),
            schema: None,
            table: None,
            cols: out_cols,
            rel_visible: alias.is_some(),
            cols_visible: true,
            lateral_only: false,
            lateral_bad: false,
            scalar: false,
        });
        Ok((rel, items))
    }

    /// A join whose condition has subqueries: they are put where their columns are known.
    fn join_with_pending(
        &mut self,
        left: Rel,
        right: Rel,
        kind: JoinKind,
        on: Vec<Expr>,
        pending: Vec<super::scope::Pending>,
    ) -> Result<Rel> {
        if pending.is_empty() {
            return Ok(join(left, right, kind, on));
        }
        if kind == JoinKind::Inner {
            let keep = {
                let mut keep = left.cols();
                keep.extend(right.cols());
                keep
            };
            let joined = join(left, right, JoinKind::Inner, Vec::new());
            let with = super::attach_all(joined, pending);
            let filtered = Rel::Filter { input: Box::new(with), conds: on };
            let exprs = keep.into_iter().map(|id| (id, self.column(id))).collect();
            return Ok(Rel::Project { input: Box::new(filtered), exprs });
        }
        // Outer joins: the right side becomes a lateral subquery with the condition inside.
        let (left, right, kind) = match kind {
            JoinKind::Right => (right, left, JoinKind::Left),
            other => (left, right, other),
        };
        let used: Vec<ColId> = pending.iter().flat_map(|p| p.inner.free_cols()).collect();
        let left_cols = left.cols();
        if kind == JoinKind::Full {
            if used.iter().any(|id| left_cols.contains(id) || right.cols().contains(id)) {
                return Err(Error::unsupported("a correlated subquery in the condition of a FULL JOIN"));
            }
            // Uncorrelated ones are the same for all rows: on the left side.
            let with = super::attach_all(left, pending);
            return Ok(join(with, right, JoinKind::Full, on));
        }
        let keep = right.cols();
        let inner = super::attach_all(right, pending);
        let inner = Rel::Filter { input: Box::new(inner), conds: on };
        let exprs = keep.into_iter().map(|id| (id, self.column(id))).collect();
        let inner = Rel::Project { input: Box::new(inner), exprs };
        Ok(join(left, inner, kind, Vec::new()))
    }
}

/// A join; a right side that reads the left one's columns makes it an Apply.
pub(crate) fn join(left: Rel, right: Rel, kind: JoinKind, on: Vec<Expr>) -> Rel {
    if matches!(kind, JoinKind::Inner | JoinKind::Left) {
        let left_cols = left.cols();
        let lateral = right.free_cols().iter().any(|id| left_cols.contains(id));
        if lateral {
            let on = match on.len() {
                0 => None,
                1 => on.into_iter().next(),
                _ => Some(Expr::And(on)),
            };
            let kind = ApplyUse::Lateral { outer: kind == JoinKind::Left, on };
            return Rel::Apply { input: Box::new(left), inner: Box::new(right), kind };
        }
    }
    Rel::Join { left: Box::new(left), right: Box::new(right), kind, on }
}

/// Errors inside stored text point at nothing that the user has written.
pub(crate) fn without_position(mut e: Error) -> Error {
    e.fields_mut().position = None;
    e
}
