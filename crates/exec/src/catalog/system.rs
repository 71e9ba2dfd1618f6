//! What every database has without it being stored: the schemas pg_catalog and information_schema with their virtual
//! tables. Also the ids that bootstrap gives out.

use std::sync::{Arc, LazyLock};

use base::map::HashMap;
use datum::Datum;
use sql::catalog::*;

use crate::virtual_tables::{TABLES, VirtualSchema, VirtualTable};

/// The schema pg_catalog.
pub const PG_CATALOG: DescriptorId = DescriptorId(11);
/// The schema information_schema.
pub const INFORMATION_SCHEMA: DescriptorId = DescriptorId(13_000);
/// The role that owns the system: root. (PostgreSQL's bootstrap superuser has 10.)
pub const ROOT: DescriptorId = DescriptorId(10);
/// The role postgres.
pub const POSTGRES_ROLE: DescriptorId = DescriptorId(9);
/// The database template1.
pub const TEMPLATE1: DescriptorId = DescriptorId(1);
/// The database template0.
pub const TEMPLATE0: DescriptorId = DescriptorId(4);
/// The database postgres.
pub const POSTGRES: DescriptorId = DescriptorId(5);
/// The database holdfast.
pub const HOLDFAST: DescriptorId = DescriptorId(6);
/// The schema public of the database holdfast.
pub const PUBLIC: DescriptorId = DescriptorId(2200);
/// The schemas public of the other databases.
pub const PUBLIC_OF_OTHERS: [(DescriptorId, DescriptorId); 3] =
    [(POSTGRES, DescriptorId(2201)), (TEMPLATE1, DescriptorId(2202)), (TEMPLATE0, DescriptorId(2203))];

/// Name of the role that owns what the system makes.
pub const OWNER: &str = "root";

static SCHEMAS: LazyLock<[Arc<SchemaDescriptor>; 2]> = LazyLock::new(|| {
    [("pg_catalog", PG_CATALOG), ("information_schema", INFORMATION_SCHEMA)].map(|(name, id)| {
        Arc::new(SchemaDescriptor { id, database: DescriptorId(0), name: name.into(), owner: OWNER.into() })
    })
});

struct Virtual {
    by_name: HashMap<DescriptorId, HashMap<&'static str, Arc<TableDescriptor>>>,
    by_id: HashMap<DescriptorId, (Arc<TableDescriptor>, &'static VirtualTable)>,
}

static VIRTUAL: LazyLock<Virtual> = LazyLock::new(|| {
    let mut out = Virtual { by_name: HashMap::default(), by_id: HashMap::default() };
    for table in TABLES.iter().flat_map(|tables| tables.iter()) {
        let descriptor = Arc::new(describe(table));
        out.by_name.entry(descriptor.schema).or_default().insert(table.name, descriptor.clone());
        out.by_id.insert(descriptor.id, (descriptor, table));
    }
    out
});

fn describe(table: &VirtualTable) -> TableDescriptor {
    let schema = match table.schema {
        VirtualSchema::PgCatalog => PG_CATALOG,
        VirtualSchema::InformationSchema => INFORMATION_SCHEMA,
    };
    let columns = table.columns.iter().zip(1..).map(|((name, ty), id)| ColumnDescriptor {
        id,
        name: (*name).to_owned(),
        ty: *ty,
        nullable: true,
        default: None,
        generated: Generated::No,
        missing: Datum::Null,
        hidden: false,
        owned_sequence: None,
    });
    TableDescriptor {
        id: DescriptorId(table.oid),
        version: 1,
        database: DescriptorId(0),
        schema,
        name: table.name.to_owned(),
        owner: OWNER.to_owned(),
        kind: RelationKind::Virtual,
        columns: columns.collect(),
        next_column_id: table.columns.len() as u32 + 1,
        indexes: Vec::new(),
        next_index_id: 1,
        checks: Vec::new(),
        foreign_keys: Vec::new(),
        referenced_by: Vec::new(),
        storage_id: 0,
        comments: Vec::new(),
        options: Vec::new(),
    }
}

/// The system's schemas.
pub fn schemas() -> &'static [Arc<SchemaDescriptor>] {
    &*SCHEMAS
}

/// A virtual table by name.
pub fn table(schema: DescriptorId, name: &str) -> Option<&'static Arc<TableDescriptor>> {
    VIRTUAL.by_name.get(&schema)?.get(name)
}

/// A virtual table.
pub fn table_by_id(id: DescriptorId) -> Option<&'static Arc<TableDescriptor>> {
    VIRTUAL.by_id.get(&id).map(|(descriptor, _)| descriptor)
}

/// How a virtual table's rows are made.
pub fn virtual_table(id: DescriptorId) -> Option<&'static VirtualTable> {
    VIRTUAL.by_id.get(&id).map(|(_, table)| *table)
}

/// Every virtual table.
pub fn tables<'a>() -> impl Iterator<Item = &'a Arc<TableDescriptor>> {
    VIRTUAL.by_id.values().map(|(descriptor, _)| descriptor)
}
