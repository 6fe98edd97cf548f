/* test_findings.c -- findings: order, parts, levels; JUnit's XML and GitHub's annotations.
 *
 * In:   findings made by hand, at the sites of heapmaker.c's sample.
 * Not here: which findings there are (test_detect.c, test_growth.c).
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/findings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "detect/detect.h"
#include "madeheap.h"

static struct findings *
new_findings(void)
{
	struct findings *all = calloc(1, sizeof(*all));

	assert_non_null(all);
	return all;
}

static struct finding *
add(struct findings *all, enum finding_id id, enum finding_level level, uint32_t site,
    uint64_t bytes)
{
	struct finding *f = finding_add(all, id, site);

	assert_non_null(f);
	f->level = level;
	f->count = (struct heap_count){1, bytes};
	finding_summarize(all, f, "%s of %d bytes", f->what, (int)bytes);
	snprintf(f->fingerprint, sizeof(f->fingerprint), "%016d", (int)bytes);
	return f;
}

/* ---- one finding ---- */

static void
a_finding_begins_with_the_words_of_its_kind(void **state)
{
	struct findings *all = new_findings();
	struct finding *f = finding_add(all, FINDING_UNBOUNDED_QUEUE, 7);

	assert_int_equal(f->id, FINDING_UNBOUNDED_QUEUE);
	assert_string_equal(f->kind, "queue");
	assert_string_equal(f->verdict, "unbounded");
	assert_string_equal(f->what, "unbounded queue");
	assert_int_equal(f->site, 7);
	assert_int_equal(f->n_sites, 0);
	assert_null(f->summary);
	finding_become(f, FINDING_DRAINED_QUEUE);
	assert_int_equal(f->id, FINDING_DRAINED_QUEUE);
	assert_string_equal(f->verdict, finding_kinds[FINDING_DRAINED_QUEUE].verdict);
	assert_int_equal(f->site, 7);
	findings_free(all);
}

static void
evidence_sites_and_summary_are_kept(void **state)
{
	struct findings *all = new_findings();

	for (uint32_t i = 0; i < 100; i++) {
		struct finding *f = finding_add(all, FINDING_DEFINITE_LEAK, i);

		for (uint32_t k = 0; k < i; k++) {
			finding_add_evidence(all, f, "%u of %u", k, i);
			finding_add_site(all, f, 1000 * i + k);
		}
		finding_summarize(all, f, "first");
		finding_summarize(all, f, "number %u", i);
	}
	assert_false(all->failed);
	assert_int_equal(all->n, 100);
	for (uint32_t i = 0; i < 100; i++) {
		const struct finding *f = &all->list[i];
		char text[32];

		snprintf(text, sizeof(text), "number %u", i);
		assert_string_equal(f->summary, text);
		assert_int_equal(f->n_evidence, i);
		assert_int_equal(f->n_sites, i);
		for (uint32_t k = 0; k < i; k++) {
			snprintf(text, sizeof(text), "%u of %u", k, i);
			assert_string_equal(f->evidence[k], text);
			assert_int_equal(f->sites[k], 1000 * i + k);
		}
	}
	findings_free(all);
}

static void
the_steps_of_a_holder_move_into_the_finding(void **state)
{
	struct findings *all = new_findings();
	struct finding *f = finding_add(all, FINDING_DEFINITE_LEAK, 1);
	struct holder x = {.n_steps = 2, .n_left_out = 3};

	x.steps[0].name = strdup("first");
	x.steps[1].name = strdup("second");
	finding_take_steps(all, f, &x);
	assert_int_equal(x.n_steps, 0);
	assert_int_equal(f->n_retained_by, 2);
	assert_int_equal(f->n_left_out, 3);
	assert_string_equal(f->retained_by[1].name, "second");
	/* Another path takes the place of the first. */
	x.n_steps = 1;
	x.steps[0].name = strdup("third");
	finding_take_steps(all, f, &x);
	assert_int_equal(f->n_retained_by, 1);
	assert_string_equal(f->retained_by[0].name, "third");
	findings_free(all);
}

/* ---- all of them ---- */

static void
assert_order(struct findings *all, const int *order, size_t n)
{
	assert_int_equal(all->n, n);
	for (size_t i = 0; i < n; i++) {
		char fingerprint[17];

		snprintf(fingerprint, sizeof(fingerprint), "%016d", order[i]);
		assert_string_equal(all->list[i].fingerprint, fingerprint);
	}
}

