-- sort.sql -- a table filled, joined, sorted and grouped in memory.
-- SPDX-License-Identifier: MIT
PRAGMA temp_store = memory;
CREATE TABLE t (id INTEGER PRIMARY KEY, k INTEGER, name TEXT, note TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
	INSERT INTO t SELECT i, i * 7919 % 100003, 'name ' || (i * 104729 % 200003), hex(i * 31) || i FROM n;
SELECT count(*) FROM (SELECT DISTINCT substr(name, 1, 9) FROM t);
SELECT name FROM t ORDER BY note || name LIMIT 3;
SELECT name FROM t ORDER BY substr(note, 3), k DESC LIMIT 3;
CREATE INDEX t_name ON t (name);
SELECT sum(length(a.note)) FROM t a JOIN t b ON a.name = b.name WHERE a.id < b.id + 10;
SELECT k % 100 AS g, max(note), group_concat(id % 7, '') > '3' FROM t GROUP BY g ORDER BY 2 LIMIT 3;
