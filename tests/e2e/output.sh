#!/usr/bin/env bash
# output.sh -- where snapshots go, when, and what happens if they cannot.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../.. disable=SC2016
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$RUN" "$TARGETS/quiet" "$TARGETS/api" "$TARGETS/forks" "$TARGETS/epochs" "$TARGETS/signals"

# ---- names
(
	cd "$T" || exit
	mkdir here
	cd here || exit
	env LD_PRELOAD="$preload" "$TARGETS/quiet" return 0 3>../names.truth >/dev/null 2>&1
)
target_pid=$(awk '$1 == "block" { print $2; exit }' "$T/names.truth")
name=$(ls "$T/here")
ok "by default the name is gcprof.PROGRAM.PID.NUMBER.heap in the working directory" \
	grep -qE "^gcprof\.quiet\.$target_pid\.[0-9]+\.heap$" <<<"$name"
mkdir "$T/pattern"
before=$(date +%s)
GCPROF_OUTPUT="$T/pattern/a-%e-%p-%n-%t-%%-z.heap" run_gcprof pattern "$TARGETS/quiet" return 0
after=$(date +%s)
target_pid=$(awk '$1 == "block" { print $2; exit }' "$T/pattern.truth")
name=$(ls "$T/pattern")
IFS=- read -r a e p n t percent z <<<"$name"
is "%e, %p and %% in a name are replaced" "$a-$e-$p-$percent-$z" "a-quiet-$target_pid-%-z.heap"
between "%n is a number" "$n" 0 1
between "%t is the time" "$t" "$before" "$after"
mkdir "$T/one"
GCPROF_OUTPUT="$T/one/fixed.heap" run_gcprof one "$TARGETS/api" snapshots "$T"
ok "a name without %n is written over, whole" valid "$T/one/fixed.heap"
is "a name without %n stays the only file" "$(ls "$T/one")" fixed.heap

# ---- one name, several processes
in_run() { # NAME COMMAND...: all processes write NAME/x.heap
	local name=$1
	shift
	mkdir -p "$T/$name"
	GCPROF_OUTPUT=$T/$name/x.heap GCPROF_SNAPSHOT="exit,signal" timeout -k 5 "$GCPROF_TESTS_TIMEOUT" \
		"$@" >"$T/$name.out" 2>"$T/$name.err" 3>"$T/$name.truth" </dev/null
}
programs_of() { # FILE...: what wrote them
	local file
	for file; do
		basename "$(info "$file" executable)"
	done | sort | tr '\n' ' '
}
has_own_pid() { # FILE: .../x.PID.heap of process PID
	[ "$(basename "$1")" = "x.$(info "$1" pid).heap" ]
}
for count in 2 3; do
	in_run wrapped env LD_PRELOAD="$preload" timeout 60 "$TARGETS/quiet" return 0
	is "timeout: the program's snapshot keeps the name, run $((count - 1))" "$(programs_of "$T/wrapped/x.heap")" "quiet "
	ok "timeout: and is that of this run" ledger "$T/wrapped/x.heap" "$T/wrapped.truth"
	is "timeout: its own is beside it" "$(find "$T/wrapped" -name '*.heap' | wc -l)" "$count"
done
for file in "$T"/wrapped/x.*.heap; do
	ok "it has the pid of its process" has_own_pid "$file"
done
in_run in-turn "$RUN" run -- sh -c "'$TARGETS/quiet' return 0; '$TARGETS/api' snapshots '$T'; '$TARGETS/quiet' return 0"
is "gcprof run: the first process keeps the name" "$(programs_of "$T/in-turn/x.heap")" "quiet "
is "gcprof run: and the others leave theirs, of each the last one" "$(programs_of "$T"/in-turn/x.*.heap)" \
	"$(printf '%s\n' api quiet "$(basename "$(realpath "$(command -v sh)")")" | sort | tr '\n' ' ')"
