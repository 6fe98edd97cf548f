#!/usr/bin/env bash
# unseen.sh -- a program cannot tell that it is profiled: output, status, descriptors, places, limits.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/quiet"
ulimit -c 0
while read -r mode arg writes; do
	run_plain "$mode-plain" "$TARGETS/quiet" "$mode" "$arg"
	plain=$status
	run_gcprof "$mode" "$TARGETS/quiet" "$mode" "$arg"
	is "$mode $arg: status and output are the same" "$status $(cat "$T/$mode.out")" "$plain $(cat "$T/$mode-plain.out")"
	is "$mode $arg: standard error is the same" "$(cat "$T/$mode.err")" "$(cat "$T/$mode-plain.err")"
	if [ "$writes" = yes ]; then
		ok "$mode $arg: the live set is exact" ledger "$(heap "$mode")" "$T/$mode.truth"
	fi
	ok "$mode $arg: no unfinished file is left" test -z "$(leftovers "$mode")"
done <<'END'
return 0 yes
exit 77 yes
_exit 9 maybe
quick_exit 11 maybe
thread-exit 3 yes
main-thread-ends 0 yes
abort 0 no
segv 0 no
kill 15 no
kill 9 no
kill 14 no
END

# The program keeps what numbers it has.
run_plain descriptors-plain "$TARGETS/quiet" descriptors
run_gcprof descriptors "$TARGETS/quiet" descriptors
is "the lowest free descriptor is the one it would be" \
	"$(grep next "$T/descriptors.truth")" "$(grep next "$T/descriptors-plain.truth")"
is "no descriptor of the library is among the first 1024" \
	"$(grep open "$T/descriptors.truth")" "$(grep open "$T/descriptors-plain.truth")"
run_gcprof closes-all "$TARGETS/quiet" closes-all
is "a program that closes everything ends well" "$status" 0
points_of "$T/closes-all.truth"
ok "a program that closes all descriptors has an exact snapshot" ledger "$(heaps closes-all | tail -n 1)" "$T/closes-all.truth"
run_gcprof own-fd2 "$TARGETS/quiet" own-fd2 "$T/file-2"
is "a program with a file of its own as number 2 ends well" "$status" 0
is "nothing of ours is in that file" "$(cat "$T/file-2")" mine
mkdir "$T/closed"
status=0
GCPROF_OUTPUT=$T/closed/%e.%p.%n.heap timeout 60 env LD_PRELOAD="$preload" "$TARGETS/quiet" own-fd2 "$T/file-2b" \
	3>"$T/closed.truth" <&- >&- 2>&- || status=$?
is "a program that is started without descriptors ends well" "$status" 0
is "nothing of the library is in the files of a program without descriptors" "$(cat "$T/file-2b")" mine
ok "a program that is started without descriptors has a snapshot" ledger "$(heaps closed | tail -n 1)" "$T/closed.truth"

# Somewhere else at the end.
mkdir "$T/elsewhere"
run_gcprof place "$TARGETS/quiet" place "$T/elsewhere"
is "a program that goes elsewhere (and into a chroot, as root) ends as it should" "$status $(cat "$T/place.out")" "4 elsewhere"
if [ "$(id -u)" -ne 0 ]; then
	ok "the snapshot of a program that changes its directory is where its name said" ledger "$(heap place)" "$T/place.truth"
fi
(
	mkdir "$T/start" && cd "$T/start" &&
		GCPROF_OUTPUT=relative.heap GCPROF_SNAPSHOT=exit env LD_PRELOAD="$preload" "$TARGETS/quiet" return 0 3>/dev/null >/dev/null 2>&1
)
ok "a relative name is taken from the working directory" test -s "$T/start/relative.heap"

# Little room.
run_gcprof small "$TARGETS/quiet" small
is "a program under RLIMIT_AS gets as far as it can" "$status $(cat "$T/small.out")" "9 survived"
points_of "$T/small.truth"
run_gcprof lost "$TARGETS/quiet" lost
is "blocks that there was no memory to know of are freed" "$status $(cat "$T/lost.out")" "6 freed"
file=$(heap lost)
between "lost: there were such blocks" "$(summary "$file" .process.losses.blocks)" 1 1000000
is "lost: none of their frees is called wrong" "$(records "$file" bad | wc -l)" 0

# The thread that keeps time is one of the process's.
GCPROF_TESTS_TIMEOUT=30 GCPROF_SNAPSHOT=exit,interval=1h run_gcprof group "$TARGETS/quiet" group
is "a child's setgid, which each thread does, returns beside the thread that keeps time" "$status $(cat "$T/group.out")" "5 set"
done_testing
