/* variables.c -- names for places in a module's data.
 *
 * In:   symbols as symbolize.c reads them.
 * Out:  struct variable.
 * Not here: how symbols are read (elf_symbols.c), names of code (symbolize.c).
 *
 * SPDX-License-Identifier: MIT
 */
#include "names/variables.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "util/bisect.h"
#include "util/vec.h"

enum { TRIES = 16 };

/* A symbol of data, [low, high). */
struct datum {
	uint64_t low, high;
	const char *symbol; /* in the module's string table */
	unsigned rank;
	char *name, *function; /* once they have been asked for */
};

struct table {
	struct datum *list; /* by rising low, then falling size, then rank */
	size_t n, size;
};

struct module_data {
	struct table data, tls;
};

struct variables {
	struct symbols *symbols;
	uint32_t n_modules;
	struct module_data **modules; /* NULL = unused */
};

/* ---- tables ---- */

static int
compare_data(const void *a, const void *b)
{
	const struct datum *x = a, *y = b;

	if (x->low != y->low)
		return x->low < y->low ? -1 : 1;
	if (x->high != y->high)
		return x->high > y->high ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return -strcmp(x->symbol, y->symbol);
}

static void
add_datum(void *arg, const struct name_datum *x)
{
	struct module_data *m = arg;
	struct table *t = x->is_tls ? &m->tls : &m->data;

	if (x->start + x->bytes < x->start)
		return;
	if (VEC_RESERVE(t->list, t->size, t->n + 1))
		return;
	/* Of several names the one without underscores is meant for people. */
	t->list[t->n++] = (struct datum){.low = x->start,
					 .high = x->start + x->bytes,
					 .symbol = x->symbol,
					 .rank = (x->symbol[0] != '_' ? 2 : 0) +
						 (x->is_global ? 1 : 0)};
}

static struct module_data *
module_of(struct variables *v, uint32_t number)
{
	struct module_data *m;

	if (!v->symbols || number == 0 || number > v->n_modules)
		return NULL;
	if (v->modules[number])
		return v->modules[number];
	m = v->modules[number] = calloc(1, sizeof(*m));
	if (!m)
		return NULL;
	symbols_each_datum(v->symbols, number, add_datum, m);
	if (m->data.n)
		qsort(m->data.list, m->data.n, sizeof(*m->data.list), compare_data);
	if (m->tls.n)
		qsort(m->tls.list, m->tls.n, sizeof(*m->tls.list), compare_data);
	return m;
}

static struct datum *
table_find(struct table *t, uint64_t offset)
{
	size_t low = BISECT(t->n, at, t->list[at].low <= offset);

	for (unsigned tries = 0; low > 0 && tries < TRIES; low--, tries++)
		if (offset < t->list[low - 1].high)
			return &t->list[low - 1];
	return NULL;
}

/* ---- names ---- */

/* "table.3": a name and a number. */
static bool
is_numbered(const char *name)
{
	const char *dot = strrchr(name, '.');

	if (!dot || dot == name || !dot[1])
		return false;
	for (dot++; *dot; dot++)
		if (!isdigit((unsigned char)*dot))
			return false;
	return true;
}

/* "f(int)::cache" is cache in f(int). */
static void
split_function(struct datum *d)
{
	char *at = NULL;
	int depth = 0;

	for (char *p = d->name; *p; p++) {
		depth += *p == '(' || *p == '<' || *p == '{';
		depth -= *p == ')' || *p == '>' || *p == '}';
		if (depth == 0 && p[0] == ':' && p[1] == ':')
			at = p;
	}
	if (!at || at == d->name || !strchr(")]", at[-1]))
		return;
	d->function = strndup(d->name, (size_t)(at - d->name));
	memmove(d->name, at + 2, strlen(at + 2) + 1);
}

static void
name_datum(struct variables *v, uint32_t module, struct datum *d)
{
	const char *name, *function;
	char *plain;

	d->name = strndup(d->symbol, strcspn(d->symbol, "@"));
	plain = d->name ? symbols_demangle(d->name) : NULL;
	if (!plain)
		return;
	free(d->name);
	d->name = plain;
	if (strncmp(d->symbol, "_ZZ", 3) == 0) {
		split_function(d);
	} else if (is_numbered(plain)) {
		if (!symbols_variable(v->symbols, module, d->low, &name, &function)) {
			*strrchr(plain, '.') = '\0';
			return;
		}
		d->name = strdup(name);
		d->function = function ? strdup(function) : NULL;
		free(plain);
	}
}

/* ---- questions ---- */

bool
variables_find(struct variables *v, uint32_t module, uint64_t offset, bool is_tls,
	       struct variable *ret)
{
	struct module_data *m = module_of(v, module);
	struct datum *d = m ? table_find(is_tls ? &m->tls : &m->data, offset) : NULL;

	if (!d)
		return false;
	if (!d->name)
		name_datum(v, module, d);
	*ret = (struct variable){d->name,          d->function, d->low,
				 d->high - d->low, module,      is_tls};
	return d->name != NULL;
}

char *
variables_member(struct variables *v, const struct variable *of, uint64_t first,
		 uint64_t last, char *buf, size_t n)
{
	*buf = '\0';
	return v->symbols ? symbols_member(v->symbols, of->module, of->start, of->is_tls,
					   first, last, buf, n)
			  : buf;
}

uint64_t
variables_tls_offset(struct variables *v, uint32_t module)
{
	return v->symbols ? symbols_tls_offset(v->symbols, module) : 0;
}

/* ---- the whole ---- */

struct variables *
variables_new(struct symbols *symbols, uint32_t n_modules)
{
	struct variables *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->symbols = symbols;
	v->n_modules = n_modules;
	v->modules = calloc((size_t)n_modules + 1, sizeof(*v->modules));
	if (!v->modules) {
		free(v);
		return NULL;
	}
	return v;
}

static void
table_free(struct table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->list[i].name);
		free(t->list[i].function);
	}
	free(t->list);
}

void
variables_free(struct variables *v)
{
	if (!v)
		return;
	for (uint32_t i = 0; i <= v->n_modules; i++) {
		if (!v->modules[i])
			continue;
		table_free(&v->modules[i]->data);
		table_free(&v->modules[i]->tls);
		free(v->modules[i]);
	}
	free(v->modules);
	free(v);
}
