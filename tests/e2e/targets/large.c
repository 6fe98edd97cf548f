/* large.c -- blocks of a mebibyte and more: large.sh.
 *
 *     large random      blocks that come, grow, shrink and go at random, against a model
 *     large threads     the same in four threads, with children that fork meanwhile
 *     large sparse      a gibibyte of which two pages are used is reallocated
 *     large grow        a block grows from one mebibyte to 256 and back
 *     large again       buffers that come and go
 *     large limit       the kernel refuses
 *     large mallocx     jemalloc's interface
 *     large wrong       wrong frees
 *     large changed     the program changes pages of blocks, and frees them
 *     large handler     a signal handler that allocates, amid large allocations
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"

#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>

enum { MB = 1 << 20, STEP = 64 << 10, N = 24 };

struct model {
	char *p;
	size_t bytes;
	uint32_t id;
	const char *kind;
};

/* A word at every 64 KiB, and at the end, says whose it is. */
static void
stamp(struct model *m, size_t from)
{
	size_t at;

	for (at = (from + STEP - 1) / STEP * STEP; at + 8 <= m->bytes; at += STEP)
		*(uint64_t *)(m->p + at) = (uint64_t)m->id << 32 | at / STEP;
	m->p[m->bytes - 1] = (char)m->id;
}

static int
is_as_left(const struct model *m, size_t bytes)
{
	size_t at;

	/* The last step may have the byte of the end in it. */
	for (at = 0; at + STEP <= bytes; at += STEP)
		if (*(uint64_t *)(m->p + at) != ((uint64_t)m->id << 32 | at / STEP))
			return 0;
	return 1;
}

static int
is_zero(const char *p, size_t bytes)
{
	size_t at;

	for (at = 0; at < bytes; at += 509)
		if (p[at])
			return 0;
	return p[bytes - 1] == 0;
}

struct outcome {
	int lost, dirty, misaligned, small;
};

/* One step of a model; sizes from 256 KiB to 12 MiB, so that blocks cross from one
 * sort to the other. */
static void
step(struct model *m, uint32_t *state, struct outcome *o)
{
	size_t bytes = (256u << 10) + rnd(state) % (rnd(state) % 4 ? 3u << 20 : 12u << 20);
	size_t align = (size_t)16 << rnd(state) % 18, kept;

	if (m->p && !is_as_left(m, m->bytes))
		o->lost++;
	if (m->p && rnd(state) % 2) {
		char *p = realloc(m->p, bytes);

		kept = m->bytes < bytes ? m->bytes : bytes;
		m->p = p;
		m->bytes = bytes;
		m->kind = "realloc";
		if (!is_as_left(m, kept))
			o->lost++;
		stamp(m, 0);
		o->small += malloc_usable_size(p) < bytes;
		return;
	}
	free(m->p);
	m->p = NULL;
	m->bytes = bytes;
	m->id++;
	switch (rnd(state) % 4) {
	case 0:
		m->p = malloc(bytes);
		m->kind = "malloc";
		break;
	case 1:
		m->kind = "calloc";
		m->p = calloc(1, bytes);
		o->dirty += !is_zero(m->p, bytes);
		break;
	case 2:
		m->p = memalign(align, bytes);
		m->kind = "aligned";
		o->misaligned += ((uintptr_t)m->p & (align - 1)) != 0;
		break;
	default:
		return; /* none, for a while */
	}
	o->misaligned += ((uintptr_t)m->p & 15) != 0;
	o->small += malloc_usable_size(m->p) < bytes;
	stamp(m, 0);
}

static void
points(const char *where, const struct outcome *o)
{
	point(o->lost == 0, "%s, what is in a block stays through reallocations (%d lost)", where, o->lost);
	point(o->dirty == 0, "%s, calloc gives zeros where blocks were before (%d did not)", where, o->dirty);
	point(o->misaligned == 0, "%s, blocks are aligned as asked for (%d are not)", where, o->misaligned);
	point(o->small == 0, "%s, malloc_usable_size is at least the size asked for (%d are not)", where, o->small);
}

static struct model models[N];

