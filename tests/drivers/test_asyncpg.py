"""asyncpg: everything in binary, prepared statements, transactions, COPY, cursors."""

import asyncio
import datetime as dt
import uuid
from decimal import Decimal

import asyncpg
import pytest


def run(url, program):
    async def main():
        connection = await asyncpg.connect(url)
        try:
            return await program(connection)
        finally:
            await connection.close()
    return asyncio.run(main())


VALUES = [
    ("bool", True), ("int2", -32768), ("int4", 2147483647), ("int8", -2**63), ("float4", 1.5), ("float8", 0.1),
    ("numeric", Decimal("-123456789.000100")), ("text", "Ünïcödé ☃"), ("varchar", "v"), ("bytea", b"\x00\xff"),
    ("date", dt.date(2000, 2, 29)), ("time", dt.time(1, 2, 3, 4)), ("timestamp", dt.datetime(1999, 12, 31, 23, 59, 59, 5)),
    ("timestamptz", dt.datetime(2024, 7, 1, 12, tzinfo=dt.timezone.utc)), ("interval", dt.timedelta(days=2, seconds=3)),
    ("uuid", uuid.UUID(int=5)), ("jsonb", '{"a": [1, null]}'), ("int4[]", [1, None, 3]), ("text[]", ["a", "b c"]),
]


@pytest.mark.parametrize("ty,value", VALUES, ids=[ty for ty, _ in VALUES])
def test_every_type_goes_round(node, ty, value):
    async def program(c):
        assert await c.fetchval(f"SELECT $1::{ty}", value) == value
        assert await c.fetchval(f"SELECT $1::{ty}", None) is None
    run(node.url(), program)


def test_statements_transactions_and_cursors(database):
    async def program(c):
        await c.execute("CREATE TABLE t (a int PRIMARY KEY, b text); CREATE TABLE u (a int REFERENCES t)")
        await c.executemany("INSERT INTO t VALUES ($1, $2)", [(i, str(i)) for i in range(200)])
        statement = await c.prepare("SELECT b FROM t WHERE a = $1")
        assert [await statement.fetchval(i) for i in range(10)] == [str(i) for i in range(10)]
        with pytest.raises(asyncpg.ForeignKeyViolationError) as e:
            await c.execute("INSERT INTO u VALUES (1000)")
        assert e.value.detail == 'Key (a)=(1000) is not present in table "t".'
        with pytest.raises(RuntimeError):
            async with c.transaction():
                await c.execute("DELETE FROM t")
                raise RuntimeError
        async with c.transaction():
            async with c.transaction():
                await c.execute("INSERT INTO u VALUES (1)")
            rows = [r["a"] async for r in c.cursor("SELECT a FROM t ORDER BY a", prefetch=7)]
        assert rows == list(range(200))
        assert await c.fetchval("SELECT count(*) FROM u") == 1
    run(database, program)


def test_copy(database):
    async def program(c):
        await c.execute("CREATE TABLE t (a int PRIMARY KEY, b text, c timestamptz)")
        now = dt.datetime(2024, 1, 1, tzinfo=dt.timezone.utc)
        rows = [(i, None if i % 2 else f"x{i}", now) for i in range(5000)]
        assert await c.copy_records_to_table("t", records=rows) == "COPY 5000"
        got = await c.fetch("SELECT * FROM t ORDER BY a")
        assert [tuple(r) for r in got] == rows
    run(database, program)