is "gcprof run: of each of these a line says so" \
	"$(grep -cE "^gcprof.*'$T/in-turn/x.heap' is another process's.*'$T/in-turn/x\.[0-9]+\.heap'" "$T/in-turn.err")" 3
in_run in-turn "$RUN" run -- "$TARGETS/quiet" return 0
ok "gcprof run: the next run replaces the file" ledger "$T/in-turn/x.heap" "$T/in-turn.truth"
in_run forked env LD_PRELOAD="$preload" "$TARGETS/forks" fork
is "fork: of two processes both are left" "$(find "$T/forked" -name '*.heap' | wc -l)" 2
cp "$T/in-turn/x.heap" "$T/old.heap"
mkdir "$T/at-once"
cp "$T/old.heap" "$T/at-once/x.heap"
# shellcheck disable=SC2016 # for the shell that is started
in_run at-once "$RUN" run -- bash -c 'for i in 1 2 3 4 5 6 7 8; do "$0" return 0 & done; wait' "$TARGETS/quiet"
is "of processes that end at once all are left" "$(programs_of "$T"/at-once/*.heap | tr ' ' '\n' | grep -c quiet)" 8
# As the writer of the program that a process was before exec has it, for a moment.
mkdir "$T/locked"
cp "$T/old.heap" "$T/locked/x.heap"
exec 8<"$T/locked/x.heap"
flock -n 8
GCPROF_OUTPUT=$T/locked/x.heap timeout 60 env LD_PRELOAD="$preload" "$TARGETS/quiet" return 0 8<&- >"$T/locked.out" 2>"$T/locked.err" 3>"$T/locked.truth" &
locker=$!
naps() { # a process of this name, in ppoll(2) of nothing
	local p
	for p in $(pgrep -P "$locker" quiet); do
		grep -q '^271 0x0 0x0 ' "/proc/$p/syscall" 2>/dev/null && return
	done
	return 1
}
until naps || ! kill -0 "$locker" 2>/dev/null; do :; done
flock -u 8
wait "$locker"
ok "a file that is locked for a moment is waited for, and replaced" ledger "$T/locked/x.heap" "$T/locked.truth"
is "and nothing is written beside it, nor said" "$(find "$T/locked" -name '*.heap' | wc -l) $(cat "$T/locked.err")" "1 err"
mkdir "$T/bare"
GCPROF_OUTPUT=$T/bare/x timeout 60 env LD_PRELOAD="$preload" timeout 60 "$TARGETS/quiet" return 0 >"$T/bare.out" 2>&1 3>&1
is "without an extension, the pid is at the end" "$(find "$T/bare" -name 'x.*' | grep -cE '/x\.[0-9]+$')" 1

# ---- when
GCPROF_SNAPSHOT=signal run_gcprof not-at-exit "$TARGETS/quiet" return 0
is "GCPROF_SNAPSHOT=signal: none at exit" "$(n_heaps not-at-exit)" 0
GCPROF_SNAPSHOT="exit" start_gcprof only-exit "$TARGETS/quiet" pause
eventually grep -q ready "$T/only-exit.truth"
stop "$pid" USR2
is "GCPROF_SNAPSHOT=exit: the signal does what it does without us" "$status" $((128 + $(kill -l USR2)))
GCPROF_SNAPSHOT=interval=1s start_gcprof interval "$TARGETS/quiet" pause
two() { [ "$(n_heaps interval)" -ge 2 ]; }
ok "GCPROF_SNAPSHOT=interval=1s: an idle program writes one after another" eventually two
stop "$pid" KILL
is "interval: that is the reason given" "$(info "$(heaps interval | head -n 1)" reason)" interval
ok "interval: the live set is exact" ledger "$(heaps interval | head -n 1)" "$T/interval.truth"
GCPROF_SNAPSHOT="exit,interval=1h" run_gcprof own-thread "$TARGETS/quiet" return 0
is "interval: memory of the library's own thread is ignored, and no possible leak" \
	"$(summary "$(heap own-thread)" '"\(.leaks.possible.blocks) \(.leaks.ignored.blocks)"')" "0 1"
