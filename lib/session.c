/* session.c -- see session.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "session.h"
#include "backend.h"
#include "before.h"
#include "beside.h"
#include "blocks.h"
#include "books.h"
#include "census.h"
#include "cut.h"
#include "dontfork.h"
#include "epochs.h"
#include "executable.h"
#include "figures.h"
#include "foreign.h"
#include "forking.h"
#include "gate.h"
#include "libc.h"
#include "libc_inside.h"
#include "live.h"
#include "mappings.h"
#include "marks.h"
#include "mem.h"
#include "monitor.h"
#include "options.h"
#include "peak.h"
#include "process.h"
#include "publish.h"
#include "roots.h"
#include "sandbox.h"
#include "sanitizers.h"
#include "signals.h"
#include "sites.h"
#include "sleeper.h"
#include "sys.h"
#include "take.h"
#include "thread.h"
#include "trigger.h"
#include "turns.h"
#include "verify.h"
#include "watch.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

int __cxa_atexit(void (*f)(void *), void *with, void *object);
int __cxa_at_quick_exit(void (*f)(void *), void *object);
/* A program may have them.  Not looked up by dlsym, which allocates when it finds
 * nothing. */
const char *__lsan_default_suppressions(void) __attribute__((weak));
const char *__lsan_default_options(void) __attribute__((weak));
int __lsan_is_turned_off(void) __attribute__((weak));

/* Options of LeakSanitizer that are for the check at the end. */
enum { LSAN_N_OFF = 2 };
static const char *const lsan_off[LSAN_N_OFF] = {"detect_leaks", "leak_check_at_exit"};

/* The same, wherever they were found; NULL = the program has none. */
static struct {
	const char *(*suppressions)(void);
	const char *(*options)(void);
	int (*is_turned_off)(void);
	int is_off[LSAN_N_OFF]; /* by LSAN_OPTIONS, which outdo `options`; -1 = no word */
} lsan = {.is_off = {-1, -1}};

bool session_is_booted;
static bool has_other_malloc; /* the program's own */
static bool is_checked;       /* __lsan_do_leak_check was called: none at the end */

/* ---- fork ----------------------------------------------------------------- */

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
		trigger_leave();
	}
}

/* The parent had other threads, or memory that is not here.  What is born from here on is
 * of an epoch of its own, to be distinguished from what they may have held; or else counts
 * as that. */
static void
begin_orphaned(void)
{
	epoch_no last = epochs_current();
	struct epochs_record r;

	roots_left_behind(last);
	if (!thread_tls.is_forking)
		return; /* amid the allocator, whose figures cannot be asked for */
	epochs_make_due();
	(void)epochs_tick(sys_now_ns(), thread_sum, figures_measure_epoch, &r);
}

/* Of this process nothing is to be seen. */
static void
want_no_snapshots(void)
{
	options.at_exit = options.at_fatal = options.at_signal = options.at_peak =
		options.is_trace = options.has_look = false;
	options.interval_ns = options.growth_percent = options.limit_bytes = 0;
}

static void
after_fork_child(void)
{
	bool had_others;

	sys_ids_after_fork();
	process.pid = sys_getpid();
	forking_end(true);
	mappings_after_fork(thread_tls.has_mappings);
	if (thread_tls.is_forking)
		backend_after_fork_child();
	mem_after_fork();
	sites_after_fork();
	epochs_after_fork();
	books_after_fork();
	peak_after_fork();
	had_others = thread_after_fork();
	if (dontfork_after_fork_child() || had_others)
		begin_orphaned();
	verify_after_fork(had_others);
	sys_log_about(process.pid);
	signals_after_fork();
	gate_after_fork();
	turns_after_fork();
	before_after_fork();
	trigger_after_fork();
	process.is_end_taken = false;
	take_last.at_ns = sys_now_ns();
	if (!options.is_follow)
		want_no_snapshots();
	watch_after_fork(options.is_follow);
	live_after_fork();
	publish_after_fork(options.is_follow);
	census_after_fork(options.is_follow);
	cut_set_own_thread(0);
	if (thread_tls.is_forking) {
		/* What was asked of the thread that forked was asked in the parent. */
		thread_tls.guard = 1;
		trigger_start_timekeeper();
		trigger_leave();
	}
}

/* ---- the end -------------------------------------------------------------- */

/* What LeakSanitizer's options, "name=0:...", say of one, by the last word; `otherwise` if
 * nothing.  1 = off. */
static int
option_is_off(const char *options_text, const char *name, int otherwise)
{
	size_t n = strlen(name);
	const char *at;

	for (at = options_text; at && (at = strstr(at, name)) != NULL; at += n)
		if ((at == options_text || strchr(": ,\t\n", at[-1])) && at[n] == '=')
			otherwise =
				at[n + 1] == '0' || at[n + 1] == 'f' || at[n + 1] == 'n';
	return otherwise;
}

