//! Programs and updates that run at the leaseholder, on a table `(id bigint primary key, n bigint)`.

mod support;

use std::sync::Arc;

use base::{Key, Span, Timestamp};
use datum::aggregate::AggregateCall;
use datum::expr::Expr;
use datum::function;
use datum::program::{OnRow, Output};
use datum::row::{KeyColumn, RowLayout, ValueColumn};
use datum::{Datum, Error, Program, RowUpdate, Type};
use proto::{
    KvError, KvSender as _, LockStrength, LockWait, Request, Response, ScanRequest, ScanRows, UpdateRequest,
    UpdateResponse,
};
use range::bugs::{Bug, plant};
use support::*;

fn layout() -> Arc<RowLayout> {
    let key = KeyColumn { ordinal: 0, ty: Type::Int8, desc: false, nulls_first: false };
    let value = ValueColumn { ordinal: 1, id: 2, ty: Type::Int8, missing: Datum::Null };
    let prefix = bytes::Bytes::from_static(b"t/");
    Arc::new(RowLayout { prefix, key: vec![key], unique_prefix: None, value: vec![value], width: 2 })
}

fn row_key(id: i64) -> Key {
    Key::from(layout().encode_key(&[Datum::Int8(id), Datum::Null]).unwrap())
}

fn table() -> Span {
    Span::prefix(key("t/"))
}

fn column(i: u32) -> Expr {
    Expr::Column(i, Type::Int8)
}

fn int(value: i64) -> Expr {
    Expr::Const(Datum::Int8(value), Type::Int8)
}

fn operator(symbol: &str, left: Expr, right: Expr) -> Expr {
    let found = function::operator(symbol, Some(Type::Int8), Type::Int8).unwrap();
    Expr::call(found.function, vec![left, right])
}

fn update(txn_id: u64, id: i64, insert: Option<i64>, on_row: OnRow) -> UpdateRequest {
    let update = RowUpdate {
        layout: layout(),
        insert: insert.map(|n| vec![Datum::Int8(id), Datum::Int8(n)]),
        on_row,
        checks: Vec::new(),
        returning: vec![column(1)],
    };
    UpdateRequest {
        txn: txn(txn_id),
        start_ts: ts(NOW),
        key: row_key(id),
        update: Arc::new(update),
        reads: reads(&[], 0),
        min_ts: ts(NOW),
        max_ts: Timestamp::MAX,
        deadline: ts(NOW + DEADLINE),
    }
}

/// UPDATE t SET n = n + 1 WHERE id = $1 RETURNING n
fn increment(txn_id: u64, id: i64) -> UpdateRequest {
    let set = vec![(1, operator("+", column(1), int(1)))];
    update(txn_id, id, None, OnRow::Update { filter: None, set })
}

fn duplicate() -> Error {
    Error::new("23505", "duplicate key value violates unique constraint \"t_pkey\"")
}

/// INSERT INTO t VALUES ($1, $2)
fn insert(txn_id: u64, id: i64, n: i64) -> UpdateRequest {
    update(txn_id, id, Some(n), OnRow::Fail(duplicate()))
}

async fn run(kv: &range::LocalKv, request: UpdateRequest) -> Result<UpdateResponse, KvError> {
    match kv.send(Request::Update(request)).await? {
        Response::Updated(updated) => Ok(updated),
        other => panic!("{other:?}"),
    }
}

fn returned(updated: &UpdateResponse) -> Option<i64> {
    updated.row.as_ref().map(|batch| match batch.row(0)[0] {
        Datum::Int8(n) => n,
        ref other => panic!("{other:?}"),
    })
}

async fn fill(w: &World, rows: i64) {
    for id in 0..rows {
        run(&w.kv, insert(1_000 + id as u64, id, id * 10)).await.unwrap();
    }
}

fn program(filter: Option<Expr>, output: Output) -> Option<Arc<Program>> {
    Some(Arc::new(Program { layout: layout(), filter, output }))
}

async fn scan_rows(w: &World, request: ScanRequest) -> Result<(Vec<Vec<i64>>, Option<Span>), KvError> {
    match w.send(Request::Scan(request)).await? {
        Response::Scan(found) => {
            let ScanRows::Program(batch) = found.rows else { panic!() };
            let int = |value: &Datum| match value {
                Datum::Int8(n) => *n,
                other => panic!("{other:?}"),
            };
            Ok((batch.rows().map(|row| row.iter().map(int).collect()).collect(), found.resume))
        }
        other => panic!("{other:?}"),
    }
}

