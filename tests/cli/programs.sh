#!/bin/bash
# programs.sh -- which programs `gcprof check` judges: the project's, and not the system's.
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
for program in sed sh; do
	case $(realpath "$(command -v "$program")") in /bin/* | /usr/bin/*) ;; *) skip_all "$program is not in /usr/bin" ;; esac
done
work=$(mktemp -d) || exit 1
work=$(realpath "$work")
trap 'kill $(jobs -pr) 2> /dev/null; rm -rf "$work"' EXIT
mkdir "$work/project" "$work/tmp"
cd "$work/project" || exit 1
unset LD_PRELOAD DEBUGINFOD_URLS "${!GCPROF_@}"
export GCPROF_ANALYZE=$analyze TMPDIR=$work/tmp
shell=$(basename "$(realpath "$(command -v sh)")")
n=0

ok() { # SENTENCE COMMAND...
	local sentence=$1
	shift
	n=$((n + 1))
	if "$@" > seen 2>&1; then
		echo "ok $n - $sentence"
	else
		echo "not ok $n - $sentence"
		{ echo "failed: $*"; cat seen; tail -n 15 err; } 2> /dev/null | sed 's/^/# /'
	fi
}

skip() { # SENTENCE REASON
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

same() { [ "$1" = "$2" ] || { printf '%s\n%s\n' "$1" "$2"; false; }; }
check() { "$gcprof" check "$@"; }

# says WANTED TEXT COMMAND...: the exit status, and all of what gcprof said, but for findings and
# their place
says() {
	local wanted=$1 text=$2 got=0
	shift 2
	"$@" > out 2> err < /dev/null || got=$?
	[ "$got" -eq "$wanted" ] || { echo "status $got, not $wanted"; return 1; }
	same "$(sed -n '/^gcprof: /s/ error, in .* at .*app\.c:[0-9]*; / error; /; /^gcprof: /p' err)" "${text:+gcprof: $text}"
}

clean='1 process checked: no findings of level error'
leaks='1 process checked: 1 finding of level error; exit status 23'
of_system() { # NAME
	echo "nothing to check: $1 is the system's; --all-programs or --program=$1 judges it"
}
of_systems() { # NAME NUMBER
	echo "nothing to check: only programs of the system ran, $1 and $2 more; --all-programs or --program=GLOB judges them"
}

# Keeps a block, loses so many of 1000 bytes; then ends as it is told.
cat > app.c << 'END'
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static __attribute__((noinline)) void
lose_blocks(int n)
{
	while (n-- > 0) {
		void *volatile p = malloc(1000);

		memset(p, 1, 1000);
	}
}

static void *volatile kept;

int
main(int argc, char **argv)
{
	kept = malloc(10);
	lose_blocks(argc > 1 ? atoi(argv[1]) : 0);
	if (argc > 2 && strcmp(argv[2], "exec") == 0)
		execvp(argv[3], argv + 3);
	if (argc > 2 && strcmp(argv[2], "kill") == 0)
		raise(SIGKILL);
	return 0;
}
END
"${CC:-cc}" -g -O0 -fno-builtin -o app app.c 2> cc.log || skip_all "no C compiler"
script() { # NAME LINE...
	local name=$1
	shift
	printf '%s\n' '#!/bin/sh' "$@" > "$name"
	chmod +x "$name"
}

# ---- scripts ----

tools="echo a/b | sed 's,^.*/,,' | grep b | awk '{ print }'"
script leaky "$tools" './app 3' "$tools"
ok "a script's tools pass, and the project's program is judged" says 23 "$leaks" check -- ./leaky
ok "what the script prints is its own" same "$(cat out)" "$(printf 'b\nb')"
ok "no finding is of the system's programs" same "$(grep -c '^Process' err)" 1
script fine "$tools" ./app
ok "a script without a leak in the project's program passes" says 0 "$clean" check -- ./fine
script single ./app :
script tools ": | sed p" "$tools"
ok "a script of tools only passes, with a line that says that nothing was judged" says 0 "$(of_systems "$shell" 4)" check -- ./tools
ok "its own status is kept" says 3 "$(of_system "$shell")" check -- sh -c 'exit 3'
ok "a shell that a signal ends owes no snapshot" says 137 "$(of_system "$shell")" check -- sh -c 'kill -KILL $$'
ok "nor does one that is replaced" says 23 "$leaks" check -- sh -c 'exec ./app 3'
ok "one that cannot be replaced still owes none" says 126 "$(of_system "$shell")" check -- sh -c 'exec ./app.c'
if echo 'int main(void) { return 0; }' | "${CC:-cc}" -x c - -o static -static 2> cc.log; then
	static() { check -- sh -c 'exec ./static' 2> err; [ $? -eq 24 ] && grep -q 'no snapshot.*static' err; }
	ok "what replaces it owes one, a static program, too" static
