/* slots.c -- see slots.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "slots.h"
#include "arch.h"
#include "libc_inside.h"
#include "mem.h"
#include "owner.h"
#include "sys.h"

#include <string.h>

/* The first contents of the data; nothing if jemalloc has kept its TLS (jemalloc.sh). */
extern const char gcprof_tsd_image[] HIDDEN, gcprof_tsd_image_end[] HIDDEN;

enum { N_SPARE = 4 };

struct slot {
	struct slot *next;
	union owner owner;
	struct aside aside;
	char data[] __attribute__((aligned(64)));
};

static __thread struct slot *own __attribute__((tls_model("initial-exec")));
static struct slot *all; /* linked by next; only ever grows at its head */

/* For the first thread, which needs no mapping then, and for a few that come when
 * memory is refused. */
static char spare[N_SPARE][sizeof(struct slot) + SLOTS_DATA_MAX]
	__attribute__((aligned(64)));
static uint32_t n_spare; /* taken */

size_t
slots_data_bytes(void)
{
	return (size_t)(gcprof_tsd_image_end - gcprof_tsd_image);
}

static struct slot *
slot_new(void)
{
	struct slot *s = NULL;

	if (relaxed_load(&n_spare) == 0 && atomic_add(&n_spare, 1) == 0)
		return (struct slot *)spare[0];
	s = mem_keep(sizeof *s + slots_data_bytes());
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
	GCP_ASSERT(s->owner.is_used && (uintptr_t)s->data % 64 == 0);
	s->aside.is_busy = false;
	note_stack(&s->aside);
	memcpy(s->data, gcprof_tsd_image, slots_data_bytes());
	/* A handler that came meanwhile may have got one of its own. */
	if (!__atomic_compare_exchange_n(&own, &none, s, false, __ATOMIC_RELAXED,
					 __ATOMIC_RELAXED))
		release_store(&s->owner.is_used, false);
	return own;
}

struct aside *
slots_aside(void)
{
	struct slot *s = slot_own();

	return s ? &s->aside : NULL;
}

char *
slots_make(void)
{
	struct slot *s = slot_own();

	return s ? s->data : NULL;
}

char *
slots_data(void)
{
	return own ? own->data : NULL;
}

void
slots_ending(void)
{
	if (own)
		release_store(&own->owner.is_ending, true);
}

void
slots_ending_of(void *data)
{
	struct slot *s = (struct slot *)((char *)data - offsetof(struct slot, data));

	GCP_ASSERT(s != own);
	release_store(&s->owner.is_ending, true);
}

void
slots_after_fork(void)
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
