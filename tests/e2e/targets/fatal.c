/* fatal.c -- a program that loses a block and is ended by a signal.
 *
 *     fatal HOW
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { LOST_BYTES = 777, COUNTED_BYTES = 4000, MAX_COUNTED = 1 << 20 };

static void *(*volatile v_malloc)(size_t) = malloc;

NOINLINE static void
lose(void)
{
	OPAQUE((char *){v_malloc(LOST_BYTES)});
}

NOINLINE static void
wipe(void)
{
	volatile char old[16384];
	size_t i;

	for (i = 0; i < sizeof old; i++)
		old[i] = 0;
}

/* How many blocks it has allocated stands in memory that outlives the process. */
static void *counted[MAX_COUNTED];
static volatile long *count; /* of the file on descriptor 4 */

NOINLINE static void
allocate_counted(long n)
{
	counted[n] = v_malloc(COUNTED_BYTES);
}

static void *
allocate_on(void *with)
{
	long n;

	for (n = 0; n < MAX_COUNTED; n++) {
		allocate_counted(n);
		*count = n + 1;
	}
	return with;
}

static void
start_counting(void)
{
	pthread_t thread;

	if (ftruncate(4, sizeof *count) != 0)
		_exit(96);
	count = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, 4, 0);
	if (count == MAP_FAILED || pthread_create(&thread, NULL, allocate_on, NULL) != 0)
		_exit(96);
	while (*count < 1000)
		;
}

static volatile sig_atomic_t n_calls;

static void
call(int number)
{
	(void)number;
	n_calls++;
}

static void
view(const char *what, int is_so)
{
	printf("%s: %s\n", what, is_so ? "yes" : "no");
}

/* The same lines with and without gcprof. */
static void
views(void)
{
	struct sigaction was, own = {.sa_handler = call, .sa_flags = SA_RESTART};

	sigaction(SIGSEGV, NULL, &was);
	view("SIGSEGV has its default", was.sa_handler == SIG_DFL && was.sa_flags == 0);
	sigaction(SIGTERM, &own, &was);
	view("SIGTERM had its default", was.sa_handler == SIG_DFL);
	raise(SIGTERM);
	view("the program's handler is called", n_calls == 1);
	sigaction(SIGTERM, NULL, &was);
	view("and shown, with its flags", was.sa_handler == call && (was.sa_flags & SA_RESTART));
	view("signal() tells of it", signal(SIGTERM, SIG_DFL) == call);
	view("the default is back", signal(SIGTERM, SIG_IGN) == SIG_DFL);
	raise(SIGTERM);
	view("an ignored signal is ignored", signal(SIGTERM, SIG_DFL) == SIG_IGN);
	view("SIGHUP is ignored from the start", signal(SIGHUP, SIG_IGN) == SIG_IGN);
	if (vfork() == 0) {
		sigaction(SIGUSR1, &own, NULL);
		_exit(0);
	}
	wait(NULL);
	sigaction(SIGUSR1, NULL, &was);
	view("what a child of vfork does to its signals is its own", was.sa_handler == SIG_DFL);
	view("a bad number is an error", sigaction(1000, NULL, &was) == -1 && errno == EINVAL);
	view("SIGKILL cannot be handled", sigaction(SIGKILL, &own, NULL) == -1 && errno == EINVAL);
	fflush(stdout);
}

NOINLINE static int
overflow(volatile int *n)
{
	volatile char frame[1 << 16];

	frame[0] = (char)++*n;
	return *n ? overflow(n) + frame[0] : 0;
}

static volatile long n_steps;

static void *
step(void *with)
{
	for (;;) {
		n_steps++;
		usleep(1000);
	}
	return with;
}

static void
outlive(int number)
{
	pthread_t thread;
	long before;
	int i;

	if (pthread_create(&thread, NULL, step, NULL) != 0)
		_exit(96);
	raise(number);
	before = n_steps;
	for (i = 0; i < 3000 && n_steps == before; i++)
		usleep(1000);
	puts(n_steps > before ? "all of them go on" : "some stand still");
	fflush(stdout);
}

NOINLINE static void
end(const char *how)
{
	volatile int zero = 0, *volatile nowhere = (int *)8;
	int ends[2], number = atoi(how);
	sigset_t none, term;

	if (number)
		raise(number);
	else if (strcmp(how, "abort") == 0)
		abort();
	else if (strcmp(how, "write") == 0)
		*nowhere = 1;
	else if (strcmp(how, "divide") == 0)
		exit(7 / zero);
	else if (strcmp(how, "pipe") == 0 && pipe(ends) == 0 && close(ends[0]) == 0)
		(void)!write(ends[1], "", 1);
	else if (strcmp(how, "suspend") == 0) {
		sigemptyset(&none);
		sigemptyset(&term);
		sigaddset(&term, SIGTERM);
		sigprocmask(SIG_BLOCK, &term, NULL);
		raise(SIGTERM);
		sigsuspend(&none);
	} else if (strcmp(how, "overflow") == 0)
		zero = overflow(&zero);
	else if (strcmp(how, "_exit") == 0)
		_exit(5);
	else if (strcmp(how, "quick_exit") == 0)
		quick_exit(6);
}

int
main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	int status;

	lose();
	wipe();
	if (strcmp(how, "views") == 0) {
		views();
		how = "15";
	}
	if (strcmp(how, "fork") == 0) {
		if (fork() == 0)
			abort();
		wait(&status);
		return WIFSIGNALED(status) ? WTERMSIG(status) : 1;
	}
	if (strcmp(how, "threads") == 0) {
		start_counting();
		how = "write";
	}
	if (strcmp(how, "threads-term") == 0)
		outlive(SIGTERM);
	end(how);
	return 0;
}
