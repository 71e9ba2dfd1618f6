"""Suites that lie beside the checkout: anomalies, and part of SQLite's corpus."""

import os
import re
import subprocess
import sys

from conftest import shared


def run(tool, url, *arguments, timeout=900):
    done = subprocess.run([sys.executable, str(tool), url, *arguments], capture_output=True, text=True, timeout=timeout,
                          env={**os.environ})
    total = re.search(r"TOTAL.*?(\d+)/(\d+)/(\d+)", done.stdout)
    assert total, done.stdout[-2000:] + done.stderr[-2000:]
    return tuple(map(int, total.groups())), done.stdout


def test_hermitage(database):
    (passed, failed, total), out = run(shared("suites", "hermitage"), database)
    assert (passed, failed, total) == (16, 0, 16), out


def test_sqllogictest(database):
    (passed, failed, total), out = run(shared("suites", "sqllogictest"), database, "--files", "select1.test", "select2.test", "select3.test")
    assert failed == 0 and total > 3000, out
