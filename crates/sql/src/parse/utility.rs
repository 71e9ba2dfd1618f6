//! Statements about transactions, settings, prepared statements, cursors, roles, privileges, COPY and maintenance.

use datum::error::sqlstate;
use datum::{Error, Result};

use super::ast::*;
use super::keywords::K;
use super::lexer::Tok;
use super::parser::Parser;
use crate::statement::{
    Discard, FetchDirection, IsolationLevel, RoleOptions, TableLockMode, TransactionModes,
};

impl Parser<'_> {
    /// One statement, up to its end.
    pub(crate) fn statement(&mut self) -> Result<Statement> {
        let t = self.peek();
        match t.kw {
            K::SELECT | K::VALUES | K::TABLE => Ok(Statement::Query(Box::new(self.query()?))),
            _ if t.tok == Tok::Punct(b'(') => Ok(Statement::Query(Box::new(self.query()?))),
            K::WITH => {
                let with = self.with_clause()?;
                Ok(match self.kw() {
                    K::INSERT => Statement::Insert(Box::new(self.insert(with)?)),
                    K::UPDATE => Statement::Update(Box::new(self.update(with)?)),
                    K::DELETE => Statement::Delete(Box::new(self.delete(with)?)),
                    K::MERGE => return self.refuse("MERGE"),
                    _ => Statement::Query(Box::new(self.query_after_with(with)?)),
                })
            }
            K::INSERT => Ok(Statement::Insert(Box::new(self.insert(None)?))),
            K::UPDATE => Ok(Statement::Update(Box::new(self.update(None)?))),
            K::DELETE => Ok(Statement::Delete(Box::new(self.delete(None)?))),
            K::CREATE => self.nested(|p| p.create()),
            K::DROP => self.drop_statement(),
            K::ALTER => self.alter(),
            K::TRUNCATE => self.truncate(),
            K::COMMENT => self.comment(),
            K::EXPLAIN => self.nested(|p| p.explain()),
            K::COPY => self.copy(),
            K::BEGIN | K::START => self.begin(),
            K::COMMIT | K::END => {
                self.next();
                if self.is(K::PREPARED) {
                    return self.refuse("COMMIT PREPARED");
                }
                self.work();
                Ok(Statement::Commit { chain: self.chain()? })
            }
            K::ROLLBACK | K::ABORT => {
                self.next();
                if self.is(K::PREPARED) {
                    return self.refuse("ROLLBACK PREPARED");
                }
                self.work();
                if t.kw == K::ROLLBACK && self.eat(K::TO) {
                    self.eat(K::SAVEPOINT);
                    return Ok(Statement::RollbackTo(self.col_id()?));
                }
                Ok(Statement::Rollback { chain: self.chain()? })
            }
            K::SAVEPOINT => {
                self.next();
                Ok(Statement::Savepoint(self.col_id()?))
            }
            K::RELEASE => {
                self.next();
                if self.is(K::SAVEPOINT) && !matches!(self.peek_at(1).tok, Tok::End | Tok::Punct(b';')) {
                    self.next();
                }
                Ok(Statement::Release(self.col_id()?))
            }
            K::SET => self.set(),
            K::SHOW => {
                self.next();
                if self.eat(K::ALL) {
                    Ok(Statement::Show(None))
                } else {
                    Ok(Statement::Show(Some(self.setting_name()?)))
                }
            }
            K::RESET => {
                self.next();
                if self.eat(K::ALL) {
                    Ok(Statement::Reset(None))
                } else {
                    Ok(Statement::Reset(Some(self.setting_name()?)))
                }
            }
            K::PREPARE => self.nested(|p| p.prepare()),
            K::EXECUTE => {
                self.next();
                let name = self.col_id()?;
                let args = if self.is_punct(b'(') { self.paren_list(Self::expr)? } else { Vec::new() };
                Ok(Statement::Execute { name, args })
            }
            K::DEALLOCATE => {
                self.next();
                self.eat(K::PREPARE);
                if self.eat(K::ALL) {
                    return Ok(Statement::Deallocate(None));
                }
                Ok(Statement::Deallocate(Some(self.col_id()?)))
            }
            K::DECLARE => self.declare(),
            K::FETCH | K::MOVE => self.fetch(),
            K::CLOSE => {
                self.next();
                if self.eat(K::ALL) {
                    Ok(Statement::Close(None))
                } else {
                    Ok(Statement::Close(Some(self.col_id()?)))
                }
            }
            K::GRANT | K::REVOKE => self.grant(),
            K::ANALYZE | K::ANALYSE => {
                self.next();
                self.vacuum_options()?;
                self.eat(K::VERBOSE);
                Ok(Statement::Analyze(self.vacuum_tables()?))
            }
            K::VACUUM => {
                self.next();
                let mut analyze = self.vacuum_options()?;
                self.eat(K::FULL);
                self.eat(K::FREEZE);
                self.eat(K::VERBOSE);
                analyze |= self.eat(K::ANALYZE) || self.eat(K::ANALYSE);
                Ok(Statement::Vacuum { tables: self.vacuum_tables()?, analyze })
            }
            K::CHECKPOINT => {
                self.next();
                Ok(Statement::Nothing("CHECKPOINT"))
            }
            K::REINDEX => {
                self.refuse("")?;
                Ok(Statement::Nothing("REINDEX"))
            }
            K::CLUSTER => {
                self.refuse("")?;
                Ok(Statement::Nothing("CLUSTER"))
            }
            K::DISCARD => {
                self.next();
                let what = match self.next().kw {
                    K::ALL => Discard::All,
                    K::PLANS => Discard::Plans,
                    K::SEQUENCES => Discard::Sequences,
                    K::TEMP | K::TEMPORARY => Discard::Temp,
                    _ => {
                        self.i -= 1;
                        return Err(self.error());
                    }
                };
                Ok(Statement::Discard(what))
            }
            K::LOCK => self.lock(),
            K::LISTEN => {
                self.next();
                Ok(Statement::Listen(self.col_id()?))
            }
            K::NOTIFY => {
                self.next();
                let channel = self.col_id()?;
                let payload = if self.eat_punct(b',') { Some(self.string()?) } else { None };
                Ok(Statement::Notify(channel, payload))
            }
            K::UNLISTEN => {
                self.next();
                if self.eat_op("*") {
                    Ok(Statement::Unlisten(None))
                } else {
                    Ok(Statement::Unlisten(Some(self.col_id()?)))
                }
            }
            K::MERGE => self.refuse("MERGE"),
            K::DO => self.refuse("DO"),
            K::CALL => self.refuse("CALL"),
            K::REFRESH => self.refuse("REFRESH MATERIALIZED VIEW"),
            K::IMPORT => self.refuse("IMPORT FOREIGN SCHEMA"),
            K::SECURITY => self.refuse("SECURITY LABEL"),
            K::REASSIGN => self.refuse("REASSIGN OWNED"),
            K::LOAD => self.refuse("LOAD"),
            _ => Err(self.error()),
        }
    }

    fn work(&mut self) {
        if !self.eat(K::WORK) {
            self.eat(K::TRANSACTION);
        }
    }

    fn chain(&mut self) -> Result<bool> {
        if !self.eat(K::AND) {
            return Ok(false);
        }
        let no = self.eat(K::NO);
        self.expect(K::CHAIN)?;
        Ok(!no)
    }

    fn begin(&mut self) -> Result<Statement> {
        let start = self.next().kw == K::START;
        if start {
            self.expect(K::TRANSACTION)?;
        } else {
            self.work();
        }
        let modes = if matches!(self.peek().tok, Tok::End | Tok::Punct(b';')) {
            TransactionModes::default()
        } else {
            self.transaction_modes()?
        };
        Ok(Statement::Begin(modes, start))
    }

    fn transaction_modes(&mut self) -> Result<TransactionModes> {
        let mut modes = TransactionModes::default();
        loop {
            if self.eat_all(&[K::ISOLATION, K::LEVEL]) {
                modes.isolation = Some(if self.eat(K::SERIALIZABLE) {
                    IsolationLevel::Serializable
                } else if self.eat_all(&[K::REPEATABLE, K::READ]) {
                    IsolationLevel::RepeatableRead
                } else if self.eat_all(&[K::READ, K::COMMITTED]) {
                    IsolationLevel::ReadCommitted
                } else if self.eat_all(&[K::READ, K::UNCOMMITTED]) {
                    IsolationLevel::ReadUncommitted
                } else {
                    return Err(self.error());
                });
            } else if self.eat_all(&[K::READ, K::ONLY]) {
                modes.read_only = Some(true);
            } else if self.eat_all(&[K::READ, K::WRITE]) {
                modes.read_only = Some(false);
            } else if self.eat(K::DEFERRABLE) {
                modes.deferrable = Some(true);
            } else if self.eat_all(&[K::NOT, K::DEFERRABLE]) {
                modes.deferrable = Some(false);
            } else {
                return Err(self.error());
            }
            self.eat_punct(b',');
            if !matches!(self.kw(), K::ISOLATION | K::READ | K::DEFERRABLE | K::NOT) {
                return Ok(modes);
            }
        }
    }

    pub(crate) fn setting_name(&mut self) -> Result<String> {
        if self.eat_all(&[K::TIME, K::ZONE]) {
            return Ok("timezone".into());
        }
        if self.eat_all(&[K::TRANSACTION, K::ISOLATION, K::LEVEL]) {
            return Ok("transaction_isolation".into());
        }
        if self.eat_all(&[K::SESSION, K::AUTHORIZATION]) {
            return Ok("session_authorization".into());
        }
        let mut name = self.col_id()?.text.to_string();
        while self.eat_punct(b'.') {
            name.push('.');
            name.push_str(&self.col_id()?);
        }
        Ok(name.to_lowercase())
    }

    /// After SET [LOCAL]: `name = value, …`, TIME ZONE, NAMES, SCHEMA, ROLE … `None` = DEFAULT.
    pub(crate) fn setting_assignment(&mut self) -> Result<(String, Option<Vec<String>>)> {
        if self.eat_all(&[K::TIME, K::ZONE]) {
            if self.eat(K::LOCAL) || self.eat(K::DEFAULT) {
                return Ok(("timezone".into(), None));
            }
            if self.eat(K::INTERVAL) {
                let value = self.string()?;
                while matches!(self.kw(), K::HOUR | K::MINUTE | K::TO) {
                    self.next();
                }
                // `-08:00` is east of UTC here, and west in the names of zones.
                let (sign, digits) = match value.trim() {
                    v if v.starts_with('-') => (-1.0, &v[1..]),
                    v => (1.0, v.trim_start_matches('+')),
                };
                let mut hours = 0.0;
                for (part, unit) in digits.split(':').zip([1.0, 60.0, 3600.0]) {
                    let part: f64 = part.trim().parse().map_err(|_| self.error())?;
                    hours += part / unit;
                }
                return Ok(("timezone".into(), Some(vec![(sign * hours).to_string()])));
            }
            return Ok(("timezone".into(), Some(vec![self.setting_value()?])));
        }
        if self.eat(K::NAMES) {
            if self.eat(K::DEFAULT) || !self.is_string() {
                return Ok(("client_encoding".into(), None));
            }
            return Ok(("client_encoding".into(), Some(vec![self.string()?])));
        }
        if self.eat(K::SCHEMA) {
            return Ok(("search_path".into(), Some(vec![self.string()?])));
        }
        if self.is(K::ROLE) && !self.is_assignment_at(1) {
            self.next();
            let value = if self.is_string() { self.string()? } else { self.col_label()?.text.to_string() };
            return Ok(("role".into(), Some(vec![value])));
        }
        if self.eat_all(&[K::SESSION, K::AUTHORIZATION]) {
            if self.eat(K::DEFAULT) {
                return Ok(("session_authorization".into(), None));
            }
            let value = if self.is_string() { self.string()? } else { self.col_id()?.text.to_string() };
            return Ok(("session_authorization".into(), Some(vec![value])));
        }
        if self.eat_all(&[K::XML, K::OPTION]) {
            return Ok(("xmloption".into(), Some(vec![self.setting_value()?])));
        }
        let name = self.setting_name()?;
        if !self.eat(K::TO) && !self.eat_op("=") {
            if self.eat_all(&[K::FROM, K::CURRENT]) {
                return Err(Error::unsupported("SET … FROM CURRENT"));
            }
            return Err(self.error());
        }
        if self.eat(K::DEFAULT) {
            return Ok((name, None));
        }
        Ok((name, Some(self.list(Self::setting_value)?)))
    }

    fn is_assignment_at(&self, n: usize) -> bool {
        let t = self.peek_at(n);
        t.kw == K::TO || (t.tok == Tok::Op && self.text(t) == "=")
    }

    fn setting_value(&mut self) -> Result<String> {
        self.option_value()
    }

    fn set(&mut self) -> Result<Statement> {
        self.expect(K::SET)?;
        if self.eat(K::CONSTRAINTS) {
            let names = if self.eat(K::ALL) { None } else { Some(self.qname_list()?) };
            let deferred = self.eat(K::DEFERRED);
            if !deferred {
                self.expect(K::IMMEDIATE)?;
            }
            return Ok(Statement::SetConstraints { names, deferred });
        }
        if self.is(K::TRANSACTION) && !self.is_assignment_at(1) {
            self.next();
            if self.eat(K::SNAPSHOT) {
                let modes =
                    TransactionModes { snapshot: Some(self.string()?), ..TransactionModes::default() };
                return Ok(Statement::SetTransaction { session: false, modes });
            }
            return Ok(Statement::SetTransaction { session: false, modes: self.transaction_modes()? });
        }
        if self.eat_all(&[K::SESSION, K::CHARACTERISTICS, K::AS, K::TRANSACTION]) {
            return Ok(Statement::SetTransaction { session: true, modes: self.transaction_modes()? });
        }
        let mut local = false;
        if self.is(K::LOCAL) && !self.is_assignment_at(1) {
            self.next();
            local = true;
        } else if self.is(K::SESSION) && !self.is_assignment_at(1) && self.kw_at(1) != K::AUTHORIZATION {
            self.next();
        }
        let (name, value) = self.setting_assignment()?;
        Ok(Statement::Set { name, value, local })
    }

    fn prepare(&mut self) -> Result<Statement> {
        self.expect(K::PREPARE)?;
        if self.is(K::TRANSACTION)
            && !matches!(self.peek_at(1).tok, Tok::Punct(b'('))
            && self.kw_at(1) != K::AS
        {
            return self.refuse("PREPARE TRANSACTION");
        }
        let name = self.col_id()?;
        let types = if self.is_punct(b'(') { self.paren_list(Self::type_name)? } else { Vec::new() };
        self.expect(K::AS)?;
        let pos = self.peek();
        let statement = self.statement()?;
        match statement {
            Statement::Query(_) | Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_) => {}
            _ => return Err(self.error_at(pos)),
        }
        Ok(Statement::Prepare { name, types, statement: Box::new(statement) })
    }

    fn declare(&mut self) -> Result<Statement> {
        self.expect(K::DECLARE)?;
        let name = self.col_id()?;
        let (mut binary, mut scroll, mut hold) = (false, None, false);
        loop {
            match self.kw() {
                K::BINARY => binary = true,
                K::INSENSITIVE | K::ASENSITIVE => {}
                K::SCROLL => scroll = Some(true),
                K::NO if self.kw_at(1) == K::SCROLL => {
                    self.next();
                    scroll = Some(false);
                }
                _ => break,
            }
            self.next();
        }
        self.expect(K::CURSOR)?;
        if self.eat_all(&[K::WITH, K::HOLD]) {
            hold = true;
        } else {
            self.eat_all(&[K::WITHOUT, K::HOLD]);
        }
        self.expect(K::FOR)?;
        let query = Box::new(self.query()?);
        Ok(Statement::Declare { name, binary, scroll, hold, query })
    }

    fn fetch(&mut self) -> Result<Statement> {
        let only_move = self.next().kw == K::MOVE;
        let number = |p: &Self| p.peek().tok == Tok::Integer || p.is_op("-") || p.is_op("+");
        // A word such as NEXT may be the cursor's own name if nothing follows.
        let alone = matches!(self.peek_at(1).tok, Tok::End | Tok::Punct(b';'));
        let mut direction = FetchDirection::Forward(Some(1));
        if !alone {
            let t = self.peek();
            let mut found = true;
            match t.kw {
                K::NEXT => direction = FetchDirection::Forward(Some(1)),
                K::PRIOR => direction = FetchDirection::Backward(Some(1)),
                K::FIRST => direction = FetchDirection::Absolute(1),
                K::LAST => direction = FetchDirection::Absolute(-1),
                K::ALL => direction = FetchDirection::Forward(None),
                K::ABSOLUTE | K::RELATIVE => {
                    self.next();
                    let n = self.signed_integer()?;
                    self.i -= 1;
                    direction = if t.kw == K::ABSOLUTE {
                        FetchDirection::Absolute(n)
                    } else {
                        FetchDirection::Relative(n)
                    };
                }
                K::FORWARD | K::BACKWARD => {
                    self.next();
                    let count = if self.eat(K::ALL) {
                        None
                    } else if number(self) {
                        Some(self.signed_integer()?)
                    } else {
                        Some(1)
                    };
                    self.i -= 1;
                    direction = if t.kw == K::FORWARD {
                        FetchDirection::Forward(count)
                    } else {
                        FetchDirection::Backward(count)
                    };
                }
                _ if number(self) => {
                    let n = self.signed_integer()?;
                    self.i -= 1;
                    direction = FetchDirection::Forward(Some(n));
                }
                _ => found = false,
            }
            if found {
                self.next();
            }
            if !self.eat(K::FROM) {
                self.eat(K::IN);
            }
        }
        Ok(Statement::Fetch { name: self.col_id()?, direction, only_move })
    }

    fn explain(&mut self) -> Result<Statement> {
        self.expect(K::EXPLAIN)?;
        let mut options = Vec::new();
        if self.is_punct(b'(') && !self.group_is_query(0) {
            options = self.paren_list(|p| {
                let t = p.peek();
                let name = if p.eat(K::ANALYZE) || p.eat(K::ANALYSE) {
                    "analyze".to_owned()
                } else {
                    p.col_label()?.text.to_string()
                };
                let value = if matches!(p.peek().tok, Tok::Punct(b',') | Tok::Punct(b')')) {
                    None
                } else if p.eat(K::ON) {
                    Some("on".to_owned())
                } else {
                    Some(p.option_value()?)
                };
                Ok((name, value, t.pos))
            })?;
        } else {
            let pos = self.pos();
            if self.eat(K::ANALYZE) || self.eat(K::ANALYSE) {
                options.push(("analyze".to_owned(), None, pos));
            }
            if self.eat(K::VERBOSE) {
                options.push(("verbose".to_owned(), None, pos));
            }
        }
        let t = self.peek();
        let statement = self.statement()?;
        match statement {
            Statement::Query(_)
            | Statement::Insert(_)
            | Statement::Update(_)
            | Statement::Delete(_)
            | Statement::CreateTableAs(_)
            | Statement::Declare { .. }
            | Statement::Execute { .. }
            | Statement::Unsupported(_) => {}
            _ => return Err(self.error_at(t)),
        }
        Ok(Statement::Explain(Explain { options, statement: Box::new(statement) }))
    }

    fn copy(&mut self) -> Result<Statement> {
        let pos = self.pos();
        self.expect(K::COPY)?;
        let mut copy = Copy {
            table: None,
            columns: Vec::new(),
            query: None,
            from: false,
            file: None,
            options: Vec::new(),
            filter: None,
            pos,
        };
        if self.eat(K::BINARY) {
            copy.options.push(("format".into(), CopyValue::Text("binary".into()), pos));
        }
        if self.is_punct(b'(') {
            self.next();
            let statement = self.nested(|p| p.statement())?;
            if !matches!(
                statement,
                Statement::Query(_) | Statement::Insert(_) | Statement::Update(_) | Statement::Delete(_)
            ) {
                return Err(self.error());
            }
            self.expect_punct(b')')?;
            copy.query = Some(Box::new(statement));
            self.expect(K::TO)?;
        } else {
            copy.table = Some(self.relation_name()?.0);
            copy.columns = self.opt_name_list()?;
            if self.eat(K::FROM) {
                copy.from = true;
            } else {
                self.expect(K::TO)?;
            }
        }
        if self.eat(K::PROGRAM) || self.is_string() {
            copy.file = Some(self.string()?);
        } else if !(self.eat(K::STDIN) || self.eat(K::STDOUT)) {
            return Err(self.error());
        }
        let with = self.eat(K::WITH);
        if self.is_punct(b'(') {
            let more = self.paren_list(|p| {
                let pos = p.pos();
                let name = p.col_label()?.text.to_string();
                let value = if matches!(p.peek().tok, Tok::Punct(b',') | Tok::Punct(b')')) {
                    CopyValue::None
                } else if p.is_punct(b'(') {
                    CopyValue::Columns(p.name_list()?)
                } else if p.eat_op("*") {
                    CopyValue::Star
                } else {
                    CopyValue::Text(p.option_value()?)
                };
                Ok((name, value, pos))
            })?;
            copy.options.extend(more);
        } else {
            // The syntax of old.
            let before = self.i;
            self.old_copy_options(&mut copy)?;
            if !with && self.is(K::WITH) {
                self.next();
                self.old_copy_options(&mut copy)?;
            }
            if with && self.i == before {
                return Err(self.error());
            }
        }
        if copy.from && self.eat(K::WHERE) {
            copy.filter = Some(self.expr()?);
        }
        Ok(Statement::Copy(Box::new(copy)))
    }

    /// COPY's options in the syntax of old.
    fn old_copy_options(&mut self, copy: &mut Copy) -> Result<()> {
        loop {
            let pos = self.pos();
            match self.kw() {
                K::BINARY => {
                    self.next();
                    copy.options.push(("format".into(), CopyValue::Text("binary".into()), pos));
                }
                K::CSV => {
                    self.next();
                    copy.options.push(("format".into(), CopyValue::Text("csv".into()), pos));
                }
                K::HEADER => {
                    self.next();
                    copy.options.push(("header".into(), CopyValue::None, pos));
                }
                K::FREEZE => {
                    self.next();
                    copy.options.push(("freeze".into(), CopyValue::None, pos));
                }
                k @ (K::DELIMITER | K::DELIMITERS | K::NULL | K::QUOTE | K::ESCAPE | K::ENCODING) => {
                    self.next();
                    self.eat(K::AS);
                    let name = if k == K::DELIMITERS { "delimiter" } else { k.text() };
                    let value = self.string()?;
                    copy.options.push((name.into(), CopyValue::Text(value), pos));
                }
                K::USING if self.kw_at(1) == K::DELIMITERS => {
                    self.i += 2;
                    let value = self.string()?;
                    copy.options.push(("delimiter".into(), CopyValue::Text(value), pos));
                }
                K::FORCE => {
                    self.next();
                    let name = if self.eat(K::QUOTE) {
                        "force_quote"
                    } else if self.eat_all(&[K::NOT, K::NULL]) {
                        "force_not_null"
                    } else {
                        self.expect(K::NULL)?;
                        "force_null"
                    };
                    let value = if self.eat_op("*") {
                        CopyValue::Star
                    } else {
                        CopyValue::Columns(self.list(Self::col_id)?)
                    };
                    copy.options.push((name.into(), value, pos));
                }
                _ => return Ok(()),
            }
        }
    }

    /// `(option, …)`; whether ANALYZE is among them.
    fn vacuum_options(&mut self) -> Result<bool> {
        let mut analyze = false;
        if self.is_punct(b'(') {
            self.paren_list(|p| {
                let is_analyze = p.is(K::ANALYZE) || p.is(K::ANALYSE);
                p.col_label()?;
                let mut on = true;
                if !matches!(p.peek().tok, Tok::Punct(b',') | Tok::Punct(b')')) {
                    let value = if p.eat(K::ON) { "on".to_owned() } else { p.option_value()? };
                    on = !matches!(value.as_str(), "off" | "false" | "0");
                }
                analyze |= is_analyze && on;
                Ok(())
            })?;
        }
        Ok(analyze)
    }

    fn vacuum_tables(&mut self) -> Result<Vec<QName>> {
        if matches!(self.peek().tok, Tok::End | Tok::Punct(b';')) {
            return Ok(Vec::new());
        }
        self.list(|p| {
            let (name, _) = p.relation_name()?;
            p.opt_name_list()?;
            Ok(name)
        })
    }

    fn lock(&mut self) -> Result<Statement> {
        self.expect(K::LOCK)?;
        self.eat(K::TABLE);
        let tables = self.list(|p| Ok(p.relation_name()?.0))?;
        let mut mode = TableLockMode::AccessExclusive;
        if self.eat(K::IN) {
            mode = if self.eat_all(&[K::ACCESS, K::SHARE]) {
                TableLockMode::AccessShare
            } else if self.eat_all(&[K::ROW, K::SHARE]) {
                TableLockMode::RowShare
            } else if self.eat_all(&[K::ROW, K::EXCLUSIVE]) {
                TableLockMode::RowExclusive
            } else if self.eat_all(&[K::SHARE, K::UPDATE, K::EXCLUSIVE]) {
                TableLockMode::ShareUpdateExclusive
            } else if self.eat_all(&[K::SHARE, K::ROW, K::EXCLUSIVE]) {
                TableLockMode::ShareRowExclusive
            } else if self.eat(K::SHARE) {
                TableLockMode::Share
            } else if self.eat(K::EXCLUSIVE) {
                TableLockMode::Exclusive
            } else if self.eat_all(&[K::ACCESS, K::EXCLUSIVE]) {
                TableLockMode::AccessExclusive
            } else {
                return Err(self.error());
            };
            self.expect(K::MODE)?;
        }
        let nowait = self.eat(K::NOWAIT);
        Ok(Statement::Lock { tables, mode, nowait })
    }

    pub(crate) fn create_role(&mut self, what: K) -> Result<Statement> {
        let name = self.role()?;
        self.eat(K::WITH);
        let mut options = self.role_options()?;
        options.user = what == K::USER;
        Ok(Statement::CreateRole { name, options, tag: "CREATE ROLE" })
    }

    fn role_options(&mut self) -> Result<RoleOptions> {
        let mut o = RoleOptions::default();
        let roles = |p: &mut Self| -> Result<Vec<String>> { p.list(|p| Ok(p.role()?.text.to_string())) };
        loop {
            let t = self.peek();
            match t.kw {
                K::PASSWORD => {
                    self.next();
                    o.password = Some(if self.eat(K::NULL) { None } else { Some(self.string()?) });
                    continue;
                }
                K::ENCRYPTED | K::UNENCRYPTED => {
                    self.next();
                    self.expect(K::PASSWORD)?;
                    o.password = Some(Some(self.string()?));
                    continue;
                }
                K::CONNECTION => {
                    self.next();
                    self.expect(K::LIMIT)?;
                    o.connection_limit = Some(self.signed_integer()?.clamp(-1, i64::from(i32::MAX)) as i32);
                    continue;
                }
                K::VALID => {
                    self.next();
                    self.expect(K::UNTIL)?;
                    o.valid_until = Some(self.string()?);
                    continue;
                }
                K::IN => {
                    self.next();
                    if !self.eat(K::ROLE) {
                        self.expect(K::GROUP)?;
                    }
                    o.in_roles = roles(self)?;
                    continue;
                }
                K::ROLE | K::USER => {
                    self.next();
                    o.members = roles(self)?;
                    continue;
                }
                K::ADMIN => {
                    self.next();
                    o.admins = roles(self)?;
                    continue;
                }
                K::SYSID => {
                    self.next();
                    self.signed_integer()?;
                    continue;
                }
                K::INHERIT => {
                    self.next();
                    o.inherit = Some(true);
                    continue;
                }
                _ => {}
            }
            if t.tok != Tok::Word {
                return Ok(o);
            }
            match self.text(t).to_ascii_lowercase().as_str() {
                "superuser" => o.superuser = Some(true),
                "nosuperuser" => o.superuser = Some(false),
                "createdb" => o.create_db = Some(true),
                "nocreatedb" => o.create_db = Some(false),
                "createrole" | "createuser" => o.create_role = Some(true),
                "nocreaterole" | "nocreateuser" => o.create_role = Some(false),
                "noinherit" => o.inherit = Some(false),
                "login" => o.login = Some(true),
                "nologin" => o.login = Some(false),
                "replication" => o.replication = Some(true),
                "noreplication" => o.replication = Some(false),
                "bypassrls" => o.bypass_rls = Some(true),
                "nobypassrls" => o.bypass_rls = Some(false),
                other => {
                    return Err(Error::new(
                        sqlstate::SYNTAX_ERROR,
                        format!("unrecognized role option \"{other}\""),
                    )
                    .at(t.pos as usize));
                }
            }
            self.next();
        }
    }

    pub(crate) fn alter_role(&mut self) -> Result<Statement> {
        let name = if self.eat(K::ALL) { None } else { Some(self.role()?) };
        if self.eat_all(&[K::IN, K::DATABASE]) {
            self.col_id()?;
        }
        if let Some(name) = &name {
            if self.eat_all(&[K::RENAME, K::TO]) {
                return Ok(Statement::RenameRole { name: name.clone(), new_name: self.role()? });
            }
            if matches!(self.kw(), K::ADD | K::DROP) {
                let drop = self.next().kw == K::DROP;
                self.expect(K::USER)?;
                let grantees = self.list(|p| Ok(p.role()?.text.to_string()))?;
                return Ok(Statement::Grant(Box::new(Grant {
                    revoke: drop,
                    privileges: vec![(name.text.to_string(), Vec::new())],
                    on: GrantOn::Roles,
                    grantees,
                    grant_option: false,
                    cascade: false,
                })));
            }
        }
        if self.eat(K::SET) {
            let (setting, value) = self.setting_assignment()?;
            return Ok(Statement::AlterRoleSet { name, setting: Some(setting), value });
        }
        if self.eat(K::RESET) {
            let setting = if self.eat(K::ALL) { None } else { Some(self.setting_name()?) };
            return Ok(Statement::AlterRoleSet { name, setting, value: None });
        }
        let Some(name) = name else { return Err(self.error()) };
        self.eat(K::WITH);
        Ok(Statement::AlterRole { name, options: self.role_options()? })
    }

    fn grant(&mut self) -> Result<Statement> {
        let revoke = self.next().kw == K::REVOKE;
        let mut grant_option = false;
        if revoke {
            grant_option =
                self.eat_all(&[K::GRANT, K::OPTION, K::FOR]) || self.eat_all(&[K::ADMIN, K::OPTION, K::FOR]);
        }
        let mut privileges = Vec::new();
        if self.eat(K::ALL) {
            self.eat(K::PRIVILEGES);
            if self.is_punct(b'(') {
                let columns = self.name_list()?;
                privileges
                    .push(("all".to_owned(), columns.into_iter().map(|c| c.text.to_string()).collect()));
            }
        } else {
            privileges = self.list(|p| {
                let name = p.col_label()?.text.to_string();
                let columns = p.opt_name_list()?.into_iter().map(|c| c.text.to_string()).collect();
                Ok((name, columns))
            })?;
        }
        let on = if self.eat(K::ON) { self.grant_objects()? } else { GrantOn::Roles };
        self.expect(if revoke { K::FROM } else { K::TO })?;
        let grantees = self.list(|p| Ok(p.role()?.text.to_string()))?;
        if self.eat(K::WITH) {
            if !self.eat(K::GRANT) {
                self.expect(K::ADMIN)?;
            }
            self.expect(K::OPTION)?;
            grant_option = true;
        }
        if self.eat_all(&[K::GRANTED, K::BY]) {
            self.role()?;
        }
        let cascade = self.cascade();
        Ok(Statement::Grant(Box::new(Grant { revoke, privileges, on, grantees, grant_option, cascade })))
    }

    fn grant_objects(&mut self) -> Result<GrantOn> {
        if self.is(K::ALL) {
            self.next();
            let what = self.next().kw;
            self.expect(K::IN)?;
            self.expect(K::SCHEMA)?;
            let schemas = self.list(Self::col_id)?;
            return Ok(match what {
                K::TABLES => GrantOn::AllTables(schemas),
                K::SEQUENCES => GrantOn::AllSequences(schemas),
                other => GrantOn::Others(
                    format!("all {}", other.text()),
                    schemas.into_iter().map(|n| vec![n]).collect(),
                ),
            });
        }
        // A word that is no key word of this place is a table's name.
        let plain = matches!(self.peek_at(1).tok, Tok::Punct(_)) || matches!(self.kw_at(1), K::TO | K::FROM);
        if !plain {
            match self.kw() {
                K::SEQUENCE => {
                    self.next();
                    return Ok(GrantOn::Sequences(self.qname_list()?));
                }
                K::SCHEMA => {
                    self.next();
                    return Ok(GrantOn::Schemas(self.list(Self::col_id)?));
                }
                K::DATABASE => {
                    self.next();
                    return Ok(GrantOn::Databases(self.list(Self::col_id)?));
                }
                k @ (K::FUNCTION
                | K::PROCEDURE
                | K::ROUTINE
                | K::TYPE
                | K::DOMAIN
                | K::LANGUAGE
                | K::TABLESPACE
                | K::FOREIGN
                | K::LARGE
                | K::PARAMETER) => {
                    while !matches!(self.kw(), K::TO | K::FROM) && self.peek().tok != Tok::End {
                        self.next();
                    }
                    return Ok(GrantOn::Others(k.text().to_owned(), Vec::new()));
                }
                K::TABLE => {
                    self.next();
                }
                _ => {}
            }
        }
        Ok(GrantOn::Tables(self.qname_list()?))
    }
}
