#!/bin/bash
# check.sh -- `gcprof check` from the outside: statuses, streams, what is left behind.
#
# SPDX-License-Identifier: MIT
# The programs' own shells expand what stands in single quotes.
# shellcheck disable=SC2016
# shellcheck source=tests/lint/tap.sh
. "$(dirname "$0")/../lint/tap.sh"

gcprof=${GCPROF_CMD:-$abs_top_builddir/tools/gcprof}
lib=${GCPROF_LIB:-$abs_top_builddir/lib/.libs/libgcprof.so}
analyze=${GCPROF_ANALYZE:-$abs_top_builddir/tools/gcprof-analyze}
[ -f "$lib" ] || skip_all "libgcprof.so is not built in this configuration"
work=$(mktemp -d) || exit 1
trap 'kill $(jobs -pr) 2> /dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 1
unset LD_PRELOAD DEBUGINFOD_URLS "${!GCPROF_@}"
export GCPROF_ANALYZE=$analyze
mkdir tmp
export TMPDIR=$work/tmp
n=0

ok() { # SENTENCE COMMAND...
	local sentence=$1
	shift
	n=$((n + 1))
	if "$@" > seen 2>&1; then
		echo "ok $n - $sentence"
	else
		echo "not ok $n - $sentence"
		{ echo "failed: $*"; cat seen; grep ^gcprof err; tail -n 15 err; } 2> /dev/null | sed 's/^/# /'
	fi
}

