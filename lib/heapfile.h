/* heapfile.h -- the bytes of a .heap file, for its writer and its readers.
 *
 * In/Out: nothing; constants and structs only.  The words and the validity
 * rule are in gcprof-heap(5), which is normative; this header only gives the
 * same facts to the compiler.
 * Not here: the writer (heapfile_write.h), the reader (heapfile_read.h).
 *
 * Shape of a file:
 *
 *     header (64 bytes) | section | section | ... | section table
 *
 * Every byte is covered by a CRC-32 (the one of zlib and IEEE 802.3):
 * the header by its own, the table by one in the header, each section by one
 * in its table entry.  Sections follow one another without gaps.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_HEAPFILE_H
#define GCPROF_HEAPFILE_H

#include <stddef.h>
#include <stdint.h>

/* First byte outside ASCII and a CR-LF pair inside, so that a file that went
 * through a text-mode transfer is recognised as damaged. */
#define HEAPFILE_MAGIC "\x89GCP\r\n\x1a\n"
#define HEAPFILE_MAGIC_BYTES 8

enum {
	HEAPFILE_MAJOR = 1, /* another major: a reader must refuse */
	HEAPFILE_MINOR = 5, /* a higher minor: only additions */
	HEAPFILE_LITTLE_ENDIAN = 1,
	HEAPFILE_MAX_SECTIONS = 64,
	HEAPFILE_MAX_FRAMES = 256, /* of a thread */
};

/* All integers little-endian. */
struct heapfile_header {
	uint8_t magic[HEAPFILE_MAGIC_BYTES];
	uint16_t major;
	uint16_t minor;
	uint16_t header_bytes;      /* 64 */
	uint8_t byte_order;         /* HEAPFILE_LITTLE_ENDIAN */
	uint8_t pointer_bytes;      /* 8 */
	uint32_t required_features; /* bits a reader must know; 0 today */
	uint32_t optional_features; /* bits a reader may ignore; 0 today */
	uint64_t file_bytes;        /* whole file, header and table included */
	uint64_t table_offset;      /* of struct heapfile_section[n_sections] */
	uint32_t n_sections;        /* at most HEAPFILE_MAX_SECTIONS */
	uint32_t entry_bytes;       /* 40 */
	uint32_t table_crc;         /* of the table's bytes */
	uint32_t reserved[2];       /* 0 */
	uint32_t header_crc;        /* of bytes 0..59 */
};

struct heapfile_section {
	uint32_t type;   /* enum heapfile_type */
	uint32_t flags;  /* HEAPFILE_SECTION_REQUIRED or 0 */
	uint64_t offset; /* from the start of the file */
	uint64_t bytes;
	uint64_t n_records;
	uint32_t crc;      /* of the section's bytes */
	uint32_t reserved; /* 0 */
};

_Static_assert(sizeof(struct heapfile_header) == 64, "header is 64 bytes");
_Static_assert(offsetof(struct heapfile_header, file_bytes) == 24, "file_bytes at 24");
_Static_assert(offsetof(struct heapfile_header, header_crc) == 60, "header_crc at 60");
_Static_assert(sizeof(struct heapfile_section) == 40, "table entry is 40 bytes");

/* A reader that does not know a section's type skips it, unless this is set. */
#define HEAPFILE_SECTION_REQUIRED 1u

/* Inside sections: `varint` is unsigned LEB128 (7 bits a byte, low first, at
 * most 10 bytes); `zigzag` is a varint of (v << 1) ^ (v >> 63); `text` is a
 * varint count of bytes and then these bytes, no NUL at the end, any byte
 * allowed inside. */
enum heapfile_type {
	/* Facts about the process and the snapshot, by name.
	 * Record: u8 kind (HEAPFILE_INFO_*), u8 name_bytes, name, then varint
	 * (number) or text.  Unknown names are ignored.  Names: see below. */
	HEAPFILE_INFO = 1,

