/* leak_join.c -- which lost blocks are one finding, and how bad it is.
 *
 * In:   groups of blocks of one site in one state.
 * Out:  groups that others have been joined to: those of one line of source, and all that are
 *       notes because their blocks are in use in all likelihood.
 * Not here: how groups are made (leak.c).
 *
 * SPDX-License-Identifier: MIT
 */
#include "detect/leak_groups.h"

#include <stdlib.h>

#include "util/vec.h"

/* What is left of a queue whose pointers cannot be recognized: no pointer is known. */
bool
leak_is_queue_rest(const struct leak_work *w, const struct leak_group *x)
{
	return x->state == GRAPH_POSSIBLE && w->d->queue_rests[x->site];
}

/* All of them: pointers with something noted in their low bits lead there. */
bool
leak_is_tagged(const struct leak_group *x)
{
	return x->n_tagged == x->count.blocks;
}

/* Several blocks, and pointers meet all of them at the same place inside, as those do
 * that are kept behind a header or in front of a link; or other such blocks lead
 * there. */
bool
leak_is_regular(const struct leak_group *x)
{
	return x->least_inside > x->most_inside ||
	       (x->count.blocks > 1 && x->least_inside == x->most_inside);
}

enum finding_level
leak_level(const struct leak_work *w, const struct leak_group *x)
{
	/* What could not be looked at may lead to them. */
	if (x->state == GRAPH_DEFINITE)
		return w->h->info.unread_bytes ? FINDING_WARNING : FINDING_ERROR;
	if (leak_is_queue_rest(w, x))
		return FINDING_WARNING;
	return x->state == GRAPH_POSSIBLE && x->smallest < LARGE_BYTES && !x->n_left &&
			       !x->is_in_use && !leak_is_tagged(x) && !leak_is_regular(x)
		       ? FINDING_WARNING
		       : FINDING_NOTE;
}

static void
group_add_site(struct leak_work *w, struct leak_group *x, uint32_t site)
{
	if (VEC_PUSH_SHORT(x->sites, x->n_sites, site))
		w->failed = true;
}

/* The other one is shown. */
static void
swap_examples(struct leak_group *x, struct leak_group *other)
{
	struct leak_group old = *x;

	x->site = other->site;
	x->example = other->example;
	x->holder = other->holder;
	x->root = other->root;
	x->inside = other->inside;
	other->site = old.site;
}

static void
add_ages(struct leak_group *x, const struct leak_group *other)
{
	if (other->has_age && (!x->has_age || other->oldest_age > x->oldest_age))
		x->oldest_age = other->oldest_age;
	if (other->has_age && (!x->has_age || other->newest_age < x->newest_age))
		x->newest_age = other->newest_age;
	x->has_age |= other->has_age;
	for (size_t i = 0; i < other->n_threads; i++)
		leak_add_thread(x, other->threads[i]);
	x->has_more_threads |= other->has_more_threads;
}

/* One group is reported with another. */
static void
join(struct leak_work *w, size_t part, size_t whole, bool is_shown)
{
	struct leak_group *x = &w->groups[whole], *other = &w->groups[part];

	if (x->n_sites == 0)
		group_add_site(w, x, x->site);
	if (other->n_sites == 0)
		group_add_site(w, x, other->site);
	for (size_t i = 0; i < other->n_sites; i++)
		group_add_site(w, x, other->sites[i]);
	if (is_shown)
		swap_examples(x, other);
	if (other->n_cyclic && (is_shown || x->n_cyclic == 0))
		x->cycle_example = other->cycle_example;
	leak_add_count(&x->count, &other->count);
	leak_add_count(&x->indirect, &other->indirect);
	if (w->retained)
		leak_add_count(&w->retained[whole + 1], &w->retained[part + 1]);
	add_ages(x, other);
	x->kinds |= other->kinds;
	x->n_cyclic += other->n_cyclic;
	x->n_tagged += other->n_tagged;
	x->n_left += other->n_left;
	if (other->smallest < x->smallest)
		x->smallest = other->smallest;
	if (other->least_inside < x->least_inside)
		x->least_inside = other->least_inside;
	if (other->most_inside > x->most_inside)
		x->most_inside = other->most_inside;
	other->into = (uint32_t)whole + 1;
}

