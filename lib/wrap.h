/* wrap.h -- the one shape of all allocating and releasing wrappers.
 *
 * enter, real call, record, leave; a call that comes while this thread is
 * inside already (from a signal handler) is recorded without its stack.
 *
 * errno is untouched by recording, as nothing in it calls what sets errno; so
 * it is what the allocator left: ENOMEM on failure, else what it was.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_WRAP_H
#define GCPROF_WRAP_H

#include "backend.h"
#include "record.h"
#include "session.h"
#include "trigger.h"

#include <errno.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

/* An alias has the attributes of what it stands for; else gcc warns. */
#if __has_attribute(copy)
#define COPY(name) __attribute__((copy(name)))
#else
#define COPY(name)
#endif

/* A function under a name that always means ours, and whether a program's own
 * definition stands before it; found out once, before the program's code runs. */
#define OWN(name, type, arguments)                                                       \
	type own_##name arguments __attribute__((alias(#name), visibility("hidden")))    \
	COPY(name);                                                                      \
	static bool replaced_##name;                                                     \
	__attribute__((constructor(101))) static void compare_##name(void)               \
	{                                                                                \
		replaced_##name = wrap_is_other((void *)name, (void *)own_##name);       \
	}
#define IS_REPLACED(name) unlikely(replaced_##name)

/* Whether a symbol's address is of another function than ours.  In a program
 * that is not position independent and takes the address, it is that of an entry
 * of the program's procedure linkage table, which leads to ours. */
bool wrap_is_other(const void *symbol, const void *own);

/* Whether the program has a malloc of its own. */
bool wrap_is_malloc_replaced(void);

/* What CALL yields becomes a block of BYTES and KIND, if it is not NULL. */
#define WRAP_ALLOC(p, call, bytes, kind, c)                                              \
	do {                                                                             \
		if (unlikely(!session_enter())) {                                        \
			p = (call);                                                      \
			if (p)                                                           \
				record_alloc_nested(p, bytes, kind);                     \
		} else {                                                                 \
			p = (call);                                                      \
			if (likely(p != NULL))                                           \
				record_alloc(p, bytes, kind, c);                         \
			trigger_leave();                                                 \
		}                                                                        \
	} while (0)

/* glibc refuses what a ptrdiff_t cannot hold; so do we, for every function. */
static ALWAYS_INLINE bool
wrap_is_too_big(size_t bytes)
{
	if (likely(bytes <= PTRDIFF_MAX))
		return false;
	errno = ENOMEM;
	return true;
}

/* Where the quick way ends: before it began; at a block that is not so simple, or
 * NULL; at what signals asked for meanwhile.  The latter two return p. */
void *wrap_malloc_slow(size_t bytes, enum heapfile_kind kind,
		       const struct record_frame *frame);
void *wrap_alloc_slow(void *p, size_t bytes, enum heapfile_kind kind,
		      const struct record_frame *frame);
void *wrap_pending(void *p);

/* kind  CALLOC: of zeros. */
static ALWAYS_INLINE void *
wrap_malloc(size_t bytes, enum heapfile_kind kind)
{
	struct thread *t;
	uint32_t *words;
	void *p;

	if (unlikely(bytes - 1 >= BACKEND_QUICK_MAX) ||
	    unlikely(!(t = thread_enter_quick())))
		return wrap_malloc_slow(bytes, kind, FRAME());
	p = backend_malloc_quick(bytes);
	if (kind == HEAPFILE_KIND_CALLOC && likely(p != NULL))
		memset(p, 0, bytes);
	words = record_alloc_quick(t, p, bytes);
	if (unlikely(!words))
		return wrap_alloc_slow(p, bytes, kind, FRAME());
	record_tag(t, words, bytes, kind, &CALLER());
	return unlikely(thread_leave()) ? wrap_pending(p) : p;
}

/* align: a power of two. */
static ALWAYS_INLINE void *
wrap_memalign(size_t align, size_t bytes, enum heapfile_kind kind)
{
	struct caller c = CALLER();
	void *p;

	if (wrap_is_too_big(bytes))
		return NULL;
	WRAP_ALLOC(p, backend_memalign(align, bytes), bytes, kind, &c);
	return p;
}

/* Where the quick way ends: before it began; at a block that takes record_free. */
void wrap_free_slow(void *p, enum heapfile_kind by, const struct record_frame *frame);
void wrap_free_inside(void *p, enum heapfile_kind by, const struct record_frame *frame);

static ALWAYS_INLINE void
wrap_free(void *p, enum heapfile_kind by)
{
	struct thread *t;

	if (unlikely(!p))
		return;
	if (unlikely(!(t = thread_enter_quick()))) {
		wrap_free_slow(p, by, FRAME());
	} else if (unlikely(!record_free_quick(t, p, by))) {
		wrap_free_inside(p, by, FRAME());
	} else {
		backend_free_quick(p);
		trigger_leave();
	}
}

#endif
