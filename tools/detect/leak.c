/* leak.c -- blocks that the program has lost, by site and kind.
 *
 * In:   the state of each block (graph.h), suppressions.
 * Out:  a finding for each site and kind of leak; sums of all blocks.
 * Not here: what a state is (graph.c); which groups are one finding (leak_join.c), and its
 *           words (leak_text.c).
 *
 * Blocks of one site in one state are a group.  Each group is held against the
 * suppressions once.  What only a suppressed block leads to is suppressed with
 * it: who does not want to hear of a list does not want to hear of its items.
 * Blocks that are lost with others are no findings of their own, but parts of
 * those of their leaders.
 *
 * Blocks that threads may have held that a fork left behind are notes: graph.h.
 * A pointer into a large block is as likely to be a cursor in a buffer that is
 * in use as the last trace of one that is lost: a note, not a warning.  So are
 * pointers with a tag in their low bits, several to the same place in blocks
 * of one site, and those that follow a rule (inside.h).  All these are one note.
 *
 * Groups whose stacks have the same functions and lines are one finding: what a
 * compiler has unrolled, and what a template is made for.
 *
 * SPDX-License-Identifier: MIT
 */
#include "detect/detect.h"

#include <stdlib.h>
#include <string.h>

#include "detect/inside.h"
#include "detect/leak_groups.h"
#include "graph/cycles.h"
#include "util/vec.h"

static void
count_add(struct heap_count *c, uint64_t bytes)
{
	c->blocks++;
	c->bytes += bytes;
}

/* ---- groups ---- */

/* Where the number of a block's group stands. */
static uint32_t *
index_of(const struct leak_work *w, uint32_t block)
{
	bool is_in_use = w->in_use && w->in_use[block / 8] >> block % 8 & 1;

	return &w->index[(size_t)w->h->blocks[block].site * N_GROUPED +
			 (is_in_use ? (unsigned)IN_USE : w->g->states[block])];
}

static struct leak_group *
group_of(struct leak_work *w, uint32_t block)
{
	enum graph_state state = (enum graph_state)w->g->states[block];
	uint32_t site = w->h->blocks[block].site;
	uint32_t *index = index_of(w, block);

	if (*index)
		return &w->groups[*index - 1];
	if (VEC_RESERVE(w->groups, w->groups_size, w->n_groups + 1) || !w->groups) {
		w->failed = true;
		return NULL;
	}
	w->groups[w->n_groups++] =
		(struct leak_group){.site = site,
				    .state = state,
				    .is_in_use = state == GRAPH_POSSIBLE && w->in_use &&
						 w->in_use[block / 8] >> block % 8 & 1,
				    .example = block,
				    .smallest = UINT64_MAX,
				    .least_inside = UINT32_MAX,
				    .holder = NO_BLOCK};
	*index = (uint32_t)w->n_groups;
	return &w->groups[*index - 1];
}

void
leak_add_thread(struct leak_group *x, uint32_t thread)
{
	for (size_t i = 0; i < x->n_threads; i++)
		if (x->threads[i] == thread)
			return;
	if (x->n_threads < FINDING_THREADS)
		x->threads[x->n_threads++] = thread;
	else
		x->has_more_threads = true;
}

static void
group_add(struct leak_work *w, struct leak_group *x, uint32_t block)
{
	const struct heap_block *b = &w->h->blocks[block];
	const struct heap_birth *birth = &w->h->births[b->birth];
	uint64_t bytes = heap_block_requested(b);

	count_add(&x->count, bytes);
	x->kinds |= 1u << heap_block_kind(b);
	x->n_tagged += x->state == GRAPH_POSSIBLE && graph_is_tagged(w->g, block);
	x->n_left += x->state == GRAPH_POSSIBLE && graph_is_left(w->g, block);
	if (bytes < x->smallest)
		x->smallest = bytes;
	if (!birth->is_known)
		return;
	if (!x->has_age || birth->age > x->oldest_age)
		x->oldest_age = birth->age;
	if (!x->has_age || birth->age < x->newest_age)
		x->newest_age = birth->age;
	x->has_age = true;
	if (birth->thread)
		leak_add_thread(x, birth->thread);
}

static void
build_groups(struct leak_work *w)
{
	bool with_reachable = w->d->options->show_reachable;

	for (uint32_t b = 0; b < w->h->n_blocks && !w->failed; b++) {
		unsigned state = w->g->states[b];
		struct leak_group *x;

		if (state == GRAPH_IGNORED || (state == GRAPH_REACHABLE && !with_reachable))
			continue;
		x = group_of(w, b);
		if (x)
			group_add(w, x, b);
	}
}

