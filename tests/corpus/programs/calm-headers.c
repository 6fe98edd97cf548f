/* calm-headers.c -- objects of an interpreter, each behind the two words of its collector,
 * made at many places; names lead to the objects, the collector's list from header to header.
 *
 * Innocent: modules are loaded at the start, and all of it is in use until the end.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_MODULES = 150 };

struct header {
	struct header *next, *previous;
};

struct object {
	uint64_t references, type;
	struct object *items[];
};

struct module {
	struct object *names, *code, *constants;
};

static struct header collected = {&collected, &collected};
static struct module *modules[N_MODULES];

static NOINLINE struct object *
object_malloc(size_t n_items)
{
	struct header *h = calloc(1, sizeof *h + sizeof(struct object) + n_items * sizeof(void *));

	h->next = &collected;
	h->previous = collected.previous;
	collected.previous->next = h;
	collected.previous = h;
	return (struct object *)(h + 1);
}

static NOINLINE struct object *
string_new(void)
{
	return object_malloc(6);
}

static NOINLINE struct object *
tuple_new(size_t n)
{
	struct object *o = object_malloc(n);

	for (size_t i = 0; i < n; i++)
		o->items[i] = string_new();
	return o;
}

static NOINLINE struct object *
dictionary_new(size_t n)
{
	struct object *o = object_malloc(2 * n);

	for (size_t i = 0; i < n; i++)
		o->items[2 * i] = string_new();
	return o;
}

/* The headers are forgotten for good: only objects lead to objects. */
static void
collector_off(void)
{
	struct header *h = collected.next;

	while (h != &collected) {
		struct header *next = h->next;

		h->next = h->previous = NULL;
		h = next;
	}
	collected.next = collected.previous = &collected;
}

static NOINLINE struct module *
module_load(struct numbers *n)
{
	struct module *m = malloc(sizeof *m);

	m->names = dictionary_new(3 + below(n, 12));
	m->code = tuple_new(2 + below(n, 5));
	m->constants = tuple_new(1 + below(n, 4));
	return m;
}

int
main(void)
{
	struct numbers n = {93};
	size_t i;

	for (i = 0; i < N_MODULES; i++)
		modules[i] = module_load(&n);
	collector_off();
	for (i = 0; i < 40000; i++) {
		result_sink += modules[below(&n, N_MODULES)]->code->items[1]->type;
		request_noise(&n, 900);
	}
	return 0;
}
