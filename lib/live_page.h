/* live_page.h -- the memory that a program shares with its viewer.
 *
 * In/Out: nothing; a struct only, for the library (live.h) and for gcprof-top.
 *
 * A program that can be viewed has a directory of its own, of mode 0700, in
 * /dev/shm or /tmp or where GCPROF_LIVE says:
 *
 *     gcprof-live.PID.START/page          struct live_page, mapped by the program
 *     gcprof-live.PID.START/sites.heap    figures of the last sample, a .heap file
 *                                         with LIVE for BLOCKS: gcprof-heap(5)
 *
 * PID is the program's own word for itself, START its time of start in ns since 1970,
 * in hexadecimal.  It is found by published.h.  /proc/PID/maps of a program that serves a
 * page names it, by which one that was left behind is told from one that is served.
 *
 * Each number is written by one side alone; a sample is asked for by raising `asked`,
 * and is over when `answered` has reached it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_LIVE_PAGE_H
#define GCPROF_LIVE_PAGE_H

#include <stddef.h>
#include <stdint.h>

#define LIVE_MAGIC "gcplive"
#define LIVE_PREFIX "gcprof-live."
#define LIVE_PAGE_FILE "page"
#define LIVE_SITES_FILE "sites.heap"

enum {
	LIVE_VERSION = 1,
	LIVE_PAGE_BYTES = 4096,
	LIVE_LEAST_MS = 100,    /* between two samples */
	LIVE_PATIENCE_MS = 5000 /* without a beat: the viewer has gone */
};

struct live_page {
	char magic[8];
	uint32_t version;
	int32_t pid;            /* as the program sees itself */
	uint64_t pid_namespace; /* inode of /proc/PID/ns/pid, 0 = unknown */

	/* Written by the viewer. */
	uint64_t beats; /* raised at least once a second, sampled or not */
	uint64_t asked; /* raised for each sample that is wanted */

	/* Written by the program, `answered` and `error` by the child that takes the sample. */
	uint64_t n_samples; /* each costs the program one fork */
	uint64_t answered;  /* what `asked` was when the last sample was taken */
	int32_t error;      /* errno of the last sample, 0 = its figures are there */
	int32_t reserved;
};

_Static_assert(sizeof(struct live_page) == 64, "page is 64 bytes");
_Static_assert(offsetof(struct live_page, beats) == 24, "beats at 24");
_Static_assert(offsetof(struct live_page, n_samples) == 40, "n_samples at 40");

#endif