/* Where pointers meet blocks that are POSSIBLE. */
static void
find_insides(struct leak_work *w)
{
	const struct edges *e = &w->h->edges;

	for (size_t i = 0; i < e->n_insides && !w->failed; i++) {
		uint32_t target = e->targets[e->insides[i].edge];
		uint32_t offset = e->insides[i].offset;
		struct leak_group *x;

		if (w->g->states[target] != GRAPH_POSSIBLE ||
		    graph_is_start(w->g, e->insides[i].edge) || !(x = group_of(w, target)))
			continue;
		if (offset < x->least_inside)
			x->least_inside = offset;
		if (offset > x->most_inside)
			x->most_inside = offset;
	}
}

/* ---- suppressions ---- */

static struct suppression *
find_by(struct leak_work *w, const struct leak_group *x, struct symbols *symbols)
{
	struct suppression *match;
	struct stack stack;

	if (stack_get(w->h, symbols, x->site, &stack) != 0) {
		w->failed = true;
		return NULL;
	}
	match = suppressions_find(w->d->options->suppressions, w->h, &stack, x->kinds,
				  x->state);
	stack_free(&stack);
	return match;
}

/* Those that are built in name functions of libc and ld.so: threads leave such a block in many
 * programs that leave nothing else, and debug information of libc is large. */
static struct suppression *
find_suppression(struct leak_work *w, const struct leak_group *x)
{
	struct symbols *brief = suppressions_are_builtin(w->d->options->suppressions)
					? symbols_brief(w->d->symbols)
					: NULL;
	struct suppression *match = brief ? find_by(w, x, brief) : NULL;

	return match || w->failed ? match : find_by(w, x, w->d->symbols);
}

static void
suppress_groups(struct leak_work *w)
{
	struct suppressions *s = w->d->options->suppressions;
	struct heap_count *all = w->d->findings->leaks.counts;

	for (size_t i = 0; s && i < w->n_groups && !w->failed; i++) {
		struct leak_group *x = &w->groups[i];
		struct suppression *match = find_suppression(w, x);

		if (!match)
			continue;
		x->is_suppressed = true;
		match->matched.blocks += x->count.blocks;
		match->matched.bytes += x->count.bytes;
		if (x->state == GRAPH_INDIRECT)
			continue; /* with its blocks, one by one */
		w->d->findings->leaks.suppressed.blocks += x->count.blocks;
		w->d->findings->leaks.suppressed.bytes += x->count.bytes;
		all[x->state].blocks -= x->count.blocks;
		all[x->state].bytes -= x->count.bytes;
	}
}

/* ---- what is lost with others ---- */

static bool
is_same_part(const void *work, uint32_t number, const void *key)
{
	const struct leak_part *a = &((const struct leak_work *)work)->parts[number - 1],
			       *b = key;

	return a->group == b->group && a->site == b->site;
}

static void
part_add(struct leak_work *w, const struct leak_group *leader, uint32_t block)
{
	const struct heap_block *b = &w->h->blocks[block];
	struct leak_part part = {.group = (uint32_t)(leader - w->groups) + 1,
				 .site = b->site};
	uint32_t number = 0;

	if (VEC_RESERVE(w->parts, w->parts_size, w->n_parts + 1) == 0)
		number = hash_index_put(&w->part_numbers,
					(uint64_t)part.group << 32 | part.site,
					is_same_part, w, &part);
	if (number == 0) {
		w->failed = true;
		return;
	}
	if (number > w->n_parts)
		w->parts[w->n_parts++] = part;
	count_add(&w->parts[number - 1].count, heap_block_requested(b));
}

/* Give each indirect block to its leader's group, or to what is suppressed. */
static void
follow_leaders(struct leak_work *w)
{
	struct leaks *leaks = &w->d->findings->leaks;

	for (uint32_t b = 0; w->g->leaders && b < w->h->n_blocks && !w->failed; b++) {
		uint64_t bytes = heap_block_requested(&w->h->blocks[b]);
		struct leak_group *own, *leader;

		if (w->g->states[b] != GRAPH_INDIRECT)
			continue;
		own = group_of(w, b);
		leader = group_of(w, w->g->leaders[b]);
		if (own->is_suppressed || leader->is_suppressed) {
			leaks->counts[GRAPH_INDIRECT].blocks--;
			leaks->counts[GRAPH_INDIRECT].bytes -= bytes;
			count_add(&leaks->suppressed, bytes);
			continue;
		}
		count_add(&leader->indirect, bytes);
		part_add(w, leader, b);
	}
}

static void
find_cycles(struct leak_work *w)
{
	for (uint32_t b = 0; w->g->is_cyclic && b < w->h->n_blocks; b++) {
		struct leak_group *x;

		if (w->g->states[b] != GRAPH_DEFINITE || !cycles_has(w->g, b))
			continue;
		x = group_of(w, b);
		x->cycle_example = b;
		x->n_cyclic++;
	}
}

