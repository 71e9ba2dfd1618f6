//! Sequences, schemas, databases, roles, comments, grants.

use std::sync::Arc;

use datum::error::sqlstate;
use datum::{Error, Result, Type};
use sql::catalog::*;
use sql::statement::*;

use super::Ddl;
use crate::catalog::{Descriptor, RoleDescriptor, SettingsDescriptor};
use crate::sequence::{SequenceState, type_bounds};

pub(super) fn undefined_role(name: &str) -> Error {
    Error::new(sqlstate::UNDEFINED_OBJECT, format!("role \"{name}\" does not exist"))
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(sqlstate::INVALID_PARAMETER_VALUE, message)
}

/// A sequence with options applied; a new one takes defaults for those that were not given.
pub(super) fn apply_sequence_options(
    mut sequence: SequenceDescriptor,
    options: &SequenceOptions,
    new: bool,
) -> Result<SequenceDescriptor> {
    let old_bounds = type_bounds(sequence.ty);
    if let Some(ty) = options.ty {
        if !matches!(ty, Type::Int2 | Type::Int4 | Type::Int8) {
            return Err(bad("sequence type must be smallint, integer, or bigint"));
        }
        sequence.ty = ty;
    }
    let (type_min, type_max) = type_bounds(sequence.ty);
    if let Some(increment) = options.increment {
        if increment == 0 {
            return Err(bad("INCREMENT must not be zero"));
        }
        sequence.increment = increment;
    }
    let up = sequence.increment > 0;
    // A bound that was the old type's own follows the type.
    let follow_max = options.ty.is_some() && !new && up && sequence.max == old_bounds.1;
    let follow_min = options.ty.is_some() && !new && !up && sequence.min == old_bounds.0;
    match options.max {
        Some(Some(max)) => sequence.max = max,
        Some(None) => sequence.max = if up { type_max } else { -1 },
        None if new || follow_max => sequence.max = if up { type_max } else { -1 },
        None => {}
    }
    match options.min {
        Some(Some(min)) => sequence.min = min,
        Some(None) => sequence.min = if up { 1 } else { type_min },
        None if new || follow_min => sequence.min = if up { 1 } else { type_min },
        None => {}
    }
    if sequence.max > type_max || sequence.max < type_min {
        return Err(bad(format!(
            "MAXVALUE ({}) is out of range for sequence data type {}",
            sequence.max, sequence.ty
        )));
    }
    if sequence.min < type_min || sequence.min > type_max {
        return Err(bad(format!(
            "MINVALUE ({}) is out of range for sequence data type {}",
            sequence.min, sequence.ty
        )));
    }
    if sequence.min >= sequence.max {
        return Err(bad(format!(
            "MINVALUE ({}) must be less than MAXVALUE ({})",
            sequence.min, sequence.max
        )));
    }
    match options.start {
        Some(start) => sequence.start = start,
        None if new => sequence.start = if up { sequence.min } else { sequence.max },
        None => {}
    }
    if sequence.start < sequence.min {
        return Err(bad(format!(
            "START value ({}) cannot be less than MINVALUE ({})",
            sequence.start, sequence.min
        )));
    }
    if sequence.start > sequence.max {
        return Err(bad(format!(
            "START value ({}) cannot be greater than MAXVALUE ({})",
            sequence.start, sequence.max
        )));
    }
    if let Some(cycle) = options.cycle {
        sequence.cycle = cycle;
    }
    if let Some(cache) = options.cache {
        if cache <= 0 {
            return Err(bad(format!("CACHE ({cache}) must be greater than zero")));
        }
        sequence.cache = cache;
    }
    if let Some(owned_by) = options.owned_by {
        sequence.owned_by = owned_by;
    }
    Ok(sequence)
}

