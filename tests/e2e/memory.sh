#!/usr/bin/env bash
# memory.sh -- what gcprof takes in a process for itself: at most a quarter of the
# live heap and 8 MiB.  By its own account, and by the kernel's: the resident
# memory of a program with it and without.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/memory"

bound() { # FILE: of these live bytes, rounded up
	echo $(($(info "$1" live_bytes) / 4 + 8 * 1048576 + 1))
}

resident() { # NAME: the bytes that the program says it had
	awk '$1 == "resident" { print $2 }' "$T/$1.truth"
}

# held WHAT BLOCKS BYTES STACKS THREADS [REASON]: with a reason, one that is known not
# to keep to the bound
held() {
	local what=$1 blocks=$2 name=$2-$3-$4-$5 reason=${6:-} file
	shift
	run_plain "plain-$name" "$TARGETS/memory" "${@:1:4}"
	run_gcprof "with-$name" "$TARGETS/memory" "${@:1:4}"
	file=$(heap "with-$name")
	ok "$what: all of it is known" [ "$(info "$file" live_blocks)" -ge "$blocks" ]
	if [ -n "$reason" ]; then
		todo "$what: the library's own memory by its own account is within the bound" "$reason" \
			[ "$(info "$file" profiler_bytes)" -le "$(bound "$file")" ]
		return
	fi
	between "$what: the library's own memory by its own account is within the bound" \
		"$(info "$file" profiler_bytes)" 1 "$(bound "$file")"
	# In the kernel's there are the heap behind it and the library's text
	# as well, 8 MiB at most.
	between "$what: the library's own memory by the kernel's account is within the bound" \
		"$(($(resident "with-$name") - $(resident "plain-$name")))" -1000000000 \
		"$(($(bound "$file") + 8 * 1048576))"
}

held "a small heap" 100 100 1 1
held "two million blocks of 64 bytes" 2000000 64 1 1
held "two million blocks of 32 bytes" 2000000 32 1 1
held "twenty thousand stacks" 20000 100 20000 1
held "32 threads" 32000 200 100 32
held "four million blocks of 16 bytes" 4000000 16 1 1 "a word of the shadow is half of a block of 16 bytes"
held "eighty thousand stacks of small blocks" 80000 24 80000 1 "a stack takes more than a small block's share"
done_testing
