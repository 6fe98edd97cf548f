#!/usr/bin/env bash
# missing-names.sh -- where a finding has no function or no line, the report says what to do.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require objcopy readelf jq
unset DEBUGINFOD_URLS
B=$T/bin
mkdir "$B"
cat >"$B/lost.c" <<'END'
#include <stdlib.h>
__attribute__((noinline)) static void *
make(void)
{
	return malloc(1000);
}
int
main(void)
{
	for (int i = 0; i < 100; i++)
		*(volatile char *)make() = 1;
	return 0;
}
END
compile() { # NAME OPTION...
	local name=$1
	shift
	(cd "$B" && ${CC:-cc} -O1 "$@" lost.c -o "$name") >>"$T/cc.log" 2>&1 || diag_file "$T/cc.log"
}
# said NAME OPTION...: what is said of names below the findings, on one line
said() {
	local name=$1
	shift
	"$ANALYZE" --no-pager --format=text "$@" "$T/$name/"*.heap 2>&1 |
		sed -n '/^Findings/,/^Top/p' | tr -s ' \n' ' ' | grep -oE "[a-z.0-9-]+ (has|is not|is there).*\\.( |$)" | head -n 1
}
begins() { # SENTENCE NAME BEGINNING
	local got
	got=$(said "$2")
	is "$1" "${got:0:${#3}}" "$3"
}

compile lines -g
run_gcprof lines "$B/lines"
is "with debug information nothing is said" "$(said lines)" ""

compile plain
run_gcprof plain "$B/plain"
begins "without debug information: -g" plain "plain has no debug information: build it with -g."
is "once in a report" "$("$ANALYZE" --no-pager --full "$T/plain/"*.heap | grep -c 'build it with -g')" 1

compile stripped -g -s
run_gcprof stripped "$B/stripped"
begins "stripped: -g, and no strip" stripped "stripped has no symbols: build it with -g, and do not strip it."
ok "the full report says so as well" grep -q "stripped has no symbols" <("$ANALYZE" --no-pager --full "$T/stripped/"*.heap)

if objcopy --compress-debug-sections=zstd "$B/lines" "$B/packed" 2>/dev/null; then
	run_gcprof packed "$B/packed"
	case $(said packed) in
	'') ok "debug information in zstd is read, or it is said that it is not: read" \
		grep -q 'lost.c:5 make' <("$ANALYZE" --no-pager "$T/packed/"*.heap) ;;
	*) begins "debug information in zstd is read, or it is said that it is not: said" packed "packed has debug information that is compressed by zstd" ;;
	esac
fi

compile moved -g
run_gcprof moved "$B/moved"
id=$(readelf -n "$B/moved" | sed -n 's/.*Build ID: //p')
mkdir "$T/kept"
mv "$B/moved" "$T/kept/"
begins "a file that is not there: where to say it is, and which one" moved \
	"moved is not there: --sysroot=DIR or --debug-dir=DIR says where it, or its debug file, is (build-id $id)."
mkdir -p "$T/root$B"
cp "$T/kept/moved" "$T/root$B/"
is "and with that it is found" "$(said moved --sysroot="$T/root")" ""

compile moved -g -O0
begins "a file of another build: the old one is asked for" moved "moved has been built anew since the snapshot: --sysroot=DIR says where the old file is (build-id $id)."

if (cd "$B" && ${CC:-cc} -O1 -g -gsplit-dwarf -c lost.c -o split.o && ${CC:-cc} split.o -o split) >>"$T/cc.log" 2>&1; then
	run_gcprof split "$B/split"
	is "split debug information is read" "$(said split)" ""
	rm "$B"/*.dwo
	# Lines stand in the program itself; what is inlined does not.
	ok "without its other files, places are still lines" grep -q 'lost.c:5 make' <("$ANALYZE" --no-pager "$T/split/"*.heap)
fi

# A finding in a library of the system, which has its debug information elsewhere.
system=$("$ANALYZE" --no-pager --format=json "$T/plain/"*.heap | jq -r '[.modules[].path | select(test("^/(usr/)?lib/.*libc[.]so"))][0]')
if [ "$system" != null ] && ! readelf -S "$system" | grep -q debug_info; then
	cat >"$B/lost.c" <<'END'
#include <stdio.h>
#include <string.h>
int
main(void)
{
	for (int i = 0; i < 100; i++)
		(void)!setvbuf(tmpfile(), NULL, _IOFBF, 0);
	return 0;
}
END
	compile libc -g
	run_gcprof libc "$B/libc"
	ok "what the program called is a line, whatever libc has" grep -q 'lost.c:7 main' <("$ANALYZE" --no-pager "$T/libc/"*.heap)
fi
done_testing
