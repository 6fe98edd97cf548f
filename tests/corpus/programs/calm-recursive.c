/* calm-recursive.c -- a binary tree that is built once, by a function that calls itself, and
 * looked up from then on.
 *
 * Innocent: what is asked for and is not there is not inserted.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

struct city {
	struct city *left, *right;
	uint64_t key;
	char name[40];
};

static struct city *cities;

static NOINLINE struct city *
city_insert(struct city *c, uint64_t key)
{
	if (!c) {
		c = (struct city *)calloc(1, sizeof(*c));
		c->key = key;
		snprintf(c->name, sizeof(c->name), "city %llu", (unsigned long long)key);
	} else if (key < c->key) {
		c->left = city_insert(c->left, key);
	} else if (key > c->key) {
		c->right = city_insert(c->right, key);
	}
	return c;
}

static NOINLINE const struct city *
city_find(const struct city *c, uint64_t key)
{
	while (c && c->key != key)
		c = key < c->key ? c->left : c->right;
	return c;
}

int
main(void)
{
	struct numbers n = {512};
	size_t n_found = 0;

	settings_load(300);
	for (int i = 0; i < 6000; i++)
		cities = city_insert(cities, next_number(&n) % 1000000);
	for (int i = 0; i < 20000; i++) {
		n_found += city_find(cities, next_number(&n) % 1000000) != NULL;
		request_noise(&n, 400);
	}
	printf("%zu found\n", n_found);
	return 0;
}
