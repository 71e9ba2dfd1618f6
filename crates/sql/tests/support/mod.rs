//! A small catalog for tests: built by binding CREATE statements and turning what they ask for into descriptors.

use std::sync::Arc;

use datum::expr::TestSession;
use datum::{Datum, Error, FormatSettings, Result, Type};
use sql::catalog::*;
use sql::statement::*;
use sql::{BindContext, Statement, bind, parse};

/// Tables, sequences and schemas in memory.
pub struct TestCatalog {
    schemas: Vec<Arc<SchemaDescriptor>>,
    tables: Vec<Arc<TableDescriptor>>,
    sequences: Vec<Arc<SequenceDescriptor>>,
    next: u32,
}

const DATABASE: DescriptorId = DescriptorId(1);
const PUBLIC: DescriptorId = DescriptorId(2200);
const PG_CATALOG: DescriptorId = DescriptorId(11);

impl TestCatalog {
    /// Two schemas and nothing in them.
    pub fn new() -> TestCatalog {
        let schema = |id, name: &str| {
            Arc::new(SchemaDescriptor { id, database: DATABASE, name: name.into(), owner: "root".into() })
        };
        TestCatalog {
            schemas: vec![schema(PG_CATALOG, "pg_catalog"), schema(PUBLIC, "public")],
            tables: Vec::new(),
            sequences: Vec::new(),
            next: FIRST_USER_ID,
        }
    }

    fn id(&mut self) -> DescriptorId {
        self.next += 1;
        DescriptorId(self.next - 1)
    }

    /// Binds a statement with untyped parameters.
    pub fn bind(&self, text: &str) -> Result<Statement> {
        self.bind_with(text, &[])
    }

    /// Binds a statement with these parameter types.
    pub fn bind_with(&self, text: &str, params: &[Option<Type>]) -> Result<Statement> {
        let parsed = parse(text)?;
        let [one] = parsed.as_slice() else {
            return Err(Error::internal("one statement at a time"));
        };
        let session = TestSession::default();
        let settings = FormatSettings::default();
        bind(one, self, &BindContext { params, settings: &settings, session: &session, user: "root" })
    }

    /// Carries out a bound CREATE TABLE, INDEX, VIEW or SEQUENCE. Others are left alone: false.
    pub fn apply(&mut self, statement: &Statement) -> bool {
        match statement {
            Statement::CreateTable(create) => self.create_table(create),
            Statement::CreateIndex(create) => {
                let mut table = (*create.table).clone();
                self.add_index(&mut table, &create.index, false, false);
                self.replace(table);
            }
            Statement::CreateView(create) => {
                let id = self.id();
                let columns =
                    create.columns.iter().enumerate().map(|(i, (name, ty))| column(i as u32 + 1, name, *ty));
                let kind = RelationKind::View {
                    query: create.query.clone(),
                    search_path: create.search_path.clone(),
                };
                let table = self.table_of(id, &create.name.name, kind, columns.collect());
                self.tables.push(Arc::new(table));
            }
            Statement::CreateSequence { name, .. } => self.add_sequence(&name.name),
            _ => return false,
        }
        true
    }

    fn add_sequence(&mut self, name: &str) {
        let id = self.id();
        self.sequences.push(Arc::new(SequenceDescriptor {
            id,
            database: DATABASE,
            schema: PUBLIC,
            name: name.into(),
            owner: "root".into(),
            ty: Type::Int8,
            start: 1,
            increment: 1,
            min: 1,
            max: i64::MAX,
            cycle: false,
            cache: 1,
            owned_by: None,
        }));
    }

    fn table_of(
        &self,
        id: DescriptorId,
        name: &str,
        kind: RelationKind,
        columns: Vec<ColumnDescriptor>,
    ) -> TableDescriptor {
        TableDescriptor {
            id,
            version: 1,
            database: DATABASE,
            schema: PUBLIC,
            name: name.into(),
            owner: "root".into(),
            kind,
            next_column_id: columns.len() as u32 + 1,
            columns,
            indexes: Vec::new(),
            next_index_id: 1,
            checks: Vec::new(),
            foreign_keys: Vec::new(),
            referenced_by: Vec::new(),
            storage_id: id.0,
            comments: Vec::new(),
            options: Vec::new(),
        }
    }

