#!/usr/bin/env bash
# top.sh -- a program looked at while it runs.
#
# The target grows as it is told, so what a look has to show is known.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/watch" "$(dirname "$RUN")/gcprof-top"

cd "$T" || exit 99
export COLUMNS=80 TERM=screen

begin() { # NAME [VARIABLE=VALUE]...
	name=$1
	shift
	mkfifo "$T/$name.orders"
	exec 4<>"$T/$name.orders"
	mkdir -p "$T/$name"
	env "$@" GCPROF_OUTPUT="$T/$name/%e.%p.%n.heap" LD_PRELOAD="$preload" \
		"$TARGETS/watch" "$T/$name.orders" >"$T/$name.out" 2>"$T/$name.err" 3>"$T/$name.truth" 4>&- </dev/null &
	pid=$!
	started+=("$pid")
	n_orders=0
	eventually grep -q out "$T/$name.out"
}

obeyed() { [ "$(grep -c '^done' "$T/$name.truth")" -ge "$n_orders" ]; }

tell() { # ORDER: and wait until it is done
	n_orders=$((n_orders + 1))
	echo "$1" >&4
	eventually obeyed || exit 99
}

end() { # its last order; sets $status
	echo quit >&4
	status=0
	wait "$pid" || status=$?
	points_of "$T/$name.truth"
	is "$name: status and output are the program's" "$status $(tr '\n' ' ' <"$T/$name.out")" "5 out end "
	is "$name: there are no messages" "$(cat "$T/$name.err")" ""
}

top() { # NAME OPTION...: sets $status
	local to=$1
	shift
	status=0
	timeout "$GCPROF_TESTS_TIMEOUT" "$RUN" top "$@" >"$T/$to.top" 2>"$T/$to.top.err" </dev/null || status=$?
}

pages() { ls -d /dev/shm/gcprof-live."$1".* 2>/dev/null; } # PID
served() { sed -n 's|.* \(/.*/gcprof-live[.].*\)/page$|\1|p' "/proc/$1/maps"; } # PID: the directory
# PAGE FIELD: asked is 4, n_samples 5, answered 6, in words of 8 bytes
word() { od -A n -t u8 -j $(($2 * 8)) -N 8 "$1/page" | tr -d ' '; }
all_answered() { [ "$(word "$1" 4)" = "$(word "$1" 6)" ]; } # PAGE
row() { grep -E "  $2( <|\$)" "$T/$1.top" | tail -n 1; } # NAME FUNCTION
blocks() { row "$1" "$2" | awk '{ print $2 }'; }
grown() { row "$1" "$2" | awk '{ print $3 }'; }

# ---- by GCPROF_LIVE ----

begin live GCPROF_LIVE=1
ok "with GCPROF_LIVE=1 the program has a page at once" eventually served "$pid"
page=$(served "$pid")
is "the page is readable by its owner only" "$(stat -c '%a' "$page" "$page/page" | tr '\n' ' ')" "700 600 "
tell "insert 12345"
tell "put 101"
is "without a viewer no sample is taken" "$(word "$page" 4) $(word "$page" 5)" "0 0"
top live --batch --sort=live --top=0 "$pid"
is "gcprof top --batch succeeds" "$status $(cat "$T/live.top.err")" "0 "
is "sites have the blocks that the program has" "$(blocks live cache_insert) $(blocks live queue_put)" "12345 101"
is "sites have the bytes that the program has" "$(row live cache_insert | awk '{ print $1 }') $(row live queue_put | awk '{ print $1 }')" "1.2M 9.9K"
is "a site's functions stand innermost first" "$(row live cache_insert | sed 's/.*cache_insert/cache_insert/')" "cache_insert < main"
ok "the first line names the program" grep -qE "^gcprof top - watch \($pid\)  up 0:00:[0-9]{2} +sample 1\$" "$T/live.top"
ok "the second line has the memory" grep -qE '^memory   rss [0-9.]+ MiB  heap 1.2 MiB used of [0-9.]+ MiB  external ' "$T/live.top"
ok "the cohorts have a line" grep -qE '^live     young 1.2 MiB in 12,4[0-9]{2} blocks  old 0 B in 0  epoch ' "$T/live.top"
ok "the calls have a line" grep -qE '^calls    12,4[0-9]{2} allocations, 0/s  0 frees, 0/s' "$T/live.top"
is "one sample was requested, and one was taken" "$(word "$page" 4) $(word "$page" 5)" "1 1"
tell "insert 50000"
is "no sample is taken after the viewer has ended" "$(word "$page" 5)" 1
is "the page and the last figures are left" "$(find "$page" -type f -printf "%f\n" | sort | tr '\n' ' ')" "page sites.heap "

