#!/usr/bin/env bash
# races.sh -- the unit tests of the library's core have no data race that
# ThreadSanitizer can see.
#
# They are built once more, into _build/tsan, each with the files of the library that
# it tests and no others: the library as a whole has its own malloc and thread-local
# words that the sanitizer's runtime does not get on with.
#
# SPDX-License-Identifier: MIT
src=${abs_top_srcdir:?}
build=${abs_top_builddir:?}/_build/tsan
log=$build/log
mkdir -p "$build" || exit 1

compile() { # NAME FILE-OF-LIB...
	local name=$1 files=() file
	shift
	for file in "$@" forking mem sys; do
		files+=("$src/lib/$file.c")
	done
	"${CC:-cc}" -std=gnu11 -g -O1 -fsanitize=thread -include "$abs_top_builddir/config.h" \
		-iquote "$src/lib" -iquote "$src" -o "$build/$name" \
		"$src/tests/unit/$name.c" "$src/tests/unit/alone.c" "${files[@]}" \
		-lcmocka -lpthread -lm >"$log.$name" 2>&1
}

skip_all() {
	if [ "${GCPROF_TESTS_REQUIRE:-}" = 1 ]; then
		printf '1..1\nnot ok 1 - %s\n' "$1"
	else
		echo "1..0 # SKIP $1"
	fi
	exit 0
}

echo 'int main(void) { return 0; }' >"$build/probe.c"
if ! "${CC:-cc}" -fsanitize=thread -o "$build/probe" "$build/probe.c" -lcmocka 2>/dev/null || ! "$build/probe" 2>/dev/null; then
	skip_all "ThreadSanitizer or cmocka is missing, or does not run here"
fi

# Itself first: two threads and a plain counter.
cat >"$build/racy.c" <<'END_OF_SOURCE'
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/together.h"
static int sum;
static void add(unsigned number) { for (int i = 0; i < 1000; i++) sum += (int)number; }
int main(void) { together(add); return sum < 0; }
END_OF_SOURCE
"${CC:-cc}" -g -fsanitize=thread -iquote "$src" -o "$build/racy" "$build/racy.c" -lcmocka -lpthread >"$log.racy" 2>&1

echo 1..5
n=1
if "$build/racy" >"$log.racy" 2>&1 || ! grep -q 'data race' "$log.racy"; then
	echo "not ok 1 - a race is seen where there is one"
else
	echo "ok 1 - a race is seen where there is one"
fi
while read -r name files; do
	n=$((n + 1))
	# shellcheck disable=SC2086 # names of files
	if compile "$name" $files && TSAN_OPTIONS="halt_on_error=0 exitcode=66" \
		timeout 300 "$build/$name" >"$log.$name" 2>&1 && ! grep -q 'WARNING: ThreadSanitizer' "$log.$name"; then
		echo "ok $n - $name: no races"
	else
		echo "not ok $n - $name: no races"
		grep -v '^\[ *\(RUN\|OK\)' "$log.$name" | head -n 60 | sed 's/^/# /'
	fi
done <<'END_OF_LIST'
test_blocks blocks index peek
test_epochs epochs books sites
test_rules sites
test_sites sites sample
END_OF_LIST
