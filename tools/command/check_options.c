/* check_options.c -- the command line of `gcprof check`.
 *
 * In:   words.
 * Out:  struct check; what is for gcprof-analyze is handed on to it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "command/check_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/check.h"
#include "command/settings.h"
#include "util/complain.h"
#include "util/option_table.h"

#define DEFAULT_OUTPUT "gcprof." SNAPSHOT_NAME /* as in options.def */

enum check_code {
	CHECK_BEFORE = OPTION_FIRST - 1,
#define CHECK_OPTION(id, letter, name, argument, values, dflt, help) CHECK_##id,
#include "command/commands.def"
/* Those of the analyzer that are handed on to it. */
#define ANALYZE_OPTION(id, letter, handed, name, argument, values, dflt, help)           \
	ANALYZER_##id,
#include "analyze/options.def"
};

#define ROW_HANDED(id, letter, name, argument, dflt, help)                               \
	{ANALYZER_##id, letter, name, argument, dflt, help},
#define ROW_HANDED_ONCE ROW_HANDED
#define ROW_HANDED_VIEWED ROW_HANDED
#define ROW_NOT_HANDED(id, letter, name, argument, dflt, help)
#define ROW_VIEWED ROW_NOT_HANDED

static const struct option_row rows[] = {
#define CHECK_OPTION(id, letter, name, argument, values, dflt, help)                     \
	{CHECK_##id, letter, name, argument, dflt, help},
#include "command/commands.def"
#define ANALYZE_OPTION(id, letter, handed, name, argument, values, dflt, help)           \
	ROW_##handed(id, letter, name, argument, dflt, help)
#include "analyze/options.def"
#define OPTION SETTING_ROW
#include "options.def"
#undef OPTION
	OPTION_HELP_ROW,
};

void
check_list_options(FILE *f)
{
	option_table_write(rows, N_ROWS(rows) - N_SETTINGS - 1, f);
}

/* Does it write what is not to be written by each call of the analyzer? */
static bool
is_once(int code)
{
	enum { NOT_HANDED, HANDED, HANDED_ONCE, VIEWED, HANDED_VIEWED };

	switch (code) {
#define ANALYZE_OPTION(id, letter, handed, name, argument, values, dflt, help)           \
	case ANALYZER_##id:                                                              \
		return handed == HANDED_ONCE;
#include "analyze/options.def"
	default:
		return false;
	}
}

static int
take_analyzer_option(struct check *c, int code)
{
	const struct option_row *row = option_table_find(rows, N_ROWS(rows), code);

	if (code == ANALYZER_FAIL_ON)
		c->fail_on = optarg;
	c->shows_all |= code == ANALYZER_ALL || code == ANALYZER_FULL;
	words_add(is_once(code) ? &c->once : &c->options,
		  words_text("--%s%s%s", row->name, optarg ? "=" : "",
			     optarg ? optarg : ""));
	return 0;
}

/* The analyzer would print its list, and no report. */
static int
take_format(struct check *c)
{
	if (strcmp(optarg, "help") == 0) {
		complain("--format: unknown format 'help'; gcprof-analyze "
			 "--format=help lists them");
		return CHECK_WRONG_USAGE;
	}
	words_add(&c->formats, words_text("%s", optarg));
	return 0;
}

static int
take_exitcode(struct check *c)
{
	char *end;
	long n = strtol(optarg, &end, 10);

	if (end == optarg || *end || n < 0 || n > 255) {
		complain("--error-exitcode: invalid exit status '%s'; 0 to 255", optarg);
		return CHECK_WRONG_USAGE;
	}
	c->findings_status = (int)n;
	return 0;
}

static int
take_setting(struct check *c, int code, const char *value)
{
	if (settings_check(code, value) != 0)
		return CHECK_WRONG_USAGE;
	if (code == SETTING_OUTPUT)
		c->output = value;
	else
		c->given[code - SETTING_FIRST] = value;
	return 0;
}

static int
take_option(struct check *c, int code)
{
	switch (code) {
	case OPTION_HELP:
		return CHECK_WANTS_HELP;
	case '?':
		return CHECK_WRONG_USAGE;
	case CHECK_FORMAT:
		return take_format(c);
	case CHECK_REPORT:
		c->report = optarg;
		return 0;
	case CHECK_EXITCODE:
		return take_exitcode(c);
	case CHECK_ALL_PROGRAMS:
		c->judges_all = true;
		return 0;
	case CHECK_PROGRAM:
		return check_programs_add(c, optarg);
	case CHECK_ALLOW_MISSING:
		c->may_be_missing = true;
		return 0;
	case CHECK_SUMMARY_TO:
		c->summary_to = optarg;
		return 0;
	case CHECK_SUMMARY:
		c->sum_of = optarg;
		return 0;
	case CHECK_KEEP:
		if (!c->output)
			c->output = DEFAULT_OUTPUT;
		return 0;
	default:
		break;
	}
	if (code < SETTING_FIRST)
		return take_analyzer_option(c, code);
	return take_setting(c, code, optarg ? optarg : "1");
}

/* One report is for people, wherever others go: without :FILE. */
static int
complete_formats(struct check *c)
{
	size_t n_unnamed = 0;

	for (size_t i = 0; i < c->formats.n; i++)
		n_unnamed += strchr(c->formats.list[i], ':') == NULL;
	if (n_unnamed == 0)
		words_add(&c->formats, words_text("text"));
	if (n_unnamed <= 1)
		return 0;
	complain("--format: only one may be without :FILE");
	return CHECK_WRONG_USAGE;
}

/* Reports that could not be written would be lost after hours. */
static int
check_files(const struct check *c)
{
	int r = c->report ? settings_check_file("--report=FILE", c->report) : 0;

	for (size_t i = 0; r == 0 && i < c->formats.n; i++) {
		const char *colon = strchr(c->formats.list[i], ':');

		if (colon && colon[1])
			r = settings_check_file("--format=FORMAT:FILE", colon + 1);
	}
	return r;
}

int
check_parse(struct check *c, int argc, char **argv)
{
	int code, r = 0;

	while (r == 0 &&
	       (code = option_table_next(rows, N_ROWS(rows), true, argc, argv)) != -1)
		r = take_option(c, code);
	if (r == 0 && (optind == argc) != (c->sum_of != NULL)) {
		complain(c->sum_of ? "check: --summary runs no command; --summary-to=DIR "
				     "writes what it reads"
				   : "check: no command given");
		r = CHECK_WRONG_USAGE;
	}
	c->command = argv + optind;
	if (r == 0)
		r = complete_formats(c);
	return r ? r : check_files(c);
}

const char *
check_given_snapshot(const struct check *c)
{
	return c->given[SETTING_SNAPSHOT - SETTING_FIRST];
}
