//! Descriptors of databases, schemas, tables, indexes, constraints, sequences and views, and [`CatalogView`]: what
//! the binder asks of a catalog.
//!
//! Descriptors are immutable values behind `Arc`; a change makes a new version. `exec` stores them in system tables.

use std::sync::Arc;

use datum::{ColumnType, Datum};

/// Stable id of a descriptor, also its OID in pg_catalog. Ids below [`FIRST_USER_ID`] belong to the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DescriptorId(pub u32);

/// The first id of a user's object, as in PostgreSQL.
pub const FIRST_USER_ID: u32 = 16384;

/// Id of a column within its table: PostgreSQL's attnum, never reused.
pub type ColumnId = u32;
/// Id of an index within its table. The primary index has 1.
pub type IndexId = u32;

/// A database.
#[derive(Clone, Debug, PartialEq)]
pub struct DatabaseDescriptor {
    /// Its id.
    pub id: DescriptorId,
    /// Its name.
    pub name: String,
    /// Owning role.
    pub owner: String,
}

/// A schema.
#[derive(Clone, Debug, PartialEq)]
pub struct SchemaDescriptor {
    /// Its id.
    pub id: DescriptorId,
    /// Its database.
    pub database: DescriptorId,
    /// Its name.
    pub name: String,
    /// Owning role.
    pub owner: String,
}

/// Which kind of relation a [`TableDescriptor`] is.
#[derive(Clone, Debug, PartialEq)]
pub enum RelationKind {
    /// Stored.
    Table,
    /// Computed by the node: pg_catalog, information_schema.
    Virtual,
    /// A view: the text of its query, and the search path it was made with.
    View {
        /// SQL text.
        query: String,
        /// Path at creation.
        search_path: Vec<String>,
    },
}

/// A table, a view or a virtual table.
#[derive(Clone, Debug)]
pub struct TableDescriptor {
    /// Its id.
    pub id: DescriptorId,
    /// Grows with every change.
    pub version: u64,
    /// Its database.
    pub database: DescriptorId,
    /// Its schema.
    pub schema: DescriptorId,
    /// Its name.
    pub name: String,
    /// Owning role.
    pub owner: String,
    /// What it is.
    pub kind: RelationKind,
    /// Columns in order, dropped ones gone. A hidden `rowid` column (int8) is last where there is no primary key.
    pub columns: Vec<ColumnDescriptor>,
    /// Next column id.
    pub next_column_id: ColumnId,
    /// Indexes; the first is the primary one. Empty for views and virtual tables.
    pub indexes: Vec<IndexDescriptor>,
    /// Next index id.
    pub next_index_id: IndexId,
    /// CHECK constraints.
    pub checks: Vec<CheckDescriptor>,
    /// Foreign keys of this table.
    pub foreign_keys: Vec<ForeignKeyDescriptor>,
    /// Tables whose foreign keys point here.
    pub referenced_by: Vec<DescriptorId>,
    /// Which physical rows it has at present: part of every key; TRUNCATE takes a new one.
    pub storage_id: u32,
    /// COMMENT ON, by column id (0 = the table).
    pub comments: Vec<(ColumnId, String)>,
    /// WITH (…) options, kept for display.
    pub options: Vec<(String, String)>,
}

/// How a column gets a value that was not given.
#[derive(Clone, Debug, PartialEq)]
pub enum Generated {
    /// Not.
    No,
    /// GENERATED … AS IDENTITY: over the sequence.
    Identity {
        /// ALWAYS rather than BY DEFAULT.
        always: bool,
        /// Its sequence.
        sequence: DescriptorId,
    },
    /// GENERATED ALWAYS AS (expression) STORED.
    Stored {
        /// SQL text.
        expr: String,
    },
}

/// A column.
#[derive(Clone, Debug)]
pub struct ColumnDescriptor {
    /// Its id (attnum).
    pub id: ColumnId,
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: ColumnType,
    /// May be NULL.
    pub nullable: bool,
    /// DEFAULT, as SQL text.
    pub default: Option<String>,
    /// Generated.
    pub generated: Generated,
    /// What rows written before the column was added have.
    pub missing: Datum,
    /// Not shown by `*` nor in pg_attribute (rowid).
    pub hidden: bool,
    /// The sequence made for a serial column, dropped with it.
    pub owned_sequence: Option<DescriptorId>,
}

/// An index.
#[derive(Clone, Debug)]
pub struct IndexDescriptor {
    /// Its id within the table.
    pub id: IndexId,
    /// Its own relation OID.
    pub oid: DescriptorId,
    /// Its name.
    pub name: String,
    /// Unique.
    pub unique: bool,
    /// Keys in order.
    pub keys: Vec<IndexKey>,
    /// INCLUDE columns.
    pub include: Vec<ColumnId>,
    /// WHERE, as SQL text.
    pub predicate: Option<String>,
    /// It is the primary key (and not a hidden row id's index).
    pub primary: bool,
    /// It belongs to a constraint (PRIMARY KEY or UNIQUE), whose name is the index's name.
    pub constraint: bool,
    /// How far a schema change has come; only public ones are read.
    pub state: IndexState,
}

