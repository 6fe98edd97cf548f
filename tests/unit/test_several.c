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
	/* Twice what the blocks weigh: the program does something besides. */
	maker_number(&m, "period_bytes", 2 * each * (100 + 64));
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
	/* Its books tell of the time before the end. */
	assert_int_equal(f->trend.n, 4);
	assert_true(has_evidence(
		f, "Over 4 snapshots in 36.2 s: 1,300, 2,600, 3,700, 3,990 blocks; "));
	assert_true(
		has_evidence(f, "Their holder is gone from this snapshot; one taken"));
	findings_free(all);
	several_free(s);
	heap_free(heaps[3]);
	/* Before the end it did not grow: still that is what they show. */
	heaps[0] = make(&moved, 20, 3990, 0, NULL);
	heaps[1] = make(&moved, 40, 3990, 0, NULL);
	heaps[2] = make(&moved, 55, 3990, 0, NULL);
	heaps[3] = make_freed_at_its_end(60, 3990);
	f = find_with_history(heaps, 4, &all, &s);
	assert_int_equal(f->level, FINDING_NOTE);
	assert_non_null(strstr(f->summary, "show no growth"));
	findings_free(all);
	several_free(s);
	heap_free(heaps[3]);
	/* With what the books tell that is a difference. */
	heaps[0] = make(&moved, 40, 2600, 0, NULL);
	heaps[1] = make_freed_at_its_end(60, 3990);
	f = find_with_history(heaps, 2, &all, &s);
	assert_int_equal(f->level, FINDING_WARNING);
	assert_int_equal(f->trend.n, 2);
	assert_true(has_evidence(
		f, "2 snapshots (too few for a trend): 2,600, 3,990 blocks"));
	findings_free(all);
	several_free(s);
	heap_free(heaps[1]);
}

/* A snapshot, with so many allocations until then. */
static struct heap *
make_after(uint64_t uptime, uint64_t allocations, unsigned n_leaf, unsigned n_other,
	   bool is_exit)
{
	struct maker m = {.n_sections = 0};
	struct sites s = make_sites(&m, &plain, 100 + uptime);
	uint64_t address = 0x10000;

	maker_number(&m, "complete", 1);
	maker_number(&m, "uptime_ns", uptime * 1000000000);
	maker_number(&m, "allocations", allocations);
	if (is_exit)
		maker_info_text(&m, "reason", "exit", 4);
	for (unsigned i = 0; i < n_leaf + n_other; i++, address += 112)
		maker_block(&m, &(struct hf_block){address, 100, 112,
						   i < n_leaf ? s.leaf : s.other, 0, 0});
	return made_heap(&m);
}

/* The same at the end of the program. */
static struct heap *
make_exit(uint64_t uptime, uint64_t allocations, unsigned n_leaf, unsigned n_other)
{
	return make_after(uptime, allocations, n_leaf, n_other, true);
}

/* Growth from 1,000 to so many in some snapshots, and one at exit. */
static struct findings *
find_with_exit(struct heap *at_exit, unsigned last, struct several **ret_s)
{
	struct heap *heaps[7];

	for (unsigned i = 0; i < 6; i++)
		heaps[i] = make(i % 2 ? &moved : &plain, 10 * (i + 1),
				1000 + (last - 1000) * i / 5, 1000, NULL);
	heaps[6] = at_exit;
	return find(heaps, 7, ret_s);
}

static void
a_snapshot_of_the_programs_end_is_left_out(void **state)
{
	struct several *s;
	struct heap *h = make_exit(61, 6001, 0, 100);
	struct findings *all = find_with_exit(h, 6000, &s);
	const struct finding *f = only_of_kind(all, "growth");

	(void)state;
	/* All of it was freed, with hardly an allocation. */
	assert_int_equal(several_n_alive(s), 6);
	assert_non_null(f);
	assert_int_equal(f->level, FINDING_WARNING);
	assert_int_equal(f->count.blocks, 6000);
	assert_int_equal(f->trend.n, 6);
	assert_true(has_evidence(f, "Over 6 snapshots in 50 s: 1,000, 2,000, "));
	assert_non_null(strstr(f->summary, " until the program freed them at its end"));
	findings_free(all);
	several_free(s);
	heap_free(h);
	/* Little was freed: it counts. */
	h = make_exit(61, 6001, 6000, 500);
	all = find_with_exit(h, 6000, &s);
	f = only_of_kind(all, "growth");
	assert_int_equal(several_n_alive(s), 7);
	assert_non_null(f);
	assert_int_equal(f->trend.n, 7);
	findings_free(all);
	several_free(s);
	heap_free(h);
	/* The program went on for as long again: it has drained. */
	h = make_exit(120, 12000, 0, 1000);
	all = find_with_exit(h, 6000, &s);
	assert_int_equal(several_n_alive(s), 7);
	assert_null(only_of_kind(all, "growth"));
	findings_free(all);
	several_free(s);
	heap_free(h);
}

