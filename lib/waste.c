/* waste.c -- see waste.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "waste.h"
#include "distinct.h"
#include "heapfile_write.h"
#include "mem.h"
#include "sites.h"

#include <string.h>

/* So many at a time, so that multiplications need not wait for one another. */
#define LANES ((size_t)4)

struct waste_site {
	uint64_t zero_blocks, zero_bytes;
	uint64_t tail_blocks, tail_bytes;
	uint64_t untouched_bytes;
	uint64_t compared, compared_bytes; /* without tails */
	uint64_t distinct, distinct_bytes; /* of these, as far as distinct.h keeps them */
};

static struct {
	struct waste_site *sites; /* by number, up to `end` */
	size_t room;              /* bytes */
	site_id end;
} all;

/* The block that is gone through. */
static struct {
	uintptr_t next; /* behind the words that were shown */
	uintptr_t last; /* behind the last byte that is not zero; 0 = none so far */
	uint64_t absent, absent_behind; /* of these, behind `last` */
	bool is_spoiled;
	/* The hash, of pairs of words: zeros are put into it when something else follows. */
	uint64_t zero_pairs;
	uint32_t lane; /* of the next pair that is put in */
	uint64_t lanes[LANES];
} now;

/* Numbers without a pattern; no two alike, as equal ones would undo one another. */
static const uint64_t keys[LANES] = {0x9e3779b97f4a7c15, 0xc2b2ae3d27d4eb4f,
				     0xd6e8feb86659fd93, 0xa0761d6478bd642f};
static const uint64_t seeds[LANES] = {0xe7037ed1a0b428db, 0x8ebc6af09c88c6e3,
				      0x589965cc75374cc3, 0x1d8e4e27c47d124f};

bool
waste_begin(void)
{
	site_id end = sites_end() > SITE_FIRST ? sites_end() : SITE_FIRST;
	size_t bytes = end * sizeof *all.sites;

	bytes = (bytes + MEM_PAGE - 1) & ~(size_t)(MEM_PAGE - 1);
	if (bytes <= all.room) {
		mem_drop(all.sites, all.room);
	} else {
		all.sites = mem_map(2 * bytes);
		all.room = all.sites ? 2 * bytes : 0;
	}
	all.end = end;
	return all.sites && distinct_begin();
}

/* Both halves of the product: each bit of a and b changes about half of the result's. */
static ALWAYS_INLINE uint64_t
mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

void
waste_block_begin(const struct index_block *b)
{
	now.next = b->addr;
	now.last = 0;
	now.absent = now.absent_behind = 0;
	now.is_spoiled = false;
	now.zero_pairs = 0;
	now.lane = 0;
	memcpy(now.lanes, seeds, sizeof now.lanes);
}

static ALWAYS_INLINE uint64_t
add_pair(uint64_t so_far, uint32_t lane, const uintptr_t *pair)
{
	return mix(pair[0] ^ so_far, pair[1] ^ keys[lane]);
}

static ALWAYS_INLINE void
step(const uintptr_t *pair)
{
	now.lanes[now.lane] = add_pair(now.lanes[now.lane], now.lane, pair);
	now.lane = (now.lane + 1) % (uint32_t)LANES;
}

/* A pair's lane is that of its offset in the block, wherever the words were parted. */
static void
add_words(const uintptr_t *words, size_t n_pairs)
{
	static const uintptr_t zeros[2];
	const uintptr_t *w = words, *end = words + 2 * n_pairs;
	uint64_t a, b, c, d;

	for (; now.zero_pairs; now.zero_pairs--)
		step(zeros);
	for (; w < end && now.lane; w += 2)
		step(w);
	a = now.lanes[0];
	b = now.lanes[1];
	c = now.lanes[2];
	d = now.lanes[3];
	for (; end - w >= (ptrdiff_t)(2 * LANES); w += 2 * LANES) {
		a = add_pair(a, 0, w);
		b = add_pair(b, 1, w + 2);
		c = add_pair(c, 2, w + 4);
		d = add_pair(d, 3, w + 6);
	}
	if (w < end)
		a = add_pair(a, 0, w);
	if (w + 2 < end)
		b = add_pair(b, 1, w + 2);
	if (w + 4 < end)
		c = add_pair(c, 2, w + 4);
	now.lane += (uint32_t)(end - w) / 2;
	now.lanes[0] = a;
	now.lanes[1] = b;
	now.lanes[2] = c;
	now.lanes[3] = d;
}

