/* take.c -- see take.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "take.h"
#include "backend.h"
#include "census.h"
#include "cut.h"
#include "figures.h"
#include "maps.h"
#include "newfile.h"
#include "options.h"
#include "process.h"
#include "publish.h"
#include "sandbox.h"
#include "snapshot.h"
#include "sys.h"
#include "thread.h"
#include "turns.h"
#include "unwind.h"

#include <errno.h>
#include <string.h>
#include <sys/single_threaded.h>

struct take_last take_last;
static char death[32];

static const char *const reason_names[] = {
	[TAKE_AT_EXIT] = "exit",         [TAKE_AT_FATAL] = death,
	[TAKE_BY_SIGNAL] = "signal",     [TAKE_BY_CALL] = "api",
	[TAKE_AT_INTERVAL] = "interval", [TAKE_AT_GROWTH] = "growth",
	[TAKE_AT_LIMIT] = "limit",       [TAKE_BY_WATCH] = "watch",
	[TAKE_BY_VIEWER] = "live",       [TAKE_AT_WRONG_FREES] = death,
};

void
take_expand_name(char *to, size_t bytes, const char *from)
{
	size_t n = 0;

	for (; *from && n + 1 < bytes; from++) {
		if (*from != '%' || !from[1]) {
			to[n++] = *from;
			continue;
		}
		switch (*++from) {
		case 'e':
			n += sys_format(to + n, bytes - n, "%s", process.program);
			break;
		case 'p':
			n += sys_format(to + n, bytes - n, "%d", process_number());
			break;
		case 'n':
			n += sys_format(to + n, bytes - n, "%u", turns.n_snapshots);
			break;
		case 't':
			n += sys_format(to + n, bytes - n, "%lu",
					(unsigned long)(sys_realtime_ns() / 1000000000u));
			break;
		default: /* %% and what is no escape of ours */
			to[n++] = *from;
			break;
		}
	}
	to[n] = 0;
}

bool
take_next_name(char *to, size_t bytes)
{
	if (!process.program || !process_is_own())
		return false;
	take_expand_name(to, bytes, options.output);
	return true;
}

/* Runs in the child, or in place. */
static int
write_and_report(void *with)
{
	const struct snapshot_facts *facts = with;
	int err = snapshot_write(facts);
	const char *obstacle = err == -EEXIST ? newfile_obstacle(facts->name) : NULL;

	publish_snapshot_end(facts->number, err);
	if (!err)
		census_settled();
	if (obstacle)
		sys_log("cannot write snapshot '%s': %s exists, and is not replaced; "
			"set GCPROF_OUTPUT to a regular or new file",
			facts->name, obstacle);
	else if (err)
		sys_log("cannot write snapshot '%s': %s (errno %d)", facts->name,
			sys_error_name(-err), -err);
	else if (maps_is_missing())
		sys_log("snapshot '%s' has no leak check: cannot read /proc/self/maps",
			facts->name);
	else if (options.is_verbose)
		sys_log("wrote '%s' (%s)", facts->name, facts->reason);
	return err;
}

void
take_gather(struct snapshot_facts *ret, enum take_reason reason, bool may_lock)
{
	GCP_ASSERT(reason < sizeof reason_names / sizeof reason_names[0] &&
		   reason_names[reason]);
	ret->reason = reason_names[reason];
	ret->number = turns.n_snapshots;
	ret->pid = process_number();
	ret->ppid = process.is_after_end ? process.parent : sys_getppid();
	ret->start_ns = process.start_realtime_ns;
	ret->time_ns = sys_realtime_ns();
	ret->uptime_ns = sys_now_ns() - process.start_ns;
	ret->executable = process.executable;
	ret->suppressions = process.suppressions;
	figures_measure(&ret->memory, may_lock);
}

bool
take_is_forbidden(void)
{
	if (!sandbox_is_on() ||
	    (sandbox_allows(SANDBOX_WRITE) &&
	     (__libc_single_threaded || sandbox_allows(SANDBOX_THREADS))))
		return false;
	publish_refuse("its seccomp filter forbids what a snapshot takes");
	return true;
}

static bool
is_forbidden_now(void)
{
	static bool is_said;

	if (!take_is_forbidden())
		return false;
	lose(LOSS_SNAPSHOTS);
	if (!__atomic_exchange_n(&is_said, true, __ATOMIC_RELAXED))
		sys_log("no snapshot: the program's seccomp filter forbids system "
			"calls that it needs");
	return true;
}

