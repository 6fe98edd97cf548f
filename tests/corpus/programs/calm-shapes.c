/* calm-shapes.c -- hidden classes of a script engine: a hash table of varying size stands in
 * front of each, and all pointers, of objects, of the table of classes and of the chains in
 * it, lead behind that.
 *
 * Innocent: classes are made while the script is loaded, each by the first object that needs
 * it, at many places; all are in use until the end.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_SHAPES = 400, N_OBJECTS = 3000, N_BUCKETS = 128 };

struct shape {
	struct shape *next; /* of the same bucket */
	uint32_t n_slots, n_properties;
	uint64_t hash;
	char names[]; /* of properties */
};

struct object {
	uint64_t header;
	void *properties;
	struct shape *shape;
};

static struct shape *buckets[N_BUCKETS];
static struct object *objects[N_OBJECTS];

static NOINLINE void *
engine_malloc(size_t bytes)
{
	void *p = malloc(bytes);

	if (!p)
		abort();
	return memset(p, 0, bytes);
}

static NOINLINE struct shape *
shape_new(uint64_t hash, uint32_t n_properties)
{
	uint32_t n_slots = 4;
	struct shape *s;
	char *block;

	while (n_slots < 2 * n_properties)
		n_slots *= 2;
	block = engine_malloc(n_slots * sizeof(uint32_t) + sizeof *s + 24 * n_properties);
	s = (struct shape *)(block + n_slots * sizeof(uint32_t));
	s->n_slots = n_slots;
	s->n_properties = n_properties;
	s->hash = hash;
	s->next = buckets[hash % N_BUCKETS];
	buckets[hash % N_BUCKETS] = s;
	return s;
}

static struct shape *
shape_find(uint64_t hash)
{
	struct shape *s = buckets[hash % N_BUCKETS];

	while (s && s->hash != hash)
		s = s->next;
	return s;
}

static struct object *
object_of(uint64_t hash)
{
	struct object *o = engine_malloc(sizeof *o);

	o->shape = shape_find(hash);
	return o;
}

/* The ways to come by one. */
static NOINLINE struct object *
literal(uint64_t hash, uint32_t n)
{
	struct object *o = object_of(hash);

	if (!o->shape)
		o->shape = shape_new(hash, n);
	result_sink += o->shape->n_slots;
	return o;
}

static NOINLINE struct object *
function_object(uint64_t hash, uint32_t n)
{
	struct object *o = object_of(hash);

	if (!o->shape)
		o->shape = shape_new(hash, n + 2);
	result_sink += o->shape->n_properties;
	return o;
}

static NOINLINE struct object *
array_object(uint64_t hash, uint32_t n)
{
	struct object *o = object_of(hash);

	if (!o->shape)
		o->shape = shape_new(hash, n + 1);
	result_sink++;
	return o;
}

int
main(void)
{
	struct numbers n = {91};
	size_t i;

	for (i = 0; i < N_OBJECTS; i++) {
		uint64_t hash = i < N_SHAPES ? i * 2654435761u : below(&n, N_SHAPES) * 2654435761u;
		uint32_t properties = (uint32_t)(hash >> 7) % 40;

		objects[i] = i % 3 == 0   ? literal(hash, properties)
			     : i % 3 == 1 ? function_object(hash, properties)
					  : array_object(hash, properties);
	}
	for (i = 0; i < 60000; i++) {
		result_sink += objects[below(&n, N_OBJECTS)]->shape->n_slots;
		request_noise(&n, 700);
	}
	return 0;
}
