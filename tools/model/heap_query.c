/* heap_query.c -- what a model answers: sums per site, weights, neighbours by address.
 *
 * In:   struct heap, loaded.
 * Out:  sums, single blocks, stacks and contents.
 * Not here: how it is loaded (heap_load.c), what is worth showing (report/).
 *
 * Generation count.  Distinct birth epochs per site need (site, epoch) pairs:
 * the blocks' epochs are sorted into one array by site (counting sort), and
 * within a site an epoch counts if it was not yet stamped with that site.  No
 * comparison sort and no hash; 4 bytes a block while it lasts.
 *
 * SPDX-License-Identifier: MIT
 */
#include "model/heap.h"
#include "util/bisect.h"
#include "util/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What lies below the stack pointer of interrupted code is its own as well: the
 * red zone.  Source: x86-64 psABI, 3.2.2. */
enum { RED_ZONE = 128 };

const struct heap_frame *
heap_frame(const struct heap_stack *s, uint64_t address)
{
	for (uint32_t i = 0; i < s->n_frames; i++) {
		const struct heap_frame *f = &s->frames[i];
		uint64_t zone = f->flags & HEAPFILE_FRAME_EXACT ? RED_ZONE : 0;

		if (f->bytes && address + zone >= f->sp && address < f->sp + f->bytes)
			return f;
	}
	return NULL;
}

const struct heap_stack *
heap_stack(const struct heap *h, uint32_t thread, uint64_t address)
{
	for (size_t i = 0; i < h->n_stacks; i++)
		if (h->stacks[i].thread == thread &&
		    (thread || heap_frame(&h->stacks[i], address)))
			return &h->stacks[i];
	return NULL;
}

const struct heap_object_word *
heap_block_objects(const struct heap *h, uint32_t block, size_t *ret_n)
{
	size_t low = BISECT(h->n_object_words, at, h->object_words[at].block < block);
	size_t n = 0;

	while (low + n < h->n_object_words && h->object_words[low + n].block == block)
		n++;
	*ret_n = n;
	return h->object_words + low;
}

enum { TEARDOWN_PART = 7 }; /* the last of so many parts, of volume or of time */

const char *
heap_program(const struct heap *h)
{
	return h->info.program.n ? h->info.program.bytes
				 : text_basename(h->info.executable.bytes);
}

uint32_t
heap_program_module(const struct heap *h)
{
	const struct heap_text *executable = &h->info.executable;

	for (uint32_t i = 1; i <= h->n_modules && executable->n; i++)
		if (h->modules[i].path.n == executable->n &&
		    memcmp(h->modules[i].path.bytes, executable->bytes, executable->n) == 0)
			return i;
	return 0;
}

bool
heap_is_exit(const struct heap *h)
{
	return strcmp(h->info.reason.bytes, "exit") == 0;
}

bool
heap_is_near_end(const struct heap *h, size_t period)
{
	size_t last = h->n_periods - 1;
	uint64_t all = h->periods[last].end_ns, to_end = all - h->periods[period].end_ns;

	return period + 1 + last / TEARDOWN_PART >= last || to_end < all / TEARDOWN_PART;
}

const struct hf_period *
heap_before_teardown(const struct heap *h)
{
	const struct hf_period *last, *before;

	if (h->n_periods < 2)
		return NULL;
	last = h->periods + h->n_periods - 1;
	before = last - 1;
	for (size_t i = h->n_periods - 2;
	     heap_is_exit(h) && i-- > 0 && heap_is_near_end(h, i);)
		if (h->periods[i].live_bytes > before->live_bytes)
			before = &h->periods[i];
	return before->live_bytes > 2 * last->live_bytes ? before : NULL;
}

static bool
is_same_text(const struct heap_text *a, const struct heap_text *b)
{
	return a->n == b->n && memcmp(a->bytes, b->bytes, a->n) == 0;
}