static void
findings_stand_by_level_and_by_what_fixing_them_gives_back(void **state)
{
	struct findings *all = new_findings();
	static const int order[] = {7, 30, 900, 20, 12, 700, 11, 41, 40, 10, 99, 5000};

	add(all, FINDING_BOUNDED_CACHE, FINDING_NOTE, 1, 5000);
	add(all, FINDING_UNBOUNDED_QUEUE, FINDING_NOTE, 1, 99);
	add(all, FINDING_UNBOUNDED_QUEUE, FINDING_WARNING, 1, 10);
	add(all, FINDING_UNBOUNDED_CACHE, FINDING_WARNING, 3, 40);
	add(all, FINDING_UNBOUNDED_CACHE, FINDING_WARNING, 1, 700);
	add(all, FINDING_DEFINITE_LEAK, FINDING_ERROR, 2, 20);
	add(all, FINDING_UNBOUNDED_CACHE, FINDING_WARNING, 2, 41)->count.bytes = 40;
	add(all, FINDING_DEFINITE_LEAK, FINDING_ERROR, 1, 30)->indirect.bytes = 1000;
	add(all, FINDING_DEFINITE_LEAK, FINDING_ERROR, 1, 900);
	/* It gives nothing back, and may break the program. */
	add(all, FINDING_DOUBLE_FREE, FINDING_ERROR, 9, 7)->count.bytes = 0;
	add(all, FINDING_UNBOUNDED_GROWTH, FINDING_WARNING, 1, 11)->retained.bytes = 400;
	add(all, FINDING_PINNED_PAGES, FINDING_WARNING, 1, 12)->free_bytes = 1 << 20;
	findings_sort(all);
	assert_order(all, order, 12);
	assert_true(finding_gives_back(&all->list[1]) == 1030);
	assert_true(finding_gives_back(&all->list[4]) == (1 << 20) + 12);
	assert_true(finding_gives_back(&all->list[6]) == 400);
	findings_free(all);
	all = new_findings();
	findings_sort(all);
	findings_free(all);
	findings_free(NULL);
}

/* Fingerprints of those that are small, as a sum. */
static uint64_t
sum_of_small(const struct findings *all)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < all->n; i++)
		if (all->list[i].is_small) {
			assert_false(finding_is_listed(&all->list[i]));
			sum += strtoull(all->list[i].fingerprint, NULL, 10);
		}
	return sum;
}

static void
below_both_limits_and_beside_something_larger_a_finding_is_small(void **state)
{
	struct findings *all = new_findings();

	all->heap_bytes = 100 << 20;
	add(all, FINDING_DEFINITE_LEAK, FINDING_ERROR, 1, 16383);
	add(all, FINDING_DEFINITE_LEAK, FINDING_ERROR, 2, 100);
	add(all, FINDING_DOUBLE_FREE, FINDING_ERROR, 2, 1000)->count.bytes = 0;
	findings_sort(all);
	assert_int_equal(sum_of_small(all), 0); /* there is nothing else */
	add(all, FINDING_UNBOUNDED_QUEUE, FINDING_NOTE, 3, 1 << 20);
	findings_sort(all);
	assert_int_equal(sum_of_small(all), 0); /* a note is nothing beside errors */
	add(all, FINDING_UNBOUNDED_QUEUE, FINDING_WARNING, 4, 16384);
	findings_sort(all);
	assert_int_equal(sum_of_small(all), 16483);
	assert_int_equal(findings_count(all, FINDING_ERROR), 3);
	/* What is lost with it counts; so do its parts, which are small with nobody. */
	all->list[1].indirect.bytes = 1;
	findings_sort(all);
	assert_int_equal(sum_of_small(all), 100);
	add(all, FINDING_UNBOUNDED_CACHE, FINDING_NOTE, 5, 10);
	add(all, FINDING_UNBOUNDED_CACHE, FINDING_NOTE, 6, 16380);
	findings_join(all, all->n - 1, all->n - 2);
	findings_sort(all);
	assert_int_equal(sum_of_small(all), 100);
	/* A thousandth of a small heap. */
	all->heap_bytes = 2000 * 1000;
	findings_sort(all);
	assert_int_equal(sum_of_small(all), 100);
	all->heap_bytes = 100 * 1000;
	findings_sort(all);
	assert_int_equal(sum_of_small(all), 0);
	findings_free(all);
}