fn table_scan(program: Option<Arc<Program>>) -> ScanRequest {
    let at = Timestamp::new(NOW, u32::MAX);
    ScanRequest { span: table(), program, read: read(Some(7), at, at), ..scan("a", NOW) }
}

#[tokio::test]
async fn a_hot_row_takes_many_updates_per_round_of_the_log() {
    let w = world();
    fill(&w, 1).await;
    let hot = row_key(0);
    w.kv.hold(&hot);
    let clients: Vec<_> = (1..=64)
        .map(|id| {
            let kv = w.kv.clone();
            tokio::spawn(async move { run(&kv, increment(id, 0)).await })
        })
        .collect();
    // All of them are evaluated, one on top of the other, and none is applied.
    w.kv.until_queued(&hot, 64).await;
    // One falls in the middle: those behind it fall with it, and are evaluated again.
    for _ in 0..20 {
        w.kv.apply_next(&hot);
    }
    w.kv.refuse_next(&hot);
    w.kv.release(&hot);
    let mut seen = Vec::new();
    for client in clients {
        seen.push(returned(&client.await.unwrap().unwrap()).unwrap());
    }
    seen.sort_unstable();
    assert_eq!(seen, (1..=64).collect::<Vec<i64>>());
}

#[tokio::test]
async fn an_increment_lost_by_evaluation_without_the_overlay_is_seen() {
    let _planted = plant(Bug::IgnoreOverlay);
    let w = world();
    fill(&w, 1).await;
    w.kv.hold(&row_key(0));
    let log = async {
        w.kv.until_queued(&row_key(0), 2).await;
        w.kv.release(&row_key(0));
    };
    let (a, b, ()) = tokio::join!(run(&w.kv, increment(1, 0)), run(&w.kv, increment(2, 0)), log);
    assert_eq!((returned(&a.unwrap()), returned(&b.unwrap())), (Some(1), Some(1)));
}

/// A unique violation, or "no row", over a command in flight: told only once that is applied.
async fn answers_before_the_log_moves(bug: Option<Bug>) -> bool {
    let _planted = bug.map(plant);
    let w = world();
    w.kv.hold(&row_key(5));
    let first = run(&w.kv, insert(1, 5, 50));
    let second = async {
        w.kv.until_queued(&row_key(5), 1).await;
        run(&w.kv, insert(2, 5, 51)).await
    };
    let log = async {
        w.kv.until_queued(&row_key(5), 1).await;
        settle().await;
        w.kv.refuse_next(&row_key(5));
        settle().await;
        w.kv.release(&row_key(5));
    };
    let (first, second, ()) = tokio::join!(first, second, log);
    let (first, second) = (first.is_ok(), second);
    // The first was refused and both were evaluated again: one is in, and only then the other is a duplicate.
    let inserted = usize::from(first) + usize::from(second.is_ok());
    assert_eq!(inserted, 1);
    matches!(second, Err(KvError::Eval(_))) && bug.is_some()
}

#[tokio::test]
async fn a_violation_over_an_insert_in_flight_waits_for_it() {
    assert!(!answers_before_the_log_moves(None).await);
    assert!(answers_before_the_log_moves(Some(Bug::AnswerFromUnapplied)).await);
}

#[tokio::test]
async fn what_an_update_finds() {
    let w = world();
    fill(&w, 1).await;
    let nothing = run(&w.kv, increment(1, 9)).await.unwrap();
    assert_eq!((returned(&nothing), nothing.commit_ts), (None, None));
    // That there was no row was a read: nobody inserts it below.
    let late =
        run(&w.kv, UpdateRequest { min_ts: ts(500), start_ts: ts(400), ..insert(2, 9, 90) }).await.unwrap();
    assert!(late.commit_ts.unwrap() > ts(NOW), "{late:?}");
    assert_eq!(run(&w.kv, insert(3, 0, 1)).await.unwrap_err(), KvError::Eval(duplicate()));
    let skipped = run(&w.kv, update(4, 0, Some(1), OnRow::Nothing)).await.unwrap();
    assert_eq!(skipped.commit_ts, None);
    let filter = Some(operator("=", column(1), int(77)));
    let unmet = run(&w.kv, update(5, 0, None, OnRow::Delete { filter })).await.unwrap();
    assert_eq!(unmet.commit_ts, None);
    let deleted = run(&w.kv, update(6, 0, None, OnRow::Delete { filter: None })).await.unwrap();
    assert_eq!(returned(&deleted), Some(0));
    // The same command again.
    let again = run(&w.kv, update(6, 0, None, OnRow::Delete { filter: None })).await;
    assert_eq!(again.unwrap_err(), KvError::AlreadyCommitted(deleted.commit_ts.unwrap()));
}

