//! [`RocksEngine`]: one RocksDB instance as an [`Engine`].

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use rocksdb::{ColumnFamily, DB, FlushOptions, Range, ReadOptions, ReadTier, WriteOptions};
use storage::{Engine, EngineStats, Error, Health, Op, Result, Snapshot, Space, WriteBatch};

use crate::cursor::RocksSnapshot;
use crate::error::engine_error;
use crate::room::Room;

/// How an instance makes writes durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// By flushing memory to files, all column families at once. There is no write-ahead log.
    Flush,
    /// By syncing the write-ahead log.
    Log,
}

/// One RocksDB instance. Clones are the same instance; it closes with the last clone, snapshot or cursor.
#[derive(Clone)]
pub struct RocksEngine {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub db: DB,
    durability: Durability,
    spaces: Vec<Space>,
    room: Room,
    poisoned: OnceLock<String>,
    writes: AtomicU64,
    syncs: AtomicU64,
}

impl Shared {
    pub fn column_family(&self, space: Space) -> Result<&ColumnFamily> {
        self.db
            .cf_handle(space.name())
            .ok_or_else(|| Error::Corrupt(format!("this engine has no space {}", space.name())))
    }

    pub fn check(&self) -> Result<()> {
        match self.poisoned.get() {
            Some(why) => Err(Error::Poisoned(why.clone())),
            None => Ok(()),
        }
    }

    /// After a write or sync failed.
    fn failed(&self, e: &rocksdb::Error) -> Error {
        let error = engine_error(e);
        if error.poisons() {
            let why = self.poisoned.get_or_init(|| error.to_string());
            tracing::error!(path = %self.db.path().display(), why, "storage failed: the node must stop");
        } else {
            self.room.look();
        }
        error
    }
}

impl RocksEngine {
    pub(crate) fn new(db: DB, durability: Durability, spaces: Vec<Space>, room: Room) -> RocksEngine {
        RocksEngine {
            shared: Arc::new(Shared {
                db,
                durability,
                spaces,
                room,
                poisoned: OnceLock::new(),
                writes: AtomicU64::new(0),
                syncs: AtomicU64::new(0),
            }),
        }
    }

    /// Compacts everything in a space: for tests and measurements.
    pub fn compact(&self, space: Space) -> Result<()> {
        let cf = self.shared.column_family(space)?;
        self.shared.db.compact_range_cf(cf, None::<&[u8]>, None::<&[u8]>);
        Ok(())
    }

    fn write_with(&self, batch: &WriteBatch, sync: bool) -> Result<()> {
        self.shared.check()?;
        self.shared.room.check(batch.byte_len())?;
        self.write_unchecked(batch, sync)
    }

    fn write_unchecked(&self, batch: &WriteBatch, sync: bool) -> Result<()> {
        let shared = &*self.shared;
        // RocksDB's encoding of an operation is longer than ours by a few bytes at most.
        let mut out = rocksdb::WriteBatch::with_capacity_bytes(batch.byte_len() + 8 * batch.len() + 16);
        for op in batch.iter() {
            match op {
                Op::Put { space, key, value } => out.put_cf(shared.column_family(space)?, key, value),
                Op::Delete { space, key } => out.delete_cf(shared.column_family(space)?, key),
                Op::DeleteRange { space, start, end } => {
                    out.delete_range_cf(shared.column_family(space)?, start, end);
                }
            }
        }
        let mut options = WriteOptions::default();
        match shared.durability {
            Durability::Flush => options.disable_wal(true),
            Durability::Log => options.set_sync(sync),
        }
        shared.db.write_opt(out, &options).map_err(|e| shared.failed(&e))?;
        shared.writes.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn int_property(&self, name: &str) -> u64 {
        let sum = |space: &Space| {
            let cf = self.shared.column_family(*space).ok()?;
            self.shared.db.property_int_value_cf(cf, name).ok()?
        };
        self.shared.spaces.iter().filter_map(sum).sum()
    }
}

impl Engine for RocksEngine {
    fn snapshot(&self) -> Result<Arc<dyn Snapshot>> {
        self.shared.check()?;
        Ok(Arc::new(RocksSnapshot::new(self.shared.clone())))
    }

    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>> {
        let shared = &*self.shared;
        shared.check()?;
        let found =
            shared.db.get_pinned_cf(shared.column_family(space)?, key).map_err(|e| engine_error(&e))?;
        Ok(found.map(|value| Bytes::copy_from_slice(&value)))
    }