bool
heap_is_earlier(const struct heap *earlier, const struct heap *h)
{
	if (earlier->info.pid != h->info.pid ||
	    earlier->info.start_time_ns != h->info.start_time_ns ||
	    earlier->n_modules > h->n_modules || earlier->n_nodes > h->n_nodes)
		return false;
	for (uint32_t i = 1; i <= earlier->n_modules; i++) {
		const struct heap_module *a = &earlier->modules[i], *b = &h->modules[i];

		if (!is_same_text(&a->path, &b->path) ||
		    !is_same_text(&a->build_id, &b->build_id))
			return false;
	}
	for (uint32_t i = 1; i <= earlier->n_nodes; i++) {
		const struct heap_node *a = &earlier->nodes[i], *b = &h->nodes[i];

		if (a->parent != b->parent || a->module != b->module ||
		    a->flags != b->flags || a->offset != b->offset)
			return false;
	}
	return true;
}

uint64_t
heap_block_usable(const struct heap *h, uint32_t block)
{
	const struct heap_block *b = &h->blocks[block];
	uint64_t slack = b->requested_slack >> 48;
	size_t low = 0, high = h->n_slacks;

	if (slack < HEAP_SLACK_MAX)
		return heap_block_requested(b) + slack;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (h->slacks[middle].block <= block)
			low = middle;
		else
			high = middle;
	}
	return heap_block_requested(b) + h->slacks[low].slack;
}

const struct heap_text *
heap_block_content(const struct heap *h, uint32_t block)
{
	size_t low = BISECT(h->n_contents, at, h->contents[at].block < block);

	return low < h->n_contents && h->contents[low].block == block
		       ? &h->contents[low].bytes
		       : NULL;
}

bool
heap_filter_passes(const struct heap *h, const struct heap_filter *f, uint32_t birth)
{
	const struct heap_birth *b = &h->births[birth];

	if (f->cohort != HEAP_ALL && b->is_old != (f->cohort == HEAP_OLD))
		return false;
	if (f->by_birth &&
	    !(b->is_known && b->epoch >= f->first_birth && b->epoch <= f->last_birth))
		return false;
	return f->min_age == 0 || (b->is_known && b->age >= f->min_age);
}

uint32_t
heap_epoch_index(const struct heap *h, uint64_t epoch)
{
	size_t low = BISECT(h->n_birth_epochs, at, h->birth_epochs[at].epoch < epoch);

	return low;
}

struct heap_count
heap_live_of_epochs(const struct heap *h, uint64_t first, uint64_t last)
{
	struct heap_count sum = {0, 0};

	for (uint32_t i = heap_epoch_index(h, first);
	     i < h->n_birth_epochs && h->birth_epochs[i].epoch <= last; i++) {
		sum.blocks += h->birth_epochs[i].live.blocks;
		sum.bytes = heap_sum(sum.bytes, h->birth_epochs[i].live.bytes);
	}
	return sum;
}

/* As much of a part as is left of the whole. */
static uint64_t
take(uint64_t part, uint64_t *left)
{
	uint64_t taken = part < *left ? part : *left;

	*left -= taken;
	return taken;
}

bool
heap_rss_parts(const struct heap *h, struct heap_rss *ret)
{
	const struct heap_info *i = &h->info;
	uint64_t left = i->rss, heap = i->heap_resident;

	memset(ret, 0, sizeof(*ret));
	if (!i->rss || !heap)
		return false;
	ret->files = take(i->rss_file, &left);
	ret->profiler = take(i->profiler_bytes, &left);
	ret->live = take(i->live_resident < heap ? i->live_resident : heap, &left);
	ret->mapped = take(i->external_resident, &left);
	ret->allocator = take(i->live_resident < heap ? heap - i->live_resident : 0, &left);
	ret->other = left;
	return true;
}

uint64_t
heap_most_live(const struct heap *h)
{
	uint64_t most = h->live.bytes;

	for (uint32_t i = 0; i < h->n_periods; i++)
		if (h->periods[i].live_bytes > most)
			most = h->periods[i].live_bytes;
	for (size_t i = 0; i < h->n_epochs; i++)
		if (h->epochs[i].heap_used > most)
			most = h->epochs[i].heap_used;
	return most;
}

