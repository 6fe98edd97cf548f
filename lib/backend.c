/* backend.c -- see backend.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "backend.h"
#include "aside.h"
#include "blocks.h"
#include "libc.h"
#include "mallctl.h"
#include "mem.h"
#include "slots.h"
#include "sys.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { JE_MIN = JEMALLOC_MIN, GLIBC_MIN = 24, OTHER_MIN = 32 };

/* Flags of mallocx, as jemalloc(3) has them. */
#define MALLOCX_LG_ALIGN_MASK 63
#define MALLOCX_ZERO BACKEND_ZERO
#define MALLOCX_FIRST_ARENA (1 << 20)
#define MALLOCX_ARENA_MASK (~0u << 20)
#define MALLOCX_TCACHE_NONE (1 << 8)
#define JE_ALIGN(a) ((int)__builtin_ctzl(a))

extern const char *gcprof_je_malloc_conf;
extern void (*gcprof_je_malloc_message)(void *, const char *);
int gcprof_je_mallctl(const char *, void *, size_t *, void *, size_t);
int gcprof_je_mallctlnametomib(const char *, size_t *, size_t *);
int gcprof_je_mallctlbymib(const size_t *, size_t, void *, size_t *, void *, size_t);
void gcprof_je_malloc_stats_print(void (*)(void *, const char *), void *, const char *);

struct backend_next backend_next;
bool backend_is_system;
size_t backend_min_bytes = JE_MIN;

/* ---- what jemalloc asks of the system ------------------------------------ */

static uint64_t je_mapped; /* atomic */
static void (*je_fork[3])(void);

/* What jemalloc has mapped, so that it is never taken for the program's data.
 * It maps in ever larger pieces, and keeps them: a slot is claimed by its start
 * and counts once its end is set.  BOUND: memory beyond the table would be a
 * root, and could hide a leak; it is counted as a loss. */
enum { MAX_REGIONS = 4096 };
static struct je_region {
	uintptr_t start, end; /* atomic */
} je_regions[MAX_REGIONS];

static void
region_add(uintptr_t start, uintptr_t end)
{
	int i;

	for (i = 0; i < MAX_REGIONS; i++) {
		uintptr_t none = 0;

		if (relaxed_load(&je_regions[i].start) == 0 &&
		    __atomic_compare_exchange_n(&je_regions[i].start, &none, start, false,
						__ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
			release_store(&je_regions[i].end, end);
			return;
		}
	}
	lose(LOSS_MAPPINGS);
}

/* jemalloc unmaps the ends of what it has just mapped, to align it, or the
 * whole of it. */
static void
region_cut(uintptr_t start, uintptr_t end)
{
	int i;

	for (i = 0; i < MAX_REGIONS; i++) {
		struct je_region *r = &je_regions[i];
		uintptr_t from = relaxed_load(&r->start), to = relaxed_load(&r->end);

		if (!from || !to || end <= from || start >= to)
			continue;
		if (start <= from && end >= to) {
			release_store(&r->end, 0);
			release_store(&r->start, 0);
		} else if (start <= from) {
			release_store(&r->start, end);
		} else {
			release_store(&r->end, start);
			if (end < to)
				region_add(end, to);
		}
	}
}

bool
backend_has(const void *p)
{
	int i;

	if (backend_is_system)
		return true; /* its memory is nobody's secret but its own */
	for (i = 0; i < MAX_REGIONS; i++)
		if ((uintptr_t)p >= relaxed_load(&je_regions[i].start) &&
		    (uintptr_t)p < acquire_load(&je_regions[i].end))
			return true;
	return large_usable(p) != 0;
}

bool
backend_is_beside_libc(const void *p)
{
	return backend_is_system ? backend_min_bytes == GLIBC_MIN : !backend_has(p);
}

void
backend_regions(void (*f)(uintptr_t start, uintptr_t end, void *with), void *with)
{
	int i;

	for (i = 0; i < MAX_REGIONS; i++) {
		uintptr_t end = acquire_load(&je_regions[i].end);

		if (end)
			f(je_regions[i].start, end, with);
	}
	large_regions(f, with);
}

void *gcprof_jesys_mmap(void *addr, size_t bytes, int prot, int flags, int fd,
			off_t offset);
int gcprof_jesys_munmap(void *addr, size_t bytes);
int gcprof_jesys_madvise(void *addr, size_t bytes, int advice);
int gcprof_jesys_mprotect(void *addr, size_t bytes, int prot);
void *gcprof_jesys_sbrk(intptr_t by);
int gcprof_jesys_clock_gettime(int clock, struct timespec *ret);
long gcprof_jesys_syscall(long number, long a, long b, long c);
char *gcprof_jesys_getenv(const char *name);
ssize_t gcprof_jesys_readlink(const char *name, char *buf, size_t bytes);
int gcprof_jesys_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void));
int gcprof_jesys_atexit(void (*f)(void));
void gcprof_jesys_exit(int status) __attribute__((noreturn));
int gcprof_jesys_pthread_create(void *, const void *, void *(*)(void *), void *);
void *gcprof_jesys_dlsym(void *handle, const char *name);
int gcprof_jesys_Unwind_Backtrace(void *, void *);
uintptr_t gcprof_jesys_Unwind_GetIP(void *);

