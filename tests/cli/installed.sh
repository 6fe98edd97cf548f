#!/usr/bin/env bash
# installed.sh -- gcprof works where it was put, not only where configure was told.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../.. disable=SC2016
. "${srcdir:-.}/tests/e2e/init.sh"

require make
require_built "$TARGETS/watch" "$TARGETS/api"
analyzer=gcprof-analyze
install_to() { # NAME SETTING...
	make -C "$abs_top_builddir" install-exec "${@:2}" >"$T/$1.log" 2>&1
}

cat >"$T/lost.c" <<'END'
#include <stdlib.h>
#include <gcprof.h>
int main(void) { void *volatile p = malloc(1000); p = NULL; return 40 + gcprof_leak_check(); }
END
ok "a program with gcprof.h builds" "${CC:-cc}" -g -O0 -I"$SOURCES/lib" -o "$T/lost" "$T/lost.c"

check() { # WHAT LIBRARY ANALYZER: without GCPROF_ANALYZE
	ok "$1: the library is there" test -s "$2"
	preload=$2 GCPROF_SNAPSHOT=none run_gcprof "leak-$1" "$T/lost"
	is "$1: gcprof_leak_check finds the analyzer and the leak" "$status" 41
	is "$1: gcprof_leak_check runs without messages" "$(grep -c 'cannot run' "$T/leak-$1.err")" 0
	printf '#!/bin/sh\necho "ran $0" >&2\nexit 1\n' >"$3.new"
	chmod 755 "$3.new"
	mv "$3" "$3.kept" && mv "$3.new" "$3"
	preload=$2 GCPROF_SNAPSHOT=none run_gcprof "which-$1" "$T/lost"
	ok "$1: the analyzer is the one installed with the library" \
		test "$(sed -n 's/^ran //p' "$T/which-$1.err" | xargs -r realpath)" = "$3"
	mv "$3.kept" "$3"
	mkfifo "$T/orders-$1"
	exec 4<>"$T/orders-$1"
	preload=$2 GCPROF_WATCH='cache_.*:count>100;every=10ms' start_gcprof "watch-$1" "$TARGETS/watch" "$T/orders-$1"
	echo "insert 200" >&4
	ok "$1: a watch raises its alarm" eventually grep -q 'watch: 200 blocks' "$T/watch-$1.err"
	echo quit >&4
	wait "$pid"
	exec 4>&-
}

ok "make install prefix=DIR" install_to prefix prefix="$T/prefix"
check prefix "$T/prefix/lib/libgcprof.so" "$T/prefix/bin/$analyzer"
ok "make install DESTDIR=DIR" install_to dest DESTDIR="$T/dest"
check DESTDIR "$(find "$T/dest" -name libgcprof.so)" "$(find "$T/dest" -name $analyzer)"
ok "make install with a libdir for this architecture" \
	install_to multi prefix="$T/multi" libdir="$T/multi/lib/x86_64-linux-gnu"
check multiarch "$T/multi/lib/x86_64-linux-gnu/libgcprof.so" "$T/multi/bin/$analyzer"

mv "$T/prefix" "$T/moved"
run_plain moved "$T/moved/bin/gcprof" run --snapshot=none -- "$T/lost"
is "a directory that was moved works as it did: gcprof run" "$status" 41
done_testing