	/* Modules, numbered from 1 in file order.  One module that was unloaded
	 * and another that took its place are two records.
	 * Record: varint start, varint bytes (mapped address range), varint bias
	 * (run-time address = file's virtual address + bias), varint load_epoch,
	 * varint unload_epoch (0 = still loaded), text build_id (raw bytes, may
	 * be empty), text path. */
	HEAPFILE_MODULES = 2,

	/* The calling-context tree, nodes numbered from 1 in file order; a node's
	 * parent has a smaller number; parent 0 = the stack is complete.
	 * Record: varint (number - parent; number itself if parent is 0), varint
	 * flags (HEAPFILE_SITE_*), varint module (0 = in none), varint offset,
	 * varint allocations, varint allocated_bytes (requested bytes; both count
	 * allocations at exactly this node since the start of the process).
	 * offset: virtual address in the module's file; a run-time address if
	 * module is 0; one of HEAPFILE_SPECIAL_* if HEAPFILE_SITE_SPECIAL.
	 * Unless HEAPFILE_SITE_EXACT it is a return address: the call is in the
	 * byte before it. */
	HEAPFILE_SITES = 3,

	/* Threads that allocated, numbered from 1 in file order.
	 * Record: varint tid, varint first_epoch, varint flags
	 * (HEAPFILE_THREAD_*), text name. */
	HEAPFILE_THREADS = 4,

	/* Who was born together: one record per thread and epoch in which it
	 * allocated something that lives, numbered from 1 in file order.
	 * Record: zigzag (epoch - epoch of the record before, 0 before the
	 * first), varint thread (0 = unknown), varint flags (HEAPFILE_BIRTH_*).*/
	HEAPFILE_BIRTHS = 5,

	/* The timeline, oldest first; records get wider as they age.
	 * Record: varint first_epoch, varint n_epochs (>= 1), varint end_ns
	 * (since the start of the process), varint allocations, varint
	 * allocated_bytes, varint freed_bytes, varint survived_bytes (born in
	 * these epochs and alive at the end of their birth epoch), varint
	 * promoted_bytes (became old at the end of these epochs), then as they
	 * stood at end_ns: varint rss, varint heap_total, varint heap_used,
	 * varint external.  The last record may be of the running epoch. */
	HEAPFILE_EPOCHS = 6,

	/* Live blocks, by rising address.
	 * Record: varint gap ((address - end of the block before) / 16, where the
	 * end is address + usable bytes rounded up to 16, and 0 before the
	 * first), varint site (0 = unknown), varint birth (0 = unknown), varint
	 * (requested_bytes << 3 | kind), varint (usable - requested bytes).
	 * All addresses are multiples of 16. */
	HEAPFILE_BLOCKS = 7,

	/* Memory the program mapped itself, by rising address.
	 * Record: varint gap (start - end of the mapping before, 0 before the
	 * first), varint bytes, varint site, varint birth, varint flags
	 * (HEAPFILE_MAPPING_*). */
	HEAPFILE_MAPPINGS = 8,

	/* Calls of free and its like that were wrong, summed by place and kind.
	 * Record: varint kind (HEAPFILE_BAD_*), varint count, varint address (of
	 * the first), varint site of the free, varint site of the allocation (0
	 * = unknown). */
	HEAPFILE_BAD_FREES = 9,

	/* What gcprof_mark() noted.  Record: varint epoch, varint time_ns (since
	 * the start of the process), text label. */
	HEAPFILE_MARKS = 10,

	/* The graph.  Blocks are named by their ordinal in HEAPFILE_BLOCKS, from
	 * 1.  An edge is an aligned word that points to the start of a live block
	 * or into it:
	 *
	 *     varint v: bit 0: it points inside; bit 1: a skip follows; the rest
	 *         is zigzag (ordinal of the target - ordinal before), where the
	 *         ordinal before is that of the previous edge's target in this
	 *         record, at first of the holder (0 for a root);
	 *     varint skip, if bit 1: words passed over since the previous edge's
	 *         word (since the start of the holder for the first edge); 0
	 *         without bit 1;
	 *     varint inside, if bit 0: offset in the target in bytes << 2 |
	 *         HEAPFILE_INSIDE_*.
	 *
	 * Record: one per block that holds an edge: varint gap (ordinal - ordinal
	 * of the record before, at least 1; 0 before the first), varint n_edges
	 * (at least 1), edges. */
	HEAPFILE_EDGES = 11,

