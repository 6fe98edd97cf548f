/* frames.h -- stacks, a line for each frame, for reports that people read.
 *
 * In:   a stack or one of its frames, a stream.
 * Out:  text that is safe on a terminal.
 * Not here: names and paths by themselves (columns.h); what a stack is (names/stacks.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_FRAMES_H
#define GCPROF_FRAMES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "names/stacks.h"
#include "report/report.h"

enum { LAYOUT_STACK_INDENT = 6 };

/* The path of a source file, for free(3): relative to options.places where it is below it,
 * without "." and ".." in its middle. */
char *layout_source(const struct report *r, const char *file);

/* "module+0xoffset" */
void layout_place(const struct report *r, FILE *f, const struct stack_frame *frame);

/* One frame, on a line of its own; a whole stack, as options.frames and with_library have
 * it: runs of a library's frames are one line, by the function that the program called. */
void layout_frame(const struct report *r, FILE *f, const struct stack *s, size_t frame);
void layout_stack(const struct report *r, FILE *f, uint32_t node);

/* A frame in a module whose path is given; NULL = unknown. */
void layout_frame_in(FILE *f, const char *module, const struct stack_frame *frame);

/* Number of frames, without those outside of main or of a thread's start, which
 * are the same in every stack. */
size_t layout_n_shown_frames(const struct stack *s);

#endif
