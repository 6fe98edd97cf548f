/* one_after_other.c -- see one_after_other.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "detect/one_after_other.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "detect/joins.h"
#include "names/function_names.h"

enum {
	FEW_DEATHS = 4, /* at least, to tell how blocks of a site end */
	INNERMOST = 3,  /* functions of the program's, of which one is the owner's */
};

/* ---- when they died ---- */

static struct heap_count *
count_born(const struct detector *d, uint32_t leader)
{
	const struct heap *h = d->heap;
	const struct joins *joins = detector_joins(d);
	struct heap_count *born = calloc(h->n_periods, sizeof(*born));

	for (uint32_t b = 0; born && b < h->n_blocks; b++)
		if (joins_leader(joins, h->blocks[b].site) == leader)
			born[h->births[h->blocks[b].birth].period].blocks++;
	return born;
}

/* Since the oldest of those that are counted now was born, has none died?  Then all that there
 * was before is gone, and what there is has grown in one go. */
static bool
is_one_rise(const struct heap *h, const struct heap_book *b,
	    const struct heap_count *born, bool is_torn_down)
{
	uint64_t before = 0, since = 0;
	size_t end = h->n_periods - is_torn_down, first = 0;

	while (first < end &&
	       born[first].blocks + (is_torn_down ? b->periods[first].last_born : 0) == 0)
		first++;
	for (size_t p = 0; p < end; p++)
		*(p <= first ? &before : &since) += b->periods[p].died.blocks;
	return before >= FEW_DEATHS && since == 0;
}

/* ---- who freed them ---- */

/* Whose function is it, and what does it do, by a name of names_plain(): "Pool" of
 * "n::Pool::chunk_new", and of "~Pool" as well, as debug information has it where the destructor
 * is inlined; "pool" of "pool_chunk_new".  Returns the former's length; 0: nobody's. */
static size_t
owner_of(const char *plain, const char **ret_owner, const char **ret_action)
{
	const char *owner = plain, *action = plain, *line;

	for (const char *at = strstr(plain, "::"); at; at = strstr(at + 2, "::")) {
		owner = action;
		action = at + 2;
	}
	*ret_action = action;
	*ret_owner = owner;
	if (action > owner)
		return (size_t)(action - 2 - owner);
	if (*action == '~') {
		*ret_owner = action + 1;
		return strlen(action + 1);
	}
	line = strchr(plain, '_');
	if (!line)
		return 0;
	*ret_action = line + 1;
	return (size_t)(line - plain);
}

/* Does that give back all at once? */
static bool
is_of_all(const char *action)
{
	static const char *const words[] = {"clear", "destroy", "reset"};

	if (*action == '~')
		return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strncasecmp(action, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

/* Is one of the innermost functions of a stack of that owner? */
static bool
is_made_by(const struct detector *d, uint32_t node, const char *owner, size_t n)
{
	const char *by, *action;
	bool is_found = false;
	char plain[256];
	struct stack s;

	if (stack_get(d->heap, d->symbols, node, &s) != 0)
		return false;
	for (size_t at = names_frame(d->heap, &s), i = at; i < s.n && i < at + INNERMOST;
	     i++)
		is_found |=
			s.frames[i].function &&
			owner_of(names_plain(s.frames[i].function, plain, sizeof(plain)),
				 &by, &action) == n &&
			strncmp(by, owner, n) == 0;
	stack_free(&s);
	return is_found;
}

/* Do they end where their owner does? */
static bool
is_freed_with_owner(const struct detector *d, uint32_t node, uint32_t freed_at)
{
	const char *function, *owner, *action;
	char plain[256] = "";
	struct stack s;
	size_t n;

	if (!freed_at || stack_get(d->heap, d->symbols, freed_at, &s) != 0)
		return false;
	function = names_function(d->heap, &s);
	if (function)
		(void)names_plain(function, plain, sizeof(plain));
	stack_free(&s);
	n = owner_of(plain, &owner, &action);
	return n && is_of_all(action) && is_made_by(d, node, owner, n);
}

bool
one_after_other(const struct detector *d, uint32_t leader, const struct heap_count *born,
		bool is_torn_down)
{
	const struct heap_book *b = joins_book(detector_joins(d), leader);
	struct heap_count *own = NULL;
	bool is = false;

	if (!b || !is_freed_with_owner(d, leader, b->freed_at))
		return false;
	if (!born)
		born = own = count_born(d, leader);
	if (born)
		is = is_one_rise(d->heap, b, born, is_torn_down);
	else
		d->findings->failed = true;
	free(own);
	return is;
}
