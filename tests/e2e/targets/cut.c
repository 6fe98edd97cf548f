/* cut.c -- programs that are hard to stop and to fork, with snapshots taken of them.
 *
 *     cut [--filter=NAME] [--late=LIMIT] crowd N
 *         [wait|check|main-deaf|main-ended|own-signal|thread-forks]
 *     cut churn SNAPSHOTS [deaf]
 *     cut forker FORKS
 *     cut [--filter=NAME] exec COMMAND...
 *
 * crowd: threads that run, sleep, or block all signals, each with a block that
 * only its stack, its registers or its thread-local storage leads to.
 * --filter installs a system call filter first; --late=no-clone one that
 * refuses to make processes and threads, --late=no-processes RLIMIT_NPROC, both
 * when all threads are there.
 *
 * SPDX-License-Identifier: MIT
 */
#include "../../../lib/gcprof.h"
#include "truth.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

static void *(*volatile v_malloc)(size_t) = malloc;
static void (*volatile v_free)(void *) = free;

static void
rest(void)
{
	struct timespec ts = {0, 2000000};

	nanosleep(&ts, NULL);
}

/* ---- filters of system calls --------------------------------------------- */

static struct sock_filter code[256];
static unsigned short n_code;

static void
emit(unsigned short operation, uint32_t value, uint8_t if_true, uint8_t if_false)
{
	if (n_code == sizeof code / sizeof code[0])
		_exit(96);
	code[n_code++] = (struct sock_filter){operation, if_true, if_false, value};
}

/* Only in the row of comparisons; `number` stays loaded. */
static void
when(long number, uint32_t result)
{
	emit(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 1);
	emit(BPF_RET | BPF_K, result, 0, 0);
}

static void
when_each(const long *numbers, size_t n, uint32_t result)
{
	for (; n > 0; n--)
		when(*numbers++, result);
}

#define EACH(list) list, sizeof list / sizeof list[0]
#define REFUSE(err) (SECCOMP_RET_ERRNO | (err))

/* What looks into other processes, or needs a privilege to look into one's own. */
static const long tracing[] = {SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_kcmp,
	SYS_perf_event_open, SYS_bpf, SYS_userfaultfd, SYS_pidfd_getfd, SYS_process_madvise, SYS_keyctl,
	SYS_setns, SYS_unshare, SYS_mount, SYS_init_module, SYS_finit_module, SYS_iopl, SYS_ioperm};

/* What a container runtime's usual profile refuses to a process without
 * capabilities, of the calls up to 334. */
static const long privileged[] = {SYS_acct, SYS_add_key, SYS_bpf, SYS_chroot, SYS_clock_settime,
	SYS_create_module, SYS_delete_module, SYS_fanotify_init, SYS_finit_module, SYS_get_kernel_syms,
	SYS_get_mempolicy, SYS_init_module, SYS_ioperm, SYS_iopl, SYS_kcmp, SYS_kexec_file_load,
	SYS_kexec_load, SYS_keyctl, SYS_lookup_dcookie, SYS_mbind, SYS_migrate_pages, SYS_mount,
	SYS_move_pages, SYS_nfsservctl, SYS_open_by_handle_at, SYS_perf_event_open, SYS_pivot_root,
	SYS_process_vm_readv, SYS_process_vm_writev, SYS_ptrace, SYS_query_module, SYS_quotactl, SYS_reboot,
	SYS_request_key, SYS_set_mempolicy, SYS_setdomainname, SYS_sethostname, SYS_setns, SYS_settimeofday,
	SYS_swapoff, SYS_swapon, SYS__sysctl, SYS_sysfs, SYS_syslog, SYS_umount2, SYS_unshare, SYS_uselib,
	SYS_userfaultfd, SYS_ustat, SYS_vhangup};
enum { LAST_OLD_CALL = 334 };
static const long newer[] = {SYS_pidfd_send_signal, SYS_pidfd_open, SYS_close_range, SYS_openat2,
	SYS_faccessat2, SYS_epoll_pwait2};
static const long making[] = {SYS_fork, SYS_vfork, SYS_clone, SYS_clone3};
enum { NEW_NAMESPACES = 0x7e020000 };

