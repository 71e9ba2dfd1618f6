//! Commit as a value: [`Machine`] takes events and returns actions, without clock, tasks or I/O. The shell
//! ([`shell`]) performs the actions; tests enumerate every order of answers, losses and crashes.
//!
//! ```text
//!  one range           Validate(elsewhere)? ─► Commit ─► answer
//!  staged              Validate(elsewhere)? ─► Prepare 1..n (1 writes STAGING too), in parallel
//!                        all at c ───────────────────────────► answer ─► COMMITTED ─► resolve
//!                        some above c: refresh all at c' ─► STAGING' ─► answer ─► …
//!                        conflict: ABORTED ─► answer ─► resolve                                   (T11)
//!  open (very large)   STAGING(open) ─► Prepare 1..n, a window at a time ─► Validate all at c' ─► COMMITTED ─► answer
//! ```
//!
//! T9 in short: a commit command may be sent again as it is, any number of times; its negative answer counts only
//! when no earlier send of it can still be evaluated. Then, and only then, the transaction has failed.

pub mod machine;
pub(crate) mod shell;
#[cfg(test)]
mod tests;

use base::{Key, Span, Timestamp};
use proto::{KvError, Piece, Response, StageRecord, TxnRecord};

use crate::error::Error;
use crate::janitor::Cleanup;
use crate::push::PushError;

pub use machine::Machine;

/// How a commit is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One command.
    OneRange,
    /// Intents, proven by the evidence of a STAGING record.
    Staged,
    /// Intents of more prepares than evidence can list: only the coordinator commits it.
    Open,
}

/// How the writes and reads of a transaction lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Which way.
    pub form: Form,
    /// In key order. With [`Form::OneRange`] exactly one.
    pub parts: Vec<Part>,
    /// Spans that no part validates.
    pub elsewhere: Vec<Span>,
    /// Whether anything was read at all.
    pub reads: bool,
}

/// What one command writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its piece.
    pub piece: Piece,
    /// First write key.
    pub first: Key,
    /// Last write key.
    pub last: Key,
    /// About how many bytes of keys and values.
    pub bytes: u64,
    /// Spans that it validates.
    pub reads: Vec<Span>,
}

/// What was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sent {
    /// A validation.
    Validate,
    /// The one-range commit.
    Commit,
    /// A prepare, by index of its part; its number is one more.
    Prepare(usize),
    /// A change of the record.
    Record,
}

/// What to send.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Validate reads at this timestamp: those `elsewhere`, or all of them.
    Validate {
        /// The whole read set.
        all: bool,
        /// Where.
        at: Timestamp,
    },
    /// The one-range commit.
    Commit {
        /// `min_ts`.
        at: Timestamp,
        /// Exactly there.
        exact: bool,
        /// T9.
        deadline: Timestamp,
    },
    /// A prepare.
    Prepare {
        /// Index of its part.
        part: usize,
        /// The commit timestamp hoped for.
        at: Timestamp,
        /// In the anchor's prepare.
        stage: Option<StageRecord>,
        /// T9.
        deadline: Timestamp,
    },
    /// A change of the record.
    Record {
        /// What was read.
        expect: Option<TxnRecord>,
        /// What it shall be.
        new: TxnRecord,
    },
}

/// What has happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// Begin.
    Start,
    /// An answer to what was sent; a lost one is [`KvError::Unknown`].
    Answer(Sent, Result<Response, KvError>),
    /// The intents that an answer has named were pushed.
    Pushed(Sent, Result<(), PushFailure>),
}

/// A push that did not help.
#[derive(Clone, Debug, PartialEq)]
pub struct PushFailure(pub(crate) PushError);

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Send this, after a pause for the given number of earlier tries (none for 0).
    Send {
        /// Names it in the answer.
        sent: Sent,
        /// What.
        command: Command,
        /// Earlier tries.
        tries: u32,
    },
    /// Push these intents, then report. `holds`: wait for younger owners only.
    Push {
        /// For what was sent.
        sent: Sent,
        /// Which.
        intents: Vec<(Key, proto::Intent)>,
        /// Whether this transaction holds intents or locks.
        holds: bool,
    },
    /// Tell the client. Comes once.
    Answer(Outcome),
    /// Resolve intents in the background. The record is durably decided (T3).
    Clean(Cleanup),
    /// Nothing will follow.
    Done,
}

/// What the client is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Its writes appear here.
    Committed(Timestamp),
    /// Nothing was written, and nothing will be.
    Failed(Error),
    /// Nothing was written: the keys lie differently. Plan anew, and commit under a fresh id if `fresh_id`.
    Replan {
        /// Intents or a record of this id may be around.
        fresh_id: bool,
    },
}
