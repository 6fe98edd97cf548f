/* cut.h -- the moment that a snapshot shows, and the process that writes it.
 *
 * In:   a function that writes.
 * Out:  its result, or the child that runs it.
 * Not here: what is written (snapshot.h), when (session.c).
 *
 * The memory of a child is the memory of one moment: nothing is stopped, and
 * the program goes on while the child writes.  The child has no descriptors
 * but standard error, no unblocked signals, and no signal to its parent at its
 * end; the program's own wait() does not see it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_CUT_H
#define GCPROF_CUT_H

#include "base.h"

/* Run f(with) in a child.  f's result becomes the exit status: 0, or its errno.
 * Returns the child's number, or -errno if there is none.
 * Context  inside the guard; any thread; signal safe. */
int cut_in_child(int (*f)(void *with), void *with);

/* Run f(with) here, with signals held back.  Returns its result. */
int cut_in_place(int (*f)(void *with), void *with);

/* Wait for a child of cut_in_child.  Returns -EAGAIN if it is not done (only if
 * !is_waiting), else f's result as 0 or -errno. */
int cut_result(int child, bool is_waiting);

#endif
