/* test_unwind.c -- what is remembered of earlier stacks changes no site.
 *
 * Every stack is asked for twice: of an unwinder that has seen all those before, and of one
 * that has seen none.  Equal paths have one number, so both must give the same; that it
 * is the right one, and what other unwinders find, is for e2e/stacks.sh and e2e/verify.sh.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/mem.h"
#include "lib/sites.h"
#include "lib/unwind.h"

#include <alloca.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define OPAQUE(x) __asm__ volatile("" : "+r"(x) : : "memory")

static __thread struct unwind *used, *fresh;
static __thread unsigned n_asked, n_different;
static __thread uint32_t state;

static unsigned
rnd(void)
{
	state = state * 1103515245u + 12345u;
	return state >> 8;
}

static struct unwind *
new_unwinder(void)
{
	struct unwind *u = mem_map(unwind_bytes());

	if (!u)
		abort();
	unwind_reset(u);
	return u;
}

static void
begin(void)
{
	used = new_unwinder();
	fresh = new_unwinder();
	n_asked = n_different = 0;
	state = 1;
}

#if __has_attribute(noipa)
#define NOIPA __attribute__((noipa))
#else
#define NOIPA NOINLINE
#endif

/* The site of the caller's stack, as an allocation there has it; itself built with frame
 * pointers. */
NOIPA static site_id
ask(void)
{
	const uintptr_t *frame = __builtin_frame_address(0);
	struct caller c = {.pc = frame[1], .sp = (uintptr_t)(frame + 2), .bp = frame[0]};
	site_id site = unwind_site(used, &c);

	unwind_reset(fresh);
	n_asked++;
	if (unwind_site(fresh, &c) != site && n_different++ < 4)
		print_message("# stack %u has site %u, and would have another\n", n_asked,
			      site);
	return site;
}

/* ---- recursion ------------------------------------------------------------- */

/* What happens at a level; it calls levels further in. */
static __thread void (*at_level)(int depth);

typedef void level(int depth);

NOINLINE static void
plain(int depth)
{
	at_level(depth);
	OPAQUE(depth);
}

/* Has a frame pointer: its size is not known. */
NOINLINE static void
with_array(int depth)
{
	volatile char *room = alloca(depth % 2 ? 40 : 200);

	room[0] = 1;
	at_level(depth);
	room[0]++;
}

/* Its frame is found by a word in memory. */
NOINLINE static void
realigned(int depth)
{
	volatile char room[64] __attribute__((aligned(64)));
	volatile char *more = alloca((size_t)depth % 40 + 50);

	room[0] = more[0] = 1;
	at_level(depth);
	room[0]++;
	more[0]++;
}

/* The frame pointer has another use: so many values are kept. */
NOINLINE static void
uses_registers(int depth)
{
	unsigned a = rnd(), b = rnd(), c = rnd(), d = rnd(), e = rnd();

	at_level(depth);
	a = a * 3 + b * 5 + c * 7 + d * 11 + e * 13;
	OPAQUE(a);
}

NOINLINE static void
large(int depth)
{
	volatile char room[1000];

	room[0] = 1;
	at_level(depth);
	room[0]++;
}

/* One of two ways to the next level, which differ in nothing but the return address. */
NOINLINE static void
twin(int depth)
{
	if (rnd() % 2) {
		at_level(depth);
		OPAQUE(depth);
	} else {
		at_level(depth);
		__asm__ volatile("nop");
	}
}

static level *const shapes[] = {plain, with_array, realigned, uses_registers, large};
static level *const twins[] = {twin, twin, twin, twin, twin};
static level *const *shapes_now;
enum { N_SHAPES = sizeof shapes / sizeof *shapes };

enum { N_STACKS = 30000 };
static __thread int goal, deepest;
static __thread unsigned limit; /* of stacks asked for */
static __thread sigjmp_buf outside;
static __thread bool may_jump;

static int
new_goal(int depth)
{
	int n = (int)rnd();

	n = n % 64 == 0 ? n / 64 % deepest : depth + n / 64 % 17 - 8;
	return n < 1 ? 1 : n < deepest ? n : deepest - 1;
}

/* In and out as long as the goal is not outside. */
NOINLINE static void
wander(int depth)
{
	while (n_asked < limit) {
		unsigned n = rnd() % 4096;

		if (n == 0 && may_jump)
			siglongjmp(outside, 1);
		if (n == 1)
			unwind_forget_rules();
		if (n < 16)
			(void)raise(SIGUSR1);
		else if (n % 4 == 0)
			(void)ask();
		if (goal == depth)
			goal = new_goal(depth);
		if (goal < depth)
			return;
		if (goal > depth)
			shapes_now[rnd() % N_SHAPES](depth + 1);
	}
}

