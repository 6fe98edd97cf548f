/* cross_index.c -- the sites of several snapshots, joined.
 *
 * In/Out: compare/cross_index.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "compare/cross_index.h"

#include <stdlib.h>
#include <string.h>

#include "explain/types.h"
#include "names/function_names.h"
#include "names/own_code.h"
#include "names/root_names.h"
#include "names/runtime.h"
#include "util/text.h"
#include "util/vec.h"

enum { OUTSIDE = 1 }; /* named[] that stands for stacks outside of main */

static const char unknown_place[] = "(unknown place)";
static const char outside_of_main[] = "(outside of main)";

/* ---- modules ---- */

static bool
is_program(const struct heap *h, uint32_t module)
{
	const struct heap_text *path = &h->modules[module].path, *exe = &h->info.executable;

	return path->n && path->n == exe->n && memcmp(path->bytes, exe->bytes, exe->n) == 0;
}

/* Its number in j->modules, new if need be; UINT32_MAX: no memory. */
static uint32_t
put_module(struct joint *j, const struct heap *h, uint32_t module)
{
	struct joint_module m = {.identity = stacktree_module(h, module)};

	for (uint32_t i = 0; i < j->n_modules; i++)
		if (j->modules[i].identity == m.identity)
			return i;
	m.path = texts_keep(&j->texts, h->modules[module].path.bytes);
	m.name = m.path ? texts_keep(&j->texts, is_program(h, module)
							? "(program)"
							: text_basename(m.path))
			: NULL;
	if (!m.name || VEC_PUSH_SHORT(j->modules, j->n_modules, m))
		return UINT32_MAX;
	return j->n_modules - 1;
}

/* The numbers of a model's modules that are in stacks, for free(3). */
static uint32_t *
put_modules(struct joint *j, const struct heap *h)
{
	uint32_t *numbers = calloc((size_t)h->n_modules + 1, sizeof(*numbers));
	bool *is_used = calloc((size_t)h->n_modules + 1, sizeof(*is_used));
	bool ok = numbers && is_used;

	for (uint32_t i = 1; ok && i <= h->n_nodes; i++)
		is_used[h->nodes[i].module] = true;
	for (uint32_t i = 1; ok && i <= h->n_modules; i++)
		if (is_used[i]) {
			numbers[i] = put_module(j, h, i);
			ok = numbers[i] != UINT32_MAX;
		}
	for (uint32_t i = 0; ok && i < j->n_modules; i++) {
		uint8_t *is_in = realloc(j->modules[i].is_in, (size_t)j->n + 1);

		ok = is_in != NULL;
		if (!ok)
			break;
		/* A module that comes late was in none before. */
		if (!j->modules[i].is_in)
			memset(is_in, 0, j->n);
		is_in[j->n] = 0;
		j->modules[i].is_in = is_in;
	}
	for (uint32_t i = 1; ok && i <= h->n_modules; i++)
		if (is_used[i])
			j->modules[numbers[i]].is_in[j->n] = 1;
	free(is_used);
	if (ok)
		return numbers;
	free(numbers);
	return NULL;
}

/* Is there a snapshot with one but not the other, and one the other way round? */
static bool
are_builds(const struct joint *j, const struct joint_module *a,
	   const struct joint_module *b)
{
	bool only_a = false, only_b = false;

	if (a->name != b->name)
		return false;
	for (uint32_t i = 0; i < j->n; i++) {
		only_a |= a->is_in[i] && !b->is_in[i];
		only_b |= b->is_in[i] && !a->is_in[i];
	}
	return only_a && only_b;
}

bool
joint_is_one_build(const struct joint *j)
{
	for (uint32_t a = 0; a < j->n_modules; a++)
		for (uint32_t b = a + 1; b < j->n_modules; b++)
			if (are_builds(j, &j->modules[a], &j->modules[b]))
				return false;
	return true;
}

/* ---- names ---- */

