/* publish.h -- tools may know: the library's side of published.h.
 *
 * In:   what signals.c, take.c and live.c do and have done; requests of tools.
 * Out:  the struct that tools read; which requests are waiting.
 * Not here: what is done about a request (trigger.h), its signal (signals.h).
 *
 * A program that nobody asks pays for one copy of its options, a few hundred bytes, and
 * from its first snapshot on for a page that it shares with the child that writes: a
 * child cannot write into its parent's memory otherwise.
 *
 * LOCKS  none.  Whose turn it is to take snapshots (turns.h) alone calls
 *        publish_snapshot_* and publish_live.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_PUBLISH_H
#define GCPROF_PUBLISH_H

#include "base.h"

#include <signal.h>

/* Once, when the handlers are there: from now on it can be asked. */
void publish_start(void);
/* In the child: it is a process of its own.  !is_followed: nothing is written there. */
void publish_after_fork(bool is_followed);

/* Whether the handler of GCPROF_SIGNAL, of GCPROF_CUT_SIGNAL is installed.  Said before
 * it goes, and after it has come. */
void publish_signal(int number, bool is_ours);
void publish_request_signal(int number, bool is_ours);

/* No snapshot can be written here any more.  reason: a sentence without its full stop,
 * "it runs in a sandbox that ...".  Context: any. */
void publish_refuse(const char *reason);

/* Before and after each way to execve, of any thread; after it only if it has failed.
 * Waits, for a second at most, for a request that a tool is about to send.  Does nothing
 * in a child of vfork.  Context: outside the guard, signals as the program has them. */
void publish_enter_exec(void);
void publish_leave_exec(void);

enum publish_kind { PUBLISH_NO_REQUEST, PUBLISH_SNAPSHOT, PUBLISH_LOOK };
/* A signal that was queued has come: a request?  One that is known already is none.
 * Context: any. */
enum publish_kind publish_note(const siginfo_t *info);
/* Requests of a kind that wait are this thread's to answer, and are answered: by snapshot
 * number `snapshot`, or with error = errno. */
void publish_take(enum publish_kind kind);
void publish_answer(enum publish_kind kind, int error, uint32_t snapshot);

/* A snapshot begins, and a child is to write it; who writes it, if that is another process; and its end (error 0 or
 * -errno), in the process that writes. */
void publish_snapshot_begin(uint32_t number, const char *name, bool is_in_child);
void publish_snapshot_writer(uint32_t number, int writer);
void publish_snapshot_end(uint32_t number, int error);

/* There is a page; NULL: no more. */
void publish_live(const char *page);

#endif
