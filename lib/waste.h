/* waste.h -- what live blocks take and hold nothing in, or the same as others, by site.
 *
 * In:   the words of each block, as they are looked at for pointers.
 * Out:  the section WASTE of a snapshot.
 * Not here: the words (scan.h), which contents are different (distinct.h).
 *
 * Nothing is read for it: who goes through the blocks shows here what was copied.  Each byte
 * of a block counts as one thing at most:
 *
 *     untouched   in a page that is not there: nobody has written to it
 *     zero        in a block that has no other byte than zero
 *     tail        zeros behind the last other byte, in blocks of at least WASTE_LEAST_TAIL bytes
 *     copy        the rest of a block of which another of the site has the same size and content
 *
 * BOUND: pages that are not there are looked for in blocks of at least WASTE_BY_PAGES bytes; in
 * smaller ones, and where the kernel does not tell, they are zeros.
 * BOUND: only blocks of at least WASTE_LEAST_COMPARED bytes, all of which is there and could be
 * read, are compared with others.  distinct.h has what counts as the same, and when it is estimated.
 * BOUND: of a block part of which could not be read nothing counts.
 *
 * Context  the process that writes, one user at a time.
 * Memory   distinct.h's, and what the sites that have blocks take.
 * Cost     a multiplication for 16 bytes of a block, and an access to a table for each.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_WASTE_H
#define GCPROF_WASTE_H

#include "base.h"
#include "index.h"

enum { WASTE_LEAST_TAIL = 64, WASTE_LEAST_COMPARED = 16, WASTE_BY_PAGES = 64 << 10 };

/* Begin anew.  Returns false if there is no memory, and then nothing else is to be called. */
bool waste_begin(void);

void waste_block_begin(const struct index_block *b);
/* Words of it as they stand at `at`, by rising address.  What is behind the block in the last
 * one is zero, and there is room for a word behind them if their number is odd.
 *
 * n_set  of them are left without the zeros at the end */
void waste_words(uintptr_t *words, size_t n, size_t n_set, uintptr_t at);
/* A part of it cannot be shown. */
void waste_spoil(void);
void waste_block_end(const struct index_block *b);

/* Write it.  Returns n: one in n contents was compared. */
uint64_t waste_put(void);

#endif
