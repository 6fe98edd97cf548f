#!/usr/bin/env bash
# healthy.sh -- programs that many use: what is called lost there, memcheck calls lost, too.
#
# Compared are numbers of blocks: no more than memcheck has, not which ones.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/leaks/leaks.sh"

export PYTHONHASHSEED=0 PERL_HASH_SEED=0 GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null TZ=UTC HOME=$T
cd "$T" || exit 99

definite_blocks() { # NAME: in all snapshots of a run
	heaps "$1" | while read -r file; do
		"$ANALYZE" --format=json --top=1 "$file" | jq .leaks.definite.blocks
	done | awk '{ n += $1 } END { print n + 0 }'
}

told() { # NAME: the findings, as comments
	local file
	heaps "$1" | while read -r file; do
		"$ANALYZE" --format=text --top=3 "$file"
	done >"$T/told"
	diag_file "$T/told" 60
}

looked() { # NAME: there are snapshots, and all tell what is lost
	local file
	[ "$(n_heaps "$1")" -ge 1 ] || return 1
	while read -r file; do
		"$ANALYZE" --format=json --top=1 "$file" |
			jq -e '.process.complete and .leaks.computed and .totals.allocations > 0' || return 1
	done < <(heaps "$1")
}

# Ours with its built-in suppressions, memcheck with its own.
healthy() { # NAME COMMAND...
	local name=$1 ours theirs bytes
	shift
	if ! command -v "$1" >/dev/null 2>&1; then
		skip "$name: nothing is lost" "$1 is not installed"
		return
	fi
	run_gcprof "$name" "$@"
	is "$name: the program runs" "$status" 0
	ok "$name: its snapshots have a leak check" looked "$name"
	ours=$(definite_blocks "$name")
	if [ "$ours" = 0 ]; then
		point pass "$name: nothing is called definitely lost"
		return
	fi
	if [ "$has_memcheck" = 0 ]; then
		skip "$name: memcheck agrees that $ours blocks are lost" "valgrind is not installed"
		return
	fi
	memcheck "$name" "$@"
	read -r theirs _ < <(memcheck_answer "$name")
	bytes=$(heaps "$name" | while read -r file; do answer "$file"; done | head -n 1)
	between "$name: memcheck calls as many blocks definitely lost" "$ours" 0 "${theirs%%/*}" || {
		diag "gcprof: $bytes; memcheck: $(memcheck_answer "$name")"
		told "$name"
	}
}

program() { # NAME: what that command really is, without wrappers in scripts
	case $1 in
	python3) command python3 -c 'import os, sys; print(os.path.realpath(sys.executable))' ;;
	*) command -v "$1" ;;
	esac
}

# shellcheck disable=SC2016 # words of other languages
{
	healthy python "$(program python3)" -S -c 'import json, re
class Ring: pass
for i in range(1000):
    r = Ring(); r.me = r
print(len(json.dumps({str(i): [i] * 3 for i in range(500)})), re.findall("a+", "aabaaa"))'
	healthy perl perl -e 'my %h = map { ($_ => [1 .. $_ % 9]) } 1 .. 500; my $s = join ",", sort keys %h; $s =~ s/(\d+)/<$1>/g; print length $s'
	healthy sqlite sqlite3 :memory: 'create table t(a, b); with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000) insert into t select i, hex(i) from n; create index x on t(b); select count(*), max(b) from t where b like "3%";'
	healthy bash bash -c 'declare -A a; for i in {1..300}; do a[$i]=$((i * i)); done; echo "${#a[@]}" "$(echo ${a[7]})"'
	healthy jq jq -n '[range(2000) | {a: ., b: (. | tostring)}] | group_by(.a % 7) | map(length)'
}
git init -q repository 2>/dev/null && cd repository && {
	seq 100 >a
	git add a
	git -c user.name=N -c user.email=e@example.org commit -qm first
	seq 200 >a
}
healthy git-diff git --no-pager diff --stat
healthy git-log git --no-pager log -p
cd "$T" || exit 99

# Too slow under valgrind.
if command -v node >/dev/null 2>&1; then
	GCPROF_FOLLOW=0 run_gcprof node node -e 'const a = []; for (let i = 0; i < 1e5; i++) a.push({i}); console.log(JSON.stringify(a).length)'
	is "node: it runs" "$status" 0
	ok "node: its snapshots tell what is lost" looked node
	is "node: nothing is called definitely lost" "$(definite_blocks node)" 0 || told node
else
	skip "node: nothing is called definitely lost" "node is not installed"
fi

if command -v redis-server >/dev/null 2>&1 && command -v redis-cli >/dev/null 2>&1; then
	start_gcprof redis redis-server --port 0 --unixsocket "$T/redis.sock" --save '' --dir "$T"
	if eventually redis-cli -s "$T/redis.sock" ping; then
		redis-cli -s "$T/redis.sock" eval 'for i = 1, 2000 do redis.call("set", "k" .. i, i); redis.call("rpush", "l", i) end return 1' 0 >/dev/null
		redis-cli -s "$T/redis.sock" del l >/dev/null
		stop "$pid"
		ok "redis: its snapshots tell what is lost" looked redis
		is "redis: nothing is called definitely lost" "$(definite_blocks redis)" 0 || told redis
	else
		skip "redis: nothing is called definitely lost" "it does not come up"
	fi
else
	skip "redis: nothing is called definitely lost" "redis-server is not installed"
fi
done_testing
