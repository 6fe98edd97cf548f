/* test_suppress.c -- which leaks a file of suppressions hides, and what is wrong with the file.
 *
 * In:   texts in LeakSanitizer's and in Valgrind's syntax; a stack made by hand.
 * Not here: what becomes of a leak that is suppressed (test_detect.c).
 *
 * SPDX-License-Identifier: MIT
 */
#include "detect/suppress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "madeheap.h"
#include "model/heap.h"

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
	struct heap *h = made_sample();

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
	struct heap *h = made_sample();

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
		 " missing-free, growth, fragmentation, churn or waste): 'race'"},
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
	struct heap *h = made_sample();

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
	struct heap *h = made_sample();
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

/* ---- which one it is ---- */

static struct suppressions *
parse(const char *text)
{
	struct suppressions *s = suppressions_new();

	assert_non_null(s);
	if (suppressions_add_text(s, "f", text, strlen(text), false))
		fail_msg("%s", s->message);
	return s;
}

static void
the_first_that_matches_is_the_one(void **state)
{
	struct suppressions *s =
		parse("\nleak:other\n{\n  by name\n  Memcheck:Leak\n  fun:malloc\n}\n"
		      "leak:main\n");
	struct heap *h = made_sample();
	struct suppression *x = suppressions_find(s, h, &stack, 1u << HEAPFILE_KIND_MALLOC,
						  GRAPH_DEFINITE);

	assert_int_equal(s->n, 3);
	assert_ptr_equal(x, &s->list[1]);
	assert_string_equal(x->name, "by name");
	assert_string_equal(x->file, "f");
	assert_int_equal(x->line, 3);
	assert_false(x->is_builtin);
	/* malloc is not what allocated them: the next one matches. */
	x = suppressions_find(s, h, &stack, 1u << HEAPFILE_KIND_CALLOC, GRAPH_DEFINITE);
	assert_ptr_equal(x, &s->list[2]);
	assert_string_equal(x->name, "leak:main");
	assert_int_equal(x->line, 8);
	suppressions_free(s);
	heap_free(h);
}

static void
a_kind_of_finding_has_suppressions_of_its_own(void **state)
{
	struct suppressions *s = parse("cache:build\nleak:make_node\n");
	struct heap *h = made_sample();

	assert_ptr_equal(suppressions_find_kind(s, h, &stack, "cache"), &s->list[0]);
	assert_null(suppressions_find_kind(s, h, &stack, "queue"));
	assert_null(suppressions_find_kind(s, h, &stack, "leak"));
	assert_ptr_equal(suppressions_find(s, h, &stack, 1, GRAPH_DEFINITE), &s->list[1]);
	suppressions_free(s);
	s = parse("cache:build\n");
	assert_null(suppressions_find(s, h, &stack, 1, GRAPH_DEFINITE));
	suppressions_free(s);
	s = parse("cache:other\n");
	assert_null(suppressions_find_kind(s, h, &stack, "cache"));
	suppressions_free(s);
	heap_free(h);
}

static void
leak_kinds_are_kept_apart(void **state)
{
	static const char *const words[] = {"definite", "indirect", "possible",
					    "reachable"};
	struct heap *h = made_sample();

	for (int i = 0; i < 4; i++) {
		char text[128];
		struct suppressions *s;

		snprintf(text, sizeof(text),
			 "{\nn\nMemcheck:Leak\nmatch-leak-kinds: %s\nfun:malloc\n}\n",
			 words[i]);
		s = parse(text);
		for (int k = GRAPH_DEFINITE; k <= GRAPH_REACHABLE; k++)
			assert_int_equal(
				suppressions_find(s, h, &stack, 1u << HEAPFILE_KIND_MALLOC,
						  (enum graph_state)k) != NULL,
				graph_state_named(words[i]) == (enum graph_state)k);
		suppressions_free(s);
	}
	heap_free(h);
}

static void
a_frame_without_a_name_is_three_question_marks(void **state)
{
	static struct stack_frame bare[] = {{.offset = 4096},
					    {.file = "/src/main.c", .line = 7}};
	static const struct stack nameless = {bare, 2};
	static const struct {
		const char *frames;
		bool matches;
	} rows[] = {
		{"fun:malloc\nfun:???\n", true},
		{"fun:malloc\nobj:???\n", true},
		{"fun:malloc\nobj:*\n", true},
		{"fun:malloc\nsrc:*\n", false},
		{"fun:malloc\n...\nsrc:main.c:7\n", true},
		{"fun:malloc\n...\nsrc:/src/main.c\n", true},
		{"fun:malloc\n...\nsrc:/main.c\n", false},
		{"fun:malloc\nfun:*\nfun:*\nfun:*\n", false},
		{"...\nfun:*\nfun:*\nfun:*\n", true},
	};
	struct heap *h = made_sample();

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[256];
		struct suppressions *s;

		snprintf(text, sizeof(text), "{\nn\nMemcheck:Leak\n%s}\n", rows[i].frames);
		s = parse(text);
		if (!suppressions_find(s, h, &nameless, 1u << HEAPFILE_KIND_MALLOC,
				       GRAPH_DEFINITE) != !rows[i].matches)
			fail_msg("%s", rows[i].frames);
		suppressions_free(s);
	}
	heap_free(h);
}

