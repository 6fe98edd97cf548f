/* cut.c -- see cut.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "cut.h"
#include "sys.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

int
cut_in_child(int (*f)(void *with), void *with)
{
	uint64_t mask = sys_block_signals();
	int child = sys_fork_silent();

	if (child == 0) {
		/* Descriptors that stay open here would keep the program's pipes and
		 * sockets alive after it has closed them. */
		sys_close_from(3);
		(void)sys_close(0);
		(void)sys_close(1);
		sys_exit(-f(with) & 255);
	}
	sys_restore_signals(mask);
	return child;
}

int
cut_in_place(int (*f)(void *with), void *with)
{
	uint64_t mask = sys_block_signals();
	int result = f(with);

	/* A file beyond RLIMIT_FSIZE is our failure, not the program's death. */
	sys_drop_signal(SIGXFSZ);
	sys_restore_signals(mask);
	return result;
}

int
cut_result(int child, bool is_waiting)
{
	int status = 0, got = sys_reap(child, is_waiting, &status);

	if (got == 0)
		return -EAGAIN;
	if (got < 0) /* somebody else waited for it */
		return -ECHILD;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}
