/* suppress.c -- what the user does not want to hear of.
 *
 * In:   texts in LeakSanitizer's and in Valgrind's syntax, also mixed.
 * Out:  struct suppressions; matches; generated ones.
 * Not here: what becomes of a leak that is suppressed (detect/leak.c).
 *
 * `KIND:PATTERN` is the same for findings of another kind, and ours alone.
 * LeakSanitizer: a line `leak:PATTERN` is matched with function, file and module
 * of each frame.  The pattern may stand anywhere in the name; `*` is anything,
 * `^` in front and `$` at the end tie it down.
 *
 * Valgrind: a block in braces.  Its frames are matched one by one with those of
 * the stack, beginning with the allocating function itself.  Our stacks begin
 * with its caller, so a frame is put in front that has all the names the
 * function may have had.  Blocks for other tools and other errors are skipped,
 * as files of suppressions are full of them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "detect/suppress.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "detect/finding.h"
#include "util/text.h"
#include "util/vec.h"

enum {
	ALL_STATES = 1u << GRAPH_DEFINITE | 1u << GRAPH_INDIRECT | 1u << GRAPH_POSSIBLE |
		     1u << GRAPH_REACHABLE,
	/* BOUND: a frame more than that cannot be matched; Valgrind has 24. */
	MAX_FRAMES = 256,
};

/* Only what a check of a healthy program would show, each with its reason. */
static const char builtin[] =
	/* The table of a thread's dynamic TLS is kept by a pointer to its second
	 * entry, and with the stack of a thread that has ended, for the next one,
	 * which is no root.  Names with and without what libc puts in front of
	 * aliases of its own. */
	"leak:_dl_allocate_tls\n"
	/* Blocks of dynamic TLS are kept by pointers to where they are aligned, and
	 * by ld.so in ways that no scan of roots sees (glibc bug 12650). */
	"leak:tls_get_addr\n"
	/* The text of the last error of dlopen and its like. */
	"leak:_dlerror_run\n"
	/* GLib's types are there for good; what precedes a type in its block makes
	 * all pointers to it point inside. */
	"{\n GLib types\n Memcheck:Leak\n match-leak-kinds: possible\n"
	" ...\n fun:g_type_register_*\n}\n"
	"{\n GLib interfaces\n Memcheck:Leak\n match-leak-kinds: possible\n"
	" ...\n fun:g_type_add_interface_*\n}\n"
	"{\n GLib classes\n Memcheck:Leak\n match-leak-kinds: possible\n"
	" ...\n fun:g_type_class_ref\n}\n";

/* ---- parsing ---- */

struct parser {
	struct suppressions *s;
	const char *file;
	const char *p, *end;
	unsigned line;
	bool is_builtin;
	char *text; /* the line at hand, without blanks around it */
};

