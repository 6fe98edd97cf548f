/* entry.c -- every way to allocate in C.
 *
 *     entry ledger      blocks of each way stay alive; fd 3 tells which
 *     entry contract    what the C library documents, as points on fd 3
 *     entry extra       the same for names that this C library may lack
 *     entry mallocx     jemalloc's own interface, if the process has it
 *     entry many        100,000 blocks of 100 bytes, each freed at once
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"
#include <dlfcn.h>
#include <malloc.h>
#include <stdbool.h>

/* Reached through volatile pointers, so that no call is left out or changed by
 * the compiler. */
static void *(*volatile v_malloc)(size_t) = malloc;
static void *(*volatile v_calloc)(size_t, size_t) = calloc;
static void *(*volatile v_realloc)(void *, size_t) = realloc;
static void *(*volatile v_reallocarray)(void *, size_t, size_t) = reallocarray;
static void (*volatile v_free)(void *) = free;
static int (*volatile v_posix_memalign)(void **, size_t, size_t) = posix_memalign;
static void *(*volatile v_aligned_alloc)(size_t, size_t) = aligned_alloc;
static void *(*volatile v_memalign)(size_t, size_t) = memalign;
static void *(*volatile v_valloc)(size_t) = valloc;
static void *(*volatile v_pvalloc)(size_t) = pvalloc;

static const size_t sizes[] = {0, 1, 7, 8, 15, 16, 17, 24, 31, 32, 33, 63, 64, 100, 128, 1000,
	1024, 4095, 4096, 4097, 10000, 65535, 65536, 131072, 200000, 1 << 20, 5000000};
enum { N_SIZES = sizeof sizes / sizeof sizes[0] };

static const size_t huge[] = {SIZE_MAX, SIZE_MAX - 15, SIZE_MAX - 4096, (size_t)PTRDIFF_MAX + 1,
	(size_t)1 << 62, (size_t)1 << 50};
enum { N_HUGE = sizeof huge / sizeof huge[0] };

static void
release(void *p, size_t n)
{
	v_free(gone(p, n));
}

static int
ledger(void)
{
	size_t i;
	void *p;

	for (i = 0; i < N_SIZES; i++) {
		size_t n = sizes[i];

		keep(v_malloc(n), n, "malloc");
		release(keep(v_malloc(n), n, "malloc"), n);
		keep(v_malloc(n), n, "malloc");
		keep(v_calloc(1, n), n, "calloc");
		keep(v_calloc(n, 3), n * 3, "calloc");
		release(keep(v_calloc(n, 3), n * 3, "calloc"), n * 3);
		keep(v_realloc(NULL, n), n, "realloc");
		keep(v_reallocarray(NULL, n, 2), n * 2, "realloc");
		p = NULL;
		if (v_posix_memalign(&p, 64, n) != 0)
			return 1;
		keep(p, n, "aligned");
		keep(v_aligned_alloc(32, n), n, "aligned");
		keep(v_memalign(4096, n), n, "aligned");
		release(keep(v_memalign(128, n), n, "aligned"), n);
		keep(v_valloc(n), n, "aligned");
	}

	/* Every small size, the second time where such a block was freed before. */
	for (i = 0; i < 600; i++) {
		release(keep(v_malloc(i), i, "malloc"), i);
		keep(v_malloc(i), i, "malloc");
	}

	/* realloc: in place, moving, shrinking, to zero, failing */
	for (i = 1; i < N_SIZES; i++) {
		size_t from = sizes[i], to;

		for (to = 1; to < 300000; to = to * 5 + 3) {
			p = keep(v_malloc(from), from, "malloc");
			gone(p, from);
			keep(v_realloc(p, to), to, "realloc");
		}
		p = keep(v_malloc(from), from, "malloc");
		gone(p, from);
		p = v_realloc(p, 0);
		if (p != NULL)
			keep(p, 0, "realloc");
		p = keep(v_malloc(from), from, "malloc");
		if (v_realloc(p, (size_t)1 << 50) != NULL || v_reallocarray(p, SIZE_MAX / 2, 3) != NULL)
			return 1;
		/* aligned blocks may be given to realloc too */
		p = keep(v_memalign(256, from), from, "aligned");
		gone(p, from);
		keep(v_realloc(p, from + 100), from + 100, "realloc");
	}

	/* what fails leaves nothing behind */
	for (i = 0; i < N_HUGE; i++) {
		void *none = NULL;

		if (v_malloc(huge[i]) || v_calloc(huge[i], 1) || v_calloc(huge[i], huge[i]) ||
		    v_realloc(NULL, huge[i]) || v_memalign(64, huge[i]) ||
		    !v_posix_memalign(&none, 64, huge[i]))
			return 1;
	}
	return 0;
}

