/* jit.c -- code made at run time, with a frame pointer and no unwind tables.
 *
 * Prints where the made code is, and the block that it allocated.
 *
 * SPDX-License-Identifier: MIT
 */
#include "truth.h"
#include <sys/mman.h>

#if defined __x86_64__

static unsigned char *code;
static size_t at;

static void
emit(const void *bytes, size_t n)
{
	memcpy(code + at, bytes, n);
	at += n;
}

/* push rbp; mov rbp, rsp; sub rsp, 64; mov edi, argument; mov rax, function;
 * call rax; leave; ret */
static void *
make(int argument, void *function)
{
	void *start = code + at;

	emit("\x55\x48\x89\xe5\x48\x83\xec\x40\xbf", 9);
	emit(&argument, 4);
	emit("\x48\xb8", 2);
	emit(&function, 8);
	emit("\xff\xd0\xc9\xc3", 4);
	at = (at + 63) & ~(size_t)63;
	return start;
}

NOINLINE static void *
call_made_code(void *(*made)(void))
{
	void *p = made();

	OPAQUE(p);
	return p;
}

/* Called from made code that was called from C: C again, then made code. */
static void *(*inner)(void);

NOINLINE static void *
c_in_between(int unused)
{
	void *p = call_made_code(inner);

	OPAQUE(p);
	(void)unused;
	return p;
}

int
main(void)
{
	void *(*made)(void), *(*outer)(void);
	void *p;
	int i;

	code = mmap(NULL, 65536, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (code == MAP_FAILED)
		return 77;
	made = (void *(*)(void))make(4321, (void *)malloc);
	inner = (void *(*)(void))make(5432, (void *)malloc);
	outer = (void *(*)(void))make(0, (void *)c_in_between);
	say("code %lx %lx", (unsigned long)code, (unsigned long)code + 65536);
	for (i = 0; i < 3; i++) {
		p = call_made_code(made);
		keep(p, 4321, "malloc");
		p = call_made_code(outer);
		keep(p, 5432, "malloc");
	}
	return 0;
}

#else
int
main(void)
{
	return 77;
}
#endif
