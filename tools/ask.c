/* ask.c -- ask a running process for a snapshot or a look, and wait for it.
 *
 * The library takes a snapshot when it gets a signal, and renames the finished
 * file to the name that GCPROF_OUTPUT describes.  So: find the signal and the
 * template in the environment that the process was started with, watch the
 * template's directory for a file renamed into it, send the signal, wait.
 *
 * A look is asked for by the same signal with a value, and the answer is a page that
 * /proc/PID/maps shows: live_page.h.
 *
 * The signal's default action is to end the process.  It is never sent unless
 * /proc says that the library is loaded and that the signal is caught.
 *
 * Names are reached through /proc/PID/cwd and /proc/PID/root, so that a
 * process in a container is found as well; %p is the pid that the process sees
 * itself, the last of its NSpid.
 *
 * BOUND  A program that overwrites its environment to set its title (redis,
 * nginx, PostgreSQL) takes GCPROF_OUTPUT and GCPROF_SIGNAL away from /proc;
 * the defaults are assumed then, and the caller can say better.  A directory
 * name that holds %n or %t cannot be watched.
 *
 * SPDX-License-Identifier: MIT
 */
#include "ask.h"
#include "live_page.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct process {
	pid_t pid;
	pid_t inner_pid;      /* as it sees itself */
	int pidfd;            /* -1: the kernel has none */
	char state;           /* as in /proc/PID/status */
	uint64_t blocked;     /* signal masks, bit n - 1 for signal n */
	uint64_t caught;
	char program[NAME_MAX + 1];
	char page[PATH_MAX];  /* as it names it, "" if it has none */
	char *environment;    /* NUL-separated, a NUL more at the end */
};

enum {
	MAX_ENVIRONMENT_BYTES = 4 << 20,
	MAX_EVENT_BYTES = 16384,
};

static int
fail(struct ask_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int
fail(struct ask_error *err, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(err->text, sizeof(err->text), format, ap);
	va_end(ap);
	return -1;
}

static const char *
default_of(const char *name)
{
	static const struct {
		const char *name;
		const char *value;
	} defaults[] = {
#define OPTION(name, option, argument, value, help) {#name, value},
#include "options.def"
#undef OPTION
	};
	size_t i;

	for (i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		if (strcmp(defaults[i].name, name) == 0)
			return defaults[i].value;
	}
	return "";
}

/* ---- signals ---- */

int
ask_signal_number(const char *name)
{
	char *end;
	long number = strtol(name, &end, 10);
	int i;

	if (*name && !*end)
		return number > 0 && number <= SIGRTMAX ? (int)number : -1;
	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	for (i = 1; i < SIGRTMIN; i++) {
		const char *abbreviation = sigabbrev_np(i);

		if (abbreviation && strcasecmp(abbreviation, name) == 0)
			return i;
	}
	if (strncasecmp(name, "RTMIN", 5) == 0 && (name[5] == '\0' || name[5] == '+')) {
		number = name[5] ? strtol(name + 6, &end, 10) : 0;
		return number >= 0 && number <= SIGRTMAX - SIGRTMIN ? SIGRTMIN + (int)number : -1;
	}
	if (strncasecmp(name, "RTMAX", 5) == 0 && (name[5] == '\0' || name[5] == '-')) {
		number = name[5] ? strtol(name + 6, &end, 10) : 0;
		return number >= 0 && number <= SIGRTMAX - SIGRTMIN ? SIGRTMAX - (int)number : -1;
	}
	return -1;
}

static int
has_signal(uint64_t set, int number)
{
	return (int)(set >> (number - 1) & 1);
}

/* ---- what /proc says ---- */

static FILE *
open_proc(pid_t pid, const char *file)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "/proc/%d/%s", (int)pid, file);
	return fopen(name, "re");
}

static int
read_status(struct process *p, struct ask_error *err)
{
	FILE *f = open_proc(p->pid, "status");
	char line[1024];

	if (!f)
		return fail(err, "there is no process %d here", (int)p->pid);
	p->inner_pid = p->pid;
	while (fgets(line, sizeof(line), f)) {
		unsigned long long mask;
		char *last;

		if (sscanf(line, "State: %c", &p->state) == 1)
			continue;
		if (sscanf(line, "SigBlk: %llx", &mask) == 1)
			p->blocked = mask;
		else if (sscanf(line, "SigCgt: %llx", &mask) == 1)
			p->caught = mask;
		else if (strncmp(line, "NSpid:", 6) == 0 && (last = strrchr(line, '\t')))
			p->inner_pid = (pid_t)strtol(last + 1, NULL, 10);
	}
	(void)fclose(f);
	return 0;
}

