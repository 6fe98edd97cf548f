# shellcheck shell=bash
# init.sh -- what every end-to-end test starts with: TAP, places, running under gcprof.
#
# In:   srcdir, GCPROF_LIB, GCPROF_ANALYZE, GCPROF_CMD and GCPROF_TARGETS as
#       tests/local.mk sets them; without these, the working directory is the
#       build directory.
# Out:  the functions below; $T, a directory of this test's own, removed at the end.
#
# A test script sources this file, states its points with ok and is, and ends
# with done_testing (or says plan N at the start).  A failed point is followed
# by comment lines that tell what was seen.
#
# SPDX-License-Identifier: MIT

set -u
export LC_ALL=C.UTF-8
: "${srcdir:=.}"
: "${abs_top_builddir:=$PWD}"
: "${GCPROF_TESTS_REQUIRE:=0}"
: "${GCPROF_TESTS_TIMEOUT:=300}"

absolute() { # PATH: the same from any working directory
	case $1 in
	/*) printf '%s\n' "$1" ;;
	*) printf '%s\n' "$PWD/$1" ;;
	esac
}

LIB=$(absolute "${GCPROF_LIB:-$abs_top_builddir/lib/.libs/libgcprof.so}")
ANALYZE=$(absolute "${GCPROF_ANALYZE:-$abs_top_builddir/tools/gcprof-analyze}")
# shellcheck disable=SC2034 # for the scripts
RUN=$(absolute "${GCPROF_CMD:-$abs_top_builddir/tools/gcprof}")
# shellcheck disable=SC2034 # for the scripts
TARGETS=$(absolute "${GCPROF_TARGETS:-$abs_top_builddir/tests/e2e/targets}")
HEAPDUMP=$abs_top_builddir/tests/e2e/heapdump
SOURCES=$(absolute "$srcdir")

# Options of the caller's environment must not reach the programs under test.
for name in OUTPUT MODE SNAPSHOT SIGNAL YOUNG PROMOTE SAMPLE LIMIT TRACE WASTE ALLOCATOR HUGEPAGES FOLLOW VERBOSE VERIFY ABORT WATCH LIVE; do
	unset "GCPROF_$name"
done
unset LD_PRELOAD DEBUGINFOD_URLS GCPROF_LIB GCPROF_ANALYZE GCPROF_CMD GCPROF_TARGETS

T=$(mktemp -d "${TMPDIR:-/tmp}/gcprof-test.XXXXXX") || exit 99
T=$(cd "$T" && pwd -P)
n_points=0
n_planned=
started=()

descendants() { # PID...: they and their children, the youngest last
	local pid
	for pid in "$@"; do
		echo "$pid"
		# shellcheck disable=SC2046 # a word per pid
		descendants $(cat "/proc/$pid/task"/*/children 2>/dev/null)
	done
}

# Only children that still run: the number of one that has ended may be another process's by
# now, of any test.
cleanup() {
	local pid running=()
	jobs -pr >"$T/.running"
	for pid in ${started[@]+"${started[@]}"}; do
		! grep -qx "$pid" "$T/.running" || running+=("$pid")
	done
	for pid in $(descendants ${running[@]+"${running[@]}"}); do
		kill -KILL "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	if [ "${GCPROF_TESTS_KEEP:-0}" = 1 ]; then
		printf '# kept: %s\n' "$T"
	else
		chmod -R u+rwx "$T" 2>/dev/null
		rm -rf "$T"
	fi
}
trap cleanup EXIT
trap 'exit 99' HUP INT TERM

# ---- TAP ----

plan() { # N
	n_planned=$1
	printf '1..%d\n' "$1"
}

done_testing() {
	[ -n "$n_planned" ] || printf '1..%d\n' "$n_points"
}

diag() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

diag_file() { # FILE [LINES]: the head of a file, as comments
	if [ -s "$1" ]; then
		printf '# %s:\n' "${1##*/}"
		head -n "${2:-20}" "$1" | cut -c1-300 | sed 's/^/#   /'
	fi
}

point() { # pass|fail SENTENCE
	n_points=$((n_points + 1))
	if [ "$1" = pass ]; then
		printf 'ok %d - %s\n' "$n_points" "$2"
	else
		printf 'not ok %d - %s\n' "$n_points" "$2"
		return 1
	fi
}

ok() { # SENTENCE COMMAND...: passes if the command does; shows its output if not
	local sentence=$1
	shift
	if "$@" >"$T/.ok" 2>&1; then
		point pass "$sentence"
	else
		point fail "$sentence"
		diag "failed: $*"
		diag_file "$T/.ok"
		return 1
	fi
}

