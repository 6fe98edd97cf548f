/* growth-subtree.c -- a tracer that hangs each call below the one that it was made by.
 *
 * Planted: the tree of calls is never folded or cut, nor looked up by a key;
 * it grows all over, slowly, over a long run.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

struct call {
	struct call *parent, *last_child, *sibling;
	uint64_t begin, end;
	char *name;
};

static struct call top;

static NOINLINE struct call *
call_begin(struct call *parent, uint64_t now, struct numbers *n)
{
	struct call *c = calloc(1, sizeof *c);
	char name[40];

	snprintf(name, sizeof name, "function_%zu", below(n, 300));
	c->name = strdup(name);
	c->parent = parent;
	c->begin = now;
	c->sibling = parent->last_child;
	parent->last_child = c;
	return c;
}

int
main(void)
{
	struct numbers n = {65};
	struct call *current = &top;
	uint64_t now;

	settings_load(300);
	for (now = 0; now < 600000; now++) {
		if (now % 12 == 0) {
			if (below(&n, 2)) {
				current = call_begin(current, now, &n);
			} else if (current->parent) {
				current->end = now;
				current = current->parent;
			}
		}
		request_noise(&n, 1500);
	}
	printf("%s\n", top.last_child->name);
	return 0;
}
