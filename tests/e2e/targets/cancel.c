/* cancel.c -- threads are cancelled while they allocate and sleep; and the signals that the
 * C library sends for that come amid ours.
 *
 * cancel THREADS
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"

#include <pthread.h>

static void *
work(void *with)
{
	(void)pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, NULL);
	for (;;) {
		void *volatile p = malloc(100);

		free(p);
		(void)usleep(1000000); /* a cancellation point */
	}
	return with;
}

static void *
compute(void *with)
{
	volatile unsigned i;

	(void)pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	for (i = 0;; i++)
		;
	return with;
}

int
main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 1, bad = 0, i;

	for (i = 0; i < n; i++) {
		pthread_t threads[2];
		void *result;

		if (pthread_create(&threads[0], NULL, work, NULL) != 0 ||
		    pthread_create(&threads[1], NULL, compute, NULL) != 0)
			return 3;
		(void)usleep(1000);
		(void)pthread_cancel(threads[0]);
		(void)pthread_cancel(threads[1]);
		bad += pthread_join(threads[0], &result) != 0 || result != PTHREAD_CANCELED;
		bad += pthread_join(threads[1], &result) != 0 || result != PTHREAD_CANCELED;
	}
	say("%s - all threads end by their cancellation", bad ? "not ok" : "ok");
	return bad != 0;
}
