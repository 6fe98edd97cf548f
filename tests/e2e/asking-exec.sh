#!/usr/bin/env bash
# asking-exec.sh -- a program that executes itself again and again is asked all the time,
# and no request's signal ends the program that comes after.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/asking" "$RUN"

# It goes on until one of its programs has answered: on a busy machine, each of the 200 may
# be over before it hears of a request.
start_gcprof storm "$TARGETS/asking" execs 200 "$T/answered"
ready() { grep -q '^ready' "$T/storm.truth"; }
running() { kill -0 "$1" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$1/status"; }
ask_on() { # N: until the last of the programs is there
	local n=0
	while running "$pid" && ! ready; do
		timeout 20 "$RUN" snapshot --timeout=2 "$pid" >>"$T/asked.$1" 2>>"$T/asked.$1.err" || continue
		n=$((n + 1))
		touch "$T/answered"
	done
	echo "$n" >"$T/answers.$1"
}
ask_on 1 &
one=$!
ask_on 2 &
two=$!
ok "a program that executes itself 200 times, asked all the time by two, comes to its end" eventually ready
wait "$one" "$two"
between "a program that executes itself answers requests meanwhile" "$(($(cat "$T/answers.1") + $(cat "$T/answers.2")))" 1 100000
stop "$pid"
is "a program that executes itself, asked all the time, keeps its status and output" "$status $(cat "$T/storm.out")" "0 calls 0"
is "a program that executes itself, asked all the time, gets no message" "$(cat "$T/storm.err")" ""
done_testing