/* INVARIANT  nobody-home (blocks.h).  Source: jemalloc 5.3's pac.c and extent.c: what
 * is purged, decommitted or unmapped has been taken out of all its lists before, and
 * what it clears for calloc is not handed out yet. */
static void
forget(void *addr, size_t bytes)
{
	blocks_forget((uintptr_t)addr, (uintptr_t)addr + bytes);
}

/* None of these sets errno: jemalloc looks at results alone, and a malloc that
 * succeeds in the end must not have changed it. */

void *
gcprof_jesys_mmap(void *addr, size_t bytes, int prot, int flags, int fd, off_t offset)
{
	/* jemalloc asks for memory without reserve.  The C library's malloc does
	 * not, and refuses what the system can never give. */
	long p = sys_mmap(addr, bytes, prot, flags & ~MAP_NORESERVE, fd, offset);

	if (p < 0)
		return MAP_FAILED;
	if (flags & MAP_FIXED) { /* to decommit or commit some of what it has */
		forget(addr, bytes);
	} else {
		(void)atomic_add(&je_mapped, bytes);
		region_add((uintptr_t)p, (uintptr_t)p + bytes);
	}
	return (void *)p;
}

int
gcprof_jesys_munmap(void *addr, size_t bytes)
{
	long result;

	forget(addr, bytes);
	region_cut((uintptr_t)addr, (uintptr_t)addr + bytes);
	result = sys_munmap(addr, bytes);
	if (result == 0)
		(void)atomic_add(&je_mapped, 0 - (uint64_t)bytes);
	else /* the limit of mappings: jemalloc has no use for it, and lets it be */
		region_add((uintptr_t)addr, (uintptr_t)addr + bytes);
	return 0;
}

int
gcprof_jesys_madvise(void *addr, size_t bytes, int advice)
{
	if (advice == MADV_DONTNEED || advice == MADV_FREE)
		forget(addr, bytes);
	return sys_madvise(addr, bytes, advice) ? -1 : 0;
}

int
gcprof_jesys_mprotect(void *addr, size_t bytes, int prot)
{
	return sys_mprotect(addr, bytes, prot) ? -1 : 0;
}

void *
gcprof_jesys_sbrk(intptr_t by)
{
	(void)by; /* the break is the program's: dss is off */
	return (void *)-1;
}

/* A small file of /proc at the start, and messages.  The arguments of a variadic call
 * are where those of any other are. */
long
gcprof_jesys_syscall(long number, long a, long b, long c)
{
	long result = sys_call(number, a, b, c);

	return result < 0 ? -1 : result;
}

int
gcprof_jesys_clock_gettime(int clock, struct timespec *ret)
{
	uint64_t now = clock == CLOCK_REALTIME ? sys_realtime_ns() : sys_now_ns();

	*ret = (struct timespec){(time_t)(now / 1000000000u), (long)(now % 1000000000u)};
	return 0;
}

