/* hops.c -- stacks that change places, for GCPROF_VERIFY to compare.
 *
 *     hops STEPS [up]
 *
 * Coroutines that leave off at any depth, of which two threads go on with one after the
 * other; each has its stack in two pieces, of which the second lies below the first, or,
 * half of them with "up", above it.  Stacks of those that end are unmapped, and others come to the same
 * addresses.  On all of them code made at run time, with frame pointers and no tables,
 * calls ours and is called, and is made anew, with other frames, where it was.
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"
#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <ucontext.h>

enum { N_COROUTINES = 12, N_THREADS = 2, N_MADE = 16, MADE_BYTES = 64, PIECE_BYTES = 256 << 10 };

typedef void level(int depth);

struct coroutine {
	ucontext_t context;
	char *pieces; /* two; NULL: there is no such coroutine now */
	char *second_end; /* of the piece that is hopped to, NULL while on it */
	int is_over;
};

static void *(*volatile v_malloc)(size_t) = malloc;
static uint32_t state = 3;
static struct coroutine coroutines[N_COROUTINES], *current;
static ucontext_t resumer;
static unsigned char *code;
static level *const shapes[];

/* One of the threads runs at a time. */
static sem_t turns[N_THREADS];
static int steps_left, may_go_up;

NOINLINE static void
allocate(void)
{
	static void *kept[64];
	void **slot = &kept[rnd(&state) % 64];
	void *p = v_malloc(rnd(&state) % 200);

	OPAQUE(p);
	free(*slot);
	*slot = p;
}

NOINLINE static void
down(int depth)
{
	unsigned n = rnd(&state);

	if (n % 4 == 0)
		swapcontext(&current->context, &resumer);
	if (depth <= 0 || n % 8 == 1)
		allocate();
	if (depth > 0)
		shapes[n / 8 % 5](depth - 1);
	OPAQUE(depth);
}

NOINLINE static void
with_vla(int depth)
{
	volatile char room[rnd(&state) % 300 + 1];

	room[0] = 1;
	down(depth);
	room[0]++;
}

NOINLINE static void
plain(int depth)
{
	down(depth);
	allocate();
	OPAQUE(depth);
}

#if defined __x86_64__

/* Calls f(depth) on another stack, whose frames lead back to this one. */
void call_on(char *stack_end, level *f, int depth);
__asm__(".text\n"
	".type call_on, @function\n"
	"call_on:\n\t.cfi_startproc\n\t"
	"push %rbp\n\t.cfi_def_cfa_offset 16\n\t.cfi_offset %rbp, -16\n\t"
	"mov %rsp, %rbp\n\t.cfi_def_cfa_register %rbp\n\t"
	"mov %rdi, %rsp\n\tmov %edx, %edi\n\tcall *%rsi\n\t"
	"leave\n\t.cfi_def_cfa %rsp, 8\n\tret\n\t.cfi_endproc\n\t"
	".size call_on, . - call_on\n");

/* push rbp; mov rbp, rsp; sub rsp, frame; mov rax, down; call rax; leave; ret */
static void
make(unsigned at)
{
	unsigned char *to = code + at * MADE_BYTES;
	void *callee = (void *)down;
	int frame = (int)(rnd(&state) % 20) * 16;

	memcpy(to, "\x55\x48\x89\xe5\x48\x81\xec", 7);
	memcpy(to + 7, &frame, 4);
	memcpy(to + 11, "\x48\xb8", 2);
	memcpy(to + 13, &callee, 8);
	memcpy(to + 21, "\xff\xd0\xc9\xc3", 4);
}

#endif

static void
hop(int depth)
{
#if defined __x86_64__
	char *end = current->second_end;

	current->second_end = NULL;
	if (end) {
		call_on(end, down, depth);
		current->second_end = end;
		return;
	}
#endif
	down(depth);
	OPAQUE(depth);
}

/* Code that is on no stack may be made anew. */
static void
made(int depth)
{
#if defined __x86_64__
	static int n_inside[N_MADE];
	unsigned at = rnd(&state) % N_MADE;

	if (n_inside[at]++ == 0)
		make(at);
	((level *)(void *)(code + at * MADE_BYTES))(depth);
	n_inside[at]--;
#else
	down(depth);
#endif
	OPAQUE(depth);
}

static level *const shapes[] = {plain, with_vla, hop, made, made};

static void
run(void)
{
	down((int)(rnd(&state) % 30));
	current->is_over = 1;
	swapcontext(&current->context, &resumer);
}

static void
begin(struct coroutine *c)
{
	int is_up = may_go_up && rnd(&state) % 2;

	c->pieces = mmap(NULL, 2 * PIECE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (c->pieces == MAP_FAILED)
		_exit(96);
	c->is_over = 0;
	getcontext(&c->context);
	c->context.uc_stack.ss_sp = c->pieces + (is_up ? 0 : PIECE_BYTES);
	c->context.uc_stack.ss_size = PIECE_BYTES;
	c->second_end = c->pieces + (is_up ? 2 * PIECE_BYTES : PIECE_BYTES) - 64;
	makecontext(&c->context, run, 0);
}

static void
resume(struct coroutine *c)
{
	if (!c->pieces)
		begin(c);
	current = c;
	swapcontext(&resumer, &c->context);
	if (c->is_over) {
		munmap(c->pieces, 2 * PIECE_BYTES);
		c->pieces = NULL;
	}
}

static void *
take_turns(void *arg)
{
	int me = (int)(intptr_t)arg;

	for (;;) {
		sem_wait(&turns[me]);
		if (steps_left-- <= 0)
			break;
		resume(&coroutines[rnd(&state) % N_COROUTINES]);
		sem_post(&turns[rnd(&state) % N_THREADS]);
	}
	sem_post(&turns[!me]);
	return NULL;
}

int
main(int argc, char **argv)
{
	pthread_t threads[N_THREADS];
	int i;

	steps_left = argc > 1 ? atoi(argv[1]) : 1000;
	may_go_up = argc > 2 && strcmp(argv[2], "up") == 0;
	code = mmap(NULL, N_MADE * MADE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (code == MAP_FAILED)
		return 3;
	for (i = 0; i < N_THREADS; i++)
		sem_init(&turns[i], 0, i == 0);
	for (i = 0; i < N_THREADS; i++)
		pthread_create(&threads[i], NULL, take_turns, (void *)(intptr_t)i);
	for (i = 0; i < N_THREADS; i++)
		pthread_join(threads[i], NULL);
	puts("done");
	return 0;
}
