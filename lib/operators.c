/* operators.c -- C++ operator new and delete, in C.
 *
 * In:   calls of the program and of its libraries.
 * Out:  what ISO C++ says of the library's own operators ([new.delete]).
 * Not here: recording (record.h).
 *
 * The library's array, sized and nothrow forms are defined by calls of the
 * plain form, which a program may replace: a replacement of the plain form
 * reaches the others.  So each of ours looks whether the plain form is ours
 * still, and calls it if not.
 *
 * Nothing here needs libstdc++: a C program has none.  Where its part is
 * needed (std::bad_alloc, a new handler that throws), a C++ program has one,
 * and it is looked up then.
 *
 * Source  names: Itanium C++ ABI, 5.1.4 (mangling).
 *
 * SPDX-License-Identifier: MIT
 */
#include "libc.h"
#include "modules.h"
#include "wrap.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

typedef void (*new_handler)(void);

/* A function of the C++ library that is loaded, even if not globally. */
static void *
cxx_library(const char *name)
{
	static const char *const libraries[] = {"libstdc++.so.6", "libc++.so.1"};
	void *f = libc_dlsym(RTLD_NEXT, name);
	size_t i;

	for (i = 0; i < 2 && !f; i++) {
		void *library = libc_dlopen(libraries[i], RTLD_LAZY | RTLD_NOLOAD);

		if (library)
			f = libc_dlsym(library, name);
	}
	return f;
}

static new_handler
current_handler(void)
{
	new_handler (*get)(void) =
		(new_handler(*)(void))cxx_library("_ZSt15get_new_handlerv");

	return get ? get() : NULL;
}

static NOINLINE void
throw_bad_alloc(void)
{
	void (*raise)(void) = (void (*)(void))cxx_library("_ZSt17__throw_bad_allocv");

	if (raise)
		raise();
	abort(); /* no C++ library at all: there is nobody to tell */
}

/* Whose operators the program would have without us.  A library of the program's may
 * define its own, and ours stand before them: then all forms are passed on to what is
 * next.  Not to the C++ library's, nor to those of another allocator, which defines malloc
 * as well: that is what ours are for.  (An executable's own stand before ours.) */
enum place { UNKNOWN, HERE, MALLOC_REPLACED, ELSEWHERE };
static uint8_t place;   /* enum place; atomic */
static bool is_started; /* it is known whether malloc is replaced */

__attribute__((constructor(102))) static void
note_start(void)
{
	is_started = true;
}

static bool
is_of_same_object(const void *a, const void *b)
{
	struct module_find x, y;

	return a && b && modules_find((uintptr_t)a, &x) &&
	       modules_find((uintptr_t)b, &y) && x.start == y.start;
}

/* libc++ has its operators and its new handler in two objects. */
static bool
is_of_cxx_library(const void *f)
{
	struct module_find m;
	const char *path = modules_find((uintptr_t)f, &m) && m.module
				   ? modules_get(m.module)->path
				   : NULL;

	return is_of_same_object(f, cxx_library("_ZSt15get_new_handlerv")) ||
	       (path && strstr(path, "/libc++"));
}

/* Once, and not before the program's libraries are there: at the first call. */
static NOINLINE bool
is_elsewhere(void)
{
	const void *next;
	uint8_t known = relaxed_load(&place);

	if (known == UNKNOWN) {
		next = libc_dlsym(RTLD_NEXT, "_Znwm");
		known = next && !is_of_cxx_library(next) &&
					!is_of_same_object(
						next, libc_dlsym(RTLD_NEXT, "malloc"))
				? ELSEWHERE
			: wrap_is_malloc_replaced() ? MALLOC_REPLACED
						    : HERE;
		if (known != HERE || is_started)
			relaxed_store(&place, known);
	}
	return known == ELSEWHERE;
}

static void *
next_of(void **known, const char *name)
{
	if (!relaxed_load(known))
		relaxed_store(known, libc_dlsym(RTLD_NEXT, name));
	return relaxed_load(known);
}

/* First in each form: leave to the next one of that form what is not ours. */
#define PASS_ON(type, arguments)                                                         \
	do {                                                                             \
		static void *pass_on_next;                                               \
		void *pass_on;                                                           \
		if (unlikely(relaxed_load(&place) != HERE) && is_elsewhere() &&          \
		    (pass_on = next_of(&pass_on_next, __func__)) != NULL)                \
			return ((type)pass_on)arguments;                                 \
	} while (0)

#define PASS_ON_VOID(type, arguments)                                                    \
	do {                                                                             \
		static void *pass_on_next;                                               \
		void *pass_on;                                                           \
		if (unlikely(relaxed_load(&place) != HERE) && is_elsewhere() &&          \
		    (pass_on = next_of(&pass_on_next, __func__)) != NULL) {              \
			((type)pass_on) arguments;                                       \
			return;                                                          \
		}                                                                        \
	} while (0)

