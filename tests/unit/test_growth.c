/* test_growth.c -- trends, histories, and what is said of them.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "detect/detect.h"
#include "detect/history.h"
#include "detect/trend.h"
#include "madeheap.h"

/* ---- trends ---- */

static void
a_line_is_a_trend_of_its_slope(void **state)
{
	double v[10];
	struct trend t;

	(void)state;
	for (int i = 0; i < 10; i++)
		v[i] = 3 * i + 7;
	t = trend_of(v, 10);
	/* All 45 pairs rise; the variance is 10 * 9 * 25 / 18 = 125. */
	assert_float_equal(t.p, erfc(44 / sqrt(125) / sqrt(2)) / 2, 1e-9);
	assert_float_equal(t.slope, 3, 1e-9);
	assert_float_equal(t.slope_low, 3, 1e-9);
	assert_float_equal(t.slope_high, 3, 1e-9);
}

static void
what_falls_or_stands_is_no_rise(void **state)
{
	double falling[] = {9, 8, 7, 6, 5, 4}, standing[] = {5, 5, 5, 5, 5, 5};

	(void)state;
	assert_float_equal(trend_of(falling, 6).p, 1, 1e-9);
	assert_float_equal(trend_of(falling, 6).slope, -1, 1e-9);
	assert_float_equal(trend_of(standing, 6).p, 1, 1e-9);
	assert_float_equal(trend_of(standing, 6).slope, 0, 1e-9);
	assert_float_equal(trend_of(standing, 2).p, 1, 1e-9);
}

static void
a_burst_moves_neither_test_nor_slope_much(void **state)
{
	double v[12];

	(void)state;
	for (int i = 0; i < 12; i++)
		v[i] = i;
	v[4] = 1e6;
	assert_true(trend_of(v, 12).p < 0.01);
	assert_float_equal(trend_of(v, 12).slope, 1, 0.2);
}

static uint32_t random_state;

static double
next_random(void)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (double)(random_state >> 8) / (1 << 24);
}

static void
chance_and_interval_are_what_they_say(void **state)
{
	int n_false = 0, n_inside = 0, n = 2000;

	(void)state;
	random_state = 1;
	for (int k = 0; k < n; k++) {
		double noise[16], line[16];
		struct trend t;

		for (int i = 0; i < 16; i++) {
			noise[i] = next_random();
			line[i] = 0.5 * i + 4 * next_random();
		}
		n_false += trend_of(noise, 16).p < 0.05;
		t = trend_of(line, 16);
		n_inside += t.slope_low <= 0.5 && t.slope_high >= 0.5;
	}
	/* 5 %, 95 %, and what 2000 draws may be off. */
	assert_in_range(n_false, n * 3 / 100, n * 7 / 100);
	assert_in_range(n_inside, n * 92 / 100, n * 98 / 100);
}

/* ---- heaps to order ---- */

enum { PERIODS = 13, BLOCK = 1024 };

/* One site under main(), with its survivors by period of birth and of death. */
struct plan {
	uint32_t live[PERIODS];                /* alive at the snapshot, by birth */
	uint32_t born[PERIODS], died[PERIODS]; /* of the dead */
	uint32_t torn_down[PERIODS];           /* of born: died in the last period */
	uint64_t allocations;
	bool is_exit; /* the snapshot was taken at the end of the program */
	uint64_t last_later, last_earlier; /* turns of the births of those torn down */
};

