//! Row locks: PostgreSQL's four strengths, in the memory of the leaseholder.
//!
//! ```text
//!   key ─► holders: t1 Share, t4 KeyShare
//!          queue:   t2 Update (age 3) ← t7 NoKeyUpdate (age 9)      the older goes first
//! ```
//!
//! Locks keep peace; validation guards correctness, so losing them all with the incarnation is no harm. A waiter
//! waits for the holders in its way and for those before it in the queue whose wish conflicts with its own; the
//! node's [`WaitGraph`] knows of it and refuses whoever closes a circle. A lock whose owner's process is gone is
//! void.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base::map::HashMap;
use base::{Key, RangeId, TxnId};
use parking_lot::Mutex;
use proto::{KvError, LockStrength, LockWait, TxnRef};
use tokio::sync::oneshot;

use crate::settings::ProcessGone;
use crate::wait_graph::{WaitGraph, WaitId};

/// How often a waiter looks whether a process is gone.
const GONE_INTERVAL: Duration = Duration::from_millis(500);

/// PostgreSQL's conflicts between row locks.
pub(crate) fn conflicts(a: LockStrength, b: LockStrength) -> bool {
    use LockStrength::{KeyShare, NoKeyUpdate, Share, Update};
    match (a, b) {
        (KeyShare, KeyShare | Share | NoKeyUpdate) => false,
        (KeyShare, Update) => true,
        (Share, KeyShare | Share) => false,
        (Share, NoKeyUpdate | Update) => true,
        (NoKeyUpdate, KeyShare) => false,
        (NoKeyUpdate, Share | NoKeyUpdate | Update) => true,
        (Update, _) => true,
    }
}

/// The locks of an incarnation.
pub(crate) struct LockTable {
    range: RangeId,
    waits: Arc<WaitGraph>,
    gone: ProcessGone,
    locks_max: usize,
    /// Locked keys; commits look here before they take the mutex.
    keys: AtomicUsize,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    queues: HashMap<Key, Queue>,
    by_txn: HashMap<TxnId, Vec<Key>>,
    held: usize,
    next: u64,
    closed: bool,
}

#[derive(Default)]
struct Queue {
    holders: Vec<Holder>,
    /// In order of age, ties by id.
    waiters: Vec<Waiter>,
}

struct Holder {
    txn: TxnRef,
    strength: LockStrength,
}

struct Waiter {
    id: u64,
    wait: WaitId,
    txn: TxnRef,
    strength: LockStrength,
    /// Whether it gets the lock, or only waits until it could have it.
    takes: bool,
    answer: oneshot::Sender<Result<(), KvError>>,
}

/// What came of a try to lock.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Locked {
    /// It is held. `waited`: something may have changed meanwhile.
    Held {
        /// Whether it had to wait.
        waited: bool,
    },
    /// SKIP LOCKED, and somebody holds it.
    Skip,
}

impl Queue {
    fn in_the_way(&self, txn: TxnId, strength: LockStrength) -> impl Iterator<Item = &Holder> {
        self.holders.iter().filter(move |held| held.txn.id != txn && conflicts(held.strength, strength))
    }

    fn holds(&self, txn: TxnId) -> bool {
        self.holders.iter().any(|held| held.txn.id == txn)
    }

    fn is_empty(&self) -> bool {
        self.holders.is_empty() && self.waiters.is_empty()
    }

    /// Whether one of the first `before` waiters wishes for something that conflicts. Who holds a lock already
    /// does not queue behind those who may wait for it.
    fn behind(&self, before: usize, txn: TxnId, strength: LockStrength) -> bool {
        !self.holds(txn)
            && self.waiters[..before]
                .iter()
                .any(|waiter| waiter.txn.id != txn && conflicts(waiter.strength, strength))
    }

    fn place(&self, txn: &TxnRef) -> usize {
        self.waiters.partition_point(|waiter| (waiter.txn.age, waiter.txn.id) <= (txn.age, txn.id))
    }
}

impl LockTable {
    pub(crate) fn new(
        range: RangeId,
        waits: Arc<WaitGraph>,
        gone: ProcessGone,
        locks_max: usize,
    ) -> LockTable {
        LockTable { range, waits, gone, locks_max, keys: AtomicUsize::new(0), inner: Mutex::default() }
    }

