/* joins.c -- sites that are judged as one.
 *
 * In/Out: detect/joins.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "detect/joins.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detect/recursion.h"
#include "names/function_names.h"
#include "names/stacks.h"
#include "util/text.h"

enum {
	FEW_BLOCKS = 200,   /* alive, or in books: of more a site is judged by itself */
	MOST_UNBOOKED = 10, /* the living to those of whose deaths it is not known when */
};

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

static void
chain(struct joins *j, uint32_t leader, uint32_t node)
{
	if (node != leader) {
		j->next[node] = j->next[leader];
		j->next[leader] = node;
	}
}

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
		chain(j, leader, list[i].node);
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

/* ---- recursion ----------------------------------------------------------- */

/* A site of few blocks, and its folded stack. */
struct small {
	uint32_t folded, node;
};

static int
compare_small(const void *a, const void *b)
{
	const struct small *x = a, *y = b;

	if (x->folded != y->folded)
		return x->folded < y->folded ? -1 : 1;
	return (x->node > y->node) - (x->node < y->node);
}

/* By node, for free(3). */
static uint64_t *
count_live(const struct heap *h)
{
	uint64_t *live = calloc((size_t)h->n_nodes + 1, sizeof(*live));

	for (uint32_t b = 0; live && b < h->n_blocks; b++)
		live[h->blocks[b].site]++;
	return live;
}

static uint64_t
booked(const struct heap *h, uint32_t node)
{
	return h->books && h->books[node] ? h->books[node]->deaths : 0;
}

static bool
is_small(const struct joins *j, const uint64_t *live, uint32_t node)
{
	const struct heap_node *x = &j->heap->nodes[node];

	return x->allocations && !(x->flags & HEAPFILE_SITE_SPECIAL) &&
	       j->leaders[node] == node && joins_size(j, node) == 1 &&
	       live[node] < FEW_BLOCKS && booked(j->heap, node) < FEW_BLOCKS;
}

/* Some that are folded alike; 0, or -1. */
static int
join_small(struct joins *j, const uint64_t *live, const struct small *list, size_t n)
{
	struct member *members = calloc(n, sizeof(*members));
	uint64_t n_live = 0, n_unbooked = 0;
	int status = members ? 0 : -1;

	for (size_t i = 0; members && i < n; i++) {
		uint32_t node = list[i].node;
		uint64_t kept = live[node] + booked(j->heap, node),
			 all = j->heap->nodes[node].allocations;

		members[i].node = node;
		n_live += live[node];
		n_unbooked += all > kept ? all - kept : 0;
	}
	if (members && n_unbooked * MOST_UNBOOKED <= n_live)
		status = join(j, members, n);
	if (members && joins_size(j, joins_leader(j, members[0].node)) > 1)
		j->is_recursive[joins_leader(j, members[0].node)] = 1;
	free(members);
	return status;
}

static int
join_recursive(struct joins *j, const struct recursion *r)
{
	const struct heap *h = j->heap;
	uint64_t *live = count_live(h);
	struct small *list = calloc((size_t)h->n_nodes + 1, sizeof(*list));
	int status = live && list ? 0 : -1;
	size_t n = 0;

	for (uint32_t i = 1; status == 0 && i <= h->n_nodes; i++)
		if (r->is_shorter[r->folded[i]] && is_small(j, live, i))
			list[n++] = (struct small){r->folded[i], i};
	if (n)
		qsort(list, n, sizeof(*list), compare_small);
	for (size_t i = 0, end; status == 0 && i < n; i = end) {
		end = i + 1;
		while (end < n && list[end].folded == list[i].folded)
			end++;
		if (end - i > 1)
			status = join_small(j, live, list + i, end - i);
	}
	free(list);
	free(live);
	return status;
}

static int
joins_init(struct joins *j)
{
	size_t n = (size_t)j->heap->n_nodes + 1;

	j->next = calloc(n, sizeof(*j->next));
	j->is_recursive = calloc(n, sizeof(*j->is_recursive));
	j->leaders = calloc(n, sizeof(*j->leaders));
	j->sizes = calloc(n, sizeof(*j->sizes));
	j->allocations = calloc(n, sizeof(*j->allocations));
	j->books = calloc(n, sizeof(*j->books));
	if (!j->leaders || !j->sizes || !j->allocations || !j->books || !j->next ||
	    !j->is_recursive)
		return -1;
	for (uint32_t i = 0; i < n; i++)
		j->leaders[i] = i;
	return 0;
}

/* Those that lead through code without a name.  0, or -1: no memory. */
static int
join_nameless(struct joins *j, struct symbols *symbols, const bool *crosses)
{
	struct member *list = calloc((size_t)j->heap->n_nodes + 1, sizeof(*list));
	size_t n = 0;
	int status = list ? find_members(j->heap, symbols, crosses, list, &n) : -1;

	if (status == 0)
		status = join_all(j, list, n);
	for (size_t i = 0; i < n; i++)
		free(list[i].function);
	free(list);
	return status;
}

struct joins *
joins_new(const struct heap *h, struct symbols *symbols)
{
	struct joins *j = calloc(1, sizeof(*j));
	struct recursion r = {.n = 0};
	bool any, *crosses = find_crossing(h, &any);
	int status = j && crosses ? recursion_find(&r, h, symbols) : -1;

	if (status == 0) {
		j->heap = h;
		if (any || r.n)
			status = joins_init(j);
		if (status == 0 && any)
			status = join_nameless(j, symbols, crosses);
		if (status == 0 && r.n)
			status = join_recursive(j, &r);
	}
	recursion_fini(&r);
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
	free(j->next);
	free(j->is_recursive);
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
joins_next(const struct joins *j, uint32_t leader, uint32_t node)
{
	if (node == 0)
		return leader;
	return j->next ? j->next[node] : 0;
}

bool
joins_is_recursive(const struct joins *j, uint32_t leader)
{
	return j->is_recursive && j->is_recursive[leader];
}

void
joins_add_evidence(const struct joins *j, uint32_t node, struct findings *all,
		   struct finding *f)
{
	uint32_t leader = joins_leader(j, node), n = joins_size(j, leader);
	char count[32];

	if (n > 1)
		finding_add_evidence(
			all, f, "%s call stacks of this function count as one site: %s.",
			text_count(n, count, sizeof(count)),
			joins_is_recursive(j, leader)
				? "they differ only in how often a function has "
				  "called itself"
				: "they pass through code without a name, which "
				  "was generated while the program ran");
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
