/* mallctl.h -- answers to mallctl that the jemalloc behind us would not give so.
 *
 * In:   a name or number of mallctl's.
 * Out:  what a libjemalloc of the program's, with no options, would answer.
 * Not here: all other names, which jemalloc answers (backend.c).
 *
 *     background_thread  can be set, and is what was set.  No thread starts in a program
 *                        that is not ours: unused memory is given back by the threads
 *                        that allocate, as without.
 *     opt.tcache         true, though threads begin without a cache (tsd.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_MALLCTL_H
#define GCPROF_MALLCTL_H

#include "base.h"

/* Which of these answers a name, or a number of n parts, wants; -1 if none.
 * Context  this thread may enter jemalloc. */
int mallctl_of_name(const char *name);
int mallctl_of_mib(const size_t *mib, size_t n);

/* Answer as mallctl does: `which` is of the above.  Returns 0 or an errno value. */
int mallctl_answer(int which, void *old, size_t *old_bytes, const void *new,
		   size_t new_bytes);

#endif
