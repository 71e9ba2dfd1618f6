//! [`Snapshot`]: the whole catalog as of one version, an immutable value that is cheap to copy and change, and
//! [`SessionCatalog`]: a snapshot as one session sees it, which is what the binder asks.

use std::sync::Arc;

use base::Timestamp;
use imbl::OrdMap;
use sql::catalog::*;

use super::descriptor::{Descriptor, RoleDescriptor, SettingsDescriptor};
use super::system;

/// What a relation's name stands for: tables, views, sequences and indexes share their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// A table or view.
    Table(DescriptorId),
    /// A sequence.
    Sequence(DescriptorId),
    /// An index of this table.
    Index(DescriptorId, IndexId),
}

/// The whole catalog as of one version. Clones share everything.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Which version of the committed catalog this is, or was made from.
    pub version: u64,
    /// A timestamp at or above which this version was the newest when it was loaded; `None`: not known.
    pub published_ts: Option<Timestamp>,
    /// Grows with changes that only their own transaction sees.
    pub local: u64,
    descriptors: OrdMap<DescriptorId, Descriptor>,
    databases: OrdMap<String, DescriptorId>,
    schemas: OrdMap<(DescriptorId, String), DescriptorId>,
    relations: OrdMap<(DescriptorId, String), Relation>,
    roles: OrdMap<String, DescriptorId>,
    /// Relations by their OID where that is not a descriptor's id: indexes.
    index_oids: OrdMap<DescriptorId, (DescriptorId, IndexId)>,
    comments: OrdMap<DescriptorId, DescriptorId>,
    statistics: OrdMap<DescriptorId, Arc<TableStatistics>>,
}

impl Snapshot {
    /// A descriptor.
    pub fn get(&self, id: DescriptorId) -> Option<&Descriptor> {
        self.descriptors.get(&id)
    }

    /// Puts a descriptor in, in place of what had its id.
    pub fn put(&mut self, id: DescriptorId, descriptor: Descriptor) {
        self.remove(id);
        match &descriptor {
            Descriptor::Database(d) => {
                self.databases.insert(d.name.clone(), id);
            }
            Descriptor::Schema(d) => {
                self.schemas.insert((d.database, d.name.clone()), id);
            }
            Descriptor::Table(d) => {
                self.relations.insert((d.schema, d.name.clone()), Relation::Table(id));
                for index in d.indexes.iter().filter(|index| !index.name.is_empty()) {
                    self.relations.insert((d.schema, index.name.clone()), Relation::Index(id, index.id));
                    self.index_oids.insert(index.oid, (id, index.id));
                }
            }
            Descriptor::Sequence(d) => {
                self.relations.insert((d.schema, d.name.clone()), Relation::Sequence(id));
            }
            Descriptor::Role(d) => {
                self.roles.insert(d.name.clone(), id);
            }
            Descriptor::Comment(on, _) => {
                self.comments.insert(*on, id);
            }
            Descriptor::Settings(_) => {}
        }
        self.descriptors.insert(id, descriptor);
    }

    /// Takes a descriptor out.
    pub fn remove(&mut self, id: DescriptorId) -> Option<Descriptor> {
        let descriptor = self.descriptors.remove(&id)?;
        match &descriptor {
            Descriptor::Database(d) => {
                if self.databases.get(&d.name) == Some(&id) {
                    self.databases.remove(&d.name);
                }
            }
            Descriptor::Schema(d) => {
                self.schemas.remove(&(d.database, d.name.clone()));
            }
            Descriptor::Table(d) => {
                self.remove_relation(d.schema, &d.name, Relation::Table(id));
                for index in &d.indexes {
                    self.remove_relation(d.schema, &index.name, Relation::Index(id, index.id));
                    self.index_oids.remove(&index.oid);
                }
            }
            Descriptor::Sequence(d) => self.remove_relation(d.schema, &d.name, Relation::Sequence(id)),
            Descriptor::Role(d) => {
                self.roles.remove(&d.name);
            }
            Descriptor::Comment(on, _) => {
                self.comments.remove(on);
            }
            Descriptor::Settings(_) => {}
        }
        Some(descriptor)
    }

    /// Names are moved between objects within one transaction: only the owner of an entry takes it out.
    fn remove_relation(&mut self, schema: DescriptorId, name: &str, what: Relation) {
        let key = (schema, name.to_owned());
        if self.relations.get(&key) == Some(&what) {
            self.relations.remove(&key);
        }
    }

    /// Puts a table's statistics in.
    pub fn put_statistics(&mut self, table: DescriptorId, statistics: Arc<TableStatistics>) {
        self.statistics.insert(table, statistics);
    }

    /// A table's statistics.
    pub fn statistics(&self, table: DescriptorId) -> Option<Arc<TableStatistics>> {
        self.statistics.get(&table).cloned()
    }

    /// Every descriptor, by id.
    pub fn descriptors(&self) -> impl Iterator<Item = (DescriptorId, &Descriptor)> {
        self.descriptors.iter().map(|(id, d)| (*id, d))
    }

