//! Reads of a transaction: snapshot, uncertainty, intents, locks, refresh.
//!
//! A plain read happens at read_ts. If it meets a committed version inside the uncertainty interval, read_ts moves
//! above it, provided that everything read so far is unchanged there (refresh); otherwise the transaction
//! conflicts. A locking read takes the lock and then wants the newest version: a version above read_ts counts as
//! uncertain, whatever its age, so waiting for a lock ends in a refresh instead of a failed commit.

use base::{Key, Span, Timestamp};
use bytes::Bytes;
use proto::{
    GetRequest, KvError, LockOptions, LockRequest, LockWait, ReadOptions, Request, Response, ValidateRequest,
};

use crate::buffer::OwnWrites;
use crate::error::Error;
use crate::planted::{Bug, planted};
use crate::push::Waiter;
use crate::transaction::{Snapshot, Transaction};

/// How point reads are done.
#[derive(Clone, Copy, Debug, Default)]
pub struct GetOptions {
    /// Take this lock on each key that has a row.
    pub lock: Option<LockOptions>,
    /// Which own writes are seen.
    pub own_writes: OwnWrites,
    /// The read does not go into the read set: for what the transaction's outcome does not depend on, or what it
    /// guards by other means (the catalog's version, see [`Transaction::add_read`]).
    pub untracked: bool,
}

impl Transaction {
    /// The values of these keys, in their order: own writes from before the statement first, then the snapshot.
    /// With a lock: the newest version of each, locked; read_ts moves to where that is the snapshot.
    ///
    /// # Errors
    /// `Conflict` if read_ts had to move and something read before has changed.
    pub async fn get(
        &mut self,
        keys: &[Key],
        lock: Option<LockOptions>,
    ) -> Result<Vec<Option<Bytes>>, Error> {
        self.get_with(keys, GetOptions { lock, ..GetOptions::default() }).await
    }

    /// As [`Transaction::get`], with a choice of own writes.
    ///
    /// # Errors
    /// As [`Transaction::get`].
    pub async fn get_with(&mut self, keys: &[Key], options: GetOptions) -> Result<Vec<Option<Bytes>>, Error> {
        let upto = self.buffer.read_sequence(options.own_writes);
        let mut values: Vec<Option<Bytes>> = vec![None; keys.len()];
        let mut own = vec![false; keys.len()];
        let mut ask: Vec<usize> = Vec::with_capacity(keys.len());
        for (i, key) in keys.iter().enumerate() {
            if !self.buffer.is_empty()
                && let Some(value) = self.buffer.get(key, upto)?
            {
                values[i] = value;
                own[i] = true;
            }
            // A lock is wanted on the row even if its value is known.
            if !own[i] || options.lock.is_some() {
                ask.push(i);
            }
        }
        if ask.is_empty() {
            return Ok(values);
        }
        match options.lock {
            None => {
                for (i, value) in self.ask(keys, &ask, None).await? {
                    if !options.untracked {
                        self.add_read(Span::point(keys[i].clone()));
                    }
                    values[i] = value;
                }
            }
            Some(lock) => {
                self.note_locks(ask.iter().map(|&i| keys[i].clone())).await;
                for (i, value) in self.get_locked(keys, ask, lock).await? {
                    if !own[i] {
                        values[i] = value;
                    }
                }
            }
        }
        Ok(values)
    }

    /// Locks rows and reads them at their newest version; says which keys have none.
    async fn get_locked(
        &mut self,
        keys: &[Key],
        mut ask: Vec<usize>,
        lock: LockOptions,
    ) -> Result<Vec<(usize, Option<Bytes>)>, Error> {
        let mut found = Vec::with_capacity(ask.len());
        loop {
            let mut absent = Vec::new();
            for (i, value) in self.ask(keys, &ask, Some(lock)).await? {
                match value {
                    Some(value) => {
                        self.add_read(Span::point(keys[i].clone()));
                        found.push((i, Some(value)));
                    }
                    // SKIP LOCKED records only the rows returned.
                    None if lock.wait == LockWait::SkipLocked => found.push((i, None)),
                    None => absent.push(i),
                }
            }
            if absent.is_empty() {
                return Ok(found);
            }
            // The leaseholder compares what it locks with the newest version, but there is nothing to lock where
            // no row is: those are read with their uncertainty.
            ask.clear();
            for (i, value) in self.ask(keys, &absent, None).await? {
                match value {
                    None => {
                        self.add_read(Span::point(keys[i].clone()));
                        found.push((i, None));
                    }
                    // It has come in between.
                    Some(_) => ask.push(i),
                }
            }
            if ask.is_empty() {
                return Ok(found);
            }
        }
    }

    async fn ask(
        &mut self,
        keys: &[Key],
        which: &[usize],
        lock: Option<LockOptions>,
    ) -> Result<Vec<(usize, Option<Bytes>)>, Error> {
        let asked: Vec<Key> = which.iter().map(|&i| keys[i].clone()).collect();
        let newest = lock.is_some();
        let response =
            self.read(lock, newest, |read| Request::Get(GetRequest { keys: asked.clone(), read })).await?;
        match response {
            Response::Get(found) if found.len() == which.len() => {
                Ok(which.iter().copied().zip(found).collect())
            }
            _ => Err(unexpected("get")),
        }
    }

    /// The newest value of each key, locked against other writers, at a read_ts moved to where it is current. For
    /// the rows that UPDATE and DELETE target.
    ///
    /// # Errors
    /// `Locked` or `Deadlock` if the lock cannot be had, `Conflict` if earlier reads have changed.
    pub async fn get_for_update(&mut self, keys: &[Key]) -> Result<Vec<Option<Bytes>>, Error> {
        let lock = LockOptions {
            strength: proto::LockStrength::NoKeyUpdate,
            wait: LockWait::Wait(self.coordinator.settings.wait_max),
        };
        self.get(keys, Some(lock)).await
    }

