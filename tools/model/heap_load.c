/* heap_load.c -- a snapshot becomes a model: process, sites, blocks and their ages.
 *
 * In:   records from hf_decode(), already within their ranges.
 * Out:  struct heap; sums per birth epoch.
 * Not here: questions to it (heap_query.c), the names of functions (names/).
 *
 * Canonical sites.  Two threads of the program that meet a new stack in the
 * same moment may both add it, so the file may hold two nodes for one place;
 * and a plugin that was loaded, unloaded and loaded again is several modules
 * with the same path and build-id.  Both would split one site's numbers.  As a
 * parent comes before its children, one pass with a hash table over
 * (parent, module, offset, flags) in canonical numbers merges all of it.
 *
 * Sums saturate: a hostile file must not wrap a total round.
 *
 * SPDX-License-Identifier: MIT
 */
#include "model/heap.h"

#include <stdlib.h>
#include <string.h>

#include "util/hash_index.h"
#include "util/vec.h"

struct loader {
	struct heap *heap;
	heap_progress *progress;
	void *progress_arg;
	uint64_t n_expected; /* blocks */
	uint32_t *module_of; /* file's module number -> canonical one */
	uint32_t *node_of;   /* file's site number -> canonical node */
	unsigned options;    /* of hf_decode() */
	bool is_before;      /* of the heap before: it has none itself */
	uint32_t n_seen;     /* sites seen so far */
	uint32_t n_placed;   /* births whose period is known */
	struct hash_index nodes;
	struct hash_index objects; /* index + 1 */
	size_t objects_size, object_words_size;
	bool is_out_of_memory;
};

/* The loader's way to fail: the decoder reports HF_STOPPED, and we know why. */
static int
no_memory(struct loader *l)
{
	l->is_out_of_memory = true;
	return 1;
}

static int
text_dup(struct loader *l, struct hf_text from, struct heap_text *ret)
{
	char *bytes = malloc(from.n + 1);

	if (!bytes)
		return no_memory(l);
	memcpy(bytes, from.bytes, from.n);
	bytes[from.n] = '\0';
	free(ret->bytes);
	ret->bytes = bytes;
	ret->n = from.n;
	return 0;
}

static bool
text_is(struct hf_text t, const char *s)
{
	return t.n == strlen(s) && memcmp(t.bytes, s, t.n) == 0;
}

/* ---- INFO ---- */

/* clang-format off */
#define FIELD(name) {#name, offsetof(struct heap_info, name)}
static const struct field {
	const char *name;
	size_t offset;
} number_fields[] = {
	FIELD(pid), FIELD(ppid), FIELD(snapshot_number), FIELD(start_time_ns),
	FIELD(snapshot_time_ns), FIELD(uptime_ns), FIELD(epoch), FIELD(young_bytes),
	FIELD(promote), FIELD(sample_bytes), FIELD(page_bytes), FIELD(complete),
	FIELD(rss), FIELD(heap_total), FIELD(heap_used), FIELD(external),
	FIELD(total_memory), FIELD(free_memory), FIELD(profiler_bytes),
	FIELD(rss_file), FIELD(heap_resident), FIELD(live_resident), FIELD(external_resident),
	FIELD(allocations), FIELD(allocated_bytes), FIELD(frees), FIELD(freed_bytes),
	FIELD(live_blocks), FIELD(live_bytes), FIELD(cut_pause_ns), FIELD(cut_threads),
	FIELD(cut_unanswered), FIELD(cut_in_place), FIELD(unbooked), FIELD(period_bytes),
	FIELD(leak_check_off), FIELD(unread_bytes), FIELD(foreign_frees),
	FIELD(left_behind_epoch), FIELD(peak_blocks), FIELD(peak_bytes), FIELD(peak_ns),
	FIELD(peak_epoch), FIELD(waste_one_in),
};

static const struct field text_fields[] = {
	FIELD(command), FIELD(executable), FIELD(program), FIELD(cwd), FIELD(reason),
	FIELD(allocator), FIELD(version), FIELD(machine), FIELD(default_suppressions),
};
#undef FIELD
/* clang-format on */

enum {
	N_NUMBER_FIELDS = sizeof(number_fields) / sizeof(*number_fields),
	N_TEXT_FIELDS = sizeof(text_fields) / sizeof(*text_fields),
};

static int
info_loss(struct loader *l, const struct hf_info *r)
{
	struct heap *h = l->heap;
	struct hf_text name = {r->name.bytes + 5, r->name.n - 5};

	if (VEC_PUSH_SHORT(h->losses, h->n_losses, (struct heap_loss){.count = r->number}))
		return no_memory(l);
	return text_dup(l, name, &h->losses[h->n_losses - 1].name);
}