/* Sites that are called by main(), or by code that is in no module. */
static struct heap *
heap_of_sites(const struct plan *plans, int n_sites, bool is_nameless)
{
	struct maker m = {0};
	uint32_t exe, outer, births[PERIODS];
	uint64_t at = 0x10000, live = 0;

	maker_number(&m, "complete", 1);
	maker_number(&m, "period_bytes", 1 << 20);
	exe = maker_module(&m, 0x400000, 0x10000, 0x400000, "", "/nonesuch/app");
	outer = maker_site(&m, 0, 0, exe, 0x1000, 0, 0);
	for (int i = 0; i < PERIODS; i++) {
		births[i] = maker_birth(&m, 1, 0, 0);
		maker_birth_period(&m, (uint32_t)i);
		for (int k = 0; k < n_sites; k++)
			live = live + plans[k].live[i] + plans[k].born[i] -
			       plans[k].died[i];
		maker_period(&m,
			     &(struct hf_period){.end_ns = (uint64_t)(i + 1) * 10000000000,
						 .live_blocks = live,
						 .live_bytes = live * BLOCK});
	}
	if (plans[0].is_exit)
		maker_info_text(&m, "reason", "exit", 4);
	for (int k = 0; k < n_sites; k++) {
		const struct plan *p = &plans[k];
		struct hf_book b = {.n_periods = PERIODS,
				    .n_ages = 0,
				    .last_later = p->last_later,
				    .last_earlier = p->last_earlier};
		uint32_t caller = is_nameless ? maker_site(&m, outer, 0, 0,
							   0x7000u + (uint64_t)k, 0, 0)
					      : maker_site(&m, outer, 0, exe,
							   0x7000u + (uint64_t)k, 0, 0);

		b.site = maker_site(&m, caller, 0, exe, 0x2000, p->allocations,
				    p->allocations * BLOCK);
		for (int i = 0; i < PERIODS; i++) {
			b.periods[i] = (struct hf_book_period){
				p->born[i], p->born[i] * BLOCK, p->died[i],
				p->died[i] * BLOCK, p->torn_down[i]};
			b.deaths += p->died[i];
		}
		if (b.deaths)
			maker_book(&m, &b);
		for (int i = 0; i < PERIODS; i++)
			for (uint32_t c = 0; c < p->live[i]; c++, at += BLOCK)
				maker_block(&m, &(struct hf_block){at, BLOCK, BLOCK,
								   b.site, births[i], 0});
	}
	return made_heap(&m);
}

static struct heap *
heap_of(const struct plan *p)
{
	return heap_of_sites(p, 1, false);
}

/* "kind/verdict/level" of the first finding, "" if there is none. */
static const char *
verdict_of_heap(struct heap *h)
{
	static char text[64];
	const struct detect_options options = {.suppressions = NULL};
	struct findings *all = findings_new(h, NULL, &options);

	assert_non_null(all);
	text[0] = '\0';
	if (all->n)
		snprintf(text, sizeof(text), "%s/%s/%s", all->list[0].kind,
			 all->list[0].verdict, finding_level_name(all->list[0].level));
	findings_free(all);
	heap_free(h);
	return text;
}

static const char *
verdict_of(const struct plan *p)
{
	return verdict_of_heap(heap_of(p));
}

static void
a_history_is_births_minus_deaths(void **state)
{
	struct plan p = {
		.live = {1, 0, 2}, .born = {5, 5}, .died = {0, 4, 6}, .allocations = 99};
	struct heap *h = heap_of(&p);
	uint32_t node = h->n_nodes;
	struct histories *all = histories_new(h, NULL, NULL, &node, 1);

	(void)state;
	assert_non_null(all);
	assert_int_equal(all->n, 1);
	assert_int_equal(all->list[0].live.blocks, 3);
	/* 1 + 5; then 5 more and 4 less; then 2 more and 6 less. */
	assert_float_equal(all->list[0].blocks[0], 6, 1e-9);
	assert_float_equal(all->list[0].blocks[1], 7, 1e-9);
	assert_float_equal(all->list[0].blocks[2], 3, 1e-9);
	assert_float_equal(all->list[0].blocks[PERIODS - 1], 3, 1e-9);
	assert_float_equal(all->list[0].bytes[1], 7 * BLOCK, 1e-9);
	/* The newest first. */
	assert_int_equal(all->list[0].n_sample, 3);
	histories_free(all);
	heap_free(h);
}

static void
a_lost_block_is_neither_live_nor_freed(void **state)
{
	struct plan p = {.live = {6, 4}, .born = {5}, .died = {0, 5}, .allocations = 15};
	struct heap *h = heap_of(&p);
	uint32_t node = h->n_nodes;
	uint8_t states[10] = {GRAPH_DEFINITE, GRAPH_INDIRECT, GRAPH_DEFINITE,
			      GRAPH_POSSIBLE};
	struct graph g = {.heap = h, .states = states};
	struct histories *all;

	(void)state;
	for (size_t i = 4; i < 10; i++)
		states[i] = GRAPH_REACHABLE;
	all = histories_new(h, &g, NULL, &node, 1);
	assert_non_null(all);
	assert_int_equal(all->list[0].live.blocks, 7);
	assert_int_equal(all->list[0].n_leaked, 3);
	histories_free(all);
	heap_free(h);
}

static void
every_period(uint32_t *figures, uint32_t v)
{
	for (int i = 0; i < PERIODS; i++)
		figures[i] = v;
}

