/* test_heap.c -- what records mean together: ages, cohorts, sites, reports.
 *
 * In:   files of heapmaker.c.
 * Out:  besides the tests, `test_heap --golden` prints the report of the
 *       sample, to renew tests/golden/report.txt, and `--sample` the sample
 *       itself.
 * Not here: broken files (test_heapfile_read.c), names of functions.
 *
 * SPDX-License-Identifier: MIT
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "madeheap.h"
#include "model/heap.h"
#include "report/report.h"
#include "report/writers.h"

static const struct heap_filter all = {.cohort = HEAP_ALL};

static void
block(struct maker *m, uint64_t address, uint32_t site, uint32_t birth, uint64_t requested)
{
	maker_block(m, &(struct hf_block){address, requested, (requested + 15) & ~15ull,
					  site, birth, HEAPFILE_KIND_MALLOC});
}

/* ---- the model ---- */

static void
the_sample_arrives_whole(void **state)
{
	struct maker m = {.n_sections = 0};
	struct heap *h;

	(void)state;
	maker_sample(&m);
	h = made_heap(&m);
	assert_int_equal(h->info.pid, 4711);
	assert_string_equal(h->info.executable.bytes, "/opt/demo");
	assert_int_equal(h->info.command.n, 14);
	assert_true(h->is_complete);
	assert_int_equal(h->n_modules, 2);
	assert_int_equal(h->n_nodes, 3);
	assert_int_equal(h->n_sites, 2);
	assert_int_equal(h->n_threads, 2);
	assert_int_equal(h->n_births, 4);
	assert_int_equal(h->n_birth_epochs, 3);
	assert_int_equal(h->n_epochs, 3);
	assert_int_equal(h->n_blocks, 4);
	assert_int_equal(h->n_mappings, 1);
	assert_int_equal(h->n_bad_frees, 1);
	assert_int_equal(h->n_marks, 1);
	assert_int_equal(h->live.blocks, 4);
	assert_int_equal(h->live.bytes, 1148);
	assert_int_equal(heap_block_address(&h->blocks[2]), 0x20000);
	assert_int_equal(heap_block_requested(&h->blocks[0]), 1000);
	assert_int_equal(heap_block_usable(h, 0), 1024);
	heap_free(h);
}

/* A snapshot of process 7 with so many sites, and another one inside of it. */
static struct maker
make_around(uint64_t pid, unsigned n_sites, const uint8_t *inner, size_t n_inner)
{
	struct maker m = {.n_sections = 0};

	maker_number(&m, "pid", pid);
	maker_module(&m, 0x1000, 4096, 0x1000, "", "/opt/a");
	for (unsigned i = 1; i <= n_sites; i++)
		maker_site(&m, 0, 0, 1, 16 * i, i, 1);
	block(&m, 0x10000, 1, 0, 16 + 16 * n_sites);
	if (inner)
		maker_before(&m, inner, n_inner);
	return m;
}

/* Load one with another inside; what was wrong with that one, "" if nothing. */
static struct heap *
load_around(struct maker *inner, unsigned n_sites, const char *wrong)
{
	size_t n;
	uint8_t *bytes = maker_finish(inner, &n);
	struct maker m = make_around(7, n_sites, bytes, n);
	struct heap *h = made_heap(&m);
	char message[200] = "";

	free(bytes);
	maker_free(inner);
	if (h->before_error.code)
		hf_error_format(&h->before_error, message, sizeof(message));
	assert_true((h->before == NULL) == (*wrong != 0));
	if (!strstr(message, wrong))
		fail_msg("wanted '%s', got '%s'", wrong, message);
	return h;
}

static void
the_heap_before_is_a_heap_of_its_own(void **state)
{
	struct maker innermost = make_around(7, 1, NULL, 0);
	size_t n;
	uint8_t *bytes = maker_finish(&innermost, &n);
	struct maker inner = make_around(7, 2, bytes, n);
	struct heap *h = load_around(&inner, 3, "");

	(void)state;
	assert_int_equal(h->before->n_nodes, 2);
	assert_int_equal(h->before->live.bytes, 48);
	assert_int_equal(h->live.bytes, 64);
	/* One inside of it is ignored. */
	assert_null(h->before->before);
	assert_true(heap_is_earlier(h->before, h));
	assert_false(heap_is_earlier(h, h->before));
	heap_free(h);
	free(bytes);
	maker_free(&innermost);
}