static void
handler(int sig)
{
	(void)ask();
	OPAQUE(sig);
}

/* most: levels, each of two frames. */
static void
wander_about(int most, level *const *levels)
{
	static char elsewhere[1 << 16];
	stack_t ss = {.ss_sp = elsewhere, .ss_size = sizeof elsewhere};
	struct sigaction sa = {.sa_handler = handler, .sa_flags = SA_ONSTACK};

	assert_int_equal(sigaltstack(&ss, NULL), 0);
	assert_int_equal(sigaction(SIGUSR1, &sa, NULL), 0);
	begin();
	at_level = wander;
	may_jump = true;
	limit = N_STACKS;
	shapes_now = levels;
	deepest = most;
	while (n_asked < limit) {
		goal = 1 + (int)(rnd() % (unsigned)deepest);
		if (sigsetjmp(outside, 1) == 0)
			wander(0);
	}
	assert_int_equal(n_different, 0);
}

static void
test_shallow(void **unused)
{
	(void)unused;
	wander_about(20, shapes);
	wander_about(20, twins);
}

/* Up to 400 frames: some are cut. */
static void
test_around_the_cut(void **unused)
{
	(void)unused;
	wander_about(200, shapes);
	wander_about(200, twins);
}

/* As deep as stacks have one site, whatever was before. */
static void
test_deep(void **unused)
{
	(void)unused;
	wander_about(490, shapes);
	wander_about(490, twins);
}

/* ---- frame pointers -------------------------------------------------------- */

enum { ROOM = 1024 };

NOINLINE static void
innermost(unsigned which)
{
	if (which & 1)
		(void)ask();
	OPAQUE(which);
	if (which & 2)
		(void)ask();
	OPAQUE(which);
}

NOINLINE static void
found_by_bp(size_t room, unsigned which)
{
	void *p = alloca(room);

	OPAQUE(p);
	if (which & 4)
		(void)ask();
	innermost(which);
	OPAQUE(p);
	if (which & 8)
		innermost(which);
	OPAQUE(p);
}

/* Keeps its caller's frame pointer in memory: what is further in does not depend on it. */
NOINLINE static void
keeps_bp(size_t room, unsigned which)
{
	unsigned a = rnd(), b = rnd(), c = rnd(), d = rnd(), e = rnd();

	found_by_bp(room, which);
	a = a * 3 + b * 5 + c * 7 + d * 11 + e * 13;
	OPAQUE(a);
}

NOINLINE static void
above(size_t room, unsigned which)
{
	void (*next)(size_t, unsigned) = which & 32 ? keeps_bp : found_by_bp;
	void *p = alloca(ROOM - room);

	OPAQUE(p);
	if (which & 16) {
		next(room, which);
		OPAQUE(p);
	} else {
		next(room, which);
		__asm__ volatile("nop");
	}
}

/* Stacks whose inner frames are at one place and whose outer ones are not; what was there
 * before is in memory still. */
static void
test_frame_pointers_count(void **unused)
{
	(void)unused;
	begin();
	while (n_asked < N_STACKS)
		above(rnd() % 3 * (ROOM / 2), rnd());
	assert_int_equal(n_different, 0);
}

/* ---- equal stacks are one site ----------------------------------------------- */

enum { DEPTH = 480 };
static __thread site_id sites[DEPTH + 1];

/* Each level asks when it is entered, and again when it is left. */
NOINLINE static void
straight(int depth)
{
	site_id site = ask();

	if (sites[depth] && sites[depth] != site)
		n_different++;
	sites[depth] = site;
	if (depth < DEPTH)
		plain(depth + 1);
	OPAQUE(depth);
	(void)ask();
}

NOINLINE static void
one_way(void)
{
	straight(0);
	__asm__ volatile("nop");
}

NOINLINE static void
another_way(void)
{
	straight(0);
	__asm__ volatile("nop; nop");
}

/* In a path that is cut is nothing of what is further out. */
static void
test_cut_stacks_of_two_callers(void **unused)
{
	(void)unused;
	begin();
	at_level = straight;
	one_way();
	memset(sites, 0, 380 / 2 * sizeof *sites); /* these are whole */
	another_way();
	assert_int_equal(n_different, 0);
}

