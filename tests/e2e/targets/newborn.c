/* newborn.c -- snapshots that come while malloc is at work on a block that nobody has yet.
 *
 * newborn grow       the heap grows
 * newborn asked      the process sends itself GCPROF_SIGNAL all the time: as often as it
 *                    has used 10 ms of the processor, so that it gets on where snapshots are slow
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"

#include <signal.h>
#include <time.h>

enum { N = 200000, ROUNDS = 50 };
static void *volatile kept[N];

static void
ask_often(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2};
	struct itimerspec often = {{0, 10000000}, {0, 10000000}};
	timer_t timer;

	if (timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &timer) != 0 ||
	    timer_settime(timer, 0, &often, NULL) != 0)
		_exit(3);
}

int
main(int argc, char **argv)
{
	int i;

	if (argc > 1 && strcmp(argv[1], "grow") == 0) {
		for (i = 0; i < N; i++)
			kept[i] = malloc(1000);
		return 0;
	}
	ask_often();
	for (i = 0; i < N * ROUNDS; i++) {
		free(kept[i % 1000]);
		kept[i % 1000] = i % 3 ? malloc(24) : i % 2 ? calloc(1, 100) : realloc(NULL, 50);
	}
	return 0;
}
