/* inspect.c -- see inspect.h.
 *
 * SPDX-License-Identifier: MIT
 */
#include "analyze/inspect.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "detect/detect.h"
#include "explain/holders.h"
#include "explain/types.h"
#include "graph/dominators.h"
#include "names/function_names.h"
#include "names/root_names.h"
#include "report/columns.h"
#include "report/frames.h"
#include "util/bisect.h"
#include "util/text.h"

#define SIZE(v) text_size(v, (char[24]){0}, 24)
#define COUNT(v) text_count(v, (char[32]){0}, 32)

struct inspect {
	const struct heap *heap;
	struct symbols *symbols;
	struct graph_options graph_options;
	struct report report; /* for layout.h: heap, symbols and options only */
	heap_progress *progress;
	void *progress_arg;
	struct graph *graph; /* these when they are first needed */
	struct dominators *dominators;
	struct names *names;
	struct holders *holders;
	struct types *types;
};

struct inspect *
inspect_new(const struct heap *heap, struct symbols *symbols,
	    const struct graph_options *graph, const struct report_options *report,
	    heap_progress *progress, void *progress_arg)
{
	struct inspect *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->heap = heap;
	x->symbols = symbols;
	x->graph_options = *graph;
	x->report.heap = heap;
	x->report.symbols = symbols;
	x->report.options = *report;
	x->progress = progress;
	x->progress_arg = progress_arg;
	return x;
}

void
inspect_free(struct inspect *x)
{
	if (!x)
		return;
	types_free(x->types);
	holders_free(x->holders);
	names_free(x->names);
	dominators_free(x->dominators);
	graph_free(x->graph);
	free(x);
}

int
inspect_parse(const char *text, uint64_t *ret)
{
	bool is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = is_hex ? text + 2 : text;
	char *end;
	unsigned long long v;

	if (strspn(digits, is_hex ? "0123456789abcdefABCDEF" : "0123456789") !=
	    strlen(digits))
		return -1;
	errno = 0;
	v = strtoull(digits, &end, is_hex ? 16 : 10);
	if (end == digits || errno)
		return -1;
	*ret = v;
	return 0;
}

/* ---- what is needed, once ---- */

static struct names *
need_names(struct inspect *x)
{
	if (!x->names)
		x->names = names_new(x->heap, x->symbols);
	return x->names;
}

struct graph *
inspect_graph(struct inspect *x)
{
	if (!x->graph && x->heap->has_roots)
		x->graph = graph_new(x->heap, &x->graph_options, x->progress,
				     x->progress_arg);
	if (x->graph && !x->graph->is_cyclic && detect_lead(x->graph, x->symbols) != 0) {
		graph_free(x->graph);
		x->graph = NULL;
	}
	return x->graph;
}

struct dominators *
inspect_dominators(struct inspect *x)
{
	if (!x->dominators && x->heap->has_roots)
		x->dominators = dominators_new(x->heap, &x->graph_options, x->progress,
					       x->progress_arg);
	return x->dominators;
}

static struct holders *
need_holders(struct inspect *x)
{
	if (!x->holders && inspect_dominators(x) && need_names(x))
		x->holders =
			holders_new(x->heap, &x->graph_options, x->dominators, x->names);
	return x->holders;
}

static struct types *
need_types(struct inspect *x)
{
	if (!x->types && need_names(x))
		x->types = types_new(x->heap, x->names, inspect_dominators(x));
	return x->types;
}

/* ---- places ---- */

uint32_t
inspect_find_block(const struct heap *h, uint64_t address)
{
	size_t low = BISECT(h->n_blocks, at, heap_block_address(&h->blocks[at]) <= address);

	if (low > 0) {
		uint64_t start = heap_block_address(&h->blocks[low - 1]);
		uint64_t bytes = heap_block_usable(h, low - 1);

		/* malloc(0) has an address, too. */
		if (address - start < bytes || address == start)
			return low - 1;
	}
	return h->n_blocks;
}

