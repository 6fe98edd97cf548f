/* request.c -- see request.h.
 *
 * The protocol stands in lib/published.h.  A signal goes to one thread that takes it,
 * and not to the process: a thread of the program that waits for signals by sigwait or a
 * signalfd is not to find ours there, and none is to stay pending where all threads block
 * it, as that would end whatever program comes after execve.
 *
 * What is published is believed; the kernel is asked besides, before a signal is sent,
 * whether a handler is there at all: a program can take one away by a raw system call.
 *
 * SPDX-License-Identifier: MIT
 */
#include "command/request.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "command/inside.h"

enum {
	NAP_MS = 2,
	LONG_NAP_MS = 20,
	/* Without a sign of the signal for so long, another thread may do better. */
	LATE_MS = 1000,
	/* A process in which no thread takes the signal is not waited for longer. */
	DEAF_MS = 3000,
	MAX_TRIED = 64,
};

struct asking {
	struct inside in;
	uint64_t begun_ms, end_ms;
	uint64_t value;         /* of the request */
	pid_t tried[MAX_TRIED]; /* threads that were sent it, and have not answered */
	size_t n_tried;
};

static uint64_t
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void
nap(unsigned ms)
{
	(void)poll(NULL, 0, (int)ms);
}

/* The program of a `gcprof run` that waits for it: who started that knows its process id only.
 * Returns pid itself if it is no such process, or has no program. */
static pid_t
behind_run(pid_t pid)
{
	char name[64], ours[PATH_MAX], theirs[PATH_MAX];
	ssize_t n;
	long child;
	FILE *f;

	(void)snprintf(name, sizeof(name), "/proc/%d/exe", (int)pid);
	n = readlink(name, ours, sizeof(ours) - 1);
	if (n <= 0)
		return pid;
	ours[n] = '\0';
	if (!strrchr(ours, '/') || strcmp(strrchr(ours, '/'), "/gcprof") != 0)
		return pid;
	(void)snprintf(name, sizeof(name), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	f = fopen(name, "re");
	while (f && fscanf(f, "%ld", &child) == 1) {
		(void)snprintf(name, sizeof(name), "/proc/%ld/exe", child);
		n = readlink(name, theirs, sizeof(theirs) - 1);
		theirs[n > 0 ? n : 0] = '\0';
		if (n > 0 && strcmp(ours, theirs) != 0) {
			pid = (pid_t)child;
			break;
		}
	}
	if (f)
		(void)fclose(f);
	return pid;
}

static int
begin(struct asking *a, pid_t pid, const struct ask_options *o, struct ask_error *err)
{
	memset(a, 0, sizeof(*a));
	a->begun_ms = now_ms();
	a->end_ms = a->begun_ms + o->timeout_ms;
	return inside_hold(&a->in, behind_run(pid), err);
}

static void
new_value(struct asking *a, uint32_t kind)
{
	uint32_t nonce;

	if (getrandom(&nonce, sizeof(nonce), GRND_NONBLOCK) != (ssize_t)sizeof(nonce))
		nonce = (uint32_t)now_ms() ^ (uint32_t)getpid() << 16;
	a->value = (uint64_t)kind << 32 | nonce;
	a->n_tried = 0;
}

/* ---- threads ------------------------------------------------------------- */

struct thread {
	pid_t tid;
	char state;
	uint64_t blocked, caught; /* bit n - 1 for signal n */
	bool is_in_sigwait, is_in_exec;
};

static bool
has_signal(uint64_t set, int number)
{
	return number > 0 && set >> (number - 1) & 1;
}

static FILE *
open_of_thread(pid_t pid, pid_t tid, const char *file)
{
	char name[96];

	(void)snprintf(name, sizeof(name), "/proc/%d/task/%d/%s", (int)pid, (int)tid, file);
	return fopen(name, "re");
}

static bool
read_thread(pid_t pid, pid_t tid, struct thread *ret)
{
	FILE *f = open_of_thread(pid, tid, "status");
	char line[1024];
	unsigned long long mask;
	int number;

	if (!f)
		return false;
	*ret = (struct thread){.tid = tid, .state = '?'};
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "State: %c", &ret->state) == 1)
			continue;
		if (sscanf(line, "SigBlk: %llx", &mask) == 1)
			ret->blocked = mask;
		else if (sscanf(line, "SigCgt: %llx", &mask) == 1)
			ret->caught = mask;
	}
	(void)fclose(f);
	f = open_of_thread(pid, tid, "syscall");
	if (f && fscanf(f, "%d", &number) == 1) {
		ret->is_in_sigwait = number == SYS_rt_sigtimedwait;
		ret->is_in_exec = number == SYS_execve || number == SYS_execveat;
	}
	if (f)
		(void)fclose(f);
	return true;
}

