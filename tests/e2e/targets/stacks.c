/* stacks.c -- every allocation's stack, told by libunwind and by libgcc.
 *
 *     stacks STEPS [SEED]
 *
 * A random walk over functions of many shapes: plain ones, ones with alloca,
 * with arrays of variable length, with over-aligned locals, with many arguments,
 * callbacks of qsort and bsearch, calls through pointers and through the PLT,
 * signal handlers, coroutines on stacks from malloc, jumps out of deep recursion.
 * In each place a block is allocated and kept now and then, and the program says
 * what libunwind thinks the stack is.  The same source is compiled in several ways.
 *
 * Lines on fd 3:
 *     module BIAS PATH
 *     stack ADDRESS REFERENCE...     return addresses, innermost first; the first
 *                                    lies in the function that called malloc
 *
 * SPDX-License-Identifier: MIT
 */
#define UNW_LOCAL_ONLY
#include "truth.h"
#include <alloca.h>
#include <libunwind.h>
#include <link.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <ucontext.h>

enum { MOST_FRAMES = 1000 };

#ifdef DIRECT_CALLS
#define v_malloc malloc /* through the PLT, bound at the first call */
#else
static void *(*volatile v_malloc)(size_t) = malloc;
#endif

static uint32_t state = 1;
static int steps_left;
static char text[32768];

static void
tell(void *block, void **frames, int n)
{
	char *end = text;
	int i;

	end += sprintf(end, "stack %p", block);
	for (i = 0; i < n && end < text + sizeof text - 32; i++)
		end += sprintf(end, " %lx", (unsigned long)frames[i]);
	*end++ = '\n';
	if (write(TRUTH_FD, text, (size_t)(end - text)) != end - text)
		_exit(97);
}

/* In the function that uses it: the reference, then the allocation. */
#define ALLOCATE_HERE()                                                                  \
	do {                                                                             \
		static void *frames_[MOST_FRAMES];                                       \
		sigset_t timer_, before_;                                                \
		int n_;                                                                  \
		void *block_;                                                            \
                                                                                         \
		/* The frames and tell's text are shared with the timer's handler. */    \
		sigemptyset(&timer_);                                                    \
		sigaddset(&timer_, SIGPROF);                                             \
		sigprocmask(SIG_BLOCK, &timer_, &before_);                               \
		n_ = unw_backtrace(frames_, MOST_FRAMES);                                \
		block_ = v_malloc(n_ > 0 ? (size_t)n_ : 1);                              \
		tell(block_, frames_, n_);                                               \
		steps_left--;                                                            \
		sigprocmask(SIG_SETMASK, &before_, NULL);                                \
	} while (0)

typedef int shape(int depth);
static shape *const shapes[];
static const unsigned n_shapes;
static sigjmp_buf jump;
static int jump_depth = -1;

/* Go on in some other function, or come back. */
NOINLINE static int
next(int depth)
{
	int i, n = 0, times;

	if (steps_left <= 0)
		return 0;
	if (depth <= 0) {
		ALLOCATE_HERE();
		return 1;
	}
	times = rnd(&state) % 8 == 0 ? 2 : 1;
	for (i = 0; i < times; i++)
		n += shapes[rnd(&state) % n_shapes](depth - 1);
	OPAQUE(n);
	return n;
}

NOINLINE static int
plain(int depth)
{
	int n = next(depth);

	ALLOCATE_HERE();
	return n + 1;
}

NOINLINE static int
big_frame(int depth)
{
	volatile char room[3000];

	room[depth] = 1;
	return next(depth) + room[depth];
}

NOINLINE static int
with_alloca(int depth)
{
	volatile char *room = alloca(rnd(&state) % 500 + 1);
	int n;

	room[0] = 1;
	n = next(depth) + room[0];
	if (n % 2)
		ALLOCATE_HERE();
	return n;
}

NOINLINE static int
with_vla(int depth)
{
	volatile char room[rnd(&state) % 300 + 1];

	room[0] = 1;
	return next(depth) + room[0];
}

/* The stack pointer is realigned: the frame is found through a saved register. */
NOINLINE static int
over_aligned(int depth)
{
	volatile char room[192] __attribute__((aligned(64)));

	room[0] = 1;
	if ((uintptr_t)room % 64 != 0)
		return 0;
	if (depth % 3 == 0)
		ALLOCATE_HERE();
	return next(depth) + room[0];
}

NOINLINE static int
over_aligned_variadic(int depth, ...)
{
	volatile char room[64] __attribute__((aligned(128)));
	volatile char *more = alloca(rnd(&state) % 100 + 1);
	va_list args;
	int n;

	va_start(args, depth);
	room[0] = 1;
	more[0] = 1;
	n = next(depth) + va_arg(args, int) + room[0] + more[0];
	va_end(args);
	return n;
}

static int
call_variadic(int depth)
{
	return over_aligned_variadic(depth, 1, 2.0, 3, 4, 5, 6, 7, 8, 9);
}

/* Arguments on the stack: without a frame pointer the frame's size differs from
 * call to call. */
NOINLINE static int
many_arguments(int depth, long a, long b, long c, long d, long e, long f, long g, long h, long i)
{
	long sum = a + b + c + d + e + f + g + h + i;

	OPAQUE(sum);
	return next(depth) + (int)(sum % 3);
}

static int
call_many(int depth)
{
	int n = many_arguments(depth, 1, 2, 3, 4, 5, 6, 7, 8, 9);

	OPAQUE(n);
	if (n % 4 == 0)
		n += many_arguments(depth - 1, n, n, n, n, n, n, n, n, n);
	return n;
}

static int compare_depth;

