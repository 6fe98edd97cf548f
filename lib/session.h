/* session.h -- the life of the profiler in one process.
 *
 * In:   start, end, fork, ends of epochs, requests of the program.
 * Out:  snapshots at the right moments; messages; memory figures.
 * Not here: signal handlers (signals.h), recording (record.h), the bytes of a snapshot (snapshot.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_SESSION_H
#define GCPROF_SESSION_H

#include "base.h"
#include "gcprof.h"

/* At the first allocation; reads the environment, chooses the allocator.
 * Context: inside the guard; libc may not be ready. */
void session_boot(void);

/* The epoch should end now.  Context: inside the guard, in an allocation. */
void session_end_epoch(uint64_t now_ns);
/* A thread has looked at the clock.  Context: as above. */
void session_clock(uint64_t now_ns);
/* The signal that asks came: for a look, or for a snapshot.  Context: any. */
void session_note_request(bool is_look);
/* Do what was asked for.  where: the program was interrupted (cut_interrupted), or NULL if it
 * calls.  Context: inside the guard. */
struct cut_thread;
void session_asked(const struct cut_thread *where);
/* This signal, SIG..., is about to end the program: a snapshot if one is wanted,
 * after which no thread of the program is to run.  Context: a signal handler. */
void session_ended_by(const char *signal, const struct cut_thread *where);

/* The program has freed wrongly as often as GCPROF_ABORT allows: end it by SIGABRT, after
 * a snapshot if one is wanted at its end.  A handler of the program's runs, as for
 * abort(3).  Context: inside the guard. */
void session_end_by_wrong_frees(uint64_t n) __attribute__((noreturn));

/* Calls of gcprof.h.  Context: outside the guard. */
int session_snapshot(const char *name);
void session_memory(struct gcprof_memory *ret);
int session_mark(const char *label);
/* Take a snapshot and have it analyzed.  Returns 1 if there are leaks, 0 if not,
 * -1 if that could not be found out. */
int session_leak_check(void);
/* There is to be no leak check at the end any more. */
void session_leaks_checked(void);

/* The program installs a seccomp filter: before it is known, before the kernel has it,
 * and when that is done or has failed.  Context: outside the guard. */
void session_before_sandbox(void);
void session_know_sandbox(bool is_strict);
void session_after_sandbox(void);

/* The name that a snapshot would have now.  Returns false if this is not the process of
 * these books, but a child of vfork.  Context: any. */
bool session_next_name(char *to, size_t bytes);

/* The program ends without exit().  Context: any. */
void session_at_end(void);
/* It has ended, and nothing of ours was called.  Context: the sleeper, which then ends. */
void session_after_end(void);

#endif
