/* source_locations.h -- where in the sources a finding is, for those who show sources.
 *
 * In:   a stack, the directory of the sources.
 * Out:  the frame to blame; paths relative to that directory.
 * Not here: the formats (report/sarif.c and its like).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_PLACES_H
#define GCPROF_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "model/heap.h"
#include "names/stacks.h"

struct places {
	char *root; /* absolute, ends in '/' */
};

/* root  NULL = the current directory.  0, or -1: there is no such directory,
 * errno says why. */
int places_init(struct places *p, const char *root);
void places_fini(struct places *p);

/* The innermost frame with a file of the program's sources that is not another name for
 * malloc; else one with such a file; else one that is not the C library's; else one with any
 * file; else the innermost. */
size_t places_blame(const struct heap *heap, const struct stack *s);

/* A file's name, for free(3): relative if it is below the root, else without
 * "." and ".." where that needs no access to the disk. */
char *places_path(const struct places *p, const char *file);

/* "function file:line" or "function (module+0xoffset)", in UTF-8 without
 * control characters; on one line, without its end. */
void places_put_frame(const struct places *p, FILE *f, const struct heap *heap,
		      const struct stack_frame *frame);

#endif
