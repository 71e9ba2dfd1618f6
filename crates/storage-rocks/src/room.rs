//! [`Room`]: refuses writes while there is still room to flush and compact, before RocksDB itself runs into the
//! end of the disk, from which it recovers badly.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use storage::Error;

/// Says how many bytes are free on the device of a path; `None` = unknown.
pub type FreeBytes = Arc<dyn Fn(&Path) -> Option<u64> + Send + Sync>;

/// Asks the operating system.
pub fn free_bytes() -> FreeBytes {
    Arc::new(|path| fs2::available_space(path).ok())
}

/// So much may be written before it looks again.
const LOOK_EVERY_BYTES: u64 = 1 << 20;
const LOOK_EVERY_WRITES: u64 = 64;

pub(crate) struct Room {
    path: PathBuf,
    free: FreeBytes,
    free_bytes_min: u64,
    full: AtomicBool,
    bytes: AtomicU64,
    writes: AtomicU64,
}

impl Room {
    pub fn new(path: &Path, free: FreeBytes, free_bytes_min: u64) -> Room {
        let room = Room {
            path: path.to_owned(),
            free,
            free_bytes_min,
            full: AtomicBool::new(false),
            bytes: AtomicU64::new(0),
            writes: AtomicU64::new(0),
        };
        room.look();
        room
    }

    /// Whether there was too little room when it looked last.
    pub fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// Before a write of so many bytes.
    pub fn check(&self, bytes: usize) -> Result<(), Error> {
        let bytes = self.bytes.fetch_add(bytes as u64, Ordering::Relaxed) + bytes as u64;
        let writes = self.writes.fetch_add(1, Ordering::Relaxed) + 1;
        // While it is full every write looks, so that the first after there is room again goes through.
        if bytes >= LOOK_EVERY_BYTES || writes >= LOOK_EVERY_WRITES || self.is_full() {
            self.look();
        }
        if self.is_full() { Err(Error::DiskFull) } else { Ok(()) }
    }

    /// Looks now; whether it is full.
    pub fn look(&self) -> bool {
        self.bytes.store(0, Ordering::Relaxed);
        self.writes.store(0, Ordering::Relaxed);
        let full = (self.free)(&self.path).is_some_and(|free| free < self.free_bytes_min);
        if self.full.swap(full, Ordering::Relaxed) != full {
            let (path, free_bytes_min) = (self.path.display(), self.free_bytes_min);
            if full {
                tracing::error!(%path, free_bytes_min, "disk is almost full: writes are refused");
            } else {
                tracing::info!(%path, "there is room again: writes are accepted");
            }
        }
        full
    }
}
