/* blocks.h -- live blocks, in a shadow of the heap.
 *
 * In:   one fact per allocation or release, from interpose.c.
 * Out:  the tag of one address; a walk over all live blocks, for the writer.
 * Not here: stacks (unwind.h), what a site_id or a birth_id names (sites.h,
 *       epochs.h), usable sizes (backend.h).
 *
 * One 4-byte word stands for each 16 bytes of heap, so the shadow is a quarter
 * of the heap's size.  A block has the words of its own granules; backend.c
 * sees to it that every block has at least two (malloc(1) takes 32 bytes, as
 * it does in glibc), so that one of over 48 bytes has at least four:
 *
 *     word 0   1 | kind (3) | high 4 bits of bytes | site (24)
 *     word 1   0 | code (6) | birth (25)
 *              the top bit marks a start; code: the low 5 bits of bytes, or 63
 *              for more than BLOCKS_MAX_INLINE, where the high bits are 0
 *     word 2   0 | more (1) | low 30 bits of bytes       if the code is 63
 *     word 3   0 | next 31 bits of bytes                 if word 2 says more, as
 *              it does from a mebibyte on: such a block has pages of its own (large.h)
 *
 * Words 0 and 1 are written and read as one, so that most blocks cost one store
 * and one load, and the two never disagree but where they lie in two cache lines.
 *
 * A release turns word 0 into BLOCKS_RELEASED + site and leaves the rest: a
 * second free of the address is told from a free of something that never was a
 * block, and the site of the allocation is known, for as long as the granule is
 * not reused.  No word 1 has such a value (its code would be 49), nor a word 3,
 * nor a word 2 of a block below a mebibyte: the inside of a block is no released
 * block.  (Of a larger one it may be; who asks looks whether a block is around it.)
 *
 * When the allocator gives memory back to the system, so do we with the shadow's
 * pages for it (blocks_forget).  A free of what was there is then of something that
 * never was a block, as far as is known.
 *
 * INVARIANT  one-owner: see interpose.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_BLOCKS_H
#define GCPROF_BLOCKS_H

#include "arch.h"
#include "base.h"

struct block {
	uintptr_t addr; /* as handed to the program, a multiple of 16 */
	size_t bytes;   /* asked for, not the usable size */
	site_id site;
	birth_id birth; /* epoch and thread of the allocation */
	uint32_t kind;  /* enum heapfile_kind */
};

enum {
	BLOCKS_GRANULE_BITS = 4,
	BLOCKS_CHUNK_BITS = 26, /* bytes of heap that one shadow chunk covers */
	BLOCKS_ADDRESS_BITS = ARCH_ADDRESS_BITS,
	BLOCKS_BIRTHS = 1 << 25, /* birth_id must be below */
	BLOCKS_SITES = 1 << 24,  /* site_id must be below */
	BLOCKS_MAX_INLINE = 511, /* bytes; bigger blocks have four words */
	BLOCKS_LARGE_BITS = 20   /* from 2^20 bytes on, a block may be large.h's */
};
#define BLOCKS_START (1u << 31)
#define BLOCKS_RELEASED (49u << 25)
enum { BLOCKS_KIND_SHIFT = 28 };

/* Words 0 and 1, the first in the low half. */
typedef uint64_t __attribute__((may_alias, aligned(4))) blocks_tag;
#define BLOCKS_LOW_BITS (31ull << 57)
#define BLOCKS_HIGH_BITS (15ull << 24)
#define BLOCKS_CODE_MORE (63ull << 57)
#define BLOCKS_TAG_SITE(tag) ((site_id)(tag) & (BLOCKS_SITES - 1))
#define BLOCKS_TAG_BIRTH(tag) ((birth_id)((tag) >> 32) & (BLOCKS_BIRTHS - 1))
#define BLOCKS_TAG_KIND(tag) ((uint32_t)(tag) >> 28 & 7)
/* Of a tag that is not BLOCKS_IS_BIG. */
#define BLOCKS_TAG_BYTES(tag) ((size_t)(((tag) >> 57 & 31) | ((tag) >> 19 & 15 << 5)))
#define BLOCKS_IS_BIG(tag) ((tag) >> 62)

/* Shadow chunks by the high bits of the address. */
extern uint32_t *blocks_chunks[1 << (BLOCKS_ADDRESS_BITS - BLOCKS_CHUNK_BITS)] HIDDEN;

/* Words of the last granules' blocks that reach into the next chunk's heap
 * stand in the tail; `touched` has a byte for each 64 KiB of heap in which a
 * block ever started, and is followed by a word for each mebibyte, which
 * is large.c's. */
