#!/usr/bin/env bash
# watch.sh -- alarms while the program runs.
#
# A target grows as it is told, so what an alarm has to say is known.  That a rule keeps
# quiet is seen where another one, which the same look finds broken, does not.  Looks come
# at any moment: only the last block of an order may break a rule.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require strace
require_built "$TARGETS/watch" "$TARGETS/quiet"
export GCPROF_ANALYZE=$ANALYZE

begin() { # NAME RULES
	mkfifo "$T/$1.orders"
	exec 4<>"$T/$1.orders"
	mkdir -p "$T/$1"
	# Not by start_gcprof, whose shell would be watched, too.
	GCPROF_WATCH=$2 GCPROF_OUTPUT=${GCPROF_OUTPUT:-$T/$1/%e.%p.%n.heap} LD_PRELOAD=$preload \
		"$TARGETS/watch" "$T/$1.orders" >"$T/$1.out" 2>"$T/$1.err" 3>"$T/$1.truth" 4>&- </dev/null &
	pid=$!
	started+=("$pid")
	name=$1
	n_orders=0
}

obeyed() { [ "$(grep -c '^done' "$T/$name.truth")" -ge "$n_orders" ]; }

tell() { # ORDER: and wait until it is done
	n_orders=$((n_orders + 1))
	echo "$1" >&4
	eventually obeyed
}

end() { # its last order; sets $status
	echo quit >&4
	status=0
	wait "$pid" || status=$?
	points_of "$T/$name.truth"
	is "$name: status and output are the program's" "$status $(tr '\n' ' ' <"$T/$name.out")" "5 out end "
}

said() { grep -F "gcprof[$pid]: $1" "$T/$name.err"; }          # START
is_said() { [ "$(said "$1" | wc -l)" -ge "${2:-1}" ]; }          # START [TIMES]
is_childless() { [ -z "$(cat "/proc/$pid"/task/*/children)" ]; }

# ---- one alarm, and when there is another ----

begin growth 'cache_.*:count>11999;queue_put:count>100;every=10ms'
tell "insert 9999"
tell "put 101"
ok "an alarm is raised" eventually is_said "watch: 101 blocks (9.9 KiB) allocated in queue_put, more than 100 (rule 'queue_put:count>100')"
is "no alarm is raised below the limit" "$(said watch | grep -c cache)" 0
tell "insert 2001"
ok "an alarm has number, size, function, limit and rule" \
	eventually is_said "watch: 12,000 blocks (1.1 MiB) allocated in cache_insert, more than 11999 (rule 'cache_.*:count>11999')"
tell "insert 11999"
tell "put 101"
ok "another alarm is raised when the figure has doubled" \
	eventually is_said "watch: 202 blocks (19.7 KiB) allocated in queue_put, more than 100, doubled since the last alarm (rule"
is "no alarm is raised before the figure has doubled" "$(said watch | grep -c cache)" 1
tell "insert 1"
tell "put 202"
ok "an alarm is raised when the figure has doubled, exact to the block" \
	eventually is_said "watch: 24,000 blocks (2.3 MiB) allocated in cache_insert, more than 11999, doubled since the last alarm (rule"
eventually is_said "watch: 404 blocks"
tell "drop 14000"
tell "put 404"
ok "a sample sees that the figure has fallen" eventually is_said "watch: 808 blocks"
is "a figure that has fallen raises no alarm" "$(said watch | grep -c cache)" 2
tell "insert 2000"
ok "a figure that rises above the limit again raises an alarm" \
	eventually is_said "watch: 12,000 blocks (1.1 MiB) allocated in cache_insert, more than 11999 (rule" 2
ok "no analyzer process is left after the alarms" eventually is_childless
tell "children"
end
is "there are no messages but alarms" "$(grep -vc ': watch: ' "$T/growth.err")" 0
ok "nothing is left but the snapshot at exit" test "$(ls "$T/growth")" = "watch.$pid.1.heap"

# ---- the whole heap, bytes, several functions ----

begin heap ':bytes>1600000;(cache|queue)_:bytes>1599999;nobody:count>1;every=10ms'
tell "insert 8000"
tell "put 8000"
ok "a rule without a pattern counts all" eventually grep -qE "watch: 1.5 MiB \(1(5,9|6,0)[0-9]+ blocks\) in the whole heap, more than 1600000 \(rule ':bytes>1600000'\)" "$T/heap.err"
ok "a pattern may mean several functions" eventually grep -qE "watch: 1.5 MiB \(16,000 blocks\) allocated in (cache_insert|queue_put) and others, more than 1599999" "$T/heap.err"
end
is "a pattern that matches no function raises no alarm" "$(grep -c nobody "$T/heap.err")" 0

# ---- an idle program ----