/* ---- files ---- */

static void
what_stands_before_an_error_is_in_force(void **state)
{
	static const char text[] =
		"leak:build\n{\nn\nMemcheck:Leak\nfun:malloc\nwrong\n}\nleak:x\n";
	struct suppressions *s = suppressions_new();

	assert_int_equal(suppressions_add_text(s, "f", text, strlen(text), false), -1);
	assert_string_equal(s->message,
			    "f:6: expected fun:, obj:, src: or ..., found 'wrong'");
	assert_int_equal(s->n, 1);
	assert_string_equal(s->list[0].name, "leak:build");
	suppressions_free(s);
}

static void
a_block_may_have_256_frames(void **state)
{
	for (unsigned n = 256; n <= 257; n++) {
		struct suppressions *s = suppressions_new();
		char *text;
		size_t size;
		FILE *f = open_memstream(&text, &size);

		fputs("{\nn\nMemcheck:Leak\n", f);
		for (unsigned i = 0; i < n; i++)
			fputs("fun:x\n", f);
		fputs("}\n", f);
		fclose(f);
		assert_int_equal(suppressions_add_text(s, "f", text, size, false),
				 n == 257 ? -1 : 0);
		if (n == 257)
			assert_string_equal(s->message, "f:260: too many frames");
		else
			assert_int_equal(s->list[0].n_frames, 256);
		suppressions_free(s);
		free(text);
	}
}

static void
a_file_is_read_whole(void **state)
{
	char name[] = "suppress.XXXXXX", line[64];
	struct suppressions *s = suppressions_new();
	FILE *f = fdopen(mkstemp(name), "w");

	for (int i = 0; i < 20000; i++)
		fprintf(f, "leak:function_number_%d\n", i);
	fclose(f);
	assert_int_equal(suppressions_add_file(s, name), 0);
	assert_int_equal(s->n, 20000);
	for (int i = 0; i < 20000; i++) {
		snprintf(line, sizeof(line), "leak:function_number_%d", i);
		assert_string_equal(s->list[i].name, line);
		assert_int_equal(s->list[i].line, i + 1);
		assert_string_equal(s->list[i].file, name);
	}
	unlink(name);
	assert_int_equal(suppressions_add_file(s, name), -1);
	assert_non_null(strstr(s->message, "No such file"));
	assert_int_equal(suppressions_add_file(s, "."), -1);
	assert_int_equal(s->n, 20000);
	suppressions_free(s);
}

/* ---- generating ---- */

static char *
generate(const struct heap *h, const struct stack *of, uint32_t kinds)
{
	char *text;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	suppress_generate(f, h, of, kinds, GRAPH_POSSIBLE, "name");
	fclose(f);
	return text;
}

static void
generated_text_names_what_is_known_of_each_frame(void **state)
{
	static struct stack_frame mixed[] = {
		{.function = "strdup", .symbol = "__strdup", .module = 2},
		{.module = 1},
		{.function = "ma\nin", .symbol = "ma\nin"},
		{.special = "(stack cut: too many frames)"},
		{.function = "beyond", .symbol = "beyond"},
	};
	static const struct stack of = {mixed, 5}, none = {mixed + 1, 1};
	struct heap *h = made_sample();
	char *text = generate(h, &of, 1u << HEAPFILE_KIND_MALLOC);

	assert_non_null(strstr(text, "leak:strdup\n{\n   name\n   Memcheck:Leak\n"
				     "   match-leak-kinds: possible\n   fun:malloc\n"
				     "   fun:__strdup\n   obj:/opt/demo\n   fun:ma"));
	assert_null(strstr(text, "ma\nin"));
	assert_null(strstr(text, "beyond"));
	free(text);
	/* Blocks of two allocators: either. */
	text = generate(h, &none, 1u << HEAPFILE_KIND_MALLOC | 1u << HEAPFILE_KIND_CALLOC);
	assert_string_equal(
		text, "leak:demo\n{\n   name\n   Memcheck:Leak\n"
		      "   match-leak-kinds: possible\n   fun:*\n   obj:/opt/demo\n}\n");
	free(text);
	heap_free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(globs_match_whole_strings),
		cmocka_unit_test(suppressions_match_as_their_tools_do),
		cmocka_unit_test(operator_new_has_its_names),
		cmocka_unit_test(errors_name_file_and_line),
		cmocka_unit_test(the_built_in_ones_are_sound),
		cmocka_unit_test(generated_suppressions_match_what_they_were_made_of),
		cmocka_unit_test(the_first_that_matches_is_the_one),
		cmocka_unit_test(a_kind_of_finding_has_suppressions_of_its_own),
		cmocka_unit_test(leak_kinds_are_kept_apart),
		cmocka_unit_test(a_frame_without_a_name_is_three_question_marks),
		cmocka_unit_test(what_stands_before_an_error_is_in_force),
		cmocka_unit_test(a_block_may_have_256_frames),
		cmocka_unit_test(a_file_is_read_whole),
		cmocka_unit_test(generated_text_names_what_is_known_of_each_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
