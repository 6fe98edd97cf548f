/* heapsnapshot.c -- the blocks as a V8 heap snapshot, for Chrome DevTools and memlab.
 *
 * In:   a report.
 * Out:  one JSON object: nodes, edges, where each block was allocated, strings.
 * Not here: what hangs beneath what (outline.h), what blocks are called (types.h).
 *
 * Nodes come in this order, and each one's edges after those of the nodes before it:
 *
 *     root, "(GC roots)", a node for each kind of root, one for each place in a root,
 *     one for each group of what no root leads to, the blocks, the rest of those that
 *     are too large for one number
 *
 * Nodes of blocks are of type "object": DevTools puts these into classes by their name.
 * What is called "Object" is "native", as DevTools would call an object of that name
 * after its properties; all other types have a class, or a size, that is not theirs.
 * Roots and groups are "synthetic": without a root of another type DevTools leaves sizes
 * and distances as they are.  Edges from what is not held to what is are "weak": such
 * edges retain nothing, and so what is held is retained by its holders only.
 *
 * Ids are odd for blocks, even for the rest, and below 2^32, as readers keep numbers in
 * 32 bits.  A block's id is a hash of its address, its size, the stack and the thread that
 * allocated it and the epoch it was born in, or if another block has that id, the next one
 * that is free.
 * BOUND  that happens to one of 2^31 / n blocks; in two snapshots such a block may have
 * two ids, if one of them does not have the other block.
 *
 * It is written as it is found out; kept are 8 to 16 bytes a block for ids, what outline.h
 * and types.h keep, and the strings, no two alike.
 *
 * Sources: V8, src/profiler/heap-snapshot-generator.cc, HeapSnapshotJSONSerializer; Chrome
 * DevTools, front_end/entrypoints/heap_snapshot_worker: HeapSnapshotLoader.ts (the order of
 * keys), HeapSnapshot.ts (calculateObjectNames, calculateShallowSizes, calculateDistances,
 * computeIsEssentialEdge), AllocationProfile.ts; memlab, packages/core/src/lib:
 * HeapParser.ts, Utils.ts (isRootNode).
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "detect/detect.h"
#include "explain/outline.h"
#include "explain/types.h"
#include "report/json_stream.h"
#include "report/profile.h"
#include "report/writers.h"
#include "util/text.h"
#include "util/texts.h"

/* Indices into node_types and edge_types, below. */
enum { NODE_OBJECT = 3, NODE_NATIVE = 8, NODE_SYNTHETIC = 9 };
enum { EDGE_ELEMENT = 1, EDGE_PROPERTY = 2, EDGE_INTERNAL = 3, EDGE_WEAK = 6 };

enum {
	NODE_FIELDS = 7,
	N_KINDS = 32,   /* of roots */
	INDEXED = 4096, /* bytes beyond which words have numbers, not offsets, for names */
	ROOT_ID = 1,
	GC_ROOTS = 1, /* nodes; 0 is the root */
	FIRST_KIND = 2,
};

static const char meta[] =
	"{\"node_fields\":[\"type\",\"name\",\"id\",\"self_size\",\"edge_count\","
	"\"trace_node_id\",\"detachedness\"],\"node_types\":[[\"hidden\",\"array\","
	"\"string\","
	"\"object\",\"code\",\"closure\",\"regexp\",\"number\",\"native\",\"synthetic\","
	"\"concatenated string\",\"sliced string\",\"symbol\",\"bigint\",\"object "
	"shape\","
	"\"wasm "
	"object\"],\"string\",\"number\",\"number\",\"number\",\"number\",\"number\"],"
	"\"edge_fields\":[\"type\",\"name_or_index\",\"to_node\"],\"edge_types\":[["
	"\"context\","
	"\"element\",\"property\",\"internal\",\"hidden\",\"shortcut\",\"weak\"],"
	"\"string_or_number\",\"node\"],\"trace_function_info_fields\":[\"function_id\","
	"\"name\",\"script_name\",\"script_id\",\"line\",\"column\"],\"trace_node_"
	"fields\":["
	"\"id\",\"function_info_index\",\"count\",\"size\",\"children\"],\"sample_"
	"fields\":["
	"\"timestamp_us\",\"last_assigned_id\"],\"location_fields\":[\"object_index\","
	"\"script_id\",\"line\",\"column\"]}";

