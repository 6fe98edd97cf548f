#!/usr/bin/env bash
# findings.sh -- one cause is one finding, the same in every run; what programs say to LeakSanitizer.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/leaks/leaks.sh"

require_built "$CASES/lsan"

checked() { # NAME OPTION... -- COMMAND...: the status of gcprof check
	local name=$1
	shift
	GCPROF_OUTPUT=$T/$name.%p.%n.heap "$RUN" check "$@" >"$T/$name.out" 2>"$T/$name.err" </dev/null
	echo $?
}

definite() { # NAME [OPTION...]: blocks of each finding of lost memory, sorted
	local file
	file=$(first_heap "$1")
	shift
	"$ANALYZE" --format=json "$@" "$file" |
		jq -r '[.findings[] | select(.verdict == "definite") | .blocks] | sort | map(tostring) | join(" ")'
}

if [ -x "$CASES/findings" ]; then
	run_gcprof cycles "$CASES/findings" cycles
	is "cycles of three sites are one finding" "$(definite cycles)" 200
	"$ANALYZE" --full "$(first_heap cycles)" >"$T/cycles.text"
	tr -s '\n ' ' ' <"$T/cycles.text" >"$T/cycles.line"
	ok "the finding counts them as cycles" grep -q '200 of them are reference cycles' "$T/cycles.line"
	for function in session_open channel_open listen; do
		ok "the finding names the end that $function allocates" grep -q "A cycle: .* allocated in [^ ]*$function" "$T/cycles.line"
	done
	address=$("$ANALYZE" --format=json "$(first_heap cycles)" |
		jq -r '[.findings[] | select(.verdict == "definite")][0].address')
	ok "asked for alone, the block that the finding names is lost the same way" \
		grep -q 'definitely lost' <("$ANALYZE" --block="$address" "$(first_heap cycles)")
	is "a baseline is written of cycles" "$(checked first --write-baseline="$T/baseline" -- "$CASES/findings" cycles)" 23
	is "another run with threads has the findings of the baseline" "$(checked second --baseline="$T/baseline" -- "$CASES/findings" cycles)" 0
	is "and so has a third" "$(checked third --baseline="$T/baseline" -- "$CASES/findings" cycles)" 0
	is "and a fourth" "$(checked fourth --baseline="$T/baseline" -- "$CASES/findings" cycles)" 0

	run_gcprof pairs "$CASES/findings" pairs
	is "cycles of two sites in any order of addresses are one finding" "$(definite pairs)" 100
	"$ANALYZE" --format=heapsnapshot "$(first_heap pairs)" >"$T/pairs.heapsnapshot"
	# How many of the group's children have the name that most have, with who allocated them.
	is "a heap snapshot has beneath what is lost the blocks that the finding names" "$(jq -r '
		.nodes as $n | .edges as $e | .strings as $s |
		[range(0; $n | length; 7)] as $rows |
		first($rows[] | select($s[$n[. + 1]] == "(lost: definite)")) as $group |
		([$rows[] | select(. < $group) | $n[. + 4]] | add) as $first |
		[range($first; $first + $n[$group + 4]) | $s[$n[$e[3 * . + 2] + 1]]] |
		group_by(.) | map(length) | max' "$T/pairs.heapsnapshot")" 100

	run_gcprof lines "$CASES/findings" lines
	is "a line that was unrolled, and that of a template, are one finding each; two lines are two" "$(definite lines)" "1 1 3 4"
	echo 'leak:lose<double>' >"$T/one.supp"
	is "a suppression of one type leaves the others" "$(definite lines --suppressions="$T/one.supp")" "1 1 2 4"
	is "a baseline is written of lines" "$(checked lines-first --write-baseline="$T/lines.baseline" -- "$CASES/findings" lines)" 23
	is "another run has the same lines" "$(checked lines-second --baseline="$T/lines.baseline" -- "$CASES/findings" lines)" 0
else
	skip "cycles of three sites are one finding" "there is no C++ compiler"
fi

is "a program turns leak checks off, though it does not export the function" "$(checked off -- "$CASES/lsan")" 0
run_gcprof off "$CASES/lsan"
is "its snapshot says so" "$(info "$(first_heap off)" leak_check_off)" 1
is "it turns them on again" "$(checked on -- "$CASES/lsan" on)" 23
run_gcprof on "$CASES/lsan" on
is "what the program suppresses is not counted as lost, though it does not export the text" "$(answer "$(first_heap on)")" "1/1337 0/0 0/0"
is "LSAN_OPTIONS turns leak checks off" "$(LSAN_OPTIONS=verbosity=0:detect_leaks=0 checked env-off -- "$CASES/lsan" on)" 0
is "LSAN_OPTIONS turns the check at the end off" "$(LSAN_OPTIONS=leak_check_at_exit=false checked env-end -- "$CASES/lsan" on)" 0
is "in LSAN_OPTIONS the last word counts" "$(LSAN_OPTIONS=detect_leaks=0,detect_leaks=1 checked env-on -- "$CASES/lsan" on)" 23
echo 'leak:lose_other' >"$T/a file.supp"
is "LSAN_OPTIONS names a file of suppressions" \
	"$(LSAN_OPTIONS="exitcode=7:suppressions='$T/a file.supp':x=1" checked env-file -- "$CASES/lsan" on)" 0
is "a file of suppressions that is not there suppresses nothing" \
	"$(LSAN_OPTIONS="suppressions=$T/none.supp" checked env-none -- "$CASES/lsan" on)" 23
ok "it is named" grep -q "LSAN_OPTIONS: .*none.supp" "$T/env-none.err"
if command -v strip >/dev/null 2>&1; then
	strip -o "$T/stripped" "$CASES/lsan"
	is "a stripped program cannot be asked, and is checked" "$(checked stripped -- "$T/stripped")" 23
else
	skip "a stripped program cannot be asked, and is checked" "strip is not installed"
fi
done_testing
