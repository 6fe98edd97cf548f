/* cache-sessions.c -- a web server with a session table.
 *
 * Planted: sessions have an expiry time that nobody looks at; each visitor
 * gets one and comes back a few times.  Ends on a signal to itself.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_SLOTS = 4096, N_REQUESTS = 160000 };

struct session {
	struct session *next;
	uint64_t id;
	uint64_t expires;
	char user[40];
	char *cart; /* what the visitor chose, may be NULL */
};

static struct session *sessions[N_SLOTS];
static size_t n_sessions;
static volatile sig_atomic_t stopped;

static void
on_term(int signal_number)
{
	(void)signal_number;
	stopped = 1;
}

static NOINLINE struct session *
session_new(uint64_t id, uint64_t now)
{
	struct session *s = calloc(1, sizeof *s);

	s->id = id;
	s->expires = now + 1000;
	snprintf(s->user, sizeof s->user, "visitor-%llu", (unsigned long long)id);
	if (id % 3 == 0)
		s->cart = strdup("item=1&item=2&item=3");
	s->next = sessions[id % N_SLOTS];
	sessions[id % N_SLOTS] = s;
	n_sessions++;
	return s;
}

static struct session *
session_find(uint64_t id)
{
	struct session *s;

	for (s = sessions[id % N_SLOTS]; s && s->id != id; s = s->next)
		;
	return s;
}

static void
handle(struct numbers *n, uint64_t now)
{
	uint64_t visitor = now / 3 - (now > 600 ? below(n, 200) : 0);
	struct session *s = session_find(visitor);

	if (!s)
		s = session_new(visitor, now);
	s->expires = now + 1000;
	request_noise(n, 2000);
}

int
main(void)
{
	struct numbers n = {3};
	uint64_t now;

	signal(SIGTERM, on_term);
	settings_load(300);
	for (now = 0; !stopped; now++) {
		handle(&n, now);
		if (now == N_REQUESTS)
			raise(SIGTERM);
	}
	printf("%zu sessions\n", n_sessions);
	return 0;
}
