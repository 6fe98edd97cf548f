/* option_table.h -- a command's options, as its options.def lists them.
 *
 * In:   rows, made from lines of a .def; the command line.
 * Out:  what getopt finds, by the row's code; --help.
 * Not here: what an option does (the command's), its completion (completion/tables.awk, from
 *       the same .def), wrong spellings (util/complain.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_OPTION_TABLE_H
#define GCPROF_OPTION_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Codes of a command begin at OPTION_FIRST, above all letters.  OPTION_GROUP: no option, but the
 * title of those that follow, which is in help. */
enum { OPTION_GROUP = 0, OPTION_HELP = 1, OPTION_FIRST = 256 };

struct option_row {
	int code;
	char letter;          /* short option; 0 = none */
	const char *name;     /* without dashes */
	const char *argument; /* "=N"; "[=N]" may be left out; "" = none */
	const char *dflt;     /* shown in --help; "" = nothing to be said */
	const char *help;
};

/* What every command has besides. */
#define OPTION_HELP_ROW                                                                  \
	{                                                                                \
		OPTION_HELP, 'h', "help", "", "", "print this"                           \
	}

#define N_ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

/* The next option of the command line, as getopt_long() finds it; optarg is its value.
 *
 * rows      all of them at each call.
 * in_order  stop at the first word that is no option: another command line begins there.
 * Returns   the code of its row; '?' after a complaint; -1 at the end, optind being the first
 *           word that is no option.
 */
int option_table_next(const struct option_row *rows, size_t n, bool in_order, int argc,
		      char **argv);

/* Returns  the row with that code, or NULL; never the title of a group. */
const struct option_row *option_table_find(const struct option_row *rows, size_t n,
					   int code);

/* All options with their help, below the titles of their groups. */
void option_table_write(const struct option_row *rows, size_t n, FILE *f);

/* One entry of such a list: left in its column, words wrapped beside it. */
void option_table_put(FILE *f, const char *left, const char *words);

/* What stands above such a list: "name: words", wrapped. */
void option_table_paragraph(FILE *f, const char *name, const char *words);

#endif
