/* large.h -- blocks of a mebibyte and more, each in pages of its own.
 *
 * In:   backend.c's requests of at least LARGE_MIN bytes, if jemalloc is behind us.
 * Out:  the program's memory, on a page's boundary.
 * Not here: tags and sites (record.h); which requests go where (backend.h).
 *
 * A C library's malloc maps such blocks one by one: realloc moves their pages
 * (mremap) and copies nothing, memory that was never touched takes none.  jemalloc
 * copies, and gives blocks of 8 MiB and more back at each free, to be faulted in
 * again.  So they are taken from the kernel here.
 *
 * What is freed is kept for the next, as the C library keeps it at the top of its
 * heap (mallopt(3), M_MMAP_THRESHOLD: dynamic up to 32 MiB, and twice that at the
 * top): of blocks of up to LARGE_KEEP bytes, LARGE_KEPT in all, more while that does
 * not suffice and memory is mapped that was unmapped just before (LARGE_KEPT_MOST).
 * What lay unused for a second or two is unmapped at the end of an epoch, and all of
 * it by malloc_trim.  A request takes the smallest run that is large enough, from its
 * front; neighbours become one run again.
 *
 * Which addresses are blocks is known by a word for each mebibyte of the address space
 * (blocks_large): no two blocks begin in the same.  The free runs are words in a small
 * table.  Whoever changes a word from one value to another by compare-and-exchange owns
 * what it stood for.  So there is no lock, and a signal handler, another thread or a
 * child of fork finds every run either in the table or somebody else's; what another
 * thread had in its hands at a fork is lost to the child.
 *
 * INVARIANT  a block's word is written before its address is handed out, and cleared
 * before its pages go to the kernel or to another place: they may be somebody's at
 * once.
 * INVARIANT  nobody-home (blocks.h): the shadow of pages is given back before they are.
 *
 * Cost  of malloc and free: a look at 64 words; of a fresh mapping, the kernel's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_LARGE_H
#define GCPROF_LARGE_H

#include "arch.h"
#include "base.h"
#include "blocks.h"

enum {
	LARGE_MIN = 1 << BLOCKS_LARGE_BITS, /* bytes of a request */
	LARGE_KEEP = 32 << 20,
	LARGE_KEPT = 64 << 20,
	LARGE_KEPT_MOST = 256 << 20
};

static ALWAYS_INLINE bool
large_is_wanted(size_t bytes)
{
	return unlikely(bytes >= LARGE_MIN);
}

/* Bytes that a block at p has, 0 if none of ours begins there. */
size_t large_usable_slow(const void *p);
static ALWAYS_INLINE size_t
large_usable(const void *p)
{
	return likely((uintptr_t)p & (ARCH_PAGE - 1)) ? 0 : large_usable_slow(p);
}

/* bytes    at least LARGE_MIN, at most PTRDIFF_MAX
 * align    a power of two; 1 for any
 * Returns  NULL if the kernel refuses; errno is untouched.
 * Context  any: no lock, safe in signal handlers. */
void *large_alloc(size_t bytes, size_t align, bool is_zeros);
/* Returns false if p is no block of ours. */
bool large_free_slow(void *p);
/* The program has changed what these pages are: mapped, protected, locked, advised otherwise.
 * Blocks there are not kept for others.  BOUND: of a range that is longer than twice what
 * is kept at all, the first part. */
void large_changed(uintptr_t start, size_t bytes);
/* Whether that advice of madvise(2) changes only what is in the pages now. */
bool large_is_passing(int advice);
static ALWAYS_INLINE bool
large_free(void *p)
{
	return unlikely(!((uintptr_t)p & (ARCH_PAGE - 1))) && large_free_slow(p);
}

/* Give a block another size, of at least LARGE_MIN, maybe at another place; what it
 * gains beyond the usable bytes is zeros.  Returns NULL if the kernel refuses: the
 * block is what it was.  p: a block of ours. */
void *large_realloc(void *p, size_t bytes, size_t align);
/* The same in place: `bytes` and, if possible, up to `extra` more.  Returns what is
 * usable then. */
size_t large_resize(void *p, size_t bytes, size_t extra);
/* Bytes that a block of so many asked for has at least. */
size_t large_round(size_t bytes);

/* Unmap all that is kept. */
void large_unmap_kept(void);
/* At the end of an epoch: unmap what nobody took for a second. */
void large_tidy(uint64_t now_ns);

/* Bytes mapped. */
uint64_t large_mapped_bytes(void);
/* Call f for each run of pages that is ours, in use or kept. */
void large_regions(void (*f)(uintptr_t start, uintptr_t end, void *with), void *with);

void large_use_huge_pages(void);
void large_after_fork_child(void);

#endif
