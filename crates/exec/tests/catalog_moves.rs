//! A transaction whose snapshot moves sees the catalog move with it: tables that it has not touched before may have
//! been altered by others meanwhile.

mod support;

use support::World;

/// `change` happens to a table after the transaction has begun and before it touches that table.
async fn inserts_after(change: &str) -> World {
    let world = World::new().await;
    let (mut one, mut two) = (world.client().await, world.client().await);
    one.rows("CREATE TABLE a (id int PRIMARY KEY, n int)").await;
    one.rows("CREATE TABLE b (id int PRIMARY KEY)").await;
    one.rows("CREATE TABLE u (id int PRIMARY KEY, v int)").await;
    one.rows("INSERT INTO a VALUES (1, 0)").await;
    one.rows("INSERT INTO u VALUES (1, 1)").await;

    one.rows("BEGIN").await;
    assert_eq!(one.one("SELECT count(*) FROM b").await, "0");
    two.rows("UPDATE a SET n = 5 WHERE id = 1").await;
    two.rows(change).await;
    // The row is newer than the snapshot, which moves there.
    assert_eq!(one.one("SELECT n FROM a WHERE id = 1 FOR UPDATE").await, "5");
    let inserted = one.code("INSERT INTO u VALUES (2, 7)").await;
    let ended = one.code("COMMIT").await;
    assert_eq!((inserted, ended), ("00000", "00000"));
    world
}

#[tokio::test]
async fn an_index_made_meanwhile_gets_its_entry() {
    let world = inserts_after("CREATE INDEX u_v ON u (v)").await;
    let mut client = world.client().await;
    client.rows("SET enable_seqscan = off").await;
    let plan = client.rows("EXPLAIN SELECT count(*) FROM u WHERE v = 7").await;
    assert!(format!("{plan:?}").contains("u_v"), "{plan:?}");
    assert_eq!(client.one("SELECT count(*) FROM u WHERE id = 2").await, "1");
    assert_eq!(client.one("SELECT count(*) FROM u WHERE v = 7").await, "1", "found by the index too");
}
