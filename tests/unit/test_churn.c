/* test_churn.c -- which sites make most allocations and hold nothing.
 *
 * In:   heaps of heapmaker.c, without names: a place is "app+0x1000".
 * Not here: names and sources (tests/e2e/churn.sh).
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "detect/baseline.h"
#include "detect/detect.h"
#include "detect/suppress.h"
#include "madeheap.h"
#include "model/heap.h"

enum { A_BLOCK = 64, N_PERIODS = 4 };

#define SECONDS(n) ((uint64_t)(n)*1000000000)
#define MIB(n) ((uint64_t)(n) << 20)
#define MILLION ((uint64_t)1000000)

/* What a test changes of a process that makes a hundred million allocations in ten seconds, of
 * which 10 MiB live at the end. */
struct process {
	struct maker m;
	uint64_t allocations, uptime_ns, young_bytes, sample_bytes, unbooked, bytes;
	uint32_t app, next_address;
};

static struct process
process(void)
{
	return (struct process){.allocations = 100 * MILLION,
				.uptime_ns = SECONDS(10),
				.young_bytes = MIB(16),
				.bytes = A_BLOCK};
}

static void
begin(struct process *p)
{
	maker_number(&p->m, "complete", 1);
	maker_number(&p->m, "allocations", p->allocations);
	maker_number(&p->m, "uptime_ns", p->uptime_ns);
	maker_number(&p->m, "young_bytes", p->young_bytes);
	maker_number(&p->m, "sample_bytes", p->sample_bytes);
	maker_number(&p->m, "unbooked", p->unbooked);
	p->app = maker_module(&p->m, 0x400000, 0x100000, 0x400000, "", "/nonesuch/app");
	for (uint64_t i = 0; i < N_PERIODS; i++)
		maker_period(&p->m, &(struct hf_period){.end_ns = i + 1});
}

/* A site, called from another address if caller is not 0. */
static uint32_t
site(struct process *p, uint64_t offset, uint64_t caller, uint64_t allocations)
{
	uint32_t parent = caller ? maker_site(&p->m, 0, 0, p->app, caller, 0, 0) : 0;

	return maker_site(&p->m, parent, 0, p->app, offset, allocations,
			  allocations * p->bytes);
}

/* So many of its blocks outlived their epoch, and were freed. */
static void
survived(struct process *p, uint32_t node, uint64_t deaths)
{
	struct hf_book b = {
		.site = node, .deaths = deaths, .later = deaths, .n_periods = N_PERIODS};

	b.periods[0] = (struct hf_book_period){deaths, deaths, 0, 0, 0};
	b.periods[1] = (struct hf_book_period){0, 0, deaths, deaths, 0};
	maker_book(&p->m, &b);
}

static void
live(struct process *p, uint32_t node, uint64_t bytes)
{
	static const uint64_t first = 0x10000000, apart = 0x1000000;

	maker_block(&p->m, &(struct hf_block){first + apart * p->next_address++, bytes,
					      bytes, node, 0, 0});
}

static struct findings *
find(struct process *p, struct suppressions *s, struct heap **ret_h)
{
	const struct detect_options options = {.suppressions = s};
	struct findings *all;

	*ret_h = made_heap(&p->m);
	all = findings_new(*ret_h, NULL, &options);
	assert_non_null(all);
	return all;
}

static const struct finding *
churn_of(const struct findings *all)
{
	const struct finding *f = NULL;

	for (size_t i = 0; i < all->n; i++)
		if (all->list[i].id == FINDING_CHURN) {
			assert_null(f);
			f = &all->list[i];
		}
	return f;
}

/* What is said of a process, for free(3), or NULL. */
static char *
said_of(struct process *p)
{
	struct heap *h;
	struct findings *all = find(p, NULL, &h);
	const struct finding *f = churn_of(all);
	char *said = f ? strdup(f->summary) : NULL;

	findings_free(all);
	heap_free(h);
	return said;
}

static void
assert_said(struct process *p, const char *want)
{
	char *said = said_of(p);

	if (want && said)
		assert_string_equal(said, want);
	else
		assert_true(!want && !said);
	free(said);
}

/* ---- who ---- */

