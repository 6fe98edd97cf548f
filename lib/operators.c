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
#include "wrap.h"

#include <dlfcn.h>
#include <stdlib.h>

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

/* The library's plain forms call malloc and free, which the program may have
 * replaced without replacing these. */
static ALWAYS_INLINE void *
try_new(size_t bytes, size_t align, enum heapfile_kind kind)
{
	if (unlikely(wrap_is_malloc_replaced()))
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
delete(void *p, enum heapfile_kind kind)
{
	if (unlikely(wrap_is_malloc_replaced()))
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
	return new_or_throw(bytes, 0, HEAPFILE_KIND_NEW);
}
OWN(_Znwm, void *, (size_t))

EXPORT void *
_ZnwmSt11align_val_t(size_t bytes, size_t align)
{
	return new_or_throw(bytes, align, HEAPFILE_KIND_NEW);
}
OWN(_ZnwmSt11align_val_t, void *, (size_t, size_t))

EXPORT void *
_Znam(size_t bytes)
{
	if (IS_REPLACED(_Znwm))
		return _Znwm(bytes);
	return new_or_throw(bytes, 0, HEAPFILE_KIND_NEW_ARRAY);
}
OWN(_Znam, void *, (size_t))

EXPORT void *
_ZnamSt11align_val_t(size_t bytes, size_t align)
{
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
	if (IS_REPLACED(_Znwm))
		return nothrow_slow(__func__, bytes, 0, nothrow);
	return new_or_null(__func__, bytes, 0, HEAPFILE_KIND_NEW, nothrow);
}

EXPORT void *
_ZnamRKSt9nothrow_t(size_t bytes, const void *nothrow)
{
	if (IS_REPLACED(_Znwm) || IS_REPLACED(_Znam))
		return nothrow_slow(__func__, bytes, 0, nothrow);
	return new_or_null(__func__, bytes, 0, HEAPFILE_KIND_NEW_ARRAY, nothrow);
}

EXPORT void *
_ZnwmSt11align_val_tRKSt9nothrow_t(size_t bytes, size_t align, const void *nothrow)
{
	if (IS_REPLACED(_ZnwmSt11align_val_t))
		return nothrow_slow(__func__, bytes, align, nothrow);
	return new_or_null(__func__, bytes, align, HEAPFILE_KIND_NEW, nothrow);
}

EXPORT void *
_ZnamSt11align_val_tRKSt9nothrow_t(size_t bytes, size_t align, const void *nothrow)
{
	if (IS_REPLACED(_ZnwmSt11align_val_t) || IS_REPLACED(_ZnamSt11align_val_t))
		return nothrow_slow(__func__, bytes, align, nothrow);
	return new_or_null(__func__, bytes, align, HEAPFILE_KIND_NEW_ARRAY, nothrow);
}

EXPORT void
_ZdlPv(void *p)
{
	delete(p, HEAPFILE_KIND_NEW);
}
OWN(_ZdlPv, void, (void *))

EXPORT void
_ZdlPvSt11align_val_t(void *p, size_t align)
{
	(void)align;
	delete(p, HEAPFILE_KIND_NEW);
}
OWN(_ZdlPvSt11align_val_t, void, (void *, size_t))

EXPORT void
_ZdaPv(void *p)
{
	if (IS_REPLACED(_ZdlPv))
		_ZdlPv(p);
	else
		delete(p, HEAPFILE_KIND_NEW_ARRAY);
}
OWN(_ZdaPv, void, (void *))

EXPORT void
_ZdaPvSt11align_val_t(void *p, size_t align)
{
	if (IS_REPLACED(_ZdlPvSt11align_val_t))
		_ZdlPvSt11align_val_t(p, align);
	else
		delete(p, HEAPFILE_KIND_NEW_ARRAY);
}
OWN(_ZdaPvSt11align_val_t, void, (void *, size_t))

/* Sized and nothrow forms: the plain one of the same sort. */
#define DELETE(name, parameters, plain, arguments, kind)                                 \
	void name parameters;                                                            \
	EXPORT void name parameters                                                      \
	{                                                                                \
		if (IS_REPLACED(plain))                                                  \
			plain arguments;                                                 \
		else                                                                     \
			delete(p, kind);                                                 \
	}
#define UNUSED __attribute__((unused))

DELETE(_ZdlPvm, (void *p, UNUSED size_t bytes), _ZdlPv, (p), HEAPFILE_KIND_NEW)
DELETE(_ZdaPvm, (void *p, UNUSED size_t bytes), _ZdaPv, (p), HEAPFILE_KIND_NEW_ARRAY)
DELETE(_ZdlPvRKSt9nothrow_t, (void *p, UNUSED const void *nothrow), _ZdlPv, (p),
       HEAPFILE_KIND_NEW)
DELETE(_ZdaPvRKSt9nothrow_t, (void *p, UNUSED const void *nothrow), _ZdaPv, (p),
       HEAPFILE_KIND_NEW_ARRAY)
DELETE(_ZdlPvmSt11align_val_t, (void *p, UNUSED size_t bytes, size_t align),
       _ZdlPvSt11align_val_t, (p, align), HEAPFILE_KIND_NEW)
DELETE(_ZdaPvmSt11align_val_t, (void *p, UNUSED size_t bytes, size_t align),
       _ZdaPvSt11align_val_t, (p, align), HEAPFILE_KIND_NEW_ARRAY)
DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t,
       (void *p, size_t align, UNUSED const void *nothrow), _ZdlPvSt11align_val_t,
       (p, align), HEAPFILE_KIND_NEW)
DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t,
       (void *p, size_t align, UNUSED const void *nothrow), _ZdaPvSt11align_val_t,
       (p, align), HEAPFILE_KIND_NEW_ARRAY)