/* As it is at the start: what a program makes of its environment may be gone at its end. */
static void
read_lsan_variable(char **environment)
{
	static const char name[] = "LSAN_OPTIONS=";

	for (char **v = environment; v && *v; v++)
		if (strncmp(*v, name, sizeof name - 1) == 0)
			for (size_t i = 0; i < LSAN_N_OFF; i++)
				lsan.is_off[i] = option_is_off(*v + sizeof name - 1,
							       lsan_off[i], -1);
}

/* What the program defines for LeakSanitizer, also where nothing exports it. */
static void
find_lsan(void)
{
	static const char *const names[] = {"__lsan_default_suppressions",
					    "__lsan_default_options",
					    "__lsan_is_turned_off"};
	uintptr_t found[] = {(uintptr_t)__lsan_default_suppressions,
			     (uintptr_t)__lsan_default_options,
			     (uintptr_t)__lsan_is_turned_off};

	if (!found[0] && !found[1] && !found[2])
		executable_find(names, sizeof names / sizeof *names, found);
	lsan.suppressions = (const char *(*)(void))found[0];
	lsan.options = (const char *(*)(void))found[1];
	lsan.is_turned_off = (int (*)(void))found[2];
	if (lsan.suppressions)
		process.suppressions = lsan.suppressions();
}

/* Whether the program wants no leak check at its end.  Source: the comments of
 * lsan_interface.h, and LeakSanitizer's flags. */
static bool
is_leak_check_off(void)
{
	const char *o = lsan.options ? lsan.options() : NULL;
	bool is_off = is_checked || (lsan.is_turned_off && lsan.is_turned_off());

	for (size_t i = 0; i < LSAN_N_OFF; i++)
		is_off |= lsan.is_off[i] < 0 ? option_is_off(o, lsan_off[i], 0)
					     : lsan.is_off[i];
	return is_off;
}

void
session_leaks_checked(void)
{
	is_checked = true;
}

static void
at_exit(void *with)
{
	(void)with;
	/* A child of vfork shares our memory, but the end is not ours. */
	if (!process_is_own() ||
	    __atomic_exchange_n(&process.is_end_taken, true, __ATOMIC_RELAXED))
		return;
	monitor_close_viewer();
	verify_report();
	if (options.at_exit || options.at_peak) {
		/* Not entered: exit in a handler that interrupted us.  What it
		 * interrupted will never go on, so the books may be used. */
		bool is_entered = session_enter();

		process.is_leak_check_off = is_leak_check_off();
		before_settle();
		trigger_peak_at_end();
		if (options.at_exit)
			(void)take_snapshot(TAKE_AT_EXIT, NULL, TURNS_WAIT, NULL);
		if (is_entered)
			trigger_leave();
	}
	/* A snapshot by signal may still be in the making; it needs us no more,
	 * but a container that ends with its first process would end it too. */
	turns_reap(TURNS_WAIT);
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
				  .tid = process.pid};

	if (__atomic_exchange_n(&process.is_end_taken, true, __ATOMIC_RELAXED))
		return;
	process.is_after_end = true;
	sys_set_filter(NULL); /* of the program */
	thread_tls.guard = 1; /* its main thread's words are ours now */
	turns.viewer = 0;     /* not our child: its number may be another's */
	monitor_close_viewer();
	(void)take_snapshot(TAKE_AT_EXIT, NULL, TURNS_WAIT, &self);
}

/* Before anything of the program runs: a Go program's end would not be seen. */
static void
prepare_for_end(void)
{
	int err;

	if (!options.at_exit)
		return;
	process.parent = sys_getppid();
	err = sleeper_start(&process.is_end_taken, session_after_end);
	if (err && err != -ENOEXEC)
		sys_log("cannot intercept the exit of this Go program: no snapshot "
			"at exit (errno %d)",
			-err);
}

/* ---- the start ------------------------------------------------------------ */

/* Read the environment, choose the allocator, begin the books. */
static void
boot(void)
{
	/* Where the kernel put argc; environ is not set yet. */
	uintptr_t *start = libc_start();
	char **environment = start ? (char **)(start + 1 + *start + 1) : NULL;

	sys_ids_init();
	process.pid = sys_getpid();
	sys_log_about(process.pid);
	process.start_ns = sys_now_ns();
	process.start_realtime_ns = sys_realtime_ns();
	options_parse(environment);
	if (start && !options.is_secure)
		sanitizers_step_aside(start, options.is_verbose);
	if (options.is_hugepages)
		mem_use_huge_pages();
	backend_init(options.is_system_allocator, options.is_hugepages);
	foreign_init();
	epochs_init(options.young_bytes, options.promote, process.start_ns);
	books_init(process.start_ns);
	/* As early as can be: handlers that others register later run before ours,
	 * while they may still allocate, and after ours in the parent and child. */
	(void)libc_register_atfork(before_fork, after_fork_parent, after_fork_child, NULL);
}

