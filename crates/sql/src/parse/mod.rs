//! Text to syntax tree.
//!
//! The grammar is PostgreSQL's own, as a hand-written recursive-descent parser with precedence climbing: it keeps the
//! place of every name, call and operator (errors of the binder point there, as PostgreSQL's do), has PostgreSQL's
//! precedences and non-associative comparisons, its error messages, and a bound on nesting (54001).
//!
//! `lexer` cuts text into tokens that are mere ranges of it; `keywords` numbers the key words and their classes;
//! `expr`, `query`, `dml`, `ddl`, `utility` are the grammar; `ast` is the tree.

pub mod ast;
mod ddl;
mod expr;
pub mod keywords;
pub(crate) mod lexer;
pub(crate) mod parser;
mod query;
mod utility;

use std::sync::Arc;

use datum::error::sqlstate;
use datum::{Error, Result};

use crate::statement::StatementKind;
use lexer::Tok;
use parser::Parser;

/// One statement of a string, parsed.
#[derive(Clone, Debug)]
pub struct Parsed {
    pub(crate) statement: Arc<ast::Statement>,
    /// The whole string that it was part of.
    pub(crate) source: Arc<str>,
    /// Its own part of `source`, bytes.
    pub(crate) start: usize,
    pub(crate) end: usize,
    kind: StatementKind,
    params: u32,
}

impl Parsed {
    pub(crate) fn new(
        statement: ast::Statement,
        source: Arc<str>,
        start: usize,
        end: usize,
        params: u32,
    ) -> Parsed {
        let kind = kind_of(&statement);
        Parsed { statement: Arc::new(statement), source, start, end, kind, params }
    }

    /// What kind of statement it is.
    pub fn kind(&self) -> StatementKind {
        self.kind
    }

    /// Its own text, without the semicolon.
    pub fn text(&self) -> &str {
        self.source.get(self.start..self.end).unwrap_or("")
    }

    /// The highest parameter number in it.
    pub fn params(&self) -> usize {
        self.params as usize
    }

    /// Fails if there are parameters in it: where nobody gives them.
    ///
    /// # Errors
    /// 42P02 for the first one.
    pub fn refuse_params(&self) -> Result<()> {
        self.first_param().map_or(Ok(()), |error| Err(to_characters(error, &self.source)))
    }

    /// 42P02 for the first parameter, its position in bytes.
    pub(crate) fn first_param(&self) -> Option<Error> {
        if self.params == 0 {
            return None;
        }
        let text = self.text();
        let tokens = lexer::tokens(text).ok()?;
        let found = tokens.iter().find(|t| t.tok == Tok::Param)?;
        let name = text.get(found.pos as usize..found.end as usize)?;
        let error = Error::new(sqlstate::UNDEFINED_PARAMETER, format!("there is no parameter {name}"));
        Some(error.at(self.start + found.pos as usize))
    }
}

/// Parses a string of statements. Empty statements are left out.
///
/// # Errors
/// 42601 with the position of the token that does not fit; 54001 where nesting is too deep.
pub fn parse(text: &str) -> Result<Vec<Parsed>> {
    parse_bytes(text).map_err(|e| to_characters(e, text))
}

fn parse_bytes(text: &str) -> Result<Vec<Parsed>> {
    let mut parser = Parser::new(text)?;
    let source: Arc<str> = text.into();
    let mut out = Vec::new();
    loop {
        while parser.eat_punct(b';') {}
        if parser.peek().tok == Tok::End {
            return Ok(out);
        }
        let start = parser.pos() as usize;
        parser.max_param = 0;
        let statement = parser.statement()?;
        let end = parser.last_end() as usize;
        if parser.peek().tok != Tok::End && !parser.is_punct(b';') {
            return Err(parser.error());
        }
        out.push(Parsed::new(statement, source.clone(), start, end, parser.max_param));
    }
}

/// Parses an expression that stands alone: a default, a CHECK condition.
pub(crate) fn parse_expr(text: &str) -> Result<ast::Expr> {
    let mut parser = Parser::new(text)?;
    let found = parser.expr()?;
    if parser.peek().tok != Tok::End {
        return Err(parser.error());
    }
    Ok(found)
}

/// Parses a query that stands alone: a view's text.
pub(crate) fn parse_query(text: &str) -> Result<ast::Query> {
    let mut parser = Parser::new(text)?;
    let found = parser.query()?;
    parser.eat_punct(b';');
    if parser.peek().tok != Tok::End {
        return Err(parser.error());
    }
    Ok(found)
}

/// Turns an error's byte offset into PostgreSQL's position: characters, from 1.
pub(crate) fn to_characters(mut error: Error, text: &str) -> Error {
    if let Some(byte) = error.fields().position {
        error.fields_mut().position = if byte >= ast::NO_POS as usize {
            None
        } else {
            Some(text.char_indices().take_while(|(i, _)| *i < byte).count() + 1)
        };
    }
    error
}

