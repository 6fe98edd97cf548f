/* together.h -- the same work in several threads at once.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_TESTS_TOGETHER_H
#define GCPROF_TESTS_TOGETHER_H

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

enum { TOGETHER = 4 };

/* In place of cmocka's assertions, which only the main thread may use. */
static _Atomic unsigned together_n_failed;
#define check(x)                                                                         \
	((x) || together_n_failed++ > 5                                                  \
		 ? (void)0                                                               \
		 : (void)fprintf(stderr, "%s:%d: not so in a thread: %s\n", __FILE__,    \
				 __LINE__, #x))

/* Begins in all threads at the same moment.  number: from 0. */
typedef void together_work(unsigned number);

static pthread_barrier_t together_start;
static together_work *together_what;

static void *
together_thread(void *number)
{
	pthread_barrier_wait(&together_start);
	together_what((unsigned)(uintptr_t)number);
	return NULL;
}

static void
together(together_work *what)
{
	pthread_t threads[TOGETHER];

	together_what = what;
	pthread_barrier_init(&together_start, NULL, TOGETHER);
	for (uintptr_t i = 0; i < TOGETHER; i++)
		pthread_create(&threads[i], NULL, together_thread, (void *)i);
	for (unsigned i = 0; i < TOGETHER; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&together_start);
	assert_int_equal(together_n_failed, 0);
}

#endif