GCPROF_YOUNG=1M GCPROF_SNAPSHOT=growth=50% run_gcprof growth "$TARGETS/epochs" 65536 16
# 64 MiB that stay; from 1 MiB on, eleven steps of half as much again, of which
# those are passed over that come while one is being written
between "GCPROF_SNAPSHOT=growth=50%: snapshots as the heap grows" "$(n_heaps growth)" 2 20
is "growth: that is the reason given" "$(info "$(heaps growth | head -n 1)" reason)" growth
ok "growth: each has at least half as much again as the one before" \
	awk 'NR > 1 && $1 < last * 1.45 { print last, $1; bad = 1 } { last = $1 } END { exit bad }' \
	<(heaps growth | while read -r file; do info "$file" live_bytes; done)
GCPROF_LIMIT=30M run_gcprof limit "$TARGETS/epochs" 40960 16
is "GCPROF_LIMIT: the program goes on" "$status" 0
is "GCPROF_LIMIT: one line on stderr warns" "$(grep -c '^gcprof.*GCPROF_LIMIT' "$T/limit.err")" 1
is "GCPROF_LIMIT: a snapshot before the limit is reached, and the one at exit" \
	"$(heaps limit | while read -r file; do info "$file" reason; done | tr '\n' ' ')" "limit exit "
between "GCPROF_LIMIT: at which the heap is near it" "$(info "$(heaps limit | head -n 1)" live_bytes)" 20000000 31457280

# ---- what cannot be written
same_and_one_line() { # NAME: against the run "plain"
	is "$1: status and output are those without gcprof" "$status $(cat "$T/$1.out")" "5 $(cat "$T/plain.out")"
	is "$1: stderr has one line more" "$(wc -l <"$T/$1.err")" $(($(wc -l <"$T/plain.err") + 1))
	ok "$1: the only message is the library's" grep -q '^gcprof' "$T/$1.err"
}
run_plain plain "$TARGETS/quiet" return 5
GCPROF_OUTPUT=$T/no/such/directory/x.heap run_gcprof no-directory "$TARGETS/quiet" return 5
same_and_one_line no-directory
ok "no-directory: the line has the name and the reason" \
	grep -qi "no/such/directory.*no such" "$T/no-directory.err"
: >"$T/file"
GCPROF_OUTPUT=$T/file/x.heap run_gcprof not-a-directory "$TARGETS/quiet" return 5
same_and_one_line not-a-directory
mkdir "$T/in-the-way.heap"
: >"$T/in-the-way.heap/something"
GCPROF_OUTPUT=$T/in-the-way.heap run_gcprof in-the-way "$TARGETS/quiet" return 5
same_and_one_line in-the-way
is "in-the-way: no unfinished file is left" "$(find "$T" -maxdepth 1 -name 'in-the-way*' ! -name '*.out' ! -name '*.err' ! -name '*.truth' ! -name in-the-way | wc -l)" 1
mkdir -m 555 "$T/read-only"
if [ "$(id -u)" -ne 0 ]; then
	GCPROF_OUTPUT=$T/read-only/x.heap run_gcprof read-only-run "$TARGETS/quiet" return 5
	same_and_one_line read-only-run
elif command -v setpriv >/dev/null && chmod 755 "$T" && setpriv --reuid=65534 --clear-groups test -x "$TARGETS/quiet" 2>/dev/null; then
	GCPROF_OUTPUT=$T/read-only/x.heap run_gcprof read-only-run \
		setpriv --reuid=65534 --clear-groups env "$TARGETS/quiet" return 5
	same_and_one_line_of_last() {
		is "read-only-run: status and output are those without gcprof" "$status $(cat "$T/read-only-run.out")" "5 $(cat "$T/plain.out")"
		ok "read-only-run: a line on stderr says so" grep -qi '^gcprof.*permission denied' "$T/read-only-run.err"
	}
	same_and_one_line_of_last
