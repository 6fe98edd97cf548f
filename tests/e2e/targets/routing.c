/* routing.c -- which thread the signals to the process come to: the main thread, as it
 * blocks none, though another one could take them.
 *
 * routing SIGNALS [jump | read]
 *
 * jump: the handler leaves by siglongjmp; read: it ends a read, each of them, as each is sent
 * when the main thread was seen in a read that nothing else ends.
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/time.h>

static sigjmp_buf back;
static volatile sig_atomic_t n_main, n_others, is_jumping, is_over;
static volatile int n_ended, n_left; /* reads: by EINTR, in any way */
static pthread_t main_thread;

static void
on_alarm(int number)
{
	(void)number;
	if (!pthread_equal(pthread_self(), main_thread)) {
		__atomic_fetch_add(&n_others, 1, __ATOMIC_RELAXED);
		return;
	}
	__atomic_fetch_add(&n_main, 1, __ATOMIC_RELAXED);
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

/* The main thread is in read(2), or in a handler of the profiler on top of it: only the
 * profiler's signals, which restart the read, came to it since. */
static void
wait_for_read(int fd)
{
	char text[8] = "";

	while (!is_over && (pread(fd, text, sizeof text - 1, 0) < 2 || strncmp(text, "0 ", 2) != 0))
		usleep(20);
}

/* A read that does not end would hold up the test for ever. */
static void
wait_for_end(int n_before)
{
	int i;

	for (i = 0; n_left == n_before && !is_over; i++) {
		if (i == 300000) {
			say("stuck: no read ended in 30 s after signal %d", (int)n_main);
			_exit(4);
		}
		usleep(100);
	}
}

static void *
send(void *with)
{
	uint32_t state = 1;
	char path[64];
	sigset_t alarm;
	int fd;

	(void)sigemptyset(&alarm);
	(void)sigaddset(&alarm, SIGALRM);
	(void)pthread_sigmask(SIG_BLOCK, &alarm, NULL);

	(void)snprintf(path, sizeof path, "/proc/self/task/%ld/syscall", (long)getpid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		say("unknown: no %s", path);
		_exit(5);
	}
	while (!is_over) {
		int n_before = n_left;

		wait_for_read(fd);
		usleep(rnd(&state) % 1000);
		if (!is_over)
			(void)kill(getpid(), SIGALRM);
		wait_for_end(n_before);
	}
	(void)close(fd);
	return with;
}

/* Nobody writes to the pipe. */
static void
read_on(int fd, int n)
{
	char byte;

	while (n_main < n) {
		if (read(fd, &byte, 1) < 0 && errno == EINTR)
			n_ended++;
		n_left++;
	}
}

int
main(int argc, char **argv)
{
	int is_reading = argc > 2 && strcmp(argv[2], "read") == 0, pipes[2] = {-1, -1};
	/* The main thread does not block its signal in the handler either: held up there, on a
	 * machine with much to do, it would leave the next one to the other thread. */
	struct sigaction act = {.sa_handler = on_alarm,
				.sa_flags = is_reading ? 0 : SA_RESTART | SA_NODEFER};
	struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
	int n = argc > 1 ? atoi(argv[1]) : 100;
	pthread_t thread;

	is_jumping = argc > 2 && strcmp(argv[2], "jump") == 0;
	if (is_reading && pipe(pipes) != 0)
		return 3;
	main_thread = pthread_self();
	(void)sigaction(SIGALRM, &act, NULL);
	if (pthread_create(&thread, NULL, is_reading ? send : work, NULL) != 0)
		return 3;
	if (is_reading) {
		read_on(pipes[0], n);
	} else {
		(void)setitimer(ITIMER_REAL, &often, NULL);
		(void)sigsetjmp(back, 1);
		while (n_main < n)
			(void)usleep(5000);
		(void)setitimer(ITIMER_REAL, &never, NULL);
	}
	is_over = 1;
	(void)pthread_join(thread, NULL);
	say("signals %d %d %d", (int)n_main, (int)n_others, n_ended);
	_exit(0);
}
