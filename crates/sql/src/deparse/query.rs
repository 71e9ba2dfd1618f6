//! Syntax trees of queries as text, with PostgreSQL's lines and indents.

use super::quote_identifier;
use super::tree::{Parent, Printer};
use crate::parse::ast::*;
use crate::plan::{FrameExclude, FrameUnit, LockWaitPolicy, RowLock};

/// PostgreSQL's PRETTYINDENT_STD, _JOIN and _VAR.
const STD: i32 = 8;
const JOIN: i32 = 4;
const VAR: i32 = 4;

/// A query without the parentheses around all of it.
fn bare(mut query: &Query) -> &Query {
    while let SetExpr::Query(inner) = &query.body
        && query.with.is_none()
        && query.order_by.is_empty()
        && query.limit.is_none()
        && query.offset.is_none()
        && query.locking.is_empty()
    {
        query = inner;
    }
    query
}

impl Printer<'_> {
    pub(super) fn subquery(&mut self, query: &Query) {
        self.query(query, &[]);
    }

    /// A query; `columns` name its output where its text leaves the names to the rules.
    pub(super) fn query(&mut self, query: &Query, columns: &[&str]) {
        let query = bare(query);
        let outer = self.level;
        if let Some(with) = &query.with {
            self.with(with);
        }
        self.body(&query.body, columns);
        if !query.order_by.is_empty() {
            self.clause(" ORDER BY ", 1, outer);
            self.order_by(&query.order_by);
        }
        if let Some(offset) = &query.offset {
            self.clause(" OFFSET ", 0, outer);
            self.expr(offset, Parent::None);
        }
        if let Some(limit) = &query.limit {
            if query.with_ties {
                self.clause(" FETCH FIRST ", 0, outer);
                self.push("(");
                self.expr(limit, Parent::None);
                self.push(") ROWS WITH TIES");
            } else {
                self.clause(" LIMIT ", 0, outer);
                self.expr(limit, Parent::None);
            }
        }
        for locking in &query.locking {
            self.clause(
                match locking.lock {
                    RowLock::KeyShare => " FOR KEY SHARE",
                    RowLock::Share => " FOR SHARE",
                    RowLock::NoKeyUpdate => " FOR NO KEY UPDATE",
                    RowLock::Update => " FOR UPDATE",
                },
                0,
                outer,
            );
            for (i, name) in locking.of.iter().enumerate() {
                self.push(if i == 0 { " OF " } else { ", " });
                self.qname(name);
            }
            match locking.wait {
                LockWaitPolicy::Block => {}
                LockWaitPolicy::NoWait => self.push(" NOWAIT"),
                LockWaitPolicy::SkipLocked => self.push(" SKIP LOCKED"),
            }
        }
        self.level = outer;
    }

    /// A clause of a query on its own line, one step out of the select list.
    fn clause(&mut self, word: &str, plus: i32, outer: i32) {
        self.level = outer;
        self.keyword(word, 0, STD, plus);
    }

    fn with(&mut self, with: &With) {
        if self.style.indent {
            self.level += STD;
            self.push(" ");
        }
        self.push(if with.recursive { "WITH RECURSIVE " } else { "WITH " });
        for (i, cte) in with.ctes.iter().enumerate() {
            if i > 0 {
                self.push(", ");
            }
            self.name(&cte.name);
            self.names(&cte.columns);
            self.push(" AS ");
            match cte.materialized {
                Some(true) => self.push("MATERIALIZED "),
                Some(false) => self.push("NOT MATERIALIZED "),
                None => {}
            }
            self.push("(");
            self.line();
            match &cte.body {
                CteBody::Query(query) => self.subquery(query),
                CteBody::Insert(_) | CteBody::Update(_) | CteBody::Delete(_) => self.gave_up = true,
            }
            self.line();
            self.push(")");
        }
        if self.style.indent {
            self.level -= STD;
        }
        self.line();
    }

    /// A new line where lines are broken, a space where they are not.
    fn line(&mut self) {
        if self.style.indent {
            self.keyword("", 0, 0, 0);
        } else {
            self.push(" ");
        }
    }

    fn names(&mut self, names: &[Name]) {
        if !names.is_empty() {
            let names: Vec<String> = names.iter().map(|name| quote_identifier(name)).collect();
            self.push(&format!("({})", names.join(", ")));
        }
    }

    fn body(&mut self, body: &SetExpr, columns: &[&str]) {
        match body {
            SetExpr::Select(select) => self.select(select, columns),
            SetExpr::Values(rows) => {
                if self.style.indent {
                    self.push(" ");
                }
                self.push("VALUES ");
                for (i, row) in rows.iter().enumerate() {
                    self.push(if i > 0 { ", (" } else { "(" });
                    for (j, value) in row.iter().enumerate() {
                        if j > 0 {
                            self.push(",");
                        }
                        self.expr(value, Parent::None);
                    }
                    self.push(")");
                }
            }
            SetExpr::Query(query) => {
                self.push("(");
                self.query(query, columns);
                self.push(")");
            }
            SetExpr::SetOp { op, all, left, right, .. } => {
                let same =
                    matches!(&**left, SetExpr::SetOp { op: inner, all: a, .. } if inner == op && a == all);
                let parens = matches!(**left, SetExpr::SetOp { .. }) && !same;
                let outer = self.level;
                if parens {
                    self.push("(");
                    self.keyword("", STD, 0, 0);
                }
                self.body(left, columns);
                self.level = outer;
                if parens {
                    self.keyword(") ", 0, 0, 0);
                } else {
                    self.line();
                }
                self.push(match op {
                    SetOperator::Union => "UNION ",
                    SetOperator::Intersect => "INTERSECT ",
                    SetOperator::Except => "EXCEPT ",
                });
                if *all {
                    self.push("ALL ");
                }
                let parens = matches!(**right, SetExpr::SetOp { .. });
                if parens {
                    self.push("(");
                }
                if self.style.indent {
                    self.keyword("", if parens { STD } else { 0 }, 0, 0);
                }
                self.body(right, columns);
                self.level = outer;
                if parens {
                    self.keyword(")", 0, 0, 0);
                }
            }
        }
    }

    fn select(&mut self, select: &Select, columns: &[&str]) {
        let outer = self.level;
        if select.into.is_some() {
            self.gave_up = true;
        }
        if self.style.indent {
            self.level += STD;
            self.push(" ");
        }
        self.push("SELECT");
        match &select.distinct {
            Distinct::No => {}
            Distinct::All => self.push(" DISTINCT"),
            Distinct::On(keys) => {
                self.push(" DISTINCT ON (");
                self.list(keys);
                self.push(")");
            }
        }
        let counted = !select
            .items
            .iter()
            .any(|item| matches!(item.expr.kind, ExprKind::Star(_) | ExprKind::FieldStar(_)));
        for (i, item) in select.items.iter().enumerate() {
            self.push(if i > 0 { ", " } else { " " });
            let name = match columns.get(i).filter(|_| counted) {
                Some(name) => Some(*name),
                None => item.alias.as_deref(),
            };
            let at = self.out.len();
            self.expr(&item.expr, Parent::None);
            if let Some(name) = name
                && !matches!(&item.expr.kind, ExprKind::Column(path) if path.last().is_some_and(|last| &**last == name))
            {
                self.push(" AS ");
                self.name(name);
            }
            if i > 0 && self.style.indent {
                let text = self.out.split_off(at);
                if text.starts_with('\n') {
                    self.out.truncate(self.out.trim_end_matches(' ').len());
                } else {
                    self.keyword("", -STD, STD, VAR);
                }
                self.push(&text);
            }
        }
        if !select.from.is_empty() {
            self.keyword(" FROM ", -STD, STD, 2);
            for (i, item) in select.from.iter().enumerate() {
                if i > 0 {
                    self.push(", ");
                    if self.style.indent {
                        self.keyword("", -STD, STD, VAR);
                    }
                }
                self.table_ref(item);
            }
        }
        if let Some(filter) = &select.filter {
            self.keyword(" WHERE ", -STD, STD, 1);
            self.expr(filter, Parent::None);
        }
        if !select.group_by.is_empty() {
            self.keyword(" GROUP BY ", -STD, STD, 1);
            if select.group_distinct {
                self.push("DISTINCT ");
            }
            self.group_items(&select.group_by);
        }
        if let Some(having) = &select.having {
            self.keyword(" HAVING ", -STD, STD, 0);
            self.expr(having, Parent::None);
        }
        for (i, (name, spec)) in select.windows.iter().enumerate() {
            if i == 0 {
                self.keyword(" WINDOW ", -STD, STD, 1);
            } else {
                self.push(", ");
            }
            self.name(name);
            self.push(" AS ");
            self.window(spec);
        }
        self.level = outer;
    }

    fn group_items(&mut self, items: &[GroupItem]) {
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.push(", ");
            }
            match item {
                GroupItem::Expr(expr) => self.order_key(expr),
                GroupItem::Empty => self.push("()"),
                GroupItem::Rollup(keys) | GroupItem::Cube(keys) => {
                    self.push(if matches!(item, GroupItem::Rollup(_)) { "ROLLUP(" } else { "CUBE(" });
                    self.list(keys);
                    self.push(")");
                }
                GroupItem::Sets(sets) => {
                    self.push("GROUPING SETS (");
                    self.group_items(sets);
                    self.push(")");
                }
            }
        }
    }

    fn alias(&mut self, alias: Option<&Alias>) {
        if let Some(alias) = alias {
            self.push(" ");
            self.name(&alias.name);
            self.names(&alias.columns);
        }
    }

    fn table_ref(&mut self, item: &TableRef) {
        match item {
            TableRef::Relation { name, only, alias } => {
                if *only {
                    self.push("ONLY ");
                }
                self.qname(name);
                let same = |alias: &&Alias| {
                    alias.columns.is_empty() && name.last().is_some_and(|last| **last == *alias.name)
                };
                self.alias(alias.as_ref().filter(|alias| !same(alias)));
            }
            TableRef::Query { lateral, query, alias, .. } => {
                self.push(if *lateral { "LATERAL (" } else { "(" });
                self.subquery(query);
                self.push(")");
                self.alias(alias.as_ref());
            }
            TableRef::Functions { lateral, calls, rows_from, ordinality, alias, .. } => {
                if *lateral {
                    self.push("LATERAL ");
                }
                if *rows_from {
                    self.push("ROWS FROM(");
                }
                for (i, call) in calls.iter().enumerate() {
                    if i > 0 {
                        self.push(", ");
                    }
                    self.expr(&call.call, Parent::None);
                    if *rows_from {
                        self.column_definitions(&call.columns, " AS ");
                    }
                }
                if *rows_from {
                    self.push(")");
                }
                if *ordinality {
                    self.push(" WITH ORDINALITY");
                }
                self.alias(alias.as_ref());
                if let ([call], false) = (calls.as_slice(), *rows_from) {
                    self.column_definitions(&call.columns, if alias.is_some() { "" } else { " AS " });
                }
            }
            TableRef::Join { left, right, kind, condition, alias, .. } => {
                let parens = !self.style.pretty || alias.is_some();
                self.push(if parens { "(" } else { "" });
                self.table_ref(left);
                let natural = matches!(condition, JoinCondition::Natural);
                let word = match kind {
                    JoinType::Inner if natural => " NATURAL JOIN ",
                    JoinType::Left if natural => " NATURAL LEFT JOIN ",
                    JoinType::Right if natural => " NATURAL RIGHT JOIN ",
                    JoinType::Full if natural => " NATURAL FULL JOIN ",
                    JoinType::Inner => " JOIN ",
                    JoinType::Left => " LEFT JOIN ",
                    JoinType::Right => " RIGHT JOIN ",
                    JoinType::Full => " FULL JOIN ",
                    JoinType::Cross => " CROSS JOIN ",
                };
                self.keyword(word, -STD, STD, JOIN);
                let right_parens = self.style.pretty && matches!(**right, TableRef::Join { alias: None, .. });
                self.push(if right_parens { "(" } else { "" });
                self.table_ref(right);
                self.push(if right_parens { ")" } else { "" });
                match condition {
                    JoinCondition::On(on) => {
                        self.push(" ON ");
                        let outer = !self.style.pretty;
                        self.push(if outer { "(" } else { "" });
                        self.expr(on, Parent::None);
                        self.push(if outer { ")" } else { "" });
                    }
                    JoinCondition::Using(names, alias) => {
                        self.push(" USING ");
                        self.names(names);
                        if let Some(alias) = alias {
                            self.push(" AS ");
                            self.name(alias);
                        }
                    }
                    JoinCondition::None | JoinCondition::Natural => {}
                }
                self.push(if parens { ")" } else { "" });
                self.alias(alias.as_ref());
            }
        }
    }

    fn column_definitions(&mut self, columns: &[(Name, TypeName)], before: &str) {
        if columns.is_empty() {
            return;
        }
        self.push(before);
        for (i, (name, ty)) in columns.iter().enumerate() {
            self.push(if i > 0 { ", " } else { "(" });
            self.name(name);
            self.push(" ");
            self.type_name(ty);
        }
        self.push(")");
    }

    pub(super) fn window(&mut self, window: &WindowSpec) {
        if let (true, Some(base)) = (window.bare, &window.base) {
            return self.name(base);
        }
        self.push("(");
        let mut space = "";
        if let Some(base) = &window.base {
            self.name(base);
            space = " ";
        }
        if !window.partition_by.is_empty() {
            self.push(space);
            self.push("PARTITION BY ");
            self.list(&window.partition_by);
            space = " ";
        }
        if !window.order_by.is_empty() {
            self.push(space);
            self.push("ORDER BY ");
            self.order_by(&window.order_by);
            space = " ";
        }
        if let Some(frame) = &window.frame {
            self.push(space);
            self.push(match frame.unit {
                FrameUnit::Rows => "ROWS BETWEEN ",
                FrameUnit::Range => "RANGE BETWEEN ",
                FrameUnit::Groups => "GROUPS BETWEEN ",
            });
            self.edge(&frame.start);
            self.push(" AND ");
            self.edge(&frame.end);
            self.push(match frame.exclude {
                FrameExclude::NoOthers => "",
                FrameExclude::CurrentRow => " EXCLUDE CURRENT ROW",
                FrameExclude::Group => " EXCLUDE GROUP",
                FrameExclude::Ties => " EXCLUDE TIES",
            });
        }
        self.push(")");
    }

    fn edge(&mut self, edge: &FrameEdge) {
        match edge {
            FrameEdge::UnboundedPreceding => self.push("UNBOUNDED PRECEDING"),
            FrameEdge::CurrentRow => self.push("CURRENT ROW"),
            FrameEdge::UnboundedFollowing => self.push("UNBOUNDED FOLLOWING"),
            FrameEdge::Preceding(offset) => {
                self.expr(offset, Parent::None);
                self.push(" PRECEDING");
            }
            FrameEdge::Following(offset) => {
                self.expr(offset, Parent::None);
                self.push(" FOLLOWING");
            }
        }
    }
}

