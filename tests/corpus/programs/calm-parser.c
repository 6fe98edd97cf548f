/* calm-parser.c -- reads one file of records into a tree that main() holds, looks into it, ends.
 *
 * Innocent: four functions make the parts of the tree, for as long as there is
 * input; nothing is freed, since the program ends with it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

struct attribute {
	struct attribute *next;
	char *name, *value;
};

struct element {
	struct element *parent, *first, *last, *next;
	struct attribute *attributes;
	char *name, *text;
};

static NOINLINE struct element *
element_new(struct element *parent, const char *name)
{
	struct element *e = calloc(1, sizeof *e);

	e->name = strdup(name);
	e->parent = parent;
	if (!parent)
		return e;
	if (parent->last)
		parent->last->next = e;
	else
		parent->first = e;
	parent->last = e;
	return e;
}

static NOINLINE void
attribute_parse(struct element *e, const char *name, size_t number)
{
	struct attribute *a = malloc(sizeof *a);
	char value[24];

	snprintf(value, sizeof value, "%zu", number);
	a->name = strdup(name);
	a->value = strdup(value);
	a->next = e->attributes;
	e->attributes = a;
}

static NOINLINE void
text_parse(struct element *e, struct numbers *n)
{
	size_t bytes = 8 + below(n, 60);

	e->text = malloc(bytes + 1);
	memset(e->text, 'x', bytes);
	e->text[bytes] = 0;
}

static NOINLINE void
record_parse(struct element *parent, struct numbers *n, size_t number)
{
	struct element *e = element_new(parent, "record"), *field;
	size_t i;

	attribute_parse(e, "id", number);
	for (i = 1 + below(n, 5); i > 0; i--) {
		field = element_new(e, "field");
		text_parse(field, n);
	}
	if (below(n, 4) == 0)
		attribute_parse(e, "comment", 0);
	request_noise(n, 600); /* tokens */
}

int
main(void)
{
	struct numbers n = {313};
	struct element *document = element_new(NULL, "document"), *e;
	size_t i, sum = 0;

	for (i = 0; i < 30000; i++)
		record_parse(document, &n, i);
	for (e = document->first; e; e = e->next)
		sum += e->attributes != NULL;
	printf("%zu\n", sum);
	result_sink = (uint64_t)(uintptr_t)document;
	return 0;
}
