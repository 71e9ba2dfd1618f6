//! Programs and one-row updates of a table `(id bigint primary key, n bigint)`, through transactions.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base::memory::Account;
use base::{Key, NodeId, ProcessId, Span};
use bytes::Bytes;
use datum::expr::Expr;
use datum::program::{OnRow, Output};
use datum::row::{KeyColumn, RowLayout, ValueColumn};
use datum::{Datum, Program, RowUpdate, Type, function};
use proto::{BoxFuture, KvError, KvSender, Request, Response, ScanRows};
use range::{LocalKv, ManualClock};
use txn::{Coordinator, Error, Parts, ScanOptions, Settings, TxnOptions, UpdateOptions};

fn layout() -> Arc<RowLayout> {
    let key = KeyColumn { ordinal: 0, ty: Type::Int8, desc: false, nulls_first: false };
    let value = ValueColumn { ordinal: 1, id: 2, ty: Type::Int8, missing: Datum::Null };
    let prefix = Bytes::from_static(b"t/");
    Arc::new(RowLayout { prefix, key: vec![key], unique_prefix: None, value: vec![value], width: 2 })
}

fn row(id: i64, n: i64) -> (Key, Bytes) {
    let row = [Datum::Int8(id), Datum::Int8(n)];
    (Key::from(layout().encode_key(&row).unwrap()), Bytes::from(layout().encode_value(&row).unwrap()))
}

fn column(i: u32) -> Expr {
    Expr::Column(i, Type::Int8)
}

fn operator(symbol: &str, left: Expr, right: i64) -> Expr {
    let found = function::operator(symbol, Some(Type::Int8), Type::Int8).unwrap();
    Expr::call(found.function, vec![left, Expr::Const(Datum::Int8(right), Type::Int8)])
}

/// UPDATE t SET n = n + 1 WHERE id = …
fn increment(returning: Vec<Expr>) -> Arc<RowUpdate> {
    let set = vec![(1, operator("+", column(1), 1))];
    let on_row = OnRow::Update { filter: None, set };
    Arc::new(RowUpdate { layout: layout(), insert: None, on_row, checks: Vec::new(), returning })
}

/// Loses every n-th answer.
struct Lossy {
    kv: LocalKv,
    every: usize,
    count: AtomicUsize,
}

impl KvSender for Lossy {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, KvError>> {
        Box::pin(async move {
            let update = matches!(request, Request::Update(_));
            let answer = self.kv.send(request).await;
            let lost = update
                && self.every > 0
                && self.count.fetch_add(1, Ordering::Relaxed).is_multiple_of(self.every);
            if lost { Err(KvError::Unknown("lost".into())) } else { answer }
        })
    }
}

fn coordinator(every: usize) -> Arc<Coordinator> {
    let clock = ManualClock::at(1_000_000_000_000).hybrid(Duration::from_millis(250));
    let kv = LocalKv::new(clock.clone(), &[row(50, 0).0], range::Settings::default());
    let made = Coordinator::new(Parts {
        sender: Arc::new(Lossy { kv: kv.clone(), every, count: AtomicUsize::new(0) }),
        partition: Arc::new(kv),
        clock: Arc::new(clock),
        env: support::env(5),
        node: NodeId(1),
        process: ProcessId(1),
        settings: Settings::default(),
        registry: base::metrics::Registry::default(),
        memory: Account::root("test", 1 << 20),
        peers: None,
    });
    made.expect("no directory is asked for")
}

async fn put(coordinator: &Arc<Coordinator>, rows: &[(i64, i64)]) {
    let mut txn = coordinator.begin(TxnOptions::default()).unwrap();
    for (id, n) in rows {
        let (key, value) = row(*id, *n);
        txn.put(key, value).unwrap();
    }
    txn.commit().await.unwrap();
}

