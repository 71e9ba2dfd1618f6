//! Tables that the node computes: pg_catalog and information_schema.
//!
//! Each is one [`VirtualTable`]: its columns, and a function that gives its rows for a session. [`TABLES`] lists
//! them all; `catalog::system` makes a descriptor of each.

mod cluster;
mod columns;
mod columns_rest;
mod empty;
mod functions;
mod information_schema;
mod procs;
mod relations;
mod rows;
mod statistics;
mod types;
mod views;

use datum::{Batch, ColumnType, Result};

use crate::catalog::SessionCatalog;
use crate::node::Node;

/// What the rows of a virtual table may depend on.
pub struct VirtualContext<'a> {
    /// The catalog, as the session sees it (changes of its own transaction included).
    pub catalog: &'a SessionCatalog,
    /// The node: sessions, sequences, metrics.
    pub node: &'a Node,
    /// The session's role.
    pub user: &'a str,
    /// The session's own process id.
    pub pid: i32,
    /// The session, for settings, times, and functions of catalog state (`pg_get_indexdef` …).
    pub session: &'a dyn datum::expr::Session,
}

/// Which schema a virtual table is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VirtualSchema {
    /// pg_catalog
    PgCatalog,
    /// information_schema
    InformationSchema,
}

/// A table that the node computes.
pub struct VirtualTable {
    /// Where it is.
    pub schema: VirtualSchema,
    /// Its name.
    pub name: &'static str,
    /// Its OID: PostgreSQL's where it is a table there, else one of `12000..16384` that no other has.
    pub oid: u32,
    /// Name and type of its columns.
    pub columns: &'static [(&'static str, ColumnType)],
    /// Its rows, all columns of each.
    pub rows: fn(&VirtualContext<'_>) -> Result<Batch>,
}

/// OID and columns of a virtual table.
pub struct VirtualColumns {
    /// See [`VirtualTable::oid`].
    pub oid: u32,
    /// Name and type.
    pub columns: &'static [(&'static str, ColumnType)],
}

type RowsOf = fn(&VirtualContext<'_>) -> Result<Batch>;

/// A table of pg_catalog.
const fn catalog_table(name: &'static str, columns: &'static VirtualColumns, rows: RowsOf) -> VirtualTable {
    VirtualTable { schema: VirtualSchema::PgCatalog, name, oid: columns.oid, columns: columns.columns, rows }
}

/// A table of information_schema.
const fn information_table(
    name: &'static str,
    columns: &'static VirtualColumns,
    rows: RowsOf,
) -> VirtualTable {
    VirtualTable {
        schema: VirtualSchema::InformationSchema,
        name,
        oid: columns.oid,
        columns: columns.columns,
        rows,
    }
}

/// Lists of all virtual tables, one per file that defines some.
pub static TABLES: &[&[VirtualTable]] = &[
    cluster::TABLES,
    empty::TABLES,
    information_schema::TABLES,
    procs::TABLES,
    relations::TABLES,
    statistics::TABLES,
    types::TABLES,
    views::TABLES,
];

pub(crate) use functions::{call, named_object};

#[cfg(test)]
mod tests;
