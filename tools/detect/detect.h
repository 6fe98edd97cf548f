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
#include "graph/graph.h"
#include "model/heap.h"
#include "names/symbolize.h"

struct detect_options {
	struct graph_options graph;
	bool show_reachable;
	bool show_content;
	bool with_retained;      /* what each site retains */
	bool with_types;         /* of each block, and what they retain */
	struct several *several; /* earlier snapshots; this one is added; NULL = none */
	const char *path;        /* of this one, for them */
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

/* ---- for detectors ---- */

/* What is made when a detector first asks for it. */
struct detector_parts {
	struct dominators *dominators;
	struct names *names;
	struct holders *holders;
};

/* What a detector works with. */
struct detector {
	const struct heap *heap;
	struct symbols *symbols;
	const struct detect_options *options;
	struct findings *findings;
	const struct graph *graph; /* NULL: the snapshot has none */
	struct detector_parts *parts;
};

/* The dominator tree, and who holds what.  NULL if the snapshot does not have the
 * graph, or there is no memory: findings->failed then says so. */
struct dominators *detector_dominators(const struct detector *d);
struct holders *detector_holders(const struct detector *d);

/* The path from a root to some blocks becomes part of a finding. */
void finding_hold(const struct detector *d, struct finding *f, const uint32_t *blocks,
		  size_t n);

/* detect/leak.c; needs the graph */
void detect_leaks(const struct detector *d);

/* detect/growth.c, with its parts */
void detect_growth(const struct detector *d);

/* detect/fragmentation_findings.c */
void detect_fragmentation(const struct detector *d);

/* How long a function's name is without what a compiler adds when it makes variants
 * of it: ".constprop.0", ".isra.3", ".part.1", ".cold", ".lto_priv.2", or the same in
 * brackets as demanglers write it. */
size_t detect_plain_length(const char *name);

/* detect/series_trend.c; it adds to the findings of those before it */
void detect_several(const struct detector *d);

#endif
