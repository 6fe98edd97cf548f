/* test_fragmentation.c -- what a compaction would give back, and who pins it.
 *
 * In:   heaps of heapmaker.c: by hand, and at random with a model that looks at
 *       each 16 bytes of each page.
 * Out:  only its result.
 * Not here: real allocators (tests/e2e/fragmentation.sh).
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "detect/detect.h"
#include "detect/fragmentation.h"
#include "madeheap.h"
#include "model/heap.h"

enum { PAGE = 4096, BASE = 0x100000, N_SITES = 5, N_THREADS = 4, OLD_BIRTHS = 4 };

/* Sites 1..N_SITES; births 1..4 old and 5..8 young, of threads 1..4. */
static void
begin(struct maker *m, uint64_t page_bytes)
{
	uint32_t module;

	memset(m, 0, sizeof(*m));
	maker_number(m, "complete", 1);
	maker_number(m, "epoch", 10);
	maker_number(m, "promote", 2);
	if (page_bytes)
		maker_number(m, "page_bytes", page_bytes);
	module = maker_module(m, 0x400000, 0x10000, 0x400000, "", "/opt/demo");
	for (uint64_t i = 1; i <= N_SITES; i++)
		maker_site(m, 0, 0, module, i * 0x100, 1, 1);
	for (uint64_t i = 1; i <= N_THREADS; i++)
		maker_thread(m, i, "t");
	for (uint32_t i = 1; i <= N_THREADS; i++)
		maker_birth(m, 3, i, 0);
	for (uint32_t i = 1; i <= N_THREADS; i++)
		maker_birth(m, 10, i, 0);
	maker_section(m, HEAPFILE_BLOCKS);
}

static void
block(struct maker *m, uint64_t address, uint64_t usable, uint32_t site, uint32_t birth)
{
	maker_block(m, &(struct hf_block){address, usable, usable, site, birth, 0});
}

/* Measure what has been made. */
static struct fragmentation
measure(struct maker *m, struct fragmentation_site *sites, const uint32_t *leaders)
{
	struct heap *h = made_heap(m);
	struct fragmentation f;

	memset(sites, 0, (N_SITES + 1) * sizeof(*sites));
	assert_int_equal(fragmentation_measure(h, &f, sites, leaders), 0);
	heap_free(h);
	return f;
}

/* ---- by hand ---- */

static void
a_page_for_each_size_is_needed(void **state)
{
	struct fragmentation_site s[N_SITES + 1];
	struct fragmentation f;
	struct maker m;

	(void)state;
	begin(&m, PAGE);
	block(&m, BASE, 64, 1, 1);
	block(&m, BASE + PAGE, 128, 1, 1);
	f = measure(&m, s, NULL);
	assert_true(f.is_known);
	assert_int_equal(f.page_bytes, PAGE);
	assert_int_equal(f.pages, 2);
	assert_int_equal(f.used_bytes, 192);
	assert_int_equal(f.free_bytes, 2 * PAGE - 192);
	assert_int_equal(f.giveback_bytes, 0);
	assert_int_equal(f.pinned_bytes, 0);
	assert_int_equal(s[1].pages, 2);
	assert_int_equal(s[1].blocks.blocks, 2);
}

static void
survivors_share_what_they_pin(void **state)
{
	struct fragmentation_site s[N_SITES + 1];
	struct fragmentation f;
	struct maker m;
	double free_bytes = PAGE - 64, other = PAGE - 4 * 64, young = PAGE - 128, scale;

	(void)state;
	begin(&m, PAGE);
	block(&m, BASE, 64, 1, 1);
	/* Three old blocks of two sites and a young one. */
	block(&m, BASE + PAGE, 64, 1, 1);
	block(&m, BASE + PAGE + 128, 64, 1, 1);
	block(&m, BASE + PAGE + 256, 64, 2, 1);
	block(&m, BASE + PAGE + 512, 64, 3, 5);
	/* Only young ones: nobody is charged. */
	block(&m, BASE + 2 * PAGE, 64, 3, 5);
	block(&m, BASE + 2 * PAGE + 64, 64, 3, 5);
	f = measure(&m, s, NULL);
	assert_int_equal(f.pages, 3);
	assert_int_equal(f.giveback_bytes, 2 * PAGE);
	scale = 2 * PAGE / (free_bytes + other + young);
	assert_int_equal(f.pinned_bytes, (uint64_t)(scale * (free_bytes + other) + 0.5));
	assert_true(fabs(s[1].pinned_bytes - scale * (free_bytes + other * 2 / 3)) < 1e-6);
	assert_true(fabs(s[2].pinned_bytes - scale * other / 3) < 1e-6);
	assert_true(s[3].pinned_bytes <= 0);
	assert_int_equal(s[1].pages, 2);
	assert_int_equal(s[1].blocks.blocks, 3);
	assert_int_equal(s[1].blocks.bytes, 192);
	assert_int_equal(s[3].blocks.blocks, 0);
}

