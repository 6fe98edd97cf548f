#!/bin/sh
# exports.sh -- the library exports what lib/hooks.def lists, and nothing else.
#
# SPDX-License-Identifier: MIT
# shellcheck source=tests/lint/tap.sh
. "$(dirname "$0")/tap.sh"

lib=${GCPROF_LIB:-$abs_top_builddir/lib/.libs/libgcprof.so}
[ -f "$lib" ] || skip_all "libgcprof.so is not built in this configuration"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

sed -n 's/^HOOK(\([A-Za-z0-9_]*\)[,)].*/\1/p' "$abs_top_srcdir/lib/hooks.def" |
	sort > "$work/listed"
"${NM:-nm}" -D --defined-only "$lib" | awk '{ print $3 }' | sort > "$work/exported"

plan 5
sort "$work/listed" | uniq -d | no_complaint "no name occurs twice in hooks.def"
comm -23 "$work/listed" "$work/exported" | no_complaint "every listed name is exported"
comm -13 "$work/listed" "$work/exported" | no_complaint "libgcprof.so exports nothing but these"
for name in malloc free _Znwm gcprof_snapshot; do
	grep -qx "$name" "$work/exported" || echo "$name"
done | no_complaint "C, C++ and gcprof's own calls are exported"
readelf -V "$lib" | grep 'version definition' |
	no_complaint "no exported name has a version, which would keep it from replacing libc's"