static bool
is_same_named(const void *arg, uint32_t number, const void *key)
{
	const struct joint *j = arg;
	const struct joint_named *a = &j->named[number], *b = key;

	return a->parent == b->parent && a->function == b->function &&
	       a->module_name == b->module_name && a->identity == b->identity &&
	       a->offset == b->offset;
}

/* Its number; 0: no memory. */
static uint32_t
put_named(struct joint *j, const struct joint_named *x)
{
	const uint64_t words[] = {x->parent, (uintptr_t)x->function,
				  (uintptr_t)x->module_name, x->identity, x->offset};
	uint32_t number;

	if (VEC_RESERVE_ZEROED(j->named, j->named_size, (uint64_t)j->names.n + 2))
		return 0;
	number = hash_index_put(&j->names, stacktree_hash(1, words, sizeof(words)),
				is_same_named, j, x);
	/* Only what is new has no function yet. */
	if (number && !j->named[number].function)
		j->named[number] = *x;
	return number;
}

/* A function's name as it is in all builds; NULL: no memory. */
static const char *
plain_name(struct joint *j, const char *function)
{
	char *plain = strndup(function, names_length_of_source(function));
	const char *kept = plain ? texts_keep(&j->texts, plain) : NULL;

	free(plain);
	return kept;
}

/* Does a frame belong to what calls main, or a thread's function? */
static bool
is_outside(const struct heap *h, const struct stack_frame *f)
{
	return !f->special &&
	       (f->function ? runtime_is_start(f->function) : stack_is_runtime(h, f));
}

/* The named stack of one frame more, called by `parent`; UINT32_MAX: no memory. */
static uint32_t
name_frame(struct joint *j, uint32_t parent, const struct joint_frame *x, uint32_t module)
{
	struct joint_named named = {.parent = parent, .frame = *x};
	uint32_t number;

	if (x->frame.function && runtime_is_main(x->frame.function))
		named.parent = 0;
	named.frame.frame.file = NULL;
	named.frame.frame.line = 0;
	named.frame.frame.is_inlined = false;
	named.module_name = x->frame.module ? j->modules[module].name : NULL;
	if (x->frame.special) {
		named.function = x->frame.special;
	} else if (x->frame.function) {
		named.function = plain_name(j, x->frame.function);
		named.frame.frame.function = named.function;
		named.frame.frame.offset = 0;
	} else {
		named.function = texts_keep(&j->texts, "");
		named.identity = x->frame.module ? j->modules[module].identity : 0;
		named.offset = x->frame.offset;
		named.module = x->frame.module ? module + 1 : 0;
		if (named.module)
			j->modules[module].lacks_names = true;
	}
	number = named.function ? put_named(j, &named) : 0;
	return number ? number : UINT32_MAX;
}

/* ---- places ---- */

static bool
matches(const regex_t *regex, const struct joint_frame *x)
{
	const struct stack_frame *f = &x->frame;

	return (f->function && regexec(regex, f->function, 0, NULL, 0) == 0) ||
	       (f->file && regexec(regex, f->file, 0, NULL, 0) == 0) ||
	       (x->module && regexec(regex, x->module, 0, NULL, 0) == 0);
}

static const char *
keep(struct joint *j, const char *text, bool *ok)
{
	const char *kept = text ? texts_keep(&j->texts, text) : NULL;

	*ok &= !text || kept;
	return kept;
}

/* Add a frame of a node's to those of a place. */
static bool
add_frame(struct joint *j, const struct heap *h, const struct stack *s, size_t i,
	  uint32_t module)
{
	const struct stack_frame *from = &s->frames[i];
	struct joint_frame x = {.frame = *from, .is_library = !own_code_is(h, s, i)};
	bool ok = true;

	x.frame.function = keep(j, from->function, &ok);
	x.frame.file = keep(j, from->file, &ok);
	x.frame.special = keep(j, from->special, &ok);
	x.frame.symbol = NULL;
	x.frame.module = from->module && !from->special;
	if (x.frame.module && *j->modules[module].path)
		x.module = j->modules[module].path;
	return ok && VEC_PUSH(j->frames, j->n_frames, j->frames_size, x) == 0;
}

