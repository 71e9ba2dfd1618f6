//! How every read at a timestamp begins, be it a row, a validation or a question of recovery.
//!
//! The order of the steps is what makes it right ("Reads", step 2, in docs/transactions.md): hear the timestamp,
//! bump the cache, wait for what is in flight, take the snapshot, and only then ask whether this replica may
//! answer at all.

use std::sync::Arc;

use base::{Key, Span, Timestamp, TxnId};
use proto::{KvError, LockOptions, LockWait, ReadOptions};
use storage::{ReadAt, Reader, Snapshot};

use crate::bugs::{self, Bug};
use crate::in_flight::Commands;
use crate::lock_table::Locked;
use crate::proposer::Fate;
use crate::range::Core;

/// What a read looks at.
#[derive(Clone, Copy)]
pub(crate) enum Extent<'a> {
    Keys(&'a [Key]),
    Spans(&'a [Span]),
}

/// A read at one timestamp.
pub(crate) struct ReadSpec<'a> {
    pub extent: Extent<'a>,
    /// Where the timestamp cache is bumped to, and what the lease must cover.
    pub read_ts: Timestamp,
    /// In-flight commands at or below are waited for.
    pub limit: Timestamp,
    /// Who reads; its own reads do not hinder its writes.
    pub owner: Option<TxnId>,
    /// What must not lie below the GC threshold.
    pub oldest_ts: Timestamp,
}

/// How storage shall read.
pub(crate) fn read_at(read: &ReadOptions) -> ReadAt {
    let limit = if bugs::on(Bug::IgnoreUncertainty) { read.read_ts } else { read.uncertainty_limit };
    ReadAt {
        read_ts: read.read_ts,
        uncertainty_limit: limit.max(read.read_ts),
        own: read.txn.as_ref().map(|txn| txn.id),
    }
}

impl Core {
    /// Everything up to and including the checks that follow the snapshot.
    pub(crate) async fn read_view(&self, spec: &ReadSpec<'_>) -> Result<Arc<dyn Snapshot>, KvError> {
        self.chain.check()?;
        self.hear(spec.read_ts)?;
        match spec.extent {
            Extent::Keys(keys) => self.ts_cache.bump_keys(keys, spec.read_ts, spec.owner),
            Extent::Spans(spans) => {
                spans.iter().for_each(|span| self.ts_cache.bump_span(span, spec.read_ts, spec.owner));
            }
        }
        if !bugs::on(Bug::ReadDoesNotWait) {
            let ahead = match spec.extent {
                Extent::Keys(keys) => self.in_flight.on_keys(keys, spec.limit),
                Extent::Spans(spans) => {
                    spans.iter().flat_map(|span| self.in_flight.on_span(span, spec.limit)).collect()
                }
            };
            self.wait_settled(ahead).await?;
        }
        let snapshot = self.engine.snapshot().map_err(|e| e.into_kv(self.id))?;
        self.check_lease(spec.read_ts).await?;
        match spec.extent {
            Extent::Keys(keys) => self.check_span(keys, [])?,
            Extent::Spans(spans) => self.check_span([], spans)?,
        }
        let first = || match spec.extent {
            Extent::Keys(keys) => Span::point(keys.first().cloned().unwrap_or_default()),
            Extent::Spans(spans) => spans.first().cloned().unwrap_or_else(Span::all),
        };
        self.check_gc(first, spec.oldest_ts)?;
        Ok(snapshot)
    }

    /// Waits until each was applied or refused in this incarnation; gives up if that cannot be known.
    pub(crate) async fn wait_settled(&self, commands: Commands) -> Result<(), KvError> {
        for command in commands {
            if command.settled().await == Fate::Unknown {
                return Err(self.not_leader());
            }
        }
        Ok(())
    }

    /// Locks rows that a read returns. Says for each key whether it stays in the answer (SKIP LOCKED).
    ///
    /// # Errors
    /// `Uncertain` if a row was changed above the read's snapshot: what is locked must be read as it is now.
    pub(crate) async fn lock_rows(
        &self,
        read: &ReadOptions,
        lock: LockOptions,
        keys: &[Key],
    ) -> Result<Vec<bool>, KvError> {
        let Some(txn) = &read.txn else {
            return Err(self.unavailable("a read outside of a transaction cannot lock"));
        };
        let mut kept = vec![true; keys.len()];
        for (key, kept) in keys.iter().zip(&mut kept) {
            *kept = self.locks.acquire(key, txn, lock.strength, lock.wait).await? != Locked::Skip;
        }
        self.wait_settled(self.in_flight.on_keys(keys, Timestamp::MAX)).await?;
        let snapshot = self.engine.snapshot().map_err(|e| e.into_kv(self.id))?;
        self.check_lease(read.read_ts).await?;
        let mut reader = Reader::new(snapshot);
        let mut intents = Vec::new();
        for (key, kept) in keys.iter().zip(&mut kept).filter(|(_, kept)| **kept) {
            let head = reader.head(key.as_bytes()).map_err(|e| e.into_kv(self.id))?;
            if let Some(intent) = head.intent.filter(|intent| intent.txn.id != txn.id) {
                if lock.wait == LockWait::SkipLocked {
                    *kept = false;
                    self.locks.release_keys(txn.id, std::slice::from_ref(key));
                } else if intents.len() < self.settings.intents_max {
                    intents.push((key.clone(), intent));
                }
                continue;
            }
            if let Some(newest) = head.newest
                && newest.ts > read.read_ts
                && newest.txn != txn.id
            {
                return Err(KvError::Uncertain { key: key.clone(), at: newest.ts });
            }
        }
        if intents.is_empty() { Ok(kept) } else { Err(KvError::Intents(intents)) }
    }
}