/* The library's plain forms call malloc and free, which the program may have
 * replaced without replacing these. */
static ALWAYS_INLINE void *
try_new(size_t bytes, size_t align, enum heapfile_kind kind)
{
	if (unlikely(relaxed_load(&place) != HERE) && wrap_is_malloc_replaced())
		return align ? aligned_alloc(align, bytes) : malloc(bytes ? bytes : 1);
	return align ? wrap_memalign(align, bytes, kind) : wrap_malloc(bytes, kind);
}

/* [new.delete.single]: call the new handler until there is memory, or it
 * throws, or there is none any more. */
static ALWAYS_INLINE void *
new_or_throw(size_t bytes, size_t align, enum heapfile_kind kind)
{
	void *p;

	while (unlikely(!(p = try_new(bytes, align, kind)))) {
		new_handler handler = current_handler();

		if (!handler)
			throw_bad_alloc();
		handler();
	}
	return p;
}

static ALWAYS_INLINE void
give_back(void *p, enum heapfile_kind kind)
{
	if (unlikely(relaxed_load(&place) != HERE) && wrap_is_malloc_replaced())
		free(p);
	else
		wrap_free(p, kind);
}

void *_Znwm(size_t bytes);
void *_Znam(size_t bytes);
void *_ZnwmRKSt9nothrow_t(size_t bytes, const void *nothrow);
void *_ZnamRKSt9nothrow_t(size_t bytes, const void *nothrow);
void *_ZnwmSt11align_val_t(size_t bytes, size_t align);
void *_ZnamSt11align_val_t(size_t bytes, size_t align);
void *_ZnwmSt11align_val_tRKSt9nothrow_t(size_t bytes, size_t align, const void *nothrow);
void *_ZnamSt11align_val_tRKSt9nothrow_t(size_t bytes, size_t align, const void *nothrow);
void _ZdlPv(void *p);
void _ZdaPv(void *p);
void _ZdlPvSt11align_val_t(void *p, size_t align);
void _ZdaPvSt11align_val_t(void *p, size_t align);

EXPORT void *
_Znwm(size_t bytes)
{
	PASS_ON(void *(*)(size_t), (bytes));
	return new_or_throw(bytes, 0, HEAPFILE_KIND_NEW);
}
OWN(_Znwm, void *, (size_t))

EXPORT void *
_ZnwmSt11align_val_t(size_t bytes, size_t align)
{
	PASS_ON(void *(*)(size_t, size_t), (bytes, align));
	return new_or_throw(bytes, align, HEAPFILE_KIND_NEW);
}
OWN(_ZnwmSt11align_val_t, void *, (size_t, size_t))

EXPORT void *
_Znam(size_t bytes)
{
	PASS_ON(void *(*)(size_t), (bytes));
	if (IS_REPLACED(_Znwm))
		return _Znwm(bytes);
	return new_or_throw(bytes, 0, HEAPFILE_KIND_NEW_ARRAY);
}
OWN(_Znam, void *, (size_t))

EXPORT void *
_ZnamSt11align_val_t(size_t bytes, size_t align)
{
	PASS_ON(void *(*)(size_t, size_t), (bytes, align));
	if (IS_REPLACED(_ZnwmSt11align_val_t))
		return _ZnwmSt11align_val_t(bytes, align);
	return new_or_throw(bytes, align, HEAPFILE_KIND_NEW_ARRAY);
}
OWN(_ZnamSt11align_val_t, void *, (size_t, size_t))

/* A new handler may throw, and C cannot catch: the C++ library's own nothrow
 * form does, around a call of the plain form. */
static NOINLINE void *
nothrow_slow(const char *name, size_t bytes, size_t align, const void *nothrow)
{
	void *f = cxx_library(name);

	if (!f)
		return NULL;
	return align ? ((void *(*)(size_t, size_t, const void *))f)(bytes, align, nothrow)
		     : ((void *(*)(size_t, const void *))f)(bytes, nothrow);
}

static ALWAYS_INLINE void *
new_or_null(const char *name, size_t bytes, size_t align, enum heapfile_kind kind,
	    const void *nothrow)
{
	void *p = try_new(bytes, align, kind);

	if (unlikely(!p) && current_handler())
		p = nothrow_slow(name, bytes, align, nothrow);
	return p;
}

EXPORT void *
_ZnwmRKSt9nothrow_t(size_t bytes, const void *nothrow)
{
	PASS_ON(void *(*)(size_t, const void *), (bytes, nothrow));
	if (IS_REPLACED(_Znwm))
		return nothrow_slow(__func__, bytes, 0, nothrow);
	return new_or_null(__func__, bytes, 0, HEAPFILE_KIND_NEW, nothrow);
}

