/* unreadable.c -- blocks and mappings that cannot be read when a snapshot is taken.
 *
 * unreadable MODE [in-place]: with in-place, no child can be made from then on.
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>

int gcprof_snapshot(const char *name) __attribute__((weak));

enum { PAGE = 4096, N_PAGES = 64, HIDDEN_BYTES = 1234, LOST_BYTES = 4321, N_LOST = 16 };

static char *block, *inside; /* the block, and its second word */
static char *mapping;
static volatile int stop_it;

/* clone without flags, as a snapshot's child is made, fails with EAGAIN. */
static void
refuse_children(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0)
		_exit(96);
}

static char *
first_page(char *p)
{
	return (char *)(((uintptr_t)p + PAGE - 1) & ~(uintptr_t)(PAGE - 1));
}

/* A large block whose last whole page has the only pointer to another. */
NOINLINE static void
hide_one(void)
{
	char **at;

	block = keep(calloc(N_PAGES, PAGE), N_PAGES * PAGE, "calloc");
	inside = block + 8;
	at = (char **)(first_page(block) + (N_PAGES - 2) * PAGE);
	*at = keep(malloc(HIDDEN_BYTES), HIDDEN_BYTES, "malloc");
}

/* Some of the addresses may stay somewhere. */
NOINLINE static void
lose_some(void)
{
	char *volatile p;
	int i;

	for (i = 0; i < N_LOST; i++)
		p = malloc(LOST_BYTES);
	p = NULL;
	(void)p;
}

static void
protect(int prot)
{
	if (mprotect(first_page(block), (N_PAGES - 1) * PAGE, prot) != 0)
		_exit(95);
}

static volatile sig_atomic_t n_faults;
static void
allow(int number)
{
	(void)number;
	n_faults++;
	protect(PROT_READ | PROT_WRITE);
}

/* Takes the access and has a fault give it back, all the time; deaf to all signals. */
static void *
flip(void *with)
{
	sigset_t all;

	sigfillset(&all);
	sigdelset(&all, SIGSEGV);
	if (with)
		pthread_sigmask(SIG_SETMASK, &all, NULL);
	while (!stop_it) {
		protect(PROT_NONE);
		*(volatile char *)first_page(block) = 1;
	}
	return NULL;
}

static int file;
static void *
shorten(void *with)
{
	while (!stop_it)
		if (ftruncate(file, PAGE) != 0 || ftruncate(file, N_PAGES * PAGE) != 0)
			_exit(94);
	return with;
}

static sigjmp_buf back;
static volatile sig_atomic_t n_jumps;
static void
jump(int number)
{
	n_jumps++;
	siglongjmp(back, number);
}

/* A snapshot of what is there, in this process, and nothing of the process is changed. */
static void
check_place(void)
{
	static char stack[65536];
	stack_t st = {.ss_sp = stack, .ss_size = sizeof stack}, after_st;
	struct sigaction act = {.sa_handler = jump, .sa_flags = SA_ONSTACK}, before, after;
	sigset_t mask, after_mask, pending;

	sigaltstack(&st, NULL);
	sigaction(SIGSEGV, &act, NULL);
	sigemptyset(&mask);
	sigaddset(&mask, SIGSEGV);
	pthread_sigmask(SIG_BLOCK, &mask, NULL);
	raise(SIGSEGV);
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	sigaction(SIGSEGV, NULL, &before);
	point(gcprof_snapshot(NULL) == 0, "a snapshot is taken in place");
	sigaltstack(NULL, &after_st);
	point(after_st.ss_sp == stack && after_st.ss_size == sizeof stack && after_st.ss_flags == 0,
	      "the alternate signal stack is the program's");
	sigaction(SIGSEGV, NULL, &after);
	point(after.sa_handler == jump && after.sa_flags == before.sa_flags, "its SIGSEGV handler is, too");
	sigaction(SIGBUS, NULL, &after);
	point(after.sa_handler == SIG_DFL, "SIGBUS has its default action");
	pthread_sigmask(SIG_BLOCK, NULL, &after_mask);
	point(memcmp(&mask, &after_mask, 8) == 0, "the signal mask is the program's");
	sigpending(&pending);
	point(sigismember(&pending, SIGSEGV), "a signal that was pending is so still");
	n_jumps = 0;
	if (sigsetjmp(back, 0) == 0)
		pthread_sigmask(SIG_UNBLOCK, &mask, NULL);
	point(n_jumps == 1, "it comes when the program lets it");
	pthread_sigmask(SIG_UNBLOCK, &mask, NULL);
	if (sigsetjmp(back, 1) == 0) {
		*(volatile char *)first_page(block);
		point(0, "memory without access is without");
	} else {
		point(1, "memory without access is without");
	}
}