static void
the_smallest_set_that_makes_over_half_is_named_in_order(void **state)
{
	struct process p = process();
	const struct finding *f;
	struct findings *all;
	struct heap *h;

	(void)state;
	begin(&p);
	site(&p, 0x1000, 0, 13 * MILLION);
	site(&p, 0x2000, 0, 31 * MILLION);
	site(&p, 0x3000, 0, 11 * MILLION);
	site(&p, 0x4000, 0, 10 * MILLION);
	all = find(&p, NULL, &h);
	f = churn_of(all);
	assert_non_null(f);
	assert_string_equal(
		f->summary,
		"3 sites make 55 % of all 100,000,000 allocations and hold "
		"nothing: app+0x2000 31 %, app+0x1000 13 %, app+0x3000 11 %.");
	assert_string_equal(f->kind, "churn");
	assert_string_equal(f->verdict, "temporary");
	assert_int_equal(f->level, FINDING_NOTE);
	assert_int_equal(f->entries, 55 * MILLION);
	assert_int_equal(f->count.blocks, 0);
	assert_int_equal(f->count.bytes, 0);
	assert_int_equal(finding_gives_back(f), 0);
	assert_int_equal(f->site, 2);
	assert_int_equal(f->n_sites, 3);
	assert_int_equal(f->sites[1], 1);
	assert_int_equal(f->sites[2], 3);
	assert_non_null(f->advice);
	assert_true(has_evidence(
		f, "at most 55,000,000 allocations: 55 % of all, 5,500,000 a second"));
	assert_true(has_evidence(
		f, "S2: 31,000,000 allocations of 64 bytes on average, in app+0x2000."));
	findings_free(all);
	heap_free(h);
}

static void
one_site_is_told_of_in_the_singular(void **state)
{
	struct process p = process();

	(void)state;
	begin(&p);
	site(&p, 0x1000, 0, 51 * MILLION);
	site(&p, 0x2000, 0, 40 * MILLION);
	assert_said(&p, "1 site makes 51 % of all 100,000,000 allocations and holds "
			"nothing: app+0x1000.");
}

static void
half_of_all_is_not_enough(void **state)
{
	struct process p = process();

	(void)state;
	begin(&p);
	site(&p, 0x1000, 0, 50 * MILLION);
	assert_said(&p, NULL);
	p = process();
	begin(&p);
	site(&p, 0x1000, 0, 50 * MILLION);
	site(&p, 0x2000, 0, 20 * MILLION);
	assert_said(&p,
		    "2 sites make 70 % of all 100,000,000 allocations and hold nothing: "
		    "app+0x1000 50 %, app+0x2000 20 %.");
}

static void
at_most_five_sites_are_named(void **state)
{
	for (int n = 5; n <= 6; n++) {
		struct process p = process();

		(void)state;
		begin(&p);
		for (int i = 0; i < n; i++)
			site(&p, 0x1000 + 0x10 * (uint64_t)i, 0,
			     55 * MILLION / (uint64_t)n);
		assert_said(&p,
			    n == 5 ? "5 sites make 55 % of all 100,000,000 allocations "
				     "and hold nothing: app+0x1000 11 %, app+0x1010 11 "
				     "%, app+0x1020 11 %, app+0x1030 11 %, app+0x1040 "
				     "11 %."
				   : NULL);
	}
}

static void
call_stacks_of_one_place_are_one_site(void **state)
{
	struct process p = process();
	const struct finding *f;
	struct findings *all;
	struct heap *h;

	(void)state;
	begin(&p);
	for (uint64_t i = 0; i < 40; i++)
		site(&p, 0x1000, 0x8000 + 16 * i, 2 * MILLION);
	all = find(&p, NULL, &h);
	f = churn_of(all);
	assert_non_null(f);
	assert_string_equal(f->summary,
			    "1 site makes 80 % of all 100,000,000 allocations "
			    "and holds nothing: app+0x1000.");
	assert_true(has_evidence(f, "in app+0x1000, from 40 call stacks."));
	findings_free(all);
	heap_free(h);
}

static void
two_hundred_places_with_a_share_each_are_no_churn(void **state)
{
	struct process p = process();

	(void)state;
	begin(&p);
	for (uint64_t i = 0; i < 200; i++)
		site(&p, 0x1000 + 16 * i, 0, MILLION / 2);
	assert_said(&p, NULL);
}

/* ---- that they are temporary ---- */

static void
a_twentieth_may_outlive_its_epoch(void **state)
{
	for (uint64_t percent = 5; percent <= 6; percent++) {
		struct process p = process();

		(void)state;
		begin(&p);
		survived(&p, site(&p, 0x1000, 0, 80 * MILLION),
			 80 * MILLION / 100 * percent);
		assert_said(&p, percent == 5
					? "1 site makes 76 % of all 100,000,000 "
					  "allocations and holds nothing: app+0x1000."
					: NULL);
	}
}

