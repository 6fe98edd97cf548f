#!/usr/bin/env bash
# commands.sh -- gcprof run, check and snapshot around a program.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$RUN" "$TARGETS/quiet" "$TARGETS/signals" "$TARGETS/peak"
run() { # NAME COMMAND...: without a preload from outside
	local name=$1
	shift
	status=0
	mkdir -p "$T/$name"
	timeout 120 "$@" >"$T/$name.out" 2>"$T/$name.err" 3>"$T/$name.truth" </dev/null || status=$?
}

run run "$RUN" run --output="$T/run/%e.%p.%n.heap" -- "$TARGETS/quiet" return 5
is "gcprof run keeps the program's status and output" "$status $(cat "$T/run.out")" "5 out"
is "gcprof run keeps the program's standard error, before its own lines" "$(head -n 1 "$T/run.err")" err
is "gcprof run says two lines at the end" "$(grep -c '^gcprof: ' "$T/run.err") $(wc -l <"$T/run.err")" "2 3"
ok "gcprof run leaves an exact snapshot" ledger "$(heap run)" "$T/run.truth"

# ---- what is said at the end of run
said() { sed -n '/^gcprof: /p' "$T/$1.err"; }
size_of() { "$ANALYZE" --no-pager "$(heap "$1")" | sed -n "s/^ *$2  *\\([0-9.]* [A-Za-z]*\\).*/\\1/p" | head -n 1; }
ok "the first line names the file" grep -qF "wrote $(heap run): live" "$T/run.err"
ok "the first line has the live bytes of the report" grep -qF ": live $(size_of run live)," "$T/run.err"
is "the second line is a command that reads it" \
	"$(PATH=$(dirname "$ANALYZE"):$PATH bash -c "$(sed -n 's/^gcprof: to read it: //p' "$T/run.err")" 2>&1 | grep -c '^Summary')" 1
run peak "$RUN" run --young=1M --output="$T/peak/x y'z.heap" -- "$TARGETS/returned"
ok "the peak is named, as the report has it" \
	awk -v a="$(sed -n 's/.*, peak \([0-9.]*\) MiB.*/\1/p' "$T/peak.err")" -v b="$(size_of peak peak)" \
	'BEGIN { exit !(a > 50 && a > b * 0.98 && a < b * 1.2) }'
is "a name with blanks and quotes is one word of the command" \
	"$(PATH=$(dirname "$ANALYZE"):$PATH bash -c "$(sed -n 's/^gcprof: to read it: //p' "$T/peak.err")" 2>&1 | grep -c '^Summary')" 1
run quiet "$RUN" run --quiet --output="$T/quiet/x.heap" -- "$TARGETS/quiet" return 5
is "--quiet: status, output and standard error are the program's" "$status $(cat "$T/quiet.out") $(cat "$T/quiet.err")" "5 out err"
ok "--quiet: the snapshot is written all the same" test -s "$T/quiet/x.heap"
run nothing "$RUN" run --snapshot=none -- "$TARGETS/quiet" return 5
is "without a snapshot one line says why" "$(said nothing | grep -c "none.* does not include 'exit'") $(said nothing | wc -l)" "1 1"
run killed-itself "$RUN" run -- "$TARGETS/quiet" kill 9
is "SIGKILL leaves none, and the status: one line" "$status $(said killed-itself | grep -c "no snapshot.*signal 9") $(said killed-itself | wc -l)" "137 1 1"
run no-place "$RUN" run --output=/no/such/place/x.heap -- "$TARGETS/quiet" return 5
is "a place that is not there: the program is not started, and one line says why" \
	"$status $(cat "$T/no-place.out")$(wc -l <"$T/no-place.err") $(said no-place | grep -c "'/no/such/place': No such file")" "125 1 1"
mkdir "$T/gone-place"
run place-goes "$RUN" run --output="$T/gone-place/x.heap" -- sh -c "rmdir '$T/gone-place'; exec '$TARGETS/quiet' return 5"
is "a place that goes meanwhile: the status is the program's, and one line says that nothing was written" \
	"$status $(said place-goes | grep -c 'no snapshot was written')" "5 1"
# shellcheck disable=SC2016 # for the shell that is started
run elsewhere bash -c 'cd "$1" && "$2" run --output=x.%p.heap -- sh -c "cd / && exec \"\$0\" return 5" "$3"' - "$T/elsewhere" "$RUN" "$TARGETS/quiet"
is "a relative name is of the directory where run was started" \
	"$status $(find "$T/elsewhere" -name 'x.*.heap' | wc -l)" "5 1"
run at-once "$RUN" run --report --output="$T/at-once/x.heap" -- "$TARGETS/quiet" return 5
is "--report: the report is on standard error, behind the two lines, and the output is the program's" \
	"$status $(cat "$T/at-once.out") $(grep -n '^Summary' "$T/at-once.err" | cut -d: -f1)" "5 out 7"
