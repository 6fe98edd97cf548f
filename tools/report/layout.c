/* layout.c -- names, paths and stacks in columns, for reports that people read.
 *
 * In:   a stream, what is to be written, how many columns it may take.
 * Out:  text that is safe on a terminal.
 * Not here: what a report says (report/).
 *
 * Names come out of a file and are shown on a terminal: all of them go through
 * text_utf8().  Long C++ names lose first what is inside their angle
 * brackets, then inside their parentheses, then their outer scopes, then their
 * middle; JSON has them whole.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/layout.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/terminal.h"
#include "util/text.h"

/* Of a line of TERMINAL_PLAIN_COLUMNS; others have more or less in proportion. */
enum {
	FUNCTION_COLUMNS = 48,
	FUNCTION_MIN_COLUMNS = 38, /* what a long path leaves it */
	PATH_COLUMNS = 36,
	PATH_MIN_COLUMNS = 19, /* what a long function leaves it */
};

size_t
layout_columns(const FILE *f)
{
	return terminal_columns(f);
}

bool
layout_is_terminal(const FILE *f)
{
	return terminal_is(f);
}

bool
layout_is_narrow(const FILE *f)
{
	return terminal_columns(f) < 78;
}

static size_t
share(const FILE *f, size_t columns)
{
	return columns * terminal_columns(f) / TERMINAL_PLAIN_COLUMNS;
}

/* ---- texts ---- */

/* Bytes up to at most n columns, "..." at the end if that is not all. */
void
layout_short(FILE *f, const char *bytes, size_t length, size_t columns)
{
	char *text = text_utf8(bytes, length, true);
	size_t n = 0, at = 0;

	if (!text)
		return;
	while (text[at]) {
		if ((text[at] & 0xc0) != 0x80 && n++ == columns)
			break;
		at++;
	}
	/* No sequence may be cut in its middle. */
	if (text[at] && columns > 3) {
		for (int i = 0; i < 3 && at > 0; i++)
			while (at > 0 && (text[--at] & 0xc0) == 0x80)
				;
		text[at] = '\0';
		fprintf(f, "%s...", text);
	} else {
		fputs(text, f);
	}
	free(text);
}

void
layout_text(FILE *f, const struct heap_text *t, size_t columns)
{
	if (t->n == 0)
		fputs("(unknown)", f);
	else
		layout_short(f, t->bytes, t->n, columns);
}

/* Replace what is inside `open`..`close` pairs, where they are deeper than
 * `keep` pairs, by "..."; "operator<" and its like are names, not brackets.
 * Changes name in place: never longer, as only insides of more than three
 * bytes are replaced. */
static void
collapse(char *name, char open, char close, unsigned keep)
{
	char *to = name;
	unsigned depth = 0;
	char *inside = NULL;

	for (char *p = name; *p; p++) {
		if (strncmp(p, "operator", 8) == 0 && (p[8] == open || p[8] == '-')) {
			size_t n = 8 + strspn(p + 8, "<>=-()");

			memmove(to, p, n);
			to += n;
			p += n - 1;
			continue;
		}
		/* "->" in a signature closes nothing. */
		if (*p == close && depth > 0 && !(close == '>' && to[-1] == '-') &&
		    --depth == keep && to - inside > 3) {
			memcpy(inside, "...", 3);
			to = inside + 3;
		}
		*to++ = *p;
		if (*p == open && depth++ == keep)
			inside = to;
	}
	*to = '\0';
}

/* A name without its return type and outermost scopes, so that it and "..."
 * fit; NULL if even the last part does not. */
static const char *
inner_scopes(const char *name, size_t columns)
{
	const char *p = name;
	unsigned depth = 0;

	for (; *p && !(*p == '(' && depth == 0); p++) {
		if (*p == '<')
			depth++;
		else if (*p == '>' && depth > 0)
			depth--;
		else if (*p == ':' && p[1] == ':' && depth == 0 &&
			 strlen(p + 2) + 3 <= columns)
			return p + 2;
	}
	return NULL;
}

