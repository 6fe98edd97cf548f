/* fraction.c -- factoring by continued fractions, each number a block of its own.
 *
 * The expansion of the square root of n gives convergents A and small numbers Q
 * with A^2 = (-1)^k Q (mod n); those Q that small primes divide out of are what
 * such a method collects.  Numbers have 16 digits of 32 bits, and 2.
 *
 * Small blocks that live for an instant, from some dozens of stacks eight to
 * ten frames deep, about ten million a second: the case of cfrac, a well-known
 * benchmark of allocators, in which a cost per allocation shows most.
 *
 *     fraction [STEPS]
 *
 * Prints how many Q were smooth; fails if the congruence does not hold at the end.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOINLINE __attribute__((noinline))

enum { N_PRIMES = 300 }; /* that a smooth number may have */

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

NOINLINE static struct number *
copy(const struct number *a)
{
	struct number *c = make(a->n);

	memcpy(c->digit, a->digit, a->n * sizeof a->digit[0]);
	return c;
}

static int
is_one(const struct number *a)
{
	return a->n == 1 && a->digit[0] == 1;
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

/* a / b, which leaves nothing */
NOINLINE static struct number *
divide_small(const struct number *a, uint32_t b)
{
	struct number *c = make(a->n);
	uint64_t rest = 0;
	uint32_t i;

	for (i = a->n; i-- > 0;) {
		rest = rest << 32 | a->digit[i];
		c->digit[i] = (uint32_t)(rest / b);
		rest %= b;
	}
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

/* a modulo n, for a below 2^32 n */
NOINLINE static struct number *
reduce(struct number *a, const struct number *n)
{
	struct number *q, *product;

	if (compare(a, n) < 0)
		return a;
	q = trim(from_int(quotient(a, n)));
	product = multiply(q, n);
	set(&a, subtract(a, product));
	free(q);
	free(product);
	return a;
}

/* a modulo n, digit by digit from the highest */
static struct number *
remainder_of(const struct number *a, const struct number *n)
{
	struct number *rest = trim(from_int(0)), *longer;
	uint32_t i;

	for (i = a->n; i-- > 0;) {
		longer = make(rest->n + 1);
		longer->digit[0] = a->digit[i];
		memcpy(longer->digit + 1, rest->digit, rest->n * sizeof rest->digit[0]);
		set(&rest, reduce(trim(longer), n));
	}
	return rest;
}

static uint32_t
remainder_small(const struct number *a, uint32_t b)
{
	uint64_t rest = 0;
	uint32_t i;

	for (i = a->n; i-- > 0;)
		rest = (rest << 32 | a->digit[i]) % b;
	return (uint32_t)rest;
}

static uint32_t primes[N_PRIMES];

static void
find_primes(void)
{
	uint32_t candidate = 2;
	size_t n = 0, i;

	for (; n < N_PRIMES; candidate++) {
		for (i = 0; i < n && candidate % primes[i] != 0; i++)
			;
		if (i == n)
			primes[n++] = candidate;
	}
}

NOINLINE static struct number *
divide_out(struct number *rest, uint32_t prime)
{
	while (remainder_small(rest, prime) == 0)
		set(&rest, divide_small(rest, prime));
	return rest;
}

NOINLINE static int
is_smooth(const struct number *q)
{
	struct number *rest = copy(q);
	size_t i;
	int smooth;

	for (i = 0; i < N_PRIMES && !is_one(rest); i++)
		rest = divide_out(rest, primes[i]);
	smooth = is_one(rest);
	free(rest);
	return smooth;
}

struct expansion {
	struct number *n, *root, *p, *q, *last_q;
	struct number *convergent, *last_convergent; /* modulo n */
	int negative; /* convergent^2 = -q modulo n, not q */
	unsigned smooth;
};

/* The next convergent: a times this one, plus the one before. */
NOINLINE static void
converge(struct expansion *e, const struct number *a)
{
	struct number *product = multiply(a, e->convergent),
		      *sum = add(product, e->last_convergent);

	free(product);
	sum = reduce(sum, e->n);
	set(&e->last_convergent, e->convergent);
	e->convergent = sum;
	e->negative = !e->negative;
}

static int
congruence_holds(const struct expansion *e)
{
	struct number *square = multiply(e->convergent, e->convergent),
		      *rest = remainder_of(square, e->n), *q;
	int holds;

	q = e->negative ? subtract(e->n, e->q) : copy(e->q);
	holds = compare(rest, q) == 0;
	free(square);
	free(rest);
	free(q);
	return holds;
}

/* One step of the expansion of sqrt(n):
 *     a = (root + p) / q,  p' = a q - p,  q' = (n - p'^2) / q */
NOINLINE static void
step(struct expansion *e)
{
	struct number *sum = add(e->root, e->p), *a, *product, *next, *difference,
		      *next_q;

	a = trim(from_int(quotient(sum, e->q)));
	converge(e, a);
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
relation(struct expansion *e)
{
	step(e);
	e->smooth += (unsigned)is_smooth(e->q);
}

NOINLINE static void
expand(struct expansion *e, int steps)
{
	while (steps-- > 0)
		relation(e);
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

/* n is the product of these 64-bit numbers, to a power. */
static struct number *
product_of(const uint64_t *factors, size_t n_factors, int power)
{
	struct number *n = trim(from_int(1)), *factor;
	size_t i;

	for (; power > 0; power--) {
		for (i = 0; i < n_factors; i++) {
			factor = trim(from_int(factors[i]));
			set(&n, multiply(n, factor));
			free(factor);
		}
	}
	return n;
}

NOINLINE static unsigned
factor(struct number *n, int steps)
{
	struct number *square;
	struct expansion e = {.n = n, .negative = 1};

	/* the first step is known: a = root, p = root, q = n - root^2 */
	e.root = square_root(n);
	square = multiply(e.root, e.root);
	e.q = subtract(n, square);
	e.p = copy(e.root);
	e.last_q = trim(from_int(1));
	e.convergent = copy(e.root);
	e.last_convergent = trim(from_int(1));
	expand(&e, steps);
	if (!congruence_holds(&e)) {
		puts("wrong: the congruence does not hold");
		exit(1);
	}
	free(square);
	free(e.n);
	free(e.root);
	free(e.p);
	free(e.q);
	free(e.last_q);
	free(e.convergent);
	free(e.last_convergent);
	return e.smooth;
}

int
main(int argc, char **argv)
{
	static const uint64_t small[] = {4294967291u, 4294967279u};
	static const uint64_t large[] = {1152921504606846883u,  576460752303423433u,
					 1000000000000000003u,  2305843009213693951u,
					 18446744073709551557u, 9223372036854775783u,
					 4611686018427387847u,  999999999999999877u};
	int steps = argc > 1 ? atoi(argv[1]) : 170000;
	unsigned smooth;

	find_primes();
	smooth = factor(product_of(small, sizeof small / sizeof small[0], 1), steps);
	smooth += factor(product_of(large, sizeof large / sizeof large[0], 1), steps);
	printf("%u smooth\n", smooth);
	return 0;
}
