/* dontfork.c -- blocks that only memory leads to which children do not get, or get empty.
 *
 * dontfork KIND WAY: the kind of memory; how a snapshot of it is taken.
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

int gcprof_snapshot(const char *name) __attribute__((weak));

enum {
	PAGE = 4096,
	BYTES = 1 << 20,
	N_HIDDEN = 10,
	HIDDEN_BYTES = 1234,
	N_LOST = 16,
	LOST_BYTES = 4321,
	MANY = 300
};

static void *(*volatile v_malloc)(size_t) = malloc;
static char *volatile area;
static volatile int stop_it;
static volatile long other_tid; /* when it is as it is to be found */
static sem_t never;		/* posted at the end */
static char in_data[3 * PAGE] = {1}; /* of this program's own file */

static char *
map(size_t bytes, int flags, int fd)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (p == MAP_FAILED)
		_exit(96);
	return p;
}

static void
advise(char *p, size_t bytes, int advice)
{
	if (madvise(p, bytes, advice) != 0)
		_exit(95);
}

/* Pointers, `apart` bytes from one to the next. */
NOINLINE static void
hide(char *at, size_t apart)
{
	int i;

	for (i = 0; i < N_HIDDEN; i++)
		*(void *volatile *)(at + (size_t)i * apart) = v_malloc(HIDDEN_BYTES);
}

NOINLINE static void
lose_some(void)
{
	char *volatile p;
	int i;

	for (i = 0; i < N_LOST; i++)
		p = v_malloc(LOST_BYTES);
	p = NULL;
	(void)p;
}

/* ---- kinds of memory -------------------------------------------------------- */

static void
make_anonymous(int flags, int advice)
{
	area = map(BYTES, flags | MAP_ANONYMOUS, -1);
	advise(area, BYTES, advice);
	hide(area + 8 * PAGE, 8);
}

/* A machine without huge pages: plain memory has to do. */
static void
make_huge(int flags, int advice)
{
	size_t bytes = 4 << 20;

	area = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (area == MAP_FAILED)
		area = map(bytes, flags | MAP_ANONYMOUS, -1);
	advise(area, bytes, advice);
	hide(area + 8 * PAGE, 8);
}

static void
make_file(int flags)
{
	int fd = memfd_create("file", 0);

	if (fd < 0 || ftruncate(fd, BYTES) != 0)
		_exit(94);
	area = map(BYTES, flags, fd);
	close(fd);
	advise(area, BYTES, MADV_DONTFORK);
	hide(area, PAGE);
}