cp "$TARGETS/quiet" "$T/small"
cp "$TARGETS/epochs" "$T/large"
run several "$RUN" run --output="$T/several/%e.heap" -- sh -c "'$T/small' return 0; '$T/large' 8192 2; exit 4"
is "of several processes the largest is named, and all are counted" \
	"$status $(said several | grep -c "^gcprof: wrote 2 snapshots of 2 processes; the largest, large, .*several/large.heap: live")" "4 1"

# ---- who writes when the program has ended is waited for
cat >"$T/group.sh" <<'EOF'
"$1" pause &
echo $! >&3
wait $!
exit 0
EOF
# shellcheck disable=SC2016 # for the shell that is started
setsid bash -c '"$@" 3>"$0.pids" & echo $! >"$0.run"; wait $!' "$T/grouped" \
	"$RUN" run --output="$T/grouped.%e.heap" -- dash "$T/group.sh" "$TARGETS/quiet" >/dev/null 2>"$T/grouped.err" &
group=$!
started+=("$group")
in_pause() { [ -s "$T/grouped.pids" ] && grep -q '^34 ' "/proc/$(cat "$T/grouped.pids")/syscall"; }
eventually in_pause
kill -TERM -- "-$group"
wait "$group"
gone() { ! kill -0 "$(cat "$T/grouped.run")" 2>/dev/null; }
eventually gone
is "a signal to the group: what the shell has started is waited for, and named" \
	"$(grep -c "wrote .*grouped.quiet.heap.* live" "$T/grouped.err") $(grep -c 'still run' "$T/grouped.err")" "1 0"
run at-peak "$RUN" run --snapshot=peak --output="$T/at-peak/x.heap" -- "$TARGETS/peak" killed
is "a program that is killed at its peak: the snapshot of that is named" \
	"$status $(said at-peak | grep -c 'wrote .*x\.peak\.heap')" "137 1"
mkdir "$T/a-directory"
run a-directory "$RUN" run --output="$T/a-directory" -- "$TARGETS/quiet" return 5
is "a directory as a name is refused before the start" "$status $(said a-directory | grep -c 'it is a directory')" "125 1"

# ---- wrappers leave none
# shellcheck disable=SC2016 # for the shell that is started
run subshells "$RUN" run --output="$T/subshells/%e.%p.heap" -- bash -c 'for i in 1 2 3; do (: x; :); done; "$0" return 5; x=$(echo y)' "$TARGETS/quiet"
is "subshells of a wrapper leave none: those before it was one do" "$(find "$T/subshells" -name 'quiet.*.heap' | wc -l) $(find "$T/subshells" -name 'bash.*.heap' | wc -l)" "1 3"
is "a shell that only starts them leaves none, and that is said" \
	"$(find "$T/several" -name '*.heap' -printf '%f\n' | sort | tr '\n' ' ')$(said several | grep -c '; sh held next to nothing, and left none$')" "large.heap small.heap 1"
run wrapped "$RUN" run --output="$T/wrapped/x.heap" -- timeout 100 nice env "$TARGETS/quiet" return 5
is "timeout, nice and env leave none: the program keeps the name" \
	"$status $(find "$T/wrapped" -name '*.heap' -printf '%f ')$(info "$T/wrapped/x.heap" executable | sed 's,.*/,,')" "5 x.heap quiet"
run wanted "$RUN" run --snapshot=exit --output="$T/wanted/%e.heap" -- timeout 100 "$TARGETS/quiet" return 5
is "with --snapshot they leave theirs" "$(find "$T/wanted" -name '*.heap' -printf '%f\n' | sort | tr '\n' ' ')" "quiet.heap timeout.heap "
run alone "$RUN" run --output="$T/alone/%e.heap" -- sh -c 'exit 6'
is "a shell that starts nothing leaves its own" "$status $(find "$T/alone" -name '*.heap' -printf '%f ')" "6 sh.heap "
cp "$(command -v timeout)" "$T/own-timeout"
run own "$RUN" run --output="$T/own/%e.heap" -- "$T/own-timeout" 100 "$TARGETS/quiet" return 5
is "a program that is not the system's leaves its own, whatever it starts" \
	"$(find "$T/own" -name '*.heap' -printf '%f\n' | sort | tr '\n' ' ')" "own-timeout.heap quiet.heap "
