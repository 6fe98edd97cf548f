/* test_formats.c -- the table of formats, and what is made of it.
 *
 * In:   formats.def, as built: without a library a format is there, and says what is missing.
 * Out:  nothing but tests.
 *
 * SPDX-License-Identifier: MIT
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spoken.h"

#define FOR_ALL_FORMATS(f) for (const struct format *f = formats; f->name; f++)

static void
each_format_has_a_writer_or_says_what_is_missing(void **state)
{
	(void)state;
	FOR_ALL_FORMATS(f)
	{
		bool has_writer =
			f->write || f->write_findings || f->write_diff || f->write_merge;

		if (has_writer == (f->missing != NULL))
			fail_msg("%s: %s", f->name,
				 f->missing ? "missing, and written" : "no writer");
		if (f->write && f->write_findings)
			fail_msg("%s: a report, or findings alone?", f->name);
		if ((f->begin || f->end) && !f->write_findings)
			fail_msg("%s: begins or ends, but has no findings between",
				 f->name);
		assert_true(*f->help != '\0');
	}
}

static void
names_and_extensions_are_one_of_each(void **state)
{
	(void)state;
	FOR_ALL_FORMATS(f)
	{
		assert_int_equal(f->extension[0], '.');
		assert_true(f->extension[1] != '\0');
		for (const struct format *g = f + 1; g->name; g++)
			if (strcmp(f->name, g->name) == 0 ||
			    strcmp(f->extension, g->extension) == 0)
				fail_msg("%s (%s) and %s (%s)", f->name, f->extension,
					 g->name, g->extension);
	}
}

static void
a_format_is_found_by_its_whole_name(void **state)
{
	(void)state;
	FOR_ALL_FORMATS(f)
	assert_ptr_equal(format_named(f->name), f);
	assert_ptr_equal(format_named("text"), formats);
	assert_null(format_named(""));
	assert_null(format_named("tex"));
	assert_null(format_named("texts"));
	assert_null(format_named("JSON"));
}

/* Which are written of what. */
static void
a_format_can_what_it_has_a_writer_for(void **state)
{
	static const struct {
		const char *name;
		bool report, diff, merge;
	} wanted[] = {
		{"text", true, true, true},         {"json", true, true, true},
		{"csv", true, true, true},          {"sarif", true, false, false},
		{"collapsed", true, true, false},   {"difffolded", false, true, false},
		{"speedscope", true, false, false}, {"github", true, false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		const struct format *f = format_named(wanted[i].name);

		assert_int_equal(format_can(f, FORMAT_OF_REPORT), wanted[i].report);
		assert_int_equal(format_can(f, FORMAT_OF_DIFF), wanted[i].diff);
		assert_int_equal(format_can(f, FORMAT_OF_MERGE), wanted[i].merge);
	}
}

static enum options_answer
parse_format_option(const struct format *f)
{
	char option[64];

	snprintf(option, sizeof(option), "--format=%s", f->name);
	return format_can(f, FORMAT_OF_REPORT)
		       ? PARSE(option, "--pager", "x.heap")
		       : PARSE(option, "--pager", "--diff", "x.heap");
}

static void
needs_are_honoured(void **state)
{
	(void)state;
	FOR_ALL_FORMATS(f)
	{
		enum options_answer answer = parse_format_option(f);

		if (f->missing) {
			assert_int_equal(answer, OPTIONS_WRONG);
			assert_non_null(strstr(said, "gcprof was built without"));
			assert_non_null(strstr(said, f->missing));
			continue;
		}
		if (answer != OPTIONS_WORK)
			fail_msg("%s: %s", f->name, said);
		assert_ptr_equal(settings.outputs[0].format, f);
		assert_int_equal(settings.no_symbols, (f->needs & FORMAT_RAW) != 0);
		assert_int_equal(settings.outputs[0].pager == PAGER_ALWAYS,
				 (f->needs & FORMAT_TEXT) != 0);
	}
}

/* Names are looked for if one format of several needs them. */
static void
names_are_left_out_only_if_no_format_needs_them(void **state)
{
	(void)state;
	assert_int_equal(PARSE("--format=blocks:a", "--format=sites-raw:b", "x.heap"),
			 OPTIONS_WORK);
	assert_true(settings.no_symbols);
	assert_int_equal(PARSE("--format=blocks:a", "--format=json:b", "x.heap"),
			 OPTIONS_WORK);
	assert_false(settings.no_symbols);
	assert_int_equal(PARSE("--format=json:a", "--format=blocks:b", "x.heap"),
			 OPTIONS_WORK);
	assert_false(settings.no_symbols);
}

static void
what_is_binary_is_not_for_a_terminal(void **state)
{
	int pty = posix_openpt(O_RDWR | O_NOCTTY), terminal, kept;

	(void)state;
	if (pty < 0 || grantpt(pty) < 0 || unlockpt(pty) < 0)
		skip();
	terminal = open(ptsname(pty), O_RDWR | O_NOCTTY);
	assert_true(terminal >= 0);
	fflush(stdout);
	kept = dup(STDOUT_FILENO);
	FOR_ALL_FORMATS(f)
	{
		enum options_answer answer;

		if (f->missing)
			continue;
		dup2(terminal, STDOUT_FILENO);
		answer = parse_format_option(f);
		dup2(kept, STDOUT_FILENO);
		if ((answer == OPTIONS_WRONG) != ((f->needs & FORMAT_BINARY) != 0))
			fail_msg("%s: %s", f->name, said);
		if (answer == OPTIONS_WRONG)
			assert_non_null(strstr(said, "is not for a terminal"));
	}
	close(kept);
	close(terminal);
	close(pty);
}

/* The line of a format, and those that go on with it, in the list of --format=help. */
static char *
entry_of(const char *list, const char *name)
{
	static char entry[1024];
	char head[64];
	const char *at;
	size_t n = 0;

	snprintf(head, sizeof(head), "\n  %s ", name);
	at = strstr(list, head);
	if (!at)
		return NULL;
	for (at++; *at && n < sizeof(entry) - 1; at++) {
		if (at[0] == '\n' && strncmp(at + 1, "    ", 4) != 0)
			break;
		if (*at != '\n' && !(*at == ' ' && n && entry[n - 1] == ' '))
			entry[n++] = *at;
		else if (*at == '\n')
			entry[n++] = ' ';
	}
	entry[n] = '\0';
	return entry;
}

static void
the_list_has_each_with_extension_and_uses(void **state)
{
	char *list;
	size_t size;
	FILE *f = open_memstream(&list, &size);

	(void)state;
	formats_write(f);
	fclose(f);
	FOR_ALL_FORMATS(format)
	{
		const char *entry = entry_of(list, format->name);

		if (!entry || !strstr(entry, format->extension))
			fail_msg("%s is not in the list as it should be: %s",
				 format->name, entry ? entry : "not at all");
		if (!format->missing) {
			assert_int_equal(strstr(entry, "--merge") != NULL,
					 format_can(format, FORMAT_OF_MERGE));
			assert_int_equal(strstr(entry, "not to a terminal") != NULL,
					 (format->needs & FORMAT_BINARY) != 0);
		}
		assert_int_equal(strstr(entry, "built without") != NULL,
				 format->missing != NULL);
	}
	assert_non_null(strstr(entry_of(list, "text"), "(.txt; also --diff, --merge)"));
	assert_non_null(
		strstr(entry_of(list, "difffolded"), "(.difffolded; only --diff)"));
	assert_non_null(strstr(entry_of(list, "sarif"), "(.sarif)"));
	free(list);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_format_has_a_writer_or_says_what_is_missing),
		cmocka_unit_test(names_and_extensions_are_one_of_each),
		cmocka_unit_test(a_format_is_found_by_its_whole_name),
		cmocka_unit_test(a_format_can_what_it_has_a_writer_for),
		cmocka_unit_test(needs_are_honoured),
		cmocka_unit_test(names_are_left_out_only_if_no_format_needs_them),
		cmocka_unit_test(what_is_binary_is_not_for_a_terminal),
		cmocka_unit_test(the_list_has_each_with_extension_and_uses),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	forget();
	return failed;
}
