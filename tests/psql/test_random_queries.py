"""Random queries: what indexes and statistics change is the plan, never the rows.

The same small tables, NULLs included, are filled twice: schema `bare` has neither secondary indexes nor statistics,
`indexed` has both. Each query runs in both, and the sorted rows must be equal. The seeds are fixed; a failure prints
the query.
"""

import random
import re

import pytest
from conftest import psql

INT, TEXT, NUM, DATE, BOOL = "int", "text", "numeric(8,2)", "date", "bool"
TABLES = {
    "ta": {"id": INT, "a": INT, "b": INT, "c": TEXT, "d": NUM, "e": DATE, "f": BOOL},
    "tb": {"id": INT, "a": INT, "g": INT, "c": TEXT, "h": NUM},
    "tc": {"id": INT, "k": INT, "b": INT, "e": DATE, "m": TEXT},
    "td": {"id": INT, "a": INT, "k": INT, "f": BOOL},
}
ROWS = {"ta": 60, "tb": 40, "tc": 30, "td": 15}
INDEXES = """
    CREATE INDEX ON ta (b); CREATE INDEX ON ta (c, d DESC); CREATE INDEX ON ta (e) WHERE e IS NOT NULL;
    CREATE UNIQUE INDEX ON tb (a, id); CREATE INDEX ON tb (g DESC NULLS LAST);
    CREATE INDEX ON tc (b, k); CREATE INDEX ON tc (lower(m)); CREATE INDEX ON td (k) INCLUDE (f); ANALYZE;"""


def literal(rng, ty, nulls):
    if rng.random() < nulls:
        return f"NULL::{ty}"
    return {
        INT: lambda: f"({rng.randrange(-3, 12)})",
        TEXT: lambda: "'" + rng.choice(["a", "b", "ab", "abc", "", "B", "z", "a%"]) + "'::text",
        NUM: lambda: f"({rng.choice(['0', '1.5', '-2.25', '10', '3.10'])})::{NUM}",
        DATE: lambda: f"date '2020-0{rng.randrange(1, 5)}-1{rng.randrange(4)}'",
        BOOL: lambda: rng.choice(["true", "false"]),
    }[ty]()


