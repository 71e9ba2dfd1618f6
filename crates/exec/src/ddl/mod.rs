//! Changes of the catalog: tables, indexes, sequences, views, schemas, databases, roles.
//!
//! Each change is part of the transaction that it is made in: descriptors are written into it, its own later
//! statements see them, and a rollback undoes them. Rows that must be made or moved (a new index, a new primary key)
//! are written by the same transaction.

mod alter;
mod analyze;
mod create;
mod drop;
mod index;
mod misc;
mod names;
mod rewrite;
mod truncate;

use std::sync::Arc;

use base::Span;
use datum::error::sqlstate;
use datum::{Error, Result};
use sql::Statement;
use sql::catalog::*;

use crate::api::Severity;
use crate::catalog::{Descriptor, SessionCatalog, Snapshot};
use crate::node::Node;
use crate::operators::{Cx, StatementState};
use crate::session::transaction::Tx;
use crate::session::{Session, SessionShared, StatementSession};

/// A change of the catalog under way.
pub(crate) struct Ddl<'s> {
    pub node: &'s Arc<Node>,
    pub shared: &'s Arc<SessionShared>,
    pub tx: &'s mut Tx,
    pub state: StatementState,
}

impl Session {
    /// Runs a statement that changes the catalog; its tag.
    pub(crate) async fn ddl(
        &mut self,
        statement: &Statement,
        params: Arc<[datum::Datum]>,
        tag: &str,
    ) -> Result<String> {
        self.ddl_context(statement, params).await?.run(statement, tag).await
    }
}

