/* blocks.c -- see blocks.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "blocks.h"
#include "mem.h"

enum { N_CHUNKS = 1 << (BLOCKS_ADDRESS_BITS - BLOCKS_CHUNK_BITS), CHUNKS_A_PAGE = 512 };

uint32_t *blocks_chunks[N_CHUNKS];
/* Which pages of blocks_chunks hold a pointer: a walk that read all 16 MiB of
 * it would make them resident. */
static uint8_t pages_used[N_CHUNKS / CHUNKS_A_PAGE];

uint32_t *
blocks_chunk_slow(uintptr_t addr)
{
	uint32_t **slot, *none = NULL, *fresh;

	if (addr >> BLOCKS_ADDRESS_BITS || addr & 15) {
		lose(LOSS_SHADOW);
		return NULL;
	}
	slot = &blocks_chunks[addr >> BLOCKS_CHUNK_BITS];
	fresh = mem_map_dense((BLOCKS_CHUNK_WORDS + BLOCKS_TAIL_WORDS) * sizeof *fresh +
			      BLOCKS_TOUCHED + BLOCKS_LARGE * sizeof(uint64_t));
	if (!fresh) {
		lose(LOSS_SHADOW);
		return NULL;
	}
	relaxed_store(&pages_used[(addr >> BLOCKS_CHUNK_BITS) / CHUNKS_A_PAGE], 1);
	/* A loser's chunk is address space nobody touched: let it be. */
	(void)__atomic_compare_exchange_n(slot, &none, fresh, false, __ATOMIC_ACQ_REL,
					  __ATOMIC_ACQUIRE);
	return acquire_load(slot);
}

uint64_t *
blocks_large_make(uintptr_t addr)
{
	uint64_t *word = blocks_large(addr);

	return word || !blocks_chunk_slow(addr) ? word : blocks_large(addr);
}

void
blocks_large_walk(void (*f)(uintptr_t mebibyte, uint64_t word, void *with), void *with)
{
	const uintptr_t chunk_bytes = 1ul << BLOCKS_CHUNK_BITS;
	size_t c, k;

	for (c = 0; c < N_CHUNKS; c++) {
		const uint64_t *words;

		if (!relaxed_load(&pages_used[c / CHUNKS_A_PAGE])) {
			c += CHUNKS_A_PAGE - 1;
			continue;
		}
		words = blocks_large(c * chunk_bytes);
		for (k = 0; words && k < BLOCKS_LARGE; k++) {
			uint64_t word = acquire_load(&words[k]);

			if (word)
				f(c * chunk_bytes + (k << BLOCKS_LARGE_BITS), word, with);
		}
	}
}

void
blocks_tag_as_large(uintptr_t addr)
{
	struct block b;
	uint32_t *w;
	blocks_tag tag;

	if (blocks_find(addr, &b) != BLOCKS_LIVE || b.bytes >> BLOCKS_LARGE_BITS)
		return;
	w = blocks_words(blocks_chunks[addr >> BLOCKS_CHUNK_BITS], addr);
	tag = blocks_tag_of(b.kind, b.site, b.birth) | BLOCKS_CODE_MORE;
	relaxed_store(&w[2], 1u << 30 | (uint32_t)b.bytes);
	relaxed_store(&w[3], 0);
	blocks_tag_store(w, tag);
}

/* One 64 KiB part of a chunk.  Freed granules and those inside blocks have no
 * start mark, so eight words are passed at a time where there is none.  end: where the
 * block before ends, whose inside is passed over; NULL: nothing is. */
static int
walk_part(uint32_t *chunk, uintptr_t base, size_t from, size_t to, uintptr_t *end,
	  int (*f)(const struct block *, void *), void *with)
{
	size_t i = from;

	if (end && *end > base + (from << BLOCKS_GRANULE_BITS))
		i = (*end - base) >> BLOCKS_GRANULE_BITS;

	GCP_ASSERT(from <= to && to <= BLOCKS_CHUNK_WORDS);
	while (i < to) {
		struct block b;
		int stop;

		if (i + 8 <= to) {
			blocks_tag any = blocks_tag_load(&chunk[i]) |
					 blocks_tag_load(&chunk[i + 2]) |
					 blocks_tag_load(&chunk[i + 4]) |
					 blocks_tag_load(&chunk[i + 6]);

			if (!(any & 0x8000000080000000ull)) {
				i += 8;
				continue;
			}
		}
		while (i < to && !(acquire_load(&chunk[i]) & BLOCKS_START))
			i++;
		if (i >= to)
			break;
		blocks_read(&chunk[i], blocks_tag_load(&chunk[i]), &b);
		b.addr = base + (i << BLOCKS_GRANULE_BITS);
		stop = f(&b, with);
		if (stop)
			return stop;
		i++;
		if (end) {
			*end = b.addr + b.bytes;
			if (*end - base > i << BLOCKS_GRANULE_BITS)
				i = (*end - base) >> BLOCKS_GRANULE_BITS;
		}
	}
	return 0;
}

static CHECK_ONLY int
stop_at(const struct block *b, void *with)
{
	(void)b, (void)with;
	return 1;
}

/* Whether the shadow has a live block in [start, end), which lies in one chunk. */
static CHECK_ONLY bool
has_block(uint32_t *chunk, uintptr_t start, uintptr_t end)
{
	size_t from = (size_t)(blocks_words(chunk, start) - chunk);

	return walk_part(chunk, 0, from, from + ((end - start) >> BLOCKS_GRANULE_BITS),
			 NULL, stop_at, NULL) != 0;
}

/* Heap that lies in one chunk; start and end: of pages of the shadow.  One call of the
 * kernel's for each run of parts that were ever in use. */
