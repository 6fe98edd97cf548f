/* shell.c -- see shell.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "analyze/shell.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if HAVE_LIBEDIT
#include <editline/readline.h>
#endif

#include "analyze/inspect.h"
#include "report/writers.h"

struct shell {
	const struct heap *heap;
	struct symbols *symbols;
	const struct report_options *report;
	const struct detect_options *detect;
	struct inspect *inspect;
	struct findings *findings; /* NULL = nobody has asked yet */
	bool is_over, has_failed;
};

/* ---- commands ---- */

static void ask_help(struct shell *s, const char *argument);

static void
ask_address(struct shell *s, const char *argument, inspect_answer *answer)
{
	uint64_t address;

	if (inspect_parse(argument, &address) != 0)
		printf("invalid address '%s'; give one such as 0x7f0012340020\n", argument);
	else if (answer(s->inspect, address, stdout) < 0)
		s->has_failed = true;
}

static void
ask_block(struct shell *s, const char *argument)
{
	ask_address(s, argument, inspect_block);
}

static void
ask_who(struct shell *s, const char *argument)
{
	ask_address(s, argument, inspect_who);
}

static void
ask_path(struct shell *s, const char *argument)
{
	ask_address(s, argument, inspect_path);
}

static void
ask_site(struct shell *s, const char *argument)
{
	uint64_t site;

	if (*argument == 'S' || *argument == 's')
		argument++;
	if (inspect_parse(argument, &site) != 0 || site > UINT32_MAX)
		printf("invalid site '%s'; give one such as S12\n", argument);
	else if (inspect_site(s->inspect, (uint32_t)site, stdout) < 0)
		s->has_failed = true;
}

static struct report *
new_report(struct shell *s, const struct report_options *options)
{
	struct report *r = report_new(s->heap, s->symbols, s->findings, options);

	s->has_failed |= !r;
	return r;
}

static void
ask_report(struct shell *s, const char *argument)
{
	struct report *r;

	(void)argument;
	r = new_report(s, s->report);
	if (r)
		report_write_text(r, stdout);
	report_free(r);
}

static bool
parse_sort(const char *word, enum order *ret)
{
	for (int i = 0; order_names[i]; i++)
		if (strcmp(order_names[i], word) == 0) {
			*ret = (enum order)i;
			return true;
		}
	return false;
}

static void
ask_sites(struct shell *s, const char *argument)
{
	struct report_options options = *s->report;
	struct report *r;

	options.one_list = true;
	if (*argument && !parse_sort(argument, &options.sort)) {
		printf("sites: invalid order '%s'; one of live, old, allocations, "
		       "blocks, age\n",
		       argument);
		return;
	}
	r = new_report(s, &options);
	if (r)
		report_write_sites(r, stdout);
	report_free(r);
}

static void
ask_findings(struct shell *s, const char *argument)
{
	struct report *r;

	(void)argument;
	if (!s->findings)
		s->findings = findings_new(s->heap, s->symbols, s->detect);
	s->has_failed |= !s->findings;
	r = s->findings ? new_report(s, s->report) : NULL;
	if (r)
		report_write_leaks(r, stdout);
	if (r && s->findings->n == 0)
		puts("no findings");
	report_free(r);
}

static void
ask_quit(struct shell *s, const char *argument)
{
	(void)argument;
	s->is_over = true;
}

static const struct command {
	const char *name, *argument, *what;
	void (*ask)(struct shell *s, const char *argument);
} commands[] = {
	{"block", "ADDRESS", "the block there: size, age, state, stack, pointers in it",
	 ask_block},
	{"who", "ADDRESS", "the blocks and variables that point to it", ask_who},
	{"path", "ADDRESS", "the path to it, from a variable or a stack", ask_path},
	{"site", "S12", "a site, and its live blocks, the largest first", ask_site},
	{"sites", "[KEY]", "sites by live bytes, or by old, allocations, blocks, age",
	 ask_sites},
	{"findings", "", "leaks and verdicts", ask_findings},
	{"report", "", "the whole report", ask_report},
	{"help", "", "this", ask_help},
	{"quit", "", "quit; so does the end of input", ask_quit},
};
enum { N_COMMANDS = sizeof(commands) / sizeof(*commands) };

static void
ask_help(struct shell *s, const char *argument)
{
	(void)s;
	(void)argument;
	for (size_t i = 0; i < N_COMMANDS; i++)
		printf("%-9s %-8s  %s\n", commands[i].name, commands[i].argument,
		       commands[i].what);
}

/* A command may be cut short as long as it is the first of those that begin so. */
static const struct command *
find_command(const char *word, size_t n)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strlen(commands[i].name) == n && strncmp(commands[i].name, word, n) == 0)
			return &commands[i];
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strncmp(commands[i].name, word, n) == 0)
			return &commands[i];
	return NULL;
}

static void
answer(struct shell *s, char *line)
{
	char *word = line + strspn(line, " \t\n");
	size_t n = strcspn(word, " \t\n");
	char *argument = word + n + strspn(word + n, " \t\n");
	const struct command *c;

	argument[strcspn(argument, " \t\n")] = '\0';
	if (n == 0)
		return;
	c = find_command(word, n);
	if (!c)
		printf("unknown command '%.*s'; help lists them\n", (int)n, word);
	else if (c->argument[0] && c->argument[0] != '[' && !*argument)
		printf("%s: missing argument; usage: %s %s\n", c->name, c->name,
		       c->argument);
	else
		c->ask(s, argument);
	fflush(stdout);
}

/* ---- lines ---- */

#if HAVE_LIBEDIT
static char *
complete(const char *word, int state)
{
	static size_t next;

	if (state == 0)
		next = 0;
	while (next < N_COMMANDS) {
		const char *name = commands[next++].name;

		if (strncmp(name, word, strlen(word)) == 0)
			return strdup(name);
	}
	return NULL;
}

static char **
complete_line(const char *word, int start, int end)
{
	(void)end;
	/* Arguments are addresses and numbers: there is nothing to offer, not even files. */
	rl_attempted_completion_over = 1;
	return start == 0 ? rl_completion_matches(word, complete) : NULL;
}

static char *
edited_line(void)
{
	char *line = readline("gcprof> ");

	if (line && *line)
		add_history(line);
	return line;
}
#endif

/* A line for free(3); NULL at the end. */
static char *
next_line(bool is_terminal)
{
	char *line = NULL;
	size_t size = 0;

#if HAVE_LIBEDIT
	if (is_terminal)
		return edited_line();
#endif
	if (is_terminal) {
		fputs("gcprof> ", stdout);
		fflush(stdout);
	}
	if (getline(&line, &size, stdin) < 0) {
		free(line);
		return NULL;
	}
	return line;
}

int
shell_run(const struct heap *heap, struct symbols *symbols,
	  const struct report_options *report, const struct detect_options *detect)
{
	struct shell s = {
		.heap = heap, .symbols = symbols, .report = report, .detect = detect};
	bool is_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	char *line;

	s.inspect = inspect_new(heap, symbols, &detect->graph, report, detect->progress,
				detect->progress_arg);
	if (!s.inspect)
		return -1;
#if HAVE_LIBEDIT
	rl_readline_name = "gcprof";
	rl_attempted_completion_function = complete_line;
#endif
	if (is_terminal)
		puts("help lists the commands; quit leaves");
	while (!s.is_over && !s.has_failed && (line = next_line(is_terminal)) != NULL) {
		answer(&s, line);
		free(line);
	}
	if (is_terminal && !s.is_over)
		putchar('\n');
	findings_free(s.findings);
	inspect_free(s.inspect);
	return s.has_failed ? -1 : 0;
}
