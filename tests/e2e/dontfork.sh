#!/usr/bin/env bash
# dontfork.sh -- what only memory leads to that a program keeps from its children, in every kind of snapshot.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/dontfork"
ulimit -c 0
export GCPROF_SNAPSHOT=none

# What a snapshot says is lost: blocks, whether they are those that the program has lost (of some
# an address may be left somewhere), what could not be searched, the findings' levels.
lost() { # FILE
	local blocks
	blocks=$(summary "$1" .leaks.definite.blocks)
	echo "$([ "$blocks" -ge 8 ] && echo found) $(($(summary "$1" .leaks.definite.bytes) - blocks * 4321))" \
		"$(info "$1" unread_bytes) $(summary "$1" '[.findings[] | select(.kind == "leak" and .verdict == "definite") | .level] | unique | join(",")')"
}

# One snapshot, by this way, knows what is lost, and no more.
knows() { # KIND WAY WHAT
	local name=$1-$2
	run_gcprof "$name" "$TARGETS/dontfork" "$1" "$2"
	points_of "$T/$name.truth"
	is "$3: the program ends as without us" "$status $(grep -v "cannot fork: the program was paused" "$T/$name.err")" "$([ "$2" = fatal ] && echo 134 || echo 0) "
	is "$3: what is there is not lost, what is lost is found, and all was searched" \
		"$(lost "$(heap "$name")")" "found 0 0 error"
}

while read -r kind what; do
	knows "$kind" call "$what"
done <<'END_OF_KINDS'
private private memory
shared shared memory
wiped memory that is empty in children
both memory that is to be empty in children, and then is not theirs at all
syscall memory that was advised by a system call
file a private mapping of a file
memfd a shared mapping of a file
part part of a mapping
read-only memory that can be read alone
guards memory with guard pages in it
many many mappings
sparse a terabyte of which ten pages are there
moved memory that was moved
block a large block
small-block a block among others
data a page of the program's variables
huge-kept huge pages
huge-shared-kept shared huge pages
huge-shared shared huge pages that children get
END_OF_KINDS

while read -r way what; do
	knows private "$way" "$what"
	knows wiped "$way" "$what, empty in children"
done <<'END_OF_WAYS'
threads another thread is stopped
shift another thread that changes it all the time
deaf a thread that blocks all signals, and sleeps
place no child can be made
END_OF_WAYS
GCPROF_SNAPSHOT="exit" knows private exit "at the end"
GCPROF_SNAPSHOT="exit" knows private threaded-exit "at the end, with threads"
GCPROF_SNAPSHOT=fatal knows private fatal "at an abort"
GCPROF_SNAPSHOT=signal knows private signal "by a signal"
GCPROF_ALLOCATOR=system knows small-block threads "a block of the C library's"

# ---- what cannot be had is not called lost without a doubt

for way in busy unadvised; do
	run_gcprof "$way" "$TARGETS/dontfork" private "$way"
	points_of "$T/$way.truth"
	file=$(heap "$way")
	is "$way: the size of what is there, and could not be searched, is told" "$(info "$file" unread_bytes)" 4096
	is "$way: leaks are warnings, no errors" \
		"$(json "$file" '[.findings[] | select(.kind == "leak") | .level] | unique | join(",")')" warning
done

# ---- a child of the program's own

run_gcprof fork "$TARGETS/dontfork" private fork
file=$(heap fork)
is "a child of fork: what its parent's memory may have held is not called lost" "$(definite "$file")" 0
is "a child of fork: it has all memory that there is" "$(info "$file" unread_bytes)" 0
is "a child of fork: what is not there is not among its mappings" \
	"$(records "$file" mapping | awk '$2 == 1048576' | wc -l)" 0
done_testing
