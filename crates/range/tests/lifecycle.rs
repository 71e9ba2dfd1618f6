//! Beginnings and ends: of requests, of incarnations, of answers that nobody waits for.

mod support;

use std::sync::Arc;

use futures::FutureExt as _;
use parking_lot::Mutex;
use proto::{KvError, LockOptions, LockRequest, LockStrength, LockWait, Request, UnlockRequest};
use range::{Done, Effect, Fate, LocalKv, Parts, Proposer, Range, WaitGraph};
use support::*;

/// A proposer that keeps everything until it is told.
#[derive(Default)]
struct Kept {
    waiting: Mutex<Vec<Done>>,
    ended: Mutex<bool>,
}

impl Proposer for Kept {
    fn propose(&self, _effect: Effect, done: Done) {
        self.waiting.lock().push(done);
    }

    fn quiet(&self) -> proto::BoxFuture<'_, ()> {
        Box::pin(async {})
    }

    fn lease_covers(&self, _ts: base::Timestamp) -> bool {
        true
    }

    fn ended(&self) -> bool {
        *self.ended.lock()
    }
}

fn range_over(proposer: Arc<dyn Proposer>) -> Range {
    let w = world();
    let parts = Parts {
        descriptor: w.kv.descriptors().remove(0),
        engine: w.kv.engine().clone(),
        clock: w.kv.clock().clone(),
        proposer,
        waits: Arc::new(WaitGraph::new()),
        settings: settings(),
        low_water_mark: ts(1),
    };
    Range::new(parts).unwrap()
}

fn is_unknown(answer: &Result<proto::Response, KvError>) -> bool {
    matches!(answer, Err(KvError::Unknown(_)))
}

fn is_not_leader(answer: &Result<proto::Response, KvError>) -> bool {
    matches!(answer, Err(KvError::NotLeader { .. }))
}

#[tokio::test]
async fn closing_answers_everybody() {
    let range = range_over(Arc::new(Kept::default()));
    let lock = |id| {
        let lock = LockOptions {
            strength: LockStrength::Update,
            wait: LockWait::Wait(std::time::Duration::MAX / 4),
        };
        range.execute(Request::Lock(LockRequest { txn: txn(id), keys: vec![key("l")], lock }))
    };
    lock(1).await.unwrap();
    let get = proto::GetRequest { keys: vec![key("k")], read: read(None, ts(900), ts(900)) };
    let proposed = range.execute(Request::Commit(commit(2, &[("k", "v")], 500)));
    let reading = range.execute(Request::Get(get.clone()));
    let resting = range.execute(Request::Commit(commit(2, &[("k", "v")], 500)));
    let locking = async { lock(3).await };
    let mut all = Box::pin(futures::future::join4(proposed, reading, resting, locking));
    assert!(all.as_mut().now_or_never().is_none());
    range.close();
    let (proposed, reading, resting, locking) = all.await;
    assert!(is_unknown(&proposed), "{proposed:?}");
    assert!(is_not_leader(&reading) && is_not_leader(&resting) && is_not_leader(&locking));
    assert!(is_not_leader(&range.execute(Request::Get(get)).await));
    assert!(is_not_leader(&range.execute(Request::Commit(commit(4, &[("z", "v")], 500))).await));
}

#[tokio::test]
async fn a_proposal_dropped_without_a_word_ends_the_incarnation() {
    let kept = Arc::new(Kept::default());
    let range = range_over(kept.clone());
    let mut first = Box::pin(range.execute(Request::Commit(commit(1, &[("k", "v")], 500))));
    assert!(first.as_mut().now_or_never().is_none());
    kept.waiting.lock().clear();
    assert!(is_unknown(&first.await));
    assert!(is_not_leader(&range.execute(Request::Commit(commit(2, &[("z", "v")], 500))).await));
}

