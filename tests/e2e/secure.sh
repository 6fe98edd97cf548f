#!/usr/bin/env bash
# secure.sh -- in a program that runs with more rights than its user's, the library reads no
# option and writes nothing.
#
# The library stands in /etc/ld.so.preload, of a mount namespace of this test's own; programs
# are copies, set-user-ID or with file capabilities, on a file system that heeds both, started
# by a user without rights.  Needs root.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../.. disable=SC2016
if [ -z "${GCPROF_SECURE_NAMESPACE:-}" ]; then
	# Only in there is the library preloaded into all programs.
	if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
		GCPROF_SECURE_NAMESPACE=1 exec unshare -m "$BASH" "$0" "$@"
	fi
	. "${srcdir:-.}/tests/e2e/init.sh"
	skip_all "this takes root, and a mount namespace"
fi
. "${srcdir:-.}/tests/e2e/init.sh"

require setpriv setcap mount
require_built "$TARGETS/privileged"
USER_ID=65534

chmod 755 "$T"
P=$T/place # what the user can run
mkdir "$P" "$T/etc"
mount -t tmpfs -o mode=755 tmpfs "$P" || skip_all "no file system can be mounted"
# In vain if programs without rights are all that this file system has.
[[ ! $(findmnt -n -o OPTIONS "$P") =~ nosuid ]] || skip_all "set-user-ID means nothing on a new file system here"
cp "$LIB" "$P/libgcprof.so"
cp "$TARGETS/privileged" "$P/plain"
cp "$P/plain" "$P/setuid"
cp "$P/plain" "$P/setgid"
cp "$P/plain" "$P/capable"
chmod 4755 "$P/setuid"
chmod 2755 "$P/setgid"
setcap cap_net_raw+ep "$P/capable" || skip_all "no file capabilities"
mkdir "$P/bait"
mkdir -m 1777 "$P/world" # the only place where the user himself can write
cat >"$P/analyzer" <<-END
	#!/bin/sh
	exec 3>"$P/bait/by-analyzer.\$(id -u)" 2>/dev/null || :
	exit 0
END
chmod 755 "$P/analyzer"
cp -a /etc/. "$T/etc"
echo "$P/libgcprof.so" >"$T/etc/ld.so.preload"

# A user's environment: each of these made a privileged program write a file as root.
hostile=(
	GCPROF_OUTPUT="$P/bait/heap.%p.%n"
	GCPROF_SNAPSHOT="exit,fatal,signal,interval=100ms,growth=1%"
	GCPROF_TRACE="$P/bait/trace"
	GCPROF_YOUNG=1M
	GCPROF_LIVE="$P/bait"
	GCPROF_ANALYZE="$P/analyzer"
	GCPROF_WATCH=":bytes>1:exec=touch $P/bait/by-watch;every=10ms"
	GCPROF_VERBOSE=1
	GCPROF_PROMOTE=banana
	GCPROF_ABORT=1
	GCPROF_MODE=0666
	KEPT=yes
	# Taken out by the loader, after which the auxiliary vector does not follow at once.
	LD_LIBRARY_PATH=/nowhere
	TMPDIR=/nowhere
)

# The preload list is in force only while a program under test is started.
run_as() { # NAME UID COMMAND...: with the hostile environment
	local name=$1 uid=$2
	shift 2
	rm -rf "$P"/bait/* "$P"/world/*
	# In a substitution, where bash keeps its words about a signal to itself.
	status=$(
		GCPROF_SNAPSHOT=none unshare -m "$BASH" -c 'mount --bind "$1" /etc && shift && exec "$@"' mounted "$T/etc" \
			timeout -k 5 60 setpriv --reuid="$uid" --regid="$uid" --clear-groups \
			env -C "$P/world" "${hostile[@]}" "$@" >"$T/$name.out" 2>"$T/$name.err" </dev/null
		echo $?
	)
}

said() { sed -n "s/^$2 //p" "$T/$1.out"; } # NAME WORD

# Whatever was written, by whomever: timeout, setpriv and env have no such environment.
written() { find "$P/bait" "$P/world" -mindepth 1 | sort | sed '4,$d'; }

# ---- the same programs, without more rights than the user's
run_as plain 0 "$P/plain"
is "plain: is an ordinary execution" "$(said plain secure) $(said plain preloaded) $status" "0 1 7"
for what in heap trace by-analyzer; do
	ok "plain: the environment is heeded ($what)" test -n "$(find "$P/bait" -name "$what*")"
done
ok "plain: and values that are no use are complained of" grep -q '^gcprof.*GCPROF_PROMOTE' "$T/plain.err"

# ---- with more
for program in setuid setgid capable; do
	run_as $program $USER_ID "$P/$program"
	is "$program: is a secure execution with the library in it" \
		"$(said $program secure) $(said $program preloaded)" "1 1"
	is "$program: ends as it does without the library" "$status" 7
	is "$program: nothing is written" "$(written)" ""
	is "$program: nothing is said" "$(cat "$T/$program.err")" ""
	is "$program: calls of gcprof.h write nothing and fail" "$(said $program calls)" "-1 -1"
	is "$program: no signal has a handler" "$(said $program handlers)" 0
	is "$program: the variables are taken out of its environment" "$(said $program variables)" 0
	is "$program: all others stay" "$(said $program kept)" yes
done
for number in 12 6 11; do
	run_as "signal-$number" $USER_ID "$P/setuid" $number
	is "signal $number ends a set-user-ID program as it does without the library" "$status" $((128 + number))
	is "signal $number: nothing is written" "$(written)" ""
done

# ---- what it starts
run_as executed $USER_ID "$P/setuid" exec "$P/plain"
is "a program that a set-user-ID one becomes judges by its own rights" \
	"$(said executed preloaded)" 1
is "a program that a set-user-ID one becomes ignores its user's options" "$(said executed variables) $(written | grep -c bait)" "0 0"
run_as sudo $USER_ID "$P/setuid" sudo "$P/plain"
is "a program with the privileged one's rights for good is an ordinary execution" "$(said sudo secure)" 0
is "the options of the user's environment are not in force in such an execution" \
	"$(said sudo variables) $(written | grep -c bait)" "0 0"

# ---- by way of the loader, which shifts what stands on the stack
cp "$(readlink -f /lib64/ld-linux-x86-64.so.2)" "$P/loader"
run_as by-loader 0 "$P/loader" "$P/plain"
ok "a program that the loader is asked to run is an ordinary execution" \
	test -n "$(find "$P/bait" -name 'heap*')"
umount "$P"
done_testing