#[tokio::test]
async fn programs_filter_project_limit_and_count() {
    let w = world_with(&["t/\u{0}"], settings());
    fill(&w, 10).await;
    let rows = Output::Rows(vec![column(1), column(0)]);
    let filter = Some(operator(">=", column(1), int(50)));
    let request = ScanRequest { row_limit: 2, ..table_scan(program(filter.clone(), rows.clone())) };
    let (found, resume) = scan_rows(&w, request.clone()).await.unwrap();
    assert_eq!(found, [[50, 5], [60, 6]]);
    let rest = ScanRequest { span: resume.unwrap(), row_limit: 0, ..request.clone() };
    assert_eq!(scan_rows(&w, rest).await.unwrap(), (vec![vec![70, 7], vec![80, 8], vec![90, 9]], None));
    let reverse = ScanRequest { reverse: true, ..request };
    assert_eq!(scan_rows(&w, reverse).await.unwrap().0, [[90, 9], [80, 8]]);
    let count = function::aggregate("count", &[]).unwrap();
    let count = AggregateCall {
        function: count,
        args: Vec::new(),
        distinct: false,
        filter: None,
        order_by: Vec::new(),
        ty: Type::Int8,
    };
    let partial = Output::Partial { group_by: Vec::new(), aggregates: vec![count] };
    let Response::Scan(found) = w.send(Request::Scan(table_scan(program(filter, partial)))).await.unwrap()
    else {
        panic!()
    };
    let ScanRows::Program(batch) = found.rows else { panic!() };
    // A partial state for each range that was asked, for the gateway to merge.
    assert_eq!((batch.len(), found.resume), (2, None));
}

#[tokio::test]
async fn answers_are_bounded_and_can_be_resumed() {
    let settings = range::Settings { answer_bytes_max: 200, scan_rows_per_turn: 3, ..settings() };
    let w = world_with(&[], settings);
    fill(&w, 40).await;
    let mut request = table_scan(program(None, Output::Rows(vec![column(0)])));
    let (mut all, mut pages) = (Vec::new(), 0);
    loop {
        let (rows, resume) = scan_rows(&w, request.clone()).await.unwrap();
        all.extend(rows.into_iter().map(|row| row[0]));
        pages += 1;
        match resume {
            Some(rest) => request.span = rest,
            None => break,
        }
    }
    assert_eq!(all, (0..40).collect::<Vec<i64>>());
    assert!(pages > 1);
    let keys = (0..40).map(row_key).collect();
    let get = proto::GetRequest { keys, read: read(None, Timestamp::new(NOW, 9), Timestamp::new(NOW, 9)) };
    assert!(w.send(Request::Get(get)).await.is_ok());
}

#[tokio::test]
async fn a_queue_of_jobs_by_skip_locked() {
    let w = world();
    fill(&w, 4).await;
    let take = |id: u64| {
        let mut request = table_scan(program(None, Output::Rows(vec![column(0)])));
        request.row_limit = 2;
        request.read.txn = Some(txn(id));
        request.read.lock = locking(LockStrength::Update, LockWait::SkipLocked);
        request
    };
    let (mine, rest) = scan_rows(&w, take(1)).await.unwrap();
    assert_eq!(mine, [[0], [1]]);
    let (theirs, resume) = scan_rows(&w, take(2)).await.unwrap();
    assert_eq!((theirs, &resume), (vec![], &rest));
    let more = ScanRequest { span: resume.unwrap(), ..take(2) };
    assert_eq!(scan_rows(&w, more).await.unwrap().0, [[2], [3]]);
}

/// The same from many threads: a latch that is given up before the effect can be seen loses increments only there.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn threads_lose_no_increment() {
    let w = world();
    fill(&w, 1).await;
    let (clients, each) = (8u64, 400u64);
    let running: Vec<_> = (0..clients)
        .map(|client| {
            let kv = w.kv.clone();
            tokio::spawn(async move {
                let mut seen = Vec::new();
                for i in 0..each {
                    let answer = run(&kv, increment(1_000_000 + client * each + i, 0)).await.unwrap();
                    seen.push(answer.row.unwrap().row(0)[0].as_i64().unwrap());
                }
                seen
            })
        })
        .collect();
    let mut seen = Vec::new();
    for client in running {
        seen.extend(client.await.unwrap());
    }
    seen.sort_unstable();
    let first = seen[0];
    assert!(seen.iter().zip(first..).all(|(n, expected)| *n == expected), "an increment was lost");
    assert_eq!(seen.len() as u64, clients * each);
}
