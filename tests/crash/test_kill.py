"""kill -9 under load, again and again: every acknowledged row is there, and no half of a transaction."""

import random
import threading

import psycopg
import pytest

KILLS = 20
ACCOUNTS = 20


class Client(threading.Thread):
    """Inserts numbered rows in two tables at once, and moves money, until its connection breaks."""

    def __init__(self, url, number, first):
        super().__init__()
        self.url, self.number, self.next = url, number, first
        self.acknowledged, self.unknown, self.error = [], None, None

    def run(self):
        try:
            with psycopg.connect(self.url) as c:
                while True:
                    self.unknown = self.next
                    with c.transaction():
                        key = (self.number, self.next)
                        c.execute("INSERT INTO left_half VALUES (%s, %s)", key)
                        c.execute("INSERT INTO right_half VALUES (%s, %s)", key)
                        if self.next % 4 == 0:
                            a, b = sorted(random.sample(range(ACCOUNTS), 2))
                            c.execute("UPDATE account SET balance = balance - 1 WHERE id = %s", (a,))
                            c.execute("UPDATE account SET balance = balance + 1 WHERE id = %s", (b,))
                    self.acknowledged.append(self.next)
                    self.next += 1
        except psycopg.OperationalError as e:
            if e.sqlstate not in (None, "57P01", "57P03", "40003"):
                self.error = e
        except Exception as e:  # noqa: BLE001 - reported by the test
            self.error = e


@pytest.mark.parametrize("options", [(), ("--gc-ttl", "1s")], ids=["plain", "collecting"])
def test_kill_under_load(fresh_node, options):
    node = fresh_node
    if options:
        node.kill()
        node.options = options
        node.start()
    with psycopg.connect(node.url(), autocommit=True) as c:
        for half in ("left_half", "right_half"):
            c.execute(f"CREATE TABLE {half} (client int, n int, PRIMARY KEY (client, n))")
        c.execute("CREATE TABLE account (id int PRIMARY KEY, balance bigint)")
        c.execute("INSERT INTO account SELECT i, 100 FROM generate_series(0, %s) i", (ACCOUNTS - 1,))
    acknowledged, unknown = set(), set()
    for round_ in range(KILLS if not options else KILLS // 4):
        clients = [Client(node.url(), i, round_ * 1_000_000) for i in range(8)]
        for client in clients:
            client.start()
        # Wait for work, not for time: the kill falls at a random place in it.
        enough = random.randrange(1, 40)
        while sum(len(client.acknowledged) for client in clients) < enough:
            assert any(client.is_alive() for client in clients), [client.error for client in clients]
        node.kill()
        for client in clients:
            client.join()
            assert client.error is None, client.error
            acknowledged |= {(client.number, n) for n in client.acknowledged}
            unknown.add((client.number, client.unknown))
        node.start()
        with psycopg.connect(node.url(), autocommit=True) as c:
            left = set(c.execute("SELECT * FROM left_half").fetchall())
            right = set(c.execute("SELECT * FROM right_half").fetchall())
            total, = c.execute("SELECT sum(balance) FROM account").fetchone()
        assert left == right, "half a transaction"
        assert acknowledged <= left, f"lost: {sorted(acknowledged - left)[:5]}"
        assert left <= acknowledged | unknown, f"refused, and yet there: {sorted(left - acknowledged - unknown)[:5]}"
        assert total == ACCOUNTS * 100
