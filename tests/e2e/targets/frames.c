/* frames.c -- threads stopped in known functions, on all sorts of stacks.
 *
 *     frames
 *
 * Each thread tells, before it blocks:
 *     role TID ROLE
 *     chain TID PC...            return addresses beyond the function that tells, as
 *                                libgcc's unwinder finds them
 *     local TID FUNCTION ADDRESS a variable of a function, on the stack
 * Two snapshots: from gcprof_snapshot() in asks(), and at the end, from ends().
 *
 * SPDX-License-Identifier: MIT
 */
#include "../../../lib/gcprof.h"
#include "truth.h"
#include <execinfo.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#define KEEP(p) __asm__ volatile("" : : "r"(p) : "memory")

enum { STACK_BYTES = 256 << 10, DEPTH = 2000, MAX_CHAIN = 4096 };

static void *(*volatile v_malloc)(size_t) = malloc;
static void (*volatile v_free)(void *) = free;
static sem_t ready;
static uintptr_t in_middle; /* what innermost() returns to: its frame has a frame pointer */

static long
tid(void)
{
	return syscall(SYS_gettid);
}

/* The frames of the caller's callers.  One write, however long it is. */
NOINLINE static void
tell(const char *role)
{
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	static void *chain[MAX_CHAIN];
	static char line[MAX_CHAIN * 20];
	int n, i, at;

	say("role %ld %s", tid(), role);
	pthread_mutex_lock(&mutex);
	n = backtrace(chain, MAX_CHAIN);
	if (strcmp(role, "innocent") == 0)
		in_middle = (uintptr_t)chain[2];
	at = sprintf(line, "chain %ld", tid());
	for (i = 2; i < n; i++)
		at += sprintf(line + at, " %lx", (unsigned long)chain[i]);
	line[at++] = '\n';
	if (write(TRUTH_FD, line, (size_t)at) != at)
		_exit(97);
	pthread_mutex_unlock(&mutex);
}

#define LOCAL(v) say("local %ld %s %lx", tid(), __func__, (unsigned long)(v))

/* The role's last words. */
NOINLINE static void
block(void)
{
	static volatile int is_over;

	sem_post(&ready);
	while (!is_over)
		pause();
}

/* ---- calls in calls ---- */

NOINLINE static void
innermost(const char *role)
{
	volatile char here[40];

	here[0] = *role;
	tell(role);
	LOCAL(here);
	block();
	KEEP(here);
}

NOINLINE static void
middle(const char *role, int n)
{
	volatile char here[900];
	volatile char variable[8 + n]; /* then the frame pointer leads */

	here[0] = variable[0] = *role;
	LOCAL(here);
	LOCAL(variable);
	innermost(role);
	KEEP(here);
	KEEP(variable);
}

NOINLINE static void
outermost(const char *role)
{
	void *volatile here = v_malloc(4321);

	LOCAL(&here);
	middle(role, (int)strlen(role));
	KEEP(&here);
}

static void *
nested(void *arg)
{
	outermost("nested");
	return arg;
}

static void *
innocent(void *arg) /* of any allocation */
{
	middle("innocent", 3);
	return arg;
}

NOINLINE static int
descend(int n)
{
	volatile int here = n;


	if (n == 0 || n == DEPTH)
		LOCAL(&here);
	if (n == 0)
		innermost("deep");
	else
		here += descend(n - 1);
	return here;
}

static void *
deep(void *arg)
{
	descend(DEPTH);
	return arg;
}

/* ---- signals ---- */

static const char *signal_role;

NOINLINE static void
handler(int sig)
{
	volatile int here = sig;

	LOCAL(&here);
	innermost(signal_role);
	KEEP(&here);
}

/* A leaf without a frame of its own: the signal finds it in the middle. */
NOINLINE static int
faults(const char *nowhere)
{
	return *(const volatile char *)nowhere;
}

NOINLINE static void *
handling(void *arg)
{
	volatile int here = 1;

	LOCAL(&here);
	here += faults(arg);
	KEEP(&here);
	return arg;
}

static void *
alternate(void *arg)
{
	stack_t ss = {.ss_size = STACK_BYTES};

	ss.ss_sp = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	sigaltstack(&ss, NULL);
	return handling(arg);
}

/* ---- stacks of the program's making ---- */

static void
coroutine(void)
{
	middle("coroutine", 5);
}

