//! What is counted about transactions.

use base::metrics::{Counter, Histogram, Registry};

/// Handles of this crate's metrics.
#[derive(Clone)]
pub(crate) struct Metrics {
    pub read_only: Counter,
    pub one_range: Counter,
    pub several_ranges: Counter,
    pub open: Counter,
    pub conflicts: Counter,
    pub unknown: Counter,
    pub refreshes: Counter,
    pub refreshes_failed: Counter,
    pub pushes: Counter,
    pub recovered_committed: Counter,
    pub recovered_aborted: Counter,
    pub spills: Counter,
    pub cleanups_dropped: Counter,
    pub commit_seconds: Histogram,
}

impl Metrics {
    pub fn new(registry: &Registry) -> Metrics {
        let path = |path| registry.counter("txn_commit_total", &[("path", path)], "Committed transactions.");
        let recovered = |outcome| {
            registry.counter(
                "txn_recovery_total",
                &[("outcome", outcome)],
                "Transactions decided by somebody other than their coordinator.",
            )
        };
        Metrics {
            read_only: path("read_only"),
            one_range: path("one_range"),
            several_ranges: path("several_ranges"),
            open: path("open"),
            conflicts: registry.counter(
                "txn_conflict_total",
                &[],
                "Transactions that failed with a conflict.",
            ),
            unknown: registry.counter("txn_unknown_total", &[], "Commits whose outcome is unknown."),
            refreshes: registry.counter("txn_refresh_total", &[], "Read timestamps moved forward."),
            refreshes_failed: registry.counter(
                "txn_refresh_failure_total",
                &[],
                "Read timestamps that could not be moved: something read had changed.",
            ),
            pushes: registry.counter("txn_push_total", &[], "Foreign intents that were met."),
            recovered_committed: recovered("committed"),
            recovered_aborted: recovered("aborted"),
            spills: registry.counter("txn_spill_total", &[], "Write buffers written to a temporary file."),
            cleanups_dropped: registry.counter(
                "txn_cleanup_dropped_total",
                &[],
                "Clean-ups that found no room in the janitor's queue and are left to readers.",
            ),
            commit_seconds: registry.histogram("txn_commit_seconds", &[], "Time from COMMIT to its answer."),
        }
    }
}
