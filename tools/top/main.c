/* main.c -- `gcprof top`: a program's memory while it runs.
 *
 * In:   a process that runs under the profiler, or a command to run there.
 * Out:  the screen (screen.c), or rounds of plain text; the command's exit status.
 * Not here: where figures come from (top/live_client.h), what is shown of them (view.h).
 *
 * A program of its own because it needs both what gcprof has, starting and asking
 * processes, and what gcprof-analyze has, names for places.
 *
 * SIGNAL  What the terminal sends to its foreground, ^C for one, reaches a command as
 * well as us: the command decides what becomes of it, and we wait for that.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "command/launch.h"
#include "top/top.h"
#include "util/complain.h"
#include "util/option_table.h"
#include "util/text.h"

enum { EXIT_NO_ANSWER = 1, COLUMNS = 100, POLL_MS = 20, OWN_TIMEOUT_MS = 100 };

struct wanted {
	unsigned long rounds; /* 0 = the screen */
	unsigned long rows;   /* 0 = all */
	const char *output;   /* of the command; NULL = a new file */
	char output_name[PATH_MAX];
};

/* ---- looking ---- */

unsigned long long
top_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (unsigned long long)t.tv_sec * 1000 +
	       (unsigned long long)t.tv_nsec / 1000000;
}

static void
print_end(struct top *t)
{
	int s;

	if (!t->is_ours) {
		snprintf(t->state, sizeof(t->state), "ended");
		return;
	}
	if (!t->has_status)
		t->has_status = waitpid(t->pid, &t->status, 0) == t->pid;
	s = t->status;
	if (WIFSIGNALED(s))
		snprintf(t->state, sizeof(t->state), "ended by signal %d", WTERMSIG(s));
	else
		snprintf(t->state, sizeof(t->state), "ended with status %d",
			 WEXITSTATUS(s));
}

/* Of our own process: nothing can be wrong but that it has not come so far, or has
 * ended. */
static bool
has_ended(struct top *t)
{
	if (t->is_ours && !t->has_status)
		t->has_status = waitpid(t->pid, &t->status, WNOHANG) == t->pid;
	return t->has_status;
}

static bool
find(struct top *t)
{
	if (t->glance)
		return true;
	if (has_ended(t))
		return false;
	t->glance = glance_open(t->pid, &t->ask, t->is_ours, &t->error);
	if (t->glance)
		glance_want(t->glance);
	return t->glance != NULL;
}

enum glance_state
top_sample(struct top *t)
{
	enum glance_state state;
	struct heap *heap = NULL;

	if (!find(t)) {
		if (!has_ended(t))
			return GLANCE_WAITING;
		print_end(t);
		return GLANCE_ENDED;
	}
	state = glance_sample(t->glance, &heap, &t->error);
	switch (state) {
	case GLANCE_NEW:
		snprintf(t->state, sizeof(t->state), "sample %llu",
			 (unsigned long long)glance_n_samples(t->glance));
		view_set_root(t->view, glance_root(t->glance));
		if (view_add(t->view, heap) == 0)
			break;
		snprintf(t->error.text, sizeof(t->error.text), "out of memory");
		return GLANCE_TROUBLE;
	case GLANCE_WAITING:
		break;
	case GLANCE_IDLE:
		if (t->is_insisting && !t->is_ours) {
			if (!glance_insist(t->glance, &t->error))
				return GLANCE_TROUBLE;
			return GLANCE_WAITING;
		}
		snprintf(t->state, sizeof(t->state), "idle since sample %llu",
			 (unsigned long long)glance_n_samples(t->glance));
		break;
	case GLANCE_STOPPED:
		snprintf(t->state, sizeof(t->state), "stopped");
		break;
	case GLANCE_TROUBLE:
		snprintf(t->state, sizeof(t->state), "no figures");
		break;
	case GLANCE_ENDED:
		print_end(t);
		break;
	}
	return state;
}

/* ---- plain text ---- */

static void
print_line(void *arg, enum view_line kind, const char *line)
{
	(void)arg, (void)kind;
	puts(line);
}

static void
print_round(struct top *t, const struct wanted *w, unsigned long round)
{
	size_t n = view_n_sites(t->view);

	if (round)
		putchar('\n');
	view_head(t->view, t->state, COLUMNS, print_line, NULL);
	for (size_t i = 0; i < n && (!w->rows || i < w->rows); i++)
		view_row(t->view, i, (size_t)COLUMNS * 2, print_line, NULL);
	fflush(stdout);
}

