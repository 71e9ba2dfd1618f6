//! The seam to a store of ordered bytes: [`Engine`], [`Snapshot`], [`Cursor`].
//!
//! *Operations*: atomic writes, consistent snapshots, ordered cursors over a few spaces.
//! *Guarantees*: a batch is seen whole or not at all; it is seen by every snapshot taken after `write` returned;
//! after a crash the engine holds a prefix of its writes that contains everything before the last successful
//! [`Engine::sync`], batches whole, all spaces of the engine at the same point.
//! *Not guaranteed*: that anything written after the last `sync` survives, or that it does not.
//! *Failure*: a write or sync that fails with anything but [`Error::DiskFull`](crate::Error::DiskFull) poisons
//! the engine: every later call fails, and the node must exit, since nobody knows what is on disk.
//! *Enforced by* the engines themselves; [`crate::conformance`] runs the same checks on all of them.
//!
//! All calls may block on a disk; none is async.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use crate::batch::WriteBatch;
use crate::error::Result;

/// A space of keys within an engine. Keys of two spaces never meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Space {
    /// Versions and intents under user keys. In the data engine.
    Mvcc = 0,
    /// Range-local state: by range id (applied state, descriptor, thresholds), and beside the user keys
    /// (transaction records, the index of intents). In the data engine.
    Local = 1,
    /// Raft logs and votes, and what the node itself must not forget. In the log engine.
    Log = 2,
}

impl Space {
    /// Every space.
    pub const ALL: [Space; 3] = [Space::Mvcc, Space::Local, Space::Log];

    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Space::Mvcc => "mvcc",
            Space::Local => "local",
            Space::Log => "log",
        }
    }

    /// The space of this number.
    pub fn from_u8(number: u8) -> Option<Space> {
        Space::ALL.get(usize::from(number)).copied()
    }
}

/// The two engines of a node.
#[derive(Clone)]
pub struct Engines {
    /// Spaces [`Space::Mvcc`] and [`Space::Local`]: what has been applied. Seldom synced: what a crash takes
    /// away, the Raft logs replay (T13).
    pub data: Arc<dyn Engine>,
    /// Space [`Space::Log`]: written by one thread, synced with every batch.
    pub log: Arc<dyn Engine>,
}

/// An ordered store of bytes. See the module's contract.
pub trait Engine: Send + Sync + 'static {
    /// Everything as it is now, unchanged by later writes.
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>>;

    /// One value as it is now.
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>>;

    /// One value as it would be after a crash at this moment. A range reads its applied state this way to learn
    /// how far its log may be purged (T13).
    fn get_durable(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>>;

    /// Atomic. Visible to later snapshots at once; durable only after [`Engine::sync`].
    fn write(&self, batch: &WriteBatch) -> Result<()>;

    /// Makes every write that has returned durable. Expensive in the data engine (it flushes memory to files),
    /// about one disk flush in the log engine.
    fn sync(&self) -> Result<()>;

    /// [`Engine::write`], durable when it returns, with everything written before.
    fn write_synced(&self, batch: &WriteBatch) -> Result<()> {
        self.write(batch)?;
        self.sync()
    }

    /// [`Engine::write_synced`] that may use the room kept free for flushes when the disk is full. For the few small
    /// writes without which reads could not go on: the bound of the clock (T12).
    fn write_reserved(&self, batch: &WriteBatch) -> Result<()> {
        self.write_synced(batch)
    }

    /// About how many bytes `[start, end)` takes up, without reading it. What has not been synced may be missing.
    /// Meant for the data engine.
    fn approximate_size(&self, space: Space, start: &[u8], end: &[u8]) -> Result<u64>;

    /// Writes a consistent copy, as of now, into a directory that does not exist yet. Cheap where files can be
    /// linked.
    fn checkpoint(&self, path: &Path) -> Result<()>;

    /// Whether it still takes writes.
    fn health(&self) -> Health;

    /// Figures for metrics.
    fn stats(&self) -> EngineStats;
}

/// Whether an engine takes writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It does.
    Ok,
    /// Not until there is room again; reads go on.
    DiskFull,
    /// Never again in this process.
    Poisoned(String),
}

/// Figures of an engine, for metrics. Zero where the engine has no such thing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EngineStats {
    /// Bytes of files.
    pub disk_bytes: u64,
    /// Bytes of unflushed writes in memory.
    pub memtable_bytes: u64,
    /// Bytes of cached blocks.
    pub block_cache_bytes: u64,
    /// Estimated number of keys, old versions included.
    pub keys: u64,
    /// Bytes waiting for compaction.
    pub pending_compaction_bytes: u64,
    /// Calls of `write` and `write_synced`.
    pub writes: u64,
    /// Successful syncs.
    pub syncs: u64,
}

/// An engine at one moment.
pub trait Snapshot: Send + Sync + 'static {
    /// One value.
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>>;

    /// A cursor over a space; it stands nowhere until a seek. It keeps the snapshot alive.
    fn cursor(&self, space: Space, options: CursorOptions) -> Result<Box<dyn Cursor>>;
}

/// What a cursor may see, and how it will be used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CursorOptions {
    /// Keys below are not there.
    pub lower: Vec<u8>,
    /// Keys at or above are not there; empty = no bound.
    pub upper: Vec<u8>,
    /// Each seek is for entries with the seek key's prefix only ([`crate::keys::mvcc_prefix`]), which lets the
    /// engine use filters. What the cursor shows after the last such entry is undefined: the end or any later
    /// entry. Only for forward seeks in [`Space::Mvcc`].
    pub point: bool,
    /// Leave the cache as it is: for long scans of what will not be read again soon (GC, export).
    pub bypass_cache: bool,
}

impl CursorOptions {
    /// All keys in `[lower, upper)`.
    pub fn within(lower: Vec<u8>, upper: Vec<u8>) -> CursorOptions {
        CursorOptions { lower, upper, ..CursorOptions::default() }
    }

    /// For reads of single user keys.
    pub fn point() -> CursorOptions {
        CursorOptions { point: true, ..CursorOptions::default() }
    }
}

/// A position in the ordered entries of one space of one snapshot.
///
/// Each move says whether it landed on an entry; [`Cursor::key`] and [`Cursor::value`] may be called only while
/// [`Cursor::valid`] and stay as they are until the next move.
pub trait Cursor: Send {
    /// To the first entry at or above `key`.
    fn seek(&mut self, key: &[u8]) -> Result<bool>;
    /// To the last entry below `key`.
    fn seek_before(&mut self, key: &[u8]) -> Result<bool>;
    /// To the first entry.
    fn seek_to_first(&mut self) -> Result<bool>;
    /// To the last entry.
    fn seek_to_last(&mut self) -> Result<bool>;
    /// To the next entry. Only while valid.
    fn next(&mut self) -> Result<bool>;
    /// To the entry before. Only while valid.
    fn prev(&mut self) -> Result<bool>;
    /// Whether it stands on an entry.
    fn valid(&self) -> bool;
    /// The entry's key.
    fn key(&self) -> &[u8];
    /// The entry's value.
    fn value(&self) -> &[u8];
}