static int
read_program(struct process *p, struct ask_error *err)
{
	char name[64], target[PATH_MAX];
	static const char deleted[] = " (deleted)";
	const char *base;
	ssize_t n;

	(void)snprintf(name, sizeof(name), "/proc/%d/exe", (int)p->pid);
	n = readlink(name, target, sizeof(target) - 1);
	if (n < 0 && errno == ENOENT)
		return fail(err, "process %d is a kernel thread", (int)p->pid);
	if (n < 0)
		return fail(err, "process %d cannot be looked at: %s (it belongs to another user, or is protected)",
			    (int)p->pid, strerror(errno));
	target[n] = '\0';
	if ((size_t)n > sizeof(deleted) && strcmp(target + n - (sizeof(deleted) - 1), deleted) == 0)
		target[(size_t)n - (sizeof(deleted) - 1)] = '\0';
	base = strrchr(target, '/');
	(void)snprintf(p->program, sizeof(p->program), "%.*s", NAME_MAX, base ? base + 1 : target);
	return 0;
}

/* The page's name, if that is what a line of maps is about. */
static void
note_page(struct process *p, const char *line)
{
	const char *name = strchr(line, '/');
	size_t n = name ? strcspn(name, "\n") : 0;
	static const char end[] = "/" LIVE_PAGE_FILE;

	if (n > sizeof(end) && n < sizeof(p->page) && strstr(name, "/" LIVE_PREFIX) &&
	    strncmp(name + n - (sizeof(end) - 1), end, sizeof(end) - 1) == 0)
		(void)snprintf(p->page, sizeof(p->page), "%.*s", (int)n, name);
}

static int
has_library(struct process *p, struct ask_error *err)
{
	FILE *f = open_proc(p->pid, "maps");
	char *line = NULL;
	size_t room = 0;
	int found = 0;

	if (!f)
		return fail(err, "process %d cannot be looked at: %s", (int)p->pid, strerror(errno));
	p->page[0] = '\0';
	while (getline(&line, &room, f) > 0) {
		found |= strstr(line, "/libgcprof.so") != NULL;
		note_page(p, line);
	}
	free(line);
	(void)fclose(f);
	if (!found)
		return fail(err, "process %d (%s) does not run under gcprof", (int)p->pid, p->program);
	return 0;
}

/* Unreadable or gone: as if it were empty. */
static void
read_environment(struct process *p)
{
	FILE *f = open_proc(p->pid, "environ");
	size_t n;

	p->environment = calloc(1, MAX_ENVIRONMENT_BYTES + 2);
	if (!f)
		return;
	if (p->environment) {
		n = fread(p->environment, 1, MAX_ENVIRONMENT_BYTES, f);
		p->environment[n] = p->environment[n + 1] = '\0';
	}
	(void)fclose(f);
}

/* A setting: what the caller says, or the process's environment, or default. */
static const char *
setting(const struct process *p, const char *given, const char *name)
{
	const char *entry = p->environment;
	size_t n = strlen(name);

	if (given)
		return given;
	for (; entry && *entry; entry += strlen(entry) + 1) {
		if (strncmp(entry, "GCPROF_", 7) == 0 && strncmp(entry + 7, name, n) == 0 &&
		    entry[7 + n] == '=' && entry[8 + n])
			return entry + 8 + n;
	}
	return default_of(name);
}

static int
look_at(struct process *p, struct ask_error *err)
{
	if (read_status(p, err) < 0)
		return -1;
	if (p->state == 'Z' || p->state == 'X')
		return fail(err, "process %d has ended (a zombie)", (int)p->pid);
	if (read_program(p, err) < 0 || has_library(p, err) < 0)
		return -1;
	read_environment(p);
	return 0;
}

/* What is stopped does not answer. */
static int
check_runs(const struct process *p, struct ask_error *err)
{
	return p->state != 'T' ? 0
			       : fail(err, "process %d (%s) is stopped; kill -CONT %d lets it go on",
				      (int)p->pid, p->program, (int)p->pid);
}

