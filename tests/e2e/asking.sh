#!/usr/bin/env bash
# asking.sh -- gcprof snapshot and top ask a process, whatever it does with its signals,
# its environment and its root; and the program does not notice.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/asking" "$RUN" "$(dirname "$RUN")/gcprof-top"
require setpriv unshare perl

begin() { # NAME MODE...: sets $pid
	local name=$1
	shift
	start_gcprof "$name" "$TARGETS/asking" "$@"
	eventually grep -q '^ready' "$T/$name.truth"
}
ask() { # NAME PID [OPTION]...: its lines are in NAME.asked; sets $status
	local name=$1 pid=$2
	shift 2
	status=0
	timeout 60 "$RUN" snapshot "$@" "$pid" >"$T/$name.asked" 2>"$T/$name.asked.err" </dev/null || status=$?
}
top() { # NAME PID
	status=0
	timeout 60 "$RUN" top --batch "$2" >"$T/$1.top" 2>"$T/$1.top.err" </dev/null || status=$?
}
asked() { cat "$T/$1.asked" "$T/$1.asked.err"; }
answers() { # NAME PID SENTENCE: gives a snapshot by its first name, and figures
	ask "$1" "$2"
	is "$3: a snapshot comes, by the name that is printed" "$status $(asked "$1")" "0 $T/$1/asking.$2.1.heap"
	ok "$3: the snapshot can be read" valid "$T/$1/asking.$2.1.heap"
	top "$1" "$2"
	is "$3: top shows its figures" "$status $(grep -c '^gcprof top - asking' "$T/$1.top")" "0 1"
}
boss=
end() { # NAME PID CALLS SENTENCE: it ends as if nobody had asked; $boss, if any, waits for it
	if [ -n "$boss" ]; then
		kill -TERM "$2"
		status=0
		wait "$boss" || status=$?
		boss=
	else
		stop "$2"
	fi
	is "$4" "$status $(cat "$T/$1.out")" "0 calls $3"
}

# ---- signals of the program's own ----

begin own own
answers own "$pid" "a program that handles SIGUSR2 itself"
kill -USR2 "$pid"
end own "$pid" 1 "a program that handles SIGUSR2 itself gets its own signal, and no other"

begin later later
ask later "$pid"
is "before a program takes both signals it answers" "$status" 0
kill -USR1 "$pid"
eventually grep -q '^later' "$T/later.truth"
ask later "$pid"
is "a program that takes both signals over is not asked, and the reason is said" \
	"$status $(asked later | grep -c "process $pid (asking) handles or ignores signals USR2 and RTMAX-8 itself")" "1 1"
top later "$pid"
is "a program that does not take the signal is not asked by top" "$status $(grep -c "handles or ignores signals USR2 and RTMAX-8 itself" "$T/later.top.err")" "1 1"
end later "$pid" 0 "a program that takes both signals over gets none of ours"

begin ignores ignores
answers ignores "$pid" "a program that ignores SIGUSR2"
end ignores "$pid" 0 "a program that ignores SIGUSR2 goes on"

GCPROF_SIGNAL=RTMIN+5 GCPROF_CUT_SIGNAL=RTMIN+6 begin named own
answers named "$pid" "a program that was given other signals"
end named "$pid" 0 "a program that was given other signals goes on"

start_gcprof inherited env --ignore-signal=USR2 --ignore-signal=RTMAX-8 "$TARGETS/asking" none
eventually grep -q '^ready' "$T/inherited.truth"
ask inherited "$pid"
is "a program that was started with both signals ignored is not asked" \
	"$status $(asked inherited | grep -c 'handles or ignores signals')" "1 1"
end inherited "$pid" 0 "a program that was started with both signals ignored goes on"

GCPROF_SNAPSHOT=signal begin blocks blocks
ask blocks "$pid" --timeout=1
is "a program whose threads block all signals and wait for them is not sent one" \
	"$status $(asked blocks | grep -c 'it blocks the signal')" "1 1"
top blocks "$pid"
is "a program that does not take the signal is not asked by top" "$status $(grep -c 'it blocks the signal' "$T/blocks.top.err")" "1 1"
end blocks "$pid" 0 "a program that waits for signals by sigwaitinfo finds none of ours"

begin mixed mixed
answers mixed "$pid" "a program with a thread in sigwaitinfo for all signals"
end mixed "$pid" 0 "a thread in sigwaitinfo for all signals does not take ours"

