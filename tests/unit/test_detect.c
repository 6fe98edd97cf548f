/* test_detect.c -- findings and baselines.
 *
 * In:   heaps of heapmaker.c; stacks made by hand.
 * Out:  besides the tests, `test_detect --snapshot` writes a snapshot in which a
 *       function of this file loses a block.
 * Not here: which block is in which state (test_graph.c); files of suppressions
 *           (test_suppress.c).
 *
 * SPDX-License-Identifier: MIT
 */
#include <dlfcn.h>
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
#include "names/source_locations.h"

/* ---- findings ---- */

static struct findings *
find(const struct heap *h, struct symbols *symbols, struct suppressions *s)
{
	const struct detect_options options = {.suppressions = s, .show_content = true};
	struct findings *all = findings_new(h, symbols, &options);

	assert_non_null(all);
	return all;
}

static const struct finding *
finding_of(const struct findings *all, const char *what)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->list[i].what, what) == 0)
			return &all->list[i];
	return NULL;
}

static void
the_sample_has_a_finding_of_each_kind(void **state)
{
	struct heap *h = made_sample();
	struct findings *all = find(h, NULL, NULL);
	const struct finding *f;

	(void)state;
	assert_true(all->leaks.is_computed);
	for (int kind = 0; kind < GRAPH_IGNORED; kind++)
		assert_int_equal(all->leaks.counts[kind].blocks, 1);
	assert_int_equal(all->n, 3);
	f = finding_of(all, "definite leak");
	assert_non_null(f);
	assert_int_equal(f->level, FINDING_ERROR);
	assert_int_equal(f->count.bytes, 40);
	assert_int_equal(f->indirect.bytes, 8);
	assert_int_equal(f->n_parts, 1);
	assert_int_equal(f->address, 0x20000);
	assert_int_equal(f->oldest_age, 1);
	assert_int_equal(f->n_threads, 1);
	assert_string_equal(h->threads[f->threads[0]].name.bytes, "worker");
	assert_non_null(f->content);
	assert_int_equal(f->content->n, 16);
	f = finding_of(all, "possible leak");
	assert_non_null(f);
	assert_int_equal(f->level, FINDING_WARNING);
	assert_non_null(strstr(f->evidence[0], "byte 16"));
	assert_int_equal(findings_count(all, FINDING_ERROR), 2);
	assert_int_equal(findings_count(all, FINDING_WARNING), 3);
	findings_free(all);
	heap_free(h);
}

/* ---- what is left in a queue ---- */

enum { PERIODS = 12, A_PERIOD = 60, LEFT = 20 };

/* In each period as many blocks of a site are freed as are allocated, but for those that
 * are left at the end, to which nothing points.
 *
 * n_earlier  deaths of blocks that were born before those that died before them.
 * until      the first period without deaths
 * n_held     of those that are left: a variable points to them still. */
static struct heap *
heap_of_held_rests(uint64_t n_earlier, uint32_t until, uint32_t n_held)
{
	struct hf_edge edges[LEFT];
	struct maker m = {.n_sections = 0};
	struct hf_book b = {.n_periods = PERIODS};
	uint32_t exe, births[PERIODS];
	uint64_t at = 0x10000;

	maker_number(&m, "complete", 1);
	exe = maker_module(&m, 0x400000, 0x10000, 0x400000, "", "/nonesuch/app");
	b.site = maker_site(&m, 0, 0, exe, 0x1000, A_PERIOD * until + LEFT, 64);
	for (uint32_t i = 0; i < PERIODS; i++) {
		births[i] = maker_birth(&m, 1, 0, 0);
		maker_birth_period(&m, i);
		maker_period(&m, &(struct hf_period){.end_ns = i + 1});
		if (i >= until)
			continue;
		b.periods[i] = (struct hf_book_period){A_PERIOD, 64 * A_PERIOD, A_PERIOD,
						       64 * A_PERIOD, 0};
		b.deaths += A_PERIOD;
	}
	b.earlier = n_earlier;
	b.later = b.deaths - n_earlier;
	maker_book(&m, &b);
	for (uint32_t i = 0; i < LEFT; i++, at += 64)
		maker_block(&m, &(struct hf_block){at, 64, 64, b.site,
						   births[PERIODS - 1], 0});
	for (uint32_t i = 0; i < LEFT; i++)
		edges[i] = (struct hf_edge){.target = i + 1, .word = i};
	maker_root(&m,
		   &(struct hf_root){HEAPFILE_ROOT_GLOBAL, exe, 0x401000, 8 * LEFT, n_held},
		   edges);
	return made_heap(&m);
}

