/* main.c -- run a program under the profiler, check it for leaks, ask a running
 * one for a snapshot, or ask a snapshot.
 *
 * Not here: starting a program (launch.c), run (run.c), check (check.c), asking (command/request.c).
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "command/check.h"
#include "command/launch.h"
#include "command/request.h"
#include "command/run.h"
#include "util/complain.h"
#include "util/option_table.h"
#include "util/text.h"

enum { EXIT_NO_ANSWER = 1 };

/* ---- help ---- */

/* What was printed may not have arrived: a full disk, a closed pipe. */
static int
done_printing(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	complain("write error: %s", strerror(errno));
	return EXIT_USAGE;
}

enum snapshot_code {
	SNAPSHOT_BEFORE = OPTION_FIRST - 1,
#define SNAPSHOT_OPTION(id, letter, name, argument, values, dflt, help) SNAPSHOT_##id,
#include "command/commands.def"
};

static const struct option_row snapshot_rows[] = {
#define SNAPSHOT_OPTION(id, letter, name, argument, values, dflt, help)                  \
	{SNAPSHOT_##id, letter, name, argument, dflt, help},
#include "command/commands.def"
	OPTION_HELP_ROW,
};

/* What gcprof-top takes. */
static const struct option_row top_rows[] = {
#define TOP_OPTION(id, letter, name, argument, values, dflt, help)                       \
	{OPTION_FIRST, letter, name, argument, dflt, help},
#include "top/options.def"
};

static int command_run(int argc, char **argv);
static int command_check(int argc, char **argv);
static int command_snapshot(int argc, char **argv);
static int command_top(int argc, char **argv);
static int command_view(int argc, char **argv);
static int command_shell(int argc, char **argv);

static const struct command {
	const char *name, *arguments, *help;
	int (*function)(int argc, char **argv);
} commands[] = {
#define COMMAND(name, arguments, help) {#name, arguments, help, command_##name},
#include "command/commands.def"
};

enum { N_COMMANDS = sizeof(commands) / sizeof(*commands) };

/* Usage lines of one command; " | " stands between two ways. */
static const char *
put_usage(const struct command *c, const char *first)
{
	for (const char *at = c->arguments; at; first = "") {
		const char *end = strstr(at, " | ");

		(void)printf("%-6s gcprof %s %.*s\n", first, c->name,
			     end ? (int)(end - at) : (int)strlen(at), at);
		at = end ? end + 3 : NULL;
	}
	return first;
}

static void
put_options(const struct command *c)
{
	if (c->function == command_run)
		run_list_options(stdout);
	else if (c->function == command_check)
		check_list_options(stdout);
	else if (c->function == command_snapshot)
		option_table_write(snapshot_rows, N_ROWS(snapshot_rows) - 1, stdout);
	else
		option_table_write(top_rows, N_ROWS(top_rows), stdout);
}

/* The first one of what it does. */
static void
put_sentence(const struct command *c)
{
	char words[256];
	const char *end = strstr(c->help, ". ");

	(void)snprintf(words, sizeof(words), "%.*s",
		       end ? (int)(end - c->help) : (int)strlen(c->help), c->help);
	option_table_put(stdout, c->name, words);
}

/* All commands, on one screen. */
static int
help(void)
{
	const char *first = "usage:";

	for (size_t i = 0; i < N_COMMANDS; i++)
		first = put_usage(&commands[i], first);
	(void)puts("       gcprof help [COMMAND]\n"
		   "       gcprof --help | --version\n");
	for (size_t i = 0; i < N_COMMANDS; i++)
		put_sentence(&commands[i]);
	(void)puts(
		"\n"
		"Options: gcprof help COMMAND.  Exit status of run and check: the "
		"program's own;\n"
		"125 if it cannot be profiled, 126 if it cannot be run, 127 if it is "
		"not found.\n"
		"Of check, where the program's own is 0: 23 with findings as --fail-on "
		"asks, 2 if\n"
		"the analysis failed, 24 if a process left no snapshot to check.\n"
		"Of top: the command's own; of a PID 0, or 1 if it does not answer.\n"
		"Of snapshot: 0, or 1 if there is none.  Of all: 2 for bad usage.\n"
		"\n"
		"See gcprof(1), gcprof(7), gcprof-analyze(1).");
	return done_printing();
}

/* One, on one screen. */
static int
help_on(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS; i++) {
		const struct command *c = &commands[i];

		if (strcmp(c->name, name) != 0)
			continue;
		(void)put_usage(c, "usage:");
		(void)putchar('\n');
		option_table_paragraph(stdout, c->name, c->help);
		(void)putchar('\n');
		put_options(c);
	}
	return done_printing();
}

static int
version(void)
{
	(void)puts("gcprof " PACKAGE_VERSION);
	return done_printing();
}

/* command: NULL if it is not known which was meant. */
static int
bad_usage(const char *command)
{
	(void)fprintf(stderr, "Try 'gcprof help%s%s'.\n", command ? " " : "",
		      command ? command : "");
	return EXIT_USAGE;
}

/* ---- run ---- */

static int
command_run(int argc, char **argv)
{
	int status = run(argc, argv);

	if (status == RUN_WANTS_HELP)
		return help_on("run");
	return status == RUN_WRONG_USAGE ? bad_usage("run") : status;
}

/* ---- check ---- */

static int
command_check(int argc, char **argv)
{
	int status = check(argc, argv);

	if (status == CHECK_WANTS_HELP)
		return help_on("check");
	return status == CHECK_WRONG_USAGE ? bad_usage("check") : status;
}

/* ---- top ---- */

