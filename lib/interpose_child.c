/* interpose_child.c -- waitpid and its kin: children of ours are not the program's.
 *
 * In:   calls of the program, also in children of vfork and in signal handlers.
 * Out:  what the C library gives, without the children that write.
 * Not here: those children (turns.h).
 *
 * They send no signal when they end, and a call without __WALL and __WCLONE does not tell
 * of them; tracers call with one of these.  One of ours that such a call took is passed
 * over, and the call made again.
 *
 * BOUND  With WNOHANG, while one of ours writes and there is no other child, the result is
 * 0 and not ECHILD.  A call by syscall(2) is not seen.
 *
 * Sources  wait(2), wait4(2).
 *
 * SPDX-License-Identifier: MIT
 */
#include "libc.h"
#include "sys.h"
#include "turns.h"
#include "wrap.h"

#include <dlfcn.h>
#include <sys/resource.h>
#include <sys/wait.h>

static struct {
	pid_t (*waitpid)(pid_t, int *, int);
	pid_t (*wait3)(int *, int, struct rusage *);
	pid_t (*wait4)(pid_t, int *, int, struct rusage *);
	int (*waitid)(idtype_t, id_t, siginfo_t *, int);
} next;

#define FIND(name) (next.name = (__typeof__(next.name))libc_dlsym(RTLD_NEXT, #name))
/* Before the constructor has run, without the loader's locks. */
#define NEXT(name) (next.name ? next.name : (__typeof__(next.name))libc_find(#name))

__attribute__((constructor)) static void
find_next(void)
{
	FIND(waitpid);
	FIND(wait3);
	FIND(wait4);
	FIND(waitid);
}

/* Is it one that the program is not to see? */
static bool
is_ours(int pid, int flags)
{
	return unlikely(flags & (__WALL | __WCLONE)) && pid > 0 && turns_has_child(pid);
}

EXPORT pid_t
waitpid(pid_t pid, int *status, int flags)
{
	int own_status = 0;
	pid_t got;

	if (likely(!(flags & (__WALL | __WCLONE))))
		return NEXT(waitpid)(pid, status, flags);
	do
		got = NEXT(waitpid)(pid, &own_status, flags);
	while (is_ours(got, flags));
	if (status && got > 0)
		*status = own_status;
	return got;
}

static pid_t
wait_for(pid_t pid, int *status, int flags, struct rusage *usage)
{
	int own_status = 0;
	pid_t got;

	do
		got = NEXT(wait4)(pid, &own_status, flags, usage);
	while (is_ours(got, flags));
	if (status && got > 0)
		*status = own_status;
	return got;
}

EXPORT pid_t
wait4(pid_t pid, int *status, int flags, struct rusage *usage)
{
	if (likely(!(flags & (__WALL | __WCLONE))))
		return NEXT(wait4)(pid, status, flags, usage);
	return wait_for(pid, status, flags, usage);
}

EXPORT pid_t
wait3(int *status, int flags, struct rusage *usage)
{
	if (likely(!(flags & (__WALL | __WCLONE))))
		return NEXT(wait3)(status, flags, usage);
	return wait_for(-1, status, flags, usage);
}

EXPORT int
waitid(idtype_t type, id_t id, siginfo_t *info, int flags)
{
	siginfo_t own;
	int result;

	if (likely(!(flags & (__WALL | __WCLONE))))
		return NEXT(waitid)(type, id, info, flags);
	for (;;) {
		own.si_pid = 0;
		result = NEXT(waitid)(type, id, &own, flags);
		if (result != 0 || !is_ours(own.si_pid, flags))
			break;
		if (flags & WNOWAIT)
			(void)sys_reap(own.si_pid, false, NULL);
	}
	if (info && result == 0)
		*info = own;
	return result;
}
