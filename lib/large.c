/* large.c -- see large.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "large.h"
#include "arch.h"
#include "sys.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

enum {
	/* Sizes, and addresses where that is cheap: the bytes of which the tags take a
	 * page of the shadow, which can be given back only whole. */
	GRAIN = 4 * ARCH_PAGE,
	HUGE_PAGE = 2 << 20,
	N_RUNS = 64,
	TRIES = 64, /* of a compare-and-exchange, or of a search, before it is given up */
	LOOK = 1 << 20, /* bytes that one call of mincore is about */
	/* Fewer are written sooner than faulted in, however few of them are in use. */
	CLEAR_AT_ONCE = 8 << 20,
	/* A free run is divided if at least this is left over, and a sixteenth of the
	 * block; else the block has that as well. */
	LEFT_OVER = 64 << 10
};

/* A run of pages in one word; 0 is none. */
enum { COUNT_BITS = 29 };
#define RUN(start, bytes)                                                                \
	((uint64_t)(start) >> ARCH_PAGE_BITS << COUNT_BITS | (bytes) >> ARCH_PAGE_BITS)
#define RUN_START(run) ((uintptr_t)((run) >> COUNT_BITS << ARCH_PAGE_BITS))
#define RUN_BYTES(run) ((size_t)((run) & ((1ull << COUNT_BITS) - 1)) << ARCH_PAGE_BITS)
#define RUN_END(run) (RUN_START(run) + RUN_BYTES(run))

/* A block in its word: number of pages, and the page in its mebibyte at which it
 * begins; and whether the program has changed what pages of it are. */
enum { PLACE_BITS = BLOCKS_LARGE_BITS - ARCH_PAGE_BITS };
#define BLOCK(start, bytes)                                                              \
	((uint64_t)(bytes) >> ARCH_PAGE_BITS << PLACE_BITS |                             \
	 ((uintptr_t)(start) >> ARCH_PAGE_BITS & ((1u << PLACE_BITS) - 1)))
#define BLOCK_CHANGED (1ull << 63)
#define BLOCK_BYTES(word)                                                                \
	((size_t)(((word) & ~BLOCK_CHANGED) >> PLACE_BITS << ARCH_PAGE_BITS))
#define BLOCK_PLACE(word) ((word) & ((1u << PLACE_BITS) - 1))

/* Free runs.  since: of the run that is there now, as `clock` was; a hint. */
static struct {
	uint64_t runs[N_RUNS] __attribute__((aligned(64))); /* atomic */
	uint32_t since[N_RUNS];                             /* atomic */
	uint32_t clock;    /* atomic: runs that were ever kept */
	uint64_t bytes;    /* atomic: of all runs */
	uint64_t bound;    /* atomic: most that they may have */
	uint64_t unmapped; /* atomic: bytes that were, for the bound, since it was tidied */
	uint32_t tidy_clock; /* `clock` as it was tidied */
	uint64_t tidy_ns;    /* atomic: when */
} kept = {.bound = LARGE_KEPT};

static uint64_t mapped; /* atomic */
static bool is_huge;

static size_t
round_up(size_t bytes, size_t to)
{
	return (bytes + to - 1) & ~(to - 1);
}

size_t
large_round(size_t bytes)
{
	return round_up(bytes, GRAIN);
}

static bool
is_aligned(uintptr_t start, size_t align)
{
	return !(start & (align - 1));
}

/* Whether any of [start, end) is free for whoever comes. */
static CHECK_ONLY bool
is_kept(uintptr_t start, uintptr_t end)
{
	int i;

	for (i = 0; i < N_RUNS; i++) {
		uint64_t run = acquire_load(&kept.runs[i]);

		if (run && RUN_START(run) < end && RUN_END(run) > start)
			return true;
	}
	return false;
}

/* ---- the kernel ----------------------------------------------------------- */

static void
unmap(uintptr_t start, size_t bytes)
{
	if (!bytes)
		return;
	GCP_ASSERT(is_aligned(start | bytes, ARCH_PAGE));
	GCP_ASSERT_SLOW(!is_kept(start, start + bytes));
	blocks_forget(start, start + bytes);
	/* Refused where it would divide a mapping and there are too many: then it is
	 * address space that nobody knows, without memory. */
	if (sys_munmap((void *)start, bytes) < 0)
		(void)sys_madvise((void *)start, bytes, MADV_DONTNEED);
	(void)atomic_add(&mapped, 0 - (uint64_t)bytes);
}

