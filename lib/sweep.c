/* sweep.c -- see sweep.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sweep.h"
#include "heapfile.h"
#include "live_page.h"
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

struct sweep {
	int directory;
	int n; /* names that were looked at */
	uint64_t pid_namespace;
};

static const char *
skip_digits_back(const char *start, const char *at)
{
	while (at > start && at[-1] >= '0' && at[-1] <= '9')
		at--;
	return at;
}

static bool
ends_with(const char *start, const char *end, const char *what)
{
	size_t n = strlen(what);

	return (size_t)(end - start) >= n && memcmp(end - n, what, n) == 0;
}

/* *.heap.NUMBER.watch or gcprof.NUMBER.watch: of a check of a watch. */
static bool
is_watch_file(const char *name)
{
	const char *end = name + strlen(name), *at;

	if (!ends_with(name, end, ".watch"))
		return false;
	end -= 6;
	at = skip_digits_back(name, end);
	return at < end && (ends_with(name, at, ".heap.") ||
			    (at - name == 7 && ends_with(name, at, "gcprof.")));
}

/* *.NUMBER.tmp or *.NUMBER-NUMBER.tmp */
static bool
is_temporary(const char *name)
{
	const char *end = name + strlen(name), *at;

	if (end - name < 7 || memcmp(end - 4, ".tmp", 4) != 0)
		return false;
	end -= 4;
	at = skip_digits_back(name, end);
	if (at < end && at > name && at[-1] == '-') {
		end = at - 1;
		at = skip_digits_back(name, end);
	}
	return at < end && at - name >= 2 && at[-1] == '.';
}

/* It may be anybody's, and anything: opened without waiting and without effect. */
static int
open_own(int directory, const char *name, int flags, struct stat *ret)
{
	int fd = sys_open_at(directory, name,
			     O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | flags, 0);

	if (fd >= 0 && (sys_fstat(fd, ret) != 0 || ret->st_uid != (uid_t)sys_geteuid())) {
		(void)sys_close(fd);
		return -EPERM;
	}
	return fd;
}

static bool
consider_temporary(const char *name, void *with)
{
	struct sweep *s = with;
	char magic[HEAPFILE_MAGIC_BYTES];
	struct stat st, now;
	int fd;

	if ((is_temporary(name) || is_watch_file(name)) &&
	    sys_lstat_at(s->directory, name, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_nlink == 1 && (fd = open_own(s->directory, name, 0, &st)) >= 0) {
		if (S_ISREG(st.st_mode) && sys_lock(fd) == 0 &&
		    sys_pread(fd, magic, sizeof magic, 0) == (long)sizeof magic &&
		    memcmp(magic, HEAPFILE_MAGIC, sizeof magic) == 0 &&
		    sys_lstat_at(s->directory, name, &now) == 0 &&
		    now.st_ino == st.st_ino && now.st_dev == st.st_dev)
			(void)sys_unlink_at(s->directory, name, false);
		(void)sys_close(fd);
	}
	return ++s->n < SWEEP_ENTRIES;
}

static void
sweep(const char *directory, bool (*f)(const char *name, void *with), uint64_t pid_namespace)
{
	struct sweep s = {.pid_namespace = pid_namespace};

	s.directory = sys_open(directory, O_RDONLY | O_DIRECTORY, 0);
	if (s.directory < 0)
		return;
	(void)sys_entries(s.directory, f, &s);
	(void)sys_close(s.directory);
}

void
sweep_temporaries(const char *directory)
{
	sweep(directory, consider_temporary, 0);
}

/* ---- pages --------------------------------------------------------------- */

static bool
is_left_page(int directory, uint64_t pid_namespace)
{
	struct live_page page;
	struct stat st;
	int fd = open_own(directory, LIVE_PAGE_FILE, 0, &st);
	long got;

	if (fd < 0)
		return false;
	got = S_ISREG(st.st_mode) ? sys_pread(fd, &page, sizeof page, 0) : 0;
	(void)sys_close(fd);
	return got == (long)sizeof page &&
	       memcmp(page.magic, LIVE_MAGIC, sizeof LIVE_MAGIC) == 0 && pid_namespace &&
	       page.pid_namespace == pid_namespace && page.pid > 0 &&
	       !sys_is_process(page.pid);
}

static bool
remove_of_page(const char *name, void *with)
{
	struct sweep *s = with;

	if (strcmp(name, LIVE_PAGE_FILE) == 0 ||
	    strncmp(name, LIVE_SITES_FILE, sizeof LIVE_SITES_FILE - 1) == 0)
		(void)sys_unlink_at(s->directory, name, false);
	return true;
}

static bool
consider_page(const char *name, void *with)
{
	struct sweep *s = with, inside = {0};
	struct stat st;

	if (strncmp(name, LIVE_PREFIX, sizeof LIVE_PREFIX - 1) == 0 &&
	    (inside.directory = open_own(s->directory, name, O_DIRECTORY, &st)) >= 0) {
		bool is_left = is_left_page(inside.directory, s->pid_namespace);

		if (is_left)
			(void)sys_entries(inside.directory, remove_of_page, &inside);
		(void)sys_close(inside.directory);
		if (is_left)
			(void)sys_unlink_at(s->directory, name, true);
	}
	return ++s->n < SWEEP_ENTRIES;
}

void
sweep_pages(const char *directory, uint64_t pid_namespace)
{
	sweep(directory, consider_page, pid_namespace);
}