static const char *const group_names[OUTLINE_N_GROUPS] = {
	[OUTLINE_DEFINITE] = "(lost: definite)",
	[OUTLINE_IGNORED] = "(ignored, and not reachable)",
	[OUTLINE_INDIRECT] = "(lost: indirect)",
	[OUTLINE_ALL] = "(all blocks: the snapshot has no pointers)",
};

struct writer {
	const struct report *r;
	const struct heap *h;
	FILE *f;
	struct names *names;
	const struct types *types;
	struct types *own_types; /* to be freed, or NULL */
	struct outline *outline;
	struct profile *profile;
	struct texts strings; /* numbers from 0 on in the file */
	bool failed;          /* no memory */
	bool has_begun;       /* an array: a comma comes next */

	/* Nodes: where each sort of them begins, and who is left out. */
	uint32_t kinds[N_KINDS], groups[OUTLINE_N_GROUPS]; /* node, or 0 */
	uint32_t n_kinds, n_groups;
	uint32_t first_place, first_block, first_rest, n_nodes;
	/* In use: open addressing, at most half full; 0 = empty.  Not a hash_index: what is
	 * kept is the key itself, in 4 bytes. */
	uint32_t *ids;
	uint32_t ids_mask;

	uint32_t *type_names;               /* by type: string + 1 */
	uint32_t offset_names[INDEXED + 1]; /* by byte: string + 1 */

	/* By node of the calling-context tree, n_nodes + 1 stands for its root. */
	uint64_t *stacks;    /* hash of the stack */
	uint32_t *trace_ids; /* of the outermost frame; inner ones follow; 0 = has none */
	uint32_t *children, *siblings; /* UINT32_MAX: none */
	struct heap_count *counts;     /* allocated at exactly this node */
};

/* ---- strings ---- */

/* The number of a text, which it takes over; NULL is no memory. */
static uint32_t
intern_new(struct writer *w, char *text)
{
	uint32_t number = texts_take(&w->strings, text);

	if (number)
		return number - 1;
	w->failed = true;
	return 0;
}

static uint32_t
intern(struct writer *w, const char *text)
{
	return intern_new(w, text_utf8(text, strlen(text), true));
}

/* ---- numbers ---- */

static void
put_number(struct writer *w, uint64_t v)
{
	char digits[20];
	size_t n = 0;

	do
		digits[n++] = (char)('0' + v % 10);
	while (v /= 10);
	while (n > 0)
		putc_unlocked(digits[--n], w->f);
}

/* A line of an array of numbers. */
static void
put_row(struct writer *w, const uint64_t *row, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (w->has_begun)
			putc_unlocked(',', w->f);
		w->has_begun = true;
		put_number(w, row[i]);
	}
	putc_unlocked('\n', w->f);
}

static void
begin_array(struct writer *w, const char *name)
{
	fprintf(w->f, ",\n\"%s\":[", name);
	w->has_begun = false;
}

/* ---- identity ---- */

/* Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014. */
static uint64_t
mix(uint64_t v)
{
	v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9ull;
	v = (v ^ v >> 27) * 0x94d049bb133111ebull;
	return v ^ v >> 31;
}

/* Of the addresses in each stack: they stay the same while the process lives, numbers of
 * sites and modules need not. */
static int
hash_stacks(struct writer *w)
{
	const struct heap *h = w->h;

	w->stacks = calloc((size_t)h->n_nodes + 1, sizeof(*w->stacks));
	for (uint32_t i = 1; w->stacks && i <= h->n_nodes; i++) {
		const struct heap_node *n = &h->nodes[i];
		uint64_t address = n->offset + h->modules[n->module].bias;

		w->stacks[i] =
			mix(w->stacks[n->parent] + mix(address ^ (uint64_t)n->flags << 56));
	}
	return w->stacks ? 0 : -1;
}

static int
ids_init(struct writer *w)
{
	size_t size = 16;

	while (size < 2 * (size_t)w->n_nodes)
		size *= 2;
	w->ids = calloc(size, sizeof(*w->ids));
	w->ids_mask = (uint32_t)(size - 1);
	return w->ids ? 0 : -1;
}

static bool
is_taken(struct writer *w, uint32_t id)
{
	uint32_t at = (uint32_t)mix(id) & w->ids_mask;

	while (w->ids[at] && w->ids[at] != id)
		at = (at + 1) & w->ids_mask;
	if (w->ids[at])
		return true;
	w->ids[at] = id;
	return false;
}

