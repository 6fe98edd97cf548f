/* cut.c -- see cut.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "cut.h"
#include "sys.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
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

/* The state letter of a process: proc(5), /proc/PID/stat; 0 if unknown. */
static char
state_of(int pid)
{
	char name[64], text[512];
	const char *at;

	(void)sys_format(name, sizeof name, "/proc/%d/stat", pid);
	if (sys_read_file(name, text, sizeof text) <= 0)
		return 0;
	at = strrchr(text, ')');
	return at && at[1] ? at[2] : 0;
}

/* A writer computes or waits for the disk.  One that sleeps waits for something
 * that will never be, and the program must not wait for it. */
enum { NAP_NS = 20000000, MAX_NAPS = 500 };

int
cut_result(int child, bool is_waiting)
{
	int status = 0, got, naps = 0;
	uint64_t nap = 100000;

	while ((got = sys_reap(child, false, &status)) == 0) {
		if (!is_waiting)
			return -EAGAIN;
		sys_sleep(nap);
		if (nap < NAP_NS)
			nap *= 2;
		naps = nap >= NAP_NS && state_of(child) == 'S' ? naps + 1 : 0;
		if (naps == MAX_NAPS)
			sys_kill(child);
	}
	if (got < 0) /* somebody else waited for it */
		return -ECHILD;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}
