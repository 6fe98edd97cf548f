/* heap.h -- a snapshot as a model: process, sites, blocks and their ages.
 *
 * In:   the bytes of a .heap file (lib/heapfile_read.h decodes them).
 * Out:  tables indexed by the file's numbers, the calling-context tree without
 *       duplicates, and sums per site and per birth epoch.
 * Not here: names of functions (symbolize.h), what is worth showing (report.h).
 *
 * Tables are read-only after heap_load().  Entry 0 of modules, nodes, threads
 * and births stands for "none" or "unknown"; real ones start at 1.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_HEAP_H
#define GCPROF_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heapfile_read.h"
#include "model/edges.h"

/* Bytes as they stood in the file; a NUL is added at the end, more may be
 * inside. */
struct heap_text {
	char *bytes; /* never NULL after heap_load() */
	size_t n;
};

/* Numbers of the INFO section; 0 if the file does not have them. */
struct heap_info {
	uint64_t pid, ppid, snapshot_number, start_time_ns, snapshot_time_ns, uptime_ns;
	uint64_t epoch, young_bytes, promote, sample_bytes, page_bytes, complete;
	uint64_t rss, heap_total, heap_used, external, total_memory, free_memory;
	/* Parts of rss, if heap_resident is not 0: heap_rss_parts(). */
	uint64_t rss_file, heap_resident, live_resident, external_resident;
	uint64_t profiler_bytes, allocations, allocated_bytes, frees, freed_bytes;
	uint64_t live_blocks, live_bytes;
	uint64_t cut_pause_ns, cut_threads, cut_unanswered, cut_in_place;
	uint64_t unbooked, period_bytes, leak_check_off, unread_bytes, foreign_frees;
	uint64_t left_behind_epoch; /* 0 = no thread or memory was left behind */
	uint64_t peak_blocks, peak_bytes, peak_ns, peak_epoch; /* of heap.peak */
	uint64_t waste_one_in;                                 /* of heap.waste */
	struct heap_text command, executable, program, cwd, reason, allocator, version,
		machine;
	struct heap_text default_suppressions; /* of __lsan_default_suppressions() */
};

struct heap_loss {
	struct heap_text name; /* without "loss." */
	uint64_t count;
};

struct heap_module {
	uint64_t start, bytes, bias;
	uint64_t load_epoch, unload_epoch;
	struct heap_text build_id, path;
};

/* A node of the calling-context tree.
 * INVARIANT  tree: parent < own index, and no two nodes have the same
 * (parent, module, offset, flags). */
struct heap_node {
	uint32_t parent; /* 0: the stack is complete, or ends in a special node */
	uint32_t module; /* 0: in none */
	uint32_t flags;  /* HEAPFILE_SITE_* */
	uint64_t offset;
	uint64_t allocations, allocated_bytes; /* at exactly this node */
};

struct heap_thread {
	uint64_t tid, first_epoch;
	uint32_t flags;
	struct heap_text name;
};

/* INVARIANT  birth: age and epoch_index follow from epoch; both cohorts'
 * rule is applied once, here, and not per block. */
struct heap_birth {
	uint64_t epoch;
	uint64_t age;         /* epochs up to the snapshot's */
	uint32_t thread;      /* 0 = unknown */
	uint32_t epoch_index; /* into heap.birth_epochs */
	uint32_t period;      /* into heap.periods, if there are any */
	bool is_known;        /* false only for entry 0 */
	bool is_old;
};

/* A live block in 24 bytes: there may be ten millions of them. */
struct heap_block {
	uint64_t address_kind;    /* address, a multiple of 16, | enum heapfile_kind */
	uint64_t requested_slack; /* requested | min(slack, HEAP_SLACK_MAX) << 48 */
	uint32_t site, birth;
};

#define HEAP_SLACK_MAX 0xffffu

struct heap_mapping {
	uint64_t start, bytes;
	uint32_t site, birth, flags;
};

struct heap_bad_free {
	uint64_t count, address;
	uint32_t kind, site, alloc_site;
};

struct heap_mark {
	uint64_t epoch, time_ns;
	struct heap_text label;
};

/* Where variables of the program are; its edges are those from first_edge. */
struct heap_root {
	uint32_t kind;  /* enum heapfile_root */
	uint32_t owner; /* module or thread, 0 = unknown */
	uint64_t address, bytes;
	uint64_t first_edge, n_edges;
};

