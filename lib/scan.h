/* scan.h -- the graph of a cut: words that point to blocks.
 *
 * In:   the index of blocks; the areas that hold the program's own variables.
 * Out:  the sections EDGES, OBJECT_WORDS and ROOTS of a snapshot.
 * Not here: what is reachable (the analyzer computes it).
 *
 * Conservative: any aligned word that has the value of an address in a block
 * counts as a pointer to it; in code that the program makes, any value in an instruction.  Memory of the allocator, of the profiler, and of
 * freed blocks is never a root.
 *
 * Context  the child of a cut, or the only thread that runs.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_SCAN_H
#define GCPROF_SCAN_H

#include "base.h"

/* Where our own frames are, full of addresses of blocks: if the thread that asks
 * runs on a coroutine's stack, in a block or a mapping of the program's. */
void scan_pass_over(uintptr_t start, uintptr_t end);

/* Before all: whether nobody else runs, so that memory may be opened (maps.h). */
void scan_begin(bool may_open);
/* Bytes of blocks and roots that hold something and that could not be read. */
uint64_t scan_unread_bytes(void);

/* Write EDGES and OBJECT_WORDS.  The index is complete.
 *
 * with_waste  show each block to waste.h, which has begun */
void scan_blocks(bool with_waste);

/* From here on, only pages that are there are looked at, however few: a load of another
 * may have to be answered by a thread that is stopped (userfaultfd(2)). */
void scan_pass_absent(bool is_passed);

/* Begin ROOTS. */
void scan_roots_begin(void);
/* One area; words that cannot be read are passed over, and counted. */
void scan_root(uint32_t kind, uint32_t owner, uintptr_t start, uintptr_t end);

/* The same of code that the program makes while it runs: the values in its instructions,
 * at any byte.  The edges name the word in which a value begins. */
void scan_root_code(uint32_t kind, uint32_t owner, uintptr_t start, uintptr_t end);

/* Values that somebody holds elsewhere than in memory (registers, the kernel);
 * they stand nowhere, so their address in the file is 0. */
void scan_root_words(uint32_t kind, uint32_t owner, const uintptr_t *words, uint32_t n);

#endif
