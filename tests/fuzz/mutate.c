/* mutate.c -- snapshots that are almost right.
 *
 *     mutate FILE N DIRECTORY
 *
 * In:   a snapshot, whose checksums may be wrong.
 * Out:  DIRECTORY/0.heap, the same with right checksums, and N more with some bytes
 *       changed and right checksums; always the same ones.
 * Not here: what reads them (sanitized.sh).
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/heapmaker.h"

enum { MOST_BYTES = 1 << 22, MOST_CHANGES = 2 };

static uint64_t state = 1;

/* Xorshift: Marsaglia, "Xorshift RNGs", 2003, with 13, 7, 17. */
static size_t
any_below(size_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (size_t)(state % n);
}

/* Header and table are changed seldom, or nothing else would be read. */
static void
change(uint8_t *bytes, size_t n)
{
	struct heapfile_header h;

	static const uint8_t edges[] = {0, 1, 0x7f, 0x80, 0xff};
	size_t from = 0, to = n, at;

	if (n > sizeof(h) && any_below(16) != 0) {
		memcpy(&h, bytes, sizeof(h));
		from = sizeof(h);
		to = h.table_offset > from && h.table_offset <= n ? h.table_offset : n;
	}
	at = from + any_below(to - from);

	switch (any_below(8)) {
	case 0:
	case 1:
	case 2:
		bytes[at] ^= (uint8_t)(1 << any_below(8));
		break;
	case 3:
	case 4:
		bytes[at] = edges[any_below(sizeof(edges))];
		break;
	case 5:
	case 6:
		bytes[at] = (uint8_t)any_below(256);
		break;
	default:
		for (size_t i = at; i < to && i < at + 9; i++)
			bytes[i] = 0xff; /* the longest varint, and more */
		break;
	}
}

static void
write_copy(const char *directory, size_t number, const uint8_t *bytes, size_t n)
{
	char name[4096];
	FILE *f;

	snprintf(name, sizeof(name), "%s/%zu.heap", directory, number);
	f = fopen(name, "wb");
	if (!f || fwrite(bytes, 1, n, f) != n || fclose(f) != 0) {
		perror(name);
		exit(1);
	}
}

int
main(int argc, char **argv)
{
	static uint8_t original[MOST_BYTES], bytes[MOST_BYTES];
	FILE *f = argc == 4 ? fopen(argv[1], "rb") : NULL;
	size_t n_copies = argc == 4 ? strtoul(argv[2], NULL, 10) : 0, n;

	if (!f) {
		fputs("usage: mutate FILE N DIRECTORY\n", stderr);
		return 1;
	}
	n = fread(original, 1, sizeof(original), f);
	fclose(f);
	for (size_t i = 0; i <= n_copies; i++) {
		memcpy(bytes, original, n);
		for (size_t j = i ? 1 + any_below(MOST_CHANGES) : 0; j > 0 && n > 0; j--)
			change(bytes, n);
		if (n >= sizeof(struct heapfile_header))
			maker_reseal(bytes, n);
		write_copy(argv[3], i, bytes, n);
	}
	return 0;
}