static void
steady_growth_is_found(void **state)
{
	struct plan p = {.allocations = 100 * PERIODS};

	(void)state;
	every_period(p.live, 100);
	assert_string_equal(verdict_of(&p), "growth/unbounded/warning");
}

static void
what_is_loaded_once_is_not(void **state)
{
	struct plan p = {.live = {800, 500}, .allocations = 1300};

	(void)state;
	assert_string_equal(verdict_of(&p), "");
}

static void
growth_that_has_stopped_is_not(void **state)
{
	struct plan p = {.allocations = 100 * PERIODS};

	(void)state;
	every_period(p.live, 100);
	p.live[PERIODS - 1] = p.live[PERIODS - 2] = p.live[PERIODS - 3] = 0;
	assert_string_equal(verdict_of(&p), "");
}

/* Each period 100 are born and 50 of the oldest die: the living are the youngest. */
static void
a_backlog_is_a_queue(void **state)
{
	struct plan p = {.allocations = 100 * PERIODS};

	(void)state;
	every_period(p.died, 50);
	for (int i = 0; i < PERIODS; i++) {
		p.born[i] = i < PERIODS / 2 ? 100 : i == PERIODS / 2 ? 50 : 0;
		p.live[i] = 100 - p.born[i];
	}
	assert_string_equal(verdict_of(&p), "queue/unbounded/warning");
}

static void
a_queue_that_keeps_up_is_bounded(void **state)
{
	struct plan p = {.live = {[PERIODS - 1] = 400}, .allocations = 400 * PERIODS};

	(void)state;
	for (int i = 0; i < PERIODS - 1; i++)
		p.born[i] = p.died[i + 1] = 400;
	assert_string_equal(verdict_of(&p), "queue/bounded/note");
}

static void
a_queue_that_has_emptied_is_drained(void **state)
{
	struct plan p = {.live = {[PERIODS - 1] = 10}, .allocations = 3010};

	(void)state;
	p.born[1] = p.born[2] = p.born[3] = 1000;
	p.died[8] = p.died[9] = p.died[10] = 1000;
	assert_string_equal(verdict_of(&p), "queue/drained/note");
}

static void
few_that_stay_of_many_that_go_are_missing_frees(void **state)
{
	struct plan p = {.allocations = 100000};

	(void)state;
	every_period(p.live, 100);
	every_period(p.born, 60);
	every_period(p.died, 60);
	assert_string_equal(verdict_of(&p), "missing-free/likely/warning");
}

static void
little_is_a_note(void **state)
{
	struct plan p = {.allocations = 20 * PERIODS};

	(void)state;
	every_period(p.live, 20); /* 260 KiB, 60 KiB of it in the warm-up */
	assert_string_equal(verdict_of(&p), "growth/unbounded/warning");
	every_period(p.live, 4);
	assert_string_equal(verdict_of(&p), "");
}

/* ---- suppressions ---- */

/* Findings of steady growth that a line leaves. */
static size_t
left_by(const char *line)
{
	struct plan p = {.allocations = 100 * PERIODS};
	struct detect_options options = {.suppressions = suppressions_new()};
	struct findings *all;
	struct heap *h;
	size_t n;

	every_period(p.live, 100);
	h = heap_of(&p);
	assert_non_null(options.suppressions);
	assert_int_equal(suppressions_add_text(options.suppressions, "x.supp", line,
					       strlen(line), false),
			 0);
	all = findings_new(h, NULL, &options);
	assert_non_null(all);
	n = all->n;
	assert_int_equal(options.suppressions->list[0].matched.blocks,
			 n ? 0 : 100 * PERIODS);
	findings_free(all);
	suppressions_free(options.suppressions);
	heap_free(h);
	return n;
}

/* One block that is 16 times as large in the middle of the program as before, or that was
 * not there before. */
