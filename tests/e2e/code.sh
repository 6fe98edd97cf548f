#!/usr/bin/env bash
# code.sh -- blocks whose address stands in instructions that the program has made.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/code"
[ "$(uname -m)" = x86_64 ] || skip_all "the program makes code for x86-64"
export GCPROF_SNAPSHOT=none

while read -r kind what; do
	run_gcprof "$kind" "$TARGETS/code" "$kind"
	points_of "$T/$kind.truth"
	file=$(heap "$kind")
	blocks=$(definite "$file")
	between "$what: what is lost is found" "$blocks" 8 16
	is "$what: what the code holds is not lost" "$(summary "$file" .leaks.definite.bytes)" $((blocks * 4321))
done <<'END'
small code in a few pages
large code in a large area of which little is there
read-only code that can be written to no more
END
done_testing