/* What nothing was noted of before a snapshot is numbered by chance there. */
static void
the_heap_before_has_the_module_numbers_of_the_outer_one(void **state)
{
	struct maker inner = {.n_sections = 0}, m = {.n_sections = 0};
	const struct hf_root root = {HEAPFILE_ROOT_GLOBAL, 2, 0x1000, 64, 0};
	struct heap *h;
	uint8_t *bytes;
	size_t n;

	(void)state;
	maker_module(&inner, 0x9000, 4096, 0x9000, "", "/opt/b");
	maker_module(&inner, 0x1000, 4096, 0x1000, "", "/opt/a");
	maker_site(&inner, 0, 0, 2, 16, 1, 1);
	maker_root(&inner, &root, NULL);
	bytes = maker_finish(&inner, &n);
	maker_free(&inner);
	maker_module(&m, 0x1000, 4096, 0x1000, "", "/opt/a");
	maker_module(&m, 0x5000, 4096, 0x5000, "", "/opt/c");
	maker_module(&m, 0x9000, 4096, 0x9000, "", "/opt/b");
	maker_site(&m, 0, 0, 1, 16, 1, 1);
	maker_before(&m, bytes, n);
	h = made_heap(&m);
	free(bytes);
	assert_non_null(h->before);
	assert_int_equal(h->before->n_modules, 3);
	assert_string_equal(h->before->modules[3].path.bytes, "/opt/b");
	assert_int_equal(h->before->nodes[1].module, 1);
	assert_int_equal(h->before->roots[0].owner, 1);
	heap_free(h);
}

static void
what_is_wrong_with_the_heap_before_makes_it_absent(void **state)
{
	struct maker another = make_around(8, 1, NULL, 0),
		     more = make_around(7, 4, NULL, 0),
		     differs = make_around(7, 0, NULL, 0),
		     damaged = make_around(7, 1, NULL, 0);

	(void)state;
	heap_free(load_around(&another, 3, "not of this process"));
	heap_free(load_around(&more, 3, "not of this process"));
	maker_site(&differs, 0, 0, 1, 17, 1, 1);
	heap_free(load_around(&differs, 3, "not of this process"));
	maker_section(&damaged, HEAPFILE_SITES)->n--;
	heap_free(load_around(&damaged, 3, "SITES section: "));
}

static void
a_block_takes_24_bytes(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct heap_block), 24);
}

static void
a_file_without_sections_is_an_empty_heap(void **state)
{
	struct maker m = {.n_sections = 0};
	struct heap *h = made_heap(&m);

	(void)state;
	assert_int_equal(h->n_blocks, 0);
	assert_int_equal(h->n_nodes, 0);
	assert_false(h->is_complete);
	assert_string_equal(h->info.command.bytes, "");
	heap_free(h);
}

static void
large_slack_is_kept_exactly(void **state)
{
	struct maker m = {.n_sections = 0};
	const uint64_t usable[] = {
		16, HEAP_SLACK_MAX + 15, HEAP_SLACK_MAX + 16, 1ull << 40, 16, 1ull << 33};
	uint64_t at = 0x10000;
	struct heap *h;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		maker_block(&m, &(struct hf_block){at, 16, usable[i], 0, 0, 0});
		at += (usable[i] + 15) & ~15ull;
	}
	h = made_heap(&m);
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(heap_block_usable(h, i), usable[i]);
	heap_free(h);
}

static void
losses_make_a_snapshot_incomplete(void **state)
{
	struct maker m = {.n_sections = 0};
	struct heap *h;

	(void)state;
	maker_number(&m, "complete", 1);
	maker_number(&m, "loss.nothing", 0);
	maker_number(&m, "loss.shadow", 7);
	h = made_heap(&m);
	assert_false(h->is_complete);
	assert_int_equal(h->n_losses, 1);
	assert_string_equal(h->losses[0].name.bytes, "shadow");
	assert_int_equal(h->losses[0].count, 7);
	heap_free(h);
}

/* ---- canonical sites ---- */