/* A function's name in at most `columns` bytes or so. */
void
layout_function(FILE *f, const char *function, size_t columns)
{
	char *name = text_utf8(function, strlen(function), true);
	const char *part = NULL;
	size_t n;

	if (!name)
		return;
	/* From the least telling to the most: Rust's "<Type as Trait>::name" has
	 * its best part inside the first brackets. */
	for (unsigned keep = 3; keep-- > (name[0] == '<' ? 1u : 0u);)
		if (strlen(name) > columns)
			collapse(name, '<', '>', keep);
	if (strlen(name) > columns)
		collapse(name, '(', ')', 0);
	n = strlen(name);
	if (n > columns && n > 5 && strcmp(name + n - 5, "(...)") == 0)
		name[n -= 5] = '\0';
	if (n > columns)
		part = inner_scopes(name, columns);
	if (n <= columns) {
		fputs(name, f);
	} else if (part) {
		fprintf(f, "...%s", part);
	} else {
		size_t head = columns / 3, tail = n - (columns - head - 3);

		while (head > 0 && (name[head] & 0xc0) == 0x80)
			head--;
		while (name[tail] && (name[tail] & 0xc0) == 0x80)
			tail++;
		fprintf(f, "%.*s...%s", (int)head, name, name + tail);
	}
	free(name);
}

void
layout_phrase(FILE *f, const char *phrase, size_t columns)
{
	char *words = text_utf8(phrase, strlen(phrase), true);

	if (!words)
		return;
	for (unsigned keep = 3; keep-- > 0;)
		if (strlen(words) > columns)
			collapse(words, '<', '>', keep);
	if (strlen(words) > columns)
		collapse(words, '(', ')', 1);
	layout_short(f, words, strlen(words), columns);
	free(words);
}

/* A path without "DIR/.." in its middle, which build trees leave there, for
 * free(3).  Only its look: with a symbolic link it may name another file. */
static char *
tidy_path(const char *path)
{
	char *tidy = strdup(path), *up, *dir;

	while (tidy && (up = strstr(tidy, "/../"))) {
		for (dir = up; dir > tidy && dir[-1] != '/'; dir--)
			;
		if (dir == up || strncmp(dir, "..", 2) == 0 || strncmp(dir, "./", 2) == 0)
			break;
		memmove(dir, up + 4, strlen(up + 4) + 1);
	}
	return tidy;
}

/* A path, without its first directories if it is long. */
void
layout_path(FILE *f, const char *path, size_t columns)
{
	const char *from = path + strlen(path);
	size_t n = strlen(path);

	if (n <= columns) {
		layout_short(f, path, n, columns);
		return;
	}
	for (const char *p = path; (p = strchr(p, '/')); p++)
		if (strlen(p) <= columns - 3) {
			from = p;
			break;
		}
	if (*from == '\0')
		from = text_basename(path);
	fputs("...", f);
	layout_short(f, from, strlen(from), columns);
}

/* A sentence that breaks between words when a line is full. */
void
layout_sentence(FILE *f, const char *sentence, size_t indent)
{
	fprintf(f, "%*s", (int)indent, "");
	layout_rest(f, sentence, indent, indent);
}

void
layout_rest(FILE *f, const char *sentence, size_t column, size_t indent)
{
	size_t columns = terminal_columns(f), begin = column;

	for (const char *word = sentence; *word;) {
		size_t n = strcspn(word, " ");

		if (column > begin && column + 1 + n > columns) {
			fprintf(f, "\n%*s", (int)indent, "");
			column = begin = indent;
		} else if (column > begin) {
			putc(' ', f);
			column++;
		}
		fprintf(f, "%.*s", (int)n, word);
		column += n;
		word += n + (word[n] == ' ');
	}
	putc('\n', f);
}

void
layout_heading(FILE *f, const char *heading)
{
	putc('\n', f);
	terminal_begin(f, TERMINAL_HEADING);
	fputs(heading, f);
	terminal_end(f);
	putc('\n', f);
	for (const char *p = heading; *p; p++)
		putc('-', f);
	putc('\n', f);
}