static int
load_info(void *arg, const struct hf_info *r)
{
	struct loader *l = arg;
	char *info = (char *)&l->heap->info;

	if (r->is_text) {
		for (size_t i = 0; i < N_TEXT_FIELDS; i++)
			if (text_is(r->name, text_fields[i].name))
				return text_dup(
					l, r->text,
					(struct heap_text *)(info + text_fields[i].offset));
		return 0;
	}
	for (size_t i = 0; i < N_NUMBER_FIELDS; i++)
		if (text_is(r->name, number_fields[i].name))
			memcpy(info + number_fields[i].offset, &r->number,
			       sizeof(r->number));
	if (r->name.n > 5 && memcmp(r->name.bytes, "loss.", 5) == 0 && r->number)
		return info_loss(l, r);
	return 0;
}

/* ---- tables ---- */

static int
begin_sites(struct loader *l, uint64_t n)
{
	free(l->heap->nodes);
	free(l->node_of);
	l->heap->nodes = calloc(n + 1, sizeof(*l->heap->nodes));
	l->node_of = calloc(n + 1, sizeof(*l->node_of));
	return l->heap->nodes && l->node_of && hash_index_reserve(&l->nodes, n) == 0
		       ? 0
		       : no_memory(l);
}

static int
begin_modules(struct loader *l, uint64_t n)
{
	free(l->heap->modules);
	free(l->module_of);
	l->heap->modules = calloc(n + 1, sizeof(*l->heap->modules));
	l->module_of = calloc(n + 1, sizeof(*l->module_of));
	return l->heap->modules && l->module_of ? 0 : no_memory(l);
}

/* Make room for n records, and one for entry 0 where the table has one. */
#define ROOM(field)                                                                      \
	(free(l->heap->field), l->heap->field = calloc(n + 1, sizeof(*l->heap->field)),  \
	 l->heap->field ? 0 : no_memory(l))

/* Blocks have come before; either section may be the first that needs them. */
static int
begin_edges(struct loader *l)
{
	struct heap *h = l->heap;

	return h->edges.first || edges_init(&h->edges, h->n_blocks) == 0 ? 0 : no_memory(l);
}

/* By node: sites have come before, if there are any. */
static int
begin_grown(struct loader *l)
{
	free(l->heap->grown);
	l->heap->grown = calloc((size_t)l->heap->n_nodes + 1, sizeof(*l->heap->grown));
	return l->heap->grown ? 0 : no_memory(l);
}

static int
begin_estimates(struct loader *l)
{
	free(l->heap->estimates);
	l->heap->estimates =
		calloc((size_t)l->heap->n_nodes + 1, sizeof(*l->heap->estimates));
	return l->heap->estimates ? 0 : no_memory(l);
}

static int
begin_live(struct loader *l)
{
	free(l->heap->site_lives);
	l->heap->site_lives =
		calloc((size_t)l->heap->n_nodes + 1, sizeof(*l->heap->site_lives));
	return l->heap->site_lives ? 0 : no_memory(l);
}

static int
begin_peak(struct loader *l)
{
	free(l->heap->peak);
	l->heap->peak = calloc((size_t)l->heap->n_nodes + 1, sizeof(*l->heap->peak));
	return l->heap->peak ? 0 : no_memory(l);
}

static int
begin_waste(struct loader *l)
{
	free(l->heap->waste);
	l->heap->waste = calloc((size_t)l->heap->n_nodes + 1, sizeof(*l->heap->waste));
	return l->heap->waste ? 0 : no_memory(l);
}

static int
load_begin(void *arg, enum heapfile_type type, uint64_t n)
{
	struct loader *l = arg;

	switch (type) {
	case HEAPFILE_MODULES:
		return begin_modules(l, n);
	case HEAPFILE_SITES:
		return begin_sites(l, n);
	case HEAPFILE_THREADS:
		return ROOM(threads);
	case HEAPFILE_BIRTHS:
		return ROOM(births);
	case HEAPFILE_EPOCHS:
		return ROOM(epochs);
	case HEAPFILE_BLOCKS:
		l->n_expected = n;
		return ROOM(blocks);
	case HEAPFILE_MAPPINGS:
		return ROOM(mappings);
	case HEAPFILE_BAD_FREES:
		return ROOM(bad_frees);
	case HEAPFILE_MARKS:
		return ROOM(marks);
	case HEAPFILE_EDGES:
		return begin_edges(l);
	case HEAPFILE_ROOTS:
		l->heap->has_roots = true;
		return begin_edges(l) || ROOM(roots);
	case HEAPFILE_CONTENTS:
		return ROOM(contents);
	case HEAPFILE_PERIODS:
		return ROOM(periods);
	case HEAPFILE_FRAMES:
		return ROOM(stacks);
	case HEAPFILE_GROWN:
		return begin_grown(l);
	case HEAPFILE_ESTIMATES:
		return begin_estimates(l);
	case HEAPFILE_LIVE:
		return begin_live(l);
	case HEAPFILE_PEAK:
		return begin_peak(l);
	case HEAPFILE_WASTE:
		return begin_waste(l);
	default:
		return 0;
	}
}