/* Registers have numbers, and no addresses. */
static const struct heap_root *
find_root(const struct heap *h, uint64_t address)
{
	for (size_t i = 0; i < h->n_roots; i++)
		if (h->roots[i].kind != HEAPFILE_ROOT_REGISTERS &&
		    address - h->roots[i].address < h->roots[i].bytes)
			return &h->roots[i];
	return NULL;
}

/* Offset of the first word of a root that is aligned: the file counts words from it. */
static uint64_t
root_base(const struct heap_root *root)
{
	return (root->address + 7) & ~7ull;
}

static void
write_root(struct inspect *x, const struct heap_root *root, uint64_t address, FILE *f)
{
	uint64_t base = root_base(root);
	char *name = NULL;

	if (address >= base && need_names(x))
		name = names_root(x->names, root, (address - base) / 8,
				  (address - base) / 8);
	fputs(name ? name : "an unnamed root", f);
	free(name);
}

/* Where an address is that is in no block. */
static int
write_elsewhere(struct inspect *x, uint64_t address, FILE *f)
{
	const struct heap *h = x->heap;
	const struct heap_root *root = find_root(h, address);

	fprintf(f, "0x%" PRIx64 " is in no live block", address);
	if (root) {
		fputs(": it is in ", f);
		write_root(x, root, address, f);
		putc('\n', f);
		return 1;
	}
	for (uint32_t i = 1; i <= h->n_modules; i++) {
		const struct heap_module *m = &h->modules[i];

		if (address - m->start < m->bytes && !m->unload_epoch) {
			fputs(": it is in ", f);
			layout_text(f, &m->path, layout_columns(f));
			fprintf(f, "+0x%" PRIx64 "\n", address - m->bias);
			return 1;
		}
	}
	for (size_t i = 0; i < h->n_mappings; i++)
		if (address - h->mappings[i].start < h->mappings[i].bytes) {
			fprintf(f, ": it is in memory mapped at S%" PRIu32 "\n",
				h->mappings[i].site);
			return 1;
		}
	fputs(": freed, or never allocated\n", f);
	return 1;
}

static void
write_function(struct inspect *x, uint32_t site, FILE *f)
{
	struct stack s;
	const char *function = NULL;

	if (stack_get(x->heap, x->symbols, site, &s) != 0)
		return;
	function = names_function(x->heap, &s);
	fputs(" allocated in ", f);
	if (function)
		layout_function(f, function, layout_columns(f) / 2);
	else
		fprintf(f, "S%" PRIu32, site);
	stack_free(&s);
}

/* "0x7f0012340020, 64 bytes of Session allocated in session_open" */
static void
write_block_line(struct inspect *x, uint32_t block, FILE *f)
{
	const struct heap_block *b = &x->heap->blocks[block];
	char *type = need_names(x) ? names_type(x->names, block) : NULL;

	fprintf(f, "0x%" PRIx64 ", %s byte%s", heap_block_address(b),
		COUNT(heap_block_requested(b)), heap_block_requested(b) == 1 ? "" : "s");
	if (type) {
		fputs(" of ", f);
		layout_function(f, type, layout_columns(f) / 2);
	}
	write_function(x, b->site, f);
	free(type);
}

/* ---- a block ---- */

static void
write_birth(const struct heap *h, const struct heap_block *b, FILE *f)
{
	const struct heap_birth *birth = &h->births[b->birth];

	fputs("  born       ", f);
	if (birth->is_known)
		fprintf(f, "in epoch %" PRIu64 ", %" PRIu64 " epoch%s ago; %s",
			birth->epoch, birth->age, birth->age == 1 ? "" : "s",
			birth->is_old ? "old" : "young");
	else
		fputs("in an unknown epoch", f);
	if (birth->thread) {
		char *thread = names_thread(h, birth->thread);

		fprintf(f, "; by %s", thread ? thread : "a thread");
		free(thread);
	}
	putc('\n', f);
}

