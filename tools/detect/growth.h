/* growth.h -- what the parts of the growth detector share.
 *
 * growth.c           which sites are worth it; the order of the work
 * growth_course.c    growing, slowing, bounded, drained: from a site's history
 * growth_classify.c  cache, queue, closure ...: from what holds its blocks and how they died
 * growth_findings.c  what is reported of it
 *
 * In:   the history of each site that matters (history.h).
 * Out:  struct growing, which each part fills in for the next.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_GROWTH_H
#define GCPROF_GROWTH_H

#include "detect/detect.h"
#include "detect/history.h"
#include "detect/joins.h"
#include "detect/trend.h"
#include "explain/holders.h"
#include "graph/dominators.h"

enum {
	MIN_BLOCKS = 200,     /* of a site that matters, */
	MIN_BYTES = 64 << 10, /* or so many bytes, or a hundredth of all */
};

#define MAX_P 0.05    /* of a trend by chance */
#define IN_ORDER 0.95 /* chance that a living block is younger than a dead one was */

enum growth_course { NOTHING, GROWING, SLOWING, BOUNDED, DRAINED };
enum growth_kind { GROWTH, CACHE, MISSING_FREE, QUEUE, CLOSURE };

/* A site that matters. */
struct growing {
	const struct history *history;
	const double *series; /* what was judged: blocks or bytes */
	bool is_bytes;
	bool is_torn_down; /* freed at the end of the program */
	bool is_lost;      /* at the end of the program, with what held it */
	size_t end;        /* the last period that counts: the last whole one, or the one
		     * before it was torn down */
	enum growth_course course;
	struct trend trend; /* of the last half */
	double first, last; /* of the series: after warm-up, and at the end */
	double peak;
	bool is_in_free; /* held by the stack of who frees them, in a look amid that */
	bool is_seen_before; /* holder and what follows from it are of the heap before */
	bool has_holder;
	struct holder holder; /* sites by the numbers of the heap at hand in any case */
	char *function;       /* that allocates; NULL = unknown */
	enum growth_kind kind;
	double suffix;  /* chance that a living one is younger than a dead one; -1 */
	double freed;   /* share of the site's blocks */
	double scatter; /* how new blocks are spread over old ones; -1 unknown */
	double death_scatter;  /* how they were, when all were freed at the end; -1 */
	const char *container; /* "std::map": whose memory the site allocates; or NULL */
	bool has_code;
	bool is_consumed; /* some are taken out all along, up to the end */
	bool is_dense;    /* held by an array without gaps */
	bool has_table;   /* by one whose words lead to blocks of all ages, in no order */
	bool is_filled;   /* by one that has all of them, in order of birth */
	bool is_sorted;   /* by one that has all of them, and not in order of birth */
	bool is_tree;     /* leads to others of its site as a parser's tree does */
	bool is_scatter; /* its kind follows from links to blocks of all ages, or from the
			  * order of deaths, and nothing else */
	char *type;      /* of an object, else as the stack that allocates it says */
	bool is_container; /* of another one that grows */
	int64_t part_of;   /* index of the one whose blocks hold it; -1 */
	uint32_t led_from; /* site of the block that leads to it on its path; 0 = a root */
	bool is_reported;
	size_t finding; /* index + 1 of the one that counts its blocks; 0 = none */
};

struct growth_work {
	const struct detector *d;
	const struct heap *h;
	struct histories *histories;
	struct dominators *dominators;
	struct holders *holders;     /* NULL: nobody was asked for, or no graph */
	struct heap_count *retained; /* by site; NULL = unknown */
	struct growing *list;
	size_t n;
	const struct joins *joins;
	uint32_t *by_site; /* index + 1 in list; of joined sites their leader's */
	/* The program freed most of its memory in the last period, as it does that
	 * cleans up at its end: then the period before counts. */
	bool is_torn_down;
	double heap_bytes, heap_blocks; /* live, at the snapshot or before that */
	double kept_share;              /* of the volume, what stays of it */
	bool is_all; /* what was freed at the end is nearly all that the program allocated */
	bool has_ended; /* it went on for long, and then ended, without growing */
	/* The same of the heap as it was before the program began to clean up: d, h, joins,
	 * and histories in the order of list, of node 0 where the site is younger; holders,
	 * dominators and retained when they are asked for.  NULL: there is none. */
	struct growth_work *before;
};

/* Sites that are one, as their stacks lead through code without a name. */
static inline bool
growth_is_joined(const struct growth_work *w, const struct growing *g)
{
	return joins_size(w->joins, g->history->node) > 1 &&
	       !joins_is_recursive(w->joins, g->history->node);
}

/* Freed at the end of the program, and nobody knows any more who held it. */
static inline bool
growth_is_ownerless(const struct growing *g)
{
	return g->is_torn_down && (!g->is_seen_before || g->is_in_free);
}

/* What a site's blocks retain; NULL: unknown. */
static inline const struct heap_count *
growth_retained(const struct growth_work *w, const struct growing *g)
{
	const struct heap_count *all =
		g->is_seen_before ? w->before->retained : w->retained;

	return all ? &all[g->history->node] : NULL;
}

/* ---- growth_course.c ---- */

/* Did the program free most of its memory at its end?  To be asked before all else. */
void growth_find_teardown(struct growth_work *w);

/* Each site's course and function. */
void growth_compute_courses(struct growth_work *w);

/* Did the program allocate hardly anything but what it freed at its end? */
bool growth_is_all(const struct growth_work *w);

/* Did it go on for a while, to its end, and allocate hardly anything?  Or, of a program that
 * runs: has it only made what it keeps, and then been idle for longer than that took? */
bool growth_has_ended(const struct growth_work *w);

/* Its blocks have been replaced at least once. */
bool growth_is_turning_over(const struct growth_work *w, const struct growing *g);

/* Live at the snapshot, or when the program began to clean up. */
struct heap_count growth_count(const struct growing *g);

/* Blocks of the site that were not freed: live, or lost. */
uint64_t growth_kept_blocks(const struct growing *g);

/* ---- growth_classify.c ---- */

/* Evidence, owner and kind of each site that grows. */
void growth_classify(struct growth_work *w);

/* What holds a site's blocks and how they died. */
void growth_collect_evidence(struct growth_work *w, struct growing *g);

/* Two sites whose blocks were as many at the end of each period, or nearly so. */
bool growth_is_companion(const struct growth_work *w, const struct growing *a,
			 const struct growing *b);

/* The same, to a few blocks: parts of one thing that are allocated together. */
bool growth_is_twin(const struct growth_work *w, const struct growing *a,
		    const struct growing *b);

/* Is it held by a table or a tree, or its memory that of one? */
bool growth_is_in_table(const struct growing *g);

/* A name that is that of code, "f()". */
bool growth_is_function(const char *type);

/* ---- growth_findings.c ---- */

void growth_emit_findings(struct growth_work *w);

#endif
