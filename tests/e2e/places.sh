#!/usr/bin/env bash
# places.sh -- how a snapshot comes to its name, and what it never replaces.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../.. disable=SC2016
. "${srcdir:-.}/tests/e2e/init.sh"

require strace python3 flock
require_built "$TARGETS/quiet" "$TARGETS/threads" "$TARGETS/watch"

# ---- modes
mode_of() { stat -c %a "$(heap "$1")"; }
umask 000
run_gcprof open "$TARGETS/quiet" return 5
is "a snapshot is its owner's alone, without a umask" "$(mode_of open)" 600
umask 777
run_gcprof shut "$TARGETS/quiet" return 5
umask 022
is "a snapshot is its owner's alone, under a umask that takes all permissions" "$(mode_of shut)" 600
is "a umask that takes all permissions from snapshots does not change the program's status" "$status" 5
GCPROF_MODE=0640 run_gcprof group "$TARGETS/quiet" return 5
is "GCPROF_MODE widens the permissions of a snapshot" "$(mode_of group)" 640
umask 077
GCPROF_MODE=644 run_gcprof all "$TARGETS/quiet" return 5
umask 022
is "GCPROF_MODE holds whatever the umask" "$(mode_of all)" 644
for value in 0777 0400 4600 rw 0680 00000600; do
	GCPROF_MODE=$value run_gcprof "mode-$value" "$TARGETS/quiet" return 5
	is "GCPROF_MODE=$value is invalid, and 0600 holds" \
		"$(grep -c "^gcprof.*invalid value for GCPROF_MODE: '$value'; using '0600'" "$T/mode-$value.err") $(mode_of "mode-$value")" "1 600"
done
"$RUN" run --mode=0644 --output="$T/option.heap" -- "$TARGETS/quiet" return 5 3>/dev/null >/dev/null 2>&1
is "gcprof run --mode does what GCPROF_MODE does" "$(stat -c %a "$T/option.heap")" 644

# ---- what is not replaced
refused() { # NAME KIND: before and after, the same thing is there
	local kept
	kept=$(stat -c '%F %i %s' "$T/$1.heap")
	GCPROF_OUTPUT=$T/$1.heap run_gcprof "$1" "$TARGETS/quiet" return 5
	is "$1: the program ends as ever" "$status $(cat "$T/$1.out")" "5 $(cat "$T/open.out")"
	is "$1: the file in the way is not changed" "$(stat -c '%F %i %s' "$T/$1.heap")" "$kept"
	is "$1: one line names the obstacle and the remedy" \
		"$(grep -c "^gcprof.*cannot write snapshot '$T/$1.heap': $2 exists.*set GCPROF_OUTPUT to a regular or new file" "$T/$1.err")" 1
	is "$1: nothing is left beside it" "$(find "$T" -name "$1.heap.*")" ""
}
mkfifo "$T/fifo.heap"
refused fifo "a FIFO"
mkdir "$T/directory.heap"
refused directory "a directory"
echo precious >"$T/precious"
ln -s precious "$T/link.heap"
refused link "a symbolic link"
is "link: what it leads to stays" "$(cat "$T/precious")" precious
ln -s nowhere "$T/dangling.heap"
refused dangling "a symbolic link"
ok "dangling: nothing is created where the link leads" test ! -e "$T/nowhere"
ln -s /proc/self/fd/1 "$T/stdout.heap" # as /dev/stdout, which leads to a regular file here
refused stdout "a symbolic link"
python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$T/socket.heap"
refused socket "a socket"
if mknod "$T/null.heap" c 1 3 2>/dev/null; then
	refused null "a device"
else
	skip "null: a device" "no device can be made here"
fi
mkdir "$T/real"
ln -s real "$T/way"
GCPROF_OUTPUT=$T/way/x.heap run_gcprof way "$TARGETS/quiet" return 5
ok "a directory may be a link" valid "$T/real/x.heap"
GCPROF_SNAPSHOT=none GCPROF_OUTPUT=/dev/null run_gcprof none "$TARGETS/quiet" return 5
is "without a snapshot there is no message about its name" "$(cat "$T/none.err")" "$(cat "$T/open.err")"

# ---- names that can be foreseen
mkdir -m 1777 "$T/world"
# The pid of the program is that of the shell before it.
run_plain foreseen env LD_PRELOAD= bash -c '
	ln -s "$0/precious" "$0/world/x.heap.$$.tmp"
	GCPROF_OUTPUT=$0/world/x.heap LD_PRELOAD=$1 exec "$2" return 5' "$T" "$LIB" "$TARGETS/quiet"
is "a link under the temporary name is not followed" "$status $(cat "$T/precious")" "5 precious"
ok "the snapshot is written in spite of a link under its temporary name" valid "$T/world/x.heap"
is "a link under the temporary name is not removed" "$(find "$T/world" -type l | wc -l)" 1

