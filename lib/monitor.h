/* monitor.h -- brief snapshots, for alarms and for a viewer.
 *
 * In:   the time; the rules of GCPROF_WATCH (watch.h); a viewer's wish (live.h).
 * Out:  a child that evaluates the rules, or writes the page's figures.
 * Not here: the rules (watch.h), the page (live.h), the bytes (snapshot.h).
 *
 * These do not stop the other threads (CUT_MOVING), have no roots and no edges, and are
 * never waited for: while a child is under way, there is no second of its kind.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_MONITOR_H
#define GCPROF_MONITOR_H

#include "base.h"

/* Check the rules, refresh the page, if that is due.  Context: inside the guard, the
 * allocator not interrupted. */
void monitor_check_watches(uint64_t now_ns);
void monitor_refresh_viewer(uint64_t now_ns);

/* A viewer has come: make a page for it if there is none, and refresh it at once.  If it
 * is somebody else's turn, the viewer will ask again.  Returns 0 or -errno. */
int monitor_open_viewer(void);

/* The process ends, and the page with it: a child that writes one is ended first. */
void monitor_close_viewer(void);

#endif
