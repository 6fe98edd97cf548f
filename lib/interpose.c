/* interpose.c -- the C names that stand in for libc's.
 *
 * In:   calls of the program and of its libraries.
 * Out:  what the C library documents for each; every block recorded.
 * Not here: C++ operators (operators.c), recording (record.h).
 *
 * Sources  malloc(3), posix_memalign(3), malloc_usable_size(3), mallinfo(3) of
 *          the Linux man-pages; jemalloc(3); ISO C23, 7.24.3 (free_sized).
 *
 * SPDX-License-Identifier: MIT
 */
#include "arch.h"
#include "dontfork.h"
#include "foreign.h"
#include "large.h"
#include "libc.h"
#include "mappings.h"
#include "modules.h"
#include "session.h"
#include "signals.h"
#include "sys.h"
#include "unwind.h"
#include "verify.h"
#include "wrap.h"

#include <dlfcn.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- where the quick way ends ---------------------------------------------- */

NOINLINE void *
wrap_malloc_slow(size_t bytes, enum heapfile_kind kind, const struct record_frame *frame)
{
	struct caller c = CALLER_OF(frame);
	bool is_zeros = kind == HEAPFILE_KIND_CALLOC;
	void *p;

	if (wrap_is_too_big(bytes))
		return NULL;
	WRAP_ALLOC(p, is_zeros ? backend_calloc(bytes) : backend_malloc(bytes), bytes,
		   kind, &c);
	return p;
}

NOINLINE void *
wrap_alloc_slow(void *p, size_t bytes, enum heapfile_kind kind,
		const struct record_frame *frame)
{
	struct caller c = CALLER_OF(frame);

	if (unlikely(!p))
		p = backend_elsewhere(NULL, bytes,
				      kind == HEAPFILE_KIND_CALLOC ? BACKEND_ZERO : 0);
	if (p)
		record_alloc(p, bytes, kind, &c);
	trigger_leave();
	return p;
}

NOINLINE void *
wrap_pending(void *p)
{
	trigger_pending();
	return p;
}

NOINLINE void
wrap_free_inside(void *p, enum heapfile_kind by, const struct record_frame *frame)
{
	struct caller c = CALLER_OF(frame);

	if (likely(record_free(p, by, &c, NULL)))
		backend_free(p);
	trigger_leave();
}

NOINLINE void
wrap_free_slow(void *p, enum heapfile_kind by, const struct record_frame *frame)
{
	if (likely(session_enter()))
		wrap_free_inside(p, by, frame);
	else if (record_free_nested(p, NULL))
		backend_free(p);
}

/* ---- C ------------------------------------------------------------------- */

EXPORT void *
malloc(size_t bytes)
{
	return wrap_malloc(bytes, HEAPFILE_KIND_MALLOC);
}

EXPORT void *
calloc(size_t n, size_t each)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, each, &bytes))
		bytes = SIZE_MAX; /* too big */
	return wrap_malloc(bytes, HEAPFILE_KIND_CALLOC);
}

OWN(malloc, void *, (size_t))

/* Source: x86-64 psABI, 5.2 (entries of the table): maybe endbr64, maybe bnd,
 * jmp *slot(%rip). */
bool
wrap_is_other(const void *symbol, const void *own)
{
	const uint8_t *code = symbol;

	if (symbol == own)
		return false;
	if (memcmp(code, "\xf3\x0f\x1e\xfa", 4) == 0)
		code += 4;
	if (*code == 0xf2)
		code++;
	return code[0] != 0xff || code[1] != 0x25;
}

bool
wrap_is_malloc_replaced(void)
{
	return IS_REPLACED(malloc);
}

/* After that of OWN, before the session starts. */
__attribute__((constructor(102))) static void
note_other_malloc(void)
{
	if (wrap_is_malloc_replaced())
		session_note_other_malloc();
}

/* A block of the C library's own heap moves to ours. */
static NOINLINE void *
reallocate_foreign(void *p, size_t bytes, const struct record_frame *frame)
{
	void *q = wrap_malloc_slow(bytes, HEAPFILE_KIND_REALLOC, frame);
	size_t had = foreign_usable(p);

	if (q) {
		memcpy(q, p, had < bytes ? had : bytes);
		foreign_free(p);
	}
	return q;
}