/* Fill in a place from the node that is there. */
static bool
fill_place(struct joint *j, const struct heap *h, struct symbols *symbols, uint32_t node,
	   uint32_t place, const uint32_t *modules)
{
	const struct joint_place *parent = &j->places[j->tree.places[place].parent];
	struct joint_place p = {.first = j->n_frames,
				.named = parent->named,
				.is_known = true,
				.is_focused = parent->is_focused,
				.is_ignored = parent->is_ignored};
	uint32_t module = modules[h->nodes[node].module];
	struct stack s;
	bool ok = true;

	if (stack_node_get(h, symbols, node, &s) != 0)
		return false;
	for (size_t i = 0; ok && i < s.n; i++)
		ok = add_frame(j, h, &s, i, module);
	for (size_t i = s.n; ok && i > 0; i--) {
		const struct joint_frame *x = &j->frames[p.first + i - 1];

		p.is_focused |= j->focus && matches(j->focus, x);
		p.is_ignored |= j->ignore && matches(j->ignore, x);
		if (p.named == 0 && is_outside(h, &s.frames[i - 1]))
			continue;
		p.named = name_frame(j, p.named, x, module);
		ok = p.named != UINT32_MAX;
	}
	p.n = (uint32_t)s.n;
	stack_free(&s);
	j->places[place] = p;
	return ok;
}

uint32_t *
joint_add(struct joint *j, const struct heap *h, struct symbols *symbols)
{
	uint32_t *modules = put_modules(j, h);
	uint32_t *by_node = modules ? stacktree_add(&j->tree, h) : NULL;
	bool ok = by_node && VEC_RESERVE_ZEROED(j->places, j->places_size,
						(uint64_t)j->tree.n_places + 1) == 0;

	for (uint32_t i = 1; ok && i <= h->n_nodes; i++)
		if (!j->places[by_node[i]].is_known)
			ok = fill_place(j, h, symbols, i, by_node[i], modules);
	/* Callers come before the called: backwards, what a node takes over is still the
	 * caller's own. */
	for (uint32_t i = h->n_nodes; ok && i > 0; i--)
		by_node[i] = by_node[stack_top(h, i)];
	free(modules);
	j->n++;
	if (ok)
		return by_node;
	free(by_node);
	return NULL;
}

bool
joint_passes(const struct joint *j, uint32_t place)
{
	return (!j->focus || j->places[place].is_focused) &&
	       (!j->ignore || !j->places[place].is_ignored);
}

/* ---- sums ---- */

static int
compare_sums(const void *a, const void *b)
{
	const struct joint_sum *x = a, *y = b;

	return (x->place > y->place) - (x->place < y->place);
}

static void
add_count(struct heap_count *to, const struct heap_count *c)
{
	to->blocks += c->blocks;
	to->bytes += c->bytes;
}

size_t
joint_join_sums(struct joint_sum *sums, size_t n)
{
	size_t left = 0;

	if (n)
		qsort(sums, n, sizeof(*sums), compare_sums);
	for (size_t i = 0; i < n; i++) {
		struct joint_sum *last = left ? &sums[left - 1] : NULL;

		if (!last || last->place != sums[i].place) {
			sums[left++] = sums[i];
			continue;
		}
		add_count(&last->live, &sums[i].live);
		add_count(&last->old, &sums[i].old);
		last->allocations += sums[i].allocations;
		last->allocated_bytes += sums[i].allocated_bytes;
	}
	return left;
}

