/* signals.h -- the signals that we handle in the program, unseen by it.
 *
 * In:   which signals, from the options; the program's own calls of sigaction
 *       and its older kin.
 * Out:  trigger_answer, trigger_before_death; what the program believes to be
 *       installed.
 * Not here: what is done then (trigger.h); stopping threads (cut.h).
 *
 * Three uses, of signals that have their default action when we start; a signal
 * that is handled or ignored by then is left alone:
 *
 *     asks   GCPROF_SIGNAL: a snapshot.  A handler of the program's wins, for
 *            good.
 *     cuts   GCPROF_CUT_SIGNAL: as above; its handler is cut.c's.  Tools ask by it,
 *            too, for what they want: with a value (published.h), so that a program
 *            which handles GCPROF_SIGNAL itself can be asked as well.
 *     ends   GCPROF_SNAPSHOT=fatal: all that end a process by default and can
 *            be caught.  A snapshot, and then the default action: the process
 *            ends by the same signal, with a core file if there would be one.
 *            While the program has a handler of its own, or ignores the
 *            signal, ours is not there.
 *
 * A program that asks what is installed is told what it installed itself.
 * BOUND  Not seen by us: rt_sigaction by syscall(2), and functions within libc
 * (sigignore, sigvec, posix_spawn's child).  They act upon the kernel's word,
 * as they should; one that asks sees our handler.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_SIGNALS_H
#define GCPROF_SIGNALS_H

#include "base.h"

#include <signal.h>

/* Install the handlers.  Once, after options_parse. */
void signals_init(void);
void signals_after_fork(void);
/* A filter of the program's is known, and not in force yet: give back what a handler of
 * ours could not end in any more as the default action does. */
void signals_before_sandbox(void);

bool signals_is_ours(int number);
/* sigaction(2) as the program calls it: any signal, ours or not.  Returns 0, or
 * -1 and errno. */
int signals_action(int number, const struct sigaction *act, struct sigaction *old);

#endif
