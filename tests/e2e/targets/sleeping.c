/* sleeping.c -- every call that signal(7) lists as never restarted, one after the other.
 *
 *     sleeping MODE WHERE [NAME]
 *
 * MODE   ends      each call ends by its time-out, or by what it waits for
 *        signal    a signal of the program's comes in the middle; its handler does not
 *                  ask for restarting
 *        restart   the same, and it asks for that
 * WHERE  main      the main thread calls
 *        signals   another thread does, while the main thread sends SIGUSR2 to the process,
 *                  to that thread and to itself in turn (if it is told that this is
 *                  handled: GCPROF_SNAPSHOT is set)
 *        api       the same with gcprof_snapshot()
 * One line for each: what came of it, and whether it was too early.
 *
 * SPDX-License-Identifier: MIT
 */
#include "gcprof.h"

#include <errno.h>
#include <linux/aio_abi.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

enum { LIMIT_MS = 300, SIGNAL_MS = 170, PERIOD_MS = 40 };

static bool is_signal, is_done, is_by_stub, is_late;
static uint64_t call_start_ns;
static int n_handled, epoll, message_queue, full_queue, semaphores, receiving, sending, listening,
	connecting;
static aio_context_t aio;
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static pid_t helper;
/* Longer where the signal comes first, for a machine with much to do. */
static int limit_ms = LIMIT_MS;
static struct timespec limit = {0, LIMIT_MS * 1000000};
static struct timeval limit_tv = {0, LIMIT_MS * 1000};

static uint64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* On a machine with much to do, SIGALRM may come before the call has begun; it cannot
 * end it then. */
static bool is_too_soon;

static void
on_signal(int number, siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;
	uintptr_t pc = (uintptr_t)uc->uc_mcontext.gregs[REG_RIP];
	static const char instruction[] = {0x0f, 0x05}; /* syscall */

	(void)info;
	n_handled++;
	/* At it, if it is to be restarted; behind it; not behind that of timer_settime. */
	if (number == SIGALRM)
		is_too_soon = pc - (uintptr_t)timer_settime < 256 ||
			      (memcmp((const void *)pc, instruction, 2) != 0 &&
			       memcmp((const void *)(pc - 2), instruction, 2) != 0);
}

/* ---- the calls: those with a time-out -------------------------------------- */

static long do_nanosleep(void) { struct timespec t = limit; return nanosleep(&t, NULL); }
static long do_nanosleep_left(void)
{
	struct timespec t = limit, left = {9, 9};
	long r = nanosleep(&t, &left);

	/* What is left of it. */
	return r == 0 ? 0 : left.tv_sec <= limit.tv_sec && left.tv_nsec > 0;
}
static long do_clock_nanosleep(void) { return clock_nanosleep(CLOCK_MONOTONIC, 0, &limit, NULL); }
static long
do_clock_nanosleep_until(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += limit.tv_sec;
	t.tv_nsec += limit.tv_nsec;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}
static long do_usleep(void) { return usleep((useconds_t)limit_ms * 1000); }
static long do_sleep(void) { return sleep(1); }
static long do_poll(void) { return poll(NULL, 0, limit_ms); }
static long do_ppoll(void) { return ppoll(NULL, 0, &limit, NULL); }
static long do_select(void) { struct timeval t = limit_tv; return select(0, NULL, NULL, NULL, &t); }
static long do_pselect(void) { return pselect(0, NULL, NULL, NULL, &limit, NULL); }
static long do_pselect_masked(void) { sigset_t s; sigemptyset(&s); return pselect(0, NULL, NULL, NULL, &limit, &s); }
static long do_epoll_wait(void) { struct epoll_event e; return epoll_wait(epoll, &e, 1, limit_ms); }
static long do_epoll_pwait(void) { struct epoll_event e; sigset_t s; sigemptyset(&s); return epoll_pwait(epoll, &e, 1, limit_ms, &s); }
static long do_epoll_pwait2(void) { struct epoll_event e; return epoll_pwait2(epoll, &e, 1, &limit, NULL); }
static long do_semtimedop(void) { struct sembuf b = {0, -1, 0}; return semtimedop(semaphores, &b, 1, &limit); }
static long do_sigtimedwait(void) { sigset_t s; sigemptyset(&s); sigaddset(&s, SIGRTMIN + 5); return sigtimedwait(&s, NULL, &limit); }
static long do_recv(void) { char c; return recv(receiving, &c, 1, 0); }
static long do_recvfrom(void) { char c; return recvfrom(receiving, &c, 1, 0, NULL, NULL); }
static long do_read(void) { char c; return read(receiving, &c, 1); }
static struct iovec one_byte(void) { static char c; struct iovec v = {&c, 1}; return v; }
static long do_recvmsg(void) { struct iovec v = one_byte(); struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1}; return recvmsg(receiving, &m, 0); }
static long do_recvmmsg(void) { struct iovec v = one_byte(); struct mmsghdr m = {.msg_hdr = {.msg_iov = &v, .msg_iovlen = 1}}; return recvmmsg(receiving, &m, 1, 0, NULL); }
static long do_accept(void) { return accept(listening, NULL, NULL); }
static long do_send(void) { return send(sending, "x", 1, 0); }
static long do_sendto(void) { return sendto(sending, "x", 1, 0, NULL, 0); }
static long do_write(void) { return write(sending, "x", 1); }
static long do_sendmsg(void) { struct iovec v = one_byte(); struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1}; return sendmsg(sending, &m, 0); }
static long do_connect(void) { return connect(connecting, (struct sockaddr *)&address, sizeof address); }
/* As programs do that have such stubs of their own.  The number of a call by syscall(2)
 * is not in the code, and only a cut that looks beforehand knows it. */
