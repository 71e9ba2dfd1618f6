use super::*;

fn both(text: &str) -> (String, String) {
    let style = |pretty| Style { pretty, indent: false, relation: None };
    (reprint(text, style(false)), reprint(text, style(true)))
}

/// Full and pretty forms as PostgreSQL 15 gave them for CHECK constraints and defaults of these texts.
#[test]
fn expressions_have_the_parentheses_of_postgresql() {
    for (full, pretty) in [
        ("(price > (0)::numeric)", "price > 0::numeric"),
        (
            "((st)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))",
            "st::text = ANY (ARRAY['a'::character varying, 'b'::character varying]::text[])",
        ),
        ("(a IS NULL)", "a IS NULL"),
        ("((a + 1) IS NOT NULL)", "(a + 1) IS NOT NULL"),
        ("(((a + 1))::text = 'x'::text)", "((a + 1)::text) = 'x'::text"),
        ("((a >= 1) AND (a <= 2))", "a >= 1 AND a <= 2"),
        ("(a = ANY (ARRAY[1, 2]))", "a = ANY (ARRAY[1, 2])"),
        ("(CASE WHEN (a > 0) THEN 1 ELSE 0 END = 1)", "CASE WHEN a > 0 THEN 1 ELSE 0 END = 1"),
        ("((a > 1) IS TRUE)", "(a > 1) IS TRUE"),
        ("(a <> ALL (ARRAY[1, 2]))", "a <> ALL (ARRAY[1, 2])"),
        ("((a < 1) OR (a > 2))", "a < 1 OR a > 2"),
        ("((- a) > 1)", "(- a) > 1"),
        ("((a + (b * c)) > 0)", "(a + b * c) > 0"),
        ("(((a + b) * c) > 0)", "((a + b) * c) > 0"),
        ("(NOT ((a > 1) AND (b > 1)))", "NOT (a > 1 AND b > 1)"),
        ("(((a % 2) = 0) AND (((a * b) / c) > 1))", "(a % 2) = 0 AND (a * b / c) > 1"),
        ("(EXTRACT(year FROM now()) > (1)::numeric)", "EXTRACT(year FROM now()) > 1::numeric"),
        (
            "((now() AT TIME ZONE 'UTC'::text) > '2020-01-01 00:00:00'::timestamp without time zone)",
            "(now() AT TIME ZONE 'UTC'::text) > '2020-01-01 00:00:00'::timestamp without time zone",
        ),
        ("(((a - b) - c) > 0)", "(a - b - c) > 0"),
        ("((a - (b - c)) > 0)", "(a - (b - c)) > 0"),
        ("(((a > 1) AND (b < 2)) OR (NOT (c > 1)))", "a > 1 AND b < 2 OR NOT c > 1"),
        ("(((a > 1) OR (b > 1)) AND (c > 1))", "(a > 1 OR b > 1) AND c > 1"),
        ("((a = ANY (ARRAY[1, 2])) AND (b > 1))", "(a = ANY (ARRAY[1, 2])) AND b > 1"),
        ("(a IS DISTINCT FROM b)", "a IS DISTINCT FROM b"),
        ("(NOT (a IS DISTINCT FROM b))", "NOT a IS DISTINCT FROM b"),
        ("(COALESCE(a, b) > 1)", "COALESCE(a, b) > 1"),
        ("(((s || 'a'::text) || 'b'::text) = 'x'::text)", "((s || 'a'::text) || 'b'::text) = 'x'::text"),
        ("(s ~~ 'x%'::text)", "s ~~ 'x%'::text"),
        ("(s = ('x'::text COLLATE \"C\"))", "s = ('x'::text COLLATE \"C\")"),
        ("(s !~~ 'a'::text)", "s !~~ 'a'::text"),
        ("(((s)::character varying(3))::text = 'abc'::text)", "s::character varying(3)::text = 'abc'::text"),
        ("'untitled'::text", "'untitled'::text"),
        ("nextval('x_seq'::regclass)", "nextval('x_seq'::regclass)"),
        ("'-1'::integer", "'-1'::integer"),
        ("CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP"),
        ("'a'::character varying(5)", "'a'::character varying(5)"),
        ("ARRAY[]::integer[]", "ARRAY[]::integer[]"),
        ("NULL::text", "NULL::text"),
        ("(\"Upper\" > 0)", "\"Upper\" > 0"),
    ] {
        assert_eq!(both(full), (full.to_owned(), pretty.to_owned()));
        assert_eq!(
            both(pretty),
            (full.to_owned(), pretty.to_owned()),
            "what was printed prettily means the same"
        );
    }
}

#[test]
fn views_have_the_lines_of_postgresql() {
    let text = "SELECT a.id, b.title AS name, count(*) FROM author a LEFT JOIN book b ON b.author = a.id \
                WHERE a.id > 1 GROUP BY a.id, b.title HAVING count(*) > 1 ORDER BY a.id DESC LIMIT 3";
    assert_eq!(
        view(text, &["id", "name", "count"], Style::of(true)),
        " SELECT a.id,\n    b.title AS name,\n    count(*) AS count\n   FROM author a\n     LEFT JOIN book b ON b.author = a.id\n  \
         WHERE a.id > 1\n  GROUP BY a.id, b.title\n HAVING count(*) > 1\n  ORDER BY a.id DESC\n LIMIT 3;"
    );
    assert_eq!(
        view("SELECT 1 AS a UNION ALL SELECT 2", &["a"], Style::of(false)),
        " SELECT 1 AS a\nUNION ALL\n SELECT 2 AS a;"
    );
}
