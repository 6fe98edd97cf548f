/* holders.c -- what holds a class of blocks: a path from a named root, and the
 * container in which they pile up.
 *
 * In:   a path, a container, names.
 * Out:  struct holder.
 * Not here: how the path and the container are found (holder_path.c,
 *           holder_container.c).
 *
 * SPDX-License-Identifier: MIT
 */
#include "explain/holders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain/holder_heads.h"
#include "explain/holder_path.h"
#include "explain/holder_ways.h"
#include "names/function_names.h"

struct holders {
	const struct heap *heap;
	const struct dominators *d;
	struct names *names;
	struct ways *ways;
	struct heads *heads;
	struct gathering gathering;
};

struct holders *
holders_new(const struct heap *heap, const struct graph_options *options,
	    const struct dominators *d, struct names *names)
{
	struct holders *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->heap = heap;
	h->d = d;
	h->names = names;
	/* What a way leads to is what the tree has. */
	h->ways = ways_new(heap, options, d->n);
	h->heads = heads_new(heap, h->ways);
	if (!h->ways || !h->heads || gathering_init(&h->gathering, heap, d, h->ways) != 0) {
		holders_free(h);
		return NULL;
	}
	return h;
}

void
holders_free(struct holders *h)
{
	if (!h)
		return;
	gathering_fini(&h->gathering);
	heads_free(h->heads);
	ways_free(h->ways);
	free(h);
}

/* ---- words ---- */

/* What a block's site is called: the function that allocated it, the container. */
static void
name_site(const struct holders *h, struct symbols *symbols, uint32_t site,
	  char **function, const char **kind)
{
	struct stack s;
	const char *name;

	if (!symbols || stack_get(h->heap, symbols, site, &s) != 0)
		return;
	name = names_function(h->heap, &s);
	if (function && name)
		*function = strdup(name);
	if (kind && !*kind)
		*kind = names_container(&s);
	stack_free(&s);
}

static void
fill_root_step(struct holders *h, const struct way *w, struct holder_step *step)
{
	const struct heap_frame *frame = names_stack_frame(h->heap, w->root, w->word);
	const char *function = frame ? names_stack_function(h->names, frame) : NULL;

	step->is_root = true;
	step->root_kind = w->root->kind;
	step->is_local_owner = names_is_local_owner(h->names, w->root, w->word);
	step->address = w->root->address + step->offset;
	step->name = names_root(h->names, w->root, w->word, w->last_word);
	step->function = function ? strdup(function) : NULL;
	step->thread = names_owner(h->heap, w->root, w->word, &step->tid);
}

static void
fill_step(struct holders *h, const struct path *p, size_t i, struct holder_step *step)
{
	const struct way *w = &p->list[i];
	const char *kind = NULL;
	struct heap_block *b;

	step->offset = (uint64_t)w->word * 8;
	step->n_folded = w->n_folded;
	if (w->root) {
		fill_root_step(h, w, step);
		return;
	}
	b = &h->heap->blocks[w->block];
	step->site = b->site;
	step->address = heap_block_address(b);
	step->retained = dominators_retained(h->d, w->block);
	step->name = names_type(h->names, w->block);
	if (!step->name && i > 0)
		step->name = names_dynamic_tls(h->names, w->block, w->word);
	name_site(h, names_symbols(h->names), b->site, &step->function, &kind);
	if (!step->name && kind)
		step->name = strdup(kind);
}

/* From the root to the class; of a long path both ends. */
static void
fill_path(struct holders *h, const struct path *p, struct holder *x)
{
	x->agreement = p->agreement;
	x->n_left_out = p->n > HOLDER_STEPS ? p->n - HOLDER_STEPS : 0;
	x->n_steps = p->n - x->n_left_out;
	for (size_t i = 0; i < x->n_steps; i++) {
		size_t at = i < HOLDER_STEPS / 2 ? i : i + x->n_left_out;

		fill_step(h, p, p->n - 1 - at, &x->steps[i]);
	}
}

static void
fill_container(struct holders *h, const struct container *c, uint32_t link,
	       struct holder *x)
{
	struct symbols *symbols = names_symbols(h->names);
	const struct heap_block *blocks = h->heap->blocks;

	x->container = c->place ? h->d->blocks[c->place] : DOMINATORS_ROOTS;
	x->share = (double)c->n_below / (double)c->n_reached;
	name_site(h, symbols, blocks[link].site, NULL, &x->kind);
	if (c->place) {
		name_site(h, symbols, blocks[x->container].site, &x->function, &x->kind);
		x->name = names_type(h->names, x->container);
	} else if (x->n_steps && x->steps[0].name) {
		x->name = strdup(x->steps[0].name);
	}
}

/* Those of the list that are reachable, for free(3); *ret_n is 0 if none is. */
static struct front *
front_new(const struct holders *h, const uint32_t *list, size_t n, size_t *ret_n)
{
	struct front *f = calloc(n + 1, sizeof(*f));

	*ret_n = 0;
	for (size_t i = 0; f && i < n; i++)
		if (h->d->places[list[i]] != 0)
			f[(*ret_n)++] = (struct front){.block = list[i], .weight = 1};
	return f;
}

int
holders_path(struct holders *h, const uint32_t *list, size_t n, struct holder *ret)
{
	struct holder x = {.container = DOMINATORS_ROOTS};
	struct path p = {NULL, 0, 0, 0};
	size_t n_reached;
	struct front *f = front_new(h, list, n, &n_reached);
	int status = !f ? -1 : n_reached ? 0 : 1;

	if (status == 0)
		status = path_find(
			&(struct path_input){h->heap, h->ways, h->heads, h->names}, f,
			n_reached, &p);
	if (status == 0) {
		fill_path(h, &p, &x);
		*ret = x;
	}
	free(p.list);
	free(f);
	return status;
}

int
holders_find(struct holders *h, const uint32_t *list, size_t n, struct holder *ret)
{
	struct container c = {.blocks = list, .n = n};
	struct front *f = front_new(h, list, n, &c.n_reached);
	struct holder x;
	uint32_t link;
	int status = f ? holders_path(h, list, n, &x) : -1;

	if (status == 0) {
		link = c.example = f[0].block;
		container_find(&h->gathering, &c);
		container_count_entries(&h->gathering, &c, &x.entries, &x.retained);
		x.shape = container_shape(&h->gathering, f, front_merge(f, c.n_reached),
					  c.place ? h->d->blocks[c.place] : WAYS_ROOT,
					  &link);
		fill_container(h, &c, link, &x);
		*ret = x;
	}
	free(f);
	return status;
}

int
holders_retained(struct holders *h, const uint32_t *list, size_t n, struct heap_count *ret)
{
	*ret = container_retained(&h->gathering, list, n);
	return 0;
}

void
holder_free(struct holder *x)
{
	for (size_t i = 0; i < x->n_steps; i++) {
		free(x->steps[i].name);
		free(x->steps[i].function);
	}
	free(x->name);
	free(x->function);
	memset(x, 0, sizeof(*x));
}

const char *
holder_shape_name(enum holder_shape shape)
{
	static const char *const names[] = {
		[HOLDER_OTHER] = "other",
		[HOLDER_ARRAY] = "array",
		[HOLDER_CHAIN] = "chain",
		[HOLDER_TREE] = "tree",
	};

	return names[shape];
}
