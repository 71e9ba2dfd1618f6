//! Each rule that can be switched off is seen to be needed: a scenario in which nothing goes wrong, and in which
//! something does once the rule is off.

mod support;

use std::future::Future;
use std::time::Duration;

use base::Timestamp;
use proto::{GcRequest, KvError, QueryRecordRequest, Request, Response};
use range::bugs::{Bug, plant};
use support::*;

/// `violated` tells whether the scenario has broken a promise.
async fn seen_only_with<F: Future<Output = bool>>(bug: Bug, violated: impl Fn() -> F) {
    assert!(!violated().await, "without {bug:?}");
    let planted = plant(bug);
    assert!(violated().await, "with {bug:?}");
    drop(planted);
    assert!(!violated().await, "after {bug:?}");
}

#[tokio::test]
async fn t1_write_below_a_read() {
    seen_only_with(Bug::IgnoreTsCache, || async {
        let w = world();
        let before = w.get("k", 1000).await;
        w.put(1, "k", "late", 900).await.unwrap();
        before != w.get("k", 1000).await
    })
    .await;
}

#[tokio::test]
async fn t1_write_below_a_scan() {
    seen_only_with(Bug::IgnoreTsCache, || async {
        let w = world();
        let before = w.scan(scan("a..z", 1000)).await;
        w.put(1, "k", "phantom", 900).await.unwrap();
        before != w.scan(scan("a..z", 1000)).await
    })
    .await;
}

#[tokio::test]
async fn t1_write_below_the_newest_version() {
    seen_only_with(Bug::IgnoreNewestVersion, || async {
        let w = world();
        w.put(1, "k", "first", 1000).await.unwrap();
        w.put(2, "k", "second", 900).await.unwrap();
        w.get("k", 1050).await != Ok(Some("second".into()))
    })
    .await;
}

#[tokio::test]
async fn t1_write_over_a_foreign_intent() {
    seen_only_with(Bug::OverwriteForeignIntent, || async {
        let w = world();
        w.prepare(prepare(1, 1, &[("k", "mine")], 1000)).await.unwrap();
        // Whatever the timestamps.
        !matches!(w.put(2, "k", "theirs", 900).await, Err(KvError::Intents(_)))
    })
    .await;
}

#[tokio::test]
async fn t1_write_below_the_closed_timestamp() {
    seen_only_with(Bug::IgnoreClosedTs, || async {
        let w = world();
        w.kv.range(&key("k")).close_timestamp(ts(1000)).await.unwrap();
        w.put(1, "k", "late", 900).await.unwrap() <= ts(1000)
    })
    .await;
}

#[tokio::test]
async fn t2_commit_without_validation() {
    seen_only_with(Bug::SkipValidation, || async {
        let w = world();
        w.put(2, "a", "changed", 950).await.unwrap();
        let mut request = commit(1, &[("b", "from old a")], 960);
        request.reads = reads(&["a"], 900);
        !matches!(w.commit(request).await, Err(KvError::Conflict { .. }))
    })
    .await;
}

#[tokio::test]
async fn t2_validation_without_bump() {
    seen_only_with(Bug::ValidateWithoutBump, || async {
        let w = world();
        w.validate(1, &["a", "c..d"], 900, 1000).await.unwrap();
        let point = w.put(2, "a", "late", 950).await.unwrap();
        let phantom = w.put(3, "cc", "late", 950).await.unwrap();
        point <= ts(1000) || phantom <= ts(1000)
    })
    .await;
}

#[tokio::test]
async fn t2_commit_bumps_what_it_has_validated() {
    seen_only_with(Bug::ValidateWithoutBump, || async {
        let w = world();
        let mut request = commit(1, &[("b", "1")], 1000);
        request.reads = reads(&["a"], 900);
        w.commit(request).await.unwrap();
        w.put(2, "a", "late", 950).await.unwrap() <= ts(1000)
    })
    .await;
}