static void
who_holds_a_hundredth_of_what_lives_is_not_meant(void **state)
{
	for (int is_much = 0; is_much < 2; is_much++) {
		struct process p = process();
		uint32_t node;

		(void)state;
		begin(&p);
		node = site(&p, 0x1000, 0, 80 * MILLION);
		live(&p, node, is_much ? 10000 : 9990);
		live(&p, site(&p, 0x2000, 0, 1), 990000);
		assert_said(&p,
			    is_much ? NULL
				    : "1 site makes 80 % of all 100,000,000 allocations "
				      "and holds 9.8 KiB: app+0x1000.");
	}
}

/* ---- what is not worth a word ---- */

static const char of_seventy[] =
	"1 site makes 70 % of all 100,000 allocations and holds nothing: app+0x1000.";

static void
few_allocations_are_no_churn(void **state)
{
	for (uint64_t n = 99999; n <= 100000; n++) {
		struct process p = process();

		(void)state;
		p.uptime_ns = SECONDS(1);
		p.allocations = n;
		p.young_bytes = MIB(1);
		begin(&p);
		site(&p, 0x1000, 0, 70000);
		assert_said(&p, n == 100000 ? of_seventy : NULL);
	}
}

static void
what_fills_no_four_epochs_may_be_one_structure(void **state)
{
	for (int is_more = 0; is_more < 2; is_more++) {
		struct process p = process();

		(void)state;
		p.uptime_ns = SECONDS(1);
		p.allocations = 100000;
		p.young_bytes = 70000 * 64 / 4 + !is_more;
		begin(&p);
		site(&p, 0x1000, 0, 70000);
		assert_said(&p, is_more ? of_seventy : NULL);
	}
}

static void
large_blocks_cost_more_to_fill_than_to_get(void **state)
{
	for (uint64_t bytes = 1024; bytes <= 1025; bytes++) {
		struct process p = process();

		(void)state;
		p.uptime_ns = SECONDS(1);
		p.allocations = 100000;
		p.bytes = bytes;
		begin(&p);
		site(&p, 0x1000, 0, 70000);
		assert_said(&p, bytes == 1024 ? of_seventy : NULL);
	}
}

static void
rare_allocations_cost_no_time(void **state)
{
	for (uint64_t seconds = 7; seconds <= 8; seconds++) {
		struct process p = process();

		(void)state;
		p.allocations = 100000;
		p.young_bytes = MIB(1);
		p.uptime_ns = SECONDS(seconds);
		begin(&p);
		site(&p, 0x1000, 0, 70000);
		assert_said(&p, seconds == 7 ? of_seventy : NULL);
	}
}

static void
nothing_is_said_where_it_is_not_known(void **state)
{
	for (int what = 0; what < 3; what++) {
		struct process p = process();

		(void)state;
		p.sample_bytes = what == 1 ? 512 << 10 : 0;
		p.unbooked = what == 2 ? 5 * MILLION : 0;
		begin(&p);
		site(&p, 0x1000, 0, 80 * MILLION);
		assert_said(&p, what ? NULL
				     : "1 site makes 80 % of all 100,000,000 allocations "
				       "and holds nothing: app+0x1000.");
	}
}

/* ---- among others ---- */

static void
it_comes_last_is_no_small_one_and_quiet(void **state)
{
	struct process p = process();
	const struct finding *f;
	struct findings *all;
	struct heap *h;
	uint32_t node;

	(void)state;
	begin(&p);
	node = site(&p, 0x2000, 0, 3);
	live(&p, node, MIB(1));
	live(&p, node, MIB(1));
	site(&p, 0x1000, 0, 80 * MILLION);
	maker_section(&p.m, HEAPFILE_ROOTS);
	all = find(&p, NULL, &h);
	assert_int_equal(all->n, 2);
	f = churn_of(all);
	assert_ptr_equal(f, &all->list[1]);
	assert_false(f->is_small);
	assert_true(finding_is_listed(f));
	assert_true(finding_is_quiet(f));
	assert_true(finding_fails(f, FINDING_NOTE));
	assert_false(finding_fails(f, FINDING_WARNING));
	/* Behind other notes, too, that give nothing back either. */
	all->list[0].level = FINDING_NOTE;
	all->list[0].count = (struct heap_count){0, 0};
	findings_sort(all);
	assert_ptr_equal(churn_of(all), &all->list[1]);
	findings_free(all);
	heap_free(h);
}

