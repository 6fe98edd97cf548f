/* outfile.h -- a file that is there when it is complete.
 *
 * In:   a name, and what is written to the stream.
 * Out:  the file under that name, whole; or, after an error, what stood there.
 * Not here: what is written.
 *
 * A signal that ends the program takes the unfinished file along, unless that
 * signal is ignored or cannot be caught.  Not for several threads at once.
 *
 * A regular file is written beside its place and renamed, with the permissions of
 * the one that it replaces.  Devices and pipes are written directly, and so is a
 * file in a directory that takes no new one.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_OUTFILE_H
#define GCPROF_OUTFILE_H

#include <stdbool.h>
#include <stdio.h>

struct outfile {
	FILE *f;
	char *target;    /* the file itself, where the name is a link; NULL = direct */
	char *temporary; /* to be renamed; NULL = direct */
};

/* Begin.
 *
 * ret      zeroed; for outfile_close().
 * Returns  0, or -1 with errno set.
 */
int outfile_open(struct outfile *ret, const char *path);

/* End.
 *
 * is_good  false: what was written is worth nothing, and goes.
 * Returns  0, or -1 with errno set (0: unknown): not all could be written.
 */
int outfile_close(struct outfile *o, bool is_good);

/* Would one be written over the other?  Not if it is a device or a pipe.
 * BOUND  of files that are not there yet, names are compared as they stand. */
bool outfile_is_same(const char *a, const char *b);

/* Make a temporary file that such a signal removes.
 *
 * path     a template as of mkstemp(3), filled in; unchanged until outfile_forget().
 * Returns  a descriptor, or -1 with errno set.
 */
int outfile_temporary(char *path);

/* The file is removed or has its name: path may change. */
void outfile_forget(const char *path);

#endif
