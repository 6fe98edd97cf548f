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
findings_stand_by_level_kind_bytes_and_site(void **state)
{
	struct findings *all = new_findings();
	static const uint64_t order[] = {30, 900, 20, 700, 41, 40, 10, 99};

	add(all, FINDING_UNBOUNDED_QUEUE, FINDING_NOTE, 1, 99);
	add(all, FINDING_UNBOUNDED_QUEUE, FINDING_WARNING, 1, 10);
	add(all, FINDING_UNBOUNDED_CACHE, FINDING_WARNING, 3, 40);
	add(all, FINDING_UNBOUNDED_CACHE, FINDING_WARNING, 1, 700);
	add(all, FINDING_DEFINITE_LEAK, FINDING_ERROR, 2, 20);
	add(all, FINDING_UNBOUNDED_CACHE, FINDING_WARNING, 2, 41)->count.bytes = 40;
	add(all, FINDING_DEFINITE_LEAK, FINDING_ERROR, 1, 30)->indirect.bytes = 1000;
	add(all, FINDING_DEFINITE_LEAK, FINDING_ERROR, 1, 900);
	findings_sort(all);
	for (size_t i = 0; i < 8; i++) {
		char fingerprint[17];

		snprintf(fingerprint, sizeof(fingerprint), "%016d", (int)order[i]);
		assert_string_equal(all->list[i].fingerprint, fingerprint);
	}
	findings_free(all);
	all = new_findings();
	findings_sort(all);
	findings_free(all);
	findings_free(NULL);
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
	assert_int_equal(findings_loud(all), 4);
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
junit_fails_what_the_exit_status_fails_and_passes_the_other_rules(void **state)
{
	static const unsigned n_failures[] = {1, 2, 3};
	struct heap *h = made_sample();
	struct findings *all = three_levels();

	for (int level = FINDING_ERROR; level <= FINDING_NOTE; level++) {
		char *text = written(report_write_junit, h, all, (enum finding_level)level);
		char counts[96];

		/* Four findings, of three of the rules. */
		snprintf(counts, sizeof(counts),
			 "tests=\"%d\" failures=\"%u\" errors=\"0\"",
			 4 + FINDING_N_KINDS - 3, n_failures[level]);
		assert_non_null(strstr(text, counts));
		assert_int_equal(n_times(text, "<failure "), n_failures[level]);
		assert_int_equal(n_times(text, "</failure>"), n_failures[level]);
		assert_int_equal(n_times(text, "<system-out>"), 4 - n_failures[level]);
		assert_int_equal(n_times(text, "name=\"none\"/>"), FINDING_N_KINDS - 3);
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
	assert_null(strstr(text, "classname=\"gcprof.definite-leak\" name=\"none\""));
	assert_non_null(strstr(text, "classname=\"gcprof.double-free\" name=\"none\""));
	free(text);
	findings_free(all);
	heap_free(h);
}

static void
a_run_without_findings_passes_every_rule(void **state)
{
	struct heap *h = made_sample();
	struct findings *all = new_findings();
	char *text = written(report_write_junit, h, all, FINDING_NOTE);

	assert_int_equal(n_times(text, "<testcase "), FINDING_N_KINDS);
	assert_int_equal(n_times(text, "name=\"none\"/>"), FINDING_N_KINDS);
	assert_non_null(strstr(text, "failures=\"0\""));
	free(text);
	text = written(report_write_github, h, all, FINDING_NOTE);
	assert_string_equal(text, "");
	free(text);
	findings_free(all);
	heap_free(h);
}

static void
github_has_a_line_for_each_finding(void **state)
{
	struct heap *h = made_sample();
	struct findings *all = three_levels();
	char *text;

	finding_add_evidence(all, &all->list[0], "100 %%, and: a\rb\x1b.");
	text = written(report_write_github, h, all, FINDING_ERROR);
	assert_int_equal(n_times(text, "\n"), 4);
	assert_int_equal(
		strncmp(text,
			"::error title=gcprof%3A definite leak::definite leak of "
			"1 bytes%0A100 %25, and: a%0Db\xef\xbf\xbd.%0A",
			strlen("::error title=gcprof%3A definite leak::definite leak "
			       "of 1 bytes%0A100 %25, and: a%0Db\xef\xbf\xbd.%0A")),
		0);
	assert_non_null(strstr(text, "\n::warning title=gcprof%3A unbounded cache::"));
	assert_non_null(strstr(text, "\n::notice title=gcprof%3A reachable::"));
	assert_non_null(strstr(text, "::(known) definite leak of 4 bytes"));
	assert_null(strstr(text, "%0A\n"));
	free(text);
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
		cmocka_unit_test(findings_stand_by_level_kind_bytes_and_site),
		cmocka_unit_test(what_is_known_or_calm_is_counted_apart),
		cmocka_unit_test(a_part_is_joined_to_one_whole_only),
		cmocka_unit_test(
			junit_fails_what_the_exit_status_fails_and_passes_the_other_rules),
		cmocka_unit_test(junit_names_a_case_by_rule_place_and_fingerprint),
		cmocka_unit_test(a_run_without_findings_passes_every_rule),
		cmocka_unit_test(github_has_a_line_for_each_finding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