/* ---- who points inside ---- */

/* The group whose example is this block. */
static struct leak_group *
group_of_example(struct leak_work *w, uint32_t block)
{
	struct leak_group *x;

	if (w->g->states[block] != GRAPH_POSSIBLE)
		return NULL;
	x = group_of(w, block);
	return x && x->example == block ? x : NULL;
}

/* Find for the example of each possible leak somebody who points to it: a root,
 * or a block that is reachable itself, rather than one that is not. */
static void
find_holders(struct leak_work *w)
{
	const struct edges *e = &w->h->edges;

	if (w->d->findings->leaks.counts[GRAPH_POSSIBLE].blocks == 0)
		return;
	for (uint32_t b = 0; b < w->h->n_blocks; b++) {
		unsigned state = w->g->states[b];

		if (state != GRAPH_REACHABLE && state != GRAPH_POSSIBLE)
			continue;
		for (uint64_t i = e->first[b]; i < e->first[b + 1]; i++) {
			struct leak_group *x = group_of_example(w, e->targets[i]);

			if (x && (x->holder == NO_BLOCK || state == GRAPH_REACHABLE)) {
				x->holder = b;
				x->inside = edges_offset(e, i);
			}
		}
	}
	for (size_t r = 0; r < w->h->n_roots; r++) {
		const struct heap_root *root = &w->h->roots[r];

		if (!graph_is_root(w->g, root))
			continue;
		for (uint64_t i = root->first_edge; i < root->first_edge + root->n_edges;
		     i++) {
			struct leak_group *x = group_of_example(w, e->targets[i]);

			if (x) {
				x->holder = NO_BLOCK;
				x->root = root;
				x->inside = edges_offset(e, i);
			}
		}
	}
}

/* An example with content is the better one.  Before find_holders(), which
 * looks at examples. */
static void
find_contents(struct leak_work *w)
{
	const struct heap *h = w->h;

	for (size_t i = h->n_contents; i > 0; i--) {
		uint32_t block = h->contents[i - 1].block;
		unsigned state = w->g->states[block];
		struct leak_group *x;

		if (state == GRAPH_IGNORED ||
		    (state == GRAPH_REACHABLE && !w->d->options->show_reachable))
			continue;
		x = group_of(w, block);
		if (x)
			x->example = block;
	}
}

/* ---- what would be free without them ---- */

/* Of those that something holds: what only lost blocks lead to has a leader, and its
 * group the sum already. */
static void
find_retained(struct leak_work *w)
{
	struct dominators *tree;
	uint32_t *kinds;
	bool is_any = false;

	for (size_t i = 0; i < w->n_groups; i++)
		is_any |= w->groups[i].state == GRAPH_POSSIBLE ||
			  w->groups[i].state == GRAPH_REACHABLE;
	tree = is_any ? detector_dominators(w->d) : NULL;
	if (!tree)
		return;
	kinds = calloc((size_t)w->h->n_blocks + 1, sizeof(*kinds));
	for (uint32_t b = 0; kinds && b < w->h->n_blocks; b++)
		if (w->g->states[b] < GRAPH_IGNORED)
			kinds[b] = *index_of(w, b);
	if (kinds)
		w->retained = dominators_by_kind(tree, kinds, (uint32_t)w->n_groups);
	w->failed |= !w->retained;
	free(kinds);
}

/* ---- findings ---- */

static double
confidence(const struct leak_work *w, const struct leak_group *x)
{
	double c = x->state == GRAPH_DEFINITE   ? 0.98
		   : x->state == GRAPH_POSSIBLE ? 0.5
						: 0.1;

	if (x->n_left || (x->state == GRAPH_POSSIBLE && x->smallest >= LARGE_BYTES))
		c = 0.2;
	if (!w->h->is_complete)
		c *= 0.9;
	if (w->h->info.cut_in_place)
		c *= 0.95;
	if (w->h->info.unread_bytes)
		c *= 0.5;
	return c;
}

static int
compare_parts(const void *a, const void *b)
{
	const struct leak_part *x = a, *y = b;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	if (x->count.bytes != y->count.bytes)
		return x->count.bytes < y->count.bytes ? 1 : -1;
	return (x->site > y->site) - (x->site < y->site);
}

static int
compare_part_sites(const void *a, const void *b)
{
	const struct leak_part *x = a, *y = b;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	return (x->site > y->site) - (x->site < y->site);
}

/* By group in whose finding they are, then falling bytes.  Nothing is added to them any
 * more: their numbers are void. */
