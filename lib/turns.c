/* turns.c -- see turns.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "turns.h"
#include "cut.h"
#include "options.h"
#include "publish.h"
#include "sys.h"
#include "thread.h"
#include "watch.h"

#include <errno.h>

struct turns turns;
static int turn; /* atomic: the thread whose turn it is, or 0 */

static CHECK_ONLY bool
is_taken(void)
{
	return acquire_load(&turn) != 0;
}

bool
turns_take(enum turns_patience patience)
{
	int idle = 0, waits = 60000; /* of a millisecond */
	int tid = sys_gettid();

	while (!__atomic_compare_exchange_n(&turn, &idle, tid, false, __ATOMIC_ACQUIRE,
					    __ATOMIC_RELAXED)) {
		/* Ours already: a signal handler interrupted it. */
		if (patience == TURNS_GO_ON || idle == tid || !waits--)
			return false;
		/* In a child made behind our back it may be that of a thread that is not
		 * here. */
		if (!sys_is_thread(idle) &&
		    __atomic_compare_exchange_n(&turn, &idle, tid, false,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return true;
		idle = 0;
		sys_sleep(1000000);
		/* Who writes may wait for us to stop: this is as good a place as any. */
		if (thread_tls.guard & THREAD_PARK) {
			(void)__atomic_fetch_sub(&thread_tls.guard, THREAD_PARK,
						 __ATOMIC_RELAXED);
			cut_park();
		}
	}
	return true;
}

void
turns_end(void)
{
	GCP_ASSERT(is_taken());
	release_store(&turn, 0);
}

/* A writer that was killed could neither report nor clean up. */
static void
report_killed(int writer)
{
	static char temporary[sizeof turns.writing + 32]; /* whose turn it is has it */

	(void)sys_format(temporary, sizeof temporary, "%s.%d.tmp", turns.writing, writer);
	(void)sys_unlink(temporary);
	if (turns.writing_number || options.is_verbose)
		sys_log("cannot write snapshot '%s': its writer was killed", turns.writing);
}

int
turns_reap_writer(bool is_waiting)
{
	int result = 0;

	GCP_ASSERT(is_taken());
	if (turns.writer) {
		result = cut_result(turns.writer, is_waiting);
		if (result == -EINTR)
			report_killed(turns.writer);
		if (result != -EAGAIN) {
			if (turns.writing_number)
				publish_snapshot_end(turns.writing_number, result);
			else if (result != -ECHILD) /* whole or not there, as any */
				turns.look_error = result;
			turns.writer = 0;
		}
	}
	return result;
}

/* The number that the watcher was given is free again if it kept nothing and no other
 * snapshot was taken meanwhile. */
void
turns_reap_watcher(void)
{
	GCP_ASSERT(is_taken());
	GCP_ASSERT(turns.watch_number <= turns.n_snapshots);
	if (!turns.watcher || cut_result(turns.watcher, false) == -EAGAIN)
		return;
	turns.watcher = 0;
	if (turns.watch_number && turns.watch_number == turns.n_snapshots &&
	    !watch_has_kept())
		turns.n_snapshots--;
	turns.watch_number = 0;
}

void
turns_reap_viewer(void)
{
	GCP_ASSERT(is_taken());
	if (turns.viewer && cut_result(turns.viewer, false) != -EAGAIN)
		turns.viewer = 0;
}

void
turns_reap(enum turns_patience patience)
{
	if (!turns_take(patience))
		return;
	(void)turns_reap_writer(patience == TURNS_WAIT);
	turns_reap_watcher();
	turns_reap_viewer();
	turns_end();
}

bool
turns_has_child(int pid)
{
	return pid == relaxed_load(&turns.writer) ||
	       pid == relaxed_load(&turns.watcher) || pid == relaxed_load(&turns.viewer);
}

void
turns_after_fork(void)
{
	turns.n_snapshots = 0;
	turns.has_look = false; /* the parent's */
	turns.look_error = 0;
	turn = 0;
	turns.writer = turns.watcher = turns.viewer = 0;
	turns.watch_number = 0;
}