#[tokio::test]
async fn sixteen_updates_of_one_row_queue_and_never_conflict() {
    let coordinator = coordinator(0);
    put(&coordinator, &[(1, 0)]).await;
    let mut clients = Vec::new();
    for _ in 0..16 {
        let coordinator = coordinator.clone();
        clients.push(tokio::spawn(async move {
            for _ in 0..10 {
                let update = increment(vec![column(1)]);
                let done =
                    coordinator.update_row(row(1, 0).0, update, UpdateOptions::default()).await.unwrap();
                assert_eq!(done.row.unwrap().len(), 1);
            }
        }));
    }
    for client in clients {
        client.await.unwrap();
    }
    let update = increment(vec![column(1)]);
    let last = coordinator.update_row(row(1, 0).0, update, UpdateOptions::default()).await.unwrap();
    assert_eq!(last.row.unwrap().row(0), [Datum::Int8(161)]);
}

#[tokio::test]
async fn an_update_whose_answer_is_lost_acts_once() {
    let lossy = coordinator(2);
    put(&lossy, &[(1, 0)]).await;
    for _ in 0..3 {
        // Without columns to return nothing is lost: one row was written.
        let done = lossy.update_row(row(1, 0).0, increment(vec![]), UpdateOptions::default()).await.unwrap();
        assert_eq!(done.row.map(|row| row.len()), Some(1));
    }
    let with_columns =
        lossy.update_row(row(1, 0).0, increment(vec![column(1)]), UpdateOptions::default()).await;
    assert!(matches!(with_columns, Err(Error::Unknown { .. })), "its row is lost: {with_columns:?}");
    let mut txn = lossy.begin(TxnOptions::default()).unwrap();
    txn.begin_statement().unwrap();
    assert_eq!(txn.get(&[row(1, 0).0], None).await.unwrap(), [Some(row(1, 4).1)]);
}

#[tokio::test]
async fn a_program_sees_own_writes_as_the_leaseholder_would_see_them_committed() {
    let coordinator = coordinator(0);
    let stored: Vec<(i64, i64)> = (0..100).map(|id| (id, id % 10)).collect();
    put(&coordinator, &stored).await;
    // SELECT id, n WHERE n >= 5
    let program = Arc::new(Program {
        layout: layout(),
        filter: Some(operator(">=", column(1), 5)),
        output: Output::Rows(vec![column(0), column(1)]),
    });
    let change = async |commit: bool, reverse: bool, row_limit: u64| {
        let mut txn = coordinator.begin(TxnOptions::default()).unwrap();
        for id in [3, 40, 60, 200] {
            let (key, value) = row(id, 9);
            txn.put(key, value).unwrap();
        }
        for id in [5, 45, 55, 99] {
            txn.delete(row(id, 0).0).unwrap();
        }
        if commit {
            txn.commit().await.unwrap();
            txn = coordinator.begin(TxnOptions::default()).unwrap();
        }
        txn.begin_statement().unwrap();
        let options = ScanOptions {
            reverse,
            row_limit,
            byte_limit: 400,
            program: Some(program.clone()),
            ..ScanOptions::default()
        };
        let mut scan = txn.scan(Span::prefix(Key::from(&b"t/"[..])), options);
        let mut rows = Vec::new();
        while let Some(page) = scan.next_page(&mut txn).await.unwrap() {
            let ScanRows::Program(batch) = page else { panic!("a program's page") };
            rows.extend(batch.into_rows().map(|row| format!("{row:?}")));
        }
        rows
    };
    let shapes = [(false, 0), (true, 0), (false, 7), (true, 7), (false, 1000)];
    let mut own = Vec::new();
    for (reverse, limit) in shapes {
        own.push(change(false, reverse, limit).await);
    }
    for ((reverse, limit), own) in shapes.into_iter().zip(own) {
        let committed = change(true, reverse, limit).await;
        assert_eq!(own, committed, "reverse={reverse} limit={limit}");
        assert!(limit == 0 || committed.len() as u64 <= limit);
        assert!(!committed.is_empty());
    }
}
