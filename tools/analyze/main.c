/* main.c -- read snapshots and say what holds the memory.
 *
 * In:   options and .heap files.
 * Out:  reports on standard output or into files; exit status 0, 1 (findings
 *       at or above --fail-on) or 2 (usage, unreadable file, output error).
 * Not here: everything else; this file only knows the order of the work.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/choose.h"
#include "analyze/compare.h"
#include "analyze/io.h"
#include "analyze/shell.h"
#include "detect/alarms.h"
#include "detect/baseline.h"
#include "detect/series.h"
#include "model/heap.h"
#include "names/source_locations.h"
#include "report/findings.h"
#include "util/complain.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "(not configured)"
#endif

/* ---- one snapshot ---- */

/* What lasts over all snapshots of a run. */
struct run {
	struct settings *s;
	struct places places;
	struct baseline *new; /* NULL = not asked for */
	int n_reported;
	size_t n_processes; /* whose snapshots the files are, as far as files say so */
};

/* What is known and wanted of one snapshot. */
struct analysis {
	const struct heap *heap;
	struct symbols *symbols;
	const struct findings *findings;
	const struct places *places;
	const char *path;
	bool is_first, is_one_of_many;
	size_t process, n_processes; /* the first, of so many; 0: not known */
};

static enum finding_level
fails_at(const struct settings *s)
{
	return s->fail_on == FAIL_NEVER ? FINDING_ERROR : (enum finding_level)s->fail_on;
}

static struct report_options
options_of_report(const struct settings *s, const struct analysis *a,
		  const struct format *format)
{
	struct report_options options = s->report;
	bool is_text = format->needs & FORMAT_TEXT;

	if (!s->has_top)
		options.top = is_text ? TEXT_TOP : 0;
	/* All of them: their names are looked up before the first line. */
	if (s->report.tree.kind)
		options.top = 0;
	if (!s->has_frames)
		options.frames = TEXT_FRAMES;
	options.one_list = !is_text || s->has_sort || s->report.tree.kind;
	options.places = a->places;
	options.with_dead = format->needs & FORMAT_DEAD;
	options.graph = s->detect.graph;
	options.failing_only = options.findings_only && s->fail_on != FAIL_NEVER &&
			       !options.is_full && !options.all;
	options.fails_at = fails_at(s);
	return options;
}

static void
write_document(const struct settings *s, const struct analysis *a, struct output *o)
{
	const struct report_source source = {
		.heap = a->heap,
		.symbols = a->symbols,
		.findings = a->findings,
		.places = a->places,
		.snapshot = a->path,
		.fails_at = fails_at(s),
		.is_first = a->is_first,
		.seen = &o->seen,
	};

	o->format->write_findings(&source, o->file.f);
}

/* Which of several, where nothing is compared from one process to another. */
static void
write_file(const struct analysis *a, const struct report_options *o, FILE *f)
{
	if (!o->no_file_names)
		fprintf(f, "File        %s\n", a->path);
	if (a->process && a->n_processes > 1 && !o->failing_only)
		fprintf(f,
			"%-11s process %zu of %zu: each is reported by itself, and not "
			"compared\n",
			o->no_file_names ? "Report" : "", a->process, a->n_processes);
}

static bool
write_report(const struct settings *s, const struct analysis *a, struct output *o)
{
	const struct report_options options = options_of_report(s, a, o->format);
	struct report *r;
	int failed;

	/* Of many checks nearly all: they need no names. */
	if (o->format->needs & FORMAT_TEXT && report_is_silent(&options, a->findings))
		return true;
	r = report_new(a->heap, a->symbols, a->findings, &options);
	io_end_progress();
	if (!r) {
		complain("out of memory");
		return false;
	}
	if (o->format->needs & FORMAT_TEXT) {
		if (!a->is_first && !s->report.findings_only)
			fputs("\n\n", o->file.f);
		if (a->is_one_of_many)
			write_file(a, &options, o->file.f);
	}
	failed = o->format->write(r, o->file.f);
	report_free(r);
	if (failed < 0)
		complain("out of memory");
	return !failed;
}

