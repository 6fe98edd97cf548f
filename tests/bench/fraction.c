/* fraction.c -- factoring by continued fractions, each number a block of its own.
 *
 * Small blocks that live for an instant, from a handful of stacks some eight
 * frames deep: the hardest case for a cost per allocation.
 *
 *     fraction [STEPS]
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOINLINE __attribute__((noinline))

struct number {
	uint32_t n;       /* digits in use */
	uint32_t digit[]; /* lowest first */
};

NOINLINE static struct number *
make(uint32_t n)
{
	struct number *a = malloc(sizeof *a + n * sizeof a->digit[0]);

	if (a == NULL)
		abort();
	a->n = n;
	return a;
}

NOINLINE static struct number *
from_int(uint64_t value)
{
	struct number *a = make(2);

	a->digit[0] = (uint32_t)value;
	a->digit[1] = (uint32_t)(value >> 32);
	return a;
}

static struct number *
trim(struct number *a)
{
	while (a->n > 1 && a->digit[a->n - 1] == 0)
		a->n--;
	return a;
}

static void
set(struct number **to, struct number *a)
{
	free(*to);
	*to = a;
}

NOINLINE static struct number *
add(const struct number *a, const struct number *b)
{
	uint32_t n = (a->n > b->n ? a->n : b->n) + 1, i;
	struct number *c = make(n);
	uint64_t carry = 0;

	for (i = 0; i < n; i++) {
		carry += i < a->n ? a->digit[i] : 0;
		carry += i < b->n ? b->digit[i] : 0;
		c->digit[i] = (uint32_t)carry;
		carry >>= 32;
	}
	return trim(c);
}

/* a - b, which is not negative */
NOINLINE static struct number *
subtract(const struct number *a, const struct number *b)
{
	struct number *c = make(a->n);
	int64_t borrow = 0;
	uint32_t i;

	for (i = 0; i < a->n; i++) {
		borrow += a->digit[i];
		borrow -= i < b->n ? b->digit[i] : 0;
		c->digit[i] = (uint32_t)borrow;
		borrow >>= 32;
	}
	return trim(c);
}

NOINLINE static struct number *
multiply(const struct number *a, const struct number *b)
{
	struct number *c = make(a->n + b->n);
	uint32_t i, j;

	memset(c->digit, 0, c->n * sizeof c->digit[0]);
	for (i = 0; i < a->n; i++) {
		uint64_t carry = 0;

		for (j = 0; j < b->n; j++) {
			carry += (uint64_t)a->digit[i] * b->digit[j] + c->digit[i + j];
			c->digit[i + j] = (uint32_t)carry;
			carry >>= 32;
		}
		c->digit[i + b->n] = (uint32_t)carry;
	}
	return trim(c);
}

NOINLINE static struct number *
divide_small(const struct number *a, uint32_t b, uint32_t *ret_rest)
{
	struct number *c = make(a->n);
	uint64_t rest = 0;
	uint32_t i;

	for (i = a->n; i-- > 0;) {
		rest = rest << 32 | a->digit[i];
		c->digit[i] = (uint32_t)(rest / b);
		rest %= b;
	}
	*ret_rest = (uint32_t)rest;
	return trim(c);
}

static int
compare(const struct number *a, const struct number *b)
{
	uint32_t i;

	if (a->n != b->n)
		return a->n < b->n ? -1 : 1;
	for (i = a->n; i-- > 0;)
		if (a->digit[i] != b->digit[i])
			return a->digit[i] < b->digit[i] ? -1 : 1;
	return 0;
}

/* a / b for a quotient below 2^32, by bisection: many short-lived numbers. */
NOINLINE static uint32_t
quotient(const struct number *a, const struct number *b)
{
	uint64_t low = 0, high = 1;

	for (;;) {
		struct number *h = from_int(high), *p = multiply(trim(h), b);
		int over = compare(p, a) > 0;

		free(h);
		free(p);
		if (over || high > UINT32_MAX)
			break;
		high *= 2;
	}
	while (high - low > 1) {
		uint64_t middle = (low + high) / 2;
		struct number *m = from_int(middle), *p = multiply(trim(m), b);

		if (compare(p, a) > 0)
			high = middle;
		else
			low = middle;
		free(m);
		free(p);
	}
	return (uint32_t)low;
}

static const uint32_t primes[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71};

