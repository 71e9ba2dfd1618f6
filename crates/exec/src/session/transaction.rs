//! The transaction of a session: begun lazily, with its own view of the catalog, its savepoints, and what happens
//! when it ends.

use std::collections::BTreeSet;
use std::sync::Arc;

use base::Timestamp;
use base::map::HashSet;
use datum::error::sqlstate;
use datum::{Error, Result};
use parking_lot::Mutex;
use sql::catalog::{DescriptorId, TableDescriptor};
use txn::TxnOptions;

use super::shared::{SessionShared, SettingsFrame};
use crate::catalog::{self, Descriptor, Snapshot};
use crate::dml::Deferred;
use crate::error::from_txn;
use crate::kv::Txn;
use crate::node::Node;
use crate::notify::Notification;
use crate::settings::Settings;

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Block {
    /// No transaction.
    None,
    /// Statements run in a transaction that ends with the message they came with.
    Implicit,
    /// After BEGIN.
    Explicit,
    /// A statement after BEGIN has failed.
    Failed,
}

/// A transaction under way.
pub(crate) struct Tx {
    pub txn: Txn,
    /// The catalog as this transaction sees it, its own changes included.
    pub catalog: Arc<Snapshot>,
    /// Version of the committed catalog that `catalog` rests on.
    base_version: u64,
    /// The snapshot that `catalog` is as of.
    catalog_ts: Timestamp,
    /// Descriptors that it has changed.
    changed: BTreeSet<DescriptorId>,
    /// Tables whose descriptors are in the read set.
    planned: HashSet<DescriptorId>,
    pub deferred: Arc<Mutex<Deferred>>,
    pub savepoints: Vec<SavepointFrame>,
    pub notifications: Vec<Notification>,
    /// Statements that have ended well.
    pub statements: u64,
}

/// A savepoint by name, and what it restores.
pub(crate) struct SavepointFrame {
    pub name: String,
    savepoint: txn::Savepoint,
    catalog: Arc<Snapshot>,
    changed: BTreeSet<DescriptorId>,
    deferred: Deferred,
    settings: Settings,
    frame: Option<SettingsFrame>,
    notifications: usize,
}

impl Tx {
    /// Begins a transaction and takes its snapshot. `age`: that of the first attempt, if this is a later one.
    pub async fn begin(
        node: &Arc<Node>,
        memory: &base::memory::Account,
        age: Option<Timestamp>,
    ) -> Result<Tx> {
        let options = TxnOptions { age, memory: Some(memory.clone()), ..TxnOptions::default() };
        let inner = node.coordinator.begin(options).map_err(|error| from_txn(&error))?;
        let mut txn = Txn::new(inner);
        txn.begin_statement()?;
        let catalog = node.catalog.at(&mut txn).await?;
        let catalog_ts = txn.read_ts();
        Ok(Tx {
            txn,
            base_version: catalog.version,
            catalog_ts,
            catalog,
            changed: BTreeSet::new(),
            planned: HashSet::default(),
            deferred: Arc::default(),
            savepoints: Vec::new(),
            notifications: Vec::new(),
            statements: 0,
        })
    }

    /// Whether it has done nothing yet that its end would have to mind.
    pub fn is_untouched(&self) -> bool {
        self.statements == 0 && !self.txn.has_writes() && !self.has_ddl()
    }

