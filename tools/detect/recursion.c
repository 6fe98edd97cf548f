/* recursion.c -- sites that differ only in how often a function has called itself.
 *
 * In/Out: recursion.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "detect/recursion.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "model/stacktree.h"
#include "names/function_names.h"
#include "util/hash_index.h"

enum {
	MOST_PERIOD = 3, /* functions that call one another in turn */
	NEAR_BY = 6,     /* calls, for an address to come again */
};

/* A place in the code: a call, by its return address. */
struct place {
	uint64_t offset;
	uint32_t module, flags;
	bool is_repeated;        /* a stack has it twice, near by */
	bool is_near;            /* it calls such a one, or is called by it */
	uint64_t function, line; /* hashes; 0 = unknown */
	bool is_recursive;       /* its function is one that calls itself */
};

/* A call of a folded stack. */
struct call {
	uint32_t parent, place;
	uint64_t identity;
};

struct work {
	const struct heap *h;
	struct symbols *symbols;
	struct place *places; /* from 1 */
	uint32_t *by_node;    /* number of its place */
	struct hash_index place_numbers, call_numbers;
	struct call *calls; /* from 1; 0 is what calls the outermost */
	uint32_t n_calls, size;
};

/* ---- places -------------------------------------------------------------- */

static bool
is_same_place(const void *arg, uint32_t number, const void *key)
{
	const struct place *a = (const struct place *)arg + number;
	const struct heap_node *b = key;

	return a->offset == b->offset && a->module == b->module && a->flags == b->flags;
}

static int
number_places(struct work *w)
{
	if (hash_index_reserve(&w->place_numbers, w->h->n_nodes))
		return -1;
	for (uint32_t i = 1; i <= w->h->n_nodes; i++) {
		const struct heap_node *x = &w->h->nodes[i];
		uint32_t at = hash_index_put(
			&w->place_numbers,
			hash_index_mix(hash_index_mix(x->offset, x->module), x->flags),
			is_same_place, w->places, x);

		if (!at)
			return -1;
		w->places[at].offset = x->offset;
		w->places[at].module = x->module;
		w->places[at].flags = x->flags;
		w->by_node[i] = at;
	}
	return 0;
}

/* Returns whether there are any. */
static bool
find_repeated(struct work *w)
{
	const struct heap_node *nodes = w->h->nodes;
	bool any = false;

	for (uint32_t i = 1; i <= w->h->n_nodes; i++) {
		uint32_t up = nodes[i].parent;

		if (nodes[i].flags & HEAPFILE_SITE_SPECIAL)
			continue;
		for (unsigned k = 0; k < NEAR_BY && up; k++, up = nodes[up].parent)
			if (w->by_node[up] == w->by_node[i])
				any = w->places[w->by_node[i]].is_repeated = true;
	}
	for (uint32_t i = 1; any && i <= w->h->n_nodes; i++) {
		struct place *x = &w->places[w->by_node[i]],
			     *up = &w->places[w->by_node[nodes[i].parent]];

		x->is_near |= up->is_repeated;
		up->is_near |= x->is_repeated;
	}
	return any;
}

static uint64_t
hash_name(const char *function)
{
	return stacktree_hash(0xcbf29ce484222325ull, function,
			      names_length_of_source(function)) |
	       1;
}

/* The function whose code it is, and the lines of those that were inlined into it: of one that
 * was inlined into itself the innermost. */
static void
name_place(struct work *w, struct place *x)
{
	const struct symbols_frame *f;
	const char *last = NULL;
	size_t n = 0;

	if (!w->symbols || x->flags & HEAPFILE_SITE_SPECIAL || x->module == 0)
		return;
	f = symbols_find_unprepared(w->symbols, x->module, x->offset,
				    x->flags & HEAPFILE_SITE_EXACT, &n);
	if (n == 0 || !f[n - 1].function)
		return;
	x->function = hash_index_mix(hash_name(f[n - 1].function), x->module);
	for (size_t i = 0; i < n; i++) {
		if (!f[i].function || !f[i].file ||
		    (last && strcmp(last, f[i].function) == 0))
			continue;
		last = f[i].function;
		x->line = hash_index_mix(hash_index_mix(x->line, hash_name(last)),
					 f[i].line);
	}
}

