/* stacktree.c -- the tree of all stacks of several snapshots.
 *
 * In/Out: stacktree.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "model/stacktree.h"

#include <stdbool.h>
#include <stdlib.h>

#include "util/vec.h"

uint64_t
stacktree_hash(uint64_t hash, const void *bytes, size_t n)
{
	const unsigned char *b = bytes;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ b[i]) * 0x100000001b3ull;
	return hash;
}

uint64_t
stacktree_module(const struct heap *h, uint32_t module)
{
	const struct heap_module *m = &h->modules[module];
	const struct heap_text *name = m->build_id.n ? &m->build_id : &m->path;
	uint64_t hash = stacktree_hash(0xcbf29ce484222325ull, m->build_id.n ? "b" : "p", 1);

	return module ? stacktree_hash(hash, name->bytes, name->n) : 0;
}

static uint64_t
place_hash(const struct stacktree_place *p)
{
	const uint64_t words[] = {p->module, p->offset,
				  (uint64_t)p->parent << 32 | p->flags};
	uint64_t hash = 0;

	for (size_t i = 0; i < 3; i++) {
		hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15ull;
		hash ^= hash >> 29;
	}
	return hash;
}

static bool
is_same_place(const void *tree, uint32_t number, const void *key)
{
	const struct stacktree_place *a = &((const struct stacktree *)tree)->places[number];
	const struct stacktree_place *b = key;

	return a->module == b->module && a->offset == b->offset &&
	       a->parent == b->parent && a->flags == b->flags;
}

/* Its number; 0: no memory. */
static uint32_t
intern(struct stacktree *t, const struct stacktree_place *p)
{
	uint32_t number;

	if (VEC_RESERVE_ZEROED(t->places, t->places_size, (uint64_t)t->n_places + 2))
		return 0;
	number = hash_index_put(&t->numbers, place_hash(p), is_same_place, t, p);
	if (number > t->n_places)
		t->places[++t->n_places] = *p;
	return number;
}

uint32_t *
stacktree_add(struct stacktree *t, const struct heap *h)
{
	uint64_t *modules = calloc((size_t)h->n_modules + 1, sizeof(*modules));
	uint32_t *by_node = calloc((size_t)h->n_nodes + 1, sizeof(*by_node));
	bool ok = modules && by_node;

	for (uint32_t i = 0; ok && i <= h->n_modules; i++)
		modules[i] = stacktree_module(h, i);
	for (uint32_t i = 1; ok && i <= h->n_nodes; i++) {
		const struct heap_node *n = &h->nodes[i];
		const struct stacktree_place p = {modules[n->module], n->offset,
						  by_node[n->parent], n->flags};

		by_node[i] = intern(t, &p);
		ok = by_node[i] != 0;
	}
	free(modules);
	if (ok)
		return by_node;
	free(by_node);
	return NULL;
}

void
stacktree_fini(struct stacktree *t)
{
	free(t->places);
	hash_index_fini(&t->numbers);
}
