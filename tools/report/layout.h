/* layout.h -- names, paths and stacks in columns, for reports that people read.
 *
 * In:   a stream, what is to be written, how many columns it may take.
 * Out:  text that is safe on a terminal.
 * Not here: what a report says (report/).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_LAYOUT_H
#define GCPROF_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "model/heap.h"
#include "names/stacks.h"
#include "report/report.h"

enum { LAYOUT_STACK_INDENT = 6 };

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

/* "module+0xoffset" */
void layout_place(const struct report *r, FILE *f, const struct stack_frame *frame);

/* One frame, on a line of its own; a whole stack, as options.frames has it. */
void layout_frame(const struct report *r, FILE *f, const struct stack_frame *frame);
void layout_stack(const struct report *r, FILE *f, uint32_t node);

/* A frame in a module whose path is given; NULL = unknown. */
void layout_frame_in(FILE *f, const char *module, const struct stack_frame *frame);

/* Number of frames, without those outside of main or of a thread's start, which
 * are the same in every stack. */
size_t layout_told_frames(const struct stack *s);

#endif
