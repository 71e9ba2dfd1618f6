//! CREATE TABLE, CREATE TABLE AS, and the columns and constraints that ALTER TABLE adds as well.

use std::sync::Arc;

use datum::error::sqlstate;
use datum::{Datum, Error, Result, Type};
use sql::catalog::*;
use sql::statement::*;

use super::Ddl;
use super::names::{choose, joined};
use crate::catalog::{Descriptor, Relation};
use crate::dml::RowWriter;
use crate::operators::Running;

/// Name of the hidden column that rows without a primary key are found by.
pub(super) const ROWID: &str = "rowid";

impl Ddl<'_> {
    /// CREATE TABLE.
    pub(super) async fn create_table(&mut self, create: &CreateTable) -> Result<()> {
        if create.temporary {
            return Err(Error::unsupported("CREATE TEMPORARY TABLE"));
        }
        let schema = create.name.schema;
        if self.is_taken(schema, &create.name.name, create.if_not_exists)? {
            return Ok(());
        }
        let mut table = self.empty_table(schema, &create.name.name).await?;
        table.options = create.options.clone();
        for spec in &create.columns {
            self.add_column(&mut table, spec).await?;
        }
        self.generated_apart(&table)?;
        let keyed = create.constraints.iter().find(|c| matches!(c.kind, ConstraintKind::PrimaryKey { .. }));
        match keyed {
            Some(ConstraintSpec { name, kind: ConstraintKind::PrimaryKey { columns, .. }, .. }) => {
                let index = self.primary_key(&mut table, name.as_deref(), columns).await?;
                table.indexes.push(index);
            }
            _ => self.add_rowid(&mut table).await?,
        }
        for spec in &create.constraints {
            self.add_table_constraint(&mut table, spec).await?;
        }
        for spec in &create.indexes {
            let index = self.make_index(&mut table, spec, None, false).await?;
            table.indexes.push(index);
        }
        self.finish_table(table).await
    }

    /// Writes a new table, and lets the targets of its foreign keys know.
    async fn finish_table(&mut self, table: TableDescriptor) -> Result<()> {
        let id = table.id;
        let targets: Vec<DescriptorId> = table.foreign_keys.iter().map(|key| key.target).collect();
        self.put_table(table)?;
        for target in targets {
            self.set_reference(target, id, true)?;
        }
        Ok(())
    }

    /// A table without columns and indexes.
    async fn empty_table(&mut self, schema: DescriptorId, name: &str) -> Result<TableDescriptor> {
        let id = self.next_id().await?;
        Ok(TableDescriptor {
            id,
            version: 0,
            database: self.database(),
            schema,
            name: name.to_owned(),
            owner: self.user(),
            kind: RelationKind::Table,
            columns: Vec::new(),
            next_column_id: 1,
            indexes: Vec::new(),
            next_index_id: 1,
            checks: Vec::new(),
            foreign_keys: Vec::new(),
            referenced_by: Vec::new(),
            storage_id: id.0,
            comments: Vec::new(),
            options: Vec::new(),
        })
    }

    /// Generated columns are not made of generated columns: 42P17.
    pub(super) fn generated_apart(&self, table: &TableDescriptor) -> Result<()> {
        let is_stored = |c: &ColumnDescriptor| matches!(c.generated, Generated::Stored { .. });
        for column in &table.columns {
            let Generated::Stored { expr } = &column.generated else { continue };
            let expr = crate::expressions::over_table(expr, table, &self.state.session.catalog)?;
            for other in expr.columns().iter().filter_map(|i| table.columns.get(*i as usize)) {
                if is_stored(other) {
                    return Err(Error::new(
                        sqlstate::INVALID_OBJECT_DEFINITION,
                        format!(
                            "cannot use generated column \"{}\" in column generation expression",
                            other.name
                        ),
                    )
                    .detail("A generated column cannot reference another generated column."));
                }
            }
        }
        Ok(())
    }

    /// Adds a column at the end (before a hidden one), with the sequence that it may need.
    pub(super) async fn add_column(&mut self, table: &mut TableDescriptor, spec: &ColumnSpec) -> Result<()> {
        let id = table.next_column_id;
        let (mut generated, mut owned_sequence) = (Generated::No, None);
        let mut default = spec.default.as_ref().map(|default| default.text.clone());
        let mut nullable = !spec.not_null;
        match &spec.generated {
            GeneratedSpec::No => {}
            GeneratedSpec::Serial => {
                let options = SequenceOptions::default();
                let sequence = self.column_sequence(table, spec, id, &options).await?;
                // By its OID: the sequence may be renamed.
                default = Some(format!("nextval('{}'::regclass)", sequence.0));
                owned_sequence = Some(sequence);
                nullable = false;
            }
            GeneratedSpec::Identity { always, options } => {
                let sequence = self.column_sequence(table, spec, id, options).await?;
                generated = Generated::Identity { always: *always, sequence };
                owned_sequence = Some(sequence);
                nullable = false;
            }
            GeneratedSpec::Stored(expr) => generated = Generated::Stored { expr: expr.text.clone() },
        }
        let column = ColumnDescriptor {
            id,
            name: spec.name.clone(),
            ty: spec.ty,
            nullable,
            default,
            generated,
            missing: Datum::Null,
            hidden: false,
            owned_sequence,
        };
        table.next_column_id += 1;
        if let Some(comment) = &spec.comment {
            table.comments.push((id, comment.clone()));
        }
        let at = table.columns.iter().position(|c| c.hidden).unwrap_or(table.columns.len());
        table.columns.insert(at, column);
        Ok(())
    }

    /// The sequence of a serial or identity column.
    pub(super) async fn column_sequence(
        &mut self,
        table: &TableDescriptor,
        spec: &ColumnSpec,
        column: ColumnId,
        options: &SequenceOptions,
    ) -> Result<DescriptorId> {
        let name = self.relation_name(
            table.schema,
            options.name.as_deref(),
            &table.name,
            Some(&spec.name),
            "seq",
            &[&table.name],
        )?;
        let mut options = options.clone();
        options.ty.get_or_insert(match spec.ty.ty {
            Type::Int2 => Type::Int2,
            Type::Int8 => Type::Int8,
            _ => Type::Int4,
        });
        options.owned_by = Some(Some((table.id, column)));
        self.new_sequence(table.schema, &name, &options).await
    }

    /// The hidden column of a table without a primary key, and the index over it.
    pub(super) async fn add_rowid(&mut self, table: &mut TableDescriptor) -> Result<()> {
        let id = table.next_column_id;
        table.next_column_id += 1;
        table.columns.push(ColumnDescriptor {
            id,
            name: ROWID.to_owned(),
            ty: Type::Int8.into(),
            nullable: false,
            default: None,
            generated: Generated::No,
            missing: Datum::Null,
            hidden: true,
            owned_sequence: None,
        });
        let index = IndexDescriptor {
            id: table.next_index_id,
            oid: self.next_id().await?,
            name: String::new(),
            unique: true,
            keys: vec![IndexKey { what: IndexKeyKind::Column(id), desc: false, nulls_first: false }],
            include: Vec::new(),
            predicate: None,
            primary: false,
            constraint: false,
            state: IndexState::Public,
        };
        table.next_index_id += 1;
        table.indexes.insert(0, index);
        Ok(())
    }

    /// The index of a primary key; its columns become NOT NULL.
    pub(super) async fn primary_key(
        &mut self,
        table: &mut TableDescriptor,
        name: Option<&str>,
        columns: &[String],
    ) -> Result<IndexDescriptor> {
        let name = self.relation_name(table.schema, name, &table.name, None, "pkey", &[&table.name])?;
        let mut keys = Vec::with_capacity(columns.len());
        for column in columns {
            let found = table
                .columns
                .iter_mut()
                .find(|c| c.name == *column && !c.hidden)
                .ok_or_else(|| undefined_key_column(column))?;
            found.nullable = false;
            if !datum::key::is_indexable(found.ty.ty) {
                return Err(not_indexable(found));
            }
            keys.push(IndexKey { what: IndexKeyKind::Column(found.id), desc: false, nulls_first: false });
        }
        let index = IndexDescriptor {
            id: table.next_index_id,
            oid: self.next_id().await?,
            name,
            unique: true,
            keys,
            include: Vec::new(),
            predicate: None,
            primary: true,
            constraint: true,
            state: IndexState::Public,
        };
        table.next_index_id += 1;
        Ok(index)
    }

    /// Adds a constraint other than a primary key to a table that has no rows yet, or whose rows satisfy it.
    pub(super) async fn add_table_constraint(
        &mut self,
        table: &mut TableDescriptor,
        spec: &ConstraintSpec,
    ) -> Result<()> {
        match &spec.kind {
            ConstraintKind::PrimaryKey { .. } => Ok(()),
            ConstraintKind::Unique { columns, include } => {
                let index = IndexSpec {
                    name: spec.name.clone(),
                    unique: true,
                    keys: columns
                        .iter()
                        .map(|name| IndexKeySpec {
                            what: IndexKeySpecKind::Column(name.clone()),
                            desc: false,
                            nulls_first: false,
                        })
                        .collect(),
                    include: include.clone(),
                    predicate: None,
                };
                let index = self.make_index(table, &index, Some("key"), true).await?;
                table.indexes.push(index);
                Ok(())
            }
            ConstraintKind::Check { expr, columns } => {
                let second = match columns.as_slice() {
                    [one] => Some(one.as_str()),
                    _ => None,
                };
                let name = self.constraint_name(table, spec.name.as_deref(), second, "check")?;
                let oid = self.next_id().await?;
                table.checks.push(CheckDescriptor { oid, name, expr: expr.text.clone() });
                Ok(())
            }
            ConstraintKind::ForeignKey { .. } => self.add_foreign_key(table, spec).await,
            ConstraintKind::UsingIndex { index, primary } => {
                if *primary {
                    return Err(Error::unsupported("PRIMARY KEY USING INDEX"));
                }
                if let Some(found) = table.indexes.iter_mut().find(|i| i.id == *index) {
                    found.constraint = true;
                    if let Some(name) = &spec.name {
                        found.name = name.clone();
                    }
                }
                Ok(())
            }
        }
    }

    async fn add_foreign_key(&mut self, table: &mut TableDescriptor, spec: &ConstraintSpec) -> Result<()> {
        let ConstraintKind::ForeignKey { columns, target, target_columns, on_delete, on_update, match_full } =
            &spec.kind
        else {
            return Ok(());
        };
        let ids = |table: &TableDescriptor, names: &[String]| -> Result<Vec<ColumnId>> {
            names
                .iter()
                .map(|name| {
                    let found = table.columns.iter().find(|c| c.name == *name && !c.hidden);
                    found.map(|c| c.id).ok_or_else(|| {
                        Error::new(
                            sqlstate::UNDEFINED_COLUMN,
                            format!("column \"{name}\" referenced in foreign key constraint does not exist"),
                        )
                    })
                })
                .collect()
        };
        let here = ids(table, columns)?;
        // The catalog may have changed since the statement was bound: by an earlier part of it.
        let parent = match target {
            Some(target) => Some(self.table(target.id)?),
            None => None,
        };
        let parent_ref: &TableDescriptor = parent.as_deref().unwrap_or(table);
        let names: Vec<String> = if target_columns.is_empty() {
            let key = parent_ref.indexes.iter().find(|index| index.primary).ok_or_else(|| {
                Error::new(
                    sqlstate::UNDEFINED_OBJECT,
                    format!("there is no primary key for referenced table \"{}\"", parent_ref.name),
                )
            })?;
            let ids = sql::layout::key_columns(key);
            parent_ref.columns.iter().filter(|c| ids.contains(&c.id)).map(|c| c.name.clone()).collect()
        } else {
            target_columns.clone()
        };
        let there = ids(parent_ref, &names)?;
        if here.len() != there.len() {
            return Err(Error::new(
                sqlstate::INVALID_FOREIGN_KEY,
                "number of referencing and referenced columns for foreign key disagree",
            ));
        }
        let unique = parent_ref.indexes.iter().any(|index| {
            let keys = sql::layout::key_columns(index);
            index.unique
                && index.predicate.is_none()
                && keys.len() == index.keys.len()
                && keys.len() == there.len()
                && keys.iter().all(|id| there.contains(id))
        });
        if !unique {
            return Err(Error::new(
                sqlstate::INVALID_FOREIGN_KEY,
                format!(
                    "there is no unique constraint matching given keys for referenced table \"{}\"",
                    parent_ref.name
                ),
            ));
        }
        let target = parent_ref.id;
        let second = joined(columns);
        let name = self.constraint_name(table, spec.name.as_deref(), second.as_deref(), "fkey")?;
        let oid = self.next_id().await?;
        if target == table.id && !table.referenced_by.contains(&target) {
            table.referenced_by.push(target);
        }
        table.foreign_keys.push(ForeignKeyDescriptor {
            oid,
            name,
            columns: here,
            target,
            target_columns: there,
            on_delete: *on_delete,
            on_update: *on_update,
            match_full: *match_full,
            deferrable: spec.deferrable,
            initially_deferred: spec.initially_deferred,
        });
        Ok(())
    }

    /// CREATE TABLE AS; how many rows, or `None` if the table was there already.
    pub(super) async fn create_table_as(&mut self, create: &CreateTableAs) -> Result<Option<u64>> {
        if create.temporary {
            return Err(Error::unsupported("CREATE TEMPORARY TABLE"));
        }
        if self.is_taken(create.name.schema, &create.name.name, create.if_not_exists)? {
            return Ok(None);
        }
        let mut table = self.empty_table(create.name.schema, &create.name.name).await?;
        for spec in &create.columns {
            self.add_column(&mut table, spec).await?;
        }
        self.add_rowid(&mut table).await?;
        let table = self.put_table(table)?;
        if !create.with_data {
            return Ok(Some(0));
        }
        self.refresh();
        let query = Arc::new(create.query.clone());
        self.tx.rely_on(&query.depends_on);
        let mut running = Running::new(query, &self.state.memory);
        let mut cx = self.cx();
        let writer = RowWriter::new(&table, &cx)?;
        let mut count = 0;
        while let Some(batch) = running.next(&mut cx).await? {
            let rows: Vec<Vec<Datum>> = batch
                .into_rows()
                .map(|mut row| {
                    row.push(Datum::Null);
                    writer.complete(&mut row, &cx);
                    row
                })
                .collect();
            let all: Vec<&[Datum]> = rows.iter().map(Vec::as_slice).collect();
            writer.insert(&all, &mut cx).await?;
            count += all.len() as u64;
        }
        Ok(Some(count))
    }

    /// CREATE VIEW.
    pub(super) async fn create_view(&mut self, create: &CreateView) -> Result<()> {
        let (schema, name) = (create.name.schema, &create.name.name);
        let mut table = match self.catalog().relation(schema, name) {
            Some(Relation::Table(id)) if create.or_replace => {
                let old = self.table(id)?;
                if !matches!(old.kind, RelationKind::View { .. }) {
                    return Err(Error::new(sqlstate::WRONG_OBJECT_TYPE, format!("\"{name}\" is not a view")));
                }
                for (i, column) in old.columns.iter().enumerate() {
                    let Some((new_name, ty)) = create.columns.get(i) else {
                        return Err(Error::new(
                            sqlstate::INVALID_TABLE_DEFINITION,
                            "cannot drop columns from view",
                        ));
                    };
                    if *new_name != column.name {
                        return Err(Error::new(
                            sqlstate::INVALID_TABLE_DEFINITION,
                            format!(
                                "cannot change name of view column \"{}\" to \"{new_name}\"",
                                column.name
                            ),
                        )
                        .hint(
                            "Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead.",
                        ));
                    }
                    if *ty != column.ty {
                        return Err(Error::new(
                            sqlstate::INVALID_TABLE_DEFINITION,
                            format!(
                                "cannot change data type of view column \"{}\" from {} to {ty}",
                                column.name, column.ty
                            ),
                        ));
                    }
                }
                (*old).clone()
            }
            Some(_) => {
                return Err(Error::new(
                    sqlstate::DUPLICATE_TABLE,
                    format!("relation \"{name}\" already exists"),
                ));
            }
            None => self.empty_table(schema, name).await?,
        };
        table.kind =
            RelationKind::View { query: create.query.clone(), search_path: create.search_path.clone() };
        table.columns.clear();
        for (id, (name, ty)) in (1..).zip(&create.columns) {
            table.columns.push(ColumnDescriptor {
                id,
                name: name.clone(),
                ty: *ty,
                nullable: true,
                default: None,
                generated: Generated::No,
                missing: Datum::Null,
                hidden: false,
                owned_sequence: None,
            });
        }
        table.next_column_id = table.columns.len() as ColumnId + 1;
        self.put_table(table)?;
        Ok(())
    }

    /// Writes a new sequence.
    pub(super) async fn new_sequence(
        &mut self,
        schema: DescriptorId,
        name: &str,
        options: &SequenceOptions,
    ) -> Result<DescriptorId> {
        let id = self.next_id().await?;
        let (database, owner) = (self.database(), self.user());
        let fresh = SequenceDescriptor {
            id,
            database,
            schema,
            name: name.to_owned(),
            owner,
            ty: options.ty.unwrap_or(Type::Int8),
            start: 1,
            increment: 1,
            min: 1,
            max: 1,
            cycle: false,
            cache: 1,
            owned_by: None,
        };
        let sequence = super::misc::apply_sequence_options(fresh, options, true)?;
        self.put(id, Descriptor::Sequence(Arc::new(sequence)))?;
        Ok(id)
    }

    /// A free name for a column's sequence, as for tables that are altered.
    pub(super) fn free_sequence_name(&self, table: &TableDescriptor, column: &str) -> String {
        choose(&table.name, Some(column), "seq", |name| self.catalog().relation(table.schema, name).is_some())
    }
}

pub(super) fn undefined_key_column(name: &str) -> Error {
    Error::new(sqlstate::UNDEFINED_COLUMN, format!("column \"{name}\" named in key does not exist"))
}

pub(super) fn not_indexable(column: &ColumnDescriptor) -> Error {
    Error::new(
        sqlstate::UNDEFINED_OBJECT,
        format!("data type {} has no default operator class for access method \"btree\"", column.ty.ty),
    )
    .hint("You must specify an operator class for the index or define a default operator class for the data type.")
}
