#!/usr/bin/env bash
# entry-points.sh -- every way to allocate, in C, in C++ and in jemalloc's style.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/entry" "$TARGETS/cxx"

run_gcprof ledger "$TARGETS/entry" ledger
is "a program that allocates in every way of C ends well" "$status" 0
ok "the snapshot of a program that allocates in every way of C is whole" valid "$(heap ledger)"
ok "the live set is exactly its ledger, block by block: size and kind of every C entry point" \
	ledger --exactly "$(heap ledger)" "$T/ledger.truth"
is "the program says nothing it would not say alone" "$(cat "$T/ledger.out" "$T/ledger.err")" ""

GCPROF_SAMPLE=64K run_gcprof sampled "$TARGETS/entry" ledger
ok "with sampling the live set is as exact, only stacks are fewer" \
	ledger --exactly "$(heap sampled)" "$T/sampled.truth"
for run in ledger sampled; do
	is "what the sites allocated adds up to what the process did: $run" \
		"$(json "$(heap $run)" '[.sites[] | .allocations] + [.sites[] | .allocated_bytes] | add')" \
		"$(json "$(heap $run)" '.totals | .allocations + .allocated_bytes')"
done
# 10 MB at one sample in 16 KiB: 610 expected, give or take 25.
GCPROF_SAMPLE=16K run_gcprof many "$TARGETS/entry" many
between "the number of sampled stacks is as asked for" "$(json "$(heap many)" \
	'[.sites[] | select(any(.frames[]; .function == "many")) | .allocations] | add // 0')" 450 770

run_gcprof contract "$TARGETS/entry" contract
is "the C contract runs to its end" "$status" 0
points_of "$T/contract.truth"
run_plain contract-plain "$TARGETS/entry" contract
is "the C contract is the one that the C library keeps by itself" \
	"$(grep -c '^not ok' "$T/contract-plain.truth")" 0

run_gcprof extra "$TARGETS/entry" extra
is "sized frees and cfree keep errno" "$status" 0
points_of "$T/extra.truth"
ok "the live set is exact after sized frees and cfree" ledger "$(heap extra)" "$T/extra.truth"

run_gcprof mallocx "$TARGETS/entry" mallocx
is "jemalloc's interface works" "$status" 0
points_of "$T/mallocx.truth"
ok "the live set is exact with mallocx and its like" ledger "$(heap mallocx)" "$T/mallocx.truth"

run_gcprof cxx "$TARGETS/cxx" ledger
is "a program that allocates in every way of C++ ends well" "$status" 0
ok "the live set is its ledger for every form of new and delete" ledger "$(heap cxx)" "$T/cxx.truth"
is "no matching form of delete is reported" "$(records "$(heap cxx)" bad)" ""
is "no matching C function is reported" "$(records "$(heap ledger)" bad; records "$(heap extra)" bad)" ""

run_gcprof cxx-contract "$TARGETS/cxx" contract
is "the C++ contract runs to its end" "$status" 0
points_of "$T/cxx-contract.truth"
done_testing
