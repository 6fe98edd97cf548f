/* exec.h -- around each execve of the program, whoever makes it.
 *
 * In:   exec.c and interpose_sandbox.c, right before execve and when it has failed.
 * Out:  gate.h and publish.h: no signal of ours, or of a tool, on the way; census.h.
 * Not here: the functions (exec.c), system calls by number (interpose_sandbox.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_EXEC_H
#define GCPROF_EXEC_H

#include "base.h"

/* errno is kept.  Context: outside the guard or in a handler; any process, a child of
 * vfork included, in which both do nothing. */
void exec_enter(void) HIDDEN;
void exec_leave(void) HIDDEN;

#endif