static long
call(long nr, long a, long b, long c, const void *d, const void *e)
{
	register const void *r10 __asm__("r10") = d, *r8 __asm__("r8") = e;
	long result;

	if (!is_by_stub)
		return syscall(nr, a, b, c, d, e, 0);
	if (nr == SYS_futex)
		__asm__ volatile("movl $202, %%eax\n\tsyscall" : "=&a"(result) : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8) : "rcx", "r11", "memory");
	else
		__asm__ volatile("movl $208, %%eax\n\tsyscall" : "=&a"(result) : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8) : "rcx", "r11", "memory");
	if (result >= 0)
		return result;
	errno = (int)-result;
	return -1;
}
static long do_futex(void) { static int word; return call(SYS_futex, (long)&word, FUTEX_WAIT_PRIVATE, 0, &limit, NULL); }
static long do_io_getevents(void) { struct io_event e; struct timespec t = limit; return call(SYS_io_getevents, (long)aio, 1, 1, &e, &t); }

/* ---- those that somebody has to end ----------------------------------------- */

static long do_pause(void) { return pause(); }
static long do_sigsuspend(void) { sigset_t s; sigemptyset(&s); return sigsuspend(&s); }
static long do_sigwaitinfo(void) { sigset_t s; sigemptyset(&s); sigaddset(&s, SIGRTMIN + 6); return sigwaitinfo(&s, NULL) - SIGRTMIN; }
struct message { long type; char text[8]; };
static long do_msgrcv(void) { struct message m; return msgrcv(message_queue, &m, sizeof m.text, 0, 0); }
static long do_msgsnd(void) { struct message m = {1, "full"}; return msgsnd(full_queue, &m, sizeof m.text, 0); }
static long do_semop(void) { struct sembuf b = {1, -1, 0}; return semop(semaphores, &b, 1); }
static long do_poll_forever(void) { return poll(NULL, 0, -1); }
static long do_epoll_forever(void) { struct epoll_event e; return epoll_wait(epoll, &e, 1, -1); }
static long do_select_forever(void) { return select(0, NULL, NULL, NULL, NULL); }

static int caller;
static void end_by_signal(void) { syscall(SYS_tgkill, getppid(), caller, SIGUSR1); }
static void end_sigwaitinfo(void) { syscall(SYS_tgkill, getppid(), caller, SIGRTMIN + 6); }
static void end_msgrcv(void) { struct message m = {1, "a"}; msgsnd(message_queue, &m, 4, 0); }
static void end_msgsnd(void) { struct message m; msgrcv(full_queue, &m, sizeof m.text, 0, 0); }
static void end_semop(void) { struct sembuf b = {1, 1, 0}; semop(semaphores, &b, 1); }

