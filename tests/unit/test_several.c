/* test_several.c -- sites of several files that are the same, and what follows.
 *
 * In:   heaps of heapmaker.c, of which each numbers its sites in its own way and has
 *       its modules elsewhere.
 * Out:  nothing but tests.
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

#include "detect/detect.h"
#include "detect/idle_retention.h"
#include "detect/series.h"
#include "madeheap.h"
#include "model/heap.h"

/* ---- files that differ in all but what happened ---- */

/* The sites of a process: main < build < leaf, and other ones around them. */
struct shape {
	uint64_t bias;        /* where modules lie */
	unsigned n_unrelated; /* sites that the other files do not have, before ours */
	bool is_turned;       /* modules in the other order */
};

struct sites {
	uint32_t leaf, other; /* numbers in this file */
};

static struct sites
make_sites(struct maker *m, const struct shape *x, uint64_t allocations)
{
	uint32_t exe = 0, lib = 0, root, build;
	struct sites s;

	for (int i = 0; i < 2; i++)
		if ((i == 0) == x->is_turned)
			lib = maker_module(m, x->bias + 0x100000, 0x10000,
					   x->bias + 0x100000, "", "/opt/libx.so.1");
		else
			/* With a build id the path does not count. */
			exe = maker_module(
				m, x->bias, 0x10000, x->bias, "0123456789abcdef",
				x->is_turned ? "/opt/demo (deleted)" : "/opt/demo");
	for (unsigned i = 0; i < x->n_unrelated; i++)
		maker_site(m, i, 0, exe, 0x8000 + i + x->bias / 4096, 1, 1);
	root = maker_site(m, 0, 0, exe, 0x1000, 0, 0);
	build = maker_site(m, root, 0, exe, 0x2000, 0, 0);
	if (x->is_turned) {
		s.other = maker_site(m, root, 0, lib, 0x3000, allocations, 8);
		s.leaf = maker_site(m, build, 0, lib, 0x3000, allocations, 8);
	} else {
		s.leaf = maker_site(m, build, 0, lib, 0x3000, allocations, 8);
		s.other = maker_site(m, root, 0, lib, 0x3000, allocations, 8);
	}
	return s;
}

static const struct shape plain = {0x400000, 0, false}, moved = {0x7f0000000000, 5, true};

static struct heap *
make(const struct shape *x, uint64_t uptime, unsigned n_leaf, unsigned n_other,
     struct sites *ret)
{
	struct maker m = {.n_sections = 0};
	struct sites s = make_sites(&m, x, 100 + uptime);
	uint64_t address = 0x10000;

	maker_number(&m, "complete", 1);
	maker_number(&m, "uptime_ns", uptime * 1000000000);
	maker_number(&m, "allocations", 100 * uptime);
	for (unsigned i = 0; i < n_leaf + n_other; i++, address += 112)
		maker_block(&m, &(struct hf_block){address, 100, 112,
						   i < n_leaf ? s.leaf : s.other, 0, 0});
	if (ret)
		*ret = s;
	return made_heap(&m);
}

static void
sites_are_matched_by_their_stacks(void **state)
{
	struct several *s = several_new();
	struct sites first, second;
	struct heap *a = make(&plain, 1, 3, 7, &first),
		    *b = make(&moved, 2, 30, 70, &second);
	uint32_t leaf, other;

	(void)state;
	assert_int_not_equal(first.leaf, second.leaf);
	assert_int_equal(several_add(s, a, NULL, "a"), 0);
	leaf = s->by_node[first.leaf];
	other = s->by_node[first.other];
	assert_int_not_equal(leaf, other);
	assert_int_equal(several_add(s, b, NULL, "b"), 0);
	assert_int_equal(s->by_node[second.leaf], leaf);
	assert_int_equal(s->by_node[second.other], other);
	assert_int_equal(several_get(s, 0, leaf).live.blocks, 3);
	assert_int_equal(several_get(s, 0, other).live.bytes, 700);
	assert_int_equal(several_get(s, 1, leaf).live.bytes, 3000);
	assert_int_equal(several_get(s, 1, other).live.blocks, 70);
	assert_int_equal(several_get(s, 1, leaf).allocations, 102);
	/* The unrelated sites of the second are not in the first. */
	assert_int_equal(several_get(s, 0, s->by_node[1]).allocations, 0);
	assert_int_equal(several_get(s, 1, s->by_node[1]).allocations, 1);
	assert_int_equal(s->list[1].live.blocks, 100);
	several_free(s);
	heap_free(a);
	heap_free(b);
}

