/* modules.c -- see modules.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "modules.h"
#include "epochs.h"
#include "forking.h"
#include "mem.h"
#include "sys.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>

/* INVARIANT  Slots are filled in order, each once, by compare-and-swap: two
 * threads that meet the same object agree on one record. */
static struct module *slots[MODULES_MAX];

bool
modules_is_header(const ElfW(Ehdr) * eh, size_t bytes)
{
	return memcmp(eh->e_ident, ELFMAG, SELFMAG) == 0 &&
	       eh->e_phentsize == sizeof(ElfW(Phdr)) && eh->e_phnum &&
	       eh->e_phoff <= bytes &&
	       eh->e_phnum * sizeof(ElfW(Phdr)) <= bytes - eh->e_phoff;
}

int
modules_headers(uintptr_t start, uintptr_t end, const ElfW(Phdr) * *ret)
{
	const ElfW(Ehdr) *eh = (const void *)start;

	/* The file's first page is mapped first in all that linkers make. */
	if (end - start < sizeof *eh || !sys_is_readable(start) ||
	    !modules_is_header(eh, end - start) ||
	    !sys_is_readable(start + eh->e_phoff + eh->e_phnum * sizeof **ret - 8))
		return 0;
	*ret = (const void *)(start + eh->e_phoff);
	return eh->e_phnum;
}

static void
read_build_id(struct module *m)
{
	const ElfW(Phdr) * ph;
	int i, n = modules_headers(m->start, m->start + m->bytes, &ph);

	for (i = 0; i < n; i++) {
		size_t at = 0, align = ph[i].p_align == 8 ? 8 : 4;
		uintptr_t note = m->bias + ph[i].p_vaddr;

		if (ph[i].p_type != PT_NOTE || note < m->start ||
		    note + ph[i].p_memsz > m->start + m->bytes)
			continue;
		while (at + sizeof(ElfW(Nhdr)) <= ph[i].p_memsz) {
			const ElfW(Nhdr) *nh = (const void *)(note + at);
			size_t name = at + sizeof *nh;
			size_t desc = (name + nh->n_namesz + align - 1) & ~(align - 1);

			at = (desc + nh->n_descsz + align - 1) & ~(align - 1);
			if (at > ph[i].p_memsz)
				break;
			if (nh->n_type == NT_GNU_BUILD_ID && nh->n_namesz == 4 &&
			    nh->n_descsz <= sizeof m->build_id &&
			    memcmp((const void *)(note + name), "GNU", 4) == 0) {
				m->n_build_id = nh->n_descsz;
				memcpy(m->build_id, (const void *)(note + desc),
				       nh->n_descsz);
				return;
			}
		}
	}
}

/* Where a link of the kernel's leads, NULL for the program's file, and what stands below it.  The few such
 * paths get a page each: this may run on a signal's small stack. */
static char *
kernel_path(const char *link, const char *below)
{
	enum { PATH_BYTES = 8192 };
	char *path = mem_keep(PATH_BYTES);
	long n;

	if (!path)
		return (char *)"";
	n = link ? sys_readlink(link, path, PATH_BYTES / 2)
		 : sys_executable(path, PATH_BYTES / 2);
	if (n > 0 && *below)
		path[n++] = '/';
	if (n < 0)
		n = 0;
	(void)sys_format(path + n, PATH_BYTES - (size_t)n, "%s", below);
	return path;
}

static char *
copy_path(const struct link_map *map)
{
	const char *name = map->l_name;
	size_t n;
	char *copy;

	if (!name || !*name) /* the program itself */
		return kernel_path(NULL, "");
	if (name[0] != '/' && strchr(name, '/')) /* say where that was */
		return kernel_path("/proc/thread-self/cwd", name);
	n = strlen(name) + 1;
	copy = mem_keep(n);
	if (copy)
		memcpy(copy, name, n);
	return copy ? copy : (char *)"";
}

static NOINLINE module_no
add(module_no n, const struct dl_find_object *o, const struct module_find *place)
{
	struct module *m = mem_keep(sizeof *m), *there = NULL;

	if (!m)
		return 0;
	m->start = place->start;
	m->bytes = place->end - place->start;
	m->bias = o->dlfo_link_map->l_addr;
	m->map = o->dlfo_link_map;
	m->loaded = epochs_current();
	m->path = copy_path(o->dlfo_link_map);
	read_build_id(m);
	for (; n < MODULES_MAX; n++) {
		there = NULL;
		GCP_ASSERT(n && (n == 1 || acquire_load(&slots[n - 1]))); /* in order */
		if (__atomic_compare_exchange_n(&slots[n], &there, m, false,
						__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			return n;
		if (there->map == m->map && there->start == m->start &&
		    !relaxed_load(&there->unloaded))
			return n;
	}
	lose(LOSS_MODULES);
	return 0;
}

/* Of the program itself, which the kernel has mapped, the loader names no more
 * than the segment with the address if there are gaps between its segments; its
 * tables then lie beyond.  Start and end of all of it.  Libraries have no gaps. */
static void
whole_program(uintptr_t bias, struct module_find *ret)
{
	const ElfW(Phdr) *ph = (const void *)getauxval(AT_PHDR);
	unsigned long i, n = ph ? getauxval(AT_PHNUM) : 0;

	for (i = 0; i < n; i++) {
		uintptr_t start = bias + ph[i].p_vaddr, end = start + ph[i].p_memsz;

		if (ph[i].p_type != PT_LOAD)
			continue;
		if (start < ret->start)
			ret->start = start;
		if (end > ret->end)
			ret->end = end;
	}
}

bool
modules_find(uintptr_t pc, struct module_find *ret)
{
	struct dl_find_object o;
	module_no n;

	if (_dl_find_object((void *)pc, &o) != 0)
		return false;
	ret->start = (uintptr_t)o.dlfo_map_start;
	ret->end = (uintptr_t)o.dlfo_map_end;
	ret->eh_frame_hdr = o.dlfo_eh_frame;
	if (o.dlfo_link_map == _r_debug.r_map)
		whole_program(o.dlfo_link_map->l_addr, ret);
	for (n = 1; n < MODULES_MAX; n++) {
		struct module *m = acquire_load(&slots[n]);

		if (!m)
			break;
		if (m->map == o.dlfo_link_map && m->start == ret->start &&
		    !relaxed_load(&m->unloaded)) {
			ret->module = n;
			return true;
		}
	}
	forking_change_begin();
	ret->module = add(n, &o, ret);
	forking_change_end();
	return true;
}

bool
modules_check_gone(void)
{
	bool is_gone = false;
	module_no n;

	for (n = 1; n < MODULES_MAX; n++) {
		struct module *m = acquire_load(&slots[n]);
		struct dl_find_object o;

		if (!m)
			break;
		if (relaxed_load(&m->unloaded))
			continue;
		if (_dl_find_object((void *)m->start, &o) == 0 && o.dlfo_link_map == m->map)
			continue;
		relaxed_store(&m->unloaded, epochs_current());
		is_gone = true;
	}
	return is_gone;
}

module_no
modules_end(void)
{
	module_no n = 1;

	while (n < MODULES_MAX && acquire_load(&slots[n]))
		n++;
	return n;
}

const struct module *
modules_get(module_no n)
{
	return n && n < MODULES_MAX ? acquire_load(&slots[n]) : NULL;
}
