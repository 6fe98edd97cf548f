/* tsd.c -- see tsd.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "tsd.h"
#include "arch.h"
#include "aside.h"
#include "backend.h"
#include "libc_inside.h"
#include "mem.h"
#include "sys.h"
#include "thread.h"

#include <pthread.h>
#include <stddef.h>
#include <string.h>

/* As jemalloc(3) has it. */
#define MALLOCX_TCACHE_NONE (1 << 8)

__thread intptr_t gcprof_tsd __attribute__((tls_model("initial-exec")));
__thread bool tsd_is_complete __attribute__((tls_model("initial-exec")));
__thread bool tsd_is_small __attribute__((tls_model("initial-exec")));
static __thread struct slot *own __attribute__((tls_model("initial-exec")));

/* The first contents; nothing if jemalloc has kept its TLS (jemalloc.sh). */
extern const char gcprof_tsd_image[] HIDDEN, gcprof_tsd_image_end[] HIDDEN;

/* Of jemalloc's own, where it is the one that jemalloc_tls.c knows: whether a thread that comes gets a cache; have one made, which
 * returns whether it failed; see whether the quick way is open. */
extern bool je_opt_tcache HIDDEN __attribute__((weak));
bool je_tsd_tcache_data_init(void *tsd) HIDDEN __attribute__((weak));
void je_tsd_slow_update(void *tsd) HIDDEN __attribute__((weak));

int gcprof_jesys_key_create(pthread_key_t *key, void (*f)(void *));

enum { DATA_MAX = 4096, N_SPARE = 4 };

struct slot {
	struct slot *next;
	union owner owner;
	struct aside aside;
	char data[] __attribute__((aligned(64)));
};

static struct slot *all; /* linked by next; only ever grows at its head */

/* For the first thread, which needs no mapping then, and for a few that come when
 * memory is refused. */
static char spare[N_SPARE][sizeof(struct slot) + DATA_MAX] __attribute__((aligned(64)));
static uint32_t n_spare; /* taken */

static size_t
image_bytes(void)
{
	return (size_t)(gcprof_tsd_image_end - gcprof_tsd_image);
}

static struct slot *
slot_new(void)
{
	struct slot *s = NULL;

	if (relaxed_load(&n_spare) == 0 && atomic_add(&n_spare, 1) == 0)
		return (struct slot *)spare[0];
	s = mem_keep(sizeof *s + image_bytes());
	if (!s && relaxed_load(&n_spare) < N_SPARE) {
		uint32_t i = atomic_add(&n_spare, 1);

		if (i < N_SPARE)
			s = (struct slot *)spare[i];
	}
	return s;
}

/* A slot that no thread uses, or a new one; as struct thread is taken (thread.c). */
static struct slot *
slot_take(void)
{
	struct slot *s;
	int tid = sys_gettid();

	for (s = acquire_load(&all); s; s = s->next)
		if (owner_take(&s->owner, tid))
			return s;
	s = slot_new();
	if (!s)
		return NULL;
	s->owner = (union owner){.tid = tid, .is_used = true};
	s->next = acquire_load(&all);
	while (!__atomic_compare_exchange_n(&all, &s->next, s, false, __ATOMIC_ACQ_REL,
					    __ATOMIC_ACQUIRE))
		;
	return s;
}

/* The main thread's stack grows down from libc_start, to its limit less arguments and
 * environment, which are a quarter at most (execve(2)): half of it, and of 8 MiB, is sure. */
static void
note_main_stack(struct aside *a)
{
	const uint64_t most = 8 << 20;
	uint64_t limit = sys_stack_limit();

	a->own_end = (uintptr_t)libc_start();
	a->own_low = a->own_end - (limit < most ? limit : most) / 2;
}

static void
note_stack(struct aside *a)
{
	a->own_low = a->own_end = 0;
	if (sys_gettid() == sys_getpid())
		note_main_stack(a);
	else
		(void)libc_thread_stack(arch_thread_pointer(), &a->own_low, &a->own_end);
}

/* Give this thread a slot, if it has none. */
static struct slot *
slot_own(void)
{
	struct slot *s, *none = NULL;

	if (own)
		return own;
	s = slot_take();
	if (!s)
		return NULL;
	s->aside.is_busy = false;
	note_stack(&s->aside);
	memcpy(s->data, gcprof_tsd_image, image_bytes());
	/* A handler that came meanwhile may have got one of its own. */
	if (!__atomic_compare_exchange_n(&own, &none, s, false, __ATOMIC_RELAXED,
					 __ATOMIC_RELAXED))
		release_store(&s->owner.is_used, false);
	return own;
}

struct aside *
tsd_aside(void)
{
	struct slot *s = slot_own();

	return s ? &s->aside : NULL;
}

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
	if (image_bytes() > DATA_MAX)
		return false;
	if (!slot_own())
		return false;
	gcprof_tsd = (intptr_t)((uintptr_t)own->data - arch_thread_pointer());
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
	if (image_bytes() == 0)
		return true;
	p = gcprof_je_mallocx(BACKEND_JE_MIN, is_booted ? MALLOCX_TCACHE_NONE : 0);
	if (!p)
		return false;
	gcprof_je_dallocx(p, is_booted ? MALLOCX_TCACHE_NONE : 0);
	tsd = own->data;
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
	if (image_bytes() == 0 || (own && tsd == own->data && gcprof_tsd))
		aside_call(clean_up, tsd);
	else if (!own || tsd != own->data)
		release_store(&((struct slot *)((char *)tsd - offsetof(struct slot, data)))
				       ->owner.is_ending,
			      true);
}

int
gcprof_jesys_key_create(pthread_key_t *key, void (*f)(void *))
{
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
	tsd_ending();
	thread_watch_end();
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
		thread_watch_end();
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

void
tsd_ending(void)
{
	if (own)
		release_store(&own->owner.is_ending, true);
}

void
tsd_after_fork(void)
{
	struct slot *s;

	/* What the others had cached is lost, as ever; they are on no list any more. */
	for (s = all; s; s = s->next) {
		s->owner.is_ending = false;
		s->owner.is_used = s == own;
	}
	if (own)
		own->owner.tid = sys_gettid();
}
