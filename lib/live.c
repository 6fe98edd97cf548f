/* live.c -- see live.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "live.h"
#include "live_page.h"
#include "mem.h"
#include "options.h"
#include "publish.h"
#include "sweep.h"
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static struct {
	struct live_page *page; /* at one place for good; NULL: never yet */
	bool is_open;           /* and it is shared with a file */
	uint64_t next_ns;       /* atomic */
	uint64_t start_ns;
	uint64_t beats, beat_ns; /* the last that was seen, and when */
	uint64_t asked;          /* what the last sample answers */
	char directory[1024 + 64], page_file[1024 + 80], sites_file[1024 + 80];
} l = {.next_ns = UINT64_MAX};

/* ---- the page ------------------------------------------------------------ */

/* A directory that was not there before is ours alone: nobody else's links are in it,
 * though all may write to /tmp. */
static int
make_directory(const char *parent)
{
	(void)sys_format(l.directory, sizeof l.directory, "%s/" LIVE_PREFIX "%d.%lx",
			 parent, sys_getpid(), (unsigned long)l.start_ns);
	(void)sys_format(l.page_file, sizeof l.page_file, "%s/" LIVE_PAGE_FILE,
			 l.directory);
	(void)sys_format(l.sites_file, sizeof l.sites_file, "%s/" LIVE_SITES_FILE,
			 l.directory);
	return sys_mkdir(l.directory, 0700);
}

/* Written before it is mapped: a file system without room says so now, and not by a
 * SIGBUS later. */
static int
make_page(bool is_asked)
{
	static char zeros[LIVE_PAGE_BYTES];
	struct live_page first = {.magic = LIVE_MAGIC,
				  .version = LIVE_VERSION,
				  .pid = sys_getpid(),
				  .pid_namespace = sys_pid_namespace(),
				  .asked = is_asked};
	int fd = sys_open(l.page_file, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600),
	    err = 0;
	void *page = NULL;

	if (fd < 0)
		return fd;
	if (sys_pwrite(fd, zeros, sizeof zeros, 0) != (long)sizeof zeros ||
	    sys_pwrite(fd, &first, sizeof first, 0) != (long)sizeof first)
		err = -ENOSPC;
	if (!err)
		page = mem_map_file(l.page, LIVE_PAGE_BYTES, fd);
	if (!err && !page)
		err = -ENOMEM;
	(void)sys_close(fd);
	if (page)
		l.page = page;
	return err;
}

static void
remove_files(void)
{
	(void)sys_unlink(l.page_file);
	(void)sys_unlink(l.sites_file);
	(void)sys_rmdir(l.directory);
}

static int
open_in(const char *parent, bool is_asked)
{
	int err;

	sweep_pages(parent, sys_pid_namespace());
	err = make_directory(parent);
	if (err)
		return err;
	err = make_page(is_asked);
	if (err)
		remove_files();
	return err;
}

int
live_open(uint64_t now_ns, bool is_asked)
{
	int err;

	if (l.is_open)
		return 0;
	if (options.live_directory[0]) {
		err = open_in(options.live_directory, is_asked);
	} else {
		err = open_in("/dev/shm", is_asked);
		if (err)
			err = open_in("/tmp", is_asked);
	}
	if (err)
		return err;
	l.is_open = true;
	l.beats = l.asked = 0;
	l.beat_ns = now_ns;
	relaxed_store(&l.next_ns, now_ns);
	publish_live(l.page_file);
	return 0;
}

void
live_close(int child)
{
	char left[sizeof l.sites_file + 32];

	if (!l.is_open)
		return;
	l.is_open = false;
	publish_live(NULL);
	relaxed_store(&l.next_ns, UINT64_MAX);
	if (child) {
		(void)sys_format(left, sizeof left, "%s.%d.tmp", l.sites_file, child);
		(void)sys_unlink(left);
	}
	remove_files();
	(void)mem_map_shared(l.page); /* its file is let go of */
}

void
live_init(uint64_t start_ns)
{
	int err;

	l.start_ns = start_ns;
	if (!options.is_live)
		return;
	err = live_open(sys_now_ns(), false);
	if (err)
		sys_log("GCPROF_LIVE: cannot create '%s' (errno %d); gcprof top will "
			"not see this process",
			l.directory, -err);
}

void
live_after_fork(void)
{
	/* The files are the parent's. */
	if (l.is_open)
		(void)mem_map_shared(l.page);
	l.is_open = false;
	l.start_ns = sys_realtime_ns();
	relaxed_store(&l.next_ns, UINT64_MAX);
}

/* ---- samples --------------------------------------------------------------- */

uint64_t
live_next_ns(void)
{
	return relaxed_load(&l.next_ns);
}

bool
live_is_permanent(void)
{
	return l.is_open && options.is_live;
}

bool
live_is_wanted(uint64_t now_ns)
{
	const uint64_t ms = 1000000;
	uint64_t beats;

	if (!l.is_open)
		return false;
	beats = relaxed_load(&l.page->beats);
	if (beats != l.beats) {
		l.beats = beats;
		l.beat_ns = now_ns;
	}
	if (now_ns - l.beat_ns > LIVE_PATIENCE_MS * ms) {
		if (options.is_live)
			relaxed_store(&l.next_ns, now_ns + 1000 * ms);
		else
			live_close(0);
		return false;
	}
	relaxed_store(&l.next_ns, now_ns + LIVE_LEAST_MS * ms);
	return acquire_load(&l.page->asked) != l.asked;
}

void
live_begin(void)
{
	l.asked = acquire_load(&l.page->asked);
	relaxed_store(&l.page->n_samples, l.page->n_samples + 1);
}

const char *
live_file(void)
{
	return l.sites_file;
}

void
live_end(int err)
{
	relaxed_store(&l.page->error, -err);
	release_store(&l.page->answered, l.asked);
}
