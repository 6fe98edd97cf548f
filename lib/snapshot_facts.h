/* snapshot_facts.h -- what a snapshot says of its process and of itself.
 *
 * In:   facts that the program's process has read before the fork; counts; losses.
 * Out:  the section INFO.
 * Not here: who reads the facts (take.c), blocks and tables (snapshot.c, snapshot_tables.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_SNAPSHOT_FACTS_H
#define GCPROF_SNAPSHOT_FACTS_H

#include "base.h"
#include "gcprof.h"
#include "residence.h"

struct epochs_counts;

/* Facts that must be read in the program's own process, before a fork. */
struct snapshot_facts {
	const char *name;   /* of the file, escapes already replaced */
	const char *reason; /* as gcprof-heap(5) lists them */
	uint32_t number;
	int pid, ppid;
	uint64_t start_ns, time_ns; /* since 1970 */
	uint64_t uptime_ns;
	struct gcprof_memory memory;
	uint64_t rss_file; /* part of memory.rss: of files, and shared */
	const char *executable;
	const char *suppressions; /* the program's own, in LeakSanitizer's syntax; or NULL */
	const char *before;       /* the file of a look to take in; or NULL */
	bool is_brief;          /* blocks and sites, without roots, edges and contents */
	bool is_leak_check_off; /* the program wants none at its end */
};

/* What was written, and what could not be read. */
struct snapshot_sums {
	uint64_t blocks, bytes;
	uint64_t unread_bytes; /* roots.h */
	struct residence residence;
	uint64_t waste_one_in;   /* waste.h; 0 = not measured */
	const struct peak *peak; /* that the snapshot does not show; NULL: none */
};

/* The section, last of all: losses count until then.  Context: the process that writes. */
void facts_put(const struct snapshot_facts *facts, const struct epochs_counts *counts,
	       const struct snapshot_sums *sums);

#endif
