/* types.c -- the type of each block, and what each type holds.
 *
 * In:   a heap, names, the dominator tree.
 * Out:  struct types.
 * Not here: words for containers (containers.c), shapes (shapes.c).
 *
 * Blocks are put into classes first.  Of what a vtable or a container names, a class
 * is a name; of the rest it is a call: the place in a function of the program from
 * which the allocation was made, so that the table and its entries, both allocated by
 * one function, can have different shapes, and a function that calls itself has one
 * class on all its levels.  Then classes with one name become one type.
 *
 * SPDX-License-Identifier: MIT
 */
#include "explain/types.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names/containers.h"
#include "names/function_names.h"
#include "names/shapes.h"
#include "util/hash_index.h"
#include "util/text.h"
#include "util/vec.h"

/* Nodes of a stack that are read first; only a stack that is all library needs
 * the rest.  Places ahead of which memory is asked for. */
enum { FEW_NODES = 16, AHEAD = 16 };

/* What is called the same at the same place. */
struct class
{
	char *name;
	enum types_origin origin;
	uint32_t module; /* of the call; 0 unless origin is SITE and only a function */
	uint64_t offset; /* is known */
};

struct work {
	const struct heap *heap;
	struct names *names;
	struct class *classes; /* from 1 */
	uint32_t n_classes, size;
	struct hash_index numbers; /* of classes */
	uint32_t *of_block;        /* class; later type */
};

/* ---- classes ---- */

