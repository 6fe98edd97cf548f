/* leak_text.c -- what is said of lost blocks: summary and evidence.
 *
 * In:   a group that is a finding.
 * Out:  its sentences.
 * Not here: what a cycle is made of (cycle_text.c); how findings are written (report/).
 *
 * SPDX-License-Identifier: MIT
 */
#include "detect/leak_groups.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detect/cycle_text.h"
#include "names/root_names.h"
#include "util/text.h"

/* Compound literals live until the end of the block that holds the call. */
#define SIZE(v) text_size(v, (char[24]){0}, 24)
#define COUNT(v) text_count(v, (char[32]){0}, 32)

void
leak_summarize(const struct leak_work *w, struct finding *f, const struct leak_group *x)
{
	struct findings *all = w->d->findings;
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
			"been in threads or memory that fork did not copy.",
			blocks, s, size, are, is_one ? "it" : "them");
	else if (leak_is_queue_rest(w, x))
		finding_summarize(
			all, f,
			"%s block%s (%s) %s possibly lost: they may be what is left in "
			"a queue.",
			blocks, s, size, are);
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
void
leak_count_roots(const struct leak_work *w, char *buf, size_t n)
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

/* Why the blocks of notes that are taken together are in use. */
static void
add_reasons(const struct leak_work *w, struct finding *f, const struct leak_group *x)
{
	struct findings *all = w->d->findings;

	finding_add_evidence(all, f, "They were allocated at %zu sites; one is shown.",
			     x->n_sites);
	if (w->ruled.blocks)
		finding_add_evidence(
			all, f,
			"%s: the pointers follow a rule, the same place in all such "
			"blocks or the same member of what holds them: probably in use.",
			COUNT(w->ruled.blocks));
	if (w->tagged.blocks)
		finding_add_evidence(
			all, f,
			"%s: every path goes through pointers that are off by less than "
			"a word, like pointers tagged in their low bits: probably in "
			"use.",
			COUNT(w->tagged.blocks));
	if (w->large.blocks)
		finding_add_evidence(
			all, f,
			"%s: a pointer into so large a block is often a position in a "
			"buffer: probably in use.",
			COUNT(w->large.blocks));
}

static void
add_reach_evidence(const struct leak_work *w, struct finding *f, const struct leak_group *x)
{
	struct findings *all = w->d->findings;
	uint64_t address = heap_block_address(&w->h->blocks[x->example]);
	char buf[256];

	if (x->state == GRAPH_DEFINITE) {
		finding_add_evidence(all, f, "Nothing reachable points to %s.",
				     x->count.blocks == 1 ? "it" : "them");
		if (x->n_cyclic)
			cycle_add_evidence(w->d, f, x->cycle_example, x->n_cyclic,
					   x->count.blocks);
		return;
	}
	if (x->state != GRAPH_POSSIBLE)
		return;
	if (leak_is_queue_rest(w, x)) {
		finding_add_evidence(
			all, f,
			"Nothing reachable points to them; but they are the youngest of "
			"all that were allocated there, and the others were freed, the "
			"oldest first, to the end: links that do not look like "
			"pointers (XOR, compressed) may lead to them.");
		return;
	}
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
	if (x->is_of_many) {
		add_reasons(w, f, x);
		return;
	}
	if (leak_is_tagged(x))
		finding_add_evidence(
			all, f,
			"Every path to it goes through pointers that are off by less "
			"than a word, like pointers tagged in their low bits: "
			"probably in use.");
	else if (leak_is_regular(x) && x->least_inside == x->most_inside)
		finding_add_evidence(
			all, f,
			"All pointers point to byte %" PRIu32
			" of their block, as if behind a header: probably in use.",
			x->least_inside);
	else if (x->is_in_use)
		finding_add_evidence(
			all, f,
			"The pointers follow a rule: the same place in all such blocks, "
			"or the same member of what holds them: probably in use.");
	if (x->smallest >= LARGE_BYTES)
		finding_add_evidence(
			all, f,
			"A pointer into so large a block is often a position in a "
			"buffer: probably in use.");
}

/* What the snapshot lacks that may have held a pointer to them.  Missing stacks, births or
 * marks change nothing in what is reachable. */
static void
add_loss_evidence(const struct leak_work *w, struct finding *f, const struct leak_group *x)
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

/* "The code is there 3 times (S12, S14, S15): ..." */
static void
add_copies(struct findings *all, struct finding *f, const struct leak_group *x)
{
	char sites[MOST_NAMED * 14] = "";
	size_t at = 0;

	for (size_t i = 0; i < x->n_sites && i < MOST_NAMED; i++)
		at += (size_t)snprintf(sites + at, sizeof(sites) - at, "%sS%" PRIu32,
				       i ? ", " : "", x->sites[i]);
	finding_add_evidence(
		all, f,
		"The code is there %zu times (%s%s): unrolled, inlined, or a "
		"template for several types.",
		x->n_sites, sites, x->n_sites > MOST_NAMED ? " and more" : "");
}

static void
add_other_evidence(const struct leak_work *w, struct finding *f, const struct leak_group *x)
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
	if (x->n_sites > 1 && !x->is_of_many)
		add_copies(all, f, x);
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
	if (at) {
		finding_add_evidence(all, f, "Allocated by %s%s.", buf,
				     x->has_more_threads ? " and others" : "");
		finding_mark_passing(f);
	}
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

void
leak_add_evidence(const struct leak_work *w, struct finding *f, const struct leak_group *x)
{
	add_reach_evidence(w, f, x);
	add_other_evidence(w, f, x);
}