/* An allow-list.  A profile that is older than the kernel knows no `newer` calls. */
static void
container(bool is_old)
{
	/* clone with flags for namespaces is refused, else allowed. */
	emit(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4);
	emit(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0]), 0, 0);
	emit(BPF_JMP | BPF_JSET | BPF_K, NEW_NAMESPACES, 0, 1);
	emit(BPF_RET | BPF_K, REFUSE(EPERM), 0, 0);
	emit(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	/* glibc would not try clone after anything but ENOSYS. */
	when(SYS_clone3, REFUSE(ENOSYS));
	if (!is_old)
		when_each(EACH(newer), SECCOMP_RET_ALLOW);
	when_each(EACH(privileged), REFUSE(EPERM));
	emit(BPF_JMP | BPF_JGT | BPF_K, LAST_OLD_CALL, 0, 1);
	emit(BPF_RET | BPF_K, REFUSE(EPERM), 0, 0);
}

static void
install_filter(const char *name)
{
	struct sock_fprog program = {0, code};

	n_code = 0;
	emit(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	emit(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
	emit(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
	emit(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	if (!strcmp(name, "no-tracing"))
		when_each(EACH(tracing), SECCOMP_RET_KILL_PROCESS);
	else if (!strcmp(name, "no-clone"))
		when_each(EACH(making), REFUSE(EPERM));
	else
		container(!strcmp(name, "container-old"));
	emit(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	program.len = n_code;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0)
		_exit(95);
}

/* Is it in force?  What the filter is about has to fail, in a child. */
static void
try_filter(const char *name)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		errno = 0;
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
			_exit(1);
		_exit(errno == EPERM ? 2 : 3);
	}
	waitpid(pid, &status, 0);
	if (!strcmp(name, "no-tracing"))
		point(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS,
			"filter %s kills who calls ptrace", name);
	else
		point(status == 2 << 8, "filter %s refuses ptrace", name);
}

static void
limit(const char *how)
{
	struct rlimit none = {1, 1};

	if (!strcmp(how, "no-clone"))
		install_filter(how);
	else if (setrlimit(RLIMIT_NPROC, &none) != 0)
		_exit(94);
	errno = 0;
	point(fork() == -1 && (errno == EPERM || errno == EAGAIN), "under %s no process can be made", how);
}

/* ---- many threads -------------------------------------------------------- */

enum { HELD_BYTES = 4321, MAX_THREADS = 1000 };

static _Atomic int n_ready, n_surprises;
static _Atomic bool stop;
static __thread void *volatile of_thread;
static pthread_key_t key;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int silent_pipe[2];
static _Atomic long tids[MAX_THREADS];

NOINLINE static void *
held_block(void)
{
	return keep(v_malloc(HELD_BYTES), HELD_BYTES, "malloc");
}

/* The block's address goes nowhere else. */
NOINLINE static void
allocate_into(void *volatile *slot)
{
	*slot = held_block();
}

/* What old calls left on the stack. */
NOINLINE static void
wipe(void)
{
	volatile char old[16384];
	size_t i;

	for (i = 0; i < sizeof old; i++)
		old[i] = 0;
}

static void
sleep_in_poll(void)
{
	wipe();
	n_ready++;
	for (;;)
		poll(NULL, 0, -1);
}

NOINLINE static void
asleep_in_poll(void)
{
	void *volatile p;

	allocate_into(&p);
	sleep_in_poll();
}

NOINLINE static void
asleep_in_nanosleep(void)
{
	struct timespec day = {86400, 0};

	allocate_into(&of_thread);
	wipe();
	n_ready++;
	for (;;)
		nanosleep(&day, NULL);
}

NOINLINE static void
asleep_in_wait(void)
{
	void *volatile p;

	allocate_into(&p);
	wipe();
	n_ready++;
	pthread_mutex_lock(&mutex);
	for (;;)
		pthread_cond_wait(&condition, &mutex);
}

NOINLINE static void
set_key(void)
{
	void *volatile p;

	allocate_into(&p);
	pthread_setspecific(key, p);
	p = NULL;
}

NOINLINE static void
asleep_in_read(void)
{
	char byte;

	set_key();
	wipe();
	n_ready++;
	for (;;) {
		(void)!read(silent_pipe[0], &byte, 1);
		n_surprises++; /* nobody writes, and a signal's handler lets it go on */
	}
}

NOINLINE static void
running_allocating(void)
{
	void *volatile p;
	void *blocks[64] = {NULL};
	uint32_t state = (uint32_t)syscall(SYS_gettid);
	int i;

	allocate_into(&p);
	wipe();
	n_ready++;
	for (;;) {
		i = rnd(&state) % 64;
		v_free(blocks[i]);
		blocks[i] = v_malloc(rnd(&state) % 3000);
	}
}

NOINLINE static void
running_in_registers(void)
{
	static volatile bool never;
	void *p = held_block();

	wipe();
	n_ready++;
	/* Where the block is, is in one register, and nowhere else. */
	__asm__ volatile("1: pause\n\tcmpb $0, %1\n\tje 1b" : "+b"(p) : "m"(never) : "cc");
}

static void
block_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
}

NOINLINE static void
deaf_with_stack(void)
{
	void *volatile p;

	block_signals();
	allocate_into(&p);
	sleep_in_poll();
}

NOINLINE static void
deaf_with_tls(void)
{
	block_signals();
	allocate_into(&of_thread);
	sleep_in_poll();
}

static struct role {
	const char *name;
	void (*run)(void);
	bool is_running, is_deaf;
	int n;
} roles[] = {
	{"running_allocating", running_allocating, true, false, 0},
	{"running_in_registers", running_in_registers, true, false, 0},
	{"deaf_with_stack", deaf_with_stack, false, true, 0},
	{"deaf_with_tls", deaf_with_tls, false, true, 0},
	{"asleep_in_poll", asleep_in_poll, false, false, 0},
	{"asleep_in_nanosleep", asleep_in_nanosleep, false, false, 0},
	{"asleep_in_wait", asleep_in_wait, false, false, 0},
	{"asleep_in_read", asleep_in_read, false, false, 0},
};

static int first_role;

/* Of fifty threads two run and two block all signals. */
static struct role *
role_of(int i)
{
	i = (first_role + i) % 50;
	return &roles[i < 4 ? i : 4 + i % 4];
}

static void *
play(void *arg)
{
	int i = (int)(intptr_t)arg;

	tids[i] = syscall(SYS_gettid);
	role_of(i)->run();
	return NULL;
}

static bool
is_asleep(long tid)
{
	char name[64], text[512], *at;
	FILE *f;
	size_t n;

	snprintf(name, sizeof name, "/proc/self/task/%ld/stat", tid);
	f = fopen(name, "r");
	if (f == NULL)
		return false;
	n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = 0;
	at = strrchr(text, ')');
	return at != NULL && at[2] == 'S';
}

static void
start_crowd(int n)
{
	pthread_attr_t attr;
	pthread_t thread;
	int i;

	pthread_key_create(&key, NULL);
	if (pipe(silent_pipe) != 0)
		_exit(93);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 << 10);
	for (i = 0; i < n; i++) {
		if (pthread_create(&thread, &attr, play, (void *)(intptr_t)i) != 0)
			_exit(92);
		role_of(i)->n++;
	}
	while (n_ready < n)
		rest();
	for (i = 0; i < n; i++)
		while (!role_of(i)->is_running && !is_asleep(tids[i]))
			rest();
	for (i = 0; i < (int)(sizeof roles / sizeof roles[0]); i++)
		say("role %s %d%s", roles[i].name, roles[i].n, roles[i].is_deaf ? " deaf" : "");
}