char *
gcprof_jesys_getenv(const char *name)
{
	(void)name; /* MALLOC_CONF is meant for a jemalloc of the program's */
	return NULL;
}

ssize_t
gcprof_jesys_readlink(const char *name, char *buf, size_t bytes)
{
	(void)name, (void)buf, (void)bytes; /* /etc/malloc.conf likewise */
	return -1;
}

int
gcprof_jesys_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
	je_fork[0] = prepare;
	je_fork[1] = parent;
	je_fork[2] = child;
	return 0;
}

int
gcprof_jesys_atexit(void (*f)(void))
{
	(void)f; /* statistics at exit: off */
	return 0;
}

void
gcprof_jesys_exit(int status)
{
	sys_exit(status);
}

int
gcprof_jesys_pthread_create(void *thread, const void *attr, void *(*f)(void *), void *with)
{
	(void)thread, (void)attr, (void)f, (void)with; /* background threads: off */
	return EAGAIN;
}

void *
gcprof_jesys_dlsym(void *handle, const char *name)
{
	(void)handle, (void)name; /* only looks for pthread_create */
	return NULL;
}

int
gcprof_jesys_Unwind_Backtrace(void *f, void *with)
{
	(void)f, (void)with; /* heap profiling of its own: off */
	return 5;            /* _URC_END_OF_STACK */
}

uintptr_t
gcprof_jesys_Unwind_GetIP(void *context)
{
	(void)context;
	return 0;
}

/* ---- set-up -------------------------------------------------------------- */

/* Until the next allocator is known, the loader's own requests (it is looking
 * the next allocator up for us) are served from here, and never freed. */
static char early[64 << 10] __attribute__((aligned(16)));
static size_t early_used;

static bool
is_early(const void *p)
{
	return (const char *)p >= early && (const char *)p < early + sizeof early;
}

static void *
early_malloc(size_t bytes)
{
	size_t need = 16 + ((bytes + 15) & ~(size_t)15), at = early_used;

	if (bytes > sizeof early || at + need > sizeof early) {
		errno = ENOMEM;
		return NULL;
	}
	early_used = at + need;
	*(size_t *)(early + at) = need - 16;
	return early + at + 16;
}

static void *
early_calloc(size_t n, size_t bytes)
{
	return early_malloc(n * bytes); /* static memory, used once: zero */
}

/* The next allocator's own.  All that a snapshot needs is looked up at the start: dlsym
 * takes the loader's lock, which a thread may hold that is stopped for the snapshot, or
 * is gone in the child that writes it. */
static struct {
	void (*free)(void *);
	size_t (*usable)(void *); /* may be NULL, as mallinfo may */
	void *(*realloc)(void *, size_t);
	struct mallinfo2 (*mallinfo)(void);
} real;

static void
next_free(void *p)
{
	if (!is_early(p))
		real.free(p);
}

static size_t
next_usable(void *p)
{
	if (is_early(p))
		return ((size_t *)p)[-2];
	return real.usable ? real.usable(p) : 0;
}

static void *
next_realloc(void *p, size_t bytes)
{
	void *q;

	if (!is_early(p))
		return real.realloc(p, bytes);
	q = backend_next.malloc(bytes);
	if (q)
		memcpy(q, p, next_usable(p) < bytes ? next_usable(p) : bytes);
	return q;
}

static void *
early_realloc(void *p, size_t bytes)
{
	void *q = early_malloc(bytes);

	if (q && p)
		memcpy(q, p, next_usable(p) < bytes ? next_usable(p) : bytes);
	return q;
}

static void *
early_memalign(size_t align, size_t bytes)
{
	/* The loader asks for no more than 16 while it looks names up. */
	return align <= 16 ? early_malloc(bytes) : NULL;
}

static void
early_free(void *p)
{
	(void)p;
}