static size_t
rows_of(const struct inspect *x, size_t n)
{
	size_t top = x->report.options.top;

	return top && top < n ? top : n;
}

static void
write_more(const struct inspect *x, size_t n, FILE *f)
{
	if (rows_of(x, n) < n)
		fprintf(f, "    and %s more; --top=0 shows all\n",
			COUNT(n - rows_of(x, n)));
}

static void
write_targets(struct inspect *x, uint32_t block, FILE *f)
{
	const struct edges *e = &x->heap->edges;
	uint64_t first = e->first[block], n = e->first[block + 1] - first;

	fprintf(f, "  %s pointer%s to blocks\n", n ? COUNT(n) : "no", n == 1 ? "" : "s");
	for (uint64_t i = first; i < first + rows_of(x, n); i++) {
		fprintf(f, "    +0x%-5" PRIx64 " -> ", 8 * (uint64_t)edges_word(e, i));
		write_block_line(x, e->targets[i], f);
		if (edges_offset(e, i))
			fprintf(f, ", at +0x%" PRIx32, edges_offset(e, i));
		putc('\n', f);
	}
	write_more(x, n, f);
}

/* "linked list node, allocated in insert" without its end: the stack has it below. */
static void
write_type(const char *type, FILE *f)
{
	static const char unknown[] = "unknown type";
	const char *end = strstr(type, ", allocated in ");

	fputs("  type       ", f);
	if (!end)
		layout_function(f, type, layout_columns(f));
	else if (strncmp(type, unknown, sizeof(unknown) - 1) == 0)
		fputs("unknown", f);
	else
		layout_short(f, type, (size_t)(end - type), layout_columns(f));
	putc('\n', f);
}

static void
write_graph_facts(struct inspect *x, uint32_t block, FILE *f)
{
	const struct graph *g = inspect_graph(x);
	const struct dominators *d = inspect_dominators(x);
	struct heap_count retained;

	if (!g || !d)
		return;
	fprintf(f, "  state      %s\n",
		graph_state_title((enum graph_state)g->states[block]));
	retained = dominators_retained(d, block);
	if (retained.blocks)
		fprintf(f, "  retains    %s in %s block%s, with itself\n",
			SIZE(retained.bytes), COUNT(retained.blocks),
			retained.blocks == 1 ? "" : "s");
}

static void
write_content(const struct heap_text *content, FILE *f)
{
	if (!content)
		return;
	fputs("  content    ", f);
	for (size_t i = 0; i < content->n && i < 64; i++)
		putc(content->bytes[i] >= ' ' && content->bytes[i] <= '~'
			     ? content->bytes[i]
			     : '.',
		     f);
	putc('\n', f);
}

int
inspect_block(struct inspect *x, uint64_t address, FILE *f)
{
	const struct heap *h = x->heap;
	uint32_t block = inspect_find_block(h, address);
	const struct heap_block *b = &h->blocks[block];

	if (block == h->n_blocks)
		return write_elsewhere(x, address, f);
	if (!need_types(x))
		return -1;
	if (address != heap_block_address(b))
		fprintf(f, "0x%" PRIx64 " is 0x%" PRIx64 " inside of\n", address,
			address - heap_block_address(b));
	fprintf(f, "block 0x%" PRIx64 "\n", heap_block_address(b));
	fprintf(f, "  size       %s byte%s by %s; %s usable\n",
		COUNT(heap_block_requested(b)), heap_block_requested(b) == 1 ? "" : "s",
		text_kind_name(heap_block_kind(b)), COUNT(heap_block_usable(h, block)));
	write_type(types_name(x->types, types_of_block(x->types, block)), f);
	write_birth(h, b, f);
	write_graph_facts(x, block, f);
	write_content(heap_block_content(h, block), f);
	fprintf(f, "  allocated at S%" PRIu32 "\n", b->site);
	layout_stack(&x->report, f, b->site);
	if (h->has_roots)
		write_targets(x, block, f);
	return 0;
}

