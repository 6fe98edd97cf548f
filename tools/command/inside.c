/* inside.c -- see inside.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "command/inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int
ask_fail(struct ask_error *err, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(err->text, sizeof(err->text), format, ap);
	va_end(ap);
	return -1;
}

static void
name_in_proc(const struct inside *in, const char *file, char *ret, size_t bytes)
{
	if (in->tid)
		(void)snprintf(ret, bytes, "/proc/%d/task/%d/%s", (int)in->pid,
			       (int)in->tid, file);
	else
		(void)snprintf(ret, bytes, "/proc/%d/%s", (int)in->pid, file);
}

static FILE *
open_proc(const struct inside *in, const char *file)
{
	char name[64];

	name_in_proc(in, file, name, sizeof(name));
	return fopen(name, "re");
}

/* ---- the process ---- */

int
inside_hold(struct inside *in, pid_t pid, struct ask_error *err)
{
	memset(in, 0, sizeof(*in));
	in->pid = pid;
	in->mem = in->root = -1;
	in->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (in->pidfd < 0 && errno != ENOSYS && errno != EPERM)
		return ask_fail(err, "no such process: %d", (int)pid);
	return 0;
}

void
inside_let_go(struct inside *in)
{
	int *fds[] = {&in->pidfd, &in->mem, &in->root};

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (*fds[i] >= 0)
			(void)close(*fds[i]);
		*fds[i] = -1;
	}
}

bool
inside_has_ended(const struct inside *in)
{
	struct pollfd ended = {.fd = in->pidfd, .events = POLLIN};

	if (in->pidfd >= 0)
		return poll(&ended, 1, 0) > 0;
	return kill(in->pid, 0) < 0 && errno == ESRCH;
}

/* A main thread that has called pthread_exit shows no memory; another one does. */
static bool
find_other_thread(struct inside *in)
{
	char name[64];
	struct dirent *e;
	DIR *d;

	name_in_proc(in, "task", name, sizeof(name));
	d = opendir(name);
	while (d && !in->tid && (e = readdir(d))) {
		pid_t tid = (pid_t)strtol(e->d_name, NULL, 10);

		if (tid > 0 && tid != in->pid)
			in->tid = tid;
	}
	if (d)
		(void)closedir(d);
	return in->tid != 0;
}

static int
read_status(struct inside *in, struct ask_error *err)
{
	char line[1024], state = '?';
	unsigned uid;
	FILE *f;

	in->tid = 0;
	f = open_proc(in, "status");
	if (!f)
		return ask_fail(err, "no such process: %d", (int)in->pid);
	in->inner_pid = in->pid;
	while (fgets(line, sizeof(line), f)) {
		char *last;

		if (sscanf(line, "State: %c", &state) == 1)
			continue;
		if (sscanf(line, "Uid: %u", &uid) == 1)
			in->uid = (uid_t)uid;
		else if (strncmp(line, "NSpid:", 6) == 0 && (last = strrchr(line, '\t')))
			in->inner_pid = (pid_t)strtol(last + 1, NULL, 10);
	}
	(void)fclose(f);
	if ((state == 'Z' || state == 'X') && !find_other_thread(in))
		return ask_fail(err, "process %d has ended (zombie)", (int)in->pid);
	return 0;
}

/* What keeps us out, beyond the right to signal. */
static const char *
remedy(void)
{
	FILE *f = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
	int scope = 0;

	if (f) {
		if (fscanf(f, "%d", &scope) != 1)
			scope = 0;
		(void)fclose(f);
	}
	return geteuid() == 0 ? "it needs CAP_SYS_PTRACE"
	       : scope > 0
		       ? "restricted by kernel.yama.ptrace_scope; run as root, or set "
			 "it to 0"
		       : "run as its user, or as root";
}

static int
fail_to_inspect(const struct inside *in, int error, struct ask_error *err)
{
	if (error == ENOENT || error == ESRCH)
		return ask_fail(err, "no such process: %d", (int)in->pid);
	if (error == EACCES || error == EPERM)
		return ask_fail(err, "cannot inspect process %d: permission denied (%s)",
				(int)in->pid, remedy());
	return ask_fail(err, "cannot inspect process %d: %s", (int)in->pid,
			strerror(error));
}

static int
read_program(struct inside *in, struct ask_error *err)
{
	static const char deleted[] = " (deleted)";
	char name[64], target[PATH_MAX];
	const char *base;
	ssize_t n;

	name_in_proc(in, "exe", name, sizeof(name));
	n = readlink(name, target, sizeof(target) - 1);
	if (n < 0 && errno == ENOENT)
		return ask_fail(err, "process %d is a kernel thread", (int)in->pid);
	if (n < 0)
		return fail_to_inspect(in, errno, err);
	target[n] = '\0';
	if ((size_t)n > sizeof(deleted) &&
	    strcmp(target + n - (sizeof(deleted) - 1), deleted) == 0)
		target[(size_t)n - (sizeof(deleted) - 1)] = '\0';
	base = strrchr(target, '/');
	(void)snprintf(in->program, sizeof(in->program), "%.*s", NAME_MAX,
		       base ? base + 1 : target);
	return 0;
}