/* A release and an allocation: see INVARIANT one-owner in record.h. */
static ALWAYS_INLINE void *
reallocate(void *p, size_t bytes)
{
	struct caller c = CALLER();
	struct block old;
	void *q;

	if (!p)
		return wrap_malloc_slow(bytes, HEAPFILE_KIND_REALLOC, FRAME());
	if (bytes == 0) { /* as glibc */
		wrap_free_slow(p, HEAPFILE_KIND_MALLOC, FRAME());
		return NULL;
	}
	if (wrap_is_too_big(bytes))
		return NULL;
	if (unlikely(!session_enter())) {
		if (!record_free_nested(p, &old))
			goto bad;
		q = backend_realloc(p, bytes);
		if (!q && bytes <= backend_usable(p))
			q = p;
		if (!q)
			goto failed;
		record_alloc_nested(q, bytes, HEAPFILE_KIND_REALLOC);
		record_left(q);
		return q;
	}
	if (unlikely(!record_free(p, HEAPFILE_KIND_MALLOC, &c, &old))) {
		trigger_leave();
		goto bad;
	}
	q = backend_realloc(p, bytes);
	/* jemalloc moves a block that shrinks, and may find no place; glibc does
	 * not, and programs rely on it. */
	if (unlikely(!q) && bytes <= backend_usable(p))
		q = p;
	if (likely(q != NULL)) {
		record_alloc(q, bytes, HEAPFILE_KIND_REALLOC, &c);
		record_grown(&old, q, bytes);
		if (unlikely(q == p))
			record_left(q);
		trigger_leave();
		return q;
	}
	trigger_leave();
failed:
	record_restore(&old);
	errno = ENOMEM;
	return NULL;
bad:
	if (foreign_is(p))
		return reallocate_foreign(p, bytes, FRAME());
	errno = ENOMEM; /* jemalloc's realloc does not say so */
	return NULL;
}

EXPORT void *
realloc(void *p, size_t bytes)
{
	return reallocate(p, bytes);
}
OWN(realloc, void *, (void *, size_t))

EXPORT void *
reallocarray(void *p, size_t n, size_t each)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, each, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	if (IS_REPLACED(realloc))
		return realloc(p, bytes);
	return reallocate(p, bytes);
}

EXPORT void
free(void *p)
{
	wrap_free(p, HEAPFILE_KIND_MALLOC);
}

void cfree(void *p);
EXPORT void
cfree(void *p)
{
	wrap_free(p, HEAPFILE_KIND_MALLOC);
}

void free_sized(void *p, size_t bytes);
EXPORT void
free_sized(void *p, size_t bytes)
{
	(void)bytes; /* the tag knows */
	wrap_free(p, HEAPFILE_KIND_MALLOC);
}

void free_aligned_sized(void *p, size_t align, size_t bytes);
EXPORT void
free_aligned_sized(void *p, size_t align, size_t bytes)
{
	(void)align, (void)bytes;
	wrap_free(p, HEAPFILE_KIND_MALLOC);
}

EXPORT int
posix_memalign(void **ret, size_t align, size_t bytes)
{
	int saved = errno;
	void *p;

	if (align % sizeof(void *) != 0 || align == 0 || align & (align - 1))
		return EINVAL;
	p = wrap_memalign(align, bytes, HEAPFILE_KIND_ALIGNED);
	errno = saved;
	if (!p)
		return ENOMEM;
	*ret = p;
	return 0;
}

/* glibc's memalign and aligned_alloc round an odd alignment up. */
static ALWAYS_INLINE void *
memalign_rounding(size_t align, size_t bytes)
{
	if (align > SIZE_MAX / 2 + 1) {
		errno = EINVAL;
		return NULL;
	}
	if (align < 16)
		align = 16;
	if (align & (align - 1))
		align = (size_t)1 << (64 - __builtin_clzl(align));
	return wrap_memalign(align, bytes, HEAPFILE_KIND_ALIGNED);
}

EXPORT void *
memalign(size_t align, size_t bytes)
{
	return memalign_rounding(align, bytes);
}

EXPORT void *
aligned_alloc(size_t align, size_t bytes)
{
	return memalign_rounding(align, bytes);
}