/* Two ways at one level, which differ in nothing but the return address. */
NOINLINE static void
turning(int depth, int turn)
{
	if (depth == 0) {
		(void)ask();
	} else if (depth == turn) {
		turning(depth - 1, turn);
		__asm__ volatile("nop");
	} else {
		turning(depth - 1, turn);
		OPAQUE(depth);
	}
}

/* Wherever a stack differs from the one before, by one word of memory, that is seen if the
 * frame is in the path. */
static void
test_one_frame_differs(void **unused)
{
	static const int depths[] = {100, 380, 450, 900};

	(void)unused;
	begin();
	for (size_t i = 0; i < sizeof depths / sizeof *depths; i++)
		for (volatile int turn = 0; turn <= depths[i]; turn++)
			turning(depths[i], turn);
	assert_int_equal(n_different, 0);
}

/* By the ways that are chosen for each level. */
static unsigned char ways[DEPTH];

NOINLINE static void
by_ways(int depth, int most)
{
	if (depth == most) {
		(void)ask();
	} else if (ways[depth]) {
		by_ways(depth + 1, most);
		__asm__ volatile("nop");
	} else {
		by_ways(depth + 1, most);
		OPAQUE(depth);
	}
}

/* The same few ways after a stack that was cut as before it. */
static void
test_short_stacks_after_deep_ones(void **unused)
{
	(void)unused;
	begin();
	while (n_asked < N_STACKS) {
		ways[20] = rnd() % 2;
		ways[30] = rnd() % 2;
		/* Often enough that it is worth to remember. */
		for (volatile int i = 0; i < 6; i++)
			by_ways(0, 34 + i % 2);
		if (rnd() % 4 == 0) {
			ways[20] ^= 1;
			by_ways(0, DEPTH);
		}
		by_ways(0, 34 + (int)rnd() % 2);
	}
	assert_int_equal(n_different, 0);
}

static void *
sites_of_thread(void *ret)
{
	begin();
	at_level = straight;
	for (volatile int i = 0; i < 2; i++) /* one call, not two */
		one_way();
	memcpy(ret, sites, sizeof sites);
	return n_different ? NULL : ret;
}

static void
test_threads_have_the_same_sites(void **unused)
{
	static site_id of[2][DEPTH + 1];
	pthread_t thread;
	void *result;

	(void)unused;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pthread_create(&thread, NULL, sites_of_thread, of[i]), 0);
		assert_int_equal(pthread_join(thread, &result), 0);
		assert_non_null(result);
	}
	assert_memory_equal(of[0], of[1], sizeof of[0]);
}

/* ---- coroutines -------------------------------------------------------------- */

enum { MOST_PAGES = 32, PAGE_BYTES = 4096 };
static ucontext_t back, there;

static void
run_coroutine(void)
{
	goal = 1 + (int)(rnd() % (unsigned)deepest);
	wander(0);
}

/* Their stacks are unmapped and mapped again at the same place, with other sizes. */
static void
test_coroutines(void **unused)
{
	char *at = mmap(NULL, MOST_PAGES * PAGE_BYTES, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	(void)unused;
	assert_ptr_not_equal(at, MAP_FAILED);
	begin();
	at_level = wander;
	may_jump = false;
	shapes_now = twins;
	deepest = 60;
	for (unsigned end = 1000; end <= N_STACKS; end += 50) {
		size_t bytes = (8 + rnd() % (MOST_PAGES - 8)) * PAGE_BYTES;

		assert_ptr_equal(mmap(at, bytes, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
				 at);
		assert_int_equal(getcontext(&there), 0);
		there.uc_stack = (stack_t){.ss_sp = at, .ss_size = bytes};
		there.uc_link = &back;
		limit = end;
		makecontext(&there, run_coroutine, 0);
		assert_int_equal(swapcontext(&back, &there), 0);
		assert_ptr_equal(mmap(at, MOST_PAGES * PAGE_BYTES, PROT_NONE,
				      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED,
				      -1, 0),
				 at);
	}
	assert_int_equal(n_different, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shallow),
		cmocka_unit_test(test_around_the_cut),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_frame_pointers_count),
		cmocka_unit_test(test_cut_stacks_of_two_callers),
		cmocka_unit_test(test_one_frame_differs),
		cmocka_unit_test(test_short_stacks_after_deep_ones),
		cmocka_unit_test(test_threads_have_the_same_sites),
		cmocka_unit_test(test_coroutines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
