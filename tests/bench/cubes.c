/* cubes.c -- a minimiser of two-level logic: covers of cubes, each in a block of its own.
 *
 * For each function, a cover given as random cubes, it computes the complement by
 * splitting, then repeats two passes until they gain nothing: expand raises each
 * cube as far as the complement lets it, and drops the cubes that it then contains;
 * irredundant drops the cubes that the others cover together.  So does espresso, a
 * well-known minimiser and benchmark of allocators: sets of bits that live shortly,
 * made by two recursions that split, from many thousand distinct stacks, some eight
 * million a second, and between them passes over whole covers.
 *
 *     cubes [FUNCTIONS]
 *
 * Prints cubes and literals of the results; fails if one of them is not equal to
 * the cover that was given.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOINLINE __attribute__((noinline))

/* Each split is a call site more on the stack: some thousands of stacks in all. */
enum { N_VARIABLES = 12, N_CUBES = 250 };

/* A product of literals: bit v of care says that variable v is in it, of value
 * how; value has no other bits. */
struct cube {
	uint64_t care, value;
};

struct cover {
	size_t n, room;
	struct cube **cubes;
};

static void *
checked(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

NOINLINE static struct cube *
cube_new(uint64_t care, uint64_t value)
{
	struct cube *c = checked(malloc(sizeof *c));

	c->care = care;
	c->value = value & care;
	return c;
}

/* Whether each point of b is one of a. */
static int
contains(const struct cube *a, const struct cube *b)
{
	return (a->care & ~b->care) == 0 && ((a->value ^ b->value) & a->care) == 0;
}

/* In how many variables they contradict each other; 0 if they meet. */
static int
distance(const struct cube *a, const struct cube *b)
{
	return __builtin_popcountll((a->value ^ b->value) & a->care & b->care);
}

NOINLINE static struct cover *
cover_new(void)
{
	return checked(calloc(1, sizeof(struct cover)));
}

NOINLINE static void
cover_add(struct cover *f, struct cube *c)
{
	if (f->n == f->room) {
		f->room = f->room ? 2 * f->room : 4;
		f->cubes = checked(realloc(f->cubes, f->room * sizeof f->cubes[0]));
	}
	f->cubes[f->n++] = c;
}

NOINLINE static void
cover_free(struct cover *f)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		free(f->cubes[i]);
	free(f->cubes);
	free(f);
}

static void
cover_remove(struct cover *f, size_t i)
{
	free(f->cubes[i]);
	memmove(f->cubes + i, f->cubes + i + 1, (--f->n - i) * sizeof f->cubes[0]);
}

/* Drops the cubes that another one contains. */
NOINLINE static void
drop_contained(struct cover *f)
{
	size_t i, j;

	for (i = f->n; i-- > 0;) {
		for (j = 0; j < f->n; j++)
			if (j != i && contains(f->cubes[j], f->cubes[i]))
				break;
		if (j < f->n)
			cover_remove(f, i);
	}
}

/* A cofactor: what is left of some cubes of a cover inside a cube, whose literals
 * they have no longer.  The cubes stay the cover's. */
struct view {
	struct cube *inside;
	size_t n;
	const struct cube *cubes[];
};

NOINLINE static struct view *
view_new(size_t room, uint64_t care, uint64_t value)
{
	struct view *g = checked(malloc(sizeof *g + room * sizeof g->cubes[0]));

	g->inside = cube_new(care, value);
	g->n = 0;
	return g;
}

static void
view_free(struct view *f)
{
	free(f->inside);
	free(f);
}

/* f, without its cube number `without`, inside c */
NOINLINE static struct view *
view_of(const struct cover *f, const struct cube *c, size_t without)
{
	struct view *g = view_new(f->n, c->care, c->value);
	size_t i;

	for (i = 0; i < f->n; i++)
		if (i != without && distance(f->cubes[i], c) == 0)
			g->cubes[g->n++] = f->cubes[i];
	return g;
}

/* f where v has that value */
NOINLINE static struct view *
cofactor(const struct view *f, int v, uint64_t value)
{
	uint64_t bit = (uint64_t)1 << v;
	struct view *g =
		view_new(f->n, f->inside->care | bit, f->inside->value | value << v);
	size_t i;

	for (i = 0; i < f->n; i++)
		if (!(f->cubes[i]->care & bit) ||
		    (f->cubes[i]->value & bit) == value << v)
			g->cubes[g->n++] = f->cubes[i];
	return g;
}