static void
on_term(int number)
{
	(void)number;
	stop = true;
}

/* Where a snapshot is taken is not where a block is held. */
static void *
take_one(void *ret_result)
{
	*(int *)ret_result = gcprof_snapshot();
	return NULL;
}

/* The main thread blocks all signals, and another takes the snapshot. */
NOINLINE static int
main_is_deaf(void)
{
	void *volatile p;
	pthread_t thread;
	int result = -1;

	block_signals();
	allocate_into(&p);
	wipe();
	pthread_create(&thread, NULL, take_one, &result);
	pthread_join(thread, NULL);
	return result;
}

static void *
exit_without_main(void *main_thread)
{
	int i, failed = 0;

	pthread_join((pthread_t)main_thread, NULL);
	for (i = 0; i < 3; i++)
		failed += gcprof_snapshot() != 0;
	_exit(failed);
}

/* The main thread ends, others go on. */
NOINLINE static void
main_ends(void)
{
	char *named = held_block();
	pthread_t thread;

	/* Held by the environment, which stands where the main thread began. */
	snprintf(named, HELD_BYTES, "PATH=/usr/bin:/bin");
	putenv(named);
	named = NULL;
	wipe();
	pthread_create(&thread, NULL, exit_without_main, (void *)pthread_self());
	pthread_exit(NULL);
}

