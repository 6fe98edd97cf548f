/* waste.c -- sites that waste memory, each in its own way, and what each wastes.
 *
 *     waste [COPIES]     COPIES: a site makes so many blocks of as many contents, twice each
 *
 * Says for each site, a function make_NAME: "waste make_NAME ZERO-BLOCKS BYTES TAIL-BLOCKS BYTES
 * UNTOUCHED COMPARED DISTINCT COPY-BYTES", as gcprof-heap(5) defines them; only zeros of one that
 * wastes nothing.
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"

#include <sys/prctl.h>

struct truth {
	size_t zero_blocks, zero_bytes, tail_blocks, tail_bytes, untouched, compared,
		distinct, copy_bytes;
};

static void *volatile kept[1 << 20];
static size_t n_kept;

static char *
hold(void *p)
{
	if (!p || n_kept == sizeof kept / sizeof *kept)
		_exit(98);
	kept[n_kept++] = p;
	return p;
}

/* mark: else the compiler makes one function of all. */
#define MAKER(name, mark)                                                                \
	NOINLINE static char *name(size_t bytes, int fill)                               \
	{                                                                                \
		char *p = hold(malloc(bytes));                                           \
                                                                                         \
		__asm__ volatile("# " mark : : : "memory");                              \
		memset(p, fill, bytes);                                                  \
		OPAQUE(p);                                                               \
		return p;                                                                \
	}
MAKER(make_zero, "zero")
MAKER(make_tails, "tails")
MAKER(make_short, "short")
MAKER(make_copies, "copies")
MAKER(make_large, "large")
MAKER(make_different, "different")
MAKER(make_sizes, "sizes")
MAKER(make_tiny, "tiny")
MAKER(make_many, "many")
MAKER(make_pieces, "pieces")

/* Not written to. */
#define UNTOUCHED_MAKER(name, mark)                                                      \
	NOINLINE static char *name(size_t bytes)                                         \
	{                                                                                \
		char *p = hold(malloc(bytes));                                           \
                                                                                         \
		__asm__ volatile("# " mark : : : "memory");                              \
		return p;                                                                \
	}
UNTOUCHED_MAKER(make_untouched, "untouched")
UNTOUCHED_MAKER(make_behind, "behind")

static void
tell(const char *name, const struct truth *t)
{
	say("waste make_%s %zu %zu %zu %zu %zu %zu %zu %zu", name, t->zero_blocks,
	    t->zero_bytes, t->tail_blocks, t->tail_bytes, t->untouched, t->compared,
	    t->distinct, t->copy_bytes);
}

static void
zero(void)
{
	struct truth t = {0};
	/* Sizes that end in each byte of a word, and blocks of some pages. */
	static const size_t sizes[] = {1, 7, 8, 15, 16, 17, 24, 100, 4096, 10001, 40000};

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		make_zero(sizes[i], 0);
		t.zero_blocks++;
		t.zero_bytes += sizes[i];
	}
	/* A byte in the last place: none of these. */
	make_zero(100, 0)[99] = 1;
	make_zero(5, 0)[4] = 1;
	tell("zero", &t);
}

static void
tails(void)
{
	struct truth t = {0};

	/* Each end in a word, in one page and over several. */
	for (size_t i = 1; i <= 40; i++) {
		static const size_t sizes[] = {64, 100, 9000};

		for (size_t k = 0; k < 3; k++) {
			char *p = make_tails(sizes[k], 'x');

			memcpy(p, &i, sizeof i);
			memset(p + sizes[k] - i, 0, i);
			t.tail_blocks++;
			t.tail_bytes += i;
			t.compared++;
			t.distinct++;
		}
	}
	tell("tails", &t);
	t = (struct truth){0};
	/* Of small blocks it does not count. */
	for (size_t i = 1; i <= 40; i++) {
		char *p = make_short(63, 'x');

		memcpy(p, &i, sizeof i);
		memset(p + 23, 0, 40);
	}
	tell("short", &t);
}

static void
copies(void)
{
	struct truth t = {0};

	/* 300 blocks of 3 contents, at all places of a page. */
	for (int i = 0; i < 300; i++) {
		char *p = make_copies(200, 'a' + i % 3);

		memset(p + 150, 0, 50);
		t.tail_blocks++;
		t.tail_bytes += 50;
		t.compared++;
	}
	t.distinct = 3;
	t.copy_bytes = 297 * 150;
	tell("copies", &t);

	t = (struct truth){0};
	for (int i = 0; i < 12; i++) {
		/* Over pages, with zeros within. */
		char *p = make_large(30011, 'a' + i % 4);

		memset(p + 1000, 0, 20000);
		t.compared++;
	}
	t.distinct = 4;
	t.copy_bytes = 8 * 30011;
	tell("large", &t);

	t = (struct truth){0};
	/* In one byte, wherever it is. */
	for (size_t i = 0; i < 128; i++)
		make_different(128, 'x')[i] ^= 0x40;
	tell("different", &t);

	t = (struct truth){0};
	/* As far as the shorter one goes they are equal. */
	for (size_t i = 16; i < 80; i++)
		make_sizes(i, 'x');
	tell("sizes", &t);

	for (int i = 0; i < 50; i++)
		make_tiny(15, 'x');
	t = (struct truth){0};
	tell("tiny", &t);
}

/* From a page's middle to another's, so that no allocator's header is in the way. */
static void
untouched(void)
{
	struct truth t = {0};
	const size_t page = 4096, bytes = 8 << 20, part = 16 * page;

	for (int i = 0; i < 3; i++) {
		char *p = make_untouched(bytes);
		size_t offset = page - (uintptr_t)p % page;
		/* What the allocator's own pages have of the block's first and last page. */
		size_t first = (uintptr_t)p % page ? offset : 0;

		memset(p, 'x', 1);
		memset(p + offset + 100 * page, 'x', part);
		memset(p + bytes - 1, 'x', 1);
		t.untouched += bytes - part - (first ? first : page) -
			       (((uintptr_t)p + bytes - 1) % page + 1);
	}
	tell("untouched", &t);
	t = (struct truth){0};
	/* What is not there counts as that, and is no zero at the end as well. */
	for (int i = 0; i < 2; i++) {
		char *p = make_behind(bytes);
		size_t there = page - (uintptr_t)p % page;

		p[0] = 'x';
		t.tail_blocks++;
		t.tail_bytes += there - 1;
		t.untouched += bytes - there;
	}
	tell("behind", &t);
	t = (struct truth){0};
	/* And zeros that are there count as such. */
	for (int i = 0; i < 2; i++) {
		char *p = make_pieces(100000, 'x');

		memset(p + 100000 - 5000, 0, 5000);
		t.tail_blocks++;
		t.tail_bytes += 5000;
		t.compared++;
	}
	t.distinct = 1;
	t.copy_bytes = 95000;
	tell("pieces", &t);
}

static void
many(size_t n)
{
	struct truth t = {.compared = 2 * n, .distinct = n, .copy_bytes = 48 * n};

	int times = 2;

	OPAQUE(times); /* else there may be two calls, and so two sites */
	for (; times; times--)
		for (size_t i = 0; i < n; i++)
			memcpy(make_many(48, 'x'), &i, sizeof i);
	tell("many", &t);
}

int
main(int argc, char **argv)
{
	/* Else what is near a page that is touched may be there too. */
	(void)prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	zero();
	tails();
	copies();
	untouched();
	if (argc > 1)
		many(strtoul(argv[1], NULL, 10));
	return 0;
}
