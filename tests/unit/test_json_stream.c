/* test_json_stream.c -- JSON that is written piece by piece.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/json_stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *
text_of(const char *text)
{
	char *written;
	size_t n;
	FILE *f = open_memstream(&written, &n);

	json_stream_text(f, text);
	assert_int_equal(fclose(f), 0);
	return written;
}

static void
a_text_is_escaped_as_jansson_does(void **state)
{
	for (int c = 1; c < 128; c++) {
		const char text[] = {'a', (char)c, 'b', (char)c, '\0'};
		json_t *json = json_string(text);
		char *other = json_dumps(json, JSON_ENCODE_ANY), *written = text_of(text);

		assert_string_equal(written, other);
		free(written);
		free(other);
		json_decref(json);
	}
}

static void
what_was_written_reads_back_as_the_same_text(void **state)
{
	static const char *const texts[] = {"",
					    "plain",
					    "\"",
					    "\\",
					    "\\\"\n",
					    "std::map<int, \"x\">\t\x1f",
					    "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
					    "</script>"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		char *written = text_of(texts[i]);
		json_t *json = json_loads(written, JSON_DECODE_ANY, NULL);

		assert_non_null(json);
		assert_string_equal(json_string_value(json), texts[i]);
		json_decref(json);
		free(written);
	}
}

static void
no_text_is_an_empty_one_and_no_value_is_null(void **state)
{
	char *written = text_of(NULL);
	size_t n;
	FILE *f;

	assert_string_equal(written, "\"\"");
	free(written);
	f = open_memstream(&written, &n);
	json_stream_value(f, NULL);
	json_stream_value(f, json_pack("{s:i, s:[s]}", "a", 1, "b", "c"));
	fclose(f);
	assert_string_equal(written, "null{\"a\":1,\"b\":[\"c\"]}");
	free(written);
}

static void
items_are_separated_and_the_first_follows_its_bracket(void **state)
{
	bool has_begun = false;
	char *written;
	size_t n;
	FILE *f = open_memstream(&written, &n);

	putc('[', f);
	for (int i = 0; i < 3; i++) {
		json_stream_next(f, &has_begun);
		json_stream_value(f, json_integer(i));
	}
	putc(']', f);
	fclose(f);
	assert_string_equal(written, "[0,\n1,\n2]");
	free(written);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_is_escaped_as_jansson_does),
		cmocka_unit_test(what_was_written_reads_back_as_the_same_text),
		cmocka_unit_test(no_text_is_an_empty_one_and_no_value_is_null),
		cmocka_unit_test(items_are_separated_and_the_first_follows_its_bracket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
