#!/usr/bin/env bash
# suites.sh -- other people's test suites: what they give with the library, against alone.
#
#     make check-suites                    all that is installed
#     SUITES="cpython glib" make check-suites
#     SUITES_DIR=DIR make check-suites     also DIR/libuv, DIR/bdwgc, DIR/mimalloc: their
#                                          sources, built there or in a directory `build` there
#                                          (cmake -B build, with -DLIBUV_BUILD_TESTS=ON,
#                                          -Dbuild_tests=ON, -DMI_BUILD_TESTS=ON)
#     SUITES_ONLY='test_sig*' ...          only test programs of such names
#
# Each test program runs three times: alone, with the library and no snapshot, and with
# snapshots at the end and every 100 ms.  Test by test, what it gave (ok, not ok, skip, or the
# whole program's exit status) is compared with what it gave alone, and each difference is
# printed; what a test takes is not compared.  A test that failed only with the library is
# run again, up to twice, and then counts by its best: load is no fault of ours.  What does not
# end in time alone is left out.  libuv's tests refuse to be run by root and are run by nobody
# then, who must be able to write in DIR/libuv and to read the library.
#
# Fetches nothing.  By hand, as it takes an hour; logs stay in _build/suites.
# Exit status: 0 no difference, 1 differences, 2 nothing to run.
#
# SPDX-License-Identifier: MIT
set -u
export LC_ALL=C.UTF-8
: "${abs_top_builddir:=$PWD}"
: "${SUITES:=cpython glib libuv bdwgc mimalloc}"
: "${SUITES_DIR:=}"
: "${SUITES_ONLY:=*}"
: "${SUITES_TIMEOUT:=900}"
LIB=${GCPROF_LIB:-$abs_top_builddir/lib/.libs/libgcprof.so}
[ -e "$LIB" ] || {
	echo "suites: '$LIB' is not built" >&2
	exit 2
}
LOGS=$abs_top_builddir/_build/suites
mkdir -p "$LOGS" || exit 2
T=$(mktemp -d "${TMPDIR:-/tmp}/gcprof-suites.XXXXXX") || exit 2
chmod 755 "$T"
trap 'rm -rf "$T"' EXIT
trap 'exit 2' HUP INT TERM

CPYTHON=${CPYTHON:-/usr/bin/python3.11}
CPYTHON_TESTS="test_signal test_threading test_threadsignals test_thread test_subprocess test_os
	test_posix test_fork1 test_wait3 test_wait4 test_select test_selectors test_socket
	test_multiprocessing_fork test_multiprocessing_spawn test_multiprocessing_forkserver
	test_asyncio test_mmap test_ctypes test_faulthandler test_gc test_time test_concurrent_futures"

ways="alone recorded snapshots"
place="$T/work" # where programs run
as=()           # what they are started by
n_programs=0
n_differences=0

# ---- one program in one way ----

in_way() { # WAY COMMAND...
	local way=$1
	shift
	case $way in
	alone) "${as[@]}" timeout -k 10 "$SUITES_TIMEOUT" "$@" ;;
	recorded) GCPROF_SNAPSHOT=none "${as[@]}" timeout -k 10 "$SUITES_TIMEOUT" env LD_PRELOAD="$LIB" "$@" ;;
	snapshots) GCPROF_SNAPSHOT="exit,interval=100ms" GCPROF_OUTPUT="$T/heaps/%p.heap" \
		"${as[@]}" timeout -k 10 "$SUITES_TIMEOUT" env LD_PRELOAD="$LIB" "$@" ;;
	esac
}

# Results as lines "TEST<tab>RESULT", from what a program printed.  A seed is another each time.
results_of_tap() { # LOG: also of libuv's, whose names follow the number
	sed -nE 's/^(not ok|ok) [0-9]+ *-? *([^#]*[^# ])? *(#.*)?$/\2\t\1\t\3/p' "$1" |
		awk -F '\t' 'BEGIN { OFS = "\t" } {
			result = toupper($3) ~ /SKIP|TODO/ ? "skip" : $2
			sub("/seed:[0-9]+", "", $1)
			print $1, result
		}'
}

results_of_unittest() { # LOG: test (module.Class) ... ok, perhaps with a line in between
	sed -nE 's/^(test[A-Za-z0-9_]*) \(([^)]*)\).* \.\.\. *(ok|FAIL|ERROR|skipped|expected failure).*$/\2.\1\t\3/p' "$1"
	sed -nE 's/^(FAIL|ERROR): ([A-Za-z0-9_]+) \(([^)]*)\).*$/\3.\2\t\1/p' "$1"
}

run_program() { # KIND NAME WAY COMMAND...: writes NAME.WAY.results
	local kind=$1 name=$2 way=$3 log status=0
	shift 3
	log=$LOGS/$name.$way.log
	mkdir -p "$T/heaps" "$T/work"
	chmod 777 "$T/heaps" "$T/work"
	(cd "$place" && in_way "$way" "$@") >"$log" 2>&1 </dev/null || status=$?
	rm -rf "$T/heaps" "$T/work"
	{
		printf 'exit status\t%s\n' "$status"
		"results_of_$kind" "$log"
	} | sort -u >"$LOGS/$name.$way.results"
}