static bool
all_bytes(const unsigned char *p, unsigned char c, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] != c)
			return false;
	return true;
}

static bool
aligned_to(const void *p, size_t alignment)
{
	return p != NULL && (uintptr_t)p % alignment == 0;
}

static void
contract_basics(void)
{
	void *p[64], *q;
	size_t i, j, n;
	bool good = true;

	for (i = 0; i < 64; i++)
		p[i] = v_malloc(0);
	for (i = 0; i < 64; i++)
		for (j = 0; j < i; j++)
			good &= p[i] != NULL && p[i] != p[j];
	for (i = 0; i < 64; i++)
		v_free(p[i]);
	point(good, "malloc(0) gives a pointer of its own each time, that can be freed");

	good = true;
	for (n = 0; n < 5000; n += 1 + n / 16) {
		q = v_malloc(n);
		good &= aligned_to(q, 16) && malloc_usable_size(q) >= n;
		memset(q, 0x5a, malloc_usable_size(q));
		v_free(q);
	}
	point(good, "malloc aligns to 16, and all usable bytes can be written");
	point(malloc_usable_size(NULL) == 0, "malloc_usable_size(NULL) is 0");

	good = true;
	for (i = 0; i < N_SIZES; i++) {
		n = sizes[i];
		for (j = 0; j < 8; j++) {
			p[j] = v_malloc(n);
			memset(p[j], 0xff, n);
		}
		for (j = 0; j < 8; j++)
			v_free(p[j]);
		for (j = 0; j < 8; j++) {
			p[j] = v_calloc(j % 2 ? n : 1, j % 2 ? 1 : n);
			good &= p[j] != NULL && all_bytes(p[j], 0, n);
			memset(p[j], 0xff, n);
		}
		for (j = 0; j < 8; j++)
			v_free(p[j]);
	}
	point(good, "calloc gives zeros where freed blocks were full of ones");

	v_free(NULL);
	point(true, "free(NULL) does nothing");
}

static void
contract_realloc(void)
{
	unsigned char *p, *q;
	size_t n, m;
	bool good = true;

	p = v_realloc(NULL, 100);
	point(p != NULL && malloc_usable_size(p) >= 100, "realloc(NULL, n) allocates");
	v_free(p);

	for (n = 1; n < 3000000; n = n * 3 + 1) {
		for (m = 1; m < 3000000; m = m * 4 + 3) {
			p = v_malloc(n);
			memset(p, 0x3c, n);
			q = v_realloc(p, m);
			good &= aligned_to(q, 16) && all_bytes(q, 0x3c, n < m ? n : m);
			memset(q, 0xc3, m);
			v_free(q);
		}
	}
	point(good, "realloc keeps the bytes that fit, from any size to any size");

	p = v_malloc(100);
	q = v_realloc(p, 0);
	point(q == NULL, "realloc(p, 0) frees p and gives NULL");
	v_free(q);

	p = v_malloc(100);
	memset(p, 0x11, 100);
	errno = 0;
	q = v_realloc(p, (size_t)1 << 50);
	point(q == NULL && errno == ENOMEM && all_bytes(p, 0x11, 100),
		"realloc that fails says ENOMEM and leaves the block as it is");
	errno = 0;
	q = v_realloc(p, SIZE_MAX);
	point(q == NULL && errno == ENOMEM && all_bytes(p, 0x11, 100), "so does realloc to SIZE_MAX");
	errno = 0;
	q = v_reallocarray(p, SIZE_MAX / 4, 5);
	point(q == NULL && errno == ENOMEM && all_bytes(p, 0x11, 100),
		"reallocarray whose product overflows says ENOMEM and leaves the block");
	q = v_reallocarray(p, 100, 20);
	point(q != NULL && all_bytes(q, 0x11, 100) && malloc_usable_size(q) >= 2000,
		"reallocarray grows by the product");
	v_free(q);
}