/// F1-style states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexState {
    /// Deletes maintain it.
    DeleteOnly,
    /// Writes maintain it.
    WriteOnly,
    /// Reads use it.
    Public,
}

/// One key of an index.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexKey {
    /// Column, or expression.
    pub what: IndexKeyKind,
    /// DESC.
    pub desc: bool,
    /// NULLS FIRST (the default of DESC).
    pub nulls_first: bool,
}

/// What an index key is.
#[derive(Clone, Debug, PartialEq)]
pub enum IndexKeyKind {
    /// A column.
    Column(ColumnId),
    /// An expression, as SQL text, with its type.
    Expression(String, ColumnType),
}

/// CHECK.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckDescriptor {
    /// Its id.
    pub oid: DescriptorId,
    /// Its name.
    pub name: String,
    /// SQL text.
    pub expr: String,
}

/// What happens to the referencing rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferentialAction {
    /// NO ACTION
    NoAction,
    /// RESTRICT
    Restrict,
    /// CASCADE
    Cascade,
    /// SET NULL
    SetNull,
    /// SET DEFAULT
    SetDefault,
}

/// FOREIGN KEY.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignKeyDescriptor {
    /// Its id.
    pub oid: DescriptorId,
    /// Its name.
    pub name: String,
    /// Columns here.
    pub columns: Vec<ColumnId>,
    /// Table there (may be the same).
    pub target: DescriptorId,
    /// Columns there: those of a unique index.
    pub target_columns: Vec<ColumnId>,
    /// ON DELETE.
    pub on_delete: ReferentialAction,
    /// ON UPDATE.
    pub on_update: ReferentialAction,
    /// MATCH FULL.
    pub match_full: bool,
    /// Checked at COMMIT when deferred.
    pub deferrable: bool,
    /// INITIALLY DEFERRED.
    pub initially_deferred: bool,
}

/// A sequence's definition; its value lies under a key of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct SequenceDescriptor {
    /// Its id.
    pub id: DescriptorId,
    /// Its database.
    pub database: DescriptorId,
    /// Its schema.
    pub schema: DescriptorId,
    /// Its name.
    pub name: String,
    /// Owning role.
    pub owner: String,
    /// Type: smallint, integer or bigint.
    pub ty: datum::Type,
    /// START
    pub start: i64,
    /// INCREMENT
    pub increment: i64,
    /// MINVALUE
    pub min: i64,
    /// MAXVALUE
    pub max: i64,
    /// CYCLE
    pub cycle: bool,
    /// CACHE
    pub cache: i64,
    /// OWNED BY table.column.
    pub owned_by: Option<(DescriptorId, ColumnId)>,
}

/// Rough numbers about a table for the planner.
#[derive(Clone, Debug, Default)]
pub struct TableStatistics {
    /// Rows.
    pub rows: f64,
    /// Distinct values by column id, and the fraction of NULLs.
    pub columns: Vec<(ColumnId, f64, f64)>,
}

/// What the binder asks of the catalog. A pure value: the answer to one question is always the same.
pub trait CatalogView: Send + Sync {
    /// The database that the session is connected to.
    fn current_database(&self) -> DescriptorId;
    /// The effective search path: schemas that exist, pg_catalog first unless listed.
    fn search_path(&self) -> Vec<Arc<SchemaDescriptor>>;
    /// A database by name.
    fn database(&self, name: &str) -> Option<Arc<DatabaseDescriptor>>;
    /// A schema of the current database by name (pg_catalog and information_schema included).
    fn schema(&self, name: &str) -> Option<Arc<SchemaDescriptor>>;
    /// A schema by id, for messages and error fields; `None` if it is not known.
    fn schema_by_id(&self, id: DescriptorId) -> Option<Arc<SchemaDescriptor>> {
        self.search_path().into_iter().find(|schema| schema.id == id)
    }
    /// A table, view or virtual table of the current database.
    fn table(&self, schema: DescriptorId, name: &str) -> Option<Arc<TableDescriptor>>;
    /// The same by id.
    fn table_by_id(&self, id: DescriptorId) -> Option<Arc<TableDescriptor>>;
    /// A sequence.
    fn sequence(&self, schema: DescriptorId, name: &str) -> Option<Arc<SequenceDescriptor>>;
    /// An index by its name: the table it is on, and which.
    fn index(&self, schema: DescriptorId, name: &str) -> Option<(Arc<TableDescriptor>, IndexId)>;
    /// Statistics, if there are any.
    fn statistics(&self, table: DescriptorId) -> Option<Arc<TableStatistics>>;
}

impl TableDescriptor {
    /// A column's position by id.
    pub fn column_ordinal(&self, id: ColumnId) -> Option<usize> {
        self.columns.iter().position(|c| c.id == id)
    }

    /// An index by id.
    pub fn index(&self, id: IndexId) -> Option<&IndexDescriptor> {
        self.indexes.iter().find(|i| i.id == id)
    }
}
