/* symbolfiles.c -- which files may be read for a module's names.
 *
 * In:   a name out of a snapshot, or out of a file that a snapshot names.
 * Out:  an open file, or none.
 * Not here: where a module's file is looked for (module_files.c).
 *
 * Debug files are looked for where dwfl_standard_find_debuginfo() does: by build-id,
 * then by the name in .gnu_debuglink, or the module's own with ".debug", beside the
 * module, in .debug there, and below each directory for debug files under the module's
 * own directory or an end of it.  What it would open is checked first.
 *
 * SPDX-License-Identifier: MIT
 */
#include "names/symbolfiles.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <dwarf.h>
#include <elfutils/libdwelf.h>
#include <zlib.h>

#include "util/text.h"

enum { MIN_ID_BYTES = 4, MAX_ID_BYTES = 64, MAX_DIRS = 3 };

/* What a debug file is known by. */
struct proof {
	struct heap_text build_id; /* empty: its checksum decides */
	GElf_Word crc;             /* 0 = not known */
	struct stat own; /* the module's own file, which has its build-id as well */
};

int
symbolfiles_open(const char *name)
{
	struct stat st;
	int fd;

	if (stat(name, &st) != 0 || !S_ISREG(st.st_mode))
		return -1;
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	/* By now it may be another one. */
	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static bool
has_build_id(Elf *elf, const struct heap_text *build_id)
{
	const void *bytes;
	ssize_t n = dwelf_elf_gnu_build_id(elf, &bytes);

	return n > 0 && (size_t)n == build_id->n &&
	       memcmp(bytes, build_id->bytes, build_id->n) == 0;
}

enum symbols_state
symbolfiles_check(int fd, const struct heap_text *build_id)
{
	Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	enum symbols_state state = SYMBOLS_MISSING;

	if (elf && elf_kind(elf) == ELF_K_ELF)
		state = build_id->n == 0              ? SYMBOLS_UNVERIFIED
			: has_build_id(elf, build_id) ? SYMBOLS_FOUND
						      : SYMBOLS_CHANGED;
	elf_end(elf);
	return state;
}

char *
symbolfiles_by_build_id(const char *root, const char *dir,
			const struct heap_text *build_id, const char *suffix)
{
	char id[2 * MAX_ID_BYTES + 1], *name = NULL;

	if (!dir || build_id->n < MIN_ID_BYTES || build_id->n > MAX_ID_BYTES)
		return NULL;
	for (size_t i = 0; i < build_id->n; i++)
		snprintf(id + 2 * i, 3, "%02x", (unsigned char)build_id->bytes[i]);
	if (asprintf(&name, "%s%s/.build-id/%.2s/%s%s", root, dir, id, id + 2, suffix) < 0)
		return NULL;
	return name;
}

/* ---- one candidate ---- */

static bool
has_crc(int fd, GElf_Word wanted)
{
	unsigned char bytes[65536];
	uLong crc = crc32(0, NULL, 0);
	off_t at = 0;
	ssize_t n;

	while ((n = pread(fd, bytes, sizeof(bytes), at)) > 0) {
		crc = crc32(crc, bytes, (uInt)n);
		at += n;
	}
	return n == 0 && wanted != 0 && crc == wanted;
}

static bool
is_proven(int fd, const struct proof *p)
{
	struct stat st;

	if (fstat(fd, &st) != 0 ||
	    (st.st_dev == p->own.st_dev && st.st_ino == p->own.st_ino))
		return false;
	return p->build_id.n ? symbolfiles_check(fd, &p->build_id) == SYMBOLS_FOUND
			     : has_crc(fd, p->crc);
}

/* Open a file if it is the right one.  Takes name, or hands it on. */
static int
try_name(char *name, const struct proof *p, char **ret_name)
{
	int fd = name ? symbolfiles_open(name) : -1;

	if (fd >= 0 && is_proven(fd, p)) {
		*ret_name = name;
		return fd;
	}
	if (fd >= 0)
		close(fd);
	free(name);
	return -1;
}

static int __attribute__((format(printf, 3, 4)))
try_path(const struct proof *p, char **ret_name, const char *format, ...)
{
	char *name = NULL;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&name, format, ap);
	va_end(ap);
	return n < 0 ? -1 : try_name(name, p, ret_name);
}

/* ---- directories ---- */

