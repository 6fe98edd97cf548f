/* leak-overwritten.c -- a client that keeps its last answer in one variable.
 *
 * Planted: the variable is assigned anew without freeing the answer before,
 * unless an error came between; most answers are lost.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

struct answer {
	int status;
	size_t length;
	char text[200];
};

static struct answer *last;

static NOINLINE struct answer *
answer_new(struct numbers *n)
{
	struct answer *a = malloc(sizeof *a);

	a->status = below(n, 10) == 0 ? 500 : 200;
	a->length = below(n, 200);
	memset(a->text, 'a', sizeof a->text);
	return a;
}

static void
ask(struct numbers *n)
{
	if (last && last->status == 500) {
		free(last);
		last = NULL;
	}
	last = answer_new(n);
	request_noise(n, 1000);
}

int
main(void)
{
	struct numbers n = {10};
	size_t i;

	settings_load(50);
	for (i = 0; i < 100000; i++)
		ask(&n);
	printf("%d\n", last->status);
	return 0;
}
