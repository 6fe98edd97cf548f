/* calm-churn.c -- a store of keys and values; as many keys are deleted as are set.
 *
 * Innocent: deletions are at random, some blocks are as old as the program;
 * the number of keys wavers about 20000.  A long run.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_KEYS = 40000 };

struct value {
	size_t length;
	char bytes[];
};

static struct value *store[N_KEYS];
static size_t n_stored;

static NOINLINE void
store_set(size_t key, struct numbers *n)
{
	size_t length = 20 + below(n, 200);
	struct value *v = malloc(sizeof *v + length);

	v->length = length;
	memset(v->bytes, 'v', length);
	store[key] = v;
	n_stored++;
}

static void
store_delete(size_t key)
{
	free(store[key]);
	store[key] = NULL;
	n_stored--;
}

int
main(void)
{
	struct numbers n = {100};
	size_t i;

	settings_load(100);
	for (i = 0; i < N_KEYS; i += 2)
		store_set(i, &n);
	for (i = 0; i < 700000; i++) {
		size_t key = below(&n, N_KEYS);

		if (store[key])
			store_delete(key);
		else
			store_set(key, &n);
		request_noise(&n, 1500);
	}
	printf("%zu stored\n", n_stored);
	return 0;
}