is() { # SENTENCE GOT WANTED
	if [ "$2" = "$3" ]; then
		point pass "$1"
	else
		point fail "$1"
		diag "got:    $2"
		diag "wanted: $3"
		return 1
	fi
}

between() { # SENTENCE GOT LEAST MOST: whole numbers
	if [[ $2 =~ ^-?[0-9]+$ ]] && [ "$2" -ge "$3" ] && [ "$2" -le "$4" ]; then
		point pass "$1"
	else
		point fail "$1"
		diag "got $2, wanted $3 to $4"
		return 1
	fi
}

skip() { # SENTENCE REASON: one point
	n_points=$((n_points + 1))
	printf 'ok %d - %s # SKIP %s\n' "$n_points" "$1" "$2"
}

todo() { # SENTENCE REASON COMMAND...: a known breakage, still tried
	local sentence=$1 reason=$2
	shift 2
	n_points=$((n_points + 1))
	if "$@" >/dev/null 2>&1; then
		printf 'ok %d - %s # TODO %s\n' "$n_points" "$sentence" "$reason"
	else
		printf 'not ok %d - %s # TODO %s\n' "$n_points" "$sentence" "$reason"
	fi
}

skip_all() { # REASON: the whole script, or a failure if everything is demanded
	if [ "$GCPROF_TESTS_REQUIRE" = 1 ]; then
		plan 1
		point fail "everything that this test needs is there ($*)"
		exit 1
	fi
	printf '1..0 # SKIP %s\n' "$*"
	exit 0
}

# TAP lines of a target's own (ok - ..., not ok - ...) become points of this test.
points_of() { # FILE
	local line
	while IFS= read -r line; do
		case $line in
		'ok - '*) point pass "${line#ok - }" ;;
		'not ok - '*) point fail "${line#not ok - }" ;;
		esac
	done <"$1"
	return 0
}

require() { # PROGRAM...
	local program
	for program in "$@"; do
		command -v "$program" >/dev/null 2>&1 || skip_all "$program is not installed"
	done
}

require_built() { # FILE...
	local file
	for file in "$@"; do
		[ -e "$file" ] || skip_all "not built: ${file##*/}"
	done
}

require jq awk timeout
require_built "$LIB" "$ANALYZE" "$HEAPDUMP"

# ---- running ----

# The preload list; another library may follow ours.
preload=$LIB

# Run a command with its streams in $T/NAME.{out,err,truth}.  Sets $status.
# The time limit is only there so that a hang ends as a failure.
run_plain() { # NAME COMMAND...
	local name=$1
	shift
	status=0
	timeout -k 5 "$GCPROF_TESTS_TIMEOUT" "$@" >"$T/$name.out" 2>"$T/$name.err" 3>"$T/$name.truth" </dev/null || status=$?
	return 0
}

# The same under gcprof.  Snapshots go to the directory $T/NAME.
# shellcheck disable=SC2030
run_gcprof() { # NAME COMMAND...
	local name=$1
	shift
	status=0
	mkdir -p "$T/$name"
	GCPROF_OUTPUT=${GCPROF_OUTPUT:-$T/$name/%e.%p.%n.heap} timeout -k 5 "$GCPROF_TESTS_TIMEOUT" \
		env LD_PRELOAD="$preload" "$@" >"$T/$name.out" 2>"$T/$name.err" 3>"$T/$name.truth" </dev/null || status=$?
	return 0
}

# The same in the background; its pid is in $pid, and it is killed at the end.
start_gcprof() { # NAME COMMAND...
	local name=$1
	shift
	mkdir -p "$T/$name"
	GCPROF_OUTPUT=${GCPROF_OUTPUT:-$T/$name/%e.%p.%n.heap} LD_PRELOAD=$preload \
		bash -c 'exec "$@"' start "$@" >"$T/$name.out" 2>"$T/$name.err" 3>"$T/$name.truth" </dev/null &
	pid=$!
	started+=("$pid")
}

# A started program has come so far that SIGUSR2 is ours.
profiled() { # PID PROGRAM
	[ "/proc/$1/exe" -ef "$2" ] &&
		[ $((0x$(awk '$1 == "SigCgt:" { print $2 }' "/proc/$1/status") & 0x800)) -ne 0 ]
}

# Wait until a command succeeds, at most a minute; no sleep for luck.
eventually() { # COMMAND...
	local i
	for ((i = 0; i < 1200; i++)); do
		if "$@" >/dev/null 2>&1; then
			return 0
		fi
		sleep 0.05
	done
	return 1
}

