# tap.sh -- what the lint scripts share; sourced by them.
#
# A check is a list of complaints: no complaint, and it passes.
#
# SPDX-License-Identifier: MIT
# shellcheck shell=sh

: "${abs_top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${abs_top_builddir:=$abs_top_srcdir}"
LC_ALL=C
export LC_ALL

plan() { echo "1..$1"; }

skip_all() {
	# GCPROF_TESTS_REQUIRE=1: what is needed was said to be there.
	if [ "${GCPROF_TESTS_REQUIRE:-0}" = 1 ]; then
		echo "Bail out! needed but missing: $1"
		exit 1
	fi
	echo "1..0 # SKIP $1"
	exit 0
}

# no_complaint NAME: reads complaints from standard input.  Unnumbered, since
# the end of a pipe cannot count.
no_complaint() {
	tap_lines=$(cat)
	if [ -z "$tap_lines" ]; then
		echo "ok - $1"
	else
		echo "not ok - $1"
		printf '%s\n' "$tap_lines" | sed 's/^/# /'
	fi
}
