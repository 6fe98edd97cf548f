#!/usr/bin/env bash
# refused.sh -- memory is refused: each n-th system call that wants some fails, or all
# from one on, or there is a limit.  A program that takes NULL for an answer gets it, with
# ENOMEM, and lives.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/refuse" "$TARGETS/needy"

everything=(small large realloc align threads born fork snapshot small)

try() { # ALLOCATOR CALLS WHICH: prints what is wrong
	run_gcprof run "$TARGETS/refuse" "$2" "$3" env LD_PRELOAD="$LIB" GCPROF_ALLOCATOR="$1" \
		"$TARGETS/needy" "${everything[@]}"
	rm -rf "${T:?}/run"
	[ "$status $(tail -n 1 "$T/run.out")" != "0 ok" ] || return 0
	echo "calls $2, $3: exit status $status, '$(tail -n 1 "$T/run.out")'"
	# What glibc cannot do alone is no fault.
	run_plain alone "$TARGETS/refuse" "$2" "$3" "$TARGETS/needy" "${everything[@]}"
	[ "$status" = 0 ] || echo "alone: exit status $status"
}

# Every n-th fails, or all from the n-th on.
sweep() { # SENTENCE ALLOCATOR CALLS N...
	local sentence=$1 allocator=$2 calls=$3 n
	shift 3
	for n in "$@"; do
		try "$allocator" "$calls" "$n"
		try "$allocator" "$calls" "$n-"
	done >"$T/faults"
	is "$sentence" "$(cat "$T/faults")" ""
}

preload= # the tracer is not to be profiled
some="1 2 3 4 5 7 9 12 16 25"
[ "${GCPROF_TESTS_LONG:-0}" = 0 ] || some=$(seq 25)
# shellcheck disable=SC2086 # words
{
	sweep "a program lives when mmap fails" jemalloc m $some
	sweep "a program lives when mprotect fails" jemalloc p 1 2
	sweep "a program lives when mremap fails" jemalloc r 1 2
	sweep "a program lives when madvise fails" jemalloc a 1 2 5
	sweep "a program lives when munmap fails" jemalloc u 1 2
	sweep "a program lives when clone fails" jemalloc c 1 2 4
	sweep "a program lives when all of them fail" jemalloc mprac 1 3 6 11
	sweep "with GCPROF_ALLOCATOR=system, a program lives when mmap fails" system m 1 2 3 5 8
}

preload=$LIB
for allocator in jemalloc system; do
	for what in "born" "threads born small" "large realloc align born fork snapshot"; do
		# shellcheck disable=SC2086 # words
		GCPROF_ALLOCATOR=$allocator run_gcprof limit "$TARGETS/needy" limit $what
		is "with $allocator, a program lives when there is no address space left: $what" \
			"$status $(tail -n 1 "$T/limit.out")" "0 ok"
	done
done
done_testing