static uint64_t
hash_class(const struct class *c)
{
	uint64_t hash = 0xcbf29ce484222325ull ^ c->offset ^ (uint64_t)c->module << 48;

	for (const char *p = c->name; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 0x100000001b3ull;
	return hash;
}

/* Who named it does not matter, but a call is no name. */
static bool
is_same(const void *work, uint32_t number, const void *key)
{
	const struct class *a = &((const struct work *)work)->classes[number], *b = key;

	return a->module == b->module && a->offset == b->offset &&
	       strcmp(a->name, b->name) == 0;
}

/* The number of a class, new or not; takes its name.  0: no memory, or no name. */
static uint32_t
intern(struct work *w, struct class c)
{
	uint32_t number = 0;

	if (c.name && VEC_RESERVE(w->classes, w->size, (uint64_t)w->n_classes + 2) == 0)
		number = hash_index_put(&w->numbers, hash_class(&c), is_same, w, &c);
	if (number > w->n_classes) {
		w->classes[++w->n_classes] = c;
		return number;
	}
	free(c.name);
	if (number && c.origin < w->classes[number].origin)
		w->classes[number].origin = c.origin;
	return number;
}

static void
forget_classes(struct work *w)
{
	for (uint32_t i = 1; i <= w->n_classes; i++)
		free(w->classes[i].name);
	free(w->classes);
	hash_index_fini(&w->numbers);
	w->classes = NULL;
	w->numbers = (struct hash_index){.n = 0};
	w->n_classes = w->size = 0;
}

/* ---- by site ---- */

/* "server+0x1234", or the words for a place without an address. */
static char *
place_text(const struct heap *h, const struct stack_frame *f)
{
	const char *path = text_basename(h->modules[f->module].path.bytes);
	char *module, *text = NULL;

	if (f->special)
		return strdup(f->special);
	module = text_utf8(path, strlen(path), true);
	if (!module || asprintf(&text, "%s+0x%" PRIx64, module, f->offset) < 0)
		text = NULL;
	free(module);
	return text;
}

/* The first frame without a name that is code of the program, as far as that can be
 * known of it; s->n if there is none. */
static size_t
unnamed_frame(const struct heap *h, const struct stack *s)
{
	size_t i = 0;

	while (i < s->n && !s->frames[i].special &&
	       (s->frames[i].function || stack_is_runtime(h, &s->frames[i]) ||
		names_is_inside(s, i)))
		i++;
	return i;
}

/* What a stack has of the program; it takes a while to find out. */
struct call {
	size_t named;   /* names_frame() */
	size_t unnamed; /* unnamed_frame() */
	bool is_own;    /* is the named one code of the program? */
};

static struct call
classify_call(const struct heap *h, const struct stack *s)
{
	struct call c;

	c.named = names_find_own(h, s, &c.is_own);
	c.unnamed = unnamed_frame(h, s);
	return c;
}

/* A call without a name that is closer says more than the function further out. */
static struct class class_of_call(const struct heap *h, const struct stack *s,
				  const struct call *call)
{
	size_t named = call->named, unnamed = call->unnamed;
	size_t i = unnamed < named ? unnamed : named < s->n ? named : 0;
	const struct stack_frame *f = &s->frames[i];
	struct class c = {NULL, TYPES_SITE, f->module, f->offset};
	char plain[256];

	if (f->function) {
		names_plain(f->function, plain, sizeof(plain));
		c.name = strdup(*plain ? plain : f->function);
	} else {
		c.name = place_text(h, f);
	}
	return c;
}

static uint32_t
class_of_stack(struct work *w, const struct stack *s, const struct call *call,
	       bool is_aligned)
{
	char *name = containers_role(s, is_aligned);

	if (name)
		return intern(w, (struct class){name, TYPES_CONTAINER, 0, 0});
	name = containers_made(s);
	if (name)
		return intern(w, (struct class){name, TYPES_SITE, 0, 0});
	return intern(w, class_of_call(w->heap, s, call));
}

static uint32_t
class_of_site(struct work *w, uint32_t site, bool is_aligned)
{
	struct symbols *symbols = names_symbols(w->names);
	struct call call;
	struct stack s;
	uint32_t class;

	if (stack_get_few(w->heap, symbols, site, FEW_NODES, &s) != 0)
		return 0;
	call = classify_call(w->heap, &s);
	if (symbols && !call.is_own && call.unnamed == s.n) {
		stack_free(&s);
		if (stack_get(w->heap, symbols, site, &s) != 0)
			return 0;
		call = classify_call(w->heap, &s);
	}
	class = class_of_stack(w, &s, &call, is_aligned);
	stack_free(&s);
	return class;
}

/* Each site is named when its first block is met. */
static int
classify_by_sites(struct work *w)
{
	const struct heap *h = w->heap;
	uint32_t *of_site = calloc((size_t)h->n_nodes + 1, sizeof(*of_site));
	bool ok = of_site != NULL;

	for (uint32_t b = 0; b < h->n_blocks && ok; b++) {
		uint32_t *class = &of_site[h->blocks[b].site];

		if (*class == 0)
			*class = class_of_site(w, h->blocks[b].site,
					       heap_block_kind(&h->blocks[b]) ==
						       HEAPFILE_KIND_ALIGNED);
		ok = *class != 0;
		w->of_block[b] = *class;
	}
	free(of_site);
	return ok ? 0 : -1;
}

/* ---- by vtable ---- */

/* The class of blocks that have this word; 0 if it leads to no vtable, or there is no
 * memory: then the site's will do. */
static uint32_t
class_of_object(struct work *w, uint32_t object, bool is_array)
{
	char *name = names_class(w->names, &w->heap->objects[object]), *text;
	bool is_container = false;

	if (!name)
		return 0;
	text = containers_class(name, &is_container);
	free(name);
	name = text;
	if (name && is_array && asprintf(&text, "%s[]", name) < 0)
		text = NULL;
	if (text != name)
		free(name);
	return intern(w, (struct class){text, is_container ? TYPES_CONTAINER : TYPES_VTABLE,
					0, 0});
}

/* A container's memory is its own, whatever it holds; but a shared_ptr's blocks are of
 * classes that say more than a stack. */
static bool
is_container(const struct class *c)
{
	return c->origin == TYPES_CONTAINER &&
	       strncmp(c->name, "std::shared_ptr", 15) != 0 &&
	       strncmp(c->name, "std::make_shared", 16) != 0;
}

static int
classify_by_vtables(struct work *w)
{
	const struct heap *h = w->heap;
	/* By object, alone and as an array's; UINT32_MAX: not asked yet. */
	uint32_t *classes = malloc((h->n_objects * 2 + 1) * sizeof(*classes));

	if (!classes)
		return -1;
	for (size_t i = 0; i < h->n_objects * 2; i++)
		classes[i] = UINT32_MAX;
	for (size_t i = 0; i < h->n_object_words; i++) {
		const struct heap_object_word *o = &h->object_words[i];
		bool is_array =
			heap_block_kind(&h->blocks[o->block]) == HEAPFILE_KIND_NEW_ARRAY;
		uint64_t word = h->objects[o->object].word;
		uint32_t *class = &classes[(size_t)o->object * 2 + is_array];

		/* An array may begin with the number of its elements. */
		if (word > is_array || (i > 0 && h->object_words[i - 1].block == o->block) ||
		    is_container(&w->classes[w->of_block[o->block]]))
			continue;
		if (*class == UINT32_MAX)
			*class = class_of_object(w, o->object, is_array);
		if (*class)
			w->of_block[o->block] = *class;
	}
	free(classes);
	return 0;
}

/* ---- from classes to types ---- */

/* "tree node, allocated in insert" */
static char *
name_of_call(const struct class *c, enum shape shape)
{
	const char *what = shape == SHAPE_NONE ? "unknown type" : shape_name(shape);
	char *text = NULL;

	return asprintf(&text, "%s, allocated in %s", what, c->name) < 0 ? NULL : text;
}

static bool
is_call(const struct class *c)
{
	return c->origin == TYPES_SITE && (c->module != 0 || c->offset != 0);
}

static uint8_t *
find_shapes(const struct work *w)
{
	bool *wanted = calloc((size_t)w->n_classes + 1, sizeof(*wanted));
	uint8_t *shapes = NULL;

	for (uint32_t i = 1; wanted && i <= w->n_classes; i++)
		wanted[i] = is_call(&w->classes[i]);
	if (wanted)
		shapes = shapes_find(w->heap, w->of_block, w->n_classes, wanted);
	free(wanted);
	return shapes;
}

/* Blocks get the class of their type's name. */
static int
join_names(struct work *w)
{
	struct work joined = {.heap = w->heap};
	uint32_t *types = calloc((size_t)w->n_classes + 1, sizeof(*types));
	uint8_t *shapes = find_shapes(w);
	bool ok = types && shapes;

	for (uint32_t i = 1; ok && i <= w->n_classes; i++) {
		const struct class *c = &w->classes[i];
		struct class named = {NULL, c->origin, 0, 0};

		if (is_call(c) && shapes[i] != SHAPE_NONE)
			named.origin = TYPES_SHAPE;
		named.name = is_call(c) ? name_of_call(c, shapes[i]) : strdup(c->name);
		types[i] = intern(&joined, named);
		ok = types[i] != 0;
	}
	for (uint32_t b = 0; ok && b < w->heap->n_blocks; b++)
		w->of_block[b] = types[w->of_block[b]];
	free(types);
	free(shapes);
	forget_classes(w);
	w->classes = joined.classes;
	w->numbers = joined.numbers;
	w->n_classes = joined.n_classes;
	w->size = joined.size;
	return ok ? 0 : -1;
}

/* ---- counts ---- */

static void
count(struct types *t, uint64_t *most)
{
	const struct heap *h = t->heap;

	for (uint32_t b = 0; b < h->n_blocks; b++) {
		uint64_t bytes = heap_block_requested(&h->blocks[b]);
		uint32_t type = t->blocks[b];

		t->list[type].live.blocks++;
		t->list[type].live.bytes += bytes;
		if (t->list[type].live.blocks == 1 || bytes > most[type]) {
			most[type] = bytes;
			t->list[type].largest = b;
		}
	}
}

/* Of blocks that retain more than themselves the tree is asked; most do not.  A sweep
 * over it comes to blocks in no order, so that each is waited for if it is not asked
 * for in time. */
static void
find_largest(struct types *t, const struct dominators *d, uint64_t *most)
{
	for (uint32_t p = 1; p <= d->n; p++) {
		uint32_t block = d->blocks[p], type;

		if (p + AHEAD <= d->n && d->counts[p + AHEAD] > 1)
			__builtin_prefetch(&t->blocks[d->blocks[p + AHEAD]]);
		if (d->counts[p] == 1)
			continue;
		type = t->blocks[block];
		if (d->bytes[p] > most[type] ||
		    (d->bytes[p] == most[type] && block < t->list[type].largest)) {
			most[type] = d->bytes[p];
			t->list[type].largest = block;
		}
	}
}

static int
count_all(struct types *t, const struct dominators *d)
{
	uint64_t *most = calloc((size_t)t->n + 1, sizeof(*most));

	if (!most)
		return -1;
	count(t, most);
	if (d)
		find_largest(t, d, most);
	free(most);
	return 0;
}

static int
find_retained(struct types *t, const struct dominators *d)
{
	struct heap_count *retained = d ? dominators_by_kind(d, t->blocks, t->n) : NULL;

	for (uint32_t i = 1; retained && i <= t->n; i++)
		t->list[i].retained = retained[i];
	t->has_retained = retained != NULL;
	free(retained);
	return d && !t->has_retained ? -1 : 0;
}

/* ---- order ---- */

static int
compare_types(const void *a, const void *b)
{
	const struct type *x = a, *y = b;

	if (x->retained.bytes != y->retained.bytes)
		return x->retained.bytes < y->retained.bytes ? 1 : -1;
	if (x->live.bytes != y->live.bytes)
		return x->live.bytes < y->live.bytes ? 1 : -1;
	return strcmp(x->name, y->name);
}

/* Types that have no blocks, as a function's whose blocks all have vtables, go. */
static int
sort(struct types *t)
{
	uint32_t *numbers = calloc((size_t)t->n + 1, sizeof(*numbers));
	uint32_t n = 0;

	if (!numbers)
		return -1;
	for (uint32_t i = 1; i <= t->n; i++) {
		if (t->list[i].live.blocks == 0)
			free(t->list[i].name);
		else
			t->list[++n] = t->list[i];
	}
	t->n = n;
	if (n)
		qsort(&t->list[1], n, sizeof(*t->list), compare_types);
	/* A block of each says which number it had. */
	for (uint32_t i = 1; i <= n; i++)
		numbers[t->blocks[t->list[i].largest]] = i;
	for (uint32_t b = 0; b < t->heap->n_blocks; b++)
		t->blocks[b] = numbers[t->blocks[b]];
	free(numbers);
	return 0;
}

/* ---- the whole ---- */

/* Types out of classes, whose names they take. */
static struct types *
make_types(struct work *w, const struct dominators *d)
{
	struct types *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->heap = w->heap;
	t->list = calloc((size_t)w->n_classes + 1, sizeof(*t->list));
	if (!t->list) {
		free(t);
		return NULL;
	}
	t->n = w->n_classes;
	t->blocks = w->of_block;
	w->of_block = NULL;
	for (uint32_t i = 1; i <= t->n; i++) {
		t->list[i].name = w->classes[i].name;
		t->list[i].origin = w->classes[i].origin;
		w->classes[i].name = NULL;
	}
	if (count_all(t, d) != 0 || find_retained(t, d) != 0 || sort(t) != 0) {
		types_free(t);
		return NULL;
	}
	return t;
}

struct types *
types_new(const struct heap *heap, struct names *names, const struct dominators *d)
{
	struct work w = {.heap = heap, .names = names};
	struct types *t = NULL;

	w.of_block = malloc(((size_t)heap->n_blocks + 1) * sizeof(*w.of_block));
	if (w.of_block && classify_by_sites(&w) == 0 && classify_by_vtables(&w) == 0 &&
	    join_names(&w) == 0)
		t = make_types(&w, d);
	forget_classes(&w);
	free(w.of_block);
	return t;
}

void
types_free(struct types *t)
{
	if (!t)
		return;
	for (uint32_t i = 1; i <= t->n; i++)
		free(t->list[i].name);
	free(t->list);
	free(t->blocks);
	free(t);
}

uint32_t
types_named(const struct types *t, const char *name)
{
	for (uint32_t i = 1; i <= t->n; i++)
		if (strcmp(t->list[i].name, name) == 0)
			return i;
	return 0;
}

const char *
types_origin_name(enum types_origin origin)
{
	static const char *const names[] = {
		[TYPES_VTABLE] = "vtable",
		[TYPES_CONTAINER] = "container",
		[TYPES_SHAPE] = "shape",
		[TYPES_SITE] = "site",
	};

	return names[origin];
}
