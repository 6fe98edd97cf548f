/* monitor.c -- see monitor.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "monitor.h"
#include "backend.h"
#include "beside.h"
#include "cut.h"
#include "live.h"
#include "options.h"
#include "process.h"
#include "snapshot.h"
#include "sys.h"
#include "take.h"
#include "thread.h"
#include "turns.h"
#include "watch.h"

#include <errno.h>
#include <limits.h>

/* Names of the snapshot that rules are checked with; whose turn it is has them. */
static struct {
	char keep[PATH_MAX], file[PATH_MAX + 16];
	bool can_keep;
} watch;

/* Runs in the child, and in place if there can be none. */
static int
write_and_check(void *with)
{
	struct snapshot_facts *facts = with;
	struct watch_check l = {.file = watch.file, .analyzer = beside_analyzer()};
	int err;

	if (cut_now.is_in_place)
		return -EAGAIN;
	err = watch.can_keep ? snapshot_write(facts) : -EEXIST;
	if (!err) {
		l.keep = watch.keep;
	} else { /* alarms can be raised nevertheless */
		(void)sys_format(watch.file, sizeof watch.file, "/tmp/gcprof.%d.watch",
				 process.pid);
		err = snapshot_write(facts);
	}
	if (err) {
		watch_failed(watch.file, sys_error_name(-err));
		return err;
	}
	l.environment = beside_environment();
	watch_check(&l);
	return 0;
}

/* Context  it is our turn. */
static void
fork_for_watches(void)
{
	struct snapshot_facts facts = {.name = watch.file, .is_brief = true};
	struct cut_thread self = {.sp = (uintptr_t)__builtin_frame_address(0)};
	int child, result;

	backend_warm_up();
	if (watch_may_keep())
		turns.watch_number = ++turns.n_snapshots;
	take_gather(&facts, TAKE_BY_WATCH, true);
	take_expand_name(watch.keep, sizeof watch.keep, options.output);
	watch.can_keep = !sys_is_special_file(watch.keep);
	(void)sys_format(watch.file, sizeof watch.file, "%s.%d.watch", watch.keep,
			 process.pid);
	child = cut_take(&self, CUT_MOVING, write_and_check, &facts, &result);
	if (child > 0)
		turns.watcher = child;
}

void
monitor_check_watches(uint64_t now_ns)
{
	if (now_ns < watch_next_ns() || process.is_end_taken || !turns_take(TURNS_GO_ON))
		return;
	turns_reap_watcher();
	if (!turns.watcher && watch_is_wanted(now_ns, thread_sum))
		fork_for_watches();
	turns_end();
}

/* Runs in the child, and in place if there can be none. */
static int
write_live(void *with)
{
	struct snapshot_facts *facts = with;
	int err = -EAGAIN;

	if (!cut_now.is_in_place)
		err = snapshot_write_live(facts);
	live_end(err);
	return err;
}

/* Context  it is our turn, and no such child is under way. */
static void
fork_for_viewer(bool may_lock)
{
	struct snapshot_facts facts = {.name = live_file()};
	struct cut_thread self = {.sp = (uintptr_t)__builtin_frame_address(0)};
	int child, result;

	backend_warm_up();
	take_gather(&facts, TAKE_BY_VIEWER, may_lock);
	live_begin();
	child = cut_take(&self, CUT_MOVING, write_live, &facts, &result);
	if (child > 0)
		turns.viewer = child;
}

void
monitor_refresh_viewer(uint64_t now_ns)
{
	if (now_ns < live_next_ns() || process.is_end_taken || !turns_take(TURNS_GO_ON))
		return;
	turns_reap_viewer();
	if (!turns.viewer && live_is_wanted(now_ns))
		fork_for_viewer(true);
	turns_end();
}

int
monitor_open_viewer(void)
{
	uint64_t now = sys_now_ns();
	int err;

	if (process.is_end_taken || !turns_take(TURNS_GO_ON))
		return -EBUSY;
	err = live_open(now, true);
	if (err)
		sys_log("cannot publish figures for gcprof top: %s (errno %d)",
			sys_error_name(-err), -err);
	turns_reap_viewer();
	if (!err && !turns.viewer)
		fork_for_viewer(false);
	turns_end();
	return err;
}

/* The files go with the process.  A child that still writes one would leave it. */
void
monitor_close_viewer(void)
{
	int child;

	if (!turns_take(TURNS_WAIT))
		return;
	child = turns.viewer;
	if (child) {
		sys_kill(child);
		(void)cut_result(child, true);
		turns.viewer = 0;
	}
	live_close(child);
	turns_end();
}
