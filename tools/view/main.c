/* main.c -- `gcprof view`: the page of a snapshot, from a server of one's own.
 *
 * In:   snapshots, options of gcprof-analyze.
 * Out:  an address on standard output, a browser that shows it; exit status 0 at the end, 2
 *       (usage, unreadable file, port that cannot be had).
 * Not here: who may ask (server.h), what is answered (answers.h), the page itself
 *           (html/view.js).
 *
 * A program of its own because gcprof-analyze, which is started by the hundred in checks, does
 * without the library for HTTP and what that brings.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/analysis.h"
#include "analyze/io.h"
#include "command/browser.h"
#include "command/words.h"
#include "util/complain.h"
#include "util/option_table.h"
#include "view/answers.h"
#include "view/server.h"

/* ---- options ---- */

enum view_code {
	VIEW_BEFORE = OPTION_FIRST - 1,
#define VIEW_OPTION(id, letter, name, argument, values, dflt, help) VIEW_##id,
#include "view/options.def"
/* Those that are handed on. */
#define ANALYZE_OPTION(id, letter, handed, name, argument, values, dflt, help)           \
	ANALYZE_##id,
#include "analyze/options.def"
};

/* Which of these the page heeds. */
#define ROW_VIEWED(id, letter, name, argument, dflt, help)                               \
	{ANALYZE_##id, letter, name, argument, dflt, help},
#define ROW_HANDED_VIEWED ROW_VIEWED
#define ROW_NOT_HANDED(id, letter, name, argument, dflt, help)
#define ROW_HANDED ROW_NOT_HANDED
#define ROW_HANDED_ONCE ROW_NOT_HANDED

static const struct option_row rows[] = {
#define VIEW_OPTION(id, letter, name, argument, values, dflt, help)                      \
	{VIEW_##id, letter, name, argument, dflt, help},
#include "view/options.def"
	{.code = OPTION_GROUP, .help = "As of gcprof-analyze:"},
#define ANALYZE_OPTION(id, letter, handed, name, argument, values, dflt, help)           \
	ROW_##handed(id, letter, name, argument, dflt, help)
#include "analyze/options.def"
	OPTION_HELP_ROW,
};

struct wanted {
	uint16_t port;
	uint64_t stay_ms;
	bool no_browser;
	struct words words; /* for gcprof-analyze's own options */
};

/* For analysis_use. */
static struct wanted wanted;

static int
help(void)
{
	(void)puts("usage: gcprof view [OPTION]... [FILE]...\n");
	option_table_paragraph(
		stdout, "view",
		"show the page of gcprof-analyze --format=html in a browser, from a "
		"server on this machine that nobody else can ask, with single blocks, "
		"their retaining paths and sources.");
	(void)putchar('\n');
	option_table_write(rows, N_ROWS(rows) - 1, stdout);
	return fflush(stdout) == 0 ? 0 : EXIT_TROUBLE;
}

static int
wrong_usage(void)
{
	(void)fputs("Try 'gcprof help view'.\n", stderr);
	return EXIT_TROUBLE;
}

static bool
take_number(const char *text, unsigned long most, unsigned long *ret)
{
	char *end;

	errno = 0;
	*ret = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && *ret <= most;
}

static bool
take_option(int code)
{
	enum { MOST_PORT = 65535, MOST_SECONDS = 1000000 };
	const struct option_row *row = option_table_find(rows, N_ROWS(rows), code);
	unsigned long n;

	switch (code) {
	case VIEW_PORT:
		if (!take_number(optarg, MOST_PORT, &n)) {
			complain("--port: invalid port '%s'; 0 to %d", optarg, MOST_PORT);
			return false;
		}
		wanted.port = (uint16_t)n;
		return true;
	case VIEW_STAY:
		if (!take_number(optarg, MOST_SECONDS, &n)) {
			complain("--stay: invalid number of seconds '%s'", optarg);
			return false;
		}
		wanted.stay_ms = n * 1000;
		return true;
	case VIEW_NO_OPEN:
		wanted.no_browser = true;
		return true;
	default:
		words_add(&wanted.words, optarg ? words_text("--%s=%s", row->name, optarg)
						: words_text("--%s", row->name));
		return true;
	}
}

/* ---- the page, once it is there ---- */

/* There is nothing to be put in order, and an answer may take a while. */
static void
end_at_once(int number)
{
	(void)number;
	_exit(0);
}

static void
end_by_signals(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = end_at_once}, old;

	/* One that was ignored when we were started stays so: nohup. */
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			(void)sigaction(numbers[i], &action, NULL);
}

/* exec puts an ignored signal to no default. */
static void
as_we_were(const void *unused)
{
	(void)unused;
	(void)signal(SIGPIPE, SIG_DFL);
}

static void
open_browser(const char *address)
{
	const char *list = browser_list();

	if (!list)
		complain("no browser is known: set BROWSER, or open the address by hand");
	else if (!browser_start(list, address, as_we_were, NULL))
		complain("cannot run '%s': set BROWSER, or open the address by hand", list);
}

static int
serve(struct answers *answers)
{
	struct server *server = server_open(wanted.port, answers_give, answers);
	int status = 0;

	if (!server) {
		complain("cannot serve at port %u of 127.0.0.1: %s%s", wanted.port,
			 strerror(errno),
			 wanted.port ? "; without --port one that is free is taken" : "");
		return EXIT_TROUBLE;
	}
	end_by_signals();
	(void)puts(server_address(server));
	(void)fflush(stdout);
	if (!wanted.no_browser)
		open_browser(server_address(server));
	if (server_run(server, wanted.stay_ms) != 0) {
		complain("the server has failed: %s", strerror(errno));
		status = EXIT_TROUBLE;
	}
	server_close(server);
	return status;
}

static int
view(struct settings *s, const struct analysis *a)
{
	struct answers *answers = answers_new(s, a);
	int status = EXIT_TROUBLE;

	io_end_progress();
	if (answers)
		status = serve(answers);
	else
		complain("'%s': out of memory", a->path);
	answers_free(answers);
	return status;
}

/* gcprof-analyze's options are read by itself. */
static int
analyze(char **files, int n_files)
{
	struct settings s = {.is_served = true,
			     .symbols.progress = io_progress,
			     .detect.progress = io_progress};
	int status = EXIT_TROUBLE;

	words_add(&wanted.words, words_text("--"));
	for (int i = 0; i < n_files; i++)
		words_add(&wanted.words, words_text("%s", files[i]));
	optind = 0;
	if (options_parse(&s, (int)wanted.words.n, wanted.words.list) == OPTIONS_WORK)
		status = analysis_of_all(&s, s.snapshots, s.n_snapshots, view);
	options_free(&s);
	return status;
}

int
main(int argc, char **argv)
{
	int code, status;

	complain_as("gcprof view");
	(void)signal(SIGPIPE, SIG_IGN);
	io_begin();
	words_add(&wanted.words, words_text("gcprof-view"));
	(void)take_number(option_table_find(rows, N_ROWS(rows), VIEW_STAY)->dflt,
			  UINT32_MAX, &wanted.stay_ms);
	wanted.stay_ms *= 1000;
	while ((code = option_table_next(rows, N_ROWS(rows), false, argc, argv)) != -1) {
		if (code == OPTION_HELP)
			return help();
		if (code == '?' || !take_option(code))
			return wrong_usage();
	}
	status = analyze(argv + optind, argc - optind);
	words_clear(&wanted.words);
	return status;
}