static void
find_next(void)
{
	struct backend_next next;

	backend_next = (struct backend_next){early_malloc,   early_calloc, early_realloc,
					     early_memalign, early_free,   next_usable};
	next.malloc = (void *(*)(size_t))libc_dlsym(RTLD_NEXT, "malloc");
	next.calloc = (void *(*)(size_t, size_t))libc_dlsym(RTLD_NEXT, "calloc");
	next.memalign = (void *(*)(size_t, size_t))libc_dlsym(RTLD_NEXT, "memalign");
	next.realloc = next_realloc;
	next.free = next_free;
	next.usable = next_usable;
	real.free = (void (*)(void *))libc_dlsym(RTLD_NEXT, "free");
	real.usable = (size_t(*)(void *))libc_dlsym(RTLD_NEXT, "malloc_usable_size");
	real.realloc = (void *(*)(void *, size_t))libc_dlsym(RTLD_NEXT, "realloc");
	real.mallinfo = (struct mallinfo2(*)(void))libc_dlsym(RTLD_NEXT, "mallinfo2");
	if (!next.malloc || !next.calloc || !next.memalign || !real.free || !real.realloc) {
		/* Not a usual libc: serve what the program needs ourselves. */
		backend_is_system = false;
		return;
	}
	backend_min_bytes =
		(void *)next.malloc == libc_find("malloc") ? GLIBC_MIN : OTHER_MIN;
	backend_next = next;
}

/* Errors of jemalloc's that are not returned, in system calls that fail, are no
 * business of the program's. */
static void
drop_message(void *with, const char *text)
{
	(void)with, (void)text;
}

void
backend_init(bool is_system, bool is_hugepages)
{
	/* No other options, as programs may ask for them. */
	if (is_hugepages)
		gcprof_je_malloc_conf = "thp:always";
	gcprof_je_malloc_message = drop_message;
	backend_is_system = is_system;
	if (is_hugepages)
		large_use_huge_pages();
	if (is_system)
		find_next();
}

/* ---- large blocks --------------------------------------------------------- */

static void *
from_jemalloc(size_t bytes, int flags)
{
	void *p = tsd_ready() ? backend_aside(BACKEND_MALLOCX, NULL, bytes, flags) : NULL;

	return p ? p : backend_elsewhere(NULL, bytes, flags);
}

/* jemalloc may have kept enough where the kernel has nothing more to give. */
NOINLINE void *
backend_large(size_t bytes, size_t align, bool is_zeros)
{
	void *p = large_alloc(bytes, align, is_zeros);

	if (likely(p != NULL))
		return p;
	p = from_jemalloc(bytes, JE_ALIGN(align) | (is_zeros ? MALLOCX_ZERO : 0));
	if (!p)
		errno = ENOMEM;
	return p;
}

NOINLINE void *
backend_large_realloc(void *p, size_t bytes, size_t align, bool is_zeros)
{
	size_t have = backend_usable(p);
	void *q;

	if (bytes >= LARGE_MIN) {
		if (large_usable(p) && (q = large_realloc(p, bytes, align)) != NULL)
			return q;
		q = backend_large(bytes, align, is_zeros);
	} else {
		q = from_jemalloc(bytes, JE_ALIGN(align));
	}
	if (!q)
		return NULL;
	memcpy(q, p, have < bytes ? have : bytes);
	backend_free(p);
	return q;
}

/* ---- requests that are rarer --------------------------------------------- */

struct request {
	enum backend_way way;
	void *p; /* the result, too */
	size_t bytes;
	int flags;
};

static void
serve(void *with)
{
	struct request *r = with;

	switch (r->way) {
	case BACKEND_MALLOC:
		r->p = gcprof_je_malloc(r->bytes);
		break;
	case BACKEND_CALLOC:
		r->p = gcprof_je_calloc(1, r->bytes);
		break;
	case BACKEND_REALLOC:
		r->p = gcprof_je_realloc(r->p, r->bytes);
		break;
	case BACKEND_FREE:
		gcprof_je_free(r->p);
		break;
	case BACKEND_MALLOCX:
		r->p = gcprof_je_mallocx(r->bytes, r->flags);
		break;
	case BACKEND_RALLOCX:
		r->p = gcprof_je_rallocx(r->p, r->bytes, r->flags);
		break;
	case BACKEND_DALLOCX:
		gcprof_je_dallocx(r->p, r->flags);
		break;
	}
}

