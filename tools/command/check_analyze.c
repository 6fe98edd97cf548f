/* check_analyze.c -- gcprof-analyze is run on what `gcprof check` found.
 *
 * In:   snapshots; options that are handed on.
 * Out:  a report on standard error or in files; the worst exit status.
 * Not here: what a leak is.
 *
 * SPDX-License-Identifier: MIT
 */
#include "command/check_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/complain.h"

enum noise { LOUD, NO_OUTPUT, NO_WORD };

static void
redirect(int fd, int to)
{
	if (to >= 0)
		(void)dup2(to, fd);
}

/* Run it on words, which are used up.
 *
 * Returns  its exit status; 128+n if it was told to end by signal n;
 *          ANALYZER_FAILED, and it was said why, if it did not come so far.
 */
static int
run_analyzer(struct check *c, struct words *w, enum noise noise)
{
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC), status;
	pid_t pid = fork();

	if (pid == 0) {
		child_unwatch(&c->signals);
		(void)unsetenv("LD_PRELOAD"); /* maybe ours, of a check of this check */
		redirect(STDIN_FILENO, nowhere);
		redirect(STDOUT_FILENO, noise == LOUD ? STDERR_FILENO : nowhere);
		if (noise == NO_WORD)
			redirect(STDERR_FILENO, nowhere);
		(void)execvp(c->analyzer, w->list);
		complain("'%s': %s", c->analyzer, strerror(errno));
		_exit(ANALYZER_FAILED);
	}
	words_clear(w);
	if (nowhere >= 0)
		(void)close(nowhere);
	if (pid < 0) {
		complain("cannot start gcprof-analyze: %s", strerror(errno));
		return ANALYZER_FAILED;
	}
	status = child_wait(&c->signals, pid);
	if (WIFSIGNALED(status) && !sigismember(&c->signals.watched, WTERMSIG(status))) {
		complain("gcprof-analyze was killed by signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
		return ANALYZER_FAILED;
	}
	return child_exit_status(status);
}

static void
begin_words(const struct check *c, struct words *w)
{
	words_add(w, words_text("gcprof-analyze"));
	words_add(w, words_text("--findings-only"));
	words_add(w, words_text("--no-pager"));
	if (!c->output)
		words_add(w, words_text("--no-file-names"));
	words_add(w, words_text("--fail-on=%s", c->fail_on));
	words_add_all(w, &c->options);
}

/* The numbers of findings go to a file beside the snapshots. */
static void
put_counts_name(const struct check *c, char *ret, size_t bytes)
{
	(void)snprintf(ret, bytes, "%s/.counts", c->outer);
}

static void
add_counts_format(const struct check *c, struct words *w)
{
	char name[PATH_MAX + 16];

	put_counts_name(c, name, sizeof(name));
	words_add(w, words_text("--format=counts:%s", name));
}

/* Cut a line at its tabs.  Returns how many columns there are, at most n. */
static size_t
split(char *line, char **columns, size_t n)
{
	size_t i = 0;

	line[strcspn(line, "\n")] = '\0';
	while (i < n && (columns[i] = strsep(&line, "\t")) != NULL)
		i++;
	return i;
}

static void
add_counts(struct counts *found, char *line)
{
	enum { PROCESS, PROGRAM, ERRORS, WARNINGS, NOTES, KNOWN, PLACE, N };
	char *columns[N];
	size_t n = split(line, columns, N);

	if (n < PLACE)
		return;
	found->errors += strtoul(columns[ERRORS], NULL, 10);
	found->warnings += strtoul(columns[WARNINGS], NULL, 10);
	found->notes += strtoul(columns[NOTES], NULL, 10);
	found->known += strtoul(columns[KNOWN], NULL, 10);
	if (n > PLACE && *columns[PLACE] && !*found->first)
		(void)snprintf(found->first, sizeof(found->first), "%s at %s",
			       columns[PROGRAM], columns[PLACE]);
}

/* Add them up, and remove the file. */
static void
take_counts(const struct check *c, struct counts *found)
{
	char name[PATH_MAX + 16], *line = NULL;
	size_t n_line = 0;
	FILE *f;

	put_counts_name(c, name, sizeof(name));
	f = fopen(name, "re");
	while (f && getline(&line, &n_line, f) > 0)
		add_counts(found, line);
	free(line);
	if (f)
		(void)fclose(f);
	(void)unlink(name);
}

/* JSON and HTML tell of one process. */
static bool
is_whole(const char *format)
{
	return (strncmp(format, "json", 4) == 0 || strncmp(format, "html", 4) == 0) &&
	       (format[4] == '\0' || format[4] == ':');
}

/* A name for the output about the i-th process: x.json, x.2.json, ... */
static char *
numbered(const char *name, size_t i)
{
	const char *slash = strrchr(name, '/'), *dot = strrchr(slash ? slash : name, '.');
	int n = (int)(dot ? (size_t)(dot - name) : strlen(name));

	return i ? words_text("%.*s.%zu%s", n, name, i + 1, name + n)
		 : words_text("%s", name);
}

