/* wrappers.c -- functions of the program that stand for malloc.
 *
 * In:   call stacks that allocate, what each has allocated.
 * Out:  marks in the symbols.
 * Not here: names that say it (function_names.c), the user's --wrapper (symbolize.c).
 *
 * Who reads that something was allocated in CRYPTO_zalloc knows nothing.  A wrapper is known
 * by what it does: it
 *
 *     hands on         the allocator is called by it directly, from one place or two;
 *     does only that   hardly any function of the program that it calls allocates;
 *     is asked         by at least three places in at least two functions, for memory of
 *                      different sizes.
 *
 * A constructor is asked by many as well, and a record with an array behind it has many
 * sizes.  So debug information has to say besides that it returns void *, as only what does
 * not know what the memory is for does.  Of what returns another pointer, or where that is not
 * known, much more is asked for: eight places, or two that are called from eight themselves, most
 * of which always have blocks of one size, and four such sizes.  What hands copies of texts on has a size for each text, and is left to its
 * name: who interns names is what people want to see.
 *
 * Wrappers of wrappers are found in rounds: what is marked is seen through.
 *
 * BOUND  Only the heaviest call stacks are looked at.  A wrapper in a small program that has
 * no debug information is taken for what allocates.
 *
 * SPDX-License-Identifier: MIT
 */
#include "names/wrappers.h"

#include <stdlib.h>
#include <string.h>

#include "names/function_names.h"
#include "names/runtime.h"
#include "names/stacks.h"
#include "util/bisect.h"
#include "util/hash_index.h"

enum {
	MOST_SITES = 4096,
	MOST_NODES = 24, /* of a stack */
	ROUNDS = 4,
	/* With void *, */
	FEW_CALLS = 3,
	FEW_CALLERS = 2,
	FEW_SIZES = 2,
	MOST_PLACES = 2,
	/* and without. */
	MANY_CALLS = 8,
	MANY_SIZES = 4,
	SELDOM = 20, /* once in so many stacks, as when what it calls collects garbage */
};

/* One call stack: its innermost function of the program, and who called that. */
struct call {
	const char *function;
	uint32_t module;
	uint64_t place;      /* in the function, where it calls the allocator */
	const char *caller;  /* NULL = unknown */
	uint64_t call_site;  /* of the function */
	uint64_t outer_site; /* the same, with where its caller was called */
	uint64_t size;       /* of its blocks; 0 = they differ */
	bool is_even;        /* there are several, and all have that size */
	bool has_many;       /* there are several */
	enum name_returns returns;
};

struct finder {
	const struct heap *heap;
	struct symbols *symbols;
	uint32_t *sites; /* nodes, the heaviest first */
	size_t n_sites;
	struct call *calls;
	size_t n_calls;
	const char **outer; /* functions that call such a one */
	size_t n_outer;
	size_t n_found;
};

/* ---- which stacks ---- */

struct ranked {
	uint32_t node;
	uint64_t bytes;
};

static int
compare_ranked(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return (x->node > y->node) - (x->node < y->node);
}

static int
choose_sites(struct finder *f)
{
	const struct heap *h = f->heap;
	struct ranked *all = calloc((size_t)h->n_nodes + 1, sizeof(*all));
	size_t n = 0;

	f->sites = calloc(MOST_SITES, sizeof(*f->sites));
	f->calls = calloc(MOST_SITES, sizeof(*f->calls));
	f->outer = calloc((size_t)MOST_SITES * MOST_NODES, sizeof(*f->outer));
	if (!all || !f->sites || !f->calls || !f->outer) {
		free(all);
		return -1;
	}
	for (uint32_t i = 1; i <= h->n_nodes; i++)
		if (h->nodes[i].allocations && !(h->nodes[i].flags & HEAPFILE_SITE_SPECIAL))
			all[n++] = (struct ranked){i, h->nodes[i].allocated_bytes};
	if (n)
		qsort(all, n, sizeof(*all), compare_ranked);
	for (; f->n_sites < n && f->n_sites < MOST_SITES; f->n_sites++)
		f->sites[f->n_sites] = all[f->n_sites].node;
	free(all);
	return 0;
}