/* What stands at the start of a block. */
struct heap_content {
	uint32_t block;
	struct heap_text bytes;
};

/* A word of a block that points into a module: which one, and where to.  Blocks
 * of one type have the same, so there are few of these. */
struct heap_object {
	uint64_t word;   /* offset in the block / 8 */
	uint64_t offset; /* virtual address in the module's file */
	uint32_t module;
};

struct heap_object_word {
	uint32_t block;
	uint32_t object; /* index in heap.objects */
};

struct heap_count {
	uint64_t blocks, bytes;
};

/* Deaths of survivors of one site: gcprof-heap(5), BOOKS. */
struct heap_book {
	uint64_t deaths, later, earlier, same, foreign;
	uint64_t *ages; /* heap.n_ages of them */
	struct heap_book_period {
		struct heap_count born, died;
		uint64_t last_born; /* of born: died in the last period */
	} * periods;                /* heap.n_periods of them */
	uint64_t last_later, last_earlier, last_same; /* in the last period */
	uint32_t freed_at;                            /* node, 0 = unknown */
};

/* What a node's sampled allocations stand for: gcprof-heap(5), ESTIMATES. */
struct heap_estimate {
	double allocations, bytes;
};

/* A thread as it was stopped: gcprof-heap(5), FRAMES. */
struct heap_frame {
	uint64_t sp, bytes;     /* the frame's memory; bytes 0 = unknown */
	uint64_t offset;        /* as in heap_node */
	uint32_t module, flags; /* HEAPFILE_FRAME_* */
};
struct heap_stack {
	uint32_t thread; /* 0: one that never allocated */
	uint64_t tid;
	struct heap_text name; /* of such a one */
	bool is_complete;
	struct heap_frame *frames; /* innermost first */
	uint32_t n_frames;
};

/* All that lives of one birth epoch. */
struct heap_birth_epoch {
	uint64_t epoch;
	struct heap_count live;
};

/* What lives of a site, where the file has no blocks: gcprof-heap(5), LIVE. */
struct heap_live {
	struct heap_count all, old;
	uint64_t first_epoch; /* birth of the oldest; 0 = unknown */
};

/* What blocks hold nothing in, or the same as others, in requested bytes, each counted
 * once: gcprof-heap(5), WASTE. */
struct heap_waste {
	struct heap_count zero; /* blocks with no other byte */
	struct heap_count tail; /* zeros at the end of others */
	uint64_t untouched_bytes; /* in pages that nobody has written to; they take no memory */
	uint64_t compared, distinct;
	uint64_t copy_bytes;
};

struct heap {
	struct heap_info info;
	bool is_complete;
	struct heap_loss *losses;
	size_t n_losses;
	/* Highest index in use; entry 0 is there always. */
	struct heap_module *modules;
	uint32_t n_modules;
	struct heap_node *nodes;
	uint32_t n_nodes;
	uint32_t n_sites; /* nodes at which something was allocated */
	struct heap_thread *threads;
	uint32_t n_threads;
	struct heap_birth *births;
	uint32_t n_births;
	/* Counted from 0. */
	struct heap_birth_epoch *birth_epochs; /* by rising epoch, no two alike */
	uint32_t n_birth_epochs;
	struct hf_epochs *epochs;
	size_t n_epochs;
	struct heap_block *blocks; /* by rising address */
	uint32_t n_blocks;
	struct heap_mapping *mappings;
	size_t n_mappings;
	struct heap_bad_free *bad_frees;
	size_t n_bad_frees;
	struct heap_mark *marks;
	size_t n_marks;
	bool has_roots; /* reachability can be computed */
	struct heap_root *roots;
	size_t n_roots;
	struct edges edges;
	struct heap_content *contents; /* by rising block */
	size_t n_contents;
	/* Periods of equal volume, oldest first; none in files before 1.1. */
	struct hf_period *periods;
	uint32_t n_periods, n_ages;
	struct heap_book **books; /* by node; NULL: hardly any deaths */
	struct heap_count *grown; /* by node: what realloc made larger, and by how much; NULL: not known */
	struct heap_estimate *estimates; /* by node; NULL: not known */
	struct heap_live *site_lives;    /* by node; NULL: look at the blocks */
	struct heap_count *peak; /* by node, what lived near the peak; NULL: not known */
	/* By node; NULL: not measured.  Where info.waste_one_in is more than 1, what stands there of
	 * copies is estimated. */
	struct heap_waste *waste;
	struct heap_stack *stacks;
	size_t n_stacks;
	struct heap_object *objects; /* no two alike */
	size_t n_objects;
	struct heap_object_word *object_words; /* by rising block */
	size_t n_object_words;
	struct heap_count live, young, old, unborn; /* unborn: of unknown birth */
	/* Slack that is too large for a block's 16 bits, by rising index. */
	struct heap_slack {
		uint32_t block;
		uint64_t slack;
	} * slacks;
	size_t n_slacks, slacks_size;
	/* As it was before the program began to clean up, of the same numbers
	 * (heap_is_earlier()); NULL: the file has none, or one that before_error tells of. */
	struct heap *before;
	struct hf_error before_error;
};

