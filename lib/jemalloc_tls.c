/* jemalloc_tls.c -- a build-time program: take jemalloc's thread-local data out of
 * the static TLS.
 *
 *     jemalloc_tls OBJECT STUBS OPTIONS
 *
 * SPDX-License-Identifier: MIT
 *
 * In:   OBJECT, all of jemalloc as one relocatable object (jemalloc.sh).
 * Out:  OBJECT, changed in place; STUBS, an assembly file to be linked with it;
 *       OPTIONS, those of objcopy that OBJECT needs before.
 * Not here: who gives a thread its data (tsd.h).
 *
 * jemalloc keeps 2.6 KiB for each thread in a variable of the initial-exec
 * model, je_tsd_tls.  A preloaded library with that much static TLS takes the place that
 * the loader keeps for others, is refused where an audit library has taken it
 * first, and lessens the stack of every thread, as the C library cuts TLS from it.
 *
 * In that model all code gets at the variable in one way: by its distance from the
 * thread pointer, which the loader puts into the global offset table.
 *
 *     mov je_tsd_tls@gottpoff(%rip), %reg     or      add ..., %reg
 *
 * Each of these, of seven bytes, becomes a jump of five to a stub and a nop of two.
 * The stub takes the distance from a word of the thread's own, gcprof_tsd, and
 * jumps back:
 *
 *     mov gcprof_tsd@gottpoff(%rip), %reg ; mov %fs:(%reg), %reg ; jmp back
 *
 * What is added to is the thread pointer, as there is nothing else that a sum with
 * such a distance would make sense for; there the stub is
 *
 *     add gcprof_tsd@gottpoff(%rip), %reg ; mov (%reg), %reg ; add %fs:0, %reg ; jmp back
 *
 * No other register, no stack and, but for a sum, no flag is touched.  A stub's call
 * frame information is what the function's says for the place that it was made for,
 * so that a signal that comes in a stub can be unwound from.
 *
 * The variable's first contents go into STUBS as constant data, gcprof_tsd_image.
 * The constructor that makes jemalloc ready before its first use goes: it would run
 * without a word of what allocator was chosen, and with no gcprof_tsd.
 *
 * Every place is checked before any is changed.  If one has another form, as with a
 * jemalloc that was built otherwise, nothing is written and the exit status is 1:
 * jemalloc.sh leaves the TLS where it is then, and warns.
 *
 * The program runs where it is built and writes for that machine: native builds only.
 */
#include <elf.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VARIABLE "je_tsd_tls"
enum { STUB_BYTES = 32, MAX_SITES = 4096, MAX_CFI = 512 };

static const char *const registers[16] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp",
					  "rsi", "rdi", "r8",  "r9",  "r10", "r11",
					  "r12", "r13", "r14", "r15"};

static unsigned char *file;
static size_t file_bytes;
static Elf64_Ehdr *head;
static Elf64_Shdr *sections;
static Elf64_Sym *symbols;
static size_t n_symbols;
static const char *names; /* of symbols */

static struct site {
	unsigned section;
	uint64_t at; /* of the instruction, in its section */
	Elf64_Rela *rela;
	bool is_add;
	const char *reg;
	unsigned char cfi[MAX_CFI]; /* up to here, without locations */
	size_t cfi_bytes;
} sites[MAX_SITES];
static size_t n_sites;

