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

/* The same at the end of a period, by the books.  Of a site most of whose blocks are gone
 * now those that are lost were held then as the others were. */
static struct heap_count *
count_by_books(const struct several *s, const struct heap *h, const struct graph *g,
	       size_t period, const uint32_t *by_node, struct heap_count *ret_reachable)
{
	struct heap_count *now = count_nodes(h, g, &(struct heap_count){0, 0});
	struct heap_count *then = calloc((size_t)h->n_nodes + 1, sizeof(*then));

	for (uint32_t b = 0; now && then && b < h->n_blocks; b++) {
		uint32_t node = h->blocks[b].site;
		uint64_t held =
			s->n ? several_get(s, s->n - 1, by_node[node]).live.blocks : 0;
		bool is_lost = g && g->states[b] != GRAPH_REACHABLE &&
			       g->states[b] != GRAPH_POSSIBLE;

		if (h->births[h->blocks[b].birth].period <= period &&
		    (!is_lost || now[node].blocks * 2 < held))
			heap_count_add(&then[node], heap_block_requested(&h->blocks[b]));
	}
	for (uint32_t i = 1; now && then && i <= h->n_nodes; i++) {
		const struct heap_book *book = h->books ? h->books[i] : NULL;
		uint64_t died = 0, died_bytes = 0;

		for (size_t p = 0; book && p <= period; p++) {
			then[i].blocks += book->periods[p].born.blocks;
			then[i].bytes += book->periods[p].born.bytes;
			died += book->periods[p].died.blocks;
			died_bytes += book->periods[p].died.bytes;
		}
		then[i].blocks -= died < then[i].blocks ? died : then[i].blocks;
		then[i].bytes -= died_bytes < then[i].bytes ? died_bytes : then[i].bytes;
		ret_reachable->blocks += then[i].blocks;
		ret_reachable->bytes += then[i].bytes;
	}
	free(now);
	if (now)
		return then;
	free(then);
	return NULL;
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

/* live  by node; freed here. */
static int
sum_up(struct several_snapshot *x, const struct heap *h, struct heap_count *live,
       const uint32_t *by_node)
{
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

/* Hardly any: in a hundredth of all allocations nothing is drained by working. */
static bool
is_idle_between(uint64_t before, uint64_t after)
{
	return after - before <= after / 100;
}

/* Taken when the program had begun to clean up, by the books of the last snapshot: after
 * the period before that, with clearly less in the heap than at its end? */
static bool
is_after_period(const struct several_snapshot *x, const struct hf_period *before)
{
	return before && x->allocations > before->allocations &&
	       x->live.bytes < before->live_bytes - before->live_bytes / SERIES_BEGUN_PART;
}

/* The last one, and from it backwards if it is of the end of the program. */
static void
mark_teardown(struct several *s, const struct heap *last)
{
	size_t n = s->n;
	const struct hf_period *period = heap_before_teardown(last);
	struct several_snapshot *x = &s->list[n - 1];

	for (size_t i = 0; i < n; i++)
		s->list[i].is_teardown = false;
	x->is_teardown = last->before || period;
	if (!x->is_exit)
		x->is_teardown &= n > 1 && x->live.bytes * 2 < s->list[n - 2].live.bytes;
	for (size_t i = n - 1; i > 0 && x->is_exit; i--) {
		const struct several_snapshot *before = &s->list[i - 1];
		bool is_late = is_after_period(&s->list[i], period);

		if ((!is_late && !is_idle_between(before->allocations, x->allocations)) ||
		    s->list[i].live.bytes > before->live.bytes)
			break;
		if (is_late || s->list[i].live.bytes * 2 < before->live.bytes)
			for (size_t k = i; k < n; k++)
				s->list[k].is_teardown = true;
	}
}

size_t
several_n_alive(const struct several *s)
{
	size_t n = s->n;

	while (n > 0 && s->list[n - 1].is_teardown)
		n--;
	return n;
}

/* The same only if no thread has moved, but in a loop. */
static uint64_t
where_threads_are(const struct heap *h)
{
	uint64_t hash = 0;

	for (size_t i = 0; i < h->n_stacks; i++)
		for (uint32_t k = 0; k < h->stacks[i].n_frames; k++)
			hash = stacktree_hash(hash + 1, &h->stacks[i].frames[k].offset,
					      sizeof(h->stacks[i].frames[k].offset));
	return hash;
}

int
several_add(struct several *s, const struct heap *h, const struct graph *g, const char *path)
{
	struct several_snapshot x = {.time_ns = h->info.snapshot_time_ns,
				     .uptime_ns = h->info.uptime_ns,
				     .allocations = h->info.allocations,
				     .is_exit = heap_is_exit(h),
				     .where = heap_is_exit(h) ? 0 : where_threads_are(h),
				     .live = h->live};
	uint32_t *by_node;

	by_node = stacktree_add(&s->tree, h);
	x.path = strdup(path);
	if (!by_node || !x.path || sum_up(&x, h, count_nodes(h, g, &x.reachable), by_node) ||
	    VEC_PUSH_SHORT(s->list, s->n, x)) {
		free(by_node);
		snapshot_fini(&x);
		return -1;
	}
	free(s->by_node);
	s->by_node = by_node;
	mark_teardown(s, h);
	return 0;
}

int
several_add_books(struct several *s, const struct heap *h, const struct graph *g,
		  const struct hf_period *before, const char *path)
{
	struct several_snapshot x = {.time_ns = h->info.snapshot_time_ns -
						h->info.uptime_ns + before->end_ns,
				     .uptime_ns = before->end_ns,
				     .allocations = before->allocations,
				     .live = {before->live_blocks, before->live_bytes},
				     .is_inner = true};
	uint32_t *by_node;
	struct heap_count *live;

	if (s->n && s->list[s->n - 1].uptime_ns >= x.uptime_ns)
		return 0;
	by_node = stacktree_add(&s->tree, h);
	x.path = strdup(path);
	live = by_node ? count_by_books(s, h, g, (size_t)(before - h->periods), by_node,
					&x.reachable)
		       : NULL;
	if (!x.path) {
		free(live);
		live = NULL;
	}
	if (!live || sum_up(&x, h, live, by_node) || VEC_PUSH_SHORT(s->list, s->n, x)) {
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
	if (r->is_text && is_named(&r->name, "reason"))
		f->is_exit = is_named(&r->text, "exit");
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
	else if (is_named(&r->name, "live_bytes"))
		f->live_bytes = r->number;
	else if (is_named(&r->name, "allocations"))
		f->allocations = r->number;
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

size_t
several_before(const struct several_file *files, size_t n)
{
	size_t i = n > 1 ? n - 2 : 0;

	if (n < 2 ||
	    (!files[n - 1].is_exit && files[n - 1].live_bytes * 2 >= files[i].live_bytes))
		return n;
	if (!files[n - 1].is_exit)
		return i;
	while (i > 0 && files[i].live_bytes * 2 < files[i - 1].live_bytes &&
	       is_idle_between(files[i - 1].allocations, files[i].allocations))
		i--;
	return i;
}