/* Where the report on standard output goes, and what else is to be read there. */
static FILE *
standard_output(const struct settings *s)
{
	for (int i = 0; i < s->n_outputs; i++)
		if (!s->outputs[i].path && s->outputs[i].file.f)
			return s->outputs[i].file.f;
	return stdout;
}

static void
write_suppressions(const struct analysis *a, FILE *f)
{
	for (size_t i = 0; i < a->findings->n; i++) {
		const struct finding *x = &a->findings->list[i];
		struct stack stack;

		if (strcmp(x->kind, "leak") != 0 ||
		    stack_get(a->heap, a->symbols, x->site, &stack) != 0)
			continue;
		fprintf(f, "# %s\n", x->summary);
		suppress_generate(f, a->heap, &stack, x->kinds,
				  graph_state_named(x->verdict), x->fingerprint);
		stack_free(&stack);
	}
}

static int
exit_status(const struct settings *s, const struct findings *findings)
{
	return s->fail_on != FAIL_NEVER &&
			       findings_count(findings, (enum finding_level)s->fail_on)
		       ? EXIT_FINDINGS
		       : 0;
}

static bool
write_output(const struct settings *s, const struct analysis *a, struct output *o)
{
	if (!io_open_output(o))
		return false;
	if (!o->format->write_findings) {
		o->is_broken = !write_report(s, a, o);
		return !o->is_broken;
	}
	write_document(s, a, o);
	return true;
}

/* Is anybody going to see findings, or the exit status that they make? */
static bool
wants_findings(const struct settings *s)
{
	for (int i = 0; i < s->n_outputs; i++)
		if (!(s->outputs[i].format->needs & FORMAT_FACTS) && !s->report.tree.kind)
			return true;
	return s->fail_on != FAIL_NEVER || s->baseline || s->write_baseline ||
	       s->gen_suppressions || s->show_unused;
}

/* For who reads a baseline: no line, as these change with every other change. */
static struct baseline_place
place_of(void *source, const struct finding *f)
{
	struct baseline_place place;

	place.function = report_blamed_place(source, f, &place.file);
	return place;
}

static int
add_to_baseline(struct run *run, const struct analysis *a, const struct findings *all)
{
	struct report_source source = {.heap = a->heap,
				       .symbols = a->symbols,
				       .snapshot = a->path,
				       .places = &run->places};

	return run->new ? baseline_add(run->new, all, place_of, &source,
				       report_program(&source))
			: 0;
}

/* Findings, held against the baselines. */
static struct findings *
compute_findings(struct run *run, const struct analysis *a)
{
	struct findings *all = wants_findings(run->s)
				       ? findings_new(a->heap, a->symbols, &run->s->detect)
				       : calloc(1, sizeof(*all));

	if (all && (add_to_baseline(run, a, all) ||
		    (run->s->known && baseline_compare(run->s->known, all)))) {
		findings_free(all);
		all = NULL;
	}
	io_end_progress();
	if (!all)
		complain("'%s': out of memory", a->path);
	return all;
}

/* Report one snapshot that has been loaded. */
static int
report(struct run *run, struct analysis *a)
{
	struct settings *s = run->s;
	struct findings *findings;
	int status = EXIT_TROUBLE;
	bool ok;

	a->symbols = io_symbols(s, a->heap);
	io_adopt_suppressions(s, a->heap);
	a->findings = findings = compute_findings(run, a);
	ok = findings != NULL;
	for (int i = 0; i < s->n_outputs && ok; i++)
		ok = write_output(s, a, &s->outputs[i]);
	if (ok) {
		if (s->gen_suppressions)
			write_suppressions(a, standard_output(s));
		status = exit_status(s, findings);
	}
	findings_free(findings);
	symbols_free(a->symbols);
	return status;
}

