/* turns.h -- whose turn it is to take a snapshot, and the children that write.
 *
 * In:   threads that want to take one; children that end.
 * Out:  one thread at a time; the results of children, each waited for once.
 * Not here: how a snapshot is taken (take.h, monitor.h), why (trigger.h).
 *
 * A thread that has the turn may fork one child of each kind and need not wait for it:
 * who has the turn later lets go of it.
 *
 *     writer   writes the snapshot that was asked for
 *     watcher  checks the rules of GCPROF_WATCH, and may run what they name
 *     viewer   writes figures for gcprof top
 *
 * LOCKS  the turn: never waited for in an allocation (TURNS_GO_ON), and given up by the
 *        thread that took it.  A thread that has it and gets a signal finds it taken, by
 *        itself, and does not wait.  After fork nobody has it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_TURNS_H
#define GCPROF_TURNS_H

#include "base.h"

#include <limits.h>

enum turns_patience { TURNS_GO_ON, TURNS_WAIT };

/* Written by who has the turn. */
struct turns {
	uint32_t n_snapshots;        /* the number of the last one */
	int writer, watcher, viewer; /* children, or 0 */
	char writing[PATH_MAX];      /* name of the last snapshot */
	uint32_t writing_number;     /* 0: of TAKE_LOOK */
	bool has_look;               /* its file may be there: take.c has its name */
	int look_error;              /* of the last look, if known: 0 or -errno */
	uint32_t watch_number;       /* of the snapshot that the watcher may keep, or 0 */
};
extern struct turns turns HIDDEN;

/* Take the turn; wait for a minute at most, if there is patience.  Returns false if
 * somebody else has it, or this thread itself.  Context: any. */
bool turns_take(enum turns_patience patience);
void turns_end(void);

/* Let go of the writer, if it is done or if we wait.  Returns its result as 0 or -errno;
 * -EAGAIN if it still writes; 0 if there is none.  Context: it is our turn. */
int turns_reap_writer(bool is_waiting);

/* The same for the others, without waiting: nobody knows how long a watch's action
 * takes.  Context: as above. */
void turns_reap_watcher(void);
void turns_reap_viewer(void);

/* All three, if it is nobody else's turn.  Waits for the writer if there is patience. */
void turns_reap(enum turns_patience patience);

/* Whether a process is one of these children, as far as nobody has let go of it. */
bool turns_has_child(int pid);

/* In the child: no snapshot was taken, and none of these children is ours. */
void turns_after_fork(void);

#endif
