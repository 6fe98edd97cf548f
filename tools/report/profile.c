/* profile.c -- see profile.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/profile.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names/stacks.h"
#include "util/text.h"
#include "util/vec.h"

/* ---- frames ---- */

static uint64_t
hash(uint32_t module, uint64_t offset, unsigned line, const char *name)
{
	uint64_t h = offset * 0x9e3779b97f4a7c15ull + module;

	h = (h ^ h >> 29) * 0xbf58476d1ce4e5b9ull + line;
	for (; name && *name; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3ull;
	return h ^ h >> 32;
}

static char *
place_name(const struct heap *h, const struct stack_frame *f)
{
	const struct heap_module *m = &h->modules[f->module];
	char buf[4200], *valid;
	const char *name = f->special ? f->special : f->function;

	if (name)
		return text_utf8(name, strlen(name), true);
	valid = text_utf8(m->path.bytes, m->path.n, true);
	if (!valid)
		return NULL;
	if (f->module)
		snprintf(buf, sizeof(buf), "%s+0x%" PRIx64, text_basename(valid),
			 f->offset);
	else
		snprintf(buf, sizeof(buf), "0x%" PRIx64, f->offset);
	free(valid);
	return strdup(buf);
}

static bool
is_same(const void *profile, uint32_t number, const void *key)
{
	const struct profile_frame *a =
		&((const struct profile *)profile)->frames[number - 1];
	const struct profile_frame *b = key;

	return a->module == b->module && a->offset == b->offset && a->line == b->line &&
	       a->is_inlined == b->is_inlined && strcmp(a->name, b->name) == 0;
}

static void
frame_fini(struct profile_frame *f)
{
	free(f->name);
	free(f->symbol);
	free(f->file);
}

/* Take f over; what is there already is freed.  Returns its number, or -1: f is the
 * caller's still. */
static int64_t
intern(struct profile *p, struct profile_frame *f)
{
	uint32_t number;

	if (VEC_RESERVE(p->frames, p->frames_size, p->n_frames + 1))
		return -1;
	number = hash_index_put(&p->numbers, hash(f->module, f->offset, f->line, f->name),
				is_same, p, f);
	if (number > p->n_frames) {
		p->frames[p->n_frames++] = *f;
	} else if (number) {
		frame_fini(f);
		*f = (struct profile_frame){0};
	}
	return (int64_t)number - 1;
}

static char *
copy(const char *s)
{
	return s ? text_utf8(s, strlen(s), true) : NULL;
}

static int64_t
frame_number(struct profile *p, const struct stack_frame *from)
{
	struct profile_frame f = {
		.name = place_name(p->report->heap, from),
		.symbol = copy(from->symbol),
		.file = copy(from->file),
		.line = from->line,
		.module = from->special ? 0 : from->module,
		.offset = from->special ? 0 : from->offset,
		.is_inlined = from->is_inlined,
		.is_named = from->function && !from->special,
	};
	int64_t number = f.name ? intern(p, &f) : -1;

	if (number < 0)
		frame_fini(&f);
	return number;
}

static int
push_number(struct profile *p, uint32_t number)
{
	return VEC_PUSH(p->frame_numbers, p->n_frame_numbers, p->frame_numbers_size,
			number);
}

static int
add_node(struct profile *p, uint32_t node)
{
	static const struct stack_frame nowhere = {.special = "(unknown place)"};
	struct stack s = {NULL, 0};
	int failed = 0;

	p->nodes[node].first = (uint32_t)p->n_frame_numbers;
	if (node && stack_node_get(p->report->heap, p->report->symbols, node, &s) != 0)
		return -1;
	for (size_t i = 0; i < (node ? s.n : 1) && !failed; i++) {
		int64_t number = frame_number(p, node ? &s.frames[i] : &nowhere);

		failed = number < 0 || push_number(p, (uint32_t)number);
		p->nodes[node].n++;
	}
	stack_free(&s);
	return failed;
}

/* ---- the whole ---- */

struct profile *
profile_new(const struct report *r)
{
	const struct heap *h = r->heap;
	struct profile *p = calloc(1, sizeof(*p));
	int failed;

	if (!p)
		return NULL;
	p->report = r;
	p->rows = r->lists[r->options.sort];
	p->n_rows = r->n_listed[r->options.sort];
	p->nodes = calloc((size_t)h->n_nodes + 1, sizeof(*p->nodes));
	failed = !p->nodes;
	for (size_t i = 0; i < p->n_rows && !failed; i++) {
		uint32_t node = stack_top(h, p->rows[i]);

		do {
			if (p->nodes[node].n)
				break; /* and so have all its callers */
			failed = add_node(p, node);
			node = h->nodes[node].parent;
		} while (node && !failed);
	}
	if (failed) {
		profile_free(p);
		return NULL;
	}
	return p;
}

void
profile_free(struct profile *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_frames; i++)
		frame_fini(&p->frames[i]);
	free(p->frames);
	free(p->nodes);
	free(p->frame_numbers);
	free(p->stack);
	hash_index_fini(&p->numbers);
	free(p);
}

size_t
profile_stack(struct profile *p, uint32_t node, const uint32_t **ret)
{
	const struct heap *h = p->report->heap;
	size_t n = 0;

	node = stack_top(h, node);
	do {
		const struct profile_node *x = &p->nodes[node];

		if (VEC_RESERVE(p->stack, p->stack_size, n + x->n))
			return 0;
		memcpy(p->stack + n, p->frame_numbers + x->first, x->n * sizeof(*p->stack));
		n += x->n;
		node = h->nodes[node].parent;
	} while (node);
	*ret = p->stack;
	return n;
}

uint64_t
profile_value(const struct profile *p, uint32_t node, enum profile_value which)
{
	const struct heap_site *s = &p->report->sites[node];
	const struct heap_node *n = &p->report->heap->nodes[node];

	switch (which) {
	case PROFILE_LIVE_BYTES:
		return s->live.bytes;
	case PROFILE_LIVE_BLOCKS:
		return s->live.blocks;
	case PROFILE_OLD_BYTES:
		return s->old.bytes;
	case PROFILE_YOUNG_BYTES:
		return s->young.bytes;
	case PROFILE_ALLOCATED_BYTES:
		return n->allocated_bytes;
	default:
		return n->allocations;
	}
}

const char *
profile_unit(enum profile_value which)
{
	return which == PROFILE_LIVE_BLOCKS || which == PROFILE_ALLOCATIONS ? "count"
									    : "bytes";
}