static void
sites_of_one_leader_share_their_pages(void **state)
{
	const uint32_t leaders[N_SITES + 1] = {0, 1, 1, 3, 4, 5};
	struct fragmentation_site s[N_SITES + 1];
	struct fragmentation f;
	struct maker m;

	(void)state;
	begin(&m, PAGE);
	for (uint64_t i = 0; i < 10; i++) {
		block(&m, BASE + i * PAGE, 64, 1, 1);
		block(&m, BASE + i * PAGE + 64, 64, 2, 1);
	}
	f = measure(&m, s, leaders);
	assert_int_equal(f.giveback_bytes, 9 * PAGE);
	assert_true(fabs(s[1].pinned_bytes - 9 * PAGE) < 1e-6);
	assert_int_equal(s[1].pages, 10);
	assert_int_equal(s[1].blocks.blocks, 20);
	assert_int_equal(s[2].pages, 0);
}

static void
full_pages_are_nobodys_fault(void **state)
{
	struct fragmentation_site s[N_SITES + 1];
	struct fragmentation f;
	struct maker m;

	(void)state;
	begin(&m, PAGE);
	for (uint64_t i = 0; i < 10 * PAGE / 64; i++)
		block(&m, BASE + i * 64, 60, 1, 1);
	f = measure(&m, s, NULL);
	assert_int_equal(f.pages, 10);
	assert_int_equal(f.used_bytes, 10 * PAGE);
	assert_int_equal(f.giveback_bytes, 0);
	assert_int_equal(s[1].pages, 0);
	assert_int_equal(s[1].blocks.blocks, 0);
}

/* 5120 bytes in a page and a quarter. */
static void
a_block_across_pages_pins_each(void **state)
{
	struct fragmentation_site s[N_SITES + 1];
	struct fragmentation f;
	struct maker m;

	(void)state;
	begin(&m, PAGE);
	for (uint64_t i = 0; i < 4; i++)
		block(&m, BASE + i * 4 * PAGE, 5120, 1, 1);
	f = measure(&m, s, NULL);
	assert_int_equal(f.pages, 8);
	assert_int_equal(f.used_bytes, 4 * 5120);
	assert_int_equal(f.giveback_bytes, 3 * PAGE); /* 20480 bytes are five pages */
	assert_int_equal(s[1].blocks.blocks, 4);
	assert_int_equal(s[1].pages, 4); /* the others are full */
}

static void
ends_of_large_blocks_do_not_count(void **state)
{
	const uint64_t huge = (uint64_t)1 << 40;
	struct fragmentation_site s[N_SITES + 1];
	struct fragmentation f;
	struct maker m;

	(void)state;
	begin(&m, PAGE);
	for (uint64_t i = 0; i < 100; i++)
		block(&m, BASE + i * 8 * PAGE + 64, 4 * PAGE, 1, 1);
	block(&m, BASE + huge + 64, huge, 1, 1);
	f = measure(&m, s, NULL);
	assert_int_equal(f.pages, 500 + huge / PAGE + 1);
	assert_int_equal(f.used_bytes, 400 * PAGE + huge);
	assert_int_equal(f.free_bytes, f.pages * PAGE - f.used_bytes);
	assert_int_equal(f.giveback_bytes, 0);
	assert_int_equal(s[1].pages, 0);
}

static void
a_page_for_each_thread_is_needed(void **state)
{
	struct fragmentation_site s[N_SITES + 1];
	struct fragmentation f;
	struct maker m;

	(void)state;
	begin(&m, PAGE);
	for (uint32_t i = 0; i < 12; i++)
		block(&m, BASE + i * (uint64_t)PAGE, 64, 1, 1 + i % 3);
	f = measure(&m, s, NULL);
	assert_int_equal(f.giveback_bytes, 9 * PAGE);
}

static void
without_a_page_size_nothing_is_known(void **state)
{
	static const uint64_t sizes[] = {0, 1, 16, 4095, 12288, (uint64_t)1 << 40};
	struct fragmentation_site s[N_SITES + 1];
	struct maker m;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		begin(&m, sizes[i]);
		block(&m, BASE, 64, 1, 1);
		assert_false(measure(&m, s, NULL).is_known);
	}
}