static void
nodes_of_one_place_are_merged(void **state)
{
	struct maker m = {.n_sections = 0};
	uint32_t mod, root, twin, a, b, exact;
	struct heap_site *sites;
	struct heap *h;

	(void)state;
	mod = maker_module(&m, 0, 4096, 0, "", "/x");
	root = maker_site(&m, 0, 0, mod, 0x10, 0, 0);
	twin = maker_site(&m, 0, 0, mod, 0x10, 0, 0);
	a = maker_site(&m, root, 0, mod, 0x20, 3, 30);
	/* Under the twin, so only equal once the parents are merged. */
	b = maker_site(&m, twin, 0, mod, 0x20, 4, 40);
	exact = maker_site(&m, root, HEAPFILE_SITE_EXACT, mod, 0x20, 1, 1);
	block(&m, 0x1000, a, 0, 5);
	block(&m, 0x2000, b, 0, 6);
	block(&m, 0x3000, exact, 0, 7);
	h = made_heap(&m);
	assert_int_equal(h->n_nodes, 3);
	assert_int_equal(h->n_sites, 2);
	assert_int_equal(h->blocks[0].site, h->blocks[1].site);
	assert_int_not_equal(h->blocks[0].site, h->blocks[2].site);
	assert_int_equal(h->nodes[h->blocks[0].site].allocations, 7);
	assert_int_equal(h->nodes[h->blocks[0].site].allocated_bytes, 70);
	sites = heap_aggregate(h, &all);
	assert_non_null(sites);
	assert_int_equal(sites[h->blocks[0].site].live.bytes, 11);
	free(sites);
	heap_free(h);
}

static void
a_module_loaded_twice_is_one_place_if_its_build_id_says_so(void **state)
{
	struct maker m = {.n_sections = 0};
	struct heap *h;

	(void)state;
	maker_module(&m, 0, 4096, 0, "ID", "/plugin.so");
	maker_module(&m, 8192, 4096, 8192, "ID", "/plugin.so");
	maker_module(&m, 16384, 4096, 16384, "", "/other.so");
	maker_module(&m, 32768, 4096, 32768, "", "/other.so");
	for (uint32_t module = 1; module <= 4; module++)
		maker_site(&m, 0, 0, module, 0x10, 1, 1);
	h = made_heap(&m);
	assert_int_equal(h->n_modules, 4);
	assert_int_equal(h->n_nodes, 3);
	assert_int_equal(h->nodes[1].allocations, 2);
	heap_free(h);
}

/* ---- ages and cohorts ---- */

/* Blocks of 1 byte, one of each age 0..4; early[i]: PROMOTED_EARLY. */
static struct heap *
ages(uint64_t promote, const bool *early)
{
	struct maker m = {.n_sections = 0};

	maker_number(&m, "epoch", 104);
	maker_number(&m, "promote", promote);
	for (uint32_t age = 0; age < 5; age++) {
		maker_birth(&m, 104 - age, 0,
			    early && early[age] ? HEAPFILE_BIRTH_PROMOTED_EARLY : 0);
		block(&m, 0x1000 + 16 * age, 0, age + 1, 1);
	}
	return made_heap(&m);
}

static void
old_is_what_survived_promote_epochs(void **state)
{
	struct heap *two = ages(2, NULL), *one = ages(1, NULL);

	(void)state;
	assert_int_equal(two->young.blocks, 2);
	assert_int_equal(two->old.blocks, 3);
	assert_int_equal(one->young.blocks, 1);
	assert_int_equal(one->old.blocks, 4);
	for (uint32_t age = 0; age < 5; age++)
		assert_int_equal(two->births[age + 1].age, age);
	heap_free(two);
	heap_free(one);
}

static void
a_crowded_birth_epoch_is_old_after_one(void **state)
{
	const bool newest[5] = {true, false, false, false, false};
	const bool second[5] = {false, true, false, false, false};
	struct heap *a = ages(2, newest), *b = ages(2, second);

	(void)state;
	/* Still in its birth epoch: young whatever the flag says. */
	assert_int_equal(a->young.blocks, 2);
	assert_int_equal(b->young.blocks, 1);
	assert_int_equal(b->old.blocks, 4);
	heap_free(a);
	heap_free(b);
}

static void
unknown_birth_is_old_and_has_no_age(void **state)
{
	struct maker m = {.n_sections = 0};
	struct heap_site *sites;
	struct heap *h;

	(void)state;
	maker_number(&m, "epoch", 9);
	block(&m, 0x1000, 0, 0, 8);
	h = made_heap(&m);
	assert_int_equal(h->old.bytes, 8);
	assert_int_equal(h->unborn.bytes, 8);
	sites = heap_aggregate(h, &all);
	assert_non_null(sites);
	assert_int_equal(sites[0].live.bytes, 8);
	assert_int_equal(sites[0].generation_count, 0);
	free(sites);
	sites = heap_aggregate(h, &(struct heap_filter){.min_age = 1});
	assert_non_null(sites);
	assert_int_equal(sites[0].live.blocks, 0);
	free(sites);
	heap_free(h);
}

