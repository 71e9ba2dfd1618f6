//! [`Descriptor`]: everything that the catalog keeps under an id.

use std::sync::Arc;

use sql::catalog::{DatabaseDescriptor, DescriptorId, SchemaDescriptor, SequenceDescriptor, TableDescriptor};

/// Anything that the catalog keeps under an id.
#[derive(Clone, Debug)]
pub enum Descriptor {
    /// A database.
    Database(Arc<DatabaseDescriptor>),
    /// A schema.
    Schema(Arc<SchemaDescriptor>),
    /// A table or view.
    Table(Arc<TableDescriptor>),
    /// A sequence.
    Sequence(Arc<SequenceDescriptor>),
    /// A role.
    Role(Arc<RoleDescriptor>),
    /// COMMENT ON what has no place for it in its own descriptor: the id of the object meant, and the text.
    Comment(DescriptorId, String),
    /// Defaults of settings for a database, a role, or a role in a database.
    Settings(Arc<SettingsDescriptor>),
}

/// A role.
#[derive(Clone, Debug, PartialEq)]
pub struct RoleDescriptor {
    /// Its id.
    pub id: DescriptorId,
    /// Its name.
    pub name: String,
    /// SUPERUSER
    pub superuser: bool,
    /// CREATEDB
    pub create_db: bool,
    /// CREATEROLE
    pub create_role: bool,
    /// INHERIT
    pub inherit: bool,
    /// LOGIN
    pub login: bool,
    /// REPLICATION
    pub replication: bool,
    /// BYPASSRLS
    pub bypass_rls: bool,
    /// CONNECTION LIMIT, -1 = none.
    pub connection_limit: i32,
    /// A password's verifier.
    pub password: Option<String>,
    /// VALID UNTIL
    pub valid_until: Option<String>,
    /// Roles that it is a member of.
    pub member_of: Vec<DescriptorId>,
}

impl RoleDescriptor {
    /// A role that may do nothing yet.
    pub fn new(id: DescriptorId, name: impl Into<String>) -> RoleDescriptor {
        RoleDescriptor {
            id,
            name: name.into(),
            superuser: false,
            create_db: false,
            create_role: false,
            inherit: true,
            login: false,
            replication: false,
            bypass_rls: false,
            connection_limit: -1,
            password: None,
            valid_until: None,
            member_of: Vec::new(),
        }
    }
}

/// Defaults of settings.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingsDescriptor {
    /// Its id.
    pub id: DescriptorId,
    /// For this database only.
    pub database: Option<DescriptorId>,
    /// For this role only.
    pub role: Option<DescriptorId>,
    /// Name and value.
    pub values: Vec<(String, String)>,
}
