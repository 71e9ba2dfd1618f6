//! Queries and data modification: WITH, SELECT, VALUES, set operations, FROM, INSERT, UPDATE, DELETE.

use datum::error::sqlstate;
use datum::{Error, Result};

use super::ast::*;
use super::expr::expr;
use super::keywords::K;
use super::lexer::Tok;
use super::parser::Parser;
use crate::plan::{LockWaitPolicy, RowLock};

impl Parser<'_> {
    /// A query, in parentheses or not, with WITH, ORDER BY, LIMIT and locking.
    pub(crate) fn query(&mut self) -> Result<Query> {
        self.nested(|p| {
            let with = p.with_clause()?;
            p.query_after_with(with)
        })
    }

    pub(crate) fn query_after_with(&mut self, with: Option<Box<With>>) -> Result<Query> {
        let pos = self.pos();
        let body = self.set_expr(0)?;
        let mut query = Query {
            with,
            body,
            order_by: Vec::new(),
            limit: None,
            offset: None,
            with_ties: false,
            locking: Vec::new(),
            pos,
            end: 0,
        };
        if self.is(K::ORDER) {
            query.order_by = self.order_by()?;
        }
        let mut limit_seen = false;
        loop {
            let at = self.pos();
            match self.kw() {
                K::LIMIT if !limit_seen => {
                    self.next();
                    limit_seen = true;
                    if !self.eat(K::ALL) {
                        query.limit = Some(self.expr()?);
                        if self.is_punct(b',') {
                            return Err(Error::new(
                                sqlstate::SYNTAX_ERROR,
                                "LIMIT #,# syntax is not supported",
                            )
                            .hint("Use separate LIMIT and OFFSET clauses.")
                            .at(at as usize));
                        }
                    }
                }
                K::OFFSET if query.offset.is_none() => {
                    self.next();
                    query.offset = Some(self.expr()?);
                    if !self.eat(K::ROW) {
                        self.eat(K::ROWS);
                    }
                }
                K::FETCH if !limit_seen => {
                    self.next();
                    limit_seen = true;
                    if !self.eat(K::FIRST) {
                        self.expect(K::NEXT)?;
                    }
                    query.limit = Some(if self.is(K::ROW) || self.is(K::ROWS) {
                        expr(ExprKind::Integer("1".into()), at)
                    } else {
                        self.b_expr()?
                    });
                    if !self.eat(K::ROW) {
                        self.expect(K::ROWS)?;
                    }
                    if self.eat_all(&[K::WITH, K::TIES]) {
                        query.with_ties = true;
                        if query.order_by.is_empty() {
                            return Err(Error::new(
                                sqlstate::SYNTAX_ERROR,
                                "WITH TIES cannot be specified without ORDER BY clause",
                            ));
                        }
                    } else {
                        self.expect(K::ONLY)?;
                    }
                }
                K::FOR => {
                    if self.eat_all(&[K::FOR, K::READ, K::ONLY]) {
                        continue;
                    }
                    query.locking.push(self.locking()?);
                }
                _ => break,
            }
        }
        query.end = self.last_end();
        Ok(query)
    }

    fn locking(&mut self) -> Result<Locking> {
        let pos = self.pos();
        self.expect(K::FOR)?;
        let lock = if self.eat(K::UPDATE) {
            RowLock::Update
        } else if self.eat_all(&[K::NO, K::KEY, K::UPDATE]) {
            RowLock::NoKeyUpdate
        } else if self.eat(K::SHARE) {
            RowLock::Share
        } else if self.eat_all(&[K::KEY, K::SHARE]) {
            RowLock::KeyShare
        } else {
            return Err(self.error());
        };
        let of = if self.eat(K::OF) { self.qname_list()? } else { Vec::new() };
        let wait = if self.eat(K::NOWAIT) {
            LockWaitPolicy::NoWait
        } else if self.eat_all(&[K::SKIP, K::LOCKED]) {
            LockWaitPolicy::SkipLocked
        } else {
            LockWaitPolicy::Block
        };
        Ok(Locking { lock, of, wait, pos })
    }

    pub(crate) fn with_clause(&mut self) -> Result<Option<Box<With>>> {
        if !self.eat(K::WITH) {
            return Ok(None);
        }
        let recursive = self.eat(K::RECURSIVE);
        let ctes = self.list(|p| {
            let name = p.col_id()?;
            let columns = p.opt_name_list()?;
            p.expect(K::AS)?;
            let materialized = if p.eat(K::MATERIALIZED) {
                Some(true)
            } else if p.eat_all(&[K::NOT, K::MATERIALIZED]) {
                Some(false)
            } else {
                None
            };
            p.expect_punct(b'(')?;
            let body = p.nested(|p| p.cte_body())?;
            p.expect_punct(b')')?;
            if p.is(K::SEARCH) || p.is(K::CYCLE) {
                return Err(Error::unsupported("SEARCH or CYCLE clause").at(p.pos() as usize));
            }
            Ok(CteDef { name, columns, materialized, body })
        })?;
        Ok(Some(Box::new(With { recursive, ctes })))
    }

    fn cte_body(&mut self) -> Result<CteBody> {
        let with = self.with_clause()?;
        Ok(match self.kw() {
            K::INSERT => CteBody::Insert(Box::new(self.insert(with)?)),
            K::UPDATE => CteBody::Update(Box::new(self.update(with)?)),
            K::DELETE => CteBody::Delete(Box::new(self.delete(with)?)),
            _ => CteBody::Query(Box::new(self.query_after_with(with)?)),
        })
    }

    /// UNION and EXCEPT bind alike, INTERSECT binds tighter.
    fn set_expr(&mut self, min: u8) -> Result<SetExpr> {
        let mut left = self.set_primary()?;
        let mut chain = 0u32;
        loop {
            let (op, prec) = match self.kw() {
                K::UNION => (SetOperator::Union, 1),
                K::EXCEPT => (SetOperator::Except, 1),
                K::INTERSECT => (SetOperator::Intersect, 2),
                _ => return Ok(left),
            };
            if prec <= min {
                return Ok(left);
            }
            chain += 1;
            if chain > super::parser::DEPTH_MAX {
                return Err(super::parser::too_deep());
            }
            let pos = self.next().pos;
            let all = self.eat(K::ALL);
            if !all {
                self.eat(K::DISTINCT);
            }
            let right = self.set_expr(prec)?;
            left = SetExpr::SetOp { op, all, left: Box::new(left), right: Box::new(right), pos };
        }
    }

    fn set_primary(&mut self) -> Result<SetExpr> {
        if self.is_punct(b'(') {
            self.next();
            let query = self.query()?;
            self.expect_punct(b')')?;
            return Ok(SetExpr::Query(Box::new(query)));
        }
        match self.kw() {
            K::SELECT => Ok(SetExpr::Select(Box::new(self.select()?))),
            K::VALUES => {
                self.next();
                Ok(SetExpr::Values(self.list(|p| p.paren_list(Self::expr))?))
            }
            K::TABLE => {
                let pos = self.next().pos;
                let (name, only) = self.relation_name()?;
                Ok(SetExpr::Select(Box::new(Select {
                    distinct: Distinct::No,
                    items: vec![SelectItem { expr: expr(ExprKind::Star(Vec::new()), pos), alias: None }],
                    into: None,
                    from: vec![TableRef::Relation { name, only, alias: None }],
                    filter: None,
                    group_by: Vec::new(),
                    group_distinct: false,
                    having: None,
                    windows: Vec::new(),
                })))
            }
            _ => Err(self.error()),
        }
    }

    fn select(&mut self) -> Result<Select> {
        self.expect(K::SELECT)?;
        let mut distinct = Distinct::No;
        if self.eat(K::DISTINCT) {
            distinct = Distinct::All;
            if self.eat(K::ON) {
                distinct = Distinct::On(self.paren_list(Self::expr)?);
            }
        } else {
            self.eat(K::ALL);
        }
        let empty = match self.peek().tok {
            Tok::End | Tok::Punct(b')') | Tok::Punct(b';') => true,
            Tok::Word => matches!(
                self.kw(),
                K::FROM
                    | K::WHERE
                    | K::GROUP
                    | K::HAVING
                    | K::WINDOW
                    | K::UNION
                    | K::INTERSECT
                    | K::EXCEPT
                    | K::ORDER
                    | K::LIMIT
                    | K::OFFSET
                    | K::FETCH
                    | K::FOR
                    | K::INTO
            ),
            _ => false,
        };
        let items = if empty && matches!(distinct, Distinct::No) { Vec::new() } else { self.select_items()? };
        let mut select = Select {
            distinct,
            items,
            into: None,
            from: Vec::new(),
            filter: None,
            group_by: Vec::new(),
            group_distinct: false,
            having: None,
            windows: Vec::new(),
        };
        if self.eat(K::INTO) {
            let mut temporary = false;
            if self.eat(K::TEMPORARY) || self.eat(K::TEMP) {
                temporary = true;
            } else {
                self.eat(K::UNLOGGED);
            }
            self.eat(K::TABLE);
            select.into = Some(Box::new(IntoClause { name: self.qname()?, temporary }));
        }
        if self.eat(K::FROM) {
            select.from = self.from_list()?;
        }
        if self.eat(K::WHERE) {
            select.filter = Some(self.expr()?);
        }
        if self.is(K::GROUP) {
            self.next();
            self.expect(K::BY)?;
            if self.eat(K::DISTINCT) {
                select.group_distinct = true;
            } else {
                self.eat(K::ALL);
            }
            select.group_by = self.list(Self::group_item)?;
        }
        if self.eat(K::HAVING) {
            select.having = Some(self.expr()?);
        }
        if self.eat(K::WINDOW) {
            select.windows = self.list(|p| {
                let name = p.col_id()?;
                p.expect(K::AS)?;
                Ok((name, p.window_spec()?))
            })?;
        }
        Ok(select)
    }

    pub(crate) fn select_items(&mut self) -> Result<Vec<SelectItem>> {
        self.list(|p| {
            let pos = p.pos();
            if p.eat_op("*") {
                return Ok(SelectItem { expr: expr(ExprKind::Star(Vec::new()), pos), alias: None });
            }
            let value = p.expr()?;
            let alias = if p.eat(K::AS) { Some(p.col_label()?) } else { p.try_bare_label()? };
            Ok(SelectItem { expr: value, alias })
        })
    }

    fn group_item(&mut self) -> Result<GroupItem> {
        if self.is_punct(b'(') && self.is_punct_at(1, b')') {
            self.i += 2;
            return Ok(GroupItem::Empty);
        }
        if self.is_punct_at(1, b'(') {
            if self.eat(K::ROLLUP) {
                return Ok(GroupItem::Rollup(self.paren_list(Self::expr)?));
            }
            if self.eat(K::CUBE) {
                return Ok(GroupItem::Cube(self.paren_list(Self::expr)?));
            }
        }
        if self.eat_all(&[K::GROUPING, K::SETS]) {
            return self.nested(|p| Ok(GroupItem::Sets(p.paren_list(Self::group_item)?)));
        }
        Ok(GroupItem::Expr(self.expr()?))
    }

    /// ORDER BY …
    pub(crate) fn order_by(&mut self) -> Result<Vec<OrderItem>> {
        self.expect(K::ORDER)?;
        self.expect(K::BY)?;
        self.list(|p| {
            let value = p.expr()?;
            let mut item = OrderItem { expr: value, desc: false, nulls_first: None, using: None };
            if p.eat(K::USING) {
                let op = p.operator()?;
                item.desc = op.symbol.starts_with('>');
                item.using = Some(op);
            } else if p.eat(K::DESC) {
                item.desc = true;
            } else {
                p.eat(K::ASC);
            }
            item.nulls_first = p.nulls_order()?;
            Ok(item)
        })
    }

    pub(crate) fn nulls_order(&mut self) -> Result<Option<bool>> {
        if self.is(K::NULLS) && matches!(self.kw_at(1), K::FIRST | K::LAST) {
            self.next();
            return Ok(Some(self.next().kw == K::FIRST));
        }
        Ok(None)
    }

    pub(crate) fn from_list(&mut self) -> Result<Vec<TableRef>> {
        self.list(Self::table_ref)
    }

    /// A table with the joins that follow it.
    fn table_ref(&mut self) -> Result<TableRef> {
        self.nested(|p| p.joined())
    }

    fn joined(&mut self) -> Result<TableRef> {
        let mut left = self.table_primary()?;
        let mut chain = 0u32;
        loop {
            let pos = self.pos();
            let natural = self.is(K::NATURAL);
            let at = usize::from(natural);
            let (kind, words) = match self.kw_at(at) {
                K::JOIN => (JoinType::Inner, 1),
                K::INNER => (JoinType::Inner, 2),
                K::CROSS if !natural => (JoinType::Cross, 2),
                k @ (K::LEFT | K::RIGHT | K::FULL) => {
                    let kind = match k {
                        K::LEFT => JoinType::Left,
                        K::RIGHT => JoinType::Right,
                        _ => JoinType::Full,
                    };
                    (kind, if self.kw_at(at + 1) == K::OUTER { 3 } else { 2 })
                }
                _ if natural => {
                    self.next();
                    return Err(self.error());
                }
                _ => return Ok(left),
            };
            chain += 1;
            if chain > super::parser::DEPTH_MAX {
                return Err(super::parser::too_deep());
            }
            self.i += at + words - 1;
            self.expect(K::JOIN)?;
            let right =
                if kind == JoinType::Cross || natural { self.table_primary()? } else { self.join_operand()? };
            let condition = if natural {
                JoinCondition::Natural
            } else if kind == JoinType::Cross {
                JoinCondition::None
            } else if self.eat(K::ON) {
                JoinCondition::On(self.expr()?)
            } else if self.eat(K::USING) {
                let names = self.name_list()?;
                let alias = if self.eat(K::AS) { Some(self.col_id()?) } else { None };
                JoinCondition::Using(names, alias)
            } else {
                return Err(self.error());
            };
            left = TableRef::Join {
                left: Box::new(left),
                right: Box::new(right),
                kind,
                condition,
                alias: None,
                pos,
            };
        }
    }

    /// The right side of a join: `a JOIN b JOIN c ON … ON …` nests to the right.
    fn join_operand(&mut self) -> Result<TableRef> {
        self.nested(|p| {
            let mut right = p.table_primary()?;
            loop {
                // A join that begins here belongs to the operand only if its condition comes before ours: look
                // whether this side's ON or USING is there already.
                if matches!(p.kw(), K::ON | K::USING) || !p.join_follows() {
                    return Ok(right);
                }
                let pos = p.pos();
                let natural = p.eat(K::NATURAL);
                let kind = match p.next().kw {
                    K::JOIN => JoinType::Inner,
                    K::CROSS => JoinType::Cross,
                    K::LEFT => JoinType::Left,
                    K::RIGHT => JoinType::Right,
                    K::FULL => JoinType::Full,
                    _ => JoinType::Inner,
                };
                if p.toks.get(p.i - 1).is_some_and(|t| t.kw != K::JOIN) {
                    p.eat(K::OUTER);
                    p.expect(K::JOIN)?;
                }
                let other =
                    if kind == JoinType::Cross || natural { p.table_primary()? } else { p.join_operand()? };
                let condition = if natural {
                    JoinCondition::Natural
                } else if kind == JoinType::Cross {
                    JoinCondition::None
                } else if p.eat(K::ON) {
                    JoinCondition::On(p.expr()?)
                } else if p.eat(K::USING) {
                    let names = p.name_list()?;
                    let alias = if p.eat(K::AS) { Some(p.col_id()?) } else { None };
                    JoinCondition::Using(names, alias)
                } else {
                    return Err(p.error());
                };
                right = TableRef::Join {
                    left: Box::new(right),
                    right: Box::new(other),
                    kind,
                    condition,
                    alias: None,
                    pos,
                };
            }
        })
    }

    fn join_follows(&self) -> bool {
        match self.kw() {
            K::NATURAL | K::JOIN => true,
            K::INNER | K::CROSS => self.kw_at(1) == K::JOIN,
            K::LEFT | K::RIGHT | K::FULL => matches!(self.kw_at(1), K::JOIN | K::OUTER),
            _ => false,
        }
    }

    fn table_primary(&mut self) -> Result<TableRef> {
        let pos = self.pos();
        let lateral = self.eat(K::LATERAL);
        if self.is_punct(b'(') {
            if self.group_is_query(0) {
                self.next();
                let query = Box::new(self.query()?);
                self.expect_punct(b')')?;
                let alias = self.alias()?;
                if alias.is_none() {
                    return Err(Error::new(sqlstate::SYNTAX_ERROR, "subquery in FROM must have an alias")
                        .hint("For example, FROM (SELECT ...) [AS] foo.")
                        .at(pos as usize));
                }
                return Ok(TableRef::Query { lateral, query, alias, pos });
            }
            if lateral {
                return Err(self.error());
            }
            self.next();
            let inner = self.table_ref()?;
            let close = self.peek();
            self.expect_punct(b')')?;
            return match inner {
                TableRef::Join { left, right, kind, condition, pos, alias: None } => {
                    let alias = self.alias()?;
                    Ok(TableRef::Join { left, right, kind, condition, alias, pos })
                }
                // ((a JOIN b)) is a join; (a) is not.
                inner @ TableRef::Join { .. } => Ok(inner),
                _ => Err(self.error_at(close)),
            };
        }
        if self.is(K::ROWS) && self.kw_at(1) == K::FROM && self.is_punct_at(2, b'(') {
            self.i += 2;
            let calls = self.paren_list(|p| {
                let call = p.table_function()?;
                let columns = if p.eat(K::AS) { p.column_definitions()? } else { Vec::new() };
                Ok(TableFunction { call, columns })
            })?;
            return self.functions(lateral, calls, true, pos);
        }
        if self.is(K::XMLTABLE) {
            return Err(Error::unsupported("XMLTABLE").at(pos as usize));
        }
        // A function, or a value without parentheses, or a relation.
        let is_call = match self.kw() {
            K::CURRENT_DATE
            | K::CURRENT_TIME
            | K::CURRENT_TIMESTAMP
            | K::LOCALTIME
            | K::LOCALTIMESTAMP
            | K::CURRENT_USER
            | K::CURRENT_ROLE
            | K::SESSION_USER
            | K::USER
            | K::CURRENT_CATALOG
            | K::CURRENT_SCHEMA => true,
            K::ONLY => false,
            _ => {
                let mut n = 1;
                while self.is_punct_at(n, b'.') {
                    n += 2;
                }
                self.is_punct_at(n, b'(')
            }
        };
        if is_call {
            let call = self.table_function()?;
            return self.functions(lateral, vec![TableFunction { call, columns: Vec::new() }], false, pos);
        }
        if lateral {
            return Err(self.error());
        }
        let (name, only) = self.relation_name()?;
        let alias = self.alias()?;
        if self.is(K::TABLESAMPLE) {
            return Err(Error::unsupported("TABLESAMPLE").at(self.pos() as usize));
        }
        Ok(TableRef::Relation { name, only, alias })
    }

    /// A call as FROM has it: no operators around it.
    fn table_function(&mut self) -> Result<Expr> {
        let at = self.pos();
        let save = self.i;
        let found = self.primary()?;
        if matches!(found.kind, ExprKind::Column(_)) || self.i == save {
            return Err(Error::new(sqlstate::SYNTAX_ERROR, "a function call is expected").at(at as usize));
        }
        Ok(found)
    }

    fn functions(
        &mut self,
        lateral: bool,
        mut calls: Vec<TableFunction>,
        rows_from: bool,
        pos: Pos,
    ) -> Result<TableRef> {
        let ordinality = self.eat_all(&[K::WITH, K::ORDINALITY]);
        let as_seen = self.eat(K::AS);
        let mut alias = None;
        if as_seen && self.is_punct(b'(') {
            if let Some(first) = calls.first_mut() {
                first.columns = self.column_definitions()?;
            }
        } else {
            let name = if as_seen { Some(self.col_id()?) } else { self.try_alias_name()? };
            if let Some(name) = name {
                let mut columns = Vec::new();
                if self.is_punct(b'(') {
                    // Names, or names with types.
                    let typed = {
                        let second = self.peek_at(2).tok;
                        !matches!(second, Tok::Punct(b',') | Tok::Punct(b')'))
                    };
                    if typed {
                        if let Some(first) = calls.first_mut() {
                            first.columns = self.column_definitions()?;
                        }
                    } else {
                        columns = self.name_list()?;
                    }
                }
                alias = Some(Alias { name, columns });
            }
        }
        Ok(TableRef::Functions { lateral, calls, rows_from, ordinality, alias, pos })
    }

    fn column_definitions(&mut self) -> Result<Vec<(Name, TypeName)>> {
        self.paren_list(|p| {
            let name = p.col_id()?;
            let ty = p.type_name()?;
            if p.eat(K::COLLATE) {
                p.qname()?;
            }
            Ok((name, ty))
        })
    }

    /// `t`, `t *`, `ONLY t`, `ONLY (t)`.
    pub(crate) fn relation_name(&mut self) -> Result<(QName, bool)> {
        if self.eat(K::ONLY) {
            let paren = self.eat_punct(b'(');
            let name = self.qname()?;
            if paren {
                self.expect_punct(b')')?;
            }
            return Ok((name, true));
        }
        let name = self.qname()?;
        self.eat_op("*");
        Ok((name, false))
    }

    fn try_alias_name(&mut self) -> Result<Option<Name>> {
        self.try_col_id()
    }

    fn alias(&mut self) -> Result<Option<Alias>> {
        let name = if self.eat(K::AS) { Some(self.col_id()?) } else { self.try_alias_name()? };
        let Some(name) = name else { return Ok(None) };
        let columns = self.opt_name_list()?;
        Ok(Some(Alias { name, columns }))
    }

    /// INSERT.
    pub(crate) fn insert(&mut self, with: Option<Box<With>>) -> Result<Insert> {
        let pos = self.pos();
        self.expect(K::INSERT)?;
        self.expect(K::INTO)?;
        let table = self.qname()?;
        let alias = if self.eat(K::AS) { Some(self.col_id()?) } else { None };
        let mut columns = Vec::new();
        if self.is_punct(b'(') && !self.group_is_query(0) {
            columns = self.paren_list(Self::target)?;
        }
        let overriding = if self.eat(K::OVERRIDING) {
            let system = self.eat(K::SYSTEM);
            if !system {
                self.expect(K::USER)?;
            }
            self.expect(K::VALUE)?;
            Some(system)
        } else {
            None
        };
        let source = if columns.is_empty() && self.eat_all(&[K::DEFAULT, K::VALUES]) {
            None
        } else {
            Some(Box::new(self.query()?))
        };
        let mut on_conflict = None;
        if self.is(K::ON) {
            let pos = self.next().pos;
            self.expect(K::CONFLICT)?;
            let target = if self.eat_all(&[K::ON, K::CONSTRAINT]) {
                ConflictTarget::Constraint(self.col_id()?)
            } else if self.is_punct(b'(') {
                let keys = self.paren_list(|p| {
                    let element = p.index_element()?;
                    Ok(element.expr)
                })?;
                let filter = if self.eat(K::WHERE) { Some(self.expr()?) } else { None };
                ConflictTarget::Columns(keys, filter)
            } else {
                ConflictTarget::None
            };
            self.expect(K::DO)?;
            let update = if self.eat(K::NOTHING) {
                None
            } else {
                self.expect(K::UPDATE)?;
                self.expect(K::SET)?;
                let set = self.set_clauses()?;
                let filter = if self.eat(K::WHERE) { Some(self.expr()?) } else { None };
                if matches!(target, ConflictTarget::None) {
                    return Err(Error::new(
                        sqlstate::SYNTAX_ERROR,
                        "ON CONFLICT DO UPDATE requires inference specification or constraint name",
                    )
                    .hint("For example, ON CONFLICT (column_name).")
                    .at(pos as usize));
                }
                Some((set, filter))
            };
            on_conflict = Some(OnConflictClause { target, update, pos });
        }
        let returning = self.returning()?;
        Ok(Insert { with, table, alias, columns, overriding, source, on_conflict, returning, pos })
    }

    fn target(&mut self) -> Result<Target> {
        let name = self.col_id()?;
        let mut field = false;
        if self.is_punct(b'.') {
            field = true;
            self.next();
            self.col_label()?;
        }
        let subscripts = self.subscripts()?;
        Ok(Target { name, subscripts, field })
    }

    fn set_clauses(&mut self) -> Result<Vec<SetClause>> {
        self.list(|p| {
            if p.is_punct(b'(') {
                let targets = p.paren_list(Self::target)?;
                if !p.eat_op("=") {
                    return Err(p.error());
                }
                return Ok(SetClause::Many(targets, p.expr()?));
            }
            let target = p.target()?;
            if !p.eat_op("=") {
                return Err(p.error());
            }
            Ok(SetClause::One(target, p.expr()?))
        })
    }

    fn returning(&mut self) -> Result<Vec<SelectItem>> {
        if self.eat(K::RETURNING) { self.select_items() } else { Ok(Vec::new()) }
    }

    fn target_alias(&mut self) -> Result<Option<Name>> {
        if self.eat(K::AS) {
            return Ok(Some(self.col_id()?));
        }
        if self.is(K::SET) {
            return Ok(None);
        }
        self.try_col_id()
    }

    fn where_or_current_of(&mut self) -> Result<Option<Expr>> {
        if !self.eat(K::WHERE) {
            return Ok(None);
        }
        let pos = self.pos();
        if self.eat_all(&[K::CURRENT, K::OF]) {
            let name = self.col_id()?;
            return Ok(Some(expr(ExprKind::CurrentOf(name), pos)));
        }
        Ok(Some(self.expr()?))
    }

    /// UPDATE.
    pub(crate) fn update(&mut self, with: Option<Box<With>>) -> Result<Update> {
        let pos = self.pos();
        self.expect(K::UPDATE)?;
        let (table, _) = self.relation_name()?;
        let alias = self.target_alias()?;
        self.expect(K::SET)?;
        let set = self.set_clauses()?;
        let from = if self.eat(K::FROM) { self.from_list()? } else { Vec::new() };
        let filter = self.where_or_current_of()?;
        let returning = self.returning()?;
        Ok(Update { with, table, alias, set, from, filter, returning, pos })
    }

    /// DELETE.
    pub(crate) fn delete(&mut self, with: Option<Box<With>>) -> Result<Delete> {
        let pos = self.pos();
        self.expect(K::DELETE)?;
        self.expect(K::FROM)?;
        let (table, _) = self.relation_name()?;
        let alias = self.target_alias()?;
        let using = if self.eat(K::USING) { self.from_list()? } else { Vec::new() };
        let filter = self.where_or_current_of()?;
        let returning = self.returning()?;
        Ok(Delete { with, table, alias, using, filter, returning, pos })
    }
}
