#!/bin/bash
# recipes.sh -- what README says of checks in continuous integration does what it says.
#
# Each recipe is taken out of README as it stands there, and is run on a small project that is
# made here, with the real ctest, meson, automake and libtool.  Each project has a test that
# passes, one that leaks, one that fails by itself and one that is a script.
#
# SPDX-License-Identifier: MIT
# The words of eval expand there.
# shellcheck disable=SC2016
# shellcheck source=tests/lint/tap.sh
. "$(dirname "$0")/../lint/tap.sh"

gcprof=${GCPROF_CMD:-$abs_top_builddir/tools/gcprof}
lib=${GCPROF_LIB:-$abs_top_builddir/lib/.libs/libgcprof.so}
analyze=${GCPROF_ANALYZE:-$abs_top_builddir/tools/gcprof-analyze}
[ -f "$lib" ] || skip_all "libgcprof.so is not built in this configuration"
for program in cmake ctest meson ninja autoreconf libtoolize make jq "${CC:=cc}"; do
	command -v "${program%% *}" > /dev/null || skip_all "${program%% *} is not installed"
done
work=$(mktemp -d) || exit 1
work=$(realpath "$work")
trap 'wait; rm -rf "$work"' EXIT
# What a make, a ctest or a meson around this test has set is not for those in it.
unset LD_PRELOAD DEBUGINFOD_URLS CFLAGS CPPFLAGS LDFLAGS DESTDIR TESTS VERBOSE V "${!GCPROF_@}" \
	"${!MAKE@}" "${!CMAKE_@}" "${!CTEST_@}" "${!MESON_@}" MFLAGS GNUMAKEFLAGS
export CC GCPROF_ANALYZE=$analyze CMAKE_GENERATOR=Ninja TMPDIR=$work/tmp PATH=$work/bin:$PATH
mkdir "$work/bin" "$work/tmp"
ln -s "$gcprof" "$work/bin/gcprof"
cd "$work" || exit 1
n=0

ok() { # SENTENCE COMMAND...
	local sentence=$1
	shift
	n=$((n + 1))
	if "$@" > "$work/seen" 2>&1; then
		echo "ok $n - $sentence"
	else
		echo "not ok $n - $sentence"
		{
			echo "failed: $*"
			tail -n 20 "$work/seen"
			tail -n 30 "$work/out"
			tail -n 20 "$work/err"
		} 2> /dev/null | sed 's/^/# /'
	fi
}

same() { [ "$1" = "$2" ] || { printf '%s\n%s\n' "$1" "$2"; false; }; }

# ---- README ----

