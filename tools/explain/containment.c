/* containment.c -- see containment.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "explain/containment.h"

#include <stdlib.h>

#include "explain/outline.h"
#include "graph/dominators.h"
#include "names/root_names.h"
#include "util/vec.h"

/* Words of variables whose names and sizes are not known are of one variable if they are
 * this close, as those of a container's header are. */
enum { NEAR_WORDS = 8 };

/* Programs need a few; a file that is made to need many is not waited for, and some blocks of
 * it stand beneath a variable that shares them. */
enum { MOST_SWEEPS = 100 };

struct work {
	const struct heap *h;
	struct names *names;
	struct graph *graph;
	struct dominators *tree;
	const struct types *types;
	struct types *own_types; /* NULL: they are the caller's */
	struct outline *outline;
	struct containment *c;
	struct hash_index numbers; /* of nodes: index + 1 */
	uint32_t *groups;          /* by place in the tree: a node */
	/* By node right below the whole. */
	struct origin {
		bool is_lasting, is_nameless;
		uint32_t root;
		uint64_t word; /* of the root, the first */
	} * origins;
	uint32_t origins_size, shared;
	uint32_t *type_names; /* by type: a text, or 0: not yet */
};

/* ---- nodes --------------------------------------------------------------- */

static bool
is_same(const void *arg, uint32_t number, const void *key)
{
	const struct containment_node *a = &((const struct containment *)arg)->nodes[number],
				      *b = key;

	return a->parent == b->parent && a->name == b->name;
}

/* The child of a node with a name; 0: no memory. */
static uint32_t
child_named(struct work *w, uint32_t parent, uint32_t name)
{
	struct containment *c = w->c;
	const struct containment_node key = {.parent = parent, .name = name};
	uint32_t number;

	if (!name || VEC_RESERVE(c->nodes, c->size, (uint64_t)c->n + 1))
		return 0;
	number = hash_index_put(&w->numbers,
				hash_index_mix(hash_index_mix(1, parent), name), is_same,
				c, &key);
	if (number == c->n)
		c->nodes[c->n++] = key;
	return number;
}

/* The node for a name below a group: one that stands above already, or a child. */
static uint32_t
group_below(struct work *w, uint32_t parent, uint32_t name)
{
	const struct containment_node *nodes = w->c->nodes;

	/* What is right below the whole is no type. */
	for (uint32_t at = parent; at && nodes[at].parent; at = nodes[at].parent)
		if (nodes[at].name == name)
			return at;
	return child_named(w, parent, name);
}

static uint32_t
type_name(struct work *w, uint32_t block)
{
	uint32_t type = types_of_block(w->types, block);

	if (!w->type_names[type])
		w->type_names[type] = texts_put(&w->c->texts, types_name(w->types, type));
	return w->type_names[type];
}

/* ---- roots --------------------------------------------------------------- */

/* A pointer on a stack may be a stale one, and what is copied to a register is somewhere
 * else, too: a variable that lasts as long as the program counts more. */
static bool
is_lasting(const struct work *w, const struct outline_place *p)
{
	uint32_t kind = w->h->roots[p->root].kind;

	return kind == HEAPFILE_ROOT_GLOBAL || kind == HEAPFILE_ROOT_TLS;
}

static uint32_t
node_of_place(struct work *w, const struct outline_place *p)
{
	const struct edges *e = &w->h->edges;
	const struct heap_root *root = &w->h->roots[p->root];
	uint64_t word = edges_word(e, p->first);
	char *name = names_root(w->names, root, word, edges_word(e, p->first + p->n - 1));
	uint32_t node = child_named(w, 0, texts_take(&w->c->texts, name));
	struct variable variable;

	if (!node || VEC_RESERVE_ZEROED(w->origins, w->origins_size, node + 1))
		return 0;
	w->origins[node] = (struct origin){
		.is_lasting = is_lasting(w, p),
		.is_nameless = !names_variable(w->names, root, word, &variable),
		.root = p->root,
		.word = word};
	return node;
}

static bool
is_near(const struct origin *a, const struct origin *b)
{
	uint64_t words = a->word < b->word ? b->word - a->word : a->word - b->word;

	return a->is_nameless && b->is_nameless && a->root == b->root &&
	       words <= NEAR_WORDS;
}

/* Of two nodes whose ways lead to a block the one that it is beneath; 0 = none yet.  It
 * falls in a fixed order, so that group_by_roots() comes to an end. */
static uint32_t
meet(const struct work *w, uint32_t a, uint32_t b)
{
	if (a == b || !b)
		return a;
	if (!a)
		return b;
	if (w->origins[a].is_lasting != w->origins[b].is_lasting)
		return w->origins[a].is_lasting ? a : b;
	if (!w->origins[a].is_lasting || is_near(&w->origins[a], &w->origins[b]))
		return a < b ? a : b;
	return w->shared;
}

/* Let a group's node reach what its blocks lead to; whether that changed anything. */
static bool
hand_on(struct work *w, uint32_t place)
{
	const struct dominators *d = w->tree;
	const struct edges *e = &w->h->edges;
	uint32_t block = d->blocks[place];
	bool is_changed = false;

	for (uint64_t at = e->first[block]; at < e->first[block + 1]; at++) {
		uint32_t to = d->places[e->targets[at]], node;

		if (!to || d->idoms[to])
			continue;
		node = meet(w, w->groups[to], w->groups[place]);
		is_changed |= node != w->groups[to];
		w->groups[to] = node;
	}
	return is_changed;
}

