/* backend.h -- the allocator behind the shim.
 *
 * In:   requests that interpose.c and operators.c have checked and counted.
 * Out:  the program's memory: from a private jemalloc, or, on request, from the
 *       allocator that the program would have had without us.
 * Not here: tags and sites.
 *
 * Blocks from LARGE_MIN bytes on are not jemalloc's, but large.h's.
 *
 * Every block is at least two granules (32 bytes) away from the next, as
 * blocks.h needs: requests are rounded up to 32 bytes for jemalloc, to 24 for
 * glibc, whose chunks of 24 usable bytes take 32.
 *
 * This file is the only door to jemalloc (jemalloc.h), but for what tsd.c does to open it
 * for a thread.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_BACKEND_H
#define GCPROF_BACKEND_H

#include "base.h"
#include "jemalloc.h"
#include "large.h"
#include "tsd.h"

#include <errno.h>

/* The next allocator's functions; all set before any is called. */
struct backend_next {
	void *(*malloc)(size_t);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void *(*memalign)(size_t, size_t);
	void (*free)(void *);
	size_t (*usable)(void *);
};
extern struct backend_next backend_next;
extern bool backend_is_system HIDDEN;
extern size_t backend_min_bytes HIDDEN;

/* Choose and prepare; before the first request.
 * Context  the very first allocation of the process, maybe the loader's. */
void backend_init(bool is_system, bool is_hugepages);

enum { BACKEND_ZERO = 0x40 }; /* MALLOCX_ZERO of jemalloc(3) */

/* Whether this thread may enter jemalloc; if not, there is no memory. */
static ALWAYS_INLINE bool
backend_enter(void)
{
	if (likely(tsd_ready()))
		return true;
	errno = ENOMEM;
	return false;
}

static ALWAYS_INLINE size_t
backend_room(size_t bytes)
{
	return bytes < backend_min_bytes ? backend_min_bytes : bytes;
}

/* jemalloc's ways, on a stack aside for a thread whose own is small. */
enum backend_way {
	BACKEND_MALLOC,
	BACKEND_CALLOC,
	BACKEND_REALLOC,
	BACKEND_FREE,
	BACKEND_MALLOCX,
	BACKEND_RALLOCX,
	BACKEND_DALLOCX
};
void *backend_aside(enum backend_way way, void *p, size_t bytes, int flags);

/* jemalloc has no memory in this thread's arena.  As glibc does then, look for some in
 * another: the first.
 *
 * p        a block to be moved there; NULL if there is none.
 * flags    MALLOCX_ZERO or alignment, as for mallocx.
 * Returns  NULL if there is none either.
 */
void *backend_elsewhere(void *p, size_t bytes, int flags);

/* malloc and realloc from or to LARGE_MIN bytes. */
void *backend_large(size_t bytes, size_t align, bool is_zeros);
void *backend_large_realloc(void *p, size_t bytes, size_t align, bool is_zeros);

/* All as the C functions of the name, but: realloc wants p and bytes non-zero,
 * calloc takes the product, memalign a power of two. NULL and ENOMEM on
 * failure. */
static ALWAYS_INLINE void *
backend_malloc(size_t bytes)
{
	if (unlikely(backend_is_system))
		return backend_next.malloc(backend_room(bytes));
	if (large_is_wanted(bytes))
		return backend_large(bytes, 1, false);
	void *p = !backend_enter()        ? NULL
		  : likely(!tsd_is_small) ? gcprof_je_malloc(backend_room(bytes))
					  : backend_aside(BACKEND_MALLOC, NULL, bytes, 0);

	return likely(p != NULL) ? p : backend_elsewhere(NULL, bytes, 0);
}

static ALWAYS_INLINE void *
backend_calloc(size_t bytes)
{
	if (unlikely(backend_is_system))
		return backend_next.calloc(1, backend_room(bytes));
	if (large_is_wanted(bytes))
		return backend_large(bytes, 1, true);
	void *p = !backend_enter()        ? NULL
		  : likely(!tsd_is_small) ? gcprof_je_calloc(1, backend_room(bytes))
					  : backend_aside(BACKEND_CALLOC, NULL, bytes, 0);

	return likely(p != NULL) ? p : backend_elsewhere(NULL, bytes, BACKEND_ZERO);
}

