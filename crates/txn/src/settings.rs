//! [`Settings`]: the limits of transactions, each with its reason.

use std::path::PathBuf;
use std::time::Duration;

/// Limits of transactions.
#[derive(Clone, Debug)]
pub struct Settings {
    /// A write buffer beyond this many bytes goes to temporary files. Small enough that ten bulk loads at once
    /// fit in a small node.
    pub write_buffer_bytes_max: u64,
    /// Where the temporary files lie; emptied when a coordinator starts. `None`: a full buffer is an error.
    pub spill_dir: Option<PathBuf>,
    /// Commits with more bytes than this are laid down as intents in pieces: one command is one log entry, and
    /// entries of this size do not hold up heartbeats.
    pub commit_bytes_max: u64,
    /// Bytes of one prepare of a large commit.
    pub prepare_bytes_max: u64,
    /// Bytes of prepares that a commit has under way at once.
    pub prepare_window_bytes_max: u64,
    /// Commits of more prepares stage openly: a record with more evidence costs more than it saves.
    pub evidence_count_max: usize,
    /// How long after its start a commit of one or few commands may still be evaluated (T9).
    pub commit_deadline: Duration,
    /// The same for commits that stage openly: the longest deadline of all (T5a, T9 build on it).
    pub commit_deadline_open: Duration,
    /// How long a read or a commit waits for a live transaction that stands in its way.
    pub wait_max: Duration,
    /// How long a request is tried while the cluster says that it is unavailable.
    pub unavailable_max: Duration,
    /// First pause between tries; doubles, with jitter.
    pub backoff_min: Duration,
    /// Longest pause between tries.
    pub backoff_max: Duration,
    /// Read sets of more spans are made coarser: neighbours are joined, which can only cause conflicts.
    pub read_set_spans_max: usize,
    /// Spans in one validation message.
    pub validate_spans_max: usize,
    /// How often one read moves its snapshot before the transaction is told to start again.
    pub refresh_count_max: u32,
    /// Attempts of [`crate::Coordinator::run`].
    pub attempts_max: u32,
    /// Rows in one page of a scan that asks for no limit of its own.
    pub page_bytes: u64,
    /// Clean-up jobs that wait at the janitor; what finds no room is left to readers.
    pub janitor_queue_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            write_buffer_bytes_max: 32 << 20,
            spill_dir: None,
            commit_bytes_max: 4 << 20,
            prepare_bytes_max: 1 << 20,
            prepare_window_bytes_max: 8 << 20,
            evidence_count_max: 64,
            commit_deadline: Duration::from_secs(10),
            commit_deadline_open: Duration::from_secs(600),
            wait_max: Duration::from_secs(10),
            unavailable_max: Duration::from_secs(3),
            backoff_min: Duration::from_millis(1),
            backoff_max: Duration::from_millis(100),
            read_set_spans_max: 10_000,
            validate_spans_max: 1_000,
            refresh_count_max: 64,
            attempts_max: 16,
            page_bytes: 1 << 20,
            janitor_queue_max: 1_024,
        }
    }
}
