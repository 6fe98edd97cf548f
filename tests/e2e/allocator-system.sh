#!/usr/bin/env bash
# allocator-system.sh -- GCPROF_ALLOCATOR=system keeps the same books over the C library's heap.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/entry" "$TARGETS/cxx" "$TARGETS/threads" "$TARGETS/life"
export GCPROF_ALLOCATOR=system

run_gcprof ledger "$TARGETS/entry" ledger
is "every entry point works over the system's allocator" "$status" 0
ok "the live set is exact over the system's allocator" ledger --exactly "$(heap ledger)" "$T/ledger.truth"
is "the snapshot says which allocator it was" "$(info "$(heap ledger)" allocator)" system

run_gcprof contract "$TARGETS/entry" contract
is "the contract runs to its end" "$status" 0
points_of "$T/contract.truth"

run_gcprof cxx "$TARGETS/cxx" ledger
ok "C++ forms are exact over the system's allocator" ledger "$(heap cxx)" "$T/cxx.truth"
run_gcprof cxx-contract "$TARGETS/cxx" contract
points_of "$T/cxx-contract.truth"

run_gcprof threads "$TARGETS/threads" 4 50000
is "threads end well" "$status" 0
ok "the live set is exact after cross-thread frees" ledger "$(heap threads)" "$T/threads.truth"

run_gcprof life "$TARGETS/life"
is "destructors and atexit handlers run" "$status" 3
ok "the live set is exact after them" ledger "$(heap life)" "$T/life.truth"

run_gcprof fork "$TARGETS/forks" threaded 100
is "forks of a threaded program come to an end" "$status" 0
points_of "$T/fork.truth"
done_testing