/* A mapping that a thread would have to fill, which is stopped: whoever reads it waits
 * for ever.  Returns whether the kernel lets us. */
static int
make_awaited(void)
{
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* UFFD_USER_MODE_ONLY */);
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register r = {.mode = UFFDIO_REGISTER_MODE_MISSING};

	mapping = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	*(char **)mapping = keep(malloc(HIDDEN_BYTES), HIDDEN_BYTES, "malloc");
	r.range.start = (uintptr_t)mapping;
	r.range.len = 16 * PAGE;
	return fd >= 0 && ioctl(fd, UFFDIO_API, &api) == 0 && ioctl(fd, UFFDIO_REGISTER, &r) == 0;
}

static void
snapshots(int n, void *(*f)(void *), void *with)
{
	pthread_t thread;
	int i, failed = 0;

	if (pthread_create(&thread, NULL, f, with) != 0)
		_exit(93);
	while (f == flip && !n_faults)
		sched_yield();
	for (i = 0; i < n; i++)
		failed += gcprof_snapshot(NULL) != 0;
	stop_it = 1;
	pthread_join(thread, NULL);
	point(!failed, "all snapshots are taken while it changes");
}

int
main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	int is_in_place = argc > 2 && strcmp(argv[2], "in-place") == 0;

	hide_one();
	lose_some();
	if (is_in_place)
		refuse_children();
	if (strcmp(mode, "whole") == 0) {
		protect(PROT_NONE);
		if (is_in_place)
			check_place();
		else
			point(gcprof_snapshot(NULL) == 0, "a snapshot is taken");
	} else if (strcmp(mode, "guard") == 0) {
		/* As a coroutine's stack has one, never written to. */
		mprotect(first_page(block) + 2 * PAGE, PAGE, PROT_NONE);
		point(gcprof_snapshot(NULL) == 0, "a snapshot is taken");
	} else if (strcmp(mode, "head") == 0) {
		/* What an allocator keeps before the block, too. */
		mprotect((void *)((uintptr_t)(block - 1) & ~(uintptr_t)(PAGE - 1)), PAGE, PROT_NONE);
		point(gcprof_snapshot(NULL) == 0, "a snapshot is taken");
		mprotect((void *)((uintptr_t)(block - 1) & ~(uintptr_t)(PAGE - 1)), PAGE,
			 PROT_READ | PROT_WRITE);
	} else if (strcmp(mode, "flip") == 0) {
		struct sigaction act = {.sa_handler = allow};

		sigaction(SIGSEGV, &act, NULL);
		snapshots(is_in_place ? 20 : 100, flip, argc > 3 ? argv : NULL);
		point(n_faults > 0, "the program's own SIGSEGV handler has its faults");
		protect(PROT_READ | PROT_WRITE);
	} else if (strcmp(mode, "key") == 0) {
		int key = pkey_alloc(0, PKEY_DISABLE_ACCESS);

		/* A machine without them: plain memory has to do. */
		if (key >= 0)
			pkey_mprotect(first_page(block), (N_PAGES - 1) * PAGE, PROT_READ | PROT_WRITE,
				      key);
		point(gcprof_snapshot(NULL) == 0, "a snapshot is taken");
		point(key < 0 || pkey_get(key) == PKEY_DISABLE_ACCESS, "the key forbids what it did");
	} else if (strcmp(mode, "file") == 0 || strcmp(mode, "shorten") == 0) {
		file = memfd_create("file", 0);
		if (ftruncate(file, N_PAGES * PAGE) != 0)
			_exit(92);
		mapping = mmap(NULL, N_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
		*(char **)mapping = keep(malloc(HIDDEN_BYTES), HIDDEN_BYTES, "malloc");
		if (strcmp(mode, "shorten") == 0) {
			snapshots(is_in_place ? 20 : 100, shorten, NULL);
		} else {
			if (ftruncate(file, PAGE) != 0)
				_exit(92);
			point(gcprof_snapshot(NULL) == 0, "a snapshot is taken");
		}
	} else if (strcmp(mode, "awaited") == 0) {
		if (!make_awaited())
			say("no userfaultfd");
		point(gcprof_snapshot(NULL) == 0, "a snapshot is taken");
	} else {
		return 2;
	}
	return 0;
}
