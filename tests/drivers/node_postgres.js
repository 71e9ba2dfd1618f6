// node-postgres: text protocol, parameters, prepared statements, transactions, errors. Exits 1 at the first difference.
const assert = require("node:assert");
const { Client } = require("pg");

async function main() {
  const client = new Client({ connectionString: process.argv[2] });
  await client.connect();
  await client.query("CREATE TABLE t (a int PRIMARY KEY, b text, c jsonb, d timestamptz, e numeric(10,2), f bytea, g int[], h boolean)");
  const at = new Date("2024-02-29T12:34:56.789Z");
  const row = [1, "Ünïcödé ☃", { x: [1, null] }, at, "12.50", Buffer.from([0, 255]), [1, 2], true];
  await client.query("INSERT INTO t VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", row);
  const got = (await client.query("SELECT * FROM t WHERE a = $1", [1])).rows[0];
  assert.deepStrictEqual(got, { a: 1, b: row[1], c: row[2], d: at, e: "12.50", f: row[5], g: [1, 2], h: true });
  for (let a = 2; a < 30; a++) {
    const q = { name: "put", text: "INSERT INTO t (a, b) VALUES ($1, $2) RETURNING a", values: [a, String(a)] };
    assert.strictEqual((await client.query(q)).rows[0].a, a);
  }
  await client.query("BEGIN");
  await client.query("DELETE FROM t");
  await assert.rejects(client.query("SELECT nothing FROM t"), (e) => e.code === "42703");
  await assert.rejects(client.query("SELECT 1"), (e) => e.code === "25P02");
  await client.query("ROLLBACK");
  assert.strictEqual((await client.query("SELECT count(*) FROM t")).rows[0].count, "29");
  await assert.rejects(client.query("INSERT INTO t (a) VALUES (1)"), (e) => e.code === "23505" && e.constraint === "t_pkey");
  const several = await client.query("SELECT 1 AS x; SELECT 2 AS y");
  assert.deepStrictEqual(several.map((r) => r.rows), [[{ x: 1 }], [{ y: 2 }]]);
  await client.end();
  console.log("node-postgres: ok");
}

main().catch((e) => { console.error(e); process.exit(1); });