else
	skip "what replaces it owes one, a static program, too" "no static C library"
fi
ok "nor do children of it that are killed" says 0 "$clean" check -- sh -c 'sleep 60 & kill -KILL $!; wait; ./app'
lost() { check -- sh -c './app 0 kill; :' 2> err; [ $? -eq 24 ] && grep -qE 'process [0-9]+ \(app\) left no snapshot' err; }
ok "the project's program is missed when it is killed" lost
ok "what the project's program is replaced by is judged as such" says 0 "$(of_system sed)" check -- ./app 0 exec sed -n p app.c
ok "the project's program that cannot be replaced is judged" says 23 "$leaks" check -- ./app 3 exec ./nonesuch
ok "timeout and env pass" says 23 "$leaks" check -- timeout 60 env A=1 ./app 3
if [ -x /usr/bin/perl ]; then
	ok "an interpreter passes, and the program that it starts is judged" says 23 "$leaks" \
		check -- /usr/bin/perl -e 'system("./app", "3"); exit 0'
else
	skip "an interpreter passes, and the program that it starts is judged" "no perl"
fi
mkdir .libs
cp app .libs/tested
script tested 'exec "$(dirname "$0")/.libs/tested" "$@"'
ok "the program behind a libtool wrapper is judged" says 23 "$leaks" check -- ./tested 3

# ---- the command itself ----

ok "a program of the system that is the command passes, too" says 0 "$(of_system sed)" check -- sed -n p app.c
ok "so it does by its path" says 0 "$(of_system sed)" check -- "$(command -v sed)" -n p app.c
ok "and by a link from the project" eval 'ln -s "$(command -v sed)" linked && says 0 "$(of_system sed)" check -- ./linked -n p app.c'
ok "no snapshot is written of it" eval 'check --keep -- sed -n p app.c 2> err && same "$(ls | grep heap)" ""'
fake() { printf '#!/bin/sh\n: > analyzed\nexit 2\n' > fake && chmod +x fake && GCPROF_ANALYZE=./fake check -- sed -n p app.c 2> err && [ ! -e analyzed ]; }
ok "and nothing is analyzed" fake
refused() {
	local pid i
	"$gcprof" check -- sleep 60 2> err &
	for ((i = 0; i < 400; i++)); do
		pid=$(pgrep -P $! -x sleep) && "$gcprof" snapshot "$pid" 2> refusal > out
		grep -qs 'a program of the system' refusal && break
		sleep 0.05
	done
	kill "${pid:-$!}"
	wait
	[ "$i" -lt 400 ] && [ ! -s out ]
}
ok "who asks it for a snapshot is told why there is none" refused
cp "$(command -v sed)" sed
ok "a copy in the project is judged" says 0 "$(sed 's/^gcprof: //' <(check -- ./sed -n p app.c 2>&1 | grep '^gcprof'))" check -- ./sed -n p app.c
ok "a copy in the project is the one process" grep -q '^gcprof: 1 process checked' err
mkdir "$work/elsewhere"
cp app "$work/elsewhere"
ln -s "$work/elsewhere" build
ok "a program in a linked build directory is judged" says 23 "$leaks" check -- ./build/app 3
ok "and from within it" eval '(cd build && says 23 "$leaks" check -- ./app 3)'

