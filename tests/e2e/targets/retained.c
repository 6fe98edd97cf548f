/* retained.c -- what variables retain, in numbers that it says: a list, a table, a tree whose
 * nodes lead upwards as well, a block of two variables, and one of none.
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"

enum { N = 100, PAYLOAD = 200, TEXT = 40, SHARED = 5000, LOST = 3000, FAN = 4, DEPTH = 4 };

struct item {
	struct item *next;
	char *payload;
};
struct entry {
	char *text;
	long use;
};
struct branch {
	struct branch *parent, *children[FAN];
};

struct item *item_list;
struct entry **entry_table;
struct {
	struct branch *root, *last;
} branches;
char *left_user, *right_user;
static uint64_t n_branches;

static void *
made(size_t bytes)
{
	void *p = calloc(1, bytes);

	if (!p)
		_exit(3);
	return p;
}

static NOINLINE void
item_add(void)
{
	struct item *x = made(sizeof *x);

	x->payload = made(PAYLOAD);
	x->next = item_list;
	item_list = x;
}

static NOINLINE struct entry *
entry_new(void)
{
	struct entry *x = made(sizeof *x);

	x->text = made(TEXT);
	return x;
}

static NOINLINE struct branch *
branch_new(struct branch *parent, int depth)
{
	struct branch *x = made(sizeof *x);
	int i;

	n_branches++;
	x->parent = parent;
	branches.last = x;
	for (i = 0; depth && i < FAN; i++)
		x->children[i] = branch_new(x, depth - 1);
	return x;
}

static NOINLINE void
lose(void)
{
	((volatile char *)made(LOST))[0] = 1;
}

/* Where callees had what they lost. */
static NOINLINE void
scrub(void)
{
	volatile char room[8192];
	size_t i;

	for (i = 0; i < sizeof room; i++)
		room[i] = 0;
}

int
main(void)
{
	int i;

	lose();
	scrub();
	entry_table = made(N * sizeof *entry_table);
	for (i = 0; i < N; i++) {
		item_add();
		entry_table[i] = entry_new();
	}
	branches.root = branch_new(NULL, DEPTH);
	left_user = right_user = made(SHARED);
	say("item_list %zu %d", N * (sizeof(struct item) + PAYLOAD), 2 * N);
	say("entry_table %zu %d", N * (sizeof(struct entry) + TEXT + sizeof(void *)),
	    2 * N + 1);
	say("branches %zu %d", (size_t)n_branches * sizeof(struct branch), (int)n_branches);
	say("shared %d 1", SHARED);
	say("lost %d 1", LOST);
	return 0;
}