static void
a_birth_in_the_future_is_of_now(void **state)
{
	struct maker m = {.n_sections = 0};
	struct heap *h;

	(void)state;
	maker_number(&m, "epoch", 5);
	maker_birth(&m, 9, 0, 0);
	block(&m, 0x1000, 0, 1, 8);
	h = made_heap(&m);
	assert_int_equal(h->births[1].age, 0);
	assert_int_equal(h->young.bytes, 8);
	heap_free(h);
}

static void
generations_count_epochs_and_not_births(void **state)
{
	struct maker m = {.n_sections = 0};
	uint32_t a, b, t1, t2, births[4];
	struct heap_site *sites;
	struct heap *h;

	(void)state;
	maker_number(&m, "epoch", 10);
	a = maker_site(&m, 0, 0, 0, 1, 9, 9);
	b = maker_site(&m, 0, 0, 0, 2, 9, 9);
	t1 = maker_thread(&m, 1, "");
	t2 = maker_thread(&m, 2, "");
	births[0] = maker_birth(&m, 7, t1, 0);
	births[1] = maker_birth(&m, 7, t2, 0);
	births[2] = maker_birth(&m, 3, t1, 0);
	births[3] = maker_birth(&m, 10, t1, 0);
	block(&m, 0x1000, a, births[0], 1);
	block(&m, 0x2000, b, births[3], 1);
	block(&m, 0x3000, a, births[1], 1);
	block(&m, 0x4000, a, births[2], 1);
	block(&m, 0x5000, a, births[2], 1);
	h = made_heap(&m);
	sites = heap_aggregate(h, &all);
	assert_non_null(sites);
	assert_int_equal(sites[a].generation_count, 2);
	assert_int_equal(sites[a].oldest_age, 7);
	assert_int_equal(sites[a].newest_age, 3);
	assert_int_equal(sites[b].generation_count, 1);
	assert_int_equal(sites[b].oldest_age, 0);
	free(sites);
	sites = heap_aggregate(h, &(struct heap_filter){.min_age = 4});
	assert_non_null(sites);
	assert_int_equal(sites[a].generation_count, 1);
	assert_int_equal(sites[a].live.blocks, 2);
	assert_int_equal(sites[b].live.blocks, 0);
	free(sites);
	assert_int_equal(heap_live_of_epochs(h, 0, 7).blocks, 4);
	assert_int_equal(heap_live_of_epochs(h, 4, 6).blocks, 0);
	assert_int_equal(heap_live_of_epochs(h, 7, UINT64_MAX).blocks, 3);
	heap_free(h);
}

static void
filters_choose_blocks_by_cohort(void **state)
{
	struct maker m = {.n_sections = 0};
	struct heap_site *sites;
	struct heap *h;

	(void)state;
	maker_sample(&m);
	h = made_heap(&m);
	sites = heap_aggregate(h, &(struct heap_filter){.cohort = HEAP_YOUNG});
	assert_non_null(sites);
	assert_int_equal(sites[2].live.blocks, 0);
	assert_int_equal(sites[3].live.bytes, 48);
	free(sites);
	sites = heap_aggregate(h, &(struct heap_filter){.cohort = HEAP_OLD});
	assert_non_null(sites);
	assert_int_equal(sites[2].live.bytes, 1100);
	assert_int_equal(sites[2].kinds,
			 1 << HEAPFILE_KIND_MALLOC | 1 << HEAPFILE_KIND_CALLOC);
	assert_int_equal(sites[3].live.blocks, 0);
	free(sites);
	heap_free(h);
}

static void
filters_choose_blocks_by_birth_epoch(void **state)
{
	struct maker m = {.n_sections = 0};
	struct heap_count sums[3] = {{0, 0}};
	static const struct heap_filter filters[] = {
		{.by_birth = true, .last_birth = 7},
		{.by_birth = true, .first_birth = 8, .last_birth = UINT64_MAX},
		{.by_birth = true, .first_birth = 4, .last_birth = 6},
	};
	struct heap *h;

	(void)state;
	maker_sample(&m);
	h = made_heap(&m);
	for (int i = 0; i < 3; i++) {
		struct heap_site *sites = heap_aggregate(h, &filters[i]);

		assert_non_null(sites);
		for (uint32_t node = 0; node <= h->n_nodes; node++)
			sums[i].blocks += sites[node].live.blocks;
		free(sites);
	}
	assert_int_equal(sums[0].blocks, heap_live_of_epochs(h, 0, 7).blocks);
	assert_int_equal(sums[1].blocks, heap_live_of_epochs(h, 8, UINT64_MAX).blocks);
	assert_true(sums[0].blocks > 0 && sums[1].blocks > 0);
	assert_int_equal(sums[2].blocks, 0);
	heap_free(h);
}