enum deafness { HEARS, STOPPED, BLOCKS, UNCAUGHT, SLEEPS };

/* Why a thread would not take the signal now. */
static enum deafness
deafness_of(const struct thread *t, int number)
{
	if (!has_signal(t->caught, number))
		return UNCAUGHT;
	if (t->state == 'T' || t->state == 't')
		return STOPPED;
	if (t->is_in_sigwait || has_signal(t->blocked, number))
		return BLOCKS;
	/* Of other threads what is pending ends with them. */
	return t->state == 'D' || t->is_in_exec ? SLEEPS : HEARS;
}

static bool
was_tried(const struct asking *a, pid_t tid)
{
	for (size_t i = 0; i < a->n_tried; i++)
		if (a->tried[i] == tid)
			return true;
	return false;
}

/* A thread for the signal; 0 if there is none, and *ret_why is why not.  Not the main
 * thread if another will do: who takes the snapshot blocks its signals, and those to the
 * process are the main thread's. */
static pid_t
choose_thread(const struct asking *a, int number, enum deafness *ret_why)
{
	char name[64];
	pid_t chosen = 0;
	struct dirent *e;
	struct thread t;
	DIR *d;

	*ret_why = BLOCKS;
	(void)snprintf(name, sizeof(name), "/proc/%d/task", (int)a->in.pid);
	d = opendir(name);
	while (d && (!chosen || chosen == a->in.pid) && (e = readdir(d))) {
		pid_t tid = (pid_t)strtol(e->d_name, NULL, 10);

		if (tid <= 0 || was_tried(a, tid) || !read_thread(a->in.pid, tid, &t) ||
		    t.state == 'Z' || t.state == 'X')
			continue;
		*ret_why = deafness_of(&t, number);
		if (*ret_why == HEARS)
			chosen = tid;
	}
	if (d)
		(void)closedir(d);
	return chosen;
}

/* ---- the signal ---------------------------------------------------------- */

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL
#endif

/* By a descriptor of the thread, where the kernel has such (6.9); else there is a moment
 * in which the process may end and its pid be given away. */
static int
send_to_thread(const struct asking *a, pid_t tid, int number)
{
	siginfo_t info;
	int fd = (int)syscall(SYS_pidfd_open, tid, PIDFD_THREAD), r;
	char name[64];

	memset(&info, 0, sizeof(info));
	info.si_signo = number;
	info.si_code = SI_QUEUE;
	info.si_pid = getpid();
	info.si_uid = a->in.uid;
	info.si_value.sival_ptr = (void *)(uintptr_t)a->value;
	/* Now that the thread is held: is it one of that process? */
	(void)snprintf(name, sizeof(name), "/proc/%d/task/%d", (int)a->in.pid, (int)tid);
	if (access(name, F_OK) < 0 || inside_has_ended(&a->in)) {
		errno = ESRCH;
		r = -1;
	} else if (fd >= 0) {
		r = (int)syscall(SYS_pidfd_send_signal, fd, number, &info, 0);
	} else {
		r = (int)syscall(SYS_rt_tgsigqueueinfo, a->in.pid, tid, number, &info);
	}
	if (fd >= 0) {
		int saved = errno;

		(void)close(fd);
		errno = saved;
	}
	return r;
}

