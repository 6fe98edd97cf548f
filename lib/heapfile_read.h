/* heapfile_read.h -- decoder of .heap files; trusts nothing.
 *
 * In:   the bytes of a file, from anywhere.
 * Out:  one call of a sink's function per record, in the order of section
 *       types (whatever their order in the file), every number inside its
 *       range and every reference to a record that exists; or one error that
 *       names section and byte.
 * Not here: what the records mean together (tools/model/heap.h).
 *
 * The decoder allocates nothing.  A sink may allocate for n_records when
 * begin() is called: by then n_records is known to be small enough for each
 * record to have its least number of bytes in the section.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_HEAPFILE_READ_H
#define GCPROF_HEAPFILE_READ_H

#include <stddef.h>
#include <stdint.h>

#include "heapfile.h"

enum hf_code {
	HF_OK = 0,
	HF_IO,        /* os_error says what */
	HF_NOT_HEAP,  /* no .heap file at all */
	HF_VERSION,   /* of another major version */
	HF_FEATURE,   /* needs what this reader does not know */
	HF_TRUNCATED, /* shorter than its header says */
	HF_CHECKSUM,  /* some byte has changed */
	HF_LAYOUT,    /* header or table break the validity rule */
	HF_RECORD,    /* a record breaks it */
	HF_MEMORY,    /* no memory here; the file may be right */
	HF_STOPPED,   /* the sink said stop */
};

struct hf_error {
	enum hf_code code;
	int os_error;     /* errno if code is HF_IO */
	uint64_t offset;  /* in the file */
	char section[24]; /* "header", "table", "SITES section", ... */
	char message[96];
};

struct hf_text {
	const char *bytes; /* into the file's bytes; not ended by NUL */
	size_t n;
};

struct hf_info {
	struct hf_text name;
	int is_text;
	uint64_t number;
	struct hf_text text;
};

struct hf_module {
	uint64_t start, bytes, bias;
	uint64_t load_epoch, unload_epoch; /* unload 0 = still loaded */
	struct hf_text build_id, path;
};

struct hf_site {
	uint32_t parent; /* smaller than this record's number */
	uint32_t flags;
	uint32_t module;
	uint64_t offset, allocations, allocated_bytes;
};

struct hf_thread {
	uint64_t tid, first_epoch;
	uint32_t flags;
	struct hf_text name;
};

struct hf_birth {
	uint64_t epoch;
	uint32_t thread, flags;
};

struct hf_epochs {
	uint64_t first_epoch, n_epochs, end_ns;
	uint64_t allocations, allocated_bytes, freed_bytes;
	uint64_t survived_bytes, promoted_bytes;
	uint64_t rss, heap_total, heap_used, external;
};

struct hf_block {
	uint64_t address;   /* a multiple of 16, above the block before */
	uint64_t requested; /* below HF_SIZE_LIMIT, as is usable */
	uint64_t usable;    /* at least requested */
	uint32_t site, birth, kind;
};

struct hf_mapping {
	uint64_t start, bytes;
	uint32_t site, birth, flags;
};

struct hf_bad_free {
	uint32_t kind;
	uint64_t count, address;
	uint32_t site, alloc_site;
};

struct hf_mark {
	uint64_t epoch, time_ns;
	struct hf_text label;
};

/* A block that holds edges; they follow. */
struct hf_holder {
	uint32_t block; /* its number in BLOCKS, as in all that follows */
	uint64_t n_edges;
};

struct hf_root {
	uint32_t kind;  /* enum heapfile_root */
	uint32_t owner; /* module or thread, as the kind has it; 0 = unknown */
	uint64_t address, bytes;
	uint64_t n_edges; /* they follow */
};

struct hf_edge {
	uint32_t target; /* block; never 0 */
	enum heapfile_inside hint;
	uint64_t word;   /* offset in the holder / 8 */
	uint64_t inside; /* offset in the target in bytes; 0 = its start */
};

#define HF_MAX_OBJECT_WORDS 4

struct hf_object_word {
	uint32_t block, module; /* never 0 */
	uint64_t word;          /* offset in the block / 8 */
	uint64_t offset;        /* virtual address in the module's file */
};

struct hf_content {
	uint32_t block;
	struct hf_text bytes; /* from the block's start */
};

struct hf_period {
	uint64_t end_ns, allocations, allocated_bytes, live_blocks, live_bytes;
};

enum { HF_MAX_PERIODS = 256, HF_MAX_AGES = 64 };

struct hf_book {
	uint32_t site, freed_at; /* freed_at 0 = unknown */
	uint64_t deaths, later, earlier, same, foreign;
	uint32_t n_ages, n_periods; /* n_periods: of the file */
	uint64_t ages[HF_MAX_AGES];
	struct hf_book_period {
		uint64_t born, born_bytes, died, died_bytes;
		uint64_t last_born; /* of born: died in the last period */
	} periods[HF_MAX_PERIODS];
	uint64_t last_later, last_earlier, last_same; /* in the last period */
};

