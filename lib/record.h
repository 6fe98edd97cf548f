/* record.h -- what the wrappers do before and after the real call.
 *
 * In:   one allocation or release, from interpose.c and operators.c.
 * Out:  the tag in blocks.h, counts in thread.h, the end of epochs.
 * Not here: the C library's rules for each function (interpose.c).
 *
 * INVARIANT  one-owner: the shadow holds at most one tag per address, and that
 * tag tells of the block the program owns there now.
 *
 * Two orders keep it, and nothing else does:
 *     allocate:  p = backend_malloc(n)  then  record_alloc(p)
 *     release:   record_free(p)         then  backend_free(p)
 *
 * Turn the second pair round and another thread can be given p, and tag it,
 * between our two steps; our late removal then wipes out a block that is
 * alive.  realloc is a release and an allocation in one call, so the old tag is
 * lifted out first and put back if the call returns NULL.
 *
 * The price: between its two steps a live block may be unknown for a moment.
 * A snapshot taken then undercounts it by one; it can never show freed memory
 * as live.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_RECORD_H
#define GCPROF_RECORD_H

#include "base.h"
#include "blocks.h"
#include "books.h"
#include "heapfile.h"
#include "thread.h"

/* Where the exported function that uses it was called from. */
#define CALLER()                                                                         \
	((struct caller){.pc = (uintptr_t)__builtin_return_address(0),                   \
			 .sp = (uintptr_t)__builtin_frame_address(0) + 16,               \
			 .bp = *(uintptr_t *)__builtin_frame_address(0)})

extern bool record_is_ready; /* session_boot has run */

/* Make ready; the very first call of all. Context: outside the guard. */
void record_boot(void);

/* Enter, booting if need be.  Returns false if inside already. */
static ALWAYS_INLINE bool
record_enter(void)
{
	if (unlikely(!record_is_ready))
		record_boot();
	return thread_enter();
}

void record_pending(void);
static ALWAYS_INLINE void
record_leave(void)
{
	if (unlikely(thread_leave()))
		record_pending();
}

/* After a successful allocation inside the guard. */
void record_alloc(void *p, size_t bytes, enum heapfile_kind kind, const struct caller *c);
/* The same for one that came when this thread was inside already. */
void record_alloc_nested(void *p, size_t bytes, enum heapfile_kind kind);

/* Before the release of p, not NULL.  by: the kind of allocation that this
 * function releases (MALLOC, NEW, NEW_ARRAY).
 * Returns false if p is no live block: it must not be released. ret, if not
 * NULL, gets the tag, for record_restore. */
bool record_free(void *p, enum heapfile_kind by, const struct caller *c, struct block *ret);
bool record_free_nested(void *p, struct block *ret);
/* A reallocation failed: the block is what it was. */
void record_restore(const struct block *b);

void record_growth(const struct block *old, const void *now);
/* After record_alloc: what was `old` has so many bytes now.  Counted if it became
 * larger, and is large or a survivor: born under another birth_id than this thread's. */
static ALWAYS_INLINE void
record_grown(const struct block *old, const void *now, size_t bytes)
{
	const struct thread *t = thread_tls.state;

	if (bytes > old->bytes && t &&
	    unlikely(bytes >= BOOKS_LARGE || old->birth != t->birth))
		record_growth(old, now);
}

/* A block changed its size where it stands. */
void record_resize(struct block *b, size_t bytes);

/* The site of a caller, for mappings; and this thread's birth. Inside the guard. */
site_id record_site(const struct caller *c);
birth_id record_birth(void);

/* Frees that were wrong. */
struct record_bad {
	uint32_t kind; /* enum heapfile_bad; 0 = entry unused; written last */
	uint32_t is_claimed;
	uint64_t count;
	uintptr_t addr;
	site_id site, allocated;
};
enum { RECORD_MAX_BAD = 1024 };
extern struct record_bad record_bad[RECORD_MAX_BAD];

#endif
