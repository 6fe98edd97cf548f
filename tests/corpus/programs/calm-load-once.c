/* calm-load-once.c -- a dictionary read at the start, then used.
 *
 * Innocent: a third of the run is loading; nothing is added after it, and
 * nothing is freed.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_WORDS = 120000, N_BUCKETS = 1 << 16 };

struct word {
	struct word *next;
	char *text;
	unsigned frequency;
};

static struct word *dictionary[N_BUCKETS];

static NOINLINE void
word_add(const char *text)
{
	struct word *w = malloc(sizeof *w);

	w->text = strdup(text);
	w->frequency = 0;
	w->next = dictionary[hash_of(text) % N_BUCKETS];
	dictionary[hash_of(text) % N_BUCKETS] = w;
}

static struct word *
word_find(const char *text)
{
	struct word *w;

	for (w = dictionary[hash_of(text) % N_BUCKETS]; w && strcmp(w->text, text) != 0;
	     w = w->next)
		;
	return w;
}

int
main(void)
{
	struct numbers n = {17};
	char text[40];
	size_t i;

	for (i = 0; i < N_WORDS; i++) {
		snprintf(text, sizeof text, "word%zx", i * 2654435761u % 1000003);
		word_add(text);
		if (i % 4 == 0)
			request_noise(&n, 600);
	}
	for (i = 0; i < 200000; i++) {
		struct word *w;

		snprintf(text, sizeof text, "word%zx",
			 below(&n, N_WORDS) * 2654435761u % 1000003);
		w = word_find(text);
		if (w)
			w->frequency++;
		request_noise(&n, 1000);
	}
	printf("done\n");
	return 0;
}
