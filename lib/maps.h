/* maps.h -- the address space as the kernel shows it, for roots.
 *
 * In:   /proc/thread-self/maps, read at the cut.
 * Out:  areas by rising address; which pages of one are there.
 * Not here: what the program mapped and from where (mappings.h).
 *
 * Source  proc(5): /proc/PID/maps.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_MAPS_H
#define GCPROF_MAPS_H

#include "base.h"

enum maps_name {
	MAPS_ANONYMOUS,
	MAPS_FILE,
	MAPS_DEVICE,
	MAPS_HEAP,
	MAPS_STACK,
	MAPS_KERNEL
};

struct maps_area {
	uintptr_t start, end;
	bool is_readable, is_writable, is_executable, is_shared;
	enum maps_name name;
};

/* Of a line of maps or smaps that begins with a range: take it, and go behind it.  Returns
 * false if the line is another one. */
bool maps_range(const char **line, uintptr_t *ret_start, uintptr_t *ret_end);

/* Read anew.  parent: the program's number if this is a child of its, else 0.  Returns
 * false if the kernel does not show it. */
bool maps_load(int parent);
/* Whether that has failed as there is no such file, or it cannot be read. */
bool maps_is_missing(void);
uint32_t maps_n(void);
const struct maps_area *maps_get(uint32_t i);
/* The area that holds an address, or NULL. */
const struct maps_area *maps_find(uintptr_t addr);
/* Whether all of [start, end) may be read. */
bool maps_is_readable(uintptr_t start, uintptr_t end);
/* Let the area that holds an address be read, which the program has taken all access
 * from: memory of no file's.  A child may; in place only who gives it back, with nobody
 * else running.  Returns whether it can be read now and could not before. */
bool maps_open(uintptr_t addr);
/* Give all such areas back as they were. */
void maps_close(void);

/* Call f for runs of pages of [start, end) that hold something; pages never
 * touched are zero, and reading them would make page tables for them.
 * Cost and BOUND: pages.h. */
void maps_present(uintptr_t start, uintptr_t end,
		  void (*f)(uintptr_t start, uintptr_t end, void *with), void *with);

#endif
