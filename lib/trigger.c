/* trigger.c -- see trigger.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "trigger.h"
#include "aside.h"
#include "backend.h"
#include "births.h"
#include "cut.h"
#include "epochs.h"
#include "figures.h"
#include "live.h"
#include "mappings.h"
#include "monitor.h"
#include "options.h"
#include "peak.h"
#include "process.h"
#include "publish.h"
#include "sandbox.h"
#include "sys.h"
#include "take.h"
#include "turns.h"
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>

static int is_limit_said; /* atomic */
static uint32_t requests; /* atomic; enum request, by bit */
static int timekeeper; /* atomic: the thread that keeps time; 0: none, -1: it has not run yet */
static uint32_t is_time_up; /* atomic, futex: it is to end */

/* ---- ends of epochs ------------------------------------------------------ */

/* Mebibytes with one decimal, for a trace line. */
#define MB(b) (unsigned long)((b) >> 20), (unsigned)(((b)&0xfffff) * 10 >> 20)

static void
trace(const struct epochs_record *r)
{
	char line[512];
	size_t n = sys_format(
		line, sizeof line,
		"gcprof[%d]: %lu ms: epoch %u: young %lu.%u -> %lu.%u MB, promoted "
		"%lu.%u MB, survived %lu.%u MB, heap %lu.%u (%lu.%u) MB, external "
		"%lu.%u MB, rss %lu.%u MB\n",
		sys_getpid(), (unsigned long)(r->end_ns / 1000000), r->first,
		MB(r->young_before), MB(r->young_after), MB(r->promoted_bytes),
		MB(r->survived_bytes), MB(r->memory.heap_used), MB(r->memory.heap_total),
		MB(r->memory.external), MB(r->memory.rss));
	int fd;

	if (!options.trace_file[0]) {
		sys_log_raw(line, n);
		return;
	}
	fd = sys_open(options.trace_file,
		      O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY, 0666);
	if (fd < 0) {
		sys_log("cannot write trace '%s': %s (errno %d); tracing ends",
			options.trace_file, sys_error_name(-fd), -fd);
		options.is_trace = false;
		return;
	}
	sys_write_quietly(fd, line, n); /* a trace that is cut short is still one */
	(void)sys_close(fd);
}

static bool
has_grown(uint64_t used)
{
	const uint64_t least = 1 << 20; /* smaller heaps grow by any share at once */
	uint64_t was = take_last.used_bytes > least ? take_last.used_bytes : least;

	return options.growth_percent &&
	       used / 100 * 100 > was + was / 100 * options.growth_percent;
}

static bool
is_limit_wanted(void)
{
	return options.limit_bytes && !is_limit_said;
}

