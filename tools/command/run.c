/* run.c -- see run.h.
 *
 * With --quiet, the program takes our place by exec.  So it does within another `gcprof
 * run` or `gcprof check`: that one speaks of what was written, and its options hold.
 *
 * SPDX-License-Identifier: MIT
 */
#include "command/run.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "command/census.h"
#include "command/launch.h"
#include "command/run_parts.h"
#include "command/running.h"
#include "command/settings.h"
#include "lib/census.h"
#include "option_values.h"
#include "util/complain.h"
#include "util/option_table.h"

enum {
	SIGNAL_NAPS = 40, /* 0.2 s */
	MOST_NAPS = 12000 /* a minute, if a writer was killed and others go on */
};

enum run_code {
	RUN_BEFORE = OPTION_FIRST - 1,
#define RUN_OPTION(id, letter, name, argument, values, dflt, help) RUN_##id,
#include "command/commands.def"
};

static const struct option_row rows[] = {
#define RUN_OPTION(id, letter, name, argument, values, dflt, help)                       \
	{RUN_##id, letter, name, argument, dflt, help},
#include "command/commands.def"
	{.code = OPTION_GROUP, .help = "Each is a variable of the environment, too:"},
#define OPTION SETTING_ROW
#include "options.def"
#undef OPTION
	OPTION_HELP_ROW,
};

struct command {
	char **words;
	char library[PATH_MAX];
	bool is_quiet, shows_report, opens_page, spares_wrappers;
};

void
run_list_options(FILE *f)
{
	option_table_write(rows, N_ROWS(rows) - 1, f);
}

static int
take_setting(int code, const char *value)
{
	int status = settings_check(code, value);

	if (status == 0 && setenv(setting_variables[code - SETTING_FIRST], value, 1) < 0) {
		complain("%s", strerror(errno));
		status = EXIT_NOT_RUN;
	}
	return status == EXIT_USAGE ? RUN_WRONG_USAGE : status;
}

/* Returns 0, or what run() is to return. */
static int
take_option(struct command *c, int code)
{
	switch (code) {
	case OPTION_HELP:
		return RUN_WANTS_HELP;
	case RUN_QUIET:
		c->is_quiet = true;
		return 0;
	case RUN_REPORT:
		c->shows_report = true;
		return 0;
	case RUN_OPEN:
		c->opens_page = true;
		return 0;
	default:
		return code < SETTING_FIRST ? RUN_WRONG_USAGE
					    : take_setting(code, optarg ? optarg : "1");
	}
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
	if (r == 0 && c->is_quiet && (c->shows_report || c->opens_page)) {
		complain("run: --quiet leaves nobody to report; leave it out");
		r = RUN_WRONG_USAGE;
	}
	c->words = argv + optind;
	return r;
}

/* ---- the environment ---- */

/* Names are of this directory, wherever the program goes; a % in its name is none of ours. */
static int
set_absolute_output(void)
{
	const char *output = getenv(setting_variables[SETTING_OUTPUT - SETTING_FIRST]);
	char directory[PATH_MAX], *name;
	size_t n = 0;
	int r = 0;

	if (!output || !*output)
		output = settings_default(SETTING_OUTPUT);
	if (*output == '/' || !getcwd(directory, sizeof(directory)) || *directory != '/')
		return 0;
	name = words_need(malloc(2 * strlen(directory) + strlen(output) + 2));
	for (const char *at = directory; *at; at++) {
		if (*at == '%')
			name[n++] = '%';
		name[n++] = *at;
	}
	if (n > 1)
		name[n++] = '/';
	strcpy(name + n, output);
	/* One that is too long for the library stays relative. */
	if (settings_takes(SETTING_OUTPUT, name))
		r = setenv(setting_variables[SETTING_OUTPUT - SETTING_FIRST], name, 1);
	free(name);
	return r;
}

/* A server is ended by Ctrl-C or SIGTERM more often than by itself; and what only starts the
 * program is of no interest.  Unless somebody knows better. */
static int
set_moments(struct command *c)
{
	const char *name = setting_variables[SETTING_SNAPSHOT - SETTING_FIRST];
	const char *given = getenv(name);

	c->spares_wrappers = !given || !*given;
	return c->spares_wrappers ? setenv(name, OPTIONS_SNAPSHOT_OF_RUN, 1) : 0;
}

static int
prepare_environment(struct command *c)
{
	int status = settings_check_output(
		getenv(setting_variables[SETTING_OUTPUT - SETTING_FIRST]));

	if (status == 0 && (set_moments(c) < 0 || set_absolute_output() < 0)) {
		complain("%s", strerror(errno));
		status = EXIT_NOT_RUN;
	}
	return status;
}

/* ---- the program ---- */

static int
become_program(const void *with)
{
	const struct command *c = with;

	census_hand_on();
	return launch(c->words, c->library);
}

/* Others of the run may write still: what a signal to the group has ended, or the child of a
 * program that was killed. */
static void
wait_for_writers(int wait_status)
{
	char *mark = census_mark();
	const struct timespec nap = {.tv_nsec = 5000000};
	unsigned naps = WIFSIGNALED(wait_status) ? SIGNAL_NAPS : 0;
	struct running_one one;

	if (mark && running_wait_for_sleepers(mark)) {
		/* Who has got the signal, too, need not have begun yet. */
		while (naps-- && !census_n_writing() && running_count(mark, &one))
			(void)nanosleep(&nap, NULL);
		naps = MOST_NAPS;
		while (naps-- && census_n_writing() && running_count(mark, &one))
			(void)nanosleep(&nap, NULL);
	}
	free(mark);
}

static int
run_and_wait(const struct command *c)
{
	struct child_signals signals;
	struct words files = {0};
	int status, wait_status;
	pid_t pid;

	child_watch(&signals, true);
	signals.kept = census_open();
	if (c->spares_wrappers)
		census_spare_wrappers();
	status = child_run(&signals, become_program, c, &pid, &wait_status);
	if (status == 0) {
		wait_for_writers(wait_status);
		run_summary(&signals, pid, wait_status, &files);
		if (c->shows_report && files.n)
			run_print_report(&signals, &files);
		if (c->opens_page && files.n)
			run_open_page(&signals, &files);
		words_clear(&files);
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
	if (status == 0)
		status = prepare_environment(&c);
	if (status)
		return status;
	return c.is_quiet || is_within_another() ? launch(c.words, c.library)
						 : run_and_wait(&c);
}
