/* test_symbolize.c -- names for places in modules, from files that the test itself writes.
 *
 * In:   an ELF file with a symbol table, made byte by byte; this program's own debug
 *       information.
 * Out:  nothing but tests.
 * Not here: which functions matter (test_names.c).
 *
 * SPDX-License-Identifier: MIT
 */
#include <dlfcn.h>
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "madeheap.h"
#include "model/heap.h"
#include "names/symbolize.h"

#define BUILD_ID "\x12\x34\x56\x78\x9a\xbc\xde\xf0"
#define BUILD_ID_PATH ".build-id/12/3456789abcdef0.debug"

/* ---- the file ---- */

/* Offsets in the file are its virtual addresses. */
enum {
	NOTE = 0x200,
	TEXT = 0x1000,
	PLT = 0x1200,
	DATA = 0x2000,
	TLS = 0x2100,
	SYMTAB = 0x3000,
	STRTAB = 0x3800,
	NAMES = 0x3c00,
	SECTIONS = 0x3d00,
	FILE_BYTES = 0x4000,
};

enum {
	S_NULL,
	S_NOTE,
	S_TEXT,
	S_PLT,
	S_DATA,
	S_TLS,
	S_NAMES,
	S_SYMTAB,
	S_STRTAB,
	N_SECTIONS
};

static const struct {
	const char *name;
	unsigned type, binding;
	uint16_t section;
	uint64_t value, bytes;
} elf_symbols_wanted[] = {
	/* Local ones first, as ELF has it. */
	{"alpha", STT_FUNC, STB_LOCAL, S_TEXT, TEXT, 0x40},
	{"beta_local", STT_FUNC, STB_LOCAL, S_TEXT, TEXT + 0x40, 0x20},
	{"inner", STT_FUNC, STB_LOCAL, S_TEXT, TEXT + 0x120, 0x10},
	{"assembly", STT_NOTYPE, STB_LOCAL, S_TEXT, TEXT + 0x1d0, 0},
	{"constant", STT_FUNC, STB_LOCAL, SHN_ABS, TEXT + 0x60, 0x20},
	{"of_thread", STT_TLS, STB_LOCAL, S_TLS, 8, 4},
	{"beta_weak", STT_FUNC, STB_WEAK, S_TEXT, TEXT + 0x40, 0x20},
	{"beta", STT_FUNC, STB_GLOBAL, S_TEXT, TEXT + 0x40, 0x20},
	{"beta_sizeless", STT_FUNC, STB_GLOBAL, S_TEXT, TEXT + 0x40, 0},
	{"outer", STT_FUNC, STB_GLOBAL, S_TEXT, TEXT + 0x100, 0x80},
	{"_ZN3foo3barEi", STT_FUNC, STB_GLOBAL, S_TEXT, TEXT + 0x1a0, 0x20},
	{"table", STT_OBJECT, STB_GLOBAL, S_DATA, DATA, 0x40},
	{"label", STT_OBJECT, STB_GLOBAL, S_DATA, DATA + 0x40, 0},
	{"imported", STT_FUNC, STB_GLOBAL, SHN_UNDEF, TEXT + 0x80, 0x10},
};

enum { N_WANTED = sizeof(elf_symbols_wanted) / sizeof(*elf_symbols_wanted), N_LOCAL = 6 };

static void
put_symbols(uint8_t *file)
{
	Elf64_Sym *symbols = (Elf64_Sym *)(file + SYMTAB);
	size_t at = 1;

	for (size_t i = 0; i < N_WANTED; i++) {
		symbols[i + 1] = (Elf64_Sym){
			.st_name = (Elf64_Word)at,
			.st_info = (unsigned char)ELF64_ST_INFO(
				elf_symbols_wanted[i].binding, elf_symbols_wanted[i].type),
			.st_shndx = elf_symbols_wanted[i].section,
			.st_value = elf_symbols_wanted[i].value,
			.st_size = elf_symbols_wanted[i].bytes,
		};
		strcpy((char *)file + STRTAB + at, elf_symbols_wanted[i].name);
		at += strlen(elf_symbols_wanted[i].name) + 1;
	}
}

