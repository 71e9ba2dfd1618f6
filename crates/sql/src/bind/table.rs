//! Expressions over one table's row: defaults, CHECK conditions, generated columns, keys and predicates of indexes.
//! Bound, their columns are positions in the table's columns.

use std::sync::Arc;

use datum::error::sqlstate;
use datum::expr::NoSession;
use datum::function::Volatility;
use datum::{ColumnType, Datum, Error, Expr, Result, Type};
use smol_str::SmolStr;

use super::Binder;
use super::from::without_position;
use super::scope::{Clause, Level, ScopeCol, ScopeItem};
use crate::BindContext;
use crate::catalog::{
    CatalogView, ColumnDescriptor, Generated, IndexDescriptor, IndexKeyKind, TableDescriptor,
};
use crate::parse::{ast, parse_expr};
use crate::statement::BoundText;

/// The expressions of an index, bound over the table's row.
#[derive(Clone, Debug)]
pub struct IndexExprs {
    /// One for each key that is an expression, in order of the keys.
    pub keys: Vec<Expr>,
    /// WHERE.
    pub predicate: Option<Expr>,
}

/// Runs `f` with a binder that stands alone, for stored text.
fn alone<T>(catalog: &dyn CatalogView, f: impl FnOnce(&mut Binder<'_>) -> Result<T>) -> Result<T> {
    let ctx =
        BindContext { params: &[], settings: datum::expr::default_settings(), session: &NoSession, user: "" };
    let mut binder = Binder::new(catalog, &ctx, Arc::from(""));
    f(&mut binder).map_err(without_position)
}

/// Binds stored text over a table's row: a CHECK condition, a generated column, an index key or predicate.
///
/// # Errors
/// Those of binding; there should be none, the text having been bound before.
pub fn bind_table_expr(text: &str, table: &TableDescriptor, catalog: &dyn CatalogView) -> Result<Expr> {
    alone(catalog, |b| b.stored(text, table))
}

/// Binds a DEFAULT as a value of the column's type.
///
/// # Errors
/// Those of binding.
pub fn bind_default(text: &str, ty: ColumnType, catalog: &dyn CatalogView) -> Result<Expr> {
    alone(catalog, |b| {
        let parsed = parse_expr(text)?;
        b.level().opaque = true;
        let bound = b.in_clause(Clause::Default, |b| b.expr(&parsed))?;
        b.coerce_assignment(bound, 0, ty, "")
    })
}

/// Binds the expressions of an index.
///
/// # Errors
/// Those of binding.
pub fn bind_index(
    table: &TableDescriptor,
    index: &IndexDescriptor,
    catalog: &dyn CatalogView,
) -> Result<IndexExprs> {
    let mut keys = Vec::new();
    for key in &index.keys {
        if let IndexKeyKind::Expression(text, _) = &key.what {
            keys.push(bind_table_expr(text, table, catalog)?);
        }
    }
    let predicate = index.predicate.as_ref().map(|p| bind_table_expr(p, table, catalog)).transpose()?;
    Ok(IndexExprs { keys, predicate })
}

impl Binder<'_> {
    /// Stored text over a table's row; columns are positions.
    pub(crate) fn stored(&mut self, text: &str, table: &TableDescriptor) -> Result<Expr> {
        let parsed = parse_expr(text).map_err(without_position)?;
        let columns: Vec<(SmolStr, ColumnType)> =
            table.columns.iter().map(|c| (SmolStr::new(&c.name), c.ty)).collect();
        self.over_row(&table.name, &columns, &parsed, Clause::Check).map_err(without_position)
    }

    /// Binds syntax over a row of these columns; columns are positions.
    pub(crate) fn over_row(
        &mut self,
        table: &str,
        columns: &[(SmolStr, ColumnType)],
        e: &ast::Expr,
        clause: Clause,
    ) -> Result<Expr> {
        let first = self.cols.len() as u32;
        for (name, ty) in columns {
            self.new_col(name.as_str(), *ty);
        }
        let cols = columns
            .iter()
            .enumerate()
            .map(|(i, (name, _))| ScopeCol { name: name.clone(), id: first + i as u32, hidden: false })
            .collect();
        let mut level = Level::new();
        level.clause = clause;
        level.opaque = true;
        level.items.push(ScopeItem {
            name: Some(table.into()),
            schema: None,
            table: None,
            cols,
            rel_visible: true,
            cols_visible: true,
            lateral_only: false,
            lateral_bad: false,
            scalar: false,
        });
        self.levels.push(level);
        let bound = self.expr(e);
        self.levels.pop();
        let bound = self.resolve_unknown(bound?)?;
        Ok(bound.remap_columns(&|id| id.wrapping_sub(first)))
    }

    /// What a column gets when nothing is given: its default, the next value of its sequence, or NULL. A stored
    /// generated column is left to the caller.
    pub(crate) fn default_of(&mut self, column: &ColumnDescriptor) -> Result<Expr> {
        let sequence = match &column.generated {
            Generated::Identity { sequence, .. } => Some(*sequence),
            _ => column
                .owned_sequence
                .filter(|_| column.default.as_deref().is_some_and(|d| d.starts_with("nextval("))),
        };
        if let Some(sequence) = sequence {
            let oid = Expr::Const(Datum::Oid(sequence.0), Type::RegClass);
            let call = self.function_by_name("nextval", vec![(oid, 0)], 0)?;
            return self.coerce_assignment(call, 0, column.ty, &column.name);
        }
        let Some(text) = &column.default else {
            return Ok(Expr::Const(Datum::Null, column.ty.ty));
        };
        let parsed = parse_expr(text).map_err(without_position)?;
        let mut level = Level::new();
        level.clause = Clause::Default;
        level.opaque = true;
        self.levels.push(level);
        let bound = self.expr(&parsed).and_then(|e| self.coerce_assignment(e, 0, column.ty, &column.name));
        self.levels.pop();
        bound.map_err(without_position)
    }

    /// CHECK conditions of a table over a row with these column ids.
    pub(crate) fn checks(&mut self, table: &TableDescriptor, ids: &[u32]) -> Result<Vec<(String, Expr)>> {
        let mut out = Vec::with_capacity(table.checks.len());
        for check in &table.checks {
            let bound = self.stored(&check.expr, table)?;
            let bound = self.coerce_bool(bound, ast::NO_POS, "CHECK")?;
            out.push((
                check.name.clone(),
                bound.remap_columns(&|i| ids.get(i as usize).copied().unwrap_or(i)),
            ));
        }
        Ok(out)
    }

    /// The value of a stored generated column, given the row's other values by position.
    pub(crate) fn generated_value(
        &mut self,
        table: &TableDescriptor,
        ordinal: usize,
        row: &[Expr],
    ) -> Result<Expr> {
        let column = &table.columns[ordinal];
        let Generated::Stored { expr } = &column.generated else {
            return Err(Error::internal("the column is generated"));
        };
        let bound = self.stored(expr, table)?;
        let bound = self.coerce_assignment(bound, ast::NO_POS, column.ty, &column.name)?;
        Ok(bound.replace_columns(&|i| row.get(i as usize).cloned()))
    }

    /// A condition of CHECK, bound and shown.
    pub(crate) fn check_text(
        &mut self,
        table: &str,
        columns: &[(SmolStr, ColumnType)],
        e: &ast::Expr,
        clause: Clause,
        what: &str,
    ) -> Result<BoundText> {
        let bound = self.over_row(table, columns, e, clause)?;
        let bound = self.coerce_bool(bound, e.pos, what)?;
        Ok(self.bound_text(bound, columns))
    }

    pub(crate) fn bound_text(&self, bound: Expr, columns: &[(SmolStr, ColumnType)]) -> BoundText {
        let text = crate::deparse::expression(
            &bound,
            crate::deparse::Names {
                column: &|i| {
                    columns
                        .get(i as usize)
                        .map_or_else(String::new, |c| crate::deparse::quote_identifier(&c.0))
                },
                object: &|_, _| None,
            },
        );
        BoundText { text, expr: bound }
    }

    /// A default as written, bound and shown.
    pub(crate) fn default_text(&mut self, e: &ast::Expr, ty: ColumnType, column: &str) -> Result<BoundText> {
        let mut level = Level::new();
        level.clause = Clause::Default;
        level.opaque = true;
        self.levels.push(level);
        let bound = self.expr(e);
        self.levels.pop();
        let bound = match bound {
            Err(err)
                if err.code() == sqlstate::UNDEFINED_COLUMN || err.code() == sqlstate::UNDEFINED_TABLE =>
            {
                return Err(Error::new(
                    sqlstate::FEATURE_NOT_SUPPORTED,
                    "cannot use column reference in DEFAULT expression",
                )
                .at(e.pos as usize));
            }
            other => other?,
        };
        let from = bound.ty();
        let shown = bound.clone();
        let expr = match self.try_coerce(bound, e.pos, ty, super::coerce::Coercion::Assignment)? {
            Some(found) => found,
            None => {
                return Err(Error::new(
                    sqlstate::DATATYPE_MISMATCH,
                    format!(
                        "column \"{column}\" is of type {} but default expression is of type {from}",
                        ty.ty
                    ),
                )
                .hint("You will need to rewrite or cast the expression."));
            }
        };
        // Shown without the assignment's cast, as it was written; a literal with its type.
        let shown = match shown {
            Expr::Const(..) if from == Type::Unknown => match &expr {
                Expr::Cast { expr, .. } => (**expr).clone(),
                other => other.clone(),
            },
            other => other,
        };
        let text = crate::deparse::expression(
            &shown,
            crate::deparse::Names { column: &|_| String::new(), object: &|_, _| None },
        );
        Ok(BoundText { text, expr })
    }

    /// Generated columns and index expressions must not change by themselves.
    pub(crate) fn require_immutable(&self, e: &Expr, what: &str, pos: ast::Pos) -> Result<()> {
        if e.volatility() == Volatility::Immutable {
            return Ok(());
        }
        Err(Error::new(sqlstate::INVALID_OBJECT_DEFINITION, what.to_owned()).at(pos as usize))
    }
}
