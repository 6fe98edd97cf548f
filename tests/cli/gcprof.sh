#!/bin/bash
# gcprof.sh -- `gcprof run` and `gcprof snapshot` from the outside.
#
# SPDX-License-Identifier: MIT
# The programs' own shells expand what stands in single quotes.
# shellcheck disable=SC2016
# shellcheck source=tests/lint/tap.sh
. "$(dirname "$0")/../lint/tap.sh"

gcprof=${GCPROF_CMD:-$abs_top_builddir/tools/gcprof}
lib=${GCPROF_LIB:-$abs_top_builddir/lib/.libs/libgcprof.so}
[ -f "$lib" ] || skip_all "libgcprof.so is not built in this configuration"
work=$(mktemp -d) || exit 1
trap 'kill $(jobs -pr) 2> /dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
unset LD_PRELOAD "${!GCPROF_@}"
export GCPROF_SNAPSHOT=none
n=0

ok() { # SENTENCE COMMAND...
	local sentence=$1
	shift
	n=$((n + 1))
	if "$@" > seen 2>&1; then
		echo "ok $n - $sentence"
	else
		echo "not ok $n - $sentence"
		{ echo "failed: $*"; cat seen err; } 2> /dev/null | head -n 20 | sed 's/^/# /'
	fi
}

