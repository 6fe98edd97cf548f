/* snapshot.h -- what a snapshot contains.
 *
 * In:   the tables of sites, blocks, epochs, threads, modules, mappings.
 * Out:  a .heap file, through heapfile_write.h.
 * Not here: when (trigger.h), from which process (cut.h), the bytes of a file
 *       (heapfile_write.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_SNAPSHOT_H
#define GCPROF_SNAPSHOT_H

#include "base.h"
#include "gcprof.h"

/* Facts that must be read in the program's own process, before a fork. */
struct snapshot_facts {
	const char *name;   /* of the file, escapes already replaced */
	const char *reason; /* as gcprof-heap(5) lists them */
	uint32_t number;
	int pid, ppid;
	uint64_t start_ns, time_ns; /* since 1970 */
	uint64_t uptime_ns;
	struct gcprof_memory memory;
	const char *executable;
	const char *suppressions; /* the program's own, in LeakSanitizer's syntax; or NULL */
	bool is_brief;          /* blocks and sites, without roots, edges and contents */
	bool is_leak_check_off; /* the program wants none at its end */
};

/* Write it.  Returns 0 or -errno.
 * Context  as heapfile_write.h; the live set is exact if no other thread of
 *          this process runs. */
int snapshot_write(const struct snapshot_facts *facts);

/* Write what a viewer shows: figures by site instead of blocks, and not much more.
 * Otherwise as above.
 * Cost  a walk over the blocks; bytes by the number of sites. */
int snapshot_write_live(const struct snapshot_facts *facts);

/* gcprof_mark. Returns false if there is no room for more. */
bool snapshot_mark(const char *label, uint64_t uptime_ns);

#endif