static void
put_section(uint8_t *file, unsigned number, uint32_t type, uint64_t flags,
	    uint64_t offset, uint64_t bytes)
{
	Elf64_Shdr *s = (Elf64_Shdr *)(file + SECTIONS) + number;
	bool is_loaded = flags & SHF_ALLOC;

	*s = (Elf64_Shdr){.sh_name = 1,
			  .sh_type = type,
			  .sh_flags = flags,
			  .sh_offset = offset,
			  .sh_addr = is_loaded ? offset : 0,
			  .sh_size = bytes,
			  .sh_addralign = 1};
	if (type == SHT_SYMTAB) {
		s->sh_link = S_STRTAB;
		s->sh_info = N_LOCAL + 1;
		s->sh_entsize = sizeof(Elf64_Sym);
	}
}

static void
put_note(uint8_t *file)
{
	const Elf64_Nhdr note = {4, sizeof(BUILD_ID) - 1, NT_GNU_BUILD_ID};

	memcpy(file + NOTE, &note, sizeof(note));
	memcpy(file + NOTE + sizeof(note), "GNU", 4);
	memcpy(file + NOTE + sizeof(note) + 4, BUILD_ID, sizeof(BUILD_ID) - 1);
}

static void
put_headers(uint8_t *file, bool is_stripped)
{
	const Elf64_Ehdr header = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			    EV_CURRENT},
		.e_type = ET_DYN,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(header),
		.e_shoff = SECTIONS,
		.e_ehsize = sizeof(header),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 3,
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = is_stripped ? S_SYMTAB : N_SECTIONS,
		.e_shstrndx = S_NAMES,
	};
	const Elf64_Phdr segments[] = {
		{.p_type = PT_LOAD,
		 .p_flags = PF_R | PF_X,
		 .p_filesz = SYMTAB,
		 .p_memsz = SYMTAB,
		 .p_align = 0x1000},
		{.p_type = PT_TLS,
		 .p_flags = PF_R,
		 .p_offset = TLS,
		 .p_vaddr = TLS,
		 .p_filesz = 0x24,
		 .p_memsz = 0x24,
		 .p_align = 0x10},
		{.p_type = PT_NOTE,
		 .p_flags = PF_R,
		 .p_offset = NOTE,
		 .p_vaddr = NOTE,
		 .p_filesz = 24,
		 .p_memsz = 24,
		 .p_align = 4},
	};

	memcpy(file, &header, sizeof(header));
	memcpy(file + sizeof(header), segments, sizeof(segments));
}

static uint8_t *
make_file(bool is_stripped)
{
	uint8_t *file = calloc(1, FILE_BYTES);

	assert_non_null(file);
	put_headers(file, is_stripped);
	put_note(file);
	memcpy(file + NAMES, "\0.x", 4);
	put_section(file, S_NOTE, SHT_NOTE, SHF_ALLOC, NOTE, 24);
	put_section(file, S_TEXT, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, TEXT, 0x200);
	put_section(file, S_PLT, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, PLT, 0x100);
	put_section(file, S_DATA, SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, DATA, 0x100);
	put_section(file, S_TLS, SHT_PROGBITS, SHF_ALLOC | SHF_WRITE | SHF_TLS, TLS, 0x24);
	put_section(file, S_NAMES, SHT_STRTAB, 0, NAMES, 0x10);
	put_section(file, S_SYMTAB, SHT_SYMTAB, 0, SYMTAB,
		    (N_WANTED + 1) * sizeof(Elf64_Sym));
	put_section(file, S_STRTAB, SHT_STRTAB, 0, STRTAB, 0x200);
	put_symbols(file);
	return file;
}

/* ---- a snapshot that names it ---- */

struct fixture {
	char dir[64];
	char path[128];
	struct heap *heap;
	struct symbols *symbols;
};