static void
another_module_or_place_is_another_site(void **state)
{
	static const struct {
		const char *build_id, *path;
		uint64_t offset;
		uint32_t flags;
		bool is_same;
	} rows[] = {
		{"", "/opt/a.so", 0x10, 0, true},
		{"", "/opt/b.so", 0x10, 0, false},
		{"", "/opt/a.so", 0x11, 0, false},
		{"", "/opt/a.so", 0x10, HEAPFILE_SITE_EXACT, false},
		{"/opt/a.so", "", 0x10, 0, false}, /* a build id is no path */
	};
	struct several *s = several_new();
	uint32_t first = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct maker m = {.n_sections = 0};
		struct heap *h;

		maker_module(&m, 0x1000, 4096, 0x1000, rows[i].build_id, rows[i].path);
		maker_site(&m, 0, rows[i].flags, 1, rows[i].offset, 1, 1);
		h = made_heap(&m);
		assert_int_equal(several_add(s, h, NULL, "x"), 0);
		if (i == 0)
			first = s->by_node[1];
		if ((s->by_node[1] == first) != rows[i].is_same)
			fail_msg("row %zu", i);
		heap_free(h);
	}
	several_free(s);
}

static void
thousands_of_sites_find_themselves_again(void **state)
{
	struct several *s = several_new();
	uint32_t *first = calloc(5001, sizeof(*first));

	(void)state;
	for (int pass = 0; pass < 2; pass++) {
		struct maker m = {.n_sections = 0};
		struct heap *h;

		maker_module(&m, 0x1000, 1 << 20, 0x1000, "", "/opt/a.so");
		/* Chains of ten; the second time those of the end come first. */
		for (uint32_t i = 0; i < 5000; i++) {
			uint32_t chain = pass ? 499 - i / 10 : i / 10;

			maker_site(&m, i % 10 ? i : 0, 0, 1, chain * 16 + i % 10, 1, 1);
		}
		h = made_heap(&m);
		assert_int_equal(several_add(s, h, NULL, "x"), 0);
		for (uint32_t i = 0; i < 5000; i++) {
			uint32_t chain = pass ? 499 - i / 10 : i / 10;
			uint32_t *cell = &first[chain * 10 + i % 10];

			if (pass == 0)
				*cell = s->by_node[i + 1];
			assert_int_equal(s->by_node[i + 1], *cell);
		}
		heap_free(h);
	}
	assert_int_equal(s->tree.n_places, 5000);
	free(first);
	several_free(s);
}

static void
lost_blocks_are_not_live(void **state)
{
	struct maker m = {.n_sections = 0};
	const struct hf_root root = {HEAPFILE_ROOT_GLOBAL, 0, 0x1000, 64, 1};
	const struct graph_options options = {0, false};
	struct several *s = several_new();
	struct graph *g;
	struct heap *h;

	(void)state;
	maker_site(&m, 0, 0, 0, 0x10, 2, 2);
	maker_block(&m, &(struct hf_block){0x10000, 32, 32, 1, 0, 0});
	maker_block(&m, &(struct hf_block){0x10020, 64, 64, 1, 0, 0});
	maker_root(&m, &root, &(struct hf_edge){.target = 1});
	h = made_heap(&m);
	g = graph_new(h, &options, NULL, NULL);
	assert_int_equal(several_add(s, h, g, "x"), 0);
	assert_int_equal(several_get(s, 0, s->by_node[1]).live.bytes, 32);
	assert_int_equal(s->list[0].reachable.blocks, 1);
	assert_int_equal(s->list[0].live.blocks, 2);
	graph_free(g);
	heap_free(h);
	several_free(s);
}