static int
run_random(void)
{
	struct outcome o = {0};
	uint32_t state = 7;
	int i;

	for (i = 0; i < 1500; i++)
		step(&models[rnd(&state) % N], &state, &o);
	points("at random", &o);
	for (i = 0; i < N; i++)
		if (models[i].p)
			keep(models[i].p, models[i].bytes, models[i].kind);
	return 0;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct outcome of_threads;
static int of_children;

static void *
thread(void *with)
{
	struct model own[6] = {{NULL, 0, 0, NULL}};
	struct outcome o = {0};
	uint32_t state = (uint32_t)(uintptr_t)with;
	int i, failed = 0;

	for (i = 0; i < 300; i++) {
		step(&own[rnd(&state) % 6], &state, &o);
		if (i % 60 == 30) {
			int status = -1, child = fork(), k;

			if (child == 0) {
				struct outcome in_child = {0};

				for (k = 0; k < 20; k++)
					step(&own[rnd(&state) % 6], &state, &in_child);
				_exit(in_child.lost || in_child.dirty);
			}
			failed += child < 0 || waitpid(child, &status, 0) != child || status != 0;
		}
	}
	pthread_mutex_lock(&lock);
	of_threads.lost += o.lost;
	of_threads.dirty += o.dirty;
	of_threads.misaligned += o.misaligned;
	of_threads.small += o.small;
	of_children += failed;
	for (i = 0; i < 6; i++)
		if (own[i].p)
			keep(own[i].p, own[i].bytes, own[i].kind);
	pthread_mutex_unlock(&lock);
	return NULL;
}

static int
run_threads(void)
{
	pthread_t threads[4];
	size_t i;

	for (i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, thread, (void *)(i + 1));
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	points("in four threads", &of_threads);
	point(of_children == 0, "a child forked amid large allocations goes on with its blocks (%d did not)", of_children);
	return 0;
}

static long
resident_mb(void)
{
	long all = 0, rss = -1;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f && fscanf(f, "%ld %ld", &all, &rss) != 2)
		rss = -1;
	if (f)
		fclose(f);
	return rss / 256;
}

static int
run_sparse(void)
{
	size_t n = (size_t)1 << 30;
	char *p = malloc(n), *q;
	long before = resident_mb();

	p[0] = 1, p[n - 1] = 2;
	q = realloc(p, n + n / 2);
	point(q && q[0] == 1 && q[n - 1] == 2 && q[n + n / 2 - 1] == 0,
	      "a sparse gibibyte is reallocated with what is in it");
	point(resident_mb() - before < 16, "that makes nothing of it resident (%ld MiB)", resident_mb() - before);
	p = realloc(q, 2 * MB);
	point(p && p[0] == 1, "it shrinks to two mebibytes with its first byte");
	q = realloc(p, 1000);
	point(q && q[0] == 1, "it shrinks to a small block with its first byte");
	free(q);
	return 0;
}

static long
faults(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_minflt;
}

static int
run_grow(void)
{
	struct model m = {malloc(MB), MB, 1, NULL};
	long before = faults(), n;
	int failed = 0;
	size_t kept;

	stamp(&m, 0);
	while (m.bytes < 256u * MB) {
		kept = m.bytes;
		m.bytes += 333333;
		m.p = realloc(m.p, m.bytes);
		failed += !is_as_left(&m, kept);
		stamp(&m, kept / STEP * STEP);
	}
	n = faults() - before;
	/* 4,096 stamps, and as many last bytes. */
	point(n < 3 * 4096, "a block that grows to 256 MiB in 800 steps is not copied (%ld page faults)", n);
	while (m.bytes > 2u * MB) {
		m.bytes -= 3333333;
		m.p = realloc(m.p, m.bytes);
		failed += !is_as_left(&m, m.bytes);
	}
	point(failed == 0, "its contents stay, growing and shrinking (%d times not)", failed);
	before = resident_mb();
	free(m.p);
	return 0;
}

static long
again(size_t bytes, int times, int is_calloc)
{
	long before;
	int i;

	for (i = 0; i < times + 1; i++) {
		char *p = is_calloc ? calloc(1, bytes) : malloc(bytes);

		OPAQUE(p);
		if (i == 0)
			before = faults();
		if (is_calloc)
			p[(size_t)i * 4096 % bytes] = 1;
		else
			memset(p, i, bytes);
		free(p);
	}
	return faults() - before;
}

