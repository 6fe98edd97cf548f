#!/usr/bin/env bash
# run.sh -- what gcprof costs, beside others of its kind: time, memory, start-up.
#
#     tests/bench/run.sh [PROGRAM...]     only these programs; so does BENCH_ONLY
#
#     RUNS=7           how many times each, in turn with all others
#     BENCH_TOOLS      only these ways to run a program, of those in all_tools below
#     BENCH_TIMEOUT    seconds after which a run is given up, 900
#     BENCH_CLOCK=cpu  compares processor time: for a machine that is not quiet
#
# Each program runs alone and in each of these ways, one after the other, RUNS
# times.  A ratio is that of a run and of the run alone in the same turn; medians
# are shown, with the smallest and the largest.  gcprof's snapshot at exit is
# within its time, as others' files are within theirs; `recording` is gcprof
# without a snapshot.  What is tens of times slower (jemalloc's profile of every
# allocation, gperftools, Valgrind's tools) runs once, on a shortened input.  What a
# program does, how often it allocates, and from how many stacks, is counted in a
# run of its own.
#
# Not here: what a snapshot costs, see cut.sh.
#
# SPDX-License-Identifier: MIT
set -u
export LC_ALL=C
: "${srcdir:=.}" "${abs_top_builddir:=$PWD}" "${RUNS:=7}" "${BENCH_TIMEOUT:=900}" "${BENCH_ONLY:=}" "${BENCH_CLOCK:=wall}"
lib=${GCPROF_LIB:-$abs_top_builddir/lib/.libs/libgcprof.so}
bench=$abs_top_builddir/tests/bench
sources=$(cd "$srcdir" && pwd)/tests/bench
work=$(mktemp -d "${TMPDIR:-/tmp}/gcprof-bench.XXXXXX") || exit 1
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
unset LD_PRELOAD GCPROF_LIB GCPROF_ANALYZE GCPROF_CMD GCPROF_TARGETS MALLOC_CONF HEAPPROFILE
for name in $(compgen -e GCPROF_); do
	[ -n "${BENCH_KEEP_OPTIONS:-}" ] || unset "$name"
done
export PERL_HASH_SEED=0 PERL_PERTURB_KEYS=0 PYTHONHASHSEED=0
# exit status 23 only says that there are leaks
export LSAN_OPTIONS=exitcode=0
mkdir "$work/runs" "$work/facts" "$work/out"

has() { command -v "$1" >/dev/null 2>&1; }
warn() { printf 'run.sh: %s\n' "$*" >&2; }
progress() { [ ! -t 2 ] || printf '\r\033[K%s' "$*" >&2; }

# ---------------------------------------------------------------- tools

all_tools="gcprof sampled recording heaptrack jemalloc jemalloc_sampled gperftools lsan massif dhat"
lsan=$(${CC:-gcc} -print-file-name=liblsan.so 2>/dev/null)

preloads() { [ -z "$(LD_PRELOAD=$1 /bin/true 2>&1)" ]; }

# Debian's package of a tool that is not here, or what is wrong with it; else nothing.
missing() {
	case $1 in
	heaptrack) has heaptrack || echo "not installed (heaptrack)" ;;
	jemalloc*)
		if ! preloads libjemalloc.so.2; then
			echo "not installed (libjemalloc2)"
		else
			MALLOC_CONF=prof:true,prof_final:false LD_PRELOAD=libjemalloc.so.2 /bin/true 2>&1 | head -n 1
		fi
		;;
	gperftools) preloads libtcmalloc.so.4 || echo "not installed (libgoogle-perftools4)" ;;
	lsan) [ -e "$lsan" ] || echo "not installed (libgcc-VERSION-dev)" ;;
	massif | dhat) has valgrind || echo "not installed (valgrind)" ;;
	esac
}

# prepare TOOL: the variables and the command in front of a program
prepare() {
	environment=()
	wrapper=()
	case $1 in
	alone | short) ;;
	gcprof) environment=("LD_PRELOAD=$lib" "GCPROF_OUTPUT=$work/snapshot.%p.%n.heap") ;;
	sampled) environment=("LD_PRELOAD=$lib" "GCPROF_OUTPUT=$work/snapshot.%p.%n.heap" GCPROF_SAMPLE=512K) ;;
	recording) environment=("LD_PRELOAD=$lib" GCPROF_SNAPSHOT=none) ;;
	counting) environment=("LD_PRELOAD=$lib" "GCPROF_OUTPUT=$work/snapshot.%p.%n.heap" "GCPROF_SNAPSHOT=exit,growth=20%") ;;
	heaptrack) wrapper=(heaptrack --raw -o "$work/heaptrack") ;;
	jemalloc) environment=(LD_PRELOAD=libjemalloc.so.2
		"MALLOC_CONF=prof:true,lg_prof_sample:0,prof_final:true,prof_prefix:$work/jemalloc") ;;
	jemalloc_sampled) environment=(LD_PRELOAD=libjemalloc.so.2
		"MALLOC_CONF=prof:true,lg_prof_sample:19,prof_final:true,prof_prefix:$work/jemalloc") ;;
	gperftools) environment=(LD_PRELOAD=libtcmalloc.so.4 "HEAPPROFILE=$work/gperftools") ;;
	lsan) environment=("LD_PRELOAD=$lsan") ;;
	massif) wrapper=(valgrind -q --tool=massif "--massif-out-file=$work/massif.out") ;;
	dhat) wrapper=(valgrind -q --tool=dhat "--dhat-out-file=$work/dhat.out") ;;
	esac
}

