/* mappings.c -- memory that a program maps itself.
 *
 *     mappings map       map, unmap, remap, protect; fd 3 tells what is left:
 *                            map ADDRESS BYTES FLAGS FUNCTION
 *     mappings usage     the same seen by gcprof_memory_usage(), as points
 *
 * FLAGS as in heapfile.h: 1 read, 2 write, 4 execute, 8 shared, 16 file.
 * FUNCTION is what called mmap for (most of) it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "../../../lib/gcprof.h"
#include "truth.h"
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>

#define MIB ((size_t)1 << 20)
enum { PAGE = 4096, RW = PROT_READ | PROT_WRITE, ANON = MAP_PRIVATE | MAP_ANONYMOUS };

static void *(*volatile v_mmap)(void *, size_t, int, int, int, off_t) = mmap;
static void *(*volatile v_mmap64)(void *, size_t, int, int, int, off64_t) = mmap64;

NOINLINE static char *
map_here(size_t n, int protection, int flags)
{
	char *p = v_mmap(NULL, n, protection, flags, -1, 0);

	OPAQUE(p);
	if (p == MAP_FAILED)
		_exit(90);
	return p;
}

NOINLINE static char *
map_there(void *at, size_t n, int protection)
{
	char *p = v_mmap64(at, n, protection, ANON | MAP_FIXED, -1, 0);

	OPAQUE(p);
	if (p != at)
		_exit(91);
	return p;
}

NOINLINE static char *
remap_here(void *p, size_t from, size_t to, int flags)
{
	char *q = mremap(p, from, to, flags);

	OPAQUE(q);
	return q;
}

/* A hole of nothing on either side, so that no two mappings touch by chance. */
static char *
island(size_t n)
{
	char *p = map_here(n + 2 * PAGE, PROT_NONE, ANON);

	munmap(p, n + 2 * PAGE);
	return p + PAGE;
}

static void
left(const char *p, size_t n, int flags, const char *function)
{
	say("map %lx %zu %d %s", (unsigned long)p, n, flags, function);
}

