//! The catalog: descriptors in system keys, and immutable snapshots of all of them.
//!
//! ```text
//!   version 41 ─── DDL commits: descriptors, change log entry 42, counter = 42
//!        │                          (two DDL transactions always meet at the counter: names stay unique)
//!   Snapshot(41) ── a transaction begins, finds counter 42 at its read timestamp ──► reads entry 42,
//!        │                                                                         the descriptors named there
//!        └──────────────► Snapshot(42), shared by all sessions of the node
//! ```
//!
//! The counter is read outside the read set: DDL on one table does not disturb transactions on others. What a
//! statement does rest on, the descriptors of its tables, is put into the read set by whoever plans it, so that DDL
//! and data modification are serializable. A transaction's own DDL changes its copy of the snapshot; its descriptors
//! go into the write buffer at once, counter and log entry at COMMIT.

mod descriptor;
pub(crate) mod encoding;
mod snapshot;
pub mod system;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use base::{Key, Span, Timestamp};
use datum::{Error, Result};
use parking_lot::Mutex;
use sql::catalog::*;
use txn::{Coordinator, TxnOptions};

pub use descriptor::{Descriptor, RoleDescriptor, SettingsDescriptor};
pub use snapshot::{Relation, SessionCatalog, Snapshot, split_identifiers};

pub(crate) use encoding::encode_statistics;

use crate::error::{corrupt, from_txn};
use crate::keys;
use crate::kv::Txn;
use crate::node::Node;

/// Snapshots kept for transactions that read a little in the past.
const SNAPSHOTS_KEPT: usize = 4;
/// Entries kept in the change log; who is farther behind reads the whole catalog.
const CHANGES_KEPT: u64 = 256;
/// Ids taken at once.
const ID_BLOCK: u32 = 64;

/// The snapshots that a node has loaded, newest first.
#[derive(Default)]
pub(crate) struct CatalogCache {
    snapshots: Mutex<VecDeque<Arc<Snapshot>>>,
    /// See [`Node::set_sole_gateway`].
    sole: AtomicBool,
    /// Commits of DDL that are under way here, or whose outcome nobody knows.
    publishing: AtomicU64,
}

/// A commit of DDL under way: until it is dropped, every transaction asks for the catalog's version.
pub(crate) struct Publishing<'c>(&'c CatalogCache);

impl Drop for Publishing<'_> {
    fn drop(&mut self) {
        self.0.publishing.fetch_sub(1, Ordering::SeqCst);
    }
}

impl CatalogCache {
    /// The newest snapshot that was loaded.
    pub fn latest(&self) -> Arc<Snapshot> {
        self.snapshots.lock().front().cloned().unwrap_or_default()
    }

    fn of_version(&self, version: u64) -> Option<Arc<Snapshot>> {
        self.snapshots.lock().iter().find(|s| s.version == version).cloned()
    }

    /// Keeps a snapshot for the transactions to come.
    pub fn keep(&self, snapshot: &Arc<Snapshot>) {
        let mut snapshots = self.snapshots.lock();
        if snapshots.iter().any(|s| s.version == snapshot.version) {
            return;
        }
        let at = snapshots.iter().position(|s| s.version < snapshot.version).unwrap_or(snapshots.len());
        snapshots.insert(at, snapshot.clone());
        snapshots.truncate(SNAPSHOTS_KEPT);
    }

    /// Every change of the catalog is made by this node, or may be made by others too.
    pub fn set_sole(&self, sole: bool) {
        self.sole.store(sole, Ordering::SeqCst);
    }