bool
heap_is_unsampled(const struct heap *h, uint32_t node)
{
	const struct heap_node *n = &h->nodes[node];

	return node && (n->flags & HEAPFILE_SITE_SPECIAL) &&
	       n->offset == HEAPFILE_SPECIAL_UNSAMPLED;
}

bool
heap_is_estimated(const struct heap *h, uint32_t node)
{
	const struct heap_node *n = &h->nodes[node];
	/* What has no stack for another reason was no matter of chance. */
	bool is_known = (n->flags & HEAPFILE_SITE_SPECIAL) &&
			(n->offset == HEAPFILE_SPECIAL_UNSAMPLED ||
			 n->offset == HEAPFILE_SPECIAL_NESTED ||
			 n->offset == HEAPFILE_SPECIAL_EARLY);

	return h->info.sample_bytes != 0 && node && !is_known;
}

bool
heap_estimate(const struct heap *h, uint32_t node, struct heap_estimate *ret)
{
	if (h->info.sample_bytes == 0 || !h->estimates)
		return false;
	if (!heap_is_estimated(h, node))
		*ret = (struct heap_estimate){(double)h->nodes[node].allocations,
					      (double)h->nodes[node].allocated_bytes};
	else
		*ret = h->estimates[node];
	return true;
}

/* gcprof-heap(5), Sampling. */
double
heap_weight(const struct heap *h, uint32_t node, uint64_t bytes)
{
	double size = bytes ? (double)bytes : 1;

	if (!heap_is_estimated(h, node))
		return 1;
	return 1 / -expm1(-size / (double)h->info.sample_bytes);
}

/* Each block by itself: the weight of a sum, or of a mean size, would be another. */
static void
site_estimate(const struct heap *h, struct heap_site *s, uint32_t node, uint64_t bytes)
{
	double weight = heap_weight(h, node, bytes);

	if (h->info.sample_bytes == 0)
		return;
	s->estimated_blocks += weight;
	s->estimated_bytes += weight * (double)bytes;
}

static void
site_add(const struct heap *h, struct heap_site *s, uint32_t block)
{
	const struct heap_block *b = &h->blocks[block];
	uint64_t bytes = heap_block_requested(b);

	heap_count_add(&s->live, bytes);
	heap_count_add(h->births[b->birth].is_old ? &s->old : &s->young, bytes);
	s->usable_bytes = heap_sum(s->usable_bytes, heap_block_usable(h, block));
	s->kinds |= 1u << heap_block_kind(b);
	if (!heap_is_unsampled(h, b->site))
		site_estimate(h, s, b->site, bytes);
}

/* Note that site `s` has a block born in epoch e, for the first time. */
static void
site_add_epoch(const struct heap *h, struct heap_site *s, uint32_t e)
{
	uint64_t epoch = h->birth_epochs[e].epoch;
	uint64_t age = h->info.epoch > epoch ? h->info.epoch - epoch : 0;

	if (s->generation_count == 0 || age > s->oldest_age)
		s->oldest_age = age;
	if (s->generation_count == 0 || age < s->newest_age)
		s->newest_age = age;
	s->generation_count++;
}

/* Fill in generation counts and ages.  `ends` has n_nodes + 1 entries, zero. */
static bool
count_generations(const struct heap *h, const struct heap_filter *filter,
		  struct heap_site *sites)
{
	uint32_t *ends = calloc((size_t)h->n_nodes + 2, sizeof(*ends));
	uint32_t *stamps = calloc((size_t)h->n_birth_epochs + 1, sizeof(*stamps));
	uint32_t *epochs = calloc((size_t)h->n_blocks + 1, sizeof(*epochs));
	bool ok = ends && stamps && epochs;