#[tokio::test]
async fn a_request_that_nobody_waits_for_leaves_nothing_behind() {
    let kept = Arc::new(Kept::default());
    let range = range_over(kept.clone());
    let first = range.execute(Request::Commit(commit(1, &[("k", "v")], 500)));
    assert!(first.now_or_never().is_none());
    assert_eq!(range.load().0, 1);
    let done = kept.waiting.lock().remove(0);
    done.complete(Fate::Applied);
    assert_eq!(range.load().0, 0);
    // The same while it waits for another's chain to mend, and for its latches: the whole span is being cleared.
    let clear = proto::ClearSpanRequest { span: span("a..z") };
    assert!(range.execute(Request::ClearSpan(clear)).now_or_never().is_none());
    let behind = range.execute(Request::Commit(commit(2, &[("k", "v")], 500)));
    assert!(behind.now_or_never().is_none());
    assert_eq!(kept.waiting.lock().len(), 1);
    let done = kept.waiting.lock().remove(0);
    done.complete(Fate::NotApplied);
    assert_eq!(range.load().0, 0);
    let after = range.execute(Request::Commit(commit(3, &[("k", "v")], 500)));
    assert!(after.now_or_never().is_none());
    assert_eq!(kept.waiting.lock().len(), 1);
}

#[tokio::test]
async fn an_ended_proposer_ends_the_range() {
    let kept = Arc::new(Kept::default());
    let range = range_over(kept.clone());
    *kept.ended.lock() = true;
    assert!(is_not_leader(&range.execute(Request::Commit(commit(1, &[("k", "v")], 500))).await));
    assert!(kept.waiting.lock().is_empty());
}

#[tokio::test]
async fn commands_of_wrong_shape_are_refused_not_trusted() {
    let w = world();
    let mut empty = commit(1, &[("k", "v")], 500);
    empty.writes.clear();
    let range = w.kv.range(&key("k"));
    assert!(matches!(range.execute(Request::Commit(empty)).await, Err(KvError::Corrupt(_))));
    let settings = range::Settings { command_bytes_max: 100, ..settings() };
    let small = world_with(&[], settings);
    let large = "x".repeat(200);
    assert!(matches!(small.put(1, "k", &large, 500).await, Err(KvError::TooLarge { .. })));
    assert_eq!(small.kv.range(&key("k")).load(), (0, 0));
    assert_eq!(small.put(2, "k", "x", 500).await, Ok(ts(500)));
}

#[tokio::test]
async fn a_full_disk_or_a_broken_engine_is_told() {
    let engine = Arc::new(storage::MemEngine::new());
    let clock = range::ManualClock::at(NOW);
    let kv = LocalKv::over(engine.clone(), clock.hybrid(settings().max_offset), &[], settings());
    engine.poison("the disk is gone");
    let answer = proto::KvSender::send(&kv, Request::Commit(commit(1, &[("k", "v")], 500))).await;
    assert!(matches!(answer, Err(KvError::Unavailable { .. })), "{answer:?}");
}

/// T9: who was sent away for a lock has not looked for an earlier send of itself, and must not say `Conflict`, which
/// means that it has.
#[tokio::test(start_paused = true)]
async fn t9_a_refusal_for_a_lock_says_nothing_about_earlier_sends() {
    let w = world();
    // The answer to this one is lost on its way.
    w.put(1, "k", "once", 500).await.unwrap();
    let lock = LockRequest {
        txn: txn(2),
        keys: vec![key("k")],
        lock: locking(LockStrength::Update, LockWait::NoWait).unwrap(),
    };
    w.send(Request::Lock(lock)).await.unwrap();
    let held = Err(KvError::LockNotAvailable { key: key("k"), holder: txn(2).id });
    assert_eq!(w.put(1, "k", "once", 500).await, held);
    // The holder is older, and whoever prepares holds intents.
    assert_eq!(w.prepare(prepare(3, 1, &[("k", "v")], 500)).await, held);
    w.send(Request::Unlock(UnlockRequest { txn: txn(2).id, keys: vec![key("k")] })).await.unwrap();
    assert_eq!(w.put(1, "k", "once", 500).await, Err(KvError::AlreadyCommitted(ts(500))));
}
