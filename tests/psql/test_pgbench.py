"""pgbench, unmodified: no error, no serialization failure, and the books balance."""

import re
import subprocess

import pytest
from conftest import psql


def pgbench(url, *arguments, timeout=180):
    done = subprocess.run(["pgbench", *arguments, url], capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_pgbench(database):
    pgbench(database, "-i", "-s", "1", "-q")
    assert psql(database, "-c", "SELECT count(*), count(DISTINCT aid), max(aid) FROM pgbench_accounts") == "100000|100000|100000\n"
    for mode in ["simple", "extended", "prepared"]:
        # One branch row for sixteen clients: every transaction meets every other one.
        out = pgbench(database, "-n", "-c", "16", "-j", "2", "-T", "4", "-M", mode)
        assert "number of failed transactions: 0 " in out, out
        assert int(re.search(r"number of transactions actually processed: (\d+)", out)[1]) > 0
        out = pgbench(database, "-n", "-S", "-c", "16", "-j", "2", "-T", "2", "-M", mode)
        assert "number of failed transactions: 0 " in out, out
    sums = psql(database, "-c", """
        SELECT (SELECT sum(abalance) FROM pgbench_accounts), (SELECT sum(bbalance) FROM pgbench_branches),
               (SELECT sum(tbalance) FROM pgbench_tellers), (SELECT sum(delta) FROM pgbench_history)""")
    assert len(set(sums.strip().split("|"))) == 1, sums


@pytest.mark.parametrize("statement", [
    "UPDATE hot SET n = n + 1 WHERE id = 1",
    "BEGIN; UPDATE hot SET n = n + 1 WHERE id = 1; COMMIT",
    "INSERT INTO hot VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET n = hot.n + 1",
], ids=["update", "explicit", "upsert"])
def test_a_hot_row_loses_no_increment(database, tmp_path, statement):
    psql(database, "-c", "CREATE TABLE hot (id int PRIMARY KEY, n bigint)", "-c", "INSERT INTO hot VALUES (1, 0)")
    script = tmp_path / "hot.sql"
    script.write_text("".join(part + ";\n" for part in statement.split("; ")))
    out = pgbench(database, "-n", "-c", "16", "-j", "2", "-t", "100", "-M", "prepared", "-f", str(script))
    assert "number of failed transactions: 0 " in out, out
    assert psql(database, "-c", "SELECT n FROM hot") == "1600\n"