skip() { # SENTENCE REASON
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

# status WANTED COMMAND...: the exit status, and what was said, in err
status() {
	local wanted=$1 got=0
	shift
	"$@" > out 2> err < /dev/null || got=$?
	[ "$got" -eq "$wanted" ] || { echo "status $got, not $wanted"; return 1; }
}

says() { # PATTERN: exactly one line, with gcprof's name and this
	[ "$(grep -c . err)" -eq 1 ] && grep -qE "^gcprof: .*($1)" err
}

refuses() { # STATUS PATTERN COMMAND...
	local wanted=$1 pattern=$2
	shift 2
	status "$wanted" "$@" && says "$pattern"
}

eventually() { # COMMAND...
	local i
	for ((i = 0; i < 400; i++)); do
		"$@" > /dev/null 2>&1 && return
		sleep 0.05
	done
	return 1
}

try_cc() { # OUTPUT FLAG...: a program that returns 3
	local output=$1
	shift
	echo 'int main(void) { return 3; }' | ${CC:-cc} -x c - -o "$output" "$@" > cc.log 2>&1
}

# ---- run ----

same() { [ "$1" = "$2" ] || { printf '%s\n%s\n' "$1" "$2"; false; }; }
run() { "$gcprof" run "$@"; }

ok "the program's exit status is kept" status 7 run -- sh -c 'exit 7'
killed() { (run -- sh -c 'kill -KILL $$') 2> /dev/null; [ $? -eq 137 ]; }
ok "a program that a signal ends, ends by that signal" killed
pid_kept() {
	local pid
	"$gcprof" run --quiet -- sh -c 'echo $$' > out &
	pid=$!
	wait $pid
	same "$(cat out)" $pid
}
ok "the process id is kept with --quiet" pid_kept
ok "standard streams are the program's" same "$(echo hello | run -- cat)" hello
ok "arguments pass as they are" same "$(run -- printf '<%s>' a 'b c' '' --help)" '<a><b c><><--help>'
ok "-- may be left out" same "$(run printf x)" x

lib=$(realpath "$lib")
ok "the library is preloaded" same "$(run -- sh -c 'echo $LD_PRELOAD')" "$lib"
ok "the library goes in front of others" \
	same "$(LD_PRELOAD=libc.so.6 run -- sh -c 'echo $LD_PRELOAD')" "$lib:libc.so.6"
ok "the library is not named twice" \
	same "$(run -- "$gcprof" run -- sh -c 'echo $LD_PRELOAD')" "$lib"
ok "options become environment" \
	same "$(run --young=3M --output /tmp/x.heap --trace=0 -- sh -c 'echo $GCPROF_YOUNG $GCPROF_OUTPUT $GCPROF_TRACE')" '3M /tmp/x.heap 0'
ok "an option comes before the environment" \
	same "$(GCPROF_PROMOTE=2 run --promote=1 -- sh -c 'echo $GCPROF_PROMOTE')" 1
ok "a switch without a value is on" \
	same "$(run --verbose --trace -- sh -c 'echo $GCPROF_VERBOSE $GCPROF_TRACE' 2> /dev/null)" '1 1'
every_option() {
	sed -n 's/^OPTION([A-Z]*, "\([a-z-]*\)",.*/\1/p' "$abs_top_srcdir/lib/options.def" > options
	[ -s options ] || return 1
	"$gcprof" run --help > help || return 1
	while read -r option; do grep -q -e "--$option" help || { echo "$option"; return 1; }; done < options
}
ok "run --help names every option of options.def" every_option
fits() { "$gcprof" "$@" | awk 'length > 80 { print; wide = 1 } END { exit wide }'; }
ok "--help fits into 80 columns" fits --help
ok "--help fits on a screen" same "$("$gcprof" --help | awk 'END { print NR <= 40 }')" 1
ok "help is --help" same "$("$gcprof" help)" "$("$gcprof" --help)"
for command in run check snapshot top shell; do
	ok "$command --help fits into 80 columns" fits $command --help
	ok "help $command is $command --help" same "$("$gcprof" help $command)" "$("$gcprof" $command --help)"
	ok "$command --help is of $command alone" \
		bash -c '"$0" "$1" --help | { ! grep -E "^(usage:)? *gcprof (run|check|snapshot|top|shell) " | grep -v " gcprof $1 "; }' "$gcprof" $command
done
ok "help on what is no command: 2" status 2 "$gcprof" help nonesuch
ok "--help is on standard output, with status 0" status 0 "$gcprof" --help
ok "--version names the version" same "$("$gcprof" --version | cut -d' ' -f1)" gcprof

ok "a command that is not there: 127" refuses 127 'command not found' run -- ./nonesuch
ok "a command that is not on PATH: 127" refuses 127 'command not found' run -- nonesuch-at-all
echo hello > file
ok "a file that is not executable: 126" refuses 126 'Permission denied' run -- ./file
ok "a directory: 126" refuses 126 'Permission denied' run -- /
printf 'exit 5\n' > no-interpreter
chmod +x no-interpreter
ok "a script without an interpreter is run by sh" status 5 run -- ./no-interpreter

printf '#!/nonesuch/sh\n' > lost
chmod +x lost
ok "a script whose interpreter is not there: 127, and why" refuses 127 'interpreter' run -- ./lost

if try_cc static -static; then
	ok "a static program: 125, and why" refuses 125 'statically linked' run -- ./static
	printf '#!%s -x\n' "$work/static" > script
	chmod +x script
	ok "a script of a static interpreter: 125, and why" refuses 125 "its interpreter is .*static.*statically" run -- ./script
	mkdir bin
	mv static bin/found
	ok "a static program found by PATH: 125" refuses 125 'bin/found.*statically' env PATH="$work/bin:$PATH" "$gcprof" run -- found
else
	skip "a static program" "no static C library"
	skip "a script of a static interpreter" "no static C library"
	skip "a static program found by PATH" "no static C library"
fi
if try_cc static-pie -static-pie; then
	ok "a static position-independent program: 125" refuses 125 'statically linked' run -- ./static-pie
else
	skip "a static position-independent program" "no static C library"
fi
try_cc dynamic
ok "the dynamic linker itself may be the program" status 3 run -- /lib64/ld-linux-x86-64.so.2 ./dynamic
printf '\177ELF\1\1\1\0\0\0\0\0\0\0\0\0\2\0\3\0' > elf32
head -c 100 /dev/zero >> elf32
chmod +x elf32
ok "a 32-bit program: 125, and why" refuses 125 '32-bit' run -- ./elf32
printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\267\0' > other
head -c 100 /dev/zero >> other
chmod +x other
ok "a program for another machine: 125, and why" refuses 125 'another architecture' run -- ./other
if command -v musl-gcc > /dev/null && echo 'int main(void) { return 3; }' | musl-gcc -x c - -o musl 2> /dev/null; then
	ok "a program of another C library: 125, and why" refuses 125 musl run -- ./musl
else
	skip "a program of another C library" "no musl-gcc"
fi
cp dynamic setuid
chmod 4755 setuid
chmod 755 "$work"
if [ "$(id -u)" -eq 0 ]; then
	ok "a set-user-ID program that gives no other rights is run" status 3 run -- ./setuid
	# Somebody else, for whom it does, unless the file system forbids it.
	if setpriv --reuid=65534 --clear-groups "$gcprof" --version > /dev/null 2>&1 &&
		! findmnt -no OPTIONS -T "$work" 2> /dev/null | grep -q nosuid; then
		ok "a set-user-ID program: 125, and why" \
			refuses 125 'set-user-ID' setpriv --reuid=65534 --clear-groups "$gcprof" run -- ./setuid
	else
		skip "a set-user-ID program" "no other user can run this"
	fi
else
	skip "a set-user-ID program that gives no other rights is run" "not root"
	skip "a set-user-ID program" "not root"
fi
mkdir 'a b' 'a b/tools' 'a b/lib' 'a b/lib/.libs'
cp "$gcprof" 'a b/tools/'
cp "$lib" 'a b/lib/.libs/'
ok "a library that cannot be named in LD_PRELOAD: 125" refuses 125 'space or a colon' 'a b/tools/gcprof' run -- true

usage() { # STATUS HELP COMMAND...: what helps is named
	local wanted=$1 helps=$2
	shift 2
	status "$wanted" "$@" && grep -qx "Try '$helps'." err
}
ok "run without a command: 2" usage 2 'gcprof help run' "$gcprof" run
ok "run with an unknown option: 2" usage 2 'gcprof help run' "$gcprof" run --nonesuch -- true
ok "run --quiet --report: 2" usage 2 'gcprof help run' "$gcprof" run --quiet --report -- true
ok "gcprof without a command: 2" usage 2 'gcprof help' "$gcprof"
ok "an unknown command: 2" usage 2 'gcprof help' "$gcprof" nonesuch

# Nothing is started with a value that the library would not take.
bad_value() { # COMMAND OPTION VALUE PATTERN
	rm -f started
	usage 2 "gcprof help $1" "$gcprof" "$1" "--$2=$3" -- touch started &&
		grep -qE "^gcprof: --$2: invalid (value|rule) '.*$4" err && [ ! -e started ]
}
for command in run check; do
	while read -r option value pattern; do
		ok "$command: --$option=$value is refused before the start" bad_value $command "$option" "$value" "$pattern"
	done <<- 'EOF'
		mode 0777 octal
		snapshot exi interval=10s
		snapshot interval=0 interval=10s
		signal NONESUCH name
		signal KILL name
		cut-signal USR2x name
		young 1 64K
		promote 3 1\|2
		sample 5x 64K
		limit lots 64K
		watch nonsense figure|PATTERN|:count
		watch f(:count>3 Unmatched
		watch :count>3;every=x duration
		content 5000 4096
		allocator malloc jemalloc.system
		hugepages 2 0.1
		follow yes 0.1
		abort x number
		verify -1 number
		verbose 2 0.1
	EOF
done
mkdir dir
ok "run: a directory that is not there: 125, before the start" \
	refuses 125 "nonesuch.*No such file.*--output" env -u GCPROF_SNAPSHOT "$gcprof" run --output=nonesuch/x.heap -- touch started
ok "run: a file in place of a directory: 125" \
	refuses 125 "file'.*Not a directory" env -u GCPROF_SNAPSHOT "$gcprof" run --output=file/x.heap -- touch started
ok "run: what is before an escape is looked at" \
	refuses 125 "nonesuch.*--output" env -u GCPROF_SNAPSHOT "$gcprof" run --output=nonesuch/%e/x.heap -- touch started
ok "check: a report that cannot be written: 125" refuses 125 "nonesuch.*--report" "$gcprof" check -o nonesuch/x -- touch started
ok "check: a report in place of a directory: 125" refuses 125 "dir'.*Is a directory" "$gcprof" check -o dir -- touch started
ok "check: a format's file that cannot be written: 125" \
	refuses 125 "nonesuch.*--format" "$gcprof" check --format=sarif:nonesuch/x -- touch started
ok "check: reports into what is no file are left alone" status 0 "$gcprof" check -o /dev/null --fail-on=never -- true
ok "nothing of these was started" test ! -e started
if [ "$(id -u)" -eq 0 ] && setpriv --reuid=65534 --clear-groups "$gcprof" --version > /dev/null 2>&1; then
	chmod 755 "$work" "$work/dir"
	ok "run: a directory of somebody else: 125" refuses 125 "'dir'.*Permission denied" \
		env -u GCPROF_SNAPSHOT setpriv --reuid=65534 --clear-groups "$gcprof" run --output=dir/x.heap -- true
	ok "run: without snapshots the place is not asked for" status 0 \
		setpriv --reuid=65534 --clear-groups "$gcprof" run --snapshot=none -- true
else
	skip "run: a directory of somebody else: 125" "not root, or no other user can run this"
	skip "run: without snapshots the place is not asked for" "not root, or no other user can run this"
fi
ok "a mistyped command: the one that was meant is named" \
	bash -c '"$0" snpashot 1 2>&1 | grep -q "did you mean snapshot"' "$gcprof"

# ---- snapshot ----

snapshot() { "$gcprof" snapshot "$@"; }
state() { grep -q "^State:[[:space:]]*$2" "/proc/$1/status"; }
catches_usr2() { # bit 11 of the mask, of the program: the shell catches it too
	local mask
	grep -q libgcprof "/proc/$1/maps" || return 1
	mask=$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$1/status")
	[ $((0x$mask >> 11 & 1)) -eq 1 ]
}

# Its library has begun, as it sleeps: clock_nanosleep(2).
sleeps() { grep -q libgcprof "/proc/$1/maps" && grep -q '^230 ' "/proc/$1/syscall"; }

ok "gcprof snapshot without a PID: 2" usage 2 "gcprof help snapshot" "$gcprof" snapshot
ok "two processes: 2" usage 2 "gcprof help snapshot" "$gcprof" snapshot 1 2
refuses_pid() { status 2 "$gcprof" snapshot "$1" && grep -q 'invalid process id' err; }
ok "an invalid pid: 2" refuses_pid 12x
ok "a process that does not exist: 1" refuses 1 'no such process' snapshot 2147483647
sleep 60 &
plain=$!
ok "a process without the library: 1" refuses 1 'not run under gcprof' snapshot $plain
ok "a process that was refused is still running" eventually state $plain S
sh -c 'sleep 0 & exec sleep 60' &
parent=$!
zombie_of() { pgrep -P "$1" -r Z; }
if eventually zombie_of $parent; then
	ok "a zombie: 1" refuses 1 'has ended' snapshot "$(zombie_of $parent)"
else
	skip "a zombie" "none could be made"
fi
kill $plain $parent

mkdir deep
GCPROF_SNAPSHOT=none "$gcprof" run --quiet -- sleep 60 &
deaf=$!
eventually sleeps $deaf
ok "a process that takes no snapshots by signal is not sent it: 1" refuses 1 'takes no snapshots by signal' snapshot $deaf
ok "a process that was refused is still running" eventually state $deaf S
kill $deaf

GCPROF_SNAPSHOT=signal "$gcprof" run --quiet --output=deep/%e-%p-%n.heap -- sleep 60 &
pid=$!
eventually catches_usr2 $pid
ok "a snapshot's name is printed" status 0 snapshot $pid
name=$(cat out)
ok "a snapshot's printed name is absolute, and made as GCPROF_OUTPUT says" same "$name" "$work/deep/sleep-$pid-1.heap"
ok "the file is there" test -s "$name"
ok "a second one has the next number" same "$(snapshot $pid)" "$work/deep/sleep-$pid-2.heap"
kill -STOP $pid
eventually state $pid T
ok "a stopped process: 1, and what to do" refuses 1 'kill -CONT' snapshot $pid
kill -CONT $pid
kill $pid

GCPROF_SNAPSHOT=signal "$gcprof" run --quiet --signal=SIGRTMIN+4 -- sleep 60 &
pid=$!
eventually sleeps $pid
ok "a process that waits for another signal is asked all the same" status 0 snapshot $pid
ok "the default name is made in its working directory" same "$(cat out)" "$work/gcprof.sleep.$pid.1.heap"
kill $pid

GCPROF_SNAPSHOT=signal "$gcprof" run -- sleep 60 2> waited &
pid=$!
program=
has_program() { program=$(pgrep -P $pid -x sleep) && catches_usr2 "$program"; }
ok "gcprof run waits for its program" eventually has_program
ok "gcprof run itself is asked for a snapshot: its program is" status 0 snapshot $pid
ok "the snapshot is the program's" same "$(cat out)" "$work/gcprof.sleep.$program.1.heap"
kill $pid
wait $pid 2> waiting
ok "what ends gcprof run ends its program" same "$? $(pgrep -P $pid)" '143 '

echo "1..$n"
