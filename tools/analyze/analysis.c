/* analysis.c -- see analysis.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "analyze/analysis.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/choose.h"
#include "analyze/io.h"
#include "detect/baseline.h"
#include "detect/series.h"
#include "report/findings.h"
#include "util/complain.h"

/* What lasts over all snapshots of a run. */
struct run {
	struct settings *s;
	analysis_use *use;
	struct places places;
	struct baseline *new; /* NULL = not asked for */
	int n_reported;
	size_t n_processes; /* whose snapshots the files are, as far as files say so */
};

enum finding_level
analysis_fails_at(const struct settings *s)
{
	return s->fail_on == FAIL_NEVER ? FINDING_ERROR : (enum finding_level)s->fail_on;
}

struct report_options
analysis_report_options(const struct settings *s, const struct analysis *a,
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
	options.fails_at = analysis_fails_at(s);
	return options;
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

/* Have one snapshot used that has been loaded. */
static int
analyze(struct run *run, struct analysis *a)
{
	struct settings *s = run->s;
	struct findings *findings;
	int status = EXIT_TROUBLE;

	a->symbols = io_symbols(s, a->heap);
	io_adopt_suppressions(s, a->heap);
	a->findings = findings = compute_findings(run, a);
	if (findings)
		status = run->use(s, a);
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
		status = io_worst(status, analyze(run, &a));
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
			complain(
				s->each ? "--format=%s takes one snapshot, not %zu"
				: s->is_served
					? "the page (%s) takes snapshots of one process, "
					  "not of %zu; name those of one"
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

int
analysis_of_all(struct settings *s, char **paths, int n, analysis_use *use)
{
	struct run run = {.s = s, .use = use};
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
		write_unused(s->detect.suppressions, io_standard_output(s));
	for (int i = 0; i < s->n_outputs; i++)
		if (s->outputs[i].file.f)
			status = io_worst(status, io_close_output(&s->outputs[i]));
	baseline_free(run.new);
	places_fini(&run.places);
	free(files);
	return status;
}
