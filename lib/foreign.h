/* foreign.h -- blocks of the C library's own heap.
 *
 * In:   addresses given to free, realloc, malloc_usable_size that are no block of ours.
 * Out:  whether such an address is a block of glibc's malloc; if so, glibc's own
 *       functions for it.
 * Not here: what is said of an address that is neither (record.c).
 *
 * Though we stand in for malloc, not every block comes from us: a library can be bound to
 * the C library's own malloc (by __libc_malloc, by its own symbols, by RTLD_DEEPBIND in
 * ways that we do not see), and what it allocates may end in a free that is ours.  It has
 * no tag and does not lie in the memory of our allocator.  The same is true of a wild
 * pointer, which must never reach glibc's free; so the block's header has to be what
 * glibc's malloc writes, and its memory where glibc's malloc has memory:
 *
 *     main arena    below the program's break, and above where that was at our start
 *     other arenas  in a heap of up to 64 MiB, aligned to as much, whose own header fits
 *     mapped        a mapping of its own, of whole pages, which no module and no mmap of
 *                   the program's has, nor the stack of the main thread or of this one
 *
 * Of the first two the header behind it must say that the block is in use, too; and it
 * must not be one that a thread's cache or a fast bin keeps, which look so.
 *
 * BOUND  with glibc.malloc.hugetlb=2, heaps of other arenas are larger than 64 MiB: frees
 * of their blocks are taken for invalid.  So are those of main-arena blocks where the
 * break could not grow and malloc went on with mappings.
 *
 * Sources  glibc, malloc/malloc.c (the comment "Details" on chunks; tcache_entry's key;
 *          PROTECT_PTR) and malloc/arena.c (heap_info).
 * Context  any, but for foreign_free, foreign_usable: outside the guard, as they take
 *          locks of the C library's that a stopped thread may hold.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_FOREIGN_H
#define GCPROF_FOREIGN_H

#include "base.h"

/* At the start, before the program's code. */
void foreign_init(void);

/* Whether p, no live block of ours, is a live one of the C library's for all that can
 * be seen. */
bool foreign_is(const void *p);

/* The C library's free, and malloc_usable_size. */
void foreign_free(void *p);
size_t foreign_usable(void *p);

/* Blocks so released. */
extern uint64_t foreign_frees; /* atomic */

#endif
