#!/usr/bin/env bash
# sanitizers.sh -- programs with a sanitizer's allocator are refused, or run without us.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../.. disable=SC2016
. "${srcdir:-.}/tests/e2e/init.sh"

require gcc clang
cat >"$T/small.c" <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int
main(int argc, char **argv)
{
	void *volatile p = malloc(10);
	const char *preload = getenv("LD_PRELOAD");

	free(p);
	printf("%s %d %d\n", argv[0], argc, preload && strstr(preload, "libgcprof"));
	return 6;
}
END
cd "$T" || exit 99
build() { # NAME COMPILER FLAG...
	local name=$1
	shift
	"$@" -g -o "$name" small.c
}
ok "a program with ThreadSanitizer of gcc can be built" build gcc-thread gcc -fsanitize=thread
ok "a program with AddressSanitizer of gcc can be built" build gcc-address gcc -fsanitize=address
ok "a program with MemorySanitizer of clang can be built" build clang-memory clang -fsanitize=memory
ok "a program with ThreadSanitizer of clang can be built" build clang-thread clang -fsanitize=thread
ok "a program with AddressSanitizer of clang can be built" build clang-address clang -fsanitize=address

names="gcc-thread:ThreadSanitizer gcc-address:AddressSanitizer clang-memory:MemorySanitizer
	clang-thread:ThreadSanitizer clang-address:AddressSanitizer"
for pair in $names; do
	program=${pair%:*} name=${pair#*:}
	[ -x "$program" ] || continue
	run_plain "$program-alone" "./$program" "an argument"
	alone="$status $(cat "$program-alone.out" "$program-alone.err")"

	for command in run check; do
		run_plain "$program-$command" "$RUN" "$command" -- "./$program"
		is "gcprof $command refuses $program before it starts" "$status $(wc -l <"$program-$command.err") $(cat "$program-$command.out")" "125 1 "
		ok "gcprof $command names $name and the remedy" \
			grep -q "$name needs its own allocator; build it without -fsanitize=${program#*-}" "$program-$command.err"
	done
	# Its shared runtime looks at the order of libraries before any call comes to us.
	[ "$program" != gcc-address ] || continue
	for allocator in jemalloc system; do
		GCPROF_ALLOCATOR=$allocator run_gcprof "$program-$allocator" "./$program" "an argument"
		is "$program with the library in LD_PRELOAD, allocator $allocator: it runs as alone, and without the library" \
			"$status $(cat "$program-$allocator.out" "$program-$allocator.err")" "$alone"
		is "$program with the library in LD_PRELOAD, allocator $allocator: it leaves no snapshot" "$(n_heaps "$program-$allocator")" 0
	done
	run_gcprof "$program-child" sh -c "./$program 'an argument'; exit \$?"
	is "$program as a child of a profiled program: it runs as alone" \
		"$status $(cat "$program-child.out" "$program-child.err")" "$alone"
	GCPROF_VERBOSE=1 run_gcprof "$program-verbose" "./$program"
	ok "$program: GCPROF_VERBOSE says that it runs without the library" grep -q "uses $name: it is restarted without gcprof" "$program-verbose.err"
done

# The same library, with no sanitizer's allocator: not refused.
build undefined gcc -fsanitize=undefined
run_plain undefined "$RUN" run --output="$T/undefined.heap" -- ./undefined
is "a program with UndefinedBehaviorSanitizer alone is profiled" "$status $(find . -name undefined.heap)" "6 ./undefined.heap"
done_testing
