/* leak_groups.h -- lost blocks by site and state, as leak.c and its two other parts know them.
 *
 * In:   nothing.
 * Out:  the types that they share, and what each does for the others.
 * Not here: what is done with them (leak.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_LEAK_GROUPS_H
#define GCPROF_LEAK_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "detect/detect.h"
#include "util/hash_index.h"

enum {
	LARGE_BYTES = 64 << 10,
	IN_USE = GRAPH_IGNORED, /* the states before it have groups, and POSSIBLE two */
	N_GROUPED,
	MOST_PATHS = 100, /* findings with a path from a root */
	MOST_NAMED = 6,   /* sites of one finding */
	NO_BLOCK = -1,
};

struct leak_group {
	uint32_t site;
	enum graph_state state;
	struct heap_count count;
	struct heap_count indirect; /* of DEFINITE: lost with them */
	uint32_t example;           /* a block of it */
	uint32_t kinds;
	uint64_t smallest; /* bytes of the smallest block */
	uint64_t n_tagged; /* of POSSIBLE: graph_is_tagged() */
	uint64_t n_left;   /* of POSSIBLE: graph_is_left() */
	bool is_in_use;    /* of POSSIBLE: inside.h */
	/* Of POSSIBLE: where pointers meet the blocks; least > most: only at their
	 * starts, from others that are POSSIBLE. */
	uint32_t least_inside, most_inside;
	uint64_t n_cyclic;      /* of DEFINITE: leaders of cycles */
	uint32_t cycle_example; /* one of them */
	uint64_t oldest_age, newest_age;
	bool has_age;
	uint32_t threads[FINDING_THREADS];
	size_t n_threads;
	bool has_more_threads;
	bool is_suppressed;
	/* Index + 1 of the group in whose finding it is reported, 0 = in its own; and the
	 * sites of those that are reported in its own. */
	uint32_t into;
	uint32_t *sites;
	size_t n_sites;
	bool is_of_many; /* notes of POSSIBLE, taken together */
	/* Who points into the example; a root if holder == NO_BLOCK. */
	int64_t holder;
	const struct heap_root *root;
	uint32_t inside;
};

/* Blocks of one site that are lost with those of a group. */
struct leak_part {
	uint32_t group; /* index + 1 */
	uint32_t site;
	struct heap_count count;
};

struct leak_work {
	const struct detector *d;
	const struct heap *h;
	const struct graph *g;
	uint32_t *index; /* by site * N_GROUPED + state or IN_USE: index + 1 in groups */
	struct leak_group *groups;
	size_t n_groups, groups_size;
	struct leak_part *parts;
	size_t n_parts, parts_size;
	struct hash_index part_numbers; /* index + 1 */
	struct heap_count *retained;    /* by index of group + 1; NULL = unknown */
	uint8_t *in_use;                /* a bit for each block: inside.h; NULL = none */
	size_t n_paths;
	/* Why the blocks of the notes that are taken together are in use. */
	struct heap_count ruled, tagged, large;
	bool failed;
};

static inline void
leak_add_count(struct heap_count *to, const struct heap_count *c)
{
	to->blocks += c->blocks;
	to->bytes += c->bytes;
}

/* ---- leak.c ---- */

void leak_add_thread(struct leak_group *x, uint32_t thread);

/* ---- leak_join.c: what is one finding ---- */

/* All of them: pointers with something noted in their low bits lead there. */
bool leak_is_tagged(const struct leak_group *x);
/* Pointers meet all its blocks at one place, or only others that are POSSIBLE lead there. */
bool leak_is_regular(const struct leak_group *x);
bool leak_is_queue_rest(const struct leak_work *w, const struct leak_group *x);
enum finding_level leak_level(const struct leak_work *w, const struct leak_group *x);
/* In a finding of its own. */
bool leak_is_reported(const struct leak_group *x);

/* Take groups together that are one finding.  After all that is known of each. */
void leak_join(struct leak_work *w);

/* ---- leak_text.c: what is said of them ---- */

void leak_summarize(const struct leak_work *w, struct finding *f,
		    const struct leak_group *x);
void leak_add_evidence(const struct leak_work *w, struct finding *f,
		       const struct leak_group *x);
/* "globals 14, stacks 2, registers 2" */
void leak_count_roots(const struct leak_work *w, char *buf, size_t n);

#endif
