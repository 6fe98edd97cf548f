/* calm-count.c -- counts words of its input, sorts them, prints them, and ends.
 *
 * Innocent: the table grows as long as input is read.  What comes after is short, the
 * array that is sorted, and nothing is freed.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_BUCKETS = 8192, N_LINES = 40000 };

struct word {
	struct word *next;
	char *text;
	int count;
};

static struct word *words[N_BUCKETS], **sorted;
static size_t n_words;

static NOINLINE void
word_count(const char *text)
{
	struct word **at = &words[hash_of(text) % N_BUCKETS], *w = *at;

	while (w && strcmp(w->text, text) != 0)
		w = w->next;
	if (!w) {
		w = malloc(sizeof *w);
		w->text = strdup(text);
		w->count = 0;
		w->next = *at;
		*at = w;
		n_words++;
	}
	w->count++;
}

static int
compare(const void *a, const void *b)
{
	const struct word *const *x = a, *const *y = b;

	return strcmp((*x)->text, (*y)->text);
}

int
main(void)
{
	char text[64];
	size_t n = 0;

	for (int i = 0; i < N_LINES; i++) {
		char *line = strdup("a line of input as it is read");

		snprintf(text, sizeof text, "word%d", i);
		word_count(text);
		free(line);
	}
	sorted = malloc(n_words * sizeof *sorted);
	for (size_t i = 0; i < N_BUCKETS; i++)
		for (struct word *w = words[i]; w; w = w->next)
			sorted[n++] = w;
	qsort(sorted, n, sizeof *sorted, compare);
	for (size_t i = 0; i < n; i++)
		printf("%s %d\n", sorted[i]->text, sorted[i]->count);
	return 0;
}