static void
a_program_that_runs_is_not_at_its_end(void **state)
{
	struct heap *h = make(&plain, 61, 0, 100, NULL);
	struct several *s;
	struct findings *all = find_with_exit(h, 6000, &s);

	(void)state;
	assert_int_equal(several_n_alive(s), 7);
	assert_null(only_of_kind(all, "growth"));
	findings_free(all);
	several_free(s);
	heap_free(h);
}

static void
snapshots_before_the_one_at_exit_may_be_of_the_end_too(void **state)
{
	struct heap *heaps[8];
	struct several *s;
	struct findings *all;

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		heaps[i] = make(&plain, 10 * (i + 1), 1000 * (i + 1), 1000, NULL);
	/* By an interval, in the midst of it. */
	heaps[6] = make_exit(60, 6000, 2000, 1000);
	heaps[7] = make_exit(61, 6001, 0, 0);
	all = find(heaps, 8, &s);
	assert_int_equal(several_n_alive(s), 6);
	assert_non_null(only_of_kind(all, "growth"));
	findings_free(all);
	several_free(s);
	heap_free(heaps[7]);
	/* The same when all was freed already, and as much is left at exit. */
	for (unsigned i = 0; i < 6; i++)
		heaps[i] = make(&plain, 10 * (i + 1), 1000 * (i + 1), 1000, NULL);
	heaps[6] = make_after(60, 6000, 0, 300, false);
	heaps[7] = make_exit(61, 6001, 0, 300);
	all = find(heaps, 8, &s);
	assert_int_equal(several_n_alive(s), 6);
	assert_non_null(only_of_kind(all, "growth"));
	findings_free(all);
	several_free(s);
	heap_free(heaps[7]);
}

static void
snapshots_without_work_between_them_make_no_warning(void **state)
{
	struct heap *heaps[6];
	struct findings *all;
	struct several *s;

	(void)state;
	/* It has read its input, and sorts it. */
	for (unsigned i = 0; i < 6; i++)
		heaps[i] = make_after(10 * (i + 1), i < 3 ? 1000 * (i + 1) : 3001,
				      i < 3 ? 1000 * (i + 1) : 3000, 10, false);
	all = find(heaps, 6, &s);
	assert_non_null(only_of_kind(all, "growth"));
	assert_int_equal(only_of_kind(all, "growth")->level, FINDING_NOTE);
	findings_free(all);
	several_free(s);
	heap_free(heaps[5]);
	/* The same with work at each. */
	for (unsigned i = 0; i < 6; i++)
		heaps[i] = make_after(10 * (i + 1), 1000 * (i + 1), 1000 * (i + 1), 10,
				      false);
	all = find(heaps, 6, &s);
	assert_non_null(only_of_kind(all, "growth"));
	assert_int_equal(only_of_kind(all, "growth")->level, FINDING_WARNING);
	findings_free(all);
	several_free(s);
	heap_free(heaps[5]);
}

/* Many snapshots of a time in which the program did nothing, after some of its work or
 * before it, and what the last one says by its history: a warning. */
static void
check_idle_snapshots(bool is_idle_first, bool is_waning)
{
	enum { N = 20, N_WORKING = 5 };
	struct heap *heaps[N];
	struct findings *all;
	struct several *s;
	const struct finding *f;

	for (unsigned i = 0; i + 1 < N; i++) {
		unsigned step =
			is_idle_first
				? (i > N - 1 - N_WORKING ? i - (N - 1 - N_WORKING) : 0)
			: i < N_WORKING ? i + 1
					: N_WORKING;
		unsigned n = is_waning ? 4000 - 10 * step : 4000 * step / N_WORKING;

		heaps[i] = make_after(i + 1, 1 + 6000 * step / N_WORKING, n, 0, false);
	}
	heaps[N - 1] = make_with_history(60, is_waning ? 3900 : 4000);
	f = find_with_history(heaps, N, &all, &s);
	assert_int_equal(f->level, is_waning ? FINDING_NOTE : FINDING_WARNING);
	if (!is_waning) {
		assert_true(f->trend.slope_per_hour > 0);
		assert_true(f->trend.p < 0.05);
	}
	findings_free(all);
	several_free(s);
	heap_free(heaps[N - 1]);
}

