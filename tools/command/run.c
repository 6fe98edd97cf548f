/* run.c -- see run.h.
 *
 * With --quiet, the program takes our place by exec.  So it does within another `gcprof
 * run` or `gcprof check`: that one speaks of what was written.
 *
 * SPDX-License-Identifier: MIT
 */
#include "command/run.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/census.h"
#include "command/launch.h"
#include "command/run_parts.h"
#include "command/running.h"
#include "lib/census.h"
#include "util/complain.h"
#include "util/option_table.h"

enum run_code {
	RUN_BEFORE = OPTION_FIRST - 1,
#define RUN_OPTION(id, letter, name, argument, values, dflt, help) RUN_##id,
#include "command/commands.def"
};

static const struct option_row rows[] = {
#define RUN_OPTION(id, letter, name, argument, values, dflt, help)                       \
	{RUN_##id, letter, name, argument, dflt, help},
#include "command/commands.def"
#define OPTION SETTING_ROW
#include "options.def"
#undef OPTION
	OPTION_HELP_ROW,
};

struct command {
	char **words;
	char library[PATH_MAX];
	bool is_quiet;
};

void
run_list_options(FILE *f)
{
	option_table_write(rows, N_ROWS(rows) - 1, f);
}

/* Returns 0, or what run() is to return. */
static int
take_option(struct command *c, int code)
{
	if (code == OPTION_HELP)
		return RUN_WANTS_HELP;
	if (code == RUN_QUIET) {
		c->is_quiet = true;
		return 0;
	}
	if (code < SETTING_FIRST)
		return RUN_WRONG_USAGE;
	if (setenv(setting_variables[code - SETTING_FIRST], optarg ? optarg : "1", 1) < 0) {
		complain("%s", strerror(errno));
		return EXIT_NOT_RUN;
	}
	return 0;
}

static int
parse(struct command *c, int argc, char **argv)
{
	int code, r = 0;

	while (r == 0 &&
	       (code = option_table_next(rows, N_ROWS(rows), true, argc, argv)) != -1)
		r = take_option(c, code);
	if (r == 0 && optind == argc) {
		complain("run: no command given");
		r = RUN_WRONG_USAGE;
	}
	c->words = argv + optind;
	return r;
}

static int
become_program(const void *with)
{
	const struct command *c = with;

	census_hand_on();
	return launch(c->words, c->library);
}

static void
wait_for_sleepers(void)
{
	char *mark = words_text("%s=%s", CENSUS_VARIABLE, census_name());

	if (*census_name())
		running_wait_for_sleepers(mark);
	free(mark);
}

static int
run_and_wait(const struct command *c)
{
	struct child_signals signals;
	int status, wait_status;
	pid_t pid;

	child_watch(&signals, true);
	signals.kept = census_open();
	status = child_run(&signals, become_program, c, &pid, &wait_status);
	if (status == 0) {
		wait_for_sleepers();
		run_summary(&signals, pid, wait_status);
	}
	child_end_watch(&signals);
	return status ? status : child_end_like(wait_status);
}

/* Not what somebody left behind in the environment: whoever it was has to be there. */
static bool
is_within_another(void)
{
	const char *where = getenv(CENSUS_VARIABLE);

	return where && access(where, R_OK) == 0;
}

int
run(int argc, char **argv)
{
	struct command c = {.is_quiet = false};
	int status = parse(&c, argc, argv);

	if (status == 0)
		status = launch_check(c.words[0], c.library);
	if (status)
		return status;
	return c.is_quiet || is_within_another() ? launch(c.words, c.library)
						 : run_and_wait(&c);
}