# Tens of times slower than the program alone.
is_short() { case $1 in short | jemalloc | gperftools | massif | dhat) ;; *) false ;; esac; }

any_short() { # TOOLS: whether any of them runs on a shortened input
	local tool
	for tool in $1; do
		! is_short "$tool" || return 0
	done
	return 1
}

# ------------------------------------------------------------- programs

all_programs="fraction cubes simple threads_1 threads_2 threads_8 parser containers sqlite perl_hash python_dict compiler redis large realloc-large calloc-large vectors lzma"

has_program() {
	case $1 in
	containers) [ -x "$bench/containers" ] ;;
	sqlite) has sqlite3 ;;
	perl_hash) has perl ;;
	python_dict) [ -x /usr/bin/python3 ] ;;
	*large | vectors) [ -x "$bench/large" ] ;;
	lzma) /usr/bin/python3 -c 'import lzma' 2>/dev/null ;;
	compiler) has g++ ;;
	redis) has redis-server && has redis-benchmark ;;
	*) [ -x "$bench/${1%_[0-9]}" ] ;;
	esac
}

# The compiler proper, which the driver g++ starts: some tools do not follow children.
compiler_command() {
	local words
	words=$(g++ -### -std=c++17 -O1 -S -o /dev/stdout "$@" 2>&1 | grep cc1plus)
	eval "command=($words)"
}

# choose PROGRAM SHORT: sets command; SHORT is 1 for an input that takes less
choose() {
	local n=$2
	# short whole
	pick() { if [ "$n" = 1 ]; then echo "$1"; else echo "$2"; fi; }
	case $1 in
	fraction) command=("$bench/fraction" "$(pick 10000 180000)") ;;
	cubes) command=("$bench/cubes" "$(pick 80 1000)") ;;
	simple) command=("$bench/simple" "$(pick 2000 60000)") ;;
	threads_1) command=("$bench/threads" "$(pick 12 300)" 1) ;;
	threads_2) command=("$bench/threads" "$(pick 6 150)" 2) ;;
	threads_8) command=("$bench/threads" "$(pick 2 38)" 8) ;;
	parser) command=("$bench/parser" "$(pick 20000 200000)") ;;
	containers) command=("$bench/containers" "$(pick 100000 2000000)") ;;
	sqlite)
		[ "$n" = 0 ] || sed 's/200000/10000/' "$sources/sort.sql" >"$work/short.sql"
		command=(sqlite3 -batch :memory: ".read $(pick "$work/short.sql" "$sources/sort.sql")")
		;;
	perl_hash) command=(perl "$sources/hash.pl" "$(pick 20000 120000)") ;;
	python_dict) command=(/usr/bin/python3 -S -s "$sources/dict.py" "$(pick 5000 100000)") ;;
	large) command=("$bench/large" again "$(pick 20 1000)") ;;
	realloc-large) command=("$bench/large" realloc "$(pick 1 200)") ;;
	calloc-large) command=("$bench/large" calloc "$(pick 100 10000)") ;;
	vectors) command=("$bench/large" vectors "$(pick 10 200)") ;;
	lzma) command=(/usr/bin/python3 -S -s "$sources/compress.py" "$(pick 5 200)") ;;
	compiler)
		if [ "$n" = 1 ]; then compiler_command -fsyntax-only "$sources/containers.cc"; else
			compiler_command "$sources/large.cc"
		fi
		;;
	esac
}