timeout "$GCPROF_TESTS_TIMEOUT" "$RUN" top --batch=100000 --interval=0.1 "$pid" >"$T/grow.top" 2>"$T/grow.err" </dev/null &
viewer=$!
started+=("$viewer")
seen() { [ "$(blocks "$1" "$2")" = "$3" ]; } # NAME FUNCTION BLOCKS
ok "samples are taken while there is a viewer" eventually seen grow cache_insert 62345
tell "insert 1000"
tell "drop 2000"
tell "put 10"
ok "an idle program is sampled" eventually seen grow queue_put 111
is "a site that has shrunk since the first sample is shown so" "$(grown grow cache_insert) $(blocks grow cache_insert)" "-97.7K 61345"
tell "put 10"
eventually seen grow queue_put 121
is "growth is shown since the first sample, not since the last" "$(grown grow queue_put)" "+2.0K"
tell "threads 8"
tell "children"
ok "samples are taken while threads sleep" eventually seen grow "cache_insert < sleeper" 8000
kill -STOP "$pid"
ok "a stopped program is shown as stopped" eventually grep -q ' stopped$' "$T/grow.top"
kill -CONT "$pid"
going_on() { tail -n 20 "$T/grow.top" | grep -qE ' sample [0-9]+$'; }
ok "a stopped program is sampled again when it resumes" eventually going_on
tell "children"
end
wait "$viewer"
ok "the viewer says that the program has ended" grep -qx "gcprof: top: process $pid has ended" "$T/grow.err"
is "no page is left after the program's end" "$(pages "$pid")" ""
is "samples leave no snapshot but the one at exit" "$(ls "$T/live")" "watch.$pid.1.heap"

# ---- on request ----

begin request
is "without GCPROF_LIVE the program has no page" "$(served "$pid")$(pages "$pid")" ""
tell "insert 777"
top request --batch "$pid"
is "a program that does not allocate answers a request" "$status $(blocks request cache_insert)" "0 777"
page=$(served "$pid")
is "a request is answered by one sample" "$(word "$page" 5)" 1
top request --batch "$pid"
is "idle: the figures are marked as those of an earlier sample" "$status $(head -n 1 "$T/request.top" | grep -o 'idle since sample 1$')" "0 idle since sample 1"
tell "insert 3"
top request --batch --insist "$pid"
is "--insist asks for a new sample" "$status $(blocks request cache_insert)" "0 780"
tell "threads 2"
tell "insert 1000"
is "no thread is started for a request" "$(find "/proc/$pid/task" -mindepth 1 -maxdepth 1 | wc -l)" 3
timeout "$GCPROF_TESTS_TIMEOUT" "$RUN" top --batch=100000 --interval=0.1 "$pid" >"$T/clock.top" 2>"$T/clock.err" </dev/null &
viewer=$!
started+=("$viewer")
look_and_insert() { tell "insert 1000" && tell "drop 900" && [ "$(blocks clock "cache_insert < main")" -gt 2000 ]; }
ok "a program that allocates is sampled when it reads its clock" eventually look_and_insert
kill "$viewer"
wait "$viewer" 2>/dev/null
is "requests of top leave no snapshot" "$(find "$T/request" -type f ! -name '*.look.heap')" ""
end
is "the page went with the program" "$(pages "$pid")" ""

begin silent GCPROF_SNAPSHOT=exit
top silent --batch "$pid"
is "a program without the signal gives no answer, and the reason" "$status $(grep -c 'takes no snapshots by signal USR2' "$T/silent.top.err")" "1 1"
kill -STOP "$pid"
eventually grep -q '^State:.T' "/proc/$pid/status"
top silent --batch "$pid"
is "a stopped program gives no answer, and the remedy" "$status $(cat "$T/silent.top.err")" "1 gcprof: top: process $pid (watch) is stopped; kill -CONT $pid resumes it"
kill -CONT "$pid"
end

# ---- fork, exec, sudden ends ----

begin fork GCPROF_LIVE=1
eventually served "$pid"
page=$(served "$pid")
tell "insert 500"
echo fork >&4
eventually grep -q '^child' "$T/fork.truth"
child=$(awk '$1 == "child" { print $2 }' "$T/fork.truth")
is "a child has no page of its own, nor its parent's" "$(served "$child")" ""
echo "insert 23" >&4
eventually grep -q '^done insert 23' "$T/fork.truth"
top child --batch "$child"
is "a child answers when it is asked" "$status $(blocks child cache_insert)" "0 523"
top parent --batch "$pid"
is "the parent shows its own figures" "$status $(blocks parent cache_insert)" "0 500"
echo quit >&4
status=0
wait "$pid" || status=$?
is "status is the program's" "$status" 5
is "parent and child have removed their pages" "$(pages "$pid")$(pages "$child")" ""

