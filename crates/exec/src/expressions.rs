//! Expressions that descriptors keep as text, bound again where they are needed: defaults, checks, generated columns,
//! keys and predicates of indexes.

use datum::{ColumnType, Expr, Result};
use sql::catalog::{DescriptorId, TableDescriptor};

use crate::catalog::SessionCatalog;

/// An expression over a table's row.
pub(crate) fn over_table(text: &str, table: &TableDescriptor, catalog: &SessionCatalog) -> Result<Expr> {
    sql::bind_table_expr(text, table, catalog)
}

/// A default: an expression without columns, as a value of the column's type.
pub(crate) fn default_value(text: &str, ty: ColumnType, catalog: &SessionCatalog) -> Result<Expr> {
    sql::bind_default(text, ty, catalog)
}

/// A bound expression as text that binds to the same again.
pub(crate) fn deparse(expr: &Expr, table: &TableDescriptor, catalog: &SessionCatalog) -> String {
    let column = |ordinal: u32| {
        table.columns.get(ordinal as usize).map(|c| crate::session::quote(&c.name)).unwrap_or_default()
    };
    let object = |_: datum::Type, oid: u32| {
        catalog.snapshot.sequence_by_id(DescriptorId(oid)).map(|s| crate::session::quote(&s.name))
    };
    sql::deparse::expression(expr, sql::deparse::Names { column: &column, object: &object })
}
