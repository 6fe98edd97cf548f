#!/usr/bin/env bash
# cut.sh -- the cut where it is hard: many threads, threads that come and go, forks, no privileges, filters.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/cut"
ulimit -c 0

# Another user has to reach all this.
chmod 755 "$T"
mkdir "$T/bin"
cp "$TARGETS/cut" "$RUN" "$ANALYZE" "$T/bin" && cp "$LIB" "$T/bin/libgcprof.so" || exit 99
CUT=$T/bin/cut
export GCPROF_ANALYZE=$T/bin/gcprof-analyze

n_of() { # NAME ROLE: threads that play it
	awk -v role="$2" '$1 == "role" && $2 == role { print $3 }' "$T/$1.truth"
}

n_deaf() { # NAME
	awk '$1 == "role" && $4 == "deaf" { n += $3 } END { print n + 0 }' "$T/$1.truth"
}

# Leaks by function: for each of its frames a line with its name and the blocks
# that held_block made.
lost_without() { # FILE KIND
	"$ANALYZE" --format=json --roots=no-"$2" "$1" | jq -r '.findings[] | select(.kind == "leak") |
		select(any(.site.frames[]; .function == "held_block")) |
		"\(.site.frames[].function) \(.blocks)"' |
		awk -v kind="$2" '{ n[$1] += $2 } END { for (f in n) print f, kind, n[f] }'
}

stopped() { # FILE NAME: all threads but the deaf ones were, and nothing was lost
	[ "$(info "$1" complete) $(info "$1" cut_unanswered)" = "1 $(n_deaf "$2")" ] || {
		echo "complete $(info "$1" complete), $(info "$1" cut_unanswered) of $(info "$1" cut_threads) unanswered, wanted $(n_deaf "$2")"
		return 1
	}
}

books_agree() { # FILE: what was allocated and not freed is what lives, as at any moment between two calls
	[ $(($(info "$1" allocations) - $(info "$1" frees))) = "$(info "$1" live_blocks)" ] &&
		[ $(($(info "$1" allocated_bytes) - $(info "$1" freed_bytes))) = "$(info "$1" live_bytes)" ]
}

forked() { # FILE
	[ "$(info "$1" cut_in_place)" = 0 ]
}

told() { # NAME: all threads are there
	grep -q '^ready' "$T/$1.truth"
}

# A snapshot of a crowd is right in all that a cut can break.
crowd_is_right() { # NAME FILE WHAT
	ok "$3: complete, with the threads that could not be stopped" stopped "$2" "$1"
	ok "$3: no thread was stopped within a call" books_agree "$2"
	ok "$3: written by a child" forked "$2"
	is "$3: nothing is lost" "$(definite "$2")" 0
	ok "$3: each thread's block is in the snapshot" ledger "$2" "$T/$1.truth"
}

# ---- many threads

start_gcprof crowd "$CUT" crowd 500 wait
ok "five hundred threads: all are counted" eventually told crowd
kill -USR2 "$pid"
has() { # NAME N: so many snapshots
	[ "$(n_heaps "$1")" = "$2" ]
}
ok "a signal with 500 threads: there is a snapshot" eventually has crowd 2
named=$("$RUN" snapshot "$pid" 2>"$T/crowd.ask")
ok "gcprof snapshot with 500 threads: it names the file" test -s "$named"
stop "$pid"
is "the program ends well" "$status" 0
points_of "$T/crowd.truth"
{
	read -r file
	crowd_is_right crowd "$file" "gcprof_snapshot with 500 threads"
	is "gcprof_snapshot with 500 threads: all are counted" "$(info "$file" cut_threads)" 501
	read -r file
	crowd_is_right crowd "$file" "a signal with 500 threads"
	read -r file
	is "gcprof snapshot with 500 threads: the name is right" "$named" "$file"
	crowd_is_right crowd "$file" "gcprof snapshot with 500 threads"
	read -r file
	crowd_is_right crowd "$file" "exit while 500 threads run and sleep"
} < <(heaps crowd)

# What is seen above is seen for the reason that it should be; by chance one or
# the other address is left somewhere else, too.
for kind in stacks registers tls keys; do
	lost_without "$named" "$kind"
done >"$T/lost-without"
while read -r role kind; do
	n=$(n_of crowd "$role")
	between "$role: the block is held by $kind alone" \
		"$(awk -v role="$role" -v kind="$kind" '$1 == role && $2 == kind { print $3 }' "$T/lost-without")" $((n * 9 / 10)) "$n"
done <<'END'
running_allocating stacks
running_in_registers registers
deaf_with_stack stacks
deaf_with_tls stacks
asleep_in_poll stacks
asleep_in_nanosleep tls
asleep_in_wait stacks
asleep_in_read keys
END
is "threads that could not be stopped are marked, no others" \
	"$(records "$named" thread | awk -F '\t' '$4 >= 4' | wc -l)" "$(n_deaf crowd)"