static enum glance_state
wait_for_sample(struct top *t)
{
	enum glance_state state;

	while ((state = top_sample(t)) == GLANCE_WAITING)
		(void)poll(NULL, 0, POLL_MS);
	return state;
}

/* Until the next round, or the end. */
static void
pause_round(struct top *t)
{
	unsigned long long end = top_now_ms() + t->interval_ms;

	while (top_now_ms() < end && !has_ended(t)) {
		glance_beat(t->glance);
		(void)poll(NULL, 0,
			   t->interval_ms < POLL_MS ? (int)t->interval_ms : POLL_MS);
	}
}

static int
batch(struct top *t, const struct wanted *w)
{
	for (unsigned long round = 0; round < w->rounds; round++) {
		enum glance_state state;

		if (round)
			pause_round(t);
		if (t->glance)
			glance_want(t->glance);
		state = wait_for_sample(t);
		if (state == GLANCE_ENDED || state == GLANCE_TROUBLE) {
			if (t->is_ours && state == GLANCE_ENDED && round)
				return 0; /* its status says how */
			if (state == GLANCE_ENDED && !t->glance)
				snprintf(t->error.text, sizeof(t->error.text),
					 "the command ended before the first sample");
			complain("top: %s", t->error.text);
			return EXIT_NO_ANSWER;
		}
		print_round(t, w, round);
	}
	return 0;
}

/* ---- the command ---- */

static int
open_output(struct wanted *w)
{
	int fd;

	if (w->output) {
		snprintf(w->output_name, sizeof(w->output_name), "%s", w->output);
		fd = open(w->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	} else {
		snprintf(w->output_name, sizeof(w->output_name), "/tmp/gcprof-top.XXXXXX");
		fd = mkostemp(w->output_name, O_CLOEXEC);
	}
	if (fd < 0)
		complain("top: cannot write '%s': %s", w->output_name, strerror(errno));
	return fd;
}

/* Its output would spoil the screen, and its input is our keys. */
static void
become_command(char **command, const char *library, int output, bool takes_input)
{
	int null = takes_input ? -1 : open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (null >= 0)
		(void)dup2(null, 0);
	(void)dup2(output, 1);
	(void)dup2(output, 2);
	(void)setenv("GCPROF_LIVE", "1", 0);
	_exit(launch(command, library));
}

/* Returns 0, or the status to exit with. */
static int
start_command(struct top *t, struct wanted *w, char **command)
{
	char library[PATH_MAX];
	int status = launch_check(command[0], library), output;

	if (status)
		return status;
	output = open_output(w);
	if (output < 0)
		return EXIT_NOT_RUN;
	t->pid = fork();
	if (t->pid == 0)
		become_command(command, library, output, w->rounds > 0);
	close(output);
	if (t->pid < 0) {
		complain("top: cannot fork: %s", strerror(errno));
		return EXIT_NOT_RUN;
	}
	t->is_ours = true;
	t->ask.timeout_ms = OWN_TIMEOUT_MS;
	return 0;
}

/* Its own status, once it has ended. */
static int
finish_command(struct top *t, const struct wanted *w)
{
	if (!t->has_status) {
		signal(SIGINT, SIG_IGN);
		signal(SIGQUIT, SIG_IGN);
		complain("top: process %d is still running; its output goes to '%s'",
			 (int)t->pid, w->output_name);
		while (waitpid(t->pid, &t->status, 0) < 0 && errno == EINTR)
			;
	}
	complain("top: the command's output is in '%s'", w->output_name);
	return WIFSIGNALED(t->status) ? 128 + WTERMSIG(t->status) : WEXITSTATUS(t->status);
}

/* ---- options ---- */

enum top_code {
	TOP_BEFORE = OPTION_FIRST - 1,
#define TOP_OPTION(id, letter, name, argument, values, dflt, help) TOP_##id,
#include "top/options.def"
};

static const struct option_row rows[] = {
#define TOP_OPTION(id, letter, name, argument, values, dflt, help)                       \
	{TOP_##id, letter, name, argument, dflt, help},
#include "top/options.def"
	OPTION_HELP_ROW,
};

static int
help(void)
{
	puts("usage: gcprof top [OPTION]... PID\n"
	     "       gcprof top [OPTION]... -- COMMAND [ARGUMENT]...\n");
	option_table_write(rows, N_ROWS(rows) - 1, stdout);
	puts("\nSee gcprof(1).");
	return fflush(stdout) == 0 ? 0 : EXIT_USAGE;
}

static int
wrong_usage(void)
{
	fputs("Try 'gcprof top --help'.\n", stderr);
	return EXIT_USAGE;
}

static bool
parse_seconds(const char *text, unsigned *ret_ms)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !(seconds >= 0.1 && seconds <= 86400))
		return false;
	*ret_ms = (unsigned)(seconds * 1000);
	return true;
}

