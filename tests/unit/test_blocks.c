/* test_blocks.c -- the shadow, its walk and its index, our own bytes; with threads.
 *
 * Blocks are numbers here: nothing is allocated at their addresses.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "blocks.h"
#include "index.h"
#include "mem.h"
#include "together.h"

/* Two chunks of shadow, blocks that lie close on both sides of their border. */
#define BORDER ((uintptr_t)5 << BLOCKS_CHUNK_BITS)
enum { N = 20000, STRIDE = 1024 };

static size_t
bytes_of(uint32_t i)
{
	static const size_t sizes[] = {0, 1, 48, 49, 500, 511, 512, 513, 900};

	return sizes[i % 9];
}

static struct block
block_of(uint32_t i, uint32_t turn)
{
	return (struct block){.addr = BORDER - N / 2 * STRIDE + (uintptr_t)i * STRIDE,
			      .bytes = bytes_of(i + turn),
			      .site = 7 + (i + turn) % 1000,
			      .birth = 1 + i % 77,
			      .kind = i % 6};
}

static bool
is_same(const struct block *a, const struct block *b)
{
	return a->addr == b->addr && a->bytes == b->bytes && a->site == b->site &&
	       a->birth == b->birth && a->kind == b->kind;
}

/* As allocators do: who has a block hands its address on under a lock. */
static pthread_mutex_t locks[N];
static uint32_t turns[N]; /* 0: free */

static void
swap_blocks(unsigned number)
{
	uint32_t state = number + 1;

	for (uint32_t n = 0; n < 20000; n++) {
		uint32_t i;
		struct block b, got = {0};

		state = state * 1664525u + 1013904223u;
		i = state >> 8;
		i %= N;
		pthread_mutex_lock(&locks[i]);
		if (turns[i]) {
			b = block_of(i, turns[i]);
			check(blocks_find(b.addr, &got) == BLOCKS_LIVE);
			check(is_same(&got, &b));
			blocks_remove(&b);
			turns[i] = 0;
		} else {
			turns[i] = 1 + n;
			b = block_of(i, turns[i]);
			blocks_insert(&b);
		}
		pthread_mutex_unlock(&locks[i]);
	}
}

static int
check_walked(const struct block *b, void *with)
{
	uint32_t *next = with, i = *next;
	struct block wanted;

	while (i < N && !turns[i])
		i++;
	assert_in_range(i, 0, N - 1);
	wanted = block_of(i, turns[i]);
	assert_true(is_same(b, &wanted));
	*next = i + 1;
	return 0;
}

static void
the_live_set_is_exact_when_threads_have_freed_one_anothers_blocks(void **state)
{
	uint32_t next = 0;

	(void)state;
	for (uint32_t i = 0; i < N; i++)
		pthread_mutex_init(&locks[i], NULL);
	together(swap_blocks);
	assert_int_equal(blocks_walk(check_walked, &next), 0);
	for (; next < N; next++)
		assert_int_equal(turns[next], 0);
	for (int i = 0; i < N_LOSSES; i++)
		assert_int_equal(loss[i], 0);
}

static int
count(const struct block *b, void *with)
{
	uint64_t *n = with;

	/* Of a block that comes or goes just now any size may be read. */
	check(b->addr - (BORDER - N / 2 * STRIDE) < (uintptr_t)N * STRIDE);
	check(b->addr % STRIDE == 0);
	++*n;
	return 0;
}

/* One walks while the others go on. */
static void
swap_or_walk(unsigned number)
{
	uint64_t n = 0;

	if (number)
		swap_blocks(number);
	for (int i = 0; !number && i < 3; i++)
		(void)blocks_walk(count, &n);
}

static void
a_walk_among_running_threads_sees_nothing_but_blocks(void **state)
{
	(void)state;
	together(swap_or_walk);
}

static int
add_to_index(const struct block *b, void *with)
{
	(void)with;
	assert_true(index_add(b->addr, b->bytes));
	return 0;
}

static void
the_index_finds_each_block_by_any_of_its_bytes(void **state)
{
	uint32_t ordinal = 0;
	struct index_block found;

	(void)state;
	index_begin();
	(void)blocks_walk(add_to_index, NULL);
	for (uint32_t i = 0; i < N; i++) {
		struct block b = block_of(i, turns[i]);

		if (!turns[i]) {
			assert_false(index_find(b.addr, &found));
			continue;
		}
		ordinal++;
		assert_true(index_find(b.addr, &found));
		assert_int_equal(found.addr, b.addr);
		assert_int_equal(found.bytes, b.bytes);
		assert_int_equal(found.ordinal, ordinal);
		if (!b.bytes)
			continue;
		assert_true(index_find(b.addr + b.bytes - 1, &found));
		assert_int_equal(found.ordinal, ordinal);
		assert_false(index_find(b.addr + b.bytes + 16, &found));
	}
}

/* ---- mem.c ---- */

enum { N_KEPT = 3000 };
static uint8_t *kept[TOGETHER][N_KEPT];

static size_t
kept_bytes(uint32_t i)
{
	return 1 + i * 37 % 600;
}

static void
keep(unsigned number)
{
	for (uint32_t i = 0; i < N_KEPT; i++) {
		kept[number][i] =
			i % 100 ? mem_keep(kept_bytes(i)) : mem_map(kept_bytes(i));
		for (size_t k = 0; kept[number][i] && k < kept_bytes(i); k++) {
			check(kept[number][i][k] == 0);
			kept[number][i][k] = (uint8_t)(number + 1);
		}
	}
}

static void
no_two_threads_get_the_same_bytes(void **state)
{
	(void)state;
	together(keep);
	for (unsigned t = 0; t < TOGETHER; t++)
		for (uint32_t i = 0; i < N_KEPT; i++) {
			assert_non_null(kept[t][i]);
			for (size_t k = 0; k < kept_bytes(i); k++)
				assert_int_equal(kept[t][i][k], t + 1);
		}
	assert_true(mem_resident_bytes() >= TOGETHER * N_KEPT * 300);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_live_set_is_exact_when_threads_have_freed_one_anothers_blocks),
		cmocka_unit_test(a_walk_among_running_threads_sees_nothing_but_blocks),
		cmocka_unit_test(the_index_finds_each_block_by_any_of_its_bytes),
		cmocka_unit_test(no_two_threads_get_the_same_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