EXPORT void *
valloc(size_t bytes)
{
	return wrap_memalign(ARCH_PAGE, bytes, HEAPFILE_KIND_ALIGNED);
}

EXPORT void *
pvalloc(size_t bytes)
{
	if (wrap_is_too_big(bytes))
		return NULL;
	return wrap_memalign(ARCH_PAGE, (bytes + ARCH_PAGE - 1) & ~(size_t)(ARCH_PAGE - 1),
			     HEAPFILE_KIND_ALIGNED);
}

EXPORT size_t
malloc_usable_size(void *p)
{
	struct block b;

	if (!p || (blocks_find((uintptr_t)p, &b) != BLOCKS_LIVE &&
		   !(relaxed_load(&loss[LOSS_SHADOW]) && backend_has(p))))
		return p && foreign_is(p) ? foreign_usable(p) : 0;
	return backend_usable(p);
}

EXPORT struct mallinfo2
mallinfo2(void)
{
	struct gcprof_memory m;

	session_memory(&m);
	/* Everything in one region, nothing in the fast bins: see mallinfo(3). */
	return (struct mallinfo2){
		.arena = m.heap_total,
		.uordblks = m.heap_used,
		.fordblks = m.heap_total > m.heap_used ? m.heap_total - m.heap_used : 0};
}

static int
clip(size_t n)
{
	return n > INT32_MAX ? INT32_MAX : (int)n;
}

EXPORT struct mallinfo
mallinfo(void)
{
	struct mallinfo2 m = mallinfo2();

	return (struct mallinfo){.arena = clip(m.arena),
				 .uordblks = clip(m.uordblks),
				 .fordblks = clip(m.fordblks)};
}

EXPORT int
malloc_trim(size_t pad)
{
	int result = 0;

	if (session_enter()) {
		result = backend_trim(pad);
		trigger_leave();
	}
	return result;
}

/* ---- jemalloc's own interface -------------------------------------------- */

void *mallocx(size_t bytes, int flags);
void *rallocx(void *p, size_t bytes, int flags);
size_t xallocx(void *p, size_t bytes, size_t extra, int flags);
size_t sallocx(const void *p, int flags);
void dallocx(void *p, int flags);
void sdallocx(void *p, size_t bytes, int flags);
size_t nallocx(size_t bytes, int flags);
int mallctl(const char *name, void *old, size_t *old_bytes, void *new, size_t new_bytes);
int mallctlnametomib(const char *name, size_t *mib, size_t *n);
int mallctlbymib(const size_t *mib, size_t n, void *old, size_t *old_bytes, void *new,
		 size_t new_bytes);
void malloc_stats_print(void (*write)(void *, const char *), void *with, const char *opts);

EXPORT void *
mallocx(size_t bytes, int flags)
{
	struct caller c = CALLER();
	void *p;

	if (bytes > PTRDIFF_MAX)
		return NULL;
	WRAP_ALLOC(p, backend_mallocx(bytes, flags), bytes, HEAPFILE_KIND_MALLOCX, &c);
	return p;
}

EXPORT void *
rallocx(void *p, size_t bytes, int flags)
{
	struct caller c = CALLER();
	struct block old;
	bool is_inside = !session_enter();
	void *q = NULL;

	if (is_inside ? record_free_nested(p, &old)
		      : record_free(p, HEAPFILE_KIND_MALLOC, &c, &old)) {
		q = backend_rallocx(p, bytes, flags);
		if (!q)
			record_restore(&old);
		else if (is_inside)
			record_alloc_nested(q, bytes, HEAPFILE_KIND_MALLOCX);
		else
			record_alloc(q, bytes, HEAPFILE_KIND_MALLOCX, &c);
		if (q && !is_inside)
			record_grown(&old, q, bytes);
	}
	if (!is_inside)
		trigger_leave();
	return q;
}

/* In place: the block keeps its site and birth, and has as many bytes as it got
 * of those that were asked for. */