/* ---- whose files they are ---- */

static char *
write_file(const char *name, uint64_t pid, uint64_t start, uint64_t uptime,
	   const char *executable)
{
	struct maker m = {.n_sections = 0};
	size_t n;
	uint8_t *bytes;
	FILE *f = fopen(name, "w");

	maker_number(&m, "pid", pid);
	maker_number(&m, "start_time_ns", start);
	maker_number(&m, "uptime_ns", uptime);
	maker_number(&m, "snapshot_time_ns", start + uptime);
	maker_number(&m, "snapshot_number", uptime);
	maker_info_text(&m, "executable", executable, strlen(executable));
	bytes = maker_finish(&m, &n);
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	free(bytes);
	maker_free(&m);
	return strdup(name);
}

static void
files_of_one_process_come_together_in_order(void **state)
{
	char dir[] = "test_several.XXXXXX";
	struct several_file files[9];
	char *paths[9];
	/* Their numbers above, in the order wanted: by process, then time. */
	static const unsigned wanted[] = {3, 0, 8, 1, 7, 2, 4, 5, 6};
	static const size_t groups[] = {0, 0, 0, 1, 1, 2, 3, 4, 5};
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	paths[0] = write_file("b", 7, 1000, 20, "/bin/x");
	paths[1] = write_file("c", 8, 1000, 10, "/bin/x"); /* another pid */
	paths[2] = write_file("d", 7, 1000, 15, "/bin/y"); /* after exec */
	paths[3] = write_file("e", 7, 1000, 5, "/bin/x");
	paths[4] = write_file("f", 7, 1001, 7, "/bin/x"); /* the pid was used again */
	paths[5] = write_file("g", 0, 0, 0, "/bin/x");    /* of whom is not known */
	paths[6] = strdup("none");
	paths[7] = write_file("h", 8, 1000, 11, "/bin/x");
	paths[8] = write_file("i", 7, 1000, 20, "/bin/x"); /* a copy of b */
	for (size_t i = 0; i < 9; i++)
		several_identify(paths[i], &files[i]);
	assert_int_equal(several_sort(files, 9), 6);
	for (size_t i = 0; i < 9; i++) {
		assert_string_equal(files[i].path, paths[wanted[i]]);
		assert_int_equal(files[i].group, groups[i]);
		assert_int_equal(files[i].is_double, wanted[i] == 8);
		assert_int_equal(files[i].is_readable, wanted[i] != 6);
	}
	f = fopen("none", "w");
	assert_non_null(f);
	fputs("no snapshot", f);
	fclose(f);
	several_identify("none", &files[0]);
	assert_false(files[0].is_readable);
	for (size_t i = 0; i < 9; i++) {
		(void)unlink(paths[i]);
		free(paths[i]);
	}
	assert_int_equal(chdir(".."), 0);
	assert_int_equal(rmdir(dir), 0);
}

/* ---- marks ---- */

struct mark {
	uint64_t at;
	const char *label;
};

/* What is said of snapshots at such times, with these marks: the three as
 * "0 1 2", or what is missing. */
enum { AT_EXIT = 90 }; /* a time: the snapshot at the end of the program */

