/* gcprof.c -- run a program under the profiler; ask a running one for a snapshot.
 *
 * `run` becomes the program by exec: its pid, its signals, its exit status are
 * the program's own.  All that is done before is the environment: LD_PRELOAD,
 * and GCPROF_* from the options, which options.def lists for both worlds.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "ask.h"
#include "target.h"

/* `run` keeps to what env(1) and its like do, out of the way of the program's
 * own statuses. */
enum {
	EXIT_NO_ANSWER = 1,
	EXIT_USAGE = 2,
	EXIT_NOT_RUN = 125,
	EXIT_NOT_EXECUTABLE = 126,
	EXIT_NOT_FOUND = 127,
};

enum { LIBRARY_FIRST = 256, DEFAULT_TIMEOUT_S = 30 };

static const struct setting {
	const char *variable;
	const char *option;
	const char *argument;
	const char *value;
	const char *help;
} settings[] = {
#define OPTION(name, option, argument, value, help) {"GCPROF_" #name, option, argument, value, help},
#include "options.def"
#undef OPTION
};

enum { N_SETTINGS = sizeof(settings) / sizeof(settings[0]) };

static void
complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void
complain(const char *format, ...)
{
	va_list ap;

	(void)fputs("gcprof: ", stderr);
	va_start(ap, format);
	(void)vfprintf(stderr, format, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
}

/* An option whose values begin with 0 and 1 may stand alone, and means 1. */
static int
is_switch(const struct setting *s)
{
	return strncmp(s->argument, "0|1", 3) == 0;
}

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
		   "       gcprof snapshot [OPTION]... PID\n"
		   "       gcprof --help | --version\n"
		   "\n"
		   "run: run a program with libgcprof.so preloaded; read what it writes with\n"
		   "gcprof-analyze.  Each option sets a variable of the environment, which may be\n"
		   "set without it as well.\n");
	for (i = 0; i < N_SETTINGS; i++) {
		const struct setting *s = &settings[i];
		char left[64], variable[96];

		(void)snprintf(left, sizeof(left), is_switch(s) ? "--%s[=%s]" : "--%s=%s", s->option, s->argument);
		put_option(left, s->help);
		(void)snprintf(variable, sizeof(variable), "(%s; default %s)", s->variable, s->value);
		put_option("", variable);
	}
	(void)puts("\n"
		   "snapshot: ask a running program for a snapshot, wait for it, print its name.\n");
	(void)printf("  %-21s seconds to wait; default %d\n", "--timeout=SECONDS", DEFAULT_TIMEOUT_S);
	put_option("--signal=NAME", "the signal that it waits for, where its environment does not tell");
	put_option("--output=NAME", "the name that it writes to, where its environment does not tell");
	(void)puts("\n"
		   "Exit status of run: the program's own; 125 if it cannot be profiled, 126 if it\n"
		   "cannot be run, 127 if it is not found.  Of snapshot: 0, or 1 if there is none.\n"
		   "Of both: 2 for bad usage.\n"
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

/* ---- the library ---- */

/* Where libdir lies, seen from a bindir that may have been moved together with
 * it: the part in which the two configured names agree is exchanged. */
static int
beside_installed(const char *exe_dir, char *ret, size_t bytes)
{
	static const char bindir[] = GCPROF_BINDIR, libdir[] = GCPROF_LIBDIR;
	size_t common = 0, i, n_tail, n_dir = strlen(exe_dir);

	for (i = 0; bindir[i] && bindir[i] == libdir[i]; i++) {
		if (bindir[i] == '/')
			common = i;
	}
	n_tail = strlen(bindir + common);
	if (n_dir < n_tail || strcmp(exe_dir + n_dir - n_tail, bindir + common) != 0)
		return -1;
	i = (size_t)snprintf(ret, bytes, "%.*s%s/libgcprof.so", (int)(n_dir - n_tail), exe_dir, libdir + common);
	return i < bytes ? 0 : -1;
}

static int
find_library(char *ret)
{
	char exe[PATH_MAX], file[PATH_MAX + 64];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	if (n > 0) {
		exe[n] = '\0';
		slash = strrchr(exe, '/');
		*slash = '\0';
		/* In the build tree: tools/gcprof and lib/.libs/libgcprof.so. */
		(void)snprintf(file, sizeof(file), "%s/../lib/.libs/libgcprof.so", exe);
		if (realpath(file, ret))
			return 0;
		if (beside_installed(exe, file, sizeof(file)) == 0 && realpath(file, ret))
			return 0;
	}
	return realpath(GCPROF_LIBDIR "/libgcprof.so", ret) ? 0 : -1;
}

/* In front of what is preloaded already: the first definition of malloc wins. */
static int
preload(const char *library)
{
	const char *others = getenv("LD_PRELOAD");
	char *value;
	int r;

	if (!others || !*others)
		return setenv("LD_PRELOAD", library, 1);
	if (strncmp(others, library, strlen(library)) == 0 &&
	    strchr(": ", others[strlen(library)])) /* also at the end of the string */
		return 0;
	if (asprintf(&value, "%s:%s", library, others) < 0)
		return -1;
	r = setenv("LD_PRELOAD", value, 1);
	free(value);
	return r;
}

/* ---- run ---- */

static void
list_options(struct option *ret)
{
	size_t i;

	for (i = 0; i < N_SETTINGS; i++) {
		ret[i].name = settings[i].option;
		ret[i].has_arg = is_switch(&settings[i]) ? optional_argument : required_argument;
		ret[i].flag = NULL;
		ret[i].val = LIBRARY_FIRST + (int)i;
	}
	ret[i++] = (struct option){"help", no_argument, NULL, 'h'};
	ret[i] = (struct option){NULL, 0, NULL, 0};
}

/* Become the program; only failures return. */
static int
become(char **command)
{
	char path[PATH_MAX], library[PATH_MAX], why[PATH_MAX];
	int r = target_find(command[0], path);

	if (r < 0) {
		complain("%s: %s", command[0], r == -ENOENT ? "command not found" : strerror(-r));
		return r == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
	}
	if (target_check(path, why, sizeof(why)) < 0) {
		complain("%s cannot be profiled: %s", path, why);
		return EXIT_NOT_RUN;
	}
	if (find_library(library) < 0) {
		complain("libgcprof.so is neither beside this program nor in " GCPROF_LIBDIR);
		return EXIT_NOT_RUN;
	}
	if (strpbrk(library, " :")) {
		complain("%s cannot be preloaded: its name has a space or a colon", library);
		return EXIT_NOT_RUN;
	}
	if (preload(library) < 0) {
		complain("%s", strerror(errno));
		return EXIT_NOT_RUN;
	}
	(void)execvp(command[0], command);
	/* The file has been looked at: what is not there is another one. */
	if (errno == ENOENT) {
		complain("%s: the interpreter that it names is not there", command[0]);
		return EXIT_NOT_FOUND;
	}
	complain("%s: %s", command[0], strerror(errno));
	return EXIT_NOT_EXECUTABLE;
}

static int
run(int argc, char **argv)
{
	struct option options[N_SETTINGS + 2];
	int c;

	list_options(options);
	while ((c = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
		if (c == 'h')
			return help();
		if (c < LIBRARY_FIRST)
			return bad_usage(EXIT_USAGE);
		if (setenv(settings[c - LIBRARY_FIRST].variable, optarg ? optarg : "1", 1) < 0) {
			complain("%s", strerror(errno));
			return EXIT_NOT_RUN;
		}
	}
	if (optind == argc) {
		complain("run: which command?");
		return bad_usage(EXIT_USAGE);
	}
	return become(argv + optind);
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
		{"signal", required_argument, NULL, 's'}, {"output", required_argument, NULL, 'o'},
		{"timeout", required_argument, NULL, 't'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0},
	};
	struct ask_options o = {.timeout_ms = DEFAULT_TIMEOUT_S * 1000};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 's':
			if (ask_signal_number(optarg) < 0) {
				complain("'%s' is no signal", optarg);
				return bad_usage(EXIT_USAGE);
			}
			o.signal = optarg;
			break;
		case 'o':
			o.output = optarg;
			break;
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

int
main(int argc, char **argv)
{
	static char our_name[] = "gcprof";
	const char *command = argc > 1 ? argv[1] : "";

	if (strcmp(command, "--help") == 0 || strcmp(command, "-h") == 0)
		return help();
	if (strcmp(command, "--version") == 0)
		return version();
	/* getopt_long complains in the name of its argv[0]. */
	if (argc > 1)
		argv[1] = our_name;
	if (strcmp(command, "run") == 0)
		return run(argc - 1, argv + 1);
	if (strcmp(command, "snapshot") == 0)
		return snapshot(argc - 1, argv + 1);
	if (*command)
		complain("there is no command '%s'", command);
	else
		complain("run or snapshot?");
	return bad_usage(EXIT_USAGE);
}
