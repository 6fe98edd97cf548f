/* sparse.c -- memory of which little is in use: sparse.sh.
 *
 *     sparse KIND BITS [no-scan] [child]
 *
 * Of 2^BITS bytes two pages are in use; each holds the only pointer to a block, and
 * a third block is lost.  KIND: private, raw (mapped without libc), shared, heap,
 * dropped (was in use all over, and was given back but for the two).  no-scan: the
 * kernel refuses PAGEMAP_SCAN, as one before 6.7.  child: a thread sleeps, so that a
 * child writes the snapshot.
 *
 * SPDX-License-Identifier: MIT
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Nobody between us and the kernel. */
static long
raw(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static int
refuse_scan(void)
{
	struct twelve {
		unsigned long long words[12];
	};
	const unsigned scan = _IOWR('f', 16, struct twelve);
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, scan, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 25 /* ENOTTY */),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof code / sizeof *code, code};

	if (raw(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0) != 0)
		return 0;
	return raw(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, (long)&program, 0, 0, 0) == 0;
}

static void *
idle(void *with)
{
	(void)with;
	pause();
	return NULL;
}

static char *
make(const char *kind, size_t n)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	char *p;

	if (strcmp(kind, "heap") == 0)
		return malloc(n);
	if (strcmp(kind, "shared") == 0)
		flags = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE;
	if (strcmp(kind, "raw") == 0)
		return (char *)raw(SYS_mmap, 0, (long)n, PROT_READ | PROT_WRITE, flags, -1, 0);
	p = mmap(NULL, n, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (p != MAP_FAILED && strcmp(kind, "dropped") == 0) {
		size_t at;

		for (at = 0; at < n; at += 4096)
			p[at] = 1;
		madvise(p, n, MADV_DONTNEED);
	}
	return p == MAP_FAILED ? NULL : p;
}

static char *volatile root;

int
main(int argc, char **argv)
{
	size_t n = (size_t)1 << atoi(argv[2]);
	char *volatile lost;
	pthread_t thread;
	int i;

	for (i = 3; i < argc; i++) {
		if (strcmp(argv[i], "no-scan") == 0 && !refuse_scan())
			return 3;
		if (strcmp(argv[i], "child") == 0)
			pthread_create(&thread, NULL, idle, NULL);
	}
	root = make(argv[1], n);
	if (!root || (long)root < 0)
		return 4;
	*(void **)root = malloc(1000);
	*(void **)(root + n / 2 + 8) = malloc(2000);
	lost = malloc(3000);
	lost = NULL;
	(void)lost;
	puts("done");
	return 0;
}
