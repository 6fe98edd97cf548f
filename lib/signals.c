/* signals.c -- see signals.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "signals.h"
#include "arch.h"
#include "cut.h"
#include "handler.h"
#include "options.h"
#include "publish.h"
#include "sandbox.h"
#include "sys.h"
#include "thread.h"
#include "trigger.h"

#include <errno.h>
#include <string.h>
#include <ucontext.h>

int __sigaction(int number, const struct sigaction *act, struct sigaction *old);

enum { MAX_SIGNALS = 65 };
enum use { NOT_OURS, ASKS, CUTS, ENDS };

static struct {
	int pid; /* whose table this is: a child of vfork has signals of its own */
	uint8_t use[MAX_SIGNALS];
	/* What the program believes to be installed; for ENDS, while ours is. */
	struct sigaction believed[MAX_SIGNALS];
} s;

/* Those whose default action ends the process: signal(7).  Not SIGKILL, which
 * nobody sees; not SIGTRAP, which belongs to debuggers; not SIGXFSZ, which a
 * snapshot that grows too large would send itself. */
static const int fatal_signals[] = {
	SIGHUP,    SIGINT,  SIGQUIT, SIGILL,  SIGABRT, SIGBUS,  SIGFPE,
	SIGUSR1,   SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGXCPU,
	SIGVTALRM, SIGPROF, SIGIO,   SIGPWR,  SIGSYS,
};
static const struct sigaction usual = {.sa_handler = SIG_DFL};

/* ---- handlers -------------------------------------------------------------- */

static bool
is_on_alt_stack(const ucontext_t *uc)
{
	uintptr_t sp = arch_sp(uc), lo = (uintptr_t)uc->uc_stack.ss_sp;

	return !(uc->uc_stack.ss_flags & SS_DISABLE) && sp > lo &&
	       sp - lo <= uc->uc_stack.ss_size;
}

static bool
enter(const ucontext_t *uc)
{
	return thread_enter_from(arch_sp(uc), is_on_alt_stack(uc));
}

/* Do what was noted: by another thread, now, or where the interrupted library is left. */
static void
obey(const ucontext_t *uc)
{
	struct cut_thread where = {.tid = 0};

	if (sys_getpid() == s.pid && cut_delegate())
		return;
	cut_interrupted(&where, uc);
	if (enter(uc)) {
		trigger_answer(&where);
		trigger_leave();
	} else if (thread_tls.guard < THREAD_PENDING && sys_getpid() == s.pid) {
		/* One instruction, as in thread_leave. */
		arch_add_own(&thread_tls.guard, THREAD_PENDING);
	}
}

/* GCPROF_SIGNAL: a tool's request, or a snapshot for whoever has sent it. */
HANDLER(on_asked, signals_asked);
bool
signals_asked(int number, siginfo_t *info, ucontext_t *uc, struct handler_stack *stack)
{
	int saved = errno;
	uint64_t mask;
	bool result;

	(void)number;
	trigger_note_request(publish_note(info) == PUBLISH_LOOK);
	obey(uc);
	memcpy(&mask, &uc->uc_sigmask, sizeof mask);
	cut_before_leaving(mask);
	result = resume_call(uc, NULL, stack);
	cut_before_leaving(mask);
	errno = saved;
	return result;
}

/* GCPROF_CUT_SIGNAL, queued: a tool's request, or nothing. */
static void
on_request(const siginfo_t *info, const ucontext_t *uc, bool is_delegated)
{
	enum publish_kind kind = is_delegated ? PUBLISH_NO_REQUEST : publish_note(info);

	if (kind)
		trigger_note_request(kind == PUBLISH_LOOK);
	if (kind || is_delegated)
		obey(uc);
}

static bool
is_of_faults(int number)
{
	return number == SIGSEGV || number == SIGBUS || number == SIGFPE ||
	       number == SIGILL;
}

/* The instruction that the signal came from will raise it again. */
static bool
is_fault(int number, const siginfo_t *info)
{
	return info->si_code > 0 && is_of_faults(number);
}

/* The first process of a pid namespace is ended by faults alone: other signals have no
 * default action there.  Source: pid_namespaces(7). */
static bool
is_init(void)
{
	return sys_getpid() == 1;
}

HANDLER(on_fatal, signals_fatal);
bool
signals_fatal(int number, siginfo_t *info, ucontext_t *uc, struct handler_stack *stack)
{
	const char *name = sigabbrev_np(number);
	struct cut_thread where = {.tid = 0};
	char text[16];
	int saved = errno;

	if (is_init() && !is_fault(number, info))
		return resume_call(uc, NULL, stack);
	(void)sys_format(text, sizeof text, "SIG%s", name ? name : "");
	cut_interrupted(&where, uc);
	(void)enter(uc); /* or not: what it interrupted will never go on */
	trigger_before_death(text, &where);
	(void)__sigaction(number, &usual, NULL);
	/* Blocked until this returns, and for good if it came within sigsuspend or
	 * ppoll.  A fault comes again by itself, with the place and the reason that a
	 * core file is to show. */
	(void)sigdelset(&uc->uc_sigmask, number);
	if (!is_fault(number, info))
		(void)sys_signal_thread(sys_gettid(), number);
	errno = saved;
	return false;
}

static bool
install_asked(int number)
{
	struct sigaction act = {.sa_sigaction = on_asked,
				.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};

	memset(&act.sa_mask, 0xff, sizeof act.sa_mask); /* those of the C library, too */
	return __sigaction(number, &act, NULL) == 0;
}

