/* interpose_load.c -- dlopen, dlmopen, dlsym, dlvsym: no pair of the C library's malloc and ours.
 *
 * In:   calls of the program and of its libraries.
 * Out:  what the manual says of each, from the next library that has them; but
 *       RTLD_DEEPBIND is not passed on, and the C library's allocating functions, asked
 *       for by the handle of a library, are ours.
 * Not here: blocks of the C library's heap that come to us nevertheless (foreign.h).
 *
 * The C library calls the malloc that all call: ours.  A library that is opened with
 * RTLD_DEEPBIND looks in its own dependencies first and finds the C library's free; so
 * does who asks dlsym for "free" by the handle of libc.so.6 or of a library that depends
 * on it (Python's ctypes).  What strdup or asprintf allocated for them would end there.
 *
 * The loader judges a caller by its return address: where $ORIGIN and RUNPATH lead, which
 * library is next, in which namespace.  So the entries are in assembly, and jump.
 *
 * Not in other namespaces: what dlmopen loads there has a C library, and an allocator, of
 * its own.
 *
 * SPDX-License-Identifier: MIT
 */
#include "libc.h"
#include "options.h"
#include "sys.h"
#include "wrap.h"

#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>

/* What is asked for if the C library's function of that name was found. */
#define OURS(name)                                                                       \
	{                                                                                \
#name, (void *)name                                                      \
	}
static const struct {
	const char *name;
	void *ours;
} allocators[] = {
	OURS(malloc),
	OURS(calloc),
	OURS(realloc),
	OURS(reallocarray),
	OURS(free),
	OURS(posix_memalign),
	OURS(memalign),
	OURS(aligned_alloc),
	OURS(valloc),
	OURS(pvalloc),
	OURS(malloc_usable_size),
};

/* The function behind us. */
static void *
next_of(const char *name, void **cache)
{
	void *f = relaxed_load(cache);

	if (!f) {
		f = libc_dlsym(RTLD_NEXT, name);
		if (!f)
			f = libc_find(name);
		relaxed_store(cache, f);
	}
	return f;
}

static void
note_flags(int flags)
{
	static int is_said;

	if (flags & RTLD_DEEPBIND && options.is_verbose &&
	    !__atomic_exchange_n(&is_said, 1, __ATOMIC_RELAXED))
		sys_log("dlopen: RTLD_DEEPBIND is ignored, so that all libraries "
			"share one malloc");
}

/* Each returns where the entry jumps to. */
void *load_open(int flags) HIDDEN;
void *load_open_in(Lmid_t space, int flags) HIDDEN;

void *
load_open(int flags)
{
	static void *next;

	note_flags(flags);
	return next_of("dlopen", &next);
}

void *
load_open_in(Lmid_t space, int flags)
{
	static void *next;

	if (space == LM_ID_BASE)
		note_flags(flags);
	return next_of("dlmopen", &next);
}

/* Where the entry jumps to, unless the answer is known. */
struct answer {
	void *known, *next;
};
struct answer load_symbol(void *handle, const char *name, const char *version) HIDDEN;

static size_t
allocator_of(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof allocators / sizeof *allocators; i++)
		if (strcmp(name, allocators[i].name) == 0)
			break;
	return i;
}

struct answer
load_symbol(void *handle, const char *name, const char *version)
{
	static void *next, *next_versioned;
	struct answer a = {NULL, version ? next_of("dlvsym", &next_versioned)
					 : next_of("dlsym", &next)};
	size_t i;

	/* The first and the next in the order of the scope are what the program means. */
	if (handle == RTLD_DEFAULT || handle == RTLD_NEXT || !name ||
	    wrap_is_malloc_replaced())
		return a;
	i = allocator_of(name);
	if (i == sizeof allocators / sizeof *allocators)
		return a;
	a.known = version ? ((void *(*)(void *, const char *, const char *))a.next)(
				    handle, name, version)
			  : ((void *(*)(void *, const char *))a.next)(handle, name);
	/* If there is none, the entry asks again, so that dlerror has it. */
	if (a.known && a.known == libc_find(name))
		a.known = allocators[i].ours;
	return a;
}

/* Entries: the three registers of arguments are kept over a call of WHERE, whose own
 * arguments ARGUMENTS sets up.  Source: x86-64 psABI, 3.2. */
#define ENTRY(name, arguments, where, then)                                              \
	__asm__(".pushsection .text\n"                                                   \
		".globl " #name "\n"                                                     \
		".type " #name ", @function\n" #name ":\n"                               \
		".cfi_startproc\n"                                                       \
		"\tendbr64\n"                                                            \
		"\tpush %rdi\n"                                                          \
		".cfi_adjust_cfa_offset 8\n"                                             \
		"\tpush %rsi\n"                                                          \
		".cfi_adjust_cfa_offset 8\n"                                             \
		"\tpush %rdx\n"                                                          \
		".cfi_adjust_cfa_offset 8\n" arguments "\tcall " #where "\n"             \
		"\tmov %rdx, %rcx\n"                                                     \
		"\tpop %rdx\n"                                                           \
		".cfi_adjust_cfa_offset -8\n"                                            \
		"\tpop %rsi\n"                                                           \
		".cfi_adjust_cfa_offset -8\n"                                            \
		"\tpop %rdi\n"                                                           \
		".cfi_adjust_cfa_offset -8\n" then ".cfi_endproc\n"                      \
		".size " #name ", .-" #name "\n"                                         \
		".popsection\n");

_Static_assert(RTLD_DEEPBIND == 8 && LM_ID_BASE == 0, "the masks below");
#define JUMP "\tjmp *%rax\n"
#define ANSWER_OR_JUMP "\ttest %rax, %rax\n\tjnz 1f\n\tjmp *%rcx\n1:\tret\n"

ENTRY(dlopen, "\tmov %esi, %edi\n", load_open, "\tand $~8, %esi\n" JUMP)
ENTRY(dlmopen, "\tmov %edx, %esi\n", load_open_in,
      "\ttest %rdi, %rdi\n\tjnz 1f\n\tand $~8, %edx\n1:" JUMP)
ENTRY(dlsym, "\txor %edx, %edx\n", load_symbol, ANSWER_OR_JUMP)
ENTRY(dlvsym, "", load_symbol, ANSWER_OR_JUMP)