impl Ddl<'_> {
    async fn run(&mut self, statement: &Statement, tag: &str) -> Result<String> {
        match statement {
            Statement::CreateTable(create) => self.create_table(create).await?,
            Statement::CreateTableAs(create) => {
                let made = self.create_table_as(create).await?;
                return Ok(match made {
                    Some(count) if create.with_data => format!("SELECT {count}"),
                    _ => "CREATE TABLE AS".to_owned(),
                });
            }
            Statement::AlterTable(alter) => self.alter_table(alter).await?,
            Statement::Drop(drop) => self.drop(drop).await?,
            Statement::CreateIndex(create) => self.create_index(create).await?,
            Statement::RenameIndex { table, index, new_name } => {
                self.rename_index(table.id, *index, new_name)?;
            }
            Statement::CreateSequence { name, if_not_exists, options } => {
                self.create_sequence(name, *if_not_exists, options).await?;
            }
            Statement::AlterSequence { sequence, options } => self.alter_sequence(sequence, options).await?,
            Statement::AlterSequenceName { sequence, change } => self.change_sequence(sequence, change)?,
            Statement::CreateView(create) => self.create_view(create).await?,
            Statement::CreateSchema { name, if_not_exists, owner } => {
                self.create_schema(name, *if_not_exists, owner.as_deref()).await?;
            }
            Statement::AlterSchema { name, change } => self.alter_schema(name, change)?,
            Statement::CreateDatabase { name, options } => self.create_database(name, options).await?,
            Statement::AlterDatabase { name, change } => self.alter_database(name, change).await?,
            Statement::Truncate { tables, restart_identity, cascade } => {
                self.truncate(tables, *restart_identity, *cascade).await?;
            }
            Statement::Comment { object, text } => self.comment(object, text.as_deref()).await?,
            Statement::CreateRole { name, options } => self.create_role(name, options).await?,
            Statement::AlterRole { name, options } => self.alter_role(name, options)?,
            Statement::RenameRole { name, new_name } => self.rename_role(name, new_name)?,
            Statement::AlterRoleSet { name, setting, value } => {
                self.alter_role_set(name.as_deref(), setting.as_deref(), value.as_deref()).await?;
            }
            Statement::Grant(grant) => self.grant(grant)?,
            Statement::Analyze(tables) => self.analyze(tables).await?,
            Statement::Vacuum { tables, analyze } => {
                if *analyze {
                    self.analyze(tables).await?;
                }
            }
            Statement::LockTable { tables, mode, wait } => self.lock_tables(tables, *mode, *wait).await?,
            _ => return Err(Error::unsupported(tag)),
        }
        Ok(tag.to_owned())
    }

    /// What reads and writes of rows run with.
    pub fn cx(&mut self) -> Cx<'_> {
        Cx { txn: &mut self.tx.txn, state: &mut self.state, node: self.node }
    }

    pub fn catalog(&self) -> &Snapshot {
        &self.tx.catalog
    }

    /// The database that the session is in.
    pub fn database(&self) -> DescriptorId {
        self.shared.database
    }

    pub fn user(&self) -> String {
        self.state.session.user.clone()
    }

    /// What is read and written from now on goes by the catalog as changed so far.
    pub fn refresh(&mut self) {
        let old = &self.state.session;
        let path: Vec<String> = old
            .catalog
            .path
            .iter()
            .map(|schema| format!("\"{}\"", schema.name.replace('"', "\"\"")))
            .collect();
        let catalog =
            SessionCatalog::new(self.tx.catalog.clone(), old.catalog.database, &old.user, &path.join(", "));
        let next = StatementSession::new(
            self.node,
            self.shared,
            catalog,
            old.user.clone(),
            &old.deferred,
            old.format.clone(),
            old.transaction_ts,
            old.statement_ts,
        );
        self.state.session = Arc::new(next);
    }

    pub async fn next_id(&self) -> Result<DescriptorId> {
        self.node.next_id().await.map(DescriptorId)
    }

    /// Writes a table's next version.
    pub fn put_table(&mut self, table: TableDescriptor) -> Result<Arc<TableDescriptor>> {
        self.tx.put_table(self.node, table)
    }

    /// The present version of a table.
    pub fn table(&self, id: DescriptorId) -> Result<Arc<TableDescriptor>> {
        self.catalog().table_by_id(id).cloned().ok_or_else(|| crate::sequence::undefined(id))
    }

    pub fn notice(&self, code: &'static str, message: impl Into<String>) {
        self.shared.notice(Severity::Notice, Error::new(code, message));
    }

    /// 42P07 for a name that is taken; with `if_not_exists` a notice, and `true`.
    pub fn is_taken(&self, schema: DescriptorId, name: &str, if_not_exists: bool) -> Result<bool> {
        if self.catalog().relation(schema, name).is_none() {
            return Ok(false);
        }
        if if_not_exists {
            self.notice(sqlstate::DUPLICATE_TABLE, format!("relation \"{name}\" already exists, skipping"));
            return Ok(true);
        }
        Err(Error::new(sqlstate::DUPLICATE_TABLE, format!("relation \"{name}\" already exists")))
    }

    /// Notes that a span's rows are to be removed once nobody reads them any more.
    pub fn discard(&mut self, span: Span) -> Result<()> {
        let (key, value) = crate::garbage::note(self.node, &span);
        self.tx.txn.put(key, value)
    }

    /// Adds a table to, or takes it from, those that refer to another.
    pub fn set_reference(&mut self, target: DescriptorId, from: DescriptorId, refers: bool) -> Result<()> {
        let Ok(table) = self.table(target) else { return Ok(()) };
        if table.referenced_by.contains(&from) == refers {
            return Ok(());
        }
        let mut table = (*table).clone();
        if refers {
            table.referenced_by.push(from);
        } else {
            table.referenced_by.retain(|id| *id != from);
        }
        self.put_table(table)?;
        Ok(())
    }

    /// Removes an object and its comment.
    pub fn remove(&mut self, id: DescriptorId) -> Result<()> {
        if let Some((comment, _)) = self.catalog().comment(id) {
            self.tx.remove(comment)?;
        }
        self.tx.remove(id)
    }

    pub fn put(&mut self, id: DescriptorId, descriptor: Descriptor) -> Result<()> {
        self.tx.put(id, descriptor)
    }
}
