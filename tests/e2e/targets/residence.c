/* residence.c -- a process of known resident memory.
 *
 *     residence HOW [now]    now: takes a snapshot at the end, beside that at exit
 *
 *     pins        64 MiB of small blocks, of which one in 40 is left
 *     mapped      a mapping of 48 MiB, of which 32 are touched
 *     file        a file of 32 MiB, mapped and read
 *     untouched   a block of 1 GiB, of which one MiB is touched
 *     nothing
 *
 * Tells on fd 3: rss KIB, as the kernel counts it then.
 *
 * SPDX-License-Identifier: MIT
 */
#include <sys/mman.h>

#include "gcprof.h"
#include "truth.h"

enum { N = 64 << 10, BYTES = 1000, EACH = 40, MIB = 1 << 20 };

static char **blocks;
static char *kept;

NOINLINE static void
pins(void)
{
	blocks = calloc(N, sizeof(*blocks));
	for (int i = 0; blocks && i < N; i++) {
		blocks[i] = malloc(BYTES);
		if (!blocks[i])
			_exit(98);
		memset(blocks[i], 1, BYTES);
	}
	for (int i = 0; blocks && i < N; i++)
		if (i % EACH) {
			free(blocks[i]);
			blocks[i] = NULL;
		}
}

static void
touch(char *p, size_t bytes)
{
	if (!p || p == MAP_FAILED)
		_exit(98);
	memset(p, 1, bytes);
}

static void
map_file(void)
{
	FILE *f = tmpfile();
	static char part[MIB];
	volatile char sum = 0;

	for (int i = 0; f && i < 32; i++)
		if (fwrite(part, 1, MIB, f) != MIB)
			_exit(98);
	if (!f || fflush(f) != 0)
		_exit(98);
	kept = mmap(NULL, 32 * MIB, PROT_READ, MAP_PRIVATE, fileno(f), 0);
	for (int i = 0; i < 32 * MIB; i += 4096)
		sum += kept[i];
	fclose(f);
}

static void
tell_rss(void)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "r");
	char line[256];
	long kib;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Rss: %ld", &kib) == 1)
			dprintf(3, "rss %ld\n", kib);
	if (f)
		fclose(f);
}

int
main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "nothing";

	if (strcmp(how, "pins") == 0) {
		pins();
	} else if (strcmp(how, "mapped") == 0) {
		kept = mmap(NULL, 48 * MIB, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		touch(kept, 32 * MIB);
	} else if (strcmp(how, "file") == 0) {
		map_file();
	} else if (strcmp(how, "untouched") == 0) {
		kept = malloc(1 << 30);
		touch(kept, MIB);
	}
	tell_rss();
	if (argc > 2 && gcprof_snapshot() != 0)
		return 1;
	return 0;
}
