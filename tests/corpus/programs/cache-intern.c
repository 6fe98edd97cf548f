/* cache-intern.c -- a tag reader that interns every string it meets.
 *
 * Planted: not only names but values are interned, and values do not repeat;
 * strings are packed singly, with the hash before the text.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

struct symbol {
	struct symbol *next;
	uint64_t hash;
	char text[];
};

enum { N_BUCKETS = 1 << 15 };

static struct symbol *symbols[N_BUCKETS];
static size_t n_symbols;

static NOINLINE struct symbol *
symbol_new(const char *text, uint64_t hash)
{
	size_t length = strlen(text) + 1;
	struct symbol *s = malloc(sizeof *s + length);

	s->hash = hash;
	memcpy(s->text, text, length);
	s->next = symbols[hash % N_BUCKETS];
	symbols[hash % N_BUCKETS] = s;
	n_symbols++;
	return s;
}

static const char *
intern(const char *text)
{
	uint64_t h = hash_of(text);
	struct symbol *s;

	for (s = symbols[h % N_BUCKETS]; s; s = s->next)
		if (s->hash == h && strcmp(s->text, text) == 0)
			return s->text;
	return symbol_new(text, h)->text;
}

static void
read_element(struct numbers *n, size_t number)
{
	static const char *const names[] = {"id", "href", "class", "title", "style"};
	char *text = malloc(256), *at, *saved;
	size_t i;
	int length = 0;

	for (i = 0; i < 5; i++)
		length += snprintf(text + length, 256 - (size_t)length, "%s=%s%zu ",
				   names[i], i == 2 ? "wide" : names[i],
				   i == 2 ? below(n, 20) : number * 5 + i);
	for (at = strtok_r(text, "= ", &saved); at; at = strtok_r(NULL, "= ", &saved))
		result_sink += (uint64_t)intern(at)[0];
	free(text);
}

int
main(void)
{
	struct numbers n = {23};
	size_t i;

	settings_load(50);
	for (i = 0; i < 60000; i++) {
		read_element(&n, i);
		request_noise(&n, 2500);
	}
	printf("%zu symbols\n", n_symbols);
	return 0;
}
