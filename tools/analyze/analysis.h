/* analysis.h -- the snapshots of a command line, of one process after the other.
 *
 * In:   paths, settings.
 * Out:  for each process what is known of its last snapshot, with what earlier ones show.
 * Not here: what becomes of it: reports (main.c), the page of gcprof view (view/main.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_ANALYSIS_H
#define GCPROF_ANALYSIS_H

#include "analyze/options.h"
#include "names/source_locations.h"

/* What is known and wanted of one snapshot. */
struct analysis {
	const struct heap *heap;
	struct symbols *symbols;
	const struct findings *findings;
	const struct places *places;
	const char *path;
	bool is_first, is_one_of_many;
	size_t process, n_processes; /* the first, of so many; 0: not known */
};

/* What is done with it.  Returns an exit status. */
typedef int analysis_use(struct settings *s, const struct analysis *a);

/* Read all, and have each process used.
 *
 * Returns  the exit status: the worst of all, EXIT_TROUBLE after a complaint. */
int analysis_of_all(struct settings *s, char **paths, int n, analysis_use *use);

/* What a report of it has in a format. */
struct report_options analysis_report_options(const struct settings *s,
					      const struct analysis *a,
					      const struct format *format);

enum finding_level analysis_fails_at(const struct settings *s);

#endif
