/* test_layout.c -- names, paths, sentences and stacks in the columns of a report.
 *
 * In:   texts and stacks made by hand.
 * Out:  nothing but tests.
 * Not here: what a report says.
 *
 * A stream that is no terminal has 80 columns, and no colours unless they are wanted
 * everywhere.
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

#include <cmocka.h>

#include "heapmaker.h"
#include "model/heap.h"
#include "report/columns.h"
#include "report/frames.h"
#include "util/terminal.h"

#define E_ACUTE "\xc3\xa9"

/* ---- what was written ---- */

static char *text;
static size_t text_n;
static FILE *out;

static int
begin(void **state)
{
	(void)state;
	out = open_memstream(&text, &text_n);
	return out ? 0 : -1;
}

static int
end(void **state)
{
	(void)state;
	fclose(out);
	free(text);
	text = NULL;
	terminal_color(TERMINAL_NEVER);
	return 0;
}

/* All that was written is this; then begin anew. */
static void
wrote(const char *wanted)
{
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, wanted);
	free(text);
	assert_int_equal(begin(NULL), 0);
}

static void
put_short(const char *bytes, size_t columns, const char *wanted)
{
	layout_short(out, bytes, strlen(bytes), columns);
	wrote(wanted);
}

static void
put_function(const char *function, size_t columns, const char *wanted)
{
	layout_function(out, function, columns);
	wrote(wanted);
}

static void
put_path(const char *path, size_t columns, const char *wanted)
{
	layout_path(out, path, columns);
	wrote(wanted);
}

/* ---- texts ---- */

static void
a_text_is_cut_at_its_end(void **state)
{
	(void)state;
	put_short("abcdef", 6, "abcdef");
	put_short("abcdefg", 6, "abc...");
	put_short("abcdefg", 4, "a...");
	put_short("", 6, "");
	layout_short(out, "abcdef", 3, 6); /* bytes beyond the length are not read */
	wrote("abc");
}

static void
columns_are_characters_and_none_is_cut_in_two(void **state)
{
	(void)state;
	put_short(E_ACUTE E_ACUTE E_ACUTE E_ACUTE, 4, E_ACUTE E_ACUTE E_ACUTE E_ACUTE);
	put_short(E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE, 4, E_ACUTE "...");
	put_short("ab\x1b[31mc", 20, "ab\xef\xbf\xbd[31mc"); /* nothing for the terminal */
}

static void
a_text_that_is_empty_is_unknown(void **state)
{
	char name[] = "a long name";

	(void)state;
	layout_text(out, &(struct heap_text){name, 0}, 20);
	wrote("(unknown)");
	layout_text(out, &(struct heap_text){name, sizeof(name) - 1}, 8);
	wrote("a lon...");
}

/* ---- functions ---- */

static void
a_function_loses_the_deepest_template_arguments_first(void **state)
{
	static const char name[] = "f<std::map<int, std::vector<char> > >(int)";

	(void)state;
	put_function(name, 42, name);
	put_function(name, 41, "f<std::map<int, std::vector<...> > >(int)");
	put_function(name, 40, "f<std::map<...> >(int)");
	put_function(name, 22, "f<std::map<...> >(int)");
	put_function(name, 21, "f<...>(int)");
}

static void
then_its_arguments_then_its_outer_scopes_then_its_middle(void **state)
{
	(void)state;
	put_function("load_table(char const*, unsigned long)", 20, "load_table(...)");
	put_function("load_table(char const*, unsigned long)", 12, "load_table");
	put_function("alpha::beta::gamma::load_table()", 32,
		     "alpha::beta::gamma::load_table()");
	put_function("alpha::beta::gamma::load_table()", 31,
		     "...beta::gamma::load_table()");
	put_function("alpha::beta::gamma::load_table()", 22, "...gamma::load_table()");
	put_function("alpha::beta::gamma::load_table()", 21, "...load_table()");
	put_function("a_very_long_name_without_scopes", 15, "a_ver..._scopes");
	/* No character is cut in two. */
	put_function(E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE E_ACUTE, 11,
		     E_ACUTE "..." E_ACUTE E_ACUTE);
}