static void
settles(const struct mark *marks, size_t n_marks, const uint64_t *times, size_t n,
	const char *wanted)
{
	struct several *s = several_new();
	struct settle x;
	struct heap *h = NULL;
	char got[256];

	for (size_t i = 0; i < n; i++) {
		struct maker m = {.n_sections = 0};
		uint64_t bytes = 16 * (1 + times[i] % 10);

		maker_number(&m, "uptime_ns", times[i]);
		if (times[i] >= AT_EXIT)
			maker_info_text(&m, "reason", "exit", 4);
		maker_site(&m, 0, 0, 0, 0x10, 1, 1);
		maker_block(&m, &(struct hf_block){0x10000, bytes, bytes, 1, 0, 0});
		for (size_t k = 0; k < n_marks; k++)
			maker_mark(&m, k, marks[k].at, marks[k].label);
		heap_free(h);
		h = made_heap(&m);
		assert_int_equal(several_add(s, h, NULL, "x"), 0);
	}
	assert_int_equal(settle_find(s, h, &x), 0);
	snprintf(got, sizeof(got), "%s", x.missing ? x.missing : "nothing");
	if (x.is_known)
		snprintf(got, sizeof(got), "%zu %zu %zu", x.snapshots[0], x.snapshots[1],
			 x.snapshots[2]);
	assert_string_equal(got, wanted);
	settle_fini(&x);
	heap_free(h);
	several_free(s);
}

#define SETTLES(wanted, times, ...)                                                      \
	do {                                                                             \
		const struct mark settles_marks[] = {__VA_ARGS__};                       \
		settles(settles_marks, sizeof(settles_marks) / sizeof(*settles_marks),   \
			times, sizeof(times) / sizeof(*(times)), wanted);                \
	} while (0)

static void
snapshots_are_placed_between_marks(void **state)
{
	static const uint64_t three[] = {15, 25, 35},
			      all[] = {5, 15, 16, 25, 29, 28, 35, 36};
	static const uint64_t two[] = {15, 25}, early[] = {5, 25, 35},
			      rounds[] = {5, 15, 25, 35, 45};
	static const uint64_t with_exit[] = {15, 25, 35, AT_EXIT},
			      only_exit[] = {15, 25, AT_EXIT};

	(void)state;
	SETTLES("0 1 2", three, {10, "base"}, {20, "busy"}, {30, "idle"});
	SETTLES("0 1 2", three, {10, "Idle"}, {20, "anything"}, {30, "IDLE"});
	/* Of the quiet times the last, of the busy one that with the most. */
	SETTLES("2 4 7", all, {10, "base"}, {20, "busy"}, {30, "idle"});
	/* Any label that comes again after another. */
	SETTLES("0 1 2", three, {10, "pause"}, {20, "work"}, {30, "pause"});
	SETTLES("2 3 4", rounds, {0, "idle"}, {10, "busy"}, {20, "idle"}, {30, "busy"},
		{40, "idle"});
	SETTLES("nothing", three, {10, "one"}, {20, "two"}, {30, "three"});
	SETTLES("a snapshot after the mark 'idle' would show what the load leaves behind",
		two, {10, "base"}, {20, "busy"}, {30, "idle"});
	SETTLES("a snapshot after the mark 'base' would show what the load leaves behind",
		early, {10, "base"}, {20, "busy"}, {30, "idle"});
	SETTLES("a mark 'idle' after the load and a snapshot after it would show "
		"what the load leaves behind",
		two, {10, "base"}, {20, "busy"});
	SETTLES("a mark 'base' before the load and a snapshot after it would show "
		"what the load leaves behind",
		three, {20, "busy"}, {30, "idle"});
	SETTLES("nothing", three, {10, "idle"});
	/* At exit nothing is left of anything. */
	SETTLES("0 1 2", with_exit, {10, "base"}, {20, "busy"}, {30, "idle"});
	SETTLES("0 1 2", only_exit, {10, "base"}, {20, "busy"}, {30, "idle"});
}