/* One call on all snapshots; what takes a call for each is left out. */
static int
analyze_together(struct check *c, const struct snapshots *s)
{
	struct words w = {0};
	bool has_unnamed = false, is_one = check_n_processes(s) == 1;

	begin_words(c, &w);
	words_add_all(&w, &c->once);
	for (size_t i = 0; i < c->formats.n; i++) {
		const char *format = c->formats.list[i];

		if (!is_one && is_whole(format))
			continue;
		has_unnamed |= strchr(format, ':') == NULL;
		words_add(&w, words_text("--format=%s", format));
	}
	if (!has_unnamed)
		words_add(&w, words_text("--format=text:/dev/null"));
	else if (c->report)
		words_add(&w, words_text("--output=%s", c->report));
	add_counts_format(c, &w);
	words_add(&w, words_text("--"));
	for (size_t i = 0; i < s->n; i++)
		words_add(&w, words_text("%s", s->list[i].path));
	return run_analyzer(c, &w, LOUD);
}

/* The i-th process, whose snapshots are those from first on. */
static int
analyze_one(struct check *c, const struct snapshots *s, size_t i, size_t first,
	    const char *format)
{
	const char *file = strchr(format, ':');
	struct words w = {0};

	begin_words(c, &w);
	words_add(&w, words_text("--format=%.4s", format));
	file = file ? file + 1 : c->report;
	if (file) {
		char *name = numbered(file, i);

		words_add(&w, words_text("--output=%s", name));
		free(name);
	}
	words_add(&w, words_text("--"));
	for (size_t k = first; k < check_process_end(s, first); k++)
		words_add(&w, words_text("%s", s->list[k].path));
	return run_analyzer(c, &w, LOUD);
}

static int
analyze_each(struct check *c, const struct snapshots *s)
{
	int worst = analyze_together(c, s);
	bool is_one = check_n_processes(s) == 1;

	for (size_t f = 0; !is_one && f < c->formats.n; f++)
		for (size_t first = 0, i = 0; first < s->n && is_whole(c->formats.list[f]);
		     first = check_process_end(s, first), i++) {
			int status = analyze_one(c, s, i, first, c->formats.list[f]);

			worst = status > worst ? status : worst;
		}
	return worst;
}

/* Whether the analyzer takes it, without a word. */
static bool
can_be_read(struct check *c, const char *path)
{
	struct words w = {0};

	words_add(&w, words_text("gcprof-analyze"));
	words_add(&w, words_text("--no-symbols"));
	words_add(&w, words_text("--format=csv:/dev/null"));
	words_add(&w, words_text("--"));
	words_add(&w, words_text("%s", path));
	return run_analyzer(c, &w, NO_WORD) == 0;
}

/* The analysis of some failed, and it was said why; the others are in the report.  Leave
 * the former out, so that they do not hide what was found in the latter.
 *
 * Returns  the result for the others; ANALYZER_FAILED if there are none, or if all can be
 *          read and it was something else. */
static int
analyze_rest(struct check *c, struct snapshots *s)
{
	size_t n = 0, n_before = s->n;
	struct words w = {0};

	for (size_t i = 0; i < n_before; i++) {
		if (can_be_read(c, s->list[i].path)) {
			s->list[n++] = s->list[i];
			continue;
		}
		complain("cannot read the snapshot of process %ld: it was not checked%s",
			 (long)s->list[i].pid, c->output ? "" : "; --keep keeps it");
		free(s->list[i].path);
		free(s->list[i].program);
	}
	s->n = n;
	s->n_unread = n_before - n;
	if (!n || n == n_before)
		return ANALYZER_FAILED;
	begin_words(c, &w);
	words_add(&w, words_text("--format=text:/dev/null"));
	add_counts_format(c, &w);
	words_add(&w, words_text("--"));
	for (size_t i = 0; i < n; i++)
		words_add(&w, words_text("%s", s->list[i].path));
	return run_analyzer(c, &w, NO_WORD);
}

/* Is there a word of the user for it? */
static bool
has_words(const struct check *c)
{
	return c->options.n || c->once.n || c->formats.n > 1 ||
	       strcmp(c->formats.list[0], "text") != 0;
}

int
check_try_analyzer(struct check *c)
{
	const struct words *all[] = {&c->options, &c->once};
	struct words w = {0};

	if (launch_find_analyzer(c->analyzer) < 0)
		return ANALYZER_FAILED;
	if (!has_words(c) && strchr(c->analyzer, '/') && access(c->analyzer, X_OK) == 0)
		return 0;
	begin_words(c, &w);
	for (size_t i = 0; i < 2; i++)
		words_add_all(&w, all[i]);
	for (size_t i = 0; i < c->formats.n; i++)
		words_add(&w, words_text("--format=%s", c->formats.list[i]));
	words_add(&w, words_text("--help"));
	return run_analyzer(c, &w, NO_OUTPUT);
}

int
check_analyze(struct check *c, struct snapshots *s, struct counts *ret_found)
{
	int result = analyze_each(c, s);

	if (result == ANALYZER_FAILED && s->n > 1)
		result = analyze_rest(c, s);
	take_counts(c, ret_found);
	return result;
}