/* ---- what they do ---- */

/* Where a frame stands in its function, as far as it is the same in all of its copies. */
static uint64_t
place_of(const struct stack_frame *x)
{
	return x->is_inlined ? x->line : hash_index_mix(x->module, x->offset);
}

static uint64_t
site_of(const struct stack_frame *x)
{
	return hash_index_mix(hash_index_mix(x->module, x->offset), x->line);
}

/* Does nothing stand between a frame and the allocator but what is malloc by another name? */
static bool
is_direct(const struct stack *s, size_t frame)
{
	for (size_t i = 0; i < frame; i++)
		if (!names_is_allocator(&s->frames[i]))
			return false;
	return true;
}

static void
add_call(struct finder *f, uint32_t site, const struct stack *s)
{
	const struct heap_node *n = &f->heap->nodes[site];
	bool is_own;
	size_t at = names_find_own(f->heap, s, &is_own);
	const struct stack_frame *x = &s->frames[at], *outer = x + 1;
	bool has_one_size;

	if (!is_own || at + 1 >= s->n)
		return;
	for (size_t i = at + 1; i < s->n; i++)
		if (s->frames[i].function)
			f->outer[f->n_outer++] = s->frames[i].function;
	if (runtime_is_start(x->function) || !is_direct(s, at)) {
		f->outer[f->n_outer++] = x->function;
		return;
	}
	has_one_size = n->allocated_bytes % n->allocations == 0;
	f->calls[f->n_calls++] = (struct call){
		.function = x->function,
		.module = x->module,
		.place = place_of(x),
		.caller = outer->function,
		.call_site = site_of(outer),
		.outer_site = at + 2 < s->n
				      ? hash_index_mix(site_of(outer), site_of(outer + 1))
				      : site_of(outer),
		.size = has_one_size ? n->allocated_bytes / n->allocations : 0,
		.is_even = has_one_size && n->allocations > 1,
		.has_many = n->allocations > 1,
		.returns = x->returns,
	};
}

static int
compare_texts(const char *a, const char *b)
{
	return a == b ? 0 : !a ? -1 : !b ? 1 : strcmp(a, b);
}

