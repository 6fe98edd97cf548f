/* roots.c -- see roots.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "roots.h"
#include "arch.h"
#include "backend.h"
#include "blocks.h"
#include "cut.h"
#include "dontfork.h"
#include "heapfile.h"
#include "index.h"
#include "libc_inside.h"
#include "mappings.h"
#include "maps.h"
#include "mem.h"
#include "modules.h"
#include "peek.h"
#include "residence.h"
#include "scan.h"
#include "sys.h"
#include "thread.h"

#include <elf.h>
#include <link.h>
#include <string.h>

/* What is known to be somebody's: roots already written, the allocator's, ours.
 * What is left over is HEAPFILE_ROOT_OTHER. */
enum { MAX_CLAIMS = 1 << 18, MAX_REGISTERED = 1024 };
struct claim {
	uintptr_t start, end;
};
static struct claim *claims;
static uint32_t n_claims;

static struct {
	/* Our own static TLS, in bytes below the thread pointer: what jemalloc
	 * remembers of places it looked up is no root.  0 = not known. */
	size_t tls_start, tls_end;
	uintptr_t main_pointer; /* the thread pointer of who has the kernel's stack */
} own;

/* In a child of fork: the parent had other threads, whose stacks are as they
 * left them.  What they hold is kept, though nobody will ever use it.  Their registers are
 * unknown: of blocks born up to this epoch nobody can say that they are lost.  0 = no
 * others. */
static epoch_no orphaned;

static struct claim registered[MAX_REGISTERED]; /* end is written last; 0 = unused */

static int
find_own_tls(struct dl_phdr_info *object, size_t bytes, void *with)
{
	uintptr_t here = (uintptr_t)&own, data;
	bool is_own = false;
	size_t tls_bytes = 0;
	int i;

	(void)bytes;
	(void)with;
	for (i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &object->dlpi_phdr[i];

		if (ph->p_type == PT_TLS)
			tls_bytes = ph->p_memsz;
		else if (ph->p_type == PT_LOAD)
			is_own |= here - (object->dlpi_addr + ph->p_vaddr) < ph->p_memsz;
	}
	if (!is_own)
		return 0;
	data = (uintptr_t)object->dlpi_tls_data;
	if (data && data < own.main_pointer &&
	    own.main_pointer - data <= libc_layout.tls_bytes) {
		own.tls_start = own.main_pointer - data;
		own.tls_end = own.tls_start - tls_bytes;
	}
	return 1;
}

void
roots_init(void)
{
	own.main_pointer = arch_thread_pointer();
	libc_inside_init();
	(void)dl_iterate_phdr(find_own_tls, NULL);
}

void
roots_left_behind(epoch_no epoch)
{
	orphaned = epoch;
}

epoch_no
roots_left_behind_epoch(void)
{
	return orphaned;
}

