/* detect.h -- what is wrong with a heap, as findings.
 *
 * In:   a model, names if there are any, suppressions, earlier findings.
 * Out:  findings, the worst first; sums over all blocks by kind of leak.
 * Not here: what a finding is (finding.h), how it is written (report/).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_DETECT_H
#define GCPROF_DETECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "detect/finding.h"
#include "detect/series.h"
#include "detect/suppress.h"
#include "explain/holders.h"
#include "graph/cycles.h"
#include "graph/graph.h"
#include "model/heap.h"
#include "names/symbolize.h"

struct detect_options {
	struct graph_options graph;
	bool show_reachable;
	bool show_content;
	bool leaks_only;         /* and wrong frees */
	bool all;                /* list small findings as well */
	bool with_retained;      /* what each site retains */
	bool with_types;         /* of each block, and what they retain */
	struct several *several; /* earlier snapshots; this one is added; NULL = none */
	const char *path;        /* of this one, for them */
	/* An earlier snapshot of the process, from when it had not begun to clean up, for
	 * one that has none of its own (heap.before); NULL = none.  It must live as long
	 * as the findings.  before_path is its file's. */
	const struct heap *before;
	const char *before_path;
	/* Load an earlier snapshot again, by its path, for what it says by itself; NULL, and it
	 * was said why, if it cannot be read.  NULL: that is not asked for. */
	struct heap *(*load)(const char *path);
	struct suppressions *suppressions; /* counts what it matches; may be NULL */
	heap_progress *progress;
	void *progress_arg;
};

/* Look for all that is wrong.
 *
 * heap, symbols, options  must live as long as the findings.
 * Returns  findings for findings_free(), or NULL: no memory.
 */
struct findings *findings_new(const struct heap *heap, struct symbols *symbols,
			      const struct detect_options *options);

/* Give lost blocks the leaders that findings name (graph/cycles.h).
 *
 * symbols  NULL = no names.
 * Returns  0, or -1: no memory, and the graph is good for graph_free() only. */
int detect_lead(struct graph *g, struct symbols *symbols);

/* ---- for detectors ---- */

struct joins; /* detect/joins.h */

/* What is made when a detector first asks for it. */
struct detector_parts {
	struct dominators *dominators;
	struct names *names;
	struct holders *holders;
	struct joins *joins;
	/* See detector_before(); graph belongs to it. */
	struct detector *before;
	struct graph *before_graph;
	bool is_before_known;
};

/* What a detector works with. */
struct detector {
	const struct heap *heap;
	struct symbols *symbols;
	const struct detect_options *options;
	struct findings *findings;
	const struct graph *graph; /* NULL: the snapshot has none */
	struct detector_parts *parts;
	const bool *queue_rests; /* by site: queue_rests.h; NULL as graph */
};

/* The dominator tree, and who holds what.  NULL if the snapshot does not have the
 * graph, or there is no memory: findings->failed then says so. */
struct dominators *detector_dominators(const struct detector *d);
struct holders *detector_holders(const struct detector *d);

/* Which sites are judged as one.  NULL: no memory, and findings->failed says so. */
const struct joins *detector_joins(const struct detector *d);

/* The heap as it was before the program began to clean up, with parts of its own; its
 * findings are d's.  Modules and nodes have the numbers that they have in d->heap, which
 * may have more.  NULL: there is none, or no memory.
 *
 * Cost  the first time its graph. */
const struct detector *detector_before(const struct detector *d);

/* The path from a root to some blocks becomes part of a finding. */
void finding_hold(const struct detector *d, struct finding *f, const uint32_t *blocks,
		  size_t n);

/* Where a site stands among all, the same in every run: by the names of which fingerprints
 * are made, so that a rebuild changes nothing; and where these are alike by all names, then
 * by the places in the code. */
struct cycles_rank detector_rank(const struct detector *d, uint32_t site);

/* A hash of the functions and lines of a stack; of places in the code where lines are not
 * known.  Instances of a template have the same, also if the same function calls them at
 * other lines; and stacks that differ only in how often a function has called itself. */
uint64_t detector_lines(const struct detector *d, uint32_t site);

/* The line that a finding matches that is no leak; NULL: none.  The same of a site of which
 * there is no finding yet. */
struct suppression *detector_suppression(const struct detector *d, const struct finding *f);
struct suppression *detector_suppression_of(const struct detector *d, uint32_t site,
					    const char *kind);

/* detect/leak.c; needs the graph */
void detect_leaks(const struct detector *d);

/* detect/growth.c, with its parts */
void detect_growth(const struct detector *d);

/* What to do about what grows; NULL: no advice of its own. */
const char *growth_advice(enum finding_id id);

/* detect/fragmentation_findings.c */
void detect_fragmentation(const struct detector *d);

/* detect/allocator_retention.c; after fragmentation, to whose finding it may add */
void detect_allocator_retention(const struct detector *d);

/* detect/churn.c */
void detect_churn(const struct detector *d);

/* detect/waste.c */
void detect_waste(const struct detector *d);

/* detect/series_trend.c; it adds to the findings of those before it */
void detect_several(const struct detector *d);

#endif
