/* gcprof.h -- talk to the profiler from the program that it profiles.
 *
 * The functions exist only while libgcprof.so is preloaded.  Every call here
 * goes through a weak reference: without the profiler it does nothing and
 * says so by its return value.  A program needs no library to link with.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_H
#define GCPROF_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Memory figures in bytes, as process.memoryUsage() of Node.js names them. */
struct gcprof_memory {
	uint64_t rss;          /* resident set of the process */
	uint64_t heap_total;   /* mapped by the allocator */
	uint64_t heap_used;    /* requested by the program and not yet freed */
	uint64_t external;     /* mapped by the program itself, accessible */
	uint64_t total_memory; /* of the machine */
	uint64_t free_memory;  /* of the machine */
	uint64_t profiler;     /* gcprof's own part of rss */
};

/* The library's own symbols, under names that leave the plain ones to the
 * calls below. */
extern int gcprof_snapshot_ref_(void) __asm__("gcprof_snapshot") __attribute__((weak));
extern int gcprof_snapshot_to_ref_(const char *) __asm__("gcprof_snapshot_to")
	__attribute__((weak));
extern int gcprof_memory_usage_ref_(struct gcprof_memory *) __asm__("gcprof_memory_usage")
	__attribute__((weak));
extern int gcprof_leak_check_ref_(void) __asm__("gcprof_leak_check") __attribute__((weak));
extern int gcprof_mark_ref_(const char *) __asm__("gcprof_mark") __attribute__((weak));

/* The calls below are static, and compiled under other names than the symbols
 * that they refer to: else they would refer to themselves. */
static inline int gcprof_snapshot(void) __asm__("gcprof_call_snapshot_");
static inline int
gcprof_snapshot_to(const char *name) __asm__("gcprof_call_snapshot_to_");
static inline int
gcprof_memory_usage(struct gcprof_memory *ret) __asm__("gcprof_call_memory_usage_");
static inline int gcprof_leak_check(void) __asm__("gcprof_call_leak_check_");
static inline int gcprof_mark(const char *label) __asm__("gcprof_call_mark_");

/* Write a snapshot now.
 *
 * Returns  0 when the file stands under its name; -1 if the profiler is not
 *          there or could not write it (it has said why on standard error).
 * Context  any thread; not from a signal handler.
 * Cost     time in proportion to the live blocks; the caller waits.
 */
static inline int
gcprof_snapshot(void)
{
	return gcprof_snapshot_ref_ ? gcprof_snapshot_ref_() : -1;
}

/* The same, under a name of the caller's.
 *
 * name     of the file, with the escapes of GCPROF_OUTPUT; not NULL.
 */
static inline int
gcprof_snapshot_to(const char *name)
{
	return gcprof_snapshot_to_ref_ ? gcprof_snapshot_to_ref_(name) : -1;
}

/* Memory figures of this moment.
 *
 * ret      filled in; untouched on failure.
 * Returns  0, or -1 if the profiler is not there.
 * Context  any thread; reads /proc; keeps errno.
 */
static inline int
gcprof_memory_usage(struct gcprof_memory *ret)
{
	return gcprof_memory_usage_ref_ ? gcprof_memory_usage_ref_(ret) : -1;
}

/* Look now for memory that nothing points to any more, and report it on
 * standard error.
 *
 * Returns  1 if some is lost, 0 if none is, -1 if the profiler is not there or
 *          the analyzer could not be run (GCPROF_ANALYZE names it).
 * Context  any thread; not from a signal handler.
 * Cost     that of a snapshot, which stays, and of its analysis.
 */
static inline int
gcprof_leak_check(void)
{
	return gcprof_leak_check_ref_ ? gcprof_leak_check_ref_() : -1;
}

/* Note a moment by name; snapshots carry it from now on.
 *
 * label    copied; its first 63 bytes count.
 * Returns  0, or -1 if the profiler is not there or has no room for more.
 * Context  any thread.
 */
static inline int
gcprof_mark(const char *label)
{
	return gcprof_mark_ref_ ? gcprof_mark_ref_(label) : -1;
}

#ifdef __cplusplus
}
#endif
#endif
