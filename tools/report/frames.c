/* frames.c -- stacks, a line for each frame, for reports that people read.
 *
 * In:   a stack or one of its frames, a stream.
 * Out:  "function  file:line" or "function  (module+0xoffset)", as wide as the stream.
 * Not here: how a name or a path is shortened (columns.c).
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/frames.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "names/own_code.h"
#include "names/runtime.h"
#include "names/source_locations.h"
#include "report/columns.h"
#include "util/terminal.h"
#include "util/text.h"

/* Of a line of TERMINAL_PLAIN_COLUMNS; others have more or less in proportion. */
enum {
	FUNCTION_COLUMNS = 48,
	FUNCTION_MIN_COLUMNS = 38, /* what a long path leaves it */
	PATH_COLUMNS = 36,
	PATH_MIN_COLUMNS = 19, /* what a long function leaves it */
};

static size_t
share(const FILE *f, size_t columns)
{
	return columns * terminal_columns(f) / TERMINAL_PLAIN_COLUMNS;
}

/* ---- one frame ---- */

static void
put_function(FILE *f, const struct stack_frame *frame, bool is_marked, size_t columns)
{
	if (is_marked)
		terminal_begin(f, TERMINAL_OWN);
	layout_function(f, frame->function, columns);
	if (is_marked)
		terminal_end(f);
}

static void
put_place(FILE *f, const char *module, const struct stack_frame *frame)
{
	if (frame->module && module)
		layout_path(f, text_basename(module), share(f, PATH_COLUMNS));
	else if (frame->module)
		fprintf(f, "module %" PRIu32, frame->module);
	/* Where several places of a function stand together there is no offset. */
	if (frame->offset || !frame->function || !frame->module)
		fprintf(f, "%s0x%" PRIx64, frame->module ? "+" : "", frame->offset);
}

/* The path of a frame's module, or NULL. */
static const char *
module_path(const struct report *r, const struct stack_frame *frame)
{
	const struct heap_text *path = &r->heap->modules[frame->module].path;

	return path->n ? path->bytes : NULL;
}

void
layout_place(const struct report *r, FILE *f, const struct stack_frame *frame)
{
	put_place(f, module_path(r, frame), frame);
}

char *
layout_source(const struct report *r, const char *file)
{
	static char none[] = "";
	static const struct places nowhere = {.root = none};

	return places_path(r && r->options.places ? r->options.places : &nowhere, file);
}

/* A function with its file and line.  If both are too long for the line, the
 * path gives way first, down to its least, then the function. */
static void
put_source(const struct report *r, FILE *f, const struct stack_frame *frame,
	   bool is_marked, size_t columns)
{
	const size_t function_min = share(f, FUNCTION_MIN_COLUMNS);
	const size_t path_min = share(f, PATH_MIN_COLUMNS),
		     path_most = share(f, PATH_COLUMNS);
	char *path = layout_source(r, frame->file), line[16] = "";
	size_t n_path, n_function = frame->function ? strlen(frame->function) + 2 : 0;

	if (!path)
		return;
	if (frame->line)
		snprintf(line, sizeof(line), ":%u", frame->line);
	columns -= strlen(line) + (frame->is_inlined ? strlen("  [inlined]") : 0);
	if (n_function > function_min + 2)
		n_function = function_min + 2;
	n_path = strlen(path) < path_most ? strlen(path) : path_most;
	if (n_function + n_path > columns && n_path > path_min)
		n_path = columns > n_function + path_min ? columns - n_function : path_min;
	if (frame->function) {
		put_function(f, frame, is_marked,
			     columns > n_path + function_min ? columns - n_path - 2
							     : function_min - 2);
		fputs("  ", f);
	}
	terminal_begin(f, TERMINAL_FAINT);
	layout_path(f, path, n_path);
	fputs(line, f);
	terminal_end(f);
	free(path);
}

