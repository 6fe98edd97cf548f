#!/usr/bin/env bash
# large.sh -- blocks of a mebibyte and more: their pages are moved and not copied, kept
# for the next and not given back each time, and what is in them is the program's.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/large"

ran() { # MODE: with its points
	run_gcprof "$1" "$TARGETS/large" "$1"
	points_of "$T/$1.truth"
	is "large blocks ($1): the program ends as it would alone" "$status" 0 || diag_file "$T/$1.err"
}

ran sparse
ran grow
ran again
ran limit
ran mallocx
ran random
ok "the snapshot has the large blocks that live, and their sizes" \
	ledger "$(heap random)" "$T/random.truth"
ran threads
main=$(awk '$1 == "block" { print $2; exit }' "$T/threads.truth")
ok "the snapshot has the large blocks of four threads" \
	ledger "$(heap_of threads "$main")" "$T/threads.truth" "$main"
ran changed
ran handler
ok "the snapshot has the large blocks that a handler interrupted" \
	ledger "$(heap handler)" "$T/handler.truth"
ran wrong
is "a second free of a large block, and two of its inside, are reported" \
	"$(grep -cE 'gcprof\[[0-9]+\]: (double|invalid) free' "$T/wrong.err")" 3
ok "the snapshot has the large blocks after wrong frees" ledger "$(heap wrong)" "$T/wrong.truth"
done_testing
