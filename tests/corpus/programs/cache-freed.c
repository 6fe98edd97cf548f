/* cache-freed.c -- a proxy that keeps every answer, and frees its table at the end.
 *
 * Planted: the table has no limit while the program runs.  That a handler of
 * atexit(3) empties it, bucket by bucket, shows nobody that it grew.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_BUCKETS = 4096 };

struct answer {
	struct answer *next;
	char *url, *body;
};

static struct answer *answers[N_BUCKETS];

static struct answer *
answer_find(const char *url)
{
	struct answer *a = answers[hash_of(url) % N_BUCKETS];

	while (a && strcmp(a->url, url) != 0)
		a = a->next;
	return a;
}

static NOINLINE void
answer_store(const char *url, const char *body)
{
	struct answer *a = malloc(sizeof *a);

	a->url = strdup(url);
	a->body = strdup(body);
	a->next = answers[hash_of(url) % N_BUCKETS];
	answers[hash_of(url) % N_BUCKETS] = a;
}

static void
answers_clear(void)
{
	for (size_t i = 0; i < N_BUCKETS; i++)
		while (answers[i]) {
			struct answer *a = answers[i];

			answers[i] = a->next;
			free(a->url);
			free(a->body);
			free(a);
		}
}

int
main(void)
{
	struct numbers n = {7};
	char url[64], body[100];

	atexit(answers_clear);
	for (int i = 0; i < 25000; i++) {
		snprintf(url, sizeof url, "http://host.example/%d", i);
		snprintf(body, sizeof body, "the body of page %d, with some text in it", i);
		if (!answer_find(url))
			answer_store(url, body);
		request_noise(&n, 500);
	}
	printf("done\n");
	return 0;
}
