/* cache-recursive.c -- answers in a binary tree, whose insertion calls itself for the left
 * side and for the right one.
 *
 * Planted: nothing is ever removed.  Each path through the tree is a call stack of its own,
 * and so a site of its own, with a block or two.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

struct answer {
	struct answer *left, *right;
	uint64_t key;
	char text[40];
};

static struct answer *answers;

static NOINLINE struct answer *
answer_insert(struct answer *a, uint64_t key)
{
	if (!a) {
		a = (struct answer *)calloc(1, sizeof(*a));
		a->key = key;
		snprintf(a->text, sizeof(a->text), "answer to %llu",
			 (unsigned long long)key);
	} else if (key < a->key) {
		a->left = answer_insert(a->left, key);
	} else if (key > a->key) {
		a->right = answer_insert(a->right, key);
	}
	return a;
}

int
main(void)
{
	struct numbers n = {511};

	settings_load(300);
	for (int i = 0; i < 12000; i++) {
		answers = answer_insert(answers, next_number(&n));
		request_noise(&n, 400);
	}
	printf("%s\n", answers->text);
	return 0;
}
