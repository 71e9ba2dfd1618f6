//! The life of a store: bootstrap, serve, stop, start again.

use std::time::Duration;

use base::env::Blocking;
use base::metrics::Registry;
use base::{RangeId, Timestamp};
use futures::future::join_all;
use proto::wire::Durable;
use proto::wire::replication::Vote;
use proto::{KvError, Response};
use storage::keys::{self, RaftState};
use storage::{Engine, Space, WriteBatch};

use crate::config::Config;
use crate::evaluator::{Begin, Evaluator, Evaluators};
use crate::planted::{Bug, Bugs};
use crate::replica::{Incarnation, Status};
use crate::testing::{self, Disks, MAX_OFFSET, R1, Setup, commit, count, get, increment, steps};
use crate::{OpenError, Store};
use std::sync::Arc;

async fn incarnation(store: &Store) -> Arc<Incarnation> {
    let mut status = store.replica(R1).unwrap().status();
    let status = status.wait_for(|s| matches!(s, Status::Leading(_))).await.unwrap().clone();
    match status {
        Status::Leading(incarnation) => incarnation,
        _ => unreachable!("waited for it"),
    }
}

async fn serves_and_is_found_again(blocking: Blocking) {
    let disks = Disks::default();
    let setup = Setup { blocking, ..Setup::default() };
    let store = setup.open(&disks).await;
    assert_eq!(increment(&store).await, Ok(1));
    assert!(store.send(R1, commit(&["k"])).await.is_ok());
    let many = join_all((0..100).map(|_| increment(&store))).await;
    let mut many: Vec<u64> = many.into_iter().map(Result::unwrap).collect();
    many.sort_unstable();
    assert_eq!(many, (3..103).collect::<Vec<_>>(), "each once, in one order");
    store.shutdown().await;
    assert!(matches!(increment(&store).await, Err(KvError::RangeChanged { .. })));

    let store = setup.open(&disks).await;
    assert_eq!(increment(&store).await, Ok(103));
    match store.send(R1, get("k")).await {
        Ok(Response::Get(values)) => assert_eq!(values[0].as_deref(), Some(&b"v"[..])),
        other => panic!("{other:?}"),
    }
    assert_eq!(store.descriptors().unwrap(), [testing::descriptor(&[1])]);
    store.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn serves_and_is_found_again_in_one_thread() {
    serves_and_is_found_again(Blocking::Inline).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serves_and_is_found_again_in_many() {
    serves_and_is_found_again(Blocking::Pool).await;
}

#[tokio::test(start_paused = true)]
async fn commands_share_entries_and_syncs() {
    let disks = Disks::default();
    let store = Setup::default().open(&disks).await;
    increment(&store).await.unwrap();
    let before = disks.log.stats().syncs;
    for result in join_all((0..1000).map(|_| increment(&store))).await {
        result.unwrap();
    }
    let syncs = disks.log.stats().syncs - before;
    assert!(syncs < 50, "a thousand commands at once cost {syncs} syncs");
    store.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn ranges_are_laid_down_once() {
    let disks = Disks::default();
    let store = Setup::default().open(&disks).await;
    store.shutdown().await;
    let env = testing::env(Blocking::Inline);
    let engines = storage::Engines { data: Arc::new(disks.data), log: Arc::new(disks.log) };
    let again = crate::bootstrap(&env, &engines, vec![testing::descriptor(&[1])], WriteBatch::new()).await;
    assert_eq!(again, Err(OpenError::NotEmpty(1)));
}

#[tokio::test(start_paused = true)]
async fn a_range_that_is_not_here_is_not_served() {
    let store = Setup::default().open(&Disks::default()).await;
    let answer = store.send(RangeId(9), commit(&[])).await;
    assert!(matches!(answer, Err(KvError::RangeChanged { .. })), "{answer:?}");
    store.shutdown().await;
}

// -- T10 -----------------------------------------------------------------------------------------------------

/// Whether every answered commit could be read when it was answered.
async fn answers_can_be_read(bugs: Bugs) -> bool {
    let store = Setup { bugs, ..Setup::default() }.open(&Disks::default()).await;
    let answers = join_all((0..20).map(|_| increment(&store))).await;
    store.shutdown().await;
    answers.iter().all(Result::is_ok)
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_given_when_its_effect_can_be_read() {
    assert!(answers_can_be_read(Bugs::default()).await);
}

#[tokio::test(start_paused = true)]
async fn planted_an_answer_before_the_apply_is_found() {
    assert!(!answers_can_be_read(Bugs::planted(Bug::AnswerBeforeApply)).await);
}

// -- T7 ------------------------------------------------------------------------------------------------------

/// Opens a store twice and says whether the second incarnation's writes begin above everything that the first can
/// have read.
async fn writes_begin_above_earlier_reads(bugs: Bugs) -> bool {
    let disks = Disks::default();
    let setup = Setup { bugs, ..Setup::default() };
    let store = setup.open(&disks).await;
    increment(&store).await.unwrap();
    let first = incarnation(&store).await;
    // The first incarnation may have read up to here: T12 lets no timestamp in that is further ahead.
    let read_ts = testing::now().add(MAX_OFFSET);
    store.shutdown().await;
    let store = setup.open(&disks.crashed(true)).await;
    let second = incarnation(&store).await;
    assert!(second.term() > first.term(), "a restarted process never leads in the term that it led before");
    increment(&store).await.unwrap();
    store.shutdown().await;
    second.low_water_mark() >= read_ts
}

#[tokio::test(start_paused = true)]
async fn a_new_incarnation_writes_above_what_an_earlier_one_read() {
    assert!(writes_begin_above_earlier_reads(Bugs::default()).await);
}

#[tokio::test(start_paused = true)]
async fn planted_a_forgotten_low_water_mark_is_found() {
    assert!(!writes_begin_above_earlier_reads(Bugs::planted(Bug::ForgetLowWaterMark)).await);
}

#[tokio::test(start_paused = true)]
async fn writes_wait_until_the_physical_clock_has_passed_the_mark() {
    let store = Setup::default().open(&Disks::default()).await;
    let begun = tokio::time::Instant::now();
    // Reads do not wait for it.
    store.send(R1, get("k")).await.unwrap();
    assert!(begun.elapsed() < MAX_OFFSET);
    increment(&store).await.unwrap();
    let waited = begun.elapsed();
    assert!(waited >= MAX_OFFSET && waited < MAX_OFFSET * 2, "{waited:?}");
    store.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn an_incarnation_that_is_over_serves_nothing() {
    let store = Setup::default().open(&Disks::default()).await;
    increment(&store).await.unwrap();
    let over = incarnation(&store).await;
    store.shutdown().await;
    use range::Proposer;
    assert!(over.proposer().ended());
    assert!(!over.proposer().lease_covers(Timestamp::ZERO));
}

// -- T7a -----------------------------------------------------------------------------------------------------

/// A replica of a range with three voters, of which the other two are away, that has voted for node 2.
async fn after_a_vote_for_another(bugs: Bugs) -> (Store, Disks) {
    let disks = Disks::default();
    let setup = Setup { voters: vec![1, 2, 3], bugs, ..Setup::default() };
    let store = setup.open(&disks).await;
    store.shutdown().await;
    let mut batch = WriteBatch::new();
    let vote = Vote { term: 50, node: base::NodeId(2), committed: true };
    batch.put(Space::Log, &keys::raft_state_key(R1, RaftState::Vote), &vote.encode());
    disks.log.write_synced(&batch).unwrap();
    (setup.open(&disks).await, disks)
}

fn vote_on_disk(disks: &Disks) -> Vote {
    let bytes = disks.log.get(Space::Log, &keys::raft_state_key(R1, RaftState::Vote)).unwrap().unwrap();
    Vote::decode(&bytes).unwrap()
}

/// Whether a replica that was opened with a vote for another on its disk keeps still for L: grants nothing, and
/// stands for nothing.
async fn keeps_still_for_l(bugs: Bugs) -> bool {
    let (store, disks) = after_a_vote_for_another(bugs).await;
    let lease = Config::default().lease;
    tokio::time::sleep(lease / 10).await;
    let asked = crate::raft::testing::vote_request(60, 3);
    let granted = crate::raft::testing::granted(store.receive(R1, asked).await.unwrap());
    tokio::time::sleep(lease * 8 / 10).await;
    let still = !granted && vote_on_disk(&disks).term == 50;
    // Once L is over it takes part again.
    tokio::time::sleep(lease).await;
    let asked = crate::raft::testing::vote_request(1000, 3);
    let granted = crate::raft::testing::granted(store.receive(R1, asked).await.unwrap());
    assert!(granted, "it must not keep still for ever");
    store.shutdown().await;
    still
}

#[tokio::test(start_paused = true)]
async fn a_reopened_voter_grants_nothing_within_the_lease() {
    assert!(keeps_still_for_l(Bugs::default()).await);
}

#[tokio::test(start_paused = true)]
async fn planted_a_vote_within_the_lease_is_found() {
    assert!(!keeps_still_for_l(Bugs::planted(Bug::VoteWithinLease)).await);
}

#[tokio::test(start_paused = true)]
async fn a_sole_voter_finds_its_own_vote_and_leads_at_once() {
    let disks = Disks::default();
    let store = Setup::default().open(&disks).await;
    increment(&store).await.unwrap();
    store.shutdown().await;
    let begun = tokio::time::Instant::now();
    let store = Setup::default().open(&disks).await;
    incarnation(&store).await;
    assert!(begun.elapsed() < Duration::from_millis(20), "{:?}", begun.elapsed());
    assert_eq!(vote_on_disk(&disks).node, base::NodeId(1));
    store.shutdown().await;
}

// -- failures ------------------------------------------------------------------------------------------------

#[tokio::test(start_paused = true)]
async fn a_full_disk_refuses_writes_and_recovers() {
    let disks = Disks::default();
    let store = Setup::default().open(&disks).await;
    increment(&store).await.unwrap();
    let a_moment = Duration::from_millis(20);
    disks.log.set_capacity(Some(0));
    tokio::time::sleep(a_moment).await;
    assert_eq!(increment(&store).await, Err(KvError::DiskFull));
    assert!(store.send(R1, get("k")).await.is_ok(), "reads go on");
    disks.log.set_capacity(None);
    tokio::time::sleep(a_moment).await;
    assert_eq!(increment(&store).await, Ok(2));
    store.shutdown().await;
}

/// A write that finds the disk full by itself waits for room: it is in the log's memory already, and cannot be taken
/// back.
#[tokio::test(start_paused = true)]
async fn a_write_that_meets_a_full_disk_waits_for_room() {
    let disks = Disks::default();
    let store = Setup::default().open(&disks).await;
    increment(&store).await.unwrap();
    // The store has just asked whether the disk is full.
    increment(&store).await.unwrap();
    disks.log.set_capacity(Some(0));
    let mut writing = Box::pin(increment(&store));
    assert!(tokio::time::timeout(Duration::from_secs(1), &mut writing).await.is_err());
    disks.log.set_capacity(None);
    assert_eq!(writing.await, Ok(3));
    store.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_failed_sync_ends_the_store() {
    let disks = Disks::default();
    let store = Setup::default().open(&disks).await;
    increment(&store).await.unwrap();
    let mut failure = store.failure();
    assert_eq!(*failure.borrow(), None);
    disks.log.poison("the disk is gone");
    let answer = increment(&store).await;
    assert!(matches!(answer, Err(KvError::Unknown(_))), "{answer:?}");
    let why = failure.wait_for(|why| why.is_some()).await.unwrap().clone().unwrap();
    assert!(why.contains("the disk is gone"), "{why}");
    assert!(matches!(increment(&store).await, Err(KvError::Unavailable { .. })));
    store.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_damaged_entry_is_refused_at_the_start() {
    let disks = Disks::default();
    let store = Setup::default().open(&disks).await;
    increment(&store).await.unwrap();
    store.shutdown().await;
    let (last, _) =
        disks.log.dump(Space::Log).into_iter().rfind(|(k, _)| keys::decode_entry_key(k).is_ok()).unwrap();
    let mut batch = WriteBatch::new();
    batch.put(Space::Log, &last, &[77, 1, 2, 3]);
    disks.log.write_synced(&batch).unwrap();
    let env = testing::env(Blocking::Inline);
    let physical = env.clock().clone();
    let parts = crate::Parts {
        clock: hybrid_clock::Clock::in_memory(Arc::new(move || physical.wall()), MAX_OFFSET),
        env,
        node: base::NodeId(1),
        engines: storage::Engines { data: Arc::new(disks.data), log: Arc::new(disks.log) },
        evaluators: Arc::new(testing::Counters),
        transport: None,
        config: Config::default(),
        metrics: Registry::default(),
        bugs: Bugs::default(),
    };
    let error = Store::open(parts).await.err().expect("what it cannot read it does not serve").to_string();
    assert!(error.contains("unknown format version 77"), "{error}");
}

/// An evaluator that cannot begin leaves a range unserved, not a store unopened.
struct Refusing;

impl Evaluators for Refusing {
    fn begin(&self, _: Begin) -> Result<Arc<dyn Evaluator>, KvError> {
        Err(KvError::Corrupt("thresholds".into()))
    }
}

#[tokio::test(start_paused = true)]
async fn a_range_whose_state_cannot_be_read_is_unavailable() {
    let disks = Disks::default();
    let env = testing::env(Blocking::Inline);
    let engines = storage::Engines { data: Arc::new(disks.data), log: Arc::new(disks.log) };
    crate::bootstrap(&env, &engines, vec![testing::descriptor(&[1])], WriteBatch::new()).await.unwrap();
    let physical = env.clock().clone();
    let parts = crate::Parts {
        clock: hybrid_clock::Clock::in_memory(Arc::new(move || physical.wall()), MAX_OFFSET),
        env,
        node: base::NodeId(1),
        engines,
        evaluators: Arc::new(Refusing),
        transport: None,
        config: Config::default(),
        metrics: Registry::default(),
        bugs: Bugs::default(),
    };
    let store = Store::open(parts).await.unwrap();
    let answer = increment(&store).await;
    assert!(matches!(answer, Err(KvError::Unavailable { .. })), "{answer:?}");
    store.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn the_count_is_what_was_stepped() {
    let disks = Disks::default();
    let store = Setup::default().open(&disks).await;
    for _ in 0..10 {
        increment(&store).await.unwrap();
    }
    store.shutdown().await;
    assert_eq!(count(&disks.data), 10);
    assert_eq!(steps(&disks.data), (1..=10).collect::<Vec<_>>());
}
