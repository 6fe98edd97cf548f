/* snapshot_tables.h -- the tables of a snapshot: what blocks name by number, and the books.
 *
 * In:   the tables of the library, as they are in the process that writes.
 * Out:  their sections of gcprof-heap(5), by heapfile_write.h.
 * Not here: blocks, mappings and their order (snapshot.c), facts (snapshot_facts.h).
 *
 * What names a table's entry is written before the table: threads may run on and add to
 * it.  Where fork did not wait (forking.h), something may name what had not been made yet
 * when its page was copied: what a reader would refuse is not written.
 *
 * Context  in the child, or where nobody else runs; one writer at a time.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_SNAPSHOT_TABLES_H
#define GCPROF_SNAPSHOT_TABLES_H

#include "base.h"
#include "epochs.h"
#include "peak.h"

/* Before the first tables_birth of a file: births are those that something in it has,
 * numbered as they come up. */
void tables_begin(void);

/* A birth's number in the file.  Returns 0, unknown, for one that was made after we began
 * and is beyond our arrays, and for all if there is no memory. */
uint32_t tables_birth(birth_id birth);

/* The site, or SITE_FULL if it is not in the table. */
site_id tables_known_site(site_id site);

/* One section each, in any order; births and sites after all that names them.
 *
 * n_periods  as many as PERIODS will have.
 * uptime_ns  when the period and the epoch that run end: now. */
void tables_put_modules(void);
void tables_put_sites(void);
void tables_put_threads(int pid);
void tables_put_births(uint32_t n_periods);
void tables_put_periods(uint64_t uptime_ns, const struct epochs_counts *c,
			uint32_t n_periods);
void tables_put_books(uint32_t n_periods);
void tables_put_grown(void);
void tables_put_estimates(void);
/* Of a peak that the snapshot itself does not show, if there was one. */
void tables_put_peak(const struct peak *peak);
void tables_put_epochs(uint64_t uptime_ns, const struct epochs_memory *memory,
		       const struct epochs_counts *counts);
void tables_put_bad_frees(void);
void tables_put_marks(void);

#endif