struct joint_sum *
joint_sums(const struct joint *j, const struct heap *h, const struct heap_filter *filter,
	   const uint32_t *by_node, size_t *ret_n)
{
	struct heap_site *sites = heap_aggregate(h, filter);
	struct joint_sum *sums =
		sites ? calloc((size_t)h->n_nodes + 1, sizeof(*sums)) : NULL;
	size_t n = 0;

	for (uint32_t i = 0; sums && i <= h->n_nodes; i++)
		if ((sites[i].live.blocks || h->nodes[i].allocations) &&
		    joint_passes(j, by_node[i]))
			sums[n++] = (struct joint_sum){
				.place = by_node[i],
				.live = sites[i].live,
				.old = sites[i].old,
				.allocations = h->nodes[i].allocations,
				.allocated_bytes = h->nodes[i].allocated_bytes,
			};
	free(sites);
	/* Several nodes may have one place: a module that is loaded twice, gcprof's own
	 * frames. */
	*ret_n = joint_join_sums(sums, n);
	return sums;
}

/* Count the blocks of each type, by the numbers of the types. */
static void
count_types(const struct joint *j, const struct heap *h, const struct types *types,
	    const struct heap_filter *filter, const uint32_t *by_node,
	    struct joint_type *counts)
{
	for (uint32_t b = 0; b < h->n_blocks; b++) {
		const struct heap_block *block = &h->blocks[b];

		if (!heap_filter_passes(h, filter, block->birth) ||
		    !joint_passes(j, by_node[block->site]))
			continue;
		counts[types_of_block(types, b)].live.blocks++;
		counts[types_of_block(types, b)].live.bytes += heap_block_requested(block);
	}
}

struct joint_type *
joint_types(const struct joint *j, const struct heap *h, struct symbols *symbols,
	    const struct heap_filter *filter, const uint32_t *by_node, struct texts *kept,
	    size_t *ret_n)
{
	struct names *names = names_new(h, symbols);
	struct types *types = names ? types_new(h, names, NULL) : NULL;
	struct joint_type *counts =
		types ? calloc((size_t)types->n + 1, sizeof(*counts)) : NULL;
	size_t n = 0;

	if (counts)
		count_types(j, h, types, filter, by_node, counts);
	for (uint32_t i = 1; counts && i <= types->n; i++) {
		if (counts[i].live.blocks == 0)
			continue;
		counts[n] = counts[i];
		counts[n].type = texts_put(kept, types_name(types, i));
		if (counts[n++].type == 0) {
			free(counts);
			counts = NULL;
		}
	}
	*ret_n = n;
	types_free(types);
	names_free(names);
	return counts;
}

/* ---- rows ---- */

uint32_t
joint_row(const struct joint *j, enum joint_by by, uint32_t place)
{
	if (by == JOINT_BY_SITE || place == 0)
		return place;
	return j->places[place].named ? j->places[place].named : OUTSIDE;
}

uint32_t
joint_n_rows(const struct joint *j, enum joint_by by)
{
	return (by == JOINT_BY_SITE ? j->tree.n_places : j->names.n) + 1;
}

/* How many frames, and if out is not NULL, which. */
static size_t
walk(const struct joint *j, enum joint_by by, uint32_t row, struct joint_frame *out)
{
	size_t n = 0;

	while (row && by == JOINT_BY_NAME) {
		if (out)
			out[n] = j->named[row].frame;
		n++;
		row = j->named[row].parent;
	}
	for (; row; row = j->tree.places[row].parent) {
		const struct joint_place *p = &j->places[row];

		for (uint32_t i = 0; i < p->n; i++, n++)
			if (out)
				out[n] = j->frames[p->first + i];
	}
	return n;
}

int
joint_stack(const struct joint *j, enum joint_by by, uint32_t row,
	    struct joint_frame **ret, size_t *ret_n)
{
	size_t n = walk(j, by, row, NULL);
	struct joint_frame *frames = calloc(n + 1, sizeof(*frames));

	if (!frames)
		return -1;
	(void)walk(j, by, row, frames);
	if (n == 0)
		frames[n++].frame.special = unknown_place;
	*ret = frames;
	*ret_n = n;
	return 0;
}