static const struct call {
	const char *name;
	long (*f)(void);
	void (*end)(void); /* in another process, after the limit */
} calls[] = {
	{"nanosleep", do_nanosleep, NULL},
	{"nanosleep-left", do_nanosleep_left, NULL},
	{"clock_nanosleep", do_clock_nanosleep, NULL},
	{"clock_nanosleep-until", do_clock_nanosleep_until, NULL},
	{"usleep", do_usleep, NULL},
	{"sleep", do_sleep, NULL},
	{"poll", do_poll, NULL},
	{"ppoll", do_ppoll, NULL},
	{"select", do_select, NULL},
	{"pselect", do_pselect, NULL},
	{"pselect-masked", do_pselect_masked, NULL},
	{"epoll_wait", do_epoll_wait, NULL},
	{"epoll_pwait", do_epoll_pwait, NULL},
	{"epoll_pwait2", do_epoll_pwait2, NULL},
	{"semtimedop", do_semtimedop, NULL},
	{"sigtimedwait", do_sigtimedwait, NULL},
	{"recv", do_recv, NULL},
	{"recvfrom", do_recvfrom, NULL},
	{"recvmsg", do_recvmsg, NULL},
	{"recvmmsg", do_recvmmsg, NULL},
	{"read", do_read, NULL},
	{"accept", do_accept, NULL},
	{"send", do_send, NULL},
	{"sendto", do_sendto, NULL},
	{"sendmsg", do_sendmsg, NULL},
	{"write", do_write, NULL},
	{"connect", do_connect, NULL},
	{"futex", do_futex, NULL},
	{"io_getevents", do_io_getevents, NULL},
	{"pause", do_pause, end_by_signal},
	{"sigsuspend", do_sigsuspend, end_by_signal},
	{"sigwaitinfo", do_sigwaitinfo, end_sigwaitinfo},
	{"msgrcv", do_msgrcv, end_msgrcv},
	{"msgsnd", do_msgsnd, end_msgsnd},
	{"semop", do_semop, end_semop},
	{"poll-forever", do_poll_forever, end_by_signal},
	{"epoll_wait-forever", do_epoll_forever, end_by_signal},
	{"select-forever", do_select_forever, end_by_signal},
};
enum { N_CALLS = sizeof calls / sizeof calls[0] };

/* ---- running them ------------------------------------------------------------ */

static void
wait_ns(uint64_t ns)
{
	uint64_t end = now_ns() + ns, now;

	while ((now = now_ns()) < end) {
		struct timespec t = {0, (long)(end - now)};

		nanosleep(&t, NULL);
	}
}

static void
start_helper(const struct call *c)
{
	caller = (int)syscall(SYS_gettid);
	helper = fork();
	if (helper == 0) {
		wait_ns((uint64_t)limit_ms * 1000000);
		c->end();
		_exit(0);
	}
}

static void
arm(timer_t *timer)
{
	struct sigevent e = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM};
	struct itimerspec t = {.it_value = {0, SIGNAL_MS * 1000000}};

	e._sigev_un._tid = (int)syscall(SYS_gettid);
	timer_create(CLOCK_MONOTONIC, &e, timer);
	timer_settime(*timer, 0, &t, NULL);
}

static void
run(const struct call *c)
{
	uint64_t start, took;
	int error, status, before, tries = 0;
	timer_t timer;
	long result;

again:
	before = n_handled;
	is_too_soon = false;
	start = now_ns();
	__atomic_store_n(&call_start_ns, start, __ATOMIC_RELEASE);
	if (c->end)
		start_helper(c);
	if (is_signal)
		arm(&timer);
	errno = 0;
	result = c->f();
	error = errno;
	took = now_ns() - start;
	if (is_signal)
		timer_delete(timer);
	if (c->end) {
		if (is_signal)
			kill(helper, SIGKILL);
		while (waitpid(helper, &status, 0) < 0)
			;
	}
	if (is_too_soon && ++tries < 10)
		goto again;
	printf("%s: %ld %s, handlers %d, %s\n", c->name, result,
	       error ? strerrorname_np(error) : "0", n_handled - before,
	       took + 1000000 < (uint64_t)(is_signal ? SIGNAL_MS : limit_ms) * 1000000 ? "too early"
	       : is_late && took > (uint64_t)limit_ms * 1600000			? "prolonged"
	       : took > 60000000000ull						? "too late"
										: "in time");
}

static void
fill(int fd)
{
	char c[4096] = {0};

	while (send(fd, c, sizeof c, MSG_DONTWAIT) > 0 || send(fd, c, 1, MSG_DONTWAIT) > 0)
		;
}

