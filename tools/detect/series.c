/* series.c -- snapshots of one process, side by side.
 *
 * In/Out: series.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "detect/series.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "heapfile_read.h"
#include "util/vec.h"

/* ---- sums ---------------------------------------------------------------- */

static int
compare_sums(const void *a, const void *b)
{
	const struct several_sum *x = a, *y = b;

	return (x->place > y->place) - (x->place < y->place);
}

/* By node, for free(3). */
static struct heap_count *
count_nodes(const struct heap *h, const struct graph *g, struct heap_count *ret_reachable)
{
	struct heap_count *live = calloc((size_t)h->n_nodes + 1, sizeof(*live));

	for (uint32_t b = 0; live && b < h->n_blocks; b++) {
		uint64_t bytes = heap_block_requested(&h->blocks[b]);
		struct heap_count *c = &live[h->blocks[b].site];

		if (g && g->states[b] != GRAPH_REACHABLE && g->states[b] != GRAPH_POSSIBLE)
			continue;
		c->blocks++;
		c->bytes += bytes;
		ret_reachable->blocks++;
		ret_reachable->bytes += bytes;
	}
	return live;
}

/* A module that is loaded twice has two nodes of one place. */
static void
merge(struct several_snapshot *x)
{
	size_t n = 0;

	for (size_t i = 0; i < x->n_sums; i++) {
		struct several_sum *last = n ? &x->sums[n - 1] : NULL;

		if (last && last->place == x->sums[i].place) {
			last->live.blocks += x->sums[i].live.blocks;
			last->live.bytes += x->sums[i].live.bytes;
			last->allocations += x->sums[i].allocations;
		} else {
			x->sums[n++] = x->sums[i];
		}
	}
	x->n_sums = n;
}

static int
sum_up(struct several_snapshot *x, const struct heap *h, const struct graph *g,
       const uint32_t *by_node)
{
	struct heap_count *live = count_nodes(h, g, &x->reachable);
	size_t n = 0;

	for (uint32_t i = 1; live && i <= h->n_nodes; i++)
		n += live[i].blocks || h->nodes[i].allocations;
	x->sums = live ? calloc(n + 1, sizeof(*x->sums)) : NULL;
	for (uint32_t i = 1; x->sums && i <= h->n_nodes; i++)
		if (live[i].blocks || h->nodes[i].allocations)
			x->sums[x->n_sums++] = (struct several_sum){
				by_node[i], live[i], h->nodes[i].allocations};
	free(live);
	if (!x->sums)
		return -1;
	qsort(x->sums, x->n_sums, sizeof(*x->sums), compare_sums);
	merge(x);
	return 0;
}

struct several *
several_new(void)
{
	return calloc(1, sizeof(struct several));
}

static void
snapshot_fini(struct several_snapshot *x)
{
	free(x->path);
	free(x->sums);
}

int
several_add(struct several *s, const struct heap *h, const struct graph *g, const char *path)
{
	struct several_snapshot x = {.time_ns = h->info.snapshot_time_ns,
				     .uptime_ns = h->info.uptime_ns,
				     .allocations = h->info.allocations,
				     .is_exit = strcmp(h->info.reason.bytes, "exit") == 0,
				     .live = h->live};
	uint32_t *by_node;

	by_node = stacktree_add(&s->tree, h);
	x.path = strdup(path);
	if (!by_node || !x.path || sum_up(&x, h, g, by_node) ||
	    VEC_PUSH_SHORT(s->list, s->n, x)) {
		free(by_node);
		snapshot_fini(&x);
		return -1;
	}
	free(s->by_node);
	s->by_node = by_node;
	return 0;
}

void
several_drop(struct several *s, const char *path)
{
	if (s->n && strcmp(s->list[s->n - 1].path, path) == 0)
		snapshot_fini(&s->list[--s->n]);
}

struct several_sum
several_get(const struct several *s, size_t i, uint32_t place)
{
	const struct several_snapshot *x = &s->list[i];
	const struct several_sum key = {.place = place}, *found;

	found = x->n_sums ? bsearch(&key, x->sums, x->n_sums, sizeof(key), compare_sums)
			  : NULL;
	return found ? *found : key;
}

double
several_seconds(const struct several *s, size_t i)
{
	return (double)s->list[i].uptime_ns / 1e9;
}

void
several_free(struct several *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		snapshot_fini(&s->list[i]);
	free(s->list);
	stacktree_fini(&s->tree);
	free(s->by_node);
	free(s);
}

/* ---- whose snapshots they are -------------------------------------------- */

static bool
is_named(const struct hf_text *name, const char *word)
{
	return name->n == strlen(word) && memcmp(name->bytes, word, name->n) == 0;
}

static int
take_info(void *arg, const struct hf_info *r)
{
	struct several_file *f = arg;

	if (r->is_text && is_named(&r->name, "executable"))
		f->executable = stacktree_hash(1, r->text.bytes, r->text.n);
	if (r->is_text)
		return 0;
	if (is_named(&r->name, "pid"))
		f->pid = r->number;
	else if (is_named(&r->name, "start_time_ns"))
		f->start_time_ns = r->number;
	else if (is_named(&r->name, "uptime_ns"))
		f->uptime_ns = r->number;
	else if (is_named(&r->name, "snapshot_time_ns"))
		f->time_ns = r->number;
	else if (is_named(&r->name, "snapshot_number"))
		f->number = r->number;
	return 0;
}

/* What comes after INFO is for who loads the file. */
static int
end_after_info(void *arg, enum heapfile_type type, uint64_t n_records)
{
	(void)arg;
	(void)n_records;
	return type != HEAPFILE_INFO;
}

void
several_identify(const char *path, struct several_file *ret)
{
	const struct hf_sink sink = {.arg = ret, .begin = end_after_info, .info = take_info};
	struct hf_error error;
	uint8_t *bytes = NULL;
	struct stat st;
	size_t n;
	int status;

	*ret = (struct several_file){.path = path};
	if (stat(path, &st) != 0)
		return;
	ret->is_readable = !S_ISREG(st.st_mode);
	if (ret->is_readable || hf_read_file(path, &bytes, &n, &error) != 0)
		return;
	status = hf_decode(bytes, n, 0, &sink, &error);
	ret->is_readable = status == 0 || error.code == HF_STOPPED;
	ret->is_known = ret->is_readable && ret->pid && ret->start_time_ns;
	free(bytes);
}

static int
compare_files(const void *a, const void *b)
{
	const struct several_file *x = a, *y = b;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	if (x->uptime_ns != y->uptime_ns)
		return x->uptime_ns < y->uptime_ns ? -1 : 1;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return strcmp(x->path, y->path);
}

static bool
is_same_process(const struct several_file *a, const struct several_file *b)
{
	return a->is_known && b->is_known && a->pid == b->pid &&
	       a->start_time_ns == b->start_time_ns && a->executable == b->executable;
}

size_t
several_sort(struct several_file *files, size_t n)
{
	size_t n_groups = 0;

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < i && !is_same_process(&files[k], &files[i]))
			k++;
		files[i].group = k < i ? files[k].group : n_groups++;
	}
	if (n)
		qsort(files, n, sizeof(*files), compare_files);
	for (size_t i = 1; i < n; i++)
		files[i].is_double = files[i].is_known &&
				     files[i].group == files[i - 1].group &&
				     files[i].number == files[i - 1].number &&
				     files[i].time_ns == files[i - 1].time_ns;
	return n_groups;
}