begin raw raw
ask raw "$pid" --timeout=1
is "a program that has removed our handler behind our back is not sent a signal" \
	"$status $(asked raw | grep -c "removed gcprof's signal handler")" "1 1"
end raw "$pid" 0 "a program that has removed our handler behind our back lives on"

begin stopped none
kill -STOP "$pid"
eventually grep -q '^State:.T' "/proc/$pid/status"
ask stopped "$pid"
is "a stopped program is said to be, at once" "$status $(asked stopped)" \
	"1 gcprof: process $pid (asking) is stopped; kill -CONT $pid resumes it"
kill -CONT "$pid"
end stopped "$pid" 0 "a stopped program goes on as before"

begin left left
answers left "$pid" "a program whose main thread has ended"
end left "$pid" 0 "a program whose main thread has ended goes on"

GCPROF_SNAPSHOT='exit' begin none none
ask none "$pid"
is "a program that takes no snapshots by signal is not sent one" \
	"$status $(asked none | grep -c "takes no snapshots by signal USR2: its GCPROF_SNAPSHOT=exit does not include 'signal'; start it with --snapshot=signal,exit")" "1 1"
end none "$pid" 0 "a program that takes no snapshots by signal goes on"

start_gcprof vfork "$TARGETS/asking" vfork
eventually grep -q '^child' "$T/vfork.truth"
child=$(awk '$1 == "child" { print $2 }' "$T/vfork.truth")
ask vfork "$child" --timeout=1
is "a child of vfork is not asked in its parent's place" \
	"$status $(asked vfork | grep -c "process $child (asking) is not ready")" "1 1"
kill -KILL "$child"
eventually grep -q '^ready' "$T/vfork.truth"
answers vfork "$pid" "a parent of vfork"
end vfork "$pid" 0 "a parent of vfork goes on"

# ---- who asks ----

begin forged own
number=$(kill -l RTMAX)
number=$((number - 8))
n_read() { awk '$1 == "SigPnd:" || $1 == "ShdPnd:" { sum += ($2 != "0000000000000000") } END { print sum }' "/proc/$pid/status"; }
taken() { [ "$(n_read)" = 0 ]; }
for i in 1 2 3 4 5; do
	kill -$number "$pid"
	# sigqueue with a value that is none: rt_sigqueueinfo, SI_QUEUE, our pid and user
	perl -e 'my ($pid, $n, $value) = @ARGV;
		my $info = pack("i3 x4 i2 Q x96", $n, 0, -1, $$, $<, $value);
		exit(syscall(129, $pid + 0, $n + 0, $info) == 0 ? 0 : 1)' "$pid" $number $((0x6763707200000000 ^ i << 40)) ||
		diag "sigqueue failed"
done
ok "a signal that nobody of ours has sent is taken" eventually taken
is "a signal that gcprof has not sent asks for nothing" "$(n_heaps forged) $(grep -vc 'handles signal USR2' "$T/forged.err")" "0 0"
if [ "$(id -u)" = 0 ]; then
	cp "$RUN" "$T/gcprof"
	chmod 755 "$T" "$T/gcprof"
	status=0
	setpriv --reuid=65534 --regid=65534 --clear-groups "$T/gcprof" snapshot "$pid" >"$T/other.out" 2>"$T/other.err" || status=$?
	is "another user is told why not" "$status $(cat "$T/other.err")" \
		"1 gcprof: cannot inspect process $pid: permission denied (run as its user, or as root)"
fi
answers forged "$pid" "a program that was sent wrong requests"
end forged "$pid" 0 "a program that was sent wrong requests goes on"

# ---- names ----

begin title title
answers title "$pid" "a program that has overwritten its environment"
end title "$pid" 0 "a program that has overwritten its environment goes on"

mkdir -p "$T/here"
cd "$T/here" || exit 99
GCPROF_OUTPUT=relative.%n.heap begin relative own
ask relative "$pid"
is "a relative name is printed absolute" "$status $(asked relative)" "0 $T/here/relative.1.heap"
ask relative "$pid"
is "the second by the second name" "$status $(asked relative)" "0 $T/here/relative.2.heap"
end relative "$pid" 0 "a program with a relative name goes on"

GCPROF_OUTPUT=$T/fixed/x.heap begin fixed own
for i in 1 2 3; do
	ask fixed "$pid"
done
is "a name without a number is printed when the new file is there" \
	"$status $(asked fixed) $(info "$T/fixed/x.heap" snapshot_number)" "0 $T/fixed/x.heap 3"
