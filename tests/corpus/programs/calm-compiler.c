/* calm-compiler.c -- a batch program: reads one source, builds its tree, prints a sum,
 * ends.
 *
 * Innocent: the tree grows over the whole run and nothing of it is freed,
 * since the program ends with it; statement by statement, no table.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

enum kind { NUMBER, NAME, OPERATION, CALL, STATEMENT };

struct ast {
	enum kind kind;
	int line;
	struct ast *child[3];
	union {
		long number;
		char *name;
		char operation;
	} u;
};

struct function {
	struct ast **body;
	size_t n_body, n_room;
	char *name;
};

static struct function **program;
static size_t n_functions;

static NOINLINE struct ast *
ast_new(enum kind kind, int line)
{
	struct ast *a = calloc(1, sizeof *a);

	a->kind = kind;
	a->line = line;
	return a;
}

static struct ast *
parse_expression(struct numbers *n, int depth, int line)
{
	struct ast *a;
	char name[24];

	switch (depth > 0 ? below(n, 6) : below(n, 2)) {
	case 0:
		a = ast_new(NUMBER, line);
		a->u.number = (long)below(n, 1000);
		return a;
	case 1:
		a = ast_new(NAME, line);
		snprintf(name, sizeof name, "variable_%zu", below(n, 500));
		a->u.name = strdup(name);
		return a;
	case 2:
		a = ast_new(CALL, line);
		a->child[0] = parse_expression(n, 0, line);
		a->child[1] = parse_expression(n, depth - 1, line);
		return a;
	default:
		a = ast_new(OPERATION, line);
		a->u.operation = '+';
		a->child[0] = parse_expression(n, depth - 1, line);
		a->child[1] = parse_expression(n, depth - 1, line);
		return a;
	}
}

static void
parse_function(struct numbers *n, size_t number)
{
	struct function *f = calloc(1, sizeof *f);
	size_t count = 3 + below(n, 20), i, j;
	char name[24];

	snprintf(name, sizeof name, "function_%zu", number);
	f->name = strdup(name);
	for (i = 0; i < count; i++) {
		struct ast *a = ast_new(STATEMENT, (int)i);

		for (j = 0; j < 4; j++) /* tokens and their texts */
			request_noise(n, 800);
		a->child[0] = parse_expression(n, 4, (int)i);
		if (f->n_body == f->n_room) {
			f->n_room = f->n_room ? f->n_room * 2 : 4;
			f->body = realloc(f->body, f->n_room * sizeof *f->body);
		}
		f->body[f->n_body++] = a;
	}
	program = realloc(program, (n_functions + 1) * sizeof *program);
	program[n_functions++] = f;
}

static long
sum_of(const struct ast *a)
{
	long sum = a->kind == NUMBER ? a->u.number : 0;
	int i;

	for (i = 0; i < 3; i++)
		if (a->child[i])
			sum += sum_of(a->child[i]);
	return sum;
}

int
main(void)
{
	struct numbers n = {92};
	long sum = 0;
	size_t i, j;

	for (i = 0; i < 3000; i++)
		parse_function(&n, i);
	for (i = 0; i < n_functions; i++)
		for (j = 0; j < program[i]->n_body; j++)
			sum += sum_of(program[i]->body[j]);
	printf("%ld\n", sum);
	return 0;
}
