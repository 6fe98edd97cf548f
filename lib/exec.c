/* exec.c -- see exec.h; the C names that replace this process by another program.
 *
 * In:   calls of the program, also in children of fork and vfork.
 * Out:  what the next function of that name does, with the gate held.
 * Not here: the gate (gate.h); posix_spawn, system and popen, whose execve is called by
 *       a child that is a process of its own, and by vfork no thread of this one.
 *
 * The next functions are looked up at the start: dlsym takes locks, which a child of
 * vfork in a threaded program must not.
 *
 * BOUND: execve by a system call instruction of the program's own holds no gate; the cut
 * does not send its signal to a thread that it sees in that call (cut.c).
 *
 * Sources  exec(3), execve(2), execveat(2), fexecve(3).
 *
 * SPDX-License-Identifier: MIT
 */
#include "exec.h"
#include "census.h"
#include "gate.h"
#include "libc.h"
#include "options.h"
#include "publish.h"
#include "wrap.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <unistd.h>

void
exec_enter(void)
{
	census_enter_exec();
	publish_enter_exec();
	gate_enter_exec(options.cut_signal);
}

void
exec_leave(void)
{
	gate_leave_exec();
	publish_leave_exec();
	census_leave_exec();
}

static struct {
	int (*execve)(const char *, char *const[], char *const[]);
	int (*execv)(const char *, char *const[]);
	int (*execvp)(const char *, char *const[]);
	int (*execvpe)(const char *, char *const[], char *const[]);
	int (*execveat)(int, const char *, char *const[], char *const[], int);
	int (*fexecve)(int, char *const[], char *const[]);
} next;

#define LOOK_UP(name) (next.name = (__typeof__(next.name))libc_dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void
find_next_functions(void)
{
	LOOK_UP(execve);
	LOOK_UP(execv);
	LOOK_UP(execvp);
	LOOK_UP(execvpe);
	LOOK_UP(execveat);
	LOOK_UP(fexecve);
}

/* Earlier than our constructor if another library's calls. */
#define NEXT(name, ...)                                                                  \
	({                                                                               \
		int result_ = -1;                                                        \
                                                                                         \
		if (!next.name)                                                          \
			LOOK_UP(name);                                                   \
		exec_enter();                                                            \
		if (next.name)                                                           \
			result_ = next.name(__VA_ARGS__);                                \
		else                                                                     \
			errno = ENOSYS;                                                  \
		exec_leave();                                                            \
		result_;                                                                 \
	})

EXPORT int
execve(const char *path, char *const args[], char *const environment[])
{
	return NEXT(execve, path, args, environment);
}

EXPORT int
execv(const char *path, char *const args[])
{
	return NEXT(execv, path, args);
}

EXPORT int
execvp(const char *file, char *const args[])
{
	return NEXT(execvp, file, args);
}

EXPORT int
execvpe(const char *file, char *const args[], char *const environment[])
{
	return NEXT(execvpe, file, args, environment);
}

EXPORT int
execveat(int directory, const char *path, char *const args[], char *const environment[],
	 int flags)
{
	return NEXT(execveat, directory, path, args, environment, flags);
}

EXPORT int
fexecve(int fd, char *const args[], char *const environment[])
{
	return NEXT(fexecve, fd, args, environment);
}

/* Arguments up to the NULL, into `to` unless that is NULL.  Returns how many. */
static size_t
gather(const char *first, va_list *ap, char **to)
{
	size_t n = 0;
	const char *arg;

	for (arg = first; arg; arg = va_arg(*ap, const char *)) {
		if (to)
			to[n] = (char *)arg;
		n++;
	}
	if (to)
		to[n] = NULL;
	return n;
}

/* On the stack: exec is called where malloc must not be. */
#define ARGUMENTS(first, ap)                                                             \
	({                                                                               \
		size_t n_;                                                               \
		char **to_;                                                              \
                                                                                         \
		va_start(ap, first);                                                     \
		n_ = gather(first, &ap, NULL);                                           \
		va_end(ap);                                                              \
		to_ = __builtin_alloca((n_ + 1) * sizeof *to_);                          \
		va_start(ap, first);                                                     \
		(void)gather(first, &ap, to_);                                           \
		to_;                                                                     \
	})

EXPORT int
execl(const char *path, const char *arg, ...)
{
	va_list ap;
	char **args = ARGUMENTS(arg, ap);

	va_end(ap);
	return NEXT(execv, path, args);
}

EXPORT int
execlp(const char *file, const char *arg, ...)
{
	va_list ap;
	char **args = ARGUMENTS(arg, ap);

	va_end(ap);
	return NEXT(execvp, file, args);
}

EXPORT int
execle(const char *path, const char *arg, ...)
{
	va_list ap;
	char **args = ARGUMENTS(arg, ap);
	char *const *environment = va_arg(ap, char *const *);

	va_end(ap);
	return NEXT(execve, path, args, environment);
}
