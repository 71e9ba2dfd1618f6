//! Building rows of virtual tables by column name.

use base::map::HashMap;
use datum::{Batch, ColumnType, Datum, Type};
use sql::catalog::{DescriptorId, IndexDescriptor, SchemaDescriptor, SequenceDescriptor, TableDescriptor};

use super::{VirtualColumns, VirtualContext};

/// OID and columns of a virtual table, as PostgreSQL has them.
pub struct Rows {
    batch: Batch,
    columns: &'static [(&'static str, ColumnType)],
    by_name: HashMap<&'static str, usize>,
    defaults: Vec<Datum>,
}

impl Rows {
    /// No rows yet of a table with these columns.
    pub fn new(columns: &VirtualColumns) -> Rows {
        let columns = columns.columns;
        Rows {
            batch: Batch::new(columns.len()),
            columns,
            by_name: columns.iter().enumerate().map(|(i, (name, _))| (*name, i)).collect(),
            defaults: columns.iter().map(|(_, ty)| zero(ty.ty)).collect(),
        }
    }

    /// Appends a row; columns that are not named have zero, false, or (of other types) NULL.
    ///
    /// # Panics
    /// If a name is none of the table's (a bug, found by the test that reads every table).
    pub fn push(&mut self, values: impl IntoIterator<Item = (&'static str, Datum)>) {
        let mut row = self.defaults.clone();
        for (name, value) in values {
            let at = self.by_name.get(name).copied();
            base::invariant!(at.is_some(), "virtual tables have the columns that they fill: {name}");
            row[at.unwrap_or_default()] = value;
        }
        self.batch.push(row);
    }

    /// All rows.
    pub fn done(self) -> Batch {
        base::invariant!(self.batch.width() == self.columns.len(), "rows have all columns");
        self.batch
    }
}

fn zero(ty: Type) -> Datum {
    match ty {
        Type::Bool => Datum::Bool(false),
        Type::Int2 => Datum::Int2(0),
        Type::Int4 => Datum::Int4(0),
        Type::Int8 => Datum::Int8(0),
        Type::Float4 => Datum::Float4(0.0),
        Type::Oid | Type::RegProc | Type::Xid => Datum::Oid(0),
        _ => Datum::Null,
    }
}

/// text, name, "char" …
pub fn text(value: impl AsRef<str>) -> Datum {
    Datum::text(value)
}

/// NULL where there is nothing.
pub fn optional(value: Option<impl AsRef<str>>) -> Datum {
    value.map_or(Datum::Null, Datum::text)
}

/// oid
pub fn oid(id: DescriptorId) -> Datum {
    Datum::Oid(id.0)
}

/// YES or NO, as information_schema has it.
pub fn yes(value: bool) -> Datum {
    text(if value { "YES" } else { "NO" })
}

/// A relation of the session's database.
pub enum Relation<'a> {
    /// A table, a view, a virtual table.
    Table(&'a TableDescriptor),
    /// An index of a table.
    Index(&'a TableDescriptor, &'a IndexDescriptor),
    /// A sequence.
    Sequence(&'a SequenceDescriptor),
}

impl VirtualContext<'_> {
    /// Stored tables and views of the session's database, then virtual tables.
    pub fn tables(&self) -> impl Iterator<Item = &TableDescriptor> {
        let stored = self.catalog.snapshot.tables(self.catalog.database);
        stored.chain(crate::catalog::system::tables()).map(|t| &**t)
    }

    /// Everything that pg_class lists.
    pub fn relations(&self) -> impl Iterator<Item = Relation<'_>> {
        let tables = self.tables().flat_map(|table| {
            let indexes = shown_indexes(table).map(move |index| Relation::Index(table, index));
            std::iter::once(Relation::Table(table)).chain(indexes)
        });
        let sequences = self.catalog.snapshot.sequences(self.catalog.database);
        tables.chain(sequences.map(|s| Relation::Sequence(s)))
    }

    /// Schemas of the session's database.
    pub fn schemas(&self) -> impl Iterator<Item = &SchemaDescriptor> {
        self.catalog.snapshot.schemas(self.catalog.database).map(|s| &**s)
    }

    /// A schema's name.
    pub fn schema_name(&self, id: DescriptorId) -> Datum {
        optional(self.catalog.snapshot.schema_by_id(id).map(|s| s.name.as_str()))
    }

    /// The database's name.
    pub fn database_name(&self) -> Datum {
        optional(self.catalog.snapshot.database_by_id(self.catalog.database).map(|d| d.name.as_str()))
    }

    /// A role's OID by name.
    pub fn role(&self, name: &str) -> Datum {
        self.catalog.snapshot.role(name).map_or(Datum::Oid(10), |r| oid(r.id))
    }
}

/// Indexes that users see: not the one of the hidden row id.
pub fn shown_indexes(table: &TableDescriptor) -> impl Iterator<Item = &IndexDescriptor> {
    table.indexes.iter().filter(|index| !index.name.is_empty())
}

/// Columns that users see.
pub fn shown_columns(table: &TableDescriptor) -> impl Iterator<Item = &sql::catalog::ColumnDescriptor> {
    table.columns.iter().filter(|column| !column.hidden)
}