static void
many_snapshots_of_an_idle_program_do_not_speak_against_growth(void **state)
{
	(void)state;
	check_idle_snapshots(true, false);
	check_idle_snapshots(false, false);
	/* What it did before or after that still does. */
	check_idle_snapshots(true, true);
	check_idle_snapshots(false, true);
}

/* Snapshots at equal distances of a program that keeps all that it allocates. */
static enum finding_level
level_where_all_is_kept(const unsigned *counts, size_t n)
{
	struct heap *heaps[16];
	struct several *s;
	struct findings *all;
	const struct finding *f;
	enum finding_level level;

	for (size_t i = 0; i < n; i++)
		heaps[i] = make_after(10 * (i + 1), counts[i], counts[i], 10, false);
	all = find(heaps, n, &s);
	f = only_of_kind(all, "growth");
	assert_non_null(f);
	level = f->level;
	assert_int_equal(has_evidence(f, "it may be complete"), level == FINDING_NOTE);
	findings_free(all);
	several_free(s);
	heap_free(heaps[n - 1]);
	return level;
}

static void
time_is_the_clock_where_nothing_but_the_growth_is_allocated(void **state)
{
	static const unsigned all_along[] = {1000, 2000, 3000, 4000, 5000,
					     6000, 7000, 8000, 9000, 10000};
	static const unsigned in_bursts[] = {1000, 2000, 4000, 4000, 4000,
					     6000, 6000, 7000, 9000, 9000};
	static const unsigned complete[] = {1000, 3000, 5000, 7000, 8000, 8900,
					    9400, 9900, 9999, 9999, 9999, 9999};

	(void)state;
	assert_int_equal(level_where_all_is_kept(all_along, 10), FINDING_WARNING);
	assert_int_equal(level_where_all_is_kept(in_bursts, 10), FINDING_WARNING);
	assert_int_equal(level_where_all_is_kept(complete, 12), FINDING_NOTE);
}

/* As make_after(), with a thread at some place. */
static struct heap *
make_at(uint64_t uptime, unsigned n, uint64_t place)
{
	struct hf_stack stack = {.tid = 1, .name = {"main", 4}, .n_frames = 1};
	struct maker m = {.n_sections = 0};
	struct sites s = make_sites(&m, &plain, n);

	maker_number(&m, "complete", 1);
	maker_number(&m, "uptime_ns", uptime * 1000000000);
	maker_number(&m, "allocations", 2000 + n);
	stack.frames[0] = (struct hf_frame){.offset = place, .sp = 0x7000, .bytes = 16};
	maker_stack(&m, &stack);
	for (unsigned i = 0; i < n; i++)
		maker_block(&m,
			    &(struct hf_block){0x10000 + i * 112, 100, 112, s.leaf, 0, 0});
	return made_heap(&m);
}

static enum finding_level
level_after_rest(bool is_at_work)
{
	static const unsigned counts[] = {2000, 3000, 3900, 3990, 3999,
					  4000, 4000, 4000, 4000};
	enum { N = sizeof(counts) / sizeof(*counts) };
	struct heap *heaps[N + 1];
	struct several *s;
	struct findings *all;
	const struct finding *f;
	enum finding_level level;

	for (unsigned i = 0; i < N; i++)
		heaps[i] = make_at(6 * (i + 1), counts[i], is_at_work ? 0x100 + i : 0x100);
	heaps[N] = make_with_history(60, 4000);
	f = find_with_history(heaps, N + 1, &all, &s);
	level = f->level;
	findings_free(all);
	several_free(s);
	heap_free(heaps[N]);
	return level;
}

static void
what_stopped_while_the_program_worked_is_a_note(void **state)
{
	(void)state;
	assert_int_equal(level_after_rest(true), FINDING_NOTE);
	assert_int_equal(level_after_rest(false), FINDING_WARNING);
}

