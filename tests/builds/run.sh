#!/usr/bin/env bash
# run.sh -- what other builds and other readers of the code find: `make check-builds`.
#
#     run.sh [NAME...]     all, or some of:
#
#   debug       assertions, -Werror: unit tests, and end-to-end tests of each room of lib/
#   sanitized   address and undefined behaviour: unit tests, the analyzer's, the fuzzer's corpus;
#               prints which lines of each folder these reach
#   clang       -Werror with another compiler: unit tests, what the library takes and gives, the
#               demonstration
#   reproducible    two folders, the same bytes
#   cppcheck, tidy    two static analyzers, without a complaint
#
# Each is made of the tarball, in a directory of its own below _build/builds, and so is also a
# test of the tarball.  ThreadSanitizer's turn is in tests/unit/races.sh.  Exit status: 0; 1 if
# one failed, whose log's end is shown.
#
# SPDX-License-Identifier: MIT
# The functions are called by their names in words.
# shellcheck disable=SC2317
set -u

all="cppcheck tidy reproducible debug sanitized clang"
src=${abs_top_srcdir:?run it by: make check-builds}
work=${abs_top_builddir:?}/_build/builds
jobs=$(nproc)

# In the debug build, whose assertions know what each of these would break.
debug_tests="threads processes signals exec cut torn large operators small-stacks sampling epochs books watch wrong-frees"

unpack() { # the tarball, once
	[ ! -e "$work/unpacked" ] || return 0
	make -s -C "$abs_top_builddir" dist-gzip GZIP_ENV=--fast &&
		tar -xzf "$abs_top_builddir"/gcprof-*.tar.gz -C "$work" &&
		mv "$work"/gcprof-*/ "$work/src" &&
		rm "$abs_top_builddir"/gcprof-*.tar.gz && touch "$work/unpacked"
}

build() { # NAME CONFIGURE-ARGUMENT...
	mkdir -p "$work/$1" && cd "$work/$1" || return 1
	shift
	"$work/src/configure" -q --with-cmocka "$@" && make -s -j"$jobs"
}

existing() { # FOLDER NAME...: the scripts of these names
	local folder=$1 name
	shift
	for name in "$@"; do
		[ -e "$src/tests/$folder/$name.sh" ] || { echo "no test tests/$folder/$name.sh" >&2; return 1; }
		printf 'tests/%s/%s.sh ' "$folder" "$name"
	done
}

# The corpus' programs are not built: no test here runs them.
check() { # TEST...: end-to-end tests, which pass in the build at hand; their programs are built
	# shellcheck disable=SC2016 # make's variable
	GCPROF_TESTS_REQUIRE=1 make -s -j"$jobs" check TESTS="$*" check_DATA='$(e2e_variants)'
}

check_built() { # TEST...: the same of tests whose programs are there
	GCPROF_TESTS_REQUIRE=1 make -s -j"$jobs" check-TESTS TESTS="$*" \
		check_PROGRAMS='' check_LIBRARIES='' check_DATA=''
}

build_debug() {
	local tests
	# shellcheck disable=SC2086 # words
	tests=$(existing e2e $debug_tests) &&
		build debug --enable-debug --enable-werror --without-html --with-libunwind &&
		make -s -j"$jobs" check-core && check "$tests"
}

# Also tells which lines these tests reach, by folder: gcov has them for each file, and a sum
# at the end.
build_sanitized() {
	build sanitized --enable-sanitizer=address,undefined --enable-coverage --without-html &&
		make -s -j"$jobs" check-core && make -s tests/fuzz/replay_heapfile tests/fuzz/mutate &&
		check_built tests/cli/analyze.sh tests/fuzz/replay.sh || return 1
	find . -name '*.gcda' -print0 | xargs -0 gcov -n 2>/dev/null |
		awk -F"'" '
		/^File/ { file = $2; sub(".*/src/", "", file); next }
		/^Lines executed/ && file ~ /^(lib|tools)\// {
			split($0, part, /[:%]|of /)
			n = part[4] + 0
			hit = part[2] * n / 100
			if (n > of[file]) of[file] = n
			if (hit > got[file]) got[file] = hit
		}
		{ file = "" }
		END {
			for (file in of) {
				folder = file
				sub(/\/[^\/]*$/, "", folder)
				lines[folder] += of[file]; reached[folder] += got[file]
				lines["all"] += of[file]; reached["all"] += got[file]
			}
			for (folder in lines)
				printf "coverage: %-16s %5.1f %% of %5d lines\n", folder, 100 * reached[folder] / lines[folder], lines[folder]
		}' | sort -k2 > summary && [ -s summary ]
}

