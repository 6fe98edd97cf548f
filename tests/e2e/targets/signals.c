/* signals.c -- signal handlers, the program's and ours.
 *
 *     signals MODE
 *
 * SPDX-License-Identifier: MIT
 */
#include "../../../lib/gcprof.h"
#include "truth.h"
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/time.h>

static void *(*volatile v_malloc)(size_t) = malloc;
static void (*volatile v_free)(void *) = free;

static sigjmp_buf back;
static volatile sig_atomic_t n_calls, may_jump;
static void *volatile from_handler[1000];

/* Interrupts code that is not in the allocator, so that it may allocate. */
static void
timer_allocates(int sig)
{
	(void)sig;
	if (n_calls < 1000) {
		from_handler[n_calls] = keep(v_malloc(100 + (size_t)n_calls), 100 + (size_t)n_calls, "malloc");
		v_free(gone(keep(v_malloc(5000), 5000, "malloc"), 5000));
		n_calls++;
	}
	if (may_jump && n_calls % 2)
		siglongjmp(back, 1);
}

NOINLINE static unsigned
busy(unsigned n)
{
	volatile unsigned sum = 0;
	unsigned i;

	for (i = 0; i < n; i++)
		sum += i * i;
	return sum;
}

NOINLINE static unsigned
busy_deep(unsigned depth, unsigned n)
{
	volatile char frame[64];

	frame[depth % 64] = (char)n;
	if (depth == 0)
		return busy(n);
	return busy_deep(depth - 1, n) + (unsigned)frame[depth % 64];
}

static void
start_timer(int us)
{
	struct itimerval every = {{0, us}, {0, us}};

	setitimer(ITIMER_REAL, &every, NULL);
}

static int
timer(void)
{
	struct sigaction sa = {.sa_handler = timer_allocates};
	volatile unsigned round = 0;

	sigaction(SIGALRM, &sa, NULL);
	start_timer(1000);
	may_jump = 1;
	while (n_calls < 300) {
		if (sigsetjmp(back, 1) == 0)
			busy_deep(round++ % 40, 3000000);
		/* no timer while the main program allocates */
		start_timer(0);
		keep(v_malloc(round % 100), round % 100, "malloc");
		start_timer(1000);
	}
	start_timer(0);
	puts("timer done");
	return 0;
}

static void *alternate;

static void
on_alternate(int sig, siginfo_t *info, void *context)
{
	char here;

	(void)context;
	(void)info;
	if (&here < (char *)alternate || &here >= (char *)alternate + 65536)
		_exit(96);
	keep(v_malloc(700), 700, "malloc");
	v_free(gone(keep(v_malloc(4000), 4000, "malloc"), 4000));
	n_calls++;
	if (sig == SIGSEGV)
		siglongjmp(back, 1);
}

static int
altstack(void)
{
	stack_t ss = {.ss_size = 65536};
	struct sigaction sa = {.sa_sigaction = on_alternate, .sa_flags = SA_ONSTACK | SA_SIGINFO};
	char *nowhere = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile int i;

	alternate = ss.ss_sp = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	sigaltstack(&ss, NULL);
	sigaction(SIGUSR1, &sa, NULL);
	sigaction(SIGSEGV, &sa, NULL);
	for (i = 0; i < 100; i++) {
		raise(SIGUSR1);
		if (sigsetjmp(back, 1) == 0)
			*(volatile char *)nowhere = 1;
		keep(v_malloc(30), 30, "malloc");
	}
	puts(n_calls == 200 ? "altstack done" : "altstack lost calls");
	return 0;
}

NOINLINE static void
deep_then_jump(int depth)
{
	char frame[100];

	memset(frame, depth, sizeof frame);
	keep(v_malloc(16), 16, "malloc");
	if (depth == 0)
		siglongjmp(back, 1);
	deep_then_jump(depth - 1);
	keep(v_malloc((size_t)frame[0]), (size_t)frame[0], "malloc");
}

static int
jumps(void)
{
	volatile int i;

	for (i = 0; i < 200; i++) {
		if (sigsetjmp(back, 0) == 0)
			deep_then_jump(i % 90);
		keep(v_malloc(24), 24, "malloc");
	}
	puts("jumps done");
	return 0;
}