static void
install_fatal(int number)
{
	struct sigaction act = {.sa_sigaction = on_fatal,
				.sa_flags = SA_SIGINFO | SA_ONSTACK};

	memset(&act.sa_mask, 0xff, sizeof act.sa_mask); /* those of the C library, too */
	(void)__sigaction(number, &act, NULL);
}

/* ---- installation ---------------------------------------------------------- */

static bool
is_default(int number, struct sigaction *ret)
{
	return __sigaction(number, NULL, ret) == 0 && ret->sa_handler == SIG_DFL;
}

static void
install_all_fatal(void)
{
	size_t i;

	for (i = 0;
	     options.at_fatal && i < sizeof fatal_signals / sizeof fatal_signals[0]; i++) {
		int number = fatal_signals[i];

		if (s.use[number] == NOT_OURS && (!is_init() || is_of_faults(number)) &&
		    is_default(number, &s.believed[number])) {
			s.use[number] = ENDS;
			install_fatal(number);
		}
	}
}

void
signals_init(void)
{
	s.pid = sys_getpid();
	handler_init();
	/* Installed at the first cut with other threads, or now if tools may ask by it. */
	s.use[options.cut_signal] = CUTS;
	cut_set_signal(options.cut_signal);
	cut_set_request(on_request);
	publish_request_signal(options.cut_signal, options.at_signal && cut_install());
	if (options.at_signal && is_default(options.signal, &s.believed[options.signal]) &&
	    install_asked(options.signal))
		s.use[options.signal] = ASKS;
	publish_signal(options.signal, s.use[options.signal] == ASKS);
	if (s.use[options.signal] == ASKS)
		; /* as wanted */
	else if (options.at_signal && options.is_verbose)
		sys_log("signal %s is handled or ignored by the program: no "
			"snapshots by signal",
			options.signal_name);
	install_all_fatal();
}

void
signals_after_fork(void)
{
	bool was_init = s.pid == 1;

	handler_after_fork();
	s.pid = sys_getpid();
	if (was_init)
		install_all_fatal();
}

void
signals_before_sandbox(void)
{
	bool is_fatal_kept = sandbox_allows(SANDBOX_FATAL);
	bool is_asked_kept = sandbox_allows(SANDBOX_HANDLER);
	struct sigaction now;
	int number;

	for (number = 1; number < MAX_SIGNALS; number++) {
		if ((s.use[number] != ENDS || is_fatal_kept) &&
		    (s.use[number] != ASKS || is_asked_kept))
			continue;
		s.use[number] = NOT_OURS;
		if (__sigaction(number, NULL, &now) == 0 &&
		    (now.sa_sigaction == on_fatal || now.sa_sigaction == on_asked))
			(void)__sigaction(number, &s.believed[number], NULL);
	}
}

/* ---- the program's view ------------------------------------------------------ */

bool
signals_is_ours(int number)
{
	return number > 0 && number < MAX_SIGNALS && s.use[number] != NOT_OURS;
}

/* The kernel's word is the truth, and ours stands for the default action. */
static int
action_of_fatal(int number, const struct sigaction *act, struct sigaction *old)
{
	struct sigaction before, believed = s.believed[number];

	if (__sigaction(number, act && act->sa_handler == SIG_DFL ? NULL : act, &before) !=
	    0)
		return -1;
	if (act && act->sa_handler == SIG_DFL) {
		s.believed[number] = *act;
		if (before.sa_sigaction != on_fatal)
			install_fatal(number);
	}
	if (old)
		*old = before.sa_sigaction == on_fatal ? believed : before;
	return 0;
}

/* In a child of vfork, before exec: what it does to its signals is not to be
 * believed of the parent's. */
static int
action_in_child(int number, const struct sigaction *act, struct sigaction *old)
{
	struct sigaction before;

	if (__sigaction(number, act, &before) != 0)
		return -1;
	if (old)
		*old = before.sa_sigaction == on_fatal || before.sa_sigaction == on_asked ||
				       cut_is_handler(&before)
			       ? s.believed[number]
			       : before;
	return 0;
}

static void
give_up(int number, const struct sigaction *act)
{
	static bool is_said[2];
	bool is_cut = s.use[number] == CUTS;
	/* It matters to nobody who has not asked for what the signal does (a Go program
	 * handles all signals), and is not said again in children.  gcprof snapshot learns it,
	 * and a snapshot at exit says itself that threads were not stopped. */
	bool is_missed = is_cut ? options_ask_for_running() : options_ask_for_signal();

	s.use[number] = NOT_OURS;
	if (is_cut) {
		publish_request_signal(number, false);
		cut_set_signal(0);
	} else {
		publish_signal(number, false);
	}
	if (is_missed && !is_said[is_cut])
		sys_log("the program handles signal %s itself: %s; set %s to another",
			is_cut ? options.cut_signal_name : options.signal_name,
			is_cut ? "other threads are not stopped for snapshots"
			       : "no snapshots by this signal",
			is_cut ? "GCPROF_CUT_SIGNAL" : "GCPROF_SIGNAL");
	is_said[is_cut] |= is_missed;
	(void)__sigaction(number, act, NULL);
}

int
signals_action(int number, const struct sigaction *act, struct sigaction *old)
{
	struct sigaction before;

	if (!signals_is_ours(number))
		return __sigaction(number, act, old);
	if (sys_getpid() != s.pid)
		return action_in_child(number, act, old);
	if (s.use[number] == ENDS)
		return action_of_fatal(number, act, old);
	before = s.believed[number];
	if (act) {
		s.believed[number] = *act;
		/* A program that resets all signals to their defaults has not asked to
		 * be killed by ours. */
		if (act->sa_handler != SIG_DFL)
			give_up(number, act);
	}
	if (old)
		*old = before;
	return 0;
}