static void
shares_are_of_what_the_busy_time_took(void **state)
{
	(void)state;
	assert_true(settle_share(100, 200, 110) <= SETTLE_DRAINED);
	assert_string_equal(settle_word(settle_share(100, 200, 110)), "drained");
	assert_string_equal(settle_word(settle_share(100, 200, 150)), "mostly drained");
	assert_string_equal(settle_word(settle_share(100, 200, 151)), "held");
	assert_string_equal(settle_word(settle_share(100, 200, 50)), "drained");
	assert_true(settle_share(100, 100, 100) < 0);
}

/* ---- findings ---- */

/* Findings of the last of some heaps; all are freed but the last. */
static struct findings *
find(struct heap **heaps, size_t n, struct several **ret)
{
	struct several *s = several_new();
	struct detect_options options = {.several = s, .path = "last"};
	struct findings *all;

	for (size_t i = 0; i + 1 < n; i++) {
		assert_int_equal(several_add(s, heaps[i], NULL, "earlier"), 0);
		heap_free(heaps[i]);
	}
	all = findings_new(heaps[n - 1], NULL, &options);
	assert_non_null(all);
	*ret = s;
	return all;
}

static const struct finding *
only_of_kind(const struct findings *all, const char *kind)
{
	const struct finding *found = NULL;

	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->list[i].kind, kind) == 0) {
			assert_null(found);
			found = &all->list[i];
		}
	return found;
}

static void
check_growth(const unsigned *counts, size_t n, const char *wanted)
{
	struct heap *heaps[8];
	struct several *s;
	struct findings *all;
	const struct finding *f;
	char got[64] = "nothing";

	for (size_t i = 0; i < n; i++)
		heaps[i] =
			make(i % 2 ? &moved : &plain, 10 * (i + 1), counts[i], 1000, NULL);
	all = find(heaps, n, &s);
	f = only_of_kind(all, "growth");
	if (f)
		snprintf(got, sizeof(got), "%s %s", f->verdict,
			 finding_level_name(f->level));
	assert_string_equal(got, wanted);
	if (f) {
		assert_int_equal(f->count.blocks, counts[n - 1]);
		assert_int_equal(f->trend.n, n);
		assert_int_equal(strlen(f->fingerprint), 16);
	}
	findings_free(all);
	several_free(s);
	heap_free(heaps[n - 1]);
}

static void
what_only_the_snapshots_show_to_grow_is_told(void **state)
{
	static const unsigned rising[] = {1000, 2000, 3000, 4000, 5000, 6000};
	static const unsigned falls_once[] = {1000, 2000, 1900, 4000, 5000, 6000};
	static const unsigned a_little[] = {1000, 1010, 1020, 1030, 1040, 1050};
	static const unsigned comes_to_rest[] = {1000, 3000, 5000, 5900, 5990, 6000};

	(void)state;
	check_growth(rising, 6, "unbounded warning");
	check_growth(rising, 5, "unbounded warning");
	check_growth(rising, 4, "unbounded note");
	check_growth(rising, 3, "unbounded note");
	check_growth(rising, 2, "nothing");
	check_growth(falls_once, 6, "nothing");
	check_growth(a_little, 6, "nothing");
	check_growth(comes_to_rest, 6, "nothing");
}

/* A heap in which one site has grown in each period of its life, as books tell. */
static struct heap *
make_with_history(uint64_t uptime, unsigned n)
{
	enum { PERIODS = 16 };
	struct maker m = {.n_sections = 0};
	struct sites s = make_sites(&m, &plain, n);
	uint64_t address = 0x10000;

	maker_number(&m, "complete", 1);
	maker_number(&m, "uptime_ns", uptime * 1000000000);
	maker_number(&m, "allocations", 100 * uptime);
	maker_number(&m, "period_bytes", 10000);
	maker_number(&m, "epoch", PERIODS);
	for (uint32_t p = 0; p < PERIODS; p++) {
		maker_period(&m, &(struct hf_period){
					 (p + 1) * uptime * 1000000000 / PERIODS,
					 (p + 1) * n / PERIODS, (p + 1) * 10000, 0, 0});
		maker_birth(&m, p + 1, 0, 0);
		maker_birth_period(&m, p);
	}
	for (unsigned i = 0; i < n; i++, address += 112)
		maker_block(&m, &(struct hf_block){address, 100, 112, s.leaf,
						   i * PERIODS / n + 1, 0});
	return made_heap(&m);
}

