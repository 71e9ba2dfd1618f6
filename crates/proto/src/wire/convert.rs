//! Conversions between records and their messages.

use base::{Key, NodeId, ProcessId, RangeId, Span, Timestamp, TxnId};

use super::{Durable, pb};
use crate::records::{Evidence, Intent, RangeDescriptor, ReplicaDescriptor, Staged, TxnRecord, TxnRef};

type Result<T> = std::result::Result<T, &'static str>;

/// A timestamp as a message.
pub fn ts_to(ts: Timestamp) -> Option<pb::Timestamp> {
    Some(pb::Timestamp { wall: ts.wall, logical: ts.logical })
}

/// A timestamp from a message; every one is written, zero too.
pub fn ts_from(ts: Option<pb::Timestamp>) -> Result<Timestamp> {
    let ts = ts.ok_or("a timestamp is missing")?;
    Ok(Timestamp::new(ts.wall, ts.logical))
}

/// A span as a message.
pub fn span_to(span: &Span) -> pb::Span {
    pb::Span { start: span.start.bytes().clone(), end: span.end.bytes().clone() }
}

/// A span from a message.
pub fn span_from(span: pb::Span) -> Span {
    Span::new(Key::from(span.start), Key::from(span.end))
}

fn spans_to(spans: &[Span]) -> Vec<pb::Span> {
    spans.iter().map(span_to).collect()
}

fn spans_from(spans: Vec<pb::Span>) -> Vec<Span> {
    spans.into_iter().map(span_from).collect()
}

impl Durable for RangeDescriptor {
    const NAME: &'static str = "range descriptor";
    type Message = pb::RangeDescriptor;

    fn to_message(&self) -> pb::RangeDescriptor {
        pb::RangeDescriptor {
            id: self.id.0,
            span: Some(span_to(&self.span)),
            replicas: self
                .replicas
                .iter()
                .map(|replica| pb::ReplicaDescriptor { node: replica.node.0, voter: replica.voter })
                .collect(),
            generation: self.generation,
        }
    }

    fn from_message(message: pb::RangeDescriptor) -> Result<RangeDescriptor> {
        Ok(RangeDescriptor {
            id: RangeId(message.id),
            span: span_from(message.span.ok_or("its span is missing")?),
            replicas: message
                .replicas
                .into_iter()
                .map(|replica| ReplicaDescriptor { node: NodeId(replica.node), voter: replica.voter })
                .collect(),
            generation: message.generation,
        })
    }
}

impl Durable for TxnRef {
    const NAME: &'static str = "transaction reference";
    type Message = pb::TxnRef;

    fn to_message(&self) -> pb::TxnRef {
        pb::TxnRef {
            id: self.id.to_bytes().to_vec().into(),
            age: ts_to(self.age),
            coordinator: self.coordinator.0,
            process: self.process.0,
        }
    }

    fn from_message(message: pb::TxnRef) -> Result<TxnRef> {
        let id: [u8; 16] = message.id[..].try_into().map_err(|_| "a transaction id has not 16 bytes")?;
        Ok(TxnRef {
            id: TxnId::from_bytes(id),
            age: ts_from(message.age)?,
            coordinator: NodeId(message.coordinator),
            process: ProcessId(message.process),
        })
    }
}

impl Durable for Intent {
    const NAME: &'static str = "intent";
    type Message = pb::Intent;

    fn to_message(&self) -> pb::Intent {
        pb::Intent {
            txn: Some(self.txn.to_message()),
            number: self.number,
            prepare_ts: ts_to(self.prepare_ts),
            anchor: self.anchor.bytes().clone(),
            birth: ts_to(self.birth),
            value: self.value.clone(),
        }
    }

    fn from_message(message: pb::Intent) -> Result<Intent> {
        Ok(Intent {
            txn: TxnRef::from_message(message.txn.ok_or("its transaction is missing")?)?,
            number: message.number,
            prepare_ts: ts_from(message.prepare_ts)?,
            anchor: Key::from(message.anchor),
            birth: ts_from(message.birth)?,
            value: message.value,
        })
    }
}

impl Durable for Evidence {
    const NAME: &'static str = "evidence";
    type Message = pb::Evidence;

    fn to_message(&self) -> pb::Evidence {
        pb::Evidence { key: self.key.bytes().clone(), number: self.number }
    }

    fn from_message(message: pb::Evidence) -> Result<Evidence> {
        Ok(Evidence { key: Key::from(message.key), number: message.number })
    }
}

impl Durable for TxnRecord {
    const NAME: &'static str = "transaction record";
    type Message = pb::TxnRecord;

    fn to_message(&self) -> pb::TxnRecord {
        use pb::{staging, txn_record::State};
        let state = match self {
            TxnRecord::Staging { stage, commit_ts, staged, spans, birth } => State::Staging(pb::Staging {
                stage: *stage,
                commit_ts: ts_to(*commit_ts),
                staged: Some(match staged {
                    Staged::Open => staging::Staged::Open(pb::Open {}),
                    Staged::Evidence(items) => staging::Staged::Evidence(pb::EvidenceList {
                        items: items.iter().map(Durable::to_message).collect(),
                    }),
                }),
                spans: spans_to(spans),
                birth: ts_to(*birth),
            }),
            TxnRecord::Committed { commit_ts, spans, birth } => State::Committed(pb::Committed {
                commit_ts: ts_to(*commit_ts),
                spans: spans_to(spans),
                birth: ts_to(*birth),
            }),
            TxnRecord::Aborted { birth } => State::Aborted(pb::Aborted { birth: ts_to(*birth) }),
        };
        pb::TxnRecord { state: Some(state) }
    }

    fn from_message(message: pb::TxnRecord) -> Result<TxnRecord> {
        use pb::{staging, txn_record::State};
        match message.state.ok_or("its state is missing")? {
            State::Staging(staging) => Ok(TxnRecord::Staging {
                stage: staging.stage,
                commit_ts: ts_from(staging.commit_ts)?,
                // Absent must never read as evidence, let alone as an empty list of it, which would prove a commit.
                staged: match staging.staged.ok_or("its evidence is missing")? {
                    staging::Staged::Open(pb::Open {}) => Staged::Open,
                    staging::Staged::Evidence(list) => Staged::Evidence(
                        list.items.into_iter().map(Evidence::from_message).collect::<Result<_>>()?,
                    ),
                },
                spans: spans_from(staging.spans),
                birth: ts_from(staging.birth)?,
            }),
            State::Committed(committed) => Ok(TxnRecord::Committed {
                commit_ts: ts_from(committed.commit_ts)?,
                spans: spans_from(committed.spans),
                birth: ts_from(committed.birth)?,
            }),
            State::Aborted(aborted) => Ok(TxnRecord::Aborted { birth: ts_from(aborted.birth)? }),
        }
    }
}
