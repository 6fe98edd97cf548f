/* live_client.c -- see live_client.h.
 *
 * The page is read and written as a file, not mapped: a program that shortens it
 * cannot end us by SIGBUS.
 *
 * SPDX-License-Identifier: MIT
 */
#include "top/live_client.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "heapfile_read.h"
#include "live_page.h"

struct glance {
	pid_t pid;
	const struct ask_options *options;
	bool is_ours;
	int pidfd, page, directory;   /* descriptors, -1 = none */
	char page_name[PATH_MAX + 8]; /* through /proc */
	char root[64];                /* glance_root */
	uint64_t asked, wanted_ms;
	bool is_waiting;
};

/* Without an answer for so long, see what is the matter. */
enum { LATE_MS = 2000 };

static void set_error(struct ask_error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void
set_error(struct ask_error *err, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(err->text, sizeof(err->text), format, ap);
	va_end(ap);
}

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- the page ---- */

static bool
read_page(int fd, struct live_page *ret)
{
	return pread(fd, ret, sizeof(*ret), 0) == (ssize_t)sizeof(*ret) &&
	       memcmp(ret->magic, LIVE_MAGIC, sizeof(ret->magic)) == 0;
}

/* Add one to a number that only those who take samples write.  Of two who do so at once one
 * may be lost: the number has changed nevertheless. */
static uint64_t
raise_number(int fd, size_t at)
{
	uint64_t v = 0;

	if (pread(fd, &v, sizeof(v), (off_t)at) != (ssize_t)sizeof(v))
		return 0;
	v++;
	if (pwrite(fd, &v, sizeof(v), (off_t)at) != (ssize_t)sizeof(v))
		return 0;
	return v;
}

/* A page may be anything: its owner may be anybody. */
static int
open_page(const char *name, struct ask_error *err)
{
	int fd = open(name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct live_page page;
	struct stat st;

	if (fd < 0) {
		set_error(err, "cannot open '%s': %s", name, strerror(errno));
		return -1;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && read_page(fd, &page) &&
	    page.version == LIVE_VERSION)
		return fd;
	set_error(err, "'%s' has the figures of another version of gcprof", name);
	close(fd);
	return -1;
}

static void
close_page(struct glance *g)
{
	if (g->page >= 0)
		close(g->page);
	if (g->directory >= 0)
		close(g->directory);
	g->page = g->directory = -1;
	g->is_waiting = false;
}

static bool
is_same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

static void
find_root(struct glance *g)
{
	const char *end = strstr(g->page_name, "/root/");
	char mounts[sizeof(g->root) + 16];
	int n = end ? (int)(end - g->page_name) : 0;

	snprintf(g->root, sizeof(g->root), "%.*s/root", n, g->page_name);
	snprintf(mounts, sizeof(mounts), "%.*s/ns/mnt", n, g->page_name);
	if (is_same_file(g->root, "/") && is_same_file(mounts, "/proc/self/ns/mnt"))
		g->root[0] = '\0';
}

static bool
find_page(struct glance *g, struct ask_error *err)
{
	char directory[PATH_MAX];
	struct live_page page;
	int has_asked;

	close_page(g);
	has_asked = ask_live(g->pid, g->options, !g->is_ours, g->page_name, err);
	if (has_asked < 0)
		return false;
	snprintf(directory, sizeof(directory), "%.*s",
		 (int)(strlen(g->page_name) - sizeof("/" LIVE_PAGE_FILE) + 1),
		 g->page_name);
	g->page = open_page(g->page_name, err);
	if (g->page < 0)
		return false;
	find_root(g);
	/* The first sample is under way. */
	if (has_asked && read_page(g->page, &page)) {
		g->asked = page.asked;
		g->wanted_ms = now_ms();
		g->is_waiting = true;
	}
	g->directory = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (g->directory < 0)
		set_error(err, "cannot open '%s': %s", directory, strerror(errno));
	return g->directory >= 0;
}

struct glance *
glance_open(pid_t pid, const struct ask_options *o, bool is_ours, struct ask_error *ret_err)
{
	struct glance *g = calloc(1, sizeof(*g));

	if (!g) {
		set_error(ret_err, "out of memory");
		return NULL;
	}
	g->pid = pid;
	g->options = o;
	g->is_ours = is_ours;
	g->page = g->directory = -1;
	g->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (!find_page(g, ret_err)) {
		glance_close(g);
		return NULL;
	}
	return g;
}

void
glance_close(struct glance *g)
{
	if (!g)
		return;
	close_page(g);
	if (g->pidfd >= 0)
		close(g->pidfd);
	free(g);
}

void
glance_beat(struct glance *g)
{
	if (g->page >= 0)
		(void)raise_number(g->page, offsetof(struct live_page, beats));
}

void
glance_want(struct glance *g)
{
	glance_beat(g);
	if (g->page < 0 || g->is_waiting)
		return;
	g->asked = raise_number(g->page, offsetof(struct live_page, asked));
	g->wanted_ms = now_ms();
	g->is_waiting = true;
}

bool
glance_insist(struct glance *g, struct ask_error *ret_err)
{
	glance_want(g);
	g->wanted_ms = now_ms();
	return ask_page(g->pid, g->options, ret_err) == 0;
}

uint64_t
glance_n_samples(const struct glance *g)
{
	struct live_page page;

	return g->page >= 0 && read_page(g->page, &page) ? page.n_samples : 0;
}

const char *
glance_root(const struct glance *g)
{
	return g->root;
}

/* ---- figures ---- */

static struct heap *
load(struct glance *g, struct ask_error *err)
{
	char name[64], text[256];
	struct heap *heap = NULL;
	struct hf_error error;
	uint8_t *bytes = NULL;
	size_t n;

	snprintf(name, sizeof(name), "/proc/self/fd/%d/" LIVE_SITES_FILE, g->directory);
	if (hf_read_file(name, &bytes, &n, &error) == 0)
		heap = heap_load(bytes, n, 0, NULL, NULL, &error);
	free(bytes);
	if (!heap) {
		set_error(err, "'%s': %s", name,
			  hf_error_format(&error, text, sizeof(text)));
	} else if (!heap->site_lives) {
		set_error(err, "'%s' is a snapshot; read it with gcprof-analyze", name);
		heap_free(heap);
		heap = NULL;
	}
	return heap;
}

/* ---- what is the matter ---- */

static bool
has_ended(const struct glance *g)
{
	struct pollfd ended = {.fd = g->pidfd, .events = POLLIN};

	if (g->pidfd >= 0)
		return poll(&ended, 1, 0) > 0;
	return kill(g->pid, 0) < 0 && errno == ESRCH;
}

static char
state_letter(pid_t pid)
{
	char name[64], line[512], state = '?', *at;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/stat", (int)pid);
	f = fopen(name, "re");
	if (!f)
		return state;
	/* The name before it may hold anything but a newline. */
	if (fgets(line, sizeof(line), f) && (at = strrchr(line, ')')) && at[1] == ' ')
		state = at[2];
	fclose(f);
	return state;
}

/* Whether the process maps this page still.  Its own name of the page need not be the one
 * that maps shows, but for the last two parts. */
static bool
is_served(const struct glance *g)
{
	char name[64], *line = NULL;
	const char *page = strstr(g->page_name, "/" LIVE_PREFIX);
	const char *root = strstr(g->page_name, "/root/");
	size_t room = 0, n = page ? strlen(page) : 0;
	bool found = false;
	FILE *f;

	/* Beside the root that it was found through: the main thread may have ended. */
	if (root && strncmp(g->page_name, "/proc/", 6) == 0)
		snprintf(name, sizeof(name), "%.*s/maps", (int)(root - g->page_name),
			 g->page_name);
	else
		snprintf(name, sizeof(name), "/proc/%d/maps", (int)g->pid);
	f = fopen(name, "re");
	while (f && n && !found && getline(&line, &room, f) > 0) {
		char *at = strstr(line, page);

		found = at && (at[n] == '\n' || at[n] == '\0');
	}
	free(line);
	if (!f)
		return true; /* nobody can tell */
	fclose(f);
	return found;
}

/* Whether the process has taken its figures away, as it does at its end, and before exec. */
static bool
is_withdrawn(const struct glance *g)
{
	return faccessat(g->directory, LIVE_SITES_FILE, F_OK, 0) < 0 && errno == ENOENT;
}

static enum glance_state
check_late(struct glance *g, struct ask_error *err)
{
	char state = state_letter(g->pid);

	if (state == 'T' || state == 't')
		return GLANCE_STOPPED;
	if (is_served(g))
		return GLANCE_IDLE;
	if (!find_page(g, err))
		return has_ended(g) ? GLANCE_ENDED : GLANCE_TROUBLE;
	glance_want(g);
	return GLANCE_WAITING;
}

enum glance_state
glance_sample(struct glance *g, struct heap **ret_heap, struct ask_error *err)
{
	struct live_page page;
	struct heap *heap;

	if (has_ended(g)) {
		set_error(err, "process %d has ended", (int)g->pid);
		return GLANCE_ENDED;
	}
	if (g->page < 0)
		return check_late(g, err);
	if (!g->is_waiting || !read_page(g->page, &page))
		return GLANCE_WAITING;
	if (page.answered < g->asked)
		return now_ms() - g->wanted_ms > LATE_MS ? check_late(g, err)
							 : GLANCE_WAITING;
	g->is_waiting = false;
	if (page.error) {
		set_error(err, "process %d cannot write its figures: %s", (int)g->pid,
			  strerror(page.error));
		return GLANCE_TROUBLE;
	}
	heap = load(g, err);
	if (!heap && is_withdrawn(g)) {
		g->is_waiting = true;
		return now_ms() - g->wanted_ms > LATE_MS ? check_late(g, err)
							 : GLANCE_WAITING;
	}
	if (!heap)
		return GLANCE_TROUBLE;
	*ret_heap = heap;
	return GLANCE_NEW;
}

/* ---- what was left behind ---- */

static uint64_t
own_pid_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) == 0 ? (uint64_t)st.st_ino : 0;
}

