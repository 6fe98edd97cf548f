/* newfile.h -- a file that takes its name when it is whole.
 *
 * In:   a name, a mode; bytes, by whoever has the descriptor.
 * Out:  under that name a whole file of ours, or what was there before.
 * Not here: the bytes (heapfile_write.h), what others left behind (sweep.h), what is whose
 *       (earlier.h).
 *
 * The file is written as NAME.PID.tmp beside its place, and renamed.  A file is on the disk
 * before it takes an older one's name: else a crash of the machine could leave neither.  A
 * name that was free is not waited for, as that takes longer than all else for a small
 * process; after a crash such a file may be short, which its checksums tell.
 *
 * A name that another process of the run has taken is left to it: earlier.h.
 *
 * A name under which there is anything but a regular file is refused: rename would put a
 * file in the place of a device or a link, /dev/stdout for one, as root.  The temporary name
 * can be foreseen, and the directory may be everybody's: it is made anew (O_EXCL) and never
 * opened through a link.
 *
 * A file that is not to last, as a look's, keeps its lock under its name until the process ends
 * that wrote it, a child of ours: it is in use as long.
 *
 * INVARIANT  A temporary file that begins with HEAPFILE_MAGIC has a lock, of flock(2), on it
 * until it has its name: once the lock is free, its writer is gone, in whatever process,
 * pid namespace or container that was.
 *
 * Context  as heapfile_write.h.  One at a time in a process.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_NEWFILE_H
#define GCPROF_NEWFILE_H

#include "base.h"

/* Begin.  name: absolute, or relative to the working directory, with room for the temporary
 * name's tail in PATH_MAX.  mode: as chmod has it, whatever the umask.  is_lasting: it is to
 * survive a crash of the machine, if an older one did.
 * Returns a descriptor for writing, or -errno; -EEXIST: newfile_obstacle knows why. */
int newfile_begin(const char *name, int mode, bool is_lasting);

/* Give the file its name, or with err (-errno) remove it.  The descriptor is closed, or
 * without is_lasting stays open, nobody's.
 * Returns 0 or -errno; then nothing of it is left. */
int newfile_finish(int err);

/* The name that the last one got: with this process's pid if another process of the run took
 * the one that it was to have while it was written. */
const char *newfile_name(void);

/* What stands under a name and is not to be replaced, "a directory"; NULL: nothing does. */
const char *newfile_obstacle(const char *name);

#endif
