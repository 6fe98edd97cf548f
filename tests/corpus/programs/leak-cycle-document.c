/* leak-cycle-document.c -- each request parses a document: elements know their parent and their
 * siblings, and the document its root; on an error the document alone is released.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

struct element {
	struct element *parent, *first, *next, *previous;
	char *text;
};

struct document {
	struct element *root;
	uint64_t n_elements;
};

static NOINLINE struct element *
element_new(struct document *d, struct element *parent)
{
	struct element *e = calloc(1, sizeof *e);

	d->n_elements++;
	e->parent = parent;
	if (parent) {
		e->next = parent->first;
		if (e->next)
			e->next->previous = e;
		parent->first = e;
	}
	return e;
}

static NOINLINE void
element_set_text(struct element *e, struct numbers *n)
{
	e->text = malloc(12 + below(n, 30));
	strcpy(e->text, "some text");
}

static void
element_free(struct element *e)
{
	while (e) {
		struct element *next = e->next;

		element_free(e->first);
		free(e->text);
		free(e);
		e = next;
	}
}

static struct document *
document_parse(struct numbers *n)
{
	struct document *d = calloc(1, sizeof *d);
	size_t i, k;

	d->root = element_new(d, NULL);
	for (i = 0; i < 3; i++) {
		struct element *section = element_new(d, d->root);

		for (k = 0; k < 2 + below(n, 4); k++)
			element_set_text(element_new(d, section), n);
	}
	return d;
}

int
main(void)
{
	struct numbers n = {95};
	size_t i;

	for (i = 0; i < 20000; i++) {
		struct document *d = document_parse(&n);
		int has_failed = below(&n, 40) == 0;

		result_sink += d->n_elements;
		if (!has_failed)
			element_free(d->root);
		free(d);
		request_noise(&n, 600);
	}
	return 0;
}