static bool
text_equal(const struct heap_text *a, const struct heap_text *b)
{
	return a->n == b->n && memcmp(a->bytes, b->bytes, a->n) == 0;
}

/* The first module that is the same file, by build-id.  Linear for each
 * module; BOUND: a program that loads a plugin 10,000 times costs 50 M
 * comparisons of lengths, a tenth of a second. */
static uint32_t
module_canonical(const struct heap *h, uint32_t module)
{
	const struct heap_module *m = &h->modules[module];

	if (m->build_id.n == 0)
		return module;
	for (uint32_t i = 1; i < module && i <= 10000; i++)
		if (text_equal(&h->modules[i].build_id, &m->build_id) &&
		    text_equal(&h->modules[i].path, &m->path))
			return i;
	return module;
}

static int
load_module(void *arg, const struct hf_module *r)
{
	struct loader *l = arg;
	uint32_t number = ++l->heap->n_modules;
	struct heap_module *m = &l->heap->modules[number];

	m->start = r->start;
	m->bytes = r->bytes;
	m->bias = r->bias;
	m->load_epoch = r->load_epoch;
	m->unload_epoch = r->unload_epoch;
	if (text_dup(l, r->build_id, &m->build_id) || text_dup(l, r->path, &m->path))
		return 1;
	l->module_of[number] = module_canonical(l->heap, number);
	return 0;
}

static uint64_t
node_hash(const struct heap_node *n)
{
	uint64_t h = n->offset * 0x9e3779b97f4a7c15ull;

	h ^= (uint64_t)n->parent << 32 ^ (uint64_t)n->module << 3 ^ n->flags;
	return h;
}

static bool
is_same_node(const void *heap, uint32_t number, const void *key)
{
	const struct heap_node *a = &((const struct heap *)heap)->nodes[number], *b = key;

	return a->parent == b->parent && a->module == b->module &&
	       a->offset == b->offset && a->flags == b->flags;
}

static int
load_site(void *arg, const struct hf_site *r)
{
	struct loader *l = arg;
	struct heap *h = l->heap;
	struct heap_node n = {
		.parent = l->node_of[r->parent],
		.module = l->module_of ? l->module_of[r->module] : 0,
		.flags = r->flags,
		.offset = r->offset,
	};
	uint32_t number = hash_index_put(&l->nodes, node_hash(&n), is_same_node, h, &n);
	struct heap_node *node = &h->nodes[number];

	if (number == 0)
		return no_memory(l);
	if (number > h->n_nodes)
		h->nodes[++h->n_nodes] = n;
	h->n_sites += node->allocations == 0 && r->allocations > 0;
	node->allocations = heap_sum(node->allocations, r->allocations);
	node->allocated_bytes = heap_sum(node->allocated_bytes, r->allocated_bytes);
	l->node_of[++l->n_seen] = number;
	return 0;
}

static int
load_thread(void *arg, const struct hf_thread *r)
{
	struct loader *l = arg;
	struct heap_thread *t = &l->heap->threads[++l->heap->n_threads];

	t->tid = r->tid;
	t->first_epoch = r->first_epoch;
	t->flags = r->flags;
	return text_dup(l, r->name, &t->name);
}

/* INFO has come before, as sections are decoded by rising type. */
static int
load_birth(void *arg, const struct hf_birth *r)
{
	struct loader *l = arg;
	const struct heap_info *info = &l->heap->info;
	struct heap_birth *b = &l->heap->births[++l->heap->n_births];

	b->epoch = r->epoch;
	/* A birth in the future cannot be; it is shown as one of now. */
	b->age = info->epoch > r->epoch ? info->epoch - r->epoch : 0;
	b->thread = r->thread;
	b->is_known = true;
	b->is_old = b->age >= info->promote ||
		    (b->age >= 1 && r->flags & HEAPFILE_BIRTH_PROMOTED_EARLY);
	return 0;
}

