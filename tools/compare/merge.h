/* merge.h -- one report over the snapshots of many processes.
 *
 * In:   models with names and findings, one of each process; each may be freed when it
 *       has been added.
 * Out:  struct merge: sites joined by name (compare/cross_index.h), types and findings, each with how
 *       many processes have it; the outliers among them.
 * Not here: how it is written (report/merge_text.c), which files are read (compare.c).
 *
 * A process stands out at a site if its live bytes there are more than three times the
 * median absolute deviation above the median of all processes, and a tenth of the median
 * and 4 KiB above it: where all are alike the deviation is nothing.
 *
 * BOUND  Memory goes by sites: what is kept of a snapshot is 12 bytes for each of its
 * sites with live blocks, for the medians, and not its blocks.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_MERGE_H
#define GCPROF_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compare/cross_index.h"
#include "detect/detect.h"
#include "model/heap.h"
#include "model/order.h"
#include "names/symbolize.h"

enum {
	MERGE_OUTLIERS = 4, /* named of each site */
	MERGE_CHARTS = 12,  /* sites of which there is what each process has */
};

struct merge_outlier {
	uint32_t process;
	uint64_t bytes;
};

/* Bytes of one thing, over all processes; one that does not have it has 0. */
struct merge_spread {
	uint64_t least, median, most, deviation;
	struct merge_outlier outliers[MERGE_OUTLIERS]; /* by falling bytes */
	uint32_t n_outliers;                           /* all there are */
};

struct merge_row {
	struct joint_frame *frames; /* innermost first, at least one */
	size_t n_frames;
	struct heap_count live, old;
	uint64_t allocations, allocated_bytes;
	uint32_t n_processes; /* with live blocks */
	struct merge_spread spread;
	uint32_t number; /* of joint_row() */
};

/* Live bytes of one site, process by process. */
struct merge_chart {
	size_t row;
	uint64_t *bytes;
};

struct merge_type {
	const char *name;
	struct heap_count live;
	uint32_t n_processes;
	uint64_t most; /* bytes of a process */
};

/* Findings of one fingerprint. */
struct merge_finding {
	const char *fingerprint, *kind, *verdict, *what;
	const char *summary, *function; /* of that with most bytes; function: or NULL */
	enum finding_level level;       /* the worst */
	struct heap_count count;
	uint64_t most;              /* bytes of one finding */
	uint32_t n_processes, last; /* process + 1 */
};

struct merge_process {
	char *path, *command;
	uint64_t pid, uptime_ns;
	bool is_complete;
	struct heap_count live, counted;
	uint32_t n_outlying; /* sites at which it stands out */
};

struct merge {
	struct merge_process *processes;
	uint32_t n;
	struct merge_spread spread; /* of counted bytes */
	struct heap_count live, old;
	uint64_t allocations, allocated_bytes;
	struct merge_row *rows; /* as sorted */
	size_t n_rows, n_listed;
	/* Those at which processes stand out most, then the first of all. */
	struct merge_chart charts[MERGE_CHARTS];
	uint32_t n_charts;
	struct merge_type *types; /* by falling bytes */
	size_t n_types, n_types_listed;
	struct merge_finding *findings; /* the worst first, then by processes */
	size_t n_findings, n_findings_listed;
	bool has_findings; /* they were looked for */
	size_t frames;     /* of a stack in text; 0 = all */
	const char *filter_text;
};

struct merge_options {
	struct heap_filter filter;
	const regex_t *focus, *ignore;
	enum order sort; /* live, old, allocations or blocks */
	const char *filter_text;
	bool with_types;
};

/* Snapshots on their way to a merge. */
struct merger;

/* options must live as long.  Returns NULL: no memory. */
struct merger *merger_new(const struct merge_options *options);

/* Add the snapshot of one process.
 *
 * symbols   NULL = no names.
 * findings  NULL = not looked for.
 * Returns   0, or -1: no memory. */
int merger_add(struct merger *m, const struct heap *heap, struct symbols *symbols,
	       const struct findings *findings, const char *path);

/* What has come together; it lives as long as the merger.  NULL: no memory. */
struct merge *merger_finish(struct merger *m);

void merger_free(struct merger *m);

/* For the next report: so many sites, types and findings, and frames of a stack in text; 0 = all. */
void merge_list(struct merge *m, size_t top, size_t frames);

#endif