EXPORT size_t
xallocx(void *p, size_t bytes, size_t extra, int flags)
{
	bool is_inside = !session_enter();
	struct block b;
	size_t usable = 0;

	if (is_inside ? record_free_nested(p, &b)
		      : record_free(p, HEAPFILE_KIND_MALLOC, &(struct caller){0}, &b)) {
		usable = backend_xallocx(p, bytes, extra, flags);
		record_restore(&b);
		if (usable >= bytes || b.bytes > usable)
			record_resize(&b, usable < bytes + extra ? usable : bytes + extra);
	}
	if (!is_inside)
		trigger_leave();
	return usable;
}

EXPORT size_t
sallocx(const void *p, int flags)
{
	(void)flags;
	return malloc_usable_size((void *)p);
}

EXPORT void
dallocx(void *p, int flags)
{
	struct caller c = CALLER();

	if (!session_enter()) {
		if (record_free_nested(p, NULL))
			backend_dallocx(p, flags);
		return;
	}
	if (record_free(p, HEAPFILE_KIND_MALLOC, &c, NULL))
		backend_dallocx(p, flags);
	trigger_leave();
}

EXPORT void
sdallocx(void *p, size_t bytes, int flags)
{
	struct caller c = CALLER();

	(void)bytes;
	if (!session_enter()) {
		if (record_free_nested(p, NULL))
			backend_dallocx(p, flags);
		return;
	}
	if (record_free(p, HEAPFILE_KIND_MALLOC, &c, NULL))
		backend_dallocx(p, flags);
	trigger_leave();
}

EXPORT size_t
nallocx(size_t bytes, int flags)
{
	return bytes > PTRDIFF_MAX ? 0 : backend_nallocx(bytes, flags);
}

EXPORT int
mallctl(const char *name, void *old, size_t *old_bytes, void *new, size_t new_bytes)
{
	return backend_mallctl(name, old, old_bytes, new, new_bytes);
}

EXPORT int
mallctlnametomib(const char *name, size_t *mib, size_t *n)
{
	return backend_mallctlnametomib(name, mib, n);
}

EXPORT int
mallctlbymib(const size_t *mib, size_t n, void *old, size_t *old_bytes, void *new,
	     size_t new_bytes)
{
	return backend_mallctlbymib(mib, n, old, old_bytes, new, new_bytes);
}

EXPORT void
malloc_stats_print(void (*write)(void *, const char *), void *with, const char *opts)
{
	backend_stats_print(write, with, opts);
}

/* ---- memory that the program maps itself --------------------------------- */

static uint32_t
access_flags(int prot)
{
	return (prot & PROT_READ ? HEAPFILE_MAPPING_READ : 0) |
	       (prot & PROT_WRITE ? HEAPFILE_MAPPING_WRITE : 0) |
	       (prot & PROT_EXEC ? HEAPFILE_MAPPING_EXEC : 0);
}

static uintptr_t
page_up(uintptr_t bytes)
{
	return (bytes + ARCH_PAGE - 1) & ~(uintptr_t)(ARCH_PAGE - 1);
}

static long
set_errno(long result)
{
	if (result >= 0)
		return result;
	errno = (int)-result;
	return -1;
}

/* INVARIANT  outside: the program's own calls for memory go to the kernel as they are
 * (sys_pass), whatever a seccomp filter says of them, and outside the guard: a handler of
 * SIGSYS that does in the kernel's place what was asked is code of the program's. */
static ALWAYS_INLINE void *
map(void *addr, size_t bytes, int prot, int flags, int fd, off_t offset,
    const struct caller *c)
{
	long p = sys_pass(SYS_mmap, (long)addr, (long)bytes, prot, flags, fd, offset);

	if (p >= 0 && flags & MAP_FIXED)
		large_changed((uintptr_t)p, bytes);
	if (!session_enter()) {
		if (p >= 0 && !thread_tls.is_verifying)
			lose(LOSS_MAPPINGS);
		return (void *)set_errno(p);
	}
	if (p >= 0) {
		struct mapping m = {
			.start = (uintptr_t)p,
			.end = (uintptr_t)p + page_up(bytes),
			.site = record_site(c),
			.birth = record_birth(),
			.flags = access_flags(prot) |
				 (flags & MAP_ANONYMOUS ? 0 : HEAPFILE_MAPPING_FILE) |
				 ((flags & MAP_TYPE) == MAP_PRIVATE
					  ? 0
					  : HEAPFILE_MAPPING_SHARED)};

		mappings_insert(&m);
	}
	trigger_leave();
	return (void *)set_errno(p);
}