static uint32_t
id_of_hash(struct writer *w, uint64_t hash)
{
	uint32_t id = (uint32_t)(hash >> 32) | 1;

	while (is_taken(w, id))
		id += 2;
	return id;
}

/* what: of the block itself its size; of one that stands for many, of all of them. */
static uint64_t
hash_of_block(const struct writer *w, uint32_t block, uint64_t what)
{
	const struct heap_block *b = &w->h->blocks[block];
	const struct heap_birth *birth = &w->h->births[b->birth];
	uint64_t hash = mix(w->stacks[b->site] + heap_block_address(b));

	hash = mix(hash + what);
	return mix(hash + mix(birth->is_known ? birth->epoch + 1 : 0) +
		   w->h->threads[birth->thread].tid);
}

/* ---- sizes ---- */

/* What the filters leave out is there, as others may be held by it, but has no size. */
static uint64_t
block_bytes(const struct writer *w, uint32_t block)
{
	const struct heap_block *b = &w->h->blocks[block];

	return heap_filter_passes(w->h, &w->r->options.filter, b->birth)
		       ? heap_block_requested(b)
		       : 0;
}

/* Nodes that a block's size takes besides its own: one for each further 4 GiB. */
static uint32_t
n_rests(const struct writer *w, uint32_t block)
{
	uint64_t bytes = block_bytes(w, block);

	return bytes ? (uint32_t)((bytes - 1) / UINT32_MAX) : 0;
}

/* ---- which nodes there are ---- */

static uint32_t
kind_of(const struct writer *w, const struct outline_place *p)
{
	uint32_t kind = w->h->roots[p->root].kind;

	return kind < N_KINDS && graph_root_name(kind) ? kind : HEAPFILE_ROOT_OTHER;
}

static void
number_nodes(struct writer *w)
{
	const struct outline *o = w->outline;
	uint32_t next = FIRST_KIND;
	bool has[N_KINDS] = {false};

	for (size_t i = 0; i < o->n_places; i++)
		has[kind_of(w, &o->places[i])] = true;
	for (uint32_t i = 0; i < N_KINDS; i++)
		if (has[i])
			w->kinds[i] = next++;
	w->n_kinds = next - FIRST_KIND;
	w->first_place = next;
	next += (uint32_t)o->n_places;
	for (int i = 0; i < OUTLINE_N_GROUPS; i++)
		if (o->n_in_group[i]) {
			w->groups[i] = next++;
			w->n_groups++;
		}
	w->first_block = next;
	w->first_rest = w->first_block + o->n_left;
	next = w->first_rest;
	for (uint32_t b = 0; b < w->h->n_blocks; b++)
		next += n_rests(w, b);
	w->n_nodes = next;
}

static uint64_t
count_edges(const struct writer *w)
{
	const struct outline *o = w->outline;
	uint64_t n = 1 + w->n_groups + w->n_kinds + o->n_places + o->n_root_edges;

	for (int i = 0; i < OUTLINE_N_GROUPS; i++)
		n += o->n_in_group[i];
	if (w->h->has_roots)
		n += w->h->edges.first[w->h->n_blocks];
	/* What has been folded into others had one edge each. */
	n -= w->h->n_blocks - o->n_left;
	return n + w->n_nodes - w->first_rest;
}

static uint64_t
count_left(const struct outline *o, uint64_t first, uint64_t end)
{
	uint64_t n = 0;

	if (!o->leads)
		return end - first;
	for (uint64_t i = first; i < end; i++)
		n += outline_has(o, o->heap->edges.targets[i]);
	return n;
}

/* ---- nodes ---- */

static void
put_node(struct writer *w, unsigned type, uint32_t name, uint32_t id, uint64_t bytes,
	 uint64_t n_edges, uint32_t trace)
{
	const uint64_t row[NODE_FIELDS] = {type, name, id, bytes, n_edges, trace, 0};

	put_row(w, row, NODE_FIELDS);
}

static void
put_synthetic(struct writer *w, const char *name, uint32_t node, uint64_t n_edges)
{
	put_node(w, NODE_SYNTHETIC, intern(w, name), 2 * node, 0, n_edges, 0);
}