static int
run_again(void)
{
	static const int sizes[] = {1, 2, 4, 8, 9, 16, 31};
	size_t i;
	long n;

	for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		n = again((size_t)sizes[i] * MB, 50, 0);
		point(n < 3L * sizes[i] * 256, "a buffer of %d MiB that comes and goes is not faulted in each time (%ld faults for 50)",
		      sizes[i], n);
	}
	n = again(MB, 500, 1);
	point(n < 1500, "callocs of a mebibyte touched a little take no page faults to speak of (%ld for 500)", n);
	n = again(31u * MB, 100, 1);
	point(n < 2000, "nor do callocs of 31 MiB (%ld for 100)", n);
	{
		char *p[6];
		long before;
		int k;

		for (k = 0; k < 6; k++)
			memset(p[k] = malloc(30u * MB), 1, 30u * MB);
		for (k = 0; k < 6; k++)
			free(p[k]);
		before = resident_mb();
		point(before < 96, "of 180 MiB that were freed at once, a bounded part is kept (%ld MiB resident)", before);
		malloc_trim(0);
		point(resident_mb() < 24, "malloc_trim gives all of it back (%ld MiB resident)", resident_mb());
	}
	return 0;
}

static int
run_limit(void)
{
	struct rlimit limit = {700u * MB, 700u * MB};
	char *p, *q;
	size_t n = 300u * MB;

	p = malloc(n);
	p[0] = 1, p[n - 1] = 2;
	setrlimit(RLIMIT_AS, &limit);
	errno = 0;
	q = malloc(900u * MB);
	point(!q && errno == ENOMEM, "malloc that the kernel refuses is NULL and ENOMEM");
	errno = 0;
	q = calloc(900, MB);
	point(!q && errno == ENOMEM, "so is calloc");
	errno = 0;
	q = memalign(1u << 20, 900u * MB);
	point(!q && errno == ENOMEM, "so is memalign");
	errno = 0;
	q = realloc(p, 900u * MB);
	point(!q && errno == ENOMEM && p[0] == 1 && p[n - 1] == 2,
	      "so is realloc, and the block is what it was");
	errno = 0;
	q = malloc((size_t)1 << 62);
	point(!q && errno == ENOMEM, "so is what no machine has");
	q = malloc(2u * MB);
	point(q && malloc_usable_size(q) >= 2u * MB, "other large blocks are to be had after that");
	free(q);
	free(p);
	p = malloc(500u * MB);
	point(p != NULL, "what was freed can be had again under a limit");
	free(p);
	return 0;
}

