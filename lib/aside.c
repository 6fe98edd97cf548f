/* aside.c -- see aside.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "aside.h"
#include "arch.h"
#include "mem.h"
#include "slots.h"
#include "sys.h"

#include <sys/mman.h>

ARCH_SWITCH_STACK(gcprof_aside_switch);

static bool
map(struct aside *a)
{
	char *none = NULL, *low = mem_map(ASIDE_BYTES);

	if (!low)
		return false;
	/* Without it, too deep a call would be as bad as it is elsewhere. */
	(void)sys_mprotect(low, MEM_PAGE, PROT_NONE);
	/* A handler may have done it meanwhile; what is lost then is address space. */
	(void)__atomic_compare_exchange_n(&a->top, &none, low + ASIDE_BYTES, false,
					  __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	return true;
}

static bool
has_room(const struct aside *a)
{
	uintptr_t sp = (uintptr_t)__builtin_frame_address(0);

	return sp > a->own_low + ASIDE_ROOM && sp < a->own_end;
}

void
aside_call(void (*f)(void *with), void *with)
{
	struct aside *a = slots_aside();

	if (!a || has_room(a) || relaxed_load(&a->is_busy) || (!a->top && !map(a))) {
		f(with);
		return;
	}
	GCP_ASSERT(a->top && (uintptr_t)a->top % 16 == 0);
	GCP_ASSERT(!aside_has((uintptr_t)__builtin_frame_address(0)));
	relaxed_store(&a->is_busy, true);
	signal_fence();
	gcprof_aside_switch(f, with, a->top);
	signal_fence();
	relaxed_store(&a->is_busy, false);
}

bool
aside_has(uintptr_t sp)
{
	const struct aside *a = slots_aside();

	return a && a->top && (uintptr_t)a->top - sp <= ASIDE_BYTES;
}

bool
aside_is_switch(uintptr_t pc)
{
	return pc >= (uintptr_t)gcprof_aside_switch &&
	       pc <= (uintptr_t)gcprof_aside_switch_end;
}
