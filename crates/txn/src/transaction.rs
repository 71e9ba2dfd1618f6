//! [`Transaction`]: what a session holds between BEGIN and COMMIT.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::memory::Account;
use base::{Key, Span, Timestamp, TxnId};
use bytes::Bytes;
use proto::{Piece, TxnRef, UnlockRequest};

use crate::buffer::{Savepoint, WriteBuffer};
use crate::commit::shell;
use crate::coordinator::Coordinator;
use crate::error::Error;
use crate::read_set::ReadSet;
use crate::registry::Registration;

/// What a transaction begins with.
#[derive(Clone, Default)]
pub struct TxnOptions {
    /// The age of its first attempt, if this is a later one ([`Transaction::age`]).
    pub age: Option<Timestamp>,
    /// Read at this past timestamp, and write nothing: AS OF SYSTEM TIME.
    pub read_at: Option<Timestamp>,
    /// Refuse to write.
    pub read_only: bool,
    /// Nothing is read or committed above this: the catalog lease. `None`: no bound.
    pub max_ts: Option<Timestamp>,
    /// Whose memory the write buffer is; the coordinator's if `None`.
    pub memory: Option<Account>,
}

/// What a COMMIT has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// Where the writes appear; `None` if there were none.
    pub commit_ts: Option<Timestamp>,
}

/// A transaction. Dropping it rolls back.
pub struct Transaction {
    pub(crate) coordinator: Arc<Coordinator>,
    pub(crate) txn: TxnRef,
    pub(crate) start_ts: Timestamp,
    pub(crate) snapshot: Option<Snapshot>,
    pub(crate) fixed: bool,
    pub(crate) read_only: bool,
    pub(crate) max_ts: Timestamp,
    pub(crate) buffer: WriteBuffer,
    pub(crate) reads: ReadSet,
    pub(crate) locks: Locks,
}

/// Where a transaction reads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Snapshot {
    pub read_ts: Timestamp,
    /// End of the uncertainty interval. It stays when read_ts moves: what committed before the transaction
    /// began lies below it in any case.
    pub limit: Timestamp,
}

impl Transaction {
    pub(crate) fn new(coordinator: Arc<Coordinator>, options: TxnOptions) -> Result<Transaction, Error> {
        let now = coordinator.clock.now()?;
        let account = options.memory.as_ref().unwrap_or(&coordinator.memory);
        let settings = &coordinator.settings;
        Ok(Transaction {
            txn: coordinator.fresh_ref(options.age.unwrap_or(now)),
            start_ts: now,
            snapshot: options.read_at.map(|at| Snapshot { read_ts: at, limit: at }),
            fixed: options.read_at.is_some(),
            read_only: options.read_only || options.read_at.is_some(),
            max_ts: options.max_ts.unwrap_or(Timestamp::MAX),
            buffer: WriteBuffer::new(account, settings.write_buffer_bytes_max, coordinator.spill_dir.clone()),
            reads: ReadSet::new(settings.read_set_spans_max),
            locks: Locks::default(),
            coordinator,
        })
    }

    /// The id of this attempt.
    pub fn id(&self) -> TxnId {
        self.txn.id
    }

    /// The start of the first attempt: give it to the next one, the older goes first.
    pub fn age(&self) -> Timestamp {
        self.txn.age
    }

    /// The snapshot, once a statement has begun.
    pub fn read_ts(&self) -> Option<Timestamp> {
        self.snapshot.map(|s| s.read_ts)
    }

    /// The coordinator that it belongs to.
    pub fn coordinator(&self) -> &Arc<Coordinator> {
        &self.coordinator
    }

    /// Starts a statement: the first one takes the snapshot; each sees the transaction's writes of earlier
    /// statements, but not its own.
    ///
    /// # Errors
    /// If the node's clock has failed.
    pub fn begin_statement(&mut self) -> Result<(), Error> {
        self.buffer.begin_statement();
        self.snapshot().map(drop)
    }

    /// Nothing is read or committed above this from now on (the lease on the catalog).
    pub fn set_max_ts(&mut self, max_ts: Timestamp) {
        self.max_ts = max_ts;
    }

    /// Writes a value at COMMIT.
    ///
    /// # Errors
    /// If memory and temporary files are exhausted, or the transaction is read-only.
    pub fn put(&mut self, key: Key, value: Bytes) -> Result<(), Error> {
        self.check_writable()?;
        self.buffer.put(key, Some(value))
    }

    /// Deletes at COMMIT.
    ///
    /// # Errors
    /// As [`Transaction::put`].
    pub fn delete(&mut self, key: Key) -> Result<(), Error> {
        self.check_writable()?;
        self.buffer.put(key, None)
    }

    fn check_writable(&self) -> Result<(), Error> {
        if self.read_only { Err(Error::ReadOnly) } else { Ok(()) }
    }