/* r  NULL = of no report */
static void
write_frame(const struct report *r, FILE *f, const char *module,
	    const struct stack_frame *frame, bool is_marked)
{
	fprintf(f, "%*s", LAYOUT_STACK_INDENT, "");
	if (frame->special) {
		fprintf(f, "%s\n", frame->special);
		return;
	}
	if (frame->file) {
		put_source(r, f, frame, is_marked,
			   terminal_columns(f) - LAYOUT_STACK_INDENT);
	} else {
		if (frame->function)
			put_function(f, frame, is_marked, share(f, FUNCTION_COLUMNS));
		fputs(frame->function ? "  " : "", f);
		terminal_begin(f, TERMINAL_FAINT);
		fputs(frame->function ? "(" : "", f);
		put_place(f, module, frame);
		fputs(frame->function ? ")" : "", f);
		terminal_end(f);
	}
	fputs(frame->is_inlined ? "  [inlined]\n" : "\n", f);
}

void
layout_frame(const struct report *r, FILE *f, const struct stack *s, size_t i)
{
	write_frame(r, f, module_path(r, &s->frames[i]), &s->frames[i],
		    own_code_is(r->heap, s, i));
}

void
layout_frame_in(FILE *f, const char *module, const struct stack_frame *frame)
{
	write_frame(NULL, f, module, frame, false);
}

/* ---- a stack ---- */

/* Frames without those outside of main or of a thread's start, which are the
 * same in every stack. */
size_t
layout_n_shown_frames(const struct stack *s)
{
	for (size_t i = 1; i < s->n; i++) {
		const char *name = s->frames[i].function;

		if (name && runtime_is_outside(name))
			return i;
	}
	return s->n;
}

/* Frames from `i` on that are the same call: recursion. */
static size_t
repeated(const struct stack *s, size_t i, size_t n_shown)
{
	size_t n = 1;

	while (i + n < n_shown && !s->frames[i].special &&
	       s->frames[i + n].module == s->frames[i].module &&
	       s->frames[i + n].offset == s->frames[i].offset &&
	       !s->frames[i].is_inlined && !s->frames[i + n].is_inlined)
		n++;
	return n;
}

/* "std::make_shared<Quote>  (7 library frames)": what the program called of them. */
static void
write_library(const struct report *r, FILE *f, const struct stack *s, size_t first, size_t n)
{
	const struct stack_frame *frame = &s->frames[first + n - 1];

	fprintf(f, "%*s", LAYOUT_STACK_INDENT, "");
	if (frame->function)
		layout_function(f, frame->function, share(f, FUNCTION_COLUMNS));
	else
		put_place(f, module_path(r, frame), frame);
	terminal_begin(f, TERMINAL_FAINT);
	fprintf(f, "  (%zu library frames)\n", n);
	terminal_end(f);
}

/* Where nothing is the program's own there is nothing to see but the library. */
static bool
is_foldable(const struct report *r, const struct stack *s, size_t n_shown)
{
	return !r->options.with_library && r->options.frames &&
	       own_code_library_run(r->heap, s, 0, n_shown) < n_shown;
}

void
layout_stack(const struct report *r, FILE *f, uint32_t node)
{
	struct stack s;
	size_t n_shown, i = 0;
	bool folds;

	if (stack_get(r->heap, r->symbols, node, &s) != 0)
		return;
	n_shown = r->options.frames ? layout_n_shown_frames(&s) : s.n;
	folds = is_foldable(r, &s, n_shown);
	for (size_t lines = 0; i < n_shown; lines++) {
		size_t run = folds ? own_code_library_run(r->heap, &s, i, n_shown) : 0;
		bool is_library = run > 1;
		size_t n = is_library ? run : repeated(&s, i, n_shown);

		/* "... 1 more" would take the line of the frame that it hides. */
		if (r->options.frames && lines >= r->options.frames && i + 1 < n_shown)
			break;
		if (is_library)
			write_library(r, f, &s, i, n);
		else
			layout_frame(r, f, &s, i);
		if (n > 1 && !is_library)
			fprintf(f, "%*s(%zu times)\n", LAYOUT_STACK_INDENT, "", n);
		i += n;
	}
	if (i < n_shown)
		fprintf(f, "%*s... %zu more\n", LAYOUT_STACK_INDENT, "", n_shown - i);
	stack_free(&s);
}