struct dirs {
	char *names[MAX_DIRS];
	unsigned n;
};

static void
dirs_init(struct dirs *d, const struct symbols_options *o)
{
	char *in_root = NULL;

	d->n = 0;
	if (o->debug_dir)
		d->names[d->n++] = strdup(o->debug_dir);
	if (o->sysroot && asprintf(&in_root, "%s/usr/lib/debug", o->sysroot) >= 0)
		d->names[d->n++] = in_root;
	d->names[d->n++] = strdup("/usr/lib/debug");
}

static void
dirs_fini(struct dirs *d)
{
	for (unsigned i = 0; i < d->n; i++)
		free(d->names[i]);
}

static int
find_by_build_id(const struct dirs *d, const struct proof *p, char **ret_name)
{
	int fd = -1;

	for (unsigned i = 0; i < d->n && fd < 0; i++)
		fd = try_name(
			symbolfiles_by_build_id("", d->names[i], &p->build_id, ".debug"),
			p, ret_name);
	return fd;
}

/* Below a directory for debug files: under the module's own directory, or an end of it.
 */
static int
find_below(const char *top, const char *dir, int dir_n, const char *link,
	   const struct proof *p, char **ret_name)
{
	const char *end = dir + dir_n;
	int fd = -1;

	for (const char *at = dir; at && at < end && fd < 0;) {
		at++; /* the slash */
		fd = try_path(p, ret_name, "%s/%.*s/%s", top, (int)(end - at), at, link);
		at = memchr(at, '/', (size_t)(end - at));
	}
	return fd;
}

/* By the name in the module, or one made of the module's own. */
static int
find_beside(const struct dirs *d, const char *file, const char *link,
	    const struct proof *p, char **ret_name)
{
	const char *base = text_basename(file);
	int dir_n = (int)(base - 1 - file), fd = -1;
	char *invented = NULL;

	if (file[0] != '/')
		return -1;
	if (!link && asprintf(&invented, "%s.debug", base) >= 0)
		link = invented;
	if (link)
		fd = try_path(p, ret_name, "%.*s/%s", dir_n, file, link);
	if (link && fd < 0)
		fd = try_path(p, ret_name, "%.*s/.debug/%s", dir_n, file, link);
	for (unsigned i = 0; link && i < d->n && d->names[i] && fd < 0; i++)
		fd = find_below(d->names[i], file, dir_n, link, p, ret_name);
	free(invented);
	return fd;
}

/* ---- what several modules share ---- */

/* What debug information in a file of dir calls FILE, for free(3). */
static char *
name_from(const char *dir, const char *middle, const char *file)
{
	char *name = NULL;
	int n;

	if (file[0] == '/')
		return strdup(file);
	if (middle && middle[0] == '/')
		n = asprintf(&name, "%s/%s", middle, file);
	else
		n = asprintf(&name, "%s/%s/%s", dir, middle ? middle : ".", file);
	return n < 0 ? NULL : name;
}

/* The directory of the file that has a module's debug information, links resolved as
 * libdw does; for free(3). */
static char *
dir_of_dwarf(Dwfl_Module *mod)
{
	const char *own = NULL, *debug = NULL;
	char *real;

	dwfl_module_info(mod, NULL, NULL, NULL, NULL, NULL, &own, &debug);
	real = debug ? realpath(debug, NULL) : own ? realpath(own, NULL) : NULL;
	if (real)
		*strrchr(real, '/') = '\0';
	return real;
}

static int
find_shared(const struct dirs *d, Dwfl_Module *mod, const char *name, char **ret_name)
{
	Dwarf_Addr bias;
	const char *same_name;
	const void *id = NULL;
	/* libdwfl has it by now, as it knows the name. */
	Dwarf *dwarf = dwfl_module_getdwarf(mod, &bias);
	ssize_t n = dwarf ? dwelf_dwarf_gnu_debugaltlink(dwarf, &same_name, &id) : 0;
	struct proof p = {.build_id = {(char *)id, n > 0 ? (size_t)n : 0}};
	char *dir = n > 0 ? dir_of_dwarf(mod) : NULL;
	int fd = -1;

	if (n > 0)
		fd = find_by_build_id(d, &p, ret_name);
	if (dir && fd < 0)
		fd = try_name(name_from(dir, NULL, name), &p, ret_name);
	for (unsigned i = 0; dir && i < d->n && d->names[i] && fd < 0; i++)
		fd = try_path(&p, ret_name, "%s/.dwz/%s", d->names[i], text_basename(name));
	free(dir);
	return fd;
}

