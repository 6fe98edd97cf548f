/* series_parts.h -- what the parts of the detector of series share.
 *
 * series_trend.c     sites and their course; findings of the last snapshot are weighed, and
 *                    those that only the course shows are added
 * series_earlier.c   what earlier snapshots say by themselves
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_SERIES_PARTS_H
#define GCPROF_SERIES_PARTS_H

#include "detect/detect.h"
#include "detect/idle_retention.h"
#include "detect/joins.h"

/* Some sites, together. */
struct group {
	uint32_t node; /* the one that holds most now */
	uint64_t most;
	const char *function;   /* that allocates; NULL = unknown */
	double *blocks, *bytes; /* by snapshot */
	const double *series;   /* the one that counts */
	size_t n;               /* snapshots that count: the first so many */
	struct finding_trend trend;
	double per_second, per_second_low, per_second_high;
	size_t n_steps;  /* snapshots with work since the one before; the first is none */
	bool is_rising;  /* at each step from snapshot to snapshot */
	bool goes_on;    /* at the last one, too */
	bool has_rested; /* for a good part of the time, where only time can tell */
};

/* A site that may have a finding of its own. */
struct candidate {
	uint32_t node;
	char *function;    /* NULL = unknown */
	bool is_reported;  /* by a finding */
	bool is_noted;     /* its function has one of growth that is a note */
	bool rises, stays; /* alone; see classify_candidate() */
};

struct work {
	const struct detector *d;
	const struct heap *h;
	const struct several *s;
	const struct settle *settle;
	const struct joins *joins;
	size_t n_alive;   /* snapshots from before the program's end */
	double *x;        /* seconds, by snapshot */
	bool *is_step;    /* by snapshot: there was work since the step before */
	bool is_all_kept; /* nearly all that was allocated from the first to the last */
	struct candidate *list;
	size_t n;
	uint32_t *by_node; /* index + 1 in list */
};

static inline bool
series_is_of_growth(const struct finding *f)
{
	return finding_kinds[f->id].traits & FINDING_IS_GROWTH;
}

/* ---- series_trend.c ---- */

/* The function that allocates at a site, for free(3); NULL: unknown. */
char *series_function(const struct work *w, uint32_t node);

/* The sites of a finding, and their course, for group_fini(): 0, or -1: no memory, and it is
 * said so. */
int series_group(const struct work *w, struct group *g, const struct finding *f,
		 const char *function);
void group_fini(struct group *g);

/* "Over 5 snapshots in 12 s: ..." */
void series_add_course(const struct work *w, struct finding *f, const struct group *g);

/* ---- series_earlier.c ---- */

/* Add what earlier snapshots say by themselves, and the findings do not. */
void series_add_earlier(const struct work *w);

#endif