void
roots_register(uintptr_t start, size_t bytes)
{
	int i;

	for (i = 0; i < MAX_REGISTERED; i++) {
		uintptr_t none = 0;

		if (__atomic_compare_exchange_n(&registered[i].start, &none, start, false,
						__ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
			release_store(&registered[i].end, start + bytes);
			return;
		}
	}
	lose(LOSS_MAPPINGS);
}

void
roots_unregister(uintptr_t start, size_t bytes)
{
	int i;

	for (i = 0; i < MAX_REGISTERED; i++)
		if (relaxed_load(&registered[i].start) == start &&
		    acquire_load(&registered[i].end) == start + bytes) {
			release_store(&registered[i].end, 0);
			release_store(&registered[i].start, 0);
			return;
		}
}

/* ---- claims -------------------------------------------------------------- */

static void
claim(uintptr_t start, uintptr_t end)
{
	if (claims && n_claims < MAX_CLAIMS && start < end)
		claims[n_claims++] = (struct claim){start, end};
}

static void
claim_region(uintptr_t start, uintptr_t end, void *with)
{
	(void)with;
	claim(start, end);
}

static void
root(uint32_t kind, uint32_t owner, uintptr_t start, uintptr_t end)
{
	claim(start, end);
	scan_root(kind, owner, start, end);
}

/* Shell sort by start: no recursion, no memory, and the list is nearly sorted. */
static void
sort_claims(void)
{
	uint32_t gap, i, k;

	for (gap = n_claims / 2; gap > 0; gap /= 2)
		for (i = gap; i < n_claims; i++) {
			struct claim c = claims[i];

			for (k = i; k >= gap && claims[k - gap].start > c.start; k -= gap)
				claims[k] = claims[k - gap];
			claims[k] = c;
		}
}

/* ---- loaded objects ------------------------------------------------------ */

/* Copies, so that nothing is read twice that may be gone the second time. */
static bool
peek_struct(void *to, const void *from, size_t bytes)
{
	return peek_words(to, (uintptr_t)from, bytes / 8) == bytes / 8;
}

static void
object_roots(uintptr_t bias, uintptr_t dynamic)
{
	struct module_find m, self;
	ElfW(Ehdr) eh;
	bool is_own;
	int i;

	if (!dynamic || !modules_find(dynamic, &m))
		return;
	is_own = modules_find((uintptr_t)&own, &self) && self.start == m.start;
	if (!peek_struct(&eh, (const void *)m.start, sizeof eh) ||
	    !modules_is_header(&eh, m.end - m.start))
		return;
	for (i = 0; i < eh.e_phnum; i++) {
		uintptr_t start;
		ElfW(Phdr) ph;

		if (!peek_struct(&ph,
				 (const void *)(m.start + eh.e_phoff + (size_t)i * sizeof ph),
				 sizeof ph))
			return;
		if (ph.p_type != PT_LOAD || !(ph.p_flags & PF_W))
			continue;
		start = bias + ph.p_vaddr;
		if (is_own) /* ours, and jemalloc's */
			claim(arch_page_of(start), start + ph.p_memsz);
		else
			root(HEAPFILE_ROOT_GLOBAL, m.module, start, start + ph.p_memsz);
	}
}

/* ---- threads ------------------------------------------------------------- */

/* Static TLS and the descriptor, with the key values told apart. */
static void
descriptor_roots(thread_no n, uintptr_t tp)
{
	uintptr_t lo = tp - libc_layout.tls_bytes, hi = tp + libc_layout.descriptor_bytes;
	size_t keys = libc_layout.keys, keys_end = libc_layout.keys_end;

	if (own.tls_start) {
		root(HEAPFILE_ROOT_TLS, n, lo, tp - own.tls_start);
		lo = tp - own.tls_end;
		claim(tp - own.tls_start, lo);
	}
	if (keys && keys_end <= libc_layout.descriptor_bytes) {
		root(HEAPFILE_ROOT_TLS, n, lo, tp + keys);
		root(HEAPFILE_ROOT_KEY, n, tp + keys, tp + keys_end);
		root(HEAPFILE_ROOT_TLS, n, tp + keys_end, hi);
	} else {
		root(HEAPFILE_ROOT_TLS, n, lo, hi);
	}
}

/* Thread-local storage of libraries that were loaded later. */
static void
dynamic_tls_roots(thread_no n, uintptr_t tp)
{
	uintptr_t start, end;
	struct index_block b;

	if (!libc_dynamic_tls(tp, &start, &end))
		return;
	/* The vector itself is a block whose inside is pointed to. */
	if (index_find(start, &b))
		scan_root_words(HEAPFILE_ROOT_TLS, n, &b.addr, 1);
	scan_root(HEAPFILE_ROOT_TLS, n, start, end);
}

static const struct maps_area *
main_stack(void)
{
	uint32_t i;

	for (i = 0; i < maps_n(); i++)
		if (maps_get(i)->name == MAPS_STACK)
			return maps_get(i);
	return NULL;
}

/* The main thread did not answer, or was left behind by fork: all of its stack
 * counts.  Or it has ended, before the process: then what the kernel put there,
 * and putenv may have changed. */
static void
unstopped_main_roots(void)
{
	const struct maps_area *stack = main_stack();
	uintptr_t lo;

	if (!stack)
		return;
	lo = cut_now.n_unanswered || orphaned ? stack->start : (uintptr_t)libc_start();
	scan_root(HEAPFILE_ROOT_STACK, orphaned ? 0 : thread_number_of(cut_now.pid), lo,
		  stack->end);
}

/* The stack that the thread was given, from sp if that is on it; a thread that
 * is on another one (a coroutine's, an alternate signal stack) has frames
 * somewhere on its own: all of it counts. */
static void
own_stack_roots(thread_no n, const struct cut_thread *t)
{
	uintptr_t tp = t->thread_pointer, lo, hi;
	const struct maps_area *stack;

	if (tp == own.main_pointer) {
		if (!(stack = main_stack()))
			return;
		lo = stack->start;
		hi = stack->end;
	} else {
		const struct maps_area *a = maps_find(tp);

		if (!a)
			return;
		lo = a->start;
		hi = tp - libc_layout.tls_bytes;
	}
	claim(lo, hi);
	scan_root(HEAPFILE_ROOT_STACK, n, t->sp > lo && t->sp < hi ? t->sp : lo, hi);
}

struct own_memory {
	uintptr_t at;
	bool is_found;
};

static void
check_region(uintptr_t start, uintptr_t end, void *with)
{
	struct own_memory *o = with;

	o->is_found |= o->at >= start && o->at < end;
}

/* Where a thread is stopped that runs jemalloc's destructor aside (aside.h): the
 * program's frames are on its own stack, of which all counts then, and beside this one
 * the heap may lie. */
static bool
is_on_stack_of_ours(uintptr_t sp)
{
	struct own_memory o = {.at = sp};

	mem_regions(check_region, &o);
	return o.is_found;
}

/* A stack that sp is on and that is not the thread's own. */
static void
other_stack_roots(thread_no n, const struct cut_thread *t)
{
	const struct maps_area *a = maps_find(t->sp);
	struct index_block b;
	struct mapping m;

	if (t->sp >= index_lo && t->sp < index_hi && index_find(t->sp, &b))
		scan_root(HEAPFILE_ROOT_STACK, n, t->sp, b.addr + b.bytes);
	else if (a && a->name != MAPS_STACK && !is_on_stack_of_ours(t->sp) &&
		 !mappings_find(t->sp, &m) &&
		 !(t->sp < t->thread_pointer && a->end > t->thread_pointer))
		scan_root(HEAPFILE_ROOT_STACK, n, t->sp, a->end);
}

static void
thread_roots(const struct cut_thread *t)
{
	thread_no n = thread_number_of(t->tid);

	scan_root_words(HEAPFILE_ROOT_REGISTERS, n, t->registers, ARCH_N_REGISTERS);
	scan_root(HEAPFILE_ROOT_REGISTERS, n, t->vectors, t->vectors_end);
	if (t->hand)
		scan_root_words(HEAPFILE_ROOT_REGISTERS, n, &t->hand, 1);
	descriptor_roots(n, t->thread_pointer);
	dynamic_tls_roots(n, t->thread_pointer);
	own_stack_roots(n, t);
	other_stack_roots(n, t);
	/* Only the kernel may know where this one is. */
	if (t->alt_stack)
		scan_root_words(HEAPFILE_ROOT_ALT_STACK, n, &t->alt_stack, 1);
}

static bool
is_stopped(uintptr_t tp)
{
	uint32_t i;

	for (i = 0; i < cut_now.n_threads; i++)
		if (cut_now.threads[i].state == CUT_PARKED &&
		    cut_now.threads[i].thread_pointer == tp)
			return true;
	return false;
}

/* A thread that has ended and waits for pthread_join: libc keeps what it
 * returned in its descriptor.  So is the argument of one that has not begun. */
static void
ended_thread_roots(uintptr_t tp)
{
	uintptr_t end = tp + libc_layout.descriptor_bytes;

	if (!is_stopped(tp) && maps_is_readable(tp, end))
		scan_root(HEAPFILE_ROOT_TLS, 0, tp, end);
}

/* ---- the rest ------------------------------------------------------------ */

/* But where this writer has none of it: another's memory may be there, its own. */
static int
mapping_root(const struct mapping *m, void *with)
{
	uintptr_t at = m->start, start, end;

	(void)with;
	while (at < m->end) {
		const struct maps_area *a = maps_find(at);

		if (!dontfork_missing(at, &start, &end) || start > m->end)
			start = end = m->end;
		if (start > at) {
			if (m->flags & HEAPFILE_MAPPING_READ &&
			    (!a || a->name != MAPS_DEVICE))
				root(HEAPFILE_ROOT_MAPPING, 0, at, start);
			if (m->flags & HEAPFILE_MAPPING_READ &&
			    m->flags & HEAPFILE_MAPPING_EXEC &&
			    !(m->flags & HEAPFILE_MAPPING_FILE))
				scan_root_code(HEAPFILE_ROOT_MAPPING, 0, at, start);
			if (!(m->flags & (HEAPFILE_MAPPING_SHARED | HEAPFILE_MAPPING_FILE)))
				residence_add_mapping(at, start);
			claim(at, start);
		}
		at = end;
	}
	return 0;
}

/* libc keeps stacks of threads that have ended for others to come.  They look
 * like this: memory behind a guard without access, and no thread's.  BOUND: so
 * does what a program mapped by raw system calls behind a guard. */
static bool
is_dead_stack(uint32_t i)
{
	const struct maps_area *a = maps_get(i), *guard = i ? maps_get(i - 1) : NULL;

	return guard && guard->end == a->start && !guard->is_readable &&
	       guard->name == MAPS_ANONYMOUS && a->name == MAPS_ANONYMOUS && !a->is_shared;
}

static void
leftover(uint32_t i, uintptr_t start, uintptr_t end)
{
	bool is_stack = start == maps_get(i)->start && is_dead_stack(i);

	if (is_stack && !cut_now.n_unanswered && !orphaned)
		return;
	/* The next allocator's heap is no root. */
	if (backend_is_system && blocks_ever_in(start, end))
		return;
	scan_root(is_stack ? HEAPFILE_ROOT_STACK : HEAPFILE_ROOT_OTHER, 0, start, end);
}

static void
other_roots(void)
{
	uint32_t i, k = 0;

	sort_claims();
	for (i = 0; i < maps_n(); i++) {
		const struct maps_area *a = maps_get(i);
		uintptr_t at = a->start;
		uint32_t c;

		if (!a->is_readable || !a->is_writable || a->name == MAPS_DEVICE ||
		    a->name == MAPS_STACK || a->name == MAPS_KERNEL)
			continue;
		/* Claims may overlap; those that end before this area are done with. */
		while (k < n_claims && claims[k].end <= at)
			k++;
		for (c = k; c < n_claims && claims[c].start < a->end && at < a->end; c++) {
			if (claims[c].start > at)
				leftover(i, at, claims[c].start);
			if (claims[c].end > at)
				at = claims[c].end;
		}
		if (at < a->end)
			leftover(i, at, a->end);
	}
}

void
roots_write(void)
{
	bool is_main_stopped = false;
	uint32_t i;

	if (!claims)
		claims = mem_map(MAX_CLAIMS * sizeof *claims);
	n_claims = 0;
	scan_roots_begin();
	libc_walk_objects(object_roots);
	for (i = 0; i < cut_now.n_threads; i++)
		if (cut_now.threads[i].state == CUT_PARKED) {
			thread_roots(&cut_now.threads[i]);
			is_main_stopped |=
				cut_now.threads[i].thread_pointer == own.main_pointer;
		}
	if (!is_main_stopped)
		unstopped_main_roots();
	libc_walk_threads(ended_thread_roots);
	scan_pass_absent(cut_now.is_in_place);
	(void)mappings_walk(mapping_root, NULL);
	scan_pass_absent(false);
	for (i = 0; i < MAX_REGISTERED; i++)
		if (registered[i].end)
			scan_root(HEAPFILE_ROOT_REGISTERED, 0, registered[i].start,
				  registered[i].end);
	backend_regions(claim_region, NULL);
	mem_regions(claim_region, NULL);
	other_roots();
}