static ALWAYS_INLINE void *
backend_realloc(void *p, size_t bytes)
{
	if (unlikely(backend_is_system))
		return backend_next.realloc(p, backend_room(bytes));
	if (large_is_wanted(bytes) || large_usable(p))
		return backend_large_realloc(p, bytes, 1, false);
	void *q = !backend_enter()        ? NULL
		  : likely(!tsd_is_small) ? gcprof_je_realloc(p, backend_room(bytes))
					  : backend_aside(BACKEND_REALLOC, p, bytes, 0);

	return likely(q != NULL) ? q : backend_elsewhere(p, bytes, 0);
}

static ALWAYS_INLINE void
backend_free(void *p)
{
	if (unlikely(backend_is_system))
		backend_next.free(p);
	else if (large_free(p) || !tsd_ready_for_free())
		return; /* done; or its memory is lost */
	else if (likely(!tsd_is_small))
		gcprof_je_free(p);
	else
		(void)backend_aside(BACKEND_FREE, p, 0, 0); /* returns nothing */
}

/* The same if the allocator is known to be jemalloc, and the thread to have been there
 * (tsd_is_complete), for up to BACKEND_QUICK_MAX bytes: for more, it has no quick way
 * itself; and free for what is not large.h's, as record_free_quick sees to. */
enum { BACKEND_QUICK_MAX = 4096 };
static ALWAYS_INLINE void *
backend_malloc_quick(size_t bytes)
{
	return gcprof_je_malloc(bytes < JEMALLOC_MIN ? JEMALLOC_MIN : bytes);
}

static ALWAYS_INLINE void
backend_free_quick(void *p)
{
	gcprof_je_free(p);
}

void *backend_memalign(size_t align, size_t bytes);
/* Usable bytes of a live block; takes no lock of jemalloc's. */
size_t backend_usable(void *p);

/* mallocx and its family, flags as jemalloc defines them. */
void *backend_mallocx(size_t bytes, int flags);
void *backend_rallocx(void *p, size_t bytes, int flags);
size_t backend_xallocx(void *p, size_t bytes, size_t extra, int flags);
void backend_dallocx(void *p, int flags);
size_t backend_nallocx(size_t bytes, int flags);
int backend_mallctl(const char *name, void *old, size_t *old_bytes, void *new,
		    size_t new_bytes);
int backend_mallctlnametomib(const char *name, size_t *mib, size_t *n);
int backend_mallctlbymib(const size_t *mib, size_t n, void *old, size_t *old_bytes,
			 void *new, size_t new_bytes);
void backend_stats_print(void (*write)(void *, const char *), void *with, const char *opts);
/* Give unused memory back.  Returns 1 if some was. */
int backend_trim(size_t pad);
/* At the end of an epoch. */
void backend_tidy(uint64_t now_ns);

/* Have the allocator set up what it keeps for this thread, so that
 * backend_usable takes no lock in the child of a fork.  Context: inside the
 * guard, or in a signal handler that has not interrupted it. */
void backend_warm_up(void);

/* Bytes that the allocator has mapped now.
 * Context  signal safe with jemalloc; with the next allocator it asks
 *          mallinfo2 only if may_lock. */
uint64_t backend_mapped_bytes(bool may_lock);

/* Whether an address is in the allocator's memory, as far as can be told. */
bool backend_has(const void *p);

/* Whether an address that is no block of ours may be one of the C library's malloc: it
 * is not in jemalloc's memory, or the next allocator is the C library's. */
bool backend_is_beside_libc(const void *p);

/* Call f for each region of memory that is jemalloc's or large.h's. */
void backend_regions(void (*f)(uintptr_t start, uintptr_t end, void *with), void *with);

/* Around fork, as pthread_atfork calls its functions. */
void backend_before_fork(void);
void backend_after_fork_parent(void);
void backend_after_fork_child(void);

#endif
