/* index.c -- see index.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "index.h"
#include "blocks.h"
#include "mem.h"
#include "peek.h"

#include <string.h>

enum {
	PART_BITS = 16, /* bytes of heap in a part */
	PART_WORDS = 1 << (PART_BITS - BLOCKS_GRANULE_BITS - 6),
	N_PARTS = 1 << (BLOCKS_CHUNK_BITS - PART_BITS),
	N_CHUNKS = 1 << (BLOCKS_ADDRESS_BITS - BLOCKS_CHUNK_BITS),
	RUN_BYTES = 1 << 20,
	MAX_RUNS = 1 << 16
};

struct part {
	uint64_t bits[PART_WORDS];
	/* Blocks of the part before the first of this word; blocks come by rising
	 * address, so it is known when that one comes. */
	uint16_t before[PART_WORDS];
	uint32_t base; /* ordinal of the first block of the part */
};

struct chunk {
	struct part *parts[N_PARTS];
	uintptr_t last[N_PARTS]; /* the last start before the part, if it may reach in */
};

uintptr_t index_lo = UINTPTR_MAX, index_hi;

/* Blocks that reach into further chunks, by rising address: those have nothing of them,
 * so that a block costs what is in one chunk, not what address space it has. */
enum { MAX_SPANS = 1 << 16 };
static struct span {
	uintptr_t start, end;
} * spans;
static uint32_t n_spans;

static struct chunk **chunks;                /* N_CHUNKS */
static uint32_t used_lo = N_CHUNKS, used_hi; /* chunks in use */
static uint32_t n_blocks;

/* Memory in runs, used again from the first at the next cut. */
static char *runs[MAX_RUNS];
static uint32_t n_runs, run_now;
static size_t run_used;

static void *
take(size_t bytes)
{
	void *p;

	GCP_ASSERT(bytes && bytes <= RUN_BYTES && bytes % 64 == 0);
	GCP_ASSERT(run_used <= RUN_BYTES && run_now <= n_runs);
	if (run_used + bytes > RUN_BYTES) {
		run_now++;
		run_used = 0;
	}
	if (run_now >= n_runs) {
		if (n_runs == MAX_RUNS || !(runs[n_runs] = mem_map(RUN_BYTES)))
			return NULL;
		n_runs++;
	}
	p = runs[run_now] + run_used;
	run_used += bytes;
	memset(p, 0, bytes);
	return p;
}

void
index_begin(void)
{
	if (!chunks)
		chunks = mem_map(N_CHUNKS * sizeof *chunks);
	else if (used_lo < used_hi)
		memset(&chunks[used_lo], 0, (used_hi - used_lo) * sizeof *chunks);
	used_lo = N_CHUNKS;
	used_hi = 0;
	run_now = 0;
	run_used = 0;
	n_blocks = 0;
	n_spans = 0;
	index_lo = UINTPTR_MAX;
	index_hi = 0;
}

static struct chunk *
chunk_make(uintptr_t addr)
{
	size_t i = addr >> BLOCKS_CHUNK_BITS;

	if (!chunks || i >= N_CHUNKS)
		return NULL;
	if (!chunks[i]) {
		chunks[i] = take((sizeof(struct chunk) + 63) & ~(size_t)63);
		if (i < used_lo)
			used_lo = (uint32_t)i;
		if (i >= used_hi)
			used_hi = (uint32_t)i + 1;
	}
	return chunks[i];
}

/* Where what stands in chunks about a block ends. */
static uintptr_t
end_in_chunks(uintptr_t addr, size_t bytes)
{
	uintptr_t chunk_end = (addr | (((uintptr_t)1 << BLOCKS_CHUNK_BITS) - 1)) + 1;

	if (!spans)
		spans = mem_map(MAX_SPANS * sizeof *spans);
	if (addr + bytes <= chunk_end || !spans || n_spans == MAX_SPANS)
		return addr + bytes;
	GCP_ASSERT(!n_spans || spans[n_spans - 1].start < addr);
	spans[n_spans++] = (struct span){addr, addr + bytes};
	return chunk_end;
}

bool
index_add(uintptr_t addr, size_t bytes)
{
	struct chunk *c = chunk_make(addr);
	uintptr_t granule = addr >> BLOCKS_GRANULE_BITS, next, end;
	struct part **slot, *p;

	GCP_ASSERT(!(addr & 15));
	if (!c)
		return false;
	n_blocks++;
	slot = &c->parts[(addr >> PART_BITS) & (N_PARTS - 1)];
	if (!*slot) {
		*slot = take((sizeof **slot + 63) & ~(size_t)63);
		if (!*slot)
			return false;
		(*slot)->base = n_blocks;
	}
	p = *slot;
	if (!p->bits[(granule >> 6) & (PART_WORDS - 1)])
		p->before[(granule >> 6) & (PART_WORDS - 1)] =
			(uint16_t)(n_blocks - p->base);
	/* By rising address: no later one has come. */
	GCP_ASSERT(!(p->bits[(granule >> 6) & (PART_WORDS - 1)] >> (granule & 63)));
	p->bits[(granule >> 6) & (PART_WORDS - 1)] |= 1ull << (granule & 63);
	end = end_in_chunks(addr, bytes);
	for (next = (addr | ((1u << PART_BITS) - 1)) + 1; next < end;
	     next += 1u << PART_BITS) {
		c = chunk_make(next);
		if (!c)
			return false;
		c->last[(next >> PART_BITS) & (N_PARTS - 1)] = addr;
	}
	if (addr < index_lo)
		index_lo = addr;
	if (addr + bytes + 16 > index_hi)
		index_hi = addr + bytes + 16;
	return true;
}