static void
write_unused(const struct suppressions *s, FILE *f)
{
	for (size_t i = 0; i < s->n; i++)
		if (!s->list[i].is_builtin && s->list[i].matched.blocks == 0)
			fprintf(f, "unused suppression: %s:%u: %s\n", s->list[i].file,
				s->list[i].line, s->list[i].name);
}

static bool
run_begin(struct run *run)
{
	struct settings *s = run->s;

	if (places_init(&run->places, s->source_root)) {
		complain("'%s': %s", s->source_root ? s->source_root : ".",
			 strerror(errno));
		return false;
	}
	if (s->write_baseline)
		run->new = baseline_new();
	return !s->write_baseline || run->new;
}

static int
write_new_baseline(const struct run *run)
{
	struct output o = {.path = run->s->write_baseline};

	if (!io_open_output(&o))
		return EXIT_TROUBLE;
	baseline_write(run->new, o.file.f);
	return io_close_output(&o);
}

/* Is somebody going to show what sites retain?  It takes a while to find out. */
static bool
wants_retained(const struct settings *s)
{
	for (int i = 0; i < s->n_outputs; i++)
		if (s->outputs[i].format->needs & FORMAT_RETAINED)
			return true;
	return s->has_sort && s->report.sort == ORDER_RETAINED;
}

/* Or types?  The text has them unless it was asked for something else. */
static bool
wants_types(const struct settings *s)
{
	bool is_all = s->report.is_full && !s->report.findings_only && !s->has_sort &&
		      !*s->filter_text && !s->report.tree.kind;

	for (int i = 0; i < s->n_outputs; i++) {
		unsigned needs = s->outputs[i].format->needs;

		if (needs & FORMAT_TYPES || (needs & FORMAT_TEXT && is_all))
			return true;
	}
	return false;
}

/* ---- the snapshots of one process ---- */

/* Add what an earlier snapshot knows of each site, and let it go; or keep it, for who
 * asks for the heap before the end of the program. */
static int
add_earlier(struct run *run, struct several *several, const char *path,
	    struct heap **ret_kept)
{
	const struct settings *s = run->s;
	struct heap *heap = io_load(path);
	struct graph *graph = NULL;
	int status = heap ? 0 : EXIT_TROUBLE;

	if (heap && heap->has_roots)
		graph = graph_new(heap, &s->detect.graph, io_progress, NULL);
	if (heap &&
	    ((heap->has_roots && !graph) || several_add(several, heap, graph, path))) {
		complain("'%s': out of memory", path);
		status = EXIT_TROUBLE;
	}
	io_end_progress();
	graph_free(graph);
	if (ret_kept)
		*ret_kept = heap;
	else
		heap_free(heap);
	return status;
}

/* The last one that can be read is reported, with what the earlier ones show. */
static int
analyze_process(struct run *run, const struct several_file *files, size_t n, bool is_only,
		size_t process)
{
	struct several *several = n > 1 ? several_new() : NULL;
	struct heap *heap = NULL, *before = NULL;
	size_t last = n, at_before = several_before(files, n);
	int status = 0;

	if (n > 1 && !several) {
		complain("out of memory");
		return EXIT_TROUBLE;
	}
	for (size_t i = 0; i + 1 < n; i++)
		status = io_worst(status, add_earlier(run, several, files[i].path,
						      i == at_before ? &before : NULL));
	while (!heap && last > 0) {
		last--;
		heap = io_load(files[last].path);
		status = io_worst(status, heap ? 0 : EXIT_TROUBLE);
		/* The one before becomes the last: it is added again, as that. */
		if (!heap && several)
			several_drop(several, last > 0 ? files[last - 1].path : "");
	}
	if (heap) {
		struct analysis a = {.heap = heap,
				     .places = &run->places,
				     .path = files[last].path,
				     .is_first = run->n_reported == 0,
				     .is_one_of_many = !is_only,
				     .process = process,
				     .n_processes = run->n_processes};

		run->s->detect.several = several;
		run->s->detect.path = files[last].path;
		run->s->detect.load = io_load;
		if (before && (heap->before || last <= at_before ||
			       heap_align_modules(before, heap) != 0)) {
			heap_free(before);
			before = NULL;
		}
		run->s->detect.before = before;
		run->s->detect.before_path = before ? files[at_before].path : NULL;
		run->n_reported++;
		status = io_worst(status, report(run, &a));
	}
	heap_free(heap);
	heap_free(before);
	several_free(several);
	return status;
}