/* The variable that most cubes depend on; of such the one that splits them best. */
static int
most_binate(const struct view *f)
{
	unsigned count[N_VARIABLES] = {0}, ones[N_VARIABLES] = {0};
	unsigned most = 0, score;
	int v, best = 0;
	size_t i;

	for (i = 0; i < f->n; i++) {
		uint64_t care = f->cubes[i]->care & ~f->inside->care,
			 value = f->cubes[i]->value & care;

		for (v = 0; v < N_VARIABLES; v++) {
			count[v] += care >> v & 1;
			ones[v] += value >> v & 1;
		}
	}
	for (v = 0; v < N_VARIABLES; v++) {
		unsigned zeros = count[v] - ones[v];

		score = count[v] + 4 * (zeros < ones[v] ? zeros : ones[v]);
		if (score > most) {
			most = score;
			best = v;
		}
	}
	return best;
}

static int
is_full(const struct view *f)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if ((f->cubes[i]->care & ~f->inside->care) == 0)
			return 1;
	return 0;
}

/* ---- complement ---- */

static struct cover *complement(const struct view *f);

NOINLINE static struct cover *
complement_one(const struct view *f)
{
	const struct cube *c = f->cubes[0];
	uint64_t care = c->care & ~f->inside->care, seen = 0;
	struct cover *g = cover_new();
	int v;

	for (v = 0; v < N_VARIABLES; v++) {
		uint64_t bit = (uint64_t)1 << v;

		if (care & bit) {
			cover_add(g, cube_new(seen | bit,
					      (c->value & seen) | (~c->value & bit)));
			seen |= bit;
		}
	}
	return g;
}

/* Both halves again in one cover: a cube of a half needs no literal of v if
 * another one of the other half contains it. */
NOINLINE static struct cover *
merge(const struct cover *low, const struct cover *high, int v)
{
	const struct cover *halves[2] = {low, high};
	struct cover *g = cover_new();
	size_t i, j;
	int half;

	for (half = 0; half < 2; half++) {
		const struct cover *mine = halves[half], *other = halves[!half];

		for (i = 0; i < mine->n; i++) {
			const struct cube *c = mine->cubes[i];

			for (j = 0; j < other->n && !contains(other->cubes[j], c); j++)
				;
			if (j < other->n)
				cover_add(g, cube_new(c->care, c->value));
			else
				cover_add(g, cube_new(c->care | (uint64_t)1 << v,
						      c->value | (uint64_t)half << v));
		}
	}
	drop_contained(g);
	return g;
}

NOINLINE static struct cover *
split(const struct view *f, int v)
{
	struct view *a = cofactor(f, v, 0), *b = cofactor(f, v, 1);
	struct cover *low = complement(a), *high = complement(b),
		     *g = merge(low, high, v);

	view_free(a);
	view_free(b);
	cover_free(low);
	cover_free(high);
	return g;
}

NOINLINE static struct cover *
complement(const struct view *f)
{
	struct cover *g;

	if (f->n == 0) {
		g = cover_new();
		cover_add(g, cube_new(0, 0));
		return g;
	}
	if (is_full(f))
		return cover_new();
	if (f->n == 1)
		return complement_one(f);
	return split(f, most_binate(f));
}

NOINLINE static struct cover *
complement_of(const struct cover *f)
{
	struct cube all = {0, 0};
	struct view *whole = view_of(f, &all, SIZE_MAX);
	struct cover *g = complement(whole);

	view_free(whole);
	return g;
}

/* ---- tautology ---- */

static int is_tautology(const struct view *f);

NOINLINE static int
both_tautologies(const struct view *f, int v)
{
	struct view *half = cofactor(f, v, 0);
	int all = is_tautology(half);

	view_free(half);
	if (!all)
		return 0;
	half = cofactor(f, v, 1);
	all = is_tautology(half);
	view_free(half);
	return all;
}

NOINLINE static int
is_tautology(const struct view *f)
{
	double points = 0;
	size_t i;

	if (is_full(f))
		return 1;
	/* as a part of all points: too few cubes cannot cover them */
	for (i = 0; i < f->n; i++)
		points += 1.0 / (double)((uint64_t)1 << __builtin_popcountll(
						 f->cubes[i]->care & ~f->inside->care));
	return points >= 1 && both_tautologies(f, most_binate(f));
}

NOINLINE static int
is_covered(const struct cover *f, const struct cube *c, size_t without)
{
	struct view *g = view_of(f, c, without);
	int covered = is_tautology(g);

	view_free(g);
	return covered;
}