    /// Every database, by name.
    pub fn databases(&self) -> impl Iterator<Item = &Arc<DatabaseDescriptor>> {
        self.databases.values().filter_map(|id| self.database_by_id(*id))
    }

    /// Every schema of a database, by name; those of the system come first.
    pub fn schemas(&self, database: DescriptorId) -> impl Iterator<Item = &Arc<SchemaDescriptor>> {
        let own = self.descriptors.values().filter_map(move |d| match d {
            Descriptor::Schema(s) if s.database == database => Some(s),
            _ => None,
        });
        system::schemas().iter().chain(own)
    }

    /// Every stored table and view of a database, by id.
    pub fn tables(&self, database: DescriptorId) -> impl Iterator<Item = &Arc<TableDescriptor>> {
        self.descriptors.values().filter_map(move |d| match d {
            Descriptor::Table(t) if t.database == database => Some(t),
            _ => None,
        })
    }

    /// Every sequence of a database, by id.
    pub fn sequences(&self, database: DescriptorId) -> impl Iterator<Item = &Arc<SequenceDescriptor>> {
        self.descriptors.values().filter_map(move |d| match d {
            Descriptor::Sequence(s) if s.database == database => Some(s),
            _ => None,
        })
    }

    /// Every role, by name.
    pub fn roles(&self) -> impl Iterator<Item = &Arc<RoleDescriptor>> {
        self.roles.values().filter_map(|id| self.role_by_id(*id))
    }

    /// Defaults of settings that apply to a role in a database, weakest first.
    pub fn default_settings(
        &self,
        database: DescriptorId,
        role: DescriptorId,
    ) -> Vec<&Arc<SettingsDescriptor>> {
        let mut found: Vec<_> = self
            .descriptors
            .values()
            .filter_map(|d| match d {
                Descriptor::Settings(s) => Some(s),
                _ => None,
            })
            .filter(|s| s.database.is_none_or(|d| d == database) && s.role.is_none_or(|r| r == role))
            .collect();
        found.sort_by_key(|s| (s.role.is_some(), s.database.is_some()));
        found
    }

    /// The defaults kept for exactly this database and role.
    pub fn settings_of(
        &self,
        database: Option<DescriptorId>,
        role: Option<DescriptorId>,
    ) -> Option<&Arc<SettingsDescriptor>> {
        self.descriptors.values().find_map(|d| match d {
            Descriptor::Settings(s) if s.database == database && s.role == role => Some(s),
            _ => None,
        })
    }

    /// A database by name.
    pub fn database(&self, name: &str) -> Option<&Arc<DatabaseDescriptor>> {
        self.databases.get(name).and_then(|id| self.database_by_id(*id))
    }

    /// A database.
    pub fn database_by_id(&self, id: DescriptorId) -> Option<&Arc<DatabaseDescriptor>> {
        match self.get(id) {
            Some(Descriptor::Database(d)) => Some(d),
            _ => None,
        }
    }

    /// A schema by name, the system's included.
    pub fn schema(&self, database: DescriptorId, name: &str) -> Option<&Arc<SchemaDescriptor>> {
        if let Some(schema) = system::schemas().iter().find(|s| s.name == name) {
            return Some(schema);
        }
        let id = self.schemas.get(&(database, name.to_owned()))?;
        self.schema_by_id(*id)
    }

    /// A schema.
    pub fn schema_by_id(&self, id: DescriptorId) -> Option<&Arc<SchemaDescriptor>> {
        if let Some(schema) = system::schemas().iter().find(|s| s.id == id) {
            return Some(schema);
        }
        match self.get(id) {
            Some(Descriptor::Schema(s)) => Some(s),
            _ => None,
        }
    }

    /// What a relation's name stands for.
    pub fn relation(&self, schema: DescriptorId, name: &str) -> Option<Relation> {
        self.relations.get(&(schema, name.to_owned())).copied()
    }

    /// A table or view; virtual ones too.
    pub fn table_by_id(&self, id: DescriptorId) -> Option<&Arc<TableDescriptor>> {
        match self.get(id) {
            Some(Descriptor::Table(t)) => Some(t),
            Some(_) => None,
            None => system::table_by_id(id),
        }
    }

    /// A table or view by name; virtual ones too.
    pub fn table(&self, schema: DescriptorId, name: &str) -> Option<&Arc<TableDescriptor>> {
        match self.relation(schema, name) {
            Some(Relation::Table(id)) => self.table_by_id(id),
            Some(_) => None,
            None => system::table(schema, name),
        }
    }

    /// A sequence.
    pub fn sequence_by_id(&self, id: DescriptorId) -> Option<&Arc<SequenceDescriptor>> {
        match self.get(id) {
            Some(Descriptor::Sequence(s)) => Some(s),
            _ => None,
        }
    }

    /// The table of an index, and which, by the index's OID.
    pub fn index_by_oid(&self, oid: DescriptorId) -> Option<(&Arc<TableDescriptor>, &IndexDescriptor)> {
        let (table, index) = self.index_oids.get(&oid)?;
        let table = self.table_by_id(*table)?;
        Some((table, table.index(*index)?))
    }