skip() { # SENTENCE REASON
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

# status WANTED COMMAND...: the exit status; what was said is in out and err
status() {
	local wanted=$1 got=0
	shift
	"$@" > out 2> err < /dev/null || got=$?
	[ "$got" -eq "$wanted" ] || { echo "status $got, not $wanted"; return 1; }
}

same() { [ "$1" = "$2" ] || { printf '%s\n%s\n' "$1" "$2"; false; }; }
# Shells and what they start count here; which programs do by default, programs.sh has.
check() { "$gcprof" check --all-programs "$@"; }
says() { grep -qE "^gcprof: .*($1)" err; }
one_line() { [ "$(grep -c '^gcprof: ' err)" -eq 1 ] && says "$1"; }
nothing_left() { same "$(ls -A tmp)" ''; }

eventually() { # COMMAND...
	local i
	for ((i = 0; i < 400; i++)); do
		"$@" > /dev/null 2>&1 && return
		sleep 0.05
	done
	return 1
}

# Loses so many blocks of 1000 bytes, then does what it is told.
cat > app.c << 'END'
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static __attribute__((noinline)) void
lose_blocks(int n)
{
	while (n-- > 0) {
		void *volatile p = malloc(1000);

		memset(p, 1, 1000);
	}
}

static volatile sig_atomic_t n_signals;

static void
count(int number)
{
	(void)number;
	n_signals++;
}

/* Until none has come for a second. */
static void
count_signals(void)
{
	signal(SIGINT, count);
	(void)write(STDOUT_FILENO, "ready\n", 6);
	while (n_signals == 0)
		usleep(1000);
	while (usleep(900000) != 0)
		;
	printf("signals %d.\n", (int)n_signals);
	fflush(stdout);
}

/* Children that become nothing, each in its way; 0 if each said so by its status. */
static int
start_nothing(char **argv)
{
	extern char **environ;
	int way, status, bad = 0;

	for (way = 0; way < 3; way++) {
		pid_t child = way == 0 ? vfork() : fork();

		if (child == 0) {
			if (way < 2)
				execv("/nonexistent", argv);
			else
				syscall(SYS_execve, "/nonexistent", argv, environ);
			_exit(5);
		}
		bad |= waitpid(child, &status, 0) != child || status != 5 << 8;
	}
	return bad;
}

int
main(int argc, char **argv)
{
	const char *how = argc > 2 ? argv[2] : "return";
	int value = argc > 3 ? atoi(argv[3]) : 0;

	lose_blocks(argc > 1 ? atoi(argv[1]) : 0);
	if (strcmp(how, "signal") == 0)
		raise(value);
	if (strcmp(how, "count") == 0)
		count_signals();
	if (strcmp(how, "nothing") == 0)
		return start_nothing(argv);
	if (strcmp(how, "fork") == 0) {
		if (fork() == 0)
			raise(value);
		else
			wait(NULL);
		return 0;
	}
	if (strcmp(how, "syscall") == 0)
		__asm__ volatile("syscall" : : "a"(SYS_exit_group), "D"(value));
	return value;
}
END
"${CC:-cc}" -g -O0 -fno-builtin -o app app.c 2> cc.log || skip_all "no C compiler"

# ---- statuses ----

ok "a program that loses nothing: 0" status 0 check -- ./app 0
ok "a program that loses nothing: one line says so" one_line '1 process checked: no findings'
ok "a program that loses blocks: 23" status 23 check -- ./app 3
told() { grep -q lose_blocks err && grep -q '3 blocks' err && says '1 finding of .*exit status 23'; }
ok "the report on standard error names the function, and the status" told
ok "-- may be left out" status 23 check ./app 3
verdict() { same "$(tail -n 1 err)" "gcprof: $1"; }
ok "the last line is the verdict, with the number of findings" \
	verdict "1 process checked: 1 finding of level error, in app at app.c:$(grep -n 'malloc(1000)' app.c | cut -d : -f 1); exit status 23"
ok "of several findings it has the place of the first" eval 'status 23 check -- sh -c "./app 3; ./app 2; exit 0" && verdict "3 processes checked: 2 findings of level error, the first in app at app.c:$(grep -n "malloc(1000)" app.c | cut -d : -f 1); exit status 23"'
cp app stripped
strip stripped
placeless() { status 23 check -- ./stripped 3 && same "$(tail -n 1 err | sed 's/+0x[0-9a-f]*/+N/')" 'gcprof: 1 process checked: 1 finding of level error, in stripped at stripped+N; exit status 23'; }
ok "without line numbers it has the address in the program" placeless
ok "the program's own status is kept" status 7 check -- ./app 0 return 7
ok "the program's own status is kept with findings" status 7 check -- ./app 3 return 7
ok "findings are reported beside the program's own status" grep -q lose_blocks err
ok "--error-exitcode names another status" status 99 check --error-exitcode=99 -- ./app 3
ok "--error-exitcode is not the status without findings" status 0 check --error-exitcode=99 -- ./app 0
ok "--error-exitcode=0: findings are reported only" status 0 check --error-exitcode=0 -- ./app 3
ok "--fail-on=never: findings are reported only" status 0 check --fail-on=never -- ./app 3
ok "--fail-on=never: findings are in the report" grep -q lose_blocks err

signalled() { status 137 check -- ./app 3 signal 9 && one_line 'no snapshot.*signal 9'; }
ok "a program that a signal ends: 128+n, and how much is known" signalled
caught() { status 143 check -- ./app 3 signal 15 && says "signal 15" && grep -q "3 blocks" err; }
ok "a signal that can be caught: what was lost until then is reported" caught
ok "abort: what was lost until then is reported" status 134 check -- ./app 3 signal 6
by_syscall() { status "$2" check -- ./app 3 syscall "$1" && one_line 'no snapshot, nothing was checked'; }
ok "a program that ends by a system call leaves no snapshot: exit status 24, and one line" by_syscall 0 24
ok "a program that ends by a system call: its own status, if that is not 0" by_syscall 4 4
no_exit() { status 24 check --snapshot=growth=50% -- ./app 0 && one_line "--snapshot=growth=50% does not include 'exit'"; }
ok "a run that wants no snapshot at exit is told why there is none" no_exit
allowed() { status 0 check --allow-missing -- ./app 3 syscall 0 && one_line 'no snapshot, nothing was checked'; }
ok "--allow-missing: a missing snapshot passes, with the line" allowed
if echo 'int main(void) { return 3; }' | "${CC:-cc}" -x c - -o static -static 2> cc.log; then
	becomes_static() { status 3 check -- sh -c 'exec ./static' && one_line 'no snapshot.*static'; }
	ok "a program that becomes a static one" becomes_static
	ok "a static program is not run: 125" status 125 check -- ./static
else
	skip "a program that becomes a static one" "no static C library"
	skip "a static program is not run: 125" "no static C library"
fi
ok "a command that is not there: 127" status 127 check -- ./nonesuch
printf '#!/nonesuch/sh\n' > lost
chmod +x lost
no_interpreter() { status 127 check -- ./lost && one_line interpreter; }
ok "a script whose interpreter is not there: 127, and no report" no_interpreter

# ---- children ----

left() { status "$1" check -- sh -c "$2; exit 0" && says 'process [0-9]+ \('"$3"'\) left no snapshot'; }
ok "a child that is killed leaves no snapshot: 24, and it is named" left 24 "./app 0; ./app 0 signal 9" app
ok "a child that ends by a system call leaves no snapshot: 24, and it is named" left 24 "./app 3 syscall 0" app
ok "a forked child that is killed leaves no snapshot: 24, and it is named" left 24 "./app 0 fork 9" app
ok "a child whose seccomp filter forbids snapshots leaves none: 24, and it is named" \
	left 24 "$abs_top_builddir/tests/e2e/targets/sandboxed kill openat" sandboxed
ok "findings in another process go before it" left 23 "./app 3; ./app 0 signal 9" app
explained() { left 24 "./app 0; ./app 0 signal 9" app && says 'checked: no findings.*; exit status 24'; }
ok "the last line says why a run without findings fails" explained
several() { status 24 check -- sh -c './app 0 signal 9; ./app 0 signal 9; exit 0' && says '2 processes, [0-9]+ \(app\) among them, left no'; }
ok "several missing snapshots are counted in one line" several
allowed_child() {
	status 0 check --allow-missing -- sh -c './app 0 signal 9; exit 0' && says 'left no snapshot' &&
		! says 'exit status 24'
}
ok "--allow-missing: a missing snapshot passes, with the line" allowed_child
not_followed() { status 0 check --follow=0 -- ./app 0 fork 9 && ! says 'left no snapshot'; }
ok "a forked child that GCPROF_FOLLOW does not follow owes no snapshot" not_followed
all_left() { status 0 check -- sh -c "$1" && ! says 'left no'; }
ok "children of vfork and fork whose exec fails are not missed" all_left './app 0 nothing'
ok "pipelines, subshells, background jobs and a writer without a reader are not missed" \
	all_left 'yes | head -n 1; (exit 3); (./app 0); ./app 0 & wait; exec ./app 0'
ok "a process that becomes another program is one process" all_left '(exec sh -c "exec ./app 0"); env ./app 0'
ok "a forked child that a caught signal ends is not missed" all_left './app 0 fork 15'
if [ -x static ]; then
	ok "a child that becomes a static program is not missed" all_left '(exec ./static); ./app 0'
fi

# A file as a process leaves one, with other bytes in it.
spoil='echo spoilt > "$(dirname "$GCPROF_OUTPUT")/app.999999.1.heap"'
ok "a snapshot that cannot be read does not hide another's findings" status 23 check -- sh -c "./app 3; $spoil; exit 0"
spoilt() { grep -q lose_blocks err && says 'cannot read the snapshot of process 999999'; }
ok "an unreadable snapshot is named, and the others are reported" spoilt
ok "an unreadable snapshot fails a check without findings: 2" status 2 check -- sh -c "./app 0; $spoil; exit 0"
ok "a child's findings count" status 23 check -- sh -c './app 3; exit 0'
ok "all processes are checked" says '2 processes checked'
ok "the command's own status counts, not a child's" status 0 check -- sh -c './app 0 return 5; exit 0'
ok "--follow=0 leaves children alone" status 0 check --follow=0 -- sh -c './app 3; exit 0'
shell_died() { status 137 check -- sh -c './app 3; kill -KILL $$' && says 'the command left no snapshot.*signal 9' && says '1 process checked'; }
ok "children are reported on when the command itself leaves nothing" shell_died
ok "children are named when the command itself leaves no snapshot, and its status is kept" grep -q lose_blocks err
goes_on() { status 0 check -- sh -c 'sleep 60 > /dev/null 2>&1 & echo $! > pid; sleep 0.3' && says "process $(cat pid) is still running"; }
ok "a process that still runs is not waited for, but named" goes_on
kill "$(cat pid)"
ok "nothing of all these is left behind" nothing_left

# ---- streams, environment ----

ok "standard input is the program's" same "$(echo hello | check -- cat 2> /dev/null)" hello
ok "standard output is the program's alone" same "$(check -- sh -c './app 3; echo out' 2> /dev/null)" out
errors() { check -- sh -c 'echo oops >&2' 2> err && grep -qx oops err; }
ok "standard error comes through" errors
unread() { check -- sh -c './app 3; exit 0' 2>&1 | true && nothing_left; }
ok "a report that nobody reads leaves nothing behind" unread
ok "arguments pass as they are" same "$(check -- printf '<%s>' a 'b c' '' --help 2> /dev/null)" '<a><b c><><--help>'
ok "a terminal's process group is kept" same "$(check -- ps -o pgid= -p $$ 2> /dev/null)" "$(ps -o pgid= -p $$)"
same_signals() {
	(trap '' HUP PIPE && check -- grep -E '^Sig(Blk|Ign)' /proc/self/status 2> /dev/null) > with
	(trap '' HUP PIPE && grep -E '^Sig(Blk|Ign)' /proc/self/status) > without
	cmp with without
}
ok "blocked and ignored signals are as they were" same_signals
elsewhere() { GCPROF_OUTPUT=$work/x.heap GCPROF_SNAPSHOT=none status 23 check -- ./app 3 && [ ! -e x.heap ]; }
ok "GCPROF_OUTPUT and GCPROF_SNAPSHOT of the environment do not hinder" elsewhere
ok "options of the library reach it" same "$(check --young=3M -- sh -c 'echo $GCPROF_YOUNG' 2> /dev/null)" 3M
other_directory() { mkdir -p sub && status 23 check -- sh -c 'cd sub && exec ../app 3'; }
ok "the program may change its directory" other_directory
relative() { TMPDIR=tmp status 23 check -- sh -c 'cd sub && exec ../app 3'; }
ok "TMPDIR may be relative" relative
percent() { mkdir -p 50%p && TMPDIR=50%p status 23 check -- ./app 3 && rmdir 50%p; }
ok "TMPDIR may have a % in its name" percent
nowhere() { rm -f ran && TMPDIR=$work/none status 125 check -- touch ran && one_line 'temporary directory' && [ ! -e ran ]; }
ok "a missing directory for snapshots: 125, and the program is not run" nowhere
if [ "$(id -u)" -eq 0 ] &&
	setpriv --reuid=65534 --clear-groups test -r "$lib" 2> /dev/null; then
	chmod 755 "$work"
	chmod 711 tmp
	ok "a program that gives up its rights is reported on" \
		status 23 check -- setpriv --reuid=65534 --clear-groups ./app 3
	ok "a program that gives up its rights is reported on by its own snapshot" says '1 process checked'
else
	skip "a program that gives up its rights is reported on" "not root, or others cannot read the library"
	skip "a program that gives up its rights is reported on by its own snapshot" "not root"
fi

# ---- snapshots that are kept ----

heaps() { find . -name '*.heap' | sort; }
ok "without --keep no snapshot is left anywhere" same "$(heaps)" ''
keeps() { status 23 check --keep -- ./app 3 && heaps | grep -qx './gcprof\.app\.[0-9]*\.1\.heap' && "$analyze" gcprof.app.*.heap | grep -q lose_blocks; }
ok "--keep leaves a snapshot with the usual name" keeps
rm -f gcprof.*.heap
mkdir kept
names() { status 23 check --output=kept/%e-%n%%.heap -- sh -c './app 3; exit 0' && same "$(cd kept && ls -A)" "$(printf '%s\n' 'app-1%.heap' sh-1%.heap)"; }
ok "--output leaves them under that name, and nothing else" names
no_place() { rm -f ran && status 125 check --output=none/x.heap -- touch ran && [ ! -e ran ]; }
ok "a directory that is not there: 125 before the program is run" no_place
rm -rf kept ran

# ---- several snapshots of a process ----

cat > series.c << 'END'
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

extern int gcprof_snapshot(void) __attribute__((weak));

static void *kept[10000];
static volatile uintptr_t hidden;

static __attribute__((noinline)) void
keep_blocks(int from, int n)
{
	for (int i = 0; i < n; i++)
		kept[from + i] = malloc(100);
}

static __attribute__((noinline)) void
work(int n)
{
	while (n-- > 0) {
		void *volatile p = malloc(10);

		free(p);
	}
}

static __attribute__((noinline)) void
hide(void)
{
	hidden = ~(uintptr_t)malloc(1000);
}

/* Nothing of a block may be left on the stack and in registers. */
static __attribute__((noinline)) void
wipe(void)
{
	volatile char bytes[8192];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = 0;
}

/* Rounds in which so many blocks are kept; in between a block is hidden, and freed. */
int
main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 0;

	for (int round = 0; round < 8; round++) {
		keep_blocks(n * round, n);
		work(20);
		hide();
		wipe();
		if (gcprof_snapshot)
			gcprof_snapshot();
		free((void *)~hidden);
	}
	return 0;
}
END
"${CC:-cc}" -g -O0 -fno-builtin -o series series.c
together() { status 23 check --fail-on=warning -- ./series 8 && grep -q 'keep_blocks, growing from snapshot to snapshot' err; }
ok "what only the snapshots of a process together show is reported" together
ok "they count as one process" says '1 process checked'
ok "without growth they show none" status 0 check --fail-on=warning -- ./series 0
freed() {
	status 0 check --output=freed-%n.heap -- ./series 0 && "$analyze" --fail-on=error freed-1.heap > alone
	[ $? -eq 1 ] && grep -q 'hide' alone
}
ok "what an earlier snapshot calls lost, and is freed since, is no leak" freed
series_json() {
	status 0 check --format=json:s.json -- sh -c './series 8; exit 0' && same "$(ls s*.json)" "$(printf '%s\n' s.2.json s.json)" &&
		grep -q series s.2.json && same "$(grep -o '"uptime_seconds"' s.2.json | wc -l)" 10
}
ok "JSON is a file for each process, not for each snapshot" series_json
rm -f freed-*.heap