# shellcheck disable=SC2034 # status is for the scripts
stop() { # PID [SIGNAL]: end a started process and wait for it; sets $status
	local p left=()
	kill "-${2:-TERM}" "$1" 2>/dev/null
	status=0
	wait "$1" 2>/dev/null || status=$?
	for p in ${started[@]+"${started[@]}"}; do
		[ "$p" = "$1" ] || left+=("$p")
	done
	started=(${left[@]+"${left[@]}"})
}

# ---- snapshots ----

# The kernel's clock for files has steps of some milliseconds: of the same step the numbers tell.
heaps() { # NAME: all snapshots of a run, oldest first
	find "$T/$1" -maxdepth 1 -name '*.heap' -printf '%T@ %p\n' | sort -k1,1n -k2V | cut -d' ' -f2-
}

n_heaps() { # NAME
	heaps "$1" | wc -l
}

heap() { # NAME: the only snapshot, or a name that does not exist
	local all
	all=$(heaps "$1")
	case $all in
	'') printf '%s\n' "$T/$1/none.heap" ;;
	*$'\n'*) printf '%s\n' "$T/$1/more-than-one.heap" ;;
	*) printf '%s\n' "$all" ;;
	esac
}

heap_of() { # NAME PID: the last snapshot of a process
	heaps "$1" | grep -F ".$2." | tail -n 1
}

leftovers() { # NAME: files that are not snapshots
	find "$T/$1" -maxdepth 1 -type f ! -name '*.heap'
}

analysis() { # FILE FORMAT [TOP]: name of a file with the analyzer's output in that format
	local out
	out=$T/$(basename "$1").$2.${3:-all}
	if [ ! -e "$out" ] || [ "$1" -nt "$out" ]; then
		"$ANALYZE" --format="$2" --top="${3:-1000000}" "$1" >"$out" 2>"$out.err" || {
			sed 's/^/# /' "$out.err"
		} >&2
	fi
	printf '%s\n' "$out"
}

json() { # FILE JQ-EXPRESSION
	jq -r "$2" <"$(analysis "$1" json)"
}

summary() { # FILE JQ-EXPRESSION: the same for what does not depend on the number of sites
	jq -r "$2" <"$(analysis "$1" json 1)"
}

definite() { # FILE: number of blocks
	summary "$1" .leaks.definite.blocks
}

valid() { # FILE: the analyzer takes it, and nothing was lost
	[ "$(summary "$1" '.schema + " " + (.process.complete | tostring)')" = "gcprof-analyze/1 true" ]
}

dump() { # FILE: name of a file with heapdump's listing of it
	local out
	out=$T/$(basename "$1").dump
	if [ ! -e "$out" ] || [ "$1" -nt "$out" ]; then
		"$HEAPDUMP" "$1" >"$out" || return 1
	fi
	printf '%s\n' "$out"
}

records() { # FILE KIND: one kind of lines of it, without the first word
	sed -n "s/^$2	//p" "$(dump "$1")"
}

info() { # FILE NAME: a fact of the snapshot
	records "$1" info | awk -F '\t' -v name="$2" '$1 == name { print $2 }'
}

# Compare a snapshot's blocks with a target's own ledger (lines of truth.h).
# Prints what differs; true if nothing does.
#   --exactly  no other block may be in the snapshot
ledger() { # [--exactly] FILE TRUTH [PID]
	local exactly=0
	if [ "$1" = --exactly ]; then
		exactly=1
		shift
	fi
	awk -v exactly="$exactly" -v pid="${3:-}" -f "$SOURCES/tests/e2e/ledger.awk" "$2" "$(dump "$1")"
}

# Compare the stacks of a snapshot's blocks with what the target says they are.
stacks() { # FILE TRUTH
	"$HEAPDUMP" --compare "$2" "$1"
}

function_of() { # FILE SITE [OUTWARD]: the function's name at a site, or so many frames outward
	local number=$2 out=${3:-0} row module offset path
	while :; do
		row=$(records "$1" site | awk -F '\t' -v n="$number" '$1 == n')
		[ "$out" -gt 0 ] || break
		number=$(cut -f2 <<<"$row")
		out=$((out - 1))
	done
	module=$(cut -f4 <<<"$row")
	offset=$(cut -f5 <<<"$row")
	path=$(records "$1" module | awk -F '\t' -v n="$module" '$1 == n { print $8 }')
	if [ -z "$path" ]; then
		echo '??'
		return
	fi
	addr2line -f -C -e "$path" "$(printf '%x' $((16#$offset - 1)))" | head -n 1
}
