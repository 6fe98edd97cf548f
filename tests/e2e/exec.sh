#!/usr/bin/env bash
# exec.sh -- a program that replaces itself while snapshots are taken.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/execs"
lives() { # WHO N SNAPSHOT SENTENCE
	GCPROF_SNAPSHOT=$3 run_gcprof "$1" "$TARGETS/execs" "$1" "$2"
	is "$1: $4" "$status $(cat "$T/$1.out")" "0 got to the end"
	ok "$1: snapshots were taken" [ "$(n_heaps "$1")" -gt 0 ]
	rm -rf "${T:?}/$1"
}
lives main 60 interval=2ms "no signal of a snapshot by time reaches the next program through any exec function"
lives asked 60 exit,signal "no signal of a snapshot that another thread was asked for does"
lives raw 60 exit,signal "nor through execve and execveat by syscall(2)"
lives other 60 exit,signal "nor through exec in a thread that is not the main one"
lives both 60 exit,signal "nor through one of two exec at the same time"
lives failed 30 interval=2ms "exec that fails says why, and snapshots and exec go on"
lives handler 60 interval=2ms "nor through exec in a signal handler"
lives child 8 interval=2ms "nor through exec in a forked child"
lives spawn 60 interval=2ms "programs started by vfork, posix_spawn, system and popen meet no such signal"

done_testing
