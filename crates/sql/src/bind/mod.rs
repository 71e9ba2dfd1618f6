//! The binder: names to columns, types, overloads and coercions as PostgreSQL's parse analysis does it.
//!
//! `scope` finds columns; `coerce` and `call` hold the rules of types and overloads; `expr`, `from`, `query` and
//! `dml` make the logical tree ([`crate::logical`]); `table` binds stored expressions (defaults, checks); `ddl` and
//! `utility` describe everything else.
//!
//! A subquery in an expression becomes a column: its tree waits in the level's `pending` list and is put on the
//! relation (as an Apply) before the clause that reads the column.

mod call;
mod coerce;
mod ddl;
pub use ddl::comparable as keys_comparable;
mod dml;
mod expr;
mod from;
mod query;
pub(crate) mod scope;
pub(crate) mod table;
mod utility;

use std::sync::Arc;

use datum::error::sqlstate;
use datum::{ColumnType, Error, Expr, Result, Type};
use smol_str::SmolStr;

use crate::catalog::{CatalogView, DescriptorId, SchemaDescriptor, TableDescriptor};
use crate::logical::{ApplyUse, ColId, ColMeta, Rel};
use crate::parse::ast::{self, Name, Pos};
use crate::parse::{Parsed, to_characters};
use crate::statement::Statement;
use crate::{BindContext, ExecuteArgs};
use coerce::Coercion;
use scope::{Clause, Level, Pending};

/// A common table expression that can be named.
#[derive(Clone, Debug)]
pub(crate) struct CteEntry {
    pub(crate) name: SmolStr,
    pub(crate) columns: Vec<(String, ColumnType)>,
    pub(crate) kind: CteKind,
}

/// What naming it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CteKind {
    /// Rows of `Binder::ctes`.
    Scan(usize),
    /// Data modification without RETURNING: it may not be read.
    Silent,
    /// The last round of a recursive one.
    Work(u32),
}

/// A bound common table expression.
#[derive(Debug)]
pub(crate) struct CteRel {
    pub(crate) name: String,
    pub(crate) rel: Rel,
    /// Never to be made part of the query that reads it.
    pub(crate) materialized: bool,
    /// Always to be made part of it (NOT MATERIALIZED, or it reads outer columns).
    pub(crate) inline: bool,
    pub(crate) writes: bool,
}

pub(crate) struct Binder<'a> {
    pub(crate) catalog: &'a dyn CatalogView,
    pub(crate) ctx: &'a BindContext<'a>,
    pub(crate) cols: Vec<ColMeta>,
    pub(crate) params: Vec<Option<Type>>,
    pub(crate) levels: Vec<Level>,
    /// Column references with their places, for messages.
    pub(crate) seen: Vec<(ColId, Pos)>,
    /// LATERAL items may be seen.
    pub(crate) lateral: bool,
    /// Items of FROM that a subquery without LATERAL cannot see: for messages.
    pub(crate) masked: Vec<scope::ScopeItem>,
    pub(crate) cte_scope: Vec<CteEntry>,
    pub(crate) ctes: Vec<CteRel>,
    pub(crate) next_work: u32,
    pub(crate) depends: Vec<(DescriptorId, u64)>,
    pub(crate) writes: bool,
    /// First column id and table of each scan.
    pub(crate) scans: Vec<(ColId, Arc<TableDescriptor>)>,
    /// Search path in place of the session's: while a view is bound.
    pub(crate) path: Option<Vec<Arc<SchemaDescriptor>>>,
    pub(crate) view_depth: u32,
    /// The statement's text.
    pub(crate) source: Arc<str>,
    /// Types chosen for `VALUES` columns and the like by the statement around them.
    pub(crate) allow_into: bool,
}