# measured PROGRAM TOOL: one run, one line in a file: wall, processor time, peak,
# status, and whether it printed what it prints alone
measured() {
	local file=$work/runs/$1.$2 out=$work/out/$1.$2 alone=$work/out/$1.alone short=0 line=
	if is_short "$2"; then
		short=1
		alone=$work/out/$1.short
	fi
	prepare "$2"
	rm -f "$work/line"
	if [ "$1" = redis ]; then
		serve "$short" >"$out" 2>"$work/err"
	else
		choose "$1" "$short"
		timeout -k 5 "$BENCH_TIMEOUT" "$bench/measure" "$work/line" ${environment[@]+"${environment[@]}"} \
			${wrapper[@]+"${wrapper[@]}"} "${command[@]}" >"$out" 2>"$work/err" </dev/null
	fi
	[ ! -s "$work/line" ] || read -r line <"$work/line"
	printf '%s %s\n' "${line:-0 0 0 timeout}" "$(same_lines "$alone" "$out")" >>"$file"
	rm -f "$work"/heaptrack* "$work"/jemalloc* "$work"/gperftools* "$work"/*.out
	[ "$2" = counting ] || rm -f "$work"/snapshot.*
}

# Tools may print lines of their own between those of the program.
same_lines() {
	awk 'NR == FNR { wanted[++n] = $0; next } i < n && $0 == wanted[i + 1] { i++ }
		END { print i == n ? "same" : "other" }' "$1" "$2"
}

# The server runs with the tool, the clock is redis-benchmark's; processor time and
# memory are the server's own.
serve() {
	local socket=$work/redis.sock requests start stop ticks kib pid
	local command=(redis-server --port 0 --unixsocket "$socket" --save '' --appendonly no --dir "$work" --daemonize no)
	requests=$([ "$1" = 1 ] && echo 2000 || echo 60000)
	env ${environment[@]+"${environment[@]}"} ${wrapper[@]+"${wrapper[@]}"} "${command[@]}" >/dev/null 2>&1 </dev/null &
	server=$!
	for _ in $(seq 1200); do
		[ "$(redis-cli -s "$socket" ping 2>/dev/null)" = PONG ] && break
		kill -0 "$server" 2>/dev/null || break
		sleep 0.05
	done
	pid=$(redis-cli -s "$socket" info server 2>/dev/null | tr -d '\r' | sed -n 's/^process_id://p')
	start=$(date +%s%N)
	timeout -k 5 "$BENCH_TIMEOUT" redis-benchmark -s "$socket" -q -n "$requests" -r 50000 -d 64 -P 16 \
		-t set,get,lpush,lpop,sadd,hset,zadd,mset >/dev/null && stop=$(date +%s%N)
	if [ -n "$pid" ] && [ -n "${stop:-}" ]; then
		kib=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status")
		ticks=$(awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$pid/stat")
		echo "$((stop - start)) $((ticks * (1000000000 / $(getconf CLK_TCK)))) $kib 0" >"$work/line"
	else
		echo "0 0 0 256" >"$work/line"
	fi
	redis-cli -s "$socket" shutdown nosave >/dev/null 2>&1
	wait "$server"
	server=
}

# A line for each snapshot of a run that is not timed, grown heaps among them.
counted() {
	local file
	measured "$1" counting
	for file in $(printf '%s\n' "$work"/snapshot.*.heap | sort -V); do
		[ -e "$file" ] || continue
		/usr/bin/python3 "$sources/facts.py" "$file" allocations sites profiler_bytes live_bytes
	done >"$work/facts/$1"
	rm -f "$work"/snapshot.*
}

# ----------------------------------------------------------------- main

[ $# -gt 0 ] || read -ra only <<<"${BENCH_ONLY:-$all_programs}"
[ $# -gt 0 ] || set -- "${only[@]}"
programs=
for program; do
	if ! [[ " $all_programs " = *" $program "* ]]; then
		warn "no program is called '$program'; there are: $all_programs"
		exit 2
	elif has_program "$program"; then
		programs="$programs $program"
	else
		echo "$program" >>"$work/left-out"
	fi
done

tools=
for tool in ${BENCH_TOOLS:-$all_tools}; do
	reason=$(missing "$tool")
	if [ -z "$reason" ]; then
		tools="$tools $tool"
	else
		echo "$tool: $reason" >>"$work/missing"
	fi
done

for program in $programs; do
	progress "$program: counting"
	measured "$program" alone
	: >"$work/runs/$program.alone" # the first one reads the files from disk
	counted "$program"
	for ((run = 1; run <= RUNS; run++)); do
		for tool in alone $tools; do
			is_short "$tool" && continue
			progress "$program: $tool, run $run of $RUNS"
			measured "$program" "$tool"
		done
	done
	for tool in short $tools; do
		is_short "$tool" || continue
		any_short "$tools" || continue
		progress "$program: $tool"
		measured "$program" "$tool"
	done
done

progress "start-up"
for ((run = 1; run <= 50; run++)); do
	for tool in alone gcprof recording; do
		prepare "$tool"
		"$bench/measure" "$work/runs/true.$tool" ${environment[@]+"${environment[@]}"} /bin/true
		rm -f "$work"/snapshot.*
	done
done
progress

{
	heaptrack --version | head -n 1
	valgrind --version
	dpkg-query -W -f '${Package} ${Version}\n' libc6 libjemalloc2 libgoogle-perftools4 liblsan0
} 2>/dev/null | paste -sd, | sed 's/,/, /g' >"$work/versions"

/usr/bin/python3 "$sources/table.py" "$work" "$BENCH_CLOCK" "$programs" "$tools"