enum {
	BLOCKS_CHUNK_WORDS = 1 << (BLOCKS_CHUNK_BITS - BLOCKS_GRANULE_BITS),
	BLOCKS_TAIL_WORDS = 16,
	BLOCKS_TOUCH_BITS = 16,
	BLOCKS_TOUCHED = 1 << (BLOCKS_CHUNK_BITS - BLOCKS_TOUCH_BITS),
	BLOCKS_LARGE = 1 << (BLOCKS_CHUNK_BITS - BLOCKS_LARGE_BITS)
};

/* Make the chunk for an address.  Returns NULL and counts a loss if there is
 * no memory, or the address is none that a block can have. */
uint32_t *blocks_chunk_slow(uintptr_t addr);

static ALWAYS_INLINE uint32_t *
blocks_words(uint32_t *chunk, uintptr_t addr)
{
	return &chunk[(addr >> BLOCKS_GRANULE_BITS) & (BLOCKS_CHUNK_WORDS - 1)];
}

static ALWAYS_INLINE blocks_tag
blocks_tag_of(uint32_t kind, site_id site, birth_id birth)
{
	GCP_ASSERT(kind < 8);
	GCP_ASSERT(site < BLOCKS_SITES);
	GCP_ASSERT(birth < BLOCKS_BIRTHS);
	return (uint64_t)birth << 32 | BLOCKS_START | kind << BLOCKS_KIND_SHIFT | site;
}

/* What a size adds to it; words 2 and 3 are written if they are needed. */
static ALWAYS_INLINE blocks_tag
blocks_tag_bytes(uint32_t *w, size_t bytes)
{
	/* One multiplication puts the size to both of its places at once. */
	const uint64_t to_both = 1ull << 57 | 1ull << 19;
	bool is_more = bytes >> BLOCKS_LARGE_BITS;

	if (likely(bytes <= BLOCKS_MAX_INLINE))
		return bytes * to_both & (BLOCKS_LOW_BITS | BLOCKS_HIGH_BITS);
	relaxed_store(&w[2], (uint32_t)is_more << 30 | (uint32_t)(bytes & 0x3fffffff));
	if (unlikely(is_more))
		relaxed_store(&w[3], (uint32_t)(bytes >> 30) & 0x7fffffff);
	return BLOCKS_CODE_MORE;
}

static ALWAYS_INLINE void
blocks_tag_store(uint32_t *w, blocks_tag tag)
{
	GCP_ASSERT(tag & BLOCKS_START);
	GCP_ASSERT(!((uintptr_t)w & 3));
	/* x86 keeps stores in order, and so is the compiler to: the mark comes last. */
	signal_fence();
#ifdef __SANITIZE_THREAD__
	/* It does not know what x86 promises of such a store. */
	relaxed_store(&w[1], (uint32_t)(tag >> 32));
	release_store(&w[0], (uint32_t)tag);
#else
	*(volatile blocks_tag *)w = tag;
#endif
}

static ALWAYS_INLINE blocks_tag
blocks_tag_load(const uint32_t *w)
{
#ifdef __SANITIZE_THREAD__
	uint32_t first = acquire_load(&w[0]);

	return (uint64_t)relaxed_load(&w[1]) << 32 | first;
#else
	return *(const volatile blocks_tag *)w;
#endif
}

/* Where `touched` has the byte for an address. */
static ALWAYS_INLINE uint8_t *
blocks_touched(uint32_t *chunk, uintptr_t addr)
{
	return (uint8_t *)(chunk + BLOCKS_CHUNK_WORDS + BLOCKS_TAIL_WORDS) +
	       ((addr >> BLOCKS_TOUCH_BITS) & (BLOCKS_TOUCHED - 1));
}

/* large.c's word for the mebibyte that an address is in; NULL if there is no chunk, or,
 * for the second, no memory for one.  Zero at first. */
static ALWAYS_INLINE uint64_t *
blocks_large(uintptr_t addr)
{
	uint32_t *chunk;

	if (addr >> BLOCKS_ADDRESS_BITS ||
	    !(chunk = acquire_load(&blocks_chunks[addr >> BLOCKS_CHUNK_BITS])))
		return NULL;
	return (uint64_t *)(blocks_touched(chunk, 0) + BLOCKS_TOUCHED) +
	       (addr >> BLOCKS_LARGE_BITS & (BLOCKS_LARGE - 1));
}
uint64_t *blocks_large_make(uintptr_t addr);
/* Call f for each that is not zero. */
void blocks_large_walk(void (*f)(uintptr_t mebibyte, uint64_t word, void *with),
		       void *with);