/* A queue that was as long at the end of each period. */
static struct heap *
make_turning(uint64_t uptime, unsigned n)
{
	enum { PERIODS = 16 };
	struct maker m = {.n_sections = 0};
	struct sites s = make_sites(&m, &plain, (uint64_t)n * PERIODS);
	struct hf_book b = {.site = s.leaf,
			    .deaths = (uint64_t)n * (PERIODS - 1),
			    .later = (uint64_t)n * (PERIODS - 1),
			    .n_periods = PERIODS};

	maker_number(&m, "complete", 1);
	maker_number(&m, "uptime_ns", uptime * 1000000000);
	maker_number(&m, "allocations", 100 * uptime);
	maker_number(&m, "period_bytes", 100000);
	for (uint32_t p = 0; p < PERIODS; p++) {
		maker_period(&m, &(struct hf_period){
					 .end_ns = (p + 1) * uptime * 1000000000 / PERIODS,
					 .allocated_bytes = (p + 1) * 100000ull});
		maker_birth(&m, p + 1, 0, 0);
		maker_birth_period(&m, p);
		if (p + 1 < PERIODS)
			b.periods[p].born = n;
		if (p > 0)
			b.periods[p].died = n;
	}
	maker_book(&m, &b);
	for (unsigned i = 0; i < n; i++)
		maker_block(&m, &(struct hf_block){0x10000 + i * 112, 100, 112, s.leaf,
						   PERIODS, 0});
	return made_heap(&m);
}

static void
a_queue_that_grows_between_snapshots_is_one(void **state)
{
	enum { N = 6 };
	struct heap *heaps[N];
	struct several *s;
	struct findings *all;
	size_t n_warnings = 0;

	(void)state;
	for (unsigned i = 0; i + 1 < N; i++)
		heaps[i] =
			make_after(10 * (i + 1), 1000 * (i + 1), 200 * (i + 1), 0, false);
	heaps[N - 1] = make_turning(60, 1200);
	all = find(heaps, N, &s);
	for (size_t i = 0; i < all->n; i++) {
		const struct finding *f = &all->list[i];

		assert_string_equal(f->kind, "queue");
		n_warnings += f->level == FINDING_WARNING &&
			      strcmp(f->verdict, "unbounded") == 0;
		if (f->level == FINDING_NOTE)
			assert_true(
				has_evidence(f, "But the snapshots show that it grows"));
	}
	assert_int_equal(n_warnings, 1);
	findings_free(all);
	several_free(s);
	heap_free(heaps[N - 1]);
}

/* ---- earlier snapshots by themselves ---- */

/* Blocks of one site that a mapping holds: of each of so many periods as many, of the rest
 * none. */
static struct heap *
make_held(uint64_t uptime, unsigned n, unsigned n_growing)
{
	enum { PERIODS = 16 };
	struct hf_root root = {HEAPFILE_ROOT_MAPPING, 0, 0x1000, 8 * n, n};
	struct hf_edge *edges = calloc(n, sizeof(*edges));
	struct maker m = {.n_sections = 0};
	struct sites s = make_sites(&m, &plain, n);

	maker_number(&m, "complete", 1);
	maker_number(&m, "uptime_ns", uptime * 1000000000);
	maker_number(&m, "allocations", 100 * uptime);
	maker_number(&m, "period_bytes", 1000000);
	for (uint32_t p = 0; p < PERIODS; p++) {
		maker_period(&m, &(struct hf_period){
					 .end_ns = (p + 1) * uptime * 1000000000 / PERIODS,
					 .allocated_bytes = (p + 1) * 1000000ull});
		maker_birth(&m, p + 1, 0, 0);
		maker_birth_period(&m, p);
	}
	for (unsigned i = 0; i < n; i++) {
		maker_block(&m, &(struct hf_block){0x10000 + i * 112, 100, 112, s.leaf,
						   i * n_growing / n + 1, 0});
		edges[i] = (struct hf_edge){.word = i, .target = i + 1};
	}
	maker_root(&m, &root, edges);
	free(edges);
	return made_heap(&m);
}

static struct heap *
load_growing(const char *path)
{
	assert_string_equal(path, "earlier");
	return make_held(20, 2000, 16);
}

static const struct finding *
find_with_earlier(struct heap *last, struct findings **ret, struct several **ret_s)
{
	struct several *s = several_new();
	struct detect_options options = {.several = s, .path = "last", .load = load_growing};
	struct heap *earlier = load_growing("earlier");

	assert_int_equal(several_add(s, earlier, NULL, "earlier"), 0);
	heap_free(earlier);
	*ret = findings_new(last, NULL, &options);
	*ret_s = s;
	assert_non_null(*ret);
	return only_of_kind(*ret, "growth");
}

