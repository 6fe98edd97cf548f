/* libc.c -- see libc.h.
 *
 * INVARIANT  nothing here calls a function that libc.def lists: it runs before these
 * are known.  Makefile.am keeps the compiler from making such calls of loops.
 *
 * SPDX-License-Identifier: MIT
 */
#include "libc.h"
#include "arch.h"

#include <elf.h>
#include <link.h>

/* What is needed of an object's dynamic section. */
struct object {
	uintptr_t bias;
	const ElfW(Sym) * symbols;
	const char *strings;
	const uint32_t *hash;          /* DT_GNU_HASH */
	const ElfW(Versym) * versions; /* NULL: has none */
	const char *soname;
};

static bool
is_same(const char *a, const char *b)
{
	for (; *a && *a == *b; a++, b++)
		;
	return *a == *b;
}

/* The loader turns addresses into those of the process, but where the section cannot
 * be written. */
static uintptr_t
address_in(const struct link_map *map, uintptr_t value)
{
	return value < map->l_addr ? map->l_addr + value : value;
}

static bool
read_object(const struct link_map *map, struct object *ret)
{
	const ElfW(Dyn) * d;
	uintptr_t soname = 0;
	bool has_soname = false;

	*ret = (struct object){.bias = map->l_addr};
	for (d = map->l_ld; d && d->d_tag != DT_NULL; d++) {
		uintptr_t at = address_in(map, d->d_un.d_ptr);

		if (d->d_tag == DT_SYMTAB)
			ret->symbols = (const void *)at;
		else if (d->d_tag == DT_STRTAB)
			ret->strings = (const void *)at;
		else if (d->d_tag == DT_GNU_HASH)
			ret->hash = (const void *)at;
		else if (d->d_tag == DT_VERSYM)
			ret->versions = (const void *)at;
		else if (d->d_tag == DT_SONAME)
			soname = d->d_un.d_val, has_soname = true;
	}
	if (!ret->symbols || !ret->strings || !ret->hash)
		return false;
	ret->soname = has_soname ? ret->strings + soname : "";
	return true;
}

static void *
address_of(const struct object *o, const ElfW(Sym) * sym)
{
	uintptr_t at = o->bias + sym->st_value;

	if (ELF64_ST_TYPE(sym->st_info) == STT_GNU_IFUNC)
		at = ((uintptr_t(*)(void))at)();
	return (void *)at;
}

static const ElfW(Sym) * symbol_in(const struct object *o, const char *name)
{
	enum { HIDDEN_VERSION = 0x8000 }; /* an older one than the usual */
	const uint32_t n_buckets = o->hash[0], first = o->hash[1], n_words = o->hash[2];
	const uint32_t *buckets = o->hash + 4 + (size_t)2 * n_words,
		       *chain = buckets + n_buckets;
	uint32_t hash = 5381, i;
	const char *c;

	for (c = name; *c; c++)
		hash = hash * 33 + (uint8_t)*c;
	i = n_buckets ? buckets[hash % n_buckets] : 0;
	for (; i >= first; i++) {
		uint32_t h = chain[i - first];
		const ElfW(Sym) *sym = &o->symbols[i];

		if ((h | 1) == (hash | 1) && sym->st_shndx != SHN_UNDEF &&
		    !(o->versions && o->versions[i] & HIDDEN_VERSION) &&
		    is_same(o->strings + sym->st_name, name))
			return sym;
		if (h & 1)
			break;
	}
	return NULL;
}

static void *
find_in(const struct object *o, const char *name)
{
	const ElfW(Sym) *sym = symbol_in(o, name);

	return sym ? address_of(o, sym) : NULL;
}

bool
libc_is_defined_in_any(const char *name)
{
	const struct link_map *map;
	struct object o;

	for (map = _r_debug.r_map; map; map = map->l_next)
		if (read_object(map, &o) && symbol_in(&o, name))
			return true;
	return false;
}

/* The C library and the loader, in that order. */
enum { N_OBJECTS = 2 };
static struct object objects[N_OBJECTS];

static void
find_objects(void)
{
	static const char *const names[N_OBJECTS] = {"libc.so.6", ARCH_GLIBC_LOADER};
	const struct link_map *map;
	struct object o;
	int i;

	for (map = _r_debug.r_map; map; map = map->l_next)
		for (i = 0; i < N_OBJECTS && read_object(map, &o); i++)
			if (!objects[i].hash && is_same(o.soname, names[i]))
				objects[i] = o;
}

void *
libc_find(const char *name)
{
	void *f = NULL;
	int i;

	if (!objects[0].hash)
		find_objects();
	for (i = 0; i < N_OBJECTS && !f; i++)
		if (objects[i].hash)
			f = find_in(&objects[i], name);
	return f;
}

/* ---- the names ------------------------------------------------------------- */

/* No C library that has the others lacks one; a call would end here. */
static void
missing(void)
{
	__builtin_trap();
}

__attribute__((used)) static void *
resolve(const char *name)
{
	void *f = libc_find(name);

	return f ? f : (void *)missing;
}

#ifndef LIBC_AS /* tests/e2e/targets/stand-ins.c has another */
#define LIBC_AS(own, name) ARCH_INDIRECT_FUNCTION(own, name, resolve)
#endif
#define LIBC(name) LIBC_AS(name, name)
#include "libc.def"
