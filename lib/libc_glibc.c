/* libc_glibc.c -- see libc_inside.h: the GNU C library.
 *
 * Its threads' descriptors (struct pthread) are described to debuggers by variables of its
 * own (_thread_db_*), which are asked where they are there; the rest is found by what it
 * must look like.
 *
 * Sources  glibc: nptl_db/structs.def, nptl/descr.h, sysdeps/generic/dl-dtv.h, elf/dl-tls.c
 *          (allocate_dtv), <link.h>.
 *
 * SPDX-License-Identifier: MIT
 */
#include "libc.h"
#include "arch.h"
#include "libc_inside.h"
#include "peek.h"

#include <link.h>

_Static_assert(ARCH_TLS_IS_BELOW, "the descriptor is taken to be at the thread pointer");

/* Of glibc 2.36, generously. */
enum { USUAL_DESCRIPTOR = 2304, USUAL_TLS = 4096 };

struct libc_layout libc_layout;

struct list {
	const struct list *next, *prev;
};
/* Lists of descriptors, on stacks of its own making and of the program's. */
static struct {
	const struct list *heads[2];
	size_t link; /* of such a list, in a descriptor */
} stacks;

/* Source: nptl_db/structs.def: an entry is the field's bits, number of elements, and
 * offset. */
static void
find_stack_lists(void)
{
	const char *rtld = libc_find("_rtld_global");
	const uint32_t *used = libc_find("_thread_db_rtld_global__dl_stack_used");
	const uint32_t *user = libc_find("_thread_db_rtld_global__dl_stack_user");
	const uint32_t *link = libc_find("_thread_db_pthread_list");

	if (!rtld || !used || !user || !link)
		return;
	stacks.heads[0] = (const void *)(rtld + used[2]);
	stacks.heads[1] = (const void *)(rtld + user[2]);
	stacks.link = link[2];
}

static void
find_keys(void)
{
	/* bits of an element (which is an array), number of elements, offset */
	const uint32_t *specific = libc_find("_thread_db_pthread_specific");
	const uint32_t *key = libc_find("_thread_db_sizeof_pthread_key_data");
	size_t pointers, first;

	if (!specific || !key)
		return;
	pointers = (size_t)specific[0] / 64 * specific[1];
	first = pointers * *key; /* the first block stands before */
	libc_layout.keys = specific[2] > first ? specific[2] - first : 0;
	libc_layout.keys_end = specific[2] + pointers * sizeof(void *);
}

void
libc_inside_init(void)
{
	void (*tls)(size_t *, size_t *) =
		(void (*)(size_t *, size_t *))libc_find("_dl_get_tls_static_info");
	const uint32_t *bytes = libc_find("_thread_db_sizeof_pthread");
	size_t align;

	libc_layout.tls_bytes = USUAL_TLS;
	libc_layout.descriptor_bytes = USUAL_DESCRIPTOR;
	if (tls)
		tls(&libc_layout.tls_bytes, &align);
	if (bytes && *bytes >= 1024 && *bytes <= 65536)
		libc_layout.descriptor_bytes = *bytes;
	/* glibc's tls_bytes counts the descriptor too. */
	if (libc_layout.tls_bytes > libc_layout.descriptor_bytes)
		libc_layout.tls_bytes -= libc_layout.descriptor_bytes;
	find_keys();
	find_stack_lists();
}

/* ---- a thread ------------------------------------------------------------------ */

/* A descriptor is at the end of the block that is the thread's stack.  Source: nptl/descr.h:
 * stackblock, stackblock_size and guardsize stand next to each other. */
bool
libc_thread_stack(uintptr_t tp, uintptr_t *ret_low, uintptr_t *ret_end)
{
	enum { END = 2 * ARCH_PAGE };
	const uintptr_t *word = (const uintptr_t *)tp,
			*end = word + USUAL_DESCRIPTOR / sizeof *word - 2;

	for (; word < end; word++)
		if (word[0] && word[0] < tp && word[1] > tp - word[0] &&
		    word[1] - (tp - word[0]) <= END && word[2] < word[1] &&
		    word[2] % ARCH_PAGE == 0) {
			*ret_low = word[0] + word[2];
			*ret_end = tp;
			return true;
		}
	return false;
}

bool
libc_has_small_stack(uintptr_t tp, uintptr_t sp, size_t most)
{
	const uintptr_t *word = (const uintptr_t *)tp,
			*end = word + USUAL_DESCRIPTOR / sizeof *word - 1;

	for (; word < end; word++)
		if (word[0] && word[0] <= sp && sp - word[0] < word[1] && sp < tp &&
		    tp - word[0] < word[1] && word[1] <= most)
			return true;
	return false;
}

/* The descriptor's second word points to the vector, behind its first entry, which has their
 * number; an entry is the block's address and what is to be freed.  Source: dl-dtv.h,
 * allocate_dtv. */
bool
libc_dynamic_tls(uintptr_t tp, uintptr_t *ret_start, uintptr_t *ret_end)
{
	enum { ENTRY = 2 * sizeof(uintptr_t), MOST = 1 << 20 };
	uintptr_t dtv, start, count;

	if (!peek_word(tp + sizeof(uintptr_t), &dtv))
		return false;
	start = dtv - ENTRY;
	if (dtv & (sizeof dtv - 1) || !peek_word(start, &count) || count > MOST)
		return false;
	*ret_start = start;
	*ret_end = start + (count + 2) * ENTRY;
	return true;
}

void
libc_walk_threads(void (*f)(uintptr_t tp))
{
	int i, n = 0;

	for (i = 0; i < 2; i++) {
		uintptr_t head = (uintptr_t)stacks.heads[i], at = head;

		while (at && n++ < 1 << 16 &&
		       peek_word(at + offsetof(struct list, next), &at) && at != head)
			f(at - stacks.link);
	}
}

/* ---- loaded objects ------------------------------------------------------------- */

/* Copies, so that nothing is read twice that may be gone the second time. */
static bool
peek_struct(void *to, const void *from, size_t bytes)
{
	return peek_words(to, (uintptr_t)from, bytes / 8) == bytes / 8;
}

/* What a struct link_map begins with.  Source: link.h. */
struct link_map_head {
	ElfW(Addr) l_addr;
	char *l_name;
	ElfW(Dyn) * l_ld;
	struct link_map *l_next;
};
_Static_assert(offsetof(struct link_map, l_next) == offsetof(struct link_map_head, l_next),
	       "the same");

/* The loader's list, as debuggers read it: link.h.  All namespaces, where
 * r_version says that there is a next. */
void
libc_walk_objects(void (*f)(uintptr_t bias, uintptr_t dynamic))
{
	const struct r_debug_extended *at = (const struct r_debug_extended *)&_r_debug;
	struct r_debug_extended r = {0};
	int spaces, objects = 0;

	/* Of the first version, what would be r_next is not there. */
	for (spaces = 0; at && spaces < 64 && peek_struct(&r, at, sizeof r.base); spaces++) {
		const struct link_map *map = r.base.r_map;
		struct link_map_head head;

		for (; map && objects < 1 << 16 && peek_struct(&head, map, sizeof head);
		     map = head.l_next, objects++)
			f(head.l_addr, (uintptr_t)head.l_ld);
		if (r.base.r_version < 2 ||
		    !peek_word((uintptr_t)&at->r_next, (uintptr_t *)&at))
			at = NULL;
	}
}
