/* valgrind.c -- files for Valgrind's viewers: dhat for dh_view.html, massif
 * for ms_print and massif-visualizer.
 *
 * In:   a report.
 * Out:  dhat: what each site has allocated, and has live; massif: heap over time,
 *       with the live sites of the snapshot as its one detailed point.
 * Not here: which sites there are (report.c).
 *
 * BOUND  A snapshot does not know each site's highest point, nor how long freed
 * blocks have lived.  In dhat's columns "at t-gmax" and "at t-end" are the
 * snapshot, and maxima and lifetimes are what its live blocks make of them: lower
 * bounds.
 *
 * Sources  Valgrind User Manual, "DHAT", 10.7 and "Massif", 9.3; the fields that
 *          dh_view.js and ms_print read.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/json_stream.h"
#include "report/profile.h"
#include "report/writers.h"
#include "util/bisect.h"
#include "util/text.h"

/* What a viewer shows of a frame: "0x1234: function (file.c:12)". */
static void
write_place(const struct report *r, const struct profile_frame *x, FILE *f)
{
	const struct heap_module *m = &r->heap->modules[x->module];
	char *path = NULL;

	fprintf(f, "0x%" PRIX64 ": %s", x->module ? m->bias + x->offset : 0,
		x->is_named || !x->module ? x->name : "???");
	if (x->file && x->line)
		fprintf(f, " (%s:%u)", text_basename(x->file), x->line);
	else if (x->module) {
		path = text_utf8(m->path.bytes, m->path.n, true);
		fprintf(f, " (in %s)", path ? path : "");
	}
	free(path);
}

/* ---- dhat ---- */

/* Nanoseconds of the process' life at which an epoch was over. */
static uint64_t
end_of_epoch(const struct heap *h, uint64_t epoch)
{
	size_t low = BISECT(h->n_epochs, at,
			    h->epochs[at].first_epoch + h->epochs[at].n_epochs <= epoch);

	return low < h->n_epochs ? h->epochs[low].end_ns : h->info.uptime_ns;
}

/* Microseconds that the live blocks of each node have lived together. */
static uint64_t *
lifetimes(const struct report *r)
{
	const struct heap *h = r->heap;
	uint64_t *sums = calloc((size_t)h->n_nodes + 1, sizeof(*sums));
	uint64_t *ages = calloc((size_t)h->n_births + 1, sizeof(*ages));

	for (uint32_t i = 1; ages && i <= h->n_births; i++) {
		uint64_t end = end_of_epoch(h, h->births[i].epoch);

		ages[i] = end < h->info.uptime_ns ? (h->info.uptime_ns - end) / 1000 : 0;
	}
	for (uint32_t i = 0; ages && sums && i < h->n_blocks; i++)
		if (heap_filter_passes(h, &r->options.filter, h->blocks[i].birth))
			sums[h->blocks[i].site] += ages[h->blocks[i].birth];
	free(ages);
	return sums;
}

static void
write_point(struct profile *p, uint32_t node, uint64_t lifetime, FILE *f)
{
	const struct heap_site *s = &p->report->sites[node];
	const struct heap_node *x = &p->report->heap->nodes[node];
	const uint32_t *stack;
	size_t n = profile_stack(p, node, &stack);
	/* What is live has been allocated, if in a way that is not counted there. */
	uint64_t blocks = x->allocations > s->live.blocks ? x->allocations : s->live.blocks;
	uint64_t bytes =
		x->allocated_bytes > s->live.bytes ? x->allocated_bytes : s->live.bytes;

	fprintf(f, "{\"tb\":%" PRIu64 ",\"tbk\":%" PRIu64 ",\"tl\":%" PRIu64, bytes,
		blocks, lifetime);
	for (size_t i = 0; i < 3; i++) {
		static const char *const names[][2] = {
			{"mb", "mbk"}, {"gb", "gbk"}, {"eb", "ebk"}};

		fprintf(f, ",\"%s\":%" PRIu64 ",\"%s\":%" PRIu64, names[i][0],
			s->live.bytes, names[i][1], s->live.blocks);
	}
	fputs(",\"fs\":[", f);
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%s%" PRIu32, i ? "," : "", stack[i] + 1);
	fputs("]}", f);
}

