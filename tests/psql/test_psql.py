"""psql as people use it: a schema loaded from a file, questions, backslash commands."""

import subprocess

from conftest import psql, shared


def test_chinook_loads_and_answers_as_postgresql(node):
    script = shared("data", "chinook", "Chinook_PostgreSql.sql")
    queries = shared("data", "chinook", "queries.sql")
    psql(node.url("postgres"), "-f", str(script))
    answers = subprocess.run(
        ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", node.url("chinook"), "-f", str(queries)],
        capture_output=True, timeout=120)
    assert answers.stderr == b""
    assert answers.stdout == shared("data", "chinook", "queries.expected").read_bytes()
    for command in BACKSLASH:
        out = psql(node.url("chinook"), "-c", command, check=False)
        assert "ERROR" not in out, f"{command}: {out}"


BACKSLASH = [r"\d", r"\d track", r"\d+ track", r"\dt", r"\dt+", r"\di", r"\di+", r"\l", r"\l+", r"\dn", r"\dn+", r"\du",
             r"\dv", r"\ds", r"\df", r"\dT", r"\dp", r"\d album_pkey", r"\dx", r"\db", r"\conninfo", r"\encoding"]


def test_describe_shows_what_was_defined(database):
    psql(database, "-c", """
        CREATE TABLE author (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name varchar(40) NOT NULL UNIQUE);
        CREATE TABLE book (id serial PRIMARY KEY, title text NOT NULL DEFAULT 'untitled', price numeric(8,2) CHECK (price > 0),
                           author int REFERENCES author ON DELETE CASCADE);
        CREATE INDEX book_by_title ON book (title, price DESC);""")
    shown = subprocess.run(["psql", "-X", database, "-c", r"\d book"], capture_output=True, text=True, timeout=60).stdout
    assert shown == '''\
                               Table "public.book"
 Column |     Type     | Collation | Nullable |             Default              
--------+--------------+-----------+----------+----------------------------------
 id     | integer      |           | not null | nextval('book_id_seq'::regclass)
 title  | text         |           | not null | 'untitled'::text
 price  | numeric(8,2) |           |          | 
 author | integer      |           |          | 
Indexes:
    "book_pkey" PRIMARY KEY, btree (id)
    "book_by_title" btree (title, price DESC)
Check constraints:
    "book_price_check" CHECK (price > 0::numeric)
Foreign-key constraints:
    "book_author_fkey" FOREIGN KEY (author) REFERENCES author(id) ON DELETE CASCADE

'''


def test_copy_both_ways(database, tmp_path):
    psql(database, "-c", "CREATE TABLE t (a int PRIMARY KEY, b text)")
    file = tmp_path / "rows.csv"
    file.write_text('a,b\n1,one\n2,"two, with a comma"\n3,\n')
    psql(database, "-c", rf"\copy t FROM '{file}' WITH (FORMAT csv, HEADER)")
    out = tmp_path / "out.csv"
    psql(database, "-c", rf"\copy (SELECT * FROM t ORDER BY a) TO '{out}' WITH (FORMAT csv, HEADER)")
    assert out.read_text() == file.read_text()
    assert psql(database, "-c", "SELECT count(*), count(b) FROM t") == "3|2\n"
    wrong = psql(database, "-c", "COPY t FROM STDIN", stdin="4\tfour\nx\tfive\n\\.\n", check=False)
    assert 'invalid input syntax for type integer: "x"' in wrong
    assert 'COPY t, line 2, column a: "x"' in wrong
    assert psql(database, "-c", "SELECT count(*) FROM t") == "3\n"


def test_errors_carry_code_detail_hint_and_position(database):
    psql(database, "-c", "CREATE TABLE t (a int PRIMARY KEY, b int NOT NULL)")
    verbose = ["-v", "VERBOSITY=verbose", "-c"]
    cases = {
        "SELEC 1": ['42601', 'syntax error at or near "SELEC"', "LINE 1: SELEC 1", "^"],
        "SELECT * FROM nowhere": ["42P01", 'relation "nowhere" does not exist', "^"],
        "SELECT c FROM t": ["42703", 'column "c" does not exist'],
        "INSERT INTO t VALUES (1, 1), (1, 2)": ["23505", 'duplicate key value violates unique constraint "t_pkey"',
                                                  "Key (a)=(1) already exists.", "CONSTRAINT NAME:  t_pkey"],
        "INSERT INTO t VALUES (1)": ["23502", 'null value in column "b" of relation "t"', "Failing row contains (1, null)."],
        "SELECT 1/0": ["22012", "division by zero"],
        "SELECT 'x'::int": ["22P02", 'invalid input syntax for type integer: "x"'],
        "SELECT 1 + 'a'::text": ["42883", "operator does not exist: integer + text", "HINT"],
    }
    for sql, expected in cases.items():
        out = psql(database, *verbose, sql, check=False)
        for part in expected:
            assert part in out, f"{sql}: {out}"