EXPORT void *
mmap(void *addr, size_t bytes, int prot, int flags, int fd, off_t offset)
{
	struct caller c = CALLER();

	return map(addr, bytes, prot, flags, fd, offset, &c);
}

EXPORT void *
mmap64(void *addr, size_t bytes, int prot, int flags, int fd, off64_t offset)
{
	struct caller c = CALLER();

	return map(addr, bytes, prot, flags, fd, offset, &c);
}

EXPORT int
munmap(void *addr, size_t bytes)
{
	uintptr_t start = (uintptr_t)addr;

	/* What the kernel would refuse stays known. */
	if (!(start & (ARCH_PAGE - 1)) && bytes && bytes <= PTRDIFF_MAX) {
		large_changed(start, bytes);
		if (session_enter()) {
			mappings_remove(start, start + page_up(bytes));
			trigger_leave();
		} else {
			lose(LOSS_MAPPINGS);
		}
	}
	return (int)set_errno(sys_pass(SYS_munmap, (long)addr, (long)bytes, 0, 0, 0, 0));
}

EXPORT void *
mremap(void *addr, size_t old_bytes, size_t bytes, int flags, ...)
{
	struct caller c = CALLER();
	uintptr_t start = (uintptr_t)addr;
	struct mapping m;
	void *to = NULL;
	long p;

	if (flags & MREMAP_FIXED) {
		va_list ap;

		va_start(ap, flags);
		to = va_arg(ap, void *);
		va_end(ap);
	}
	large_changed(start, old_bytes);
	if (flags & MREMAP_FIXED)
		large_changed((uintptr_t)to, bytes);
	p = sys_pass(SYS_mremap, (long)addr, (long)old_bytes, (long)bytes, flags,
		     (long)to, 0);
	if (p < 0)
		return (void *)set_errno(p);
	if (!session_enter()) {
		lose(LOSS_MAPPINGS);
		return (void *)p;
	}
	/* BOUND: another thread that maps the old place between the kernel's step and ours
	 * is forgotten.  Before the step we do not know yet whether it will succeed. */
	if (!mappings_find(start, &m))
		m.flags = HEAPFILE_MAPPING_READ | HEAPFILE_MAPPING_WRITE;
	if (!(flags & MREMAP_DONTUNMAP))
		mappings_remove(start, start + page_up(old_bytes));
	m.start = (uintptr_t)p;
	m.end = (uintptr_t)p + page_up(bytes);
	m.site = record_site(&c);
	m.birth = record_birth();
	mappings_insert(&m);
	trigger_leave();
	return (void *)p;
}

static int
protect(void *addr, size_t bytes, int prot)
{
	long result = sys_pass(SYS_mprotect, (long)addr, (long)bytes, prot, 0, 0, 0);

	if (result == 0) {
		large_changed((uintptr_t)addr, bytes);
		if (session_enter()) {
			mappings_protect((uintptr_t)addr, (uintptr_t)addr + page_up(bytes),
					 access_flags(prot));
			trigger_leave();
		} else {
			lose(LOSS_MAPPINGS);
		}
	}
	return (int)set_errno(result);
}

EXPORT int
mprotect(void *addr, size_t bytes, int prot)
{
	return protect(addr, bytes, prot);
}

EXPORT int
madvise(void *addr, size_t bytes, int advice)
{
	long result = sys_pass(SYS_madvise, (long)addr, (long)bytes, advice, 0, 0, 0);

	if (result == 0) {
		dontfork_advised(advice);
		if (!large_is_passing(advice))
			large_changed((uintptr_t)addr, bytes);
	}
	return (int)set_errno(result);
}

/* Calls that only large blocks are to know of: what is freed is not to stay locked, or
 * behind a key. */
static int
change(int number, const void *addr, size_t bytes, long third, long fourth, long fifth)
{
	large_changed((uintptr_t)addr, bytes);
	return (int)set_errno(
		sys_pass(number, (long)addr, (long)bytes, third, fourth, fifth, 0));
}

EXPORT int
mlock(const void *addr, size_t bytes)
{
	return change(SYS_mlock, addr, bytes, 0, 0, 0);
}