static void
put_kinds(struct writer *w)
{
	const struct outline *o = w->outline;
	uint64_t n_places[N_KINDS] = {0};
	char name[64];

	for (size_t i = 0; i < o->n_places; i++)
		n_places[kind_of(w, &o->places[i])]++;
	for (uint32_t i = 0; i < N_KINDS; i++) {
		if (!w->kinds[i])
			continue;
		snprintf(name, sizeof(name), "(%s)", graph_root_name(i));
		put_synthetic(w, name, w->kinds[i], n_places[i]);
	}
}

static void
put_places(struct writer *w)
{
	const struct heap *h = w->h;

	for (size_t i = 0; i < w->outline->n_places; i++) {
		const struct outline_place *p = &w->outline->places[i];
		char *name = names_root(w->names, &h->roots[p->root],
					edges_word(&h->edges, p->first), NAMES_WHOLE);

		put_synthetic(w, name ? name : "(unknown)", w->first_place + (uint32_t)i,
			      count_left(w->outline, p->first, p->first + p->n));
		free(name);
	}
}

static uint64_t
count_group(const struct writer *w, enum outline_group group)
{
	const struct outline *o = w->outline;
	uint64_t n = 0;

	for (uint32_t b = 0; b < w->h->n_blocks; b++)
		n += outline_group(o, b) == group && outline_has(o, b);
	return n;
}

/* "Session", or "Session (12000 blocks)" */
static uint32_t
block_name(struct writer *w, uint32_t block)
{
	uint32_t type = types_of_block(w->types, block),
		 count = outline_count(w->outline, block);
	const char *name = types_name(w->types, type);
	char *text = NULL;

	if (count > 1) {
		if (asprintf(&text, "%s (%" PRIu32 " blocks)", name, count) < 0)
			text = NULL;
		name = text;
	} else if (w->type_names[type]) {
		return w->type_names[type] - 1;
	}
	count = name ? intern(w, name) : intern_new(w, NULL);
	if (!text)
		w->type_names[type] = count + 1;
	free(text);
	return count;
}

static unsigned
node_type(const struct writer *w, uint32_t name)
{
	return w->failed || strcmp(w->strings.list[name + 1], "Object") != 0 ? NODE_OBJECT
									     : NODE_NATIVE;
}

static uint32_t
trace_of_site(const struct writer *w, uint32_t site)
{
	uint32_t node = stack_top(w->h, site);

	while (node && !w->profile->nodes[node].n)
		node = w->h->nodes[node].parent;
	return w->profile->nodes[node].n
		       ? w->trace_ids[node] + w->profile->nodes[node].n - 1
		       : 0;
}

static void
put_block(struct writer *w, uint32_t block)
{
	const struct outline *o = w->outline;
	const uint64_t *first = w->h->edges.first;
	bool is_many = outline_count(o, block) > 1;
	uint64_t bytes = is_many ? o->sizes[block] : block_bytes(w, block);
	uint64_t what = is_many ? mix(outline_count(o, block)) + bytes
				: heap_block_requested(&w->h->blocks[block]);
	uint64_t n_edges =
		w->h->has_roots ? count_left(o, first[block], first[block + 1]) : 0;
	uint32_t name = block_name(w, block);

	put_node(w, node_type(w, name), name, id_of_hash(w, hash_of_block(w, block, what)),
		 bytes < UINT32_MAX ? bytes : UINT32_MAX, n_edges + n_rests(w, block),
		 trace_of_site(w, w->h->blocks[block].site));
}

static void
put_rests(struct writer *w, uint32_t block)
{
	uint64_t left = block_bytes(w, block);
	uint32_t name = block_name(w, block);

	for (uint32_t n = n_rests(w, block); n > 0; n--) {
		left -= UINT32_MAX;
		put_node(w, NODE_OBJECT, name, id_of_hash(w, hash_of_block(w, block, left)),
			 left < UINT32_MAX ? left : UINT32_MAX, 0,
			 trace_of_site(w, w->h->blocks[block].site));
	}
}