/* ---- its memory ---- */

static int
open_memory(struct inside *in, struct ask_error *err)
{
	char name[64];

	if (in->mem >= 0)
		(void)close(in->mem);
	if (in->root >= 0)
		(void)close(in->root);
	name_in_proc(in, "root", name, sizeof(name));
	in->root = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	name_in_proc(in, "mem", name, sizeof(name));
	in->mem = open(name, O_RDWR | O_CLOEXEC);
	in->can_write = in->mem >= 0;
	if (in->mem < 0)
		in->mem = open(name, O_RDONLY | O_CLOEXEC);
	return in->mem < 0 ? fail_to_inspect(in, errno, err) : 0;
}

bool
inside_read_at(const struct inside *in, uint64_t at, void *ret, size_t bytes)
{
	return in->mem >= 0 && pread(in->mem, ret, bytes, (off_t)at) == (ssize_t)bytes;
}

bool
inside_read(struct inside *in)
{
	return inside_read_at(in, in->at, &in->p, sizeof(in->p));
}

static bool
write_field(const struct inside *in, size_t offset, const void *from, size_t bytes)
{
	return pwrite(in->mem, from, bytes, (off_t)(in->at + offset)) == (ssize_t)bytes;
}

bool
inside_set_asker(const struct inside *in, uint64_t asker)
{
	struct stat st;
	uint32_t names = stat("/proc/self/ns/pid", &st) == 0 ? (uint32_t)st.st_ino : 0;

	return in->can_write &&
	       write_field(in, offsetof(struct published, asker_namespace), &names,
			   sizeof(names)) &&
	       write_field(in, offsetof(struct published, asker), &asker, sizeof(asker));
}

/* ---- the struct ---- */

struct search {
	bool has_library;
	uint32_t version; /* of a struct of another one; 0 = none */
	bool is_found;
};

static void
check_page(struct inside *in, uint64_t at, struct search *s)
{
	struct published p;

	if (!inside_read_at(in, at, &p, offsetof(struct published, pid)) ||
	    memcmp(p.magic, PUBLISHED_MAGIC, sizeof(p.magic)) != 0)
		return;
	if (p.version != PUBLISHED_VERSION || p.bytes != sizeof(p)) {
		s->version = p.version;
		return;
	}
	if (!inside_read_at(in, at, &p, sizeof(p)))
		return;
	/* Of two copies of the library, in the loader's namespaces, one is at work. */
	if (s->is_found && p.pid == 0)
		return;
	s->is_found = true;
	in->at = at;
	in->p = p;
}

static void
check_mapping(struct inside *in, const char *line, struct search *s)
{
	uint64_t start, end;
	char access[5];

	if (!strstr(line, "/libgcprof") ||
	    sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &start, &end, access) != 3)
		return;
	s->has_library = true;
	if (access[0] != 'r' || access[1] != 'w')
		return;
	for (; start < end; start += PUBLISHED_PAGE)
		check_page(in, start, s);
}

enum inside_state
inside_find(struct inside *in, struct ask_error *err)
{
	struct search s = {.is_found = false};
	char *line = NULL;
	size_t room = 0;
	FILE *f;

	if (read_status(in, err) < 0 || read_program(in, err) < 0 ||
	    open_memory(in, err) < 0)
		return INSIDE_NOT;
	/* Opened after the memory: if that is of another program, nothing is read there. */
	f = open_proc(in, "maps");
	if (!f) {
		(void)fail_to_inspect(in, errno, err);
		return INSIDE_NOT;
	}
	while (getline(&line, &room, f) > 0)
		check_mapping(in, line, &s);
	free(line);
	(void)fclose(f);
	if (s.is_found)
		return in->p.pid == in->inner_pid ? INSIDE_READY : INSIDE_EARLY;
	if (inside_has_ended(in))
		(void)ask_fail(err, "process %d (%s) has ended", (int)in->pid, in->program);
	else if (!s.has_library)
		(void)ask_fail(err,
			       "process %d (%s) does not run under gcprof; start it with "
			       "gcprof run",
			       (int)in->pid, in->program);
	else
		(void)ask_fail(err,
			       "process %d (%s) has another version of libgcprof.so (%u; "
			       "this is %d); use the gcprof it was started with",
			       (int)in->pid, in->program, s.version, PUBLISHED_VERSION);
	return INSIDE_NOT;
}

char *
inside_option(const struct inside *in, const char *name)
{
	uint32_t n = in->p.options_bytes;
	size_t length = strlen(name);
	char *all = n && n <= 1 << 20 ? malloc(n + 1) : NULL, *at, *value = NULL;

	if (!all || !inside_read_at(in, in->p.options, all, n)) {
		free(all);
		return NULL;
	}
	all[n] = '\0';
	for (at = all; at < all + n && !value; at += strlen(at) + 1)
		if (strncmp(at, name, length) == 0 && at[length] == '=')
			value = strdup(at + length + 1);
	free(all);
	return value;
}
