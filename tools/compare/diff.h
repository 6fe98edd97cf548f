/* diff.h -- what has changed from one snapshot to another, or over many.
 *
 * In:   models with names, one after the other, in the order in which they are to be
 *       compared; each may be freed when it has been added.
 * Out:  struct diff: for each site and each type what lived in each snapshot, and
 *       whether it is new, has grown, shrunk or gone.
 * Not here: how it is written (report/diff_text.c, report/diff_json.c), which files are
 *           compared (compare.c).
 *
 * How sites are matched follows from what is compared:
 *
 *     snapshots of one process    by site, and blocks one by one: a block is the same
 *                                 if address, epoch of birth and site are
 *     of one build                by site, as long as all modules that both have
 *                                 are of one build
 *     of different builds         by name (compare/cross_index.h)
 *
 * Before is the first snapshot, after the last one; the others are there for trends.
 *
 * BOUND  A block that is freed after the first snapshot, and another one of the same
 * site that comes to its place in the same epoch, are taken for one.  Only the epoch of
 * the snapshot itself can be such a one.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_DIFF_H
#define GCPROF_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compare/cross_index.h"
#include "detect/detect.h"
#include "model/heap.h"
#include "names/symbolize.h"

enum diff_state {
	DIFF_NEW,   /* no blocks before */
	DIFF_GROWN, /* more bytes, or as many in more blocks */
	DIFF_SAME,
	DIFF_SHRUNK,
	DIFF_GONE,      /* no blocks after */
	DIFF_UNMATCHED, /* in one only, and that may be for want of a name */
	DIFF_N_STATES,
};

enum diff_relation { DIFF_ONE_PROCESS, DIFF_ONE_BUILD, DIFF_OTHER_BUILD };

enum diff_sort { DIFF_BY_GROWTH, DIFF_BY_LIVE, DIFF_BY_BLOCKS, DIFF_BY_ALLOCATIONS };

/* How live bytes go, from three snapshots on. */
struct diff_trend {
	bool is_known;
	double slope, low, high; /* bytes per diff.x_unit; the interval as in trend.h */
	double slope_per_gib;    /* bytes per GiB allocated; 0 if not known */
	double confidence;       /* that it is no chance, 0..1 */
};

struct diff_row {
	struct joint_frame *frames; /* innermost first, at least one */
	size_t n_frames;
	size_t headline; /* the frame to name it by: joint_headline_frame() */
	enum diff_state state;
	struct heap_count *live;  /* by snapshot */
	uint64_t *allocations;    /* by snapshot, since the program's start */
	struct heap_count stayed; /* of before, what lives still; one process only */
	struct diff_trend trend;
};

struct diff_type {
	const char *name;
	enum diff_state state;
	struct heap_count *live; /* by snapshot */
	struct diff_trend trend;
};

/* What a snapshot says of itself. */
struct diff_snapshot {
	char *path, *command, *executable;
	uint64_t pid, start_time_ns, time_ns, uptime_ns, allocated_bytes, sample_bytes;
	bool is_complete;
	struct heap_count live;    /* all blocks */
	struct heap_count counted; /* those that the filters let through */
};

struct diff {
	struct diff_snapshot *snapshots;
	size_t n;
	enum diff_relation relation;
	enum joint_by by;
	const char *x_unit;      /* of slopes: "hour", or "snapshot" between processes */
	struct diff_row *rows;   /* as options.sort has it, by falling size of change */
	size_t n_rows, n_listed; /* listed: as diff_list() says */
	struct diff_type *types;
	size_t n_types, n_types_listed;
	struct diff_total { /* by state, of rows */
		size_t n;
		struct heap_count before, after;
	} totals[DIFF_N_STATES];
	/* Of one process: what of before lives still. */
	bool has_stayed;
	struct heap_count stayed;
	const struct findings *findings; /* of the last one, held against the first's; or
					    NULL: not looked for */
	const struct heap *last;         /* the model that the findings are of, or NULL */
	struct symbols *symbols;
	size_t frames;           /* of a stack in text, as diff_list() says */
	const char *filter_text; /* the filters as the user wrote them, or "" */
};

struct diff_options {
	struct heap_filter filter;
	const regex_t *focus, *ignore;
	enum diff_sort sort;
	const char *filter_text;
	bool with_types;
};

/* Snapshots on their way to a diff. */
struct differ;

/* options must live as long.  Returns NULL: no memory. */
struct differ *differ_new(const struct diff_options *options);

/* Add a snapshot.
 *
 * symbols  NULL = no names.
 * Returns  0, or -1: no memory.
 * Cost     names for each node that is new; types; a sweep over the blocks; of the
 *          first one 24 bytes a block stay. */
int differ_add(struct differ *d, const struct heap *heap, struct symbols *symbols,
	       const char *path);

/* What has come together, which must be two snapshots at least; it lives as long as
 * the differ.  NULL: no memory.  Cost: sites times snapshots. */
struct diff *differ_finish(struct differ *d);

void differ_free(struct differ *d);

/* For the next report: so many sites and types, and frames of a stack in text; 0 = all.
 * At first it is all. */
void diff_list(struct diff *d, size_t top, size_t frames);

/* "new" and the like; "one process" and the like. */
const char *diff_state_name(enum diff_state state);
const char *diff_relation_name(enum diff_relation relation);

static inline int64_t
diff_growth(uint64_t before, uint64_t after)
{
	return (int64_t)(after - before);
}

#endif