static void
put_nodes(struct writer *w)
{
	const struct outline *o = w->outline;

	begin_array(w, "nodes");
	/* memlab knows the root by its id. */
	(void)is_taken(w, ROOT_ID);
	put_node(w, NODE_SYNTHETIC, intern(w, ""), ROOT_ID, 0, 1 + (uint64_t)w->n_groups,
		 0);
	put_synthetic(w, "(GC roots)", GC_ROOTS, w->n_kinds);
	put_kinds(w);
	put_places(w);
	for (int i = 0; i < OUTLINE_N_GROUPS; i++)
		if (w->groups[i] && group_names[i])
			put_synthetic(w, group_names[i], w->groups[i],
				      count_group(w, (enum outline_group)i));
	for (uint32_t b = 0; b < w->h->n_blocks && !ferror(w->f); b++)
		if (outline_has(o, b))
			put_block(w, b);
	for (uint32_t b = 0; w->n_nodes > w->first_rest && b < w->h->n_blocks; b++)
		put_rests(w, b);
	fputc(']', w->f);
}

/* ---- edges ---- */

static void
put_edge(struct writer *w, unsigned type, uint64_t name, uint32_t node)
{
	const uint64_t row[] = {type, name, (uint64_t)node * NODE_FIELDS};

	put_row(w, row, 3);
}

static uint32_t
offset_name(struct writer *w, uint64_t offset)
{
	char text[32] = "(further on)";
	uint64_t i = offset < INDEXED ? offset : INDEXED;

	if (!w->offset_names[i]) {
		if (offset < INDEXED)
			snprintf(text, sizeof(text), "+0x%" PRIx64, offset);
		w->offset_names[i] = intern(w, text) + 1;
	}
	return w->offset_names[i] - 1;
}

/* A pointer in something of so many bytes. */
static void
put_pointer(struct writer *w, uint32_t target, uint64_t offset, uint64_t bytes, bool is_weak)
{
	const struct outline *o = w->outline;
	uint32_t node;

	if (!outline_has(o, target))
		return;
	node = w->first_block + outline_number(o, target);
	if (is_weak)
		put_edge(w, EDGE_WEAK, offset_name(w, offset), node);
	else if (bytes > INDEXED || offset >= INDEXED)
		put_edge(w, EDGE_ELEMENT, offset / 8, node);
	else
		put_edge(w, EDGE_PROPERTY, offset_name(w, offset), node);
}

static void
put_root_edges(struct writer *w)
{
	const struct outline *o = w->outline;
	uint32_t index = 1;

	put_edge(w, EDGE_ELEMENT, index++, GC_ROOTS);
	for (int i = 0; i < OUTLINE_N_GROUPS; i++)
		if (w->groups[i])
			put_edge(w, EDGE_ELEMENT, index++, w->groups[i]);
	index = 1;
	for (uint32_t i = 0; i < N_KINDS; i++)
		if (w->kinds[i])
			put_edge(w, EDGE_ELEMENT, index++, w->kinds[i]);
	for (uint32_t i = 0; i < N_KINDS; i++) {
		index = 1;
		for (size_t j = 0; w->kinds[i] && j < o->n_places; j++)
			if (kind_of(w, &o->places[j]) == i)
				put_edge(w, EDGE_ELEMENT, index++,
					 w->first_place + (uint32_t)j);
	}
}

static void
put_place_edges(struct writer *w, const struct outline_place *p)
{
	const struct edges *e = &w->h->edges;

	for (uint64_t i = p->first; i < p->first + p->n; i++) {
		uint64_t address = w->h->roots[p->root].address + 8ull * edges_word(e, i);

		put_pointer(w, e->targets[i], address > p->start ? address - p->start : 0,
			    p->bytes, false);
	}
}

static void
put_group_edges(struct writer *w, enum outline_group group)
{
	const struct outline *o = w->outline;
	uint32_t index = 1;

	for (uint32_t b = 0; b < w->h->n_blocks; b++)
		if (outline_group(o, b) == group && outline_has(o, b))
			put_edge(w, EDGE_ELEMENT, index++,
				 w->first_block + outline_number(o, b));
}

static void
put_block_edges(struct writer *w, uint32_t block, uint32_t *rest)
{
	const struct outline *o = w->outline;
	const struct edges *e = &w->h->edges;
	uint64_t bytes = heap_block_requested(&w->h->blocks[block]);
	bool is_held = outline_is_held(o, block);
	uint64_t first = w->h->has_roots ? e->first[block] : 0;
	uint64_t end = w->h->has_roots ? e->first[block + 1] : 0;

	for (uint64_t i = first; i < end; i++)
		put_pointer(w, e->targets[i], 8ull * edges_word(e, i), bytes,
			    !is_held && outline_is_held(o, e->targets[i]));
	for (uint32_t n = n_rests(w, block); n > 0; n--)
		put_edge(w, EDGE_INTERNAL, intern(w, "beyond 4 GiB"), (*rest)++);
}