static void
write_file(const char *path, const void *bytes, size_t n)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static struct heap *
load(const char *build_id, const char *path)
{
	struct maker m = {.n_sections = 0};

	maker_number(&m, "pid", 1);
	maker_number(&m, "complete", 1);
	maker_module(&m, 0x400000, 0x4000, 0x400000, build_id, path);
	return made_heap(&m);
}

static void
fixture_open(struct fixture *x, const char *build_id, const char *path,
	     const struct symbols_options *o)
{
	x->heap = load(build_id, path);
	x->symbols = symbols_new(x->heap, o);
	assert_non_null(x->symbols);
}

static void
fixture_close(struct fixture *x)
{
	symbols_free(x->symbols);
	heap_free(x->heap);
}

static int
make_dir(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));
	uint8_t *file = make_file(false);

	assert_non_null(x);
	strcpy(x->dir, "test_symbolize.XXXXXX");
	assert_non_null(mkdtemp(x->dir));
	assert_non_null(realpath(x->dir, x->path));
	strcat(x->path, "/module");
	write_file(x->path, file, FILE_BYTES);
	free(file);
	*state = x;
	return 0;
}

static int
remove_dir(void **state)
{
	struct fixture *x = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", x->dir);
	free(x);
	return system(command);
}

static const struct symbols_options no_options;

/* The function at an exact address, or "none". */
static const char *
function_at(const struct fixture *x, uint64_t address)
{
	size_t n;
	const struct symbols_frame *f = symbols_find(x->symbols, 1, address, true, &n);

	assert_true(n <= 1);
	return n ? f->function : "none";
}

/* ---- symbols of code ---- */

static void
a_function_is_found_from_its_first_byte_to_its_last(void **state)
{
	struct fixture *x = *state;

	fixture_open(x, BUILD_ID, x->path, &no_options);
	assert_string_equal(function_at(x, TEXT), "alpha");
	assert_string_equal(function_at(x, TEXT + 0x3f), "alpha");
	assert_string_equal(function_at(x, TEXT - 1), "none");
	assert_string_equal(function_at(x, TEXT + 0x5f), "beta");
	assert_int_equal(symbols_module_state(x->symbols, 1), SYMBOLS_FOUND);
	fixture_close(x);
}

static void
a_return_address_belongs_to_the_call_before_it(void **state)
{
	struct fixture *x = *state;
	const struct symbols_frame *f;
	size_t n;

	fixture_open(x, BUILD_ID, x->path, &no_options);
	f = symbols_find(x->symbols, 1, TEXT + 0x40, false, &n);
	assert_int_equal(n, 1);
	assert_string_equal(f->function, "alpha");
	f = symbols_find(x->symbols, 1, TEXT + 0x41, false, &n);
	assert_string_equal(f->function, "beta");
	assert_null(f->file);
	assert_int_equal(f->line, 0);
	assert_false(f->is_inlined);
	fixture_close(x);
}

static void
between_symbols_nothing_has_a_name(void **state)
{
	struct fixture *x = *state;

	fixture_open(x, BUILD_ID, x->path, &no_options);
	assert_string_equal(function_at(x, TEXT + 0x60), "none"); /* SHN_ABS */
	assert_string_equal(function_at(x, TEXT + 0x84), "none"); /* SHN_UNDEF */
	assert_string_equal(function_at(x, TEXT + 0xff), "none");
	assert_string_equal(function_at(x, TEXT + 0x180), "none");
	assert_string_equal(function_at(x, DATA + 8), "none"); /* data is no function */
	fixture_close(x);
}

static void
of_aliases_the_sized_and_global_one_is_shown(void **state)
{
	struct fixture *x = *state;

	fixture_open(x, BUILD_ID, x->path, &no_options);
	assert_string_equal(function_at(x, TEXT + 0x40), "beta");
	assert_string_equal(function_at(x, TEXT + 0x50), "beta");
	fixture_close(x);
}

static void
the_innermost_of_nested_symbols_is_shown(void **state)
{
	struct fixture *x = *state;

	fixture_open(x, BUILD_ID, x->path, &no_options);
	assert_string_equal(function_at(x, TEXT + 0x11f), "outer");
	assert_string_equal(function_at(x, TEXT + 0x120), "inner");
	assert_string_equal(function_at(x, TEXT + 0x12f), "inner");
	assert_string_equal(function_at(x, TEXT + 0x130), "outer");
	assert_string_equal(function_at(x, TEXT + 0x17f), "outer");
	fixture_close(x);
}

