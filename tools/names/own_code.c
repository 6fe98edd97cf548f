/* own_code.c -- which frames of a stack are the program's own code, and which a library's.
 *
 * In:   functions, files and modules of a stack.
 * Out:  whose a frame is.
 * Not here: what a name says by itself (function_names.c).
 *
 * A function of a header that is compiled into the program stands in the program's file: so
 * names and files of sources decide first, modules after them.
 *
 * BOUND  A program below /usr is taken for one of the system, and its libraries for its own.
 *
 * SPDX-License-Identifier: MIT
 */
#include "names/own_code.h"

#include <string.h>

#include "names/function_names.h"
#include "system_programs.h"

/* Where compilers and systems have their sources: parts of a path, or its beginning. */
static const char *const inside[] = {"/include/c++/", "/rustc/", "/library/alloc/src/",
				     "/library/core/src/", "/library/std/src/"};
static const char *const beginnings[] = {"/usr/include/", "/usr/lib/",
					 "/usr/local/include/"};

/* Where systems have their libraries. */
static const char *const systems[] = {"/usr/lib",    "/lib",        "/usr/libexec",
				      "/nix/store/", "/gnu/store/", "linux-vdso"};
/* Where they have programs beside those of system_programs.h. */
static const char *const programs[] = {"/usr/games/"};

/* Is it one of those beginnings? */
static bool
begins_with_any(const char *s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strncmp(s, list[i], strlen(list[i])) == 0)
			return true;
	return false;
}
#define BEGINS(s, list) begins_with_any(s, list, sizeof(list) / sizeof(*(list)))

/* Rust's libraries, where their sources are not named; of "<T as Trait>" the type. */
static const char *const languages[] = {
	"alloc::", "core::", "std::", "hashbrown::", "__rust_", "__rdl_", "__rg_"};

static bool
is_foreign_source(const char *file)
{
	for (size_t i = 0; i < sizeof(inside) / sizeof(*inside); i++)
		if (strstr(file, inside[i]))
			return true;
	return BEGINS(file, beginnings);
}

static bool
is_foreign_function(const char *function)
{
	return BEGINS(function + (*function == '<'), languages);
}

bool
own_code_is_systems(const char *path)
{
	return BEGINS(path, systems) || BEGINS(path, programs) || system_programs_has(path);
}

/* Is the program itself installed by the system? */
static bool
is_system_program(const struct heap *h)
{
	return h->info.executable.n && own_code_is_systems(h->info.executable.bytes);
}

/* A module that is no file has its code made at run time: the program's. */
static bool
is_foreign_module(const struct heap *h, const struct stack_frame *f)
{
	const struct heap_text *path = &h->modules[f->module].path;
	const struct heap_text *program = &h->info.executable;

	if (!f->module || path->n == 0 || stack_is_runtime(h, f))
		return f->module && path->n;
	if (path->n == program->n && memcmp(path->bytes, program->bytes, path->n) == 0)
		return false;
	return BEGINS(path->bytes, systems) && !is_system_program(h);
}

bool
own_code_is(const struct heap *h, const struct stack *s, size_t i)
{
	const struct stack_frame *f = &s->frames[i];

	if (f->special)
		return true;
	if ((f->file && is_foreign_source(f->file)) ||
	    (f->function && is_foreign_function(f->function)))
		return false;
	return !is_foreign_module(h, f) && !names_is_inside(s, i);
}

bool
own_code_has_source(const struct heap *h, const struct stack_frame *f)
{
	return f->file && !is_foreign_source(f->file) && !is_foreign_module(h, f) &&
	       !(f->function && is_foreign_function(f->function));
}

size_t
own_code_library_run(const struct heap *h, const struct stack *s, size_t frame, size_t end)
{
	size_t n = 0;

	while (frame + n < end && !own_code_is(h, s, frame + n))
		n++;
	return n;
}

size_t
own_code_first(const struct heap *h, const struct stack *s)
{
	size_t named;

	for (size_t i = 0; i < s->n; i++)
		if (own_code_is(h, s, i) && !s->frames[i].special &&
		    (!s->frames[i].function || !names_is_allocator(&s->frames[i])))
			return i;
	named = names_frame(h, s);
	return named < s->n ? named : 0;
}