	for (uint32_t s = 0; ok && s <= h->n_nodes; s++)
		ends[s + 1] = ends[s] + (uint32_t)sites[s].live.blocks;
	/* Place each block's epoch; ends[s] moves from s's start to its end. */
	for (uint32_t i = 0; ok && i < h->n_blocks; i++) {
		const struct heap_block *b = &h->blocks[i];

		if (heap_filter_passes(h, filter, b->birth))
			epochs[ends[b->site]++] = h->births[b->birth].is_known
							  ? h->births[b->birth].epoch_index
							  : UINT32_MAX;
	}
	for (uint32_t s = 0, i = 0; ok && s <= h->n_nodes; s++) {
		for (; i < ends[s]; i++) {
			uint32_t e = epochs[i];

			if (e == UINT32_MAX || stamps[e] == s + 1)
				continue;
			stamps[e] = s + 1;
			site_add_epoch(h, &sites[s], e);
		}
	}
	free(ends);
	free(stamps);
	free(epochs);
	return ok;
}

struct heap_site *
heap_aggregate(const struct heap *h, const struct heap_filter *filter)
{
	struct heap_site *sites = calloc((size_t)h->n_nodes + 1, sizeof(*sites));

	if (!sites)
		return NULL;
	for (uint32_t i = 0; i < h->n_blocks; i++)
		if (heap_filter_passes(h, filter, h->blocks[i].birth))
			site_add(h, &sites[h->blocks[i].site], i);
	if (!count_generations(h, filter, sites)) {
		free(sites);
		return NULL;
	}
	return sites;
}

/* Add what lives in a heap by its own nodes, which are the first of `sites`. */
static void
add_live(const struct heap *h, struct heap_count *sites)
{
	for (uint32_t i = 0; i < h->n_blocks; i++) {
		const struct heap_block *b = &h->blocks[i];
		uint64_t bytes = heap_block_requested(b);
		double weight = heap_weight(h, b->site, bytes);

		if (heap_is_unsampled(h, b->site))
			continue;
		sites[b->site].blocks += (uint64_t)(weight + 0.5);
		sites[b->site].bytes = heap_sum(sites[b->site].bytes,
						(uint64_t)(weight * (double)bytes + 0.5));
	}
}

int
heap_peak(const struct heap *h, struct heap_peak *ret)
{
	const struct heap *largest = h;

	*ret = (struct heap_peak){
		.sites = calloc((size_t)h->n_nodes + 1, sizeof(*ret->sites))};
	if (!ret->sites)
		return -1;
	if (h->before && h->before->live.bytes > h->live.bytes)
		largest = h->before;
	if (h->peak && h->info.peak_bytes > largest->live.bytes) {
		memcpy(ret->sites, h->peak, ((size_t)h->n_nodes + 1) * sizeof(*ret->sites));
		ret->when = HEAP_PEAK_EARLIER;
		ret->blocks = h->info.peak_blocks;
		ret->bytes = h->info.peak_bytes;
		ret->time_ns = h->info.peak_ns;
		ret->epoch = h->info.peak_epoch;
		return 0;
	}
	add_live(largest, ret->sites);
	ret->when = largest == h ? HEAP_PEAK_NOW : HEAP_PEAK_BEFORE_CLEANUP;
	ret->blocks = largest->live.blocks;
	ret->bytes = largest->live.bytes;
	ret->time_ns = largest->info.uptime_ns;
	ret->epoch = largest->info.epoch;
	return 0;
}

uint64_t *
heap_temporary(const struct heap *h)
{
	uint64_t *gone = h->n_periods && h->info.sample_bytes == 0
				 ? calloc((size_t)h->n_nodes + 1, sizeof(*gone))
				 : NULL;

	if (!gone)
		return NULL;
	for (uint32_t i = 0; i <= h->n_nodes; i++) {
		uint64_t deaths = h->books && h->books[i] ? h->books[i]->deaths : 0;
		uint64_t made = h->nodes[i].allocations;

		gone[i] = made > deaths ? made - deaths : 0;
	}
	for (uint32_t i = 0; i < h->n_blocks; i++)
		if (gone[h->blocks[i].site])
			gone[h->blocks[i].site]--;
	return gone;
}