static int
request_signal(const struct inside *in)
{
	return in->p.is_request_ours  ? in->p.request_signal
	       : in->p.is_signal_ours ? in->p.signal
				      : 0;
}

/* Whether another tool, which lives, is about to send. */
static bool
is_other_asker(const struct asking *a)
{
	uint64_t asker = a->in.p.asker;

	return asker && (uint32_t)asker != (uint32_t)a->value &&
	       kill((pid_t)(asker >> 32), 0) == 0 && now_ms() - a->begun_ms < LATE_MS;
}

static void
withdraw(struct asking *a)
{
	if (inside_read(&a->in) && (uint32_t)a->in.p.asker == (uint32_t)a->value)
		(void)inside_set_asker(&a->in, 0);
}

/* Send it, if the process is not about to become another program.  Returns 1; 0 if it
 * cannot be sent now; -1. */
static int
send_request(struct asking *a, pid_t tid, struct ask_error *err)
{
	uint64_t asker = (uint64_t)getpid() << 32 | (uint32_t)a->value;
	bool is_announced;
	int number;

	if (is_other_asker(a))
		return 0;
	is_announced = inside_set_asker(&a->in, asker);
	if (!inside_read(&a->in))
		return 0;
	number = request_signal(&a->in);
	if (a->in.p.n_in_exec || a->in.p.pid != a->in.inner_pid || !number ||
	    (is_announced && a->in.p.asker != asker)) {
		withdraw(a);
		return 0;
	}
	if (send_to_thread(a, tid, number) == 0)
		return 1;
	withdraw(a);
	if (errno == ESRCH)
		return 0;
	return ask_fail(err, "cannot signal process %d (%s): %s", (int)a->in.pid,
			a->in.program, strerror(errno));
}

/* ---- may it be asked? ---------------------------------------------------- */

static int
fail_without_signal(const struct asking *a, struct ask_error *err)
{
	const struct inside *in = &a->in;
	char *when = inside_option(in, "SNAPSHOT"), *name = inside_option(in, "SIGNAL");
	char *request = inside_option(in, "CUT_SIGNAL");
	int r;

	if (when && !strstr(when, "signal"))
		r = ask_fail(
			err,
			"process %d (%s) takes no snapshots by signal %s: its "
			"GCPROF_SNAPSHOT=%s does not include 'signal'; start it with "
			"--snapshot=signal,%s",
			(int)in->pid, in->program, name ? name : "USR2", when,
			strcmp(when, "none") == 0 ? "exit" : when);
	else
		r = ask_fail(err,
			     "process %d (%s) handles or ignores signals %s and %s "
			     "itself; set GCPROF_CUT_SIGNAL to another",
			     (int)in->pid, in->program, name ? name : "USR2",
			     request ? request : "RTMAX-8");
	free(when);
	free(name);
	free(request);
	return r;
}

static int
fail_refusing(const struct asking *a, struct ask_error *err)
{
	return ask_fail(err, "process %d (%s) writes no snapshots: %.128s",
			(int)a->in.pid, a->in.program, a->in.p.why);
}

static int
check_may_be_asked(const struct asking *a, struct ask_error *err)
{
	const struct inside *in = &a->in;
	struct thread t;

	if (in->p.is_refusing)
		return fail_refusing(a, err);
	if (read_thread(in->pid, in->pid, &t) && t.state == 'T')
		return ask_fail(err, "process %d (%s) is stopped; kill -CONT %d resumes it",
				(int)in->pid, in->program, (int)in->pid);
	return request_signal(in) ? 0 : fail_without_signal(a, err);
}

