/* secure.h -- a program that runs with more rights than those of who started it.
 *
 * In:   what the kernel put on the stack before the program began.
 * Out:  whether this is a secure execution, as ld.so(8) calls it: set-user-ID,
 *       set-group-ID, file capabilities, or what a security module thinks.
 * Not here: what follows from it (options.c, session.c).
 *
 * The library may stand in /etc/ld.so.preload, and is in such programs then.  Their
 * environment is written by a user who may want their rights: a file name, a command or
 * a program that it names is used with these.  So in secure execution no option is read,
 * nothing is written, said or started, no signal has a handler of ours, and calls of
 * gcprof.h fail.  Blocks are kept in the books as ever, without stacks, since whether a
 * block is ours must be known at its end.
 *
 * What such a program starts is judged by its own auxiliary vector.  A program with the
 * rights for good, sudo's or su's command, is an ordinary execution; so our variables are
 * removed from the environment, as the loader removes its own (LD_PRELOAD and the rest).
 *
 * Source: getauxval(3), AT_SECURE; System V ABI, "Process initialization", for the stack.
 * Not by getauxval, which the program or another preloaded library may define.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_SECURE_H
#define GCPROF_SECURE_H

#include "base.h"

/* Whether this is one.  environment: where the kernel put it.
 * Returns true as well if that cannot be found out. */
bool secure_is_on(char *const *environment);

/* Take GCPROF_* out of it, where it stands. */
void secure_clean(char **environment);

#endif
