/* leak.c -- blocks that the program has lost, by site and kind.
 *
 * In:   the state of each block (graph.h), suppressions.
 * Out:  a finding for each site and kind of leak; sums of all blocks.
 * Not here: what a state is (graph.c).
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
 * pointers with a tag in their low bits, and several to the same place in blocks
 * of one site.
 *
 * SPDX-License-Identifier: MIT
 */
#include "detect/detect.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names/root_names.h"
#include "util/hash_index.h"
#include "util/text.h"
#include "util/vec.h"

enum {
	LARGE_BYTES = 64 << 10,
	N_GROUPED = GRAPH_IGNORED, /* the states before it have groups */
	MOST_PATHS = 100,          /* findings with a path from a root */
	NO_BLOCK = -1,
};

struct group {
	uint32_t site;
	enum graph_state state;
	struct heap_count count;
	struct heap_count indirect; /* of DEFINITE: lost with them */
	uint32_t example;           /* a block of it */
	uint32_t kinds;
	uint64_t smallest; /* bytes of the smallest block */
	uint64_t n_tagged; /* of POSSIBLE: graph_is_tagged() */
	uint64_t n_left;   /* of POSSIBLE: graph_is_left() */
	/* Of POSSIBLE: where pointers meet the blocks; least > most: only at their
	 * starts, from others that are POSSIBLE. */
	uint32_t least_inside, most_inside;
	uint64_t n_cyclic; /* blocks to which those lead that are lost with them */
	uint64_t oldest_age, newest_age;
	bool has_age;
	uint32_t threads[FINDING_THREADS];
	size_t n_threads;
	bool has_more_threads;
	bool is_suppressed;
	/* Who points into the example; a root if holder == NO_BLOCK. */
	int64_t holder;
	const struct heap_root *root;
	uint32_t inside;
};

/* Blocks of one site that are lost with those of a group. */
struct part {
	uint32_t group; /* index + 1 */
	uint32_t site;
	struct heap_count count;
};

struct leak_work {
	const struct detector *d;
	const struct heap *h;
	const struct graph *g;
	uint32_t *index; /* by site * N_GROUPED + state: index + 1 in groups */
	struct group *groups;
	size_t n_groups, groups_size;
	struct part *parts;
	size_t n_parts, parts_size;
	struct hash_index part_numbers; /* index + 1 */
	struct heap_count *retained;    /* by index of group + 1; NULL = unknown */
	size_t n_paths;
	bool failed;
};

/* Compound literals live until the end of the block that holds the call. */
#define SIZE(v) text_size(v, (char[24]){0}, 24)
#define COUNT(v) text_count(v, (char[32]){0}, 32)

static void
count_add(struct heap_count *c, uint64_t bytes)
{
	c->blocks++;
	c->bytes += bytes;
}

/* ---- groups ---- */

static struct group *
group_of(struct leak_work *w, uint32_t block)
{
	enum graph_state state = (enum graph_state)w->g->states[block];
	uint32_t site = w->h->blocks[block].site;
	uint32_t *index = &w->index[(size_t)site * N_GROUPED + state];

	if (*index)
		return &w->groups[*index - 1];
	if (VEC_PUSH(w->groups, w->n_groups, w->groups_size,
		     (struct group){.site = site,
				    .state = state,
				    .example = block,
				    .smallest = UINT64_MAX,
				    .least_inside = UINT32_MAX,
				    .holder = NO_BLOCK})) {
		w->failed = true;
		return NULL;
	}
	*index = (uint32_t)w->n_groups;
	return &w->groups[*index - 1];
}

static void
group_add_thread(struct group *x, uint32_t thread)
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
group_add(struct leak_work *w, struct group *x, uint32_t block)
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
		group_add_thread(x, birth->thread);
}

