/* findings.c -- findings as JUnit XML, as GitHub's annotations, and counted.
 *
 * In:   struct report_source.
 * Out:  XML; lines for GitHub Actions; a line of numbers.
 * Not here: SARIF (report/sarif.c).
 *
 * Neither format has a standard.  JUnit is what the readers of CI systems agree
 * on: they do not all show the attributes of a failure, so its text repeats
 * them; and a process without findings is a test case that passed, so that it
 * is seen to have run.  An annotation ends with its line, so
 * ends of lines and what begins a property are escaped as the runner wants it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/findings.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "names/own_code.h"
#include "report/frames.h"
#include "util/text.h"

/* ---- texts of a finding ---- */

/* Call write with a stream whose text is then given back, for free(3). */
#define TO_TEXT(f, text, statements)                                                     \
	do {                                                                             \
		size_t to_text_n;                                                        \
		FILE *f = open_memstream(&(text), &to_text_n);                           \
		if (f) {                                                                 \
			statements;                                                      \
			if (fclose(f) != 0) {                                            \
				free(text);                                              \
				(text) = NULL;                                           \
			}                                                                \
		}                                                                        \
	} while (0)

/* A file that is none of the program's sources is nobody's to look at. */
static void
put_frame(const struct report_source *s, FILE *f, const struct stack_frame *frame)
{
	struct stack_frame plain = *frame;

	if (!own_code_has_source(s->heap, frame))
		plain.file = NULL;
	places_put_frame(s->places, f, s->heap, &plain);
}

static void
put_stack(const struct report_source *s, FILE *f, uint32_t node)
{
	struct stack stack;
	size_t n;

	if (stack_get(s->heap, s->symbols, node, &stack) != 0)
		return;
	n = layout_n_shown_frames(&stack);
	for (size_t i = 0; i < n; i++) {
		fputs("    ", f);
		put_frame(s, f, &stack.frames[i]);
		fputc('\n', f);
	}
	stack_free(&stack);
}

/* Summary, evidence and stacks. */
static void
put_finding(const struct report_source *s, FILE *f, const struct finding *x)
{
	if (x->novelty == FINDING_KNOWN)
		fputs("(known) ", f);
	report_put_reason(s, x, "\n", f);
	fputc('\n', f);
	put_stack(s, f, x->site);
	if (x->alloc_site) {
		fputs("allocated at\n", f);
		put_stack(s, f, x->alloc_site);
	}
}

/* The function to blame, its file and line; file may be NULL. */
struct blame {
	char *function, *file;
	unsigned line;
};

static struct blame
blame(const struct report_source *s, const struct finding *x)
{
	struct blame b = {NULL, NULL, 0};
	const struct stack_frame *frame;
	struct stack stack;

	if (stack_get(s->heap, s->symbols, x->site, &stack) != 0)
		return b;
	frame = &stack.frames[places_blame(s->heap, &stack)];
	if (own_code_has_source(s->heap, frame)) {
		b.file = places_path(s->places, frame->file);
		b.line = frame->line;
	}
	if (frame->function)
		b.function = strdup(frame->function);
	else
		TO_TEXT(f, b.function, put_frame(s, f, frame));
	stack_free(&stack);
	return b;
}

static void
blame_free(struct blame *b)
{
	free(b->function);
	free(b->file);
}

char *
report_blamed_place(const struct report_source *s, const struct finding *x, char **ret_file)
{
	struct blame b = blame(s, x);

	*ret_file = b.file;
	return b.function;
}

char *
report_blamed_function(const struct report_source *s, const struct finding *x)
{
	char *file, *function = report_blamed_place(s, x, &file);

	free(file);
	return function;
}

const char *
report_program(const struct report_source *s)
{
	const char *program = heap_program(s->heap);

	return *program ? program : text_basename(s->snapshot);
}

void
report_put_reason(const struct report_source *s, const struct finding *x,
		  const char *separator, FILE *f)
{
	/* What is retained by the allocator is of no function. */
	char *function =
		x->id == FINDING_RETAINED_PAGES ? NULL : report_blamed_function(s, x);

	fputs(x->summary, f);
	for (size_t i = 0; i < x->n_evidence; i++)
		if (!finding_is_passing(x, i))
			fprintf(f, "%s%s", separator, x->evidence[i]);
	if (x->advice)
		fprintf(f, "%s%s", separator, x->advice);
	fputs(separator, f);
	if (function)
		fprintf(f, "Function %s, program ", function);
	else
		fputs("Program ", f);
	fprintf(f, "%s.", report_program(s));
	free(function);
}