static int
fail_deaf(const struct asking *a, enum deafness why, struct ask_error *err)
{
	static const char *const reasons[] = {
		[HEARS] = "its threads are busy in the kernel or in the library",
		[STOPPED] = "it is stopped",
		[BLOCKS] = "it blocks the signal",
		[UNCAUGHT] =
			"it has removed gcprof's signal handler by a direct system call",
		[SLEEPS] = "it is in uninterruptible sleep in the kernel",
	};
	unsigned ms = (unsigned)(now_ms() - a->begun_ms);

	return ask_fail(err, "no answer from process %d (%s) within %u.%u s: %s",
			(int)a->in.pid, a->in.program, ms / 1000, ms % 1000 / 100,
			reasons[why]);
}

/* ---- the request --------------------------------------------------------- */

enum answer { ANSWER, BUSY, LATE, GONE };

static bool
find_request(const struct asking *a, struct published_request *ret)
{
	struct published_request all[PUBLISHED_REQUESTS];

	memset(ret, 0, sizeof(*ret));
	if (!inside_read_at(&a->in, a->in.p.requests, all, sizeof(all)))
		return false;
	for (size_t i = 0; i < PUBLISHED_REQUESTS; i++)
		if (all[i].value == a->value)
			*ret = all[i];
	return true;
}

static enum answer
wait_for_answer(struct asking *a, struct published_request *ret)
{
	uint64_t late = now_ms() + LATE_MS;

	for (;;) {
		if (!inside_read(&a->in) || !find_request(a, ret))
			return GONE;
		if (ret->state == PUBLISHED_ANSWERED)
			return ret->error == EBUSY ? BUSY : ANSWER;
		if (now_ms() >=
		    (ret->state == PUBLISHED_NONE && late < a->end_ms ? late : a->end_ms))
			return LATE;
		nap(NAP_MS);
	}
}

/* Whether the last snapshot is still being written. */
static bool
is_writing(const struct asking *a)
{
	struct published_result r;
	uint32_t n = a->in.p.n_snapshots;

	return n &&
	       inside_read_at(&a->in, a->in.p.results + n % PUBLISHED_SNAPSHOTS * sizeof(r),
			      &r, sizeof(r)) &&
	       r.number == n && r.state == PUBLISHED_WRITING;
}

static int
fail_found(const struct asking *a, enum inside_state state, struct ask_error *err)
{
	if (state == INSIDE_EARLY)
		return ask_fail(
			err,
			"process %d (%s) is not ready: it is starting, or is a child "
			"of vfork or of a clone unknown to libgcprof.so",
			(int)a->in.pid, a->in.program);
	if (inside_has_ended(&a->in) && a->in.program[0] && a->in.at)
		return ask_fail(err, "process %d (%s) has ended", (int)a->in.pid,
				a->in.program);
	return -1;
}

/* Ask, and again as often as something comes in between, until there is an answer. */
static int
request(struct asking *a, uint32_t kind, struct published_request *ret,
	struct ask_error *err)
{
	enum deafness why = HEARS;
	uint64_t deaf_since = 0;

	new_value(a, kind);
	for (;;) {
		enum inside_state state = inside_find(&a->in, err);
		bool is_late = now_ms() >= a->end_ms;
		pid_t tid;
		int sent;

		if (state == INSIDE_NOT || (state == INSIDE_EARLY && is_late))
			return fail_found(a, state, err);
		if (state == INSIDE_READY && check_may_be_asked(a, err) < 0)
			return -1;
		if (is_late || (deaf_since && now_ms() - deaf_since > DEAF_MS))
			return fail_deaf(a, why, err);
		if (state == INSIDE_EARLY || a->in.p.n_in_exec ||
		    (kind == PUBLISHED_ASKS_SNAPSHOT && is_writing(a))) {
			nap(NAP_MS);
			continue;
		}
		tid = choose_thread(a, request_signal(&a->in), &why);
		if (!tid) {
			a->n_tried = 0;
			deaf_since = deaf_since ? deaf_since : now_ms();
			nap(LONG_NAP_MS);
			continue;
		}
		sent = send_request(a, tid, err);
		if (sent < 0)
			return -1;
		if (sent == 0) {
			nap(NAP_MS);
			continue;
		}
		switch (wait_for_answer(a, ret)) {
		case ANSWER:
			return 0;
		case BUSY:
			new_value(a, kind);
			nap(LONG_NAP_MS);
			break;
		case LATE: /* `asker` stays: the signal may still be on its way */
			if (a->n_tried < MAX_TRIED)
				a->tried[a->n_tried++] = tid;
			break;
		case GONE:
			new_value(a, kind);
			break;
		}
	}
}