static int
load_epochs(void *arg, const struct hf_epochs *r)
{
	struct loader *l = arg;

	l->heap->epochs[l->heap->n_epochs++] = *r;
	return 0;
}

static int
add_slack(struct loader *l, uint32_t block, uint64_t slack)
{
	struct heap *h = l->heap;

	return VEC_PUSH(h->slacks, h->n_slacks, h->slacks_size,
			(struct heap_slack){block, slack})
		       ? no_memory(l)
		       : 0;
}

static int
load_block(void *arg, const struct hf_block *r)
{
	struct loader *l = arg;
	struct heap *h = l->heap;
	uint32_t number = h->n_blocks++;
	struct heap_block *b = &h->blocks[number];
	uint64_t slack = r->usable - r->requested;

	if (number % (1u << 20) == 0 && l->progress)
		l->progress(l->progress_arg, "loading blocks", number, l->n_expected);
	b->address_kind = r->address | r->kind;
	b->requested_slack =
		r->requested | (slack < HEAP_SLACK_MAX ? slack : HEAP_SLACK_MAX) << 48;
	b->site = r->site ? l->node_of[r->site] : 0;
	b->birth = r->birth;
	return slack < HEAP_SLACK_MAX ? 0 : add_slack(l, number, slack);
}

static int
load_mapping(void *arg, const struct hf_mapping *r)
{
	struct loader *l = arg;
	struct heap_mapping *m = &l->heap->mappings[l->heap->n_mappings++];

	m->start = r->start;
	m->bytes = r->bytes;
	m->site = r->site ? l->node_of[r->site] : 0;
	m->birth = r->birth;
	m->flags = r->flags;
	return 0;
}

static int
load_bad_free(void *arg, const struct hf_bad_free *r)
{
	struct loader *l = arg;
	struct heap_bad_free *b = &l->heap->bad_frees[l->heap->n_bad_frees++];

	b->kind = r->kind;
	b->count = r->count;
	b->address = r->address;
	b->site = r->site ? l->node_of[r->site] : 0;
	b->alloc_site = r->alloc_site ? l->node_of[r->alloc_site] : 0;
	return 0;
}

static int
load_mark(void *arg, const struct hf_mark *r)
{
	struct loader *l = arg;
	struct heap_mark *m = &l->heap->marks[l->heap->n_marks++];

	m->epoch = r->epoch;
	m->time_ns = r->time_ns;
	return text_dup(l, r->label, &m->label);
}

/* ---- the graph ---- */

static uint64_t
block_usable(void *arg, uint32_t block)
{
	return heap_block_usable(((struct loader *)arg)->heap, block - 1);
}

static int
load_holder(void *arg, const struct hf_holder *r)
{
	edges_begin(&((struct loader *)arg)->heap->edges, r->block - 1);
	return 0;
}

static int
load_root(void *arg, const struct hf_root *r)
{
	struct heap *h = ((struct loader *)arg)->heap;

	edges_begin(&h->edges, h->n_blocks);
	h->roots[h->n_roots++] = (struct heap_root){
		.kind = r->kind,
		.owner = r->owner,
		.address = r->address,
		.bytes = r->bytes,
		.first_edge = h->edges.n,
		.n_edges = r->n_edges,
	};
	return 0;
}

static int
load_edge(void *arg, const struct hf_edge *r)
{
	struct loader *l = arg;
	struct edges *e = &l->heap->edges;
	unsigned class = r->inside ? EDGES_INSIDE + (unsigned)r->hint : EDGES_START;

	if (e->n % (1u << 22) == 0 && l->progress)
		l->progress(l->progress_arg, "loading edges", e->n, 0);
	return edges_add(e, r->target - 1, r->word, (enum edges_class) class, r->inside)
		       ? no_memory(l)
		       : 0;
}

static int
load_content(void *arg, const struct hf_content *r)
{
	struct loader *l = arg;
	struct heap_content *c = &l->heap->contents[l->heap->n_contents++];

	c->block = r->block - 1;
	return text_dup(l, r->bytes, &c->bytes);
}

/* ---- the books ---- */

static int
load_period(void *arg, const struct hf_period *r)
{
	struct loader *l = arg;

	l->heap->periods[l->heap->n_periods++] = *r;
	return 0;
}

static int
load_birth_period(void *arg, uint32_t period)
{
	struct loader *l = arg;

	l->heap->births[++l->n_placed].period = period;
	return 0;
}

static void
book_free(struct heap_book *b)
{
	if (!b)
		return;
	free(b->ages);
	free(b->periods);
	free(b);
}