/* Some documents, as one JSON object, can tell of one process only. */
static bool
formats_fit(const struct settings *s, const struct several_file *files, size_t n)
{
	size_t n_known = 0;

	for (size_t i = 0; i < n; i++)
		n_known += (s->each || files[i].is_readable) &&
			   (i == 0 || files[i].group != files[i - 1].group);
	for (int i = 0; i < s->n_outputs; i++)
		if (s->outputs[i].format->needs & FORMAT_ALONE && n_known > 1) {
			complain(s->each ? "--format=%s takes one snapshot, not %zu"
					 : "--format=%s takes snapshots of one process, "
					   "not"
					   " of %zu",
				 s->outputs[i].format->name, n_known);
			return false;
		}
	return true;
}

/* A program that reads the reports, or the exit status, is to hear of all. */
static bool
is_for_people(const struct settings *s)
{
	for (int i = 0; i < s->n_outputs; i++)
		if (!(s->outputs[i].format->needs & FORMAT_TEXT))
			return false;
	return s->fail_on == FAIL_NEVER && !s->report.findings_only && !s->baseline &&
	       !s->write_baseline && !s->gen_suppressions && !s->show_unused;
}

static int
analyze_all(struct settings *s, char **paths, int n)
{
	struct run run = {.s = s};
	size_t n_groups = 0, n_files = (size_t)n, n_known = 0;
	struct several_file *files = io_sort_files(paths, n, !s->each, &n_groups);
	bool ok = files && formats_fit(s, files, n_files) && run_begin(&run);
	int status = ok ? 0 : EXIT_TROUBLE;

	if (ok && !s->each && is_for_people(s))
		n_files = choose_newest(files, n_files, &n_groups);
	n_files = ok ? io_drop_doubles(files, n_files) : 0;
	s->detect.with_retained = wants_retained(s);
	s->detect.with_types = wants_types(s);
	for (size_t i = 0; i < n_files; i++)
		run.n_processes += files[i].is_known &&
				   (i == 0 || files[i].group != files[i - 1].group);
	for (size_t i = 0, end; i < n_files && ok; i = end) {
		for (end = i + 1; end < n_files && files[end].group == files[i].group; end++)
			;
		n_known += files[i].is_known;
		status = io_worst(status,
				  analyze_process(&run, files + i, end - i, n_groups == 1,
						  files[i].is_known ? n_known : 0));
	}
	/* A baseline of half the snapshots would let the other half fail. */
	if (ok && run.new &&status != EXIT_TROUBLE)
		status = io_worst(status, write_new_baseline(&run));
	if (ok && s->show_unused)
		write_unused(s->detect.suppressions, standard_output(s));
	for (int i = 0; i < s->n_outputs; i++)
		if (s->outputs[i].file.f)
			status = io_worst(status, io_close_output(&s->outputs[i]));
	baseline_free(run.new);
	places_fini(&run.places);
	free(files);
	return status;
}

