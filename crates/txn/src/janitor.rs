//! [`Janitor`]: resolves the intents of decided transactions, off the path of their clients.
//!
//! Its queue is bounded: what finds no room is left to whoever meets the intents. At most a few jobs run at once,
//! so that a bulk load's clean-up does not crowd out the living.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base::{Span, TxnId};
use proto::{Decision, Request, ResolveRequest};
use tokio::sync::{Notify, Semaphore};

use crate::coordinator::Coordinator;

const JOBS_AT_ONCE: usize = 4;

/// Intents to resolve: each span lies in one piece, as far as known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleanup {
    /// Whose.
    pub txn: TxnId,
    /// How. Durably recorded before (T3).
    pub decision: Decision,
    /// Where.
    pub spans: Vec<Span>,
}

pub(crate) struct Janitor {
    queue_max: usize,
    queued: Arc<AtomicUsize>,
    slots: Arc<Semaphore>,
    busy: Arc<AtomicUsize>,
    idle: Arc<Notify>,
}

/// Something is under way in the background.
pub(crate) struct Busy {
    busy: Arc<AtomicUsize>,
    idle: Arc<Notify>,
}

impl Drop for Busy {
    fn drop(&mut self) {
        if self.busy.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.idle.notify_waiters();
        }
    }
}

impl Janitor {
    pub fn new(queue_max: usize) -> Janitor {
        Janitor {
            queue_max,
            queued: Arc::default(),
            slots: Arc::new(Semaphore::new(JOBS_AT_ONCE)),
            busy: Arc::default(),
            idle: Arc::default(),
        }
    }

    /// Counts as background work until dropped.
    pub fn busy(&self) -> Busy {
        self.busy.fetch_add(1, Ordering::AcqRel);
        Busy { busy: self.busy.clone(), idle: self.idle.clone() }
    }

    /// Waits until no background work is under way.
    pub async fn settled(&self) {
        loop {
            let idle = self.idle.notified();
            if self.busy.load(Ordering::Acquire) == 0 {
                return;
            }
            idle.await;
        }
    }

    /// Takes a job on, if there is room.
    pub fn take(coordinator: &Arc<Coordinator>, job: Cleanup) {
        let janitor = &coordinator.janitor;
        if janitor.queued.fetch_add(1, Ordering::AcqRel) >= janitor.queue_max {
            janitor.queued.fetch_sub(1, Ordering::AcqRel);
            coordinator.metrics.cleanups_dropped.inc();
            return;
        }
        let (queued, slots, busy) = (janitor.queued.clone(), janitor.slots.clone(), janitor.busy());
        let owned = coordinator.clone();
        coordinator.env.spawn("resolve-intents", async move {
            if let Ok(slot) = slots.acquire().await {
                for span in job.spans {
                    let request = ResolveRequest {
                        txn: job.txn,
                        spans: vec![span],
                        decision: job.decision,
                        number: None,
                    };
                    if let Err(error) = owned.send_idempotent(Request::Resolve(request)).await {
                        // Whoever meets the rest resolves it.
                        tracing::debug!(txn = %job.txn, %error, "intents left to their readers");
                        break;
                    }
                }
                drop(slot);
            }
            queued.fetch_sub(1, Ordering::AcqRel);
            drop(busy);
        });
    }
}
