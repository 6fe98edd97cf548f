/* sweep.h -- what processes have left behind that were killed.
 *
 * In:   a directory into which this process is about to write.
 * Out:  temporary files of snapshots, and pages of `gcprof top`, are gone from it whose
 *       process is.
 * Not here: how they come to be (newfile.h, live_page.h).
 *
 * Nothing is removed that is not surely ours.  A temporary file has to be called
 * *.NUMBER.tmp (or *.NUMBER-NUMBER.tmp; of a watch *.heap.NUMBER.watch), be a regular file with one name and of this
 * user, begin with a snapshot's magic, and not be locked: see newfile.h.  A page's directory
 * has to be called as live_page.h says, be of this user, and its page name this pid namespace
 * and a process that is not there.
 *
 * BOUND: a watch's file of another name stays; of a directory with more than SWEEP_ENTRIES names only the first are looked at; one
 * that was left before it had its magic stays; pages of other pid namespaces stay.
 *
 * Context  as heapfile_write.h.
 * Cost     some 50 ns a name.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_SWEEP_H
#define GCPROF_SWEEP_H

#include "base.h"

enum { SWEEP_ENTRIES = 10000 };

void sweep_temporaries(const char *directory);

/* pid_namespace: of this process, as live_page.h has it. */
void sweep_pages(const char *directory, uint64_t pid_namespace);

#endif
