# shellcheck shell=bash
# points.sh -- what the tests of commands begin with: a directory of their own, points.
#
# Sourced after tests/lint/tap.sh.  Sets analyze, unit, work, and n, the number of points
# so far; the working directory is then $work, which is removed at the end.
#
# SPDX-License-Identifier: MIT

# shellcheck disable=SC2034 # for the scripts
analyze=${GCPROF_ANALYZE:-$abs_top_builddir/tools/gcprof-analyze}
# shellcheck disable=SC2034
unit=$abs_top_builddir/tests/unit
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
n=0

ok() { # SENTENCE COMMAND...
	local sentence=$1
	shift
	n=$((n + 1))
	if "$@" > seen 2>&1; then
		echo "ok $n - $sentence"
	else
		echo "not ok $n - $sentence"
		{ echo "failed: $*"; head -n 20 seen; } | sed 's/^/# /'
	fi
}

skip() { # SENTENCE REASON: a failure where nothing may be left out
	n=$((n + 1))
	if [ -n "${GCPROF_TESTS_REQUIRE:-}" ]; then
		echo "not ok $n - $1: $2"
	else
		echo "ok $n - $1 # SKIP $2"
	fi
}