static void
contract_failure(void)
{
	bool good = true;
	size_t i;
	void *p;

	for (i = 0; i < N_HUGE; i++) {
		errno = 0;
		good &= v_malloc(huge[i]) == NULL && errno == ENOMEM;
	}
	point(good, "malloc of more than there is says ENOMEM");

	good = true;
	for (i = 0; i < N_HUGE; i++) {
		errno = 0;
		good &= v_calloc(huge[i], 1) == NULL && errno == ENOMEM;
		errno = 0;
		good &= v_calloc(1, huge[i]) == NULL && errno == ENOMEM;
	}
	errno = 0;
	good &= v_calloc(SIZE_MAX / 2, 4) == NULL && errno == ENOMEM;
	errno = 0;
	good &= v_calloc((size_t)1 << 32, ((size_t)1 << 32) + 1) == NULL && errno == ENOMEM;
	point(good, "calloc whose product overflows or is too much says ENOMEM");

	good = true;
	for (i = 0; i < N_HUGE; i++) {
		errno = 0;
		good &= v_memalign(64, huge[i]) == NULL && errno == ENOMEM;
		errno = 0;
		good &= v_aligned_alloc(64, huge[i]) == NULL && errno == ENOMEM;
		errno = 0;
		good &= v_valloc(huge[i]) == NULL && errno == ENOMEM;
		errno = 0;
		good &= v_pvalloc(huge[i]) == NULL && errno == ENOMEM;
		p = &p;
		good &= v_posix_memalign(&p, 64, huge[i]) == ENOMEM && p == (void *)&p;
	}
	point(good, "aligned allocation of more than there is says ENOMEM");

	/* after all these failures there still is memory */
	p = v_malloc(1 << 20);
	point(p != NULL, "malloc works after failures");
	v_free(p);
}

static void
contract_aligned(void)
{
	static const size_t wrong[] = {0, 1, 2, 3, 4, 7, 9, 24, 48, 4097};
	bool good = true, kept = true;
	size_t i, a;
	void *p;

	for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		p = &p;
		errno = EXDEV;
		good &= v_posix_memalign(&p, wrong[i], 100) == EINVAL;
		kept &= p == (void *)&p && errno == EXDEV;
	}
	point(good, "posix_memalign gives EINVAL for an alignment that is no power of two times a pointer");
	point(kept, "and then leaves the pointer and errno as they were");

	good = true;
	for (a = 8; a <= (size_t)4 << 20; a *= 2) {
		for (i = 0; i < N_SIZES; i++) {
			p = NULL;
			errno = EXDEV;
			good &= v_posix_memalign(&p, a, sizes[i]) == 0 && aligned_to(p, a) && errno == EXDEV;
			good &= malloc_usable_size(p) >= sizes[i];
			memset(p, 1, sizes[i]);
			v_free(p);
			p = v_memalign(a, sizes[i]);
			good &= aligned_to(p, a);
			memset(p, 1, sizes[i]);
			v_free(p);
			p = v_aligned_alloc(a, sizes[i]);
			good &= aligned_to(p, a);
			memset(p, 1, sizes[i]);
			v_free(p);
		}
	}
	point(good, "posix_memalign, memalign and aligned_alloc align up to 4 MiB, errno untouched");

	good = true;
	for (i = 0; i < N_SIZES; i++) {
		p = v_valloc(sizes[i]);
		good &= aligned_to(p, 4096) && malloc_usable_size(p) >= sizes[i];
		memset(p, 1, sizes[i]);
		v_free(p);
		p = v_pvalloc(sizes[i]);
		good &= aligned_to(p, 4096) && malloc_usable_size(p) >= ((sizes[i] + 4095) & ~(size_t)4095);
		memset(p, 1, (sizes[i] + 4095) & ~(size_t)4095);
		v_free(p);
	}
	point(good, "valloc and pvalloc align to pages, and pvalloc gives whole pages");
}