# ---- signals ----

# passed SIGNAL STATUS PROGRAM: gcprof gets the signal once the program is ready
passed() {
	local got=0
	rm -f ready
	"$gcprof" check -- sh -c "$3" 2> err &
	eventually test -e ready || return 1
	kill "-$1" $!
	eventually ended $! || stop_all $!
	wait $! || got=$?
	same "$got" "$2" && nothing_left
}
ended() { ! kill -0 "$1" || grep -q '^State:[[:space:]]*Z' "/proc/$1/status"; }
stop_all() { # PID: with its children
	pkill -KILL -P "$1"
	kill -KILL "$1"
}
waits='while :; do sleep 0.1; done'
# A shell's child in the background ignores SIGINT unless it has jobs.
set -m
ok "SIGTERM is passed on, and the program decides" passed TERM 5 "trap 'exit 5' TERM; : > ready; $waits"
ok "SIGINT, too" passed INT 6 "trap 'exit 6' INT; : > ready; $waits"
ok "SIGHUP, too" passed HUP 7 "trap 'exit 7' HUP; : > ready; $waits"
ok "a program that it ends: 128+15, and nothing is left" passed TERM 143 ": > ready; $waits"
set +m

# The terminal itself sends SIGINT to the program, and to gcprof.  Twenty times:
# two at the same moment would be seen as one.
cat > type.py << 'END'
import os, pty, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
said = b''
while True:
    try:
        more = os.read(terminal, 4096)
    except OSError:
        break
    if not more:
        break
    if b'ready' in more:
        for _ in range(20):
            os.write(terminal, b'\x03')
            time.sleep(0.02)
    said += more
