//! Text to plan: parse, bind, optimise, explain. Synchronous and pure: the catalog is a value, the clock is elsewhere.
//!
//! ```text
//!  text ── parse ──► Parsed (syntax tree, positions, kind)
//!                      │
//!                      ▼   + CatalogView, BindContext (parameter types, session)
//!                    bind: names, scopes, types, overloads ──► logical tree ── optimize ──► plan::Query
//!                      │
//!                      └──► Statement (DDL, COPY, transactions, settings … as descriptions)
//! ```
//! `exec` runs the result. Plans hold no values of parameters, so one plan serves many executions, as long as the
//! versions in [`plan::Query::depends_on`] stand.

pub mod bind;
pub mod catalog;
pub mod deparse;
pub mod explain;
pub mod layout;
pub(crate) mod logical;
pub mod optimize;
pub mod parse;
pub mod plan;
pub mod statement;

use std::sync::Arc;

use datum::expr::Session;
use datum::{Expr, FormatSettings, Result, Type};

pub use crate::bind::keys_comparable;
pub use crate::bind::table::{IndexExprs, bind_default, bind_index, bind_table_expr};
use crate::catalog::CatalogView;
pub use crate::parse::{Parsed, parse};
pub use crate::statement::{Statement, StatementKind};

/// What binding depends on besides text and catalog.
#[derive(Clone, Copy)]
pub struct BindContext<'a> {
    /// Types of parameters as the client gave them; `None` or missing ones are inferred from their use.
    pub params: &'a [Option<Type>],
    /// What literals of dates, times and intervals are read with.
    pub settings: &'a FormatSettings,
    /// For constant folding (only immutable functions are called with it) and name lookups of casts to regclass.
    pub session: &'a dyn Session,
    /// The current role: owner of what is made.
    pub user: &'a str,
}

/// Arguments of EXECUTE, not yet bound.
#[derive(Clone, Debug)]
pub struct ExecuteArgs {
    pub(crate) args: Arc<Vec<parse::ast::Expr>>,
    pub(crate) source: Arc<str>,
}

impl ExecuteArgs {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.args.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.args.is_empty()
    }
}

/// Resolves names and types of a statement, and plans it if it is a query.
///
/// # Errors
/// As PostgreSQL's parse analysis: 42P01, 42703, 42883, 42804, 42803 … with positions in the text that was parsed.
pub fn bind(parsed: &Parsed, catalog: &dyn CatalogView, context: &BindContext<'_>) -> Result<Statement> {
    bind::statement(parsed, catalog, context)
}

/// Binds the arguments of EXECUTE to the parameter types of the prepared statement.
///
/// # Errors
/// 42601 if their number differs, 42804 if one cannot be coerced.
pub fn bind_execute(
    args: &ExecuteArgs,
    name: &str,
    types: &[Type],
    catalog: &dyn CatalogView,
    context: &BindContext<'_>,
) -> Result<Vec<Expr>> {
    bind::execute_arguments(args, name, types, catalog, context)
}