static void
contract_errno(void)
{
	bool good = true;
	size_t i;
	void *p, *q;

	for (i = 0; i < N_SIZES; i++) {
		errno = EXDEV;
		p = v_malloc(sizes[i]);
		good &= errno == EXDEV;
		q = v_calloc(sizes[i], 2);
		good &= errno == EXDEV;
		p = v_realloc(p, sizes[i] * 2 + 1);
		good &= errno == EXDEV;
		v_free(p);
		good &= errno == EXDEV;
		v_free(q);
		good &= errno == EXDEV;
	}
	/* many at once, so that the heap grows and shrinks by system calls */
	void **many = v_malloc(2000 * sizeof *many);

	for (i = 0; i < 2000; i++)
		many[i] = v_malloc(100000 + i);
	good &= errno == EXDEV;
	for (i = 0; i < 2000; i++)
		v_free(many[i]);
	good &= errno == EXDEV;
	v_free(many);
	v_free(NULL);
	good &= errno == EXDEV;
	point(good, "errno is kept by free, and by malloc, calloc and realloc that succeed");
}

/* Random calls on many blocks, each filled with its own pattern. */
static void
contract_overlap(void)
{
	enum { N = 2000 };
	static struct {
		unsigned char *p;
		size_t n;
		unsigned char pattern;
	} slot[N];
	uint32_t state = 1;
	bool good = true;
	size_t step, i;

	for (step = 0; step < 60000; step++) {
		i = rnd(&state) % N;
		size_t n = rnd(&state) % (rnd(&state) % 50 ? 300 : 100000);

		if (slot[i].p != NULL)
			good &= all_bytes(slot[i].p, slot[i].pattern, slot[i].n);
		switch (rnd(&state) % 5) {
		case 0:
			v_free(slot[i].p);
			slot[i].p = v_malloc(n);
			break;
		case 1:
			v_free(slot[i].p);
			slot[i].p = v_calloc(1, n);
			good &= all_bytes(slot[i].p, 0, n);
			break;
		case 2:
			v_free(slot[i].p);
			slot[i].p = v_memalign((size_t)16 << rnd(&state) % 6, n);
			break;
		case 3:
			slot[i].p = v_realloc(slot[i].p, n + 1);
			n++;
			break;
		default:
			v_free(slot[i].p);
			slot[i].p = NULL;
			n = 0;
		}
		slot[i].n = n;
		slot[i].pattern = (unsigned char)step;
		if (n > 0)
			memset(slot[i].p, slot[i].pattern, n);
	}
	for (i = 0; i < N; i++) {
		if (slot[i].p != NULL)
			good &= all_bytes(slot[i].p, slot[i].pattern, slot[i].n);
		v_free(slot[i].p);
	}
	point(good, "blocks never overlap, over 60000 random calls");
}

static void
contract_figures(void)
{
	struct mallinfo2 before = mallinfo2(), after;
	void *p[100];
	int i;

	for (i = 0; i < 100; i++) {
		p[i] = v_malloc(100000);
		memset(p[i], 1, 100000);
	}
	after = mallinfo2();
	point(after.uordblks + after.hblkhd >= before.uordblks + before.hblkhd + 10000000 &&
			after.uordblks + after.hblkhd < before.uordblks + before.hblkhd + 40000000,
		"mallinfo2 sees ten more megabytes in use");
	for (i = 0; i < 100; i++)
		v_free(p[i]);
	after = mallinfo2();
	point(after.uordblks < before.uordblks + 5000000, "and sees them go");
	i = malloc_trim(0);
	point(i == 0 || i == 1, "malloc_trim answers 0 or 1");
}

/* Names that not every C library has. */
static int
extra(void)
{
	void (*volatile free_sized)(void *, size_t) = (void (*)(void *, size_t))dlsym(RTLD_DEFAULT, "free_sized");
	void (*volatile free_aligned_sized)(void *, size_t, size_t) =
		(void (*)(void *, size_t, size_t))dlsym(RTLD_DEFAULT, "free_aligned_sized");
	void (*volatile cfree)(void *) = (void (*)(void *))dlsym(RTLD_DEFAULT, "cfree");
	int i;

	point(free_sized != NULL, "free_sized is there");
	point(free_aligned_sized != NULL, "free_aligned_sized is there");
	point(cfree != NULL, "cfree is there");
	for (i = 1; i < 100; i++) {
		size_t n = (size_t)i * 37;

		keep(v_malloc(n), n, "malloc");
		if (free_sized != NULL) {
			errno = EXDEV;
			free_sized(gone(keep(v_malloc(n), n, "malloc"), n), n);
			if (errno != EXDEV)
				return 1;
			free_sized(NULL, n);
		}
		if (free_aligned_sized != NULL) {
			free_aligned_sized(gone(keep(v_aligned_alloc(64, n), n, "aligned"), n), 64, n);
			if (errno != EXDEV)
				return 1;
			free_aligned_sized(NULL, 64, n);
		}
		if (cfree != NULL) {
			cfree(gone(keep(v_calloc(n, 1), n, "calloc"), n));
			if (errno != EXDEV)
				return 1;
			cfree(NULL);
		}
	}
	return 0;
}