    /// A role by name.
    pub fn role(&self, name: &str) -> Option<&Arc<RoleDescriptor>> {
        self.roles.get(name).and_then(|id| self.role_by_id(*id))
    }

    /// A role.
    pub fn role_by_id(&self, id: DescriptorId) -> Option<&Arc<RoleDescriptor>> {
        match self.get(id) {
            Some(Descriptor::Role(r)) => Some(r),
            _ => None,
        }
    }

    /// A comment on an object, with the id it is kept under.
    pub fn comment(&self, on: DescriptorId) -> Option<(DescriptorId, &str)> {
        let id = self.comments.get(&on)?;
        match self.get(*id) {
            Some(Descriptor::Comment(_, text)) => Some((*id, text)),
            _ => None,
        }
    }
}

/// A snapshot as one session sees it.
#[derive(Clone, Debug)]
pub struct SessionCatalog {
    /// The catalog.
    pub snapshot: Arc<Snapshot>,
    /// The session's database.
    pub database: DescriptorId,
    /// The effective search path.
    pub path: Arc<Vec<Arc<SchemaDescriptor>>>,
}

impl SessionCatalog {
    /// The catalog seen by a session of this database, user and `search_path` setting.
    pub fn new(
        snapshot: Arc<Snapshot>,
        database: DescriptorId,
        user: &str,
        search_path: &str,
    ) -> SessionCatalog {
        let names = split_identifiers(search_path);
        let mut path = Vec::new();
        if !names.iter().any(|name| name == "pg_catalog") {
            path.extend(snapshot.schema(database, "pg_catalog").cloned());
        }
        for name in &names {
            let name = if name == "$user" { user } else { name };
            if let Some(schema) = snapshot.schema(database, name)
                && !path.iter().any(|s: &Arc<SchemaDescriptor>| s.id == schema.id)
            {
                path.push(schema.clone());
            }
        }
        SessionCatalog { snapshot, database, path: Arc::new(path) }
    }

    /// Where objects are made that are named without a schema.
    pub fn current_schema(&self) -> Option<&Arc<SchemaDescriptor>> {
        self.path.iter().find(|s| s.id != system::PG_CATALOG)
    }
}

/// The names of a list like search_path's: unquoted ones in lower case.
pub fn split_identifiers(list: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut chars = list.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace() || *c == ',').is_some() {}
        let Some(first) = chars.peek().copied() else { return out };
        let mut name = String::new();
        if first == '"' {
            chars.next();
            while let Some(c) = chars.next() {
                if c == '"' {
                    if chars.next_if_eq(&'"').is_none() {
                        break;
                    }
                    name.push('"');
                } else {
                    name.push(c);
                }
            }
        } else {
            while let Some(c) = chars.next_if(|c| *c != ',') {
                name.extend(c.to_lowercase());
            }
            name.truncate(name.trim_end().len());
        }
        if !name.is_empty() {
            out.push(name);
        }
    }
}

impl CatalogView for SessionCatalog {
    fn current_database(&self) -> DescriptorId {
        self.database
    }

    fn search_path(&self) -> Vec<Arc<SchemaDescriptor>> {
        self.path.to_vec()
    }

    fn database(&self, name: &str) -> Option<Arc<DatabaseDescriptor>> {
        self.snapshot.database(name).cloned()
    }

    fn schema(&self, name: &str) -> Option<Arc<SchemaDescriptor>> {
        self.snapshot.schema(self.database, name).cloned()
    }

    fn table(&self, schema: DescriptorId, name: &str) -> Option<Arc<TableDescriptor>> {
        self.snapshot.table(schema, name).cloned()
    }

    fn table_by_id(&self, id: DescriptorId) -> Option<Arc<TableDescriptor>> {
        self.snapshot.table_by_id(id).cloned()
    }

    fn sequence(&self, schema: DescriptorId, name: &str) -> Option<Arc<SequenceDescriptor>> {
        match self.snapshot.relation(schema, name)? {
            Relation::Sequence(id) => self.snapshot.sequence_by_id(id).cloned(),
            _ => None,
        }
    }

    fn index(&self, schema: DescriptorId, name: &str) -> Option<(Arc<TableDescriptor>, IndexId)> {
        match self.snapshot.relation(schema, name)? {
            Relation::Index(table, index) => Some((self.snapshot.table_by_id(table)?.clone(), index)),
            _ => None,
        }
    }

    fn statistics(&self, table: DescriptorId) -> Option<Arc<TableStatistics>> {
        self.snapshot.statistics(table)
    }
}

#[cfg(test)]
mod tests {
    use super::split_identifiers;

    #[test]
    fn search_paths_are_split_as_lists_of_identifiers() {
        for (list, names) in [
            ("\"$user\", public", vec!["$user", "public"]),
            (" A ,b,\"C,\"\"d\" ", vec!["a", "b", "C,\"d"]),
            ("", vec![]),
            ("\"\"", vec![]),
        ] {
            assert_eq!(split_identifiers(list), names, "{list}");
        }
    }
}
