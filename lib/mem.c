/* mem.c -- see mem.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mem.h"
#include "forking.h"
#include "sys.h"

#include <sys/mman.h>

enum { MAX_REGIONS = 16384, KEEP_BYTES = 256 << 10 };

/* Append-only; an entry counts once its bytes are not 0. */
static struct region {
	char *start;
	size_t bytes;
} regions[MAX_REGIONS];
static uint32_t n_regions;

static void
note_region(void *start, size_t bytes)
{
	uint32_t i;

	forking_change_begin();
	GCP_ASSERT(bytes && !((uintptr_t)start & (MEM_PAGE - 1)));
	i = atomic_add(&n_regions, 1);
	if (i < MAX_REGIONS) {
		regions[i].start = start;
		release_store(&regions[i].bytes, bytes);
	}
	forking_change_end();
}

void *
mem_map(size_t bytes)
{
	long p;

	GCP_ASSERT(bytes && bytes <= PTRDIFF_MAX);
	bytes = (bytes + MEM_PAGE - 1) & ~(size_t)(MEM_PAGE - 1);
	p = sys_mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p < 0)
		return NULL;
	/* Shadow pages in huge pages would make every lonely tag cost 2 MiB. */
	(void)sys_madvise((void *)p, bytes, MADV_NOHUGEPAGE);
	note_region((void *)p, bytes);
	return (void *)p;
}

static void *
map_shared(void *old, size_t bytes, int flags, int fd)
{
	long p;

	GCP_ASSERT(!((uintptr_t)old & (MEM_PAGE - 1)));
	GCP_ASSERT(fd >= 0 || flags & MAP_ANONYMOUS);
	p = sys_mmap(old, bytes, PROT_READ | PROT_WRITE,
		     MAP_SHARED | flags | (old ? MAP_FIXED : 0), fd, 0);

	if (p < 0)
		return NULL;
	if (!old)
		note_region((void *)p, bytes);
	return (void *)p;
}

void *
mem_map_shared(void *old)
{
	return map_shared(old, MEM_PAGE, MAP_ANONYMOUS, -1);
}

void *
mem_map_file(void *old, size_t bytes, int fd)
{
	return map_shared(old, bytes, 0, fd);
}

enum { HUGE_PAGE = 2 << 20 };
static bool is_huge;

void
mem_use_huge_pages(void)
{
	is_huge = true;
}

size_t
mem_dense_page(void)
{
	return is_huge ? HUGE_PAGE : MEM_PAGE;
}

void
mem_drop(void *start, size_t bytes)
{
	GCP_ASSERT(!((uintptr_t)start & (MEM_PAGE - 1)));
	GCP_ASSERT(!(bytes & (MEM_PAGE - 1)));
	(void)sys_madvise(start, bytes, MADV_DONTNEED); /* else they stay what they are */
}

void *
mem_map_dense(size_t bytes)
{
	const size_t huge = HUGE_PAGE;
	char *p;

	if (!is_huge)
		return mem_map(bytes);
	p = mem_map(bytes + huge);
	if (!p)
		return NULL;
	p = (char *)(((uintptr_t)p + huge - 1) & ~(uintptr_t)(huge - 1));
	(void)sys_madvise(p, bytes & ~(huge - 1), MADV_HUGEPAGE);
	return p;
}

/* INVARIANT  keep: `used` is a multiple of 64 beyond the head; a run that is
 * used up is replaced by whoever maps the next one first; losers waste theirs
 * until it is used up in turn. */
static struct keep {
	char *_Atomic start;
} keep_now;
struct keep_head {
	size_t used; /* atomic */
};

void *
mem_keep(size_t bytes)
{
	GCP_ASSERT(bytes);
	bytes = (bytes + 63) & ~(size_t)63;
	if (bytes > KEEP_BYTES / 4)
		return mem_map(bytes);
	for (;;) {
		char *run = keep_now.start;

		if (run) {
			size_t at = atomic_add(&((struct keep_head *)run)->used, bytes);

			GCP_ASSERT(at >= 64 && at % 64 == 0); /* keep */
			if (at + bytes <= KEEP_BYTES)
				return run + at;
		}
		char *fresh = mem_map(KEEP_BYTES);

		if (!fresh)
			return NULL;
		((struct keep_head *)fresh)->used = 64;
		keep_now.start = fresh;
	}
}

void
mem_after_fork(void)
{
	/* Where fork could not wait (forking.h), its head may be older than what was
	 * taken from it. */
	keep_now.start = NULL;
}

void
mem_regions(void (*f)(uintptr_t start, uintptr_t end, void *with), void *with)
{
	uint32_t n = relaxed_load(&n_regions), i;

	for (i = 0; i < n && i < MAX_REGIONS; i++) {
		size_t bytes = acquire_load(&regions[i].bytes);

		if (bytes)
			f((uintptr_t)regions[i].start,
			  (uintptr_t)regions[i].start + bytes, with);
	}
}

uint64_t
mem_resident_bytes(void)
{
	unsigned char pages[512]; /* little: we may be on a signal handler's stack */
	uint32_t n = relaxed_load(&n_regions), i;
	uint64_t total = 0;

	for (i = 0; i < n && i < MAX_REGIONS; i++) {
		size_t bytes = acquire_load(&regions[i].bytes), at, k;

		for (at = 0; at < bytes; at += sizeof pages * MEM_PAGE) {
			size_t part = bytes - at < sizeof pages * MEM_PAGE
					      ? bytes - at
					      : sizeof pages * MEM_PAGE;

			if (sys_mincore(regions[i].start + at, part, pages) < 0)
				continue;
			for (k = 0; k < part / MEM_PAGE; k++)
				total += (size_t)(pages[k] & 1) * MEM_PAGE;
		}
	}
	return total;
}
