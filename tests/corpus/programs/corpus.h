/* corpus.h -- what the corpus's programs share: numbers, noise, a start-up table.
 *
 * The noise is what every server does: temporary blocks of a request, released
 * before the next.  Nothing here keeps anything, but for settings_load().
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CORPUS_H
#define CORPUS_H

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOINLINE __attribute__((noinline, unused))

/* The same sequence in every run. */
struct numbers {
	uint64_t state;
};

static inline uint64_t
next_number(struct numbers *n)
{
	n->state += 0x9e3779b97f4a7c15u;
	uint64_t z = n->state;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static inline size_t
below(struct numbers *n, size_t limit)
{
	return (size_t)(next_number(n) % limit);
}

static inline uint64_t
hash_of(const char *text)
{
	uint64_t h = 14695981039346656037u;

	while (*text)
		h = (h ^ (unsigned char)*text++) * 1099511628211u;
	return h ^ (h >> 29);
}

/* What a value is given to so that computing it is not left out. */
static volatile uint64_t result_sink;

/* Read, split and answer one request of about that many bytes; nothing stays. */
static NOINLINE void
request_noise(struct numbers *n, size_t bytes)
{
	char *line = (char *)malloc(bytes + 1), *field[4];
	size_t i, sum = 0;

	for (i = 0; i < bytes; i++)
		line[i] = (char)('a' + (n->state >> (i & 31)) % 26);
	line[bytes] = 0;
	for (i = 0; i < 4; i++) {
		size_t length = 8 + below(n, bytes / 4);

		if (length > bytes)
			length = bytes;
		field[i] = (char *)malloc(length + 1);
		memcpy(field[i], line, length);
		field[i][length] = 0;
	}
	for (i = 0; i < 4; i++) {
		sum += (size_t)field[i][0];
		free(field[i]);
	}
	free(line);
	result_sink += sum;
}

/* A table that is read once, at the start, and used until the end. */
static char **settings;
static size_t n_settings;

static NOINLINE void
settings_load(size_t count)
{
	size_t i;

	settings = (char **)calloc(count, sizeof *settings);
	for (i = 0; i < count; i++) {
		char text[64];

		snprintf(text, sizeof text, "option.%zu.of.some.module=value-%zu", i,
			 i * 7);
		settings[i] = strdup(text);
	}
	n_settings = count;
}

static NOINLINE const char *
setting(size_t number)
{
	return n_settings ? settings[number % n_settings] : "";
}

static inline void
wait_us(long us)
{
	struct timespec t = {us / 1000000, us % 1000000 * 1000};

	nanosleep(&t, NULL);
}

#endif