/* Returns 0 if the kernel refuses. */
static uintptr_t
map_plain(size_t bytes)
{
	long p = sys_mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p < 0)
		return 0;
	(void)atomic_add(&mapped, bytes);
	return (uintptr_t)p;
}

static uintptr_t
map_aligned(size_t bytes, size_t align)
{
	uintptr_t p, start;

	GCP_ASSERT(align >= ARCH_PAGE && !(align & (align - 1)));
	p = map_plain(bytes + align - ARCH_PAGE);
	if (!p)
		return 0;
	start = round_up(p, align);
	unmap(p, start - p);
	unmap(start + bytes, align - ARCH_PAGE - (start - p));
	return start;
}

static uintptr_t
map(size_t bytes, size_t align)
{
	size_t good = is_huge ? HUGE_PAGE : GRAIN;
	uintptr_t p;

	if (align > good)
		good = align;
	if (good > PTRDIFF_MAX - bytes)
		return 0;
	p = good == GRAIN ? map_plain(bytes) : 0;
	if (p && is_aligned(p, good))
		return p;
	if (p)
		unmap(p, bytes);
	p = map_aligned(bytes, good);
	if (!p && align <= ARCH_PAGE)
		p = map_plain(bytes);
	if (p && is_huge)
		(void)sys_madvise((void *)p, bytes, MADV_HUGEPAGE);
	return p;
}

/* ---- runs that are kept --------------------------------------------------- */

/* Own a run that was seen in the table. */
static bool
claim(int i, uint64_t run)
{
	GCP_ASSERT(run && i >= 0 && i < N_RUNS);
	if (!__atomic_compare_exchange_n(&kept.runs[i], &run, 0, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_RELAXED))
		return false;
	(void)atomic_add(&kept.bytes, 0 - (uint64_t)RUN_BYTES(run));
	return true;
}

