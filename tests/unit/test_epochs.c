/* test_epochs.c -- the clock, births that are used again, books; with threads.
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
#include "books.h"
#include "epochs.h"
#include "sites.h"
#include "together.h"

enum { YOUNG = 1 << 20 };

static struct epochs_counts counts[TOGETHER];

static void
sum(struct epochs_counts *ret)
{
	memset(ret, 0, sizeof *ret);
	for (unsigned i = 0; i < TOGETHER; i++) {
		ret->allocations += relaxed_load(&counts[i].allocations);
		ret->allocated_bytes += relaxed_load(&counts[i].allocated_bytes);
	}
}

static void
measure(struct epochs_memory *ret)
{
	memset(ret, 0, sizeof *ret);
}

/* ---- births ---- */

enum { N_HELD = 2000, N_MADE = 60000 };

struct held {
	birth_id id;
	epoch_no epoch;
};
static struct held held[TOGETHER][N_HELD];
static pthread_mutex_t locks[TOGETHER];

/* What births.c does with blocks and threads, with the births that are held here. */
static void
tidy(void)
{
	if (!epochs_births_begin())
		return;
	for (unsigned t = 0; t < TOGETHER; t++) {
		pthread_mutex_lock(&locks[t]);
		for (int i = 0; i < N_HELD; i++)
			epochs_birth_see(held[t][i].id);
		pthread_mutex_unlock(&locks[t]);
	}
	epochs_births_finish(true);
}

static void
make_births(unsigned number)
{
	for (uint32_t i = 0; i < N_MADE; i++) {
		struct held *place = &held[number][i * 7 % N_HELD];
		struct epochs_birth got;
		birth_id id;

		/* Held as soon as it is made: sweeps come much faster here than in a program. */
		pthread_mutex_lock(&locks[number]);
		id = epochs_birth_new(i + 1, number + 1, i);
		check(id != 0);
		if (place->id) {
			/* Nobody else has been given it meanwhile. */
			epochs_birth_get(place->id, &got);
			check(got.epoch == place->epoch);
			check(got.thread == number + 1);
		}
		*place = (struct held){id, i + 1};
		pthread_mutex_unlock(&locks[number]);
		if (i % 64 == 0)
			tidy();
	}
}

static void
births_that_nobody_has_are_used_again_and_no_others(void **state)
{
	struct epochs_birth got;

	(void)state;
	together(make_births);
	for (unsigned t = 0; t < TOGETHER; t++)
		for (int i = 0; i < N_HELD; i++) {
			epochs_birth_get(held[t][i].id, &got);
			assert_int_equal(got.epoch, held[t][i].epoch);
			assert_int_equal(got.thread, t + 1);
			for (unsigned other = t + 1; other < TOGETHER; other++)
				assert_int_not_equal(held[t][i].id, held[other][i].id);
		}
	assert_int_equal(loss[LOSS_BIRTHS], 0);
}

/* Before there were other threads: then it is known when sweeps are. */
static void
millions_of_births_of_which_few_are_held_take_few_numbers(void **state)
{
	(void)state;
	for (unsigned t = 0; t < TOGETHER; t++)
		pthread_mutex_init(&locks[t], NULL);
	for (int i = 0; i < 12; i++)
		make_births(0);
	assert_int_equal(together_n_failed, 0);
	assert_in_range(epochs_births_end(), N_HELD, 4 << 15);
}

static void
a_sweep_that_could_not_see_all_takes_nothing_away(void **state)
{
	uint32_t before = epochs_births_end(), n_spare = before, i;

	(void)state;
	memset(held, 0, sizeof held);
	for (i = 0; i < 400000; i++) {
		(void)epochs_birth_new(9, 9, 9);
		if (i % 1000 == 0 && epochs_births_begin())
			epochs_births_finish(false);
	}
	/* Only what had been found spare before is used again. */
	assert_true(epochs_births_end() >= before + 400000 - n_spare);
}

/* ---- epochs ---- */

enum { N_SPENT = 20000 };

