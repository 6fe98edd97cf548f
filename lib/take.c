/* take.c -- see take.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "take.h"
#include "backend.h"
#include "census.h"
#include "cut.h"
#include "dontfork.h"
#include "earlier.h"
#include "epochs.h"
#include "figures.h"
#include "maps.h"
#include "newfile.h"
#include "options.h"
#include "peak.h"
#include "process.h"
#include "publish.h"
#include "sandbox.h"
#include "snapshot.h"
#include "sys.h"
#include "system_programs.h"
#include "thread.h"
#include "turns.h"
#include "unwind.h"

#include <errno.h>
#include <string.h>
#include <sys/single_threaded.h>

struct take_last take_last;
/* Whose turn it is has them; absolute: the program may go elsewhere.  Empty: there is none. */
static char look_name[PATH_MAX], peak_name[PATH_MAX];
static int peak_of; /* pid: whose name that is */
static char death[32];
static uint64_t look_bytes; /* of the heap, at the last look */

static const char *const reason_names[] = {
	[TAKE_AT_EXIT] = "exit",         [TAKE_AT_FATAL] = death,
	[TAKE_BY_SIGNAL] = "signal",     [TAKE_BY_CALL] = "api",
	[TAKE_AT_INTERVAL] = "interval", [TAKE_AT_GROWTH] = "growth",
	[TAKE_AT_LIMIT] = "limit",       [TAKE_BY_WATCH] = "watch",
	[TAKE_BY_VIEWER] = "live",       [TAKE_AT_WRONG_FREES] = death,
	[TAKE_AT_PEAK] = "peak",         [TAKE_LOOK] = "peak",
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

/* GCPROF_OUTPUT with a word for %n; where the pattern has none, before the extension.  Where it
 * has no %p either, has_pid puts that before the word. */
static const char *
pattern_with(const char *word, bool has_pid)
{
	static char pattern[sizeof options.output + 32];
	const char *from = options.output, *rest, *at, *slash = strrchr(from, '/');

	for (at = from; *at && memcmp(at, "%n", 2) != 0; at += *at == '%' && at[1] ? 2 : 1)
		;
	rest = *at ? at + 2 : at;
	if (!*at) {
		const char *dot = strrchr(slash ? slash : from, '.');

		rest = at = dot && dot > (slash ? slash + 1 : from) ? dot : at;
	}
	memcpy(pattern, from, (size_t)(at - from));
	(void)sys_format(pattern + (at - from), sizeof pattern - (size_t)(at - from),
			 "%s%s%s%s", rest == at ? "." : "",
			 has_pid && !strstr(from, "%p") ? "%p." : "", word, rest);
	return pattern;
}

/* Make a name absolute.  The result is empty if that is not possible. */
static void
put_absolute(char ret[PATH_MAX], const char *pattern)
{
	static char name[PATH_MAX];
	long n = 0;

	take_expand_name(name, sizeof name, pattern);
	if (name[0] != '/')
		n = sys_getcwd(ret, PATH_MAX);
	if (n < 0 || (n && ret[0] != '/') || (size_t)n + strlen(name) + 2 > PATH_MAX)
		ret[0] = 0;
	else
		(void)sys_format(ret + n, PATH_MAX - (size_t)n, "%s%s", n ? "/" : "", name);
}

/* The look is in a file beside the others until the snapshot at exit takes it in; of each
 * process one, and whole if the process does not come to its exit.  All looks of a process have
 * the name of the first: where the program is by then, and what time it is, does not matter. */
static void
name_look(void)
{
	GCP_ASSERT(!turns.writer);
	put_absolute(look_name, pattern_with("look", true));
}

/* Likewise: each peak takes the place of the one before. */
static void
name_peak(char *to, size_t bytes)
{
	if (peak_of != process.pid)
		put_absolute(peak_name, pattern_with("peak", false));
	peak_of = process.pid;
	if (peak_name[0])
		memcpy(to, peak_name, strlen(peak_name) + 1);
	else
		take_expand_name(to, bytes, pattern_with("peak", false));
}

static bool
is_no_room(int err)
{
	return err == -ENOSPC || err == -EDQUOT || err == -EFBIG;
}

/* A look costs no snapshot that somebody asked for: one too large with it goes without. */
static int
write_with_look(struct snapshot_facts *facts)
{
	int err = snapshot_write(facts);

	if (!facts->before || !is_no_room(err))
		return err;
	facts->before = NULL;
	err = snapshot_write(facts);
	if (!err)
		sys_log("snapshot '%s' has no look at the heap before: no room",
			facts->name);
	return err;
}

/* The most that was live, as a reader of the snapshot will see it. */
static uint64_t
peak_bytes(uint64_t highest, bool has_look)
{
	const struct peak *recorded = peak_get();

	if (has_look && look_bytes > highest)
		highest = look_bytes;
	if (recorded && recorded->bytes > highest)
		highest = recorded->bytes;
	for (uint32_t i = 0; i < epochs_n_records(); i++)
		if (epochs_record_get(i)->memory.heap_used > highest)
			highest = epochs_record_get(i)->memory.heap_used;
	return highest;
}

/* For who has started us.  Relative names are of a directory that nobody else knows. */
static void
note_for_census(const struct snapshot_facts *facts)
{
	static char absolute[2 * PATH_MAX];
	const char *name = facts->name;
	long n;

	if (!facts->number || !census_is_on())
		return;
	n = name[0] == '/' ? 0 : sys_getcwd(absolute, PATH_MAX);
	if (n > 0 && absolute[0] == '/') {
		(void)sys_format(absolute + n, sizeof absolute - (size_t)n, "/%s", name);
		name = absolute;
	}
	census_note(facts->number, name, facts->memory.heap_used,
		    peak_bytes(facts->memory.heap_used, facts->before));
}

static void
say_aside(const char *wanted, const char *name)
{
	sys_log("'%s' is another process's of this run, and is not replaced; writing "
		"'%s'; %%p in GCPROF_OUTPUT keeps them apart",
		wanted, name);
}

/* Another process of the run has written what stands there: both stay. */
static void
step_aside(char *name, size_t bytes)
{
	static int said_by; /* pid */
	static char wanted[PATH_MAX];

	if (!earlier_stands(name))
		return;
	memcpy(wanted, name, strlen(name) + 1);
	if (!earlier_add_pid(name, bytes) || said_by == process.pid)
		return;
	said_by = process.pid;
	say_aside(wanted, name);
}

/* Runs in the child, or in place. */
static int
write_and_report(void *with)
{
	struct snapshot_facts *facts = with;
	const char *obstacle;
	int err;

	if (facts->number)
		census_begin_writing();
	err = write_with_look(facts);
	obstacle = err == -EEXIST ? newfile_obstacle(facts->name) : NULL;

	if (facts->number)
		publish_snapshot_end(facts->number, err);
	if (!err && facts->number && strcmp(facts->name, newfile_name()) != 0) {
		say_aside(facts->name, newfile_name());
		facts->name = newfile_name();
	}
	if (!err) {
		note_for_census(facts);
		census_settled();
	}
	if (facts->number)
		census_end_writing();
	if (!facts->number && !options.is_verbose)
		return err; /* nobody asked for a look */
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
	ret->number = reason == TAKE_LOOK ? 0 : turns.n_snapshots;
	ret->pid = process_number();
	ret->ppid = process.is_after_end ? process.parent : sys_getppid();
	ret->start_ns = process.start_realtime_ns;
	ret->time_ns = sys_realtime_ns();
	ret->uptime_ns = sys_now_ns() - process.start_ns;
	ret->executable = process.executable;
	ret->suppressions = process.suppressions;
	figures_measure(&ret->memory, may_lock);
	ret->rss_file = figures_rss_file();
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
is_forbidden_now(enum take_reason reason)
{
	static bool is_said;

	if (!take_is_forbidden())
		return false;
	if (reason == TAKE_LOOK)
		return true;
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
	/* A peak is gone if it is not taken now. */
	int naps = reason == TAKE_BY_SIGNAL ? 50 : reason == TAKE_AT_PEAK ? 200 : 0;
	bool is_done;

	for (;;) {
		is_done = turns_reap_writer(patience == TURNS_WAIT) != -EAGAIN;
		if (is_done || !naps--)
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

void
take_drop_look(void)
{
	if (turns.has_look)
		(void)sys_unlink(look_name);
	turns.has_look = false;
}

void
take_drop_peak(void)
{
	turns_reap(TURNS_WAIT);
	if (peak_of == process.pid && peak_name[0])
		(void)sys_unlink(peak_name);
}

/* Fill in what the file's head says of this moment.  Its number is the next one. */
static void
prepare(struct snapshot_facts *ret, enum take_reason reason, const char *pattern)
{
	bool is_exit = reason == TAKE_AT_EXIT, is_fatal = reason == TAKE_AT_FATAL;
	bool is_look = reason == TAKE_LOOK;

	dontfork_forget_gone();
	if (!is_exit && !is_fatal && !is_look && reason != TAKE_AT_PEAK) {
		backend_warm_up();
		if (!backend_is_system)
			figures_give_back(figures_heap_used(), sys_now_ns(), true);
	}
	turns.n_snapshots += !is_look;
	if (is_look) {
		if (!turns.has_look)
			name_look();
		turns.has_look = true;
		memcpy(turns.writing, look_name, sizeof look_name);
	} else {
		if (reason == TAKE_AT_PEAK)
			name_peak(turns.writing, sizeof turns.writing);
		else
			take_expand_name(turns.writing, sizeof turns.writing,
					 pattern ? pattern : options.output);
		step_aside(turns.writing, sizeof turns.writing);
	}
	ret->name = turns.writing;
	/* The handler may have interrupted the next allocator. */
	take_gather(ret, reason,
		    reason != TAKE_BY_SIGNAL && !is_fatal && !process.is_after_end);
	if (is_look)
		look_bytes = ret->memory.heap_used;
	ret->is_leak_check_off = is_exit && process.is_leak_check_off;
	if (is_exit && turns.look_error)
		take_drop_look(); /* what is there is older than what was to be */
	if (is_exit && turns.has_look)
		ret->before = look_name;
	if (is_look) /* nobody asked for it: the next one that is asked for comes when it would */
		return;
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
	GCP_ASSERT(facts->number == (reason == TAKE_LOOK ? 0 : turns.n_snapshots));
	turns.writing_number = facts->number;
	if (facts->number)
		publish_snapshot_begin(facts->number, turns.writing,
				       way != CUT_IN_PLACE && way != CUT_AFTER_END);
	child = cut_take(self, way, write_and_report, facts, &result);
	if (child > 0) {
		turns.writer = child;
		if (facts->number)
			publish_snapshot_writer(facts->number, child);
		result = patience == TURNS_WAIT ? turns_reap_writer(true) : 0;
	} else if (reason == TAKE_LOOK) {
		turns.look_error = result;
	} else if (reason != TAKE_AT_EXIT) {
		sys_log("cannot fork: the program was paused while the snapshot was "
			"written");
	}
	return result;
}

/* A shell, timeout or xargs, that has done nothing but to start what is looked at: a program of
 * the system that never held more than those do.  Whoever asks for snapshots by an option gets
 * this one, too. */
static bool
is_small_wrapper(enum take_reason reason)
{
	enum { MOST = 512 << 10 }; /* bytes; bash has 64 KiB, xargs 268 */

	if ((reason != TAKE_AT_EXIT && reason != TAKE_AT_FATAL) || !census_spares() ||
	    peak_bytes(figures_heap_used(), turns.has_look) > MOST)
		return false;
	return system_programs_has(process.executable);
}

/* Is nothing lost if it cannot be taken now? */
static bool
can_wait(enum take_reason reason)
{
	return reason == TAKE_AT_INTERVAL || reason == TAKE_LOOK;
}

int
take_snapshot(enum take_reason reason, const char *pattern, enum turns_patience patience,
	      const struct cut_thread *where)
{
	struct snapshot_facts facts = {.name = NULL};
	struct cut_thread self = {.sp = (uintptr_t)__builtin_frame_address(0)};
	struct thread *t;
	int result = -EBUSY;

	/* Constructors of other libraries, and what they free, may come before ours. */
	if (options.is_secure || !process.program || census_passes_over() ||
	    (!process.is_after_end && is_forbidden_now(reason)))
		return -EPERM;
	if (!turns_take(patience)) {
		/* One by time comes a little later, and not at all if the end came before. */
		if (can_wait(reason))
			return -EAGAIN;
		lose(LOSS_SNAPSHOTS);
		return -EBUSY;
	}
	if (!reap_last(reason, patience)) {
		if (reason == TAKE_LOOK)
			result = -EAGAIN;
		else
			lose(LOSS_SNAPSHOTS);
	} else if (reason == TAKE_LOOK && turns.look_error) {
		result = turns.look_error; /* and so would the next one */
	} else if (is_small_wrapper(reason)) {
		take_drop_look();
		census_spare();
		result = 0;
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
		if (!result && (reason == TAKE_AT_EXIT || reason == TAKE_AT_FATAL ||
				reason == TAKE_AT_WRONG_FREES))
			take_drop_look();
	}
	turns_end();
	return result;
}
