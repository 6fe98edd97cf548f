/* several.c -- a server whose memory is known at each of its snapshots.
 *
 *     several grow ROUNDS     a table that gains entries in every round, and a ring
 *                             of bounded length; a snapshot after each round
 *     several few ROUNDS      a table that is filled, and then gains so few entries
 *                             that one snapshot does not show it
 *     several wrapped ROUNDS  as few, through a function that others allocate by, too,
 *                             who have much in every second round
 *     several drain           marks base, busy and idle: what comes in between goes
 *     several hold            the same, but the blocks of hold_session() stay
 *     several unseen          as drain, without the snapshot after "idle"
 *     several rounds          marks pause, work, pause; otherwise as hold
 *
 * Tells "snapshot ENTRIES" for each, of grow_entry().
 *
 * SPDX-License-Identifier: MIT
 */
#include "../../../lib/gcprof.h"
#include "truth.h"
#include <time.h>

enum { BUCKETS = 4096, RING = 3000, SESSIONS = 2000, BYTES = 200 };

struct entry {
	struct entry *next;
	char payload[BYTES - sizeof(struct entry *)];
};

static void *(*volatile v_malloc)(size_t) = malloc;
static void (*volatile v_free)(void *) = free;
static struct entry *table[BUCKETS];
static void *ring[RING];
static struct entry *sessions, *archive;
static long n_entries, n_ring;
static int is_wrapped;
static long n_first; /* entries that come without delay */
static uint32_t seed = 1;

NOINLINE static void *
grow_entry(void)
{
	void *p = v_malloc(BYTES);

	OPAQUE(p);
	n_entries++;
	return p;
}

NOINLINE static void *
xmalloc(size_t bytes)
{
	void *p = v_malloc(bytes);

	OPAQUE(p);
	return p;
}

NOINLINE static void *
wrapped_entry(void)
{
	void *p = xmalloc(BYTES);

	OPAQUE(p);
	n_entries++;
	return p;
}

NOINLINE static void *
wrapped_noise(void)
{
	void *p = xmalloc(BYTES + 32);

	OPAQUE(p);
	return p;
}

/* Each has a size of its own: equal functions may become one. */
NOINLINE static void *
ring_entry(void)
{
	void *p = v_malloc(BYTES + 8);

	OPAQUE(p);
	return p;
}

NOINLINE static void *
drain_session(void)
{
	void *p = v_malloc(BYTES + 16);

	OPAQUE(p);
	return p;
}

NOINLINE static void *
hold_session(void)
{
	void *p = v_malloc(BYTES + 24);

	OPAQUE(p);
	return p;
}

static void
push(struct entry **list, struct entry *e)
{
	e->next = *list;
	*list = e;
}

static void
pause_ms(long ms)
{
	const struct timespec t = {0, ms * 1000000};

	nanosleep(&t, NULL);
}

static void
snapshot(void)
{
	say("snapshot %ld", n_entries);
	if (gcprof_snapshot() != 0)
		_exit(96);
}

static void
add_entry(void)
{
	push(&table[rnd(&seed) % BUCKETS], is_wrapped ? wrapped_entry() : grow_entry());
}

static void
serve(long n, long every)
{
	for (long i = 0; i < n; i++) {
		void *temporary = v_malloc(300);

		if (n_entries < n_first || i % every == 0)
			add_entry();
		v_free(ring[n_ring % RING]);
		ring[n_ring++ % RING] = ring_entry();
		v_free(temporary);
	}
}

static void
drain(void)
{
	while (sessions) {
		struct entry *e = sessions;

		sessions = e->next;
		v_free(e);
	}
}

static void
grow(long rounds, long every)
{
	for (long i = 0; i < rounds; i++) {
		serve(10000, every);
		for (int k = 0; k < SESSIONS && is_wrapped && i % 2; k++)
			push(&sessions, wrapped_noise());
		if (i % 2 == 0)
			drain();
		pause_ms(10 + 20 * (i % 3));
		snapshot();
	}
}

static void
busy(int holds)
{
	for (int i = 0; i < SESSIONS; i++) {
		push(&sessions, drain_session());
		if (holds)
			push(&archive, hold_session());
	}
}

static void
settle(int holds, int is_seen, const char *quiet, const char *work, const char *after)
{
	gcprof_mark(quiet);
	pause_ms(2);
	snapshot();
	gcprof_mark(work);
	busy(holds);
	pause_ms(2);
	snapshot();
	drain();
	gcprof_mark(after);
	pause_ms(2);
	if (is_seen)
		snapshot();
	gcprof_mark("busy");
	pause_ms(2);
	if (!is_seen)
		snapshot();
}

int
main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	long rounds = argc > 2 ? atol(argv[2]) : 5;

	is_wrapped = strcmp(mode, "wrapped") == 0;
	n_first = is_wrapped || strcmp(mode, "few") == 0 ? 3000 : 0;
	if (strcmp(mode, "grow") == 0)
		grow(rounds, 10);
	else if (is_wrapped || strcmp(mode, "few") == 0)
		grow(rounds, 100);
	else if (strcmp(mode, "drain") == 0)
		settle(0, 1, "base", "busy", "idle");
	else if (strcmp(mode, "hold") == 0)
		settle(1, 1, "base", "busy", "idle");
	else if (strcmp(mode, "unseen") == 0)
		settle(1, 0, "base", "busy", "idle");
	else if (strcmp(mode, "rounds") == 0)
		settle(1, 1, "pause", "work", "pause");
	else
		return 2;
	return 0;
}