/* The same, but for the last period: all of it was freed at the end of the program. */
static struct heap *
make_freed_at_its_end(uint64_t uptime, unsigned n)
{
	enum { PERIODS = 16 };
	struct maker m = {.n_sections = 0};
	struct sites s = make_sites(&m, &plain, n);
	struct hf_book b = {
		.site = s.leaf, .deaths = n, .n_periods = PERIODS, .last_later = n - 1};
	unsigned each = n / (PERIODS - 1);

	maker_number(&m, "complete", 1);
	maker_number(&m, "uptime_ns", uptime * 1000000000);
	maker_number(&m, "allocations", 100 * uptime);
	maker_number(&m, "period_bytes", 10000);
	maker_info_text(&m, "reason", "exit", 4);
	for (uint32_t p = 0; p < PERIODS; p++) {
		uint64_t live = p + 1 < PERIODS ? (p + 1) * each : 0;

		maker_period(&m, &(struct hf_period){.end_ns = (p + 1) * uptime *
							       1000000000 / PERIODS,
						     .allocations = (p + 1) * each,
						     .allocated_bytes = (p + 1) * 10000,
						     .live_blocks = live,
						     .live_bytes = 100 * live});
		if (p + 1 < PERIODS)
			b.periods[p] =
				(struct hf_book_period){each, 100 * each, 0, 0, each};
		else
			b.periods[p] = (struct hf_book_period){0, 0, n, 100 * n, 0};
	}
	maker_book(&m, &b);
	return made_heap(&m);
}

static const struct finding *
find_with_history(struct heap **heaps, size_t n, struct findings **ret,
		  struct several **ret_s)
{
	const struct finding *f;

	*ret = find(heaps, n, ret_s);
	f = only_of_kind(*ret, "growth");
	assert_non_null(f);
	assert_string_equal(f->verdict, "unbounded");
	return f;
}

static void
snapshots_speak_for_a_finding_or_against_it(void **state)
{
	struct heap *heaps[3];
	struct findings *all;
	struct several *s;
	const struct finding *f;
	double alone;

	(void)state;
	/* Alone: a warning. */
	heaps[0] = make_with_history(60, 4000);
	f = find_with_history(heaps, 1, &all, &s);
	assert_int_equal(f->level, FINDING_WARNING);
	alone = f->confidence;
	assert_int_equal(f->trend.n, 0);
	findings_free(all);
	several_free(s);
	heap_free(heaps[0]);
	/* They show the same. */
	heaps[0] = make(&moved, 20, 1300, 0, NULL);
	heaps[1] = make(&moved, 40, 2600, 0, NULL);
	heaps[2] = make_with_history(60, 4000);
	f = find_with_history(heaps, 3, &all, &s);
	assert_int_equal(f->level, FINDING_WARNING);
	assert_true(f->confidence > alone);
	assert_true(has_evidence(
		f, "Over 3 snapshots in 40 s: 1,300, 2,600, 4,000 blocks; 68 a second"));
	findings_free(all);
	several_free(s);
	heap_free(heaps[2]);
	/* They show that it has not grown while much was done. */
	heaps[0] = make(&moved, 20, 4000, 0, NULL);
	heaps[1] = make(&moved, 40, 4100, 0, NULL);
	heaps[2] = make_with_history(60, 4000);
	f = find_with_history(heaps, 3, &all, &s);
	assert_int_equal(f->level, FINDING_NOTE);
	assert_true(f->confidence < alone);
	assert_non_null(strstr(f->summary, "show no growth"));
	findings_free(all);
	several_free(s);
	heap_free(heaps[2]);
	/* Hardly anything was done between them: that tells nothing. */
	heaps[0] = make(&moved, 58, 4000, 0, NULL);
	heaps[1] = make(&moved, 59, 4000, 0, NULL);
	heaps[2] = make_with_history(60, 4000);
	f = find_with_history(heaps, 3, &all, &s);
	assert_int_equal(f->level, FINDING_WARNING);
	findings_free(all);
	several_free(s);
	heap_free(heaps[2]);
	/* Two are a difference. */
	heaps[0] = make(&moved, 20, 4000, 0, NULL);
	heaps[1] = make_with_history(60, 4000);
	f = find_with_history(heaps, 2, &all, &s);
	assert_int_equal(f->level, FINDING_WARNING);
	assert_true(f->confidence <= alone);
	assert_true(has_evidence(
		f, "2 snapshots (too few for a trend): 4,000, 4,000 blocks"));
	assert_false(f->trend.is_known);
	findings_free(all);
	several_free(s);
	heap_free(heaps[1]);
}