static bool
parse_failed(struct parser *p, unsigned line, const char *message, const char *word)
{
	char *safe = text_utf8(word, strlen(word), true);

	snprintf(p->s->message, sizeof(p->s->message), "%s:%u: %s%s%.80s%s", p->file,
		 line, message, *word ? " '" : "", safe ? safe : "", *word ? "'" : "");
	free(safe);
	return false;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next line that says something; false at the end, or without memory. */
static bool
next_line(struct parser *p)
{
	while (p->p < p->end) {
		const char *from = p->p;
		const char *to = memchr(from, '\n', (size_t)(p->end - from));

		if (!to)
			to = p->end;
		p->p = to < p->end ? to + 1 : to;
		p->line++;
		while (from < to && is_blank(*from))
			from++;
		while (from < to && is_blank(to[-1]))
			to--;
		if (from == to || *from == '#')
			continue;
		free(p->text);
		p->text = strndup(from, (size_t)(to - from));
		return p->text != NULL;
	}
	return false;
}

static struct suppression *
add(struct parser *p, const char *name)
{
	struct suppressions *s = p->s;
	struct suppression *x;

	if (VEC_RESERVE(s->list, s->size, s->n + 1))
		return NULL;
	x = &s->list[s->n];
	memset(x, 0, sizeof(*x));
	x->name = strdup(name);
	x->file = strdup(p->file);
	x->line = p->line;
	x->states = ALL_STATES;
	x->is_builtin = p->is_builtin;
	if (!x->name || !x->file) {
		free(x->name);
		free(x->file);
		return NULL;
	}
	s->n++;
	return x;
}

static void
drop_last(struct suppressions *s)
{
	struct suppression *x = &s->list[--s->n];

	for (size_t i = 0; i < x->n_frames; i++)
		free(x->frames[i].glob);
	free(x->frames);
	free(x->glob);
	free(x->name);
	free(x->file);
}

/* LeakSanitizer's pattern as one that matches a whole string. */
static char *
template_glob(const char *template)
{
	size_t n = strlen(template);
	char *glob = malloc(n + 3), *to = glob;

	if (!glob)
		return NULL;
	if (*template == '^') {
		template ++;
		n--;
	} else {
		*to++ = '*';
	}
	memcpy(to, template, n + 1);
	to += n;
	if (n > 0 && to[-1] == '$')
		to[-1] = '\0';
	else
		memcpy(to, "*", 2);
	return glob;
}

/* A kind of findings that is ours, by the word before the colon; NULL: none. */
static const char *
kind_named(const char *text, size_t n)
{
	for (size_t i = 0; i < FINDING_N_KINDS; i++) {
		const struct finding_kind *k = &finding_kinds[i];

		if (k->traits & FINDING_IS_SUPPRESSED_BY_KIND && strlen(k->kind) == n &&
		    strncmp(k->kind, text, n) == 0)
			return k->kind;
	}
	return NULL;
}

/* Whether a kind of ours has its first line in the table there. */
static bool
is_first_of_kind(size_t i)
{
	if (!(finding_kinds[i].traits & FINDING_IS_SUPPRESSED_BY_KIND))
		return false;
	for (size_t k = 0; k < i; k++)
		if (strcmp(finding_kinds[k].kind, finding_kinds[i].kind) == 0)
			return false;
	return true;
}

/* "leak, cache, queue ... or fragmentation". */
static void
list_kinds(char *buf, size_t n)
{
	const char *last = "leak";
	size_t at = 0;

	for (size_t i = 0; i < FINDING_N_KINDS; i++) {
		if (!is_first_of_kind(i) || at >= n)
			continue;
		at += (size_t)snprintf(buf + at, n - at, "%s%s", at ? ", " : "", last);
		last = finding_kinds[i].kind;
	}
	if (at < n)
		(void)snprintf(buf + at, n - at, " or %s", last);
}

static bool
parse_lsan(struct parser *p)
{
	char *colon = strchr(p->text, ':');
	const char *kind = colon ? kind_named(p->text, (size_t)(colon - p->text)) : NULL;
	struct suppression *x;
	char *glob;

	if (!colon)
		return parse_failed(p, p->line,
				    "expected leak:PATTERN or a block in braces, found",
				    p->text);
	if (!kind && strncmp(p->text, "leak:", 5) != 0) {
		char kinds[256], message[320];

		*colon = '\0';
		list_kinds(kinds, sizeof(kinds));
		snprintf(message, sizeof(message),
			 "unknown kind of suppression (expected %s):", kinds);
		return parse_failed(p, p->line, message, p->text);
	}
	if (colon[1] == '\0')
		return parse_failed(p, p->line, "missing pattern after the colon", "");
	/* First what it matches: with neither glob nor frames it would match everything. */
	glob = template_glob(colon + 1);
	x = glob ? add(p, p->text) : NULL;
	if (!x) {
		free(glob);
		return parse_failed(p, p->line, "out of memory", "");
	}
	x->kind = kind;
	x->glob = glob;
	return true;
}

/* "Memcheck:Leak", or a list of tools before the colon. */
static bool
is_leak_kind(const char *text)
{
	const char *colon = strchr(text, ':');

	return colon && strcmp(colon + 1, "Leak") == 0 && strstr(text, "Memcheck") &&
	       strstr(text, "Memcheck") < colon;
}

static bool
parse_states(struct parser *p, char *list, unsigned *ret)
{
	static const char *const words[] = {"definite",  "indirect", "possible",
					    "reachable", "all",      "none"};
	char *next;

	*ret = 0;
	for (char *word = strtok_r(list, ", \t", &next); word;
	     word = strtok_r(NULL, ", \t", &next)) {
		size_t i = 0;

		while (i < 6 && strcmp(word, words[i]) != 0)
			i++;
		if (i == 6)
			return parse_failed(p, p->line, "unknown kind of leak", word);
		*ret |= i == 4 ? ALL_STATES : i == 5 ? 0 : 1u << i;
	}
	return true;
}

static bool
parse_frame(struct parser *p, struct suppression *x)
{
	static const char *const words[] = {"fun:", "obj:", "src:"};
	struct suppress_frame frame = {SUPPRESS_ELLIPSIS, NULL};

	if (strcmp(p->text, "...") != 0) {
		int i = 0;

		while (i < 3 && strncmp(p->text, words[i], 4) != 0)
			i++;
		if (i == 3)
			return parse_failed(p, p->line,
					    "expected fun:, obj:, src: or ..., found",
					    p->text);
		if (p->text[4] == '\0')
			return parse_failed(p, p->line, "missing name of a frame", "");
		frame.what = i;
		frame.glob = strdup(p->text + 4);
		if (!frame.glob)
			return parse_failed(p, p->line, "out of memory", "");
	}
	if (x->n_frames == MAX_FRAMES) {
		free(frame.glob);
		return parse_failed(p, p->line, "too many frames", "");
	}
	if (VEC_PUSH_SHORT(x->frames, x->n_frames, frame)) {
		free(frame.glob);
		return parse_failed(p, p->line, "out of memory", "");
	}
	return true;
}

/* After the line with the tool and the kind of error, up to the brace. */
static bool
parse_frames(struct parser *p, struct suppression *x, unsigned begin)
{
	static const char states[] = "match-leak-kinds:";

	while (next_line(p)) {
		if (strcmp(p->text, "}") == 0)
			return !x || x->n_frames > 0 ||
			       parse_failed(p, begin,
					    "a suppression needs at least one frame", "");
		if (!x)
			continue;
		if (x->n_frames == 0 && strncmp(p->text, states, sizeof(states) - 1) == 0) {
			if (!parse_states(p, p->text + sizeof(states) - 1, &x->states))
				return false;
		} else if (!parse_frame(p, x)) {
			return false;
		}
	}
	return parse_failed(p, begin, "missing } at the end of a block", "");
}

static bool
parse_valgrind(struct parser *p)
{
	unsigned begin = p->line;
	struct suppression *x = NULL;
	char *name;
	bool ok;

	if (!next_line(p) || strcmp(p->text, "}") == 0)
		return parse_failed(p, begin, "missing name of the suppression", "");
	name = p->text;
	p->text = NULL;
	ok = next_line(p) && strchr(p->text, ':');
	if (!ok)
		parse_failed(p, begin, "missing TOOL:KIND in the second line of a block",
			     "");
	if (ok && is_leak_kind(p->text)) {
		x = add(p, name);
		if (x)
			x->line = begin;
		ok = x || parse_failed(p, begin, "out of memory", "");
	}
	free(name);
	if (ok && !parse_frames(p, x, begin)) {
		if (x)
			drop_last(p->s);
		ok = false;
	}
	return ok;
}

int
suppressions_add_text(struct suppressions *s, const char *file, const char *text,
		      size_t n, bool is_builtin)
{
	struct parser p = {
		.s = s, .file = file, .p = text, .end = text + n, .is_builtin = is_builtin};
	bool ok = true;

	while (ok && next_line(&p))
		ok = strcmp(p.text, "{") == 0 ? parse_valgrind(&p) : parse_lsan(&p);
	free(p.text);
	return ok ? 0 : -1;
}

int
suppressions_add_file(struct suppressions *s, const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t n = 0, size = 0;
	int r = -1;

	while (f && !ferror(f) && !feof(f)) {
		if (VEC_RESERVE(text, size, n + 4096))
			break;
		n += fread(text + n, 1, size - n, f);
	}
	if (f && feof(f) && !ferror(f))
		r = suppressions_add_text(s, path, text ? text : "", n, false);
	else
		snprintf(s->message, sizeof(s->message), "'%s': %s", path, strerror(errno));
	if (f)
		fclose(f);
	free(text);
	return r;
}

int
suppressions_add_builtin(struct suppressions *s)
{
	return suppressions_add_text(s, "(built in)", builtin, sizeof(builtin) - 1, true);
}

struct suppressions *
suppressions_new(void)
{
	return calloc(1, sizeof(struct suppressions));
}

void
suppressions_free(struct suppressions *s)
{
	if (!s)
		return;
	while (s->n > 0)
		drop_last(s);
	free(s->list);
	free(s);
}

/* ---- matching ---- */

bool
suppress_glob(const char *glob, const char *text, bool has_question)
{
	const char *star = NULL, *from = NULL;

	/* After a mismatch only the last `*` needs to take a byte more. */
	while (*text) {
		if (*glob == '*') {
			star = ++glob;
			from = text;
		} else if (*glob && (*glob == *text || (has_question && *glob == '?'))) {
			glob++;
			text++;
		} else if (star) {
			glob = star;
			text = ++from;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return *glob == '\0';
}

static bool
matches_template(const struct suppression *x, const char *text)
{
	return text && *text && suppress_glob(x->glob, text, false);
}

static bool
matches_lsan(const struct suppression *x, const struct heap *h, const struct stack *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct stack_frame *f = &s->frames[i];

		if (matches_template(x, f->function) || matches_template(x, f->symbol) ||
		    matches_template(x, f->file) ||
		    matches_template(x, h->modules[f->module].path.bytes))
			return true;
	}
	return false;
}

/* Names of the functions of each enum heapfile_kind, as Valgrind has them. */
static const char *const allocators[][6] = {
	[HEAPFILE_KIND_MALLOC] = {"malloc"},
	[HEAPFILE_KIND_CALLOC] = {"calloc"},
	[HEAPFILE_KIND_REALLOC] = {"realloc", "reallocarray"},
	[HEAPFILE_KIND_ALIGNED] = {"memalign", "posix_memalign", "aligned_alloc",
				   "valloc", "pvalloc"},
	[HEAPFILE_KIND_NEW] = {"_Znwm", "_ZnwmRKSt9nothrow_t", "_ZnwmSt11align_val_t",
			       "_ZnwmSt11align_val_tRKSt9nothrow_t",
			       "operator new(unsigned long)"},
	[HEAPFILE_KIND_NEW_ARRAY] = {"_Znam", "_ZnamRKSt9nothrow_t", "_ZnamSt11align_val_t",
				     "_ZnamSt11align_val_tRKSt9nothrow_t",
				     "operator new[](unsigned long)"},
	[HEAPFILE_KIND_MALLOCX] = {"mallocx", "rallocx"},
};

enum {
	N_ALLOCATOR_KINDS = sizeof(allocators) / sizeof(*allocators),
	N_ALLOCATOR_NAMES = sizeof(*allocators) / sizeof(**allocators),
};

static bool
matches_allocator(const struct suppress_frame *x, uint32_t kinds)
{
	if (x->what == SUPPRESS_OBJ)
		return suppress_glob(x->glob, "vgpreload_memcheck-amd64-linux.so", true) ||
		       suppress_glob(x->glob, "/libgcprof.so", true);
	if (x->what == SUPPRESS_SRC)
		return suppress_glob(x->glob, "vg_replace_malloc.c", true);
	for (unsigned kind = 0; kind < N_ALLOCATOR_KINDS; kind++)
		for (unsigned i = 0; kinds & 1u << kind && i < N_ALLOCATOR_NAMES; i++)
			if (allocators[kind][i] &&
			    suppress_glob(x->glob, allocators[kind][i], true))
				return true;
	return false;
}

/* FILE or FILE:LINE, by the file's last part or all of it. */
static bool
matches_source(const char *glob, const struct stack_frame *f)
{
	char *line;
	bool ok;

	if (!f->file)
		return false;
	if (suppress_glob(glob, f->file, true) ||
	    suppress_glob(glob, text_basename(f->file), true))
		return true;
	if (asprintf(&line, "%s:%u", text_basename(f->file), f->line) < 0)
		return false;
	ok = suppress_glob(glob, line, true);
	free(line);
	return ok;
}

static bool
matches_frame(const struct suppress_frame *x, const struct heap *h,
	      const struct stack_frame *f)
{
	const char *path = f->module ? h->modules[f->module].path.bytes : "???";

	switch (x->what) {
	case SUPPRESS_FUN:
		return suppress_glob(x->glob, f->symbol ? f->symbol : "???", true) ||
		       (f->function && suppress_glob(x->glob, f->function, true));
	case SUPPRESS_OBJ:
		return suppress_glob(x->glob, path, true);
	default:
		return matches_source(x->glob, f);
	}
}

/* As with globs, after a mismatch only the last ellipsis needs to take a frame
 * more.  Frame 0 is the allocating function. */
static bool
matches_valgrind(const struct suppression *x, const struct heap *h, const struct stack *s,
		 uint32_t kinds)
{
	size_t i = 0, at = 0, ellipsis = SIZE_MAX, from = 0;

	while (i < x->n_frames) {
		const struct suppress_frame *frame = &x->frames[i];

		if (frame->what == SUPPRESS_ELLIPSIS) {
			ellipsis = ++i;
			from = at;
		} else if (at <= s->n &&
			   (at == 0 ? matches_allocator(frame, kinds)
				    : matches_frame(frame, h, &s->frames[at - 1]))) {
			i++;
			at++;
		} else if (ellipsis != SIZE_MAX && from < s->n) {
			i = ellipsis;
			at = ++from;
		} else {
			return false;
		}
	}
	return true;
}

bool
suppressions_are_builtin(const struct suppressions *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (!s->list[i].is_builtin)
			return false;
	return true;
}

struct suppression *
suppressions_find(struct suppressions *s, const struct heap *heap,
		  const struct stack *stack, uint32_t kinds, enum graph_state state)
{
	for (size_t i = 0; i < s->n; i++) {
		struct suppression *x = &s->list[i];

		if (!x->kind && x->states & 1u << state &&
		    (x->glob ? matches_lsan(x, heap, stack)
			     : matches_valgrind(x, heap, stack, kinds)))
			return x;
	}
	return NULL;
}

struct suppression *
suppressions_find_kind(struct suppressions *s, const struct heap *heap,
		       const struct stack *stack, const char *kind)
{
	for (size_t i = 0; i < s->n; i++) {
		struct suppression *x = &s->list[i];

		if (x->kind && strcmp(x->kind, kind) == 0 && matches_lsan(x, heap, stack))
			return x;
	}
	return NULL;
}

/* ---- generating ---- */

/* One line, whatever the name is. */
static void
put_line(FILE *f, const char *prefix, const char *name)
{
	char *safe = text_utf8(name, strlen(name), true);

	fprintf(f, "%s%s\n", prefix, safe ? safe : "*");
	free(safe);
}

/* A frame that means something to LeakSanitizer: the innermost of the program
 * itself, or the innermost at all. */
static const char *
lsan_name(const struct heap *h, const struct stack *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->frames[i].function && !stack_is_runtime(h, &s->frames[i]))
			return s->frames[i].function;
	for (size_t i = 0; i < s->n; i++)
		if (s->frames[i].function)
			return s->frames[i].function;
	return s->n && s->frames[0].module
		       ? text_basename(h->modules[s->frames[0].module].path.bytes)
		       : NULL;
}

void
suppress_generate(FILE *f, const struct heap *heap, const struct stack *stack,
		  uint32_t kinds, enum graph_state state, const char *name)
{
	const char *lsan = lsan_name(heap, stack);
	unsigned kind = kinds ? (unsigned)__builtin_ctz(kinds) : N_ALLOCATOR_KINDS;

	if (lsan)
		put_line(f, "leak:", lsan);
	fputs("{\n", f);
	put_line(f, "   ", name);
	fprintf(f, "   Memcheck:Leak\n   match-leak-kinds: %s\n", graph_state_name(state));
	put_line(f, "   fun:",
		 kind < N_ALLOCATOR_KINDS && !(kinds & (kinds - 1)) ? allocators[kind][0]
								    : "*");
	for (size_t i = 0; i < stack->n && i < 23; i++) {
		const struct stack_frame *frame = &stack->frames[i];

		if (frame->special)
			break;
		if (frame->symbol)
			put_line(f, "   fun:", frame->symbol);
		else if (frame->module)
			put_line(f, "   obj:", heap->modules[frame->module].path.bytes);
		else
			fputs("   obj:*\n", f);
	}
	fputs("}\n", f);
}
