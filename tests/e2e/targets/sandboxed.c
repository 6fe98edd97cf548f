/* sandboxed.c -- a program that shuts itself in by a seccomp filter, and works on.
 *
 * usage: sandboxed ACTION CALLS [WORD]...
 *   ACTION  kill, thread (kill that), trap, errno, allow: what the filter does
 *   CALLS   to these, names with commas between; or to all but those that a set allows:
 *           a call is a name of the table below, or any number;
 *           preauth (as a server's process that handles what strangers send), worker
 *           (memory, locks, reading, writing); strict: SECCOMP_MODE_STRICT
 *   WORD    prctl (not seccomp(2)), twice (two filters), threads (three more, which
 *           allocate), sleepers (more that sleep in several calls, for good; "woken" is printed if
 *           one returns), late (threads and sleepers begin behind the filter), long (work goes
 *           on for a tenth of a second of the clock), fork (the work is done in a child of its own, too), usr2 (the
 *           process sends itself that signal after each round), small (no large blocks), bad (a filter that the
 *           kernel refuses is tried first), quiet (by syscall(2)'s exit_group), emulate
 *           (mmap, mremap, mprotect and munmap of a certain size are trapped as well, and a
 *           handler of SIGSYS, which allocates, does what was asked), wait (for a signal,
 *           having said "ready")
 * Prints "worked" and ends with 7.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static const struct {
	const char *name;
	unsigned number;
} calls[] = {
#define CALL(x) {#x, SYS_##x}
	CALL(brk),	   CALL(clock_gettime), CALL(clock_nanosleep), CALL(clone),
	CALL(clone3),	   CALL(close),		CALL(close_range),     CALL(exit),
	CALL(exit_group),  CALL(fcntl),		CALL(fstat),	       CALL(futex),
	CALL(getdents64),  CALL(getpid),	CALL(getppid),	       CALL(getrandom),
	CALL(gettid),	   CALL(madvise),	CALL(membarrier),      CALL(mincore),
	CALL(mmap),	   CALL(mprotect),	CALL(mremap),	       CALL(munmap),
	CALL(nanosleep),   CALL(newfstatat),	CALL(openat),	       CALL(poll),
	CALL(prctl),	   CALL(pread64),	CALL(pwrite64),	       CALL(read),
	CALL(readlink),	   CALL(rename),	CALL(rseq),	       CALL(rt_sigaction),
	CALL(rt_sigprocmask), CALL(rt_sigreturn), CALL(rt_sigtimedwait), CALL(set_robust_list),
	CALL(sigaltstack), CALL(tgkill),	CALL(unlink),	       CALL(wait4),
	CALL(write),
};

static const struct {
	const char *name, *calls;
} sets[] = {
	{"preauth", "brk,clock_gettime,clock_nanosleep,close,exit,exit_group,futex,getpid,getrandom,"
		    "gettid,madvise,mmap,mremap,munmap,nanosleep,newfstatat,poll,read,"
		    "rt_sigprocmask,rt_sigreturn,write"},
	{"worker", "brk,exit,exit_group,fstat,futex,madvise,mmap,mprotect,mremap,munmap,newfstatat,"
		   "read,rt_sigprocmask,rt_sigreturn,rseq,set_robust_list,write"},
	{"bare", "brk,exit_group,fstat,newfstatat,mmap,mremap,munmap,write"},
};

static struct sock_filter filter[256];
static unsigned short n_filter;
static volatile int is_done;
void *kept[10];
static pthread_t threads[3];
static int n_threads, epoll;
static unsigned long events; /* aio_context_t */
static unsigned never;
enum { N_SLEEPERS = 8 };
static pid_t sleepers[N_SLEEPERS];

static void
emit(unsigned short code, unsigned k, unsigned char yes, unsigned char no)
{
	filter[n_filter++] = (struct sock_filter){code, yes, no, k};
}

static unsigned
number_of(const char *name)
{
	size_t i;

	if (name[0] >= '0' && name[0] <= '9')
		return (unsigned)strtoul(name, NULL, 10);
	for (i = 0; i < sizeof calls / sizeof *calls; i++)
		if (strcmp(calls[i].name, name) == 0)
			return calls[i].number;
	fprintf(stderr, "sandboxed: no call '%s'\n", name);
	exit(99);
}

static unsigned
action_of(const char *name)
{
	return strcmp(name, "kill") == 0     ? SECCOMP_RET_KILL_PROCESS
	       : strcmp(name, "thread") == 0 ? SECCOMP_RET_KILL_THREAD
	       : strcmp(name, "trap") == 0   ? SECCOMP_RET_TRAP
	       : strcmp(name, "errno") == 0  ? SECCOMP_RET_ERRNO | EPERM
					     : SECCOMP_RET_ALLOW;
}

