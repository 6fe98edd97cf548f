/* queue-ring-grow.c -- a ring of pointers that doubles when it is full.
 *
 * Planted: packets come in bursts and are taken one at a time, fewer than
 * come; the ring never overflows, it grows.  Short: some 20 thousand
 * allocations.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

struct packet {
	unsigned short type, length;
	unsigned char bytes[];
};

static struct packet **ring;
static size_t n_slots, first, count;

static NOINLINE void
ring_grow(void)
{
	size_t wanted = n_slots ? n_slots * 2 : 16, i;
	struct packet **bigger = malloc(wanted * sizeof *bigger);

	for (i = 0; i < count; i++)
		bigger[i] = ring[(first + i) % n_slots];
	free(ring);
	ring = bigger;
	n_slots = wanted;
	first = 0;
}

static NOINLINE struct packet *
packet_receive(struct numbers *n)
{
	unsigned short length = (unsigned short)(64 + below(n, 1400));
	struct packet *p = malloc(sizeof *p + length);

	p->type = (unsigned short)below(n, 16);
	p->length = length;
	memset(p->bytes, p->type, length);
	return p;
}

static void
ring_put(struct packet *p)
{
	if (count == n_slots)
		ring_grow();
	ring[(first + count++) % n_slots] = p;
}

static struct packet *
ring_take(void)
{
	struct packet *p = ring[first];

	first = (first + 1) % n_slots;
	count--;
	return p;
}

int
main(void)
{
	struct numbers n = {7};
	size_t turn, i;

	for (turn = 0; turn < 1600; turn++) {
		size_t burst = 4 + below(&n, 8);

		for (i = 0; i < burst; i++)
			ring_put(packet_receive(&n));
		for (i = 0; i < 3 && count; i++) {
			struct packet *p = ring_take();

			result_sink += p->length;
			free(p);
		}
		request_noise(&n, 200);
	}
	printf("%zu packets wait\n", count);
	return 0;
}
