/* calm-intern-evict.c -- interned names in a chained table, with eviction.
 *
 * Innocent: each name is new or one of the last; when there are more than the
 * table may have, a hand that goes round its buckets frees those that were not
 * asked for since it came by.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_BUCKETS = 4096, MOST = 12000 };

struct name {
	struct name *next;
	int was_used;
	char text[];
};

static struct name *buckets[N_BUCKETS];
static size_t n_names, hand;

static void
names_evict(void)
{
	while (n_names > MOST) {
		struct name **p = &buckets[hand++ % N_BUCKETS];

		while (*p) {
			struct name *x = *p;

			if (x->was_used) {
				x->was_used = 0;
				p = &x->next;
				continue;
			}
			*p = x->next;
			free(x);
			n_names--;
		}
	}
}

static NOINLINE const char *
name_intern(const char *text)
{
	struct name **bucket = &buckets[hash_of(text) % N_BUCKETS], *x;

	for (x = *bucket; x; x = x->next)
		if (strcmp(x->text, text) == 0) {
			x->was_used = 1;
			return x->text;
		}
	names_evict();
	x = malloc(sizeof *x + strlen(text) + 1);
	strcpy(x->text, text);
	x->was_used = 0;
	x->next = *bucket;
	*bucket = x;
	n_names++;
	return x->text;
}

int
main(void)
{
	struct numbers n = {49};
	size_t i;

	settings_load(300);
	for (i = 0; i < 120000; i++) {
		char text[64];

		snprintf(text, sizeof text, "label.of.metric.%zu", below(&n, 3) ? i : i - below(&n, 4000) % (i + 1));
		result_sink += (uint64_t)name_intern(text)[0];
		request_noise(&n, 900);
	}
	printf("%zu names\n", n_names);
	return 0;
}
