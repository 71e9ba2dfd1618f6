//! Durable records: what a range and a transaction leave on disk. Field meanings follow docs/transactions.md.

use base::{Key, NodeId, ProcessId, RangeId, Span, Timestamp, TxnId};

/// One node's copy of a range, as a member of its Raft group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicaDescriptor {
    /// The node that keeps it.
    pub node: NodeId,
    /// Whether it votes; a learner does not.
    pub voter: bool,
}

/// A range: which keys, kept where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeDescriptor {
    /// Its id, never used again.
    pub id: RangeId,
    /// Its keys.
    pub span: Span,
    /// Its replicas.
    pub replicas: Vec<ReplicaDescriptor>,
    /// Grows with every split, merge and change of replicas.
    pub generation: u64,
}

/// Who a transaction is: in each of its requests, intents and records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxnRef {
    /// The id of this attempt.
    pub id: TxnId,
    /// The start of its first attempt, kept over retries: the older goes first.
    pub age: Timestamp,
    /// Its gateway node.
    pub coordinator: NodeId,
    /// Which run of that node's process: an intent or lock of an earlier run has no live coordinator.
    pub process: ProcessId,
}

/// A provisional version: prepared, undecided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// Whose.
    pub txn: TxnRef,
    /// Which prepare of that transaction laid it.
    pub number: u32,
    /// It commits at or after this; never changes.
    pub prepare_ts: Timestamp,
    /// The key whose range holds the transaction record.
    pub anchor: Key,
    /// HLC at COMMIT, the same for all stages of a commit.
    pub birth: Timestamp,
    /// The value, or `None` for a tombstone.
    pub value: Option<bytes::Bytes>,
}

/// One prepare of a transaction: its first write key and its number prove all of its intents (T4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Its first write key.
    pub key: Key,
    /// Its number within the transaction.
    pub number: u32,
}

/// What the evidence of a STAGING record can prove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Staged {
    /// Nothing ever: too many prepares to list. Only the coordinator commits it.
    Open,
    /// Committed once each of these is found with prepare_ts <= c (T4).
    Evidence(Vec<Evidence>),
}

/// The one place that says whether a transaction has committed. Lives under its anchor key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TxnRecord {
    /// Being committed at `commit_ts`.
    Staging {
        /// Which attempt at a commit timestamp; grows.
        stage: u32,
        /// Where it commits, if it does.
        commit_ts: Timestamp,
        /// What proves it.
        staged: Staged,
        /// Spans that bear its intents.
        spans: Vec<Span>,
        /// HLC at COMMIT.
        birth: Timestamp,
    },
    /// Committed; never changes again.
    Committed {
        /// Where its writes appear.
        commit_ts: Timestamp,
        /// Spans that bear its intents.
        spans: Vec<Span>,
        /// HLC at COMMIT.
        birth: Timestamp,
    },
    /// Aborted; never changes again.
    Aborted {
        /// HLC at COMMIT, as far as its writer knew it.
        birth: Timestamp,
    },
}
