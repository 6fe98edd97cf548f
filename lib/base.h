/* base.h -- words that every file of the library uses.
 *
 * In/Out: types, the loss list, and a few macros.  Knows no other file of ours.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_BASE_H
#define GCPROF_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define NOINLINE __attribute__((noinline))
/* One copy of its machine code: it has labels of its own.  (clang makes no second.) */
#if __has_attribute(noclone)
#define NOCLONE __attribute__((noclone))
#else
#define NOCLONE
#endif
/* For variables that hot code reads: without it, the compiler has to fetch their
 * addresses first, as another object might define them. */
#define HIDDEN __attribute__((visibility("hidden")))

/* Ids, so that files know one another's things by number only. 0 is "none". */
typedef uint32_t site_id;   /* a node of the calling-context tree */
typedef uint32_t birth_id;  /* a pair of thread and epoch */
typedef uint32_t epoch_no;  /* counts from 1 */
typedef uint32_t thread_no; /* a thread that ever allocated */
typedef uint32_t module_no; /* a loaded object */

/* Where the wrapper was called from: the state of the caller's frame right
 * after the call returned. */
struct caller {
	uintptr_t pc; /* return address */
	uintptr_t sp; /* stack pointer after the return */
	uintptr_t bp; /* frame pointer register */
};

/* Things that went unrecorded, each counted and reported; see loss_names. */
enum loss {
	LOSS_SHADOW, /* a live block is unknown: no memory for its tag, or an odd address */
	LOSS_SITES,     /* a stack was not kept: no memory for another site */
	LOSS_BIRTHS,    /* epoch and thread of a block unknown: the table is full */
	LOSS_THREADS,   /* a thread has no number: the table is full */
	LOSS_MODULES,   /* a loaded object is unknown: the table is full */
	LOSS_MAPPINGS,  /* a mapping of the program is unknown */
	LOSS_BAD_FREES, /* wrong frees beyond the table */
	LOSS_MARKS,     /* marks beyond the table */
	LOSS_SNAPSHOTS, /* asked for while another was being written */
	LOSS_VERIFY,    /* a stack is not what libunwind says it is (GCPROF_VERIFY) */
	N_LOSSES
};

extern uint64_t loss[N_LOSSES]; /* process.c; atomic adds only */
extern const char *const loss_names[N_LOSSES];

#define relaxed_load(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define relaxed_store(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define acquire_load(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define release_store(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define atomic_add(p, v) __atomic_fetch_add((p), (v), __ATOMIC_RELAXED)
#define signal_fence() __atomic_signal_fence(__ATOMIC_SEQ_CST)

#define lose(what) ((void)atomic_add(&loss[what], 1))

/* What must be so; of a build with --enable-debug, which says what was not, and traps.  In
 * others nothing is computed, but x has to compile.  x may be false in no case, whatever the
 * program does and whichever thread comes in between: what a program can bring about is
 * counted (lose), and not asserted.  _SLOW: what walks a table. */
#ifdef GCP_DEBUG
void assertion_failed(const char *what, const char *file, int line) /* sys.c */
	__attribute__((noreturn, cold));
#define GCP_ASSERT(x) (likely(x) ? (void)0 : assertion_failed(#x, __FILE__, __LINE__))
#define GCP_ASSERT_SLOW(x) GCP_ASSERT(x)
#else
#define GCP_ASSERT(x) ((void)sizeof((x) ? 1 : 0))
#define GCP_ASSERT_SLOW(x) GCP_ASSERT(x)
#endif
/* Of a static function that only assertions call. */
#define CHECK_ONLY __attribute__((unused))

#endif