/* The book of a node, made if need be. */
static struct heap_book *
book_of(struct heap *h, uint32_t node)
{
	struct heap_book *b;

	if (!h->books)
		h->books = calloc((size_t)h->n_nodes + 1, sizeof(struct heap_book *));
	if (!h->books || h->books[node])
		return h->books ? h->books[node] : NULL;
	b = calloc(1, sizeof(*b));
	if (!b)
		return NULL;
	b->ages = calloc(HF_MAX_AGES, sizeof(*b->ages));
	b->periods = calloc((size_t)h->n_periods + 1, sizeof(*b->periods));
	if (!b->ages || !b->periods) {
		book_free(b);
		return NULL;
	}
	h->books[node] = b;
	return b;
}

static void
sum(uint64_t *to, uint64_t more)
{
	*to = heap_sum(*to, more);
}

/* Several sites of the file may be one node. */
static int
load_book(void *arg, const struct hf_book *r)
{
	struct loader *l = arg;
	struct heap *h = l->heap;
	struct heap_book *b = book_of(h, l->node_of[r->site]);

	if (!b)
		return no_memory(l);
	sum(&b->deaths, r->deaths);
	sum(&b->later, r->later);
	sum(&b->earlier, r->earlier);
	sum(&b->same, r->same);
	sum(&b->foreign, r->foreign);
	sum(&b->last_later, r->last_later);
	sum(&b->last_earlier, r->last_earlier);
	sum(&b->last_same, r->last_same);
	if (r->freed_at)
		b->freed_at = l->node_of[r->freed_at];
	if (r->n_ages > h->n_ages)
		h->n_ages = r->n_ages;
	for (uint32_t i = 0; i < r->n_ages; i++)
		sum(&b->ages[i], r->ages[i]);
	for (uint32_t i = 0; i < r->n_periods; i++) {
		struct heap_book_period *to = &b->periods[i];
		const struct hf_book_period *from = &r->periods[i];

		sum(&to->born.blocks, from->born);
		sum(&to->born.bytes, from->born_bytes);
		sum(&to->died.blocks, from->died);
		sum(&to->died.bytes, from->died_bytes);
		sum(&to->last_born, from->last_born);
	}
	return 0;
}

/* Several sites of the file may be one node. */
static int
load_grown(void *arg, const struct hf_grown *r)
{
	struct loader *l = arg;
	struct heap_count *g = &l->heap->grown[l->node_of[r->site]];

	sum(&g->blocks, r->count);
	sum(&g->bytes, r->bytes);
	return 0;
}

static int
load_estimate(void *arg, const struct hf_estimate *r)
{
	struct loader *l = arg;
	struct heap_estimate *e = &l->heap->estimates[l->node_of[r->site]];

	e->allocations += (double)r->allocations / 256;
	e->bytes += (double)r->bytes / 256;
	return 0;
}

/* Several sites may be one node. */
static int
load_live(void *arg, const struct hf_live *r)
{
	struct loader *l = arg;
	struct heap_live *x = &l->heap->site_lives[l->node_of[r->site]];

	if (!x->all.blocks || r->first_epoch < x->first_epoch)
		x->first_epoch = r->first_epoch;
	x->all.blocks += r->blocks;
	x->all.bytes += r->bytes;
	x->old.blocks += r->old_blocks;
	x->old.bytes += r->old_bytes;
	return 0;
}

/* Several sites may be one node. */
static int
load_peak(void *arg, const struct hf_peak *r)
{
	struct loader *l = arg;
	struct heap_count *p = &l->heap->peak[l->node_of[r->site]];

	sum(&p->blocks, r->blocks);
	sum(&p->bytes, r->bytes);
	return 0;
}

/* Several sites may be one node: what is the same at two of them is not known. */
static int
load_waste(void *arg, const struct hf_waste *r)
{
	struct loader *l = arg;
	struct heap_waste *w = &l->heap->waste[l->node_of[r->site]];

	sum(&w->zero.blocks, r->zero_blocks);
	sum(&w->zero.bytes, r->zero_bytes);
	sum(&w->tail.blocks, r->tail_blocks);
	sum(&w->tail.bytes, r->tail_bytes);
	sum(&w->untouched_bytes, r->untouched_bytes);
	sum(&w->compared, r->compared);
	sum(&w->distinct, r->distinct);
	sum(&w->copy_bytes, r->copy_bytes);
	return 0;
}

/* ---- threads at the cut ---- */

