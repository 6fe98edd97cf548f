/* gate.h -- execve and signals of ours keep out of each other's way.
 *
 * In:   a thread is about to call execve, or has come back; somebody is about to send
 *       signals of ours to threads of this process, or has done so.
 * Out:  the one waits for the other.
 * Not here: who calls (exec.c, cut.c).
 *
 * A signal that reaches a thread inside execve stays pending, the new program has no
 * handler for it, and is killed by it.  So no stop begins while a thread is in execve,
 * and execve waits until a stop is over: until the last thread goes on, not until the
 * snapshot is written.  Both raise their word first and look at the other's then, in
 * one order for all threads (seq_cst), so one of the two sees the other.  Execve gives
 * way: it lowers its word while it waits, and is stopped there like any thread.
 *
 * One signal may also be on its way from a thread to another, which then takes a snapshot
 * (cut_delegate): execve waits until it has arrived.
 *
 * A child of vfork, of posix_spawn or of clone(CLONE_VM) has this memory but is
 * another process: no signal of ours goes there, and it must not raise a word, which
 * would stay raised when its execve succeeds.  Hence the look at the process number.
 *
 * Who sends signals to this process from outside can hold the gate in the same way,
 * with gate_begin and gate_end in its place.
 *
 * BOUND  A handler that leaves by siglongjmp between gate_enter_exec and execve keeps
 * the word raised until the thread's next execve; stops then give up after
 * GATE_PATIENCE_NS, and the snapshot says that threads were not stopped.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_GATE_H
#define GCPROF_GATE_H

#include "base.h"

enum { GATE_PATIENCE_NS = 2000000000 };

void gate_init(void);
/* In the child. */
void gate_after_fork(void);

/* Around each execve of the program.  `number`: the signal that stops threads; one that
 * waits for this thread, blocked, is forgotten.  errno is kept.
 * Context  any thread, outside the guard or in a handler; any process. */
void gate_enter_exec(int number);
void gate_leave_exec(void);

/* Before signals are sent, and when each has been answered or given up.  gate_begin
 * returns false, and there is nothing to end, if a thread stays in execve.
 * Context  one at a time (cut.h). */
bool gate_begin(void);
void gate_end(void);

/* Around the way of a signal that a thread sends to another one of the process, and that is
 * no cut's: as long as it is on it, nobody goes through the gate.  Returns false if somebody
 * has: do not send.  has_arrived: in the handler, or if it could not be sent.
 * Context  any; waits for nobody. */
bool gate_begin_sending(void);
void gate_has_arrived(void);

#endif
