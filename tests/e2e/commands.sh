#!/usr/bin/env bash
# commands.sh -- gcprof run, check and snapshot around a program.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$RUN" "$TARGETS/quiet" "$TARGETS/signals"
run() { # NAME COMMAND...: without a preload from outside
	local name=$1
	shift
	status=0
	mkdir -p "$T/$name"
	timeout 120 "$@" >"$T/$name.out" 2>"$T/$name.err" 3>"$T/$name.truth" </dev/null || status=$?
}

run run "$RUN" run --output="$T/run/%e.%p.%n.heap" -- "$TARGETS/quiet" return 5
is "gcprof run keeps the program's status and output" "$status $(cat "$T/run.out")" "5 out"
is "gcprof run keeps the program's standard error" "$(cat "$T/run.err")" err
ok "gcprof run leaves an exact snapshot" ledger "$(heap run)" "$T/run.truth"

run killed "$RUN" run --output="$T/killed/x.heap" -- "$TARGETS/quiet" kill 15
is "a program that a signal ends looks so from outside" "$status" 143

run options "$RUN" run --output="$T/options/x.heap" --young=1M --promote=1 -- "$TARGETS/epochs" 8192 2
is "options reach the library" "$(info "$T/options/x.heap" young_bytes) $(info "$T/options/x.heap" promote)" "1048576 1"

run missing "$RUN" run -- "$T/no-such-program"
is "a command that does not exist gives 127" "$status" 127
run usage "$RUN" run --no-such-option -- "$TARGETS/quiet" return 5
is "an unknown option is refused" "$status" 2
run help "$RUN" --help
is "--help works" "$status" 0
run version "$RUN" --version
ok "--version names the program" grep -q '^gcprof ' "$T/version.out"

start_gcprof asked "$TARGETS/signals" orders
eventually grep -q '^ready' "$T/asked.truth"
run snapshot "$RUN" snapshot "$pid"
is "gcprof snapshot PID works on a running program" "$status" 0
file=$(tail -n 1 "$T/snapshot.out")
ok "gcprof snapshot prints the name of an existing file" test -s "$file"
ok "the snapshot of gcprof snapshot is exact" ledger "$file" "$T/asked.truth"
stop "$pid"
run gone "$RUN" snapshot 999999
ok "gcprof snapshot of a process that does not exist fails" test "$status" -ne 0
ok "gcprof snapshot of a process that does not exist prints one line" test "$(wc -l <"$T/gone.err")" = 1

run check "$RUN" check -- "$TARGETS/quiet" return 5
is "gcprof check keeps the program's status and output" "$status $(cat "$T/check.out")" "5 out"
ok "gcprof check keeps the program's standard error, before the report" grep -qx err <(head -n 1 "$T/check.err")
run checked "$RUN" check --output="$T/checked/x.heap" -- "$TARGETS/quiet" return 0
ok "a snapshot that it keeps is exact" ledger "$(heap checked)" "$T/checked.truth"

# Programs that no preload reaches.
if command -v cc >/dev/null; then
	printf 'int main(void) { return 6; }\n' >"$T/static.c"
	if cc -static -o "$T/static" "$T/static.c" 2>/dev/null; then
		run of-static "$RUN" run -- "$T/static"
		ok "gcprof check of a static program says why it cannot be profiled" grep -qi static "$T/of-static.err"
	else
		skip "static program" "cannot be linked here"
	fi
	if [ "$(id -u)" = 0 ]; then
		cp "$TARGETS/quiet" "$T/setuid" && chown 65534 "$T/setuid" && chmod 4755 "$T/setuid"
		run of-setuid "$RUN" run -- "$T/setuid" return 5
		ok "gcprof check of a setuid program says why it cannot be profiled" grep -qi setuid "$T/of-setuid.err"
	fi
fi
done_testing