build_clang() {
	build clang CC=clang CXX=clang++ --enable-werror --without-html &&
		make -s -j"$jobs" check-core && check_built tests/lint/symbols.sh tests/lint/exports.sh &&
		make -s examples/demo &&
		LD_PRELOAD=$PWD/lib/.libs/libgcprof.so GCPROF_OUTPUT=$PWD/demo.heap examples/demo &&
		tools/gcprof-analyze demo.heap | grep -q 'allocated in remember_user grow without limit'
}

# CONTRIBUTING says how a release is built.
build_reproducible() {
	local folder file
	for folder in reproducible reproducible/in-another-folder; do
		(build "$folder" --without-html CFLAGS="-O2 -g -ffile-prefix-map=$work/$folder=.") || return 1
	done
	cd "$work/reproducible" || return 1
	for file in lib/.libs/libgcprof.so tools/gcprof tools/gcprof-analyze tools/gcprof-top; do
		cmp "$file" "in-another-folder/$file" || return 1
	done
}

# What is compiled of the tree at hand, but what tools have written.
sources() { (cd "$src" && find lib tools -name '*.c' ! -name '*.pb-c.c' | sort); }

build_cppcheck() {
	cd "$src" || return 1
	# shellcheck disable=SC2046 # words
	cppcheck -q -j"$jobs" --std=c11 --enable=warning,performance,portability --inline-suppr \
		--suppressions-list=tests/builds/cppcheck.suppressions --error-exitcode=1 \
		-D__x86_64__ -D__LP64__ -D__linux__ -D__GLIBC__=2 -Ilib -Itools -I. $(sources)
}

# .clang-tidy says which complaints there are.
build_tidy() {
	local flags
	flags=$(pkg-config --cflags libdw jansson zlib sqlite3 libedit ncurses libprotobuf-c libunwind libmicrohttpd) || return 1
	cd "$src" || return 1
	# shellcheck disable=SC2086 # words
	sources | xargs -P "$jobs" -I{} clang-tidy --quiet {} -- -std=gnu11 -include "$abs_top_builddir/config.h" \
		-iquote lib -iquote tools -iquote . -I"$abs_top_builddir/tools/report" \
		-DGCPROF_BINDIR='""' -DGCPROF_LIBDIR='""' -DHAVE_HTML_PAGE=1 \
		-DHTML_PAGE='"'"$src"'/tests/fuzz/page.html"' $flags
}

mkdir -p "$work"
rm -rf "${work:?}"/*
status=0
builds=()
[ $# -ne 0 ] || read -ra builds <<<"$all"
for name in "$@" "${builds[@]}"; do
	case " $all " in
	*" $name "*) ;;
	*) echo "builds: no build '$name'; there are: $all" >&2; exit 2 ;;
	esac
	began=$SECONDS
	if { case $name in cppcheck | tidy) ;; *) unpack ;; esac && (build_"$name"); } > "$work/$name.log" 2>&1 < /dev/null; then
		echo "ok - $name ($((SECONDS - began)) s)"
	else
		echo "not ok - $name ($((SECONDS - began)) s); the end of its log:"
		grep -E '^(FAIL|ERROR)|error|warning' "$work/$name.log" | head -n 40
		tail -n 20 "$work/$name.log"
		status=1
	fi
	[ ! -e "$work/$name/summary" ] || cat "$work/$name/summary"
	[ "$status" -ne 0 ] || rm -rf "${work:?}/$name" # they are large
done
exit $status