static void *
resumes(void *arg)
{
	ucontext_t other, back;

	getcontext(&other);
	other.uc_stack.ss_sp = v_malloc(STACK_BYTES);
	other.uc_stack.ss_size = STACK_BYTES;
	other.uc_link = &back;
	makecontext(&other, coroutine, 0);
	swapcontext(&back, &other);
	return arg;
}

/* ---- no calls ---- */

NOINLINE static void
spins(void)
{
	volatile unsigned here = 1;

	tell("spinning");
	LOCAL(&here);
	sem_post(&ready);
	while (here)
		KEEP(&here);
}

static void *
spinning(void *arg)
{
	spins();
	return arg;
}

NOINLINE static void
allocates(void)
{
	volatile unsigned here = 1;

	tell("allocating");
	LOCAL(&here);
	sem_post(&ready);
	while (here)
		v_free(v_malloc(100));
}

static void *
allocating(void *arg)
{
	allocates();
	return arg;
}

static void *
deaf(void *arg)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	innermost("deaf");
	return arg;
}

/* ---- registers that mean nothing ---- */

/* movb $1, (%rsi); jmp . */
static const unsigned char code[] = {0xc6, 0x06, 0x01, 0xeb, 0xfe};
static volatile char has_jumped;

static unsigned char *page;

static void *
jumps(uintptr_t sp, uintptr_t bp)
{
	stack_t ss = {.ss_size = STACK_BYTES};

	ss.ss_sp = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	sigaltstack(&ss, NULL);
	say("role %ld garbage", tid());
	sem_post(&ready);
	__asm__ volatile("movq %0, %%rsp\n\tmovq %1, %%rbp\n\tjmp *%2"
			 :
			 : "a"(sp), "c"(bp), "d"(page), "S"(&has_jumped));
	return NULL;
}

static void *
no_stack(void *arg)
{
	(void)arg;
	return jumps(16, 24);
}

/* Each frame pointer leads to the next, and the last to the first. */
static void *
circle(uintptr_t *stack, uintptr_t pc)
{
	stack[10] = (uintptr_t)&stack[20];
	stack[11] = pc;
	stack[20] = (uintptr_t)&stack[10];
	stack[21] = pc;
	return jumps((uintptr_t)&stack[8], (uintptr_t)&stack[10]);
}

static void *
circle_without_rules(void *arg)
{
	static uintptr_t stack[64];

	(void)arg;
	return circle(stack, (uintptr_t)page + sizeof(code));
}

static void *
circle_by_rules(void *arg)
{
	static uintptr_t stack[64];

	(void)arg;
	return circle(stack, in_middle);
}

/* ---- the main thread ---- */

static void
start(void *(*f)(void *), void *arg)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, f, arg) != 0)
		_exit(95);
	sem_wait(&ready);
}

static void
start_in_handler(void *(*f)(void *), const char *role, int flags)
{
	struct sigaction sa = {.sa_handler = handler, .sa_flags = flags};

	signal_role = role;
	sigaction(SIGSEGV, &sa, NULL);
	start(f, mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

NOINLINE static int
asks(void)
{
	volatile int here = 1;

	tell("main");
	LOCAL(&here);
	here = gcprof_snapshot();
	KEEP(&here);
	return here;
}

NOINLINE static void
ends(void)
{
	volatile int here = 0;

	tell("main");
	LOCAL(&here);
	exit(here);
}

/* Begin a thread of jumps(), and wait until it is where it never returns from. */
static void
start_jump(void *(*f)(void *))
{
	has_jumped = 0;
	start(f, NULL);
	while (!has_jumped)
		sched_yield();
}

int
main(void)
{
	void *none[4];
	int status;

	(void)backtrace(none, 4); /* loads libgcc, which allocates */
	sem_init(&ready, 0, 0);
	start(nested, NULL);
	start(innocent, NULL);
	start(deep, NULL);
	start_in_handler(handling, "handling", 0);
	start_in_handler(alternate, "alternate", SA_ONSTACK);
	start(resumes, NULL);
	start(spinning, NULL);
	start(allocating, NULL);
	start(deaf, NULL);
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memcpy(page, code, sizeof code);
	start_jump(no_stack);
	start_jump(circle_without_rules);
	start_jump(circle_by_rules);
	status = asks();
	point(status == 0, "gcprof_snapshot() succeeds");
	ends();
}