static void
build_groups(struct leak_work *w)
{
	bool with_reachable = w->d->options->show_reachable;

	for (uint32_t b = 0; b < w->h->n_blocks && !w->failed; b++) {
		unsigned state = w->g->states[b];
		struct group *x;

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
		struct group *x;

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

static void
suppress_groups(struct leak_work *w)
{
	struct suppressions *s = w->d->options->suppressions;
	struct heap_count *all = w->d->findings->leaks.counts;

	for (size_t i = 0; s && i < w->n_groups && !w->failed; i++) {
		struct group *x = &w->groups[i];
		struct suppression *match;
		struct stack stack;

		if (stack_get(w->h, w->d->symbols, x->site, &stack) != 0) {
			w->failed = true;
			return;
		}
		match = suppressions_find(s, w->h, &stack, x->kinds, x->state);
		stack_free(&stack);
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
	const struct part *a = &((const struct leak_work *)work)->parts[number - 1],
			  *b = key;

	return a->group == b->group && a->site == b->site;
}

static void
part_add(struct leak_work *w, const struct group *leader, uint32_t block)
{
	const struct heap_block *b = &w->h->blocks[block];
	struct part part = {.group = (uint32_t)(leader - w->groups) + 1, .site = b->site};
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
		struct group *own, *leader;

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

/* A leader to which a lost block leads is one of a cycle: nothing else that is
 * lost leads to it. */
static void
find_cycles(struct leak_work *w)
{
	const struct edges *e = &w->h->edges;
	uint8_t *seen = w->g->leaders ? calloc(w->h->n_blocks / 8 + 1, 1) : NULL;

	for (uint32_t b = 0; seen && b < w->h->n_blocks; b++) {
		if (w->g->states[b] != GRAPH_INDIRECT)
			continue;
		for (uint64_t i = e->first[b]; i < e->first[b + 1]; i++) {
			uint32_t t = e->targets[i];

			if (w->g->states[t] == GRAPH_DEFINITE &&
			    !(seen[t / 8] & 1u << t % 8)) {
				seen[t / 8] |= (uint8_t)(1u << t % 8);
				group_of(w, t)->n_cyclic++;
			}
		}
	}
	w->failed |= w->g->leaders && !seen;
	free(seen);
}

/* ---- who points inside ---- */

/* The group whose example is this block. */
static struct group *
group_of_example(struct leak_work *w, uint32_t block)
{
	struct group *x;

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
			struct group *x = group_of_example(w, e->targets[i]);

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
			struct group *x = group_of_example(w, e->targets[i]);

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
		struct group *x;

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
		if (w->g->states[b] < N_GROUPED)
			kinds[b] = w->index[(size_t)w->h->blocks[b].site * N_GROUPED +
					    w->g->states[b]];
	if (kinds)
		w->retained = dominators_by_kind(tree, kinds, (uint32_t)w->n_groups);
	w->failed |= !w->retained;
	free(kinds);
}

/* ---- findings ---- */

static double
confidence(const struct leak_work *w, const struct group *x)
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

/* All of them: pointers with something noted in their low bits lead there. */
static bool
is_tagged(const struct group *x)
{
	return x->n_tagged == x->count.blocks;
}

/* Several blocks, and pointers meet all of them at the same place inside, as those do
 * that are kept behind a header or in front of a link; or other such blocks lead
 * there. */
static bool
is_regular(const struct group *x)
{
	return x->least_inside > x->most_inside ||
	       (x->count.blocks > 1 && x->least_inside == x->most_inside);
}

static enum finding_level
level(const struct leak_work *w, const struct group *x)
{
	/* What could not be looked at may lead to them. */
	if (x->state == GRAPH_DEFINITE)
		return w->h->info.unread_bytes ? FINDING_WARNING : FINDING_ERROR;
	return x->state == GRAPH_POSSIBLE && x->smallest < LARGE_BYTES && !x->n_left &&
			       !is_tagged(x) && !is_regular(x)
		       ? FINDING_WARNING
		       : FINDING_NOTE;
}

static void
summarize(struct findings *all, struct finding *f, const struct group *x)
{
	bool is_one = x->count.blocks == 1;
	const char *blocks = COUNT(x->count.blocks), *size = SIZE(x->count.bytes);
	const char *s = is_one ? "" : "s", *are = is_one ? "is" : "are";

	if (x->state == GRAPH_REACHABLE)
		finding_summarize(all, f, "%s block%s (%s) %s still reachable.", blocks,
				  s, size, are);
	else if (x->n_left == x->count.blocks)
		finding_summarize(
			all, f,
			"%s block%s (%s) %s possibly lost: pointers to %s may have "
			"been in threads that fork did not copy.",
			blocks, s, size, are, is_one ? "it" : "them");
	else if (x->state == GRAPH_POSSIBLE)
		finding_summarize(
			all, f,
			"%s block%s (%s) %s possibly lost: only interior pointers to "
			"%s remain%s.",
			blocks, s, size, are, is_one ? "it" : "them",
			x->n_left ? ", or none" : "");
	else if (x->indirect.blocks)
		finding_summarize(all, f,
				  "%s block%s (%s) %s definitely lost, and %s more (%s) "
				  "indirectly.",
				  blocks, s, size, are, COUNT(x->indirect.blocks),
				  SIZE(x->indirect.bytes));
	else
		finding_summarize(all, f, "%s block%s (%s) %s definitely lost.", blocks,
				  s, size, are);
}

/* "globals 14, stacks 2, registers 2" */
static void
count_roots(const struct leak_work *w, char *buf, size_t n)
{
	size_t at = 0;

	buf[0] = '\0';
	for (uint32_t kind = 1; graph_root_name(kind); kind++) {
		size_t count = 0;

		for (size_t i = 0; i < w->h->n_roots; i++)
			count += w->h->roots[i].kind == kind &&
				 graph_is_root(w->g, &w->h->roots[i]);
		if (count && at < n)
			at += (size_t)snprintf(buf + at, n - at, "%s%s %s", at ? ", " : "",
					       graph_root_name(kind), COUNT(count));
	}
	if (at == 0)
		snprintf(buf, n, "none");
}

static void
format_thread(const struct heap *h, uint32_t thread, char *buf, size_t n)
{
	char *name = names_thread(h, thread);

	snprintf(buf, n, "%s", name ? name : "a thread");
	free(name);
}

/* "the stack of thread 12 (worker)" */
static void
format_root(const struct heap *h, const struct heap_root *r, char *buf, size_t n)
{
	static const char *const names[] = {
		[HEAPFILE_ROOT_STACK] = "the stack of",
		[HEAPFILE_ROOT_REGISTERS] = "a register of",
		[HEAPFILE_ROOT_TLS] = "thread-local storage of",
		[HEAPFILE_ROOT_KEY] = "a pthread key of",
		[HEAPFILE_ROOT_ALT_STACK] = "the signal stack of",
	};
	char thread[96];

	if (r->kind < sizeof(names) / sizeof(*names) && names[r->kind]) {
		format_thread(h, r->owner, thread, sizeof(thread));
		snprintf(buf, n, "%s %s", names[r->kind], thread);
	} else if (r->kind == HEAPFILE_ROOT_GLOBAL && r->owner) {
		const char *path = text_basename(h->modules[r->owner].path.bytes);
		char *name = text_utf8(path, strlen(path), true);

		snprintf(buf, n, "a variable of %.80s", name ? name : "a module");
		free(name);
	} else if (r->kind == HEAPFILE_ROOT_MAPPING) {
		snprintf(buf, n, "a mapping of the program");
	} else if (r->kind == HEAPFILE_ROOT_REGISTERED) {
		snprintf(buf, n, "a registered region");
	} else {
		snprintf(buf, n, "memory at 0x%" PRIx64, r->address);
	}
}

static void
add_reach_evidence(const struct leak_work *w, struct finding *f, const struct group *x)
{
	struct findings *all = w->d->findings;
	uint64_t address = heap_block_address(&w->h->blocks[x->example]);
	char buf[256];

	if (x->state == GRAPH_DEFINITE) {
		finding_add_evidence(all, f, "Nothing reachable points to %s.",
				     x->count.blocks == 1 ? "it" : "them");
		if (x->n_cyclic && x->count.blocks == 1)
			finding_add_evidence(
				all, f,
				"It is a reference cycle (shared_ptr?); break it with a"
				" weak reference.");
		else if (x->n_cyclic)
			finding_add_evidence(
				all, f,
				"%s of them are reference cycles (shared_ptr?); break"
				" these with weak references.",
				COUNT(x->n_cyclic));
		return;
	}
	if (x->state != GRAPH_POSSIBLE)
		return;
	if (x->n_left) {
		finding_add_evidence(
			all, f,
			"This process was forked while its parent had other threads, "
			"whose registers it does not have; they may have pointed to "
			"%s at that moment.  The parent's snapshots show whether %s "
			"lost.",
			x->count.blocks == 1 ? "it" : "some of them",
			x->count.blocks == 1 ? "it is" : "they are");
		return;
	}
	if (x->root) {
		format_root(w->h, x->root, buf, sizeof(buf));
		finding_add_evidence(all, f,
				     "%c%s points to byte %" PRIu32
				     " of the block at 0x%" PRIx64 ".",
				     buf[0] >= 'a' && buf[0] <= 'z' ? buf[0] - 32 : buf[0],
				     buf + 1, x->inside, address);
	} else if (x->holder != NO_BLOCK) {
		const struct heap_block *holder = &w->h->blocks[x->holder];
		bool is_possible = w->g->states[x->holder] == GRAPH_POSSIBLE;

		finding_add_evidence(all, f,
				     "A block at 0x%" PRIx64 "%s points to byte %" PRIu32
				     " of the block at 0x%" PRIx64 ".",
				     heap_block_address(holder),
				     is_possible ? ", itself possibly lost," : "",
				     x->inside, address);
	}
	if (is_tagged(x))
		finding_add_evidence(
			all, f,
			"Every path to it goes through pointers that are off by less "
			"than a word, like pointers tagged in their low bits: "
			"probably in use.");
	else if (is_regular(x) && x->least_inside == x->most_inside)
		finding_add_evidence(
			all, f,
			"All pointers point to byte %" PRIu32
			" of their block, as if behind a header: probably in use.",
			x->least_inside);
	if (x->smallest >= LARGE_BYTES)
		finding_add_evidence(
			all, f,
			"A pointer into so large a block is often a position in a "
			"buffer: probably in use.");
}

/* What the snapshot lacks that may have held a pointer to them.  Missing stacks, births or
 * marks change nothing in what is reachable. */
static void
add_loss_evidence(const struct leak_work *w, struct finding *f, const struct group *x)
{
	static const char *const matter[] = {"blocks", "mappings", "modules"};
	char text[256] = "";
	size_t at = 0;

	if (x->state == GRAPH_REACHABLE)
		return;
	for (size_t i = 0; i < w->h->n_losses; i++) {
		const struct heap_text *name = &w->h->losses[i].name;

		for (size_t k = 0; k < sizeof(matter) / sizeof(*matter); k++)
			if (strcmp(name->bytes, matter[k]) == 0 && at < sizeof(text))
				at += (size_t)snprintf(
					text + at, sizeof(text) - at, "%s%s %s",
					at ? ", " : "", COUNT(w->h->losses[i].count),
					text_loss_meaning(name->bytes, name->n));
	}
	if (at)
		finding_add_evidence(
			w->d->findings,
			f, "The snapshot is incomplete, and pointers may have been missed: %s.",
			text);
}

static void
add_other_evidence(const struct leak_work *w, struct finding *f, const struct group *x)
{
	struct findings *all = w->d->findings;
	char buf[FINDING_THREADS * 100];
	size_t at = 0;

	if (x->indirect.blocks)
		finding_add_evidence(
			all, f,
			"%s block%s (%s), allocated at %zu site%s, can be reached "
			"only through %s (indirectly lost).",
			COUNT(x->indirect.blocks), x->indirect.blocks == 1 ? "" : "s",
			SIZE(x->indirect.bytes), f->n_parts, f->n_parts == 1 ? "" : "s",
			x->count.blocks == 1 ? "it" : "them");
	if (x->has_age && x->oldest_age == 0)
		finding_add_evidence(all, f, "Allocated in the snapshot's epoch.");
	else if (x->has_age && x->oldest_age == x->newest_age)
		finding_add_evidence(all, f, "Allocated %s epoch%s before the snapshot.",
				     COUNT(x->oldest_age), x->oldest_age == 1 ? "" : "s");
	else if (x->has_age)
		finding_add_evidence(
			all, f, "Allocated between %s and %s epochs before the snapshot.",
			COUNT(x->oldest_age), COUNT(x->newest_age));
	for (size_t i = 0; i < x->n_threads; i++) {
		char thread[96];

		format_thread(w->h, x->threads[i], thread, sizeof(thread));
		at += (size_t)snprintf(buf + at, sizeof(buf) - at, "%s%s",
				       i == 0 ? ""
				       : i + 1 == x->n_threads && !x->has_more_threads
					       ? " and "
					       : ", ",
				       thread);
	}
	if (at)
		finding_add_evidence(all, f, "Allocated by %s%s.", buf,
				     x->has_more_threads ? " and others" : "");
	if (w->h->info.cut_unanswered)
		finding_add_evidence(
			all, f,
			"%s thread%s did not stop in time: dead parts of %s stack%s "
			"may have been taken for roots, and hide leaks.",
			COUNT(w->h->info.cut_unanswered),
			w->h->info.cut_unanswered == 1 ? "" : "s",
			w->h->info.cut_unanswered == 1 ? "its" : "their",
			w->h->info.cut_unanswered == 1 ? "" : "s");
	if (w->h->info.unread_bytes)
		finding_add_evidence(
			all, f,
			"%s of the program's memory could not be searched "
			"(MADV_DONTFORK or unreadable): pointers there were missed.",
			SIZE(w->h->info.unread_bytes));
	add_loss_evidence(w, f, x);
}

static int
compare_parts(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	if (x->count.bytes != y->count.bytes)
		return x->count.bytes < y->count.bytes ? 1 : -1;
	return (x->site > y->site) - (x->site < y->site);
}

/* By group, then falling bytes.  Nothing is added to them any more: their numbers are void. */
static void
sort_parts(struct leak_work *w)
{
	if (w->n_parts)
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
	const struct group *x = &w->groups[group];
	struct findings *all = w->d->findings;
	struct finding *f = finding_add(all, ids[x->state], x->site);

	if (!f)
		return;
	f->level = level(w, x);
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
	if (x->state == GRAPH_POSSIBLE && w->n_paths++ < MOST_PATHS)
		finding_hold(w->d, f, &x->example, 1);
	summarize(all, f, x);
	add_reach_evidence(w, f, x);
	add_other_evidence(w, f, x);
}

static void
report_groups(struct leak_work *w)
{
	size_t parts_at = 0;

	sort_parts(w);
	for (size_t i = 0; i < w->n_groups && !w->failed; i++)
		if (!w->groups[i].is_suppressed && w->groups[i].state != GRAPH_INDIRECT)
			group_report(w, i, &parts_at);
}

void
detect_leaks(const struct detector *d)
{
	struct leak_work w = {.d = d, .h = d->heap, .g = d->graph};

	d->findings->leaks.is_computed = true;
	count_roots(&w, d->findings->leaks.roots, sizeof(d->findings->leaks.roots));

	w.index = calloc(((size_t)d->heap->n_nodes + 1) * N_GROUPED, sizeof(*w.index));
	w.failed = !w.index;
	if (!w.failed) {
		memcpy(d->findings->leaks.counts, w.g->counts, sizeof(w.g->counts));
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
		report_groups(&w);
	d->findings->failed |= w.failed;
	free(w.index);
	free(w.groups);
	free(w.retained);
	free(w.parts);
	hash_index_fini(&w.part_numbers);
}