static struct heap *
heap_of_rests(uint64_t n_earlier, uint32_t until)
{
	return heap_of_held_rests(n_earlier, until, 0);
}

static void
what_is_left_of_a_queue_is_possibly_lost(void **state)
{
	struct heap *h = heap_of_rests(0, PERIODS);
	struct findings *all = find(h, NULL, NULL);
	const struct finding *f = finding_of(all, "possible leak");

	(void)state;
	assert_non_null(f);
	assert_int_equal(f->count.blocks, LEFT);
	assert_int_equal(f->level, FINDING_WARNING);
	assert_true(has_evidence(f, "freed, the oldest first, to the end"));
	assert_int_equal(all->leaks.counts[GRAPH_POSSIBLE].blocks, LEFT);
	assert_int_equal(all->leaks.counts[GRAPH_DEFINITE].blocks, 0);
	findings_free(all);
	heap_free(h);
}

/* What a variable pointed to until the program cleaned up, has no hidden links. */
static void
what_was_held_by_plain_pointers_before_the_end_leaks(void **state)
{
	(void)state;
	for (uint32_t n_held = 1; n_held <= LEFT; n_held += LEFT - 1) {
		bool is_plain = n_held == LEFT;
		struct heap *h = heap_of_rests(0, PERIODS),
			    *then = heap_of_held_rests(0, PERIODS, n_held);
		const struct detect_options options = {.before = then};
		struct findings *all = findings_new(h, NULL, &options);

		assert_non_null(all);
		assert_true(is_plain == !!finding_of(all, "definite leak"));
		assert_true(is_plain != !!finding_of(all, "possible leak"));
		findings_free(all);
		heap_free(h);
		heap_free(then);
	}
}

static void
what_dies_in_no_order_or_no_more_leaves_leaks(void **state)
{
	(void)state;
	for (int is_over = 0; is_over < 2; is_over++) {
		struct heap *h = is_over ? heap_of_rests(0, PERIODS - 3)
					 : heap_of_rests(A_PERIOD, PERIODS);
		struct findings *all = find(h, NULL, NULL);

		assert_non_null(finding_of(all, "definite leak"));
		assert_null(finding_of(all, "possible leak"));
		findings_free(all);
		heap_free(h);
	}
}

static void
only_losses_that_may_have_held_pointers_are_evidence(void **state)
{
	for (int is_mapping = 0; is_mapping < 2; is_mapping++) {
		struct maker m = {.n_sections = 0};
		struct findings *all;
		struct heap *h;

		(void)state;
		maker_sample(&m);
		maker_number(&m, "loss.sites", 5);
		if (is_mapping)
			maker_number(&m, "loss.mappings", 3);
		h = made_heap(&m);
		assert_false(h->is_complete);
		all = find(h, NULL, NULL);
		assert_int_equal(has_evidence(finding_of(all, "definite leak"),
					      "pointers may have been missed: 3 mappings "
					      "not recorded."),
				 is_mapping);
		assert_int_equal(
			has_evidence(finding_of(all, "definite leak"), "incomplete"),
			is_mapping);
		findings_free(all);
		heap_free(h);
	}
}

static void
without_roots_nothing_is_said_of_leaks(void **state)
{
	struct maker m = {.n_sections = 0};
	struct findings *all;
	struct heap *h;

	(void)state;
	maker_block(&m, &(struct hf_block){0x10000, 16, 16, 0, 0, 0});
	h = made_heap(&m);
	all = find(h, NULL, NULL);
	assert_false(all->leaks.is_computed);
	assert_int_equal(all->n, 0);
	findings_free(all);
	heap_free(h);
}