static void
a_symbol_without_a_size_ends_with_its_section(void **state)
{
	struct fixture *x = *state;

	fixture_open(x, BUILD_ID, x->path, &no_options);
	assert_string_equal(function_at(x, TEXT + 0x1c0), "none");
	assert_string_equal(function_at(x, TEXT + 0x1d0), "assembly");
	assert_string_equal(function_at(x, PLT - 1), "assembly");
	assert_string_equal(function_at(x, PLT), "none");
	assert_string_equal(function_at(x, PLT + 0x10), "none");
	fixture_close(x);
}

static void
a_mangled_name_is_demangled_and_kept(void **state)
{
	struct fixture *x = *state;
	const struct symbols_frame *f;
	size_t n;

	fixture_open(x, BUILD_ID, x->path, &no_options);
	f = symbols_find(x->symbols, 1, TEXT + 0x1a8, true, &n);
	assert_int_equal(n, 1);
	assert_string_equal(f->function, "foo::bar(int)");
	assert_string_equal(f->symbol, "_ZN3foo3barEi");
	/* The second time it is the same answer. */
	assert_ptr_equal(symbols_find(x->symbols, 1, TEXT + 0x1a8, true, &n), f);
	fixture_close(x);
}

static void
thousands_of_places_keep_their_names(void **state)
{
	struct fixture *x = *state;
	const struct symbols_frame *first[0x40];

	fixture_open(x, BUILD_ID, x->path, &no_options);
	for (int pass = 0; pass < 2; pass++)
		for (uint64_t i = 0; i < 3000; i++) {
			size_t n;
			const struct symbols_frame *f =
				symbols_find(x->symbols, 1, TEXT + i, true, &n);

			if (i < 0x40 && pass == 0)
				first[i] = f;
			if (i < 0x40)
				assert_ptr_equal(f, first[i]);
			if (i < 0x40)
				assert_string_equal(f->function, "alpha");
			else if (i >= 0x200)
				assert_int_equal(n, 0);
		}
	fixture_close(x);
}

/* ---- which file ---- */

static void
a_stripped_file_is_found_and_has_no_names(void **state)
{
	struct fixture *x = *state;
	uint8_t *file = make_file(true);

	write_file(x->path, file, FILE_BYTES);
	free(file);
	fixture_open(x, BUILD_ID, x->path, &no_options);
	assert_string_equal(function_at(x, TEXT), "none");
	assert_int_equal(symbols_module_state(x->symbols, 1), SYMBOLS_FOUND);
	fixture_close(x);
}

static void
names_out_of_another_build_are_not_used(void **state)
{
	struct fixture *x = *state;

	fixture_open(x, "\x12\x34\x56\x78\x9a\xbc\xde\xf1", x->path, &no_options);
	assert_int_equal(symbols_module_state(x->symbols, 1), SYMBOLS_UNUSED);
	assert_string_equal(function_at(x, TEXT), "none");
	assert_int_equal(symbols_module_state(x->symbols, 1), SYMBOLS_CHANGED);
	fixture_close(x);
	/* One that only begins like it is another as well. */
	fixture_open(x, "\x12\x34\x56\x78\x9a\xbc\xde", x->path, &no_options);
	assert_string_equal(function_at(x, TEXT), "none");
	assert_int_equal(symbols_module_state(x->symbols, 1), SYMBOLS_CHANGED);
	fixture_close(x);
}

static void
without_a_build_id_in_the_snapshot_a_file_is_unverified(void **state)
{
	struct fixture *x = *state;

	fixture_open(x, "", x->path, &no_options);
	assert_string_equal(function_at(x, TEXT), "alpha");
	assert_int_equal(symbols_module_state(x->symbols, 1), SYMBOLS_UNVERIFIED);
	fixture_close(x);
}

