//! Stopping what a session does, from anywhere: cancel requests, statement timeouts, pg_cancel_backend,
//! pg_terminate_backend, shutdown.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use datum::Error;
use datum::error::sqlstate;
use tokio::sync::Notify;

/// Why a statement is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Reason {
    /// A cancel request or pg_cancel_backend.
    User = 1,
    /// pg_terminate_backend.
    Terminate = 2,
    /// The node is stopping.
    Shutdown = 3,
}

#[derive(Default)]
struct State {
    /// A [`Reason`], 0 = none; taken by the statement that it stops.
    cancel: AtomicU8,
    /// A lasting [`Reason`]: the session ends.
    end: AtomicU8,
    /// Counts statements: a cancel meant for one never hits the next.
    statement: AtomicU64,
    changed: Notify,
}

/// A thread-safe handle to stop what a session is doing. Cheap to clone; clones are the same handle.
#[derive(Clone, Default)]
pub struct CancelHandle(Arc<State>);

impl CancelHandle {
    /// A handle of a session that does nothing yet.
    pub fn new() -> CancelHandle {
        CancelHandle::default()
    }

    /// Cancels the statement that runs now, with 57014. Does nothing between statements.
    pub fn cancel(&self) {
        if self.0.statement.load(Ordering::Acquire) % 2 == 1 {
            self.0.cancel.store(Reason::User as u8, Ordering::Release);
            self.0.changed.notify_waiters();
        }
    }

    /// Ends the session: the statement that runs fails with 57P01, and [`CancelHandle::ended`] resolves.
    pub fn terminate(&self, reason: Reason) {
        self.0.end.store(reason as u8, Ordering::Release);
        self.0.changed.notify_waiters();
    }

    /// Resolves once the session is to end, with what the client is told.
    pub async fn ended(&self) -> Error {
        loop {
            let changed = self.0.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(error) = self.end_error() {
                return error;
            }
            changed.await;
        }
    }

    pub(crate) fn end_error(&self) -> Option<Error> {
        match self.0.end.load(Ordering::Acquire) {
            0 => None,
            _ => Some(Error::new(
                sqlstate::ADMIN_SHUTDOWN,
                "terminating connection due to administrator command",
            )),
        }
    }

    /// A statement begins: from now on cancels hit it.
    pub(crate) fn begin(&self) {
        self.0.cancel.store(0, Ordering::Release);
        self.0.statement.fetch_or(1, Ordering::AcqRel);
    }

    /// The statement has ended.
    pub(crate) fn end(&self) {
        let at = self.0.statement.load(Ordering::Acquire);
        if at % 2 == 1 {
            self.0.statement.store(at + 1, Ordering::Release);
        }
        self.0.cancel.store(0, Ordering::Release);
    }

    /// Fails if the running statement is to stop.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if let Some(error) = self.end_error() {
            return Err(error);
        }
        if self.0.cancel.load(Ordering::Acquire) != 0 {
            return Err(canceled());
        }
        Ok(())
    }

    /// Resolves once the running statement is to stop.
    pub(crate) async fn stopped(&self) -> Error {
        loop {
            let changed = self.0.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Err(error) = self.check() {
                return error;
            }
            changed.await;
        }
    }
}

fn canceled() -> Error {
    Error::new(sqlstate::QUERY_CANCELED, "canceling statement due to user request")
}