end fixed "$pid" 0 "a program with one name goes on"

GCPROF_OUTPUT=$T/no-such/x.heap begin failing own
ask failing "$pid"
is "a snapshot that cannot be written is said to be, with its reason" "$status $(asked failing)" \
	"1 gcprof: process $pid (asking) cannot write '$T/no-such/x.heap': No such file or directory; the directory of GCPROF_OUTPUT does not exist"
end failing "$pid" 0 "a program that cannot write goes on"

begin many own
for i in 1 2 3 4 5 6; do
	"$RUN" snapshot "$pid" >"$T/many.$i" 2>&1 &
	askers[i]=$!
done
statuses=
for i in 1 2 3 4 5 6; do
	wait "${askers[i]}"
	statuses+="$? "
done
is "six who ask at once all get a snapshot" "$statuses$(cat "$T"/many.[1-6] | sort -u | xargs ls | wc -l)" \
	"0 0 0 0 0 0 $(cat "$T"/many.[1-6] | sort -u | wc -l)"
end many "$pid" 0 "a program that six ask at once goes on"

# ---- other roots ----

if [ "$(id -u)" = 0 ]; then
	# Everything that the target needs, in a directory of its own.
	furnish() { # DIRECTORY
		local file
		mkdir -p "$1/tmp" "$1/dev/shm" "$1/out"
		ldd "$TARGETS/asking" "$LIB" | grep -o '/[^ ]*\.so[^ :]*' | sort -u | while read -r file; do
			mkdir -p "$1$(dirname "$file")"
			cp -L "$file" "$1$file"
		done
		cp "$LIB" "$1/libgcprof.so"
		cp "$TARGETS/asking" "$1/asking"
	}
	jail=$T/jail
	furnish "$jail"
	inside() { # NAME SENTENCE: what is asked from outside
		ask "$1" "$pid"
		is "$2: a snapshot comes, by a name that can be opened from here" \
			"$status $(asked "$1" | sed "s|/proc/$pid/root||; s|$jail||")" "0 /out/asking.1.heap"
		ok "$2: the snapshot can be read" valid "$(asked "$1")"
		top "$1" "$pid"
		is "$2: top shows the names of functions" "$status $(grep -c '  take_memory < main' "$T/$1.top")" "0 1"
	}

	GCPROF_OUTPUT=/out/asking.%n.heap begin chroot chroot "$jail"
	inside chroot "after chroot"
	end chroot "$pid" 0 "a program goes on after chroot"
	rm -f "$jail"/out/*

	in_jail() { # NAME COMMAND...: the target in the jail, by a command that enters it; sets $pid
		local name=$1
		shift
		mkdir -p "$T/$name"
		"$@" >"$T/$name.out" 2>"$T/$name.err" 3>"$T/$name.truth" </dev/null &
		boss=$!
		started+=("$boss")
		eventually grep -q '^ready' "$T/$name.truth"
		for pid in $(descendants "$boss"); do
			[ "$(cat "/proc/$pid/comm")" = asking ] && break
		done
	}
	enter=(perl -e 'chroot(shift) && chdir("/") or die; %ENV = (LD_PRELOAD => "/libgcprof.so",
		GCPROF_OUTPUT => "/out/asking.%n.heap"); exec @ARGV' "$jail" /asking own)
	in_jail jailed "${enter[@]}"
	inside jailed "started by chroot"
	end jailed "$pid" 0 "a program that chroot has started goes on"
	rm -f "$jail"/out/*

	if unshare -m -p -f true 2>/dev/null; then
		in_jail space unshare -m -p -f --kill-child "${enter[@]}"
		is "a process of another pid namespace has another number there" "$(awk '$1 == "NSpid:" { print NF, $NF }' "/proc/$pid/status")" "3 1"
		inside space "in other mount and pid namespaces"
		end space "$pid" 0 "a program in other namespaces goes on"
		rm -f "$jail"/out/*
	else
		skip "other mount and pid namespaces" "unshare is not permitted here"
	fi
	if unshare -U true 2>/dev/null; then
		chmod -R a+rwX "$jail" "$T"
		in_jail user unshare -U -r -m -p -f --kill-child "${enter[@]}"
		inside user "in a user namespace"
		end user "$pid" 0 "a program in a user namespace goes on"
	else
		skip "a user namespace" "unshare is not permitted here"
	fi
fi
done_testing