static void
a_file_that_is_not_there_is_missing(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(unlink(x->path), 0);
	fixture_open(x, BUILD_ID, x->path, &no_options);
	assert_string_equal(function_at(x, TEXT), "none");
	assert_int_equal(symbols_module_state(x->symbols, 1), SYMBOLS_MISSING);
	fixture_close(x);
	/* Nor is what is no regular file, or has no absolute path. */
	assert_int_equal(mkfifo(x->path, 0600), 0);
	fixture_open(x, BUILD_ID, x->path, &no_options);
	assert_string_equal(function_at(x, TEXT), "none");
	assert_int_equal(symbols_module_state(x->symbols, 1), SYMBOLS_MISSING);
	fixture_close(x);
}

static void
a_debug_file_stands_in_by_its_build_id(void **state)
{
	struct fixture *x = *state;
	struct symbols_options o = {.debug_dir = x->dir};
	char path[160];

	snprintf(path, sizeof(path), "%s/.build-id", x->dir);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/.build-id/12", x->dir);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/%s", x->dir, BUILD_ID_PATH);
	assert_int_equal(rename(x->path, path), 0);
	fixture_open(x, BUILD_ID, x->path, &o);
	assert_string_equal(function_at(x, TEXT), "alpha");
	assert_int_equal(symbols_module_state(x->symbols, 1), SYMBOLS_FOUND);
	fixture_close(x);
}

static void
a_sysroot_stands_before_the_path(void **state)
{
	struct fixture *x = *state;
	struct symbols_options o = {.sysroot = x->dir};

	fixture_open(x, BUILD_ID, "/module", &o);
	assert_string_equal(function_at(x, TEXT), "alpha");
	fixture_close(x);
	/* The path as it stands is tried only where that is asked for. */
	fixture_open(x, BUILD_ID, x->path, &o);
	assert_string_equal(function_at(x, TEXT), "none");
	fixture_close(x);
	o.is_sysroot_first = true;
	fixture_open(x, BUILD_ID, x->path, &o);
	assert_string_equal(function_at(x, TEXT), "alpha");
	fixture_close(x);
}

static void
a_truncated_file_gives_right_names_or_none(void **state)
{
	struct fixture *x = *state;
	uint8_t *file = make_file(false);

	for (size_t n = 0; n < FILE_BYTES; n += 61) {
		const char *got;

		write_file(x->path, file, n);
		fixture_open(x, "", x->path, &no_options);
		got = function_at(x, TEXT + 0x10);
		if (strcmp(got, "none") != 0)
			assert_string_equal(got, "alpha");
		fixture_close(x);
	}
	free(file);
}

static void
code_in_no_module_has_no_name(void **state)
{
	struct fixture *x = *state;
	size_t n = 7;

	fixture_open(x, BUILD_ID, x->path, &no_options);
	assert_null(symbols_find(x->symbols, 0, TEXT, true, &n));
	assert_int_equal(n, 0);
	assert_null(symbols_find_place(
		x->symbols, &(struct name_place){0, 0x7f0000001000, 3}, false, &n));
	/* In a module the epoch makes no difference. */
	assert_ptr_equal(symbols_find_place(x->symbols, &(struct name_place){1, TEXT, 3},
					    true, &n),
			 symbols_find(x->symbols, 1, TEXT, true, &n));
	assert_int_equal(n, 1);
	fixture_close(x);
}

/* ---- data ---- */

struct seen {
	unsigned n;
	bool has_table, has_thread;
};

static void
note_datum(void *arg, const struct name_datum *d)
{
	struct seen *seen = arg;

	seen->n++;
	if (strcmp(d->symbol, "table") == 0 && d->start == DATA && d->bytes == 0x40)
		seen->has_table = d->is_global && !d->is_tls;
	if (strcmp(d->symbol, "of_thread") == 0 && d->start == 8 && d->bytes == 4)
		seen->has_thread = !d->is_global && d->is_tls;
}