impl Ddl<'_> {
    pub(super) async fn create_sequence(
        &mut self,
        name: &NewName,
        if_not_exists: bool,
        options: &SequenceOptions,
    ) -> Result<()> {
        if !self.is_taken(name.schema, &name.name, if_not_exists)? {
            self.new_sequence(name.schema, &name.name, options).await?;
        }
        Ok(())
    }

    pub(super) async fn alter_sequence(
        &mut self,
        sequence: &Arc<SequenceDescriptor>,
        options: &SequenceOptions,
    ) -> Result<()> {
        let before = crate::sequence::state(self.node, sequence).await?;
        let next = apply_sequence_options((**sequence).clone(), options, false)?;
        let state = match options.restart {
            Some(at) => {
                let last = at.unwrap_or(next.start);
                if last < next.min || last > next.max {
                    let (which, bound, side) = if last < next.min {
                        ("less", next.min, "MINVALUE")
                    } else {
                        ("greater", next.max, "MAXVALUE")
                    };
                    return Err(bad(format!(
                        "RESTART value ({last}) cannot be {which} than {side} ({bound})"
                    )));
                }
                SequenceState { last, called: false }
            }
            None => before,
        };
        // What the node holds was made under the old definition.
        crate::sequence::set(self.node, next.id, state).await?;
        self.put(next.id, Descriptor::Sequence(Arc::new(next)))
    }

    pub(super) fn change_sequence(
        &mut self,
        sequence: &Arc<SequenceDescriptor>,
        change: &NameChange,
    ) -> Result<()> {
        let mut next = (**sequence).clone();
        match change {
            NameChange::Rename(name) => {
                self.is_taken(next.schema, name, false)?;
                next.name = name.clone();
            }
            NameChange::Schema(schema) => {
                self.is_taken(*schema, &next.name, false)?;
                next.schema = *schema;
            }
            NameChange::Owner(owner) => next.owner = self.owner(owner)?,
        }
        self.put(next.id, Descriptor::Sequence(Arc::new(next)))
    }

    /// A role that may own things.
    pub(super) fn owner(&self, name: &str) -> Result<String> {
        let name = match name {
            "current_user" | "current_role" => self.user(),
            "session_user" => self.shared.session_user.clone(),
            name => name.to_owned(),
        };
        if self.catalog().role(&name).is_none() {
            return Err(undefined_role(&name));
        }
        Ok(name)
    }

    pub(super) async fn create_schema(
        &mut self,
        name: &str,
        if_not_exists: bool,
        owner: Option<&str>,
    ) -> Result<()> {
        if name.starts_with("pg_") {
            return Err(Error::new(sqlstate::RESERVED_NAME, format!("unacceptable schema name \"{name}\""))
                .detail("The prefix \"pg_\" is reserved for system schemas."));
        }
        if self.catalog().schema(self.database(), name).is_some() {
            if if_not_exists {
                self.notice(
                    sqlstate::DUPLICATE_SCHEMA,
                    format!("schema \"{name}\" already exists, skipping"),
                );
                return Ok(());
            }
            return Err(Error::new(sqlstate::DUPLICATE_SCHEMA, format!("schema \"{name}\" already exists")));
        }
        let owner = match owner {
            Some(owner) => self.owner(owner)?,
            None => self.user(),
        };
        let id = self.next_id().await?;
        let schema = SchemaDescriptor { id, database: self.database(), name: name.to_owned(), owner };
        self.put(id, Descriptor::Schema(Arc::new(schema)))
    }

    pub(super) fn alter_schema(&mut self, name: &str, change: &NameChange) -> Result<()> {
        let schema = self.catalog().schema(self.database(), name).cloned().ok_or_else(|| {
            Error::new(sqlstate::INVALID_SCHEMA_NAME, format!("schema \"{name}\" does not exist"))
        })?;
        let mut next = (*schema).clone();
        match change {
            NameChange::Rename(new_name) => {
                if self.catalog().schema(self.database(), new_name).is_some() {
                    return Err(Error::new(
                        sqlstate::DUPLICATE_SCHEMA,
                        format!("schema \"{new_name}\" already exists"),
                    ));
                }
                next.name = new_name.clone();
            }
            NameChange::Owner(owner) => next.owner = self.owner(owner)?,
            NameChange::Schema(_) => return Err(Error::unsupported("a schema inside a schema")),
        }
        self.put(next.id, Descriptor::Schema(Arc::new(next)))
    }

    pub(super) async fn create_database(&mut self, name: &str, options: &[(String, String)]) -> Result<()> {
        if self.catalog().database(name).is_some() {
            return Err(Error::new(
                sqlstate::DUPLICATE_DATABASE,
                format!("database \"{name}\" already exists"),
            ));
        }
        let mut owner = self.user();
        for (option, value) in options {
            match option.as_str() {
                "owner" => owner = self.owner(value)?,
                "encoding"
                    if !matches!(value.to_ascii_lowercase().as_str(), "utf8" | "utf-8" | "unicode") =>
                {
                    return Err(bad(format!("encoding \"{value}\" is not supported: databases are UTF8")));
                }
                "template" if self.catalog().database(value).is_none() => {
                    return Err(Error::new(
                        sqlstate::INVALID_CATALOG_NAME,
                        format!("template database \"{value}\" does not exist"),
                    ));
                }
                _ => {}
            }
        }
        let id = self.next_id().await?;
        let database = DatabaseDescriptor { id, name: name.to_owned(), owner };
        self.put(id, Descriptor::Database(Arc::new(database)))?;
        let public = self.next_id().await?;
        let schema = SchemaDescriptor {
            id: public,
            database: id,
            name: "public".into(),
            owner: crate::catalog::system::OWNER.into(),
        };
        self.put(public, Descriptor::Schema(Arc::new(schema)))
    }

    pub(super) async fn alter_database(&mut self, name: &str, change: &AlterDatabase) -> Result<()> {
        let database = self.catalog().database(name).cloned().ok_or_else(|| {
            Error::new(sqlstate::INVALID_CATALOG_NAME, format!("database \"{name}\" does not exist"))
        })?;
        let mut next = (*database).clone();
        match change {
            AlterDatabase::Name(NameChange::Rename(new_name)) => {
                if self.catalog().database(new_name).is_some() {
                    return Err(Error::new(
                        sqlstate::DUPLICATE_DATABASE,
                        format!("database \"{new_name}\" already exists"),
                    ));
                }
                if database.id == self.database() {
                    return Err(Error::new(
                        sqlstate::FEATURE_NOT_SUPPORTED,
                        "current database cannot be renamed",
                    ));
                }
                next.name = new_name.clone();
            }
            AlterDatabase::Name(NameChange::Owner(owner)) => next.owner = self.owner(owner)?,
            AlterDatabase::Name(NameChange::Schema(_)) | AlterDatabase::Options(_) => return Ok(()),
            AlterDatabase::Set(setting, value) => {
                return self
                    .set_defaults(Some(database.id), None, setting.as_deref(), value.as_deref())
                    .await;
            }
        }
        self.put(next.id, Descriptor::Database(Arc::new(next)))
    }

    /// Changes the defaults of settings kept for a database and a role.
    async fn set_defaults(
        &mut self,
        database: Option<DescriptorId>,
        role: Option<DescriptorId>,
        setting: Option<&str>,
        value: Option<&[String]>,
    ) -> Result<()> {
        let mut next = match self.catalog().settings_of(database, role) {
            Some(found) => (**found).clone(),
            None => SettingsDescriptor { id: self.next_id().await?, database, role, values: Vec::new() },
        };
        match setting {
            None => next.values.clear(),
            Some(setting) => {
                next.values.retain(|(name, _)| !name.eq_ignore_ascii_case(setting));
                if let Some(value) = value {
                    let value = value.join(", ");
                    // The value is checked as SET would check it.
                    crate::settings::Settings::default().set_default(setting, &value)?;
                    next.values.push((setting.to_owned(), value));
                }
            }
        }
        self.put(next.id, Descriptor::Settings(Arc::new(next)))
    }

    pub(super) async fn create_role(&mut self, name: &str, options: &RoleOptions) -> Result<()> {
        if name.starts_with("pg_") {
            return Err(Error::new(sqlstate::RESERVED_NAME, format!("role name \"{name}\" is reserved"))
                .detail("Role names starting with \"pg_\" are reserved."));
        }
        if self.catalog().role(name).is_some() {
            return Err(Error::new(sqlstate::DUPLICATE_OBJECT, format!("role \"{name}\" already exists")));
        }
        let id = self.next_id().await?;
        let mut role = RoleDescriptor::new(id, name);
        role.login = options.user;
        self.apply_role_options(&mut role, options)?;
        self.put(id, Descriptor::Role(Arc::new(role)))?;
        for member in options.members.iter().chain(&options.admins) {
            self.add_member(member, id, true)?;
        }
        Ok(())
    }

    fn apply_role_options(&self, role: &mut RoleDescriptor, options: &RoleOptions) -> Result<()> {
        let set = |flag: &mut bool, option: Option<bool>| {
            if let Some(option) = option {
                *flag = option;
            }
        };
        set(&mut role.superuser, options.superuser);
        set(&mut role.create_db, options.create_db);
        set(&mut role.create_role, options.create_role);
        set(&mut role.inherit, options.inherit);
        set(&mut role.login, options.login);
        set(&mut role.replication, options.replication);
        set(&mut role.bypass_rls, options.bypass_rls);
        if let Some(limit) = options.connection_limit {
            role.connection_limit = limit;
        }
        if let Some(password) = &options.password {
            role.password = password.clone();
        }
        if let Some(until) = &options.valid_until {
            role.valid_until = Some(until.clone());
        }
        for parent in &options.in_roles {
            let parent = self.catalog().role(parent).ok_or_else(|| undefined_role(parent))?;
            if !role.member_of.contains(&parent.id) {
                role.member_of.push(parent.id);
            }
        }
        Ok(())
    }

    fn add_member(&mut self, member: &str, of: DescriptorId, add: bool) -> Result<()> {
        let member = self.catalog().role(member).cloned().ok_or_else(|| undefined_role(member))?;
        let mut next = (*member).clone();
        next.member_of.retain(|id| *id != of);
        if add {
            next.member_of.push(of);
        }
        self.put(next.id, Descriptor::Role(Arc::new(next)))
    }

    pub(super) fn alter_role(&mut self, name: &str, options: &RoleOptions) -> Result<()> {
        let role = self.catalog().role(name).cloned().ok_or_else(|| undefined_role(name))?;
        let mut next = (*role).clone();
        self.apply_role_options(&mut next, options)?;
        self.put(next.id, Descriptor::Role(Arc::new(next)))
    }

    pub(super) fn rename_role(&mut self, name: &str, new_name: &str) -> Result<()> {
        let role = self.catalog().role(name).cloned().ok_or_else(|| undefined_role(name))?;
        if self.catalog().role(new_name).is_some() {
            return Err(Error::new(
                sqlstate::DUPLICATE_OBJECT,
                format!("role \"{new_name}\" already exists"),
            ));
        }
        if role.name == self.shared.session_user {
            return Err(Error::new(sqlstate::FEATURE_NOT_SUPPORTED, "session user cannot be renamed"));
        }
        let mut next = (*role).clone();
        next.name = new_name.to_owned();
        // Owners are known by name.
        let owned: Vec<(DescriptorId, Descriptor)> = self
            .catalog()
            .descriptors()
            .filter_map(|(id, descriptor)| {
                let changed = match descriptor {
                    Descriptor::Table(t) if t.owner == name => {
                        let mut t = (**t).clone();
                        t.owner = new_name.to_owned();
                        t.version = self.node.next_version();
                        Descriptor::Table(Arc::new(t))
                    }
                    Descriptor::Sequence(s) if s.owner == name => {
                        Descriptor::Sequence(Arc::new(SequenceDescriptor {
                            owner: new_name.to_owned(),
                            ..(**s).clone()
                        }))
                    }
                    Descriptor::Schema(s) if s.owner == name => {
                        Descriptor::Schema(Arc::new(SchemaDescriptor {
                            owner: new_name.to_owned(),
                            ..(**s).clone()
                        }))
                    }
                    Descriptor::Database(d) if d.owner == name => {
                        Descriptor::Database(Arc::new(DatabaseDescriptor {
                            owner: new_name.to_owned(),
                            ..(**d).clone()
                        }))
                    }
                    _ => return None,
                };
                Some((id, changed))
            })
            .collect();
        for (id, descriptor) in owned {
            self.put(id, descriptor)?;
        }
        self.put(next.id, Descriptor::Role(Arc::new(next)))
    }

    pub(super) async fn alter_role_set(
        &mut self,
        name: Option<&str>,
        setting: Option<&str>,
        value: Option<&[String]>,
    ) -> Result<()> {
        let role = match name {
            Some(name) => Some(self.catalog().role(name).ok_or_else(|| undefined_role(name))?.id),
            None => None,
        };
        self.set_defaults(None, role, setting, value).await
    }

    /// COMMENT ON.
    pub(super) async fn comment(&mut self, object: &CommentObject, text: Option<&str>) -> Result<()> {
        let on = match object {
            CommentObject::Table(table, column) => {
                let mut next = (*self.table(table.id)?).clone();
                let column = column.unwrap_or(0);
                next.comments.retain(|(id, _)| *id != column);
                if let Some(text) = text {
                    next.comments.push((column, text.to_owned()));
                }
                self.put_table(next)?;
                return Ok(());
            }
            CommentObject::Index(table, index) => {
                table.index(*index).map(|i| i.oid).ok_or_else(|| crate::sequence::undefined(table.id))?
            }
            CommentObject::Sequence(sequence) => sequence.id,
            CommentObject::Schema(name) => {
                let schema = self.catalog().schema(self.database(), name);
                schema.map(|s| s.id).ok_or_else(|| {
                    Error::new(sqlstate::INVALID_SCHEMA_NAME, format!("schema \"{name}\" does not exist"))
                })?
            }
            CommentObject::Database(name) => {
                self.catalog().database(name).map(|d| d.id).ok_or_else(|| {
                    Error::new(sqlstate::INVALID_CATALOG_NAME, format!("database \"{name}\" does not exist"))
                })?
            }
            CommentObject::Role(name) => {
                self.catalog().role(name).map(|r| r.id).ok_or_else(|| undefined_role(name))?
            }
            CommentObject::Constraint(table, name) => {
                let check = table.checks.iter().find(|c| c.name == *name).map(|c| c.oid);
                let key = table.foreign_keys.iter().find(|k| k.name == *name).map(|k| k.oid);
                let index = table.indexes.iter().find(|i| i.constraint && i.name == *name).map(|i| i.oid);
                check.or(key).or(index).ok_or_else(|| {
                    Error::new(
                        sqlstate::UNDEFINED_OBJECT,
                        format!("constraint \"{name}\" for table \"{}\" does not exist", table.name),
                    )
                })?
            }
        };
        let old = self.catalog().comment(on).map(|(id, _)| id);
        match text {
            Some(text) => {
                let id = match old {
                    Some(id) => id,
                    None => self.next_id().await?,
                };
                self.put(id, Descriptor::Comment(on, text.to_owned()))
            }
            None => match old {
                Some(id) => self.tx.remove(id),
                None => Ok(()),
            },
        }
    }

    /// GRANT and REVOKE: membership in roles is kept; privileges on objects are checked for existing roles and
    /// objects only, since every role that may log in may use everything as yet.
    pub(super) fn grant(&mut self, grant: &Grant) -> Result<()> {
        for grantee in &grant.grantees {
            if grantee != "public" {
                self.owner(grantee)?;
            }
        }
        match &grant.objects {
            GrantObjects::Roles => {
                for (role, _) in &grant.privileges {
                    let of = self.catalog().role(role).ok_or_else(|| undefined_role(role))?.id;
                    for grantee in &grant.grantees {
                        self.add_member(grantee, of, !grant.revoke)?;
                    }
                }
                Ok(())
            }
            GrantObjects::Schemas(names)
            | GrantObjects::AllTables(names)
            | GrantObjects::AllSequences(names) => {
                names.iter().try_for_each(|name| match self.catalog().schema(self.database(), name) {
                    Some(_) => Ok(()),
                    None => Err(Error::new(
                        sqlstate::INVALID_SCHEMA_NAME,
                        format!("schema \"{name}\" does not exist"),
                    )),
                })
            }
            GrantObjects::Databases(names) => {
                names.iter().try_for_each(|name| match self.catalog().database(name) {
                    Some(_) => Ok(()),
                    None => Err(Error::new(
                        sqlstate::INVALID_CATALOG_NAME,
                        format!("database \"{name}\" does not exist"),
                    )),
                })
            }
            GrantObjects::Tables(_) | GrantObjects::Sequences(_) | GrantObjects::Others(..) => Ok(()),
        }
    }
}
