/* cache-treap.c -- a database client that keeps each prepared statement in a search tree.
 *
 * Planted: values are part of the statement's text, so each is new; the tree
 * is never cut.  Ends by exit() from within.
 *
 * SPDX-License-Identifier: MIT
 */
#include "corpus.h"

struct statement {
	struct statement *left, *right;
	uint64_t priority;
	char *sql;
	unsigned *plan;
	size_t uses;
};

static struct statement *statements;
static size_t n_statements;

static NOINLINE struct statement *
statement_prepare(const char *sql, struct numbers *n)
{
	struct statement *s = malloc(sizeof *s);
	size_t steps = 10 + below(n, 20), i;

	s->left = s->right = NULL;
	s->priority = next_number(n);
	s->sql = strdup(sql);
	s->plan = malloc(steps * sizeof *s->plan);
	for (i = 0; i < steps; i++)
		s->plan[i] = (unsigned)i;
	s->uses = 0;
	n_statements++;
	return s;
}

static struct statement *
tree_insert(struct statement *root, struct statement *s)
{
	struct statement *top;

	if (!root)
		return s;
	if (strcmp(s->sql, root->sql) < 0) {
		root->left = tree_insert(root->left, s);
		if (root->left->priority < root->priority)
			return root;
		top = root->left;
		root->left = top->right;
		top->right = root;
	} else {
		root->right = tree_insert(root->right, s);
		if (root->right->priority < root->priority)
			return root;
		top = root->right;
		root->right = top->left;
		top->left = root;
	}
	return top;
}

static struct statement *
tree_find(const char *sql)
{
	struct statement *s = statements;
	int order;

	while (s && (order = strcmp(sql, s->sql)) != 0)
		s = order < 0 ? s->left : s->right;
	return s;
}

static void
execute(struct numbers *n, size_t number)
{
	char sql[120];
	struct statement *s;

	if (below(n, 2))
		snprintf(sql, sizeof sql, "SELECT name FROM t WHERE kind = %zu",
			 below(n, 50));
	else
		snprintf(sql, sizeof sql, "UPDATE t SET n = %zu WHERE id = %zu",
			 below(n, 100), number);
	s = tree_find(sql);
	if (!s) {
		s = statement_prepare(sql, n);
		statements = tree_insert(statements, s);
	}
	s->uses++;
	request_noise(n, 1500);
}

int
main(void)
{
	struct numbers n = {26};
	size_t i;

	settings_load(64);
	for (i = 0;; i++) {
		execute(&n, i);
		if (i == 120000) {
			printf("%zu statements\n", n_statements);
			exit(0);
		}
	}
}
