#!/usr/bin/env bash
# redis.sh -- redis-server, driven by redis-benchmark and by known commands.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../.. disable=SC2016
. "${srcdir:-.}/tests/e2e/init.sh"
. "${srcdir:-.}/tests/real/real.sh"

require redis-server redis-cli redis-benchmark
socket=$T/redis.sock
cli() { redis-cli -s "$socket" "$@" 2>&1; }
up() { [ "$(cli ping)" = PONG ]; }

# Always the same data, and what it looks like afterwards.
known_load() {
	{
		awk 'BEGIN {
			for (i = 0; i < 20000; i++) {
				print "SET key:" i " " i * 7919 % 10007
				print "RPUSH list:" i % 50 " item" i
				print "HSET hash:" i % 100 " field" i " value" i
				print "ZADD zset:" i % 20 " " i * 31 % 977 " member" i
				if (i % 3 == 0) print "DEL key:" i / 3
				if (i % 5 == 0) print "LPOP list:" i % 50
			}
			print "EVAL \"local s = 0 for i = 1, 10000 do s = s + #tostring({i}) - #tostring({i}) + i end return s\" 0"
			print "SORT list:1 ALPHA LIMIT 0 5"
			print "ZRANGE zset:3 0 4 WITHSCORES"
			print "DBSIZE"
			print "DEBUG DIGEST"
			print "NOSUCHCOMMAND"
		}'
	} | cli >"$1"
}

serve() { # NAME [gcprof]: start, load, ask, shut down
	local name=$1
	local server=(redis-server --port 0 --unixsocket "$socket" --save '' --appendonly no --dir "$T"
		--enable-debug-command yes --daemonize no)
	if [ "${2:-}" = gcprof ]; then
		start_gcprof "$name" "${server[@]}"
	else
		"${server[@]}" >"$T/$name.out" 2>"$T/$name.err" 3>/dev/null </dev/null &
		pid=$!
		started+=("$pid")
	fi
	eventually up
	redis-benchmark -s "$socket" -q -n 20000 -r 1000 -d 100 \
		-t set,get,incr,lpush,rpop,sadd,hset,zadd,lrange_100,mset >"$T/$name.bench" 2>&1
	benchmark=$?
	cli FLUSHALL >/dev/null
	known_load "$T/$name.answers"
	cli BGSAVE >/dev/null
	eventually saved
	cli INFO persistence | grep -o 'rdb_last_bgsave_status:[a-z]*' >>"$T/$name.answers"
}
saved() { cli INFO persistence | grep -q 'rdb_bgsave_in_progress:0'; }
finish() {
	cli SHUTDOWN NOSAVE >/dev/null
	eventually ended
	stop "$pid"
}
ended() { ! kill -0 "$pid" 2>/dev/null; }

serve plain
plain_benchmark=$benchmark
finish
plain=$status
serve redis gcprof
is "redis-benchmark runs to its end" "$benchmark" "$plain_benchmark"
kill -USR2 "$pid"
asked() { heaps redis | while read -r file; do info "$file" reason; done | grep -q signal; }
ok "SIGUSR2 gives a snapshot of the running server" eventually asked
ok "redis is still up after its snapshot" up
finish
is "redis ends with the same status" "$status" "$plain"
ok "all answers are the same" cmp "$T/plain.answers" "$T/redis.answers"
ok "redis has given answers, among them the digest of all data" grep -qE '^[0-9a-f]{40}$' "$T/redis.answers"
ok "a background save in a forked child went well" grep -q 'status:ok' "$T/redis.answers"
whole redis 2
last=$(heaps redis | while read -r file; do
	[ "$(info "$file" reason)" = signal ] && echo "$file"
done | tail -n 1)
between "the data is among the live blocks" "$(summary "$last" .totals.live_blocks)" 60000 10000000
done_testing