/* ---- who points at it ---- */

static int
no_graph(FILE *f)
{
	fputs("the snapshot has no pointers: it was written without them\n", f);
	return 0;
}

static void
write_pointer(const struct edges *e, uint64_t edge, FILE *f)
{
	if (edges_offset(e, edge))
		fprintf(f, ", to +0x%" PRIx32 " inside", edges_offset(e, edge));
	putc('\n', f);
}

/* Edges from `first` to before `end` that point at a block: their number, and those of
 * the first rows are shown. */
static size_t
write_holders_of(struct inspect *x, uint32_t block, uint32_t holder,
		 const struct heap_root *root, uint64_t first, uint64_t end, size_t n,
		 FILE *f)
{
	const struct edges *e = &x->heap->edges;

	for (uint64_t i = first; i < end; i++) {
		if (e->targets[i] != block)
			continue;
		if (n++ >= rows_of(x, SIZE_MAX))
			continue;
		fputs("  ", f);
		if (root)
			write_root(x, root,
				   root_base(root) + 8 * (uint64_t)edges_word(e, i), f);
		else {
			fprintf(f, "+0x%" PRIx64 " of block ",
				8 * (uint64_t)edges_word(e, i));
			write_block_line(x, holder, f);
		}
		write_pointer(e, i, f);
	}
	return n;
}

int
inspect_who(struct inspect *x, uint64_t address, FILE *f)
{
	const struct heap *h = x->heap;
	uint32_t block = inspect_find_block(h, address);
	size_t n = 0;

	if (block == h->n_blocks)
		return write_elsewhere(x, address, f);
	if (!h->has_roots)
		return no_graph(f);
	if (!need_names(x))
		return -1;
	fputs("pointers to block ", f);
	write_block_line(x, block, f);
	putc('\n', f);
	for (size_t i = 0; i < h->n_roots; i++)
		n = write_holders_of(x, block, 0, &h->roots[i], h->roots[i].first_edge,
				     h->roots[i].first_edge + h->roots[i].n_edges, n, f);
	for (uint32_t i = 0; i < h->n_blocks; i++)
		n = write_holders_of(x, block, i, NULL, h->edges.first[i],
				     h->edges.first[i + 1], n, f);
	if (n == 0)
		fputs("  none\n", f);
	write_more(x, n, f);
	return 0;
}

/* ---- a path from a root ---- */

static void
write_step(struct inspect *x, const struct holder_step *s, FILE *f)
{
	if (s->is_root) {
		fputs("  ", f);
		layout_function(f, s->name ? s->name : "an unnamed root",
				layout_columns(f));
		fprintf(f, ", at 0x%" PRIx64 "\n", s->address);
		return;
	}
	fputs("  -> ", f);
	write_block_line(x, inspect_find_block(x->heap, s->address), f);
	if (s->n_folded > 1)
		fprintf(f, ", and a chain of %s more", COUNT(s->n_folded - 1));
	if (s->retained.blocks > 1)
		fprintf(f, "; retains %s", SIZE(s->retained.bytes));
	putc('\n', f);
}

int
inspect_find_path(struct inspect *x, uint32_t block, struct holder *ret)
{
	if (!x->heap->has_roots)
		return 1;
	return need_holders(x) ? holders_path(x->holders, &block, 1, ret) : -1;
}

int
inspect_path(struct inspect *x, uint64_t address, FILE *f)
{
	const struct heap *h = x->heap;
	uint32_t block = inspect_find_block(h, address);
	struct holder path;
	int found;

	if (block == h->n_blocks)
		return write_elsewhere(x, address, f);
	if (!h->has_roots)
		return no_graph(f);
	found = inspect_find_path(x, block, &path);
	if (found < 0)
		return -1;
	if (found > 0) {
		fputs("no root reaches block ", f);
		write_block_line(x, block, f);
		fputs(": it is lost\n", f);
		return 0;
	}
	for (size_t i = 0; i < path.n_steps; i++) {
		if (path.n_left_out && i == HOLDER_STEPS / 2)
			fprintf(f, "  -> %zu more steps\n", path.n_left_out);
		write_step(x, &path.steps[i], f);
	}
	holder_free(&path);
	return 0;
}