static void
large_blocks_with_a_pointer_inside_are_notes(void **state)
{
	struct maker m = {.n_sections = 0};
	const struct hf_root root = {HEAPFILE_ROOT_GLOBAL, 0, 0x1000, 64, 1};
	struct findings *all;
	struct heap *h;

	(void)state;
	maker_block(&m, &(struct hf_block){0x10000, 1 << 20, 1 << 20, 0, 0, 0});
	maker_root(&m, &root, &(struct hf_edge){.target = 1, .inside = 4096});
	h = made_heap(&m);
	all = find(h, NULL, NULL);
	assert_int_equal(all->n, 1);
	assert_string_equal(all->list[0].verdict, "possible");
	assert_int_equal(all->list[0].level, FINDING_NOTE);
	findings_free(all);
	heap_free(h);
}

static void
with_a_suppressed_block_goes_what_it_leads_to(void **state)
{
	struct maker m = {.n_sections = 0};
	struct suppressions *s = suppressions_new();
	struct findings *all;
	struct heap *h;

	(void)state;
	maker_module(&m, 0, 4096, 0, "", "/lib/list.so");
	maker_module(&m, 8192, 4096, 0, "", "/lib/item.so");
	maker_site(&m, 0, 0, 1, 0x10, 1, 1);
	maker_site(&m, 0, 0, 2, 0x20, 1, 1);
	/* A list that is lost with its item, and an item that is lost alone. */
	maker_block(&m, &(struct hf_block){0x10000, 32, 32, 1, 0, 0});
	maker_block(&m, &(struct hf_block){0x10020, 64, 64, 2, 0, 0});
	maker_block(&m, &(struct hf_block){0x10060, 128, 128, 2, 0, 0});
	maker_holder(&m, 1, &(struct hf_edge){.target = 2}, 1);
	maker_section(&m, HEAPFILE_ROOTS);
	h = made_heap(&m);
	assert_int_equal(suppressions_add_text(s, "f", "leak:list.so", 12, false), 0);
	all = find(h, NULL, s);
	assert_int_equal(all->n, 1);
	assert_int_equal(all->list[0].count.bytes, 128);
	assert_int_equal(all->leaks.counts[GRAPH_DEFINITE].blocks, 1);
	assert_int_equal(all->leaks.counts[GRAPH_INDIRECT].blocks, 0);
	assert_int_equal(all->leaks.suppressed.blocks, 2);
	assert_int_equal(all->leaks.suppressed.bytes, 96);
	assert_int_equal(s->list[0].matched.blocks, 1);
	findings_free(all);
	suppressions_free(s);
	heap_free(h);
}

/* ---- fingerprints ---- */

/* Two functions of this program, of which debug information tells. */
int leak_here(int x);
int leak_there(int x);

__attribute__((noinline)) int
leak_here(int x)
{
	return x * 3 + (int)strlen(getenv("PATH") ? "a" : "bc");
}

__attribute__((noinline)) int
leak_there(int x)
{
	return x * 5 + (int)strlen(getenv("PATH") ? "bc" : "a");
}

/* A block lost at an address of this program. */
static void
make_own(struct maker *m, uintptr_t address)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	Dl_info info;

	if (n <= 0 || dladdr((void *)address, &info) == 0)
		abort();
	path[n] = '\0';
	maker_number(m, "complete", 1);
	maker_module(m, (uintptr_t)info.dli_fbase, 1 << 20, (uintptr_t)info.dli_fbase, "",
		     path);
	maker_site(m, 0, 0, 1, address - (uintptr_t)info.dli_fbase, 1, 1);
	maker_block(m, &(struct hf_block){0x10000, 32, 32, 1, 0, 0});
	maker_section(m, HEAPFILE_ROOTS);
}

static void
fingerprint_of(uintptr_t address, char *ret)
{
	struct maker m = {.n_sections = 0};
	struct symbols_options options = {.sysroot = NULL};
	struct symbols *symbols;
	struct findings *all;
	struct heap *h;

	make_own(&m, address);
	h = made_heap(&m);
	symbols = symbols_new(h, &options);
	assert_non_null(symbols);
	all = find(h, symbols, NULL);
	assert_int_equal(all->n, 1);
	memcpy(ret, all->list[0].fingerprint, 17);
	findings_free(all);
	symbols_free(symbols);
	heap_free(h);
}

