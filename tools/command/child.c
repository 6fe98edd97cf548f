/* child.c -- see child.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "command/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "command/launch.h"
#include "util/complain.h"

enum { FIRST_PROCESS = 1, ANSWER_MS = 10000, TOGETHER_MS = 20 };

/* What the program has from its parent is not kept open by us: a pipe is to end when the
 * program closes it.  All above standard error but two go. */
static void
close_but(int a, int b)
{
	int low = a < b ? a : b, high = a < b ? b : a;

	if (low < STDERR_FILENO)
		low = STDERR_FILENO;
	if (high < low)
		high = low;
	if (low > STDERR_FILENO + 1)
		(void)close_range(STDERR_FILENO + 1, (unsigned)low - 1, 0);
	if (high > low + 1)
		(void)close_range((unsigned)low + 1, (unsigned)high - 1, 0);
	(void)close_range((unsigned)high + 1, ~0u, 0);
}

/* ---- the sentinel ---- */

static uint64_t
bit(int number)
{
	return (uint64_t)1 << (number - 1);
}

/* A question is SIGRTMAX from its parent; others of the same moment come before it, being
 * lower. */
static void
be_sentinel(const struct child_signals *s, pid_t parent, int answers)
{
	uint64_t seen = 0;
	siginfo_t info;

	close_but(answers, answers);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fd != answers)
			(void)close(fd);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == parent) {
		int number = sigwaitinfo(&s->watched, &info);

		if (number <= 0)
			continue;
		if (number != SIGRTMAX || info.si_pid != parent) {
			seen |= info.si_code <= 0 ? bit(number) : 0;
			continue;
		}
		if (write(answers, &seen, sizeof(seen)) < 0)
			break;
		seen = 0;
	}
	_exit(0);
}

static void
start_sentinel(struct child_signals *s)
{
	pid_t parent = getpid();
	int ends[2];

	s->sentinel = 0;
	s->by_group = 0;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return;
	s->sentinel = fork();
	if (s->sentinel == 0)
		be_sentinel(s, parent, ends[1]);
	(void)close(ends[1]);
	s->answers = ends[0];
	if (s->sentinel > 0)
		return;
	s->sentinel = 0;
	(void)close(ends[0]);
}

static void
end_sentinel(struct child_signals *s)
{
	if (!s->sentinel)
		return;
	(void)kill(s->sentinel, SIGKILL);
	(void)waitpid(s->sentinel, NULL, 0);
	(void)close(s->answers);
	s->sentinel = 0;
}

/* Whether the signal that has just come went to the whole group. */
static bool
is_of_group(struct child_signals *s, int number)
{
	struct pollfd answer = {.fd = s->answers, .events = POLLIN};
	bool is_theirs;
	uint64_t seen;

	if (!s->sentinel)
		return false;
	(void)setpgid(0, getpgrp()); /* until all of the group have it */
	if (kill(s->sentinel, SIGRTMAX) < 0 || poll(&answer, 1, ANSWER_MS) != 1 ||
	    read(s->answers, &seen, sizeof(seen)) != (ssize_t)sizeof(seen)) {
		end_sentinel(s);
		return false;
	}
	s->by_group |= seen;
	is_theirs = (s->by_group & bit(number)) != 0;
	s->by_group &= ~bit(number);
	return is_theirs;
}

/* ---- signals ---- */

/* All but those of faults, which cannot wait, and of which none is sent to a program in
 * earnest. */
static void
list_all(sigset_t *set)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};

	(void)sigfillset(set);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		(void)sigdelset(set, faults[i]);
}

static void
list_usual(sigset_t *set)
{
	static const int usual[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM,
				    SIGUSR1, SIGUSR2, SIGCHLD};

	(void)sigemptyset(set);
	(void)sigaddset(set, SIGRTMAX); /* the sentinel's questions */
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		(void)sigaddset(set, usual[i]);
}

/* A stream that the program is to find closed is not to be a file of ours in the meantime. */
static void
fill_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/dev/null", O_RDWR | O_CLOEXEC);
}

void
child_watch(struct child_signals *s, bool is_all)
{
	const struct sigaction usual = {.sa_handler = SIG_DFL},
			       ignored = {.sa_handler = SIG_IGN};

	fill_streams();
	s->has_jobs = is_all;
	s->kept = -1;
	if (is_all)
		list_all(&s->watched);
	else
		list_usual(&s->watched);
	(void)sigprocmask(SIG_BLOCK, &s->watched, &s->program_mask);
	/* Ignored, it would take the statuses of children with it. */
	(void)sigaction(SIGCHLD, &usual, &s->program_sigchld);
	/* A reader of standard error that has seen enough must not end us. */
	(void)sigaction(SIGPIPE, &ignored, &s->program_sigpipe);
	start_sentinel(s);
}