    /// Takes a lock.
    ///
    /// # Errors
    /// `LockNotAvailable` (NOWAIT, or the wait ran out), `Deadlock`, `NotLeader` when the incarnation ends.
    pub(crate) async fn acquire(
        self: &Arc<Self>,
        key: &Key,
        txn: &TxnRef,
        strength: LockStrength,
        wait: LockWait,
    ) -> Result<Locked, KvError> {
        let queued = {
            let mut inner = self.inner.lock();
            if inner.closed {
                return Err(self.over());
            }
            if inner.held >= self.locks_max {
                return Err(KvError::Unavailable { range: self.range, why: "too many row locks".into() });
            }
            self.drop_gone(&mut inner, key);
            let queue = inner.queues.entry(key.clone()).or_default();
            let holder = queue.in_the_way(txn.id, strength).next().map(|held| held.txn.id);
            if holder.is_none() && !queue.behind(queue.place(txn), txn.id, strength) {
                self.grant(&mut inner, key, txn, strength);
                self.count(&inner);
                return Ok(Locked::Held { waited: false });
            }
            let blocker = holder.or_else(|| queue.waiters.first().map(|waiter| waiter.txn.id));
            match wait {
                LockWait::SkipLocked => return Ok(Locked::Skip),
                LockWait::NoWait => {
                    let holder = blocker.unwrap_or_default();
                    return Err(KvError::LockNotAvailable { key: key.clone(), holder });
                }
                LockWait::Wait(bound) => (self.enqueue(&mut inner, key, txn, strength, true), bound),
            }
        };
        let (queued, bound) = queued;
        self.wait(queued, bound).await?;
        Ok(Locked::Held { waited: true })
    }

    /// Who holds locks that stand in the way of these wishes, without waiting. For commits.
    pub(crate) fn blocker<'a>(
        &self,
        txn: TxnId,
        wishes: impl IntoIterator<Item = (&'a Key, LockStrength)>,
    ) -> Option<(Key, LockStrength, TxnRef)> {
        if self.keys.load(Ordering::Acquire) == 0 {
            return None;
        }
        let mut inner = self.inner.lock();
        for (key, strength) in wishes {
            if inner.queues.contains_key(key) {
                self.drop_gone(&mut inner, key);
            }
            let Some(queue) = inner.queues.get(key) else { continue };
            if let Some(held) = queue.in_the_way(txn, strength).next() {
                return Some((key.clone(), strength, held.txn.clone()));
            }
        }
        None
    }

    /// Waits until nobody holds what conflicts with this wish, without taking the lock.
    pub(crate) async fn wait_free(
        self: &Arc<Self>,
        key: &Key,
        txn: &TxnRef,
        strength: LockStrength,
        bound: Duration,
    ) -> Result<(), KvError> {
        let queued = {
            let mut inner = self.inner.lock();
            if inner.closed {
                return Err(self.over());
            }
            match inner.queues.get(key) {
                Some(queue) if queue.in_the_way(txn.id, strength).next().is_some() => {}
                _ => return Ok(()),
            }
            self.enqueue(&mut inner, key, txn, strength, false)
        };
        self.wait(queued, bound).await
    }

    /// Gives up every lock of a transaction.
    pub(crate) fn release_txn(&self, txn: TxnId) {
        if self.keys.load(Ordering::Acquire) == 0 {
            return;
        }
        let mut inner = self.inner.lock();
        for key in inner.by_txn.remove(&txn).unwrap_or_default() {
            self.release_one(&mut inner, &key, txn);
        }
        self.count(&inner);
    }

    /// Gives up the transaction's locks on these keys.
    pub(crate) fn release_keys(&self, txn: TxnId, keys: &[Key]) {
        if self.keys.load(Ordering::Acquire) == 0 {
            return;
        }
        let mut inner = self.inner.lock();
        for key in keys {
            if let Some(held) = inner.by_txn.get_mut(&txn) {
                held.retain(|other| other != key);
                if held.is_empty() {
                    inner.by_txn.remove(&txn);
                }
            }
            self.release_one(&mut inner, key, txn);
        }
        self.count(&inner);
    }

    /// The incarnation is over: everybody who waits is told so.
    pub(crate) fn close(&self) {
        let mut inner = self.inner.lock();
        inner.closed = true;
        inner.by_txn.clear();
        inner.held = 0;
        for (_, queue) in inner.queues.drain() {
            for waiter in queue.waiters {
                self.waits.remove(waiter.wait, waiter.txn.id);
                let _ = waiter.answer.send(Err(self.over()));
            }
        }
        self.count(&inner);
    }

    /// How many locks are held.
    pub(crate) fn held(&self) -> usize {
        self.inner.lock().held
    }

    fn over(&self) -> KvError {
        KvError::NotLeader { range: self.range, hint: None }
    }

    fn count(&self, inner: &Inner) {
        self.keys.store(inner.queues.len(), Ordering::Release);
    }

    fn enqueue(
        self: &Arc<Self>,
        inner: &mut Inner,
        key: &Key,
        txn: &TxnRef,
        strength: LockStrength,
        takes: bool,
    ) -> Queued {
        let id = inner.next;
        inner.next += 1;
        let (tx, rx) = oneshot::channel();
        let wait = self.waits.wait_id();
        let queue = inner.queues.entry(key.clone()).or_default();
        let at = queue.place(txn);
        queue.waiters.insert(at, Waiter { id, wait, txn: txn.clone(), strength, takes, answer: tx });
        self.pump(inner, key);
        self.count(inner);
        Queued { table: self.clone(), key: key.clone(), id, txn: txn.id, answer: rx }
    }

