/* test_options.c -- how gcprof-analyze reads its command line, and tables of options.
 *
 * In:   command lines; the list of options that --help and completion are made of.
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
#include <unistd.h>

#include <cmocka.h>

#include "spoken.h"
#include "util/option_table.h"

static void
is_refused(const char *option, const char *why)
{
	if (PARSE(option, "x.heap") != OPTIONS_WRONG)
		fail_msg("'%s' is taken", option);
	if (!strstr(said, why))
		fail_msg("'%s': said '%s', and not '%s'", option, said, why);
}

static void
is_taken(const char *option)
{
	if (PARSE(option, "x.heap") != OPTIONS_WORK)
		fail_msg("'%s' is refused: %s", option, said);
}

/* ---- options by themselves ---- */

static void
without_options_there_is_one_text_for_standard_output(void **state)
{
	(void)state;
	assert_int_equal(PARSE("x.heap"), OPTIONS_WORK);
	assert_string_equal(said, "");
	assert_int_equal(optind, 1);
	assert_int_equal(settings.n_outputs, 1);
	assert_string_equal(settings.outputs[0].format->name, "text");
	assert_null(settings.outputs[0].path);
	assert_int_equal(settings.outputs[0].pager, PAGER_AUTO);
	assert_int_equal(settings.fail_on, FAIL_NEVER);
	assert_false(settings.has_top || settings.has_frames || settings.has_sort);
	assert_false(settings.diff || settings.merge || settings.each ||
		     settings.no_symbols);
	assert_int_equal(settings.detect.graph.roots_off, 0);
	assert_int_equal(settings.n_questions, 0);
	assert_true(settings.detect.suppressions->n > 0); /* those built in */
	is_taken("--no-builtin-suppressions");
	assert_int_equal(settings.detect.suppressions->n, 0);
}

static void
help_and_version_are_answers_of_their_own(void **state)
{
	(void)state;
	assert_int_equal(PARSE("--help"), OPTIONS_HELP);
	assert_int_equal(PARSE("--version"), OPTIONS_VERSION);
	assert_int_equal(PARSE("--format=help"), OPTIONS_FORMATS);
	assert_int_equal(PARSE("--top=3", "--help", "--nonsense"), OPTIONS_HELP);
}

static void
a_snapshot_must_be_there(void **state)
{
	char empty[] = "/tmp/gcprof-test-options.XXXXXX";
	int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_true(here >= 0);
	assert_non_null(mkdtemp(empty));
	assert_int_equal(chdir(empty), 0);
	assert_int_equal(PARSE("--top=3"), OPTIONS_WRONG);
	assert_non_null(
		strstr(said, "no snapshot given, and none in the working directory"));
	assert_int_equal(PARSE("--merge"), OPTIONS_WRONG);
	assert_non_null(strstr(said, "--merge takes those of several processes"));
	assert_int_equal(fchdir(here), 0);
	assert_int_equal(rmdir(empty), 0);
	close(here);
}

static void
values_arrive_in_the_settings(void **state)
{
	(void)state;
	assert_int_equal(PARSE("--top=7", "--frames", "3", "--sort=age", "--cohort=old",
			       "--min-age=4", "--born=3..9", "--fail-on=warning",
			       "--color=never", "--pager", "--leak-heuristics=none",
			       "--show-reachable", "x.heap", "y.heap"),
			 OPTIONS_WORK);
	assert_true(settings.has_top && settings.has_frames && settings.has_sort);
	assert_int_equal(settings.report.top, 7);
	assert_int_equal(settings.report.frames, 3);
	assert_int_equal(settings.report.sort, ORDER_AGE);
	assert_int_equal(settings.report.filter.cohort, HEAP_OLD);
	assert_int_equal(settings.report.filter.min_age, 4);
	assert_true(settings.report.filter.by_birth);
	assert_int_equal(settings.report.filter.first_birth, 3);
	assert_int_equal(settings.report.filter.last_birth, 9);
	assert_string_equal(settings.report.filter_text,
			    "--cohort=old --min-age=4 --born=3..9");
	assert_int_equal(settings.fail_on, FINDING_WARNING);
	assert_int_equal(settings.outputs[0].pager, PAGER_ALWAYS);
	assert_true(settings.detect.graph.no_heuristics);
	assert_true(settings.detect.show_reachable);
	assert_string_equal(given[optind], "x.heap");
}