/* ---- one and the same ---- */

/* How many findings up to each one have its fingerprint: by a sort of
 * positions, as there may be many. */
struct position {
	const struct finding *finding;
	size_t at;
};

static int
compare_positions(const void *a, const void *b)
{
	const struct position *x = a, *y = b;
	int r = strcmp(x->finding->fingerprint, y->finding->fingerprint);

	return r ? r : (x->at > y->at) - (x->at < y->at);
}

size_t *
report_count_same(const struct findings *all)
{
	struct position *p = calloc(all->n + 1, sizeof(*p));
	size_t *nth = calloc(all->n + 1, sizeof(*nth));

	for (size_t i = 0; p && i < all->n; i++)
		p[i] = (struct position){&all->list[i], i};
	if (p && all->n)
		qsort(p, all->n, sizeof(*p), compare_positions);
	for (size_t i = 0; p && nth && i < all->n; i++) {
		bool is_same = i > 0 && strcmp(p[i - 1].finding->fingerprint,
					       p[i].finding->fingerprint) == 0;

		nth[p[i].at] = is_same ? nth[p[i - 1].at] + 1 : 1;
	}
	free(p);
	return nth;
}

void
report_put_identity(const struct finding *x, size_t nth, char *ret)
{
	snprintf(ret, REPORT_IDENTITY, "%s:%zu", x->fingerprint, nth);
}

/* Without memory it is told twice. */
bool
report_is_again(const struct report_source *s, const char *identity)
{
	uint32_t number = s->seen ? texts_put(&s->seen->texts, identity) : 0;

	if (number == 0)
		return false;
	if (number <= s->seen->n)
		return true;
	s->seen->n = number;
	return false;
}

void
report_seen_fini(struct report_seen *seen)
{
	texts_fini(&seen->texts);
	*seen = (struct report_seen){0};
}

/* ---- JUnit ---- */

/* Text and attributes of XML 1.0: no control characters but tab and ends of
 * lines, and neither U+FFFE nor U+FFFF, not even escaped. */
static void
put_xml(FILE *f, const char *bytes)
{
	char *text = text_utf8(bytes, strlen(bytes), false);

	for (const char *p = text; p && *p; p++)
		if (*p == '&')
			fputs("&amp;", f);
		else if (*p == '<')
			fputs("&lt;", f);
		else if (*p == '>')
			fputs("&gt;", f);
		else if (*p == '"')
			fputs("&quot;", f);
		else if (strncmp(p, "\xef\xbf\xbe", 3) == 0 ||
			 strncmp(p, "\xef\xbf\xbf", 3) == 0)
			fputs("\xef\xbf\xbd", f), p += 2;
		else if ((unsigned char)*p < ' ' && *p != '\n' && *p != '\t')
			fputs("\xef\xbf\xbd", f);
		else
			fputc(*p, f);
	free(text);
}

static void
write_case(const struct report_source *s, FILE *f, const struct finding *x, size_t nth)
{
	const struct finding_kind *rule = &finding_kinds[x->id];
	bool fails = finding_fails(x, s->fails_at);
	struct blame b = blame(s, x);
	char *text = NULL;

	TO_TEXT(t, text, put_finding(s, t, x));
	fprintf(f, "    <testcase classname=\"gcprof.%s\" name=\"", rule->rule);
	if (b.file) {
		put_xml(f, b.file);
		fprintf(f, ":%u: ", b.line);
	}
	put_xml(f, b.function ? b.function : "unknown place");
	fprintf(f, " [%s", x->fingerprint);
	if (nth > 1)
		fprintf(f, ":%zu", nth);
	fputs("]\"", f);
	if (b.file) {
		fputs(" file=\"", f);
		put_xml(f, b.file);
		fprintf(f, "\" line=\"%u\"", b.line);
	}
	fputs(">\n", f);
	if (fails) {
		fprintf(f, "      <failure type=\"%s\" message=\"", rule->rule);
		put_xml(f, x->summary);
		fputs("\">", f);
	} else {
		fputs("      <system-out>", f);
	}
	fprintf(f, "%s: ", finding_level_name(x->level));
	put_xml(f, text ? text : x->summary);
	fputs(fails ? "</failure>\n" : "</system-out>\n", f);
	fputs("    </testcase>\n", f);
	free(text);
	blame_free(&b);
}

void
report_begin_junit(FILE *f)
{
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites "
	      "name=\"gcprof\">\n",
	      f);
}