impl<'a> Binder<'a> {
    pub(crate) fn new(
        catalog: &'a dyn CatalogView,
        ctx: &'a BindContext<'a>,
        source: Arc<str>,
    ) -> Binder<'a> {
        Binder {
            catalog,
            ctx,
            cols: Vec::new(),
            params: ctx.params.to_vec(),
            levels: Vec::new(),
            seen: Vec::new(),
            lateral: false,
            masked: Vec::new(),
            cte_scope: Vec::new(),
            ctes: Vec::new(),
            next_work: 0,
            depends: Vec::new(),
            writes: false,
            scans: Vec::new(),
            path: None,
            view_depth: 0,
            source,
            allow_into: false,
        }
    }

    /// A new column.
    pub(crate) fn new_col(&mut self, name: impl Into<String>, ty: ColumnType) -> ColId {
        self.cols.push(ColMeta { name: name.into(), ty, origin: None, fields: None });
        (self.cols.len() - 1) as ColId
    }

    /// A column that is another one under a new id: it comes from where that came from.
    pub(crate) fn copy_origin(&mut self, from: ColId, to: ColId) {
        let (origin, fields) = (self.cols[from as usize].origin, self.cols[from as usize].fields.clone());
        let to = &mut self.cols[to as usize];
        (to.origin, to.fields) = (origin, fields);
    }

    /// New columns for the columns of a table.
    pub(crate) fn table_cols(&mut self, table: &Arc<TableDescriptor>) -> Vec<ColId> {
        let start = self.cols.len() as ColId;
        for column in &table.columns {
            let origin = (!column.hidden).then_some((table.id, column.id));
            self.cols.push(ColMeta { name: column.name.clone(), ty: column.ty, origin, fields: None });
        }
        (start..start + table.columns.len() as ColId).collect()
    }

    /// Gives a parameter a type.
    pub(crate) fn set_param(&mut self, index: u32, ty: Type) {
        let index = index as usize;
        if self.params.len() <= index {
            self.params.resize(index + 1, None);
        }
        if self.params[index].is_none() || self.params[index] == Some(Type::Unknown) {
            self.params[index] = Some(ty);
        }
    }

    pub(crate) fn level(&mut self) -> &mut Level {
        if self.levels.is_empty() {
            self.levels.push(Level::new());
        }
        let last = self.levels.len() - 1;
        &mut self.levels[last]
    }

    /// Binds with a clause set, and puts it back.
    pub(crate) fn in_clause<T>(
        &mut self,
        clause: Clause,
        f: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let before = std::mem::replace(&mut self.level().clause, clause);
        let out = f(self);
        self.level().clause = before;
        out
    }

    /// Puts waiting subqueries onto a relation.
    pub(crate) fn attach(&mut self, rel: Rel) -> Rel {
        let pending = std::mem::take(&mut self.level().pending);
        attach_all(rel, pending)
    }

    /// Columns of tables that the statement's text names.
    pub(crate) fn columns_read(&self) -> Vec<(crate::catalog::DescriptorId, crate::catalog::ColumnId)> {
        let mut out = Vec::new();
        for (id, _) in &self.seen {
            for (first, table) in &self.scans {
                if let Some(column) = id.checked_sub(*first).and_then(|i| table.columns.get(i as usize))
                    && !out.contains(&(table.id, column.id))
                {
                    out.push((table.id, column.id));
                }
            }
        }
        out
    }

    pub(crate) fn depend(&mut self, table: &TableDescriptor) {
        if !self.depends.iter().any(|(id, _)| *id == table.id) {
            self.depends.push((table.id, table.version));
        }
    }

    pub(crate) fn search_path(&self) -> Vec<Arc<SchemaDescriptor>> {
        match &self.path {
            Some(path) => path.clone(),
            None => self.catalog.search_path(),
        }
    }

    /// Splits a qualified name into schema and name; a database in front must be the present one.
    pub(crate) fn split_name<'n>(&self, name: &'n [Name]) -> Result<(Option<&'n Name>, &'n Name)> {
        match name {
            [name] => Ok((None, name)),
            [schema, name] => Ok((Some(schema), name)),
            [database, schema, name] => {
                let current = self.catalog.current_database();
                if self.catalog.database(database).is_none_or(|d| d.id != current) {
                    let full: Vec<&str> = [database, schema, name].iter().map(|n| n.text.as_str()).collect();
                    return Err(Error::new(
                        sqlstate::FEATURE_NOT_SUPPORTED,
                        format!("cross-database references are not implemented: \"{}\"", full.join(".")),
                    )
                    .at(database.pos as usize));
                }
                Ok((Some(schema), name))
            }
            _ => {
                let full: Vec<&str> = name.iter().map(|n| n.text.as_str()).collect();
                Err(Error::new(
                    sqlstate::SYNTAX_ERROR,
                    format!("improper qualified name (too many dotted names): {}", full.join(".")),
                )
                .at(name.first().map_or(0, |n| n.pos) as usize))
            }
        }
    }

    /// Finds something in the schema named or along the search path.
    pub(crate) fn look_up<T>(
        &self,
        name: &[Name],
        find: impl Fn(DescriptorId, &str) -> Option<T>,
    ) -> Result<Option<T>> {
        let (schema, name) = self.split_name(name)?;
        match schema {
            Some(schema) => match self.catalog.schema(schema) {
                Some(found) => Ok(find(found.id, name)),
                None => Err(Error::new(
                    sqlstate::INVALID_SCHEMA_NAME,
                    format!("schema \"{}\" does not exist", schema.text),
                )
                .at(schema.pos as usize)),
            },
            None => Ok(self.search_path().iter().find_map(|s| find(s.id, name))),
        }
    }

    /// A relation: table, view, virtual table.
    pub(crate) fn find_table(&self, name: &[Name]) -> Result<Option<Arc<TableDescriptor>>> {
        // A schema that is missing makes the relation missing, as PostgreSQL reports it in queries.
        match self.look_up(name, |schema, name| self.catalog.table(schema, name)) {
            Err(e) if e.code() == sqlstate::INVALID_SCHEMA_NAME => Ok(None),
            other => other,
        }
    }

    /// The same; 42P01 if it is missing.
    pub(crate) fn table(&mut self, name: &[Name]) -> Result<Arc<TableDescriptor>> {
        match self.find_table(name)? {
            Some(table) => {
                self.depend(&table);
                Ok(table)
            }
            None => Err(missing_relation(name)),
        }
    }

    /// A type as written.
    pub(crate) fn type_of(&mut self, ty: &ast::TypeName) -> Result<ColumnType> {
        self.resolve_type(ty)
    }
}