run_gcprof main-deaf "$CUT" crowd 40 main-deaf
main_deaf=$(heaps main-deaf | head -n 1)
is "a main thread that blocks all signals: it ends well" "$status" 0
is "a main thread that blocks all signals is counted as not stopped" "$(info "$main_deaf" cut_unanswered)" $(($(n_deaf main-deaf) + 1))
is "what the stack of a main thread that blocks all signals holds is not lost" "$(definite "$main_deaf")" 0

run_gcprof main-ended "$CUT" crowd 40 main-ended
is "a main thread that has ended: the rest ends well" "$status" 0
while read -r file; do
	crowd_is_right main-ended "$file" "snapshot $(info "$file" snapshot_number) without a main thread"
done < <(heaps main-ended | head -n 2)
is "the snapshot knows the command" "$(info "$(heaps main-ended | head -n 1)" command)" \
	"$CUT\\000crowd\\00040\\000main-ended\\000"
is "a main thread that has ended: there are no messages" "$(cat "$T/main-ended.err")" ""

GCPROF_SNAPSHOT=exit,signal run_gcprof own-signal "$CUT" crowd 40 own-signal
is "a program that handles the stop signal itself: it ends well" "$status" 0
own_signal=$(heaps own-signal | head -n 1)
is "a program that handles the stop signal itself: all threads count as not stopped" "$(info "$own_signal" cut_unanswered)" 40
is "a program that handles the stop signal itself: what threads hold is not lost" "$(definite "$own_signal")" 0
ok "a program that handles the stop signal itself: a message names the remedy" grep -q 'handles signal RTMAX-8 itself.*GCPROF_CUT_SIGNAL' "$T/own-signal.err"

GCPROF_CUT_SIGNAL=RTMIN+3 run_gcprof other-signal "$CUT" crowd 40 own-signal
crowd_is_right other-signal "$(heaps other-signal | head -n 1)" "GCPROF_CUT_SIGNAL names another"

GCPROF_SNAPSHOT=none run_gcprof thread-forks "$CUT" crowd 40 thread-forks
is "fork by a thread: the child takes its snapshot" "$status $(n_heaps thread-forks)" "0 1"
is "fork by a thread: what its thread and those of the parent held is not lost" \
	"$(definite "$(heap thread-forks)")" 0
is "fork by a thread: values of keys, which libc forgets, are possibly lost" \
	"$(summary "$(heap thread-forks)" '.leaks.possible.blocks')" "$(n_of thread-forks asleep_in_read)"

# ---- threads that come and go

# A thread that begins or ends has all signals blocked, and on a loaded machine
# may be found so; the snapshot has to say it, and is not held to the books then.
churn() { # NAME SNAPSHOTS UNANSWERED [deaf]
	local name=$1 n=$2 deaf=$3 taken failed last file bad=0 n_exact=0 found
	shift 3
	GCPROF_SNAPSHOT='exit' run_gcprof "$name" "$CUT" churn "$n" "$@"
	is "$name: the program ends well" "$status" 0
	read -r _ taken failed < <(grep '^snapshots' "$T/$name.truth")
	is "$name: all snapshots were taken, none failed" "$taken $failed $(n_heaps "$name")" "$n 0 $((n + 1))"
	between "$name: threads came and went" "$(sed -n 's/^born //p' "$T/$name.truth")" "$n" 100000000
	last=$(heaps "$name" | tail -n 1)
	ok "$name: at the end the live set is the program's ledger" ledger "$last" "$T/$name.truth"
	is "$name: the live set has no other block" "$(records "$last" block | awk '$2 >= 1200 && $2 < 1400' | wc -l)" \
		"$(grep -c '^block .* 1[23][0-9][0-9] malloc' "$T/$name.truth")"
	while read -r file; do
		found="$(summary "$file" '"complete \(.process.complete), definite \(.leaks.definite.blocks)"'), $(info "$file" live_blocks) blocks"
		if [ "$found" != "complete true, definite 0, $(records "$file" block | wc -l) blocks" ]; then
			bad=$((bad + 1))
			diag "$found"
		fi
		[ "$(info "$file" cut_unanswered)" = "$deaf" ] || continue
		n_exact=$((n_exact + 1))
		books_agree "$file" || {
			bad=$((bad + 1))
			diag "$found; $(info "$file" allocations) allocations, $(info "$file" frees) frees"
		}
	done < <(heaps "$name" | awk 'NR % 20 == 0')
	is "$name: snapshots meanwhile are complete, threads stopped between two calls, and nothing is lost" "$bad" 0
	between "$name: all but deaf threads were stopped" "$n_exact" 1 "$n"
}
churn "threads come and go" 240 0
churn "threads come and go beside a deaf one" 100 1 deaf

# ---- a program that forks

