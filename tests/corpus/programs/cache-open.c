/* cache-open.c -- a file server that remembers each path's attributes, open addressing.
 *
 * Planted: one request in forty is for a path not seen before, and no entry is
 * ever removed: a cache that grows slowly, over a long run.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

struct attributes {
	uint64_t hash, inode, size;
	int64_t times[3];
	char path[];
};

static struct attributes **slots;
static size_t n_slots, n_used;

static struct attributes **
slot_of(struct attributes **table, size_t size, uint64_t h, const char *path)
{
	size_t i = h & (size - 1);

	while (table[i] && (table[i]->hash != h || strcmp(table[i]->path, path) != 0))
		i = (i + 1) & (size - 1);
	return &table[i];
}

static NOINLINE void
table_double(void)
{
	size_t wanted = n_slots ? n_slots * 2 : 256, i;
	struct attributes **bigger = calloc(wanted, sizeof *bigger);

	for (i = 0; i < n_slots; i++)
		if (slots[i])
			*slot_of(bigger, wanted, slots[i]->hash, slots[i]->path) =
				slots[i];
	free(slots);
	slots = bigger;
	n_slots = wanted;
}

static NOINLINE struct attributes *
attributes_remember(const char *path, struct numbers *n)
{
	struct attributes *a = malloc(sizeof *a + strlen(path) + 1);

	if (n_used * 4 >= n_slots * 3)
		table_double();
	a->hash = hash_of(path);
	a->inode = next_number(n);
	a->size = below(n, 1 << 20);
	a->times[0] = a->times[1] = a->times[2] = 0;
	memcpy(a->path, path, strlen(path) + 1);
	*slot_of(slots, n_slots, a->hash, path) = a;
	n_used++;
	return a;
}

int
main(void)
{
	struct numbers n = {21};
	size_t i;

	settings_load(1000);
	table_double();
	for (i = 0; i < 800000; i++) {
		char path[200];
		struct attributes *a;

		snprintf(path, sizeof path, "/srv/data/project/%zu/file-%zu.dat", i % 7,
			 i % 40 ? below(&n, 1 + i / 40) : i / 40);
		a = *slot_of(slots, n_slots, hash_of(path), path);
		if (!a)
			a = attributes_remember(path, &n);
		result_sink += a->size;
		request_noise(&n, 1500);
	}
	printf("%zu paths\n", n_used);
	return 0;
}
