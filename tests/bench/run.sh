#!/usr/bin/env bash
# run.sh -- what gcprof costs, beside heaptrack, as ratios of wall time and of peak memory.
#
#     tests/bench/run.sh [NAME...]      only these programs
#
# Each program runs with nothing, with gcprof (every allocation, full stacks, a
# snapshot at exit) and with heaptrack --raw (which only records), in turn, RUNS
# times (default 5).  Medians are compared; the spread is the smallest and the
# largest run over the median with nothing.
#
# SPDX-License-Identifier: MIT
set -u
export LC_ALL=C
: "${srcdir:=.}" "${abs_top_builddir:=$PWD}" "${RUNS:=5}"
lib=${GCPROF_TEST_LIB:-$abs_top_builddir/lib/.libs/libgcprof.so}
bench=$abs_top_builddir/tests/bench
sources=$(cd "$srcdir" && pwd)/tests/bench
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
unset LD_PRELOAD
for name in OUTPUT SNAPSHOT SIGNAL YOUNG PROMOTE SAMPLE LIMIT TRACE ALLOCATOR HUGEPAGES FOLLOW VERBOSE; do
	[ -n "${BENCH_KEEP_OPTIONS:-}" ] || unset "GCPROF_$name"
done
export PERL_HASH_SEED=0 PERL_PERTURB_KEYS=0 PYTHONHASHSEED=0

tools="plain gcprof"
command -v heaptrack >/dev/null && tools="$tools heaptrack"

has() { command -v "$1" >/dev/null 2>&1; }

# measured TOOL PROGRAM COMMAND...: one run, one line in a file
measured() {
	local tool=$1 program=$2 into=$work/$2.$1
	shift 2
	case $tool in
	plain) "$bench/measure" "$into" "$@" ;;
	gcprof)
		GCPROF_OUTPUT=$work/snapshot.%p.heap "$bench/measure" "$into" env LD_PRELOAD="$lib" "$@"
		;;
	heaptrack) "$bench/measure" "$into" heaptrack --raw -o "$work/heaptrack" "$@" ;;
	esac >"$work/out.$program.$tool" 2>"$work/err.$program.$tool" </dev/null
	rm -f "$work"/snapshot.* "$work"/heaptrack*
	if [ "$tool" = gcprof ] && ! cmp -s "$work/out.$program.plain" "$work/out.$program.gcprof"; then
		printf 'run.sh: %s prints something else under gcprof\n' "$program" >&2
	fi
}

# Commands, one function each.
fraction() { measured "$1" fraction "$bench/fraction"; }
cubes() { measured "$1" cubes "$bench/cubes"; }
simple() { measured "$1" simple "$bench/simple"; }
threads() { measured "$1" threads "$bench/threads"; }
parser() { measured "$1" parser "$bench/parser"; }
containers() { measured "$1" containers "$bench/containers"; }
sqlite() { measured "$1" sqlite sqlite3 -batch :memory: ".read $sources/sort.sql"; }
perl_hash() { measured "$1" perl_hash perl "$sources/hash.pl"; }
python_dict() { measured "$1" python_dict /usr/bin/python3 -S -s "$sources/dict.py"; }
compiler() { measured "$1" compiler g++ -std=c++17 -O1 -S -o "$work/large.s" "$sources/large.cc"; }

# The server is under the profiler, the clock is redis-benchmark's; memory is the
# server's own peak.
redis() {
	local tool=$1 socket=$work/redis.sock start stop command kib
	command=(redis-server --port 0 --unixsocket "$socket" --save '' --appendonly no --dir "$work" --daemonize no)
	case $tool in
	plain) "${command[@]}" >/dev/null 2>&1 </dev/null & ;;
	gcprof)
		GCPROF_OUTPUT=$work/snapshot.%p.heap LD_PRELOAD=$lib bash -c 'exec "$@"' start "${command[@]}" \
			>/dev/null 2>&1 </dev/null &
		;;
	heaptrack) heaptrack --raw -o "$work/heaptrack" "${command[@]}" >/dev/null 2>&1 </dev/null & ;;
	esac
	server=$!
	for _ in $(seq 600); do
		[ "$(redis-cli -s "$socket" ping 2>/dev/null)" = PONG ] && break
		sleep 0.05
	done
	start=$(date +%s%N)
	redis-benchmark -s "$socket" -q -n 60000 -r 50000 -d 64 -P 16 -t set,get,lpush,lpop,sadd,hset,zadd,mset >/dev/null
	stop=$(date +%s%N)
	kib=$(awk '/^VmHWM/ { print $2 }' "/proc/$(redis-cli -s "$socket" info server | tr -d '\r' | sed -n 's/^process_id://p')/status")
	echo "$((stop - start)) $kib 0" >>"$work/redis.$tool"
	redis-cli -s "$socket" shutdown nosave >/dev/null 2>&1
	wait "$server"
	server=
	rm -f "$work"/snapshot.* "$work"/heaptrack*
}