/* A guard page before and between. */
static void
make_guards(void)
{
	int i;

	area = map(BYTES, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	advise(area, BYTES, MADV_DONTFORK);
	for (i = 0; i < BYTES / PAGE; i += 2)
		if (mprotect(area + i * PAGE, PAGE, PROT_NONE) != 0)
			_exit(93);
	hide(area + PAGE, 2 * PAGE);
}

/* Mappings of their own, as there are others between. */
static void
make_many(void)
{
	char *at[MANY];
	int i;

	for (i = 0; i < MANY; i++) {
		at[i] = map(3 * PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
		advise(at[i], 2 * PAGE, MADV_DONTFORK);
	}
	for (i = 0; i < N_HIDDEN; i++)
		*(void *volatile *)(at[i * (MANY / N_HIDDEN)] + 16) = v_malloc(HIDDEN_BYTES);
}

static void
make_moved(void)
{
	char *p = map(BYTES, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	advise(p, BYTES, MADV_DONTFORK);
	hide(p, 8);
	area = map(4 * BYTES, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (mremap(p, BYTES, BYTES, MREMAP_MAYMOVE | MREMAP_FIXED, area + BYTES) == MAP_FAILED)
		_exit(93);
}

static void
make(const char *kind)
{
	if (strcmp(kind, "private") == 0) {
		make_anonymous(MAP_PRIVATE, MADV_DONTFORK);
	} else if (strcmp(kind, "shared") == 0) {
		make_anonymous(MAP_SHARED, MADV_DONTFORK);
	} else if (strcmp(kind, "wiped") == 0) {
		make_anonymous(MAP_PRIVATE, MADV_WIPEONFORK);
	} else if (strcmp(kind, "both") == 0) {
		make_anonymous(MAP_PRIVATE, MADV_WIPEONFORK);
		advise(area, BYTES, MADV_DONTFORK);
	} else if (strncmp(kind, "huge", 4) == 0) {
		make_huge(strstr(kind, "shared") ? MAP_SHARED : MAP_PRIVATE,
			  strstr(kind, "kept") ? MADV_DONTFORK : MADV_NORMAL);
	} else if (strcmp(kind, "syscall") == 0) {
		area = map(BYTES, MAP_PRIVATE | MAP_ANONYMOUS, -1);
		if (syscall(SYS_madvise, area, BYTES, MADV_DONTFORK) != 0)
			_exit(95);
		hide(area, 8);
	} else if (strcmp(kind, "file") == 0) {
		make_file(MAP_PRIVATE);
	} else if (strcmp(kind, "memfd") == 0) {
		make_file(MAP_SHARED);
	} else if (strcmp(kind, "part") == 0) {
		area = map(BYTES, MAP_PRIVATE | MAP_ANONYMOUS, -1);
		advise(area + 5 * PAGE, 20 * PAGE, MADV_DONTFORK);
		hide(area + 6 * PAGE, PAGE);
	} else if (strcmp(kind, "read-only") == 0) {
		make_anonymous(MAP_PRIVATE, MADV_DONTFORK);
		mprotect(area, BYTES, PROT_READ);
	} else if (strcmp(kind, "guards") == 0) {
		make_guards();
	} else if (strcmp(kind, "many") == 0) {
		make_many();
	} else if (strcmp(kind, "sparse") == 0) {
		size_t bytes = (size_t)1 << 40;

		area = map(bytes, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
		advise(area, bytes, MADV_DONTFORK);
		hide(area + 5 * PAGE, bytes / (N_HIDDEN + 1) / PAGE * PAGE);
	} else if (strcmp(kind, "moved") == 0) {
		make_moved();
	} else if (strcmp(kind, "block") == 0 || strcmp(kind, "small-block") == 0) {
		size_t bytes = *kind == 's' ? 4 * PAGE : 4 * BYTES;

		area = aligned_alloc(PAGE, bytes);
		advise(area, bytes, MADV_DONTFORK);
		hide(area, 8);
	} else if (strcmp(kind, "data") == 0) {
		uintptr_t page = ((uintptr_t)in_data + PAGE - 1) & ~(uintptr_t)(PAGE - 1);

		advise((char *)page, PAGE, MADV_DONTFORK);
		hide((char *)page, 8);
	} else {
		_exit(2);
	}
}

/* ---- ways -------------------------------------------------------------------- */

/* What the kernel says of memory that is not for children: places, access and flags. */
static size_t
kept_flags(char *to, size_t room)
{
	static char line[512], head[512];
	FILE *f = fopen("/proc/self/smaps", "re");
	size_t n = 0;

	if (!f)
		_exit(92);
	while (fgets(line, sizeof line, f)) {
		if (strchr("0123456789abcdef", *line) && strchr(line, '-') && !strstr(line, "kB"))
			memcpy(head, line, sizeof head);
		if (strncmp(line, "VmFlags:", 8) == 0 && (strstr(line, " dc") || strstr(line, " wf")) &&
		    !strstr(line, " io"))
			n += (size_t)snprintf(to + n, room - n, "%.31s%s", head, line);
		if (n > room - 512)
			break;
	}
	fclose(f);
	return n;
}

static char before[1 << 20], after[1 << 20];

/* clone without flags, as a snapshot's child is made, fails; or madvise. */
static void
forbid(unsigned number, uint32_t first)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, first, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};

	if (number == SYS_madvise) /* whatever its arguments */
		filter[1].jt = 2;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0)
		_exit(91);
}

/* Moves the pointers about, so that each is somewhere at any time, and nowhere for long. */
static void *
shift(void *with)
{
	void *volatile *first = (void *volatile *)(area + 8 * PAGE);
	size_t at = 0, to, i;

	while (!stop_it) {
		to = (at + 37 * PAGE / 8) % (BYTES / 8 - 16 * PAGE / 8);
		for (i = 0; i < N_HIDDEN; i++) {
			first[to + i] = first[at + i];
			first[at + i] = NULL;
		}
		at = to;
		other_tid = gettid();
	}
	return with;
}

static void *
sleep_on(void *with)
{
	other_tid = gettid();
	while (sem_wait(&never) != 0)
		;
	return with;
}

static void
block_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
}

static void *
sleep_deaf(void *with)
{
	block_signals();
	return sleep_on(with);
}

static void *
spin_deaf(void *with)
{
	block_signals();
	other_tid = gettid();
	while (!stop_it)
		;
	return with;
}

static int
is_asleep(long tid)
{
	char name[64], text[512], *at;
	ssize_t n;
	int fd;

	snprintf(name, sizeof name, "/proc/self/task/%ld/stat", tid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	n = read(fd, text, sizeof text - 1);
	close(fd);
	text[n > 0 ? n : 0] = 0;
	at = strrchr(text, ')');
	return at && at[2] == 'S';
}

static void
start(pthread_t *ret_thread, void *(*f)(void *))
{
	if (pthread_create(ret_thread, NULL, f, NULL) != 0)
		_exit(90);
	while (!other_tid || ((f == sleep_on || f == sleep_deaf) && !is_asleep(other_tid)))
		sched_yield();
}

static void
by_call(void *(*f)(void *))
{
	pthread_t thread;
	size_t n;

	if (f)
		start(&thread, f);
	n = kept_flags(before, sizeof before);
	point(gcprof_snapshot(NULL) == 0, "a snapshot is taken");
	point(kept_flags(after, sizeof after) == n && memcmp(before, after, n) == 0,
	      "what was not for children is not, as before, and nothing else");
	stop_it = 1;
	sem_post(&never);
	if (f)
		pthread_join(thread, NULL);
}

/* A child of the program's does not get the memory while a snapshot has it changed. */
static void
in_child(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		gcprof_snapshot(NULL);
		_exit(0);
	}
	waitpid(pid, &status, 0);
}

int
main(int argc, char **argv)
{
	const char *way = argc > 2 ? argv[2] : "call";
	pthread_t thread;

	if (strcmp(way, "place") == 0)
		forbid(SYS_clone, 0);
	make(argc > 1 ? argv[1] : "private");
	lose_some();
	if (strcmp(way, "unadvised") == 0)
		forbid(SYS_madvise, 0);
	if (strcmp(way, "shift") == 0) {
		by_call(shift);
	} else if (strcmp(way, "deaf") == 0) {
		by_call(sleep_deaf);
	} else if (strcmp(way, "busy") == 0) {
		by_call(spin_deaf);
	} else if (strcmp(way, "threads") == 0) {
		by_call(sleep_on);
	} else if (strcmp(way, "fork") == 0) {
		in_child();
	} else if (strcmp(way, "signal") == 0) {
		raise(SIGUSR2);
	} else if (strcmp(way, "fatal") == 0) {
		abort();
	} else if (strcmp(way, "threaded-exit") == 0) {
		start(&thread, sleep_on);
	} else if (strcmp(way, "exit") != 0) {
		by_call(NULL);
	}
	return 0;
}