/* Whether nobody serves a page: its process is gone, or is another one by now.  One
 * of another pid namespace cannot be told. */
static bool
is_left(const char *directory, const struct stat *st)
{
	struct glance g = {.page = -1};
	struct live_page page;
	struct ask_error err;
	int fd;

	snprintf(g.page_name, sizeof(g.page_name), "%s/" LIVE_PAGE_FILE, directory);
	fd = open_page(g.page_name, &err);
	if (fd < 0)
		return false;
	if (!read_page(fd, &page))
		page.pid = 0;
	close(fd);
	if (page.pid <= 0 || page.pid_namespace != own_pid_namespace())
		return false;
	g.pid = page.pid;
	if (kill(page.pid, 0) < 0 && errno == ESRCH)
		return true;
	/* One that just begins may not have mapped it yet. */
	return time(NULL) - st->st_mtime > 10 && access(g.page_name, R_OK) == 0 &&
	       state_letter(page.pid) != 'Z' && !is_served(&g);
}

static void
remove_all(const char *directory)
{
	DIR *d = opendir(directory);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			(void)unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	(void)rmdir(directory);
}

void
glance_sweep(void)
{
	static const char *const parents[] = {"/dev/shm", "/tmp"};

	for (size_t i = 0; i < 2; i++) {
		DIR *d = opendir(parents[i]);
		struct dirent *e;
		struct stat st;

		while (d && (e = readdir(d))) {
			char name[PATH_MAX];

			if (strncmp(e->d_name, LIVE_PREFIX, sizeof(LIVE_PREFIX) - 1) != 0)
				continue;
			snprintf(name, sizeof(name), "%s/%s", parents[i], e->d_name);
			if (lstat(name, &st) == 0 && S_ISDIR(st.st_mode) &&
			    st.st_uid == geteuid() && is_left(name, &st))
				remove_all(name);
		}
		if (d)
			closedir(d);
	}
}
