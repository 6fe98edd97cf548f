/* stress.c -- all at once: threads that are born and die, allocate, reallocate and free
 * one another's blocks, fork, load and unload a library that allocates, and take
 * snapshots.  What is left at the end is the live set.
 *
 * Each of its sizes is 13 more than a multiple of 16, by which the script tells its
 * blocks from libc's.
 *
 *     stress OPERATIONS PLUGIN    operations of all threads together
 *
 * SPDX-License-Identifier: MIT
 */
#include "../../../lib/gcprof.h"
#include "truth.h"
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

enum { N_SLOTS = 4096, N_THREADS = 4, A_LIFE = 5000 /* operations */ };

struct slot {
	void *block;
	size_t bytes;
	const char *kind;
	long tid;
};
static struct slot slots[N_SLOTS];
static pthread_mutex_t locks[N_SLOTS];
static const char *plugin;

/* No compiler may know that these are malloc and its like. */
static void *(*volatile v_malloc)(size_t) = malloc;
static void *(*volatile v_calloc)(size_t, size_t) = calloc;
static void *(*volatile v_realloc)(void *, size_t) = realloc;
static void (*volatile v_free)(void *) = free;

static struct slot
exchange(uint32_t i, struct slot s)
{
	struct slot old;

	pthread_mutex_lock(&locks[i]);
	old = slots[i];
	slots[i] = s;
	pthread_mutex_unlock(&locks[i]);
	return old;
}

/* Allocates and ends without exit handlers; its own memory must not be ours. */
static void
fork_once(void)
{
	pid_t child = fork();
	int i;

	if (child == 0) {
		for (i = 0; i < 20; i++)
			v_free(v_malloc(100));
		(void)v_malloc(50);
		_exit(7);
	}
	if (child > 0) {
		while (waitpid(child, &i, 0) < 0 && errno == EINTR)
			;
		if (!WIFEXITED(i) || WEXITSTATUS(i) != 7)
			say("failed: a child ended with %d", i);
	}
}

/* What it allocated stays when it is unloaded. */
static struct slot
plug(long tid)
{
	void *library = dlopen(plugin, RTLD_NOW);
	void *(*get)(size_t) = library ? (void *(*)(size_t))dlsym(library, "stress_plugin_get") : NULL;
	struct slot s = {NULL, 77, "malloc", tid};

	if (get)
		s.block = get(s.bytes);
	else
		say("failed: %s", dlerror());
	if (library)
		dlclose(library);
	return s;
}

static void
operate(uint32_t *state, long tid)
{
	uint32_t i = rnd(state) % N_SLOTS, what = rnd(state) % 4096;
	struct slot s = {NULL, rnd(state) % 90 * 16 + 13, NULL, tid}, old;

	if (rnd(state) % 64 == 0)
		s.bytes += 160000;
	if (what < 1200) {
		s.block = v_malloc(s.bytes);
		s.kind = "malloc";
	} else if (what < 1800) {
		s.block = v_calloc(1, s.bytes);
		s.kind = "calloc";
	} else if (what < 2800) {
		old = exchange(i, (struct slot){NULL, 0, NULL, 0});
		s.bytes += 32;
		s.block = v_realloc(old.block, s.bytes);
		s.kind = "realloc";
	} else if (what == 4095) {
		fork_once();
	} else if (what == 4094) {
		s = plug(tid);
	} else if (what == 4093) {
		kill(getpid(), SIGUSR2);
	} else if (what == 4092 && gcprof_snapshot() != 0) {
		say("failed: gcprof_snapshot");
	}
	v_free(exchange(i, s).block);
}

static void *
live(void *arg)
{
	uint32_t state = (uint32_t)(uintptr_t)arg;
	long tid = syscall(SYS_gettid);
	int i;

	for (i = 0; i < A_LIFE; i++)
		operate(&state, tid);
	return NULL;
}

int
main(int argc, char **argv)
{
	long n_lives, begun = 0;
	pthread_t threads[N_THREADS];
	int i;

	if (argc < 3)
		return 2;
	n_lives = atol(argv[1]) / A_LIFE;
	plugin = argv[2];
	for (i = 0; i < N_SLOTS; i++)
		pthread_mutex_init(&locks[i], NULL);
	while (begun < n_lives) {
		int n = 0;

		for (; n < N_THREADS && begun < n_lives; n++)
			if (pthread_create(&threads[n], NULL, live, (void *)(uintptr_t)++begun) != 0)
				return 3;
		while (n > 0)
			pthread_join(threads[--n], NULL);
	}
	for (i = 0; i < N_SLOTS; i++)
		if (slots[i].block)
			say("block %ld %p %zu %s %ld", (long)getpid(), slots[i].block, slots[i].bytes,
			    slots[i].kind, slots[i].tid);
	puts("done");
	return 0;
}