static void
compile(unsigned action, const char *names)
{
	unsigned named = action, others = SECCOMP_RET_ALLOW;
	char text[1000], *name;
	size_t i;

	for (i = 0; i < sizeof sets / sizeof *sets; i++)
		if (strcmp(sets[i].name, names) == 0) {
			names = sets[i].calls;
			named = SECCOMP_RET_ALLOW;
			others = action;
		}
	strcpy(text, names);
	n_filter = 0;
	emit(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	for (name = strtok(text, ","); name; name = strtok(NULL, ",")) {
		emit(BPF_JMP | BPF_JEQ | BPF_K, number_of(name), 0, 1);
		emit(BPF_RET | BPF_K, named, 0, 0);
	}
	emit(BPF_RET | BPF_K, others, 0, 0);
}

/* ---- what a handler does in the kernel's place --------------------------------- */

enum { RECOGNISED = 0x123000, FIRST = 0x55000 };
static int n_emulated;

static void
trap_size(unsigned number, unsigned arg, unsigned size)
{
	emit(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	emit(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 3);
	emit(BPF_LD | BPF_W | BPF_ABS, (unsigned)(offsetof(struct seccomp_data, args) + 8 * arg), 0, 0);
	emit(BPF_JMP | BPF_JEQ | BPF_K, size, 0, 1);
	emit(BPF_RET | BPF_K, SECCOMP_RET_TRAP, 0, 0);
}

static void
trap_sizes(void)
{
	n_filter = 0;
	trap_size(SYS_mmap, 1, RECOGNISED);
	trap_size(SYS_mremap, 2, RECOGNISED);
	trap_size(SYS_mprotect, 1, RECOGNISED);
	trap_size(SYS_munmap, 1, RECOGNISED);
	emit(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

/* By calls that have another size. */
static void
emulate(int number, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
	long result;
	int saved = errno;

	(void)number;
	n_emulated++;
	free(malloc(100));
	switch (info->si_syscall) {
	case SYS_mmap:
		result = syscall(SYS_mmap, r[REG_RDI], RECOGNISED + 4096L, r[REG_RDX], r[REG_R10],
				 r[REG_R8], r[REG_R9]);
		break;
	case SYS_mremap:
		result = syscall(SYS_mremap, r[REG_RDI], r[REG_RSI], RECOGNISED + 4096L, r[REG_R10], 0);
		break;
	case SYS_mprotect:
		result = syscall(SYS_mprotect, r[REG_RDI], RECOGNISED - 4096L, r[REG_RDX]);
		break;
	default:
		result = syscall(SYS_munmap, r[REG_RDI], RECOGNISED + 4096L);
		break;
	}
	r[REG_RAX] = result == -1 ? -errno : result;
	errno = saved;
}

static void
use_recognised(void)
{
	char *p = mmap(NULL, RECOGNISED, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	     *q;

	if (p == MAP_FAILED) {
		printf("not mapped: %d\n", errno);
		return;
	}
	memset(p, 1, RECOGNISED + 4096);
	printf("protected %d\n", mprotect(p, RECOGNISED, PROT_READ));
	p[RECOGNISED - 4096] = 2;
	printf("unmapped %d\n", munmap(p, RECOGNISED));
	p = mmap(NULL, FIRST, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	q = mremap(p, FIRST, RECOGNISED, MREMAP_MAYMOVE);
	if (q == MAP_FAILED) {
		printf("not moved: %d\n", errno);
		return;
	}
	q[RECOGNISED] = 3;
	printf("refused %d\n", mprotect(q + 1, RECOGNISED, PROT_READ) < 0 ? errno : 0);
	printf("emulated %d\n", n_emulated);
}

static int
install(int by_prctl)
{
	struct sock_fprog program = {n_filter, filter};

	return by_prctl ? prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)
			: (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
				       SECCOMP_FILTER_FLAG_TSYNC, &program);
}

static void *
allocate(void *with)
{
	unsigned i = 0;

	(void)with;
	do
		free(malloc(i++ % 3000));
	while (!is_done && i < 200000);
	return NULL;
}

static int
has(char **words, const char *word)
{
	for (; *words; words++)
		if (strcmp(*words, word) == 0)
			return 1;
	return 0;
}

/* One call for each way in which resume.c makes such a call go on. */
static void *
sleep_long(void *with)
{
	const struct timespec day = {86400, 0};
	struct epoll_event event;
	fd_set none;

	__atomic_store_n(&sleepers[(intptr_t)with], gettid(), __ATOMIC_RELAXED);
	switch ((intptr_t)with) {
	case 0:
		(void)syscall(SYS_nanosleep, &day, NULL);
		break;
	case 1:
		(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &day, NULL);
		break;
	case 2:
		(void)poll(NULL, 0, 86400000);
		break;
	case 3:
		(void)pause();
		break;
	case 4:
		(void)epoll_wait(epoll, &event, 1, 86400000);
		break;
	case 5:
		(void)syscall(SYS_io_getevents, events, 1L, 1L, &event, &day);
		break;
	case 6:
		FD_ZERO(&none);
		(void)pselect(0, &none, NULL, NULL, &day, NULL);
		break;
	default:
		(void)syscall(SYS_futex, &never, 128 /* FUTEX_WAIT_PRIVATE */, 0, &day);
		break;
	}
	(void)!write(1, "woken\n", 6);
	return NULL;
}

/* Whether a thread sleeps in a system call: proc(5). */
static int
is_in_call(pid_t tid)
{
	char name[64], text[256] = "";
	int fd;

	snprintf(name, sizeof name, "/proc/self/task/%d/syscall", (int)tid);
	fd = open(name, O_RDONLY);
	(void)!read(fd, text, sizeof text - 1);
	(void)close(fd);
	return tid && text[0] >= '0' && text[0] <= '9';
}

static void
begin_others(char **words)
{
	pthread_t sleeper;
	intptr_t i;

	n_threads = has(words, "threads") ? 3 : 0;
	for (i = 0; i < n_threads; i++)
		pthread_create(&threads[i], NULL, allocate, NULL);
	if (!has(words, "sleepers"))
		return;
	epoll = epoll_create1(0);
	(void)syscall(SYS_io_setup, 1, &events);
	for (i = 0; i < N_SLEEPERS; i++)
		pthread_create(&sleeper, NULL, sleep_long, (void *)i);
	/* They are in their calls when the filter comes, if it comes later. */
	for (i = 0; i < N_SLEEPERS; i++)
		while (!is_in_call(__atomic_load_n(&sleepers[i], __ATOMIC_RELAXED)))
			(void)sched_yield();
}

static uint64_t
now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void
work(int is_asking, int is_small, int is_long)
{
	uint64_t end_ms = is_long ? now_ms() + 100 : 0;
	int round;

	for (round = 0; round < 10 || (is_long && now_ms() < end_ms); round++) {
		void *large = NULL;

		if (!is_small) {
			large = malloc(1 << 20);
			memset(large, 1, 1 << 20);
			large = realloc(large, 3 << 20);
		}
		if (round < 10)
			kept[round] = malloc(5000);
		is_done = 0;
		for (int i = 0; i < 3000; i++)
			free(malloc((size_t)i));
		free(large);
		if (is_asking && round < 10)
			raise(SIGUSR2);
	}
}

int
main(int argc, char **argv)
{
	static char buffer[1024];
	int i, is_child = 0, status = 0;

	if (argc < 3)
		return 99;
	free(malloc(100)); /* the C library's first asks for random bytes */
	setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
		if (!has(argv + 3, "late"))
		begin_others(argv + 3);
	if (has(argv + 3, "bad")) {
		emit(0xffff, 0, 0, 0);
		printf("bad %d\n", install(0) < 0 && install(1) < 0);
	}
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (strcmp(argv[2], "strict") == 0) {
		(void)prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
		for (i = 0; i < 2000; i++)
			free(malloc((size_t)i));
		(void)!write(1, "worked\n", 7);
		(void)syscall(SYS_exit, 7);
	}
	if (has(argv + 3, "twice")) {
		compile(SECCOMP_RET_ALLOW, "read");
		if (install(0) != 0)
			return 98;
	}
	if (has(argv + 3, "emulate")) {
		struct sigaction action = {.sa_sigaction = emulate, .sa_flags = SA_SIGINFO};

		(void)sigaction(SIGSYS, &action, NULL);
		trap_sizes();
		if (install(1) != 0)
			return 98;
		use_recognised();
	}
	compile(action_of(argv[1]), argv[2]);
	if (install(has(argv + 3, "prctl")) != 0)
		return 98;
	if (has(argv + 3, "late"))
		begin_others(argv + 3);
	if (has(argv + 3, "wait")) {
		puts("ready");
		fflush(stdout);
		for (;;)
			pause();
	}
	work(has(argv + 3, "usr2"), has(argv + 3, "small"), has(argv + 3, "long"));
	if (has(argv + 3, "fork")) {
		pid_t child = fork();

		is_child = child == 0;
		if (is_child)
			work(0, 0, 0);
		else if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
			status = 97;
	}
	for (i = 0; i < n_threads; i++)
		pthread_join(threads[i], NULL);
	if (!is_child)
		printf("worked %d\n", status == 97 ? 97 : 0);
	if (has(argv + 3, "quiet")) {
		fflush(stdout);
		(void)syscall(SYS_exit_group, 7);
	}
	return 7;
}
