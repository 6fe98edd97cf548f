/* holders.h -- what holds a class of blocks: a path from a named root, and the
 * container in which they pile up.
 *
 * In:   a heap with its dominators, names if there are any; some blocks that
 *       belong together, as those that one site allocated last.
 * Out:  struct holder.
 * Not here: which blocks are worth asking about (detect/); retained sizes
 *       (dominators.h); how things are called (names/).
 *
 * The path is one that most of the blocks agree on.  Each block has one best way
 * from the roots (holder_ways.h).  From the blocks upwards, each step goes where most
 * ways go: to a site, and a word in its blocks.  Blocks of one site that follow one
 * another, as a list's do, are one step, and who holds the list's head is the next one:
 * others may point into its middle.  So are many blocks of which each leads to the next
 * by the same word.
 *
 * The container is where what can be reached only together comes together: the
 * closest block that dominates most of the class, or what is above it if it is a
 * link itself, as a list's first item.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_HOLDERS_H
#define GCPROF_HOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "explain/holder_container.h"
#include "graph/dominators.h"
#include "graph/graph.h"
#include "model/heap.h"
#include "names/root_names.h"

enum { HOLDER_STEPS = 12 };

/* One step of a path.  Strings belong to the holder. */
struct holder_step {
	bool is_root;
	uint32_t root_kind;         /* of a root: enum heapfile_root */
	bool is_local_owner;        /* the same: names_is_local_owner() */
	uint32_t site;              /* of blocks */
	uint64_t address;           /* of the word in the root, or of one block */
	uint64_t offset;            /* in bytes: where the pointer to the next step is */
	uint64_t n_folded;          /* blocks that are this step, 1 or more */
	struct heap_count retained; /* by the block at address; none for roots */
	char *name;     /* "sessions in server"; "std::map node", "Session"; or NULL */
	char *function; /* that allocated it, outside of libraries; of a root on a stack, in
			 * whose frame it is; NULL = unknown */
	/* Whose root it is; NULL = no thread's, or unknown.  The heap's own. */
	const struct heap_text *thread;
	uint64_t tid;
};

struct holder {
	struct holder_step steps[HOLDER_STEPS]; /* from the root; the class is last */
	size_t n_steps;
	size_t n_left_out; /* steps in the middle, before steps[HOLDER_STEPS / 2] */
	double agreement;  /* share of the blocks whose way this is */
	/* The container; a root if container is DOMINATORS_ROOTS. */
	uint32_t container;
	struct heap_count retained; /* by the container; of a root, by the class */
	struct heap_count entries;  /* blocks of the class's sites that it dominates */
	double share;               /* of the blocks asked about that it dominates */
	enum holder_shape shape;
	const char *kind; /* "std::unordered_map" and the like, or NULL */
	char *name;       /* of the container: the root's, the type's, or NULL */
	char *function;   /* that allocated it; NULL of a root */
};

struct holders;

/* heap, d and names must live as long as the holders.
 *
 * options  those that d was made with.
 * Returns  holders for holders_free(), or NULL: no memory.
 * Cost     each edge is read once; 20 bytes a block.
 */
struct holders *holders_new(const struct heap *heap, const struct graph_options *options,
			    const struct dominators *d, struct names *names);

void holders_free(struct holders *h);

/* Find what holds some blocks; those that are not reachable are left out.
 *
 * Returns  0 and a holder for holder_free(); 1 if no root leads to any of them; -1:
 *          no memory.
 * Cost     three sweeps over the dominator tree, whatever n is.
 */
int holders_find(struct holders *h, const uint32_t *blocks, size_t n, struct holder *ret);

/* Only the path; the rest of *ret is empty.  Returns the same.
 *
 * Cost     up to four sweeps over the edges of roots.
 */
int holders_path(struct holders *h, const uint32_t *blocks, size_t n, struct holder *ret);

void holder_free(struct holder *x);

/* What blocks retain together, nothing counted twice.  Returns 0. */
int holders_retained(struct holders *h, const uint32_t *blocks, size_t n,
		     struct heap_count *ret);

/* "array" and the like. */
const char *holder_shape_name(enum holder_shape shape);

#endif
