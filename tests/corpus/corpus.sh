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
while read -r name kind _; do
	line=$(grep -E "^$name " "$T/table")
	outcome=${line##* }
	if [ "$kind" = innocent ]; then
		is "$name: nothing to warn of" "$outcome" ok || diag "$line"
	else
		is "$name: $kind" "$outcome" ok || diag "$line"
	fi
done < <(awk '!/^[ \t]*(#|$)/' "$SOURCES/tests/corpus/manifest")
diag_file "$T/errors"
done_testing