# shellcheck disable=SC2016 # for the shell that is started
run heavy "$RUN" run --output="$T/heavy/%e.heap" -- bash -c 'printf -v x "%01000000d" 0; "$0" return 5; exit ${#x}' "$TARGETS/quiet"
is "a shell that holds more leaves its own" "$(find "$T/heavy" -name '*.heap' -printf '%f\n' | sort | tr '\n' ' ')" "bash.heap quiet.heap "
run many "$RUN" run --young=1M --snapshot=exit,growth=20% --output="$T/many/%n.heap" -- "$TARGETS/epochs" 65536 16
said many | sed -n 's/^gcprof: to read it: gcprof-analyze //p' >"$T/many.files"
is "of many snapshots of a process a pattern names all" \
	"$(eval "printf '%s\\n' $(cat "$T/many.files")" | sort)" "$(find "$T/many" -name '*.heap' | sort)"
run behind "$RUN" run --output="$T/behind/%e.heap" -- sh -c 'sleep 1000 >/dev/null 2>&1 3>&1 & echo $! >&3; exit 2'
is "a child that goes on is not waited for, but named" \
	"$status $(said behind | grep -c "process $(cat "$T/behind.truth") (.*) still runs")" "2 1"
kill "$(cat "$T/behind.truth")"
closed() { "$RUN" run --output="$T/closed.heap" -- "$TARGETS/quiet" return 5 >&- 2>&- </dev/null 3>"$T/closed.truth"; }
closed
is "without standard error nothing goes elsewhere" "$? $(ledger "$T/closed.heap" "$T/closed.truth" >/dev/null && echo exact)" "5 exact"
pipe() { "$RUN" run --output="$T/pipe.heap" -- "$TARGETS/quiet" return 0 2>"$T/pipe.err" 3>/dev/null | cat >"$T/pipe.out"; }
pipe
is "what is said does not go into a pipe of standard output" "$(cat "$T/pipe.out") $(grep -c '^gcprof' "$T/pipe.err")" "out 2"

# ---- signals of a program that is waited for
# A line for each TERM; USR2 ends it.
cat >"$T/count.sh" <<'EOF'
trap 'echo TERM >&3' TERM
trap 'exit 9' USR2
echo ready >&3
while :; do read -r _ <>"$1"; done
EOF
mkfifo "$T/never"
# shellcheck disable=SC2016 # for the shell that is started
counted() { # SENTENCE NAME WHOM: start it in a group of its own; send TERM to gcprof, or to the group
	local group seen=$T/$2.count
	setsid bash -c 'trap : TERM; "$@" 3>"$0" & echo $! >"$0.pid"; wait $!; wait $!; echo $? >"$0.status"' "$seen" \
		"$RUN" run --snapshot=none -- bash "$T/count.sh" "$T/never" >/dev/null 2>&1 &
	group=$!
	started+=("$group")
	eventually grep -qs ready "$seen"
	pid=$(cat "$seen.pid")
	if [ "$3" = group ]; then
		kill -TERM -- "-$group"
	else
		kill -TERM "$pid"
	fi
	eventually grep -q TERM "$seen"
	kill -USR2 "$pid"
	wait "$group"
	is "$1" "$(grep -c TERM "$seen") $(cat "$seen.status")" "1 9"
}
counted "a signal to gcprof run alone reaches the program once" alone alone
counted "a signal to its group reaches the program once" group group

run killed "$RUN" run --output="$T/killed/x.heap" -- "$TARGETS/quiet" kill 15
is "a program that a signal ends looks so from outside" "$status" 143
is "it leaves a snapshot, and what ended it is said" \
	"$(info "$T/killed/x.heap" reason) $(said killed | grep -c 'x.heap when SIGTERM ended it: live')" "fatal SIGTERM 1"
run handles "$RUN" run --output="$T/handles/x.heap" -- bash -c 'trap : USR2; exit 3'
is "a program that handles USR2 is told nothing of a signal that nobody asked for" \
	"$status $(grep -c USR2 "$T/handles.err") $(wc -l <"$T/handles.err")" "3 0 2"
run not-killed "$RUN" run --snapshot=exit --output="$T/not-killed/x.heap" -- "$TARGETS/quiet" kill 15
is "with --snapshot=exit it leaves none, and what would is said" \
	"$status $(said not-killed | grep -c 'signal 15.*--snapshot=exit,fatal')" "143 1"
ln -s "$TARGETS/quiet" "$T/other-name"
run renamed "$RUN" run --output="$T/renamed/%e.heap" -- "$T/other-name" return 5
is "%e is the name by which a program is executed" "$(find "$T/renamed" -name '*.heap' -printf '%f ')" "other-name.heap "
is "the report names it so" \
	"$(json "$T/renamed/other-name.heap" .process.program) $(info "$T/renamed/other-name.heap" executable | sed 's,.*/,,')" "other-name quiet"
printf '#!%s\nexit 5\n' "$(realpath "$(command -v bash)")" >"$T/script.x"
chmod +x "$T/script.x"
run script "$RUN" run --output="$T/script/%e.heap" -- "$T/script.x"
is "%e is a script's name, not its interpreter's" "$status $(find "$T/script" -name '*.heap' -printf '%f ')" "5 script.x.heap "

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