begin idle 'cache_insert:count>9;every=10ms'
tell "insert 10"
ok "a program that no longer allocates is sampled" eventually is_said "watch: 10 blocks (1000 B) allocated in cache_insert"
end

# ---- actions ----

begin actions "cache_insert:count>149:snapshot;cache_insert:count>209:exec=env > $T/env.new\\; ls /proc/self/fd > $T/fds\\; cat \$GCPROF_WATCH_FILE > $T/seen.heap\\; mv $T/env.new $T/env; every=10ms"
tell "insert 150"
kept=$T/actions/watch.$pid.1.heap
ok "snapshot: the alarm says which file" eventually is_said "watch: 150 blocks (14.6 KiB) allocated in cache_insert, more than 149 (rule 'cache_insert:count>149'); snapshot '$kept'"
ok "snapshot: it can be read" valid "$kept"
is "snapshot: its reason is the watch" "$(info "$kept" reason)" watch
is "snapshot: it has the blocks" "$(json "$kept" '[.sites[] | select(any(.frames[]; .function == "cache_insert")) | .live_blocks] | add')" 150
is "snapshot: it has no graph, and no leak check" "$(json "$kept" .leaks.computed)" false
tell "insert 60"
ok "exec: the command is run" eventually test -e "$T/env"
variable() { sed -n "s/^GCPROF_WATCH_$1=//p" "$T/env"; }
is "exec: it knows the process" "$(variable PID)" "$pid"
is "exec: it knows the rule" "$(variable RULE)" "cache_insert:count>209"
is "exec: it knows the figures" "$(variable COUNT) $(variable BYTES)" "210 21000"
ok "exec: it could read the snapshot" valid "$T/seen.heap"
is "exec: it is neither profiled nor watched" "$(grep -cE '^(LD_PRELOAD|GCPROF_WATCH)=' "$T/env")" 0
is "exec: it has three descriptors (and ls one more)" "$(tr '\n' ' ' <"$T/fds")" "0 1 2 3 "
ok "exec: its snapshot is removed" eventually test ! -e "$(variable FILE)"
ok "exec: no process is left after the command" eventually is_childless
end
is "numbers of snapshots have no gaps" "$(cd "$T/actions" && echo *)" "watch.$pid.1.heap watch.$pid.2.heap"

# ---- threads: exact figures, and nobody is disturbed ----

begin threads 'cache_insert:count>2999;queue_put:count>99;every=10ms'
tell "threads 3"
ok "blocks of several threads count together in a rule" eventually is_said "watch: 3,000 blocks (293.0 KiB) allocated in cache_insert, more than 2999"
tell "put 100"
ok "samples are taken while all threads sleep" eventually is_said "watch: 100 blocks"
ok "no process is left after the alarms" eventually is_childless
tell "children"
end

# ---- children ----

begin child 'cache_insert:count>149;every=10ms'
tell "insert 150"
eventually is_said "watch: 150 blocks"
tell "fork"
parent=$pid
pid=$(sed -n 's/^child //p' "$T/child.truth")
ok "a forked child has its own watches" eventually is_said "watch: 150 blocks (14.6 KiB) allocated in cache_insert"
tell "insert 150"
ok "a forked child raises alarms by itself" eventually is_said "watch: 300 blocks (29.3 KiB) allocated in cache_insert"
pid=$parent
is "an alarm of a forked child is not raised by its parent" "$(said watch | wc -l)" 1
echo quit >&4
status=0
wait "$pid" || status=$?
is "parent and child with watches end with their own status" "$status" 5

GCPROF_FOLLOW=0 begin alone 'cache_insert:count>99;every=10ms'
tell "fork"
child=$(sed -n 's/^child //p' "$T/alone.truth")
is "GCPROF_FOLLOW=0: the child has no watch thread" "$(grep ^Threads "/proc/$child/status")" "Threads:	1"
echo quit >&4
wait "$pid"

# ---- rules that are no use ----

