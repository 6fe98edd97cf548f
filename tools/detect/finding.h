/* finding.h -- one thing that is wrong with a heap, and all of them.
 *
 * In:   what a detector has to say.
 * Out:  struct findings.
 * Not here: who looks for what (detect.h); how a finding is written (report).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_FINDING_H
#define GCPROF_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "detect/fragmentation.h"
#include "detect/idle_retention.h"
#include "detect/series.h"
#include "explain/holders.h"
#include "explain/types.h"
#include "graph/graph.h"
#include "model/heap.h"

enum finding_level { FINDING_ERROR, FINDING_WARNING, FINDING_NOTE };

/* The kinds of findings: kinds.def. */
enum finding_id {
#define FINDING_KIND(id, ...) id,
#include "detect/kinds.def"
#undef FINDING_KIND
	FINDING_N_KINDS
};

enum {
	FINDING_IS_GROWTH = 1,             /* several snapshots speak for or against it */
	FINDING_IS_CALM = 2,               /* something comes and goes, as it should */
	FINDING_IS_SUPPRESSED_BY_KIND = 4, /* by KIND:PATTERN in a file of suppressions */
	FINDING_IS_COST = 8,               /* of time; it gives no memory back */
	FINDING_IS_SAVING = 16,            /* nothing is wrong; less memory would do */
};

struct finding_kind {
	const char *kind, *verdict, *what, *rule, *title, *help;
	enum finding_level level;
	unsigned traits;
};
/* By enum finding_id. */
extern const struct finding_kind finding_kinds[FINDING_N_KINDS];

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
	double base, busy, idle, share; /* bytes; idle_retention.h */
};

struct finding {
	enum finding_id id;
	/* Of that kind; the verdict is "drained" of what the snapshots contradict. */
	const char *kind, *verdict, *what;
	enum finding_level level;
	double confidence;
	uint32_t site, alloc_site; /* nodes; alloc_site 0 = none, or the same */
	uint32_t *sites;           /* all whose blocks are counted; NULL = site alone */
	size_t n_sites;
	bool is_of_many;  /* sites that have only their kind in common */
	uint64_t entries; /* what people would count: map entries, messages, callbacks;
				     * 0 = unknown */
	struct heap_count count;    /* of the blocks themselves */
	struct heap_count indirect; /* lost with them */
	struct finding_part *parts; /* of indirect, by falling bytes */
	size_t n_parts;
	struct heap_count retained;      /* what would be free without these blocks */
	struct holder_step *retained_by; /* from a root to the blocks; NULL = unknown */
	size_t n_retained_by;
	size_t n_left_out;   /* steps, before retained_by[HOLDER_STEPS / 2] */
	uint64_t free_bytes; /* in no block, that would be given back: what survivors pin */
	uint64_t address;    /* of one block, or of the first wrong call */
	uint32_t kinds;      /* a bit for each enum heapfile_kind */
	bool is_gone; /* the program freed or lost them at its end: the snapshot at exit
		       * says nothing of their course */
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
	uint64_t passing; /* a bit for each of the first 64: holds of this run only */
	struct finding_trend trend;
	char fingerprint[17];
	char (*others)[17]; /* fingerprints of its other sites */
	size_t n_others;
	/* The finding that tells of its cause: it is a part of what grows there.  While
	 * detectors work by index + 1, 0 = none; for readers by fingerprint. */
	size_t part_of;
	char part_of_fingerprint[17]; /* "" = none */
	bool has_parts;
	struct heap_count of_parts; /* of those that are parts of this one */
	size_t n_of_parts;          /* sites */
	bool is_small;              /* counted, not listed: findings_sort() */
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
	bool is_off;      /* the program wants no leak check at its end */
	char roots[256];  /* "globals 14, stacks 2": where the search began */
};

struct findings {
	struct finding *list;
	size_t n, size;
	uint64_t heap_bytes; /* most that was live, against which a finding is small; 0 = none is */
	struct leaks leaks;
	struct fragmentation fragmentation;
	struct heap_count *retained;   /* by site; NULL = not asked for, or unknown */
	struct types *types;           /* NULL = not asked for */
	const struct several *several; /* with this snapshot; NULL = there is no other */
	struct settle settle;
	bool failed; /* no memory */
};

/* Put them in the order in which every report has them, and mark those that are small; after
 * levels have changed.
 *
 * The order: by level; wrong frees, which give no memory back but can break the program; what
 * gives most back when it is fixed; what comes and goes as it should; where
 * less memory would do; what costs time only.
 * Small: less than 16 KiB and less than a thousandth of the heap, while something larger is
 * listed that is a warning at least, or of no lower level.  Wrong frees never are, nor is what
 * costs time only. */
void findings_sort(struct findings *f);

/* Its blocks and those of its parts, each once. */
struct heap_count finding_whole(const struct finding *f);

/* Bytes that fixing it gives back: these, what is lost with them or retained by them, and
 * free memory that they pin. */
uint64_t finding_gives_back(const struct finding *f);

/* Whether reports have a place for it: it is neither a part of another nor small. */
bool finding_is_listed(const struct finding *f);

void findings_free(struct findings *f);

/* At or above a level, and not known. */
bool finding_fails(const struct finding *f, enum finding_level level);
/* Findings that are. */
size_t findings_count(const struct findings *f, enum finding_level level);

/* Nothing that a check has to show: it is in the baseline, says that something comes and
 * goes as it should, or costs time only. */
bool finding_is_quiet(const struct finding *f);
/* The same of a check that findings of a level fail, which shows what fails it. */
bool finding_is_quiet_at(const struct finding *f, enum finding_level fails_at);
/* Findings that are not. */
size_t findings_loud(const struct findings *f, enum finding_level fails_at);

/* Counted and shown by itself: it is no part of another, or of one that matters less. */
bool finding_stands_alone(const struct findings *all, const struct finding *f);

/* "error" and the like. */
const char *finding_level_name(enum finding_level level);

/* ---- for detectors ---- */

/* A path from a root to its blocks becomes part of it; the steps are taken out of the
 * holder. */
void finding_take_steps(struct findings *all, struct finding *f, struct holder *x);

/* A finding more, zeroed but for its kind and site; NULL: no memory.  It moves when
 * another is added. */
struct finding *finding_add(struct findings *all, enum finding_id id, uint32_t site);
/* It is of another kind. */
void finding_become(struct finding *f, enum finding_id id);

/* Its summary, and one sentence more of evidence. */
void finding_summarize(struct findings *all, struct finding *f, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void finding_add_evidence(struct findings *all, struct finding *f, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* By index: one finding is a part of the other; nothing happens if it cannot be, as it
 * has parts itself or the other is one. */
void findings_join(struct findings *all, size_t part, size_t whole);

/* The last sentence holds of this run only, as numbers of threads do: it is left out where
 * one run is held against another. */
void finding_mark_passing(struct finding *f);
bool finding_is_passing(const struct finding *f, size_t evidence);

/* One site more whose blocks it counts. */
void finding_add_site(struct findings *all, struct finding *f, uint32_t site);

/* Free what belongs to one. */
void finding_fini(struct finding *f);

#endif