NOINLINE static void *
fork_in_thread(void *ret_status)
{
	void *volatile p;
	pid_t pid = fork();

	if (pid == 0) {
		allocate_into(&p);
		wipe();
		_exit(gcprof_snapshot() != 0);
	}
	waitpid(pid, ret_status, 0);
	return NULL;
}

/* A thread forks, the child takes a snapshot. */
NOINLINE static int
thread_forks(void)
{
	void *volatile p;
	pthread_t thread;
	int status = -1;

	allocate_into(&p);
	wipe();
	pthread_create(&thread, NULL, fork_in_thread, &status);
	pthread_join(thread, NULL);
	return status;
}

NOINLINE static void
lose_one(void)
{
	void *volatile p = v_malloc(HELD_BYTES);

	p = NULL;
	(void)p;
}

static void
do_nothing(int number)
{
	(void)number;
}

static int
crowd(int n, const char *how, const char *late)
{
	struct sigaction term = {.sa_handler = on_term};

	/* What is in the registers of a thread that is not stopped is not seen. */
	if (!strcmp(how, "own-signal") || !strcmp(how, "thread-forks") || !strcmp(how, "main-ended"))
		first_role = 4;
	if (!strcmp(how, "own-signal"))
		signal(SIGRTMAX - 8, do_nothing);
	sigaction(SIGTERM, &term, NULL);
	start_crowd(n);
	if (late)
		limit(late);
	if (!strcmp(how, "main-deaf"))
		return main_is_deaf();
	if (!strcmp(how, "main-ended"))
		main_ends();
	if (!strcmp(how, "thread-forks"))
		return thread_forks();
	point(gcprof_snapshot() == 0, "a snapshot is taken");
	if (!strcmp(how, "wait")) {
		say("ready");
		while (!stop)
			rest();
	}
	if (!strcmp(how, "check")) {
		lose_one();
		wipe();
		say("checked %d", gcprof_leak_check());
	}
	point(n_surprises == 0, "a read that waits goes on waiting (%d returned)", n_surprises);
	return 0;
}

/* ---- threads that come and go -------------------------------------------- */

/* Sizes that nobody else asks for. */
enum { N_SLOTS = 1024, LEAST_BYTES = 1200, MORE_BYTES = 200, N_SPAWNERS = 2 };
static _Atomic(size_t *) slots[N_SLOTS]; /* a block begins with its size */
static _Atomic int n_alive, n_born, n_failed, n_taken;

static size_t *
make_block(uint32_t *state)
{
	size_t bytes = LEAST_BYTES + rnd(state) % MORE_BYTES;
	size_t *p = v_malloc(bytes);

	*p = bytes;
	return p;
}

static void
end_of_life(void *value)
{
	v_free(value);
	n_alive--;
}

static void *
short_life(void *block)
{
	uint32_t state = (uint32_t)*(size_t *)block + (uint32_t)syscall(SYS_gettid);

	pthread_setspecific(key, make_block(&state));
	v_free(atomic_exchange(&slots[rnd(&state) % N_SLOTS], (size_t *)block));
	v_free(atomic_exchange(&slots[rnd(&state) % N_SLOTS], make_block(&state)));
	return NULL;
}

static void *
spawn(void *arg)
{
	uint32_t state = (uint32_t)(uintptr_t)arg;
	pthread_t threads[4];
	int i, n;

	while (!stop) {
		for (n = 0; n < 4; n++) {
			/* Held by the newborn alone. */
			void *block = make_block(&state);

			n_alive++;
			if (pthread_create(&threads[n], NULL, short_life, block) != 0) {
				n_alive--;
				v_free(block);
				break;
			}
			n_born++;
		}
		for (i = 0; i < n; i++)
			if (i & 1)
				pthread_detach(threads[i]);
			else
				pthread_join(threads[i], NULL);
	}
	return NULL;
}