/* Is there a snapshot without the row that has the module in another build, and not
 * in this one? */
static bool
is_elsewhere_other(const struct joint *j, const struct joint_module *m, const bool *has_row)
{
	for (uint32_t i = 0; i < j->n; i++) {
		if (has_row[i] || m->is_in[i])
			continue;
		for (uint32_t k = 0; k < j->n_modules; k++)
			if (&j->modules[k] != m && j->modules[k].name == m->name &&
			    j->modules[k].is_in[i])
				return true;
	}
	return false;
}

/* Is there a snapshot without the row, with a build of a module that no snapshot with
 * the row has, and functions without names in it? */
static bool
is_nameless_elsewhere(const struct joint *j, const char *module_name, const bool *has_row)
{
	for (uint32_t k = 0; k < j->n_modules; k++) {
		const struct joint_module *m = &j->modules[k];
		bool is_there = false, is_here = false;

		if (m->name != module_name || !m->lacks_names ||
		    runtime_is_library(m->path))
			continue;
		for (uint32_t i = 0; i < j->n; i++) {
			is_here |= has_row[i] && m->is_in[i];
			is_there |= !has_row[i] && m->is_in[i];
		}
		if (is_there && !is_here)
			return true;
	}
	return false;
}

bool
joint_is_unmatched(const struct joint *j, uint32_t named, const bool *has_row)
{
	bool has_all = true;

	for (uint32_t i = 0; i < j->n; i++)
		has_all &= has_row[i];
	for (; named && !has_all; named = j->named[named].parent) {
		const struct joint_named *x = &j->named[named];

		if (x->frame.frame.special)
			continue;
		if (x->frame.frame.function) {
			if (is_nameless_elsewhere(j, x->module_name, has_row))
				return true;
			continue;
		}
		/* Code in no module, written at run time, is known by its address. */
		if (x->module == 0 ||
		    is_elsewhere_other(j, &j->modules[x->module - 1], has_row))
			return true;
	}
	return false;
}

size_t
joint_headline_frame(const struct joint_frame *frames, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!frames[i].is_library && !names_is_allocator(&frames[i].frame))
			return i;
	for (size_t i = 0; i < n; i++)
		if ((!frames[i].module || !runtime_is_library(frames[i].module)) &&
		    !names_is_allocator(&frames[i].frame))
			return i;
	return 0;
}

char *
joint_function(const struct heap *h, struct symbols *symbols, uint32_t node)
{
	const char *function;
	char *copy = NULL;
	struct stack s;

	if (stack_get(h, symbols, node, &s) != 0)
		return NULL;
	function = names_function(h, &s);
	if (function && !runtime_is_start(function))
		copy = strdup(function);
	stack_free(&s);
	return copy;
}

size_t
joint_shown_frames(const struct joint_frame *frames, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (frames[i].frame.function && runtime_is_start(frames[i].frame.function))
			return i;
	return n;
}

/* ---- the whole ---- */

struct joint *
joint_new(const regex_t *focus, const regex_t *ignore)
{
	const struct joint_named outside = {
		.function = outside_of_main,
		.frame.frame.special = outside_of_main,
	};
	struct joint *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->focus = focus;
	j->ignore = ignore;
	if (VEC_RESERVE_ZEROED(j->places, j->places_size, 1) ||
	    put_named(j, &outside) != OUTSIDE) {
		joint_free(j);
		return NULL;
	}
	j->places[0].is_known = true;
	return j;
}

void
joint_free(struct joint *j)
{
	if (!j)
		return;
	for (uint32_t i = 0; i < j->n_modules; i++)
		free(j->modules[i].is_in);
	stacktree_fini(&j->tree);
	texts_fini(&j->texts);
	hash_index_fini(&j->names);
	free(j->places);
	free(j->frames);
	free(j->named);
	free(j->modules);
	free(j);
}