/* ---- reports ---- */

static const struct report_options plain = {
	.top = 10, .frames = 12, .is_full = true, .filter_text = ""};

/* A report's text, for free(3). */
static char *
written(const struct heap *h, const struct report_options *options,
	void (*write)(const struct report *, FILE *))
{
	const struct detect_options detect = {.show_reachable = false};
	struct findings *findings = findings_new(h, NULL, &detect);
	struct report *r = report_new(h, NULL, findings, options);
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	assert_non_null(r);
	assert_non_null(f);
	write(r, f);
	assert_int_equal(fclose(f), 0);
	report_free(r);
	findings_free(findings);
	return text;
}

static char *
sample_text(void)
{
	struct maker m = {.n_sections = 0};
	struct heap *h;
	char *text;

	maker_sample(&m);
	h = made_heap(&m);
	text = written(h, &plain, report_write_text);
	heap_free(h);
	return text;
}

static void
the_report_of_the_sample_is_the_golden_one(void **state)
{
	const char *srcdir = getenv("srcdir");
	char name[4096], golden[16384], *text = sample_text();
	FILE *f;
	size_t n;

	(void)state;
	snprintf(name, sizeof(name), "%s/tests/golden/report.txt", srcdir ? srcdir : ".");
	f = fopen(name, "r");
	if (!f) {
		free(text);
		skip();
	}
	n = fread(golden, 1, sizeof(golden) - 1, f);
	golden[n] = '\0';
	fclose(f);
	assert_string_equal(text, golden);
	free(text);
}

static void
the_json_has_the_keys_of_the_contract(void **state)
{
	static const char *const keys[] = {"schema", "process", "memory",   "cohorts",
					   "totals", "leaks",   "findings", "sites"};
	struct maker m = {.n_sections = 0};
	struct report_options options = plain;
	json_error_t error;
	json_t *root, *site;
	struct heap *h;
	char *text;

	(void)state;
	maker_sample(&m);
	h = made_heap(&m);
	options.one_list = options.with_dead = true;
	text = written(h, &options, report_write_json);
	root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	assert_non_null(root);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		assert_non_null(json_object_get(root, keys[i]));
	assert_int_equal(json_array_size(json_object_get(root, "sites")), 2);
	site = json_array_get(json_object_get(root, "sites"), 0);
	assert_int_equal(json_integer_value(json_object_get(site, "live_bytes")), 1100);
	assert_int_equal(json_integer_value(json_object_get(site, "generation_count")), 2);
	assert_int_equal(json_array_size(json_object_get(site, "frames")), 2);
	json_decref(root);
	free(text);
	heap_free(h);
}

static void
json_is_valid_whatever_bytes_names_have(void **state)
{
	/* Alone, overlong, surrogate, too large, cut off, control, NUL. */
	static const char wild[] =
		"a\xff\xc0\x80\xed\xa0\x80\xf5\x80\x80\x80\x1b[2J\0\xe2\x82";
	struct maker m = {.n_sections = 0};
	struct heap *h;
	json_t *root;
	json_error_t error;
	char *text;

	(void)state;
	maker_info_text(&m, "command", wild, sizeof(wild) - 1);
	maker_info_text(&m, "executable", wild, sizeof(wild) - 1);
	maker_number(&m, "loss.\xff\"", 3);
	maker_module(&m, 0, 4096, 0, wild, wild);
	maker_site(&m, 0, 0, 1, 16, 1, 1);
	block(&m, 0x1000, 1, 0, 1);
	maker_mark(&m, 1, 1, wild);
	maker_thread(&m, 1, wild);
	h = made_heap(&m);
	text = written(h, &plain, report_write_json);
	root = json_loads(text, 0, &error);
	assert_non_null(root);
	json_decref(root);
	free(text);
	text = written(h, &plain, report_write_text);
	assert_null(strchr(text, '\x1b'));
	free(text);
	heap_free(h);
}

