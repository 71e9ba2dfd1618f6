//! Garbage collection: which thresholds, how often. What may go is decided by the range (T8, T9).

use std::time::Duration;

use base::metrics::{Counter, Registry};
use hybrid_clock::Clock;
use proto::{GcRequest, KvError, Request, Response};
use replica::Store;
use tokio_util::sync::CancellationToken;

/// Collects in every range that is led here, one after the other, until `stop`.
pub async fn run(
    store: Store,
    clock: Clock,
    ttl: Duration,
    interval: Duration,
    metrics: Registry,
    stop: CancellationToken,
) {
    let collected = metrics.counter("gc_versions_total", &[], "Versions removed by garbage collection.");
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = tokio::time::sleep(interval) => {}
        }
        // A pass waits for room on a full disk, and a node must be able to stop then.
        let passed = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            passed = pass(&store, &clock, ttl, &collected) => passed,
        };
        if let Err(error) = passed {
            tracing::warn!(%error, "garbage collection will be tried again");
        }
    }
}

async fn pass(store: &Store, clock: &Clock, ttl: Duration, collected: &Counter) -> Result<(), KvError> {
    let threshold = clock.last().sub(ttl);
    for descriptor in store.descriptors()? {
        let request = Request::Gc(GcRequest { span: descriptor.span, threshold });
        match store.send(descriptor.id, request).await {
            Ok(Response::Collected(count)) => collected.add(count),
            // Led elsewhere: its leaseholder collects.
            Ok(_) | Err(KvError::NotLeader { .. } | KvError::RangeChanged { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