int
report_write_dhat(const struct report *r, FILE *f)
{
	const struct heap_info *info = &r->heap->info;
	struct profile *p = profile_new(r);
	uint64_t *lived = lifetimes(r);
	char *command = text_command(info->command.bytes, info->command.n);
	bool ok = p && lived;

	if (ok) {
		fputs("{\"dhatFileVersion\":2,\"mode\":\"gcprof (t-gmax and t-end are the"
		      " snapshot; maxima and lifetimes are of what lives there)\","
		      "\"verb\":\"Allocated\",\"bklt\":true,\"bkacc\":false,"
		      "\"tu\":\"\\u00b5s\",\"Mtu\":\"s\",\"tuth\":0,\n\"cmd\":",
		      f);
		json_stream_text(f, command);
		fprintf(f,
			",\"pid\":%" PRIu64 ",\"te\":%" PRIu64 ",\"tg\":%" PRIu64
			",\n\"pps\":[",
			info->pid, info->uptime_ns / 1000, info->uptime_ns / 1000);
		for (size_t i = 0; i < p->n_rows && !ferror(f); i++) {
			fputs(i ? ",\n" : "\n", f);
			write_point(p, p->rows[i], lived[p->rows[i]], f);
		}
		fputs("],\n\"ftbl\":[\"[root]\"", f);
		for (size_t i = 0; i < p->n_frames && !ferror(f); i++) {
			char *line = NULL;
			size_t n;
			FILE *memory = open_memstream(&line, &n);

			if (memory) {
				write_place(r, &p->frames[i], memory);
				fclose(memory);
			}
			fputs(",\n", f);
			json_stream_text(f, line);
			free(line);
		}
		fputs("]}\n", f);
	}
	free(command);
	free(lived);
	profile_free(p);
	return ok ? 0 : -1;
}

/* ---- massif ---- */

enum { MASSIF_DEEP = 64 }; /* frames of a stack; its readers recurse */

/* Sites by their stacks, innermost frames first: equal callees stand together. */
struct massif_row {
	const uint32_t *stack;
	uint32_t n;
	uint64_t bytes;
};

static int
compare_rows(const void *a, const void *b)
{
	const struct massif_row *x = a, *y = b;

	for (uint32_t i = 0; i < x->n && i < y->n; i++)
		if (x->stack[i] != y->stack[i])
			return x->stack[i] < y->stack[i] ? -1 : 1;
	return (x->n > y->n) - (x->n < y->n);
}

/* A branch: rows[0..n) agree in their first `depth` frames. */
struct branch {
	const struct massif_row *rows;
	size_t n;
	uint64_t bytes;
};

static int
compare_branches(const void *a, const void *b)
{
	const struct branch *x = a, *y = b;

	return (x->bytes < y->bytes) - (x->bytes > y->bytes);
}

static uint64_t
sum_rows(const struct massif_row *rows, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += rows[i].bytes;
	return sum;
}

/* Part rows by the frame at `depth`; rows that end there make no branch.  Returns
 * the branches, largest first, for free(3). */
static struct branch *
part(const struct massif_row *rows, size_t n, uint32_t depth, size_t *ret_n)
{
	struct branch *list = calloc(n + 1, sizeof(*list));
	size_t n_list = 0;

	for (size_t i = 0, end; list && i < n; i = end) {
		for (end = i + 1; end < n && rows[end].n > depth && rows[i].n > depth &&
				  rows[end].stack[depth] == rows[i].stack[depth];
		     end++)
			;
		if (rows[i].n > depth)
			list[n_list++] = (struct branch){rows + i, end - i,
							 sum_rows(rows + i, end - i)};
	}
	if (list)
		qsort(list, n_list, sizeof(*list), compare_branches);
	*ret_n = n_list;
	return list;
}

/* Of its branches only those with at least a hundredth of the whole have a line of
 * their own, as in massif's files. */
