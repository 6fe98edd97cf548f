/* routing.c -- which thread the signals to the process come to: the main thread, as it
 * blocks none, though another one could take them.
 *
 * routing SIGNALS [jump]
 *
 * jump: the handler leaves by siglongjmp.
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/time.h>

static sigjmp_buf back;
static volatile sig_atomic_t n_main, n_others, is_jumping, is_over;
static pthread_t main_thread;

static void
on_alarm(int number)
{
	(void)number;
	if (!pthread_equal(pthread_self(), main_thread)) {
		n_others++;
		return;
	}
	n_main++;
	if (is_jumping)
		siglongjmp(back, 1);
}

static void *
work(void *with)
{
	while (!is_over) {
		void *volatile p = malloc(100);

		free(p);
		usleep(200);
	}
	return with;
}

int
main(int argc, char **argv)
{
	struct sigaction act = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
	struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
	int n = argc > 1 ? atoi(argv[1]) : 100;
	pthread_t thread;

	is_jumping = argc > 2;
	main_thread = pthread_self();
	if (pthread_create(&thread, NULL, work, NULL) != 0)
		return 3;
	(void)sigaction(SIGALRM, &act, NULL);
	(void)setitimer(ITIMER_REAL, &often, NULL);
	(void)sigsetjmp(back, 1);
	while (n_main < n)
		(void)usleep(5000);
	(void)setitimer(ITIMER_REAL, &never, NULL);
	is_over = 1;
	(void)pthread_join(thread, NULL);
	say("signals %d %d", (int)n_main, (int)n_others);
	_exit(0);
}
