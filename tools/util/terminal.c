/* terminal.c -- see terminal.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "util/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

const char *const terminal_when_names[] = {
	[TERMINAL_AUTO] = "auto",
	[TERMINAL_ALWAYS] = "always",
	[TERMINAL_NEVER] = "never",
	NULL,
};

static struct {
	enum terminal_when color;
	const FILE *f; /* stands for the terminal; NULL = none */
	size_t columns;
} terminal = {.color = TERMINAL_NEVER};

void
terminal_color(enum terminal_when color)
{
	terminal.color = color;
}

static bool
is_set(const char *name)
{
	const char *value = getenv(name);

	return value && *value;
}

bool
terminal_is_capable(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

/* 0: not set, or no number that a terminal can have. */
static size_t
size_of(const char *name)
{
	const char *value = getenv(name);
	char *end;
	long n = value ? strtol(value, &end, 10) : 0;

	return n > 0 && n <= 10000 && *end == '\0' ? (size_t)n : 0;
}

void
terminal_size(size_t *ret_columns, size_t *ret_rows)
{
	struct winsize w = {0};
	size_t columns = size_of("COLUMNS"), rows = size_of("LINES");

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) != 0)
		w = (struct winsize){0};
	columns = columns ? columns : w.ws_col;
	rows = rows ? rows : w.ws_row;
	*ret_columns = columns ? columns : TERMINAL_PLAIN_COLUMNS;
	*ret_rows = rows ? rows : 24;
}

void
terminal_adopt(FILE *f)
{
	size_t columns, rows;

	if (!isatty(STDOUT_FILENO))
		return;
	terminal_size(&columns, &rows);
	terminal.f = f;
	terminal.columns = columns < TERMINAL_MIN_COLUMNS   ? TERMINAL_MIN_COLUMNS
			   : columns > TERMINAL_MAX_COLUMNS ? TERMINAL_MAX_COLUMNS
							    : columns;
	/* Once, since the pager takes the place of standard output later on. */
	if (terminal.color == TERMINAL_AUTO &&
	    (!terminal_is_capable() || is_set("NO_COLOR")))
		terminal.color = TERMINAL_NEVER;
}

bool
terminal_is(const FILE *f)
{
	return f == terminal.f;
}

size_t
terminal_columns(const FILE *f)
{
	return f == terminal.f ? terminal.columns : TERMINAL_PLAIN_COLUMNS;
}

static bool
has_colors(const FILE *f)
{
	return terminal.color == TERMINAL_ALWAYS ||
	       (terminal.color == TERMINAL_AUTO && f == terminal.f);
}

void
terminal_begin(FILE *f, enum terminal_style style)
{
	static const char *const sequences[] = {
		[TERMINAL_HEADING] = "\033[1m",  [TERMINAL_ERROR] = "\033[1;31m",
		[TERMINAL_WARNING] = "\033[33m", [TERMINAL_NOTE] = "\033[2m",
		[TERMINAL_OWN] = "\033[1m",      [TERMINAL_FAINT] = "\033[2m",
	};

	if (has_colors(f))
		fputs(sequences[style], f);
}

void
terminal_end(FILE *f)
{
	if (has_colors(f))
		fputs("\033[0m", f);
}
