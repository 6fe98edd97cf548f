/* cache-tree.c -- a translator that keeps each sentence's translation in a tsearch()
 * tree.
 *
 * Planted: sentences hardly repeat; the tree has no limit.  Short: some 25
 * thousand allocations.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

#include <search.h>

struct translation {
	char *from, *to;
};

static void *translations;
static size_t n_translations;

static int
compare(const void *a, const void *b)
{
	return strcmp(((const struct translation *)a)->from,
		      ((const struct translation *)b)->from);
}

static NOINLINE struct translation *
translation_keep(const char *from)
{
	struct translation *t = malloc(sizeof *t);
	size_t length = strlen(from), i;

	t->from = strdup(from);
	t->to = malloc(length + 1);
	for (i = 0; i < length; i++)
		t->to[i] = from[length - 1 - i];
	t->to[length] = 0;
	tsearch(t, &translations, compare);
	n_translations++;
	return t;
}

static const char *
translate(char *sentence)
{
	struct translation key = {sentence, NULL};
	struct translation **found = tfind(&key, &translations, compare);

	return (found ? *found : translation_keep(sentence))->to;
}

int
main(void)
{
	struct numbers n = {22};
	size_t i, j;

	for (i = 0; i < 5000; i++) {
		char *sentence = malloc(200);
		size_t length = 0;

		for (j = 0; j < 6; j++)
			length += (size_t)snprintf(sentence + length, 200 - length,
						   "%s%zu ", j ? "word" : "The ",
						   below(&n, 3000));
		result_sink += (uint64_t)translate(sentence)[0];
		free(sentence);
	}
	printf("%zu translations\n", n_translations);
	return 0;
}