static void
count_call(int sig)
{
	(void)sig;
	n_calls++;
}

/* Says "ready" once its own handlers stand, then runs until SIGTERM. */
static volatile sig_atomic_t ended;

static void
end(int sig)
{
	(void)sig;
	ended = 1;
}

static int
wait_for_orders(bool own_usr2)
{
	struct sigaction sa = {.sa_handler = count_call}, old;
	int i;

	memset(&old, 0xff, sizeof old);
	sigaction(SIGUSR2, NULL, &old);
	point(old.sa_handler == SIG_DFL && !(old.sa_flags & SA_SIGINFO),
		"sigaction says that SIGUSR2 has the default action");
	sigaction(SIGUSR1, &sa, NULL);
	if (own_usr2) {
		void (*before)(int) = signal(SIGUSR2, count_call);

		point(before == SIG_DFL, "signal() gives SIG_DFL as the former action");
		sigaction(SIGUSR2, NULL, &old);
		point(old.sa_handler == count_call, "sigaction then says that the handler is the program's");
	}
	sa.sa_handler = end;
	sigaction(SIGTERM, &sa, NULL);
	for (i = 0; i < 100; i++)
		keep(v_malloc((size_t)i), (size_t)i, "malloc");
	say("ready");
	while (!ended) {
		/* no EINTR by the signal that asks for a snapshot is demanded here */
		usleep(10000);
	}
	say("calls %d", (int)n_calls);
	printf("calls %d\n", (int)n_calls);
	return 0;
}

/* Threads that sit in calls which SA_RESTART resumes must not notice a cut. */
static int pipe_fds[2];
static sem_t sem;
static _Atomic int disturbed;

static void *
blocked_in_read(void *arg)
{
	char c;

	if (read(pipe_fds[0], &c, 1) != 1)
		disturbed++;
	return arg;
}

static void *
blocked_in_sem(void *arg)
{
	if (sem_wait(&sem) != 0)
		disturbed++;
	return arg;
}

static int
restarts(void)
{
	pthread_t a, b;
	int i, done = 0;

	if (pipe(pipe_fds) != 0)
		return 1;
	sem_init(&sem, 0, 0);
	pthread_create(&a, NULL, blocked_in_read, NULL);
	pthread_create(&b, NULL, blocked_in_sem, NULL);
	for (i = 0; i < 20; i++)
		done += gcprof_snapshot() == 0;
	sem_post(&sem);
	if (write(pipe_fds[1], "x", 1) != 1)
		return 1;
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	point(done == 20, "20 snapshots were taken with threads blocked in system calls");
	point(disturbed == 0, "read and sem_wait in other threads were not interrupted");
	return 0;
}

/* A mask that blocks everything must not keep a snapshot from being taken. */
static void *
blocks_all(void *arg)
{
	sigset_t all;
	char c;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	sem_post(&sem);
	if (read(pipe_fds[0], &c, 1) != 1)
		disturbed++;
	return arg;
}

static int
masked(void)
{
	pthread_t a;
	int i, done = 0;

	if (pipe(pipe_fds) != 0)
		return 1;
	sem_init(&sem, 0, 0);
	pthread_create(&a, NULL, blocks_all, NULL);
	sem_wait(&sem);
	for (i = 0; i < 50; i++)
		keep(v_malloc(77), 77, "malloc");
	for (i = 0; i < 3; i++)
		done += gcprof_snapshot() == 0;
	if (write(pipe_fds[1], "x", 1) != 1)
		return 1;
	pthread_join(a, NULL);
	point(done == 3, "a thread that blocks all signals does not keep snapshots from being taken");
	return 0;
}

int
main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	if (!strcmp(mode, "timer"))
		return timer();
	if (!strcmp(mode, "altstack"))
		return altstack();
	if (!strcmp(mode, "jumps"))
		return jumps();
	if (!strcmp(mode, "orders"))
		return wait_for_orders(false);
	if (!strcmp(mode, "own-usr2"))
		return wait_for_orders(true);
	if (!strcmp(mode, "restarts"))
		return restarts();
	if (!strcmp(mode, "masked"))
		return masked();
	return 2;
}
