#!/bin/sh
# installcheck.sh -- the installed gcprof profiles a program, by itself.
#
# In: bindir, libdir and includedir of the installation; abs_top_builddir.
#
# SPDX-License-Identifier: MIT
set -eu
: "${bindir:?}" "${libdir:?}" "${includedir:?}" "${abs_top_builddir:?}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

die() {
	echo "installcheck: $*" >&2
	exit 1
}

program=$abs_top_builddir/examples/demo
for file in "$libdir/libgcprof.so" "$bindir/gcprof" "$bindir/gcprof-analyze" "$includedir/gcprof.h" \
	"$libdir/pkgconfig/gcprof.pc"; do
	[ -s "$file" ] || die "$file is missing"
done
"$program" > plain.out
LD_PRELOAD=$libdir/libgcprof.so GCPROF_OUTPUT=one.heap "$program" > one.out
"$bindir/gcprof" run --output=two.heap -- "$program" > two.out
cmp plain.out one.out
cmp plain.out two.out
for heap in one.heap two.heap; do
	[ -s $heap ] || die "no $heap"
	"$bindir/gcprof-analyze" $heap > report
	grep -q remember_user report || die "the report on $heap does not name the demo's session table"
done
"$bindir/gcprof" check --fail-on=never -- "$program" > three.out 2> report
cmp plain.out three.out
grep -q '^gcprof: 1 process checked' report || die "gcprof check does not check"
printf '#include <gcprof.h>\nint main(void) { return gcprof_snapshot() == -1 ? 0 : 1; }\n' > call.c
${CC:-cc} -I"$includedir" -o call call.c
./call || die "a program with gcprof.h does not run without gcprof"
echo "installcheck: passed"