NOINLINE void
session_boot(void)
{
	static bool is_booting;

	/* The boot itself may allocate only in ways that need no boot; a second
	 * thread cannot exist before the first has allocated its stack. */
	if (is_booting)
		return;
	is_booting = true;
	if (thread_enter()) {
		boot();
		session_is_booted = true;
		(void)thread_leave();
	}
}

void
session_note_other_malloc(void)
{
	has_other_malloc = true;
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

	if (!session_enter())
		return;
	if (options.is_secure) {
		publish_refuse(
			"it runs in secure execution, with more rights than its caller");
		publish_start();
		thread_init();
		trigger_leave();
		return;
	}
	sys_log_init();
	process_find_names();
	options_complain();
	gate_init();
	beside_init();
	watch_init();
	census_start(options.run, process.program, process.executable, options.at_exit);
	if (census_passes_over()) {
		want_no_snapshots();
		publish_refuse("it is a program of the system, and gcprof check passes "
			       "over these");
	}
	process.run_realtime_ns = census_begin_ns(process.start_realtime_ns);
	live_init(process.start_realtime_ns);
	verify_init();
	thread_init();
	/* Not bound to this library: runs after the destructors of all others. */
	(void)__cxa_atexit(at_exit, NULL, NULL);
	(void)__cxa_at_quick_exit(at_exit, NULL);
	signals_init();
	publish_start();
	roots_init();
	take_last.at_ns = process.start_ns;
	trigger_start_timekeeper();
	prepare_for_end();
	if (!options.is_follow)
		(void)sanitizers_unfollow(environ);
	if (options_want_snapshots()) {
		find_lsan();
		read_lsan_variable(environ);
	}
	if (is_anything_wanted() && has_other_malloc)
		sys_log("the program has its own malloc; its blocks are not profiled");
	if (options.is_verbose)
		sys_log("started in '%s'", process.executable);
	trigger_leave();
}

/* ---- the program shuts itself in ------------------------------------------- */

static struct {
	bool had_timekeeper, has_free_clocks;
} before;

void
session_before_sandbox(void)
{
	before.had_timekeeper = trigger_end_timekeeper();
	if (!session_enter())
		return;
	before.has_free_clocks = sys_has_free_clocks();
	(void)figures_rss(); /* remembered */
	turns_reap(TURNS_WAIT);
	trigger_leave();
}

void
session_note_sandbox(bool is_strict)
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
	if (!take_is_forbidden() &&
	    !(sandbox_allows(SANDBOX_HANDLER) && sandbox_allows(SANDBOX_GO_ON)))
		publish_refuse(
			"its seccomp filter forbids what answering by a signal takes");
	if (before.had_timekeeper && session_enter()) {
		trigger_start_timekeeper();
		trigger_leave();
	}
}

/* ---- the program's calls -------------------------------------------------- */

void
session_memory(struct gcprof_memory *ret)
{
	bool is_ours = session_enter();

	figures_measure(ret, is_ours);
	if (is_ours)
		trigger_leave();
}

int
session_snapshot(const char *name)
{
	int result = -EBUSY;

	if (session_enter()) {
		result = take_snapshot(TAKE_BY_CALL, name, TURNS_WAIT, NULL);
		trigger_leave();
	}
	return result ? -1 : 0;
}

/* In a child of ours; does not return. */
static void
run_analyzer(const char *heap_file)
{
	const char *const args[] = {"gcprof-analyze",  "--leaks-only", "--findings-only",
				    "--fail-on=error", heap_file,      NULL};

	sys_stdout_is_stderr();
	sys_exec(beside_analyzer(), args, beside_environment());
	sys_log("cannot run the analyzer '%s'; set GCPROF_ANALYZE to its path",
		beside_analyzer());
	sys_exit(127);
}

int
session_leak_check(void)
{
	int result = -1, child, status;
	uint64_t mask;

	if (!session_enter())
		return -1;
	if (take_snapshot(TAKE_BY_CALL, NULL, TURNS_WAIT, NULL) == 0) {
		mask = sys_block_signals();
		child = sys_fork_silent();
		if (child == 0) {
			sys_restore_signals(0);
			run_analyzer(turns.writing);
		}
		if (child < 0)
			sys_log("cannot fork: the analyzer was not run");
		if (child > 0 && sys_reap(child, true, &status) == child &&
		    WIFEXITED(status) && WEXITSTATUS(status) <= 1)
			result = WEXITSTATUS(status);
		sys_restore_signals(mask);
	}
	trigger_leave();
	return result;
}

int
session_mark(const char *label)
{
	return marks_add(label, sys_now_ns() - process.start_ns) ? 0 : -1;
}
