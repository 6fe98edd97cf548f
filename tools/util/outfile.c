/* outfile.c -- a file that is there when it is complete.
 *
 * In:   a name, and what is written to the stream.
 * Out:  the file under that name, whole; or, after an error, what stood there.
 * Not here: what is written.
 *
 * SPDX-License-Identifier: MIT
 */
#include "util/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- signals ---- */

/* All outputs, a baseline, and what a format needs besides. */
enum { MOST_TEMPORARIES = 16 };

static _Atomic(const char *) temporaries[MOST_TEMPORARIES];

static const int ends[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXCPU, SIGXFSZ};

enum { N_ENDS = sizeof(ends) / sizeof(*ends) };

/* The action is the default one again by now; it is taken on return. */
static void
remove_temporaries(int number)
{
	for (int i = 0; i < MOST_TEMPORARIES; i++) {
		const char *path = atomic_load(&temporaries[i]);

		if (path)
			unlink(path);
	}
	raise(number);
}

/* Leave alone what is ignored, as nohup(1) wants it. */
static void
catch_ends(void)
{
	const struct sigaction ours = {.sa_handler = remove_temporaries,
				       .sa_flags = (int)SA_RESETHAND};
	struct sigaction old;

	for (int i = 0; i < N_ENDS; i++)
		if (sigaction(ends[i], NULL, &old) == 0 && !(old.sa_flags & SA_SIGINFO) &&
		    old.sa_handler == SIG_DFL)
			(void)sigaction(ends[i], &ours, NULL);
}

static void
remember(const char *path)
{
	for (int i = 0; i < MOST_TEMPORARIES; i++)
		if (!atomic_load(&temporaries[i])) {
			atomic_store(&temporaries[i], path);
			return;
		}
}

int
outfile_temporary(char *path)
{
	sigset_t set, old;
	int fd, error;

	/* Not between the file and the note of it. */
	sigemptyset(&set);
	for (int i = 0; i < N_ENDS; i++)
		sigaddset(&set, ends[i]);
	catch_ends();
	sigprocmask(SIG_BLOCK, &set, &old);
	fd = mkostemp(path, O_CLOEXEC);
	error = errno;
	if (fd >= 0)
		remember(path);
	sigprocmask(SIG_SETMASK, &old, NULL);
	errno = error;
	return fd;
}

void
outfile_forget(const char *path)
{
	for (int i = 0; i < MOST_TEMPORARIES; i++)
		if (atomic_load(&temporaries[i]) == path)
			atomic_store(&temporaries[i], NULL);
}

/* ---- files ---- */

/* What a new file may be. */
static mode_t
usual_mode(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0666 & ~mask;
}

/* Only a regular file, or none, can be replaced; and not by a name that stands
 * for an open file. */
static bool
can_replace(const char *path, mode_t *ret_mode)
{
	struct stat st;

	if (strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/", 6) == 0)
		return false;
	if (stat(path, &st) != 0) {
		/* A link to nowhere is written through. */
		*ret_mode = usual_mode();
		return errno == ENOENT && lstat(path, &st) != 0;
	}
	*ret_mode = st.st_mode & 07777;
	return S_ISREG(st.st_mode) && st.st_nlink == 1 && access(path, W_OK) == 0;
}

/* A new file beside the target; false: there can be none. */
static bool
open_temporary(struct outfile *o, const char *path, mode_t mode)
{
	int fd = -1;

	o->target = realpath(path, NULL);
	if (!o->target)
		o->target = strdup(path);
	if (o->target && asprintf(&o->temporary, "%s.XXXXXX", o->target) < 0)
		o->temporary = NULL;
	if (o->temporary)
		fd = outfile_temporary(o->temporary);
	if (fd >= 0) {
		(void)fchmod(fd, mode); /* else it is the owner's alone: still whole */
		o->f = fdopen(fd, "w");
		if (o->f)
			return true;
		close(fd);
		unlink(o->temporary);
		outfile_forget(o->temporary);
	}
	free(o->target);
	free(o->temporary);
	o->target = o->temporary = NULL;
	return false;
}

bool
outfile_is_same(const char *a, const char *b)
{
	struct stat one, other;

	if (stat(a, &one) != 0 || stat(b, &other) != 0)
		return strcmp(a, b) == 0;
	return S_ISREG(one.st_mode) && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino;
}

int
outfile_open(struct outfile *ret, const char *path)
{
	mode_t mode = 0;

	if (can_replace(path, &mode) && open_temporary(ret, path, mode))
		return 0;
	ret->f = fopen(path, "we");
	return ret->f ? 0 : -1;
}

int
outfile_close(struct outfile *o, bool is_good)
{
	bool failed = ferror(o->f) != 0;
	int error = failed ? errno : 0;

	errno = 0;
	if (fclose(o->f) != 0) {
		failed = true;
		error = errno ? errno : error;
	}
	if (o->temporary && (failed || !is_good)) {
		unlink(o->temporary);
	} else if (o->temporary && rename(o->temporary, o->target) != 0) {
		failed = true;
		error = errno;
		unlink(o->temporary);
	}
	if (o->temporary)
		outfile_forget(o->temporary);
	free(o->target);
	free(o->temporary);
	o->f = NULL;
	o->target = o->temporary = NULL;
	errno = error;
	return failed ? -1 : 0;
}