begin wrong 'a:cnt>3;b:count>3k;c:bytes>x;d:count>1:mail;every=soon;[e:count>5;cache_insert:count>99;every=10ms'
tell "insert 100"
ok "valid rules hold beside invalid ones" eventually is_said "watch: 100 blocks"
tell "insert 100"
ok "valid rules beside invalid ones raise a second alarm" eventually is_said "watch: 200 blocks"
end
sort >"$T/wanted" <<-EOF2
	gcprof[$pid]: invalid GCPROF_WATCH rule '[e:count>5': Unmatched [, [^, [:, [., or [=
	gcprof[$pid]: invalid GCPROF_WATCH rule 'a:cnt>3': missing :count>NUMBER or :bytes>NUMBER
	gcprof[$pid]: invalid GCPROF_WATCH rule 'b:count>3k': limit must be a number
	gcprof[$pid]: invalid GCPROF_WATCH rule 'c:bytes>x': limit must be a number of bytes, such as 500000 or 64M
	gcprof[$pid]: invalid GCPROF_WATCH rule 'd:count>1:mail': action must be snapshot or exec=COMMAND
	gcprof[$pid]: invalid GCPROF_WATCH rule 'every=soon': must be a duration, such as 10s
EOF2
ok "each invalid rule is named once, with the reason" diff <(sort "$T/wrong.err" | grep -v ': watch: ') "$T/wanted"

# ---- the file of a look ----

begin looker ':bytes>1:exec=exec sleep 1000;every=10ms'
tell "insert 100"
# shellcheck disable=SC2046 # a word per file
looking() { [ -n "$(find "$T/looker" -name '*.heap.*.watch')" ] && grep -qsx sleep $(descendants "$pid" | sed 's|.*|/proc/&/comm|'); }
ok "the file of a sample exists while its command runs" eventually looking
file=$(find "$T/looker" -name '*.heap.*.watch')
: >"$T/looker/mine.heap.1.watch"
beside() { GCPROF_OUTPUT=$T/looker/other.heap LD_PRELOAD=$preload timeout 60 "$1" "${@:2}" 3>/dev/null >/dev/null 2>&1; }
beside "$TARGETS/quiet" return 0
ok "the file of a sample in use is not removed by another process" test -e "$file"
# shellcheck disable=SC2046 # a word per pid
kill -KILL $(descendants "$pid")
wait "$pid" 2>/dev/null
ok "the file of a sample stays if all its processes are killed" test -e "$file"
beside "$TARGETS/quiet" return 0
ok "the file of a killed sample is removed by the next process that writes there" test ! -e "$file"
ok "a file that only has the name of a sample is not removed" test -e "$T/looker/mine.heap.1.watch"

# ---- what may be missing ----

GCPROF_OUTPUT=$T/no/such/directory/%n.heap begin nowhere 'cache_insert:count>99;cache_.*:count>99:snapshot;every=10ms'
tell "insert 100"
ok "an alarm is raised where no snapshot can be written" eventually is_said "watch: 100 blocks (9.8 KiB) allocated in cache_insert, more than 99 (rule 'cache_insert"
ok "an alarm that cannot keep its snapshot says so" eventually is_said "watch: 100 blocks (9.8 KiB) allocated in cache_insert, more than 99 (rule 'cache_.*:count>99'); the snapshot could not be kept"
ok "no process is left after the alarms" eventually is_childless
is "no temporary file of a watch is left" "$(ls -d /tmp/gcprof."$pid".watch 2>/dev/null)" ""
end

GCPROF_ANALYZE=$T/none begin tool 'cache_insert:count>9;every=10ms'
tell "insert 100"
ok "a missing analyzer is reported" eventually is_said "watch: cannot run the analyzer '$T/none'; further failures are not reported"
tell "insert 100"
ok "no process is left after the alarms" eventually is_childless
end
is "a missing analyzer is reported in one line" "$(wc -l <"$T/tool.err")" 1

# ---- on the disk before it takes an older one's name ----

traced() { # NAME: what is done with a copy of a snapshot that is kept under that name
	cp "$kept" "$T/look.watch"
	strace -f -qq -e trace=fsync,rename,renameat,renameat2 -o "$T/strace" \
		"$ANALYZE" --watch='cache_insert:count>99:snapshot' --watch-state=0 --watch-keep="$1" "$T/look.watch" >/dev/null 2>&1
	grep -oE '^[0-9]+ +(fsync|rename).* = 0' "$T/strace" | grep -oE '(fsync|rename)' | tr '\n' ' '
}
is "a kept snapshot takes a free name without waiting for the disk" "$(traced "$T/kept.heap")" "rename "
is "a kept snapshot replaces an older file when it is on the disk" "$(traced "$T/kept.heap")" "fsync rename "
mkfifo "$T/fifo.heap"
is "a kept snapshot does not replace a FIFO" "$(traced "$T/fifo.heap")" ""

# ---- by hand ----

run_plain hand "$ANALYZE" --watch='cache_insert:count>99;cache_insert:count>999' "$kept"
is "gcprof-analyze --watch raises an alarm for a file" "$status $(cat "$T/hand.err")" \
	"0 gcprof[$(info "$kept" pid)]: watch: 150 blocks (14.6 KiB) allocated in cache_insert, more than 99 (rule 'cache_insert:count>99')"
run_plain fails "$ANALYZE" --fail-on=error --watch='cache_insert:count>99' "$kept"
is "gcprof-analyze --watch: an alarm fails --fail-on=error" "$status" 1
run_plain bad "$ANALYZE" --watch='cache_insert:count>x' "$kept"
is "gcprof-analyze --watch: an invalid rule is bad usage" "$status $(cat "$T/bad.err")" "2 gcprof-analyze: --watch: invalid rule 'cache_insert:count>x': limit must be a number"
done_testing