static void
spend(unsigned number)
{
	struct epochs_record r;

	for (uint32_t i = 0; i < N_SPENT; i++) {
		relaxed_store(&counts[number].allocations, counts[number].allocations + 1);
		relaxed_store(&counts[number].allocated_bytes,
			      counts[number].allocated_bytes + 4096);
		if (epochs_spend(4096, i))
			(void)epochs_tick(i, sum, measure, &r);
		books_spend(4096 + BOOKS_PER_BLOCK, i, sum);
		(void)epochs_is_early(i % 100);
	}
}

static void
flows_of_all_epochs_add_up_to_what_was_allocated(void **state)
{
	struct epochs_counts all;
	struct epochs_record running;
	uint64_t allocations = 0, bytes = 0;
	epoch_no next = 1;

	(void)state;
	together(spend);
	sum(&all);
	epochs_running(&all, &running);
	for (uint32_t i = 0; i < epochs_n_records(); i++) {
		const struct epochs_record *r = epochs_record_get(i);

		assert_int_equal(r->first, next);
		next += r->n;
		allocations += r->allocations;
		bytes += r->allocated_bytes;
	}
	assert_int_equal(next, epochs_current());
	assert_int_equal(allocations + running.allocations, TOGETHER * N_SPENT);
	assert_int_equal(bytes + running.allocated_bytes,
			 TOGETHER * (uint64_t)N_SPENT * 4096);
	/* 312 semispaces' worth; one may take in much while its end is under way. */
	assert_in_range(epochs_current(), 2, 314);
	assert_in_range(books_n_periods(), BOOKS_PERIODS / 2, BOOKS_PERIODS);
}

/* ---- books ---- */

enum { N_SITES = 50, N_DEATHS = 20000 };
static site_id site_ids[N_SITES];

static void
die(unsigned number)
{
	struct books_pending pending = {0};

	for (uint32_t i = 0; i < N_DEATHS; i++) {
		struct block b = {.bytes = 100, .site = site_ids[i % N_SITES]};

		if (books_death(&pending, &b, i % 1000, number & 1))
			books_freed_at(b.site, b.bytes, SITE_FIRST);
		if (i % 100 == 0)
			books_spend(1 << BOOKS_UNIT_BITS, i, sum);
	}
	books_flush(&pending);
}

/* All but the first of each site, before which it has no page. */
static void
each_death_is_booked_once(void **state)
{
	uint64_t died = 0, born = 0, freed = 0, ages = 0;

	(void)state;
	for (int i = 0; i < N_SITES; i++) {
		struct site_step steps[2] = {{.node = SITE_ROOT}};

		steps[1].step = STEP(0x5000 + i, 1);
		steps[1].path = sites_hash(0, steps[1].step);
		site_ids[i] = sites_path(steps, 1);
	}
	together(die);
	for (uint32_t i = 0; i < books_n(); i++) {
		const struct book *b = books_get(i);

		if (!b)
			continue;
		freed += b->n_freed;
		for (int p = 0; p < BOOKS_PERIODS; p++) {
			died += b->died[p];
			born += b->born[p];
		}
		for (int a = 0; a < BOOKS_AGES; a++)
			ages += b->ages[a];
	}
	assert_in_range(freed, TOGETHER * N_DEATHS - N_SITES * 4 * TOGETHER,
			TOGETHER * N_DEATHS);
	assert_int_equal(died, freed);
	assert_int_equal(born, freed);
	assert_int_equal(ages, freed);
	assert_int_equal(books_unbooked(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(millions_of_births_of_which_few_are_held_take_few_numbers),
		cmocka_unit_test(births_that_nobody_has_are_used_again_and_no_others),
		cmocka_unit_test(a_sweep_that_could_not_see_all_takes_nothing_away),
		cmocka_unit_test(flows_of_all_epochs_add_up_to_what_was_allocated),
		cmocka_unit_test(each_death_is_booked_once),
	};

	epochs_init(YOUNG, 2, 0);
	books_init(0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