static void
operators_and_arrows_are_no_brackets(void **state)
{
	(void)state;
	put_function("operator<(std::vector<std::allocator<int> > const&)", 30,
		     "operator<(...)");
	put_function("operator-><Session>(std::vector<std::allocator<int> > const&)", 40,
		     "operator-><Session>(...)");
	put_function("f<decltype(a->b), std::vector<int> >(int)", 20, "f<...>(int)");
}

static void
of_a_rust_method_the_type_stays_and_the_trait_goes(void **state)
{
	static const char name[] = "<app::Server as core::Service<app::Request>>::handle";

	(void)state;
	put_function(name, 52, name);
	put_function(name, 51, "<app::Server as core::Service<...>>::handle");
	put_function(name, 40, "<app::Server as ...>::handle");
	put_function(name, 20, "...handle");
	put_function("<<A as Into<B>>::Item as core::clone::Clone>::clone", 36,
		     "<<...>::Item as ...>::clone");
}

static void
a_phrase_keeps_its_words_and_shortens_the_function_in_it(void **state)
{
	static const char phrase[] =
		"a mapping (made in f<std::vector<int> >(int, char))";

	(void)state;
	layout_phrase(out, phrase, 51);
	wrote(phrase);
	layout_phrase(out, phrase, 45);
	wrote("a mapping (made in f<...>(int, char))");
	layout_phrase(out, phrase, 36);
	wrote("a mapping (made in f<...>(...))");
	layout_phrase(out, phrase, 20);
	wrote("a mapping (made i...");
}

/* ---- paths ---- */

static void
a_path_loses_its_first_directories(void **state)
{
	(void)state;
	put_path("/usr/src/app/main.c", 19, "/usr/src/app/main.c");
	put_path("/usr/src/app/main.c", 18, ".../src/app/main.c");
	put_path("/usr/src/app/main.c", 17, ".../app/main.c");
	put_path("/usr/src/app/main.c", 10, ".../main.c");
	put_path("/usr/src/app/main.c", 9, "...main.c");
	put_path("relative_name.c", 10, "...relativ...");
}

/* ---- sentences ---- */

