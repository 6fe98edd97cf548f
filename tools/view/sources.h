/* sources.h -- the lines around a place, of files that a snapshot names.
 *
 * In:   a snapshot and its names; a file's name, a line.
 * Out:  some lines of text.
 *
 * The names are a set: a file is read if debug information names it, exactly so, for a frame of
 * the snapshot, and no other.  It is opened to be read only, and has to be a regular file.
 * BOUND  names that are not UTF-8 are left out, as who asks has them otherwise.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_SOURCES_H
#define GCPROF_SOURCES_H

#include <stddef.h>
#include <stdint.h>

#include "model/heap.h"
#include "names/symbolize.h"

struct sources;

/* symbols  NULL: there are no names, and no sources.
 * root     where names begin that are not absolute; must live as long as the sources.
 * Returns  the sources for sources_free(), or NULL: no memory.
 * Cost     every place of a stack gets its name. */
struct sources *sources_new(const struct heap *heap, struct symbols *symbols,
			    const char *root);

void sources_free(struct sources *s);

struct source_lines {
	char **lines; /* without their ends */
	size_t n;
	uint32_t first;      /* the number of the first one, from 1 */
	uint64_t changed_ns; /* when the file was written last, since 1970 */
};

enum sources_result {
	SOURCES_READ,
	SOURCES_UNNAMED,
	SOURCES_UNREADABLE, /* errno says why */
};

/* Read the lines around one.
 *
 * ret      for source_lines_fini() if they were read. */
enum sources_result sources_read(const struct sources *s, const char *file, uint32_t line,
				 struct source_lines *ret);

void source_lines_fini(struct source_lines *l);

#endif
