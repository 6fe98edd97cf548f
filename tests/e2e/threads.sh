#!/usr/bin/env bash
# threads.sh -- threads that free one another's blocks; ends of threads and of the process.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/threads" "$TARGETS/life"
n_steps=$([ "${GCPROF_TESTS_LONG:-0}" = 1 ] && echo 5000000 || echo 100000)
run_gcprof threads "$TARGETS/threads" 4 "$n_steps"
is "four threads that free one another's blocks end well" "$status" 0
ok "the live set is exact: size, kind and allocating thread" ledger "$(heap threads)" "$T/threads.truth"
ok "nothing was lost" valid "$(heap threads)"
is "no free is reported as wrong" "$(records "$(heap threads)" bad)" ""

run_gcprof many "$TARGETS/threads" 40 4000
ok "a program with forty threads has its live set exact" ledger "$(heap many)" "$T/many.truth"

run_gcprof busy "$TARGETS/threads" 3 60000 snapshots
is "a program that takes snapshots while its threads allocate ends well" "$status" 0
read -r _ taken failed < <(grep '^snapshots' "$T/busy.truth")
between "snapshots were taken meanwhile" "${taken:-0}" 1 1000000
is "no snapshot taken meanwhile has failed" "${failed:-none}" 0
is "each snapshot taken meanwhile is on disk, and the one at exit" "$(n_heaps busy)" "$((taken + 1))"
last=$(heaps busy | tail -n 1)
ok "the live set is exact in the last one" ledger "$last" "$T/busy.truth"
bad=0
while read -r file; do
	[ -n "$(info "$file" live_blocks)" ] &&
		[ "$(info "$file" live_blocks)" = "$(records "$file" block | wc -l)" ] || bad=$((bad + 1))
done < <(heaps busy | head -n 10)
is "snapshots in the middle count the blocks that they list" "$bad" 0

run_plain life-plain "$TARGETS/life"
run_gcprof life "$TARGETS/life"
is "allocation in destructors of threads and of the process does no harm" "$status" 3
is "the output is the same" "$(cat "$T/life.out" "$T/life.err")" "$(cat "$T/life-plain.out" "$T/life-plain.err")"
ok "blocks freed by destructors and atexit handlers are not live, those they kept are" \
	ledger "$(heap life)" "$T/life.truth"
is "frees in destructors are not wrong ones" "$(records "$(heap life)" bad)" ""
done_testing