static int
run_mallocx(void)
{
	void *(*mallocx)(size_t, int) = (void *(*)(size_t, int))dlsym(RTLD_DEFAULT, "mallocx");
	void *(*rallocx)(void *, size_t, int) = (void *(*)(void *, size_t, int))dlsym(RTLD_DEFAULT, "rallocx");
	size_t (*xallocx)(void *, size_t, size_t, int) =
		(size_t(*)(void *, size_t, size_t, int))dlsym(RTLD_DEFAULT, "xallocx");
	size_t (*sallocx)(void *, int) = (size_t(*)(void *, int))dlsym(RTLD_DEFAULT, "sallocx");
	size_t (*nallocx)(size_t, int) = (size_t(*)(size_t, int))dlsym(RTLD_DEFAULT, "nallocx");
	void (*dallocx)(void *, int) = (void (*)(void *, int))dlsym(RTLD_DEFAULT, "dallocx");
	void (*sdallocx)(void *, size_t, int) = (void (*)(void *, size_t, int))dlsym(RTLD_DEFAULT, "sdallocx");
	const int zero = 0x40, align_2m = 21;
	size_t usable;
	char *p, *q;

	p = malloc(5u * MB);
	memset(p, 1, 5u * MB);
	free(p);
	p = mallocx(5u * MB, zero | align_2m);
	point(p && !((uintptr_t)p & ((2u << 20) - 1)) && is_zero(p, 5u * MB), "mallocx gives aligned zeros");
	point(sallocx(p, 0) >= 5u * MB && nallocx(5u * MB, 0) >= 5u * MB, "sallocx and nallocx cover the size");
	memset(p, 3, sallocx(p, 0));
	usable = sallocx(p, 0);
	p = rallocx(p, 9u * MB, zero | align_2m);
	point(p && !((uintptr_t)p & ((2u << 20) - 1)) && p[0] == 3 && p[usable - 1] == 3 &&
	      is_zero(p + usable, 9u * MB - usable), "rallocx grows an aligned block by zeros");
	usable = xallocx(p, 100, 0, 0);
	point(usable >= 100 && usable <= 9u * MB + 65536 && p[0] == 3, "xallocx shrinks where the block is");
	point(malloc_usable_size(p) == usable, "its size is what malloc_usable_size says");
	q = malloc(100); /* while p is short, as far as its tag says */
	dallocx(p, 0);
	free(q);
	p = mallocx(3u * MB, 0);
	usable = xallocx(p, 8u * MB, 8u * MB, 0);
	point(usable >= 3u * MB, "xallocx does not lose what a block has");
	p = rallocx(p, 500, 0);
	p = rallocx(p, 2u * MB, 0);
	sdallocx(p, 2u * MB, 0);
	/* 4096 is MALLOCX_ARENA(0) >> 20 with one added. */
	p = mallocx(2u * MB, 1 << 20);
	point(p != NULL, "a large block of an arena that is asked for is to be had");
	memset(p, 1, 2u * MB);
	dallocx(p, 1 << 20);
	return 0;
}

static int
run_wrong(void)
{
	char *p = malloc(3u * MB), *q = malloc(3u * MB), *r;

	OPAQUE(p);
	free(p);
	free(p);
	free(q + 4096);
	free(q + (1u << 20));
	r = malloc(3u * MB);
	memset(q, 1, 3u * MB);
	memset(r, 2, 3u * MB);
	point(q != r && q[0] == 1 && r[0] == 2, "after wrong frees of large blocks the others are what they were");
	keep(q, 3u * MB, "malloc");
	keep(r, 3u * MB, "malloc");
	return 0;
}

enum change {
	READ_ONLY,
	NO_ACCESS,
	BY_SYSCALL,
	OTHER_PAGES,
	SHARED,
	NOT_FOR_CHILDREN,
	/* All of its pages. */
	ALL_BY_SYSCALL,
	ALL_SHARED,
	ALL_NOT_FOR_CHILDREN,
	ALL_MOVED_OVER,
	N_CHANGES
};

/* Its two middle pages become others; or all: what the kernel has as one mapping stays one. */
static void
change(char *p, size_t bytes, enum change how)
{
	char *at = p + bytes / 8192 * 4096;
	int flags = MAP_FIXED | MAP_ANONYMOUS;

	if (how == READ_ONLY)
		(void)mprotect(at, 8192, PROT_READ);
	else if (how == NO_ACCESS)
		(void)mprotect(at, 8192, PROT_NONE);
	else if (how == BY_SYSCALL)
		(void)syscall(SYS_mprotect, at, 8192, PROT_NONE);
	else if (how == OTHER_PAGES)
		(void)mmap(at, 8192, PROT_READ, flags | MAP_PRIVATE, -1, 0);
	else if (how == ALL_BY_SYSCALL)
		(void)syscall(SYS_mprotect, p, bytes, PROT_READ);
	else if (how == ALL_SHARED)
		(void)syscall(SYS_mmap, p, bytes, PROT_READ | PROT_WRITE, flags | MAP_SHARED, -1, 0);
	else if (how == ALL_NOT_FOR_CHILDREN)
		(void)syscall(SYS_madvise, p, bytes, MADV_DONTFORK);
	else if (how == ALL_MOVED_OVER)
		(void)mremap(mmap(NULL, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), bytes,
			     bytes, MREMAP_MAYMOVE | MREMAP_FIXED, p);
	else if (how == NOT_FOR_CHILDREN)
		(void)madvise(p - (uintptr_t)p % 4096, bytes, MADV_DONTFORK);
	else
		(void)mmap(at, 8192, PROT_READ | PROT_WRITE, flags | MAP_SHARED, -1, 0);
}

