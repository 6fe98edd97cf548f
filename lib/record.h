/* record.h -- what the wrappers do before and after the real call.
 *
 * In:   one allocation or release, from interpose.c and operators.c.
 * Out:  the tag in blocks.h, counts in thread.h, the end of epochs.
 * Not here: the C library's rules for each function (interpose.c).
 *
 * INVARIANT  one-owner: the shadow holds at most one tag per address, and that
 * tag describes the block the program owns there now.
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

#include "arch.h"
#include "base.h"
#include "blocks.h"
#include "books.h"
#include "heapfile.h"
#include "thread.h"
#include "unwind.h"

/* The frame of the exported function that uses it says where that was called
 * from: it begins with the caller's frame pointer and the return address.
 * Source: x86-64 psABI, 3.2.2. */
struct record_frame {
	uintptr_t bp, pc;
};
#define FRAME() ((const struct record_frame *)__builtin_frame_address(0))
#define CALLER_OF(frame)                                                                 \
	((struct caller){                                                                \
		.pc = (frame)->pc, .sp = (uintptr_t)((frame) + 1), .bp = (frame)->bp})
#define CALLER() CALLER_OF(FRAME())

/* Let this thread take the quick way from now on, if it may. Inside the guard. */
void record_consider_quick(void);

/* malloc's family is released by free, new by delete, new[] by delete[]; blocks
 * that are not reported, by all. */
static ALWAYS_INLINE bool
record_is_family(uint32_t kind, enum heapfile_kind by)
{
	const uint32_t new = 1u << HEAPFILE_KIND_NEW,
		       array = 1u << HEAPFILE_KIND_NEW_ARRAY,
		       ignored = 1u << HEAPFILE_KIND_IGNORED;
	uint32_t released = by == HEAPFILE_KIND_NEW         ? new | ignored
			    : by == HEAPFILE_KIND_NEW_ARRAY ? array | ignored
							    : ~(new | array);

	return released >> kind & 1;
}

/* After a successful allocation inside the guard. */
void record_alloc(void *p, size_t bytes, enum heapfile_kind kind, const struct caller *c);
/* The same for one that came when this thread was inside already. */
void record_alloc_nested(void *p, size_t bytes, enum heapfile_kind kind);

/* A stopped thread's vector registers are roots: ours, and the allocator's, must
 * not be left in them where they would hold what the program loses.
 * BOUND: between samples, the quick way uses none and leaves what the allocator's
 * slow way left; at the latest they are cleared when the thread reads the clock. */
static ALWAYS_INLINE void
record_clear_vectors(void)
{
	arch_clear_vectors();
}

/* The quick way, for most of all calls: record_alloc where that needs neither the
 * clock nor a sample's stack, nor new memory for the shadow.
 *
 * t        from thread_enter_quick.
 * p        may be NULL.
 * bytes    not 0, which would count as 1 for samples.
 * Returns  where record_tag is to put the tag, the block being counted; NULL if it
 *          is not so simple, and nothing has been done.
 */
static ALWAYS_INLINE uint32_t *
record_alloc_quick(struct thread *t, void *p, size_t bytes)
{
	uint64_t spent = t->spent + bytes + THREAD_PER_BLOCK;
	uint32_t *words = blocks_ready((uintptr_t)p);

	GCP_ASSERT(bytes && (thread_tls.guard & 0xff) == 1 && t == thread_tls.state);
	if (unlikely(!words) || unlikely(spent > t->stop) ||
	    unlikely(t->epoch != epochs_current()))
		return NULL;
	relaxed_store(&t->spent, spent);
	relaxed_store(&t->allocations, t->allocations + 1);
	if (unlikely(bytes > BLOCKS_MAX_INLINE))
		t->last_big = (uintptr_t)p;
	return words;
}

/* Of the usual site, or the site of its stack where there is no usual one. */
static ALWAYS_INLINE void
record_tag(struct thread *t, uint32_t *words, size_t bytes, enum heapfile_kind kind,
	   const struct caller *c)
{
	blocks_tag tag = t->tag;

	GCP_ASSERT(BLOCKS_TAG_SITE(tag) == t->usual && !BLOCKS_TAG_KIND(tag));
	GCP_ASSERT(BLOCKS_TAG_BIRTH(tag) == t->birth);
	GCP_ASSERT(!(blocks_tag_load(words) & BLOCKS_START)); /* one-owner */
	if (likely(!t->usual)) {
		site_id site = unwind_site(t->unwind, c);

		thread_count(t, site, bytes);
		record_clear_vectors();
		tag |= site;
	}
	blocks_tag_store(words, tag | (uint64_t)kind << BLOCKS_KIND_SHIFT |
					blocks_tag_bytes(words, bytes));
}

/* Before the release of p, not NULL.  by: the kind of allocation that this
 * function releases (MALLOC, NEW, NEW_ARRAY).
 * Returns false if p is no live block: it must not be released. ret, if not
 * NULL, gets the tag, for record_restore. */
bool record_free(void *p, enum heapfile_kind by, const struct caller *c, struct block *ret);
bool record_free_nested(void *p, struct block *ret);

/* record_free where p is a block that this thread allocated just now, and not one of
 * large.h's.
 * Returns  false if it is not, or record_free is to sample it, and has done nothing.
 */
static ALWAYS_INLINE bool
record_free_quick(struct thread *t, void *p, enum heapfile_kind by)
{
	uint32_t *words;
	blocks_tag tag = blocks_find_live((uintptr_t)p, &words);

	if (unlikely(!tag) || unlikely(BLOCKS_TAG_BIRTH(tag) != t->recent) ||
	    unlikely(t->epoch != epochs_current()) ||
	    unlikely(!record_is_family(BLOCKS_TAG_KIND(tag), by)) ||
	    blocks_is_large(words, tag))
		return false;
	blocks_release(words, BLOCKS_TAG_SITE(tag));
	relaxed_store(&t->quick_frees, t->quick_frees + 1);
	relaxed_store(&t->quick_bytes, t->quick_bytes + blocks_bytes(words, tag));
	return true;
}

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

/* A block stayed where it is, and may have fewer bytes than others of its sort. */
void record_left(const void *p);

/* A block changed its size where it stands. */
void record_resize(struct block *b, size_t bytes);

/* The site of a caller, for mappings; and this thread's birth. Inside the guard. */
site_id record_site(const struct caller *c);
birth_id record_birth(void);

#endif