    fn grant(&self, inner: &mut Inner, key: &Key, txn: &TxnRef, strength: LockStrength) {
        let Some(queue) = inner.queues.get_mut(key) else { return };
        match queue.holders.iter_mut().find(|held| held.txn.id == txn.id) {
            Some(held) => held.strength = held.strength.max(strength),
            None => {
                queue.holders.push(Holder { txn: txn.clone(), strength });
                inner.by_txn.entry(txn.id).or_default().push(key.clone());
                inner.held += 1;
            }
        }
    }

    fn release_one(&self, inner: &mut Inner, key: &Key, txn: TxnId) {
        let Some(queue) = inner.queues.get_mut(key) else { return };
        let before = queue.holders.len();
        queue.holders.retain(|held| held.txn.id != txn);
        inner.held -= before - queue.holders.len();
        self.pump(inner, key);
    }

    /// Voids locks on a key whose owners' processes are gone.
    fn drop_gone(&self, inner: &mut Inner, key: &Key) {
        let Some(queue) = inner.queues.get(key) else { return };
        let gone: Vec<TxnId> = queue
            .holders
            .iter()
            .filter(|held| (self.gone)(held.txn.coordinator, held.txn.process))
            .map(|held| held.txn.id)
            .collect();
        for txn in gone {
            for key in inner.by_txn.remove(&txn).unwrap_or_default() {
                self.release_one(inner, &key, txn);
            }
        }
    }

    /// Grants what can be granted on a key, and tells the graph what the others wait for.
    fn pump(&self, inner: &mut Inner, key: &Key) {
        let mut i = 0;
        loop {
            let Some(queue) = inner.queues.get(key) else { return };
            let Some(waiter) = queue.waiters.get(i) else { break };
            let (txn, strength) = (waiter.txn.clone(), waiter.strength);
            let holders = queue.in_the_way(txn.id, strength).map(|held| held.txn.id);
            let mut targets: smallvec::SmallVec<[TxnId; 4]> = holders.collect();
            if !queue.holds(txn.id) {
                let before = queue.waiters[..i].iter();
                let before =
                    before.filter(|other| other.txn.id != txn.id && conflicts(other.strength, strength));
                targets.extend(before.map(|other| other.txn.id));
            }
            let free = targets.is_empty();
            let wait = waiter.wait;
            let closes_circle = !free && !self.waits.set(wait, txn.id, targets);
            if !free && !closes_circle {
                i += 1;
                continue;
            }
            let Some(queue) = inner.queues.get_mut(key) else { return };
            let waiter = queue.waiters.remove(i);
            self.waits.remove(wait, txn.id);
            if closes_circle {
                let _ = waiter.answer.send(Err(KvError::Deadlock { key: key.clone() }));
                // Whoever waited behind it may go on.
                i = 0;
            } else if waiter.answer.send(Ok(())).is_ok() && waiter.takes {
                self.grant(inner, key, &txn, strength);
            }
        }
        if inner.queues.get(key).is_some_and(Queue::is_empty) {
            inner.queues.remove(key);
        }
    }

    async fn wait(&self, mut queued: Queued, bound: Duration) -> Result<(), KvError> {
        let deadline = tokio::time::Instant::now() + bound;
        loop {
            let tick = deadline.min(tokio::time::Instant::now() + GONE_INTERVAL);
            tokio::select! {
                biased;
                answer = &mut queued.answer => {
                    return answer.unwrap_or_else(|_| Err(self.over()));
                }
                () = tokio::time::sleep_until(tick) => {}
            }
            let mut inner = self.inner.lock();
            self.drop_gone(&mut inner, &queued.key);
            if tick < deadline {
                continue;
            }
            if let Ok(answer) = queued.answer.try_recv() {
                return answer;
            }
            let holder = inner.queues.get(&queued.key).and_then(|queue| queue.holders.first());
            let holder = holder.map(|held| held.txn.id).unwrap_or_default();
            return Err(KvError::LockNotAvailable { key: queued.key.clone(), holder });
        }
    }
}

/// A place in a queue; given up on drop.
struct Queued {
    table: Arc<LockTable>,
    key: Key,
    id: u64,
    txn: TxnId,
    answer: oneshot::Receiver<Result<(), KvError>>,
}

impl Drop for Queued {
    fn drop(&mut self) {
        let mut inner = self.table.inner.lock();
        let Some(queue) = inner.queues.get_mut(&self.key) else { return };
        let Some(at) = queue.waiters.iter().position(|waiter| waiter.id == self.id) else { return };
        let waiter = queue.waiters.remove(at);
        self.table.waits.remove(waiter.wait, self.txn);
        self.table.pump(&mut inner, &self.key);
        self.table.count(&inner);
    }
}

#[cfg(test)]
mod tests;