static int
compare_functions(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* All places of functions that have a repeated one. */
static int
find_recursive(struct work *w)
{
	uint32_t n_places = w->place_numbers.n;
	uint64_t *list = calloc((size_t)n_places + 1, sizeof(*list));
	size_t n = 0;
	bool was_brief;

	if (!list)
		return -1;
	was_brief = symbols_be_brief_in_runtime(w->symbols, true);
	for (uint32_t i = 1; i <= n_places; i++) {
		struct place *x = &w->places[i];

		if (x->is_repeated || x->is_near)
			name_place(w, x);
		if (x->is_repeated && x->function)
			list[n++] = x->function;
	}
	(void)symbols_be_brief_in_runtime(w->symbols, was_brief);
	if (n)
		qsort(list, n, sizeof(*list), compare_functions);
	for (uint32_t i = 1; i <= n_places; i++) {
		struct place *x = &w->places[i];

		x->is_recursive =
			x->function && n &&
			bsearch(&x->function, list, n, sizeof(*list), compare_functions);
	}
	free(list);
	return 0;
}

/* ---- folding ------------------------------------------------------------- */

static bool
is_same_call(const void *arg, uint32_t number, const void *key)
{
	const struct call *a = (const struct call *)arg + number, *b = key;

	return a->parent == b->parent && a->identity == b->identity;
}

/* The folded stack with one call more; 0: no memory. */
static uint32_t
add_call(struct work *w, uint32_t parent, uint32_t place)
{
	const struct place *x = &w->places[place];
	struct call c = {parent, place,
			 x->is_recursive && x->line ? x->line : hash_index_mix(place, 1)};
	uint32_t n = hash_index_put(&w->call_numbers, hash_index_mix(c.identity, parent),
				    is_same_call, w->calls, &c);

	if (n > w->n_calls) {
		w->calls[n] = c;
		w->n_calls = n;
	}
	return n;
}

static bool
is_one_function(const struct work *w, uint32_t a, uint32_t b)
{
	const struct place *x = &w->places[a], *y = &w->places[b];

	return a == b ? x->is_repeated
		      : x->is_recursive && y->is_recursive && x->function == y->function;
}

/* How many calls at the end, with a new one, repeat as many before them; 0: none. */
static unsigned
repeated(const struct work *w, uint32_t stack, uint32_t place)
{
	for (unsigned period = 1; period <= MOST_PERIOD; period++) {
		uint32_t late = stack, early = stack, last = place;
		unsigned n = 0;

		for (unsigned k = 1; k < period && early; k++)
			early = w->calls[early].parent;
		while (n < period && early &&
		       is_one_function(w, w->calls[early].place, last)) {
			last = w->calls[late].place;
			late = w->calls[late].parent;
			early = w->calls[early].parent;
			n++;
		}
		if (n == period)
			return period;
	}
	return 0;
}

/* The stack without the calls that the last ones repeat, then those and the new one. */
static uint32_t
fold(struct work *w, uint32_t stack, uint32_t place, unsigned period)
{
	uint32_t kept[MOST_PERIOD], at = stack;

	for (unsigned k = period - 1; k-- > 0; at = w->calls[at].parent)
		kept[k] = w->calls[at].place;
	for (unsigned k = 0; k < period; k++)
		at = w->calls[at].parent;
	for (unsigned k = 0; k + 1 < period; k++)
		at = add_call(w, at, kept[k]);
	return add_call(w, at, place);
}

/* INVARIANT  Parents come before their children. */
static int
fold_all(struct work *w, struct recursion *ret)
{
	uint8_t *is_folded = calloc((size_t)w->h->n_nodes + 1, 1);
	int status = is_folded ? 0 : -1;

	for (uint32_t i = 1; status == 0 && i <= w->h->n_nodes; i++) {
		uint32_t parent = w->h->nodes[i].parent, stack = ret->folded[parent];
		unsigned period = repeated(w, stack, w->by_node[i]);

		is_folded[i] = is_folded[parent] || period;
		ret->folded[i] = period ? fold(w, stack, w->by_node[i], period)
					: add_call(w, stack, w->by_node[i]);
		status = ret->folded[i] ? 0 : -1;
		if (status == 0)
			ret->is_shorter[ret->folded[i]] |= is_folded[i];
	}
	ret->n = w->n_calls;
	free(is_folded);
	return status;
}

int
recursion_find(struct recursion *ret, const struct heap *h, struct symbols *symbols)
{
	size_t n = (size_t)h->n_nodes + 1;
	struct work w = {.h = h, .symbols = symbols};
	int status;

	*ret = (struct recursion){.n = 0};
	w.places = calloc(n, sizeof(*w.places));
	w.by_node = calloc(n, sizeof(*w.by_node));
	status = w.places && w.by_node ? number_places(&w) : -1;
	if (status == 0 && find_repeated(&w)) {
		/* A fold makes MOST_PERIOD stacks at most. */
		w.calls = calloc(MOST_PERIOD * n + 1, sizeof(*w.calls));
		ret->folded = calloc(n, sizeof(*ret->folded));
		ret->is_shorter = calloc(MOST_PERIOD * n + 1, 1);
		status = w.calls && ret->folded && ret->is_shorter ? find_recursive(&w)
								   : -1;
		if (status == 0)
			status = fold_all(&w, ret);
	}
	free(w.calls);
	free(w.places);
	free(w.by_node);
	hash_index_fini(&w.place_numbers);
	hash_index_fini(&w.call_numbers);
	if (status)
		recursion_fini(ret);
	return status;
}

void
recursion_fini(struct recursion *r)
{
	free(r->folded);
	free(r->is_shorter);
	*r = (struct recursion){.n = 0};
}
