-- COPY in its formats.
CREATE TABLE t (a int PRIMARY KEY, b text, c numeric);
COPY t FROM stdin;
1	one	1.50
2	\N	\N
3	tab\there	3
\.
SELECT * FROM t ORDER BY a;
COPY t TO stdout;
COPY t TO stdout WITH (FORMAT csv, HEADER);
COPY (SELECT a, b FROM t ORDER BY a DESC) TO stdout WITH (FORMAT csv, FORCE_QUOTE *, DELIMITER ';', NULL '-');
COPY t (a, b) FROM stdin WITH (FORMAT csv);
4,"a ""quoted"" one"
5,
\.
SELECT a, b, c FROM t WHERE a > 3 ORDER BY a;
COPY t FROM stdin;
6	x	notanumber
\.
COPY t FROM stdin;
6	x
\.
COPY t FROM stdin;
6	x	1	extra
\.
COPY t FROM stdin;
6	x	1
1	dup	1
\.
SELECT count(*) FROM t;
COPY t (b) FROM stdin;
only b
\.
COPY t FROM stdin WHERE a > 100;
99	no	1
101	yes	1
\.
SELECT * FROM t WHERE a > 50;