static void
a_series_rates_no_lower_than_its_best_snapshot(void **state)
{
	struct heap *h;
	struct findings *all;
	struct several *s;
	const struct finding *f;

	(void)state;
	/* It has neither pointers nor a history. */
	h = make(&plain, 60, 2100, 0, NULL);
	f = find_with_earlier(h, &all, &s);
	assert_non_null(f);
	assert_int_equal(f->level, FINDING_WARNING);
	assert_true(has_evidence(f, "As of 20 s (earlier)"));
	assert_int_equal(f->n_retained_by > 0, 1);
	findings_free(all);
	several_free(s);
	heap_free(h);
	/* Nor that, and most of it is gone. */
	h = make(&plain, 60, 900, 0, NULL);
	f = find_with_earlier(h, &all, &s);
	assert_non_null(f);
	assert_int_equal(f->level, FINDING_NOTE);
	assert_string_equal(f->verdict, "bounded");
	findings_free(all);
	several_free(s);
	heap_free(h);
}

static void
why_a_series_rates_lower_is_told_in_numbers(void **state)
{
	struct heap *h = make_held(60, 2010, 4);
	struct findings *all;
	struct several *s;
	const struct finding *f = find_with_earlier(h, &all, &s);

	(void)state;
	assert_non_null(f);
	assert_string_equal(f->verdict, "bounded");
	assert_int_equal(f->level, FINDING_NOTE);
	assert_true(finding_is_quiet(f));
	assert_non_null(strstr(f->summary, "2,010 blocks"));
	assert_true(has_evidence(f, ": 2,000, 2,010 blocks"));
	assert_true(has_evidence(f, "The snapshot after 20 s alone (earlier) says, as a "
				    "warning: 2,000 blocks"));
	findings_free(all);
	several_free(s);
	heap_free(h);
	/* What goes on is a finding of the last one, and stands once. */
	h = make_held(60, 6000, 16);
	f = find_with_earlier(h, &all, &s);
	assert_non_null(f);
	assert_string_equal(f->verdict, "unbounded");
	assert_int_equal(f->level, FINDING_WARNING);
	findings_free(all);
	several_free(s);
	heap_free(h);
}

static void
the_books_tell_which_snapshots_are_of_the_end(void **state)
{
	struct heap *heaps[5];
	struct findings *all;
	struct several *s;
	const struct finding *f;

	(void)state;
	heaps[0] = make(&moved, 20, 1300, 0, NULL);
	heaps[1] = make(&moved, 40, 2600, 0, NULL);
	heaps[2] = make(&moved, 55, 3700, 0, NULL);
	/* Much was allocated since, and in between the program began to free it. */
	heaps[3] = make(&moved, 59, 800, 0, NULL);
	heaps[4] = make_freed_at_its_end(60, 3990);
	f = find_with_history(heaps, 5, &all, &s);
	assert_int_equal(several_n_alive(s), 3);
	assert_int_equal(f->level, FINDING_WARNING);
	findings_free(all);
	several_free(s);
	heap_free(heaps[4]);
}

static void
the_last_file_before_the_end_has_the_holders(void **state)
{
	struct several_file f[4] = {
		{.live_bytes = 100, .allocations = 100, .is_known = true},
		{.live_bytes = 1000, .allocations = 1000},
		{.live_bytes = 2000, .allocations = 2000},
		{.live_bytes = 10, .allocations = 2001, .is_exit = true},
	};

	(void)state;
	assert_int_equal(several_before(f, 4), 2);
	/* Taken while the program cleaned up. */
	f[2] = (struct several_file){.live_bytes = 400, .allocations = 1001};
	assert_int_equal(several_before(f, 4), 1);
	f[3].is_exit = false;
	assert_int_equal(several_before(f, 4), 2);
	f[3].live_bytes = 399;
	assert_int_equal(several_before(f, 4), 4);
	f[3].is_exit = true;
	assert_int_equal(several_before(f + 3, 1), 1);
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
		cmocka_unit_test(a_snapshot_of_the_programs_end_is_left_out),
		cmocka_unit_test(a_program_that_runs_is_not_at_its_end),
		cmocka_unit_test(snapshots_before_the_one_at_exit_may_be_of_the_end_too),
		cmocka_unit_test(snapshots_without_work_between_them_make_no_warning),
		cmocka_unit_test(
			many_snapshots_of_an_idle_program_do_not_speak_against_growth),
		cmocka_unit_test(time_is_the_clock_where_nothing_but_the_growth_is_allocated),
		cmocka_unit_test(what_stopped_while_the_program_worked_is_a_note),
		cmocka_unit_test(a_queue_that_grows_between_snapshots_is_one),
		cmocka_unit_test(a_series_rates_no_lower_than_its_best_snapshot),
		cmocka_unit_test(why_a_series_rates_lower_is_told_in_numbers),
		cmocka_unit_test(the_books_tell_which_snapshots_are_of_the_end),
		cmocka_unit_test(the_last_file_before_the_end_has_the_holders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
