/* session.c -- see session.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "session.h"
#include "backend.h"
#include "beside.h"
#include "births.h"
#include "blocks.h"
#include "books.h"
#include "census.h"
#include "cut.h"
#include "epochs.h"
#include "foreign.h"
#include "forking.h"
#include "gate.h"
#include "libc.h"
#include "live.h"
#include "mappings.h"
#include "maps.h"
#include "mem.h"
#include "newfile.h"
#include "options.h"
#include "publish.h"
#include "record.h"
#include "roots.h"
#include "sandbox.h"
#include "sanitizers.h"
#include "signals.h"
#include "sites.h"
#include "sleeper.h"
#include "snapshot.h"
#include "sys.h"
#include "thread.h"
#include "unwind.h"
#include "verify.h"
#include "watch.h"
#include "wrap.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/single_threaded.h>
#include <sys/wait.h>

uint64_t loss[N_LOSSES];
const char *const loss_names[N_LOSSES] = {
	[LOSS_SHADOW] = "blocks",       [LOSS_SITES] = "sites",
	[LOSS_BIRTHS] = "births",       [LOSS_THREADS] = "threads",
	[LOSS_MODULES] = "modules",     [LOSS_MAPPINGS] = "mappings",
	[LOSS_BAD_FREES] = "bad_frees", [LOSS_MARKS] = "marks",
	[LOSS_SNAPSHOTS] = "snapshots", [LOSS_VERIFY] = "stacks",
};

extern void *__libc_stack_end; /* of the loader: argc, argv, envp stand there */
int __cxa_atexit(void (*f)(void *), void *with, void *object);
int __cxa_at_quick_exit(void (*f)(void *), void *object);
/* A program may have it.  Not looked up by dlsym, which allocates when it finds
 * nothing. */
const char *__lsan_default_suppressions(void) __attribute__((weak));
const char *__lsan_default_options(void) __attribute__((weak));
int __lsan_is_turned_off(void) __attribute__((weak));

static struct {
	int pid; /* of the process whose books these are */
	uint64_t start_ns, start_realtime_ns;
	char executable[4096];
	const char *suppressions; /* of __lsan_default_suppressions, or NULL */
	const char *program;      /* its last component */
	uint32_t n_snapshots;
	int is_writing;     /* atomic: the thread whose turn it is, or 0 */
	int writer;         /* child that writes, or 0 */
	char writing[4096]; /* name of the last snapshot */
	uint32_t writing_number;
	int looker; /* child that looks for alarms, or 0 */
	int viewer; /* child that looks for a viewer, or 0 */
	int timekeeper; /* atomic: the thread that keeps time; 0: none, -1: it has not run yet */
	uint32_t is_time_up;  /* atomic, futex: it is to end */
	uint32_t requests;    /* atomic; enum request, by bit */
	uint32_t look_number; /* of the snapshot that it may keep, or 0 */
	uint64_t last_snapshot_ns, last_snapshot_used;
	uint64_t most_used; /* atomic: of the heap, since it last gave memory back */
	uint64_t low_since_ns; /* atomic: since when it has had less than half; 0 = it has not */
	int is_limit_said;      /* atomic */
	bool is_exit_done;      /* atomic */
	bool is_leak_check_off; /* at the end, as the program wants it */
	bool is_checked;        /* __lsan_do_leak_check was called: none at the end */
	char fatal[32];
	int parent;        /* at the start */
	bool is_after_end; /* this is the sleeper, and the process is gone */
} s;

static int
own_pid(void)
{
	return s.is_after_end ? s.pid : sys_getpid();
}

/* ---- memory figures ------------------------------------------------------ */

/* The number behind a word in a file like /proc/meminfo, in its unit. */
static uint64_t
number_after(const char *text, const char *word)
{
	const char *at = strstr(text, word);
	uint64_t v = 0;

	if (!at)
		return 0;
	for (at += strlen(word); *at == ' ' || *at == '\t'; at++)
		;
	for (; *at >= '0' && *at <= '9'; at++)
		v = v * 10 + (uint64_t)(*at - '0');
	return v;
}

static uint64_t
read_rss(void)
{
	static uint64_t last;
	char text[128];
	const char *second;

	if (sys_read_file("/proc/thread-self/statm", text, sizeof text) <= 0)
		return sandbox_is_on() ? relaxed_load(&last) : 0; /* as it was before */
	second = strchr(text, ' ');
	relaxed_store(&last, second ? number_after(second, " ") * 4096 : 0);
	return relaxed_load(&last);
}

static uint64_t
heap_used(void)
{
	struct epochs_counts c;

	thread_sum(&c);
	return c.allocated_bytes > c.freed_bytes ? c.allocated_bytes - c.freed_bytes : 0;
}

/* Where large blocks end an epoch each, as it was a moment ago: four system calls cost more
 * than the kernel takes to move such a block.  Context: an epoch's end, one at a time. */