static void
what_the_baseline_knows_hides_no_small_finding(void **state)
{
	struct findings *all = new_findings();

	all->heap_bytes = 100 << 20;
	add(all, FINDING_DEFINITE_LEAK, FINDING_NOTE, 1, 1 << 20)->novelty = FINDING_KNOWN;
	add(all, FINDING_DEFINITE_LEAK, FINDING_ERROR, 2, 100)->novelty = FINDING_NEW;
	findings_sort(all);
	assert_int_equal(sum_of_small(all), 0);
	findings_free(all);
}

static void
what_is_known_or_calm_is_counted_apart(void **state)
{
	struct findings *all = new_findings();

	add(all, FINDING_DEFINITE_LEAK, FINDING_ERROR, 1, 1);
	add(all, FINDING_UNBOUNDED_CACHE, FINDING_WARNING, 1, 2);
	add(all, FINDING_DEFINITE_LEAK, FINDING_ERROR, 1, 3)->novelty = FINDING_KNOWN;
	add(all, FINDING_DEFINITE_LEAK, FINDING_ERROR, 1, 4)->novelty = FINDING_GROWN;
	add(all, FINDING_BOUNDED_CACHE, FINDING_NOTE, 1, 5);
	add(all, FINDING_UNBOUNDED_GROWTH, FINDING_NOTE, 1, 6)->novelty = FINDING_NEW;
	assert_int_equal(findings_count(all, FINDING_ERROR), 2);
	assert_int_equal(findings_count(all, FINDING_WARNING), 3);
	assert_int_equal(findings_count(all, FINDING_NOTE), 5);
	assert_int_equal(findings_loud(all, FINDING_WARNING), 4);
	/* What fails a check is shown, what is known fails none. */
	assert_int_equal(findings_loud(all, FINDING_NOTE), 5);
	assert_true(finding_is_quiet(&all->list[2]));
	assert_true(finding_is_quiet(&all->list[4]));
	assert_false(finding_is_quiet(&all->list[3]));
	assert_string_equal(finding_level_name(FINDING_ERROR), "error");
	assert_string_equal(finding_level_name(FINDING_WARNING), "warning");
	assert_string_equal(finding_level_name(FINDING_NOTE), "note");
	findings_free(all);
}

static void
a_part_is_joined_to_one_whole_only(void **state)
{
	struct findings *all = new_findings();
	struct finding *l;

	add(all, FINDING_UNBOUNDED_CACHE, FINDING_WARNING, 1, 100);
	add(all, FINDING_UNBOUNDED_CACHE, FINDING_NOTE, 2, 20);
	add(all, FINDING_UNBOUNDED_CACHE, FINDING_ERROR, 3, 3);
	add(all, FINDING_UNBOUNDED_CACHE, FINDING_NOTE, 4, 4);
	l = all->list;
	finding_add_site(all, &l[2], 5);
	finding_add_site(all, &l[2], 6);
	findings_join(all, 0, 0);
	assert_int_equal(l[0].part_of, 0);
	assert_false(l[0].has_parts);
	findings_join(all, 1, 0);
	assert_int_equal(l[1].part_of, 1);
	assert_true(l[0].has_parts);
	assert_int_equal(l[0].of_parts.bytes, 20);
	assert_int_equal(l[0].of_parts.blocks, 1);
	assert_int_equal(l[0].n_of_parts, 1);
	assert_int_equal(finding_whole(&l[0]).blocks, 2);
	assert_int_equal(finding_whole(&l[0]).bytes, 120);
	assert_int_equal(l[0].level, FINDING_WARNING);
	/* What is worse makes the whole worse; its sites count. */
	findings_join(all, 2, 0);
	assert_int_equal(l[0].level, FINDING_ERROR);
	assert_int_equal(l[0].n_of_parts, 3);
	assert_int_equal(l[0].of_parts.bytes, 23);
	/* Neither twice, nor into a part, nor with parts of its own. */
	findings_join(all, 1, 3);
	findings_join(all, 3, 1);
	findings_join(all, 0, 3);
	assert_int_equal(l[1].part_of, 1);
	assert_int_equal(l[3].part_of, 0);
	assert_int_equal(l[0].part_of, 0);
	assert_false(l[3].has_parts);
	assert_int_equal(l[0].of_parts.bytes, 23);
	findings_free(all);
}

