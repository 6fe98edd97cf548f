/* edges.h -- who points to whom, as the snapshot has it, in little memory.
 *
 * In:   holders in rising order, each with its edges.
 * Out:  the edges of each block; of a root, a range of them.
 * Not here: what can be reached over them (graph.h).
 *
 * An edge takes 8 bytes, and 8 more if it points inside its target; a block
 * takes 8.  Blocks are numbered from 0 here and in all of tools/.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_EDGES_H
#define GCPROF_EDGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How an edge meets its target: at the start, or inside in one of the ways of
 * enum heapfile_inside. */
enum edges_class {
	EDGES_START = 0,
	EDGES_INSIDE = 1,
	EDGES_INSIDE_STRING = 2,
	EDGES_INSIDE_ARRAY = 3,
	EDGES_INSIDE_INHERITANCE = 4,
};

enum { EDGES_CLASS_SHIFT = 29 };
#define EDGES_WORD_MAX ((1u << EDGES_CLASS_SHIFT) - 1)

/* Offset of an edge that points inside. */
struct edges_inside {
	uint32_t edge;   /* its index, which is below 2^32 here */
	uint32_t offset; /* in bytes, at most UINT32_MAX */
};

/* INVARIANT  csr: the edges of block b are first[b] .. first[b + 1] - 1, those
 * of roots come after the last block's; targets[] and words[] run in
 * parallel. */
struct edges {
	uint64_t *first; /* n_blocks + 1 */
	uint32_t n_blocks;
	uint32_t n_begun; /* blocks whose first[] is set */
	uint32_t *targets;
	uint32_t *words; /* min(offset in the holder / 8, EDGES_WORD_MAX) | class << 29 */
	uint64_t n, size;
	struct edges_inside *insides; /* by rising edge */
	size_t n_insides, insides_size;
};

/* Zeroed before; 0, or -1: no memory.  edges_free() in any case. */
int edges_init(struct edges *e, uint32_t n_blocks);

/* The edges that are added from now on are of this block, or of a root after
 * the last block (block == n_blocks). */
void edges_begin(struct edges *e, uint32_t block);

/* inside is 0 for the target's start; 0, or -1: no memory. */
int edges_add(struct edges *e, uint32_t target, uint64_t word, enum edges_class class,
	      uint64_t inside);

void edges_free(struct edges *e);

/* Where inside its target an edge points; 0 is the start, or unknown. */
uint32_t edges_offset(const struct edges *e, uint64_t edge);

static inline enum edges_class
edges_class(const struct edges *e, uint64_t edge)
{
	return (enum edges_class)(e->words[edge] >> EDGES_CLASS_SHIFT);
}

static inline uint32_t
edges_word(const struct edges *e, uint64_t edge)
{
	return e->words[edge] & EDGES_WORD_MAX;
}

#endif