/* One check for alarms at each snapshot, of which every one begins anew. */
static int
watch(const struct settings *s, const char *path)
{
	struct symbols *symbols = NULL;
	struct heap *heap;
	struct alarms *w;
	char message[512];
	int n;

	w = alarms_new(&s->watch, message, sizeof(message));
	if (!w) {
		complain("--watch: %s", message);
		return EXIT_TROUBLE;
	}
	heap = io_load(path);
	if (!heap) {
		alarms_free(w);
		return EXIT_TROUBLE;
	}
	symbols = io_symbols(s, heap);
	n = alarms_check(w, heap, symbols, path);
	if (n < 0)
		complain("'%s': out of memory", path);
	symbols_free(symbols);
	heap_free(heap);
	alarms_free(w);
	return n < 0 ? EXIT_TROUBLE : n && s->fail_on != FAIL_NEVER ? EXIT_FINDINGS : 0;
}

static int
watch_all(struct settings *s, char **paths, int n)
{
	int status = 0;

	for (int i = 0; i < n; i++)
		status = io_worst(status, watch(s, paths[i]));
	return status;
}

/* Single blocks of one snapshot, instead of a report. */
static int
answer_questions(struct settings *s, char **paths, int n)
{
	struct output *o = &s->outputs[0];
	struct heap *heap;
	struct symbols *symbols = NULL;
	struct inspect *inspect = NULL;
	bool ok;

	if (n != 1) {
		complain("--block and the other questions take one snapshot, not %d", n);
		return EXIT_TROUBLE;
	}
	heap = io_load(paths[0]);
	if (!heap || !io_open_output(o)) {
		heap_free(heap);
		return EXIT_TROUBLE;
	}
	symbols = io_symbols(s, heap);
	if (!s->has_top)
		s->report.top = TEXT_TOP;
	if (!s->has_frames)
		s->report.frames = TEXT_FRAMES;
	io_adopt_suppressions(s, heap);
	inspect = inspect_new(heap, symbols, &s->detect.graph, &s->report, io_progress,
			      NULL);
	ok = inspect != NULL;
	for (int i = 0; i < s->n_questions && ok; i++) {
		if (i > 0)
			putc('\n', o->file.f);
		ok = s->questions[i].answer(inspect, s->questions[i].address, o->file.f) >=
		     0;
		io_end_progress();
	}
	if (ok && s->is_shell)
		ok = shell_run(heap, symbols, &s->report, &s->detect) == 0;
	if (!ok)
		complain("'%s': out of memory", paths[0]);
	inspect_free(inspect);
	symbols_free(symbols);
	heap_free(heap);
	return io_worst(ok ? 0 : EXIT_TROUBLE, io_close_output(o));
}

/* What is done with the files. */
typedef int way(struct settings *s, char **paths, int n);

static way *
way_of(const struct settings *s)
{
	if (s->watch.rules)
		return watch_all;
	if (s->n_questions || s->is_shell)
		return answer_questions;
	return s->diff ? compare_diff : s->merge ? compare_merge : analyze_all;
}

static void
write_version(FILE *f)
{
	fputs("gcprof-analyze " PACKAGE_VERSION "\n", f);
}

/* Show a text that was asked for. */
static int
answer(void (*write)(FILE *f))
{
	struct output o = {.file.f = stdout};

	write(stdout);
	return io_close_output(&o);
}

int
main(int argc, char **argv)
{
	struct settings s = {.symbols.progress = io_progress,
			     .detect.progress = io_progress};
	int status = EXIT_TROUBLE;

	complain_as("gcprof-analyze");
	signal(SIGPIPE, SIG_IGN);
	io_begin();
	switch (options_parse(&s, argc, argv)) {
	case OPTIONS_HELP:
		status = answer(options_write_help);
		break;
	case OPTIONS_FORMATS:
		status = answer(formats_write);
		break;
	case OPTIONS_VERSION:
		status = answer(write_version);
		break;
	case OPTIONS_WORK:
		status = way_of(&s)(&s, s.snapshots, s.n_snapshots);
		break;
	case OPTIONS_WRONG:
		break;
	}
	options_free(&s);
	return status;
}