static void
what_is_freed_at_the_end_is_weighed_by_the_snapshots_before(void **state)
{
	struct heap *heaps[4];
	struct findings *all;
	struct several *s;
	const struct finding *f;

	(void)state;
	heaps[0] = make(&moved, 20, 1300, 0, NULL);
	heaps[1] = make(&moved, 40, 2600, 0, NULL);
	heaps[2] = make(&moved, 55, 3700, 0, NULL);
	heaps[3] = make_freed_at_its_end(60, 3990);
	f = find_with_history(heaps, 4, &all, &s);
	assert_int_equal(f->level, FINDING_WARNING);
	assert_int_equal(f->trend.n, 3);
	assert_true(has_evidence(
		f, "Over 3 snapshots in 35 s: 1,300, 2,600, 3,700 blocks; "));
	assert_true(has_evidence(f, "; the previous one, "));
	findings_free(all);
	several_free(s);
	heap_free(heaps[3]);
	/* Before the end it did not grow: still that is what they show. */
	heaps[0] = make(&moved, 20, 3700, 0, NULL);
	heaps[1] = make(&moved, 40, 3700, 0, NULL);
	heaps[2] = make(&moved, 55, 3700, 0, NULL);
	heaps[3] = make_freed_at_its_end(60, 3990);
	f = find_with_history(heaps, 4, &all, &s);
	assert_int_equal(f->level, FINDING_NOTE);
	assert_non_null(strstr(f->summary, "show no growth"));
	findings_free(all);
	several_free(s);
	heap_free(heaps[3]);
	/* One before the end shows no difference. */
	heaps[0] = make(&moved, 40, 2600, 0, NULL);
	heaps[1] = make_freed_at_its_end(60, 3990);
	f = find_with_history(heaps, 2, &all, &s);
	assert_int_equal(f->level, FINDING_WARNING);
	assert_int_equal(f->trend.n, 0);
	assert_false(has_evidence(f, "snapshots"));
	findings_free(all);
	several_free(s);
	heap_free(heaps[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sites_are_matched_by_their_stacks),
		cmocka_unit_test(another_module_or_place_is_another_site),
		cmocka_unit_test(thousands_of_sites_find_themselves_again),
		cmocka_unit_test(lost_blocks_are_not_live),
		cmocka_unit_test(files_of_one_process_come_together_in_order),
		cmocka_unit_test(snapshots_are_placed_between_marks),
		cmocka_unit_test(shares_are_of_what_the_busy_time_took),
		cmocka_unit_test(what_only_the_snapshots_show_to_grow_is_told),
		cmocka_unit_test(snapshots_speak_for_a_finding_or_against_it),
		cmocka_unit_test(what_is_freed_at_the_end_is_weighed_by_the_snapshots_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
