#!/usr/bin/env bash
# returned.sh -- the profiler's own memory, of a program that frees nearly all of its own.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/returned"
MIB=$((1 << 20))

bound() { # FILE: bytes that the profiler may have
	echo $(($(info "$1" heap_used) / 4 + 8 * MIB))
}

run_gcprof returned "$TARGETS/returned" 400
is "the program ends well" "$status" 0
mapfile -t files < <(heaps returned)
is "the program has taken its snapshots" "${#files[@]}" 3
between "with 400 MiB of blocks the profiler has at most a quarter of it and 8 MiB" \
	"$(info "${files[0]}" profiler_bytes)" $((50 * MIB)) "$(bound "${files[0]}")"
between "nearly all is freed" "$(info "${files[1]}" heap_used)" 0 $((8 * MIB))
between "the profiler returns its memory after nearly all blocks are freed" \
	"$(info "${files[1]}" profiler_bytes)" 0 "$(bound "${files[1]}")"
ok "the live set is exact, though threads allocated meanwhile" \
	ledger "${files[2]}" "$T/returned.truth"
ok "nothing was lost" valid "${files[2]}"
is "no free is reported as wrong" "$(records "${files[2]}" bad)" ""
done_testing
