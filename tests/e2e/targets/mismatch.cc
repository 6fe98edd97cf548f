/* mismatch.cc -- blocks that the wrong function frees.
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"
#include <new>

static void (*volatile v_free)(void *) = free;
static void *(*volatile v_malloc)(size_t) = malloc;
static void *(*volatile v_new)(size_t) = ::operator new;
static void *(*volatile v_new_array)(size_t) = ::operator new[];
static void (*volatile v_delete)(void *) noexcept = ::operator delete;
static void (*volatile v_delete_array)(void *) noexcept = ::operator delete[];

NOINLINE static void
new_freed_by_free()
{
	v_free(gone(keep(v_new(40), 40, "new"), 40));
}

NOINLINE static void
malloc_freed_by_delete()
{
	v_delete(gone(keep(v_malloc(50), 50, "malloc"), 50));
}

NOINLINE static void
array_freed_by_delete()
{
	v_delete(gone(keep(v_new_array(60), 60, "new[]"), 60));
}

NOINLINE static void
new_freed_by_delete_array()
{
	v_delete_array(gone(keep(v_new(70), 70, "new"), 70));
}

int
main()
{
	keep(v_malloc(10), 10, "malloc");
	for (int i = 0; i < 3; i++) {
		new_freed_by_free();
		malloc_freed_by_delete();
		array_freed_by_delete();
		new_freed_by_delete_array();
	}
	puts("still here");
	return 5;
}
