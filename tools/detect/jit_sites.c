/* jit_sites.c -- sites that differ only in code without a name.
 *
 * In/Out: detect/jit_sites.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "detect/jit_sites.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names/function_names.h"
#include "names/stacks.h"

/* A site whose stack leads through code without a name. */
struct member {
	uint32_t node;
	char *function; /* that allocates; its place, if it has no name */
};

static bool
is_nameless(const struct heap_node *n)
{
	return n->module == 0 && !(n->flags & HEAPFILE_SITE_SPECIAL);
}

/* By node, for free(3); parents come before their children.  *ret_any: is there one? */
static bool *
find_crossing(const struct heap *h, bool *ret_any)
{
	bool *crosses = calloc((size_t)h->n_nodes + 1, sizeof(*crosses));

	*ret_any = false;
	for (uint32_t i = 1; crosses && i <= h->n_nodes; i++) {
		crosses[i] = crosses[h->nodes[i].parent] || is_nameless(&h->nodes[i]);
		*ret_any |= crosses[i];
	}
	return crosses;
}

static int
compare_members(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int order = strcmp(x->function, y->function);

	return order ? order : (x->node > y->node) - (x->node < y->node);
}

/* For free(3); NULL: no memory. */
static char *
function_of(const struct heap *h, const struct stack *s)
{
	const char *function = names_function(h, s);
	const struct stack_frame *inner = &s->frames[0];
	char *text;

	if (function)
		return strdup(function);
	if (asprintf(&text, "%" PRIu32 "+%" PRIx64, s->n ? inner->module : 0,
		     s->n ? inner->offset : 0) < 0)
		return NULL;
	return text;
}

/* 0, or -1: no memory. */
static int
find_members(const struct heap *h, struct symbols *symbols, const bool *crosses,
	     struct member *list, size_t *ret_n)
{
	for (uint32_t i = 1; i <= h->n_nodes; i++) {
		struct stack s;

		if (!crosses[i] || h->nodes[i].allocations == 0)
			continue;
		if (stack_get(h, symbols, i, &s) != 0)
			return -1;
		list[*ret_n] = (struct member){i, function_of(h, &s)};
		stack_free(&s);
		if (!list[*ret_n].function)
			return -1;
		(*ret_n)++;
	}
	return 0;
}

/* ---- books --------------------------------------------------------------- */

static struct heap_book *
book_new(const struct heap *h)
{
	struct heap_book *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->ages = calloc((size_t)h->n_ages + 1, sizeof(*b->ages));
	b->periods = calloc((size_t)h->n_periods + 1, sizeof(*b->periods));
	if (b->ages && b->periods)
		return b;
	free(b->ages);
	free(b->periods);
	free(b);
	return NULL;
}

static void
book_free(struct heap_book *b)
{
	if (!b)
		return;
	free(b->ages);
	free(b->periods);
	free(b);
}

static void
count_add(struct heap_count *to, const struct heap_count *more)
{
	to->blocks += more->blocks;
	to->bytes += more->bytes;
}

/* Where they were freed is kept of the site that had the most deaths. */
static void
book_add(struct heap_book *to, const struct heap_book *b, const struct heap *h,
	 uint64_t *most_deaths)
{
	if (b->deaths > *most_deaths) {
		*most_deaths = b->deaths;
		to->freed_at = b->freed_at;
	}
	to->deaths += b->deaths;
	to->later += b->later;
	to->earlier += b->earlier;
	to->same += b->same;
	to->foreign += b->foreign;
	to->last_later += b->last_later;
	to->last_earlier += b->last_earlier;
	to->last_same += b->last_same;
	for (uint32_t i = 0; i < h->n_ages; i++)
		to->ages[i] += b->ages[i];
	for (uint32_t i = 0; i < h->n_periods; i++) {
		count_add(&to->periods[i].born, &b->periods[i].born);
		count_add(&to->periods[i].died, &b->periods[i].died);
		to->periods[i].last_born += b->periods[i].last_born;
	}
}