static void
put_edges(struct writer *w)
{
	const struct outline *o = w->outline;
	uint32_t rest = w->first_rest;

	begin_array(w, "edges");
	put_root_edges(w);
	for (size_t i = 0; i < o->n_places; i++)
		put_place_edges(w, &o->places[i]);
	for (int i = 0; i < OUTLINE_N_GROUPS; i++)
		if (w->groups[i])
			put_group_edges(w, (enum outline_group)i);
	for (uint32_t b = 0; b < w->h->n_blocks && !ferror(w->f); b++)
		if (outline_has(o, b))
			put_block_edges(w, b, &rest);
	fputc(']', w->f);
}

/* ---- where blocks were allocated ---- */

/* The root of the tree of calls; node 0 is a leaf, for what is of no known place. */
static uint32_t
tree_root(const struct writer *w)
{
	return w->h->n_nodes + 1;
}

/* The closest caller that has frames. */
static uint32_t
tree_parent(const struct writer *w, uint32_t node)
{
	if (node)
		do
			node = w->h->nodes[node].parent;
		while (node && !w->profile->nodes[node].n);
	return node ? node : tree_root(w);
}

static void
count_allocations(struct writer *w)
{
	const struct profile *p = w->profile;

	for (size_t i = 0; i < p->n_rows; i++) {
		uint32_t node = stack_top(w->h, p->rows[i]);
		uint64_t blocks = profile_value(p, p->rows[i], PROFILE_ALLOCATIONS);
		uint64_t bytes = profile_value(p, p->rows[i], PROFILE_ALLOCATED_BYTES);
		uint64_t live = profile_value(p, p->rows[i], PROFILE_LIVE_BLOCKS);
		uint64_t live_bytes = profile_value(p, p->rows[i], PROFILE_LIVE_BYTES);

		/* What lives has been allocated, whether that was counted or not. */
		w->counts[node].blocks += blocks > live ? blocks : live;
		w->counts[node].bytes += bytes > live_bytes ? bytes : live_bytes;
	}
}

static int
tree_init(struct writer *w)
{
	size_t n = (size_t)w->h->n_nodes + 2;
	uint32_t next = 2;

	w->trace_ids = calloc(n, sizeof(*w->trace_ids));
	w->children = malloc(n * sizeof(*w->children));
	w->siblings = malloc(n * sizeof(*w->siblings));
	w->counts = calloc(n, sizeof(*w->counts));
	if (!w->trace_ids || !w->children || !w->siblings || !w->counts)
		return -1;
	memset(w->children, 0xff, n * sizeof(*w->children));
	memset(w->siblings, 0xff, n * sizeof(*w->siblings));
	for (uint32_t i = w->h->n_nodes + 1; i-- > 0;) {
		uint32_t parent = tree_parent(w, i);

		if (!w->profile->nodes[i].n)
			continue;
		w->trace_ids[i] = next;
		next += w->profile->nodes[i].n;
		w->siblings[i] = w->children[parent];
		w->children[parent] = i;
	}
	count_allocations(w);
	return 0;
}

static void
put_functions(struct writer *w)
{
	const struct profile *p = w->profile;
	const uint64_t root[] = {0, intern(w, "(root)"), intern(w, ""), 0, 0, 0};

	begin_array(w, "trace_function_infos");
	put_row(w, root, 6);
	for (size_t i = 0; i < p->n_frames; i++) {
		const struct profile_frame *x = &p->frames[i];
		uint32_t file = intern(w, x->file ? x->file : "");
		/* DevTools shows files of scripts with a number only. */
		const uint64_t row[] = {i + 1,   intern(w, x->name),
					file,    x->file ? file + 1 : 0,
					x->line, x->line != 0};

		put_row(w, row, 6);
	}
	fputc(']', w->f);
}

