//! pg_catalog and information_schema as clients read them: every table, every question that psql asks for its
//! backslash commands, and what drivers, ORMs and GUIs ask.

mod support;

use std::collections::BTreeMap;
use std::path::Path;

use support::{Client, World};

fn file(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/catalog").join(name))
        .unwrap()
}

/// The statements of a file: each ends with a semicolon at the end of a line.
fn statements(text: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    for line in text.lines().filter(|line| !line.starts_with("-- ") && !line.is_empty()) {
        let last = out.last_mut().unwrap();
        last.push_str(line);
        last.push('\n');
        if line.ends_with(';') {
            out.push(String::new());
        }
    }
    out.retain(|statement| !statement.trim().is_empty());
    out
}

async fn with_schema() -> (World, Client) {
    let world = World::new().await;
    let mut client = world.client().await;
    for statement in statements(&file("schema.sql")) {
        client.rows(&statement).await;
    }
    (world, client)
}

#[tokio::test]
async fn every_table_can_be_read() {
    let (_world, mut client) = with_schema().await;
    let tables = client
        .rows(
            "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname IN ('pg_catalog', 'information_schema') ORDER BY 1, 2",
        )
        .await;
    assert!(tables.len() > 180, "{} tables", tables.len());
    let mut failed = Vec::new();
    for row in tables {
        let name = format!("{}.{}", row[0].clone().unwrap(), row[1].clone().unwrap());
        let said = client.run(&format!("SELECT * FROM {name}")).await;
        if said.contains("ERROR") {
            failed
                .push(format!("{name}: {}", said.lines().find(|l| l.contains("ERROR")).unwrap_or_default()));
        }
    }
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
}

/// Asks everything in a file; `@name@` becomes the OID of the relation of that name.
async fn all_are_answered(name: &str) {
    let (_world, mut client) = with_schema().await;
    let oids: BTreeMap<String, String> = client
        .rows("SELECT relname, oid FROM pg_class")
        .await
        .into_iter()
        .map(|row| (row[0].clone().unwrap(), row[1].clone().unwrap()))
        .collect();
    let mut failed = Vec::new();
    let all = statements(&file(name));
    for statement in &all {
        let parts: Vec<&str> = statement.split('@').collect();
        let mut sql = parts[0].to_owned();
        let mut at = 1;
        while at < parts.len() {
            match (oids.get(parts[at]), parts.get(at + 1)) {
                (Some(oid), Some(rest)) => {
                    sql.push_str(oid);
                    sql.push_str(rest);
                    at += 2;
                }
                _ => {
                    sql.push('@');
                    sql.push_str(parts[at]);
                    at += 1;
                }
            }
        }
        let said = client.run(&sql).await;
        if let Some(error) = said.lines().find(|line| line.starts_with("ERROR")) {
            failed.push(format!("{error}\n    {}", sql.lines().take(3).collect::<Vec<_>>().join(" ")));
        }
    }
    assert!(failed.is_empty(), "{} of {} failed\n{}", failed.len(), all.len(), failed.join("\n"));
}

#[tokio::test]
async fn what_psql_asks_is_answered() {
    all_are_answered("psql.sql").await;
}

#[tokio::test]
async fn what_drivers_and_tools_ask_is_answered() {
    all_are_answered("clients.sql").await;
}