print(said.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
once() { status 23 python3 type.py "$gcprof" check -- ./app 3 count && grep -q 'signals 1\{0,1\}[0-9]\.\|signals 20\.' out; }
if command -v python3 > /dev/null; then
	ok "a terminal's SIGINT reaches the program once, and the report comes" once
else
	skip "a terminal's SIGINT reaches the program once, and the report comes" "no python3"
fi

fake() { # NAME COMMAND: an analyzer that knows every option
	printf '#!/bin/sh\ncase $* in *--help) exit 0 ;; esac\n%s\n' "$2" > "$1"
	chmod +x "$1"
}
fake slow ': > ready; exec sleep 60'
slow() {
	local got=0
	rm -f ready
	GCPROF_ANALYZE=./slow "$gcprof" check -- ./app 3 2> err &
	eventually test -e ready || return 1
	kill -TERM $!
	eventually ended $! || stop_all $!
	wait $! || got=$?
	same "$got" 143 && nothing_left
}
ok "a signal ends the analysis, too: 128+15, and nothing is left" slow

# ---- the analyzer ----

fake broken 'exit 2'
ok "an analyzer that fails: 2" env GCPROF_ANALYZE=./broken bash -c '"$0" check -- ./app 0; [ $? -eq 2 ]' "$gcprof"
broken() { GCPROF_ANALYZE=./broken status "$1" check -- ./app 0 return "$2" && says 'analysis .*failed'; }
ok "the failure of the analyzer is reported" broken 2 0
ok "the program's own status comes before a failure of the analyzer" broken 3 3
fake crash 'kill -SEGV $$'
crash() { GCPROF_ANALYZE=./crash status 2 check -- ./app 0 && says 'signal 11'; }
ok "an analyzer that crashes: 2, and why" crash
none() { rm -f ran && GCPROF_ANALYZE=./none status 2 check -- touch ran && [ ! -e ran ]; }
ok "a missing analyzer: 2, and the program is not run" none
refused() { rm -f ran && status 2 check "$1" -- touch ran && [ ! -e ran ]; }
ok "an unknown level: 2, and the program is not run" refused --fail-on=nonesuch
ok "unreadable suppressions: 2, and the program is not run" refused --suppressions=none
ok "a missing baseline: 2, and the program is not run" refused --baseline=none
echo '{' > torn.base
ok "a baseline that is not one: 2, and the program is not run" refused --baseline=torn.base
ok "an invalid baseline: file, line and remedy are named" grep -q "'torn.base': not a baseline: line [12]: .*--write-baseline" err
ok "an unknown format: 2, and the program is not run" refused --format=nonesuch
ok "the list of formats, which is no report: 2, and the program is not run" refused --format=help
ok "an invalid exit status: 2, and the program is not run" refused --error-exitcode=256
ok "an unknown option: 2, and the program is not run" refused --nonesuch
ok "check without a command: 2" status 2 check
two_unnamed() { rm -f ran && status 2 check --format=json --format=sarif -- touch ran && [ ! -e ran ]; }
ok "two formats without a file: 2, and the program is not run" two_unnamed
beside() { # without GCPROF_ANALYZE it is found beside gcprof
	mkdir -p tree/tools tree/lib/.libs
	cp "$gcprof" tree/tools/ && cp "$lib" tree/lib/.libs/
	fake tree/tools/gcprof-analyze 'exit 1'
	env -u GCPROF_ANALYZE tree/tools/gcprof check -- ./app 0
	[ $? -eq 23 ]
}
ok "the analyzer is that beside gcprof" beside

echo leak:lose_blocks > quiet.supp
ok "--suppressions reaches it" status 0 check --suppressions=quiet.supp -- ./app 3
writes() { status 23 check --write-baseline=base -- ./app 3 && [ -s base ]; }
ok "--write-baseline writes" writes
ok "--baseline: what was there fails nothing" status 0 check --baseline=base -- ./app 3
ok "--baseline: known findings are not reported, but for the line of the outcome" one_line 'no findings'
ok "--baseline: a grown finding fails" status 23 check --baseline=base -- ./app 4
ok "--baseline: a grown finding is reported" grep -q 'are definitely lost' err
# In a diff: who and what, without a line, which changes with every change, and no words with
# numbers in them.
cat > two.c << 'EOF'
#include <stdlib.h>
static void *volatile p;
__attribute__((noinline)) static void
parse(int n)
{
	while (n-- > 0)
		p = malloc(100);
}
__attribute__((noinline)) static void
index_words(int n, int more)
{
	while (n-- > 0)
		p = malloc(70);
	while (more-- > 0)
		p = malloc(50);
}
int
main(int c, char **v)
{
	(void)v;
	parse(20);
	index_words(10, c > 1 ? 7 : 0);
	p = NULL;
	return 0;
}
EOF
${CC:-cc} -g -O1 two.c -o two && cp two zwei
check --write-baseline=two.base -- sh -c './zwei; ./two' > out 2>&1
ok "a baseline has a line for each finding, by file and function, with the programs that had it" \
	same "$(jq -r '.findings[] | [.file, .function, .what, .blocks, .bytes, (.programs | join("+"))] | join(" ")' two.base)" \
	'two.c index_words definite leak 10 700 two+zwei
two.c parse definite leak 20 2000 two+zwei'
check --write-baseline=again.base -- sh -c './two; ./zwei' > out 2>&1
ok "it is the same whatever ran first" cmp two.base again.base
check --format=sarif:two.sarif -- sh -c './zwei; ./two' > out 2>&1
ok "SARIF: each run has a category of its own" \
	same "$(jq '(.runs | length) - ([.runs[].automationDetails.id] | unique | length)' two.sarif)" 0
ok "SARIF: which names the program" jq -e 'any(.runs[].automationDetails.id; test("^gcprof/two([.][0-9]+)?/$"))' two.sarif
check --format=sarif:two.sarif -- sh -c './two; ./two more' > out 2>&1
ok "SARIF: also of one program" \
	same "$(jq '(.runs | length) - ([.runs[].automationDetails.id] | unique | length)' two.sarif)" 0
ok "of two sites of a function that which is new fails" status 23 check --baseline=two.base -- ./two more
ok "it is the new one" grep -q 'error: 7 blocks (350 B) are definitely lost' err
ok "and the others are known" grep -q '1 finding of level error, in two at two.c:[0-9]*; 2 known' err
# A ring of blocks that come and go, as they should.
cat > ring.c << 'END'
#include <stdlib.h>
static void *volatile ring[500];
int main(void)
{
	for (int i = 0; i < 200000; i++) {
		free(ring[i % 500]);
		ring[i % 500] = malloc(200);
	}
	return 0;
}
END
"${CC:-cc}" -O1 -g -o ring ring.c
noted() { "$gcprof" run --output=ring.heap -- ./ring && "$analyze" --full ring.heap | grep -q 'turning over without growth'; }
ok "a bounded queue is a note of the whole report" noted
ok "a check of it passes" status 0 check -- ./ring
ok "a check of a bounded queue reports nothing" one_line 'no findings'
ok "--roots reaches it" status 23 check --roots=stacks,registers -- ./app 1

# What it keeps grows, which is a note where one snapshot says so; it loses what it is told.
cat > grows.c << 'END'
#include <stdlib.h>
static void *volatile kept[40000];
static __attribute__((noinline)) void lose(void) { void *volatile p = malloc(1000); p = NULL; }
static __attribute__((noinline)) void keep(int i) { kept[i] = malloc(500); }
int main(int argc, char **argv)
{
	for (int i = 0; i < 40000; i++) {
		void *volatile p = malloc(1500);
		keep(i);
		free(p);
	}
	for (int i = 0; argc > 1 && i < atoi(argv[1]); i++)
		lose();
	return 0;
}
END
"${CC:-cc}" -O0 -g -o grows grows.c
below() { status 0 check --young=1M -- ./grows && one_line '1 process checked: no findings of level error; 1 note \(--all\)$' && same "$(grep -c . err)" 1; }
ok "a check that passes is one line, which counts what is below the level that fails" below
above() { status 23 check --young=1M -- ./grows 3 && grep -q 'lose < main' err && ! grep -qw keep err && verdict "1 process checked: 1 finding of level error, in grows at grows.c:3; 1 note (--all); exit status 23"; }
ok "a check that fails shows what fails it, and counts the rest" above
short_form() { [ "$(grep -c . err)" -le 8 ] && grep -q 'grows.c:3 lose < main' err; }
ok "a finding is a line that says what, and a line that says where" short_form
whole() { status 0 check --young=1M "$1" -- ./grows && grep -qw keep err && verdict '1 process checked: no findings of level error; 1 note'; }
ok "--all shows what is below that level" whole --all
ok "--full shows it, too" whole --full
never() { status 0 check --young=1M --fail-on=never -- ./grows 3 && grep -q lose err && verdict '1 process checked: 1 error, 1 note'; }
ok "--fail-on=never shows errors and warnings, and counts all" never
known() {
	status 23 check --young=1M --write-baseline=g.base -- ./grows 3 && status 0 check --young=1M --baseline=g.base -- ./grows 3 &&
		same "$(cat err)" 'gcprof: 1 process checked: no findings of level error; 2 known'
}
ok "known findings are counted, and not shown" known
counted() { "$gcprof" run --young=1M --output=g.heap -- ./grows 3 && same "$("$analyze" --format=counts g.heap | cut -f 2-)" "$(printf 'grows\t1\t0\t1\t0\tgrows.c:3')"; }
ok "--format=counts has a line of numbers, and the place of the first finding that fails" counted
calm() { same "$("$analyze" --format=counts ring.heap | cut -f 2-)" "$(printf 'ring\t0\t0\t0\t0')"; }
ok "--format=counts has no place if nothing fails" calm

sarif() { status 23 check --format=sarif:x.sarif --format=junit:x.xml -- sh -c './app 3; exit 0' && grep -q lose_blocks err && grep -q '"version": *"2.1.0"' x.sarif && grep -q '<testsuite ' x.xml; }
ok "formats with a file come beside the report" sarif
to_file() { status 23 check --format=github -o x.txt -- ./app 3 && grep -q '^::error .*definite' x.txt && [ "$(grep -c . err)" -eq 1 ]; }
ok "-o takes the report, in the format asked for" to_file
json() {
	status 23 check --format=json:x.json -- sh -c './app 3; exit 0' && grep -q lose_blocks err &&
		grep -q gcprof-analyze/1 x.json && grep -q lose_blocks x.2.json && ! grep -q lose_blocks x.json
}
ok "JSON of several processes is a file for each, the command's first" json
short() { status 23 check -- ./app 3 && ! grep -qE '^(Modules|Sites by|Cohorts)' err; }
ok "the report has findings and totals only" short
clean() { status 0 check -- ./app 0 && [ "$(grep -c . err)" -eq 1 ]; }
ok "a program without findings has one line" clean
ok "nothing of all these is left behind either" nothing_left

# ---- the checks of a suite, summed up ----

sum_up() { # WANTED LINE: the status, and what is printed; "N processes" for any number
	status "$1" check --summary=sums || return
	case $2 in
	*' N processes'*) sed -i 's/[1-9][0-9]* processes/N processes/' out ;;
	esac
	same "$(cat out)" "$2"
}
no_sums() { status 24 check --summary=sums && says "cannot read 'sums'" && same "$(cat out)" ''; }
ok "--summary of a directory that no check has made: 24" no_sums
mkdir sums
ok "--summary without a check: 24" sum_up 24 '0 checks, 0 processes checked; exit status 24'
rmdir sums
into_sums() { local wanted=$1; shift; status "$wanted" check --summary-to=sums "$@"; }
one_sum() {
	into_sums 0 -- sh -c './app 0; exit 0' && cat sums/*.check > seen &&
		same "$(cat seen)" "$(printf '%s\n' "command=sh -c ./app 0; exit 0" status=0 processes=2 unchecked=0 errors=0 warnings=0 notes=0 known=0 result=passed)"
}
ok "--summary-to makes the directory, and a file of names and values" one_sum
own() { into_sums 7 -- ./app 0 return 7 && into_sums 0 --young=1M -- ./grows; }
ok "the program's own status is no failure of its check" own
ok "--summary adds up checks, processes, and what failed none: 0" sum_up 0 '3 checks, 4 processes checked; 1 note'
newline() { into_sums 0 --allow-missing -- ./app 0 syscall $'0\nresult=nonsense' && grep -q '^command=.*[?]result=nonsense' sums/*.check; }
ok "a line end in the command is none in the file" newline
ok "--allow-missing is no failure, and counted" sum_up 0 '4 checks, 4 processes checked; 1 note; 1 not checked'
lost_one() { into_sums 24 -- sh -c './app 0 signal 9; exit 0'; }
ok "a check with a missing snapshot" lost_one
ok "--summary with such a check: 24" sum_up 24 '5 checks, 5 processes checked; 1 note; 2 not checked; 1 failed for a missing snapshot; exit status 24'
killed() {
	rm -rf sums
	"$gcprof" check --summary-to=sums -- sh -c 'kill -KILL $PPID; sleep 60' 2> /dev/null < /dev/null
	rm -rf tmp/gcprof-check.*
	sum_up 24 '1 check, 0 processes checked; 1 did not end; exit status 24'
}
ok "a check that is killed is one that did not end: 24" killed
unanalyzed() { rm -rf sums; into_sums 0 -- ./app 0 && into_sums 2 -- sh -c "./app 0; $spoil; exit 0" && sum_up 2 '2 checks, N processes checked; 1 not checked; 1 could not be analyzed; exit status 2'; }
ok "--summary with a check that could not read all: 2" unanalyzed
failing() { into_sums 0 --error-exitcode=0 -- ./app 3 && into_sums 7 -- ./app 2 return 7; }
ok "findings in a check that does not fail by them" failing
ok "--summary with findings: 23" sum_up 23 '4 checks, N processes checked; 2 errors; 1 not checked; 2 with findings that fail; 1 could not be analyzed; exit status 23'
unwritable() { echo x > plain && status 125 check --summary-to=plain -- touch ran && one_line "cannot write into 'plain'" && [ ! -e ran ]; }
ok "--summary-to where nothing can be written: 125, and nothing is run" unwritable
both() { status 2 check --summary=sums -- ./app 0 && says 'runs no command'; }
ok "--summary with a command is wrong usage" both
ok "nothing of these is left behind" nothing_left

echo "1..$n"