__attribute__((format(printf, 1, 2), noreturn)) static void
refuse(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("jemalloc_tls: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

/* bytes of the file from `at` on; refuses what is not in it. */
static void *
in_file(uint64_t at, uint64_t bytes)
{
	if (at > file_bytes || bytes > file_bytes - at)
		refuse("the object is cut short");
	return file + at;
}

static void
load(const char *name)
{
	FILE *f = fopen(name, "rb");
	long n;

	if (!f || fseek(f, 0, SEEK_END) || (n = ftell(f)) < 0 || fseek(f, 0, SEEK_SET))
		refuse("'%s' cannot be read", name);
	file_bytes = (size_t)n;
	file = malloc(file_bytes + 1);
	if (!file || fread(file, 1, file_bytes, f) != file_bytes)
		refuse("'%s' cannot be read", name);
	(void)fclose(f); /* was only read */
	head = in_file(0, sizeof *head);
	if (memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 ||
	    head->e_ident[EI_CLASS] != ELFCLASS64 || head->e_machine != EM_X86_64 ||
	    head->e_type != ET_REL || head->e_shentsize != sizeof *sections)
		refuse("'%s' is no relocatable object for x86-64", name);
	sections = in_file(head->e_shoff, (uint64_t)head->e_shnum * sizeof *sections);
}

static const char *
section_name(unsigned i)
{
	const Elf64_Shdr *s = &sections[head->e_shstrndx];

	return (const char *)in_file(s->sh_offset, s->sh_size) + sections[i].sh_name;
}

static unsigned
section_find(const char *name)
{
	unsigned i;

	for (i = 1; i < head->e_shnum; i++)
		if (strcmp(section_name(i), name) == 0)
			return i;
	refuse("no section %s", name);
}

static Elf64_Sym *
find_symbols(void)
{
	Elf64_Sym *variable = NULL;
	unsigned i;
	size_t k;

	for (i = 1; i < head->e_shnum; i++)
		if (sections[i].sh_type == SHT_SYMTAB)
			break;
	if (i == head->e_shnum)
		refuse("no symbol table");
	symbols = in_file(sections[i].sh_offset, sections[i].sh_size);
	n_symbols = sections[i].sh_size / sizeof *symbols;
	i = sections[i].sh_link;
	names = in_file(sections[i].sh_offset, sections[i].sh_size);
	for (k = 0; k < n_symbols; k++) {
		if (ELF64_ST_TYPE(symbols[k].st_info) != STT_TLS)
			continue;
		if (variable || strcmp(names + symbols[k].st_name, VARIABLE) != 0)
			refuse("thread-local data other than %s: %s", VARIABLE,
			       names + symbols[k].st_name);
		variable = &symbols[k];
	}
	if (!variable || variable->st_shndx >= head->e_shnum || variable->st_value != 0 ||
	    strcmp(section_name(variable->st_shndx), ".tdata") != 0 ||
	    sections[variable->st_shndx].sh_size != variable->st_size)
		refuse("no %s that fills .tdata", VARIABLE);
	return variable;
}

/* ---- the places ---------------------------------------------------------- */

static void
note_site(unsigned section, Elf64_Rela *r)
{
	const Elf64_Shdr *s = &sections[section];
	const unsigned char *code = in_file(s->sh_offset, s->sh_size);
	struct site *site = &sites[n_sites];
	unsigned char rex, op, mod;

	if (r->r_offset < 3 || r->r_offset + 4 > s->sh_size || r->r_addend != -4)
		refuse("%s+0x%lx: no operand of an instruction", section_name(section),
		       (unsigned long)r->r_offset);
	/* REX.W, with or without R; 8b mov, 03 add; operand at rip + disp32 */
	rex = code[r->r_offset - 3], op = code[r->r_offset - 2],
	mod = code[r->r_offset - 1];
	if ((rex & 0xfb) != 0x48 || (op != 0x8b && op != 0x03) || (mod & 0xc7) != 0x05)
		refuse("%s+0x%lx: unknown form %02x %02x %02x", section_name(section),
		       (unsigned long)r->r_offset, rex, op, mod);
	if (n_sites++ == MAX_SITES)
		refuse("too many places");
	site->section = section;
	site->at = r->r_offset - 3;
	site->rela = r;
	site->is_add = op == 0x03;
	site->reg = registers[(mod >> 3 & 7) | (rex & 4) << 1];
	if (strcmp(site->reg, "rsp") == 0)
		refuse("%s+0x%lx: the stack pointer", section_name(section),
		       (unsigned long)site->at);
}

static void
find_sites(const Elf64_Sym *variable)
{
	unsigned i;
	size_t k;

	for (i = 1; i < head->e_shnum; i++) {
		const Elf64_Shdr *s = &sections[i];
		Elf64_Rela *r =
			s->sh_type == SHT_RELA ? in_file(s->sh_offset, s->sh_size) : NULL;

		for (k = 0; r && k < s->sh_size / sizeof *r; k++) {
			if (&symbols[ELF64_R_SYM(r[k].r_info)] != variable)
				continue;
			if (ELF64_R_TYPE(r[k].r_info) != R_X86_64_GOTTPOFF)
				refuse("relocation of type %lu to %s",
				       (unsigned long)ELF64_R_TYPE(r[k].r_info), VARIABLE);
			note_site(s->sh_info, &r[k]);
		}
		if (s->sh_type == SHT_REL || (r && s->sh_info == variable->st_shndx))
			refuse("relocations in %s", section_name(i));
	}
	if (!n_sites)
		refuse("nothing uses %s", VARIABLE);
}

/* ---- call frame information ---------------------------------------------- */

static uint64_t
leb(const unsigned char **p, const unsigned char *end)
{
	uint64_t value = 0;
	unsigned shift = 0;

	do {
		if (*p == end || shift > 56)
			refuse("call frame information is cut short");
		value |= (uint64_t)(**p & 0x7f) << shift;
		shift += 7;
	} while (*(*p)++ & 0x80);
	return value;
}

/* Go past the operands of an instruction that moves no location.  Source: DWARF 5,
 * table 7.29; 0x2e is DW_CFA_GNU_args_size. */
static void
skip_operands(unsigned char op, const unsigned char **p, const unsigned char *end)
{
	static const char n_operands[] = {
		[0x05] = 2, [0x06] = 1, [0x07] = 1, [0x08] = 1, [0x09] = 2,
		[0x0c] = 2, [0x0d] = 1, [0x0e] = 1, [0x2e] = 1,
	};
	int i;

	if (op >> 6 == 2) { /* DW_CFA_offset */
		(void)leb(p, end);
	} else if (op >> 6 == 3 || op == 0x00 || op == 0x0a || op == 0x0b) {
		return;
	} else if (op == 0x0f || op == 0x10) { /* an expression, in 0x10 of a register */
		uint64_t bytes;

		if (op == 0x10)
			(void)leb(p, end);
		bytes = leb(p, end);
		if (bytes > (uint64_t)(end - *p))
			refuse("call frame information is cut short");
		*p += bytes;
	} else if (op < sizeof n_operands && n_operands[op]) {
		for (i = 0; i < n_operands[op]; i++)
			(void)leb(p, end);
	} else {
		refuse("call frame instruction 0x%02x", op);
	}
}

/* What a function's instructions say up to a place, without the locations, without
 * what was remembered and restored since, and the last of several sizes of the frame. */
static void
copy_cfi(struct site *site, uint64_t function, const unsigned char *p,
	 const unsigned char *end)
{
	uint64_t at = function;
	size_t remembered[16], size_at = SIZE_MAX;
	unsigned depth = 0;

	while (p < end) {
		const unsigned char *start = p;
		unsigned char op = *p++;
		size_t bytes = op == 0x02 ? 1 : op == 0x03 ? 2 : op == 0x04 ? 4 : 0;

		if (op >> 6 == 1 || bytes) { /* DW_CFA_advance_loc and its kin */
			uint32_t by = op & 0x3f;

			if (bytes) {
				by = 0;
				memcpy(&by, p, bytes);
				p += bytes;
			}
			at += by;
			if (at > site->at)
				return;
			continue;
		}
		skip_operands(op, &p, end);
		if (!op)
			continue;
		if (op == 0x0a) { /* DW_CFA_remember_state */
			if (depth == sizeof remembered / sizeof remembered[0])
				refuse("call frame information is nested too deeply");
			remembered[depth++] = site->cfi_bytes;
			size_at = SIZE_MAX;
			continue;
		}
		if (op == 0x0b) { /* DW_CFA_restore_state */
			if (!depth)
				refuse("call frame information is damaged");
			site->cfi_bytes = remembered[--depth];
			size_at = SIZE_MAX;
			continue;
		}
		if (op != 0x0e) /* DW_CFA_def_cfa_offset */
			size_at = SIZE_MAX;
		else if (size_at != SIZE_MAX)
			site->cfi_bytes = size_at;
		else
			size_at = site->cfi_bytes;
		if (site->cfi_bytes + (size_t)(p - start) > sizeof site->cfi)
			refuse("call frame information is too long");
		memcpy(site->cfi + site->cfi_bytes, start, (size_t)(p - start));
		site->cfi_bytes += (size_t)(p - start);
	}
}

/* The one that GCC writes for C: what .cfi_startproc begins with. */
static void
check_cie(const unsigned char *cie, uint32_t bytes)
{
	/* version 1, "zR", code alignment 1, data alignment -8, return address in 16,
	 * one byte more: addresses are relative, of four bytes; then CFA = rsp + 8,
	 * return address at CFA - 8 */
	static const unsigned char wanted[] = {1,    'z',  'R',  0,    1,    0x78, 16, 1,
					       0x1b, 0x0c, 0x07, 0x08, 0x90, 1,    0,  0};

	if (bytes != 4 + sizeof wanted || memcmp(cie + 8, wanted, sizeof wanted) != 0)
		refuse("a function's call frame information has an unknown head");
}

/* Give each place of a function its part.  fde: the entry; bytes: of it, after the
 * length. */
static void
use_fde(const unsigned char *fde, uint32_t bytes, const Elf64_Rela *start)
{
	const Elf64_Sym *sym = &symbols[ELF64_R_SYM(start->r_info)];
	uint64_t from = sym->st_value + (uint64_t)start->r_addend;
	uint32_t back, range, cie_bytes;
	const unsigned char *cie, *p, *end = fde + 4 + bytes;
	size_t i, n;

	memcpy(&back, fde + 4, 4);
	memcpy(&range, fde + 12, 4);
	for (i = 0; i < n_sites; i++) {
		struct site *site = &sites[i];

		if (site->section != sym->st_shndx || site->at < from ||
		    site->at - from >= range)
			continue;
		cie = fde + 4 - back;
		memcpy(&cie_bytes, cie, 4);
		check_cie(cie, cie_bytes);
		p = fde + 16;
		n = leb(&p, end);
		p += n;
		if (n || site->cfi_bytes)
			refuse("unknown call frame information");
		copy_cfi(site, from, p, end);
		if (!site->cfi_bytes) { /* nothing yet: say so in one byte, a nop */
			site->cfi[0] = 0;
			site->cfi_bytes = 1;
		}
	}
}

static void
find_cfi(void)
{
	unsigned eh = section_find(".eh_frame"), rel = section_find(".rela.eh_frame");
	const unsigned char *frames = in_file(sections[eh].sh_offset, sections[eh].sh_size);
	const Elf64_Rela *r = in_file(sections[rel].sh_offset, sections[rel].sh_size);
	size_t n = sections[rel].sh_size / sizeof *r, k, i;
	uint64_t at = 0;

	while (at + 4 <= sections[eh].sh_size) {
		uint32_t bytes, id;

		memcpy(&bytes, frames + at, 4);
		if (!bytes) {
			at += 4;
			continue;
		}
		if (bytes < 16 || bytes > sections[eh].sh_size - at - 4)
			refuse(".eh_frame is damaged");
		memcpy(&id, frames + at + 4, 4);
		for (k = 0; id && k < n; k++) /* id 0: a common entry */
			if (r[k].r_offset == at + 8) {
				use_fde(frames + at, bytes, &r[k]);
				break;
			}
		at += 4 + (uint64_t)bytes;
	}
	for (i = 0; i < n_sites; i++)
		if (!sites[i].cfi_bytes)
			refuse("%s+0x%lx: no call frame information",
			       section_name(sites[i].section), (unsigned long)sites[i].at);
}

/* ---- the result ---------------------------------------------------------- */

static void
write_stubs(FILE *f, const Elf64_Sym *variable)
{
	const Elf64_Shdr *data = &sections[variable->st_shndx];
	const unsigned char *image = in_file(data->sh_offset, data->sh_size);
	size_t i, k;

	fputs("\t.text\n\t.balign 64\n"
	      "\t.globl gcprof_tsd_stubs\n\t.hidden gcprof_tsd_stubs, gcprof_tsd\n"
	      "gcprof_tsd_stubs:\n",
	      f);
	for (i = 0; i < n_sites; i++) {
		const struct site *s = &sites[i];

		fprintf(f, "\t.hidden gcprof_je_section%u\n", s->section);
		fprintf(f, "\t.org gcprof_tsd_stubs + %zu, 0xcc\n\t.cfi_startproc\n",
			i * STUB_BYTES);
		fputs("\t.cfi_escape ", f);
		for (k = 0; k < s->cfi_bytes; k++)
			fprintf(f, "%s%u", k ? "," : "", s->cfi[k]);
		if (s->is_add)
			fprintf(f,
				"\n\taddq gcprof_tsd@gottpoff(%%rip), %%%s\n"
				"\tmovq (%%%s), %%%s\n\taddq %%fs:0, %%%s\n",
				s->reg, s->reg, s->reg, s->reg);
		else
			fprintf(f,
				"\n\tmovq gcprof_tsd@gottpoff(%%rip), %%%s\n"
				"\tmovq %%fs:(%%%s), %%%s\n",
				s->reg, s->reg, s->reg);
		fprintf(f, "\tjmp gcprof_je_section%u + %lu\n\t.cfi_endproc\n",
			s->section, (unsigned long)s->at + 7);
	}
	fputs("\t.section .rodata\n\t.balign 64\n"
	      "\t.globl gcprof_tsd_image, gcprof_tsd_image_end\n"
	      "\t.hidden gcprof_tsd_image, gcprof_tsd_image_end\n"
	      "gcprof_tsd_image:\n",
	      f);
	for (k = 0; k < data->sh_size; k++)
		fprintf(f, "%s%u%s", k % 16 ? "," : "\t.byte ", image[k],
			k % 16 == 15 || k + 1 == data->sh_size ? "\n" : "");
	fputs("gcprof_tsd_image_end:\n\t.section .note.GNU-stack,\"\",@progbits\n", f);
}

static void
write_options(FILE *f)
{
	size_t i;
	unsigned last = 0;

	fputs("--redefine-sym " VARIABLE "=gcprof_tsd_stubs\n"
	      "--remove-section .tdata\n--remove-section .init_array\n",
	      f);
	for (i = 0; i < n_sites; i++) { /* in the order of sections */
		if (sites[i].section != last)
			fprintf(f, "--add-symbol gcprof_je_section%u=%s:0,global\n",
				sites[i].section, section_name(sites[i].section));
		last = sites[i].section;
	}
}

static void
patch(Elf64_Sym *variable)
{
	size_t i, number = (size_t)(variable - symbols);

	for (i = 0; i < n_sites; i++) {
		const struct site *s = &sites[i];
		unsigned char *code = file + sections[s->section].sh_offset + s->at;

		memcpy(code, "\xe9\0\0\0\0\x66\x90", 7);
		s->rela->r_offset = s->at + 1;
		s->rela->r_info = ELF64_R_INFO((uint64_t)number, R_X86_64_PC32);
		s->rela->r_addend = (Elf64_Sxword)(i * STUB_BYTES) - 4;
	}
	variable->st_info = ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE);
	variable->st_shndx = SHN_UNDEF;
	variable->st_size = 0;
}

static FILE *
create(const char *name)
{
	FILE *f = fopen(name, "wb");

	if (!f)
		refuse("'%s' cannot be written", name);
	return f;
}

static void
finish(FILE *f, const char *name)
{
	bool is_bad = ferror(f) != 0;

	if (fclose(f) || is_bad)
		refuse("'%s' cannot be written", name);
}

int
main(int argc, char **argv)
{
	Elf64_Sym *variable;
	FILE *f;

	if (argc != 4)
		refuse("OBJECT STUBS OPTIONS wanted");
	load(argv[1]);
	variable = find_symbols();
	find_sites(variable);
	find_cfi();
	f = create(argv[2]);
	write_stubs(f, variable);
	finish(f, argv[2]);
	f = create(argv[3]);
	write_options(f);
	finish(f, argv[3]);
	patch(variable);
	f = create(argv[1]);
	(void)fwrite(file, 1, file_bytes, f);
	finish(f, argv[1]);
	return 0;
}