int
symbolfiles_find_debuginfo(Dwfl_Module *mod, void **userdata, const char *module_name,
			   Dwarf_Addr base, const char *file_name, const char *link_name,
			   GElf_Word link_crc, char **ret_name)
{
	GElf_Addr bias;
	GElf_Word crc = 0;
	Elf *elf = dwfl_module_getelf(mod, &bias);
	const char *own_link = elf ? dwelf_elf_gnu_debuglink(elf, &crc) : NULL;
	const void *id = NULL;
	ssize_t n = elf ? dwelf_elf_gnu_build_id(elf, &id) : 0;
	struct proof p = {.build_id = {(char *)id, n > 0 ? (size_t)n : 0}, .crc = link_crc};
	char *real;
	struct dirs d;
	int fd;

	dirs_init(&d, *userdata);
	/* A name that is not in the module is one out of its debug information. */
	if (link_name &&
	    (!own_link || crc != link_crc || strcmp(link_name, own_link) != 0)) {
		fd = find_shared(&d, mod, link_name, ret_name);
	} else {
		if (file_name)
			(void)stat(file_name, &p.own);
		fd = find_by_build_id(&d, &p, ret_name);
		if (fd < 0 && file_name)
			fd = find_beside(&d, file_name, link_name, &p, ret_name);
		real = fd < 0 && file_name ? realpath(file_name, NULL) : NULL;
		if (real && strcmp(real, file_name) != 0)
			fd = find_beside(&d, real, link_name, &p, ret_name);
		free(real);
	}
	dirs_fini(&d);
	/* It looks nowhere but asks debuginfod. */
	return fd >= 0 ? fd
		       : dwfl_standard_find_debuginfo(mod, userdata, module_name, base,
						      file_name, link_name, link_crc,
						      ret_name);
}

/* ---- what libdw opens by itself ---- */

/* Is there no such file, or the right one?  An empty build-id: any regular file is. */
static bool
is_harmless(char *name, const struct heap_text *build_id)
{
	struct stat st;
	bool is_there = name && stat(name, &st) == 0;
	int fd = is_there ? symbolfiles_open(name) : -1;
	bool is_right = fd >= 0 && (build_id->n == 0 ||
				    symbolfiles_check(fd, build_id) == SYMBOLS_FOUND);

	if (fd >= 0)
		close(fd);
	free(name);
	return !is_there || is_right;
}

static bool
may_follow_shared(Dwarf *dwarf, const char *dir)
{
	const char *name;
	const void *id;
	ssize_t n = dwelf_dwarf_gnu_debugaltlink(dwarf, &name, &id);
	struct heap_text build_id = {(char *)id, n > 0 ? (size_t)n : 0};

	return n <= 0 || (is_harmless(symbolfiles_by_build_id("", "/usr/lib/debug",
							      &build_id, ".debug"),
				      &build_id) &&
			  is_harmless(name_from(dir, NULL, name), &build_id));
}

static const char *
attribute_text(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;

	return dwarf_formstring(dwarf_attr(die, name, &attribute));
}

/* Of split units libdw compares the numbers in them, no build-ids. */
static bool
may_follow_split(Dwarf_Die *unit, const char *dir)
{
	static const struct heap_text any;
	const char *name = attribute_text(unit, DW_AT_dwo_name);
	const char *middle = attribute_text(unit, DW_AT_comp_dir);

	if (!name)
		name = attribute_text(unit, DW_AT_GNU_dwo_name);
	return !name || (is_harmless(name_from(dir, NULL, name), &any) &&
			 is_harmless(name_from(dir, middle, name), &any));
}

bool
symbolfiles_may_follow(Dwfl_Module *mod, Dwarf *dwarf)
{
	char *dir = dir_of_dwarf(mod);
	bool is_right = dir && may_follow_shared(dwarf, dir);
	Dwarf_CU *unit = NULL;
	Dwarf_Die die;
	uint8_t type;

	while (is_right && dwarf_get_units(dwarf, unit, &unit, NULL, &type, &die, NULL) == 0)
		if (type == DW_UT_skeleton)
			is_right = may_follow_split(&die, dir);
	free(dir);
	return is_right;
}
