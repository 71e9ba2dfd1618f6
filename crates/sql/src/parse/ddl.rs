//! CREATE, ALTER, DROP of tables, indexes, sequences, views, schemas and databases; COMMENT; TRUNCATE.

use datum::error::sqlstate;
use datum::{Error, Result};

use super::ast::*;
use super::expr::expr;
use super::keywords::{Class, K};
use super::lexer::Tok;
use super::parser::Parser;
use crate::catalog::ReferentialAction;
use crate::statement::{AlterDatabase, NameChange, OnCommit};

impl Parser<'_> {
    pub(crate) fn create(&mut self) -> Result<Statement> {
        self.expect(K::CREATE)?;
        let or_replace = self.eat_all(&[K::OR, K::REPLACE]);
        let mut temporary = false;
        if matches!(self.kw(), K::GLOBAL | K::LOCAL) && matches!(self.kw_at(1), K::TEMP | K::TEMPORARY) {
            self.next();
        }
        if self.eat(K::TEMP) || self.eat(K::TEMPORARY) {
            temporary = true;
        } else {
            self.eat(K::UNLOGGED);
        }
        let t = self.peek();
        match t.kw {
            K::VIEW => {
                self.next();
                self.create_view(or_replace, temporary)
            }
            K::RECURSIVE if self.kw_at(1) == K::VIEW => Ok(Statement::Unsupported("CREATE RECURSIVE VIEW")),
            K::FUNCTION | K::PROCEDURE => self.refuse("CREATE FUNCTION"),
            K::TRIGGER | K::CONSTRAINT => self.refuse("CREATE TRIGGER"),
            K::RULE => self.refuse("CREATE RULE"),
            K::AGGREGATE => self.refuse("CREATE AGGREGATE"),
            _ if or_replace => Err(self.error()),
            K::TABLE => {
                self.next();
                self.create_table(temporary)
            }
            K::SEQUENCE => {
                self.next();
                let if_not_exists = self.if_not_exists();
                let name = self.qname()?;
                let options = self.sequence_options()?;
                Ok(Statement::CreateSequence { name, if_not_exists, temporary, options })
            }
            K::UNIQUE | K::INDEX => self.create_index(),
            K::SCHEMA => {
                self.next();
                self.create_schema()
            }
            K::DATABASE => {
                self.next();
                let name = self.col_id()?;
                self.eat(K::WITH);
                let options = self.database_options()?;
                Ok(Statement::CreateDatabase { name, options })
            }
            K::ROLE | K::USER | K::GROUP => {
                self.next();
                self.create_role(t.kw)
            }
            K::MATERIALIZED => self.refuse("CREATE MATERIALIZED VIEW"),
            K::TYPE => self.refuse("CREATE TYPE"),
            K::DOMAIN => self.refuse("CREATE DOMAIN"),
            K::EXTENSION => self.refuse("CREATE EXTENSION"),
            K::CAST => self.refuse("CREATE CAST"),
            K::COLLATION => self.refuse("CREATE COLLATION"),
            K::OPERATOR => self.refuse("CREATE OPERATOR"),
            K::POLICY => self.refuse("CREATE POLICY"),
            K::PUBLICATION => self.refuse("CREATE PUBLICATION"),
            K::SUBSCRIPTION => self.refuse("CREATE SUBSCRIPTION"),
            K::STATISTICS => self.refuse("CREATE STATISTICS"),
            K::TABLESPACE => self.refuse("CREATE TABLESPACE"),
            K::FOREIGN => self.refuse("CREATE FOREIGN TABLE"),
            K::SERVER => self.refuse("CREATE SERVER"),
            K::LANGUAGE | K::TRUSTED | K::PROCEDURAL => self.refuse("CREATE LANGUAGE"),
            K::EVENT => self.refuse("CREATE EVENT TRIGGER"),
            K::TEXT => self.refuse("CREATE TEXT SEARCH"),
            K::CONVERSION | K::DEFAULT => self.refuse("CREATE CONVERSION"),
            K::ACCESS => self.refuse("CREATE ACCESS METHOD"),
            K::TRANSFORM => self.refuse("CREATE TRANSFORM"),
            _ => Err(self.error()),
        }
    }

    /// Skips to the end of the statement: it is known, and not supported.
    pub(crate) fn refuse(&mut self, what: &'static str) -> Result<Statement> {
        while !matches!(self.peek().tok, Tok::End | Tok::Punct(b';')) {
            self.next();
        }
        Ok(Statement::Unsupported(what))
    }

    fn create_view(&mut self, or_replace: bool, temporary: bool) -> Result<Statement> {
        let name = self.qname()?;
        let columns = self.opt_name_list()?;
        if self.eat(K::WITH) {
            self.relation_options()?;
        }
        self.expect(K::AS)?;
        let query = Box::new(self.query()?);
        if self.is(K::WITH) {
            let pos = self.pos();
            if self.kw_at(1) == K::CHECK || self.kw_at(2) == K::CHECK {
                return Err(Error::unsupported("WITH CHECK OPTION").at(pos as usize));
            }
        }
        Ok(Statement::CreateView(Box::new(CreateView { name, or_replace, temporary, columns, query })))
    }

    fn on_commit(&mut self) -> Result<OnCommit> {
        if !self.eat_all(&[K::ON, K::COMMIT]) {
            return Ok(OnCommit::PreserveRows);
        }
        if self.eat(K::DROP) {
            return Ok(OnCommit::Drop);
        }
        let delete = self.eat(K::DELETE);
        if !delete {
            self.expect(K::PRESERVE)?;
        }
        self.expect(K::ROWS)?;
        Ok(if delete { OnCommit::DeleteRows } else { OnCommit::PreserveRows })
    }

    fn create_table(&mut self, temporary: bool) -> Result<Statement> {
        let if_not_exists = self.if_not_exists();
        let name = self.qname()?;
        let mut unsupported = None;
        // CREATE TABLE t (a, b) AS …: a list of bare names.
        let as_columns = self.is_punct(b'(') && {
            let mut n = 1;
            loop {
                if !matches!(self.peek_at(n).tok, Tok::Word | Tok::Quoted | Tok::UnicodeQuoted) {
                    break false;
                }
                match self.peek_at(n + 1).tok {
                    Tok::Punct(b',') => n += 2,
                    Tok::Punct(b')') => break true,
                    _ => break false,
                }
            }
        };
        if as_columns || matches!(self.kw(), K::AS | K::WITH | K::ON | K::USING | K::TABLESPACE | K::WITHOUT)
        {
            let columns = if as_columns { self.name_list()? } else { Vec::new() };
            if self.eat(K::USING) {
                self.col_id()?;
            }
            if self.eat(K::WITH) {
                self.relation_options()?;
            }
            let on_commit = self.on_commit()?;
            if self.eat(K::TABLESPACE) {
                self.col_id()?;
            }
            self.expect(K::AS)?;
            if self.is(K::EXECUTE) {
                return self.refuse("CREATE TABLE AS EXECUTE");
            }
            let query = Box::new(self.query()?);
            let with_data = if self.eat_all(&[K::WITH, K::NO, K::DATA]) {
                false
            } else {
                self.eat_all(&[K::WITH, K::DATA]);
                true
            };
            return Ok(Statement::CreateTableAs(Box::new(CreateTableAs {
                name,
                columns,
                if_not_exists,
                temporary,
                on_commit,
                query,
                with_data,
            })));
        }
        if self.is(K::OF) {
            return self.refuse("CREATE TABLE OF");
        }
        if self.is(K::PARTITION) {
            return self.refuse("PARTITION OF");
        }
        self.expect_punct(b'(')?;
        let mut elements = Vec::new();
        if !self.is_punct(b')') {
            elements = self.list(Self::table_element)?;
        }
        self.expect_punct(b')')?;
        if self.is(K::INHERITS) {
            unsupported = Some(("table inheritance", self.pos()));
            self.next();
            self.paren_list(Self::qname)?;
        }
        if self.is(K::PARTITION) {
            unsupported = Some(("table partitioning", self.pos()));
            while !matches!(self.peek().tok, Tok::End | Tok::Punct(b';')) {
                self.next();
            }
        }
        if self.eat(K::USING) {
            self.col_id()?;
        }
        let mut options = Vec::new();
        if self.eat(K::WITH) {
            options = self.relation_options()?;
        } else if self.eat(K::WITHOUT) {
            self.expect(K::OIDS)?;
        }
        let on_commit = self.on_commit()?;
        if self.eat(K::TABLESPACE) {
            self.col_id()?;
        }
        Ok(Statement::CreateTable(Box::new(CreateTable {
            name,
            if_not_exists,
            temporary,
            elements,
            options,
            on_commit,
            unsupported,
        })))
    }

    /// `(name = value, …)`
    pub(crate) fn relation_options(&mut self) -> Result<Vec<(String, String)>> {
        self.paren_list(|p| {
            let mut name = p.col_label()?.text.to_string();
            while p.eat_punct(b'.') {
                name.push('.');
                name.push_str(&p.col_label()?);
            }
            let value = if p.eat_op("=") { p.option_value()? } else { "true".to_owned() };
            Ok((name, value))
        })
    }

    /// A word, a number or a string.
    pub(crate) fn option_value(&mut self) -> Result<String> {
        if self.is_string() {
            return self.string();
        }
        let mut out = String::new();
        if self.eat_op("-") {
            out.push('-');
        } else {
            self.eat_op("+");
        }
        let t = self.peek();
        match t.tok {
            Tok::Integer | Tok::Decimal => {
                self.next();
                out.push_str(self.text(t));
                Ok(out)
            }
            _ if out.is_empty() => Ok(self.col_label()?.text.to_string()),
            _ => Err(self.error()),
        }
    }

    fn table_element(&mut self) -> Result<TableElement> {
        match self.kw() {
            K::LIKE => {
                self.next();
                let table = self.qname()?;
                let mut options = Vec::new();
                loop {
                    let including = match self.kw() {
                        K::INCLUDING => true,
                        K::EXCLUDING => false,
                        _ => break,
                    };
                    self.next();
                    let what = self.peek();
                    if !matches!(
                        what.kw,
                        K::COMMENTS
                            | K::COMPRESSION
                            | K::CONSTRAINTS
                            | K::DEFAULTS
                            | K::IDENTITY
                            | K::GENERATED
                            | K::INDEXES
                            | K::STATISTICS
                            | K::STORAGE
                            | K::ALL
                    ) {
                        return Err(self.error());
                    }
                    self.next();
                    options.push((including, what.kw.text().into()));
                }
                Ok(TableElement::Like(LikeClause { table, options }))
            }
            K::CONSTRAINT | K::PRIMARY | K::UNIQUE | K::CHECK | K::FOREIGN | K::EXCLUDE => {
                // A column may be called exclude: it is not reserved.
                if self.is(K::EXCLUDE) && !(self.kw_at(1) == K::USING || self.is_punct_at(1, b'(')) {
                    return Ok(TableElement::Column(self.column_def()?));
                }
                Ok(TableElement::Constraint(self.table_constraint()?))
            }
            _ => Ok(TableElement::Column(self.column_def()?)),
        }
    }

    pub(crate) fn column_def(&mut self) -> Result<ColumnDef> {
        let name = self.col_id()?;
        let ty = self.type_name()?;
        let mut constraints: Vec<ColumnConstraint> = Vec::new();
        loop {
            if self.eat(K::STORAGE) || (self.is(K::COMPRESSION) && self.eat(K::COMPRESSION)) {
                self.col_label()?;
                continue;
            }
            let pos = self.pos();
            let constraint_name = if self.eat(K::CONSTRAINT) { Some(self.col_id()?) } else { None };
            let kind = match self.kw() {
                K::NOT if self.kw_at(1) == K::NULL => {
                    self.i += 2;
                    ColumnConstraintKind::NotNull
                }
                K::NULL => {
                    self.next();
                    ColumnConstraintKind::Null
                }
                K::DEFAULT => {
                    self.next();
                    ColumnConstraintKind::Default(self.b_expr()?)
                }
                K::PRIMARY => {
                    self.next();
                    self.expect(K::KEY)?;
                    self.index_parameters()?;
                    ColumnConstraintKind::PrimaryKey
                }
                K::UNIQUE => {
                    self.next();
                    self.nulls_not_distinct()?;
                    self.index_parameters()?;
                    ColumnConstraintKind::Unique
                }
                K::CHECK => {
                    self.next();
                    self.expect_punct(b'(')?;
                    let condition = self.expr()?;
                    self.expect_punct(b')')?;
                    self.eat_all(&[K::NO, K::INHERIT]);
                    ColumnConstraintKind::Check(condition)
                }
                K::REFERENCES => ColumnConstraintKind::References(self.references()?),
                K::COLLATE => {
                    self.next();
                    ColumnConstraintKind::Collate(self.qname()?)
                }
                K::GENERATED => {
                    self.next();
                    let always = self.eat(K::ALWAYS);
                    if !always {
                        self.expect(K::BY)?;
                        self.expect(K::DEFAULT)?;
                    }
                    self.expect(K::AS)?;
                    if self.eat(K::IDENTITY) {
                        let options = if self.eat_punct(b'(') {
                            let options = self.sequence_options()?;
                            self.expect_punct(b')')?;
                            options
                        } else {
                            Vec::new()
                        };
                        ColumnConstraintKind::Identity(always, options)
                    } else {
                        self.expect_punct(b'(')?;
                        let value = self.expr()?;
                        self.expect_punct(b')')?;
                        self.expect(K::STORED)?;
                        if !always {
                            return Err(Error::new(
                                sqlstate::SYNTAX_ERROR,
                                "for a generated column, GENERATED ALWAYS must be specified",
                            )
                            .at(pos as usize));
                        }
                        ColumnConstraintKind::Stored(value)
                    }
                }
                // Attributes of the constraint before.
                K::DEFERRABLE | K::INITIALLY | K::NOT if constraint_name.is_none() => {
                    let attributes = self.constraint_attributes()?;
                    match constraints.last_mut() {
                        Some(last) if attributes.is_some() => {
                            let new = attributes.unwrap_or_default();
                            last.attributes.deferrable |= new.deferrable;
                            last.attributes.initially_deferred |= new.initially_deferred;
                            last.attributes.not_valid |= new.not_valid;
                            if new.deferrable
                                && !matches!(
                                    last.kind,
                                    ColumnConstraintKind::References(_)
                                        | ColumnConstraintKind::Unique
                                        | ColumnConstraintKind::PrimaryKey
                                )
                            {
                                return Err(Error::new(
                                    sqlstate::SYNTAX_ERROR,
                                    "misplaced DEFERRABLE clause",
                                )
                                .at(pos as usize));
                            }
                            continue;
                        }
                        _ => return Err(self.error()),
                    }
                }
                _ if constraint_name.is_some() => return Err(self.error()),
                _ => break,
            };
            constraints.push(ColumnConstraint {
                name: constraint_name,
                kind,
                attributes: ConstraintAttributes::default(),
                pos,
            });
        }
        Ok(ColumnDef { name, ty, constraints })
    }

    fn nulls_not_distinct(&mut self) -> Result<()> {
        let pos = self.pos();
        if self.eat_all(&[K::NULLS, K::NOT, K::DISTINCT]) {
            return Err(Error::unsupported("NULLS NOT DISTINCT").at(pos as usize));
        }
        self.eat_all(&[K::NULLS, K::DISTINCT]);
        Ok(())
    }

    /// WITH (…), USING INDEX TABLESPACE.
    fn index_parameters(&mut self) -> Result<()> {
        if self.is(K::WITH) && self.is_punct_at(1, b'(') {
            self.next();
            self.relation_options()?;
        }
        if self.eat_all(&[K::USING, K::INDEX, K::TABLESPACE]) {
            self.col_id()?;
        }
        Ok(())
    }

    /// DEFERRABLE, INITIALLY …, NOT VALID; `None` if there are none.
    fn constraint_attributes(&mut self) -> Result<Option<ConstraintAttributes>> {
        let mut found = None::<ConstraintAttributes>;
        let mut not_deferrable = false;
        loop {
            let pos = self.pos();
            if self.eat(K::DEFERRABLE) {
                found.get_or_insert_default().deferrable = true;
            } else if self.eat_all(&[K::NOT, K::DEFERRABLE]) {
                not_deferrable = true;
                found.get_or_insert_default();
            } else if self.eat_all(&[K::INITIALLY, K::DEFERRED]) {
                let a = found.get_or_insert_default();
                a.initially_deferred = true;
                a.deferrable = true;
                if not_deferrable {
                    return Err(Error::new(
                        sqlstate::SYNTAX_ERROR,
                        "constraint declared INITIALLY DEFERRED must be DEFERRABLE",
                    )
                    .at(pos as usize));
                }
            } else if self.eat_all(&[K::INITIALLY, K::IMMEDIATE]) {
                found.get_or_insert_default();
            } else if self.eat_all(&[K::NOT, K::VALID]) {
                found.get_or_insert_default().not_valid = true;
            } else if self.eat_all(&[K::NO, K::INHERIT]) {
                found.get_or_insert_default();
            } else {
                return Ok(found);
            }
        }
    }

    fn references(&mut self) -> Result<References> {
        self.expect(K::REFERENCES)?;
        let table = self.qname()?;
        let columns = self.opt_name_list()?;
        let mut out = References {
            table,
            columns,
            match_full: false,
            match_partial: false,
            on_delete: ReferentialAction::NoAction,
            on_update: ReferentialAction::NoAction,
        };
        loop {
            if self.eat(K::MATCH) {
                if self.eat(K::FULL) {
                    out.match_full = true;
                } else if self.eat(K::PARTIAL) {
                    out.match_partial = true;
                } else {
                    self.expect(K::SIMPLE)?;
                }
            } else if self.eat_all(&[K::ON, K::DELETE]) {
                out.on_delete = self.referential_action()?;
            } else if self.eat_all(&[K::ON, K::UPDATE]) {
                out.on_update = self.referential_action()?;
            } else {
                return Ok(out);
            }
        }
    }

    fn referential_action(&mut self) -> Result<ReferentialAction> {
        if self.eat(K::CASCADE) {
            return Ok(ReferentialAction::Cascade);
        }
        if self.eat(K::RESTRICT) {
            return Ok(ReferentialAction::Restrict);
        }
        if self.eat_all(&[K::NO, K::ACTION]) {
            return Ok(ReferentialAction::NoAction);
        }
        let action = if self.eat_all(&[K::SET, K::NULL]) {
            ReferentialAction::SetNull
        } else if self.eat_all(&[K::SET, K::DEFAULT]) {
            ReferentialAction::SetDefault
        } else {
            return Err(self.error());
        };
        if self.is_punct(b'(') {
            return Err(Error::unsupported("ON DELETE SET NULL of some columns").at(self.pos() as usize));
        }
        Ok(action)
    }

    pub(crate) fn table_constraint(&mut self) -> Result<TableConstraint> {
        let pos = self.pos();
        let name = if self.eat(K::CONSTRAINT) { Some(self.col_id()?) } else { None };
        let t = self.next();
        let kind = match t.kw {
            K::CHECK => {
                self.expect_punct(b'(')?;
                let condition = self.expr()?;
                self.expect_punct(b')')?;
                TableConstraintKind::Check(condition)
            }
            K::PRIMARY | K::UNIQUE => {
                let primary = t.kw == K::PRIMARY;
                if primary {
                    self.expect(K::KEY)?;
                } else {
                    self.nulls_not_distinct()?;
                }
                if self.is(K::USING) && self.kw_at(1) == K::INDEX && self.kw_at(2) != K::TABLESPACE {
                    self.i += 2;
                    TableConstraintKind::UsingIndex(primary, self.col_id()?)
                } else {
                    let columns = self.name_list()?;
                    let include = if self.eat(K::INCLUDE) { self.name_list()? } else { Vec::new() };
                    self.index_parameters()?;
                    if primary {
                        TableConstraintKind::PrimaryKey(columns, include)
                    } else {
                        TableConstraintKind::Unique(columns, include)
                    }
                }
            }
            K::FOREIGN => {
                self.expect(K::KEY)?;
                let columns = self.name_list()?;
                TableConstraintKind::ForeignKey(columns, self.references()?)
            }
            K::EXCLUDE => {
                let mut depth = 0usize;
                loop {
                    match self.peek().tok {
                        Tok::End | Tok::Punct(b';') => break,
                        Tok::Punct(b'(') => depth += 1,
                        Tok::Punct(b')') if depth == 0 => break,
                        Tok::Punct(b')') => depth -= 1,
                        Tok::Punct(b',') if depth == 0 => break,
                        _ => {}
                    }
                    self.next();
                }
                TableConstraintKind::Exclude
            }
            _ => return Err(self.error_at(t)),
        };
        let attributes = self.constraint_attributes()?.unwrap_or_default();
        Ok(TableConstraint { name, kind, attributes, pos })
    }

    pub(crate) fn sequence_options(&mut self) -> Result<Vec<SeqOption>> {
        let mut out = Vec::new();
        while let Some(option) = self.sequence_option()? {
            out.push(option);
        }
        Ok(out)
    }

    fn sequence_option(&mut self) -> Result<Option<SeqOption>> {
        Ok(Some(match self.kw() {
            K::AS => {
                self.next();
                SeqOption::As(self.type_name()?)
            }
            K::START => {
                self.next();
                self.eat(K::WITH);
                SeqOption::Start(self.signed_integer()?)
            }
            K::INCREMENT => {
                self.next();
                self.eat(K::BY);
                SeqOption::Increment(self.signed_integer()?)
            }
            K::MINVALUE => {
                self.next();
                SeqOption::Min(Some(self.signed_integer()?))
            }
            K::MAXVALUE => {
                self.next();
                SeqOption::Max(Some(self.signed_integer()?))
            }
            K::CACHE => {
                self.next();
                SeqOption::Cache(self.signed_integer()?)
            }
            K::CYCLE => {
                self.next();
                SeqOption::Cycle(true)
            }
            K::NO => {
                self.next();
                match self.next().kw {
                    K::MINVALUE => SeqOption::Min(None),
                    K::MAXVALUE => SeqOption::Max(None),
                    K::CYCLE => SeqOption::Cycle(false),
                    _ => {
                        self.i -= 1;
                        return Err(self.error());
                    }
                }
            }
            K::RESTART => {
                self.next();
                let with = self.eat(K::WITH);
                let number = matches!(self.peek().tok, Tok::Integer) || self.is_op("-") || self.is_op("+");
                SeqOption::Restart(if with || number { Some(self.signed_integer()?) } else { None })
            }
            K::OWNED => {
                self.next();
                self.expect(K::BY)?;
                if self.eat(K::NONE) {
                    SeqOption::OwnedBy(Vec::new())
                } else {
                    SeqOption::OwnedBy(self.qname()?)
                }
            }
            K::SEQUENCE if self.kw_at(1) == K::NAME => {
                self.i += 2;
                SeqOption::Name(self.qname()?)
            }
            K::LOGGED | K::UNLOGGED => {
                self.next();
                SeqOption::Other
            }
            _ => return Ok(None),
        }))
    }

    fn create_index(&mut self) -> Result<Statement> {
        let unique = self.eat(K::UNIQUE);
        self.expect(K::INDEX)?;
        let concurrently = self.eat(K::CONCURRENTLY);
        let if_not_exists = self.if_not_exists();
        let name = if self.is(K::ON) { None } else { Some(self.col_id()?) };
        if if_not_exists && name.is_none() {
            return Err(self.error());
        }
        self.expect(K::ON)?;
        let (table, _) = self.relation_name()?;
        let method = if self.eat(K::USING) { Some(self.col_id()?) } else { None };
        let keys = self.paren_list(Self::index_element)?;
        let include = if self.eat(K::INCLUDE) { self.name_list()? } else { Vec::new() };
        self.nulls_not_distinct()?;
        if self.is(K::WITH) {
            self.next();
            self.relation_options()?;
        }
        if self.eat(K::TABLESPACE) {
            self.col_id()?;
        }
        let predicate = if self.eat(K::WHERE) { Some(self.expr()?) } else { None };
        Ok(Statement::CreateIndex(Box::new(CreateIndex {
            name,
            unique,
            concurrently,
            if_not_exists,
            table,
            method,
            keys,
            include,
            predicate,
        })))
    }

    /// A column, a call or an expression in parentheses, with collation, operator class and order.
    pub(crate) fn index_element(&mut self) -> Result<IndexElement> {
        let pos = self.pos();
        let key = if self.eat_punct(b'(') {
            let inner = self.expr()?;
            self.expect_punct(b')')?;
            inner
        } else {
            let after = self.peek_at(1).tok;
            if matches!(after, Tok::Punct(b'(') | Tok::Punct(b'.')) || self.kw().class() == Class::Reserved {
                self.primary()?
            } else {
                let name = self.col_id()?;
                expr(ExprKind::Column(vec![name]), pos)
            }
        };
        if self.eat(K::COLLATE) {
            self.qname()?;
        }
        let mut opclass = None;
        if matches!(self.peek().tok, Tok::Word | Tok::Quoted)
            && !matches!(self.kw(), K::ASC | K::DESC | K::NULLS)
            && self.kw().class() != Class::Reserved
        {
            opclass = Some(self.qname()?);
            if self.is_punct(b'(') {
                self.relation_options()?;
            }
        }
        let desc = if self.eat(K::DESC) {
            true
        } else {
            self.eat(K::ASC);
            false
        };
        let nulls_first = self.nulls_order()?;
        Ok(IndexElement { expr: key, opclass, desc, nulls_first })
    }

    fn create_schema(&mut self) -> Result<Statement> {
        let if_not_exists = self.if_not_exists();
        let name = if self.is(K::AUTHORIZATION) { None } else { Some(self.col_id()?) };
        let owner = if self.eat(K::AUTHORIZATION) { Some(self.role()?) } else { None };
        let mut elements = Vec::new();
        while matches!(self.kw(), K::CREATE | K::GRANT) {
            elements.push(self.statement()?);
        }
        Ok(Statement::CreateSchema { name, if_not_exists, owner, elements })
    }

    fn database_options(&mut self) -> Result<Vec<(String, String)>> {
        let mut out = Vec::new();
        while matches!(self.peek().tok, Tok::Word) {
            let mut name = self.col_label()?.text.to_string();
            if name == "connection" {
                self.expect(K::LIMIT)?;
                name.push_str("_limit");
            }
            self.eat_op("=");
            let value = self.option_value()?;
            out.push((name, value));
        }
        Ok(out)
    }

    pub(crate) fn drop_statement(&mut self) -> Result<Statement> {
        self.expect(K::DROP)?;
        let t = self.peek();
        let kind = match t.kw {
            K::TABLE => ObjectKind::Table,
            K::VIEW => ObjectKind::View,
            K::INDEX => ObjectKind::Index,
            K::SEQUENCE => ObjectKind::Sequence,
            K::SCHEMA => ObjectKind::Schema,
            K::DATABASE => ObjectKind::Database,
            K::ROLE | K::USER | K::GROUP => ObjectKind::Role,
            K::MATERIALIZED => return self.refuse("DROP MATERIALIZED VIEW"),
            K::FUNCTION | K::PROCEDURE | K::ROUTINE | K::AGGREGATE => return self.refuse("DROP FUNCTION"),
            K::TYPE | K::DOMAIN => return self.refuse("DROP TYPE"),
            K::TRIGGER => return self.refuse("DROP TRIGGER"),
            K::EXTENSION => return self.refuse("DROP EXTENSION"),
            K::RULE
            | K::POLICY
            | K::CAST
            | K::COLLATION
            | K::OPERATOR
            | K::PUBLICATION
            | K::SUBSCRIPTION
            | K::STATISTICS
            | K::TABLESPACE
            | K::FOREIGN
            | K::SERVER
            | K::LANGUAGE
            | K::OWNED
            | K::EVENT => {
                return self.refuse("this kind of DROP");
            }
            _ => {
                return Err(self.error());
            }
        };
        self.next();
        if kind == ObjectKind::Index {
            self.eat(K::CONCURRENTLY);
        }
        let if_exists = self.if_exists();
        let names =
            if kind == ObjectKind::Role { self.list(|p| Ok(vec![p.role()?]))? } else { self.qname_list()? };
        let cascade = if kind == ObjectKind::Database {
            // WITH (FORCE)
            self.eat(K::WITH);
            if self.is_punct(b'(') {
                self.paren_list(Self::col_label)?;
            }
            false
        } else if kind == ObjectKind::Role {
            false
        } else {
            self.cascade()
        };
        Ok(Statement::Drop { kind, names, if_exists, cascade })
    }

    pub(crate) fn alter(&mut self) -> Result<Statement> {
        self.expect(K::ALTER)?;
        let t = self.next();
        match t.kw {
            K::TABLE | K::INDEX | K::VIEW => {
                let kind = match t.kw {
                    K::TABLE => ObjectKind::Table,
                    K::INDEX => ObjectKind::Index,
                    _ => ObjectKind::View,
                };
                if self.is(K::ALL) {
                    return self.refuse("ALTER … ALL IN TABLESPACE");
                }
                let if_exists = self.if_exists();
                let (name, _) = self.relation_name()?;
                let actions = self.alter_actions()?;
                Ok(Statement::AlterTable { kind, name, if_exists, actions })
            }
            K::SEQUENCE => {
                let if_exists = self.if_exists();
                let name = self.qname()?;
                let is_name_change = matches!(self.kw(), K::RENAME | K::OWNER)
                    || (self.is(K::SET) && matches!(self.kw_at(1), K::SCHEMA | K::LOGGED | K::UNLOGGED));
                if is_name_change {
                    let actions = self.alter_actions()?;
                    return Ok(Statement::AlterTable {
                        kind: ObjectKind::Sequence,
                        name,
                        if_exists,
                        actions,
                    });
                }
                let options = self.sequence_options()?;
                if options.is_empty() {
                    return Err(self.error());
                }
                Ok(Statement::AlterSequence { name, if_exists, options })
            }
            K::SCHEMA => {
                let name = self.col_id()?;
                let change = self.simple_alter()?;
                Ok(Statement::AlterSchema { name, change })
            }
            K::DATABASE => {
                let name = self.col_id()?;
                let change = match self.kw() {
                    K::RENAME => {
                        self.next();
                        self.expect(K::TO)?;
                        AlterDatabase::Name(NameChange::Rename(self.col_id()?.text.to_string()))
                    }
                    K::OWNER => {
                        self.next();
                        self.expect(K::TO)?;
                        AlterDatabase::Name(NameChange::Owner(self.role()?.text.to_string()))
                    }
                    K::SET if self.kw_at(1) != K::TABLESPACE => {
                        self.next();
                        let (setting, value) = self.setting_assignment()?;
                        AlterDatabase::Set(Some(setting), value)
                    }
                    K::RESET => {
                        self.next();
                        let setting = if self.eat(K::ALL) { None } else { Some(self.setting_name()?) };
                        AlterDatabase::Set(setting, None)
                    }
                    _ => {
                        self.eat(K::WITH);
                        AlterDatabase::Options(self.database_options()?)
                    }
                };
                Ok(Statement::AlterDatabase { name, change })
            }
            K::ROLE | K::USER | K::GROUP => self.alter_role(),
            K::DEFAULT => self.refuse("ALTER DEFAULT PRIVILEGES"),
            K::SYSTEM => self.refuse("ALTER SYSTEM"),
            K::TYPE | K::DOMAIN => self.refuse("ALTER TYPE"),
            K::FUNCTION
            | K::PROCEDURE
            | K::ROUTINE
            | K::AGGREGATE
            | K::OPERATOR
            | K::COLLATION
            | K::CONVERSION
            | K::EXTENSION
            | K::LANGUAGE
            | K::LARGE
            | K::MATERIALIZED
            | K::POLICY
            | K::PUBLICATION
            | K::RULE
            | K::SERVER
            | K::STATISTICS
            | K::SUBSCRIPTION
            | K::TABLESPACE
            | K::TEXT
            | K::TRIGGER
            | K::EVENT
            | K::FOREIGN => self.refuse("this kind of ALTER"),
            _ => Err(self.error_at(t)),
        }
    }

    /// RENAME TO, OWNER TO.
    fn simple_alter(&mut self) -> Result<AlterAction> {
        if self.eat_all(&[K::RENAME, K::TO]) {
            return Ok(AlterAction::RenameTo(self.col_id()?));
        }
        self.expect(K::OWNER)?;
        self.expect(K::TO)?;
        Ok(AlterAction::OwnerTo(self.role()?))
    }

    fn alter_actions(&mut self) -> Result<Vec<AlterAction>> {
        if self.eat(K::RENAME) {
            let action = if self.eat(K::TO) {
                AlterAction::RenameTo(self.col_id()?)
            } else if self.eat(K::CONSTRAINT) {
                let name = self.col_id()?;
                self.expect(K::TO)?;
                AlterAction::RenameConstraint(name, self.col_id()?)
            } else {
                self.eat(K::COLUMN);
                let name = self.col_id()?;
                self.expect(K::TO)?;
                AlterAction::RenameColumn(name, self.col_id()?)
            };
            return Ok(vec![action]);
        }
        if self.eat_all(&[K::SET, K::SCHEMA]) {
            return Ok(vec![AlterAction::SetSchema(self.col_id()?)]);
        }
        self.list(Self::alter_action)
    }

    fn alter_action(&mut self) -> Result<AlterAction> {
        let t = self.next();
        match t.kw {
            K::ADD => {
                if matches!(self.kw(), K::CONSTRAINT | K::PRIMARY | K::UNIQUE | K::CHECK | K::FOREIGN)
                    || (self.is(K::EXCLUDE) && (self.kw_at(1) == K::USING || self.is_punct_at(1, b'(')))
                {
                    return Ok(AlterAction::AddConstraint(self.table_constraint()?));
                }
                self.eat(K::COLUMN);
                let if_not_exists = self.if_not_exists();
                Ok(AlterAction::AddColumn(self.column_def()?, if_not_exists))
            }
            K::DROP => {
                if self.eat(K::CONSTRAINT) {
                    let if_exists = self.if_exists();
                    let name = self.col_id()?;
                    return Ok(AlterAction::DropConstraint(name, if_exists, self.cascade()));
                }
                self.eat(K::COLUMN);
                let if_exists = self.if_exists();
                let name = self.col_id()?;
                Ok(AlterAction::DropColumn(name, if_exists, self.cascade()))
            }
            K::ALTER => {
                if self.eat(K::CONSTRAINT) {
                    let name = self.col_id()?;
                    self.constraint_attributes()?;
                    return Ok(AlterAction::AlterConstraint(name));
                }
                self.eat(K::COLUMN);
                if self.peek().tok == Tok::Integer {
                    self.next();
                    self.expect(K::SET)?;
                    self.expect(K::STATISTICS)?;
                    self.signed_integer()?;
                    return Ok(AlterAction::Nothing);
                }
                let name = self.col_id()?;
                self.alter_column(name)
            }
            K::VALIDATE => {
                self.expect(K::CONSTRAINT)?;
                Ok(AlterAction::ValidateConstraint(self.col_id()?))
            }
            K::OWNER => {
                self.expect(K::TO)?;
                Ok(AlterAction::OwnerTo(self.role()?))
            }
            K::SET => {
                if self.is_punct(b'(') {
                    self.relation_options()?;
                } else if self.eat(K::TABLESPACE) || self.eat_all(&[K::ACCESS, K::METHOD]) {
                    self.col_id()?;
                } else if self.eat(K::WITHOUT) {
                    if !self.eat(K::CLUSTER) {
                        self.expect(K::OIDS)?;
                    }
                } else if !(self.eat(K::LOGGED) || self.eat(K::UNLOGGED)) {
                    return Err(self.error());
                }
                Ok(AlterAction::Nothing)
            }
            K::RESET => {
                self.relation_options()?;
                Ok(AlterAction::Nothing)
            }
            K::CLUSTER => {
                self.expect(K::ON)?;
                self.col_id()?;
                Ok(AlterAction::Nothing)
            }
            K::REPLICA => {
                self.expect(K::IDENTITY)?;
                if self.eat(K::USING) {
                    self.expect(K::INDEX)?;
                }
                self.col_label()?;
                Ok(AlterAction::Nothing)
            }
            K::ENABLE | K::DISABLE => {
                while !matches!(self.peek().tok, Tok::End | Tok::Punct(b';') | Tok::Punct(b',')) {
                    self.next();
                }
                // There are no triggers and rules to switch; row security is refused.
                Ok(AlterAction::Nothing)
            }
            K::ATTACH | K::DETACH => {
                self.refuse("partition")?;
                Ok(AlterAction::Unsupported("table partitioning"))
            }
            K::INHERIT | K::NO => {
                self.refuse("inherit")?;
                Ok(AlterAction::Unsupported("table inheritance"))
            }
            _ => Err(self.error_at(t)),
        }
    }

    fn alter_column(&mut self, name: Name) -> Result<AlterAction> {
        let t = self.next();
        match t.kw {
            K::TYPE => self.alter_type(name),
            K::DROP => {
                if self.eat(K::DEFAULT) {
                    return Ok(AlterAction::SetDefault(name, None));
                }
                if self.eat_all(&[K::NOT, K::NULL]) {
                    return Ok(AlterAction::SetNotNull(name, false));
                }
                let identity = self.eat(K::IDENTITY);
                if !identity {
                    self.expect(K::EXPRESSION)?;
                }
                let if_exists = self.if_exists();
                Ok(if identity {
                    AlterAction::DropIdentity(name, if_exists)
                } else {
                    AlterAction::DropExpression(name, if_exists)
                })
            }
            K::ADD => {
                self.expect(K::GENERATED)?;
                let always = self.eat(K::ALWAYS);
                if !always {
                    self.expect(K::BY)?;
                    self.expect(K::DEFAULT)?;
                }
                self.expect(K::AS)?;
                self.expect(K::IDENTITY)?;
                let options = if self.eat_punct(b'(') {
                    let options = self.sequence_options()?;
                    self.expect_punct(b')')?;
                    options
                } else {
                    Vec::new()
                };
                Ok(AlterAction::AddIdentity(name, always, options))
            }
            K::RESTART => {
                self.i -= 1;
                let options = self.identity_options()?;
                Ok(AlterAction::SetIdentity(name, options.0, options.1))
            }
            K::SET => match self.kw() {
                K::DEFAULT => {
                    self.next();
                    Ok(AlterAction::SetDefault(name, Some(self.expr()?)))
                }
                K::NOT => {
                    self.next();
                    self.expect(K::NULL)?;
                    Ok(AlterAction::SetNotNull(name, true))
                }
                K::DATA => {
                    self.next();
                    self.expect(K::TYPE)?;
                    self.alter_type(name)
                }
                K::STATISTICS => {
                    self.next();
                    self.signed_integer()?;
                    Ok(AlterAction::Nothing)
                }
                K::STORAGE | K::COMPRESSION => {
                    self.next();
                    self.col_label()?;
                    Ok(AlterAction::Nothing)
                }
                _ if self.is_punct(b'(') => {
                    self.relation_options()?;
                    Ok(AlterAction::Nothing)
                }
                _ => {
                    self.i -= 1;
                    let options = self.identity_options()?;
                    Ok(AlterAction::SetIdentity(name, options.0, options.1))
                }
            },
            K::RESET => {
                self.relation_options()?;
                Ok(AlterAction::Nothing)
            }
            _ => Err(self.error_at(t)),
        }
    }

    /// SET GENERATED …, SET INCREMENT …, RESTART, one after the other.
    fn identity_options(&mut self) -> Result<(Option<bool>, Vec<SeqOption>)> {
        let (mut always, mut options) = (None, Vec::new());
        loop {
            if self.eat(K::SET) {
                if self.eat(K::GENERATED) {
                    if self.eat(K::ALWAYS) {
                        always = Some(true);
                    } else {
                        self.expect(K::BY)?;
                        self.expect(K::DEFAULT)?;
                        always = Some(false);
                    }
                    continue;
                }
                match self.sequence_option()? {
                    Some(option) => options.push(option),
                    None => return Err(self.error()),
                }
            } else if self.is(K::RESTART) {
                options.extend(self.sequence_option()?);
            } else {
                return Ok((always, options));
            }
        }
    }

    fn alter_type(&mut self, name: Name) -> Result<AlterAction> {
        let ty = self.type_name()?;
        if self.eat(K::COLLATE) {
            self.qname()?;
        }
        let using = if self.eat(K::USING) { Some(self.expr()?) } else { None };
        Ok(AlterAction::SetType(name, ty, using))
    }

    pub(crate) fn truncate(&mut self) -> Result<Statement> {
        self.expect(K::TRUNCATE)?;
        self.eat(K::TABLE);
        let tables = self.list(|p| Ok(p.relation_name()?.0))?;
        let restart_identity = self.eat_all(&[K::RESTART, K::IDENTITY]);
        if !restart_identity {
            self.eat_all(&[K::CONTINUE, K::IDENTITY]);
        }
        let cascade = self.cascade();
        Ok(Statement::Truncate { tables, restart_identity, cascade })
    }

    pub(crate) fn comment(&mut self) -> Result<Statement> {
        self.expect(K::COMMENT)?;
        self.expect(K::ON)?;
        let t = self.next();
        let on = match t.kw {
            K::TABLE => CommentOn::Object(ObjectKind::Table, self.qname()?),
            K::VIEW => CommentOn::Object(ObjectKind::View, self.qname()?),
            K::INDEX => CommentOn::Object(ObjectKind::Index, self.qname()?),
            K::SEQUENCE => CommentOn::Object(ObjectKind::Sequence, self.qname()?),
            K::SCHEMA => CommentOn::Object(ObjectKind::Schema, vec![self.col_id()?]),
            K::DATABASE => CommentOn::Object(ObjectKind::Database, vec![self.col_id()?]),
            K::ROLE => CommentOn::Object(ObjectKind::Role, vec![self.col_id()?]),
            K::COLUMN => CommentOn::Column(self.qname()?),
            K::CONSTRAINT => {
                let name = self.col_id()?;
                self.expect(K::ON)?;
                if self.is(K::DOMAIN) {
                    return self.refuse("COMMENT ON CONSTRAINT of a domain");
                }
                CommentOn::Constraint(name, self.qname()?)
            }
            K::IDENT => return Err(self.error_at(t)),
            _ => {
                self.refuse("comment")?;
                return Ok(Statement::Comment {
                    on: CommentOn::Unsupported("COMMENT ON this kind of object"),
                    text: None,
                });
            }
        };
        self.expect(K::IS)?;
        let text = if self.eat(K::NULL) { None } else { Some(self.string()?) };
        Ok(Statement::Comment { on, text })
    }
}