    /// Locks keys, whether or not they have rows.
    ///
    /// # Errors
    /// `Locked` or `Deadlock` if a lock cannot be had.
    pub async fn lock(&mut self, keys: &[Key], lock: LockOptions) -> Result<(), Error> {
        if keys.is_empty() {
            return Ok(());
        }
        self.note_locks(keys.iter().cloned()).await;
        let request = LockRequest { txn: self.txn.clone(), keys: keys.to_vec(), lock };
        let read_ts = self.snapshot()?.read_ts;
        let mut tries = Tries::start();
        loop {
            match self.coordinator.send(Request::Lock(request.clone())).await {
                Ok(_) => return Ok(()),
                Err(error) => self.absorb(error, read_ts, &mut tries).await?,
            }
        }
    }

    /// Moves read_ts forward to `to`, provided that nothing in the read set has changed up to there. Does nothing
    /// if it is there already.
    ///
    /// # Errors
    /// `Conflict` if something has changed; then read_ts stays.
    pub async fn refresh(&mut self, to: Timestamp) -> Result<(), Error> {
        let Snapshot { read_ts, limit } = self.snapshot()?;
        if to <= read_ts {
            return Ok(());
        }
        let moved = if self.fixed || to > self.max_ts {
            Err(Error::Conflict { key: Key::MIN, read_ts, blocker: None })
        } else {
            self.validate_reads(read_ts, to).await
        };
        match &moved {
            Ok(()) => {
                self.coordinator.metrics.refreshes.inc();
                self.snapshot = Some(Snapshot { read_ts: to, limit: limit.max(to) });
            }
            Err(_) => self.coordinator.metrics.refreshes_failed.inc(),
        }
        moved
    }

    async fn validate_reads(&mut self, read_ts: Timestamp, to: Timestamp) -> Result<(), Error> {
        if planted(Bug::RefreshBlindly) {
            return Ok(());
        }
        let spans: Vec<Span> = self.reads.spans().collect();
        for chunk in spans.chunks(self.coordinator.settings.validate_spans_max.max(1)) {
            let request =
                ValidateRequest { txn: self.txn.clone(), spans: chunk.to_vec(), read_ts, commit_ts: to };
            let mut tries = Tries::start();
            loop {
                match self.coordinator.send(Request::Validate(request.clone())).await {
                    Ok(_) => break,
                    Err(error) => self.absorb(error, read_ts, &mut tries).await?,
                }
            }
        }
        Ok(())
    }

    /// Sends a read until it is answered at a snapshot that holds. `newest`: the leaseholder locks every row that
    /// matters and compares it with its newest version, so there is no uncertainty; without that, waiting for a
    /// row's writers would end in another uncertain version each time, instead of in the queue for its lock.
    pub(crate) async fn read(
        &mut self,
        lock: Option<LockOptions>,
        newest: bool,
        request: impl Fn(ReadOptions) -> Request,
    ) -> Result<Response, Error> {
        let mut tries = Tries::start();
        let mut refreshes = 0;
        loop {
            let Snapshot { read_ts, limit } = self.snapshot()?;
            if read_ts > self.max_ts {
                return Err(Error::Conflict { key: Key::MIN, read_ts, blocker: None });
            }
            let uncertainty_limit = if newest { read_ts } else { limit };
            let read = ReadOptions { txn: Some(self.txn.clone()), read_ts, uncertainty_limit, lock };
            match self.coordinator.send(request(read)).await {
                Ok(response) => return Ok(response),
                Err(KvError::Uncertain { key, at } | KvError::Conflict { key, at }) => {
                    refreshes += 1;
                    if self.fixed || refreshes > self.coordinator.settings.refresh_count_max {
                        return Err(Error::Conflict { key, read_ts, blocker: None });
                    }
                    // As far as now, so that a busy row does not need one move for each of its versions.
                    self.coordinator.clock.observe(at);
                    let to = self.coordinator.clock.now()?.min(self.max_ts).max(at);
                    self.refresh(to).await?;
                }
                Err(error) => self.absorb(error, read_ts, &mut tries).await?,
            }
        }
    }

    /// Deals with what a reader can deal with: intents, unavailability. Returns if the request is worth sending again.
    pub(crate) async fn absorb(
        &mut self,
        error: KvError,
        read_ts: Timestamp,
        tries: &mut Tries,
    ) -> Result<(), Error> {
        match error {
            KvError::Intents(intents) => {
                let waiter = Waiter { txn: self.txn.clone(), holds: self.holds_locks() };
                self.coordinator.push(intents, &waiter).await.map_err(|e| e.into_error(read_ts))
            }
            KvError::Unavailable { .. }
            | KvError::Unknown(_)
            | KvError::NotLeader { .. }
            | KvError::RangeChanged { .. }
                if tries.start.elapsed() < self.coordinator.settings.unavailable_max =>
            {
                tokio::time::sleep(self.coordinator.pause(tries.count)).await;
                tries.count += 1;
                Ok(())
            }
            // A read has no outcome that could be unknown.
            KvError::Unknown(why) => Err(Error::Unavailable { waited: tries.start.elapsed(), why }),
            error => Err(Error::from_kv(error, self.txn.id, read_ts, tries.start.elapsed())),
        }
    }
}

/// How often and how long one request was tried.
pub(crate) struct Tries {
    pub start: tokio::time::Instant,
    pub count: u32,
}

impl Tries {
    pub fn start() -> Tries {
        Tries { start: tokio::time::Instant::now(), count: 0 }
    }
}

pub(crate) fn unexpected(request: &str) -> Error {
    Error::Corrupt(format!("the answer does not fit a {request}"))
}
