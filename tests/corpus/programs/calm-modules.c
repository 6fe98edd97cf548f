/* calm-modules.c -- a linker of twelve modules: a module's symbols go into the table, then a map
 * of all that there are is written, into one string, and freed; after the last module's map it
 * is done.
 *
 * Innocent: the table has the symbols that there are, and after the last one it is used for as
 * long as it took to fill it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { MODULES = 12, SYMBOLS = 1500, BUCKETS = 4096, LOOKUPS = 60000 };

struct symbol {
	struct symbol *next;
	char *name;
	size_t address;
};

static struct symbol *table[BUCKETS];

static NOINLINE void
symbol_define(size_t module, size_t i)
{
	struct symbol *s = malloc(sizeof *s);
	char name[64];

	snprintf(name, sizeof name, "module_%zu_symbol_%zu", module, i);
	s->name = strdup(name);
	s->address = i * 16;
	s->next = table[hash_of(name) % BUCKETS];
	table[hash_of(name) % BUCKETS] = s;
}

static NOINLINE size_t
map_write(void)
{
	size_t bytes = 0, room = 64;
	char *map = malloc(room);

	for (size_t b = 0; b < BUCKETS; b++)
		for (const struct symbol *s = table[b]; s; s = s->next) {
			if (bytes + 64 > room)
				map = realloc(map, room *= 2);
			bytes += (size_t)snprintf(map + bytes, 64, "%s %zx\n", s->name, s->address);
		}
	free(map);
	return bytes;
}

static NOINLINE size_t
references_resolve(struct numbers *n)
{
	struct timespec a_little = {0, 1000000};
	size_t sum = 0;

	for (size_t i = 0; i < LOOKUPS; i++) {
		char *name = malloc(200);

		snprintf(name, 64, "module_%zu_symbol_%zu", below(n, MODULES), below(n, SYMBOLS));
		for (const struct symbol *s = table[hash_of(name) % BUCKETS]; s; s = s->next)
			sum += strcmp(s->name, name) == 0 ? s->address : 0;
		free(name);
		if (i % 200 == 0)
			(void)nanosleep(&a_little, NULL);
	}
	return sum;
}

int
main(void)
{
	struct timespec a_little = {0, 1000000};
	struct numbers n = {12};
	size_t sum = 0;

	for (size_t m = 0; m < MODULES; m++) {
		for (size_t i = 0; i < SYMBOLS; i++) {
			symbol_define(m, i);
			if (i % 60 == 0)
				(void)nanosleep(&a_little, NULL);
		}
		sum += map_write();
	}
	sum += references_resolve(&n);
	printf("%zu\n", sum);
	return 0;
}