static void
bad_values_are_refused_by_name(void **state)
{
	(void)state;
	is_refused("--top=many", "--top: invalid number 'many'");
	is_refused("--top=-1", "--top: invalid number '-1'");
	is_refused("--top=3x", "--top: invalid number '3x'");
	is_refused("--top=", "--top: invalid number ''");
	is_refused("--born=", "--born: invalid epochs ''; one is as 12, several are as "
			      "12..30, 12.. or ..30");
	is_refused("--born=..", "--born: invalid epochs '..'");
	is_refused("--born=x", "--born: invalid epochs 'x'");
	is_refused("--born=3..x", "--born: invalid epochs '3..x'");
	is_refused("--born=-1..3", "--born: invalid epochs '-1..3'");
	is_refused("--born=1..99999999999999999999", "--born: invalid epochs");
	is_refused("--born=9..3", "--born: '9..3' ends before it begins");
	is_refused("--frames=99999999999999999999", "--frames: ");
	is_refused("--cohort=middle",
		   "--cohort: invalid value 'middle'; one of all, young, old");
	is_refused("--sort=size", "--sort: invalid value 'size'; one of live, old");
	is_refused("--fail-on=all",
		   "--fail-on: invalid value 'all'; one of error, warning, note, never");
	is_refused("--focus=a(", "--focus: 'a(': ");
	is_refused("--block=here", "--block: invalid address 'here'");
	is_refused("--suppressions=/nonexistent/file", "/nonexistent/file");
	is_refused("--baseline=/nonexistent/file", "--baseline: '/nonexistent/file': ");
	is_refused("--format=xml", "--format: unknown format 'xml'; one of text, json");
	is_refused("--format=json:", "missing file name after the colon");
}

static void
an_argument_is_there_where_it_belongs(void **state)
{
	(void)state;
	assert_int_equal(PARSE("--top"), OPTIONS_WRONG);
	assert_string_equal(said, "gcprof: option '--top' requires an argument\n");
	assert_int_equal(PARSE("-o"), OPTIONS_WRONG);
	assert_string_equal(said, "gcprof: option -o requires an argument\n");
	is_refused("--diff=yes", "option '--diff=yes' takes no argument");
	is_refused("-x", "invalid option -x");
}

static void
what_was_meant_is_named(void **state)
{
	(void)state;
	is_refused("--fromat=json",
		   "unrecognized option '--fromat=json'; did you mean --format?");
	is_refused("--supressions=x", "did you mean --suppressions?");
	is_refused("--mereg", "did you mean --merge?");
	is_refused("--format=jsno", "unknown format 'jsno'; did you mean json?");
	is_refused("--format=spedscope:x", "did you mean speedscope?");
	is_refused("--nonsense",
		   "unrecognized or ambiguous option '--nonsense'; try --help");
}

static void
roots_are_those_named_or_all_but_those(void **state)
{
	(void)state;
	is_taken("--roots=all");
	assert_int_equal(settings.detect.graph.roots_off, 0);
	is_taken("--roots=no-stacks");
	assert_int_not_equal(settings.detect.graph.roots_off, 0);
	uint32_t stacks = settings.detect.graph.roots_off;
	is_taken("--roots=stacks");
	assert_int_equal(settings.detect.graph.roots_off, ~stacks);
	is_taken("--roots=no-stacks,no-tls");
	assert_int_equal(settings.detect.graph.roots_off & stacks, stacks);
	assert_int_not_equal(settings.detect.graph.roots_off, stacks);
	is_refused("--roots=no-heap", "unknown kind of root 'no-heap'");
	is_refused("--roots=stack", "unknown kind of root 'stack'");
}

/* ---- options together ---- */

static void
one_format_goes_to_standard_output_the_others_to_files(void **state)
{
	(void)state;
	assert_int_equal(
		PARSE("--format=json:a.json", "--format=text", "--no-pager", "x.heap"),
		OPTIONS_WORK);
	assert_int_equal(settings.n_outputs, 2);
	assert_string_equal(settings.outputs[0].path, "a.json");
	assert_null(settings.outputs[1].path);
	assert_int_equal(settings.outputs[1].pager, PAGER_NEVER);
	assert_int_equal(PARSE("--format=json:a.json", "--format=text", "-o", "b", "x.heap"),
			 OPTIONS_WORK);
	assert_string_equal(settings.outputs[1].path, "b");
	assert_int_equal(PARSE("--format=json", "--format=text", "x.heap"), OPTIONS_WRONG);
	assert_non_null(strstr(said, "only one may be without :FILE"));
	assert_int_equal(PARSE("--format=json:a", "--output=b", "x.heap"), OPTIONS_WRONG);
	assert_non_null(strstr(said, "every --format already names its file"));
}