# In a directory that no other test's viewer sweeps.
begin kill GCPROF_LIVE="$T/kill"
tell "insert 100"
eventually served "$pid"
page=$(served "$pid")
timeout "$GCPROF_TESTS_TIMEOUT" "$RUN" top --batch=100000 --interval=0.1 "$pid" >"$T/kill.top" 2>"$T/kill.top.err" </dev/null &
viewer=$!
started+=("$viewer")
ok "a program that will be killed is sampled" eventually seen kill cache_insert 100
stop "$pid" KILL
status=0
wait "$viewer" || status=$?
is "the viewer sees a sudden end" "$status $(cat "$T/kill.top.err")" "1 gcprof: top: process $pid has ended"
ok "the page of a killed program is still there" test -e "$page/page"
ended=/dev/shm/gcprof-live.$pid.1
cp -r "$page" "$ended"
sleep 1000 &
sleeper=$!
started+=("$sleeper")
recycled=/dev/shm/gcprof-live.$sleeper.1
printf '%b' "$(printf '\\x%02x\\x%02x\\x%02x\\x00' $((sleeper & 255)) $((sleeper >> 8 & 255)) $((sleeper >> 16 & 255)))" |
	dd of="$page/page" bs=1 seek=12 conv=notrunc status=none
cp -r "$page" "$recycled"
touch -c -d '1 hour ago' "$recycled"
begin sweep GCPROF_LIVE=1
eventually served "$pid"
swept=$pid
top sweep --batch "$sleeper"
is "the next program removes pages without a process" "$(ls -d "$ended" "$recycled" 2>/dev/null)" ""
is "a page of a recycled pid is not believed" "$status $(cat "$T/sweep.top.err")" "1 gcprof: top: process $sleeper (sleep) does not run under gcprof; start it with gcprof run"
ok "the next program leaves the pages of live processes" test -e "$(served "$swept")/page"
end

# ---- who cannot be looked at ----

top wrong --batch 4194304
is "top of a process that does not exist is refused" "$status $(cat "$T/wrong.top.err")" "1 gcprof: top: no such process: 4194304"
top wrong --batch 12x
is "top of an invalid pid is refused" "$status $(head -n 1 "$T/wrong.top.err")" "2 gcprof: top: invalid process id '12x'; give a command after --"
top wrong "$$"
is "top without a terminal names --batch" "$status $(head -n 1 "$T/wrong.top.err")" "2 gcprof: top: not a terminal; --batch prints plain text"
if [ "$(id -u)" = 0 ]; then
	begin other GCPROF_LIVE=1
	eventually served "$pid"
	# Of a copy that anybody can run, wherever the build directory is.
	cp "$(dirname "$RUN")/gcprof-top" "$T/gcprof-top"
	chmod 755 "$T" "$T/gcprof-top"
	status=0
	setpriv --reuid=65534 --regid=65534 --clear-groups "$T/gcprof-top" --batch "$pid" >"$T/other.top" 2>"$T/other.top.err" || status=$?
	is "another user's process is refused: permission denied" "$status $(grep -c "cannot inspect process $pid: permission denied" "$T/other.top.err")" "1 1"
	end
else
	top other --batch 1
	is "another user's process is refused: permission denied" "$status $(grep -c "cannot inspect process 1: permission denied" "$T/other.top.err")" "1 1"
fi
run_gcprof nowhere env GCPROF_LIVE="$T/nowhere/none" bash -c 'exit 3'
is "a missing directory of GCPROF_LIVE does not keep the program from running" "$status" 3
ok "a missing directory of GCPROF_LIVE is named" grep -q "GCPROF_LIVE: cannot create '$T/nowhere/none/gcprof-live" "$T/nowhere.err"

# ---- a command ----

mkfifo "$T/command.orders"
exec 4<>"$T/command.orders"
echo "insert 4321" >&4
timeout "$GCPROF_TESTS_TIMEOUT" "$RUN" top --batch=100000 --interval=0.1 --output="$T/command.log" -- "$TARGETS/watch" "$T/command.orders" \
	>"$T/command.top" 2>"$T/command.err" 3>/dev/null </dev/null &
viewer=$!
started+=("$viewer")
ok "top starts a command and samples it" eventually seen command cache_insert 4321
echo quit >&4
status=0
wait "$viewer" || status=$?
is "top keeps the command's status" "$status" 5
is "the output of top's command is in a file" "$(tr '\n' ' ' <"$T/command.log")" "out end "
is "the file with the output of top's command is named" "$(cat "$T/command.err")" "gcprof: top: the command's output is in '$T/command.log'"
top command --batch --output="$T/log" -- sh -c 'kill -TERM $$'
is "top keeps the status of a command that a signal ends" "$status" 143
top command --batch -- "$T/none"
is "top of a missing command: command not found" "$status $(cat "$T/command.top.err")" "127 gcprof: $T/none: command not found"

