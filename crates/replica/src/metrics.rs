//! What replication measures.

use base::metrics::{Counter, Gauge, Histogram, Registry};

/// Handles of all figures of this crate. Cheap to clone; clones count together.
#[derive(Clone, Default)]
pub(crate) struct Metrics {
    pub(crate) log_syncs: Counter,
    pub(crate) log_batch_bytes: Counter,
    pub(crate) entries_proposed: Counter,
    pub(crate) commands_proposed: Counter,
    pub(crate) commands_applied: Counter,
    pub(crate) commands_not_applied: Counter,
    pub(crate) propose_seconds: Histogram,
    pub(crate) incarnations: Counter,
    pub(crate) replicas: Gauge,
    pub(crate) leaders: Gauge,
    pub(crate) truncations: Counter,
    pub(crate) forced_flushes: Counter,
}

impl Metrics {
    /// The handles of this registry.
    pub(crate) fn register(registry: &Registry) -> Metrics {
        let counter = |name, help| registry.counter(name, &[], help);
        Metrics {
            log_syncs: counter("raft_log_sync_total", "Synced batches of the node's log writer."),
            log_batch_bytes: counter("raft_log_bytes_total", "Bytes written in synced batches of the log."),
            entries_proposed: counter("raft_entry_total", "Entries proposed; each carries several commands."),
            commands_proposed: counter("raft_command_total", "Commands proposed."),
            commands_applied: counter(
                "raft_command_applied_total",
                "Commands applied by replicas of this node.",
            ),
            commands_not_applied: counter(
                "raft_command_not_applied_total",
                "Commands that were committed but did nothing, since their chain was broken (T6).",
            ),
            propose_seconds: registry.histogram(
                "raft_propose_seconds",
                &[],
                "From the proposal of an entry until it is applied.",
            ),
            incarnations: counter("range_incarnation_total", "Incarnations begun by replicas of this node."),
            replicas: registry.gauge("range_replicas", &[], "Replicas that this node keeps."),
            leaders: registry.gauge("range_leaseholders", &[], "Ranges led by this node."),
            truncations: counter("raft_log_truncation_total", "Times that a range's log was shortened."),
            forced_flushes: counter(
                "raft_log_forced_flush_total",
                "Times that the data engine was flushed because a log had grown too long.",
            ),
        }
    }
}
