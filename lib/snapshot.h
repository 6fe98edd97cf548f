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
#include "snapshot_facts.h"

/* Write it.  Returns 0 or -errno.
 * Context  as heapfile_write.h; the live set is exact if no other thread of
 *          this process runs. */
int snapshot_write(const struct snapshot_facts *facts);

/* Write what a viewer shows: figures by site instead of blocks, and not much more.
 * Otherwise as above.
 * Cost  a walk over the blocks; bytes by the number of sites. */
int snapshot_write_live(const struct snapshot_facts *facts);

#endif
