/* name_source.h -- what can name a place in code: DWARF, ELF symbols, and what may come.
 *
 * In:   a module of a snapshot, or the code that is in no module.
 * Out:  struct name_source, a row of functions; struct name_answer, which they complete.
 * Not here: the list of sources, and the cache of answers (symbolize.c).
 *
 * The sources are asked in order for the same answer.  A source fills in what those
 * before it left open and never changes what they found, except where a field says so:
 * DWARF knows the inlined calls with file and line, but of some functions only a short
 * name, which the symbol table then completes.
 *
 * Each source is opened once for each module, and once for module 0: code that is in no
 * file, as a compiler at run time makes it.  For that a place has its absolute address,
 * and the epoch in which the code was running, as other code may stand there later.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_NAME_SOURCE_H
#define GCPROF_NAME_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/heap.h"
#include "names/symbol_options.h"

/* BOUND  inlined calls out of one address; deeper ones are dropped. */
enum { NAME_MAX_FRAMES = 65 };

#define NAME_EPOCH_UNKNOWN UINT64_MAX

struct module_file; /* module_files.h */

/* A place in code. */
struct name_place {
	uint32_t module;  /* number in the heap; 0 = in none */
	uint64_t address; /* in the module's file; of module 0, in the process */
	uint64_t epoch; /* in which it was called; NAME_EPOCH_UNKNOWN if that is not known.
	                     Only module 0 depends on it. */
};

/* What a function gives back, as far as it tells a stand-in for malloc. */
enum name_returns {
	NAME_RETURNS_UNKNOWN,
	NAME_RETURNS_MEMORY,  /* void * */
	NAME_RETURNS_POINTER, /* another one */
	NAME_RETURNS_OTHER,
};

/* One call. */
struct name_frame {
	const char *symbol; /* mangled, if the source has it so; lives as long as what
			       open() returned.  NULL = open */
	bool is_short;      /* symbol is without scopes and arguments: a mangled name that
			       another source knows takes its place */
	char *file;         /* for free(3); NULL = open */
	unsigned line;      /* 0 = unknown */
	bool is_inlined;    /* into the frame after it */
	enum name_returns returns;
};

/* The calls at one place, innermost first; frames from n on are all 0. */
struct name_answer {
	struct name_frame frames[NAME_MAX_FRAMES];
	unsigned n;
};

/* A symbol of data, or of thread-local data, whose start is an offset then. */
struct name_datum {
	const char *symbol; /* not demangled; lives as long as what open() returned */
	uint64_t start, bytes;
	bool is_tls, is_global;
};

/* Bytes of a function's frame; distances are from its canonical frame address. */
struct name_slot {
	uint64_t address;    /* of the instruction that it is at, or was called by */
	int64_t first, last; /* the bytes */
	int64_t frame_bytes; /* down to the stack pointer */
};

/* The local variable that has them. */
struct name_local {
	char name[128];     /* "jobs", "server.clients" */
	uint64_t offset;    /* of the slot in it */
	bool is_pointer;    /* it leads to what it has, and is not that itself */
	unsigned n_inlined; /* inlined calls around it: 0 = the function's own */
};

typedef void name_datum_call(void *arg, const struct name_datum *datum);

/* What a source is opened for; all of it outlives what open() returns. */
struct name_input {
	const struct heap *heap;
	const struct symbols_options *options;
	uint32_t module;          /* 0 = code that is in no module */
	struct module_file *file; /* NULL = no file of the module is at hand */
};

struct name_source {
	const char *name; /* as in "DWARF" */

	/* Begin with a module.  Returns what the others get as `opened`; NULL if the
	 * source has nothing for it, or there is no memory. */
	void *(*open)(const struct name_input *in);

	/* Complete the answer for a place: nothing to do if others named all of it. */
	void (*find)(void *opened, const struct name_place *place,
		     struct name_answer *answer);

	/* The variable at an address, and the function whose own it is (NULL: of none).
	 * Returns false if it is not known.  NULL: this source knows no variables. */
	bool (*find_variable)(void *opened, uint64_t address, const char **ret_name,
			      const char **ret_function);

	/* What is at the bytes from first to last of the variable that starts at an address:
	 * ".clients.head", "[3].name"; no further than the member that has both.  Returns false
	 * if nothing is known of the variable.  NULL: this source knows no members. */
	bool (*put_member)(void *opened, uint64_t address, bool is_tls, uint64_t first,
			   uint64_t last, char *buf, size_t n);

	/* The local variable, or argument, that has a slot.  Returns false if it is not known.
	 * NULL: this source knows none. */
	bool (*find_local)(void *opened, const struct name_slot *slot,
			   struct name_local *ret);

	/* Call for each symbol of data, in any order.  NULL: this source knows none. */
	void (*each_datum)(void *opened, name_datum_call *call, void *arg);

	void (*close)(void *opened);
};

extern const struct name_source dwarf_names; /* dwarf_names.c */
extern const struct name_source elf_symbols; /* elf_symbols.c */

/* Is it a linker's name of C++, Rust or D?  Those before demangling say more than a
 * function's own name. */
bool name_is_mangled(const char *name);

#endif
