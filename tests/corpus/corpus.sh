#!/usr/bin/env bash
# corpus.sh -- each program of the corpus: what was planted is found, what is innocent
# is left alone.  A point for each.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built tests/corpus/programs/cache-chained
abs_top_builddir=$abs_top_builddir GCPROF_LIB=$LIB GCPROF_ANALYZE=$ANALYZE \
	bash "$SOURCES/tests/corpus/run.sh" -j 2 >"$T/table" 2>"$T/errors" || true
# On a machine with much to do some thread may not get its turn, and a queue that is
# drained too slowly is drained in time: what did not come out as it should runs
# once more, alone.
again() { # NAME
	GCPROF_LIB=$LIB GCPROF_ANALYZE=$ANALYZE bash "$SOURCES/tests/corpus/run.sh" -j 1 "$1" 2>>"$T/errors" |
		grep -E "^$1 "
}
while read -r name kind _; do
	line=$(grep -E "^$name " "$T/table")
	case $line in
	*' ok') ;;
	*) line=$(again "$name") ;;
	esac
	outcome=${line##* }
	if [ "$kind" = innocent ]; then
		is "$name: nothing to warn of" "$outcome" ok || diag "$line"
	else
		is "$name: $kind" "$outcome" ok || diag "$line"
	fi
done < <(awk '!/^[ \t]*(#|$)/' "$SOURCES/tests/corpus/manifest")
diag_file "$T/errors"
done_testing
