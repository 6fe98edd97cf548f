/* census.h -- which processes of a `gcprof run` or `gcprof check` have left nothing to read,
 * and what the others have written.
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
 * Each snapshot leaves a note: its file, and two figures, so that the command need not read
 * the file to name them.  There is room for some; the newest replace the oldest.
 *
 * A wrapper, as timeout(1) and shells are, need not leave a snapshot if the command says so:
 * whoever started another program of the run, and is itself the system's (take.c).
 *
 * A program of the system, or one that runs suites, is passed over if the command says so: it is
 * not entered, and is to write no snapshot, whatever its options are.  Not those below a directory
 * of the user's, nor those that a GLOB of his names.  So is gcprof itself in any case: a check
 * within a check has a table of its own for what it runs, and ends helpers by SIGKILL.  Of the
 * command's own process it is noted that it runs such a one: for that it owes no snapshot.
 *
 * Without GCPROF_RUN, nothing is done.  What is found there is a table only if the kernel
 * calls it so: the number may be another process's by now, or one in another namespace.
 *
 * BOUND  Not entered: a process that may not look into the command's /proc entry (another
 * user, another pid namespace, no /proc).  It passes over nothing.
 *
 * LOCKS  none: a place belongs to the process whose pid is in it; a note to who has counted
 * n_notes up, until its pid is there, which is written last.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_CENSUS_H
#define GCPROF_CENSUS_H

#include <stdbool.h>
#include <stdint.h>

#define CENSUS_MAGIC "gcprof census 7" /* 16 bytes with its NUL */
#define CENSUS_NAME "gcprof.census"    /* of the memory file */
#define CENSUS_VARIABLE "GCPROF_RUN"

enum {
	CENSUS_ENTRIES = 1023,
	CENSUS_NOTES = 256,
	CENSUS_DIRECTORIES = 2,
	CENSUS_DIRECTORY_BYTES = 4096,
	CENSUS_GLOB_BYTES = 4096
};

struct census_entry {
	int32_t pid;         /* atomic; 0: free */
	uint32_t is_wrapper; /* atomic; it has started a program that has entered itself */
	char program[24];    /* the start of its name; maybe without a NUL */
};

/* A snapshot that was written. */
struct census_note {
	int32_t pid; /* atomic; 0: none, or not whole */
	uint32_t number;
	uint64_t live_bytes, peak_bytes; /* as its summary has them */
	char program[24];                /* as above */
	char name[976]; /* of its file, absolute if that could be known; empty: too long */
};

struct census {
	char magic[16];
	uint32_t n_unlisted; /* atomic; processes for which there was no room */
	uint32_t n_notes;    /* atomic; all there were: note i is at i % CENSUS_NOTES */
	uint64_t begin_ns; /* atomic; since 1970: when the first process began; 0: none has */
	uint32_t n_writing; /* atomic; snapshots that are being written, by whomever */
	uint32_t reserved;
	uint32_t spares_wrappers; /* set by the command: small ones are to leave nothing */
	uint32_t n_spared;        /* atomic; those that did not */
	char spared[24];          /* the first one's program, as below */
	/* Set by the command: programs of the system are passed over, but not those below these
	 * directories, which have no slash at the end and may be empty, and those whose path, file
	 * or name one of the patterns matches (glob.h): a NUL behind each, and an empty one. */
	uint32_t passes_system;
	int32_t command; /* the process of the command itself */
	char directories[CENSUS_DIRECTORIES][CENSUS_DIRECTORY_BYTES];
	char globs[CENSUS_GLOB_BYTES];
	uint32_t command_is_passed; /* atomic: what runs there now is passed over */
	uint32_t n_passed;          /* atomic: programs that were */
	char passed[24];            /* the first one's executable, without directories */
	uint32_t n_within;          /* atomic; how often gcprof itself was passed over */
	char self[CENSUS_DIRECTORY_BYTES]; /* its executable, set by the command; or empty */
	struct census_entry entries[CENSUS_ENTRIES];
	struct census_note notes[CENSUS_NOTES];
};

/* At the start: where is the value of GCPROF_RUN or NULL.  executable: its path.  is_to_leave:
 * the process is to write a snapshot at its end, if it is not passed over. */
void census_start(const char *where, const char *program, const char *executable,
		  bool is_to_leave);
/* Whether the command wants nothing of this program.  After census_start; false before. */
bool census_passes_over(void);
/* Since 1970, when the first process of the run began; now_ns if that is this one, or it is
 * not known.  After census_start. */
uint64_t census_begin_ns(uint64_t now_ns);
/* In a forked child; !is_wanted: it is to leave nothing. */
void census_after_fork(bool is_wanted);
/* A snapshot of this process was written, maybe by a child of ours that has this memory
 * or a copy. */
void census_settled(void);
/* The same of which it was; without a table, nothing. */
void census_note(uint32_t number, const char *name, uint64_t live_bytes,
		 uint64_t peak_bytes);
/* Whether this process is a wrapper, and the command wants nothing of such; then, that it leaves
 * nothing. */
bool census_spares(void);
void census_spare(void);
/* Around the writing of a snapshot, also by a child of ours. */
void census_begin_writing(void);
void census_end_writing(void);
/* Whether anybody reads notes. */
bool census_is_on(void);
/* Around execve.  Do nothing in a child of vfork. */
void census_enter_exec(void);
void census_leave_exec(void);

#endif