/* The number of the signal that it waits for, or -1. */
static int
find_signal(const struct process *p, const char *given, struct ask_error *err)
{
	const char *name = setting(p, given, "SIGNAL");
	int number = ask_signal_number(name);

	if (number < 0)
		return fail(err, "'%s' is no signal", name);
	if (!has_signal(p->caught, number))
		return fail(err, "process %d (%s) does not wait for signal %s: its GCPROF_SNAPSHOT is without 'signal', or its GCPROF_SIGNAL names another (see --signal)",
			    (int)p->pid, p->program, name);
	return number;
}

/* ---- names of snapshots ---- */

enum { ANY_NUMBER = '\1' }; /* in a pattern, for %n and %t */

/* Expand a template: %e and %p as text, %n and %t as ANY_NUMBER. */
static int
expand(const struct process *p, const char *template, char *ret, size_t bytes)
{
	size_t n = 0;

	for (; *template; template++) {
		char piece[NAME_MAX + 1] = {template[0], '\0'};

		if (template[0] == '%' && template[1]) {
			template++;
			if (*template == 'e')
				(void)snprintf(piece, sizeof(piece), "%s", p->program);
			else if (*template == 'p')
				(void)snprintf(piece, sizeof(piece), "%d", (int)p->inner_pid);
			else if (*template == 'n' || *template == 't')
				piece[0] = ANY_NUMBER;
			else if (*template != '%')
				(void)snprintf(piece, sizeof(piece), "%%%c", *template);
		}
		if (n + strlen(piece) >= bytes)
			return -1;
		strcpy(ret + n, piece);
		n += strlen(piece);
	}
	ret[n] = '\0';
	return 0;
}

int
ask_name_matches(const char *name, const char *pattern)
{
	for (; *pattern; pattern++, name++) {
		if (*pattern == ANY_NUMBER) {
			do {
				if (!isdigit((unsigned char)*name))
					return 0;
				name++;
			} while (!ask_name_matches(name, pattern + 1));
			return 1;
		}
		if (*name != *pattern)
			return 0;
	}
	return *name == '\0';
}

/* Where a snapshot will appear. */
struct place {
	char through_proc[PATH_MAX]; /* its directory, by way of /proc */
	char directory[PATH_MAX];    /* the same as the process names it */
	char pattern[NAME_MAX + 1];  /* of the file's name in it */
};

static int
find_place(const struct process *p, const char *output, struct place *ret, struct ask_error *err)
{
	char name[PATH_MAX], cwd[PATH_MAX], link[64];
	char *slash;
	ssize_t n;

	if (expand(p, output, name, sizeof(name)) < 0)
		return fail(err, "the snapshot's name is too long: %s", output);
	slash = strrchr(name, '/');
	if (strlen(slash ? slash + 1 : name) >= sizeof(ret->pattern))
		return fail(err, "the snapshot's name is too long: %s", output);
	strcpy(ret->pattern, slash ? slash + 1 : name);
	if (slash)
		slash[slash == name] = '\0'; /* keep the slash of "/file" */
	else
		strcpy(name, ".");
	if (strchr(name, ANY_NUMBER))
		return fail(err, "cannot wait for a snapshot in a directory named with %%n or %%t: %s", output);
	if (name[0] == '/') {
		(void)snprintf(ret->directory, sizeof(ret->directory), "%s", name);
		n = snprintf(ret->through_proc, sizeof(ret->through_proc), "/proc/%d/root%s", (int)p->pid, name);
	} else {
		(void)snprintf(link, sizeof(link), "/proc/%d/cwd", (int)p->pid);
		n = readlink(link, cwd, sizeof(cwd) - 1);
		if (n < 0)
			return fail(err, "process %d cannot be looked at: %s", (int)p->pid, strerror(errno));
		cwd[n] = '\0';
		n = strcmp(name, ".") == 0
			    ? snprintf(ret->directory, sizeof(ret->directory), "%s", cwd)
			    : snprintf(ret->directory, sizeof(ret->directory), "%s/%s", cwd, name);
		if (n >= (ssize_t)sizeof(ret->directory))
			return fail(err, "the snapshot's name is too long: %s", output);
		n = snprintf(ret->through_proc, sizeof(ret->through_proc), "%s/%s", link, name);
	}
	if (n >= (ssize_t)sizeof(ret->through_proc))
		return fail(err, "the snapshot's name is too long: %s", output);
	return 0;
}