/* ---- joining ------------------------------------------------------------- */

/* The first of them leads: of those with most allocations the lowest.  0, or -1. */
static int
join(struct joins *j, const struct member *list, size_t n)
{
	const struct heap *h = j->heap;
	struct heap_book *sum = NULL;
	uint32_t leader = list[0].node;
	uint64_t most_deaths = 0;

	for (size_t i = 1; i < n; i++)
		if (h->nodes[list[i].node].allocations > h->nodes[leader].allocations)
			leader = list[i].node;
	for (size_t i = 0; i < n; i++) {
		const struct heap_book *b = h->books ? h->books[list[i].node] : NULL;

		j->leaders[list[i].node] = leader;
		j->sizes[leader]++;
		j->allocations[leader] += h->nodes[list[i].node].allocations;
		if (!b)
			continue;
		if (!sum && !(sum = book_new(h)))
			return -1;
		book_add(sum, b, h, &most_deaths);
	}
	j->books[leader] = sum;
	return 0;
}

static int
join_all(struct joins *j, struct member *list, size_t n)
{
	if (n)
		qsort(list, n, sizeof(*list), compare_members);
	for (size_t i = 0, end; i < n; i = end) {
		end = i + 1;
		while (end < n && strcmp(list[end].function, list[i].function) == 0)
			end++;
		if (end - i > 1 && join(j, list + i, end - i))
			return -1;
	}
	return 0;
}

static int
joins_init(struct joins *j)
{
	size_t n = (size_t)j->heap->n_nodes + 1;

	j->leaders = calloc(n, sizeof(*j->leaders));
	j->sizes = calloc(n, sizeof(*j->sizes));
	j->allocations = calloc(n, sizeof(*j->allocations));
	j->books = calloc(n, sizeof(*j->books));
	if (!j->leaders || !j->sizes || !j->allocations || !j->books)
		return -1;
	for (uint32_t i = 0; i < n; i++)
		j->leaders[i] = i;
	return 0;
}

struct joins *
joins_new(const struct heap *h, struct symbols *symbols)
{
	struct joins *j = calloc(1, sizeof(*j));
	struct member *list = NULL;
	bool any, *crosses = find_crossing(h, &any);
	size_t n = 0;
	int status = j && crosses ? 0 : -1;

	if (status == 0) {
		j->heap = h;
		if (any) {
			list = calloc((size_t)h->n_nodes + 1, sizeof(*list));
			status = list && joins_init(j) == 0 &&
						 find_members(h, symbols, crosses, list,
							      &n) == 0
					 ? join_all(j, list, n)
					 : -1;
		}
	}
	for (size_t i = 0; i < n; i++)
		free(list[i].function);
	free(list);
	free(crosses);
	if (status == 0)
		return j;
	joins_free(j);
	return NULL;
}

void
joins_free(struct joins *j)
{
	if (!j)
		return;
	for (uint32_t i = 0; j->books && i <= j->heap->n_nodes; i++)
		book_free(j->books[i]);
	free(j->books);
	free(j->allocations);
	free(j->sizes);
	free(j->leaders);
	free(j);
}

uint32_t
joins_leader(const struct joins *j, uint32_t node)
{
	return j->leaders ? j->leaders[node] : node;
}

uint32_t
joins_size(const struct joins *j, uint32_t leader)
{
	return j->sizes && j->sizes[leader] > 1 ? j->sizes[leader] : 1;
}

uint64_t
joins_allocations(const struct joins *j, uint32_t leader)
{
	return joins_size(j, leader) > 1 ? j->allocations[leader]
					 : j->heap->nodes[leader].allocations;
}

const struct heap_book *
joins_book(const struct joins *j, uint32_t leader)
{
	if (joins_size(j, leader) > 1)
		return j->books[leader];
	return j->heap->books ? j->heap->books[leader] : NULL;
}
