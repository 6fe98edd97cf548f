/* interpose_wait.c -- epoll_wait and its kin: when a call with a time-out began.
 *
 * In:   calls that the kernel ends with EINTR after any handler, and of whose time-out it
 *       then does not say how much is left; by their names, and by syscall(2).
 * Out:  what the C library gives; resume_note meanwhile.
 * Not here: how a call goes on with the time that is left (resume.h).
 *
 * Nothing else is done in the program's way: one reading of the clock, which is no system
 * call, and a few words of thread-local memory.  A thread that is cancelled in the call,
 * or a handler's siglongjmp, passes the frame and leaves a note of a frame that is gone;
 * the next call of the kind writes its own.
 *
 * BOUND  If another library stands before the C library's function, it may call it more
 * than once for one call of the program's: nothing is noted then.
 *
 * SPDX-License-Identifier: MIT
 */
#include "libc.h"
#include "resume.h"
#include "sys.h"
#include "wrap.h"

#include <dlfcn.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The function behind us, and whether it is the C library's. */
struct next {
	void *f;
	bool is_libc;
};
static struct {
	struct next epoll_wait, epoll_pwait, epoll_pwait2, semtimedop, sigtimedwait,
		syscall;
} next;

static void
find(struct next *n, const char *name)
{
	void *f = libc_dlsym(RTLD_NEXT, name), *own = libc_find(name);

	n->is_libc = f && f == own;
	relaxed_store(&n->f, f ? f : own);
}

__attribute__((constructor)) static void
find_next(void)
{
	find(&next.epoll_wait, "epoll_wait");
	find(&next.epoll_pwait, "epoll_pwait");
	find(&next.epoll_pwait2, "epoll_pwait2");
	find(&next.semtimedop, "semtimedop");
	find(&next.sigtimedwait, "sigtimedwait");
	find(&next.syscall, "syscall");
}

/* Before the constructor has run, without the loader's locks. */
static void *
function(const struct next *n, const char *name)
{
	void *f = relaxed_load(&n->f);

	return f ? f : libc_find(name);
}

static void
note(const struct next *n, int64_t nr, bool is_timed, void *frame)
{
	if (!n->is_libc || !is_timed)
		return;
	resume_note.sp = 0;
	signal_fence();
	resume_note.start_ns = sys_now_ns();
	resume_note.nr = nr;
	signal_fence();
	resume_note.sp = (uintptr_t)frame;
}

static void
restore(const struct resume_note *old)
{
	resume_note.sp = 0;
	signal_fence();
	resume_note.start_ns = old->start_ns;
	resume_note.nr = old->nr;
	signal_fence();
	resume_note.sp = old->sp;
}

/* The note is put back as it was: a handler may call amid a call. */
#define WAIT(name, number, is_timed, type, ...)                                          \
	struct resume_note old = resume_note;                                            \
	type result;                                                                     \
                                                                                         \
	note(&next.name, number, is_timed, __builtin_frame_address(0));                  \
	result = ((__typeof__(name) *)function(&next.name, #name))(__VA_ARGS__);         \
	restore(&old);                                                                   \
	return result

EXPORT int
epoll_wait(int fd, struct epoll_event *events, int most, int limit_ms)
{
	WAIT(epoll_wait, SYS_epoll_wait, limit_ms > 0, int, fd, events, most, limit_ms);
}

EXPORT int
epoll_pwait(int fd, struct epoll_event *events, int most, int limit_ms, const sigset_t *mask)
{
	WAIT(epoll_pwait, SYS_epoll_pwait, limit_ms > 0, int, fd, events, most, limit_ms,
	     mask);
}

EXPORT int
epoll_pwait2(int fd, struct epoll_event *events, int most, const struct timespec *limit,
	     const sigset_t *mask)
{
	WAIT(epoll_pwait2, 441, limit != NULL, int, fd, events, most, limit, mask);
}

EXPORT int
semtimedop(int set, struct sembuf *operations, size_t n, const struct timespec *limit)
{
	WAIT(semtimedop, SYS_semtimedop, limit != NULL, int, set, operations, n, limit);
}

EXPORT int
sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *limit)
{
	WAIT(sigtimedwait, SYS_rt_sigtimedwait, limit != NULL, int, set, info, limit);
}

/* syscall, for the numbers of these and of io_getevents: interpose_sandbox.c. */
long wait_syscall(long nr, long a, long b, long c, long d, long e, long f) HIDDEN
	__attribute__((used));
long
wait_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	WAIT(syscall, nr, true, long, nr, a, b, c, d, e, f);
}