/* ---- written ---- */

typedef void writer(const struct report_source *s, FILE *f);

static char *
written(writer *write, const struct heap *h, const struct findings *all,
	enum finding_level fails_at)
{
	struct places places;
	struct report_source s = {.heap = h,
				  .findings = all,
				  .places = &places,
				  .snapshot = "x.heap",
				  .fails_at = fails_at,
				  .is_first = true};
	char *text;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	assert_int_equal(places_init(&places, "/"), 0);
	write(&s, f);
	assert_int_equal(fclose(f), 0);
	places_fini(&places);
	return text;
}

static unsigned
n_times(const char *text, const char *what)
{
	unsigned n = 0;

	for (const char *at = text; (at = strstr(at, what)) != NULL; at += strlen(what))
		n++;
	return n;
}

static struct findings *
three_levels(void)
{
	struct findings *all = new_findings();

	add(all, FINDING_DEFINITE_LEAK, FINDING_ERROR, 2, 1);
	add(all, FINDING_UNBOUNDED_CACHE, FINDING_WARNING, 2, 2);
	add(all, FINDING_REACHABLE, FINDING_NOTE, 2, 3);
	add(all, FINDING_DEFINITE_LEAK, FINDING_ERROR, 2, 4)->novelty = FINDING_KNOWN;
	return all;
}

static void
junit_fails_what_the_exit_status_fails(void **state)
{
	static const unsigned n_failures[] = {1, 2, 3};
	struct heap *h = made_sample();
	struct findings *all = three_levels();

	for (int level = FINDING_ERROR; level <= FINDING_NOTE; level++) {
		char *text = written(report_write_junit, h, all, (enum finding_level)level);
		char counts[96];

		snprintf(counts, sizeof(counts),
			 "tests=\"%d\" failures=\"%u\" errors=\"0\"", 4, n_failures[level]);
		assert_non_null(strstr(text, counts));
		assert_int_equal(n_times(text, "<failure "), n_failures[level]);
		assert_int_equal(n_times(text, "</failure>"), n_failures[level]);
		assert_int_equal(n_times(text, "<system-out>"), 4 - n_failures[level]);
		assert_int_equal(n_times(text, "<testcase "), 4);
		assert_int_equal(n_times(text, "(known) "), 1);
		free(text);
	}
	findings_free(all);
	heap_free(h);
}

static void
junit_names_a_case_by_rule_place_and_fingerprint(void **state)
{
	struct heap *h = made_sample();
	struct findings *all = three_levels();
	char *text;

	finding_add_evidence(all, &all->list[0], "a < b & \"c\" > d \x01\xef\xbf\xbe.");
	all->list[0].advice = "Do this.";
	all->list[0].alloc_site = 3;
	text = written(report_write_junit, h, all, FINDING_ERROR);
	assert_non_null(
		strstr(text, "<testcase classname=\"gcprof.definite-leak\" name=\""));
	assert_non_null(strstr(text, " [0000000000000001]\">\n"
				     "      <failure type=\"definite-leak\" "
				     "message=\"definite leak of 1 bytes\">"
				     "error: definite leak of 1 bytes\n"
				     "a &lt; b &amp; &quot;c&quot; &gt; d "
				     "\xef\xbf\xbd\xef\xbf\xbd.\nDo this.\n"));
	assert_non_null(strstr(text, "allocated at\n    "));
	assert_non_null(strstr(text, "libx.so.1+0x2100"));
	assert_int_equal(n_times(text, "allocated at"), 1);
	assert_non_null(strstr(text, "<testsuite name=\"gcprof "));
	assert_null(strstr(text, "none"));
	free(text);
	findings_free(all);
	heap_free(h);
}

static void
a_process_without_findings_is_one_case_that_passes(void **state)
{
	struct heap *h = made_sample();
	struct findings *all = new_findings();
	char *text = written(report_write_junit, h, all, FINDING_NOTE);

	assert_int_equal(n_times(text, "<testcase "), 1);
	assert_int_equal(n_times(text, "<testcase classname=\"gcprof\" name=\""), 1);
	assert_non_null(strstr(text, "tests=\"1\" failures=\"0\""));
	free(text);
	text = written(report_write_github, h, all, FINDING_NOTE);
	assert_string_equal(text, "");
	free(text);
	findings_free(all);
	heap_free(h);
}

