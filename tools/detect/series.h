/* series.h -- snapshots of one process, side by side.
 *
 * In:   models, one after the other, in the order of their time; each may be
 *       freed when it has been added.
 * Out:  what was live when, for each place that allocates.
 * Not here: what that means (detect/series_trend.c); marks (detect/idle_retention.h).
 *
 * What falls into the end of the program, when it has begun to clean up, is kept with the
 * others, and marked: it says nothing of their course.
 *
 * Sites are matched by their stacks (stacktree.h); what is called a place here is a
 * place of that tree.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_SEVERAL_H
#define GCPROF_SEVERAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "graph/graph.h"
#include "model/heap.h"
#include "model/stacktree.h"

/* What one place had at one snapshot.  Lost blocks are not live. */
struct several_sum {
	uint32_t place;
	struct heap_count live;
	uint64_t allocations;
};

/* The look at the heap before the end is taken when up to a 32nd of it has gone (lib/before.h):
 * where less than this part is missing, a snapshot shows the heap as it was. */
enum { SERIES_BEGUN_PART = 16 };

struct several_snapshot {
	char *path;
	uint64_t time_ns, uptime_ns, allocations;
	bool is_exit; /* taken at the end of the program, when it may have cleaned up */
	/* The program had freed much of its heap by then, with hardly an allocation more,
	 * and ended, or nothing more is known of it.  INVARIANT  None but such ones follow. */
	bool is_teardown;
	/* Before the end, out of the file of the next one: from the heap that it has inside,
	 * or from its books, without what was lost by then. */
	bool is_inner;
	uint64_t where; /* a hash of where its threads were; 0 = unknown, or of no moment */
	struct heap_count live;      /* all blocks */
	struct heap_count reachable; /* those that are not lost */
	struct several_sum *sums;    /* by rising place, where there is something */
	size_t n_sums;
};

struct several {
	struct several_snapshot *list; /* by rising time */
	size_t n;
	struct stacktree tree;
	uint32_t *by_node; /* of the last model that was added: its places */
};

struct several *several_new(void);
void several_free(struct several *s);

/* Add a snapshot, the latest so far.
 *
 * graph    of the model; NULL: all blocks count as reachable.
 * Returns  0, or -1: no memory; s is then as it was, but for places.
 * Cost     one sweep over the blocks; memory for the model's sites.
 */
int several_add(struct several *s, const struct heap *heap, const struct graph *graph,
		const char *path);

/* Add what the books of a snapshot say of the last period before the program cleaned up;
 * to be followed by the snapshot itself.  Nothing is added if that was before the latest.
 *
 * before   heap_before_teardown()
 * Returns  as several_add(). */
int several_add_books(struct several *s, const struct heap *heap, const struct graph *graph,
		      const struct hf_period *before, const char *path);

/* Snapshots that are not of the end: those that count for a course. */
size_t several_n_alive(const struct several *s);

/* Let the last one go if it is of this file: it will be added again. */
void several_drop(struct several *s, const char *path);

/* What a place had at the i-th snapshot; zeros if nothing. */
struct several_sum several_get(const struct several *s, size_t i, uint32_t place);

/* Seconds from the start of the process to the i-th snapshot. */
double several_seconds(const struct several *s, size_t i);

/* ---- whose snapshots they are ---- */

/* What a file says of itself, without its blocks. */
struct several_file {
	const char *path;
	bool is_readable; /* as far as it has been looked at */
	bool is_known;    /* it says of which process it is */
	uint64_t pid, start_time_ns, uptime_ns, number, time_ns;
	uint64_t live_bytes, allocations;
	bool is_exit;
	uint64_t executable; /* a hash of its path */
	size_t group;        /* number of the process, by its first file */
	bool is_double;      /* the same snapshot as the one before it */
};

/* Look at a file.  What cannot be read is not known, and no error yet.  BOUND  A
 * pipe can be read once only; it is never known. */
void several_identify(const char *path, struct several_file *ret);

/* Put the files of each process together, in the order of time; processes in the
 * order of their first files.  A process is known by pid, start and executable;
 * what is not known is a process of its own.
 * Returns the number of groups. */
size_t several_sort(struct several_file *files, size_t n);

/* Of the files of one process in their order, that which shows the heap as it was before
 * the program began to clean up, if the last one may be of its end; n: none. */
size_t several_before(const struct several_file *files, size_t n);

#endif