void
layout_level(FILE *f, enum finding_level level)
{
	static const enum terminal_style styles[] = {
		[FINDING_ERROR] = TERMINAL_ERROR,
		[FINDING_WARNING] = TERMINAL_WARNING,
		[FINDING_NOTE] = TERMINAL_NOTE,
	};

	terminal_begin(f, styles[level]);
	fputs(finding_level_name(level), f);
	terminal_end(f);
}

/* ---- stacks ---- */

/* Is it a function of the program's own file, and not of a header of others? */
static bool
is_own(const struct report *r, const struct stack_frame *frame)
{
	const struct heap_text *program = &r->heap->info.executable;
	const struct heap_text *path = &r->heap->modules[frame->module].path;

	return frame->module && path->n == program->n &&
	       memcmp(path->bytes, program->bytes, path->n) == 0 &&
	       !(frame->file && strstr(frame->file, "/include/"));
}

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
		fprintf(f, "(module %" PRIu32 ")", frame->module);
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

/* A function with its file and line.  If both are too long for the line, the
 * path gives way first, down to its least, then the function. */
static void
put_source(FILE *f, const struct stack_frame *frame, bool is_marked, size_t columns)
{
	const size_t function_min = share(f, FUNCTION_MIN_COLUMNS);
	const size_t path_min = share(f, PATH_MIN_COLUMNS),
		     path_most = share(f, PATH_COLUMNS);
	char *path = tidy_path(frame->file), line[16] = "";
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

static void
write_frame(FILE *f, const char *module, const struct stack_frame *frame, bool is_marked)
{
	fprintf(f, "%*s", LAYOUT_STACK_INDENT, "");
	if (frame->special) {
		fprintf(f, "%s\n", frame->special);
		return;
	}
	if (frame->file) {
		put_source(f, frame, is_marked, terminal_columns(f) - LAYOUT_STACK_INDENT);
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
layout_frame(const struct report *r, FILE *f, const struct stack_frame *frame)
{
	write_frame(f, module_path(r, frame), frame, is_own(r, frame));
}

void
layout_frame_in(FILE *f, const char *module, const struct stack_frame *frame)
{
	write_frame(f, module, frame, false);
}

/* Frames without those outside of main or of a thread's start, which are the
 * same in every stack. */
size_t
layout_told_frames(const struct stack *s)
{
	for (size_t i = 1; i < s->n; i++) {
		const char *name = s->frames[i].function;

		if (name && (strncmp(name, "__libc_start_", 13) == 0 ||
			     strcmp(name, "clone") == 0 || strcmp(name, "clone3") == 0))
			return i;
	}
	return s->n;
}

/* Frames from `i` on that are the same call: recursion. */
static size_t
repeated(const struct stack *s, size_t i, size_t told)
{
	size_t n = 1;

	while (i + n < told && !s->frames[i].special &&
	       s->frames[i + n].module == s->frames[i].module &&
	       s->frames[i + n].offset == s->frames[i].offset &&
	       !s->frames[i].is_inlined && !s->frames[i + n].is_inlined)
		n++;
	return n;
}

void
layout_stack(const struct report *r, FILE *f, uint32_t node)
{
	struct stack s;
	size_t told, i = 0;

	if (stack_get(r->heap, r->symbols, node, &s) != 0)
		return;
	told = r->options.frames ? layout_told_frames(&s) : s.n;
	for (size_t lines = 0; i < told; lines++) {
		size_t n = repeated(&s, i, told);

		/* "... 1 more" would take the line of the frame that it hides. */
		if (r->options.frames && lines >= r->options.frames && i + 1 < told)
			break;
		layout_frame(r, f, &s.frames[i]);
		if (n > 1)
			fprintf(f, "%*s(%zu times)\n", LAYOUT_STACK_INDENT, "", n);
		i += n;
	}
	if (i < told)
		fprintf(f, "%*s... %zu more\n", LAYOUT_STACK_INDENT, "", told - i);
	stack_free(&s);
}
