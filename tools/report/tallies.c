/* tallies.c -- see tallies.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/tallies.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/columns.h"
#include "util/text.h"

enum { BAR = 24, MOST_THREADS = 20 };

#define SIZE(v) text_size(v, (char[24]){0}, 24)
#define COUNT(v) text_count(v, (char[32]){0}, 32)

/* ---- sums ---- */

unsigned
tally_size_class(uint64_t bytes)
{
	unsigned i = bytes ? 63u - (unsigned)__builtin_clzll(bytes) : 0;

	return i < TALLY_SIZES ? i : TALLY_SIZES - 1;
}

void
tallies_by_size(const struct report *r, struct tally_size ret[TALLY_SIZES])
{
	const struct heap *h = r->heap;

	memset(ret, 0, TALLY_SIZES * sizeof(*ret));
	for (uint32_t i = 0; i < h->n_blocks; i++) {
		uint64_t bytes = heap_block_requested(&h->blocks[i]);
		struct tally_size *t = &ret[tally_size_class(bytes)];

		if (!heap_filter_passes(h, &r->options.filter, h->blocks[i].birth))
			continue;
		heap_count_add(&t->live, bytes);
		t->usable_bytes = heap_sum(t->usable_bytes, heap_block_usable(h, i));
	}
}

struct heap_count *
tallies_by_thread(const struct report *r)
{
	const struct heap *h = r->heap;
	struct heap_count *sums = calloc((size_t)h->n_threads + 1, sizeof(*sums));

	for (uint32_t i = 0; sums && i < h->n_blocks; i++) {
		const struct heap_block *b = &h->blocks[i];

		if (heap_filter_passes(h, &r->options.filter, b->birth))
			heap_count_add(&sums[h->births[b->birth].thread],
				       heap_block_requested(b));
	}
	return sums;
}

/* ---- text ---- */

static double
percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void
write_sizes(const struct report *r, FILE *f)
{
	struct tally_size sizes[TALLY_SIZES];
	uint64_t most = 0;
	size_t n = 0;

	tallies_by_size(r, sizes);
	for (size_t i = 0; i < TALLY_SIZES; i++) {
		most = sizes[i].live.bytes > most ? sizes[i].live.bytes : most;
		n += sizes[i].live.blocks > 0;
	}
	if (n < 2)
		return;
	layout_heading(f, "Live blocks by size");
	fprintf(f, "  %10s %14s %10s %10s\n", "from", "blocks", "bytes", "slack");
	for (size_t i = 0; i < TALLY_SIZES; i++) {
		const struct tally_size *t = &sizes[i];
		int bar = (int)(percent(t->live.bytes, most) * BAR / 100 + 0.5);

		if (!t->live.blocks)
			continue;
		fprintf(f, "  %10s %14s %10s %8.1f %%", SIZE(i ? 1ull << i : 0),
			COUNT(t->live.blocks), SIZE(t->live.bytes),
			percent(t->usable_bytes - t->live.bytes, t->usable_bytes));
		if (!layout_is_narrow(f) && bar)
			fprintf(f, "  %.*s", bar, "########################");
		putc('\n', f);
	}
}

/* By falling bytes. */
struct row {
	struct heap_count live;
	uint32_t thread;
};

static int
compare_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->live.bytes != y->live.bytes)
		return x->live.bytes < y->live.bytes ? 1 : -1;
	return (x->thread > y->thread) - (x->thread < y->thread);
}

static void
write_thread(const struct report *r, const struct row *x, FILE *f)
{
	const struct heap_thread *t = &r->heap->threads[x->thread];
	char *name = x->thread ? text_utf8(t->name.bytes, t->name.n, true) : NULL;

	fprintf(f, "  %5.1f %%  %10s %14s block%s  ",
		percent(x->live.bytes, r->heap->live.bytes), SIZE(x->live.bytes),
		COUNT(x->live.blocks), x->live.blocks == 1 ? " " : "s");
	if (!x->thread)
		fputs("not known", f);
	else
		fprintf(f, "%s %" PRIu64 "%s", name && *name ? name : "thread", t->tid,
			t->flags & HEAPFILE_THREAD_ALIVE ? "" : ", has ended");
	putc('\n', f);
	free(name);
}

static void
write_threads(const struct report *r, FILE *f)
{
	uint32_t n = r->heap->n_threads;
	struct heap_count *sums = n > 1 ? tallies_by_thread(r) : NULL;
	struct row *rows = sums ? calloc((size_t)n + 1, sizeof(*rows)) : NULL;
	size_t n_rows = 0;

	for (uint32_t i = 0; rows && i <= n; i++)
		if (sums[i].blocks)
			rows[n_rows++] = (struct row){sums[i], i};
	if (n_rows > 1) {
		qsort(rows, n_rows, sizeof(*rows), compare_rows);
		layout_heading(f, "Live blocks by allocating thread");
		for (size_t i = 0; i < n_rows && (!r->options.top || i < MOST_THREADS); i++)
			write_thread(r, &rows[i], f);
		if (r->options.top && n_rows > MOST_THREADS)
			fprintf(f, "\n     %zu more; --top=0 shows them\n",
				n_rows - MOST_THREADS);
	}
	free(rows);
	free(sums);
}

void
tallies_write(const struct report *r, FILE *f)
{
	write_sizes(r, f);
	write_threads(r, f);
}

/* ---- JSON ---- */

/* Jansson's integers are signed. */
static json_int_t
integer(uint64_t v)
{
	return v > INT64_MAX ? INT64_MAX : (json_int_t)v;
}

json_t *
tallies_sizes_json(const struct report *r)
{
	struct tally_size sizes[TALLY_SIZES];
	json_t *array = json_array();

	tallies_by_size(r, sizes);
	for (size_t i = 0; i < TALLY_SIZES; i++) {
		const struct tally_size *t = &sizes[i];

		if (t->live.blocks)
			(void)json_array_append_new(
				array, json_pack("{sI sI sI sI sI}", "least",
						 integer(i ? 1ull << i : 0), "most",
						 integer((2ull << i) - 1), "blocks",
						 integer(t->live.blocks), "bytes",
						 integer(t->live.bytes), "usable_bytes",
						 integer(t->usable_bytes)));
	}
	return array;
}