NOINLINE static struct number *
divide_out(struct number *rest, uint32_t prime, unsigned *count)
{
	for (;;) {
		uint32_t left;
		struct number *q = divide_small(rest, prime, &left);

		if (left != 0) {
			free(q);
			return rest;
		}
		(*count)++;
		set(&rest, q);
	}
}

NOINLINE static int
is_smooth(const struct number *q)
{
	struct number *zero = from_int(0), *rest = add(q, trim(zero));
	unsigned count = 0;
	size_t i;
	int smooth;

	for (i = 0; i < sizeof primes / sizeof primes[0] && (rest->n > 1 || rest->digit[0] > 1); i++)
		rest = divide_out(rest, primes[i], &count);
	smooth = rest->n == 1 && rest->digit[0] == 1;
	free(rest);
	free(zero);
	return smooth;
}

struct expansion {
	struct number *n, *root, *p, *q, *last_q;
	unsigned smooth;
};

/* One step of the expansion of sqrt(n):
 *     a = (root + p) / q,  p' = a q - p,  q' = (n - p'^2) / q */
NOINLINE static void
step(struct expansion *e)
{
	struct number *sum = add(e->root, e->p), *a, *product, *next, *difference, *next_q;

	a = trim(from_int(quotient(sum, e->q)));
	product = multiply(a, e->q);
	next = subtract(product, e->p);
	free(product);
	/* q' = last_q + a (p - p') where the sign may be either */
	if (compare(e->p, next) >= 0) {
		difference = subtract(e->p, next);
		product = multiply(a, difference);
		next_q = add(e->last_q, product);
	} else {
		difference = subtract(next, e->p);
		product = multiply(a, difference);
		next_q = subtract(e->last_q, product);
	}
	free(difference);
	free(product);
	free(sum);
	free(a);
	set(&e->p, next);
	set(&e->last_q, e->q);
	e->q = next_q;
}

NOINLINE static void
expand(struct expansion *e, int steps)
{
	while (steps-- > 0) {
		step(e);
		e->smooth += (unsigned)is_smooth(e->q);
	}
}

NOINLINE static struct number *
square_root(const struct number *n)
{
	struct number *root = from_int(0);
	int bit;

	for (bit = 32 * (int)n->n / 2; bit >= 0; bit--) {
		struct number *b = make((uint32_t)bit / 32 + 1), *r, *square;

		memset(b->digit, 0, b->n * sizeof b->digit[0]);
		b->digit[bit / 32] = 1u << bit % 32;
		r = add(trim(root), b);
		square = multiply(r, r);
		if (compare(square, n) <= 0)
			set(&root, r);
		else
			free(r);
		free(square);
		free(b);
	}
	return trim(root);
}

/* n is the product of 64-bit numbers, ended by 0, to a power. */
NOINLINE static unsigned
smooth_steps(const uint64_t *factors, int power, int steps)
{
	struct number *zero = trim(from_int(0)), *square, *factor;
	struct expansion e = {.n = trim(from_int(1))};
	size_t i;

	for (; power > 0; power--) {
		for (i = 0; factors[i] != 0; i++) {
			factor = trim(from_int(factors[i]));
			set(&e.n, multiply(e.n, factor));
			free(factor);
		}
	}
	/* the first step is known: a = root, p = root, q = n - root^2 */
	e.root = square_root(e.n);
	square = multiply(e.root, e.root);
	e.q = subtract(e.n, square);
	e.p = add(e.root, zero);
	e.last_q = trim(from_int(1));
	expand(&e, steps);
	free(square);
	free(zero);
	free(e.n);
	free(e.root);
	free(e.p);
	free(e.q);
	free(e.last_q);
	return e.smooth;
}

int
main(int argc, char **argv)
{
	static const uint64_t small[] = {4294967291u, 4294967279u, 0};
	static const uint64_t large[] = {1152921504606846883u, 576460752303423433u, 1000000000000000003u,
		2305843009213693951u, 18446744073709551557u, 9223372036854775783u, 4611686018427387847u,
		1152921504606846577u, 576460752303423131u, 999999999999999877u, 2305843009213693669u,
		18446744073709551427u, 9223372036854775643u, 4611686018427387631u, 0};
	int steps = argc > 1 ? atoi(argv[1]) : 220000;

	printf("%u smooth\n", smooth_steps(small, 1, steps) + smooth_steps(large, 3, steps));
	return 0;
}
