/* executable.c -- see executable.h.
 *
 * Source  System V ABI, chapter 4: section header, symbol table.
 *
 * SPDX-License-Identifier: MIT
 */
#include "executable.h"
#include "modules.h"
#include "sys.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { MOST_BYTES = 32 << 20 };

/* The file, which may hold anything. */
struct image {
	const uint8_t *bytes;
	size_t n;
	uintptr_t bias;
};

/* The program headers that the kernel has mapped are those of the file, or it is that of
 * a loader which was called with the program's name. */
static bool
is_running(struct image *m)
{
	const ElfW(Phdr) *ph = (const void *)getauxval(AT_PHDR);
	const ElfW(Ehdr) *eh = (const void *)m->bytes;
	unsigned long i, n = ph ? getauxval(AT_PHNUM) : 0;

	if (!ph || m->n < sizeof *eh || !modules_is_header(eh, m->n) ||
	    eh->e_phnum != n || memcmp(m->bytes + eh->e_phoff, ph, n * sizeof *ph) != 0)
		return false;
	for (i = 0; i < n; i++)
		if (ph[i].p_type == PT_PHDR)
			m->bias = (uintptr_t)ph - ph[i].p_vaddr;
	return true;
}

static bool
is_within(const struct image *m, const ElfW(Shdr) * sh)
{
	return sh->sh_offset <= m->n && sh->sh_size <= m->n - sh->sh_offset &&
	       sh->sh_size <= MOST_BYTES;
}

/* Its code, at an address of the file's own count. */
static bool
is_code(const struct image *m, uint64_t address)
{
	const ElfW(Ehdr) *eh = (const void *)m->bytes;
	const ElfW(Phdr) *ph = (const void *)(m->bytes + eh->e_phoff);
	int i;

	for (i = 0; i < eh->e_phnum; i++)
		if (ph[i].p_type == PT_LOAD && (ph[i].p_flags & PF_X) &&
		    address - ph[i].p_vaddr < ph[i].p_memsz)
			return true;
	return false;
}

static void
find_in(const struct image *m, const ElfW(Shdr) * symbols, const ElfW(Shdr) * texts,
	const char *const *names, size_t n, uintptr_t *ret)
{
	const ElfW(Sym) *s = (const void *)(m->bytes + symbols->sh_offset);
	const char *text = (const char *)m->bytes + texts->sh_offset;
	size_t i, k, n_symbols = symbols->sh_size / sizeof *s;

	/* Those of one file alone come first. */
	for (i = symbols->sh_info; i < n_symbols; i++) {
		if (ELF64_ST_TYPE(s[i].st_info) != STT_FUNC ||
		    s[i].st_shndx == SHN_UNDEF || s[i].st_name >= texts->sh_size)
			continue;
		for (k = 0; k < n; k++) {
			size_t length = strlen(names[k]) + 1;

			if (length <= texts->sh_size - s[i].st_name &&
			    memcmp(text + s[i].st_name, names[k], length) == 0 &&
			    is_code(m, s[i].st_value))
				ret[k] = m->bias + s[i].st_value;
		}
	}
}

static void
find_all(struct image *m, const char *const *names, size_t n, uintptr_t *ret)
{
	const ElfW(Ehdr) *eh = (const void *)m->bytes;
	const ElfW(Shdr) * sh;
	int i;

	if (!is_running(m) || eh->e_shentsize != sizeof *sh || eh->e_shoff > m->n ||
	    eh->e_shnum > (m->n - eh->e_shoff) / sizeof *sh || eh->e_shoff % 8)
		return;
	sh = (const void *)(m->bytes + eh->e_shoff);
	for (i = 0; i < eh->e_shnum; i++)
		if (sh[i].sh_type == SHT_SYMTAB && sh[i].sh_link < eh->e_shnum &&
		    sh[i].sh_offset % 8 == 0 && is_within(m, &sh[i]) &&
		    is_within(m, &sh[sh[i].sh_link]))
			find_in(m, &sh[i], &sh[sh[i].sh_link], names, n, ret);
}

void
executable_find(const char *const *names, size_t n, uintptr_t *ret)
{
	struct image m = {NULL, 0, 0};
	struct stat st;
	int fd = sys_open("/proc/self/exe", O_RDONLY | O_CLOEXEC, 0);
	long bytes;

	if (fd < 0)
		return;
	if (sys_fstat(fd, &st) == 0 && st.st_size > 0) {
		m.n = (size_t)st.st_size;
		bytes = sys_mmap(NULL, m.n, PROT_READ, MAP_PRIVATE, fd, 0);
		if (bytes > 0) {
			m.bytes = (const uint8_t *)bytes;
			find_all(&m, names, n, ret);
			(void)sys_munmap((void *)bytes, m.n);
		}
	}
	(void)sys_close(fd);
}
