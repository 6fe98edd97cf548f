/* terminal.h -- what the terminal shows: columns, rows, colours.
 *
 * In:   --color, the environment, standard output.
 * Out:  how wide a stream is; escape sequences for those who may have them.
 * Not here: where words stand (report/columns.c), the pager (pager.c).
 *
 * INVARIANT  one-terminal: at most one stream stands for the terminal, standard output
 * or what feeds the pager.  Every other stream is TERMINAL_PLAIN_COLUMNS wide and has
 * no escape sequences, unless --color=always wants them everywhere.
 *
 * Colours only add sequences: without them the same bytes are left.  They are the basic
 * ones, bold and dim, which a dark and a light background both can show.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_TERMINAL_H
#define GCPROF_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum {
	TERMINAL_PLAIN_COLUMNS = 80,
	TERMINAL_MIN_COLUMNS = 60,
	TERMINAL_MAX_COLUMNS = 160, /* beyond, an eye loses the line */
};

enum terminal_when { TERMINAL_AUTO, TERMINAL_ALWAYS, TERMINAL_NEVER };
extern const char *const terminal_when_names[]; /* by number, ended by NULL */

enum terminal_style {
	TERMINAL_HEADING,
	TERMINAL_ERROR,
	TERMINAL_WARNING,
	TERMINAL_NOTE,
	TERMINAL_OWN,   /* the program's own functions */
	TERMINAL_FAINT, /* paths, and what else is not read at first */
};

/* Who gets colours; to be called before anything is written. */
void terminal_color(enum terminal_when color);

/* What is written to f is shown on standard output: if that is a terminal, f is as wide
 * and may have colours. */
void terminal_adopt(FILE *f);

/* Does f stand for the terminal? */
bool terminal_is(const FILE *f);

/* Is standard output a terminal that can move its cursor? */
bool terminal_is_capable(void);

/* Of the terminal on standard output; COLUMNS and LINES go before what it says, 80 and 24
 * stand for what nobody knows. */
void terminal_size(size_t *ret_columns, size_t *ret_rows);

/* Columns that a report in f may have. */
size_t terminal_columns(const FILE *f);

/* Around what has a style; nothing for a stream without colours. */
void terminal_begin(FILE *f, enum terminal_style style);
void terminal_end(FILE *f);

#endif
