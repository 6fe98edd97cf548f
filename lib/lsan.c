/* lsan.c -- the interface of LeakSanitizer, for programs that know of it.
 *
 * In:   calls of <sanitizer/lsan_interface.h>.
 * Out:  what that header says of each, done with our books.
 * Not here: what is lost (the analyzer tells), how it is run (session.c).
 *
 * Source  the comments of lsan_interface.h in LLVM's compiler-rt.
 *
 * SPDX-License-Identifier: MIT
 */
#include "blocks.h"
#include "roots.h"
#include "session.h"
#include "sys.h"
#include "thread.h"
#include "wrap.h"

void __lsan_disable(void);
void __lsan_enable(void);
void __lsan_ignore_object(const void *p);
void __lsan_register_root_region(const void *p, size_t bytes);
void __lsan_unregister_root_region(const void *p, size_t bytes);
void __lsan_do_leak_check(void);
int __lsan_do_recoverable_leak_check(void);

/* What this thread allocates between the two is not reported; calls nest. */
EXPORT void
__lsan_disable(void)
{
	thread_tls.n_ignoring++;
	thread_tls.quick = NULL; /* record.c gives it back */
}

EXPORT void
__lsan_enable(void)
{
	if (thread_tls.n_ignoring)
		thread_tls.n_ignoring--;
}

EXPORT void
__lsan_ignore_object(const void *p)
{
	blocks_ignore((uintptr_t)p);
}

EXPORT void
__lsan_register_root_region(const void *p, size_t bytes)
{
	roots_register((uintptr_t)p, bytes);
}

EXPORT void
__lsan_unregister_root_region(const void *p, size_t bytes)
{
	roots_unregister((uintptr_t)p, bytes);
}

enum { LEAKS_STATUS = 23 };

/* Ends the process if there are leaks; there is no check at the end then. */
EXPORT void
__lsan_do_leak_check(void)
{
	session_leaks_checked();
	if (session_leak_check() == 1)
		sys_exit(LEAKS_STATUS);
}

EXPORT int
__lsan_do_recoverable_leak_check(void)
{
	return session_leak_check() == 1;
}

/* gcprof.h */
int exported_leak_check(void) __asm__("gcprof_leak_check");
EXPORT int
exported_leak_check(void)
{
	return session_leak_check();
}
