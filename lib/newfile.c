/* newfile.c -- see newfile.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "newfile.h"
#include "earlier.h"
#include "heapfile.h"
#include "sweep.h"
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

enum { NAPS = 200, NAP_NS = 5000000 }; /* for who has locked what stands there */

static struct {
	int fd, mode;
	bool is_lasting;
	char name[PATH_MAX], directory[PATH_MAX], temporary[PATH_MAX + 32];
} f;

static const char *
kind_of(const struct stat *st)
{
	switch (st->st_mode & S_IFMT) {
	case S_IFREG:
		return NULL;
	case S_IFLNK:
		return "a symbolic link";
	case S_IFDIR:
		return "a directory";
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	default:
		return "a device";
	}
}

const char *
newfile_obstacle(const char *name)
{
	struct stat st;

	return sys_lstat(name, &st) == 0 ? kind_of(&st) : NULL;
}

static void
take_apart(const char *name)
{
	char *slash;

	memcpy(f.name, name, strlen(name) + 1);
	memcpy(f.directory, name, strlen(name) + 1);
	slash = strrchr(f.directory, '/');
	if (!slash)
		memcpy(f.directory, ".", 2);
	else
		slash[slash == f.directory] = 0;
}

/* Where others may write, they may have taken a name that can be foreseen. */
static int
open_temporary(void)
{
	int attempt, fd = -EEXIST;

	for (attempt = 0; attempt < 16 && fd == -EEXIST; attempt++) {
		(void)sys_format(f.temporary, sizeof f.temporary,
				 attempt ? "%s.%d-%d.tmp" : "%s.%d.tmp", f.name,
				 sys_getpid(), attempt);
		fd = sys_open(f.temporary,
			      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY |
				      O_NONBLOCK,
			      0600);
	}
	return fd;
}

int
newfile_begin(const char *name, int mode, bool is_lasting)
{
	f.fd = -1;
	f.mode = mode;
	f.is_lasting = is_lasting;
	if (strlen(name) >= sizeof f.name)
		return -ENAMETOOLONG;
	take_apart(name);
	if (newfile_obstacle(name))
		return -EEXIST;
	sweep_temporaries(f.directory);
	f.fd = open_temporary();
	/* Without a lock it does not look like one of ours, and is never swept up; so it
	 * is where the file system has none. A failed write comes again. */
	if (f.fd >= 0 && sys_lock(f.fd) == 0)
		(void)sys_pwrite(f.fd, HEAPFILE_MAGIC, HEAPFILE_MAGIC_BYTES, 0);
	return f.fd;
}

/* On the disk, as far as the file system has one. */
static int
sync_file(void)
{
	int err = sys_fsync(f.fd);

	return err == -EINVAL || err == -EROFS || err == -ENOSYS || err == -EPERM ? 0 : err;
}

static void
sync_directory(void)
{
	int fd = sys_open(f.directory, O_RDONLY | O_DIRECTORY, 0);

	if (fd < 0)
		return;
	(void)sys_fsync(fd); /* the file is whole, under one name or the other */
	(void)sys_close(fd);
}

/* Some network file systems tell only at close that they have no room, but the lock must
 * last until the file has its name: another descriptor keeps it. */
static int
close_once(void)
{
	int other = sys_dup(f.fd);

	if (other < 0)
		return 0;
	if (sys_close(f.fd) != 0) {
		f.fd = other;
		return -EIO;
	}
	f.fd = other;
	return 0;
}

/* Returns false if none is left. */
static bool
nap(int *left)
{
	if (*left == 0)
		return false;
	--*left;
	sys_sleep(NAP_NS);
	return true;
}

/* Take the place of what stands there, of this process or of an earlier run.  The lock on
 * it tells two processes apart that would do so at once; its writer has it, too, for a moment
 * after it has its name: that of the program that this one was before exec, for instance.
 * It is waited for, naps of them left.
 * Returns 0 or -errno; -EAGAIN: to look again; -EBUSY: it is another's of this run, or stays
 * locked. */
static int
replace(int *naps)
{
	int fd = sys_open(f.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0),
	    err = 0;
	struct stat opened, st;

	if (fd == -ENOENT)
		return -EAGAIN;
	if (fd >= 0 && earlier_is_anothers(fd))
		err = -EBUSY;
	else if (fd >= 0 && sys_lock(fd) == -EWOULDBLOCK)
		err = nap(naps) ? -EAGAIN : -EBUSY;
	else if (fd >= 0 && sys_fstat(fd, &opened) == 0 &&
		 (sys_lstat(f.name, &st) != 0 || st.st_ino != opened.st_ino ||
		  st.st_dev != opened.st_dev))
		err = -EAGAIN;
	if (!err)
		err = sync_file();
	if (!err)
		err = sys_rename(f.temporary, f.name);
	if (!err)
		sync_directory();
	if (fd >= 0)
		(void)sys_close(fd);
	return err;
}

/* Another process may take the name meanwhile. */
static int
give_name(void)
{
	int naps = NAPS, tries = NAPS + 100, err;

	do {
		struct stat st;

		err = sys_rename_new(f.temporary, f.name);
		if (!err)
			return 0;
		if (sys_lstat(f.name, &st) == 0)
			err = kind_of(&st) ? -EEXIST : replace(&naps);
		else
			err = err == -EEXIST ? -EAGAIN : sys_rename(f.temporary, f.name);
		if (err == -EBUSY && !earlier_add_pid(f.name, sizeof f.name))
			err = -ENAMETOOLONG;
	} while ((err == -EAGAIN || err == -EBUSY) && tries--);
	return err;
}

int
newfile_finish(int err)
{
	if (f.fd < 0)
		return err;
	if (!err && newfile_obstacle(f.name))
		err = -EEXIST;
	/* A file system without modes refuses: then it has them for all files. */
	if (!err)
		(void)sys_fchmod(f.fd, f.mode);
	if (!err)
		err = close_once();
	if (!err)
		err = f.is_lasting ? give_name() : sys_rename(f.temporary, f.name);
	if (err)
		(void)sys_unlink(f.temporary);
	if (err || f.is_lasting)
		(void)sys_close(f.fd);
	f.fd = -1;
	return err;
}

const char *
newfile_name(void)
{
	return f.name;
}