cp app "$work/elsewhere/ctest"
ok "a ctest that was installed elsewhere passes" says 0 "$(of_system ctest)" check -- "$work/elsewhere/ctest" 3
ok "what it becomes or starts does not" says 23 "$leaks" check -- "$work/elsewhere/ctest" 0 exec ./app 3
ok "--program judges it" eval 'check --program=ctest -- "$work/elsewhere/ctest" 3 2> err; grep -q "^gcprof: 1 process checked: 1 finding" err'
cp app ctest
ok "one that the project itself has built is judged" eval 'check -- ./ctest 3 2> err; grep -q "^gcprof: 1 process checked: 1 finding" err'
rm ctest

# ---- options ----

judged() { check "$@" 2> err > out; grep -qE '^gcprof: 1 process checked' err; }
ok "--all-programs judges the system's" judged --all-programs -- sed -n p app.c
ok "--program judges one by its file" judged --program=sed -- sed -n p app.c
ok "--program judges one by its path" judged --program="$(realpath "$(command -v sed)")" -- sed -n p app.c
ok "--program is a pattern" judged --program='/usr/*/s[de]?' -- sed -n p app.c
ok "--program judges one by the name that it was executed by" judged --program=sh -- sh -c :
ok "--program judges a script's interpreter by the script" says 0 '2 processes checked: no findings of level error' check --program=single -- ./single
ok "--program may repeat" eval 'check --program=nonesuch --program=sed --program="awk*" -- sh -c "echo | sed p" 2> err; grep -q "^gcprof: 1 process checked" err'
ok "--program that names another judges nothing" says 0 "$(of_system sed)" check --program=nonesuch --program='se' -- sed -n p app.c
empty() { says 2 '--program: a pattern is missing' check --program= -- touch ran && [ ! -e ran ]; }
ok "--program without a pattern: 2, and nothing is run" empty
many() { says 2 '--program: the patterns are longer than 4095 bytes in all' check --program="$(printf '%4000s' '' | tr ' ' x)" --program="$(printf '%94s' '' | tr ' ' x)" -- touch ran && [ ! -e ran ]; }
ok "more patterns than there is room for: 2, and nothing is run" many
full() { judged --program="$(printf '%4090s' '' | tr ' ' x)" --program=sed -- sed -n p app.c; }
ok "as many as there is room for are all in force" full
ok "gcprof run has snapshots of the system's programs as before" eval '"$gcprof" run --output=run.heap -- sed -n p app.c 2> err && [ -s run.heap ]'

# ---- below the working directory, and the project's root ----

# Only those who work where the system's programs lie see a difference: here, on a file system of
# their own.
places=/usr/libexec
private() { unshare --user --map-root-user --mount "$@"; }
if [ -d $places ] && private mount -t tmpfs none $places 2> /dev/null; then
	cat > inside << 'END'
cd / && mount -t tmpfs none "$1" || exit 125
mkdir -p "$1/project/src" "$1/project/tests" "$1/other"
cp "$2/app" "$1/project/src/"
case $4 in .git) mkdir "$1/$3/.git" && [ "$3" = project ] || : > "$1/project/Makefile" ;; ?*) : > "$1/$3/$4" ;; esac
cd "$1/$5" && shift 5 && exec "$@"
END
	inside() { # ROOT FILE DIRECTORY COMMAND...: below $places, FILE in ROOT
		private sh inside $places "$work/project" "$@"
	}
	app=$places/project/src/app
	ok "another program there is the system's" says 0 "$(of_system app)" inside project '' other "$gcprof" check -- $app 3
	ok "one below the working directory is judged" says 23 "$leaks" inside project '' project "$gcprof" check -- $app 3
	for file in .git configure.ac CMakeLists.txt meson.build Makefile; do
		ok "one below the project's root is judged, $file" says 23 "$leaks" inside project $file project/tests "$gcprof" check -- $app 3
	done
	ok "the nearest directory with .git is the root" says 0 "$(of_system app)" inside project/tests .git project/tests "$gcprof" check -- $app 3
	ok "a project's root beside it makes none" says 0 "$(of_system app)" inside other Makefile other "$gcprof" check -- $app 3
	ok "a directory of the system is nobody's project" says 0 "$(of_system app)" inside . .git project/tests "$gcprof" check -- $app 3
	ok "nor is it when it is the working directory" says 0 "$(of_system app)" inside project '' . "$gcprof" check -- $app 3
	ok "--program judges one there" says 23 "$leaks" inside project '' other "$gcprof" check --program="*/project/*" -- $app 3
