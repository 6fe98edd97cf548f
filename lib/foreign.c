/* foreign.c -- see foreign.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "foreign.h"
#include "arch.h"
#include "aside.h"
#include "backend.h"
#include "blocks.h"
#include "libc.h"
#include "libc_inside.h"
#include "mappings.h"
#include "modules.h"
#include "sys.h"
#include "thread.h"

enum {
	HEADER = 16, /* before the block: bytes of the one before it, bytes of its own */
	LEAST = 32,  /* bytes of the smallest, header included */
	/* low bits of a header's bytes */
	PREVIOUS_IN_USE = 1,
	IS_MAPPED = 2,
	IN_OTHER_ARENA = 4,
	FLAGS = 7
};
#define HEAP_BYTES ((uintptr_t)64 << 20) /* and alignment, of one of another arena */

struct header {
	size_t before, bytes;
};
struct heap { /* heap_info */
	const void *arena;
	const struct heap *before;
	size_t bytes, accessible;
};

uint64_t foreign_frees;
static uintptr_t break_start;
static uintptr_t cache_key; /* atomic; second word of a block in a thread's cache, 0 = not known */
static struct {
	void *(*malloc)(size_t);
	void (*free)(void *);
	size_t (*usable)(void *);
} libc;

/* By example, as the key is a random number of each process. */
static void
learn_cache_key(void)
{
	uintptr_t *volatile p = libc.malloc(24);

	if (!p)
		return;
	p[1] = 0;
	libc.free(p);
	relaxed_store(&cache_key, p[1]);
}

void
foreign_init(void)
{
	break_start = sys_break();
	libc.malloc = (void *(*)(size_t))libc_find("malloc");
	libc.free = (void (*)(void *))libc_find("free");
	libc.usable = (size_t(*)(void *))libc_find("malloc_usable_size");
	/* Behind jemalloc, the C library's heap stays untouched until it is used. */
	if (backend_is_system && libc.malloc && libc.free && backend_is_beside_libc(NULL))
		learn_cache_key();
}

static bool
has_bytes(uintptr_t chunk, size_t bytes)
{
	const struct header *h = (const void *)chunk;

	return sys_is_readable(chunk) && (h->bytes & ~(size_t)FLAGS) == bytes;
}

/* Whether one that looks as if in use waits to be used again.  Fast bins and
 * caches are lists of one size, whose links are mixed with where they stand; those of a
 * bin lead to headers. */
static bool
is_kept(uintptr_t chunk, size_t bytes)
{
	enum { FASTEST = 176 };
	const uintptr_t *words = (const void *)(chunk + HEADER);
	uintptr_t key = relaxed_load(&cache_key), next;

	if (key && words[1] == key)
		return true;
	if (bytes > FASTEST)
		return false;
	next = words[0] ^ (uintptr_t)words >> 12; /* PROTECT_PTR */
	return !next ||
	       (next % 16 == 0 && !(next >> BLOCKS_ADDRESS_BITS) && next >= ARCH_PAGE &&
		(has_bytes(next, bytes) || has_bytes(next - HEADER, bytes)));
}

static bool
is_in_use(uintptr_t chunk, size_t bytes)
{
	const struct header *next = (const void *)(chunk + bytes);

	return sys_is_readable((uintptr_t)next) && next->bytes & PREVIOUS_IN_USE;
}

static bool
is_in_break(uintptr_t chunk, size_t bytes)
{
	uintptr_t end = sys_break();

	/* The last chunk of the break is the free one at the top. */
	return chunk >= break_start && chunk < end && bytes + LEAST <= end - chunk &&
	       is_in_use(chunk, bytes) && !is_kept(chunk, bytes);
}

static bool
is_in_heap(uintptr_t chunk, size_t bytes)
{
	uintptr_t start = chunk & ~(HEAP_BYTES - 1), offset = chunk - start;
	const struct heap *h = (const void *)start;

	if (offset < sizeof *h || !sys_is_readable(start))
		return false;
	return h->bytes % ARCH_PAGE == 0 && h->bytes <= h->accessible &&
	       h->accessible <= HEAP_BYTES && offset < h->bytes &&
	       bytes + LEAST <= h->bytes - offset && sys_is_readable((uintptr_t)h->arena) &&
	       is_in_use(chunk, bytes) && !is_kept(chunk, bytes);
}

/* Whether an address may be on the main thread's stack or on this one's, whose thread
 * pointer is above it; who runs on a stack aside took the guard on the program's.  The
 * kernel maps nothing else so near below its stack. */
static bool
is_on_stack(uintptr_t at)
{
	const uintptr_t gap = 100 << 20, thread = arch_thread_pointer(),
			top = (uintptr_t)libc_start();
	uintptr_t sp = (uintptr_t)__builtin_frame_address(0);

	if (aside_has(sp) && thread_tls.guard_sp)
		sp = thread_tls.guard_sp;
	sp = arch_page_of(sp);
	return (at > top - gap && at < top + gap) ||
	       (at >= sp && at < thread && thread - sp < gap);
}

static bool
is_mapping(uintptr_t chunk, const struct header *h)
{
	uintptr_t start = chunk - h->before;
	size_t bytes = h->before + (h->bytes & ~(size_t)FLAGS);
	struct module_find module;
	struct mapping mapping;

	/* One of a great alignment does not begin where its mapping does. */
	return h->before < chunk && start % ARCH_PAGE == 0 && bytes % ARCH_PAGE == 0 &&
	       bytes > h->before && bytes < (size_t)1 << BLOCKS_ADDRESS_BITS &&
	       sys_is_readable(start) && sys_is_readable(start + bytes - 8) &&
	       !is_on_stack(chunk) && !modules_find(chunk, &module) &&
	       !mappings_find(chunk, &mapping);
}

bool
foreign_is(const void *p)
{
	uintptr_t chunk = (uintptr_t)p - HEADER;
	const struct header *h = (const void *)chunk;
	size_t bytes;

	if (!libc.free || (uintptr_t)p % 16 || (uintptr_t)p < ARCH_PAGE ||
	    (uintptr_t)p >> BLOCKS_ADDRESS_BITS || !backend_is_beside_libc(p) ||
	    blocks_is_inside((uintptr_t)p) || !sys_is_readable(chunk))
		return false;
	bytes = h->bytes & ~(size_t)FLAGS;
	if (bytes % 16 || bytes < LEAST)
		return false;
	if (h->bytes & IS_MAPPED)
		return !(h->bytes & (PREVIOUS_IN_USE | IN_OTHER_ARENA)) &&
		       is_mapping(chunk, h);
	return h->bytes & IN_OTHER_ARENA ? is_in_heap(chunk, bytes)
					 : is_in_break(chunk, bytes);
}

void
foreign_free(void *p)
{
	if (atomic_add(&foreign_frees, 1) == 0)
		learn_cache_key();
	libc.free(p);
}

size_t
foreign_usable(void *p)
{
	return libc.usable ? libc.usable(p) : 0;
}