static int
load_stack(void *arg, const struct hf_stack *r)
{
	struct loader *l = arg;
	struct heap_stack *s = &l->heap->stacks[l->heap->n_stacks++];

	s->thread = r->thread;
	s->tid = r->tid;
	s->is_complete = r->flags & HEAPFILE_FRAMES_COMPLETE;
	s->frames = calloc((size_t)r->n_frames + 1, sizeof(*s->frames));
	if (!s->frames)
		return no_memory(l);
	for (uint32_t i = 0; i < r->n_frames; i++) {
		const struct hf_frame *f = &r->frames[i];

		s->frames[s->n_frames++] = (struct heap_frame){
			f->sp, f->bytes, f->offset,
			l->module_of ? l->module_of[f->module] : 0, f->flags};
	}
	return text_dup(l, r->name, &s->name);
}

static bool
is_same_object(const void *heap, uint32_t number, const void *key)
{
	const struct heap_object *a = &((const struct heap *)heap)->objects[number - 1];
	const struct heap_object *b = key;

	return a->offset == b->offset && a->word == b->word && a->module == b->module;
}

/* The number of an object, from 1 on, new or not; 0: no memory. */
static uint32_t
put_object(struct loader *l, const struct heap_object *o)
{
	struct heap *h = l->heap;
	uint32_t number;

	if (VEC_RESERVE(h->objects, l->objects_size, h->n_objects + 1))
		return 0;
	number = hash_index_put(&l->objects,
				o->offset ^ o->word << 48 ^ (uint64_t)o->module << 32,
				is_same_object, h, o);
	if (number > h->n_objects)
		h->objects[h->n_objects++] = *o;
	return number;
}

static int
load_object_word(void *arg, const struct hf_object_word *r)
{
	struct loader *l = arg;
	struct heap *h = l->heap;
	const struct heap_object o = {r->word, r->offset, l->module_of[r->module]};
	uint32_t number = put_object(l, &o);

	if (number == 0 || VEC_PUSH(h->object_words, h->n_object_words, l->object_words_size,
				    (struct heap_object_word){r->block - 1, number - 1}))
		return no_memory(l);
	return 0;
}

/* ---- after the last record ---- */

static int
compare_epochs(const void *a, const void *b)
{
	uint64_t x = ((const struct heap_birth_epoch *)a)->epoch;
	uint64_t y = ((const struct heap_birth_epoch *)b)->epoch;

	return (x > y) - (x < y);
}

/* Distinct birth epochs, and each birth's index among them. */
static int
index_epochs(struct loader *l)
{
	struct heap *h = l->heap;
	uint32_t n = 0;

	h->birth_epochs = calloc((size_t)h->n_births + 1, sizeof(*h->birth_epochs));
	if (!h->birth_epochs)
		return no_memory(l);
	for (uint32_t i = 1; i <= h->n_births; i++)
		h->birth_epochs[i - 1].epoch = h->births[i].epoch;
	qsort(h->birth_epochs, h->n_births, sizeof(*h->birth_epochs), compare_epochs);
	for (uint32_t i = 0; i < h->n_births; i++)
		if (n == 0 || h->birth_epochs[i].epoch != h->birth_epochs[n - 1].epoch)
			h->birth_epochs[n++].epoch = h->birth_epochs[i].epoch;
	h->n_birth_epochs = n;
	for (uint32_t i = 1; i <= h->n_births; i++)
		h->births[i].epoch_index = heap_epoch_index(h, h->births[i].epoch);
	return 0;
}

/* Sums over all blocks: cohorts and birth epochs. */
static void
sum_blocks(struct heap *h)
{
	for (uint32_t i = 0; i < h->n_blocks; i++) {
		uint64_t bytes = heap_block_requested(&h->blocks[i]);
		const struct heap_birth *birth = &h->births[h->blocks[i].birth];

		heap_count_add(&h->live, bytes);
		heap_count_add(birth->is_old ? &h->old : &h->young, bytes);
		heap_count_add(birth->is_known ? &h->birth_epochs[birth->epoch_index].live
					       : &h->unborn,
			       bytes);
	}
}

/* Entry 0 for tables whose section the file does not have, and texts that are
 * never NULL. */
