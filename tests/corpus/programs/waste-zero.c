/* waste-zero.c -- buffers that are made and cleared before anybody needs them.
 *
 * Waste: of 2000 channels 40 are ever used.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum { N_CHANNELS = 2000, N_USED = 40, BYTES = 4000 };

static char *channels[N_CHANNELS];
static size_t n_sent;

static NOINLINE char *
channel_buffer(void)
{
	char *p = malloc(BYTES);

	/* Whatever the compiler knows of malloc. */
	__asm__ volatile("" : "+r"(p) : : "memory");
	memset(p, 0, BYTES);
	return p;
}

static NOINLINE void
channel_send(size_t which, struct numbers *n)
{
	size_t i;

	for (i = 0; i < BYTES; i++)
		channels[which][i] = (char)next_number(n);
	n_sent++;
}

int
main(void)
{
	struct numbers n = {32};
	size_t i;

	settings_load(100);
	for (i = 0; i < N_CHANNELS; i++)
		channels[i] = channel_buffer();
	for (i = 0; i < N_USED; i++)
		channel_send(i * 13, &n);
	for (i = 0; i < 3000; i++)
		request_noise(&n, 1500);
	for (i = 0; i < N_CHANNELS; i++)
		result_sink += (unsigned char)channels[i][0];
	printf("%zu sent\n", n_sent);
	return 0;
}