/* Note that a block became live, or that one is another from now on.
 *
 * b        the address is a multiple of 16.  If the shadow chunk could not be
 *          mapped, the block stays unknown and LOSS_SHADOW has gone up.
 * Context  no lock; safe in a signal handler.
 * Cost     a store, two if the block is larger than BLOCKS_MAX_INLINE.
 */
static ALWAYS_INLINE void
blocks_put(const struct block *b)
{
	uint32_t *chunk, *w;
	uint8_t *touched;
	blocks_tag tag;

	if (unlikely(b->addr >> BLOCKS_ADDRESS_BITS) || unlikely(b->addr & 15) ||
	    unlikely(!(chunk = acquire_load(&blocks_chunks[b->addr >> BLOCKS_CHUNK_BITS])))) {
		chunk = blocks_chunk_slow(b->addr);
		if (!chunk)
			return;
	}
	GCP_ASSERT(!(b->addr & 15));
	w = blocks_words(chunk, b->addr);
	GCP_ASSERT(b->bytes <= PTRDIFF_MAX);
	tag = blocks_tag_of(b->kind, b->site, b->birth) | blocks_tag_bytes(w, b->bytes);
	touched = blocks_touched(chunk, b->addr);
	if (unlikely(!relaxed_load(touched)))
		relaxed_store(touched, 1);
	blocks_tag_store(w, tag);
}

/* Where to store the tag of a block if it takes no more than that; else NULL.  It
 * does where there is a chunk, and `touched` says that a block was near: the words
 * themselves are not read, so that nobody waits for their cache line.  addr: a
 * multiple of 16 of at most BLOCKS_ADDRESS_BITS; NULL has no chunk. */
static ALWAYS_INLINE uint32_t *
blocks_ready(uintptr_t addr)
{
	uint32_t *chunk = acquire_load(&blocks_chunks[addr >> BLOCKS_CHUNK_BITS]);

	GCP_ASSERT(!(addr & 15));
	GCP_ASSERT(!(addr >> BLOCKS_ADDRESS_BITS));
	if (unlikely(!chunk) || unlikely(!relaxed_load(blocks_touched(chunk, addr))))
		return NULL;
	return blocks_words(chunk, addr);
}

/* The size of a block of which the tag is known. */
static ALWAYS_INLINE size_t
blocks_bytes(const uint32_t *w, blocks_tag tag)
{
	uint32_t third;

	if (likely(!BLOCKS_IS_BIG(tag)))
		return BLOCKS_TAG_BYTES(tag);
	third = relaxed_load(&w[2]);
	if (likely(!(third >> 30 & 1)))
		return third & 0x3fffffff;
	return (third & 0x3fffffff) | (size_t)(relaxed_load(&w[3]) & 0x7fffffff) << 30;
}

/* Whether a block may be large.h's, as far as its size tells. */
static ALWAYS_INLINE bool
blocks_is_large(const uint32_t *w, blocks_tag tag)
{
	return unlikely(BLOCKS_IS_BIG(tag)) && unlikely(relaxed_load(&w[2]) >> 30 & 1);
}

/* A block of large.h's with fewer bytes than those have: tag it as they are. */
void blocks_tag_as_large(uintptr_t addr);

/* Read a start's words, of which the tag is known. */
static ALWAYS_INLINE void
blocks_read(const uint32_t *w, blocks_tag tag, struct block *ret)
{
	ret->site = BLOCKS_TAG_SITE(tag);
	ret->kind = BLOCKS_TAG_KIND(tag);
	ret->birth = BLOCKS_TAG_BIRTH(tag);
	ret->bytes = blocks_bytes(w, tag);
}

/* Make the block that an address is the start or the inside of one that is not
 * reported.  Returns false if there is none. */
bool blocks_ignore(uintptr_t addr);

enum blocks_state {
	BLOCKS_LIVE = 0,
	BLOCKS_FREED,  /* a block started here and was released */
	BLOCKS_NEVER,  /* none did, or its granule was used again */
	BLOCKS_OUTSIDE /* no heap of ours was ever near this address */
};

/* Look an address up.  ret is filled in for BLOCKS_LIVE, and its site for
 * BLOCKS_FREED. */