# ---- the screen ----

if ! command -v tmux >/dev/null; then
	[ "$GCPROF_TESTS_REQUIRE" = 1 ] && ok "tmux is there" false
	skip "the screen" "tmux is not installed"
	done_testing
	exit 0
fi
begin screen GCPROF_LIVE=1
tell "insert 3000"
tell "put 200"
terminal() { tmux -S "$T/tmux" -f /dev/null "$@"; }
shown() { terminal capture-pane -p; }
shows() { shown | grep -qE -- "$1"; }
press() { terminal send-keys "$@"; }
first_row() { shown | sed -n 7p | grep -q "$1"; } # FUNCTION
terminal new-session -d -x 80 -y 24 'env PS1="READY> " bash --norc'
trap 'terminal kill-server 2>/dev/null; cleanup' EXIT
eventually shows 'READY>'
press "stty -g > $T/stty.before; $RUN top --interval=0.1 $pid; stty -g > $T/stty.after; echo status=\$?" Enter
ok "screen: figures come" eventually shows "^ +[0-9.]+K +3000 .* cache_insert < main"
ok "screen: the first line is the program's" eventually shows "^gcprof top - watch \($pid\)"
ok "screen: the last tells the keys" eventually shows "^q quit  s sort  p pause"
is "screen: 24 lines of 80" "$(shown | awk 'length > 80' | wc -l) $(shown | wc -l)" "0 24"
ok "screen: sorted by growth at first" shows ' \*GROWN  GROWN/s '
tell "put 50"
ok "screen: what grows goes up" eventually shows '^ +[0-9.]+K +250 +\+4.9K .* queue_put < main'
ok "screen: what grows goes up to the first row" eventually first_row queue_put
press s
ok "screen: s sorts by the next" eventually shows ' GROWN \*GROWN/s '
press s
press s
press s
ok "screen: s sorts at last by live bytes" eventually shows '^ \*LIVE '
ok "screen: rows are in the order of live bytes" eventually first_row cache_insert
press Enter
ok "screen: Enter shows the stack" eventually shows '^  main  watch.c:[0-9]+'
ok "screen: the stack begins with the innermost frame" eventually shows '^  cache_insert  watch.c:[0-9]+'
press q
ok "screen: q goes back to the table" eventually shows '^ \*LIVE '
press h
ok "screen: h explains" eventually shows '^GROWN/s +between the last two samples'
press q
eventually shows '^ \*LIVE '
press p
ok "screen: p pauses" eventually shows 'paused, sample [0-9]+$'
# A look that was asked for before may be under way still.
ok "screen: what was asked for is answered" eventually all_answered "$(served "$pid")"
n_samples=$(word "$(served "$pid")" 5)
tell "put 750"
is "screen: paused, no sample is taken" "$(word "$(served "$pid")" 5)" "$n_samples"
press p
ok "screen: p resumes" eventually shows '^ +[0-9.]+K +1000 .* queue_put < main'
terminal resize-window -x 50 -y 12
ok "screen: a smaller terminal has a short last line" eventually shows '^q quit  s sort  p pause  Enter stack  f findings'
is "screen: a smaller terminal is filled, not exceeded" "$(shown | awk 'length > 50' | wc -l) $(shown | wc -l)" "0 12"
terminal resize-window -x 100 -y 30
wide() { [ "$(shown | sed -n 30p | grep -c '^q quit')" = 1 ]; }
ok "screen: a larger terminal is used" eventually wide
press f
ok "screen: f shows findings" eventually shows '^(Findings|No findings)'
press End
ok "screen: f names the snapshot of the findings" eventually shows "/screen/watch\.$pid\.1\.heap"
press q
press q
ok "screen: q leaves" eventually shows 'status=0'
ok "screen: and the terminal is as before" cmp "$T/stty.before" "$T/stty.after"
press "clear; $RUN top --output=$T/screen.log -- sh -c 'echo said; sleep 1000'; echo status=\$?" Enter
ok "screen: a command is shown" eventually shows '^gcprof top - (dash|sh|bash) .* sample [0-9]+$'
press C-c
ok "screen: ^C ends it, and its status is kept" eventually shows '^status=130'
is "screen: its output is elsewhere" "$(cat "$T/screen.log")" said
press "clear; $RUN top $pid; stty -g > $T/stty.after" Enter
eventually shows '^gcprof top - watch'
end
ok "screen: a program's end is shown" eventually shows ' ended$'
press q
eventually shows 'READY>'
ok "screen: and the terminal is as before" eventually cmp "$T/stty.before" "$T/stty.after"
terminal kill-server

done_testing
