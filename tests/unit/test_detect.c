/* test_detect.c -- findings, suppressions, baselines.
 *
 * In:   heaps of heapmaker.c; stacks made by hand.
 * Out:  besides the tests, `test_detect --snapshot` writes a snapshot in which a
 *       function of this file loses a block.
 * Not here: which block is in which state (test_graph.c).
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
#include "heapmaker.h"
#include "model/heap.h"
#include "names/source_locations.h"

static struct heap *
load(struct maker *m)
{
	struct hf_error e;
	size_t n;
	uint8_t *bytes = maker_finish(m, &n);
	struct heap *h = heap_load(bytes, n, 0, NULL, NULL, &e);

	if (!h)
		fail_msg("%s: %s", e.section, e.message);
	free(bytes);
	maker_free(m);
	return h;
}

static struct heap *
load_sample(void)
{
	struct maker m = {.n_sections = 0};

	maker_sample(&m);
	return load(&m);
}

/* ---- patterns ---- */

static void
globs_match_whole_strings(void **state)
{
	static const struct {
		const char *glob, *text;
		bool has_question, matches;
	} rows[] = {
		{"abc", "abc", false, true},     {"abc", "abcd", false, false},
		{"abc", "xabc", false, false},   {"a*c", "abbc", false, true},
		{"a*c", "ac", false, true},      {"*", "", false, true},
		{"", "", false, true},           {"", "a", false, false},
		{"a?c", "abc", true, true},      {"a?c", "abc", false, false},
		{"a?c", "a?c", false, true},     {"*ab*ab", "abxab", false, true},
		{"*ab*ab", "ab", false, false},  {"*a*b*c", "aabbcc", false, true},
		{"a*", "b", false, false},       {"??", "a", true, false},
		{"*aab", "aaaaab", false, true}, {"a*b*", "ab", false, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (suppress_glob(rows[i].glob, rows[i].text, rows[i].has_question) !=
		    rows[i].matches)
			fail_msg("'%s' and '%s'", rows[i].glob, rows[i].text);
}

/* malloc < make_node(int) < build < main, in libx.so.1 and demo. */
static struct stack_frame frames[] = {
	{.function = "make_node(int)",
	 .symbol = "_Z9make_nodei",
	 .file = "/src/x/node.cc",
	 .line = 12,
	 .module = 2},
	{.function = "build", .symbol = "build", .module = 1},
	{.function = "main", .symbol = "main", .file = "/src/main.c", .module = 1},
};
static const struct stack stack = {frames, 3};

static void
suppressions_match_as_their_tools_do(void **state)
{
	static const struct {
		const char *text;
		bool matches;
	} rows[] = {
		/* LeakSanitizer: function, file or module of any frame. */
		{"leak:make_node\n", true},
		{"leak:node(int)\n", true},
		{"leak:_Z9make\n", true},
		{"leak:node.cc\n", true},
		{"leak:libx.so\n", true},
		{"leak:main\n", true},
		{"leak:^main$\n", true},
		{"leak:^ain\n", false},
		{"leak:mai$\n", false},
		{"leak:mai\n", true},
		{"leak:^make*int)$\n", true},
		{"leak:^make*xint)$\n", false},
		{"leak:other\n", false},
		{"# leak:make_node\n", false},
		{"\t leak:make_node \r\n", true},
		{"leak:make_node", true},
		{"leak:other\nleak:build\n", true},
		/* Valgrind: frame by frame from the allocating function. */
		{"{\nn\nMemcheck:Leak\nfun:malloc\n}\n", true},
		{"{\nn\nMemcheck:Leak\nfun:calloc\n}\n", false},
		{"{\nn\nMemcheck:Leak\nfun:*alloc\n}\n", true},
		{"{\nn\nMemcheck:Leak\nfun:mallo?\n}\n", true},
		{"{\nn\nMemcheck:Leak\nfun:make_node*\n}\n", false},
		{"{\nn\nMemcheck:Leak\nfun:malloc\nfun:_Z9make_nodei\n}\n", true},
		{"{\nn\nMemcheck:Leak\nfun:malloc\nfun:make_node(int)\n}\n", true},
		{"{\nn\nMemcheck:Leak\nfun:malloc\nfun:build\n}\n", false},
		{"{\nn\nMemcheck:Leak\nfun:malloc\n...\nfun:main\n}\n", true},
		{"{\nn\nMemcheck:Leak\n...\nfun:build\nfun:main\n}\n", true},
		{"{\nn\nMemcheck:Leak\n...\nfun:main\nfun:build\n}\n", false},
		{"{\nn\nMemcheck:Leak\n...\nfun:main\nfun:*\n}\n", false},
		{"{\nn\nMemcheck:Leak\n...\nfun:b*\n...\n}\n", true},
		{"{\nn\nMemcheck:Leak\n...\n...\nfun:main\n...\n}\n", true},
		{"{\nn\nMemcheck:Leak\nobj:*vgpreload*\nobj:*/libx.so*\nobj:/opt/demo\n"
		 "}\n",
		 true},
		{"{\nn\nMemcheck:Leak\nfun:malloc\nobj:/opt/demo\n}\n", false},
		{"{\nn\nMemcheck:Leak\nfun:malloc\nsrc:node.cc\n}\n", true},
		{"{\nn\nMemcheck:Leak\nfun:malloc\nsrc:node.cc:12\n}\n", true},
		{"{\nn\nMemcheck:Leak\nfun:malloc\nsrc:node.cc:13\n}\n", false},
		{"{\nn\nMemcheck:Leak\nmatch-leak-kinds: definite\nfun:malloc\n}\n", true},
		{"{\nn\nMemcheck:Leak\nmatch-leak-kinds:possible,definite\nfun:malloc\n}"
		 "\n",
		 true},
		{"{\nn\nMemcheck:Leak\nmatch-leak-kinds: all\nfun:malloc\n}\n", true},
		{"{\nn\nMemcheck:Leak\nmatch-leak-kinds: none\nfun:malloc\n}\n", false},
		{"{\nn\nMemcheck:Leak\nmatch-leak-kinds: possible\nfun:malloc\n}\n", false},
		{"{\nn\nMemcheck,Addrcheck:Leak\nfun:malloc\n}\n", true},
		/* Other tools and errors are none of our business. */
		{"{\nn\nHelgrind:Race\nfun:malloc\n}\n", false},
		{"{\nn\nMemcheck:Param\nwrite(buf)\nfun:malloc\n}\nleak:main\n", true},
		{"  {\n  n\n  Memcheck:Leak # no comment\n  fun:x\n  }\n", false},
	};
	struct heap *h = load_sample();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct suppressions *s = suppressions_new();

		assert_non_null(s);
		if (suppressions_add_text(s, "f", rows[i].text, strlen(rows[i].text), false))
			fail_msg("%s", s->message);
		if (!suppressions_find(s, h, &stack, 1u << HEAPFILE_KIND_MALLOC,
				       GRAPH_DEFINITE) != !rows[i].matches)
			fail_msg("%s%s", rows[i].text,
				 rows[i].matches ? "does not match" : "matches");
		suppressions_free(s);
	}
	heap_free(h);
}

static void
operator_new_has_its_names(void **state)
{
	static const char text[] = "{\nn\nMemcheck:Leak\nfun:_Zna*\n}\n";
	struct suppressions *s = suppressions_new();
	struct heap *h = load_sample();

	(void)state;
	assert_int_equal(suppressions_add_text(s, "f", text, strlen(text), false), 0);
	assert_non_null(suppressions_find(s, h, &stack, 1u << HEAPFILE_KIND_NEW_ARRAY,
					  GRAPH_DEFINITE));
	assert_null(
		suppressions_find(s, h, &stack, 1u << HEAPFILE_KIND_NEW, GRAPH_DEFINITE));
	suppressions_free(s);
	heap_free(h);
}

static void
errors_name_file_and_line(void **state)
{
	static const char *const rows[][2] = {
		{"leak:a\nrace:b\n",
		 "f:2: unknown kind of suppression (expected leak, cache, queue, closure,"
		 " missing-free, growth or fragmentation): 'race'"},
		{"\n\nmake_node\n", "f:3: expected leak:PATTERN"},
		{"leak:\n", "f:1: missing pattern after the colon"},
		{"leak:a\n{\nn\nMemcheck:Leak\nfun:a\n",
		 "f:2: missing } at the end of a block"},
		{"{\n}\n", "f:1: missing name of the suppression"},
		{"{\nname\nfun:malloc\nLeak\n}\n", NULL},
		{"{\nname\nLeak\n}\n", "f:1: missing TOOL:KIND"},
		{"{\nname\nMemcheck:Leak\n}\n",
		 "f:1: a suppression needs at least one frame"},
		{"{\nname\nMemcheck:Leak\nmalloc\n}\n", "f:4: expected fun:, obj:"},
		{"{\nname\nMemcheck:Leak\nfun:\n}\n", "f:4: missing name of a frame"},
		{"{\nname\nMemcheck:Leak\nmatch-leak-kinds: some\nfun:a\n}\n",
		 "f:4: unknown kind of leak 'some'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct suppressions *s = suppressions_new();
		int r = suppressions_add_text(s, "f", rows[i][0], strlen(rows[i][0]),
					      false);

		if (rows[i][1] && (r == 0 || !strstr(s->message, rows[i][1])))
			fail_msg("%s: '%s'", rows[i][0], s->message);
		suppressions_free(s);
	}
}

static void
the_built_in_ones_are_sound(void **state)
{
	struct suppressions *s = suppressions_new();
	struct heap *h = load_sample();

	(void)state;
	assert_int_equal(suppressions_add_builtin(s), 0);
	assert_in_range(s->n, 1, 12);
	for (int kind = 0; kind < GRAPH_IGNORED; kind++)
		assert_null(suppressions_find(s, h, &stack, 1u << HEAPFILE_KIND_MALLOC,
					      (enum graph_state)kind));
	suppressions_free(s);
	heap_free(h);
}

static void
generated_suppressions_match_what_they_were_made_of(void **state)
{
	struct heap *h = load_sample();
	char *text = NULL, *brace;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	(void)state;
	assert_non_null(f);
	suppress_generate(f, h, &stack, 1u << HEAPFILE_KIND_CALLOC, GRAPH_DEFINITE, "x");
	fclose(f);
	assert_non_null(strstr(text, "leak:make_node(int)\n"));
	brace = strchr(text, '{');
	assert_non_null(brace);
	for (int half = 0; half < 2; half++) {
		struct suppressions *s = suppressions_new();
		const char *from = half ? brace : text;
		size_t length = half ? strlen(brace) : (size_t)(brace - text);

		assert_int_equal(suppressions_add_text(s, "f", from, length, false), 0);
		assert_int_equal(s->n, 1);
		assert_non_null(suppressions_find(s, h, &stack, 1u << HEAPFILE_KIND_CALLOC,
						  GRAPH_DEFINITE));
		assert_true(half == 0 ||
			    !suppressions_find(s, h, &stack, 1u << HEAPFILE_KIND_CALLOC,
					       GRAPH_POSSIBLE));
		suppressions_free(s);
	}
	free(text);
	heap_free(h);
}

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
	struct heap *h = load_sample();
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

static void
without_roots_nothing_is_said_of_leaks(void **state)
{
	struct maker m = {.n_sections = 0};
	struct findings *all;
	struct heap *h;

	(void)state;
	maker_block(&m, &(struct hf_block){0x10000, 16, 16, 0, 0, 0});
	h = load(&m);
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
	h = load(&m);
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
	h = load(&m);
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
	h = load(&m);
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
	struct heap *h = load_sample();
	struct findings *all = find(h, NULL, NULL);
	struct baseline *b = baseline_new();
	int fd = mkstemp(name);
	FILE *f = fdopen(fd, "w");

	(void)state;
	assert_non_null(f);
	assert_int_equal(baseline_add(b, all), 0);
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
	struct heap *h = load_sample();

	(void)state;
	assert_int_equal(places_blame(h, &(struct stack){f, 4}), 2);
	assert_int_equal(places_blame(h, &(struct stack){f, 2}), 0);
	assert_int_equal(places_blame(h, &(struct stack){f, 1}), 0);
	heap_free(h);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(globs_match_whole_strings),
		cmocka_unit_test(suppressions_match_as_their_tools_do),
		cmocka_unit_test(operator_new_has_its_names),
		cmocka_unit_test(errors_name_file_and_line),
		cmocka_unit_test(the_built_in_ones_are_sound),
		cmocka_unit_test(generated_suppressions_match_what_they_were_made_of),
		cmocka_unit_test(the_sample_has_a_finding_of_each_kind),
		cmocka_unit_test(without_roots_nothing_is_said_of_leaks),
		cmocka_unit_test(large_blocks_with_a_pointer_inside_are_notes),
		cmocka_unit_test(with_a_suppressed_block_goes_what_it_leads_to),
		cmocka_unit_test(fingerprints_are_of_names_and_not_of_addresses),
		cmocka_unit_test(a_baseline_knows_what_was_there),
		cmocka_unit_test(a_wrong_baseline_is_refused),
		cmocka_unit_test(paths_below_the_root_are_relative),
		cmocka_unit_test(each_kind_has_a_rule_and_a_name_of_its_own),
		cmocka_unit_test(the_innermost_source_of_the_program_is_to_blame),
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