static struct heap *
heap_of_a_step(bool is_there_before)
{
	struct maker m = {0};
	struct hf_book b = {.deaths = is_there_before, .n_periods = PERIODS};
	uint32_t exe, outer, births[PERIODS];

	maker_number(&m, "complete", 1);
	maker_number(&m, "period_bytes", 1 << 20);
	exe = maker_module(&m, 0x400000, 0x10000, 0x400000, "", "/nonesuch/app");
	outer = maker_site(&m, 0, 0, exe, 0x1000, 0, 0);
	b.site = maker_site(&m, outer, 0, exe, 0x2000, is_there_before ? 2 : 1,
			    is_there_before ? 17 << 16 : 16 << 16);
	for (uint32_t i = 0; i < PERIODS; i++) {
		births[i] = maker_birth(&m, 1, 0, 0);
		maker_birth_period(&m, i);
		maker_period(&m, &(struct hf_period){
					 .end_ns = (uint64_t)(i + 1) * 10000000000,
					 .live_blocks = is_there_before || i >= PERIODS - 3,
					 .live_bytes = i >= PERIODS - 3  ? 16u << 16
						       : is_there_before ? 1u << 16
									 : 0});
	}
	if (is_there_before) {
		b.periods[0] = (struct hf_book_period){1, 1 << 16, 0, 0, 0};
		b.periods[PERIODS - 3] = (struct hf_book_period){0, 0, 1, 1 << 16, 0};
	}
	maker_book(&m, &b);
	maker_block(&m, &(struct hf_block){0x10000, 16 << 16, 16 << 16, b.site,
					   births[PERIODS - 3], 0});
	return made_heap(&m);
}

static void
a_step_is_not_called_a_trend(void **state)
{
	const struct detect_options options = {.suppressions = NULL};
	struct heap *h = heap_of_a_step(true);
	struct findings *all = findings_new(h, NULL, &options);

	(void)state;
	assert_non_null(all);
	assert_int_equal(all->n, 1);
	assert_true(has_evidence(
		&all->list[0],
		"Grew from 64.0 KiB to 1.0 MiB over the last four fifths of the "
		"run."));
	assert_false(has_evidence(&all->list[0], "steadily"));
	assert_true(has_evidence(&all->list[0],
				 "50.0 % of the 2 blocks allocated there were freed."));
	findings_free(all);
	heap_free(h);
}

static void
of_one_block_evidence_is_in_the_singular(void **state)
{
	const struct detect_options options = {.suppressions = NULL};
	struct heap *h = heap_of_a_step(false);
	struct findings *all = findings_new(h, NULL, &options);

	(void)state;
	assert_non_null(all);
	assert_int_equal(all->n, 1);
	assert_true(has_evidence(&all->list[0],
				 "The one block allocated there was not freed."));
	findings_free(all);
	heap_free(h);
}

static void
growth_is_accepted_by_its_kind_and_place(void **state)
{
	(void)state;
	assert_int_equal(left_by("growth:app$\n"), 0);
	assert_int_equal(left_by("growth:other\n"), 1);
	assert_int_equal(left_by("cache:app\n"), 1);
	assert_int_equal(left_by("leak:app\n"), 1);
}

/* ---- the end of the program ---- */

/* 100 a period, all of them freed in the last one. */
static struct plan
torn_down(void)
{
	struct plan p = {.allocations = 100 * PERIODS, .is_exit = true};

	for (int i = 0; i < PERIODS - 1; i++)
		p.born[i] = p.torn_down[i] = 100;
	p.died[PERIODS - 1] = 100 * (PERIODS - 1);
	return p;
}

static void
what_is_freed_in_order_at_the_end_has_grown(void **state)
{
	struct plan p = torn_down();

	(void)state;
	p.last_later = 100 * (PERIODS - 1) - 1;
	assert_string_equal(verdict_of(&p), "growth/unbounded/warning");
}

static void
what_is_freed_out_of_order_at_the_end_was_a_table(void **state)
{
	struct plan p = torn_down();

	(void)state;
	p.last_later = p.last_earlier = 50 * (PERIODS - 1);
	assert_string_equal(verdict_of(&p), "cache/unbounded/warning");
}

/* Keys and values of one table. */
static void
what_grew_beside_it_is_a_part(void **state)
{
	struct plan plans[2] = {torn_down(), torn_down()};
	const struct detect_options options = {.suppressions = NULL};
	struct findings *all;
	struct heap *h;

	(void)state;
	plans[0].last_later = plans[1].last_later = 100 * (PERIODS - 1) - 1;
	h = heap_of_sites(plans, 2, false);
	all = findings_new(h, NULL, &options);
	assert_non_null(all);
	assert_int_equal(all->n, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct finding *f = &all->list[i], *other = &all->list[1 - i];

		if (f->has_parts)
			continue;
		assert_string_equal(f->part_of_fingerprint, other->fingerprint);
		assert_true(other->has_parts);
		assert_string_equal(other->part_of_fingerprint, "");
		assert_int_equal(other->of_parts.blocks, f->count.blocks);
		assert_int_equal(other->n_of_parts, 1);
	}
	assert_true(all->list[0].has_parts != all->list[1].has_parts);
	findings_free(all);
	heap_free(h);
}