static void
no_file_is_written_twice_nor_over_a_snapshot(void **state)
{
	(void)state;
	assert_int_equal(PARSE("--format=json:a", "--format=csv:a", "x.heap"),
			 OPTIONS_WRONG);
	assert_non_null(strstr(said, "'a' would be written twice"));
	assert_int_equal(PARSE("--format=json:a", "--write-baseline=a", "x.heap"),
			 OPTIONS_WRONG);
	assert_non_null(strstr(said, "'a' would be written twice"));
	assert_int_equal(PARSE("-o", "y.heap", "x.heap", "y.heap"), OPTIONS_WRONG);
	assert_non_null(strstr(said, "'y.heap' is an input, and would be overwritten"));
	assert_int_equal(PARSE("--write-baseline=x.heap", "x.heap"), OPTIONS_WRONG);
	assert_int_equal(PARSE("--format=json:a", "--format=csv:b", "x.heap"),
			 OPTIONS_WORK);
}

static void
a_comparison_has_orders_and_formats_of_its_own(void **state)
{
	static const char *const unwanted[] = {"--merge",
					       "--each",
					       "--gen-suppressions",
					       "--show-unused-suppressions",
					       "--findings-only",
					       "--watch=:bytes>1G",
					       "--shell",
					       "--block=0x10",
					       "--write-baseline=b",
					       "--format=sarif",
					       "--sort=age",
					       "--sort=old"};

	(void)state;
	for (size_t i = 0; i < sizeof(unwanted) / sizeof(*unwanted); i++)
		if (PARSE("--diff", unwanted[i], "x.heap", "y.heap") != OPTIONS_WRONG)
			fail_msg("--diff goes with %s", unwanted[i]);
	assert_int_equal(PARSE("--diff", "--sort=growth", "x.heap"), OPTIONS_WORK);
	assert_int_equal(PARSE("--diff", "--sort=blocks", "x.heap"), OPTIONS_WORK);
	assert_int_equal(PARSE("--merge", "--sort=growth", "x.heap"), OPTIONS_WRONG);
	assert_int_equal(PARSE("--merge", "--sort=old", "x.heap"), OPTIONS_WORK);
	assert_int_equal(PARSE("--sort=growth", "x.heap"), OPTIONS_WRONG);
	assert_int_equal(PARSE("--sort=retained", "x.heap"), OPTIONS_WORK);
	assert_int_equal(PARSE("--diff", "--format=difffolded", "x.heap"), OPTIONS_WORK);
	assert_int_equal(PARSE("--format=difffolded", "x.heap"), OPTIONS_WRONG);
	assert_non_null(strstr(said, "--format=difffolded is not available for one "
				     "snapshot; these are: text json"));
}

static void
questions_are_asked_at_once_up_to_a_bound(void **state)
{
	const char *words[MAX_QUESTIONS + 3] = {NULL};

	(void)state;
	for (int i = 0; i < MAX_QUESTIONS; i++)
		words[i] = "--block=0x7f0012340020";
	words[MAX_QUESTIONS] = "x.heap";
	assert_int_equal(parse(words), OPTIONS_WORK);
	assert_int_equal(settings.n_questions, MAX_QUESTIONS);
	assert_int_equal(settings.questions[MAX_QUESTIONS - 1].address, 0x7f0012340020);
	words[MAX_QUESTIONS] = "--path=1";
	words[MAX_QUESTIONS + 1] = "x.heap";
	assert_int_equal(parse(words), OPTIONS_WRONG);
	assert_non_null(strstr(said, "--path: more than 32 questions at once"));
	assert_int_equal(PARSE("--block=1", "--format=json", "x.heap"), OPTIONS_WRONG);
}

/* ---- the list of options ---- */

static const struct {
	const char *name, *argument, *values;
} all[] = {
#define ANALYZE_OPTION(id, letter, handed, name, argument, values, dflt, help)           \
	{name, argument, values},
#include "analyze/options.def"
};

static void
each_value_that_completion_offers_is_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		char *list = strdup(all[i].values), *next, option[128];

		for (char *word = strtok_r(list, " ", &next); word && *word != '@';
		     word = strtok_r(NULL, " ", &next)) {
			/* "callers:" is the beginning of one. */
			snprintf(option, sizeof(option), "--%s=%s%s", all[i].name, word,
				 word[strlen(word) - 1] == ':' ? "f" : "");
			if (PARSE(option, strcmp(word, "growth") ? "x.heap" : "--diff",
				  "x.heap") != OPTIONS_WORK)
				fail_msg("%s is refused: %s", option, said);
		}
		free(list);
	}
}

static char *
text_of(void (*write)(FILE *f))
{
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	write(f);
	fclose(f);
	return text;
}

static void
help_has_each_option_in_80_columns(void **state)
{
	char *help = text_of(options_write_help), option[128];

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		snprintf(option, sizeof(option), "--%s%s", all[i].name, all[i].argument);
		if (!strstr(help, option))
			fail_msg("%s is not in --help", option);
	}
	for (char *line = strtok(help, "\n"); line; line = strtok(NULL, "\n"))
		if (strlen(line) > 80)
			fail_msg("'%s' is too wide", line);
	free(help);
}

