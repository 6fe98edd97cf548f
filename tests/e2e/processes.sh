#!/usr/bin/env bash
# processes.sh -- fork, vfork, posix_spawn, system, exec, daemons.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/forks"

pid_in() { # NAME WORD: pid that a target told
	sed -n "s/^$2 //p" "$T/$1.truth"
}

first_pid() { # NAME: of the first ledger line, the parent's
	awk '$1 == "block" { print $2; exit }' "$T/$1.truth"
}

run_gcprof fork "$TARGETS/forks" fork
is "fork: parent and child end as they should" "$status" 0
is "fork: both say what they say alone" "$(sort "$T/fork.out" | tr '\n' ' ')" "child parent "
is "fork: two processes, two files" "$(n_heaps fork)" 2
parent=$(first_pid fork)
child=$(pid_in fork child)
ok "fork: the parent's ledger is intact" ledger "$(heap_of fork "$parent")" "$T/fork.truth" "$parent"
ok "fork: the child has what it inherited and its own" ledger "$(heap_of fork "$child")" "$T/fork.truth" "$child"
is "fork: the child's file tells its pid" "$(info "$(heap_of fork "$child")" pid)" "$child"
is "fork: and its parent's" "$(info "$(heap_of fork "$child")" ppid)" "$parent"

for how in vfork spawn fork+exec system; do
	run_gcprof "$how" "$TARGETS/forks" "$how"
	is "$how: the child's status comes through" "$status" 0
	parent=$(first_pid "$how")
	leaf=$(pid_in "$how" leaf)
	ok "$how: the program's own ledger is intact" ledger "$(heap_of "$how" "$parent")" "$T/$how.truth" "$parent"
	ok "$how: the new program is followed with its own file" ledger "$(heap_of "$how" "$leaf")" "$T/$how.truth" "$leaf"
	is "$how: the new program's sites start anew" "$(info "$(heap_of "$how" "$leaf")" snapshot_number)" \
		"$(info "$(heap_of "$how" "$parent")" snapshot_number)"
done
is "vfork: a child that only calls exec leaves no file of its own" "$(n_heaps vfork)" 2
is "spawn: neither does posix_spawn's" "$(n_heaps spawn)" 2

run_gcprof exec "$TARGETS/forks" exec
is "exec: the new program's status comes through" "$status" 6
ok "exec: the new program is followed" ledger "$(heaps exec | tail -n 1)" <(sed -n '/^leaf/,$p' "$T/exec.truth")

run_gcprof wait "$TARGETS/forks" wait
is "wait: the program ends well" "$status" 0
points_of "$T/wait.truth"
is "wait: all forty snapshots were written" "$(pid_in wait snapshots)" 40

n_forks=$([ "${GCPROF_TESTS_LONG:-0}" = 1 ] && echo 10000 || echo 400)
run_gcprof threaded "$TARGETS/forks" threaded "$n_forks"
is "forks of a threaded program: none hangs" "$status" 0
points_of "$T/threaded.truth"
GCPROF_TESTS_TIMEOUT=300 run_gcprof threaded-exit "$TARGETS/forks" threaded-exit 30
is "children that end by exit() too" "$status" 0
points_of "$T/threaded-exit.truth"
is "each child that ends by exit() leaves a file" "$(n_heaps threaded-exit)" 31
bad=0
while read -r file; do
	valid "$file" || bad=$((bad + 1))
done < <(heaps threaded-exit)
is "each child's file is whole" "$bad" 0

for how in fork system spawn; do
	GCPROF_FOLLOW=0 run_gcprof "alone-$how" "$TARGETS/forks" "$how"
	is "GCPROF_FOLLOW=0, $how: the program ends as it should" "$status" 0
	is "GCPROF_FOLLOW=0, $how: one file, the program's own" "$(n_heaps "alone-$how")" 1
	parent=$(first_pid "alone-$how")
	ok "GCPROF_FOLLOW=0, $how: it is exact" \
		ledger "$(heap_of "alone-$how" "$parent")" "$T/alone-$how.truth" "$parent"
done

# A daemon must not keep the pipe of x=$(...) open by a descriptor of ours.
mkdir "$T/daemon"
output=$(GCPROF_OUTPUT=$T/daemon/%e.%p.%n.heap timeout -k 5 60 \
	env LD_PRELOAD="$preload" "$TARGETS/forks" daemon 2>&1 3>"$T/daemon.truth" </dev/null)
is "daemon: x=\$(command 2>&1) ends while the daemon lives" "$output" started
told() { test -n "$(pid_in daemon daemon)"; }
eventually told
daemon=$(pid_in daemon daemon)
ok "daemon: it does live" kill -0 "$daemon"
kill -USR2 "$daemon"
asked() { test -n "$(heap_of daemon "$daemon")"; }
ok "daemon: it writes a snapshot when asked" eventually asked
kill -KILL "$daemon"
done_testing