static void
special_places_have_words(void **state)
{
	struct maker m = {.n_sections = 0};
	struct heap *h;
	uint32_t cut;
	char *text;

	(void)state;
	maker_module(&m, 0, 4096, 0, "", "/x");
	cut = maker_site(&m, 0, HEAPFILE_SITE_SPECIAL, 0, HEAPFILE_SPECIAL_CUT, 0, 0);
	block(&m, 0x1000, maker_site(&m, cut, 0, 1, 16, 1, 1), 0, 1);
	h = made_heap(&m);
	text = written(h, &plain, report_write_text);
	assert_non_null(strstr(text, "x+0x10\n      (stack cut: too many frames)\n"));
	free(text);
	text = written(h, &plain, report_write_sites_raw);
	assert_non_null(strstr(text, "2\t1\t1\t/x+0x10\tCUT\n"));
	free(text);
	heap_free(h);
}

static void
gcprofs_own_frames_are_left_out(void **state)
{
	struct maker m = {.n_sections = 0};
	struct heap *h;
	char *text;
	uint32_t app;

	(void)state;
	maker_module(&m, 0, 4096, 0, "", "/opt/app");
	maker_module(&m, 8192, 4096, 0, "", "/usr/lib/libgcprof.so.1");
	app = maker_site(&m, 0, 0, 1, 0x10, 0, 0);
	block(&m, 0x1000, maker_site(&m, app, 0, 2, 0x20, 1, 1), 0, 1);
	h = made_heap(&m);
	text = written(h, &plain, report_write_text);
	assert_non_null(strstr(text, "app+0x10"));
	assert_null(strstr(text, "libgcprof.so.1+"));
	free(text);
	heap_free(h);
}

/* A site with a block of each of `n` epochs before now, at module /opt/app. */
static uint32_t
site_of_epochs(struct maker *m, uint64_t now, uint64_t n, uint64_t size)
{
	uint32_t site;

	maker_module(m, 0, 4096, 0, "", "/opt/app");
	maker_number(m, "epoch", now);
	site = maker_site(m, 0, 0, 1, 0x10, n, n * size);
	for (uint64_t i = 0; i < n; i++) {
		uint32_t birth = maker_birth(m, now - n + 1 + i, 0, 0);

		maker_block(m, &(struct hf_block){0x1000 + i * 0x100000, size, size, site,
						  birth, 0});
	}
	return site;
}

static bool
text_has(struct maker *m, const struct report_options *options, const char *words)
{
	struct heap *h = made_heap(m);
	char *text = written(h, options, report_write_text);
	bool has = strstr(text, words) != NULL;

	free(text);
	heap_free(h);
	return has;
}

static void
the_summary_tells_growth_from_a_full_table(void **state)
{
	static const struct {
		uint64_t now, n;
		bool is_grown;
	} cases[] = {{20, 20, true},
		     {20, 12, true},
		     {20, 9, false},
		     {20, 1, false},
		     {3, 3, false}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct maker m = {.n_sections = 0};

		site_of_epochs(&m, cases[i].now, cases[i].n, 16);
		assert_int_equal(text_has(&m, &plain, "has grown steadily"),
				 cases[i].is_grown);
	}
}

static void
the_summary_tells_what_was_freed_before_the_snapshot(void **state)
{
	for (int is_freed = 0; is_freed < 2; is_freed++) {
		struct maker m = {.n_sections = 0};

		(void)state;
		site_of_epochs(&m, 8, 2, 4096);
		maker_epochs(&m,
			     &(struct hf_epochs){.first_epoch = 1,
						 .n_epochs = 5,
						 .heap_used = is_freed ? 1 << 20 : 4096});
		assert_int_equal(
			text_has(&m, &plain, "1.0 MiB, after 0 s, at the end of epoch 5"),
			is_freed);
	}
}

static void
a_sampled_site_has_an_estimate(void **state)
{
	struct maker m = {.n_sections = 0};

	(void)state;
	/* 1000 / (1 - exp(-1)) = 1582 */
	maker_number(&m, "sample_bytes", 1000);
	site_of_epochs(&m, 1, 1, 1000);
	assert_true(text_has(&m, &plain, "estimated live 1.5 KiB in"));
}

/* 1 - exp(-1) again; 10 allocations of 2000 bytes, in parts. */
static void
a_sampled_site_has_an_estimate_of_its_allocations(void **state)
{
	struct maker m = {.n_sections = 0};

	(void)state;
	maker_number(&m, "sample_bytes", 1000);
	site_of_epochs(&m, 1, 1, 1000);
	maker_estimate(&m, &(struct hf_estimate){1, 10 * 256, 2000 * 256});
	assert_true(text_has(&m, &plain,
			     "estimated live 1.5 KiB in 2 blocks, 10 allocations "
			     "of 2.0 KiB, from the samples"));
}