static int
write_tree(const struct profile *p, const struct branch *b, uint32_t depth,
	   uint64_t whole, FILE *f)
{
	size_t n = 0, n_shown = 0;
	struct branch *list = part(b->rows, b->n, depth, &n);
	uint64_t rest = 0;
	int failed = 0;

	if (!list)
		return -1;
	while (n_shown < n && list[n_shown].bytes * 100 >= whole)
		n_shown++;
	for (size_t i = n_shown; i < n; i++)
		rest += list[i].bytes;
	fprintf(f, "%*sn%zu: %" PRIu64 " ", (int)depth, "", n_shown + (n > n_shown),
		b->bytes);
	if (depth == 0)
		fputs("(heap allocation functions) malloc/new/new[], --alloc-fns, etc.", f);
	else
		write_place(p->report, &p->frames[b->rows->stack[depth - 1]], f);
	fputc('\n', f);
	for (size_t i = 0; i < n_shown && !failed; i++)
		failed = write_tree(p, &list[i], depth + 1, whole, f);
	if (n > n_shown)
		fprintf(f,
			"%*sn0: %" PRIu64
			" in %zu places, all below massif's threshold (1.00%%)\n",
			(int)depth + 1, "", rest, n - n_shown);
	free(list);
	return failed;
}

static int
write_live(struct profile *p, FILE *f)
{
	struct massif_row *rows = calloc(p->n_rows + 1, sizeof(*rows));
	struct branch all = {rows, 0, 0};
	int failed = !rows;

	for (size_t i = 0; i < p->n_rows && !failed; i++) {
		struct massif_row *row = &rows[all.n];
		const uint32_t *stack;
		uint32_t *own;
		size_t n;

		row->bytes = profile_value(p, p->rows[i], PROFILE_LIVE_BYTES);
		if (!row->bytes)
			continue;
		n = profile_stack(p, p->rows[i], &stack);
		row->n = n < MASSIF_DEEP ? (uint32_t)n : MASSIF_DEEP;
		own = malloc((row->n + 1) * sizeof(*own));
		failed = !own;
		if (own)
			memcpy(own, stack, row->n * sizeof(*own));
		row->stack = own;
		all.n++;
	}
	if (!failed) {
		qsort(rows, all.n, sizeof(*rows), compare_rows);
		all.bytes = sum_rows(rows, all.n);
		failed = write_tree(p, &all, 0, all.bytes, f);
	}
	for (size_t i = 0; i < all.n; i++)
		free((void *)rows[i].stack);
	free(rows);
	return failed;
}

static void
write_massif_point(size_t number, uint64_t ns, uint64_t used, uint64_t total, FILE *f)
{
	fprintf(f,
		"#-----------\nsnapshot=%zu\n#-----------\ntime=%" PRIu64
		"\nmem_heap_B=%" PRIu64 "\nmem_heap_extra_B=%" PRIu64
		"\nmem_stacks_B=0\n",
		number, ns / 1000000, used, total > used ? total - used : 0);
}

int
report_write_massif(const struct report *r, FILE *f)
{
	const struct heap *h = r->heap;
	struct profile *p = profile_new(r);
	char *command = text_command(h->info.command.bytes, h->info.command.n);
	uint64_t used = 0, last = 0;
	size_t n = 0;
	int failed = !p;

	for (size_t i = 0; p && i < p->n_rows; i++)
		used += profile_value(p, p->rows[i], PROFILE_LIVE_BYTES);
	if (!failed) {
		fprintf(f, "desc: gcprof-analyze --format=massif\ncmd: %s\ntime_unit: ms\n",
			command ? command : "");
		for (size_t i = 0; i < h->n_epochs && !ferror(f); i++) {
			const struct hf_epochs *e = &h->epochs[i];

			if (e->end_ns < last || e->end_ns > h->info.uptime_ns)
				continue;
			last = e->end_ns;
			write_massif_point(n++, last, e->heap_used, e->heap_total, f);
			fputs("heap_tree=empty\n", f);
		}
		write_massif_point(n, h->info.uptime_ns, used, h->info.heap_total, f);
		fputs("heap_tree=detailed\n", f);
		failed = write_live(p, f);
	}
	free(command);
	profile_free(p);
	return failed ? -1 : 0;
}
