/* parser.c -- recursive descent over expressions, a tree of blocks each time.
 *
 * Most are bushy and some twenty calls deep: each way through the grammar is a stack
 * of its own, some thousands.  One in 16 is nested up to 200 times, and parsed up
 * to 800 calls deep.
 *
 *     parser [ROUNDS]
 *
 * Prints the sum of the values.
 *
 * SPDX-License-Identifier: MIT
 */
#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOINLINE __attribute__((noinline))

struct node {
	char kind; /* operator, 'n' for a number, 'v' for a name */
	double value;
	char *name;
	struct node *left, *right;
};

static const char *at;

NOINLINE static struct node *
node_new(char kind, struct node *left, struct node *right)
{
	struct node *n = calloc(1, sizeof *n);

	n->kind = kind;
	n->left = left;
	n->right = right;
	return n;
}

static void
node_free(struct node *n)
{
	if (n == NULL)
		return;
	node_free(n->left);
	node_free(n->right);
	free(n->name);
	free(n);
}

static struct node *expression(void);

NOINLINE static struct node *
primary(void)
{
	struct node *n;

	if (*at == '(') {
		at++;
		n = expression();
		at++;
		return n;
	}
	if (*at == '-') {
		at++;
		return node_new('~', primary(), NULL);
	}
	if (isdigit((unsigned char)*at)) {
		char *end;

		n = node_new('n', NULL, NULL);
		n->value = strtod(at, &end);
		at = end;
		return n;
	}
	n = node_new('v', NULL, NULL);
	n->name = strndup(at, strspn(at, "abcdefghijklmnopqrstuvwxyz"));
	at += strlen(n->name);
	return n;
}

NOINLINE static struct node *
power(void)
{
	struct node *n = primary();

	if (*at == '^') {
		at++;
		return node_new('^', n, power());
	}
	return n;
}

NOINLINE static struct node *
term(void)
{
	struct node *n = power();

	while (*at == '*' || *at == '/') {
		char kind = *at++;

		n = node_new(kind, n, power());
	}
	return n;
}

NOINLINE static struct node *
expression(void)
{
	struct node *n = term();

	while (*at == '+' || *at == '-') {
		char kind = *at++;

		n = node_new(kind, n, term());
	}
	return n;
}

static double
evaluate(const struct node *n)
{
	switch (n->kind) {
	case 'n':
		return n->value;
	case 'v':
		return (double)strlen(n->name);
	case '~':
		return -evaluate(n->left);
	case '+':
		return evaluate(n->left) + evaluate(n->right);
	case '-':
		return evaluate(n->left) - evaluate(n->right);
	case '*':
		return (evaluate(n->left) + evaluate(n->right)) * 0.7;
	case '/':
		return evaluate(n->left) / (fabs(evaluate(n->right)) + 100);
	default:
		return evaluate(n->left) / 3;
	}
}

/* A bushy expression. */
static char *
write_text(char *to, uint32_t *state, int depth)
{
	static const char operators[] = "+-*/^+*";

	*state = *state * 1664525u + 1013904223u;
	if (depth == 0) {
		if (*state >> 31)
			return to + sprintf(to, "%u.5", (*state >> 20) % 1000);
		return to + sprintf(to, "%.*s", (int)(*state >> 24) % 12 + 1,
				    "somevariablename");
	}
	*to++ = '(';
	to = write_text(to, state, depth - 1 - (int)(*state >> 30) % depth);
	*to++ = operators[(*state >> 16) % 7];
	to = write_text(to, state, depth - 1);
	*to++ = ')';
	*to = '\0';
	return to;
}

/* (1+x*(2+x*(3+... */
static char *
write_nested(char *to, int depth)
{
	int i;

	for (i = 0; i < depth; i++)
		to += sprintf(to, "(%d+x*", i);
	*to++ = '1';
	memset(to, ')', (size_t)depth);
	to[depth] = '\0';
	return to + depth;
}

int
main(int argc, char **argv)
{
	static char text[1 << 20];
	int rounds = argc > 1 ? atoi(argv[1]) : 400000, round;
	uint32_t state = 11;
	double sum = 0;

	for (round = 0; round < rounds; round++) {
		struct node *n;

		if (round % 16 == 0)
			write_nested(text, 50 + (int)(state >> 16) % 150);
		else
			write_text(text, &state, 5);
		at = text;
		n = expression();
		sum += evaluate(n);
		node_free(n);
	}
	printf("%.3f\n", sum);
	return 0;
}