enum heap_cohort { HEAP_ALL, HEAP_YOUNG, HEAP_OLD };

/* Which blocks count. */
struct heap_filter {
	enum heap_cohort cohort;
	uint64_t min_age; /* in epochs; blocks of unknown age are left out if not 0 */
	bool by_birth;    /* only what was born in these epochs, both included */
	uint64_t first_birth, last_birth;
};

/* Sums of one node over the live blocks that a filter lets through. */
struct heap_site {
	struct heap_count live, young, old;
	uint64_t usable_bytes;
	uint64_t oldest_age, newest_age; /* in epochs; valid if generation_count > 0 */
	uint32_t generation_count;       /* distinct birth epochs with live blocks */
	uint32_t kinds;                  /* bit per enum heapfile_kind */
	/* Where stacks were sampled, what its blocks stand for (heap_weight()); else 0. */
	double estimated_blocks, estimated_bytes;
};

/* The place of all blocks whose stack was not taken, as others were sampled? */
bool heap_is_unsampled(const struct heap *h, uint32_t node);

/* Were only some of its allocations sampled?  Else they all are known. */
bool heap_is_estimated(const struct heap *h, uint32_t node);

/* All that a node allocated since the start of the process, where stacks were
 * sampled.  Returns false where it is not known, or there was no sampling. */
bool heap_estimate(const struct heap *h, uint32_t node, struct heap_estimate *ret);

/* How many blocks of a size one at a node stands for; 1 where all are known. */
double heap_weight(const struct heap *h, uint32_t node, uint64_t bytes);

/* Progress of long work: `done` of `total` (0 = unknown).  May be NULL. */
typedef void heap_progress(void *arg, const char *what, uint64_t done, uint64_t total);

/* Load a model out of a file's bytes, which are not needed afterwards.
 *
 * options  of hf_decode().
 * Returns  the model, for heap_free(); NULL with *error filled in.
 * Cost     24 bytes a block, 40 a node; 8 more a block and 8 to 16 an edge if
 *          the file has the graph; a few sweeps over the blocks.
 */
struct heap *heap_load(const uint8_t *bytes, size_t n, unsigned options,
		       heap_progress *progress, void *progress_arg, struct hf_error *error);

void heap_free(struct heap *heap);

/* Give an earlier snapshot of a process the module numbers of a later one.  (Modules that
 * nothing was noted of before a snapshot have a number by chance there.)
 *
 * Returns  0, also if it is of another process; -1: no memory.  heap_is_earlier() tells
 *          whether it fits then. */
int heap_align_modules(struct heap *earlier, const struct heap *h);

/* Is it an earlier snapshot of h's process, with h's module numbers, whose nodes are h's
 * first ones? */
bool heap_is_earlier(const struct heap *earlier, const struct heap *h);

/* Taken at the end of the program? */
bool heap_is_exit(const struct heap *h);

/* What the program is called; empty if the file does not tell. */
const char *heap_program(const struct heap *h);
/* Its executable's number; 0: not known. */
uint32_t heap_program_module(const struct heap *h);

/* Is the end of a period in the last seventh, of volume or of time?  There a program may have
 * begun to clean up: its threads end one after the other, and free what is theirs while
 * others go on; or it works off what still waits, allocating much in little time. */
