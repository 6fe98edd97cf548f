/* cache-resumed.c -- a server's sessions that may be resumed, in a table that is freed when the
 * server ends.
 *
 * Planted: a session is dropped only if its client comes back under a new name, which
 * stops when the clients have learnt to send tickets: what is left never expires.
 * That all are freed at the end, bucket by bucket, does not make the table smaller
 * before.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_BUCKETS = 1 << 12, N_HANDSHAKES = 50000, N_OLD_CLIENTS = 2500 };

struct session {
	struct session *next;
	uint64_t id;
	unsigned char *ticket;
	unsigned char master[48];
};

static struct session *sessions[N_BUCKETS];

static NOINLINE struct session *
session_new(uint64_t id)
{
	struct session *s = calloc(1, sizeof *s);

	s->id = id;
	s->ticket = malloc(100);
	memset(s->ticket, (int)id, 100);
	s->next = sessions[id % N_BUCKETS];
	sessions[id % N_BUCKETS] = s;
	return s;
}

static void
session_free(struct session *s)
{
	free(s->ticket);
	free(s);
}

static void
session_drop(uint64_t id)
{
	struct session **p = &sessions[id % N_BUCKETS], *s;

	while (*p && (*p)->id != id)
		p = &(*p)->next;
	s = *p;
	if (s) {
		*p = s->next;
		session_free(s);
	}
}

static void
sessions_free(void)
{
	struct session *s, *next;
	size_t i;

	for (i = 0; i < N_BUCKETS; i++)
		for (s = sessions[i]; s; s = next) {
			next = s->next;
			session_free(s);
		}
}

int
main(void)
{
	struct numbers n = {302};
	uint64_t i, *ids = calloc(N_HANDSHAKES, sizeof *ids);

	settings_load(100);
	for (i = 0; i < N_HANDSHAKES; i++) {
		ids[i] = next_number(&n);
		session_new(ids[i]);
		if (i > 200 && i < N_OLD_CLIENTS)
			session_drop(ids[i - 200]);
		request_noise(&n, 1200);
	}
	sessions_free();
	free(ids);
	printf("done\n");
	return 0;
}