static void
forget_in_chunk(uint32_t *chunk, uintptr_t start, uintptr_t end)
{
	const uintptr_t part = 1 << BLOCKS_TOUCH_BITS;
	uintptr_t run = 0, at = start, next; /* run: where it began; 0 = in none */

	GCP_ASSERT(start < end);
	GCP_ASSERT(start >> BLOCKS_CHUNK_BITS == (end - 1) >> BLOCKS_CHUNK_BITS);
	GCP_ASSERT(start % (4 * mem_dense_page()) == 0);
	GCP_ASSERT(end % (4 * mem_dense_page()) == 0);
	for (; at < end; at = next) {
		uint8_t *touched = blocks_touched(chunk, at);

		next = (at | (part - 1)) + 1;
		if (relaxed_load(touched) && !run)
			run = at;
		if (run && (!relaxed_load(touched) || next >= end)) {
			uintptr_t run_end = relaxed_load(touched) ? end : at;

			GCP_ASSERT_SLOW(!has_block(chunk, run, run_end)); /* nobody-home */
			mem_drop(blocks_words(chunk, run), (run_end - run) / 4);
			run = 0;
		}
		if (at % part == 0 && next <= end)
			relaxed_store(touched, 0);
	}
}

void
blocks_forget(uintptr_t start, uintptr_t end)
{
	const uintptr_t chunk_bytes = 1ul << BLOCKS_CHUNK_BITS;
	/* Four bytes of shadow for sixteen of heap. */
	const uintptr_t page = 4 * mem_dense_page();
	uintptr_t at, next;

	start = (start + page - 1) & ~(page - 1);
	end &= ~(page - 1);
	for (at = start; at < end && !(at >> BLOCKS_ADDRESS_BITS); at = next) {
		uint32_t *chunk = acquire_load(&blocks_chunks[at >> BLOCKS_CHUNK_BITS]);

		next = (at | (chunk_bytes - 1)) + 1;
		if (chunk)
			forget_in_chunk(chunk, at, next < end ? next : end);
	}
}

/* The live block that an address is the start or the inside of, looked for up to
 * `most` bytes below. */
static bool
find_around(uintptr_t addr, uintptr_t most, struct block *ret)
{
	const uintptr_t granule = 1 << BLOCKS_GRANULE_BITS;
	uintptr_t start = addr & ~(granule - 1);

	for (; addr - start < most; start -= granule) {
		enum blocks_state state = blocks_find(start, ret);

		if (state == BLOCKS_OUTSIDE)
			return false;
		if (state == BLOCKS_LIVE)
			return addr - start < (ret->bytes ? ret->bytes : 1);
	}
	return false;
}

bool
blocks_is_inside(uintptr_t addr)
{
	struct block b;

	return find_around(addr, 1ul << BLOCKS_TOUCH_BITS, &b);
}

bool
blocks_ignore(uintptr_t addr)
{
	struct block b;

	/* BOUND: a block is looked for up to a chunk's size below the address. */
	if (!find_around(addr, 1ul << BLOCKS_CHUNK_BITS, &b))
		return false;
	(void)__atomic_fetch_or(
		blocks_words(blocks_chunks[b.addr >> BLOCKS_CHUNK_BITS], b.addr),
		7u << 28 /* HEAPFILE_KIND_IGNORED */, __ATOMIC_RELAXED);
	return true;
}

bool
blocks_ever_in(uintptr_t start, uintptr_t end)
{
	const uintptr_t part = 1 << BLOCKS_TOUCH_BITS;
	uintptr_t at, next;

	for (at = start & ~(part - 1); at < end && !(at >> BLOCKS_ADDRESS_BITS); at = next) {
		size_t c = at >> BLOCKS_CHUNK_BITS;
		uint32_t *chunk;

		next = at + part;
		if (!relaxed_load(&pages_used[c / CHUNKS_A_PAGE]))
			next = (uintptr_t)(c / CHUNKS_A_PAGE + 1) * CHUNKS_A_PAGE
			       << BLOCKS_CHUNK_BITS;
		else if (!(chunk = acquire_load(&blocks_chunks[c])))
			next = (uintptr_t)(c + 1) << BLOCKS_CHUNK_BITS;
		else if (relaxed_load(blocks_touched(chunk, at)))
			return true;
	}
	return false;
}

static int
walk(uintptr_t *end, int (*f)(const struct block *b, void *with), void *with)
{
	const size_t part = 1 << (BLOCKS_TOUCH_BITS - BLOCKS_GRANULE_BITS);
	size_t c, k;

	for (c = 0; c < N_CHUNKS; c++) {
		const uint8_t *touched;
		uint32_t *chunk;

		if (!relaxed_load(&pages_used[c / CHUNKS_A_PAGE])) {
			c += CHUNKS_A_PAGE - 1;
			continue;
		}
		chunk = acquire_load(&blocks_chunks[c]);
		if (!chunk)
			continue;
		touched = (uint8_t *)(chunk + BLOCKS_CHUNK_WORDS + BLOCKS_TAIL_WORDS);
		for (k = 0; k < BLOCKS_TOUCHED; k++) {
			int stop;

			if (!relaxed_load(&touched[k]))
				continue;
			stop = walk_part(chunk, (uintptr_t)c << BLOCKS_CHUNK_BITS,
					 k * part, (k + 1) * part, end, f, with);
			if (stop)
				return stop;
		}
	}
	return 0;
}

int
blocks_walk(int (*f)(const struct block *b, void *with), void *with)
{
	return walk(NULL, f, with);
}

int
blocks_walk_quickly(int (*f)(const struct block *b, void *with), void *with)
{
	uintptr_t end = 0;

	return walk(&end, f, with);
}