static int
compare_calls(const void *a, const void *b)
{
	const struct call *x = a, *y = b;

	if (x->module != y->module)
		return x->module < y->module ? -1 : 1;
	return compare_texts(x->function, y->function);
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* In how many stacks it calls what allocates. */
static size_t
count_outer(const struct finder *f, const char *function)
{
	size_t low = BISECT(f->n_outer, i, strcmp(f->outer[i], function) < 0);
	size_t high = BISECT(f->n_outer, i, strcmp(f->outer[i], function) <= 0);

	return high - low;
}

/* How many differ; of few, as more than enough, most, are not counted. */
static size_t
count_different(const struct call *calls, size_t n, size_t most,
		bool (*is_same)(const struct call *x, const struct call *y))
{
	size_t seen[MANY_CALLS] = {0}, n_seen = 0;

	for (size_t i = 0; i < n && n_seen < most && n_seen < MANY_CALLS; i++) {
		size_t k = 0;

		while (k < n_seen && !is_same(&calls[i], &calls[seen[k]]))
			k++;
		if (k == n_seen)
			seen[n_seen++] = i;
	}
	return n_seen;
}

static bool
has_same_place(const struct call *x, const struct call *y)
{
	return x->place == y->place;
}

static bool
has_same_site(const struct call *x, const struct call *y)
{
	return x->call_site == y->call_site;
}

static bool
has_same_outer_site(const struct call *x, const struct call *y)
{
	return x->outer_site == y->outer_site;
}

static bool
has_same_caller(const struct call *x, const struct call *y)
{
	return compare_texts(x->caller, y->caller) == 0;
}

static bool
has_same_size(const struct call *x, const struct call *y)
{
	return x->size == y->size;
}

/* Sizes that are not even count as one. */
static bool
has_same_even_size(const struct call *x, const struct call *y)
{
	return (x->is_even ? x->size : 0) == (y->is_even ? y->size : 0);
}

/* Are most of the sizes given by who calls, and many? */
static bool
has_sizes_of_callers(const struct call *calls, size_t n)
{
	size_t n_many = 0, n_even = 0;

	for (size_t i = 0; i < n; i++) {
		n_many += calls[i].has_many;
		n_even += calls[i].is_even;
	}
	return n_even * 2 > n_many &&
	       count_different(calls, n, MANY_SIZES + 1, has_same_even_size) > MANY_SIZES;
}

/* Calls of one function. */
static bool
is_wrapper(const struct finder *f, const struct call *calls, size_t n)
{
	size_t n_places, n_calls;

	if (n < FEW_CALLS || calls->returns == NAME_RETURNS_OTHER ||
	    count_outer(f, calls->function) * SELDOM > n)
		return false;
	n_places = count_different(calls, n, MOST_PLACES + 1, has_same_place);
	n_calls = count_different(calls, n, FEW_CALLS, has_same_site);
	if (calls->returns == NAME_RETURNS_MEMORY)
		return n_places <= MOST_PLACES && n_calls >= FEW_CALLS &&
		       count_different(calls, n, FEW_CALLERS, has_same_caller) >=
			       FEW_CALLERS &&
		       count_different(calls, n, FEW_SIZES, has_same_size) >= FEW_SIZES;
	return n_places == 1 && n_calls >= FEW_CALLERS &&
	       count_different(calls, n, MANY_CALLS, has_same_outer_site) >= MANY_CALLS &&
	       has_sizes_of_callers(calls, n);
}

/* 1 if wrappers were found, 0 if none, -1: no memory. */
static int
find_more(struct finder *f)
{
	size_t n_found = 0;

	f->n_calls = f->n_outer = 0;
	for (size_t i = 0; i < f->n_sites; i++) {
		struct stack s;

		if (stack_get_few(f->heap, f->symbols, f->sites[i], MOST_NODES, &s) != 0)
			return -1;
		/* BOUND  inlined calls may make more frames than there is room for. */
		if (f->n_outer + s.n < (size_t)MOST_SITES * MOST_NODES)
			add_call(f, f->sites[i], &s);
		stack_free(&s);
	}
	if (f->n_outer)
		qsort(f->outer, f->n_outer, sizeof(*f->outer), compare_names);
	if (f->n_calls)
		qsort(f->calls, f->n_calls, sizeof(*f->calls), compare_calls);
	for (size_t i = 0, end; i < f->n_calls; i = end) {
		for (end = i; end < f->n_calls &&
			      compare_calls(&f->calls[i], &f->calls[end]) == 0;)
			end++;
		if (!is_wrapper(f, &f->calls[i], end - i))
			continue;
		if (symbols_add_wrapper(f->symbols, f->calls[i].function) != 0)
			return -1;
		n_found++;
	}
	return n_found > 0;
}

int
wrappers_find(const struct heap *heap, struct symbols *symbols)
{
	struct finder f = {.heap = heap, .symbols = symbols};
	int status = symbols ? choose_sites(&f) : 0;
	bool was_brief;

	was_brief = symbols_be_brief_in_runtime(symbols, true);
	for (int round = 0; symbols && status == 0 && round < ROUNDS; round++) {
		int more = find_more(&f);

		status = more < 0 ? -1 : 0;
		if (more == 0)
			break;
	}
	(void)symbols_be_brief_in_runtime(symbols, was_brief);
	free(f.sites);
	free(f.calls);
	free(f.outer);
	return status;
}
