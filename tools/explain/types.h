/* types.h -- the type of each block, and what each type holds.
 *
 * In:   a heap, names, the dominator tree if there is one.
 * Out:  a number for each block, and for each number a name, counts and what its blocks
 *       retain.
 * Not here: what containers and classes are called (containers.h, root_names.h), what
 *           structures in C look like (shapes.h), which types are shown (report.h).
 *
 * A block's type is the first of these that is known:
 *
 *     VTABLE     the class whose vtable its first word leads to, "Session"; of an array
 *                "Session[]".  Blocks of a container are not asked: the first element
 *                of a vector says nothing of the vector.
 *     CONTAINER  the container that asked for it, and what for: "std::map<int, Session>
 *                node", "GHashTable storage".  A shared_ptr's own blocks count as this
 *                whether the stack or their vtable names them.
 *     SHAPE      what blocks of the same call look like, and the function that
 *                allocated them: "hash table with chains of table_grow"
 *     SITE       the type that operator new was called for where its caller is a
 *                template that names it; else the function: "block of read_line"
 *
 * What is called the same is one type, whatever called it so.
 *
 * What a type retains is the sum over its topmost blocks in the dominator tree, those
 * with no other of their type above them: nothing is counted twice for one type.  One
 * byte may be retained by several types, so over types it does not add up.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_TYPES_H
#define GCPROF_TYPES_H

#include <stdbool.h>
#include <stdint.h>

#include "graph/dominators.h"
#include "model/heap.h"
#include "names/root_names.h"

enum types_origin {
	TYPES_VTABLE,
	TYPES_CONTAINER,
	TYPES_SHAPE,
	TYPES_SITE,
};

struct type {
	char *name; /* UTF-8 as far as the names of functions are */
	enum types_origin origin;
	struct heap_count live;     /* requested bytes */
	struct heap_count retained; /* zero if it is not known, or nothing is reachable */
	uint32_t largest; /* the block that retains most, or has most bytes if that is
			     more, as what is lost retains nothing; the first of them */
};

/* INVARIANT  blocks[b] is 1 to n for each block; the live counts of all types add up to
 * heap->live; list[] falls in retained bytes, then live bytes, then rises by name. */
struct types {
	const struct heap *heap;
	uint32_t n;
	uint32_t *blocks;  /* by block: its type */
	struct type *list; /* 1 to n; [0] means nothing */
	bool has_retained;
};

/* Find the types.
 *
 * heap     must live as long as the types.
 * names    without symbols most types are modules and offsets.
 * d        NULL: what types retain is not known.
 * Returns  the types for types_free(), or NULL: no memory.
 * Cost     each site with live blocks is named once; five sweeps over the blocks and
 *          two over the dominator tree; 4 bytes a block, 8 more while it works.
 */
struct types *types_new(const struct heap *heap, struct names *names,
			const struct dominators *d);

void types_free(struct types *t);

/* The number of a block's type, from 1. */
static inline uint32_t
types_of_block(const struct types *t, uint32_t block)
{
	return t->blocks[block];
}

static inline const char *
types_name(const struct types *t, uint32_t type)
{
	return t->list[type].name;
}

/* The type with a name, or 0; a sweep over the names. */
uint32_t types_named(const struct types *t, const char *name);

/* "vtable" and the like. */
const char *types_origin_name(enum types_origin origin);

#endif
