/* live.h -- a viewer of the program while it runs.
 *
 * In:   GCPROF_LIVE, or a signal that asks; what the viewer writes into the page that
 *       both share (live_page.h).
 * Out:  when to take a sample; the names of the page and of the file of figures.
 * Not here: the figures, in a child (monitor.h, snapshot.h).
 *
 * Nothing is there before it is asked for, and nothing is done while there is no viewer: a
 * look is taken when a viewer has raised a number in the page, and once the viewer has
 * been silent for LIVE_PATIENCE_MS the page is removed, unless GCPROF_LIVE wants it.
 *
 * LOCKS  none; all but live_next_ns is for the thread whose turn it is (turns.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_LIVE_H
#define GCPROF_LIVE_H

#include "base.h"

/* Make the page if GCPROF_LIVE asks for it.  start_ns: of the process, since 1970. */
void live_init(uint64_t start_ns);
/* In the child: it has no viewer. */
void live_after_fork(void);

/* When to ask live_is_wanted again; UINT64_MAX if there is no page. */
uint64_t live_next_ns(void);
/* Whether a page is there without a viewer, for as long as the process lives. */
bool live_is_permanent(void);

/* Make the page if there is none; with is_asked it says that a sample is wanted, which
 * who asked for the page will wait for.  Returns 0 or -errno. */
int live_open(uint64_t now_ns, bool is_asked);
/* Remove it, and what a child that was killed has left. */
void live_close(int child);

/* Whether a sample is due. */
bool live_is_wanted(uint64_t now_ns);
/* A sample begins; its figures go to live_file(). */
void live_begin(void);
const char *live_file(void);
/* In the child: it is over.  err: 0 or -errno. */
void live_end(int err);

#endif