static void
an_empty_heap_has_no_pages(void **state)
{
	struct fragmentation_site s[N_SITES + 1];
	struct fragmentation f;
	struct maker m;

	(void)state;
	begin(&m, PAGE);
	f = measure(&m, s, NULL);
	assert_true(f.is_known);
	assert_int_equal(f.pages, 0);
	assert_int_equal(f.giveback_bytes, 0);
}

/* ---- at random ---- */

enum { MAX_PAGES = 64, MAX_BLOCKS = MAX_PAGES * PAGE / 16 };

struct model {
	struct hf_block blocks[MAX_BLOCKS];
	size_t n;
	uint64_t page_bytes, n_pages;
	/* By granule: block + 1. */
	uint32_t owner[MAX_PAGES * PAGE / 16];
};

static uint32_t seed;

static uint32_t
below(uint32_t limit)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % limit;
}

static uint64_t
rounded(uint64_t usable)
{
	return (usable + 15) & ~(uint64_t)15;
}

static void
make_random(struct model *w)
{
	static const uint32_t most[] = {64, 200, 3000, 9000, 40000};
	uint32_t largest = most[below(5)], gap = most[below(5)];
	uint64_t at = 0;

	memset(w, 0, sizeof(*w));
	w->page_bytes = below(4) ? PAGE : 1024;
	w->n_pages = MAX_PAGES * PAGE / w->page_bytes;
	for (;;) {
		uint64_t usable = 1 + below(below(10) ? largest : 40000);

		at += below(3) ? (uint64_t)below(gap) / 16 * 16 : 0;
		if (below(4))
			usable = rounded(usable);
		if (at + rounded(usable) > MAX_PAGES * PAGE)
			return;
		w->blocks[w->n++] =
			(struct hf_block){BASE + at,
					  usable,
					  usable,
					  1 + below(N_SITES),
					  1 + below(below(3) ? OLD_BIRTHS : 2 * OLD_BIRTHS),
					  0};
		for (uint64_t i = at; i < at + rounded(usable); i += 16)
			w->owner[i / 16] = (uint32_t)w->n;
		at += rounded(usable);
	}
}

struct page {
	uint64_t used;
	bool has_large;
	uint32_t n_old;
	bool has_old_of[N_SITES + 1];
	uint32_t n_old_of[N_SITES + 1];
};

/* What is in a page, granule by granule. */
static struct page
look(const struct model *w, uint64_t page)
{
	uint64_t n = w->page_bytes / 16;
	struct page p = {0};

	for (uint64_t i = page * n; i < (page + 1) * n; i++) {
		bool is_new = i == page * n || w->owner[i] != w->owner[i - 1];
		const struct hf_block *b;

		if (!w->owner[i])
			continue;
		b = &w->blocks[w->owner[i] - 1];
		p.used += 16;
		p.has_large |= rounded(b->usable) >= 4 * w->page_bytes;
		if (is_new && b->birth <= OLD_BIRTHS) {
			p.n_old++;
			p.n_old_of[b->site]++;
			p.has_old_of[b->site] = true;
		}
	}
	return p;
}

/* Pages for the parts, in pages without large blocks, of blocks of one size. */
static uint64_t
needed_for(const struct model *w, const bool *is_small, uint64_t size)
{
	bool threads[N_THREADS] = {false};
	uint64_t bytes = 0, n_threads = 0;

	for (uint64_t i = 0; i < MAX_PAGES * PAGE / 16; i++) {
		const struct hf_block *b;

		if (!w->owner[i] || !is_small[i * 16 / w->page_bytes])
			continue;
		b = &w->blocks[w->owner[i] - 1];
		if (rounded(b->usable) != size)
			continue;
		bytes += 16;
		threads[(b->birth - 1) % N_THREADS] = true;
	}
	for (size_t i = 0; i < N_THREADS; i++)
		n_threads += threads[i];
	return bytes ? (bytes + w->page_bytes - 1) / w->page_bytes + n_threads - 1 : 0;
}