void
take_set_death(const char *cause)
{
	(void)sys_format(death, sizeof death, "fatal %s", cause);
}

/* Let go of the writer before.  It may have given its file its name, and be about to end:
 * who asks again at once is not to be refused for that.  Returns false if it still writes. */
static bool
reap_last(enum take_reason reason, enum turns_patience patience)
{
	int naps = 50;
	bool is_done;

	for (;;) {
		is_done = turns_reap_writer(patience == TURNS_WAIT) != -EAGAIN;
		if (is_done || reason != TAKE_BY_SIGNAL || !naps--)
			return is_done;
		sys_sleep(1000000);
	}
}

static enum cut_way
way_of(enum take_reason reason)
{
	if (process.is_after_end)
		return CUT_AFTER_END;
	if (reason == TAKE_AT_FATAL)
		return CUT_AT_DEATH;
	/* Nobody runs after exit but other threads; and a process that has used up
	 * its descriptors needs a child, which has room. */
	if (reason == TAKE_AT_EXIT && thread_is_alone() && !sys_is_full())
		return CUT_IN_PLACE;
	return CUT_IN_CHILD;
}

/* Fill in what the file's head says of this moment.  Its number is the next one. */
static void
prepare(struct snapshot_facts *ret, enum take_reason reason, const char *pattern)
{
	bool is_exit = reason == TAKE_AT_EXIT, is_fatal = reason == TAKE_AT_FATAL;

	if (!is_exit && !is_fatal) {
		backend_warm_up();
		if (!backend_is_system)
			figures_give_back(figures_heap_used(), sys_now_ns(), true);
	}
	turns.n_snapshots++;
	take_expand_name(turns.writing, sizeof turns.writing,
			 pattern ? pattern : options.output);
	ret->name = turns.writing;
	/* The handler may have interrupted the next allocator. */
	take_gather(ret, reason,
		    reason != TAKE_BY_SIGNAL && !is_fatal && !process.is_after_end);
	ret->is_leak_check_off = is_exit && process.is_leak_check_off;
	take_last.at_ns = ret->uptime_ns + process.start_ns;
	take_last.used_bytes = ret->memory.heap_used;
}

/* Have it written.  Context: it is our turn, the writer before is done.  Returns 0 or
 * -errno, as far as that is known when the turn ends. */
static int
write_by(const struct cut_thread *self, struct snapshot_facts *facts,
	 enum take_reason reason, enum turns_patience patience)
{
	enum cut_way way = way_of(reason);
	int result = 0, child;

	GCP_ASSERT(!turns.writer);
	GCP_ASSERT(facts->number && facts->number == turns.n_snapshots);
	turns.writing_number = facts->number;
	publish_snapshot_begin(facts->number, turns.writing,
			       way != CUT_IN_PLACE && way != CUT_AFTER_END);
	child = cut_take(self, way, write_and_report, facts, &result);
	if (child > 0) {
		turns.writer = child;
		publish_snapshot_writer(facts->number, child);
		result = patience == TURNS_WAIT ? turns_reap_writer(true) : 0;
	} else if (reason != TAKE_AT_EXIT) {
		sys_log("cannot fork: the program was paused while the snapshot was "
			"written");
	}
	return result;
}

int
take_snapshot(enum take_reason reason, const char *pattern, enum turns_patience patience,
	      const struct cut_thread *where)
{
	struct snapshot_facts facts = {.name = NULL};
	struct cut_thread self = {.sp = (uintptr_t)__builtin_frame_address(0)};
	struct thread *t;
	int result = -EBUSY;

	if (options.is_secure || (!process.is_after_end && is_forbidden_now()))
		return -EPERM;
	if (!turns_take(patience)) {
		/* One by time comes a little later, and not at all if the end came before. */
		if (reason == TAKE_AT_INTERVAL)
			return -EAGAIN;
		lose(LOSS_SNAPSHOTS);
		return -EBUSY;
	}
	if (!reap_last(reason, patience)) {
		lose(LOSS_SNAPSHOTS);
	} else {
		turns_reap_watcher();
		prepare(&facts, reason, pattern);
		if (where) {
			self = *where;
		} else if ((t = thread_get()) != NULL) {
			self.sp = unwind_origin(t->unwind, reason == TAKE_AT_EXIT,
						self.registers);
			self.hand = t->hand;
		}
		result = write_by(&self, &facts, reason, patience);
	}
	turns_end();
	return result;
}
