#!/usr/bin/env bash
# sparse.sh -- what a snapshot costs follows the memory in use, not the address space:
# memory of up to 2^46 bytes with two pages in use is gone through, and the pointers in
# it are found.  Page by page it would take minutes or hours, and the limit ends it.
#
# SPDX-License-Identifier: MIT
# shellcheck source-path=SCRIPTDIR/../..
. "${srcdir:-.}/tests/e2e/init.sh"

require_built "$TARGETS/sparse"
GCPROF_TESTS_TIMEOUT=60

shows() { # WHAT KIND BITS [no-scan] [child]
	local what=$1 name
	shift
	name=$(IFS=-; echo "$*")
	run_gcprof "$name" "$TARGETS/sparse" "$@"
	is "$what: the program ends, with its snapshot" "$status $(n_heaps "$name")" "0 1" ||
		diag_file "$T/$name.err"
	is "$what: the pointers in it are found, and the lost block is lost" \
		"$(records "$(heap "$name")" block | cut -f2 | grep -cE '^[123]000$') $(summary "$(heap "$name")" '.leaks.definite.bytes')" \
		"3 3000"
}

shows "a mapping of 2^46 bytes" private 46
shows "a mapping of 2^46 bytes, written by a child" private 46 child
shows "a mapping of 2^46 bytes that libc knows nothing of" raw 46
shows "a heap block of 16 GiB" heap 34
shows "a shared mapping of 64 GiB" shared 36
shows "a mapping that was given back" dropped 30
shows "a mapping of 2^44 bytes where the kernel has no PAGEMAP_SCAN" private 44 no-scan
shows "a heap block of 16 GiB where the kernel has no PAGEMAP_SCAN" heap 34 no-scan child
GCPROF_ALLOCATOR=system shows "a mapping of 2^46 bytes that libc knows nothing of, with the system's allocator" raw 46 child
done_testing
