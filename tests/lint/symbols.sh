#!/bin/sh
# symbols.sh -- what the library takes from the program's scope is on the list of what it may.
#
# What it leaves undefined, another preloaded library may define.  tests/lint/allowed-symbols
# says of each such symbol why that does no harm; what the library calls in the C library is
# in lib/libc.def, with the reason why it cannot hang or recurse inside somebody else's process.
#
# SPDX-License-Identifier: MIT
# shellcheck source=tests/lint/tap.sh
. "$(dirname "$0")/tap.sh"

lib=${GCPROF_LIB:-$abs_top_builddir/lib/.libs/libgcprof.so}
[ -f "$lib" ] || skip_all "libgcprof.so is not built in this configuration"
allowed=$(dirname "$0")/allowed-symbols
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' "$allowed" | sort -u > "$work/allowed"
"${NM:-nm}" -D -u "$lib" | awk '{ print $2 }' | sed 's/@.*//' | sort -u > "$work/used"

plan 8
comm -13 "$work/allowed" "$work/used" | no_complaint "libgcprof.so uses nothing that is not in libc.def"
comm -23 "$work/allowed" "$work/used" | no_complaint "all of libc.def is used"
# Of what it exports: a program may replace its allocator, and then means it.
sed -n 's/^HOOK(\([A-Za-z0-9_]*\)[,)].*/\1/p' "$abs_top_srcdir/lib/hooks.def" | sort -u > "$work/hooks"
readelf -rW "$lib" | awk '/R_X86_64_(JUMP_SLO|GLOB_DAT|64)/ && $4 != "0000000000000000" && $5 { print $5 }' |
	sed 's/@.*//' | sort -u | comm -12 - "$work/hooks" | grep -vE '^(_Z(n|d)[aw].*|_Zd[al].*|.*alloc.*|.*memalign|free|mallinfo2)$' |
	no_complaint "libgcprof.so uses none of its own exports through the scope but the allocator's"
sed -nE 's/^LIBC\((.*)\)/\1/p; s/^LIBC_AS\(.*, *(.*)\)/\1/p' "$abs_top_srcdir/lib/libc.def" | sort > "$work/libc"
uniq -d "$work/libc" | no_complaint "no function of the C library is listed twice in libc.def"
readelf -d "$lib" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -vE '^(libc\.so\.6|ld-linux-x86-64\.so\.2)$' |
	no_complaint "libgcprof.so needs the C library and no other"
for want in BIND_NOW STATIC_TLS NODELETE; do
	readelf -d "$lib" | grep -q "FLAGS.*$want\|FLAGS.*$(printf %s "$want" | sed 's/BIND_//')" || echo "$want"
done | no_complaint "libgcprof.so is bound at start, its thread data is static, and it is never unloaded"
readelf -lW "$lib" | awk '$1 == "GNU_STACK" && $7 ~ /E/ { print }' |
	no_complaint "libgcprof.so does not need an executable stack"
grep -n 'dlopen *(' "$abs_top_srcdir"/lib/*.c | grep -v RTLD_NOLOAD |
	grep -v '/verify\.c:.*"libunwind\.so\.[0-9]*", RTLD_NOW | RTLD_LOCAL)' |
	no_complaint "libgcprof.so never loads a library but libunwind for GCPROF_VERIFY"