	/* Where the program's own variables are.  Its presence says that the
	 * reachability of blocks can be computed from this file.
	 * Record: varint kind (HEAPFILE_ROOT_*), varint owner (module for GLOBAL;
	 * thread for STACK, REGISTERS, TLS, KEY, ALT_STACK; else 0), varint
	 * address, varint bytes, varint n_edges (may be 0), edges. */
	HEAPFILE_ROOTS = 12,

	/* Words in blocks that point into a loaded object: at code, or at a
	 * vtable (read-only data, or data made read-only after relocation).  At
	 * most the first four of a block.
	 * Record: varint gap as in HEAPFILE_EDGES, varint n (1 to 4), then n
	 * times: varint word (offset in the block / 8), varint module, varint
	 * offset (virtual address in the module's file). */
	HEAPFILE_OBJECT_WORDS = 13,

	/* What stands in some blocks, if GCPROF_CONTENT asked for it: the first
	 * bytes of at least one block of each site.
	 * Record: varint gap as in HEAPFILE_EDGES, text bytes. */
	HEAPFILE_CONTENTS = 14,

	/* From here on: since version 1.1.  The life of the process so far, cut
	 * into periods of equal volume: bytes allocated, each block weighing 64
	 * more.  Oldest first; the last may be a shorter one.
	 * Record: varint end_ns (since the start of the process), then as they
	 * stood at the period's end: varint allocations, varint allocated_bytes,
	 * varint live_blocks, varint live_bytes. */
	HEAPFILE_PERIODS = 15,

	/* When the blocks of each birth were born; one record for each of
	 * HEAPFILE_BIRTHS, in its order.  Record: varint period (from 0). */
	HEAPFILE_BIRTH_PERIODS = 16,

	/* Deaths of survivors: blocks that did not die in the period and epoch of
	 * their birth by the hand of the thread that allocated them.  Sites
	 * without a record had hardly any.
	 * Record: varint site, varint freed_at (site of one free of such blocks,
	 * 0 = unknown), varint deaths; how many were, compared with the death
	 * before, of blocks born: varint later, varint earlier, varint at about
	 * the same time; varint foreign (freed by another thread); varint n_ages,
	 * then n_ages times varint deaths (at an age of less than 2^i units of
	 * 8 KiB of volume, and not less than 2^(i-1)); then for each period:
	 * varint born, varint born_bytes, varint died, varint died_bytes.  Then of
	 * these what belongs to deaths in the last period: varint later, varint
	 * earlier, varint same, and for each period varint born. */
	HEAPFILE_BOOKS = 17,

	/* From here on: since version 1.2.  The frames of each thread that was
	 * stopped, innermost first.
	 * Record: varint thread (0 = one that never allocated), varint tid, text
	 * name (empty if THREADS has it), varint flags (HEAPFILE_FRAMES_*), varint
	 * n_frames (at most HEAPFILE_MAX_FRAMES), then n_frames times: varint
	 * flags (HEAPFILE_FRAME_*), varint module (0 = in none), varint offset (as
	 * in HEAPFILE_SITES), zigzag (stack pointer - end of the frame before, 0
	 * before the first), varint bytes (up to the frame's end, its canonical
	 * frame address; 0 = unknown). */
	HEAPFILE_FRAMES = 18,

	/* Survivors, and blocks of 64 KiB and more, that realloc made larger, by
	 * the site that they are of then; sites without a record had hardly any.
	 * Record: varint site, varint count, varint bytes (that were added). */
	HEAPFILE_GROWN = 19,

	/* What the sampled allocations of each site stand for, each weighted by
	 * itself; only where stacks were sampled, and of sites that have some.
	 * Record: varint site, varint allocations, varint bytes (both in 1/256). */
	HEAPFILE_ESTIMATES = 20,
	/* Instead of BLOCKS, in what a viewer shows: the live blocks of each site that
	 * has some.
	 * Record: varint site, varint blocks, varint bytes, varint old_blocks, varint
	 * old_bytes (of these in the old cohort), varint first_epoch (birth of the oldest
	 * of them; 0 = unknown). */
	HEAPFILE_LIVE = 21,

