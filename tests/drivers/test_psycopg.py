"""psycopg 3: parameters of every type in text and binary, transactions, prepared statements, COPY, pipelines."""

import datetime as dt
import uuid
from decimal import Decimal

import psycopg
import pytest
from psycopg.types.json import Jsonb

VALUES = [
    ("boolean", [True, False]),
    ("smallint", [-32768, 0, 32767]),
    ("integer", [-2147483648, 0, 2147483647]),
    ("bigint", [-2**63, 0, 2**63 - 1]),
    ("real", [1.5, -0.25, float("inf")]),
    ("double precision", [0.1, 1e300, -1e-300, float("-inf")]),
    ("numeric", [Decimal("0"), Decimal("-12345678901234567890.123456789"), Decimal("1E-20"), Decimal("100.00")]),
    ("text", ["", "plain", "Ünïcödé ☃ 𝄞", "quote ' and \\ backslash"]),
    ("varchar(20)", ["twenty at the most"]),
    ("bytea", [b"", b"\x00\xff\\x"]),
    ("date", [dt.date(1, 1, 1), dt.date(2000, 2, 29), dt.date(9999, 12, 31)]),
    ("time", [dt.time(0, 0), dt.time(23, 59, 59, 999999)]),
    ("timestamp", [dt.datetime(1969, 12, 31, 23, 59, 59, 1), dt.datetime(2024, 2, 29, 12, 0)]),
    ("timestamptz", [dt.datetime(2024, 7, 1, 12, 0, tzinfo=dt.timezone.utc)]),
    ("interval", [dt.timedelta(days=3, seconds=4, microseconds=5), dt.timedelta(days=-1)]),
    ("uuid", [uuid.UUID(int=0), uuid.UUID("0123456789abcdef0123456789abcdef")]),
    ("jsonb", [Jsonb({"a": [1, None, "x"], "b": {}})]),
    ("integer[]", [[], [1, 2, 3], [None, 5]]),
    ("text[]", [["a", "", "c,d", 'e"f', "NULL", None]]),
]


@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
@pytest.mark.parametrize("ty,values", VALUES, ids=[ty for ty, _ in VALUES])
def test_every_type_goes_round(node, ty, values, binary):
    with psycopg.connect(node.url(), autocommit=True) as c:
        placeholder = "%b" if binary else "%t"
        for value in [*values, None]:
            with c.cursor(binary=binary) as cur:
                got = cur.execute(f"SELECT {placeholder}::{ty}", (value,)).fetchone()[0]
            expected = value.obj if isinstance(value, Jsonb) else value
            assert got == expected, (ty, value)


@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
def test_every_type_is_stored(database, binary):
    columns = ", ".join(f"c{i} {ty}" for i, (ty, _) in enumerate(VALUES))
    with psycopg.connect(database, autocommit=True) as c:
        c.execute(f"CREATE TABLE t (id int PRIMARY KEY, {columns})")
        row = [values[-1] for _, values in VALUES]
        places = ", ".join(["%b" if binary else "%t"] * len(row))
        c.execute(f"INSERT INTO t VALUES (1, {places})", row)
        with c.cursor(binary=binary) as cur:
            got = cur.execute("SELECT * FROM t").fetchone()[1:]
        assert list(got) == [v.obj if isinstance(v, Jsonb) else v for v in row]


def test_transactions(database):
    with psycopg.connect(database) as c:
        c.execute("CREATE TABLE t (a int PRIMARY KEY)")
        c.commit()
        with pytest.raises(psycopg.errors.UniqueViolation) as e:
            c.execute("INSERT INTO t VALUES (1), (1)")
        assert e.value.diag.constraint_name == "t_pkey"
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            c.execute("SELECT 1")
        c.rollback()
        with c.transaction():
            c.execute("INSERT INTO t VALUES (1)")
            with pytest.raises(ZeroDivisionError), c.transaction():
                c.execute("INSERT INTO t VALUES (2)")
                raise ZeroDivisionError
            c.execute("INSERT INTO t VALUES (3)")
        assert [a for a, in c.execute("SELECT a FROM t ORDER BY a")] == [1, 3]


def test_prepared_statements(database):
    with psycopg.connect(database, autocommit=True, prepare_threshold=0) as c:
        c.execute("CREATE TABLE t (a int PRIMARY KEY, b text)")
        for a in range(50):
            c.execute("INSERT INTO t VALUES (%s, %s)", (a, str(a)))
        for a in range(50):
            assert c.execute("SELECT b FROM t WHERE a = %s", (a,)).fetchone() == (str(a),)
        c.execute("ALTER TABLE t ADD COLUMN c int DEFAULT 7")
        assert c.execute("SELECT c FROM t WHERE a = %s", (3,)).fetchone() == (7,)
        assert c.execute("SELECT sum(a), count(*) FROM t WHERE b > %s", ("3",)).fetchone()[1] > 0


@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
def test_copy(database, binary):
    fmt = " (FORMAT BINARY)" if binary else ""
    rows = [(i, f"row {i}" if i % 3 else None, Decimal(i) / 7) for i in range(1000)]
    with psycopg.connect(database, autocommit=True) as c:
        c.execute("CREATE TABLE t (a int PRIMARY KEY, b text, c numeric)")
        with c.cursor() as cur:
            with cur.copy(f"COPY t FROM STDIN{fmt}") as copy:
                copy.set_types(["int4", "text", "numeric"])
                for row in rows:
                    copy.write_row(row)
            with cur.copy(f"COPY (SELECT * FROM t ORDER BY a) TO STDOUT{fmt}") as copy:
                copy.set_types(["int4", "text", "numeric"])
                assert list(copy.rows()) == rows
        with pytest.raises(psycopg.errors.QueryCanceled), c.cursor().copy("COPY t FROM STDIN") as copy:
            copy.write_row((5000, "x", 1))
            raise psycopg.errors.QueryCanceled("given up")
        assert c.execute("SELECT count(*) FROM t").fetchone() == (1000,)


def test_pipeline(database):
    with psycopg.connect(database, autocommit=True) as c:
        c.execute("CREATE TABLE t (a int PRIMARY KEY)")
        with c.pipeline():
            cursors = [c.execute("INSERT INTO t VALUES (%s) RETURNING a", (a,)) for a in range(100)]
        assert [cur.fetchone()[0] for cur in cursors] == list(range(100))


def test_server_side_cursor(database):
    with psycopg.connect(database) as c:
        c.execute("CREATE TABLE t (a int PRIMARY KEY)")
        c.execute("INSERT INTO t SELECT * FROM generate_series(1, 2500)")
        with c.cursor(name="some") as cur:
            cur.itersize = 100
            cur.execute("SELECT a FROM t ORDER BY a")
            assert [a for a, in cur] == list(range(1, 2501))


def test_cancel(node):
    with psycopg.connect(node.url(), autocommit=True) as c:
        import threading

        started = threading.Event()

        def stop():
            started.wait()
            while running:
                c.cancel()

        running = True
        thread = threading.Thread(target=stop)
        thread.start()
        try:
            with pytest.raises(psycopg.errors.QueryCanceled):
                started.set()
                c.execute("SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b")
        finally:
            running = False
            thread.join()
        for _ in range(20):
            try:
                assert c.execute("SELECT 1").fetchone() == (1,)
                break
            except psycopg.errors.QueryCanceled:
                pass  # A cancel that was still under way.
