/* request.h -- ask a running process for a snapshot or a sample, and wait for it.
 *
 * In:   a process id; what its library publishes (inside.h).
 * Out:  the name of the snapshot, of its page; or why there is none.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_ASK_H
#define GCPROF_ASK_H

#include <sys/types.h>

#include "command/inside.h"

struct ask_options {
	unsigned timeout_ms;
};

/* Ask process `pid` for a snapshot.
 *
 * ret_name  room for PATH_MAX bytes: an absolute name under which the caller
 *           can open the new file; untouched on failure.
 * ret_err   set on failure only.
 * Returns   0 or -1.
 * Cost      waits until the file is there, the process ends, or the timeout.
 */
int ask_snapshot(pid_t pid, const struct ask_options *o, char *ret_name,
		 struct ask_error *ret_err);

/* Find the page through which process `pid` can be viewed (live_page.h).
 *
 * may_signal  ask for one by signal where there is none; else it is waited for.
 * ret_page    room for PATH_MAX bytes: its name, through /proc; untouched on failure.
 * ret_err     set on failure only.
 * Returns     0; 1 if it was asked for, and a first sample with it; or -1.
 * Cost        waits until it is there, the process ends, or the timeout.
 */
int ask_live(pid_t pid, const struct ask_options *o, int may_signal, char *ret_page,
	     struct ask_error *ret_err);

/* Ask a process that has a page for a sample, by signal; does not wait for it.
 * Returns and ret_err as above. */
int ask_page(pid_t pid, const struct ask_options *o, struct ask_error *ret_err);

#endif