/// `relation "s.t" does not exist`
pub(crate) fn missing_relation(name: &[Name]) -> Error {
    let full: Vec<&str> = name.iter().map(|n| n.text.as_str()).collect();
    Error::new(sqlstate::UNDEFINED_TABLE, format!("relation \"{}\" does not exist", full.join(".")))
        .at(name.first().map_or(ast::NO_POS, |n| n.pos) as usize)
}

pub(crate) fn attach_all(mut rel: Rel, pending: Vec<Pending>) -> Rel {
    for Pending { inner, kind } in pending {
        rel = Rel::Apply { input: Box::new(rel), inner: Box::new(inner), kind };
    }
    rel
}

/// The column that an Apply appends.
pub(crate) fn apply_out(kind: &ApplyUse) -> Option<ColId> {
    match kind {
        ApplyUse::Scalar(id)
        | ApplyUse::Exists(id)
        | ApplyUse::Any { out: id, .. }
        | ApplyUse::Array(id, _) => Some(*id),
        ApplyUse::Lateral { .. } => None,
    }
}

pub(crate) fn statement(
    parsed: &Parsed,
    catalog: &dyn CatalogView,
    ctx: &BindContext<'_>,
) -> Result<Statement> {
    let mut binder = Binder::new(catalog, ctx, parsed.source.clone());
    binder.bind_statement(&parsed.statement, parsed).map_err(|e| to_characters(e, &parsed.source))
}

pub(crate) fn execute_arguments(
    args: &ExecuteArgs,
    name: &str,
    types: &[Type],
    catalog: &dyn CatalogView,
    ctx: &BindContext<'_>,
) -> Result<Vec<Expr>> {
    if args.args.len() != types.len() {
        return Err(Error::new(
            sqlstate::SYNTAX_ERROR,
            format!("wrong number of parameters for prepared statement \"{name}\""),
        )
        .detail(format!("Expected {} parameters but got {}.", types.len(), args.args.len())));
    }
    let mut binder = Binder::new(catalog, ctx, args.source.clone());
    binder.level().clause = Clause::Execute;
    args.args
        .iter()
        .zip(types)
        .enumerate()
        .map(|(i, (arg, ty))| {
            let bound = binder.expr(arg)?;
            let from = bound.ty();
            match binder.try_coerce(bound, arg.pos, ColumnType::plain(*ty), Coercion::Assignment)? {
                Some(found) => Ok(found),
                None => Err(Error::new(
                    sqlstate::DATATYPE_MISMATCH,
                    format!(
                        "parameter ${} of type {from} cannot be coerced to the expected type {ty}",
                        i + 1
                    ),
                )
                .hint("You will need to rewrite or cast the expression.")
                .at(arg.pos as usize)),
            }
        })
        .collect::<Result<Vec<Expr>>>()
        .map_err(|e| to_characters(e, &args.source))
}
