/* detect.h -- what is wrong with a heap, as findings.
 *
 * In:   a model, names if there are any, suppressions, earlier findings.
 * Out:  findings, the worst first; sums over all blocks by kind of leak.
 * Not here: how a finding is written (report_*.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_DETECT_H
#define GCPROF_DETECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fragmentation.h"
#include "graph.h"
#include "heap.h"
#include "holders.h"
#include "settle.h"
#include "several.h"
#include "stacks.h"
#include "suppress.h"
#include "types.h"
#include "symbolize.h"

enum finding_level { FINDING_ERROR, FINDING_WARNING, FINDING_NOTE };

enum { FINDING_THREADS = 4 };

/* Blocks that are lost with those of a finding. */
struct finding_part {
	uint32_t site;
	struct heap_count count;
};

/* How the blocks of a finding's function went from snapshot to snapshot. */
struct finding_trend {
	size_t n;      /* snapshots; 0 = there is only this one */
	bool is_bytes; /* of bytes, not of blocks */
	bool is_known; /* there are enough for a trend */
	double slope_per_hour, low, high, p;
	bool is_settle_known;
	double base, busy, idle, share; /* bytes; see settle.h */
};

struct finding {
	const char *kind, *verdict; /* words of the contract */
	const char *what;           /* a short name: "definite leak" */
	enum finding_level level;
	double confidence;
	uint32_t site, alloc_site;  /* nodes; alloc_site 0 = none, or the same */
	uint32_t *sites; /* all whose blocks are counted; NULL = site alone */
	size_t n_sites;
	struct heap_count count;    /* of the blocks themselves */
	struct heap_count indirect; /* lost with them */
	struct finding_part *parts; /* of indirect, by falling bytes */
	size_t n_parts;
	struct heap_count retained; /* what would be free without these blocks */
	struct holder_step *retained_by; /* from a root to the blocks; NULL = unknown */
	size_t n_retained_by;
	size_t n_left_out; /* steps, before retained_by[HOLDER_STEPS / 2] */
	uint64_t address; /* of one block, or of the first wrong call */
	uint32_t kinds;   /* a bit for each enum heapfile_kind */
	bool has_age;
	uint64_t oldest_age, newest_age;   /* in epochs */
	uint32_t threads[FINDING_THREADS]; /* that allocated them */
	size_t n_threads;
	bool has_more_threads;
	const struct heap_text *content; /* of the block at address, or NULL */
	char *summary;
	const char *advice; /* what to do about it; NULL = the obvious */
	char **evidence;
	size_t n_evidence;
	struct finding_trend trend;
	char fingerprint[17];
	/* The finding that tells of its cause: it is a part of what grows there.  While
	 * detectors work by index + 1, 0 = none; for readers by fingerprint. */
	size_t part_of;
	char part_of_fingerprint[17]; /* "" = none */
	bool has_parts;
	struct heap_count of_parts;   /* of those that are parts of this one */
	size_t n_of_parts;	      /* sites */
	/* Against a baseline; what is known fails nothing. */
	enum finding_novelty {
		FINDING_UNCOMPARED,
		FINDING_NEW,
		FINDING_GROWN,
		FINDING_KNOWN,
	} novelty;
};

struct leaks {
	struct heap_count counts[GRAPH_N_STATES], suppressed;
	bool is_computed; /* the snapshot has what is needed */
	bool is_off;	  /* the program wants no leak check at its end */
};

struct findings {
	struct finding *list;
	size_t n, size;
	struct leaks leaks;
	struct fragmentation fragmentation;
	struct heap_count *retained; /* by site; NULL = not asked for, or unknown */
	struct types *types;	     /* NULL = not asked for */
	const struct several *several; /* with this snapshot; NULL = there is no other */
	struct settle settle;
	bool failed; /* no memory */
};

struct detect_options {
	struct graph_options graph;
	bool show_reachable;
	bool show_content;
	bool with_retained; /* what each site retains */
	bool with_types;    /* of each block, and what they retain */
	struct several *several; /* earlier snapshots; this one is added; NULL = none */
	const char *path;	 /* of this one, for them */
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

/* The worst first; after levels have changed. */
void findings_sort(struct findings *f);

void findings_free(struct findings *f);

/* Findings at or above a level that are not known. */
size_t findings_count(const struct findings *f, enum finding_level level);

/* "error" and the like. */
const char *finding_level_name(enum finding_level level);

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

/* The same of a holder that is known; its steps are taken out of it. */
void finding_take_steps(struct findings *all, struct finding *f, struct holder *x);

/* A finding more, zeroed but for kind, verdict and site; NULL: no memory.  It
 * moves when another is added. */
struct finding *finding_add(struct findings *all, const char *kind, const char *verdict,
			    uint32_t site);

/* Its summary, and one sentence more of evidence. */
void finding_summarize(struct findings *all, struct finding *f, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void finding_say(struct findings *all, struct finding *f, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* By index: one finding is a part of the other; nothing happens if it cannot be, as it
 * has parts itself or the other is one. */
void findings_join(struct findings *all, size_t part, size_t whole);

/* One site more whose blocks it counts. */
void finding_add_site(struct findings *all, struct finding *f, uint32_t site);

/* detect_leak.c; needs the graph */
void detect_leaks(const struct detector *d);

/* detect_growth.c */
void detect_growth(const struct detector *d);

/* detect_fragmentation.c */
void detect_fragmentation(const struct detector *d);

/* Is it where threads and programs begin? */
bool detect_is_start(const char *function);

/* How long a function's name is without what a compiler adds when it makes variants
 * of it: ".constprop.0", ".isra.3", ".part.1", ".cold", ".lto_priv.2", or the same in
 * brackets as demanglers write it. */
size_t detect_plain_length(const char *name);

/* detect_several.c; after all others: it adds to their findings */
void detect_several(const struct detector *d);

#endif
