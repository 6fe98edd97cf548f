/* main.c -- run a program under the profiler, check it for leaks, ask a running
 * one for a snapshot, or ask a snapshot.
 *
 * `run` becomes the program by exec: its pid, its signals, its exit status are
 * the program's own.
 *
 * Not here: starting a program (launch.c), check (check.c), asking (command/request.c).
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
#include "util/complain.h"
#include "util/text.h"

enum { EXIT_NO_ANSWER = 1 };

enum { DEFAULT_TIMEOUT_S = 30 };

/* ---- help ---- */

/* What was printed may not have arrived: a full disk, a closed pipe. */
static int
done_printing(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	complain("cannot write: %s", strerror(errno));
	return EXIT_USAGE;
}

/* Words in the right-hand column, and their first line's left-hand side. */
static void
put_option(const char *left, const char *words)
{
	enum { LEFT = 24, COLUMNS = 79 };
	size_t at = LEFT;

	(void)printf("  %-*s", LEFT - 2, left);
	if (strlen(left) + 2 >= LEFT)
		(void)printf("\n%*s", LEFT, "");
	while (*words) {
		size_t n = strcspn(words, " ");

		if (at > LEFT && at + 1 + n > COLUMNS) {
			(void)printf("\n%*s", LEFT, "");
			at = LEFT;
		}
		(void)printf("%s%.*s", at > LEFT ? " " : "", (int)n, words);
		at += n + (at > LEFT);
		words += n + (words[n] == ' ');
	}
	(void)putchar('\n');
}

static int
help(void)
{
	size_t i;

	(void)puts("usage: gcprof run [OPTION]... [--] COMMAND [ARGUMENT]...\n"
		   "       gcprof check [OPTION]... [--] COMMAND [ARGUMENT]...\n"
		   "       gcprof snapshot [OPTION]... PID\n"
		   "       gcprof top [OPTION]... PID\n"
		   "       gcprof top [OPTION]... -- COMMAND [ARGUMENT]...\n"
		   "       gcprof shell [OPTION]... FILE\n"
		   "       gcprof --help | --version\n"
		   "\n"
		   "run: run a program with libgcprof.so preloaded; read what it writes "
		   "with\n"
		   "gcprof-analyze.  Each option sets a variable of the environment, "
		   "which may be\n"
		   "set without it as well.\n");
	for (i = 0; i < N_SETTINGS; i++) {
		const struct setting *s = &settings[i];
		char left[64], variable[96];

		(void)snprintf(left, sizeof(left),
			       setting_is_switch(s) ? "--%s[=%s]" : "--%s=%s", s->option,
			       s->argument);
		put_option(left, s->help);
		(void)snprintf(variable, sizeof(variable), "(%s; default %s)",
			       s->variable, s->value);
		put_option("", variable);
	}
	(void)puts("\n"
		   "check: run a program, and say what it has leaked.  Takes the options "
		   "of run (a\n"
		   "snapshot is only written at exit, and kept only with --keep or "
		   "--output), and:\n");
	check_list_options(put_option);
	(void)puts("\n"
		   "snapshot: ask a running program for a snapshot, wait for it, print "
		   "its name.\n");
	(void)printf("  %-21s seconds to wait; default %d\n", "--timeout=SECONDS",
		     DEFAULT_TIMEOUT_S);
	(void)puts(
		"\n"
		"top: show a running program's memory, or a command's while it runs.\n");
#define TOP_OPTION(letter, name, argument, text) put_option("--" name argument, text);
#include "command/top_options.def"
#undef TOP_OPTION
	(void)puts("\n"
		   "shell: a prompt at which a snapshot is asked about its blocks and "
		   "sites; takes\n"
		   "options of gcprof-analyze.");
	(void)puts("\n"
		   "Exit status of run and check: the program's own; 125 if it cannot be "
		   "profiled,\n"
		   "126 if it cannot be run, 127 if it is not found.  Of check, where "
		   "the program's\n"
		   "own is 0: 23 with findings as --fail-on asks, 2 if the analysis "
		   "failed, 24 if a\n"
		   "process left no snapshot to judge by.\n"
		   "Of top: the command's own; of a PID 0, or 1 if it does not answer.\n"
		   "Of snapshot: 0, or 1 if there is none.  Of all: 2 for bad usage.\n"
		   "\n"
		   "See gcprof(1), gcprof(7), gcprof-analyze(1).");
	return done_printing();
}

static int
version(void)
{
	(void)puts("gcprof " PACKAGE_VERSION);
	return done_printing();
}

static int
bad_usage(int status)
{
	(void)fputs("Try 'gcprof --help'.\n", stderr);
	return status;
}

/* ---- run ---- */

