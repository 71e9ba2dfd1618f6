-- What a comparison with PostgreSQL found wrong once.
-- Constants of char(n) keep their length in what is stored with a table.
CREATE TABLE padded (s char(3) DEFAULT 'NEW' CHECK (s IN ('NEW', 'OLD')), n int);
INSERT INTO padded VALUES (DEFAULT, 1), ('OLD', 2);
INSERT INTO padded VALUES ('N', 3);
SELECT s, n FROM padded ORDER BY n;
SELECT column_default FROM information_schema.columns WHERE table_name = 'padded' AND column_name = 's';
-- A generated column sees the value that was stored, not another one of the sequence.
CREATE TABLE doubled (a int GENERATED ALWAYS AS IDENTITY, c int GENERATED ALWAYS AS (a * 2) STORED, d int);
INSERT INTO doubled (d) VALUES (1), (2);
INSERT INTO doubled DEFAULT VALUES;
SELECT a, c FROM doubled ORDER BY a;
CREATE SEQUENCE drawn;
CREATE TABLE follows (a bigint, c bigint GENERATED ALWAYS AS (a * 2) STORED);
INSERT INTO follows VALUES (100);
UPDATE follows SET a = nextval('drawn') RETURNING a, c;
-- The fields of an interval's type say what a bare number counts.
SELECT interval '3' month, interval '1' year, interval '90' day, interval '5' minute, interval '1 2' day to hour;
-- What an open constraint lets by, validating it finds.
CREATE TABLE late (z int, r int);
INSERT INTO late VALUES (3, 7);
ALTER TABLE late ADD CONSTRAINT large CHECK (z > 100) NOT VALID;
ALTER TABLE late VALIDATE CONSTRAINT large;
CREATE TABLE early (id int PRIMARY KEY);
ALTER TABLE late ADD CONSTRAINT refers FOREIGN KEY (r) REFERENCES early NOT VALID;
ALTER TABLE late VALIDATE CONSTRAINT refers;
INSERT INTO early VALUES (7);
ALTER TABLE late VALIDATE CONSTRAINT refers;
-- Views keep the columns that they read.
CREATE TABLE seen (a int, b int, c int);
INSERT INTO seen VALUES (1, 2, 3);
CREATE VIEW sees AS SELECT a FROM seen WHERE b = 2;
ALTER TABLE seen DROP COLUMN a;
ALTER TABLE seen DROP COLUMN b;
ALTER TABLE seen ALTER COLUMN b TYPE text;
ALTER TABLE seen DROP COLUMN c;
SELECT * FROM sees;
ALTER TABLE seen DROP COLUMN b CASCADE;
SELECT * FROM sees;
-- Foreign keys: the types of both sides, whatever the order of the columns.
CREATE TABLE pair (a int, b int, PRIMARY KEY (a, b));
CREATE TABLE swapped (x int, y int, FOREIGN KEY (x, y) REFERENCES pair (b, a));
CREATE TABLE straight (x int, y int, FOREIGN KEY (x, y) REFERENCES pair);
ALTER TABLE pair ALTER COLUMN a TYPE text;
ALTER TABLE straight ALTER COLUMN x TYPE text;
ALTER TABLE pair DROP CONSTRAINT pair_pkey;
ALTER TABLE pair DROP COLUMN a CASCADE;
-- Where a recursive query may read itself.
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT q.n FROM (SELECT n + 1 AS n FROM t WHERE n < 3) q) SELECT * FROM t;
WITH gone AS (DELETE FROM early) SELECT count(*) FROM gone;
-- Names of columns, and syntax.
SELECT 1.5::float8::int, true::text, 'x'::text::varchar(3), '2020-01-01'::date::timestamp, CASE WHEN true THEN 1 END::int;
SELECT user = current_user AS same, 1 IS NULL::text AS cast_of_test, 2 IN (1, 2)::text AS other;
SELECT substring('foobar' SIMILAR '%#"o_b#"%' ESCAPE '#');
SELECT row(1, 2) IS DISTINCT FROM row(1, null) AS d, row(1, null) IS NOT DISTINCT FROM row(1, null) AS n;
SELECT row(p.*) FROM padded p ORDER BY n LIMIT 1;
UPDATE padded SET padded.s = 'OLD';
-- Settings, cursors, locks, tags.
SET timezone = '+3';
SHOW timezone;
SELECT timestamptz '2020-01-01 00:00+00';
SET TIME ZONE INTERVAL '-08:00' HOUR TO MINUTE;
SELECT timestamptz '2020-01-01 00:00+00';
RESET timezone;
SET client_min_messages = warning;
DROP TABLE IF EXISTS nowhere;
RESET client_min_messages;
SELECT pg_sleep(0.01) IS NULL AS slept;
BEGIN;
DECLARE c NO SCROLL CURSOR FOR SELECT n FROM padded ORDER BY n;
FETCH 2 FROM c;
FETCH BACKWARD 1 FROM c;
ROLLBACK;
LOCK TABLE padded;
CREATE TABLE copied AS SELECT 1 AS a WITH NO DATA;
CREATE TABLE IF NOT EXISTS copied AS SELECT 1 AS a;
COPY padded (s, n) TO STDOUT WITH (FORMAT csv, HEADER, FORCE_QUOTE (s));
SELECT array[1] || NULL AS a, array[1] || '{2}' AS b, array[1] || 2 AS c, NULL || array[1] AS d;
-- A condition on a subquery's result, moved below DISTINCT or UNION, leaves the result to be shown.
CREATE TABLE lefts (a int, h int);
INSERT INTO lefts VALUES (1, 1), (1, 1), (2, 2), (3, NULL), (NULL, 4);
SELECT DISTINCT * FROM (SELECT DISTINCT a, a IN (SELECT n FROM padded) AS is_in FROM lefts) q WHERE is_in ORDER BY 1;
SELECT a, is_in FROM (SELECT a, a IN (SELECT n FROM padded) AS is_in FROM lefts UNION SELECT 9, true) q WHERE is_in ORDER BY 1;
SELECT a, is_in FROM (SELECT DISTINCT a, NOT EXISTS (SELECT 1 FROM padded WHERE n = h) AS is_in FROM lefts) q WHERE is_in AND is_in IS NOT NULL ORDER BY 1;
SELECT a, is_in FROM (SELECT DISTINCT a, a IN (SELECT n FROM padded) AS is_in FROM lefts) q WHERE NOT is_in ORDER BY 1;
SELECT count(*) FROM lefts l JOIN (SELECT DISTINCT h, a = ANY (SELECT n FROM padded WHERE n <= h) AS is_in FROM lefts) q ON l.a = q.h WHERE q.is_in;
