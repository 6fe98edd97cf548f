/* tsd.c -- see tsd.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "tsd.h"
#include "arch.h"
#include "aside.h"
#include "ending.h"
#include "jemalloc.h"
#include "libc_inside.h"
#include "slots.h"

#include <pthread.h>

/* As jemalloc(3) has it. */
#define MALLOCX_TCACHE_NONE (1 << 8)

__thread intptr_t gcprof_tsd __attribute__((tls_model("initial-exec")));
__thread bool tsd_is_complete __attribute__((tls_model("initial-exec")));
__thread bool tsd_is_small __attribute__((tls_model("initial-exec")));

/* Of jemalloc's own, where it is the one that jemalloc_tls.c knows: whether a thread that comes gets a cache; have one made, which
 * returns whether it failed; see whether the quick way is open. */
extern bool je_opt_tcache HIDDEN __attribute__((weak));
bool je_tsd_tcache_data_init(void *tsd) HIDDEN __attribute__((weak));
void je_tsd_slow_update(void *tsd) HIDDEN __attribute__((weak));

int gcprof_jesys_key_create(pthread_key_t *key, void (*f)(void *));

/* Whether this thread was made with so small a stack that jemalloc's needs, of 3 KiB
 * and more, count. */
static bool
is_small_stack(void)
{
	enum { SMALL = 64 << 10 };

	return libc_has_small_stack(arch_thread_pointer(),
				    (uintptr_t)__builtin_frame_address(0), SMALL);
}

static bool
give(void)
{
	char *data = slots_data_bytes() <= SLOTS_DATA_MAX ? slots_make() : NULL;

	if (!data)
		return false;
	gcprof_tsd = (intptr_t)((uintptr_t)data - arch_thread_pointer());
	GCP_ASSERT(gcprof_tsd); /* led */
	return true;
}

/* Returns false if something is still missing. */
static bool
complete(void)
{
	static bool is_booted; /* by the first thread, before there is another */
	void *p, *tsd;

	/* jemalloc without changes, or the very first call: it has all it needs, or
	 * fails as a whole. */
	if (slots_data_bytes() == 0)
		return true;
	p = gcprof_je_mallocx(JEMALLOC_MIN, is_booted ? MALLOCX_TCACHE_NONE : 0);
	if (!p)
		return false;
	gcprof_je_dallocx(p, is_booted ? MALLOCX_TCACHE_NONE : 0);
	tsd = slots_data();
	GCP_ASSERT(tsd);
	if (!is_booted) {
		/* The first byte of the data says whether there is a cache.  If that is
		 * not so, jemalloc may do as it is used to. */
		je_opt_tcache = !*(bool *)tsd;
		is_booted = true;
		return true;
	}
	/* Now it has an arena; and a cache too, if a handler that came meanwhile has
	 * made one. */
	if (*(bool *)tsd || je_opt_tcache)
		return true;
	if (je_tsd_tcache_data_init(tsd))
		return false;
	*(bool *)tsd = true;
	je_tsd_slow_update(tsd);
	return true;
}

/* jemalloc's own clean-up when a thread ends, on the last of whose stack there may be as
 * little room. */
static void (*clean_up)(void *tsd);

/* What jemalloc has set for its key may be an earlier thread's: a thread that frees after its
 * destructors, as the C library does for a detached one when it keeps stacks enough, sets the
 * key in a descriptor that the next thread on this stack takes over as it is.  With jemalloc's
 * data in static TLS that would be the same address.  The earlier thread is no more. */
static void
clean_up_aside(void *tsd)
{
	bool is_own = tsd == slots_data();

	if (slots_data_bytes() == 0 || (is_own && gcprof_tsd))
		aside_call(clean_up, tsd);
	else if (!is_own)
		slots_ending_of(tsd);
}

int
gcprof_jesys_key_create(pthread_key_t *key, void (*f)(void *))
{
	GCP_ASSERT(f && !clean_up); /* once */
	clean_up = f;
	return pthread_key_create(key, clean_up_aside);
}

bool
tsd_make_for_free(void)
{
	if (gcprof_tsd)
		return true;
	if (!give())
		return false;
	tsd_is_small = is_small_stack();
	/* Perhaps its destructors have run already, and nobody would say that it ends.  Too early
	 * a word costs a system call for each slot that is wanted, as long as the thread lives. */
	slots_ending();
	ending_watch();
	return true;
}

static void
complete_aside(void *unused)
{
	(void)unused;
	tsd_is_complete = complete();
}

NOINLINE bool
tsd_make(void)
{
	static __thread bool is_busy __attribute__((tls_model("initial-exec")));

	if (!gcprof_tsd) {
		if (!give())
			return false;
		ending_watch();
	}
	/* A handler in the midst of it makes do without the cache; what comes after the
	 * thread's destructors, too. */
	if (!is_busy) {
		is_busy = true;
		tsd_is_small = is_small_stack();
		aside_call(complete_aside, NULL);
		is_busy = false;
	}
	return true;
}