/* Give each block a node below the whole: of the place that all ways to it begin at. */
static bool
group_by_roots(struct work *w)
{
	const struct dominators *d = w->tree;
	bool is_changed = true;

	/* The first of all: it stays whatever it meets. */
	w->shared =
		child_named(w, 0, texts_put(&w->c->texts, "shared by several variables"));
	if (!w->shared || VEC_RESERVE_ZEROED(w->origins, w->origins_size, w->shared + 1))
		return false;
	w->origins[w->shared].is_lasting = true;
	for (size_t i = 0; i < w->outline->n_places; i++) {
		const struct outline_place *p = &w->outline->places[i];
		uint32_t node = 0;

		for (uint64_t e = p->first; e < p->first + p->n; e++) {
			uint32_t place = d->places[w->h->edges.targets[e]];

			if (!place || d->idoms[place])
				continue;
			if (!node && (node = node_of_place(w, p)) == 0)
				return false;
			w->groups[place] = meet(w, w->groups[place], node);
		}
	}
	for (int sweeps = 0; is_changed && sweeps < MOST_SWEEPS; sweeps++) {
		is_changed = false;
		for (uint32_t p = 1; p <= d->n; p++) {
			if (d->idoms[p])
				w->groups[p] = w->groups[d->idoms[p]];
			is_changed |= hand_on(w, p);
		}
	}
	return true;
}

/* ---- the whole ----------------------------------------------------------- */

static void
add(struct heap_count *to, uint64_t blocks, uint64_t bytes)
{
	to->blocks += blocks;
	to->bytes += bytes;
}

/* A dominator has a lower place, so its group is known. */
static bool
group_blocks(struct work *w)
{
	static const char unreachable[] = "not reachable from a root";
	const struct dominators *d = w->tree;
	struct heap_count reached = {0, 0};
	uint32_t node;

	for (uint32_t p = 1; p <= d->n; p++) {
		uint32_t block = d->blocks[p], parent;
		uint64_t bytes = heap_block_requested(&w->h->blocks[block]);

		parent = d->idoms[p] ? w->groups[d->idoms[p]] : w->groups[p];
		node = group_below(w, parent ? parent : w->shared, type_name(w, block));
		if (!node)
			return false;
		w->groups[p] = node;
		add(&w->c->nodes[node].own, 1, bytes);
		add(&reached, 1, bytes);
	}
	if (reached.blocks < w->h->live.blocks) {
		node = child_named(w, 0, texts_put(&w->c->texts, unreachable));
		if (!node)
			return false;
		add(&w->c->nodes[node].own, w->h->live.blocks - reached.blocks,
		    w->h->live.bytes - reached.bytes);
	}
	return true;
}

static void
sum_up(struct containment *c)
{
	for (uint32_t i = c->n; i-- > 0;) {
		struct containment_node *x = &c->nodes[i];

		add(&x->retained, x->own.blocks, x->own.bytes);
		if (i)
			add(&c->nodes[x->parent].retained, x->retained.blocks,
			    x->retained.bytes);
	}
}

static bool
make(struct work *w, struct symbols *symbols, const struct graph_options *options)
{
	static const struct heap_filter all = {.cohort = HEAP_ALL};
	struct containment *c = w->c;

	w->names = names_new(w->h, symbols);
	w->graph = graph_new(w->h, options, NULL, NULL);
	w->tree = dominators_new(w->h, options, NULL, NULL);
	if (!w->names || !w->graph || !w->tree)
		return false;
	if (!w->types)
		w->types = w->own_types = types_new(w->h, w->names, NULL);
	if (!w->types)
		return false;
	w->outline = outline_new(w->h, w->graph, w->names, w->types, &all, UINT32_MAX);
	w->groups = calloc((size_t)w->tree->n + 1, sizeof(*w->groups));
	w->type_names = calloc((size_t)w->types->n + 1, sizeof(*w->type_names));
	if (!w->outline || !w->groups || !w->type_names ||
	    VEC_PUSH(c->nodes, c->n, c->size, (struct containment_node){.parent = 0}) ||
	    !group_by_roots(w) || !group_blocks(w))
		return false;
	sum_up(c);
	return true;
}

struct containment *
containment_new(const struct heap *heap, struct symbols *symbols,
		const struct types *types, const struct graph_options *options)
{
	struct work w = {.h = heap, .types = types, .c = calloc(1, sizeof(*w.c))};

	if (w.c && !make(&w, symbols, options)) {
		containment_free(w.c);
		w.c = NULL;
	}
	free(w.origins);
	free(w.type_names);
	free(w.groups);
	hash_index_fini(&w.numbers);
	outline_free(w.outline);
	types_free(w.own_types);
	dominators_free(w.tree);
	graph_free(w.graph);
	names_free(w.names);
	return w.c;
}

void
containment_free(struct containment *c)
{
	if (!c)
		return;
	texts_fini(&c->texts);
	free(c->nodes);
	free(c);
}
