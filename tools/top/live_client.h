/* live_client.h -- the figures of a running program, one sample after the other.
 *
 * In:   a process; its page and its file of figures (live_page.h).
 * Out:  a heap model with site_lives for each sample; or why there is none.
 * Not here: how the page is found or asked for (command/request.h), what is shown (view.h).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_GLANCE_H
#define GCPROF_GLANCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "command/request.h"
#include "model/heap.h"

struct glance;

/* Begin to view a process.
 *
 * o          must live as long as the result.
 * is_ours    it is about to run under the profiler and makes a page by itself: wait
 *            for it, and never send it a signal.
 * Returns    NULL with *ret_err filled in.
 */
struct glance *glance_open(pid_t pid, const struct ask_options *o, bool is_ours,
			   struct ask_error *ret_err);
void glance_close(struct glance *g);

/* Want another sample; or only say that somebody is there. */
void glance_want(struct glance *g);
void glance_beat(struct glance *g);

/* Ask an idle program by signal; a call of its own that sleeps goes on after it.
 * Returns whether that could be done. */
bool glance_insist(struct glance *g, struct ask_error *ret_err);

enum glance_state {
	GLANCE_NEW,     /* *ret_heap is the sample that was wanted, for heap_free() */
	GLANCE_WAITING, /* it has not come yet */
	GLANCE_IDLE,    /* nor in a while: the program allocates nothing */
	GLANCE_STOPPED, /* the process is stopped */
	GLANCE_TROUBLE, /* *ret_err says why there are no figures; there may be again */
	GLANCE_ENDED,   /* *ret_err says how; there will be no more */
};

/* Whether there is something new; does not wait.  A program that has exec'ed or
 * whose page was removed meanwhile is asked for one again. */
enum glance_state glance_sample(struct glance *g, struct heap **ret_heap,
				struct ask_error *ret_err);

/* The number of samples that the program has taken. */
uint64_t glance_n_samples(const struct glance *g);

/* Where the program's files are found by the names that it has for them: "" if it sees the
 * same files as we do, else its root, by way of /proc. */
const char *glance_root(const struct glance *g);

/* Remove what processes that have not ended by exit left behind, this user's only. */
void glance_sweep(void);

#endif
