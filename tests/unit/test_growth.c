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
#include "util/text.h"

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
	int slow;        /* a period that takes as long as ten others; 0 = none */
	bool is_slowing; /* each period takes half as long again as the one before */
	bool is_quick_without; /* periods without births are over in no time */
	bool is_of_library;    /* it is called by a function of values.so */
	uint64_t uptime_ns, all_allocations; /* of the program; 0 = unknown */
};

/* Sites that are called by main(), or by code that is in no module. */
static struct heap *
heap_of_sites(const struct plan *plans, int n_sites, bool is_nameless)
{
	struct maker m = {0};
	uint32_t exe, library, outer, births[PERIODS];
	uint64_t at = 0x10000, live = 0, now = 0;

	maker_number(&m, "complete", 1);
	maker_number(&m, "period_bytes", 1 << 20);
	exe = maker_module(&m, 0x400000, 0x10000, 0x400000, "", "/nonesuch/app");
	library = maker_module(&m, 0x700000, 0x10000, 0x700000, "", "/nonesuch/values.so");
	outer = maker_site(&m, 0, 0, exe, 0x1000, 0, 0);
	for (int i = 0; i < PERIODS; i++) {
		births[i] = maker_birth(&m, 1, 0, 0);
		maker_birth_period(&m, (uint32_t)i);
		for (int k = 0; k < n_sites; k++)
			live = live + plans[k].live[i] + plans[k].born[i] -
			       plans[k].died[i];
		now += !plans[0].is_quick_without || plans[0].live[i] ? 10000000000 : 100;
		now += plans[0].is_slowing ? now / 2 : 0;
		now += plans[0].slow && plans[0].slow == i ? 100000000000 : 0;
		maker_period(&m, &(struct hf_period){.end_ns = now,
						     .live_blocks = live,
						     .live_bytes = live * BLOCK});
	}
	if (plans[0].is_exit)
		maker_info_text(&m, "reason", "exit", 4);
	if (plans[0].uptime_ns) {
		maker_number(&m, "uptime_ns", plans[0].uptime_ns);
		maker_number(&m, "allocations", plans[0].all_allocations);
	}
	for (int k = 0; k < n_sites; k++) {
		const struct plan *p = &plans[k];
		struct hf_book b = {.n_periods = PERIODS,
				    .n_ages = 0,
				    .last_later = p->last_later,
				    .last_earlier = p->last_earlier};
		uint32_t module = is_nameless ? 0 : p->is_of_library ? library : exe;
		uint32_t caller =
			maker_site(&m, outer, 0, module, 0x7000u + (uint64_t)k, 0, 0);

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
	struct histories *all = histories_new(h, NULL, NULL, NULL, &node, 1);

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
	all = histories_new(h, &g, NULL, NULL, &node, 1);
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

/* Nine tenths are loaded before the middle: what is added then is little beside it, and no
 * growth by a third, though the load was not over when the start was. */
static void
what_a_load_explains_is_not(void **state)
{
	struct plan p = {.allocations = 8000};

	(void)state;
	every_period(p.live, 120);
	p.live[0] = p.live[1] = p.live[2] = p.live[3] = 1700;
	assert_string_equal(verdict_of(&p), "");
}

/* The load is nearly all that is ever allocated, but hardly any of the time. */
static void
what_was_loaded_long_ago_is_not(void **state)
{
	struct plan p = {.allocations = 100 * PERIODS};

	(void)state;
	every_period(p.live, 100);
	p.live[PERIODS - 1] = p.live[PERIODS - 2] = 0;
	p.live[PERIODS - 3] = 60;
	p.slow = PERIODS - 2;
	assert_string_equal(verdict_of(&p), "");
}

/* Whoever prints a table allocates as it is long; it goes on to grow when that is done. */
/* All that is allocated is kept: each period has a mebibyte of it, and takes longer than the
 * one before, as who counts words finds fewer and fewer new ones. */
static void
what_slows_down_in_time_alone_is_not(void **state)
{
	struct plan p = {.allocations = 960 * PERIODS};

	(void)state;
	every_period(p.live, 960);
	assert_string_equal(verdict_of(&p), "growth/unbounded/warning");
	p.is_slowing = true;
	assert_string_equal(verdict_of(&p), "");
	/* Where it is a small part of the volume, that is the better clock. */
	every_period(p.live, 100);
	assert_string_equal(verdict_of(&p), "growth/unbounded/warning");
}

static void
growth_that_goes_on_after_pauses_is_found(void **state)
{
	struct plan p = {.allocations = 400 * 5, .is_quick_without = true};

	(void)state;
	p.live[0] = p.live[1] = p.live[3] = p.live[6] = p.live[9] = 400;
	assert_string_equal(verdict_of(&p), "growth/unbounded/warning");
	/* A longer pause than before is an end. */
	p.live[9] = 0;
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

/* A tenth of those of the first two periods die in these: a table was enlarged, or had a
 * limit then. */
static void
deaths_that_have_stopped_make_no_queue(void **state)
{
	struct plan p = {.allocations = 300 * PERIODS};

	(void)state;
	every_period(p.live, 300);
	p.live[0] = p.live[1] = 150;
	p.born[0] = p.born[1] = 150;
	p.died[1] = p.died[2] = 150;
	assert_string_equal(verdict_of(&p), "growth/unbounded/warning");
}

/* Every third period one message of ten is taken out. */
static void
a_slow_consumer_makes_a_queue(void **state)
{
	struct plan p = {.allocations = 300 * PERIODS};

	(void)state;
	every_period(p.live, 300);
	for (int i = 1; i < PERIODS; i += 2)
		p.died[i] = 60;
	p.live[0] = 0;
	p.born[0] = 300;
	p.live[1] = 240;
	p.born[1] = 60;
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

/* One block that is made larger, or replaced, so that it has sizes[i] units at the end of
 * period i; 0: it is not there. */
static struct heap *
heap_of_one_block(const uint32_t *sizes)
{
	struct maker m = {0};
	struct hf_book b = {.n_periods = PERIODS};
	uint32_t exe, outer, births[PERIODS], last = 0;

	maker_number(&m, "complete", 1);
	maker_number(&m, "period_bytes", 1 << 20);
	exe = maker_module(&m, 0x400000, 0x10000, 0x400000, "", "/nonesuch/app");
	outer = maker_site(&m, 0, 0, exe, 0x1000, 0, 0);
	b.site = maker_site(&m, outer, 0, exe, 0x2000, PERIODS, 16 << 16);
	for (uint32_t i = 0; i < PERIODS; i++) {
		births[i] = maker_birth(&m, 1, 0, 0);
		maker_birth_period(&m, i);
		maker_period(&m,
			     &(struct hf_period){.end_ns = (uint64_t)(i + 1) * 10000000000,
						 .live_blocks = sizes[i] > 0,
						 .live_bytes = (uint64_t)sizes[i] << 16});
		if (sizes[i] == sizes[last])
			continue;
		b.periods[last].born = b.periods[i].died = sizes[last] > 0;
		b.periods[last].born_bytes = b.periods[i].died_bytes =
			(uint64_t)sizes[last] << 16;
		b.deaths += sizes[last] > 0;
		last = i;
	}
	maker_book(&m, &b);
	if (sizes[last])
		maker_block(&m, &(struct hf_block){0x10000, (uint64_t)sizes[last] << 16,
						   (uint64_t)sizes[last] << 16, b.site,
						   births[last], 0});
	return made_heap(&m);
}

/* Evidence of the one finding there is. */
static bool
one_finding_says(struct heap *h, const char *evidence)
{
	const struct detect_options options = {.suppressions = NULL};
	struct findings *all = findings_new(h, NULL, &options);
	bool says;

	assert_non_null(all);
	assert_int_equal(all->n, 1);
	says = has_evidence(&all->list[0], evidence);
	assert_false(has_evidence(&all->list[0], "steadily"));
	findings_free(all);
	heap_free(h);
	return says;
}

/* It has found its size: who makes a table larger once does not do so without limit. */
static void
one_step_of_one_block_is_no_growth(void **state)
{
	static const uint32_t larger[PERIODS] = {1, 1, 1, 1,  1,  1, 1,
						 1, 1, 1, 16, 16, 16},
			      new[PERIODS] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 16, 16};

	(void)state;
	assert_string_equal(verdict_of_heap(heap_of_one_block(larger)), "");
	assert_string_equal(verdict_of_heap(heap_of_one_block(new)), "");
}

static void
a_block_that_doubles_again_and_again_grows(void **state)
{
	static const uint32_t sizes[PERIODS] = {2,  4,  8,  8,  16, 16, 16,
						16, 32, 32, 32, 32, 32};

	(void)state;
	assert_string_equal(verdict_of_heap(heap_of_one_block(sizes)),
			    "growth/unbounded/warning");
	assert_true(one_finding_says(
		heap_of_one_block(sizes),
		"Grew from 512.0 KiB to 2.0 MiB over the last four fifths of the "
		"run (p = 0.001)."));
}

/* The text of a report, longer each time, that is there at the end of some periods. */
static void
a_block_that_comes_and_goes_does_not_grow(void **state)
{
	static const uint32_t at_all[PERIODS] = {1, 0, 3, 4,  0,  6, 0,
						 8, 9, 0, 11, 12, 13},
			      at_last[PERIODS] = {2, 1, 8,  2,  8,  16, 16,
						  4, 8, 16, 16, 32, 32};

	(void)state;
	assert_string_equal(verdict_of_heap(heap_of_one_block(at_all)), "");
	assert_string_equal(verdict_of_heap(heap_of_one_block(at_last)), "");
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

/* "level, advice": of a run of so many seconds, with so many allocations for each block. */
static const char *
told_of(struct plan p, uint64_t seconds, uint64_t each)
{
	static char text[400];
	const struct detect_options options = {.suppressions = NULL};
	struct findings *all;
	struct heap *h;

	p.uptime_ns = seconds * 1000000000;
	p.all_allocations = p.allocations * each;
	h = heap_of(&p);
	all = findings_new(h, NULL, &options);
	assert_non_null(all);
	assert_true(all->n > 0);
	snprintf(text, sizeof(text), "%s, %s", finding_level_name(all->list[0].level),
		 all->list[0].advice);
	findings_free(all);
	heap_free(h);
	return text;
}

/* What a program reads in and frees before it ends grows for as long as it runs. */
static void
a_short_run_may_be_one_that_loads(void **state)
{
	struct plan p = torn_down(), kept = {.allocations = 100 * PERIODS};

	(void)state;
	p.last_later = 100 * (PERIODS - 1) - 1;
	assert_non_null(strstr(told_of(p, 9, 1), "warning, Check "));
	assert_non_null(strstr(told_of(p, 9, 1), " run as short as this "));
	/* It ran for longer, or worked for each block that it kept. */
	assert_non_null(strstr(told_of(p, 11, 1), "warning, Check "));
	assert_null(strstr(told_of(p, 11, 1), " run as short "));
	assert_non_null(strstr(told_of(p, 9, 20), "warning, Check "));
	assert_null(strstr(told_of(p, 9, 20), " run as short "));
	/* Not freed. */
	every_period(kept.live, 100);
	assert_non_null(strstr(told_of(kept, 9, 1), "warning, Check "));
	assert_non_null(strstr(told_of(kept, 9, 1), " run as short as this "));
	/* A table stays one. */
	p.last_later = p.last_earlier = 50 * (PERIODS - 1);
	assert_non_null(strstr(told_of(p, 9, 1), "warning, Give it a limit"));
}

/* A mebibyte a period, which is all that the program allocates. */
static void
who_fills_and_frees_everything_is_done(void **state)
{
	struct plan p = torn_down();

	(void)state;
	for (int i = 0; i < PERIODS - 1; i++)
		p.born[i] = p.torn_down[i] = 1000;
	p.died[PERIODS - 1] = 1000 * (PERIODS - 1);
	p.allocations = 1000 * PERIODS;
	p.last_later = 1000 * (PERIODS - 1) - 1;
	assert_string_equal(verdict_of(&p), "growth/unbounded/note");
}

static void
what_is_freed_out_of_order_at_the_end_was_a_table(void **state)
{
	struct plan p = torn_down();

	(void)state;
	p.last_later = p.last_earlier = 50 * (PERIODS - 1);
	assert_string_equal(verdict_of(&p), "cache/unbounded/warning");
}

/* The first sentence has the blocks and bytes of a finding and its parts. */
static void
assert_headline_counts(const struct finding *f)
{
	struct heap_count whole = finding_whole(f);
	char blocks[32], bytes[32];

	assert_true(whole.blocks == f->count.blocks + f->of_parts.blocks);
	text_count(whole.blocks, blocks, sizeof(blocks));
	text_size(whole.bytes, bytes, sizeof(bytes));
	assert_non_null(strstr(f->summary, blocks));
	assert_non_null(strstr(f->summary, bytes));
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
		assert_headline_counts(other);
	}
	assert_true(all->list[0].has_parts != all->list[1].has_parts);
	findings_free(all);
	heap_free(h);
}

/* Nobody wants to hear of the values: the keys' finding does not count them. */
static void
what_is_suppressed_is_no_part(void **state)
{
	static const char line[] = "growth:values.so\n";
	struct plan plans[2] = {torn_down(), torn_down()};
	struct detect_options options = {.suppressions = suppressions_new()};
	struct findings *all;
	struct heap *h;

	(void)state;
	plans[0].last_later = plans[1].last_later = 100 * (PERIODS - 1) - 1;
	plans[1].is_of_library = true;
	h = heap_of_sites(plans, 2, false);
	assert_non_null(options.suppressions);
	assert_int_equal(suppressions_add_text(options.suppressions, "x.supp", line,
					       strlen(line), false),
			 0);
	all = findings_new(h, NULL, &options);
	assert_non_null(all);
	assert_int_equal(all->n, 1);
	assert_false(all->list[0].has_parts);
	assert_int_equal(finding_whole(&all->list[0]).blocks, all->list[0].count.blocks);
	assert_headline_counts(&all->list[0]);
	findings_free(all);
	suppressions_free(options.suppressions);
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
	all = histories_new(h, NULL, NULL, joins, &leader, 1);
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

/* ---- recursion ---- */

enum { DEPTHS = 60, EACH = 2 * PERIODS };

/* A function that calls itself, at one place or by way of others, and then allocates: of each
 * depth two blocks of each period live, and so many died early, in no book. */
static struct heap *
heap_of_recursion(unsigned n_functions, unsigned n_dead)
{
	struct maker m = {0};
	uint32_t exe, at, births[PERIODS];
	uint64_t address = 0x10000;

	maker_number(&m, "complete", 1);
	maker_number(&m, "period_bytes", 1 << 20);
	exe = maker_module(&m, 0x400000, 0x10000, 0x400000, "", "/nonesuch/app");
	at = maker_site(&m, 0, 0, exe, 0x1000, 0, 0);
	for (unsigned i = 0; i < PERIODS; i++) {
		uint64_t live = (uint64_t)DEPTHS * 2 * (i + 1);

		births[i] = maker_birth(&m, i + 1, 0, 0);
		maker_birth_period(&m, i);
		maker_period(&m, &(struct hf_period){.end_ns = (i + 1) * 1000000000ull,
						     .live_blocks = live,
						     .live_bytes = live * BLOCK});
	}
	for (unsigned d = 0; d < DEPTHS; d++) {
		uint32_t site;

		for (unsigned k = 0; k < n_functions; k++)
			at = maker_site(&m, at, 0, exe, 0x3000 + k * 0x100, 0, 0);
		site = maker_site(&m, at, 0, exe, 0x2000, EACH + n_dead,
				  (EACH + n_dead) * BLOCK);
		for (unsigned i = 0; i < EACH; i++, address += BLOCK)
			maker_block(&m, &(struct hf_block){address, BLOCK, BLOCK, site,
							   births[i / 2], 0});
	}
	return made_heap(&m);
}

static void
check_recursion(unsigned n_functions, unsigned n_dead, size_t n_sites)
{
	struct heap *h = heap_of_recursion(n_functions, n_dead);
	const struct detect_options options = {.suppressions = NULL};
	struct findings *all = findings_new(h, NULL, &options);
	uint64_t sum = 0;

	assert_non_null(all);
	assert_int_equal(all->n, n_sites > 0);
	if (all->n) {
		const struct finding *f = &all->list[0];

		assert_string_equal(f->kind, "growth");
		assert_int_equal(f->level, FINDING_WARNING);
		assert_int_equal(f->n_sites, n_sites);
		/* The file's blocks of these sites make the sum. */
		for (uint32_t b = 0; b < h->n_blocks; b++)
			for (size_t k = 0; k < f->n_sites; k++)
				sum += h->blocks[b].site == f->sites[k];
		assert_int_equal(f->count.blocks, sum);
		assert_int_equal(sum, DEPTHS * EACH);
		assert_true(has_evidence(f, "60 call stacks of this function count as "
					    "one site: they differ only in how often"));
	}
	findings_free(all);
	heap_free(h);
}

static void
sites_of_a_recursion_are_judged_as_one(void **state)
{
	(void)state;
	check_recursion(1, 0, DEPTHS);
	check_recursion(2, 0, DEPTHS);
	check_recursion(3, 0, DEPTHS);
}

static void
a_recursion_of_which_much_was_freed_unseen_is_not_judged(void **state)
{
	(void)state;
	check_recursion(1, EACH, 0);
}

static void
stacks_without_recursion_stay_apart(void **state)
{
	struct heap *h = heap_of_sites(tiers, 2, false);
	struct joins *joins = joins_new(h, NULL);

	(void)state;
	assert_non_null(joins);
	for (uint32_t i = 1; i <= h->n_nodes; i++) {
		assert_int_equal(joins_leader(joins, i), i);
		assert_int_equal(joins_next(joins, i, 0), i);
		assert_int_equal(joins_next(joins, i, i), 0);
	}
	joins_free(joins);
	heap_free(h);
}

/* ---- the heap before the end ---- */

/* A table of a global, whose entries were born in all periods but the last; then, and
 * when the program has freed it at its end, or lost what it held. */
enum table_state { TABLE_THEN, TABLE_FREED, TABLE_LOST };
enum { ENTRIES = 50 * (PERIODS - 1), TABLE_AT = 0x1000000 };

/* How many of the first entries are gone, as a queue is consumed. */
static struct heap *
table_heap(enum table_state state, unsigned n_consumed, bool is_scattered)
{
	const struct hf_root root = {HEAPFILE_ROOT_GLOBAL, 0, 0x1000, 64,
				     state == TABLE_THEN};
	struct maker m = {0};
	struct hf_book book = {.n_periods = PERIODS};
	struct hf_edge *edges = calloc(ENTRIES, sizeof(*edges));
	uint32_t exe, outer, entry, table, births[PERIODS];
	unsigned n = ENTRIES - n_consumed;

	maker_number(&m, "complete", 1);
	maker_number(&m, "uptime_ns", 12500000000);
	maker_number(&m, "period_bytes", 1 << 20);
	if (state != TABLE_THEN)
		maker_info_text(&m, "reason", "exit", 4);
	exe = maker_module(&m, 0x400000, 0x10000, 0x400000, "", "/nonesuch/app");
	outer = maker_site(&m, 0, 0, exe, 0x1000, 0, 0);
	book.site = entry = maker_site(&m, outer, 0, exe, 0x2000, ENTRIES, ENTRIES * BLOCK);
	table = maker_site(&m, outer, 0, exe, 0x3000, 1, ENTRIES * 24);
	for (unsigned i = 0; i < PERIODS; i++) {
		uint64_t live = 50 * (i + 1) * (uint64_t)n / ENTRIES;

		if (i + 1 == PERIODS && state != TABLE_THEN)
			live = 0;
		births[i] = maker_birth(&m, i + 1, 0, 0);
		maker_birth_period(&m, i);
		maker_period(&m, &(struct hf_period){.end_ns = (i + 1) * 1000000000ull,
						     .live_blocks = live,
						     .live_bytes = live * BLOCK});
	}
	/* Half of those that go are consumed in the period of the next ones' births. */
	for (unsigned i = 0; i < ENTRIES; i++) {
		struct hf_book_period *born = &book.periods[i / 50];
		bool is_last = i >= n_consumed;

		if (is_last && state != TABLE_FREED)
			continue;
		born->born++;
		born->born_bytes += BLOCK;
		born->last_born += is_last;
		book.last_later += is_last;
		book.deaths++;
		book.periods[is_last ? PERIODS - 1 : i / 25 + 1].died++;
		book.periods[is_last ? PERIODS - 1 : i / 25 + 1].died_bytes += BLOCK;
	}
	book.later = book.deaths;
	if (book.deaths)
		maker_book(&m, &book);
	for (unsigned i = 0; i < n && state != TABLE_FREED; i++)
		maker_block(&m, &(struct hf_block){0x10000 + (uint64_t)i * BLOCK, BLOCK,
						   BLOCK, entry,
						   births[(n_consumed + i) / 50], 0});
	if (state == TABLE_THEN)
		maker_block(&m, &(struct hf_block){TABLE_AT, ENTRIES * 24, ENTRIES * 24,
						   table, births[PERIODS - 1], 0});
	for (unsigned i = 0; i < n; i++)
		edges[i] =
			(struct hf_edge){.target = 1 + (is_scattered ? i * 7919u % n : i),
					 .word = is_scattered ? 2 * i + (i % 3 == 0) : i};
	if (state == TABLE_THEN)
		maker_holder(&m, n + 1, edges, n);
	maker_root(&m, &root, &(struct hf_edge){.target = n + 1});
	free(edges);
	return made_heap(&m);
}

/* The finding of a kind, of the heap at exit with the one before or without it. */
static struct findings *
find_at_exit(struct heap *h, const struct heap *before, const char *kind,
	     const struct finding **ret)
{
	const struct detect_options options = {.before = before};
	struct findings *all = findings_new(h, NULL, &options);

	assert_non_null(all);
	*ret = NULL;
	for (size_t i = 0; i < all->n && !*ret; i++)
		if (strcmp(all->list[i].kind, kind) == 0)
			*ret = &all->list[i];
	return all;
}

static void
what_was_freed_at_the_end_has_the_holder_from_before(void **state)
{
	struct heap *then = table_heap(TABLE_THEN, 0, true),
		    *h = table_heap(TABLE_FREED, 0, true);
	struct findings *all, *alone;
	const struct finding *f, *weak;

	(void)state;
	alone = find_at_exit(h, NULL, "growth", &weak);
	assert_non_null(weak);
	assert_true(has_evidence(weak, "Their holder is gone"));
	assert_int_equal(weak->n_retained_by, 0);
	all = find_at_exit(h, then, "cache", &f);
	assert_non_null(f);
	assert_int_equal(f->level, FINDING_WARNING);
	assert_true(f->confidence > weak->confidence);
	assert_true(f->n_retained_by >= 2);
	assert_true(f->retained_by[0].is_root);
	assert_false(has_evidence(f, "Their holder is gone"));
	assert_true(has_evidence(f, "As of 12.5 s, before the program began to clean up: "
				    "600 blocks (600.0 KiB)"));
	assert_non_null(strstr(f->summary, " until the program freed them at its end"));
	assert_true(f->retained.bytes >= 600 * BLOCK);
	findings_free(all);
	findings_free(alone);
	heap_free(h);
	heap_free(then);
}

static void
another_process_has_no_heap_before(void **state)
{
	struct heap *then = table_heap(TABLE_THEN, 0, true),
		    *h = table_heap(TABLE_FREED, 0, true);
	struct findings *all;
	const struct finding *f;

	(void)state;
	then->info.pid++;
	all = find_at_exit(h, then, "growth", &f);
	assert_non_null(f);
	assert_true(has_evidence(f, "Their holder is gone"));
	findings_free(all);
	heap_free(h);
	heap_free(then);
}

/* As with a container of pointers, that frees itself alone. */
static void
what_was_lost_at_the_end_was_held_before(void **state)
{
	struct heap *then = table_heap(TABLE_THEN, 200, false),
		    *h = table_heap(TABLE_LOST, 200, false);
	struct findings *all = find_at_exit(h, NULL, "queue", &(const struct finding *){0});
	const struct finding *f;

	(void)state;
	findings_free(all);
	all = find_at_exit(h, then, "leak", &f);
	assert_non_null(f);
	assert_int_equal(f->count.blocks, ENTRIES - 200);
	findings_free(all);
	all = find_at_exit(h, then, "queue", &f);
	assert_non_null(f);
	assert_int_equal(f->level, FINDING_WARNING);
	assert_int_equal(f->count.blocks, ENTRIES - 200);
	assert_true(f->n_retained_by >= 2);
	findings_free(all);
	heap_free(h);
	heap_free(then);
}

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
		cmocka_unit_test(what_slows_down_in_time_alone_is_not),
		cmocka_unit_test(growth_that_goes_on_after_pauses_is_found),
		cmocka_unit_test(what_was_loaded_long_ago_is_not),
		cmocka_unit_test(what_a_load_explains_is_not),
		cmocka_unit_test(growth_that_has_stopped_is_not),
		cmocka_unit_test(a_backlog_is_a_queue),
		cmocka_unit_test(a_slow_consumer_makes_a_queue),
		cmocka_unit_test(deaths_that_have_stopped_make_no_queue),
		cmocka_unit_test(a_queue_that_keeps_up_is_bounded),
		cmocka_unit_test(a_queue_that_has_emptied_is_drained),
		cmocka_unit_test(few_that_stay_of_many_that_go_are_missing_frees),
		cmocka_unit_test(little_is_a_note),
		cmocka_unit_test(one_step_of_one_block_is_no_growth),
		cmocka_unit_test(a_block_that_doubles_again_and_again_grows),
		cmocka_unit_test(a_block_that_comes_and_goes_does_not_grow),
		cmocka_unit_test(growth_is_accepted_by_its_kind_and_place),
		cmocka_unit_test(what_is_freed_in_order_at_the_end_has_grown),
		cmocka_unit_test(a_short_run_may_be_one_that_loads),
		cmocka_unit_test(who_fills_and_frees_everything_is_done),
		cmocka_unit_test(what_is_freed_out_of_order_at_the_end_was_a_table),
		cmocka_unit_test(what_grew_beside_it_is_a_part),
		cmocka_unit_test(what_is_suppressed_is_no_part),
		cmocka_unit_test(what_threads_free_as_they_end_has_grown),
		cmocka_unit_test(sites_of_compiled_code_are_judged_as_one),
		cmocka_unit_test(sites_of_other_code_are_judged_each),
		cmocka_unit_test(a_joined_history_is_the_sum),
		cmocka_unit_test(sites_of_a_recursion_are_judged_as_one),
		cmocka_unit_test(a_recursion_of_which_much_was_freed_unseen_is_not_judged),
		cmocka_unit_test(stacks_without_recursion_stay_apart),
		cmocka_unit_test(what_was_freed_at_the_end_has_the_holder_from_before),
		cmocka_unit_test(another_process_has_no_heap_before),
		cmocka_unit_test(what_was_lost_at_the_end_was_held_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
