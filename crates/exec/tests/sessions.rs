//! Sessions beside each other, the extended protocol, cancellation, limits.

mod support;

use bytes::Bytes;
use exec::{Completion, Format, Session, TxnStatus};
use support::{Shown, World};

/// A gateway runs each session in a task of its own.
#[test]
fn sessions_may_be_moved_between_threads() {
    fn is_send<T: Send>(_: T) {}
    fn check<'s>(session: &'s mut Session, sink: &'s mut Shown) {
        is_send(session.simple("", sink));
    }
    fn check_execute<'s>(session: &'s mut Session, sink: &'s mut Shown) {
        is_send(session.execute("", 0, true, sink));
    }
    fn check_copy<'s>(session: &'s mut Session, sink: &'s mut Shown) {
        is_send(session.copy_done(sink));
    }
    let _ = (check, check_execute, check_copy);
}

fn text(value: &str) -> Option<Bytes> {
    Some(Bytes::copy_from_slice(value.as_bytes()))
}

#[tokio::test]
async fn a_portal_with_a_row_limit_stops_and_goes_on() {
    let world = World::new().await;
    let mut client = world.client().await;
    client.run("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 2500)").await;
    let (session, sink) = (&mut client.session, &mut client.sink);
    session.parse("q", "SELECT id FROM t WHERE id > $1 ORDER BY id", &[]).await.unwrap();
    let (params, fields) = session.describe_statement("q").await.unwrap();
    assert_eq!(params, vec![datum::Type::Int4]);
    assert_eq!(fields.unwrap()[0].name, "id");
    session.bind("p", "q", &[text("10")], &[], &[Format::Text]).await.unwrap();
    sink.kept.clear();
    assert_eq!(session.execute("p", 1000, false, sink).await.unwrap(), Completion::Suspended);
    assert_eq!(sink.kept.len(), 1000);
    assert_eq!(session.execute("p", 1000, false, sink).await.unwrap(), Completion::Suspended);
    assert_eq!(session.execute("p", 1000, false, sink).await.unwrap(), Completion::Done("SELECT 490".into()));
    assert_eq!(sink.kept[0][0].as_deref(), Some("11"));
    assert_eq!(sink.kept[2489][0].as_deref(), Some("2500"));
    session.sync(sink).await.unwrap();
    // The transaction has ended, and the portal with it.
    assert_eq!(session.execute("p", 0, false, sink).await.map_err(|e| e.code()), Err("34000"));
}

#[tokio::test]
async fn a_pipeline_is_one_transaction_until_sync() {
    let world = World::new().await;
    let mut client = world.client().await;
    client.run("CREATE TABLE t (id int PRIMARY KEY)").await;
    let (session, sink) = (&mut client.session, &mut client.sink);
    session.parse("i", "INSERT INTO t VALUES ($1)", &[23]).await.unwrap();
    for (id, good) in [("1", true), ("2", true), ("1", false)] {
        session.bind("", "i", &[text(id)], &[], &[]).await.unwrap();
        let done = session.execute("", 0, false, sink).await;
        assert_eq!(done.is_ok(), good, "{id}");
    }
    session.sync(sink).await.unwrap();
    assert_eq!(session.status(), TxnStatus::Idle);
    assert_eq!(client.one("SELECT count(*) FROM t").await, "0");
    let (session, sink) = (&mut client.session, &mut client.sink);
    session.parse("i2", "INSERT INTO t VALUES ($1)", &[]).await.unwrap();
    session.bind("", "i2", &[Some(Bytes::from_static(&[0, 0, 0, 5]))], &[Format::Binary], &[]).await.unwrap();
    assert_eq!(session.execute("", 0, true, sink).await.unwrap(), Completion::Done("INSERT 0 1".into()));
    session.sync(sink).await.unwrap();
    assert_eq!(client.one("SELECT id FROM t").await, "5");
}

#[tokio::test]
async fn a_prepared_plan_follows_the_catalog() {
    let world = World::new().await;
    let (mut a, mut b) = (world.client().await, world.client().await);
    a.run("CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 10)").await;
    a.session.parse("q", "SELECT v FROM t WHERE id = $1", &[]).await.unwrap();
    a.session.sync(&mut a.sink).await.unwrap();
    b.run("CREATE INDEX ON t (v); DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY, v text)").await;
    b.run("INSERT INTO t VALUES (1, 'new')").await;
    a.session.bind("", "q", &[text("1")], &[], &[]).await.unwrap();
    a.sink.kept.clear();
    a.session.execute("", 0, true, &mut a.sink).await.unwrap();
    assert_eq!(a.sink.kept, vec![vec![Some("new".to_owned())]]);
}