/* A block whose stack was not taken for another reason than chance stands for itself. */
static void
what_was_no_matter_of_chance_is_not_estimated(void **state)
{
	static const struct {
		enum heapfile_special special;
		double blocks, allocations;
	} cases[] = {
		{HEAPFILE_SPECIAL_NESTED, 1, 7},
		{HEAPFILE_SPECIAL_EARLY, 1, 7},
		{HEAPFILE_SPECIAL_UNSAMPLED, 0, 7},
		{HEAPFILE_SPECIAL_FULL, 1.58198, 3},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct maker m = {.n_sections = 0};
		struct heap_estimate e = {0, 0};
		struct heap_site *sites;
		struct heap *h;
		uint32_t site;

		maker_number(&m, "sample_bytes", 1000);
		site = maker_site(&m, 0, HEAPFILE_SITE_SPECIAL, 0, cases[i].special, 7,
				  7000);
		maker_birth(&m, 1, 0, 0);
		block(&m, 0x1000, site, 1, 1000);
		maker_estimate(&m, &(struct hf_estimate){site, 3 * 256, 3000 * 256});
		h = made_heap(&m);
		sites = heap_aggregate(h, &all);
		assert_non_null(sites);
		assert_true(fabs(sites[site].estimated_blocks - cases[i].blocks) < 1e-4);
		assert_true(heap_estimate(h, site, &e));
		assert_true(fabs(e.allocations - cases[i].allocations) < 1e-9);
		free(sites);
		heap_free(h);
	}
}

static void
a_filtered_report_says_how_much_the_filters_leave(void **state)
{
	struct report_options options = plain;
	struct maker m = {.n_sections = 0};

	(void)state;
	options.filter_text = "--min-age=2";
	options.filter.min_age = 2;
	site_of_epochs(&m, 10, 4, 1024);
	assert_true(
		text_has(&m, &options,
			 "They hold 2.0 KiB, 50.0 % of the live memory, in 2 blocks at "
			 "1 site.\n"));
}

static void
the_survival_chart_has_about_twenty_rows(void **state)
{
	struct maker m = {.n_sections = 0};
	struct report *r;
	struct heap *h;
	uint64_t survived = 0;

	(void)state;
	maker_number(&m, "epoch", 999);
	for (uint64_t e = 0; e < 1000; e++) {
		maker_birth(&m, e, 0, 0);
		block(&m, 0x1000 + 16 * e, 0, (uint32_t)e + 1, 1);
		maker_epochs(&m, &(struct hf_epochs){.first_epoch = e,
						     .n_epochs = 1,
						     .survived_bytes = 3});
	}
	h = made_heap(&m);
	r = report_new(h, NULL, NULL, &plain);
	assert_non_null(r);
	assert_in_range(r->n_epochs, 10, 21);
	for (size_t i = 0; i < r->n_epochs; i++)
		survived += r->epochs[i].survived_bytes;
	assert_int_equal(survived, 3000);
	report_free(r);
	heap_free(h);
}

static void
blocks_without_a_timeline_are_charted_too(void **state)
{
	struct maker m = {.n_sections = 0};
	uint64_t live = 0;
	struct report *r;
	struct heap *h;

	(void)state;
	maker_number(&m, "epoch", 30);
	maker_birth(&m, 2, 0, 0);
	maker_birth(&m, 15, 0, 0);
	maker_birth(&m, 31, 0, 0);
	for (uint32_t i = 0; i < 3; i++)
		block(&m, 0x1000 + 16 * i, 0, i + 1, 1);
	maker_epochs(&m, &(struct hf_epochs){.first_epoch = 10, .n_epochs = 3});
	h = made_heap(&m);
	r = report_new(h, NULL, NULL, &plain);
	assert_non_null(r);
	for (size_t i = 0; i < r->n_epochs; i++)
		live += r->epochs[i].live.bytes;
	assert_int_equal(live, 3);
	report_free(r);
	heap_free(h);
}