/* Returns false if the table is full. */
static bool
put(uintptr_t start, size_t bytes)
{
	int i;

	GCP_ASSERT(bytes && is_aligned(start | bytes, ARCH_PAGE));
	GCP_ASSERT(RUN_START(RUN(start, bytes)) == start &&
		   RUN_BYTES(RUN(start, bytes)) == bytes);
	GCP_ASSERT_SLOW(!is_kept(start, start + bytes));
	for (i = 0; i < N_RUNS; i++) {
		uint64_t none = 0;

		if (relaxed_load(&kept.runs[i]))
			continue;
		(void)atomic_add(&kept.bytes, bytes);
		relaxed_store(&kept.since[i], atomic_add(&kept.clock, 1) + 1);
		if (__atomic_compare_exchange_n(&kept.runs[i], &none, RUN(start, bytes),
						false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			return true;
		(void)atomic_add(&kept.bytes, 0 - (uint64_t)bytes);
	}
	return false;
}

/* Unmap the run that lay longest.  Returns its bytes, 0 if there is none. */
static size_t
drop_oldest(void)
{
	int tries, i, oldest;

	for (tries = 0; tries < TRIES; tries++) {
		uint64_t run = 0;

		for (i = 0, oldest = -1; i < N_RUNS; i++) {
			uint64_t r = relaxed_load(&kept.runs[i]);

			if (r && (oldest < 0 ||
				  (int32_t)(relaxed_load(&kept.since[i]) -
					    relaxed_load(&kept.since[oldest])) < 0)) {
				oldest = i;
				run = r;
			}
		}
		if (oldest < 0)
			return 0;
		if (claim(oldest, run)) {
			unmap(RUN_START(run), RUN_BYTES(run));
			return RUN_BYTES(run);
		}
	}
	return 0;
}

/* A run that is ours, and those beside it that are kept: take them out, and make one. */
static void
gather(uintptr_t *start, size_t *bytes)
{
	int i;

	for (i = 0; i < N_RUNS; i++) {
		uint64_t run = relaxed_load(&kept.runs[i]);

		if (!run || (RUN_END(run) != *start && RUN_START(run) != *start + *bytes) ||
		    !claim(i, run))
			continue;
		if (RUN_START(run) < *start)
			*start = RUN_START(run);
		*bytes += RUN_BYTES(run);
		i = -1; /* at most once for each run */
	}
}

static void
keep(uintptr_t start, size_t bytes)
{
	int tries;

	gather(&start, &bytes);
	for (tries = 0; !put(start, bytes); tries++)
		if (tries == TRIES || !drop_oldest()) {
			unmap(start, bytes);
			return;
		}
	for (tries = 0; tries < N_RUNS; tries++) {
		uint64_t bound = relaxed_load(&kept.bound);
		size_t dropped;

		if (relaxed_load(&kept.bytes) <= bound || !(dropped = drop_oldest()))
			break;
		(void)atomic_add(&kept.unmapped, dropped);
	}
}

/* Own the smallest run of at least so many bytes; *bytes becomes what it has.  Returns 0
 * if there is none. */
static uintptr_t
take(size_t *bytes, size_t align)
{
	int tries, i, best;

	for (tries = 0; tries < TRIES; tries++) {
		uint64_t run = 0;
		uintptr_t start;
		size_t left;

		for (i = 0, best = -1; i < N_RUNS; i++) {
			uint64_t r = relaxed_load(&kept.runs[i]);

			if (RUN_BYTES(r) >= *bytes && is_aligned(RUN_START(r), align) &&
			    (best < 0 || RUN_BYTES(r) < RUN_BYTES(run))) {
				best = i;
				run = r;
			}
		}
		if (best < 0)
			return 0;
		if (!claim(best, run))
			continue;
		start = RUN_START(run);
		left = RUN_BYTES(run) - *bytes;
		if (left < LEFT_OVER || left < *bytes / 16)
			*bytes += left;
		else if (!put(start + *bytes, left))
			unmap(start + *bytes, left);
		return start;
	}
	return 0;
}

void
large_unmap_kept(void)
{
	int n;

	for (n = 0; n < 2 * N_RUNS && drop_oldest(); n++)
		;
}

void
large_tidy(uint64_t now_ns)
{
	const uint64_t second = 1000000000;
	uint64_t before = relaxed_load(&kept.tidy_ns), bound = relaxed_load(&kept.bound);
	uint32_t clock = kept.tidy_clock;
	int i;

	if (now_ns - before < second ||
	    !__atomic_compare_exchange_n(&kept.tidy_ns, &before, now_ns, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return;
	kept.tidy_clock = relaxed_load(&kept.clock);
	relaxed_store(&kept.unmapped, 0);
	if (bound > LARGE_KEPT)
		relaxed_store(&kept.bound, bound - (bound - LARGE_KEPT) / 4);
	for (i = 0; i < N_RUNS; i++) {
		uint64_t run = relaxed_load(&kept.runs[i]);

		if (run && (int32_t)(relaxed_load(&kept.since[i]) - clock) <= 0 &&
		    claim(i, run))
			unmap(RUN_START(run), RUN_BYTES(run));
	}
}

/* ---- blocks --------------------------------------------------------------- */

/* Returns false if there is no memory for its word. */
static bool
set_block(uintptr_t start, size_t bytes)
{
	uint64_t *word = blocks_large_make(start);

	GCP_ASSERT(bytes && is_aligned(start | bytes, ARCH_PAGE));
	GCP_ASSERT(BLOCK_BYTES(BLOCK(start, bytes)) == bytes);
	if (!word)
		return false;
	/* One that has become shorter or longer where it is stays what it was. */
	release_store(word,
		      BLOCK(start, bytes) | (BLOCK_PLACE(relaxed_load(word)) ==
							     BLOCK_PLACE(BLOCK(start, 0))
						     ? relaxed_load(word) & BLOCK_CHANGED
						     : 0));
	return true;
}

static uint64_t
block_at(const void *p, uint64_t **ret_word)
{
	uint64_t *word = blocks_large((uintptr_t)p), value;

	if (!word)
		return 0;
	value = acquire_load(word);
	if (BLOCK_PLACE(value) != BLOCK_PLACE(BLOCK(p, 0)))
		return 0;
	*ret_word = word;
	return value;
}

NOINLINE size_t
large_usable_slow(const void *p)
{
	uint64_t *word;

	return BLOCK_BYTES(block_at(p, &word));
}

/* Make the first bytes of a run that had been in use zeros: by writing where most of
 * it is resident, else by giving it back, as what has to be faulted in again is less
 * than what would have to be written. */
static void
clear(uintptr_t start, size_t bytes)
{
	unsigned char resident[LOOK / ARCH_PAGE];
	size_t at, n = 0, i;

	for (at = bytes > CLEAR_AT_ONCE ? 0 : bytes; at < bytes; at += LOOK) {
		size_t part = bytes - at < LOOK ? round_up(bytes - at, ARCH_PAGE) : LOOK;

		if (sys_mincore((void *)(start + at), part, resident) < 0)
			memset(resident, 1, sizeof resident);
		for (i = 0; i < part / ARCH_PAGE; i++)
			n += resident[i] & 1;
	}
	if (bytes <= CLEAR_AT_ONCE || n >= bytes / ARCH_PAGE / 4 ||
	    sys_madvise((void *)start, round_up(bytes, ARCH_PAGE), MADV_DONTNEED) < 0)
		memset((void *)start, 0, bytes);
}

/* What was unmapped to keep the bound is missed now. */
static void
raise_bound(size_t missed)
{
	uint64_t bound = relaxed_load(&kept.bound) + missed;

	if (missed > LARGE_KEEP || relaxed_load(&kept.unmapped) < missed)
		return;
	relaxed_store(&kept.bound, bound < LARGE_KEPT_MOST ? bound : LARGE_KEPT_MOST);
}

void *
large_alloc(size_t bytes, size_t align, bool is_zeros)
{
	size_t room = large_round(bytes);
	uintptr_t start;

	GCP_ASSERT(bytes >= LARGE_MIN && bytes <= PTRDIFF_MAX);
	GCP_ASSERT(align && !(align & (align - 1)));
	start = take(&room, align);
	GCP_ASSERT(!start || (room >= bytes && is_aligned(start, align)));
	if (start) {
		if (is_zeros)
			clear(start, bytes);
	} else {
		raise_bound(room);
		start = map(room, align);
		if (!start && relaxed_load(&kept.bytes)) {
			large_unmap_kept();
			start = map(room, align);
		}
	}
	if (start && !set_block(start, room)) {
		unmap(start, room);
		return NULL;
	}
	return (void *)start;
}

/* What is kept for others must be what was mapped: readable, writable, private.  The
 * C library unmaps such a block, whatever the program has made of its pages.  Changes by
 * functions of the C library and by syscall(2) are known (large_changed); of those by an
 * instruction of the program's own those of a part are seen by mremap, which wants a single
 * mapping: EFAULT, before it looks for room.  It does not look where the size stays the
 * same (the kernel's mm/mremap.c), so a page more is asked for, and given back if there was
 * room. */
static bool
is_as_mapped(uintptr_t start, uint64_t value)
{
	size_t bytes = BLOCK_BYTES(value);
	long got;

	if (value & BLOCK_CHANGED)
		return false;
	got = sys_mremap((void *)start, bytes, bytes + ARCH_PAGE, 0, NULL);
	if (got == (long)start)
		(void)sys_munmap((void *)(start + bytes), ARCH_PAGE);
	return got != -EFAULT;
}

/* Advice about what is in the pages now, and not about what becomes of them. */
bool
large_is_passing(int advice)
{
	return advice == MADV_WILLNEED || advice == MADV_DONTNEED ||
	       advice == MADV_FREE || advice == MADV_COLD || advice == MADV_PAGEOUT ||
	       advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE;
}

void
large_changed(uintptr_t start, size_t bytes)
{
	const uintptr_t mebibyte = (uintptr_t)1 << BLOCKS_LARGE_BITS;
	uintptr_t at = start & ~(mebibyte - 1), end = start + bytes;
	uintptr_t first = at > LARGE_KEEP ? at - LARGE_KEEP : 0;

	for (at = first; at < end && at - first <= 2ul * LARGE_KEEP; at += mebibyte) {
		uint64_t *word = blocks_large(at), value = word ? acquire_load(word) : 0;
		uintptr_t block = at + (BLOCK_PLACE(value) << ARCH_PAGE_BITS);

		while (value && block < end && block + BLOCK_BYTES(value) > start &&
		       !__atomic_compare_exchange_n(word, &value, value | BLOCK_CHANGED,
						    false, __ATOMIC_ACQ_REL,
						    __ATOMIC_ACQUIRE))
			;
	}
}

NOINLINE bool
large_free_slow(void *p)
{
	uint64_t *word, value = block_at(p, &word);

	/* Of two threads that free it at once, one. */
	if (!value || !__atomic_compare_exchange_n(word, &value, 0, false,
						   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return false;
	if (BLOCK_BYTES(value) <= LARGE_KEEP && is_as_mapped((uintptr_t)p, value))
		keep((uintptr_t)p, BLOCK_BYTES(value));
	else
		unmap((uintptr_t)p, BLOCK_BYTES(value));
	return true;
}

/* ---- other sizes ---------------------------------------------------------- */

static void
shrink(uintptr_t start, size_t have, size_t want)
{
	GCP_ASSERT(want >= LARGE_MIN && want <= have);
	if (have - want < LEFT_OVER)
		return;
	(void)set_block(start, want);
	unmap(start + want, have - want);
}

static bool
grow_here(uintptr_t start, size_t have, size_t want)
{
	GCP_ASSERT(want > have && is_aligned(want, ARCH_PAGE));
	if (sys_mremap((void *)start, have, want, 0, NULL) < 0)
		return false;
	(void)atomic_add(&mapped, want - have);
	(void)set_block(start, want);
	return true;
}

/* Pages that are all zeros, as those never touched, are passed over: to is zeros. */
static void
copy(char *to, const char *from, size_t bytes)
{
	size_t at;

	for (at = 0; at < bytes; at += ARCH_PAGE)
		if (from[at] || memcmp(from + at, from + at + 1, ARCH_PAGE - 1) != 0)
			memcpy(to + at, from + at, ARCH_PAGE);
}

/* The kernel moves one mapping, and this block lies in several: runs of different ones
 * became one, or the program changed the access of a part. */
static uintptr_t
move_by_copy(uintptr_t start, size_t have, size_t want, size_t align)
{
	uintptr_t to = map(want, align);

	if (!to)
		return 0;
	copy((char *)to, (const char *)start, have);
	unmap(start, have);
	return to;
}

static uintptr_t
move(uintptr_t start, size_t have, size_t want, size_t align)
{
	long to;

	if (align > ARCH_PAGE)
		return move_by_copy(start, have, want, align);
	blocks_forget(start, start + have);
	to = sys_mremap((void *)start, have, want, MREMAP_MAYMOVE, NULL);
	if (to == -EFAULT)
		return move_by_copy(start, have, want, align);
	if (to < 0)
		return 0;
	(void)atomic_add(&mapped, want - have);
	return (uintptr_t)to;
}

void *
large_realloc(void *p, size_t bytes, size_t align)
{
	size_t want = large_round(bytes), have;
	uintptr_t start = (uintptr_t)p, to;
	uint64_t *word, value = block_at(p, &word);

	have = BLOCK_BYTES(value);
	GCP_ASSERT(have >= LARGE_MIN); /* a block of ours */
	GCP_ASSERT(bytes >= LARGE_MIN && align && !(align & (align - 1)));
	if (is_aligned(start, align)) {
		if (want <= have) {
			shrink(start, have, want);
			return p;
		}
		if (grow_here(start, have, want))
			return p;
	}
	/* Somebody may have the old place before we know the new one. */
	release_store(word, 0);
	to = move(start, have, want, align);
	if (!to) {
		large_unmap_kept();
		to = move(start, have, want, align);
	}
	if (!to) {
		(void)set_block(start, have);
		return NULL;
	}
	if (!set_block(to, want)) /* BOUND: it is never given back */
		lose(LOSS_SHADOW);
	return (void *)to;
}

size_t
large_resize(void *p, size_t bytes, size_t extra)
{
	size_t have = large_usable(p), most, least;

	GCP_ASSERT(have >= LARGE_MIN); /* a block of ours */
	if (bytes > PTRDIFF_MAX / 2 || extra > PTRDIFF_MAX / 2)
		return have;
	most = large_round(bytes + extra < LARGE_MIN ? LARGE_MIN : bytes + extra);
	least = large_round(bytes < LARGE_MIN ? LARGE_MIN : bytes);
	if (most < have)
		shrink((uintptr_t)p, have, most);
	else if (most > have && !grow_here((uintptr_t)p, have, most) && least > have)
		(void)grow_here((uintptr_t)p, have, least);
	return large_usable(p);
}

/* ---- what others ask ------------------------------------------------------ */

uint64_t
large_mapped_bytes(void)
{
	return relaxed_load(&mapped);
}

struct region_walk {
	void (*f)(uintptr_t start, uintptr_t end, void *with);
	void *with;
};

static void
show_block(uintptr_t mebibyte, uint64_t word, void *with)
{
	const struct region_walk *walk = with;
	uintptr_t start = mebibyte + (BLOCK_PLACE(word) << ARCH_PAGE_BITS);

	walk->f(start, start + BLOCK_BYTES(word), walk->with);
}

void
large_regions(void (*f)(uintptr_t start, uintptr_t end, void *with), void *with)
{
	struct region_walk walk = {f, with};
	int i;

	blocks_large_walk(show_block, &walk);
	for (i = 0; i < N_RUNS; i++) {
		uint64_t run = acquire_load(&kept.runs[i]);

		if (run)
			f(RUN_START(run), RUN_END(run), with);
	}
}

void
large_use_huge_pages(void)
{
	is_huge = true;
}

void
large_after_fork_child(void)
{
	uint64_t bytes = 0;
	int i;

	/* A thread that is no more may have been between a run and its bytes. */
	for (i = 0; i < N_RUNS; i++)
		bytes += RUN_BYTES(kept.runs[i]);
	kept.bytes = bytes;
}
