/* api.c -- the calls of gcprof.h.
 *
 *     api absent     without the profiler: nothing happens
 *     api usage      gcprof_memory_usage() against what the program knows
 *     api snapshots DIR     gcprof_snapshot() and gcprof_snapshot_to()
 *     api marks
 *
 * SPDX-License-Identifier: MIT
 */
#include "../../../lib/gcprof.h"
#include "truth.h"
#include <pthread.h>
#include <stdbool.h>

#define MIB ((uint64_t)1 << 20)

static void *(*volatile v_malloc)(size_t) = malloc;
static void *(*volatile v_realloc)(void *, size_t) = realloc;
static void (*volatile v_free)(void *) = free;

static void
absent(void)
{
	struct gcprof_memory m;

	memset(&m, 0x77, sizeof m);
	errno = EXDEV;
	point(gcprof_snapshot() == -1, "gcprof_snapshot() gives -1");
	point(gcprof_snapshot_to("nowhere.heap") == -1 && access("nowhere.heap", F_OK) != 0,
		"gcprof_snapshot_to() gives -1 and writes nothing");
	errno = EXDEV;
	point(gcprof_memory_usage(&m) == -1 && m.rss == 0x7777777777777777,
		"gcprof_memory_usage() gives -1 and leaves its argument");
	point(gcprof_mark("x") == -1, "gcprof_mark() gives -1");
	point(errno == EXDEV, "and errno is untouched");
}

static uint64_t
field(const char *file, const char *name)
{
	char line[256];
	uint64_t value = 0;
	FILE *in = fopen(file, "r");

	while (in && fgets(line, sizeof line, in))
		if (!strncmp(line, name, strlen(name)))
			value = strtoull(line + strlen(name), NULL, 10) * 1024;
	if (in)
		fclose(in);
	return value;
}

static bool
within(uint64_t a, uint64_t least, uint64_t most)
{
	return a >= least && a <= most;
}

static void *
free_in_thread(void *block)
{
	v_free(block);
	return NULL;
}

static void
usage(void)
{
	struct gcprof_memory m0, m1;
	static void *blocks[1000];
	uint64_t rss;
	pthread_t thread;
	int i;

	errno = EXDEV;
	point(gcprof_memory_usage(&m0) == 0, "gcprof_memory_usage() gives 0");
	point(errno == EXDEV, "and keeps errno");
	rss = field("/proc/self/status", "VmRSS:");
	point(within(m0.rss + 4 * MIB, rss, rss + 8 * MIB), "rss is VmRSS of /proc/self/status (%llu of %llu)",
		(unsigned long long)m0.rss, (unsigned long long)rss);
	point(within(m0.total_memory, field("/proc/meminfo", "MemTotal:") / 100 * 99,
		      field("/proc/meminfo", "MemTotal:") / 100 * 101),
		"total_memory is the machine's");
	point(m0.free_memory > 0 && m0.free_memory < m0.total_memory, "free_memory is less than that");
	gcprof_memory_usage(&m0);
	for (i = 0; i < 1000; i++) {
		blocks[i] = v_malloc(30000);
		memset(blocks[i], 1, 30000);
	}
	gcprof_memory_usage(&m1);
	point(m1.heap_used - m0.heap_used == 30000000, "heap_used grows by the bytes asked for, exactly (%lld)",
		(long long)(m1.heap_used - m0.heap_used));
	point(m1.heap_total >= m1.heap_used, "heap_total is at least heap_used");
	point(within(m1.rss - m0.rss, 28000000, 60000000), "rss grows when blocks are written");
	for (i = 0; i < 500; i++)
		blocks[i] = v_realloc(blocks[i], 10000);
	gcprof_memory_usage(&m1);
	point(m1.heap_used - m0.heap_used == 20000000, "realloc changes heap_used by the difference (%lld)",
		(long long)(m1.heap_used - m0.heap_used));
	for (i = 0; i < 1000; i += 10) {
		pthread_create(&thread, NULL, free_in_thread, blocks[i]);
		pthread_join(thread, NULL);
	}
	for (i = 0; i < 1000; i++)
		if (i % 10)
			v_free(blocks[i]);
	gcprof_memory_usage(&m1);
	/* the C library keeps something for threads */
	point(within(m1.heap_used - m0.heap_used + 4096, 4096, 8192),
		"frees in this and in other threads bring heap_used back (%lld)",
		(long long)(m1.heap_used - m0.heap_used));
	point(m1.profiler > 0 && m1.profiler < 64 * MIB, "the profiler says what it takes itself");
}

static void
snapshots(const char *dir)
{
	char name[4096];
	int i, done = 0;

	for (i = 0; i < 5; i++) {
		keep(v_malloc(1000 + (size_t)i), 1000 + (size_t)i, "malloc");
		done += gcprof_snapshot() == 0;
	}
	point(done == 5, "five snapshots are written");
	snprintf(name, sizeof name, "%s/named.%%p.heap", dir);
	point(gcprof_snapshot_to(name) == 0, "a snapshot under a name of the program's");
	snprintf(name, sizeof name, "%s/named.%ld.heap", dir, (long)getpid());
	point(access(name, R_OK) == 0, "the file stands there when the call returns");
	snprintf(name, sizeof name, "%s/no-such-directory/named.heap", dir);
	point(gcprof_snapshot_to(name) == -1, "a name that cannot be written gives -1");
}

static void
marks(void)
{
	int i, refused = 0, noted = 0;
	char label[200];

	point(gcprof_mark("first") == 0, "a mark is noted");
	memset(label, 'x', sizeof label - 1);
	label[sizeof label - 1] = '\0';
	point(gcprof_mark(label) == 0, "a long label is cut, not refused");
	for (i = 0; i < 100000 && !refused; i++) {
		if (gcprof_mark("many") == 0)
			noted++;
		else
			refused++;
	}
	point(noted > 10, "more marks can follow, and there is an end to them");
}

int
main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	if (!strcmp(mode, "absent"))
		absent();
	else if (!strcmp(mode, "usage"))
		usage();
	else if (!strcmp(mode, "snapshots"))
		snapshots(argc > 2 ? argv[2] : ".");
	else
		marks();
	return 0;
}