/* Both have several words, and words of one place, word and module are one. */
static void
words_that_point_into_modules_are_found_by_block(void **state)
{
	const struct hf_object_word first[] = {{2, 1, 0, 0x1040}, {2, 2, 2, 0x2100}};
	const struct hf_object_word second[] = {{4, 1, 0, 0x1040}, {4, 1, 3, 0x1040}};
	struct maker m = {.n_sections = 0};
	const struct heap_object_word *words;
	struct hf_error e;
	struct heap *h;
	uint8_t *bytes;
	size_t n;

	(void)state;
	for (int i = 0; i < 2; i++)
		maker_module(&m, 0x400000, 0x10000, 0x400000, "", "/opt/demo");
	for (uint64_t i = 0; i < 5; i++)
		maker_block(&m, &(struct hf_block){0x10000 + i * 64, 64, 64, 0, 0, 0});
	maker_object_words(&m, first, 2);
	maker_object_words(&m, second, 2);
	bytes = maker_finish(&m, &n);
	h = heap_load(bytes, n, 0, NULL, NULL, &e);
	assert_non_null(h);
	assert_int_equal(h->n_objects, 3);
	words = heap_block_objects(h, 1, &n);
	assert_int_equal(n, 2);
	assert_int_equal(h->objects[words[0].object].offset, 0x1040);
	assert_int_equal(h->objects[words[1].object].offset, 0x2100);
	assert_int_equal(h->objects[words[1].object].word, 2);
	assert_int_equal(h->objects[words[1].object].module, 2);
	words = heap_block_objects(h, 3, &n);
	assert_int_equal(n, 2);
	assert_int_equal(h->objects[words[0].object].offset, 0x1040);
	assert_int_equal(h->objects[words[0].object].word, 0);
	assert_int_equal(h->objects[words[1].object].word, 3);
	for (uint32_t block = 0; block < 5; block += 2) {
		heap_block_objects(h, block, &n);
		assert_int_equal(n, 0);
	}
	heap_free(h);
	free(bytes);
	maker_free(&m);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sample_arrives_whole),
		cmocka_unit_test(the_heap_before_is_a_heap_of_its_own),
		cmocka_unit_test(the_heap_before_has_the_module_numbers_of_the_outer_one),
		cmocka_unit_test(what_is_wrong_with_the_heap_before_makes_it_absent),
		cmocka_unit_test(a_block_takes_24_bytes),
		cmocka_unit_test(a_file_without_sections_is_an_empty_heap),
		cmocka_unit_test(large_slack_is_kept_exactly),
		cmocka_unit_test(losses_make_a_snapshot_incomplete),
		cmocka_unit_test(nodes_of_one_place_are_merged),
		cmocka_unit_test(a_module_loaded_twice_is_one_place_if_its_build_id_says_so),
		cmocka_unit_test(old_is_what_survived_promote_epochs),
		cmocka_unit_test(a_crowded_birth_epoch_is_old_after_one),
		cmocka_unit_test(unknown_birth_is_old_and_has_no_age),
		cmocka_unit_test(a_birth_in_the_future_is_of_now),
		cmocka_unit_test(generations_count_epochs_and_not_births),
		cmocka_unit_test(filters_choose_blocks_by_cohort),
		cmocka_unit_test(filters_choose_blocks_by_birth_epoch),
		cmocka_unit_test(the_report_of_the_sample_is_the_golden_one),
		cmocka_unit_test(the_json_has_the_keys_of_the_contract),
		cmocka_unit_test(json_is_valid_whatever_bytes_names_have),
		cmocka_unit_test(special_places_have_words),
		cmocka_unit_test(gcprofs_own_frames_are_left_out),
		cmocka_unit_test(the_summary_tells_growth_from_a_full_table),
		cmocka_unit_test(the_summary_tells_what_was_freed_before_the_snapshot),
		cmocka_unit_test(a_sampled_site_has_an_estimate),
		cmocka_unit_test(a_sampled_site_has_an_estimate_of_its_allocations),
		cmocka_unit_test(what_was_no_matter_of_chance_is_not_estimated),
		cmocka_unit_test(a_filtered_report_says_how_much_the_filters_leave),
		cmocka_unit_test(the_survival_chart_has_about_twenty_rows),
		cmocka_unit_test(blocks_without_a_timeline_are_charted_too),
		cmocka_unit_test(words_that_point_into_modules_are_found_by_block),
	};

	if (argc > 1 && strcmp(argv[1], "--sample") == 0) {
		struct maker m = {.n_sections = 0};
		uint8_t *bytes;
		size_t n;

		maker_sample(&m);
		bytes = maker_finish(&m, &n);
		fwrite(bytes, 1, n, stdout);
		free(bytes);
		maker_free(&m);
		return 0;
	}
	if (argc > 1 && strcmp(argv[1], "--golden") == 0) {
		char *text = sample_text();

		fputs(text, stdout);
		free(text);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