/* ---- tables ---- */

enum { SWITCH = OPTION_FIRST, MAYBE, VALUE };

static const struct option_row rows[] = {
	{OPTION_GROUP, 0, "", "", "", "Group"},
	{SWITCH, 's', "switch", "", "", "turn it on"},
	{MAYBE, 0, "maybe", "[=N]", "", "may be left out"},
	{VALUE, 'v', "value", "=WORD", "none",
	 "one two three four five six seven eight nine ten eleven"},
	OPTION_HELP_ROW,
};

/* The codes of a command line, with the first word behind. */
static const char *
codes(bool in_order, const char *line)
{
	static char words[128], text[128];
	char *argv[16] = {(char *)"x"}, *next;
	int argc = 1, code;
	size_t n = 0;

	strcpy(words, line);
	for (char *w = strtok_r(words, " ", &next); w; w = strtok_r(NULL, " ", &next))
		argv[argc++] = w;
	optind = 0;
	text[0] = '\0';
	while ((code = option_table_next(rows, N_ROWS(rows), in_order, argc, argv)) != -1)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%c%s ",
				      code == SWITCH        ? 'S'
				      : code == MAYBE       ? 'M'
				      : code == VALUE       ? 'V'
				      : code == OPTION_HELP ? 'H'
							    : '?',
				      optarg && code != '?' ? optarg : "");
	snprintf(text + n, sizeof(text) - n, "%s", optind < argc ? argv[optind] : "end");
	return text;
}

static void
a_letter_stands_for_its_option(void **state)
{
	(void)state;
	assert_string_equal(
		codes(true, "--switch --value=a --value b --maybe --maybe=3 -h f"),
		"S Va Vb M M3 H f");
	assert_string_equal(codes(true, "-s -v a -vb -sv c --help"),
			    "S Va Vb S Vc H end");
}

static void
in_order_the_first_word_that_is_no_option_ends_them(void **state)
{
	(void)state;
	assert_string_equal(codes(true, "-s ls -v x"), "S ls");
	assert_string_equal(codes(false, "-s ls -v x"), "S Vx ls");
	assert_string_equal(codes(false, "-s -- -v"), "S -v");
}

static void
a_row_is_found_by_its_code_and_a_group_never(void **state)
{
	(void)state;
	assert_string_equal(option_table_find(rows, N_ROWS(rows), VALUE)->name, "value");
	assert_string_equal(option_table_find(rows, N_ROWS(rows), OPTION_HELP)->name,
			    "help");
	assert_null(option_table_find(rows, N_ROWS(rows), OPTION_GROUP));
	assert_null(option_table_find(rows, N_ROWS(rows), VALUE + 1));
	assert_null(option_table_find(rows, 2, VALUE));
}

static void
write_rows(FILE *f)
{
	option_table_write(rows, N_ROWS(rows), f);
}

static void
help_is_wrapped_beside_its_option(void **state)
{
	char *text = text_of(write_rows);

	(void)state;
	assert_string_equal(text, "Group\n"
				  "  -s, --switch          turn it on\n"
				  "  --maybe[=N]           may be left out\n"
				  "  -v, --value=WORD      one two three four five six "
				  "seven eight nine ten eleven\n"
				  "                        (default none)\n"
				  "  -h, --help            print this\n");
	free(text);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_options_there_is_one_text_for_standard_output),
		cmocka_unit_test(help_and_version_are_answers_of_their_own),
		cmocka_unit_test(a_snapshot_must_be_there),
		cmocka_unit_test(values_arrive_in_the_settings),
		cmocka_unit_test(bad_values_are_refused_by_name),
		cmocka_unit_test(an_argument_is_there_where_it_belongs),
		cmocka_unit_test(what_was_meant_is_named),
		cmocka_unit_test(roots_are_those_named_or_all_but_those),
		cmocka_unit_test(one_format_goes_to_standard_output_the_others_to_files),
		cmocka_unit_test(no_file_is_written_twice_nor_over_a_snapshot),
		cmocka_unit_test(a_comparison_has_orders_and_formats_of_its_own),
		cmocka_unit_test(questions_are_asked_at_once_up_to_a_bound),
		cmocka_unit_test(each_value_that_completion_offers_is_one),
		cmocka_unit_test(help_has_each_option_in_80_columns),
		cmocka_unit_test(a_letter_stands_for_its_option),
		cmocka_unit_test(in_order_the_first_word_that_is_no_option_ends_them),
		cmocka_unit_test(a_row_is_found_by_its_code_and_a_group_never),
		cmocka_unit_test(help_is_wrapped_beside_its_option),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	forget();
	return failed;
}