class Queries:
    """Makes queries; `scope` is a list of (alias, columns)."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.aliases = 0

    def alias(self):
        self.aliases += 1
        return f"x{self.aliases}"

    def column(self, scope, ty):
        found = [f"{alias}.{name}" for alias, columns in scope for name, t in columns.items() if t == ty]
        return self.rng.choice(found) if found else None

    def value(self, scope, ty, depth):
        column = self.column(scope, ty)
        dice = self.rng.random()
        if column and (depth <= 0 or dice < 0.6):
            return column
        if depth <= 0 or dice < 0.7 or ty == BOOL:
            return literal(self.rng, ty, 0.05)
        v = lambda t: self.value(scope, t, depth - 1)  # noqa: E731
        return self.rng.choice({
            INT: [lambda: f"({v(INT)} + {v(INT)})", lambda: f"coalesce({v(INT)}, {v(INT)})", lambda: f"length({v(TEXT)})",
                  lambda: f"CASE WHEN {self.test(scope, depth - 1)} THEN {v(INT)} ELSE {v(INT)} END",
                  lambda: f"({v(DATE)} - {v(DATE)})"],
            TEXT: [lambda: f"({v(TEXT)} || {v(TEXT)})", lambda: f"upper({v(TEXT)})", lambda: f"{v(INT)}::text"],
            NUM: [lambda: f"({v(NUM)} + {v(INT)})", lambda: f"round({v(NUM)}, 1)", lambda: f"({v(NUM)} / 4)"],
            DATE: [lambda: f"({v(DATE)} + ({v(INT)} % 9)::int)", lambda: f"greatest({v(DATE)}, {v(DATE)})"],
        }[ty])()

    def subquery(self, scope, ty, depth):
        alias, table = f"s{self.alias()}", self.rng.choice([t for t, c in TABLES.items() if ty in c.values()])
        own = [(alias, TABLES[table])]
        seen = own + scope if self.rng.random() < 0.6 else own
        return self.column(own, ty), f"FROM {table} {alias} WHERE {self.test(seen, min(depth, 1))}"

    def test(self, scope, depth):
        dice = self.rng.random()
        if depth > 0 and dice < 0.3:
            word = self.rng.choice(["AND", "OR", "AND NOT"])
            return f"({self.test(scope, depth - 1)} {word} {self.test(scope, depth - 1)})"
        if depth > 0 and dice < 0.45:
            ty = self.rng.choice([INT, TEXT])
            column, rest = self.subquery(scope, ty, depth - 1)
            v = self.value(scope, ty, depth - 1)
            return self.rng.choice([
                f"{v} IN (SELECT {column} {rest})", f"{v} NOT IN (SELECT {column} {rest})", f"EXISTS (SELECT 1 {rest})",
                f"NOT EXISTS (SELECT 1 {rest})", f"{v} > ALL (SELECT {column} {rest})",
                f"{v} <= (SELECT max({column}) {rest})", f"(SELECT count(*) {rest}) > {self.rng.randrange(4)}"])
        ty = self.rng.choice([INT, INT, TEXT, NUM, DATE])
        v = lambda: self.value(scope, ty, depth - 1)  # noqa: E731
        return "(" + self.rng.choice([
            lambda: f"{v()} {self.rng.choice(['=', '=', '<', '>', '<=', '>=', '<>'])} {v()}",
            lambda: f"{v()} {self.rng.choice(['=', '<', '>='])} {literal(self.rng, ty, 0)}",
            lambda: f"{v()} IS {self.rng.choice(['', 'NOT '])}NULL",
            lambda: f"{v()} BETWEEN {v()} AND {v()}",
            lambda: f"{v()} {self.rng.choice(['', 'NOT '])}IN ({v()}, {v()})",
            lambda: f"{v()} IS {self.rng.choice(['', 'NOT '])}DISTINCT FROM {v()}",
            lambda: self.column(scope, BOOL) or "true",
            lambda: f"{self.value(scope, TEXT, depth - 1)} LIKE {self.rng.choice(['%a%', 'a%', '_', 'ab_'])!r}",
        ])() + ")"

    def sources(self, depth):
        text, scope = "", []
        for i in range(self.rng.choice([1, 1, 2, 2, 3])):
            alias, outer = self.alias(), []
            if depth > 0 and self.rng.random() < 0.2:
                lateral = i > 0 and self.rng.random() < 0.4
                outer = scope if lateral else []
                query, columns = self.select(depth - 1, outer)
                item = f"{'LATERAL ' if lateral else ''}({query}) {alias}"
            else:
                table = self.rng.choice(list(TABLES))
                item, columns = f"{table} {alias}", TABLES[table]
            both = scope + [(alias, columns)]
            left, right = self.column(scope, INT), self.column([(alias, columns)], INT)
            if i == 0:
                text = item
            elif left is None or right is None:
                text += f" CROSS JOIN {item}"
            else:
                join = self.rng.choice(["JOIN", "JOIN", "LEFT JOIN"] + ([] if outer else ["RIGHT JOIN", "FULL JOIN"]))
                more = f" AND {self.test(both, 1)}" if join != "FULL JOIN" and self.rng.random() < 0.3 else ""
                text += f" {join} {item} ON {left} = {right}{more}"
            scope = both
        return text, scope

    def select(self, depth=1, outer=()):
        text, scope = self.sources(depth)
        full = scope + list(outer)
        where = f" WHERE {self.test(full, 2)}" if self.rng.random() < 0.75 else ""
        if self.rng.random() < 0.35:
            keys = [k for k in {self.column(scope, t) for t in self.rng.sample([INT, TEXT, DATE], 2)} if k]
            keys.sort()
            types = {f"{alias}.{name}": t for alias, columns in scope for name, t in columns.items()}
            items = [(k, types[k]) for k in keys] + [("count(*)", INT)]
            items.append((f"sum({self.rng.choice(['', 'DISTINCT '])}{self.value(scope, INT, 1)})", INT))
            items.append((f"max({self.value(scope, DATE, 1)}) FILTER (WHERE {self.test(scope, 1)})", DATE))
            tail = f" GROUP BY {self.rng.choice(['', 'ROLLUP '])}({', '.join(keys)})" if keys else ""
        else:
            types = [self.rng.choice([INT, INT, TEXT, NUM, DATE, BOOL]) for _ in range(self.rng.randrange(1, 4))]
            items = [(self.test(full, 2) if t == BOOL else self.value(full, t, 2), t) for t in types]
            tail = ""
        shown = ", ".join(f"{e} AS o{i}" for i, (e, _) in enumerate(items))
        distinct = "DISTINCT " if self.rng.random() < 0.2 else ""
        return f"SELECT {distinct}{shown} FROM {text}{where}{tail}", {f"o{i}": t for i, (_, t) in enumerate(items)}

    def statement(self):
        query, columns = self.select()
        dice = self.rng.random()
        if dice < 0.2:
            order = ", ".join(f"{i + 1}{self.rng.choice(['', ' DESC', ' NULLS FIRST'])}" for i in range(len(columns)))
            return f"{query} ORDER BY {order} LIMIT {self.rng.randrange(1, 20)}"
        if dice < 0.3:
            word = self.rng.choice(["UNION", "INTERSECT", "EXCEPT", "UNION ALL", "EXCEPT ALL"])
            return f"({query}) {word} ({query})"
        return query


def answers(database, schema, queries):
    script = f"SET search_path = {schema};\n" + "".join(f"\\echo #{i}\n{q};\n" for i, q in enumerate(queries))
    out = psql(database, "-v", "VERBOSITY=sqlstate", "-f", "-", stdin=script, check=False)
    parts = re.split(r"^#\d+\n", out, flags=re.M)[1:]
    # 0 and 0.00 are equal, and either may be the least of both.
    return [sorted(re.sub(r"(\.\d*?)0+(?=\||$)", r"\1", line) for line in part.splitlines()) for part in parts]


@pytest.mark.parametrize("seed", [1, 2, 7])
def test_indexes_change_no_rows(database, seed):
    rng = random.Random(1)
    setup = ""
    for table, columns in TABLES.items():
        rows = [", ".join([str(i)] + [literal(rng, t, 0.2) for t in list(columns.values())[1:]])
                for i in range(1, ROWS[table] + 1)]
        spec = ", ".join(f"{n} {t}" for n, t in columns.items()).replace("id int", "id int PRIMARY KEY", 1)
        setup += f"CREATE TABLE {table} ({spec}); INSERT INTO {table} VALUES ({'), ('.join(rows)});\n"
    script = f"CREATE SCHEMA bare; SET search_path = bare;\n{setup}"
    script += f"CREATE SCHEMA indexed; SET search_path = indexed;\n{setup}{INDEXES}"
    psql(database, "-f", "-", stdin=script)
    made = Queries(seed)
    queries = [made.statement() for _ in range(400)]
    bare, indexed = answers(database, "bare", queries), answers(database, "indexed", queries)
    assert len(bare) == len(indexed) == len(queries)
    assert sum(1 for rows in bare if rows) > len(queries) / 2, "most queries find something"
    for query, left, right in zip(queries, bare, indexed):
        assert left == right, query
        assert not any("ERROR" in line for line in left), f"{left}: {query}"