else
	skip "read-only directory" "no user to become"
fi
is "nothing was written there" "$(ls "$T/read-only")" ""

for mode in file-size file-size-signal; do
	run_gcprof $mode "$TARGETS/quiet" $mode
	is "$mode: under RLIMIT_FSIZE the program goes on" "$status $(cat "$T/$mode.out")" "8 went on"
	points_of "$T/$mode.truth"
	is "$mode: nothing stands under the final name" "$(n_heaps $mode)" 0
	is "$mode: no unfinished file is left" "$(leftovers $mode)" ""
	ok "$mode: stderr says why" grep -qiE '^gcprof.*(too large|file size)' "$T/$mode.err"
done

mkdir "$T/disk"
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=64k tmpfs "$T/disk" 2>/dev/null; then
	: >"$T/disk/filler"
	GCPROF_OUTPUT=$T/disk/x.heap run_gcprof full "$TARGETS/epochs" 20480 16
	is "full disk: the program ends well" "$status" 0
	ok "full disk: one line on stderr says so" grep -qiE '^gcprof.*(no space|disk|full)' "$T/full.err"
	is "full disk: and no other" "$(wc -l <"$T/full.err")" 1
	is "full disk: nothing is left on it" "$(ls "$T/disk")" filler
	umount "$T/disk"
else
	skip "full disk" "no file system can be mounted here"
fi

# ---- killed in the middle
bad=0
seen=0
for delay in 0 0.002 0.005 0.01 0.02 0.04 0.08; do
	name=killed$delay
	start_gcprof "$name" "$TARGETS/threads" 1 200000000
	eventually profiled "$pid" "$TARGETS/threads"
	kill -USR2 "$pid"
	sleep "$delay" # the moment of death varies
	stop "$pid" KILL
	while read -r file; do
		seen=$((seen + 1))
		valid "$file" || bad=$((bad + 1))
	done < <(heaps "$name")
done
is "kill -9 in the middle never leaves half a file under the final name" "$bad" 0
diag "$seen snapshots were complete"

# ---- values that cannot be used
for setting in YOUNG=banana YOUNG=-5 PROMOTE=7 SNAPSHOT=never,exit SIGNAL=NOSUCH SIGNAL=KILL SIGNAL=4711 \
	SAMPLE=lots LIMIT=1X ALLOCATOR=tcmalloc HUGEPAGES=perhaps FOLLOW=perhaps VERBOSE=loud; do
	export "GCPROF_$setting"
	run_gcprof "bad-$setting" "$TARGETS/quiet" return 5
	unset "GCPROF_${setting%%=*}"
	is "GCPROF_$setting: the program runs as ever" "$status $(cat "$T/bad-$setting.out")" "5 $(cat "$T/plain.out")"
	is "GCPROF_$setting: it is named on stderr once" "$(grep -c "^gcprof.*GCPROF_${setting%%=*}" "$T/bad-$setting.err")" 1
	is "GCPROF_$setting: nothing else is said" "$(wc -l <"$T/bad-$setting.err")" $(($(wc -l <"$T/plain.err") + 1))
done
for setting in YOUNG=4m YOUNG=64K PROMOTE=1 SNAPSHOT=exit,interval=10s SIGNAL=SIGUSR1 SAMPLE=512K LIMIT=1400M \
	HUGEPAGES=0 HUGEPAGES=1 FOLLOW=1 TRACE=0 VERBOSE=0; do
	export "GCPROF_$setting"
	run_gcprof "good-$setting" "$TARGETS/quiet" return 5
	unset "GCPROF_${setting%%=*}"
	is "GCPROF_$setting: is taken without a word" "$(cat "$T/good-$setting.err")" "$(cat "$T/plain.err")"
done
done_testing