	/* Since version 1.3, and only in snapshots at exit: the heap as it was before the
	 * program began to free most of it at its end.
	 * Record: the bytes of a whole file of this format, up to the section's end; there
	 * is one.  It is of the same process, with reason "peak"; sites and
	 * threads have the numbers that they have in the outer file, which has at least as
	 * many.  A section BEFORE inside of it is ignored. */
	HEAPFILE_BEFORE = 22,

	/* Since version 1.4: the live blocks of each site as they were near the peak, if that
	 * was before the snapshot; where stacks were sampled, what they stand for.
	 * Record: varint site, varint blocks, varint bytes. */
	HEAPFILE_PEAK = 23,

	/* Since version 1.5: what live blocks take and hold nothing in, or the same as others;
	 * of sites that have such.  In requested bytes, each counted once.
	 * Record: varint site, varint zero_blocks, varint zero_bytes (blocks with no other byte
	 * than zero), varint tail_blocks, varint tail_bytes (zeros at the end of other blocks,
	 * if these have 64 bytes or more), varint untouched_bytes (in pages that are not there),
	 * varint compared_blocks, varint distinct (contents of these), varint copy_bytes (of
	 * all but one block of each content, without zeros at the end). */
	HEAPFILE_WASTE = 24,
};

enum heapfile_root {
	HEAPFILE_ROOT_GLOBAL = 1,    /* writable data and bss of a module */
	HEAPFILE_ROOT_STACK = 2,     /* of a thread, from its stack pointer */
	HEAPFILE_ROOT_REGISTERS = 3, /* of a thread */
	HEAPFILE_ROOT_TLS = 4, /* static thread-local storage, and the thread's descriptor */
	HEAPFILE_ROOT_KEY = 5,     /* pthread_setspecific values kept in the descriptor */
	HEAPFILE_ROOT_MAPPING = 6, /* memory that the program mapped itself */
	HEAPFILE_ROOT_ALT_STACK = 7,  /* sigaltstack in use */
	HEAPFILE_ROOT_REGISTERED = 8, /* __lsan_register_root_region */
	HEAPFILE_ROOT_OTHER =
		9, /* writable memory of nobody known: the break, what the loader mapped */
};

/* Of an edge that points inside: what memcheck's heuristics (its option
 * --leak-check-heuristics) would make of it. */
enum heapfile_inside {
	HEAPFILE_INSIDE_PLAIN = 0,
	HEAPFILE_INSIDE_STRING =
		1, /* std::string's characters behind length, capacity, count */
	HEAPFILE_INSIDE_ARRAY = 2, /* first element behind the length word of new[] */
	HEAPFILE_INSIDE_INHERITANCE = 3, /* second base class: vtables here and at the start */
};

enum { HEAPFILE_INFO_NUMBER = 1, HEAPFILE_INFO_TEXT = 2 };

/* Names in HEAPFILE_INFO.  Times in ns, sizes in bytes.
 *   numbers: pid ppid snapshot_number start_time_ns snapshot_time_ns (both
 *     since 1970) uptime_ns epoch young_bytes promote sample_bytes page_bytes
 *     complete (1 = nothing was lost) rss heap_total heap_used external
 *     total_memory free_memory profiler_bytes rss_file heap_resident live_resident
 *     external_resident (parts of rss; absent if they could not be measured) allocations
 *     allocated_bytes
 *     frees freed_bytes live_blocks live_bytes
 *     writer_bytes (resident memory that writing took, in the child or in
 *     place) cut_pause_ns (threads stopped) cut_threads cut_unanswered cut_in_place
 *     (1 = no child could be made) unread_bytes (memory of the
 *     program that the writer could not look at for pointers) leak_check_off (1 = the program wants
 *     no leak check at its end) foreign_frees (blocks of the C library's own heap that
 *     the program gave to our free or realloc; absent: none) left_behind_epoch (a fork left
 *     threads, or memory, behind: blocks born up to this epoch may have been held by a
 *     register of theirs, or from there; absent: none) unbooked (deaths of survivors for which
 *     there was no room in BOOKS) period_bytes (volume of a period) peak_blocks peak_bytes
 *     peak_ns (since the start of the process) peak_epoch (of PEAK) waste_one_in (one
 *     in so many contents was counted for WASTE: more than 1, and `distinct` and `copy_bytes` are
 *     estimates; absent: nothing was measured)
 *     loss.NAME for each kind of loss that happened (a count)
 *   texts: command (arguments, each ended by NUL) executable cwd
 *     program (what was executed, without directories: a link's name, a script's) reason
 *     (exit, signal, api, interval, growth, limit, watch, live, fatal SIG...) allocator (jemalloc,
 *     system) version (of the library) machine (x86_64)
 *     default_suppressions (what __lsan_default_suppressions gave) */

