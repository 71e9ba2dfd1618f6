//! [`Txn`]: the transaction as this crate uses it, with SQL errors.
//!
//! What a transaction can fail with becomes an SQL error here, once and for all; a conflict is kept aside, so that
//! a retry can first wait for whoever it was lost to.

use base::{Key, Span, Timestamp};
use bytes::Bytes;
use datum::Result;
use proto::{LockOptions, ScanRows};
use txn::{GetOptions, OwnWrites, Savepoint, ScanOptions, ScanStream, Transaction};

use crate::error::from_txn;

/// A transaction, with SQL errors.
pub(crate) struct Txn {
    inner: Transaction,
    conflict: Option<txn::Error>,
}

impl Txn {
    pub fn new(inner: Transaction) -> Txn {
        Txn { inner, conflict: None }
    }

    fn note<T>(&mut self, result: txn::Result<T>) -> Result<T> {
        result.map_err(|error| {
            let sql = from_txn(&error);
            if error.is_retryable() {
                self.conflict = Some(error);
            }
            sql
        })
    }

    /// The conflict that the last operation failed with.
    pub fn take_conflict(&mut self) -> Option<txn::Error> {
        self.conflict.take()
    }

    /// A statement begins.
    pub fn begin_statement(&mut self) -> Result<()> {
        let begun = self.inner.begin_statement();
        self.note(begun)
    }

    /// The snapshot, once a statement has begun.
    pub fn read_ts(&self) -> Timestamp {
        self.inner.read_ts().unwrap_or_default()
    }

    pub fn age(&self) -> Timestamp {
        self.inner.age()
    }

    pub fn has_writes(&self) -> bool {
        self.inner.has_writes()
    }

    /// Values as of before the statement.
    pub async fn get(&mut self, keys: &[Key], lock: Option<LockOptions>) -> Result<Vec<Option<Bytes>>> {
        let got = self.inner.get(keys, lock).await;
        self.note(got)
    }

    /// Values with the statement's own writes.
    pub async fn get_now(&mut self, keys: &[Key]) -> Result<Vec<Option<Bytes>>> {
        let options = GetOptions { own_writes: OwnWrites::All, ..GetOptions::default() };
        let got = self.inner.get_with(keys, options).await;
        self.note(got)
    }

    /// Newest values, locked, with the statement's own writes.
    pub async fn get_now_locked(&mut self, keys: &[Key], lock: LockOptions) -> Result<Vec<Option<Bytes>>> {
        let options = GetOptions { lock: Some(lock), own_writes: OwnWrites::All, ..GetOptions::default() };
        let got = self.inner.get_with(keys, options).await;
        self.note(got)
    }

    /// Values that the transaction's outcome does not hang on: they do not go into the read set.
    pub async fn peek(&mut self, keys: &[Key]) -> Result<Vec<Option<Bytes>>> {
        let options = GetOptions { own_writes: OwnWrites::All, untracked: true, ..GetOptions::default() };
        let got = self.inner.get_with(keys, options).await;
        self.note(got)
    }

    /// Locks keys whether or not they have values.
    pub async fn lock(&mut self, keys: &[Key], lock: LockOptions) -> Result<()> {
        let locked = self.inner.lock(keys, lock).await;
        self.note(locked)
    }

    pub fn scan(&mut self, span: Span, options: ScanOptions) -> ScanStream {
        self.inner.scan(span, options)
    }

    pub async fn next_page(&mut self, scan: &mut ScanStream) -> Result<Option<ScanRows>> {
        let page = scan.next_page(&mut self.inner).await;
        self.note(page)
    }

    /// All raw rows of a span, own writes included. For spans that are known to be small.
    pub async fn scan_now(&mut self, span: Span) -> Result<Vec<(Key, Bytes)>> {
        let options = ScanOptions { own_writes: OwnWrites::All, ..ScanOptions::default() };
        let rows = self.inner.scan_all(span, options).await;
        self.note(rows)
    }

    pub fn put(&mut self, key: Key, value: impl Into<Bytes>) -> Result<()> {
        let put = self.inner.put(key, value.into());
        self.note(put)
    }

    pub fn delete(&mut self, key: Key) -> Result<()> {
        let deleted = self.inner.delete(key);
        self.note(deleted)
    }

    pub fn add_read(&mut self, span: Span) {
        self.inner.add_read(span);
    }

    pub fn savepoint(&mut self) -> Savepoint {
        self.inner.savepoint()
    }

    pub fn rollback_to(&mut self, savepoint: Savepoint) {
        self.inner.rollback_to(savepoint);
    }

    pub fn release(&mut self, savepoint: Savepoint) {
        self.inner.release(savepoint);
    }

    /// Commits. The error comes with the conflict that a retry should wait for.
    pub async fn commit(self) -> std::result::Result<Option<Timestamp>, (datum::Error, Option<txn::Error>)> {
        match self.inner.commit().await {
            Ok(committed) => Ok(committed.commit_ts),
            Err(error) => {
                let sql = from_txn(&error);
                Err((sql, error.is_retryable().then_some(error)))
            }
        }
    }
}