static void
sum_up(const struct model *w, struct fragmentation *f, struct fragmentation_site *s)
{
	static bool is_small[MAX_PAGES * 4], pins[MAX_BLOCKS + 1];
	uint64_t n_small = 0, needed = 0, small_free = 0;
	double pinned = 0, scale;

	memset(f, 0, sizeof(*f));
	memset(s, 0, (N_SITES + 1) * sizeof(*s));
	memset(pins, 0, sizeof(pins));
	for (uint64_t i = 0; i < w->n_pages; i++) {
		struct page p = look(w, i);
		uint64_t free_bytes = w->page_bytes - p.used;

		is_small[i] = p.used && !p.has_large;
		if (!p.used)
			continue;
		f->pages++;
		f->used_bytes += p.used;
		f->free_bytes += free_bytes;
		if (!is_small[i])
			continue;
		n_small++;
		small_free += free_bytes;
		pinned += p.n_old ? (double)free_bytes : 0;
		for (uint32_t k = 1; k <= N_SITES && p.n_old; k++) {
			s[k].pinned_bytes += (double)free_bytes * p.n_old_of[k] / p.n_old;
			s[k].pages += free_bytes && p.has_old_of[k];
		}
		for (uint64_t g = 0; g < w->page_bytes / 16 && free_bytes; g++)
			pins[w->owner[i * (w->page_bytes / 16) + g]] = true;
	}
	for (uint64_t size = 16; size < 4 * w->page_bytes; size += 16)
		needed += needed_for(w, is_small, size);
	f->giveback_bytes = n_small > needed ? (n_small - needed) * w->page_bytes : 0;
	scale = small_free ? (double)f->giveback_bytes / (double)small_free : 0;
	f->pinned_bytes = (uint64_t)(pinned * scale + 0.5);
	for (size_t i = 0; i <= N_SITES; i++)
		s[i].pinned_bytes *= scale;
	for (size_t i = 0; i < w->n; i++)
		if (pins[i + 1] && w->blocks[i].birth <= OLD_BIRTHS) {
			s[w->blocks[i].site].blocks.blocks++;
			s[w->blocks[i].site].blocks.bytes += w->blocks[i].requested;
		}
}

static void
random_heaps_are_as_the_model_says(void **state)
{
	static struct model w;
	struct fragmentation_site got[N_SITES + 1], want[N_SITES + 1];
	struct fragmentation f, g;
	struct maker m;
	size_t n_given_back = 0;

	(void)state;
	for (seed = 1; seed < 400000000; seed += 2654435) {
		uint32_t of = seed;

		make_random(&w);
		seed = of;
		begin(&m, w.page_bytes);
		for (size_t i = 0; i < w.n; i++)
			maker_block(&m, &w.blocks[i]);
		f = measure(&m, got, NULL);
		sum_up(&w, &g, want);
		n_given_back += g.giveback_bytes > 0;
		if (f.pages != g.pages || f.used_bytes != g.used_bytes ||
		    f.free_bytes != g.free_bytes || f.giveback_bytes != g.giveback_bytes ||
		    f.pinned_bytes != g.pinned_bytes)
			fail_msg("seed %u: sums differ", of);
		for (size_t i = 1; i <= N_SITES; i++)
			if (fabs(got[i].pinned_bytes - want[i].pinned_bytes) > 1e-3 ||
			    got[i].pages != want[i].pages ||
			    got[i].blocks.blocks != want[i].blocks.blocks ||
			    got[i].blocks.bytes != want[i].blocks.bytes)
				fail_msg("seed %u: site %zu differs", of, i);
	}
	assert_in_range(n_given_back, 30, 1000);
}

/* ---- the verdict ---- */

static struct findings *
judge(struct maker *m, struct heap **ret)
{
	const struct detect_options options = {.suppressions = NULL};
	struct findings *all;

	*ret = made_heap(m);
	all = findings_new(*ret, NULL, &options);
	assert_non_null(all);
	return all;
}

/* So many pages with one old block each, and so many that are full. */
static void
sparse_and_full(struct maker *m, uint64_t n_sparse, uint64_t n_full)
{
	begin(m, PAGE);
	for (uint64_t i = 0; i < n_sparse; i++)
		block(m, BASE + i * PAGE, 64, i % 8 ? 1 : 2, 1);
	for (uint64_t i = 0; i < n_full; i++)
		block(m, BASE + (n_sparse + i) * PAGE, PAGE, 3, 1);
}