static void
symbols_of_data_are_those_with_a_size(void **state)
{
	struct fixture *x = *state;
	struct seen seen = {0, false, false};

	fixture_open(x, BUILD_ID, x->path, &no_options);
	symbols_each_datum(x->symbols, 1, note_datum, &seen);
	assert_int_equal(seen.n, 2);
	assert_true(seen.has_table);
	assert_true(seen.has_thread);
	symbols_each_datum(x->symbols, 0, note_datum, &seen);
	assert_int_equal(seen.n, 2);
	/* 0x24 bytes, aligned to 16, end at the thread pointer. */
	assert_int_equal(symbols_tls_offset(x->symbols, 1), 0x30);
	assert_int_equal(symbols_tls_offset(x->symbols, 0), 0);
	fixture_close(x);
}

/* ---- debug information ---- */

static int own_variable = 1, inner_line, outer_line;

static void *__attribute__((noinline)) return_address(void)
{
	return __builtin_return_address(0);
}

static inline void *__attribute__((always_inline)) inner_call(int n)
{
	void *here;

	inner_line = __LINE__ + 1;
	here = return_address();
	own_variable += n; /* or the call would be the last thing, and a jump */
	return here;
}

static void *__attribute__((noinline)) outer_call(int n)
{
	void *here;

	outer_line = __LINE__ + 1;
	here = inner_call(n + 1);
	own_variable += n;
	return here;
}

static void
an_inlined_call_is_a_frame_of_its_own_but_in_brief(void **state)
{
	uintptr_t here = (uintptr_t)outer_call(2);
	const char *name = NULL, *function = "";
	const struct symbols_frame *f;
	struct fixture x;
	char path[4096];
	Dl_info info;
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	size_t n;

	(void)state;
	assert_true(length > 0);
	path[length] = '\0';
	assert_int_not_equal(dladdr((void *)here, &info), 0);
	fixture_open(&x, "", path, &no_options);
	f = symbols_find(x.symbols, 1, here - (uintptr_t)info.dli_fbase, false, &n);
	if (n == 0 || !f[0].file) {
		fixture_close(&x);
		skip(); /* built without debug information */
	}
	assert_int_equal(n, 2);
	assert_string_equal(f[0].function, "inner_call");
	assert_true(f[0].is_inlined);
	assert_int_equal(f[0].line, inner_line);
	assert_non_null(strstr(f[0].file, "test_symbolize.c"));
	assert_int_equal(f[0].file[0], '/');
	f = symbols_find(symbols_brief(x.symbols), 1, here - (uintptr_t)info.dli_fbase,
			 false, &n);
	assert_int_equal(n, 1);
	assert_int_equal(strncmp(f->function, "outer_call", 10), 0); /* a clone, maybe */
	assert_null(f->file);
	f = symbols_find(x.symbols, 1, here - (uintptr_t)info.dli_fbase, false, &n);
	assert_string_equal(f[1].function, "outer_call");
	assert_false(f[1].is_inlined);
	assert_int_equal(f[1].line, outer_line);
	assert_non_null(strstr(f[1].file, "test_symbolize.c"));
	assert_true(symbols_variable(x.symbols, 1,
				     (uintptr_t)&own_variable - (uintptr_t)info.dli_fbase,
				     &name, &function));
	assert_string_equal(name, "own_variable");
	assert_null(function);
	assert_false(symbols_variable(x.symbols, 1, 3, &name, &function));
	fixture_close(&x);
}

/* ---- what is prepared ---- */

static unsigned n_prepared;

static int
prepare(const struct heap *heap, struct symbols *s)
{
	size_t n;

	(void)heap;
	n_prepared++;
	symbols_find(s, 1, TEXT + 4, false, &n);
	assert_int_equal(n, 1);
	return symbols_add_wrapper(s, "alpha");
}