/* A third of it goes a period before the end, with the thread that had it. */
static void
what_threads_free_as_they_end_has_grown(void **state)
{
	struct plan p = torn_down();

	(void)state;
	p.born[PERIODS - 2] = p.torn_down[PERIODS - 2] = 10;
	p.died[PERIODS - 2] = 400;
	p.died[PERIODS - 1] = 100 * (PERIODS - 2) + 10 - 400;
	for (int i = 0; i < PERIODS; i++)
		p.torn_down[i] = p.torn_down[i] * 2 / 3;
	assert_string_equal(verdict_of(&p), "growth/unbounded/warning");
}

/* ---- code without a name ---- */

/* A queue's first half was put in by one tier of compiled code, and has been taken out;
 * the rest by another. */
static const struct plan tiers[] = {
	{.born = {100, 100, 100, 100, 100, 100},
	 .died = {50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50},
	 .allocations = 600},
	{.live = {[6] = 100, 100, 100, 100, 100, 100, 100}, .allocations = 700},
};

static void
sites_of_compiled_code_are_judged_as_one(void **state)
{
	(void)state;
	assert_string_equal(verdict_of_heap(heap_of_sites(tiers, 2, true)),
			    "queue/unbounded/warning");
}

static void
sites_of_other_code_are_judged_each(void **state)
{
	(void)state;
	assert_string_equal(verdict_of_heap(heap_of_sites(tiers, 2, false)),
			    "growth/unbounded/warning");
}

static void
a_joined_history_is_the_sum(void **state)
{
	struct heap *h = heap_of_sites(tiers, 2, true);
	struct joins *joins = joins_new(h, NULL);
	struct histories *all;
	uint32_t leader;

	(void)state;
	assert_non_null(joins);
	leader = joins_leader(joins, h->n_nodes);
	/* The one with most allocations. */
	assert_int_equal(leader, h->n_nodes);
	assert_int_equal(joins_size(joins, leader), 2);
	all = histories_new(h, NULL, joins, &leader, 1);
	assert_non_null(all);
	assert_int_equal(all->list[0].allocations, 1300);
	assert_int_equal(all->list[0].live.blocks, 700);
	assert_int_equal(all->list[0].book->deaths, 600);
	assert_float_equal(all->list[0].blocks[0], 50, 1e-9);
	assert_float_equal(all->list[0].blocks[5], 300, 1e-9);
	assert_float_equal(all->list[0].blocks[11], 600, 1e-9);
	histories_free(all);
	joins_free(joins);
	heap_free(h);
}

/* ---- the whole ---- */

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_a_trend_of_its_slope),
		cmocka_unit_test(what_falls_or_stands_is_no_rise),
		cmocka_unit_test(a_burst_moves_neither_test_nor_slope_much),
		cmocka_unit_test(chance_and_interval_are_what_they_say),
		cmocka_unit_test(a_history_is_births_minus_deaths),
		cmocka_unit_test(a_lost_block_is_neither_live_nor_freed),
		cmocka_unit_test(steady_growth_is_found),
		cmocka_unit_test(what_is_loaded_once_is_not),
		cmocka_unit_test(growth_that_has_stopped_is_not),
		cmocka_unit_test(a_backlog_is_a_queue),
		cmocka_unit_test(a_queue_that_keeps_up_is_bounded),
		cmocka_unit_test(a_queue_that_has_emptied_is_drained),
		cmocka_unit_test(few_that_stay_of_many_that_go_are_missing_frees),
		cmocka_unit_test(little_is_a_note),
		cmocka_unit_test(a_step_is_not_called_a_trend),
		cmocka_unit_test(of_one_block_evidence_is_in_the_singular),
		cmocka_unit_test(growth_is_accepted_by_its_kind_and_place),
		cmocka_unit_test(what_is_freed_in_order_at_the_end_has_grown),
		cmocka_unit_test(what_is_freed_out_of_order_at_the_end_was_a_table),
		cmocka_unit_test(what_grew_beside_it_is_a_part),
		cmocka_unit_test(what_threads_free_as_they_end_has_grown),
		cmocka_unit_test(sites_of_compiled_code_are_judged_as_one),
		cmocka_unit_test(sites_of_other_code_are_judged_each),
		cmocka_unit_test(a_joined_history_is_the_sum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