static uint64_t
rss_lately(void)
{
	const uint64_t moment = 1000000;
	static uint64_t at_ns, rss;
	uint64_t now = sys_now_ns();

	if (now - at_ns >= moment || !rss) {
		rss = read_rss();
		at_ns = now;
	}
	return rss;
}

static void
measure_epoch(struct epochs_memory *ret)
{
	ret->rss = rss_lately();
	ret->heap_total = backend_mapped_bytes(true);
	ret->heap_used = heap_used();
	ret->external = mappings_bytes();
}

static void
measure(struct gcprof_memory *ret, bool may_lock)
{
	char text[512];

	memset(ret, 0, sizeof *ret);
	ret->rss = read_rss();
	ret->heap_total = backend_mapped_bytes(may_lock);
	ret->heap_used = heap_used();
	ret->external = mappings_bytes();
	ret->profiler = mem_resident_bytes();
	if (sys_read_file("/proc/meminfo", text, sizeof text) > 0) {
		ret->total_memory = number_after(text, "MemTotal:") * 1024;
		ret->free_memory = number_after(text, "MemAvailable:") * 1024;
	}
}

void
session_memory(struct gcprof_memory *ret)
{
	bool is_ours = record_enter();

	measure(ret, is_ours);
	if (is_ours)
		record_leave();
}

/* The program has freed most of what it had: let the allocator give that back to the
 * system, and the shadow with it, sooner than it would by itself.  Not so for a
 * program that takes it up again within a second, unless a snapshot is to show it. */
static void
give_back(uint64_t used, uint64_t now_ns, bool is_at_once)
{
	const uint64_t least = 16 << 20, second = 1000000000;
	uint64_t most = relaxed_load(&s.most_used);
	uint64_t since = relaxed_load(&s.low_since_ns);

	if (used > most)
		relaxed_store(&s.most_used, used);
	if (used + least > most || used > most / 2) {
		relaxed_store(&s.low_since_ns, 0);
	} else if (is_at_once || (since && now_ns - since >= second)) {
		relaxed_store(&s.low_since_ns, 0);
		(void)backend_trim(0);
		relaxed_store(&s.most_used, used);
	} else if (!since) {
		relaxed_store(&s.low_since_ns, now_ns);
	}
}

/* ---- writing snapshots --------------------------------------------------- */