programs="fraction cubes simple threads parser"
[ -x "$bench/containers" ] && programs="$programs containers"
has sqlite3 && programs="$programs sqlite"
has perl && programs="$programs perl_hash"
[ -x /usr/bin/python3 ] && programs="$programs python_dict"
has g++ && programs="$programs compiler"
has redis-server && has redis-benchmark && programs="$programs redis"
[ $# -eq 0 ] || programs=$*

for program in $programs; do
	for ((run = 0; run < RUNS; run++)); do
		for tool in $tools; do
			"$program" "$tool" || printf 'run.sh: %s under %s failed\n' "$program" "$tool" >&2
		done
	done
done

# column FILE N: of all runs, sorted
column() { awk -v n="$2" '{ print $n }' "$1" | sort -n; }
median() { awk '{ a[NR] = $1 } END { print NR % 2 ? a[(NR + 1) / 2] : (a[NR / 2] + a[NR / 2 + 1]) / 2 }'; }

for program in $programs; do
	for tool in $tools; do
		[ -s "$work/$program.$tool" ] || continue
		if awk '$3 != 0 { bad = 1 } END { exit !bad }' "$work/$program.$tool"; then
			printf '%s %s failed\n' "$program" "$tool"
			continue
		fi
		printf '%s %s %s %s %s %s\n' "$program" "$tool" "$(column "$work/$program.$tool" 1 | median)" \
			"$(column "$work/$program.$tool" 1 | head -n 1)" "$(column "$work/$program.$tool" 1 | tail -n 1)" \
			"$(column "$work/$program.$tool" 2 | median)"
	done
done >"$work/medians"

awk -v tools="$tools" '
function cell(program, tool,    base) {
	if (!((program, tool) in wall))
		return "failed | "
	base = wall[program, "plain"]
	product[tool] += log(wall[program, tool] / base)
	memory_product[tool] += log(memory[program, tool] / memory[program, "plain"])
	n[tool]++
	return sprintf("%.2f (%.2f-%.2f) | %.2f", wall[program, tool] / base, least[program, tool] / base,
		most[program, tool] / base, memory[program, tool] / memory[program, "plain"])
}
{
	if (!($1 in known)) {
		known[$1] = 1
		order[++n_programs] = $1
	}
	if ($3 == "failed")
		next
	wall[$1, $2] = $3; least[$1, $2] = $4; most[$1, $2] = $5; memory[$1, $2] = $6
}
END {
	compare = tools ~ /heaptrack/
	printf "| program | alone | peak memory | gcprof: time | memory |%s\n", compare ? " heaptrack: time | memory |" : ""
	printf "|---|---|---|---|---|%s\n", compare ? "---|---|" : ""
	for (i = 1; i <= n_programs; i++) {
		p = order[i]
		printf "| %s | %.2f s (%.2f-%.2f) | %.0f MiB | %s |", p, wall[p, "plain"] / 1e9,
			least[p, "plain"] / wall[p, "plain"], most[p, "plain"] / wall[p, "plain"],
			memory[p, "plain"] / 1024, cell(p, "gcprof")
		if (compare)
			printf " %s |", cell(p, "heaptrack")
		printf "\n"
	}
	printf "| geometric mean | | | **%.2f** | %.2f |", exp(product["gcprof"] / n["gcprof"]),
		exp(memory_product["gcprof"] / n["gcprof"])
	if (compare && n["heaptrack"])
		printf " **%.2f** | %.2f |", exp(product["heaptrack"] / n["heaptrack"]),
			exp(memory_product["heaptrack"] / n["heaptrack"])
	printf "\n"
}' "$work/medians"
printf '\n%s, %s CPUs, medians of %s runs; times are ratios to the program alone (smallest-largest)\n' \
	"$(date -u +%Y-%m-%d)" "$(getconf _NPROCESSORS_ONLN)" "$RUNS"