/* The next block of that size has pages that can be written to, and are its own. */
static int
is_usable(char *p, size_t bytes)
{
	int status = -1;
	pid_t child;

	memset(p, 1, bytes);
	child = fork();
	if (child == 0) {
		memset(p, 2, bytes);
		_exit(0);
	}
	(void)waitpid(child, &status, 0);
	return status == 0 && p[0] == 1 && p[bytes / 2] == 1 && p[bytes - 1] == 1;
}

static long
locked_kilobytes(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];
	long n = -1;

	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "VmLck: %ld", &n) == 1)
			break;
	if (f)
		fclose(f);
	return n;
}

static int
run_changed(void)
{
	static const char *const names[N_CHANGES] = {
		[READ_ONLY] = "read-only", [NO_ACCESS] = "without access",
		[BY_SYSCALL] = "without access, by syscall(2)", [OTHER_PAGES] = "others",
		[SHARED] = "shared",
		[NOT_FOR_CHILDREN] = "not for children",
		[ALL_BY_SYSCALL] = "read-only, all by one syscall(2)",
		[ALL_SHARED] = "shared, all by one syscall(2)",
		[ALL_NOT_FOR_CHILDREN] = "not for children, all by one syscall(2)",
		[ALL_MOVED_OVER] = "others, all by one mremap(2)"};
	enum change how;
	size_t bytes;

	for (how = READ_ONLY; how < N_CHANGES; how++) {
		int bad = 0;

		for (bytes = 2u * MB; bytes <= 16u * MB; bytes *= 2) {
			char *p = aligned_alloc(4096, bytes), *q;

			memset(p, 1, bytes);
			change(p, bytes, how);
			free(p);
			p = malloc(bytes);
			q = calloc(1, bytes);
			bad += !is_usable(p, bytes) + !is_zero(q, bytes) + !is_usable(q, bytes);
			free(p);
			free(q);
		}
		say("%s - a block some of whose pages were made %s is freed: the next is whole",
		    bad ? "not ok" : "ok", names[how]);
	}
	for (bytes = 2u * MB; bytes <= 4u * MB; bytes += MB) {
		char *p = aligned_alloc(4096, bytes);

		(void)(bytes & MB ? syscall(SYS_mlock, p, bytes) : mlock(p, bytes));
		free(p);
	}
	point(locked_kilobytes() == 0, "what is locked in memory and freed is locked no more");
	return 0;
}

static volatile sig_atomic_t n_handled;

static void
handler(int number)
{
	char *p = malloc(2u * MB);

	(void)number;
	p[0] = 1;
	p = realloc(p, 3u * MB);
	p[3u * MB - 1] = 1;
	free(p);
	n_handled++;
}

static int
run_handler(void)
{
	struct itimerval often = {{0, 10000}, {0, 10000}}, never = {{0, 0}, {0, 0}};
	struct outcome o = {0};
	uint32_t state = 3;
	long i;

	signal(SIGALRM, handler);
	setitimer(ITIMER_REAL, &often, NULL);
	for (i = 0; i < 200 || (n_handled < 50 && i < 1000000); i++)
		step(&models[rnd(&state) % N], &state, &o);
	setitimer(ITIMER_REAL, &never, NULL);
	points("under a handler that allocates", &o);
	point(n_handled >= 50, "the handler came 50 times");
	for (i = 0; i < N; i++)
		if (models[i].p)
			keep(models[i].p, models[i].bytes, models[i].kind);
	return 0;
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} modes[] = {{"random", run_random}, {"threads", run_threads}, {"sparse", run_sparse},
		     {"grow", run_grow},     {"again", run_again},     {"limit", run_limit},
		     {"mallocx", run_mallocx}, {"wrong", run_wrong},   {"handler", run_handler},
		     {"changed", run_changed}};
	size_t i;

	for (i = 0; argc > 1 && i < sizeof modes / sizeof *modes; i++)
		if (strcmp(argv[1], modes[i].name) == 0)
			return modes[i].run();
	return 2;
}