static struct chunk *
chunk_at(uintptr_t addr)
{
	return chunks && addr >> BLOCKS_ADDRESS_BITS == 0
		       ? chunks[addr >> BLOCKS_CHUNK_BITS]
		       : NULL;
}

/* Ordinal of the block that starts at addr. */
static uint32_t
ordinal(const struct part *p, uintptr_t addr)
{
	uintptr_t granule = addr >> BLOCKS_GRANULE_BITS;
	size_t w = (granule >> 6) & (PART_WORDS - 1);

	GCP_ASSERT(p && p->base && p->bits[w] >> (granule & 63) & 1);
	return p->base + p->before[w] +
	       (uint32_t)__builtin_popcountll(p->bits[w] & ((1ull << (granule & 63)) - 1));
}

/* The last start at or before addr that may reach it; 0 if there is none. */
static uintptr_t
start_before(const struct chunk *c, uintptr_t addr)
{
	const struct part *p = c->parts[(addr >> PART_BITS) & (N_PARTS - 1)];
	uintptr_t granule = addr >> BLOCKS_GRANULE_BITS;
	size_t w = (granule >> 6) & (PART_WORDS - 1);

	if (p) {
		uint64_t bits = p->bits[w] & (~0ull >> (63 - (granule & 63)));

		for (;;) {
			if (bits) {
				uintptr_t in_part =
					(w << 6) + 63u - (unsigned)__builtin_clzll(bits);

				return (addr & ~(((uintptr_t)1 << PART_BITS) - 1)) |
				       in_part << BLOCKS_GRANULE_BITS;
			}
			if (w == 0)
				break;
			bits = p->bits[--w];
		}
	}
	return c->last[(addr >> PART_BITS) & (N_PARTS - 1)];
}

/* The same among blocks that reach into further chunks. */
static uintptr_t
span_before(uintptr_t addr)
{
	uint32_t lo = 0, hi = n_spans;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (spans[mid].start <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	GCP_ASSERT(lo <= n_spans);
	return lo && addr < spans[lo - 1].end ? spans[lo - 1].start : 0;
}

bool
index_find(uintptr_t addr, struct index_block *ret)
{
	const struct chunk *c = chunk_at(addr);
	uintptr_t start = c ? start_before(c, addr) : 0, first;
	struct block b;

	if (!start && !(start = span_before(addr)))
		return false;
	if (blocks_find(start, &b) != BLOCKS_LIVE)
		return false; /* gone since: only if somebody runs on */
	if (addr - start >= (b.bytes ? b.bytes : 1) &&
	    !(b.bytes == 8 && addr - start == 8 && peek_word(start, &first) && first == 0))
		return false;
	c = chunk_at(start);
	ret->addr = start;
	ret->bytes = b.bytes;
	ret->site = b.site;
	ret->ordinal = ordinal(c->parts[(start >> PART_BITS) & (N_PARTS - 1)], start);
	GCP_ASSERT(ret->ordinal && ret->ordinal <= n_blocks);
	return true;
}

int
index_walk(int (*f)(const struct index_block *b, void *with), void *with)
{
	struct index_block b = {0};
	size_t i, k, w;

	GCP_ASSERT(used_hi <= N_CHUNKS);
	for (i = used_lo; i < used_hi; i++)
		for (k = 0; chunks[i] && k < N_PARTS; k++) {
			const struct part *p = chunks[i]->parts[k];

			for (w = 0; p && w < PART_WORDS; w++) {
				uint64_t bits = p->bits[w];

				for (; bits; bits &= bits - 1) {
					struct block block;
					int stop;

					b.ordinal++;
					b.addr = (uintptr_t)i << BLOCKS_CHUNK_BITS |
						 k << PART_BITS |
						 ((w << 6) + (unsigned)__builtin_ctzll(bits))
							 << BLOCKS_GRANULE_BITS;
					if (blocks_find(b.addr, &block) != BLOCKS_LIVE)
						continue;
					b.bytes = block.bytes;
					b.site = block.site;
					stop = f(&b, with);
					if (stop)
						return stop;
				}
			}
		}
	return 0;
}