static void
much_that_is_pinned_is_a_warning(void **state)
{
	/* 4161 sparse pages need 66: 4095 are given back, one too few for 16 MiB. */
	static const struct {
		uint64_t n_sparse, n_full;
		const char *level;
	} rows[] = {
		{4161, 0, "note"},     {4162, 0, "warning"},  {4162, 12222, "warning"},
		{4162, 12223, "note"}, {4162, 36798, "note"}, {4162, 36799, NULL},
		{1041, 0, "note"},     {1040, 0, NULL},       {0, 10000, NULL},
		{0, 0, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct findings *all;
		struct maker m;
		struct heap *h;
		const char *level;

		sparse_and_full(&m, rows[i].n_sparse, rows[i].n_full);
		all = judge(&m, &h);
		assert_in_range(all->n, 0, 1);
		level = all->n ? finding_level_name(all->list[0].level) : NULL;
		if (!level != !rows[i].level ||
		    (level && strcmp(level, rows[i].level) != 0))
			fail_msg("row %zu: %s", i, level ? level : "nothing");
		findings_free(all);
		heap_free(h);
	}
}

static void
the_finding_is_at_the_site_that_pins_most(void **state)
{
	const struct finding *f;
	struct findings *all;
	struct maker m;
	struct heap *h;

	(void)state;
	sparse_and_full(&m, 8000, 0);
	all = judge(&m, &h);
	assert_int_equal(all->n, 1);
	f = &all->list[0];
	assert_string_equal(f->kind, "fragmentation");
	assert_string_equal(f->verdict, "pinned");
	assert_int_equal(f->site, 1);
	assert_int_equal(f->count.blocks, 7000);
	assert_int_equal(f->count.bytes, 7000 * 64);
	/* 7875 of 8000 pages, and seven eighths of them. */
	assert_string_equal(
		f->summary,
		"Fragmentation: compaction would free 30.8 MiB of 31.2 MiB; one site"
		" pins 26.9 MiB of it in 7,000 pages.");
	assert_string_equal(f->evidence[1],
			    "Another site pins 3.8 MiB of it, in 1,000 pages.");
	assert_non_null(f->advice);
	assert_int_equal(all->fragmentation.giveback_bytes, 7875 * PAGE);
	findings_free(all);
	heap_free(h);
}

static void
blocks_without_a_stack_are_told_apart(void **state)
{
	uint32_t special;
	struct findings *all;
	struct maker m;
	struct heap *h;

	(void)state;
	begin(&m, PAGE);
	special = maker_site(&m, 0, HEAPFILE_SITE_SPECIAL, 0, HEAPFILE_SPECIAL_UNSAMPLED,
			     1, 1);
	for (uint64_t i = 0; i < 8000; i++)
		block(&m, BASE + i * PAGE, 64, i % 4 ? special : 2, 1);
	all = judge(&m, &h);
	assert_int_equal(all->n, 1);
	assert_int_equal(all->list[0].site, 2);
	assert_string_equal(all->list[0].evidence[1],
			    "Blocks without a call stack pin 23.1 MiB of it.");
	findings_free(all);
	heap_free(h);
}

/* ---- what the allocator retains ---- */

#define MIB(n) ((uint64_t)(n) << 20)
#define SECONDS(n) ((uint64_t)(n)*1000000000)

/* A process after a minute, of so many MiB of rss, 10 of which are files, 2 the profiler's, 1
 * other; so many of the allocator's memory, 1 of them live. */
static void
retaining(struct maker *m, uint64_t rss, uint64_t heap)
{
	begin(m, PAGE);
	maker_number(m, "uptime_ns", SECONDS(60));
	maker_number(m, "rss", MIB(rss));
	maker_number(m, "rss_file", MIB(10));
	maker_number(m, "profiler_bytes", MIB(2));
	maker_number(m, "heap_resident", MIB(heap));
	maker_number(m, "live_resident", MIB(1));
	maker_number(m, "external_resident", MIB(rss - heap - 13));
}

/* At a time it had so many MiB of rss, and so many live. */
static void
was(struct maker *m, uint64_t seconds, uint64_t rss, uint64_t live)
{
	maker_epochs(m, &(struct hf_epochs){.first_epoch = seconds,
					    .n_epochs = 1,
					    .end_ns = SECONDS(seconds),
					    .rss = MIB(rss),
					    .heap_used = MIB(live)});
}

static void
the_parts_of_rss_add_up(void **state)
{
	struct maker m;
	struct heap *h;
	struct heap_rss x;

	retaining(&m, 100, 60);
	h = made_heap(&m);
	assert_true(heap_rss_parts(h, &x));
	assert_int_equal(x.live, MIB(1));
	assert_int_equal(x.allocator, MIB(59));
	assert_int_equal(x.mapped, MIB(27));
	assert_int_equal(x.files, MIB(10));
	assert_int_equal(x.profiler, MIB(2));
	assert_int_equal(x.other, MIB(1));
	/* What is swapped out is taken from the allocator's part, the last that is known. */
	h->info.rss = MIB(50);
	assert_true(heap_rss_parts(h, &x));
	assert_int_equal(x.live + x.allocator + x.mapped + x.files + x.profiler + x.other,
			 MIB(50));
	assert_int_equal(x.mapped, MIB(27));
	assert_int_equal(x.allocator, MIB(10));
	h->info.heap_resident = 0;
	assert_false(heap_rss_parts(h, &x));
	heap_free(h);
}

/* "note", "warning", or "" without a finding. */
static const char *
retention_of(struct maker *m)
{
	struct heap *h;
	struct findings *all = judge(m, &h);
	const char *level = "";

	for (size_t i = 0; i < all->n; i++)
		if (all->list[i].id == FINDING_RETAINED_PAGES) {
			level = finding_level_name(all->list[i].level);
			assert_int_equal(finding_gives_back(&all->list[i]),
					 h->info.heap_resident - h->info.live_resident);
			assert_int_equal(finding_is_quiet(&all->list[i]),
					 strcmp(level, "note") == 0);
		}
	findings_free(all);
	heap_free(h);
	return level;
}

static void
more_than_half_of_rss_and_16_mib_are_retained(void **state)
{
	struct maker m;

	retaining(&m, 100, 51);
	assert_string_equal(retention_of(&m), "");
	retaining(&m, 100, 52);
	assert_string_equal(retention_of(&m), "note");
	retaining(&m, 30, 16);
	assert_string_equal(retention_of(&m), "");
	retaining(&m, 30, 17);
	assert_string_equal(retention_of(&m), "note");
}

static void
what_is_retained_for_long_is_a_warning(void **state)
{
	struct maker m;

	retaining(&m, 100, 80);
	was(&m, 51, 100, 1);
	assert_string_equal(retention_of(&m), "note");
	retaining(&m, 100, 80);
	was(&m, 40, 100, 79);
	was(&m, 50, 100, 1);
	was(&m, 60, 100, 1);
	assert_string_equal(retention_of(&m), "warning");
	/* In between it was in use again. */
	retaining(&m, 100, 80);
	was(&m, 30, 100, 1);
	was(&m, 55, 100, 79);
	was(&m, 60, 100, 1);
	assert_string_equal(retention_of(&m), "note");
}

static void
where_survivors_pin_most_of_it_they_are_the_finding(void **state)
{
	struct findings *all;
	struct maker m;
	struct heap *h;

	retaining(&m, 60, 35);
	for (uint64_t i = 0; i < 8000; i++)
		block(&m, BASE + i * PAGE, 64, 1, 1);
	all = judge(&m, &h);
	assert_int_equal(all->n, 1);
	assert_int_equal(all->list[0].id, FINDING_PINNED_PAGES);
	assert_string_equal(all->list[0].evidence[all->list[0].n_evidence - 3],
			    "Of rss (60.0 MiB) 1.0 MiB is in live blocks, 34.0 MiB (56 %)"
			    " in the allocator's memory and in no block.");
	assert_int_equal(finding_gives_back(&all->list[0]),
			 all->fragmentation.pinned_bytes + 8000 * 64);
	findings_free(all);
	heap_free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_for_each_size_is_needed),
		cmocka_unit_test(survivors_share_what_they_pin),
		cmocka_unit_test(sites_of_one_leader_share_their_pages),
		cmocka_unit_test(full_pages_are_nobodys_fault),
		cmocka_unit_test(a_block_across_pages_pins_each),
		cmocka_unit_test(ends_of_large_blocks_do_not_count),
		cmocka_unit_test(a_page_for_each_thread_is_needed),
		cmocka_unit_test(without_a_page_size_nothing_is_known),
		cmocka_unit_test(an_empty_heap_has_no_pages),
		cmocka_unit_test(random_heaps_are_as_the_model_says),
		cmocka_unit_test(much_that_is_pinned_is_a_warning),
		cmocka_unit_test(the_finding_is_at_the_site_that_pins_most),
		cmocka_unit_test(blocks_without_a_stack_are_told_apart),
		cmocka_unit_test(the_parts_of_rss_add_up),
		cmocka_unit_test(more_than_half_of_rss_and_16_mib_are_retained),
		cmocka_unit_test(what_is_retained_for_long_is_a_warning),
		cmocka_unit_test(where_survivors_pin_most_of_it_they_are_the_finding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
