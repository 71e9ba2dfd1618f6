use base::{NodeId, ProcessId, Timestamp};
use futures::FutureExt as _;

use super::*;

const BOUND: LockWait = LockWait::Wait(Duration::from_secs(3600));

fn txn(id: u128, age: u64) -> TxnRef {
    TxnRef {
        id: TxnId(id),
        age: Timestamp::new(age, 0),
        coordinator: NodeId(1),
        process: ProcessId(id as u64),
    }
}

fn table() -> Arc<LockTable> {
    Arc::new(LockTable::new(RangeId(1), Arc::new(WaitGraph::new()), Arc::new(|_, _| false), 100))
}

fn key(name: &str) -> Key {
    Key::from(name.as_bytes())
}

/// PostgreSQL's table 13.3, as it is printed.
#[test]
fn conflicts_are_those_of_postgresql() {
    use LockStrength::{KeyShare, NoKeyUpdate, Share, Update};
    let all = [KeyShare, Share, NoKeyUpdate, Update];
    let printed = ["---x", "--xx", "-xxx", "xxxx"];
    for (row, a) in printed.iter().zip(all) {
        for (cell, b) in row.chars().zip(all) {
            assert_eq!(conflicts(a, b), cell == 'x', "{a:?} {b:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_older_waiter_goes_first() {
    let (table, k) = (table(), key("k"));
    let (a, old, young) = (txn(1, 50), txn(2, 10), txn(3, 90));
    assert_eq!(table.acquire(&k, &a, LockStrength::Update, BOUND).await, Ok(Locked::Held { waited: false }));
    let mut second = Box::pin(table.acquire(&k, &young, LockStrength::Update, BOUND));
    let mut first = Box::pin(table.acquire(&k, &old, LockStrength::Update, BOUND));
    assert!(second.as_mut().now_or_never().is_none());
    assert!(first.as_mut().now_or_never().is_none());
    table.release_txn(a.id);
    assert!(second.as_mut().now_or_never().is_none());
    assert_eq!(first.await, Ok(Locked::Held { waited: true }));
    table.release_txn(old.id);
    assert_eq!(second.await, Ok(Locked::Held { waited: true }));
    table.release_txn(young.id);
    assert!(table.waits.is_empty());
    assert_eq!(table.held(), 0);
    assert!(table.inner.lock().queues.is_empty());
}

#[tokio::test(start_paused = true)]
async fn sharers_do_not_overtake_an_older_waiter_and_upgrade_without_queueing() {
    let (table, k) = (table(), key("k"));
    let (a, b, c) = (txn(1, 10), txn(2, 20), txn(3, 30));
    table.acquire(&k, &a, LockStrength::Share, BOUND).await.unwrap();
    let mut writer = Box::pin(table.acquire(&k, &b, LockStrength::Update, BOUND));
    assert!(writer.as_mut().now_or_never().is_none());
    let mut sharer = Box::pin(table.acquire(&k, &c, LockStrength::Share, BOUND));
    assert!(sharer.as_mut().now_or_never().is_none());
    // The only holder makes its lock stronger at once, in spite of the queue.
    let upgraded = table.acquire(&k, &a, LockStrength::Update, BOUND).now_or_never();
    assert_eq!(upgraded, Some(Ok(Locked::Held { waited: false })));
    // Whoever gives up waiting lets the others through.
    drop(writer);
    table.release_txn(a.id);
    assert_eq!(sharer.await, Ok(Locked::Held { waited: true }));
}

#[tokio::test(start_paused = true)]
async fn nowait_skip_and_timeout() {
    let (table, k) = (table(), key("k"));
    let (a, b) = (txn(1, 10), txn(2, 20));
    table.acquire(&k, &a, LockStrength::NoKeyUpdate, BOUND).await.unwrap();
    let refused = Err(KvError::LockNotAvailable { key: k.clone(), holder: a.id });
    assert_eq!(table.acquire(&k, &b, LockStrength::Share, LockWait::NoWait).await, refused);
    assert_eq!(table.acquire(&k, &b, LockStrength::Share, LockWait::SkipLocked).await, Ok(Locked::Skip));
    assert_eq!(
        table.acquire(&k, &b, LockStrength::KeyShare, LockWait::NoWait).await,
        Ok(Locked::Held { waited: false })
    );
    let wait = LockWait::Wait(Duration::from_millis(1700));
    let began = tokio::time::Instant::now();
    assert_eq!(table.acquire(&k, &b, LockStrength::Share, wait).await, refused);
    assert_eq!(began.elapsed(), Duration::from_millis(1700));
    assert!(table.waits.is_empty());
}

#[tokio::test(start_paused = true)]
async fn whoever_closes_a_circle_gets_the_deadlock() {
    let (table, x, y) = (table(), key("x"), key("y"));
    let (a, b) = (txn(1, 10), txn(2, 20));
    table.acquire(&x, &a, LockStrength::Update, BOUND).await.unwrap();
    table.acquire(&y, &b, LockStrength::Update, BOUND).await.unwrap();
    let mut first = Box::pin(table.acquire(&y, &a, LockStrength::Update, BOUND));
    assert!(first.as_mut().now_or_never().is_none());
    let second = table.acquire(&x, &b, LockStrength::Share, BOUND).await;
    assert_eq!(second, Err(KvError::Deadlock { key: x.clone() }));
    table.release_txn(b.id);
    assert_eq!(first.await, Ok(Locked::Held { waited: true }));
}

#[tokio::test(start_paused = true)]
async fn a_commit_closes_circles_too_and_takes_no_lock() {
    let (table, x, y) = (table(), key("x"), key("y"));
    let (a, b) = (txn(1, 10), txn(2, 20));
    table.acquire(&x, &a, LockStrength::Update, BOUND).await.unwrap();
    table.acquire(&y, &b, LockStrength::Update, BOUND).await.unwrap();
    let mut commit = Box::pin(table.wait_free(&y, &a, LockStrength::Update, Duration::from_secs(60)));
    assert!(commit.as_mut().now_or_never().is_none());
    let closing = table.wait_free(&x, &b, LockStrength::NoKeyUpdate, Duration::from_secs(60)).await;
    assert_eq!(closing, Err(KvError::Deadlock { key: x.clone() }));
    table.release_txn(b.id);
    assert_eq!(commit.await, Ok(()));
    assert_eq!(table.held(), 1);
    assert_eq!(table.blocker(b.id, [(&y, LockStrength::Update)]), None);
}

#[tokio::test(start_paused = true)]
async fn locks_of_a_process_that_is_gone_are_void() {
    let gone = Arc::new(AtomicUsize::new(0));
    let seen = gone.clone();
    let view: ProcessGone = Arc::new(move |_, process| process.0 == seen.load(Ordering::SeqCst) as u64);
    let table = Arc::new(LockTable::new(RangeId(1), Arc::new(WaitGraph::new()), view, 100));
    let k = key("k");
    let (dead, live) = (txn(7, 10), txn(8, 20));
    table.acquire(&k, &dead, LockStrength::Update, BOUND).await.unwrap();
    let mut waiting = Box::pin(table.acquire(&k, &live, LockStrength::Update, BOUND));
    assert!(waiting.as_mut().now_or_never().is_none());
    gone.store(7, Ordering::SeqCst);
    // A waiter looks again by itself.
    assert_eq!(waiting.await, Ok(Locked::Held { waited: true }));
    assert_eq!(table.held(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_incarnation_answers_everybody() {
    let (table, k) = (table(), key("k"));
    table.acquire(&k, &txn(1, 1), LockStrength::Update, BOUND).await.unwrap();
    let waiter = txn(2, 2);
    let mut waiting = Box::pin(table.acquire(&k, &waiter, LockStrength::Update, BOUND));
    assert!(waiting.as_mut().now_or_never().is_none());
    table.close();
    assert_eq!(waiting.await, Err(KvError::NotLeader { range: RangeId(1), hint: None }));
    assert!(table.acquire(&k, &waiter, LockStrength::Update, BOUND).await.is_err());
    assert!(table.waits.is_empty());
}