# Of one program, prints what differs from alone; true if nothing does.
differences() { # NAME WAY
	join -t $'\t' -a 1 -a 2 -e none -o 0,1.2,2.2 "$LOGS/$1.alone.results" "$LOGS/$1.$2.results" |
		awk -F '\t' '$2 != $3 { printf "%s: %s, alone %s\n", $1, $3, $2; bad = 1 } END { exit bad }'
}

compare() { # KIND NAME COMMAND...
	local kind=$1 name=$2 way text line
	shift 2
	# shellcheck disable=SC2053 # a pattern
	[[ $name == $SUITES_ONLY ]] || return 0
	n_programs=$((n_programs + 1))
	for way in $ways; do
		for _ in 1 2 3; do
			run_program "$kind" "$name" "$way" "$@"
			if [ "$way" = alone ]; then
				grep -q '^exit status	124$' "$LOGS/$name.alone.results" || break
				n_programs=$((n_programs - 1))
				left_out "$name" "does not end alone in $SUITES_TIMEOUT s"
				return
			fi
			text=$(differences "$name" "$way") && break
			# Perhaps it is not the same alone each time.
			run_program "$kind" "$name" alone "$@"
			text=$(differences "$name" "$way") && break
		done
		if [ "$way" != alone ] && [ -n "$text" ]; then
			n_differences=$((n_differences + $(wc -l <<<"$text")))
			while read -r line; do
				printf '%s, %s: %s\n' "$name" "$way" "$line"
			done <<<"$text"
		fi
	done
	echo "# $name: $(wc -l <"$LOGS/$name.alone.results") results"
}

left_out() { # SUITE WHY
	echo "# $1 is left out: $2"
}

# ---- the suites ----

suite_cpython() {
	local name
	if ! "$CPYTHON" -c 'import test.test_signal' 2>/dev/null; then
		left_out cpython "$CPYTHON has no tests (package libpython3.11-testsuite)"
		return
	fi
	for name in $CPYTHON_TESTS; do
		"$CPYTHON" -c "import importlib.util, sys; sys.exit(not importlib.util.find_spec('test.$name'))" 2>/dev/null &&
			compare unittest "$name" "$CPYTHON" -m test -v -u none "$name"
	done
}

suite_glib() {
	local file command
	if ! ls /usr/share/installed-tests/glib/*.test >/dev/null 2>&1; then
		left_out glib "no installed tests (package libglib2.0-tests)"
		return
	fi
	for file in /usr/share/installed-tests/glib/*.test; do
		command=$(sed -n 's/^Exec=//p' "$file")
		compare tap "$(basename "$file" .test)" sh -c "exec $command --tap"
	done
}

# The directory of a suite that was given, or its build directory, with such a file in it.
built_in() { # SUITE FILE
	local at
	for at in "$SUITES_DIR/$1/build" "$SUITES_DIR/$1" "$SUITES_DIR/$1/.libs" "$SUITES_DIR/$1/tests"; do
		compgen -G "$at/$2" >/dev/null && echo "$at" && return
	done
	return 1
}

suite_libuv() {
	local at name
	if ! at=$(built_in libuv uv_run_tests) || [ ! -d "$SUITES_DIR/libuv/test/fixtures" ]; then
		left_out libuv "no uv_run_tests and test/fixtures in SUITES_DIR/libuv"
		return
	fi
	place=$SUITES_DIR/libuv
	[ "$(id -u)" = 0 ] && as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	for name in $("${as[@]}" "$at/uv_run_tests" --list); do
		compare tap "libuv-$name" "$at/uv_run_tests" "$name"
	done
	place=$T/work as=()
}

# Programs that say by their exit status alone how it went.
executables() { # DIRECTORY PREFIX
	find -H "$1" -maxdepth 1 -type f -perm -u+x -name "$2*" ! -name '*.so*' ! -name '*.sh' | sort
}

suite_of_programs() { # SUITE DIRECTORY PREFIX
	local program any=0
	while read -r program; do
		any=1
		compare tap "$1-$(basename "$program")" "$program"
	done < <([ -d "$2" ] && executables "$2" "$3")
	[ $any = 1 ] || left_out "$1" "no programs $3* in '$2'"
}

suite_bdwgc() { suite_of_programs bdwgc "$(built_in bdwgc 'gctest*')" ""; }

suite_mimalloc() { suite_of_programs mimalloc "$(built_in mimalloc 'mimalloc-test*')" mimalloc-test; }

for suite in $SUITES; do
	if ! declare -F "suite_$suite" >/dev/null; then
		echo "suites: no such suite: $suite" >&2
		exit 2
	fi
	"suite_$suite"
done
echo "# $n_programs programs, $n_differences differences; logs in '$LOGS'"
[ $n_programs -gt 0 ] || exit 2
[ $n_differences -eq 0 ]