static void *
take_many(void *arg)
{
	int n = (int)(intptr_t)arg;

	for (; n > 0; n--) {
		n_failed += gcprof_snapshot() != 0;
		n_taken++;
	}
	return NULL;
}

static void *
listen_to_nobody(void *arg)
{
	deaf_with_tls();
	return arg;
}

static int
churn(int n, bool with_deaf)
{
	pthread_t spawners[N_SPAWNERS], other;
	int i;

	pthread_key_create(&key, end_of_life);
	if (with_deaf) {
		pthread_create(&other, NULL, listen_to_nobody, NULL);
		while (n_ready == 0)
			rest();
	}
	for (i = 0; i < N_SPAWNERS; i++)
		pthread_create(&spawners[i], NULL, spawn, (void *)(uintptr_t)(i + 1));
	pthread_create(&other, NULL, take_many, (void *)(intptr_t)(n / 2));
	take_many((void *)(intptr_t)(n / 2));
	pthread_join(other, NULL);
	stop = true;
	for (i = 0; i < N_SPAWNERS; i++)
		pthread_join(spawners[i], NULL);
	while (n_alive > 0)
		rest();
	say("born %d", n_born);
	say("snapshots %d %d", n_taken, n_failed);
	for (i = 0; i < N_SLOTS; i++)
		if (slots[i] != NULL)
			say("block %ld %p %zu malloc", (long)getpid(), (void *)slots[i], *slots[i]);
	return 0;
}

/* ---- a program that forks ------------------------------------------------ */

static void *
allocate_on(void *arg)
{
	void *blocks[64] = {NULL};
	uint32_t state = (uint32_t)(uintptr_t)arg;
	int i;

	while (!stop) {
		i = rnd(&state) % 64;
		v_free(blocks[i]);
		blocks[i] = v_malloc(rnd(&state) % 5000);
	}
	for (i = 0; i < 64; i++)
		v_free(blocks[i]);
	return NULL;
}

static void *
snapshots_on(void *arg)
{
	while (!stop) {
		n_failed += gcprof_snapshot() != 0;
		n_taken++;
	}
	return arg;
}

/* Every eighth child takes a snapshot of its own. */
static int
child(int i)
{
	void *p = v_malloc(1000 + (size_t)i);

	v_free(p);
	return i % 8 == 0 && gcprof_snapshot() != 0 ? 99 : i & 63;
}

static int
forker(int n)
{
	pthread_t threads[3];
	int i, status, n_strange = 0, n_wrong = 0;

	pthread_create(&threads[0], NULL, snapshots_on, NULL);
	for (i = 1; i < 3; i++)
		pthread_create(&threads[i], NULL, allocate_on, (void *)(uintptr_t)i);
	for (i = 0; i < n || n_taken < 20; i++) {
		pid_t pid = fork(), got;

		if (pid == 0)
			_exit(child(i));
		do
			got = wait(&status);
		while (got == -1 && errno == EINTR);
		n_strange += got != pid;
		n_wrong += status != (i & 63) << 8;
		errno = 0;
		n_strange += waitpid(-1, &status, WNOHANG) != -1 || errno != ECHILD;
	}
	stop = true;
	for (int k = 0; k < 3; k++)
		pthread_join(threads[k], NULL);
	point(n_strange == 0, "wait sees the program's own children only");
	point(n_wrong == 0, "each child ends as it should");
	say("forks %d", i);
	say("snapshots %d %d", n_taken, n_failed);
	return 0;
}

int
main(int argc, char **argv)
{
	const char *late = NULL;

	for (; argc > 1 && !strncmp(argv[1], "--", 2); argc--, argv++) {
		if (!strncmp(argv[1], "--late=", 7)) {
			late = argv[1] + 7;
			continue;
		}
		install_filter(argv[1] + 9);
		try_filter(argv[1] + 9);
	}
	if (argc > 2 && !strcmp(argv[1], "exec")) {
		execv(argv[2], argv + 2);
		return 127;
	}
	if (argc > 2 && !strcmp(argv[1], "crowd"))
		return crowd(atoi(argv[2]), argc > 3 ? argv[3] : "", late);
	if (argc > 2 && !strcmp(argv[1], "churn"))
		return churn(atoi(argv[2]), argc > 3);
	if (argc > 2 && !strcmp(argv[1], "forker"))
		return forker(atoi(argv[2]));
	return 2;
}
