/* refuse.c -- run a program whose system calls for memory fail now and then.
 *
 *     refuse CALLS N COMMAND...     every N-th fails
 *     refuse CALLS N- COMMAND...    all fail from the N-th on
 *
 * CALLS: m mmap of anonymous memory, u munmap, a madvise, p mprotect, r mremap,
 * c clone, fork and vfork.  Counted in all threads and children together, from the
 * program's call of getpgid(424242) on.
 *
 * Exits as the program; 128 and the signal if that ended it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static struct task {
	int pid;
	bool is_inside; /* of a system call */
	int error;	/* that it is to return */
} tasks[8192];
static int n_tasks;

static struct task *
task_of(int pid)
{
	int i;

	for (i = 0; i < n_tasks; i++)
		if (tasks[i].pid == pid)
			return &tasks[i];
	if (n_tasks == sizeof tasks / sizeof tasks[0])
		exit(99);
	tasks[n_tasks].pid = pid;
	return &tasks[n_tasks++];
}

/* The error that a call is to fail with, if it is of those that may. */
static int
error_of(const struct user_regs_struct *r, const char *calls)
{
	switch (r->orig_rax) {
	case SYS_mmap: return strchr(calls, 'm') && r->r10 & MAP_ANONYMOUS ? ENOMEM : 0;
	case SYS_munmap: return strchr(calls, 'u') ? ENOMEM : 0;
	case SYS_madvise: return strchr(calls, 'a') ? ENOMEM : 0;
	case SYS_mprotect: return strchr(calls, 'p') ? ENOMEM : 0;
	case SYS_mremap: return strchr(calls, 'r') ? ENOMEM : 0;
	case SYS_clone:
	case SYS_clone3:
	case SYS_fork:
	case SYS_vfork: return strchr(calls, 'c') ? EAGAIN : 0;
	}
	return 0;
}

static void
at_call(struct task *t, const char *calls, long n, bool is_from)
{
	static bool is_started;
	static long count;
	struct user_regs_struct r;

	if (ptrace(PTRACE_GETREGS, t->pid, 0, &r))
		return;
	t->is_inside = !t->is_inside;
	if (t->is_inside) {
		is_started |= r.orig_rax == SYS_getpgid && r.rdi == 424242;
		t->error = is_started ? error_of(&r, calls) : 0;
		if (t->error && (++count, is_from ? count >= n : count % n == 0)) {
			r.orig_rax = (unsigned long long)-1;
			(void)ptrace(PTRACE_SETREGS, t->pid, 0, &r);
		} else {
			t->error = 0;
		}
	} else if (t->error) {
		r.rax = (unsigned long long)-t->error;
		(void)ptrace(PTRACE_SETREGS, t->pid, 0, &r);
		t->error = 0;
	}
}

int
main(int argc, char **argv)
{
	int first, status, result = 99;
	long n;
	char *end;

	if (argc < 4 || (n = strtol(argv[2], &end, 10)) < 1)
		return 99;
	first = fork();
	if (first == 0) {
		(void)ptrace(PTRACE_TRACEME, 0, 0, 0);
		(void)raise(SIGSTOP);
		execvp(argv[3], argv + 3);
		_exit(127);
	}
	if (first < 0 || waitpid(first, &status, 0) != first)
		return 99;
	if (ptrace(PTRACE_SETOPTIONS, first, 0,
		   PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
			   PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL))
		return 99;
	(void)ptrace(PTRACE_SYSCALL, first, 0, 0);
	for (;;) {
		int pid = waitpid(-1, &status, __WALL), signal = 0;

		if (pid < 0)
			break;
		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			if (pid == first)
				result = WIFEXITED(status) ? WEXITSTATUS(status)
							   : 128 + WTERMSIG(status);
			task_of(pid)->pid = 0; /* the number may come again */
			continue;
		}
		if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			at_call(task_of(pid), argv[1], n, *end == '-');
		} else if (status >> 16) {
			if (status >> 16 == PTRACE_EVENT_EXEC)
				task_of(pid)->is_inside = true;
		} else if (WSTOPSIG(status) != SIGTRAP &&
			   (WSTOPSIG(status) != SIGSTOP || pid == first)) {
			signal = WSTOPSIG(status);
		}
		(void)ptrace(PTRACE_SYSCALL, pid, 0, signal);
	}
	return result;
}