/* ---- snapshots ----------------------------------------------------------- */

/* A file as the process names it, from its root. */
static bool
stat_inside(const struct inside *in, const char *name, struct stat *ret)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
	int fd = (int)syscall(SYS_openat2, in->root, name, &how, sizeof(how));
	bool is_there;

	if (fd < 0)
		return false;
	is_there = fstat(fd, ret) == 0;
	(void)close(fd);
	return is_there;
}

/* The name that leads the caller to the file: the process's own, unless the
 * two see different file systems. */
static void
name_for_caller(const struct inside *in, const char *name, char *ret_name)
{
	struct stat here, there;
	bool is_same = stat_inside(in, name, &there) && stat(name, &here) == 0 &&
		       here.st_dev == there.st_dev && here.st_ino == there.st_ino;
	char outside[2 * PATH_MAX];

	if (name[0] != '/')
		(void)snprintf(outside, sizeof(outside), "/proc/%d/cwd/%s", (int)in->pid,
			       name);
	else
		(void)snprintf(outside, sizeof(outside), "/proc/%d/root%s", (int)in->pid,
			       name);
	(void)snprintf(ret_name, PATH_MAX, "%.*s", PATH_MAX - 1,
		       is_same || inside_has_ended(in) ? name : outside);
}

static const char *
remedy_for(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return "; the directory of GCPROF_OUTPUT does not exist";
	case EACCES:
	case EPERM:
	case EROFS:
		return "; set GCPROF_OUTPUT to a directory that the program may "
		       "write to";
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return "; set GCPROF_OUTPUT to a file system with more space";
	case EINTR:
		return "; the process that wrote it was killed";
	default:
		return "";
	}
}

static int
fail_to_write(const struct asking *a, const char *name, int error, struct ask_error *err)
{
	return ask_fail(err, "process %d (%s) cannot write '%s': %s%s", (int)a->in.pid,
			a->in.program, name,
			error == EINTR ? "not finished" : strerror(error),
			remedy_for(error));
}

/* Whether child `writer`, as the process names it, has ended and was not waited for. */
static bool
is_writer_dead(const struct asking *a, pid_t writer)
{
	char name[64], status[64], line[1024], state;
	bool is_dead = false;
	struct dirent *e;
	int child;
	FILE *f;
	DIR *d;

	(void)snprintf(name, sizeof(name), "/proc/%d/task", (int)a->in.pid);
	d = opendir(name);
	while (d && !is_dead && (e = readdir(d))) {
		FILE *children = open_of_thread(
			a->in.pid, (pid_t)strtol(e->d_name, NULL, 10), "children");

		while (children && fscanf(children, "%d", &child) == 1) {
			const char *last;

			(void)snprintf(status, sizeof(status), "/proc/%d/status", child);
			f = fopen(status, "re");
			state = '?';
			while (f && fgets(line, sizeof(line), f)) {
				(void)sscanf(line, "State: %c", &state);
				if (strncmp(line, "NSpid:", 6) == 0 &&
				    (last = strrchr(line, '\t')) &&
				    (pid_t)strtol(last + 1, NULL, 10) == writer)
					is_dead = state == 'Z';
			}
			if (f)
				(void)fclose(f);
		}
		if (children)
			(void)fclose(children);
	}
	if (d)
		(void)closedir(d);
	return is_dead;
}