/* Nothing was shown up to there. */
static void
pass_absent(uintptr_t at)
{
	now.absent += at - now.next;
	now.absent_behind += at - now.next;
}

void
waste_words(uintptr_t *words, size_t n, size_t n_set, uintptr_t at)
{
	GCP_ASSERT(at >= now.next);
	GCP_ASSERT(n_set <= n && (!n_set || words[n_set - 1]));
	pass_absent(at);
	now.next = at + 8 * n;
	if (n_set) {
		now.last = at + 8 * n_set - (size_t)__builtin_clzll(words[n_set - 1]) / 8;
		now.absent_behind = 0;
	}
	if (now.absent || now.is_spoiled)
		return; /* not compared */
	if (n % 2)
		words[n++] = 0;
	if (n_set)
		add_words(words, (n_set + 1) / 2);
	now.zero_pairs += n / 2 - (n_set + 1) / 2;
}

void
waste_spoil(void)
{
	now.is_spoiled = true;
}

static uint64_t
hash(site_id site, size_t bytes)
{
	uint64_t h = mix(now.lanes[0] ^ bytes, now.lanes[1] ^ keys[1]) ^
		     mix(now.lanes[2] ^ site, now.lanes[3] ^ keys[3]);

	return mix(h ^ seeds[0], (h >> 32) ^ keys[0]);
}

void
waste_block_end(const struct index_block *b)
{
	uintptr_t end = b->addr + b->bytes;
	struct waste_site *s = &all.sites[b->site < all.end ? b->site : SITE_FULL];
	uint64_t tail;

	if (now.next < end)
		pass_absent(end);
	if (now.is_spoiled || !b->site || !b->bytes)
		return;
	s->untouched_bytes += now.absent;
	if (!now.last) {
		s->zero_blocks += now.absent < b->bytes;
		s->zero_bytes += b->bytes - now.absent;
		return;
	}
	tail = b->bytes >= WASTE_LEAST_TAIL ? end - now.last - now.absent_behind : 0;
	if (tail) {
		s->tail_blocks++;
		s->tail_bytes += tail;
	}
	if (now.absent || b->bytes < WASTE_LEAST_COMPARED)
		return;
	s->compared++;
	s->compared_bytes += b->bytes - tail;
	distinct_add(hash(b->site, b->bytes), b->site, b->bytes - tail);
}

/* ---- the section --------------------------------------------------------- */

static void
add_distinct(const struct distinct *content, void *with)
{
	struct waste_site *s = &all.sites[content->site];

	(void)with;
	s->distinct++;
	s->distinct_bytes += content->bytes;
}

static uint64_t
square_root(uint64_t v)
{
	uint64_t r = 0;

	while ((r + 1) * (r + 1) <= v)
		r++;
	return r;
}

/* What a part of the contents stands for.  It errs to more: two standard deviations, and a
 * few where there are hardly any, so that there are hardly ever fewer copies than it says. */
static void
scale(struct waste_site *s, unsigned shift)
{
	uint64_t part = s->distinct;

	s->distinct = (part + 2 * square_root(part) + 4) << shift;
	s->distinct_bytes =
		(part ? s->distinct_bytes / part : s->compared_bytes / s->compared) *
		s->distinct;
	if (s->distinct >= s->compared || s->distinct_bytes > s->compared_bytes) {
		s->distinct = s->compared;
		s->distinct_bytes = s->compared_bytes;
	}
}

static void
put_site(site_id id, struct waste_site *s, unsigned shift)
{
	if (s->compared && shift)
		scale(s, shift);
	if (!s->zero_blocks && !s->tail_blocks && !s->untouched_bytes &&
	    s->distinct == s->compared)
		return;
	heapfile_record();
	heapfile_put(id);
	heapfile_put(s->zero_blocks);
	heapfile_put(s->zero_bytes);
	heapfile_put(s->tail_blocks);
	heapfile_put(s->tail_bytes);
	heapfile_put(s->untouched_bytes);
	heapfile_put(s->compared);
	heapfile_put(s->distinct);
	heapfile_put(s->compared_bytes - s->distinct_bytes);
}

uint64_t
waste_put(void)
{
	unsigned shift = distinct_end(add_distinct, NULL);
	site_id id;

	heapfile_section(HEAPFILE_WASTE);
	for (id = 1; id < all.end; id++)
		put_site(id, &all.sites[id], shift);
	return 1ull << shift;
}
