/* byhand.c -- a program that asks for leak checks itself, and leaks around fork.
 *
 * SPDX-License-Identifier: MIT
 */
#include "case.h"

#include <sys/wait.h>

#define WEAK __attribute__((weak))

void __lsan_disable(void) WEAK;
void __lsan_enable(void) WEAK;
void __lsan_ignore_object(const void *p) WEAK;
void __lsan_register_root_region(const void *p, size_t bytes) WEAK;
void __lsan_unregister_root_region(const void *p, size_t bytes) WEAK;
void __lsan_do_leak_check(void) WEAK;
int __lsan_do_recoverable_leak_check(void) WEAK;

static void *volatile global;

static NOINLINE void
lose(size_t bytes)
{
	void *volatile p = malloc(bytes);

	p = NULL;
	(void)p;
	wipe();
}

static void
answers(void *volatile *frame)
{
	(void)frame;
	global = malloc(70);
	printf("%d %d", gcprof_leak_check(), __lsan_do_recoverable_leak_check());
	global = NULL;
	wipe();
	printf(" %d %d", gcprof_leak_check(), __lsan_do_recoverable_leak_check());
	fflush(stdout);
}

/* A list that grows all the time, of which nothing is lost. */
static void
grows(void *volatile *frame)
{
	void *volatile *list = NULL;
	int i;

	(void)frame;
	for (i = 0; i < 100000; i++) {
		void *volatile *item = malloc(64);

		*item = (void *)list;
		list = item;
		global = (void *)list;
	}
	printf("%d", gcprof_leak_check());
	fflush(stdout);
}

static void
ends(void *volatile *frame)
{
	(void)frame;
	__lsan_do_leak_check();
	puts("nothing yet");
	fflush(stdout);
	lose(80);
	__lsan_do_leak_check();
	puts("not reached");
}

static void
disabled(void *volatile *frame)
{
	int i;

	(void)frame;
	for (i = 0; i < 20; i++) /* a place that was in use before is another way to allocate */
		free(malloc(100));
	__lsan_disable();
	__lsan_disable();
	lose(100);
	__lsan_enable();
	lose(200);
	__lsan_enable();
	lose(400);
}

/* What an ignored block leads to is not lost either. */
static void
ignored(void *volatile *frame)
{
	void *volatile *p = malloc(90);

	(void)frame;
	p[2] = malloc(91);
	__lsan_ignore_object((const void *)p);
	p = NULL;
	wipe();
}

/* Memory that the library takes for the allocator's, were it not registered. */
static void
registered(void *volatile *frame)
{
	void *volatile *p = calloc(1, 160);

	(void)frame;
	__lsan_register_root_region((const void *)(p + 10), 80);
	p[12] = malloc(500);
	p[2] = malloc(600);
	p = NULL;
	wipe();
}

static void
unregistered(void *volatile *frame)
{
	void *volatile *p = calloc(1, 160);

	(void)frame;
	__lsan_register_root_region((const void *)p, 160);
	p[12] = malloc(500);
	__lsan_unregister_root_region((const void *)p, 160);
	p = NULL;
	wipe();
}

static void
around_fork(void *volatile *frame)
{
	int child;

	(void)frame;
	lose(100);
	child = fork();
	if (child == 0) {
		lose(20);
		exit(0);
	}
	waitpid(child, NULL, 0);
	lose(3);
}

/* The child lost what the parent still has. */
static void
lost_by_child(void *volatile *frame)
{
	int child;

	(void)frame;
	global = malloc(1000);
	child = fork();
	if (child == 0) {
		global = NULL;
		exit(0);
	}
	waitpid(child, NULL, 0);
}

static const struct leak_case cases[] = {
	{"answers", answers, "1/70 0/0 0/0", "-"},
	{"grows", grows, NOTHING, "-"},
	{"ends", ends, "1/80 0/0 0/0", "-"},
	{"disabled", disabled, "1/400 0/0 0/0", "-"},
	{"ignored", ignored, NOTHING, "-"},
	{"registered", registered, "1/160 1/600 0/0", "-"},
	{"unregistered", unregistered, "1/160 1/500 0/0", "-"},
	{"around-fork", around_fork, "2/103 0/0 0/0", "-"},
	{"lost-by-child", lost_by_child, NOTHING, "-"},
	{NULL, NULL, NULL, NULL},
};

int
main(int argc, char **argv)
{
	void *volatile frame[64] = {0};

	return run_case(cases, argc, argv, frame);
}