    /// Whether it has changed the catalog.
    pub fn has_ddl(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Before a statement is bound: if the snapshot has moved since the catalog was read, the catalog moves too. What
    /// earlier statements rest on is in the read set and has not changed; tables that the transaction has not touched
    /// yet may have. With DDL of its own, a change of the catalog by others fails the commit ([`catalog::publish`]).
    pub async fn follow_catalog(&mut self, node: &Arc<Node>) -> Result<()> {
        while self.catalog_ts != self.txn.read_ts() && !self.has_ddl() {
            let as_of = self.txn.read_ts();
            let catalog = node.catalog.at(&mut self.txn).await?;
            if catalog.version != self.base_version {
                self.base_version = catalog.version;
                self.catalog = catalog;
            }
            self.catalog_ts = as_of;
        }
        Ok(())
    }

    /// Puts the descriptors of tables that a plan rests on into the read set.
    pub fn rely_on(&mut self, tables: &[(DescriptorId, u64)]) {
        for (table, _) in tables {
            // Those of the system never change.
            if catalog::system::table_by_id(*table).is_none() && self.planned.insert(*table) {
                self.txn.add_read(catalog::read_span(*table));
            }
        }
    }

    /// Writes a descriptor.
    pub fn put(&mut self, id: DescriptorId, descriptor: Descriptor) -> Result<()> {
        catalog::write(&mut self.txn, id, Some(&descriptor))?;
        self.changed.insert(id);
        let snapshot = Arc::make_mut(&mut self.catalog);
        snapshot.local += 1;
        snapshot.put(id, descriptor);
        Ok(())
    }

    /// Writes a table's descriptor as its next version.
    pub fn put_table(&mut self, node: &Node, mut table: TableDescriptor) -> Result<Arc<TableDescriptor>> {
        table.version = node.next_version();
        let table = Arc::new(table);
        self.put(table.id, Descriptor::Table(table.clone()))?;
        Ok(table)
    }

    /// Removes a descriptor.
    pub fn remove(&mut self, id: DescriptorId) -> Result<()> {
        catalog::write(&mut self.txn, id, None)?;
        self.changed.insert(id);
        let snapshot = Arc::make_mut(&mut self.catalog);
        snapshot.local += 1;
        snapshot.remove(id);
        Ok(())
    }

    /// Writes statistics of a table: the next version of the catalog has them.
    pub fn put_statistics(
        &mut self,
        id: DescriptorId,
        statistics: sql::catalog::TableStatistics,
    ) -> Result<()> {
        self.txn.put(crate::keys::statistics(id), catalog::encode_statistics(&statistics))?;
        self.changed.insert(id);
        let snapshot = Arc::make_mut(&mut self.catalog);
        snapshot.local += 1;
        snapshot.put_statistics(id, Arc::new(statistics));
        Ok(())
    }

    /// SAVEPOINT.
    pub fn set_savepoint(&mut self, name: &str, shared: &SessionShared) {
        let savepoint = self.txn.savepoint();
        self.savepoints.push(SavepointFrame {
            name: name.to_owned(),
            savepoint,
            catalog: self.catalog.clone(),
            changed: self.changed.clone(),
            deferred: self.deferred.lock().clone(),
            settings: shared.settings(),
            frame: shared.frame.lock().clone(),
            notifications: self.notifications.len(),
        });
    }

    fn find(&self, name: &str) -> Result<usize> {
        self.savepoints.iter().rposition(|frame| frame.name == name).ok_or_else(|| {
            Error::new(sqlstate::INVALID_SAVEPOINT, format!("savepoint \"{name}\" does not exist"))
        })
    }

    /// ROLLBACK TO SAVEPOINT.
    pub fn rollback_to(&mut self, name: &str, shared: &SessionShared) -> Result<()> {
        let at = self.find(name)?;
        self.savepoints.truncate(at + 1);
        let Some(frame) = self.savepoints.last() else { return Ok(()) };
        self.txn.rollback_to(frame.savepoint);
        self.catalog = frame.catalog.clone();
        self.changed = frame.changed.clone();
        *self.deferred.lock() = frame.deferred.clone();
        let mut settings = frame.settings.clone();
        shared.change_settings(|now| {
            settings.generation = now.generation + 1;
            *now = settings;
        });
        *shared.frame.lock() = frame.frame.clone();
        self.notifications.truncate(frame.notifications);
        Ok(())
    }

    /// RELEASE SAVEPOINT.
    pub fn release(&mut self, name: &str) -> Result<()> {
        let at = self.find(name)?;
        for frame in self.savepoints.drain(at..).rev() {
            self.txn.release(frame.savepoint);
        }
        Ok(())
    }

    /// COMMIT. Deferred constraints have been checked. The error comes with what a retry should wait for.
    pub async fn commit(mut self, node: &Arc<Node>) -> std::result::Result<(), (Error, Option<txn::Error>)> {
        if self.has_ddl()
            && let Err(error) = catalog::publish(&mut self.txn, self.base_version, &self.changed).await
        {
            let conflict = self.txn.take_conflict();
            return Err((error, conflict));
        }
        let Tx { txn, mut catalog, base_version, changed, notifications, .. } = self;
        let publishing = (!changed.is_empty()).then(|| node.catalog.publishing());
        let committed = txn.commit().await;
        if let (Some(publishing), Err((error, _))) = (&publishing, &committed)
            && error.code() == sqlstate::STATEMENT_COMPLETION_UNKNOWN
        {
            // The catalog may have changed without this node's knowing when: it asks from now on.
            let _ = publishing;
            node.catalog.set_sole(false);
        }
        let commit_ts = committed?;
        if !changed.is_empty() {
            // Nobody else has changed the catalog meanwhile, or the commit would have failed.
            let snapshot = Arc::make_mut(&mut catalog);
            snapshot.version = base_version + 1;
            snapshot.local = 0;
            snapshot.published_ts = commit_ts;
            node.catalog.keep(&catalog);
            node.garbage.notify_one();
        }
        if !notifications.is_empty() {
            node.channels.send(&notifications);
        }
        Ok(())
    }
}
