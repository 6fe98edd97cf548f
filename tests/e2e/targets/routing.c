/* routing.c -- which thread the signals to the process come to: the main thread, as it
 * blocks none, though another one could take them.
 *
 * routing SIGNALS [jump | read]
 *
 * jump: the handler leaves by siglongjmp; read: it ends a read.
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
static int n_ended; /* reads */
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

static void
wait_for_alarm(int fd)
{
	char byte;

	if (fd < 0)
		(void)usleep(5000);
	else if (read(fd, &byte, 1) < 0 && errno == EINTR)
		n_ended++;
}

int
main(int argc, char **argv)
{
	int is_reading = argc > 2 && strcmp(argv[2], "read") == 0, pipes[2] = {-1, -1};
	struct sigaction act = {.sa_handler = on_alarm, .sa_flags = is_reading ? 0 : SA_RESTART};
	struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
	int n = argc > 1 ? atoi(argv[1]) : 100;
	pthread_t thread;

	is_jumping = argc > 2 && strcmp(argv[2], "jump") == 0;
	if (is_reading && pipe(pipes) != 0)
		return 3;
	main_thread = pthread_self();
	if (pthread_create(&thread, NULL, work, NULL) != 0)
		return 3;
	(void)sigaction(SIGALRM, &act, NULL);
	(void)setitimer(ITIMER_REAL, &often, NULL);
	(void)sigsetjmp(back, 1);
	while (n_main < n)
		wait_for_alarm(pipes[0]);
	(void)setitimer(ITIMER_REAL, &never, NULL);
	is_over = 1;
	(void)pthread_join(thread, NULL);
	say("signals %d %d %d", (int)n_main, (int)n_others, n_ended);
	_exit(0);
}