else
	skip "programs below the working directory and the root" "no mounts of our own"
fi

# ---- a suite ----

sum() { # STATUS LINE
	local got=0
	check --summary=sums > out || got=$?
	same "$got $(cat out)" "$1 $2"
}
check --summary-to=sums -- ./tools 2> err > out
ok "a check of system programs only is one of no process, and a suite of such fails" sum 24 '1 check, 0 processes checked; exit status 24'
check --summary-to=sums -- ./fine 2> err > out
ok "beside one with a process it passes" sum 0 '2 checks, 1 process checked'

# ---- checks within checks ----

# The verdicts of the inner checks and of the outer one.
within='nothing else to check: gcprof ran 1 time within, and judges what it runs'
both() { says "$1" "$2
gcprof: $3" "${@:4}"; } # STATUS LINE LINE COMMAND...
ok "a check within a check judges, and the outer one says so" both 23 "$leaks" "$within" check -- "$gcprof" check -- ./app 3
ok "helpers of the inner check are not missed" both 0 "$clean" "$within" check -- "$gcprof" check -- ./app
ok "nor are they with --all-programs" both 0 "$clean" "$within" check --all-programs -- "$gcprof" check -- ./app
script mixed "'$gcprof' check -- ./app 3; ./app"
ok "what runs beside the inner check is judged by the outer one" both 0 "$leaks" "$clean" check -- ./mixed
ok "a program within gcprof run is judged by the check around it" says 23 "$leaks" check -- "$gcprof" run -- ./app 3

# ---- reports, and what they cost ----

script two './app 3' './app 2' 'exit 0'
names() {
	check -- ./two 2> err
	same "$(grep -E '^(File|Process)' err | sed 's/pid [0-9]*/pid N/')" "$(printf '%s\n' 'Process     ./app 3, pid N' 'Process     ./app 2, pid N')" && ! grep -q gcprof-check err
}
ok "reports of several processes name these, and no file that is gone" names
kept() { check --output='kept.%p.heap' -- ./two 2> err; same "$(sed -n 's/^File  *//p' err | sort)" "$(printf '%s\n' "$PWD"/kept.*.heap | sed "s,$PWD/,," | sort)"; }
ok "files that are kept are named" kept
whole() { check --full -- ./two 2> err; ! grep -q gcprof-check err && grep -q 'process 1 of 2' err; }
ok "so it is with --full" whole
if command -v strace > /dev/null; then
	check --output=none.heap -- ./app 0 2> err
	check --output=some.heap -- ./app 3 2> err
	opens() { # FILE.heap: how often the program's own file was opened
		strace -qq -e trace=open,openat -o trace "$analyze" --findings-only --fail-on=error "$1" > out
		grep -cF "\"$PWD/app\"" trace
	}
	ok "names are read where there is something to report" eval '[ "$(opens some.heap)" -gt 0 ]'
	ok "no names are read where there is nothing to report" same "$(opens none.heap)" 0
	trial() { strace -f -qq -e trace=execve -o trace "$gcprof" check "$@" 2> err > out; grep -c gcprof-analyze trace; }
	ok "the analyzer runs once" same "$(trial -- ./app 0)" 1
	ok "it is tried before the program if it has options" same "$(trial --all -- ./app 0)" 2
else
	skip "names are read where there is something to report" "no strace"
fi
ok "nothing is left behind" same "$(ls -A "$TMPDIR")" ''

echo "1..$n"