static int
compare(const void *a, const void *b)
{
	int depth = compare_depth;

	if (depth > 0) {
		compare_depth = 0;
		next(depth);
	} else if (rnd(&state) % 16 == 0 && steps_left > 0) {
		ALLOCATE_HERE();
	}
	return *(const int *)a - *(const int *)b;
}

/* libc between us and us. */
static int
through_qsort(int depth)
{
	int numbers[9];
	int i;

	for (i = 0; i < 9; i++)
		numbers[i] = (int)(rnd(&state) % 100);
	compare_depth = depth;
	qsort(numbers, 9, sizeof numbers[0], compare);
	OPAQUE(i);
	return numbers[0];
}

static int
through_bsearch(int depth)
{
	int numbers[] = {1, 2, 3, 4, 5}, wanted = 4;

	compare_depth = depth;
	return bsearch(&wanted, numbers, 5, sizeof numbers[0], compare) != NULL;
}

static void
once(void)
{
	next(3);
}

static int
through_once(int depth)
{
	pthread_once_t control = PTHREAD_ONCE_INIT;

	pthread_once(&control, once);
	return depth;
}

static int handler_depth = -1;

static void
handler(int sig)
{
	int depth = handler_depth;

	(void)sig;
	handler_depth = -1;
	ALLOCATE_HERE();
	next(depth);
}

static int
through_signal(int depth)
{
	handler_depth = depth;
	raise(SIGUSR1);
	return depth;
}

/* Not at a call: the signal comes at an instruction in the middle of code, of
 * a function whose frame may be half built. */
static volatile sig_atomic_t n_timer;

static void
timer_handler(int sig)
{
	(void)sig;
	n_timer++;
	ALLOCATE_HERE();
}

NOINLINE static int
leaf_work(volatile int *p, int n)
{
	return n <= 0 ? *p : leaf_work(p, n - 1) + 1;
}

static int
through_timer(int depth)
{
	timer_t timer;
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGPROF};
	struct itimerspec soon = {{0, 0}, {0, 20000}};
	volatile int n = 0, until = n_timer + 1;

	/* To the thread that walks: another would tell its stack in the same text. */
	event._sigev_un._tid = gettid();
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0)
		return 0;
	timer_settime(timer, 0, &soon, NULL);
	while (n_timer < until)
		n = leaf_work(&n, 30) - 30;
	timer_delete(timer);
	return depth;
}

/* A stack made in malloc'd memory, with its own outermost frame. */
static ucontext_t outside, inside;
static int coroutine_depth, in_coroutine;

static void
coroutine(void)
{
	next(coroutine_depth);
	swapcontext(&inside, &outside);
	next(coroutine_depth);
	ALLOCATE_HERE();
}

static int
through_coroutine(int depth)
{
	enum { STACK_BYTES = 256 * 1024 };
	static char *stacks[4];
	char *stack;

	if (in_coroutine)
		return next(depth);
	in_coroutine = 1;
	stack = stacks[depth % 4];
	if (stack == NULL)
		stack = stacks[depth % 4] = malloc(STACK_BYTES);
	coroutine_depth = depth;
	getcontext(&inside);
	inside.uc_stack.ss_sp = stack;
	inside.uc_stack.ss_size = STACK_BYTES;
	inside.uc_link = &outside;
	makecontext(&inside, coroutine, 0);
	swapcontext(&outside, &inside);
	ALLOCATE_HERE();
	swapcontext(&outside, &inside);
	in_coroutine = 0;
	return depth;
}

/* Out of many frames at once.  Not across a coroutine's or a handler's edge. */
NOINLINE static void
deep_then_jump(int depth)
{
	volatile char room[depth % 60 + 1] __attribute__((unused));

	room[0] = 1;
	ALLOCATE_HERE();
	if (depth == 0)
		siglongjmp(jump, 1);
	deep_then_jump(depth - 1);
	room[0] = 2;
}

static int
jumps(int depth)
{
	sigjmp_buf outer;

	memcpy(&outer, &jump, sizeof outer);
	if (sigsetjmp(jump, 1) == 0)
		deep_then_jump(depth % 7);
	memcpy(&jump, &outer, sizeof jump);
	ALLOCATE_HERE();
	return jump_depth;
}

/* A tail call: the caller's frame is gone, and no stack shows it. */
NOINLINE static int
tail(int depth)
{
	return next(depth);
}

static shape *const shapes[] = {plain, plain, big_frame, with_alloca, with_vla, over_aligned,
	call_variadic, call_many, through_qsort, through_bsearch, through_once, through_signal,
	through_timer, through_coroutine, jumps, tail};
static const unsigned n_shapes = sizeof shapes / sizeof shapes[0];

static int
tell_module(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size;
	(void)data;
	say("module %lx %s", (unsigned long)info->dlpi_addr, info->dlpi_name[0] ? info->dlpi_name : "/proc/self/exe");
	return 0;
}

static void *
walk(void *arg)
{
	int n = *(int *)arg;

	steps_left = n;
	while (steps_left > 0)
		next((int)(rnd(&state) % 25));
	return NULL;
}

int
main(int argc, char **argv)
{
	struct sigaction sa = {.sa_handler = handler, .sa_flags = SA_NODEFER};
	int n = argc > 1 ? atoi(argv[1]) : 500;
	pthread_t thread;

	if (argc > 2)
		state = (uint32_t)atoi(argv[2]);
	sigaction(SIGUSR1, &sa, NULL);
	sa.sa_handler = timer_handler;
	sigaction(SIGPROF, &sa, NULL);
	dl_iterate_phdr(tell_module, NULL);
	walk(&n);
	pthread_create(&thread, NULL, walk, &n);
	pthread_join(thread, NULL);
	puts("walked");
	return 0;
}
