//! DROP, with what depends on the object: RESTRICT names it, CASCADE takes it along.

use std::collections::BTreeSet;
use std::sync::Arc;

use datum::error::sqlstate;
use datum::{Error, Result};
use sql::catalog::*;
use sql::statement::{Drop, DropObject};

use super::Ddl;
use crate::catalog::Descriptor;

/// Something that would go along.
#[derive(Clone, Debug)]
enum Dependent {
    /// A foreign key: of a table, by name.
    ForeignKey(DescriptorId, String),
    /// A view.
    View(DescriptorId),
    /// A default that draws from a sequence: of a column of a table.
    Default(DescriptorId, ColumnId),
    /// A table, view or sequence of a schema.
    Relation(DescriptorId),
}

impl Ddl<'_> {
    /// DROP.
    pub(super) async fn drop(&mut self, drop: &Drop) -> Result<()> {
        for skipped in &drop.skipped {
            self.notice(sqlstate::SUCCESSFUL_COMPLETION, skipped.clone());
        }
        // Objects that are named go without being asked about each other.
        let mut named = BTreeSet::new();
        for object in &drop.objects {
            match object {
                DropObject::Table(table) | DropObject::View(table) => {
                    named.insert(table.id);
                }
                DropObject::Sequence(sequence) => {
                    named.insert(sequence.id);
                }
                _ => {}
            }
        }
        let mut along: Vec<String> = Vec::new();
        for object in &drop.objects {
            match object {
                DropObject::Table(table) | DropObject::View(table) => {
                    if self.catalog().get(table.id).is_some() {
                        self.drop_relation(table.id, drop.cascade, &mut named, &mut along)?;
                    }
                }
                DropObject::Index(table, index) => {
                    self.drop_index(table.id, *index, drop.cascade, &mut along)?
                }
                DropObject::Sequence(sequence) => {
                    if self.catalog().get(sequence.id).is_some() {
                        self.drop_relation(sequence.id, drop.cascade, &mut named, &mut along)?;
                    }
                }
                DropObject::Schema(name) => self.drop_schema(name, drop, &mut along)?,
                DropObject::Database(name) => self.drop_database(name, drop.if_exists)?,
                DropObject::Role(name) => self.drop_role(name, drop.if_exists)?,
            }
        }
        self.tell_cascade(&along);
        Ok(())
    }

    /// Says what CASCADE took along.
    pub(super) fn tell_cascade(&self, along: &[String]) {
        match along {
            [] => {}
            [one] => self.notice(sqlstate::SUCCESSFUL_COMPLETION, format!("drop cascades to {one}")),
            many => {
                let message = format!("drop cascades to {} other objects", many.len());
                let detail: Vec<String> =
                    many.iter().map(|what| format!("drop cascades to {what}")).collect();
                self.shared.notice(
                    crate::api::Severity::Notice,
                    Error::new(sqlstate::SUCCESSFUL_COMPLETION, message).detail(detail.join("\n")),
                );
            }
        }
    }

    /// What an object is called in messages about dependencies: qualified unless the search path finds it.
    fn describe(&self, id: DescriptorId) -> String {
        let name = |schema: DescriptorId, name: &str| {
            let path = &self.state.session.catalog.path;
            let found = path.iter().find(|s| self.catalog().relation(s.id, name).is_some());
            match self.catalog().schema_by_id(schema) {
                Some(schema) if found.is_none_or(|s| s.id != schema.id) => format!("{}.{name}", schema.name),
                _ => name.to_owned(),
            }
        };
        match self.catalog().get(id) {
            Some(Descriptor::Table(table)) => {
                let kind = if matches!(table.kind, RelationKind::View { .. }) { "view" } else { "table" };
                format!("{kind} {}", name(table.schema, &table.name))
            }
            Some(Descriptor::Sequence(sequence)) => {
                format!("sequence {}", name(sequence.schema, &sequence.name))
            }
            Some(Descriptor::Schema(schema)) => format!("schema {}", schema.name),
            _ => format!("object {}", id.0),
        }
    }

    fn describe_dependent(&self, dependent: &Dependent) -> String {
        match dependent {
            Dependent::ForeignKey(table, name) => {
                let table = self.table(*table).map(|t| t.name.clone()).unwrap_or_default();
                format!("constraint {name} on table {table}")
            }
            Dependent::View(id) | Dependent::Relation(id) => self.describe(*id),
            Dependent::Default(table, column) => {
                let table = self.table(*table);
                let (table, column) = match &table {
                    Ok(t) => {
                        (t.name.as_str(), t.columns.iter().find(|c| c.id == *column).map_or("", |c| &c.name))
                    }
                    Err(_) => ("", ""),
                };
                format!("default value for column {column} of table {table}")
            }
        }
    }

    /// What depends on a table, view or sequence, apart from what is named anyway.
    fn dependents(&self, id: DescriptorId, named: &BTreeSet<DescriptorId>) -> Vec<Dependent> {
        let mut out = Vec::new();
        match self.catalog().get(id) {
            Some(Descriptor::Table(table)) => {
                for child in &table.referenced_by {
                    if *child == id || named.contains(child) {
                        continue;
                    }
                    let Ok(child) = self.table(*child) else { continue };
                    for key in child.foreign_keys.iter().filter(|key| key.target == id) {
                        out.push(Dependent::ForeignKey(child.id, key.name.clone()));
                    }
                }
                for view in self.views_over(id) {
                    if !named.contains(&view) {
                        out.push(Dependent::View(view));
                    }
                }
            }
            Some(Descriptor::Sequence(sequence)) => {
                let needle = format!("nextval('{}'::regclass)", id.0);
                let by_name = format!("nextval('{}'::regclass)", sequence.name);
                for table in self.catalog().tables(sequence.database) {
                    if named.contains(&table.id) {
                        continue;
                    }
                    for column in &table.columns {
                        if column.default.as_deref().is_some_and(|d| d == needle || d == by_name) {
                            out.push(Dependent::Default(table.id, column.id));
                        }
                    }
                }
            }
            _ => {}
        }
        out
    }

    /// A view's query as it is bound now; `None` for what is no view or cannot be bound.
    fn view_query(&self, view: &sql::catalog::TableDescriptor) -> Option<Box<sql::plan::Query>> {
        let session = &self.state.session;
        let RelationKind::View { query, search_path } = &view.kind else { return None };
        let catalog = crate::catalog::SessionCatalog::new(
            self.tx.catalog.clone(),
            session.catalog.database,
            &session.user,
            &search_path.iter().map(|name| crate::session::quote(name)).collect::<Vec<_>>().join(", "),
        );
        let context = sql::BindContext {
            params: &[],
            settings: &session.format,
            session: &**session,
            user: &session.user,
        };
        let parsed = sql::parse(query).ok()?.into_iter().next()?;
        match sql::bind(&parsed, &catalog, &context).ok()? {
            sql::Statement::Query(query) => Some(query),
            _ => None,
        }
    }

    /// Views that read a table or view.
    pub(super) fn views_over(&self, id: DescriptorId) -> Vec<DescriptorId> {
        self.views_where(id, |query| query.depends_on.iter().any(|(table, _)| *table == id))
    }

    /// Views that read a column of a table or view.
    pub(super) fn views_over_column(&self, id: DescriptorId, column: ColumnId) -> Vec<DescriptorId> {
        self.views_where(id, |query| query.reads.contains(&(id, column)))
    }

    fn views_where(&self, id: DescriptorId, reads: impl Fn(&sql::plan::Query) -> bool) -> Vec<DescriptorId> {
        let views = self.catalog().tables(self.database());
        views
            .filter(|view| view.id != id && self.view_query(view).is_some_and(|query| reads(&query)))
            .map(|view| view.id)
            .collect()
    }

    /// Foreign keys of other tables that need something which goes: with CASCADE they go first.
    pub(super) fn keys_go_along(
        &mut self,
        what: &str,
        part: &str,
        keys: Vec<(DescriptorId, String)>,
        cascade: bool,
    ) -> Result<()> {
        let keys: Vec<Dependent> =
            keys.into_iter().map(|(table, name)| Dependent::ForeignKey(table, name)).collect();
        if !keys.is_empty() && !cascade {
            return Err(self.refuse_on(what, part, &keys));
        }
        let mut along = Vec::new();
        for key in &keys {
            along.push(self.describe_dependent(key));
            if let Dependent::ForeignKey(table, name) = key {
                self.remove_foreign_key(*table, name)?;
            }
        }
        self.tell_cascade(&along);
        Ok(())
    }

    /// A column that views read goes, or they keep it: they are dropped with CASCADE.
    pub(super) fn column_leaves_views(
        &mut self,
        table: &sql::catalog::TableDescriptor,
        column: ColumnId,
        name: &str,
        cascade: bool,
    ) -> Result<()> {
        let views: Vec<Dependent> =
            self.views_over_column(table.id, column).into_iter().map(Dependent::View).collect();
        if views.is_empty() {
            return Ok(());
        }
        if !cascade {
            return Err(self.refuse(&format!("column {name} of table {}", table.name), &views));
        }
        let mut named = BTreeSet::new();
        let mut along = Vec::new();
        for view in &views {
            let Dependent::View(id) = view else { continue };
            if self.catalog().get(*id).is_some() && named.insert(*id) {
                along.push(self.describe_dependent(view));
                self.drop_relation(*id, true, &mut named, &mut along)?;
            }
        }
        self.tell_cascade(&along);
        Ok(())
    }

    fn refuse(&self, what: &str, dependents: &[Dependent]) -> Error {
        self.refuse_on(what, what, dependents)
    }

    /// As [`Ddl::refuse`], where it is a part of the object that the others need.
    fn refuse_on(&self, what: &str, part: &str, dependents: &[Dependent]) -> Error {
        let detail: Vec<String> = dependents
            .iter()
            .map(|dependent| format!("{} depends on {part}", self.describe_dependent(dependent)))
            .collect();
        Error::new(
            sqlstate::DEPENDENT_OBJECTS_STILL_EXIST,
            format!("cannot drop {what} because other objects depend on it"),
        )
        .detail(detail.join("\n"))
        .hint("Use DROP ... CASCADE to drop the dependent objects too.")
    }

    /// Removes a table, view or sequence, and what depends on it.
    fn drop_relation(
        &mut self,
        id: DescriptorId,
        cascade: bool,
        named: &mut BTreeSet<DescriptorId>,
        along: &mut Vec<String>,
    ) -> Result<()> {
        let dependents = self.dependents(id, named);
        if !dependents.is_empty() {
            if !cascade {
                return Err(self.refuse(&self.describe(id), &dependents));
            }
            for dependent in &dependents {
                let what = self.describe_dependent(dependent);
                match dependent {
                    Dependent::ForeignKey(table, name) => self.remove_foreign_key(*table, name)?,
                    Dependent::View(view) | Dependent::Relation(view) => {
                        if self.catalog().get(*view).is_none() || !named.insert(*view) {
                            continue;
                        }
                        along.push(what);
                        self.drop_relation(*view, true, named, along)?;
                        continue;
                    }
                    Dependent::Default(table, column) => {
                        let mut table = (*self.table(*table)?).clone();
                        if let Some(column) = table.columns.iter_mut().find(|c| c.id == *column) {
                            column.default = None;
                        }
                        self.put_table(table)?;
                    }
                }
                along.push(what);
            }
        }
        self.remove_relation(id)
    }

    /// Removes a table, view or sequence that nothing depends on any more.
    fn remove_relation(&mut self, id: DescriptorId) -> Result<()> {
        let Some(descriptor) = self.catalog().get(id).cloned() else { return Ok(()) };
        match descriptor {
            Descriptor::Table(table) => {
                let targets: BTreeSet<DescriptorId> =
                    table.foreign_keys.iter().map(|key| key.target).filter(|target| *target != id).collect();
                for target in targets {
                    self.set_reference(target, id, false)?;
                }
                for sequence in table.columns.iter().filter_map(|column| column.owned_sequence) {
                    if self.catalog().sequence_by_id(sequence).is_some() {
                        self.remove_sequence(sequence)?;
                    }
                }
                // Sequences that were made its own by OWNED BY.
                let owned: Vec<DescriptorId> = self
                    .catalog()
                    .sequences(table.database)
                    .filter(|s| s.owned_by.is_some_and(|(owner, _)| owner == id))
                    .map(|s| s.id)
                    .collect();
                for sequence in owned {
                    self.remove_sequence(sequence)?;
                }
                for oid in table.indexes.iter().map(|i| i.oid).chain(table.foreign_keys.iter().map(|k| k.oid))
                {
                    if let Some((comment, _)) = self.catalog().comment(oid) {
                        self.tx.remove(comment)?;
                    }
                }
                if table.kind == RelationKind::Table {
                    self.discard(crate::keys::storage_span(table.storage_id))?;
                }
                self.remove(id)
            }
            Descriptor::Sequence(_) => self.remove_sequence(id),
            _ => self.remove(id),
        }
    }

    pub(super) fn remove_sequence(&mut self, id: DescriptorId) -> Result<()> {
        self.discard(base::Span::point(crate::keys::sequence(id)))?;
        self.remove(id)
    }

    /// Removes a foreign key.
    pub(super) fn remove_foreign_key(&mut self, table: DescriptorId, name: &str) -> Result<()> {
        let mut table = (*self.table(table)?).clone();
        let Some(at) = table.foreign_keys.iter().position(|key| key.name == name) else { return Ok(()) };
        let key = table.foreign_keys.remove(at);
        let still = table.foreign_keys.iter().any(|other| other.target == key.target);
        let id = table.id;
        if key.target == id && !still {
            table.referenced_by.retain(|other| *other != id);
        }
        self.put_table(table)?;
        if key.target != id && !still {
            self.set_reference(key.target, id, false)?;
        }
        Ok(())
    }

    /// Foreign keys that need a unique index of a table: no other one is over the same columns.
    pub(super) fn keys_over(
        &self,
        table: &TableDescriptor,
        index: &IndexDescriptor,
    ) -> Vec<(DescriptorId, String)> {
        let columns: BTreeSet<ColumnId> = sql::layout::key_columns(index).into_iter().collect();
        let other = table.indexes.iter().any(|i| {
            i.id != index.id
                && i.unique
                && i.predicate.is_none()
                && sql::layout::key_columns(i).into_iter().collect::<BTreeSet<_>>() == columns
        });
        if !index.unique || other {
            return Vec::new();
        }
        let mut out = Vec::new();
        for child in &table.referenced_by {
            let Ok(child) = self.table(*child) else { continue };
            for key in child.foreign_keys.iter().filter(|key| key.target == table.id) {
                if key.target_columns.iter().copied().collect::<BTreeSet<_>>() == columns {
                    out.push((child.id, key.name.clone()));
                }
            }
        }
        out
    }

    fn drop_index(
        &mut self,
        table: DescriptorId,
        index: IndexId,
        cascade: bool,
        along: &mut Vec<String>,
    ) -> Result<()> {
        let table = self.table(table)?;
        let Some(descriptor) = table.index(index).cloned() else { return Ok(()) };
        if descriptor.constraint {
            let name = &descriptor.name;
            return Err(Error::new(
                sqlstate::DEPENDENT_OBJECTS_STILL_EXIST,
                format!(
                    "cannot drop index {name} because constraint {name} on table {} requires it",
                    table.name
                ),
            )
            .hint(format!("You can drop constraint {name} on table {} instead.", table.name)));
        }
        let keys = self.keys_over(&table, &descriptor);
        if !keys.is_empty() {
            let dependents: Vec<Dependent> =
                keys.iter().map(|(table, name)| Dependent::ForeignKey(*table, name.clone())).collect();
            if !cascade {
                return Err(self.refuse(&format!("index {}", descriptor.name), &dependents));
            }
            for ((table, name), dependent) in keys.iter().zip(&dependents) {
                along.push(self.describe_dependent(dependent));
                self.remove_foreign_key(*table, name)?;
            }
        }
        self.remove_index(table.id, index)
    }

    /// Takes an index out of its table; its entries are removed later.
    pub(super) fn remove_index(&mut self, table: DescriptorId, index: IndexId) -> Result<()> {
        let mut table = (*self.table(table)?).clone();
        if let Some(at) = table.indexes.iter().position(|i| i.id == index) {
            let removed = table.indexes.remove(at);
            if let Some((comment, _)) = self.catalog().comment(removed.oid) {
                self.tx.remove(comment)?;
            }
            self.discard(crate::keys::index_span(table.storage_id, index))?;
        }
        self.put_table(table)?;
        Ok(())
    }

    fn drop_schema(&mut self, name: &str, drop: &Drop, along: &mut Vec<String>) -> Result<()> {
        let Some(schema) = self.catalog().schema(self.database(), name).cloned() else {
            if drop.if_exists {
                self.notice(
                    sqlstate::SUCCESSFUL_COMPLETION,
                    format!("schema \"{name}\" does not exist, skipping"),
                );
                return Ok(());
            }
            return Err(Error::new(
                sqlstate::INVALID_SCHEMA_NAME,
                format!("schema \"{name}\" does not exist"),
            ));
        };
        if crate::catalog::system::schemas().iter().any(|s| s.id == schema.id) {
            return Err(Error::new(
                sqlstate::DEPENDENT_OBJECTS_STILL_EXIST,
                format!("cannot drop schema {name} because it is required by the database system"),
            ));
        }
        let tables = self.catalog().tables(schema.database).filter(|t| t.schema == schema.id).map(|t| t.id);
        let sequences = self
            .catalog()
            .sequences(schema.database)
            .filter(|s| s.schema == schema.id && s.owned_by.is_none())
            .map(|s| s.id);
        let content: Vec<DescriptorId> = tables.chain(sequences).collect();
        if !content.is_empty() && !drop.cascade {
            let dependents: Vec<Dependent> = content.iter().map(|id| Dependent::Relation(*id)).collect();
            return Err(self.refuse(&format!("schema {name}"), &dependents));
        }
        let mut named: BTreeSet<DescriptorId> = content.iter().copied().collect();
        for id in content {
            if self.catalog().get(id).is_some() {
                along.push(self.describe(id));
                self.drop_relation(id, true, &mut named, along)?;
            }
        }
        self.remove(schema.id)
    }

    fn drop_database(&mut self, name: &str, if_exists: bool) -> Result<()> {
        let Some(database) = self.catalog().database(name).cloned() else {
            if if_exists {
                self.notice(
                    sqlstate::SUCCESSFUL_COMPLETION,
                    format!("database \"{name}\" does not exist, skipping"),
                );
                return Ok(());
            }
            return Err(Error::new(
                sqlstate::INVALID_CATALOG_NAME,
                format!("database \"{name}\" does not exist"),
            ));
        };
        if database.id == self.database() {
            return Err(Error::new(sqlstate::OBJECT_IN_USE, "cannot drop the currently open database"));
        }
        if self.node.sessions().iter().any(|session| session.database == database.id) {
            return Err(Error::new(
                sqlstate::OBJECT_IN_USE,
                format!("database \"{name}\" is being accessed by other users"),
            ));
        }
        let inside: Vec<(DescriptorId, Option<u32>)> = self
            .catalog()
            .descriptors()
            .filter_map(|(id, descriptor)| match descriptor {
                Descriptor::Table(t) if t.database == database.id => Some((id, Some(t.storage_id))),
                Descriptor::Sequence(s) if s.database == database.id => Some((id, None)),
                Descriptor::Schema(s) if s.database == database.id => Some((id, None)),
                Descriptor::Settings(s) if s.database == Some(database.id) => Some((id, None)),
                _ => None,
            })
            .collect();
        for (id, storage) in inside {
            if let Some(storage) = storage {
                self.discard(crate::keys::storage_span(storage))?;
            }
            self.remove(id)?;
        }
        self.remove(database.id)
    }

    fn drop_role(&mut self, name: &str, if_exists: bool) -> Result<()> {
        let Some(role) = self.catalog().role(name).cloned() else {
            if if_exists {
                self.notice(
                    sqlstate::SUCCESSFUL_COMPLETION,
                    format!("role \"{name}\" does not exist, skipping"),
                );
                return Ok(());
            }
            return Err(super::misc::undefined_role(name));
        };
        if role.name == self.user() || role.name == self.shared.session_user {
            return Err(Error::new(sqlstate::OBJECT_IN_USE, "current user cannot be dropped"));
        }
        let owned = self.catalog().descriptors().find_map(|(_, descriptor)| match descriptor {
            Descriptor::Table(t) if t.owner == name => Some(format!("owner of table {}", t.name)),
            Descriptor::Sequence(s) if s.owner == name => Some(format!("owner of sequence {}", s.name)),
            Descriptor::Schema(s) if s.owner == name => Some(format!("owner of schema {}", s.name)),
            Descriptor::Database(d) if d.owner == name => Some(format!("owner of database {}", d.name)),
            _ => None,
        });
        if let Some(owned) = owned {
            return Err(Error::new(
                sqlstate::DEPENDENT_OBJECTS_STILL_EXIST,
                format!("role \"{name}\" cannot be dropped because some objects depend on it"),
            )
            .detail(owned));
        }
        let members: Vec<_> =
            self.catalog().roles().filter(|r| r.member_of.contains(&role.id)).cloned().collect();
        for member in members {
            let mut next = (*member).clone();
            next.member_of.retain(|id| *id != role.id);
            self.put(next.id, Descriptor::Role(Arc::new(next)))?;
        }
        self.remove(role.id)
    }
}
