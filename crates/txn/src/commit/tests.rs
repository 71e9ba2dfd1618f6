//! The machine, event by event. Whole protocols are enumerated in `tests/small_scope.rs`.

use std::time::Duration;

use base::{Key, NodeId, ProcessId, RangeId, Timestamp, TxnId};
use proto::{KvError, Piece, Response, Staged, TxnRecord, TxnRef};

use super::machine::Setup;
use super::*;

fn at(n: u64) -> Timestamp {
    Timestamp::new(n, 0)
}

fn machine(form: Form, parts: usize, window_bytes_max: u64) -> Machine {
    let setup = Setup {
        txn: TxnRef { id: TxnId(1), age: at(1), coordinator: NodeId(1), process: ProcessId(1) },
        read_ts: at(5),
        max_ts: Timestamp::MAX,
        holds_locks: false,
        deadline: Duration::from_nanos(100),
        max_offset: Duration::from_nanos(10),
        unavailable_max: Duration::from_nanos(50),
        window_bytes_max,
    };
    let part = |i: usize| {
        let key = Key::from(vec![i as u8]);
        Part { piece: Piece(i as u64), first: key.clone(), last: key, bytes: 10, reads: Vec::new() }
    };
    let parts = (0..parts).map(part).collect();
    Machine::new(setup, Plan { form, parts, elsewhere: Vec::new(), reads: false })
}

fn sent(actions: &[Action]) -> Vec<Sent> {
    actions
        .iter()
        .filter_map(|a| match a {
            Action::Send { sent, .. } => Some(*sent),
            _ => None,
        })
        .collect()
}

fn answer(actions: &[Action]) -> Option<&Outcome> {
    actions.iter().find_map(|a| match a {
        Action::Answer(outcome) => Some(outcome),
        _ => None,
    })
}

fn conflict() -> KvError {
    KvError::Conflict { key: Key::from(vec![1]), at: at(7) }
}

#[test]
fn a_refusal_counts_only_when_no_earlier_send_can_take_effect() {
    let mut m = machine(Form::OneRange, 1, 0);
    m.step(at(10), Event::Start);
    let actions = m.step(at(11), Event::Answer(Sent::Commit, Err(KvError::Unknown("lost".into()))));
    assert_eq!(sent(&actions), [Sent::Commit], "the same again");
    let actions = m.step(at(12), Event::Answer(Sent::Commit, Err(conflict())));
    assert_eq!((sent(&actions), answer(&actions)), (vec![Sent::Commit], None), "the first may still act");
    let actions = m.step(at(121), Event::Answer(Sent::Commit, Err(conflict())));
    assert_eq!(
        (sent(&actions), answer(&actions)),
        (vec![Sent::Commit], None),
        "it may have acted after that look"
    );
    let actions = m.step(at(122), Event::Answer(Sent::Commit, Err(conflict())));
    assert!(matches!(answer(&actions), Some(Outcome::Failed(Error::Conflict { .. }))), "{actions:?}");
}

#[test]
fn a_push_that_fails_does_not_make_an_unknown_send_a_failure() {
    let mut m = machine(Form::OneRange, 1, 0);
    m.step(at(10), Event::Start);
    m.step(at(11), Event::Answer(Sent::Commit, Err(KvError::Unknown("lost".into()))));
    // The look was at 12; the push took until no send can be evaluated any more, but the first one may have been.
    m.step(at(12), Event::Answer(Sent::Commit, Err(KvError::Intents(Vec::new()))));
    let blocked = PushError::Blocked { key: Key::from(vec![1]), owner: TxnId(2) };
    let actions = m.step(at(121), Event::Pushed(Sent::Commit, Err(PushFailure(blocked))));
    assert_eq!((sent(&actions), answer(&actions)), (vec![Sent::Commit], None), "{actions:?}");
    let committed = Err(KvError::AlreadyCommitted(at(50)));
    let actions = m.step(at(122), Event::Answer(Sent::Commit, committed));
    assert_eq!(answer(&actions), Some(&Outcome::Committed(at(50))));
}

#[test]
fn an_answer_without_a_look_never_makes_an_unknown_send_a_failure() {
    let mut m = machine(Form::OneRange, 1, 0);
    m.step(at(10), Event::Start);
    m.step(at(11), Event::Answer(Sent::Commit, Err(KvError::Unknown("lost".into()))));
    let changed = KvError::RangeChanged { newer: vec![] };
    let actions = m.step(at(12), Event::Answer(Sent::Commit, Err(changed.clone())));
    assert_eq!(answer(&actions), None);
    m.step(at(121), Event::Answer(Sent::Commit, Err(changed.clone())));
    let locked = KvError::LockNotAvailable { key: Key::from(vec![1]), holder: TxnId(2) };
    let actions = m.step(at(122), Event::Answer(Sent::Commit, Err(locked)));
    assert!(matches!(answer(&actions), Some(Outcome::Failed(Error::Unknown { .. }))), "{actions:?}");
}

