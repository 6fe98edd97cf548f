/* test_text.c -- words and figures that are safe to show, and words that were meant.
 *
 * In:   nothing.
 * Out:  nothing but tests.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util/complain.h"
#include "util/text.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

static void
utf8_is(const char *bytes, size_t n, bool is_terminal, const char *wanted)
{
	char *got = text_utf8(bytes, n, is_terminal);

	assert_string_equal(got, wanted);
	free(got);
}

static void
valid_text_stays_as_it_is(void **state)
{
	(void)state;
	utf8_is("", 0, true, "");
	utf8_is("plain ~", 7, true, "plain ~");
	utf8_is("gr\xc3\xb6\xc3\x9f"
		"er",
		8, true,
		"gr\xc3\xb6\xc3\x9f"
		"er");
	utf8_is("\xe2\x82\xac", 3, true, "\xe2\x82\xac");
	utf8_is("\xf0\x9f\x90\x9e", 4, true, "\xf0\x9f\x90\x9e");
}

static void
what_is_no_utf8_is_replaced(void **state)
{
	static const char *const wrong[] = {
		"\x80",             /* goes on without a beginning */
		"\xc0\xaf",         /* longer than need be */
		"\xe0\x80\xaf",     /* the same */
		"\xed\xa0\x80",     /* a surrogate */
		"\xf4\x90\x80\x80", /* beyond U+10FFFF */
		"\xe2\x82",         /* ends too soon */
		"\xff",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		char *got = text_utf8(wrong[i], strlen(wrong[i]), false);

		assert_non_null(strstr(got, REPLACEMENT));
		/* Nothing but replacements is left of it. */
		assert_int_equal(strlen(got) % 3, 0);
		for (size_t k = 0; got[k]; k += 3)
			assert_memory_equal(got + k, REPLACEMENT, 3);
		free(got);
	}
}

static void
what_steers_a_terminal_is_replaced(void **state)
{
	(void)state;
	utf8_is("a\x1b[2Jb", 6, true, "a" REPLACEMENT "[2Jb");
	utf8_is("a\nb", 3, false, "a\nb"); /* its caller escapes it */
	utf8_is("\x7f", 1, false, REPLACEMENT);
	utf8_is("\xc2\x9b", 2, false, REPLACEMENT);     /* CSI, a C1 control */
	utf8_is("\xe2\x80\xae", 3, false, REPLACEMENT); /* right-to-left override */
	utf8_is("\xe2\x81\xa6", 3, false, REPLACEMENT); /* left-to-right isolate */
}

static void
a_nul_inside_is_no_end(void **state)
{
	char *got = text_utf8("a\0b", 3, true);

	(void)state;
	assert_non_null(strchr(got, 'b'));
	free(got);
}

static void
a_command_line_is_one_line(void **state)
{
	char *got = text_command("ls\0-l\0a b\0", 10);

	(void)state;
	assert_string_equal(got, "ls -l a b");
	free(got);
}

static void
sizes_are_short(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} rows[] = {{0, "0 B"},
		    {1, "1 B"},
		    {1023, "1023 B"},
		    {1024, "1.0 KiB"},
		    {1536, "1.5 KiB"},
		    {1 << 20, "1.0 MiB"},
		    {(uint64_t)1 << 30, "1.0 GiB"},
		    {(uint64_t)3 << 40, "3.0 TiB"}};
	char buf[24];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(text_size(rows[i].bytes, buf, sizeof(buf)),
				    rows[i].text);
}

static void
p_values_are_bounded_below(void **state)
{
	char buf[32];

	(void)state;
	assert_string_equal(text_p_value(4.2e-05, buf, sizeof(buf)), "p < 0.001");
	assert_string_equal(text_p_value(0, buf, sizeof(buf)), "p < 0.001");
	assert_string_equal(text_p_value(0.0042, buf, sizeof(buf)), "p = 0.004");
	assert_string_equal(text_p_value(0.0123, buf, sizeof(buf)), "p = 0.01");
	assert_string_equal(text_p_value(1, buf, sizeof(buf)), "p = 1.00");
}

static void
counts_have_commas(void **state)
{
	char buf[32];

	(void)state;
	assert_string_equal(text_count(0, buf, sizeof(buf)), "0");
	assert_string_equal(text_count(999, buf, sizeof(buf)), "999");
	assert_string_equal(text_count(1000, buf, sizeof(buf)), "1,000");
	assert_string_equal(text_count(1234567, buf, sizeof(buf)), "1,234,567");
	assert_string_equal(text_count(UINT64_MAX, buf, sizeof(buf)),
			    "18,446,744,073,709,551,615");
}

static void
formulas_are_known_by_their_first_character(void **state)
{
	(void)state;
	assert_true(text_is_formula("=1+1"));
	assert_true(text_is_formula("+1"));
	assert_true(text_is_formula("-1"));
	assert_true(text_is_formula("@SUM(A1)"));
	assert_true(text_is_formula("\t=1"));
	assert_false(text_is_formula(""));
	assert_false(text_is_formula("a=1"));
}

static void
the_name_after_the_last_slash(void **state)
{
	(void)state;
	assert_string_equal(text_basename("/usr/lib/libc.so.6"), "libc.so.6");
	assert_string_equal(text_basename("app"), "app");
}

/* ---- what was meant ---- */

static const char *const words[] = {"format", "top", "focus", "fail-on", "snapshot"};

static const char *
word(const void *with, size_t i)
{
	return ((const char *const *)with)[i];
}

static const char *
meant(const char *wrong)
{
	return complain_meant(wrong, sizeof(words) / sizeof(*words), word, words);
}

static void
a_slip_of_two_letters_is_understood(void **state)
{
	(void)state;
	assert_string_equal(meant("fromat"), "format");  /* swapped */
	assert_string_equal(meant("forat"), "format");   /* one too few */
	assert_string_equal(meant("formmat"), "format"); /* one too many */
	assert_string_equal(meant("farmat"), "format");  /* another */
	assert_string_equal(meant("snpashto"), "snapshot");
	assert_string_equal(meant("fail_on"), "fail-on");
	assert_string_equal(meant("tpo"), "top");
}

static void
another_word_is_not_taken_for_a_slip(void **state)
{
	(void)state;
	assert_null(meant("nonsense"));
	assert_null(meant("t")); /* "top" has little more than what is missing */
	assert_null(meant(""));
	assert_null(meant("a-word-that-is-longer-than-any-option-there-is-or-will-be"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_text_stays_as_it_is),
		cmocka_unit_test(what_is_no_utf8_is_replaced),
		cmocka_unit_test(what_steers_a_terminal_is_replaced),
		cmocka_unit_test(a_nul_inside_is_no_end),
		cmocka_unit_test(a_command_line_is_one_line),
		cmocka_unit_test(sizes_are_short),
		cmocka_unit_test(p_values_are_bounded_below),
		cmocka_unit_test(counts_have_commas),
		cmocka_unit_test(formulas_are_known_by_their_first_character),
		cmocka_unit_test(the_name_after_the_last_slash),
		cmocka_unit_test(a_slip_of_two_letters_is_understood),
		cmocka_unit_test(another_word_is_not_taken_for_a_slip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