bool heap_is_near_end(const struct heap *h, size_t period);

/* The last period before the program freed most of its memory, or NULL: it did not.  At
 * the end of the program that may have been near the end, else in the last one, which is
 * with hardly an allocation. */
const struct hf_period *heap_before_teardown(const struct heap *h);

/* Sums for all nodes.
 *
 * Returns  n_nodes + 1 sums for free(3), [0] for blocks without a site; NULL
 *          if there is no memory.
 */
struct heap_site *heap_aggregate(const struct heap *heap, const struct heap_filter *filter);

/* Allocations of each node that were freed within their birth epoch, by the thread that had
 * made them: all but what lives and what the books know of.  BOUND: those that were alive at the
 * end of a period, though not of an epoch, are missing; those of a site without a page count,
 * however long they lived.
 *
 * Returns  n_nodes + 1 numbers for free(3); NULL if there is no memory, or the snapshot does
 *          not know: it has no books, or stacks were sampled. */
uint64_t *heap_temporary(const struct heap *heap);

bool heap_filter_passes(const struct heap *heap, const struct heap_filter *filter,
			uint32_t birth);

/* A hostile file must not wrap a sum round: it stays at the largest number. */
static inline uint64_t
heap_sum(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* One block more. */
static inline void
heap_count_add(struct heap_count *c, uint64_t bytes)
{
	c->blocks++;
	c->bytes = heap_sum(c->bytes, bytes);
}

/* Index of the first birth epoch that is not below `epoch`. */
uint32_t heap_epoch_index(const struct heap *heap, uint64_t epoch);

/* Survivors of the birth epochs first..last, both included. */
struct heap_count heap_live_of_epochs(const struct heap *heap, uint64_t first,
				      uint64_t last);

/* What the resident memory is.  The parts add up to it. */
struct heap_rss {
	uint64_t live;      /* in live blocks */
	uint64_t allocator; /* the rest of the allocator's memory: free, or lost to rounding */
	uint64_t mapped; /* private memory that the program mapped itself */
	uint64_t files;  /* of programs, libraries and other files; and shared memory */
	uint64_t profiler;
	uint64_t other; /* stacks and static data */
};

/* Returns false if the snapshot does not tell.  What is swapped out is in rss no more: then
 * the last parts are less than they are. */
bool heap_rss_parts(const struct heap *heap, struct heap_rss *ret);

/* When the heap was largest, as far as its sites are known from then. */
enum heap_peak_when { HEAP_PEAK_NOW, HEAP_PEAK_EARLIER, HEAP_PEAK_BEFORE_CLEANUP };
struct heap_peak {
	enum heap_peak_when when;
	uint64_t blocks, bytes;
	uint64_t time_ns; /* since the start of the process */
	uint64_t epoch;
	struct heap_count *sites; /* by node, for free(3) */
};

/* Returns -1 if there is no memory. */
int heap_peak(const struct heap *heap, struct heap_peak *ret);

/* The most bytes that were live, as far as periods and epochs tell, or are now. */
uint64_t heap_most_live(const struct heap *heap);

static inline uint64_t
heap_block_address(const struct heap_block *b)
{
	return b->address_kind & ~15ull;
}

static inline enum heapfile_kind
heap_block_kind(const struct heap_block *b)
{
	return (enum heapfile_kind)(b->address_kind & 15);
}

static inline uint64_t
heap_block_requested(const struct heap_block *b)
{
	return b->requested_slack & (HF_SIZE_LIMIT - 1);
}

uint64_t heap_block_usable(const struct heap *heap, uint32_t block);

/* The words of a block that point into modules; *ret_n is 0 if it has none. */
const struct heap_object_word *heap_block_objects(const struct heap *heap, uint32_t block,
						  size_t *ret_n);

/* The stack of a thread at the snapshot, or NULL; of those that never allocated, the
 * one that has an address on it. */
const struct heap_stack *heap_stack(const struct heap *heap, uint32_t thread,
				    uint64_t address);

/* The frame of a stack that an address lies in, or NULL. */
const struct heap_frame *heap_frame(const struct heap_stack *stack, uint64_t address);

/* What stands in a block, or NULL. */
const struct heap_text *heap_block_content(const struct heap *heap, uint32_t block);

#endif
