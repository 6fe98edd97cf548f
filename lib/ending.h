/* ending.h -- have a function run when a thread ends.
 *
 * In:   the function, once; threads that are to be watched.
 * Out:  a call in each such thread, among the destructors of its pthread keys.
 * Not here: what is done then (thread.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_ENDING_H
#define GCPROF_ENDING_H

/* Once, when the C library is ready.  f is given what is not NULL and means nothing. */
void ending_init(void (*f)(void *));

/* Have it run when this thread ends.  Nothing before ending_init.  Context: any. */
void ending_watch(void);

#endif