/// Texts of definitions, as PostgreSQL 15 gave them for the same schema.
#[tokio::test]
async fn definitions_read_as_in_postgresql() {
    let (_world, mut client) = with_schema().await;
    let mut failed = Vec::new();
    for (sql, expected) in [
        (
            "SELECT pg_get_indexdef('book_pkey'::regclass)",
            "CREATE UNIQUE INDEX book_pkey ON public.book USING btree (id)",
        ),
        (
            "SELECT pg_get_indexdef('book_by_title'::regclass, 0, true)",
            "CREATE INDEX book_by_title ON book USING btree (title, price DESC)",
        ),
        (
            "SELECT pg_get_indexdef('book_expr'::regclass)",
            "CREATE UNIQUE INDEX book_expr ON public.book USING btree (lower(title), ((id + 1))) INCLUDE (price) \
             WHERE ((price > (1)::numeric) AND (st IS NOT NULL))",
        ),
        ("SELECT pg_get_indexdef('book_expr'::regclass, 2, false)", "((id + 1))"),
        (
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'book_price_check'",
            "CHECK ((price > (0)::numeric))",
        ),
        (
            "SELECT pg_get_constraintdef(oid, true) FROM pg_constraint WHERE conname = 'book_price_check'",
            "CHECK (price > 0::numeric)",
        ),
        (
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'book_author_fkey'",
            "FOREIGN KEY (author) REFERENCES author(id) ON DELETE CASCADE",
        ),
        (
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'book_pkey'",
            "PRIMARY KEY (id)",
        ),
        (
            "SELECT string_agg(pg_get_expr(adbin, adrelid), ' | ' ORDER BY adnum) FROM pg_attrdef \
             WHERE adrelid = 'book'::regclass",
            "nextval('book_id_seq'::regclass) | 'untitled'::text | 'x'::character varying | '-1'::integer | now() | \
             '{}'::jsonb | (id * 2)",
        ),
        ("SELECT pg_get_serial_sequence('book', 'id')", "public.book_id_seq"),
        (
            "SELECT format_type(1043, 24) || format_type(1700, 524294) || format_type(1005, -1)",
            "character varying(20)numeric(8,2)smallint[]",
        ),
        ("SELECT format_type(0, NULL) || format_type(99999, NULL)", "-???"),
        ("SELECT 'book'::regclass", "book"),
        ("SELECT 'pg_class'::regclass::oid", "1259"),
        ("SELECT 'integer'::regtype || ' ' || 'varchar(20)'::regtype::text", "integer character varying"),
        ("SELECT to_regclass('nothing') IS NULL", "t"),
        ("SELECT obj_description('book'::regclass, 'pg_class')", "books"),
        ("SELECT pg_table_is_visible('book'::regclass)", "t"),
        ("SELECT pg_get_userbyid(10)", "root"),
        ("SELECT count(*) > 0 FROM pg_stat_activity WHERE pid = pg_backend_pid() AND state = 'active'", "t"),
        (
            "SELECT string_agg(column_name || ' ' || data_type, ', ' ORDER BY ordinal_position) \
             FROM information_schema.columns WHERE table_name = 'book' AND ordinal_position < 5",
            "id integer, title text, price numeric, author integer",
        ),
        (
            "SELECT pg_get_viewdef('v'::regclass, true)",
            " SELECT a.id,\n    b.title AS name,\n    count(*) AS count\n   FROM author a\n     LEFT JOIN book b ON \
             b.author = a.id\n  WHERE a.id > 1\n  GROUP BY a.id, b.title\n HAVING count(*) > 1\n  ORDER BY a.id DESC\n LIMIT 3;",
        ),
    ] {
        let got = match client.run(sql).await {
            said if said.contains("ERROR") => said,
            _ => client.one(sql).await,
        };
        if got != expected {
            failed.push(format!("{sql}\n  got      {got}\n  expected {expected}"));
        }
    }
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
}

/// EXPLAIN's words are PostgreSQL's, plans are our own.
#[tokio::test]
async fn plans_are_explained() {
    let (_world, mut client) = with_schema().await;
    let mut failed = Vec::new();
    for (sql, expected) in [
        (
            "EXPLAIN (COSTS OFF) SELECT * FROM book WHERE id = 1",
            "Index Scan using book_pkey on book\n  Index Cond: (id = 1)",
        ),
        (
            "EXPLAIN (COSTS OFF) SELECT title, count(*) FROM book WHERE price > 1 GROUP BY title HAVING count(*) > 2 \
             ORDER BY count(*) DESC",
            "Sort\n  Sort Key: (count(*)) DESC\n  ->  HashAggregate\n        Group Key: title\n        \
             Filter: (count(*) > 2)\n        ->  Index Only Scan using book_by_title on book\n              \
             Filter: (price > '1'::numeric)",
        ),
        ("EXPLAIN (COSTS OFF) SELECT 1", "Result"),
        (
            "EXPLAIN (COSTS OFF) DELETE FROM author WHERE name = 'x'",
            "Delete on author\n  ->  Index Only Scan using author_name_key on author\n        \
             Index Cond: (name = 'x'::text)",
        ),
    ] {
        let lines = client.rows(sql).await;
        let got: Vec<String> = lines.into_iter().map(|row| row[0].clone().unwrap()).collect();
        if got.join("\n") != expected {
            failed.push(format!("{sql}\n{}", got.join("\n")));
        }
    }
    let analyzed =
        client.rows("EXPLAIN (ANALYZE, TIMING OFF) SELECT * FROM generate_series(1, 3) g WHERE g > 1").await;
    let analyzed: Vec<String> = analyzed.into_iter().map(|row| row[0].clone().unwrap()).collect();
    if !analyzed[0].contains("(actual rows=2 loops=1)")
        || !analyzed.iter().any(|l| l.contains("Removed by Filter: 1"))
    {
        failed.push(analyzed.join("\n"));
    }
    let json = client.one("EXPLAIN (FORMAT JSON, ANALYZE) SELECT * FROM book WHERE title = 'a \"b\"'").await;
    let valid = client
        .one(&format!("SELECT ('{}'::jsonb -> 0 -> 'Plan') ? 'Node Type'", json.replace('\'', "''")))
        .await;
    if valid != "t" {
        failed.push(json);
    }
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
}
