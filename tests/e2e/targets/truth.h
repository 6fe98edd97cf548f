/* truth.h -- a target tells on file descriptor 3 what it did.
 *
 * Lines, one write(2) each, none of which allocates:
 *     block PID ADDRESS BYTES KIND TID    a block became live
 *     gone PID ADDRESS BYTES              it was freed
 *     ok - SENTENCE, not ok - SENTENCE    a point of the test
 *     anything else                       read by one script only
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_TESTS_TRUTH_H
#define GCPROF_TESTS_TRUTH_H

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TRUTH_FD 3
#define NOINLINE __attribute__((noinline, noclone, unused))

/* Hides a value from the optimizer. */
#define OPAQUE(x) __asm__ volatile("" : "+r"(x) : : "memory")

static void say(const char *format, ...) __attribute__((format(printf, 1, 2), unused));
static void
say(const char *format, ...)
{
	char line[512];
	va_list args;
	int n, saved = errno;

	va_start(args, format);
	n = vsnprintf(line, sizeof line - 1, format, args);
	va_end(args);
	if (n > (int)sizeof line - 2)
		n = (int)sizeof line - 2;
	line[n++] = '\n';
	if (write(TRUTH_FD, line, (size_t)n) != n)
		_exit(97);
	errno = saved;
}

/* Note a new block; gives it back.  A failed allocation ends the target. */
NOINLINE static void *
keep(void *block, size_t bytes, const char *kind)
{
	if (block == NULL)
		_exit(98);
	say("block %ld %p %zu %s %ld", (long)getpid(), block, bytes, kind, (long)syscall(SYS_gettid));
	return block;
}

/* To be called before the block is freed, so that no other thread can have
 * noted its address again in between. */
NOINLINE static void *
gone(void *block, size_t bytes)
{
	say("gone %ld %p %zu", (long)getpid(), block, bytes);
	return block;
}

#define point(condition, ...)                                                            \
	do {                                                                             \
		char point_text[256];                                                    \
		int point_ok = !!(condition);                                            \
		snprintf(point_text, sizeof point_text, __VA_ARGS__);                    \
		say("%s - %s", point_ok ? "ok" : "not ok", point_text);                  \
	} while (0)

/* A generator that gives the same numbers everywhere. */
NOINLINE static uint32_t
rnd(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

#endif
