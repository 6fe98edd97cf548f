/* inside.h -- what a process that runs under the profiler says of itself.
 *
 * In:   a process id.
 * Out:  the struct that its library publishes (lib/published.h), and what is behind it;
 *       or why there is none, as a sentence.
 * Not here: asking it for anything (command/request.h).
 *
 * The descriptor of /proc/PID/mem stays with the memory that it was opened for: when the
 * process calls execve or ends, reading gives nothing, and writing hits nobody.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_INSIDE_H
#define GCPROF_INSIDE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "published.h"

/* Everything that may go wrong ends in one sentence for the user. */
struct ask_error {
	char text[512 + PATH_MAX];
};

/* Fill it in.  Returns -1. */
int ask_fail(struct ask_error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

struct ask_error;

struct inside {
	pid_t pid;
	pid_t tid; /* of the thread that its memory is seen through; 0 = the main one */
	int pidfd; /* -1: the kernel has none */
	int mem, root; /* descriptors; -1 = closed */
	bool can_write;
	pid_t inner_pid;    /* as it sees itself */
	uid_t uid;          /* real */
	uint64_t at;        /* of its struct */
	struct published p; /* as of the last inside_read */
	char program[NAME_MAX + 1];
};

/* Before anything else: holds the process, so that its pid stays its own.
 * Returns 0, or -1: no such process. */
int inside_hold(struct inside *in, pid_t pid, struct ask_error *ret_err);
void inside_let_go(struct inside *in);

enum inside_state {
	INSIDE_READY,
	INSIDE_EARLY, /* it is beginning, or is a child that the library does not know yet */
	INSIDE_NOT    /* *ret_err says why */
};

/* Find the struct of what the process is now, and read it. */
enum inside_state inside_find(struct inside *in, struct ask_error *ret_err);

/* Read it again.  Returns false if the process has ended, or has become another program:
 * inside_find tells. */
bool inside_read(struct inside *in);

/* Other memory of it; false as above. */
bool inside_read_at(const struct inside *in, uint64_t at, void *ret, size_t bytes);
/* Whether `asker` could be written. */
bool inside_set_asker(const struct inside *in, uint64_t asker);

/* The value of an option in force, for free(3); NULL if that cannot be told. */
char *inside_option(const struct inside *in, const char *name);

bool inside_has_ended(const struct inside *in);

#endif
