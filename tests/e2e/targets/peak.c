/* peak.c -- heaps that are largest at some time, and smaller at the end.
 *
 *     peak hill      rises from two sites, falls from one, goes on with little
 *     peak waves     rises and falls many times, each time a little higher
 *     peak threads   one thread allocates, and has ended when another frees
 *     peak large     few blocks, each of its own pages
 *     peak end       is largest at the end
 *     peak freed     rises, and frees all at once
 *     peak trees     the same with blocks of one size
 *     peak few       eight blocks that come, and go one by one
 *     peak killed    a hill that SIGKILL ends when it falls
 *     peak forked    a hill, and another one in a child
 *
 * SPDX-License-Identifier: MIT
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { N = 40000 };
static void *volatile stones[N], *volatile trees[N], *volatile houses[N];

/* mark: else the compiler makes one function of all. */
#define MAKER(name, mark)                                                                \
	__attribute__((noinline)) static void *name(size_t bytes)                        \
	{                                                                                \
		char *p = malloc(bytes);                                                 \
                                                                                         \
		if (!p)                                                                  \
			abort();                                                         \
		p[0] = mark;                                                             \
		return p;                                                                \
	}
MAKER(make_stone, 's')
MAKER(make_tree, 't')
MAKER(make_house, 'h')

static void
fill(void *volatile *to, int n, void *(*make)(size_t), size_t bytes)
{
	for (int i = 0; i < n; i++)
		to[i] = make(bytes);
}

static void
empty(void *volatile *from, int n)
{
	for (int i = 0; i < n; i++) {
		free(from[i]);
		from[i] = NULL;
	}
}

/* Blocks that live for a moment, as a program has that goes on. */
static void
go_on(void)
{
	for (int i = 0; i < 4 * N; i++)
		free(make_house(100));
}

static void
hill(void)
{
	fill(stones, N, make_stone, 300);
	fill(trees, N / 2, make_tree, 700);
	go_on();
	empty(stones, N);
	go_on();
}

static void
waves(void)
{
	fill(trees, N / 4, make_tree, 400);
	for (int height = 10; height <= 60; height++) {
		int n = N / 100 * height;

		fill(stones, n, make_stone, 250);
		fill(houses, n / 4, make_house, 90);
		empty(stones, n);
		empty(houses, n / 4);
	}
	empty(trees, N / 4);
}

static void *
build(void *with)
{
	(void)with;
	fill(stones, N, make_stone, 200);
	fill(houses, N / 3, make_house, 650);
	return NULL;
}

static void *
tear_down(void *with)
{
	(void)with;
	empty(stones, N);
	fill(trees, N / 8, make_tree, 100);
	return NULL;
}

static void
threads(void)
{
	void *(*const parts[])(void *) = {build, tear_down};

	for (int i = 0; i < 2; i++) {
		pthread_t t;

		if (pthread_create(&t, NULL, parts[i], NULL) || pthread_join(t, NULL))
			abort();
	}
}

static void
large(void)
{
	fill(stones, 80, make_stone, 700000);
	fill(houses, 30, make_house, 3000000);
	empty(stones, 80);
	empty(houses, 30);
	go_on();
}

static void
end(void)
{
	fill(trees, N, make_tree, 100);
	empty(trees, N);
	fill(stones, N, make_stone, 300);
	fill(houses, N, make_house, 40);
}

static void
freed(void)
{
	fill(stones, N, make_stone, 300);
	fill(trees, N / 2, make_tree, 500);
	empty(stones, N);
	empty(trees, N / 2);
}

static void
one_size(void)
{
	fill(trees, N, make_tree, 700);
	empty(trees, N);
}

static void
few(void)
{
	fill(houses, 8, make_house, 500000);
	empty(houses, 8);
	go_on();
}

static void
killed(void)
{
	fill(stones, N, make_stone, 500);
	empty(stones, N / 2);
	(void)raise(SIGKILL);
}

static void
forked(void)
{
	pid_t child;

	hill();
	child = fork();
	if (child == 0) {
		fill(stones, N, make_stone, 500);
		empty(stones, N);
		go_on();
		exit(0);
	}
	if (child < 0 || waitpid(child, NULL, 0) != child)
		abort();
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} courses[] = {{"hill", hill},      {"waves", waves},   {"threads", threads},
		       {"large", large},    {"end", end},       {"freed", freed},
		       {"trees", one_size}, {"forked", forked}, {"few", few},
		       {"killed", killed}};

	for (size_t i = 0; argc == 2 && i < sizeof courses / sizeof *courses; i++)
		if (strcmp(argv[1], courses[i].name) == 0) {
			courses[i].run();
			return 0;
		}
	fputs("usage: peak hill|waves|threads|large|end|freed|trees|forked|few|killed\n",
	      stderr);
	return 2;
}