fn kind_of(statement: &ast::Statement) -> StatementKind {
    use ast::{ObjectKind, Statement as S};
    match statement {
        S::Query(q) => match leftmost(&q.body) {
            Some(select) if select.into.is_some() => StatementKind::Ddl("SELECT"),
            _ => StatementKind::Select,
        },
        S::Insert(_) => StatementKind::Insert,
        S::Update(_) => StatementKind::Update,
        S::Delete(_) => StatementKind::Delete,
        S::Explain(_) => StatementKind::Explain,
        S::CreateTable(_) => StatementKind::Ddl("CREATE TABLE"),
        S::CreateTableAs(_) => StatementKind::Ddl("SELECT"),
        S::AlterTable { kind, .. } => StatementKind::Ddl(match kind {
            ObjectKind::Index => "ALTER INDEX",
            ObjectKind::View => "ALTER VIEW",
            ObjectKind::Sequence => "ALTER SEQUENCE",
            _ => "ALTER TABLE",
        }),
        S::Drop { kind, .. } => StatementKind::Ddl(match kind {
            ObjectKind::Table => "DROP TABLE",
            ObjectKind::View => "DROP VIEW",
            ObjectKind::Index => "DROP INDEX",
            ObjectKind::Sequence => "DROP SEQUENCE",
            ObjectKind::Schema => "DROP SCHEMA",
            ObjectKind::Database => "DROP DATABASE",
            ObjectKind::Role => "DROP ROLE",
        }),
        S::CreateIndex(_) => StatementKind::Ddl("CREATE INDEX"),
        S::CreateSequence { .. } => StatementKind::Ddl("CREATE SEQUENCE"),
        S::AlterSequence { .. } => StatementKind::Ddl("ALTER SEQUENCE"),
        S::CreateView(_) => StatementKind::Ddl("CREATE VIEW"),
        S::CreateSchema { .. } => StatementKind::Ddl("CREATE SCHEMA"),
        S::AlterSchema { .. } => StatementKind::Ddl("ALTER SCHEMA"),
        S::CreateDatabase { .. } => StatementKind::Ddl("CREATE DATABASE"),
        S::AlterDatabase { .. } => StatementKind::Ddl("ALTER DATABASE"),
        S::Truncate { .. } => StatementKind::Ddl("TRUNCATE TABLE"),
        S::Copy(_) => StatementKind::Copy,
        S::Begin(_, false) => StatementKind::Begin,
        S::Begin(_, true) => StatementKind::StartTransaction,
        S::Commit { .. } => StatementKind::Commit,
        S::Rollback { .. } => StatementKind::Rollback,
        S::Savepoint(_) => StatementKind::Savepoint,
        S::Release(_) => StatementKind::Release,
        S::RollbackTo(_) => StatementKind::RollbackTo,
        S::SetTransaction { .. } | S::Set { .. } => StatementKind::Session("SET"),
        S::SetConstraints { .. } => StatementKind::Session("SET CONSTRAINTS"),
        S::Show(_) => StatementKind::Show,
        S::Reset(_) => StatementKind::Session("RESET"),
        S::Prepare { .. } => StatementKind::Session("PREPARE"),
        S::Execute { .. } => StatementKind::Execute,
        S::Deallocate(None) => StatementKind::Session("DEALLOCATE ALL"),
        S::Deallocate(_) => StatementKind::Session("DEALLOCATE"),
        S::Declare { .. } => StatementKind::Declare,
        S::Fetch { only_move: false, .. } => StatementKind::Fetch,
        S::Fetch { .. } => StatementKind::Move,
        S::Close(None) => StatementKind::Session("CLOSE CURSOR ALL"),
        S::Close(_) => StatementKind::Session("CLOSE CURSOR"),
        S::Comment { .. } => StatementKind::Ddl("COMMENT"),
        S::CreateRole { .. } => StatementKind::Ddl("CREATE ROLE"),
        S::AlterRole { .. } | S::RenameRole { .. } | S::AlterRoleSet { .. } => {
            StatementKind::Ddl("ALTER ROLE")
        }
        S::Grant(g) => StatementKind::Ddl(match (&g.on, g.revoke) {
            (ast::GrantOn::Roles, false) => "GRANT ROLE",
            (ast::GrantOn::Roles, true) => "REVOKE ROLE",
            (_, false) => "GRANT",
            (_, true) => "REVOKE",
        }),
        S::Analyze(_) => StatementKind::Utility("ANALYZE"),
        S::Vacuum { .. } => StatementKind::Utility("VACUUM"),
        S::Nothing(tag) => StatementKind::Utility(tag),
        S::Discard(what) => StatementKind::Session(match what {
            crate::statement::Discard::All => "DISCARD ALL",
            crate::statement::Discard::Plans => "DISCARD PLANS",
            crate::statement::Discard::Sequences => "DISCARD SEQUENCES",
            crate::statement::Discard::Temp => "DISCARD TEMP",
        }),
        S::Lock { .. } => StatementKind::Utility("LOCK TABLE"),
        S::Listen(_) => StatementKind::Session("LISTEN"),
        S::Notify(..) => StatementKind::Session("NOTIFY"),
        S::Unlisten(_) => StatementKind::Session("UNLISTEN"),
        S::Unsupported(_) => StatementKind::Ddl(""),
    }
}

/// The first SELECT of a query: where INTO may be.
pub(crate) fn leftmost(body: &ast::SetExpr) -> Option<&ast::Select> {
    match body {
        ast::SetExpr::Select(select) => Some(select),
        ast::SetExpr::SetOp { left, .. } => leftmost(left),
        ast::SetExpr::Query(query) => leftmost(&query.body),
        ast::SetExpr::Values(_) => None,
    }
}