/* ---- the blocks of a site ---- */

static int
compare_births(const struct heap *h, uint32_t a, uint32_t b)
{
	const struct heap_birth *x = &h->births[h->blocks[a].birth];
	const struct heap_birth *y = &h->births[h->blocks[b].birth];

	if (x->is_known != y->is_known)
		return x->is_known ? -1 : 1;
	return x->is_known && x->epoch != y->epoch ? x->epoch < y->epoch ? -1 : 1 : 0;
}

static int
compare_sizes(const struct heap *h, uint32_t a, uint32_t b)
{
	uint64_t x = heap_block_requested(&h->blocks[a]);
	uint64_t y = heap_block_requested(&h->blocks[b]);

	return x == y ? 0 : x < y ? 1 : -1;
}

/* What is equal is by address. */
struct sorting {
	const struct heap *heap;
	int (*compare)(const struct heap *h, uint32_t a, uint32_t b);
	int sign;
};

static int
compare_blocks(const void *a, const void *b, void *with)
{
	const struct sorting *s = with;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int order = s->compare ? s->sign * s->compare(s->heap, x, y) : 0;

	return order ? order : x < y ? -1 : 1;
}

const char *const inspect_order_names[] = {"largest", "oldest", "youngest", "address",
					   NULL};

uint32_t *
inspect_list(const struct heap *h, inspect_test *test, const void *with,
	     enum inspect_order order, struct heap_count *ret)
{
	static int (*const compares[])(const struct heap *h, uint32_t a, uint32_t b) = {
		compare_sizes, compare_births, compare_births, NULL};
	struct sorting sorting = {h, compares[order], order == INSPECT_YOUNGEST ? -1 : 1};
	uint32_t *blocks = malloc(((size_t)h->n_blocks + 1) * sizeof(*blocks));

	*ret = (struct heap_count){0, 0};
	for (uint32_t i = 0; blocks && i < h->n_blocks; i++)
		if (test(with, i)) {
			blocks[ret->blocks] = i;
			heap_count_add(ret, heap_block_requested(&h->blocks[i]));
		}
	if (blocks)
		qsort_r(blocks, ret->blocks, sizeof(*blocks), compare_blocks, &sorting);
	return blocks;
}

struct of_site {
	const struct heap *heap;
	uint32_t site;
};

static bool
is_of_site(const void *with, uint32_t block)
{
	const struct of_site *o = with;

	return o->heap->blocks[block].site == o->site;
}

int
inspect_site(struct inspect *x, uint32_t site, FILE *f)
{
	const struct heap *h = x->heap;
	const struct of_site of = {h, site};
	struct heap_count live;
	uint32_t *blocks;

	if (!site || site > h->n_nodes) {
		fprintf(f, "no such site: S%" PRIu32 "\n", site);
		return 1;
	}
	blocks = inspect_list(h, is_of_site, &of, INSPECT_LARGEST, &live);
	if (!blocks || !need_names(x)) {
		free(blocks);
		return -1;
	}
	fprintf(f, "S%" PRIu32 ": live %s in %s block%s; %s allocation%s of %s\n", site,
		SIZE(live.bytes), COUNT(live.blocks), live.blocks == 1 ? "" : "s",
		COUNT(h->nodes[site].allocations),
		h->nodes[site].allocations == 1 ? "" : "s",
		SIZE(h->nodes[site].allocated_bytes));
	layout_stack(&x->report, f, site);
	for (size_t i = 0; i < rows_of(x, live.blocks); i++) {
		fputs("    ", f);
		write_block_line(x, blocks[i], f);
		putc('\n', f);
	}
	write_more(x, live.blocks, f);
	free(blocks);
	return 0;
}
