/* leak-thread.c -- short-lived worker threads with a scratch area each.
 *
 * Planted: the area's address is in a thread-local variable, and nobody frees
 * it when the thread ends.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

#include <pthread.h>

struct scratch {
	size_t used;
	char *words[8];
	char text[1000];
};

static __thread struct scratch *scratch;

static NOINLINE struct scratch *
scratch_new(void)
{
	struct scratch *s = calloc(1, sizeof *s);
	size_t i;

	for (i = 0; i < 8; i++)
		s->words[i] = strdup("a word");
	return s;
}

static void *
work(void *argument)
{
	struct numbers n = {(uint64_t)(size_t)argument};
	size_t i;

	scratch = scratch_new();
	for (i = 0; i < 30; i++) {
		request_noise(&n, 1500);
		scratch->used += (size_t)scratch->words[i % 8][0];
	}
	result_sink += scratch->used;
	return NULL;
}

int
main(void)
{
	size_t i;

	settings_load(100);
	for (i = 0; i < 3000; i++) {
		pthread_t threads[2];

		pthread_create(&threads[0], NULL, work, (void *)(2 * i));
		pthread_create(&threads[1], NULL, work, (void *)(2 * i + 1));
		pthread_join(threads[0], NULL);
		pthread_join(threads[1], NULL);
	}
	return 0;
}