static void
expand_name(char *to, size_t bytes, const char *from)
{
	size_t n = 0;

	for (; *from && n + 1 < bytes; from++) {
		if (*from != '%' || !from[1]) {
			to[n++] = *from;
			continue;
		}
		switch (*++from) {
		case 'e':
			n += sys_format(to + n, bytes - n, "%s", s.program);
			break;
		case 'p':
			n += sys_format(to + n, bytes - n, "%d", own_pid());
			break;
		case 'n':
			n += sys_format(to + n, bytes - n, "%u", s.n_snapshots);
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
session_next_name(char *to, size_t bytes)
{
	if (!s.program || sys_getpid() != s.pid)
		return false;
	expand_name(to, bytes, options.output);
	return true;
}

/* strerror may read message catalogues, and allocate. */
static const char *
error_name(int err)
{
	const char *name = strerrordesc_np(err);

	return name ? name : "unknown error";
}

/* Runs in the child, or in place. */
static int
write_and_tell(void *with)
{
	const struct snapshot_facts *facts = with;
	int err = snapshot_write(facts);
	const char *obstacle = err == -EEXIST ? newfile_obstacle(facts->name) : NULL;

	publish_snapshot_end(facts->number, err);
	if (!err)
		census_settled();
	if (obstacle)
		sys_log("cannot write snapshot '%s': %s is there, and is not replaced; "
			"GCPROF_OUTPUT has to name a regular file or a new one",
			facts->name, obstacle);
	else if (err)
		sys_log("cannot write snapshot '%s': %s (errno %d)", facts->name,
			error_name(-err), -err);
	else if (maps_is_missing())
		sys_log("snapshot '%s' does not tell what is lost: /proc/self/maps "
			"cannot be read",
			facts->name);
	else if (options.is_verbose)
		sys_log("wrote '%s' (%s)", facts->name, facts->reason);
	return err;
}

/* A writer that was killed could neither tell nor clean up. */
static void
tell_killed(int writer)
{
	static char temporary[sizeof s.writing + 32]; /* whose turn it is has it */

	(void)sys_format(temporary, sizeof temporary, "%s.%d.tmp", s.writing, writer);
	(void)sys_unlink(temporary);
	sys_log("cannot write snapshot '%s': its writer was killed", s.writing);
}

/* Let go of the child that wrote the snapshot before, if it is done or if we
 * wait.  Returns its result; -EAGAIN if it still writes. */
static int
reap_writer(bool is_waiting)
{
	int result = 0;

	if (s.writer) {
		result = cut_result(s.writer, is_waiting);
		if (result == -EINTR)
			tell_killed(s.writer);
		if (result != -EAGAIN) {
			publish_snapshot_end(s.writing_number, result);
			s.writer = 0;
		}
	}
	return result;
}

enum patience { GO_ON, WAIT };

enum reason {
	AT_EXIT,
	AT_FATAL,
	BY_SIGNAL,
	BY_CALL,
	AT_INTERVAL,
	AT_GROWTH,
	AT_LIMIT,
	BY_WATCH,
	BY_VIEWER,
	AT_WRONG_FREES
};
static const char *const reason_names[] = {
	[AT_EXIT] = "exit",         [AT_FATAL] = s.fatal,       [BY_SIGNAL] = "signal",
	[BY_CALL] = "api",          [AT_INTERVAL] = "interval", [AT_GROWTH] = "growth",
	[AT_LIMIT] = "limit",       [BY_WATCH] = "watch",       [BY_VIEWER] = "live",
	[AT_WRONG_FREES] = s.fatal,
};

/* The turn to write, or to let go of who wrote: is_writing. */
static bool
take_turn(enum patience patience)
{
	int idle = 0, waits = 60000; /* of a millisecond */
	int tid = sys_gettid();

	while (!__atomic_compare_exchange_n(&s.is_writing, &idle, tid, false,
					    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
		/* Ours already: a signal handler interrupted it. */
		if (patience == GO_ON || idle == tid || !waits--)
			return false;
		/* In a child made behind our back it may be that of a thread that is not
		 * here. */
		if (!sys_is_thread(idle) &&
		    __atomic_compare_exchange_n(&s.is_writing, &idle, tid, false,
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

static void
end_turn(void)
{
	release_store(&s.is_writing, 0);
}

/* The same for the child that looks for alarms, without waiting: nobody knows how
 * long its actions take.  The number it was given is free again if it kept nothing and
 * no other snapshot was taken meanwhile. */
static void
reap_looker(void)
{
	if (!s.looker || cut_result(s.looker, false) == -EAGAIN)
		return;
	s.looker = 0;
	if (s.look_number && s.look_number == s.n_snapshots && !watch_has_kept())
		s.n_snapshots--;
	s.look_number = 0;
}

static void
reap_viewer(void)
{
	if (s.viewer && cut_result(s.viewer, false) != -EAGAIN)
		s.viewer = 0;
}

/* A child that has written is let go of; nobody else's business meanwhile. */
static void
let_go(enum patience patience)
{
	if (!take_turn(patience))
		return;
	(void)reap_writer(patience == WAIT);
	reap_looker();
	reap_viewer();
	end_turn();
}

/* What has to be read in this process.  Context: it is our turn. */
static void
gather(struct snapshot_facts *ret, enum reason reason, bool may_lock)
{
	ret->reason = reason_names[reason];
	ret->number = s.n_snapshots;
	ret->pid = own_pid();
	ret->ppid = s.is_after_end ? s.parent : sys_getppid();
	ret->start_ns = s.start_realtime_ns;
	ret->time_ns = sys_realtime_ns();
	ret->uptime_ns = sys_now_ns() - s.start_ns;
	ret->executable = s.executable;
	ret->suppressions = s.suppressions;
	measure(&ret->memory, may_lock);
}

/* Whether a filter of the program's forbids what a snapshot cannot do without.  Tools
 * are told. */
static bool
is_forbidden(void)
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

	if (!is_forbidden())
		return false;
	lose(LOSS_SNAPSHOTS);
	if (!__atomic_exchange_n(&is_said, true, __ATOMIC_RELAXED))
		sys_log("no snapshot: the program's seccomp filter forbids what it "
			"takes");
	return true;
}

/* Take one.  pattern NULL: as GCPROF_OUTPUT says.  where: as session_asked has it.
 * Returns  0 or -errno; -EAGAIN of one by time: it is somebody else's turn just now.
 * Context  inside the guard, or in a signal handler outside of it. */
static int
take_at(enum reason reason, const char *pattern, enum patience patience,
	const struct cut_thread *where)
{
	struct snapshot_facts facts = {.name = s.writing};
	struct cut_thread self = {.sp = (uintptr_t)__builtin_frame_address(0)};
	struct thread *t;
	bool is_exit = reason == AT_EXIT, is_fatal = reason == AT_FATAL;
	enum cut_way way = CUT_IN_CHILD;
	int result = 0, child, naps;

	if (options.is_secure || (!s.is_after_end && is_forbidden_now()))
		return -EPERM;
	if (!take_turn(patience)) {
		/* One by time comes a little later, and not at all if the end came before. */
		if (reason == AT_INTERVAL)
			return -EAGAIN;
		lose(LOSS_SNAPSHOTS);
		return -EBUSY;
	}
	/* The one before may have given its file its name, and be about to end: who
	 * asks again at once is not to be refused for that. */
	for (naps = 50; (result = reap_writer(patience == WAIT)) == -EAGAIN &&
			reason == BY_SIGNAL && naps > 0;
	     naps--)
		sys_sleep(1000000);
	if (result == -EAGAIN) {
		lose(LOSS_SNAPSHOTS);
		end_turn();
		return -EBUSY;
	}
	reap_looker();
	if (!is_exit && !is_fatal) {
		backend_warm_up();
		if (!backend_is_system)
			give_back(heap_used(), sys_now_ns(), true);
	}
	s.n_snapshots++;
	expand_name(s.writing, sizeof s.writing, pattern ? pattern : options.output);
	/* The handler may have interrupted the next allocator. */
	gather(&facts, reason, reason != BY_SIGNAL && !is_fatal && !s.is_after_end);
	facts.is_leak_check_off = is_exit && s.is_leak_check_off;
	s.last_snapshot_ns = facts.uptime_ns + s.start_ns;
	s.last_snapshot_used = facts.memory.heap_used;
	if (where) {
		self = *where;
	} else if ((t = thread_get()) != NULL) {
		self.sp = unwind_origin(t->unwind, is_exit, self.registers);
		self.hand = t->hand;
	}
	/* Nobody runs after exit but other threads; and a process that has used up
	 * its descriptors needs a child, which has room. */
	if (is_exit && thread_is_alone() && !sys_is_full())
		way = CUT_IN_PLACE;
	if (is_fatal)
		way = CUT_AT_DEATH;
	if (s.is_after_end)
		way = CUT_AFTER_END;
	s.writing_number = facts.number;
	publish_snapshot_begin(facts.number, s.writing,
			       way != CUT_IN_PLACE && way != CUT_AFTER_END);
	child = cut_take(&self, way, write_and_tell, &facts, &result);
	if (child > 0) {
		s.writer = child;
		publish_snapshot_writer(facts.number, child);
		result = patience == WAIT ? reap_writer(true) : 0;
	} else if (!is_exit) {
		sys_log("cannot fork: the program waited while the snapshot was written");
	}
	end_turn();
	return result;
}

static int
take(enum reason reason, const char *pattern, enum patience patience)
{
	return take_at(reason, pattern, patience, NULL);
}

/* Whether a word of the program's LeakSanitizer options, name=0, is there. */
static bool
has_option_off(const char *options_text, const char *name)
{
	size_t n = strlen(name);
	const char *at;

	for (at = options_text; at && (at = strstr(at, name)) != NULL; at += n)
		if ((at == options_text || strchr(": ,\t\n", at[-1])) && at[n] == '=' &&
		    (at[n + 1] == '0' || at[n + 1] == 'f' || at[n + 1] == 'n'))
			return true;
	return false;
}

/* Whether the program wants no leak check at its end.  Source: the comments of
 * lsan_interface.h, and LeakSanitizer's flags. */
static bool
is_leak_check_off(void)
{
	const char *o = __lsan_default_options ? __lsan_default_options() : NULL;

	return s.is_checked || (__lsan_is_turned_off && __lsan_is_turned_off()) ||
	       has_option_off(o, "detect_leaks") ||
	       has_option_off(o, "leak_check_at_exit");
}

void
session_leaks_checked(void)
{
	s.is_checked = true;
}

int
session_snapshot(const char *name)
{
	int result = -EBUSY;

	if (record_enter()) {
		result = take(BY_CALL, name, WAIT);
		record_leave();
	}
	return result ? -1 : 0;
}

/* The analyzer, as `gcprof run` or the user names it, or the one beside us. */
static const char *
analyzer(void)
{
	return options.analyzer ? options.analyzer : beside_analyzer();
}

/* The program's environment, but nothing preloaded; and no watches, for if we are in
 * /etc/ld.so.preload the analyzer would be watched, and its analyzer, and so on without
 * end.  Context: a child of ours. */
static char *const *
plain_environment(void)
{
	extern char **environ;
	static char *environment[1024];
	int n = 0, i;

	for (i = 0; environ && environ[i] && n < 1023; i++)
		if (strncmp(environ[i], "LD_PRELOAD=", 11) != 0 &&
		    strncmp(environ[i], "GCPROF_WATCH=", 13) != 0)
			environment[n++] = environ[i];
	return environment;
}

/* In a child of ours; does not return. */
static void
run_analyzer(const char *heap_file)
{
	const char *const args[] = {"gcprof-analyze", "--fail-on=error", heap_file, NULL};

	sys_stdout_is_stderr();
	sys_exec(analyzer(), args, plain_environment());
	sys_log("cannot run the analyzer '%s'; GCPROF_ANALYZE can name it", analyzer());
	sys_exit(127);
}

int
session_leak_check(void)
{
	int result = -1, child, status;
	uint64_t mask;

	if (!record_enter())
		return -1;
	if (take(BY_CALL, NULL, WAIT) == 0) {
		mask = sys_block_signals();
		child = sys_fork_silent();
		if (child == 0) {
			sys_restore_signals(0);
			run_analyzer(s.writing);
		}
		if (child < 0)
			sys_log("cannot fork: the analyzer is not run");
		if (child > 0 && sys_reap(child, true, &status) == child &&
		    WIFEXITED(status) && WEXITSTATUS(status) <= 1)
			result = WEXITSTATUS(status);
		sys_restore_signals(mask);
	}
	record_leave();
	return result;
}

int
session_mark(const char *label)
{
	return snapshot_mark(label, sys_now_ns() - s.start_ns) ? 0 : -1;
}

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
		sys_log("cannot write trace '%s': %s (errno %d); no more of it",
			options.trace_file, error_name(-fd), -fd);
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
	uint64_t was = s.last_snapshot_used > least ? s.last_snapshot_used : least;

	return options.growth_percent &&
	       used / 100 * 100 > was + was / 100 * options.growth_percent;
}

static bool
is_limit_wanted(void)
{
	return options.limit_bytes && !s.is_limit_said;
}

/* Nine tenths of what is allowed: time enough for a snapshot. */
static void
look_at_limit(void)
{
	uint64_t bytes;
	int said = 0;

	if (!is_limit_wanted())
		return;
	bytes = heap_used() + mappings_bytes();
	if (bytes < options.limit_bytes / 10 * 9 ||
	    !__atomic_compare_exchange_n(&s.is_limit_said, &said, 1, false,
					 __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		return;
	sys_log("near the limit: heap and mappings have %lu.%u MB of the %lu.%u MB that "
		"GCPROF_LIMIT allows",
		MB(bytes), MB(options.limit_bytes));
	(void)take(AT_LIMIT, NULL, GO_ON);
}

/* ---- watches ------------------------------------------------------------- */

/* Names of a look's snapshot; whose turn it is has them. */
static struct {
	char keep[4096], file[4096 + 16];
	bool can_keep;
} look;

/* Runs in the child, and in place if there can be none. */
static int
write_and_look(void *with)
{
	struct snapshot_facts *facts = with;
	struct watch_look l = {.file = look.file, .analyzer = analyzer()};
	int err;

	if (cut_now.is_in_place)
		return -EAGAIN;
	err = look.can_keep ? snapshot_write(facts) : -EEXIST;
	if (!err) {
		l.keep = look.keep;
	} else { /* alarms can be raised nevertheless */
		(void)sys_format(look.file, sizeof look.file, "/tmp/gcprof.%d.watch",
				 s.pid);
		err = snapshot_write(facts);
	}
	if (err) {
		watch_failed(look.file, error_name(-err));
		return err;
	}
	l.environment = plain_environment();
	watch_look(&l);
	return 0;
}

/* Context  it is our turn. */
static void
take_look(void)
{
	struct snapshot_facts facts = {.name = look.file, .is_brief = true};
	struct cut_thread self = {.sp = (uintptr_t)__builtin_frame_address(0)};
	int child, result;

	backend_warm_up();
	if (watch_may_keep())
		s.look_number = ++s.n_snapshots;
	gather(&facts, BY_WATCH, true);
	expand_name(look.keep, sizeof look.keep, options.output);
	look.can_keep = !sys_is_special_file(look.keep);
	(void)sys_format(look.file, sizeof look.file, "%s.%d.watch", look.keep, s.pid);
	child = cut_take(&self, CUT_MOVING, write_and_look, &facts, &result);
	if (child > 0)
		s.looker = child;
}

static void
look_at_watches(uint64_t now_ns)
{
	if (now_ns < watch_next_ns() || s.is_exit_done || !take_turn(GO_ON))
		return;
	reap_looker();
	if (!s.looker && watch_is_wanted(now_ns, thread_sum))
		take_look();
	end_turn();
}

/* ---- looks for a viewer -------------------------------------------------- */

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

/* Context  it is our turn, and no such look is under way. */
static void
show_viewer(bool may_lock)
{
	struct snapshot_facts facts = {.name = live_file()};
	struct cut_thread self = {.sp = (uintptr_t)__builtin_frame_address(0)};
	int child, result;

	backend_warm_up();
	gather(&facts, BY_VIEWER, may_lock);
	live_begin();
	child = cut_take(&self, CUT_MOVING, write_live, &facts, &result);
	if (child > 0)
		s.viewer = child;
}

static void
look_for_viewer(uint64_t now_ns)
{
	if (now_ns < live_next_ns() || s.is_exit_done || !take_turn(GO_ON))
		return;
	reap_viewer();
	if (!s.viewer && live_is_wanted(now_ns))
		show_viewer(true);
	end_turn();
}

/* A viewer has come, and nothing was there for it.  If it is somebody else's turn, it
 * will ask again.  Returns 0 or -errno. */
static int
welcome_viewer(void)
{
	uint64_t now = sys_now_ns();
	int err;

	if (s.is_exit_done || !take_turn(GO_ON))
		return -EBUSY;
	err = live_open(now, true);
	if (err)
		sys_log("cannot show figures to gcprof top: %s (errno %d)",
			error_name(-err), -err);
	reap_viewer();
	if (!err && !s.viewer)
		show_viewer(false);
	end_turn();
	return err;
}

/* The files go with the process.  A child that still writes one would leave it. */
static void
dismiss_viewer(void)
{
	int child;

	if (!take_turn(WAIT))
		return;
	child = s.viewer;
	if (child) {
		sys_kill(child);
		(void)cut_result(child, true);
		s.viewer = 0;
	}
	live_close(child);
	end_turn();
}

void
session_end_epoch(uint64_t now_ns)
{
	struct epochs_record r;

	if (sys_getpid() != s.pid || !epochs_tick(now_ns, thread_sum, measure_epoch, &r))
		return;
	births_tidy();
	let_go(GO_ON);
	if (!backend_is_system)
		give_back(r.memory.heap_used, now_ns, false);
	backend_tidy(now_ns);
	if (options.is_trace)
		trace(&r);
	if (has_grown(r.memory.heap_used))
		(void)take(AT_GROWTH, NULL, GO_ON);
}

void
session_clock(uint64_t now_ns)
{
	bool is_due = is_limit_wanted() || now_ns >= watch_next_ns() ||
		      now_ns >= live_next_ns();

	/* Asked last, as it takes a system call. */
	if (!is_due || sys_getpid() != s.pid)
		return;
	look_at_limit();
	look_at_watches(now_ns);
	look_for_viewer(now_ns);
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
	return options.interval_ns ? s.last_snapshot_ns + options.interval_ns : UINT64_MAX;
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
	release_store(&s.timekeeper, sys_gettid());
	for (;;) {
		uint64_t now;

		sys_wait(&s.is_time_up, 0, pause_ns());
		if (acquire_load(&s.is_time_up) || is_last_thread())
			return NULL;
		if (!record_enter())
			continue;
		now = sys_now_ns();
		if (s.looker || s.viewer)
			let_go(GO_ON);
		if (now >= next_snapshot_ns()) {
			uint64_t before_ns = s.last_snapshot_ns;

			s.last_snapshot_ns = now;
			if (take(AT_INTERVAL, NULL, GO_ON) == -EAGAIN)
				s.last_snapshot_ns = before_ns;
		}
		look_at_watches(now);
		look_for_viewer(now);
		record_leave();
	}
}

/* Context  inside the guard, so that what pthread_create allocates gets no stack
 *          of the program's; and ignored, as the only pointer to a thread's dtv
 *          leads to the inside of it: it would be told as a possible leak. */
static void
start_timekeeper(void)
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
	release_store(&s.timekeeper, -1);
	err = pthread_create(&thread, &attr, keep_time, NULL);
	thread_tls.n_ignoring--;
	sys_restore_signals(mask);
	(void)pthread_attr_destroy(&attr);
	if (err)
		release_store(&s.timekeeper, 0);
	if (err)
		sys_log("no thread for snapshots and watches by time (errno %d)", err);
}

/* End it, and wait until the kernel has forgotten it: libc makes calls at a thread's end
 * that we cannot hold back. */
static bool
end_timekeeper(void)
{
	const uint64_t nap = 1000000;
	int tid, naps = 5000;

	release_store(&s.is_time_up, 1);
	sys_wake(&s.is_time_up);
	while ((tid = acquire_load(&s.timekeeper)) != 0 &&
	       (tid < 0 || sys_is_thread(tid)) && naps--)
		sys_sleep(nap);
	release_store(&s.timekeeper, 0);
	release_store(&s.is_time_up, 0);
	return tid != 0;
}

/* ---- the program shuts itself in ------------------------------------------- */

static struct {
	bool had_timekeeper, has_free_clocks;
} before;

void
session_before_sandbox(void)
{
	before.had_timekeeper = end_timekeeper();
	if (!record_enter())
		return;
	before.has_free_clocks = sys_has_free_clocks();
	(void)read_rss(); /* remembered */
	let_go(WAIT);
	record_leave();
}

void
session_know_sandbox(bool is_strict)
{
	/* Strict mode may make reading the time stamp counter a fault. */
	if (is_strict || (!sandbox_allows(SANDBOX_CLOCK) && !before.has_free_clocks))
		sys_stop_clocks();
	signals_before_sandbox();
}

void
session_after_sandbox(void)
{
	/* By hand it may be asked nevertheless: a call that ends early is better than death
	 * by a signal that has its default action. */
	if (!is_forbidden() &&
	    !(sandbox_allows(SANDBOX_HANDLER) && sandbox_allows(SANDBOX_GO_ON)))
		publish_refuse(
			"its seccomp filter forbids what answering by a signal takes");
	if (before.had_timekeeper && record_enter()) {
		start_timekeeper();
		record_leave();
	}
}

/* ---- signals -------------------------------------------------------------- */

enum request { WANTS_SNAPSHOT = 1, WANTS_LOOK = 2 };

void
session_note_request(bool is_look)
{
	(void)__atomic_fetch_or(&s.requests, is_look ? WANTS_LOOK : WANTS_SNAPSHOT,
				__ATOMIC_RELAXED);
}

void
session_asked(const struct cut_thread *where)
{
	uint32_t requests = __atomic_exchange_n(&s.requests, 0, __ATOMIC_RELAXED);
	int err;

	if (sys_getpid() != s.pid)
		return;
	if (requests & WANTS_SNAPSHOT) {
		publish_take(PUBLISH_SNAPSHOT);
		err = take_at(BY_SIGNAL, NULL, GO_ON, where);
		/* Other errors are those of a snapshot that was begun: they are with it. */
		if (err == -EPERM && !is_forbidden())
			err = 0;
		publish_answer(PUBLISH_SNAPSHOT, err == -EBUSY || err == -EPERM ? -err : 0,
			       s.writing_number);
	}
	if (requests & WANTS_LOOK) {
		publish_take(PUBLISH_LOOK);
		publish_answer(PUBLISH_LOOK, -welcome_viewer(), 0);
	}
}

void
session_ended_by(const char *signal, const struct cut_thread *where)
{
	/* A child of vfork shares our memory, but this end is its own. */
	if (sys_getpid() != s.pid || !options.at_fatal)
		return;
	if (!__atomic_exchange_n(&s.is_exit_done, true, __ATOMIC_RELAXED)) {
		(void)sys_format(s.fatal, sizeof s.fatal, "fatal %s", signal);
		(void)take_at(AT_FATAL, NULL, WAIT, where);
	}
	/* The second of two threads waits for the first one's snapshot. */
	let_go(WAIT);
	dismiss_viewer();
}

void
session_end_by_wrong_frees(uint64_t n)
{
	sys_log("%lu wrong frees: the program is ended, as GCPROF_ABORT says",
		(unsigned long)n);
	if ((options.at_exit || options.at_fatal) && sys_getpid() == s.pid &&
	    !__atomic_exchange_n(&s.is_exit_done, true, __ATOMIC_RELAXED)) {
		(void)sys_format(s.fatal, sizeof s.fatal, "fatal wrong frees");
		dismiss_viewer();
		(void)take(AT_WRONG_FREES, NULL, WAIT);
	}
	/* A handler may go elsewhere by longjmp. */
	thread_tls.guard = 0;
	abort();
}

/* ---- start, fork, end ---------------------------------------------------- */

static void
at_exit(void *with)
{
	(void)with;
	/* A child of vfork shares our memory, but the end is not ours. */
	if (sys_getpid() != s.pid ||
	    __atomic_exchange_n(&s.is_exit_done, true, __ATOMIC_RELAXED))
		return;
	dismiss_viewer();
	verify_tell();
	if (options.at_exit) {
		/* Not entered: exit in a handler that interrupted us.  What it
		 * interrupted will never go on, so the books may be used. */
		bool is_entered = record_enter();

		s.is_leak_check_off = is_leak_check_off();
		(void)take(AT_EXIT, NULL, WAIT);
		if (is_entered)
			record_leave();
	}
	/* A snapshot by signal may still be in the making; it needs us no more,
	 * but a container that ends with its first process would end it too. */
	let_go(WAIT);
}

void
session_at_end(void)
{
	at_exit(NULL);
}

void
session_after_end(void)
{
	struct cut_thread self = {.sp = (uintptr_t)__builtin_frame_address(0),
				  .tid = s.pid};

	if (__atomic_exchange_n(&s.is_exit_done, true, __ATOMIC_RELAXED))
		return;
	s.is_after_end = true;
	sys_set_filter(NULL); /* of the program */
	thread_tls.guard = 1; /* its main thread's words are ours now */
	s.viewer = 0;         /* not our child: its number may be another's */
	dismiss_viewer();
	(void)take_at(AT_EXIT, NULL, WAIT, &self);
}

/* Before anything of the program runs: a Go program's end would not be seen. */
static void
prepare_for_end(void)
{
	int err;

	if (!options.at_exit)
		return;
	s.parent = sys_getppid();
	err = sleeper_start(&s.is_exit_done, session_after_end);
	if (err && err != -ENOEXEC)
		sys_log("the end of a Go program cannot be seen here: no snapshot at "
			"exit (errno %d)",
			-err);
}

/* Inside the guard, so that a cut does not stop us with the allocator's locks
 * taken.  A fork in a signal handler that interrupted the allocator finds the
 * guard up: some of the locks are this thread's own, and it takes none. */
static void
before_fork(void)
{
	thread_tls.is_forking = thread_enter();
	thread_tls.has_mappings = mappings_before_fork();
	forking_begin();
	if (thread_tls.is_forking)
		backend_before_fork();
}

static void
after_fork_parent(void)
{
	forking_end(false);
	mappings_after_fork(thread_tls.has_mappings);
	if (thread_tls.is_forking) {
		backend_after_fork_parent();
		record_leave();
	}
}

/* The parent had other threads.  What is born from here on is of an epoch of its own, to
 * be told from what they may have held; or else counts as that. */
static void
begin_orphaned(void)
{
	epoch_no last = epochs_current();
	struct epochs_record r;

	roots_left_behind(last);
	if (!thread_tls.is_forking)
		return; /* amid the allocator, whose figures cannot be asked for */
	epochs_make_due();
	(void)epochs_tick(sys_now_ns(), thread_sum, measure_epoch, &r);
}

static void
after_fork_child(void)
{
	bool had_others;

	sys_ids_after_fork();
	s.pid = sys_getpid();
	forking_end(true);
	mappings_after_fork(thread_tls.has_mappings);
	if (thread_tls.is_forking)
		backend_after_fork_child();
	mem_after_fork();
	sites_after_fork();
	epochs_after_fork();
	books_after_fork();
	had_others = thread_after_fork();
	if (had_others)
		begin_orphaned();
	verify_after_fork(had_others);
	s.timekeeper = 0;
	sys_log_about(s.pid);
	signals_after_fork();
	gate_after_fork();
	s.n_snapshots = 0;
	s.is_writing = 0;
	s.writer = s.looker = s.viewer = 0;
	s.requests = 0;
	s.look_number = 0;
	s.is_exit_done = false;
	s.last_snapshot_ns = sys_now_ns();
	if (!options.is_follow)
		options.at_exit = options.at_fatal = options.at_signal =
			options.is_trace = false,
		options.interval_ns = options.growth_percent = options.limit_bytes = 0;
	watch_after_fork(options.is_follow);
	live_after_fork();
	publish_after_fork(options.is_follow);
	census_after_fork(options.is_follow);
	cut_set_own_thread(0);
	if (thread_tls.is_forking) {
		/* What was asked of the thread that forked was asked in the parent. */
		thread_tls.guard = 1;
		start_timekeeper();
		record_leave();
	}
}

void
session_boot(void)
{
	/* Where the kernel put argc; environ is not set yet. */
	uintptr_t *start = __libc_stack_end;
	char **environment = start ? (char **)(start + 1 + *start + 1) : NULL;

	sys_ids_init();
	s.pid = sys_getpid();
	sys_log_about(s.pid);
	s.start_ns = sys_now_ns();
	s.start_realtime_ns = sys_realtime_ns();
	options_parse(environment);
	if (start && !options.is_secure)
		sanitizers_step_aside(start, options.is_verbose);
	if (options.is_hugepages)
		mem_use_huge_pages();
	backend_init(options.is_system_allocator, options.is_hugepages);
	foreign_init();
	epochs_init(options.young_bytes, options.promote, s.start_ns);
	books_init(s.start_ns);
	/* As early as can be: handlers that others register later run before ours,
	 * while they may still allocate, and after ours in the parent and child. */
	(void)libc_register_atfork(before_fork, after_fork_parent, after_fork_child, NULL);
}

/* Whether anybody is ever to see what is recorded. */
static bool
is_anything_wanted(void)
{
	return options_want_snapshots() || options.is_trace || options.is_live ||
	       watch_next_ns() != UINT64_MAX;
}

__attribute__((constructor)) static void
start(void)
{
	extern char **environ; /* those that this program starts have it */
	long n;

	if (!record_is_ready)
		record_boot();
	if (!thread_enter())
		return;
	if (options.is_secure) {
		publish_refuse(
			"it runs in secure execution, with more rights than its caller");
		publish_start();
		thread_init();
		record_leave();
		return;
	}
	sys_log_init();
	n = sys_executable(s.executable, sizeof s.executable - 1);
	s.executable[n > 0 ? n : 0] = 0;
	s.program = strrchr(s.executable, '/') ? strrchr(s.executable, '/') + 1
					       : s.executable;
	options_complain();
	gate_init();
	beside_init();
	watch_init();
	if (options.at_exit)
		census_start(options.run, s.program);
	live_init(s.start_realtime_ns);
	verify_init();
	thread_init();
	/* Not bound to this library: runs after the destructors of all others. */
	(void)__cxa_atexit(at_exit, NULL, NULL);
	(void)__cxa_at_quick_exit(at_exit, NULL);
	signals_init();
	publish_start();
	roots_init();
	s.last_snapshot_ns = s.start_ns;
	start_timekeeper();
	prepare_for_end();
	if (!options.is_follow)
		(void)sanitizers_unfollow(environ);
	if (__lsan_default_suppressions)
		s.suppressions = __lsan_default_suppressions();
	if (is_anything_wanted() && wrap_is_malloc_replaced())
		sys_log("the program has a malloc of its own, whose blocks are not seen");
	if (options.is_verbose)
		sys_log("started in '%s'", s.executable);
	record_leave();
}
