/* top.h -- what the two faces of gcprof top, plain text and the screen, share.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_TOP_H
#define GCPROF_TOP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "command/request.h"
#include "top/live_client.h"
#include "top/view.h"

struct top {
	pid_t pid;
	bool is_ours;    /* started by us, and ours to wait for */
	bool has_status; /* it has ended, and was waited for */
	int status;      /* as waitpid gives it */
	bool is_insisting;
	unsigned interval_ms;
	struct ask_options ask;
	struct glance *glance; /* NULL: not found yet */
	struct view *view;
	char state[128];        /* what goes on, for the title */
	struct ask_error error; /* of the last trouble */
};

/* Take what there is to be had.  Returns what has happened; view and state are as of
 * now. */
enum glance_state top_sample(struct top *t);

/* Since the start of the machine. */
unsigned long long top_now_ms(void);

/* The screen, until the user leaves it.
 * Returns 0; -1 if the terminal is no use, with a sentence in t->error. */
int screen_run(struct top *t);

#endif
