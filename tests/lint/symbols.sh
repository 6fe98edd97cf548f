#!/bin/sh
# symbols.sh -- what the library takes from libc is on the list of what it may.
#
# Inside somebody else's process a libc function that locks, allocates or
# reads the locale can hang or recurse.  tests/lint/allowed-symbols says of
# each one that is used why it does not.
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

plan 5
comm -13 "$work/allowed" "$work/used" | no_complaint "it uses nothing that is not on the list"
readelf -d "$lib" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -vE '^(libc\.so\.6|ld-linux-x86-64\.so\.2)$' |
	no_complaint "it needs the C library and no other"
for want in BIND_NOW STATIC_TLS NODELETE; do
	readelf -d "$lib" | grep -q "FLAGS.*$want\|FLAGS.*$(printf %s "$want" | sed 's/BIND_//')" || echo "$want"
done | no_complaint "it is bound at start, its thread data is static, and it stays"
readelf -lW "$lib" | awk '$1 == "GNU_STACK" && $7 ~ /E/ { print }' |
	no_complaint "its stack is not executable"
grep -n 'dlopen *(' "$abs_top_srcdir"/lib/*.c | grep -v RTLD_NOLOAD |
	grep -v '/verify\.c:.*"libunwind\.so\.[0-9]*", RTLD_NOW | RTLD_LOCAL)' |
	no_complaint "it never loads a library, but for a private libunwind to be verified by"