static void
a_sentence_breaks_between_words(void **state)
{
	/* 40 letters and a space, twice: 80 columns with an indent of none do not fit. */
	static const char half[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmn";
	char sentence[200];

	(void)state;
	snprintf(sentence, sizeof(sentence), "%s %.39s", half, half);
	layout_sentence(out, sentence, 0);
	strcat(sentence, "\n"); /* exactly 80 */
	wrote(sentence);
	snprintf(sentence, sizeof(sentence), "%s %s", half, half);
	layout_sentence(out, sentence, 0);
	sentence[40] = '\n';
	strcat(sentence, "\n");
	wrote(sentence);
	layout_sentence(out, "one two", 4);
	wrote("    one two\n");
	snprintf(sentence, sizeof(sentence), "%s %s", half, half);
	layout_sentence(out, sentence, 2);
	wrote("  abcdefghijklmnopqrstuvwxyzabcdefghijklmn\n"
	      "  abcdefghijklmnopqrstuvwxyzabcdefghijklmn\n");
	/* The indent counts on each line: there is room for 37 letters, not for 38. */
	for (int more = 37; more <= 38; more++) {
		snprintf(sentence, sizeof(sentence), "%s %s %.*s", half, half, more, half);
		layout_sentence(out, sentence, 2);
		snprintf(sentence, sizeof(sentence), "  %s\n  %s%s%.*s\n", half, half,
			 more == 37 ? " " : "\n  ", more, half);
		wrote(sentence);
	}
}

static void
a_word_longer_than_a_line_stands_alone(void **state)
{
	char word[101] = "", wanted[120];

	(void)state;
	memset(word, 'w', 100);
	layout_rest(out, word, 10, 3);
	snprintf(wanted, sizeof(wanted), "%s\n", word);
	wrote(wanted);
}

static void
the_rest_of_a_line_knows_what_stands_before_it(void **state)
{
	char words[100];

	(void)state;
	memset(words, 'a', 40);
	strcpy(words + 40, " b c");
	layout_rest(out, words, 37, 5); /* up to column 79 with " b" */
	words[42] = '\0';
	strcat(words, "\n     c\n");
	wrote(words);
}

static void
a_number_stays_with_its_unit(void **state)
{
	(void)state;
	/* To column 80 without " MiB", " % of", " < 0.001" and " < b". */
	layout_rest(out, "for each 512.0 MiB", 67, 2);
	wrote("for each\n  512.0 MiB\n");
	layout_rest(out, "not 95 % of it", 73, 2);
	wrote("not\n  95 % of it\n");
	layout_rest(out, "steadily (p < 0.001)", 70, 2);
	wrote("steadily\n  (p < 0.001)\n");
	layout_rest(out, "steadily a < b", 70, 2);
	wrote("steadily a\n  < b\n");
}

/* ---- colours ---- */

static void
a_heading_is_underlined(void **state)
{
	(void)state;
	layout_heading(out, "Findings");
	wrote("\nFindings\n--------\n");
	layout_level(out, FINDING_WARNING);
	wrote("warning");
}

/* What is left of a text without its escape sequences. */
static void
strip_colours(char *s)
{
	char *to = s;

	for (const char *p = s; *p; p++) {
		if (*p == '\x1b')
			p += strcspn(p, "m");
		else
			*to++ = *p;
	}
	*to = '\0';
}

static void
colours_only_add_sequences(void **state)
{
	const struct stack_frame frame = {
		.function = "serve", .file = "server.c", .line = 7};

	(void)state;
	terminal_color(TERMINAL_ALWAYS);
	layout_level(out, FINDING_ERROR);
	layout_frame_in(out, NULL, &frame);
	assert_int_equal(fflush(out), 0);
	assert_int_equal(text[0], '\x1b');
	strip_colours(text);
	assert_string_equal(text, "error      serve  server.c:7\n");
	terminal_color(TERMINAL_NEVER);
}

/* ---- frames ---- */

static void
put_frame(const struct stack_frame *frame, const char *module, const char *wanted)
{
	layout_frame_in(out, module, frame);
	wrote(wanted);
}

static void
a_frame_has_its_source_or_its_module(void **state)
{
	struct stack_frame f = {.function = "serve",
				.file = "/src/app/server.c",
				.line = 120,
				.module = 1,
				.offset = 0x40};

	(void)state;
	put_frame(&f, "/opt/app", "      serve  /src/app/server.c:120\n");
	f.is_inlined = true;
	put_frame(&f, "/opt/app", "      serve  /src/app/server.c:120  [inlined]\n");
	f.is_inlined = false;
	f.line = 0;
	put_frame(&f, "/opt/app", "      serve  /src/app/server.c\n");
	f.file = "/src/app/build/../lib/server.c";
	put_frame(&f, "/opt/app", "      serve  /src/app/lib/server.c\n");
	f.file = "../../lib/server.c"; /* of what is above nothing is known */
	put_frame(&f, "/opt/app", "      serve  ../../lib/server.c\n");
	f.file = NULL;
	put_frame(&f, "/opt/app", "      serve  (app+0x40)\n");
	f.function = NULL;
	put_frame(&f, "/opt/app", "      app+0x40\n");
	f.offset = 0;
	f.function = "serve";
	put_frame(&f, "/opt/app", "      serve  (app)\n");
	put_frame(&f, NULL, "      serve  (module 1)\n");
	f.module = 0;
	f.offset = 0x7f00;
	put_frame(&f, NULL, "      serve  (0x7f00)\n");
	f.special = "(stack cut)";
	put_frame(&f, NULL, "      (stack cut)\n");
}

static void
a_long_path_gives_way_before_a_long_function(void **state)
{
	struct stack_frame f = {
		.function = "serve",
		.file = "/a/very/long/directory/of/some/other/person/with/long/names/"
			"server.c",
		.line = 7,
	};

	(void)state;
	put_frame(&f, NULL, "      serve  .../person/with/long/names/server.c:7\n");
	f.function = "namespace_a::namespace_b::a_function_with_a_long_name(int)";
	put_frame(&f,
		  NULL, "      ...a_function_with_a_long_name(int)  .../with/long/names/server.c:7\n");
	f.file = "server.c";
	put_frame(&f, NULL,
		  "      namespace_a::namespace_b::a_function_with_a_long_name(int)  "
		  "server.c:7\n");
}

static void
what_is_outside_of_main_is_not_shown(void **state)
{
	struct stack_frame frames[] = {
		{.function = "malloc"}, {.function = NULL},
		{.function = "main"},   {.function = "__libc_start_call_main"},
		{.function = "_start"},
	};
	struct stack s = {frames, 5};

	(void)state;
	assert_int_equal(layout_n_shown_frames(&s), 3);
	frames[3].function = "clone3";
	assert_int_equal(layout_n_shown_frames(&s), 3);
	frames[3].function = "clone_session";
	assert_int_equal(layout_n_shown_frames(&s), 5);
	/* One frame is shown in any case. */
	frames[0].function = "clone";
	assert_int_equal(layout_n_shown_frames(&s), 5);
}

static void
a_stack_is_cut_to_the_frames_wanted(void **state)
{
	struct maker m = {.n_sections = 0};
	struct report r = {.symbols = NULL};
	struct hf_error e;
	uint32_t site = 0;
	uint8_t *bytes;
	struct heap *h;
	size_t n;

	(void)state;
	maker_number(&m, "pid", 1);
	maker_number(&m, "complete", 1);
	maker_module(&m, 0x400000, 0x10000, 0x400000, "", "/opt/demo");
	site = maker_site(&m, site, 0, 1, 0x10, 0, 0);
	for (int i = 0; i < 3; i++) /* a function that calls itself */
		site = maker_site(&m, site, 0, 1, 0x20, 0, 0);
	site = maker_site(&m, site, 0, 1, 0x30, 0, 0);
	site = maker_site(&m, site, 0, 1, 0x40, 1, 1);
	bytes = maker_finish(&m, &n);
	h = heap_load(bytes, n, 0, NULL, NULL, &e);
	if (!h)
		fail_msg("%s: %s", e.section, e.message);
	r.heap = h;
	r.options.frames = 0;
	layout_stack(&r, out, site);
	wrote("      demo+0x40\n      demo+0x30\n      demo+0x20\n      (3 times)\n"
	      "      demo+0x10\n");
	r.options.frames = 2;
	layout_stack(&r, out, site);
	wrote("      demo+0x40\n      demo+0x30\n      ... 4 more\n");
	r.options.frames = 3; /* the last one takes no more room than its number */
	layout_stack(&r, out, site);
	wrote("      demo+0x40\n      demo+0x30\n      demo+0x20\n      (3 times)\n"
	      "      demo+0x10\n");
	free(bytes);
	maker_free(&m);
	heap_free(h);
}

#define WITH_STREAM(test) cmocka_unit_test_setup_teardown(test, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STREAM(a_text_is_cut_at_its_end),
		WITH_STREAM(columns_are_characters_and_none_is_cut_in_two),
		WITH_STREAM(a_text_that_is_empty_is_unknown),
		WITH_STREAM(a_function_loses_the_deepest_template_arguments_first),
		WITH_STREAM(then_its_arguments_then_its_outer_scopes_then_its_middle),
		WITH_STREAM(operators_and_arrows_are_no_brackets),
		WITH_STREAM(of_a_rust_method_the_type_stays_and_the_trait_goes),
		WITH_STREAM(a_phrase_keeps_its_words_and_shortens_the_function_in_it),
		WITH_STREAM(a_path_loses_its_first_directories),
		WITH_STREAM(a_sentence_breaks_between_words),
		WITH_STREAM(a_word_longer_than_a_line_stands_alone),
		WITH_STREAM(the_rest_of_a_line_knows_what_stands_before_it),
		WITH_STREAM(a_number_stays_with_its_unit),
		WITH_STREAM(a_heading_is_underlined),
		WITH_STREAM(colours_only_add_sequences),
		WITH_STREAM(a_frame_has_its_source_or_its_module),
		WITH_STREAM(a_long_path_gives_way_before_a_long_function),
		WITH_STREAM(what_is_outside_of_main_is_not_shown),
		WITH_STREAM(a_stack_is_cut_to_the_frames_wanted),
	};

	return cmocka_run_group_tests_name("layout", tests, NULL, NULL);
}