EXPORT int
mlock2(const void *addr, size_t bytes, unsigned int flags)
{
	return change(SYS_mlock2, addr, bytes, flags, 0, 0);
}

EXPORT int
pkey_mprotect(void *addr, size_t bytes, int prot, int key)
{
	if (key == -1) /* as the C library */
		return protect(addr, bytes, prot);
	return change(SYS_pkey_mprotect, addr, bytes, prot, key, 0);
}

EXPORT int
remap_file_pages(void *addr, size_t bytes, int prot, size_t page, int flags)
{
	return change(SYS_remap_file_pages, addr, bytes, prot, (long)page, flags);
}

/* ---- things to notice ---------------------------------------------------- */

EXPORT int
dlclose(void *handle)
{
	static int (*real)(void *);
	int result;

	if (!real)
		real = (int (*)(void *))libc_dlsym(RTLD_NEXT, "dlclose");
	/* Outside the guard: destructors of the library run in it. */
	result = real(handle);
	if (modules_check_gone()) {
		unwind_forget_rules();
		verify_forget();
	}
	return result;
}

/* pthread_atfork is this.  Prepare handlers run in reverse order: ours, which
 * takes the allocator's locks, must have been registered before any other, which
 * may allocate; so it is, now. */
int __register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void),
		      void *object);
EXPORT int
__register_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void),
		  void *object)
{
	static int (*real)(void (*)(void), void (*)(void), void (*)(void), void *);

	if (!real)
		real = (int (*)(void (*)(void), void (*)(void), void (*)(void),
				void *))libc_dlsym(RTLD_NEXT, "__register_atfork");
	if (session_enter())
		trigger_leave();
	return real ? real(prepare, parent, child, object) : ENOMEM;
}

EXPORT int
sigaction(int number, const struct sigaction *act, struct sigaction *old)
{
	return signals_action(number, act, old);
}

typedef void (*handler)(int);

/* The six older functions differ in flags alone, and libc has each. */
static handler
old_signal(const char *name, handler (**real)(int, handler), int number, handler f)
{
	struct sigaction act = {.sa_handler = f}, old;

	if (!*real)
		*real = (handler(*)(int, handler))libc_dlsym(RTLD_NEXT, name);
	/* For ours: what the program believes to be there; if it takes the signal
	 * over, the real call then installs the handler with its own flags. */
	if (f != SIG_ERR && signals_is_ours(number)) {
		if (signals_action(number, &act, &old) != 0)
			return SIG_ERR;
		if (f != SIG_DFL && *real)
			(void)(*real)(number, f);
		return old.sa_handler;
	}
	return *real ? (*real)(number, f) : SIG_ERR;
}

#define SIGNAL(name)                                                                     \
	handler name(int number, handler f);                                             \
	EXPORT handler name(int number, handler f)                                       \
	{                                                                                \
		static handler (*real)(int, handler);                                    \
                                                                                         \
		return old_signal(#name, &real, number, f);                              \
	}

SIGNAL(signal)
SIGNAL(bsd_signal)
SIGNAL(ssignal)
SIGNAL(sysv_signal)
SIGNAL(__sysv_signal)
SIGNAL(sigset)

EXPORT void
_exit(int status)
{
	session_at_end();
	sys_exit(status);
}

EXPORT void
_Exit(int status)
{
	session_at_end();
	sys_exit(status);
}

/* ---- gcprof.h ------------------------------------------------------------ */

/* That header's names are static inline calls of these. */
int exported_snapshot(void) __asm__("gcprof_snapshot");
int exported_snapshot_to(const char *name) __asm__("gcprof_snapshot_to");
int exported_memory_usage(struct gcprof_memory *ret) __asm__("gcprof_memory_usage");
int exported_mark(const char *label) __asm__("gcprof_mark");

EXPORT int
exported_snapshot(void)
{
	return session_snapshot(NULL);
}

EXPORT int
exported_snapshot_to(const char *name)
{
	return name ? session_snapshot(name) : -1;
}

EXPORT int
exported_memory_usage(struct gcprof_memory *ret)
{
	session_memory(ret);
	return 0;
}

EXPORT int
exported_mark(const char *label)
{
	return session_mark(label);
}