#define HEAPFILE_SITE_SPECIAL 1u /* no address: see HEAPFILE_SPECIAL_* */
#define HEAPFILE_SITE_EXACT 2u   /* offset is the instruction itself */

enum heapfile_special {
	HEAPFILE_SPECIAL_UNSAMPLED = 1, /* stack not taken: sampling */
	HEAPFILE_SPECIAL_NESTED =
		2, /* stack not taken: gcprof was at work in the thread, and a signal handler or libc on its behalf allocated */
	HEAPFILE_SPECIAL_CUT =
		3, /* outermost frame: the stack goes on beyond the most frames that are kept */
	HEAPFILE_SPECIAL_BROKEN =
		4, /* outermost frame: the stack could not be followed further */
	HEAPFILE_SPECIAL_FULL = 5, /* stack not kept: no memory for another site */
	HEAPFILE_SPECIAL_EARLY = 6, /* stack not taken: before the process was ready for it */
};

#define HEAPFILE_THREAD_ALIVE 1u
#define HEAPFILE_THREAD_MAIN 2u
#define HEAPFILE_THREAD_UNANSWERED                                                       \
	4u /* was not stopped in time: its whole stack counts as a root */

#define HEAPFILE_FRAMES_COMPLETE 1u /* the last frame is the outermost one */

#define HEAPFILE_FRAME_EXACT 1u  /* offset is the instruction itself */
#define HEAPFILE_FRAME_SIGNAL 2u /* made by the kernel: its caller was interrupted */
#define HEAPFILE_FRAME_GAP                                                               \
	4u /* others between the one before and this one are left out */

#define HEAPFILE_BIRTH_PROMOTED_EARLY                                                    \
	1u /* its survivors took over 25 % of the semispace: old after one epoch */

enum heapfile_kind {
	HEAPFILE_KIND_MALLOC = 0,
	HEAPFILE_KIND_CALLOC = 1,
	HEAPFILE_KIND_REALLOC = 2, /* realloc and reallocarray */
	HEAPFILE_KIND_ALIGNED =
		3, /* posix_memalign, aligned_alloc, memalign, valloc, pvalloc */
	HEAPFILE_KIND_NEW = 4,
	HEAPFILE_KIND_NEW_ARRAY = 5,
	HEAPFILE_KIND_MALLOCX = 6, /* mallocx, rallocx */
	HEAPFILE_KIND_IGNORED =
		7, /* any, but not to be reported: __lsan_disable, __lsan_ignore_object */
};

#define HEAPFILE_MAPPING_READ 1u
#define HEAPFILE_MAPPING_WRITE 2u
#define HEAPFILE_MAPPING_EXEC 4u
#define HEAPFILE_MAPPING_SHARED 8u
#define HEAPFILE_MAPPING_FILE 16u /* a file's bytes, not anonymous */

enum heapfile_bad {
	HEAPFILE_BAD_DOUBLE = 1,   /* a block started here and was freed before */
	HEAPFILE_BAD_INVALID = 2,  /* no block ever started here */
	HEAPFILE_BAD_MISMATCH = 3, /* new freed by free and the like */
};

#endif