GCPROF_SNAPSHOT=none run_gcprof forker "$CUT" forker 300
is "a program that forks during snapshots ends well" "$status" 0
points_of "$T/forker.truth"
read -r _ taken failed < <(grep '^snapshots' "$T/forker.truth")
n_forks=$(sed -n 's/^forks //p' "$T/forker.truth")
is "a program that forks during snapshots: no snapshot failed, nor any of a child" "$failed $(n_heaps forker)" "0 $((taken + (n_forks + 7) / 8))"
bad=0
while read -r file; do
	[ "$(summary "$file" '"\(.process.complete) \(.leaks.definite.blocks)"')" = "true 0" ] || bad=$((bad + 1))
done < <(heaps forker | awk 'NR % 25 == 0')
is "a program that forks during snapshots: they are complete, and nothing is lost" "$bad" 0
is "a program that forks during snapshots: no writer is left" "$(leftovers forker)" ""

# ---- without privileges

# Root can be anybody; who is not root has nothing to give away.
nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs)
bare=(setpriv --bounding-set=-all --inh-caps=-all --no-new-privs)
if [ "$(id -u)" -ne 0 ]; then
	nobody=('env')
	bare=('env')
fi
for_nobody() { # NAME: a directory that it may write
	mkdir -p "$T/$1"
	chmod 777 "$T/$1"
}
preload=$T/bin/libgcprof.so

run_gcprof bare "${bare[@]}" "$CUT" crowd 40
is "without capabilities: the program ends well" "$status" 0
points_of "$T/bare.truth"
without=$(heaps bare | grep '/cut\.' | head -n 1)
crowd_is_right bare "$without" "without capabilities"

for_nobody user
start_gcprof user "${nobody[@]}" "$CUT" crowd 40 wait
ok "as another user: the program runs" eventually told user
is "as another user: it has no capabilities" "$(awk '$1 ~ /^Cap(Prm|Eff)/ { print $2 }' "/proc/$pid/status" | sort -u)" 0000000000000000
named=$("${nobody[@]}" "$T/bin/gcprof" snapshot "$pid" 2>"$T/user.ask")
ok "as another user: gcprof snapshot names the file" test -s "$named"
crowd_is_right user "$named" "as another user"
stop "$pid"
is "as another user: the program ends well" "$status" 0

# ---- filters of system calls

GCPROF_SNAPSHOT=none run_gcprof no-tracing "$CUT" --filter=no-tracing crowd 40 check
is "a program that is killed for reading another process ends well" "$status" 0
points_of "$T/no-tracing.truth"
crowd_is_right no-tracing "$(heaps no-tracing | head -n 1)" "where ptrace kills"
is "a program that is killed for reading another process has a leak check" "$(grep '^checked' "$T/no-tracing.truth")" "checked 1"
start_gcprof asked "$CUT" crowd 40 wait
eventually told asked
named=$("$CUT" --filter=no-tracing exec "$T/bin/gcprof" snapshot "$pid" 3>/dev/null)
ok "gcprof snapshot does not make that program read another process" test -s "$named"
stop "$pid"

for filter in container container-old; do
	GCPROF_SNAPSHOT=none run_gcprof "$filter" "$CUT" "--filter=$filter" crowd 40 check
	is "$filter: the program ends well" "$status" 0
	points_of "$T/$filter.truth"
	crowd_is_right "$filter" "$(heaps "$filter" | head -n 1)" "$filter"
	is "$filter: the leak check finds what is lost" \
		"$(grep '^checked' "$T/$filter.truth") $(definite "$(heaps "$filter" | tail -n 1)")" "checked 1 1"
	ok "$filter: the leak check names the function" grep -q lose_one "$T/$filter.err"
	is "$filter: there are no other messages" "$(grep '^gcprof\[' "$T/$filter.err")" ""
done

# ---- no child to be had

in_place() { # NAME: the program waited, and the file says so
	local file
	file=$(heaps "$1" | grep '/cut\.' | head -n 1)
	is "$1: the program ends well" "$status" 0
	points_of "$T/$1.truth"
	is "$1: the snapshot was written in place, and says so" "$(info "$file" cut_in_place)" 1
	ok "$1: a message says that the program was paused" grep -q '^gcprof\[.*cannot fork: the program was paused' "$T/$1.err"
	ok "$1: the snapshot is complete, with the threads that could not be stopped" stopped "$file" "$1"
	is "$1: nothing is lost" "$(definite "$file")" 0
	ok "$1: each thread's block is in the snapshot" ledger "$file" "$T/$1.truth"
	is "$1: no unfinished file is left" "$(leftovers "$1")" ""
	is "$1: a leak check says that it cannot be made" "$(grep '^checked' "$T/$1.truth")" "checked -1"
	ok "$1: a message says why there is no leak check" grep -q '^gcprof\[.*cannot fork: the analyzer was not run' "$T/$1.err"
}
GCPROF_SNAPSHOT=none run_gcprof no-clone "$CUT" --late=no-clone crowd 40 check
in_place no-clone
for_nobody no-processes
GCPROF_SNAPSHOT=none run_gcprof no-processes "${nobody[@]}" "$CUT" --late=no-processes crowd 40 check
in_place no-processes
done_testing
