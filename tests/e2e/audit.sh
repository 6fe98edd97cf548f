#!/usr/bin/env bash
# audit.sh -- static TLS, of which the loader has little to give: with an audit library,
# as sotruss(1) and latrace have, and with libraries that want some of it themselves.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require readelf

source=$SOURCES/tests/e2e/targets/tls.c
library() { # NAME OPTION...
	"${CC:-cc}" -O1 -shared -fPIC -o "$T/lib$1.so" "${@:2}" || exit 99
}

tls=$(readelf -lW "$LIB" | awk '$1 == "TLS" { print $6 }')
between "the library has at most 512 bytes of static TLS" "$((${tls:-0}))" 1 512

printf 'unsigned la_version(unsigned v)\n{\n\treturn v;\n}\n' >"$T/audit.c"
library audit "$T/audit.c"
run_plain plain env LD_AUDIT="$T/libaudit.so" ls /
GCPROF_SNAPSHOT='exit' run_gcprof audit env LD_AUDIT="$T/libaudit.so" ls /
is "a program with an audit library runs under gcprof" "$status" 0
is "a program with an audit library prints what it prints alone" "$(cat "$T/audit.out" "$T/audit.err")" "$(cat "$T/plain.out")"
ok "the snapshot of a program with an audit library can be read" valid "$(heap audit)"
run_plain command env LD_AUDIT="$T/libaudit.so" GCPROF_SNAPSHOT=none "$RUN" run -- ls /
is "a program with an audit library runs under gcprof run" "$status $(cat "$T/command.out" "$T/command.err" | grep -v '^gcprof: no snapshot was written')" "0 $(cat "$T/plain.out")"

linked=()
for ((i = 0; i < 20; i++)); do
	library "tls$i" -DTLS_BYTES=100 -DTLS_NAME="tls_$i" "$source"
	linked+=("-ltls$i")
done
late=()
for bytes in 64 128 256 512 1024; do
	library "late$bytes" -DTLS_BYTES="$bytes" -DTLS_NAME=tls_late "$source"
	late+=("$T/liblate$bytes.so")
done
"${CC:-cc}" -O1 -pthread -o "$T/tls" "$source" -L"$T" -Wl,-rpath,"$T" "${linked[@]}" -ldl || exit 99
run_plain alone "$T/tls" "${late[@]}"
ok "alone, libraries with static TLS can still be loaded by a program that has many" \
	grep -q liblate "$T/alone.out"
for allocator in jemalloc system; do
	GCPROF_ALLOCATOR=$allocator run_gcprof "tls-$allocator" "$T/tls" "${late[@]}"
	is "with $allocator, a program of many libraries with static TLS runs and loads as many more as alone" \
		"$status $(cat "$T/tls-$allocator.out" "$T/tls-$allocator.err")" "0 $(cat "$T/alone.out")"
	ok "with $allocator, the snapshot of a program with much static TLS can be read" valid "$(heap "tls-$allocator")"
done
done_testing