/// Tables in FROM clauses of a query and of those nested in them (not of those in expressions).
pub(super) fn tables(
    query: &Query,
    ctes: &mut Vec<smol_str::SmolStr>,
    found: &mut Vec<(Option<String>, String)>,
) {
    let outer = ctes.len();
    if let Some(with) = &query.with {
        for cte in &with.ctes {
            if with.recursive {
                ctes.push(cte.name.text.clone());
            }
            if let CteBody::Query(query) = &cte.body {
                tables(query, ctes, found);
            }
            ctes.push(cte.name.text.clone());
        }
    }
    let mut bodies = vec![&query.body];
    while let Some(body) = bodies.pop() {
        match body {
            SetExpr::Select(select) => select.from.iter().for_each(|item| tables_in(item, ctes, found)),
            SetExpr::Values(_) => {}
            SetExpr::Query(query) => tables(query, ctes, found),
            SetExpr::SetOp { left, right, .. } => bodies.extend([&**right, &**left]),
        }
    }
    ctes.truncate(outer);
}

fn tables_in(item: &TableRef, ctes: &mut Vec<smol_str::SmolStr>, found: &mut Vec<(Option<String>, String)>) {
    match item {
        TableRef::Relation { name, .. } => {
            let table = match name.as_slice() {
                [name] if ctes.contains(&name.text) => return,
                [name] => (None, name.text.to_string()),
                [.., schema, name] => (Some(schema.text.to_string()), name.text.to_string()),
                [] => return,
            };
            if !found.contains(&table) {
                found.push(table);
            }
        }
        TableRef::Query { query, .. } => tables(query, ctes, found),
        TableRef::Functions { .. } => {}
        TableRef::Join { left, right, .. } => {
            tables_in(left, ctes, found);
            tables_in(right, ctes, found);
        }
    }
}