static void
what_prepares_names_runs_once_before_the_first_name(void **state)
{
	struct fixture *x = *state;
	const struct symbols_frame *f;
	size_t n;

	fixture_open(x, BUILD_ID, x->path, &no_options);
	n_prepared = 0;
	symbols_prepare_by(x->symbols, prepare);
	assert_int_equal(symbols_module_state(x->symbols, 1), SYMBOLS_UNUSED);
	f = symbols_find_unprepared(x->symbols, 1, TEXT + 4, false, &n);
	assert_int_equal(n, 1);
	assert_false(f->is_wrapper);
	assert_int_equal(n_prepared, 0);
	f = symbols_find(x->symbols, 1, TEXT + 4, false, &n);
	assert_int_equal(n, 1);
	assert_true(f->is_wrapper);
	symbols_find(x->symbols, 1, TEXT + 0x44, false, &n);
	assert_int_equal(n_prepared, 1);
	fixture_close(x);
}

static void
brief_names_of_the_c_library_are_for_a_while(void **state)
{
	struct fixture *x = *state;
	char path[sizeof(x->path) + 16];
	const struct symbols_frame *f;
	size_t n;

	(void)snprintf(path, sizeof(path), "%.*s/libc.so.6",
		       (int)(strrchr(x->path, '/') - x->path), x->path);
	assert_int_equal(rename(x->path, path), 0);
	fixture_open(x, BUILD_ID, path, &no_options);
	assert_false(symbols_be_brief_in_runtime(x->symbols, true));
	assert_true(symbols_be_brief_in_runtime(x->symbols, true));
	f = symbols_find(x->symbols, 1, TEXT + 4, false, &n);
	assert_int_equal(n, 1);
	assert_string_equal(f->function, "alpha");
	assert_int_equal(symbols_module_state(x->symbols, 1), SYMBOLS_UNUSED);
	assert_true(symbols_be_brief_in_runtime(x->symbols, false));
	f = symbols_find(x->symbols, 1, TEXT + 4, false, &n);
	assert_string_equal(f->function, "alpha");
	assert_int_equal(symbols_module_state(x->symbols, 1), SYMBOLS_FOUND);
	assert_false(symbols_be_brief_in_runtime(NULL, true));
	fixture_close(x);
}

static void
brief_names_are_of_the_c_library_only(void **state)
{
	struct fixture *x = *state;
	size_t n;

	fixture_open(x, BUILD_ID, x->path, &no_options);
	symbols_be_brief_in_runtime(x->symbols, true);
	symbols_find(x->symbols, 1, TEXT + 4, false, &n);
	assert_int_equal(symbols_module_state(x->symbols, 1), SYMBOLS_FOUND);
	fixture_close(x);
}

#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FILE(a_function_is_found_from_its_first_byte_to_its_last),
		WITH_FILE(a_return_address_belongs_to_the_call_before_it),
		WITH_FILE(between_symbols_nothing_has_a_name),
		WITH_FILE(of_aliases_the_sized_and_global_one_is_shown),
		WITH_FILE(the_innermost_of_nested_symbols_is_shown),
		WITH_FILE(a_symbol_without_a_size_ends_with_its_section),
		WITH_FILE(a_mangled_name_is_demangled_and_kept),
		WITH_FILE(thousands_of_places_keep_their_names),
		WITH_FILE(a_stripped_file_is_found_and_has_no_names),
		WITH_FILE(names_out_of_another_build_are_not_used),
		WITH_FILE(without_a_build_id_in_the_snapshot_a_file_is_unverified),
		WITH_FILE(a_file_that_is_not_there_is_missing),
		WITH_FILE(a_debug_file_stands_in_by_its_build_id),
		WITH_FILE(a_sysroot_stands_before_the_path),
		WITH_FILE(a_truncated_file_gives_right_names_or_none),
		WITH_FILE(code_in_no_module_has_no_name),
		WITH_FILE(symbols_of_data_are_those_with_a_size),
		WITH_FILE(brief_names_of_the_c_library_are_for_a_while),
		WITH_FILE(brief_names_are_of_the_c_library_only),
		WITH_FILE(what_prepares_names_runs_once_before_the_first_name),
		cmocka_unit_test(an_inlined_call_is_a_frame_of_its_own_but_in_brief),
	};

	unsetenv("DEBUGINFOD_URLS");
	return cmocka_run_group_tests_name("symbolize", tests, NULL, NULL);
}