struct hf_frame {
	uint32_t flags, module;
	uint64_t offset;    /* as in hf_site */
	uint64_t sp, bytes; /* up to the frame's end; 0 = unknown */
};

/* Where a thread was stopped: frames, innermost first. */
struct hf_stack {
	uint32_t thread; /* 0: one that never allocated, see tid and name */
	uint64_t tid;
	struct hf_text name;
	uint32_t flags, n_frames;
	struct hf_frame frames[HEAPFILE_MAX_FRAMES];
};

struct hf_grown {
	uint32_t site; /* never 0 */
	uint64_t count, bytes;
};

struct hf_estimate {
	uint32_t site;               /* never 0 */
	uint64_t allocations, bytes; /* in 1/256 */
};

/* All blocks of a site together, and which of them are old. */
struct hf_live {
	uint32_t site; /* never 0 */
	uint64_t blocks, bytes, old_blocks, old_bytes;
	uint64_t first_epoch; /* 0 = unknown */
};

/* What lived of a site at the peak. */
struct hf_peak {
	uint32_t site; /* never 0 */
	uint64_t blocks, bytes;
};

/* What blocks of a site hold nothing in, or the same as others. */
struct hf_waste {
	uint32_t site; /* never 0 */
	uint64_t zero_blocks, zero_bytes, tail_blocks, tail_bytes, untouched_bytes;
	uint64_t compared, distinct; /* distinct is at most as much */
	uint64_t copy_bytes;
};

#define HF_SIZE_LIMIT (1ull << 48)

/* What to do with each record.  A function that is NULL is not called; one
 * that returns non-zero ends the decoding with HF_STOPPED.  Records are
 * numbered by the order of the calls, from 1.  Pointers hold during the call,
 * texts as long as the file's bytes. */
struct hf_sink {
	void *arg;
	int (*begin)(void *arg, enum heapfile_type type, uint64_t n_records);
	int (*info)(void *arg, const struct hf_info *r);
	int (*module)(void *arg, const struct hf_module *r);
	int (*site)(void *arg, const struct hf_site *r);
	int (*thread)(void *arg, const struct hf_thread *r);
	int (*birth)(void *arg, const struct hf_birth *r);
	int (*epochs)(void *arg, const struct hf_epochs *r);
	int (*block)(void *arg, const struct hf_block *r);
	int (*mapping)(void *arg, const struct hf_mapping *r);
	int (*bad_free)(void *arg, const struct hf_bad_free *r);
	int (*mark)(void *arg, const struct hf_mark *r);
	int (*holder)(void *arg, const struct hf_holder *r);
	int (*root)(void *arg, const struct hf_root *r);
	int (*edge)(void *arg, const struct hf_edge *r); /* of the last holder or root */
	int (*object_word)(void *arg, const struct hf_object_word *r);
	int (*content)(void *arg, const struct hf_content *r);
	int (*period)(void *arg, const struct hf_period *r);
	int (*birth_period)(void *arg, uint32_t period); /* from 0 */
	int (*book)(void *arg, const struct hf_book *r);
	int (*stack)(void *arg, const struct hf_stack *r);
	int (*grown)(void *arg, const struct hf_grown *r);
	int (*estimate)(void *arg, const struct hf_estimate *r);
	int (*live)(void *arg, const struct hf_live *r);
	int (*before)(void *arg, const struct hf_text *r); /* a file's bytes, unchecked */
	int (*peak)(void *arg, const struct hf_peak *r);
	int (*waste)(void *arg, const struct hf_waste *r);
	/* Usable bytes of a block, by number from 1.  If it is NULL, offsets in
	 * blocks are not checked: the decoder remembers no block. */
	uint64_t (*usable)(void *arg, uint32_t block);
};

/* For fuzzers only: believe wrong checksums. */
#define HF_IGNORE_CHECKSUMS 1u

/* Read a whole file into memory.
 *
 * path       of a file or a pipe.
 * ret_bytes  for free(3); untouched on failure, as is ret_n.
 * Returns    0, or -1 with *error filled in.  The header has been checked, so
 *            that no large thing is read which is no .heap file.
 * Cost       memory for at most twice what the file really has.
 */
int hf_read_file(const char *path, uint8_t **ret_bytes, size_t *ret_n,
		 struct hf_error *error);

/* Decode a file's bytes.
 *
 * options  0 or HF_IGNORE_CHECKSUMS.
 * Returns  0, or -1 with *error filled in; the sink may have seen records by
 *          then, and they mean nothing.
 */
int hf_decode(const uint8_t *bytes, size_t n, unsigned options,
	      const struct hf_sink *sink, struct hf_error *error);

/* Say in one line, without the file's name and a line's end, what was wrong.
 *
 * Returns  buf.
 */
const char *hf_error_format(const struct hf_error *error, char *buf, size_t n);

/* "SITES" and the like; NULL for a type that this reader does not know. */
const char *hf_section_name(uint32_t type);

#endif