EXPORT void *
_ZnamRKSt9nothrow_t(size_t bytes, const void *nothrow)
{
	PASS_ON(void *(*)(size_t, const void *), (bytes, nothrow));
	if (IS_REPLACED(_Znwm) || IS_REPLACED(_Znam))
		return nothrow_slow(__func__, bytes, 0, nothrow);
	return new_or_null(__func__, bytes, 0, HEAPFILE_KIND_NEW_ARRAY, nothrow);
}

EXPORT void *
_ZnwmSt11align_val_tRKSt9nothrow_t(size_t bytes, size_t align, const void *nothrow)
{
	PASS_ON(void *(*)(size_t, size_t, const void *), (bytes, align, nothrow));
	if (IS_REPLACED(_ZnwmSt11align_val_t))
		return nothrow_slow(__func__, bytes, align, nothrow);
	return new_or_null(__func__, bytes, align, HEAPFILE_KIND_NEW, nothrow);
}

EXPORT void *
_ZnamSt11align_val_tRKSt9nothrow_t(size_t bytes, size_t align, const void *nothrow)
{
	PASS_ON(void *(*)(size_t, size_t, const void *), (bytes, align, nothrow));
	if (IS_REPLACED(_ZnwmSt11align_val_t) || IS_REPLACED(_ZnamSt11align_val_t))
		return nothrow_slow(__func__, bytes, align, nothrow);
	return new_or_null(__func__, bytes, align, HEAPFILE_KIND_NEW_ARRAY, nothrow);
}

EXPORT void
_ZdlPv(void *p)
{
	PASS_ON_VOID(void (*)(void *), (p));
	give_back(p, HEAPFILE_KIND_NEW);
}
OWN(_ZdlPv, void, (void *))

EXPORT void
_ZdlPvSt11align_val_t(void *p, size_t align)
{
	PASS_ON_VOID(void (*)(void *, size_t), (p, align));
	(void)align;
	give_back(p, HEAPFILE_KIND_NEW);
}
OWN(_ZdlPvSt11align_val_t, void, (void *, size_t))

EXPORT void
_ZdaPv(void *p)
{
	PASS_ON_VOID(void (*)(void *), (p));
	if (IS_REPLACED(_ZdlPv))
		_ZdlPv(p);
	else
		give_back(p, HEAPFILE_KIND_NEW_ARRAY);
}
OWN(_ZdaPv, void, (void *))

EXPORT void
_ZdaPvSt11align_val_t(void *p, size_t align)
{
	PASS_ON_VOID(void (*)(void *, size_t), (p, align));
	if (IS_REPLACED(_ZdlPvSt11align_val_t))
		_ZdlPvSt11align_val_t(p, align);
	else
		give_back(p, HEAPFILE_KIND_NEW_ARRAY);
}
OWN(_ZdaPvSt11align_val_t, void, (void *, size_t))

/* Sized and nothrow forms: the plain one of the same sort. */
#define DELETE(name, parameters, all, plain, arguments, kind)                            \
	void name parameters;                                                            \
	EXPORT void name parameters                                                      \
	{                                                                                \
		PASS_ON_VOID(void(*) parameters, all);                                   \
		if (IS_REPLACED(plain))                                                  \
			plain arguments;                                                 \
		else                                                                     \
			give_back(p, kind);                                              \
	}
DELETE(_ZdlPvm, (void *p, size_t bytes), (p, bytes), _ZdlPv, (p), HEAPFILE_KIND_NEW)
DELETE(_ZdaPvm, (void *p, size_t bytes), (p, bytes), _ZdaPv, (p), HEAPFILE_KIND_NEW_ARRAY)
DELETE(_ZdlPvRKSt9nothrow_t, (void *p, const void *nothrow), (p, nothrow), _ZdlPv, (p),
       HEAPFILE_KIND_NEW)
DELETE(_ZdaPvRKSt9nothrow_t, (void *p, const void *nothrow), (p, nothrow), _ZdaPv, (p),
       HEAPFILE_KIND_NEW_ARRAY)
DELETE(_ZdlPvmSt11align_val_t, (void *p, size_t bytes, size_t align), (p, bytes, align),
       _ZdlPvSt11align_val_t, (p, align), HEAPFILE_KIND_NEW)
DELETE(_ZdaPvmSt11align_val_t, (void *p, size_t bytes, size_t align), (p, bytes, align),
       _ZdaPvSt11align_val_t, (p, align), HEAPFILE_KIND_NEW_ARRAY)
DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t, (void *p, size_t align, const void *nothrow),
       (p, align, nothrow), _ZdlPvSt11align_val_t, (p, align), HEAPFILE_KIND_NEW)
DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t, (void *p, size_t align, const void *nothrow),
       (p, align, nothrow), _ZdaPvSt11align_val_t, (p, align), HEAPFILE_KIND_NEW_ARRAY)
