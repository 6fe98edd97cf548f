/* outfile.c -- a file that is there when it is complete.
 *
 * In:   a name, and what is written to the stream.
 * Out:  the file under that name, whole; or, after an error, what stood there.
 * Not here: what is written.
 *
 * SPDX-License-Identifier: MIT
 */
#include "outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
		fd = mkostemp(o->temporary, O_CLOEXEC);
	if (fd >= 0) {
		(void)fchmod(fd, mode); /* else it is the owner's alone: still whole */
		o->f = fdopen(fd, "w");
		if (o->f)
			return true;
		close(fd);
		unlink(o->temporary);
	}
	free(o->target);
	free(o->temporary);
	o->target = o->temporary = NULL;
	return false;
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
	free(o->target);
	free(o->temporary);
	o->f = NULL;
	o->target = o->temporary = NULL;
	errno = error;
	return failed ? -1 : 0;
}
