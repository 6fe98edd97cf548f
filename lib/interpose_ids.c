/* interpose_ids.c -- the C names by which a program becomes another user or group.
 *
 * In:   calls of the program.
 * Out:  what the next function of that name does; and once, if it worked and snapshots are
 *       wanted that the new user cannot write, a line that says so: at that time, as the
 *       administrator looks at the start of a daemon, and not at its end a month later.
 * Not here: the name of a snapshot (take.h).
 *
 * The directory is not opened before the rights go, to be written to later: a descriptor can
 * be seen by the program, is closed by those that close all, and would keep a right that the
 * program meant to give up.
 *
 * All of these may be called in a signal handler or in a child of vfork, so: no lock, no
 * memory, little stack.  A child of vfork says nothing, as it is to become another program.
 *
 * BOUND: setfsuid and setfsgid, setgroups, and system calls by syscall(2) or an instruction
 * are not seen, nor is a directory that can be entered no more and made anew later.  Only
 * the cost is a line that is not said; the failed snapshot says why itself.
 *
 * Sources  credentials(7), setresuid(2), faccessat2(2).
 *
 * SPDX-License-Identifier: MIT
 */
#include "libc.h"
#include "options.h"
#include "sandbox.h"
#include "sys.h"
#include "take.h"
#include "wrap.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

static struct {
	int (*setuid)(uid_t);
	int (*seteuid)(uid_t);
	int (*setreuid)(uid_t, uid_t);
	int (*setresuid)(uid_t, uid_t, uid_t);
	int (*setgid)(gid_t);
	int (*setegid)(gid_t);
	int (*setregid)(gid_t, gid_t);
	int (*setresgid)(gid_t, gid_t, gid_t);
} next;

#define LOOK_UP(name) (next.name = (__typeof__(next.name))libc_dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void
find_next_functions(void)
{
	LOOK_UP(setuid);
	LOOK_UP(seteuid);
	LOOK_UP(setreuid);
	LOOK_UP(setresuid);
	LOOK_UP(setgid);
	LOOK_UP(setegid);
	LOOK_UP(setregid);
	LOOK_UP(setresgid);
}

/* Its directory, in place. */
static const char *
directory_of(char *name)
{
	char *slash = strrchr(name, '/');

	if (!slash)
		return ".";
	slash[slash == name] = 0;
	return name;
}

static void
consider(void)
{
	static char name[PATH_MAX];
	static int user; /* atomic: the process that uses it, or 0 */
	static bool is_said;
	int pid = sys_getpid(), idle = relaxed_load(&user);
	const char *directory;

	/* Used in this process: it does what we would.  It may be that of a thread that fork
	 * has left behind. */
	if (idle == pid || !__atomic_compare_exchange_n(&user, &idle, pid, false,
							__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	if (!relaxed_load(&is_said) && take_next_name(name, sizeof name)) {
		directory = directory_of(name);
		if (sys_access(directory, W_OK | X_OK) == -EACCES) {
			relaxed_store(&is_said, true);
			sys_log("cannot write snapshots as user %d: permission denied "
				"for "
				"'%s', where GCPROF_OUTPUT puts them",
				sys_geteuid(), directory);
		}
	}
	release_store(&user, 0);
}

static int
end(int result)
{
	int saved = errno;

	if (result == 0 && !options.is_secure && options_want_snapshots() &&
	    !sandbox_is_on())
		consider();
	errno = saved;
	return result;
}

/* Earlier than our constructor if another library's calls. */
#define NEXT(name, ...)                                                                  \
	({                                                                               \
		if (!next.name)                                                          \
			LOOK_UP(name);                                                   \
		end(next.name ? next.name(__VA_ARGS__) : (errno = ENOSYS, -1));          \
	})

EXPORT int
setuid(uid_t id)
{
	return NEXT(setuid, id);
}

EXPORT int
seteuid(uid_t effective)
{
	return NEXT(seteuid, effective);
}

EXPORT int
setreuid(uid_t real, uid_t effective)
{
	return NEXT(setreuid, real, effective);
}

EXPORT int
setresuid(uid_t real, uid_t effective, uid_t saved)
{
	return NEXT(setresuid, real, effective, saved);
}

EXPORT int
setgid(gid_t id)
{
	return NEXT(setgid, id);
}

EXPORT int
setegid(gid_t effective)
{
	return NEXT(setegid, effective);
}

EXPORT int
setregid(gid_t real, gid_t effective)
{
	return NEXT(setregid, real, effective);
}

EXPORT int
setresgid(gid_t real, gid_t effective, gid_t saved)
{
	return NEXT(setresgid, real, effective, saved);
}