static ALWAYS_INLINE enum blocks_state
blocks_find(uintptr_t addr, struct block *ret)
{
	uint32_t *chunk, *w;
	blocks_tag tag;

	if (unlikely(addr >> BLOCKS_ADDRESS_BITS) ||
	    unlikely(!(chunk = acquire_load(&blocks_chunks[addr >> BLOCKS_CHUNK_BITS]))))
		return BLOCKS_OUTSIDE;
	if (unlikely(addr & 15))
		return BLOCKS_NEVER;
	w = blocks_words(chunk, addr);
	tag = blocks_tag_load(w);
	signal_fence(); /* x86 keeps loads in order */
	ret->addr = addr;
	if (likely(tag & BLOCKS_START)) {
		blocks_read(w, tag, ret);
		return BLOCKS_LIVE;
	}
	ret->site = (site_id)tag - BLOCKS_RELEASED;
	return ret->site < BLOCKS_SITES ? BLOCKS_FREED : BLOCKS_NEVER;
}

/* blocks_put where nobody has the address: one-owner (record.h). */
static ALWAYS_INLINE void
blocks_insert(const struct block *b)
{
	GCP_ASSERT(blocks_find(b->addr, &(struct block){0}) != BLOCKS_LIVE);
	blocks_put(b);
}

static ALWAYS_INLINE void
blocks_release(uint32_t *w, site_id site)
{
	GCP_ASSERT(site < BLOCKS_SITES);
	relaxed_store(&w[0], BLOCKS_RELEASED + site);
	/* The compiler must not let the release pass this; the hardware will not:
	 * the allocator's own synchronisation orders it for the next owner. */
	signal_fence();
}

/* Look the start of a live block up, and nothing else.  Returns 0 if it is none. */
static ALWAYS_INLINE blocks_tag
blocks_find_live(uintptr_t addr, uint32_t **ret_words)
{
	/* Too high an address and one that is no multiple of 16 are both seen in the
	 * high bits of this. */
	uint64_t granule = addr >> BLOCKS_GRANULE_BITS | addr << (64 - BLOCKS_GRANULE_BITS);
	uint32_t *chunk;
	blocks_tag tag;

	if (unlikely(granule >> (BLOCKS_ADDRESS_BITS - BLOCKS_GRANULE_BITS)))
		return 0;
	chunk = acquire_load(
		&blocks_chunks[granule >> (BLOCKS_CHUNK_BITS - BLOCKS_GRANULE_BITS)]);
	if (unlikely(!chunk))
		return 0;
	*ret_words = &chunk[granule & (BLOCKS_CHUNK_WORDS - 1)];
	tag = blocks_tag_load(*ret_words);
	return likely(tag & BLOCKS_START) ? tag : 0;
}

/* Note that a block that blocks_find called live is released; *before* the
 * allocator hears of it.
 *
 * BOUND  Two threads that free the same block within a few nanoseconds may
 * both find it live: the double free then reaches the allocator unnoticed. An
 * atomic exchange would see it, and cost each free more than all else here. */
static ALWAYS_INLINE void
blocks_remove(const struct block *b)
{
	uint32_t *chunk = acquire_load(&blocks_chunks[b->addr >> BLOCKS_CHUNK_BITS]);

	GCP_ASSERT(chunk && !(b->addr & 15));
	blocks_release(blocks_words(chunk, b->addr), b->site);
}

/* Give the shadow of [start, end) back, in whole pages.
 *
 * INVARIANT  nobody-home: no block is in there, and none can come to be before this
 * returns; the pages would take its tag along.  The allocator can say so of what it
 * is about to purge or unmap, and nobody else: no other thread is given such memory
 * before it has done so.
 *
 * Context  inside the allocator, which may hold its locks; safe in a signal handler.
 */
void blocks_forget(uintptr_t start, uintptr_t end);

/* Whether an address is inside a live block, or its start.  BOUND: of one that
 * starts at most 64 KiB below. */
bool blocks_is_inside(uintptr_t addr);

/* Whether a block ever started in [start, end), to within 64 KiB. */
bool blocks_ever_in(uintptr_t start, uintptr_t end);

/* Call f for each live block, by rising address; stops on non-zero and returns
 * it.  Context: exact if no other thread runs; else blocks that come and go
 * meanwhile may be missed or shown. */
int blocks_walk(int (*f)(const struct block *b, void *with), void *with);
/* The same where a sum is enough: what seems to be inside of a live block, because one of
 * the two is just going, is passed over.  Cost: the shadow of large blocks is not read. */
int blocks_walk_quickly(int (*f)(const struct block *b, void *with), void *with);

#endif