    /// To be held while DDL is committed.
    pub fn publishing(&self) -> Publishing<'_> {
        self.publishing.fetch_add(1, Ordering::SeqCst);
        Publishing(self)
    }

    /// The newest snapshot, if it is known without asking to be the one that a transaction at `read_ts` must see:
    /// nobody else changes the catalog, no change is under way, and the last one lies below. (A change that begins
    /// after this look commits above a read timestamp that was given out before it.)
    fn certain(&self, read_ts: Timestamp) -> Option<Arc<Snapshot>> {
        if !self.sole.load(Ordering::SeqCst) || self.publishing.load(Ordering::SeqCst) != 0 {
            return None;
        }
        let snapshots = self.snapshots.lock();
        snapshots.front().filter(|s| s.published_ts.is_some_and(|at| at <= read_ts)).cloned()
    }

    /// The catalog as of the transaction's snapshot. What is read for it does not go into the read set, so nothing
    /// holds it together when the snapshot moves meanwhile: then it is read again.
    pub async fn at(&self, txn: &mut Txn) -> Result<Arc<Snapshot>> {
        if let Some(snapshot) = self.certain(txn.read_ts()) {
            return Ok(snapshot);
        }
        loop {
            let version = read_version(txn.peek(&[keys::catalog_version()]).await?.pop())?;
            if let Some(snapshot) = self.of_version(version) {
                return Ok(snapshot);
            }
            let as_of = txn.read_ts();
            let base = self.latest();
            let mut snapshot = match Self::advance(&base, version, txn).await? {
                Some(snapshot) => snapshot,
                None => Self::load(version, txn).await?,
            };
            if txn.read_ts() == as_of {
                // It was published at or before this.
                snapshot.published_ts = Some(as_of);
                let snapshot = Arc::new(snapshot);
                self.keep(&snapshot);
                return Ok(snapshot);
            }
        }
    }

    /// `base` with the changes since; `None` if the log does not reach back so far.
    async fn advance(base: &Snapshot, version: u64, txn: &mut Txn) -> Result<Option<Snapshot>> {
        if base.version == 0 || base.version > version || version - base.version > CHANGES_KEPT {
            return Ok(None);
        }
        let wanted: Vec<Key> = (base.version + 1..=version).map(keys::change).collect();
        let mut changed = BTreeSet::new();
        for entry in txn.peek(&wanted).await? {
            let Some(entry) = entry else { return Ok(None) };
            changed.extend(encoding::decode_change(&entry)?);
        }
        let ids: Vec<DescriptorId> = changed.into_iter().collect();
        let mut wanted: Vec<Key> = ids.iter().map(|id| keys::descriptor(*id)).collect();
        wanted.extend(ids.iter().map(|id| keys::statistics(*id)));
        let mut found = txn.peek(&wanted).await?;
        let statistics = found.split_off(ids.len());
        let mut next = base.clone();
        next.version = version;
        // All old names go before new ones come: a name may have passed from one object to another.
        for id in &ids {
            next.remove(*id);
        }
        for ((id, descriptor), statistics) in ids.into_iter().zip(found).zip(statistics) {
            if let Some(bytes) = descriptor {
                next.put(id, encoding::decode(&bytes)?);
            }
            if let Some(bytes) = statistics {
                next.put_statistics(id, Arc::new(encoding::decode_statistics(&bytes)?));
            }
        }
        Ok(Some(next))
    }

    async fn load(version: u64, txn: &mut Txn) -> Result<Snapshot> {
        let mut snapshot = Snapshot::default();
        snapshot.version = version;
        for (key, bytes) in txn.scan_now(keys::descriptors()).await? {
            let id = keys::descriptor_id(&key).ok_or_else(|| corrupt("a descriptor has a strange key"))?;
            snapshot.put(id, encoding::decode(&bytes)?);
        }
        for (key, bytes) in txn.scan_now(keys::all_statistics()).await? {
            let id = keys::statistics_table(&key).ok_or_else(|| corrupt("statistics have a strange key"))?;
            snapshot.put_statistics(id, Arc::new(encoding::decode_statistics(&bytes)?));
        }
        Ok(snapshot)
    }
}

fn read_version(bytes: Option<Option<bytes::Bytes>>) -> Result<u64> {
    match bytes.flatten() {
        Some(bytes) => keys::decode_u64(&bytes),
        None => Ok(0),
    }
}

/// Writes a descriptor into the transaction.
pub(crate) fn write(txn: &mut Txn, id: DescriptorId, descriptor: Option<&Descriptor>) -> Result<()> {
    match descriptor {
        Some(descriptor) => txn.put(keys::descriptor(id), encoding::encode(descriptor)?),
        None => txn.delete(keys::descriptor(id)),
    }
}