# Of the section: the number of the line, that of the block it stands in, and the line without a
# comment; separated by tabs.
awk '
	/^-+$/ { is_on = last == "In continuous integration" }
	{ last = $0 }
	!/^    / { is_block = 0; next }
	is_on {
		n_blocks += !is_block
		is_block = 1
		sub(/^    /, "")
		sub(/  +#.*$/, "")
		print NR "\t" n_blocks "\t" $0
	}' "$abs_top_srcdir/README" > text
: > used

# One that stands there once.
take_line() { # WORDS
	local found
	found=$(grep -F -- "$1" text)
	if [ -z "$found" ] || [ "$(wc -l <<< "$found")" -ne 1 ]; then
		echo "echo 'README has not one line with: ${1//\'/}'; false"
		return
	fi
	cut -f 1 <<< "$found" >> used
	cut -f 3 <<< "$found"
}

# The whole of the only block that has it.
take_block() { # WORDS
	local number
	number=$(grep -F -- "$1" text | cut -f 2 | sort -u)
	awk -F '\t' -v number="$number" '$2 == number' text > block
	[ -s block ] || echo "echo 'README has not one block with: ${1//\'/}'; false"
	cut -f 1 block >> used
	cut -f 3 block
}

# Each line, in the directory of a project.  out and err have what they said, statuses how they
# ended.
run() { # DIRECTORY LINES
	local line
	: > statuses
	(
		cd "$1" || exit
		while IFS= read -r line; do
			(eval "$line") < /dev/null
			echo $? >> "$work/statuses"
		done <<< "$2"
	) > out 2> err
}
ended() { same "$(tr '\n' ' ' < statuses)" "$1 "; } # STATUSES

# The same line leaves its counts in DIRECTORY/leaks.
counting() { echo "${2//gcprof check --/gcprof check --summary-to=$work/$1/leaks --}"; } # DIRECTORY LINE

# ---- what was said ----

# sum STATUS LINE DIRECTORY: of all counts there, which go
sum() {
	local got=0 said
	said=$("$gcprof" check --summary="$3/leaks") || got=$?
	rm -rf "$3/leaks"
	same "$got $said" "$1 $2"
}
# counts DIRECTORY PROGRAM NAME=VALUE...: of the check of one program
counts() {
	local file wanted
	file=$(grep -lE "^command=(.* )?([^ ]*/)?$2\$" "$1"/leaks/*.check) || { echo "no check of $2"; return 1; }
	shift 2
	for wanted; do
		grep -qx "$wanted" "$file" || { echo "no $wanted in:"; cat "$file"; return 1; }
	done
}
each_counts() { # DIRECTORY
	counts "$1" passes status=0 processes=1 errors=0 result=passed &&
		counts "$1" loses status=23 processes=1 errors=1 result=findings &&
		counts "$1" fails status=3 processes=1 errors=0 result=passed
}
# The last line of gcprof, and nothing else of it but findings.
verdict() { # FILE PATTERN
	grep '^gcprof: ' "$1"
	[ "$(grep -c '^gcprof: ' "$1")" -eq 1 ] && grep -qxE "gcprof: $2" "$1"
}
is_leak() { # FILE [PROGRAM [END]]
	verdict "$1" "1 process checked: 1 finding of level error, in ${2:-loses} at .*$place; ${3:-exit status 23}"
}
is_clean() { verdict "$1" '1 process checked: no findings of level error'; } # FILE
names() { # FILE PROGRAM NUMBER: so many processes of the program leak
	same "$(grep -cE "^Process +([^ ]*/)?$2, pid" "$1")" "$3" && grep -qE "$place lose_blocks" "$1"
}

# ---- projects ----

sources() { # DIRECTORY
	mkdir -p "$1"
	echo 'int main(void) { return 0; }' > "$1/passes.c"
	echo 'int main(void) { return 3; }' > "$1/fails.c"
	echo 'int keep(void); int keep(void) { return 0; }' > "$1/keep.c"
	cat > "$1/loses.c" << 'END'
#include <stdio.h>
#include <stdlib.h>

int keep(void);

/* Some: of one the stack may keep a pointer. */
static __attribute__((noinline)) void
lose_blocks(void)
{
	for (int i = 0; i < 3; i++) {
		char *volatile p = malloc(1000);

		*p = 1;
	}
}

int
main(void)
{
	lose_blocks();
	puts(keep() ? "" : "ready");
	return 0;
}
END
	place=loses.c:$(grep -n malloc "$1/loses.c" | cut -d : -f 1)
}

# Tests of targets, one of them with an expression that decides, and one of a script.
make_cmake() {
	sources cmake
	cat > cmake/CMakeLists.txt << 'END'
cmake_minimum_required(VERSION 3.15)
project(small C)
enable_testing()
add_compile_options(-g -O0)
add_library(keep SHARED keep.c)
foreach(name passes fails loses parser quotes quiet)
  string(REGEX REPLACE "parser|quotes|quiet" "loses" file ${name})
  add_executable(${name} ${file}.c)
  target_link_libraries(${name} keep)
endforeach()
add_test(NAME passes COMMAND passes)
add_test(NAME fails COMMAND fails)
add_test(NAME loses COMMAND loses)
add_test(NAME says COMMAND quotes)
set_tests_properties(says PROPERTIES PASS_REGULAR_EXPRESSION ready)
add_test(NAME script COMMAND sh -c "$<TARGET_FILE:quiet>; true")
include(one.cmake OPTIONAL)
END
	(cd cmake && cmake -B build && cmake --build build)
}

make_meson() {
	sources meson
	cat > meson/meson.build << 'END'
project('small', 'c', default_options : ['debug=true', 'optimization=0'])
keep = shared_library('keep', 'keep.c')
foreach name : ['passes', 'fails', 'loses']
  test(name, executable(name, name + '.c', link_with : keep))
endforeach
quiet = executable('quiet', 'loses.c', link_with : keep)
test('script', find_program('sh'), args : ['-c', '"$0"; true', quiet])
END
	take_line add_test_setup | sed "s,'check',&\, '--summary-to=$work/meson/leaks'," >> meson/meson.build
	(cd meson && meson setup build && ninja -C build)
}

# automake's tests in parallel, and by serial-tests in a directory; with libtool.
make_automake() {
	local name
	sources automake
	mkdir automake/serial
	cat > automake/configure.ac << 'END'
AC_INIT([small], [1])
AC_CONFIG_AUX_DIR([build-aux])
AM_INIT_AUTOMAKE([foreign subdir-objects])
AC_PROG_CC
LT_INIT([disable-static])
AC_CONFIG_FILES([Makefile serial/Makefile])
AC_OUTPUT
END
	cat > automake/Makefile.am << 'END'
AM_CFLAGS = -g -O0
check_LTLIBRARIES = libkeep.la
libkeep_la_SOURCES = keep.c
libkeep_la_LDFLAGS = -rpath /nowhere
check_PROGRAMS = passes fails loses parser
loses_LDADD = libkeep.la
parser_SOURCES = loses.c
parser_LDADD = libkeep.la
TEST_EXTENSIONS = .sh
TESTS = passes fails loses script.sh
DIST_SUBDIRS = . serial
END
	cat > automake/serial/Makefile.am << 'END'
AUTOMAKE_OPTIONS = serial-tests
TESTS = passes fails loses script.sh
END
	printf '#!/bin/sh\n./parser\nexit 0\n' > automake/script.sh
	chmod +x automake/script.sh
	for name in passes fails loses parser script.sh .libs; do ln -s "../$name" automake/serial/; done
	(cd automake && autoreconf -i && ./configure && make check TESTS=)
}

make_script() {
	sources script
	cat > script/run-tests << 'END'
#!/bin/sh
failed=0
for test in ${*:-passes fails loses}; do
	./"$test" > log || failed=$?
done
exit $failed
END
	chmod +x script/run-tests
	(cd script && for name in passes fails loses; do $CC -g -O0 -o $name $name.c keep.c || exit; done)
}

make_automake > automake.log 2>&1 &
automake=$!
ok "a project of CMake is built" make_cmake
ok "a project of meson is built, with README's setup for tests" make_meson
ok "a suite of a script is built" make_script
built() { wait $automake || { tail -n 30 automake.log; false; }; }
ok "a project of automake is built" built

# ---- suites as a whole ----

findings() { if [ "$1" = 1 ]; then echo "1 finding"; else echo "$1 findings"; fi; }
errors() { if [ "$1" = 1 ]; then echo "1 error"; else echo "$1 errors"; fi; }

# whole RECIPE DIRECTORY STATUS PROGRAMS LEAKS ONE ANOTHER: the suite's own status, how many test
# programs it has, and how many of them leak; ONE and ANOTHER, behind the recipe, choose the test
# that leaks, and that which passes
whole() {
	local name=${1#*-- } line
	line=$(counting "$2" "$(take_line "$1")")
	run "$2" "$line"
	ok "$name under a check: the suite's own failure keeps its exit status" ended "$3"
	ok "$name under a check: the last line counts test programs and leaks" verdict err \
		"$4 processes checked: $(findings "$5") of level error, .*in [a-z]+ at .*$place; the program's own exit status is $3"
	ok "$name under a check: the leaking test is named with file and line" names err loses 1
	ok "$name under a check: the summary counts each test program once" sum 23 \
		"1 check, $4 processes checked; $(errors "$5"); 1 with findings that fail; exit status 23" "$2"
	run "$2" "$line $6"
	ok "$name under a check: a leak alone fails it" ended 23
	ok "$name under a check: the last line names it with file and line" is_leak err
	run "$2" "$line $7"
	ok "$name under a check: without a leak it passes" ended 0
	ok "$name under a check: without a leak there is one line" is_clean err
	rm -rf "$2/leaks"
}
whole 'gcprof check -- ctest' cmake 8 5 3 '-R loses' '-R passes'
ok "ctest under a check comes first" same "$(cut -f 3 text | head -n 1)" "$(take_line 'gcprof check -- ctest')"
whole 'gcprof check -- meson' meson 1 4 2 loses passes
whole 'gcprof check -- ./run-tests' script 3 3 1 loses passes

# ---- meson, each test ----

# What each recipe leaves of four checks, two of which find something.
all_four() { each_counts "$1" && sum 23 "4 checks, 4 processes checked; 2 errors; 2 with findings that fail; exit status 23" "$1"; }
result() { grep -qE "$1 +$2 .*$3\$" out; } # TEST RESULT LAST-WORDS
each_of_meson() { # NAME LINE LOG
	run meson "$2"
	ok "$1: meson's report names the leaking test" eval '! ended 0 && result loses FAIL "status 23" && result script FAIL "status 23" && result passes OK s'
	ok "$1: a test's own failure keeps its exit status" result fails FAIL "status 3"
	ok "$1: the log names the leaking test with file and line" names "meson/build/meson-logs/$3" loses 1
	ok "$1: the summary counts each test program once" all_four meson
	run meson "$2 passes"
	ok "$1: of a passing test the log has one line" eval "ended 0 && is_clean meson/build/meson-logs/$3"
	rm -rf meson/leaks
}
each_of_meson "meson test --wrapper" "$(counting meson "$(take_line 'meson test -C build --wrapper')")" testlog-gcprof.txt
setup=$(grep -o 'meson test --setup=[a-z]*' "$abs_top_srcdir/README")
each_of_meson "meson test --setup" "${setup/test/test -C build}" testlog-leaks.txt

# ---- ctest, each test ----

result_of_ctest() { grep -qE "Test +#[0-9]+: $1 \.+ *(\*\*\*)?$2" out; } # TEST RESULT
launcher=$(take_block CMAKE_TEST_LAUNCHER)
emulator=$(take_line CMAKE_CROSSCOMPILING_EMULATOR)
version=$(cmake --version | sed -n 's/^cmake version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p')
has_launcher() { [ "${version% *}" -gt 3 ] || [ "${version#* }" -ge 29 ]; }

each_of_ctest() { # NAME RECIPE
	ok "$1: ctest fails, and so does the sum" ended "0 0 0 8 23"
	ok "$1: ctest's report names the leaking test" eval 'result_of_ctest loses Failed && result_of_ctest passes Passed && result_of_ctest fails Failed'
	ok "$1: the log names the leaking test with file and line" names cmake/build/Testing/Temporary/LastTest.log loses 1
	ok "$1: a test's own failure keeps its exit status, a leak has 23" each_counts cmake
	ok "$1: a test whose output decides passes in ctest, and fails in the sum" eval 'result_of_ctest says Passed && counts cmake quotes status=23 result=findings'
	ok "$1: a test that names no target is judged by the check around ctest" eval 'names err quiet 1 && ! names err loses 1'
	ok "$1: nothing is judged twice" is_leak err quiet "the program's own exit status is 8"
	ok "$1: the summary counts each test program once" sum 23 \
		"5 checks, 5 processes checked; 3 errors; 3 with findings that fail; exit status 23" cmake
	run cmake "$(sed '/^rm\|^cmake/d; s/--test-dir build/& -R passes/' <<< "$2")"
	ok "$1: a passing test leaves one line" eval 'ended "0 0" && is_clean cmake/build/Testing/Temporary/LastTest.log'
	ok "$1: a check that has only run others says so, and fails nothing" verdict err 'nothing else to check: gcprof ran 1 time within, and judges what it runs'
	rm -rf cmake/leaks
}
run cmake "$launcher"
if has_launcher; then
	each_of_ctest CMAKE_TEST_LAUNCHER "$launcher"
else
	ok "a launcher that this CMake does not know: all is judged nevertheless" eval 'ended "0 0 0 8 23" && verdict err "5 processes checked: 3 findings of level error, .*; the program.s own exit status is 8"'
	run cmake "$(awk -v line="$emulator" '{ print /CMAKE_TEST_LAUNCHER/ ? line : $0 }' <<< "$launcher")"
	each_of_ctest CMAKE_CROSSCOMPILING_EMULATOR "$launcher"
fi

take_line 'add_test(NAME parser' > cmake/one.cmake
run cmake 'cmake -B build; ctest --test-dir build -R parser'
ok "a check in add_test: ctest's report names the test" eval 'result_of_ctest parser Failed && ended 8'
ok "a check in add_test: the log names it with file and line" names cmake/build/Testing/Temporary/LastTest.log parser 1

# ---- automake, each test ----

whole 'gcprof check -- make' automake 2 4 2 TESTS=loses TESTS=passes
run automake "$(counting automake "$(take_line "LOG_COMPILER='")")"
ok "LOG_COMPILER: make fails" ended 2
ok "LOG_COMPILER: automake's report names the leaking test" eval 'grep -qx "FAIL: loses" out && grep -qx "FAIL: script.sh" out && grep -qx "PASS: passes" out'
ok "LOG_COMPILER: the log names it with file and line" eval 'names automake/loses.log loses 1 && is_leak automake/loses.log'
ok "LOG_COMPILER: a passing test has one line" is_clean automake/passes.log
ok "LOG_COMPILER: a test's own failure keeps its exit status" grep -qxF 'FAIL fails (exit status: 3)' automake/fails.log
ok "LOG_COMPILER: the summary counts each test program once" all_four automake
shell=$(grep -o "'gcprof check -- sh'" "$abs_top_srcdir/README")
run automake "make check SH_LOG_COMPILER=$shell TESTS=script.sh"
ok "SH_LOG_COMPILER with a shell: the program behind it is judged" eval 'ended 2 && is_leak automake/script.log parser'
run automake "$(take_block 'LOG_COMPILER="')"
ok "LOG_COMPILER: README's sum fails for the leak" ended '0 2 23'
rm -rf automake/leaks
run automake/serial "$(take_block 'LOG_COMPILER="')"
ok "LOG_COMPILER does nothing with serial-tests: README's sum fails" ended '0 2 24'

line=$(counting automake/serial "$(take_line TESTS_ENVIRONMENT)")
run automake/serial "$line"
ok "TESTS_ENVIRONMENT: make fails" ended 2
ok "TESTS_ENVIRONMENT: automake's report names the leaking test" eval 'grep -qx "FAIL: loses" out && grep -qx "FAIL: script.sh" out && grep -qx "PASS: passes" out'
ok "TESTS_ENVIRONMENT: the leaking test is named with file and line" eval 'names err loses 1 && [ "$(grep -cE "^gcprof: 1 process checked: 1 finding .* in (loses|parser) at .*$place; exit status 23" err)" -eq 2 ]'
ok "TESTS_ENVIRONMENT: the summary counts each test program once" all_four automake/serial
run automake/serial "$line TESTS=passes"
ok "TESTS_ENVIRONMENT: a passing test has one line" eval 'ended 0 && is_clean err'

run automake "$(take_block './libtool')"
ok "libtool: the program behind the wrapper script is judged, by both ways" eval 'ended "23 23" && names err parser 2'

# ---- reports for others, baselines ----

run script "$(take_line 'run: gcprof' | sed 's/^- run: //; s/$/ loses/')"
take_block 'run: gcprof' > taken
found() { jq -r '.runs[].results[].locations[].physicalLocation | "\(.artifactLocation.uri | sub(".*/"; "")):\(.region.startLine)"' script/leaks.sarif; }
ok "GitHub: the leak fails the job, and is in the file that is uploaded" eval 'ended 23 && grep -q "sarif_file: leaks.sarif" taken && same "$(found)" "$place"'
run script "$(take_line 'script: gcprof' | sed 's/^.*script: //; s/$/ loses/')"
take_block 'script: gcprof' > taken
ok "GitLab: the leak fails the job, and is in its report" eval 'ended 23 && grep -q "junit: leaks.xml" taken && grep -q "$place" script/leaks.xml'
run script "$(take_block 'write-baseline' | sed 's/$/ loses/')"
ok "a baseline: what is known fails nothing" eval 'ended "0 0" && grep -q "no findings of level error; 1 known" err'

# ---- README and the manual page ----

ok "every line of README's section was run" same "$(cut -f 1 text | sort)" "$(sort -u used)"
page=$(sed -n '/^\.SH EXAMPLES/,/^\.SH PROGRAMS/{s/\\-/-/g; s/  *#.*//; /^\(make check\|meson test\|cmake\|ctest\|gcprof check .*-- \(ctest\|make\|meson\)\)/p;}' "$abs_top_srcdir/man/gcprof.1")
in_readme() {
	local line
	[ -n "$page" ] && while IFS= read -r line; do
		cut -f 3 text | grep -qxF -- "$line" || { echo "gcprof.1, not README: $line"; return 1; }
	done <<< "$page"
}
ok "gcprof.1 has the same recipes" in_readme
ok "nothing is left behind" same "$(ls -A "$TMPDIR")" ''

echo "1..$n"
