#!/usr/bin/env bash
# endless.sh -- a file's size follows from sites and live blocks, not from events.
#
# The same three sites and 300 live blocks a thread, after few allocations and after many
# more: in `make check-long` 10^7 and 10^10, which takes some ten minutes.  What may differ:
# the timeline, which has at most 4097 records of at most 48 bytes, and the width of
# counters, a byte or two each.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/churn"
if [ "${GCPROF_TESTS_LONG:-0}" = 1 ]; then
	GCPROF_TESTS_TIMEOUT=3600
	few=10 many=10000
else
	few=1 many=5
fi

n() { records "$1" "$2" | wc -l; } # FILE KIND

run_gcprof few "$TARGETS/churn" 1 "$few" 32
run_gcprof many "$TARGETS/churn" 1 "$many" 32
is "the long run ends well" "$status" 0
a=$(heap few) b=$(heap many)
between "the long run has the number of allocations that it made" "$(info "$b" allocations)" $((many * 1000000)) $((many * 1000000 + 1000))
is "the long run's file has the same blocks, sites and threads" "$(n "$b" block) $(n "$b" site) $(n "$b" thread)" \
	"$(n "$a" block) $(n "$a" site) $(n "$a" thread)"
between "the timeline has at most 4097 records" "$(n "$b" epoch)" 1 4097
more=$((48 * ($(n "$b" epoch) - $(n "$a" epoch)) + 2000))
between "the long run's file is larger only by the timeline and wider counters" \
	"$(wc -c <"$b")" 1 $(($(wc -c <"$a") + (more > 2000 ? more : 2000)))

# For each record of the timeline there are fewer than 200 bytes.
between "the library's own memory grows only by the timeline" "$(info "$b" profiler_bytes)" 1 \
	$(($(info "$a" profiler_bytes) + 4097 * 200))
diag "$many million | $(wc -c <"$b") bytes of file | $(info "$b" profiler_bytes) bytes of its own | $(n "$b" epoch) epochs of $(info "$b" epoch)"

# Births: one for each thread and epoch; in a file only those that something has.
GCPROF_YOUNG=64K run_gcprof births "$TARGETS/churn" 2 1 1000
is "a run of many short epochs ends well" "$status" 0
file=$(heap births)
between "the run of many short epochs had thousands of them" "$(info "$file" epoch)" 5000 10000000
between "the file of many short epochs has no more births than blocks" "$(n "$file" birth)" 1 "$(n "$file" block)"
is "no birth of many short epochs was lost" "$(info "$file" loss.births)" ""
done_testing