static void
fingerprints_are_of_names_and_not_of_addresses(void **state)
{
	char here[17], there[17], further[17];

	(void)state;
	fingerprint_of((uintptr_t)leak_here + 2, here);
	fingerprint_of((uintptr_t)leak_here + 7, further);
	fingerprint_of((uintptr_t)leak_there + 2, there);
	assert_string_equal(here, further);
	assert_string_not_equal(here, there);
}

/* ---- baselines ---- */

static void
a_baseline_knows_what_was_there(void **state)
{
	char name[] = "test_detect.XXXXXX", message[256];
	struct heap *h = made_sample();
	struct findings *all = find(h, NULL, NULL);
	struct baseline *b = baseline_new();
	int fd = mkstemp(name);
	FILE *f = fdopen(fd, "w");

	(void)state;
	assert_non_null(f);
	assert_int_equal(baseline_add(b, all, NULL, NULL, ""), 0);
	baseline_write(b, f);
	assert_int_equal(fclose(f), 0);
	baseline_free(b);

	b = baseline_load(name, message, sizeof(message));
	assert_non_null(b);
	assert_int_equal(baseline_compare(b, all), 0);
	assert_int_equal(findings_count(all, FINDING_NOTE), 0);
	for (size_t i = 0; i < all->n; i++) {
		assert_int_equal(all->list[i].novelty, FINDING_KNOWN);
		assert_int_equal(all->list[i].level, FINDING_NOTE);
	}
	findings_free(all);

	/* More of the same is not the same. */
	all = find(h, NULL, NULL);
	((struct finding *)finding_of(all, "definite leak"))->count.blocks++;
	assert_int_equal(baseline_compare(b, all), 0);
	assert_int_equal(findings_count(all, FINDING_NOTE), 1);
	assert_int_equal(finding_of(all, "definite leak")->novelty, FINDING_GROWN);
	assert_int_equal(finding_of(all, "definite leak")->level, FINDING_ERROR);
	findings_free(all);
	baseline_free(b);

	b = baseline_new();
	all = find(h, NULL, NULL);
	assert_int_equal(baseline_compare(b, all), 0);
	assert_int_equal(all->list[0].novelty, FINDING_NEW);
	assert_int_equal(findings_count(all, FINDING_WARNING), 3);
	findings_free(all);
	baseline_free(b);
	heap_free(h);
	unlink(name);
}

static void
a_wrong_baseline_is_refused(void **state)
{
	static const char *const rows[][2] = {
		{"", "line 1"},
		{"{}", "not a baseline"},
		{"[]", "not a baseline"},
		{"{\"schema\": \"gcprof-baseline/2\", \"findings\": []}",
		 "not a baseline"},
		{"{\"schema\": \"gcprof-baseline/1\", \"findings\": [1]}", "entry 1"},
		{"{\"schema\": \"gcprof-baseline/1\", \"findings\": [{\"fingerprint\":"
		 "\"0123456789abcdef\", \"blocks\": -1, \"bytes\": 1}]}",
		 "entry 1"},
		{"{\n\"schema\":\n}", "line 3"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char name[] = "test_detect.XXXXXX", message[256] = "";
		int fd = mkstemp(name);

		assert_int_equal(write(fd, rows[i][0], strlen(rows[i][0])),
				 (ssize_t)strlen(rows[i][0]));
		close(fd);
		assert_null(baseline_load(name, message, sizeof(message)));
		unlink(name);
		if (!strstr(message, rows[i][1]))
			fail_msg("%s: '%s'", rows[i][0], message);
	}
}

/* ---- places ---- */

static void
paths_below_the_root_are_relative(void **state)
{
	static const char *const rows[][2] = {
		{"/usr/src/x.c", "src/x.c"},
		{"/usr/a.c", "a.c"},
		{"b.c", "b.c"},
		{"/usr/./src//y/../x.c", "src/x.c"},
		{"/usrx/x.c", "/usrx/x.c"},
		{"/opt/../usr/x.c", "x.c"},
		{"/../opt/x.c", "/opt/x.c"},
		{"src/./x.c", "src/x.c"},
		{"../x.c", "../x.c"},
		{"../../x.c", "../../x.c"},
		{"a/../../x.c", "../x.c"},
	};
	struct places p;

	(void)state;
	assert_int_equal(places_init(&p, "/usr"), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *path = places_path(&p, rows[i][0]);

		assert_string_equal(path, rows[i][1]);
		free(path);
	}
	places_fini(&p);
	assert_int_equal(places_init(&p, "/no/such/directory"), -1);
}

static void
each_kind_has_a_rule_and_a_name_of_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < FINDING_N_KINDS; i++) {
		assert_true(strlen(finding_kinds[i].title) > 0 &&
			    strlen(finding_kinds[i].help) > 0);
		for (size_t k = 0; k < i; k++) {
			assert_string_not_equal(finding_kinds[i].rule,
						finding_kinds[k].rule);
			assert_string_not_equal(finding_kinds[i].what,
						finding_kinds[k].what);
			assert_string_not_equal(finding_kinds[i].title,
						finding_kinds[k].title);
		}
	}
}

