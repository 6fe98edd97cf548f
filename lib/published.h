/* published.h -- what a process lets tools know of it, in its own memory.
 *
 * In/Out: nothing; structs only, for the library (publish.h) and for the tools.
 *
 * The library has one `struct published`, at the start of a page of its writable data.
 * A tool finds it by its magic in the writable mappings of libgcprof.so that
 * /proc/PID/maps shows, and reads it through /proc/PID/mem.  Nothing else tells what a
 * process does: its environment may have been overwritten, and that a signal is caught
 * does not say by whom.
 *
 * Who may write: the library alone, but for `asker` and its namespace, which tools write.  A word of 32
 * or 64 bits is whole whenever it is read.  What is longer, the table of snapshots and
 * `live`, is whole if `sequence` was even before it was read and the same afterwards.
 *
 * To ask for something:
 *
 *     1. write `asker_namespace` and `asker`, and then read `asker` and `n_in_exec`: if
 *        the one is not ours or the other is not 0, take `asker` back and begin anew later.
 *        A process that is about to call execve sets `n_in_exec` and then looks at `asker`:
 *        one of the two sees the other, and a signal never meets the program that comes
 *        after.
 *     2. send `request_signal` if `is_request_ours`, else `signal` if `is_signal_ours`,
 *        with si_code SI_QUEUE, si_uid the process's own, and a value: a kind above,
 *        32 bits of the tool's choice below.  Which handler is installed is read right
 *        before.
 *     3. wait until a request with that value has an answer; the library has taken
 *        `asker` back by then.
 *
 * A process whose `pid` is not its own is a child that the library does not know of (yet,
 * after fork; for good, of vfork or of a raw clone): it is not to be asked.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_PUBLISHED_H
#define GCPROF_PUBLISHED_H

#include <stdint.h>

#define PUBLISHED_MAGIC "gcprof published" /* 16 bytes, without a NUL */

enum {
	PUBLISHED_VERSION = 1,
	PUBLISHED_NAME_BYTES = 4096,
	PUBLISHED_PAGE = 4096,   /* at a multiple of which it lies */
	PUBLISHED_REQUESTS = 16, /* the last so many */
	PUBLISHED_SNAPSHOTS = 8, /* the last so many; number n is entry n % 8 */
};

/* Upper half of a request's value. */
enum { PUBLISHED_ASKS_SNAPSHOT = 0x67637071, PUBLISHED_ASKS_LOOK = 0x67637072 };

enum {
	PUBLISHED_NONE = 0,
	PUBLISHED_WAITING = 1,  /* a request: it has come */
	PUBLISHED_ANSWERED = 2, /* a request: `error`, or `snapshot` */
	PUBLISHED_WRITING = 3,  /* a snapshot */
	PUBLISHED_WRITTEN = 4,
	PUBLISHED_FAILED = 5, /* with `error` */
	PUBLISHED_TAKEN = 16  /* a request: this and more, a thread is at it */
};

struct published_request {
	uint64_t value;
	uint32_t state;
	int32_t error;     /* errno, 0 = none */
	uint32_t snapshot; /* number of the one that answers it */
	uint32_t reserved;
};

struct published_snapshot {
	uint32_t number;
	int32_t writer; /* process that writes it, as the program sees it; 0 = itself */
	char name[PUBLISHED_NAME_BYTES]; /* absolute, as the process names it, if it could be made so */
};

/* Written by the process that writes the snapshot. */
struct published_result {
	uint32_t number;
	uint32_t state;
	int32_t error; /* errno */
	uint32_t reserved;
};

struct published {
	char magic[16];
	uint32_t version;
	uint32_t bytes; /* of this struct */

	int32_t pid; /* as the process sees itself; 0 = it has not begun */
	uint32_t sequence;

	int32_t signal; /* GCPROF_SIGNAL */
	int32_t is_signal_ours;
	int32_t request_signal; /* GCPROF_CUT_SIGNAL */
	int32_t is_request_ours;

	uint32_t n_in_exec;   /* threads that are about to call execve */
	uint32_t is_refusing; /* nothing is written here any more, because of `why` */
	uint64_t asker; /* a tool is about to send: its pid above, below the request's lower half */

	uint32_t n_snapshots; /* the number of the last */
	uint32_t n_requests;
	/* Where the arrays are. */
	uint64_t requests, snapshots, results;
	/* NAME=value of options.def in force, each with a NUL at its end. */
	uint64_t options;
	uint32_t options_bytes;
	uint32_t asker_namespace; /* lower half of the inode of its pid namespace */

	char why[128];
	char live[1152]; /* the page of live_page.h, as the process names it; "" = none */
};

#endif