#[tokio::test]
async fn t2_old_intents_count_too() {
    seen_only_with(Bug::IntentsOnlyAboveReadTs, || async {
        let w = world();
        w.prepare(prepare(2, 1, &[("a", "undecided")], 850)).await.unwrap();
        w.validate(1, &["a"], 900, 1000).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn reads_meet_uncertain_versions() {
    seen_only_with(Bug::IgnoreUncertainty, || async {
        let w = world();
        let at = w.put(1, "k", "v", 950).await.unwrap();
        let found = w.get_by("k", read(Some(2), ts(900), ts(1000))).await;
        found != Err(KvError::Uncertain { key: key("k"), at })
    })
    .await;
}

#[tokio::test]
async fn reads_wait_for_what_is_in_flight() {
    seen_only_with(Bug::ReadDoesNotWait, || async {
        let w = world();
        w.kv.hold(&key("k"));
        let commit = w.put(1, "k", "v", 900);
        let read = async {
            w.kv.until_queued(&key("k"), 1).await;
            w.get("k", 1000).await
        };
        let release = async {
            w.kv.until_queued(&key("k"), 1).await;
            settle().await;
            w.kv.release(&key("k"));
        };
        let (committed, found, ()) = tokio::join!(commit, read, release);
        committed == Ok(ts(900)) && found != Ok(Some("v".into()))
    })
    .await;
}

#[tokio::test]
async fn t5_record_changes_by_comparing_only() {
    seen_only_with(Bug::RecordWithoutCompare, || async {
        let w = world();
        w.record(1, "k", None, Some(staging(1, 1000))).await.unwrap();
        w.record(1, "k", Some(staging(1, 1000)), Some(aborted(1000))).await.unwrap();
        let late = w.record(1, "k", Some(staging(1, 1000)), Some(committed(1000))).await;
        late != Err(KvError::RecordMismatch(Some(aborted(1000))))
    })
    .await;
}

async fn prepare_after_recovery_found_nothing() -> bool {
    let w = world();
    assert_eq!(w.recover(1, "k", 1, 1000).await, Ok(None));
    w.prepare(prepare(1, 1, &[("k", "late")], 1000)).await.unwrap() <= ts(1000)
}

#[tokio::test]
async fn t5_recovery_makes_the_missing_prepare_impossible() {
    seen_only_with(Bug::RecoverWithoutBump, prepare_after_recovery_found_nothing).await;
}

#[tokio::test]
async fn t5_recovery_bumps_without_owner() {
    seen_only_with(Bug::RecoverWithOwner, prepare_after_recovery_found_nothing).await;
}

#[tokio::test]
async fn t5a_a_removed_record_is_not_created_again() {
    seen_only_with(Bug::RemoveRecordWithoutThreshold, || async {
        let w = world();
        w.record(1, "k", None, Some(aborted(1000))).await.unwrap();
        // Too young to go.
        assert!(w.record(1, "k", Some(aborted(1000)), None).await.is_err());
        w.clock.advance(Duration::from_nanos(DEADLINE + 3 * OFFSET));
        w.record(1, "k", Some(aborted(1000)), None).await.unwrap();
        let mut late = prepare(1, 1, &[("k", "back from the dead")], 1000);
        late.stage = stage(1, &[("k", 1)]);
        late.deadline = ts(NOW + 2 * DEADLINE);
        let late = w.prepare(late).await;
        late != Err(KvError::RecordThreshold(ts(1000)))
    })
    .await;
}

#[tokio::test]
async fn t6_nothing_is_applied_behind_a_gap() {
    seen_only_with(Bug::ApplyOverGap, || async {
        let w = world();
        w.put(9, "k", "base", 900).await.unwrap();
        w.kv.hold(&key("k"));
        // The second deletes what it sees of the first.
        let first = w.put(1, "k", "one", 950);
        let second = async {
            w.kv.until_queued(&key("k"), 1).await;
            w.put(2, "k", "two", 900).await
        };
        let log = async {
            w.kv.until_queued(&key("k"), 2).await;
            w.kv.refuse_next(&key("k"));
            w.kv.apply_next(&key("k"));
            let applied = w.kv.engine().get(storage_space(), &version_of("k")).unwrap().is_some();
            w.kv.release(&key("k"));
            applied
        };
        let (first, second, applied) = tokio::join!(first, second, log);
        // Both are evaluated again.
        assert!(first.is_ok() && second.is_ok(), "{first:?} {second:?}");
        applied
    })
    .await;
}

fn storage_space() -> storage::Space {
    storage::Space::Mvcc
}

/// Where the second commit of the test above would lie: just above the first.
fn version_of(name: &str) -> Vec<u8> {
    storage::keys::version_key(name.as_bytes(), Timestamp::new(950, 1))
}

#[tokio::test]
async fn t6_evaluation_sees_what_is_in_flight() {
    seen_only_with(Bug::IgnoreOverlay, || async {
        let w = world();
        w.put(9, "n", "0", 900).await.unwrap();
        w.kv.hold(&key("n"));
        // Both have read 0 and write 1.
        let increment = |id| {
            let mut request = commit(id, &[("n", "1")], 1000);
            request.reads = reads(&["n"], 950);
            w.commit(request)
        };
        let second = async {
            w.kv.until_queued(&key("n"), 1).await;
            increment(2).await
        };
        let log = async {
            w.kv.until_queued(&key("n"), 1).await;
            settle().await;
            w.kv.release(&key("n"));
        };
        let (first, second, ()) = tokio::join!(increment(1), second, log);
        first.is_ok() && second.is_ok()
    })
    .await;
}

#[tokio::test]
async fn t7_a_new_incarnation_remembers_the_reads_of_earlier_ones() {
    seen_only_with(Bug::ForgetLowWaterMark, || async {
        let w = world();
        let before = w.get("k", 1000).await;
        w.kv.restart_all();
        w.clock.advance(Duration::from_nanos(2 * OFFSET));
        w.put(1, "k", "late", 900).await.unwrap();
        before != w.get("k", 1000).await
    })
    .await;
}

fn gc(threshold: u64) -> Request {
    Request::Gc(GcRequest { span: span("..\u{ff}"), threshold: ts(threshold) })
}

#[tokio::test]
async fn t8_reads_below_the_gc_threshold_fail() {
    seen_only_with(Bug::IgnoreGcThreshold, || async {
        let w = world();
        w.put(1, "k", "old", 100).await.unwrap();
        w.put(2, "k", "new", 200).await.unwrap();
        w.clock.advance(Duration::from_nanos(2 * DEADLINE));
        assert!(matches!(w.send(gc(300)).await, Ok(Response::Collected(1))));
        assert_eq!(w.get("k", 300).await, Ok(Some("new".into())));
        let stale = w.validate(3, &["k"], 150, 400).await;
        let old = w.get("k", 150).await;
        !matches!(old, Err(KvError::BelowGcThreshold { .. }))
            || !matches!(stale, Err(KvError::BelowGcThreshold { .. }))
    })
    .await;
}

#[tokio::test]
async fn t9_gc_leaves_what_a_first_look_must_find() {
    seen_only_with(Bug::GcIgnoresRetention, || async {
        let w = world();
        w.put(1, "k", "once", 1000).await.unwrap();
        w.put(2, "k", "other", 1001).await.unwrap();
        w.send(gc(1050)).await.unwrap();
        w.put(1, "k", "once", 1000).await != Err(KvError::AlreadyCommitted(ts(1000)))
    })
    .await;
}

#[tokio::test]
async fn t9_a_commit_takes_effect_once() {
    seen_only_with(Bug::SkipFirstLook, || async {
        let w = world();
        w.put(1, "k", "once", 1000).await.unwrap();
        w.put(2, "k", "other", 1001).await.unwrap();
        w.put(1, "k", "once", 1000).await != Err(KvError::AlreadyCommitted(ts(1000)))
    })
    .await;
}

#[tokio::test]
async fn t9_nothing_is_evaluated_after_its_deadline() {
    seen_only_with(Bug::IgnoreDeadline, || async {
        let w = world();
        let mut request = commit(1, &[("k", "late")], 1000);
        request.deadline = ts(1010);
        w.clock.advance(Duration::from_nanos(20));
        w.commit(request).await != Err(KvError::DeadlinePassed { deadline: ts(1010) })
    })
    .await;
}

#[tokio::test]
async fn t10_answers_wait_for_what_they_rest_on() {
    seen_only_with(Bug::AnswerFromUnapplied, || async {
        let w = world();
        w.kv.hold(&key("k"));
        // Sent twice; the second send sees the first in flight, which then is lost.
        let first = w.put(1, "k", "v", 1000);
        let second = async {
            w.kv.until_queued(&key("k"), 1).await;
            w.put(1, "k", "v", 1000).await
        };
        let log = async {
            w.kv.until_queued(&key("k"), 1).await;
            settle().await;
            w.kv.lose_next(&key("k"), false);
            w.kv.restart(&key("k"));
            w.clock.advance(Duration::from_nanos(2 * OFFSET));
        };
        let (first, second, ()) = tokio::join!(first, second, log);
        assert!(matches!(first, Err(KvError::Unknown(_))), "{first:?}");
        matches!(second, Err(KvError::AlreadyCommitted(_)))
    })
    .await;
}

#[tokio::test]
async fn t10_a_record_in_flight_is_not_told() {
    seen_only_with(Bug::AnswerFromUnapplied, || async {
        let w = world();
        w.record(1, "k", None, Some(staging(1, 1000))).await.unwrap();
        w.kv.hold(&key("k"));
        let decide = w.record(1, "k", Some(staging(1, 1000)), Some(aborted(1000)));
        let ask = async {
            w.kv.until_queued(&key("k"), 1).await;
            w.record(1, "k", Some(staging(1, 1000)), Some(committed(1000))).await
        };
        let query = async {
            w.kv.until_queued(&key("k"), 1).await;
            let query = QueryRecordRequest { txn: txn(1).id, anchor: key("k") };
            w.send(Request::QueryRecord(query)).await
        };
        let log = async {
            w.kv.until_queued(&key("k"), 1).await;
            settle().await;
            w.kv.lose_next(&key("k"), false);
            w.kv.restart(&key("k"));
        };
        let (decided, asked, queried, ()) = tokio::join!(decide, ask, query, log);
        assert!(matches!(decided, Err(KvError::Unknown(_))), "{decided:?}");
        assert!(matches!(queried, Ok(Response::Record { record: Some(_), .. })), "{queried:?}");
        asked == Err(KvError::RecordMismatch(Some(aborted(1000))))
    })
    .await;
}