void
report_write_junit(const struct report_source *s, FILE *f)
{
	size_t n = s->findings->n, n_failures = 0;
	size_t *nth = report_count_same(s->findings);

	for (size_t i = 0; i < n; i++)
		n_failures += finding_fails(&s->findings->list[i], s->fails_at);
	/* The same in each run, so that its history can be followed: no name of a file
	 * that a run makes for itself. */
	fputs("  <testsuite name=\"gcprof ", f);
	put_xml(f, report_program(s));
	fprintf(f, "\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"0\">\n",
		n ? n : 1, n_failures);
	if (n == 0) {
		fputs("    <testcase classname=\"gcprof\" name=\"", f);
		put_xml(f, report_program(s));
		fputs("\"/>\n", f);
	}
	for (size_t i = 0; i < n && !ferror(f); i++)
		write_case(s, f, &s->findings->list[i], nth ? nth[i] : 1);
	fputs("  </testsuite>\n", f);
	free(nth);
}

void
report_end_junit(FILE *f)
{
	fputs("</testsuites>\n", f);
}

/* ---- GitHub ---- */

/* A message, or a property, which also ends at commas and colons. */
static void
put_escaped(FILE *f, const char *bytes, bool is_property)
{
	char *text = text_utf8(bytes, strlen(bytes), false);

	for (const char *p = text; p && *p; p++)
		if (*p == '%' || *p == '\r' || *p == '\n' ||
		    (is_property && (*p == ':' || *p == ',')))
			fprintf(f, "%%%02X", (unsigned char)*p);
		else if (((unsigned char)*p < ' ' && *p != '\t') || *p == 0x7f)
			fputs("\xef\xbf\xbd", f); /* a log is read on terminals, too */
		else
			fputc(*p, f);
	free(text);
}

void
report_write_github(const struct report_source *s, FILE *f)
{
	static const char *const commands[] = {"error", "warning", "notice"};
	size_t *nth = report_count_same(s->findings);

	for (size_t i = 0; i < s->findings->n && nth && !ferror(f); i++) {
		const struct finding *x = &s->findings->list[i];
		char identity[REPORT_IDENTITY], *text = NULL;
		struct blame b;
		size_t n;

		report_put_identity(x, nth[i], identity);
		if (x->novelty == FINDING_KNOWN || report_is_again(s, identity))
			continue;
		b = blame(s, x);
		TO_TEXT(t, text, put_finding(s, t, x));
		fprintf(f, "::%s ", commands[x->level]);
		if (b.file) {
			fputs("file=", f);
			put_escaped(f, b.file, true);
			fprintf(f, ",line=%u,", b.line ? b.line : 1);
		}
		fprintf(f, "title=gcprof%%3A %s::", x->what);
		n = text ? strlen(text) : 0;
		if (n && text[n - 1] == '\n')
			text[n - 1] = '\0';
		put_escaped(f, text ? text : x->summary, false);
		fputc('\n', f);
		free(text);
		blame_free(&b);
	}
	free(nth);
}

/* ---- counts ---- */

/* A name is one column of one line. */
static void
put_name(FILE *f, const char *name)
{
	for (; *name; name++)
		fputc((unsigned char)*name < ' ' || *name == 0x7f ? '?' : *name, f);
}

/* "file:line"; the function, if that is not known; as a column. */
static void
put_blamed(const struct report_source *s, const struct finding *x, FILE *f)
{
	struct blame b = blame(s, x);

	fputc('\t', f);
	if (b.file || b.function)
		put_name(f, b.file ? b.file : b.function);
	if (b.file)
		fprintf(f, ":%u", b.line);
	blame_free(&b);
}

void
report_write_counts(const struct report_source *s, FILE *f)
{
	const struct findings *all = s->findings;
	const struct finding *first = NULL;
	size_t n[FINDING_NOTE + 1] = {0}, n_known = 0;

	for (size_t i = 0; i < all->n; i++) {
		const struct finding *x = &all->list[i];

		if (!finding_stands_alone(all, x))
			continue;
		if (!first && finding_fails(x, s->fails_at))
			first = x;
		if (x->novelty == FINDING_KNOWN)
			n_known++;
		else
			n[x->level] += x->level != FINDING_NOTE ||
				       !finding_is_quiet_at(x, s->fails_at);
	}
	fprintf(f, "%" PRIu64 "\t", s->heap->info.pid);
	put_name(f, report_program(s));
	fprintf(f, "\t%zu\t%zu\t%zu\t%zu", n[FINDING_ERROR], n[FINDING_WARNING],
		n[FINDING_NOTE], n_known);
	if (first)
		put_blamed(s, first, f);
	fputc('\n', f);
}