    fn get_durable(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>> {
        let shared = &*self.shared;
        shared.check()?;
        let mut options = ReadOptions::default();
        match shared.durability {
            // Skips what is in memory only; flushed files are synced before they are visible.
            Durability::Flush => options.set_read_tier(ReadTier::Persisted),
            // Nobody can tell what of the log has been synced, so that all of it is.
            Durability::Log => self.sync()?,
        }
        let cf = shared.column_family(space)?;
        let found = shared.db.get_pinned_cf_opt(cf, key, &options).map_err(|e| engine_error(&e))?;
        Ok(found.map(|value| Bytes::copy_from_slice(&value)))
    }

    fn write(&self, batch: &WriteBatch) -> Result<()> {
        self.write_with(batch, false)
    }

    fn sync(&self) -> Result<()> {
        let shared = &*self.shared;
        shared.check()?;
        let done = match shared.durability {
            Durability::Log => shared.db.flush_wal(true),
            Durability::Flush => {
                let mut options = FlushOptions::default();
                options.set_wait(true);
                let families = shared
                    .spaces
                    .iter()
                    .map(|space| shared.column_family(*space))
                    .collect::<Result<Vec<_>>>()?;
                shared.db.flush_cfs_opt(&families, &options)
            }
        };
        done.map_err(|e| shared.failed(&e))?;
        shared.syncs.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn write_synced(&self, batch: &WriteBatch) -> Result<()> {
        match self.shared.durability {
            Durability::Flush => {
                self.write_with(batch, false)?;
                self.sync()
            }
            Durability::Log => {
                self.write_with(batch, true)?;
                self.shared.syncs.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
        }
    }

    fn write_reserved(&self, batch: &WriteBatch) -> Result<()> {
        self.shared.check()?;
        self.write_unchecked(batch, true)?;
        match self.shared.durability {
            Durability::Flush => self.sync(),
            Durability::Log => {
                self.shared.syncs.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
        }
    }

    /// Counts files only: what is not flushed is missing.
    fn approximate_size(&self, space: Space, start: &[u8], end: &[u8]) -> Result<u64> {
        self.shared.check()?;
        let cf = self.shared.column_family(space)?;
        let range = Range::new(start, end);
        Ok(self.shared.db.get_approximate_sizes_cf(cf, &[range]).iter().sum())
    }

    fn checkpoint(&self, path: &Path) -> Result<()> {
        self.shared.check()?;
        rocksdb::checkpoint::Checkpoint::new(&self.shared.db)
            .and_then(|checkpoint| checkpoint.create_checkpoint(path))
            .map_err(|e| engine_error(&e))
    }

    fn health(&self) -> Health {
        match self.shared.poisoned.get() {
            Some(why) => Health::Poisoned(why.clone()),
            None if self.shared.room.look() => Health::DiskFull,
            None => Health::Ok,
        }
    }

    fn stats(&self) -> EngineStats {
        let cache = self.shared.column_family(self.shared.spaces[0]).ok().and_then(|cf| {
            self.shared.db.property_int_value_cf(cf, rocksdb::properties::BLOCK_CACHE_USAGE).ok().flatten()
        });
        EngineStats {
            disk_bytes: self.int_property("rocksdb.total-sst-files-size"),
            memtable_bytes: self.int_property("rocksdb.cur-size-all-mem-tables"),
            // The cache is shared: the usage of one column family is that of all.
            block_cache_bytes: cache.unwrap_or(0),
            keys: self.int_property("rocksdb.estimate-num-keys"),
            pending_compaction_bytes: self.int_property("rocksdb.estimate-pending-compaction-bytes"),
            writes: self.shared.writes.load(Ordering::Relaxed),
            syncs: self.shared.syncs.load(Ordering::Relaxed),
        }
    }
}