/* The frames of a node, outermost first, one inside the other. */
static void
open_calls(struct writer *w, uint32_t node)
{
	const struct profile_node *x = &w->profile->nodes[node];

	for (uint32_t i = 0; i < x->n; i++) {
		uint32_t frame = w->profile->frame_numbers[x->first + x->n - 1 - i];
		bool is_last = i == x->n - 1;

		fprintf(w->f, "%" PRIu32 ",%" PRIu32 ",%" PRIu64 ",%" PRIu64 ",[",
			w->trace_ids[node] + i, frame + 1,
			is_last ? w->counts[node].blocks : 0,
			is_last ? w->counts[node].bytes : 0);
	}
}

static void
close_calls(struct writer *w, uint32_t node)
{
	for (uint32_t i = 0; i < w->profile->nodes[node].n; i++)
		fputc(']', w->f);
}

static void
put_tree(struct writer *w)
{
	uint32_t root = tree_root(w), node = w->children[root];

	fputs(",\n\"trace_tree\":[1,0,0,0,[", w->f);
	while (node != UINT32_MAX) {
		open_calls(w, node);
		if (node && w->children[node] != UINT32_MAX) {
			node = w->children[node];
			continue;
		}
		close_calls(w, node);
		while (node != root && w->siblings[node] == UINT32_MAX) {
			node = tree_parent(w, node);
			if (node != root)
				close_calls(w, node);
		}
		if (node == root)
			break;
		fputs(",\n", w->f);
		node = w->siblings[node];
	}
	fputs("]]", w->f);
}

/* ---- the whole ---- */

static void
put_strings(struct writer *w)
{
	bool has_begun = false;

	fputs(",\n\"strings\":[", w->f);
	for (uint32_t i = 1; i <= w->strings.numbers.n && !ferror(w->f); i++) {
		json_stream_next(w->f, &has_begun);
		json_stream_text(w->f, w->strings.list[i]);
	}
	fputs("]}\n", w->f);
}

static void
put_all(struct writer *w)
{
	fprintf(w->f,
		"{\"snapshot\":{\"meta\":%s,\"node_count\":%" PRIu32
		",\"edge_count\":%" PRIu64 ",\"trace_function_count\":%zu}",
		meta, w->n_nodes, count_edges(w), w->profile->n_frames + 1);
	put_nodes(w);
	put_edges(w);
	put_functions(w);
	put_tree(w);
	fputs(",\n\"samples\":[],\n\"locations\":[]", w->f);
	put_strings(w);
}

/* What is lost hangs beneath the leaders that findings name. */
static int
make_outline(struct writer *w)
{
	const struct report *r = w->r;
	struct graph *g = NULL;

	if (w->h->has_roots) {
		g = graph_new(w->h, &r->options.graph, NULL, NULL);
		if (!g || detect_lead(g, r->symbols) != 0) {
			graph_free(g);
			return -1;
		}
	}
	w->outline =
		outline_new(w->h, g, w->names, w->types, &r->options.filter, OUTLINE_MOST);
	graph_free(g);
	return w->outline ? 0 : -1;
}

static int
writer_init(struct writer *w)
{
	const struct report *r = w->r;

	w->names = names_new(w->h, r->symbols);
	if (!w->names)
		return -1;
	w->types = r->findings->types;
	if (!w->types)
		w->types = w->own_types = types_new(w->h, w->names, NULL);
	if (!w->types)
		return -1;
	w->type_names = calloc((size_t)w->types->n + 1, sizeof(*w->type_names));
	w->profile = profile_new(r);
	if (!w->type_names || !w->profile || make_outline(w) || hash_stacks(w) ||
	    tree_init(w))
		return -1;
	number_nodes(w);
	return ids_init(w);
}

static void
writer_fini(struct writer *w)
{
	texts_fini(&w->strings);
	outline_free(w->outline);
	profile_free(w->profile);
	types_free(w->own_types);
	names_free(w->names);
	free(w->ids);
	free(w->type_names);
	free(w->stacks);
	free(w->trace_ids);
	free(w->children);
	free(w->siblings);
	free(w->counts);
}

int
report_write_heapsnapshot(const struct report *r, FILE *f)
{
	struct writer *w = calloc(1, sizeof(*w));
	int failed = -1;

	if (!w)
		return -1;
	*w = (struct writer){.r = r, .h = r->heap, .f = f};
	if (writer_init(w) == 0) {
		put_all(w);
		failed = w->failed ? -1 : 0;
	}
	writer_fini(w);
	free(w);
	return failed;
}