void
child_unwatch(const struct child_signals *s)
{
	(void)sigaction(SIGCHLD, &s->program_sigchld, NULL);
	(void)sigaction(SIGPIPE, &s->program_sigpipe, NULL);
	(void)sigprocmask(SIG_SETMASK, &s->program_mask, NULL);
}

void
child_end_watch(struct child_signals *s)
{
	end_sentinel(s);
}

/* The program was stopped.  From the terminal: so are we, until the shell continues its job,
 * and the signal for that is waiting then.  By somebody who means that process: without a
 * terminal nobody might continue us. */
static void
follow_stop(int number)
{
	int terminal;

	if (number == SIGSTOP)
		return;
	terminal = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (terminal < 0)
		return;
	(void)close(terminal);
	(void)kill(getpid(), SIGSTOP);
}

/* Returns whether it has ended. */
static bool
reap(const struct child_signals *s, pid_t pid, int *ret_status)
{
	/* The first process of a container is given everybody's. */
	pid_t whose = getpid() == FIRST_PROCESS ? -1 : pid, r;
	int status;

	while ((r = waitpid(whose, &status, WNOHANG | (s->has_jobs ? WUNTRACED : 0))) > 0) {
		if (r == pid && WIFSTOPPED(status)) {
			follow_stop(WSTOPSIG(status));
		} else if (r == pid) {
			*ret_status = status;
			return true;
		}
	}
	return false;
}

/* A signal of another process has come: pass it on, unless the program has it.  timeout(1)
 * sends to us, and at once to the group; to the program alone the two would be one. */
static void
pass_on(struct child_signals *s, pid_t pid, int number)
{
	const struct timespec together = {.tv_nsec = TOGETHER_MS * 1000000L};
	sigset_t same;

	(void)sigemptyset(&same);
	(void)sigaddset(&same, number);
	if (is_of_group(s, number))
		return;
	if (sigtimedwait(&same, NULL, &together) == number && is_of_group(s, number))
		return;
	(void)kill(pid, number);
}

int
child_wait(struct child_signals *s, pid_t pid)
{
	siginfo_t info;
	int status;

	for (;;) {
		int number = sigwaitinfo(&s->watched, &info);

		if (number == SIGCHLD) {
			if (reap(s, pid, &status))
				return status;
		} else if (number > 0 && info.si_code <= 0) {
			pass_on(s, pid, number);
		}
	}
}

/* ---- the program ---- */

/* In the child: become the program, or say through the pipe why not. */
static void
start(const struct child_signals *s, int (*become)(const void *with), const void *with,
      pid_t parent, int pipe_end)
{
	int status;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_NOT_RUN);
	child_unwatch(s);
	status = become(with);
	if (write(pipe_end, &status, sizeof(status)) < 0)
		status = EXIT_NOT_RUN;
	_exit(status);
}

/* The same of standard input and output: nothing is read or printed there while it runs. */
static void
leave_streams(const struct child_signals *s)
{
	int nowhere;

	close_but(s->kept, s->sentinel ? s->answers : s->kept);
	nowhere = open("/dev/null", O_RDWR);
	if (nowhere < 0)
		return;
	(void)dup2(nowhere, STDIN_FILENO);
	(void)dup2(nowhere, STDOUT_FILENO);
	if (nowhere > STDERR_FILENO)
		(void)close(nowhere);
}

int
child_run(struct child_signals *s, int (*become)(const void *with), const void *with,
	  pid_t *ret_pid, int *ret_wait_status)
{
	pid_t pid = -1, parent = getpid();
	int ends[2], not_run, wait_status;
	bool is_running;

	if (pipe2(ends, O_CLOEXEC) == 0) {
		pid = fork();
		if (pid == 0)
			start(s, become, with, parent, ends[1]);
	}
	if (pid < 0) {
		complain("cannot fork: %s", strerror(errno));
		return EXIT_NOT_RUN;
	}
	(void)close(ends[1]);
	is_running = read(ends[0], &not_run, sizeof(not_run)) <= 0;
	(void)close(ends[0]);
	if (s->has_jobs)
		leave_streams(s);
	wait_status = child_wait(s, pid);
	if (!is_running)
		return child_exit_status(wait_status);
	*ret_pid = pid;
	*ret_wait_status = wait_status;
	return 0;
}

/* ---- its end ---- */

int
child_exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int
child_end_like(int status)
{
	const struct sigaction usual = {.sa_handler = SIG_DFL};
	const struct rlimit no_core = {0, 0};
	sigset_t one;

	if (!WIFSIGNALED(status))
		return WEXITSTATUS(status);
	(void)setrlimit(RLIMIT_CORE, &no_core); /* the program's own is the one that counts */
	(void)sigaction(WTERMSIG(status), &usual, NULL);
	(void)sigemptyset(&one);
	(void)sigaddset(&one, WTERMSIG(status));
	(void)sigprocmask(SIG_UNBLOCK, &one, NULL);
	(void)raise(WTERMSIG(status));
	return child_exit_status(status); /* one that does not end us: as the first process */
}
