/* cross_index.h -- the sites of several snapshots, joined.
 *
 * In:   models with names, one after the other; each may be freed when it has been
 *       added.
 * Out:  for each model, the place of each node; for each place, the frames of its
 *       stack, and a number by which it is the same in another build.
 * Not here: what is summed up by place (diff.h, merge.h).
 *
 * There are two ways to join.
 *
 *     JOINT_BY_SITE   the same modules, by build id, and the same offsets in them:
 *                     a place of stacktree.h
 *     JOINT_BY_NAME   the same functions in the same modules, by base name; the program
 *                     itself is the same whatever its file is called.  Addresses, files
 *                     and lines do not count, nor what compilers add to names.  A call
 *                     that was inlined is a frame like any other, as far as debug
 *                     information tells of it.  What lies outside of main does not
 *                     count, nor the frames of the C library at a thread's start.
 *
 * A frame without a name is the same by name only if it is the same by site.
 *
 * BOUND  A function that jumps to another at its end has no frame; two builds that
 * differ in that have two stacks.
 *
 * A place is named once, when it first comes, whatever snapshots have it later.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_JOINT_H
#define GCPROF_JOINT_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/heap.h"
#include "model/stacktree.h"
#include "names/stacks.h"
#include "names/symbolize.h"
#include "util/texts.h"

enum joint_by { JOINT_BY_SITE, JOINT_BY_NAME };

/* A line of a stack.  Strings are the joint's. */
struct joint_frame {
	struct stack_frame frame; /* its module is 1, or 0 for none */
	const char *module;       /* path; NULL = unknown */
	bool is_library;          /* none of the program's own code (own_code.h) */
};

/* Of a place of the tree. */
struct joint_place {
	uint32_t first, n;           /* joint->frames[]: its own, innermost first */
	uint32_t named;              /* by name; 0: outside of main, up to here */
	bool is_known;               /* all of this is filled in */
	bool is_focused, is_ignored; /* it or a caller matches --focus, --ignore */
};

/* A stack by its names.  INVARIANT  parent < own number. */
struct joint_named {
	uint32_t parent;
	uint32_t module; /* of a frame without a name: number + 1 in modules[] */
	const char *function, *module_name; /* kept once, so that addresses tell */
	uint64_t identity, offset;          /* of a frame without a name, else 0 */
	struct joint_frame frame;
};

/* A loaded object that is in some stack. */
struct joint_module {
	uint64_t identity;
	const char *name, *path; /* name: by which it is the same in another build */
	uint8_t *is_in;          /* by snapshot */
	bool lacks_names;        /* of some of its functions between main and a site */
};

struct joint {
	const regex_t *focus, *ignore; /* NULL = none */
	struct stacktree tree;
	struct texts texts;
	struct joint_place *places; /* by place; [0] is "(unknown place)" */
	uint32_t places_size;
	struct joint_frame *frames;
	uint32_t n_frames, frames_size;
	struct hash_index names;
	struct joint_named *named; /* from 1; 1 is what is outside of main */
	uint32_t named_size;
	struct joint_module *modules;
	uint32_t n_modules;
	uint32_t n; /* snapshots */
};

/* Returns a joint for joint_free(); NULL: no memory. */
struct joint *joint_new(const regex_t *focus, const regex_t *ignore);

void joint_free(struct joint *j);

/* Add a snapshot.
 *
 * symbols  NULL = no names.
 * Returns  by node, the place of what was allocated there, gcprof's own frames left
 *          out; for free(3).  NULL: no memory; the joint is then good for joint_free()
 *          only.
 * Cost     names for each node that no earlier snapshot had. */
uint32_t *joint_add(struct joint *j, const struct heap *heap, struct symbols *symbols);

/* Is a place shown at all? */
bool joint_passes(const struct joint *j, uint32_t place);

/* What a model has at one place, as a filter lets blocks through. */
struct joint_sum {
	uint32_t place;
	struct heap_count live, old;
	uint64_t allocations, allocated_bytes; /* of all blocks */
};

/* Sums of all places that are shown and have something, by rising place.
 *
 * by_node  of joint_add().
 * Returns  them for free(3); NULL: no memory. */
struct joint_sum *joint_sums(const struct joint *j, const struct heap *heap,
			     const struct heap_filter *filter, const uint32_t *by_node,
			     size_t *ret_n);

/* Sort sums by place, or what stands there instead, and add up those that have the same.
 * Returns how many are left. */
size_t joint_join_sums(struct joint_sum *sums, size_t n);

/* Sums by type; names are kept in `names`, whose number is then type. */
struct joint_type {
	uint32_t type;
	struct heap_count live;
};
struct joint_type *joint_types(const struct joint *j, const struct heap *heap,
			       struct symbols *symbols, const struct heap_filter *filter,
			       const uint32_t *by_node, struct texts *names, size_t *ret_n);

/* The number that stands for a place, below joint_n_rows(). */
uint32_t joint_row(const struct joint *j, enum joint_by by, uint32_t place);
uint32_t joint_n_rows(const struct joint *j, enum joint_by by);

/* The frames of a row, innermost first.
 * Returns  0 and at least one frame for free(3), or -1: no memory. */
int joint_stack(const struct joint *j, enum joint_by by, uint32_t row,
		struct joint_frame **ret, size_t *ret_n);

/* Are all modules that two snapshots both have of one build?  Then sites are the
 * same as well. */
bool joint_is_one_build(const struct joint *j);

/* A row that only some snapshots have: could it be for want of a name?  So it is if it
 * has a frame without a name, or if one of its modules is another build where the row is
 * not, whose functions lack names; libraries of the language are not asked for that. */
bool joint_is_unmatched(const struct joint *j, uint32_t named, const bool *has_row);

/* The frame of a headline: the innermost of the program's own that is more than another name
 * for malloc; of a stack of libraries alone the innermost that is not the C library's either;
 * or the first. */
size_t joint_headline_frame(const struct joint_frame *frames, size_t n);

/* The function of the program that a node's blocks are named by, for free(3); NULL: not
 * known, or no memory. */
char *joint_function(const struct heap *heap, struct symbols *symbols, uint32_t node);

/* How many frames there are without those outside of main or of a thread's start. */
size_t joint_shown_frames(const struct joint_frame *frames, size_t n);

#endif