static void
github_has_a_line_for_each_finding_that_no_baseline_has(void **state)
{
	struct heap *h = made_sample();
	struct findings *all = three_levels();
	char *text;

	finding_add_evidence(all, &all->list[0], "100 %%, and: a\rb\x1b.");
	text = written(report_write_github, h, all, FINDING_ERROR);
	assert_int_equal(n_times(text, "\n"), 3);
	assert_int_equal(
		strncmp(text,
			"::error title=gcprof%3A definite leak::definite leak of "
			"1 bytes%0A100 %25, and: a%0Db\xef\xbf\xbd.%0A",
			strlen("::error title=gcprof%3A definite leak::definite leak "
			       "of 1 bytes%0A100 %25, and: a%0Db\xef\xbf\xbd.%0A")),
		0);
	assert_non_null(strstr(text, "\n::warning title=gcprof%3A unbounded cache::"));
	assert_non_null(strstr(text, "\n::notice title=gcprof%3A reachable::"));
	assert_null(strstr(text, "definite leak of 4 bytes"));
	assert_null(strstr(text, "%0A\n"));
	free(text);
	findings_free(all);
	heap_free(h);
}

/* The same findings of another process. */
static void
one_bug_is_one_result_of_all_processes(void **state)
{
	struct heap *h = made_sample();
	struct findings *all = three_levels();
	struct report_seen seen = {0};
	struct places places;
	struct report_source s = {.heap = h,
				  .findings = all,
				  .places = &places,
				  .snapshot = "x.heap",
				  .seen = &seen,
				  .is_first = true};
	char *text;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	/* Two places of one fingerprint are two. */
	add(all, FINDING_DEFINITE_LEAK, FINDING_ERROR, 2, 1);
	assert_int_equal(places_init(&places, "/"), 0);
	report_write_github(&s, f);
	report_write_github(&s, f);
	assert_int_equal(fflush(f), 0);
	assert_int_equal(n_times(text, "\n"), 4);
	report_seen_fini(&seen);
	report_write_sarif(&s, f);
	report_write_sarif(&s, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(n_times(text, "\"ruleId\""), 5);
	assert_int_equal(n_times(text, "\"0000000000000001:1\""), 2);
	assert_int_equal(n_times(text, "\"0000000000000001:2\""), 2);
	report_seen_fini(&seen);
	places_fini(&places);
	free(text);
	findings_free(all);
	heap_free(h);
}

static void
numbers_of_threads_are_in_no_document(void **state)
{
	struct heap *h = made_sample();
	struct findings *all = three_levels();
	writer *const writers[] = {report_write_sarif, report_write_junit,
				   report_write_github};

	finding_add_evidence(all, &all->list[0], "Evidence that stays.");
	finding_add_evidence(all, &all->list[0], "Allocated by thread 4711.");
	finding_mark_passing(&all->list[0]);
	for (size_t i = 0; i < 3; i++) {
		char *text = written(writers[i], h, all, FINDING_ERROR);

		assert_non_null(strstr(text, "Evidence that stays."));
		assert_null(strstr(text, "4711"));
		assert_non_null(strstr(text, "Function libx.so.1+0x2100, program "));
		free(text);
	}
	findings_free(all);
	heap_free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_finding_begins_with_the_words_of_its_kind),
		cmocka_unit_test(evidence_sites_and_summary_are_kept),
		cmocka_unit_test(the_steps_of_a_holder_move_into_the_finding),
		cmocka_unit_test(findings_stand_by_level_and_by_what_fixing_them_gives_back),
		cmocka_unit_test(
			below_both_limits_and_beside_something_larger_a_finding_is_small),
		cmocka_unit_test(what_the_baseline_knows_hides_no_small_finding),
		cmocka_unit_test(what_is_known_or_calm_is_counted_apart),
		cmocka_unit_test(a_part_is_joined_to_one_whole_only),
		cmocka_unit_test(junit_fails_what_the_exit_status_fails),
		cmocka_unit_test(junit_names_a_case_by_rule_place_and_fingerprint),
		cmocka_unit_test(a_process_without_findings_is_one_case_that_passes),
		cmocka_unit_test(one_bug_is_one_result_of_all_processes),
		cmocka_unit_test(numbers_of_threads_are_in_no_document),
		cmocka_unit_test(github_has_a_line_for_each_finding_that_no_baseline_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