static void
sort_parts(struct leak_work *w)
{
	size_t n = 0;

	if (w->n_parts == 0)
		return;
	for (size_t i = 0; i < w->n_parts; i++)
		if (w->groups[w->parts[i].group - 1].into)
			w->parts[i].group = w->groups[w->parts[i].group - 1].into;
	qsort(w->parts, w->n_parts, sizeof(*w->parts), compare_part_sites);
	for (size_t i = 1; i < w->n_parts; i++)
		if (compare_part_sites(&w->parts[n], &w->parts[i]) == 0)
			leak_add_count(&w->parts[n].count, &w->parts[i].count);
		else
			w->parts[++n] = w->parts[i];
	w->n_parts = n + 1;
	qsort(w->parts, w->n_parts, sizeof(*w->parts), compare_parts);
}

static void
copy_parts(struct leak_work *w, struct finding *f, size_t group, size_t *at)
{
	size_t first = *at, end = first;

	while (end < w->n_parts && w->parts[end].group == group + 1)
		end++;
	*at = end;
	if (first == end)
		return;
	f->parts = calloc(end - first, sizeof(*f->parts));
	if (!f->parts) {
		w->failed = true;
		return;
	}
	for (size_t i = first; i < end; i++)
		f->parts[f->n_parts++] =
			(struct finding_part){w->parts[i].site, w->parts[i].count};
}

static void
group_report(struct leak_work *w, size_t group, size_t *parts_at)
{
	static const enum finding_id ids[] = {[GRAPH_DEFINITE] = FINDING_DEFINITE_LEAK,
					      [GRAPH_POSSIBLE] = FINDING_POSSIBLE_LEAK,
					      [GRAPH_REACHABLE] = FINDING_REACHABLE};
	const struct leak_group *x = &w->groups[group];
	struct findings *all = w->d->findings;
	struct finding *f = finding_add(all, ids[x->state], x->site);

	if (!f)
		return;
	f->level = leak_level(w, x);
	f->confidence = confidence(w, x);
	f->count = x->count;
	f->indirect = x->indirect;
	f->retained = w->retained && x->state != GRAPH_DEFINITE
			      ? w->retained[group + 1]
			      : (struct heap_count){x->count.blocks + x->indirect.blocks,
						    x->count.bytes + x->indirect.bytes};
	f->address = heap_block_address(&w->h->blocks[x->example]);
	f->kinds = x->kinds;
	f->has_age = x->has_age;
	f->oldest_age = x->oldest_age;
	f->newest_age = x->newest_age;
	memcpy(f->threads, x->threads, sizeof(f->threads));
	f->n_threads = x->n_threads;
	f->has_more_threads = x->has_more_threads;
	if (w->d->options->show_content)
		f->content = heap_block_content(w->h, x->example);
	copy_parts(w, f, group, parts_at);
	for (size_t i = 0; i < x->n_sites; i++)
		finding_add_site(all, f, x->sites[i]);
	f->is_of_many = x->is_of_many;
	if (x->state == GRAPH_POSSIBLE && w->n_paths++ < MOST_PATHS)
		finding_hold(w->d, f, &x->example, 1);
	leak_summarize(w, f, x);
	leak_add_evidence(w, f, x);
}

static void
report_groups(struct leak_work *w)
{
	size_t parts_at = 0;

	sort_parts(w);
	for (size_t i = 0; i < w->n_groups && !w->failed; i++)
		if (leak_is_reported(&w->groups[i]))
			group_report(w, i, &parts_at);
}

void
detect_leaks(const struct detector *d)
{
	struct leak_work w = {.d = d, .h = d->heap, .g = d->graph};

	d->findings->leaks.is_computed = true;
	leak_count_roots(&w, d->findings->leaks.roots, sizeof(d->findings->leaks.roots));

	w.index = calloc(((size_t)d->heap->n_nodes + 1) * N_GROUPED, sizeof(*w.index));
	w.failed = !w.index;
	if (!w.failed) {
		memcpy(d->findings->leaks.counts, w.g->counts, sizeof(w.g->counts));
		w.failed = inside_find(w.h, w.g, &w.in_use) != 0;
	}
	if (!w.failed) {
		build_groups(&w);
		find_insides(&w);
	}
	if (!w.failed && d->options->show_content)
		find_contents(&w);
	if (!w.failed)
		suppress_groups(&w);
	if (!w.failed)
		follow_leaders(&w);
	if (!w.failed) {
		find_cycles(&w);
		find_holders(&w);
		find_retained(&w);
	}
	if (!w.failed)
		leak_join(&w);
	if (!w.failed)
		report_groups(&w);
	d->findings->failed |= w.failed;
	free(w.index);
	free(w.in_use);
	for (size_t i = 0; i < w.n_groups; i++)
		free(w.groups[i].sites);
	free(w.groups);
	free(w.retained);
	free(w.parts);
	hash_index_fini(&w.part_numbers);
}
