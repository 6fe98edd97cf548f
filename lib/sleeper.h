/* sleeper.h -- a snapshot of a program whose end cannot be seen.
 *
 * In:   the program's own file: is it Go's?
 * Out:  session_after_end() when the program is gone, in a process that has its memory.
 * Not here: the snapshot (session.c).
 *
 * Go's runtime ends the process by a system call instruction of its own: no function of
 * ours or of the C library runs.  So where the program is a Go program and a snapshot at
 * exit is wanted, a second process is made at the start that shares the memory
 * (CLONE_VM), and nothing else: not the descriptors, which it closes; not the working
 * directory; not the signals, all of which it blocks.  It sleeps until the program is
 * gone.  The memory outlives the program in it, and nobody changes it any more.
 *
 * It is called gcprof-end, is no child that wait(2) tells of without __WALL or __WCLONE,
 * and not traced with the program.  It notices that the program
 *     has ended: its pidfd says so; at once, as the kernel clears and wakes the word
 *         with the main thread's number when that thread goes, while the memory is shared;
 *     has taken or lost its snapshot at exit, or was ended by a signal that we saw: there
 *         is nothing left to do;
 *     became another by execve: it has another memory (kcmp).  The same.
 *
 * INVARIANT  Until the program is gone the sleeper writes to nothing but its own stack:
 * it has the main thread's thread pointer, whose words are the main thread's.  Then they
 * are its own.
 *
 * BOUND  The first process of a pid namespace takes all others with it, the sleeper too:
 * none is made there, and it is said once that the end cannot be seen; likewise before
 * Linux 5.3.  None in children of fork, for which Go has no use.  Not in C programs that
 * load libraries written in Go, as these end by exit, nor in Go programs that were built
 * without their build ID (-buildid=).  Where kcmp is refused, an exec by a system call
 * instruction is taken for no exec: at the new program's end a snapshot of the old one is
 * written.  Threads that ended in the middle of a change of our books leave it half done.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_SLEEPER_H
#define GCPROF_SLEEPER_H

#include "base.h"

/* Its name; tools look for it. */
#define SLEEPER_NAME "gcprof-end"

/* Make one if it takes one.  is_done: the program needs it no more.  after_end runs in the
 * sleeper.  Returns 0, -ENOEXEC if the end of this program can be seen anyway, or another
 * -errno.
 * Context  the main thread, at its start. */
int sleeper_start(const bool *is_done, void (*after_end)(void));

#endif
