/* sleeper.c -- see sleeper.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "sleeper.h"
#include "mem.h"
#include "sys.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <linux/kcmp.h>
#include <poll.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>

enum {
	STACK = 256 << 10,
	LOOK_MS = 1000, /* at what does not wake it */
	/* The main thread is gone: the others follow at once, or run on for ever. */
	SHORT_MS = 20,
	N_SHORT = 50
};

static struct {
	int pid;
	const volatile int *tid; /* the main thread's number, which the kernel clears; or NULL */
	const bool *is_done;
	void (*after_end)(void);
} s;

/* What the program's filters say does not hold for the sleeper, which was there before. */
#define CALL(n, a, b, c, d, e)                                                           \
	sys_pass(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)

/* Whether a segment of notes has one of Go's. */
static bool
has_go_note(uintptr_t at, size_t bytes)
{
	const uintptr_t end = at + bytes;

	while (end - at >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *note = (const void *)at;
		size_t room = end - at - sizeof *note;
		size_t size = ((size_t)note->n_namesz + 3) / 4 * 4;

		if (size > room)
			return false;
		if (note->n_namesz == 4 && memcmp(note + 1, "Go\0\0", 4) == 0)
			return true;
		size += ((size_t)note->n_descsz + 3) / 4 * 4;
		if (size > room)
			return false;
		at += sizeof *note + size;
	}
	return false;
}

static bool
is_go(void)
{
	const ElfW(Phdr) *ph = (const void *)getauxval(AT_PHDR);
	unsigned long i, n = ph ? getauxval(AT_PHNUM) : 0;
	uintptr_t bias = 0;
	bool has_bias = false;

	for (i = 0; i < n; i++)
		if (ph[i].p_type == PT_PHDR) {
			bias = (uintptr_t)ph - ph[i].p_vaddr;
			has_bias = true;
		}
	for (i = 0; has_bias && i < n; i++)
		if (ph[i].p_type == PT_NOTE && ph[i].p_align <= 4 &&
		    has_go_note(bias + ph[i].p_vaddr, ph[i].p_memsz))
			return true;
	return false;
}

/* Sleep until the main thread is gone, or for a while.  Not a private futex: the kernel's
 * wake at a thread's end is none. */
static void
sleep_on_main(void)
{
	struct timespec ts = {.tv_sec = LOOK_MS / 1000};

	(void)CALL(SYS_futex, s.tid, 0 /* FUTEX_WAIT */, s.pid, &ts, 0);
}

static bool
is_gone(int pidfd, int ms)
{
	struct timespec ts = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	return CALL(SYS_ppoll, &p, 1, &ts, 0, 8) > 0;
}

/* Whether the process has a memory, and that is another.  Who is about to end has none. */
static bool
is_another_program(void)
{
	char name[32], to[8];

	(void)sys_format(name, sizeof name, "/proc/%d/exe", s.pid);
	return CALL(SYS_kcmp, s.pid, CALL(SYS_getpid, 0, 0, 0, 0, 0), KCMP_VM, 0, 0) > 0 &&
	       CALL(SYS_readlink, name, to, sizeof to, 0, 0) > 0;
}

static void
sleeper(void)
{
	int n_short = 0, pidfd;

	(void)CALL(SYS_prctl, PR_SET_NAME, SLEEPER_NAME, 0, 0, 0);
	sys_close_from(0);
	/* What is open in the program is not to get these numbers in a message of ours. */
	pidfd = (int)CALL(SYS_pidfd_open, s.pid, 0, 0, 0, 0);
	while (pidfd >= 0) {
		bool is_there = s.tid && *s.tid == s.pid;

		if (is_there)
			sleep_on_main();
		is_there = s.tid && *s.tid == s.pid;
		if (is_gone(pidfd, is_there                       ? 0
				   : s.tid && n_short++ < N_SHORT ? SHORT_MS
								  : LOOK_MS))
			break;
		if (__atomic_load_n(s.is_done, __ATOMIC_ACQUIRE) || is_another_program())
			sys_exit(0);
	}
	if (pidfd >= 0 && !__atomic_load_n(s.is_done, __ATOMIC_ACQUIRE)) {
		(void)CALL(SYS_close, pidfd, 0, 0, 0, 0);
		s.after_end();
	}
	sys_exit(0);
}

int
sleeper_start(const bool *is_done, void (*after_end)(void))
{
	int probe, child;
	uint64_t mask;
	char *stack;

	if (!is_go())
		return -ENOEXEC;
	s.pid = sys_getpid();
	s.tid = sys_tid_word();
	s.is_done = is_done;
	s.after_end = after_end;
	if (s.pid == 1)
		return -ENOTSUP;
	probe = (int)CALL(SYS_pidfd_open, s.pid, 0, 0, 0, 0);
	if (probe < 0)
		return probe;
	(void)CALL(SYS_close, probe, 0, 0, 0, 0);
	stack = mem_map(STACK);
	if (!stack)
		return -ENOMEM;
	mask = sys_block_signals();
	child = sys_start_beside(sleeper, stack + STACK);
	sys_restore_signals(mask);
	return child < 0 ? child : 0;
}