/// pgbench's TPC-B with one branch: nobody sees a conflict, and the balances add up.
#[tokio::test]
async fn sixteen_clients_on_one_branch_never_see_a_conflict() {
    let world = std::sync::Arc::new(World::new().await);
    let mut client = world.client().await;
    client
        .run(
            "CREATE TABLE branches (bid int PRIMARY KEY, bbalance int);
             CREATE TABLE tellers (tid int PRIMARY KEY, bid int, tbalance int);
             CREATE TABLE accounts (aid int PRIMARY KEY, bid int, abalance int);
             CREATE TABLE history (tid int, bid int, aid int, delta int);
             INSERT INTO branches VALUES (1, 0);
             INSERT INTO tellers SELECT g, 1, 0 FROM generate_series(1, 10) g;
             INSERT INTO accounts SELECT g, 1, 0 FROM generate_series(1, 1000) g",
        )
        .await;
    let mut tasks = Vec::new();
    for n in 0..16 {
        let world = world.clone();
        tasks.push(tokio::spawn(async move {
            let mut client = world.client().await;
            for round in 0..10 {
                let (aid, tid, delta) = (n * 50 + round + 1, n % 10 + 1, n + round);
                for sql in [
                    "BEGIN".to_owned(),
                    format!("UPDATE accounts SET abalance = abalance + {delta} WHERE aid = {aid}"),
                    format!("SELECT abalance FROM accounts WHERE aid = {aid}"),
                    format!("UPDATE tellers SET tbalance = tbalance + {delta} WHERE tid = {tid}"),
                    format!("UPDATE branches SET bbalance = bbalance + {delta} WHERE bid = 1"),
                    format!("INSERT INTO history VALUES ({tid}, 1, {aid}, {delta})"),
                    "END".to_owned(),
                ] {
                    let said = client.run(&sql).await;
                    assert!(!said.contains("ERROR"), "{sql}: {said}");
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let sums = "SELECT (SELECT sum(bbalance) FROM branches), (SELECT sum(tbalance) FROM tellers),
                       (SELECT sum(abalance) FROM accounts), (SELECT sum(delta) FROM history),
                       (SELECT count(*) FROM history)";
    let rows = client.rows(sums).await;
    let first = rows[0][0].clone();
    assert!(rows[0][..4].iter().all(|sum| *sum == first), "{rows:?}");
    assert_eq!(rows[0][4].as_deref(), Some("160"));
}

#[tokio::test]
async fn a_hot_counter_queues_and_never_fails() {
    let world = std::sync::Arc::new(World::new().await);
    let mut client = world.client().await;
    client.run("CREATE TABLE c (id int PRIMARY KEY, n int NOT NULL CHECK (n < 1000)); INSERT INTO c VALUES (1, 0)").await;
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let world = world.clone();
        tasks.push(tokio::spawn(async move {
            let mut client = world.client().await;
            for _ in 0..25 {
                let said = client.run("UPDATE c SET n = n + 1 WHERE id = 1 RETURNING n").await;
                assert!(said.contains("UPDATE 1"), "{said}");
                let said = client
                    .run("INSERT INTO c VALUES (2, 1) ON CONFLICT (id) DO UPDATE SET n = c.n + 1")
                    .await;
                assert!(said.contains("INSERT 0 1"), "{said}");
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(client.rows("SELECT n FROM c ORDER BY id").await.concat(), vec![Some("200".to_owned()); 2]);
    // What the leaseholder refuses is told as the other path tells it.
    let said = client.run("UPDATE c SET n = 5000 WHERE id = 1").await;
    assert!(said.contains("Failing row contains (1, 5000)"), "{said}");
    let said = client.run("UPDATE c SET n = NULL WHERE id = 1").await;
    assert!(said.contains("Failing row contains (1, null)"), "{said}");
}

#[tokio::test]
async fn a_real_conflict_is_told_at_commit() {
    let world = World::new().await;
    let (mut a, mut b) = (world.client().await, world.client().await);
    a.run("CREATE TABLE d (who text PRIMARY KEY, on_call bool); INSERT INTO d VALUES ('ann', true), ('bob', true)").await;
    for (client, who) in [(&mut a, "ann"), (&mut b, "bob")] {
        client.run("BEGIN").await;
        assert_eq!(client.one("SELECT count(*) FROM d WHERE on_call").await, "2");
        client.run(&format!("UPDATE d SET on_call = false WHERE who = '{who}'")).await;
    }
    assert_eq!(a.code("COMMIT").await, "00000");
    assert_eq!(b.code("COMMIT").await, "40001");
    assert_eq!(b.session.status(), TxnStatus::Idle);
    assert_eq!(a.one("SELECT count(*) FROM d WHERE on_call").await, "1");
}

#[tokio::test]
async fn ddl_and_dml_are_serializable() {
    let world = World::new().await;
    let (mut a, mut b) = (world.client().await, world.client().await);
    a.run("CREATE TABLE t (id int PRIMARY KEY, v int)").await;
    a.run("BEGIN").await;
    a.run("INSERT INTO t VALUES (1, 1)").await;
    // The index does not know the row that is on its way.
    b.run("CREATE INDEX ON t (v)").await;
    assert_eq!(a.code("COMMIT").await, "40001");
    a.run("INSERT INTO t VALUES (2, 2)").await;
    assert_eq!(b.one("SELECT id FROM t WHERE v = 2").await, "2");
    // Two that make the same table: one of them finds it there.
    a.run("BEGIN").await;
    a.run("CREATE TABLE twice (x int)").await;
    assert_eq!(b.code("CREATE TABLE twice (y int)").await, "00000");
    assert_eq!(a.code("COMMIT").await, "40001");
    assert_eq!(a.code("CREATE TABLE twice (x int)").await, "42P07");
}

#[tokio::test]
async fn a_statement_can_be_cancelled() {
    let world = World::new().await;
    let (mut a, mut b) = (world.client().await, world.client().await);
    a.run("CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1)").await;
    a.run("BEGIN; UPDATE t SET v = 2 WHERE id = 1").await;
    b.run("BEGIN; SELECT 1").await;
    let handle = b.session.cancel_handle();
    {
        let blocked = b.session.simple("UPDATE t SET v = 3 WHERE id = 1", &mut b.sink);
        tokio::pin!(blocked);
        // It waits for the lock; nothing else can end it.
        assert!(futures::poll!(&mut blocked).is_pending());
        handle.cancel();
        assert_eq!(blocked.await.map_err(|e| e.code()), Err("57014"));
    }
    assert_eq!(b.session.status(), TxnStatus::Failed);
    b.run("ROLLBACK").await;
    a.run("COMMIT").await;
    assert_eq!(b.one("SELECT v FROM t").await, "2");
    assert_eq!(b.code("SET statement_timeout = '20ms'; SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b").await, "57014");
}

#[tokio::test]
async fn memory_has_a_limit_and_the_session_goes_on() {
    let world = World::with(|config| config.session_bytes_max = 4 << 20).await;
    let mut client = world.client().await;
    let sql =
        "SELECT count(*) FROM (SELECT DISTINCT g, repeat('x', 1000) FROM generate_series(1, 20000) g) x";
    assert_eq!(client.code(sql).await, "53200");
    assert_eq!(client.one("SELECT 1").await, "1");
}

#[tokio::test]
async fn a_failed_login_says_why() {
    let world = World::new().await;
    for (user, database, code) in
        [("nobody", "holdfast", "28000"), ("root", "nowhere", "3D000"), ("root", "", "3D000")]
    {
        let startup = exec::Startup { user: user.into(), database: database.into(), ..Default::default() };
        let opened = Session::open(world.node.clone(), startup, 1, 1).await;
        assert_eq!(opened.map(|_| ()).map_err(|e| e.code()), Err(code), "{user} {database}");
    }
}

#[tokio::test]
async fn values_of_a_sequence_are_given_out_once() {
    let world = std::sync::Arc::new(World::new().await);
    let mut client = world.client().await;
    client.run("CREATE TABLE t (id serial PRIMARY KEY, n int)").await;
    let mut tasks = Vec::new();
    for n in 0..4 {
        let world = world.clone();
        tasks.push(tokio::spawn(async move {
            let mut client = world.client().await;
            for _ in 0..50 {
                let said = client.run(&format!("INSERT INTO t (n) VALUES ({n}), ({n})")).await;
                assert!(said.contains("INSERT 0 2"), "{said}");
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(client.one("SELECT count(*) || ' ' || max(id) FROM t").await, "400 400");
}

#[tokio::test]
async fn notifications_arrive_after_commit() {
    let world = World::new().await;
    let (mut a, mut b) = (world.client().await, world.client().await);
    a.run("LISTEN news").await;
    b.run("BEGIN; NOTIFY news, 'lost'; ROLLBACK").await;
    b.run("BEGIN; NOTIFY news, 'x'; NOTIFY news, 'x'; NOTIFY news, 'y'; COMMIT").await;
    a.session.notified().await;
    a.session.deliver_notifications(&mut a.sink);
    let pid = b.session.shared().pid;
    assert_eq!(
        std::mem::take(&mut a.sink.out),
        format!("notification news x from {pid}\nnotification news y from {pid}\n")
    );
}

#[tokio::test]
async fn rows_of_a_dropped_table_are_removed() {
    let world = World::with(|config| config.garbage_ttl = std::time::Duration::ZERO).await;
    let mut client = world.client().await;
    client.run("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 100)").await;
    let stored = || world.kv.engine().approximate_size(storage::Space::Mvcc, &[], &[]).unwrap();
    client.run("DROP TABLE t").await;
    let before = stored();
    exec::testing::collect_garbage(&world.node).await.unwrap();
    // A hundred rows, each of at least a key and a timestamp.
    assert!(stored() + 100 * 20 < before, "{} of {before}", stored());
}
