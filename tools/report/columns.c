/* columns.c -- names, paths and sentences in columns, for reports that people read.
 *
 * In:   a stream, what is to be written, how many columns it may take.
 * Out:  text that is safe on a terminal.
 * Not here: what a report says (report/text.c and its like); stacks (frames.c).
 *
 * Names come out of a file and are shown on a terminal: all of them go through
 * text_utf8().  Long C++ names lose first what is inside their angle
 * brackets, then inside their parentheses, then their outer scopes, then their
 * middle; JSON has them whole.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/columns.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "util/terminal.h"
#include "util/text.h"

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

/* Rust's "<Type as Trait<...>>::name" loses its trait: the type and the name say more.  Any
 * other name stays as it is. */
static void
omit_trait(char *name)
{
	char *trait = NULL, *p = name;
	unsigned depth = 0;

	for (; name[0] == '<' && *p; p++) {
		if (*p == '<')
			depth++;
		else if (*p == '>' && p[-1] != '-' && --depth == 0)
			break;
		else if (depth == 1 && strncmp(p, " as ", 4) == 0)
			trait = p + 4;
	}
	if (trait && *p && p - trait > 3) {
		memcpy(trait, "...", 3);
		memmove(trait + 3, p, strlen(p) + 1);
	}
}

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* "void f<int>(int)" loses its "void ": instances of templates, and no other functions, are
 * named with what they return, which tells nobody anything.  Other words stay. */
static void
omit_returned(char *name)
{
	char *last = NULL, *p;
	unsigned depth = 0;

	for (p = name; *p && !(*p == '(' && depth == 0 && p > name); p++) {
		/* Blanks and brackets after it are of its name. */
		if (depth == 0 && strncmp(p, "operator", 8) == 0 && !is_word(p[8]) &&
		    (p == name || !is_word(p[-1]))) {
			p += strcspn(p, "(");
			break;
		}
		if (*p == '<' || *p == '(' || *p == '{' || *p == '[')
			depth++;
		else if (depth > 0 && strchr(">)}]", *p) && !(*p == '>' && p[-1] == '-'))
			depth--;
		else if (*p == ' ' && depth == 0 && p[1])
			last = p + 1;
	}
	if (last && *p == '(' && p[-1] == '>')
		memmove(name, last, strlen(last) + 1);
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
	omit_returned(name);
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
	if (n > columns) {
		omit_trait(name);
		n = strlen(name);
	}
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

/* What belongs to the word before it: "95 %", "1.5 MiB", "p < 0.001".  Its bytes, or 0. */
static size_t
tied(const char *word)
{
	static const char *const units[] = {"%", "B", "KiB", "MiB", "GiB", "TiB"};
	size_t n = strspn(word, "%BKMGTi");

	if ((*word == '<' || *word == '=') && word[1] == ' ' && word[2] >= '0' &&
	    word[2] <= '9')
		return 2 + strcspn(word + 2, " ");
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (n == strlen(units[i]) && strncmp(word, units[i], n) == 0)
			return strcspn(word, " ");
	return 0;
}

/* Up to the next place where a line may end. */
static size_t
unbroken(const char *text)
{
	size_t n = strcspn(text, " "), more;

	while (text[n] == ' ' && (more = tied(text + n + 1)) > 0)
		n += 1 + more;
	return n;
}

void
layout_rest(FILE *f, const char *sentence, size_t column, size_t indent)
{
	size_t columns = terminal_columns(f), begin = column;

	for (const char *word = sentence; *word;) {
		size_t n = unbroken(word);

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