/* The name that leads the caller to the file: the process's own, unless the
 * two see different file systems. */
static void
name_for_caller(const struct place *place, const char *file, char *ret_name)
{
	char inside[2 * PATH_MAX], outside[2 * PATH_MAX];
	struct stat a, b;
	int same;

	(void)snprintf(inside, sizeof(inside), "%s/%s", strcmp(place->directory, "/") ? place->directory : "",
		       file);
	(void)snprintf(outside, sizeof(outside), "%s/%s", place->through_proc, file);
	same = stat(inside, &a) == 0 && stat(outside, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
	(void)snprintf(ret_name, PATH_MAX, "%.*s", PATH_MAX - 1, same ? inside : outside);
}

/* ---- waiting ---- */

static uint64_t
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Read what inotify has. Returns 1 and a name if one fits, else 0. */
static int
take_events(int fd, const struct place *place, char *ret_name)
{
	char buf[MAX_EVENT_BYTES] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n = read(fd, buf, sizeof(buf));
	ssize_t at = 0;

	while (at + (ssize_t)sizeof(struct inotify_event) <= n) {
		const struct inotify_event *event = (const void *)(buf + at);

		if (event->len && ask_name_matches(event->name, place->pattern)) {
			name_for_caller(place, event->name, ret_name);
			return 1;
		}
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	return 0;
}

static int
fail_in_time(const struct process *p, int number, unsigned timeout_ms, struct ask_error *err)
{
	struct process later = {.pid = p->pid};
	const char *why = "it may be busy, or have taken the signal for itself";

	if (read_status(&later, err) < 0 || later.state == 'Z' || later.state == 'X')
		return fail(err, "process %d (%s) ended without a snapshot", (int)p->pid, p->program);
	if (later.state == 'T' || later.state == 't')
		why = "it is stopped";
	else if (has_signal(later.blocked, number))
		why = "it blocks the signal";
	return fail(err, "no snapshot from process %d (%s) in %u.%u s: %s", (int)p->pid, p->program,
		    timeout_ms / 1000, timeout_ms % 1000 / 100, why);
}

static int
wait_for_file(const struct process *p, int number, int watch, const struct place *place,
	      unsigned timeout_ms, char *ret_name, struct ask_error *err)
{
	uint64_t end = now_ms() + timeout_ms;
	struct pollfd fds[2] = {{.fd = watch, .events = POLLIN}, {.fd = p->pidfd, .events = POLLIN}};

	for (;;) {
		uint64_t now = now_ms();
		int n = now < end ? poll(fds, 2, (int)(end - now)) : 0;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail_in_time(p, number, timeout_ms, err);
		if (fds[0].revents && take_events(watch, place, ret_name))
			return 0;
		/* Its last file may have come between the two. */
		if (fds[1].revents && poll(fds, 1, 0) == 0)
			return fail(err, "process %d (%s) ended without a snapshot", (int)p->pid, p->program);
	}
}

static int
send_signal(const struct process *p, int number)
{
	if (p->pidfd >= 0)
		return (int)syscall(SYS_pidfd_send_signal, p->pidfd, number, NULL, 0);
	return kill(p->pid, number);
}

static int
send_request(const struct process *p, int number)
{
	siginfo_t info = {.si_signo = number, .si_code = SI_QUEUE};

	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value.sival_int = LIVE_REQUEST;
	if (p->pidfd >= 0)
		return (int)syscall(SYS_pidfd_send_signal, p->pidfd, number, &info, 0);
	return (int)syscall(SYS_rt_sigqueueinfo, p->pid, number, &info);
}

static int
ask_process(const struct process *p, const struct ask_options *o, char *ret_name, struct ask_error *err)
{
	int number = find_signal(p, o->signal, err);
	struct place place;
	int watch, r;

	if (number < 0)
		return -1;
	if (find_place(p, setting(p, o->output, "OUTPUT"), &place, err) < 0)
		return -1;
	watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch < 0)
		return fail(err, "inotify: %s", strerror(errno));
	if (inotify_add_watch(watch, place.through_proc, IN_MOVED_TO | IN_ONLYDIR) < 0)
		r = fail(err, "cannot watch %s, where process %d writes: %s", place.directory, (int)p->pid,
			 strerror(errno));
	else if (send_signal(p, number) < 0)
		r = fail(err, "cannot signal process %d (%s): %s", (int)p->pid, p->program, strerror(errno));
	else
		r = wait_for_file(p, number, watch, &place, o->timeout_ms, ret_name, err);
	(void)close(watch); /* nothing was written to it */
	return r;
}

int
ask_snapshot(pid_t pid, const struct ask_options *o, char *ret_name, struct ask_error *ret_err)
{
	struct process p = {.pid = pid};
	int r;

	/* Held from before the first look, so that nobody else is signalled
	 * should the process end and its pid be given away. */
	p.pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	r = look_at(&p, ret_err);
	if (r == 0)
		r = check_runs(&p, ret_err);
	if (r == 0)
		r = ask_process(&p, o, ret_name, ret_err);
	free(p.environment);
	if (p.pidfd >= 0)
		(void)close(p.pidfd);
	return r;
}

/* ---- looks ---- */

enum { LOOK_AGAIN_MS = 10, ASK_AGAIN_MS = 1000 };

/* Wait until the process maps a page. */
static int
wait_for_page(struct process *p, int number, unsigned timeout_ms, struct ask_error *err)
{
	uint64_t end = now_ms() + timeout_ms, again = now_ms() + ASK_AGAIN_MS;
	struct pollfd ended = {.fd = p->pidfd, .events = POLLIN};

	for (;;) {
		if (poll(&ended, 1, LOOK_AGAIN_MS) > 0)
			return fail(err, "process %d (%s) has ended", (int)p->pid, p->program);
		if (has_library(p, err) == 0 && p->page[0])
			return 0;
		/* It may have been at work on a snapshot. */
		if (number && now_ms() >= again) {
			(void)send_request(p, number);
			again = now_ms() + ASK_AGAIN_MS;
		}
		if (now_ms() < end)
			continue;
		return number ? fail(err, "no answer from process %d (%s) in %u.%u s: it may be stopped, or block the signal, or have no room for files in /dev/shm and /tmp",
				     (int)p->pid, p->program, timeout_ms / 1000,
				     timeout_ms % 1000 / 100)
			      : fail(err, "process %d has no page after %u.%u s", (int)p->pid,
				     timeout_ms / 1000, timeout_ms % 1000 / 100);
	}
}

static int
ask_for_page(struct process *p, const struct ask_options *o, struct ask_error *err)
{
	int number = check_runs(p, err) < 0 ? -1 : find_signal(p, o->signal, err);

	if (number < 0)
		return -1;
	if (send_request(p, number) < 0)
		return fail(err, "cannot signal process %d (%s): %s", (int)p->pid, p->program,
			    strerror(errno));
	return wait_for_page(p, number, o->timeout_ms, err);
}

int
ask_live(pid_t pid, const struct ask_options *o, int may_signal, char *ret_page,
	 struct ask_error *ret_err)
{
	struct process p = {.pid = pid};
	int r = 0, n, has_asked = 0;

	p.pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (may_signal)
		r = look_at(&p, ret_err);
	has_asked = may_signal && !p.page[0];
	if (r == 0 && !p.page[0])
		r = may_signal ? ask_for_page(&p, o, ret_err)
			       : wait_for_page(&p, 0, o->timeout_ms, ret_err);
	if (r == 0) {
		char page[2 * PATH_MAX];

		n = snprintf(page, sizeof(page), "/proc/%d/root%s", (int)pid, p.page);
		if (n < PATH_MAX)
			strcpy(ret_page, page);
		else
			r = fail(ret_err, "a name is too long: %s", p.page);
	}
	free(p.environment);
	if (p.pidfd >= 0)
		(void)close(p.pidfd);
	return r == 0 ? has_asked : r;
}

int
ask_look(pid_t pid, const struct ask_options *o, struct ask_error *ret_err)
{
	struct process p = {.pid = pid};
	int r, number;

	p.pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	r = look_at(&p, ret_err);
	if (r == 0)
		r = check_runs(&p, ret_err);
	if (r == 0) {
		number = find_signal(&p, o->signal, ret_err);
		r = number < 0 ? -1 : 0;
		if (r == 0 && send_request(&p, number) < 0)
			r = fail(ret_err, "cannot signal process %d (%s): %s", (int)p.pid,
				 p.program, strerror(errno));
	}
	free(p.environment);
	if (p.pidfd >= 0)
		(void)close(p.pidfd);
	return r;
}
