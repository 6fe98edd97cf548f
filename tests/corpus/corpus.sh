#!/usr/bin/env bash
# corpus.sh -- each program of the corpus: what was planted is found, what is innocent
# is left alone.  A point for each, and each way of taking snapshots.
#
# `make check-corpus` has both levels in all modes.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built tests/corpus/programs/cache-chained-O2

corpus() { # ARGUMENT...
	abs_top_builddir=$abs_top_builddir GCPROF_LIB=$LIB GCPROF_ANALYZE=$ANALYZE \
		bash "$SOURCES/tests/corpus/run.sh" "$@" 2>>"$T/errors"
}

check() { # MODE LEVEL
	local mode=$1 level=$2 name kind line outcome sentence
	corpus -j 2 -m "$mode" -O "$level" >"$T/table"
	while read -r name kind _; do
		line=$(grep -E "^$name " "$T/table")
		# On a machine with much to do some thread may not get its turn, and a queue that
		# is drained too slowly is drained in time: what did not come out as it should runs
		# once more, alone.
		case $line in
		*' ok') ;;
		*) line=$(corpus -j 1 -m "$mode" -O "$level" "$name" | grep -E "^$name ") ;;
		esac
		outcome=${line##* }
		sentence="$name, -O$level, snapshots by $mode: $kind"
		[ "$kind" != innocent ] || sentence="$name, -O$level, snapshots by $mode: nothing to warn of"
		is "$sentence" "$outcome" ok || diag "$line"
	done < <(awk '!/^[ \t]*(#|$)/' "$SOURCES/tests/corpus/manifest")
}

check exit 1
check exit 2
check growth 2
check interval 2
diag_file "$T/errors"
done_testing