    /// Sets a savepoint.
    pub fn savepoint(&mut self) -> Savepoint {
        self.buffer.savepoint()
    }

    /// Forgets the writes since the savepoint, which stays. Locks and the read set stay too.
    pub fn rollback_to(&mut self, savepoint: Savepoint) {
        self.buffer.rollback_to(savepoint);
    }

    /// Forgets the savepoint; the writes stay.
    pub fn release(&mut self, savepoint: Savepoint) {
        self.buffer.release(savepoint);
    }

    /// Puts a span into the read set that was examined by other means (a cached descriptor, say), as of read_ts.
    pub fn add_read(&mut self, span: Span) {
        if !self.fixed {
            self.reads.add(span);
        }
    }

    /// The spans examined so far.
    pub fn read_set(&self) -> &ReadSet {
        &self.reads
    }

    /// Whether something would be written at COMMIT (or might have been, before a rollback to a savepoint).
    pub fn has_writes(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// Commits. The commit runs in a task of its own: dropping this future does not stop it half way.
    ///
    /// # Errors
    /// `Conflict`: nothing was written, run again. `Unknown`: nobody can say. Otherwise nothing was written.
    pub async fn commit(mut self) -> Result<Committed, Error> {
        if self.buffer.is_empty() {
            self.coordinator.metrics.read_only.inc();
            self.release_locks(None);
            return Ok(Committed { commit_ts: None });
        }
        shell::commit(self).await
    }

    /// Rolls back: forgets all writes, gives up all locks. The same as dropping it.
    pub fn rollback(self) {
        drop(self);
    }

    pub(crate) fn snapshot(&mut self) -> Result<Snapshot, Error> {
        if let Some(snapshot) = self.snapshot {
            return Ok(snapshot);
        }
        let clock = &self.coordinator.clock;
        let read_ts = clock.now()?;
        let snapshot = Snapshot { read_ts, limit: read_ts.add(clock.max_offset()) };
        self.snapshot = Some(snapshot);
        Ok(snapshot)
    }

    /// Gives up the locks in the background. `except`: a piece whose locks a commit has already released.
    pub(crate) fn release_locks(&mut self, except: Option<Piece>) {
        let Locks { keys, live } = std::mem::take(&mut self.locks);
        if keys.is_empty() {
            return;
        }
        let coordinator = self.coordinator.clone();
        let txn = self.txn.id;
        let Ok(_runtime) = tokio::runtime::Handle::try_current() else { return };
        let busy = coordinator.janitor.busy();
        let env = coordinator.env.clone();
        env.spawn("unlock", async move {
            for (piece, keys) in by_piece(&coordinator, keys.into_keys().collect()).await {
                if Some(piece) != except || piece == UNKNOWN_PIECE {
                    let request = UnlockRequest { txn, keys };
                    if let Err(error) = coordinator.send_idempotent(proto::Request::Unlock(request)).await {
                        tracing::debug!(%txn, %error, "locks could not be released; they go with this process");
                    }
                }
            }
            drop(live);
            drop(busy);
        });
    }

    /// Remembers that locks may be held on these keys, before they are asked for.
    pub(crate) async fn note_locks(&mut self, keys: impl IntoIterator<Item = Key>) {
        if self.locks.live.is_none() {
            self.locks.live = Some(self.coordinator.live.register(self.txn.id));
        }
        self.locks.keys.extend(keys.into_iter().map(|key| (key, ())));
        if self.locks.keys.len() > LOCK_KEYS_MAX {
            // One key of each piece is enough to release all locks there.
            let all: Vec<Key> = self.locks.keys.keys().cloned().collect();
            let kept = by_piece(&self.coordinator, all).await;
            if kept.len() < LOCK_KEYS_MAX / 2 {
                self.locks.keys =
                    kept.into_values().filter_map(|keys| Some((keys.into_iter().next()?, ()))).collect();
            }
        }
    }

    pub(crate) fn holds_locks(&self) -> bool {
        !self.locks.keys.is_empty()
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        self.release_locks(None);
    }
}

const LOCK_KEYS_MAX: usize = 4096;
/// Stands for the piece of a key of which nobody knows where it lies.
const UNKNOWN_PIECE: Piece = Piece(u64::MAX);

/// Where a transaction may hold locks.
#[derive(Default)]
pub(crate) struct Locks {
    keys: BTreeMap<Key, ()>,
    live: Option<Registration>,
}

async fn by_piece(coordinator: &Coordinator, keys: Vec<Key>) -> BTreeMap<Piece, Vec<Key>> {
    let mut pieces: BTreeMap<Piece, Vec<Key>> = BTreeMap::new();
    match coordinator.partition.pieces(&keys, false).await {
        Ok(found) => {
            for (piece, key) in found.into_iter().zip(keys) {
                pieces.entry(piece).or_default().push(key);
            }
        }
        Err(_) => {
            pieces.insert(UNKNOWN_PIECE, keys);
        }
    }
    pieces
}