    fn create_table(&mut self, create: &CreateTable) {
        let id = self.id();
        let mut columns = Vec::new();
        for (i, spec) in create.columns.iter().enumerate() {
            let mut made = column(i as u32 + 1, &spec.name, spec.ty);
            made.nullable = !spec.not_null;
            made.default = spec.default.as_ref().map(|d| d.text.clone());
            match &spec.generated {
                GeneratedSpec::Serial => {
                    let sequence = format!("{}_{}_seq", create.name.name, spec.name);
                    self.add_sequence(&sequence);
                    made.default = Some(format!("nextval('{sequence}'::regclass)"));
                    made.owned_sequence = self.sequences.last().map(|s| s.id);
                }
                GeneratedSpec::Identity { always, .. } => {
                    self.add_sequence(&format!("{}_{}_seq", create.name.name, spec.name));
                    let sequence = self.sequences.last().map_or(DescriptorId(0), |s| s.id);
                    made.generated = Generated::Identity { always: *always, sequence };
                }
                GeneratedSpec::Stored(e) => made.generated = Generated::Stored { expr: e.text.clone() },
                GeneratedSpec::No => {}
            }
            columns.push(made);
        }
        let mut table = self.table_of(id, &create.name.name, RelationKind::Table, columns);
        let primary = create.constraints.iter().find_map(|c| match &c.kind {
            ConstraintKind::PrimaryKey { columns, .. } => Some(columns.clone()),
            _ => None,
        });
        let key = match &primary {
            Some(columns) => columns.clone(),
            None => {
                let mut rowid = column(table.next_column_id, "rowid", Type::Int8.into());
                rowid.hidden = true;
                rowid.nullable = false;
                table.columns.push(rowid);
                vec!["rowid".to_owned()]
            }
        };
        let named = format!("{}_pkey", table.name);
        self.add_index(&mut table, &index_of(Some(named), &key), primary.is_some(), primary.is_some());
        for (n, constraint) in create.constraints.iter().enumerate() {
            let name = constraint.name.clone().unwrap_or_else(|| format!("{}_c{n}", table.name));
            match &constraint.kind {
                ConstraintKind::Unique { columns, .. } => {
                    self.add_index(&mut table, &index_of(Some(name), columns), false, true);
                }
                ConstraintKind::Check { expr, .. } => {
                    let oid = self.id();
                    table.checks.push(CheckDescriptor { oid, name, expr: expr.text.clone() });
                }
                _ => {}
            }
        }
        self.tables.push(Arc::new(table));
    }

    fn add_index(&mut self, table: &mut TableDescriptor, spec: &IndexSpec, primary: bool, constraint: bool) {
        let oid = self.id();
        let id_of = |name: &String| table.columns.iter().find(|c| c.name == *name).map_or(0, |c| c.id);
        let keys = spec
            .keys
            .iter()
            .map(|k| IndexKey {
                what: match &k.what {
                    IndexKeySpecKind::Column(name) => IndexKeyKind::Column(id_of(name)),
                    IndexKeySpecKind::Expression(text, ty, _) => {
                        IndexKeyKind::Expression(text.text.clone(), *ty)
                    }
                },
                desc: k.desc,
                nulls_first: k.nulls_first,
            })
            .collect();
        let include = spec.include.iter().map(id_of).collect();
        let id = table.next_index_id;
        table.next_index_id += 1;
        table.indexes.push(IndexDescriptor {
            id,
            oid,
            name: spec.name.clone().unwrap_or_else(|| format!("{}_i{id}", table.name)),
            unique: spec.unique,
            keys,
            include,
            predicate: spec.predicate.as_ref().map(|p| p.text.clone()),
            primary,
            constraint,
            state: IndexState::Public,
        });
    }

    fn replace(&mut self, table: TableDescriptor) {
        if let Some(slot) = self.tables.iter_mut().find(|t| t.id == table.id) {
            *slot = Arc::new(table);
        }
    }
}

fn column(id: ColumnId, name: &str, ty: datum::ColumnType) -> ColumnDescriptor {
    ColumnDescriptor {
        id,
        name: name.into(),
        ty,
        nullable: true,
        default: None,
        generated: Generated::No,
        missing: Datum::Null,
        hidden: false,
        owned_sequence: None,
    }
}

fn index_of(name: Option<String>, columns: &[String]) -> IndexSpec {
    IndexSpec {
        name,
        unique: true,
        keys: columns
            .iter()
            .map(|c| IndexKeySpec {
                what: IndexKeySpecKind::Column(c.clone()),
                desc: false,
                nulls_first: false,
            })
            .collect(),
        include: Vec::new(),
        predicate: None,
    }
}

impl CatalogView for TestCatalog {
    fn current_database(&self) -> DescriptorId {
        DATABASE
    }

    fn search_path(&self) -> Vec<Arc<SchemaDescriptor>> {
        self.schemas.clone()
    }

    fn database(&self, name: &str) -> Option<Arc<DatabaseDescriptor>> {
        (name == "test")
            .then(|| Arc::new(DatabaseDescriptor { id: DATABASE, name: "test".into(), owner: "root".into() }))
    }

    fn schema(&self, name: &str) -> Option<Arc<SchemaDescriptor>> {
        self.schemas.iter().find(|s| s.name == name).cloned()
    }

    fn table(&self, schema: DescriptorId, name: &str) -> Option<Arc<TableDescriptor>> {
        self.tables.iter().find(|t| t.schema == schema && t.name == name).cloned()
    }

    fn table_by_id(&self, id: DescriptorId) -> Option<Arc<TableDescriptor>> {
        self.tables.iter().find(|t| t.id == id).cloned()
    }

    fn sequence(&self, schema: DescriptorId, name: &str) -> Option<Arc<SequenceDescriptor>> {
        self.sequences.iter().find(|s| s.schema == schema && s.name == name).cloned()
    }

    fn index(&self, schema: DescriptorId, name: &str) -> Option<(Arc<TableDescriptor>, IndexId)> {
        self.tables
            .iter()
            .filter(|t| t.schema == schema)
            .find_map(|t| t.indexes.iter().find(|i| i.name == name).map(|i| (t.clone(), i.id)))
    }

    fn statistics(&self, _: DescriptorId) -> Option<Arc<TableStatistics>> {
        None
    }
}