static int
fill_gaps(struct loader *l)
{
	static const struct hf_text nothing = {"", 0};
	struct heap *h = l->heap;
	char *info = (char *)&h->info;
	uint64_t n = 0;

	if ((!h->modules && ROOM(modules)) || (!h->nodes && ROOM(nodes)) ||
	    (!h->threads && ROOM(threads)) || (!h->births && ROOM(births)))
		return 1;
	if (text_dup(l, nothing, &h->modules[0].path) ||
	    text_dup(l, nothing, &h->modules[0].build_id) ||
	    text_dup(l, nothing, &h->threads[0].name))
		return 1;
	for (size_t i = 0; i < N_TEXT_FIELDS; i++) {
		struct heap_text *t = (struct heap_text *)(info + text_fields[i].offset);

		if (!t->bytes && text_dup(l, nothing, t))
			return 1;
	}
	/* Of unknown birth: it has outlived what we know. */
	h->births[0].is_old = true;
	return 0;
}

/* By number in the earlier one, its number in h; NULL: no memory.  0 where h has none. */
static uint32_t *
match_modules(const struct heap *earlier, const struct heap *h)
{
	uint32_t *map = calloc((size_t)earlier->n_modules + 1, sizeof(*map));

	for (uint32_t i = 1; map && i <= earlier->n_modules; i++) {
		const struct heap_module *a = &earlier->modules[i];

		/* Mostly it is the same. */
		for (uint32_t k = 0; k < h->n_modules && !map[i]; k++) {
			uint32_t at = 1 + (i - 1 + k) % h->n_modules;
			const struct heap_module *b = &h->modules[at];

			if (a->start == b->start && a->bias == b->bias &&
			    text_equal(&a->path, &b->path) &&
			    text_equal(&a->build_id, &b->build_id))
				map[i] = at;
		}
	}
	return map;
}

static char *
bytes_dup(const struct heap_text *t)
{
	char *bytes = malloc(t->n + 1);

	return bytes ? memcpy(bytes, t->bytes, t->n + 1) : NULL;
}

/* Copies of all modules. */
static struct heap_module *
copy_modules(const struct heap *h)
{
	struct heap_module *copy = calloc((size_t)h->n_modules + 1, sizeof(*copy));

	for (uint32_t i = 0; copy && i <= h->n_modules; i++) {
		copy[i] = h->modules[i];
		copy[i].path.bytes = bytes_dup(&h->modules[i].path);
		copy[i].build_id.bytes = bytes_dup(&h->modules[i].build_id);
	}
	return copy;
}

static void
modules_free(struct heap_module *modules, uint32_t n)
{
	for (uint32_t i = 0; modules && i <= n; i++) {
		free(modules[i].build_id.bytes);
		free(modules[i].path.bytes);
	}
	free(modules);
}

static bool
is_whole(const struct heap_module *modules, uint32_t n)
{
	for (uint32_t i = 0; modules && i <= n; i++)
		if (!modules[i].path.bytes || !modules[i].build_id.bytes)
			return false;
	return modules;
}

static void
renumber_modules(struct heap *h, const uint32_t *map)
{
	for (uint32_t i = 1; i <= h->n_nodes; i++)
		h->nodes[i].module = map[h->nodes[i].module];
	for (size_t i = 0; i < h->n_roots; i++)
		if (h->roots[i].kind == HEAPFILE_ROOT_GLOBAL)
			h->roots[i].owner = map[h->roots[i].owner];
	for (size_t i = 0; i < h->n_objects; i++)
		h->objects[i].module = map[h->objects[i].module];
	for (size_t i = 0; i < h->n_stacks; i++)
		for (uint32_t k = 0; k < h->stacks[i].n_frames; k++)
			h->stacks[i].frames[k].module = map[h->stacks[i].frames[k].module];
}

int
heap_align_modules(struct heap *earlier, const struct heap *h)
{
	uint32_t *map;
	struct heap_module *copy;

	if (earlier->info.pid != h->info.pid ||
	    earlier->info.start_time_ns != h->info.start_time_ns)
		return 0;
	map = match_modules(earlier, h);
	copy = copy_modules(h);
	if (!map || !is_whole(copy, h->n_modules)) {
		free(map);
		modules_free(copy, h->n_modules);
		return -1;
	}
	/* A node in a module that is unknown now fits no node of h, unless it is in none
	 * there too. */
	renumber_modules(earlier, map);
	modules_free(earlier->modules, earlier->n_modules);
	earlier->modules = copy;
	earlier->n_modules = h->n_modules;
	free(map);
	return 0;
}

static int
check_before(struct loader *l)
{
	struct heap *h = l->heap;

	if (h->before && heap_align_modules(h->before, h))
		return no_memory(l);
	if (!h->before || heap_is_earlier(h->before, h))
		return 0;
	heap_free(h->before);
	h->before = NULL;
	h->before_error = (struct hf_error){.code = HF_STOPPED,
					    .message = "it is not of this process"};
	return 0;
}

