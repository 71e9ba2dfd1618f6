//! [`Settings`] of an evaluator, each with its reason.

use std::sync::Arc;
use std::time::Duration;

use base::{NodeId, ProcessId};

/// Says whether a run of a node's process is known to be over: its locks are void.
pub type ProcessGone = Arc<dyn Fn(NodeId, ProcessId) -> bool + Send + Sync>;

/// Limits of an evaluator.
#[derive(Clone)]
pub struct Settings {
    /// The most that two clocks may differ.
    pub max_offset: Duration,
    /// The longest deadline that a commit command may have: what T5a and T9 retain outlives it.
    pub commit_deadline_max: Duration,
    /// Entries of the timestamp cache for single keys; beyond, the oldest half goes and the low-water mark rises.
    pub ts_cache_points_max: usize,
    /// Entries of the timestamp cache for spans.
    pub ts_cache_spans_max: usize,
    /// One answer is cut at about this many bytes, whatever was asked for: a node's memory is not the client's.
    pub answer_bytes_max: u64,
    /// Keys that a scan looks at before it gives other tasks a turn.
    pub scan_rows_per_turn: u64,
    /// A command's effect may not be larger: it is one log entry.
    pub command_bytes_max: u64,
    /// Locks that one incarnation keeps: they are in memory only.
    pub locks_max: usize,
    /// Intents that one answer names, and that one command resolves.
    pub intents_max: usize,
    /// How long a commit waits for foreign locks on what it writes.
    pub lock_wait_max: Duration,
    /// How often a command is evaluated again after the chain broke under it.
    pub attempts_max: u32,
    /// Whether a process is gone.
    pub process_gone: ProcessGone,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            max_offset: Duration::from_millis(250),
            commit_deadline_max: Duration::from_secs(600),
            ts_cache_points_max: 16_384,
            ts_cache_spans_max: 1_024,
            answer_bytes_max: 4 << 20,
            scan_rows_per_turn: 512,
            command_bytes_max: 16 << 20,
            locks_max: 200_000,
            intents_max: 4_096,
            lock_wait_max: Duration::from_secs(10),
            attempts_max: 8,
            process_gone: Arc::new(|_, _| false),
        }
    }
}

impl Settings {
    /// How old a version or a decided record must be before it may be removed (T5a, T9).
    pub fn retention(&self) -> Duration {
        self.commit_deadline_max + 2 * self.max_offset
    }
}
