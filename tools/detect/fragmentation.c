/* fragmentation.c -- see fragmentation.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "detect/fragmentation.h"

#include <stdlib.h>
#include <string.h>

enum { GRANULE = 16, MIN_PAGE = 256, MAX_PAGE = 4 << 20 };

/* Small blocks of one size. */
struct size_class {
	uint64_t bytes;                                   /* in pages of small blocks */
	uint64_t threads[FRAGMENTATION_MAX_THREADS / 64]; /* a bit for each that has one */
};

/* INVARIANT  the page: blocks first..last, and no others, have a part in the open
 * page, since blocks come by rising address and do not overlap. */
struct sweep {
	const struct heap *h;
	struct fragmentation *sums;
	struct fragmentation_site *sites; /* charged in free bytes until the end */
	const uint32_t *leaders;
	struct size_class *classes; /* by size / GRANULE */
	uint64_t page_bytes, large_bytes;
	uint64_t small_pages; /* without a part of a large block */
	uint64_t small_free;  /* bytes free in these */
	uint64_t pinned_free; /* of these, in pages with an old block */
	/* The open page. */
	bool is_open, has_large;
	uint64_t page, used;
	uint32_t first, last;
	uint32_t n_counted; /* blocks below have been counted at their sites */
};

struct extent {
	uint64_t start, end;
};

static struct extent
extent_of(const struct heap *h, uint32_t block)
{
	uint64_t start = heap_block_address(&h->blocks[block]);
	uint64_t end = start + heap_block_usable(h, block);

	return (struct extent){start, (end + GRANULE - 1) & ~(uint64_t)(GRANULE - 1)};
}

static uint64_t
part_in_page(const struct sweep *s, struct extent e, uint64_t page)
{
	uint64_t start = page * s->page_bytes, end = start + s->page_bytes;

	return (e.end < end ? e.end : end) - (e.start > start ? e.start : start);
}

static void
count_in_class(struct sweep *s, uint32_t block)
{
	struct extent e = extent_of(s->h, block);
	struct size_class *c = &s->classes[(e.end - e.start) / GRANULE];
	uint32_t thread =
		s->h->births[s->h->blocks[block].birth].thread % FRAGMENTATION_MAX_THREADS;

	c->bytes += part_in_page(s, e, s->page);
	c->threads[thread / 64] |= (uint64_t)1 << thread % 64;
}

static bool
is_old(const struct heap *h, uint32_t block)
{
	return h->births[h->blocks[block].birth].is_old;
}

/* A block that has a part of a page's free bytes to answer for. */
static void
charge_block(struct sweep *s, uint32_t block, double share)
{
	const struct heap_block *b = &s->h->blocks[block];
	uint32_t node = s->leaders ? s->leaders[b->site] : b->site;
	struct fragmentation_site *site = &s->sites[node];

	site->pinned_bytes += share;
	if (site->last_page != s->page + 1) {
		site->last_page = s->page + 1;
		site->pages++;
	}
	if (block >= s->n_counted) {
		s->n_counted = block + 1;
		site->blocks.blocks++;
		site->blocks.bytes += heap_block_requested(b);
	}
}

static void
charge_page(struct sweep *s, uint64_t free_bytes)
{
	uint32_t n_old = 0;

	for (uint32_t i = s->first; i <= s->last; i++)
		n_old += is_old(s->h, i);
	if (n_old == 0)
		return;
	s->pinned_free += free_bytes;
	for (uint32_t i = s->first; s->sites && i <= s->last; i++)
		if (is_old(s->h, i))
			charge_block(s, i, (double)free_bytes / n_old);
}

static void
close_page(struct sweep *s)
{
	uint64_t free_bytes = s->page_bytes - s->used;

	if (!s->is_open)
		return;
	s->is_open = false;
	s->sums->pages++;
	s->sums->used_bytes += s->used;
	s->sums->free_bytes += free_bytes;
	if (s->has_large)
		return;
	s->small_pages++;
	s->small_free += free_bytes;
	for (uint32_t i = s->first; i <= s->last; i++)
		count_in_class(s, i);
	if (free_bytes)
		charge_page(s, free_bytes);
}

static void
add_part(struct sweep *s, uint32_t block, struct extent e, uint64_t page)
{
	if (!s->is_open || s->page != page) {
		close_page(s);
		s->is_open = true;
		s->has_large = false;
		s->page = page;
		s->used = 0;
		s->first = block;
	}
	s->last = block;
	s->used += part_in_page(s, e, page);
	s->has_large |= e.end - e.start >= s->large_bytes;
}

static void
add_block(struct sweep *s, uint32_t block)
{
	struct extent e = extent_of(s->h, block);
	uint64_t first = e.start / s->page_bytes, last = (e.end - 1) / s->page_bytes;

	add_part(s, block, e, first);
	if (e.end - e.start >= s->large_bytes && last - first > 1) {
		/* What is between its ends may be terabytes. */
		s->sums->pages += last - first - 1;
		s->sums->used_bytes += (last - first - 1) * s->page_bytes;
		first = last - 1;
	}
	while (first < last)
		add_part(s, block, e, ++first);
}

static uint64_t
pages_needed(const struct sweep *s)
{
	uint64_t needed = 0;

	for (size_t i = 0; i < s->large_bytes / GRANULE; i++) {
		const struct size_class *c = &s->classes[i];
		uint64_t n_threads = 0;

		for (size_t k = 0; k < sizeof(c->threads) / sizeof(*c->threads); k++)
			n_threads += (uint64_t)__builtin_popcountll(c->threads[k]);
		if (c->bytes)
			needed += (c->bytes + s->page_bytes - 1) / s->page_bytes +
				  n_threads - 1;
	}
	return needed;
}

/* From free bytes to what of them would be given back: less what even side by side
 * would be free. */
static void
settle(struct sweep *s)
{
	uint64_t needed = pages_needed(s);
	double scale;

	if (s->small_pages > needed)
		s->sums->giveback_bytes = (s->small_pages - needed) * s->page_bytes;
	scale = s->small_free ? (double)s->sums->giveback_bytes / (double)s->small_free : 0;
	s->sums->pinned_bytes = (uint64_t)(scale * (double)s->pinned_free + 0.5);
	for (uint32_t i = 0; s->sites && i <= s->h->n_nodes; i++)
		s->sites[i].pinned_bytes *= scale;
}

int
fragmentation_measure(const struct heap *heap, struct fragmentation *ret,
		      struct fragmentation_site *sites, const uint32_t *leaders)
{
	uint64_t page = heap->info.page_bytes;
	struct sweep s = {.h = heap,
			  .sums = ret,
			  .sites = sites,
			  .leaders = leaders,
			  .page_bytes = page};

	memset(ret, 0, sizeof(*ret));
	if (page < MIN_PAGE || page > MAX_PAGE || (page & (page - 1)) != 0)
		return 0;
	s.large_bytes = page * FRAGMENTATION_LARGE_PAGES;
	s.classes = calloc(s.large_bytes / GRANULE, sizeof(*s.classes));
	if (!s.classes)
		return -1;
	ret->is_known = true;
	ret->page_bytes = page;
	for (uint32_t i = 0; i < heap->n_blocks; i++)
		add_block(&s, i);
	close_page(&s);
	settle(&s);
	free(s.classes);
	return 0;
}