static int
finish(struct loader *l)
{
	struct heap *h = l->heap;

	if (fill_gaps(l) || index_epochs(l))
		return 1;
	if (h->edges.first)
		edges_begin(&h->edges, h->n_blocks);
	h->is_complete = h->info.complete && h->n_losses == 0;
	sum_blocks(h);
	return check_before(l);
}

static struct heap *load(const uint8_t *bytes, size_t n, struct loader *l,
			 struct hf_error *error);

/* What is wrong with it is no fault of the file around it. */
static int
load_before(void *arg, const struct hf_text *r)
{
	struct loader *l = arg;
	struct heap *h = l->heap;
	struct loader inner = {.progress = l->progress,
			       .progress_arg = l->progress_arg,
			       .options = l->options,
			       .is_before = true};

	h->before = load((const uint8_t *)r->bytes, r->n, &inner, &h->before_error);
	return !h->before && h->before_error.code == HF_MEMORY ? no_memory(l) : 0;
}

static struct heap *
load(const uint8_t *bytes, size_t n, struct loader *loader, struct hf_error *error)
{
	struct loader l = *loader;
	const struct hf_sink sink = {
		.arg = &l,
		.begin = load_begin,
		.info = load_info,
		.module = load_module,
		.site = load_site,
		.thread = load_thread,
		.birth = load_birth,
		.epochs = load_epochs,
		.block = load_block,
		.mapping = load_mapping,
		.bad_free = load_bad_free,
		.mark = load_mark,
		.holder = load_holder,
		.root = load_root,
		.edge = load_edge,
		.object_word = load_object_word,
		.content = load_content,
		.period = load_period,
		.birth_period = load_birth_period,
		.book = load_book,
		.stack = load_stack,
		.grown = load_grown,
		.estimate = load_estimate,
		.live = load_live,
		.before = l.is_before ? NULL : load_before,
		.peak = load_peak,
		.waste = load_waste,
		.usable = block_usable,
	};
	bool ok = false;

	l.heap = calloc(1, sizeof(*l.heap));
	if (l.heap)
		l.heap->info.promote = 2;
	if (!l.heap)
		l.is_out_of_memory = true;
	else if (hf_decode(bytes, n, l.options, &sink, error) == 0)
		ok = finish(&l) == 0;
	free(l.module_of);
	free(l.node_of);
	hash_index_fini(&l.nodes);
	hash_index_fini(&l.objects);
	if (ok)
		return l.heap;
	if (l.is_out_of_memory) {
		memset(error, 0, sizeof(*error));
		error->code = HF_MEMORY;
		memcpy(error->message, "out of memory", sizeof("out of memory"));
	}
	heap_free(l.heap);
	return NULL;
}

struct heap *
heap_load(const uint8_t *bytes, size_t n, unsigned options, heap_progress *progress,
	  void *progress_arg, struct hf_error *error)
{
	struct loader l = {
		.progress = progress, .progress_arg = progress_arg, .options = options};

	return load(bytes, n, &l, error);
}

void
heap_free(struct heap *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < N_TEXT_FIELDS; i++)
		free(((struct heap_text *)((char *)&h->info + text_fields[i].offset))->bytes);
	for (size_t i = 0; i < h->n_losses; i++)
		free(h->losses[i].name.bytes);
	modules_free(h->modules, h->n_modules);
	for (uint32_t i = 0; h->threads && i <= h->n_threads; i++)
		free(h->threads[i].name.bytes);
	for (size_t i = 0; i < h->n_marks; i++)
		free(h->marks[i].label.bytes);
	for (size_t i = 0; i < h->n_contents; i++)
		free(h->contents[i].bytes.bytes);
	for (uint32_t i = 0; h->books && i <= h->n_nodes; i++)
		book_free(h->books[i]);
	free(h->books);
	for (size_t i = 0; i < h->n_stacks; i++) {
		free(h->stacks[i].name.bytes);
		free(h->stacks[i].frames);
	}
	free(h->stacks);
	free(h->grown);
	free(h->estimates);
	free(h->site_lives);
	free(h->peak);
	free(h->waste);
	free(h->periods);
	edges_free(&h->edges);
	free(h->roots);
	free(h->contents);
	free(h->objects);
	free(h->object_words);
	free(h->losses);
	free(h->nodes);
	free(h->threads);
	free(h->births);
	free(h->birth_epochs);
	free(h->epochs);
	free(h->blocks);
	free(h->mappings);
	free(h->bad_frees);
	free(h->marks);
	free(h->slacks);
	heap_free(h->before);
	free(h);
}