static int
map(void)
{
	char *p, *q;
	int fd;

	p = map_here(3 * MIB, RW, ANON);
	left(p, 3 * MIB, 3, "map_here");

	/* length not a multiple of a page: the kernel maps whole pages */
	p = map_there(island(5 * PAGE), 4 * PAGE + 100, RW);
	left(p, 5 * PAGE, 3, "map_there");

	/* a hole in the middle, an end cut off, a beginning cut off */
	p = map_there(island(10 * PAGE), 10 * PAGE, RW);
	munmap(p + 4 * PAGE, 2 * PAGE);
	left(p, 4 * PAGE, 3, "map_there");
	left(p + 6 * PAGE, 4 * PAGE, 3, "map_there");
	p = map_there(island(10 * PAGE), 10 * PAGE, RW);
	munmap(p + 7 * PAGE, 3 * PAGE);
	left(p, 7 * PAGE, 3, "map_there");
	p = map_there(island(10 * PAGE), 10 * PAGE, RW);
	munmap(p, PAGE);
	left(p + PAGE, 9 * PAGE, 3, "map_there");

	/* one munmap over several mappings and the holes between them */
	p = island(20 * PAGE);
	map_there(p, 3 * PAGE, RW);
	map_there(p + 5 * PAGE, 3 * PAGE, RW);
	map_there(p + 10 * PAGE, 3 * PAGE, RW);
	munmap(p + 2 * PAGE, 9 * PAGE);
	left(p, 2 * PAGE, 3, "map_there");
	left(p + 11 * PAGE, 2 * PAGE, 3, "map_there");

	/* over another one */
	p = map_there(island(10 * PAGE), 10 * PAGE, PROT_READ);
	q = map_there(p + 3 * PAGE, 2 * PAGE, RW);
	left(p, 3 * PAGE, 1, "map_there");
	left(q, 2 * PAGE, 3, "map_there");
	left(p + 5 * PAGE, 5 * PAGE, 1, "map_there");

	/* gone altogether */
	p = map_here(7 * MIB, RW, ANON);
	munmap(p, 7 * MIB);
	say("unmapped %lx %zu", (unsigned long)p, 7 * MIB);

	/* mremap: grow with a move, shrink in place, move to a given place, fail */
	p = map_there(island(4 * PAGE), 4 * PAGE, RW);
	map_there(p + 4 * PAGE, PAGE, PROT_NONE);
	left(p + 4 * PAGE, PAGE, 0, "map_there");
	q = remap_here(p, 4 * PAGE, 2 * MIB, MREMAP_MAYMOVE);
	if (q == MAP_FAILED || q == p)
		_exit(92);
	say("unmapped %lx %d", (unsigned long)p, 4 * PAGE);
	left(q, 2 * MIB, 3, "remap_here");
	p = map_there(island(9 * PAGE), 9 * PAGE, RW);
	q = remap_here(p, 9 * PAGE, 3 * PAGE, 0);
	left(q, 3 * PAGE, 3, "remap_here");
	p = map_there(island(6 * PAGE), 6 * PAGE, RW);
	q = island(6 * PAGE);
	if (mremap(p, 6 * PAGE, 6 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q) != q)
		_exit(92);
	say("unmapped %lx %d", (unsigned long)p, 6 * PAGE);
	left(q, 6 * PAGE, 3, "map");
	p = map_there(island(6 * PAGE), 6 * PAGE, RW);
	map_there(p + 2 * PAGE, PAGE, PROT_READ);
	errno = 0;
	if (remap_here(p, 6 * PAGE, (size_t)1 << 50, MREMAP_MAYMOVE) != MAP_FAILED || errno == 0)
		_exit(92);
	left(p, 2 * PAGE, 3, "map_there");
	left(p + 2 * PAGE, PAGE, 1, "map_there");
	left(p + 3 * PAGE, 3 * PAGE, 3, "map_there");

	/* reserved first, used later, a part at a time */
	p = map_there(island(16 * PAGE), 16 * PAGE, PROT_NONE);
	mprotect(p + 4 * PAGE, 4 * PAGE, RW);
	left(p, 4 * PAGE, 0, "map_there");
	left(p + 4 * PAGE, 4 * PAGE, 3, "map_there");
	left(p + 8 * PAGE, 8 * PAGE, 0, "map_there");

	/* files, shared memory */
	fd = open("/proc/self/exe", O_RDONLY);
	p = v_mmap(island(3 * PAGE), 3 * PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0);
	left(p, 3 * PAGE, 17, "map");
	close(fd);
	p = v_mmap(island(3 * PAGE), 3 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	left(p, 3 * PAGE, 11, "map");

	/* what fails must not be noted, and says why */
	errno = 0;
	point(v_mmap(NULL, 0, RW, ANON, -1, 0) == MAP_FAILED && errno == EINVAL, "mmap of nothing is EINVAL");
	errno = 0;
	point(v_mmap(NULL, (size_t)1 << 50, RW, ANON, -1, 0) == MAP_FAILED && errno == ENOMEM,
		"mmap of too much is ENOMEM");
	errno = 0;
	point(v_mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0) == MAP_FAILED && errno == EBADF,
		"mmap of no file is EBADF");
	errno = 0;
	point(munmap((void *)1, PAGE) == -1 && errno == EINVAL, "munmap of an odd address is EINVAL");
	errno = EXDEV;
	munmap(map_here(MIB, RW, ANON), MIB);
	point(errno == EXDEV, "mmap and munmap that succeed keep errno");
	return 0;
}

static bool
near(uint64_t a, uint64_t b, uint64_t slack)
{
	return a < b ? b - a <= slack : a - b <= slack;
}

static int
usage(void)
{
	struct gcprof_memory m0, m1;
	char *p;

	gcprof_memory_usage(&m0);
	p = map_here(50 * MIB, RW, ANON);
	gcprof_memory_usage(&m1);
	point(near(m1.external, m0.external + 50 * MIB, PAGE), "external grows by what is mapped");
	point(near(m1.heap_used, m0.heap_used, 4096), "heap_used does not");
	munmap(p + 10 * MIB, 20 * MIB);
	gcprof_memory_usage(&m1);
	point(near(m1.external, m0.external + 30 * MIB, PAGE), "and shrinks by what is unmapped");
	munmap(p, 50 * MIB);
	gcprof_memory_usage(&m1);
	point(near(m1.external, m0.external, PAGE), "to where it was");
	p = map_here(300 * MIB, PROT_NONE, ANON);
	gcprof_memory_usage(&m1);
	point(near(m1.external, m0.external, PAGE), "a mapping without access is not counted");
	mprotect(p, 40 * MIB, RW);
	gcprof_memory_usage(&m1);
	point(near(m1.external, m0.external + 40 * MIB, PAGE), "until it is made accessible");
	munmap(p, 300 * MIB);
	/* a big block of the heap is no mapping of the program's */
	void *volatile block = malloc(64 * MIB);
	gcprof_memory_usage(&m1);
	point(near(m1.external, m0.external, PAGE), "a big malloc is not external");
	point(near(m1.heap_used, m0.heap_used + 64 * MIB, 4096), "but heap_used");
	free(block);
	return 0;
}

int
main(int argc, char **argv)
{
	return argc > 1 && !strcmp(argv[1], "usage") ? usage() : map();
}