NOINLINE void *
backend_aside(enum backend_way way, void *p, size_t bytes, int flags)
{
	struct request r = {way, p, backend_room(bytes), flags};

	if (tsd_is_small)
		aside_call(serve, &r);
	else
		serve(&r);
	return r.p;
}

void *
backend_memalign(size_t align, size_t bytes)
{
	if (unlikely(backend_is_system))
		return backend_next.memalign(align, backend_room(bytes));
	/* mallocx leaves errno alone. */
	void *p;

	if (large_is_wanted(bytes))
		return backend_large(bytes, align, false);
	p = tsd_ready() ? backend_aside(BACKEND_MALLOCX, NULL, bytes, JE_ALIGN(align))
			: NULL;
	if (unlikely(!p)) {
		errno = ENOMEM;
		p = backend_elsewhere(NULL, bytes, JE_ALIGN(align));
	}
	return p;
}

NOINLINE void *
backend_elsewhere(void *p, size_t bytes, int flags)
{
	if (bytes > PTRDIFF_MAX || !gcprof_tsd)
		return NULL;
	flags |= MALLOCX_FIRST_ARENA | MALLOCX_TCACHE_NONE;
	return backend_aside(p ? BACKEND_RALLOCX : BACKEND_MALLOCX, p, bytes, flags);
}

size_t
backend_usable(void *p)
{
	size_t large;

	if (backend_is_system)
		return backend_next.usable(p);
	if ((large = large_usable(p)) != 0)
		return large;
	return tsd_ready() ? gcprof_je_sallocx(p, 0) : 0;
}

static size_t
flags_align(int flags)
{
	size_t align = (size_t)1 << (flags & MALLOCX_LG_ALIGN_MASK);

	return align < 16 ? 16 : align;
}

/* Who asks for an arena of jemalloc's is to have it. */
static bool
is_large_with(size_t bytes, int flags)
{
	return large_is_wanted(bytes) && !(flags & MALLOCX_ARENA_MASK);
}

void *
backend_mallocx(size_t bytes, int flags)
{
	void *p;

	if (!backend_is_system) {
		if (is_large_with(bytes, flags))
			return backend_large(bytes, flags_align(flags),
					     flags & MALLOCX_ZERO);
		return tsd_ready() ? backend_aside(BACKEND_MALLOCX, NULL, bytes, flags)
				   : NULL;
	}
	p = backend_next.memalign(flags_align(flags), backend_room(bytes));
	if (p && flags & MALLOCX_ZERO)
		memset(p, 0, bytes);
	return p;
}

void *
backend_rallocx(void *p, size_t bytes, int flags)
{
	size_t old;
	void *q;

	if (!backend_is_system) {
		if (is_large_with(bytes, flags) || large_usable(p))
			return backend_large_realloc(p, bytes, flags_align(flags),
						     flags & MALLOCX_ZERO);
		return tsd_ready() ? backend_aside(BACKEND_RALLOCX, p, bytes, flags) : NULL;
	}
	old = backend_next.usable(p);
	q = backend_mallocx(bytes, flags);
	if (q) {
		memcpy(q, p, old < bytes ? old : bytes);
		backend_next.free(p);
	}
	return q;
}

size_t
backend_xallocx(void *p, size_t bytes, size_t extra, int flags)
{
	if (backend_is_system)
		return backend_next.usable(p);
	if (large_usable(p))
		return large_resize(p, bytes, extra);
	return tsd_ready() ? gcprof_je_xallocx(p, backend_room(bytes), extra, flags) : 0;
}