bool
leak_is_reported(const struct leak_group *x)
{
	return !x->is_suppressed && x->state != GRAPH_INDIRECT && !x->into;
}

/* What groups that are one finding have in common. */
struct line {
	uint64_t stack; /* functions and lines */
	struct cycles_rank rank;
	size_t group;
	enum graph_state state;
	bool is_in_use, is_left;
};

static int
compare_lines(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (x->stack != y->stack)
		return x->stack < y->stack ? -1 : 1;
	if (x->state != y->state)
		return x->state < y->state ? -1 : 1;
	if (x->is_in_use != y->is_in_use)
		return x->is_in_use ? 1 : -1;
	if (x->is_left != y->is_left)
		return x->is_left ? 1 : -1;
	if (x->rank.first != y->rank.first)
		return x->rank.first < y->rank.first ? -1 : 1;
	return (x->group > y->group) - (x->group < y->group);
}

static bool
is_same_line(const struct line *x, const struct line *y)
{
	return x->stack == y->stack && x->state == y->state &&
	       x->is_in_use == y->is_in_use && x->is_left == y->is_left;
}

/* Calls of one line by one line are one finding, however often the compiler has written
 * them, in a loop that it unrolled or for each type that a template is made for.  The
 * first by its names is shown: so is it in every run. */
static void
join_lines(struct leak_work *w)
{
	struct line *lines = calloc(w->n_groups + 1, sizeof(*lines));
	size_t n = 0, first = 0;

	w->failed |= !lines;
	for (size_t i = 0; i < w->n_groups && !w->failed; i++) {
		const struct leak_group *x = &w->groups[i];

		if (!leak_is_reported(x))
			continue;
		lines[n] = (struct line){.group = i,
					 .state = x->state,
					 .is_in_use = x->is_in_use,
					 .is_left = x->n_left > 0};
		lines[n++].stack = detector_lines(w->d, x->site);
	}
	if (!w->failed)
		qsort(lines, n, sizeof(*lines), compare_lines);
	for (size_t i = 1; i <= n && !w->failed; i++) {
		if (i < n && is_same_line(&lines[first], &lines[i]))
			continue;
		for (size_t k = first; i - first > 1 && k < i; k++)
			lines[k].rank = detector_rank(w->d, w->groups[lines[k].group].site);
		qsort(&lines[first], i - first, sizeof(*lines), compare_lines);
		for (size_t k = first + 1; k < i && !w->failed; k++)
			join(w, lines[k].group, lines[first].group, false);
		first = i;
	}
	free(lines);
}

/* Blocks that are possibly lost and in use in all likelihood are one note, whatever
 * their sites: it says how the program keeps its memory. */
static void
join_notes(struct leak_work *w)
{
	size_t whole = SIZE_MAX;
	uint64_t most_bytes = 0;

	for (size_t i = 0; i < w->n_groups && !w->failed; i++) {
		struct leak_group *x = &w->groups[i];
		uint64_t bytes = x->count.bytes;

		if (!leak_is_reported(x) || x->state != GRAPH_POSSIBLE || x->n_left ||
		    leak_level(w, x) != FINDING_NOTE)
			continue;
		leak_add_count(leak_is_tagged(x)                    ? &w->tagged
			       : x->is_in_use || leak_is_regular(x) ? &w->ruled
								    : &w->large,
			       &x->count);
		if (whole == SIZE_MAX) {
			whole = i;
		} else {
			join(w, i, whole, bytes > most_bytes);
			w->groups[whole].is_of_many = true;
		}
		if (bytes > most_bytes)
			most_bytes = bytes;
	}
	if (whole != SIZE_MAX)
		w->groups[whole].is_in_use = true;
}

void
leak_join(struct leak_work *w)
{
	if (!w->failed)
		join_lines(w);
	if (!w->failed)
		join_notes(w);
}