static void
leaks_alone_are_without_churn(void **state)
{
	const struct detect_options options = {.leaks_only = true};
	struct process p = process();
	struct findings *all;
	struct heap *h;

	(void)state;
	begin(&p);
	site(&p, 0x1000, 0, 80 * MILLION);
	h = made_heap(&p.m);
	all = findings_new(h, NULL, &options);
	assert_non_null(all);
	assert_null(churn_of(all));
	findings_free(all);
	heap_free(h);
}

static struct suppressions *
suppressions_of(const char *text)
{
	struct suppressions *s = suppressions_new();

	assert_non_null(s);
	assert_int_equal(suppressions_add_text(s, "test", text, strlen(text), false), 0);
	return s;
}

static void
a_suppressed_site_does_not_count(void **state)
{
	static const struct {
		const char *text;
		uint64_t rest;
		bool is_found;
	} rows[] = {
		{"churn:absent\n", 40, true},
		{"leak:other\n", 40, true},
		{"churn:other\n", 40, false},
		/* The rest are over half of all without it. */
		{"churn:other\n", 51, true},
		{"churn:other\nchurn:app\n", 51, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct suppressions *s = suppressions_of(rows[i].text);
		struct process p = process();
		struct findings *all;
		struct heap *h;
		uint32_t other;

		begin(&p);
		other = maker_module(&p.m, 0x800000, 0x1000, 0x800000, "",
				     "/nonesuch/other");
		maker_site(&p.m, 0, 0, other, 0x10, 45 * MILLION, 45 * MILLION * A_BLOCK);
		site(&p, 0x1000, 0, rows[i].rest * MILLION);
		all = find(&p, s, &h);
		assert_int_equal(churn_of(all) != NULL, rows[i].is_found);
		if (strcmp(rows[i].text, "churn:other\n") == 0)
			assert_int_equal(s->list[0].matched.blocks, 45 * MILLION);
		findings_free(all);
		heap_free(h);
		suppressions_free(s);
	}
}

/* ---- baselines ---- */

static struct findings *
of_two_modules(uint64_t app, uint64_t other, struct heap **ret_h)
{
	struct process p = process();
	uint32_t module;

	begin(&p);
	module = maker_module(&p.m, 0x800000, 0x1000, 0x800000, "", "/nonesuch/other");
	maker_site(&p.m, 0, 0, module, 0x10, other, other * A_BLOCK);
	site(&p, 0x1000, 0, app);
	return find(&p, NULL, ret_h);
}

static void
a_baseline_knows_it_in_whatever_order(void **state)
{
	static const struct {
		uint64_t app, other;
		enum finding_novelty is;
	} rows[] = {
		{40, 30, FINDING_KNOWN},
		{30, 40, FINDING_KNOWN},
		{60, 1, FINDING_KNOWN},
		{1, 60, FINDING_NEW},
	};
	struct baseline *b = baseline_new();
	struct heap *h;
	struct findings *all = of_two_modules(40 * MILLION, 30 * MILLION, &h);

	(void)state;
	assert_non_null(b);
	assert_int_equal(baseline_add(b, all, NULL, NULL, ""), 0);
	findings_free(all);
	heap_free(h);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		all = of_two_modules(rows[i].app * MILLION, rows[i].other * MILLION, &h);
		assert_int_equal(baseline_compare(b, all), 0);
		assert_non_null(churn_of(all));
		assert_int_equal(churn_of(all)->novelty, rows[i].is);
		findings_free(all);
		heap_free(h);
	}
	baseline_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_smallest_set_that_makes_over_half_is_named_in_order),
		cmocka_unit_test(one_site_is_told_of_in_the_singular),
		cmocka_unit_test(half_of_all_is_not_enough),
		cmocka_unit_test(at_most_five_sites_are_named),
		cmocka_unit_test(call_stacks_of_one_place_are_one_site),
		cmocka_unit_test(two_hundred_places_with_a_share_each_are_no_churn),
		cmocka_unit_test(a_twentieth_may_outlive_its_epoch),
		cmocka_unit_test(who_holds_a_hundredth_of_what_lives_is_not_meant),
		cmocka_unit_test(few_allocations_are_no_churn),
		cmocka_unit_test(what_fills_no_four_epochs_may_be_one_structure),
		cmocka_unit_test(large_blocks_cost_more_to_fill_than_to_get),
		cmocka_unit_test(rare_allocations_cost_no_time),
		cmocka_unit_test(nothing_is_said_where_it_is_not_known),
		cmocka_unit_test(it_comes_last_is_no_small_one_and_quiet),
		cmocka_unit_test(leaks_alone_are_without_churn),
		cmocka_unit_test(a_suppressed_site_does_not_count),
		cmocka_unit_test(a_baseline_knows_it_in_whatever_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
