//! Snapshots and cursors that keep their instance alive.
//!
//! RocksDB's own types borrow the instance. Here they must live as long as a request, which outlives any borrow,
//! so each holds the instance by `Arc` next to the borrowing value. This is the only unsafe code of the crate.

use std::mem::ManuallyDrop;
use std::sync::Arc;

use bytes::Bytes;
use rocksdb::{DB, DBRawIteratorWithThreadMode, ReadOptions, SnapshotWithThreadMode};
use storage::{Cursor, CursorOptions, Result, Snapshot, Space};

use crate::engine::Shared;
use crate::error::engine_error;

/// An instance at one moment. Clones are the same snapshot.
#[derive(Clone)]
pub(crate) struct RocksSnapshot(Arc<Inner>);

struct Inner {
    /// Borrows `shared.db`. Dropped by hand, before `shared`.
    snapshot: ManuallyDrop<SnapshotWithThreadMode<'static, DB>>,
    shared: Arc<Shared>,
}

impl RocksSnapshot {
    pub fn new(shared: Arc<Shared>) -> RocksSnapshot {
        // SAFETY: the DB lies in an Arc'ed allocation, so that it does not move, and `Inner` holds that Arc until
        // after the snapshot is dropped; the borrow never leaves this module.
        let db: &'static DB = unsafe { &*std::ptr::from_ref(&shared.db) };
        RocksSnapshot(Arc::new(Inner { snapshot: ManuallyDrop::new(db.snapshot()), shared }))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // SAFETY: it is dropped once, here, while `shared` is alive.
        unsafe { ManuallyDrop::drop(&mut self.snapshot) };
    }
}

impl Snapshot for RocksSnapshot {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>> {
        let inner = &*self.0;
        let cf = inner.shared.column_family(space)?;
        let found = inner.snapshot.get_pinned_cf(cf, key).map_err(|e| engine_error(&e))?;
        Ok(found.map(|value| Bytes::copy_from_slice(&value)))
    }

    fn cursor(&self, space: Space, options: CursorOptions) -> Result<Box<dyn Cursor>> {
        let mut read = ReadOptions::default();
        if options.point {
            read.set_prefix_same_as_start(true);
        } else {
            read.set_total_order_seek(true);
        }
        if !options.lower.is_empty() {
            read.set_iterate_lower_bound(options.lower);
        }
        if !options.upper.is_empty() {
            read.set_iterate_upper_bound(options.upper);
        }
        if options.bypass_cache {
            read.fill_cache(false);
        }
        let inner = &*self.0;
        let iterator = inner.snapshot.raw_iterator_cf_opt(inner.shared.column_family(space)?, read);
        // SAFETY: the iterator borrows the snapshot and the DB, both of which `RocksCursor` holds by an Arc until
        // after the iterator is dropped.
        let iterator = unsafe {
            std::mem::transmute::<DBRawIteratorWithThreadMode<'_, DB>, DBRawIteratorWithThreadMode<'static, DB>>(
                iterator,
            )
        };
        Ok(Box::new(RocksCursor {
            entry: None,
            iterator: ManuallyDrop::new(iterator),
            _snapshot: self.clone(),
        }))
    }
}

struct RocksCursor {
    /// Where it stands, so that `key` and `value` cost nothing. Points into `iterator`; made anew by every move.
    entry: Option<(&'static [u8], &'static [u8])>,
    /// Borrows `_snapshot`. Dropped by hand, before it.
    iterator: ManuallyDrop<DBRawIteratorWithThreadMode<'static, DB>>,
    _snapshot: RocksSnapshot,
}

impl Drop for RocksCursor {
    fn drop(&mut self) {
        self.entry = None;
        // SAFETY: it is dropped once, here, while `_snapshot` is alive.
        unsafe { ManuallyDrop::drop(&mut self.iterator) };
    }
}

impl RocksCursor {
    /// After a move.
    #[inline]
    fn landed(&mut self) -> Result<bool> {
        self.entry = match self.iterator.item() {
            // SAFETY: RocksDB keeps both slices as they are until the iterator's next move or end. Every move
            // goes through here and replaces them, and `key` and `value` lend them no longer than `&self`.
            Some((key, value)) => Some(unsafe { (&*std::ptr::from_ref(key), &*std::ptr::from_ref(value)) }),
            None => {
                self.entry = None;
                // The end, or an error.
                self.iterator.status().map_err(|e| engine_error(&e))?;
                None
            }
        };
        Ok(self.entry.is_some())
    }
}

impl Cursor for RocksCursor {
    fn seek(&mut self, key: &[u8]) -> Result<bool> {
        self.iterator.seek(key);
        self.landed()
    }

    fn seek_before(&mut self, key: &[u8]) -> Result<bool> {
        self.iterator.seek_for_prev(key);
        if self.landed()? && self.key() == key {
            self.iterator.prev();
            return self.landed();
        }
        Ok(self.valid())
    }

    fn seek_to_first(&mut self) -> Result<bool> {
        self.iterator.seek_to_first();
        self.landed()
    }

    fn seek_to_last(&mut self) -> Result<bool> {
        self.iterator.seek_to_last();
        self.landed()
    }

    #[inline]
    fn next(&mut self) -> Result<bool> {
        self.iterator.next();
        self.landed()
    }

    #[inline]
    fn prev(&mut self) -> Result<bool> {
        self.iterator.prev();
        self.landed()
    }

    #[inline]
    fn valid(&self) -> bool {
        self.entry.is_some()
    }

    #[inline]
    fn key(&self) -> &[u8] {
        self.entry.map_or(&[], |(key, _)| key)
    }

    #[inline]
    fn value(&self) -> &[u8] {
        self.entry.map_or(&[], |(_, value)| value)
    }
}
