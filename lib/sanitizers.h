/* sanitizers.h -- programs in which the library has no place.
 *
 * In:   the program's objects, as the loader knows them; its environment.
 * Out:  the same program, started again without the library, before any of its code ran.
 * Not here: `gcprof run`, which refuses such a program beforehand (tools/command/target.c).
 *
 * AddressSanitizer, HWAddressSanitizer, MemorySanitizer and ThreadSanitizer have an
 * allocator of their own, which has to be the first, and keep a shadow of all memory.
 * Their runtimes stand in for all that we stand in for, and some use it before they are
 * ready.  A program of theirs gets the library by LD_PRELOAD, mostly as a child of one
 * that is profiled.  Passing everything on would leave us in the middle of each call; so
 * the library takes itself out of LD_PRELOAD and has the kernel start the program anew:
 * the process, its descriptors and its arguments stay what they are.
 *
 * BOUND  gcc's libasan.so looks at the order of libraries in its constructor, which runs
 * before any call comes to us, and ends the program.
 * BOUND  where the loader was run by name (ld.so PROGRAM), or the library is in
 * /etc/ld.so.preload, that cannot be done: one line says so, and the program goes on.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_SANITIZERS_H
#define GCPROF_SANITIZERS_H

#include "base.h"

/* Does not return if the program was started anew.
 * stack    where the kernel put argc, the arguments, the environment.
 * Context  the very first call of all. */
void sanitizers_step_aside(uintptr_t *stack, bool is_verbose);

/* Take ourselves out of LD_PRELOAD in place.  Returns whether we were there. */
bool sanitizers_unfollow(char **environment);

#endif
