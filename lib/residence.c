/* residence.c -- see residence.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "residence.h"
#include "backend.h"
#include "blocks.h"
#include "maps.h"
#include "mem.h"
#include "pages.h"
#include "sys.h"

enum { BY_PAGES = 64 << 10, UNUSED = -1 };

static struct {
	int pagemap;
	uint64_t beside; /* next to the next allocator's memory, in areas that count as that */
	struct residence sums;
} now = {.pagemap = UNUSED};

static void
add(uintptr_t start, uintptr_t end, void *with)
{
	*(uint64_t *)with += end - start;
}

static void
add_present(uintptr_t start, uintptr_t end, void *with)
{
	if (start < end)
		pages_walk(now.pagemap, start, end, add, with);
}

void
residence_begin(void)
{
	if (now.pagemap != UNUSED)
		(void)sys_close(now.pagemap);
	now.sums = (struct residence){.is_known = false};
	now.beside = 0;
	now.pagemap = pages_open();
	if (now.pagemap < 0)
		now.pagemap = UNUSED;
}

void
residence_add_block(uintptr_t addr, size_t bytes)
{
	if (bytes < BY_PAGES)
		now.sums.live += bytes;
	else if (now.pagemap != UNUSED)
		add_present(addr, addr + bytes, &now.sums.live);
}

/* ---- the next allocator's memory ------------------------------------------ */

/* Private memory of no file's in which there has been a block. */
static bool
is_heap(const struct maps_area *a)
{
	return a->is_readable && a->is_writable && !a->is_shared &&
	       (a->name == MAPS_ANONYMOUS || a->name == MAPS_HEAP) &&
	       blocks_ever_in(a->start, a->end);
}

/* What is next to the heap is one area with it. */
static void
add_beside(uintptr_t start, uintptr_t end, void *with)
{
	const struct maps_area *a = maps_find(start);

	(void)with;
	if (a && is_heap(a))
		add_present(start, end < a->end ? end : a->end, &now.beside);
}

static void
add_areas(void)
{
	uint32_t i;

	for (i = 0; i < maps_n(); i++)
		if (is_heap(maps_get(i)))
			add_present(maps_get(i)->start, maps_get(i)->end, &now.sums.heap);
	mem_regions(add_beside, NULL);
	now.sums.heap -= now.beside < now.sums.heap ? now.beside : now.sums.heap;
}

/* ---- all of it ------------------------------------------------------------ */

void
residence_add_mapping(uintptr_t start, uintptr_t end)
{
	if (now.pagemap == UNUSED)
		return;
	add_present(start, end, &now.sums.external);
	if (backend_is_system)
		add_beside(start, end, NULL);
}

void
residence_end(struct residence *ret)
{
	now.sums.is_known = now.pagemap != UNUSED;
	if (now.sums.is_known && backend_is_system)
		add_areas();
	else if (now.sums.is_known)
		backend_regions(add_present, &now.sums.heap);
	*ret = now.sums;
	if (now.sums.is_known)
		(void)sys_close(now.pagemap);
	now.pagemap = UNUSED;
}