static int
run(int argc, char **argv)
{
	struct option options[N_SETTINGS + 2] = {
		[N_SETTINGS] = {"help", no_argument, NULL, 'h'},
	};
	char library[PATH_MAX];
	int c, status;

	settings_list(options);
	while ((c = complain_getopt(argc, argv, "+h", options, NULL)) != -1) {
		if (c == 'h')
			return help();
		if (c < SETTING_FIRST)
			return bad_usage(EXIT_USAGE);
		if (setenv(settings[c - SETTING_FIRST].variable, optarg ? optarg : "1",
			   1) < 0) {
			complain("%s", strerror(errno));
			return EXIT_NOT_RUN;
		}
	}
	if (optind == argc) {
		complain("run: which command?");
		return bad_usage(EXIT_USAGE);
	}
	status = launch_check(argv[optind], library);
	return status ? status : launch(argv + optind, library);
}

/* ---- check ---- */

static int
check_or_help(int argc, char **argv)
{
	int status = check(argc, argv);

	if (status == CHECK_WANTS_HELP)
		return help();
	return status == CHECK_WRONG_USAGE ? bad_usage(EXIT_USAGE) : status;
}

/* ---- top ---- */

/* A program of its own: top/main.c says why. */
static int
top(char **argv)
{
	char path[PATH_MAX];

	if (launch_find_tool("gcprof-top", path) < 0) {
		complain("top: gcprof-top is neither beside this program nor "
			 "in " GCPROF_BINDIR);
		return EXIT_NOT_RUN;
	}
	(void)execv(path, argv);
	complain("top: %s: %s", path, strerror(errno));
	return EXIT_NOT_RUN;
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
		complain("'%s' is no process id", text);
		return bad_usage(EXIT_USAGE);
	}
	if (ask_snapshot((pid_t)pid, o, name, &err) < 0) {
		complain("%s", err.text);
		return EXIT_NO_ANSWER;
	}
	(void)puts(name);
	return done_printing();
}

static int
snapshot(int argc, char **argv)
{
	static const struct option options[] = {
		{"timeout", required_argument, NULL, 't'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct ask_options o = {.timeout_ms = DEFAULT_TIMEOUT_S * 1000};
	int c;

	while ((c = complain_getopt(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 't':
			if (parse_timeout(optarg, &o.timeout_ms) < 0) {
				complain("'%s' is no number of seconds", optarg);
				return bad_usage(EXIT_USAGE);
			}
			break;
		case 'h':
			return help();
		default:
			return bad_usage(EXIT_USAGE);
		}
	}
	if (optind + 1 != argc) {
		complain("snapshot: of which process? One PID");
		return bad_usage(EXIT_USAGE);
	}
	return snapshot_of(argv[optind], &o);
}

/* ---- shell ---- */

/* Become gcprof-analyze --shell; the options are its own. */
static int
shell(int argc, char **argv)
{
	static char option[] = "--shell";
	char analyzer[PATH_MAX];
	char **words = calloc((size_t)argc + 2, sizeof(*words));

	if (!words || launch_find_analyzer(analyzer) < 0)
		return EXIT_USAGE;
	words[0] = analyzer;
	words[1] = option;
	for (int i = 1; i < argc; i++)
		words[i + 1] = argv[i];
	(void)execv(analyzer, words);
	complain("'%s': %s", analyzer, strerror(errno));
	return EXIT_USAGE;
}

static const char *const commands[] = {"run", "check", "snapshot", "shell", "top"};
enum { N_COMMANDS = sizeof(commands) / sizeof(*commands) };

static const char *
command_name(const void *unused, size_t i)
{
	(void)unused;
	return commands[i];
}

static int
no_such_command(const char *command)
{
	const char *meant = complain_meant(command, N_COMMANDS, command_name, NULL);

	if (meant)
		complain("unknown command '%s'; did you mean %s?", command, meant);
	else if (*command)
		complain("unknown command '%s'; run, check, snapshot, shell or top?",
			 command);
	else
		complain("run, check, snapshot, shell or top?");
	return bad_usage(EXIT_USAGE);
}

int
main(int argc, char **argv)
{
	static char our_name[] = "gcprof";
	const char *command = argc > 1 ? argv[1] : "";

	if (strcmp(command, "--help") == 0 || strcmp(command, "-h") == 0)
		return help();
	if (strcmp(command, "--version") == 0)
		return version();
	/* gcprof-top is started with it as argv[0]. */
	if (argc > 1)
		argv[1] = our_name;
	if (strcmp(command, "run") == 0)
		return run(argc - 1, argv + 1);
	if (strcmp(command, "check") == 0)
		return check_or_help(argc - 1, argv + 1);
	if (strcmp(command, "snapshot") == 0)
		return snapshot(argc - 1, argv + 1);
	if (strcmp(command, "shell") == 0)
		return shell(argc - 1, argv + 1);
	if (strcmp(command, "top") == 0)
		return top(argv + 1);
	return no_such_command(command);
}
