/* census.h -- which processes of a `gcprof check` have left nothing to judge by.
 *
 * In:   start, fork and exec of processes with this library; snapshots that were written.
 * Out:  a table that the command reads when the program has ended.
 * Not here: what is said about it (tools/command/census.c), who calls (session.c, take.c, exec.c).
 *
 * The command makes the table, a memory file, and names it by GCPROF_RUN, which is no
 * option of the contract: /proc/PID/fd/N.  A process that starts with the library maps it
 * and enters itself; a forked child has it and does so too; who has written a snapshot
 * strikes itself out, and so does who is about to become another program, which is to
 * enter itself if it is one of ours.  Whoever is killed, ends behind our back, or cannot
 * write is still there at the end.  From fork on nothing is asked of the kernel.
 *
 * Without GCPROF_RUN, nothing is done.  What is found there is a table only if the kernel
 * calls it so: the number may be another process's by now, or one in another namespace.
 *
 * BOUND  Not entered: a process that may not look into the command's /proc entry (another
 * user, another pid namespace, no /proc).
 *
 * LOCKS  none: a place belongs to the process whose pid is in it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_CENSUS_H
#define GCPROF_CENSUS_H

#include <stdbool.h>
#include <stdint.h>

#define CENSUS_MAGIC "gcprof census 1" /* 16 bytes with its NUL */
#define CENSUS_NAME "gcprof.census"    /* of the memory file */
#define CENSUS_VARIABLE "GCPROF_RUN"

enum { CENSUS_ENTRIES = 1023 };

struct census_entry {
	int32_t pid; /* atomic; 0: free */
	uint32_t reserved;
	char program[24]; /* the start of its name; maybe without a NUL */
};

struct census {
	char magic[16];
	uint32_t n_unlisted; /* atomic; processes for which there was no room */
	uint32_t reserved[3];
	struct census_entry entries[CENSUS_ENTRIES];
};

/* At the start: where is the value of GCPROF_RUN or NULL. */
void census_start(const char *where, const char *program);
/* In a forked child; !is_wanted: it is to leave nothing. */
void census_after_fork(bool is_wanted);
/* A snapshot of this process was written, maybe by a child of ours that has this memory
 * or a copy. */
void census_settled(void);
/* Around execve.  Do nothing in a child of vfork. */
void census_enter_exec(void);
void census_leave_exec(void);

#endif