static void
prepare(void)
{
	struct message m = {1, "full"};
	const struct sockaddr_un any = {.sun_family = AF_UNIX};
	int pair[2], fd;

	epoll = epoll_create1(0);
	message_queue = msgget(IPC_PRIVATE, 0600);
	full_queue = msgget(IPC_PRIVATE, 0600);
	while (msgsnd(full_queue, &m, sizeof m.text, IPC_NOWAIT) == 0)
		;
	semaphores = semget(IPC_PRIVATE, 2, 0600);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	receiving = pair[0];
	setsockopt(receiving, SOL_SOCKET, SO_RCVTIMEO, &limit_tv, sizeof limit_tv);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	sending = pair[0];
	fill(sending);
	setsockopt(sending, SOL_SOCKET, SO_SNDTIMEO, &limit_tv, sizeof limit_tv);
	listening = socket(AF_UNIX, SOCK_STREAM, 0);
	bind(listening, (const struct sockaddr *)&any, sizeof any.sun_family);
	listen(listening, 0);
	setsockopt(listening, SOL_SOCKET, SO_RCVTIMEO, &limit_tv, sizeof limit_tv);
	/* One whose queue is full. */
	snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "gcprof-sleeping-%d", getpid());
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	bind(fd, (struct sockaddr *)&address, sizeof address);
	listen(fd, 0);
	connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof address);
	connecting = socket(AF_UNIX, SOCK_STREAM, 0);
	setsockopt(connecting, SOL_SOCKET, SO_SNDTIMEO, &limit_tv, sizeof limit_tv);
	syscall(SYS_io_setup, 4, &aio);
}

static void
clean_up(void)
{
	msgctl(message_queue, IPC_RMID, NULL);
	msgctl(full_queue, IPC_RMID, NULL);
	semctl(semaphores, 0, IPC_RMID);
}

static const char *only;
static int caller_tid;

static void *
run_all(void *with)
{
	int i;

	(void)with;
	__atomic_store_n(&caller_tid, (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
	for (i = 0; i < N_CALLS; i++)
		if (!only || strcmp(only, calls[i].name) == 0)
			run(&calls[i]);
	__atomic_store_n(&is_done, true, __ATOMIC_RELEASE);
	return NULL;
}

static void
ask_late(void)
{
	uint64_t start, before = 0;

	while (!__atomic_load_n(&is_done, __ATOMIC_ACQUIRE)) {
		start = __atomic_load_n(&call_start_ns, __ATOMIC_ACQUIRE);
		if (start == before) {
			wait_ns(1000000);
			continue;
		}
		before = start;
		wait_ns((uint64_t)limit_ms * 900000 - (now_ns() - start));
		gcprof_snapshot();
	}
}

static void
ask_for_snapshots(bool is_api)
{
	int turn = 0, tid;

	while (!__atomic_load_n(&is_done, __ATOMIC_ACQUIRE)) {
		wait_ns(PERIOD_MS * 1000000);
		tid = __atomic_load_n(&caller_tid, __ATOMIC_ACQUIRE);
		if (is_api)
			gcprof_snapshot();
		else if (getenv("GCPROF_SNAPSHOT") && tid)
			syscall(SYS_tgkill, getpid(), ++turn % 2 ? tid : getpid(), SIGUSR2);
	}
}

int
main(int argc, char **argv)
{
	struct sigaction act = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
	sigset_t s;
	pthread_t t;

	if (argc < 3)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	only = argv[3];
	is_by_stub = strcmp(argv[2], "signals") == 0;
	is_signal = strcmp(argv[1], "ends") != 0;
	if (is_signal) {
		limit_ms = 3 * 1000 + LIMIT_MS;
		limit.tv_sec = limit_tv.tv_sec = 3;
	}
	is_late = strcmp(argv[2], "late") == 0;
	if (is_late) {
		limit_ms = 2000;
		limit = (struct timespec){2, 0};
		limit_tv = (struct timeval){2, 0};
	}
	sigaction(SIGUSR1, &act, NULL);
	if (strcmp(argv[1], "restart") == 0)
		act.sa_flags |= SA_RESTART;
	sigaction(SIGALRM, &act, NULL);
	sigemptyset(&s);
	sigaddset(&s, SIGRTMIN + 5);
	sigaddset(&s, SIGRTMIN + 6);
	sigprocmask(SIG_BLOCK, &s, NULL);
	prepare();
	if (strcmp(argv[2], "main") == 0) {
		run_all(NULL);
	} else {
		pthread_create(&t, NULL, run_all, NULL);
		if (is_late)
			ask_late();
		else
			ask_for_snapshots(strcmp(argv[2], "api") == 0);
		pthread_join(t, NULL);
	}
	clean_up();
	return 0;
}
