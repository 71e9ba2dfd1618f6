//! tokio-postgres against a real node: binary parameters of every type that it knows, prepared statements,
//! transactions, COPY in binary, pipelining, cancel requests, notifications of errors.
#![allow(clippy::disallowed_methods)] // Tests live in the real world.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::{SinkExt as _, StreamExt as _, TryStreamExt as _, pin_mut};
use tokio_postgres::types::{Timestamp, ToSql, Type};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

struct Node {
    child: Child,
    addr: String,
    _dir: tempfile::TempDir,
}

impl Node {
    fn start() -> Node {
        let dir = tempfile::tempdir().expect("a directory");
        let mut child = Command::new(env!("CARGO_BIN_EXE_holdfast"))
            .args(["start", "--insecure", "--bootstrap-expect", "1", "--data-dir"])
            .arg(dir.path().join("node"))
            .args(["--sql-addr", "127.0.0.1:0", "--rpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let mut addr = String::new();
        for line in BufReader::new(child.stdout.take().expect("piped")).lines() {
            let line = line.expect("text");
            if line == "ready" {
                break;
            }
            if let Some(value) = line.strip_prefix("sql_addr=") {
                addr = value.to_owned();
            }
        }
        Node { child, addr, _dir: dir }
    }

    async fn connect(&self) -> Client {
        let url = format!("postgres://root@{}/holdfast", self.addr);
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.expect("a connection");
        tokio::spawn(connection);
        client
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn round<'a, T>(client: &Client, ty: &str, value: T)
where
    T: ToSql + Sync + PartialEq + std::fmt::Debug + for<'f> tokio_postgres::types::FromSql<'f>,
{
    let sql = format!("SELECT $1::{ty}, $1::{ty} IS NULL, NULL::{ty}");
    let row = client.query_one(&sql, &[&value]).await.unwrap_or_else(|e| panic!("{ty}: {e:?}"));
    assert_eq!(row.get::<_, T>(0), value, "{ty}");
    assert!(!row.get::<_, bool>(1), "{ty}");
    assert!(row.get::<_, Option<T>>(2).is_none(), "{ty}");
}

#[tokio::test]
async fn every_type_goes_round_in_binary() {
    let node = Node::start();
    let client = node.connect().await;
    round(&client, "bool", true).await;
    round(&client, "int2", i16::MIN).await;
    round(&client, "int4", i32::MAX).await;
    round(&client, "int8", i64::MIN).await;
    round(&client, "float4", -0.5f32).await;
    round(&client, "float8", 1e300f64).await;
    round(&client, "text", "Ünïcödé ☃".to_owned()).await;
    round(&client, "varchar(30)", "short".to_owned()).await;
    round(&client, "bytea", vec![0u8, 255, 92]).await;
    round(&client, "uuid", uuid::Uuid::from_u128(5)).await;
    round(&client, "jsonb", serde_json::json!({"a": [1, null, "x"]})).await;
    round(&client, "timestamptz", UNIX_EPOCH + Duration::from_micros(1_700_000_000_123_456)).await;
    round(&client, "timestamp", UNIX_EPOCH + Duration::from_micros(1)).await;
    round(&client, "timestamptz", Timestamp::<SystemTime>::PosInfinity).await;
    round(&client, "int4[]", vec![Some(1), None, Some(3)]).await;
    round(&client, "text[]", vec!["a,b".to_owned(), String::new()]).await;
    round(&client, "oid", 4_000_000_000u32).await;
}

#[tokio::test]
async fn transactions_prepared_statements_and_errors() {
    let node = Node::start();
    let mut client = node.connect().await;
    client.batch_execute("CREATE TABLE t (a int PRIMARY KEY, b text NOT NULL)").await.expect("a table");
    let insert = client.prepare("INSERT INTO t VALUES ($1, $2)").await.expect("prepared");
    assert_eq!(insert.params(), &[Type::INT4, Type::TEXT]);
    // Pipelined: all are sent before the first is answered.
    let inserts = (0..100).map(|a: i32| {
        let (client, insert) = (&client, &insert);
        async move { client.execute(insert, &[&a, &a.to_string()]).await }
    });
    for done in futures::future::join_all(inserts).await {
        assert_eq!(done.expect("inserted"), 1);
    }
    let error = client.execute(&insert, &[&5, &"five"]).await.expect_err("there is a five");
    let error = error.as_db_error().expect("from the server").clone();
    assert_eq!(error.code().code(), "23505");
    assert_eq!(error.constraint(), Some("t_pkey"));
    assert_eq!(error.detail(), Some("Key (a)=(5) already exists."));

    let transaction = client.transaction().await.expect("begun");
    transaction.execute("DELETE FROM t WHERE a >= $1", &[&50]).await.expect("deleted");
    let portal = transaction.bind("SELECT a FROM t ORDER BY a", &[]).await.expect("bound");
    let first = transaction.query_portal(&portal, 20).await.expect("some");
    let rest = transaction.query_portal(&portal, 0).await.expect("the rest");
    assert_eq!((first.len(), rest.len()), (20, 30));
    assert_eq!(rest[0].get::<_, i32>(0), 20);
    transaction.rollback().await.expect("rolled back");
    let count: i64 = client.query_one("SELECT count(*) FROM t", &[]).await.expect("counted").get(0);
    assert_eq!(count, 100);

    let messages =
        client.simple_query("SELECT 1 AS x; SELECT b FROM t WHERE a = 7").await.expect("two statements");
    let rows: Vec<_> = messages
        .iter()
        .filter_map(|m| match m {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        })
        .collect();
    assert_eq!(rows, ["1", "7"]);
}

#[tokio::test]
async fn copy_both_ways() {
    let node = Node::start();
    let client = node.connect().await;
    client.batch_execute("CREATE TABLE t (a int PRIMARY KEY, b text)").await.expect("a table");
    let sink = client.copy_in("COPY t FROM STDIN").await.expect("copying");
    pin_mut!(sink);
    for chunk in 0..50 {
        let rows: String = (0..100).map(|i| format!("{}\trow\n", chunk * 100 + i)).collect();
        sink.send(bytes::Bytes::from(rows)).await.expect("sent");
    }
    assert_eq!(sink.finish().await.expect("copied"), 5000);
    let out = client.copy_out("COPY (SELECT a FROM t ORDER BY a) TO STDOUT").await.expect("copying");
    let all: Vec<bytes::Bytes> = out.try_collect().await.expect("copied");
    let text = String::from_utf8(all.concat()).expect("text");
    assert!(text.lines().map(|l| l.parse::<i32>().expect("a number")).eq(0..5000));
}

#[tokio::test]
async fn a_cancel_request_stops_a_statement() {
    let node = Node::start();
    let client = node.connect().await;
    let token = client.cancel_token();
    let running = client.query_one(
        "SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b WHERE a <> b",
        &[],
    );
    pin_mut!(running);
    // A request may come before the statement has begun, and then does nothing: repeat until it is answered.
    let error = loop {
        tokio::select! {
            done = &mut running => break done.expect_err("ten billion pairs take longer"),
            sent = token.cancel_query(NoTls) => sent.expect("sent"),
        }
    };
    assert_eq!(error.code().map(|c| c.code()), Some("57014"));
    let mut stream = Box::pin(client.query_raw("SELECT 1", Vec::<i32>::new()).await.expect("goes on"));
    assert!(stream.next().await.is_some());
}
