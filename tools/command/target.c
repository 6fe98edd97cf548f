/* target.c -- can this program be profiled by preloading a library?
 *
 * A preloaded library reaches a program through the dynamic linker.  It does
 * not if there is none (a static program), if it drops LD_PRELOAD because the
 * program runs with more rights than its caller (set-user-ID, set-group-ID,
 * file capabilities), or if library and program are of different kinds (32
 * and 64 bit, another machine, another C library).  The program would then
 * run without a profile and without a word, so `gcprof run` asks here first.
 *
 * BOUND  A script's interpreter is checked, not what `env` or a shell starts
 * in its turn: such a program runs, without a snapshot.
 *
 * SPDX-License-Identifier: MIT
 */
#include "command/target.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

enum {
	MAX_SCRIPTS = 5,       /* the kernel's own limit of scripts run by scripts */
	MAX_SCRIPT_LINE = 256, /* and of the line that names an interpreter */
	MAX_PROGRAM_HEADERS = 512,
};

/* ---- finding ---- */

static int
runnable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EACCES;
	return access(path, X_OK) < 0 ? -errno : 0;
}

int
target_find(const char *command, char *ret_path)
{
	const char *path = getenv("PATH");
	int err = -ENOENT;

	if (!*command)
		return -ENOENT;
	if (strchr(command, '/')) {
		if (strlen(command) >= PATH_MAX)
			return -ENAMETOOLONG;
		strcpy(ret_path, command);
		return runnable(command);
	}
	if (!path)
		path = "/bin:/usr/bin";
	for (;;) {
		size_t n = strcspn(path, ":");
		char file[PATH_MAX];
		int len = snprintf(file, sizeof(file), "%.*s%s%s", (int)n, path,
				   n ? "/" : "", command);

		if (len > 0 && (size_t)len < sizeof(file)) {
			int r = runnable(file);

			if (r == 0) {
				strcpy(ret_path, file);
				return 0;
			}
			if (r == -EACCES)
				err = -EACCES;
		}
		if (!path[n])
			return err;
		path += n + 1;
	}
}

/* ---- more rights than the caller ---- */

/* What the kernel asks before it lets a file change a process's rights. */
static int
file_gives_rights(int fd)
{
	struct statvfs fs;

	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return 0;
	return fstatvfs(fd, &fs) < 0 || !(fs.f_flag & ST_NOSUID);
}

static const char *
rights_of(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !file_gives_rights(fd))
		return NULL;
	if ((st.st_mode & S_ISUID) && st.st_uid != getuid())
		return "it is set-user-ID: the dynamic linker ignores LD_PRELOAD for it";
	if ((st.st_mode & S_ISGID) && (st.st_mode & S_IXGRP) && st.st_gid != getgid())
		return "it is set-group-ID: the dynamic linker ignores LD_PRELOAD for it";
	if (getuid() != 0 && fgetxattr(fd, "security.capability", NULL, 0) > 0)
		return "it has file capabilities: the dynamic linker ignores LD_PRELOAD "
		       "for it";
	return NULL;
}

/* ---- ELF ---- */

static int
read_at(int fd, void *buf, size_t bytes, uint64_t offset)
{
	return pread(fd, buf, bytes, (off_t)offset) == (ssize_t)bytes ? 0 : -1;
}

static int
is_dynamic_linker(const char *path)
{
	char real[PATH_MAX];
	const char *name;

	if (!realpath(path, real))
		return 0;
	name = strrchr(real, '/') + 1;
	return strncmp(name, "ld-linux", 8) == 0 || strncmp(name, "ld-2.", 5) == 0;
}

static const char *
why_not_linked_by(int fd, const Elf64_Phdr *ph)
{
	char name[PATH_MAX];
	size_t n = ph->p_filesz < sizeof(name) ? ph->p_filesz : sizeof(name) - 1;

	if (read_at(fd, name, n, ph->p_offset) < 0)
		return NULL;
	name[n] = '\0';
	if (strstr(name, "/ld-musl"))
		return "it uses the musl C library, libgcprof.so needs glibc";
	return NULL;
}

/* Sanitizers whose allocator has to be the first.  Their runtime exports this symbol, or
 * a library does that the program needs. */
static const struct {
	const char *symbol, *why;
} sanitizers[] = {
	{"__tsan_init", "ThreadSanitizer needs its own allocator; build it without "
			"-fsanitize=thread"},
	{"__msan_init", "MemorySanitizer needs its own allocator; build it without "
			"-fsanitize=memory"},
	{"__asan_init", "AddressSanitizer needs its own allocator; build it without "
			"-fsanitize=address"},
	{"__hwasan_init", "HWAddressSanitizer needs its own allocator; build it "
			  "without -fsanitize=hwaddress"},
};