/// Before COMMIT of a transaction with DDL: publishes what it has changed, as the version after the one it began with.
pub(crate) async fn publish(
    txn: &mut Txn,
    base_version: u64,
    changed: &BTreeSet<DescriptorId>,
) -> Result<()> {
    let found = txn.get_now(&[keys::catalog_version()]).await?.pop();
    let version = read_version(found)?;
    if version != base_version {
        // Somebody else's DDL came between: plans and name checks rest on what is no more.
        return Err(Error::new(
            datum::error::sqlstate::SERIALIZATION_FAILURE,
            "could not serialize access due to a concurrent change of the catalog",
        )
        .hint("The transaction might succeed if retried."));
    }
    let next = version + 1;
    txn.put(keys::catalog_version(), keys::encode_u64(next))?;
    let ids: Vec<DescriptorId> = changed.iter().copied().collect();
    txn.put(keys::change(next), encoding::encode_change(&ids))?;
    if next > CHANGES_KEPT {
        txn.delete(keys::change(next - CHANGES_KEPT))?;
    }
    Ok(())
}

/// What a transaction that plans with a table reads of the catalog.
pub(crate) fn read_span(table: DescriptorId) -> Span {
    Span::point(keys::descriptor(table))
}

/// Takes a block of ids: the first, and the first beyond.
pub(crate) async fn take_ids(coordinator: &Arc<Coordinator>) -> Result<(u32, u32)> {
    let taken = coordinator
        .run(TxnOptions::default(), |txn| {
            Box::pin(async move {
                let found = txn.get(&[keys::next_id()], None).await?;
                let first = read_version(found.into_iter().next()).map_err(txn::Error::User)?;
                let first = u32::try_from(first)
                    .map_err(|_| txn::Error::User(corrupt("the counter of ids is out of range")))?
                    .max(FIRST_USER_ID);
                let end = first.checked_add(ID_BLOCK).ok_or_else(|| {
                    txn::Error::User(Error::new(
                        datum::error::sqlstate::PROGRAM_LIMIT_EXCEEDED,
                        "there are no ids left for new objects",
                    ))
                })?;
                txn.put(keys::next_id(), keys::encode_u64(u64::from(end)).into())?;
                Ok((first, end))
            })
        })
        .await;
    taken.map_err(|error| from_txn(&error))
}

/// Writes the first version of the catalog, unless there is one.
pub(crate) async fn bootstrap(node: &Arc<Node>) -> Result<()> {
    let first = first_descriptors();
    let mut writes = Vec::with_capacity(first.len());
    for (id, descriptor) in &first {
        writes.push((keys::descriptor(*id), encoding::encode(descriptor)?));
    }
    let ids: Vec<DescriptorId> = first.iter().map(|(id, _)| *id).collect();
    node.coordinator
        .run(TxnOptions::default(), |txn| {
            let (writes, ids) = (writes.clone(), ids.clone());
            Box::pin(async move {
                let found = txn.get(&[keys::catalog_version()], None).await?;
                if found.iter().any(Option::is_some) {
                    return Ok(());
                }
                for (key, value) in writes {
                    txn.put(key, value.into())?;
                }
                txn.put(keys::catalog_version(), keys::encode_u64(1).into())?;
                txn.put(keys::change(1), encoding::encode_change(&ids).into())
            })
        })
        .await
        .map_err(|error| from_txn(&error))
}

fn first_descriptors() -> Vec<(DescriptorId, Descriptor)> {
    use system::*;
    let mut out = Vec::new();
    for (id, name) in [(ROOT, OWNER), (POSTGRES_ROLE, "postgres")] {
        let role = RoleDescriptor {
            superuser: true,
            create_db: true,
            create_role: true,
            login: true,
            replication: true,
            bypass_rls: true,
            ..RoleDescriptor::new(id, name)
        };
        out.push((id, Descriptor::Role(Arc::new(role))));
    }
    let databases =
        [(HOLDFAST, "holdfast"), (POSTGRES, "postgres"), (TEMPLATE1, "template1"), (TEMPLATE0, "template0")];
    for (id, name) in databases {
        let database = DatabaseDescriptor { id, name: name.into(), owner: OWNER.into() };
        out.push((id, Descriptor::Database(Arc::new(database))));
    }
    let others = PUBLIC_OF_OTHERS.iter().copied();
    for (database, id) in std::iter::once((HOLDFAST, PUBLIC)).chain(others) {
        let schema = SchemaDescriptor { id, database, name: "public".into(), owner: OWNER.into() };
        out.push((id, Descriptor::Schema(Arc::new(schema))));
        out.push((DescriptorId(id.0 + 100), Descriptor::Comment(id, "standard public schema".into())));
    }
    out
}
