#!/usr/bin/env bash
# no-fde.sh -- stacks through code without call frame information.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/no-fde"
run_gcprof no-fde "$TARGETS/no-fde"
is "a program whose main has no call frame information ends well" "$status $(cat "$T/no-fde.out")" "0 done"

stack_of() { # WHAT: frames of a block's stack, and whether it ends at the outermost one
	local address
	address=$(awk -v what="$1" '$1 == what { print substr($2, 3) }' "$T/no-fde.truth")
	"$HEAPDUMP" --stacks "$(heap no-fde)" | awk -v a="$address" '
		$2 == a { print NF - 2, ($NF ~ /special/ ? $NF : "whole") }'
}

# allocate, work, main, two of libc, _start
is "the caller of a main that has no call frame information and no frame pointer is found: \
the stack goes on to the start" "$(stack_of main)" "6 whole"
is "the stack of a function without call frame information is the same the second time" "$(stack_of again)" "6 whole"
# allocate, thread_main, start_thread, clone
is "the stack without call frame information is right in a thread whose frame pointer points to no frame" \
	"$(stack_of thread)" "4 whole"
is "a frame pointer that leads to the caller is followed" "$(stack_of framed)" "4 whole"
done_testing