void
backend_dallocx(void *p, int flags)
{
	if (backend_is_system)
		backend_next.free(p);
	else if (!large_free(p) && tsd_ready_for_free())
		(void)backend_aside(BACKEND_DALLOCX, p, 0, flags); /* returns nothing */
}

size_t
backend_nallocx(size_t bytes, int flags)
{
	size_t align = flags_align(flags);

	if (!backend_is_system && is_large_with(bytes, flags))
		return large_round(bytes);
	if (!backend_is_system)
		return tsd_ready() ? gcprof_je_nallocx(backend_room(bytes), flags) : 0;
	return (backend_room(bytes) + align - 1) & ~(align - 1);
}

int
backend_mallctl(const char *name, void *old, size_t *old_bytes, void *new, size_t new_bytes)
{
	int which = mallctl_of_name(name);

	if (backend_is_system)
		return ENOENT;
	if (which >= 0)
		return mallctl_answer(which, old, old_bytes, new, new_bytes);
	return tsd_ready() ? gcprof_je_mallctl(name, old, old_bytes, new, new_bytes)
			   : EAGAIN;
}

int
backend_mallctlnametomib(const char *name, size_t *mib, size_t *n)
{
	if (backend_is_system)
		return ENOENT;
	return tsd_ready() ? gcprof_je_mallctlnametomib(name, mib, n) : EAGAIN;
}

int
backend_mallctlbymib(const size_t *mib, size_t n, void *old, size_t *old_bytes, void *new,
		     size_t new_bytes)
{
	int which;

	if (backend_is_system)
		return ENOENT;
	if (!tsd_ready())
		return EAGAIN;
	which = mallctl_of_mib(mib, n);
	return which >= 0 ? mallctl_answer(which, old, old_bytes, new, new_bytes)
			  : gcprof_je_mallctlbymib(mib, n, old, old_bytes, new, new_bytes);
}

/* Where malloc_stats_print goes if the program does not write_message where. */
static void
write_message(void *with, const char *text)
{
	void (**own)(void *, const char *) = (void (**)(void *, const char *))libc_dlsym(
		RTLD_DEFAULT, "malloc_message");
	int was = errno;

	if (own && *own)
		(*own)(with, text);
	else
		(void)sys_write(2, text, strlen(text)); /* as lost as jemalloc's would be */
	errno = was;
}

void
backend_stats_print(void (*write)(void *, const char *), void *with, const char *opts)
{
	if (!backend_is_system && tsd_ready())
		gcprof_je_malloc_stats_print(write ? write : write_message, with, opts);
}

int
backend_trim(size_t pad)
{
	if (backend_is_system) {
		int (*trim)(size_t) =
			(int (*)(size_t))libc_dlsym(RTLD_NEXT, "malloc_trim");

		return trim ? trim(pad) : 0;
	}
	large_unmap_kept();
	/* 4096 is MALLCTL_ARENAS_ALL of jemalloc 5. */
	return backend_mallctl("arena.4096.purge", NULL, NULL, NULL, 0) == 0;
}

void
backend_tidy(uint64_t now_ns)
{
	if (!backend_is_system)
		large_tidy(now_ns);
}

void
backend_warm_up(void)
{
	if (!backend_is_system && tsd_ready())
		gcprof_je_free(gcprof_je_malloc(JE_MIN));
}

uint64_t
backend_mapped_bytes(bool may_lock)
{
	static uint64_t last;

	if (!backend_is_system)
		return relaxed_load(&je_mapped) + large_mapped_bytes();
	if (may_lock && real.mallinfo) {
		struct mallinfo2 info = real.mallinfo();

		relaxed_store(&last, info.arena + info.hblkhd);
	}
	return relaxed_load(&last);
}

void
backend_before_fork(void)
{
	if (je_fork[0] && tsd_ready())
		je_fork[0]();
}

void
backend_after_fork_parent(void)
{
	if (je_fork[1] && tsd_ready())
		je_fork[1]();
}

void
backend_after_fork_child(void)
{
	if (je_fork[2] && tsd_ready())
		je_fork[2]();
	slots_after_fork();
	large_after_fork_child();
}