# ---- on the disk before it takes an older one's name
traced() { # NAME: system calls, without their numbers
	GCPROF_OUTPUT=$T/synced.heap strace -f -qq -e trace=fsync,fdatasync,sync_file_range,rename,renameat,renameat2 \
		-o "$T/$1.strace" env LD_PRELOAD="$LIB" "$TARGETS/quiet" return 5 3>/dev/null >/dev/null 2>&1
	grep -oE '(fsync|rename)[a-z0-9]*\([^)]*\) *= *0' "$T/$1.strace" | grep -oE '^(fsync|rename)' | tr '\n' ' '
}
is "a name that was free is taken without waiting for the disk" "$(traced first)" "rename "
is "a file is on the disk before it takes an older one's name, and the name after" \
	"$(traced second)" "fsync rename fsync "
ok "a snapshot that replaced an older one is whole" valid "$T/synced.heap"

# ---- what killed processes leave
mkdir "$T/swept"
magic=$(head -c 8 "$T/synced.heap" | od -An -tx1 | tr -d ' \n')
unhex() { sed 's/../\\x&/g' | { read -r x && printf '%b' "$x"; }; }
stale() { # NAME: as a writer leaves it that was killed
	{ unhex <<<"$magic" && head -c 5000 /dev/zero; } >"$T/swept/$1"
}
stale x.heap.99999.tmp
stale other.1.heap.4711.tmp
stale taken.heap.12-3.tmp
stale nothing.tmp
stale letters.heap.12a.tmp
stale 12.tmp
stale of-a-link.7.tmp
ln "$T/swept/of-a-link.7.tmp" "$T/swept/its-other-name"
printf 'GIF89a and so on' >"$T/swept/picture.5.tmp"
: >"$T/swept/empty.6.tmp"
ln -s ../precious "$T/swept/link.8.tmp"
mkfifo "$T/swept/fifo.9.tmp"
stale locked.heap.10.tmp
exec 5<"$T/swept/locked.heap.10.tmp"
flock -n 5
before=$(ls "$T/swept")
GCPROF_OUTPUT=$T/swept/new.heap run_gcprof swept-run "$TARGETS/quiet" return 5
is "the next process removes what a killed writer has left, and nothing else" \
	"$(ls "$T/swept")" "$( (grep -vE '^(x.heap.99999|other.1.heap.4711|taken.heap.12-3).tmp$' <<<"$before" && echo new.heap) | sort)"
exec 5<&-
GCPROF_OUTPUT=$T/swept/new.heap run_gcprof swept-again "$TARGETS/quiet" return 5
ok "an unfinished snapshot is removed when its writer is gone" test ! -e "$T/swept/locked.heap.10.tmp"
if [ "$(id -u)" = 0 ]; then
	stale foreign.heap.11.tmp
	chown 65534 "$T/swept/foreign.heap.11.tmp"
	GCPROF_OUTPUT=$T/swept/new.heap run_gcprof swept-foreign "$TARGETS/quiet" return 5
	ok "another user's file stays" test -e "$T/swept/foreign.heap.11.tmp"
else
	skip "another user's file stays" "this takes root"
fi

# A real one: killed with its program while it writes, which a full pipe makes sure of...
# there is none, so it is stopped by its first write.
GCPROF_OUTPUT=$T/swept/killed.heap start_gcprof killed strace -f -qq -o "$T/killed.strace" \
	-e trace=fchmod -e inject=fchmod:signal=SIGSTOP "$TARGETS/quiet" return 5
written() { [ -n "$(find "$T/swept" -name 'killed.heap.*.tmp' -size +0)" ] && grep -q SIGSTOP "$T/killed.strace"; }
ok "a writer is held while it writes" eventually written
GCPROF_OUTPUT=$T/swept/new.heap run_gcprof beside "$TARGETS/quiet" return 5
is "the unfinished file of a live writer is not removed by others" "$(find "$T/swept" -name 'killed.heap.*.tmp' | wc -l)" 1
for p in $(descendants "$pid"); do kill -KILL "$p" 2>/dev/null; done
stop "$pid" KILL
gone() {
	GCPROF_OUTPUT=$T/swept/new.heap run_gcprof after "$TARGETS/quiet" return 5
	[ -z "$(find "$T/swept" -name 'killed.heap.*.tmp')" ]
}
ok "the unfinished file of a writer killed by SIGKILL is removed by the next process" eventually gone

# ---- pages of gcprof top
mkdir "$T/live"
pages() { find "$T/live" -mindepth 1 -maxdepth 1 -name 'gcprof-live.*' | wc -l; }
mkfifo "$T/orders1" "$T/orders2"
exec 6<>"$T/orders1" 7<>"$T/orders2"
GCPROF_LIVE=$T/live start_gcprof page1 "$TARGETS/watch" "$T/orders1"
first=$pid
one() { [ "$(find "$T/live" -name page | wc -l)" -ge "${1:-1}" ]; }
eventually one
GCPROF_LIVE=$T/live start_gcprof page2 "$TARGETS/watch" "$T/orders2"
second=$pid
ok "the page of a live process is not removed" eventually one 2
mkdir "$T/live/gcprof-live.12.34" "$T/live/gcprof-live.precious"
echo mine >"$T/live/gcprof-live.precious/page"
stop "$first" KILL
stop "$second" KILL
mkdir -p "$T/live-run"
GCPROF_LIVE=$T/live run_gcprof live-run "$TARGETS/quiet" return 5
is "the next process removes the pages of killed ones, and no other directory" \
	"$(cd "$T/live" && echo *)" "gcprof-live.12.34 gcprof-live.precious"
done_testing