/* The process has gone, and a child of it may write on.  Nobody tells any more but the
 * file itself. */
static int
wait_without_process(const struct asking *a, const char *name, time_t since,
		     struct ask_error *err)
{
	struct stat st;

	while (now_ms() < a->end_ms) {
		if (stat_inside(&a->in, name, &st) && st.st_ctime >= since)
			return 0;
		nap(LONG_NAP_MS);
	}
	return ask_fail(err, "process %d (%s) ended before its snapshot '%s' was complete",
			(int)a->in.pid, a->in.program, name);
}

static bool
read_snapshot(struct asking *a, uint32_t number, struct published_snapshot *ret_s,
	      struct published_result *ret_r)
{
	uint32_t i = number % PUBLISHED_SNAPSHOTS;

	for (;;) {
		uint32_t before;

		if (!inside_read(&a->in))
			return false;
		before = a->in.p.sequence;
		if (!inside_read_at(&a->in, a->in.p.snapshots + i * sizeof(*ret_s), ret_s,
				    sizeof(*ret_s)) ||
		    !inside_read_at(&a->in, a->in.p.results + i * sizeof(*ret_r), ret_r,
				    sizeof(*ret_r)) ||
		    !inside_read(&a->in))
			return false;
		if (before % 2 == 0 && a->in.p.sequence == before)
			break;
		if (now_ms() >= a->end_ms)
			return false;
		nap(NAP_MS);
	}
	ret_s->name[sizeof(ret_s->name) - 1] = '\0';
	return true;
}

/* Until snapshot `number` is there. */
static int
wait_for_snapshot(struct asking *a, uint32_t number, time_t since, char *ret_name,
		  struct ask_error *err)
{
	struct published_snapshot s = {.number = 0};
	struct published_result r;
	char name[sizeof(s.name)] = "";
	uint64_t look_ms = now_ms() + LATE_MS;

	for (;; nap(NAP_MS)) {
		if (!read_snapshot(a, number, &s, &r)) {
			if (!name[0])
				return ask_fail(err,
						"process %d (%s) ended, or executed "
						"another program, before "
						"its snapshot was complete",
						(int)a->in.pid, a->in.program);
			if (wait_without_process(a, name, since, err) < 0)
				return -1;
			break;
		}
		if (s.number != number || r.number != number) /* more came meanwhile */
			return ask_fail(
				err, "process %d (%s) has written other snapshots in the meantime",
				(int)a->in.pid, a->in.program);
		strcpy(name, s.name);
		if (r.state == PUBLISHED_WRITTEN)
			break;
		if (r.state == PUBLISHED_FAILED)
			return fail_to_write(a, name, r.error, err);
		if (now_ms() >= a->end_ms)
			return ask_fail(err, "process %d (%s) is still writing '%s'",
					(int)a->in.pid, a->in.program, name);
		if (s.writer && now_ms() >= look_ms) {
			look_ms = now_ms() + LATE_MS;
			/* Its word may have come just before its end. */
			if (is_writer_dead(a, s.writer) &&
			    read_snapshot(a, number, &s, &r) &&
			    r.state == PUBLISHED_WRITING)
				return fail_to_write(a, name, EINTR, err);
		}
	}
	name_for_caller(&a->in, name, ret_name);
	return 0;
}

int
ask_snapshot(pid_t pid, const struct ask_options *o, char *ret_name,
	     struct ask_error *ret_err)
{
	struct published_request answer;
	time_t since = time(NULL);
	struct asking a;
	int r;