#[test]
fn nobody_is_told_aborted_before_it_is_durable() {
    let mut m = machine(Form::Staged, 2, 0);
    assert_eq!(sent(&m.step(at(10), Event::Start)), [Sent::Prepare(0), Sent::Prepare(1)]);
    assert_eq!(m.step(at(11), Event::Answer(Sent::Prepare(0), Ok(Response::Prepared(at(10))))), []);
    let actions = m.step(at(12), Event::Answer(Sent::Prepare(1), Err(conflict())));
    assert_eq!((sent(&actions), answer(&actions)), (vec![Sent::Record], None), "T11");
    let unknown = Err(KvError::Unknown("lost".into()));
    let actions = m.step(at(13), Event::Answer(Sent::Record, unknown));
    assert_eq!(
        (sent(&actions), answer(&actions)),
        (vec![Sent::Record], None),
        "still not durable, for all it knows"
    );
    let aborted = Err(KvError::RecordMismatch(Some(TxnRecord::Aborted { birth: at(10) })));
    let actions = m.step(at(14), Event::Answer(Sent::Record, aborted));
    assert!(matches!(answer(&actions), Some(Outcome::Failed(Error::Conflict { .. }))), "{actions:?}");
    assert!(actions.iter().any(|a| matches!(a, Action::Clean(c) if c.decision == proto::Decision::Aborted)));
}

#[test]
fn an_abort_that_comes_too_late_is_a_success() {
    let mut m = machine(Form::Staged, 2, 0);
    m.step(at(10), Event::Start);
    m.step(at(11), Event::Answer(Sent::Prepare(0), Ok(Response::Prepared(at(10)))));
    m.step(at(12), Event::Answer(Sent::Prepare(1), Err(conflict())));
    let committed = TxnRecord::Committed { commit_ts: at(10), spans: vec![], birth: at(10) };
    let actions = m.step(at(13), Event::Answer(Sent::Record, Err(KvError::RecordMismatch(Some(committed)))));
    assert_eq!(answer(&actions), Some(&Outcome::Committed(at(10))), "T5: an answer COMMITTED is success");
}

#[test]
fn an_absent_record_tells_its_coordinator_nothing() {
    let mut m = machine(Form::Staged, 2, 0);
    m.step(at(10), Event::Start);
    m.step(at(11), Event::Answer(Sent::Prepare(0), Ok(Response::Prepared(at(20)))));
    let actions = m.step(at(12), Event::Answer(Sent::Prepare(1), Ok(Response::Prepared(at(10)))));
    assert_eq!(sent(&actions), [Sent::Record], "staged again at 20");
    let actions = m.step(at(21), Event::Answer(Sent::Record, Err(KvError::RecordMismatch(None))));
    assert!(matches!(answer(&actions), Some(Outcome::Failed(Error::Unknown { .. }))), "T5a: {actions:?}");
}

#[test]
fn open_commits_stage_first_and_keep_to_their_window() {
    let mut m = machine(Form::Open, 5, 20);
    let actions = m.step(at(10), Event::Start);
    let [Action::Send { sent: Sent::Record, command: Command::Record { new, .. }, .. }] = actions.as_slice()
    else {
        panic!("{actions:?}")
    };
    assert!(matches!(new, TxnRecord::Staging { staged: Staged::Open, .. }));
    let actions = m.step(at(11), Event::Answer(Sent::Record, Ok(Response::Done)));
    assert_eq!(sent(&actions), [Sent::Prepare(0), Sent::Prepare(1)], "twenty bytes at once");
    for part in 0..5 {
        let actions = m.step(at(12), Event::Answer(Sent::Prepare(part), Ok(Response::Prepared(at(10)))));
        let next = if part < 3 { vec![Sent::Prepare(part + 2)] } else { vec![] };
        match part {
            4 => {
                assert_eq!((sent(&actions), answer(&actions)), (vec![Sent::Record], None), "COMMITTED first")
            }
            _ => assert_eq!(sent(&actions), next),
        }
    }
    let actions = m.step(at(13), Event::Answer(Sent::Record, Ok(Response::Done)));
    assert_eq!(answer(&actions), Some(&Outcome::Committed(at(10))));
    assert!(actions.contains(&Action::Done));
}

#[test]
fn an_unavailable_range_is_asked_again_for_a_while() {
    let mut m = machine(Form::OneRange, 1, 0);
    m.step(at(10), Event::Start);
    let gone = || Err(KvError::Unavailable { range: RangeId(1), why: "no leaseholder".into() });
    assert_eq!(sent(&m.step(at(20), Event::Answer(Sent::Commit, gone()))), [Sent::Commit]);
    let actions = m.step(at(90), Event::Answer(Sent::Commit, gone()));
    assert!(matches!(answer(&actions), Some(Outcome::Failed(Error::Unavailable { .. }))), "{actions:?}");
}