static void
the_innermost_source_of_the_program_is_to_blame(void **state)
{
	struct stack_frame f[] = {
		{.function = "x", .module = 2},
		{.function = "allocate", .file = "/usr/include/c++/12/new", .module = 1},
		{.function = "y", .file = "/src/y.c", .module = 1},
		{.function = "main", .file = "/src/main.c", .module = 1},
	};
	struct heap *h = made_sample();

	(void)state;
	assert_int_equal(places_blame(h, &(struct stack){f, 4}), 2);
	assert_int_equal(places_blame(h, &(struct stack){f, 2}), 0);
	assert_int_equal(places_blame(h, &(struct stack){f, 1}), 0);
	heap_free(h);
}

static void
what_stands_for_malloc_is_not_to_blame(void **state)
{
	struct stack_frame f[] = {
		{.function = "mem_get", .file = "/src/mem.c", .module = 1, .is_wrapper = true},
		{.function = "xstrdup", .file = "/src/mem.c", .module = 1},
		{.function = "y", .file = "/src/y.c", .module = 1},
	};
	struct heap *h = made_sample();

	(void)state;
	assert_int_equal(places_blame(h, &(struct stack){f, 3}), 2);
	assert_int_equal(places_blame(h, &(struct stack){f, 2}),
			 0); /* nobody else has a line */
	heap_free(h);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sample_has_a_finding_of_each_kind),
		cmocka_unit_test(what_is_left_of_a_queue_is_possibly_lost),
		cmocka_unit_test(what_was_held_by_plain_pointers_before_the_end_leaks),
		cmocka_unit_test(what_dies_in_no_order_or_no_more_leaves_leaks),
		cmocka_unit_test(only_losses_that_may_have_held_pointers_are_evidence),
		cmocka_unit_test(without_roots_nothing_is_said_of_leaks),
		cmocka_unit_test(large_blocks_with_a_pointer_inside_are_notes),
		cmocka_unit_test(with_a_suppressed_block_goes_what_it_leads_to),
		cmocka_unit_test(fingerprints_are_of_names_and_not_of_addresses),
		cmocka_unit_test(a_baseline_knows_what_was_there),
		cmocka_unit_test(a_wrong_baseline_is_refused),
		cmocka_unit_test(paths_below_the_root_are_relative),
		cmocka_unit_test(each_kind_has_a_rule_and_a_name_of_its_own),
		cmocka_unit_test(the_innermost_source_of_the_program_is_to_blame),
		cmocka_unit_test(what_stands_for_malloc_is_not_to_blame),
	};

	if (argc == 2 && strcmp(argv[1], "--snapshot") == 0) {
		struct maker m = {.n_sections = 0};
		uint8_t *bytes;
		size_t n;

		make_own(&m, (uintptr_t)leak_here + 2);
		bytes = maker_finish(&m, &n);
		fwrite(bytes, 1, n, stdout);
		free(bytes);
		maker_free(&m);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
