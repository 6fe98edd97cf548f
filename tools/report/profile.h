/* profile.h -- the sites of a report as a profile: stacks of frames, with values.
 *
 * In:   a report.
 * Out:  every frame once, the frames of each site's stack, and its values; what
 *       flame graphs, pprof and their like are made of.
 * Not here: how it is written (report/folded.c, report/pprof.c, ...).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_PROFILE_H
#define GCPROF_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/report.h"

#include "util/hash_index.h"

/* A line of a stack.  Texts are valid UTF-8 without control characters. */
struct profile_frame {
	char *name;   /* function, module+offset, or words for a special place */
	char *symbol; /* as the linker has it; NULL = unknown */
	char *file;   /* NULL = unknown */
	unsigned line;
	uint32_t module; /* 0 = none */
	uint64_t offset; /* virtual address in the module's file */
	bool is_inlined; /* into the frame after it */
	bool is_named;   /* name is that of a function */
};

/* Frames of one node of the calling-context tree, innermost first:
 * frame_numbers[first .. first + n - 1].  n is 0 for what is in no stack. */
struct profile_node {
	uint32_t first, n;
};

enum profile_value {
	PROFILE_LIVE_BYTES,
	PROFILE_LIVE_BLOCKS,
	PROFILE_OLD_BYTES,
	PROFILE_YOUNG_BYTES,
	PROFILE_ALLOCATED_BYTES,
	PROFILE_ALLOCATIONS,
	PROFILE_N_VALUES,
};

struct profile {
	const struct report *report;
	const uint32_t *rows; /* nodes: the report's sites, in its order */
	size_t n_rows;
	struct profile_frame *frames; /* no two alike */
	size_t n_frames, frames_size;
	struct profile_node *nodes; /* by node, 0 included */
	uint32_t *frame_numbers;
	size_t n_frame_numbers, frame_numbers_size;
	uint32_t *stack; /* of profile_stack() */
	size_t stack_size;
	struct hash_index numbers; /* of frames: index + 1 */
};

/* Returns  a profile for profile_free(), which refers to r; NULL: no memory.
 * Cost     names for each node of the listed sites, once. */
struct profile *profile_new(const struct report *r);

void profile_free(struct profile *p);

/* The stack of a node.
 *
 * ret     indices into p->frames, innermost first, until the next call.
 * Returns how many, 0 if there is no memory. */
size_t profile_stack(struct profile *p, uint32_t node, const uint32_t **ret);

/* Of a node, in blocks or bytes. */
uint64_t profile_value(const struct profile *p, uint32_t node, enum profile_value which);

/* "bytes" or "count". */
const char *profile_unit(enum profile_value which);

#endif