/* Become the program that is a command: its main.c says why it is one. */
static int
become(const char *command, const char *program, char **argv)
{
	char path[PATH_MAX];

	if (launch_find_tool(program, path) < 0) {
		complain("%s: cannot find %s, neither beside this program nor "
			 "in " GCPROF_BINDIR,
			 command, program);
		return EXIT_NOT_RUN;
	}
	(void)execv(path, argv);
	complain("%s: %s: %s", command, path, strerror(errno));
	return EXIT_NOT_RUN;
}

static int
command_top(int argc, char **argv)
{
	(void)argc;
	return become("top", "gcprof-top", argv);
}

/* ---- view ---- */

static int
command_view(int argc, char **argv)
{
	(void)argc;
#if HAVE_VIEW
	return become("view", "gcprof-view", argv);
#else
	(void)argv;
	complain("view: gcprof was built without "
#if HAVE_HTML_PAGE
		 "libmicrohttpd (Debian: libmicrohttpd-dev); gcprof-analyze "
		 "--format=html -o FILE writes the page"
#else
		 "the page's libraries (tools/html/fetch.sh fetches them)"
#endif
	);
	return EXIT_USAGE;
#endif
}

/* ---- snapshot ---- */

static int
parse_timeout(const char *text, unsigned *ret_ms)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !(seconds > 0 && seconds <= 1e6))
		return -1;
	*ret_ms = (unsigned)(seconds * 1000);
	return 0;
}

static int
snapshot_of(const char *text, const struct ask_options *o)
{
	char *end, name[PATH_MAX];
	struct ask_error err;
	long pid;

	errno = 0;
	pid = strtol(text, &end, 10);
	if (end == text || *end || errno || pid <= 0 || pid > INT_MAX) {
		complain("invalid process id '%s'", text);
		return bad_usage("snapshot");
	}
	if (ask_snapshot((pid_t)pid, o, name, &err) < 0) {
		complain("%s", err.text);
		return EXIT_NO_ANSWER;
	}
	(void)puts(name);
	return done_printing();
}

static int
command_snapshot(int argc, char **argv)
{
	const struct option_row *timeout =
		option_table_find(snapshot_rows, N_ROWS(snapshot_rows), SNAPSHOT_TIMEOUT);
	struct ask_options o;
	int c;

	(void)parse_timeout(timeout->dflt, &o.timeout_ms);
	while ((c = option_table_next(snapshot_rows, N_ROWS(snapshot_rows), false, argc,
				      argv)) != -1) {
		switch (c) {
		case SNAPSHOT_TIMEOUT:
			if (parse_timeout(optarg, &o.timeout_ms) < 0) {
				complain("invalid number of seconds '%s'", optarg);
				return bad_usage("snapshot");
			}
			break;
		case OPTION_HELP:
			return help_on("snapshot");
		default:
			return bad_usage("snapshot");
		}
	}
	if (optind + 1 != argc) {
		complain("snapshot: one PID expected");
		return bad_usage("snapshot");
	}
	return snapshot_of(argv[optind], &o);
}

/* ---- shell ---- */

/* Become gcprof-analyze --shell; the options are its own. */
static int
command_shell(int argc, char **argv)
{
	static char option[] = "--shell";
	char analyzer[PATH_MAX];
	char **words = calloc((size_t)argc + 2, sizeof(*words));

	if (!words || launch_find_analyzer(analyzer) < 0) {
		free(words);
		return EXIT_USAGE;
	}
	words[0] = analyzer;
	words[1] = option;
	for (int i = 1; i < argc; i++)
		words[i + 1] = argv[i];
	(void)execv(analyzer, words);
	complain("'%s': %s", analyzer, strerror(errno));
	free(words);
	return EXIT_USAGE;
}

/* ---- which command ---- */

static const char *
command_name(const void *unused, size_t i)
{
	(void)unused;
	return commands[i].name;
}

static int
no_such_command(const char *command)
{
	const char *meant = complain_meant(command, N_COMMANDS, command_name, NULL);
	char list[128] = "";
	size_t n = 0;

	for (size_t i = 0; i < N_COMMANDS && n < sizeof(list); i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s",
				      i == 0               ? ""
				      : i < N_COMMANDS - 1 ? ", "
							   : " or ",
				      commands[i].name);
	if (meant)
		complain("unknown command '%s'; did you mean %s?", command, meant);
	else if (strchr(command, '/') && access(command, X_OK) == 0)
		complain("unknown command '%s'; to run it: gcprof run %s", command,
			 command);
	else if (*command)
		complain("unknown command '%s'; %s?", command, list);
	else
		complain("%s?", list);
	return bad_usage(NULL);
}

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcmp(name, commands[i].name) == 0)
			return &commands[i];
	return NULL;
}

/* `gcprof help COMMAND` is `gcprof COMMAND --help`: top and shell are programs of their own. */
static int
help_with(int n_words, char **words)
{
	static char our_name[] = "gcprof", option[] = "--help";
	char *help_words[] = {our_name, option, NULL};
	const struct command *c = n_words ? find_command(words[0]) : NULL;

	if (n_words == 0)
		return help();
	return c ? c->function(2, help_words) : no_such_command(words[0]);
}

int
main(int argc, char **argv)
{
	static char our_name[] = "gcprof";
	const char *name = argc > 1 ? argv[1] : "";
	const struct command *c = find_command(name);

	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		return help();
	if (strcmp(name, "help") == 0)
		return help_with(argc - 2, argv + 2);
	if (strcmp(name, "--version") == 0)
		return version();
	if (!c)
		return no_such_command(name);
	/* gcprof-top is started with it as argv[0]. */
	argv[1] = our_name;
	return c->function(argc - 1, argv + 1);
}