/* The strings of the dynamic section.  Returns NULL if they cannot be read; to be freed. */
static char *
dynamic_strings(int fd, const Elf64_Ehdr *eh, const Elf64_Phdr *dynamic, size_t *ret_bytes)
{
	const uint64_t most = 256 << 20;
	uint64_t addr = 0, bytes = 0, at;
	Elf64_Dyn d;
	Elf64_Phdr ph;
	unsigned i;

	for (at = 0; at + sizeof(d) <= dynamic->p_filesz; at += sizeof(d)) {
		if (read_at(fd, &d, sizeof(d), dynamic->p_offset + at) < 0 ||
		    d.d_tag == DT_NULL)
			break;
		if (d.d_tag == DT_STRTAB)
			addr = d.d_un.d_ptr;
		else if (d.d_tag == DT_STRSZ)
			bytes = d.d_un.d_val;
	}
	for (i = 0; bytes && bytes <= most && i < eh->e_phnum && i < MAX_PROGRAM_HEADERS;
	     i++) {
		char *strings;

		if (read_at(fd, &ph, sizeof(ph),
			    eh->e_phoff + (uint64_t)i * eh->e_phentsize) < 0)
			return NULL;
		if (ph.p_type != PT_LOAD || addr < ph.p_vaddr ||
		    addr - ph.p_vaddr >= ph.p_filesz)
			continue;
		strings = malloc(bytes);
		if (strings &&
		    read_at(fd, strings, bytes, ph.p_offset + (addr - ph.p_vaddr)) == 0) {
			*ret_bytes = bytes;
			return strings;
		}
		free(strings);
		return NULL;
	}
	return NULL;
}

static const char *
why_not_sanitized(int fd, const Elf64_Ehdr *eh, const Elf64_Phdr *dynamic)
{
	size_t bytes = 0, i;
	char *strings = dynamic_strings(fd, eh, dynamic, &bytes);
	const char *why = NULL;

	for (i = 0; strings && !why && i < sizeof(sanitizers) / sizeof(*sanitizers); i++) {
		const char *symbol = sanitizers[i].symbol;
		size_t n = strlen(symbol) + 1; /* a whole string: its end, and one before */
		char *at = memmem(strings, bytes, symbol, n);

		if (at && at > strings && !at[-1])
			why = sanitizers[i].why;
	}
	free(strings);
	return why;
}

static const char *
why_not_elf(int fd, const char *path, const Elf64_Ehdr *eh)
{
	Elf64_Phdr ph;
	bool is_linked = false;
	const char *why = NULL;
	unsigned i;

	if (eh->e_ident[EI_CLASS] != ELFCLASS64)
		return "it is a 32-bit program, libgcprof.so a 64-bit library";
	if (eh->e_ident[EI_DATA] != ELFDATA2LSB || eh->e_machine != EM_X86_64)
		return "it is built for another architecture";
	for (i = 0; i < eh->e_phnum && i < MAX_PROGRAM_HEADERS; i++) {
		if (read_at(fd, &ph, sizeof(ph),
			    eh->e_phoff + (uint64_t)i * eh->e_phentsize) < 0)
			return NULL;
		if (ph.p_type == PT_INTERP) {
			is_linked = true;
			if (!why)
				why = why_not_linked_by(fd, &ph);
		} else if (ph.p_type == PT_DYNAMIC && !why) {
			why = why_not_sanitized(fd, eh, &ph);
		}
	}
	if (is_linked || why)
		return why;
	if (is_dynamic_linker(path))
		return NULL;
	return "it is statically linked, and cannot preload a library";
}

/* ---- scripts ---- */

/* The interpreter that a script's first line names, in place; NULL if none. */
static char *
interpreter_of(char *line)
{
	char *name = line + 2;

	name += strspn(name, " \t");
	name[strcspn(name, " \t\r\n")] = '\0';
	return *name ? name : NULL;
}

static int
check_depth(const char *path, int depth, char *ret_why, size_t why_bytes)
{
	union {
		Elf64_Ehdr elf;
		char line[MAX_SCRIPT_LINE + 1];
	} head;
	const char *why = NULL;
	char *interpreter;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return 0;
	memset(&head, 0, sizeof(head));
	n = pread(fd, &head, MAX_SCRIPT_LINE, 0);
	if (n >= EI_NIDENT && memcmp(head.elf.e_ident, ELFMAG, SELFMAG) == 0) {
		why = why_not_elf(fd, path, &head.elf);
		if (!why)
			why = rights_of(fd);
	}
	(void)close(fd); /* read only: nothing can be lost */
	if (why) {
		(void)snprintf(ret_why, why_bytes, "%s", why);
		return -1;
	}
	if (n < 3 || memcmp(head.line, "#!", 2) != 0 || depth >= MAX_SCRIPTS)
		return 0;
	interpreter = interpreter_of(head.line);
	if (!interpreter || check_depth(interpreter, depth + 1, ret_why, why_bytes) == 0)
		return 0;
	if (depth == 0) {
		char inner[PATH_MAX];

		(void)snprintf(inner, sizeof(inner), "%s", ret_why);
		(void)snprintf(ret_why, why_bytes, "its interpreter is %s: %s",
			       interpreter, inner);
	}
	return -1;
}

int
target_check(const char *path, char *ret_why, size_t why_bytes)
{
	return check_depth(path, 0, ret_why, why_bytes);
}