/* ---- the passes ---- */

static int
meets(const struct cube *c, const struct cover *f)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (distance(c, f->cubes[i]) == 0)
			return 1;
	return 0;
}

/* c without the literals that do not keep it out of `off`, tried from variable
 * `first` on. */
NOINLINE static struct cube *
raise_literals(const struct cube *c, const struct cover *off, int first)
{
	struct cube *raised = cube_new(c->care, c->value);
	int i;

	for (i = 0; i < N_VARIABLES; i++) {
		uint64_t bit = (uint64_t)1 << (first + i) % N_VARIABLES;
		struct cube try = {raised->care & ~bit, raised->value & ~bit};

		if ((raised->care & bit) && !meets(&try, off))
			*raised = try;
	}
	return raised;
}

NOINLINE static void
expand(struct cover *f, const struct cover *off, int first)
{
	size_t i;

	for (i = 0; i < f->n; i++) {
		struct cube *raised = raise_literals(f->cubes[i], off, first);

		free(f->cubes[i]);
		f->cubes[i] = raised;
	}
	drop_contained(f);
}

NOINLINE static void
irredundant(struct cover *f)
{
	size_t i;

	for (i = f->n; i-- > 0;)
		if (is_covered(f, f->cubes[i], i))
			cover_remove(f, i);
}

static size_t
literals(const struct cover *f)
{
	size_t sum = 0, i;

	for (i = 0; i < f->n; i++)
		sum += (size_t)__builtin_popcountll(f->cubes[i]->care);
	return sum;
}

static struct cover *
cover_copy(const struct cover *f)
{
	struct cover *g = cover_new();
	size_t i;

	for (i = 0; i < f->n; i++)
		cover_add(g, cube_new(f->cubes[i]->care, f->cubes[i]->value));
	return g;
}

NOINLINE static struct cover *
minimize(const struct cover *given, const struct cover *off)
{
	struct cover *best = cover_copy(given);
	int pass;

	for (pass = 0;; pass++) {
		struct cover *f = cover_copy(best);

		expand(f, off, 5 * pass);
		irredundant(f);
		if (pass > 1 && (f->n > best->n ||
				 (f->n == best->n && literals(f) >= literals(best)))) {
			cover_free(f);
			return best;
		}
		cover_free(best);
		best = f;
	}
}

static uint32_t state = 7;

static uint32_t
rnd(void)
{
	state = state * 1664525u + 1013904223u;
	return state >> 16;
}

static int
has_point(const struct cover *f, uint64_t point)
{
	struct cube c = {UINT64_MAX, point};
	size_t i;

	for (i = 0; i < f->n; i++)
		if (contains(f->cubes[i], &c))
			return 1;
	return 0;
}

/* It covers all that was given, and nothing else; and so at some points, whatever
 * the passes may think. */
static int
is_equal(const struct cover *f, const struct cover *given, const struct cover *off)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (meets(f->cubes[i], off))
			return 0;
	for (i = 0; i < given->n; i++)
		if (!is_covered(f, given->cubes[i], SIZE_MAX))
			return 0;
	for (i = 0; i < 64; i++) {
		uint64_t point = rnd() % (1u << N_VARIABLES);

		if (has_point(f, point) != has_point(given, point))
			return 0;
	}
	return 1;
}

static struct cover *
random_cover(void)
{
	struct cover *f = cover_new();
	int i, v;

	for (i = 0; i < N_CUBES; i++) {
		uint64_t care = 0, value = 0;

		for (v = 0; v < 6 + i % 5; v++)
			care |= (uint64_t)1 << rnd() % N_VARIABLES;
		for (v = 0; v < N_VARIABLES; v++)
			value |= (uint64_t)(rnd() >> 8 & 1) << v;
		cover_add(f, cube_new(care, value));
	}
	return f;
}

int
main(int argc, char **argv)
{
	int functions = argc > 1 ? atoi(argv[1]) : 1000;
	size_t n_cubes = 0, n_literals = 0;

	while (functions-- > 0) {
		struct cover *given = random_cover(), *off = complement_of(given),
			     *f = minimize(given, off);

		if (!is_equal(f, given, off)) {
			puts("wrong: another function");
			return 1;
		}
		n_cubes += f->n;
		n_literals += literals(f);
		cover_free(given);
		cover_free(off);
		cover_free(f);
	}
	printf("%zu cubes, %zu literals\n", n_cubes, n_literals);
	return 0;
}
