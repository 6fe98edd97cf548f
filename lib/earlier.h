/* earlier.h -- whose is the snapshot that stands under the name of one of ours.
 *
 * In:   the file, its head, and the pid and time in its section INFO.
 * Out:  whether it may be replaced; another name, if not.
 * Not here: how it is replaced (newfile.h), since when the run is (census.h).
 *
 * A process replaces what it wrote itself, and files of earlier runs.  What another process
 * has written since the run began stays: else a wrapper, as timeout(1) is, would leave its own
 * snapshot in place of the program's, since it ends last.
 *
 * BOUND  Without gcprof run, the run begins with this process: of two programs that a shell
 * starts one after the other, the second replaces the first one's.  By its pid alone a
 * process is not distinguished from that of another pid namespace.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_EARLIER_H
#define GCPROF_EARLIER_H

#include "base.h"

/* Whether it is of another process of this run.  fd: of a regular file, to be read. */
bool earlier_is_anothers(int fd);
/* The same by name; false, too, if there is nothing to be read. */
bool earlier_stands(const char *name);
/* Put this process's pid before the extension: DIR/x.heap becomes DIR/x.PID.heap.  Returns
 * false if there is no room; then it is as it was. */
bool earlier_add_pid(char *name, size_t bytes);

#endif
