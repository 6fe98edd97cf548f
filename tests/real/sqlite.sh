#!/usr/bin/env bash
# sqlite.sh -- sqlite3 on tables, joins and sorts, in memory.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../.. disable=SC2016
. "${srcdir:-.}/tests/e2e/init.sh"
. "${srcdir:-.}/tests/real/real.sh"

require sqlite3
cat >"$T/load.sql" <<'END'
PRAGMA temp_store = memory;
CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT, city TEXT);
CREATE TABLE purchase (id INTEGER PRIMARY KEY, customer INTEGER, amount INTEGER, note TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
	INSERT INTO customer SELECT i, 'customer ' || (i * 7919 % 3001), 'city ' || (i * 31 % 97) FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
	INSERT INTO purchase SELECT i, i * 104729 % 3000 + 1, i * 7907 % 10007, hex(i * i) FROM n;
CREATE INDEX purchase_customer ON purchase (customer, amount);
SELECT city, count(*), sum(amount) FROM customer JOIN purchase ON customer.id = purchase.customer
	GROUP BY city ORDER BY 3 DESC LIMIT 10;
SELECT name, (SELECT max(amount) FROM purchase WHERE customer = customer.id) AS most FROM customer
	ORDER BY most, name LIMIT 5;
SELECT substr(note, 1, 3) AS start, group_concat(id % 10, '') FROM (SELECT * FROM purchase ORDER BY note LIMIT 50)
	GROUP BY start ORDER BY start;
UPDATE purchase SET note = note || amount WHERE id % 3 = 0;
DELETE FROM purchase WHERE id % 7 = 0;
SELECT count(*), total(length(note)) FROM purchase;
SELECT note FROM purchase ORDER BY note DESC, id LIMIT 3 OFFSET 20000;
SELECT json_group_array(name) FROM (SELECT name FROM customer ORDER BY id LIMIT 20);
SELECT * FROM no_such_table;
END
counted sqlite sqlite3 -batch :memory: ".read $T/load.sql"
done_testing
