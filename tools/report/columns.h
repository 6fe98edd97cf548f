/* columns.h -- names, paths and sentences in columns, for reports that people read.
 *
 * In:   a stream, what is to be written, how many columns it may take.
 * Out:  text that is safe on a terminal.
 * Not here: what a report says (report/text.c and its like); stacks (frames.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_COLUMNS_H
#define GCPROF_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "detect/finding.h"
#include "model/heap.h"

/* Columns of a line in f. */
size_t layout_columns(const FILE *f);

/* Is it for a person's eyes only? */
bool layout_is_terminal(const FILE *f);

/* Is there no room for figures in full beside the short ones? */
bool layout_is_narrow(const FILE *f);

/* Bytes, cut at their end. */
void layout_short(FILE *f, const char *bytes, size_t length, size_t columns);

/* The same of a heap's text; "(unknown)" if it is empty. */
void layout_text(FILE *f, const struct heap_text *t, size_t columns);

/* A function's name, without its least telling parts if it is long. */
void layout_function(FILE *f, const char *function, size_t columns);

/* Words with a function's name in them, the same way: "a mapping (made in f(...))". */
void layout_phrase(FILE *f, const char *phrase, size_t columns);

/* A path, without its first directories if it is long. */
void layout_path(FILE *f, const char *path, size_t columns);

/* A sentence that breaks between words, with the end of its last line. */
void layout_sentence(FILE *f, const char *sentence, size_t indent);

/* The rest of a line that has `column` columns already; it goes on below `indent`. */
void layout_rest(FILE *f, const char *sentence, size_t column, size_t indent);

/* "error", in its colour. */
void layout_level(FILE *f, enum finding_level level);

/* An empty line, a heading, a line under it. */
void layout_heading(FILE *f, const char *heading);

#endif
