/* code.c -- blocks that only code leads to which the program has made: addresses in its
 * instructions, as compilers at run time put them there.
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"

#include <sys/mman.h>

int gcprof_snapshot(const char *name) __attribute__((weak));

enum { PAGE = 4096, N_HIDDEN = 12, HIDDEN_BYTES = 1234, N_LOST = 16, LOST_BYTES = 4321 };

static void *(*volatile v_malloc)(size_t) = malloc;

/* Functions that return the address of a block each, at odd places; some across the border of two
 * pages. */
NOINLINE static void
make(unsigned char *code, size_t apart)
{
	int i;

	for (i = 0; i < N_HIDDEN; i++) {
		unsigned char *at = code + (size_t)i * apart;
		int is_high = i & 1;
		void *block = v_malloc(HIDDEN_BYTES);

		at[0] = is_high ? 0x49 : 0x48; /* mov $block, %rax or %r9 */
		at[1] = is_high ? 0xb9 : 0xb8;
		memcpy(at + 2, &block, sizeof block);
		at[10] = 0xc3;
	}
}

NOINLINE static void
lose_some(void)
{
	char *volatile p;
	int i;

	for (i = 0; i < N_LOST; i++)
		p = v_malloc(LOST_BYTES);
	p = NULL;
	(void)p;
}

int
main(int argc, char **argv)
{
	size_t bytes = argc > 1 && strcmp(argv[1], "large") == 0 ? 256 << 20 : 16 * PAGE;
	unsigned char *code = mmap(NULL, bytes, PROT_READ | PROT_WRITE | PROT_EXEC,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	void *(*f)(void);

	if (code == MAP_FAILED)
		return 96;
	make(code + PAGE - 5, PAGE + 1);
	lose_some();
	if (argc > 1 && strcmp(argv[1], "read-only") == 0)
		mprotect(code, bytes, PROT_READ | PROT_EXEC);
	f = (void *(*)(void))(code + PAGE - 5);
	point(gcprof_snapshot(NULL) == 0, "a snapshot is taken");
	memset(f(), 1, HIDDEN_BYTES);
	return 0;
}
