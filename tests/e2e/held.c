/* held.c -- what holds the blocks that a function has allocated.
 *
 *     held FILE FUNCTION...
 *
 * One line for each function:
 *
 *     function  path  container  kind  shape  entries  retained
 *
 * with tabs between.  The path is the root's name and then the functions that allocated
 * each step, with the name of its type and how many blocks it is; the container is
 * "root", or its type and function.  entries are blocks, retained is in bytes.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain/holders.h"
#include "graph/dominators.h"
#include "model/heap.h"
#include "names/function_names.h"
#include "names/root_names.h"
#include "names/symbolize.h"
#include "names/wrappers.h"

struct asked {
	struct heap *heap;
	struct symbols *symbols;
	struct dominators *d;
	struct names *names;
	struct holders *holders;
};

/* The function without its arguments. */
static int
length(const char *function)
{
	return (int)strcspn(function, "(");
}

static bool
is_of(const struct asked *a, uint32_t site, const char *function)
{
	struct stack s;
	const char *name;
	bool is = false;

	if (stack_get(a->heap, a->symbols, site, &s) != 0)
		return false;
	name = names_function(a->heap, &s);
	if (name)
		is = strncmp(name, function, strlen(function)) == 0 &&
		     strlen(function) == (size_t)length(name);
	stack_free(&s);
	return is;
}

static size_t
find_blocks(const struct asked *a, const char *function, uint32_t *ret)
{
	bool *wanted = calloc((size_t)a->heap->n_nodes + 1, sizeof(*wanted));
	size_t n = 0;

	for (uint32_t i = 1; i <= a->heap->n_nodes; i++)
		wanted[i] = is_of(a, i, function);
	for (uint32_t i = 0; i < a->heap->n_blocks; i++)
		if (wanted[a->heap->blocks[i].site])
			ret[n++] = i;
	free(wanted);
	return n;
}

static void
put_step(const struct holder_step *s)
{
	if (s->is_root) {
		printf("%s", s->name);
		return;
	}
	printf(" > %.*s", s->function ? length(s->function) : 1,
	       s->function ? s->function : "?");
	if (s->name)
		printf("[%s]", s->name);
	if (s->n_folded > 1)
		printf("*%ju", (uintmax_t)s->n_folded);
}

static void
ask(const struct asked *a, const char *function)
{
	uint32_t *blocks = calloc((size_t)a->heap->n_blocks + 1, sizeof(*blocks));
	size_t n = find_blocks(a, function, blocks);
	struct holder x;

	if (n == 0 || holders_find(a->holders, blocks, n, &x) != 0) {
		printf("%s\tnothing\n", function);
		free(blocks);
		return;
	}
	printf("%s\t", function);
	for (size_t i = 0; i < x.n_steps; i++)
		put_step(&x.steps[i]);
	if (x.container == DOMINATORS_ROOTS)
		printf("\troot");
	else
		printf("\t%s%s%.*s", x.name ? x.name : "", x.name ? " " : "",
		       x.function ? length(x.function) : 1, x.function ? x.function : "?");
	printf("\t%s\t%s\t%ju\t%ju\n", x.kind ? x.kind : "-", holder_shape_name(x.shape),
	       (uintmax_t)x.entries.blocks, (uintmax_t)x.retained.bytes);
	holder_free(&x);
	free(blocks);
}

int
main(int argc, char **argv)
{
	const struct graph_options options = {.roots_off = 0};
	const struct symbols_options no_options = {.sysroot = NULL};
	struct asked a = {.heap = NULL};
	struct hf_error e;
	uint8_t *bytes;
	size_t n;

	if (argc < 3 || hf_read_file(argv[1], &bytes, &n, &e) != 0)
		return 2;
	a.heap = heap_load(bytes, n, 0, NULL, NULL, &e);
	free(bytes);
	if (!a.heap || !a.heap->has_roots)
		return 2;
	a.symbols = symbols_new(a.heap, &no_options);
	if (!a.symbols || wrappers_find(a.heap, a.symbols) != 0)
		return 2;
	a.d = dominators_new(a.heap, &options, NULL, NULL);
	a.names = names_new(a.heap, a.symbols);
	a.holders = a.d && a.names ? holders_new(a.heap, &options, a.d, a.names) : NULL;
	if (!a.holders)
		return 2;
	for (int i = 2; i < argc; i++)
		ask(&a, argv[i]);
	holders_free(a.holders);
	names_free(a.names);
	dominators_free(a.d);
	symbols_free(a.symbols);
	heap_free(a.heap);
	return 0;
}