	if (begin(&a, pid, o, ret_err) < 0)
		return -1;
	r = request(&a, PUBLISHED_ASKS_SNAPSHOT, &answer, ret_err);
	if (r == 0 && answer.error && inside_read(&a.in) && a.in.p.is_refusing)
		r = fail_refusing(&a, ret_err);
	else if (r == 0 && answer.error)
		r = ask_fail(ret_err, "process %d (%s) cannot take a snapshot: %s",
			     (int)pid, a.in.program, strerror(answer.error));
	if (r == 0)
		r = wait_for_snapshot(&a, answer.snapshot, since, ret_name, ret_err);
	inside_let_go(&a.in);
	return r;
}

/* ---- samples --------------------------------------------------------------- */

/* The page that it serves; "" = none. */
static bool
read_page(struct asking *a, char *ret, size_t bytes)
{
	uint32_t before;

	do {
		before = a->in.p.sequence;
		(void)snprintf(ret, bytes, "%.*s", (int)sizeof(a->in.p.live) - 1,
			       a->in.p.live);
		if (before % 2 == 0)
			return true;
		nap(NAP_MS);
	} while (inside_read(&a->in) && now_ms() < a->end_ms);
	return false;
}

/* What has just been started becomes the program, and that is to make a page. */
static int
wait_for_page(struct asking *a, char *ret, size_t bytes, struct ask_error *err)
{
	do {
		if (inside_find(&a->in, err) == INSIDE_READY &&
		    read_page(a, ret, bytes) && *ret)
			return 0;
		if (inside_has_ended(&a->in))
			return ask_fail(err, "process %d has ended", (int)a->in.pid);
		nap(2 * NAP_MS);
	} while (now_ms() < a->end_ms);
	return ask_fail(err, "process %d publishes no figures yet", (int)a->in.pid);
}

/* Returns 0 if there is one, 1 if it was asked for, -1. */
static int
ask_for_page(struct asking *a, char *ret, size_t bytes, struct ask_error *err)
{
	struct published_request answer = {0};
	enum inside_state state;

	while ((state = inside_find(&a->in, err)) == INSIDE_EARLY && now_ms() < a->end_ms)
		nap(NAP_MS);
	if (state != INSIDE_READY)
		return fail_found(a, state, err);
	if (read_page(a, ret, bytes) && *ret)
		return 0;
	if (request(a, PUBLISHED_ASKS_LOOK, &answer, err) < 0)
		return -1;
	if (answer.error)
		return ask_fail(
			err,
			"process %d (%s) cannot publish its figures in /dev/shm or "
			"/tmp: %s",
			(int)a->in.pid, a->in.program, strerror(answer.error));
	if (inside_read(&a->in) && read_page(a, ret, bytes) && *ret)
		return 1;
	return ask_fail(err, "process %d (%s) publishes no figures", (int)a->in.pid,
			a->in.program);
}

int
ask_live(pid_t pid, const struct ask_options *o, int may_signal, char *ret_page,
	 struct ask_error *ret_err)
{
	char inside[sizeof(((struct published *)0)->live)];
	struct asking a;
	int r, n;

	if (begin(&a, pid, o, ret_err) < 0)
		return -1;
	r = may_signal ? ask_for_page(&a, inside, sizeof(inside), ret_err)
		       : wait_for_page(&a, inside, sizeof(inside), ret_err);
	if (r >= 0) {
		n = a.in.tid ? snprintf(ret_page, PATH_MAX, "/proc/%d/task/%d/root%s",
					(int)pid, (int)a.in.tid, inside)
			     : snprintf(ret_page, PATH_MAX, "/proc/%d/root%s", (int)pid,
					inside);
		if (n >= PATH_MAX)
			r = ask_fail(ret_err, "name too long: %s", inside);
	}
	inside_let_go(&a.in);
	return r;
}

int
ask_page(pid_t pid, const struct ask_options *o, struct ask_error *ret_err)
{
	struct published_request answer;
	struct asking a;
	int r;

	if (begin(&a, pid, o, ret_err) < 0)
		return -1;
	r = request(&a, PUBLISHED_ASKS_LOOK, &answer, ret_err);
	inside_let_go(&a.in);
	return r;
}