static bool
parse_count(const char *text, unsigned long least, unsigned long *ret)
{
	char *end;
	unsigned long v;

	errno = 0;
	v = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || v < least)
		return false;
	*ret = v;
	return true;
}

static bool
parse_sort(const char *text, struct view *view)
{
	for (int i = 0; i < VIEW_N_SORTS; i++)
		if (strcmp(text, view_sort_name((enum view_sort)i)) == 0) {
			view_set_sort(view, (enum view_sort)i);
			return true;
		}
	return false;
}

static bool
parse_option(struct top *t, struct wanted *w, int c, const char *text)
{
	switch (c) {
	case TOP_INTERVAL:
		return parse_seconds(text, &t->interval_ms);
	case TOP_SORT:
		return parse_sort(text, t->view);
	case TOP_BATCH:
		w->rounds = 1;
		return !text || parse_count(text, 1, &w->rounds);
	case TOP_TOP:
		return parse_count(text, 0, &w->rows);
	case TOP_OUTPUT:
		w->output = text;
		return true;
	case TOP_INSIST:
		t->is_insisting = true;
		return true;
	case TOP_TIMEOUT:
		return parse_seconds(text, &t->ask.timeout_ms);
	default:
		return false;
	}
}

/* What --help says is so without an option. */
static void
set_defaults(struct top *t, struct wanted *w)
{
	static const enum top_code codes[] = {TOP_INTERVAL, TOP_SORT, TOP_TOP, TOP_TIMEOUT};

	for (size_t i = 0; i < N_ROWS(codes); i++)
		(void)parse_option(t, w, codes[i],
				   option_table_find(rows, N_ROWS(rows), codes[i])->dflt);
}

static int
find_process(struct top *t, const char *text)
{
	unsigned long pid;

	if (!parse_count(text, 1, &pid) || pid > INT_MAX) {
		complain("top: invalid process id '%s'; give a command after --", text);
		return wrong_usage();
	}
	t->pid = (pid_t)pid;
	return 0;
}

/* Returns 0, or the status to exit with. */
static int
begin(struct top *t, struct wanted *w, char **argv, int argc, bool is_command)
{
	int status;

	if (!w->rounds && !(isatty(0) && isatty(1))) {
		complain("top: not a terminal; --batch prints plain text");
		return EXIT_USAGE;
	}
	glance_sweep();
	if (is_command)
		return start_command(t, w, argv);
	if (argc > 1) {
		complain("top: give one PID, or a command after --");
		return wrong_usage();
	}
	status = find_process(t, argv[0]);
	if (status || find(t))
		return status;
	complain("top: %s", t->error.text);
	return EXIT_NO_ANSWER;
}

static int
run(struct top *t, struct wanted *w)
{
	int status;

	if (w->rounds) {
		status = batch(t, w);
	} else {
		status = screen_run(t) < 0 ? EXIT_USAGE : 0;
		if (status)
			complain("top: %s", t->error.text);
	}
	return t->is_ours ? finish_command(t, w) : status;
}

int
main(int argc, char **argv)
{
	struct top t = {.view = view_new()};
	struct wanted w = {0};
	int c, status;

	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C");
	signal(SIGPIPE, SIG_DFL);
	if (!t.view) {
		complain("out of memory");
		return EXIT_USAGE;
	}
	set_defaults(&t, &w);
	while ((c = option_table_next(rows, N_ROWS(rows), true, argc, argv)) != -1) {
		if (c == OPTION_HELP)
			return help();
		if (c == '?')
			return wrong_usage();
		if (!parse_option(&t, &w, c, optarg)) {
			complain("top: --%s: invalid value '%s'",
				 option_table_find(rows, N_ROWS(rows), c)->name, optarg);
			return wrong_usage();
		}
	}
	if (optind == argc) {
		complain("top: give a PID, or a command after --");
		return wrong_usage();
	}
	status = begin(&t, &w, argv + optind, argc - optind,
		       strcmp(argv[optind - 1], "--") == 0);
	if (status == 0)
		status = run(&t, &w);
	glance_close(t.glance);
	view_free(t.view);
	return status;
}
