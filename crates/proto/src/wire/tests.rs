//! Every record comes back as it was; foreign bytes are refused.

use base::{Key, NodeId, ProcessId, RangeId, Span, Timestamp, TxnId};
use bytes::Bytes;

use super::*;
use crate::records::{Evidence, Intent, RangeDescriptor, ReplicaDescriptor, Staged, TxnRecord, TxnRef};

fn span() -> Span {
    Span::new(Key::from(&b"a"[..]), Key::MAX)
}

fn txn() -> TxnRef {
    TxnRef {
        id: TxnId(u128::MAX - 5),
        age: Timestamp::new(u64::MAX, 3),
        coordinator: NodeId(2),
        process: ProcessId(u64::MAX),
    }
}

fn intent(value: Option<&'static [u8]>) -> Intent {
    Intent {
        txn: txn(),
        number: 0,
        prepare_ts: Timestamp::ZERO,
        anchor: Key::MIN,
        birth: Timestamp::new(1, u32::MAX),
        value: value.map(Bytes::from_static),
    }
}

fn records() -> Vec<TxnRecord> {
    let (commit_ts, birth) = (Timestamp::new(9, 1), Timestamp::new(8, 0));
    let evidence =
        vec![Evidence { key: Key::from(&b"k"[..]), number: 4 }, Evidence { key: Key::MIN, number: 0 }];
    let staging = |staged| TxnRecord::Staging { stage: 2, commit_ts, staged, spans: vec![span(); 2], birth };
    vec![
        staging(Staged::Open),
        staging(Staged::Evidence(vec![])),
        staging(Staged::Evidence(evidence)),
        TxnRecord::Committed { commit_ts, spans: vec![], birth },
        TxnRecord::Aborted { birth: Timestamp::ZERO },
    ]
}

fn check<T: Durable + PartialEq + std::fmt::Debug>(value: &T) {
    let bytes = value.encode();
    assert_eq!(&T::decode(&bytes).unwrap(), value);

    let mut newer = bytes.clone();
    newer[0] = T::VERSION + 1;
    let error = T::decode(&newer).unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "{} has unknown format version {} (this version knows up to {})",
            T::NAME,
            T::VERSION + 1,
            T::VERSION
        )
    );
    newer[0] = 0;
    assert!(matches!(T::decode(&newer), Err(WireError::UnknownVersion { version: 0, .. })));

    // A cut or changed message is refused or is another value; it never panics.
    for at in 0..bytes.len() {
        assert_ne!(T::decode(&bytes[..at]).ok().as_ref(), Some(value), "cut at {at}");
        let mut changed = bytes.clone();
        changed[at] ^= 0x55;
        let _ = T::decode(&changed);
    }
}

#[test]
fn records_come_back() {
    check(&intent(None));
    check(&intent(Some(b"")));
    check(&intent(Some(b"value")));
    records().iter().for_each(check);
    check(&RangeDescriptor {
        id: RangeId(7),
        span: span(),
        replicas: vec![
            ReplicaDescriptor { node: NodeId(1), voter: true },
            ReplicaDescriptor { node: NodeId(2), voter: false },
        ],
        generation: 3,
    });
}

#[test]
fn a_staging_record_without_evidence_is_refused() {
    let mut message = records()[0].to_message();
    let Some(pb::txn_record::State::Staging(staging)) = &mut message.state else { panic!("it is staging") };
    staging.staged = None;
    let mut bytes = vec![1];
    message.encode(&mut bytes).unwrap();
    let error = TxnRecord::decode(&bytes).unwrap_err().to_string();
    assert_eq!(error, "transaction record is malformed: its evidence is missing");
}

/// The bytes of format version 1 never change: a directory written by an older build must open.
#[test]
fn bytes_of_version_1() {
    let bytes = TxnRecord::Aborted { birth: Timestamp::new(1, 2) }.encode();
    assert_eq!(bytes, [1, 0x1a, 13, 0x0a, 11, 0x09, 1, 0, 0, 0, 0, 0, 0, 0, 0x10, 2]);
}
