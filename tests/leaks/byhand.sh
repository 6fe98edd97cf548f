#!/usr/bin/env bash
# byhand.sh -- leak checks that the program asks for, LeakSanitizer's calls, leaks around fork.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/leaks/leaks.sh"

require_built "$CASES/byhand"

# The library is told which analyzer to run.
asking() { # NAME: run a case
	GCPROF_ANALYZE=$ANALYZE run_gcprof "$1" "$CASES/byhand" "$1"
}

truth_of() { # NAME
	"$CASES/byhand" list | sed -n "s/^$1 \(.*\) -$/\1/p"
}

at_end() { # NAME: the answer for the last snapshot of a run
	answer "$(heaps "$1" | tail -n 1)"
}

asking answers
is "a check by hand says 0 without leaks and 1 with" "$(cat "$T/answers.out")" "0 0 1 1"
ok "gcprof_leak_check and __lsan_do_leak_check report what is lost" grep -q 70 "$T/answers.err"
is "a check by hand reports findings only" "$(grep -Ec '^(Summary|Memory|Sites)' "$T/answers.err")" 0
is "the end of the program reports what is lost" "$(at_end answers)" "$(truth_of answers)"

asking grows
is "a check by hand of a program that grows and loses nothing says 0, and no word" \
	"$(cat "$T/grows.out") $(cat "$T/grows.err")" "0 "

asking ends
is "__lsan_do_leak_check: goes on without leaks, ends with status 23" "$status $(cat "$T/ends.out")" "23 nothing yet"
ok "gcprof_leak_check and __lsan_do_leak_check report what is lost" grep -q 80 "$T/ends.err"

for name in disabled ignored registered unregistered; do
	asking "$name"
	is "$name: the program ends well" "$status" 0
	is "$name: blocks that the program asked to ignore are not lost, the others are" "$(at_end "$name")" "$(truth_of "$name")"
done

both() { # NAME: the answers of parent and child, sorted
	heaps "$1" | while read -r file; do answer "$file"; done | sort | tr '\n' ';'
}

asking around-fork
is "fork: parent and child lost what was lost before, and each its own" "$(both around-fork)" \
	"$(truth_of around-fork);2/120 0/0 0/0;"
asking lost-by-child
is "fork: a child may lose what its parent still has" "$(both lost-by-child)" \
	"$(truth_of lost-by-child);1/1000 0/0 0/0;"

if [ "$has_memcheck" = 1 ]; then
	for name in around-fork lost-by-child; do
		timeout 60 valgrind --leak-check=full --log-file="$T/$name-%p.memcheck" "$CASES/byhand" "$name" >/dev/null 2>&1
		theirs=$(for file in "$T/$name"-*.memcheck; do
			memcheck_answer "$(basename "$file" .memcheck)"
		done | sort | tr '\n' ';')
		is "$name: memcheck says the same of both" "$theirs" "$(both "$name")"
	done
fi
done_testing