#define MX_ALIGN(lg) (lg)
#define MX_ZERO 0x40

static int
jemalloc_api(void)
{
	void *(*volatile mx)(size_t, int) = (void *(*)(size_t, int))dlsym(RTLD_DEFAULT, "mallocx");
	void *(*volatile rx)(void *, size_t, int) = (void *(*)(void *, size_t, int))dlsym(RTLD_DEFAULT, "rallocx");
	size_t (*volatile xx)(void *, size_t, size_t, int) =
		(size_t(*)(void *, size_t, size_t, int))dlsym(RTLD_DEFAULT, "xallocx");
	size_t (*volatile sx)(const void *, int) = (size_t(*)(const void *, int))dlsym(RTLD_DEFAULT, "sallocx");
	void (*volatile dx)(void *, int) = (void (*)(void *, int))dlsym(RTLD_DEFAULT, "dallocx");
	void (*volatile sdx)(void *, size_t, int) = (void (*)(void *, size_t, int))dlsym(RTLD_DEFAULT, "sdallocx");
	size_t (*volatile nx)(size_t, int) = (size_t(*)(size_t, int))dlsym(RTLD_DEFAULT, "nallocx");
	int (*volatile ctl)(const char *, void *, size_t *, void *, size_t) =
		(int (*)(const char *, void *, size_t *, void *, size_t))dlsym(RTLD_DEFAULT, "mallctl");
	bool good = true;
	const char *version = NULL;
	size_t len = sizeof version, n, m;
	unsigned char *p;

	point(mx && rx && xx && sx && dx && sdx && nx && ctl, "jemalloc's names are there");
	if (!(mx && rx && xx && sx && dx && sdx && nx && ctl))
		return 0;
	for (n = 1; n < 200000; n = n * 2 + 5) {
		p = keep(mx(n, 0), n, "mallocx");
		good &= sx(p, 0) >= n && nx(n, 0) >= n;
		memset(p, 0xff, n);
		dx(gone(p, n), 0);
		p = keep(mx(n, MX_ZERO | MX_ALIGN(8)), n, "mallocx");
		good &= aligned_to(p, 256) && all_bytes(p, 0, n);
		gone(p, n);
		p = keep(rx(p, n * 3, MX_ZERO), n * 3, "mallocx");
		good &= all_bytes(p, 0, n * 3);
		sdx(gone(keep(mx(n, 0), n, "mallocx"), n), n, 0);
		/* xallocx resizes in place or not at all, and says the size it is now */
		p = keep(mx(n, 0), n, "mallocx");
		m = xx(p, n, 0, 0);
		good &= m >= n;
		if (xx(p, n * 50, 0, 0) >= n * 50) {
			gone(p, n);
			keep(p, n * 50, "mallocx");
		}
	}
	point(good, "mallocx, rallocx, xallocx and sallocx keep their word");
	point(ctl("version", &version, &len, NULL, 0) == 0 && version && version[0] == '5',
		"mallctl tells a version");
	point(ctl("no.such.name", NULL, NULL, NULL, 0) != 0, "mallctl refuses what it does not know");
	return 0;
}

static int
many(void)
{
	int i;

	for (i = 0; i < 100000; i++)
		v_free(v_malloc(100));
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	if (!strcmp(argv[1], "ledger"))
		return ledger();
	if (!strcmp(argv[1], "extra"))
		return extra();
	if (!strcmp(argv[1], "mallocx"))
		return jemalloc_api();
	if (!strcmp(argv[1], "many"))
		return many();
	contract_basics();
	contract_realloc();
	contract_failure();
	contract_aligned();
	contract_errno();
	contract_overlap();
	contract_figures();
	return 0;
}