/* Nine tenths of what is allowed: time enough for a snapshot. */
static void
check_limit(void)
{
	uint64_t bytes;
	int said = 0;

	if (!is_limit_wanted())
		return;
	bytes = figures_heap_used() + mappings_bytes();
	if (bytes < options.limit_bytes / 10 * 9 ||
	    !__atomic_compare_exchange_n(&is_limit_said, &said, 1, false,
					 __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		return;
	sys_log("near the limit: heap and mappings hold %lu.%u MB of the "
		"%lu.%u MB of GCPROF_LIMIT",
		MB(bytes), MB(options.limit_bytes));
	(void)take_snapshot(TAKE_AT_LIMIT, NULL, TURNS_GO_ON, NULL);
}

static uint64_t peak_taken; /* live bytes, of the last snapshot of a peak */

static bool
is_higher(uint64_t live_bytes)
{
	return live_bytes > relaxed_load(&peak_taken) + relaxed_load(&peak_taken) / 10;
}

void
trigger_check_peak(void)
{
	uint64_t bytes;

	if (options.at_peak && peak_take_new(&bytes) && is_higher(bytes) &&
	    process_is_own() && take_snapshot(TAKE_AT_PEAK, NULL, TURNS_GO_ON, NULL) == 0)
		relaxed_store(&peak_taken, bytes);
}

void
trigger_peak_at_end(void)
{
	if (!options.at_peak || !is_higher(figures_heap_used()))
		return;
	if (options.at_exit)
		take_drop_peak();
	else
		(void)take_snapshot(TAKE_AT_PEAK, NULL, TURNS_WAIT, NULL);
}

void
trigger_end_epoch(uint64_t now_ns)
{
	struct epochs_record r;

	if (!process_is_own() ||
	    !epochs_tick(now_ns, thread_sum, figures_measure_epoch, &r))
		return;
	births_tidy();
	turns_reap(TURNS_GO_ON);
	if (!backend_is_system)
		figures_give_back(r.memory.heap_used, now_ns, false);
	backend_tidy(now_ns);
	if (options.is_trace)
		trace(&r);
	if (has_grown(r.memory.heap_used))
		(void)take_snapshot(TAKE_AT_GROWTH, NULL, TURNS_GO_ON, NULL);
}

void
trigger_check(uint64_t now_ns)
{
	bool is_due = is_limit_wanted() || now_ns >= watch_next_ns() ||
		      now_ns >= live_next_ns();

	/* Asked last, as it takes a system call. */
	if (!is_due || !process_is_own())
		return;
	check_limit();
	monitor_check_watches(now_ns);
	monitor_refresh_viewer(now_ns);
}

/* ---- requests, and the end --------------------------------------------------- */

enum request { WANTS_SNAPSHOT = 1, WANTS_VIEWER = 2 };

void
trigger_note_request(bool is_viewer)
{
	(void)__atomic_fetch_or(&requests, is_viewer ? WANTS_VIEWER : WANTS_SNAPSHOT,
				__ATOMIC_RELAXED);
}

void
trigger_answer(const struct cut_thread *where)
{
	uint32_t asked = __atomic_exchange_n(&requests, 0, __ATOMIC_RELAXED);
	int err;

	if (!process_is_own())
		return;
	if (asked & WANTS_SNAPSHOT) {
		publish_take(PUBLISH_SNAPSHOT);
		err = take_snapshot(TAKE_BY_SIGNAL, NULL, TURNS_GO_ON, where);
		/* Other errors are those of a snapshot that was begun: they are with it. */
		if (err == -EPERM && !take_is_forbidden())
			err = 0;
		publish_answer(PUBLISH_SNAPSHOT, err == -EBUSY || err == -EPERM ? -err : 0,
			       turns.writing_number);
	}
	if (asked & WANTS_VIEWER) {
		publish_take(PUBLISH_LOOK);
		publish_answer(PUBLISH_LOOK, -monitor_open_viewer(), 0);
	}
}

static void
answer_aside(void *where)
{
	trigger_answer(where);
}

NOINLINE void
trigger_pending(void)
{
	uint32_t asked = __atomic_exchange_n(&thread_tls.guard, 0, __ATOMIC_RELAXED);

	if (asked & THREAD_PARK)
		cut_park();
	if (asked & THREAD_PENDING && thread_enter()) {
		struct cut_thread where = {.tid = 0};

		/* Who called us may have a new block in its hands. */
		cut_here(&where);
		aside_call(answer_aside, &where);
		trigger_leave();
	}
}

void
trigger_before_death(const char *signal, const struct cut_thread *where)
{
	/* A child of vfork shares our memory, but this end is its own. */
	if (!process_is_own() || !options.at_fatal)
		return;
	if (!__atomic_exchange_n(&process.is_end_taken, true, __ATOMIC_RELAXED)) {
		take_set_death(signal);
		(void)take_snapshot(TAKE_AT_FATAL, NULL, TURNS_WAIT, where);
	}
	/* The second of two threads waits for the first one's snapshot. */
	turns_reap(TURNS_WAIT);
	monitor_close_viewer();
}

void
trigger_abort(uint64_t n)
{
	sys_log("%lu wrong frees: aborting, as GCPROF_ABORT asks", (unsigned long)n);
	if ((options.at_exit || options.at_fatal) && process_is_own() &&
	    !__atomic_exchange_n(&process.is_end_taken, true, __ATOMIC_RELAXED)) {
		take_set_death("wrong frees");
		monitor_close_viewer();
		(void)take_snapshot(TAKE_AT_WRONG_FREES, NULL, TURNS_WAIT, NULL);
	}
	/* A handler may go elsewhere by longjmp. */
	thread_tls.guard = 0;
	abort();
}

/* ---- snapshots by time --------------------------------------------------- */

static void
count_thread(int tid, void *with)
{
	int *n = with;

	/* A main thread that has called pthread_exit stays as a zombie. */
	*n += sys_thread_state(tid) != 'Z';
}

static bool
is_last_thread(void)
{
	int n = 0;

	return sys_threads(count_thread, &n) == 0 && n == 1;
}

static uint64_t
next_snapshot_ns(void)
{
	return options.interval_ns ? take_last.at_ns + options.interval_ns : UINT64_MAX;
}

/* Until the next moment at which there may be something to do. */
static uint64_t
pause_ns(void)
{
	const uint64_t shortest = 1000000, longest = 1000000000;
	uint64_t now = sys_now_ns(), snapshot = next_snapshot_ns(), watch = watch_next_ns();
	uint64_t due = snapshot < watch ? snapshot : watch, viewer = live_next_ns();

	due = due < viewer ? due : viewer;
	if (due < now + shortest)
		return shortest;
	return due - now < longest ? due - now : longest;
}

/* The one thread of ours, and only if GCPROF_SNAPSHOT asks for an interval,
 * GCPROF_WATCH for alarms or GCPROF_LIVE for a page: an idle program is to be seen
 * too.  It has all of the program's signals blocked, and returns when it is the last:
 * a process whose other threads have called pthread_exit ends with the last of them. */
static void *
keep_time(void *with)
{
	(void)with;
	sys_allow_libc_signals();
	cut_set_own_thread(sys_gettid());
	release_store(&timekeeper, sys_gettid());
	for (;;) {
		uint64_t now;

		sys_wait(&is_time_up, 0, pause_ns());
		if (acquire_load(&is_time_up) || is_last_thread())
			return NULL;
		if (!thread_enter())
			continue;
		now = sys_now_ns();
		if (turns.watcher || turns.viewer)
			turns_reap(TURNS_GO_ON);
		if (now >= next_snapshot_ns()) {
			uint64_t before_ns = take_last.at_ns;

			take_last.at_ns = now;
			if (take_snapshot(TAKE_AT_INTERVAL, NULL, TURNS_GO_ON, NULL) ==
			    -EAGAIN)
				take_last.at_ns = before_ns;
		}
		monitor_check_watches(now);
		monitor_refresh_viewer(now);
		trigger_leave();
	}
}

/* Context  inside the guard, so that what pthread_create allocates gets no stack
 *          of the program's; and ignored, as the only pointer to a thread's dtv
 *          leads to the inside of it: it would be reported as possibly lost. */
void
trigger_start_timekeeper(void)
{
	enum { STACK = 256 << 10 };
	pthread_attr_t attr;
	pthread_t thread;
	uint64_t mask;
	int err;

	if ((!options.interval_ns && watch_next_ns() == UINT64_MAX && !live_is_permanent()) ||
	    !sandbox_allows(SANDBOX_THREAD) || pthread_attr_init(&attr) != 0)
		return;
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	(void)pthread_attr_setstacksize(&attr, STACK);
	mask = sys_block_signals();
	thread_tls.n_ignoring++;
	release_store(&timekeeper, -1);
	err = pthread_create(&thread, &attr, keep_time, NULL);
	thread_tls.n_ignoring--;
	sys_restore_signals(mask);
	(void)pthread_attr_destroy(&attr);
	if (err)
		release_store(&timekeeper, 0);
	if (err)
		sys_log("cannot create the thread for timed snapshots and watches "
			"(errno %d)",
			err);
}

/* End it, and wait until the kernel has forgotten it: libc makes calls at a thread's end
 * that we cannot hold back. */
bool
trigger_end_timekeeper(void)
{
	const uint64_t nap = 1000000;
	int tid, naps = 5000;

	release_store(&is_time_up, 1);
	sys_wake(&is_time_up);
	while ((tid = acquire_load(&timekeeper)) != 0 &&
	       (tid < 0 || sys_is_thread(tid)) && naps--)
		sys_sleep(nap);
	release_store(&timekeeper, 0);
	release_store(&is_time_up, 0);
	return tid != 0;
}

void
trigger_after_fork(void)
{
	timekeeper = 0;
	requests = 0;
	peak_taken = 0;
}
